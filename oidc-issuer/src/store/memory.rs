//! A store and private keys that last as long as the process: for tests and for issuers that begin
//! anew each time.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::private_keys::{PrivateKeys, PrivateKeysError};
use super::{CommitError, StateStore, StoreError, Stored};
use crate::rotation::{KeyRef, Version};

/// A [`StateStore`] in memory.
///
/// ```
/// use oidc_issuer::store::{MemoryStore, StateStore};
///
/// let store = MemoryStore::new();
/// store.commit(None, b"one")?;
/// let stored = store.load()?.ok_or("nothing stored")?;
/// store.commit(Some(&stored.version), b"two")?;
/// assert!(store.commit(Some(&stored.version), b"three").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Option<(u64, Vec<u8>)>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }
}

impl StateStore for MemoryStore {
    fn load(&self) -> Result<Option<Stored>, StoreError> {
        let stored = locked(&self.0).clone();
        Ok(stored.map(|(number, state)| Stored::new(state, version(number))))
    }

    fn commit(&self, expected: Option<&Version>, state: &[u8]) -> Result<(), CommitError> {
        let mut stored = locked(&self.0);
        let (number, there) = match &*stored {
            Some((number, _)) => (*number, Some(version(*number))),
            None => (0, None),
        };
        if there.as_ref() != expected {
            return Err(CommitError::Conflict);
        }
        *stored = Some((number.saturating_add(1), state.to_owned()));
        Ok(())
    }
}

/// [`PrivateKeys`] in memory. A destroyed key leaves its name.
#[derive(Default)]
pub struct MemoryKeys(Mutex<BTreeMap<KeyRef, Option<Zeroizing<String>>>>);

impl MemoryKeys {
    /// No keys.
    pub fn new() -> MemoryKeys {
        MemoryKeys::default()
    }
}

impl PrivateKeys for MemoryKeys {
    fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
        let mut keys = locked(&self.0);
        match keys.get(key) {
            Some(Some(_)) => Err(PrivateKeysError::Exists),
            Some(None) => Err(PrivateKeysError::Destroyed),
            None => {
                keys.insert(key.clone(), Some(pem.clone()));
                Ok(())
            }
        }
    }

    fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
        match locked(&self.0).get(key) {
            Some(Some(pem)) => Ok(pem.clone()),
            Some(None) => Err(PrivateKeysError::Destroyed),
            None => Err(PrivateKeysError::Missing),
        }
    }

    fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
        locked(&self.0).insert(key.clone(), None);
        Ok(())
    }

    fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
        let keys = locked(&self.0);
        let there = keys.iter().filter(|(_, pem)| pem.is_some());
        Ok(there.map(|(key, _)| key.clone()).collect())
    }
}

/// The names of the keys.
impl fmt::Debug for MemoryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = locked(&self.0);
        f.debug_set().entries(keys.keys()).finish()
    }
}

fn version(number: u64) -> Version {
    Version::new(number.to_string())
}

/// No panic leaves the value half changed, so a poisoned lock is as good as any.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
