//! Whose a file or folder is, and who else may do something with it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::error::{FileError, FileFault};

/// Refuses what others than its owner may write.
pub(super) fn refuse_writable(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(FileError::new(path, FileFault::Writable { mode }))
}

/// Refuses what others than its owner may read, write or enter.
pub(super) fn refuse_open(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let mode = metadata.mode() & 0o7777;
    if is_for_others(mode) {
        return Err(FileError::new(path, FileFault::Open { mode }));
    }
    Ok(())
}

/// Whether a mode has a bit for the group or for all others.
pub(super) const fn is_for_others(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Refuses what belongs to another user, who could open it to anybody at any time. Root could do so
/// with everything else too.
pub(super) fn refuse_foreign(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if may_own(owner, user) {
        return Ok(());
    }
    Err(FileError::new(path, FileFault::Owner { owner, user }))
}

const fn may_own(owner: u32, user: u32) -> bool {
    owner == user || owner == ROOT
}

const ROOT: u32 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of ssh's `StrictModes`. To root it means root alone.
    #[test]
    fn a_file_belongs_to_its_user_or_to_root() {
        for (owner, user, ok) in [
            (1_000, 1_000, true),
            (0, 1_000, true),
            (1_001, 1_000, false),
            (65_534, 1_000, false),
            (0, 0, true),
            (1_000, 0, false),
        ] {
            assert_eq!(may_own(owner, user), ok, "{owner} {user}");
        }
    }
}
