//! Why a file was not written or read.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What happened to which file. Its source is that of the fault, which it names itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileError {
    /// Which file or folder.
    pub path: PathBuf,
    /// What happened.
    pub fault: FileFault,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

/// What can happen to a file. Its content is never part of it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The system refused.
    #[error("cannot {action}")]
    #[non_exhaustive]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Its content is not what was written: cut off, or changed by somebody.
    #[error("is damaged")]
    Damaged,
    /// It was there and is not any longer.
    #[error("is gone, and there was one")]
    Gone,
    /// It holds no key of 32 bytes.
    #[error("does not hold 32 bytes")]
    KeyLength,
    /// It is on a file system that is shared over a network, whose locks other machines do not see.
    #[error("is on a network file system, where a lock keeps nobody out")]
    Network,
    /// Others than the owner may read or enter it.
    #[error("is open to others (mode {mode:o})")]
    #[non_exhaustive]
    Open {
        /// Its mode.
        mode: u32,
    },
    /// Others than the owner may write it, and could put in its place what they like.
    #[error("others may write it (mode {mode:o})")]
    #[non_exhaustive]
    Writable {
        /// Its mode.
        mode: u32,
    },
    /// It belongs to another user, who may do with it what they like.
    #[error("belongs to user {owner}, not to user {user} or root")]
    #[non_exhaustive]
    Owner {
        /// Whose it is, by number.
        owner: u32,
        /// As whom this process runs, by number.
        user: u32,
    },
    /// It is no folder, or no plain file.
    #[error("is not {expected}")]
    #[non_exhaustive]
    Kind {
        /// What it should be.
        expected: &'static str,
    },
    /// The path does not name a file in a folder.
    #[error("does not name a file in a folder")]
    NoFileName,
    /// What was read back differs from what was written: another process writes here too.
    #[error("holds other bytes than were written")]
    ReadBack,
    /// It is longer than is read.
    #[error("is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The most that is read.
        max: u64,
    },
    /// A path of a document leaves its folder, or is none.
    #[error("is not a path below the folder")]
    Outside,
}

impl FileFault {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "file_io",
            Self::Damaged => "file_damaged",
            Self::Gone => "file_gone",
            Self::KeyLength => "file_key_length",
            Self::Network => "file_network",
            Self::Open { .. } => "file_open",
            Self::Writable { .. } => "file_writable",
            Self::Owner { .. } => "file_owner",
            Self::Kind { .. } => "file_kind",
            Self::NoFileName => "file_name",
            Self::ReadBack => "file_read_back",
            Self::TooLong { .. } => "file_too_long",
            Self::Outside => "file_outside",
        }
    }
}

impl FileError {
    pub(super) fn new(path: &Path, fault: FileFault) -> FileError {
        FileError {
            path: path.to_owned(),
            fault,
        }
    }

    /// The error of a system call that did this to this path.
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> FileError {
        let path = path.to_owned();
        move |source| FileError {
            path,
            fault: FileFault::Io {
                action,
                source: Arc::new(source),
            },
        }
    }

    /// Whether the file is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(&self.fault, FileFault::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}
