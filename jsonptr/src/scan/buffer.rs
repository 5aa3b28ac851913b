//! What a scan found, and the memory it works in.

use alloc::vec::Vec;

use super::names::Names;
use super::reader::Frame;
use super::trie::Trie;
use crate::located::{Kind, Located};
use crate::text::Form;

/// The memory of a scan, lent to [`PointerSet::scan_into`](crate::PointerSet::scan_into) so that
/// repeated scans allocate nothing. Afterwards it holds where each pointer's value is.
#[derive(Clone, Debug, Default)]
pub struct ScanBuffer {
    /// One place for each pointer of the last set.
    pub(super) places: Vec<Option<Place>>,
    pub(super) names: Names,
    /// The containers around the innermost open one.
    pub(super) frames: Vec<Frame>,
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) form: Form,
}

impl ScanBuffer {
    /// An empty buffer; it grows with the first scan.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value that the pointer with this index found, or `None` if there is none.
    ///
    /// `document` is what [`scan_into`](crate::PointerSet::scan_into) answered when it filled this
    /// buffer. With another text the answer is some other part of that text, or `None`.
    #[inline]
    pub fn get<'a>(&self, document: &'a str, index: usize) -> Option<Located<'a>> {
        let place = (*self.places.get(index)?)?;
        Located::new(document, place.start, place.end, place.kind, place.form)
    }

    pub(super) fn begin(&mut self, pointers: usize, nodes: usize) {
        self.names.begin(nodes);
        self.frames.clear();
        self.places.resize(pointers, None);
        self.places.fill(None);
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.names.begin(0);
        self.frames.clear();
    }

    /// Gives pointers that stand twice in the set what their first occurrence found.
    pub(super) fn copy_twins(&mut self, trie: &Trie) {
        for &(index, twin) in trie.twins() {
            let place = self.places.get(twin).copied().flatten();
            if let Some(held) = self.places.get_mut(index) {
                *held = place;
            }
        }
    }
}

/// The values that one scan found, with the document they are in.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    document: &'a str,
    buffer: ScanBuffer,
}

impl<'a> Found<'a> {
    pub(super) fn new(document: &'a str, buffer: ScanBuffer) -> Self {
        Self { document, buffer }
    }

    /// The value that the pointer with this index found, or `None` if there is none. Indices
    /// follow the order given to [`PointerSet::new`](crate::PointerSet::new).
    pub fn get(&self, index: usize) -> Option<Located<'a>> {
        self.buffer.get(self.document, index)
    }

    /// The whole document, known to be well-formed.
    pub fn document(&self) -> &'a str {
        self.document
    }
}
