//! Strings: equality, wildcards, escapes and variables.

use serde_json::{Value, json};

use crate::{admits, document, holds, open, statement};

fn text(operator: &str, value: &str, claim: &str) -> bool {
    holds(operator, &json!(value), &json!({"k": claim}))
}

#[test]
fn string_equals_takes_every_character_for_itself() {
    for (value, claim, expected) in [
        ("a", "a", true),
        ("a", "A", false),
        ("*", "x", false),
        ("*", "*", true),
        ("a?c", "abc", false),
        ("a?c", "a?c", true),
        ("repo:acme/*", "repo:acme/web", false),
        ("a", "a\n", false),
        ("", "", true),
        ("é", "e\u{301}", false),
    ] {
        assert_eq!(
            text("StringEquals", value, claim),
            expected,
            "{value} {claim}"
        );
        assert_eq!(
            text("StringNotEquals", value, claim),
            !expected,
            "{value} {claim}"
        );
    }
}

#[test]
fn ignoring_case_is_for_ascii_letters() {
    for (value, claim, expected) in [
        ("Main", "mAIN", true),
        ("main", "maine", false),
        ("é", "É", false),
        // The sign for kelvin is no letter k.
        ("kim", "\u{212a}im", false),
        ("*", "x", false),
    ] {
        assert_eq!(
            text("StringEqualsIgnoreCase", value, claim),
            expected,
            "{value} {claim}"
        );
        assert_eq!(
            text("StringNotEqualsIgnoreCase", value, claim),
            !expected,
            "{value}"
        );
    }
}

#[test]
fn string_like_crosses_every_delimiter_and_is_anchored() {
    for (value, claim, expected) in [
        ("repo:acme/*", "repo:acme/web:ref:refs/heads/main", true),
        ("repo:acme/*", "repo:acme/", true),
        ("repo:acme/*", "repo:acme-evil/web", false),
        ("repo:acme*/web", "repo:acme-evil/x/web", true),
        ("repo:acme/*", "x repo:acme/web", false),
        ("*:main", "repo:a/b:main", true),
        ("*:main", "repo:a/b:main\n", false),
        ("a?c", "abc", true),
        ("a?c", "a/c", true),
        ("a?c", "a\u{1f600}c", true),
        ("a?c", "ac", false),
        ("a?c", "abbc", false),
        ("*", "", true),
        ("**", "x", true),
        ("A*", "ab", false),
        (r"a\*", r"a\b", true),
        (r"a\*", "a*", false),
        (r"a\", r"a\", true),
        ("a.c", "abc", false),
        ("[a]", "a", false),
    ] {
        assert_eq!(
            text("StringLike", value, claim),
            expected,
            "{value} {claim}"
        );
        assert_eq!(
            text("StringNotLike", value, claim),
            !expected,
            "{value} {claim}"
        );
    }
}

#[test]
fn characters_of_a_claim_are_never_special() {
    for claim in ["*", "?", "${*}", "${t.example:sub}", r"\*"] {
        for (operator, value) in [
            ("StringEquals", "abc"),
            ("StringLike", "a*"),
            ("StringLike", "?b"),
        ] {
            assert!(!text(operator, value, claim), "{operator} {value} {claim}");
        }
    }
}

#[test]
fn numbers_and_booleans_are_the_text_that_the_token_writes() {
    for (claim, value, expected) in [
        (json!(42), json!("42"), true),
        (json!(42), json!(42), true),
        (json!("42"), json!(42), true),
        (json!(42.5), json!("42.5"), true),
        (json!(42), json!("42.0"), false),
        (json!(true), json!("true"), true),
        (json!(true), json!(true), true),
        (json!("true"), json!(true), true),
        (json!(true), json!("True"), false),
    ] {
        let claims = json!({"k": claim});
        assert_eq!(
            holds("StringEquals", &value, &claims),
            expected,
            "{claim} {value}"
        );
    }
    assert!(holds("StringLike", &json!("4*"), &json!({"k": 42})));
}

fn with_version(version: Option<&str>, condition: &Value, claims: &Value) -> bool {
    let mut document = document(&statement(condition));
    let members = document.as_object_mut().unwrap();
    match version {
        Some(version) => members.insert("Version".to_owned(), json!(version)),
        None => members.remove("Version"),
    };
    admits(&open(&document), claims)
}

#[test]
fn escapes_are_of_version_2012_and_literal_before() {
    for (value, plain) in [
        ("a${*}", "a*"),
        ("a${?}", "a?"),
        ("a${$}", "a$"),
        ("${$}{x}", "${x}"),
    ] {
        for operator in ["StringEquals", "StringLike"] {
            let condition = json!({operator: {"t.example:k": value}});
            let holds =
                |version, claim: &str| with_version(version, &condition, &json!({"k": claim}));
            assert!(holds(Some("2012-10-17"), plain), "{operator} {value}");
            assert!(!holds(Some("2012-10-17"), value), "{operator} {value}");
            for old in [Some("2008-10-17"), None] {
                assert!(holds(old, value), "{operator} {value}");
                assert!(!holds(old, plain), "{operator} {value}");
            }
        }
    }
    // An escaped asterisk is none, one beside it is.
    assert!(text("StringLike", "${*}*", "*x"));
    assert!(!text("StringLike", "${*}*", "x*"));
}

#[test]
fn a_variable_before_2012_is_text() {
    let condition = json!({"StringEquals": {"t.example:k": "${t.example:sub}"}});
    let same = json!({"k": "job-42"});
    let literal = json!({"k": "${t.example:sub}"});
    for (version, admits_same) in [
        (Some("2012-10-17"), true),
        (Some("2008-10-17"), false),
        (None, false),
    ] {
        assert_eq!(
            with_version(version, &condition, &same),
            admits_same,
            "{version:?}"
        );
        assert_eq!(
            with_version(version, &condition, &literal),
            !admits_same,
            "{version:?}"
        );
    }
}

#[test]
fn a_variable_is_the_value_of_a_key_with_one_value() {
    let like = |value: &str, claims: Value| holds("StringLike", &json!(value), &claims);
    for (value, claims, expected) in [
        ("${t.example:sub}", json!({"k": "job-42"}), true),
        ("${T.Example:SUB}", json!({"k": "job-42"}), true),
        ("x/${t.example:sub}/*", json!({"k": "x/job-42/y"}), true),
        ("x/${t.example:sub}/*", json!({"k": "x/job-4/y"}), false),
        ("${t.example:n}", json!({"k": "7", "n": 7}), true),
        (
            "${aws:PrincipalAccount}",
            json!({"k": "111122223333"}),
            true,
        ),
        ("${aws:PrincipalType}/*", json!({"k": "User/x"}), true),
        // Several values, or none that is one.
        ("${t.example:n}", json!({"k": "a", "n": ["a"]}), false),
        ("${t.example:n}", json!({"k": "", "n": null}), false),
        ("${t.example:n}", json!({"k": ""}), false),
    ] {
        assert_eq!(like(value, claims.clone()), expected, "{value} {claims}");
    }
}

#[test]
fn an_absent_variable_has_its_default_or_equals_nothing() {
    for (value, claims, expected) in [
        ("${t.example:n, 'none'}", json!({"k": "none"}), true),
        ("${t.example:n, 'none'}", json!({"k": "x", "n": "x"}), true),
        (
            "${t.example:n, 'none'}",
            json!({"k": "none", "n": "x"}),
            false,
        ),
        (
            "${t.example:n, 'none'}",
            json!({"k": "none", "n": ["x"]}),
            false,
        ),
        ("a${t.example:n, ''}", json!({"k": "a"}), true),
        (
            "${aws:PrincipalArn, 'nobody'}",
            json!({"k": "nobody"}),
            true,
        ),
        ("${aws:PrincipalArn}", json!({"k": ""}), false),
        ("${t.example:n}", json!({"k": "${t.example:n}"}), false),
    ] {
        for (positive, negative) in [
            ("StringEquals", "StringNotEquals"),
            ("StringLike", "StringNotLike"),
        ] {
            let value = json!(value);
            assert_eq!(
                holds(positive, &value, &claims),
                expected,
                "{value} {claims}"
            );
            assert_eq!(
                holds(negative, &value, &claims),
                !expected,
                "{value} {claims}"
            );
        }
    }
}

#[test]
fn what_a_variable_stands_for_has_no_wildcards() {
    for (n, k, expected) in [
        ("*", "*", true),
        ("*", "x", false),
        ("a?", "ab", false),
        (r"\", r"\", true),
    ] {
        let claims = json!({"n": n, "k": k});
        assert_eq!(
            holds("StringLike", &json!("${t.example:n}"), &claims),
            expected,
            "{n} {k}"
        );
    }
}

/// The pattern would be longer than any: neither operator may decide for the token.
#[test]
fn a_variable_too_long_for_a_pattern_decides_nothing() {
    let value = json!("*${t.example:n}");
    for (length, expected) in [(1_023, true), (1_024, false)] {
        let n = "n".repeat(length);
        assert_eq!(
            holds("StringLike", &value, &json!({"n": n, "k": n})),
            expected,
            "{length}"
        );
        let other = json!({"n": n, "k": "other"});
        assert_eq!(holds("StringNotLike", &value, &other), expected, "{length}");
    }
}
