//! Values that a provider writes in more than one form, or in an odd one.

use core::fmt;

use serde::Deserializer;
use serde::de::{self, SeqAccess, Visitor};

/// One string, or an array of strings.
pub(super) fn strings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Strings;

    impl<'de> Visitor<'de> for Strings {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an array of strings")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut strings = Vec::new();
            while let Some(text) = list.next_element()? {
                strings.push(text);
            }
            Ok(strings)
        }
    }

    deserializer.deserialize_any(Strings)
}

/// The strings `true` and `false`; a boolean passes too, and nothing else.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`true` or `false`, as a string or a boolean")
        }

        fn visit_bool<E: de::Error>(self, flag: bool) -> Result<bool, E> {
            Ok(flag)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
            match text {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(E::invalid_value(
                    de::Unexpected::Other("another string"),
                    &self,
                )),
            }
        }
    }

    deserializer.deserialize_any(Flag)
}

/// The same, where it may be absent.
pub(super) fn optional_flag<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    flag(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_strings(json: &str) -> Option<Vec<String>> {
        strings(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    fn read_flag(json: &str) -> Option<bool> {
        flag(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    #[test]
    fn one_string_counts_as_an_array_of_one() {
        assert_eq!(read_strings(r#""a""#), Some(vec!["a".to_owned()]));
        let two = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(read_strings(r#"["a","b"]"#), Some(two));
        assert_eq!(read_strings("[]"), Some(Vec::new()));
        for json in [
            "1",
            "null",
            "true",
            "{}",
            "[1]",
            r#"[["a"]]"#,
            r#"["a",null]"#,
        ] {
            assert_eq!(read_strings(json), None, "{json}");
        }
    }

    #[test]
    fn a_flag_is_read_in_both_forms_and_no_other() {
        assert_eq!(
            (read_flag("true"), read_flag("\"true\"")),
            (Some(true), Some(true))
        );
        assert_eq!(
            (read_flag("false"), read_flag("\"false\"")),
            (Some(false), Some(false))
        );
        for json in [
            "1",
            "0",
            "null",
            r#""""#,
            r#""True""#,
            r#""1""#,
            r#"" true""#,
            "[true]",
        ] {
            assert_eq!(read_flag(json), None, "{json}");
        }
    }
}
