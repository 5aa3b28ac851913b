//! A relying party that other people's issuers are tried with: keys learned by discovery and kept
//! current, and orders by lines.
//!
//! ```text
//! cargo run -p oidc-verifier --example interop_verifier -- [--roots FILE]
//! ```
//!
//! It writes a first line, `{"software":…,"version":…}`, then reads JSON objects, one a line, and
//! answers one a line; what they ask for is in [`orders`]. With `--roots`, issuers with TLS are those
//! that the certificates in this file vouch for; without, none is. `.ci/interop/run` drives it; the
//! outcome is in `docs/interop.md`.

mod orders;
mod relying_party;

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use oidc_verifier::http::{HttpTransport, RootCertificates};
use serde_json::json;

use crate::relying_party::RelyingParty;

const USAGE: &str = "usage: interop_verifier [--roots FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let roots = match arguments.as_slice() {
        [] => None,
        [option, file] if option == "--roots" => Some(file.as_str()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(roots) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes orders until standard input ends.
fn serve(roots: Option<&str>) -> Result<(), Box<dyn Error>> {
    let roots = roots.map_or(Ok(RootCertificates::Nobody), certificates)?;
    let mut relying_party = RelyingParty::new(HttpTransport::with_roots(&roots)?);
    let mut out = io::stdout().lock();
    let ready = json!({
        "software": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
    });
    writeln!(out, "{ready}")?;
    out.flush()?;
    for line in io::stdin().lock().split(b'\n') {
        writeln!(out, "{}", orders::answer_line(&line?, &mut relying_party))?;
        out.flush()?;
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it reads files"
)]
fn certificates(file: &str) -> Result<RootCertificates, String> {
    match std::fs::read(file) {
        Ok(pem) => Ok(RootCertificates::Only(pem)),
        Err(error) => Err(format!("`{file}`: {error}")),
    }
}
