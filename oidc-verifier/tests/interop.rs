//! `jsonwebtoken` as a second opinion: it reads what we sign, we read what it signs, and both
//! refuse the same tampered tokens.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "these helpers run in tests only"
)]

mod attacks;
mod support;

use std::sync::LazyLock;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use oidc_core::Algorithm;
use serde_json::Value;
use support::{
    AUDIENCE, Honest, ISSUER, NOW, Shape, algorithms, all_keys, at, key, mint, verifier,
};

/// Its name for an algorithm. It has neither ES512 nor the name Ed25519.
fn theirs(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
    algorithm.name().parse().ok()
}

/// The algorithms that both have.
fn common() -> impl Iterator<Item = (Algorithm, jsonwebtoken::Algorithm)> {
    algorithms().filter_map(|algorithm| Some((algorithm, theirs(algorithm)?)))
}

/// A relying party on `jsonwebtoken`, as strict as it goes without its clock, which cannot be set.
fn they_accept(token: &[u8]) -> Result<Value, jsonwebtoken::errors::Error> {
    static SET: LazyLock<JwkSet> =
        LazyLock::new(|| serde_json::from_str(&all_keys()).expect("a key set"));
    let header = jsonwebtoken::decode_header(token)?;
    let jwk = SET.find(&header.kid.unwrap_or_default());
    let jwk = jwk.ok_or(jsonwebtoken::errors::ErrorKind::InvalidToken)?;
    let algorithm = jwk.common.key_algorithm.map(|name| name.to_string());
    let algorithm = algorithm.expect("a bound key").parse()?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(jwk)?;
    jsonwebtoken::decode::<Value>(token, &key, &validation).map(|data| data.claims)
}

fn their_key(algorithm: Algorithm) -> EncodingKey {
    let pem = key(algorithm).to_pkcs8_pem();
    let pem = pem.as_bytes();
    if algorithm.is_rsa() {
        EncodingKey::from_rsa_pem(pem)
    } else if algorithm.is_ed25519() {
        EncodingKey::from_ed_pem(pem)
    } else {
        EncodingKey::from_ec_pem(pem)
    }
    .expect("a key in PKCS#8")
}

#[test]
fn it_has_nine_of_our_algorithms() {
    let names: Vec<_> = common().map(|(algorithm, _)| algorithm.name()).collect();
    let expected = [
        "ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
    ];
    assert_eq!(names, expected);
}

#[test]
fn it_reads_what_we_sign() {
    for (algorithm, _) in common() {
        for shape in Shape::ALL {
            let honest = mint(algorithm, shape);
            let claims = they_accept(honest.token.as_bytes()).unwrap();
            let own: Value = serde_json::from_str(&honest.claims.to_json()).unwrap();
            assert_eq!(claims, own, "{algorithm} {shape:?}");
        }
    }
}

#[test]
fn we_read_what_it_signs() {
    let verifier = verifier();
    for (algorithm, theirs) in common() {
        for shape in Shape::ALL {
            let claims: Value =
                serde_json::from_str(&mint(algorithm, shape).claims.to_json()).unwrap();
            let header = Header {
                kid: Some(key(algorithm).kid().to_owned()),
                ..Header::new(theirs)
            };
            let token = jsonwebtoken::encode(&header, &claims, &their_key(algorithm)).unwrap();
            let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
            assert_eq!(verified.algorithm(), algorithm);
            assert_eq!(verified.claims::<Value>().unwrap(), claims);
            assert_eq!(Some(&*verified.subject()), claims["sub"].as_str());
        }
    }
}

#[test]
fn both_refuse_the_same_tampered_tokens() {
    let verifier = verifier();
    let mut count = 0;
    for (algorithm, _) in common() {
        let honest = mint(algorithm, Shape::GitHub);
        for attack in attacks::of_the_signature() {
            for token in (attack.tokens)(&honest) {
                let ours = verifier.verify(&token, at(NOW)).is_ok();
                let theirs = they_accept(&token).is_ok();
                assert!(
                    !ours && !theirs,
                    "{} of {algorithm}: {ours} {theirs}",
                    attack.name
                );
                count += 1;
            }
        }
        for token in foreign(&honest) {
            assert!(verifier.verify(token.as_bytes(), at(NOW)).is_err());
            assert!(they_accept(token.as_bytes()).is_err());
            count += 1;
        }
    }
    assert!(count > 2_000, "{count}");
}

/// With a good signature, and not for us.
fn foreign(honest: &Honest) -> Vec<String> {
    let header = |name, value: &str| honest.header.with(name, value).to_json();
    vec![
        honest.with_claim("iss", "\"https://evil.example\""),
        honest.with_claim("aud", "\"https://evil.example\""),
        honest.without_claim("iss"),
        honest.without_claim("sub"),
        honest.without_claim("aud"),
        honest.without_claim("exp"),
        honest.with_header(header("alg", "\"none\"")),
        honest.with_header(header("alg", "\"HS256\"")),
        honest.with_header(header("alg", "null")),
        honest.with_header(header("kid", "\"another\"")),
        honest.with_header(header("kid", "7")),
        honest.with_claims("[]"),
        honest.with_claims("not JSON"),
    ]
}
