//! The signed examples of RFC 7520 section 4 (the JOSE cookbook) and of RFC 7797, through the public
//! interface: none is a token, and each is refused for its own reason. The signatures of those in
//! compact serialization are checked in `src/signature/vectors/jose.rs`.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use oidc_verifier::Verifier;
use serde_json::Value;
use support::{AUDIENCE, ISSUER, NOW, at, identifier};

/// The code of the refusal of each form, by name. The verifier has no keys: that would be said
/// last, of a token that nothing else is wrong with.
fn refusals(example: &str) -> Vec<(String, &'static str)> {
    let example: Value = serde_json::from_str(example).unwrap();
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE);
    let verifier = verifier.build().unwrap();
    let refuse = |form: &Value| {
        let text = form
            .as_str()
            .map_or_else(|| form.to_string(), str::to_owned);
        verifier
            .verify(text.as_bytes(), at(NOW))
            .unwrap_err()
            .code()
    };
    let forms = example["output"].as_object().unwrap();
    forms
        .iter()
        .map(|(name, form)| (name.clone(), refuse(form)))
        .collect()
}

fn named(forms: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    forms
        .iter()
        .map(|(name, code)| ((*name).to_owned(), *code))
        .collect()
}

/// The JSON forms, after the compact one.
fn with_json(compact: &'static str) -> Vec<(String, &'static str)> {
    let json = "not_three_parts";
    named(&[("compact", compact), ("json", json), ("json_flat", json)])
}

fn json_only() -> Vec<(String, &'static str)> {
    named(&[
        ("json", "not_three_parts"),
        ("json_flat", "not_three_parts"),
    ])
}

#[test]
fn sections_4_1_to_4_3_sign_a_text_that_is_no_claims_set() {
    for example in [
        include_str!("vectors/jose-cookbook/jws/4_1.rsa_v15_signature.json"),
        include_str!("vectors/jose-cookbook/jws/4_2.rsa-pss_signature.json"),
        include_str!("vectors/jose-cookbook/jws/4_3.ecdsa_signature.json"),
        include_str!("vectors/jose-cookbook/curve25519/jws.json"),
    ] {
        assert_eq!(refusals(example), with_json("claims_json"));
    }
}

#[test]
fn section_4_4_is_an_hmac() {
    let example = include_str!("vectors/jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json");
    assert_eq!(refusals(example), with_json("alg_unsupported"));
}

#[test]
fn section_4_5_is_detached() {
    let example =
        include_str!("vectors/jose-cookbook/jws/4_5.signature_with_detached_content.json");
    assert_eq!(refusals(example), with_json("empty_part"));
}

#[test]
fn sections_4_6_and_4_7_have_unprotected_headers() {
    for example in [
        include_str!("vectors/jose-cookbook/jws/4_6.protecting_specific_header_fields.json"),
        include_str!("vectors/jose-cookbook/jws/4_7.protecting_content_only.json"),
    ] {
        assert_eq!(refusals(example), json_only());
    }
}

#[test]
fn section_4_8_has_several_signatures() {
    let example = include_str!("vectors/jose-cookbook/jws/4_8.multiple_signatures.json");
    assert_eq!(refusals(example), named(&[("json", "not_three_parts")]));
}

/// `b64: false` is not for tokens (RFC 7797 section 7).
#[test]
fn rfc_7797_payloads_are_not_encoded() {
    let example = include_str!("vectors/jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json");
    assert_eq!(refusals(example), json_only());
    let example = include_str!("vectors/jose-cookbook/rfc7797/hmac-sha2_b64_false.json");
    assert_eq!(refusals(example), with_json("crit_unknown"));
}
