//! The state document in a file.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use oidc_core::base64url;

use super::durable::{Files, parent_or_here};
use super::error::{FileError, FileFault};
use super::lock::Locked;
use crate::backend;
use crate::rotation::Version;
use crate::state::RotationState;
use crate::store::{CommitError, StateStore, StoreError, Stored};

/// A [`StateStore`] in one file, for the processes of one machine.
///
/// The file holds a line with a number and a checksum, and then the document. It is replaced as a
/// whole; a lock file beside it (`state.json.lock`) keeps other writers out while one reads and
/// writes. The lock file also remembers that there was a state: if the state file is gone later,
/// that is an error and no new beginning.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use oidc_issuer::fs::{Files, StateFile};
/// use oidc_issuer::store::StateStore;
///
/// # let folder = std::env::temp_dir().join(format!("oidc-issuer-state-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let store = StateFile::open(Files::new(), folder.join("state.json"))?;
/// store.commit(None, b"{}")?;
/// assert_eq!(store.load()?.ok_or("nothing stored")?.state, b"{}");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StateFile {
    files: Files,
    path: PathBuf,
    lock: PathBuf,
}

impl StateFile {
    /// A state file here, which need not be there yet; its folder must.
    ///
    /// # Errors
    ///
    /// [`FileFault::Owner`] when the folder, the file or its lock belongs to another user,
    /// [`FileFault::Writable`] when others may write it; [`FileFault::Network`] on a file system whose
    /// locks other machines do not see.
    pub fn open(files: Files, path: impl Into<PathBuf>) -> Result<StateFile, FileError> {
        let path = path.into();
        let name = path.file_name();
        let mut lock = name
            .ok_or_else(|| FileError::new(&path, FileFault::NoFileName))?
            .to_owned();
        lock.push(".lock");
        let store = StateFile {
            files,
            lock: path.with_file_name(lock),
            path,
        };
        store
            .files
            .refuse_writable_by_others(parent_or_here(&store.path))?;
        drop(Locked::wait(&store.lock)?);
        store.files.refuse_writable_by_others(&store.lock)?;
        match store.files.refuse_writable_by_others(&store.path) {
            Err(error) if !error.is_not_found() => Err(error),
            Err(_) | Ok(()) => Ok(store),
        }
    }

    fn read(&self) -> Result<Option<Held>, FileError> {
        let max = u64::try_from(RotationState::MAX_BYTES.saturating_add(MAX_LINE));
        match self.files.read(&self.path, max.unwrap_or(u64::MAX)) {
            Ok(bytes) => match Held::parse(&bytes) {
                Some(held) => Ok(Some(held)),
                None => Err(FileError::new(&self.path, FileFault::Damaged)),
            },
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn load_checked(&self) -> Result<Option<Stored>, FileError> {
        if let Some(held) = self.read()? {
            return Ok(Some(held.stored()));
        }
        // A state may have come in between, and only its absence under the lock counts.
        let locked = Locked::wait(&self.lock)?;
        match self.read()? {
            Some(held) => Ok(Some(held.stored())),
            None if self.was_there(locked.file())? => {
                Err(FileError::new(&self.path, FileFault::Gone))
            }
            None => Ok(None),
        }
    }

    /// What the lock file remembers.
    fn was_there(&self, mut lock: &File) -> Result<bool, FileError> {
        let mut byte = [0];
        let read = lock.rewind().and_then(|()| lock.read(&mut byte));
        Ok(read.map_err(FileError::io(&self.lock, "read"))? > 0)
    }

    fn remember(&self, mut lock: &File) -> Result<(), FileError> {
        if self.was_there(lock)? {
            return Ok(());
        }
        lock.write_all(b"there was a state\n")
            .and_then(|()| lock.sync_all())
            .map_err(FileError::io(&self.lock, "write"))
    }

    fn replace(&self, expected: Option<&Version>, state: &[u8]) -> Result<Outcome, FileError> {
        let locked = Locked::wait(&self.lock)?;
        // What a writer that has crashed has left.
        let folder = parent_or_here(&self.path);
        self.files.sweep(folder, |name| self.path.ends_with(name));
        let held = self.read()?;
        let there = held.as_ref().map(Held::version);
        if there.as_ref() != expected {
            return Ok(Outcome::Conflict);
        }
        if held.is_none() && self.was_there(locked.file())? {
            return Err(FileError::new(&self.path, FileFault::Gone));
        }
        let number = held.map_or(1, |held| held.number.saturating_add(1));
        let mut bytes = format!("{number} {}\n", checksum(number, state)).into_bytes();
        bytes.extend_from_slice(state);
        self.files.replace(&self.path, &bytes, 0o600)?;
        // After the state: a crash in between leaves a state, and that is enough.
        self.remember(locked.file())?;
        Ok(Outcome::Committed)
    }
}

enum Outcome {
    Committed,
    Conflict,
}

impl StateStore for StateFile {
    fn load(&self) -> Result<Option<Stored>, StoreError> {
        self.load_checked().map_err(StoreError::new)
    }

    fn commit(&self, expected: Option<&Version>, state: &[u8]) -> Result<(), CommitError> {
        match self.replace(expected, state) {
            Ok(Outcome::Committed) => Ok(()),
            Ok(Outcome::Conflict) => Err(CommitError::Conflict),
            Err(error) => Err(CommitError::Unknown(StoreError::new(error))),
        }
    }
}

/// What is in the file.
struct Held {
    number: u64,
    checksum: String,
    state: Vec<u8>,
}

impl Held {
    fn parse(bytes: &[u8]) -> Option<Held> {
        let end = bytes
            .iter()
            .take(MAX_LINE)
            .position(|byte| *byte == b'\n')?;
        let (line, state) = bytes.split_at_checked(end)?;
        let state = state.get(1..)?;
        let (number, sum) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let number = number.parse().ok()?;
        (sum == checksum(number, state)).then(|| Held {
            number,
            checksum: sum.to_owned(),
            state: state.to_vec(),
        })
    }

    /// The number alone is no version: after a backup was put back it is counted up to again.
    fn version(&self) -> Version {
        Version::new(format!("{} {}", self.number, self.checksum))
    }

    fn stored(self) -> Stored {
        let version = self.version();
        Stored::new(self.state, version)
    }
}

/// Over the number as well, so that no line fits another document.
fn checksum(number: u64, state: &[u8]) -> String {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend_from_slice(state);
    base64url::encode(backend::sha256(&bytes))
}

/// A number of 20 digits, a blank, a checksum of 43 characters and the end of the line.
const MAX_LINE: usize = 80;
