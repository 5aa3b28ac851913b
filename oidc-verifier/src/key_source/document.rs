//! One of the two documents of an issuer: what is held of it, and when it is fetched again.

use std::time::Duration;

use super::action::Validators;
use super::age::Age;
use super::config::KeySourceConfig;

/// A document that is kept up to date.
#[derive(Clone, Debug)]
pub(crate) struct Document<T> {
    pub(crate) held: Option<Held<T>>,
    failures: u32,
    retry_at: Age,
}

/// What the last good fetch brought.
#[derive(Clone, Debug)]
pub(crate) struct Held<T> {
    pub(crate) value: T,
    pub(crate) validators: Validators,
    pub(crate) freshness: Freshness,
}

/// The times of a document. They do not decrease from field to field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    pub(crate) fetched: Age,
    refresh_at: Age,
    pub(crate) stale_at: Age,
    pub(crate) trust_ends: Age,
}

impl Freshness {
    /// For what was configured and not fetched.
    pub(crate) const FOR_EVER: Freshness = Freshness {
        fetched: Age::ZERO,
        refresh_at: Age::NEVER,
        stale_at: Age::NEVER,
        trust_ends: Age::NEVER,
    };

    /// For a document that came at `now` and is fresh for `soft_age`.
    pub(crate) fn new(
        soft_age: Duration,
        config: &KeySourceConfig,
        random: u64,
        now: Age,
    ) -> Freshness {
        let stale_at = now.plus(soft_age);
        let ahead = hundredths(soft_age.as_secs(), config.refresh_ahead_percent());
        let jitter = hundredths(ahead, config.jitter_percent());
        let earliest = ahead.saturating_sub(jitter);
        let wait = draw(random, earliest, ahead.saturating_add(jitter));
        Freshness {
            fetched: now,
            refresh_at: now.plus(Duration::from_secs(wait)).min(stale_at),
            stale_at,
            trust_ends: stale_at.plus(config.trust_after_soft_age()),
        }
    }
}

impl<T> Document<T> {
    pub(crate) const fn new(held: Option<Held<T>>) -> Document<T> {
        Document {
            held,
            failures: 0,
            retry_at: Age::ZERO,
        }
    }

    /// What is held, while it is trusted.
    pub(crate) fn trusted(&self, now: Age) -> Option<&Held<T>> {
        let trusted = |held: &&Held<T>| now < held.freshness.trust_ends;
        self.held.as_ref().filter(trusted)
    }

    /// From when on it is to be fetched, whoever asks for it or not.
    pub(crate) fn due_at(&self) -> Age {
        let refresh_at = self.held.as_ref().map(|held| held.freshness.refresh_at);
        refresh_at.unwrap_or_default().max(self.retry_at)
    }

    /// Before this it is not fetched for anybody.
    pub(crate) const fn retry_at(&self) -> Age {
        self.retry_at
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn hold(&mut self, held: Held<T>) {
        self.held = Some(held);
        self.succeed();
    }

    /// A fetch succeeded: the next failure is a first one.
    pub(crate) fn succeed(&mut self) {
        self.failures = 0;
        self.retry_at = Age::ZERO;
    }

    /// A fetch failed: what is held stays, and the next fetch waits, longer after each failure,
    /// for a time drawn evenly between the least and the longest wait.
    pub(crate) fn fail(&mut self, config: &KeySourceConfig, random: u64, now: Age) {
        self.failures = self.failures.saturating_add(1);
        let (first, max) = (config.first_backoff(), config.max_backoff());
        let factor = 2_u32.saturating_pow(self.failures);
        let longest = first.saturating_mul(factor).min(max);
        let wait = draw(random, first.as_secs(), longest.as_secs());
        self.retry_at = now.plus(Duration::from_secs(wait));
    }

    /// Brings the next fetch forward to `now`, or to the end of the back-off.
    pub(crate) fn hurry(&mut self, now: Age) {
        if let Some(held) = &mut self.held {
            held.freshness.refresh_at = held.freshness.refresh_at.min(now);
        }
    }
}

fn hundredths(of: u64, percent: u64) -> u64 {
    of.saturating_mul(percent) / 100
}

/// An even choice of `min..=max`. The choice favours the first numbers by less than one in 2^40,
/// as no range here is longer than a day.
fn draw(random: u64, min: u64, max: u64) -> u64 {
    let count = max.saturating_sub(min).saturating_add(1);
    min.saturating_add(random.checked_rem(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Age {
        Age::ZERO.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_refresh_comes_at_80_hundredths_and_a_tenth_of_that_either_way() {
        let config = KeySourceConfig::default();
        for (soft, earliest, latest) in [(600, 432, 528), (60, 44, 52), (3_600, 2_592, 3_168)] {
            let refresh_at = |random| {
                let soft = Duration::from_secs(soft);
                Freshness::new(soft, &config, random, at(1_000)).refresh_at
            };
            let drawn: Vec<_> = (0..1_000).map(refresh_at).collect();
            assert_eq!(drawn.iter().min(), Some(&at(1_000 + earliest)));
            assert_eq!(drawn.iter().max(), Some(&at(1_000 + latest)));
        }
    }

    #[test]
    fn no_choice_of_numbers_refreshes_after_the_soft_age() {
        let config = KeySourceConfig::builder().refresh_ahead_percent(95);
        let config = config.jitter_percent(25).build().unwrap();
        for random in 0..1_000 {
            let held = Freshness::new(Duration::from_secs(600), &config, random, at(0));
            assert!(held.refresh_at <= held.stale_at);
            assert!(held.stale_at <= held.trust_ends);
        }
    }

    #[test]
    fn each_failure_doubles_the_longest_wait_up_to_60_seconds() {
        let config = KeySourceConfig::default();
        let mut documents: Vec<Document<()>> = (0..1_000).map(|_| Document::new(None)).collect();
        for longest in [2, 4, 8, 16, 32, 60, 60, 60] {
            let mut waits = Vec::new();
            for (random, document) in (0..).zip(&mut documents) {
                document.fail(&config, random, at(50));
                waits.push(document.retry_at().since(at(50)).as_secs());
            }
            assert_eq!(waits.iter().min(), Some(&1));
            assert_eq!(waits.iter().max(), Some(&longest));
        }
        let mut document = documents.pop().unwrap();
        document.succeed();
        document.fail(&config, 1, at(0));
        assert_eq!(document.due_at(), at(2));
    }

    #[test]
    fn a_million_failures_are_no_overflow() {
        let config = KeySourceConfig::default();
        let mut document: Document<()> = Document::new(None);
        for _ in 0..1_000_000 {
            document.fail(&config, u64::MAX, at(0));
        }
        assert!(document.retry_at() <= at(60));
    }
}
