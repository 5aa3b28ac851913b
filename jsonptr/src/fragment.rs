//! The URI fragment form of a pointer: `#/c%25d` is `/c%d`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::pointer::check;
use crate::{Pointer, PointerBuf, PointerErrorKind};

impl Pointer<'_> {
    /// The pointer as a URI fragment with its `#` (RFC 6901 section 6).
    ///
    /// Every byte that RFC 3986 section 3.5 does not allow in a fragment is percent-encoded, with
    /// upper-case digits; the others stand as they are, so a pointer has one such form.
    ///
    /// ```
    /// use jsonptr::Pointer;
    ///
    /// assert_eq!(Pointer::parse("/c%d/é")?.to_fragment(), "#/c%25d/%C3%A9");
    /// # Ok::<(), jsonptr::PointerError>(())
    /// ```
    pub fn to_fragment(self) -> String {
        let text = self.as_str();
        let mut fragment = String::with_capacity(text.len().saturating_add(1));
        fragment.push('#');
        for byte in text.bytes() {
            if is_allowed(byte) {
                fragment.push(char::from(byte));
            } else {
                fragment.push('%');
                fragment.extend(upper_hex(byte >> 4));
                fragment.extend(upper_hex(byte & 0xF));
            }
        }
        fragment
    }
}

impl PointerBuf {
    /// Reads the URI fragment form with its `#` (RFC 6901 section 6).
    ///
    /// Percent-encoding is undone first and once; what comes out is read as [`Pointer::parse`]
    /// reads it. So `%2F` separates tokens like `/`, and `~1` is what stands for a `/` in a name.
    /// Any character that a fragment allows may be percent-encoded, with digits of either case.
    ///
    /// ```
    /// use jsonptr::PointerBuf;
    ///
    /// assert_eq!(PointerBuf::from_fragment("#/g%7Ch")?.as_str(), "/g|h");
    /// assert_eq!(PointerBuf::from_fragment("#/100%").unwrap_err().offset(), 5);
    /// # Ok::<(), jsonptr::FragmentError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FragmentError`] says what is wrong, at which byte of `fragment` and in which reference
    /// token.
    pub fn from_fragment(fragment: &str) -> Result<Self, FragmentError> {
        use FragmentErrorKind as Kind;

        let Some(encoded) = fragment.strip_prefix('#') else {
            return Err(FragmentError {
                kind: Kind::NoLeadingHash,
                offset: 0,
                token: 0,
            });
        };
        let mut decoded = Vec::with_capacity(encoded.len());
        let mut rest = encoded.as_bytes();
        loop {
            let (byte, tail) = match next_byte(rest) {
                Step::Byte(byte, tail) => (byte, tail),
                Step::End => break,
                Step::Invalid(kind) => {
                    let offset = fragment.len().saturating_sub(rest.len());
                    return Err(FragmentError {
                        kind,
                        offset,
                        token: token_at(&decoded),
                    });
                }
            };
            decoded.push(byte);
            rest = tail;
        }
        let text = match String::from_utf8(decoded) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                return Err(FragmentError {
                    kind: Kind::NotUtf8,
                    offset: encoded_offset(fragment, valid),
                    token: token_at(error.as_bytes().get(..valid).unwrap_or_default()),
                });
            }
        };
        match check(&text) {
            Ok(()) => Ok(Self::from_checked(text)),
            Err(error) => Err(FragmentError {
                kind: Kind::Pointer(error.kind()),
                offset: encoded_offset(fragment, error.offset()),
                token: error.token(),
            }),
        }
    }
}

/// Why a text is not a JSON Pointer in URI fragment form, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind} at byte {offset}, in reference token {token}")]
pub struct FragmentError {
    kind: FragmentErrorKind,
    offset: usize,
    token: usize,
}

impl FragmentError {
    /// What is wrong.
    pub const fn kind(&self) -> FragmentErrorKind {
        self.kind
    }

    /// The stable word for [`kind`](Self::kind): see [`FragmentErrorKind::code`].
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The byte of the fragment, from 0 for the `#`, at which the error stands.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The reference token, from 0, in which the error stands.
    pub const fn token(&self) -> usize {
        self.token
    }
}

/// What can be wrong with a pointer in URI fragment form.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FragmentErrorKind {
    /// The text does not start with `#`.
    NoLeadingHash,
    /// A `%` without two hexadecimal digits after it (RFC 3986 section 2.1).
    InvalidPercentEncoding,
    /// A character that a fragment must percent-encode (RFC 3986 section 3.5).
    InvalidCharacter,
    /// The percent-encoded bytes are not UTF-8.
    NotUtf8,
    /// The decoded text is not a JSON Pointer.
    Pointer(PointerErrorKind),
}

impl FragmentErrorKind {
    /// A stable word in snake case: it does not change between versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoLeadingHash => "no_leading_hash",
            Self::InvalidPercentEncoding => "invalid_percent_encoding",
            Self::InvalidCharacter => "invalid_fragment_character",
            Self::NotUtf8 => "fragment_not_utf8",
            Self::Pointer(kind) => kind.code(),
        }
    }
}

impl fmt::Display for FragmentErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLeadingHash => "no `#` before the pointer",
            Self::InvalidPercentEncoding => "`%` without two hexadecimal digits after it",
            Self::InvalidCharacter => "character that must be percent-encoded",
            Self::NotUtf8 => "percent-encoded bytes that are not UTF-8",
            Self::Pointer(kind) => return kind.fmt(f),
        })
    }
}

enum Step<'a> {
    Byte(u8, &'a [u8]),
    End,
    Invalid(FragmentErrorKind),
}

fn next_byte(encoded: &[u8]) -> Step<'_> {
    match encoded {
        [] => Step::End,
        [b'%', high, low, rest @ ..] => match (hex_digit(*high), hex_digit(*low)) {
            (Some(high), Some(low)) => Step::Byte((high << 4) | low, rest),
            (None, _) | (_, None) => Step::Invalid(FragmentErrorKind::InvalidPercentEncoding),
        },
        [b'%', ..] => Step::Invalid(FragmentErrorKind::InvalidPercentEncoding),
        [byte, rest @ ..] if is_allowed(*byte) => Step::Byte(*byte, rest),
        [..] => Step::Invalid(FragmentErrorKind::InvalidCharacter),
    }
}

/// RFC 3986: `fragment = *( pchar / "/" / "?" )`, without the percent-encoded.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            // unreserved
            b'-' | b'.' | b'_' | b'~'
            // sub-delims
            | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
            // pchar, fragment
            | b':' | b'@' | b'/' | b'?'
        )
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn upper_hex(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase())
}

/// The reference token that the end of `decoded` is in.
fn token_at(decoded: &[u8]) -> usize {
    memchr::memchr_iter(b'/', decoded).count().saturating_sub(1)
}

/// Where in a well-formed `fragment` the byte stands that became byte `decoded` of the text.
fn encoded_offset(fragment: &str, decoded: usize) -> usize {
    let mut rest = fragment.as_bytes().get(1..).unwrap_or_default();
    for _ in 0..decoded {
        if let Step::Byte(_, tail) = next_byte(rest) {
            rest = tail;
        }
    }
    fragment.len().saturating_sub(rest.len())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn each_error_says_which_byte_of_the_fragment_and_which_token() {
        use FragmentErrorKind as Kind;
        use PointerErrorKind::{InvalidEscape, NoLeadingSlash};
        for (text, kind, offset, token) in [
            ("", Kind::NoLeadingHash, 0, 0),
            ("/a", Kind::NoLeadingHash, 0, 0),
            ("%23/a", Kind::NoLeadingHash, 0, 0),
            ("#/%", Kind::InvalidPercentEncoding, 2, 0),
            ("#/a/%4", Kind::InvalidPercentEncoding, 4, 1),
            ("#/%4g", Kind::InvalidPercentEncoding, 2, 0),
            ("#/%g4", Kind::InvalidPercentEncoding, 2, 0),
            ("#/%%34", Kind::InvalidPercentEncoding, 2, 0),
            ("#/%+1", Kind::InvalidPercentEncoding, 2, 0),
            ("#/%é0", Kind::InvalidPercentEncoding, 2, 0),
            ("#/a b", Kind::InvalidCharacter, 3, 0),
            ("#/a/#", Kind::InvalidCharacter, 4, 1),
            ("#/é", Kind::InvalidCharacter, 2, 0),
            ("#/%41^", Kind::InvalidCharacter, 5, 0),
            ("#/\u{0}", Kind::InvalidCharacter, 2, 0),
            ("#/%C3", Kind::NotUtf8, 2, 0),
            ("#/a%2Fb%C3x", Kind::NotUtf8, 7, 1),
            ("#/%C0%AF", Kind::NotUtf8, 2, 0),
            ("#/%ED%A0%80", Kind::NotUtf8, 2, 0),
            ("#a", Kind::Pointer(NoLeadingSlash), 1, 0),
            ("#%7E", Kind::Pointer(NoLeadingSlash), 1, 0),
            ("#/%C3%A9/~2", Kind::Pointer(InvalidEscape), 9, 1),
            ("#/%41%7E", Kind::Pointer(InvalidEscape), 5, 0),
        ] {
            let error = PointerBuf::from_fragment(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.offset(), error.token()),
                (kind, offset, token),
                "{text}"
            );
        }
        assert_eq!(
            PointerBuf::from_fragment("#/%4").unwrap_err().to_string(),
            "`%` without two hexadecimal digits after it at byte 2, in reference token 0"
        );
        assert_eq!(
            PointerBuf::from_fragment("#/~").unwrap_err().to_string(),
            "`~` without `0` or `1` after it at byte 2, in reference token 0"
        );
    }

    #[test]
    fn codes_do_not_change() {
        for (text, code) in [
            ("", "no_leading_hash"),
            ("#%", "invalid_percent_encoding"),
            ("#^", "invalid_fragment_character"),
            ("#%FF", "fragment_not_utf8"),
            ("#a", "no_leading_slash"),
            ("#/~", "invalid_pointer_escape"),
        ] {
            assert_eq!(PointerBuf::from_fragment(text).unwrap_err().code(), code);
        }
    }

    #[test]
    fn percent_encoding_is_undone_before_the_tilde_escapes() {
        for (fragment, pointer) in [
            ("#", ""),
            ("#%2F", "/"),
            ("#/a%2Fb", "/a/b"),
            ("#/%7e1", "/~1"),
            ("#/%7E0%31", "/~01"),
            ("#/%2525", "/%25"),
            ("#/%00", "/\u{0}"),
            ("#/%f0%9F%98%80", "/😀"),
            (
                "#/azAZ09-._~0!$&'()*+,;=:@/?",
                "/azAZ09-._~0!$&'()*+,;=:@/?",
            ),
        ] {
            assert_eq!(
                PointerBuf::from_fragment(fragment).unwrap().as_str(),
                pointer
            );
        }
    }

    #[test]
    fn only_what_a_fragment_forbids_is_encoded() {
        for (pointer, fragment) in [
            ("", "#"),
            (
                "/azAZ09-._~0!$&'()*+,;=:@/?",
                "#/azAZ09-._~0!$&'()*+,;=:@/?",
            ),
            (
                "/ \"#%<>[\\]^`{|}",
                "#/%20%22%23%25%3C%3E%5B%5C%5D%5E%60%7B%7C%7D",
            ),
            ("/\u{0}\u{7f}", "#/%00%7F"),
            ("/é😀", "#/%C3%A9%F0%9F%98%80"),
        ] {
            assert_eq!(Pointer::parse(pointer).unwrap().to_fragment(), fragment);
        }
    }
}
