//! What makes a JWK a key that signatures can be checked with: each rule from both sides.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a key of a test that does not have its form fails it"
)]

use oidc_core::{
    Algorithm, Curve, EcPublicKey, Ed25519PublicKey, Jwk, JwkError, PublicKey, PublicKeyError,
    RsaPublicKey, base64url,
};
use serde_json::{Value, json};

fn rsa() -> Value {
    let file = include_str!("vectors/jose-cookbook/jwk/3_3.rsa_public_key.json");
    plain(file)
}

fn ec() -> Value {
    plain(include_str!(
        "vectors/jose-cookbook/jwk/3_1.ec_public_key.json"
    ))
}

fn ed25519() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

/// Without `kid` and `use`.
fn plain(json: &str) -> Value {
    let mut jwk: Value = serde_json::from_str(json).expect("JSON");
    let members = jwk.as_object_mut().expect("an object");
    members.remove("kid");
    members.remove("use");
    jwk
}

fn parse(jwk: &Value) -> Result<Jwk, JwkError> {
    Jwk::parse(jwk.to_string().as_bytes())
}

fn with(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}

fn without(mut jwk: Value, member: &str) -> Value {
    jwk.as_object_mut().expect("an object").remove(member);
    jwk
}

fn last_replaced(text: &str, last: char) -> String {
    let mut text = text.to_owned();
    text.pop();
    text.push(last);
    text
}

fn code(jwk: &Value) -> Result<(), &'static str> {
    parse(jwk).map(|_| ()).map_err(|error| error.code())
}

#[test]
fn a_plain_public_key_of_each_kind_is_read() {
    for jwk in [rsa(), ec(), ed25519()] {
        let read = parse(&jwk).unwrap();
        assert_eq!((read.kid(), read.alg()), (None, None));
        assert_eq!(read.key().kty(), jwk["kty"]);
    }
}

#[test]
fn json_is_strict() {
    let text = ed25519().to_string();
    for (json, code) in [
        (format!("\u{feff}{text}"), "byte_order_mark"),
        (format!("{text} 1"), "trailing_bytes"),
        (
            text.replace("\"kty\"", "\"crv\":\"P-256\",\"kty\""),
            "duplicate_member",
        ),
        (
            text.replace("\"kty\"", "\"\\u0063rv\":\"P-256\",\"kty\""),
            "duplicate_member",
        ),
        (
            text.replace("\"kty\"", "\"a\":{\"b\":1,\"b\":1},\"kty\""),
            "duplicate_member",
        ),
        (String::new(), "unexpected_end"),
    ] {
        let error = Jwk::parse(json.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{json}");
        assert!(std::error::Error::source(&error).is_some());
    }
    for json in ["[]", "null", "\"a\"", "1"] {
        assert_eq!(Jwk::parse(json.as_bytes()), Err(JwkError::NotAnObject));
    }
    assert!(Jwk::parse(format!(" {text}\n").as_bytes()).is_ok());
}

#[test]
fn a_jwk_has_at_most_16_kib() {
    let padded = |len: usize| {
        let plain = with(ed25519(), "x5c", "").to_string();
        let padding = "A".repeat(len - plain.len());
        with(ed25519(), "x5c", padding).to_string()
    };
    assert_eq!(padded(16_384).len(), 16_384);
    assert!(Jwk::parse(padded(16_384).as_bytes()).is_ok());
    let error = Jwk::parse(padded(16_385).as_bytes()).unwrap_err();
    assert!(matches!(error, JwkError::TooLong { max: 16_384, .. }));
}

#[test]
fn members_that_are_not_needed_are_ignored() {
    let mut jwk = ec();
    for (member, value) in [
        ("x5u", json!("http://10.0.0.1/")),
        ("x5c", json!([1, {"a": null}])),
        ("x5t", json!(7)),
        ("x5t#S256", json!(null)),
        ("jku", json!("file:///etc/passwd")),
        ("n", json!(1)),
        ("ext", json!(true)),
        ("D", json!("AA")),
        ("P", json!("AA")),
        ("nbf", json!(-1)),
    ] {
        jwk = with(jwk, member, value);
    }
    assert_eq!(parse(&jwk), parse(&ec()));
}

/// RFC 7517 section 4.1, RFC 7518 section 6.1.
#[test]
fn the_kind_of_key_is_known() {
    assert!(matches!(
        parse(&without(rsa(), "kty")),
        Err(JwkError::MissingMember { member: "kty", .. })
    ));
    for kty in ["rsa", "RSA ", "ec", "okp", "AKP", ""] {
        assert_eq!(
            parse(&with(rsa(), "kty", kty)),
            Err(JwkError::UnknownKty),
            "{kty}"
        );
    }
    assert_eq!(
        parse(&json!({"kty": "oct", "k": ""})),
        Err(JwkError::SymmetricKey)
    );
    assert_eq!(parse(&json!({"kty": "oct"})), Err(JwkError::SymmetricKey));
    assert_eq!(code(&with(rsa(), "kty", 1)), Err("malformed_member"));
}

#[test]
fn the_curve_is_known_and_of_its_kind() {
    for crv in ["p-256", "secp256k1", "P-192", "Ed25519", "P-256 ", ""] {
        assert_eq!(
            parse(&with(ec(), "crv", crv)),
            Err(JwkError::UnknownCrv),
            "{crv}"
        );
    }
    for crv in ["Ed448", "X25519", "X448", "ed25519", "P-256"] {
        assert_eq!(
            parse(&with(ed25519(), "crv", crv)),
            Err(JwkError::UnknownCrv),
            "{crv}"
        );
    }
    for jwk in [ec(), ed25519()] {
        assert!(matches!(
            parse(&without(jwk, "crv")),
            Err(JwkError::MissingMember { member: "crv", .. })
        ));
    }
}

#[test]
fn every_member_of_the_key_is_there_and_is_base64url() {
    for (jwk, members) in [
        (rsa(), &["n", "e"][..]),
        (ec(), &["x", "y"][..]),
        (ed25519(), &["x"][..]),
    ] {
        for member in members {
            let error = parse(&without(jwk.clone(), member)).unwrap_err();
            let expected =
                matches!(error, JwkError::MissingMember { member: m, .. } if m == *member);
            assert!(expected, "{error}");
            assert_eq!(error.to_string(), format!("member `{member}` is missing"));

            for value in [json!(1), json!(null), json!([]), json!({}), json!(true)] {
                let error = parse(&with(jwk.clone(), member, value)).unwrap_err();
                assert_eq!(error.to_string(), format!("member `{member}` is malformed"));
            }

            let text = jwk[*member].as_str().unwrap();
            let changed = last_replaced(text, '=');
            let error = parse(&with(jwk.clone(), member, changed)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("member `{member}` is not base64url")
            );
            assert_eq!(error.code(), "base64url_padding");
            assert!(std::error::Error::source(&error).is_some());
        }
    }
}

/// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1: whatever the value, the key is no secret any more.
#[test]
fn a_private_member_spoils_the_key() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("AA"), json!(""), json!(null), json!(1)] {
            for jwk in [rsa(), ec(), ed25519()] {
                let error = parse(&with(jwk, member, value.clone())).unwrap_err();
                assert_eq!(error.code(), "private_member");
                let text = format!("private member `{member}` is present");
                assert_eq!(error.to_string(), text);
            }
        }
    }
    let escaped = ed25519()
        .to_string()
        .replace("\"kty\"", "\"\\u0064\":1,\"kty\"");
    let error = Jwk::parse(escaped.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "private_member");
}

/// RFC 7517 section 4.2.
#[test]
fn a_key_is_for_signatures_when_it_says_what_for() {
    assert_eq!(code(&with(rsa(), "use", "sig")), Ok(()));
    for other in ["enc", "SIG", "sig ", ""] {
        assert_eq!(
            code(&with(rsa(), "use", other)),
            Err("use_not_sig"),
            "{other}"
        );
    }
    for value in [json!(1), json!(null), json!(["sig"])] {
        assert_eq!(code(&with(rsa(), "use", value)), Err("malformed_member"));
    }
}

/// RFC 7517 section 4.3: an array of different strings.
#[test]
fn key_ops_hold_verify_when_there_are_any() {
    for (key_ops, expected) in [
        (json!(["verify"]), Ok(())),
        (json!(["sign", "verify"]), Ok(())),
        (json!(["verify", "unknown"]), Ok(())),
        (json!([]), Err("key_ops_without_verify")),
        (json!(["sign"]), Err("key_ops_without_verify")),
        (json!(["encrypt"]), Err("key_ops_without_verify")),
        (json!(["Verify"]), Err("key_ops_without_verify")),
        (json!(["verify", "verify"]), Err("malformed_member")),
        (json!(["verify", 1]), Err("malformed_member")),
        (json!("verify"), Err("malformed_member")),
        (json!({"verify": true}), Err("malformed_member")),
        (json!(null), Err("malformed_member")),
    ] {
        assert_eq!(
            code(&with(ec(), "key_ops", key_ops.clone())),
            expected,
            "{key_ops}"
        );
    }
    let many = |count: usize| -> Value {
        (1..count)
            .map(|i| i.to_string())
            .chain(["verify".to_owned()])
            .collect()
    };
    assert_eq!(code(&with(ec(), "key_ops", many(16))), Ok(()));
    assert_eq!(
        code(&with(ec(), "key_ops", many(17))),
        Err("malformed_member")
    );
}

/// RFC 8725 section 3.1: one key, one algorithm.
#[test]
fn alg_binds_the_key_and_must_fit_it() {
    for (jwk, fitting) in [
        (
            rsa(),
            vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        ),
        (ec(), vec!["ES512"]),
        (ed25519(), vec!["EdDSA", "Ed25519"]),
    ] {
        let free = parse(&jwk).unwrap();
        for algorithm in Algorithm::ALL {
            let bound = parse(&with(jwk.clone(), "alg", algorithm.name()));
            if fitting.contains(&algorithm.name()) {
                let bound = bound.unwrap();
                assert_eq!(bound.alg(), Some(*algorithm));
                for other in Algorithm::ALL {
                    let same = algorithm.same_signature(*other);
                    assert_eq!(bound.fits(*other), same, "{algorithm} {other}");
                }
                assert!(free.fits(*algorithm));
                assert_eq!(free.clone().with_alg(*algorithm), Ok(bound));
            } else {
                let error = bound.unwrap_err();
                assert_eq!(error.code(), "alg_does_not_fit");
                assert_eq!(free.clone().with_alg(*algorithm), Err(error));
                assert!(!free.fits(*algorithm));
            }
        }
    }
}

#[test]
fn an_unknown_alg_makes_the_key_unusable() {
    for alg in [
        "none", "HS256", "RS1", "ES256K", "ES521", "RSA-OAEP", "dir", "", "rs256",
    ] {
        assert_eq!(code(&with(rsa(), "alg", alg)), Err("unknown_alg"), "{alg}");
    }
    assert_eq!(
        code(&with(rsa(), "alg", json!(256))),
        Err("malformed_member")
    );
    assert_eq!(
        code(&with(rsa(), "alg", json!(null))),
        Err("malformed_member")
    );
}

#[test]
fn a_kid_is_any_text_of_at_most_256_bytes() {
    for kid in [
        "",
        "2025-10",
        "../../etc/passwd",
        "a\nb\0",
        "ключ",
        &"k".repeat(256),
    ] {
        let jwk = parse(&with(rsa(), "kid", kid)).unwrap();
        assert_eq!(jwk.kid(), Some(kid));
        assert_eq!(parse(&rsa()).unwrap().with_kid(kid), Ok(jwk));
    }
    for kid in ["k".repeat(257), "ä".repeat(129)] {
        let error = parse(&with(rsa(), "kid", kid.as_str())).unwrap_err();
        assert_eq!(error.to_string(), "`kid` is longer than 256 bytes");
        assert_eq!(parse(&rsa()).unwrap().with_kid(kid), Err(error));
    }
    let escaped = with(rsa(), "kid", "a/b")
        .to_string()
        .replace("a/b", "\\u0061\\/b");
    assert_eq!(Jwk::parse(escaped.as_bytes()).unwrap().kid(), Some("a/b"));
    for kid in [json!(1), json!(null), json!(["a"]), json!({})] {
        assert_eq!(code(&with(rsa(), "kid", kid)), Err("malformed_member"));
    }
}

/// An odd number of exactly this many bits, without the fingerprint.
fn modulus(bits: usize) -> Vec<u8> {
    let len = bits.div_ceil(8);
    let mut n = vec![0x5b; len];
    let top = 1 << ((bits - 1) % 8);
    n[0] = top | (0x5b & (top - 1));
    n
}

/// RFC 7518 section 3.3, and an upper bound on the work that a stranger's key can cause.
#[test]
fn an_rsa_modulus_has_2048_to_8192_bits() {
    for (bits, ok) in [
        (512, false),
        (2047, false),
        (2048, true),
        (2049, true),
        (8192, true),
        (8193, false),
    ] {
        let n = modulus(bits);
        let key = RsaPublicKey::new(n.clone(), &[1, 0, 1]);
        let jwk = with(rsa(), "n", base64url::encode(&n));
        if ok {
            let key = key.unwrap();
            assert_eq!((key.bits(), key.n()), (bits, &n[..]));
            assert_eq!(parse(&jwk).unwrap().key(), &PublicKey::Rsa(key));
        } else {
            let error = key.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("RSA modulus has {bits} bits, not 2048 to 8192")
            );
            assert_eq!(parse(&jwk), Err(JwkError::Key(error)));
        }
    }
    for n in [vec![], vec![0; 256], vec![0, 1]] {
        let error = RsaPublicKey::new(n, &[3]).unwrap_err();
        assert!(matches!(error, PublicKeyError::ModulusSize { .. }));
    }
}

#[test]
fn an_rsa_key_has_one_form_and_an_odd_modulus() {
    let n = modulus(2048);
    let padded = [&[0], &n[..]].concat();
    assert_eq!(
        RsaPublicKey::new(padded, &[3]),
        Err(PublicKeyError::LeadingZero)
    );
    assert_eq!(
        RsaPublicKey::new(n.clone(), &[0, 3]),
        Err(PublicKeyError::LeadingZero)
    );
    let mut even = n;
    *even.last_mut().unwrap() = 0x5a;
    assert_eq!(
        RsaPublicKey::new(even, &[3]),
        Err(PublicKeyError::EvenModulus)
    );
}

#[test]
fn an_rsa_exponent_is_odd_and_from_3_to_below_2_to_the_33() {
    for (e, ok) in [
        (&[][..], false),
        (&[1], false),
        (&[2], false),
        (&[3], true),
        (&[4], false),
        (&[1, 0, 1], true),
        (&[1, 0, 0], false),
        (&[0xff, 0xff, 0xff, 0xff], true),
        (&[1, 0, 0, 0, 1], true),
        (&[1, 0xff, 0xff, 0xff, 0xff], true),
        (&[2, 0, 0, 0, 1], false),
        (&[1, 0, 0, 0, 0, 1], false),
    ] {
        match RsaPublicKey::new(modulus(2048), e) {
            Ok(key) => assert!(ok && key.e() == e, "{e:?}"),
            Err(error) => assert!(!ok && error == PublicKeyError::Exponent, "{e:?}"),
        }
    }
    assert_eq!(code(&with(rsa(), "e", "")), Err("exponent"));
    assert_eq!(code(&with(rsa(), "e", "AA")), Err("leading_zero"));
    assert_eq!(code(&with(rsa(), "e", "AQ")), Err("exponent"));
    assert_eq!(code(&with(rsa(), "e", rsa()["n"].clone())), Err("exponent"));
}

/// CVE-2017-15361: this number of 2048 bits is a power of 65537 modulo each prime up to 701.
#[test]
fn a_modulus_of_the_roca_generator_is_refused() {
    let n = "gK1F8jsaEd9Yf9KAO6tsOY2INIp-7Y0U8G0_73AZZqDDgeiPOMDI_YcSuLwHbzeHudF54GwP1PX4EwxC\
        N3MO36-9Z_lhlpnP4ZiK2fBsFEoCW0E_ipoCHqZIp90Gg565Bbbm4wfUvtxRQxGT5sPzORorjx_x_UKi\
        l1XUwTqQKTHNRH41uLbcU8wLVaBVwanU-alVyUdQsRBoYExhGF2nlHAcXV4kjNacCvbzv2BzBvNXdnGp\
        UByIRS4EKmgI5Wst-PD7JYvbUDAZPZZoqz4Vf82W9JQjcooERHjWdiMYx-1XPzQaDi8AMDGLJyO0-gr2\
        -gpIpDU5yVd861q-ugfciw";
    assert_eq!(code(&with(rsa(), "n", n)), Err("roca_modulus"));
    let neighbour = last_replaced(n, 'Q');
    assert_eq!(code(&with(rsa(), "n", neighbour)), Ok(()));
}

/// RFC 7518 section 6.2.1.2: the full length, each coordinate for itself.
#[test]
fn a_coordinate_has_the_length_of_its_curve() {
    let (x, y) = (ec()["x"].clone(), ec()["y"].clone());
    let bytes = |text: &Value| base64url::decode(text.as_str().unwrap()).unwrap();
    let (x, y) = (bytes(&x), bytes(&y));
    for len in [0, 65, 67] {
        let resized = [&vec![0; 1][..], &x].concat();
        let resized = &resized[resized.len().saturating_sub(len)..];
        assert_eq!(resized.len(), len);
        let expected = EcPublicKey::new(Curve::P521, resized, &y).unwrap_err();
        assert_eq!(
            expected.to_string(),
            format!("coordinate has {len} bytes, not 66")
        );
        assert_eq!(EcPublicKey::new(Curve::P521, &y, resized), Err(expected));
        let jwk = with(ec(), "x", base64url::encode(resized));
        assert_eq!(parse(&jwk), Err(JwkError::Key(expected)));
    }
    // x and y split elsewhere
    let joined = [&x[..], &y].concat();
    assert!(EcPublicKey::new(Curve::P521, &joined[..65], &joined[65..]).is_err());
    let key = EcPublicKey::new(Curve::P521, &x, &y).unwrap();
    assert_eq!(key.to_sec1_bytes(), [&[4], &x[..], &y].concat());
}

#[test]
fn a_point_off_its_curve_is_refused() {
    for (x, y) in [("x", "x"), ("y", "y"), ("y", "x")] {
        let jwk = with(with(ec(), "x", ec()[x].clone()), "y", ec()[y].clone());
        assert_eq!(code(&jwk), Err("not_on_curve"));
    }
    let zero = base64url::encode([0; 66]);
    assert_eq!(
        code(&with(with(ec(), "x", zero.clone()), "y", zero)),
        Err("not_on_curve")
    );
}

#[test]
fn an_ed25519_key_has_32_bytes() {
    for len in [0, 31, 33, 64] {
        let error = parse(&with(ed25519(), "x", base64url::encode(vec![9; len]))).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("coordinate has {len} bytes, not 32")
        );
        assert_eq!(error.code(), "coordinate_length");
    }
}

/// The eight points of small order and every other spelling of them, and all y from 2²⁵⁵ − 19 up:
/// whoever accepts one accepts signatures that nobody made.
#[test]
fn an_ed25519_point_of_small_order_or_second_spelling_is_refused() {
    let hex = |text: &str| -> [u8; 32] {
        let pairs = text
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        bytes.try_into().unwrap()
    };
    for (y, reason) in [
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "small_order",
        ),
        (
            "0100000000000000000000000000000000000000000000000000000000000000",
            "small_order",
        ),
        (
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "small_order",
        ),
        (
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "small_order",
        ),
        (
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "small_order",
        ),
        (
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "not_canonical",
        ),
        (
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "not_canonical",
        ),
        (
            "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "not_canonical",
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "not_canonical",
        ),
    ] {
        for sign in [0, 0x80] {
            let mut bytes = hex(y);
            bytes[31] |= sign;
            assert_eq!(
                Ed25519PublicKey::new(bytes).unwrap_err().code(),
                reason,
                "{y}"
            );
            let jwk = with(ed25519(), "x", base64url::encode(bytes));
            assert_eq!(code(&jwk), Err(reason));
        }
    }
    for y in [
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7f",
    ] {
        let bytes = hex(y);
        assert_eq!(Ed25519PublicKey::new(bytes).unwrap().as_bytes(), &bytes);
    }
}

#[test]
fn a_written_jwk_has_public_members_only_and_in_order() {
    let key = Ed25519PublicKey::new([9; 32]).unwrap();
    let jwk = Jwk::new(key)
        .with_kid("a\"b")
        .unwrap()
        .with_alg(Algorithm::EdDsa)
        .unwrap();
    assert_eq!(
        serde_json::to_string(&jwk).unwrap(),
        r#"{"kty":"OKP","kid":"a\"b","use":"sig","alg":"EdDSA","crv":"Ed25519","x":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"}"#
    );
    let bare = parse(&ec()).unwrap();
    let expected = with(ec(), "use", "sig");
    assert_eq!(serde_json::to_value(&bare).unwrap(), expected);
    let bare = parse(&rsa()).unwrap();
    let written = serde_json::to_string(&bare).unwrap();
    assert!(
        written.starts_with(r#"{"kty":"RSA","use":"sig","n":"n4EPt"#),
        "{written}"
    );
    assert!(written.ends_with(r#","e":"AQAB"}"#), "{written}");
}

#[test]
fn a_debug_form_shows_no_key_bytes() {
    for jwk in [rsa(), ec(), ed25519()] {
        let text = format!("{:?}", parse(&jwk).unwrap());
        assert!(text.len() < 200 && !text.contains('['), "{text}");
    }
}

#[test]
fn a_signature_has_the_length_of_its_key() {
    for (jwk, len) in [(rsa(), 256), (ec(), 132), (ed25519(), 64)] {
        assert_eq!(parse(&jwk).unwrap().key().signature_len(), len);
    }
    let odd = RsaPublicKey::new(modulus(2049), &[3]).unwrap();
    assert_eq!(PublicKey::from(odd).signature_len(), 257);
}

#[test]
fn errors_are_one_phrase_each() {
    for (error, text) in [
        (JwkError::NotAnObject, "JWK is not an object"),
        (JwkError::UnknownKty, "`kty` is not supported"),
        (JwkError::UnknownCrv, "`crv` is not supported"),
        (JwkError::SymmetricKey, "key is symmetric"),
        (JwkError::UseNotSig, "`use` is not `sig`"),
        (
            JwkError::KeyOpsWithoutVerify,
            "`key_ops` does not hold `verify`",
        ),
        (JwkError::UnknownAlg, "`alg` is not supported"),
        (JwkError::Duplicate, "key stands in the set already"),
        (
            JwkError::Key(PublicKeyError::EvenModulus),
            "RSA modulus is even",
        ),
        (
            JwkError::Key(PublicKeyError::RocaModulus),
            "RSA modulus has the fingerprint of CVE-2017-15361",
        ),
        (
            JwkError::Key(PublicKeyError::NotOnCurve),
            "point is not on the curve",
        ),
        (
            JwkError::Key(PublicKeyError::SmallOrder),
            "point has a small order",
        ),
        (
            JwkError::Key(PublicKeyError::NotCanonical),
            "point is not in canonical form",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
    let error = parse(&with(ec(), "alg", "RS256")).unwrap_err();
    assert_eq!(error.to_string(), "key does not fit its `alg`, RS256");
    let error = parse(&with(ec(), "y", "AA")).unwrap_err();
    assert_eq!(error.to_string(), "coordinate has 1 bytes, not 66");
}
