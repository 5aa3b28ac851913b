//! What stands between the brackets of a container: names, commas and scalar values. A scan spends
//! nearly all its time in the two loops at the top.

use super::Reader;
use crate::located::Kind;
use crate::scan::error::ScanErrorKind;
use crate::scan::names::{Key, Name};
use crate::scan::strings::{self, find_quote, find_special};
use crate::scan::tokens::{self, skip_white_space};
use crate::scan::trie::{Node, NodeId};
use crate::text::{Form, Text};

impl<'r, const PRINTABLE: bool> Reader<'r, PRINTABLE> {
    /// Reads members up to one whose value is a container, or up to the object's end.
    pub(super) fn members(&mut self, rest: &'r [u8]) -> Option<&'r [u8]> {
        let object = self.trie.node(self.open.node);
        let mut left = self.open.left;
        let mut inside_name = self.after_quote(rest)?;
        loop {
            left = match left.checked_sub(1) {
                Some(fewer) => fewer,
                None => return self.too_many_members(inside_name),
            };
            let (node, behind) = self.name(inside_name, object)?;
            // Where there is no white space, one comparison does for a colon or a comma and the
            // quotation mark behind it.
            let behind = if let Some(inside) = behind.strip_prefix(b":\"") {
                self.string_value(inside, node)?
            } else {
                match self.after_colon(behind)? {
                    value @ [b'{' | b'[', ..] => {
                        self.open.left = left;
                        self.next = node;
                        return Some(value);
                    }
                    value => self.scalar(value, node)?,
                }
            };
            inside_name = if let Some(inside) = behind.strip_prefix(b",\"") {
                inside
            } else {
                match self.comma_or(b'}', behind)? {
                    [b',', name @ ..] => self.after_quote(name)?,
                    end => return Some(end),
                }
            };
        }
    }

    /// Reads elements up to one that is a container, or up to the array's end.
    pub(super) fn elements(&mut self, rest: &'r [u8]) -> Option<&'r [u8]> {
        let array = self.trie.node(self.open.node);
        let limit = self.limits.elements;
        let mut left = self.open.left;
        let mut rest = rest;
        loop {
            let value = skip_white_space(rest);
            let node = array.element(self.trie, limit.wrapping_sub(left));
            left = match left.checked_sub(1) {
                Some(fewer) => fewer,
                None => return self.refuse(ScanErrorKind::TooManyElements { limit }, value),
            };
            let behind = match value {
                [b'"', inside @ ..] => self.string_value(inside, node)?,
                [b'{' | b'[', ..] => {
                    self.open.left = left;
                    self.next = node;
                    return Some(value);
                }
                _ => self.scalar(value, node)?,
            };
            rest = match self.comma_or(b']', behind)? {
                [b',', element @ ..] => element,
                end => return Some(end),
            };
        }
    }

    /// Reads a name behind its first quotation mark; answers the place of its value as well.
    #[inline]
    fn name(&mut self, inside: &'r [u8], object: &'r Node) -> Option<(&'r Node, &'r [u8])> {
        let (name, escaped, behind) = self.string(inside)?;
        let start = self.offset(inside);
        if escaped {
            return Some((self.escaped_name(start, name.len(), object)?, behind));
        }
        let key = Key::of_front(inside, name.len());
        let node = object.member(self.trie, name, key);
        self.add(Name::plain(start, name.len(), key), node, start)?;
        Some((node, behind))
    }

    #[cold]
    fn escaped_name(&mut self, start: usize, length: usize, object: &Node) -> Option<&'r Node> {
        let escaped = self.document.get(start..start.saturating_add(length))?;
        let names = &mut self.buffer.names;
        let name = names.unescape(Text::new(escaped, Form::Escaped).chars());
        let bytes = names.bytes(self.document.as_bytes(), name);
        let node = object.member(self.trie, bytes, name.key());
        self.add(name, node, start)?;
        Some(node)
    }

    /// Notes the name of the place `node`, unless the object has it already.
    #[inline]
    fn add(&mut self, name: Name, node: &Node, start: usize) -> Option<()> {
        let names = &mut self.buffer.names;
        let is_new = if node.id() == NodeId::NOWHERE {
            names.add_other(self.document.as_bytes(), name)
        } else {
            names.add_known(node.id())
        };
        if is_new {
            Some(())
        } else {
            self.duplicate(start)
        }
    }

    fn duplicate<T>(&mut self, start: usize) -> Option<T> {
        self.refuse_at(ScanErrorKind::DuplicateMember, start.wrapping_sub(1))
    }

    fn too_many_members<T>(&mut self, inside_name: &[u8]) -> Option<T> {
        let limit = self.limits.members;
        let at = self.offset(inside_name).wrapping_sub(1);
        self.refuse_at(ScanErrorKind::TooManyMembers { limit }, at)
    }

    fn after_colon(&mut self, rest: &'r [u8]) -> Option<&'r [u8]> {
        match skip_white_space(rest) {
            [b':', value @ ..] => Some(skip_white_space(value)),
            other => self.unexpected(other),
        }
    }

    #[inline]
    fn after_quote(&mut self, rest: &'r [u8]) -> Option<&'r [u8]> {
        match skip_white_space(rest) {
            [b'"', inside @ ..] => Some(inside),
            other => self.unexpected(other),
        }
    }

    /// Reads a value that is not a container.
    #[inline(never)]
    pub(super) fn scalar(&mut self, start: &'r [u8], node: &Node) -> Option<&'r [u8]> {
        let (kind, behind) = match start {
            [b'"', inside @ ..] => return self.string_value(inside, node),
            [b'-' | b'0'..=b'9', ..] => match tokens::number(start) {
                Some(behind) => (Kind::Number, behind),
                None => return self.refuse(ScanErrorKind::InvalidNumber, start),
            },
            [b't' | b'f' | b'n', ..] => match tokens::literal(start) {
                Some(found) => found,
                None => return self.refuse(ScanErrorKind::InvalidLiteral, start),
            },
            _ => return self.unexpected(start),
        };
        self.record(node, self.offset(start), behind, kind, Self::UNESCAPED);
        Some(behind)
    }

    /// Reads a string from behind its first quotation mark.
    #[inline]
    fn string_value(&mut self, inside: &'r [u8], node: &Node) -> Option<&'r [u8]> {
        let (_, escaped, behind) = self.string(inside)?;
        let start = self.offset(inside).wrapping_sub(1);
        let form = if escaped {
            Form::Escaped
        } else {
            Self::UNESCAPED
        };
        self.record(node, start, behind, Kind::String, form);
        Some(behind)
    }

    /// Reads a string behind its first quotation mark: what is in it, whether that holds escapes,
    /// and what is behind the other quotation mark.
    #[inline]
    fn string(&mut self, rest: &'r [u8]) -> Option<(&'r [u8], bool, &'r [u8])> {
        let mut escaped = false;
        let end = if PRINTABLE {
            find_quote(rest)?
        } else {
            let end = find_special(rest)?;
            if rest.get(end) == Some(&b'"') {
                end
            } else {
                let end = self.find_end(rest)?;
                escaped = memchr::memchr(b'\\', rest.get(..end)?).is_some();
                end
            }
        };
        let (inside, behind) = rest.split_at_checked(end)?;
        Some((inside, escaped, behind.get(1..)?))
    }

    #[cold]
    #[inline(never)]
    fn find_end(&mut self, rest: &'r [u8]) -> Option<usize> {
        match strings::find_end(rest) {
            Ok(end) => Some(end),
            Err((kind, at)) => self.refuse(kind, rest.get(at..)?),
        }
    }
}
