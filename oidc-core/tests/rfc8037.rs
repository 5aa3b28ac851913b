//! The Ed25519 examples of RFC 8037 appendix A.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use oidc_core::{Algorithm, CompactJws, Jwk, JwkError, PublicKey, ThumbprintHash, base64url};
use serde_json::Value;

fn appendix() -> Value {
    serde_json::from_str(include_str!("vectors/rfc8037.json")).expect("the file is JSON")
}

#[test]
fn appendix_a_1_is_a_private_key() {
    let case = &appendix()["cases"][0];
    assert_eq!(case["section"], "A.1");
    let error = Jwk::parse(case["private_jwk"].to_string().as_bytes()).unwrap_err();
    assert!(matches!(error, JwkError::PrivateMember { member: "d", .. }));
}

#[test]
fn appendix_a_2_and_a_3_are_the_public_key_and_its_thumbprint() {
    let cases = &appendix()["cases"];
    assert_eq!(cases.as_array().unwrap().len(), 4);
    assert_eq!(
        (&cases[1]["section"], &cases[2]["section"]),
        (&"A.2".into(), &"A.3".into())
    );
    let jwk = Jwk::parse(cases[1]["public_jwk"].to_string().as_bytes()).unwrap();
    let PublicKey::Ed25519(key) = jwk.key() else {
        panic!("an Ed25519 key")
    };
    let x = cases[1]["public_jwk"]["x"].as_str().unwrap();
    assert_eq!(base64url::encode(key.as_bytes()), x);
    let thumbprint = jwk.thumbprint(ThumbprintHash::S256);
    assert_eq!(
        thumbprint.as_str(),
        cases[2]["thumbprint_sha256"].as_str().unwrap()
    );
}

#[test]
fn appendix_a_4_names_an_algorithm_that_the_key_serves() {
    let cases = &appendix()["cases"];
    let jwk = Jwk::parse(cases[1]["public_jwk"].to_string().as_bytes()).unwrap();
    let case = &cases[3];
    let jws = CompactJws::parse(case["compact"].as_str().unwrap().as_bytes()).unwrap();
    let payload = base64url::decode(jws.payload()).unwrap();
    assert_eq!(payload, case["payload_text"].as_str().unwrap().as_bytes());
    let signature = base64url::decode(jws.signature()).unwrap();
    assert_eq!(signature.len(), jwk.key().signature_len());
    assert!(jwk.fits(case["alg"].as_str().unwrap().parse().unwrap()));
    assert!(jwk.fits(Algorithm::Ed25519));
}
