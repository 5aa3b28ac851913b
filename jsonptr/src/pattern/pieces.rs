//! Literals with anything before, between and after them: one substring search for each.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memmem::Finder;

use super::syntax::Element;

/// The literals between the first and the last `*` of a pattern. None of them is empty.
#[derive(Clone)]
pub(super) struct Pieces(Box<[Finder<'static>]>);

impl Pieces {
    /// `middle` starts and ends with a run and has only runs and characters.
    pub(super) fn new(middle: &[Element]) -> Self {
        let mut pieces = Vec::new();
        for chars in middle.split(|element| element.is_run()) {
            let piece: String = chars
                .iter()
                .filter_map(|element| match element {
                    Element::Char(char) => Some(*char),
                    Element::One | Element::Run | Element::RunInSegment => None,
                })
                .collect();
            if !piece.is_empty() {
                pieces.push(Finder::new(piece.as_bytes()).into_owned());
            }
        }
        Self(pieces.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes each literal at the first place after the one before. An earlier place leaves more
    /// room for what follows, so there is never a reason to go back, and the searches together
    /// pass over `text` once.
    #[inline]
    pub(super) fn matches(&self, text: &str, count: &mut impl FnMut(usize)) -> bool {
        let mut rest = text.as_bytes();
        for piece in &self.0 {
            let Some(start) = piece.find(rest) else {
                count(rest.len());
                return false;
            };
            let end = start.saturating_add(piece.needle().len());
            count(end);
            rest = rest.get(end..).unwrap_or_default();
        }
        true
    }
}
