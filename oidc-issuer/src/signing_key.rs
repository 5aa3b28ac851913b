//! Private keys that sign.

mod der;
mod error;
mod export;
mod generate;
mod jwk;
mod parts;
mod pem;

use core::fmt;

use oidc_core::{Algorithm, Jwk, PublicKey, ThumbprintHash};
use zeroize::Zeroizing;

use self::parts::{Assembled, Parts};
use crate::backend::{self, KeyPair};
use crate::random::SystemRandom;

pub use self::error::{KeyFormat, KeyKind, Limit, Operation, SigningKeyError};

/// A private key for one algorithm.
///
/// One key signs with one algorithm (RFC 8725 section 3.1): a key is generated or read *for* an
/// [`Algorithm`], and its JWK says so.
///
/// The public half is always computed by the crypto library from the private half. A public half
/// that a file carries is compared with it, and a file in which the two differ is refused.
///
/// There is no `Clone`, and `Debug` shows the algorithm and the key id only. The copy that this
/// type keeps for [`to_pkcs8_pem`](Self::to_pkcs8_pem) is wiped when it is dropped; `aws-lc-rs`
/// wipes its own, while `ring` promises nothing.
///
/// # What each backend can do
///
/// | key | `aws-lc-rs` | `ring` |
/// |---|---|---|
/// | RSA | generates 2048, 3072, 4096 bits; signs with 2048 to 8192 | signs with 2048 to 4096 bits and an exponent of 65537 or more |
/// | P-256, P-384 | all | all but computing a public half that the file lacks |
/// | P-521 | all | nothing |
/// | Ed25519 | all | all |
///
/// What the backend cannot do is [`SigningKeyError::Unsupported`].
///
/// # Examples
///
/// ```
/// use oidc_core::Algorithm;
/// use oidc_issuer::{SigningKey, SystemRandom};
///
/// let key = SigningKey::generate(Algorithm::Es384, &SystemRandom::new())?;
/// let text = key.to_pkcs8_pem();
///
/// let again = SigningKey::from_pem(Algorithm::Es384, &text)?;
/// assert_eq!(again.kid(), key.kid());
/// # Ok::<(), oidc_issuer::SigningKeyError>(())
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    jwk: Jwk,
    kid: Box<str>,
    pair: KeyPair,
    pkcs8_pem: Zeroizing<String>,
}

impl SigningKey {
    /// A new key: RSA of 2048 bits with exponent 65537, the algorithm's curve, or Ed25519.
    ///
    /// RSA takes a tenth of a second on a fast machine, sometimes a whole one; the rest,
    /// microseconds.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Unsupported`], and [`SigningKeyError::Generation`] when the random
    /// generator fails.
    pub fn generate(
        algorithm: Algorithm,
        random: &SystemRandom,
    ) -> Result<SigningKey, SigningKeyError> {
        SigningKey::new(algorithm, generate::key(algorithm, random)?, None)
    }

    /// A new RSA key of 2048, 3072 or 4096 bits with exponent 65537.
    ///
    /// # Errors
    ///
    /// As [`generate`](Self::generate); [`SigningKeyError::AlgorithmMismatch`] when the algorithm
    /// is not RSA.
    pub fn generate_rsa(
        algorithm: Algorithm,
        bits: usize,
        _random: &SystemRandom,
    ) -> Result<SigningKey, SigningKeyError> {
        SigningKey::new(algorithm, generate::rsa(algorithm, bits)?, None)
    }

    /// Reads PKCS#8 v1 (RFC 5208) or v2 (RFC 5958): RSA, EC or Ed25519.
    ///
    /// The malformed version 2 that `ring` wrote for Ed25519 up to its version 0.16 is read too.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`] names what does not hold. No key bytes are in it.
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<SigningKey, SigningKeyError> {
        limited(der.len())?;
        SigningKey::from_parts(algorithm, &der::pkcs8(der)?)
    }

    /// Reads PKCS#8 under the label `PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_labelled(algorithm, pem, Some(pem::Label::Pkcs8))
    }

    /// Reads SEC1 `ECPrivateKey` (RFC 5915 section 3), with or without the public half and the
    /// curve. A curve that is not written down is that of the algorithm.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`] names what does not hold. Without the public half, or with a compressed
    /// one, `ring` answers [`SigningKeyError::Unsupported`].
    pub fn from_sec1_der(algorithm: Algorithm, der: &[u8]) -> Result<SigningKey, SigningKeyError> {
        limited(der.len())?;
        SigningKey::from_parts(algorithm, &der::sec1(der, algorithm)?)
    }

    /// Reads SEC1 under the label `EC PRIVATE KEY`, as `openssl ec -traditional` writes it.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_sec1_pem(algorithm: Algorithm, pem: &str) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_labelled(algorithm, pem, Some(pem::Label::Sec1))
    }

    /// Reads PKCS#1 `RSAPrivateKey` (RFC 8017 appendix A.1.2) in two primes.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`] names what does not hold. No key bytes are in it.
    pub fn from_pkcs1_der(algorithm: Algorithm, der: &[u8]) -> Result<SigningKey, SigningKeyError> {
        limited(der.len())?;
        SigningKey::from_parts(algorithm, &der::pkcs1(der)?)
    }

    /// Reads PKCS#1 under the label `RSA PRIVATE KEY`, as `openssl rsa -traditional` writes it.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_pkcs1_pem(algorithm: Algorithm, pem: &str) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_labelled(algorithm, pem, Some(pem::Label::Pkcs1))
    }

    /// Reads the one private key of a PEM text (RFC 7468), in the format that its label names:
    /// PKCS#8, SEC1 or PKCS#1. Blocks that are no private key are passed over.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`] names what does not hold; an encrypted key is
    /// [`SigningKeyError::Encrypted`].
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_labelled(algorithm, pem, None)
    }

    /// Reads a private JWK: RSA with all its CRT members, EC, or OKP with Ed25519.
    ///
    /// A `kid` in it becomes the key's id. `alg`, `use` and `key_ops` hold if they are there.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`] names the member. No key bytes are in it.
    pub fn from_jwk_json(algorithm: Algorithm, json: &[u8]) -> Result<SigningKey, SigningKeyError> {
        limited(json.len())?;
        let (assembled, kid) = jwk::read(json, algorithm)?;
        SigningKey::new(algorithm, assembled, kid.as_deref())
    }

    /// The same key under an id of its own instead of the RFC 7638 thumbprint.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Kid`] unless it is 1 to [`MAX_KID_BYTES`] printable ASCII characters.
    pub fn with_kid(mut self, kid: &str) -> Result<SigningKey, SigningKeyError> {
        self.jwk = named(self.jwk, kid)?;
        self.kid = kid.into();
        Ok(self)
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key id, in the header of every token that it signs.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, with `kid`, `use` and `alg`.
    pub fn public_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        self.jwk.key()
    }

    /// The private key as PKCS#8 v1 in PEM (RFC 5208, RFC 7468), which OpenSSL reads.
    ///
    /// The text is wiped when it is dropped.
    ///
    /// # Security
    ///
    /// This is the private key in clear. Write it where only the issuer reads it, or encrypt it.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        self.pkcs8_pem.clone()
    }

    /// Signs these bytes, in the form of RFC 7518 section 3 or RFC 8037 section 3.1.
    ///
    /// For a token, [`Issuer::issue`](crate::Issuer::issue) does this and all the rest.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Signing`] when the backend fails, out of memory or of randomness.
    ///
    /// # Security
    ///
    /// Whoever chooses the bytes can have a token made: never sign what a stranger sends.
    pub fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        self.sign_then(signing_input, <[u8]>::to_vec)
    }

    /// Signs and lends the signature.
    pub(crate) fn sign_then<T>(
        &self,
        signing_input: &[u8],
        then: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, SigningKeyError> {
        self.pair
            .sign(signing_input, then)
            .map_err(|backend::Failed| SigningKeyError::Signing)
    }

    fn from_labelled(
        algorithm: Algorithm,
        text: &str,
        expected: Option<pem::Label>,
    ) -> Result<SigningKey, SigningKeyError> {
        limited(text.len())?;
        let (label, der) = pem::private_key(text)?;
        if expected.is_some_and(|expected| expected != label) {
            return Err(SigningKeyError::Label);
        }
        let parts = match label {
            pem::Label::Pkcs1 => der::pkcs1(&der),
            pem::Label::Pkcs8 => der::pkcs8(&der),
            pem::Label::Sec1 => der::sec1(&der, algorithm),
        }?;
        SigningKey::from_parts(algorithm, &parts)
    }

    fn from_parts(algorithm: Algorithm, parts: &Parts<'_>) -> Result<SigningKey, SigningKeyError> {
        SigningKey::new(algorithm, parts.assemble(algorithm)?, None)
    }

    fn new(
        algorithm: Algorithm,
        assembled: Assembled,
        kid: Option<&str>,
    ) -> Result<SigningKey, SigningKeyError> {
        let Assembled {
            pair,
            public,
            pkcs8_pem,
        } = assembled;
        let jwk = Jwk::new(public);
        let kid: Box<str> = if let Some(kid) = kid {
            kid.into()
        } else {
            let thumbprint = jwk
                .thumbprint_with(ThumbprintHash::S256, backend::sha256)
                .map_err(|_| SigningKeyError::Inconsistent)?;
            thumbprint.as_str().into()
        };
        let jwk = jwk
            .with_alg(algorithm)
            .map_err(|_| SigningKeyError::Inconsistent)?;
        Ok(SigningKey {
            algorithm,
            jwk: named(jwk, &kid)?,
            kid,
            pair,
            pkcs8_pem,
        })
    }
}

/// Redacted: the algorithm and the key id.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The longest private key that is read, in bytes: an RSA key of 8192 bits takes 6.4 kB in PEM and
/// 6.3 kB as JWK.
pub const MAX_KEY_BYTES: usize = 16 * 1024;

/// The longest key id, in bytes: Kubernetes allows 1024, other consumers 255.
pub const MAX_KID_BYTES: usize = 255;

fn limited(length: usize) -> Result<(), SigningKeyError> {
    if length <= MAX_KEY_BYTES {
        Ok(())
    } else {
        Err(SigningKeyError::TooLong {
            length,
            max: MAX_KEY_BYTES,
        })
    }
}

fn named(jwk: Jwk, kid: &str) -> Result<Jwk, SigningKeyError> {
    const REFUSED: SigningKeyError = SigningKeyError::Kid { max: MAX_KID_BYTES };

    let printable = kid.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable || kid.is_empty() || kid.len() > MAX_KID_BYTES {
        return Err(REFUSED);
    }
    jwk.with_kid(kid).map_err(|_| REFUSED)
}
