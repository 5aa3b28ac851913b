//! A header that came with a good signature is remembered. Nothing but the time may show it.
#![expect(clippy::unwrap_used, reason = "a fixture that fails is a failed test")]

use oidc_core::base64url;
use oidc_issuer::{SigningKey, SystemRandom};
use oidc_verifier::{
    Algorithm, IssuerIdentifier, IssuerKeys, JwkSet, NumericDate, Verifier, VerifyError, Workspace,
};

const NOW: i64 = 1_790_000_000;
const FIRST: &str = "https://first.example";
const SECOND: &str = "https://second.example";

fn key(kid: &str) -> SigningKey {
    let key = SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap();
    key.with_kid(kid).unwrap()
}

fn set(key: &SigningKey) -> JwkSet {
    JwkSet::from_keys([key.public_jwk().clone()]).unwrap()
}

fn issuer(text: &str) -> IssuerIdentifier {
    IssuerIdentifier::parse(text).unwrap()
}

fn header(kid: &str, typ: &str) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#)
}

fn token(key: &SigningKey, header: &str, iss: &str, sub: &str) -> String {
    let exp = NOW + 300;
    let payload =
        format!(r#"{{"iss":"{iss}","sub":"{sub}","aud":"here","iat":{NOW},"exp":{exp}}}"#);
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(signature))
}

fn verify(verifier: &Verifier, token: &str) -> Result<(), VerifyError> {
    let now = NumericDate::from_seconds(NOW).unwrap();
    verifier.verify(token.as_bytes(), now).map(drop)
}

fn one_issuer(key: &SigningKey) -> Verifier {
    let builder = Verifier::builder().issuer(issuer(FIRST)).audience("here");
    builder.keys(set(key)).build().unwrap()
}

#[test]
fn a_known_header_says_what_it_said() {
    let key = key("k");
    let verifier = one_issuer(&key);
    let now = NumericDate::from_seconds(NOW).unwrap();
    let mut workspace = Workspace::new();
    for subject in ["a", "b", "c"] {
        let token = token(&key, &header("k", "JWT"), FIRST, subject);
        let proof = verifier
            .verify_in(token.as_bytes(), now, &mut workspace)
            .unwrap();
        assert_eq!(proof.subject(), subject);
        assert_eq!(proof.key_id(), Some("k"));
        assert_eq!(proof.algorithm(), Algorithm::EdDsa);
    }
    // Without a kid the only key is meant, and none is named.
    let bare = token(&key, r#"{"alg":"EdDSA"}"#, FIRST, "a");
    for _ in 0..2 {
        let proof = verifier
            .verify_in(bare.as_bytes(), now, &mut workspace)
            .unwrap();
        assert_eq!(proof.key_id(), None);
    }
}

#[test]
fn a_known_header_goes_with_its_keys() {
    let (old, new) = (key("old"), key("new"));
    let verifier = one_issuer(&old);
    let token = token(&old, &header("old", "JWT"), FIRST, "a");
    assert_eq!(verify(&verifier, &token), Ok(()));
    assert_eq!(verify(&verifier, &token), Ok(()));
    verifier
        .install(&IssuerKeys::new(issuer(FIRST), set(&new)))
        .unwrap();
    assert_eq!(verify(&verifier, &token), Err(VerifyError::UnknownKey));
}

#[test]
fn a_key_that_changed_under_its_name_is_used_at_once() {
    let (old, new) = (key("k"), key("k"));
    let verifier = one_issuer(&old);
    let header = header("k", "JWT");
    let (by_old, by_new) = (
        token(&old, &header, FIRST, "a"),
        token(&new, &header, FIRST, "a"),
    );
    assert_eq!(verify(&verifier, &by_old), Ok(()));
    assert_eq!(verify(&verifier, &by_new), Err(VerifyError::Signature));
    verifier
        .install(&IssuerKeys::new(issuer(FIRST), set(&new)))
        .unwrap();
    assert_eq!(verify(&verifier, &by_old), Err(VerifyError::Signature));
    assert_eq!(verify(&verifier, &by_new), Ok(()));
}

#[test]
fn a_known_header_opens_no_door_of_another_issuer() {
    let (first, second) = (key("k"), key("k"));
    let verifier = Verifier::builder()
        .issuer(issuer(FIRST))
        .audience("here")
        .accept_typ("at+jwt")
        .keys(set(&first))
        .issuer(issuer(SECOND))
        .audience("here")
        .keys(set(&second))
        .build()
        .unwrap();
    for typ in ["JWT", "at+jwt"] {
        let header = header("k", typ);
        assert_eq!(
            verify(&verifier, &token(&first, &header, FIRST, "a")),
            Ok(())
        );
        // The same header, signed by the first issuer's key in the second one's name.
        let stolen = token(&first, &header, SECOND, "a");
        let refusal = if typ == "JWT" {
            VerifyError::Signature
        } else {
            VerifyError::TypNotAllowed
        };
        assert_eq!(verify(&verifier, &stolen), Err(refusal), "{typ}");
    }
    let own = token(&second, &header("k", "at+jwt"), SECOND, "a");
    assert_eq!(verify(&verifier, &own), Err(VerifyError::TypNotAllowed));
}

#[test]
fn a_header_that_differs_is_read_anew() {
    let key = key("k");
    let verifier = one_issuer(&key);
    assert_eq!(
        verify(&verifier, &token(&key, &header("k", "JWT"), FIRST, "a")),
        Ok(())
    );
    for (header, code) in [
        (header("l", "JWT"), "key_unknown"),
        (header("k", "JWS"), "typ_not_allowed"),
        (
            r#"{"alg":"none","kid":"k","typ":"JWT"}"#.to_owned(),
            "alg_unsupported",
        ),
        (
            r#"{"alg":"EdDSA","kid":"k","typ":"JWT","crit":["x"]}"#.to_owned(),
            "crit_unknown",
        ),
    ] {
        let refusal = verify(&verifier, &token(&key, &header, FIRST, "a")).unwrap_err();
        assert_eq!(refusal.code(), code, "{header}");
    }
}
