//! ARNs, numbers, dates, booleans, bytes and addresses.

use oidc_verifier::NumericDate;
use oidc_verifier::policy::aws::Request;
use serde_json::json;

use crate::{ISSUER, admits_from, document, holds, open, statement};

#[test]
fn an_arn_is_matched_in_each_of_its_parts() {
    for (value, claim, expected) in [
        ("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/a", true),
        ("arn:aws:iam::*:role/a", "arn:aws:iam::1:role/a", true),
        ("arn:*:iam::1:role/*", "arn:aws-cn:iam::1:role/x/y:z", true),
        ("arn:aws:iam::1?:*", "arn:aws:iam::12:role/a", true),
        ("arn:aws:*:*:*:*", "arn:aws:s3:::bucket", true),
        // `*` stays in its part.
        ("arn:aws:iam::*:role/a", "arn:aws:iam:x:1:2:role/a", false),
        ("arn:*:1:role/a:*:x", "arn:aws:iam::1:role/a", false),
        ("arn:aws:iam::1:role/a", "arn:aws:iam::1:role/A", false),
        ("arn:aws:iam::*:role/a", "arn:aws:iam::1", false),
        ("arn:aws:iam::*:role/a", "role/a", false),
    ] {
        for operator in ["ArnLike", "ArnEquals"] {
            let claims = json!({"k": claim});
            assert_eq!(
                holds(operator, &json!(value), &claims),
                expected,
                "{value} {claim}"
            );
        }
        for operator in ["ArnNotLike", "ArnNotEquals"] {
            let claims = json!({"k": claim});
            assert_eq!(
                holds(operator, &json!(value), &claims),
                !expected,
                "{value} {claim}"
            );
        }
    }
}

#[test]
fn a_variable_cannot_add_parts_to_an_arn() {
    for (value, n, claim, expected) in [
        (
            "arn:aws:iam::${t.example:n}:role/a",
            "1",
            "arn:aws:iam::1:role/a",
            true,
        ),
        (
            "arn:aws:iam::${t.example:n}:role/a",
            "*",
            "arn:aws:iam::1:role/a",
            false,
        ),
        (
            "arn:aws:iam:${t.example:n}:1:*",
            "x:y",
            "arn:aws:iam:x:y:1:z",
            false,
        ),
        (
            "arn:aws:iam::1:role/${t.example:n}",
            "a:b",
            "arn:aws:iam::1:role/a:b",
            true,
        ),
        (
            "arn:aws:iam::${aws:PrincipalAccount}:*",
            "",
            "arn:aws:iam::111122223333:x",
            true,
        ),
    ] {
        let claims = json!({"k": claim, "n": n});
        assert_eq!(
            holds("ArnLike", &json!(value), &claims),
            expected,
            "{value} {n}"
        );
    }
}

#[test]
fn numbers_are_compared_exactly_and_may_be_texts() {
    for (operator, value, claim, expected) in [
        ("NumericEquals", json!("1"), json!(1.0), true),
        ("NumericEquals", json!(1), json!("1"), true),
        (
            "NumericEquals",
            json!("9007199254740993"),
            json!("9007199254740992"),
            false,
        ),
        ("NumericNotEquals", json!("1"), json!("2"), true),
        ("NumericLessThan", json!("10"), json!("9.5"), true),
        ("NumericLessThan", json!("10"), json!(10), false),
        ("NumericLessThanEquals", json!("10"), json!(10), true),
        ("NumericGreaterThan", json!("-1"), json!(0), true),
        ("NumericGreaterThanEquals", json!("1e2"), json!(100), true),
        (
            "NumericGreaterThanEquals",
            json!(["5", "7"]),
            json!(6),
            true,
        ),
    ] {
        let claims = json!({"k": claim});
        assert_eq!(
            holds(operator, &value, &claims),
            expected,
            "{operator} {value} {claim}"
        );
    }
}

#[test]
fn what_is_no_number_matches_nothing_not_even_a_negation() {
    for claim in [
        "",
        "x",
        "1x",
        "0x1",
        "+1",
        " 1",
        "NaN",
        "1e99999999999999999999",
        "true",
    ] {
        for operator in [
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericGreaterThanEquals",
        ] {
            let claims = json!({"k": claim});
            assert!(!holds(operator, &json!("1"), &claims), "{operator} {claim}");
        }
    }
}

#[test]
fn dates_are_w3c_dates_or_seconds() {
    for (operator, value, claim, expected) in [
        (
            "DateEquals",
            "2027-01-01T00:00:00Z",
            json!(1_798_761_600),
            true,
        ),
        ("DateEquals", "2027", json!("2027-01-01"), true),
        (
            "DateEquals",
            "1798761600",
            json!("2027-01-01T01:00+01:00"),
            true,
        ),
        ("DateNotEquals", "2027", json!("2028"), true),
        ("DateNotEquals", "2027", json!("soon"), false),
        ("DateLessThan", "2027", json!(1_798_761_599), true),
        ("DateLessThan", "2027", json!(1_798_761_600), false),
        ("DateLessThanEquals", "2027", json!(1_798_761_600), true),
        (
            "DateGreaterThan",
            "2027",
            json!("2027-01-01T00:00:00.5Z"),
            true,
        ),
        (
            "DateGreaterThanEquals",
            "2027",
            json!("2026-12-31T23:59:59Z"),
            false,
        ),
    ] {
        let claims = json!({"k": claim});
        assert_eq!(
            holds(operator, &json!(value), &claims),
            expected,
            "{operator} {value} {claim}"
        );
    }
}

#[test]
fn the_time_is_a_key_if_the_request_says_it() {
    let of = |operator: &str, key: &str, value: &str| {
        open(&document(&statement(&json!({operator: {key: value}}))))
    };
    let at = |seconds| Request::new().at(NumericDate::from_seconds(seconds).unwrap());
    let claims = r#"{"aud":"a","sub":"b"}"#;
    for (operator, key) in [
        ("DateLessThan", "aws:CurrentTime"),
        ("DateLessThan", "aws:currenttime"),
        ("DateLessThan", "aws:EpochTime"),
    ] {
        let trust = of(operator, key, "2027-01-01T00:00:00Z");
        for (request, expected) in [
            (at(1_798_761_599), true),
            (at(1_798_761_600), false),
            (Request::new(), false),
        ] {
            assert_eq!(
                admits_from(&trust, ISSUER, claims, &request),
                expected,
                "{key}"
            );
        }
    }
    let trust = of("NumericLessThan", "aws:EpochTime", "1798761600");
    assert!(admits_from(&trust, ISSUER, claims, &at(1_798_761_599)));
    let trust = of("StringEquals", "aws:CurrentTime", "2026-12-31T23:59:59Z");
    assert!(admits_from(&trust, ISSUER, claims, &at(1_798_761_599)));
    let trust = of("DateNotEquals", "aws:CurrentTime", "2027");
    assert!(admits_from(&trust, ISSUER, claims, &Request::new()));
}

#[test]
fn booleans_ignore_case_and_may_be_texts() {
    for (value, claim, expected) in [
        (json!(true), json!(true), true),
        (json!("true"), json!(true), true),
        (json!("TRUE"), json!("True"), true),
        (json!(false), json!("false"), true),
        (json!("false"), json!(true), false),
        (json!("true"), json!("yes"), false),
        (json!("true"), json!(1), false),
        (json!("false"), json!(0), false),
        (json!(["true", "false"]), json!("FALSE"), true),
    ] {
        assert_eq!(
            holds("Bool", &value, &json!({"k": claim})),
            expected,
            "{value} {claim}"
        );
    }
}

#[test]
fn bytes_are_base64() {
    for (value, claim, expected) in [
        ("AQI=", "AQI=", true),
        ("+/8=", "+/8=", true),
        ("AQI=", "AQM=", false),
        ("AQI=", "AQI", false),
        ("+/8=", "-_8=", false),
        ("", "", true),
    ] {
        assert_eq!(
            holds("BinaryEquals", &json!(value), &json!({"k": claim})),
            expected,
            "{value}"
        );
    }
}

#[test]
fn an_address_is_in_a_block_or_not_and_what_is_none_is_neither() {
    for (value, claim, inside) in [
        ("203.0.113.0/24", "203.0.113.7", Some(true)),
        ("203.0.113.0/24", "203.0.114.7", Some(false)),
        ("203.0.113.7", "203.0.113.7", Some(true)),
        ("2001:db8::/32", "2001:DB8::1", Some(true)),
        ("2001:db8::/32", "203.0.113.7", Some(false)),
        ("0.0.0.0/0", "localhost", None),
        ("0.0.0.0/0", "203.0.113.7/32", None),
        ("0.0.0.0/0", "", None),
    ] {
        let claims = json!({"k": claim});
        assert_eq!(
            holds("IpAddress", &json!(value), &claims),
            inside == Some(true),
            "{value} {claim}"
        );
        assert_eq!(
            holds("NotIpAddress", &json!(value), &claims),
            inside == Some(false),
            "{value} {claim}"
        );
    }
    let trust = open(&document(&statement(
        &json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    )));
    let from = |address: &str| Request::new().with_source_ip(address.parse().unwrap());
    for (request, expected) in [
        (from("203.0.113.7"), true),
        (from("203.0.114.7"), false),
        (Request::new(), false),
    ] {
        assert_eq!(
            admits_from(&trust, ISSUER, r#"{"aud":"a"}"#, &request),
            expected
        );
    }
}
