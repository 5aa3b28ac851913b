//! Where the state is kept, and where the private keys are: two places, so that a copy of one is
//! not a copy of the other.

pub mod conformance;
mod memory;
mod private_keys;
mod sealed_keys;

use std::error::Error;

use crate::rotation::Version;

pub use self::memory::{MemoryKeys, MemoryStore};
pub use self::private_keys::{PrivateKeys, PrivateKeysError};
pub use self::sealed_keys::{KeyEncryption, LocalKeyEncryption, SealedKeys};

/// A place for one state document, with compare-and-swap.
///
/// Every implementation should pass [`conformance::check`]. Reading and writing may block; the
/// driver calls them, nothing else does.
pub trait StateStore {
    /// The document and its version, or `None` before the first commit.
    ///
    /// What it gives is what was committed last when the call began, or later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read. Never `Ok(None)` then: an issuer without a
    /// state would begin anew.
    fn load(&self) -> Result<Option<Stored>, StoreError>;

    /// Replaces the version `expected` by this document; `None` expects an empty store. All of it is
    /// durable when the call returns, or nothing is.
    ///
    /// # Errors
    ///
    /// [`CommitError::Conflict`] when another version is there; then nothing has changed.
    fn commit(&self, expected: Option<&Version>, state: &[u8]) -> Result<(), CommitError>;
}

/// A document as a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The document.
    pub state: Vec<u8>,
    /// Its version: another one for each commit, even of the same bytes.
    pub version: Version,
}

impl Stored {
    /// A document of this version.
    pub fn new(state: Vec<u8>, version: Version) -> Stored {
        Stored { state, version }
    }
}

/// A store, or the keys, could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// For this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError(reason.into())
    }

    /// The stable code, `store_failed`.
    pub const fn code(&self) -> &'static str {
        "store_failed"
    }
}

/// Why a state was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The store has another version. Nothing has changed.
    #[error("the store has another version")]
    Conflict,
    /// The store failed, and nobody knows whether the state was committed.
    #[error("the commit may or may not have happened")]
    Unknown(#[source] StoreError),
}

impl CommitError {
    /// A stable code: `commit_conflict` or `commit_unknown`.
    pub const fn code(&self) -> &'static str {
        match self {
            CommitError::Conflict => "commit_conflict",
            CommitError::Unknown(_) => "commit_unknown",
        }
    }
}
