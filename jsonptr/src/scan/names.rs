//! Member names of the objects that are open: no object may hold one twice.

use alloc::vec::Vec;

/// Up to this many names of one object are compared as they come; beyond it all are sorted when
/// the object closes, so that names chosen to look alike cost no more than others.
const COMPARED_AS_THEY_COME: usize = 64;

/// A stack of names: those of the innermost open object are on top.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    held: Vec<Name>,
    unescaped: Vec<u8>,
    /// The innermost open object.
    open: Seen,
    /// The open objects around it.
    outer: Vec<Seen>,
}

/// Where a name's unescaped bytes are: in the document, or in [`Names::unescaped`].
#[derive(Clone, Copy, Debug)]
struct Name {
    start: usize,
    end: usize,
    fingerprint: u32,
    was_escaped: bool,
}

/// The names of one object: where they begin on the stack, and which fingerprints may be there.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    base: usize,
    marks: Marks,
}

/// One of 256 bits for each fingerprint: where a name's is not set, no comparison is needed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks([u64; 4]);

impl Marks {
    #[inline]
    pub(super) fn add(&mut self, fingerprint: u32) {
        let (word, bit) = Self::place(fingerprint);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    #[inline]
    pub(super) fn may_hold(&self, fingerprint: u32) -> bool {
        let (word, bit) = Self::place(fingerprint);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    #[inline]
    fn place(fingerprint: u32) -> (usize, u64) {
        (
            usize::try_from(fingerprint >> 30).unwrap_or_default(),
            1 << ((fingerprint >> 24) & 63),
        )
    }
}

impl Names {
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.unescaped.clear();
        self.open = Seen::default();
        self.outer.clear();
    }

    /// An object opens.
    #[inline]
    pub(super) fn open(&mut self) {
        self.outer.push(self.open);
        self.open = Seen {
            base: self.held.len(),
            marks: Marks::default(),
        };
    }

    /// Adds a name without escapes, which begins at `start` of the document; `false` if the object
    /// has it already.
    #[inline]
    pub(super) fn add_plain(
        &mut self,
        document: &[u8],
        start: usize,
        name: &[u8],
        fingerprint: u32,
    ) -> bool {
        self.add(
            document,
            Name {
                start,
                end: start.wrapping_add(name.len()),
                fingerprint,
                was_escaped: false,
            },
        )
    }

    /// Adds a name with escapes, given as its characters; answers the unescaped bytes, their
    /// fingerprint, and `false` in the last place if the object has the name already.
    pub(super) fn add_unescaped(
        &mut self,
        document: &[u8],
        name: impl Iterator<Item = char>,
    ) -> (&[u8], u32, bool) {
        let start = self.unescaped.len();
        for character in name {
            let mut utf8 = [0; 4];
            self.unescaped
                .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        let end = self.unescaped.len();
        let fingerprint = fingerprint(self.unescaped.get(start..end).unwrap_or_default());
        let name = Name {
            start,
            end,
            fingerprint,
            was_escaped: true,
        };
        let new = self.add(document, name);
        (
            self.unescaped.get(start..end).unwrap_or_default(),
            fingerprint,
            new,
        )
    }

    #[inline]
    fn add(&mut self, document: &[u8], name: Name) -> bool {
        if self.open.marks.may_hold(name.fingerprint) && !self.is_new(document, name) {
            return false;
        }
        self.open.marks.add(name.fingerprint);
        self.held.push(name);
        true
    }

    #[inline(never)]
    fn is_new(&self, document: &[u8], name: Name) -> bool {
        let held = self.held.get(self.open.base..).unwrap_or_default();
        held.len() >= COMPARED_AS_THEY_COME
            || held.iter().all(|other| {
                other.fingerprint != name.fingerprint
                    || self.bytes(document, *other) != self.bytes(document, name)
            })
    }

    fn bytes<'a>(&'a self, document: &'a [u8], name: Name) -> &'a [u8] {
        name.bytes(document, &self.unescaped)
    }

    /// Forgets the names of an object; `false` if two of them are equal.
    #[inline]
    pub(super) fn close(&mut self, document: &[u8]) -> bool {
        let base = self.open.base;
        let unique = self.held.len() <= base.saturating_add(COMPARED_AS_THEY_COME)
            || self.are_unique_when_sorted(document, base);
        self.held.truncate(base);
        self.open = self.outer.pop().unwrap_or_default();
        unique
    }

    #[cold]
    fn are_unique_when_sorted(&mut self, document: &[u8], base: usize) -> bool {
        let unescaped = &self.unescaped;
        let held = self.held.get_mut(base..).unwrap_or_default();
        let bytes = |name: &Name| name.bytes(document, unescaped);
        held.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
        held.is_sorted_by(|a, b| bytes(a) < bytes(b))
    }
}

impl Name {
    fn bytes<'a>(self, document: &'a [u8], unescaped: &'a [u8]) -> &'a [u8] {
        let text = if self.was_escaped {
            unescaped
        } else {
            document
        };
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Thirty-two bits of a name that differ for most names: from its ends and its length.
#[inline]
pub(super) fn fingerprint(name: &[u8]) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let ends = if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>())
    {
        u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23)
    } else if let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        u64::from(u32::from_le_bytes(*first)) | (u64::from(u32::from_le_bytes(*last)) << 32)
    } else {
        match *name {
            [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
            [a, b] => u64::from(u16::from_le_bytes([a, b])),
            [a] => u64::from(a),
            _ => 0,
        }
    };
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
    let mixed = (ends ^ length.rotate_right(8)).wrapping_mul(ODD);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

/// Whether two names are equal: member names are short, and a call to compare memory is not.
#[inline]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(a_last), Some(b_last)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
        a_last == b_last && a_words.iter().zip(b_words).all(|(a, b)| a == b)
    } else {
        a.iter().zip(b).all(|(a, b)| a == b)
    }
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
            "aaaa",
            "aaaaa",
        ];
        for (index, name) in names.iter().enumerate() {
            for other in &names[index + 1..] {
                assert_ne!(
                    fingerprint(name.as_bytes()),
                    fingerprint(other.as_bytes()),
                    "{name} {other}"
                );
            }
        }
    }

    #[test]
    fn names_with_equal_fingerprints_are_still_told_apart() {
        // Same ends, same length, another middle.
        let document = b"start-of-0-name-end  start-of-1-name-end";
        let (a, b) = (&document[..19], &document[21..]);
        let print = fingerprint(a);
        assert_eq!(print, fingerprint(b));
        assert!(!same(a, b));
        let mut names = Names::default();
        names.open();
        assert!(names.add_plain(document, 0, a, print));
        assert!(names.add_plain(document, 21, b, print));
        assert!(!names.add_plain(document, 0, a, print));
        assert!(
            !names
                .add_unescaped(document, "start-of-1-name-end".chars())
                .2
        );
    }

    #[test]
    fn an_inner_object_may_repeat_the_names_of_the_outer() {
        let document = b"name";
        let print = fingerprint(document);
        let mut names = Names::default();
        names.open();
        assert!(names.add_plain(document, 0, document, print));
        names.open();
        assert!(names.add_plain(document, 0, document, print));
        assert!(names.close(document));
        assert!(!names.add_plain(document, 0, document, print));
        assert!(names.close(document));
    }

    #[test]
    fn names_of_every_length_are_compared_whole() {
        for length in 0..40 {
            let name = alloc::vec![b'n'; length];
            assert!(same(&name, &name.clone()));
            for at in 0..length {
                let mut other = name.clone();
                other[at] = b'm';
                assert!(!same(&name, &other), "length {length}, byte {at}");
            }
        }
    }
}
