//! A JWK Set read key by key, and one to publish.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a set of a test that does not have its form fails it"
)]

use std::fmt::Write as _;

use oidc_core::{Algorithm, Ed25519PublicKey, Jwk, JwkError, JwkSet, JwkSetError};
use serde_json::{Value, json};

/// A key of its own for each seed.
fn key(seed: u8) -> Jwk {
    Jwk::new(Ed25519PublicKey::new([seed + 3; 32]).expect("a canonical point"))
}

fn named(seed: u8, kid: &str) -> Jwk {
    key(seed).with_kid(kid).expect("a short kid")
}

fn parse(keys: impl Into<Value>) -> Result<JwkSet, JwkSetError> {
    JwkSet::parse(json!({ "keys": keys.into() }).to_string().as_bytes())
}

/// Position, `kid` to show and code of each skipped key.
fn skipped(set: &JwkSet) -> Vec<(usize, Option<&str>, &'static str)> {
    set.skipped()
        .iter()
        .map(|key| (key.index(), key.kid(), key.reason().code()))
        .collect()
}

#[test]
fn one_odd_key_never_spoils_the_set() {
    let good = [named(0, "a"), named(1, "b")];
    let set = parse(json!([
        null,
        good[0],
        {"kty": "AKP", "kid": "future", "alg": "ML-DSA-65", "pub": "AA"},
        {"kty": "EC", "kid": "k1", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        7,
        "text",
        [],
        {},
        {"kty": "RSA", "kid": 7, "n": "AA", "e": "AQAB"},
        {"kty": "EC", "kid": "no-y", "crv": "P-256", "x": "AA"},
        {"kty": "oct", "kid": "hmac", "k": "AAAA"},
        good[1],
        {"kty": "OKP", "kid": "private", "crv": "Ed25519", "x": "AA", "d": "AA"},
    ]))
    .unwrap();
    assert_eq!(set.keys(), good);
    assert_eq!(
        skipped(&set),
        [
            (0, None, "not_an_object"),
            (2, Some("future"), "unknown_kty"),
            (3, Some("k1"), "unknown_crv"),
            (4, None, "unknown_crv"),
            (5, None, "not_an_object"),
            (6, None, "not_an_object"),
            (7, None, "not_an_object"),
            (8, None, "missing_member"),
            (9, None, "malformed_member"),
            (10, Some("no-y"), "coordinate_length"),
            (11, Some("hmac"), "symmetric_key"),
            (13, Some("private"), "private_member"),
        ]
    );
}

/// RFC 7517 section 5, and RFC 8259 section 4 on names.
#[test]
fn the_document_itself_is_strict() {
    let set = json!({ "keys": [key(0)] }).to_string();
    for (document, code) in [
        (
            set.replace("{\"keys\"", "{\"keys\":[],\"keys\""),
            "duplicate_member",
        ),
        (
            set.replace("{\"keys\"", "{\"k\\u0065ys\":[],\"keys\""),
            "duplicate_member",
        ),
        (
            set.replace("\"kty\"", "\"x\":\"AA\",\"kty\""),
            "duplicate_member",
        ),
        (
            set.replace("\"kty\"", "\"a\":1,\"a\":1,\"kty\""),
            "duplicate_member",
        ),
        (format!("\u{feff}{set}"), "byte_order_mark"),
        (format!("{set}{set}"), "trailing_bytes"),
        (format!("{set}\0"), "trailing_bytes"),
        (set.replace("]}", "]"), "unexpected_end"),
        (set.replace("]}", ",]}"), "unexpected_byte"),
        (set.replace("OKP", "\\ud800"), "lone_surrogate"),
        ("[".repeat(100_000), "too_deep"),
        (String::new(), "unexpected_end"),
        ("[]".to_owned(), "not_an_object"),
        ("[[]]".to_owned(), "not_an_object"),
        ("\"keys\"".to_owned(), "not_an_object"),
        ("{}".to_owned(), "missing_keys"),
        (set.replace("keys", "Keys"), "missing_keys"),
        ("{\"keys\":{}}".to_owned(), "keys_not_an_array"),
        ("{\"keys\":null}".to_owned(), "keys_not_an_array"),
        ("{\"keys\":[]}".to_owned(), "no_usable_key"),
    ] {
        let error = JwkSet::parse(document.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{document:.200}");
    }
    let not_utf8 = set.replace("OKP", "?").replace('?', "\u{1}").into_bytes();
    let not_utf8: Vec<u8> = not_utf8
        .into_iter()
        .map(|byte| if byte == 1 { 0xff } else { byte })
        .collect();
    assert_eq!(JwkSet::parse(&not_utf8).unwrap_err().code(), "not_utf8");
}

#[test]
fn other_members_of_the_set_are_ignored() {
    let document = json!({"issuer": 7, "keys": [key(0)], "next": {"keys": []}}).to_string();
    assert_eq!(JwkSet::parse(document.as_bytes()).unwrap().keys(), [key(0)]);
}

/// `{"keys":[…]}` of exactly `len` bytes, with one usable key.
fn of_len(len: usize) -> Vec<u8> {
    let mut document = json!({ "keys": [key(0)] }).to_string().into_bytes();
    document.resize(len, b' ');
    document
}

#[test]
fn the_document_is_capped_by_default_by_choice_and_for_good() {
    let error = |max| Some(format!("JWK Set is longer than {max} bytes"));
    let text = |result: Result<JwkSet, JwkSetError>| result.err().map(|error| error.to_string());
    for (len, max) in [(512 * 1024, None), (512 * 1024 + 1, Some(512 * 1024))] {
        assert_eq!(
            text(JwkSet::parse(&of_len(len))),
            max.and_then(error),
            "{len}"
        );
    }
    for (len, max) in [(1000, None), (1001, Some(1000))] {
        assert_eq!(
            text(JwkSet::parse_within(&of_len(len), 1000)),
            max.and_then(error)
        );
    }
    let most = JwkSet::MAX_BYTES;
    for (len, max) in [(most, None), (most + 1, Some(most))] {
        assert_eq!(
            text(JwkSet::parse_within(&of_len(len), usize::MAX)),
            max.and_then(error)
        );
    }
}

#[test]
fn one_key_has_at_most_16_kib() {
    let padded = |len: usize| {
        let mut jwk = serde_json::to_value(key(0)).unwrap();
        jwk["x5c"] = Value::from("");
        let plain = jwk.to_string().len();
        jwk["x5c"] = Value::from("A".repeat(len - plain));
        jwk
    };
    let set = parse(json!([padded(16_384), padded(16_385), key(1)])).unwrap();
    assert_eq!(set.keys(), [key(0), key(1)]);
    assert_eq!(skipped(&set), [(1, None, "jwk_too_long")]);
}

#[test]
fn at_most_256_keys_are_read() {
    let with_good_at = |position: usize| {
        let mut keys = vec![json!(null); position];
        keys.push(json!(key(0)));
        parse(Value::from(keys))
    };
    assert_eq!(with_good_at(255).unwrap().skipped().len(), 255);
    let JwkSetError::NoUsableKey { skipped, .. } = with_good_at(256).unwrap_err() else {
        panic!("no usable key")
    };
    assert_eq!(skipped.len(), 257);
    let last = skipped.last().unwrap();
    assert!(matches!(
        last.reason(),
        JwkError::TooManyKeys { max: 256, .. }
    ));
    assert_eq!(last.reason().to_string(), "set has more than 256 keys");
}

#[test]
fn at_most_100_usable_keys_are_kept() {
    let keys = |count: u8| -> Value { (0..count).map(|seed| json!(key(seed))).collect() };
    assert_eq!(parse(keys(100)).unwrap().keys().len(), 100);
    let set = parse(keys(102)).unwrap();
    assert_eq!(set.keys().len(), 100);
    assert_eq!(
        skipped(&set),
        [(100, None, "too_many_keys"), (101, None, "too_many_keys")]
    );
    assert!(matches!(
        set.skipped()[0].reason(),
        JwkError::TooManyKeys { max: 100, .. }
    ));
}

#[test]
fn the_same_key_twice_is_one_key() {
    let set = parse(json!([
        named(0, "a"),
        named(0, "a"),
        named(1, "b"),
        named(0, "a")
    ]))
    .unwrap();
    assert_eq!(set.keys(), [named(0, "a"), named(1, "b")]);
    assert_eq!(
        skipped(&set),
        [
            (1, Some("a"), "duplicate_key"),
            (3, Some("a"), "duplicate_key")
        ]
    );
    let set = parse(json!([key(0), key(0)])).unwrap();
    assert_eq!(skipped(&set), [(1, None, "duplicate_key")]);
}

/// Which of them a token means is decided where tokens are.
#[test]
fn different_keys_may_share_a_name_and_one_key_may_have_several() {
    let shared = [
        named(0, "a"),
        named(1, "a"),
        named(0, "b"),
        key(0),
        named(0, "a").with_alg(Algorithm::EdDsa).expect("it fits"),
    ];
    let set = parse(json!(shared)).unwrap();
    assert_eq!(set.keys(), shared);
    assert!(set.skipped().is_empty());
}

#[test]
fn a_set_without_a_usable_key_says_what_it_had() {
    let error = parse(json!([{"kty": "oct", "kid": "a\n\u{202e}", "k": "AA"}, 1])).unwrap_err();
    assert_eq!(error.to_string(), "JWK Set has no usable key, 2 skipped");
    let JwkSetError::NoUsableKey { skipped, .. } = error else {
        panic!("no usable key")
    };
    assert_eq!(skipped[0].kid(), Some("a\\n\\u{202e}"));
    assert_eq!(skipped[0].reason(), JwkError::SymmetricKey);
    assert_eq!(skipped[1].kid(), None);
}

#[test]
fn a_long_kid_is_shown_in_part() {
    let set = parse(json!([key(0), {"kty": "RSA", "kid": "k".repeat(300)}])).unwrap();
    assert_eq!(set.skipped()[0].kid(), Some(&*"k".repeat(64)));
    // Its length is not looked at before the kind of key is known, but always before it is kept.
    let jwk = json!({"kid": "k".repeat(300), "kty": "OKP", "crv": "Ed25519", "x": "AA"});
    let set = parse(json!([key(0), jwk])).unwrap();
    assert_eq!(set.skipped().len(), 1);
}

#[test]
fn a_set_to_publish_has_the_same_bytes_every_time() {
    let set = JwkSet::from_keys([named(0, "b"), named(1, "a")]).unwrap();
    let x = |seed: u8| oidc_core::base64url::encode([seed + 3; 32]);
    let mut expected = String::new();
    write!(
        expected,
        r#"{{"keys":[{{"kty":"OKP","kid":"b","use":"sig","crv":"Ed25519","x":"{}"}},"#,
        x(0)
    )
    .unwrap();
    write!(
        expected,
        r#"{{"kty":"OKP","kid":"a","use":"sig","crv":"Ed25519","x":"{}"}}]}}"#,
        x(1)
    )
    .unwrap();
    assert_eq!(set.to_json(), expected);
    assert_eq!(JwkSet::parse(set.to_json().as_bytes()), Ok(set));
}

#[test]
fn a_set_to_publish_names_each_key_once() {
    let error = JwkSet::from_keys([named(0, "a"), key(1), named(2, "a")]).unwrap_err();
    assert_eq!(error.to_string(), "`kid` of key 2 names an earlier key");
    assert_eq!(error.code(), "duplicate_kid");
    assert!(JwkSet::from_keys([named(0, "a"), named(1, "A"), key(2), key(3)]).is_ok());

    let error = JwkSet::from_keys([]).unwrap_err();
    assert_eq!(error.code(), "no_usable_key");
    assert!(JwkSet::from_keys((0..100).map(key)).is_ok());
    let error = JwkSet::from_keys((0..101).map(key)).unwrap_err();
    assert_eq!(error.to_string(), "JWK Set has more than 100 keys");
    assert_eq!(error.code(), "too_many_keys");
}

#[test]
fn a_filtered_set_keeps_order_copies_and_what_was_skipped() {
    let keys = [named(0, "a"), named(1, "b"), named(2, "a")];
    let set = parse(json!([keys[0], 7, keys[1], keys[2]])).unwrap();
    let of_a = set.filtered(|key| key.kid() == Some("a")).unwrap();
    assert_eq!(of_a.keys(), [keys[0].clone(), keys[2].clone()]);
    assert_eq!(of_a.skipped(), set.skipped());
    assert_eq!(set.filtered(|_| true).unwrap(), set);

    let nothing = set.filtered(|_| false).unwrap_err();
    let skipped = set.skipped().to_vec();
    assert_eq!(nothing.code(), "no_usable_key");
    assert!(matches!(nothing, JwkSetError::NoUsableKey { skipped: own, .. } if own == skipped));
}
