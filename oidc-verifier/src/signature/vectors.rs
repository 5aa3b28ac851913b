//! Published vectors for signatures over anything, driven below the claims: payloads such as `foo`
//! are no claims set, so no token of theirs can be verified as a whole.

mod jose;
mod wycheproof;

use std::sync::Arc;

use jsonptr::{ScanBuffer, Text};
use oidc_core::{Algorithm, CompactJws, IssuerIdentifier, JoseHeader, Jwk, JwkSet, base64url};
use serde_json::Value;

use super::VerifyingKey;
use crate::key_selection::{IssuerKeyTable, KeySnapshot};
use crate::trusted_issuer::TrustedIssuer;

/// Whether this build's backend has P-521.
const P521: bool = cfg!(feature = "aws-lc-rs");

/// A file under `tests/vectors`.
macro_rules! vector {
    ($path:literal) => {{
        let text = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/",
            $path
        ));
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    }};
}
pub(crate) use vector;

/// At which step of a verification a JWS is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Compact,
    Base64Url,
    Header,
    Jwk,
    Kid,
    Algorithm,
    Signature,
}

/// Takes a JWS the way of a token, without reading the payload.
fn verify(jws: &str, jwk: &Value) -> Result<(), Step> {
    let jws = CompactJws::parse(jws.as_bytes()).map_err(|_| Step::Compact)?;
    let decode = |part| base64url::decode(part).map_err(|_| Step::Base64Url);
    let header = decode(jws.header())?;
    let signature = decode(jws.signature())?;
    decode(jws.payload())?;
    let mut buffer = ScanBuffer::new();
    let header = JoseHeader::read(&header, &mut buffer).map_err(|_| Step::Header)?;
    let jwk = Jwk::parse(jwk.to_string().as_bytes()).map_err(|_| Step::Jwk)?;
    if header
        .kid()
        .is_some_and(|kid| jwk.kid().is_none_or(|own| kid != *own))
    {
        return Err(Step::Kid);
    }
    if !jwk.fits(header.alg()) {
        return Err(Step::Algorithm);
    }
    match VerifyingKey::prepare(jwk.key(), header.alg()) {
        None => Err(Step::Algorithm),
        Some(key) if key.verifies(jws.signing_input(), &signature) => Ok(()),
        Some(_) => Err(Step::Signature),
    }
}

/// The same with a whole set, from which the key is chosen as for a token.
fn verify_with_set(jws: &str, set: &Value) -> Result<(), Step> {
    let set = JwkSet::parse(set.to_string().as_bytes()).map_err(|_| Step::Jwk)?;
    let issuer = IssuerIdentifier::parse("https://vectors.example").unwrap();
    let issuer = TrustedIssuer::new(issuer, "vectors".to_owned());
    let (table, _) = IssuerKeyTable::prepare(&set, &issuer);
    let keys = KeySnapshot::new([0; 32], vec![Some(Arc::new(table))]);
    let jws = CompactJws::parse(jws.as_bytes()).map_err(|_| Step::Compact)?;
    let decode = |part| base64url::decode(part).map_err(|_| Step::Base64Url);
    let (header, signature) = (decode(jws.header())?, decode(jws.signature())?);
    let mut buffer = ScanBuffer::new();
    let header = JoseHeader::read(&header, &mut buffer).map_err(|_| Step::Header)?;
    let kid = header.kid().map(Text::to_cow);
    let named = kid.as_deref().map(|kid| keys.named(kid)).transpose();
    let key = named.and_then(|named| keys.select(0, header.alg(), named));
    match key.map_err(|_| Step::Kid)? {
        key if key.verifies(jws.signing_input(), &signature) => Ok(()),
        _ => Err(Step::Signature),
    }
}

/// A key that is prepared for `algorithm`.
fn prepare(jwk: &Value, algorithm: Algorithm) -> VerifyingKey {
    let jwk = Jwk::parse(jwk.to_string().as_bytes()).unwrap();
    VerifyingKey::prepare(jwk.key(), algorithm).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
