//! Thumbprints (RFC 7638) and their URIs (RFC 9278).

use oidc_core::{
    Curve, EcPublicKey, Jwk, JwkError, PublicKey, PublicKeyError, ThumbprintHash, base64url,
};
use serde_json::Value;

#[test]
fn section_3_1_and_rfc_9278() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/rfc7638.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let jwk = Jwk::parse(case["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(jwk.thumbprint_input(), case["hash_input"].as_str().unwrap());
        let thumbprint = jwk.thumbprint(ThumbprintHash::S256);
        assert_eq!(case["hash"], "sha256");
        assert_eq!(thumbprint.as_str(), case["thumbprint"].as_str().unwrap());
        assert_eq!(thumbprint.uri(), case["uri"].as_str().unwrap());
        assert_eq!(thumbprint.to_string(), thumbprint.as_str());
    }
    assert_eq!(cases.len(), 1);
}

/// RFC 7638 section 3.2: the members of each kind of key, ordered by name, and nothing else.
#[test]
fn only_the_required_members_enter_in_their_order() {
    let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
    let plain = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let full = format!(
        r#" {{ "y" : "{y}", "use":"sig","kid":"k","alg":"ES256","key_ops":["verify"],
        "x5t":"AA","k\u0074y":"EC","\u0078":"{x}", "crv":"P-256", "ext":true }} "#
    );
    let jwk = Jwk::parse(full.as_bytes()).unwrap();
    assert_eq!(jwk.thumbprint_input(), plain);

    let point = [x, y].map(|coordinate| base64url::decode(coordinate).unwrap());
    let built = EcPublicKey::new(Curve::P256, &point[0], &point[1]).unwrap();
    assert_eq!(PublicKey::from(built).thumbprint_input(), plain);
    for hash in [
        ThumbprintHash::S256,
        ThumbprintHash::S384,
        ThumbprintHash::S512,
    ] {
        let of_plain = Jwk::parse(plain.as_bytes()).unwrap().thumbprint(hash);
        assert_eq!(jwk.thumbprint(hash), of_plain);
    }
}

/// The digests of the same input by another implementation (Python's hashlib).
#[test]
fn every_hash_has_its_own_name() {
    let jwk = Jwk::parse(include_bytes!(
        "vectors/jose-cookbook/jwk/3_1.ec_public_key.json"
    ));
    let jwk = jwk.unwrap();
    for (hash, thumbprint, uri) in [
        (
            ThumbprintHash::S256,
            S256,
            "urn:ietf:params:oauth:jwk-thumbprint:sha-256:",
        ),
        (
            ThumbprintHash::S384,
            S384,
            "urn:ietf:params:oauth:jwk-thumbprint:sha-384:",
        ),
        (
            ThumbprintHash::S512,
            S512,
            "urn:ietf:params:oauth:jwk-thumbprint:sha-512:",
        ),
    ] {
        let own = jwk.thumbprint(hash);
        assert_eq!(own.as_str(), thumbprint);
        assert_eq!(own.uri(), format!("{uri}{thumbprint}"));
        assert_eq!(own.hash(), hash);
        let digest = base64url::decode(thumbprint).unwrap();
        assert_eq!(jwk.thumbprint_with(hash, |_| digest.clone()).unwrap(), own);
    }
}

/// RFC 7638 section 7: a key in a second spelling would have a second thumbprint.
#[test]
fn a_second_spelling_of_a_key_is_refused() {
    let rsa: Value = serde_json::from_slice(include_bytes!(
        "vectors/jose-cookbook/jwk/3_3.rsa_public_key.json"
    ))
    .unwrap();
    let n = rsa["n"].as_str().unwrap();
    let zero_n = base64url::encode([&[0][..], &base64url::decode(n).unwrap()].concat());
    for (member, value, code) in [
        ("n", format!("{n}="), "base64url_padding"),
        ("n", format!("{n} "), "base64url_byte"),
        ("n", n.replace('-', "+"), "base64url_byte"),
        ("n", n.replace("zw", "zx"), "base64url_stray_bits"),
        ("n", zero_n, "leading_zero"),
        ("e", "AAEAAQ".to_owned(), "leading_zero"),
        ("e", "AQAB=".to_owned(), "base64url_padding"),
    ] {
        let mut changed = rsa.clone();
        changed[member] = Value::from(value.clone());
        let error = PublicKey::from_jwk(changed.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{member} {value}");
    }
}

/// A key for encryption has a thumbprint too; a secret one has none here.
#[test]
fn a_thumbprint_is_taken_of_any_public_key_and_of_no_other() {
    let public = r#"{"kty":"OKP","crv":"Ed25519","use":"enc","alg":"none","kid":7,
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = PublicKey::from_jwk(public.as_bytes()).unwrap();
    let thumbprint = key.thumbprint(ThumbprintHash::default());
    assert_eq!(
        thumbprint.as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );

    let private = public.replace("\"use\"", "\"d\":\"AA\",\"use\"");
    let error = PublicKey::from_jwk(private.as_bytes()).unwrap_err();
    assert!(matches!(error, JwkError::PrivateMember { member: "d", .. }));
    let error = PublicKey::from_jwk(br#"{"kty":"oct","k":"AA"}"#).unwrap_err();
    assert_eq!(error, JwkError::SymmetricKey);
    let short = public.replace("11qY", "");
    let error = PublicKey::from_jwk(short.as_bytes()).unwrap_err();
    assert!(matches!(
        error,
        JwkError::Key(PublicKeyError::CoordinateLength {
            len: 29,
            expected: 32,
            ..
        })
    ));
}

const S256: &str = "dHri3SADZkrush5HU_50AoRhcKFryN-PI6jPBtPL55M";
const S384: &str = "HncTFMje-quVjjwt2ufqfFb75ZwHLDh9M-VY4wJ9awQkfbu194TmVpeGbG6Ykb9b";
const S512: &str =
    "i8RIsIb6HVP2AO9o38HtraybJAP5veAfBIgynNUqpxlhuvq2UDgSA3JFgGgle1YvmCQDHllAn7MG52Idb8B4fA";
