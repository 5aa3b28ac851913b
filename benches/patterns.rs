//! P12: patterns with wildcards.

use std::hint::black_box;

use jsonptr::Pattern;
use wildmatch::WildMatch;

use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::{Failure, Report};

/// Calls in one turn of a race: a single one is too short to tell apart.
const CALLS: u32 = 64;

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    const SUBJECT: &str = "repo:octo-org/octo-repo:ref:refs/heads/release-2026-10";
    for (what, pattern, matches, goal) in [
        (
            "two stars",
            "repo:octo-org/*:ref:refs/heads/*",
            true,
            Goal::AtMost(0.5),
        ),
        (
            "two stars, no match",
            "repo:octo-org/*:ref:refs/tags/*",
            false,
            Goal::AtMost(0.5),
        ),
        ("one star", "repo:octo-org/octo-repo:*", true, Goal::None),
        ("four stars", "repo:*/*:ref:*/release-*", true, Goal::None),
        (
            "question marks",
            "repo:octo-org/*:ref:refs/heads/release-????-??",
            true,
            Goal::None,
        ),
    ] {
        against_wildmatch(report, what, pattern, SUBJECT, matches, goal)?;
    }
    for pattern in [
        "*a*a*a*b*",
        "*aaaaaaaa*aaaaaaab*c*",
        "*a?a?a?a?b*",
        "*?a*??a*b*",
    ] {
        linear(report, pattern)?;
    }
    Ok(())
}

fn against_wildmatch(
    report: &mut Report,
    what: &str,
    pattern: &str,
    text: &str,
    matches: bool,
    goal: Goal,
) -> Result<(), Failure> {
    let (own, peer) = (Pattern::parse(pattern)?, WildMatch::new(pattern));
    if own.matches(text) != matches || peer.matches(text) != matches {
        return Err(format!("`{pattern}` answers wrongly").into());
    }
    let mut ours = || {
        for _ in 0..CALLS {
            black_box(black_box(&own).matches(black_box(text)));
        }
    };
    let mut theirs = || {
        for _ in 0..CALLS {
            black_box(black_box(&peer).matches(black_box(text)));
        }
    };
    let race = Race::run(&mut [&mut ours, &mut theirs]);
    let call = |one| time(race.nanoseconds(one) / f64::from(CALLS));
    report.row(
        &format!("P12 {what}, over wildmatch"),
        goal,
        Figure::Ratio(race.ratio(0, 1)),
        &format!("{} over {}", call(0), call(1)),
    );
    Ok(())
}

/// Text on which a matcher that goes back would take four times as long when it is twice as long.
fn linear(report: &mut Report, pattern: &str) -> Result<(), Failure> {
    let own = Pattern::parse(pattern)?;
    let (once, twice) = ("a".repeat(10_000), "a".repeat(20_000));
    let mut short = || {
        black_box(black_box(&own).matches(black_box(&once)));
    };
    let mut long = || {
        black_box(black_box(&own).matches(black_box(&twice)));
    };
    let race = Race::run(&mut [&mut short, &mut long]);
    report.row(
        &format!("P12 `{pattern}` on 20 kB over 10 kB of `a`"),
        Goal::AtMost(2.4),
        Figure::Ratio(race.ratio(1, 0)),
        &format!(
            "{} over {}",
            time(race.nanoseconds(1)),
            time(race.nanoseconds(0))
        ),
    );
    Ok(())
}
