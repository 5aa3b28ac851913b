//! The contract of `examples/verify.rs`: what it answers, line by line.

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/verify.rs"]
mod program;

use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate};
use serde_json::{Value, json};

fn answer_line(line: &str) -> Value {
    serde_json::from_str(&program::answer_line(line.as_bytes())).unwrap_or_default()
}

/// A request that is answered with yes.
fn good() -> Result<Value, Box<dyn std::error::Error>> {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?;
    let id = IssuerIdentifier::parse("https://ci.example")?;
    let issuer = Issuer::builder(id).key(key).build()?;
    let spec = TokenSpec::new("job-42", "deploy")?;
    let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
    Ok(json!({
        "id": "a",
        "token_b64": base64_simd::STANDARD.encode_to_string(token.as_str()),
        "jwks": String::from_utf8(issuer.jwk_set_document().bytes.clone())?,
        "issuer": "https://ci.example",
        "audience": ["other", "deploy"],
        "allowed_algs": ["ES256", "none", "HS256"],
        "now": 1_790_000_000,
        "leeway": 60,
        "unknown member": true,
    }))
}

#[test]
fn a_good_token_is_answered_with_its_subject() {
    let answer = answer_line(&good().unwrap().to_string());
    assert_eq!(answer, json!({"id": "a", "ok": true, "subject": "job-42"}));
}

#[test]
fn a_refusal_has_a_stable_code_and_a_class() {
    for (member, value, why, class) in [
        ("now", json!(1_790_000_360), "expired", "refused"),
        ("audience", json!(["other"]), "aud_foreign", "refused"),
        (
            "issuer",
            json!("https://ci.example/"),
            "issuer_untrusted",
            "refused",
        ),
        (
            "allowed_algs",
            json!(["RS256"]),
            "alg_not_allowed",
            "refused",
        ),
        (
            "allowed_algs",
            json!(["none"]),
            "no_algorithm",
            "unavailable",
        ),
        ("audience", json!([]), "audience_empty", "unavailable"),
        ("audience", json!([""]), "audience_empty", "unavailable"),
        (
            "issuer",
            json!("http://ci.example"),
            "not_https",
            "unavailable",
        ),
        ("leeway", json!(u64::MAX), "leeway_too_long", "unavailable"),
        ("now", json!(-1), "instant_before_1970", "unavailable"),
        (
            "token_b64",
            json!("YS5iLmM="),
            "header_base64url",
            "refused",
        ),
    ] {
        let mut request = good().unwrap();
        request[member] = value;
        let answer = answer_line(&request.to_string());
        let expected = json!({"id": "a", "ok": false, "why": why, "class": class});
        assert_eq!(answer, expected, "{member}");
    }
}

#[test]
fn a_key_set_that_cannot_be_read_makes_the_service_unavailable() {
    for jwks in [
        "",
        "{}",
        "{\"keys\":[]}",
        "<html>",
        "{\"keys\":[],\"keys\":[]}",
    ] {
        let mut request = good().unwrap();
        request["jwks"] = json!(jwks);
        let answer = answer_line(&request.to_string());
        assert_eq!(answer["class"], "unavailable", "{jwks}");
        assert_eq!(answer["ok"], false, "{jwks}");
    }
}

/// A set of which no key may verify signatures is as good as none (RFC 7517 section 4.2).
#[test]
fn keys_that_cannot_be_used_make_the_service_unavailable() {
    let mut request = good().unwrap();
    let jwks = request["jwks"].as_str().unwrap_or_default();
    let jwks = jwks.replace(r#""use":"sig""#, r#""use":"enc""#);
    assert!(jwks.contains("enc"), "{jwks}");
    request["jwks"] = json!(jwks);
    assert_eq!(
        answer_line(&request.to_string()),
        json!({"id": "a", "ok": false, "why": "no_usable_key", "class": "unavailable"})
    );
}

/// The caller must act, and no fetch helps: for want of keys nothing is said of other tokens only.
#[test]
fn a_token_that_no_key_could_save_is_refused_without_keys() {
    let base64 = |text: &str| json!(base64_simd::STANDARD.encode_to_string(text));
    // `{"alg":"none"}` and `{}`.
    let unsecured = base64("eyJhbGciOiJub25lIn0.e30.AA");
    for (member, value, why) in [
        ("token_b64", base64("a.b"), "not_three_parts"),
        ("token_b64", unsecured, "alg_unsupported"),
        ("issuer", json!("https://other.example"), "issuer_untrusted"),
        ("allowed_algs", json!(["RS256"]), "alg_not_allowed"),
    ] {
        for jwks in ["", r#"{"keys":[]}"#] {
            let mut request = good().unwrap();
            request["jwks"] = json!(jwks);
            request[member] = value.clone();
            assert_eq!(
                answer_line(&request.to_string()),
                json!({"id": "a", "ok": false, "why": why, "class": "refused"})
            );
        }
    }
}

#[test]
fn the_id_comes_back_as_it_was_written_and_other_members_are_ignored() {
    for (members, id) in [
        (
            r#""id":100000000000000000000000000000001"#,
            "100000000000000000000000000000001",
        ),
        (
            r#""\u0069d":[1.50e1, {"a":"\ud800"}]"#,
            r#"[1.50e1, {"a":"\ud800"}]"#,
        ),
        (r#""x":"\ud800","x":1e999,"id":"é""#, r#""é""#),
        (r#""x":0"#, "null"),
    ] {
        let answer = program::answer_line(format!("{{{members}}}").as_bytes());
        let expected = format!(r#"{{"id":{id},"error":"missing field"#);
        assert!(answer.starts_with(&expected), "{answer}");
    }
}

#[test]
fn a_bad_line_is_answered_with_an_error() {
    for (line, id) in [
        ("", json!(null)),
        ("not json", json!(null)),
        ("[]", json!(null)),
        (r#"["a"]"#, json!(null)),
        (r#"{"id":7,"id":8}"#, json!(null)),
        (r#"{"id":7}"#, json!(7)),
    ] {
        let answer = answer_line(line);
        assert_eq!(answer["id"], id, "{line}");
        assert!(answer["error"].is_string(), "{line}");
    }
    let good = good().unwrap();
    let twice = good.to_string().replacen('{', r#"{"now":1790000000,"#, 1);
    let answer = answer_line(&twice);
    assert_eq!(answer["id"], "a");
    assert!(
        answer["error"].as_str().unwrap().contains("`now`"),
        "{answer}"
    );

    let mut request = good;
    request["token_b64"] = json!("*");
    let answer = answer_line(&request.to_string());
    assert_eq!(
        answer,
        json!({"id": "a", "error": "`token_b64` is not base64"})
    );
}
