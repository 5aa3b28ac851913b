//! Pointers over an already parsed `serde_json::Value`.

use serde_json::Value;

use crate::{Pointer, Token};

impl Pointer<'_> {
    /// The value that the pointer leads to in `value` (RFC 6901 section 4), or `None` where a
    /// member or an element is missing, or something other than an object or an array is entered.
    ///
    /// `-` leads nowhere: it names the element after the last, which does not exist.
    ///
    /// ```
    /// use jsonptr::Pointer;
    /// use serde_json::json;
    ///
    /// let claims = json!({ "https://sts.amazonaws.com/": { "tags": ["blue", "green"] } });
    /// let tag = Pointer::parse("/https:~1~1sts.amazonaws.com~1/tags/1")?;
    /// assert_eq!(tag.evaluate(&claims), Some(&json!("green")));
    /// # Ok::<(), jsonptr::PointerError>(())
    /// ```
    ///
    /// # Compared with `Value::pointer`
    ///
    /// The answer is that of [`Value::pointer`] for every text that is a pointer. The two differ
    /// only in texts that are not:
    ///
    /// | text | [`Value::pointer`] | here |
    /// |---|---|---|
    /// | `/~2`, `/~a`: `~` before another character | finds the member `~2`, `~a` | error of [`Pointer::parse`] |
    /// | `/a~`: `~` at the end of the text | finds the member `a~` | error |
    /// | `/a~/b`: `~` at the end of a token | finds the member `a~` | error |
    /// | `/~~1`, `/~~0`: `~` before an escape | finds the members `~/`, `~~` | error |
    /// | `a`, `#/a`: no `/` in front | `None`, like a missing value | error |
    ///
    /// Array indices are read alike: a sign, a leading zero, `-` and an index that does not fit a
    /// `usize` lead nowhere in both.
    pub fn evaluate(self, value: &Value) -> Option<&Value> {
        self.tokens().try_fold(value, step)
    }
}

fn step<'v>(value: &'v Value, token: Token<'_>) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(&*token.decoded()),
        Value::Array(elements) => elements.get(token.array_index()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The table of [`Pointer::evaluate`], row by row.
    #[test]
    fn the_listed_differences_from_value_pointer_are_real() {
        let document = json!({ "~2": 1, "~a": 2, "a~": { "b": 3 }, "~/": 4, "~~": 5, "a": 6 });
        for (text, theirs) in [
            ("/~2", Some(json!(1))),
            ("/~a", Some(json!(2))),
            ("/a~", Some(json!({ "b": 3 }))),
            ("/a~/b", Some(json!(3))),
            ("/~~1", Some(json!(4))),
            ("/~~0", Some(json!(5))),
            ("a", None),
            ("#/a", None),
        ] {
            assert_eq!(document.pointer(text), theirs.as_ref(), "{text}");
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
        // What such a pointer meant to say can be said.
        for (text, value) in [("/~02", 1), ("/a~0/b", 3), ("/~0~1", 4), ("/~0~0", 5)] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.evaluate(&document), Some(&json!(value)), "{text}");
        }
    }

    #[test]
    fn array_indices_are_read_as_value_pointer_reads_them() {
        let document = json!([10, 11]);
        let big = "/340282366920938463463374607431768211456";
        for (text, expected) in [
            ("/0", Some(json!(10))),
            ("/1", Some(json!(11))),
            ("/2", None),
            ("/-", None),
            ("/", None),
            ("/+0", None),
            ("/-0", None),
            ("/00", None),
            ("/01", None),
            ("/1e0", None),
            ("/0.0", None),
            ("/ 0", None),
            ("/0 ", None),
            ("/٠", None),
            (big, None),
        ] {
            assert_eq!(
                Pointer::parse(text).unwrap().evaluate(&document),
                expected.as_ref()
            );
            assert_eq!(document.pointer(text), expected.as_ref(), "{text}");
        }
    }

    /// RFC 6901 section 4: a token names a member by its text, whatever number it looks like.
    #[test]
    fn in_an_object_every_token_is_a_name() {
        let document = json!({ "0": 1, "-": 2, "01": 3, "": { "": 4 } });
        for (text, value) in [("/0", 1), ("/-", 2), ("/01", 3), ("//", 4)] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.evaluate(&document), Some(&json!(value)));
        }
    }

    #[test]
    fn nothing_is_below_a_scalar() {
        for document in [json!(null), json!(true), json!(1), json!("a")] {
            for text in ["/", "/0", "/-", "/a"] {
                assert_eq!(Pointer::parse(text).unwrap().evaluate(&document), None);
            }
            assert_eq!(Pointer::ROOT.evaluate(&document), Some(&document));
        }
    }
}
