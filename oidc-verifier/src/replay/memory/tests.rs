#![expect(
    clippy::arithmetic_side_effects,
    reason = "numbers of a test are small"
)]

use std::collections::HashMap;
use std::sync::Barrier;
use std::thread;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(seconds).unwrap()
}

/// A use of the token with this number; the number's lowest four bits choose the shard.
fn token(number: u16, until: i64) -> TokenUse {
    let mut id = [0; 32];
    let [high, low] = number.to_be_bytes();
    (id[0], id[1]) = (low, high);
    TokenUse::new(id, at(until))
}

fn record(
    guard: &MemoryReplayGuard,
    token: &TokenUse,
    now: i64,
) -> Result<Presented, &'static str> {
    guard
        .record(token, at(now))
        .map_err(|unavailable| unavailable.code())
}

#[test]
fn a_token_is_remembered_until_the_second_before_it_may_be_forgotten() {
    let guard = MemoryReplayGuard::new();
    let token = token(1, 100);
    assert_eq!(record(&guard, &token, 10), Ok(Presented::First));
    assert_eq!(record(&guard, &token, 10), Ok(Presented::Again));
    assert_eq!(record(&guard, &token, 99), Ok(Presented::Again));
    // From then on verification refuses it; if it comes all the same, nobody can say.
    assert_eq!(record(&guard, &token, 100), Err("replay_forgotten"));
}

#[test]
fn a_token_that_was_never_here_is_not_admitted_past_its_time() {
    let guard = MemoryReplayGuard::new();
    assert_eq!(record(&guard, &token(1, 100), 99), Ok(Presented::First));
    assert_eq!(record(&guard, &token(2, 100), 100), Err("replay_forgotten"));
    assert_eq!(record(&guard, &token(3, 100), 101), Err("replay_forgotten"));
    assert_eq!(guard.len(), 1);
}

#[test]
fn a_full_guard_admits_nothing_new_and_forgets_nothing_old() {
    for capacity in [1, 2, 17, 100] {
        let guard = MemoryReplayGuard::with_capacity(capacity).unwrap();
        let tokens: Vec<TokenUse> = (0..u16::try_from(capacity).unwrap())
            .map(|number| token(number, 100))
            .collect();
        for token in &tokens {
            assert_eq!(record(&guard, token, 0), Ok(Presented::First));
        }
        let one_more = token(9_999, 1_000);
        assert_eq!(record(&guard, &one_more, 99), Err("replay_full"));
        assert_eq!(guard.len(), capacity);
        for token in &tokens {
            assert_eq!(record(&guard, token, 99), Ok(Presented::Again));
        }
        // All of them expire, wherever they are, and as many find room again.
        for number in 0..u16::try_from(capacity).unwrap() {
            // All in one shard.
            let token = token(number * 16, 1_000);
            assert_eq!(record(&guard, &token, 100), Ok(Presented::First));
        }
        assert_eq!(record(&guard, &one_more, 100), Err("replay_full"));
    }
}

#[test]
fn the_error_of_a_full_guard_says_how_much_it_holds() {
    let guard = MemoryReplayGuard::with_capacity(1).unwrap();
    assert_eq!(record(&guard, &token(1, 100), 0), Ok(Presented::First));
    let full = guard.record(&token(2, 100), at(0)).unwrap_err();
    assert_eq!(
        full.to_string(),
        "replay guard is full: it remembers 1 tokens"
    );
}

#[test]
fn a_capacity_is_within_its_bounds() {
    let max = MemoryReplayGuard::MAX_CAPACITY;
    for (capacity, ok) in [(0, false), (1, true), (max, true), (max + 1, false)] {
        let guard = MemoryReplayGuard::with_capacity(capacity);
        assert_eq!(guard.is_ok(), ok, "{capacity}");
        match guard {
            Ok(guard) => assert_eq!(guard.capacity(), capacity),
            Err(error) => assert_eq!(
                error.to_string(),
                format!("capacity of {capacity} is not within 1 and 10000000")
            ),
        }
    }
}

#[test]
fn a_clock_that_leaps_and_returns_admits_no_token_twice() {
    let guard = MemoryReplayGuard::new();
    // Both stand in one shard.
    let (short, long) = (token(0x010, 100), token(0x020, 5_000));
    assert_eq!(record(&guard, &short, 10), Ok(Presented::First));
    // An hour ahead, another token makes the guard forget the first.
    assert_eq!(record(&guard, &long, 3_610), Ok(Presented::First));
    assert_eq!(guard.len(), 1);
    // Back again: what may have been forgotten is not admitted, what cannot have been is.
    assert_eq!(record(&guard, &short, 11), Err("replay_forgotten"));
    assert_eq!(
        record(&guard, &token(0x030, 100), 11),
        Err("replay_forgotten")
    );
    assert_eq!(record(&guard, &token(0x030, 101), 11), Ok(Presented::First));
    assert_eq!(record(&guard, &long, 11), Ok(Presented::Again));
}

#[test]
fn a_leap_to_the_end_of_time_blocks_nothing_that_comes_after() {
    let guard = MemoryReplayGuard::new();
    assert_eq!(record(&guard, &token(1, 100), 10), Ok(Presented::First));
    let end = NumericDate::MAX.as_seconds();
    assert_eq!(record(&guard, &token(1, 100), end), Err("replay_forgotten"));
    assert_eq!(record(&guard, &token(0x101, 200), 10), Ok(Presented::First));
}

#[test]
fn of_many_threads_with_one_token_exactly_one_is_first() {
    const THREADS: usize = 16;
    for round in 0..50 {
        // In every second round the guard is full but for one place.
        let guard = MemoryReplayGuard::with_capacity(1 + round % 2).unwrap();
        let start = Barrier::new(THREADS);
        let token = token(7, 100);
        let firsts: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        usize::from(record(&guard, &token, 10) == Ok(Presented::First))
                    })
                })
                .collect();
            threads.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!((firsts, guard.len()), (1, 1));
    }
}

#[test]
fn many_threads_with_many_tokens_never_exceed_the_capacity() {
    const THREADS: u16 = 8;
    let guard = MemoryReplayGuard::with_capacity(100).unwrap();
    let firsts: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let guard = &guard;
                scope.spawn(move || {
                    (0..50)
                        .map(|number| token(thread * 50 + number, 100))
                        .filter(|token| record(guard, token, 10) == Ok(Presented::First))
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).sum()
    });
    // 400 tokens want 100 places.
    assert_eq!((firsts, guard.len()), (100, 100));
}

/// What a guard should say while its clock never goes back: a map, looked through as a whole.
#[derive(Default)]
struct Model {
    held: HashMap<u16, i64>,
}

impl Model {
    fn record(
        &mut self,
        number: u16,
        until: i64,
        now: i64,
        capacity: usize,
    ) -> Result<Presented, &'static str> {
        if until <= now {
            return Err("replay_forgotten");
        }
        self.held.retain(|_, until| *until > now);
        if self.held.contains_key(&number) {
            return Ok(Presented::Again);
        }
        if self.held.len() == capacity {
            return Err("replay_full");
        }
        self.held.insert(number, until);
        Ok(Presented::First)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn while_the_clock_goes_on_it_is_a_map_of_bounded_size(
        capacity in 1_usize..6,
        uses in prop::collection::vec((0_u16..40, -2_i64..20, 0_i64..4), 1..80),
    ) {
        let guard = MemoryReplayGuard::with_capacity(capacity).unwrap();
        let mut model = Model::default();
        let mut now = 1_000;
        for (number, lasts, passes) in uses {
            now += passes;
            let expected = model.record(number, now + lasts, now, capacity);
            prop_assert_eq!(record(&guard, &token(number, now + lasts), now), expected);
            prop_assert!(guard.len() <= capacity);
        }
    }

    #[test]
    fn whatever_the_clock_does_no_token_is_first_twice(
        capacity in 1_usize..12,
        // A token expires when its number says: the numbers of one shard are 16 apart.
        uses in prop::collection::vec((0_u16..8, -5_000_i64..5_000), 1..80),
    ) {
        let guard = MemoryReplayGuard::with_capacity(capacity).unwrap();
        let mut firsts = HashMap::new();
        for (number, leap) in uses {
            let until = 10_000 + i64::from(number) * 500;
            let token = token(number * 16, until);
            let now = 10_000 + leap;
            if record(&guard, &token, now) == Ok(Presented::First) {
                prop_assert!(now < until);
                *firsts.entry(number).or_insert(0) += 1;
            }
            prop_assert!(guard.len() <= capacity);
        }
        prop_assert!(firsts.values().all(|times| *times == 1));
    }
}
