//! The examples of RFC 7515: base64url, and what a compact serialization is.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use oidc_core::{CompactError, CompactJws, Jwk, JwkError, JwsPart, base64url};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/rfc7515.json")).expect("the file is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[test]
fn appendix_c_and_rfc_4648_section_10_are_read_and_written() {
    let vectors = vectors();
    let cases = vectors["base64url"].as_array().unwrap();
    for case in cases {
        let bytes: Vec<u8> = serde_json::from_value(case["bytes"].clone()).unwrap();
        assert_eq!(base64url::encode(&bytes), text(&case["text"]));
        assert_eq!(base64url::decode(text(&case["text"])), Ok(bytes));
    }
    assert_eq!(cases.len(), 8);
}

#[test]
fn section_2_allows_one_text_for_each_byte_string() {
    let vectors = vectors();
    let cases = vectors["base64url_refuse"].as_array().unwrap();
    let codes: Vec<&str> = cases
        .iter()
        .map(|case| base64url::decode(text(&case["text"])).unwrap_err().code())
        .collect();
    assert_eq!(
        codes,
        [
            "base64url_stray_bits", // truncated
            "base64url_padding",
            "base64url_byte", // standard alphabet
            "base64url_stray_bits",
            "base64url_byte", // line break
            "base64url_byte", // space
            "base64url_incomplete",
            "base64url_stray_bits",
            "base64url_padding",
            "base64url_padding",
        ]
    );
}

#[test]
fn appendix_a_compact_examples_split_into_their_parts() {
    let vectors = vectors();
    let mut split = Vec::new();
    let mut refused = Vec::new();
    let mut json = Vec::new();
    for case in vectors["cases"].as_array().unwrap() {
        let section = text(&case["section"]);
        let Some(compact) = case["compact"].as_str() else {
            let document = case["json"].to_string();
            let error = CompactJws::parse(document.as_bytes()).unwrap_err();
            assert_eq!(error, CompactError::NotThreeParts, "{section}");
            json.push(section);
            continue;
        };
        match CompactJws::parse(compact.as_bytes()) {
            Ok(jws) => {
                let header = base64url::decode(jws.header()).unwrap();
                assert_eq!(header, text(&case["header_text"]).as_bytes());
                let payload = base64url::decode(jws.payload()).unwrap();
                assert_eq!(payload, text(&case["payload_text"]).as_bytes());
                let (input, signature) = compact.rsplit_once('.').unwrap();
                assert_eq!(jws.signing_input(), input.as_bytes());
                assert_eq!(jws.signature(), signature.as_bytes());
                split.push(section);
            }
            Err(error) => {
                let part = JwsPart::Signature;
                assert!(
                    matches!(error, CompactError::EmptyPart { part: empty, .. } if empty == part)
                );
                refused.push(section);
            }
        }
    }
    assert_eq!(split, ["A.1", "A.2", "A.3", "A.4"]);
    assert_eq!(refused, ["A.5", "E"], "`alg` none: the signature is empty");
    assert_eq!(json, ["A.6", "A.7"], "JSON serializations");
}

#[test]
fn appendix_a_keys_are_read_when_they_are_public() {
    let vectors = vectors();
    let mut algorithms = Vec::new();
    for case in vectors["cases"].as_array().unwrap() {
        let Some(private) = case.get("jwk") else {
            continue;
        };
        let error = Jwk::parse(private.to_string().as_bytes()).unwrap_err();
        let public = &case["public_jwk"];
        if public.is_null() {
            assert_eq!(error, JwkError::SymmetricKey);
            continue;
        }
        assert!(matches!(error, JwkError::PrivateMember { member: "d", .. }));
        let jwk = Jwk::parse(public.to_string().as_bytes()).unwrap();
        let algorithm = text(&case["alg"]).parse().unwrap();
        assert!(jwk.fits(algorithm));
        assert!(jwk.with_alg(algorithm).is_ok());
        algorithms.push(text(&case["alg"]));
    }
    assert_eq!(algorithms, ["RS256", "ES256", "ES512"]);
}
