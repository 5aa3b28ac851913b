//! The signed example of RFC 8037 appendix A.4, through the public interface. Its signature is
//! checked in `src/signature/vectors/jose.rs`.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use oidc_core::Algorithm;
use oidc_issuer::SigningKey;
use oidc_verifier::Verifier;
use serde_json::Value;
use support::{AUDIENCE, ISSUER, NOW, at, identifier, jwk_set, parse_set, sign};

fn case(section: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc8037.json")).unwrap();
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases
        .find(|case| case["section"] == section)
        .unwrap()
        .clone()
}

/// A verifier with the key of appendix A.2.
fn verifier() -> Verifier {
    let set = format!("{{\"keys\":[{}]}}", case("A.2")["public_jwk"]);
    let builder = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE);
    builder.keys(parse_set(&set)).build().unwrap()
}

#[test]
fn appendix_a_4_signs_a_text_that_is_no_claims_set() {
    let token = case("A.4, A.5")["compact"].as_str().unwrap().to_owned();
    let error = verifier().verify(token.as_bytes(), at(NOW)).unwrap_err();
    assert_eq!(error.code(), "claims_json");
}

#[test]
fn the_key_of_appendix_a_1_signs_what_that_of_a_2_verifies() {
    let private = case("A.1")["private_jwk"].to_string();
    let key = SigningKey::from_jwk_json(Algorithm::EdDsa, private.as_bytes()).unwrap();
    let claims =
        format!(r#"{{"iss":"{ISSUER}","sub":"a","aud":"{AUDIENCE}","iat":{NOW},"exp":{NOW}}}"#);
    let token = sign(&key, r#"{"alg":"EdDSA"}"#, claims);
    assert_eq!(
        verifier()
            .verify(token.as_bytes(), at(NOW))
            .unwrap()
            .subject(),
        "a"
    );
    // The thumbprint of appendix A.3 is its `kid`.
    assert_eq!(
        key.kid(),
        case("A.3")["thumbprint_sha256"].as_str().unwrap()
    );
    assert!(jwk_set([&key]).contains(key.kid()));
}
