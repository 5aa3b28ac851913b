//! From a verifier and its sources to a refresher that runs.

use std::sync::Arc;
use std::time::Duration;

use oidc_core::IssuerIdentifier;
use tokio::runtime::Handle;

use super::WAIT_FOR_KEYS;
use super::blocking;
use super::refresher::KeyRefresher;
use super::transport::Transport;
use crate::clock::{Clock, SystemClock};
use crate::key_source::{KeySource, KeySourceConfig};
use crate::verifier::Verifier;

/// Collects what a [`KeyRefresher`] needs.
#[must_use]
pub struct KeyRefresherBuilder<T> {
    pub(super) verifier: Arc<Verifier>,
    pub(super) transport: T,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sources: Vec<KeySource>,
    pub(super) wait_for_keys: Duration,
}

impl<T: Transport> KeyRefresherBuilder<T> {
    pub(super) fn new(verifier: Arc<Verifier>, transport: T) -> KeyRefresherBuilder<T> {
        KeyRefresherBuilder {
            verifier,
            transport,
            clock: Arc::new(SystemClock),
            sources: Vec::new(),
            wait_for_keys: WAIT_FOR_KEYS.default(),
        }
    }

    /// Keeps the keys of this source's issuer current. The verifier trusts the issuer already, and
    /// has one source for it at most; an issuer without a source keeps the keys it was given.
    pub fn source(mut self, source: KeySource) -> KeyRefresherBuilder<T> {
        self.sources.push(source);
        self
    }

    /// Keeps the keys of every issuer current that has no source yet, found by discovery.
    pub fn discover_all(mut self, config: &KeySourceConfig) -> KeyRefresherBuilder<T> {
        for issuer in self.verifier.issuers() {
            if self.sources.iter().all(|source| source.issuer() != issuer) {
                self.sources
                    .push(KeySource::new(issuer.clone(), config.clone()));
            }
        }
        self
    }

    /// How long a token waits for a fetch that may bring its key: see [`WAIT_FOR_KEYS`].
    pub fn wait_for_keys(mut self, longest: Duration) -> KeyRefresherBuilder<T> {
        self.wait_for_keys = longest;
        self
    }

    /// Another clock than [`SystemClock`], for tests.
    pub fn clock(mut self, clock: impl Clock) -> KeyRefresherBuilder<T> {
        self.clock = Arc::new(clock);
        self
    }

    /// Starts to fetch, on the tokio runtime that this is called in: with a timer and I/O.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what does not fit, or that there is no runtime.
    pub fn spawn(self) -> Result<KeyRefresher, StartError> {
        self.check()?;
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let refresher =
            KeyRefresher::new(self.verifier, self.clock, self.sources, self.wait_for_keys);
        let transport = Arc::new(self.transport);
        for driven in refresher.all_driven() {
            let driver = refresher.driver(driven);
            runtime.spawn(driver.drive(Arc::clone(&transport)));
        }
        Ok(refresher)
    }

    /// Starts to fetch on a thread of its own, for programs without an async runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what does not fit, or that there is no thread.
    pub fn spawn_thread(self) -> Result<blocking::KeyRefresher, StartError> {
        blocking::KeyRefresher::start(self)
    }

    fn check(&self) -> Result<(), StartError> {
        if self.sources.is_empty() {
            return Err(StartError::NoSource);
        }
        if self.wait_for_keys > WAIT_FOR_KEYS.max() {
            return Err(StartError::WaitTooLong);
        }
        for (index, source) in self.sources.iter().enumerate() {
            let issuer = source.issuer();
            if !self.verifier.issuers().any(|own| own == issuer) {
                let issuer = issuer.clone();
                return Err(StartError::UnknownIssuer { issuer });
            }
            let mut before = self.sources.iter().take(index);
            if before.any(|other| other.issuer() == issuer) {
                let issuer = issuer.clone();
                return Err(StartError::DuplicateSource { issuer });
            }
        }
        Ok(())
    }
}

impl<T> std::fmt::Debug for KeyRefresherBuilder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRefresherBuilder")
            .field("verifier", &self.verifier)
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

/// Why a [`KeyRefresher`] did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two sources are of one issuer.
    #[error("issuer `{issuer}` has two key sources")]
    #[non_exhaustive]
    DuplicateSource {
        /// Which one.
        issuer: IssuerIdentifier,
    },
    /// It was not called in a tokio runtime.
    #[error("there is no tokio runtime")]
    NoRuntime,
    /// No source was given: no key would ever come.
    #[error("there is no key source")]
    NoSource,
    /// The operating system gave no thread, or no timer and I/O on it.
    #[error("thread was not started")]
    NoThread,
    /// A source is of an issuer that the verifier does not trust.
    #[error("issuer `{issuer}` is not one of the verifier's")]
    #[non_exhaustive]
    UnknownIssuer {
        /// Which one.
        issuer: IssuerIdentifier,
    },
    /// Tokens would wait for keys longer than they may.
    #[error("wait for keys is longer than {:?}", WAIT_FOR_KEYS.max())]
    WaitTooLong,
}

impl StartError {
    /// A stable word for logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicateSource { .. } => "source_duplicate",
            Self::NoRuntime => "no_runtime",
            Self::NoSource => "no_source",
            Self::NoThread => "no_thread",
            Self::UnknownIssuer { .. } => "issuer_unknown",
            Self::WaitTooLong => "wait_too_long",
        }
    }
}
