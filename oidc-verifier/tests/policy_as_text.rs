//! `as`, `claim_prefix` and `audiences: by_condition`: what the native language says so that dialects
//! can be said in it; and Doppler's identities, said in it.
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::policy::{Fidelity, Policy, PolicyDocument, PolicyError};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example";

fn document(conditions: &Value) -> Value {
    json!({"rules": [{
        "id": "r", "effect": "allow", "issuer": ISSUER, "audiences": ["deploy"],
        "conditions": conditions,
    }]})
}

fn load(document: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(document.to_string().as_bytes())
}

fn admits(policy: &Policy, claims: &Value) -> bool {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    members.entry("aud").or_insert(json!("deploy"));
    let claims = claims.to_string();
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    policy.decide(&claims).is_allowed()
}

fn holds(condition: &Value, claims: &Value) -> bool {
    admits(&load(&document(&json!([condition]))).unwrap(), claims)
}

#[test]
fn as_text_compares_numbers_and_booleans_by_what_the_token_writes() {
    for (operator, value, claim, expected) in [
        ("equals", json!("42"), json!(42), true),
        ("equals", json!("42"), json!("42"), true),
        ("equals", json!("42"), json!(42.5), false),
        ("equals", json!("true"), json!(true), true),
        ("equals", json!("True"), json!(true), false),
        ("equals", json!(""), json!(""), true),
        ("equals", json!("null"), json!(null), false),
        ("equals", json!("42"), json!([42]), false),
        ("one_of", json!(["41", "42"]), json!(42), true),
        ("one_of", json!(["41", "43"]), json!(42), false),
        ("pattern", json!("4?"), json!(42), true),
        ("pattern", json!("*"), json!({}), false),
    ] {
        let condition = json!({"claim": "c", operator: value, "as": "text"});
        let claims = json!({"c": claim});
        assert_eq!(holds(&condition, &claims), expected, "{condition} {claims}");
    }
}

#[test]
fn in_any_case_is_for_ascii_letters() {
    for (value, claim, expected) in [
        ("Main", json!("mAIN"), true),
        ("TRUE", json!(true), true),
        ("é", json!("É"), false),
        ("kim", json!("\u{212a}im"), false),
    ] {
        let claims = json!({"c": claim});
        for (operator, value) in [("equals", json!(value)), ("one_of", json!(["x", value]))] {
            let condition = json!({"claim": "c", operator: value, "as": "text_in_any_case"});
            assert_eq!(holds(&condition, &claims), expected, "{condition} {claims}");
        }
    }
}

#[test]
fn what_is_no_text_is_neither_equal_nor_different() {
    for claim in [json!(null), json!({}), json!(["a"])] {
        let claims = json!({"c": claim});
        let equals = json!({"claim": "c", "equals": "b", "as": "text"});
        for not in [
            json!({"not": equals}),
            json!({"not": equals, "or_absent": true}),
        ] {
            assert!(!holds(&not, &claims), "{not} {claims}");
        }
    }
    let elements = json!({"claim": "c", "elements": "any", "equals": "2", "as": "text"});
    assert!(holds(&elements, &json!({"c": [{}, 1, 2]})));
}

#[test]
fn a_separator_belongs_to_a_pattern_as_text_too() {
    let condition = json!({"claim": "c", "pattern": "a:*", "separator": ":", "as": "text"});
    assert!(holds(&condition, &json!({"c": "a:b"})));
    assert!(!holds(&condition, &json!({"c": "a:b:c"})));
}

#[test]
fn claim_prefix_asks_the_names_of_top_level_claims() {
    let condition = json!({"claim_prefix": "https://aws.amazon.com/tags/"});
    let not = json!({"not": condition});
    for (claims, expected) in [
        (
            json!({"https://aws.amazon.com/tags/principal_tags/a": null}),
            true,
        ),
        (json!({"https://aws.amazon.com/tags/": 1}), true),
        (json!({"https://aws.amazon.com/tags": 1}), false),
        (json!({"x": {"https://aws.amazon.com/tags/a": 1}}), false),
        (json!({}), false),
    ] {
        assert_eq!(holds(&condition, &claims), expected, "{claims}");
        assert_eq!(holds(&not, &claims), !expected, "{claims}");
    }
}

#[test]
fn an_audience_can_be_said_by_a_condition_and_must_be() {
    let rule = |conditions: Value| {
        let mut document = document(&conditions);
        document["rules"][0]["audiences"] = json!("by_condition");
        document
    };
    let azp = json!({"claim": "azp", "equals": "deploy"});
    let policy = load(&rule(json!([azp]))).unwrap();
    assert!(admits(
        &policy,
        &json!({"aud": ["a", "b"], "azp": "deploy"})
    ));
    assert!(!admits(&policy, &json!({"aud": "deploy"})));
    let nested = json!({"any": [{"claim": "/aud/0", "equals": "deploy"}]});
    assert!(admits(
        &load(&rule(json!([nested]))).unwrap(),
        &json!({"aud": ["deploy"]})
    ));
    let error = load(&rule(json!([{"claim": "sub", "equals": "s"}]))).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("audience_missing", "/rules/0/audiences")
    );
    assert_eq!(
        error.to_string(),
        "rule 0 `r`: no condition is about `aud` or `azp`, at `/rules/0/audiences`"
    );
}

#[test]
fn what_has_no_meaning_does_not_load() {
    for (condition, code, at) in [
        (
            json!({"claim": "c", "equals": "x", "as": "string"}),
            "word_unknown",
            "as",
        ),
        (
            json!({"claim": "c", "pattern": "x", "as": "text_in_any_case"}),
            "word_unknown",
            "as",
        ),
        (
            json!({"claim": "c", "prefix": "x", "as": "text"}),
            "member_misplaced",
            "as",
        ),
        (
            json!({"claim": "c", "exists": true, "as": "text"}),
            "member_misplaced",
            "as",
        ),
        (
            json!({"claim": "c", "equals": 42, "as": "text"}),
            "wrong_kind",
            "equals",
        ),
        (
            json!({"claim": "c", "one_of": ["a", 1], "as": "text"}),
            "wrong_kind",
            "one_of/1",
        ),
        (json!({"claim_prefix": ""}), "empty", "claim_prefix"),
        (
            json!({"claim_prefix": "x", "claim": "c"}),
            "member_misplaced",
            "claim",
        ),
    ] {
        let error = load(&document(&json!([condition]))).unwrap_err();
        let at = format!("/rules/0/conditions/0/{at}");
        assert_eq!(
            (error.code(), error.at().as_str()),
            (code, at.as_str()),
            "{condition}"
        );
    }
    let mut other = document(&json!([{"claim": "aud", "exists": true}]));
    other["rules"][0]["audiences"] = json!("any");
    let error = load(&other).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("wrong_kind", "/rules/0/audiences")
    );
}

#[test]
fn a_document_prints_as_one_that_loads_to_the_same() {
    let written = document(&json!([{"claim": "c", "one_of": ["a", "b"], "as": "text"}]));
    let read = PolicyDocument::from_json(written.to_string().as_bytes()).unwrap();
    let printed = read.to_string();
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), written);
    assert!(printed.lines().count() > 5 && printed.lines().all(|line| line.len() <= 100));
}

fn doppler(claims_type: &str, sub: &[String], other: &[String]) -> Identity {
    let identity = json!({
        "name": "n", "ttl_seconds": 60, "method": "oidc",
        "config": {
            "discovery_url": ISSUER, "claims_type": claims_type,
            "claims": {"aud": ["deploy", "x*"], "sub": sub, "/c/d": other},
        },
    });
    Identity::from_json(identity.to_string().as_bytes()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_identity_and_its_translation_admit_the_same(
        wildcard in any::<bool>(),
        sub in prop::collection::vec("[ab*?1]{1,3}", 1..3),
        other in prop::collection::vec("[ab*?1]{1,3}|true", 1..3),
        aud in prop_oneof![
            Just(json!("deploy")), Just(json!("xy")), Just(json!(["a", "deploy"])), Just(json!(["a"])),
        ],
        claim in prop_oneof![
            "[ab*?1]{0,3}".prop_map(Value::from),
            Just(json!(1)),
            Just(json!(true)),
            Just(json!(null)),
            Just(json!({"a": "a"})),
            prop::collection::vec("[ab*?1]{0,3}".prop_map(Value::from), 0..3).prop_map(Value::from),
            Just(json!([1, null, ["a"]])),
        ],
        subject in "[ab*?1]{1,3}",
    ) {
        let identity = doppler(if wildcard { "wildcard" } else { "exact" }, &sub, &other);
        let translation = identity.translate();
        prop_assert_eq!(translation.fidelity(), Fidelity::Exact);
        prop_assert_eq!(translation.conditions().len(), 3);
        let native = translation.policy().unwrap();
        let claims = json!({"aud": aud, "sub": subject, "c": {"d": claim}});
        prop_assert_eq!(
            admits(&native, &claims), admits(identity.policy(), &claims),
            "{} {}", translation.document(), claims
        );
    }
}
