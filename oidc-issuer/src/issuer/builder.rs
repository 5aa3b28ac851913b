//! What an issuer is made of, and why some of it makes none.

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSetError, ProviderMetadataError};
use serde_json::Value;

use super::{ActiveRing, Issuer};
use crate::publication;
use crate::signing_key::SigningKey;

/// Collects what an [`Issuer`] is made of; see [`Issuer::builder`].
#[derive(Debug)]
#[must_use]
pub struct IssuerBuilder {
    id: IssuerIdentifier,
    keys: Vec<SigningKey>,
    published: Vec<Jwk>,
    jwks_uri: Option<String>,
    claims_supported: Vec<String>,
}

impl IssuerBuilder {
    pub(super) fn new(id: IssuerIdentifier) -> IssuerBuilder {
        IssuerBuilder {
            id,
            keys: Vec::new(),
            published: Vec::new(),
            jwks_uri: None,
            claims_supported: Vec::new(),
        }
    }

    /// Adds the key that signs with its algorithm. The first key is for tokens that ask for no
    /// algorithm.
    pub fn key(mut self, key: SigningKey) -> IssuerBuilder {
        self.keys.push(key);
        self
    }

    /// Publishes one more key before those that sign: of another signer of the same issuer, or one
    /// whose tokens are still valid.
    pub fn published_key(mut self, jwk: Jwk) -> IssuerBuilder {
        self.published.push(jwk);
        self
    }

    /// Publishes the JWK Set here instead of at `/.well-known/jwks.json` under the issuer.
    pub fn jwks_uri(mut self, jwks_uri: &str) -> IssuerBuilder {
        self.jwks_uri = Some(jwks_uri.to_owned());
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
            mut published,
            jwks_uri,
            claims_supported,
        } = self;
        for (index, key) in keys.iter().enumerate() {
            let algorithm = key.algorithm();
            if keys
                .iter()
                .take(index)
                .any(|other| other.algorithm() == algorithm)
            {
                check_all_different(&published, Some(key.public_jwk()))?;
                return Err(BuildError::DuplicateAlgorithm { algorithm });
            }
            published.push(key.public_jwk().clone());
        }
        check_all_different(&published, None)?;
        if keys.is_empty() {
            return Err(BuildError::NoKey);
        }
        let jwks_uri = jwks_uri.unwrap_or_else(|| publication::default_jwks_uri(&id));
        let algorithms = keys.iter().map(SigningKey::algorithm);
        let discovery = publication::discovery(
            &id,
            &jwks_uri,
            algorithms,
            &claims_supported,
            publication::DISCOVERY_MAX_AGE,
        )
        .map_err(BuildError::ProviderMetadata)?;
        let jwk_set = publication::jwk_set(published.iter(), publication::JWK_SET_MAX_AGE)
            .map_err(BuildError::JwkSet)?;
        let id_json = Value::from(id.as_str()).to_string();
        Ok(Issuer {
            id,
            id_json,
            jwks_uri,
            rings: keys.into_iter().map(ActiveRing::fixed).collect(),
            audiences: Vec::new(),
            lease: None,
            published,
            unusable: Vec::new(),
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
    /// Two keys have this algorithm. To replace one by the other, rotate them.
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
            BuildError::ProviderMetadata(error) => error.code(),
            BuildError::JwkSet(error) => error.code(),
        }
    }
}

/// A relying party finds a key by its id, and one key is for one algorithm (RFC 8725 section 3.1).
fn check_all_different(keys: &[Jwk], last: Option<&Jwk>) -> Result<(), BuildError> {
    let all = || keys.iter().chain(last);
    for (index, key) in all().enumerate() {
        for other in all().take(index) {
            let kid = other.kid().unwrap_or_default().to_owned();
            if other.key() == key.key() {
                return Err(BuildError::SameKey { kid });
            }
            if other.kid() == key.kid() {
                return Err(BuildError::DuplicateKid { kid });
            }
        }
    }
    Ok(())
}
