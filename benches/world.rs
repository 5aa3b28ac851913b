//! Keys of five algorithms, and the tokens that they sign.

use std::time::SystemTime;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use oidc_core::{Algorithm, JwkSet, NumericDate, base64url};
use oidc_issuer::SigningKey;

use crate::Failure;
use crate::documents::Shape;
use crate::scenario::Scenario;

/// What the report is about, in the order of its rows.
pub(crate) const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

/// An issuer's five keys, one for each algorithm, made anew for each run.
pub(crate) struct World {
    keys: Vec<Key>,
    jwk_set: String,
    now: NumericDate,
}

/// A private key, and the PKCS#8 that it was read from.
pub(crate) struct Key {
    pub(crate) signing: SigningKey,
    pub(crate) pkcs8: Vec<u8>,
}

impl World {
    pub(crate) fn generate() -> Result<World, Failure> {
        let keys = ALGORITHMS
            .into_iter()
            .map(Key::generate)
            .collect::<Result<Vec<_>, _>>()?;
        let jwks = keys.iter().map(|key| key.signing.public_jwk().clone());
        let jwk_set = JwkSet::from_keys(jwks)?.to_json();
        Ok(World {
            keys,
            jwk_set,
            now: now()?,
        })
    }

    /// The time at which the tokens are verified: that of the machine, because jsonwebtoken reads
    /// the clock itself.
    pub(crate) const fn now(&self) -> NumericDate {
        self.now
    }

    pub(crate) fn key(&self, algorithm: Algorithm) -> Result<&Key, Failure> {
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.signing.algorithm() == algorithm);
        Ok(key.ok_or("no such key")?)
    }

    /// A good token, and all that is needed to verify it.
    pub(crate) fn scenario(&self, algorithm: Algorithm, shape: Shape) -> Result<Scenario, Failure> {
        let header = self.header(algorithm)?;
        let token = self.sign(algorithm, &header, &self.payload(shape))?;
        Ok(Scenario {
            token,
            algorithm: algorithm.name().to_owned(),
            pointers: shape.pointers().map(str::to_owned).to_vec(),
            jwk_set: self.jwk_set.clone(),
            now: self.now,
            rules: None,
        })
    }

    /// The header that this project's issuer writes.
    pub(crate) fn header(&self, algorithm: Algorithm) -> Result<String, Failure> {
        let kid = self.key(algorithm)?.signing.kid();
        Ok(format!(
            r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"JWT"}}"#
        ))
    }

    /// A claims set that is good now.
    pub(crate) fn payload(&self, shape: Shape) -> String {
        let now = self.now.as_seconds();
        shape.payload(now.saturating_sub(60), now.saturating_add(3_600))
    }

    /// A token of this header and payload, whatever they say.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        header: &str,
        payload: &str,
    ) -> Result<String, Failure> {
        let mut token = base64url::encode(header);
        token.push('.');
        base64url::encode_into(payload, &mut token);
        let signature = self.key(algorithm)?.signing.sign(token.as_bytes())?;
        token.push('.');
        base64url::encode_into(signature, &mut token);
        Ok(token)
    }
}

impl Key {
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Key, Failure> {
        let random = SystemRandom::new();
        let pkcs8 = if algorithm.is_rsa() {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            let der: Pkcs8V1Der<'_> = pair.as_der()?;
            der.as_ref().to_vec()
        } else if algorithm.is_ed25519() {
            let der = Ed25519KeyPair::generate_pkcs8(&random)?;
            der.as_ref().to_vec()
        } else {
            let curve = if algorithm == Algorithm::Es256 {
                &ECDSA_P256_SHA256_FIXED_SIGNING
            } else {
                &ECDSA_P384_SHA384_FIXED_SIGNING
            };
            let der = EcdsaKeyPair::generate_pkcs8(curve, &random)?;
            der.as_ref().to_vec()
        };
        let signing = SigningKey::from_pkcs8_der(algorithm, &pkcs8)?;
        Ok(Key { signing, pkcs8 })
    }
}

/// What a service does once for each token.
pub(crate) fn now() -> Result<NumericDate, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "jsonwebtoken asks the same clock"
    )]
    let now = SystemTime::now();
    Ok(NumericDate::try_from(now)?)
}
