//! Where a claim stood the last time.

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonptr::Pointer;
use oidc_core::ClaimsScanner;

/// The index of a claim among those that a scanner locates, and the scanner's id: one word, so that
/// both are of one time.
///
/// A policy mostly judges the tokens of one verifier, whose claims stand in one order; then a claim
/// is found without a search, however many there are.
#[derive(Debug, Default)]
pub(super) struct Place(AtomicUsize);

/// How many indices there are: one byte of the word.
const INDICES: usize = 256;
const _: () = assert!(ClaimsScanner::MAX_POINTERS <= INDICES);

impl Place {
    #[inline]
    pub(super) fn find(&self, scanner: &ClaimsScanner, pointer: Pointer<'_>) -> Option<usize> {
        let held = self.0.load(Ordering::Relaxed);
        match scanner.id() {
            Some(id) if held / INDICES == id.get() => Some(held % INDICES),
            _ => self.search(scanner, pointer),
        }
    }

    #[cold]
    fn search(&self, scanner: &ClaimsScanner, pointer: Pointer<'_>) -> Option<usize> {
        let index = scanner.index_of(pointer)?;
        // An id that does not fit beside an index is not remembered.
        let id = scanner.id().and_then(|id| id.get().checked_mul(INDICES));
        if let Some(place) = id.and_then(|id| id.checked_add(index)) {
            self.0.store(place, Ordering::Relaxed);
        }
        Some(index)
    }
}

impl Clone for Place {
    fn clone(&self) -> Self {
        Self(AtomicUsize::new(self.0.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(pointers: [&'static str; 2]) -> ClaimsScanner {
        ClaimsScanner::new(pointers.map(|text| Pointer::parse(text).unwrap())).unwrap()
    }

    #[test]
    fn a_place_in_one_scanner_is_none_in_another() {
        let place = Place::default();
        let sub = Pointer::parse("/sub").unwrap();
        let (first, second) = (scanner(["/sub", "/aud"]), scanner(["/aud", "/sub"]));
        let without = scanner(["/aud", "/azp"]);
        for _ in 0..2 {
            assert_eq!(place.find(&first, sub), Some(0));
            assert_eq!(place.find(&first.clone(), sub), Some(0));
            assert_eq!(place.clone().find(&second, sub), Some(1));
            assert_eq!(place.find(&second, sub), Some(1));
            assert_eq!(place.find(&without, sub), None);
        }
    }

    #[test]
    fn the_last_of_as_many_claims_as_a_scanner_takes_has_a_place() {
        let names: Vec<_> = (0..ClaimsScanner::MAX_POINTERS)
            .map(|index| jsonptr::PointerBuf::from_tokens([index.to_string()]))
            .collect();
        let scanner = ClaimsScanner::new(names.iter().map(|name| name.as_pointer())).unwrap();
        for (index, name) in names.iter().enumerate() {
            let place = Place::default();
            assert_eq!(place.find(&scanner, name.as_pointer()), Some(index));
            assert_eq!(place.find(&scanner, name.as_pointer()), Some(index));
        }
    }
}
