//! Conversions from and to the types of the crate `jsonwebtoken`, so that a service can move over
//! step by step (feature `jsonwebtoken`).
//!
//! Reading a key goes through the same checks as reading a document: a key that this crate would
//! skip in a JWK Set does not come across.
//!
//! ```
//! use oidc_core::Jwk;
//!
//! let theirs: jsonwebtoken::jwk::Jwk = serde_json::from_str(
//!     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
//! )?;
//! let ours = Jwk::try_from(&theirs)?;
//! let back = jsonwebtoken::jwk::Jwk::try_from(&ours)?;
//! let _key_for_their_decode = jsonwebtoken::DecodingKey::from_jwk(&back)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ::jsonwebtoken::jwk;

use crate::algorithm::Algorithm;
use crate::jwk::{Jwk, JwkError};
use crate::jwk_set::{JwkSet, JwkSetError};

/// `jsonwebtoken` has no name for the algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("`jsonwebtoken` does not have the algorithm")]
#[non_exhaustive]
pub struct NotInJsonwebtoken;

impl TryFrom<&jwk::Jwk> for Jwk {
    type Error = JwkError;

    fn try_from(theirs: &jwk::Jwk) -> Result<Jwk, JwkError> {
        Jwk::parse(&json(theirs))
    }
}

impl TryFrom<&jwk::JwkSet> for JwkSet {
    type Error = JwkSetError;

    fn try_from(theirs: &jwk::JwkSet) -> Result<JwkSet, JwkSetError> {
        JwkSet::parse(&json(theirs))
    }
}

impl TryFrom<&Jwk> for jwk::Jwk {
    type Error = NotInJsonwebtoken;

    /// A key bound to an algorithm that they do not have is refused: without the name it would be
    /// bound to nothing.
    fn try_from(ours: &Jwk) -> Result<jwk::Jwk, NotInJsonwebtoken> {
        let theirs: jwk::Jwk =
            serde_json::from_slice(&json(ours)).map_err(|_| NotInJsonwebtoken)?;
        match theirs.common.key_algorithm {
            Some(jwk::KeyAlgorithm::UNKNOWN_ALGORITHM) => Err(NotInJsonwebtoken),
            _ => Ok(theirs),
        }
    }
}

impl TryFrom<Algorithm> for ::jsonwebtoken::Algorithm {
    type Error = NotInJsonwebtoken;

    fn try_from(ours: Algorithm) -> Result<::jsonwebtoken::Algorithm, NotInJsonwebtoken> {
        ours.name().parse().map_err(|_| NotInJsonwebtoken)
    }
}

impl TryFrom<::jsonwebtoken::Algorithm> for Algorithm {
    type Error = crate::algorithm::UnknownAlgorithm;

    /// Their HMAC algorithms are no values here.
    fn try_from(theirs: ::jsonwebtoken::Algorithm) -> Result<Algorithm, Self::Error> {
        Algorithm::from_name(format!("{theirs:?}").as_bytes())
    }
}

/// An empty answer, which no reader takes for a key, if serialization fails.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = r#"{"kty":"EC","kid":"a","use":"sig","alg":"ES256","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    #[test]
    fn a_key_goes_there_and_back() {
        let ours = Jwk::parse(P256.as_bytes()).unwrap();
        let theirs = jwk::Jwk::try_from(&ours).unwrap();
        assert_eq!(theirs.common.key_id.as_deref(), Some("a"));
        assert_eq!(Jwk::try_from(&theirs), Ok(ours.clone()));
        let set = jwk::JwkSet { keys: vec![theirs] };
        assert_eq!(JwkSet::try_from(&set).unwrap().keys(), [ours]);
    }

    #[test]
    fn what_we_would_skip_does_not_come_across() {
        let theirs: jwk::Jwk = serde_json::from_str(r#"{"kty":"oct","k":"AAAA"}"#).unwrap();
        assert!(Jwk::try_from(&theirs).is_err());
        let theirs: jwk::Jwk = serde_json::from_str(&P256.replace("\"sig\"", "\"enc\"")).unwrap();
        assert!(Jwk::try_from(&theirs).is_err());
        assert!(Algorithm::try_from(::jsonwebtoken::Algorithm::HS256).is_err());
    }

    #[test]
    fn algorithms_keep_their_names() {
        let in_both = |ours: &Algorithm| ::jsonwebtoken::Algorithm::try_from(*ours).is_ok();
        let missing: Vec<_> = Algorithm::ALL
            .iter()
            .filter(|ours| !in_both(ours))
            .collect();
        assert_eq!(missing, [&Algorithm::Es512, &Algorithm::Ed25519]);
        for &ours in Algorithm::ALL {
            if let Ok(theirs) = ::jsonwebtoken::Algorithm::try_from(ours) {
                assert_eq!(Algorithm::try_from(theirs), Ok(ours));
            }
        }
    }
}
