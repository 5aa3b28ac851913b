//! What a JWK Set says beside its keys: `key_ops`, and the certificates of `x5c` (RFC 7517
//! sections 4.3 and 4.7). `vectors/x5c.json` was made with OpenSSL 3: `openssl req -x509`.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_core::{JwkCertificate, JwkSet};
use serde_json::{Value, json};

fn keys() -> Vec<Value> {
    let set: Value = serde_json::from_str(include_str!("vectors/x5c.json")).unwrap();
    set["keys"].as_array().unwrap().clone()
}

fn certificates(keys: &[Value]) -> Vec<JwkCertificate> {
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    let published = set.published();
    published
        .map(|(_, remarks)| remarks.certificate())
        .collect()
}

#[test]
fn a_certificate_holds_the_key_or_another() {
    let keys = keys();
    assert_eq!(certificates(&keys), [JwkCertificate::SameKey; 3]);
    for shift in [1, 2] {
        let mut mixed = keys.clone();
        for (index, key) in mixed.iter_mut().enumerate() {
            key["x5c"] = keys[(index + shift) % 3]["x5c"].clone();
        }
        assert_eq!(certificates(&mixed), [JwkCertificate::OtherKey; 3]);
    }
    // Another key of the same type.
    let mut other = keys[2].clone();
    other["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into();
    assert_eq!(certificates(&[other]), [JwkCertificate::OtherKey]);
}

#[test]
fn only_the_first_certificate_counts() {
    let keys = keys();
    let [own, other] = [&keys[0]["x5c"][0], &keys[1]["x5c"][0]];
    let with = |x5c: Value| {
        let mut key = keys[0].clone();
        key["x5c"] = x5c;
        certificates(&[key])
    };
    assert_eq!(with(json!([own, other])), [JwkCertificate::SameKey]);
    assert_eq!(with(json!([other, own])), [JwkCertificate::OtherKey]);
    for unreadable in [
        json!([]),
        json!([1]),
        json!(null),
        json!(own),
        json!(["AAAA"]),
        json!([""]),
    ] {
        assert_eq!(
            with(unreadable.clone()),
            [JwkCertificate::Unreadable],
            "{unreadable}"
        );
    }
}

#[test]
fn a_certificate_that_breaks_off_anywhere_before_its_key_is_unreadable() {
    let key = &keys()[0];
    let text = key["x5c"][0].as_str().unwrap();
    for length in (0..text.len()).step_by(4) {
        let mut cut = key.clone();
        cut["x5c"] = json!([text.get(..length)]);
        assert_eq!(
            certificates(&[cut]),
            [JwkCertificate::Unreadable],
            "{length}"
        );
    }
}

#[test]
fn remarks_change_nothing_about_a_key() {
    let mut keys = keys();
    keys[0]["x5c"] = keys[1]["x5c"].clone();
    keys[1]["key_ops"] = json!(["verify"]);
    keys[2].as_object_mut().unwrap().remove("x5c");
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 3);
    assert!(set.skipped().is_empty());
    let remarks: Vec<_> = set.published().map(|(_, remarks)| remarks).collect();
    assert_eq!(remarks[0].certificate(), JwkCertificate::OtherKey);
    assert!(!remarks[0].has_key_ops() && remarks[1].has_key_ops());
    assert_eq!(remarks[2].certificate(), JwkCertificate::Absent);
    // They go with their keys.
    let rest = set.filtered(|key| key.kid() != Some("rsa")).unwrap();
    let rest: Vec<_> = rest.published().map(|(_, remarks)| remarks).collect();
    assert_eq!(rest, remarks[1..]);
}

#[test]
fn usable_keys_past_the_limit_are_published_and_not_kept() {
    let [rsa, ec, _] = &keys()[..] else {
        panic!("three keys")
    };
    let named = |key: &Value, kid: usize| {
        let mut key = key.clone();
        key["kid"] = kid.to_string().into();
        key
    };
    let mut many: Vec<Value> = (0..JwkSet::MAX_KEYS).map(|kid| named(rsa, kid)).collect();
    many.push(named(ec, JwkSet::MAX_KEYS));
    let set = JwkSet::parse(json!({ "keys": many }).to_string().as_bytes()).unwrap();
    assert_eq!(set.keys().len(), JwkSet::MAX_KEYS);
    assert_eq!(set.skipped()[0].reason().code(), "too_many_keys");
    let last = set.published().last().unwrap();
    assert_eq!(
        (last.0.kid(), last.1.certificate()),
        (Some("100"), JwkCertificate::SameKey)
    );
    assert_eq!(set.published().count(), JwkSet::MAX_KEYS + 1);
    let last_only = set.filtered(|key| key.kid() == Some("100")).unwrap_err();
    assert_eq!(last_only.code(), "no_usable_key");
}
