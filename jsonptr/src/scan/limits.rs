//! The budgets of one scan.

/// How much a document may ask of the scanner; past a limit it is refused, each with its own error.
///
/// The defaults suit tokens and key sets. Work and memory grow with the bytes read, never with a
/// number that the document names.
///
/// ```
/// use jsonptr::{Pointer, PointerSet, ScanBuffer, ScanLimits};
///
/// let set = PointerSet::new([Pointer::parse("/a")?])?;
/// let flat = ScanLimits::new().max_depth(1);
/// let mut buffer = ScanBuffer::new();
/// assert!(set.scan_into(br#"{"a":1}"#, &flat, &mut buffer).is_ok());
/// assert!(set.scan_into(br#"{"a":{}}"#, &flat, &mut buffer).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) members: usize,
    pub(crate) elements: usize,
}

impl ScanLimits {
    /// Containers inside each other. Tokens need three or four; `serde_json` stops at 128.
    pub const DEFAULT_DEPTH: usize = 64;
    /// Members of one object. The richest known token has fewer than a hundred.
    pub const DEFAULT_MEMBERS: usize = 1_024;
    /// Elements of one array.
    pub const DEFAULT_ELEMENTS: usize = 4_096;
    /// Bytes of the document: twice what the largest known key set needs.
    pub const DEFAULT_BYTES: usize = 1 << 20;

    /// The defaults: 64 levels, 1,024 members, 4,096 elements, 1 MiB.
    pub const fn new() -> Self {
        Self {
            bytes: Self::DEFAULT_BYTES,
            depth: Self::DEFAULT_DEPTH,
            members: Self::DEFAULT_MEMBERS,
            elements: Self::DEFAULT_ELEMENTS,
        }
    }

    /// At most this many bytes.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// At most this many containers inside each other; 0 allows only a scalar document.
    #[must_use]
    pub const fn max_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// At most this many members in any one object.
    #[must_use]
    pub const fn max_members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// At most this many elements in any one array.
    #[must_use]
    pub const fn max_elements(mut self, elements: usize) -> Self {
        self.elements = elements;
        self
    }
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self::new()
    }
}
