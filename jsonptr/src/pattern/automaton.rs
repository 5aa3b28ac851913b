//! All states of a pattern at once, one bit for each: for `?` and for segments.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::iter;

use super::MAX_PATTERN_BYTES;
use super::syntax::Element;

/// A pattern has at most one state more than characters.
const MAX_WORDS: usize = MAX_PATTERN_BYTES / 64 + 1;

/// Bit `i` of the state is set when what was read matches the first `i` elements that are not
/// runs. A run is no element of its own: it lets the state before it stay where it is.
///
/// On a character, the state `d` becomes `((d & advance) << 1) | (d & stay)`. The masks depend on
/// the class of the character: each one that the pattern names, the separator, and all others.
#[derive(Clone)]
pub(super) struct Automaton {
    /// Words in a state.
    words: usize,
    accept: u64,
    separator: Option<char>,
    stay: Box<[u64]>,
    stay_at_separator: Box<[u64]>,
    classes: Classes,
    /// `words` for each class.
    advance: Box<[u64]>,
}

impl Automaton {
    /// `middle` is at most [`MAX_PATTERN_BYTES`] elements.
    pub(super) fn new(middle: &[Element], separator: Option<char>) -> Self {
        let singles = || middle.iter().filter(|element| !element.is_run());
        let last = singles().count();
        let words = last.checked_div(64).unwrap_or(0).saturating_add(1);

        let mut stay = vec![0; words];
        let mut stay_at_separator = vec![0; words];
        let mut state = 0_usize;
        for element in middle {
            match element {
                Element::Run => {
                    set(&mut stay, state);
                    set(&mut stay_at_separator, state);
                }
                Element::RunInSegment => set(&mut stay, state),
                Element::Char(_) | Element::One => state = state.saturating_add(1),
            }
        }

        let mut named: Vec<char> = singles()
            .filter_map(|element| match element {
                Element::Char(char) => Some(*char),
                Element::One | Element::Run | Element::RunInSegment => None,
            })
            .chain(separator)
            .collect();
        named.sort_unstable();
        named.dedup();
        let mut advance = Vec::new();
        for class in iter::once(None).chain(named.iter().copied().map(Some)) {
            let mut mask = vec![0; words];
            for (state, element) in singles().enumerate() {
                let accepts = match element {
                    Element::Char(char) => class == Some(*char),
                    Element::One => class.is_none() || class != separator,
                    Element::Run | Element::RunInSegment => false,
                };
                if accepts {
                    set(&mut mask, state);
                }
            }
            advance.append(&mut mask);
        }

        Self {
            words,
            accept: mask(last),
            separator,
            stay: stay.into(),
            stay_at_separator: stay_at_separator.into(),
            classes: Classes::new(&named),
            advance: advance.into(),
        }
    }

    #[inline]
    pub(super) fn matches(&self, text: &str, count: &mut impl FnMut(usize)) -> bool {
        if let ([stay], [stay_at_separator]) = (&*self.stay, &*self.stay_at_separator) {
            return self.matches_in_a_word(text, *stay, *stay_at_separator, count);
        }
        let mut states = [0_u64; MAX_WORDS];
        let Some(states) = states.get_mut(..self.words) else {
            return false;
        };
        set(states, 0);
        for char in text.chars() {
            count(self.words);
            let stay = if Some(char) == self.separator {
                &self.stay_at_separator
            } else {
                &self.stay
            };
            let start = self.classes.of(char).saturating_mul(self.words);
            let advance = self.advance.get(start..).unwrap_or_default();
            let mut carry = 0;
            let mut alive = 0;
            for ((state, stay), advance) in states.iter_mut().zip(stay).zip(advance) {
                let moved = *state & advance;
                *state = (moved << 1) | carry | (*state & stay);
                carry = moved >> 63;
                alive |= *state;
            }
            if alive == 0 {
                return false;
            }
        }
        states.last().is_some_and(|state| state & self.accept != 0)
    }

    /// The same, for up to 63 characters in the pattern.
    fn matches_in_a_word(
        &self,
        text: &str,
        stay: u64,
        stay_at_separator: u64,
        count: &mut impl FnMut(usize),
    ) -> bool {
        let mut state = 1_u64;
        for char in text.chars() {
            count(1);
            let stay = if Some(char) == self.separator {
                stay_at_separator
            } else {
                stay
            };
            let advance = self
                .advance
                .get(self.classes.of(char))
                .copied()
                .unwrap_or(0);
            state = ((state & advance) << 1) | (state & stay);
            if state == 0 {
                return false;
            }
        }
        state & self.accept != 0
    }
}

/// The characters that a pattern names, numbered from 1 in their order; 0 is all others.
#[derive(Clone)]
struct Classes {
    /// By ASCII code. A `u8` is enough: these have the first numbers.
    ascii: [u8; 128],
    first_other: usize,
    others: Box<[char]>,
}

impl Classes {
    /// `named` is sorted.
    fn new(named: &[char]) -> Self {
        let mut ascii = [0; 128];
        for (class, char) in (1..).zip(named.iter().filter(|char| char.is_ascii())) {
            if let Some(slot) = ascii.get_mut(code(*char)) {
                *slot = class;
            }
        }
        let others: Box<[char]> = named
            .iter()
            .copied()
            .filter(|char| !char.is_ascii())
            .collect();
        let first_other = named.len().saturating_sub(others.len()).saturating_add(1);
        Self {
            ascii,
            first_other,
            others,
        }
    }

    #[inline]
    fn of(&self, char: char) -> usize {
        if let Some(class) = self.ascii.get(code(char)) {
            return usize::from(*class);
        }
        match self.others.binary_search(&char) {
            Ok(position) => self.first_other.saturating_add(position),
            Err(_) => 0,
        }
    }
}

fn code(char: char) -> usize {
    usize::try_from(u32::from(char)).unwrap_or(usize::MAX)
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= mask(bit);
    }
}

/// Bit `bit` in its word.
fn mask(bit: usize) -> u64 {
    1_u64.rotate_left(u32::try_from(bit % 64).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::super::syntax::read;
    use super::*;

    fn matches(pattern: &str, separator: Option<char>, text: &str) -> bool {
        let elements = read(pattern, separator.is_some()).unwrap();
        Automaton::new(&elements, separator).matches(text, &mut |_| ())
    }

    /// 63 single characters are the most whose states fit one word.
    #[test]
    fn states_carry_from_word_to_word() {
        for len in [1, 62, 63, 64, 65, 127, 128, 129, 512, 1023, 1024] {
            let shorter = "x".repeat(len - 1);
            let text = format!("{shorter}x");
            for pattern in ["?".repeat(len), text.clone(), format!("{shorter}?")] {
                assert!(matches(&pattern, None, &text), "{len}");
                assert!(!matches(&pattern, None, &shorter), "{len}");
                assert!(!matches(&pattern, None, &format!("{text}x")), "{len}");
            }
            assert!(!matches(&text, None, &format!("{shorter}y")), "{len}");
            assert!(!matches(&format!("{shorter}?"), None, &format!("y{shorter}")) || len == 1);
        }
        for len in [1, 62, 63, 64, 127, 128, 1023] {
            let text = "x".repeat(len);
            assert!(matches(&format!("*{text}"), None, &text.repeat(3)), "{len}");
            assert!(
                !matches(&format!("*{text}"), None, &format!("{text}y")),
                "{len}"
            );
        }
    }

    #[test]
    fn every_named_character_has_its_own_class() {
        // All of ASCII, then as many others as there is room for.
        let text: String = ('\u{0}'..'\u{240}')
            .filter(|char| !r"*?\".contains(*char))
            .collect();
        assert!(text.len() <= MAX_PATTERN_BYTES);
        let automaton = Automaton::new(&read(&text, false).unwrap(), None);
        let matches = |text: &str| automaton.matches(text, &mut |_| ());
        assert!(matches(&text));
        for (at, char) in text.char_indices() {
            let mut other = text.clone();
            other.replace_range(at..at + char.len_utf8(), "\u{300}");
            assert!(!matches(&other));
        }
    }
}
