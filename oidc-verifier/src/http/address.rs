//! Which addresses a fetch may connect to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses the host name of a URL may lead to.
///
/// The name comes from configuration, or from an issuer's metadata. What it resolves to is chosen
/// by whoever runs its DNS zone, who must not choose a service inside one's own network: each
/// address is therefore judged after it was resolved and before anything connects to it.
///
/// Loopback addresses are for issuers of
/// [`IssuerIdentifier::loopback`](oidc_core::IssuerIdentifier::loopback) and nobody else, whatever is
/// said here. Link-local, multicast, unspecified and reserved addresses, those of documentation and
/// benchmarks, those under which clouds serve the metadata of a machine, and IPv6 forms that carry
/// an IPv4 address are never connected to, but for what is said here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressPolicy {
    /// Addresses of the public internet, and no others. The default.
    #[default]
    PublicOnly,
    /// The same, also as NAT64 writes them (`64:ff9b::/96`, RFC 6052): in a network of IPv6 only.
    PublicOrNat64,
    /// Also those of private networks: RFC 1918, RFC 6598, RFC 4193. For an issuer of one's own
    /// inside of one.
    PublicOrPrivate,
}

impl AddressPolicy {
    /// Whether a connection to this address may be made.
    ///
    /// ```
    /// use std::net::IpAddr;
    /// use oidc_verifier::http::AddressPolicy;
    ///
    /// let inside = IpAddr::from([10, 0, 0, 7]);
    /// assert!(!AddressPolicy::PublicOnly.allows(inside));
    /// assert!(AddressPolicy::PublicOrPrivate.allows(inside));
    ///
    /// let metadata_of_the_machine = IpAddr::from([169, 254, 169, 254]);
    /// assert!(!AddressPolicy::PublicOrPrivate.allows(metadata_of_the_machine));
    /// ```
    pub const fn allows(self, address: IpAddr) -> bool {
        let kind = match address {
            IpAddr::V4(address) => kind_of_ipv4(address),
            IpAddr::V6(address) => kind_of_ipv6(address),
        };
        match kind {
            Kind::Public => true,
            Kind::Nat64OfPublic => matches!(self, Self::PublicOrNat64),
            Kind::Private => matches!(self, Self::PublicOrPrivate),
            Kind::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    Nat64OfPublic,
    Private,
    Never,
}

/// The IANA registry of special-purpose addresses.
const fn kind_of_ipv4(address: Ipv4Addr) -> Kind {
    if is_cloud_metadata(address) {
        return Kind::Never;
    }
    match address.octets() {
        [10, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..] => Kind::Private,
        [0 | 127 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Kind::Never,
        _ => Kind::Public,
    }
}

/// Alibaba's metadata stand in 100.64.0.0/10, Azure's machine agent among public addresses. All
/// others of IPv4 are link-local or in 192.0.0.0/24.
const fn is_cloud_metadata(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [100, 100, 100, 200] | [168, 63, 129, 16])
}

/// Only `2000::/3` is routed (RFC 4291 section 2.4), less protocol assignments with Teredo
/// (`2001::/23`), documentation (`2001:db8::/32`, `3fff::/20`) and 6to4 (`2002::/16`). Mapped and
/// translated forms of IPv4 addresses lie outside.
const fn kind_of_ipv6(address: Ipv6Addr) -> Kind {
    if is_cloud_metadata_over_ipv6(address) {
        return Kind::Never;
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Kind::Private,
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            let [.., a, b, c, d] = address.octets();
            match kind_of_ipv4(Ipv4Addr::new(a, b, c, d)) {
                Kind::Public => Kind::Nat64OfPublic,
                Kind::Nat64OfPublic | Kind::Private | Kind::Never => Kind::Never,
            }
        }
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Never,
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Never,
    }
}

/// The metadata of a machine among the private addresses: at AWS (instances, pods), Google, Oracle,
/// Scaleway, Linode and Alibaba.
const fn is_cloud_metadata_over_ipv6(address: Ipv6Addr) -> bool {
    matches!(
        address.segments(),
        [0xfd00, 0xec2, ..]
            | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
            | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
            | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]
            | [0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1]
            | [0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str) -> [bool; 3] {
        let address: IpAddr = address.parse().unwrap();
        [
            AddressPolicy::PublicOnly,
            AddressPolicy::PublicOrNat64,
            AddressPolicy::PublicOrPrivate,
        ]
        .map(|policy| policy.allows(address))
    }

    /// Each block of the registries at its ends and one past them.
    #[test]
    fn nothing_connects_to_what_is_not_public() {
        for (outside, inside) in [
            ("1.0.0.0", "0.255.255.255"),
            ("126.255.255.255", "127.0.0.1"),
            ("128.0.0.0", "127.255.255.255"),
            ("169.253.255.255", "169.254.0.0"),
            ("169.255.0.0", "169.254.255.255"),
            ("168.63.129.15", "168.63.129.16"),
            ("192.0.1.0", "192.0.0.255"),
            ("192.0.3.0", "192.0.2.0"),
            ("192.88.98.255", "192.88.99.1"),
            ("198.17.255.255", "198.18.0.0"),
            ("198.20.0.0", "198.19.255.255"),
            ("198.51.99.255", "198.51.100.0"),
            ("203.0.112.255", "203.0.113.0"),
            ("203.0.114.0", "203.0.113.255"),
            ("223.255.255.255", "224.0.0.1"),
            ("223.255.255.255", "255.255.255.255"),
            ("2606:4700::1111", "::"),
            ("2606:4700::1111", "::1"),
            ("2606:4700::1111", "::ffff:8.8.8.8"),
            ("2606:4700::1111", "::8.8.8.8"),
            ("2001:200::", "2001:1ff:ffff::1"),
            ("2001:db7::1", "2001:db8::1"),
            ("2003::1", "2002:808:808::1"),
            ("3fff:1000::", "3fff:fff::1"),
            ("2000::", "1fff::"),
            ("3fff:ffff::", "4000::"),
            ("2606:4700::1111", "fe80::1"),
            ("2606:4700::1111", "fec0::1"),
            ("2606:4700::1111", "ff02::1"),
            ("2606:4700::1111", "64:ff9b:1::1"),
            ("2606:4700::1111", "fd00:ec2::254"),
            ("2606:4700::1111", "fd00:ec2::23"),
            ("2606:4700::1111", "fd20:ce::254"),
            ("2606:4700::1111", "fd00:c1::a9fe:a9fe"),
            ("2606:4700::1111", "fd00:42::42"),
            ("2606:4700::1111", "fd00:a9fe:a9fe::1"),
            ("2606:4700::1111", "fd00:100::100:200"),
            ("2606:4700::1111", "100.100.100.200"),
        ] {
            assert_eq!(allowed(outside), [true; 3], "{outside}");
            assert_eq!(allowed(inside), [false; 3], "{inside}");
        }
    }

    #[test]
    fn private_networks_are_reached_only_by_who_asks_for_them() {
        for (public, private) in [
            ("9.255.255.255", "10.0.0.0"),
            ("11.0.0.0", "10.255.255.255"),
            ("100.63.255.255", "100.64.0.0"),
            ("100.128.0.0", "100.127.255.255"),
            ("172.15.255.255", "172.16.0.0"),
            ("172.32.0.0", "172.31.255.255"),
            ("192.167.255.255", "192.168.0.0"),
            ("192.169.0.0", "192.168.255.255"),
            ("2606:4700::1111", "fc00::1"),
            ("2606:4700::1111", "fdff::1"),
            ("2606:4700::1111", "fd00:ec1:ffff::254"),
            ("2606:4700::1111", "fd00:ec3::254"),
            ("2606:4700::1111", "fd20:ce::253"),
            ("2606:4700::1111", "fd00:c1::a9fe:a9fd"),
            ("2606:4700::1111", "fd00:42::43"),
            ("2606:4700::1111", "fd00:a9fe:a9fe::2"),
            ("2606:4700::1111", "fd00:100::100:201"),
        ] {
            assert_eq!(allowed(public), [true; 3], "{public}");
            assert_eq!(allowed(private), [false, false, true], "{private}");
        }
    }

    /// RFC 6052 section 3.1: a translated address is as public as what it carries.
    #[test]
    fn nat64_carries_public_addresses_only() {
        for (address, expected) in [
            ("64:ff9b::8.8.8.8", [false, true, false]),
            ("64:ff9b::10.0.0.1", [false; 3]),
            ("64:ff9b::127.0.0.1", [false; 3]),
            ("64:ff9b::169.254.169.254", [false; 3]),
        ] {
            assert_eq!(allowed(address), expected, "{address}");
        }
    }
}
