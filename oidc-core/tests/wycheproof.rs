//! The key sets of Wycheproof's `json_web_key` tests, as far as keys go: which of them are usable
//! and why the others are not. Signatures are checked elsewhere.
//!
//! Where the file refuses a whole set and this crate keeps a good key of it, the reason stands with
//! the case: RFC 7517 section 5 skips unusable keys, and no key that is kept can be misused.

use oidc_core::{Jwk, JwkSet, JwkSetError};
use serde_json::Value;

/// The `kid` of each usable key, and the code of each skipped one.
fn outcome(set: &Value) -> (Vec<String>, Vec<&'static str>) {
    let kid = |key: &Jwk| key.kid().unwrap_or_default().to_owned();
    match JwkSet::parse(set.to_string().as_bytes()) {
        Ok(set) => (
            set.keys().iter().map(kid).collect(),
            set.skipped()
                .iter()
                .map(|key| key.reason().code())
                .collect(),
        ),
        Err(JwkSetError::NoUsableKey { skipped, .. }) => (
            Vec::new(),
            skipped.iter().map(|key| key.reason().code()).collect(),
        ),
        Err(error) => (Vec::new(), vec![error.code()]),
    }
}

#[test]
fn no_unfit_key_of_any_set_is_usable() {
    let vectors: Value = serde_json::from_str(include_str!(
        "vectors/wycheproof/json_web_key_test.part.json"
    ))
    .unwrap();
    let groups = vectors["testGroups"].as_array().unwrap();
    let mut tests = 0;
    let mut outcomes = Vec::new();
    for group in groups {
        tests += group["tests"].as_array().unwrap().len();
        let comment = group["comment"].as_str().unwrap();
        // A verifier gets the public half where the file has one.
        let set = group.get("public").unwrap_or(&group["private"]);
        let (usable, skipped) = outcome(set);
        let usable = usable.join(" ");
        outcomes.push(format!("{comment}: [{usable}] {}", skipped.join(" ")));
    }
    assert_eq!(
        outcomes,
        [
            // 1: refused by the file for mixing kinds. The EC key is good; the token names the
            // symmetric one, which is not there.
            "jws_mixedSymmetryKeyset: [kid-ec-sign] symmetric_key",
            // 2, 3: symmetric only; the valid case 2 is refused like any HMAC.
            "jws_keyset: [] symmetric_key symmetric_key",
            // 5: valid.
            "rs256: [kid-rsa-sign] ",
            // 6: `use` is `enc`.
            "rs256: [] use_not_sig",
            // 8: 1024 bits.
            "keysize_too_small: [] modulus_size",
            // 10, 13, 16: symmetric, too short, long and empty; the valid case 13 too.
            "HS256: [] symmetric_key",
            "HS256: [] symmetric_key",
            "HS256: [] symmetric_key",
            // 19: `alg` is `ES521`.
            "wrong_algorithm: [] unknown_alg",
            // 21: `use` is `enc`.
            "invalid_use: [] use_not_sig",
            // 23: a point of P-256 under the name P-384.
            "wrong_curve: [] coordinate_length",
            // 25: symmetric.
            "invalid_aes_gcm_key: [] symmetric_key",
        ]
    );
    assert_eq!((groups.len(), tests), (12, 13));
}
