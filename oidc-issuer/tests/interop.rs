//! `jsonwebtoken` reads what we sign, with the keys that we publish.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::time::Duration;

use common::{algorithms, issuer, key};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{
    Algorithm as Foreign, DecodingKey, EncodingKey, Header, TokenData, Validation, decode,
    decode_header, encode,
};
use oidc_core::{Algorithm, Audience, Jwk, NumericDate};
use oidc_issuer::{Issuer, JwtId, TokenSpec};
use serde_json::{Value, json};

/// `jsonwebtoken` has no P-521 and does not know the names of RFC 9864.
const UNKNOWN_TO_JSONWEBTOKEN: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Es512];

fn foreign(algorithm: Algorithm) -> Option<Foreign> {
    let name = algorithm.name().parse().ok();
    assert_eq!(name.is_none(), UNKNOWN_TO_JSONWEBTOKEN.contains(&algorithm));
    name
}

/// It compares with a clock that cannot be set, so the tokens live in the far future.
fn now() -> NumericDate {
    NumericDate::MAX.saturating_sub(Duration::from_secs(86_400))
}

/// What a relying party built on `jsonwebtoken` does: look the key up by `kid`, bind it to the
/// algorithm, ask for issuer, audience and expiry.
fn accept(issuer: &Issuer, token: &str, algorithm: Foreign) -> Option<TokenData<Value>> {
    let set: JwkSet = serde_json::from_slice(&issuer.jwk_set_document().bytes).unwrap();
    let jwk = set.find(&decode_header(token).ok()?.kid?)?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer.id().as_str()]);
    validation.set_audience(&["https://deploy.example"]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    validation.validate_nbf = false; // The far future has not begun.
    decode(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).ok()
}

#[test]
fn it_accepts_every_algorithm_that_it_knows() {
    let issuer = issuer(algorithms().filter(|algorithm| foreign(*algorithm).is_some()));
    let spec = TokenSpec::new("job-42", "https://deploy.example")
        .unwrap()
        .with_not_before_backdate(Duration::from_secs(5))
        .unwrap()
        .with_jwt_id(JwtId::new("id").unwrap())
        .with_claim(
            "https://sts.amazonaws.com/",
            &json!({ "aws_account": "111122223333" }),
        )
        .unwrap();
    let mut accepted = 0;
    for algorithm in issuer.published_keys().iter().filter_map(Jwk::alg) {
        let token = issuer
            .issue(&spec.clone().with_algorithm(algorithm), now())
            .unwrap();
        let data = accept(&issuer, token.as_str(), foreign(algorithm).unwrap()).unwrap();
        assert_eq!(data.header.typ.as_deref(), Some("JWT"));
        assert_eq!(data.header.kid.as_deref(), issuer.signing_kid(algorithm));
        let exp = now().as_seconds().saturating_add(300);
        assert_eq!(
            data.claims,
            json!({
                "iss": "https://ci.example", "sub": "job-42", "aud": "https://deploy.example",
                "exp": exp, "nbf": exp.saturating_sub(305), "iat": now(), "jti": "id",
                "https://sts.amazonaws.com/": { "aws_account": "111122223333" },
            })
        );
        accepted += 1;
    }
    // RS and PS in three sizes, ES256, ES384, EdDSA.
    assert_eq!(accepted, 9);
}

#[test]
fn it_accepts_one_audience_of_several() {
    let issuer = issuer([Algorithm::EdDsa]);
    let audience = Audience::many(["https://other.example", "https://deploy.example"]).unwrap();
    let spec = TokenSpec::for_audience("job", audience).unwrap();
    let token = issuer.issue(&spec, now()).unwrap();
    assert!(accept(&issuer, token.as_str(), Foreign::EdDSA).is_some());

    let spec = TokenSpec::new("job", "https://other.example").unwrap();
    let token = issuer.issue(&spec, now()).unwrap();
    assert!(accept(&issuer, token.as_str(), Foreign::EdDSA).is_none());
}

#[test]
fn it_refuses_a_token_of_ours_with_any_segment_changed() {
    let issuer = issuer([Algorithm::Es256, Algorithm::EdDsa]);
    let spec = TokenSpec::new("job-42", "https://deploy.example").unwrap();
    let token = issuer.issue(&spec, now()).unwrap().into_string();
    assert!(accept(&issuer, &token, Foreign::ES256).is_some());
    for (from, to) in [("eyJ", "eyI"), (".eyJ", ".eyI")] {
        assert!(accept(&issuer, &token.replacen(from, to, 1), Foreign::ES256).is_none());
    }
    let (input, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{input}.{other}{}", signature.get(1..).unwrap());
    assert!(accept(&issuer, &changed, Foreign::ES256).is_none());
    // The right token under the wrong algorithm.
    assert!(accept(&issuer, &token, Foreign::EdDSA).is_none());
}

/// It signs with the PKCS#8 that we write, and what it signs verifies under the JWK that we
/// publish.
#[test]
fn it_signs_with_our_exported_keys() {
    let mut signed = 0;
    for algorithm in algorithms() {
        let Some(foreign) = foreign(algorithm) else {
            continue;
        };
        let pem = key(algorithm).to_pkcs8_pem();
        let read = if algorithm.is_rsa() {
            EncodingKey::from_rsa_pem
        } else if algorithm.is_ed25519() {
            EncodingKey::from_ed_pem
        } else {
            EncodingKey::from_ec_pem
        };
        let mut header = Header::new(foreign);
        header.kid = Some(key(algorithm).kid().to_owned());
        let claims = json!({
            "iss": "https://ci.example", "sub": "job", "aud": "https://deploy.example",
            "exp": now(),
        });
        let token = encode(&header, &claims, &read(pem.as_bytes()).unwrap()).unwrap();
        let data = accept(&issuer([algorithm]), &token, foreign).unwrap();
        assert_eq!(data.claims, claims);
        signed += 1;
    }
    assert_eq!(signed, 9);
}

/// What `jsonwebtoken` does not know, the library under `aws-lc-rs` checks, asked directly.
#[cfg(feature = "aws-lc-rs")]
#[test]
fn es512_and_ed25519_verify_under_the_published_key() {
    use aws_lc_rs::signature::{
        ECDSA_P521_SHA512_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
    };
    use common::from_base64url;
    use oidc_core::PublicKey;

    let issuer = issuer(UNKNOWN_TO_JSONWEBTOKEN);
    let set = oidc_core::JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    for (algorithm, jwk) in UNKNOWN_TO_JSONWEBTOKEN.into_iter().zip(set.keys()) {
        let spec = TokenSpec::new("job", "aud")
            .unwrap()
            .with_algorithm(algorithm);
        let token = issuer.issue(&spec, now()).unwrap();
        let (input, signature) = token.as_str().rsplit_once('.').unwrap();
        let (verification, key): (&'static dyn VerificationAlgorithm, _) = match jwk.key() {
            PublicKey::Ec(key) => (&ECDSA_P521_SHA512_FIXED, key.to_sec1_bytes()),
            PublicKey::Ed25519(key) => (&ED25519, key.as_bytes().to_vec()),
            other @ (PublicKey::Rsa(_) | _) => panic!("{other:?}"),
        };
        let key = UnparsedPublicKey::new(verification, key);
        let signature = from_base64url(signature);
        assert!(key.verify(input.as_bytes(), &signature).is_ok());
        assert!(key.verify(&input.as_bytes()[1..], &signature).is_err());
    }
}
