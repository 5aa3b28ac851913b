//! Why bytes are not a document that the scanner accepts.

/// Why JSON bytes were refused, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct ScanError {
    kind: ScanErrorKind,
    offset: usize,
}

impl ScanError {
    pub(crate) const fn new(kind: ScanErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    pub const fn kind(&self) -> ScanErrorKind {
        self.kind
    }

    /// The byte at which it was noticed, counted from 0.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// A stable word for logs and metrics; see [`ScanErrorKind::code`].
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

/// What kind of fault a [`ScanError`] reports. Sections are those of RFC 8259.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ScanErrorKind {
    /// A byte order mark stands before the document (section 8.1).
    #[error("byte order mark")]
    ByteOrderMark,
    /// A control character stands unescaped in a string (section 7).
    #[error("control character in a string")]
    ControlCharacter,
    /// Two members of one object have the same name, compared after unescaping (section 4).
    #[error("duplicate member name")]
    DuplicateMember,
    /// A backslash is not followed by an escape of section 7.
    #[error("invalid escape")]
    InvalidEscape,
    /// Neither `true`, `false` nor `null` (section 3).
    #[error("invalid literal")]
    InvalidLiteral,
    /// A number does not follow the grammar of section 6.
    #[error("invalid number")]
    InvalidNumber,
    /// A `\u` escape names half of a surrogate pair (section 8.2).
    #[error("lone surrogate")]
    LoneSurrogate,
    /// The bytes are not UTF-8 (section 8.1).
    #[error("invalid UTF-8")]
    NotUtf8,
    /// Containers are nested deeper than the limit.
    #[error("nesting deeper than {limit}")]
    #[non_exhaustive]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// The document is longer than the limit; it was not read.
    #[error("document longer than {limit} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit that was passed.
        limit: usize,
    },
    /// An array has more elements than the limit.
    #[error("array of more than {limit} elements")]
    #[non_exhaustive]
    TooManyElements {
        /// The limit that was passed.
        limit: usize,
    },
    /// An object has more members than the limit.
    #[error("object of more than {limit} members")]
    #[non_exhaustive]
    TooManyMembers {
        /// The limit that was passed.
        limit: usize,
    },
    /// Something follows the document.
    #[error("trailing bytes")]
    TrailingBytes,
    /// A byte that the grammar does not allow here.
    #[error("unexpected byte")]
    UnexpectedByte,
    /// The document ends in the middle of a value.
    #[error("unexpected end")]
    UnexpectedEnd,
}

impl ScanErrorKind {
    /// A stable word in snake case: it does not change between versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "byte_order_mark",
            Self::ControlCharacter => "control_character",
            Self::DuplicateMember => "duplicate_member",
            Self::InvalidEscape => "invalid_escape",
            Self::InvalidLiteral => "invalid_literal",
            Self::InvalidNumber => "invalid_number",
            Self::LoneSurrogate => "lone_surrogate",
            Self::NotUtf8 => "not_utf8",
            Self::TooDeep { .. } => "too_deep",
            Self::TooLong { .. } => "too_long",
            Self::TooManyElements { .. } => "too_many_elements",
            Self::TooManyMembers { .. } => "too_many_members",
            Self::TrailingBytes => "trailing_bytes",
            Self::UnexpectedByte => "unexpected_byte",
            Self::UnexpectedEnd => "unexpected_end",
        }
    }
}
