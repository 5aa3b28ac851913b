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
    clear(files, folder)?;
    // Whoever made it may have been killed before this: its name outlives the machine from here on.
    OpenOptions::new().read(true).open(folder)?.sync_all()?;
    Ok(SessionKey::new(&bytes)?)
}

/// Two programs that start at once agree on one key: a link is never made over a file that is there. The
/// faster one may have cleared the names of the other before that has made its link.
fn make(files: &Files, folder: &Path, path: &Path) -> Result<(), Box<dyn Error>> {
    let (mut key, mut name) = ([0; SessionKey::BYTES], [0; 8]);
    rand::fill(&mut key).map_err(|_| "no random bytes")?;
    rand::fill(&mut name).map_err(|_| "no random bytes")?;
    let new = folder.join(format!("session.key.{:016x}", u64::from_be_bytes(name)));
    match files.replace(&new, &key, 0o600) {
        Err(error) if error.is_not_found() => return Ok(()),
        made => made?,
    }
    let linked = std::fs::hard_link(&new, path);
    let removed = files.remove(&new);
    match linked.map_err(|error| (error.kind(), error)) {
        Err((ErrorKind::AlreadyExists | ErrorKind::NotFound, _)) | Ok(()) => Ok(removed?),
        Err((_, error)) => Err(error.into()),
    }
}

/// Removes what a start that was killed has left: keys that were never used, or other names of the one
/// that is. Whoever removes `session.key` has removed the key.
fn clear(files: &Files, folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(is_left) {
            files.remove(&folder.join(name))?;
        }
    }
    Ok(())
}

/// The names that [`make`] and [`Files::replace`] give to what they have not finished.
fn is_left(name: &str) -> bool {
    let hidden = name
        .strip_prefix('.')
        .and_then(|it| it.strip_suffix(".tmp"));
    let numbers = hidden.unwrap_or(name).strip_prefix("session.key.");
    numbers.is_some_and(|numbers| {
        let is_number = |part: &str| part.len() == 16 && u64::from_str_radix(part, 16).is_ok();
        numbers.split('.').all(is_number)
    })
}
