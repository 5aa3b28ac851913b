//! The signature algorithms of RFC 7518, RFC 8037 and RFC 9864 that a published key can serve.

use core::fmt;
use core::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::curve::Curve;

/// A signature algorithm, by its registered `alg` name.
///
/// Neither `none` nor an HMAC algorithm is a value of this type, so no configuration and no token
/// can ask for one (RFC 8725 section 3.2).
///
/// Serialized as its name. Ordered by the bytes of its name, for documents that list algorithms.
///
/// ```
/// use oidc_core::Algorithm;
///
/// assert_eq!("ES384".parse(), Ok(Algorithm::Es384));
/// assert!("none".parse::<Algorithm>().is_err());
/// assert!("es384".parse::<Algorithm>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `ES256`: ECDSA with P-256 and SHA-256.
    Es256,
    /// `ES384`: ECDSA with P-384 and SHA-384.
    Es384,
    /// `ES512`: ECDSA with P-521 and SHA-512.
    Es512,
    /// `Ed25519`: the fully specified name of RFC 9864 section 2.2.
    Ed25519,
    /// `EdDSA` (RFC 8037), read as Ed25519 only: Ed448 is not supported under this name.
    EdDsa,
    /// `PS256`: RSASSA-PSS with SHA-256.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512.
    Ps512,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl Algorithm {
    /// Every algorithm of this version, in order.
    pub const ALL: &'static [Algorithm] = &[
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Ed25519,
        Algorithm::EdDsa,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
    ];

    /// What a relying party allows unless it says otherwise: the algorithms that workload issuers
    /// sign with today. SHA-512 and the rarer RSA forms are asked for by name.
    pub const DEFAULT_ALLOWED: &'static [Algorithm] = &[
        Algorithm::Rs256,
        Algorithm::Es256,
        Algorithm::Ps256,
        Algorithm::Es384,
        Algorithm::EdDsa,
        Algorithm::Ed25519,
    ];

    /// The registered name, as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Es512 => "ES512",
            Algorithm::Ps256 => "PS256",
            Algorithm::Ps384 => "PS384",
            Algorithm::Ps512 => "PS512",
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
        }
    }

    /// The algorithm of exactly these bytes; no other case, no white space.
    ///
    /// # Errors
    ///
    /// [`UnknownAlgorithm`] for every other name, `none` and the HMAC names among them.
    pub const fn from_name(name: &[u8]) -> Result<Algorithm, UnknownAlgorithm> {
        match name {
            b"Ed25519" => Ok(Algorithm::Ed25519),
            b"EdDSA" => Ok(Algorithm::EdDsa),
            b"ES256" => Ok(Algorithm::Es256),
            b"ES384" => Ok(Algorithm::Es384),
            b"ES512" => Ok(Algorithm::Es512),
            b"PS256" => Ok(Algorithm::Ps256),
            b"PS384" => Ok(Algorithm::Ps384),
            b"PS512" => Ok(Algorithm::Ps512),
            b"RS256" => Ok(Algorithm::Rs256),
            b"RS384" => Ok(Algorithm::Rs384),
            b"RS512" => Ok(Algorithm::Rs512),
            _ => Err(UnknownAlgorithm),
        }
    }

    /// Whether both names ask for the same signature: each name with itself, and `EdDSA` with
    /// `Ed25519` (RFC 9864 section 2.2).
    pub fn same_signature(self, other: Algorithm) -> bool {
        self == other || (self.is_ed25519() && other.is_ed25519())
    }

    /// The curve of an ECDSA algorithm; `None` for RSA and Ed25519.
    pub const fn ecdsa_curve(self) -> Option<Curve> {
        match self {
            Algorithm::Es256 => Some(Curve::P256),
            Algorithm::Es384 => Some(Curve::P384),
            Algorithm::Es512 => Some(Curve::P521),
            Algorithm::Ed25519
            | Algorithm::EdDsa
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512 => None,
        }
    }

    /// Whether an RSA key makes this signature, with either padding.
    pub const fn is_rsa(self) -> bool {
        match self {
            Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512 => true,
            Algorithm::Ed25519
            | Algorithm::EdDsa
            | Algorithm::Es256
            | Algorithm::Es384
            | Algorithm::Es512 => false,
        }
    }

    /// Whether an Ed25519 key makes this signature, under either name.
    pub const fn is_ed25519(self) -> bool {
        matches!(self, Algorithm::Ed25519 | Algorithm::EdDsa)
    }
}

/// The name is none of [`Algorithm::ALL`]. It does not repeat the name, which may be a stranger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("unknown or unsupported algorithm")]
#[non_exhaustive]
pub struct UnknownAlgorithm;

impl UnknownAlgorithm {
    /// The stable code, `unknown_algorithm`.
    pub const fn code(&self) -> &'static str {
        "unknown_algorithm"
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Algorithm, UnknownAlgorithm> {
        Algorithm::from_name(name.as_bytes())
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Algorithm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a signature algorithm")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Algorithm, E> {
        name.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_to_its_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(*algorithm));
            assert_eq!(algorithm.to_string(), algorithm.name());
            let json = serde_json::to_string(algorithm).unwrap();
            assert_eq!(json, format!("\"{}\"", algorithm.name()));
            assert_eq!(
                serde_json::from_str::<Algorithm>(&json).unwrap(),
                *algorithm
            );
        }
        assert_eq!(Algorithm::ALL.len(), 11);
    }

    #[test]
    fn all_is_ordered_by_name_as_the_variants_are() {
        assert!(Algorithm::ALL.is_sorted());
        assert!(Algorithm::ALL.is_sorted_by_key(|algorithm| algorithm.name()));
    }

    #[test]
    fn none_hmac_and_near_misses_are_no_algorithm() {
        for name in [
            "", "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "rs256", "RS256 ",
            " RS256", "RS256\0", "RS1", "ES256K", "ES521", "Ed448", "EDDSA", "ed25519", "RSA-OAEP",
            "dir", "A128KW",
        ] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name:?}");
        }
        assert!(serde_json::from_str::<Algorithm>("256").is_err());
        assert!(serde_json::from_str::<Algorithm>("[\"RS256\"]").is_err());
    }

    #[test]
    fn the_error_does_not_repeat_the_name() {
        let error = serde_json::from_str::<Algorithm>("\"evil-name\"").unwrap_err();
        assert!(!error.to_string().contains("evil"), "{error}");
        assert_eq!(
            UnknownAlgorithm.to_string(),
            "unknown or unsupported algorithm"
        );
        assert_eq!(UnknownAlgorithm.code(), "unknown_algorithm");
    }

    #[test]
    fn only_eddsa_and_ed25519_are_two_names_of_one_signature() {
        for a in Algorithm::ALL {
            for b in Algorithm::ALL {
                let expected = a == b || (a.is_ed25519() && b.is_ed25519());
                assert_eq!(a.same_signature(*b), expected, "{a} {b}");
            }
        }
        assert!(Algorithm::EdDsa.is_ed25519() && Algorithm::Ed25519.is_ed25519());
    }

    #[test]
    fn every_algorithm_belongs_to_one_kind_of_key() {
        for algorithm in Algorithm::ALL {
            let kinds = [
                algorithm.is_rsa(),
                algorithm.is_ed25519(),
                algorithm.ecdsa_curve().is_some(),
            ];
            assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{algorithm}");
        }
        assert_eq!(Algorithm::Es512.ecdsa_curve(), Some(Curve::P521));
    }
}
