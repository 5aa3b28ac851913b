//! Prints the report: `cargo bench -p oidc-benches [-- [p1 p9 …] [--check]]`.

use std::process::ExitCode;

use oidc_benches::{Failure, Report, SECTIONS};

fn main() -> Result<ExitCode, Failure> {
    // `cargo bench` itself adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|one| one != "--bench")
        .collect();
    let check = arguments.iter().any(|one| one == "--check");
    let wanted: Vec<String> = arguments
        .iter()
        .filter(|one| *one != "--check")
        .map(|one| one.to_lowercase())
        .collect();
    if let Some(unknown) = wanted.iter().find(|one| {
        !SECTIONS
            .iter()
            .any(|section| section.goals.contains(&one.as_str()))
    }) {
        return Err(format!("no section `{unknown}`; see benches/README.md").into());
    }

    let mut report = Report::default();
    for section in SECTIONS {
        let asked = |goal: &&str| wanted.iter().any(|one| one == goal);
        if wanted.is_empty() || section.goals.iter().any(asked) {
            section.print(&mut report, env!("CARGO_BIN_EXE_count"))?;
        }
    }
    if report.missed().is_empty() {
        println!("\nEvery goal holds.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nMissed: {}.", report.missed().join("; "));
    Ok(if check {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
