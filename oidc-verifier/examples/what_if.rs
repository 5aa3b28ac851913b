//! Says what a change of policy would have done: `what_if CURRENT CANDIDATE < RECORDED`.
//!
//! Reads two policies in the native language from files, and recorded claims from standard input:
//! one `{"issuer":…,"claims":{…}}` a line. Prints the report, with `--json` as one line of JSON. The
//! exit code is 0 if nobody is newly admitted, 1 if somebody is, and 2 if there is no answer.

#![expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it reads the files of the policies"
)]

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use oidc_verifier::policy::Policy;
use oidc_verifier::policy::what_if::{Recorded, WhatIf, what_if};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One line: the claims stay the bytes that came.
#[derive(Deserialize)]
struct Line<'a> {
    issuer: String,
    #[serde(borrow)]
    claims: &'a RawValue,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments, io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(report) => ExitCode::from(u8::from(report.admits_more())),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints the report.
///
/// # Errors
///
/// The arguments, a policy, or standard input cannot be read.
pub(crate) fn run(
    arguments: &[String],
    recorded: impl BufRead,
    out: &mut impl Write,
) -> Result<WhatIf, Box<dyn std::error::Error>> {
    let json = arguments.iter().any(|own| own == "--json");
    let files: Vec<&String> = arguments.iter().filter(|own| *own != "--json").collect();
    let [current, candidate] = &*files else {
        return Err("usage: what_if [--json] CURRENT CANDIDATE < RECORDED".into());
    };
    let (current, candidate) = (load(current)?, load(candidate)?);
    let mut broken = None;
    let lines = recorded
        .split(b'\n')
        .map_while(|line| line.map_err(|error| broken = Some(error)).ok());
    let records = lines
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| record(&line));
    let report = what_if(&current, &candidate, records);
    if let Some(error) = broken {
        return Err(error.into());
    }
    if json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(report)
}

fn load(file: &str) -> Result<Policy, Box<dyn std::error::Error>> {
    let json = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    Policy::from_json(&json).map_err(|error| format!("{file}: {error}").into())
}

/// A line that is no record becomes one that is malformed: it is counted, and nothing is lost.
fn record(line: &[u8]) -> Recorded<String, Vec<u8>> {
    match serde_json::from_slice(line) {
        Ok(Line { issuer, claims }) => Recorded::new(issuer, claims.get().as_bytes().to_vec()),
        Err(_) => Recorded::new(String::new(), line.to_vec()),
    }
}
