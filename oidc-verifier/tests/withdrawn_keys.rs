//! Keys that are taken away, and tokens from before a cut-off.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "these helpers run in tests only"
)]

use oidc_core::{Algorithm, IssuerIdentifier, JwkSet, NumericDate};
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{ClaimError, Class, IssuerKeys, Verifier, VerifyError};

const NOW: i64 = 1_790_000_000;
const AUDIENCE: &str = "https://deploy.example";

fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(seconds).unwrap()
}

/// An issuer, its keys and a token that it issued at [`NOW`].
fn issuer(name: &str) -> (IssuerIdentifier, JwkSet, Vec<u8>) {
    let identifier = IssuerIdentifier::parse(name).unwrap();
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let issuer = Issuer::builder(identifier.clone())
        .key(key)
        .build()
        .unwrap();
    let spec = TokenSpec::new("job-42", AUDIENCE).unwrap();
    let token = issuer.issue(&spec, at(NOW)).unwrap();
    let keys = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    (identifier, keys, token.as_str().as_bytes().to_vec())
}

fn verifier(issuers: &[&(IssuerIdentifier, JwkSet, Vec<u8>)]) -> Verifier {
    let [first, others @ ..] = issuers else {
        panic!("no issuer")
    };
    let builder = Verifier::builder()
        .issuer(first.0.clone())
        .audience(AUDIENCE);
    let builder = others.iter().fold(builder, |builder, (issuer, ..)| {
        builder.issuer(issuer.clone()).audience(AUDIENCE)
    });
    let verifier = builder.build().unwrap();
    for (issuer, keys, _) in issuers {
        let keys = IssuerKeys::new(issuer.clone(), keys.clone());
        verifier.install(&keys).unwrap();
    }
    verifier
}

#[test]
fn without_its_keys_an_issuer_is_unavailable_and_others_are_not() {
    let (a, b) = (issuer("https://a.example"), issuer("https://b.example"));
    let verifier = verifier(&[&a, &b]);
    assert!(verifier.withdraw(&a.0));
    assert!(verifier.withdraw(&a.0));

    let error = verifier.verify(&a.2, at(NOW)).unwrap_err();
    assert_eq!(error, VerifyError::KeysUnavailable);
    assert_eq!(error.class(), Class::Unavailable);
    assert!(verifier.verify(&b.2, at(NOW)).is_ok());

    verifier
        .install(&IssuerKeys::new(a.0.clone(), a.1))
        .unwrap();
    assert!(verifier.verify(&a.2, at(NOW)).is_ok());
}

#[test]
fn a_forged_token_is_refused_and_not_unavailable_while_its_issuer_has_keys() {
    let (a, b) = (issuer("https://a.example"), issuer("https://b.example"));
    let verifier = verifier(&[&a, &b]);
    assert!(verifier.withdraw(&a.0));
    let stranger = issuer("https://b.example");
    let error = verifier.verify(&stranger.2, at(NOW)).unwrap_err();
    assert_eq!(error, VerifyError::UnknownKey);
    assert_eq!(error.class(), Class::Refused);
}

#[test]
fn an_issuer_that_is_not_configured_has_nothing_to_withdraw() {
    let (a, b) = (issuer("https://a.example"), issuer("https://b.example"));
    let verifier = verifier(&[&a]);
    assert!(!verifier.withdraw(&b.0));
    assert!(verifier.verify(&a.2, at(NOW)).is_ok());
}

#[test]
fn a_token_issued_before_the_cut_off_is_refused_and_one_at_it_is_not() {
    let a = issuer("https://a.example");
    let verifier = verifier(&[&a]);
    for (cut_off, held) in [(NOW - 1, true), (NOW, true), (NOW + 1, false)] {
        let keys = IssuerKeys::new(a.0.clone(), a.1.clone()).refuse_issued_before(at(cut_off));
        verifier.install(&keys).unwrap();
        let outcome = verifier.verify(&a.2, at(NOW)).map(|_| ());
        assert_eq!(outcome.is_ok(), held, "{cut_off}");
        if let Err(error) = outcome {
            assert_eq!(error.code(), "iat_before_cut_off");
            assert!(error.is_authenticated());
            let VerifyError::Claim(error @ ClaimError::IssuedBeforeCutOff { iat, cut_off, .. }) =
                error
            else {
                panic!("{error}")
            };
            assert_eq!((iat, cut_off), (at(NOW), at(NOW + 1)));
            assert_eq!(
                error.to_string(),
                "`iat` 1790000000 is earlier than the cut-off 1790000001",
            );
        }
    }
    verifier.install(&IssuerKeys::new(a.0, a.1)).unwrap();
    assert!(verifier.verify(&a.2, at(NOW)).is_ok());
}
