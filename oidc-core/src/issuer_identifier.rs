//! The issuer identifier of OpenID Connect Core section 2 and Discovery section 7.

use core::fmt;
use core::str::FromStr;
use std::borrow::Borrow;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::url_host::Host;
use crate::url_text::{UrlError, UrlText};

/// The name of an issuer: an `https` URL without query and fragment, kept byte for byte.
///
/// Two identifiers are equal when their bytes are (OpenID Connect Core section 3.1.3.7): a trailing
/// slash, the case of the host or a written `:443` make another issuer. Nothing is normalised, so
/// a spelling that a URL library would rewrite (dot segments, `HTTPS://`, numeric hosts in
/// disguise) is refused.
///
/// An identifier leads to a network fetch. A host that is `localhost` or an address outside the
/// public internet is therefore refused, except through [`loopback`](Self::loopback). What a name
/// resolves to is for the fetcher to check.
///
/// Cheap to clone. Deserialized through [`parse`](Self::parse), so a document cannot name a
/// loopback issuer.
///
/// ```
/// use oidc_core::IssuerIdentifier;
///
/// let issuer = IssuerIdentifier::parse("https://ci.example/org/42/")?;
/// assert_eq!(issuer.as_str(), "https://ci.example/org/42/");
/// assert_eq!(
///     issuer.discovery_url(),
///     "https://ci.example/org/42/.well-known/openid-configuration",
/// );
/// assert!(IssuerIdentifier::parse("http://ci.example").is_err());
/// # Ok::<(), oidc_core::IssuerIdentifierError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerIdentifier(Arc<str>);

impl IssuerIdentifier {
    /// The longest identifier in bytes. Issuers of today stay below 255; OpenID Connect sets no
    /// bound.
    pub const MAX_BYTES: usize = 512;

    /// An issuer on the public internet.
    ///
    /// # Errors
    ///
    /// [`IssuerIdentifierError`] says what is wrong and at which byte.
    pub fn parse(text: &str) -> Result<IssuerIdentifier, IssuerIdentifierError> {
        check(text)?.require_public()?;
        Ok(IssuerIdentifier(Arc::from(text)))
    }

    /// An issuer on this machine, for tests and demonstrations: `http` or `https`, on
    /// `localhost`, `127.0.0.0/8` or `[::1]`, and nowhere else.
    ///
    /// # Errors
    ///
    /// [`IssuerIdentifierError::NotLoopback`] for another host; else as [`parse`](Self::parse).
    pub fn loopback(text: &str) -> Result<IssuerIdentifier, IssuerIdentifierError> {
        let url = check(text)?;
        match url.host {
            Host::Loopback => Ok(IssuerIdentifier(Arc::from(text))),
            Host::Public | Host::Internal => Err(IssuerIdentifierError::NotLoopback {
                offset: url.host_offset,
            }),
        }
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the provider metadata is published: the identifier without one trailing slash, and
    /// `/.well-known/openid-configuration` (OpenID Connect Discovery section 4).
    pub fn discovery_url(&self) -> String {
        let base = self.0.strip_suffix('/').unwrap_or(&self.0);
        [base, "/.well-known/openid-configuration"].concat()
    }

    /// Whether it was made by [`loopback`](Self::loopback).
    pub fn is_loopback(&self) -> bool {
        // INVARIANT: `parse` refuses every loopback host, `loopback` every other.
        check(&self.0).is_ok_and(|url| url.host == Host::Loopback)
    }
}

/// The rules that both constructors share: the length and the missing query.
fn check(text: &str) -> Result<UrlText, IssuerIdentifierError> {
    if text.len() > IssuerIdentifier::MAX_BYTES {
        return Err(IssuerIdentifierError::TooLong {
            max: IssuerIdentifier::MAX_BYTES,
        });
    }
    let url = UrlText::parse(text)?;
    match url.query_offset {
        Some(offset) => Err(IssuerIdentifierError::Query { offset }),
        None => Ok(url),
    }
}

/// Why a text is no [`IssuerIdentifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerIdentifierError {
    /// It is no URL that this crate would use.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// It has a query, which OpenID Connect Core section 2 rules out.
    #[error("issuer identifier has a query at byte {offset}")]
    #[non_exhaustive]
    Query {
        /// Position of the `?`.
        offset: usize,
    },
    /// It is longer than [`IssuerIdentifier::MAX_BYTES`].
    #[error("issuer identifier is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// [`IssuerIdentifier::loopback`] was given a host that is not this machine.
    #[error("host of the issuer identifier is not loopback, at byte {offset}")]
    #[non_exhaustive]
    NotLoopback {
        /// Where the host begins.
        offset: usize,
    },
}

impl IssuerIdentifierError {
    /// A stable code in `snake_case`, such as `not_https`.
    pub const fn code(&self) -> &'static str {
        match self {
            IssuerIdentifierError::Url(error) => error.code(),
            IssuerIdentifierError::Query { .. } => "query",
            IssuerIdentifierError::TooLong { .. } => "issuer_too_long",
            IssuerIdentifierError::NotLoopback { .. } => "not_loopback",
        }
    }
}

impl fmt::Debug for IssuerIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IssuerIdentifier")
            .field(&self.as_str())
            .finish()
    }
}

impl fmt::Display for IssuerIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for IssuerIdentifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets a map keyed by identifiers be asked with the text of a claim.
impl Borrow<str> for IssuerIdentifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// As [`IssuerIdentifier::parse`].
impl FromStr for IssuerIdentifier {
    type Err = IssuerIdentifierError;

    fn from_str(text: &str) -> Result<IssuerIdentifier, IssuerIdentifierError> {
        IssuerIdentifier::parse(text)
    }
}

impl Serialize for IssuerIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// As [`IssuerIdentifier::parse`].
impl<'de> Deserialize<'de> for IssuerIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IssuerIdentifier, D::Error> {
        deserializer.deserialize_str(IssuerVisitor)
    }
}

struct IssuerVisitor;

impl Visitor<'_> for IssuerVisitor {
    type Value = IssuerIdentifier;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an https issuer identifier")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<IssuerIdentifier, E> {
        IssuerIdentifier::parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        for text in [
            "https://ci.example",
            "https://ci.example/",
            "https://CI.example",
            "https://ci.example:443",
            "https://oidc.circleci.com/org/8f0c1f0e",
            "https://token.actions.githubusercontent.com",
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
            "https://ci.example//a//",
        ] {
            let issuer = IssuerIdentifier::parse(text).unwrap();
            assert_eq!(issuer.as_str(), text);
            assert_eq!(issuer.to_string(), text);
            assert!(!issuer.is_loopback());
            let json = serde_json::to_string(&issuer).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(
                serde_json::from_str::<IssuerIdentifier>(&json).unwrap(),
                issuer
            );
        }
    }

    #[test]
    fn spellings_of_one_url_are_different_issuers() {
        let spellings = [
            "https://ci.example",
            "https://ci.example/",
            "https://CI.example",
            "https://ci.example:443",
            "https://ci.example//",
        ];
        for a in spellings {
            for b in spellings {
                let equal = IssuerIdentifier::parse(a) == IssuerIdentifier::parse(b);
                assert_eq!(equal, a == b, "{a} {b}");
            }
        }
    }

    /// OpenID Connect Discovery section 4: any terminating `/` is removed first, and section 4.1.
    #[test]
    fn the_discovery_url_drops_one_trailing_slash() {
        for (issuer, url) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/b",
                "https://a.example/b/.well-known/openid-configuration",
            ),
            (
                "https://a.example/b/",
                "https://a.example/b/.well-known/openid-configuration",
            ),
            (
                "https://a.example/b//",
                "https://a.example/b//.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(
                IssuerIdentifier::parse(issuer).unwrap().discovery_url(),
                url
            );
        }
    }

    #[test]
    fn a_query_is_refused_even_when_empty() {
        for text in ["https://a.example?", "https://a.example?b=c"] {
            assert_eq!(
                IssuerIdentifier::parse(text),
                Err(IssuerIdentifierError::Query { offset: 17 }),
                "{text}",
            );
        }
    }

    #[test]
    fn the_length_is_capped_at_512_bytes() {
        let base = "https://ci.example/";
        let longest = format!("{base}{}", "a".repeat(512 - base.len()));
        assert!(IssuerIdentifier::parse(&longest).is_ok());
        assert_eq!(
            IssuerIdentifier::parse(&format!("{longest}a")),
            Err(IssuerIdentifierError::TooLong { max: 512 }),
        );
    }

    #[test]
    fn loopback_is_reached_only_through_its_own_constructor() {
        for text in [
            "http://127.0.0.1:8080",
            "https://127.0.0.1",
            "http://127.8.9.10/a",
            "http://[::1]:1",
            "http://localhost:65535/",
            "https://localhost",
            "http://LOCALHOST",
        ] {
            let issuer = IssuerIdentifier::loopback(text).unwrap();
            assert!(issuer.is_loopback(), "{text}");
            assert_eq!(issuer.as_str(), text);
            assert!(IssuerIdentifier::parse(text).is_err(), "{text}");
            assert!(serde_json::from_str::<IssuerIdentifier>(&format!("\"{text}\"")).is_err());
        }
    }

    #[test]
    fn the_loopback_constructor_takes_nothing_else() {
        for text in [
            "https://ci.example",
            "http://ci.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://a.localhost",
            "http://localhost.example",
            "http://[::ffff:127.0.0.1]",
            "http://[::]",
            "http://128.0.0.1",
        ] {
            assert_eq!(
                IssuerIdentifier::loopback(text).map_err(|error| error.code()),
                Err("not_loopback"),
                "{text}",
            );
        }
        for text in [
            "http://127.1",
            "http://localhost.",
            "http://u@localhost",
            "ws://localhost",
        ] {
            assert!(IssuerIdentifier::loopback(text).is_err(), "{text}");
        }
        let query = IssuerIdentifier::loopback("http://localhost?");
        assert_eq!(query, Err(IssuerIdentifierError::Query { offset: 16 }));
    }

    #[test]
    fn a_map_is_asked_with_the_text_of_a_claim() {
        let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
        let map = HashMap::from([(issuer, 1)]);
        assert_eq!(map.get("https://ci.example"), Some(&1));
        assert_eq!(map.get("https://ci.example/"), None);
    }

    #[test]
    fn errors_name_what_and_where() {
        let parse = IssuerIdentifier::parse;
        let error = parse("https://a b").unwrap_err();
        assert_eq!(error.to_string(), "byte 9 of the URL is not allowed");
        assert_eq!(error.code(), "forbidden_byte");
        let error = parse("https://a.example?").unwrap_err();
        assert_eq!(
            error.to_string(),
            "issuer identifier has a query at byte 17"
        );
        assert_eq!(error.code(), "query");
        let error = parse(&"a".repeat(513)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "issuer identifier is longer than 512 bytes"
        );
        assert_eq!(error.code(), "issuer_too_long");
        let error = IssuerIdentifier::loopback("http://a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "host of the issuer identifier is not loopback, at byte 7"
        );
    }
}
