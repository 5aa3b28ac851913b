//! SPIFFE JWT-SVIDs.
//!
//! The issuer is whoever serves a trust domain; it is named as `spiffe` in configuration. A JWT-SVID
//! must have `sub`, `aud` and `exp` and need not have `iss`; its header need not name the key; its
//! keys are for `jwt-svid` and nothing else.
//!
//! Source: SPIFFE, "JWT-SVID" and "SPIFFE-ID".

use core::fmt;

use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{AudienceRule, DAY, DiscoveryQuirks, ProviderProfile, SubjectPart};
use super::{Provider, SubjectError};
use crate::algorithm::Algorithm;

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::SpiffeJwtSvid,
    title: "SPIFFE JWT-SVID",
    // JWT-SVID section 2.1.
    algorithms: &[
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ],
    // The trust domain sets it, and should set little.
    max_lifetime: DAY,
    requires_kid: false,
    requires_iss: false,
    types: &["JWT", "JOSE"],
    audience: AudienceRule::Several,
    key_uses: &["jwt-svid"],
    discovery: DiscoveryQuirks::NONE,
    claims: &[
        KnownClaim::string("/sub").tenant(),
        KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
        KnownClaim::number("/exp"),
        KnownClaim::number("/iat").sometimes(),
        KnownClaim::number("/nbf").sometimes(),
        KnownClaim::string("/iss").sometimes(),
        KnownClaim::string("/jti").sometimes(),
    ],
    subject_parts: &[
        SubjectPart::new("trust_domain").tenant(),
        SubjectPart::new("path").tenant().chosen(),
    ],
};

/// A SPIFFE ID: `spiffe://TRUST_DOMAIN/PATH` (SPIFFE-ID section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    trust_domain: &'a str,
    /// Empty, or with its first slash.
    path: &'a str,
}

/// SPIFFE-ID section 2.3.
const MAX_BYTES: usize = 2_048;

/// SPIFFE-ID section 2.1: that of a host name.
const MAX_TRUST_DOMAIN_BYTES: usize = 255;

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::SpiffeJwtSvid.unknown_form())
    }

    fn read(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("spiffe://")?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (trust_domain, path) = rest.split_at_checked(slash)?;
        let path_holds = match path.strip_prefix('/') {
            None => true,
            Some(segments) => segments.split('/').all(is_segment),
        };
        let domain_holds = (1..=MAX_TRUST_DOMAIN_BYTES).contains(&trust_domain.len())
            && trust_domain.bytes().all(is_in_trust_domain);
        (text.len() <= MAX_BYTES && domain_holds && path_holds)
            .then_some(Self { trust_domain, path })
    }

    /// The trust domain.
    pub const fn trust_domain(&self) -> &'a str {
        self.trust_domain
    }

    /// The path with its first slash: the workload. Without one, the trust domain itself is meant.
    pub fn path(&self) -> Option<&'a str> {
        Some(self.path).filter(|path| !path.is_empty())
    }

    /// The part with this name: `trust_domain`, `path`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "trust_domain" => Some(self.trust_domain),
            "path" => self.path(),
            _ => None,
        }
    }
}

const fn is_in_trust_domain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_')
}

fn is_segment(text: &str) -> bool {
    let in_segment = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !matches!(text, "" | "." | "..") && text.bytes().all(in_segment)
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}{}", self.trust_domain, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_is_read_and_nothing_else() {
        let text = "spiffe://acme.example/ns/prod/sa/Web_1";
        let subject = Subject::parse(text).unwrap();
        assert_eq!(subject.trust_domain(), "acme.example");
        assert_eq!(subject.path(), Some("/ns/prod/sa/Web_1"));
        assert_eq!(subject.to_string(), text);
        let domain = Subject::parse("spiffe://acme.example").unwrap();
        assert_eq!(
            (domain.path(), domain.to_string().as_str()),
            (None, "spiffe://acme.example")
        );
        for text in [
            "",
            "spiffe://",
            "spiffe:///a",
            "spiffe://acme.example/",
            "spiffe://acme.example/a/",
            "spiffe://acme.example//a",
            "spiffe://acme.example/./a",
            "spiffe://acme.example/a/..",
            "spiffe://acme.example/a%2fb",
            "spiffe://acme.example/a?b",
            "spiffe://acme.example/a#b",
            "spiffe://acme.example:8443/a",
            "spiffe://u@acme.example/a",
            "spiffe://Acme.example/a",
            "SPIFFE://acme.example/a",
            "https://acme.example/a",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }

    /// SPIFFE-ID sections 2.1 and 2.3.
    #[test]
    fn a_spiffe_id_has_a_longest_form() {
        let longest = |length: usize| format!("spiffe://a/{}", "b".repeat(length - 11));
        assert!(Subject::parse(&longest(2_048)).is_ok());
        assert!(Subject::parse(&longest(2_049)).is_err());
        let domain = |length: usize| format!("spiffe://{}/a", "a".repeat(length));
        assert!(Subject::parse(&domain(255)).is_ok());
        assert!(Subject::parse(&domain(256)).is_err());
    }
}
