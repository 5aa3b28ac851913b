//! Patterns in configuration: a string, or an object that names the separator.

use core::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Pattern;

/// A plain pattern as a string, a segmented one as an object of `pattern` and `separator`.
impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(separator) = self.separator() else {
            return serializer.serialize_str(self.as_str());
        };
        let mut object = serializer.serialize_struct("Pattern", 2)?;
        object.serialize_field("pattern", self.as_str())?;
        object.serialize_field("separator", &separator)?;
        object.end()
    }
}

/// From what it is serialized to. A member that is neither `pattern` nor `separator` is an error.
impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternVisitor)
    }
}

struct PatternVisitor;

impl<'de> Visitor<'de> for PatternVisitor {
    type Value = Pattern;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern, or an object with `pattern` and `separator`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Pattern, E> {
        Pattern::parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Pattern, A::Error> {
        let parts = Segmented::deserialize(MapAccessDeserializer::new(map))?;
        Pattern::parse_segmented(&parts.pattern, parts.separator).map_err(A::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Segmented {
    pattern: alloc::string::String,
    separator: char,
}

#[cfg(all(test, feature = "serde_json"))]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_pattern_is_read_back_as_it_was_written() {
        for text in [
            r#""repo:acme/*""#,
            r#"{"pattern":"a/*/**","separator":"/"}"#,
        ] {
            let pattern: Pattern = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&pattern).unwrap(), text);
        }
    }

    #[test]
    fn a_bad_pattern_is_refused_when_it_is_loaded() {
        for (text, message) in [
            (
                r#""a\\d""#,
                r"`\` without `*`, `?` or `\` after it at byte 1",
            ),
            (
                r#"{"pattern":"a","separator":"*"}"#,
                "separator `*` has a meaning of its own",
            ),
            (r#"{"pattern":"a"}"#, "missing field `separator`"),
            (
                r#"{"pattern":"a","separator":"/","flags":1}"#,
                "unknown field `flags`",
            ),
            (
                r#"{"pattern":"a","separator":"/","separator":"."}"#,
                "duplicate field `separator`",
            ),
            (r#"{"pattern":"a","separator":"//"}"#, "invalid value"),
            ("7", "invalid type"),
        ] {
            let error = serde_json::from_str::<Pattern>(text)
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
