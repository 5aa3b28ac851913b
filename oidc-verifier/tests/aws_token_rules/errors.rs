//! What AWS STS would answer to each refusal.

use oidc_core::Algorithm;
use oidc_verifier::aws::{StsError, StsErrorCode};
use oidc_verifier::{IssuerKeys, VerifyError};

use crate::support::{
    CANARY, ISSUER, NOW, all_keys, at, foreign_key, identifier, key, parse_set, sign,
};
use crate::{claims, error, header, relying_party, sts, token};

fn answer(token: &str) -> (String, u16, String) {
    let error = StsError::of(&error(&sts(), token), at(NOW));
    let code = error.code();
    (
        code.to_string(),
        code.http_status(),
        error.message().to_owned(),
    )
}

fn invalid(message: &str) -> (String, u16, String) {
    ("InvalidIdentityToken".to_owned(), 400, message.to_owned())
}

const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const NOT_VALIDATED: &str = "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";

#[test]
fn a_missing_claim_is_named() {
    for claim in ["iss", "sub", "aud", "iat", "exp"] {
        let message = format!("Missing a required claim: {claim}");
        assert_eq!(answer(&token(&claims().without(claim))), invalid(&message));
    }
}

#[test]
fn audiences_have_three_answers() {
    let with = |aud: &str| token(&claims().with("aud", aud));
    assert_eq!(answer(&with("\"other\"")), invalid(NOT_VALIDATED));
    assert_eq!(answer(&with("\"\"")), invalid(NOT_VALIDATED));
    assert_eq!(
        answer(&with("[]")),
        invalid("Claim is not allowed to be empty: aud")
    );
    assert_eq!(
        answer(&with(r#"["client-a","client-b"]"#)),
        invalid(
            "Token audience contains more than one audience while authorized party is not present"
        )
    );
    for azp in ["\"other\"", "\"\"", "1"] {
        let token = token(&claims().with("azp", azp));
        assert_eq!(answer(&token), invalid(NOT_VALIDATED), "{azp}");
    }
}

#[test]
fn times_have_an_answer_each() {
    let with = |claim: &str, value: &str| token(&claims().with(claim, value));
    for (claim, value) in [("iat", "null"), ("exp", "1.5"), ("nbf", "\"invalid\"")] {
        let expected = invalid("Invalid timestamp in token claims.");
        assert_eq!(answer(&with(claim, value)), expected, "{claim}");
    }
    assert_eq!(
        answer(&with("exp", &(NOW - 301).to_string())),
        (
            "ExpiredTokenException".to_owned(),
            400,
            // The clock is shifted by the tolerance, as the service does. `exp` is left out: nobody
            // has authenticated it.
            format!(
                "Token expired: current date/time {} must be before the expiration date/time",
                NOW - 300
            )
        )
    );
    let hour = NOW + 3_600;
    assert_eq!(
        answer(&with("iat", &hour.to_string())),
        invalid(&format!("Token issued in the future: {hour}"))
    );
    assert_eq!(
        answer(&with("nbf", &hour.to_string())),
        invalid(&format!(
            "Token not yet valid: current date/time {} must be after or equal to the not-before date/time",
            NOW + 300
        ))
    );
}

#[test]
fn a_token_without_its_key_has_one_answer() {
    let key = key(Algorithm::Es256);
    for header in [
        r#"{"alg":"ES256","kid":"unknown"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":""}"#,
    ] {
        let token = sign(key, header, claims().to_json());
        assert_eq!(answer(&token), invalid(NO_KEY), "{header}");
    }
}

#[test]
fn what_is_no_token_has_one_answer() {
    let key = key(Algorithm::Es256);
    let kid = key.kid();
    let critical = format!(r#"{{"alg":"ES256","kid":"{kid}","crit":["custom"],"custom":1}}"#);
    for token in [
        "access-token".to_owned(),
        "a.b.c".to_owned(),
        sign(key, critical, claims().to_json()),
        sign(key, r#"{"alg":"none"}"#, claims().to_json()),
        token(&claims().plus("\"aud\"", "\"client-a\"")),
        sign(key, header(key), "[]"),
    ] {
        assert_eq!(answer(&token), invalid(NOT_A_JWT), "{token}");
    }
}

#[test]
fn a_forged_or_foreign_token_has_the_general_answer() {
    let honest = key(Algorithm::Es256);
    let forged = sign(
        foreign_key(Algorithm::Es256),
        header(honest),
        claims().to_json(),
    );
    assert_eq!(answer(&forged), invalid(NOT_VALIDATED));
    let pss = key(Algorithm::Ps256);
    let pss = sign(pss, header(pss), claims().to_json());
    assert_eq!(answer(&pss), invalid(NOT_VALIDATED));
    let foreign = token(&claims().with("iss", &format!("\"https://{CANARY}.example\"")));
    assert_eq!(
        answer(&foreign),
        invalid("No OpenIDConnect provider found in your account for the issuer of the token")
    );
    // An internal failure at the service.
    assert_eq!(
        answer(&token(&claims().with("sub", "null"))),
        invalid(NOT_VALIDATED)
    );
}

#[test]
fn keys_that_cannot_be_fetched_are_not_the_callers_fault() {
    let verifier = relying_party().build().unwrap();
    let error = error(&verifier, &token(&claims()));
    assert_eq!(error, VerifyError::KeysUnavailable);
    let answer = StsError::of(&error, at(NOW));
    assert_eq!(answer.code(), StsErrorCode::IdpCommunicationError);
    assert_eq!(answer.code().http_status(), 400);
    assert!(answer.code().is_retryable());
    assert_eq!(
        answer.to_string(),
        "IDPCommunicationError: The keys of the identity provider are not available"
    );
}

/// API: `IDPRejectedClaim` can mean that the claim has been explicitly revoked.
#[test]
fn a_token_from_before_the_cut_off_is_a_rejected_claim() {
    let verifier = relying_party().build().unwrap();
    let keys = IssuerKeys::new(identifier(ISSUER), parse_set(&all_keys()));
    verifier
        .install(&keys.refuse_issued_before(at(NOW)))
        .unwrap();
    let answer = StsError::of(&error(&verifier, &token(&claims())), at(NOW));
    assert_eq!(answer.code(), StsErrorCode::IdpRejectedClaim);
    assert_eq!(
        (answer.code().as_str(), answer.code().http_status()),
        ("IDPRejectedClaim", 403)
    );
}

#[test]
fn a_trust_policy_that_admits_nobody_says_nothing_else() {
    let denied = StsError::access_denied();
    assert_eq!(denied.code().http_status(), 403);
    assert_eq!(
        denied.to_string(),
        "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
}
