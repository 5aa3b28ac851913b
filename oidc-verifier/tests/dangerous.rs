//! What may be read of a token that nobody has verified: which of the caller's issuers it names.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use oidc_core::{Algorithm, CompactJws};
use oidc_verifier::dangerous::Unverified;
use support::{Honest, ISSUER, Shape, identifier, mint};

fn honest() -> Honest {
    mint(Algorithm::EdDsa, Shape::Aws)
}

fn refusal(token: &str) -> &'static str {
    Unverified::read(token.as_bytes()).unwrap_err().code()
}

#[test]
fn a_token_names_one_of_the_issuers_that_the_caller_names() {
    let ours = ["https://other.example", ISSUER, "https://third.example"].map(identifier);
    let unverified = Unverified::read(honest().token.as_bytes()).unwrap();
    assert_eq!(unverified.issuer_among(&ours), Some(&ours[1]));
    assert_eq!(unverified.issuer_among(&ours[2..]), None);
    assert_eq!(unverified.issuer_among([]), None);
    // Whatever the signature is worth.
    let forged = honest().with_signature([0; 64]);
    let unverified = Unverified::read(forged.as_bytes()).unwrap();
    assert_eq!(unverified.issuer_among(&ours), Some(&ours[1]));
}

#[test]
fn an_issuer_is_named_byte_for_byte() {
    let near = [
        format!("{ISSUER}/"),
        ISSUER.replace("oidc", "OIDC"),
        ISSUER.replace("/org", ":443/org"),
        ISSUER.replace("/0c7b", ""),
    ];
    let ours = near.map(|text| identifier(&text));
    let unverified = Unverified::read(honest().token.as_bytes()).unwrap();
    assert_eq!(unverified.issuer_among(&ours), None);
    let escaped = honest().with_claim("iss", &format!("\"{}\"", ISSUER.replace('o', "\\u006f")));
    let unverified = Unverified::read(escaped.as_bytes()).unwrap();
    assert!(unverified.issuer_among(&[identifier(ISSUER)]).is_some());
}

/// The token's words are nobody's: not even the debug form has them.
#[test]
fn nothing_else_comes_out() {
    let unverified = Unverified::read(honest().token.as_bytes()).unwrap();
    assert_eq!(format!("{unverified:?}"), "Unverified { .. }");
}

#[test]
fn what_is_no_token_is_refused_as_a_verifier_does() {
    let honest = honest();
    let [header, _, signature] = honest.parts();
    for (token, code) in [
        ("a.b".to_owned(), "not_three_parts"),
        (format!("{header}..{signature}"), "empty_part"),
        (format!("{header}.A=.{signature}"), "payload_base64url"),
        (honest.with_claims("[]"), "claims_not_object"),
        (
            honest.with_claims("{\"iss\":\"a\",\"iss\":\"b\"}"),
            "claims_json",
        ),
        (honest.without_claim("iss"), "iss_missing"),
        (honest.with_claim("iss", "[\"a\"]"), "iss_malformed"),
        (honest.with_claim("iss", "\"\""), "iss_malformed"),
    ] {
        assert_eq!(refusal(&token), code);
    }
    let longest = "A".repeat(CompactJws::DEFAULT_MAX_BYTES);
    assert_eq!(refusal(&longest), "not_three_parts");
    assert_eq!(refusal(&format!("{longest}A")), "token_too_long");
}
