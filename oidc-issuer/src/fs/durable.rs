//! Writing a file so that a crash leaves the old one or the new one, whole.

use core::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use super::error::{FileError, FileFault};
use crate::random::{SecureRandom, SystemRandom};

/// Writes, reads and removes files durably.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use oidc_issuer::fs::Files;
///
/// # let folder = std::env::temp_dir().join(format!("oidc-issuer-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let files = Files::new();
/// files.replace(&folder.join("state.json"), b"{}", 0o600)?;
/// assert_eq!(files.read(&folder.join("state.json"), 1_000)?, b"{}");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Files {
    observer: Option<Arc<dyn Fn(Step) + Send + Sync>>,
}

/// A step that reaches the disk, before it is done: the points where a crash can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// A temporary file is made.
    Create,
    /// Its bytes are written.
    Write,
    /// It is flushed to the disk.
    Flush,
    /// It takes the place of the old one.
    Rename,
    /// The folder is flushed, and the rename with it.
    FlushFolder,
    /// A file is removed.
    Remove,
}

impl Files {
    /// The real disk.
    pub fn new() -> Files {
        Files::default()
    }

    /// The real disk, with someone told of each step before it is done. For crash tests, which end
    /// the process there.
    #[must_use]
    pub fn observed(observer: impl Fn(Step) + Send + Sync + 'static) -> Files {
        Files {
            observer: Some(Arc::new(observer)),
        }
    }

    /// Puts `bytes` in the place of the file, or makes it, with this mode.
    ///
    /// # Errors
    ///
    /// [`FileError`]; then the file is what it was. After a failed flush of the folder it may be
    /// either: write it again.
    pub fn replace(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
        self.replace_with(path, bytes, mode, |_| Ok(()))
    }

    /// Like [`replace`](Self::replace), with a touch on the temporary file while it is empty.
    pub(super) fn replace_with(
        &self,
        path: &Path,
        bytes: &[u8],
        mode: u32,
        prepare: impl FnOnce(&File) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let folder = folder_of(path)?;
        self.tell(Step::Create);
        let temporary = Temporary::create(path, folder)?;
        let mut file = &temporary.file;
        // While the file is empty: nobody who may not read the bytes can open it in time.
        prepare(file)?;
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(FileError::io(path, "set the mode of"))?;
        self.tell(Step::Write);
        file.write_all(bytes)
            .map_err(FileError::io(path, "write"))?;
        self.tell(Step::Flush);
        file.sync_all().map_err(FileError::io(path, "flush"))?;
        self.tell(Step::Rename);
        temporary.rename(path)?;
        self.flush_folder(folder)
    }

    /// The bytes of a file of at most `max`.
    ///
    /// # Errors
    ///
    /// [`FileError`]; [`FileFault::TooLong`] above `max`, [`FileFault::Kind`] for what is no plain
    /// file.
    pub fn read(&self, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
        let file = open(path)?;
        let metadata = file.metadata().map_err(FileError::io(path, "look at"))?;
        if !metadata.is_file() {
            let expected = "a plain file";
            return Err(FileError::new(path, FileFault::Kind { expected }));
        }
        let mut bytes = Vec::new();
        file.take(max.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(FileError::io(path, "read"))?;
        if u64::try_from(bytes.len()).map_or(true, |length| length > max) {
            return Err(FileError::new(path, FileFault::TooLong { max }));
        }
        Ok(bytes)
    }

    /// Removes a file. One that is not there is removed.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn remove(&self, path: &Path) -> Result<(), FileError> {
        let folder = folder_of(path)?;
        self.tell(Step::Remove);
        match std::fs::remove_file(path).map_err(FileError::io(path, "remove")) {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.flush_folder(folder),
        }
    }

    /// Writes over the bytes of a file in place. For what is about to be removed: whoever reads
    /// meanwhile sees either.
    pub(super) fn overwrite(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        self.tell(Step::Write);
        let mut file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(FileError::io(path, "open"))?;
        file.write_all(bytes)
            .map_err(FileError::io(path, "write"))?;
        self.tell(Step::Flush);
        file.sync_all().map_err(FileError::io(path, "flush"))
    }

    /// Makes a folder and those above it, with this mode for those that were not there.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn create_folder(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            self.create_folder(above, mode)?;
        }
        // With the mode from the beginning; the process's mask may have taken some of it.
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => {}
            // Somebody was faster.
            Err(_) if path.is_dir() => return Ok(()),
            Err(error) => return Err(FileError::io(path, "make the folder")(error)),
        }
        std::fs::set_permissions(path, Permissions::from_mode(mode))
            .map_err(FileError::io(path, "set the mode of"))?;
        self.flush_folder(parent_or_here(path))
    }

    /// Refuses a file or folder that others than its owner may write: they could put in its place
    /// what they like. A folder with the sticky bit is safe for a file that is there already, and
    /// still not for the names that are not.
    ///
    /// # Errors
    ///
    /// [`FileFault::Writable`] with its mode.
    pub fn refuse_writable_by_others(&self, path: &Path) -> Result<(), FileError> {
        let metadata = std::fs::metadata(path).map_err(FileError::io(path, "look at"))?;
        let mode = metadata.mode() & 0o7777;
        if mode & 0o022 == 0 {
            return Ok(());
        }
        Err(FileError::new(path, FileFault::Writable { mode }))
    }

    fn flush_folder(&self, folder: &Path) -> Result<(), FileError> {
        self.tell(Step::FlushFolder);
        open(folder)?
            .sync_all()
            .map_err(FileError::io(folder, "flush"))
    }

    fn tell(&self, step: Step) {
        if let Some(observer) = &self.observer {
            observer(step);
        }
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("observed", &self.observer.is_some())
            .finish_non_exhaustive()
    }
}

/// Names of temporary files that may be tried before it counts as an error.
const MAX_TRIES: usize = 16;

/// A file beside the one that it will replace; gone when it is dropped before that.
struct Temporary {
    path: Option<PathBuf>,
    file: File,
}

impl Temporary {
    /// Nobody but the owner may open it, and it was not there before.
    fn create(target: &Path, folder: &Path) -> Result<Temporary, FileError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut tries = 0_usize;
        loop {
            let mut random = [0; 8];
            let filled = SystemRandom::new().fill(&mut random);
            let number = u64::from_le_bytes(random);
            filled.map_err(|error| {
                FileError::io(target, "name a temporary file for")(std::io::Error::other(error))
            })?;
            let path = folder.join(format!(".{name}.{number:016x}.tmp"));
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

    fn rename(mut self, target: &Path) -> Result<(), FileError> {
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

fn open(path: &Path) -> Result<File, FileError> {
    // Without waiting for a writer: somebody may have put a pipe where a file was.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(FileError::io(path, "open"))
}

fn folder_of(path: &Path) -> Result<&Path, FileError> {
    if path.file_name().is_none() {
        return Err(FileError::new(path, FileFault::NoFileName));
    }
    Ok(parent_or_here(path))
}

fn parent_or_here(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}
