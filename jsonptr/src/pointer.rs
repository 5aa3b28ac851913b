//! The borrowed pointer, its grammar, and the error of its only parser.

use core::cmp::Ordering;
use core::fmt;
use core::iter::FusedIterator;

use crate::{PointerBuf, Token};

/// A JSON Pointer (RFC 6901), borrowed from the text it was parsed from.
///
/// A value of this type is valid for life: [`Pointer::parse`] is the only way in, and every method
/// keeps to the grammar. [`PointerBuf`] is the owned form. There is no limit on the length here;
/// the sets and policies that hold many pointers have their own.
///
/// `parse` is `const`, so a literal can be checked when the program is compiled:
///
/// ```
/// use jsonptr::Pointer;
///
/// const INSTANCE: Pointer<'_> = match Pointer::parse("/https:~1~1sts.amazonaws.com~1/arn") {
///     Ok(pointer) => pointer,
///     Err(_) => panic!("not a JSON Pointer"),
/// };
/// let names: Vec<_> = INSTANCE.tokens().map(|token| token.decoded()).collect();
/// assert_eq!(names, ["https://sts.amazonaws.com/", "arn"]);
/// ```
///
/// # Order
///
/// Pointers are ordered token by token, each by its decoded name, and not by their text: a pointer
/// stands directly before everything below it, so the pointers of one subtree are neighbours in a
/// sorted list. (As text, `/a!` would come between `/a` and `/a/b`.)
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pointer<'a>(&'a str);

impl<'a> Pointer<'a> {
    /// The pointer without tokens, which is the whole document.
    pub const ROOT: Pointer<'static> = Pointer("");

    /// Reads the text form of RFC 6901 section 3: empty, or tokens that each start with `/`, in
    /// which every `~` is part of `~0` or `~1`.
    ///
    /// # Errors
    ///
    /// [`PointerError`] says what is wrong, at which byte and in which reference token. The URI
    /// fragment form (`#/a`) is an error here: [`PointerBuf::from_fragment`] reads that.
    pub const fn parse(text: &'a str) -> Result<Self, PointerError> {
        match check(text) {
            Ok(()) => Ok(Self(text)),
            Err(error) => Err(error),
        }
    }

    /// INVARIANT: `text` went through [`check`], or was put together from encoded tokens.
    pub(crate) const fn from_checked(text: &'a str) -> Self {
        Self(text)
    }

    /// The text of the pointer, as it was parsed.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether this is the empty pointer, which evaluates to the whole document.
    pub const fn is_root(self) -> bool {
        self.0.is_empty()
    }

    /// The reference tokens, from the root down. `""` has none; `"/"` has one, which is empty.
    pub fn tokens(self) -> Tokens<'a> {
        Tokens {
            rest: self.0.strip_prefix('/'),
        }
    }

    /// The pointer without its last token; `None` for the root.
    pub fn parent(self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent))
    }

    /// The last reference token; `None` for the root.
    pub fn last(self) -> Option<Token<'a>> {
        let (_, token) = self.0.rsplit_once('/')?;
        Some(Token::from_checked(token))
    }

    /// Whether `prefix` is this pointer or one of its ancestors. Whole tokens count: `/foobar` does
    /// not start with `/foo`.
    pub fn starts_with(self, prefix: Pointer<'_>) -> bool {
        self.strip_prefix(prefix).is_some()
    }

    /// What leads from `prefix` down to this pointer, when [`starts_with`](Self::starts_with)
    /// holds.
    pub fn strip_prefix(self, prefix: Pointer<'_>) -> Option<Self> {
        let rest = self.0.strip_prefix(prefix.0)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(Self(rest))
    }

    /// An owned copy.
    pub fn to_owned(self) -> PointerBuf {
        PointerBuf::from(self)
    }
}

/// The root.
impl Default for Pointer<'_> {
    fn default() -> Self {
        Self::ROOT
    }
}

impl Ord for Pointer<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.tokens().cmp(other.tokens())
    }
}

impl PartialOrd for Pointer<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'a> TryFrom<&'a str> for Pointer<'a> {
    type Error = PointerError;

    fn try_from(text: &'a str) -> Result<Self, PointerError> {
        Self::parse(text)
    }
}

/// The reference tokens of a pointer, from the root down. Made by [`Pointer::tokens`].
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    /// What is left, without its leading `/`; `None` when nothing is.
    rest: Option<&'a str>,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest.take()?;
        let Some((token, rest)) = rest.split_once('/') else {
            return Some(Token::from_checked(rest));
        };
        self.rest = Some(rest);
        Some(Token::from_checked(token))
    }
}

impl DoubleEndedIterator for Tokens<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let Some((rest, token)) = rest.rsplit_once('/') else {
            return Some(Token::from_checked(rest));
        };
        self.rest = Some(rest);
        Some(Token::from_checked(token))
    }
}

impl FusedIterator for Tokens<'_> {}

/// Why a text is not a JSON Pointer, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind} at byte {offset}, in reference token {token}")]
pub struct PointerError {
    kind: PointerErrorKind,
    offset: usize,
    token: usize,
}

impl PointerError {
    /// What is wrong.
    pub const fn kind(&self) -> PointerErrorKind {
        self.kind
    }

    /// The stable word for [`kind`](Self::kind): see [`PointerErrorKind::code`].
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The byte of the text, from 0, at which the error stands.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The reference token, from 0, in which the error stands.
    pub const fn token(&self) -> usize {
        self.token
    }
}

/// The two ways to break the grammar of RFC 6901 section 3.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PointerErrorKind {
    /// The text is not empty and does not start with `/`.
    NoLeadingSlash,
    /// A `~` stands before something else than `0` or `1`, or at the end. The offset is that of
    /// the `~`.
    InvalidEscape,
}

impl PointerErrorKind {
    /// A stable word in snake case: it does not change between versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoLeadingSlash => "no_leading_slash",
            Self::InvalidEscape => "invalid_pointer_escape",
        }
    }
}

impl fmt::Display for PointerErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLeadingSlash => "no `/` before the first reference token",
            Self::InvalidEscape => "`~` without `0` or `1` after it",
        })
    }
}

/// The one parser of the grammar. `const`, hence slice patterns in place of iterators.
pub(crate) const fn check(text: &str) -> Result<(), PointerError> {
    let mut rest = match text.as_bytes() {
        [] => return Ok(()),
        [b'/', rest @ ..] => rest,
        _ => {
            return Err(PointerError {
                kind: PointerErrorKind::NoLeadingSlash,
                offset: 0,
                token: 0,
            });
        }
    };
    // Neither count can wrap: both stay below the length of `text`.
    let mut offset = 1_usize;
    let mut token = 0_usize;
    loop {
        rest = match rest {
            [] => return Ok(()),
            [b'~', b'0' | b'1', rest @ ..] => {
                offset = offset.wrapping_add(2);
                rest
            }
            [b'~', ..] => {
                return Err(PointerError {
                    kind: PointerErrorKind::InvalidEscape,
                    offset,
                    token,
                });
            }
            [byte, rest @ ..] => {
                if *byte == b'/' {
                    token = token.wrapping_add(1);
                }
                offset = offset.wrapping_add(1);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    const CHECKED_WHEN_COMPILED: Pointer<'_> = match Pointer::parse("/a~1b/0") {
        Ok(pointer) => pointer,
        Err(_) => panic!("not a JSON Pointer"),
    };

    fn parse(text: &str) -> Pointer<'_> {
        Pointer::parse(text).unwrap()
    }

    fn names(pointer: Pointer<'_>) -> Vec<&str> {
        pointer.tokens().map(Token::encoded).collect()
    }

    #[test]
    fn an_error_says_which_byte_and_which_token() {
        use PointerErrorKind::{InvalidEscape, NoLeadingSlash};
        for (text, kind, offset, token) in [
            ("a", NoLeadingSlash, 0, 0),
            ("~", NoLeadingSlash, 0, 0),
            ("#/a", NoLeadingSlash, 0, 0),
            (" /a", NoLeadingSlash, 0, 0),
            ("/~", InvalidEscape, 1, 0),
            ("/~2", InvalidEscape, 1, 0),
            ("/a/b~", InvalidEscape, 4, 1),
            ("/a/~/b", InvalidEscape, 3, 1),
            ("/é/~0~1~a", InvalidEscape, 8, 1),
            ("///~~0", InvalidEscape, 3, 2),
            ("/~é", InvalidEscape, 1, 0),
        ] {
            let error = Pointer::parse(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.offset(), error.token()),
                (kind, offset, token),
                "{text}"
            );
        }
    }

    #[test]
    fn a_tilde_must_be_escaped_even_after_another_tilde() {
        assert_eq!(Pointer::parse("/~~0").unwrap_err().offset(), 1);
        assert_eq!(Pointer::parse("/~0~").unwrap_err().offset(), 3);
        assert_eq!(parse("/~0~0").last().unwrap().decoded(), "~~");
    }

    #[test]
    fn codes_do_not_change() {
        assert_eq!(Pointer::parse("a").unwrap_err().code(), "no_leading_slash");
        assert_eq!(
            Pointer::parse("/~").unwrap_err().code(),
            "invalid_pointer_escape"
        );
    }

    #[test]
    fn errors_read_as_one_phrase() {
        assert_eq!(
            Pointer::parse("/a/~2").unwrap_err().to_string(),
            "`~` without `0` or `1` after it at byte 3, in reference token 1"
        );
        assert_eq!(
            Pointer::parse("a").unwrap_err().to_string(),
            "no `/` before the first reference token at byte 0, in reference token 0"
        );
    }

    #[test]
    fn tokens_come_from_both_ends() {
        assert_eq!(names(Pointer::ROOT), Vec::<&str>::new());
        assert_eq!(names(parse("/")), [""]);
        assert_eq!(names(parse("//")), ["", ""]);
        assert_eq!(names(parse("/a//b/")), ["a", "", "b", ""]);
        assert_eq!(names(CHECKED_WHEN_COMPILED), ["a~1b", "0"]);

        let mut tokens = parse("/a/b/c").tokens();
        assert!(tokens.next_back().unwrap() == "c");
        assert!(tokens.next().unwrap() == "a");
        assert!(tokens.next_back().unwrap() == "b");
        assert_eq!(
            (tokens.next(), tokens.next_back(), tokens.next()),
            (None, None, None)
        );
    }

    #[test]
    fn the_root_has_no_parent_and_no_last_token() {
        assert_eq!((Pointer::ROOT.parent(), Pointer::ROOT.last()), (None, None));
        assert_eq!(parse("/").parent(), Some(Pointer::ROOT));
        assert_eq!(parse("/a/b").parent(), Some(parse("/a")));
        assert_eq!(parse("/a/").parent(), Some(parse("/a")));
        assert!(parse("/a/b~0").last().unwrap() == "b~");
    }

    #[test]
    fn a_prefix_ends_where_a_token_ends() {
        for (text, prefix, rest) in [
            ("/foo/bar", "/foo", Some("/bar")),
            ("/foo/bar", "", Some("/foo/bar")),
            ("/foo", "/foo", Some("")),
            ("/foo/", "/foo", Some("/")),
            ("/foobar", "/foo", None),
            ("/foo", "/foo/bar", None),
            ("/a~1b", "/a", None),
            ("", "/", None),
        ] {
            assert_eq!(
                parse(text).strip_prefix(parse(prefix)),
                rest.map(parse),
                "{text}"
            );
            assert_eq!(parse(text).starts_with(parse(prefix)), rest.is_some());
        }
    }

    #[test]
    fn a_pointer_stands_directly_before_what_is_below_it() {
        let mut pointers = vec!["/b", "/a!", "/a/b", "", "/a", "/", "/a~1", "/a/~0", "/a/~1"];
        pointers.sort_by_key(|text| parse(text));
        assert_eq!(
            pointers,
            ["", "/", "/a", "/a/~1", "/a/b", "/a/~0", "/a!", "/a~1", "/b"]
        );
    }
}
