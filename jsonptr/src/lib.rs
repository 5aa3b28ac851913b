//! JSON Pointer (RFC 6901).
#![no_std]

extern crate alloc;

mod digits;
#[cfg(feature = "serde_json")]
mod evaluate;
mod fragment;
mod located;
mod matcher;
mod number;
mod pattern;
mod pointer;
mod pointer_buf;
mod scan;
mod text;
mod token;

pub use fragment::{FragmentError, FragmentErrorKind};
pub use located::{Elements, Kind, Located, Members};
pub use matcher::{Comparison, Decimal, Matcher, Mismatch, Predicate, Quantifier, Scalar};
pub use number::Number;
pub use pattern::{MAX_PATTERN_BYTES, Pattern, PatternError};
pub use pointer::{Pointer, PointerError, PointerErrorKind, Tokens};
pub use pointer_buf::PointerBuf;
pub use scan::{
    Found, MAX_POINTERS, PointerSet, PointerSetError, ScanBuffer, ScanError, ScanErrorKind,
    ScanLimits,
};
pub use text::{Text, TextChars};
pub use token::Token;
