//! A value where it stands in a document.

use core::fmt;

use crate::number::Number;
use crate::text::{Form, Text};

/// The six kinds of JSON value (RFC 8259 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 8259 has these six and no more"
)]
pub enum Kind {
    /// `[…]`
    Array,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
    /// A number, of any size and precision.
    Number,
    /// `{…}`
    Object,
    /// `"…"`
    String,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Array => "array",
            Self::Bool => "boolean",
            Self::Null => "null",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        })
    }
}

/// A value in a document that a scan has checked: its kind and its exact bytes.
///
/// ```
/// use jsonptr::{Kind, Pointer, PointerSet};
///
/// let set = PointerSet::new([Pointer::parse("/aud")?])?;
/// let found = set.scan(br#"{"aud": ["a", "b"]}"#)?;
/// let aud = found.get(0).unwrap();
/// assert_eq!((aud.kind(), aud.json()), (Kind::Array, r#"["a", "b"]"#));
/// assert!(aud.elements().unwrap().any(|element| element.text().is_some_and(|text| text == "b")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    json: &'a str,
    offset: usize,
    kind: Kind,
    /// Of a string; of a container, what is known of all strings in it that have no escapes.
    form: Form,
}

impl<'a> Located<'a> {
    #[inline]
    pub(crate) fn new(
        document: &'a str,
        start: usize,
        end: usize,
        kind: Kind,
        form: Form,
    ) -> Option<Self> {
        Some(Self {
            json: document.get(start..end)?,
            offset: start,
            kind,
            form,
        })
    }

    /// What kind of value it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The value's bytes as they stand in the document, with quotation marks or brackets.
    pub const fn json(&self) -> &'a str {
        self.json
    }

    /// At which byte of the document the value begins.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The value, if it is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then_some(self.json == "true")
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// The characters, if it is a string.
    #[inline]
    pub fn text(&self) -> Option<Text<'a>> {
        if self.kind != Kind::String {
            return None;
        }
        let inside = self.json.get(1..)?.strip_suffix('"')?;
        Some(Text::new(inside, self.form))
    }

    /// The value, if it is a number.
    pub fn number(&self) -> Option<Number<'a>> {
        (self.kind == Kind::Number).then_some(Number::new(self.json))
    }

    /// The elements in their order, if it is an array.
    pub fn elements(&self) -> Option<Elements<'a>> {
        (self.kind == Kind::Array).then_some(Elements(Walk::inside(self)))
    }

    /// The members in their order, if it is an object.
    pub fn members(&self) -> Option<Members<'a>> {
        (self.kind == Kind::Object).then_some(Members(Walk::inside(self)))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a>(Walk<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Located<'a>;

    fn next(&mut self) -> Option<Located<'a>> {
        self.0.value()
    }
}

/// The members of an object: name and value.
#[derive(Clone, Debug)]
pub struct Members<'a>(Walk<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Located<'a>);

    fn next(&mut self) -> Option<(Text<'a>, Located<'a>)> {
        let name = self.0.value()?.text()?;
        Some((name, self.0.value()?))
    }
}

/// A walk over the values inside a container of a checked document: it may take every grammar rule
/// as kept, so commas, colons and white space are what lies between values.
#[derive(Clone, Debug)]
struct Walk<'a> {
    rest: &'a str,
    offset: usize,
    /// Of strings without escapes.
    form: Form,
}

impl<'a> Walk<'a> {
    fn inside(container: &Located<'a>) -> Self {
        let rest = container.json.get(1..).unwrap_or_default();
        Self {
            rest,
            offset: container.offset.saturating_add(1),
            form: container.form,
        }
    }

    fn value(&mut self) -> Option<Located<'a>> {
        let trimmed = self
            .rest
            .trim_start_matches([' ', '\n', '\r', '\t', ',', ':']);
        self.skip(self.rest.len().saturating_sub(trimmed.len()));
        let (kind, length, form) = match self.rest.as_bytes().first()? {
            b'"' => {
                let (length, escaped) = string_length(self.rest.as_bytes())?;
                let form = if escaped { Form::Escaped } else { self.form };
                (Kind::String, length, form)
            }
            b'{' => (
                Kind::Object,
                container_length(self.rest.as_bytes())?,
                self.form,
            ),
            b'[' => (
                Kind::Array,
                container_length(self.rest.as_bytes())?,
                self.form,
            ),
            b't' => (Kind::Bool, 4, self.form),
            b'f' => (Kind::Bool, 5, self.form),
            b'n' => (Kind::Null, 4, self.form),
            b'}' | b']' => return None,
            _ => {
                let ends = [' ', '\n', '\r', '\t', ',', '}', ']'];
                (
                    Kind::Number,
                    self.rest.find(ends).unwrap_or(self.rest.len()),
                    self.form,
                )
            }
        };
        let json = self.rest.get(..length)?;
        let located = Located {
            json,
            offset: self.offset,
            kind,
            form,
        };
        self.skip(length);
        Some(located)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.offset = self.offset.saturating_add(bytes);
    }
}

/// The length of the string that `bytes` begin with, quotation marks included, and whether it holds
/// escapes.
fn string_length(bytes: &[u8]) -> Option<(usize, bool)> {
    let mut at = 1;
    let mut escaped = false;
    loop {
        at = memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?.checked_add(at)?;
        if bytes.get(at) == Some(&b'"') {
            return Some((at.checked_add(1)?, escaped));
        }
        escaped = true;
        at = at.checked_add(2)?;
    }
}

/// The length of the container that `bytes` begin with, brackets included.
fn container_length(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0_usize;
    loop {
        let step = match bytes.get(at)? {
            b'"' => string_length(bytes.get(at..)?)?.0,
            b'{' | b'[' => {
                depth = depth.checked_add(1)?;
                1
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                1
            }
            _ => 1,
        };
        at = at.checked_add(step)?;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pointer, PointerSet};
    use alloc::vec::Vec;

    fn root(json: &str) -> Located<'_> {
        let set = PointerSet::new([Pointer::ROOT]).unwrap();
        set.scan(json.as_bytes()).unwrap().get(0).unwrap()
    }

    #[test]
    fn a_container_gives_its_values_with_their_bytes() {
        let json = r#" [ 1 , "a\"]b" ,{"x":[2,{}], "\u0079" : null},[ ], -1.5e3,true ,false] "#;
        let elements: Vec<_> = root(json).elements().unwrap().collect();
        let texts: Vec<_> = elements.iter().map(Located::json).collect();
        assert_eq!(
            texts,
            [
                "1",
                r#""a\"]b""#,
                r#"{"x":[2,{}], "\u0079" : null}"#,
                "[ ]",
                "-1.5e3",
                "true",
                "false"
            ]
        );
        for element in &elements {
            assert!(
                json.split_at(element.offset())
                    .1
                    .starts_with(element.json())
            );
        }
        let members: Vec<_> = elements[2].members().unwrap().collect();
        assert_eq!(members.len(), 2);
        assert_eq!(members[1].0, "y");
        assert!(members[1].1.is_null());
        assert!(elements[3].elements().unwrap().next().is_none());
    }

    #[test]
    fn a_value_answers_only_as_its_own_kind() {
        let value = root("true");
        assert_eq!(value.as_bool(), Some(true));
        assert!(value.text().is_none() && value.number().is_none());
        assert!(value.elements().is_none() && value.members().is_none() && !value.is_null());
        assert_eq!(root("\"\"").text().unwrap(), "");
    }
}
