//! Files that survive a crash, and that nobody else may read or write. Feature `fs`, on Unix.
//!
//! Everything is written in one way, by [`Files`]: into a new file in the same folder, made for the
//! owner alone; flushed to the disk; renamed over the old one; and the folder flushed, so that the
//! rename is on the disk too. Whoever reads sees the old bytes or the new ones, and after a crash as
//! well.
//!
//! State and keys are refused in a file or folder that belongs to another user, root excepted, or that
//! others may write; keys also where others may read. Only the folder itself is judged: those above it are
//! for whoever sets up the machine.
//!
//! | writer | what it keeps |
//! |---|---|
//! | [`StateFile`] | the state of the rotation, for the processes of one machine |
//! | [`KeyFolder`] | private keys, each in a file of the owner's |
//! | [`key_encryption_key`] | reads the key that encrypts the others |
//! | [`Webroot`] | the documents of an issuer, for a web server to serve |
//! | [`TokenFile`] | a token for a program to read, with the owner and the mode that an operator gave it |

mod durable;
mod error;
mod judged;
mod key_encryption;
mod key_folder;
mod lock;
mod reading;
mod state_file;
mod temporary;
mod token_file;
mod webroot;

pub use self::durable::{Files, Step};
pub use self::error::{FileError, FileFault};
pub use self::key_encryption::key_encryption_key;
pub use self::key_folder::KeyFolder;
pub use self::state_file::StateFile;
pub use self::token_file::TokenFile;
pub use self::webroot::{Webroot, WebrootChange};
