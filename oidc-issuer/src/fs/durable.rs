//! Writing a file so that a crash leaves the old one or the new one, whole.

use core::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::OFlags;

use super::error::{FileError, FileFault};
use super::judged;
use super::reading::{self, look_at, open};
use super::temporary::{self, Temporary};

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
        let mut file = temporary.file();
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

    /// The bytes of a file of at most `max`. While they are read they are not moved, so that a secret
    /// leaves no copies behind in memory.
    ///
    /// # Errors
    ///
    /// [`FileError`]; [`FileFault::TooLong`] above `max`, [`FileFault::Kind`] for what is no plain
    /// file.
    pub fn read(&self, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
        reading::read(path, max)
    }

    /// Like [`read`](Self::read), of a file that is the owner's alone.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); [`FileFault::Owner`] for a file of another user than this process's and
    /// root, [`FileFault::Open`] where others may read or write it.
    pub fn read_private(&self, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
        reading::read_private(path, max)
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

    /// Removes the temporary files of the names that `ours` says, which a crash has left in the folder.
    /// While a lock keeps out whoever else makes them.
    ///
    /// One that cannot go is a file too many, and nothing else: no name of it is read.
    pub(super) fn sweep(&self, folder: &Path, ours: impl Fn(&str) -> bool) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name
                .to_str()
                .and_then(temporary::replaced_by)
                .is_some_and(&ours)
            {
                let path = entry.path();
                let length = entry.metadata().map_or(0, |metadata| metadata.len());
                let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
                let _ = self.overwrite(&path, &zeros);
                let _ = self.remove(&path);
            }
        }
    }

    /// Makes a folder and those above it, with this mode for those that were not there.
    ///
    /// # Errors
    ///
    /// [`FileError`]; [`FileFault::Owner`] for one that is to be its owner's alone (no bit of `mode` is
    /// for others) in a folder of another user, who could put one of their own in its place.
    pub fn create_folder(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        if path.is_dir() {
            return Ok(());
        }
        let above = parent_or_here(path);
        self.create_folder(above, mode)?;
        if !judged::is_for_others(mode) {
            judged::refuse_foreign(above, &look_at(above)?)?;
        }
        // With the mode from the beginning; the process's mask may have taken some of it.
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => {}
            // Somebody was faster.
            Err(_) if path.is_dir() => return Ok(()),
            Err(error) => return Err(FileError::io(path, "make the folder")(error)),
        }
        // The folder itself: by its name it could be a link by now, to anything.
        open(path, OFlags::DIRECTORY | OFlags::NOFOLLOW)?
            .set_permissions(Permissions::from_mode(mode))
            .map_err(FileError::io(path, "set the mode of"))?;
        self.flush_folder(above)
    }

    /// Refuses a file or folder that others than this process's user and root may write, or could give
    /// themselves leave to, because it is theirs: they could put in its place what they like. A folder
    /// with the sticky bit is safe for a file that is there already, and still not for the names that
    /// are not.
    ///
    /// # Errors
    ///
    /// [`FileFault::Owner`] with whose it is, [`FileFault::Writable`] with its mode.
    pub fn refuse_writable_by_others(&self, path: &Path) -> Result<(), FileError> {
        let metadata = look_at(path)?;
        judged::refuse_foreign(path, &metadata)?;
        judged::refuse_writable(path, &metadata)
    }

    fn flush_folder(&self, folder: &Path) -> Result<(), FileError> {
        self.tell(Step::FlushFolder);
        open(folder, OFlags::empty())?
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

fn folder_of(path: &Path) -> Result<&Path, FileError> {
    if path.file_name().is_none() {
        return Err(FileError::new(path, FileFault::NoFileName));
    }
    Ok(parent_or_here(path))
}

pub(super) fn parent_or_here(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}
