//! OpenID Connect data for workloads.

mod algorithm;
mod audience;
pub mod base64url;
mod compact;
mod curve;
mod document;
mod issuer_identifier;
mod jwk;
mod jwk_members;
mod numeric_date;
mod public_key;
mod roca;
mod url_text;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use audience::{Audience, AudienceError};
pub use base64url::Base64UrlError;
pub use compact::{CompactError, CompactJws, JwsPart};
pub use curve::Curve;
pub use issuer_identifier::{IssuerIdentifier, IssuerIdentifierError};
pub use jwk::{Jwk, JwkError};
pub use numeric_date::{NumericDate, NumericDateError};
pub use public_key::{EcPublicKey, Ed25519PublicKey, PublicKey, PublicKeyError, RsaPublicKey};
pub use url_text::UrlError;
