//! Many pointers, one strict pass over JSON bytes: no tree is built and nothing is copied.

mod buffer;
mod error;
mod limits;
mod names;
mod reader;
mod set;
mod strings;
mod tokens;
mod trie;

pub use buffer::{Found, ScanBuffer};
pub use error::{ScanError, ScanErrorKind};
pub use limits::ScanLimits;
pub use set::{MAX_POINTERS, PointerSet, PointerSetError};
pub(crate) use strings::hex4;
