//! Laws of the dialect, over documents and claims of every shape.

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::aws::{Request, Settings, TrustPolicy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ISSUER, PROVIDER, admits, document, open, statement};

/// Values and claims that meet: few of each.
pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("a")),
        Just(json!("A")),
        Just(json!("ab")),
        Just(json!("*")),
        Just(json!("")),
        Just(json!("1")),
        Just(json!("2")),
        Just(json!("true")),
        Just(json!("10.0.0.1")),
        Just(json!("arn:aws:iam::1:role/a")),
        Just(json!("AQI=")),
        Just(json!("2027")),
        Just(json!(1)),
        Just(json!(2.5)),
        Just(json!(true)),
    ]
}

pub(crate) fn claim() -> impl Strategy<Value = Value> {
    let element = prop_oneof![6 => scalar(), 1 => Just(json!(null)), 1 => Just(json!({}))];
    prop_oneof![
        5 => scalar(),
        3 => prop::collection::vec(element, 0..3).prop_map(Value::from),
        1 => Just(json!(null)),
        1 => Just(json!({"x": "a"})),
    ]
}

pub(crate) fn claims() -> impl Strategy<Value = Value> {
    let own = || prop::option::of(claim());
    let azp = prop::option::weighted(0.3, claim());
    let aud = prop_oneof![
        2 => Just(json!("a")),
        1 => Just(json!("b")),
        1 => Just(json!(["a"])),
        1 => Just(json!(["b", "a"])),
    ];
    (own(), own(), azp, aud).prop_map(|(k, n, azp, aud)| {
        let mut claims = json!({"aud": aud, "sub": "a"});
        for (name, value) in [("k", k), ("n", n), ("azp", azp)] {
            if let Some(value) = value {
                claims[name] = value;
            }
        }
        claims
    })
}

/// An operator of any family with values that it reads.
pub(crate) fn condition() -> impl Strategy<Value = Value> {
    const TEXTS: &[&str] = &[
        "a",
        "A",
        "ab",
        "*",
        "a*",
        "?",
        "",
        "1",
        "${t.example:n}",
        "${t.example:n, 'a'}",
    ];
    const ARNS: &[&str] = &[
        "arn:aws:iam::1:role/a",
        "arn:*:iam::1:*",
        "arn:aws:iam::1:role/?",
    ];
    const NUMBERS: &[&str] = &["1", "2", "2.5", "0"];
    const DATES: &[&str] = &["2027", "1", "2.5"];
    let row = prop_oneof![
        Just((
            &[
                "StringEquals",
                "StringNotEquals",
                "StringEqualsIgnoreCase",
                "StringNotEqualsIgnoreCase",
                "StringLike",
                "StringNotLike"
            ][..],
            TEXTS
        )),
        Just((
            &["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"][..],
            ARNS
        )),
        Just((
            &[
                "NumericEquals",
                "NumericNotEquals",
                "NumericLessThan",
                "NumericLessThanEquals",
                "NumericGreaterThan",
                "NumericGreaterThanEquals"
            ][..],
            NUMBERS
        )),
        Just((
            &[
                "DateEquals",
                "DateNotEquals",
                "DateLessThan",
                "DateLessThanEquals",
                "DateGreaterThan",
                "DateGreaterThanEquals"
            ][..],
            DATES
        )),
        Just((&["Bool"][..], &["true", "false"][..])),
        Just((&["BinaryEquals"][..], &["AQI=", ""][..])),
        Just((
            &["IpAddress", "NotIpAddress"][..],
            &["10.0.0.0/8", "11.0.0.0/8"][..]
        )),
    ];
    let key = prop_oneof![
        4 => Just("t.example:k"),
        1 => Just("t.example:aud"),
        1 => Just("t.example:oaud"),
        1 => Just("aws:PrincipalType"),
        1 => Just("aws:PrincipalArn"),
    ];
    let valued = (
        row,
        any::<prop::sample::Index>(),
        0..3_usize,
        any::<bool>(),
        key.clone(),
    )
        .prop_flat_map(|((names, values), name, set, if_exists, key)| {
            let name = name.get(names);
            let set = ["", "ForAllValues:", "ForAnyValue:"]
                .get(set)
                .copied()
                .unwrap_or_default();
            let suffix = if if_exists { "IfExists" } else { "" };
            let operator = format!("{set}{name}{suffix}");
            prop::collection::vec(prop::sample::select(values), 1..3)
                .prop_map(move |values| json!({operator.as_str(): {key: values}}))
        });
    let null = (key, any::<bool>()).prop_map(|(key, value)| json!({"Null": {key: value}}));
    prop_oneof![8 => valued, 1 => null]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn one_more_condition_never_admits(one in condition(), more in condition(), claims in claims()) {
        let mut both = one.clone();
        for (operator, keys) in more.as_object().unwrap() {
            let own = both.as_object_mut().unwrap().entry(operator).or_insert(json!({}));
            for (key, values) in keys.as_object().unwrap() {
                // The same operator on the same key is one condition, with other values.
                prop_assume!(own.get(key).is_none());
                own[key] = values.clone();
            }
        }
        let admitted = |condition: &Value| admits(&open(&document(&statement(condition))), &claims);
        prop_assert_eq!(admitted(&both), admitted(&one) && admitted(&more));
    }

    /// Deny is the same language: what allows a token when it allows, refuses it when it denies.
    #[test]
    fn a_statement_denies_what_it_would_allow(condition in condition(), claims in claims()) {
        let allow = statement(&condition);
        let mut deny = allow.clone();
        deny["Effect"] = json!("Deny");
        let allowed = admits(&open(&document(&allow)), &claims);
        let trust = open(&document(&json!([statement(&json!({})), deny])));
        prop_assert_eq!(admits(&trust, &claims), !allowed);
    }

    /// A negated operator never holds together with its positive, on a key that is there.
    #[test]
    fn an_operator_and_its_negation_exclude_each_other(
        claim in claim(), value in prop::sample::select(vec!["a", "ab", "*", "1", ""]),
        pair in prop::sample::select(vec![
            ("StringEquals", "StringNotEquals"),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            ("StringLike", "StringNotLike"),
        ]),
    ) {
        let claims = json!({"k": claim});
        let of = |operator: &str| crate::holds(operator, &json!(value), &claims);
        prop_assert!(!(of(pair.0) && of(pair.1)));
    }

    #[test]
    fn no_document_and_no_claims_panic(text in "\\PC{0,64}", claims in claims(), at in 0..6_usize) {
        // A word of the document replaced by anything.
        let words = ["2012-10-17", "Allow", PROVIDER, "StringLike", "t.example:k", "a*"];
        let document = document(&statement(&json!({"StringLike": {"t.example:k": "a*"}})));
        let quoted = json!(text).to_string();
        let inside = quoted.trim_matches('"').to_owned();
        let word = words.get(at).copied().unwrap_or_default();
        let document = document.to_string().replace(word, &inside);
        let settings = Settings::new().open_keys();
        if let Ok(trust) = TrustPolicy::from_json_with(document.as_bytes(), settings) {
            let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
            let claims = claims.to_string();
            let claims = trust.policy().vouched_claims(issuer, claims.as_bytes());
            let request = Request::new();
            if let Ok(claims) = claims {
                let decision = trust.decide(&claims, &request);
                prop_assert_eq!(decision.is_allowed(), decision.for_operator().allowed);
            }
        }
        let _ = TrustPolicy::from_json(text.as_bytes());
    }
}
