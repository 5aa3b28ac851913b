//! OpenID Connect data for workloads.

mod algorithm;
mod audience;
pub mod base64url;
mod claims;
mod compact;
mod curve;
mod document;
mod header;
mod issuer_identifier;
mod jwk;
mod jwk_members;
mod jwk_set;
mod numeric_date;
#[cfg(feature = "discovery")]
mod provider_metadata;
mod public_key;
mod roca;
mod thumbprint;
mod url_text;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use audience::{Audience, AudienceError};
pub use base64url::Base64UrlError;
pub use claims::{
    AudienceClaim, Claim, ClaimFault, Claims, ClaimsError, ClaimsScanner, RegisteredClaim,
};
pub use compact::{CompactError, CompactJws, JwsPart};
pub use curve::Curve;
pub use header::{HeaderError, JoseHeader};
pub use issuer_identifier::{IssuerIdentifier, IssuerIdentifierError};
pub use jwk::{Jwk, JwkError};
pub use jwk_set::{JwkSet, JwkSetError, SkippedJwk};
pub use numeric_date::{NumericDate, NumericDateError};
#[cfg(feature = "discovery")]
pub use provider_metadata::{DiscoveryResponse, ProviderMetadata, ProviderMetadataError};
pub use public_key::{EcPublicKey, Ed25519PublicKey, PublicKey, PublicKeyError, RsaPublicKey};
pub use thumbprint::{DigestLengthError, Thumbprint, ThumbprintHash};
pub use url_text::UrlError;
