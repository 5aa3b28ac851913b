//! What outlives the program: the key that seals sessions, made once.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use aws_lc_rs::rand;
use oidc_issuer::fs::{Files, key_encryption_key};

use crate::sessions::SessionKey;

/// The session key of this folder, which is made if it is not there: on the disk before anything is
/// sealed with it, and readable by its owner alone.
pub(crate) fn session_key(files: &Files, folder: &Path) -> Result<SessionKey, Box<dyn Error>> {
    files.create_folder(folder, 0o700)?;
    files.refuse_writable_by_others(folder)?;
    let path = folder.join("session.key");
    let bytes = match key_encryption_key(files, &path) {
        Err(error) if error.is_not_found() => {
            make(files, folder, &path)?;
            key_encryption_key(files, &path)?
        }
        key => key?,
    };
    // Whoever made it may have been killed before this: its name outlives the machine from here on.
    OpenOptions::new().read(true).open(folder)?.sync_all()?;
    Ok(SessionKey::new(&bytes)?)
}

/// Two programs that start at once agree on one key: a link is never made over a file that is there.
fn make(files: &Files, folder: &Path, path: &Path) -> Result<(), Box<dyn Error>> {
    let (mut key, mut name) = ([0; SessionKey::BYTES], [0; 8]);
    rand::fill(&mut key).map_err(|_| "no random bytes")?;
    rand::fill(&mut name).map_err(|_| "no random bytes")?;
    let new = folder.join(format!("session.key.{:016x}", u64::from_be_bytes(name)));
    files.replace(&new, &key, 0o600)?;
    let linked = match std::fs::hard_link(&new, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    let removed = files.remove(&new);
    linked?;
    Ok(removed?)
}
