//! The key that encrypts private keys, from a file.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::durable::Files;
use super::error::{FileError, FileFault};

/// Reads a key-encryption key: a file of 32 random bytes that is its owner's alone, as
/// `head -c 32 /dev/urandom` makes it, for
/// [`LocalKeyEncryption`](crate::store::LocalKeyEncryption).
///
/// Keep it where the keys are not: on another disk, in a secret that the orchestrator mounts, in
/// `systemd-creds`.
///
/// # Errors
///
/// [`FileFault::Open`] when others may read it, [`FileFault::KeyLength`] unless it has 32 bytes.
pub fn key_encryption_key(files: &Files, path: &Path) -> Result<Zeroizing<[u8; 32]>, FileError> {
    let metadata = std::fs::metadata(path).map_err(FileError::io(path, "look at"))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(FileError::new(path, FileFault::Open { mode }));
    }
    let wrong = || FileError::new(path, FileFault::KeyLength);
    if metadata.len() != 32 {
        return Err(wrong());
    }
    let bytes = Zeroizing::new(files.read(path, 32)?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?;
    Ok(Zeroizing::new(key))
}
