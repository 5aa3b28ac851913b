//! Reference tokens: one step of a pointer, and the two escapes.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

/// One reference token of a [`Pointer`](crate::Pointer), as it is written there: still escaped.
///
/// A token names a member of an object, or an element of an array when it has the form of an array
/// index (RFC 6901 section 4). Which of the two it is, only the document says.
///
/// Tokens compare by what they decode to. The escapes leave one way to write each name, so equal
/// names always have equal text.
///
/// ```
/// use jsonptr::Pointer;
///
/// let pointer = Pointer::parse("/a~1b/0")?;
/// let mut tokens = pointer.tokens();
/// let name = tokens.next().unwrap();
/// assert_eq!(name.encoded(), "a~1b");
/// assert_eq!(name.decoded(), "a/b");
/// assert!(name == *"a/b");
/// assert_eq!(tokens.next().unwrap().array_index(), Some(0));
/// # Ok::<(), jsonptr::PointerError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Token<'a>(&'a str);

impl<'a> Token<'a> {
    /// INVARIANT: `encoded` has no `/`, and every `~` in it is followed by `0` or `1`.
    pub(crate) const fn from_checked(encoded: &'a str) -> Self {
        Self(encoded)
    }

    /// The token as the pointer writes it, with `~0` and `~1`.
    pub const fn encoded(self) -> &'a str {
        self.0
    }

    /// The name that the token stands for: `~1` is `/`, `~0` is `~`, and `~01` is `~1`.
    ///
    /// Allocates only when there is an escape.
    pub fn decoded(self) -> Cow<'a, str> {
        let Some((plain, mut rest)) = self.0.split_once('~') else {
            return Cow::Borrowed(self.0);
        };
        let mut name = String::with_capacity(self.0.len());
        name.push_str(plain);
        // Each round starts just after a `~`, at its `0` or `1`. One pass from left to right is
        // what makes `~01` a `~1` (RFC 6901 section 4).
        loop {
            let mut chars = rest.chars();
            name.push(if chars.next() == Some('1') { '/' } else { '~' });
            let Some((plain, tail)) = chars.as_str().split_once('~') else {
                name.push_str(chars.as_str());
                return Cow::Owned(name);
            };
            name.push_str(plain);
            rest = tail;
        }
    }

    /// The array index that the token denotes, after the grammar of RFC 6901 section 4: `0`, or
    /// digits that do not start with `0`.
    ///
    /// `None` for everything else, which in an array resolves to nothing: `-` (the element after
    /// the last one, which does not exist), signs, leading zeros, exponents, digits of other
    /// scripts, and indices that do not fit a `usize`.
    pub fn array_index(self) -> Option<usize> {
        match self.0.as_bytes() {
            [b'0'] => Some(0),
            [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => self.0.parse().ok(),
            _ => None,
        }
    }

    fn decoded_bytes(self) -> impl Iterator<Item = u8> + 'a {
        let mut rest = self.0.as_bytes();
        core::iter::from_fn(move || {
            let (byte, tail) = match rest {
                [] => return None,
                [b'~', b'1', tail @ ..] => (b'/', tail),
                [b'~', _, tail @ ..] => (b'~', tail),
                [byte, tail @ ..] => (*byte, tail),
            };
            rest = tail;
            Some(byte)
        })
    }
}

/// Compares the decoded name, without allocating.
impl PartialEq<str> for Token<'_> {
    fn eq(&self, name: &str) -> bool {
        // Without `~` a token is its own name.
        if self.0.contains('~') {
            self.decoded_bytes().eq(name.bytes())
        } else {
            self.0 == name
        }
    }
}

/// Compares the decoded name, without allocating.
impl PartialEq<&str> for Token<'_> {
    fn eq(&self, name: &&str) -> bool {
        *self == **name
    }
}

/// By the decoded name, in the order of its UTF-8 bytes (which is that of its scalar values).
impl Ord for Token<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.decoded_bytes().cmp(other.decoded_bytes())
    }
}

impl PartialOrd for Token<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Writes the decoded name.
impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.decoded())
    }
}

/// Appends `name` to `out` as a reference token: `~` as `~0`, `/` as `~1`.
pub(crate) fn push_encoded(name: &str, out: &mut String) {
    out.reserve(name.len());
    for char in name.chars() {
        match char {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            _ => out.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str) -> String {
        let mut out = String::new();
        push_encoded(name, &mut out);
        out
    }

    #[test]
    fn escapes_are_decoded_from_left_to_right() {
        for (text, name) in [
            ("", ""),
            ("a", "a"),
            ("~0", "~"),
            ("~1", "/"),
            ("~01", "~1"),
            ("~10", "/0"),
            ("~00", "~0"),
            ("~0~1~0", "~/~"),
            ("a~1b~0c", "a/b~c"),
            ("é~1→", "é/→"),
        ] {
            let token = Token::from_checked(text);
            assert_eq!(token.decoded(), name);
            assert!(token == *name, "{text}");
            assert!(token.decoded_bytes().eq(name.bytes()));
            assert_eq!(encoded(name), text);
        }
    }

    #[test]
    fn only_an_escape_allocates() {
        assert!(matches!(
            Token::from_checked("plain").decoded(),
            Cow::Borrowed("plain")
        ));
        assert!(matches!(Token::from_checked("~0").decoded(), Cow::Owned(_)));
    }

    #[test]
    fn a_token_equals_its_name_and_not_its_escaped_text() {
        assert!(Token::from_checked("~01") == "~1");
        assert!(Token::from_checked("~01") != "~01");
        assert!(Token::from_checked("~1") != "/a");
        assert!(Token::from_checked("~1a") != "/");
    }

    /// RFC 6901 section 4: `array-index = %x30 / ( %x31-39 *(%x30-39) )`.
    #[test]
    fn an_array_index_has_digits_only_and_no_leading_zero() {
        for (text, index) in [
            ("0", Some(0)),
            ("9", Some(9)),
            ("10", Some(10)),
            ("18446744073709551615", usize::try_from(u64::MAX).ok()),
            ("18446744073709551616", None),
            ("99999999999999999999999999", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("-1", None),
            ("+1", None),
            ("00", None),
            ("01", None),
            ("1e0", None),
            ("1.0", None),
            ("0x1", None),
            (" 1", None),
            ("1 ", None),
            ("1a", None),
            ("١", None),
            ("1~0", None),
        ] {
            assert_eq!(Token::from_checked(text).array_index(), index, "{text}");
        }
    }

    #[test]
    fn tokens_are_ordered_by_their_names() {
        // As text `~1` comes after `a`; as a name, `/`, before it.
        assert!(Token::from_checked("~1") < Token::from_checked("a"));
        assert!(Token::from_checked("a") < Token::from_checked("a~1"));
        assert!(Token::from_checked("~0") > Token::from_checked("z"));
    }
}
