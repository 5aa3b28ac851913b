//! Opening and reading what is there.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::error::{FileError, FileFault};
use super::judged;

/// The bytes of a plain file of at most `max`.
pub(super) fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    read_judged(path, max, OFlags::empty(), |_| Ok(()))
}

/// The same without following a symbolic link: for a folder in which somebody else may put one.
pub(super) fn read_itself(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    read_judged(path, max, OFlags::NOFOLLOW, |_| Ok(()))
}

/// The same of a file that is its owner's alone.
pub(super) fn read_private(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    read_judged(path, max, OFlags::empty(), |metadata| {
        judged::refuse_foreign(path, metadata)?;
        judged::refuse_open(path, metadata)
    })
}

pub(super) fn open(path: &Path, more: OFlags) -> Result<File, FileError> {
    // Without waiting for a writer: somebody may have put a pipe where a file was.
    let flags = i32::try_from((OFlags::NONBLOCK | more).bits()).unwrap_or_default();
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(FileError::io(path, "open"))
}

pub(super) fn look_at(path: &Path) -> Result<Metadata, FileError> {
    std::fs::metadata(path).map_err(FileError::io(path, "look at"))
}

fn read_judged(
    path: &Path,
    max: u64,
    more: OFlags,
    judge: impl FnOnce(&Metadata) -> Result<(), FileError>,
) -> Result<Vec<u8>, FileError> {
    let file = open(path, more)?;
    let metadata = file.metadata().map_err(FileError::io(path, "look at"))?;
    if !metadata.is_file() {
        let expected = "a plain file";
        return Err(FileError::new(path, FileFault::Kind { expected }));
    }
    judge(&metadata)?;
    // All of it at once: a buffer that grows leaves what it held where it was.
    let length = usize::try_from(metadata.len().min(max)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(length.saturating_add(ROOM_TO_FIND_THE_END));
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(FileError::io(path, "read"))?;
    if u64::try_from(bytes.len()).map_or(true, |length| length > max) {
        return Err(FileError::new(path, FileFault::TooLong { max }));
    }
    Ok(bytes)
}

/// The standard library asks for the end of a file with a buffer of its own unless there is so much room
/// behind what it has read.
const ROOM_TO_FIND_THE_END: usize = 64;
