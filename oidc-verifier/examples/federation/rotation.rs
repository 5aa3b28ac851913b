//! One planned rotation under an accelerated clock: publish, wait, switch, withdraw.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a day and a half has few minutes"
)]

use std::error::Error;
use std::time::Duration;

use oidc_issuer::{SigningKey, SystemRandom};
use oidc_verifier::{Algorithm, NumericDate};

use crate::host::Host;
use crate::issuers::Issuers;
use crate::relying_party::RelyingParty;
use crate::report::{Report, count_of_keys, row};

/// The life of the next day and a half in steps of a minute: a token is minted every five minutes,
/// and every token is verified every minute until it expires.
pub(crate) fn run(
    report: &mut Report,
    host: &Host,
    issuers: &mut Issuers,
    relying_party: &mut RelyingParty,
    start: NumericDate,
) -> Result<(), Box<dyn Error>> {
    let algorithm = Algorithm::EdDsa;
    let spec = Issuers::file_token()?;
    let old = issuers
        .diridp
        .keys()
        .next()
        .ok_or("the issuer has a key")?
        .kid
        .to_owned();

    issuers.diridp.publish_next(
        SigningKey::generate(algorithm, &SystemRandom::new())?,
        start,
    )?;
    issuers.publish(host);
    row(
        "00:00  the next key is published",
        &count_of_keys(issuers.diridp.keys().count()),
    );
    let too_early = issuers.diridp.switch(algorithm, start).is_err();
    report.expect(
        "00:00  the issuer refuses to sign with it yet",
        "true",
        &too_early.to_string(),
    );

    let mut alive = Vec::new();
    let (mut minted, mut verified, mut refused) = (0_u32, 0_u32, 0_u32);
    let mut switched = false;
    for minute in 0..36 * 60_u64 {
        let now = start.saturating_add(Duration::from_secs(60 * minute));
        let clock = format!("{:02}:{:02}", minute / 60, minute % 60);
        if !switched && issuers.diridp.switch(algorithm, now).is_ok() {
            switched = true;
            row(
                &format!("{clock}  it signs; the old key stays published"),
                "",
            );
        }
        let withdrawn = issuers.diridp.withdraw_expired(now)?;
        if withdrawn.contains(&old) {
            issuers.publish(host);
            row(
                &format!("{clock}  its last token has expired: the old key is withdrawn"),
                &count_of_keys(issuers.diridp.keys().count()),
            );
        }
        relying_party.keep_keys_current(now)?;
        if minute.is_multiple_of(5) {
            alive.push(issuers.diridp.issue(&spec, now)?);
            minted += 1;
        }
        alive.retain(|token| now < token.expires_at());
        for token in &alive {
            match relying_party
                .verifier
                .verify(token.as_str().as_bytes(), now)
            {
                Ok(_) => verified += 1,
                Err(_) => refused += 1,
            }
        }
    }
    let kid = issuers
        .diridp
        .keys()
        .next()
        .ok_or("the issuer has a key")?
        .kid;
    report.expect("the old key is gone", "true", &(kid != old).to_string());
    row(
        &format!("{minted} tokens minted"),
        &format!("{verified} verifications"),
    );
    report.expect("tokens refused on the way", "0", &refused.to_string());
    Ok(())
}
