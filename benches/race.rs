//! Several pieces of code, timed side by side.

use std::time::{Duration, Instant};

/// What each contestant of a race took in each round.
///
/// In a round the contestants take turns, several times each, and the fastest turn counts: what
/// disturbs a machine only ever slows it down. A ratio is taken within each round, where all ran
/// under the same conditions, and the median over the rounds is the answer.
#[derive(Debug)]
pub(crate) struct Race {
    /// For each round the nanoseconds of one call of each contestant.
    rounds: Vec<Vec<f64>>,
}

/// One turn of a contestant lasts at least this long, so that reading the clock costs nothing.
const TURN: Duration = Duration::from_micros(500);

/// Turns of each contestant in a round.
const TURNS: u32 = 5;

/// A race ends after this time, or after [`MAX_ROUNDS`], but not before [`MIN_ROUNDS`].
const BUDGET: Duration = Duration::from_millis(1_500);
const MIN_ROUNDS: usize = 9;
const MAX_ROUNDS: usize = 501;

impl Race {
    /// Runs the race. Each contestant has been called at least once before it is timed.
    pub(crate) fn run(contestants: &mut [&mut dyn FnMut()]) -> Race {
        let calls: Vec<u32> = contestants.iter_mut().map(|one| calls(*one)).collect();
        let begun = now();
        let mut rounds = Vec::new();
        while rounds.len() < MIN_ROUNDS || (rounds.len() < MAX_ROUNDS && begun.elapsed() < BUDGET) {
            let mut round = vec![f64::INFINITY; contestants.len()];
            for _ in 0..TURNS {
                for ((contestant, calls), best) in
                    contestants.iter_mut().zip(&calls).zip(&mut round)
                {
                    let took = turn(*contestant, *calls).as_secs_f64() * 1e9 / f64::from(*calls);
                    *best = best.min(took);
                }
            }
            rounds.push(round);
        }
        Race { rounds }
    }

    /// The median over the rounds of what contestant `one` took, divided by what `other` took.
    pub(crate) fn ratio(&self, one: usize, other: usize) -> f64 {
        median(
            self.rounds
                .iter()
                .filter_map(|round| Some(round.get(one)? / round.get(other)?)),
        )
    }

    /// The median of what contestant `one` took, in nanoseconds.
    pub(crate) fn nanoseconds(&self, one: usize) -> f64 {
        median(
            self.rounds
                .iter()
                .filter_map(|round| round.get(one).copied()),
        )
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many calls make one turn.
fn calls(contestant: &mut dyn FnMut()) -> u32 {
    let mut calls = 1_u32;
    loop {
        if turn(contestant, calls) >= TURN {
            return calls;
        }
        calls = calls.saturating_mul(2);
    }
}

fn turn(contestant: &mut dyn FnMut(), calls: u32) -> Duration {
    let begun = now();
    for _ in 0..calls {
        contestant();
    }
    begun.elapsed()
}

pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a bench is about time")]
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_ratios_and_not_the_ratio_of_the_medians() {
        let race = Race {
            rounds: vec![vec![1.0, 1.0], vec![20.0, 10.0], vec![9.0, 3.0]],
        };
        assert!((race.ratio(0, 1) - 2.0).abs() < 1e-9);
        assert!((race.nanoseconds(0) - 9.0).abs() < 1e-9);
    }

    #[test]
    fn twice_the_work_takes_longer() {
        let work = |times: u64| (0..times).fold(1_u64, |a, b| std::hint::black_box(a ^ b));
        let mut once = || {
            std::hint::black_box(work(1_000));
        };
        let mut tenfold = || {
            std::hint::black_box(work(10_000));
        };
        let race = Race::run(&mut [&mut once, &mut tenfold]);
        assert!(race.ratio(1, 0) > 3.0, "{race:?}");
    }
}
