//! Claims as data: constants, and values taken from the context of a request by JSON Pointer.
//!
//! A template says once what the tokens of a service say; each request brings a context, which is
//! JSON that the service vouches for. What the context lacks is an error and never a thinner token.
//!
//! ```
//! use oidc_core::Audience;
//! use oidc_issuer::ClaimTemplate;
//!
//! let template = ClaimTemplate::from_json(br#"{
//!     "sub": {"text": ["repo:", {"from": "/repository"}, ":ref:", {"from": "/ref"}]},
//!     "claims": {
//!         "repository_id": {"from": "/ids/repository", "type": "string"},
//!         "https://ci.example/": {"object": {
//!             "attempt": {"from": "/attempt", "type": "integer"},
//!             "tier": {"constant": "production"}
//!         }}
//!     }
//! }"#)?;
//!
//! let context = br#"{"repository": "acme/web", "ref": "refs/heads/main", "attempt": 1,
//!     "ids": {"repository": "4217"}}"#;
//! let spec = template.token_spec(context, Audience::one("https://deploy.example")?)?;
//! assert_eq!(spec.subject(), "repo:acme/web:ref:refs/heads/main");
//!
//! let error = template.token_spec(br#"{"repository": "acme/web"}"#, Audience::one("a")?);
//! assert_eq!(error.unwrap_err().to_string(), "context has nothing at `/ref`");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The language
//!
//! A template has `sub` and, if there are more, `claims`, an object of claims by name. Each of them
//! is described in one of five forms:
//!
//! | form | what it becomes |
//! |---|---|
//! | `{"constant": …}` | this JSON; its numbers are whole |
//! | `{"from": "/a/b", "type": "string"}` | the value at this pointer, of this type: `string`, `integer`, `boolean`, `strings` (an array of them) or `object` |
//! | `{"text": ["repo:", {"from": "/a"}, …]}` | literals and values, strings or integers, one after the other |
//! | `{"object": {"name": …}}` | an object of described values |
//! | `{"list": [ … ]}` | an array of described values |
//!
//! In a `text`, the characters of its literals that are neither letters nor digits are its
//! *delimiters*. A value that has one of them could be read as several parts (`repo:acme` and
//! `web:ref:main`), so it is refused, unless its part says `"may_contain": "/"` with the
//! delimiters that do no harm there. Between two values there is one.
//!
//! Checked when the template is loaded: unknown members, names that stand twice, pointers, types,
//! reserved claims ([`TokenSpec::with_claim`]), `sub` being a string.

mod error;
mod fill;
mod load;

use std::sync::Arc;

use core::fmt;

use jsonptr::{Pointer, PointerSet, ScanBuffer, ScanLimits};
use oidc_core::Audience;
use serde::de::{Deserialize, Deserializer, Error as _};

use self::fill::Context;
use crate::document::Tree;
use crate::token::{MAX_TOKEN_BYTES, TokenSpec};

pub use self::error::{ContextError, TemplateError, TemplateFault};

/// What the tokens of a service say, with the places of a context where it is found.
///
/// See the [module](self) for its language. Read from JSON by [`from_json`](Self::from_json), or
/// from any format by `Deserialize`.
#[derive(Clone, Debug)]
pub struct ClaimTemplate {
    subject: Subject,
    claims: Vec<Claim>,
    names: Arc<Vec<String>>,
    pointers: PointerSet,
}

#[derive(Clone, Debug)]
enum Subject {
    Constant(Box<str>),
    Value(usize),
    Text(Text),
}

/// A top-level claim.
#[derive(Clone, Debug)]
struct Claim {
    /// `,"name":`
    start: Box<str>,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    /// As JSON.
    Constant(Box<str>),
    /// The pointer by its index, and the type.
    From(usize, ValueType),
    Text(Text),
    /// Each name as a JSON string.
    Object(Vec<(Box<str>, Value)>),
    List(Vec<Value>),
}

#[derive(Clone, Debug)]
struct Text {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(Box<str>),
    Value {
        pointer: usize,
        /// The characters that it may not have.
        delimiters: Box<str>,
    },
}

/// The type of a value that a template takes from its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// `true` or `false`.
    Boolean,
    /// A whole number, written without fraction and exponent.
    Integer,
    /// An object, copied as it is.
    Object,
    /// A string.
    String,
    /// An array of strings.
    Strings,
}

impl ValueType {
    /// The word for it in a template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Object => "object",
            Self::String => "string",
            Self::Strings => "strings",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Object => "an object",
            Self::String => "a string",
            Self::Strings => "an array of strings",
        })
    }
}

impl ClaimTemplate {
    /// Levels of a context. A template nests 16 levels of described objects, a token is read to 32:
    /// whatever is copied where, it is not too deep.
    pub const MAX_CONTEXT_DEPTH: usize = 16;

    /// Reads a template as JSON.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] says where in the document, and what is wrong there.
    pub fn from_json(json: &[u8]) -> Result<Self, TemplateError> {
        load::template(&load::json(json)?)
    }

    /// The token about the subject of this context, for this audience.
    ///
    /// `context` is JSON in UTF-8, read as strictly as a token: what stands in it twice is an error.
    /// Lifetime, `jti` and the rest are set on the result.
    ///
    /// # Errors
    ///
    /// [`ContextError`] says what the context lacks, by pointer.
    ///
    /// # Security
    ///
    /// The service vouches for the context. A part that the workload chooses itself is a claim that
    /// the workload makes about itself: give it a name that says so.
    pub fn token_spec(
        &self,
        context: &[u8],
        audience: Audience,
    ) -> Result<TokenSpec, ContextError> {
        let mut buffer = ScanBuffer::new();
        let limits = ScanLimits::new().max_depth(Self::MAX_CONTEXT_DEPTH);
        let document = self.pointers.scan_into(context, &limits, &mut buffer)?;
        let context = Context::new(document, &buffer, &self.pointers);
        let subject = context.subject(&self.subject)?;
        let spec = TokenSpec::about(subject, audience)?;
        // What is longer is refused below.
        let room = context.room_for(&self.claims).min(MAX_TOKEN_BYTES);
        let mut claims = String::with_capacity(room);
        for claim in &self.claims {
            claims.push_str(&claim.start);
            context.write(&claim.value, &mut claims)?;
        }
        Ok(spec.with_written_claims(claims, &self.names)?)
    }

    /// The pointers that it looks up in a context.
    pub fn pointers(&self) -> impl ExactSizeIterator<Item = Pointer<'_>> {
        self.pointers.pointers()
    }

    /// The names of its claims, without `sub`.
    pub fn claim_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for ClaimTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        load::template(&Tree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
