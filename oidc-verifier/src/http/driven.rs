//! One key source and what drives it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};
use tokio::sync::{Notify, Semaphore, watch};

use super::tls::random_bits;
use super::transport::{Response, Transport};
use crate::clock::Clock;
use crate::key_source::{Action, Fetch, FetchError, KeySource, TransportError};
use crate::telemetry;
use crate::verifier::Verifier;

/// A source that is driven, as its driver and all who ask it share it.
pub(super) struct Driven {
    pub(super) issuer: IssuerIdentifier,
    state: Mutex<State>,
    /// Calls the driver before its time.
    pub(super) wake: Notify,
    progress: watch::Sender<Progress>,
    /// How many may wait for a fetch.
    pub(super) places_to_wait: Semaphore,
}

pub(super) struct State {
    pub(super) source: KeySource,
    /// Whether the verifier has keys of the issuer from this source.
    pub(super) installed: bool,
}

/// How far the driver has come.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Counts how often all changes of the keys had been handed over.
    polled: u64,
    /// Counts how often that was so and no fetch was due or under way.
    settled: u64,
    /// Whether it does nothing any more.
    ended: bool,
}

/// What the driver does next.
enum Step {
    Fetch(Fetch),
    Rest(Duration),
}

type UnderWay = Pin<Box<dyn Future<Output = (Fetch, Result<Response, TransportError>)> + Send>>;

impl Driven {
    pub(super) fn new(source: KeySource) -> Driven {
        Driven {
            issuer: source.issuer().clone(),
            state: Mutex::new(State {
                source,
                installed: false,
            }),
            wake: Notify::new(),
            progress: watch::Sender::default(),
            places_to_wait: Semaphore::new(super::MAX_WAITING),
        }
    }

    /// The source, for as long as a few instructions take, or for as long as new keys are prepared.
    /// No reader of keys comes here.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when the driver has next handed over all changes of the keys.
    ///
    /// To be called while holding the state, so that it is about what was asked of it before.
    pub(super) fn polls(&self, held: &State) -> impl Future<Output = ()> + Send + use<> {
        self.comes_further(held, |progress| progress.polled)
    }

    /// Completes when the driver next has nothing to do but to wait for the time: every fetch that
    /// was due has ended. To be called while holding the state.
    pub(super) fn settles(&self, held: &State) -> impl Future<Output = ()> + Send + use<> {
        self.comes_further(held, |progress| progress.settled)
    }

    /// Waits until the verifier has keys of the issuer; false if the driver ends before.
    pub(super) async fn gets_keys(&self) -> bool {
        loop {
            let settles = {
                let state = self.state();
                if state.installed {
                    return true;
                }
                if self.progress.borrow().ended {
                    return false;
                }
                self.settles(&state)
            };
            settles.await;
        }
    }

    fn comes_further(
        &self,
        _held: &State,
        count: fn(&Progress) -> u64,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut progress = self.progress.subscribe();
        let seen = count(&progress.borrow_and_update());
        async move {
            let further = |now: &Progress| now.ended || count(now) > seen;
            // An error is the end of the refresher, and of all waiting.
            let _ = progress.wait_for(further).await;
        }
    }

    /// Does what is due, up to the next fetch or the next rest.
    fn step(&self, verifier: &Verifier, now: NumericDate, idle: bool) -> Step {
        let mut state = self.state();
        loop {
            match state.source.poll(random_bits(), now) {
                Action::Fetch(fetch) => {
                    self.comes(|progress| &mut progress.polled);
                    return Step::Fetch(fetch);
                }
                Action::Install(keys) => match verifier.install(&keys) {
                    Ok(_) => state.installed = true,
                    Err(_) => state.source.handle_install_refused(now),
                },
                Action::Withdraw => {
                    verifier.withdraw(&self.issuer);
                    state.installed = false;
                }
                Action::Idle { until } => {
                    telemetry::keys(&self.issuer, &state.source.status(now));
                    self.comes(|progress| &mut progress.polled);
                    if idle {
                        self.comes(|progress| &mut progress.settled);
                    }
                    let rest = u64::try_from(until.seconds_since(now)).unwrap_or(0);
                    return Step::Rest(
                        Duration::from_secs(rest).clamp(SHORTEST_REST, LONGEST_REST),
                    );
                }
            }
        }
    }

    fn comes(&self, count: fn(&mut Progress) -> &mut u64) {
        self.progress.send_modify(|progress| {
            let count = count(progress);
            *count = count.wrapping_add(1);
        });
    }

    fn report(&self, fetch: &Fetch, outcome: Result<Response, TransportError>, now: NumericDate) {
        let mut state = self.state();
        let outcome = match outcome {
            Ok(response) => state
                .source
                .handle_response(fetch.id, &(&response).into(), now),
            Err(error) => {
                state.source.handle_failure(fetch.id, error, now);
                Err(FetchError::Transport(error))
            }
        };
        telemetry::fetched(&self.issuer, fetch.kind, outcome.as_ref());
    }
}

/// What drives one source, until it is told to close, or the refresher is dropped, or the runtime.
pub(super) struct Driver {
    driven: Arc<Driven>,
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
    /// Dropped last: to close is to wait until there is none left.
    closing: watch::Receiver<bool>,
}

impl Driver {
    pub(super) fn new(
        driven: &Arc<Driven>,
        verifier: &Arc<Verifier>,
        clock: &Arc<dyn Clock>,
        closing: watch::Receiver<bool>,
    ) -> Driver {
        Driver {
            driven: Arc::clone(driven),
            verifier: Arc::clone(verifier),
            clock: Arc::clone(clock),
            closing,
        }
    }

    pub(super) async fn drive<T: Transport>(mut self, transport: Arc<T>) {
        let mut under_way: Option<UnderWay> = None;
        loop {
            let now = self.clock.now();
            let rest = match self.driven.step(&self.verifier, now, under_way.is_none()) {
                Step::Fetch(fetch) => {
                    let kind = fetch.kind;
                    let fetch = bounded(Arc::clone(&transport), fetch);
                    let fetch = telemetry::in_fetch(&self.driven.issuer, kind, fetch);
                    under_way = Some(Box::pin(fetch));
                    continue;
                }
                Step::Rest(rest) => rest,
            };
            tokio::select! {
                // To close comes before what is due at the same moment.
                biased;
                _ = self.closing.wait_for(|closing| *closing) => return,
                (fetch, outcome) = ended(&mut under_way) => {
                    under_way = None;
                    self.driven.report(&fetch, outcome, self.clock.now());
                }
                () = self.driven.wake.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }
}

/// Keys that nobody keeps current are not to be trusted: however the driver ends, they go with it.
impl Drop for Driver {
    fn drop(&mut self) {
        self.driven.state().installed = false;
        self.verifier.withdraw(&self.driven.issuer);
        self.driven
            .progress
            .send_modify(|progress| progress.ended = true);
    }
}

/// Makes a fetch, and ends it when its time is over, whatever the transport does.
async fn bounded<T: Transport>(
    transport: Arc<T>,
    fetch: Fetch,
) -> (Fetch, Result<Response, TransportError>) {
    let total = fetch.limits.total_timeout;
    let outcome = tokio::time::timeout(total, transport.get(&fetch)).await;
    let outcome = outcome.unwrap_or(Err(TransportError::TimedOut));
    (fetch, outcome)
}

/// The end of the fetch that is under way; never, if there is none.
async fn ended(under_way: &mut Option<UnderWay>) -> (Fetch, Result<Response, TransportError>) {
    match under_way {
        Some(fetch) => fetch.await,
        None => std::future::pending().await,
    }
}

/// A source counts whole seconds.
const SHORTEST_REST: Duration = Duration::from_secs(1);

/// The timer does not run while the machine sleeps, and does not see that its clock was set. The
/// source does, when it is asked.
const LONGEST_REST: Duration = Duration::from_secs(60);
