//! All states of a pattern at once, one bit for each: for `?` and for segments.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

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

        let classes = Classes::new(
            middle
                .iter()
                .filter_map(|element| match element {
                    Element::Char(char) => Some(*char),
                    Element::One | Element::Run | Element::RunInSegment => None,
                })
                .chain(separator),
        );
        let mut advance = Vec::new();
        for class in classes.representatives() {
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
            accept: bit(last),
            separator,
            stay: stay.into(),
            stay_at_separator: stay_at_separator.into(),
            classes,
            advance: advance.into(),
        }
    }

    #[inline]
    pub(super) fn matches(&self, text: &str, count: &mut impl FnMut(usize)) -> bool {
        if let ([stay], [stay_at_separator]) = (&*self.stay, &*self.stay_at_separator) {
            return self.matches_in_a_word(text, *stay, *stay_at_separator, count);
        }
        let mut states = [0_u64; MAX_WORDS];
        let Some(states) = states.get_mut(..self.words) else { return false };
        set(states, 0);
        for char in text.chars() {
            count(self.words);
            let stay =
                if Some(char) == self.separator { &self.stay_at_separator } else { &self.stay };
            let start = self.classes.of(char).saturating_mul(self.words);
            let advance = self.advance.iter().skip(start);
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
            let stay = if Some(char) == self.separator { stay_at_separator } else { stay };
            let advance = self.advance.get(self.classes.of(char)).copied().unwrap_or(0);
            state = ((state & advance) << 1) | (state & stay);
            if state == 0 {
                return false;
            }
        }
        state & self.accept != 0
    }
}

/// The characters that a pattern tells apart, numbered from 1; 0 is all others.
#[derive(Clone)]
struct Classes {
    /// By ASCII code. A `u8` is enough: the ASCII characters have the first numbers.
    ascii: [u8; 128],
    /// The others in order, numbered after those.
    others: Box<[char]>,
    first_other: usize,
}

impl Classes {
    fn new(chars: impl Iterator<Item = char>) -> Self {
        let mut chars: Vec<char> = chars.collect();
        chars.sort_unstable();
        chars.dedup();
        let first_other = chars.partition_point(char::is_ascii);
        let others = chars.split_off(first_other).into();
        let mut ascii = [0; 128];
        for (class, char) in (1..).zip(chars) {
            if let Some(slot) = ascii.get_mut(index(u32::from(char))) {
                *slot = class;
            }
        }
        Self { ascii, others, first_other: first_other.saturating_add(1) }
    }

    #[inline]
    fn of(&self, char: char) -> usize {
        match self.ascii.get(index(u32::from(char))) {
            Some(class) => usize::from(*class),
            None => match self.others.binary_search(&char) {
                Ok(position) => self.first_other.saturating_add(position),
                Err(_) => 0,
            },
        }
    }

    /// One character of each class, in the order of their numbers; `None` for the class of all
    /// others.
    fn representatives(&self) -> impl Iterator<Item = Option<char>> {
        let mut ascii: Vec<(u8, char)> = (0_u8..).map(char::from).zip(self.ascii).filter_map(|(char, class)| (class != 0).then_some((class, char))).collect();
        ascii.sort_unstable();
        core::iter::once(None)
            .chain(ascii.into_iter().map(|(_, char)| Some(char)))
            .chain(self.others.iter().copied().map(Some))
    }
}
