use oidc_core::{Algorithm, Jwk, JwkSet, JwkSetError, PublicKey};
use oidc_verifier::{IssuerIdentifier, IssuerKeys, Verifier};

use crate::reference::keys;

/// Key sets: the usable keys are those that the reference finds, in order; what is published of
/// them is read again as the same, with no private member; and a verifier can load them.
///
/// # Panics
///
/// When the law does not hold.
pub fn jwk_set(data: &[u8]) -> bool {
    let _ = Jwk::parse(data);
    let _ = PublicKey::from_jwk(data);
    let expected = keys::read(data);
    let set = match JwkSet::parse(data) {
        Ok(set) => set,
        Err(error) => {
            assert!(expected.is_empty(), "{error}");
            if let JwkSetError::NoUsableKey { skipped, .. } = error {
                assert!(skipped.iter().all(|key| !key.reason().code().is_empty()));
            }
            return false;
        }
    };
    let kids: Vec<Option<&str>> = set.keys().iter().map(Jwk::kid).collect();
    let expected_kids: Vec<Option<&str>> = expected.iter().map(|key| key.kid.as_deref()).collect();
    assert_eq!(kids, expected_kids);
    assert!(set.keys().len() <= JwkSet::MAX_KEYS);
    for (key, expected) in set.keys().iter().zip(&expected) {
        for algorithm in Algorithm::ALL {
            assert_eq!(key.fits(*algorithm), expected.serves(algorithm.name()));
        }
    }
    published(&set);
    loaded(set);
    true
}

/// What is written is read again, alike.
fn published(set: &JwkSet) {
    let json = set.to_json();
    let again = JwkSet::parse(json.as_bytes());
    assert_eq!(again.as_ref().map(JwkSet::keys), Ok(set.keys()));
    assert_eq!(again.map(|again| again.to_json()), Ok(json));
    for key in set.keys() {
        let json = serde_json::to_vec(key).unwrap_or_default();
        assert_eq!(Jwk::parse(&json).as_ref(), Ok(key));
    }
}

/// Installing bears every set; all keys are either usable or reported.
fn loaded(set: JwkSet) {
    let Ok(issuer) = IssuerIdentifier::parse("https://ci.example") else {
        panic!("an issuer identifier");
    };
    let builder = Verifier::builder()
        .issuer(issuer.clone())
        .audience("a")
        .algorithms(Algorithm::ALL.iter().copied());
    let Ok(verifier) = builder.build() else {
        panic!("a verifier");
    };
    let count = set.keys().len();
    if let Ok(installed) = verifier.install(&IssuerKeys::new(issuer, set)) {
        assert_eq!(
            installed.usable.checked_add(installed.unusable.len()),
            Some(count)
        );
    }
}
