//! The database behind a thread that commits in groups: many answers for the price of one `fsync`.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use oidc_core::NumericDate;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::access_token::TokenHash;
use crate::database::{Change, Database, Grant, OpenError, SWEPT_AT_ONCE};

/// What is remembered of issued tokens.
///
/// Changes go to a thread, which takes all that wait into one transaction and answers each when it is
/// durable. Look-ups have a connection of their own and wait for no change.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// `None` once it closes.
    changes: Option<mpsc::Sender<Pending>>,
    reader: Arc<Mutex<Database>>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Pending {
    change: Change,
    done: oneshot::Sender<Result<usize, Failed>>,
}

/// The change or look-up was not made, and its caller should try again.
#[derive(Clone, Debug)]
pub(crate) struct Failed(Arc<str>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database: {}", self.0)
    }
}

impl Failed {
    fn new(error: impl fmt::Display) -> Failed {
        Failed(error.to_string().into())
    }
}

impl Ledger {
    /// How many changes wait at most. Beyond, the disk is too slow for what comes: to wait longer
    /// helps nobody.
    pub(crate) const MAX_WAITING: usize = 1_024;

    /// How many changes one transaction takes, so that none waits long for those beside it.
    const MAX_BATCH: usize = 256;

    pub(crate) fn open(path: &Path) -> Result<Ledger, OpenError> {
        let writer = Database::open(path)?;
        let reader = Database::open(path)?;
        let (changes, pending) = mpsc::channel(Ledger::MAX_WAITING);
        Ok(Ledger {
            changes: Some(changes),
            reader: Arc::new(Mutex::new(reader)),
            writer: Some(thread::spawn(move || write_all(writer, pending))),
        })
    }

    /// Remembers a token. It survives everything from here on.
    pub(crate) async fn issue(&self, hash: TokenHash, grant: Grant) -> Result<(), Failed> {
        self.change(Change::Issue(hash, grant)).await.map(drop)
    }

    /// Forgets a token, whether it was there or not. It does not come back from here on.
    pub(crate) async fn revoke(&self, hash: TokenHash) -> Result<(), Failed> {
        self.change(Change::Revoke(hash)).await.map(drop)
    }

    /// Forgets what has ended at `now`, and says how much that was.
    pub(crate) async fn sweep(&self, now: NumericDate) -> Result<usize, Failed> {
        let mut total: usize = 0;
        loop {
            let swept = self.change(Change::Sweep(now)).await?;
            total = total.saturating_add(swept);
            if swept < usize::from(SWEPT_AT_ONCE) {
                return Ok(total);
            }
        }
    }

    /// What a token gives, unless it was revoked or swept.
    pub(crate) async fn find(&self, hash: TokenHash) -> Result<Option<Grant>, Failed> {
        let reader = Arc::clone(&self.reader);
        let found = tokio::task::spawn_blocking(move || {
            let database = reader.lock().map_err(Failed::new)?;
            database.find(&hash).map_err(Failed::new)
        });
        found.await.map_err(Failed::new)?
    }

    /// Returns when the thread that writes has ended, which it does by itself only if it panics.
    pub(crate) async fn writes_no_more(&self) {
        if let Some(changes) = &self.changes {
            changes.closed().await;
        }
    }

    async fn change(&self, change: Change) -> Result<usize, Failed> {
        let (done, outcome) = oneshot::channel();
        let changes = self.changes.as_ref().ok_or_else(|| Failed::new("closed"))?;
        changes
            .try_send(Pending { change, done })
            .map_err(|error| match error {
                TrySendError::Full(_) => Failed::new("too many changes wait"),
                TrySendError::Closed(_) => Failed::new("the thread that writes has ended"),
            })?;
        let ended = |_| Failed::new("the thread that writes has ended");
        outcome.await.map_err(ended)?
    }
}

/// Waits until everything that was asked for is on the disk.
impl Drop for Ledger {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            // It has panicked at worst, and then nobody was answered.
            let _ = writer.join();
        }
    }
}

fn write_all(mut database: Database, mut pending: mpsc::Receiver<Pending>) {
    while let Some(first) = pending.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < Ledger::MAX_BATCH
            && let Ok(next) = pending.try_recv()
        {
            batch.push(next);
        }
        match database.commit(batch.iter().map(|pending| &pending.change)) {
            Ok(touched) => {
                for (pending, touched) in batch.into_iter().zip(touched) {
                    // Whoever asked may be gone.
                    let _ = pending.done.send(Ok(touched));
                }
            }
            Err(error) => {
                let failed = Failed::new(error);
                for pending in batch {
                    let _ = pending.done.send(Err(failed.clone()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_writer_that_has_ended_is_noticed() {
        let folder = format!("secrets-exchange-ended-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let reader = Database::open(&folder.join("tokens.sqlite")).unwrap();
        let (changes, pending) = mpsc::channel(1);
        let ledger = Ledger {
            changes: Some(changes),
            reader: Arc::new(Mutex::new(reader)),
            writer: Some(thread::spawn(move || drop(pending))),
        };
        ledger.writes_no_more().await;
        let failed = ledger.sweep(NumericDate::MIN).await.unwrap_err();
        drop(ledger);
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(
            failed.to_string(),
            "database: the thread that writes has ended"
        );
    }
}
