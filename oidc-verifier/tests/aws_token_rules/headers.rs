//! The header, the algorithm, and the size of a token.

use oidc_core::Algorithm;
use oidc_verifier::{Profile, Verifier};

use crate::support::{ISSUER, NOW, algorithms, all_keys, at, identifier, key, parse_set, sign};
use crate::{claims, code, error, header, sts, token};

#[test]
fn six_algorithms_are_accepted_and_no_other() {
    for algorithm in algorithms() {
        let key = key(algorithm);
        let token = sign(key, header(key), claims().to_json());
        let expected = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Es256
            | Algorithm::Es384
            | Algorithm::Es512 => Ok(()),
            // No key of the set is left for it, which is seen before the payload.
            Algorithm::EdDsa | Algorithm::Ed25519 => Err("key_unknown"),
            Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 | _ => Err("alg_not_allowed"),
        };
        assert_eq!(code(&sts(), &token), expected, "{algorithm}");
    }
}

#[test]
fn an_unknown_critical_extension_is_refused() {
    let key = key(Algorithm::Es256);
    let kid = key.kid();
    let header = format!(r#"{{"alg":"ES256","kid":"{kid}","crit":["custom"],"custom":"yes"}}"#);
    let token = sign(key, header, claims().to_json());
    assert_eq!(code(&sts(), &token), Err("crit_unknown"));
}

/// API: `WebIdentityToken` has 4 to 20,000 characters.
#[test]
fn a_token_has_at_most_20_000_bytes() {
    let max = Profile::AWS_STS_MAX_TOKEN_BYTES;
    assert_eq!(max, 20_000);
    let padded =
        |filler: usize| token(&claims().with("filler", &format!("\"{}\"", "x".repeat(filler))));
    // Base64url has no text of a length that is one more than a multiple of four.
    let tokens: Vec<String> = (14_600..14_900).map(padded).collect();
    let longest = tokens.iter().rfind(|token| token.len() <= max).unwrap();
    assert!(
        (max - 1..=max).contains(&longest.len()),
        "{}",
        longest.len()
    );
    assert_eq!(code(&sts(), longest), Ok(()));
    let one_more = tokens.iter().find(|token| token.len() > max).unwrap();
    assert!(
        (max + 1..=max + 2).contains(&one_more.len()),
        "{}",
        one_more.len()
    );
    assert_eq!(code(&sts(), one_more), Err("token_too_long"));
    assert_eq!(
        std::error::Error::source(&error(&sts(), one_more))
            .unwrap()
            .to_string(),
        "token is longer than 20000 bytes"
    );
    for short in ["", "a", "a.b", "..", "a.b."] {
        assert!(code(&sts(), short).is_err(), "{short}");
    }
}

#[test]
fn another_issuer_of_the_verifier_keeps_its_own_limit_and_rules() {
    const OTHER: &str = "https://other.example";
    let both = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience("client-a")
        .profile(Profile::aws_sts())
        .keys(parse_set(&all_keys()))
        .issuer(identifier(OTHER))
        .audience("client-a")
        .keys(parse_set(&all_keys()))
        .build()
        .unwrap();
    let of_other = claims().with("iss", &format!("\"{OTHER}\""));
    assert_eq!(code(&both, &token(&of_other)), Ok(()));
    let long = of_other.with("filler", &format!("\"{}\"", "x".repeat(15_000)));
    assert_eq!(code(&both, &token(&long)), Ok(()));
    for (claim, value, expected) in [
        ("sub", "123", "sub_malformed"),
        ("exp", &*format!("\"{}\"", NOW + 60), "exp_malformed"),
        ("exp", &*(NOW - 60).to_string(), "expired"),
    ] {
        let loose = token(&of_other.with(claim, value));
        assert_eq!(code(&both, &loose), Err(expected), "{claim}");
        let own = token(&claims().with(claim, value));
        assert!(both.verify(own.as_bytes(), at(NOW)).is_ok(), "{claim}");
    }
}
