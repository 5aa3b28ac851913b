//! What does not load, and what the error says.

use oidc_verifier::policy::aws::{Settings, TrustPolicy};
use serde_json::{Value, json};

use crate::{PROVIDER, document, load, statement};

fn error(document: &Value) -> (&'static str, String) {
    let error = load(document).unwrap_err();
    (error.code(), error.at().as_str().to_owned())
}

/// The error of a policy with one condition.
fn of_condition(condition: &Value) -> (&'static str, String) {
    error(&document(&statement(condition)))
}

#[test]
fn a_statement_has_its_members_and_no_others() {
    for (pointer, value, code, at) in [
        ("/Version", json!("2012-10-18"), "word_unknown", "/Version"),
        ("/Version", json!(2012), "wrong_kind", "/Version"),
        ("/Statement", json!([]), "empty", "/Statement"),
        ("/Statement", json!("x"), "wrong_kind", "/Statement"),
        (
            "/Statement/Effect",
            json!("allow"),
            "word_unknown",
            "/Statement/Effect",
        ),
        (
            "/Statement/Principal",
            json!("x"),
            "word_unknown",
            "/Statement/Principal",
        ),
        (
            "/Statement/Principal",
            json!({}),
            "empty",
            "/Statement/Principal",
        ),
        (
            "/Statement/Principal",
            json!({"Federated": []}),
            "empty",
            "/Statement/Principal/Federated",
        ),
        (
            "/Statement/Principal",
            json!({"aws": "*"}),
            "member_unknown",
            "/Statement/Principal/aws",
        ),
        (
            "/Statement/Principal",
            json!({"Federated": [PROVIDER, "t.example"]}),
            "principal_invalid",
            "/Statement/Principal/Federated/1",
        ),
        (
            "/Statement/Action",
            json!("s3:GetObject"),
            "action_unknown",
            "/Statement/Action",
        ),
        (
            "/Statement/Action",
            json!(["sts:AssumeRolWithWebIdentity"]),
            "action_unknown",
            "/Statement/Action/0",
        ),
        (
            "/Statement/Action",
            json!("s*"),
            "action_unknown",
            "/Statement/Action",
        ),
        ("/Statement/Action", json!([]), "empty", "/Statement/Action"),
        (
            "/Statement/Condition",
            json!([]),
            "wrong_kind",
            "/Statement/Condition",
        ),
    ] {
        let mut document = document(&statement(&json!({})));
        *document.pointer_mut(pointer).unwrap() = value;
        assert_eq!(error(&document), (code, at.to_owned()), "{pointer}");
    }
    for (member, code, at) in [
        ("Resource", "member_misplaced", "/Statement/Resource"),
        ("NotResource", "member_misplaced", "/Statement/NotResource"),
        (
            "NotPrincipal",
            "member_misplaced",
            "/Statement/NotPrincipal",
        ),
        ("NotAction", "operator_several", "/Statement"),
        ("Conditions", "member_unknown", "/Statement/Conditions"),
        ("effect", "member_unknown", "/Statement/effect"),
    ] {
        let mut document = document(&statement(&json!({})));
        document["Statement"][member] = json!("*");
        assert_eq!(error(&document), (code, at.to_owned()), "{member}");
    }
    for member in ["Effect", "Principal", "Action"] {
        let mut document = document(&statement(&json!({})));
        document["Statement"]
            .as_object_mut()
            .unwrap()
            .remove(member);
        assert_eq!(
            error(&document),
            ("member_missing", "/Statement".to_owned()),
            "{member}"
        );
    }
}

#[test]
fn an_operator_is_known_in_its_own_spelling() {
    for operator in [
        "stringEquals",
        "StringEqual",
        "StringLikeIfexists",
        "ForAnyValues:StringEquals",
        "forAllValues:StringEquals",
        "NullIfExists",
        "ForAllValues:Null",
        "",
    ] {
        let at = format!("/Statement/Condition/{operator}");
        let condition = json!({operator: {"t.example:sub": "true"}});
        assert_eq!(
            of_condition(&condition),
            ("operator_unknown", at),
            "{operator}"
        );
    }
}

#[test]
fn an_error_names_statement_operator_key_and_reason() {
    let mut named = statement(&json!({"NumericLessThan": {"t.example:sub": ["1", "one"]}}));
    named["Sid"] = json!("Deploy");
    let error = load(&document(&json!([statement(&json!({})), named]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement 1 `Deploy`: not a number, at `/Statement/1/Condition/NumericLessThan/t.example:sub/1`"
    );
    assert_eq!((error.rule(), error.rule_id()), (Some(1), Some("Deploy")));
    let error = load(&document(&statement(
        &json!({"StringLikes": {"t.example:sub": "x"}}),
    )))
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement 0: unknown operator, did you mean `StringLike`, at `/Statement/Condition/StringLikes`"
    );
}

#[test]
fn a_value_is_one_that_its_operator_reads() {
    for (operator, value, code) in [
        ("StringEquals", json!(null), "wrong_kind"),
        ("StringEquals", json!({}), "wrong_kind"),
        ("StringEquals", json!([]), "empty"),
        ("StringEquals", json!("${x"), "variable_invalid"),
        ("StringLike", json!("${}"), "variable_invalid"),
        ("ArnLike", json!("${x"), "variable_invalid"),
        ("ArnLike", json!("*"), "arn_invalid"),
        ("ArnEquals", json!("arn:aws:iam::1"), "arn_invalid"),
        ("NumericEquals", json!("one"), "number_invalid"),
        ("NumericEquals", json!(true), "number_invalid"),
        ("DateLessThan", json!("tomorrow"), "date_invalid"),
        ("Bool", json!("yes"), "word_unknown"),
        ("Null", json!("yes"), "word_unknown"),
        ("BinaryEquals", json!("AQI"), "base64_invalid"),
        ("IpAddress", json!("10.0.0.0/33"), "address_invalid"),
        ("NotIpAddress", json!("localhost"), "address_invalid"),
    ] {
        let at = format!("/Statement/Condition/{operator}/t.example:sub");
        let condition = json!({operator: {"t.example:sub": value}});
        assert_eq!(of_condition(&condition), (code, at), "{operator} {value}");
    }
    for (length, loads) in [(1_024, true), (1_025, false)] {
        let value = "x".repeat(length);
        let document = document(&statement(&json!({"StringLike": {"t.example:sub": value}})));
        assert_eq!(load(&document).is_ok(), loads, "{length}");
    }
    for condition in [
        json!({"StringEquals": {}}),
        json!({"StringEquals": {"": "x"}}),
    ] {
        assert_eq!(of_condition(&condition).0, "empty");
    }
}

#[test]
fn no_name_stands_twice() {
    let text = document(&statement(&json!({"StringEquals": {"t.example:sub": "a"}}))).to_string();
    for (once, twice, at) in [
        (
            r#""t.example:sub":"a""#,
            r#""t.example:sub":"a","t.example:sub":"b""#,
            "/Statement/Condition/StringEquals/t.example:sub",
        ),
        (
            r#""t.example:sub":"a""#,
            r#""t.example:sub":"a","t.example:SUB":"b""#,
            "/Statement/Condition/StringEquals/t.example:SUB",
        ),
        (
            r#""Effect":"Allow""#,
            r#""Effect":"Deny","Effect":"Allow""#,
            "/Statement/Effect",
        ),
        (
            r#""StringEquals":{"#,
            r#""StringEquals":{"t.example:aud":"b"},"StringEquals":{"#,
            "/Statement/Condition/StringEquals",
        ),
    ] {
        let text = text.replace(once, twice);
        let error = TrustPolicy::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code(), error.at().as_str()),
            ("duplicate_member", at),
            "{text}"
        );
    }
    let mut named = statement(&json!({}));
    named["Sid"] = json!("Same");
    assert_eq!(
        error(&document(&json!([named, named]))),
        ("duplicate", "/Statement/1/Sid".to_owned())
    );
    named["Sid"] = json!("");
    assert!(load(&document(&json!([named, named]))).is_ok());
}

/// IAM quotas: white space does not count.
#[test]
fn a_document_is_no_longer_than_the_quota() {
    let of = |length: usize| {
        let mut text =
            document(&statement(&json!({"StringEquals": {"t.example:sub": ""}}))).to_string();
        let value = "x".repeat(length - text.len());
        text = text.replace(r#"sub":"""#, &format!(r#"sub":"{value}""#));
        text.replace(':', ": ")
            .replace("sts: ", "sts:")
            .replace("example: sub", "example:sub")
            .replace(
                "arn: aws: iam: : 111122223333: oidc",
                "arn:aws:iam::111122223333:oidc",
            )
    };
    for (length, settings, loads) in [
        (2_048, Settings::new(), true),
        (2_049, Settings::new(), false),
        (2_049, Settings::new().raised_quota(), true),
        (4_096, Settings::new().raised_quota(), true),
        (4_097, Settings::new().raised_quota(), false),
    ] {
        let result = TrustPolicy::from_json_with(of(length).as_bytes(), settings);
        match result {
            Ok(_) => assert!(loads, "{length}"),
            Err(error) => assert_eq!(
                (error.code(), loads),
                ("too_long", false),
                "{length} {error}"
            ),
        }
    }
}

#[test]
fn conditions_of_a_statement_are_bounded() {
    let of = |count: usize| {
        let keys: serde_json::Map<String, Value> = (0..count)
            .map(|index| (format!("t.example:k{index}"), json!("x")))
            .collect();
        let document = document(&statement(&json!({"StringEquals": keys})));
        let settings = Settings::new().open_keys().raised_quota();
        TrustPolicy::from_json_with(document.to_string().as_bytes(), settings)
    };
    assert!(of(64).is_ok());
    assert_eq!(of(65).unwrap_err().code(), "too_many");
}
