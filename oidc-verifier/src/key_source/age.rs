//! Ages that survive a clock that jumps.

use std::time::Duration;

use oidc_core::NumericDate;

/// Seconds of a source's own time: how long it has lived. It never runs backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age(u64);

impl Age {
    pub(crate) const ZERO: Age = Age(0);

    /// Later than every other.
    pub(crate) const NEVER: Age = Age(u64::MAX);

    #[must_use]
    pub(crate) fn plus(self, duration: Duration) -> Age {
        Age(self.0.saturating_add(duration.as_secs()))
    }

    pub(crate) fn since(self, earlier: Age) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

/// Makes ages of the times that callers give.
///
/// What passes on the caller's clock passes here, so a machine that slept has grown older. Where
/// that clock goes back, nothing passes, and it goes on from there: no age shrinks, and no wait
/// grows by the length of the jump.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    last: Option<NumericDate>,
    age: Age,
}

/// Callers on several threads read the clock in one order and come in another: what is less than
/// this behind is no jump.
const RACE: Duration = Duration::from_secs(5);

impl Clock {
    /// The age at `now`, and whether the clock went back.
    pub(crate) fn advance(&mut self, now: NumericDate) -> (Age, bool) {
        let age = self.age(now);
        let went_back = self
            .last
            .is_some_and(|last| now < last.saturating_sub(RACE));
        if went_back || self.last.is_none_or(|last| now > last) {
            self.last = Some(now);
        }
        self.age = age;
        (age, went_back)
    }

    pub(crate) fn age(&self, now: NumericDate) -> Age {
        let passed = self.last.map_or(0, |last| now.seconds_since(last));
        self.age
            .plus(Duration::from_secs(u64::try_from(passed).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> NumericDate {
        NumericDate::from_seconds(seconds).unwrap()
    }

    #[test]
    fn what_passes_on_the_clock_passes_for_the_source() {
        let mut clock = Clock::default();
        for (now, age) in [(1_000, 0), (1_001, 1), (1_001, 1), (4_601, 3_601)] {
            assert_eq!(clock.advance(at(now)), (Age(age), false), "{now}");
        }
        assert_eq!(clock.age(at(4_611)), Age(3_611));
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_younger_and_nothing_wait() {
        let mut clock = Clock::default();
        clock.advance(at(10_000));
        assert_eq!(clock.advance(at(10_100)), (Age(100), false));
        assert_eq!(clock.advance(at(6_500)), (Age(100), true));
        assert_eq!(clock.advance(at(6_501)), (Age(101), false));
    }

    #[test]
    fn callers_that_come_out_of_order_are_no_jump() {
        let mut clock = Clock::default();
        clock.advance(at(1_000));
        assert_eq!(clock.advance(at(995)), (Age(0), false));
        assert_eq!(clock.advance(at(1_001)), (Age(1), false));
        assert_eq!(clock.advance(at(995)), (Age(1), true));
        assert_eq!(clock.advance(at(1_001)), (Age(7), false));
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        let mut clock = Clock::default();
        clock.advance(NumericDate::MIN);
        let (age, _) = clock.advance(NumericDate::MAX);
        assert_eq!(age, Age(253_402_300_799));
        assert_eq!(clock.advance(NumericDate::MIN), (age, true));
    }
}
