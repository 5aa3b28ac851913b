//! A document before it is understood: every member in its place, every number exact.

use std::fmt::{self, Write};

use jsonptr::{Decimal, Located, Pointer, PointerSet, ScanBuffer, ScanErrorKind, ScanLimits};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::{PolicyError, PolicyFault};
use super::fields;
use super::path::Path;

/// A policy document of any format, read and not yet compiled.
///
/// It holds what the format crate said: duplicate names are still there to be refused, and a number
/// that the format could only round is marked. [`Policy::compile`](super::Policy::compile) and its
/// like make a policy of it, with errors that name the place.
///
/// ```
/// use oidc_verifier::policy::{Policy, PolicyDocument};
///
/// let document: PolicyDocument = serde_json::from_str(r#"{"rules": []}"#)?;
/// let error = Policy::compile(&document).unwrap_err();
/// assert_eq!((error.code(), error.at().as_str()), ("empty", "/rules"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    pub(super) root: Node,
}

/// One value of a document.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Decimal),
    /// A number that the format crate gave as a float which may not be what was written.
    RoundedNumber,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Containers inside each other: conditions need 20, the claims of an example up to 32 more.
const MAX_DEPTH: usize = 64;

/// Bytes of a line in a document that is laid out to be read.
const LINE_BYTES: usize = 100;

/// Whole numbers from here on share their float with another.
const FIRST_ROUNDED: f64 = 9_007_199_254_740_992.0;

/// How `serde_json` hands over a number when its feature `arbitrary_precision` is on, which any
/// crate of the build may have asked for.
const EXACT_NUMBER: &str = "$serde_json::private::Number";

impl PolicyDocument {
    /// Bytes of one document in JSON: a kilobyte for each of the rules that a policy may have.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Reads JSON strictly, with exact numbers.
    ///
    /// # Errors
    ///
    /// The bytes are not strict JSON: duplicate names and invalid UTF-8 are refused here already. Or
    /// they are more than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        let fault = |fault| PolicyError::new(&Path::Root, fault);
        let root = PointerSet::new([Pointer::ROOT]).map_err(|_| fault(PolicyFault::Unreadable))?;
        let limits = ScanLimits::new()
            .max_bytes(Self::MAX_BYTES)
            .max_depth(MAX_DEPTH);
        let mut buffer = ScanBuffer::new();
        let document = root
            .scan_into(json, &limits, &mut buffer)
            .map_err(|error| {
                // Only what was within the limits is read a second time.
                let is_duplicate = error.kind() == ScanErrorKind::DuplicateMember;
                let named = is_duplicate.then(|| named_duplicate(json)).flatten();
                named.unwrap_or(fault(PolicyFault::Json(error)))
            })?;
        let root = buffer
            .get(document, 0)
            .and_then(Node::from_located)
            .ok_or_else(|| fault(PolicyFault::Unreadable))?;
        Ok(Self { root })
    }
}

impl fmt::Display for PolicyDocument {
    /// As JSON, laid out to be read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.to_json_lines().trim_end())
    }
}

/// The name that stands twice in `json`, with its place, if that is what is wrong.
fn named_duplicate(json: &[u8]) -> Option<PolicyError> {
    let document: PolicyDocument = serde_json::from_slice(json).ok()?;
    duplicate_in(&document.root, &Path::Root)
}

fn duplicate_in(node: &Node, path: &Path<'_>) -> Option<PolicyError> {
    if let Node::List(nodes) = node {
        let mut nodes = nodes.iter().enumerate();
        return nodes.find_map(|(index, node)| duplicate_in(node, &path.index(index)));
    }
    let Node::Map(members) = node else {
        return None;
    };
    fields::map(node, path).err().or_else(|| {
        let mut members = members.iter();
        members.find_map(|(name, node)| duplicate_in(node, &path.member(name)))
    })
}

impl Node {
    /// What the value is called in an error.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) | Self::RoundedNumber => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// `None` if a name or value is not readable, which a strict scan has ruled out.
    fn from_located(value: Located<'_>) -> Option<Self> {
        if let Some(text) = value.text() {
            return Some(Self::Text(text.to_cow().into_owned()));
        }
        if let Some(number) = value.number() {
            return Decimal::parse(number.as_str()).map(Self::Number);
        }
        if let Some(bool) = value.as_bool() {
            return Some(Self::Bool(bool));
        }
        if let Some(elements) = value.elements() {
            return elements
                .map(Self::from_located)
                .collect::<Option<_>>()
                .map(Self::List);
        }
        if let Some(members) = value.members() {
            return members
                .map(|(name, value)| Some((name.into(), Self::from_located(value)?)))
                .collect::<Option<_>>()
                .map(Self::Map);
        }
        Some(Self::Null)
    }

    /// Appends the value as JSON.
    pub(super) fn write_json(&self, out: &mut String) {
        self.write_spaced("", out);
    }

    /// With a space after commas and colons, or none.
    fn write_spaced(&self, space: &str, out: &mut String) {
        match self {
            Self::Null | Self::RoundedNumber => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number.as_number().as_str()),
            Self::Text(text) => write_text(text, out),
            Self::List(nodes) => {
                out.push('[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                        out.push_str(space);
                    }
                    node.write_spaced(space, out);
                }
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (index, (name, node)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                        out.push_str(space);
                    }
                    write_text(name, out);
                    out.push(':');
                    out.push_str(space);
                    node.write_spaced(space, out);
                }
                out.push('}');
            }
        }
    }

    /// The value as JSON, laid out to be read: what fits a line is on one.
    pub(super) fn to_json_lines(&self) -> String {
        let mut json = String::new();
        self.write_lines(0, &mut json);
        json.push('\n');
        json
    }

    fn write_lines(&self, indent: usize, out: &mut String) {
        let mut line = String::new();
        self.write_spaced(" ", &mut line);
        let inside = indent.saturating_add(2);
        let begin = |index: usize, out: &mut String| {
            out.push_str(if index > 0 { ",\n" } else { "\n" });
            out.extend(std::iter::repeat_n(' ', inside));
        };
        let end = |bracket: char, out: &mut String| {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            out.push(bracket);
        };
        match self {
            _ if line.len().saturating_add(indent) <= LINE_BYTES && indent > 2 => {
                out.push_str(&line);
            }
            Self::List(nodes) if !nodes.is_empty() => {
                out.push('[');
                for (index, node) in nodes.iter().enumerate() {
                    begin(index, out);
                    node.write_lines(inside, out);
                }
                end(']', out);
            }
            Self::Map(members) if !members.is_empty() => {
                out.push('{');
                for (index, (name, node)) in members.iter().enumerate() {
                    begin(index, out);
                    write_text(name, out);
                    out.push_str(": ");
                    node.write_lines(inside, out);
                }
                end('}', out);
            }
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::RoundedNumber
            | Self::Text(_)
            | Self::List(_)
            | Self::Map(_) => out.push_str(&line),
        }
    }

    pub(super) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    /// A whole number below 2^53, or a fraction: there the float's shortest form is what any
    /// document says that has up to 15 digits.
    fn from_float(value: f64) -> Self {
        if value.abs() >= FIRST_ROUNDED {
            return Self::RoundedNumber;
        }
        Decimal::parse(&value.to_string()).map_or(Self::RoundedNumber, Self::Number)
    }

    fn from_integer(value: impl fmt::Display) -> Self {
        Decimal::parse(&value.to_string()).map_or(Self::RoundedNumber, Self::Number)
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => {
                out.push('\\');
                out.push(char);
            }
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let root = Reader { depth: 0 }.deserialize(deserializer)?;
        Ok(Self { root })
    }
}

/// Reads a value with this many containers around it.
#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
}

impl Reader {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(E::custom("policy is nested too deep"));
        }
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a policy document")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::from_integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::from_integer(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Node, E> {
        Ok(Node::from_integer(value))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Node, E> {
        Ok(Node::from_integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::from_float(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let inside = self.inside()?;
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(inside)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let inside = self.inside()?;
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let node = map.next_value_seed(inside)?;
            members.push((name, node));
        }
        if let [(name, Node::Text(number))] = members.as_slice()
            && name == EXACT_NUMBER
            && let Some(number) = Decimal::parse(number)
        {
            return Ok(Node::Number(number));
        }
        Ok(Node::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error, F64Deserializer, MapDeserializer, U64Deserializer};

    fn json(document: &str) -> String {
        PolicyDocument::from_json(document.as_bytes())
            .unwrap()
            .root
            .to_json()
    }

    #[test]
    fn json_comes_back_as_it_was() {
        for document in [
            r#"{"a":[1,9007199254740993,1e400,-0.5],"b":{"c":null,"d":true},"e":"\"\\\u0001é"}"#,
            "[]",
            "{}",
        ] {
            assert_eq!(json(document), document);
        }
    }

    #[test]
    fn a_format_may_say_the_same_name_twice_and_it_is_still_there() {
        let document: PolicyDocument = serde_json::from_str(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(document.root.to_json(), r#"{"a":1,"a":2}"#);
    }

    #[test]
    fn a_name_that_stands_twice_is_named() {
        for (json, at) in [
            (r#"{"a":1,"a":2}"#, "/a"),
            (
                r#"{"rules":[{},{"id":{"x/y":1,"x\u002fy":2}}]}"#,
                "/rules/1/id/x~1y",
            ),
        ] {
            let error = PolicyDocument::from_json(json.as_bytes()).unwrap_err();
            assert_eq!(
                (error.code(), error.at().as_str()),
                ("duplicate_member", at)
            );
        }
        let error = PolicyDocument::from_json(br#"{"a":1,}"#).unwrap_err();
        assert_eq!(error.at().as_str(), "");
        assert!(matches!(error.fault(), PolicyFault::Json(_)));
    }

    #[test]
    fn a_number_that_a_format_rounds_is_marked() {
        let read = |value: f64| {
            let deserializer: F64Deserializer<Error> = F64Deserializer::new(value);
            PolicyDocument::deserialize(deserializer).unwrap().root
        };
        assert_eq!(read(1.5).to_json(), "1.5");
        assert_eq!(read(3.0).to_json(), "3");
        assert_eq!(read(9_007_199_254_740_991.0).to_json(), "9007199254740991");
        for value in [9_007_199_254_740_992.0, 1e30, f64::NAN, f64::INFINITY] {
            assert!(matches!(read(value), Node::RoundedNumber), "{value}");
        }
        let whole: U64Deserializer<Error> = U64Deserializer::new(u64::MAX);
        let whole = PolicyDocument::deserialize(whole).unwrap().root;
        assert_eq!(whole.to_json(), u64::MAX.to_string());
    }

    #[test]
    fn an_exact_number_of_serde_json_is_a_number() {
        let map = [(EXACT_NUMBER, "9007199254740993")].into_iter();
        let map: MapDeserializer<'_, _, Error> = MapDeserializer::new(map);
        let read = PolicyDocument::deserialize(map).unwrap().root;
        assert!(matches!(read, Node::Number(_)));
    }

    #[test]
    fn depth_is_bounded_from_both_sides() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let json = |depth| PolicyDocument::from_json(nested(depth).as_bytes()).is_ok();
        let serde = |depth| serde_json::from_str::<PolicyDocument>(&nested(depth)).is_ok();
        for (depth, ok) in [(64, true), (65, false)] {
            assert_eq!((json(depth), serde(depth)), (ok, ok), "{depth}");
        }
    }
}
