//! JSON Pointer (RFC 6901): many values found in JSON bytes in one strict pass, and matched.
//!
//! - [`Pointer`], [`PointerBuf`], [`Token`]: pointers that cannot be invalid; each error says at
//!   which byte and token. The URI fragment form (`#/a%20b`) both ways.
//! - [`PointerSet`]: up to 256 pointers, compiled once. One pass over the bytes finds what all of
//!   them name; no tree is built and nothing is copied.
//! - [`Located`]: what was found, read exactly: [`Text`] without allocation where nothing is escaped,
//!   [`Number`] without a detour by floating point.
//! - [`Pattern`]: `*` and `?`, plain or by segment, in linear time whatever the pattern.
//! - [`Matcher`]: a pointer, a predicate and a quantifier for arrays, which says why it does not
//!   match.
//!
//! # Example
//!
//! A claim nested under a name that is a URL, in a token of AWS:
//!
//! ```
//! use jsonptr::{Pattern, Pointer, PointerSet};
//!
//! let role = Pointer::parse("/sub")?;
//! let instance = Pointer::parse("/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn")?;
//! let set = PointerSet::new([role, instance])?; // once, at start
//!
//! let claims = br#"{"sub": "arn:aws:iam::111122223333:role/deploy", "https://sts.amazonaws.com/":
//!     {"ec2_source_instance_arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"}}"#;
//! let found = set.scan(claims)?;
//! let text = |index| found.get(index).and_then(|value| value.text());
//! assert_eq!(text(0).unwrap(), *"arn:aws:iam::111122223333:role/deploy");
//!
//! let of_region = Pattern::parse("arn:aws:ec2:eu-west-1:*:instance/*")?;
//! assert!(of_region.matches(&text(1).unwrap().to_cow()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it refuses to do
//!
//! - **Read JSON that two readers could read differently**: names that stand twice in one object,
//!   compared after unescaping, at any level; lone surrogates; a byte order mark; bytes that are not
//!   UTF-8; anything after the document.
//! - **Work without bounds**: bytes, depth, members and elements have limits ([`ScanLimits`]), each with
//!   an error of its own. Nothing recurses with the document, no pattern goes back.
//! - **Convert**: `1`, `"1"` and `true` differ, and so do `9007199254740992` and `9007199254740993`.
//! - **Find what is not there**: `-` names no element, nor does an index with a zero in front.
//!
//! # Features
//!
//! | feature | what it adds | what it costs |
//! |---|---|---|
//! | `std` (default) | SIMD chosen at run time in pattern searches | nothing but `std` |
//! | `serde` | pointers and patterns in configuration | `serde` |
//! | `serde_json` | `Pointer::evaluate` over `serde_json::Value` | `serde_json` |
//!
//! Without `std` it needs `alloc`.
//!
//! # Standards
//!
//! | standard | sections | here |
//! |---|---|---|
//! | RFC 6901 | 3 to 5 | [`Pointer`], [`PointerBuf`] |
//! | RFC 6901 | 6 | [`Pointer::to_fragment`], [`PointerBuf::from_fragment`] |
//! | RFC 8259 | all, strictly where it leaves a choice (4, 8.1, 8.2) | [`PointerSet`] |
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

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

/// The page of the crate is tested as it stands.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
