//! For programs without an async runtime: the same refresher, on a thread of its own.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, thread};

use oidc_core::{IssuerIdentifier, NumericDate};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::builder::{KeyRefresherBuilder, StartError};
use super::ready::NotReady;
use super::refresher::KeyRefresher as Async;
use super::transport::Transport;
use crate::error::VerifyError;
use crate::key_source::{DistrustedKey, Status};
use crate::telemetry;
use crate::verified::Verified;
use crate::verifier::Verifier;

/// A [`KeyRefresher`](super::KeyRefresher) that owns a thread, from
/// [`spawn_thread`](super::KeyRefresherBuilder::spawn_thread).
///
/// Its methods may block for the times that they say, and work on any thread, one of an async
/// runtime included. A clone is another handle of the same; dropping the last one ends the thread.
#[derive(Clone)]
pub struct KeyRefresher {
    refresher: Async,
    runtime: Handle,
    thread: Arc<Thread>,
}

struct Thread {
    /// Sent or dropped, it ends the thread.
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl KeyRefresher {
    pub(super) fn start<T: Transport>(
        builder: KeyRefresherBuilder<T>,
    ) -> Result<KeyRefresher, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (started, starts) = sync_channel(1);
        let thread = thread::Builder::new().name("oidc-keys".to_owned());
        let thread = thread.spawn(move || {
            // Made and dropped here: the caller's thread may be one of another runtime.
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
                return;
            };
            let refresher = {
                let _inside = runtime.enter();
                builder.spawn()
            };
            let _ = started.send((refresher, runtime.handle().clone()));
            // An error is the last handle gone.
            let _ = runtime.block_on(stopped);
            // A resolver that hangs is not waited for.
            runtime.shutdown_background();
        });
        let thread = thread.map_err(|_| StartError::NoThread)?;
        let (refresher, runtime) = starts.recv().map_err(|_| StartError::NoThread)?;
        Ok(KeyRefresher {
            refresher: refresher?,
            runtime,
            thread: Arc::new(Thread {
                stop: Mutex::new(Some(stop)),
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// The verifier.
    pub fn verifier(&self) -> &Arc<Verifier> {
        self.refresher.verifier()
    }

    /// As [`verify`](super::KeyRefresher::verify). Blocks where that waits, and nowhere else.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn verify(&self, token: &[u8]) -> Result<Verified<'_>, VerifyError> {
        let verifier = self.verifier();
        let outcome = match verifier.judge(token, self.refresher.now()) {
            Err(refused) => match self.refetch(token, refused) {
                Ok(()) => verifier.judge(token, self.refresher.now()),
                Err(error) => Err(error),
            },
            verified => verified,
        };
        telemetry::judged(&outcome);
        outcome
    }

    fn refetch(&self, token: &[u8], refused: VerifyError) -> Result<(), VerifyError> {
        if super::unknown_key::of(token, &refused, self.verifier()).is_none() {
            return Err(refused);
        }
        let (refresher, token) = (self.refresher.clone(), token.to_vec());
        let first = refused.clone();
        let answer = self.run(async move { refresher.refetch(&token, first).await });
        answer.recv().unwrap_or(Err(refused))
    }

    /// As [`wait_until_ready`](super::KeyRefresher::wait_until_ready).
    ///
    /// # Errors
    ///
    /// The same.
    pub fn wait_until_ready(&self, longest: Duration) -> Result<(), NotReady> {
        let refresher = self.refresher.clone();
        let ready = self.run(async move { refresher.wait_until_ready(longest).await });
        match ready.recv() {
            Ok(ready) => ready,
            // The thread has ended.
            Err(_) => Err(NotReady::of(
                self.refresher.all_driven(),
                self.refresher.now(),
            )),
        }
    }

    /// As [`status`](super::KeyRefresher::status).
    pub fn status<R>(
        &self,
        issuer: &IssuerIdentifier,
        look: impl FnOnce(&Status<'_>) -> R,
    ) -> Option<R> {
        self.refresher.status(issuer, look)
    }

    /// As [`distrust`](super::KeyRefresher::distrust).
    pub fn distrust(&self, issuer: &IssuerIdentifier, key: DistrustedKey) -> Option<usize> {
        let (refresher, issuer) = (self.refresher.clone(), issuer.clone());
        let ruled = self.run(async move { refresher.distrust(&issuer, key).await });
        ruled.recv().ok()?
    }

    /// As [`end_distrust`](super::KeyRefresher::end_distrust).
    pub fn end_distrust(&self, issuer: &IssuerIdentifier, key: DistrustedKey) -> Option<bool> {
        let (refresher, issuer) = (self.refresher.clone(), issuer.clone());
        let ruled = self.run(async move { refresher.end_distrust(&issuer, &key).await });
        ruled.recv().ok()?
    }

    /// As [`refuse_issued_before`](super::KeyRefresher::refuse_issued_before).
    pub fn refuse_issued_before(
        &self,
        issuer: &IssuerIdentifier,
        cut_off: Option<NumericDate>,
    ) -> Option<()> {
        let (refresher, issuer) = (self.refresher.clone(), issuer.clone());
        let ruled = self.run(async move { refresher.refuse_issued_before(&issuer, cut_off).await });
        ruled.recv().ok()?
    }

    /// Stops fetching, and returns when the thread has ended.
    pub fn shutdown(&self) {
        let stop = self.thread.stop.lock();
        drop(stop.unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.thread.lock();
        let thread = thread.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It does not panic; if it did, it has ended as well.
            let _ = thread.join();
        }
    }

    /// Runs something on the thread. What was not answered when the thread ends is not answered.
    fn run<R: Send + 'static>(
        &self,
        future: impl Future<Output = R> + Send + 'static,
    ) -> Receiver<R> {
        let (answer, answered) = sync_channel(1);
        self.runtime.spawn(async move {
            // Nobody may be left to hear it.
            let _ = answer.send(future.await);
        });
        answered
    }
}

impl fmt::Debug for KeyRefresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refresher.fmt(f)
    }
}
