//! A key source through floods, outages, rotations and clocks that jump: properties with hard
//! counts, over a simulated clock and server.
#![cfg(feature = "discovery")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "these helpers run in tests only"
)]

mod key_source_world;

use key_source_world::{Answer, World, config, kid, set};
use oidc_verifier::key_source::{FetchKind, KeyFreshness, KeySourceConfig, Refetch};
use proptest::collection::vec;
use proptest::prelude::*;

/// A world of one source that has its keys, at a random time after it got them.
fn warm(random: u64, keys: &[u8]) -> World {
    let mut world = cold(random);
    world.server.keys = set(keys);
    world.run();
    assert!(world.trusts(keys[0]));
    world.log.clear();
    world
}

fn cold(random: u64) -> World {
    let mut world = World::new(config());
    world.random = random | 1;
    world
}

/// One second in which `hostile` tokens with invented names arrive.
fn flooded_second(world: &mut World, hostile: usize, seed: u64) {
    for one in 0..hostile {
        let answer = world.ask(&format!("invented-{seed}-{}-{one}", world.passed));
        assert_ne!(answer, Refetch::Known);
        // The driver may poll between any two tokens.
        if one % 3 == 0 {
            world.run();
        }
    }
    world.pass(1);
}

/// Trust ends 4,200 real seconds after the last answer, whatever the clock does in an outage: a jump
/// back costs the second in which it is seen, or its own length where it is short enough to be
/// taken for callers that came in another order (six seconds, of which one has passed when it is seen).
fn assert_no_longer_trusted_after(random: u64, jumps: &[(i64, i64)]) {
    let mut world = warm(random, &[1]);
    world.server.answer = Answer::Down;
    let mut bound = 4_200;
    let at_each_second = |world: &mut World, bound: i64| {
        world.pass(1);
        assert!(
            world.passed < bound || !world.trusts(1),
            "{jumps:?}: trusted after {} of {bound} seconds",
            world.passed
        );
    };
    for (jump, seconds) in jumps {
        world.clock_error += jump;
        bound += match jump {
            0.. => 0,
            -6..0 => -jump,
            ..-6 => 1,
        };
        for _ in 0..*seconds {
            at_each_second(&mut world, bound);
        }
    }
    while world.passed < bound {
        at_each_second(&mut world, bound);
    }
    assert!(!world.trusts(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Warm: whatever the distribution of 1,000 names, one fetch a cooldown is theirs and the one
    /// refresh is the source's own. The second permit stays for signs of a rotation.
    #[test]
    fn invented_names_cause_one_fetch_a_window_when_warm(
        random: u64,
        latency in 0_i64..5,
        bursts in vec(0_usize..100, 10..40),
    ) {
        let mut world = warm(random, &[1]);
        world.latency = latency;
        world.pass(10);
        let begun = world.passed;
        let mut left = 1_000_usize;
        for burst in bursts {
            let burst = burst.min(left);
            left -= burst;
            flooded_second(&mut world, burst, random);
        }
        flooded_second(&mut world, left, random);
        let seconds = world.passed - begun;
        let windows = usize::try_from(seconds).unwrap().div_ceil(30);
        prop_assert!(world.fetched_of(FetchKind::JwkSet) <= windows);
        prop_assert_eq!(world.busiest_window(FetchKind::JwkSet), 1);
        prop_assert_eq!(world.fetched_of(FetchKind::Discovery), 0);
        prop_assert!(world.trusts(1));
    }

    /// Over an hour with a flood in each second: one fetch in each 30 seconds, and the refreshes of
    /// the metadata.
    #[test]
    fn an_hour_of_flood_costs_120_fetches(random: u64) {
        let mut world = warm(random, &[1]);
        for _ in 0..3_600 {
            flooded_second(&mut world, 1, random);
        }
        // The first window, 119 more, and one that a refresh of the source's own may have moved.
        prop_assert!(world.fetched_of(FetchKind::JwkSet) <= 121);
        prop_assert!(world.busiest_window(FetchKind::JwkSet) <= 2);
        prop_assert!(world.fetched_of(FetchKind::Discovery) <= 9);
        prop_assert!(world.status().absent_kids <= 128);
    }

    /// Cold: while there are no keys yet, a flood causes nothing; the first fetch is under way.
    #[test]
    fn invented_names_cause_no_fetch_when_cold(random: u64, latency in 1_i64..5) {
        let mut world = cold(random);
        world.server.keys = set(&[1]);
        world.latency = latency;
        for second in 0..2 * latency {
            flooded_second(&mut world, 1_000 / 10, random);
            prop_assert!(world.fetched_of(FetchKind::Discovery) == 1, "{}", second);
            prop_assert!(world.fetched_of(FetchKind::JwkSet) <= 1);
        }
        world.pass(1);
        prop_assert!(world.trusts(1));
    }

    /// Failing, cold or warm, and with an empty set: 1,000 names change nothing at all. The
    /// fetches are those of a twin that nobody asks.
    #[test]
    fn invented_names_cause_no_fetch_while_fetches_fail(
        random: u64,
        empty: bool,
        was_warm: bool,
        latency in 0_i64..5,
    ) {
        let begin = || {
            let mut world = if was_warm { warm(random, &[1]) } else { cold(random) };
            let empty_set = Answer::Body("{\"keys\": []}");
            world.server.jwk_set_only = Some(if empty { empty_set } else { Answer::Down });
            // From here on the refresh is due and fails.
            world.pass(600);
            world.latency = latency;
            world.log.clear();
            world
        };
        let (mut flooded, mut twin) = (begin(), begin());
        for _ in 0..200 {
            for one in 0..5 {
                let _ = flooded.ask(&format!("invented-{}-{one}", flooded.passed));
            }
            flooded.pass(1);
            twin.pass(1);
        }
        prop_assert!(!twin.log.is_empty());
        prop_assert_eq!(&flooded.log, &twin.log);
        prop_assert_eq!(flooded.trusts(1), was_warm);
    }

    /// Failing although the keys are fresh: one fetch a window, none by itself.
    #[test]
    fn invented_names_cause_one_fetch_a_window_when_fresh_and_failing(random: u64) {
        let mut world = warm(random, &[1]);
        world.server.answer = Answer::Down;
        for _ in 0..300 {
            flooded_second(&mut world, 4, random);
        }
        prop_assert!(world.fetched_of(FetchKind::JwkSet) <= 10);
        prop_assert_eq!(world.busiest_window(FetchKind::JwkSet), 1);
        prop_assert!(world.trusts(1));
    }

    /// Names and forged signatures together never get more than all permits.
    #[test]
    fn all_floods_together_get_no_more_than_the_permits(
        random: u64,
        permits in 1_usize..=4,
        changes in vec(any::<bool>(), 300),
    ) {
        let config = KeySourceConfig::builder().permits(permits).build().unwrap();
        let mut world = World::new(config);
        world.random = random | 1;
        world.server.keys = set(&[1]);
        world.run();
        world.log.clear();
        // The set changes whenever it is asked for, as often as not: rotation in permanence.
        for (next, change) in (2..90_u8).cycle().zip(changes) {
            if change {
                world.server.keys = set(&[1, next]);
            }
            let _ = world.source.handle_bad_signature(&kid(1), world.now());
            flooded_second(&mut world, 3, random);
        }
        // Nothing is due by itself: each fetch renews the keys.
        prop_assert!(world.busiest_window(FetchKind::JwkSet) <= permits);
        prop_assert!(world.fetched_of(FetchKind::JwkSet) <= permits * 10);
        prop_assert!(world.trusts(1));
    }

    /// A good name is answered at once in the midst of a flood, and a new one is there one cooldown
    /// and one fetch after it was published.
    #[test]
    fn a_good_kid_is_not_delayed_by_hostile_ones(
        random: u64,
        latency in 0_i64..5,
        before in 1_i64..400,
    ) {
        let mut world = warm(random, &[1]);
        world.latency = latency;
        for _ in 0..before {
            flooded_second(&mut world, 3, random);
            prop_assert_eq!(world.ask(&kid(1)), Refetch::Known);
        }
        world.server.keys = set(&[1, 2]);
        let published = world.passed;
        while world.ask(&kid(2)) != Refetch::Known {
            flooded_second(&mut world, 3, random);
            prop_assert!(world.trusts(1));
            prop_assert!(world.passed - published <= 30 + 2 * latency, "still unknown");
        }
        prop_assert!(world.trusts(2));
    }

    /// A key that the issuer withdrew is dead by its bound, whatever the server does meanwhile, and
    /// with the next refresh if it answers.
    #[test]
    fn a_withdrawn_key_is_dead_by_its_bound(
        random: u64,
        before in 0_i64..2_000,
        states in vec((any::<bool>(), 1_i64..2_000), 1..12),
    ) {
        let mut world = warm(random, &[1]);
        world.pass(before);
        world.server.keys = set(&[2]);
        let withdrawn = world.passed;
        // Soft age and bound: 600 + 3,600. A good answer ends it sooner.
        for (up, seconds) in states {
            world.server.answer = if up { Answer::Good } else { Answer::Down };
            let up_since = world.passed;
            for _ in 0..seconds {
                world.pass(1);
                if world.passed - withdrawn >= 4_200 || (up && world.passed - up_since > 600) {
                    prop_assert!(!world.trusts(1), "{} s later", world.passed - withdrawn);
                }
            }
        }
    }

    /// The keys are at most 528 seconds old when an outage begins, and a retry comes within 60:
    /// an hour refuses nobody, and no token is ever called unavailable.
    #[test]
    fn an_outage_shorter_than_the_bound_refuses_nobody(
        random: u64,
        before in 0_i64..2_000,
        outage in 1_i64..=3_600,
        silent: bool,
    ) {
        let mut world = warm(random, &[1]);
        world.pass(before);
        world.server.answer = if silent { Answer::Silent } else { Answer::Down };
        for _ in 0..outage {
            world.pass(1);
            prop_assert!(world.trusts(1));
            prop_assert_eq!(world.ask(&kid(1)), Refetch::Known);
        }
        world.server.answer = Answer::Good;
        for _ in 0..150 {
            world.pass(1);
            prop_assert!(world.trusts(1));
        }
        prop_assert_eq!(world.status().freshness, KeyFreshness::Fresh);
        prop_assert_eq!((world.installs, world.withdrawals), (1, 0));
    }

    /// An outage longer than the bound ends in unavailable, at the bound and not before.
    #[test]
    fn an_outage_longer_than_the_bound_makes_unavailable(random: u64, before in 0_i64..400) {
        let mut world = warm(random, &[1]);
        world.pass(before);
        world.server.answer = Answer::Down;
        world.pass(4_199 - before);
        prop_assert!(world.trusts(1));
        world.pass(1);
        prop_assert!(world.installed.is_none());
        prop_assert_eq!(world.withdrawals, 1);
    }

    /// Bad answers of every kind between good ones, at least one of six: the set is never emptied.
    #[test]
    fn a_flapping_endpoint_never_empties_a_good_set(
        random: u64,
        answers in vec(0_usize..9, 60),
    ) {
        let mut world = warm(random, &[1, 2]);
        for (step, answer) in answers.into_iter().enumerate() {
            world.server.jwk_set_only = Some(match answer {
                _ if step % 6 == 0 => Answer::Good,
                0 => Answer::Down,
                1 => Answer::Silent,
                2 => Answer::Status(503),
                3 => Answer::Status(304),
                4 => Answer::Page,
                5 => Answer::Elsewhere,
                6 => Answer::Body("{\"keys\": []}"),
                7 => Answer::Body("{\"keys\": [{\"kty\": \"AKP\", \"kid\": \"key-1\"}]}"),
                _ => Answer::Body("{\"keys\": [nul"),
            });
            world.pass(97);
            prop_assert!(world.trusts(1) && world.trusts(2));
        }
        prop_assert_eq!((world.installs, world.withdrawals), (1, 0));
    }

    /// The clock jumps by up to an hour, either way and often, while the server answers: nobody is
    /// refused, withdrawn keys go, and no storm of fetches begins.
    #[test]
    fn a_clock_that_jumps_harms_nobody(
        random: u64,
        jumps in vec((-3_600_i64..=3_600, 1_i64..900), 1..20),
    ) {
        let mut world = warm(random, &[1]);
        for (jump, seconds) in &jumps {
            world.clock_error += jump;
            for _ in 0..*seconds {
                world.pass(1);
                prop_assert!(world.trusts(1));
                prop_assert_eq!(world.ask(&kid(1)), Refetch::Known);
            }
        }
        prop_assert_eq!((world.installs, world.withdrawals), (1, 0));
        let refreshes = usize::try_from(world.passed / 432).unwrap();
        prop_assert!(world.fetched_of(FetchKind::JwkSet) <= refreshes + 2 * jumps.len());

        world.server.keys = set(&[2]);
        world.clock_error -= 3_600;
        world.pass(600);
        prop_assert!(!world.trusts(1) && world.trusts(2));
    }

    /// In an outage, too, no jump back lengthens the trust: the bound holds in real seconds, and a
    /// jump forward only ends it sooner.
    #[test]
    fn no_jump_of_the_clock_lengthens_trust(
        random: u64,
        jumps in vec((-3_600_i64..=3_600, 1_i64..900), 1..8),
    ) {
        assert_no_longer_trusted_after(random, &jumps);
    }

    /// A wait is not lengthened by a clock that goes back either: a name asked for then is fetched
    /// for within a cooldown. Seconds back are as seen a second later, and fewer than six then are
    /// taken for callers that came in another order.
    #[test]
    fn a_clock_that_goes_back_does_not_stretch_a_cooldown(random: u64, back in 7_i64..=3_600) {
        let mut world = warm(random, &[1]);
        world.pass(100);
        prop_assert_eq!(world.ask("invented"), Refetch::Wait);
        world.run();
        world.clock_error -= back;
        world.pass(31);
        world.server.keys = set(&[1, 2]);
        prop_assert_eq!(world.ask(&kid(2)), Refetch::Wait);
        world.run();
        prop_assert!(world.trusts(2));
    }

    /// A driver that sleeps for as long as it is told misses nothing: it fetches, installs and
    /// withdraws as one does that asks every second, with a fraction of the questions.
    #[test]
    fn a_driver_may_sleep_for_as_long_as_it_is_told(
        random: u64,
        latency in 0_i64..5,
        states in vec((0_usize..5, 1_i64..4_000), 1..10),
    ) {
        let (mut awake, mut asleep) = (warm(random, &[1]), warm(random, &[1]));
        for (state, seconds) in states {
            for world in [&mut awake, &mut asleep] {
                world.latency = latency;
                let (both, discovery) = match state {
                    0 => (Answer::Down, None),
                    1 => (Answer::Good, Some(Answer::Down)),
                    2 => (Answer::Silent, None),
                    _ => (Answer::Good, None),
                };
                world.server.answer = both;
                world.server.discovery_only = discovery;
            }
            awake.pass(seconds);
            asleep.sleep(seconds);
            prop_assert_eq!(&awake.log, &asleep.log);
            prop_assert_eq!(&awake.installed, &asleep.installed);
        }
        prop_assert_eq!(awake.withdrawals, asleep.withdrawals);
        // Each fetch takes a few polls, and so does each change.
        let events = 2 * asleep.log.len() + 2 * asleep.withdrawals + asleep.installs;
        prop_assert!(asleep.rests <= 2 * events + 40, "{} {}", asleep.rests, events);
    }

    /// With answers of any delay there is one fetch at a time, and an answer that comes after its
    /// fetch was given up brings nothing. (`World` asserts the first at every fetch.)
    #[test]
    fn one_fetch_is_under_way_at_most(
        random: u64,
        steps in vec((0_i64..15, any::<bool>(), 1_i64..200), 1..30),
    ) {
        let mut world = warm(random, &[1]);
        for (latency, ask, seconds) in steps {
            world.latency = latency.min(9);
            world.server.answer = if latency > 9 { Answer::Silent } else { Answer::Good };
            if ask {
                let _ = world.ask("invented");
            }
            world.pass(seconds);
            prop_assert!(world.trusts(1));
        }
        prop_assert_eq!((world.installs, world.withdrawals), (1, 0));
    }
}

/// The edges between a jump and callers that came in another order, each alone, twice, and with
/// one of the other kind after it.
#[test]
fn short_jumps_of_the_clock_lengthen_trust_by_their_own_length_at_most() {
    for first in -9..=2 {
        assert_no_longer_trusted_after(0, &[(first, 1)]);
        for second in -9..=2 {
            assert_no_longer_trusted_after(0, &[(first, 1), (second, 1)]);
            assert_no_longer_trusted_after(0, &[(first, 3), (second, 900)]);
        }
    }
}

/// The planned rotation of an issuer: the new key is published before it signs, so nobody waits.
#[test]
fn a_planned_rotation_is_noticed_before_it_happens() {
    let mut world = warm(1, &[1]);
    world.server.keys = set(&[1, 2]);
    world.pass(528);
    assert!(world.trusts(1) && world.trusts(2));
    world.server.keys = set(&[2]);
    world.pass(528);
    assert!(!world.trusts(1) && world.trusts(2));
    assert_eq!(world.status().generation, 3);
}

/// A hard cut: the old key is gone and the new one signs at once. The first token brings it.
#[test]
fn a_hard_cut_costs_one_fetch() {
    let mut world = warm(1, &[1]);
    world.pass(60);
    world.server.keys = set(&[2]);
    assert_eq!(world.ask(&kid(2)), Refetch::Wait);
    world.run();
    assert!(!world.trusts(1) && world.trusts(2));
    assert_eq!(world.fetched(), [FetchKind::JwkSet]);
}

/// Copies of a set that disagree: a key that goes and comes back is trusted whenever it was there.
#[test]
fn a_key_that_comes_back_is_trusted_again() {
    let mut world = warm(1, &[1, 2]);
    for keys in [&[1][..], &[1, 2], &[1], &[1, 2]] {
        world.server.keys = set(keys);
        world.pass(528);
        assert_eq!(world.trusts(2), keys.contains(&2));
        assert!(world.trusts(1));
    }
    assert_eq!(world.status().generation, 5);
}

/// A machine that slept for five hours trusts no key that it has not fetched again.
#[test]
fn a_machine_that_slept_fetches_before_it_trusts() {
    let mut world = warm(1, &[1]);
    world.server.keys = set(&[2]);
    world.latency = 1;
    world.clock_error += 5 * 3_600;
    world.run();
    assert!(world.installed.is_none());
    world.pass(3);
    assert!(world.trusts(2) && !world.trusts(1));
}
