//! The file that will take the place of another.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::FileError;
use crate::random::{SecureRandom, SystemRandom};

/// Names of temporary files that may be tried before it counts as an error.
const MAX_TRIES: usize = 16;

/// A file beside the one that it will replace; gone when it is dropped before that.
#[derive(Debug)]
pub(super) struct Temporary {
    path: Option<PathBuf>,
    file: File,
}

impl Temporary {
    /// Nobody but the owner may open it, and it was not there before.
    pub(super) fn create(target: &Path, folder: &Path) -> Result<Temporary, FileError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut tries = 0_usize;
        loop {
            let mut random = [0; 8];
            let filled = SystemRandom::new().fill(&mut random);
            let number = u64::from_le_bytes(random);
            filled.map_err(|error| {
                FileError::io(target, "name a temporary file for")(std::io::Error::other(error))
            })?;
            let path = folder.join(temporary_name(&name, number));
            let mut options = OpenOptions::new();
            match options.write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    let path = Some(path);
                    return Ok(Temporary { path, file });
                }
                Err(error)
                    if error.kind() == std::io::ErrorKind::AlreadyExists && tries < MAX_TRIES =>
                {
                    tries = tries.saturating_add(1);
                }
                Err(error) => {
                    return Err(FileError::io(target, "make a temporary file for")(error));
                }
            }
        }
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in the place of the other.
    pub(super) fn rename(mut self, target: &Path) -> Result<(), FileError> {
        if let Some(path) = self.path.take() {
            let renamed = std::fs::rename(&path, target);
            if renamed.is_err() {
                self.path = Some(path);
            }
            renamed.map_err(FileError::io(target, "replace"))?;
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // It is of no use to anybody; if it cannot go, it is a small file too many.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn temporary_name(name: &str, number: u64) -> String {
    format!(".{name}.{number:016x}.tmp")
}

/// The name of the file that a temporary one of this name was to replace.
pub(super) fn replaced_by(temporary: &str) -> Option<&str> {
    let rest = temporary.strip_prefix('.')?.strip_suffix(".tmp")?;
    let (name, number) = rest.rsplit_once('.')?;
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (number.len() == 16 && number.bytes().all(digit)).then_some(name)
}
