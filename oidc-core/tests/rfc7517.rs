//! The key sets of RFC 7517 appendix A.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use oidc_core::{Algorithm, JwkSet, JwkSetError};
use serde_json::Value;

fn appendix(section: &str) -> Result<JwkSet, JwkSetError> {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/rfc7517.json")).expect("the file is JSON");
    let cases = vectors
        .get("cases")
        .and_then(Value::as_array)
        .expect("cases");
    assert_eq!(cases.len(), 3);
    let named = |case: &&Value| case.get("section").and_then(Value::as_str) == Some(section);
    let case = cases.iter().find(named).expect("the section is there");
    JwkSet::parse(case.get("jwks").expect("jwks").to_string().as_bytes())
}

fn codes(error: &JwkSetError) -> Vec<&'static str> {
    let JwkSetError::NoUsableKey { skipped, .. } = error else {
        return vec![error.code()];
    };
    skipped.iter().map(|key| key.reason().code()).collect()
}

#[test]
fn appendix_a_1_gives_the_signature_key_and_skips_the_encryption_key() {
    let set = appendix("A.1").unwrap();
    let [key] = set.keys() else { panic!("one key") };
    assert_eq!(key.kid(), Some("2011-04-29"));
    assert_eq!(key.alg(), Some(Algorithm::Rs256));
    let [skipped] = set.skipped() else {
        panic!("one skipped")
    };
    assert_eq!((skipped.index(), skipped.kid()), (0, Some("1")));
    assert_eq!(skipped.reason().code(), "use_not_sig");
}

#[test]
fn appendix_a_2_holds_private_keys_and_gives_nothing() {
    let error = appendix("A.2").unwrap_err();
    assert_eq!(codes(&error), ["private_member", "private_member"]);
}

#[test]
fn appendix_a_3_holds_symmetric_keys_and_gives_nothing() {
    let error = appendix("A.3").unwrap_err();
    assert_eq!(codes(&error), ["symmetric_key", "symmetric_key"]);
    assert_eq!(error.code(), "no_usable_key");
    assert_eq!(error.to_string(), "JWK Set has no usable key, 2 skipped");
}
