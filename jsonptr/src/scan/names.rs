//! Member names of the objects that are open: no object may hold one twice.

use alloc::vec::Vec;

use super::trie::NodeId;

/// Up to this many names of one object are compared as they come; beyond it all are sorted when
/// the object closes, so that names chosen to look alike cost no more than others.
const COMPARED_AS_THEY_COME: usize = 64;

/// The names that a document has used, apart for those that pointers name and those of no pointer:
/// no name is of both kinds.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// For each node of the pointers' tree, whether its name has come. A node stands for one place
    /// of the document, so a name that comes to it twice stands twice in one object.
    seen: Vec<bool>,
    /// A stack of the other names: those of the innermost open object are on top.
    held: Vec<Name>,
    unescaped: Vec<u8>,
    /// The innermost open object.
    open: Held,
    /// The open objects around it.
    outer: Vec<Held>,
}

/// Where a name's unescaped bytes are: in the document, or in [`Names::unescaped`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    start: usize,
    end: usize,
    key: Key,
    was_escaped: bool,
}

/// The held names of one object: where they begin on the stack, and which of 256 marks they bear.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    base: usize,
    marks: [u64; 4],
}

/// Sixty-four bits of a name: all of it if it is short, else something of its ends; and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// Names of fewer bytes differ if and only if their keys do.
    const SHORT: usize = 8;

    /// The key of no name.
    pub(super) const NONE: Self = Self(u64::MAX);

    #[inline]
    pub(super) fn of(name: &[u8]) -> Self {
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            let ends = u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23);
            Self::new(ends, name.len().min(0xff))
        } else {
            let mut word = [0; Self::SHORT];
            for (byte, own) in word.iter_mut().zip(name) {
                *byte = *own;
            }
            Self::short(word, name.len())
        }
    }

    /// The key of the first `length` bytes of `text`: a short name is read in one go with what is
    /// behind it.
    #[inline]
    pub(super) fn of_front(text: &[u8], length: usize) -> Self {
        match text.first_chunk() {
            Some(word) if length < Self::SHORT => Self::short(*word, length),
            _ => Self::of(text.get(..length).unwrap_or_default()),
        }
    }

    /// The key of the first `length` bytes of `word`, fewer than eight; the others fall out at the
    /// upper end.
    #[inline]
    fn short(word: [u8; Self::SHORT], length: usize) -> Self {
        let others = 56_usize.wrapping_sub(length.wrapping_mul(8)) & 63;
        Self::new(u64::from_le_bytes(word) << others, length)
    }

    /// The lowest byte says the length, and 255 for all that are longer.
    #[inline]
    fn new(word: u64, length: usize) -> Self {
        Self((word << 8) | u64::try_from(length).unwrap_or(u64::MAX))
    }

    /// Whether no other name has this key.
    #[inline]
    fn is_whole_name(self) -> bool {
        usize::from(self.0.to_le_bytes()[0]) < Self::SHORT
    }

    /// Eleven bits that differ for most names.
    #[inline]
    pub(super) fn hash(self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        usize::try_from(self.0.wrapping_mul(ODD) >> (64 - 11)).unwrap_or_default()
    }
}

impl Name {
    /// The name of `length` bytes that stands without escapes at `start` of the document.
    #[inline]
    pub(super) fn plain(start: usize, length: usize, key: Key) -> Self {
        Self {
            start,
            end: start.wrapping_add(length),
            key,
            was_escaped: false,
        }
    }

    pub(super) fn key(self) -> Key {
        self.key
    }
}

impl Names {
    /// A new document, and so many nodes of pointers.
    pub(super) fn begin(&mut self, nodes: usize) {
        self.seen.resize(nodes, false);
        self.seen.fill(false);
        self.held.clear();
        self.unescaped.clear();
        self.open = Held::default();
        self.outer.clear();
    }

    /// An object opens.
    #[inline]
    pub(super) fn open(&mut self) {
        self.outer.push(self.open);
        self.open = Held {
            base: self.held.len(),
            marks: [0; 4],
        };
    }

    /// Notes the name of a node of pointers; `false` if it has come before.
    #[inline]
    pub(super) fn add_known(&mut self, node: NodeId) -> bool {
        match self.seen.get_mut(node.place()) {
            Some(seen) => !core::mem::replace(seen, true),
            None => false,
        }
    }

    /// Adds a name of no pointer; `false` if the innermost object has it already.
    #[inline]
    pub(super) fn add_other(&mut self, document: &[u8], name: Name) -> bool {
        let hash = name.key.hash();
        let bit = 1 << (hash & 63);
        let Some(word) = self.open.marks.get_mut((hash >> 6) & 3) else {
            return false;
        };
        let is_marked = *word & bit != 0;
        *word |= bit;
        if is_marked && !self.is_new(document, name) {
            return false;
        }
        self.held.push(name);
        true
    }

    #[inline(never)]
    fn is_new(&self, document: &[u8], name: Name) -> bool {
        let held = self.held.get(self.open.base..).unwrap_or_default();
        held.len() >= COMPARED_AS_THEY_COME
            || held.iter().all(|other| {
                other.key != name.key || self.bytes(document, *other) != self.bytes(document, name)
            })
    }

    /// Takes a name with escapes, given as its characters.
    pub(super) fn unescape(&mut self, characters: impl Iterator<Item = char>) -> Name {
        let start = self.unescaped.len();
        for character in characters {
            let mut utf8 = [0; 4];
            self.unescaped
                .extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        Name {
            start,
            end: self.unescaped.len(),
            key: Key::of(self.unescaped.get(start..).unwrap_or_default()),
            was_escaped: true,
        }
    }

    /// The bytes of a name, unescaped.
    pub(super) fn bytes<'a>(&'a self, document: &'a [u8], name: Name) -> &'a [u8] {
        bytes(name, document, &self.unescaped)
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
        let bytes = |name: &Name| bytes(*name, document, unescaped);
        held.sort_unstable_by(|a, b| bytes(a).cmp(bytes(b)));
        held.is_sorted_by(|a, b| bytes(a) < bytes(b))
    }
}

fn bytes<'a>(name: Name, document: &'a [u8], unescaped: &'a [u8]) -> &'a [u8] {
    let text = if name.was_escaped {
        unescaped
    } else {
        document
    };
    text.get(name.start..name.end).unwrap_or_default()
}

/// Whether `name`, whose key is `key`, is `known`, whose key is the same.
#[inline]
pub(super) fn is_same(key: Key, known: &[u8], name: &[u8]) -> bool {
    key.is_whole_name() || same(known, name)
}

/// Whether two names are equal: member names are short, and a call to compare memory is not.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
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

    fn key(name: impl AsRef<[u8]>) -> Key {
        Key::of(name.as_ref())
    }

    #[test]
    fn the_key_of_a_short_name_is_the_key_of_no_other() {
        let names = [
            "",
            "\0",
            "\0\0",
            "a",
            "b",
            "ab",
            "ba",
            "abc",
            "ab\0",
            "abcd",
            "abcdefg",
            "abcdefh",
            "bbcdefg",
            "abcdefgh",
            "abcdefghi",
            "aaaaaaaa",
            "aaaaaaaaa",
        ];
        for (index, name) in names.iter().enumerate() {
            assert_eq!(key(name).is_whole_name(), name.len() < 8, "{name}");
            for other in &names[index + 1..] {
                assert_ne!(key(name), key(other), "{name} {other}");
            }
        }
    }

    #[test]
    fn a_key_is_the_same_wherever_the_name_stands() {
        let text = b"name-of-a-claim\":1,";
        for length in 0..=text.len() {
            for behind in length..=text.len() {
                let front = Key::of_front(&text[..behind], length);
                assert_eq!(front, key(&text[..length]), "{length} of {behind}");
            }
        }
        let long = [b'n'; 300];
        assert_ne!(key(&long[..254]), key(&long[..255]));
        // From here on the length is not told apart, and the names are compared.
        assert_eq!(key(&long[..255]), key(long));
    }

    #[test]
    fn names_with_equal_keys_are_still_told_apart() {
        // Same ends, same length, another middle.
        let document = b"start-of-0-name-end  start-of-1-name-end";
        let (a, b) = (&document[..19], &document[21..]);
        let key = Key::of(a);
        assert_eq!(key, Key::of(b));
        assert!(is_same(key, a, a) && !is_same(key, a, b));
        let mut names = Names::default();
        names.open();
        assert!(names.add_other(document, Name::plain(0, 19, key)));
        assert!(names.add_other(document, Name::plain(21, 19, key)));
        assert!(!names.add_other(document, Name::plain(0, 19, key)));
        let escaped = names.unescape("start-of-1-name-end".chars());
        assert_eq!(escaped.key(), key);
        assert_eq!(names.bytes(document, escaped), b);
        assert!(!names.add_other(document, escaped));
    }

    #[test]
    fn an_inner_object_may_repeat_the_names_of_the_outer() {
        let document = b"name";
        let name = Name::plain(0, 4, Key::of(document));
        let mut names = Names::default();
        names.open();
        assert!(names.add_other(document, name));
        names.open();
        assert!(names.add_other(document, name));
        assert!(names.close(document));
        assert!(!names.add_other(document, name));
        assert!(names.close(document));
    }

    #[test]
    fn a_name_that_pointers_know_comes_once_in_a_document() {
        let mut names = Names::default();
        names.begin(1);
        assert!(names.add_known(NodeId::ROOT));
        assert!(!names.add_known(NodeId::ROOT));
        names.begin(1);
        assert!(names.add_known(NodeId::ROOT));
        assert!(!names.add_known(NodeId::NOWHERE));
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
