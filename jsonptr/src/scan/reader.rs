//! The one pass: a strict reader of RFC 8259 that walks the pointers' tree along the document.
//!
//! It is written without recursion: what is open stands on a stack whose depth is limited. This
//! file opens and closes containers; what is between their brackets is read in [`values`].

mod values;

use super::buffer::{Place, ScanBuffer};
use super::error::{ScanError, ScanErrorKind};
use super::limits::ScanLimits;
use super::strings::is_printable;
use super::tokens::skip_white_space;
use super::trie::{Node, NodeId, Trie};
use crate::located::Kind;
use crate::text::Form;

/// The text of `json`, unless it is too long to look at.
pub(super) fn text<'a>(json: &'a [u8], limits: &ScanLimits) -> Result<&'a str, ScanError> {
    if json.len() > limits.bytes {
        return Err(too_long(limits.bytes));
    }
    core::str::from_utf8(json)
        .map_err(|error| ScanError::new(ScanErrorKind::NotUtf8, error.valid_up_to()))
}

/// Reads `document` to its end and records in `buffer` what the pointers of `trie` name.
pub(super) fn read(
    document: &str,
    trie: &Trie,
    limits: &ScanLimits,
    buffer: &mut ScanBuffer,
) -> Result<(), ScanError> {
    if document.len() > limits.bytes {
        return Err(too_long(limits.bytes));
    }
    if document.starts_with('\u{feff}') {
        return Err(ScanError::new(ScanErrorKind::ByteOrderMark, 0));
    }
    if is_printable(document.as_bytes()) {
        Reader::<true>::new(document, trie, limits, buffer).read()?;
    } else {
        Reader::<false>::new(document, trie, limits, buffer).read()?;
    }
    buffer.copy_twins(trie);
    Ok(())
}

fn too_long(limit: usize) -> ScanError {
    ScanError::new(ScanErrorKind::TooLong { limit }, limit)
}

/// What is open: the document itself, or a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where its opening bracket is.
    start: usize,
    node: NodeId,
    /// How many more members or elements the limit allows.
    left: usize,
    inside: Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Document,
    Array,
    Object,
}

/// Each method that takes the rest of the document and reads something from its front answers
/// what is behind that. `None` is a refusal, and `fault` says why: so small an answer stays in
/// registers.
///
/// `PRINTABLE`: the document is ASCII from the space to the tilde, without backslashes.
struct Reader<'r, const PRINTABLE: bool> {
    document: &'r str,
    trie: &'r Trie,
    limits: &'r ScanLimits,
    buffer: &'r mut ScanBuffer,
    /// The innermost that is open; what is around it is on the stack.
    open: Frame,
    /// The place of the container that opens next.
    next: &'r Node,
    fault: ScanError,
}

impl<'r, const PRINTABLE: bool> Reader<'r, PRINTABLE> {
    /// What is known of strings without escapes.
    const UNESCAPED: Form = if PRINTABLE {
        Form::Printable
    } else {
        Form::Plain
    };

    fn new(
        document: &'r str,
        trie: &'r Trie,
        limits: &'r ScanLimits,
        buffer: &'r mut ScanBuffer,
    ) -> Self {
        let root = trie.root();
        Self {
            document,
            trie,
            limits,
            buffer,
            open: Frame {
                start: 0,
                node: root.id(),
                left: 0,
                inside: Inside::Document,
            },
            next: root,
            fault: ScanError::new(ScanErrorKind::UnexpectedEnd, document.len()),
        }
    }

    fn read(mut self) -> Result<(), ScanError> {
        let whole = skip_white_space(self.document.as_bytes());
        let rest = match whole {
            [b'{' | b'[', ..] => self.containers(whole),
            _ => self.scalar(whole, self.next),
        };
        match rest.map(skip_white_space) {
            Some([]) => Ok(()),
            Some(rest) => Err(ScanError::new(
                ScanErrorKind::TrailingBytes,
                self.offset(rest),
            )),
            None => Err(self.fault),
        }
    }

    /// Reads a container and all in it. Each turn of the loop opens or closes one.
    fn containers(&mut self, mut rest: &'r [u8]) -> Option<&'r [u8]> {
        loop {
            rest = match rest {
                [b'{', inside @ ..] => {
                    self.push(rest, Inside::Object, self.limits.members)?;
                    self.buffer.names.open();
                    match skip_white_space(inside) {
                        end @ [b'}', ..] => end,
                        name => self.members(name)?,
                    }
                }
                [b'[', inside @ ..] => {
                    self.push(rest, Inside::Array, self.limits.elements)?;
                    match skip_white_space(inside) {
                        end @ [b']', ..] => end,
                        element => self.elements(element)?,
                    }
                }
                _ => {
                    let behind = self.close(rest)?;
                    match self.open.inside {
                        Inside::Object => match self.comma_or(b'}', behind)? {
                            [b',', name @ ..] => self.members(name)?,
                            end => end,
                        },
                        Inside::Array => match self.comma_or(b']', behind)? {
                            [b',', element @ ..] => self.elements(element)?,
                            end => end,
                        },
                        Inside::Document => return Some(behind),
                    }
                }
            };
        }
    }

    #[inline]
    fn comma_or(&mut self, bracket: u8, rest: &'r [u8]) -> Option<&'r [u8]> {
        match skip_white_space(rest) {
            found @ [byte, ..] if *byte == b',' || *byte == bracket => Some(found),
            other => self.unexpected(other),
        }
    }

    #[inline]
    fn push(&mut self, start: &[u8], inside: Inside, limit: usize) -> Option<()> {
        // INVARIANT: the stack holds the document and every container but the innermost, so its
        // length is the number of containers that are open.
        if self.buffer.frames.len() >= self.limits.depth {
            let limit = self.limits.depth;
            return self.refuse(ScanErrorKind::TooDeep { limit }, start);
        }
        self.buffer.frames.push(self.open);
        self.open = Frame {
            start: self.offset(start),
            node: self.next.id(),
            left: limit,
            inside,
        };
        Some(())
    }

    /// Closes the innermost container at its bracket.
    #[inline]
    fn close(&mut self, end: &'r [u8]) -> Option<&'r [u8]> {
        let kind = if self.open.inside == Inside::Object {
            if !self.buffer.names.close(self.document.as_bytes()) {
                return self.refuse(ScanErrorKind::DuplicateMember, end);
            }
            Kind::Object
        } else {
            Kind::Array
        };
        let behind = end.get(1..)?;
        let node = self.trie.node(self.open.node);
        self.record(node, self.open.start, behind, kind, Self::UNESCAPED);
        self.open = self.buffer.frames.pop()?;
        Some(behind)
    }

    /// Notes a whole value, if a pointer ends at `node`.
    #[inline]
    fn record(&mut self, node: &Node, start: usize, behind: &[u8], kind: Kind, form: Form) {
        let end = self.offset(behind);
        if let Some(held) = self.buffer.places.get_mut(node.index()) {
            *held = Some(Place {
                start,
                end,
                kind,
                form,
            });
        }
    }

    /// Where in the document the rest begins.
    #[inline]
    fn offset(&self, rest: &[u8]) -> usize {
        self.document.len().wrapping_sub(rest.len())
    }

    #[cold]
    #[inline(never)]
    fn refuse<T>(&mut self, kind: ScanErrorKind, rest: &[u8]) -> Option<T> {
        self.refuse_at(kind, self.offset(rest))
    }

    #[cold]
    fn refuse_at<T>(&mut self, kind: ScanErrorKind, offset: usize) -> Option<T> {
        self.fault = ScanError::new(kind, offset);
        None
    }

    #[cold]
    #[inline(never)]
    fn unexpected<T>(&mut self, rest: &[u8]) -> Option<T> {
        let kind = if rest.is_empty() {
            ScanErrorKind::UnexpectedEnd
        } else {
            ScanErrorKind::UnexpectedByte
        };
        self.refuse(kind, rest)
    }
}
