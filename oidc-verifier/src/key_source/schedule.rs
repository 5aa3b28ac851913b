//! What is due next, and the beginning of a fetch.

use std::time::Duration;

use oidc_core::NumericDate;

use super::KeySource;
use super::action::{Action, Fetch, FetchId, FetchKind, FetchLimits};
use super::age::Age;

/// The one fetch that is under way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) id: FetchId,
    pub(super) kind: FetchKind,
    pub(super) conditional: bool,
    pub(super) random: u64,
    pub(super) given_up_at: Age,
}

impl KeySource {
    /// What is to be fetched now.
    pub(super) fn due(&self, age: Age) -> Option<FetchKind> {
        let can_fetch_keys = self.jwks_uri.trusted(age).is_some();
        let wanted = self.demand.cause.is_some() && age >= self.keys.retry_at();
        if age >= self.jwks_uri.due_at() {
            Some(FetchKind::Discovery)
        } else if can_fetch_keys && (age >= self.keys.due_at() || wanted) {
            Some(FetchKind::JwkSet)
        } else {
            None
        }
    }

    /// When a fetch is due next, if no token asks for one.
    pub(super) fn next_fetch(&self, age: Age) -> Age {
        let keys = match self.jwks_uri.trusted(age) {
            Some(_) => self.keys.due_at(),
            None => Age::NEVER,
        };
        keys.min(self.jwks_uri.due_at())
    }

    /// When something changes without a fetch: trust in the keys ends.
    pub(super) fn next_event(&self, age: Age) -> Age {
        let trusted = self.keys.trusted(age);
        trusted.map_or(Age::NEVER, |held| held.freshness.trust_ends)
    }

    pub(super) fn begin(&mut self, kind: FetchKind, random: u64, age: Age) -> Fetch {
        let (url, validators, max_body_bytes) = match kind {
            FetchKind::Discovery => {
                let held = self.jwks_uri.held.as_ref();
                let validators = held.map(|held| held.validators.clone());
                let max = self.config.max_metadata_bytes();
                (self.issuer.discovery_url(), validators, max)
            }
            FetchKind::JwkSet => {
                // The attempt is what counts, not what comes of it. One that was due anyway is
                // nobody's.
                if age < self.keys.due_at()
                    && let Some(cause) = self.demand.cause
                {
                    self.permits.take(cause, self.config.cooldown(), age);
                }
                self.demand.cause = None;
                let uri = self.jwks_uri.held.as_ref().map(|held| held.value.clone());
                let held = self.keys.held.as_ref();
                let validators = held.map(|held| held.validators.clone());
                let max = self.config.max_jwk_set_bytes();
                (uri.unwrap_or_default(), validators, max)
            }
        };
        let validators = validators.unwrap_or_default();
        let total_timeout = self.config.total_timeout();
        let patience = total_timeout.saturating_mul(2).max(LEAST_PATIENCE);
        self.fetches = self.fetches.wrapping_add(1);
        let id = FetchId(self.fetches);
        self.flight = Some(Flight {
            id,
            kind,
            conditional: !validators.is_empty(),
            random,
            given_up_at: age.plus(patience),
        });
        let limits = FetchLimits {
            connect_timeout: self.config.connect_timeout(),
            total_timeout,
            max_body_bytes,
        };
        Fetch {
            id,
            issuer: self.issuer.clone(),
            kind,
            url,
            limits,
            validators,
        }
    }
}

pub(super) fn idle(until: Age, age: Age, now: NumericDate) -> Action {
    // Whole seconds: a driver that comes back at once would spin.
    let wait = until.since(age).max(Duration::from_secs(1));
    Action::Idle {
        until: now.saturating_add(wait),
    }
}

/// Times are whole seconds: a shorter patience might end before the timeout.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);
