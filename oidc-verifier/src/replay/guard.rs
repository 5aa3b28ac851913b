//! What a replay guard is asked, and what it answers.

use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use oidc_core::NumericDate;

use super::TokenUse;

/// Remembers tokens that were used, and answers from memory: a call neither waits nor does I/O.
///
/// There is one call, so that nothing can come between asking and remembering.
pub trait ReplayGuard: Send + Sync {
    /// Remembers the use until [`TokenUse::until`] and says whether it was remembered before, in
    /// one step: of any number of calls with one token, [`Presented::First`] is the answer to one.
    ///
    /// # Errors
    ///
    /// The guard cannot say, and may or may not have remembered it. Where replay is enforced, the
    /// token is not admitted.
    fn record(&self, token: &TokenUse, now: NumericDate) -> Result<Presented, ReplayUnavailable>;
}

/// A [`ReplayGuard`] whose answer may be waited for, because a store that several processes share
/// gives it.
///
/// A service that chooses one of several guards when it starts writes an `enum` of them.
pub trait AsyncReplayGuard: Send + Sync {
    /// As [`ReplayGuard::record`].
    ///
    /// Dropping the future leaves open whether the use is remembered: a token that is shown again
    /// after that may count as replayed.
    ///
    /// # Errors
    ///
    /// The same; a store that is not reached is one.
    fn record_async(
        &self,
        token: &TokenUse,
        now: NumericDate,
    ) -> impl Future<Output = Result<Presented, ReplayUnavailable>> + Send;
}

impl<G: ReplayGuard + ?Sized> AsyncReplayGuard for G {
    fn record_async(
        &self,
        token: &TokenUse,
        now: NumericDate,
    ) -> impl Future<Output = Result<Presented, ReplayUnavailable>> + Send {
        ready(self.record(token, now))
    }
}

/// How often a token has been presented.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it was presented before, or not")]
pub enum Presented {
    /// For the first time.
    First,
    /// Not for the first time.
    Again,
}

/// Why a guard cannot say whether a token was used before. The token may be good: a service answers
/// as it does when it is not ready.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayUnavailable {
    /// The guard may have forgotten the token already: by this call's time, or by an earlier call's,
    /// verification refuses it. A clock has gone back, or the token was verified long ago.
    #[error("token may have been used and forgotten")]
    Forgotten,
    /// The guard remembers as many tokens as it may, and all of them can still be used.
    #[error("replay guard is full: it remembers {capacity} tokens")]
    #[non_exhaustive]
    Full {
        /// How many that are.
        capacity: usize,
    },
    /// The store did not answer, or not as it should.
    #[error("store of the replay guard is not usable")]
    Store(#[source] StoreError),
    /// The claims were vouched for: there is no verified token that could be remembered.
    #[error("claims are not those of a token that was verified here")]
    Unverified,
}

impl ReplayUnavailable {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Forgotten => "replay_forgotten",
            Self::Full { .. } => "replay_full",
            Self::Store(_) => "replay_store",
            Self::Unverified => "replay_unverified",
        }
    }
}

/// What a store of used tokens said instead of an answer.
#[derive(Clone)]
pub struct StoreError(Arc<dyn Error + Send + Sync>);

impl StoreError {
    /// The error of a store's client, or a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
