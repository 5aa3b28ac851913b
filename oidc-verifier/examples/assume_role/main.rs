//! `AssumeRoleWithWebIdentity` and `GetCallerIdentity` as AWS STS has them, on loopback.
//!
//! ```text
//! cargo run -p oidc-verifier --example assume_role -- --config FILE --state DIR [--port PORT]
//! ```
//!
//! Tokens of the configured identity providers become temporary credentials for roles whose trust
//! policies admit them. SIGTERM and SIGINT end it. The how-to is `docs/assume-role.md`.

mod arguments;
#[path = "../../../oidc-issuer/examples/aws_wire/mod.rs"]
mod aws_wire;
mod configuration;
mod decision;
mod log;
#[path = "../secrets_exchange/named.rs"]
mod named;
#[path = "../../../oidc-issuer/examples/serving/report.rs"]
mod report;
mod request;
mod role_arn;
mod service;
#[path = "../../../oidc-issuer/examples/serving/mod.rs"]
mod serving;
mod session_policy;
mod sessions;
mod state;

use std::error::Error;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use oidc_issuer::fs::Files;
use oidc_verifier::http::{HttpTransport, RootCertificates};
use oidc_verifier::key_source::KeySourceConfig;
use oidc_verifier::{Clock as _, SystemClock};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Arguments, Serve, USAGE};
use crate::configuration::Configuration;
use crate::log::Log;
use crate::log::lines::Log as Lines;
use crate::report::chain;
use crate::service::{Service, router};
use crate::serving::Limits;

fn main() -> ExitCode {
    let serve = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Arguments::Serve(serve)) => serve,
        Ok(Arguments::Help) => {
            let _ = writeln!(std::io::stdout().lock(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "assume_role: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (lines, rest) = Lines::to(std::io::stderr());
    let log = Log::new(move |line| lines.line(line));
    // Whatever still has the log ends with the runtime.
    let served = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|it| it.block_on(run(&serve, log)));
    rest.end(served.map_err(|error| format!("assume_role: {}", chain(&*error))))
}

async fn run(serve: &Serve, log: Log) -> Result<(), Box<dyn Error>> {
    let files = Files::new();
    let json = files.read(&serve.config, Configuration::MAX_BYTES)?;
    let configuration = Configuration::from_json(&json)?;
    let sessions = state::session_key(&files, &serve.state)?;
    let transport = transport(&configuration, &files)?;
    let clock: service::Clock = Arc::new(|| SystemClock.now());
    let config = KeySourceConfig::default();
    let service = Service::start(configuration, &transport, &config, sessions, clock, log)?;
    let service = Arc::new(service);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, serve.port)).await?;
    let address = listener.local_addr()?;
    writeln!(std::io::stdout().lock(), "listening on http://{address}")?;
    let end = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let app = router(Arc::clone(&service));
    serving::serve(listener, app, Limits::default(), end).await;
    service.shutdown().await;
    Ok(())
}

/// What fetches keys. Certificates are needed for issuers that have one only: a machine without any
/// can still show everything on loopback.
fn transport(
    configuration: &Configuration,
    files: &Files,
) -> Result<HttpTransport, Box<dyn Error>> {
    let mut providers = configuration.accounts.iter().flat_map(|own| &own.providers);
    let roots = match &configuration.root_certificates {
        Some(path) => RootCertificates::PlatformAnd(files.read(path, MAX_ROOTS_BYTES)?),
        None if providers.all(|provider| provider.issuer().as_str().starts_with("http:")) => {
            RootCertificates::Nobody
        }
        None => RootCertificates::Platform,
    };
    let transport = HttpTransport::with_roots(&roots)?;
    Ok(transport.address_policy(configuration.addresses))
}

/// As large as the bundle of a whole platform.
const MAX_ROOTS_BYTES: u64 = 1024 * 1024;
