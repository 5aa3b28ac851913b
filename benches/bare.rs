//! The floor: the signature operation of aws-lc-rs with a prepared key, and nothing around it.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use oidc_core::{Algorithm, CompactJws, PublicKey, base64url};

use crate::Failure;

/// The check of one token's signature, with all that comes before it done beforehand.
pub struct BareCheck {
    key: ParsedPublicKey,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

impl BareCheck {
    pub(crate) fn new(
        token: &[u8],
        key: &PublicKey,
        algorithm: Algorithm,
    ) -> Result<BareCheck, Failure> {
        let jws = CompactJws::parse(token)?;
        Ok(BareCheck {
            key: prepared(key, algorithm)?,
            signing_input: jws.signing_input().to_vec(),
            signature: base64url::decode(jws.signature())?,
        })
    }

    /// Whether the signature is good.
    pub fn holds(&self) -> bool {
        self.key
            .verify_sig(&self.signing_input, &self.signature)
            .is_ok()
    }
}

impl fmt::Debug for BareCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BareCheck")
            .field("bytes", &self.signing_input.len())
            .finish_non_exhaustive()
    }
}

fn prepared(key: &PublicKey, algorithm: Algorithm) -> Result<ParsedPublicKey, Failure> {
    Ok(match key {
        PublicKey::Rsa(key) => {
            let components = RsaPublicKeyComponents {
                n: key.n(),
                e: key.e(),
            };
            components.to_parsed_public_key(if algorithm == Algorithm::Ps256 {
                &signature::RSA_PSS_2048_8192_SHA256
            } else {
                &signature::RSA_PKCS1_2048_8192_SHA256
            })?
        }
        PublicKey::Ec(key) => {
            let curve = if algorithm == Algorithm::Es256 {
                &signature::ECDSA_P256_SHA256_FIXED
            } else {
                &signature::ECDSA_P384_SHA384_FIXED
            };
            ParsedPublicKey::new(curve, key.to_sec1_bytes())?
        }
        PublicKey::Ed25519(key) => ParsedPublicKey::new(&signature::ED25519, key.as_bytes())?,
        _ => return Err("not measured".into()),
    })
}

/// A private key as the backend holds it, and a place for the signature.
pub(crate) struct BareSigner {
    pair: Pair,
    random: SystemRandom,
    rsa_signature: Vec<u8>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl BareSigner {
    pub(crate) fn new(algorithm: Algorithm, pkcs8: &[u8]) -> Result<BareSigner, Failure> {
        let pair = if algorithm.is_rsa() {
            let padding: &'static dyn RsaEncoding = if algorithm == Algorithm::Ps256 {
                &signature::RSA_PSS_SHA256
            } else {
                &signature::RSA_PKCS1_SHA256
            };
            Pair::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?, padding)
        } else if algorithm.is_ed25519() {
            Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8)?)
        } else {
            let curve = if algorithm == Algorithm::Es256 {
                &signature::ECDSA_P256_SHA256_FIXED_SIGNING
            } else {
                &signature::ECDSA_P384_SHA384_FIXED_SIGNING
            };
            Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(curve, pkcs8)?)
        };
        let rsa_signature = match &pair {
            Pair::Rsa(pair, _) => vec![0; pair.public_modulus_len()],
            Pair::Ecdsa(_) | Pair::Ed25519(_) => Vec::new(),
        };
        Ok(BareSigner {
            pair,
            random: SystemRandom::new(),
            rsa_signature,
        })
    }

    /// Signs; whether that worked.
    pub(crate) fn sign(&mut self, message: &[u8]) -> bool {
        match &self.pair {
            Pair::Ecdsa(pair) => std::hint::black_box(pair.sign(&self.random, message)).is_ok(),
            Pair::Ed25519(pair) => std::hint::black_box(pair.try_sign(message)).is_ok(),
            Pair::Rsa(pair, padding) => pair
                .sign(*padding, &self.random, message, &mut self.rsa_signature)
                .is_ok(),
        }
    }
}
