//! Workload identity, end to end, in one process and without an account anywhere.
//!
//! `cargo run --release --example federation` starts three issuers on a loopback port, mints their
//! tokens, has a relying party fetch their keys, verify, and decide; rotates a key, published
//! through the router of a service and looked at through its URL, while tokens keep verifying; and
//! shows attacks refused. It fails if anything is not as it expects.
//!
//! `cargo run --release --example federation -- --token FILE --jwks FILE --issuer URL --audience
//! NAME` explains a token of yours instead; see `--help`.

/// Writes a line to standard output, which may end before we do: `| head` is no failure.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($argument)*);
    }};
}

mod attacks;
mod check;
mod host;
mod issuers;
mod relying_party;
mod report;
mod rotating;
mod rotation;

use std::error::Error;
use std::process::ExitCode;

use oidc_core::Jwk;
use oidc_verifier::{Algorithm, NumericDate};

use crate::host::Host;
use crate::issuers::Issuers;
use crate::relying_party::RelyingParty;
use crate::report::{Report, count_of_keys, row, title};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let outcome = match arguments.peek() {
        None => demonstrate(),
        Some(_) => Ok(check::run(arguments)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let mut report = Report::default();
    // The demonstration has its own clock: it starts here and is moved by hand.
    let now = NumericDate::from_seconds(1_790_000_000)?;

    title("1. Three issuers publish who they are and their public keys");
    let host = Host::start()?;
    let mut issuers = Issuers::new(&host, now)?;
    issuers.publish(&host)?;
    for issuer in issuers.all() {
        let keys = issuer.published_keys().iter().filter_map(Jwk::alg);
        let keys: Vec<_> = keys.map(Algorithm::name).collect();
        row(issuer.id().as_str(), &keys.join(" + "));
    }

    title("2. A relying party fetches the keys of the issuers it trusts");
    let mut relying_party = RelyingParty::new(&issuers)?;
    relying_party.keep_keys_current(now)?;
    for (issuer, keys) in relying_party.known_keys(now) {
        row(issuer.as_str(), &count_of_keys(keys));
    }

    title("3. Workloads get tokens; the relying party verifies them and decides");
    for case in issuers.workloads()? {
        let token = issuers.mint(&case, now)?;
        let decision = relying_party.decide(token.as_str(), now);
        report.expect(case.name, case.expected, &decision);
    }

    title("   Why another instance is not let in, as an operator reads it");
    let stranger = issuers.aws.issue(&issuers.stranger()?, now)?;
    for line in relying_party.explain(stranger.as_str(), now)?.lines() {
        say!("      {line}");
    }

    title("4. A signing key is rotated; every token keeps verifying");
    let now = rotation::run(&mut report, &host, &mut issuers, &mut relying_party, now)?;

    title("5. Attacks, and why each is refused");
    attacks::run(&mut report, &issuers, &relying_party, now)?;

    Ok(report.finish())
}
