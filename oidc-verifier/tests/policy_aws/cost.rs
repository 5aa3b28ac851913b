//! What a decision costs, and how it is explained.

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::Outcome;
use oidc_verifier::policy::aws::{Request, TrustPolicy};
use serde_json::{Value, json};

use crate::{ISSUER, document, open, statement};

fn steps(trust: &TrustPolicy, claims: &Value) -> (usize, Outcome) {
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = claims.to_string();
    let claims = trust
        .policy()
        .vouched_claims(issuer, claims.as_bytes())
        .unwrap();
    let request = Request::new();
    let decision = trust.decide(&claims, &request);
    let _ = decision.for_operator().to_string();
    (decision.steps(), decision.outcome())
}

/// `a*b*c*…` on a long text that nearly matches: the steps grow with the text, not with its square.
#[test]
fn string_like_is_linear() {
    let pattern = "a*".repeat(200) + "b";
    let trust = open(&document(&statement(
        &json!({"StringLike": {"t.example:k": pattern}}),
    )));
    let of = |length: usize| steps(&trust, &json!({"k": "a".repeat(length)})).0;
    let (small, large) = (of(4_000), of(16_000));
    assert!(large < 5 * small, "{small} {large}");
    assert!(large < 4_000, "{large}");
}

#[test]
fn a_token_that_costs_too_much_is_refused() {
    let values: Vec<String> = (0..200).map(|index| format!("*x{index}*")).collect();
    let trust = open(&document(&statement(&json!({
        "ForAnyValue:StringLike": {"t.example:k": values}
    }))));
    let several = |count: usize| json!({"k": vec!["x"; count]});
    assert_eq!(steps(&trust, &several(100)).1, Outcome::NoRuleHolds);
    let (_, outcome) = steps(&trust, &several(400));
    assert_eq!(outcome, Outcome::TooManySteps);
}

#[test]
fn variables_that_grow_are_paid_for() {
    let value = "${t.example:n}".repeat(200);
    let trust = open(&document(&statement(
        &json!({"StringEquals": {"t.example:k": value}}),
    )));
    let (_, outcome) = steps(&trust, &json!({"k": "x", "n": "n".repeat(60_000)}));
    assert_eq!(outcome, Outcome::TooManySteps);
}

fn explained(condition: &Value, claims: &Value) -> String {
    let trust =
        TrustPolicy::from_json(document(&statement(condition)).to_string().as_bytes()).unwrap();
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = claims.to_string();
    let claims = trust
        .policy()
        .vouched_claims(issuer, claims.as_bytes())
        .unwrap();
    let request = Request::new();
    trust.decide(&claims, &request).for_operator().to_string()
}

#[test]
fn a_refusal_shows_key_operator_and_both_sides() {
    let condition = json!({
        "StringLike": {"t.example:sub": "repo:acme/*"},
        "ForAnyValue:StringEquals": {"t.example:amr": "mfa"},
    });
    assert_eq!(
        explained(&condition, &json!({"aud": "a", "sub": "repo:Acme/web", "amr": ["mfa"]})),
        "refused: no rule holds
nearest: rule 0 `statement 0`: `t.example:sub`: differs only in case
allow rule 0 `statement 0`: does not hold
  `Principal` Federated \"arn:aws:iam::111122223333:oidc-provider/t.example\": holds
  `t.example:amr` any of the elements StringEquals \"mfa\": holds; it is [\"mfa\"]
  `t.example:sub` StringLike \"repo:acme/*\": does not hold; it is \"repo:Acme/web\" (differs only in case)
"
    );
}

#[test]
fn hints_name_the_usual_mistakes() {
    for (condition, claims, hint) in [
        (
            json!({"StringEquals": {"t.example:sub": "repo:acme/*"}}),
            json!({"sub": "repo:acme/web"}),
            "`*` and `?` are plain characters here: say `StringLike`",
        ),
        (
            json!({"StringEquals": {"t.example:team": "web"}}),
            json!({"team": "web"}),
            "AWS makes no condition key of this claim: it is always absent",
        ),
        (
            json!({"StringEquals": {"t.example:amr": "mfa"}}),
            json!({"amr": ["mfa"]}),
            "key has several values: say `ForAnyValue:`",
        ),
        (
            json!({"StringEquals": {"aws:PrincipalArn": "x"}}),
            json!({}),
            "key is absent while a role is assumed with a token",
        ),
        (
            json!({"StringEquals": {"other.example:sub": "x"}}),
            json!({"sub": "x"}),
            "no such key",
        ),
        (
            json!({"StringEquals": {"t.example:email": "x"}}),
            json!({"email": {}}),
            "claim is neither a scalar nor an array",
        ),
    ] {
        let text = explained(&condition, &claims);
        assert!(text.contains(&format!("({hint})")), "{text}");
    }
}
