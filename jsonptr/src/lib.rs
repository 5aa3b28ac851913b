//! JSON Pointer (RFC 6901).
#![no_std]

extern crate alloc;

#[cfg(feature = "serde_json")]
mod evaluate;
mod fragment;
mod located;
mod number;
mod pointer;
mod pointer_buf;
mod scan;
mod text;
mod token;

pub use fragment::{FragmentError, FragmentErrorKind};
pub use located::{Elements, Kind, Located, Members};
pub use number::Number;
pub use pointer::{Pointer, PointerError, PointerErrorKind, Tokens};
pub use pointer_buf::PointerBuf;
pub use scan::{
    Found, MAX_POINTERS, PointerSet, PointerSetError, ScanBuffer, ScanError, ScanErrorKind,
    ScanLimits,
};
pub use text::{Text, TextChars};
pub use token::Token;
