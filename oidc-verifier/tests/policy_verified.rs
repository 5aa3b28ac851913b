//! Policies over tokens that this library verified.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::policy::{Outcome, Policy};
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate, Verifier};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example";

fn now() -> NumericDate {
    NumericDate::from_seconds(1_790_000_000).unwrap()
}

fn issuer() -> Issuer {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let id = IssuerIdentifier::parse(ISSUER).unwrap();
    Issuer::builder(id).key(key).build().unwrap()
}

fn policy(conditions: &Value) -> Policy {
    let policy = json!({"rules": [
        {"id": "jobs", "effect": "allow", "issuer": ISSUER, "audiences": ["deploy", "other"],
            "conditions": conditions},
        {"id": "elsewhere", "effect": "allow", "issuer": "https://other.example",
            "audiences": ["deploy"], "conditions": [{"claim": "sub", "exists": true}]},
    ]});
    Policy::from_json(policy.to_string().as_bytes()).unwrap()
}

/// The verifier locates the policy's claims, or does not.
fn verifier(issuer: &Issuer, policy: &Policy, locates: bool) -> Verifier {
    let set = oidc_verifier::JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    let mut builder = Verifier::builder()
        .issuer(IssuerIdentifier::parse(ISSUER).unwrap())
        .audience("deploy")
        .keys(set);
    if locates {
        builder = builder.locate_all(policy.pointers());
    }
    builder.build().unwrap()
}

#[test]
fn a_verified_token_is_judged_by_its_signed_claims() {
    let policy = policy(&json!([
        {"claim": "sub", "pattern": "job-*"},
        {"claim": "iss", "equals": ISSUER},
        {"claim": "exp", "before": "2027-01-01T00:00:00Z"},
        {"claim": "sub", "equals_claim": "/jti"},
    ]));
    let without_jti = self::policy(&json!([{"claim": "sub", "pattern": "job-*"}]));
    let issuer = issuer();
    for locates in [true, false] {
        let spec = TokenSpec::new("job-42", "deploy").unwrap();
        let token = issuer.issue(&spec, now()).unwrap();
        let relying_party = verifier(&issuer, &policy, locates);
        let verified = relying_party
            .verify(token.as_str().as_bytes(), now())
            .unwrap();
        // The token's `jti` is not its `sub`, or is not there.
        assert_eq!(policy.decide(&verified).outcome(), Outcome::NoRuleHolds);
        let decision = without_jti.decide(&verified);
        assert_eq!(decision.rule_id(), Some("jobs"));
        assert_eq!(decision.rules_tried(), 1);
        let view = policy.decide(&verified).for_operator();
        let verdicts: Vec<bool> = view.rules[0]
            .conditions
            .iter()
            .map(|condition| condition.verdict.holds())
            .collect();
        assert_eq!(verdicts, [true, true, true, false]);

        // What the token says is the same when the caller vouches for it.
        let id = IssuerIdentifier::parse(ISSUER).unwrap();
        let json = verified.claims_json().as_bytes();
        let vouched = without_jti.vouched_claims(id, json).unwrap();
        let again = without_jti.decide(&vouched);
        assert_eq!(again.outcome(), decision.outcome());
        assert_eq!(again.steps(), decision.steps());
    }
}

/// The policy expects a claim where it stood the last time, and believes only what it finds there.
#[test]
fn one_policy_serves_verifiers_that_locate_claims_in_other_orders() {
    let policy = policy(&json!([
        {"claim": "sub", "equals": "job-42"},
        {"claim": "/ci/project", "equals": "web"},
        {"claim": "/ci/branch", "equals": "main"},
        {"claim": "absent", "absent": true},
    ]));
    let issuer = issuer();
    let all: Vec<_> = policy
        .pointers()
        .map(oidc_verifier::Pointer::to_owned)
        .collect();
    let orders = [
        all.clone(),
        all.iter().rev().cloned().collect(),
        all.iter().skip(2).cloned().collect(),
        Vec::new(),
    ];
    let verifiers: Vec<Verifier> = orders
        .into_iter()
        .map(|pointers| {
            let set = oidc_verifier::JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
            let mut builder = Verifier::builder()
                .issuer(IssuerIdentifier::parse(ISSUER).unwrap())
                .audience("deploy")
                .keys(set);
            for pointer in pointers {
                builder = builder.locate(pointer);
            }
            builder.build().unwrap()
        })
        .collect();
    // The values of the two claims change places in tokens that must be refused.
    for (project, branch, admitted) in [("web", "main", true), ("main", "web", false)] {
        let spec = TokenSpec::new("job-42", "deploy")
            .unwrap()
            .with_claim("ci", &json!({"project": project, "branch": branch}))
            .unwrap();
        let token = issuer.issue(&spec, now()).unwrap();
        for _ in 0..2 {
            for verifier in &verifiers {
                let verified = verifier.verify(token.as_str().as_bytes(), now()).unwrap();
                assert_eq!(policy.decide(&verified).is_allowed(), admitted);
                let vouched = policy
                    .vouched_claims(
                        IssuerIdentifier::parse(ISSUER).unwrap(),
                        verified.claims_json().as_bytes(),
                    )
                    .unwrap();
                assert_eq!(policy.decide(&vouched).is_allowed(), admitted);
            }
        }
    }
}

#[test]
fn a_token_of_another_subject_is_refused() {
    let policy = policy(&json!([{"claim": "sub", "equals": "job-42"}]));
    let issuer = issuer();
    let relying_party = verifier(&issuer, &policy, true);
    for (subject, admitted) in [("job-42", true), ("job-43", false), ("job-42 ", false)] {
        let spec = TokenSpec::new(subject, "deploy").unwrap();
        let token = issuer.issue(&spec, now()).unwrap();
        let verified = relying_party
            .verify(token.as_str().as_bytes(), now())
            .unwrap();
        assert_eq!(policy.decide(&verified).is_allowed(), admitted, "{subject}");
    }
}

#[test]
fn the_pointers_of_a_policy_are_given_once_each() {
    let policy = policy(&json!([
        {"claim": "sub", "pattern": "job-*"},
        {"not": {"any": [{"claim": "/sub", "equals": "x"}, {"claim": "/a/b", "equals_claim": "c"}]}},
    ]));
    let pointers: Vec<String> = policy
        .pointers()
        .map(|pointer| pointer.as_str().to_owned())
        .collect();
    assert_eq!(pointers, ["/aud", "/sub", "/a/b", "/c"]);
}

/// A claim that the verifier was not told to locate costs as much as the claims set is long.
#[test]
fn another_reading_of_the_token_is_paid_for() {
    let issuer = issuer();
    let spec = TokenSpec::new("job-42", "deploy")
        .unwrap()
        .with_claim("filler", &json!("x".repeat(10_000)))
        .unwrap();
    let token = issuer.issue(&spec, now()).unwrap();
    // As many tests of one claim, in rules that ask for it in vain.
    let policy = |rules: usize| {
        let tests = vec![json!({"claim": "c", "exists": true}); 62];
        let rules: Vec<_> = (0..rules)
            .map(|number| {
                json!({"id": number.to_string(), "effect": "allow", "issuer": ISSUER,
                    "audiences": ["deploy"], "conditions": [{"any": tests}]})
            })
            .collect();
        Policy::from_json(json!({"rules": rules}).to_string().as_bytes()).unwrap()
    };
    let outcomes = |rules: usize| {
        let policy = policy(rules);
        [true, false].map(|locates| {
            let verifier = verifier(&issuer, &policy, locates);
            let verified = verifier.verify(token.as_str().as_bytes(), now()).unwrap();
            let decision = policy.decide(&verified);
            let reading = verified.claims_json().len() / 64 + 1;
            (decision.outcome(), decision.steps(), reading)
        })
    };
    let [(_, located, _), (outcome, steps, reading)] = outcomes(9);
    assert_eq!(outcome, Outcome::NoRuleHolds);
    assert_eq!(steps, located + 9 * 62 * reading);
    let [(located, ..), (outcome, ..)] = outcomes(11);
    assert_eq!(
        (located, outcome),
        (Outcome::NoRuleHolds, Outcome::TooManySteps)
    );
}
