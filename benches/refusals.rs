//! P7: what a token that is refused costs.

use std::hint::black_box;

use oidc_core::{Algorithm, base64url};
use oidc_verifier::{Verifier, Workspace};

use crate::documents::{AUDIENCE, Shape};
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::scenario::Scenario;
use crate::world::{ALGORITHMS, World};
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let world = World::generate()?;
    let good = world.scenario(Algorithm::Es256, Shape::Aws)?;
    let verifier = good.verifier()?;
    for (what, code, goal, token) in forgeries(&world, &good)? {
        refused(report, &verifier, &good, what, code, goal, &token)?;
    }
    for algorithm in ALGORITHMS {
        bad_signature(report, &world, algorithm)?;
    }
    too_long(report, &verifier, &world)
}

/// Tokens that are refused before their signature is looked at, with the code of the refusal.
fn forgeries(
    world: &World,
    good: &Scenario,
) -> Result<Vec<(&'static str, &'static str, Goal, String)>, Failure> {
    const CHEAP: Goal = Goal::AtMost(0.005);
    const CLAIMS: Goal = Goal::AtMost(0.015);
    const BY: Algorithm = Algorithm::Es256;

    let header = world.header(BY)?;
    let payload = world.payload(Shape::Aws);
    let mut parts = good.token.split('.');
    let (Some(encoded_header), Some(encoded_payload), Some(signature)) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err("a token has three parts".into());
    };
    let none = base64url::encode(r#"{"alg":"none","typ":"JWT"}"#);
    let now = world.now().as_seconds();
    let long_ago = now.saturating_sub(7_200);
    let expired = Shape::Aws.payload(long_ago, long_ago.saturating_add(300));
    let foreign = payload.replace(AUDIENCE, "https://other.example");
    let unknown =
        r#"{"alg":"ES256","kid":"b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ","typ":"JWT"}"#;
    Ok(vec![
        (
            "unknown kid",
            "key_unknown",
            CHEAP,
            world.sign(BY, unknown, &payload)?,
        ),
        (
            "alg none",
            "alg_unsupported",
            CHEAP,
            format!("{none}.{encoded_payload}.{signature}"),
        ),
        (
            "bad base64 in the header",
            "header_base64url",
            CHEAP,
            good.token.replacen("ey", "e=", 1),
        ),
        (
            "bad base64 at the end of the payload",
            "payload_base64url",
            CHEAP,
            format!("{encoded_header}.{encoded_payload}+.{signature}"),
        ),
        (
            "bad base64 at the end of the signature",
            "signature_base64url",
            CHEAP,
            format!("{encoded_header}.{encoded_payload}.{signature}="),
        ),
        (
            "expired",
            "expired",
            CLAIMS,
            world.sign(BY, &header, &expired)?,
        ),
        (
            "foreign audience",
            "aud_foreign",
            CLAIMS,
            world.sign(BY, &header, &foreign)?,
        ),
    ])
}

fn refused(
    report: &mut Report,
    verifier: &Verifier,
    good: &Scenario,
    what: &str,
    code: &str,
    goal: Goal,
    token: &str,
) -> Result<(), Failure> {
    let (mut workspace, mut other) = (Workspace::new(), Workspace::new());
    expect(verifier, token.as_bytes(), good, code)?;
    let mut refuse = || {
        let verdict = verifier.verify_in(black_box(token.as_bytes()), good.now, &mut workspace);
        black_box(verdict.is_err());
    };
    let mut accept = || {
        let token = black_box(good.token.as_bytes());
        black_box(verifier.verify_in(token, good.now, &mut other).is_ok());
    };
    let race = Race::run(&mut [&mut refuse, &mut accept]);
    report.row(
        &format!("P7 {what}, of an ES256 verification"),
        goal,
        Figure::Percent(race.ratio(0, 1)),
        &format!(
            "{} of {}",
            time(race.nanoseconds(0)),
            time(race.nanoseconds(1))
        ),
    );
    Ok(())
}

fn bad_signature(report: &mut Report, world: &World, algorithm: Algorithm) -> Result<(), Failure> {
    let mut scenario = world.scenario(algorithm, Shape::Aws)?;
    let verifier = scenario.verifier()?;
    // Another letter in the middle of the signature.
    let at = scenario
        .token
        .rfind('.')
        .ok_or("a token has dots")?
        .saturating_add(40);
    let letter = if scenario
        .token
        .get(at..)
        .is_some_and(|rest| rest.starts_with('A'))
    {
        "B"
    } else {
        "A"
    };
    scenario
        .token
        .replace_range(at..at.saturating_add(1), letter);
    expect(&verifier, scenario.token.as_bytes(), &scenario, "signature")?;
    let bare = scenario.bare_check()?;

    let mut workspace = Workspace::new();
    let mut refuse = || {
        let token = black_box(scenario.token.as_bytes());
        black_box(
            verifier
                .verify_in(token, scenario.now, &mut workspace)
                .is_err(),
        );
    };
    let mut floor = || {
        black_box(black_box(&bare).holds());
    };
    let race = Race::run(&mut [&mut refuse, &mut floor]);
    report.row(
        &format!("P7 bad signature, {algorithm}, over the bare check of it"),
        if algorithm == Algorithm::Es256 {
            Goal::AtMost(1.03)
        } else {
            Goal::None
        },
        Figure::Ratio(race.ratio(0, 1)),
        &format!(
            "{} over {}",
            time(race.nanoseconds(0)),
            time(race.nanoseconds(1))
        ),
    );
    Ok(())
}

/// A token over the length limit is refused for its length, so more of it costs no more.
fn too_long(report: &mut Report, verifier: &Verifier, world: &World) -> Result<(), Failure> {
    let scenario = world.scenario(Algorithm::Es256, Shape::Small)?;
    let long = |bytes: usize| {
        let mut token = scenario.token.clone().into_bytes();
        token.resize(bytes, b'A');
        token
    };
    let tokens = [long(33_000), long(1_000_000), long(100_000_000)];
    let mut workspace = Workspace::new();
    let mut refuse = |token: &[u8]| {
        // A single refusal is shorter than what a race can tell apart.
        for _ in 0..100 {
            let verdict = verifier.verify_in(black_box(token), scenario.now, &mut workspace);
            black_box(verdict.is_err());
        }
    };
    let [short, medium, huge] = &tokens;
    for token in &tokens {
        expect(verifier, token, &scenario, "token_too_long")?;
    }
    // One after the other in turns: the closures share the workspace.
    let cell = std::cell::RefCell::new(&mut refuse);
    let mut a = || cell.borrow_mut()(short);
    let mut b = || cell.borrow_mut()(medium);
    let mut c = || cell.borrow_mut()(huge);
    let race = Race::run(&mut [&mut a, &mut b, &mut c]);
    for (index, size) in [(1, "1 MB"), (2, "100 MB")] {
        report.row(
            &format!("P7 over the length limit, {size} over 33 kB"),
            Goal::AtMost(1.2),
            Figure::Ratio(race.ratio(index, 0)),
            &format!("{:.1} ns each", race.nanoseconds(index) / 100.0),
        );
    }
    Ok(())
}

/// A bench must not measure another refusal than the one it names.
fn expect(
    verifier: &Verifier,
    token: &[u8],
    scenario: &Scenario,
    code: &str,
) -> Result<(), Failure> {
    let actual = match verifier.verify_in(token, scenario.now, &mut Workspace::new()) {
        Ok(_) => "accepted",
        Err(refusal) => refusal.code(),
    };
    if actual == code {
        Ok(())
    } else {
        Err(format!("expected the refusal `{code}`, not `{actual}`").into())
    }
}
