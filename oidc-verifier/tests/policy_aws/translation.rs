//! Trust policies in the native language: what is exact admits the same tokens, what is narrowed no
//! others.

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::aws::{Request, TrustPolicy};
use oidc_verifier::policy::{Fidelity, Policy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::properties::{claims, condition};
use crate::{ISSUER, admits_from, document, load, open, statement};

fn native_admits(policy: &Policy, claims: &str) -> bool {
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    policy.decide(&claims).is_allowed()
}

/// Compares a trust policy with its translation on some claims.
fn check(trust: &TrustPolicy, claims: &Value) -> Result<(), TestCaseError> {
    let translation = trust.translate();
    let native = match translation.policy() {
        Ok(native) => native,
        Err(error) => panic!("{error}: {}", translation.document()),
    };
    let claims = claims.to_string();
    let dialect = admits_from(trust, ISSUER, &claims, &Request::new());
    let native = native_admits(&native, &claims);
    match translation.fidelity() {
        Fidelity::Exact => {
            prop_assert_eq!(native, dialect, "{} {}", translation.document(), claims);
        }
        Fidelity::Narrowed => {
            prop_assert!(dialect || !native, "{} {}", translation.document(), claims);
        }
        Fidelity::Widened => {
            prop_assert!(native || !dialect, "{} {}", translation.document(), claims);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_statement_that_allows(condition in condition(), claims in claims()) {
        check(&open(&document(&statement(&condition))), &claims)?;
    }

    #[test]
    fn a_statement_that_denies(condition in condition(), claims in claims()) {
        let mut deny = statement(&condition);
        deny["Effect"] = json!("Deny");
        check(&open(&document(&json!([statement(&json!({})), deny]))), &claims)?;
    }

    #[test]
    fn statements_together(
        first in condition(), second in condition(), third in condition(), claims in claims(),
    ) {
        let mut deny = statement(&third);
        deny["Effect"] = json!("Deny");
        let statements = json!([statement(&first), statement(&second), deny]);
        check(&open(&document(&statements)), &claims)?;
    }

    #[test]
    fn session_tags(
        tagging in prop::option::of(condition()), denied in any::<bool>(), claims in claims(),
        form in 0..3_usize,
    ) {
        let mut statements = vec![statement(&json!({}))];
        if let Some(condition) = tagging {
            let mut tag = statement(&condition);
            tag["Action"] = json!("sts:TagSession");
            statements.push(tag.clone());
            if denied {
                tag["Effect"] = json!("Deny");
                statements.push(tag);
            }
        }
        let mut claims = claims;
        match form {
            0 => claims["https://aws.amazon.com/tags"] = json!({"principal_tags": {"a": ["b"]}}),
            1 => claims["https://aws.amazon.com/tags/principal_tags/a"] = json!("b"),
            _ => {}
        }
        check(&open(&document(&json!(statements))), &claims)?;
    }
}

/// Every operator whose translation is exact: the rest is listed with its reason.
#[test]
fn what_is_exact_and_what_is_narrowed() {
    let narrowed = |operator: &str, value: &Value| {
        let trust = open(&document(&statement(
            &json!({operator: {"t.example:k": value}}),
        )));
        let translation = trust.translate();
        let [condition] = translation.conditions() else {
            panic!("{:?}", translation.conditions())
        };
        assert_eq!(
            condition.at.as_str(),
            format!("/Statement/Condition/{operator}/t.example:k")
        );
        assert_eq!(
            condition.verdict == Fidelity::Narrowed,
            !condition.note.is_empty()
        );
        (condition.verdict == Fidelity::Narrowed).then_some(condition.note)
    };
    for operator in [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAllValues:StringNotLike",
        "ForAnyValue:StringEquals",
        "ForAnyValue:StringNotEquals",
        "ForAnyValue:StringLike",
    ] {
        assert_eq!(narrowed(operator, &json!(["a*", "b"])), None, "{operator}");
    }
    for (operator, value) in [
        ("Bool", json!("true")),
        ("BinaryEquals", json!("AQI=")),
        ("ArnLike", json!("arn:aws:iam::*:role/*")),
        ("Null", json!("true")),
        ("Null", json!("false")),
    ] {
        assert_eq!(narrowed(operator, &value), None, "{operator}");
    }
    for (operator, value, why) in [
        (
            "NumericLessThan",
            json!("5"),
            "a number that is written as a string is not read",
        ),
        (
            "DateLessThan",
            json!("2027"),
            "a date is read only as a number of seconds",
        ),
        (
            "IpAddress",
            json!("10.0.0.0/8"),
            "the native language knows no addresses",
        ),
        (
            "StringEquals",
            json!("${t.example:n}"),
            "the native language knows no variables",
        ),
        (
            "ForAllValues:StringLike",
            json!(["a*", "b*"]),
            "all values have to match the same one of the list",
        ),
        (
            "ForAnyValue:StringNotLike",
            json!(["a*", "b*"]),
            "all values have to differ, and not only one",
        ),
        (
            "ArnLike",
            json!("arn:aws:iam::1:role/?"),
            "a pattern of an ARN that no native pattern says",
        ),
    ] {
        assert_eq!(narrowed(operator, &value), Some(why), "{operator}");
    }
}

/// Of a key with one value, and of a session tag, of which a list of one is its element.
#[test]
fn null_is_exact_on_values_of_every_shape() {
    let tags = "https://aws.amazon.com/tags";
    for value in [
        json!(""),
        json!("a"),
        json!(0),
        json!(null),
        json!([]),
        json!([""]),
        json!(["a"]),
        json!(["", ""]),
        json!(["", "a"]),
        json!([null]),
        json!([[""]]),
        json!({}),
        json!({"0": ""}),
        json!({"0": "a"}),
    ] {
        for (key, claims) in [
            ("t.example:k", json!({"aud": "a", "sub": "s", "k": value})),
            (
                "aws:RequestTag/k",
                json!({"aud": "a", "sub": "s", tags: {"principal_tags": {"k": value}}}),
            ),
        ] {
            for wanted in ["true", "false"] {
                let mut allow = statement(&json!({"Null": {key: wanted}}));
                allow["Action"] = json!("sts:*");
                let mut deny = allow.clone();
                deny["Effect"] = json!("Deny");
                let mut everybody = statement(&json!({}));
                everybody["Action"] = json!("sts:*");
                for statements in [allow, json!([everybody, deny])] {
                    let trust = open(&document(&statements));
                    let native = trust.translate().policy().unwrap();
                    let claims = claims.to_string();
                    assert_eq!(
                        native_admits(&native, &claims),
                        admits_from(&trust, ISSUER, &claims, &Request::new()),
                        "{wanted} {statements} {claims}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_translation_reads_like_a_policy() {
    let mut named = statement(&json!({
        "StringEquals": {"t.example:aud": "sts.amazonaws.com"},
        "StringLike": {"t.example:sub": ["repo:acme/*", "repo:acme-labs/*"]},
    }));
    named["Sid"] = json!("Deploy");
    let translation = load(&document(&named)).unwrap().translate();
    assert_eq!(
        translation.document(),
        r#"{
  "rules": [
    {
      "id": "Deploy",
      "effect": "allow",
      "issuer": "https://t.example",
      "audiences": "by_condition",
      "conditions": [
        {
          "any": [
            {"claim": "azp", "equals": "sts.amazonaws.com", "as": "text"},
            {
              "all": [
                {"claim": "azp", "absent": true},
                {"claim": "aud", "elements": "any", "equals": "sts.amazonaws.com", "as": "text"},
                {"claim": "/aud/1", "absent": true}
              ]
            }
          ]
        },
        {
          "any": [
            {"claim": "sub", "pattern": "repo:acme/*", "as": "text"},
            {"claim": "sub", "pattern": "repo:acme-labs/*", "as": "text"}
          ]
        }
      ]
    },
    {
      "id": "sts:TagSession",
      "effect": "deny",
      "issuer": "https://t.example",
      "audiences": "by_condition",
      "conditions": [
        {"claim": "aud", "exists": true},
        {
          "any": [
            {"claim": "https://aws.amazon.com/tags", "exists": true},
            {"claim_prefix": "https://aws.amazon.com/tags/"}
          ]
        }
      ]
    },
    {
      "id": "sts:SetSourceIdentity",
      "effect": "deny",
      "issuer": "https://t.example",
      "audiences": "by_condition",
      "conditions": [
        {"claim": "aud", "exists": true},
        {"claim": "https://aws.amazon.com/source_identity", "exists": true}
      ]
    }
  ]
}
"#
    );
}

#[test]
fn what_asks_the_request_is_never_admitted_and_always_denied() {
    let condition = json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}});
    let allow = statement(&condition);
    let mut deny = allow.clone();
    deny["Effect"] = json!("Deny");
    let claims = r#"{"aud":"a","sub":"s"}"#;
    for statements in [json!([allow]), json!([statement(&json!({})), deny])] {
        let translation = load(&document(&statements)).unwrap().translate();
        assert_eq!(translation.fidelity(), Fidelity::Narrowed);
        let note = translation.conditions().first().unwrap().note;
        assert_eq!(note, "the native language asks nothing of the request");
        assert!(!native_admits(&translation.policy().unwrap(), claims));
    }
}

#[test]
fn a_policy_that_admits_nobody_says_so() {
    let mut other = statement(&json!({}));
    other["Principal"] = json!({"AWS": "*"});
    let translation = load(&document(&other)).unwrap().translate();
    let native = translation.policy().unwrap();
    assert_eq!((native.len(), native.rule_id(0)), (1, Some("nobody")));
    assert!(!native_admits(&native, r#"{"aud":"a","sub":"s"}"#));
}

#[test]
fn rules_of_one_statement_have_ids_of_their_own() {
    let mut several = statement(&json!({}));
    several["Sid"] = json!("é".repeat(200));
    several["Principal"] = json!({"Federated": [
        "arn:aws:iam::111122223333:oidc-provider/t.example",
        "arn:aws:iam::111122223333:oidc-provider/u.example",
    ]});
    let native = load(&document(&several))
        .unwrap()
        .translate()
        .policy()
        .unwrap();
    let ids: Vec<&str> = (0..native.len())
        .filter_map(|index| native.rule_id(index))
        .collect();
    let short = "é".repeat(120);
    assert_eq!(
        ids,
        [
            short.as_str(),
            &format!("{short} (2)"),
            "sts:TagSession",
            "sts:SetSourceIdentity",
            "sts:TagSession (2)",
            "sts:SetSourceIdentity (2)",
        ]
    );
}

/// 64 conditions on `aud` need more native ones than a rule may have.
#[test]
fn too_many_conditions_admit_nobody() {
    let values: Vec<String> = (0..40).map(|index| format!("*x{index}*")).collect();
    let trust = open(&document(&statement(&json!({
        "StringNotLike": {"t.example:aud": values}
    }))));
    let translation = trust.translate();
    assert_eq!(translation.fidelity(), Fidelity::Narrowed);
    let claims = r#"{"aud":"a","sub":"s"}"#;
    assert!(admits_from(&trust, ISSUER, claims, &Request::new()));
    assert!(!native_admits(&translation.policy().unwrap(), claims));
}
