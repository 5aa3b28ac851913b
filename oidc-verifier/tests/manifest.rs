//! A manifest of tokens (`vectors/tokens/sample.json`): every case, through the public interface.
//!
//! `defaults` and each case give issuer, audience, allowed algorithms, time and leeway; `expected`
//! is what to do, and `strictness` `must` what every relying party does, `should` hardening.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use std::time::Duration;

use oidc_core::Algorithm;
use oidc_verifier::{JwkSet, Verifier};
use serde_json::Value;
use support::{AWS_LC_RS, at, identifier};

fn manifest() -> Value {
    serde_json::from_str(include_str!("vectors/tokens/sample.json")).unwrap()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
}

/// `ok`, or the code of the error.
fn outcome(manifest: &Value, case: &Value) -> &'static str {
    let setting = |name: &str| case.get(name).unwrap_or(&manifest["defaults"][name]);
    let set = match case.get("jwks_ref") {
        Some(name) => &manifest["jwks"][name.as_str().unwrap()],
        None => &case["jwks"],
    };
    let set = match JwkSet::parse(set.to_string().as_bytes()) {
        Ok(set) => set,
        Err(error) => return error.code(),
    };
    let algorithms = texts(setting("allowed_algs")).map(|name| name.parse::<Algorithm>().unwrap());
    let algorithms = algorithms.filter(|one| AWS_LC_RS || *one != Algorithm::Es512);
    let audiences = setting("audience");
    assert_eq!(texts(audiences).count(), 1);
    let audience = audiences[0].as_str().unwrap();
    let verifier = Verifier::builder()
        .issuer(identifier(setting("issuer").as_str().unwrap()))
        .audience(audience)
        .algorithms(algorithms)
        .leeway(Duration::from_secs(setting("leeway").as_u64().unwrap()))
        .keys(set)
        .build()
        .unwrap();
    let now = at(setting("now").as_i64().unwrap());
    match verifier.verify(case["token"].as_str().unwrap().as_bytes(), now) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

#[test]
fn every_case_has_its_outcome() {
    let manifest = manifest();
    let cases = manifest["cases"].as_array().unwrap();
    let outcomes: Vec<(&str, &str)> = cases
        .iter()
        .map(|case| (case["id"].as_str().unwrap(), outcome(&manifest, case)))
        .collect();
    for (case, (id, outcome)) in cases.iter().zip(&outcomes) {
        // `must` and `should` alike; there is no `choice` among the cases.
        assert!(["must", "should"].contains(&case["strictness"].as_str().unwrap()));
        assert_eq!(*outcome == "ok", case["expected"] == "accept", "{id}");
    }
    assert_eq!(outcomes, OUTCOMES);
}

/// All 32 cases, 8 to accept and 24 to refuse, each at its step.
const OUTCOMES: [(&str, &str); 32] = [
    ("ok-rs256", "ok"),
    ("ok-ps256", "ok"),
    ("ok-es256", "ok"),
    ("ok-es384", "ok"),
    ("ok-eddsa", "ok"),
    ("ok-typ-absent", "ok"),
    ("ok-aud-array-one", "ok"),
    ("ok-extra-jwks-keys", "ok"),
    ("ser-two-parts", "not_three_parts"),
    ("ser-empty-sig", "empty_part"),
    ("b64-payload-padded", "payload_base64url"),
    ("ser-json-flattened", "not_three_parts"),
    ("dup-iss-last-bad", "claims_json"),
    ("alg-none-00-empty", "empty_part"),
    ("alg-none-03-empty", "empty_part"),
    ("alg-confusion-rsa-spki-pem-hs256", "alg_unsupported"),
    ("crit-unknown", "crit_unknown"),
    ("hdr-jwk-embedded", "kid_required"),
    ("kid-unknown", "key_unknown"),
    ("sig-rs256-flip-last", "signature"),
    ("sig-es256-zeros", "signature"),
    ("sig-es256-der", "signature"),
    ("iss-other", "issuer_untrusted"),
    ("iss-slash", "issuer_untrusted"),
    ("aud-missing", "aud_missing"),
    ("aud-other", "aud_foreign"),
    ("exp-past", "expired"),
    ("exp-value-missing", "exp_missing"),
    ("exp-value-string", "exp_malformed"),
    ("nbf-future", "not_yet_valid"),
    ("jwk-use-enc", "no_usable_key"),
    ("jwk-rsa-1024", "no_usable_key"),
];
