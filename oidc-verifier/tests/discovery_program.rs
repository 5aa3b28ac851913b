//! The contract of `examples/discovery.rs`: what it answers, line by line.

#![expect(clippy::expect_used, reason = "these helpers run in tests only")]

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/discovery.rs"]
mod program;

use serde_json::{Value, json};

fn answer(line: &str) -> String {
    program::answer_line(line.as_bytes())
}

/// A response that is accepted, and the changes to it.
fn judge(changes: Value) -> String {
    let body = r#"{"issuer":"https://ci.example/a","jwks_uri":"https://keys.example/jwks"}"#;
    let mut request = json!({
        "id": 1,
        "issuer": "https://ci.example/a",
        "status": 200,
        "content_type": "application/json",
        "url": "https://ci.example/a/.well-known/openid-configuration",
        "body_b64": base64_simd::STANDARD.encode_to_string(body),
    });
    let members = request.as_object_mut().expect("an object");
    if let Value::Object(changes) = changes {
        members.extend(changes);
    }
    answer(&request.to_string())
}

fn base64(body: &str) -> Value {
    json!({"body_b64": base64_simd::STANDARD.encode_to_string(body)})
}

#[test]
fn an_issuer_alone_is_answered_with_its_discovery_url() {
    for (issuer, url) in [
        (
            "https://ci.example",
            "https://ci.example/.well-known/openid-configuration",
        ),
        (
            "https://ci.example/",
            "https://ci.example/.well-known/openid-configuration",
        ),
        (
            "https://ci.example/a/",
            "https://ci.example/a/.well-known/openid-configuration",
        ),
    ] {
        assert_eq!(
            answer(&format!(
                r#"{{"id":"x","issuer":"{issuer}","status":null}}"#
            )),
            format!(r#"{{"id":"x","ok":true,"url":"{url}"}}"#)
        );
    }
}

#[test]
fn an_issuer_that_may_not_be_configured_is_answered_with_a_code() {
    for (issuer, why) in [
        ("http://ci.example", "not_https"),
        ("https://ci.example?a", "query"),
        ("https://ci.example#a", "fragment"),
        ("https://u@ci.example", "userinfo"),
        ("https://", "empty_host"),
        ("https://ci.example:0", "invalid_port"),
        ("https://ci.example/../a", "dot_segment"),
        ("https://ci.example/%", "invalid_percent_escape"),
        ("https://ci.example\\n", "forbidden_byte"),
        ("https://bücher.example", "forbidden_byte"),
        ("https://ci.example.", "invalid_host"),
        ("https://localhost", "internal_host"),
        ("http://127.0.0.1", "not_https"),
        ("https://127.0.0.1", "internal_host"),
        ("https://2130706433", "invalid_address"),
        ("", "not_https"),
    ] {
        assert_eq!(
            answer(&format!(r#"{{"id":2,"issuer":"{issuer}"}}"#)),
            format!(r#"{{"id":2,"ok":false,"why":"{why}"}}"#)
        );
    }
    let long = format!(
        r#"{{"id":2,"issuer":"https://ci.example/{}"}}"#,
        "a".repeat(600)
    );
    assert_eq!(
        answer(&long),
        r#"{"id":2,"ok":false,"why":"issuer_too_long"}"#
    );
}

#[test]
fn a_good_document_is_answered_with_both_urls() {
    let expected = concat!(
        r#"{"id":1,"jwks_uri":"https://keys.example/jwks","ok":true,"#,
        r#""url":"https://ci.example/a/.well-known/openid-configuration"}"#
    );
    for changes in [
        json!({}),
        json!({"content_type": null}),
        json!({"content_type": "application/json; charset=utf-8"}),
        json!({"more": {"ignored": true}}),
    ] {
        assert_eq!(judge(changes), expected);
    }
}

#[test]
fn a_bad_document_is_answered_with_a_code() {
    for (changes, why) in [
        (json!({"issuer": "http://ci.example"}), "not_https"),
        (json!({"issuer": "https://ci.example"}), "response_url"),
        (json!({"url": "https://evil.example/"}), "response_url"),
        (json!({"status": 302}), "redirect"),
        (json!({"status": 500}), "status"),
        (json!({"content_type": "text/html"}), "content_type"),
        (base64("<html>"), "unexpected_byte"),
        (base64("[]"), "not_an_object"),
        (base64("{}"), "missing_member"),
        (base64(r#"{"issuer":1}"#), "malformed_member"),
        (
            base64(r#"{"issuer":"https://ci.example/a/"}"#),
            "issuer_mismatch",
        ),
        (
            base64(r#"{"issuer":"https://ci.example/{id}"}"#),
            "issuer_mismatch",
        ),
        (base64(r#"{"issuer":"a","issuer":"a"}"#), "duplicate_member"),
        (base64(&" ".repeat(65_537)), "metadata_too_long"),
        (
            base64(r#"{"issuer":"https://ci.example/a","jwks_uri":"http://ci.example/"}"#),
            "jwks_uri",
        ),
        (
            base64(r#"{"issuer":"https://ci.example/a","jwks_uri":"https://10.0.0.1/"}"#),
            "jwks_uri",
        ),
    ] {
        assert_eq!(
            judge(changes),
            format!(r#"{{"id":1,"ok":false,"why":"{why}"}}"#)
        );
    }
}

#[test]
fn a_line_that_is_no_request_is_answered_with_an_error() {
    for (line, expected) in [
        ("x", r#"{"id":null,"error":"not a JSON object"}"#),
        (
            r#"{"id":1,"id":1,"issuer":"https://ci.example"}"#,
            r#"{"id":null,"error":"duplicate field `id` at line 1 column 12"}"#,
        ),
        (
            r#"["https://ci.example",null,null,null,null]"#,
            r#"{"id":null,"error":"not a JSON object"}"#,
        ),
        (
            r#"{"id":1}"#,
            r#"{"id":1,"error":"missing field `issuer` at line 1 column 8"}"#,
        ),
        (
            r#"{"id":{},"issuer":7}"#,
            r#"{"id":{},"error":"invalid type: integer `7`, expected a string at line 1 column 19"}"#,
        ),
    ] {
        assert_eq!(answer(line), expected);
    }
    for (changes, error) in [
        (json!({"status": null}), "`status` is missing"),
        (json!({"status": "200"}), "invalid type: string"),
        (json!({"status": 65_536}), "invalid value: integer `65536`"),
        (json!({"status": -1}), "invalid value: integer `-1`"),
        (json!({"content_type": 1}), "invalid type: integer `1`"),
        (json!({"url": null}), "`url` is missing"),
        (json!({"body_b64": null}), "`body_b64` is missing"),
        (json!({"body_b64": "A"}), "`body_b64` is no base64"),
    ] {
        let answer = judge(changes);
        let expected = format!(r#"{{"id":1,"error":"{error}"#);
        assert!(answer.starts_with(&expected), "{answer}");
    }
}
