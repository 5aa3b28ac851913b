//! AWS role trust policies: each rule of the dialect.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod absent;
mod cost;
mod keys;
mod load;
mod logic;
mod principals;
mod properties;
mod sets;
mod texts;
mod translation;
mod values;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod verified;

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::PolicyError;
use oidc_verifier::policy::aws::{Request, Settings, TrustPolicy};
use serde_json::{Value, json};

/// An issuer that AWS knows nothing of.
const ISSUER: &str = "https://t.example";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/t.example";

/// A statement that allows tokens of `PROVIDER`.
fn statement(condition: &Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

fn document(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn load(document: &Value) -> Result<TrustPolicy, PolicyError> {
    TrustPolicy::from_json(document.to_string().as_bytes())
}

/// With every claim as a key, so that tests need no provider of their own.
fn open(document: &Value) -> TrustPolicy {
    let settings = Settings::new().open_keys().raised_quota();
    TrustPolicy::from_json_with(document.to_string().as_bytes(), settings)
        .unwrap_or_else(|error| panic!("{document}: {error}"))
}

fn admits_from(trust: &TrustPolicy, issuer: &str, claims: &str, request: &Request) -> bool {
    let issuer = IssuerIdentifier::parse(issuer).unwrap();
    let claims = trust.policy().vouched_claims(issuer, claims.as_bytes());
    let claims = claims.unwrap_or_else(|error| panic!("{error}"));
    let decision = trust.decide(&claims, request);
    let view = decision.for_operator();
    assert_eq!(view.allowed, decision.is_allowed());
    decision.is_allowed()
}

fn admits(trust: &TrustPolicy, claims: &Value) -> bool {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    members.entry("aud").or_insert(json!("sts.amazonaws.com"));
    members.entry("sub").or_insert(json!("job-42"));
    admits_from(trust, ISSUER, &claims.to_string(), &Request::new())
}

/// Whether a policy of one condition admits these claims; keys are `k` for the claim `k`.
fn holds(operator: &str, values: &Value, claims: &Value) -> bool {
    let condition = json!({operator: {"t.example:k": values}});
    admits(&open(&document(&statement(&condition))), claims)
}
