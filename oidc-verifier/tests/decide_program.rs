//! The contract of `examples/decide.rs`: what it answers, line by line.

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/decide.rs"]
mod program;

use serde_json::{Value, json};

/// A request in the native language that is answered with yes.
fn native() -> Value {
    json!({
        "id": "a",
        "dialect": "native",
        "policy": {"rules": [{
            "id": "ci", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
            "conditions": [{"claim": "sub", "equals": "job-42"}],
        }]},
        "claims": {"iss": "https://ci.example", "aud": "deploy", "sub": "job-42"},
        "issuer": "https://ci.example",
        "unknown member": true,
    })
}

fn doppler() -> Value {
    json!({
        "id": 7,
        "dialect": "doppler",
        "policy": {
            "name": "ec2-prod", "ttl_seconds": 600, "method": "oidc",
            "config": {
                "discovery_url": "https://ci.example",
                "claims": {"aud": ["deploy"], "sub": ["job-41", "job-42"]},
            },
        },
        "claims": {"aud": ["other", "deploy"], "sub": "job-42"},
        "issuer": "https://ci.example",
    })
}

fn answer(request: &Value) -> Value {
    program::answer_line(request.to_string().as_bytes())
}

#[test]
fn an_admitted_token_is_answered_with_its_rule() {
    assert_eq!(
        answer(&native()),
        json!({
            "id": "a",
            "allow": true,
            "rule": "ci",
            "why": [
                "allowed, rule 0 `ci`",
                "allow rule 0 `ci`: holds",
                "  `/sub` equals \"job-42\": holds; it is \"job-42\"",
            ],
            "lint": [],
        })
    );
    let answer = answer(&doppler());
    assert_eq!((&answer["id"], &answer["allow"]), (&json!(7), &json!(true)));
    assert_eq!(answer["rule"], "ec2-prod");
}

#[test]
fn a_refusal_says_why() {
    let mut request = native();
    request["claims"]["sub"] = json!("Job-42");
    let refused = answer(&request);
    assert_eq!(
        (&refused["allow"], &refused["rule"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(
        refused["why"],
        json!([
            "refused: no rule holds",
            "nearest: rule 0 `ci`: `/sub`: differs only in case",
            "allow rule 0 `ci`: does not hold",
            "  `/sub` equals \"job-42\": does not hold; it is \"Job-42\" (differs only in case)",
        ])
    );
}

#[test]
fn claims_of_another_issuer_are_refused() {
    for mut request in [native(), doppler()] {
        request["issuer"] = json!("https://ci.example/");
        assert_eq!(answer(&request)["allow"], false);
        request["claims"]["iss"] = json!("https://other.example");
        assert_eq!(answer(&request)["allow"], false);
    }
}

#[test]
fn a_policy_that_does_not_load_is_answered_with_code_and_place() {
    let mut request = native();
    request["policy"]["rules"][0]["conditions"] = json!([]);
    let refused = answer(&request);
    assert_eq!(refused["error"], "empty");
    assert_eq!(refused["at"], "/rules/0/conditions");
    assert_eq!(refused.get("allow"), None);

    let mut request = doppler();
    request["policy"]["config"]["claims"] = json!({"sub": ["job"]});
    let refused = answer(&request);
    assert_eq!(
        (&refused["id"], &refused["error"]),
        (&json!(7), &json!("member_missing"))
    );
    assert_eq!(refused["at"], "/config/claims");
}

#[test]
fn duplicate_names_in_policy_or_claims_are_refused() {
    let line = native().to_string();
    let twice = line.replace(r#""effect":"allow""#, r#""effect":"deny","effect":"allow""#);
    let refused = program::answer_line(twice.as_bytes());
    assert_eq!(refused["id"], "a");
    assert_eq!(
        (&refused["error"], &refused["at"]),
        (&json!("duplicate_member"), &json!("/rules/0/effect"))
    );
    let twice = line.replace(r#""sub":"job-42""#, r#""sub":"x","sub":"job-42""#);
    let refused = program::answer_line(twice.as_bytes());
    assert_eq!(refused, json!({"id": "a", "error": "claims_json"}));
}

#[test]
fn a_dialect_that_is_not_known_is_said_so() {
    for dialect in ["aws", "Native", ""] {
        let mut request = native();
        request["dialect"] = json!(dialect);
        let expected = json!({"id": "a", "error": "dialect_unsupported"});
        assert_eq!(answer(&request), expected, "{dialect}");
    }
}

#[test]
fn a_bad_line_is_answered_with_an_error() {
    for (line, id) in [
        ("", json!(null)),
        ("not json", json!(null)),
        ("[]", json!(null)),
        (r#"{"id":7}"#, json!(7)),
    ] {
        let answer = program::answer_line(line.as_bytes());
        assert_eq!(answer["id"], id, "{line}");
        assert!(answer["error"].is_string(), "{line}");
    }
}
