//! What an operator says about a rotation; every member may be left out.

use core::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::duration_text;
use super::member::{Member, Unit, Values};

/// What an operator knows or wants of a rotation. [`RotationPolicy::solve`] derives the rest.
///
/// In a document, a duration is text such as `"7d"`, `"24h"`, `"1h30m"` or `"90s"`, or a whole
/// number of seconds; a count is a whole number. Every other form, an unknown member and a member
/// that stands twice are refused.
///
/// ```
/// use std::time::Duration;
/// use oidc_issuer::RotationSettings;
///
/// let settings: RotationSettings =
///     serde_json::from_str(r#"{ "period": "30d", "token_lifetime": 900 }"#)?;
/// let same = RotationSettings::new()
///     .period(Duration::from_secs(30 * 24 * 60 * 60))
///     .token_lifetime(Duration::from_secs(900));
/// assert_eq!(settings, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [`RotationPolicy::solve`]: super::RotationPolicy::solve
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RotationSettings(Values<Option<u64>>);

impl RotationSettings {
    /// Nothing said: every value is the default.
    pub fn new() -> RotationSettings {
        RotationSettings::default()
    }

    /// The same with this value, in seconds or as a count.
    pub(super) fn with(mut self, member: Member, value: u64) -> RotationSettings {
        self.0.set(member, Some(value));
        self
    }

    pub(super) fn get(&self, member: Member) -> Option<u64> {
        self.0.get(member)
    }

    pub(super) fn values(&self) -> &Values<Option<u64>> {
        &self.0
    }

    /// The members that are said, in the order of the document.
    pub(super) fn given(&self) -> impl Iterator<Item = (Member, u64)> {
        let said = |member: &Member| Some((*member, self.get(*member)?));
        Member::ALL.iter().filter_map(said)
    }
}

/// Only the members that are said; durations as text.
impl Serialize for RotationSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (member, value) in self.given() {
            match member.unit() {
                Unit::Count => map.serialize_entry(member.name(), &value)?,
                Unit::Seconds => map.serialize_entry(member.name(), &member.show(value))?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RotationSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Document)
    }
}

struct Document;

impl<'de> Visitor<'de> for Document {
    type Value = RotationSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rotation document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RotationSettings, A::Error> {
        let mut settings = RotationSettings::new();
        while let Some(Name(member)) = map.next_key()? {
            if settings.get(member).is_some() {
                return Err(de::Error::duplicate_field(member.name()));
            }
            settings = settings.with(member, map.next_value_seed(Value(member))?);
        }
        Ok(settings)
    }
}

struct Name(Member);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member of the rotation document")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
        match Member::from_name(name) {
            Some(member) => Ok(Name(member)),
            None => Err(E::custom(format_args!(
                "unknown member `{}` of the rotation document",
                name.escape_default()
            ))),
        }
    }
}

/// Reads the value of a member.
struct Value(Member);

impl<'de> DeserializeSeed<'de> for Value {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Value {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name();
        match self.0.unit() {
            Unit::Count => write!(f, "a whole number for `{name}`"),
            Unit::Seconds => write!(f, "whole seconds or text such as \"24h\" for `{name}`"),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        let refused = || E::invalid_value(de::Unexpected::Signed(value), &self);
        u64::try_from(value).map_err(|_| refused())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        let seconds = match self.0.unit() {
            Unit::Count => None,
            Unit::Seconds => duration_text::parse(text),
        };
        seconds.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
