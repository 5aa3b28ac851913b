//! The pointers that one pass looks for.

use alloc::vec::Vec;

use super::buffer::{Found, ScanBuffer};
use super::error::ScanError;
use super::limits::ScanLimits;
use super::reader;
use super::trie::Trie;
use crate::{Pointer, PointerBuf};

/// The most pointers that one [`PointerSet`] holds: far more than the policies of one verifier
/// name, and few enough that a set stays in the processor's cache.
pub const MAX_POINTERS: usize = 256;

/// Up to 256 pointers, compiled once, that one pass over JSON bytes finds together.
///
/// The scan is a strict reader of RFC 8259: the whole document is checked, whatever the pointers
/// ask for. It refuses what lets two readers of one text disagree: duplicate member names at every
/// level (compared after unescaping), invalid UTF-8, a byte order mark, trailing bytes, lone
/// surrogates.
///
/// ```
/// use jsonptr::{Pointer, PointerSet};
///
/// let set = PointerSet::new([
///     Pointer::parse("/sub")?,
///     Pointer::parse("/https:~1~1sts.amazonaws.com~1/aws_account")?,
/// ])?;
/// let found = set.scan(br#"{"sub":"job","https://sts.amazonaws.com/":{"aws_account":"111122223333"}}"#)?;
/// assert_eq!(found.get(0).and_then(|sub| sub.text()).unwrap(), *"job");
/// assert_eq!(found.get(1).unwrap().json(), r#""111122223333""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PointerSet {
    pointers: Vec<PointerBuf>,
    trie: Trie,
}

impl PointerSet {
    /// Compiles `pointers`; their order gives the indices of the results. A pointer may stand
    /// twice: both indices find it.
    ///
    /// # Errors
    ///
    /// More than [`MAX_POINTERS`].
    pub fn new<'p>(
        pointers: impl IntoIterator<Item = Pointer<'p>>,
    ) -> Result<Self, PointerSetError> {
        let mut set = Self {
            pointers: Vec::new(),
            trie: Trie::new(),
        };
        for pointer in pointers {
            if set.pointers.len() == MAX_POINTERS {
                return Err(PointerSetError::TooManyPointers);
            }
            set.trie.insert(pointer, set.pointers.len());
            set.pointers.push(pointer.to_owned());
        }
        Ok(set)
    }

    /// How many pointers the set holds.
    pub fn len(&self) -> usize {
        self.pointers.len()
    }

    /// Whether the set holds no pointer; a scan then only checks the document.
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty()
    }

    /// The index of a pointer of the set.
    pub fn index_of(&self, pointer: Pointer<'_>) -> Option<usize> {
        self.pointers
            .iter()
            .position(|held| held.as_pointer() == pointer)
    }

    /// The pointer with this index.
    pub fn pointer(&self, index: usize) -> Option<Pointer<'_>> {
        self.pointers.get(index).map(PointerBuf::as_pointer)
    }

    /// The pointers in the order of their indices.
    pub fn pointers(&self) -> impl ExactSizeIterator<Item = Pointer<'_>> {
        self.pointers.iter().map(PointerBuf::as_pointer)
    }

    /// Reads `json` once, within the default limits.
    ///
    /// # Errors
    ///
    /// The first fault in the document, with its byte.
    pub fn scan<'a>(&self, json: &'a [u8]) -> Result<Found<'a>, ScanError> {
        let mut buffer = ScanBuffer::new();
        let document = self.scan_into(json, &ScanLimits::new(), &mut buffer)?;
        Ok(Found::new(document, buffer))
    }

    /// Like [`scan`](Self::scan), within `limits`, leaving what it found in `buffer`: once the
    /// buffer has grown, no further scan allocates. The answer is the document as text, for
    /// [`ScanBuffer::get`].
    ///
    /// # Errors
    ///
    /// The first fault in the document, with its byte; the buffer then holds nothing.
    pub fn scan_into<'a>(
        &self,
        json: &'a [u8],
        limits: &ScanLimits,
        buffer: &mut ScanBuffer,
    ) -> Result<&'a str, ScanError> {
        let document = reader::text(json, limits).inspect_err(|_| buffer.clear())?;
        self.scan_text_into(document, limits, buffer)?;
        Ok(document)
    }

    /// Like [`scan_into`](Self::scan_into), over text that is known to be UTF-8 and is not checked
    /// for it again.
    ///
    /// # Errors
    ///
    /// The same, but for bytes that are not UTF-8.
    #[inline]
    pub fn scan_text_into(
        &self,
        document: &str,
        limits: &ScanLimits,
        buffer: &mut ScanBuffer,
    ) -> Result<(), ScanError> {
        buffer.begin(self.pointers.len(), self.trie.len());
        reader::read(document, &self.trie, limits, buffer).inspect_err(|_| buffer.clear())
    }
}

/// Why a [`PointerSet`] was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerSetError {
    /// More than [`MAX_POINTERS`].
    #[error("more than {MAX_POINTERS} pointers")]
    TooManyPointers,
}
