//! Random histories of a rotation: crashes, clocks that jump, a store that lies, consumers of every
//! habit. `ROTATION_HISTORIES` says how many and `ROTATION_FIRST_SEED` from which seed on; `ROTATION_SEED`
//! runs one and prints what happened.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod rotation_world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rotation_world::{Counts, World};

#[expect(
    clippy::disallowed_methods,
    reason = "how long to run is said from outside"
)]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_happens_every_token_verifies_and_no_key_signs_unseen() {
    if let Some(seed) = number("ROTATION_SEED") {
        World::new(seed).traced().run();
        return;
    }
    let histories = number("ROTATION_HISTORIES").unwrap_or(10_000);
    let first = number("ROTATION_FIRST_SEED").unwrap_or(0);
    let next = AtomicU64::new(first);
    let total = Mutex::new(Counts::default());
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut counts = Counts::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed.wrapping_sub(first) >= histories {
                        break;
                    }
                    counts.add(&World::new(seed).run());
                }
                total.lock().unwrap().add(&counts);
            });
        }
    });
    let total = *total.lock().unwrap();
    println!("{total:#?}");
    // The histories are about something.
    assert_eq!(total.histories, histories);
    for (what, count) in [
        ("tokens", total.tokens),
        ("verifications", total.verifications),
        ("refusals for staleness", total.refused_stale),
        ("conflicts", total.conflicts),
        ("crashes", total.crashes),
        ("clock jumps", total.jumps),
        ("flaps", total.flaps / 2),
        ("promotions", total.promotions),
        ("withdrawals", total.withdrawals),
        ("revocations", total.revocations),
    ] {
        assert!(count >= histories / 10, "{what}: {count}");
    }
}
