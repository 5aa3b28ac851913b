//! Why a template does not load, and why it makes no token.

use jsonptr::{PointerBuf, ScanError};

use super::ValueType;
use crate::document::{DocumentFault, Misplaced};
use crate::token::TokenSpecError;

/// Why a [`ClaimTemplate`](super::ClaimTemplate) does not load.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("template at `{at}`: {fault}")]
#[non_exhaustive]
pub struct TemplateError {
    /// Where in the document.
    pub at: PointerBuf,
    /// What is wrong there.
    pub fault: TemplateFault,
}

/// What is wrong with a part of a template.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateFault {
    /// The document is not of its format, such as JSON.
    #[error("cannot be read: {0}")]
    Format(String),
    /// Its shape is not that of a template.
    #[error(transparent)]
    Document(DocumentFault),
    /// A value is described by exactly one of `constant`, `from`, `text`, `object`, `list`.
    #[error("a value has exactly one of `constant`, `from`, `text`, `object`, `list`")]
    NotOneForm,
    /// The word is none of those that belong there.
    #[error("not one of {expected}")]
    #[non_exhaustive]
    Word {
        /// The words.
        expected: &'static str,
    },
    /// The text is no JSON Pointer (RFC 6901).
    #[error("not a JSON Pointer")]
    Pointer(#[source] jsonptr::PointerError),
    /// A template takes no more values from its context than one pass finds.
    #[error("more than {max} values are taken from the context")]
    #[non_exhaustive]
    TooManyPointers {
        /// [`jsonptr::MAX_POINTERS`].
        max: usize,
    },
    /// The claim cannot be set by a template.
    #[error(transparent)]
    Claim(TokenSpecError),
    /// `sub` is a string: a `constant` string, a `text`, or a value `from` the context of type
    /// `string`.
    #[error("`sub` is a string, a `text`, or a value of type `string`")]
    SubjectKind,
    /// A `text` has at least one part, and no empty literal.
    #[error("is empty")]
    Empty,
    /// Nothing separates two values of a `text`: one could run on into the other. A literal between
    /// them has a character that is neither a letter nor a digit.
    #[error("nothing separates it from the value before: a literal with a delimiter would")]
    NotSeparated,
    /// What `may_contain` lists is no delimiter of this text.
    #[error("`{character}` is no delimiter of this text")]
    #[non_exhaustive]
    NoDelimiter {
        /// The character.
        character: char,
    },
}

impl TemplateFault {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "format",
            Self::Document(fault) => fault.code(),
            Self::NotOneForm => "not_one_form",
            Self::Word { .. } => "unknown_word",
            Self::Pointer(_) => "pointer",
            Self::TooManyPointers { .. } => "too_many_pointers",
            Self::Claim(error) => error.code(),
            Self::SubjectKind => "subject_kind",
            Self::Empty => "empty",
            Self::NoDelimiter { .. } => "no_delimiter",
            Self::NotSeparated => "not_separated",
        }
    }
}

impl TemplateError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}

impl From<Misplaced> for TemplateError {
    fn from(Misplaced { at, fault }: Misplaced) -> Self {
        let fault = TemplateFault::Document(fault);
        Self { at, fault }
    }
}

/// Why a context gives no token. Values are not repeated: they may be personal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The context is no strict JSON.
    #[error("context is not strict JSON")]
    Json(#[from] ScanError),
    /// The context says nothing here, or `null`.
    #[error("context has nothing at `{pointer}`")]
    #[non_exhaustive]
    Missing {
        /// Where the template looks.
        pointer: PointerBuf,
    },
    /// The value is of another type than the template says.
    #[error("context value at `{pointer}` is not {expected}")]
    #[non_exhaustive]
    Type {
        /// Where the template looks.
        pointer: PointerBuf,
        /// What the template takes.
        expected: ValueType,
    },
    /// A value that becomes part of a text is empty.
    #[error("context value at `{pointer}` is empty")]
    #[non_exhaustive]
    Empty {
        /// Where the template looks.
        pointer: PointerBuf,
    },
    /// A value that becomes part of a text has a character that separates the parts of that text,
    /// so that it could be read as more than one part.
    #[error("context value at `{pointer}` has the delimiter `{character}`")]
    #[non_exhaustive]
    Delimiter {
        /// Where the template looks.
        pointer: PointerBuf,
        /// The character.
        character: char,
    },
    /// The token cannot say this.
    #[error(transparent)]
    Spec(#[from] TokenSpecError),
}

impl ContextError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::Missing { .. } => "context_missing",
            Self::Type { .. } => "context_type",
            Self::Empty { .. } => "context_empty",
            Self::Delimiter { .. } => "context_delimiter",
            Self::Spec(error) => error.code(),
        }
    }
}
