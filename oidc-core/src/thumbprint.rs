//! JWK thumbprints (RFC 7638) and their URIs (RFC 9278).

use core::fmt;

use crate::base64url;
use crate::jwk::Jwk;
use crate::public_key::PublicKey;

/// The hash of a thumbprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ThumbprintHash {
    /// SHA-256, which everybody uses.
    #[default]
    S256,
    /// SHA-384.
    S384,
    /// SHA-512.
    S512,
}

impl ThumbprintHash {
    /// The name in the registry of hash algorithms (RFC 9278 section 4), such as `sha-256`.
    pub const fn name(self) -> &'static str {
        match self {
            ThumbprintHash::S256 => "sha-256",
            ThumbprintHash::S384 => "sha-384",
            ThumbprintHash::S512 => "sha-512",
        }
    }

    /// The length of the hash in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            ThumbprintHash::S256 => 32,
            ThumbprintHash::S384 => 48,
            ThumbprintHash::S512 => 64,
        }
    }
}

/// The name that follows from a public key alone.
///
/// ```
/// # #[cfg(feature = "sha2")] {
/// use oidc_core::{Jwk, ThumbprintHash};
///
/// // RFC 8037 appendix A.3
/// let jwk = Jwk::parse(br#"{
///     "kty": "OKP", "crv": "Ed25519",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }"#)?;
/// let thumbprint = jwk.thumbprint(ThumbprintHash::S256);
/// assert_eq!(thumbprint.as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// # }
/// # Ok::<(), oidc_core::JwkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thumbprint {
    hash: ThumbprintHash,
    text: String,
}

impl Thumbprint {
    /// The hash in base64url, as it stands in a `kid` or `jkt`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which hash it is.
    pub const fn hash(&self) -> ThumbprintHash {
        self.hash
    }

    /// The URI of RFC 9278 section 3.
    pub fn uri(&self) -> String {
        [
            "urn:ietf:params:oauth:jwk-thumbprint:",
            self.hash.name(),
            ":",
            &self.text,
        ]
        .concat()
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PublicKey {
    /// What a thumbprint hashes: the required members in the order of their names, without white
    /// space (RFC 7638 section 3). It is written from the key's numbers and not from anybody's
    /// text, so one key has one thumbprint.
    pub fn thumbprint_input(&self) -> String {
        let mut json = String::with_capacity(400);
        let mut part = |text: &str, bytes: &[u8]| {
            json.push_str(text);
            base64url::encode_into(bytes, &mut json);
        };
        match self {
            PublicKey::Rsa(key) => {
                part(r#"{"e":""#, key.e());
                part(r#"","kty":"RSA","n":""#, key.n());
            }
            PublicKey::Ec(key) => {
                part(r#"{"crv":""#, &[]);
                part(key.curve().name(), &[]);
                part(r#"","kty":"EC","x":""#, key.x());
                part(r#"","y":""#, key.y());
            }
            PublicKey::Ed25519(key) => {
                part(r#"{"crv":"Ed25519","kty":"OKP","x":""#, key.as_bytes());
            }
        }
        json.push_str(r#""}"#);
        json
    }

    /// The thumbprint by a hash function of the caller's.
    ///
    /// # Errors
    ///
    /// [`DigestLengthError`] when `digest` returns another length than the hash has.
    pub fn thumbprint_with<D: AsRef<[u8]>>(
        &self,
        hash: ThumbprintHash,
        digest: impl FnOnce(&[u8]) -> D,
    ) -> Result<Thumbprint, DigestLengthError> {
        let digest = digest(self.thumbprint_input().as_bytes());
        let (len, expected) = (digest.as_ref().len(), hash.digest_len());
        if len != expected {
            return Err(DigestLengthError { len, expected });
        }
        Ok(Thumbprint {
            hash,
            text: base64url::encode(digest),
        })
    }

    /// The thumbprint.
    #[cfg(feature = "sha2")]
    pub fn thumbprint(&self, hash: ThumbprintHash) -> Thumbprint {
        use sha2::{Digest, Sha256, Sha384, Sha512};

        let input = self.thumbprint_input();
        let text = match hash {
            ThumbprintHash::S256 => base64url::encode(Sha256::digest(input)),
            ThumbprintHash::S384 => base64url::encode(Sha384::digest(input)),
            ThumbprintHash::S512 => base64url::encode(Sha512::digest(input)),
        };
        Thumbprint { hash, text }
    }
}

impl Jwk {
    /// As [`PublicKey::thumbprint_input`]: `kid`, `alg` and `use` do not enter.
    pub fn thumbprint_input(&self) -> String {
        self.key().thumbprint_input()
    }

    /// As [`PublicKey::thumbprint_with`].
    ///
    /// # Errors
    ///
    /// [`DigestLengthError`] when `digest` returns another length than the hash has.
    pub fn thumbprint_with<D: AsRef<[u8]>>(
        &self,
        hash: ThumbprintHash,
        digest: impl FnOnce(&[u8]) -> D,
    ) -> Result<Thumbprint, DigestLengthError> {
        self.key().thumbprint_with(hash, digest)
    }

    /// As [`PublicKey::thumbprint`].
    #[cfg(feature = "sha2")]
    pub fn thumbprint(&self, hash: ThumbprintHash) -> Thumbprint {
        self.key().thumbprint(hash)
    }
}

/// A hash function returned another length than its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("digest has {len} bytes, not {expected}")]
#[non_exhaustive]
pub struct DigestLengthError {
    /// What it returned, in bytes.
    pub len: usize,
    /// What the hash has, in bytes.
    pub expected: usize,
}

impl DigestLengthError {
    /// The stable code, `digest_length`.
    pub const fn code(&self) -> &'static str {
        "digest_length"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::Ed25519PublicKey;

    #[test]
    fn a_foreign_digest_has_the_length_of_its_hash() {
        let key = PublicKey::from(Ed25519PublicKey::new([9; 32]).unwrap());
        for (hash, len) in [
            (ThumbprintHash::S256, 32),
            (ThumbprintHash::S384, 48),
            (ThumbprintHash::S512, 64),
        ] {
            let thumbprint = key.thumbprint_with(hash, |_| vec![0; len]).unwrap();
            assert_eq!(thumbprint.as_str().len(), (len * 4).div_ceil(3));
            for wrong in [0, len - 1, len + 1] {
                let error = key.thumbprint_with(hash, |_| vec![0; wrong]).unwrap_err();
                assert_eq!(
                    error,
                    DigestLengthError {
                        len: wrong,
                        expected: len
                    }
                );
            }
        }
        let error = DigestLengthError {
            len: 31,
            expected: 32,
        };
        assert_eq!(error.to_string(), "digest has 31 bytes, not 32");
        assert_eq!(error.code(), "digest_length");
    }
}
