//! Laws that hold for every input.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of a test program"
)]

mod common;

use common::{NOW, at, der, issuer, key, payload, vector, vector_json};
use oidc_core::Algorithm;
use oidc_issuer::{ClaimTemplate, JwtId, SigningKey, SigningKeyError, TokenSpec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// Some bytes replaced, and perhaps the end cut off.
fn spoil(bytes: &mut Vec<u8>, changes: &[(Index, u8)], cut: Option<Index>) {
    for (index, value) in changes {
        let index = index.index(bytes.len());
        bytes[index] = *value;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
}

fn changes() -> impl Strategy<Value = (Vec<(Index, u8)>, Option<Index>)> {
    let change = (any::<Index>(), any::<u8>());
    (
        proptest::collection::vec(change, 1..4),
        proptest::option::weighted(0.2, any::<Index>()),
    )
}

/// Whatever came out of a spoilt file is a whole key: it signs, and it is written and read again.
fn is_whole(key: Result<SigningKey, SigningKeyError>) {
    if let Ok(key) = key {
        assert!(key.sign(b"message").is_ok());
        let again = SigningKey::from_pem(key.algorithm(), &key.to_pkcs8_pem()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_spoilt_ec_or_ed25519_file_is_refused_or_read_as_a_whole_key(
        (changes, cut) in changes(),
    ) {
        for (algorithm, name, format) in [
            (Algorithm::Es256, "P-256", "pkcs8"),
            (Algorithm::Es256, "P-256", "sec1"),
            (Algorithm::EdDsa, "ed25519", "pkcs8"),
        ] {
            let text = vector(&format!("openssl/{name}.{format}.pem"));
            let mut bytes = der(&text);
            spoil(&mut bytes, &changes, cut);
            is_whole(match format {
                "sec1" => SigningKey::from_sec1_der(algorithm, &bytes),
                _ => SigningKey::from_pkcs8_der(algorithm, &bytes),
            });
            let mut bytes = text.into_bytes();
            spoil(&mut bytes, &changes, cut);
            is_whole(SigningKey::from_pem(algorithm, &String::from_utf8_lossy(&bytes)));
        }
    }

    #[test]
    fn a_spoilt_jwk_is_refused_or_read_as_a_whole_key((changes, cut) in changes()) {
        let jwk = &vector_json("rfc/rfc7515.json")["cases"][2]["jwk"];
        let mut bytes = jwk.to_string().into_bytes();
        spoil(&mut bytes, &changes, cut);
        is_whole(SigningKey::from_jwk_json(Algorithm::Es256, &bytes));
    }

    #[test]
    fn arbitrary_bytes_are_no_key(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(SigningKey::from_pem(Algorithm::Es256, &text).is_err());
        prop_assert!(SigningKey::from_pkcs8_der(Algorithm::Rs256, &bytes).is_err());
        prop_assert!(SigningKey::from_sec1_der(Algorithm::Es256, &bytes).is_err());
        prop_assert!(SigningKey::from_pkcs1_der(Algorithm::Rs256, &bytes).is_err());
        prop_assert!(SigningKey::from_jwk_json(Algorithm::EdDsa, &bytes).is_err());
    }

    #[test]
    fn what_goes_into_a_token_comes_out_of_it(
        subject in "[^\\p{Cc}]{1,40}",
        audience in "[^\\p{Cc}]{1,40}",
        jwt_id in "[^\\p{Cc}]{1,40}",
        name in "[^\\p{Cc}]{9,40}", // longer than every reserved name
        text in any::<String>(),
        number in any::<i64>(),
    ) {
        let spec = TokenSpec::new(&subject, &audience)
            .unwrap()
            .with_jwt_id(JwtId::new(&jwt_id).unwrap())
            .with_claim(&name, &(&text, number))
            .unwrap();
        let token = issuer([Algorithm::EdDsa]).issue(&spec, at(NOW)).unwrap();
        let claims: Value = serde_json::from_str(&payload(&token)).unwrap();
        prop_assert_eq!(claims.as_object().unwrap().len(), 7);
        prop_assert_eq!(claims["sub"].as_str(), Some(subject.as_str()));
        prop_assert_eq!(claims["aud"].as_str(), Some(audience.as_str()));
        prop_assert_eq!(claims["jti"].as_str(), Some(jwt_id.as_str()));
        prop_assert_eq!(&claims[&name], &json!([text, number]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Attack P15 from the issuer's side: a subject that two contexts give is one that one of them forges.
    #[test]
    fn two_contexts_never_give_one_text(
        literals in proptest::collection::vec(
            proptest::option::of(proptest::sample::select(vec!["a", "1b", ":", "b:", "-a", "a/:"])),
            1..6,
        ),
        values in proptest::collection::vec(("[ab1:/-]{1,3}", "[ab1:/-]{1,3}"), 6),
    ) {
        let part = |(index, literal): (usize, Option<&str>)| match literal {
            Some(literal) => json!(literal),
            None => json!({"from": format!("/{index}")}),
        };
        let parts: Vec<Value> = literals.iter().copied().enumerate().map(part).collect();
        let template = json!({"sub": {"text": parts}}).to_string();
        let Ok(template) = ClaimTemplate::from_json(template.as_bytes()) else {
            return Ok(());
        };
        let (one, other): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let used = |values: &[String]| -> serde_json::Map<String, Value> {
            let places = literals.iter().zip(values).enumerate();
            let places = places.filter(|(_, (literal, _))| literal.is_none());
            places.map(|(index, (_, value))| (index.to_string(), json!(value))).collect()
        };
        let (one, other) = (used(&one), used(&other));
        let subject = |context: &serde_json::Map<String, Value>| {
            let context = serde_json::to_vec(context).unwrap();
            let audience = oidc_core::Audience::one("a").unwrap();
            template.token_spec(&context, audience).map(|spec| spec.subject().to_owned())
        };
        if let (Ok(first), Ok(second)) = (subject(&one), subject(&other)) {
            prop_assert_eq!(first == second, one == other, "{} of {:?} and {:?}", first, one, other);
        }
    }
}

proptest! {
    // An RSA import takes a millisecond.
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_spoilt_rsa_file_is_refused_or_read_as_a_whole_key((changes, cut) in changes()) {
        let mut bytes = der(&vector("openssl/rsa-2048.pkcs1.pem"));
        spoil(&mut bytes, &changes, cut);
        is_whole(SigningKey::from_pkcs1_der(Algorithm::Rs256, &bytes));
    }
}

#[test]
fn the_spoilt_files_are_good_ones_before() {
    is_whole(Ok(key(Algorithm::Rs256)));
    is_whole(Ok(key(Algorithm::Es256)));
    is_whole(Ok(key(Algorithm::EdDsa)));
}
