//! The verifier under test, configured by the same value as the reference, and its answer in the
//! same form.

use std::time::Duration;

use oidc_verifier::{
    ExtraAudiences, IssuerIdentifier, IssuerKeys, JwkSet, NumericDate, Ready, Verified, Verifier,
    VerifierBuilder, VerifyError, WantsAudience,
};

use super::{Accepted, Trust};

/// The verifier under test, or `None` if it refuses this configuration. A key set that it does not
/// accept is left out.
pub(crate) fn verifier(trusted: &[Trust]) -> Option<Verifier> {
    let (first, others) = trusted.split_first()?;
    let mut builder = first.settings(Verifier::builder().issuer(first.identifier()?))?;
    for trust in others {
        builder = trust.settings(builder.issuer(trust.identifier()?))?;
    }
    let verifier = builder.build().ok()?;
    for trust in trusted {
        if let Ok(set) = JwkSet::parse(&trust.jwk_set) {
            // A set without a usable key changes nothing.
            let _ = verifier.install(&IssuerKeys::new(trust.identifier()?, set));
        }
    }
    Some(verifier)
}

impl Trust {
    fn identifier(&self) -> Option<IssuerIdentifier> {
        IssuerIdentifier::parse(&self.issuer).ok()
    }

    fn settings(&self, builder: VerifierBuilder<WantsAudience>) -> Option<VerifierBuilder<Ready>> {
        let (first, others) = self.audiences.split_first()?;
        let extra_audiences = match &self.extra_audiences {
            None => ExtraAudiences::Allow,
            Some(names) if names.is_empty() => ExtraAudiences::Forbid,
            Some(names) => ExtraAudiences::Only(names.clone()),
        };
        let mut builder = builder
            .audience(first)
            .extra_audiences(extra_audiences)
            .algorithms(self.algorithms.iter().filter_map(|name| name.parse().ok()))
            .leeway(Duration::from_secs(self.leeway))
            .max_lifetime(Duration::from_secs(self.max_lifetime));
        for audience in others {
            builder = builder.audience(audience);
        }
        if let Some(max_age) = self.max_age {
            builder = builder.max_age(Duration::from_secs(max_age));
        }
        for media_type in &self.types {
            builder = builder.accept_typ(media_type);
        }
        Some(builder)
    }
}

/// What the verifier under test says of a token.
pub(crate) fn verify(
    verifier: &Verifier,
    token: &[u8],
    now: NumericDate,
) -> Result<Accepted, VerifyError> {
    verifier
        .verify(token, now)
        .map(|verified| accepted(&verified))
}

fn accepted(verified: &Verified<'_>) -> Accepted {
    let seconds = |date: NumericDate| i128::from(date.as_seconds());
    let audience = verified.audience();
    Accepted {
        issuer: verified.issuer().as_str().to_owned(),
        subject: verified.subject().into_owned(),
        audience: audience
            .iter()
            .flat_map(|audience| audience.iter().map(str::to_owned))
            .collect(),
        exp: seconds(verified.expires_at()),
        iat: seconds(verified.issued_at()),
        nbf: verified.not_before().map(seconds),
        jti: verified.jwt_id().map(std::borrow::Cow::into_owned),
        alg: verified.algorithm().name().to_owned(),
        kid: verified.key_id().map(str::to_owned),
    }
}
