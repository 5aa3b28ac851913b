//! What runs, and what can be asked of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};
use tokio::sync::watch;
use tokio::time::timeout;

use super::builder::KeyRefresherBuilder;
use super::driven::{Driven, Driver};
use super::ready::NotReady;
use super::transport::Transport;
use super::unknown_key;
use crate::clock::Clock;
use crate::error::VerifyError;
use crate::key_source::{DistrustedKey, KeySource, Status};
use crate::telemetry;
use crate::verified::Verified;
use crate::verifier::Verifier;

/// Keeps the keys of a [`Verifier`]'s issuers current, in the background, and waits for new ones
/// where a token needs them.
///
/// A clone is another handle of the same refresher. It runs until [`shutdown`](Self::shutdown), or
/// until the last handle is dropped. Then the verifier loses the keys that it was kept current with,
/// for nobody would notice that they were revoked: stop serving first.
#[derive(Clone)]
pub struct KeyRefresher {
    shared: Arc<Shared>,
}

struct Shared {
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
    driven: Vec<Arc<Driven>>,
    wait_for_keys: Duration,
    closing: watch::Sender<bool>,
}

impl KeyRefresher {
    /// Starts with a verifier and what makes the requests: usually an
    /// [`HttpTransport`](super::HttpTransport).
    pub fn builder<T: Transport>(verifier: Arc<Verifier>, transport: T) -> KeyRefresherBuilder<T> {
        KeyRefresherBuilder::new(verifier, transport)
    }

    pub(super) fn new(
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        sources: Vec<KeySource>,
        wait_for_keys: Duration,
    ) -> KeyRefresher {
        let driven = sources
            .into_iter()
            .map(|source| Arc::new(Driven::new(source)));
        KeyRefresher {
            shared: Arc::new(Shared {
                verifier,
                clock,
                driven: driven.collect(),
                wait_for_keys,
                closing: watch::Sender::new(false),
            }),
        }
    }

    pub(super) fn all_driven(&self) -> &[Arc<Driven>] {
        &self.shared.driven
    }

    /// What drives one source. It keeps no handle of the refresher.
    pub(super) fn driver(&self, driven: &Arc<Driven>) -> Driver {
        let closing = self.shared.closing.subscribe();
        Driver::new(driven, &self.shared.verifier, &self.shared.clock, closing)
    }

    /// The verifier. To verify with it directly never waits, and fetches nothing.
    pub fn verifier(&self) -> &Arc<Verifier> {
        &self.shared.verifier
    }

    /// What the refresher's clock shows.
    pub fn now(&self) -> NumericDate {
        self.shared.clock.now()
    }

    /// Verifies a token now, as [`Verifier::verify`] does; where the issuer may have put out new keys,
    /// lets them be fetched and verifies again.
    ///
    /// A token whose key is there is judged at once, whatever else goes on. One that names a key
    /// which is not there, or whose signature does not hold under a key that may have been
    /// replaced, asks the [`KeySource`] for a fetch within its permits and waits for it, at most
    /// [`WAIT_FOR_KEYS`](super::WAIT_FOR_KEYS). A token without `kid` waits for the first keys only.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`]. Where a fetch was permitted and did not end in time, or more than
    /// [`MAX_WAITING`](super::MAX_WAITING) tokens wait already, the answer is
    /// [`VerifyError::KeysUnavailable`]: the token may be good. Where no fetch is permitted or it
    /// has failed, the first answer stands.
    pub async fn verify(&self, token: &[u8]) -> Result<Verified<'_>, VerifyError> {
        let verifier = &self.shared.verifier;
        let outcome = match verifier.judge(token, self.now()) {
            Err(error) => match self.refetch(token, error).await {
                Ok(()) => verifier.judge(token, self.now()),
                Err(error) => Err(error),
            },
            verified => verified,
        };
        telemetry::judged(&outcome);
        outcome
    }

    /// Waits for the fetch that may make another answer of `refused`: `Ok` if it is worth to
    /// verify again, else the answer that stands.
    pub(super) async fn refetch(
        &self,
        token: &[u8],
        refused: VerifyError,
    ) -> Result<(), VerifyError> {
        match unknown_key::of(token, &refused, &self.shared.verifier) {
            Some(wanted) => match self.driven(wanted.issuer) {
                Some(driven) => {
                    let longest = self.shared.wait_for_keys;
                    wanted.wait_for(driven, longest, self.now(), refused).await
                }
                None => Err(refused),
            },
            None => Err(refused),
        }
    }

    /// Waits until every source has brought keys that the verifier took, at most for `longest`.
    ///
    /// # Errors
    ///
    /// [`NotReady`] says which issuers have no keys yet, and what went wrong last. The refresher goes
    /// on: to serve nevertheless is no danger, tokens of those issuers are
    /// [unavailable](VerifyError::KeysUnavailable).
    pub async fn wait_until_ready(&self, longest: Duration) -> Result<(), NotReady> {
        let all = async {
            for driven in &self.shared.driven {
                if !driven.gets_keys().await {
                    return false;
                }
            }
            true
        };
        match timeout(longest, all).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(NotReady::of(&self.shared.driven, self.now())),
        }
    }

    /// Lets `look` see how the keys of `issuer` stand. `None` if it has no source.
    ///
    /// `look` shall be quick: the source stands still meanwhile.
    pub fn status<R>(
        &self,
        issuer: &IssuerIdentifier,
        look: impl FnOnce(&Status<'_>) -> R,
    ) -> Option<R> {
        let driven = self.driven(issuer)?;
        let state = driven.state();
        Some(look(&state.source.status(self.now())))
    }

    /// Trusts a key of `issuer` no longer: see [`KeySource::distrust`]. When it returns, the
    /// verifier has done without it. `None` if the issuer has no source.
    pub async fn distrust(&self, issuer: &IssuerIdentifier, key: DistrustedKey) -> Option<usize> {
        self.rule(issuer, |source| source.distrust(key)).await
    }

    /// Ends [`distrust`](Self::distrust) of a key: see [`KeySource::end_distrust`].
    pub async fn end_distrust(
        &self,
        issuer: &IssuerIdentifier,
        key: &DistrustedKey,
    ) -> Option<bool> {
        self.rule(issuer, |source| source.end_distrust(key)).await
    }

    /// Refuses tokens of `issuer` from before `cut_off`: see [`KeySource::refuse_issued_before`].
    pub async fn refuse_issued_before(
        &self,
        issuer: &IssuerIdentifier,
        cut_off: Option<NumericDate>,
    ) -> Option<()> {
        self.rule(issuer, |source| source.refuse_issued_before(cut_off))
            .await
    }

    async fn rule<R>(
        &self,
        issuer: &IssuerIdentifier,
        ruling: impl FnOnce(&mut KeySource) -> R,
    ) -> Option<R> {
        let driven = self.driven(issuer)?;
        let (ruled, applied) = {
            let mut state = driven.state();
            let ruled = ruling(&mut state.source);
            (ruled, driven.polls(&state))
        };
        driven.wake.notify_one();
        applied.await;
        Some(ruled)
    }

    /// Stops fetching, and returns when nothing runs any more. Whatever is being fetched is dropped.
    pub async fn shutdown(&self) {
        self.shared.closing.send_replace(true);
        // Each driver has one receiver, and drops it last.
        self.shared.closing.closed().await;
    }

    fn driven(&self, issuer: &IssuerIdentifier) -> Option<&Driven> {
        let mut all = self.shared.driven.iter();
        all.find(|driven| driven.issuer == *issuer)
            .map(|driven| &**driven)
    }
}

impl fmt::Debug for KeyRefresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = self.shared.driven.iter().map(|driven| &driven.issuer);
        f.debug_struct("KeyRefresher")
            .field("issuers", &issuers.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
