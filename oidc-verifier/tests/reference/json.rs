//! Strict JSON on top of `serde_json`, one level of nesting at a time.
//!
//! `serde_json` answers for the grammar, for UTF-8 and for surrogates; here are the rules that it
//! does not have: no name twice in an object, and limits on nesting and on counts.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value, with the length of its text.
pub(crate) struct Json {
    pub(crate) kind: Kind,
    pub(crate) bytes: usize,
}

/// Numbers keep their text: none becomes a floating-point number.
pub(crate) enum Kind {
    Null,
    Bool,
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

const MAX_MEMBERS: usize = 1_024;
const MAX_ELEMENTS: usize = 4_096;

/// The document, if it is strict JSON with at most `depth` containers inside each other.
pub(crate) fn read(document: &[u8], depth: usize) -> Option<Json> {
    let text = std::str::from_utf8(document).ok()?;
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    value(whole, depth)
}

impl Json {
    /// The member of this name, if this is an object that has one.
    pub(crate) fn member(&self, name: &str) -> Option<&Json> {
        let Kind::Object(members) = &self.kind else {
            return None;
        };
        let mut named = members.iter().filter(|(own, _)| own == name);
        named.next().map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            Kind::Null | Kind::Bool | Kind::Number(_) | Kind::Array(_) | Kind::Object(_) => None,
        }
    }
}

fn value(raw: &RawValue, depth: usize) -> Option<Json> {
    let text = raw.get();
    let kind = match text.bytes().next()? {
        b'n' => Kind::Null,
        b't' | b'f' => Kind::Bool,
        b'"' => Kind::String(serde_json::from_str(text).ok()?),
        b'[' => {
            let inside = depth.checked_sub(1)?;
            let elements: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            if elements.len() > MAX_ELEMENTS {
                return None;
            }
            let read: Option<Vec<Json>> = elements.iter().map(|one| value(one, inside)).collect();
            Kind::Array(read?)
        }
        b'{' => {
            let inside = depth.checked_sub(1)?;
            let Members(members) = serde_json::from_str(text).ok()?;
            let names: BTreeSet<&String> = members.iter().map(|(name, _)| name).collect();
            if members.len() > MAX_MEMBERS || names.len() != members.len() {
                return None;
            }
            let read: Option<Vec<(String, Json)>> = members
                .iter()
                .map(|(name, one)| Some((name.clone(), value(one, inside)?)))
                .collect();
            Kind::Object(read?)
        }
        _ => Kind::Number(text.to_owned()),
    };
    Some(Json {
        kind,
        bytes: text.len(),
    })
}

/// Every member of an object, those of the same name too.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
