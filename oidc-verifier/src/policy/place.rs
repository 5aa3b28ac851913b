//! Where a claim stood the last time.

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonptr::Pointer;
use oidc_core::ClaimsScanner;

/// The index of a claim among those that a scanner locates: a guess, compared before it is used.
///
/// A policy mostly judges the tokens of one verifier, whose claims stand in one order; then a claim
/// is found without a search, however many there are.
#[derive(Debug, Default)]
pub(super) struct Place(AtomicUsize);

impl Place {
    pub(super) fn find(&self, scanner: &ClaimsScanner, pointer: Pointer<'_>) -> Option<usize> {
        let guess = self.0.load(Ordering::Relaxed);
        if scanner.pointer(guess) == Some(pointer) {
            return Some(guess);
        }
        let found = scanner.index_of(pointer)?;
        self.0.store(found, Ordering::Relaxed);
        Some(found)
    }
}

impl Clone for Place {
    fn clone(&self) -> Self {
        Self(AtomicUsize::new(self.0.load(Ordering::Relaxed)))
    }
}
