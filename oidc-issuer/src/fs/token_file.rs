//! A token in a file, for a program to read.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::durable::Files;
use super::error::FileError;
use super::reading::read_itself;
use crate::token::Token;

/// A file that holds a token and nothing else, without a newline at its end, as the tools that read
/// `AWS_WEB_IDENTITY_TOKEN_FILE` and its kin expect.
///
/// A new file is for its owner alone (0600). One that is there keeps the owner, the group and the
/// mode that an operator gave it: the new file has them before a byte is in it.
///
/// So whoever may write to the folder can put a file of their own there, and read the token that
/// takes its place: give the folder to nobody else.
#[derive(Clone, Debug)]
pub struct TokenFile {
    files: Files,
    path: PathBuf,
}

impl TokenFile {
    /// The longest token that is read back: [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    pub const MAX_BYTES: u64 = 16 * 1024;

    /// A token file here, which need not be there yet; its folder must.
    pub fn new(files: Files, path: impl Into<PathBuf>) -> TokenFile {
        let path = path.into();
        TokenFile { files, path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts this token into it.
    ///
    /// # Errors
    ///
    /// [`FileError`]; the old token is then still there.
    pub fn write(&self, token: &Token) -> Result<(), FileError> {
        let there = std::fs::symlink_metadata(&self.path).ok();
        let there = there.filter(Metadata::is_file);
        let mode = there.as_ref().map_or(0o600, mode_of);
        let bytes = token.as_str().as_bytes();
        self.files
            .replace_with(&self.path, bytes, mode, |file| match &there {
                Some(there) => self.keep_owner(file, there),
                None => Ok(()),
            })
    }

    /// Gives the new file the owner and the group of the old one, where they differ.
    fn keep_owner(&self, file: &File, there: &Metadata) -> Result<(), FileError> {
        let made = file
            .metadata()
            .map_err(FileError::io(&self.path, "look at"))?;
        let uid = Some(there.uid()).filter(|uid| *uid != made.uid());
        let gid = Some(there.gid()).filter(|gid| *gid != made.gid());
        if uid.is_none() && gid.is_none() {
            return Ok(());
        }
        std::os::unix::fs::fchown(file, uid, gid)
            .map_err(FileError::io(&self.path, "keep the owner of"))
    }

    /// The text that is in it, if it is one. A symbolic link is not followed: whoever put it there would
    /// choose what is opened.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn read(&self) -> Result<Option<String>, FileError> {
        let bytes = read_itself(&self.path, Self::MAX_BYTES)?;
        Ok(String::from_utf8(bytes).ok())
    }
}

fn mode_of(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o777
}
