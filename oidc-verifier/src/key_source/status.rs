//! What a key source knows of itself, to be shown.

use std::time::Duration;

use oidc_core::{NumericDate, SkippedJwk};

use super::KeySource;
use super::action::FetchKind;
use super::age::Age;
use super::error::FetchError;
use super::permits::Cause;
use super::rulings::DistrustedKey;

impl KeySource {
    /// How it stands at `now`.
    pub fn status(&self, now: NumericDate) -> Status<'_> {
        let age = self.clock.age(now);
        let on_clock = |then: Age| now.saturating_add(then.since(age));
        let held = self.keys.held.as_ref();
        let trusted = self
            .keys
            .trusted(age)
            .filter(|held| held.value.trusted.is_some());
        let freshness = match trusted {
            None => KeyFreshness::Unavailable,
            Some(held) if age < held.freshness.stale_at => KeyFreshness::Fresh,
            Some(_) => KeyFreshness::Stale,
        };
        let cooling_down = self
            .permits
            .check(Cause::UnknownKid, &self.config, age)
            .err();
        let backing_off = Some(self.keys.retry_at()).filter(|until| age < *until);
        Status {
            freshness,
            age: held.map(|held| age.since(held.freshness.fetched)),
            trusted_until: trusted.map(|held| on_clock(held.freshness.trust_ends)),
            jwks_uri: self.jwks_uri.held.as_ref().map(|held| held.value.as_str()),
            generation: self.generation(),
            keys: trusted.map_or(0, |held| held.value.trusted_count()),
            skipped: held.map_or(&[], |held| held.value.published.skipped()),
            distrusted: &self.rulings.distrusted,
            issued_before: self.rulings.issued_before,
            fetching: self.flight.as_ref().map(|flight| flight.kind),
            cooling_down_until: cooling_down.max(backing_off).map(on_clock),
            failures: self.keys.failures(),
            last_error: self.last_error.as_ref(),
            absent_kids: self.absent.count(age),
        }
    }
}

/// The state of a [`KeySource`](super::KeySource) at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status<'a> {
    /// How the keys stand.
    pub freshness: KeyFreshness,
    /// How long ago the issuer last said that these are its keys.
    pub age: Option<Duration>,
    /// Until when they are trusted if no fetch succeeds.
    pub trusted_until: Option<NumericDate>,
    /// Where the keys are fetched from, once that is known.
    pub jwks_uri: Option<&'a str>,
    /// Counts the changes of the keys; 0 before the first.
    pub generation: u64,
    /// How many keys are trusted. The verifier may be able to use fewer.
    pub keys: usize,
    /// The keys of the issuer's set that were left out, and why.
    pub skipped: &'a [SkippedJwk],
    /// The keys that an operator does not trust, whether the issuer has them or not.
    pub distrusted: &'a [DistrustedKey],
    /// Tokens issued before this are refused.
    pub issued_before: Option<NumericDate>,
    /// What is being fetched.
    pub fetching: Option<FetchKind>,
    /// Until when a token with an unknown `kid` causes no fetch, if that is so.
    pub cooling_down_until: Option<NumericDate>,
    /// How many fetches of the JWK Set have failed since the last good one.
    pub failures: u32,
    /// The last failure of all, even if later fetches succeeded.
    pub last_error: Option<&'a LastError>,
    /// How many names of keys that do not exist are remembered.
    pub absent_kids: usize,
}

/// How the keys of an issuer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "keys are there or not, and old or not"
)]
pub enum KeyFreshness {
    /// The issuer confirmed them within their soft age.
    Fresh,
    /// Their soft age has passed; they are trusted until [`Status::trusted_until`].
    Stale,
    /// There are none that are trusted: never fetched, not confirmed for too long, or all of them
    /// distrusted. Tokens cannot be judged.
    Unavailable,
}

impl KeyFreshness {
    /// A stable word: `fresh`, `stale` or `unavailable`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A failed fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastError {
    /// Of what.
    pub kind: FetchKind,
    /// Why.
    pub error: FetchError,
    /// When, on the caller's clock of that moment.
    pub at: NumericDate,
}
