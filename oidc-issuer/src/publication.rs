//! The documents that relying parties fetch.

mod consumer;

use std::time::Duration;

use oidc_core::{
    Algorithm, IssuerIdentifier, Jwk, JwkSet, JwkSetError, ProviderMetadata, ProviderMetadataError,
    base64url,
};
use serde::Serialize;

use crate::backend;

pub use self::consumer::{Consumer, ConsumerFinding, ConsumerGrade};

/// How long relying parties may keep the JWK Set: the time that a stolen key stays trusted after
/// it was withdrawn, and the time that a new key must at least be published before it signs.
pub const JWK_SET_MAX_AGE: Duration = Duration::from_secs(600);

/// How long relying parties may keep the discovery document, which hardly ever changes.
pub const DISCOVERY_MAX_AGE: Duration = Duration::from_secs(3600);

/// A document to serve as it is.
///
/// The bytes depend on nothing but the issuer and its keys: the same state gives the same bytes
/// and the same [`etag`](Self::etag), on every replica and after every restart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The body.
    pub bytes: Vec<u8>,
    /// The `Content-Type`.
    pub media_type: &'static str,
    /// The `Cache-Control`.
    pub cache_control: String,
    /// The strong `ETag` (RFC 9110 section 8.8.3), quotes included: SHA-256 of the body.
    pub etag: String,
    max_age: Duration,
}

impl Document {
    /// The `Cache-Control` with a lifetime that is up to a fifth shorter, by these random bits: so
    /// that those who fetched at one time do not all come back at one time.
    ///
    /// It is never longer than that of [`cache_control`](Self::cache_control), which is what a
    /// rotation counts with.
    pub fn jittered_cache_control(&self, random: u64) -> String {
        let max = self.max_age.as_secs();
        let fifth = max.div_euclid(5);
        let earlier = random.checked_rem(fifth.saturating_add(1)).unwrap_or(0);
        cache_control(max.saturating_sub(earlier))
    }
}

/// The JWK Set of these keys, in their order (RFC 7517 section 8.5.2).
pub(crate) fn jwk_set<'a>(
    keys: impl Iterator<Item = &'a Jwk>,
    max_age: Duration,
) -> Result<Document, JwkSetError> {
    let json = JwkSet::from_keys(keys.cloned())?.to_json();
    Ok(document(json, "application/jwk-set+json", max_age))
}

/// The discovery document (OpenID Connect Discovery 1.0 section 4.2) of an issuer that signs
/// with these algorithms.
pub(crate) fn discovery(
    issuer: &IssuerIdentifier,
    jwks_uri: &str,
    algorithms: impl Iterator<Item = Algorithm>,
    custom_claims: &[String],
    max_age: Duration,
) -> Result<Document, ProviderMetadataError> {
    let metadata = ProviderMetadata::for_issuer(issuer, jwks_uri, algorithms)?;
    let mut claims_supported = REGISTERED_CLAIMS.to_vec();
    for claim in custom_claims {
        if !claims_supported.contains(&claim.as_str()) {
            claims_supported.push(claim);
        }
    }
    let discovery = Discovery {
        metadata,
        claims_supported,
    };
    // INVARIANT: strings and lists of strings only, which `serde_json` writes without fail.
    let json = serde_json::to_string(&discovery).unwrap_or_default();
    Ok(document(json, "application/json", max_age))
}

/// `/.well-known/jwks.json` under the issuer, less one trailing slash: as for the discovery
/// document, and as AWS has it.
pub(crate) fn default_jwks_uri(issuer: &IssuerIdentifier) -> String {
    let issuer = issuer.as_str();
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{base}/.well-known/jwks.json")
}

fn document(json: String, media_type: &'static str, max_age: Duration) -> Document {
    let bytes = json.into_bytes();
    let etag = format!("\"{}\"", base64url::encode(backend::sha256(&bytes)));
    Document {
        bytes,
        media_type,
        cache_control: cache_control(max_age.as_secs()),
        etag,
        max_age,
    }
}

fn cache_control(max_age_seconds: u64) -> String {
    format!("public, max-age={max_age_seconds}")
}

#[derive(Serialize)]
struct Discovery<'a> {
    #[serde(flatten)]
    metadata: ProviderMetadata,
    claims_supported: Vec<&'a str>,
}

/// What every issuer can put into a token.
const REGISTERED_CLAIMS: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
