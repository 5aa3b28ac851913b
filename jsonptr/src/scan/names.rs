//! Member names of the objects that are open: no object may hold one twice.

use alloc::vec::Vec;
use core::ops::Range;

/// Up to this many names of one object are compared as they come, through their fingerprints;
/// beyond it all are sorted when the object closes, so that names chosen to collide cost no more
/// than others.
const COMPARED_AS_THEY_COME: usize = 64;

/// Where a name's unescaped bytes are.
#[derive(Clone, Debug)]
enum Name {
    /// It holds no escape: its bytes in the document.
    Plain(Range<usize>),
    /// Unescaped into [`Names::unescaped`].
    Unescaped(Range<usize>),
}

/// A stack of names: those of the innermost open object are on top.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    fingerprints: Vec<u32>,
    spans: Vec<Name>,
    unescaped: Vec<u8>,
}

impl Names {
    pub(super) fn clear(&mut self) {
        self.fingerprints.clear();
        self.spans.clear();
        self.unescaped.clear();
    }

    /// Where the names of an object that opens now will begin.
    pub(super) fn base(&self) -> usize {
        self.spans.len()
    }

    /// Adds a name without escapes; `false` if the object that began at `base` has it already.
    #[inline]
    pub(super) fn add_plain(
        &mut self,
        document: &[u8],
        at: Range<usize>,
        fingerprint: u32,
        base: usize,
    ) -> bool {
        let new = self.is_new(document, document.get(at.clone()), fingerprint, base);
        self.fingerprints.push(fingerprint);
        self.spans.push(Name::Plain(at));
        new
    }

    /// Adds a name with escapes, given as its characters; answers the unescaped bytes, their
    /// fingerprint, and `false` in the last place if the object has the name already.
    pub(super) fn add_unescaped(
        &mut self,
        document: &[u8],
        name: impl Iterator<Item = char>,
        base: usize,
    ) -> (&[u8], u32, bool) {
        let start = self.unescaped.len();
        for character in name {
            let mut utf8 = [0; 4];
            self.unescaped
                .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        let at = start..self.unescaped.len();
        let bytes = self.unescaped.get(at.clone());
        let fingerprint = fingerprint(bytes.unwrap_or_default());
        let new = self.is_new(document, bytes, fingerprint, base);
        self.fingerprints.push(fingerprint);
        self.spans.push(Name::Unescaped(at.clone()));
        (self.unescaped.get(at).unwrap_or_default(), fingerprint, new)
    }

    #[inline]
    fn is_new(&self, document: &[u8], name: Option<&[u8]>, fingerprint: u32, base: usize) -> bool {
        let seen = self.fingerprints.get(base..).unwrap_or_default();
        seen.len() >= COMPARED_AS_THEY_COME
            || !contains(seen, fingerprint)
            || self
                .spans
                .get(base..)
                .unwrap_or_default()
                .iter()
                .all(|held| held.bytes(document, &self.unescaped) != name)
    }

    /// Forgets the names of the object that began at `base`; `false` if two of them are equal.
    #[inline]
    pub(super) fn close(&mut self, document: &[u8], base: usize) -> bool {
        let unique = self.spans.len().saturating_sub(base) <= COMPARED_AS_THEY_COME
            || self.sorted_are_unique(document, base);
        self.spans.truncate(base);
        self.fingerprints.truncate(base);
        if base == 0 {
            self.unescaped.clear();
        }
        unique
    }

    #[cold]
    fn sorted_are_unique(&mut self, document: &[u8], base: usize) -> bool {
        let unescaped = &self.unescaped;
        let names = self.spans.get_mut(base..).unwrap_or_default();
        names.sort_unstable_by(|a, b| {
            a.bytes(document, unescaped)
                .cmp(&b.bytes(document, unescaped))
        });
        names.is_sorted_by(|a, b| a.bytes(document, unescaped) < b.bytes(document, unescaped))
    }
}

impl Name {
    fn bytes<'a>(&self, document: &'a [u8], unescaped: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Plain(at) => document.get(at.clone()),
            Self::Unescaped(at) => unescaped.get(at.clone()),
        }
    }
}

/// Thirty-two bits of a name that differ for most names: its ends, its middle and its length.
#[inline]
pub(super) fn fingerprint(name: &[u8]) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let ends = if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>())
    {
        u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23)
    } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << 32)
    } else {
        name.iter()
            .fold(0, |bits, &byte| (bits << 8) | u64::from(byte))
    };
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
    let mixed = (ends ^ length.wrapping_mul(ODD)).wrapping_mul(ODD);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

/// Whether `wanted` is among `held`: written without an early exit, which lets the compiler
/// compare several at once.
#[inline]
pub(super) fn contains(held: &[u32], wanted: u32) -> bool {
    held.iter()
        .fold(0, |found, &one| found | u8::from(one == wanted))
        != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_looks_at_both_ends_and_the_length() {
        let names = [
            "",
            "a",
            "b",
            "ab",
            "abc",
            "abcd",
            "abcde",
            "abcdefgh",
            "abcdefghi",
        ];
        for (index, name) in names.iter().enumerate() {
            let others = names.iter().skip(index + 1);
            assert!(
                others
                    .into_iter()
                    .all(|o| fingerprint(o.as_bytes()) != fingerprint(name.as_bytes()))
            );
        }
    }

    #[test]
    fn names_with_equal_fingerprints_are_still_told_apart() {
        // Same ends, same length, another middle.
        let document = b"start-of-0-name-end  start-of-1-name-end";
        let (a, b) = (0..19, 21..40);
        let print = fingerprint(&document[a.clone()]);
        assert_eq!(print, fingerprint(&document[b.clone()]));
        let mut names = Names::default();
        assert!(names.add_plain(document, a.clone(), print, 0));
        assert!(names.add_plain(document, b, print, 0));
        assert!(!names.add_plain(document, a, print, 0));
    }
}
