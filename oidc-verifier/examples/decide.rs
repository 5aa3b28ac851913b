//! Decides on claims that come as JSON objects, one a line, and answers one a line.
//!
//! Reads `id`, `dialect` (`native` or `doppler`), `policy` (the document), `claims` (the verified
//! claims) and `issuer`; answers `{"id":…,"allow":…,"rule":…,"why":[…],
//! "lint":[{"code":…,"grade":…,"at":…}]}`, or for a policy that does not load
//! `{"id":…,"error":…,"at":…}`. A line that is not such an object gets
//! `{"id":…,"error":…}`, a dialect that is not known `{"id":…,"error":"dialect_unsupported"}`.

use std::io::{self, BufRead, Write};

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::policy::{Policy, PolicyError, VouchError};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Policy and claims stay the bytes that came: duplicate names and large numbers are for the
/// policy engine to judge.
#[derive(Deserialize)]
struct Request<'a> {
    dialect: String,
    #[serde(borrow)]
    policy: &'a RawValue,
    #[serde(borrow)]
    claims: &'a RawValue,
    issuer: String,
}

/// All that is read of a line that is no request.
#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Value,
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        writeln!(out, "{}", answer_line(&line?))?;
        out.flush()?;
    }
    Ok(())
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8]) -> Value {
    let id = serde_json::from_slice(line).map_or(Value::Null, |WithId { id }| id);
    let mut answer = match serde_json::from_slice(line) {
        Ok(request) => answer(&request),
        Err(error) => json!({"error": error.to_string()}),
    };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("id".to_owned(), id);
    }
    answer
}

fn answer(request: &Request<'_>) -> Value {
    let policy = match request.dialect.as_str() {
        "native" => Policy::from_json(request.policy.get().as_bytes()),
        "doppler" => Identity::from_json(request.policy.get().as_bytes())
            .map(|identity| identity.policy().clone()),
        _ => return json!({"error": "dialect_unsupported"}),
    };
    match policy {
        Ok(policy) => decide(&policy, request),
        Err(error) => does_not_load(&error),
    }
}

fn does_not_load(error: &PolicyError) -> Value {
    json!({"error": error.code(), "at": error.at().as_str(), "message": error.to_string()})
}

fn decide(policy: &Policy, request: &Request<'_>) -> Value {
    let issuer = IssuerIdentifier::parse(&request.issuer)
        .or_else(|error| IssuerIdentifier::loopback(&request.issuer).map_err(|_| error));
    let issuer = match issuer {
        Ok(issuer) => issuer,
        Err(error) => return json!({"error": error.code()}),
    };
    let claims = match policy.vouched_claims(issuer, request.claims.get().as_bytes()) {
        Ok(claims) => claims,
        Err(VouchError::ClaimsSet(error)) => return json!({"error": error.code()}),
        // No verified token has such claims.
        Err(error) => {
            let why = [error.to_string()];
            return json!({"allow": false, "rule": null, "why": why, "lint": lint(policy)});
        }
    };
    let decision = policy.decide(&claims);
    let why = decision.for_operator().to_string();
    json!({
        "allow": decision.is_allowed(),
        "rule": decision.rule_id(),
        "why": why.lines().collect::<Vec<_>>(),
        "lint": lint(policy),
    })
}

fn lint(policy: &Policy) -> Vec<Value> {
    let found = policy.lint().into_iter();
    found
        .map(|found| {
            json!({"code": found.code, "grade": found.grade, "at": found.at, "message": found.message})
        })
        .collect()
}
