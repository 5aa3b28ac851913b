//! Private keys, each in a file of its own.

use std::path::{Path, PathBuf};

use oidc_core::{Algorithm, IssuerIdentifier, base64url};
use zeroize::Zeroizing;

use super::durable::Files;
use super::error::{FileError, FileFault};
use super::judged;
use super::lock::Locked;
use super::reading::look_at;
use crate::backend;
use crate::rotation::KeyRef;
use crate::state::RingName;
use crate::store::{PrivateKeys, PrivateKeysError, StoreError};

/// [`PrivateKeys`] in a folder that is the owner's alone.
///
/// A key is a PEM file of mode 0600 with some lines before the key that say whose it is, which
/// OpenSSL passes over. A key that was destroyed leaves a file of that name with the ending
/// `destroyed`, so that a file restored from a backup is not used again.
///
/// The keys are in clear: wrap it in [`SealedKeys`](crate::store::SealedKeys) to encrypt them.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    files: Files,
    folder: PathBuf,
}

impl KeyFolder {
    /// A folder of keys here; made, with mode 0700, if it is not there.
    ///
    /// # Errors
    ///
    /// [`FileFault::Owner`] when it belongs to another user, or is to be made in a folder that does;
    /// [`FileFault::Open`] when others may read or enter it.
    pub fn open(files: Files, folder: impl Into<PathBuf>) -> Result<KeyFolder, FileError> {
        let folder = folder.into();
        files.create_folder(&folder, 0o700)?;
        let metadata = look_at(&folder)?;
        judged::refuse_foreign(&folder, &metadata)?;
        judged::refuse_open(&folder, &metadata)?;
        Ok(KeyFolder { files, folder })
    }

    /// Keeps other writers out, and removes what one that has crashed has left.
    fn lock(&self) -> Result<Locked, PrivateKeysError> {
        let locked = Locked::wait(&self.folder.join(LOCK)).map_err(unavailable)?;
        let endings = [KEY, DESTROYED];
        let ours = |name: &str| {
            let ending = name.rsplit_once('.');
            ending.is_some_and(|(_, ending)| endings.contains(&ending))
        };
        self.files.sweep(&self.folder, ours);
        Ok(locked)
    }

    fn paths(&self, key: &KeyRef) -> (PathBuf, PathBuf) {
        let name = file_name(key);
        (
            self.folder.join(format!("{name}.{KEY}")),
            self.folder.join(format!("{name}.{DESTROYED}")),
        )
    }

    fn read(&self, path: &Path) -> Result<Option<Zeroizing<String>>, PrivateKeysError> {
        match self.files.read(path, MAX_BYTES).map(Zeroizing::new) {
            Ok(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
                Err(_) => Err(damaged(path)),
            },
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Writes zeros over the key before its file goes: on a disk that writes in place it is then
    /// really gone.
    fn overwrite(&self, path: &Path) -> Result<(), FileError> {
        let Ok(metadata) = std::fs::symlink_metadata(path) else {
            return Ok(());
        };
        let length = usize::try_from(metadata.len()).unwrap_or_default();
        self.files.overwrite(path, &vec![0; length])
    }
}

impl PrivateKeys for KeyFolder {
    fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
        let _locked = self.lock()?;
        let (there, destroyed) = self.paths(key);
        if exists(&destroyed)? {
            return Err(PrivateKeysError::Destroyed);
        }
        if self.read(&there)?.is_some() {
            return Err(PrivateKeysError::Exists);
        }
        let text = Zeroizing::new(format!("{}{}", head(key), pem.as_str()));
        self.files
            .replace(&there, text.as_bytes(), 0o600)
            .map_err(unavailable)
    }

    fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
        let (there, destroyed) = self.paths(key);
        if exists(&destroyed)? {
            return Err(PrivateKeysError::Destroyed);
        }
        let text = self.read(&there)?.ok_or(PrivateKeysError::Missing)?;
        match text.strip_prefix(&head(key)) {
            Some(pem) => Ok(Zeroizing::new(pem.to_owned())),
            None => Err(damaged(&there)),
        }
    }

    fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
        let _locked = self.lock()?;
        let (there, destroyed) = self.paths(key);
        // The tombstone first: from here on nobody uses the key, whatever is left of it.
        if !exists(&destroyed)? {
            self.files
                .replace(&destroyed, head(key).as_bytes(), 0o600)
                .map_err(unavailable)?;
        }
        self.overwrite(&there).map_err(unavailable)?;
        self.files.remove(&there).map_err(unavailable)
    }

    fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
        let entries = std::fs::read_dir(&self.folder)
            .map_err(FileError::io(&self.folder, "read"))
            .map_err(unavailable)?;
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry
                .map_err(FileError::io(&self.folder, "read"))
                .map_err(unavailable)?;
            let path = entry.path();
            let is_key = path.extension().is_some_and(|ending| ending == KEY);
            if !is_key || exists(&path.with_extension(DESTROYED))? {
                continue;
            }
            // A file that is no key of ours is nobody's to remove.
            let text = match self.files.read(&path, MAX_BYTES).map(Zeroizing::new) {
                Ok(bytes) => bytes,
                Err(error) if error.is_not_found() => continue,
                Err(error) if matches!(error.fault, FileFault::TooLong { .. }) => continue,
                Err(error) => return Err(unavailable(error)),
            };
            if let Ok(text) = std::str::from_utf8(&text)
                && let Some(key) = parse_head(text)
                && self.paths(&key).0 == path
            {
                keys.push(key);
            }
        }
        keys.sort();
        Ok(keys)
    }
}

const LOCK: &str = "keys.lock";
const KEY: &str = "pem";
const DESTROYED: &str = "destroyed";

/// The longest file: an envelope around an envelope around the longest key.
const MAX_BYTES: u64 = 64 * 1024;

/// A name for any `kid`, of which a part is for people: ids may have slashes and be long.
fn file_name(key: &KeyRef) -> String {
    let digest = base64url::encode(backend::sha256(head(key).as_bytes()));
    format!("{}-{digest}", key.ring)
}

/// What stands before the key. No part has an end of line in it.
fn head(key: &KeyRef) -> String {
    let (issuer, ring) = (key.issuer.as_str(), &key.ring);
    let (algorithm, kid) = (key.algorithm.name(), &key.kid);
    format!("issuer: {issuer}\nring: {ring}\nalg: {algorithm}\nkid: {kid}\n")
}

fn parse_head(text: &str) -> Option<KeyRef> {
    let mut lines = text.lines();
    let mut value = |name: &str| {
        let line = lines.next()?;
        line.strip_prefix(name)?.strip_prefix(": ")
    };
    let issuer = value("issuer")?;
    let issuer = IssuerIdentifier::parse(issuer)
        .or_else(|_| IssuerIdentifier::loopback(issuer))
        .ok()?;
    let ring = RingName::new(value("ring")?).ok()?;
    let algorithm: Algorithm = value("alg")?.parse().ok()?;
    let kid = value("kid")?;
    Some(KeyRef::new(&issuer, &ring, algorithm, kid))
}

fn exists(path: &Path) -> Result<bool, PrivateKeysError> {
    path.try_exists()
        .map_err(FileError::io(path, "look at"))
        .map_err(unavailable)
}

fn unavailable(error: FileError) -> PrivateKeysError {
    PrivateKeysError::Unavailable(StoreError::new(error))
}

fn damaged(path: &Path) -> PrivateKeysError {
    PrivateKeysError::Unusable(StoreError::new(FileError::new(path, FileFault::Damaged)))
}
