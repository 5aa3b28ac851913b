//! The text of a pattern, read into elements.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{MAX_PATTERN_BYTES, PatternError};

/// One element of a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Element {
    /// This character.
    Char(char),
    /// `?`: one character; in a segmented pattern any but the separator.
    One,
    /// `*` of a plain pattern, `**` of a segmented one: any characters.
    Run,
    /// `*` of a segmented pattern: any characters but the separator.
    RunInSegment,
}

impl Element {
    pub(super) fn is_run(self) -> bool {
        matches!(self, Self::Run | Self::RunInSegment)
    }
}

/// Reads `pattern`. In the result no two runs are neighbours: together they match what the wider
/// one matches.
pub(super) fn read(pattern: &str, segmented: bool) -> Result<Vec<Element>, PatternError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(PatternError::TooLong {
            bytes: pattern.len(),
        });
    }
    let mut elements = Vec::new();
    let mut chars = pattern.char_indices();
    while let Some((offset, char)) = chars.next() {
        let element = match char {
            '\\' => match chars.next() {
                Some((_, char @ ('*' | '?' | '\\'))) => Element::Char(char),
                _ => return Err(PatternError::InvalidEscape { offset }),
            },
            '?' => Element::One,
            // The second `*` of a `**` replaces the first, below.
            '*' if segmented && !elements.last().copied().is_some_and(Element::is_run) => {
                Element::RunInSegment
            }
            '*' => Element::Run,
            char => Element::Char(char),
        };
        match elements.last_mut() {
            Some(last) if last.is_run() && element.is_run() => *last = element,
            _ => elements.push(element),
        }
    }
    Ok(elements)
}

/// The literal before the first wildcard, and the elements from there on.
pub(super) fn split_prefix(elements: &[Element]) -> (Box<str>, &[Element]) {
    let mut prefix = String::new();
    let mut rest = elements;
    while let [Element::Char(char), tail @ ..] = rest {
        prefix.push(*char);
        rest = tail;
    }
    (prefix.into(), rest)
}

/// The elements up to the last wildcard, and the literal after it.
pub(super) fn split_suffix(elements: &[Element]) -> (&[Element], Box<str>) {
    let mut reversed = Vec::new();
    let mut rest = elements;
    while let [head @ .., Element::Char(char)] = rest {
        reversed.push(*char);
        rest = head;
    }
    (rest, reversed.iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::Element::{Char, One, Run, RunInSegment};
    use super::*;

    #[test]
    fn neighbouring_stars_are_one_run() {
        assert_eq!(
            read("a***b*", false),
            Ok(alloc::vec![Char('a'), Run, Char('b'), Run])
        );
        assert_eq!(
            read("*a**b***", true),
            Ok(alloc::vec![RunInSegment, Char('a'), Run, Char('b'), Run])
        );
        assert_eq!(
            read(r"*\**", true),
            Ok(alloc::vec![RunInSegment, Char('*'), RunInSegment])
        );
        assert_eq!(read("*?*", false), Ok(alloc::vec![Run, One, Run]));
    }

    #[test]
    fn the_literal_ends_are_cut_off() {
        let elements = read(r"é\*?b*c→", false).unwrap();
        let (prefix, rest) = split_prefix(&elements);
        let (middle, suffix) = split_suffix(rest);
        assert_eq!((&*prefix, &*suffix), ("é*", "c→"));
        assert_eq!(middle, [One, Char('b'), Run]);
    }
}
