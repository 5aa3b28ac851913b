//! Why there is no signing key.

use core::fmt;

use oidc_core::{Algorithm, Curve};

/// Why a private key was not made, read or written.
///
/// Nothing of the key is in it: which rule failed, and where, but no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// The input is longer than a private key can be.
    #[error("{length} bytes are too long for a private key, the limit is {max}")]
    #[non_exhaustive]
    TooLong {
        /// Bytes given.
        length: usize,
        /// [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
        max: usize,
    },
    /// The bytes do not follow the format.
    #[error("malformed {format}{}", At(*offset))]
    #[non_exhaustive]
    Malformed {
        /// The format that was read, or the part of it.
        format: KeyFormat,
        /// The byte of that format's text or DER, where it is known.
        offset: Option<usize>,
    },
    /// The PEM text holds no private key, or more than one.
    #[error("expected one private key in the PEM text, found {found}")]
    #[non_exhaustive]
    NotOneKey {
        /// Private keys found.
        found: usize,
    },
    /// The PEM label names something that this function does not read, such as a public key, or
    /// PKCS#1 where PKCS#8 was asked for.
    #[error("unexpected PEM label")]
    Label,
    /// The key is encrypted with a passphrase. Decrypt it first.
    #[error("the private key is encrypted")]
    Encrypted,
    /// Neither an RSA key for signing, nor EC, nor Ed25519.
    #[error("unsupported key type")]
    KeyType,
    /// Not P-256, P-384, P-521 or Ed25519, or EC parameters that are not a named curve.
    #[error("unsupported curve")]
    Curve,
    /// The key cannot make the signatures of the algorithm it was read for.
    #[error("{} cannot sign `{algorithm}`", With(kind))]
    #[non_exhaustive]
    AlgorithmMismatch {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// What the key is.
        kind: KeyKind,
    },
    /// The `alg` of a private JWK is not the algorithm it was read for.
    #[error("JWK member `alg` does not say `{algorithm}`")]
    #[non_exhaustive]
    JwkAlgorithm {
        /// The algorithm asked for.
        algorithm: Algorithm,
    },
    /// A member of a private JWK is missing.
    #[error("JWK member `{member}` is missing")]
    #[non_exhaustive]
    JwkMissing {
        /// The member.
        member: &'static str,
    },
    /// A member of a private JWK has a value that cannot stand there.
    #[error("JWK member `{member}` is malformed")]
    #[non_exhaustive]
    JwkMember {
        /// The member.
        member: &'static str,
    },
    /// What a private JWK says of its use is not signing (RFC 7517 sections 4.2 and 4.3).
    #[error("JWK member `{member}` does not allow signing")]
    #[non_exhaustive]
    JwkPurpose {
        /// `use` or `key_ops`.
        member: &'static str,
    },
    /// The private half does not have the length of its curve (RFC 5915 section 3, RFC 8032).
    #[error("private key of {length} bytes, expected {expected}")]
    #[non_exhaustive]
    PrivateLength {
        /// Bytes found.
        length: usize,
        /// Bytes that the curve has.
        expected: usize,
    },
    /// An RSA key in three or more primes.
    #[error("multi-prime RSA keys are not supported")]
    MultiPrime,
    /// The public half is none that a relying party should accept.
    #[error("unusable public key")]
    PublicKey(#[source] oidc_core::PublicKeyError),
    /// The public half that came with the key is not the one that belongs to the private half, or
    /// the parts of an RSA key do not belong together.
    ///
    /// Such a key would sign with one half and publish another: with Ed25519 that gives the
    /// private half away.
    #[error("the parts of the key do not belong together")]
    Inconsistent,
    /// The backend refused the private half: zero, or not below the order of its group.
    #[error("the private key is out of range")]
    OutOfRange,
    /// This build cannot do it; another backend may.
    #[error("`{backend}` cannot {operation} `{algorithm}` keys{}", Of(*limit))]
    #[non_exhaustive]
    Unsupported {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The crypto backend of this build.
        backend: &'static str,
        /// What it cannot do.
        operation: Operation,
        /// Where it ends, when it can do others of that algorithm.
        limit: Option<Limit>,
    },
    /// The generator failed.
    #[error("key generation failed")]
    Generation,
    /// A key id is empty, too long or not printable ASCII.
    #[error("a key id is 1 to {max} printable ASCII characters")]
    #[non_exhaustive]
    Kid {
        /// [`MAX_KID_BYTES`](crate::MAX_KID_BYTES).
        max: usize,
    },
    /// The backend failed to sign. Deliberately says no more.
    #[error("signing failed")]
    Signing,
}

impl SigningKeyError {
    /// A stable code in `snake_case`, such as `inconsistent_key`.
    pub const fn code(&self) -> &'static str {
        match self {
            SigningKeyError::TooLong { .. } => "key_too_long",
            SigningKeyError::Malformed { .. } => "malformed_key",
            SigningKeyError::NotOneKey { .. } => "not_one_key",
            SigningKeyError::Label => "unexpected_label",
            SigningKeyError::Encrypted => "encrypted_key",
            SigningKeyError::KeyType => "unsupported_key_type",
            SigningKeyError::Curve => "unsupported_curve",
            SigningKeyError::AlgorithmMismatch { .. } => "algorithm_mismatch",
            SigningKeyError::JwkAlgorithm { .. } => "jwk_algorithm",
            SigningKeyError::JwkMissing { .. } => "missing_member",
            SigningKeyError::JwkMember { .. } => "malformed_member",
            SigningKeyError::JwkPurpose { .. } => "not_for_signing",
            SigningKeyError::PrivateLength { .. } => "private_length",
            SigningKeyError::MultiPrime => "multi_prime",
            SigningKeyError::PublicKey(error) => error.code(),
            SigningKeyError::Inconsistent => "inconsistent_key",
            SigningKeyError::OutOfRange => "private_out_of_range",
            SigningKeyError::Unsupported { .. } => "unsupported",
            SigningKeyError::Generation => "generation",
            SigningKeyError::Kid { .. } => "kid",
            SigningKeyError::Signing => "signing",
        }
    }
}

/// A format of private keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFormat {
    /// JSON Web Key, RFC 7517.
    Jwk,
    /// Textual encoding, RFC 7468.
    Pem,
    /// `RSAPrivateKey`, RFC 8017 appendix A.1.2.
    Pkcs1,
    /// `PrivateKeyInfo` (RFC 5208) or `OneAsymmetricKey` (RFC 5958).
    Pkcs8,
    /// `ECPrivateKey`, RFC 5915.
    Sec1,
}

impl fmt::Display for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyFormat::Jwk => "JWK",
            KeyFormat::Pem => "PEM",
            KeyFormat::Pkcs1 => "PKCS#1",
            KeyFormat::Pkcs8 => "PKCS#8",
            KeyFormat::Sec1 => "SEC1",
        })
    }
}

/// A limit of a backend that lies inside the algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// The RSA modulus has this many bits: `ring` signs with at most 4096.
    ModulusBits(usize),
    /// The RSA exponent: `ring` takes none below 65537.
    Exponent,
}

/// The kind of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// On an elliptic curve, for ECDSA.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
    /// RSA.
    Rsa,
}

/// What a backend was asked to do with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Make a new one.
    Generate,
    /// Sign with it.
    Sign,
    /// Compute the public half of an EC key that came without it, or with a compressed one.
    DerivePublicKey,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Generate => "generate",
            Operation::Sign => "sign with",
            Operation::DerivePublicKey => "compute the public half of",
        })
    }
}

struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

struct Of(Option<Limit>);

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Limit::ModulusBits(bits)) => write!(f, " of {bits} bits"),
            Some(Limit::Exponent) => f.write_str(" of this exponent"),
            None => Ok(()),
        }
    }
}

struct With<'a>(&'a KeyKind);

impl fmt::Display for With<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            KeyKind::Ec(curve) => write!(f, "a key on {curve}"),
            KeyKind::Ed25519 => f.write_str("an Ed25519 key"),
            KeyKind::Rsa => f.write_str("an RSA key"),
        }
    }
}
