//! A lock that keeps other processes of this machine out.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::error::{FileError, FileFault};

/// Holds a lock file until it is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    file: File,
}

impl Locked {
    /// Waits for the lock. The lock file is made if it is not there, and stays.
    ///
    /// A file system that is shared over a network does not keep the promise of a lock, or only on
    /// some days, so there is none on it.
    pub(super) fn wait(path: &Path) -> Result<Locked, FileError> {
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .mode(0o600)
                .open(path)
                .map_err(FileError::io(path, "open"))?;
            refuse_network(path, &file)?;
            flock(&file, FlockOperation::LockExclusive)
                .map_err(|error| FileError::io(path, "lock")(error.into()))?;
            // Whoever removed the file meanwhile has another lock now.
            let held = file.metadata().map_err(FileError::io(path, "look at"))?;
            match std::fs::metadata(path) {
                Ok(there) if (there.dev(), there.ino()) == (held.dev(), held.ino()) => {
                    return Ok(Locked { file });
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// The lock file, for a note in it.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}

/// The file systems whose locks other machines do not see, by the magic numbers of `statfs(2)`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn refuse_network(path: &Path, file: &File) -> Result<(), FileError> {
    const NETWORK: [u32; 8] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xfe53_4d42, // SMB 2
        0xff53_4d42, // CIFS
        0x5346_414f, // AFS
        0x7375_7245, // Coda
        0x0102_1997, // 9P
        0x564c,      // NetWare
    ];
    let about = rustix::fs::fstatfs(file)
        .map_err(|error| FileError::io(path, "look at the file system of")(error.into()))?;
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number has another type on each platform, and 32 bits that count"
    )]
    let kind = about.f_type as u32;
    if NETWORK.contains(&kind) {
        return Err(FileError::new(path, FileFault::Network));
    }
    Ok(())
}

/// Other systems have other names for it; there the lock is taken at its word.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn refuse_network(_path: &Path, _file: &File) -> Result<(), FileError> {
    Ok(())
}
