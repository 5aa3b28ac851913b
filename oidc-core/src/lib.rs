//! OpenID Connect data for workloads: the values that an issuer publishes and a relying party reads.
//!
//! Algorithms, keys, key sets, provider metadata, tokens in their parts, claims, and what the
//! tokens of well-known providers look like ([`provider`]). Everything is read strictly and once: a
//! value that was made has passed its checks and stays valid. What is refused says why, and where,
//! without repeating what a stranger wrote.
//!
//! This crate does no cryptography, no I/O and no policy, and asks no clock. Signing is in
//! `oidc-issuer`, checking signatures and claims in `oidc-verifier`. It cannot hold a private or a
//! symmetric key, nor name the algorithm `none`.
//!
//! # Example
//!
//! What a relying party learns of an issuer, from two documents that somebody fetched:
//!
//! ```
//! # #[cfg(feature = "discovery")] {
//! use oidc_core::{Algorithm, IssuerIdentifier, JwkSet, ProviderMetadata};
//!
//! let issuer = IssuerIdentifier::parse("https://ci.example")?;
//! assert_eq!(issuer.discovery_url(), "https://ci.example/.well-known/openid-configuration");
//!
//! let metadata = ProviderMetadata::parse(
//!     &issuer,
//!     br#"{"issuer": "https://ci.example", "jwks_uri": "https://ci.example/jwks.json"}"#,
//! )?;
//! assert_eq!(metadata.jwks_uri().as_str(), "https://ci.example/jwks.json");
//!
//! let keys = JwkSet::parse(br#"{"keys": [
//!     {"kty": "OKP", "crv": "Ed25519", "kid": "2025-10",
//!      "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
//!     {"kty": "AKP", "alg": "ML-DSA-65", "kid": "2030-01"}
//! ]}"#)?;
//! assert!(keys.keys()[0].fits(Algorithm::EdDsa));
//! assert_eq!(keys.skipped()[0].reason().to_string(), "`kty` is not supported");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds | what it costs |
//! |---|---|---|
//! | `discovery` | `ProviderMetadata`, `DiscoveryResponse` | `url` and its Unicode tables, 29 crates |
//! | `jsonwebtoken` | conversions from and to the keys and algorithms of that crate | `jsonwebtoken` |
//! | `sha2` | `Jwk::thumbprint`, `PublicKey::thumbprint` | `sha2`, 8 crates |
//!
//! None is on by default. Without `sha2` the caller brings the hash to
//! [`Jwk::thumbprint_with`].
//!
//! # Standards
//!
//! | standard | sections | here |
//! |---|---|---|
//! | RFC 7515 (JWS) | 2, 4, 7.1 | [`base64url`], [`JoseHeader`], [`CompactJws`] |
//! | RFC 7517 (JWK) | 4, 5 | [`Jwk`], [`JwkSet`] |
//! | RFC 7518 (JWA) | 3.1, 6.2, 6.3 | [`Algorithm`], [`EcPublicKey`], [`RsaPublicKey`] |
//! | RFC 7519 (JWT) | 2, 4.1 | [`NumericDate`], [`Audience`], [`Claims`] |
//! | RFC 7638, RFC 9278 (thumbprints) | all | [`Thumbprint`] |
//! | RFC 8037 (Ed25519) | 2, 3.1 | [`Ed25519PublicKey`] |
//! | RFC 8725 (best practices) | 3.1, 3.2, 3.10 | throughout |
//! | RFC 9864 (algorithm names) | 2.2 | [`Algorithm::same_signature`] |
//! | OpenID Connect Core | 2 | [`IssuerIdentifier`] |
//! | OpenID Connect Discovery | 3, 4 | [`IssuerIdentifier::discovery_url`], `ProviderMetadata` |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod algorithm;
mod audience;
pub mod base64url;
mod certificate;
mod claims;
mod compact;
mod curve;
mod document;
mod header;
mod issuer_identifier;
#[cfg(feature = "jsonwebtoken")]
mod jsonwebtoken;
mod jwk;
mod jwk_members;
mod jwk_set;
mod numeric_date;
pub mod provider;
#[cfg(feature = "discovery")]
mod provider_metadata;
mod public_key;
mod roca;
mod tenant_template;
mod thumbprint;
mod url_host;
mod url_text;
mod walk;

#[cfg(feature = "jsonwebtoken")]
pub use self::jsonwebtoken::NotInJsonwebtoken;
pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use audience::{Audience, AudienceError};
pub use base64url::Base64UrlError;
pub use certificate::JwkCertificate;
pub use claims::{
    AudienceClaim, Claim, ClaimFault, Claims, ClaimsError, ClaimsScanner, RegisteredClaim,
};
pub use compact::{CompactError, CompactJws, JwsPart};
pub use curve::Curve;
pub use header::{HeaderError, JoseHeader};
pub use issuer_identifier::{IssuerIdentifier, IssuerIdentifierError};
pub use jwk::{Jwk, JwkError, JwkUse};
pub use jwk_set::{JwkRemarks, JwkSet, JwkSetError, SkippedJwk};
pub use numeric_date::{NumericDate, NumericDateError};
#[cfg(feature = "discovery")]
pub use provider_metadata::{DiscoveryResponse, ProviderMetadata, ProviderMetadataError};
pub use public_key::{EcPublicKey, Ed25519PublicKey, PublicKey, PublicKeyError, RsaPublicKey};
pub use tenant_template::{TenantIssuer, TenantTemplate, TenantTemplateError};
pub use thumbprint::{DigestLengthError, Thumbprint, ThumbprintHash};
pub use url_text::UrlError;

/// The page of the crate is tested as it stands.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
