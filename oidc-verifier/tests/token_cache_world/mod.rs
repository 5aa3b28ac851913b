//! Tokens, and whether a cache knew them.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use std::ptr;

use oidc_core::{Algorithm, JwkSet};
use oidc_issuer::SigningKey;
use oidc_verifier::{IssuerKeys, TokenCache, Verified, Verifier};

use crate::support::{AUDIENCE, ISSUER, NOW, at, identifier, key, sign};

pub(crate) const EXP: i64 = NOW + 3_600;
pub(crate) const LEEWAY: i64 = 60;

pub(crate) fn cache() -> TokenCache {
    TokenCache::new([7; 32])
}

pub(crate) fn payload(members: &str) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"job","iat":{NOW},"exp":{EXP}{members}}}"#
    )
}

pub(crate) fn signed(key: &SigningKey, header_members: &str, payload: &str) -> String {
    let (alg, kid) = (key.algorithm(), key.kid());
    let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"{header_members}}}"#);
    sign(key, header, payload)
}

pub(crate) fn token(members: &str) -> String {
    signed(key(Algorithm::EdDsa), "", &payload(members))
}

pub(crate) fn verify<'a>(
    cache: &TokenCache,
    verifier: &'a Verifier,
    token: &str,
    now: i64,
) -> Result<Verified<'a>, &'static str> {
    let answer = cache.verify(verifier, token.as_bytes(), at(now));
    answer.map_err(|refusal| refusal.code())
}

/// Whether both stand in one place in memory, so that one of them was not verified anew.
pub(crate) fn is_one(a: &Verified<'_>, b: &Verified<'_>) -> bool {
    ptr::eq(a.claims_json(), b.claims_json())
}

pub(crate) fn install(verifier: &Verifier, set: JwkSet) {
    let keys = IssuerKeys::new(identifier(ISSUER), set);
    verifier.install(&keys).unwrap();
}
