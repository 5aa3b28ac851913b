//! The signed examples of RFC 7515, through the public interface. Their signatures are checked in
//! `src/signature/vectors/jose.rs`; here it shows at which step a relying party stops: `joe` is not
//! an issuer that could be configured.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use oidc_verifier::Verifier;
use oidc_verifier::dangerous::Unverified;
use serde_json::Value;
use support::{AUDIENCE, ISSUER, algorithms, at, identifier, parse_set};

fn case(section: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc7515.json")).unwrap();
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases
        .find(|case| case["section"] == section)
        .unwrap()
        .clone()
}

/// The code of the refusal, by a verifier that holds the example's key.
fn refusal(case: &Value, token: &str) -> &'static str {
    let builder = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms(algorithms());
    let jwk = &case["public_jwk"];
    let builder = if jwk.is_object() {
        builder.keys(parse_set(&format!("{{\"keys\":[{jwk}]}}")))
    } else {
        builder
    };
    let verifier = builder.build().unwrap();
    verifier
        .verify(token.as_bytes(), at(1_300_819_300))
        .unwrap_err()
        .code()
}

fn compact(section: &str) -> &'static str {
    let case = case(section);
    refusal(&case, case["compact"].as_str().unwrap())
}

#[test]
fn appendix_a_1_is_an_hmac() {
    assert_eq!(compact("A.1"), "alg_unsupported");
}

#[test]
fn appendix_a_2_is_of_an_issuer_that_nobody_trusts() {
    assert_eq!(compact("A.2"), "issuer_untrusted");
    let token = case("A.2")["compact"].as_str().unwrap().to_owned();
    let unverified = Unverified::read(token.as_bytes()).unwrap();
    assert_eq!(unverified.issuer_among(&[identifier(ISSUER)]), None);
    assert!(!format!("{:?}", Unverified::read(b"a.b.c")).contains("a.b.c"));
}

#[test]
fn appendix_a_3_is_of_an_issuer_that_nobody_trusts() {
    assert_eq!(compact("A.3"), "issuer_untrusted");
}

#[test]
fn appendix_a_4_has_a_payload_that_is_no_claims_set() {
    let case = case("A.4");
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE);
    let verifier = verifier.build().unwrap();
    let token = case["compact"].as_str().unwrap();
    let error = verifier.verify(token.as_bytes(), at(0)).unwrap_err();
    assert_eq!(error.code(), "claims_json");
}

#[test]
fn appendix_a_5_is_unsecured() {
    assert_eq!(compact("A.5"), "empty_part");
    let case = case("A.5");
    let signed = format!("{}AA", case["compact"].as_str().unwrap());
    assert_eq!(refusal(&case, &signed), "alg_unsupported");
}

#[test]
fn appendices_a_6_and_a_7_are_json_serializations() {
    for section in ["A.6", "A.7"] {
        let case = case(section);
        assert_eq!(refusal(&case, &case["json"].to_string()), "not_three_parts");
    }
}

#[test]
fn appendix_e_has_a_critical_extension_that_nobody_knows() {
    assert_eq!(compact("E"), "empty_part");
    let case = case("E");
    let signed = format!("{}AA", case["compact"].as_str().unwrap());
    assert_eq!(refusal(&case, &signed), "crit_unknown");
}
