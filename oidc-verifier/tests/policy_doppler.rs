//! Doppler's identity documents: each rule of the dialect.
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use std::time::Duration;

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::PolicyError;
use oidc_verifier::policy::doppler::Identity;
use serde_json::{Value, json};

const ISSUER: &str = "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws";
const ROLE: &str = "arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc";

fn document(claims_type: &str, claims: &Value) -> Value {
    let mut all = json!({"aud": ["doppler"], "sub": [ROLE]});
    let members = all.as_object_mut().unwrap();
    members.extend(claims.as_object().unwrap().clone());
    json!({
        "name": "ec2-prod", "ttl_seconds": 600, "method": "oidc",
        "config": {"discovery_url": ISSUER, "claims_type": claims_type, "claims": all},
    })
}

fn load(document: &Value) -> Result<Identity, PolicyError> {
    Identity::from_json(document.to_string().as_bytes())
}

fn admits_from(identity: &Identity, issuer: &str, claims: &str) -> bool {
    let issuer = IssuerIdentifier::parse(issuer).unwrap();
    let claims = identity.policy().vouched_claims(issuer, claims.as_bytes());
    identity.policy().decide(&claims.unwrap()).is_allowed()
}

/// Whether a token with the right `aud` and `sub` and these members is admitted.
fn admits(claims_type: &str, claims: &Value, members: &str) -> bool {
    let identity = load(&document(claims_type, claims)).unwrap();
    let json = format!(r#"{{"aud":"doppler","sub":"{ROLE}",{members}}}"#);
    admits_from(&identity, ISSUER, &json)
}

#[test]
fn an_identity_says_its_name_issuer_and_time_to_live() {
    let identity = load(&document("exact", &json!({}))).unwrap();
    assert_eq!(identity.name(), "ec2-prod");
    assert_eq!(identity.ttl(), Duration::from_secs(600));
    assert_eq!(identity.issuer().as_str(), ISSUER);
    assert_eq!(identity.policy().rule_id(0), Some("ec2-prod"));
}

#[test]
fn an_identity_says_which_audiences_a_verifier_must_have() {
    for (claims_type, audiences, expected) in [
        ("exact", json!(["a", "b"]), Some(vec!["a", "b"])),
        ("exact", json!(["a*"]), Some(vec!["a*"])),
        ("wildcard", json!([r"a?\\", "b"]), Some(vec![r"a?\\", "b"])),
        ("wildcard", json!(["a", "b*"]), None),
    ] {
        let claims = json!({"aud": audiences, "/x": ["no-audience"]});
        let identity = load(&document(claims_type, &claims)).unwrap();
        assert_eq!(identity.audiences(), expected, "{claims}");
    }
}

#[test]
fn all_claims_and_any_option() {
    let claims = json!({"a": ["1", "2"], "b": ["3", "4"]});
    for (members, expected) in [
        (r#""a":"1","b":"3""#, true),
        (r#""a":"2","b":"4""#, true),
        (r#""a":"1","b":"1""#, false),
        (r#""a":"3","b":"3""#, false),
        (r#""a":"1""#, false),
        (r#""b":"3""#, false),
    ] {
        for claims_type in ["exact", "wildcard"] {
            assert_eq!(admits(claims_type, &claims, members), expected, "{members}");
        }
    }
}

#[test]
fn aud_and_sub_must_be_configured() {
    for member in ["aud", "sub"] {
        let mut without = document("exact", &json!({}));
        let claims = without["config"]["claims"].as_object_mut().unwrap();
        claims.remove(member);
        let error = load(&without).unwrap_err();
        assert_eq!(
            (error.code(), error.at().as_str()),
            ("member_missing", "/config/claims")
        );
        // A pointer to the same claim is not that name.
        let claims = without["config"]["claims"].as_object_mut().unwrap();
        claims.insert(format!("/{member}"), json!(["doppler"]));
        assert_eq!(load(&without).unwrap_err().code(), "member_missing");
    }
    let identity = load(&document("exact", &json!({}))).unwrap();
    for (claims, expected) in [
        (json!({"aud": "doppler", "sub": ROLE}), true),
        (json!({"aud": "doppler", "sub": "other"}), false),
        (json!({"aud": "other", "sub": ROLE}), false),
        (json!({"aud": "doppler"}), false),
        (json!({"sub": ROLE}), false),
    ] {
        assert_eq!(
            admits_from(&identity, ISSUER, &claims.to_string()),
            expected,
            "{claims}"
        );
    }
}

#[test]
fn one_switch_makes_all_values_wildcards() {
    let claims = json!({"ref": ["refs/heads/feature*"]});
    for (reference, exact, wildcard) in [
        ("refs/heads/feature*", true, true),
        ("refs/heads/feature", false, true),
        ("refs/heads/feature/a:b\\nc", false, true),
        ("refs/heads/Feature", false, false),
        ("x/refs/heads/feature", false, false),
        ("refs/heads/main", false, false),
    ] {
        let members = format!(r#""ref":"{reference}""#);
        assert_eq!(admits("exact", &claims, &members), exact, "{reference}");
        assert_eq!(
            admits("wildcard", &claims, &members),
            wildcard,
            "{reference}"
        );
    }
    let mut default = document("exact", &claims);
    let config = default["config"].as_object_mut().unwrap();
    config.remove("claims_type");
    let identity = load(&default).unwrap();
    let token = json!({"aud": "doppler", "sub": ROLE, "ref": "refs/heads/feature-1"});
    assert!(!admits_from(&identity, ISSUER, &token.to_string()));
}

#[test]
fn only_the_asterisk_is_a_wildcard() {
    for (option, value, expected) in [
        ("a?c", "abc", false),
        ("a?c", "a?c", true),
        (r"a\*", r"a\\x", true),
        (r"a\*", "a*", false),
        ("a.c", "abc", false),
        ("[a]", "a", false),
        ("*", "", true),
        ("a*b*c", "a--b--c", true),
        ("a*b*c", "a--c--b", false),
    ] {
        let claims = json!({"c": [option]});
        let members = format!(r#""c":"{value}""#);
        assert_eq!(
            admits("wildcard", &claims, &members),
            expected,
            "{option} {value}"
        );
    }
}

#[test]
fn a_leading_slash_makes_a_pointer_and_nothing_else_does() {
    for (key, members, expected) in [
        (
            "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn",
            r#""https://sts.amazonaws.com/":{"ec2_source_instance_arn":"x"}"#,
            true,
        ),
        (
            "oidc.circleci.com/project-id",
            r#""oidc.circleci.com/project-id":"x""#,
            true,
        ),
        (
            "oidc.circleci.com/project-id",
            r#""oidc.circleci.com":{"project-id":"x"}"#,
            false,
        ),
        (
            "https://sts.amazonaws.com/",
            r#""https://sts.amazonaws.com/":"x""#,
            true,
        ),
        (
            "kubernetes.io",
            r#""kubernetes.io":{"namespace":"x"}"#,
            false,
        ),
        (
            "/kubernetes.io/namespace",
            r#""kubernetes.io":{"namespace":"x"}"#,
            true,
        ),
        ("/a/0", r#""a":["x"]"#, true),
    ] {
        assert_eq!(
            admits("exact", &json!({key: ["x"]}), members),
            expected,
            "{key}"
        );
    }
}

#[test]
fn an_array_matches_by_any_element() {
    let token = |aud: Value| json!({"aud": aud, "sub": ROLE}).to_string();
    let identity = load(&document("exact", &json!({}))).unwrap();
    for (aud, expected) in [
        (
            json!(["https://api.doppler.com", "namespace/tag", "doppler"]),
            true,
        ),
        (json!(["doppler"]), true),
        (json!(["https://api.doppler.com"]), false),
    ] {
        assert_eq!(
            admits_from(&identity, ISSUER, &token(aud.clone())),
            expected,
            "{aud}"
        );
    }
    for (members, expected) in [
        (r#""c":["y",{"x":1},null,"x"]"#, true),
        (r#""c":[42,"x"]"#, true),
        (r#""c":[]"#, false),
        (r#""c":[["x"]]"#, false),
        (r#""c":["y"]"#, false),
    ] {
        for claims_type in ["exact", "wildcard"] {
            assert_eq!(
                admits(claims_type, &json!({"c": ["x"]}), members),
                expected,
                "{members}"
            );
        }
    }
}

#[test]
fn numbers_and_booleans_compare_by_their_json_text() {
    for (option, value, expected) in [
        ("42", "42", true),
        ("42", "\"42\"", true),
        ("42", "42.0", false),
        ("42", "4.2e1", false),
        ("42.0", "42.0", true),
        ("true", "true", true),
        ("true", "\"true\"", true),
        ("True", "true", false),
        ("false", "true", false),
        ("9007199254740993", "9007199254740993", true),
        ("9007199254740993", "9007199254740992", false),
        ("42", "[41,42]", true),
    ] {
        for claims_type in ["exact", "wildcard"] {
            let members = format!(r#""c":{value}"#);
            let claims = json!({"c": [option]});
            assert_eq!(
                admits(claims_type, &claims, &members),
                expected,
                "{option} {value}"
            );
        }
    }
    assert!(admits("wildcard", &json!({"c": ["4*"]}), r#""c":42"#));
}

#[test]
fn objects_null_and_what_is_absent_never_match() {
    for option in ["*", "null", "{}", "{\"a\":1}", "[object Object]", "[]"] {
        for members in [r#""c":null"#, r#""c":{}"#, r#""c":{"a":1}"#, r#""d":"x""#] {
            for claims_type in ["exact", "wildcard"] {
                assert!(
                    !admits(claims_type, &json!({"c": [option]}), members),
                    "{option} {members}"
                );
            }
        }
    }
}

#[test]
fn the_issuer_is_that_of_the_discovery_url_to_the_byte() {
    let identity = load(&document("exact", &json!({}))).unwrap();
    let token = json!({"aud": "doppler", "sub": ROLE}).to_string();
    assert!(admits_from(&identity, ISSUER, &token));
    for other in [
        format!("{ISSUER}/"),
        "https://other.tokens.sts.global.api.aws".to_owned(),
    ] {
        assert!(!admits_from(&identity, &other, &token), "{other}");
    }
}

#[test]
fn a_document_that_is_not_an_identity_does_not_load() {
    let good = || document("exact", &json!({}));
    assert!(load(&good()).is_ok());
    for (pointer, value, code, at) in [
        ("/name", json!(""), "empty", "/name"),
        ("/ttl_seconds", json!(0), "word_unknown", "/ttl_seconds"),
        ("/ttl_seconds", json!(1.5), "word_unknown", "/ttl_seconds"),
        ("/ttl_seconds", json!(-1), "word_unknown", "/ttl_seconds"),
        ("/ttl_seconds", json!("600"), "wrong_kind", "/ttl_seconds"),
        ("/method", json!("token"), "word_unknown", "/method"),
        ("/config", json!([]), "wrong_kind", "/config"),
        (
            "/config/discovery_url",
            json!("http://x.example"),
            "issuer_invalid",
            "/config/discovery_url",
        ),
        (
            "/config/claims_type",
            json!("glob"),
            "word_unknown",
            "/config/claims_type",
        ),
        ("/config/claims", json!([]), "wrong_kind", "/config/claims"),
        (
            "/config/claims/aud",
            json!([]),
            "empty",
            "/config/claims/aud",
        ),
        (
            "/config/claims/aud",
            json!("doppler"),
            "wrong_kind",
            "/config/claims/aud",
        ),
        (
            "/config/claims/aud",
            json!([1]),
            "wrong_kind",
            "/config/claims/aud/0",
        ),
        (
            "/config/claims/sub",
            json!([""]),
            "empty",
            "/config/claims/sub/0",
        ),
    ] {
        let mut document = good();
        *document.pointer_mut(pointer).unwrap() = value;
        let error = load(&document).unwrap_err();
        assert_eq!((error.code(), error.at().as_str()), (code, at), "{pointer}");
    }
    for (place, member, at) in [
        ("", "ttl", "/ttl"),
        ("/config", "claim_type", "/config/claim_type"),
    ] {
        let mut document = good();
        document.pointer_mut(place).unwrap()[member] = json!("x");
        let error = load(&document).unwrap_err();
        assert_eq!((error.code(), error.at().as_str()), ("member_unknown", at));
    }
    for (key, code, at) in [
        ("", "empty", "/config/claims/"),
        ("/a~", "pointer_invalid", "/config/claims/~1a~0"),
    ] {
        let error = load(&document("exact", &json!({key: ["x"]}))).unwrap_err();
        assert_eq!((error.code(), error.at().as_str()), (code, at));
    }
    let twice = good()
        .to_string()
        .replace(r#""aud":["doppler"]"#, r#""aud":["x"],"aud":["doppler"]"#);
    let error = Identity::from_json(twice.as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("duplicate_member", "/config/claims/aud")
    );
}

#[test]
fn a_refusal_is_explained() {
    let claims = json!({"/https:~1~1sts.amazonaws.com~1/source_region": ["eu-north-1"]});
    let identity = load(&document("exact", &claims)).unwrap();
    let json = format!(
        r#"{{"aud":"doppler","sub":"{ROLE}","https://sts.amazonaws.com/":{{"sourceRegion":"eu-north-1"}}}}"#
    );
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = identity
        .policy()
        .vouched_claims(issuer, json.as_bytes())
        .unwrap();
    let view = identity.policy().decide(&claims).for_operator();
    let nearest = view.nearest.unwrap();
    assert_eq!(nearest.rule.unwrap().id, "ec2-prod");
    assert_eq!(
        nearest.hint,
        "`/https:~1~1sts.amazonaws.com~1/source_region`: no such claim; did you mean `sourceRegion`"
    );
}
