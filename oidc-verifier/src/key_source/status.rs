//! What a key source knows of itself, to be shown.

use std::time::Duration;

use oidc_core::{NumericDate, SkippedJwk};

use super::action::FetchKind;
use super::error::FetchError;
use super::keys::DistrustedKey;

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
