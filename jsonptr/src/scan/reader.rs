//! The one pass: a strict reader of RFC 8259 that walks the pointers' tree along the document.
//!
//! It is written without recursion: what is open stands on a stack whose depth is limited.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a position never passes the document's length, and a count never passes a position"
)]

use super::buffer::{Place, ScanBuffer};
use super::error::{ScanError, ScanErrorKind};
use super::limits::ScanLimits;
use super::names::fingerprint;
use super::strings::{end_of_string, find_quote, is_plain};
use super::trie::{NodeId, Trie};
use crate::located::Kind;
use crate::text::Text;

/// Reads `json` to its end and records in `buffer` what the pointers of `trie` name.
pub(super) fn read<'a>(
    json: &'a [u8],
    trie: &Trie,
    limits: &ScanLimits,
    buffer: &mut ScanBuffer,
) -> Result<&'a str, ScanError> {
    if json.len() > limits.bytes {
        return Err(ScanError::new(
            ScanErrorKind::TooLong {
                limit: limits.bytes,
            },
            limits.bytes,
        ));
    }
    if json.starts_with(b"\xef\xbb\xbf") {
        return Err(ScanError::new(ScanErrorKind::ByteOrderMark, 0));
    }
    let document = core::str::from_utf8(json)
        .map_err(|error| ScanError::new(ScanErrorKind::NotUtf8, error.valid_up_to()))?;
    if is_plain(json) {
        Reader::<true> {
            document,
            bytes: json,
            at: 0,
            trie,
            limits,
            buffer,
        }
        .read()?;
    } else {
        Reader::<false> {
            document,
            bytes: json,
            at: 0,
            trie,
            limits,
            buffer,
        }
        .read()?;
    }
    Ok(document)
}

/// A container that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where its opening bracket is.
    start: usize,
    node: Option<NodeId>,
    /// Members or elements so far.
    count: usize,
    container: Container,
}

#[derive(Clone, Copy, Debug)]
enum Container {
    Array,
    /// With the place where its names begin.
    Object(usize),
}

/// `PLAIN`: the document holds neither a backslash nor a control character.
struct Reader<'r, const PLAIN: bool> {
    document: &'r str,
    bytes: &'r [u8],
    at: usize,
    trie: &'r Trie,
    limits: &'r ScanLimits,
    buffer: &'r mut ScanBuffer,
}

/// Whether a value is whole, or a container has opened whose first value is next.
enum Step {
    Whole,
    Opened(Option<NodeId>),
}

/// What follows a whole value: another one, or nothing.
enum Next {
    Value(Option<NodeId>),
    Nothing,
}

impl<const PLAIN: bool> Reader<'_, PLAIN> {
    fn read(&mut self) -> Result<(), ScanError> {
        let mut node = Some(Trie::ROOT);
        loop {
            match self.value(node)? {
                Step::Opened(first) => node = first,
                Step::Whole => match self.after_value()? {
                    Next::Value(next) => node = next,
                    Next::Nothing => return Ok(()),
                },
            }
        }
    }

    /// Reads a scalar, an empty container, or the opening of one that is not empty.
    #[inline]
    fn value(&mut self, node: Option<NodeId>) -> Result<Step, ScanError> {
        let start = self.skip_white_space();
        let (kind, escaped) = match self.bytes.get(start) {
            Some(b'"') => (Kind::String, self.string()?.1),
            Some(b'{') => return self.open_object(node),
            Some(b'[') => return self.open_array(node),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                (Kind::Number, false)
            }
            Some(b't') => (self.literal(b"true", Kind::Bool)?, false),
            Some(b'f') => (self.literal(b"false", Kind::Bool)?, false),
            Some(b'n') => (self.literal(b"null", Kind::Null)?, false),
            _ => return Err(self.unexpected()),
        };
        self.record(node, start, kind, escaped);
        Ok(Step::Whole)
    }

    /// After a whole value: closes what ends here, and moves to the next value.
    #[inline]
    fn after_value(&mut self) -> Result<Next, ScanError> {
        loop {
            let at = self.skip_white_space();
            let byte = self.bytes.get(at);
            let Some(frame) = self.buffer.frames.last_mut() else {
                return match byte {
                    None => Ok(Next::Nothing),
                    Some(_) => Err(ScanError::new(ScanErrorKind::TrailingBytes, at)),
                };
            };
            match (frame.container, byte) {
                (Container::Object(names), Some(b',')) => {
                    if frame.count == self.limits.members {
                        let limit = self.limits.members;
                        return Err(ScanError::new(ScanErrorKind::TooManyMembers { limit }, at));
                    }
                    frame.count += 1;
                    let node = frame.node;
                    self.at = at + 1;
                    return self.member(node, names).map(Next::Value);
                }
                (Container::Array, Some(b',')) => {
                    if frame.count == self.limits.elements {
                        let limit = self.limits.elements;
                        return Err(ScanError::new(ScanErrorKind::TooManyElements { limit }, at));
                    }
                    let index = frame.count;
                    frame.count += 1;
                    let node = frame.node;
                    self.at = at + 1;
                    return Ok(Next::Value(
                        node.and_then(|node| self.trie.element(node, index)),
                    ));
                }
                (Container::Object(names), Some(b'}')) => {
                    if !self.buffer.names.close(self.bytes, names) {
                        return Err(ScanError::new(ScanErrorKind::DuplicateMember, at));
                    }
                    self.close(at, Kind::Object);
                }
                (Container::Array, Some(b']')) => self.close(at, Kind::Array),
                _ => return Err(self.unexpected()),
            }
        }
    }

    #[inline]
    fn close(&mut self, at: usize, kind: Kind) {
        self.at = at + 1;
        if let Some(frame) = self.buffer.frames.pop() {
            self.record(frame.node, frame.start, kind, false);
        }
    }

    fn open_object(&mut self, node: Option<NodeId>) -> Result<Step, ScanError> {
        let names = self.buffer.names.base();
        let start = self.open(node, Container::Object(names))?;
        if self.bytes.get(self.skip_white_space()) == Some(&b'}') {
            self.close(self.at, Kind::Object);
            return Ok(Step::Whole);
        }
        if self.limits.members == 0 {
            return Err(ScanError::new(
                ScanErrorKind::TooManyMembers { limit: 0 },
                start,
            ));
        }
        self.member(node, names).map(Step::Opened)
    }

    fn open_array(&mut self, node: Option<NodeId>) -> Result<Step, ScanError> {
        let start = self.open(node, Container::Array)?;
        if self.bytes.get(self.skip_white_space()) == Some(&b']') {
            self.close(self.at, Kind::Array);
            return Ok(Step::Whole);
        }
        if self.limits.elements == 0 {
            return Err(ScanError::new(
                ScanErrorKind::TooManyElements { limit: 0 },
                start,
            ));
        }
        Ok(Step::Opened(
            node.and_then(|node| self.trie.element(node, 0)),
        ))
    }

    fn open(&mut self, node: Option<NodeId>, container: Container) -> Result<usize, ScanError> {
        let start = self.at;
        if self.buffer.frames.len() == self.limits.depth {
            let limit = self.limits.depth;
            return Err(ScanError::new(ScanErrorKind::TooDeep { limit }, start));
        }
        self.buffer.frames.push(Frame {
            start,
            node,
            count: 1,
            container,
        });
        self.at = start + 1;
        Ok(start)
    }

    /// Reads a member's name and the colon, and answers the node of its value.
    #[inline]
    fn member(&mut self, node: Option<NodeId>, names: usize) -> Result<Option<NodeId>, ScanError> {
        let start = self.skip_white_space();
        if self.bytes.get(start) != Some(&b'"') {
            return Err(self.unexpected());
        }
        let (end, escaped) = self.string()?;
        let inside = start + 1..end;
        let (child, new) = if escaped {
            let text = self.document.get(inside).unwrap_or_default();
            let name = Text::new(text, true);
            let (name, print, new) =
                self.buffer
                    .names
                    .add_unescaped(self.bytes, name.chars(), names);
            (
                node.and_then(|node| self.trie.member(node, name, print)),
                new,
            )
        } else {
            let name = self.bytes.get(inside.clone()).unwrap_or_default();
            let print = fingerprint(name);
            let new = self
                .buffer
                .names
                .add_plain(self.bytes, inside, print, names);
            (
                node.and_then(|node| self.trie.member(node, name, print)),
                new,
            )
        };
        if !new {
            return Err(ScanError::new(ScanErrorKind::DuplicateMember, start));
        }
        let colon = self.skip_white_space();
        if self.bytes.get(colon) != Some(&b':') {
            return Err(self.unexpected());
        }
        self.at = colon + 1;
        Ok(child)
    }

    /// Reads the string that begins here; answers where its closing quotation mark is, and whether
    /// it holds escapes.
    #[inline]
    fn string(&mut self) -> Result<(usize, bool), ScanError> {
        let start = self.at + 1;
        let (end, escaped) = if PLAIN {
            let end = find_quote(self.bytes, start);
            let unclosed = ScanError::new(ScanErrorKind::UnexpectedEnd, self.bytes.len());
            (end.ok_or(unclosed)?, false)
        } else {
            end_of_string(self.bytes, start)?
        };
        self.at = end + 1;
        Ok((end, escaped))
    }

    /// RFC 8259 section 6.
    #[inline]
    fn number(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        let invalid = ScanError::new(ScanErrorKind::InvalidNumber, start);
        let mut at = start;
        if self.bytes.get(at) == Some(&b'-') {
            at += 1;
        }
        match self.bytes.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = self.end_of_digits(at),
            _ => return Err(invalid),
        }
        if self.bytes.get(at) == Some(&b'.') {
            at = self.some_digits(at + 1).ok_or(invalid)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(at) {
                at += 1;
            }
            at = self.some_digits(at).ok_or(invalid)?;
        }
        self.at = at;
        Ok(())
    }

    #[inline]
    fn end_of_digits(&self, mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    fn some_digits(&self, at: usize) -> Option<usize> {
        let end = self.end_of_digits(at);
        (end > at).then_some(end)
    }

    fn literal(&mut self, text: &'static [u8], kind: Kind) -> Result<Kind, ScanError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(text) {
            return Err(ScanError::new(ScanErrorKind::InvalidLiteral, self.at));
        }
        self.at += text.len();
        Ok(kind)
    }

    /// Moves to the next byte that is not white space (RFC 8259 section 2), and answers where.
    #[inline]
    fn skip_white_space(&mut self) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.at
    }

    /// Notes a whole value, if a pointer ends at `node`.
    #[inline]
    fn record(&mut self, node: Option<NodeId>, start: usize, kind: Kind, escaped: bool) {
        if let Some(slot) = node.and_then(|node| self.trie.slot(node)) {
            self.buffer.record(
                slot,
                Place {
                    start,
                    end: self.at,
                    kind,
                    escaped,
                },
            );
        }
    }

    #[cold]
    fn unexpected(&self) -> ScanError {
        if self.at < self.bytes.len() {
            ScanError::new(ScanErrorKind::UnexpectedByte, self.at)
        } else {
            ScanError::new(ScanErrorKind::UnexpectedEnd, self.at)
        }
    }
}
