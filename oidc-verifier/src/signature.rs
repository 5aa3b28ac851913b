//! A public key prepared for one algorithm, and the only place where a signature is judged.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as crypto;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as crypto;

use crypto::signature::{self, RsaParameters, RsaPublicKeyComponents};
use oidc_core::{Algorithm, Curve, PublicKey};

/// A key that can verify one algorithm, parsed when its set was loaded.
pub(crate) struct VerifyingKey {
    prepared: Prepared,
    signature_len: usize,
}

impl VerifyingKey {
    /// Prepares `key` for `algorithm`. `None` if the two do not fit, if the backend does not have
    /// the algorithm, or if it finds the key itself unusable (a point that is not on its curve).
    pub(crate) fn prepare(key: &PublicKey, algorithm: Algorithm) -> Option<VerifyingKey> {
        if !key.fits(algorithm) {
            return None;
        }
        let prepared = match key {
            PublicKey::Rsa(key) => Prepared::rsa(key, rsa(algorithm)?),
            PublicKey::Ec(key) => Prepared::point(ecdsa(key.curve())?, &key.to_sec1_bytes()),
            PublicKey::Ed25519(key) => Prepared::point(&signature::ED25519, key.as_bytes()),
            _ => None,
        }?;
        Some(VerifyingKey {
            prepared,
            signature_len: key.signature_len(),
        })
    }

    /// Whether `signature` is this key's over `message`. A signature has exactly one length
    /// (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1).
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.signature_len && self.prepared.verifies(message, signature)
    }
}

/// Whether this build's backend has `algorithm`.
pub(crate) fn is_supported(algorithm: Algorithm) -> bool {
    algorithm
        .ecdsa_curve()
        .is_none_or(|curve| ecdsa(curve).is_some())
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ed25519
        | Algorithm::EdDsa
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | _ => None,
    }
}

fn ecdsa(curve: Curve) -> Option<&'static signature::EcdsaVerificationAlgorithm> {
    match curve {
        Curve::P256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        Curve::P384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
        #[cfg(feature = "aws-lc-rs")]
        Curve::P521 => Some(&signature::ECDSA_P521_SHA512_FIXED),
        _ => None,
    }
}

/// aws-lc-rs parses a key once and keeps the result.
#[cfg(feature = "aws-lc-rs")]
struct Prepared(signature::ParsedPublicKey);

#[cfg(feature = "aws-lc-rs")]
impl Prepared {
    fn rsa(key: &oidc_core::RsaPublicKey, parameters: &'static RsaParameters) -> Option<Prepared> {
        let components = RsaPublicKeyComponents {
            n: key.n(),
            e: key.e(),
        };
        components
            .to_parsed_public_key(parameters)
            .ok()
            .map(Prepared)
    }

    fn point(
        algorithm: &'static dyn signature::VerificationAlgorithm,
        bytes: &[u8],
    ) -> Option<Prepared> {
        signature::ParsedPublicKey::new(algorithm, bytes)
            .ok()
            .map(Prepared)
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

/// ring has no parsed form of a public key: it parses with each signature, and an EC point that is
/// not on its curve shows only then.
#[cfg(not(feature = "aws-lc-rs"))]
enum Prepared {
    Rsa(RsaPublicKeyComponents<Vec<u8>>, &'static RsaParameters),
    Point(signature::UnparsedPublicKey<Vec<u8>>),
}

#[cfg(not(feature = "aws-lc-rs"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the other backend can refuse a key here"
)]
impl Prepared {
    fn rsa(key: &oidc_core::RsaPublicKey, parameters: &'static RsaParameters) -> Option<Prepared> {
        let components = RsaPublicKeyComponents {
            n: key.n().to_vec(),
            e: key.e().to_vec(),
        };
        Some(Prepared::Rsa(components, parameters))
    }

    fn point(
        algorithm: &'static dyn signature::VerificationAlgorithm,
        bytes: &[u8],
    ) -> Option<Prepared> {
        Some(Prepared::Point(signature::UnparsedPublicKey::new(
            algorithm,
            bytes.to_vec(),
        )))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Prepared::Rsa(key, parameters) => key.verify(parameters, message, signature).is_ok(),
            Prepared::Point(key) => key.verify(message, signature).is_ok(),
        }
    }
}

#[cfg(test)]
mod vectors;
