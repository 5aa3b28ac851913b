//! An issuer that other people's relying parties are tried against: every algorithm, keys that
//! rotate, and orders by lines.
//!
//! ```text
//! cargo run -p oidc-issuer --example interop_issuer -- --start SECONDS
//! ```
//!
//! It serves its documents on a free loopback port and writes a first line, `{"issuer":…,
//! "algorithms":[…]}`. Then it reads JSON objects, one a line, and answers one a line; what they ask
//! for is in [`orders`]. `SECONDS` is where its clock stands at the start, in seconds since 1970: an
//! hour and more before the real time, because the clock is moved by the orders, and nobody accepts
//! tokens from the future. `.ci/interop/run` drives it; the outcome is in `docs/interop.md`.

mod host;
mod orders;
mod rotating;

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use oidc_core::NumericDate;
use serde_json::json;

use crate::host::Host;
use crate::rotating::Rotating;

const USAGE: &str = "usage: interop_issuer --start SECONDS";

fn main() -> ExitCode {
    let Some(start) = start(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(mut arguments: impl Iterator<Item = String>) -> Option<NumericDate> {
    let (option, seconds) = (arguments.next()?, arguments.next()?);
    if option != "--start" || arguments.next().is_some() {
        return None;
    }
    NumericDate::from_seconds(seconds.parse().ok()?).ok()
}

/// Takes orders until standard input ends.
fn serve(start: NumericDate) -> Result<(), Box<dyn Error>> {
    let mut rotating = Rotating::start(Host::start()?, start)?;
    let mut out = io::stdout().lock();
    let ready = json!({
        "issuer": rotating.issuer().id(),
        "algorithms": rotating::ALGORITHMS,
    });
    writeln!(out, "{ready}")?;
    out.flush()?;
    for line in io::stdin().lock().split(b'\n') {
        writeln!(out, "{}", orders::answer_line(&line?, &mut rotating))?;
        out.flush()?;
    }
    Ok(())
}
