//! The checks of registered claims (OpenID Connect Core section 3.1.3.7, RFC 7519 section 4.1).
//!
//! A token is valid while `nbf - leeway <= now < exp + leeway`.

mod aws_sts;
mod jwt_svid;

pub(crate) use jwt_svid::is_of_trust_domain;

use std::time::Duration;

use oidc_core::{AudienceClaim, Claim, Claims, NumericDate, RegisteredClaim};

use crate::error::{ClaimError, Hopeless};
use crate::trusted_issuer::{ExtraAudiences, TokenRules, TrustedIssuer};

/// The claims that both checks look at, read once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity<'a> {
    aud: Claim<AudienceClaim<'a>>,
    exp: Claim<NumericDate>,
    nbf: Claim<NumericDate>,
}

/// What no signature could mend. A claim that is missing or malformed is left to [`authentic`].
pub(crate) fn hopeless<'a>(
    claims: &Claims<'a>,
    issuer: &TrustedIssuer,
    now: NumericDate,
) -> Result<Validity<'a>, Hopeless> {
    if let TokenRules::AwsSts { azp } = issuer.rules {
        return aws_sts::hopeless(claims, azp, issuer, now);
    }
    let exp = claims.exp();
    if let Claim::WellFormed(exp) = exp
        && now >= exp.saturating_add(issuer.leeway)
    {
        return Err(Hopeless::Expired);
    }
    let nbf = claims.nbf();
    if let Claim::WellFormed(nbf) = nbf
        && now < nbf.saturating_sub(issuer.leeway)
    {
        return Err(Hopeless::NotYetValid);
    }
    let aud = claims.aud();
    if let Claim::WellFormed(aud) = aud
        && !issuer.audiences.iter().any(|own| aud.contains(own))
    {
        return Err(Hopeless::ForeignAudience);
    }
    Ok(Validity { aud, exp, nbf })
}

/// The times of a token whose claims all hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) exp: NumericDate,
    pub(crate) iat: NumericDate,
    pub(crate) nbf: Option<NumericDate>,
}

/// Every check of an authentic token that [`hopeless`] has let through, with what it read.
pub(crate) fn authentic(
    claims: &Claims<'_>,
    validity: &Validity<'_>,
    issuer: &TrustedIssuer,
    now: NumericDate,
) -> Result<Times, ClaimError> {
    match &issuer.rules {
        TokenRules::Standard => {}
        TokenRules::AwsSts { azp } => {
            return aws_sts::authentic(claims, validity, *azp, issuer, now);
        }
        TokenRules::JwtSvid { trust_domain } => {
            jwt_svid::subject(claims, trust_domain.as_deref())?;
        }
    }
    required(RegisteredClaim::Sub, claims.sub())?;
    let aud = required(RegisteredClaim::Aud, validity.aud)?;
    let exp = required(RegisteredClaim::Exp, validity.exp)?;
    let iat = required(RegisteredClaim::Iat, claims.iat())?;
    let nbf = optional(RegisteredClaim::Nbf, validity.nbf)?;
    optional(RegisteredClaim::Jti, claims.jti())?;
    if iat > now.saturating_add(issuer.leeway) {
        return Err(ClaimError::IssuedInFuture { iat, now });
    }
    let Ok(lifetime) = u64::try_from(exp.seconds_since(iat)).map(Duration::from_secs) else {
        return Err(ClaimError::LifetimeNegative { iat, exp });
    };
    if lifetime > issuer.max_lifetime {
        return Err(ClaimError::LifetimeTooLong {
            lifetime,
            max: issuer.max_lifetime,
        });
    }
    young_enough(iat, issuer, now)?;
    no_extra_audience(&aud, issuer)?;
    Ok(Times { exp, iat, nbf })
}

fn young_enough(
    iat: NumericDate,
    issuer: &TrustedIssuer,
    now: NumericDate,
) -> Result<(), ClaimError> {
    let Some(max) = issuer.max_age else {
        return Ok(());
    };
    let age = u64::try_from(now.seconds_since(iat)).map(Duration::from_secs);
    let age = age.unwrap_or_default();
    if age > max.saturating_add(issuer.leeway) {
        return Err(ClaimError::TooOld { age, max });
    }
    Ok(())
}

fn required<T>(claim: RegisteredClaim, value: Claim<T>) -> Result<T, ClaimError> {
    optional(claim, value)?.ok_or(ClaimError::Missing { claim })
}

fn optional<T>(claim: RegisteredClaim, value: Claim<T>) -> Result<Option<T>, ClaimError> {
    match value {
        Claim::Absent => Ok(None),
        Claim::WellFormed(value) => Ok(Some(value)),
        Claim::Malformed(source) => Err(ClaimError::Malformed { claim, source }),
    }
}

fn no_extra_audience(aud: &AudienceClaim<'_>, issuer: &TrustedIssuer) -> Result<(), ClaimError> {
    let others: &[String] = match &issuer.extra_audiences {
        ExtraAudiences::Allow => return Ok(()),
        ExtraAudiences::ForbidSecond if aud.iter().nth(1).is_some() => {
            return Err(ClaimError::SeveralAudiences);
        }
        ExtraAudiences::Forbid | ExtraAudiences::ForbidSecond => &[],
        ExtraAudiences::Only(others) => others,
    };
    let expected = aud.iter().all(|name| {
        issuer
            .audiences
            .iter()
            .chain(others)
            .any(|one| name == **one)
    });
    if expected {
        Ok(())
    } else {
        Err(ClaimError::UnexpectedAudience)
    }
}
