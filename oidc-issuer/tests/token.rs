//! What a token says, byte for byte, and what it cannot be made to say.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{NOW, algorithms, at, issuer, key, parts, payload};
use oidc_core::{Algorithm, Audience, IssuerIdentifier, NumericDate};
use oidc_issuer::{IssueError, Issuer, JwtId, MAX_TOKEN_BYTES, TokenSpec, TokenSpecError};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

fn spec() -> TokenSpec {
    TokenSpec::new("job-42", "https://deploy.example").unwrap()
}

/// The claims of a token after `spec`, as text.
fn claims(spec: &TokenSpec) -> String {
    payload(&issuer([Algorithm::EdDsa]).issue(spec, at(NOW)).unwrap())
}

#[test]
fn the_claims_stand_in_a_fixed_order_with_integer_times() {
    assert_eq!(
        claims(&spec()),
        r#"{"iss":"https://ci.example","sub":"job-42","aud":"https://deploy.example","exp":1790000300,"iat":1790000000}"#
    );
    let full = spec()
        .with_jwt_id(JwtId::new("a \"quoted\" id").unwrap())
        .with_not_before_backdate(Duration::from_secs(5))
        .unwrap()
        .with_lifetime(Duration::from_secs(3600))
        .unwrap()
        .with_claim("b", &1)
        .unwrap()
        .with_claim("a", &[true, false])
        .unwrap();
    assert_eq!(
        claims(&full),
        r#"{"iss":"https://ci.example","sub":"job-42","aud":"https://deploy.example","exp":1790003600,"nbf":1789999995,"iat":1790000000,"jti":"a \"quoted\" id","b":1,"a":[true,false]}"#
    );
}

#[test]
fn the_header_is_alg_kid_and_typ() {
    for algorithm in algorithms() {
        let issuer = issuer([algorithm]);
        let token = issuer.issue(&spec(), at(NOW)).unwrap();
        let header = token.as_str().split('.').next().unwrap();
        let kid = key(algorithm).kid().to_owned();
        let expected = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"JWT"}}"#);
        assert_eq!(header, common::base64url(expected));
    }
}

#[test]
fn a_kid_that_json_must_escape_is_escaped() {
    let key = key(Algorithm::EdDsa).with_kid(r#"a"b\c"#).unwrap();
    let id = IssuerIdentifier::parse(common::ISSUER).unwrap();
    let issuer = Issuer::builder(id).key(key).build().unwrap();
    let (header, _) = parts(&issuer.issue(&spec(), at(NOW)).unwrap());
    assert_eq!(header["kid"], r#"a"b\c"#);
}

#[test]
fn the_first_key_signs_unless_another_algorithm_is_asked_for() {
    let issuer = issuer([Algorithm::Es384, Algorithm::Rs256]);
    let alg = |spec: TokenSpec| parts(&issuer.issue(&spec, at(NOW)).unwrap()).0["alg"].clone();
    assert_eq!(alg(spec()), "ES384");
    assert_eq!(alg(spec().with_algorithm(Algorithm::Rs256)), "RS256");

    let error = issuer
        .issue(&spec().with_algorithm(Algorithm::EdDsa), at(NOW))
        .unwrap_err();
    assert_eq!(error.to_string(), "the issuer has no key for `EdDSA`");
}

/// RFC 7519 section 4.1.3.
#[test]
fn one_audience_is_a_string_and_several_are_an_array() {
    for (audience, expected) in [
        (Audience::one("a").unwrap(), json!("a")),
        (Audience::many(["a"]).unwrap(), json!("a")),
        (Audience::many(["b", "a"]).unwrap(), json!(["b", "a"])),
    ] {
        let spec = TokenSpec::for_audience("job", audience).unwrap();
        let claims: Value = serde_json::from_str(&claims(&spec)).unwrap();
        assert_eq!(claims["aud"], expected);
    }
}

#[test]
fn audiences_are_1_to_10_different_names_of_1_to_4000_bytes() {
    for (name, ok) in [
        ("", false),
        ("a", true),
        (&*"a".repeat(4000), true),
        (&*"a".repeat(4001), false),
        ("a\u{1}", false),
    ] {
        assert_eq!(TokenSpec::new("job", name).is_ok(), ok, "{name:?}");
    }
    let many = |count: u32| {
        let audience = Audience::many((0..count).map(|number| number.to_string())).unwrap();
        TokenSpec::for_audience("job", audience)
    };
    assert!(many(10).is_ok());
    assert_eq!(
        many(11).unwrap_err().to_string(),
        "`aud` has more than 10 names"
    );
    let twice = Audience::many(["a", "b", "a"]).unwrap();
    let error = TokenSpec::for_audience("job", twice).unwrap_err();
    assert_eq!(error.to_string(), "`aud` name 2 stands there already");
}

#[test]
fn a_subject_is_1_to_1024_bytes_without_control_characters() {
    for (subject, ok) in [
        ("", false),
        ("a", true),
        (&*"a".repeat(1024), true),
        (&*"a".repeat(1025), false),
        ("arn:aws:iam::111122223333:role/ci/jöb \"x\"", true),
        ("a\nb", false),
        ("a\u{0}", false),
        ("a\u{9f}", false),
    ] {
        let spec = TokenSpec::new(subject, "aud");
        assert_eq!(spec.is_ok(), ok, "{subject:?}");
        if let Ok(spec) = spec {
            let claims: Value = serde_json::from_str(&claims(&spec)).unwrap();
            assert_eq!(claims["sub"], subject);
        }
    }
    let error = TokenSpec::new("", "aud").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`sub` is not 1 to 1024 bytes without control characters"
    );
}

#[test]
fn a_lifetime_is_1_second_to_24_hours_in_whole_seconds() {
    assert_eq!(spec().lifetime(), Duration::from_secs(300));
    for (millis, expected) in [
        (0, None),
        (999, None),
        (1_000, Some(1)),
        (1_999, Some(1)),
        (86_400_000, Some(86_400)),
        (86_400_001, None),
    ] {
        let spec = spec().with_lifetime(Duration::from_millis(millis));
        let seconds = spec.ok().map(|spec| {
            let token = issuer([Algorithm::EdDsa]).issue(&spec, at(NOW)).unwrap();
            assert_eq!(parts(&token).1["exp"], token.expires_at().as_seconds());
            token.expires_at().as_seconds() - NOW
        });
        assert_eq!(seconds, expected, "{millis} ms");
    }
}

#[test]
fn nbf_is_absent_unless_asked_for_and_at_most_300_seconds_back() {
    assert!(!claims(&spec()).contains("nbf"));
    for (backdate, expected) in [(0, Some(NOW)), (300, Some(NOW - 300)), (301, None)] {
        let spec = spec().with_not_before_backdate(Duration::from_secs(backdate));
        let nbf = spec.ok().map(|spec| {
            let claims: Value = serde_json::from_str(&claims(&spec)).unwrap();
            claims["nbf"].as_i64().unwrap()
        });
        assert_eq!(nbf, expected, "{backdate}");
    }
    // The first second of all time has none before it.
    let spec = spec()
        .with_not_before_backdate(Duration::from_secs(300))
        .unwrap();
    let token = issuer([Algorithm::EdDsa])
        .issue(&spec, NumericDate::MIN)
        .unwrap();
    assert_eq!(parts(&token).1["nbf"], 0);
}

#[test]
fn exp_ends_with_the_year_9999() {
    let issuer = issuer([Algorithm::EdDsa]);
    let last = NumericDate::MAX.saturating_sub(Duration::from_secs(300));
    assert_eq!(
        issuer.issue(&spec(), last).unwrap().expires_at(),
        NumericDate::MAX
    );
    let after = NumericDate::MAX.saturating_sub(Duration::from_secs(299));
    let error = issuer.issue(&spec(), after).unwrap_err();
    assert!(matches!(error, IssueError::Expiry { .. }));
    assert_eq!(error.to_string(), "300s after 253402300500 is no time");
}

#[test]
fn a_jwt_id_is_for_one_token_and_can_be_set_anew() {
    let mut spec = spec().with_jwt_id(JwtId::new("one").unwrap());
    assert!(claims(&spec).ends_with(r#""jti":"one"}"#));
    spec.set_jwt_id(JwtId::new("two").unwrap());
    assert!(claims(&spec).ends_with(r#""jti":"two"}"#));
}

/// Attack I2.
#[test]
fn a_reserved_claim_cannot_be_set_in_any_spelling() {
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "cnf",
        "ISS",
        "Sub",
        "\u{17f}ub",
    ] {
        let error = spec().with_claim(name, "evil").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("claim `{name}` is set by the issuer")
        );
    }
}

/// Attack I3.
#[test]
fn a_claim_cannot_be_set_twice() {
    let spec = spec().with_claim("a", &1).unwrap();
    let error = spec.with_claim("a", &2).unwrap_err();
    assert_eq!(error.to_string(), "claim `a` is set twice");
}

#[test]
fn names_that_are_urls_and_nested_values_stand_as_they_are() {
    let aws = json!({
        "aws_account": "111122223333",
        "ou_path": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"],
        "request_tags": { "job-id": "42", "quote\"": "\u{1f680}\n" },
    });
    let spec = spec()
        .with_claim("https://sts.amazonaws.com/", &aws)
        .unwrap()
        .with_claim("oidc.circleci.com/context-ids", &["c1", "c2"])
        .unwrap()
        .with_claim("oidc.circleci.com/ssh-rerun", &false)
        .unwrap();
    let claims: Value = serde_json::from_str(&claims(&spec)).unwrap();
    assert_eq!(claims["https://sts.amazonaws.com/"], aws);
    assert_eq!(claims["oidc.circleci.com/context-ids"], json!(["c1", "c2"]));
    assert_eq!(claims["oidc.circleci.com/ssh-rerun"], false);
    assert_eq!(spec.claim_names().len(), 3);
}

#[test]
fn a_claim_name_is_1_to_256_bytes_without_control_characters() {
    for (name, ok) in [
        ("", false),
        ("a", true),
        (&*"a".repeat(256), true),
        (&*"a".repeat(257), false),
        ("a\"\\ü", true),
        ("a\u{1f}", false),
    ] {
        assert_eq!(spec().with_claim(name, &1).is_ok(), ok, "{name:?}");
    }
}

#[test]
fn a_token_has_up_to_64_custom_claims() {
    let add = |spec: TokenSpec, number: usize| spec.with_claim(&format!("c{number}"), &number);
    let full = (0..64).try_fold(spec(), add).unwrap();
    let parsed: Value = serde_json::from_str(&claims(&full)).unwrap();
    assert_eq!(parsed.as_object().unwrap().len(), 5 + 64);
    assert_eq!(
        add(full, 64).unwrap_err().to_string(),
        "more than 64 custom claims"
    );
}

/// A map that writes one name twice, as a careless `Serialize` does.
struct Twice;

impl Serialize for Twice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("a", &1)?;
        map.serialize_entry("\u{61}", &2)?;
        map.end()
    }
}

#[test]
fn a_value_that_a_strict_reader_refuses_is_refused() {
    for error in [
        spec().with_claim("c", &Twice),
        spec().with_claim("c", &[[Twice]]),
    ] {
        let error = error.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the value of claim `c` is not strict JSON"
        );
        let TokenSpecError::ClaimJson { source, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(source.code(), "duplicate_member");
    }
    // The claims set is one level of the 32 that a verifier reads.
    let nested = |depth: usize| (1..depth).fold(json!([]), |inner, _| json!([inner]));
    assert!(spec().with_claim("c", &nested(31)).is_ok());
    assert!(spec().with_claim("c", &nested(32)).is_err());

    let keys_are_no_strings = BTreeMap::from([((1, 2), 3)]);
    let error = spec().with_claim("c", &keys_are_no_strings).unwrap_err();
    assert_eq!(error.to_string(), "the value of claim `c` has no JSON form");
}

#[test]
fn a_token_has_up_to_16_kib() {
    let issuer = issuer([Algorithm::EdDsa]);
    let issue = |length: usize| {
        let spec = spec().with_claim("c", &"x".repeat(length)).unwrap();
        issuer
            .issue(&spec, at(NOW))
            .map(|token| token.as_str().len())
    };
    // Three bytes of claims are four of the token.
    let fixed = issue(0).unwrap();
    let room = (MAX_TOKEN_BYTES - fixed) / 4 * 3;
    assert!(issue(room).unwrap() <= MAX_TOKEN_BYTES);
    assert!(issue(room).unwrap() > MAX_TOKEN_BYTES - 4);
    let error = issue(room + 4).unwrap_err();
    assert!(
        error.to_string().ends_with(" is longer than 16384"),
        "{error}"
    );

    let error = spec()
        .with_claim("c", &"x".repeat(MAX_TOKEN_BYTES))
        .unwrap_err();
    assert_eq!(error.to_string(), "the claims are longer than 16384 bytes");
}

#[test]
fn one_spec_serves_many_tokens() {
    let issuer = issuer([Algorithm::EdDsa]);
    let spec = spec();
    let [first, second] = [0, 10].map(|later| issuer.issue(&spec, at(NOW + later)).unwrap());
    assert_eq!(second.expires_at().seconds_since(first.expires_at()), 10);
    assert_eq!(first, issuer.issue(&spec, at(NOW)).unwrap());
    assert_eq!(first.clone().into_string(), first.as_str());
}
