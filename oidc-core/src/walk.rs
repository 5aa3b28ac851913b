//! A walk over JSON that the scanner has accepted: what lies between values may be skipped
//! unread, and every value ends where its first byte says.
//!
//! A set of a hundred keys is walked once, member by member, which is several times cheaper than
//! finding each key's end first and its members after.

use memchr::memchr2;

/// A place in a checked document.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    json: &'a str,
    at: usize,
}

/// The exact text of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raw<'a> {
    pub(crate) json: &'a str,
    /// Whether it is a string with escapes.
    pub(crate) escaped: bool,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(json: &'a str) -> Walk<'a> {
        Walk { json, at: 0 }
    }

    /// The position in bytes.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Steps over `bracket` when it comes next, into a container or out of it.
    pub(crate) fn step_over(&mut self, bracket: u8) -> bool {
        let found = self.peek() == Some(bracket);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    /// The next value of this container, or the name of a member; `None` at its end.
    pub(crate) fn value(&mut self) -> Option<Raw<'a>> {
        let first = self.peek()?;
        let rest = self.json.as_bytes().get(self.at..)?;
        let (len, escaped) = match first {
            b'"' => string_len(rest)?,
            b'{' | b'[' => (container_len(rest)?, false),
            b'}' | b']' => return None,
            _ => {
                let ends = |byte: &u8| is_between(*byte) || matches!(byte, b'}' | b']');
                (rest.iter().position(ends).unwrap_or(rest.len()), false)
            }
        };
        let end = self.at.checked_add(len)?;
        let json = self.json.get(self.at..end)?;
        self.at = end;
        Some(Raw { json, escaped })
    }

    /// The first byte of what comes next.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.json.as_bytes().get(self.at)?;
            if !is_between(byte) {
                return Some(byte);
            }
            self.at = self.at.checked_add(1)?;
        }
    }
}

/// White space, and the signs between values.
const fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',' | b':')
}

/// The length of the string at the front, quotation marks included, and whether it has escapes.
fn string_len(json: &[u8]) -> Option<(usize, bool)> {
    let stops = |byte: &u8| matches!(byte, b'"' | b'\\');
    // Most strings are a name of a few letters: faster looked at than searched.
    let near = json
        .get(1..SHORT)
        .and_then(|near| near.iter().position(stops));
    let mut at: usize = match near {
        Some(near) => near.checked_add(1)?,
        None => find_stop(json, 1)?,
    };
    let mut escaped = false;
    while json.get(at) != Some(&b'"') {
        escaped = true;
        at = find_stop(json, at.checked_add(2)?)?;
    }
    Some((at.checked_add(1)?, escaped))
}

fn find_stop(json: &[u8], from: usize) -> Option<usize> {
    memchr2(b'"', b'\\', json.get(from..)?)?.checked_add(from)
}

const SHORT: usize = 9;

/// The length of the array or object at the front, brackets included.
fn container_len(json: &[u8]) -> Option<usize> {
    let mut depth: usize = 0;
    let mut at: usize = 0;
    loop {
        let mut len = 1;
        match json.get(at)? {
            b'"' => len = string_len(json.get(at..)?)?.0,
            b'{' | b'[' => depth = depth.checked_add(1)?,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at = at.checked_add(len)?;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(walk: &mut Walk<'a>) -> Vec<&'a str> {
        std::iter::from_fn(|| walk.value())
            .map(|value| value.json)
            .collect()
    }

    #[test]
    fn every_value_is_given_with_its_exact_text() {
        let json = r#" [ "a\"]\\" ,{"b" : [ {"c":"}"} ], "d\\":-1.5e3}, [] ,true, null,0 ] "#;
        let mut walk = Walk::new(json);
        assert!(!walk.step_over(b'{') && walk.step_over(b'['));
        assert_eq!(
            walk.value(),
            Some(Raw {
                json: r#""a\"]\\""#,
                escaped: true
            })
        );
        let mut object = walk;
        let rest = [
            r#"{"b" : [ {"c":"}"} ], "d\\":-1.5e3}"#,
            "[]",
            "true",
            "null",
            "0",
        ];
        assert_eq!(values(&mut walk), rest);
        assert!(walk.step_over(b']'));
        assert_eq!((walk.value(), walk.at()), (None, json.len()));

        assert!(object.step_over(b'{'));
        let members = [r#""b""#, r#"[ {"c":"}"} ]"#, r#""d\\""#, "-1.5e3"];
        assert_eq!(values(&mut object), members);
        assert!(object.step_over(b'}'));
        assert_eq!(values(&mut object), ["[]", "true", "null", "0"]);
    }

    #[test]
    fn a_string_of_any_length_ends_at_its_quotation_mark() {
        for len in 0..40 {
            let plain = format!("\"{}\"", "a".repeat(len));
            let value = Walk::new(&format!("{plain}, \"b\""))
                .value()
                .map(|v| v.json.len());
            assert_eq!(value, Some(len + 2));
            for at in 0..len {
                let (before, after) = ("a".repeat(at), "a".repeat(len - at - 1));
                let escaped = format!("\"{before}\\\"{after}\"");
                let document = format!("{escaped}:1");
                let value = Walk::new(&document).value();
                assert_eq!(
                    value,
                    Some(Raw {
                        json: &escaped,
                        escaped: true
                    })
                );
            }
        }
    }

    #[test]
    fn a_text_that_breaks_off_ends_the_walk() {
        for json in [
            "",
            " ",
            "\"a",
            "\"a\\",
            "\"abcdefghijk",
            "[1",
            "{\"a\":[",
            "]",
        ] {
            assert_eq!(Walk::new(json).value(), None, "{json}");
        }
    }
}
