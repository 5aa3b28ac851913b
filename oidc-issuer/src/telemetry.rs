//! What is told to tracing and metrics: stable words, configured names and numbers, and to tracing
//! the ids of the issuer's own keys. Nothing that a token says, no audience, no text of an error
//! that came from outside: those are in [`Pass::failures`](crate::Pass).
#![allow(
    unused_variables,
    dead_code,
    clippy::allow_attributes,
    reason = "each function speaks to whom the features name, which may be nobody"
)]

use oidc_core::IssuerIdentifier;

use crate::rotation::{Clocks, Event, Rotation};
#[cfg(feature = "metrics")]
use crate::state::StateName;
use crate::token::{IssueError, Token};

/// A token was asked for.
pub(crate) fn issued(issuer: &IssuerIdentifier, outcome: Result<&Token, &IssueError>) {
    let issuer = issuer.as_str();
    let code = outcome.map_or_else(IssueError::code, |_| "issued");
    #[cfg(feature = "tracing")]
    if outcome.is_ok() {
        tracing::debug!(issuer, "token issued");
    } else {
        tracing::warn!(issuer, code, "token not issued");
    }
    #[cfg(feature = "metrics")]
    metrics::counter!("oidc_tokens_issued_total", "issuer" => issuer.to_owned(), "code" => code)
        .increment(1);
}

/// A replica has noticed something.
pub(crate) fn noticed(issuer: &IssuerIdentifier, event: &Event) {
    let (issuer, code) = (issuer.as_str(), event.code());
    #[cfg(feature = "tracing")]
    match event {
        Event::Transition(to) => {
            let (ring, kid, state) = (to.ring.as_str(), &*to.kid, to.to.as_str());
            tracing::info!(issuer, code, ring, kid, state, "key moved");
        }
        Event::ClockHeld => tracing::warn!(issuer, code, "rotation holds"),
        Event::RolledBack { known, loaded } => {
            tracing::error!(issuer, code, known, loaded, "state refused");
        }
        Event::ForeignState { .. } => tracing::error!(issuer, code, "state refused"),
        Event::Unusable { kid } => tracing::error!(issuer, code, kid, "key unusable"),
    }
    #[cfg(feature = "metrics")]
    metrics::counter!(
        "oidc_rotation_events_total",
        "issuer" => issuer.to_owned(), "code" => code
    )
    .increment(1);
}

/// A driver has taken a step.
pub(crate) fn stepped(issuer: &IssuerIdentifier, step: &'static str, done: bool) {
    let issuer = issuer.as_str();
    #[cfg(feature = "tracing")]
    if done {
        tracing::debug!(issuer, step, "rotation step");
    } else {
        tracing::warn!(issuer, step, "rotation step failed");
    }
    #[cfg(feature = "metrics")]
    metrics::counter!(
        "oidc_rotation_steps_total",
        "issuer" => issuer.to_owned(), "step" => step, "code" => if done { "done" } else { "failed" }
    )
    .increment(1);
}

/// How the keys stand after a pass, and for how long they may be used.
pub(crate) fn standing(rotation: &Rotation, clocks: Clocks) {
    #[cfg(feature = "metrics")]
    {
        let issuer = rotation.config().issuer().as_str();
        let until = rotation.signs_until(clocks).unwrap_or(clocks.wall);
        let left = until.as_seconds().saturating_sub(clocks.wall.as_seconds());
        metrics::gauge!("oidc_signing_seconds_left", "issuer" => issuer.to_owned())
            .set(i32::try_from(left).unwrap_or(i32::MAX));
        let rings = rotation.state().map_or(&[][..], |state| state.rings());
        for ring in rings {
            for state in StateName::ALL {
                let stands = ring.keys().iter().filter(|key| key.state().name() == state);
                let keys = u32::try_from(stands.count()).unwrap_or(u32::MAX);
                metrics::gauge!(
                    "oidc_signing_keys",
                    "issuer" => issuer.to_owned(),
                    "ring" => ring.name().as_str().to_owned(),
                    "state" => state.as_str()
                )
                .set(keys);
            }
        }
    }
}
