//! The owned pointer: built from names, joined, kept, read from configuration.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use crate::pointer::check;
use crate::token::push_encoded;
use crate::{Pointer, PointerError, Tokens};

/// An owned JSON Pointer (RFC 6901). As with [`Pointer`], no value of this type is invalid.
///
/// ```
/// use jsonptr::PointerBuf;
///
/// let mut pointer = PointerBuf::from_tokens(["https://sts.amazonaws.com/"]);
/// pointer.push_token("ec2~arn");
/// assert_eq!(pointer.as_str(), "/https:~1~1sts.amazonaws.com~1/ec2~0arn");
/// ```
///
/// With the feature `serde` it is read from and written as a string.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct PointerBuf(String);

impl PointerBuf {
    /// The pointer without tokens, which is the whole document.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads the text form, as [`Pointer::parse`] does.
    ///
    /// # Errors
    ///
    /// [`PointerError`] says what is wrong, at which byte and in which reference token.
    pub fn parse(text: impl Into<String>) -> Result<Self, PointerError> {
        let text = text.into();
        check(&text)?;
        Ok(Self(text))
    }

    /// The pointer made of these names. They are plain names, not escaped: `/` and `~` are
    /// escaped here.
    pub fn from_tokens<I>(names: I) -> Self
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut pointer = Self::root();
        for name in names {
            pointer.push_token(name.as_ref());
        }
        pointer
    }

    /// INVARIANT: `text` went through [`check`].
    pub(crate) const fn from_checked(text: String) -> Self {
        Self(text)
    }

    /// This pointer, borrowed.
    pub fn as_pointer(&self) -> Pointer<'_> {
        Pointer::from_checked(&self.0)
    }

    /// The text of the pointer.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of the pointer, without a copy.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether this is the empty pointer, which evaluates to the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The reference tokens, from the root down.
    pub fn tokens(&self) -> Tokens<'_> {
        self.as_pointer().tokens()
    }

    /// Goes one step down, to the member or element `name`. It is a plain name: `/` and `~` are
    /// escaped here.
    pub fn push_token(&mut self, name: &str) {
        self.0.push('/');
        push_encoded(name, &mut self.0);
    }

    /// Goes one step up. `false`, and nothing changes, at the root.
    pub fn pop_token(&mut self) -> bool {
        match self.0.rfind('/') {
            Some(slash) => {
                self.0.truncate(slash);
                true
            }
            None => false,
        }
    }

    /// The pointer that leads to where `below` leads from here.
    #[must_use]
    pub fn join(&self, below: Pointer<'_>) -> Self {
        let mut text = String::with_capacity(self.0.len().saturating_add(below.as_str().len()));
        text.push_str(&self.0);
        text.push_str(below.as_str());
        Self(text)
    }
}

/// In the order of [`Pointer`]: token by token.
impl Ord for PointerBuf {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_pointer().cmp(&other.as_pointer())
    }
}

impl PartialOrd for PointerBuf {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq<Pointer<'_>> for PointerBuf {
    fn eq(&self, other: &Pointer<'_>) -> bool {
        self.as_pointer() == *other
    }
}

impl PartialEq<PointerBuf> for Pointer<'_> {
    fn eq(&self, other: &PointerBuf) -> bool {
        *self == other.as_pointer()
    }
}

impl fmt::Display for PointerBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'a> From<&'a PointerBuf> for Pointer<'a> {
    fn from(pointer: &'a PointerBuf) -> Self {
        pointer.as_pointer()
    }
}

impl From<Pointer<'_>> for PointerBuf {
    fn from(pointer: Pointer<'_>) -> Self {
        Self(String::from(pointer.as_str()))
    }
}

impl From<PointerBuf> for String {
    fn from(pointer: PointerBuf) -> Self {
        pointer.0
    }
}

impl TryFrom<String> for PointerBuf {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        Self::parse(text)
    }
}

impl FromStr for PointerBuf {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        Pointer::parse(text).map(Self::from)
    }
}

#[cfg(feature = "serde")]
mod serde_impls {
    use alloc::string::String;
    use core::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::{Pointer, PointerBuf};

    /// As a string.
    impl Serialize for Pointer<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    /// As a string.
    impl Serialize for PointerBuf {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.as_str())
        }
    }

    /// From a string that the input holds as it is; one with escapes needs [`PointerBuf`].
    impl<'de: 'a, 'a> Deserialize<'de> for Pointer<'a> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = <&str>::deserialize(deserializer)?;
            Self::parse(text).map_err(D::Error::custom)
        }
    }

    /// From a string; the error says at which byte it is wrong.
    impl<'de> Deserialize<'de> for PointerBuf {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_string(PointerVisitor)
        }
    }

    struct PointerVisitor;

    impl Visitor<'_> for PointerVisitor {
        type Value = PointerBuf;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON Pointer")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<PointerBuf, E> {
            text.parse().map_err(E::custom)
        }

        fn visit_string<E: Error>(self, text: String) -> Result<PointerBuf, E> {
            PointerBuf::parse(text).map_err(E::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_are_escaped_when_they_are_put_in() {
        let pointer = PointerBuf::from_tokens(["a/b", "~", "~1", "", "é"]);
        assert_eq!(pointer.as_str(), "/a~1b/~0/~01//é");
        assert_eq!(PointerBuf::parse(pointer.as_str()), Ok(pointer));
        assert_eq!(PointerBuf::from_tokens::<[&str; 0]>([]), Pointer::ROOT);
    }

    #[test]
    fn a_pointer_goes_up_as_it_went_down() {
        let mut pointer = PointerBuf::root();
        pointer.push_token("a/b");
        pointer.push_token("");
        assert_eq!(pointer.to_string(), "/a~1b/");
        assert!(pointer.pop_token());
        assert_eq!(pointer.to_string(), "/a~1b");
        assert!(pointer.pop_token());
        assert!(!pointer.pop_token());
        assert!(pointer.is_root());
    }

    #[test]
    fn joining_appends_the_tokens() {
        let left = PointerBuf::parse("/a").unwrap();
        assert_eq!(
            left.join(Pointer::parse("/b/c").unwrap()).as_str(),
            "/a/b/c"
        );
        assert_eq!(left.join(Pointer::ROOT), left);
        assert_eq!(PointerBuf::root().join(left.as_pointer()), left);
    }

    #[cfg(all(feature = "serde", feature = "serde_json"))]
    #[test]
    fn a_pointer_is_a_string_in_configuration() {
        let pointer: PointerBuf = serde_json::from_str(r#""/a\u007e1b""#).unwrap();
        assert_eq!(pointer.as_str(), "/a~1b");
        assert_eq!(serde_json::to_string(&pointer).unwrap(), r#""/a~1b""#);
        let borrowed: Pointer<'_> = serde_json::from_str(r#""/a~1b""#).unwrap();
        assert_eq!(borrowed, pointer);
        assert_eq!(serde_json::to_string(&borrowed).unwrap(), r#""/a~1b""#);
    }

    #[cfg(all(feature = "serde", feature = "serde_json"))]
    #[test]
    fn a_bad_pointer_in_configuration_says_where_it_is_bad() {
        let error = serde_json::from_str::<PointerBuf>(r#""/a/~2""#)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`~` without `0` or `1` after it at byte 3"),
            "{error}"
        );
        assert!(serde_json::from_str::<Pointer<'_>>(r#""a""#).is_err());
        assert!(serde_json::from_str::<PointerBuf>("7").is_err());
    }
}
