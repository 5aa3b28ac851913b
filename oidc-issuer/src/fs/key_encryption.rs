//! The key that encrypts private keys, from a file.

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
/// [`FileFault::Owner`] when it belongs to another user, [`FileFault::Open`] when others may read it,
/// [`FileFault::KeyLength`] unless it has 32 bytes.
pub fn key_encryption_key(files: &Files, path: &Path) -> Result<Zeroizing<[u8; 32]>, FileError> {
    let wrong = || FileError::new(path, FileFault::KeyLength);
    let bytes = match files.read_private(path, KEY_BYTES) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if matches!(error.fault, FileFault::TooLong { .. }) => return Err(wrong()),
        Err(error) => return Err(error),
    };
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?;
    Ok(Zeroizing::new(key))
}

/// Of AES-256.
const KEY_BYTES: u64 = 32;
