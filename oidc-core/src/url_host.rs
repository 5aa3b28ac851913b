//! The host of a URL: whether it is well-formed, and whether it leads to the public internet.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::url_text::UrlError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name other than `localhost` and those below it, or an address of the public internet.
    Public,
    /// `localhost`, `127.0.0.0/8` or `[::1]`.
    Loopback,
    /// Any other address or name that does not lead to the public internet.
    Internal,
}

impl Host {
    /// The kind of a name or an IPv4 address; `offset` is where it stands in its URL.
    pub(crate) fn from_name(host: &str, offset: usize) -> Result<Host, UrlError> {
        if host.is_empty() {
            return Err(UrlError::EmptyHost);
        }
        if host.len() > MAX_HOST_BYTES {
            return Err(UrlError::InvalidHost { offset });
        }
        let mut label_offset = offset;
        let mut last = "";
        for label in host.split('.') {
            if !is_label(label) {
                return Err(UrlError::InvalidHost {
                    offset: label_offset,
                });
            }
            label_offset = label_offset.saturating_add(label.len()).saturating_add(1);
            last = label;
        }
        if is_number(last) {
            // The standard library takes the canonical form only.
            let address = host
                .parse()
                .map_err(|_| UrlError::InvalidAddress { offset })?;
            return Ok(classify_ipv4(address));
        }
        if host.eq_ignore_ascii_case("localhost") {
            Ok(Host::Loopback)
        } else if last.eq_ignore_ascii_case("localhost") {
            Ok(Host::Internal) // RFC 6761 section 6.3
        } else {
            Ok(Host::Public)
        }
    }

    /// The kind of an IPv6 address, without its brackets.
    pub(crate) fn from_ipv6(address: &str, offset: usize) -> Result<Host, UrlError> {
        let address = address
            .parse()
            .map_err(|_| UrlError::InvalidAddress { offset })?;
        Ok(classify_ipv6(address))
    }
}

/// A label of RFC 1123 section 2.1. Underscores stay out: no certificate can name such a host
/// (CA/Browser Forum baseline requirements, section 7.1.4.2.1).
fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a last label of this form makes a URL library read the whole host as an IPv4 address.
fn is_number(label: &str) -> bool {
    let hex = label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Blocks of the IANA special-purpose registry that are not globally reachable, but for those that
/// documentation uses as public addresses (RFC 5737): nobody answers there.
fn classify_ipv4(address: Ipv4Addr) -> Host {
    match address.octets() {
        [127, ..] => Host::Loopback,
        [0 | 10 | 224..=255, ..]
        | [100, 64..=127, ..]
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 0, 0, _]
        | [192, 168, ..]
        | [198, 18 | 19, ..] => Host::Internal,
        _ => Host::Public,
    }
}

/// Only `2000::/3` is routed (RFC 4291 section 2.4), less its blocks for protocols (`2001::/23`,
/// with Teredo) and 6to4 (`2002::/16`), which carry IPv4 addresses. Unique local, link-local,
/// multicast, IPv4-mapped and NAT64 addresses all lie elsewhere.
fn classify_ipv6(address: Ipv6Addr) -> Host {
    if address.is_loopback() {
        return Host::Loopback;
    }
    match address.segments() {
        [0x2001, 0..=0x01ff, ..] | [0x2002, ..] => Host::Internal,
        [0x2000..=0x3fff, ..] => Host::Public,
        _ => Host::Internal,
    }
}

/// RFC 1035 section 2.3.4, less the length bytes of the wire form.
const MAX_HOST_BYTES: usize = 253;

/// RFC 1035 section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    /// As it stands in a URL, at byte 8.
    fn host_of(text: &str) -> Result<Host, UrlError> {
        match text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
        {
            Some(address) => Host::from_ipv6(address, 8),
            None => Host::from_name(text, 8),
        }
    }

    #[test]
    fn a_host_is_made_of_rfc_1123_labels() {
        let longest_label = "a".repeat(63);
        let labels = format!("{longest_label}.").repeat(3);
        let longest_host = format!("{labels}{}", "b".repeat(60));
        assert_eq!(longest_host.len(), 252);
        assert_eq!(host_of(&format!("{longest_host}b")), Ok(Host::Public));
        assert_eq!(
            host_of(&format!("{longest_host}bb")),
            Err(UrlError::InvalidHost { offset: 8 })
        );
        assert_eq!(host_of(&longest_label), Ok(Host::Public));
        assert_eq!(
            host_of(&"a".repeat(64)),
            Err(UrlError::InvalidHost { offset: 8 })
        );

        for (host, offset) in [
            (".a", 8),
            ("a.", 10),
            ("a..b", 10),
            ("-a", 8),
            ("a-.b", 8),
            ("a.b_c", 10),
            ("a%2eb", 8),
            ("a!b", 8),
        ] {
            let expected = Err(UrlError::InvalidHost { offset });
            assert_eq!(host_of(host), expected, "{host}");
        }
        assert_eq!(host_of(""), Err(UrlError::EmptyHost));
    }

    #[test]
    fn an_address_has_one_spelling() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0X7F000001",
            "017700000001",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "127.0.0.01",
            "0x7f.1",
            "0x7f.0.0.0x1",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.0x",
            "a.0",
            "a.0x1f",
            "[1::2::3]",
            "[127.0.0.1]",
            "[fe80::1%25eth0]",
            "[]",
            "[::12345]",
            "[v1.a]",
        ] {
            assert_eq!(
                host_of(host),
                Err(UrlError::InvalidAddress { offset: 8 }),
                "{host}"
            );
        }
    }

    #[test]
    fn an_internal_address_is_told_from_a_public_one_on_both_sides() {
        for (host, kind) in [
            ("127.0.0.1", Host::Loopback),
            ("127.255.255.255", Host::Loopback),
            ("126.255.255.255", Host::Public),
            ("128.0.0.0", Host::Public),
            ("0.0.0.0", Host::Internal),
            ("0.255.255.255", Host::Internal),
            ("1.0.0.0", Host::Public),
            ("9.255.255.255", Host::Public),
            ("10.0.0.0", Host::Internal),
            ("10.255.255.255", Host::Internal),
            ("11.0.0.0", Host::Public),
            ("100.63.255.255", Host::Public),
            ("100.64.0.0", Host::Internal),
            ("100.127.255.255", Host::Internal),
            ("100.128.0.0", Host::Public),
            ("169.253.255.255", Host::Public),
            ("169.254.169.254", Host::Internal),
            ("169.255.0.0", Host::Public),
            ("172.15.255.255", Host::Public),
            ("172.16.0.0", Host::Internal),
            ("172.31.255.255", Host::Internal),
            ("172.32.0.0", Host::Public),
            ("192.0.0.255", Host::Internal),
            ("192.0.1.0", Host::Public),
            ("192.167.255.255", Host::Public),
            ("192.168.0.1", Host::Internal),
            ("192.169.0.0", Host::Public),
            ("198.17.255.255", Host::Public),
            ("198.18.0.0", Host::Internal),
            ("198.19.255.255", Host::Internal),
            ("198.20.0.0", Host::Public),
            ("223.255.255.255", Host::Public),
            ("224.0.0.1", Host::Internal),
            ("240.0.0.1", Host::Internal),
            ("255.255.255.255", Host::Internal),
            ("[::1]", Host::Loopback),
            ("[0:0:0:0:0:0:0:1]", Host::Loopback),
            ("[::]", Host::Internal),
            ("[::2]", Host::Internal),
            ("[::ffff:127.0.0.1]", Host::Internal),
            ("[::ffff:8.8.8.8]", Host::Internal),
            ("[::ffff:7f00:1]", Host::Internal),
            ("[::127.0.0.1]", Host::Internal),
            ("[64:ff9b::a00:1]", Host::Internal),
            ("[64:ff9b:1::1]", Host::Internal),
            ("[100::1]", Host::Internal),
            ("[2001:0:1::1]", Host::Internal),
            ("[2001:4860:4860::8888]", Host::Public),
            ("[2002:7f00:1::]", Host::Internal),
            ("[2001:1ff::1]", Host::Internal),
            ("[2001:200::1]", Host::Public),
            ("[2003::1]", Host::Public),
            ("[1fff::1]", Host::Internal),
            ("[2000::1]", Host::Public),
            ("[3fff::1]", Host::Public),
            ("[4000::1]", Host::Internal),
            ("[fbff::1]", Host::Internal),
            ("[fc00::1]", Host::Internal),
            ("[fdff::1]", Host::Internal),
            ("[fe80::1]", Host::Internal),
            ("[FE80::1]", Host::Internal),
            ("[fec0::1]", Host::Internal),
            ("[ff02::1]", Host::Internal),
        ] {
            assert_eq!(host_of(host), Ok(kind), "{host}");
        }
    }

    #[test]
    fn localhost_is_internal_in_every_case_and_below_itself() {
        for (host, kind) in [
            ("localhost", Host::Loopback),
            ("LOCALHOST", Host::Loopback),
            ("a.localhost", Host::Internal),
            ("a.LocalHost", Host::Internal),
            ("localhost.example", Host::Public),
            ("notlocalhost", Host::Public),
        ] {
            assert_eq!(host_of(host), Ok(kind), "{host}");
        }
    }
}
