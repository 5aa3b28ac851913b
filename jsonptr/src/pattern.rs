//! Patterns: `*` and `?`, anchored at both ends, matched in linear time.

mod automaton;
mod pieces;
mod relation;
#[cfg(feature = "serde")]
mod serde_impls;
mod syntax;

use alloc::boxed::Box;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use self::automaton::Automaton;
use self::pieces::Pieces;
use self::syntax::Element;

/// The longest pattern, in bytes. The names that patterns match (subjects, repositories, ARNs) stay
/// well below it, and it bounds the memory of a compiled pattern to some 40 kB.
pub const MAX_PATTERN_BYTES: usize = 1024;

/// A pattern with wildcards, which matches a whole text or not at all.
///
/// | written | plain ([`parse`](Self::parse)) | segmented ([`parse_segmented`](Self::parse_segmented)) |
/// |---|---|---|
/// | `*` | any characters, also none | any characters but the separator, also none |
/// | `**` | the same as `*` | any characters, also separators, also none |
/// | `?` | one character | one character but the separator |
/// | `\*` `\?` `\\` | `*` `?` `\` | the same |
///
/// A character is a Unicode scalar value. Every other character stands for itself: there are no
/// classes and no alternatives, `.` and newline are plain, case counts, nothing is normalized. Nor
/// is any character of the text special, so a text `*` matches only what matches any one character.
///
/// A pattern is anchored at both ends: `repo:acme/*` matches neither `x repo:acme/app` nor, because
/// of the `/`, `repo:acme-evil/app`.
///
/// # Cost
///
/// Matching never goes back and does not allocate. Patterns of literals and plain `*` cost a
/// substring search for each literal; others, one step for each character of the text and each 64
/// characters of the pattern.
///
/// # Examples
///
/// ```
/// use jsonptr::Pattern;
///
/// let plain = Pattern::parse("repo:acme/*:ref:refs/heads/release-????")?;
/// assert!(plain.matches("repo:acme/app:ref:refs/heads/release-2026"));
/// assert!(!plain.matches("repo:acme/app:ref:refs/heads/release-26"));
///
/// let segmented = Pattern::parse_segmented("org/*/project/**", '/')?;
/// assert!(segmented.matches("org/a/project/b/user/c"));
/// assert!(!segmented.matches("org/a/x/project/b"));
/// # Ok::<(), jsonptr::PatternError>(())
/// ```
///
/// With the feature `serde`, a plain pattern is a string and a segmented one an object with the
/// members `pattern` and `separator`.
#[derive(Clone)]
pub struct Pattern {
    source: Box<str>,
    separator: Option<char>,
    /// What the text starts with; all of it when `middle` is `Nothing`.
    prefix: Box<str>,
    /// What the text ends with, after the last wildcard.
    suffix: Box<str>,
    middle: Middle,
}

/// What is between the literal ends.
#[derive(Clone)]
enum Middle {
    /// No wildcard: the prefix is the whole pattern.
    Nothing,
    /// Literals with any characters before, between and after them.
    Pieces(Pieces),
    /// Everything else.
    Automaton(Box<Automaton>),
}

impl Pattern {
    /// Reads a plain pattern, whose wildcards match every character.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when the pattern is longer than [`MAX_PATTERN_BYTES`], or has a `\` before
    /// anything but `*`, `?` and `\`.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        Self::compile(pattern, None)
    }

    /// Reads a pattern for texts that a separator divides into segments: `*` and `?` stay inside a
    /// segment, `**` goes across.
    ///
    /// `**` is a run of characters and not of segments: `a/**/b` does not match `a/b`. A `*` may
    /// match an empty segment.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse); and [`PatternError::InvalidSeparator`] when `separator`
    /// is `*`, `?` or `\`.
    pub fn parse_segmented(pattern: &str, separator: char) -> Result<Self, PatternError> {
        if matches!(separator, '*' | '?' | '\\') {
            return Err(PatternError::InvalidSeparator { separator });
        }
        Self::compile(pattern, Some(separator))
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_counting(text, &mut |_| ())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The separator of a segmented pattern; `None` for a plain one.
    pub fn separator(&self) -> Option<char> {
        self.separator
    }

    /// What every matching text starts with: the pattern up to its first wildcard, unescaped.
    pub fn literal_prefix(&self) -> &str {
        &self.prefix
    }

    /// What every matching text ends with: the pattern from its last wildcard on, unescaped.
    pub fn literal_suffix(&self) -> &str {
        if self.is_literal() {
            &self.prefix
        } else {
            &self.suffix
        }
    }

    /// Whether there is no wildcard: only one text matches, [`literal_prefix`](Self::literal_prefix).
    pub fn is_literal(&self) -> bool {
        matches!(self.middle, Middle::Nothing)
    }

    /// Whether every text matches: the pattern is `*`, or in a segmented one `**`.
    pub fn matches_everything(&self) -> bool {
        match &self.middle {
            Middle::Pieces(pieces) => {
                pieces.is_empty() && self.prefix.is_empty() && self.suffix.is_empty()
            }
            Middle::Nothing | Middle::Automaton(_) => false,
        }
    }

    fn compile(source: &str, separator: Option<char>) -> Result<Self, PatternError> {
        let elements = syntax::read(source, separator.is_some())?;
        let (prefix, rest) = syntax::split_prefix(&elements);
        let (middle, suffix) = syntax::split_suffix(rest);
        let middle = if middle.is_empty() {
            Middle::Nothing
        } else if middle
            .iter()
            .all(|element| matches!(element, Element::Char(_) | Element::Run))
        {
            Middle::Pieces(Pieces::new(middle))
        } else {
            Middle::Automaton(Box::new(Automaton::new(middle, separator)))
        };
        Ok(Self {
            source: source.into(),
            separator,
            prefix,
            suffix,
            middle,
        })
    }

    /// `count` is told the work as it is done. The tests of linearity use it; in `matches` it
    /// compiles to nothing.
    #[inline]
    fn matches_counting(&self, text: &str, count: &mut impl FnMut(usize)) -> bool {
        if let Middle::Nothing = self.middle {
            return *text == *self.prefix;
        }
        let rest = match without_prefix(text, &self.prefix) {
            Some(rest) => without_suffix(rest, &self.suffix),
            None => None,
        };
        let Some(rest) = rest else { return false };
        match &self.middle {
            Middle::Nothing => rest.is_empty(),
            Middle::Pieces(pieces) => pieces.matches(rest, count),
            Middle::Automaton(automaton) => automaton.matches(rest, count),
        }
    }
}

/// An empty needle is not compared: the pointer of an empty `Box` dangles, and a `memcmp` of length
/// zero on it is slow on some processors.
#[inline]
fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    if prefix.is_empty() {
        Some(text)
    } else {
        text.strip_prefix(prefix)
    }
}

#[inline]
fn without_suffix<'t>(text: &'t str, suffix: &str) -> Option<&'t str> {
    if suffix.is_empty() {
        Some(text)
    } else {
        text.strip_suffix(suffix)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.separator == other.separator
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
        self.separator.hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern")
            .field("source", &self.source)
            .field("separator", &self.separator)
            .finish_non_exhaustive()
    }
}

/// Writes the pattern as it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.source)
    }
}

/// Reads a plain pattern.
impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        Self::parse(pattern)
    }
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// The pattern is longer than [`MAX_PATTERN_BYTES`].
    #[error("pattern of {bytes} bytes, more than {MAX_PATTERN_BYTES}")]
    #[non_exhaustive]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A `\` stands before anything but `*`, `?` and `\`, or at the end.
    #[error(r"`\` without `*`, `?` or `\` after it at byte {offset}")]
    #[non_exhaustive]
    InvalidEscape {
        /// The byte of the pattern, from 0, at which the `\` stands.
        offset: usize,
    },
    /// The separator is a character that has a meaning in patterns: `*`, `?` or `\`.
    #[error("separator `{separator}` has a meaning of its own")]
    #[non_exhaustive]
    InvalidSeparator {
        /// The separator that was asked for.
        separator: char,
    },
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    fn work(pattern: &Pattern, text: &str) -> usize {
        let mut total = 0_usize;
        let _ = pattern.matches_counting(text, &mut |steps| total = total.saturating_add(steps));
        total
    }

    /// Twice the text, at most twice the work, whatever the pattern: counted, not timed.
    #[test]
    fn the_work_grows_with_the_text_and_no_faster() {
        let long = format!("*{}", "a*".repeat(500));
        let questions = format!("*{}b", "?*".repeat(500));
        let periodic = format!("{}b*", "*aaaaaaaa".repeat(100));
        let patterns = [
            Pattern::parse("*a*a*a*b"),
            Pattern::parse("*a*a*a*b*"),
            Pattern::parse("*a?a*a?a*b*"),
            Pattern::parse("*?*?*?*b*"),
            Pattern::parse(&format!("{long}b*")),
            Pattern::parse(&format!("{questions}*")),
            Pattern::parse(&periodic),
            Pattern::parse_segmented("**a*a**a*b**", '/'),
            Pattern::parse_segmented(&format!("{}?", "**/*".repeat(255)), '/'),
        ];
        for pattern in patterns {
            let pattern = pattern.unwrap();
            let words = (pattern.as_str().len() + 1).div_ceil(64);
            for unit in ["a", "aaaaaaab", "a/é"] {
                let text = |bytes: usize| unit.repeat(bytes / unit.len());
                let (once, twice) = (work(&pattern, &text(10_000)), work(&pattern, &text(20_000)));
                assert!(once <= 10_000 * words, "{pattern}: {once} steps");
                assert!(
                    twice <= 2 * once + 1024 * words,
                    "{pattern}: {once}, then {twice}"
                );
            }
        }
        // It is counted: this one reads the whole text before it knows.
        assert_eq!(
            work(&Pattern::parse("*?*b*").unwrap(), &"a".repeat(10_000)),
            10_000
        );
        assert_eq!(
            work(&Pattern::parse("*a*b*").unwrap(), &"a".repeat(10_000)),
            10_000
        );
    }

    #[test]
    fn each_kind_of_pattern_has_its_engine() {
        for (pattern, separator, engine) in [
            ("", None, "nothing"),
            (r"a\*b", None, "nothing"),
            ("*", None, "pieces"),
            ("a**b*c", None, "pieces"),
            ("a?", None, "automaton"),
            ("", Some('/'), "nothing"),
            ("a**b", Some('/'), "pieces"),
            ("a***b", Some('/'), "pieces"),
            ("a*b", Some('/'), "automaton"),
            ("a?", Some('/'), "automaton"),
        ] {
            let compiled = Pattern::compile(pattern, separator).unwrap();
            let found = match compiled.middle {
                Middle::Nothing => "nothing",
                Middle::Pieces(_) => "pieces",
                Middle::Automaton(_) => "automaton",
            };
            assert_eq!(found, engine, "{pattern}");
        }
    }

    #[test]
    fn errors_read_as_one_phrase() {
        let long = "a".repeat(MAX_PATTERN_BYTES + 1);
        for (result, message) in [
            (
                Pattern::parse(&long),
                "pattern of 1025 bytes, more than 1024",
            ),
            (
                Pattern::parse(r"é\d"),
                r"`\` without `*`, `?` or `\` after it at byte 2",
            ),
            (
                Pattern::parse_segmented("a", '*'),
                "separator `*` has a meaning of its own",
            ),
        ] {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_pattern_shows_what_was_written() {
        let pattern = Pattern::parse(r"a\**").unwrap();
        assert_eq!(pattern.to_string(), r"a\**");
        assert_eq!(
            format!("{pattern:?}"),
            String::from(r#"Pattern { source: "a\\**", separator: None, .. }"#)
        );
    }
}
