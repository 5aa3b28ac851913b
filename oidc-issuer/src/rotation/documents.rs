//! The documents of an issuer: a pure function of its state.

use oidc_core::{IssuerIdentifier, JwkSetError, ProviderMetadataError};

use super::Rotation;
use crate::publication::{self, Document};
use crate::state::RotationState;

/// What to publish under one name of the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Documents {
    /// The issuer's `jwks_uri`: where `jwk_set` belongs.
    pub jwks_uri: String,
    /// The JWK Set. Publish it before `discovery` when an algorithm comes, and
    /// after it when one goes.
    pub jwk_set: Document,
    /// For the issuer's discovery URL.
    pub discovery: Document,
}

/// Why there are no documents to publish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentsError {
    /// The state has not been read, or the issuer has no such name.
    #[error("the issuer is not known")]
    UnknownIssuer,
    /// The keys make no JWK Set: there is none yet.
    #[error("cannot publish the JWK Set")]
    JwkSet(#[source] JwkSetError),
    /// `jwks_uri` is none that a relying party would fetch.
    #[error("cannot publish the provider metadata")]
    ProviderMetadata(#[source] ProviderMetadataError),
}

impl DocumentsError {
    /// A stable code in `snake_case`, such as `unknown_issuer`.
    pub const fn code(&self) -> &'static str {
        match self {
            DocumentsError::UnknownIssuer => "unknown_issuer",
            DocumentsError::JwkSet(error) => error.code(),
            DocumentsError::ProviderMetadata(error) => error.code(),
        }
    }
}

impl Rotation {
    /// The documents to publish under this name: the same state gives the same bytes, on every
    /// replica, so publishing again is always safe.
    ///
    /// # Errors
    ///
    /// [`DocumentsError`].
    pub fn documents(&self, issuer: &IssuerIdentifier) -> Result<Documents, DocumentsError> {
        let unknown = DocumentsError::UnknownIssuer;
        let (Some(state), Some(jwks_uri)) = (self.state(), self.config.jwks_uri_of(issuer)) else {
            return Err(unknown);
        };
        let discovery = publication::discovery(
            issuer,
            jwks_uri,
            state.algorithms(),
            self.config.claims_supported(),
            self.config.discovery_max_age(),
        );
        Ok(Documents {
            jwks_uri: jwks_uri.to_owned(),
            jwk_set: self.jwk_set_of(state).map_err(DocumentsError::JwkSet)?,
            discovery: discovery.map_err(DocumentsError::ProviderMetadata)?,
        })
    }

    pub(super) fn jwk_set_of(&self, state: &RotationState) -> Result<Document, JwkSetError> {
        publication::jwk_set(state.published(), self.config.jwks_max_age())
    }
}
