//! P3, P4 and P5: what a verification does beyond the bare check, counted and not timed.
//!
//! Callgrind counts the instructions of the program `count`; two runs that differ only in how often
//! they verify give those of one verification, exactly.

use std::io::Write;
use std::process::{Command, Stdio};

use oidc_core::Algorithm;

use crate::documents::Shape;
use crate::report::{Figure, Goal};
use crate::scenario::Scenario;
use crate::world::{ALGORITHMS, World};
use crate::{Failure, Report};

/// Repetitions of the shorter run and of the longer one: the first has grown every buffer.
const FEW: u32 = 4;
const MANY: u32 = 24;

pub(crate) fn run(report: &mut Report, count: &str) -> Result<(), Failure> {
    if !is_installed("valgrind") {
        Report::skipped("valgrind not installed");
        return Ok(());
    }
    let world = World::generate()?;
    for algorithm in ALGORITHMS {
        let scenario = world.scenario(algorithm, Shape::Aws)?;
        row(
            report,
            count,
            &scenario,
            "P3",
            Shape::Aws,
            Goal::AtMost(7_000.0),
        )?;
    }
    let mut overheads = Vec::new();
    for (shape, goal) in [
        (Shape::GitHub, Goal::AtMost(17_500.0)),
        (Shape::Large, Goal::None),
    ] {
        let scenario = world.scenario(Algorithm::Es256, shape)?;
        let overhead = row(report, count, &scenario, "P4", shape, goal)?;
        overheads.push((overhead, bytes(world.payload(shape).len())?));
    }
    if let [(few, short), (many, long)] = overheads[..] {
        report.row(
            "P4 for each further byte of payload, from GitHub-shaped to 16 kB",
            Goal::AtMost(11.0),
            Figure::Rate((many - few) / (long - short)),
            "",
        );
    }
    Ok(())
}

pub(crate) fn allocations(report: &mut Report, count: &str) -> Result<(), Failure> {
    let world = World::generate()?;
    for algorithm in ALGORITHMS {
        for shape in [Shape::Aws, Shape::GitHub, Shape::Large] {
            let scenario = world.scenario(algorithm, shape)?;
            let mut command = Command::new(count);
            command.args(["allocations", "1000"]);
            let (out, _) = fed(command, &scenario)?;
            let mut numbers = out.split_whitespace().map(str::parse::<u32>);
            let (Some(Ok(whole)), Some(Ok(bare))) = (numbers.next(), numbers.next()) else {
                return Err("no two numbers".into());
            };
            report.row(
                &format!("P5 {algorithm}, {}, in 1000 verifications", shape.name()),
                Goal::AtMost(0.0),
                Figure::Count(f64::from(whole) - f64::from(bare)),
                &format!("{whole} less {bare} of the bare check"),
            );
        }
    }
    Ok(())
}

fn row(
    report: &mut Report,
    count: &str,
    scenario: &Scenario,
    id: &str,
    shape: Shape,
    goal: Goal,
) -> Result<f64, Failure> {
    let whole = instructions(count, "verify", scenario)?;
    let bare = instructions(count, "bare", scenario)?;
    let what = format!("{id} {}, {}", scenario.algorithm, shape.name());
    let remark = format!("{whole:.0} less {bare:.0}");
    report.row(&what, goal, Figure::Count(whole - bare), &remark);
    Ok(whole - bare)
}

/// The instructions of one repetition.
pub(crate) fn instructions(count: &str, what: &str, scenario: &Scenario) -> Result<f64, Failure> {
    let few = collected(count, what, FEW, scenario)?;
    let many = collected(count, what, MANY, scenario)?;
    Ok((many - few) / f64::from(MANY.saturating_sub(FEW)))
}

fn collected(count: &str, what: &str, times: u32, scenario: &Scenario) -> Result<f64, Failure> {
    let mut command = Command::new("valgrind");
    command.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        count,
        what,
    ]);
    command.arg(times.to_string());
    let (_, log) = fed(command, scenario)?;
    let line = log.lines().find_map(|line| line.split_once("Collected :"));
    let (_, number) = line.ok_or("callgrind reports no count")?;
    Ok(number.trim().parse()?)
}

/// Runs a program with the scenario on its standard input; answers what it wrote to both outputs.
fn fed(mut command: Command, scenario: &Scenario) -> Result<(String, String), Failure> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().ok_or("no standard input")?;
    // The program reads all of it before it writes, so this cannot wait for ever.
    serde_json::to_writer(&input, scenario)?;
    (&input).flush()?;
    drop(input);
    let output = child.wait_with_output()?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("{command:?} failed: {log}").into());
    }
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), log))
}

pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn bytes(length: usize) -> Result<f64, Failure> {
    Ok(f64::from(u32::try_from(length)?))
}
