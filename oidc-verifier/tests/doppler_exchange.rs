//! A token exchange as Doppler's service accounts have it, over this library: `POST /v3/auth/oidc`
//! and `POST /v3/auth/revoke`, with the names that Doppler's command line and Terraform provider send
//! and read.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these helpers run in tests only"
)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use oidc_core::{Algorithm, NumericDate};
use oidc_issuer::{SecureRandom as _, SystemRandom};
use oidc_verifier::Verifier;
use oidc_verifier::policy::doppler::Identity;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::support::{AUDIENCE, Honest, ISSUER, NOW, Shape, at, foreign_key, mint, sign, verifier};

const IDENTITY: &str = "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10";
const SUBJECT: &str = "org/canary/project/7/user/9";
const PREFIX: &str = "dp.said.";

/// The tokens of a minute and the access of ten minutes have nothing to do with each other.
const TTL: u64 = 1_200;

/// A secret manager with service-account identities.
struct SecretManager {
    verifier: Verifier,
    identities: HashMap<String, Identity>,
    /// Until when each token is good that was handed out.
    issued: HashMap<String, NumericDate>,
}

#[derive(Deserialize)]
struct Exchange {
    identity: String,
    token: String,
}

#[derive(Deserialize)]
struct Revoke {
    token: String,
}

/// Status and body.
type Answer = (u16, Value);

/// What every exchange is answered that does not succeed, whatever the reason: the caller may be a
/// stranger.
fn refused() -> Answer {
    (401, json!({"success": false, "messages": ["Unauthorized"]}))
}

impl SecretManager {
    fn new() -> Self {
        let identity = json!({
            "name": "ci", "ttl_seconds": TTL, "method": "oidc",
            "config": {
                "discovery_url": ISSUER, "claims_type": "exact",
                "claims": {
                    "aud": [AUDIENCE], "sub": [SUBJECT],
                    "/https:~1~1sts.amazonaws.com~1/aws_account": ["111122223333"],
                },
            },
        });
        let identity = Identity::from_json(identity.to_string().as_bytes()).unwrap();
        Self {
            verifier: verifier(),
            identities: HashMap::from([(IDENTITY.to_owned(), identity)]),
            issued: HashMap::new(),
        }
    }

    fn exchange(&mut self, body: &str, now: NumericDate) -> Answer {
        self.admit(body, now).unwrap_or_else(refused)
    }

    fn admit(&mut self, body: &str, now: NumericDate) -> Option<Answer> {
        let request: Exchange = serde_json::from_str(body).ok()?;
        let identity = self.identities.get(&request.identity)?;
        let verified = self.verifier.verify(request.token.as_bytes(), now).ok()?;
        if !identity.policy().decide(&verified).is_allowed() {
            return None;
        }
        let token = access_token();
        let expires_at = now.saturating_add(identity.ttl());
        self.issued.insert(token.clone(), expires_at);
        let expires_at = OffsetDateTime::from(expires_at).format(&Rfc3339).unwrap();
        let dashboard_url = format!("https://dashboard.example/{}", identity.name());
        Some((
            200,
            json!({
                "success": true, "token": token, "expires_at": expires_at,
                "dashboard_url": dashboard_url,
            }),
        ))
    }

    /// Whether it was there or not: the answer tells nobody which tokens exist.
    fn revoke(&mut self, body: &str) -> Answer {
        match serde_json::from_str::<Revoke>(body) {
            Ok(request) if request.token.starts_with(PREFIX) => {
                self.issued.remove(&request.token);
                (200, json!({"success": true}))
            }
            Ok(_) | Err(_) => (400, json!({"success": false})),
        }
    }

    fn is_good(&self, token: &str, now: NumericDate) -> bool {
        self.issued.get(token).is_some_and(|until| now < *until)
    }
}

/// `dp.said.` and 43 letters and digits.
fn access_token() -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = SystemRandom::new();
    let letters = std::iter::repeat_with(|| {
        let mut byte = [0];
        random.fill(&mut byte).unwrap();
        // Bytes above the last whole alphabet would make some letters more likely.
        (byte[0] < 248).then(|| char::from(ALPHABET[usize::from(byte[0] % 62)]))
    });
    PREFIX.chars().chain(letters.flatten().take(43)).collect()
}

fn workload() -> Honest {
    mint(Algorithm::EdDsa, Shape::Aws)
}

fn request(token: &str) -> String {
    json!({"identity": IDENTITY, "token": token}).to_string()
}

fn exchanged(manager: &mut SecretManager) -> String {
    let (status, answer) = manager.exchange(&request(&workload().token), at(NOW));
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    answer["token"].as_str().unwrap().to_owned()
}

#[test]
fn an_exchange_is_answered_with_a_token_that_lives_as_long_as_the_identity_says() {
    let mut manager = SecretManager::new();
    let (status, answer) = manager.exchange(&request(&workload().token), at(NOW));
    assert_eq!(status, 200);
    let names: Vec<&str> = answer
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, ["dashboard_url", "expires_at", "success", "token"]);
    // 2026-09-21T14:13:20Z and 20 minutes: past the end of the workload's token.
    assert_eq!(answer["expires_at"], "2026-09-21T14:33:20Z");
    let token = answer["token"].as_str().unwrap();
    let random = token.strip_prefix(PREFIX).unwrap();
    assert!((40..=44).contains(&random.len()));
    assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));

    let end = at(NOW).saturating_add(Duration::from_secs(TTL));
    assert!(manager.is_good(token, end.saturating_sub(Duration::from_secs(1))));
    assert!(!manager.is_good(token, end));
}

#[test]
fn each_exchange_hands_out_another_token() {
    let mut manager = SecretManager::new();
    assert_ne!(exchanged(&mut manager), exchanged(&mut manager));
    assert_eq!(manager.issued.len(), 2);
}

#[test]
fn whatever_is_wrong_the_answer_is_the_same() {
    let mut manager = SecretManager::new();
    let workload = workload();
    let stranger = foreign_key(workload.algorithm);
    let tokens = [
        "not a token".to_owned(),
        sign(
            stranger,
            workload.header.to_json(),
            workload.claims.to_json(),
        ),
        workload.with_claim("iss", r#""https://oidc.circleci.example/org/other""#),
        workload.with_claim("aud", r#""https://other.example""#),
        workload.with_claim("sub", r#""org/canary/project/7/user/10""#),
        workload.with_claim("exp", &(NOW - 61).to_string()),
        workload.with_claim(
            "https://sts.amazonaws.com/",
            r#"{"aws_account":"444455556666"}"#,
        ),
        workload.without_claim("https://sts.amazonaws.com/"),
    ];
    let good = request(&workload.token);
    let unknown = good.replace(IDENTITY, "00000000-0000-0000-0000-000000000000");
    let bodies = [unknown, "{}".to_owned(), "nothing".to_owned()];
    for body in tokens.iter().map(|token| request(token)).chain(bodies) {
        assert_eq!(manager.exchange(&body, at(NOW)), refused(), "{body}");
    }
    assert!(manager.issued.is_empty());
    assert_eq!(manager.exchange(&good, at(NOW)).0, 200);
}

#[test]
fn a_token_is_revoked_at_once_and_as_often_as_somebody_asks() {
    let mut manager = SecretManager::new();
    let token = exchanged(&mut manager);
    let other = exchanged(&mut manager);
    let body = json!({"token": token}).to_string();
    for _ in 0..2 {
        assert!(manager.is_good(&other, at(NOW)));
        assert_eq!(manager.revoke(&body), (200, json!({"success": true})));
        assert!(!manager.is_good(&token, at(NOW)));
    }
    let unknown = json!({"token": access_token()}).to_string();
    assert_eq!(manager.revoke(&unknown), (200, json!({"success": true})));
    // The workload's own token, sent by mistake, is none of these.
    let oidc = json!({"token": workload().token}).to_string();
    assert_eq!(manager.revoke(&oidc), (400, json!({"success": false})));
}
