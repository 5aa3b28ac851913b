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
use super::names::{Seen, fingerprint};
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
        Reader::<true>::new(document, trie, limits).read(buffer)?;
    } else {
        Reader::<false>::new(document, trie, limits).read(buffer)?;
    }
    buffer.copy_twins(trie);
    Ok(document)
}

/// What is open: the document itself, or a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where its opening bracket is.
    start: usize,
    node: NodeId,
    /// Members or elements so far.
    count: usize,
    inside: Inside,
}

#[derive(Clone, Copy, Debug)]
enum Inside {
    Document,
    Array,
    Object(Seen),
}

/// `PLAIN`: the document holds neither a backslash nor a control character.
#[derive(Clone, Copy)]
struct Reader<'r, const PLAIN: bool> {
    document: &'r str,
    bytes: &'r [u8],
    trie: &'r Trie,
    limits: &'r ScanLimits,
}

/// How far a value goes: to its end, or up to the first value in it.
enum Extent {
    Whole(usize, Kind, bool),
    Opened(usize),
}

impl<'r, const PLAIN: bool> Reader<'r, PLAIN> {
    fn new(document: &'r str, trie: &'r Trie, limits: &'r ScanLimits) -> Self {
        Self {
            document,
            bytes: document.as_bytes(),
            trie,
            limits,
        }
    }

    /// Reads the document. Each turn of the loop reads one value, after its name if it is a
    /// member: to its end, or up to the first value in it.
    fn read(self, buffer: &mut ScanBuffer) -> Result<(), ScanError> {
        let mut at = 0;
        let mut node = NodeId::ROOT;
        // The innermost that is open; what is around it is on the stack.
        let mut open = Frame {
            start: 0,
            node,
            count: 0,
            inside: Inside::Document,
        };
        loop {
            match &mut open.inside {
                Inside::Object(seen) => (at, node) = self.name(at, open.node, seen, buffer)?,
                Inside::Array => node = self.trie.element(open.node, open.count - 1),
                Inside::Document => {}
            }
            let start = self.skip_white_space(at);
            match self.value(start, node, &mut open, buffer)? {
                Extent::Opened(first) => at = first,
                Extent::Whole(end, kind, escaped) => {
                    self.record(
                        buffer,
                        node,
                        Place {
                            start,
                            end,
                            kind,
                            escaped,
                        },
                    );
                    match self.after_value(end, &mut open, buffer)? {
                        Some(next) => at = next,
                        None => return Ok(()),
                    }
                }
            }
        }
    }

    /// Reads a scalar, an empty container, or the opening of one that is not empty.
    #[inline]
    fn value(
        self,
        start: usize,
        node: NodeId,
        open: &mut Frame,
        buffer: &mut ScanBuffer,
    ) -> Result<Extent, ScanError> {
        Ok(match self.bytes.get(start) {
            Some(b'"') => {
                let (end, escaped) = self.string(start)?;
                Extent::Whole(end + 1, Kind::String, escaped)
            }
            Some(b'-' | b'0'..=b'9') => Extent::Whole(self.number(start)?, Kind::Number, false),
            Some(b'{' | b'[') => return self.container(start, node, open, buffer),
            Some(b't') => Extent::Whole(self.literal(start, "true")?, Kind::Bool, false),
            Some(b'f') => Extent::Whole(self.literal(start, "false")?, Kind::Bool, false),
            Some(b'n') => Extent::Whole(self.literal(start, "null")?, Kind::Null, false),
            _ => return Err(unexpected(self.bytes, start)),
        })
    }

    fn container(
        self,
        start: usize,
        node: NodeId,
        open: &mut Frame,
        buffer: &mut ScanBuffer,
    ) -> Result<Extent, ScanError> {
        // INVARIANT: the stack holds the document and every container but the innermost, so its
        // length is the number of containers that are open.
        if buffer.frames.len() == self.limits.depth {
            let limit = self.limits.depth;
            return Err(ScanError::new(ScanErrorKind::TooDeep { limit }, start));
        }
        let object = self.bytes.get(start) == Some(&b'{');
        let first = self.skip_white_space(start + 1);
        match (object, self.bytes.get(first)) {
            (true, Some(b'}')) => return Ok(Extent::Whole(first + 1, Kind::Object, false)),
            (false, Some(b']')) => return Ok(Extent::Whole(first + 1, Kind::Array, false)),
            (true, _) if self.limits.members == 0 => return Err(too_many_members(0, start)),
            (false, _) if self.limits.elements == 0 => return Err(too_many_elements(0, start)),
            _ => {}
        }
        let inside = if object {
            Inside::Object(buffer.names.open())
        } else {
            Inside::Array
        };
        let inner = Frame {
            start,
            node,
            count: 1,
            inside,
        };
        buffer.frames.push(core::mem::replace(open, inner));
        Ok(Extent::Opened(first))
    }

    /// After a whole value: closes what ends here; answers where the next value or name is looked
    /// for, or `None` at the end of the document.
    #[inline]
    fn after_value(
        self,
        mut end: usize,
        open: &mut Frame,
        buffer: &mut ScanBuffer,
    ) -> Result<Option<usize>, ScanError> {
        loop {
            let at = self.skip_white_space(end);
            let kind = match (open.inside, self.bytes.get(at)) {
                (Inside::Object(_), Some(b',')) if open.count < self.limits.members => {
                    open.count += 1;
                    return Ok(Some(at + 1));
                }
                (Inside::Array, Some(b',')) if open.count < self.limits.elements => {
                    open.count += 1;
                    return Ok(Some(at + 1));
                }
                (Inside::Object(_), Some(b',')) => {
                    return Err(too_many_members(self.limits.members, at));
                }
                (Inside::Array, Some(b',')) => {
                    return Err(too_many_elements(self.limits.elements, at));
                }
                (Inside::Object(seen), Some(b'}')) => {
                    if !buffer.names.close(self.bytes, seen) {
                        return Err(ScanError::new(ScanErrorKind::DuplicateMember, at));
                    }
                    Kind::Object
                }
                (Inside::Array, Some(b']')) => Kind::Array,
                (Inside::Document, None) => return Ok(None),
                (Inside::Document, Some(_)) => {
                    return Err(ScanError::new(ScanErrorKind::TrailingBytes, at));
                }
                _ => return Err(unexpected(self.bytes, at)),
            };
            end = at + 1;
            let Frame { start, node, .. } = *open;
            self.record(
                buffer,
                node,
                Place {
                    start,
                    end,
                    kind,
                    escaped: false,
                },
            );
            if let Some(outer) = buffer.frames.pop() {
                *open = outer;
            }
        }
    }

    /// Reads a member's name and the colon; answers where its value is looked for, and its node.
    #[inline]
    fn name(
        self,
        at: usize,
        node: NodeId,
        seen: &mut Seen,
        buffer: &mut ScanBuffer,
    ) -> Result<(usize, NodeId), ScanError> {
        let start = self.skip_white_space(at);
        if self.bytes.get(start) != Some(&b'"') {
            return Err(unexpected(self.bytes, start));
        }
        let (end, escaped) = self.string(start)?;
        let (child, new) = if escaped {
            let text = Text::new(self.document.get(start + 1..end).unwrap_or_default(), true);
            let (name, print, new) = buffer.names.add_unescaped(self.bytes, text.chars(), seen);
            (self.trie.member(node, name, print), new)
        } else {
            let name = self.bytes.get(start + 1..end).unwrap_or_default();
            let print = fingerprint(name);
            let new = buffer
                .names
                .add_plain(self.bytes, (start + 1, end), print, seen);
            (self.trie.member(node, name, print), new)
        };
        if !new {
            return Err(ScanError::new(ScanErrorKind::DuplicateMember, start));
        }
        let colon = self.skip_white_space(end + 1);
        if self.bytes.get(colon) != Some(&b':') {
            return Err(unexpected(self.bytes, colon));
        }
        Ok((colon + 1, child))
    }

    /// Reads the string that begins at `start`; answers where its closing quotation mark is, and
    /// whether it holds escapes.
    #[inline]
    fn string(self, start: usize) -> Result<(usize, bool), ScanError> {
        if PLAIN {
            match find_quote(self.bytes, start + 1) {
                Some(end) => Ok((end, false)),
                None => Err(ScanError::new(
                    ScanErrorKind::UnexpectedEnd,
                    self.bytes.len(),
                )),
            }
        } else {
            end_of_string(self.bytes, start + 1)
        }
    }

    /// RFC 8259 section 6; answers what is behind the number.
    #[inline]
    fn number(self, start: usize) -> Result<usize, ScanError> {
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
        Ok(at)
    }

    #[inline]
    fn end_of_digits(self, mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = self.bytes.get(at) {
            at += 1;
        }
        at
    }

    fn some_digits(self, at: usize) -> Option<usize> {
        let end = self.end_of_digits(at);
        (end > at).then_some(end)
    }

    fn literal(self, start: usize, text: &'static str) -> Result<usize, ScanError> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        if rest.starts_with(text.as_bytes()) {
            Ok(start + text.len())
        } else {
            Err(ScanError::new(ScanErrorKind::InvalidLiteral, start))
        }
    }

    /// The next byte at or after `at` that is not white space (RFC 8259 section 2).
    #[inline]
    fn skip_white_space(self, mut at: usize) -> usize {
        if PLAIN {
            while let Some(b' ') = self.bytes.get(at) {
                at += 1;
            }
        } else {
            while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(at) {
                at += 1;
            }
        }
        at
    }

    /// Notes a whole value, if a pointer ends at `node`.
    #[inline]
    fn record(self, buffer: &mut ScanBuffer, node: NodeId, place: Place) {
        if node != NodeId::NOWHERE
            && let Some(index) = self.trie.index(node)
        {
            buffer.record(index, place);
        }
    }
}

#[cold]
fn unexpected(bytes: &[u8], at: usize) -> ScanError {
    if at < bytes.len() {
        ScanError::new(ScanErrorKind::UnexpectedByte, at)
    } else {
        ScanError::new(ScanErrorKind::UnexpectedEnd, at)
    }
}

#[cold]
fn too_many_members(limit: usize, at: usize) -> ScanError {
    ScanError::new(ScanErrorKind::TooManyMembers { limit }, at)
}

#[cold]
fn too_many_elements(limit: usize, at: usize) -> ScanError {
    ScanError::new(ScanErrorKind::TooManyElements { limit }, at)
}
