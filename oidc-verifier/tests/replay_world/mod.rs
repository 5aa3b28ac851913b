//! A policy that admits a token once, and the tokens for it.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use oidc_core::Algorithm;
use oidc_verifier::Verifier;
use oidc_verifier::policy::Policy;
use oidc_verifier::replay::{Presented, ReplayGuard, ReplayUnavailable};
use serde_json::json;

use crate::support::{AUDIENCE, ISSUER, NOW, at, builder, key, sign};

pub(crate) const EXP: i64 = NOW + 300;

pub(crate) fn payload(members: &str) -> String {
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"job","iat":{NOW},"exp":{EXP}{members}}}"#
    )
}

pub(crate) fn signed(algorithm: Algorithm, payload: &str) -> String {
    let key = key(algorithm);
    let header = format!(r#"{{"alg":"{}","kid":"{}"}}"#, algorithm, key.kid());
    sign(key, header, payload)
}

pub(crate) fn token(members: &str) -> String {
    signed(Algorithm::EdDsa, &payload(members))
}

pub(crate) fn verifier() -> Verifier {
    builder().build().unwrap()
}

pub(crate) fn policy(replay: Option<&str>) -> Policy {
    let mut rule = json!({
        "id": "once", "effect": "allow", "issuer": ISSUER, "audiences": [AUDIENCE],
        "conditions": [{"claim": "sub", "equals": "job"}],
    });
    let members = rule.as_object_mut().unwrap();
    members.extend(replay.map(|replay| ("replay".to_owned(), json!(replay))));
    Policy::from_json(json!({"rules": [rule]}).to_string().as_bytes()).unwrap()
}

/// Admits `token` at `now`: the guard's word, or the code of the refusal.
pub(crate) fn admit(
    policy: &Policy,
    guard: &impl ReplayGuard,
    token: &str,
    now: i64,
) -> Result<Option<Presented>, &'static str> {
    let verifier = verifier();
    let verified = verifier.verify(token.as_bytes(), at(now)).unwrap();
    let decision = policy.decide(&verified);
    let admitted = decision
        .admit(guard, at(now))
        .map_err(|refusal| refusal.code())?;
    assert_eq!((admitted.rule(), admitted.rule_id()), (0, "once"));
    let said = admitted.replay();
    said.transpose().map_err(ReplayUnavailable::code)
}
