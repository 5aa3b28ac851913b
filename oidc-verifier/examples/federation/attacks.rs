//! Tokens that must not pass, made by hand.

use std::error::Error;
use std::time::Duration;

use oidc_core::base64url;
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{Algorithm, NumericDate};
use serde_json::{Value, json};

use crate::issuers::{INSTANCE, Issuers};
use crate::relying_party::RelyingParty;
use crate::report::Report;

pub(crate) fn run(
    report: &mut Report,
    issuers: &Issuers,
    relying_party: &RelyingParty,
    now: NumericDate,
) -> Result<(), Box<dyn Error>> {
    let spec = issuers.ec2_token(Algorithm::Es384, INSTANCE)?;
    let good = issuers.aws.issue(&spec, now)?;
    let good = good.as_str();
    let [header, payload, signature] = parts(good)?;
    let mallory = SigningKey::generate(Algorithm::Es384, &SystemRandom::new())?;

    let mut show = |attack: &str, token: &str, at: NumericDate, why: &str| {
        report.expect(attack, why, &relying_party.refusal(token, at));
    };

    let none = format!("{}.{payload}.{signature}", encode(&json!({"alg": "none"})));
    show(
        "no signature needed: `alg` is `none`",
        &none,
        now,
        UNSUPPORTED,
    );

    let hmac = encode(&json!({"alg": "HS256", "kid": "RSA_1"}));
    let hmac = format!("{hmac}.{payload}.{}", base64url::encode([7; 32]));
    show(
        "the public key used as an HMAC secret",
        &hmac,
        now,
        UNSUPPORTED,
    );

    let mut claims: Value = serde_json::from_slice(&base64url::decode(payload)?)?;
    if let Some(sub) = claims.get_mut("sub") {
        *sub = json!("arn:aws:iam::123456789012:role/admin");
    }
    let edited = format!("{header}.{}.{signature}", encode(&claims));
    show(
        "another role written into a good token",
        &edited,
        now,
        FORGED,
    );

    let own_key = json!({"alg": "ES384", "kid": "EC384_1", "jwk": mallory.public_jwk()});
    let input = format!("{}.{payload}", encode(&own_key));
    let own_key = format!(
        "{input}.{}",
        base64url::encode(mallory.sign(input.as_bytes())?)
    );
    show(
        "signed with a key that the token brings along",
        &own_key,
        now,
        FORGED,
    );

    let elsewhere = Issuer::builder(issuers.aws.id().clone())
        .key(mallory.with_kid("EC384_1")?)
        .build()?
        .issue(&spec, now)?;
    show(
        "another key under the same name",
        elsewhere.as_str(),
        now,
        FORGED,
    );

    let later = now.saturating_add(Duration::from_secs(300 + 60));
    show(
        "a token kept until it expired",
        good,
        later,
        "token has expired, and was not authenticated",
    );

    let other = TokenSpec::new("my-application", "https://other-service.example")?;
    let other = issuers.diridp.issuer.issue(&other, now)?;
    show(
        "a token that was minted for another service",
        other.as_str(),
        now,
        ELSEWHERE,
    );
    Ok(())
}

const UNSUPPORTED: &str = "header is refused: `alg` names no supported signature algorithm";
const FORGED: &str = "signature does not verify";
const ELSEWHERE: &str = "token is for another audience, and was not authenticated";

fn parts(token: &str) -> Result<[&str; 3], Box<dyn Error>> {
    let parts: Vec<_> = token.split('.').collect();
    Ok(<[&str; 3]>::try_from(parts).map_err(|_| "a token has three parts")?)
}

fn encode(json: &Value) -> String {
    base64url::encode(json.to_string())
}
