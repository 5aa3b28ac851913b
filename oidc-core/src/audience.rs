//! The `aud` of RFC 7519 section 4.1.3, as a value to issue or to expect.

use core::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// One audience or many; never none, and never an empty name.
///
/// In JSON, one audience is a string and several are an array, both of which RFC 7519 section
/// 4.1.3 allows. The order is kept.
///
/// ```
/// use oidc_core::Audience;
///
/// let one = Audience::one("https://deploy.example")?;
/// assert!(one.contains("https://deploy.example"));
/// assert_eq!(serde_json::to_string(&one).unwrap(), r#""https://deploy.example""#);
///
/// let two = Audience::many(["a", "b"])?;
/// assert_eq!(serde_json::to_string(&two).unwrap(), r#"["a","b"]"#);
/// # Ok::<(), oidc_core::AudienceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience(Vec<String>);

impl Audience {
    /// A single audience.
    ///
    /// # Errors
    ///
    /// [`AudienceError::EmptyName`] for an empty string.
    pub fn one(name: impl Into<String>) -> Result<Audience, AudienceError> {
        Audience::many([name])
    }

    /// One audience or several, in this order.
    ///
    /// # Errors
    ///
    /// [`AudienceError`] when there is none, or one is an empty string.
    pub fn many<I>(names: I) -> Result<Audience, AudienceError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(AudienceError::NoName);
        }
        match names.iter().position(String::is_empty) {
            Some(index) => Err(AudienceError::EmptyName { index }),
            None => Ok(Audience(names)),
        }
    }

    /// The audiences in their order, at least one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.0.iter().map(String::as_str)
    }

    /// Whether `name` is among them, byte for byte.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|own| own == name)
    }
}

/// Why a list of names is no [`Audience`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AudienceError {
    /// A token for nobody would be a token for anybody.
    #[error("audience has no name")]
    NoName,
    /// The name at `index` is the empty string.
    #[error("audience name {index} is empty")]
    #[non_exhaustive]
    EmptyName {
        /// Position in the list, from zero.
        index: usize,
    },
}

impl AudienceError {
    /// A stable code: `no_audience` or `empty_audience`.
    pub const fn code(&self) -> &'static str {
        match self {
            AudienceError::NoName => "no_audience",
            AudienceError::EmptyName { .. } => "empty_audience",
        }
    }
}

/// One is a string, several are an array.
impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            many => serializer.collect_seq(many),
        }
    }
}

/// From a string or an array of strings.
impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Audience, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an audience or an array of audiences")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Audience, E> {
        Audience::one(name).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, name: String) -> Result<Audience, E> {
        Audience::one(name).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Audience, A::Error> {
        let mut all: Vec<String> = Vec::new();
        while let Some(name) = names.next_element()? {
            all.push(name);
        }
        Audience::many(all).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_a_string_and_several_are_an_array_both_ways() {
        for (names, json) in [(vec!["a"], r#""a""#), (vec!["b", "a"], r#"["b","a"]"#)] {
            let audience = Audience::many(names.clone()).unwrap();
            assert_eq!(serde_json::to_string(&audience).unwrap(), json);
            assert_eq!(serde_json::from_str::<Audience>(json).unwrap(), audience);
            assert_eq!(audience.iter().collect::<Vec<_>>(), names);
        }
    }

    #[test]
    fn an_array_of_one_is_read_as_one() {
        let audience: Audience = serde_json::from_str(r#"["a"]"#).unwrap();
        assert_eq!(audience, Audience::one("a").unwrap());
    }

    #[test]
    fn none_and_an_empty_name_are_refused() {
        assert_eq!(
            Audience::many(Vec::<String>::new()),
            Err(AudienceError::NoName)
        );
        assert_eq!(
            Audience::one(""),
            Err(AudienceError::EmptyName { index: 0 })
        );
        assert_eq!(
            Audience::many(["a", ""]),
            Err(AudienceError::EmptyName { index: 1 })
        );
        for json in [
            r#""""#,
            "[]",
            r#"["a",""]"#,
            "null",
            "1",
            "{}",
            r#"[["a"]]"#,
            r#"["a",1]"#,
        ] {
            assert!(serde_json::from_str::<Audience>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn contains_compares_bytes() {
        let audience = Audience::many(["https://a.example", "b"]).unwrap();
        assert!(audience.contains("b"));
        for name in ["", "B", "https://a.example/", "https://a.exampl", "a"] {
            assert!(!audience.contains(name), "{name}");
        }
    }

    #[test]
    fn errors_name_the_position() {
        let error = AudienceError::EmptyName { index: 3 };
        assert_eq!(error.to_string(), "audience name 3 is empty");
        assert_eq!(error.code(), "empty_audience");
        assert_eq!(AudienceError::NoName.to_string(), "audience has no name");
        assert_eq!(AudienceError::NoName.code(), "no_audience");
    }
}
