//! How many signatures are being waited for.

use core::sync::atomic::{AtomicUsize, Ordering};

/// Places for calls that are under way.
#[derive(Debug)]
pub(super) struct InFlight {
    taken: AtomicUsize,
    max: usize,
}

/// A place; free again when it is dropped, also when the caller gives up.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a AtomicUsize);

impl InFlight {
    pub(super) const fn new(max: usize) -> InFlight {
        InFlight {
            taken: AtomicUsize::new(0),
            max,
        }
    }

    /// A place, if there is one.
    pub(super) fn enter(&self) -> Option<Place<'_>> {
        let more = |taken: usize| taken.checked_add(1).filter(|more| *more <= self.max);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()
            .map(|_| Place(&self.taken))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_were_said_and_each_comes_back() {
        let places = InFlight::new(2);
        let first = places.enter().unwrap();
        let _second = places.enter().unwrap();
        assert!(places.enter().is_none());
        drop(first);
        assert!(places.enter().is_some());
        assert!(InFlight::new(0).enter().is_none());
    }
}
