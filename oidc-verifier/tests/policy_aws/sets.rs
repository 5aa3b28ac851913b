//! `ForAllValues` and `ForAnyValue` (IAM User Guide, multivalued context keys).

use serde_json::{Value, json};

use oidc_verifier::policy::aws::Request;

use crate::{ISSUER, admits_from, document, holds, open, statement};

fn all(operator: &str, values: &Value, claim: &Value) -> bool {
    holds(
        &format!("ForAllValues:{operator}"),
        values,
        &json!({"k": claim}),
    )
}

fn any(operator: &str, values: &Value, claim: &Value) -> bool {
    holds(
        &format!("ForAnyValue:{operator}"),
        values,
        &json!({"k": claim}),
    )
}

#[test]
fn for_all_values_wants_each_to_match_one_of_the_list() {
    let list = json!(["a", "b*"]);
    for (claim, expected) in [
        (json!(["a"]), true),
        (json!(["a", "b", "bc"]), true),
        (json!(["a", "c"]), false),
        (json!(["a", ""]), false),
        (json!(["a", {}]), false),
        (json!(["a", null]), false),
        (json!(["a", ["a"]]), false),
        (json!("a"), true),
        (json!("c"), false),
    ] {
        assert_eq!(all("StringLike", &list, &claim), expected, "{claim}");
    }
    for (claim, expected) in [
        (json!(["c"]), true),
        (json!(["c", "d"]), true),
        (json!(["c", "a"]), false),
        (json!(["c", {}]), false),
        (json!("b"), false),
    ] {
        assert_eq!(all("StringNotLike", &list, &claim), expected, "{claim}");
    }
}

#[test]
fn for_any_value_wants_one_that_matches() {
    let list = json!(["a", "b*"]);
    for (claim, expected) in [
        (json!(["c", "a"]), true),
        (json!(["c", {}, "bc"]), true),
        (json!(["c", "d"]), false),
        (json!(["A"]), false),
        (json!("b"), true),
    ] {
        assert_eq!(any("StringLike", &list, &claim), expected, "{claim}");
    }
    for (claim, expected) in [
        (json!(["c", "a"]), true),
        (json!(["a", "b"]), false),
        (json!(["c", {}]), false),
        (json!("c"), true),
    ] {
        assert_eq!(any("StringNotLike", &list, &claim), expected, "{claim}");
    }
}

/// "`ForAllValues` also returns true if there are no keys in the request, or if the key values resolve
/// to a null data set, such as an empty string."
#[test]
fn for_all_values_of_nothing_holds() {
    for claim in [json!([]), json!([""]), json!(["", ""]), json!("")] {
        for operator in [
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "NumericEquals",
        ] {
            assert!(all(operator, &json!("1"), &claim), "{operator} {claim}");
        }
    }
}

#[test]
fn for_any_value_of_nothing_does_not_hold() {
    for claim in [json!([]), json!([""]), json!(["", ""]), json!("")] {
        for (operator, value) in [
            ("StringEquals", "1"),
            ("StringEquals", ""),
            ("StringLike", "*"),
            ("StringNotEquals", "1"),
            ("StringNotLike", "1"),
            ("NumericNotEquals", "1"),
        ] {
            assert!(!any(operator, &json!(value), &claim), "{operator} {claim}");
        }
    }
}

/// The guard that AWS recommends beside `ForAllValues`: it prevents "missing context keys or context
/// keys with empty values from evaluating to true" (IAM User Guide, multivalued context key examples).
#[test]
fn null_false_closes_what_for_all_values_leaves_open() {
    for claim in [
        json!({}),
        json!({"k": []}),
        json!({"k": [""]}),
        json!({"k": ["", ""]}),
        json!({"k": null}),
    ] {
        assert!(!holds("Null", &json!("false"), &claim), "{claim}");
    }
    for claim in [json!(["a"]), json!(["", "a"]), json!([0])] {
        assert!(
            holds("Null", &json!("false"), &json!({"k": claim})),
            "{claim}"
        );
    }
}

#[test]
fn amr_is_multivalued() {
    let claims = json!({"k": ["authenticated", "arn:aws:iam::1:x"]});
    assert!(holds("ForAnyValue:StringLike", &json!("auth*"), &claims));
    for operator in ["StringLike", "StringNotLike", "StringLikeIfExists"] {
        assert!(!holds(operator, &json!("auth*"), &claims), "{operator}");
    }
}

/// AWS-out, "mint policy keys": AWS's own sample asks with `ForAnyValue`, which also admits a request that
/// adds another audience; `ForAllValues` with `Null` does not (IAM User Guide, "Controlling access with
/// IAM policies" of outbound federation).
#[test]
fn a_policy_on_requested_audiences_admits_extra_ones_unless_it_asks_of_all() {
    let key = "sts:IdentityTokenAudience";
    let admits = |condition: &Value, audiences: &[&str]| {
        let request = Request::new().with_values(key, audiences.iter().copied());
        let request = if audiences.is_empty() {
            Request::new()
        } else {
            request
        };
        let trust = open(&document(&statement(condition)));
        let claims = r#"{"aud": "sts.amazonaws.com", "sub": "job-42"}"#;
        admits_from(&trust, ISSUER, claims, &request)
    };
    let sample = json!({"ForAnyValue:StringEquals": {key: "doppler"}});
    let strict = json!({
        "ForAllValues:StringEquals": {key: "doppler"},
        "Null": {key: "false"}
    });
    for (audiences, by_sample, by_strict) in [
        (&["doppler"][..], true, true),
        (&["doppler", "evil"], true, false),
        (&["evil"], false, false),
        (&[], false, false),
        (&[""], false, false),
    ] {
        assert_eq!(admits(&sample, audiences), by_sample, "{audiences:?}");
        assert_eq!(admits(&strict, audiences), by_strict, "{audiences:?}");
    }
}
