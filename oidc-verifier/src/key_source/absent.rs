//! The names of keys that were looked for in vain.

use std::collections::VecDeque;

use super::age::Age;
use super::config::KeySourceConfig;

/// Names that the issuer's set did not have when it was fetched for them. Bounded: the oldest goes
/// first.
#[derive(Clone, Debug, Default)]
pub(crate) struct AbsentKids(VecDeque<(Box<str>, Age)>);

impl AbsentKids {
    /// Until when no fetch is made for this name.
    pub(crate) fn until(&self, kid: &str, now: Age) -> Option<Age> {
        let held = self.0.iter().find(|(held, _)| **held == *kid);
        held.map(|(_, until)| *until).filter(|until| now < *until)
    }

    pub(crate) fn insert(&mut self, kid: Box<str>, config: &KeySourceConfig, now: Age) {
        self.0.retain(|(held, until)| now < *until && *held != kid);
        self.0.push_back((kid, now.plus(config.absent_kid_age())));
        while self.0.len() > config.absent_kids() {
            self.0.pop_front();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn count(&self, now: Age) -> usize {
        self.0.iter().filter(|(_, until)| now < *until).count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Age {
        Age::ZERO.plus(Duration::from_secs(seconds))
    }

    fn config(entries: usize) -> KeySourceConfig {
        let config = KeySourceConfig::builder().absent_kids(entries);
        config.build().unwrap()
    }

    #[test]
    fn a_name_is_remembered_for_300_seconds() {
        let mut absent = AbsentKids::default();
        absent.insert("a".into(), &config(128), at(10));
        assert_eq!(absent.until("a", at(309)), Some(at(310)));
        assert_eq!(absent.until("a", at(310)), None);
        assert_eq!(absent.until("b", at(10)), None);
    }

    #[test]
    fn the_oldest_name_goes_first() {
        let mut absent = AbsentKids::default();
        for kid in ["a", "b", "a", "c"] {
            absent.insert(kid.into(), &config(2), at(0));
        }
        assert_eq!(absent.until("b", at(0)), None);
        assert!(absent.until("a", at(0)).is_some());
        assert!(absent.until("c", at(0)).is_some());
        assert_eq!(absent.count(at(0)), 2);

        absent.insert("d".into(), &config(0), at(0));
        assert_eq!(absent.count(at(0)), 0);
    }
}
