//! A day and a half of a rotation under an accelerated clock, with its own driver at work, and in
//! the end a key that somebody has stolen.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a day and a half has few minutes"
)]

use std::error::Error;
use std::time::Duration;

use oidc_issuer::{ConsumerClass, Event, RevocationReason, StateName, Successor};
use oidc_verifier::NumericDate;

use crate::host::Host;
use crate::issuers::Issuers;
use crate::relying_party::RelyingParty;
use crate::report::{Report, count_of_keys, row};
use crate::rotating::ALGORITHM;

/// Steps of a minute: the driver makes a pass, a token is minted every five minutes, and every
/// token is verified every minute until it expires. The time at which it ends.
pub(crate) fn run(
    report: &mut Report,
    host: &Host,
    issuers: &mut Issuers,
    relying_party: &mut RelyingParty,
    start: NumericDate,
) -> Result<NumericDate, Box<dyn Error>> {
    let spec = Issuers::file_token()?;
    let old = signing(issuers)?;
    row("00:00  a key signs, and the next one is published", "");
    let clocks = issuers.diridp.clocks(start);
    for entry in issuers.diridp.rotation.calendar(clocks) {
        let hours = entry.at.seconds_since(start) / 3_600;
        let which = if entry.kid == old {
            "the key"
        } else {
            "the next key"
        };
        row(
            &format!("       in its calendar: {which} is {}", entry.to.as_str()),
            &format!("in {hours} hours"),
        );
    }

    let mut alive = Vec::new();
    let (mut minted, mut verified, mut refused) = (0_u32, 0_u32, 0_u32);
    let mut now = start;
    for minute in 0..36 * 60_u64 {
        now = start.saturating_add(Duration::from_secs(60 * minute));
        let clock = format!("{:02}:{:02}", minute / 60, minute % 60);
        for event in issuers.diridp.pass(host, now)? {
            let Event::Transition(step) = event else {
                continue;
            };
            let told = match step.to {
                StateName::Active => "the next key signs; the old one stays published",
                StateName::Withdrawn => "its last token has expired: the old key is withdrawn",
                StateName::Staged | StateName::Published | StateName::Retiring | _ => continue,
            };
            let keys = count_of_keys(issuers.diridp.issuer.published_keys().len());
            row(&format!("{clock}  {told}"), &keys);
        }
        relying_party.keep_keys_current(now)?;
        if minute.is_multiple_of(5) {
            alive.push(issuers.diridp.issuer.issue(&spec, now)?);
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
    let kid = signing(issuers)?;
    let which = if kid == old { "the same" } else { "another" };
    report.expect("the key that signs now", "another", which);
    row(
        &format!("{minted} tokens minted"),
        &format!("{verified} verifications"),
    );
    report.expect("tokens refused on the way", "0", &refused.to_string());
    revoke(report, host, issuers, relying_party, now)
}

/// The key that signs is stolen: a standby that everybody knows takes over at once.
fn revoke(
    report: &mut Report,
    host: &Host,
    issuers: &mut Issuers,
    relying_party: &mut RelyingParty,
    now: NumericDate,
) -> Result<NumericDate, Box<dyn Error>> {
    let spec = Issuers::file_token()?;
    let stolen = signing(issuers)?;
    let token = issuers.diridp.issuer.issue(&spec, now)?;
    let clocks = issuers.diridp.clocks(now);
    let reason = RevocationReason::Compromised;
    // A dry run is a call on a clone.
    let mut copy = issuers.diridp.rotation.clone();
    let plan = copy.revoke(&stolen, reason, Successor::Aged, clocks);
    let aged = match plan {
        Ok(_) => Successor::Aged,
        // Within a day of a rotation the new standby is young: some consumers refetch.
        Err(_) => Successor::Seen,
    };
    let rotation = &mut issuers.diridp.rotation;
    let revocation = rotation.revoke(&stolen, reason, aged, clocks)?;
    row("a stolen key is revoked; it is trusted no longer by", "");
    for distrust in revocation.distrust {
        let minutes = distrust.at.map(|at| at.seconds_since(now) / 60);
        let when = match minutes {
            None => "when a person uploads another".to_owned(),
            Some(minutes @ 0..120) => format!("within {minutes} minutes"),
            Some(minutes) => format!("within {} hours", minutes / 60),
        };
        let who = match distrust.class {
            ConsumerClass::Signers => "the issuer's own signers",
            ConsumerClass::Honouring => "who honours `Cache-Control`",
            ConsumerClass::HardCoded => "who keeps a JWK Set for a time of their own",
            ConsumerClass::Snapshot => "who has an uploaded copy",
            _ => "others",
        };
        row(&format!("       {who}"), &when);
    }
    issuers.diridp.pass(host, now)?;
    // As long as its caches may hold the old set.
    let now = now.saturating_add(Duration::from_secs(20 * 60));
    issuers.diridp.pass(host, now)?;
    relying_party.keep_keys_current(now)?;
    report.expect(
        "a token of the stolen key, twenty minutes later",
        "no key of this `kid`",
        &relying_party.refusal(token.as_str(), now),
    );
    let token = issuers.diridp.issuer.issue(&spec, now)?;
    report.expect(
        "a token of its successor",
        "allowed by `file-token`",
        &relying_party.decide(token.as_str(), now),
    );
    Ok(now)
}

fn signing(issuers: &Issuers) -> Result<String, Box<dyn Error>> {
    let kid = issuers.diridp.issuer.signing_kid(ALGORITHM);
    Ok(kid.ok_or("the issuer has a key that signs")?.to_owned())
}
