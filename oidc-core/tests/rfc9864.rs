//! RFC 9864: which `alg` names say everything.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use oidc_core::{Algorithm, UnknownAlgorithm};
use serde_json::{Map, Value};

fn names(member: &str) -> Map<String, Value> {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/rfc9864.json")).expect("the file is JSON");
    let names = vectors.get(member).and_then(Value::as_object);
    names.cloned().expect("an object of names")
}

#[test]
fn every_fully_specified_name_but_two_is_an_algorithm() {
    let names = names("fully_specified");
    let mut unknown = Vec::new();
    for name in names.keys() {
        match name.parse::<Algorithm>() {
            Ok(algorithm) => assert_eq!(algorithm.name(), name),
            Err(UnknownAlgorithm { .. }) => unknown.push(name.as_str()),
        }
    }
    assert_eq!(names.len(), 12);
    // No workload issuer signs with secp256k1 or Ed448, and no backend here offers them.
    assert_eq!(unknown, ["ES256K", "Ed448"]);
}

/// Section 2.2: `EdDSA` is polymorphic and deprecated. It stays readable, as Ed25519 only.
#[test]
fn the_polymorphic_name_means_ed25519() {
    let names = names("polymorphic_deprecated");
    assert_eq!(names.keys().collect::<Vec<_>>(), ["EdDSA"]);
    let algorithm: Algorithm = "EdDSA".parse().unwrap();
    assert!(algorithm.same_signature(Algorithm::Ed25519));
    assert!(algorithm.is_ed25519());
}
