//! JSON Pointer (RFC 6901).
#![no_std]

extern crate alloc;

#[cfg(feature = "serde_json")]
mod evaluate;
mod fragment;
mod pointer;
mod pointer_buf;
mod token;

pub use fragment::{FragmentError, FragmentErrorKind};
pub use pointer::{Pointer, PointerError, PointerErrorKind, Tokens};
pub use pointer_buf::PointerBuf;
pub use token::Token;
