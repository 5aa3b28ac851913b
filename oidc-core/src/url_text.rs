//! The text of an absolute `http` or `https` URL, checked as it stands and never rewritten.
//!
//! Issuer identifiers are compared byte for byte, and what is fetched must be what was checked. So
//! every spelling that a URL library would silently turn into another one is refused here.

use crate::url_host::Host;

/// Why a text is no URL that this crate would use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `https://`, in lower case.
    #[error("URL does not begin with `https://`")]
    NotHttps,
    /// White space, a control character, a backslash, a letter beyond ASCII, or another byte that
    /// RFC 3986 does not allow at this place.
    #[error("byte {offset} of the URL is not allowed")]
    #[non_exhaustive]
    ForbiddenByte {
        /// Position of the byte.
        offset: usize,
    },
    /// A user name or password stands before the host.
    #[error("URL has userinfo before byte {offset}")]
    #[non_exhaustive]
    Userinfo {
        /// Position of the `@`.
        offset: usize,
    },
    /// It has no host.
    #[error("URL has no host")]
    EmptyHost,
    /// The host is neither a name of RFC 1123 labels without a final dot nor an IP address.
    #[error("host of the URL is invalid at byte {offset}")]
    #[non_exhaustive]
    InvalidHost {
        /// Where the offending label or byte begins.
        offset: usize,
    },
    /// The host is a number, but not an IP address in its one canonical form. Decimal, octal,
    /// hexadecimal and short spellings end here.
    #[error("host of the URL is a number and no IP address, at byte {offset}")]
    #[non_exhaustive]
    InvalidAddress {
        /// Where the host begins.
        offset: usize,
    },
    /// The host is `localhost`, or an address that is loopback, private, link-local, unspecified,
    /// multicast, reserved, or an IPv6 form that carries an IPv4 address.
    #[error("host of the URL is internal, at byte {offset}")]
    #[non_exhaustive]
    InternalHost {
        /// Where the host begins.
        offset: usize,
    },
    /// The port is empty, zero, above 65535, no number, or has a leading zero.
    #[error("port of the URL is invalid at byte {offset}")]
    #[non_exhaustive]
    InvalidPort {
        /// Where the port begins, after the colon.
        offset: usize,
    },
    /// A path segment is `.` or `..`, plain or percent-encoded.
    #[error("path of the URL has a dot segment at byte {offset}")]
    #[non_exhaustive]
    DotSegment {
        /// Where the segment begins.
        offset: usize,
    },
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("percent escape of the URL is invalid at byte {offset}")]
    #[non_exhaustive]
    InvalidPercentEscape {
        /// Position of the percent sign.
        offset: usize,
    },
    /// It has a fragment.
    #[error("URL has a fragment at byte {offset}")]
    #[non_exhaustive]
    Fragment {
        /// Position of the `#`.
        offset: usize,
    },
}

impl UrlError {
    /// A stable code in `snake_case`, such as `not_https`.
    pub const fn code(&self) -> &'static str {
        match self {
            UrlError::NotHttps => "not_https",
            UrlError::ForbiddenByte { .. } => "forbidden_byte",
            UrlError::Userinfo { .. } => "userinfo",
            UrlError::EmptyHost => "empty_host",
            UrlError::InvalidHost { .. } => "invalid_host",
            UrlError::InvalidAddress { .. } => "invalid_address",
            UrlError::InternalHost { .. } => "internal_host",
            UrlError::InvalidPort { .. } => "invalid_port",
            UrlError::DotSegment { .. } => "dot_segment",
            UrlError::InvalidPercentEscape { .. } => "invalid_percent_escape",
            UrlError::Fragment { .. } => "fragment",
        }
    }
}

/// What the text of a well-formed URL says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UrlText {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) host_offset: usize,
    /// Where path and query begin; the end of the text when there are none.
    #[cfg(feature = "discovery")]
    pub(crate) path_offset: usize,
    /// Position of the `?`, when there is a query.
    pub(crate) query_offset: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl UrlText {
    /// Splits and checks `text`. The scheme and the kind of host are the caller's to judge, see
    /// [`require_public`](Self::require_public).
    pub(crate) fn parse(text: &str) -> Result<UrlText, UrlError> {
        let (scheme, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return Err(UrlError::NotHttps);
        };
        if let Some(offset) = text.bytes().position(|byte| !is_url_byte(byte)) {
            return Err(UrlError::ForbiddenByte { offset });
        }
        // Everything is ASCII from here on: every split is on a character boundary.
        let authority_offset = text.len().saturating_sub(rest.len());
        let (authority, tail) = split_before(rest, |byte| matches!(byte, b'/' | b'?' | b'#'));
        if let Some(at) = authority.rfind('@') {
            return Err(UrlError::Userinfo {
                offset: authority_offset.saturating_add(at),
            });
        }
        let host = parse_authority(authority, authority_offset)?;
        let path_offset = authority_offset.saturating_add(authority.len());
        let query_offset = check_tail(tail, path_offset)?;
        Ok(UrlText {
            scheme,
            host,
            host_offset: authority_offset,
            #[cfg(feature = "discovery")]
            path_offset,
            query_offset,
        })
    }

    /// Requires `https` and a host of the public internet.
    pub(crate) fn require_public(self) -> Result<UrlText, UrlError> {
        match (self.scheme, self.host) {
            (Scheme::Http, _) => Err(UrlError::NotHttps),
            (Scheme::Https, Host::Public) => Ok(self),
            (Scheme::Https, Host::Loopback | Host::Internal) => Err(UrlError::InternalHost {
                offset: self.host_offset,
            }),
        }
    }
}

/// What RFC 3986 allows anywhere in a URL, the percent sign included.
const fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}

fn split_before(text: &str, stop: impl Fn(u8) -> bool) -> (&str, &str) {
    let at = text.bytes().position(stop).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

fn parse_authority(authority: &str, offset: usize) -> Result<Host, UrlError> {
    let (host, host_len, after) = if let Some(literal) = authority.strip_prefix('[') {
        let Some((address, after)) = literal.split_once(']') else {
            return Err(UrlError::InvalidHost { offset });
        };
        let host = Host::from_ipv6(address, offset)?;
        (host, address.len().saturating_add(2), after)
    } else {
        let (name, after) = split_before(authority, |byte| byte == b':');
        (Host::from_name(name, offset)?, name.len(), after)
    };
    let after_offset = offset.saturating_add(host_len);
    match after.strip_prefix(':') {
        Some(port) => check_port(port, after_offset.saturating_add(1))?,
        None if after.is_empty() => {}
        None => {
            return Err(UrlError::InvalidHost {
                offset: after_offset,
            });
        }
    }
    Ok(host)
}

fn check_port(port: &str, offset: usize) -> Result<(), UrlError> {
    let plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    match port.parse::<u16>() {
        Ok(_) if plain => Ok(()),
        Ok(_) | Err(_) => Err(UrlError::InvalidPort { offset }),
    }
}

/// Checks path and query, and returns where the query begins.
fn check_tail(tail: &str, offset: usize) -> Result<Option<usize>, UrlError> {
    if let Some(at) = tail.find('#') {
        return Err(UrlError::Fragment {
            offset: offset.saturating_add(at),
        });
    }
    if let Some(at) = tail.find(['[', ']']) {
        return Err(UrlError::ForbiddenByte {
            offset: offset.saturating_add(at),
        });
    }
    if let Some(at) = invalid_escape(tail) {
        return Err(UrlError::InvalidPercentEscape {
            offset: offset.saturating_add(at),
        });
    }
    let (path, query) = split_before(tail, |byte| byte == b'?');
    let mut segment_offset = offset;
    for segment in path.split('/') {
        if is_dot_segment(segment) {
            return Err(UrlError::DotSegment {
                offset: segment_offset,
            });
        }
        segment_offset = segment_offset
            .saturating_add(segment.len())
            .saturating_add(1);
    }
    Ok((!query.is_empty()).then_some(offset.saturating_add(path.len())))
}

fn invalid_escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .map(|(at, _)| at)
        .find(|at| {
            let digits = bytes.get(at.saturating_add(1)..at.saturating_add(3));
            !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        })
}

fn is_dot_segment(segment: &str) -> bool {
    [".", "%2e", "..", ".%2e", "%2e.", "%2e%2e"]
        .iter()
        .any(|form| segment.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Result<UrlText, UrlError> {
        UrlText::parse(text).and_then(UrlText::require_public)
    }

    #[test]
    fn a_plain_https_url_is_accepted_with_each_part() {
        for text in [
            "https://ci.example",
            "https://ci.example/",
            "https://CI.Example",
            "https://ci.example:8443",
            "https://ci.example:443/",
            "https://ci.example/a/b//c/",
            "https://ci.example/a~b_c-d.e;f=g,h:i@j!$&'()*+",
            "https://ci.example/%7Ea/%2F",
            "https://ci.example/..a/a../.../.a",
            "https://203.0.113.7/keys",
            "https://[2606:4700::1111]:8443/keys",
            "https://xn--bcher-kva.example",
            "https://a-b.c1.example",
            "https://1.example",
            "https://issuer",
            "https://0xg",
        ] {
            assert_eq!(public(text).map(|url| url.query_offset), Ok(None), "{text}");
        }
    }

    #[test]
    fn the_scheme_is_lower_case_https() {
        for text in [
            "",
            "ci.example",
            "//ci.example",
            "HTTPS://ci.example",
            "Https://ci.example",
            "http://ci.example",
            "ftp://ci.example",
            "file:///etc/passwd",
            "data:,x",
            "https:",
            "https:/ci.example",
            "https:\\\\ci.example",
            " https://ci.example",
            "\u{feff}https://ci.example",
        ] {
            assert_eq!(public(text), Err(UrlError::NotHttps), "{text:?}");
        }
    }

    #[test]
    fn a_byte_that_a_url_cannot_hold_is_named() {
        for byte in [
            "\0", "\t", "\n", "\r", " ", "\x7f", "\\", "\"", "<", ">", "^", "`", "{", "|", "}",
            "é", "\u{200b}", "а",
        ] {
            let text = format!("https://ci.example/a{byte}b");
            assert_eq!(
                public(&text),
                Err(UrlError::ForbiddenByte { offset: 20 }),
                "{text:?}"
            );
            let text = format!("https://c{byte}i.example");
            assert_eq!(
                public(&text),
                Err(UrlError::ForbiddenByte { offset: 9 }),
                "{text:?}"
            );
        }
        assert_eq!(
            public("https://ci.example/[a"),
            Err(UrlError::ForbiddenByte { offset: 19 })
        );
        assert_eq!(
            public("https://ci.example?a]"),
            Err(UrlError::ForbiddenByte { offset: 20 })
        );
    }

    #[test]
    fn userinfo_and_fragment_are_refused_where_they_stand() {
        for (text, offset) in [
            ("https://a@b.example", 9),
            ("https://a:b@c.example", 11),
            ("https://@b", 8),
        ] {
            assert_eq!(public(text), Err(UrlError::Userinfo { offset }), "{text}");
        }
        for (text, offset) in [
            ("https://a.example#", 17),
            ("https://a.example/#x", 18),
            ("https://a.example?x#y", 19),
        ] {
            assert_eq!(public(text), Err(UrlError::Fragment { offset }), "{text}");
        }
    }

    #[test]
    fn a_query_is_reported_where_it_begins() {
        for (text, offset) in [
            ("https://a.example?", 17),
            ("https://a.example/?x=.", 18),
            ("https://a.example/b?/../", 19),
        ] {
            assert_eq!(
                public(text).map(|url| url.query_offset),
                Ok(Some(offset)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_ends_before_its_port_or_path() {
        for text in ["https://", "https:///a", "https://:443", "https://?a"] {
            assert_eq!(public(text), Err(UrlError::EmptyHost), "{text}");
        }
        for (text, error) in [
            ("https://[::1", UrlError::InvalidHost { offset: 8 }),
            ("https://[2606::1]x", UrlError::InvalidHost { offset: 17 }),
            ("https://a..b/", UrlError::InvalidHost { offset: 10 }),
            ("https://[1::2::3]/", UrlError::InvalidAddress { offset: 8 }),
            ("https://127.1:443", UrlError::InvalidAddress { offset: 8 }),
            ("https://localhost", UrlError::InternalHost { offset: 8 }),
            ("https://a.localhost?", UrlError::InternalHost { offset: 8 }),
            (
                "https://10.0.0.1:8443/",
                UrlError::InternalHost { offset: 8 },
            ),
            (
                "https://[::ffff:8.8.8.8]:1/",
                UrlError::InternalHost { offset: 8 },
            ),
        ] {
            assert_eq!(public(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_port_is_a_plain_number_up_to_65535() {
        for (port, ok) in [
            ("1", true),
            ("443", true),
            ("65535", true),
            ("65536", false),
            ("0", false),
            ("", false),
            ("0443", false),
            ("+443", false),
            ("-1", false),
            ("4e1", false),
            ("443:1", false),
            ("99999999999999999999", false),
        ] {
            let name = public(&format!("https://a.example:{port}/"));
            let literal = public(&format!("https://[2606::1]:{port}"));
            if ok {
                assert!(name.is_ok() && literal.is_ok(), "{port}");
            } else {
                assert_eq!(name, Err(UrlError::InvalidPort { offset: 18 }), "{port}");
                assert_eq!(literal, Err(UrlError::InvalidPort { offset: 18 }), "{port}");
            }
        }
    }

    #[test]
    fn a_dot_segment_is_refused_in_every_spelling() {
        for segment in [".", "..", "%2e", "%2E", "%2e%2E", ".%2e", "%2E."] {
            for text in [
                format!("https://a.example/{segment}"),
                format!("https://a.example/{segment}/b"),
                format!("https://a.example/{segment}?q"),
            ] {
                assert_eq!(
                    public(&text),
                    Err(UrlError::DotSegment { offset: 18 }),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_percent_sign_needs_two_hexadecimal_digits() {
        for tail in ["%", "%4", "%g0", "%0g", "%%41", "?%", "%zz"] {
            let text = format!("https://a.example/{tail}");
            let offset = text.find('%').unwrap();
            assert_eq!(
                public(&text),
                Err(UrlError::InvalidPercentEscape { offset }),
                "{text}"
            );
        }
    }

    #[test]
    fn errors_name_what_and_where_and_have_distinct_codes() {
        let texts = [
            (UrlError::NotHttps, "URL does not begin with `https://`"),
            (
                UrlError::ForbiddenByte { offset: 9 },
                "byte 9 of the URL is not allowed",
            ),
            (
                UrlError::Userinfo { offset: 9 },
                "URL has userinfo before byte 9",
            ),
            (UrlError::EmptyHost, "URL has no host"),
            (
                UrlError::InvalidHost { offset: 9 },
                "host of the URL is invalid at byte 9",
            ),
            (
                UrlError::InvalidAddress { offset: 9 },
                "host of the URL is a number and no IP address, at byte 9",
            ),
            (
                UrlError::InternalHost { offset: 9 },
                "host of the URL is internal, at byte 9",
            ),
            (
                UrlError::InvalidPort { offset: 9 },
                "port of the URL is invalid at byte 9",
            ),
            (
                UrlError::DotSegment { offset: 9 },
                "path of the URL has a dot segment at byte 9",
            ),
            (
                UrlError::InvalidPercentEscape { offset: 9 },
                "percent escape of the URL is invalid at byte 9",
            ),
            (
                UrlError::Fragment { offset: 9 },
                "URL has a fragment at byte 9",
            ),
        ];
        let mut codes: Vec<&str> = texts.iter().map(|(error, _)| error.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), texts.len());
        for (error, text) in texts {
            assert_eq!(error.to_string(), text);
        }
    }
}
