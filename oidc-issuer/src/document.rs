//! A document of configuration, in whatever format it was written, and where in it one is.
//!
//! Names that stand twice are still there, so that they can be refused with their place.

use core::fmt;

use jsonptr::PointerBuf;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of the document. There are no fractions: a claim that needs one is a string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Integer(i128),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Containers inside each other; tokens are read no deeper either.
pub(crate) const MAX_DEPTH: usize = oidc_core::ClaimsScanner::MAX_DEPTH;

/// How `serde_json` hands over a number when some crate has turned on its feature
/// `arbitrary_precision`.
const EXACT_NUMBER: &str = "$serde_json::private::Number";

impl Tree {
    /// The kind in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader { depth: 0 }.deserialize(deserializer)
    }
}

/// Reads a value with so many containers around it.
#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
}

impl Reader {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(E::custom("document is nested too deep"));
        }
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a configuration")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Integer(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Integer(value.into()))
    }

    fn visit_f64<E: de::Error>(self, _value: f64) -> Result<Tree, E> {
        Err(E::custom(
            "a number is whole here; write a fraction as a string",
        ))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let inside = self.inside()?;
        let mut trees = Vec::new();
        while let Some(tree) = list.next_element_seed(inside)? {
            trees.push(tree);
        }
        Ok(Tree::List(trees))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let inside = self.inside()?;
        let mut members: Vec<(String, Tree)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let tree = map.next_value_seed(inside)?;
            members.push((name, tree));
        }
        if let [(name, Tree::Text(number))] = members.as_slice()
            && name == EXACT_NUMBER
        {
            let whole = number.parse::<i128>().map_err(|_| {
                de::Error::custom("a number is whole here; write a fraction as a string")
            })?;
            return Ok(Tree::Integer(whole));
        }
        Ok(Tree::Map(members))
    }
}

/// Where in a document a loader is, kept on the stack while it walks down.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(crate) const fn member(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    pub(crate) const fn index(&'a self, index: usize) -> Place<'a> {
        Place::Index(self, index)
    }

    pub(crate) fn to_pointer(self) -> PointerBuf {
        match self {
            Place::Root => PointerBuf::root(),
            Place::Member(parent, name) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(name);
                pointer
            }
            Place::Index(parent, index) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(&index.to_string());
                pointer
            }
        }
    }

    /// An error at this place.
    pub(crate) fn error(self, fault: DocumentFault) -> Misplaced {
        let at = self.to_pointer();
        Misplaced { at, fault }
    }

    fn kind(self, expected: &'static str, found: &Tree) -> Misplaced {
        let found = found.kind();
        self.error(DocumentFault::Kind { expected, found })
    }
}

/// A fault of the document's shape and its place; each kind of document has an error of its own.
#[derive(Debug)]
pub(crate) struct Misplaced {
    pub(crate) at: PointerBuf,
    pub(crate) fault: DocumentFault,
}

/// What is wrong with the shape of a document, whatever it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentFault {
    /// A name stands twice in one object.
    #[error("the name stands there twice")]
    DuplicateName,
    /// There is no such member.
    #[error("there is no such member")]
    UnknownMember,
    /// A member is missing.
    #[error("`{member}` is missing")]
    #[non_exhaustive]
    MissingMember {
        /// Its name.
        member: &'static str,
    },
    /// The value is of another kind.
    #[error("{found} where {expected} belongs")]
    #[non_exhaustive]
    Kind {
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
}

impl DocumentFault {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicateName => "duplicate_member",
            Self::UnknownMember => "unknown_member",
            Self::MissingMember { .. } => "missing_member",
            Self::Kind { .. } => "wrong_kind",
        }
    }
}

impl Tree {
    /// The members of these names; there are no others, and none stands twice.
    pub(crate) fn members<'t, const N: usize>(
        &'t self,
        at: &Place<'_>,
        names: [&str; N],
    ) -> Result<[Option<&'t Tree>; N], Misplaced> {
        let all = self.object(at)?;
        if let Some((name, _)) = all.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(at.member(name).error(DocumentFault::UnknownMember));
        }
        Ok(names.map(|wanted| {
            let mut found = all.iter().filter(|(name, _)| name == wanted);
            found.next().map(|(_, tree)| tree)
        }))
    }

    /// The members, each name once.
    pub(crate) fn object(&self, at: &Place<'_>) -> Result<&[(String, Tree)], Misplaced> {
        let Self::Map(members) = self else {
            return Err(at.kind("an object", self));
        };
        let mut seen = std::collections::HashSet::new();
        match members.iter().find(|(name, _)| !seen.insert(name)) {
            Some((name, _)) => Err(at.member(name).error(DocumentFault::DuplicateName)),
            None => Ok(members),
        }
    }

    pub(crate) fn list(&self, at: &Place<'_>) -> Result<&[Tree], Misplaced> {
        let Self::List(list) = self else {
            return Err(at.kind("a list", self));
        };
        Ok(list)
    }

    pub(crate) fn text(&self, at: &Place<'_>) -> Result<&str, Misplaced> {
        let Self::Text(text) = self else {
            return Err(at.kind("a string", self));
        };
        Ok(text)
    }

    /// A whole number that is not negative.
    pub(crate) fn unsigned(&self, at: &Place<'_>) -> Result<u64, Misplaced> {
        let number = match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        };
        number.ok_or_else(|| at.kind("a whole number from 0", self))
    }

    /// Appends the value as JSON.
    pub(crate) fn write_json(&self, at: &Place<'_>, out: &mut String) -> Result<(), Misplaced> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Text(text) => push_json_string(text, out),
            Self::List(trees) => {
                out.push('[');
                for (index, tree) in trees.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    tree.write_json(&at.index(index), out)?;
                }
                out.push(']');
            }
            Self::Map(_) => {
                out.push('{');
                for (index, (name, tree)) in self.object(at)?.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_json_string(name, out);
                    out.push(':');
                    tree.write_json(&at.member(name), out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn push_json_string(text: &str, out: &mut String) {
    let as_it_is = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(as_it_is) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        // A string has a JSON form.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::push_json_string;

    /// RFC 8259 section 7: quotation mark, reverse solidus and what is below a space are escaped.
    #[test]
    fn a_string_is_written_as_serde_json_writes_it() {
        for text in [
            "", "a", " ", "\u{1f}", "a\"", "\\a", "\n", "\u{7f}", "\u{80}", "é/",
        ] {
            let mut out = "x".to_owned();
            push_json_string(text, &mut out);
            let expected = serde_json::to_string(text).unwrap();
            assert_eq!(out, format!("x{expected}"));
        }
    }
}
