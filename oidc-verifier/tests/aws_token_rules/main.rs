//! `Profile::aws_sts`: what AWS's `AssumeRoleWithWebIdentity` does with a token, row by row. The
//! behaviour was recorded on the real service on 2026-09-11 with signed synthetic tokens
//! (radkawar/stackd, `internal/services/sts/testdata/oidc`); "API" in a comment is the published
//! model of AWS STS or IAM.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these helpers run in tests only"
)]

mod audience;
mod dates;
mod errors;
mod headers;
mod identity_provider;
mod key_set;
mod session;
mod subject;

#[path = "../support/mod.rs"]
mod support;

use oidc_core::Algorithm;
use oidc_issuer::SigningKey;
use oidc_verifier::{Profile, Ready, Verified, Verifier, VerifierBuilder, VerifyError};
use support::{ISSUER, Members, NOW, all_keys, at, identifier, key, parse_set, sign};

/// A verifier as an identity provider with two client IDs has it.
fn relying_party() -> VerifierBuilder<Ready> {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience("client-a")
        .audience("client-b")
        .profile(Profile::aws_sts())
}

fn sts() -> Verifier {
    relying_party()
        .keys(parse_set(&all_keys()))
        .build()
        .unwrap()
}

/// The same relying party by the rules of the standards.
fn strict() -> Verifier {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience("client-a")
        .audience("client-b")
        .algorithms(support::algorithms())
        .keys(parse_set(&all_keys()))
        .build()
        .unwrap()
}

/// The claims of the recorded baseline.
fn claims() -> Members {
    let (iat, exp) = (NOW - 10, NOW + 900);
    Members::read(
        format!(
            r#"{{"iss":"{ISSUER}","sub":"subject-probe","aud":"client-a","iat":{iat},"exp":{exp}}}"#
        )
        .as_bytes(),
    )
}

/// A header with the `kid` under which the key is published.
fn header(key: &SigningKey) -> String {
    let (alg, kid) = (key.algorithm(), key.kid());
    format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"JWT"}}"#)
}

fn token(claims: &Members) -> String {
    let key = key(Algorithm::Es256);
    sign(key, header(key), claims.to_json())
}

/// What `read` says of the verified token, or the code of the refusal.
fn verdict<T>(
    verifier: &Verifier,
    token: &str,
    read: impl Fn(&Verified<'_>) -> T,
) -> Result<T, &'static str> {
    match verifier.verify(token.as_bytes(), at(NOW)) {
        Ok(verified) => Ok(read(&verified)),
        Err(error) => Err(error.code()),
    }
}

fn code(verifier: &Verifier, token: &str) -> Result<(), &'static str> {
    verdict(verifier, token, |_| ())
}

fn error(verifier: &Verifier, token: &str) -> VerifyError {
    verifier.verify(token.as_bytes(), at(NOW)).unwrap_err()
}

#[test]
fn the_recorded_baseline_is_accepted() {
    let subject = verdict(&sts(), &token(&claims()), |token| {
        token.subject().into_owned()
    });
    assert_eq!(subject.as_deref(), Ok("subject-probe"));
}

#[test]
fn each_required_claim_is_missed_by_name() {
    for (claim, expected) in [
        ("iss", "iss_missing"),
        ("sub", "sub_missing"),
        ("aud", "aud_missing"),
        ("iat", "iat_missing"),
        ("exp", "exp_missing"),
    ] {
        let token = token(&claims().without(claim));
        assert_eq!(code(&sts(), &token), Err(expected), "{claim}");
    }
}

/// The service lets the last one win. Two readers of one token must not disagree about it, so this
/// profile refuses, as every other does.
#[test]
fn duplicate_members_are_refused_and_not_last_wins() {
    for value in ["\"other\"", "\"client-a\""] {
        let token = token(&claims().plus("\"aud\"", value));
        assert_eq!(code(&sts(), &token), Err("claims_json"), "{value}");
        assert_eq!(code(&strict(), &token), Err("claims_json"), "{value}");
    }
}

#[test]
fn the_issuer_is_compared_byte_for_byte() {
    for iss in [
        format!("{ISSUER}/"),
        ISSUER.to_uppercase(),
        ISSUER.replace("https://", ""),
    ] {
        let token = token(&claims().with("iss", &format!("\"{iss}\"")));
        assert_eq!(code(&sts(), &token), Err("issuer_untrusted"), "{iss}");
    }
}
