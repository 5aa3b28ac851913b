//! P16: readers while keys are refreshed.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use oidc_core::{Algorithm, IssuerIdentifier, JwkSet};
use oidc_verifier::{IssuerKeys, Workspace};

use crate::documents::{ISSUER, Shape};
use crate::race::{median, now};
use crate::report::{Figure, Goal};
use crate::world::World;
use crate::{Failure, Report};

/// Threads that verify.
const READERS: usize = 64;

/// Between two refreshes. A key source takes a minute at least; without any pause the row would
/// measure what preparing keys costs.
const PAUSE: Duration = Duration::from_millis(10);

/// For how long they are left alone or not, by turns.
const WINDOW: Duration = Duration::from_millis(100);
const WINDOWS: usize = 60;

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let world = World::generate()?;
    let scenario = world.scenario(Algorithm::Es256, Shape::Aws)?;
    let verifier = scenario.verifier()?;
    let set = JwkSet::parse(scenario.jwk_set.as_bytes())?;
    let keys = IssuerKeys::new(IssuerIdentifier::parse(ISSUER)?, set);

    let (done, refreshing) = (AtomicBool::new(false), AtomicBool::new(false));
    let counters: Vec<AtomicU64> = std::iter::repeat_with(AtomicU64::default)
        .take(READERS)
        .collect();
    let installs = AtomicU64::new(0);
    let (ratios, alone) = thread::scope(|scope| {
        for counter in &counters {
            scope.spawn(|| {
                let mut workspace = Workspace::new();
                while !done.load(Ordering::Relaxed) {
                    let token = black_box(scenario.token.as_bytes());
                    let verified = verifier.verify_in(token, scenario.now, &mut workspace);
                    counter.fetch_add(u64::from(verified.is_ok()), Ordering::Relaxed);
                }
            });
        }
        let installer = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if refreshing.load(Ordering::Relaxed) {
                    let installed = verifier.install(black_box(&keys)).is_ok();
                    installs.fetch_add(u64::from(installed), Ordering::Relaxed);
                }
                thread::park_timeout(PAUSE);
            }
        });
        let observed = observe(&counters, &refreshing, installer.thread());
        done.store(true, Ordering::Relaxed);
        installer.thread().unpark();
        observed
    });
    report.row(
        &format!("P16 {READERS} readers while keys are installed every 10 ms, over without"),
        Goal::AtLeast(0.95),
        Figure::Ratio(median(ratios.into_iter())),
        &format!(
            "{alone:.0} verifications a second without; {} refreshes",
            installs.into_inner()
        ),
    );
    Ok(())
}

/// The throughput in each window with refreshes over that in the one before without, and the
/// median of the latter.
fn observe(counters: &[AtomicU64], refreshing: &AtomicBool, installer: &Thread) -> (Vec<f64>, f64) {
    let mut ratios = Vec::new();
    let mut alone = Vec::new();
    for _ in 0..WINDOWS {
        refreshing.store(false, Ordering::Relaxed);
        let without = throughput(counters);
        refreshing.store(true, Ordering::Relaxed);
        installer.unpark();
        ratios.push(throughput(counters) / without);
        alone.push(without);
    }
    (ratios, median(alone.into_iter()))
}

/// Verifications of all readers a second, during one window.
fn throughput(counters: &[AtomicU64]) -> f64 {
    let total = || -> u64 {
        let counts = counters.iter().map(|one| one.load(Ordering::Relaxed));
        counts.sum()
    };
    let (begun, before): (Instant, u64) = (now(), total());
    while begun.elapsed() < WINDOW {
        thread::park_timeout(WINDOW.saturating_sub(begun.elapsed()));
    }
    let verified = u32::try_from(total().saturating_sub(before)).unwrap_or(u32::MAX);
    f64::from(verified) / begun.elapsed().as_secs_f64()
}
