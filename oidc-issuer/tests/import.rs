//! Private keys by hand: halves that do not belong together, values out of range, hostile JSON.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "helpers of a test program"
)]

mod common;

use common::{AWS_LC_RS, base64url, der, from_base64url, key, vector, vector_json};
use oidc_core::{Algorithm, PublicKey};
use oidc_issuer::{Issuer, MAX_KEY_BYTES, SigningKey, SigningKeyError, SystemRandom, TokenSpec};
use serde_json::{Value, json};

const OID_EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const OID_P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const OID_P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
const OID_ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const OID_RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// One DER element.
fn tlv(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=127) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, &content].concat()
}

fn sequence(content: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, content)
}

fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, &[content])
}

fn bits(content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], content])
}

/// `ECPrivateKey`, RFC 5915 section 3.
fn sec1(scalar: &[u8], curve: Option<&[u8]>, point: Option<&[u8]>) -> Vec<u8> {
    let curve = curve.map(|oid| tlv(0xa0, &[oid])).unwrap_or_default();
    let point = point
        .map(|point| tlv(0xa1, &[&bits(point)]))
        .unwrap_or_default();
    sequence(&[b"\x02\x01\x01", &octets(scalar), &curve, &point])
}

/// `OneAsymmetricKey`, RFC 5958 section 2: version 2 when there is a public half.
fn pkcs8(algorithm: &[&[u8]], private: &[u8], public: Option<&[u8]>) -> Vec<u8> {
    let version: &[u8] = if public.is_some() {
        b"\x02\x01\x01"
    } else {
        b"\x02\x01\x00"
    };
    let public = public
        .map(|point| tlv(0x81, &[&[0], point]))
        .unwrap_or_default();
    sequence(&[version, &sequence(algorithm), &octets(private), &public])
}

/// A P-256 key and the point of another.
struct P256 {
    scalar: Vec<u8>,
    point: Vec<u8>,
    foreign: Vec<u8>,
}

fn p256() -> P256 {
    let jwk = &vector_json("rfc/rfc7515.json")["cases"][2]["jwk"];
    let member = |name: &str| from_base64url(jwk[name].as_str().unwrap());
    let PublicKey::Ec(foreign) = key(Algorithm::Es256).public_key().clone() else {
        unreachable!("a P-256 key");
    };
    P256 {
        scalar: member("d"),
        point: [vec![4], member("x"), member("y")].concat(),
        foreign: foreign.to_sec1_bytes(),
    }
}

fn es256_sec1(der: &[u8]) -> Result<SigningKey, SigningKeyError> {
    SigningKey::from_sec1_der(Algorithm::Es256, der)
}

fn es256_pkcs8(der: &[u8]) -> Result<SigningKey, SigningKeyError> {
    SigningKey::from_pkcs8_der(Algorithm::Es256, der)
}

#[test]
fn an_ec_key_is_read_with_its_own_point_in_every_place() {
    let P256 { scalar, point, .. } = p256();
    let (scalar, point) = (&*scalar, &*point);
    let curve = Some(OID_P256);
    let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    let ec = [OID_EC, OID_P256];
    for key in [
        es256_sec1(&sec1(scalar, curve, Some(point))),
        // The curve is that of ES256.
        es256_sec1(&sec1(scalar, None, Some(point))),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, Some(point)), None)),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, curve, Some(point)), None)),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, None), Some(point))),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, Some(point)), Some(point))),
        es256_pkcs8(&pkcs8(
            &ec,
            &sec1(scalar, None, Some(&compressed)),
            Some(point),
        )),
    ] {
        let PublicKey::Ec(public) = key.unwrap().public_key().clone() else {
            unreachable!("a P-256 key");
        };
        assert_eq!(public.to_sec1_bytes(), point);
    }
}

/// Attack C16 (RUSTSEC-2022-0093): a foreign public half is never signed with, in any place.
#[test]
fn an_ec_key_with_a_foreign_point_is_refused() {
    let P256 {
        scalar,
        point,
        foreign,
    } = p256();
    let (scalar, point, foreign) = (&*scalar, &*point, &*foreign);
    let curve = Some(OID_P256);
    let ec = [OID_EC, OID_P256];
    // The right x with the sign of the other y.
    let flipped = [&[3 - (point[64] & 1)], &point[1..33]].concat();
    for error in [
        es256_sec1(&sec1(scalar, curve, Some(foreign))),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, Some(foreign)), None)),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, None), Some(foreign))),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, Some(foreign)), Some(point))),
        es256_pkcs8(&pkcs8(&ec, &sec1(scalar, None, Some(point)), Some(foreign))),
        es256_pkcs8(&pkcs8(
            &ec,
            &sec1(scalar, None, Some(point)),
            Some(&flipped),
        )),
    ] {
        assert_eq!(error.unwrap_err(), SigningKeyError::Inconsistent);
    }
}

#[test]
fn an_ec_key_with_two_curves_is_refused() {
    let P256 { scalar, point, .. } = p256();
    let inner = sec1(&scalar, Some(OID_P384), Some(&point));
    let error = es256_pkcs8(&pkcs8(&[OID_EC, OID_P256], &inner, None)).unwrap_err();
    assert_eq!(error, SigningKeyError::Inconsistent);
    // Without parameters RFC 5480 section 2.1.1 knows no curve.
    let inner = sec1(&scalar, Some(OID_P256), Some(&point));
    let error = es256_pkcs8(&pkcs8(&[OID_EC], &inner, None)).unwrap_err();
    assert_eq!(error, SigningKeyError::Curve);
}

/// SEC 1 section 3.2.1: the private half is from 1 to n - 1.
#[test]
fn an_ec_scalar_is_in_range_and_of_the_length_of_its_curve() {
    let order = b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
        \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
        .to_vec();
    let P256 { scalar, point, .. } = p256();
    for out_of_range in [vec![0; 32], order.clone(), vec![0xff; 32]] {
        let error = es256_sec1(&sec1(&out_of_range, None, Some(&point))).unwrap_err();
        assert_eq!(error, SigningKeyError::OutOfRange);
    }
    // n - 1 is the last: its point is that of 1 with the other sign, so another than ours.
    let mut last = order;
    last[31] -= 1;
    let error = es256_sec1(&sec1(&last, None, Some(&point))).unwrap_err();
    assert_eq!(error, SigningKeyError::Inconsistent);

    for length in [0, 31, 33] {
        let scalar = scalar
            .iter()
            .copied()
            .cycle()
            .take(length)
            .collect::<Vec<_>>();
        let error = es256_sec1(&sec1(&scalar, None, Some(&point))).unwrap_err();
        let expected = format!("private key of {length} bytes, expected 32");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_point_in_no_known_form_is_refused() {
    let P256 { scalar, point, .. } = p256();
    let mut hybrid = point.clone();
    hybrid[0] = 6;
    let inner = sec1(&scalar, None, Some(&point));
    for odd in [&*hybrid, &[0], &[]] {
        let error = es256_pkcs8(&pkcs8(&[OID_EC, OID_P256], &inner, Some(odd))).unwrap_err();
        assert_eq!(error.to_string(), "malformed SEC1");
    }
    // Too short or too long for its form, it is another point.
    for cut in [&point[..64], &[&*point, &[0]].concat()] {
        let error = es256_pkcs8(&pkcs8(&[OID_EC, OID_P256], &inner, Some(cut))).unwrap_err();
        assert_eq!(error, SigningKeyError::Inconsistent);
    }
}

fn ed25519() -> (Vec<u8>, Vec<u8>) {
    let jwk = &vector_json("rfc/rfc8037.json")["cases"][0]["private_jwk"];
    let member = |name: &str| from_base64url(jwk[name].as_str().unwrap());
    (member("d"), member("x"))
}

fn eddsa(der: &[u8]) -> Result<SigningKey, SigningKeyError> {
    SigningKey::from_pkcs8_der(Algorithm::EdDsa, der)
}

#[test]
fn an_ed25519_key_is_read_from_both_versions_and_from_files_of_old_ring() {
    let (seed, public) = ed25519();
    let v1 = pkcs8(&[OID_ED25519], &octets(&seed), None);
    let v2 = pkcs8(&[OID_ED25519], &octets(&seed), Some(&public));
    assert_eq!((v1.len(), v2.len()), (48, 83));
    // ring 0.16: `[1] { BIT STRING }` in place of `[1] IMPLICIT BIT STRING`.
    let old = sequence(&[
        b"\x02\x01\x01",
        &sequence(&[OID_ED25519]),
        &octets(&octets(&seed)),
        &tlv(0xa1, &[&bits(&public)]),
    ]);
    assert_eq!(old.len(), 85);
    for der in [v1, v2, old] {
        let key = eddsa(&der).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}

/// Attack C16, in the form that gave keys away.
#[test]
fn an_ed25519_key_with_a_foreign_public_half_is_refused() {
    let (seed, mut public) = ed25519();
    public[7] ^= 1;
    let v2 = pkcs8(&[OID_ED25519], &octets(&seed), Some(&public));
    let old = sequence(&[
        b"\x02\x01\x01",
        &sequence(&[OID_ED25519]),
        &octets(&octets(&seed)),
        &tlv(0xa1, &[&bits(&public)]),
    ]);
    let short = pkcs8(&[OID_ED25519], &octets(&seed), Some(&public[..31]));
    for der in [v2, old, short] {
        assert_eq!(eddsa(&der).unwrap_err(), SigningKeyError::Inconsistent);
    }
}

#[test]
fn an_ed25519_seed_has_32_bytes_and_is_not_zero() {
    for length in [0, 31, 33, 64] {
        let der = pkcs8(&[OID_ED25519], &octets(&vec![7; length]), None);
        let expected = format!("private key of {length} bytes, expected 32");
        assert_eq!(eddsa(&der).unwrap_err().to_string(), expected);
    }
    let zero = pkcs8(&[OID_ED25519], &octets(&[0; 32]), None);
    assert_eq!(eddsa(&zero).unwrap_err(), SigningKeyError::OutOfRange);
    // RFC 8410 section 3: no parameters. Section 7: an OCTET STRING in the OCTET STRING.
    let parameters = pkcs8(&[OID_ED25519, b"\x05\x00"], &octets(&[7; 32]), None);
    let bare = pkcs8(&[OID_ED25519], &[7; 32], None);
    for der in [parameters, bare] {
        let error = eddsa(&der).unwrap_err();
        assert!(error.to_string().starts_with("malformed PKCS#8"), "{error}");
    }
}

/// The private JWK of RFC 7515 appendix A.2 with one member replaced.
fn rsa_jwk(member: &str, value: Value) -> Result<SigningKey, SigningKeyError> {
    let mut jwk = vector_json("rfc/rfc7515.json")["cases"][1]["jwk"].clone();
    jwk[member] = value;
    SigningKey::from_jwk_json(Algorithm::Rs256, jwk.to_string().as_bytes())
}

#[test]
fn an_rsa_key_whose_parts_do_not_belong_together_is_refused() {
    let other = &vector_json("rfc/rfc7517.json")["cases"][1]["jwks"]["keys"][1];
    for member in ["n", "p", "q", "dp", "dq", "qi"] {
        let error = rsa_jwk(member, other[member].clone()).unwrap_err();
        assert_eq!(error, SigningKeyError::Inconsistent, "{member}");
    }
    // 65539 instead of 65537: only a signature shows it to `ring`.
    assert_eq!(
        rsa_jwk("e", json!("AQAD")).unwrap_err(),
        SigningKeyError::Inconsistent
    );
    // `ring` computes with p, q, dp, dq and qi, and checks of `d` only its size.
    let error = rsa_jwk("d", other["d"].clone());
    assert_eq!(error.is_err(), AWS_LC_RS);
}

#[test]
fn an_rsa_key_of_version_2_or_with_bytes_behind_it_is_refused() {
    let text = vector("openssl/rsa-2048.pkcs1.pem");
    let pkcs1 = der(&text);
    let read = |der: &[u8]| SigningKey::from_pkcs8_der(Algorithm::Rs256, der);
    assert!(read(&pkcs8(&[OID_RSA], &pkcs1, None)).is_ok());
    let error = read(&pkcs8(&[OID_RSA], &pkcs1, Some(&pkcs1[..270]))).unwrap_err();
    assert_eq!(error.to_string(), "malformed PKCS#8");
    let error = read(&pkcs8(&[OID_RSA], &[&*pkcs1, &[0]].concat(), None)).unwrap_err();
    assert!(error.to_string().starts_with("malformed PKCS#1"), "{error}");
}

#[test]
fn every_member_of_an_rsa_jwk_is_asked_for() {
    for member in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let error = rsa_jwk(member, Value::Null).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("JWK member `{member}` is missing")
        );
        let error = rsa_jwk(member, json!("A=")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("JWK member `{member}` is malformed")
        );
    }
    let error = rsa_jwk("oth", json!([])).unwrap_err();
    assert_eq!(error, SigningKeyError::MultiPrime);
    // RFC 7518 section 2: no leading zero.
    let error = rsa_jwk("e", json!("AAEAAQ")).unwrap_err();
    assert_eq!(error.to_string(), "JWK member `e` is malformed");
}

/// The private JWK of RFC 7515 appendix A.3 with one member replaced.
fn ec_jwk(member: &str, value: Value) -> Result<SigningKey, SigningKeyError> {
    let mut jwk = vector_json("rfc/rfc7515.json")["cases"][2]["jwk"].clone();
    jwk[member] = value;
    SigningKey::from_jwk_json(Algorithm::Es256, jwk.to_string().as_bytes())
}

#[test]
fn an_ec_jwk_holds_both_halves_of_one_key() {
    assert!(ec_jwk("ignored", json!({ "x": 1 })).is_ok());
    for member in ["crv", "x", "y", "d"] {
        let error = ec_jwk(member, Value::Null).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("JWK member `{member}` is missing")
        );
    }
    for member in ["x", "y"] {
        let error = ec_jwk(member, json!(base64url([1; 31]))).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("JWK member `{member}` is malformed")
        );
    }
    let error = ec_jwk("d", json!(base64url([1; 33]))).unwrap_err();
    assert_eq!(error.to_string(), "private key of 33 bytes, expected 32");
    let error = ec_jwk("d", json!(base64url([1; 32]))).unwrap_err();
    assert_eq!(error, SigningKeyError::Inconsistent);
    for curve in ["secp256k1", "Ed25519", "P-255"] {
        assert_eq!(
            ec_jwk("crv", json!(curve)).unwrap_err(),
            SigningKeyError::Curve
        );
    }
    let error = ec_jwk("crv", json!("P-384")).unwrap_err();
    assert_eq!(error.to_string(), "JWK member `x` is malformed");
}

#[test]
fn an_okp_jwk_is_ed25519_and_holds_both_halves_of_one_key() {
    let read = |member: &str, value: Value| {
        let mut jwk = vector_json("rfc/rfc8037.json")["cases"][0]["private_jwk"].clone();
        jwk[member] = value;
        SigningKey::from_jwk_json(Algorithm::Ed25519, jwk.to_string().as_bytes())
    };
    for member in ["crv", "x", "d"] {
        let error = read(member, Value::Null).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("JWK member `{member}` is missing")
        );
    }
    for curve in ["Ed448", "X25519", "P-256"] {
        assert_eq!(
            read("crv", json!(curve)).unwrap_err(),
            SigningKeyError::Curve
        );
    }
    let error = read("x", json!(base64url([1; 32]))).unwrap_err();
    assert_eq!(error, SigningKeyError::Inconsistent);
}

#[test]
fn what_a_jwk_says_of_its_use_holds() {
    for (member, value, ok) in [
        ("use", json!("sig"), true),
        ("use", json!("enc"), false),
        ("key_ops", json!(["sign"]), true),
        ("key_ops", json!(["verify", "sign"]), true),
        ("key_ops", json!(["verify"]), false),
        ("key_ops", json!([]), false),
    ] {
        let key = ec_jwk(member, value.clone());
        assert_eq!(key.is_ok(), ok, "{member} {value}");
        if !ok {
            let expected = format!("JWK member `{member}` does not allow signing");
            assert_eq!(key.unwrap_err().to_string(), expected);
        }
    }
    assert!(ec_jwk("alg", json!("ES256")).is_ok());
    let error = ec_jwk("alg", json!("ES384")).unwrap_err();
    assert_eq!(error.to_string(), "JWK member `alg` does not say `ES256`");
    for kty in ["oct", "AKP", "ec"] {
        assert_eq!(
            ec_jwk("kty", json!(kty)).unwrap_err(),
            SigningKeyError::KeyType
        );
    }
}

#[test]
fn json_that_is_no_jwk_is_malformed_at_a_byte() {
    let read = |json: &str| {
        SigningKey::from_jwk_json(Algorithm::Es256, json.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        read("{\"kty\":\"EC\",\n \"d\":1}"),
        "malformed JWK at byte 18"
    );
    assert_eq!(
        read("{\"kty\":\"EC\",\"kty\":\"EC\"}"),
        "malformed JWK at byte 16"
    );
    // A value in which base64url needs an escape is not base64url.
    assert_eq!(
        read("{\"kty\":\"EC\",\"d\":\"\\u0041\"}"),
        "malformed JWK at byte 23"
    );
    for json in ["", "[]", "null", "{}", "{\"kty\":\"EC\"} x"] {
        assert!(read(json).starts_with("malformed JWK"), "{json}");
    }
}

#[test]
fn a_kid_of_a_jwk_is_kept_if_it_may_stand_in_a_header() {
    assert_eq!(ec_jwk("kid", json!("RSA_1")).unwrap().kid(), "RSA_1");
    let error = ec_jwk("kid", json!("")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a key id is 1 to 255 printable ASCII characters"
    );
}

#[test]
fn a_kid_is_1_to_255_printable_ascii_characters() {
    for (kid, ok) in [
        ("", false),
        ("a", true),
        (" ~", true),
        (&*"k".repeat(255), true),
        (&*"k".repeat(256), false),
        ("a\tb", false),
        ("a\u{7f}", false),
        ("schlüssel", false),
    ] {
        let key = key(Algorithm::EdDsa).with_kid(kid);
        assert_eq!(key.is_ok(), ok, "{kid:?}");
        if let Ok(key) = key {
            assert_eq!((key.kid(), key.public_jwk().kid()), (kid, Some(kid)));
        }
    }
}

#[test]
fn input_of_16_kib_is_read_and_not_a_byte_more() {
    let key = vector("openssl/P-256.pkcs8.pem");
    let padded = |length: usize| format!("{key}{}", " ".repeat(length - key.len()));
    assert!(SigningKey::from_pem(Algorithm::Es256, &padded(MAX_KEY_BYTES)).is_ok());

    let error = SigningKey::from_pem(Algorithm::Es256, &padded(MAX_KEY_BYTES + 1)).unwrap_err();
    let expected = "16385 bytes are too long for a private key, the limit is 16384";
    assert_eq!(error.to_string(), expected);
    let long = vec![0x30; MAX_KEY_BYTES + 1];
    for error in [
        SigningKey::from_pkcs8_der(Algorithm::Es256, &long),
        SigningKey::from_sec1_der(Algorithm::Es256, &long),
        SigningKey::from_pkcs1_der(Algorithm::Rs256, &long),
        SigningKey::from_jwk_json(Algorithm::Es256, &long),
    ] {
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}

/// Attack I5: nothing that can be formatted shows a private key.
#[test]
fn no_debug_output_and_no_error_shows_a_private_key() {
    let (seed, _) = ed25519();
    let id = oidc_core::IssuerIdentifier::parse(common::ISSUER).unwrap();
    let read = || eddsa(&pkcs8(&[OID_ED25519], &octets(&seed), None)).unwrap();

    let builder = Issuer::builder(id).key(read());
    let mut shown = vec![format!("{:?}", read()), format!("{builder:#?}")];
    let issuer = builder.build().unwrap();
    let spec = TokenSpec::new("job", "aud")
        .unwrap()
        .with_claim("secret", "hunter2")
        .unwrap();
    let token = issuer.issue(&spec, common::at(common::NOW)).unwrap();
    shown.extend([
        format!("{issuer:?}"),
        format!("{spec:?}"),
        format!("{token:?}"),
    ]);
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "d": base64url(&seed), "x": "AA" });
    let error = SigningKey::from_jwk_json(Algorithm::EdDsa, jwk.to_string().as_bytes());
    shown.push(format!("{:?}", error.unwrap_err()));
    shown.push(format!("{:?}", eddsa(&octets(&seed)).unwrap_err()));

    let hex = seed
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let pem = read().to_pkcs8_pem();
    let secrets = [
        base64url(&seed),
        hex.to_uppercase(),
        hex,
        format!("{seed:?}").replace(['[', ']'], ""),
        pem.lines().nth(1).unwrap().to_owned(),
        "hunter2".to_owned(),
        token.as_str().to_owned(),
    ];
    // A piece of a secret is too much already.
    let pieces: Vec<String> = secrets
        .iter()
        .map(|secret| secret.chars().rev().skip(1).take(7).collect())
        .collect();
    let pieces: Vec<String> = pieces
        .iter()
        .map(|piece| piece.chars().rev().collect())
        .collect();
    for text in &shown {
        for piece in &pieces {
            assert!(!text.contains(piece), "{piece} in {text}");
        }
    }
    assert!(
        shown[0].starts_with("SigningKey { algorithm: EdDsa, kid: \"kPrK"),
        "{}",
        shown[0]
    );
    assert!(shown[0].ends_with(".. }"), "{}", shown[0]);
}

#[test]
fn a_generated_key_is_a_new_one_each_time() {
    let random = SystemRandom::new();
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let [first, second] = [0; 2].map(|_| SigningKey::generate(algorithm, &random).unwrap());
        assert_ne!(first.kid(), second.kid());
        assert_eq!(first.algorithm(), algorithm);
        assert_eq!(first.public_jwk().alg(), Some(algorithm));
        assert_eq!(first.kid().len(), 43);
    }
}

#[test]
fn keys_may_be_shared_between_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<SigningKey>();
    assert_send_sync::<Issuer>();
    assert_send_sync::<SigningKeyError>();
    assert_send_sync::<oidc_issuer::BuildError>();
    assert_send_sync::<oidc_issuer::IssueError>();
    assert_send_sync::<oidc_issuer::JwtIdError>();
    assert_send_sync::<oidc_issuer::RandomError>();
    assert_send_sync::<oidc_issuer::DocumentsError>();
    assert_send_sync::<oidc_issuer::RevokeError>();
    assert_send_sync::<oidc_issuer::RotationConfigError>();
    assert_send_sync::<oidc_issuer::RotationPolicyError>();
    assert_send_sync::<oidc_issuer::StateError>();
    assert_send_sync::<oidc_issuer::TransitionError>();
    assert_send_sync::<oidc_issuer::store::CommitError>();
    assert_send_sync::<oidc_issuer::store::PrivateKeysError>();
    assert_send_sync::<oidc_issuer::store::StoreError>();
    assert_send_sync::<oidc_issuer::TokenSpecError>();
}
