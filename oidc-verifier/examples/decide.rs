//! Decides on claims that come as JSON objects, one a line, and answers one a line.
//!
//! Reads `id`, `dialect` (`native`, `doppler` or `aws`), `policy` (the document), `claims` (the
//! verified claims) and `issuer`; answers `{"id":…,"allow":…,"rule":…,"why":[…],
//! "lint":[{"code":…,"grade":…,"at":…}]}`, or for a policy that does not load
//! `{"id":…,"error":…,"at":…}`. A line that is not such an object gets
//! `{"id":…,"error":…}`, a dialect that is not known `{"id":…,"error":"dialect_unsupported"}`.
//!
//! There is no replay guard here, so a native rule that allows with `"replay": "enforce"` answers
//! `"allow":false`: nothing could tell the first use of a token from the second.
//!
//! For `aws`, `rule` is the `Sid` of the statement, or its index where it has none. Optional are `now`
//! (seconds since 1970, for `aws:CurrentTime` and `aws:EpochTime`) and `context`, with these members,
//! all of them optional:
//!
//! | member | meaning |
//! |---|---|
//! | `provider_arn`, `provider` | the identity provider that verified the token: statements about another do not admit it |
//! | `role_arn`, `role` | the role that is asked for: with the claim of allowed roles, `sts:RoleAuthorizedByIdp` |
//! | `session_name` | `sts:RoleSessionName` |
//! | `source_ip` | `aws:SourceIp` |
//! | `keys` | any other condition keys: an object of strings, or arrays of strings |
//! | `mode` | `"documented"` (the default) or `"open"`: every top-level claim is a condition key |
//! | `quota` | `"default"` or `"raised"`: how long a trust policy may be, 2,048 or 4,096 characters |

#[path = "lines/mod.rs"]
mod lines;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use oidc_verifier::policy::aws::{self, Settings, TrustPolicy};
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::policy::{Decision, Policy, PolicyError, VouchError, VouchedClaims};
use oidc_verifier::{IssuerIdentifier, NumericDate};
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
    now: Option<NumericDate>,
    context: Option<Context>,
}

/// What only the dialect `aws` asks. As in the request itself, other members are not read.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Context {
    #[serde(alias = "provider")]
    provider_arn: Option<String>,
    #[serde(alias = "role")]
    role_arn: Option<String>,
    session_name: Option<String>,
    source_ip: Option<IpAddr>,
    keys: BTreeMap<String, OneOrMany>,
    mode: Mode,
    quota: Quota,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Documented,
    Open,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Quota {
    #[default]
    Default,
    Raised,
}

fn main() -> io::Result<()> {
    lines::serve(answer_line)
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8]) -> String {
    lines::answer(line, answer)
}

fn answer(request: &Request<'_>) -> Value {
    let document = request.policy.get().as_bytes();
    match request.dialect.as_str() {
        "native" => match Policy::from_json(document) {
            Ok(policy) => decide(&policy, request),
            Err(error) => does_not_load(&error),
        },
        "doppler" => match Identity::from_json(document) {
            Ok(identity) => decide(identity.policy(), request),
            Err(error) => does_not_load(&error),
        },
        "aws" => {
            let context = request.context.clone().unwrap_or_default();
            match TrustPolicy::from_json_with(document, context.settings()) {
                Ok(trust) => decide_on_role(&trust, request, &context),
                Err(error) => does_not_load(&error),
            }
        }
        _ => json!({"error": "dialect_unsupported"}),
    }
}

impl Context {
    fn settings(&self) -> Settings<'static> {
        let settings = match self.mode {
            Mode::Documented => Settings::new(),
            Mode::Open => Settings::new().open_keys(),
        };
        match self.quota {
            Quota::Default => settings,
            Quota::Raised => settings.raised_quota(),
        }
    }

    fn request(&self, now: Option<NumericDate>) -> aws::Request {
        let mut request = aws::Request::new();
        for (key, value) in &self.keys {
            request = match value {
                OneOrMany::One(value) => request.with_value(key, value),
                OneOrMany::Many(values) => request.with_values(key, values),
            };
        }
        if let Some(now) = now {
            request = request.at(now);
        }
        if let Some(arn) = &self.provider_arn {
            request = request.with_provider(arn);
        }
        if let Some(arn) = &self.role_arn {
            request = request.with_role(arn);
        }
        if let Some(name) = &self.session_name {
            request = request.with_session_name(name);
        }
        if let Some(address) = self.source_ip {
            request = request.with_source_ip(address);
        }
        request
    }
}

fn does_not_load(error: &PolicyError) -> Value {
    json!({"error": error.code(), "at": error.at().as_str(), "message": error.to_string()})
}

fn decide(policy: &Policy, request: &Request<'_>) -> Value {
    match claims(policy, request) {
        Ok(claims) => {
            let decision = policy.decide(&claims);
            decided(policy, &decision, &json!(decision.rule_id()))
        }
        Err(answer) => answer,
    }
}

fn decide_on_role(trust: &TrustPolicy, request: &Request<'_>, context: &Context) -> Value {
    match claims(trust.policy(), request) {
        Ok(claims) => {
            let beside = context.request(request.now);
            let decision = trust.decide(&claims, &beside);
            let rule = decision.outcome().rule();
            let rule = match rule.and_then(|rule| trust.statement_of_rule(rule)) {
                Some(index) => trust.sid(index).map_or(json!(index), |sid| json!(sid)),
                None => json!(decision.rule_id()),
            };
            decided(trust.policy(), &decision, &rule)
        }
        Err(answer) => answer,
    }
}

/// The claims of the request, or the answer where no verified token has such claims.
fn claims<'a>(policy: &'a Policy, request: &Request<'a>) -> Result<VouchedClaims<'a>, Value> {
    let issuer = IssuerIdentifier::parse(&request.issuer)
        .or_else(|error| IssuerIdentifier::loopback(&request.issuer).map_err(|_| error))
        .map_err(|error| json!({"error": error.code()}))?;
    match policy.vouched_claims(issuer, request.claims.get().as_bytes()) {
        Ok(claims) => Ok(claims),
        Err(VouchError::ClaimsSet(error)) => Err(json!({"error": error.code()})),
        // No verified token has such claims.
        Err(error) => {
            let why = [error.to_string()];
            Err(json!({"allow": false, "rule": null, "why": why, "lint": lint(policy)}))
        }
    }
}

fn decided(policy: &Policy, decision: &Decision<'_>, rule: &Value) -> Value {
    let why = decision.for_operator().to_string();
    json!({
        "allow": decision.is_allowed(),
        "rule": rule,
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
