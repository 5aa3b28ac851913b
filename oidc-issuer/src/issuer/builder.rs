//! What an issuer is made of, and why some of it makes none.

use oidc_core::{
    Algorithm, IssuerIdentifier, Jwk, JwkSetError, NumericDate, ProviderMetadataError,
};
use serde_json::Value;

use super::{Clash, Issuer, clash, jwk_set};
use crate::key_ring::KeyRing;
use crate::publication;
use crate::rotation::{RotationError, RotationTiming};
use crate::signing_key::SigningKey;

/// Collects what an [`Issuer`] is made of; see [`Issuer::builder`].
#[derive(Debug)]
#[must_use]
pub struct IssuerBuilder {
    id: IssuerIdentifier,
    keys: Vec<SigningKey>,
    retiring: Vec<(Jwk, NumericDate)>,
    jwks_uri: Option<String>,
    timing: RotationTiming,
    claims_supported: Vec<String>,
}

impl IssuerBuilder {
    pub(super) fn new(id: IssuerIdentifier) -> IssuerBuilder {
        IssuerBuilder {
            id,
            keys: Vec::new(),
            retiring: Vec::new(),
            jwks_uri: None,
            timing: RotationTiming::default(),
            claims_supported: Vec::new(),
        }
    }

    /// Adds the key that signs with its algorithm. The first key is for tokens that ask for no
    /// algorithm.
    ///
    /// A key that was read from a file may have signed in an earlier run of the issuer. Once it
    /// has been replaced, it stays published for
    /// [`TokenSpec::MAX_LIFETIME`](crate::TokenSpec::MAX_LIFETIME) at least. For a key that was
    /// generated in this process, the time is exact.
    pub fn key(mut self, key: SigningKey) -> IssuerBuilder {
        self.keys.push(key);
        self
    }

    /// Publishes the public half of a key that signed in an earlier run of the issuer, until all of
    /// its tokens have expired. Both are what [`Issuer::keys`] said before the issuer stopped.
    pub fn retiring_key(mut self, jwk: Jwk, until: NumericDate) -> IssuerBuilder {
        self.retiring.push((jwk, until));
        self
    }

    /// Publishes the JWK Set here instead of at `/.well-known/jwks.json` under the issuer.
    pub fn jwks_uri(mut self, jwks_uri: &str) -> IssuerBuilder {
        self.jwks_uri = Some(jwks_uri.to_owned());
        self
    }

    /// Rotates keys with these times instead of the default ones.
    pub fn rotation_timing(mut self, timing: RotationTiming) -> IssuerBuilder {
        self.timing = timing;
        self
    }

    /// Lists a custom claim in `claims_supported` of the discovery document, after the registered
    /// ones.
    pub fn claim_supported(mut self, name: &str) -> IssuerBuilder {
        self.claims_supported.push(name.to_owned());
        self
    }

    /// The issuer.
    ///
    /// # Errors
    ///
    /// [`BuildError`] when there is no key, when two keys have the same algorithm, id or key
    /// material, or when `jwks_uri` is not one to publish.
    pub fn build(self) -> Result<Issuer, BuildError> {
        let IssuerBuilder {
            id,
            keys,
            retiring,
            jwks_uri,
            timing,
            claims_supported,
        } = self;
        let mut rings: Vec<KeyRing> = Vec::with_capacity(keys.len());
        for key in keys {
            let algorithm = key.algorithm();
            check_new(&rings, key.public_jwk())?;
            if rings.iter().any(|ring| ring.algorithm() == algorithm) {
                return Err(BuildError::DuplicateAlgorithm { algorithm });
            }
            rings.push(KeyRing::new(key, timing));
        }
        for (jwk, until) in retiring {
            check_new(&rings, &jwk)?;
            let kid = jwk.kid().unwrap_or_default().to_owned();
            let ring = rings
                .iter_mut()
                .find(|ring| Some(ring.algorithm()) == jwk.alg());
            match ring {
                Some(ring) if !kid.is_empty() => {
                    ring.retire(jwk, until).map_err(BuildError::Retiring)?;
                }
                _ => return Err(BuildError::NoRing { kid }),
            }
        }
        let default_algorithm = match rings.first() {
            Some(ring) => ring.algorithm(),
            None => return Err(BuildError::NoKey),
        };
        let jwks_uri = jwks_uri.unwrap_or_else(|| publication::default_jwks_uri(&id));
        let algorithms = rings.iter().map(KeyRing::algorithm);
        let discovery = publication::discovery(&id, &jwks_uri, algorithms, &claims_supported)
            .map_err(BuildError::ProviderMetadata)?;
        let jwk_set = jwk_set(&rings).map_err(BuildError::JwkSet)?;
        let id_json = Value::from(id.as_str()).to_string();
        Ok(Issuer {
            id,
            id_json,
            jwks_uri,
            rings,
            default_algorithm,
            jwk_set,
            discovery,
        })
    }
}

/// Why no [`Issuer`] was built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No key was added.
    #[error("an issuer needs a key")]
    NoKey,
    /// Two keys have this algorithm. The second one is published as the next key of a rotation.
    #[error("two keys sign `{algorithm}`")]
    #[non_exhaustive]
    DuplicateAlgorithm {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// Two keys have this id.
    #[error("two keys have the id `{kid}`")]
    #[non_exhaustive]
    DuplicateKid {
        /// The id.
        kid: String,
    },
    /// The same key was added twice, under two ids or for two algorithms (RFC 8725 section 3.1).
    #[error("the key `{kid}` was added twice")]
    #[non_exhaustive]
    SameKey {
        /// The id of the first.
        kid: String,
    },
    /// A retiring key names no algorithm that a key signs, or has no id.
    #[error("no key signs the algorithm of the retiring key `{kid}`")]
    #[non_exhaustive]
    NoRing {
        /// The id of the retiring key.
        kid: String,
    },
    /// There are too many retiring keys of one algorithm.
    #[error("cannot publish a retiring key")]
    Retiring(#[source] RotationError),
    /// `jwks_uri` is none that a relying party would fetch.
    #[error("cannot publish the provider metadata")]
    ProviderMetadata(#[source] ProviderMetadataError),
    /// The keys do not make a JWK Set.
    #[error("cannot publish the JWK Set")]
    JwkSet(#[source] JwkSetError),
}

impl BuildError {
    /// A stable code in `snake_case`, such as `duplicate_kid`.
    pub const fn code(&self) -> &'static str {
        match self {
            BuildError::NoKey => "no_key",
            BuildError::DuplicateAlgorithm { .. } => "duplicate_algorithm",
            BuildError::DuplicateKid { .. } => "duplicate_kid",
            BuildError::SameKey { .. } => "same_key",
            BuildError::NoRing { .. } => "no_ring",
            BuildError::Retiring(error) => error.code(),
            BuildError::ProviderMetadata(error) => error.code(),
            BuildError::JwkSet(error) => error.code(),
        }
    }
}

fn check_new(rings: &[KeyRing], jwk: &Jwk) -> Result<(), BuildError> {
    match clash(rings, jwk) {
        Some(Clash::Kid(kid)) => Err(BuildError::DuplicateKid { kid }),
        Some(Clash::Key(kid)) => Err(BuildError::SameKey { kid }),
        None => Ok(()),
    }
}
