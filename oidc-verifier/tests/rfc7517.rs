//! The key sets of RFC 7517 appendix A, installed into a verifier.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use oidc_core::{JwkSet, JwkSetError};
use oidc_verifier::{IssuerKeys, Verifier};
use serde_json::Value;
use support::{AUDIENCE, ISSUER, identifier};

/// How many keys can be used, or the reason for each that cannot.
fn install(section: &str) -> Result<usize, Vec<&'static str>> {
    let file: Value = serde_json::from_str(include_str!("vectors/rfc7517.json")).unwrap();
    let mut cases = file["cases"].as_array().unwrap().iter();
    let case = cases.find(|case| case["section"] == section).unwrap();
    let set = match JwkSet::parse(case["jwks"].to_string().as_bytes()) {
        Ok(set) => set,
        Err(JwkSetError::NoUsableKey { skipped, .. }) => {
            return Err(skipped.iter().map(|key| key.reason().code()).collect());
        }
        Err(error) => panic!("{error}"),
    };
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE);
    let verifier = verifier.build().unwrap();
    let keys = IssuerKeys::new(identifier(ISSUER), set);
    Ok(verifier.install(&keys).unwrap().usable)
}

/// The EC key is for encryption; the RSA key is for RS256.
#[test]
fn appendix_a_1_has_one_key_for_signatures() {
    assert_eq!(install("A.1"), Ok(1));
}

#[test]
fn appendix_a_2_is_private() {
    assert_eq!(install("A.2"), Err(vec!["private_member"; 2]));
}

#[test]
fn appendix_a_3_is_symmetric() {
    assert_eq!(install("A.3"), Err(vec!["symmetric_key"; 2]));
}
