//! Claim templates: constants, and values by pointer from a request's context.

#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use common::{at, issuer, parts, payload};
use oidc_core::{Algorithm, Audience};
use oidc_issuer::{ClaimTemplate, TokenSpec};
use serde_json::{Value, json};

const NOW: i64 = common::NOW;

fn template(document: &Value) -> ClaimTemplate {
    ClaimTemplate::from_json(document.to_string().as_bytes()).unwrap()
}

/// The code of the load error and where it is.
fn fault(document: &str) -> (String, String) {
    let error = ClaimTemplate::from_json(document.as_bytes()).unwrap_err();
    (error.code().to_owned(), error.at.as_str().to_owned())
}

fn spec(document: &Value, context: &str) -> Result<TokenSpec, String> {
    let audience = Audience::one("aud").unwrap();
    let spec = template(document).token_spec(context.as_bytes(), audience);
    spec.map_err(|error| error.code().to_owned())
}

#[test]
fn every_form_is_written_as_the_context_says_it() {
    let document = json!({
        "sub": {"text": ["job:", {"from": "/id"}]},
        "claims": {
            "https://ci.example/": {"object": {
                "project": {"from": "/project", "type": "string"},
                "list": {"list": [{"constant": 1}, {"from": "/id", "type": "integer"}]}
            }},
            "a/b": {"from": "/a~1b/~01", "type": "strings"},
            "debug": {"from": "/debug", "type": "boolean"},
            "raw": {"from": "/raw", "type": "object"},
            "who": {"text": [{"from": "/project"}, " #", {"from": "/id"}]},
            "fixed": {"constant": {"null": null, "list": [true, -5, "\u{e9}\n"]}}
        }
    });
    let context = r#"{"id": 18446744073709551616, "project": "w\u0065b \"x\"", "debug": false,
        "a/b": {"~1": ["x", "y"]}, "raw": {"deep": {"1.0": 1.0}}}"#;
    // A space is a delimiter of `who`.
    assert_eq!(spec(&document, context).unwrap_err(), "context_delimiter");
    let context = context.replace(r#"w\u0065b \"x\""#, r"w\u0065b");
    let spec = spec(&document, &context).unwrap();
    let token = issuer([Algorithm::EdDsa]).issue(&spec, at(NOW)).unwrap();
    assert_eq!(
        payload(&token),
        concat!(
            r#"{"iss":"https://ci.example","sub":"job:18446744073709551616","aud":"aud","#,
            r#""exp":1790000300,"iat":1790000000,"#,
            r#""a/b":["x", "y"],"debug":false,"#,
            r#""fixed":{"list":[true,-5,"é\n"],"null":null},"#,
            r#""https://ci.example/":{"list":[1,18446744073709551616],"project":"w\u0065b"},"#,
            r#""raw":{"deep": {"1.0": 1.0}},"who":"web #18446744073709551616"}"#
        )
    );
    assert_eq!(parts(&token).1["https://ci.example/"]["project"], "web");
}

/// Bitbucket writes its ids in braces, which mean nothing to a template: they are the characters of a
/// literal or a value.
#[test]
fn braces_are_characters_like_any_others() {
    let document = json!({
        "sub": {"text": [{"from": "/repository"}, ":", {"from": "/step"}]},
        "claims": {
            "repositoryUuid": {"from": "/repository", "type": "string"},
            "fixed": {"constant": "{step}"},
            "around": {"text": ["{", {"from": "/number"}, "}"]},
        }
    });
    let context = r#"{"repository": "{4f9e-11}", "step": "{a2b3-99}", "number": 7}"#;
    let spec = spec(&document, context).unwrap();
    assert_eq!(spec.subject(), "{4f9e-11}:{a2b3-99}");
    let token = issuer([Algorithm::EdDsa]).issue(&spec, at(NOW)).unwrap();
    let claims = parts(&token).1;
    assert_eq!(claims["repositoryUuid"], "{4f9e-11}");
    assert_eq!(claims["fixed"], "{step}");
    assert_eq!(claims["around"], "{7}");
}

#[test]
fn a_missing_value_is_an_error_and_never_a_thinner_token() {
    let document = json!({"sub": {"constant": "s"}, "claims": {
        "a": {"object": {"b": {"from": "/x/0/y", "type": "string"}}}
    }});
    assert!(spec(&document, r#"{"x": [{"y": "1"}]}"#).is_ok());
    for context in [
        "{}",
        r#"{"x": []}"#,
        r#"{"x": [{}]}"#,
        r#"{"x": [{"y": null}]}"#,
        r#"{"x": {"0": {"Y": "1"}}}"#,
    ] {
        assert_eq!(spec(&document, context).unwrap_err(), "context_missing");
    }
    let audience = Audience::one("aud").unwrap();
    let error = template(&document).token_spec(b"{}", audience).unwrap_err();
    assert_eq!(error.to_string(), "context has nothing at `/x/0/y`");
}

#[test]
fn a_value_of_another_type_is_an_error_that_does_not_show_it() {
    let values = [
        ("string", r#""s""#),
        ("integer", "12"),
        ("boolean", "true"),
        ("strings", r#"["s"]"#),
        ("object", r#"{"s":1}"#),
    ];
    for (wanted, _) in values {
        let document = json!({"sub": {"constant": "s"}, "claims": {
            "a": {"from": "/v", "type": wanted}
        }});
        for (given, value) in values {
            let context = format!(r#"{{"v": {value}}}"#);
            let expected = if wanted == given { "" } else { "context_type" };
            let outcome = spec(&document, &context).err().unwrap_or_default();
            assert_eq!(outcome, expected, "{wanted} from {value}");
        }
    }
    for (wanted, value) in [
        ("integer", "1.0"),
        ("integer", "1e2"),
        ("integer", r#""1""#),
        ("strings", r#"["s",1]"#),
        ("strings", r#""s""#),
    ] {
        let document = json!({"sub": {"constant": "s"}, "claims": {
            "a": {"from": "/v", "type": wanted}
        }});
        let context = format!(r#"{{"v": {value}}}"#);
        assert_eq!(spec(&document, &context).unwrap_err(), "context_type");
    }
    let document = json!({"sub": {"from": "/secret", "type": "string"}});
    let audience = Audience::one("aud").unwrap();
    let context = br#"{"secret": ["hunter2"]}"#;
    let error = template(&document).token_spec(context, audience);
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "context value at `/secret` is not a string"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
}

/// A subject that two different contexts can give is a subject that one of them can forge: attack
/// P15 of the delimiter class, from the issuer's side.
#[test]
fn a_value_cannot_pretend_to_be_several_parts_of_a_text() {
    let document = json!({"sub": {"text": [
        "repo:", {"from": "/repo"}, ":ref:", {"from": "/ref"}
    ]}});
    let subject = |repo: &str, git_ref: &str| {
        let context = json!({"repo": repo, "ref": git_ref}).to_string();
        spec(&document, &context).map(|spec| spec.subject().to_owned())
    };
    assert_eq!(
        subject("acme/web", "refs/heads/a").unwrap(),
        "repo:acme/web:ref:refs/heads/a"
    );
    for (repo, git_ref) in [("acme/web:ref:refs/heads/main", "x"), ("a", "b:c")] {
        assert_eq!(subject(repo, git_ref).unwrap_err(), "context_delimiter");
    }
    assert_eq!(subject("", "x").unwrap_err(), "context_empty");

    // Explicitly allowed where it does no harm: the last part.
    let document = json!({"sub": {"text": [
        "repo:", {"from": "/repo"}, ":ref:", {"from": "/ref", "may_contain": ":"}
    ]}});
    let context = r#"{"repo": "a", "ref": "b:c"}"#;
    assert_eq!(
        spec(&document, context).unwrap().subject(),
        "repo:a:ref:b:c"
    );
    let context = r#"{"repo": "a:b", "ref": "c"}"#;
    assert_eq!(spec(&document, context).unwrap_err(), "context_delimiter");
}

/// The sign of a number is a character like any other, and one delimiter in any literal between two
/// values is enough to tell them apart.
#[test]
fn a_number_cannot_pretend_to_be_several_parts_of_a_text_either() {
    let document = json!({"sub": {"text": ["n", {"from": "/a"}, "x-", "y", {"from": "/b"}, "z"]}});
    let subject = |a: Value, b: Value| {
        let context = json!({"a": a, "b": b}).to_string();
        spec(&document, &context).map(|spec| spec.subject().to_owned())
    };
    assert_eq!(subject(json!(1), json!("b")).unwrap(), "n1x-ybz");
    for (a, b) in [
        (json!(-1), json!(2)),
        (json!(1), json!(-2)),
        (json!("1"), json!("-2")),
    ] {
        assert_eq!(subject(a, b).unwrap_err(), "context_delimiter");
    }
    let document = json!({"sub": {"text": ["n:", {"from": "/a"}]}});
    assert_eq!(spec(&document, r#"{"a": -1}"#).unwrap().subject(), "n:-1");
}

#[test]
fn a_context_is_read_as_strictly_as_a_token() {
    let document = json!({"sub": {"from": "/s", "type": "string"}});
    for (context, code) in [
        (r#"{"s":"a","s":"b"}"#, "duplicate_member"),
        (r#"{"s":"a","\u0073":"b"}"#, "duplicate_member"),
        (r#"{"s":"a","x":{"y":1,"y":2}}"#, "duplicate_member"),
    ] {
        assert_eq!(spec(&document, context).unwrap_err(), code, "{context}");
    }
    for context in ["", "{", r#"{"s":"a"} x"#, "\u{feff}{}", r#"{"s":"\ud800"}"#] {
        assert!(spec(&document, context).is_err(), "{context}");
    }
    // What a token cannot say is found as well.
    let control = spec(&document, r#"{"s":"a\u0000b"}"#);
    assert_eq!(control.unwrap_err(), "subject");
    let empty = spec(&document, r#"{"s":""}"#);
    assert_eq!(empty.unwrap_err(), "subject");
}

#[test]
fn a_context_is_no_deeper_than_a_token_can_take() {
    let max = ClaimTemplate::MAX_CONTEXT_DEPTH;
    let nested = |depth: usize| {
        let inner = format!("{}1{}", r#"{"o":"#.repeat(depth - 1), "}".repeat(depth - 1));
        format!(r#"{{"o":{inner}}}"#)
    };
    // As deep as a template goes: 15 objects around the value.
    let mut claim = json!({"from": "/o", "type": "object"});
    for _ in 0..14 {
        claim = json!({"object": {"x": claim}});
    }
    let document = json!({"sub": {"constant": "s"}, "claims": {"c": claim}});
    let spec_of = |depth| spec(&document, &nested(depth));
    let spec = spec_of(max).unwrap();
    assert_eq!(spec_of(max + 1).unwrap_err(), "too_deep");
    let token = issuer([Algorithm::EdDsa]).issue(&spec, at(NOW)).unwrap();
    let mut buffer = jsonptr::ScanBuffer::new();
    let read = oidc_core::ClaimsScanner::registered();
    assert!(read.scan(payload(&token).as_bytes(), &mut buffer).is_ok());
}

#[test]
fn a_load_error_says_where_and_what() {
    let sub = r#""sub":{"constant":"s"}"#;
    let with = |claims: &str| format!(r#"{{{sub},"claims":{{{claims}}}}}"#);
    for (document, code, at) in [
        ("{}".to_owned(), "missing_member", ""),
        ("[]".to_owned(), "wrong_kind", ""),
        (r#"{"sub":"s"}"#.to_owned(), "wrong_kind", "/sub"),
        (
            format!("{{{sub},\"claim\":{{}}}}"),
            "unknown_member",
            "/claim",
        ),
        (format!("{{{sub},{sub}}}"), "duplicate_member", "/sub"),
        (with(r#""a":{}"#), "not_one_form", "/claims/a"),
        (
            with(r#""a":{"constant":1,"from":"/x","type":"string"}"#),
            "not_one_form",
            "/claims/a",
        ),
        (with(r#""a":{"from":"/x"}"#), "missing_member", "/claims/a"),
        (
            with(r#""a":{"from":"x","type":"string"}"#),
            "pointer",
            "/claims/a/from",
        ),
        (
            with(r#""a":{"from":"/x","type":"number"}"#),
            "unknown_word",
            "/claims/a/type",
        ),
        (
            with(r#""a/b":{"object":{"x":{"constant":1},"x":{"constant":2}}}"#),
            "duplicate_member",
            "/claims/a~1b/object/x",
        ),
        (
            with(r#""a":{"constant":{"x":1,"x":2}}"#),
            "duplicate_member",
            "/claims/a/constant/x",
        ),
        (with(r#""a":{"text":[]}"#), "empty", "/claims/a/text"),
        (
            with(r#""a":{"text":["x",""]}"#),
            "empty",
            "/claims/a/text/1",
        ),
        (
            with(r#""a":{"text":["x:",{"from":"/y","may_contain":"/"}]}"#),
            "no_delimiter",
            "/claims/a/text/1/may_contain",
        ),
        (
            with(r#""a":{"text":[{"from":"/x"},{"from":"/y"}]}"#),
            "not_separated",
            "/claims/a/text/1",
        ),
        (
            with(r#""a":{"text":["a:",{"from":"/x"},"b","2",{"from":"/y"}]}"#),
            "not_separated",
            "/claims/a/text/4",
        ),
        (
            with(r#""iss":{"constant":"x"}"#),
            "reserved_claim",
            "/claims/iss",
        ),
        (
            with(r#""Exp":{"constant":1}"#),
            "reserved_claim",
            "/claims/Exp",
        ),
        (
            with(r#""a":{"constant":1},"a":{"constant":2}"#),
            "duplicate_member",
            "/claims/a",
        ),
        (
            r#"{"sub":{"constant":1}}"#.to_owned(),
            "subject_kind",
            "/sub",
        ),
        (
            r#"{"sub":{"from":"/x","type":"integer"}}"#.to_owned(),
            "subject_kind",
            "/sub",
        ),
        (with(r#""a":{"constant":1.5}"#), "format", ""),
        ("{".to_owned(), "format", ""),
    ] {
        assert_eq!(
            fault(&document),
            (code.to_owned(), at.to_owned()),
            "{document}"
        );
    }
    let error = ClaimTemplate::from_json(with(r#""iss":{"constant":"x"}"#).as_bytes());
    assert_eq!(
        error.unwrap_err().to_string(),
        "template at `/claims/iss`: claim `iss` is set by the issuer"
    );
}

#[test]
fn limits_hold_on_both_sides() {
    let claims = |count: usize| {
        let claims: serde_json::Map<String, Value> = (0..count)
            .map(|index| (format!("c{index}"), json!({"constant": index})))
            .collect();
        json!({"sub": {"constant": "s"}, "claims": claims}).to_string()
    };
    let max = TokenSpec::MAX_CLAIMS;
    assert!(ClaimTemplate::from_json(claims(max).as_bytes()).is_ok());
    assert_eq!(fault(&claims(max + 1)).0, "too_many_claims");

    let pointers = |count: usize| {
        let list: Vec<Value> = (0..count)
            .map(|index| json!({"from": format!("/{index}"), "type": "string"}))
            .collect();
        json!({"sub": {"constant": "s"}, "claims": {"c": {"list": list}}}).to_string()
    };
    let max = jsonptr::MAX_POINTERS;
    assert!(ClaimTemplate::from_json(pointers(max).as_bytes()).is_ok());
    assert_eq!(fault(&pointers(max + 1)).0, "too_many_pointers");

    let deep = |depth: usize| {
        let inner = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"sub":{{"constant":"s"}},"claims":{{"c":{{"constant":{inner}}}}}}}"#)
    };
    // The document, `claims` and `c` are around it.
    assert!(ClaimTemplate::from_json(deep(29).as_bytes()).is_ok());
    assert_eq!(fault(&deep(30)).0, "format");
}

#[test]
fn a_template_is_read_from_any_format_of_serde() {
    let template: ClaimTemplate =
        serde_json::from_str(r#"{"sub": {"from": "/s", "type": "string"}}"#).unwrap();
    let spec = template
        .token_spec(br#"{"s": "x"}"#, Audience::one("a").unwrap())
        .unwrap();
    assert_eq!(spec.subject(), "x");
    assert_eq!(
        template
            .pointers()
            .map(jsonptr::Pointer::as_str)
            .collect::<Vec<_>>(),
        ["/s"]
    );
    let error = serde_json::from_str::<ClaimTemplate>(r#"{"sub": {"constant": "a"}, "x": 1}"#);
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("template at `/x`: there is no such member"),
        "{error}"
    );
}

#[test]
fn claims_longer_than_the_spec_allows_are_an_error_when_the_token_is_made() {
    let document =
        json!({"sub": {"constant": "s"}, "claims": {"c": {"from": "/c", "type": "string"}}});
    let context = json!({"c": "x".repeat(100)}).to_string();
    let spec = spec(&document, &context).unwrap();
    let issuer = issuer([Algorithm::EdDsa]);
    let length = payload(&issuer.issue(&spec, at(NOW)).unwrap()).len();
    let issue = |max| issuer.issue(&spec.clone().with_max_payload_bytes(max), at(NOW));
    assert!(issue(length).is_ok());
    let error = issue(length - 1).unwrap_err();
    assert_eq!(error.code(), "payload_too_long");
    assert_eq!(
        error.to_string(),
        format!(
            "a claims set of {length} bytes is longer than {}",
            length - 1
        )
    );
}
