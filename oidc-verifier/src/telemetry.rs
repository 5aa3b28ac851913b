//! What is told to tracing and metrics: stable words, configured names and numbers. Nothing that a
//! token says, no `kid`, no claim, no text of an error that came from outside.
#![allow(
    unused_variables,
    dead_code,
    clippy::allow_attributes,
    reason = "each function speaks to whom the features name, which may be nobody"
)]

#[cfg(feature = "discovery")]
use oidc_core::IssuerIdentifier;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use crate::error::VerifyError;
#[cfg(feature = "discovery")]
use crate::key_source::{FetchError, FetchKind, Learned, Status};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use crate::verified::Verified;

/// A token was verified or not.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(crate) fn judged(outcome: &Result<Verified<'_>, VerifyError>) {
    match outcome {
        Ok(verified) => {
            let issuer = verified.issuer().as_str();
            #[cfg(feature = "tracing")]
            tracing::debug!(issuer, "token verified");
            #[cfg(feature = "metrics")]
            metrics::counter!("oidc_tokens_total", "issuer" => issuer.to_owned(), "code" => "verified")
                .increment(1);
        }
        Err(error) => {
            let code = error.code();
            #[cfg(feature = "tracing")]
            tracing::debug!(code, "token not verified");
            // What an unverified token names is no label.
            #[cfg(feature = "metrics")]
            metrics::counter!("oidc_tokens_total", "issuer" => "", "code" => code).increment(1);
        }
    }
}

/// Puts what a fetch does, the HTTP library included, into a span.
#[cfg(all(feature = "http", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) fn in_fetch<F: Future>(
    issuer: &IssuerIdentifier,
    kind: FetchKind,
    fetch: F,
) -> impl Future<Output = F::Output> + use<F> {
    #[cfg(feature = "tracing")]
    let fetch = {
        let span = tracing::debug_span!("fetch", issuer = issuer.as_str(), document = kind.code());
        tracing::Instrument::instrument(fetch, span)
    };
    fetch
}

/// A fetch has ended.
#[cfg(feature = "discovery")]
pub(crate) fn fetched(
    issuer: &IssuerIdentifier,
    kind: FetchKind,
    outcome: Result<&Learned, &FetchError>,
) {
    let (issuer, document) = (issuer.as_str(), kind.code());
    let code = outcome.map_or_else(FetchError::code, |learned| learned.code());
    #[cfg(feature = "tracing")]
    if outcome.is_ok() {
        tracing::debug!(issuer, document, code, "document fetched");
    } else {
        tracing::warn!(issuer, document, code, "document not fetched");
    }
    #[cfg(feature = "metrics")]
    metrics::counter!(
        "oidc_fetches_total",
        "issuer" => issuer.to_owned(), "document" => document, "code" => code
    )
    .increment(1);
}

/// How the keys of an issuer stand.
#[cfg(feature = "discovery")]
pub(crate) fn keys(issuer: &IssuerIdentifier, status: &Status<'_>) {
    let (issuer, keys, freshness) = (issuer.as_str(), status.keys, status.freshness.code());
    #[cfg(feature = "tracing")]
    tracing::trace!(issuer, keys, freshness, "keys");
    #[cfg(feature = "metrics")]
    {
        let keys = u32::try_from(keys).unwrap_or(u32::MAX);
        metrics::gauge!("oidc_keys", "issuer" => issuer.to_owned()).set(keys);
        if let Some(age) = status.age {
            metrics::gauge!("oidc_keys_age_seconds", "issuer" => issuer.to_owned())
                .set(age.as_secs_f64());
        }
    }
}

/// A policy has decided about a verified token.
pub(crate) fn decided(code: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::debug!(code, "policy decided");
    #[cfg(feature = "metrics")]
    metrics::counter!("oidc_decisions_total", "code" => code).increment(1);
}
