//! The claim checks of AWS's `AssumeRoleWithWebIdentity`, as recorded on the real service in
//! September 2026 with signed tokens. What differs from them is told at
//! [`Profile::aws_sts`](crate::Profile::aws_sts).

use std::borrow::Cow;
use std::time::Duration;

use jsonptr::{Kind, Text};
use oidc_core::{Claim, ClaimFault, Claims, NumericDate, RegisteredClaim};

use super::{Times, Validity, no_extra_audience, optional, required, young_enough};
use crate::aws::integer_subject;
use crate::error::{ClaimError, Hopeless};
use crate::trusted_issuer::{ExtraAudiences, TrustedIssuer};

/// As [`super::hopeless`]; `azp` is the place of that claim among the located ones.
pub(super) fn hopeless<'a>(
    claims: &Claims<'a>,
    azp: Option<usize>,
    issuer: &TrustedIssuer,
    now: NumericDate,
) -> Result<Validity<'a>, Hopeless> {
    let exp = whole_seconds(claims, RegisteredClaim::Exp);
    if let Claim::WellFormed(exp) = exp
        && now >= exp.saturating_add(issuer.leeway)
    {
        return Err(Hopeless::Expired);
    }
    let nbf = whole_seconds(claims, RegisteredClaim::Nbf);
    if let Claim::WellFormed(nbf) = nbf
        && now < nbf.saturating_sub(issuer.leeway)
    {
        return Err(Hopeless::NotYetValid);
    }
    let aud = claims.aud();
    // INVARIANT: an assembled verifier locates `azp`; without it nobody is the audience.
    let azp = azp.ok_or(Hopeless::ForeignAudience)?;
    let own = |name: &str| issuer.audiences.iter().any(|own| own == name);
    let ours = match (claims.located(azp), aud) {
        // `azp` decides alone.
        (Some(azp), _) => azp.text().is_none_or(|azp| own(&azp.to_cow())),
        // The check after the signature says that `azp` is missing.
        (None, Claim::WellFormed(aud)) if aud.iter().nth(1).is_some() => true,
        (None, Claim::WellFormed(aud)) => aud.iter().any(|aud| own(&aud.to_cow())),
        (None, Claim::Malformed(ClaimFault::Empty)) => names_nobody(claims),
        (None, Claim::Malformed(_) | Claim::Absent) => true,
    };
    if ours {
        Ok(Validity { aud, exp, nbf })
    } else {
        Err(Hopeless::ForeignAudience)
    }
}

/// As [`super::authentic`], of a token that [`hopeless`] has let through.
pub(super) fn authentic(
    claims: &Claims<'_>,
    validity: &Validity<'_>,
    azp: Option<usize>,
    issuer: &TrustedIssuer,
    now: NumericDate,
) -> Result<Times, ClaimError> {
    subject(claims)?;
    audience(claims, validity, azp, issuer)?;
    let exp = required(RegisteredClaim::Exp, validity.exp)?;
    let iat = whole_seconds(claims, RegisteredClaim::Iat);
    let iat = required(RegisteredClaim::Iat, iat)?;
    let nbf = optional(RegisteredClaim::Nbf, validity.nbf)?;
    optional(RegisteredClaim::Jti, claims.jti())?;
    if iat > now.saturating_add(issuer.leeway) {
        return Err(ClaimError::IssuedInFuture { iat, now });
    }
    // Within the tolerance `exp` may come before `iat`: the service compares each with its clock
    // and never one with the other.
    let lifetime = u64::try_from(exp.seconds_since(iat)).unwrap_or_default();
    let lifetime = Duration::from_secs(lifetime);
    if lifetime > issuer.max_lifetime {
        return Err(ClaimError::LifetimeTooLong {
            lifetime,
            max: issuer.max_lifetime,
        });
    }
    young_enough(iat, issuer, now)?;
    Ok(Times { exp, iat, nbf })
}

/// A string, the empty one too, or an integer, which is read as its digits.
fn subject(claims: &Claims<'_>) -> Result<(), ClaimError> {
    let claim = RegisteredClaim::Sub;
    match claims.sub() {
        Claim::WellFormed(_) | Claim::Malformed(ClaimFault::Empty) => Ok(()),
        Claim::Absent => Err(ClaimError::Missing { claim }),
        Claim::Malformed(source) => match claims.as_written(claim) {
            Some(sub) if integer_subject(sub).is_some() => Ok(()),
            Some(_) | None => Err(ClaimError::Malformed { claim, source }),
        },
    }
}

fn audience(
    claims: &Claims<'_>,
    validity: &Validity<'_>,
    azp: Option<usize>,
    issuer: &TrustedIssuer,
) -> Result<(), ClaimError> {
    let claim = RegisteredClaim::Aud;
    let azp = azp.and_then(|azp| claims.located(azp));
    match validity.aud {
        Claim::WellFormed(aud) => {
            if azp.is_none() && aud.iter().nth(1).is_some() {
                return Err(ClaimError::AuthorizedPartyMissing);
            }
            no_extra_audience(&aud, issuer)?;
        }
        Claim::Absent => return Err(ClaimError::Missing { claim }),
        // With `azp` it does not matter which names `aud` has, but that it has one: unless it was
        // said which they may be.
        Claim::Malformed(ClaimFault::Empty)
            if azp.is_some()
                && issuer.extra_audiences == ExtraAudiences::Allow
                && !names_nobody(claims) => {}
        Claim::Malformed(source) => return Err(ClaimError::Malformed { claim, source }),
    }
    match azp {
        Some(azp) if azp.kind() != Kind::String => Err(ClaimError::AuthorizedPartyMalformed),
        Some(_) | None => Ok(()),
    }
}

/// Whether `aud` is the empty array, which the service tells from an empty name.
fn names_nobody(claims: &Claims<'_>) -> bool {
    let aud = claims.as_written(RegisteredClaim::Aud);
    let names = aud.and_then(|aud| aud.elements());
    names.is_some_and(|mut names| names.next().is_none())
}

/// A date in plain digits, with or without quotation marks.
fn whole_seconds(claims: &Claims<'_>, claim: RegisteredClaim) -> Claim<NumericDate> {
    let Some(value) = claims.as_written(claim) else {
        return Claim::Absent;
    };
    let digits = match value.kind() {
        Kind::Number => Cow::Borrowed(value.json()),
        Kind::String => value.text().map(Text::to_cow).unwrap_or_default(),
        Kind::Array | Kind::Bool | Kind::Null | Kind::Object => Cow::Borrowed(""),
    };
    // No sign, and no zeros in front, as in a JSON number.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.is_empty() || (digits.starts_with('0') && digits != "0") {
        return Claim::Malformed(ClaimFault::NotWholeSeconds);
    }
    match digits.parse().map(NumericDate::from_seconds) {
        Ok(Ok(date)) => Claim::WellFormed(date),
        Ok(Err(_)) | Err(_) => Claim::Malformed(ClaimFault::OutOfRange),
    }
}
