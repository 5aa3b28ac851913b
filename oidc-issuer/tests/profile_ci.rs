//! Profiles as data: a CI system of one's own, and diridp's claims.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of a test program"
)]

mod common;

use common::{at, issuer, parts};
use oidc_core::Algorithm;
use oidc_issuer::profile::ci::{Profile, TokenRequest};
use oidc_issuer::profile::diridp::TokenClaims;
use oidc_issuer::{RandomError, SecureRandom};
use serde_json::{Value, json};

const NOW: i64 = common::NOW;

/// All bits set, so that the `jti` is known.
struct Ones;

impl SecureRandom for Ones {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError> {
        dest.fill(0xff);
        Ok(())
    }
}

fn document() -> Value {
    json!({
        "audience": {"default": "own", "allowed": ["own", "sts.amazonaws.com", "vault"], "max": 2},
        "lifetime_seconds": {"default": 60, "max": 600},
        "algorithms": [{"audience": "sts.amazonaws.com", "algorithm": "ES384"}],
        "not_before_backdate_seconds": 5,
        "max_payload_bytes": 1000,
        "template": {"sub": {"from": "/job", "type": "string"}}
    })
}

fn load(document: &Value) -> Result<Profile, String> {
    Profile::from_json(document.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn ask(request: &TokenRequest) -> Result<Value, String> {
    let spec = load(&document())
        .unwrap()
        .token_spec(br#"{"job": "j"}"#, request, &Ones);
    let spec = spec.map_err(|error| error.code().to_owned())?;
    let issuer = issuer([Algorithm::EdDsa, Algorithm::Es384]);
    let (header, mut claims) = parts(&issuer.issue(&spec, at(NOW)).unwrap());
    claims["alg"] = header["alg"].clone();
    Ok(claims)
}

#[test]
fn a_request_that_asks_for_nothing_gets_the_defaults() {
    assert_eq!(
        ask(&TokenRequest::new()).unwrap(),
        json!({
            "iss": common::ISSUER, "sub": "j", "aud": "own",
            "iat": NOW, "nbf": NOW - 5, "exp": NOW + 60,
            "jti": "ffffffff-ffff-4fff-bfff-ffffffffffff", "alg": "EdDSA"
        })
    );
}

#[test]
fn audiences_are_those_allowed_and_no_more_than_allowed() {
    let of = |names: &[&str]| {
        let request = names.iter().fold(TokenRequest::new(), |request, name| {
            request.with_audience(*name)
        });
        ask(&request).map(|claims| claims["aud"].clone())
    };
    assert_eq!(of(&["vault"]).unwrap(), json!("vault"));
    assert_eq!(of(&["own", "vault"]).unwrap(), json!(["own", "vault"]));
    assert_eq!(
        of(&["own", "vault", "sts.amazonaws.com"]).unwrap_err(),
        "too_many_audiences"
    );
    assert_eq!(of(&["other"]).unwrap_err(), "audience_not_allowed");
    assert_eq!(of(&["own", "own"]).unwrap_err(), "duplicate_audience");
}

#[test]
fn the_audience_chooses_the_algorithm_and_two_that_differ_get_no_token() {
    let aws = TokenRequest::new().with_audience("sts.amazonaws.com");
    assert_eq!(ask(&aws).unwrap()["alg"], "ES384");
    assert_eq!(
        ask(&aws.with_audience("own")).unwrap_err(),
        "algorithms_differ"
    );
}

#[test]
fn a_lifetime_is_at_most_the_longest() {
    let of = |seconds| ask(&TokenRequest::new().with_lifetime_seconds(seconds));
    assert_eq!(of(600).unwrap()["exp"], json!(NOW + 600));
    assert_eq!(of(601).unwrap_err(), "lifetime");
    assert_eq!(of(0).unwrap_err(), "lifetime");
    assert_eq!(of(u64::MAX).unwrap_err(), "lifetime");
}

#[test]
fn a_profile_that_contradicts_itself_does_not_load() {
    let with = |pointer: &str, value: Value| {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = value;
        load(&document).map(|_| ()).unwrap_err()
    };
    let outside = |member: &str| format!("`{member}` is outside what it can be");
    assert_eq!(with("/audience/max", json!(0)), outside("audience.max"));
    assert_eq!(with("/audience/max", json!(11)), outside("audience.max"));
    assert_eq!(
        with("/audience/default", json!("")),
        outside("audience.default")
    );
    assert_eq!(
        with("/audience/default", json!("other")),
        outside("audience.allowed")
    );
    assert_eq!(
        with("/audience/allowed", json!([])),
        outside("audience.allowed")
    );
    assert_eq!(
        with("/lifetime_seconds/max", json!(86_401)),
        outside("lifetime_seconds.max")
    );
    assert_eq!(
        with("/lifetime_seconds/default", json!(601)),
        outside("lifetime_seconds.default")
    );
    assert_eq!(
        with("/lifetime_seconds/default", json!(0)),
        outside("lifetime_seconds.default")
    );
    assert_eq!(
        with("/algorithms/0/algorithm", json!("none")),
        outside("algorithms")
    );
    assert_eq!(
        with("/algorithms/0/algorithm", json!("HS256")),
        outside("algorithms")
    );
    let twice =
        json!([{"audience": "a", "algorithm": "ES384"}, {"audience": "a", "algorithm": "ES256"}]);
    assert_eq!(with("/algorithms", twice), outside("algorithms"));
    assert_eq!(
        with("/not_before_backdate_seconds", json!(301)),
        outside("not_before_backdate_seconds")
    );
    assert!(
        with("/template", json!({})).starts_with("not a profile: template at ``: `sub` is missing")
    );
    let mut unknown = document();
    unknown["ttl"] = json!(1);
    assert!(
        load(&unknown)
            .unwrap_err()
            .starts_with("not a profile: unknown field `ttl`")
    );
}

#[test]
fn a_context_that_lacks_something_gives_no_token() {
    let profile = load(&document()).unwrap();
    let error = profile
        .token_spec(b"{}", &TokenRequest::new(), &Ones)
        .unwrap_err();
    assert_eq!(error.to_string(), "context has nothing at `/job`");
}

/// Row "claim precedence" of diridp: provider < token < path < times.
#[test]
fn later_claims_of_diridp_win_and_the_times_are_the_issuers() {
    let claims = TokenClaims::new()
        .with_provider_claims(json!({"sub": "p", "aud": "p", "a": 1, "b": 1}))
        .unwrap()
        .with_token_claims(json!({"sub": "t", "aud": ["t", "u"], "b": 2}))
        .unwrap()
        .with_path_parameter("sub", "my-application")
        .unwrap();
    let token = issuer([Algorithm::EdDsa])
        .issue(&claims.token_spec().unwrap(), at(NOW))
        .unwrap();
    assert_eq!(
        parts(&token).1,
        json!({
            "iss": common::ISSUER, "sub": "my-application", "aud": ["t", "u"],
            "iat": NOW, "nbf": NOW - 5, "exp": NOW + 3_600, "a": 1, "b": 2
        })
    );
}

/// Weakness W9 of diridp: a directory could set any claim, even `iss`.
#[test]
fn w9_neither_a_claim_nor_a_directory_says_who_the_issuer_is() {
    for claim in ["iss", "exp", "iat", "nbf", "jti"] {
        let set = TokenClaims::new().with_provider_claims(json!({claim: "x"}));
        assert_eq!(
            set.unwrap_err().to_string(),
            format!("claim `{claim}` is set by the issuer")
        );
        let set = TokenClaims::new().with_token_claims(json!({claim: "x"}));
        assert_eq!(set.unwrap_err().code(), "reserved_claim");
        let set = TokenClaims::new().with_path_parameter(claim, "x");
        assert_eq!(set.unwrap_err().code(), "reserved_claim");
    }
    let folded = TokenClaims::new().with_token_claims(json!({"sub": "s", "aud": "a", "Iss": "x"}));
    assert_eq!(
        folded.unwrap().token_spec().unwrap_err().code(),
        "reserved_claim"
    );
}

/// Row "path parameter": UTF-8, length, characters.
#[test]
fn w9_the_name_of_a_directory_is_a_plain_word() {
    let of = |name: &str| TokenClaims::new().with_path_parameter("sub", name).is_ok();
    for good in ["a", "my-app_1.2", "a@b+c", &"x".repeat(255)] {
        assert!(of(good), "{good}");
    }
    for bad in [
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a b",
        "a\nb",
        "é",
        "a:b",
        "a%2fb",
        "a\u{fffd}",
        &"x".repeat(256),
    ] {
        assert!(!of(bad), "{bad:?}");
    }
}

#[test]
fn claims_of_diridp_need_a_subject_and_an_audience_of_their_kinds() {
    let code = |claims: Value| {
        let claims = TokenClaims::new().with_token_claims(claims).unwrap();
        claims.token_spec().map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(code(json!({"aud": "a"})), "claim `sub` is missing");
    assert_eq!(code(json!({"sub": "s"})), "claim `aud` is missing");
    assert_eq!(
        code(json!({"sub": 1, "aud": "a"})),
        "claim `sub` is not of its kind"
    );
    assert_eq!(
        code(json!({"sub": "s", "aud": []})),
        "claim `aud` is not of its kind"
    );
    let list = TokenClaims::new().with_provider_claims(json!(["sub"]));
    assert_eq!(list.unwrap_err().code(), "claims_not_an_object");
}

/// The profile that the how-to shows loads, and makes the token that it describes.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads a page")]
fn the_how_to_shows_a_profile_that_loads() {
    let page =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/run-your-own-issuer.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (profile, _) = rest.split_once("```").unwrap();
    let profile = Profile::from_json(profile.as_bytes()).unwrap();
    let context = br#"{"repository": "acme/web", "repository_id": "1", "ref": "refs/heads/main", "attempt": 1}"#;
    let spec = profile
        .token_spec(context, &TokenRequest::new(), &Ones)
        .unwrap();
    assert_eq!(spec.subject(), "repo:acme/web:ref:refs/heads/main");
    assert_eq!(
        spec.claim_names().collect::<Vec<_>>(),
        ["repository_id", "attempt"]
    );
    let aws = TokenRequest::new().with_audience("sts.amazonaws.com");
    let spec = profile.token_spec(context, &aws, &Ones).unwrap();
    assert_eq!(spec.algorithm(), Some(Algorithm::Rs256));
}
