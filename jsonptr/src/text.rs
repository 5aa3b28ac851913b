//! The inside of a JSON string, unescaped on demand.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::scan::hex4;

/// The characters of a JSON string in a checked document.
///
/// Comparing, iterating and measuring look through escapes without allocating;
/// [`to_cow`](Self::to_cow) allocates only if there are any.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    raw: &'a str,
    form: Form,
}

/// What is known of how a string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It holds escapes.
    Escaped,
    /// It holds none.
    Plain,
    /// It holds none, and ASCII from the space to the tilde only.
    Printable,
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) const fn new(raw: &'a str, form: Form) -> Self {
        Self { raw, form }
    }

    /// The text, if it is written without escapes, as nearly all is.
    #[inline]
    pub const fn as_plain(self) -> Option<&'a str> {
        match self.form {
            Form::Escaped => None,
            Form::Plain | Form::Printable => Some(self.raw),
        }
    }

    /// Whether a character is a control character, as [`char::is_control`] says (U+0000 to U+001F
    /// and U+007F to U+009F).
    #[inline]
    pub fn has_control(self) -> bool {
        match self.form {
            Form::Printable => false,
            // Without escapes there is none below U+007F (RFC 8259 section 7).
            Form::Plain => {
                let highest = self.raw.bytes().fold(0, u8::max);
                highest >= 0x7f && self.raw.chars().any(char::is_control)
            }
            Form::Escaped => self.chars().any(char::is_control),
        }
    }

    /// The text, unescaped.
    pub fn to_cow(self) -> Cow<'a, str> {
        match self.as_plain() {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(self.chars().collect()),
        }
    }

    /// The characters, unescaped.
    pub fn chars(self) -> TextChars<'a> {
        TextChars { rest: self.raw }
    }

    /// Whether there is no character at all.
    pub const fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// How many bytes the text has as UTF-8, unescaped.
    #[inline]
    pub fn len_utf8(self) -> usize {
        match self.as_plain() {
            Some(plain) => plain.len(),
            None => self.chars().map(char::len_utf8).sum(),
        }
    }

    /// Whether the text begins with `prefix`.
    pub fn starts_with(self, prefix: &str) -> bool {
        if let Some(plain) = self.as_plain() {
            return plain.starts_with(prefix);
        }
        let mut own = self.chars();
        prefix.chars().all(|wanted| own.next() == Some(wanted))
    }

    /// Whether the text ends with `suffix`.
    pub fn ends_with(self, suffix: &str) -> bool {
        match self.as_plain() {
            Some(plain) => plain.ends_with(suffix),
            None => self.to_cow().ends_with(suffix),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_cow(), f)
    }
}

impl PartialEq<str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        match self.as_plain() {
            Some(plain) => plain == other,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match other.as_plain() {
            Some(plain) => *self == *plain,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl Eq for Text<'_> {}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.to_cow().into_owned()
    }
}

/// The characters of a [`Text`], unescaped.
#[derive(Clone, Debug)]
pub struct TextChars<'a> {
    rest: &'a str,
}

impl Iterator for TextChars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let mut next = rest.next()?;
        if next == '\\' {
            next = match rest.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (unit, after) = code_unit(rest.as_str())?;
                    rest = after.chars();
                    if let Some(character) = char::from_u32(unit) {
                        character
                    } else {
                        let (low, after) = code_unit(after.strip_prefix("\\u")?)?;
                        rest = after.chars();
                        surrogates(unit, low)?
                    }
                }
                literal => literal,
            };
        }
        self.rest = rest.as_str();
        Some(next)
    }
}

/// Four hexadecimal digits, and what follows them.
fn code_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((hex4(*digits.as_bytes().first_chunk()?)?, rest))
}

/// The character that a surrogate pair stands for (RFC 2781 section 2.2).
fn surrogates(high: u32, low: u32) -> Option<char> {
    let offset = ((high & 0x3ff) << 10) | (low & 0x3ff);
    char::from_u32(offset.checked_add(0x1_0000)?)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_escape_is_undone() {
        let text = Text::new(
            r#"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00z"#,
            Form::Escaped,
        );
        assert_eq!(text.to_cow(), "\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1f600}z");
        assert_eq!(text, *"\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1f600}z");
        assert_eq!(text.len_utf8(), text.to_cow().len());
        assert!(text.starts_with("\"\\") && text.ends_with("\u{1f600}z"));
    }

    #[test]
    fn the_first_and_the_last_surrogate_pair_are_read() {
        assert_eq!(Text::new(r"\ud800\udc00", Form::Escaped), *"\u{10000}");
        assert_eq!(Text::new(r"\udbff\udfff", Form::Escaped), *"\u{10ffff}");
        assert_eq!(Text::new(r"\ud840\udc00", Form::Escaped), *"\u{20000}");
    }

    #[test]
    fn control_characters_are_those_of_unicode_however_they_are_written() {
        for code in (0..=0x100).chain([0x2028, 0xad, 0x10_ffff]) {
            let character = char::from_u32(code).unwrap();
            let expected = code < 0x20 || (0x7f..=0x9f).contains(&code);
            let escaped = escape(character);
            assert_eq!(Text::new(&escaped, Form::Escaped).has_control(), expected);
            let plain = alloc::format!("a longer text, at its end {character}");
            if code >= 0x20 {
                assert_eq!(Text::new(&plain, Form::Plain).has_control(), expected);
            }
        }
        assert!(!Text::new("~ ", Form::Printable).has_control());
    }

    fn escape(character: char) -> String {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units).iter();
        let escapes: Vec<String> = units.map(|unit| alloc::format!("\\u{unit:04x}")).collect();
        escapes.concat()
    }

    #[test]
    fn plain_text_is_lent() {
        assert!(matches!(
            Text::new("repo", Form::Plain).to_cow(),
            Cow::Borrowed("repo")
        ));
    }
}
