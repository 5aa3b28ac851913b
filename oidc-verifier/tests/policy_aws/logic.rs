//! How conditions and statements are combined.

use serde_json::{Value, json};

use crate::{admits, document, open, statement};

/// Claims `a` and `b`, each `1` or not.
fn claims(a: bool, b: bool) -> Value {
    json!({"a": if a { "1" } else { "0" }, "b": if b { "1" } else { "0" }})
}

const TABLE: [(bool, bool); 4] = [(true, true), (true, false), (false, true), (false, false)];

fn admitted(condition: &Value, claims: &Value) -> bool {
    admits(&open(&document(&statement(condition))), claims)
}

#[test]
fn all_operators_must_hold() {
    let condition = json!({
        "StringEquals": {"t.example:a": "1"},
        "StringLike": {"t.example:b": "1"},
    });
    for (a, b) in TABLE {
        assert_eq!(admitted(&condition, &claims(a, b)), a && b, "{a} {b}");
    }
}

#[test]
fn all_keys_of_an_operator_must_hold() {
    let condition = json!({"StringEquals": {"t.example:a": "1", "t.example:b": "1"}});
    for (a, b) in TABLE {
        assert_eq!(admitted(&condition, &claims(a, b)), a && b, "{a} {b}");
    }
    let condition = json!({"StringNotEquals": {"t.example:a": "1", "t.example:b": "1"}});
    for (a, b) in TABLE {
        assert_eq!(admitted(&condition, &claims(a, b)), !a && !b, "{a} {b}");
    }
}

#[test]
fn one_value_is_enough_and_for_a_negation_none_may_be() {
    for (value, listed) in [("1", true), ("2", true), ("3", false)] {
        for (positive, negative) in [
            ("StringEquals", "StringNotEquals"),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            ("StringLike", "StringNotLike"),
            ("NumericEquals", "NumericNotEquals"),
            ("DateEquals", "DateNotEquals"),
        ] {
            let of = |operator: &str| json!({operator: {"t.example:a": ["1", "2"]}});
            let claims = json!({"a": value});
            assert_eq!(admitted(&of(positive), &claims), listed, "{positive}");
            assert_eq!(admitted(&of(negative), &claims), !listed, "{negative}");
        }
    }
}

#[test]
fn one_statement_that_allows_is_enough() {
    let of = |key: &str| statement(&json!({"StringEquals": {key: "1"}}));
    let trust = open(&document(&json!([of("t.example:a"), of("t.example:b")])));
    for (a, b) in TABLE {
        assert_eq!(admits(&trust, &claims(a, b)), a || b, "{a} {b}");
    }
}

#[test]
fn a_statement_that_denies_wins_wherever_it_stands() {
    let allow = statement(&json!({"StringEquals": {"t.example:a": "1"}}));
    let mut deny = statement(&json!({"StringEquals": {"t.example:b": "1"}}));
    deny["Effect"] = json!("Deny");
    for statements in [json!([allow, deny]), json!([deny, allow])] {
        let trust = open(&document(&statements));
        for (a, b) in TABLE {
            assert_eq!(admits(&trust, &claims(a, b)), a && !b, "{a} {b}");
        }
    }
    let trust = open(&document(&deny));
    for (a, b) in TABLE {
        assert!(!admits(&trust, &claims(a, b)), "{a} {b}");
    }
}

#[test]
fn a_statement_without_conditions_is_about_every_token_of_its_provider() {
    let mut bare = statement(&json!({}));
    assert!(admits(&open(&document(&bare)), &json!({})));
    bare.as_object_mut().unwrap().remove("Condition");
    assert!(admits(&open(&document(&bare)), &json!({})));
}
