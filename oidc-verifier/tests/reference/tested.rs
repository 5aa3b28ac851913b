//! The verifier under test, configured by the same value as the reference, and its answer in the
//! same form.

use std::time::Duration;

use oidc_verifier::{
    ExtraAudiences, IssuerIdentifier, JwkSet, NumericDate, Verified, Verifier, VerifyError,
};

use super::{Accepted, Trust};

impl Trust {
    /// The verifier under test, or `None` if it refuses this configuration. A key set that it does
    /// not accept is left out.
    pub(crate) fn verifier(&self) -> Option<Verifier> {
        let issuer = IssuerIdentifier::parse(&self.issuer).ok()?;
        let (first, others) = self.audiences.split_first()?;
        let mut builder = Verifier::builder()
            .issuer(issuer.clone())
            .audience(first)
            .algorithms(self.algorithms.iter().filter_map(|name| name.parse().ok()))
            .leeway(Duration::from_secs(self.leeway))
            .max_lifetime(Duration::from_secs(self.max_lifetime));
        for audience in others {
            builder = builder.audience(audience);
        }
        builder = builder.extra_audiences(match &self.extra_audiences {
            None => ExtraAudiences::Allow,
            Some(names) if names.is_empty() => ExtraAudiences::Forbid,
            Some(names) => ExtraAudiences::Only(names.clone()),
        });
        if let Some(max_age) = self.max_age {
            builder = builder.max_age(Duration::from_secs(max_age));
        }
        for media_type in &self.types {
            builder = builder.accept_typ(media_type);
        }
        let verifier = builder.build().ok()?;
        if let Ok(set) = JwkSet::parse(&self.jwk_set) {
            // A set without a usable key changes nothing.
            let _ = verifier.install(&oidc_verifier::IssuerKeys::new(issuer, set));
        }
        Some(verifier)
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
