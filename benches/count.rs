//! Runs one scenario so many times: `count verify|bare|decide|allocations NUMBER`, the scenario on
//! standard input. Callgrind and a counting allocator watch it; it measures no time.

use std::alloc::System;
use std::hint::black_box;
use std::io;

use oidc_benches::{Failure, Scenario};
use oidc_verifier::Workspace;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Failure> {
    let scenario: Scenario = serde_json::from_reader(io::stdin())?;
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().ok_or("say what to run")?;
    let times: u32 = arguments.next().ok_or("say how many times")?.parse()?;
    match what.as_str() {
        "verify" => verify(&scenario, times),
        "bare" => bare(&scenario, times),
        "decide" => decide(&scenario, times),
        "allocations" => allocations(&scenario, times),
        _ => Err("runs `verify`, `bare`, `decide` and `allocations`".into()),
    }
}

fn verify(scenario: &Scenario, times: u32) -> Result<(), Failure> {
    let verifier = scenario.verifier()?;
    let mut workspace = Workspace::new();
    for _ in 0..times {
        let token = black_box(scenario.token.as_bytes());
        black_box(verifier.verify_in(token, scenario.now, &mut workspace)?);
    }
    Ok(())
}

fn bare(scenario: &Scenario, times: u32) -> Result<(), Failure> {
    let check = scenario.bare_check()?;
    for _ in 0..times {
        if !black_box(&check).holds() {
            return Err("the bare check fails".into());
        }
    }
    Ok(())
}

fn decide(scenario: &Scenario, times: u32) -> Result<(), Failure> {
    let (verifier, policy) = (scenario.verifier()?, scenario.policy()?);
    let verified = verifier.verify(scenario.token.as_bytes(), scenario.now)?;
    for _ in 0..times {
        if !black_box(policy.decide(black_box(&verified))).is_allowed() {
            return Err("the policy refuses the token".into());
        }
    }
    Ok(())
}

/// Prints how many allocations a verification makes beyond those of the bare check, both after a
/// first time.
fn allocations(scenario: &Scenario, times: u32) -> Result<(), Failure> {
    let verifier = scenario.verifier()?;
    let check = scenario.bare_check()?;
    let mut workspace = Workspace::new();
    verifier.verify_in(scenario.token.as_bytes(), scenario.now, &mut workspace)?;
    check.holds();

    let region = Region::new(ALLOCATOR);
    for _ in 0..times {
        black_box(check.holds());
    }
    let bare = region.change();

    let region = Region::new(ALLOCATOR);
    for _ in 0..times {
        let token = black_box(scenario.token.as_bytes());
        black_box(verifier.verify_in(token, scenario.now, &mut workspace)?);
    }
    let whole = region.change();

    let calls = |stats: stats_alloc::Stats| stats.allocations.saturating_add(stats.reallocations);
    println!("{} {}", calls(whole), calls(bare));
    Ok(())
}
