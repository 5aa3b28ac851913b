//! JSON Pointer (RFC 6901).
#![no_std]

extern crate alloc;

mod pointer;
mod pointer_buf;
mod token;

pub use pointer::{Pointer, PointerError, PointerErrorKind, Tokens};
pub use pointer_buf::PointerBuf;
pub use token::Token;
