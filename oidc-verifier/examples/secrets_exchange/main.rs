//! A secret manager on loopback, whose service accounts show tokens of workloads instead of keys.
//!
//! ```text
//! cargo run --release -p oidc-verifier --example secrets_exchange -- --config FILE --database FILE
//! ```
//!
//! Identities are Doppler's documents: `POST /v3/auth/oidc` exchanges a token that one admits for a
//! short-lived one, `POST /v3/auth/revoke` takes it back, `GET /v3/configs/config/secrets` is what it is
//! for. The how-to is `docs/secrets-exchange.md`.

mod access_token;
mod answers;
mod arguments;
mod configuration;
mod credentials;
mod database;
mod identity_id;
mod ledger;
#[path = "../../../oidc-issuer/examples/serving/log.rs"]
mod log;
mod named;
mod query;
#[path = "../../../oidc-issuer/examples/serving/report.rs"]
mod report;
mod request_body;
mod secret;
mod service;
#[path = "../../../oidc-issuer/examples/serving/mod.rs"]
mod serving;
mod unique;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use oidc_issuer::SystemRandom;
use oidc_issuer::fs::Files;
use oidc_verifier::http::{AddressPolicy, HttpTransport, KeyRefresher, RootCertificates};
use oidc_verifier::key_source::KeySourceConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::{Arguments, Otherwise, USAGE};
use crate::configuration::Configuration;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::report::chain;
use crate::service::{SecretsExchange, router};
use crate::serving::Limits;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(Otherwise::ShowUsage) => {
            let _ = writeln!(io::stdout(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(Otherwise::Refuse(message)) => {
            let _ = writeln!(io::stderr(), "error: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (log, rest) = Log::to(io::stderr());
    let outcome = run(&arguments, log);
    rest.end(outcome.map_err(|error| format!("error: {}", chain(&*error))))
}

fn run(arguments: &Arguments, log: Log) -> Result<(), Box<dyn Error>> {
    // There are secrets in it.
    let json = Files::new().read_private(&arguments.config, MAX_FILE_BYTES)?;
    let configuration = Configuration::from_json(&json)?;
    let transport = transport(&configuration, arguments.root_certificates.as_deref())?;
    let ledger = Ledger::open(&arguments.database)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // Whatever still has the ledger or the log ends with the runtime.
    runtime.block_on(serve(configuration, transport, ledger, log, arguments.port))
}

/// As much as a configuration may have, and more than the certificates of a whole platform.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Issuers on loopback need nobody to vouch for them; with roots of one's own they are in one's own
/// network.
fn transport(
    configuration: &Configuration,
    root_certificates: Option<&Path>,
) -> Result<HttpTransport, Box<dyn Error>> {
    if let Some(path) = root_certificates {
        let roots = Files::new().read(path, MAX_FILE_BYTES)?;
        let roots = RootCertificates::PlatformAnd(roots);
        let transport = HttpTransport::with_roots(&roots)?;
        return Ok(transport.address_policy(AddressPolicy::PublicOrPrivate));
    }
    let verifier = configuration.verifier();
    let mut issuers = verifier.issuers();
    Ok(
        if issuers.all(|issuer| issuer.as_str().starts_with("http:")) {
            HttpTransport::with_roots(&RootCertificates::Nobody)?
        } else {
            HttpTransport::new()?
        },
    )
}

async fn serve(
    configuration: Configuration,
    transport: HttpTransport,
    ledger: Ledger,
    log: Log,
    port: u16,
) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let keys = KeyRefresher::builder(configuration.verifier(), transport)
        .discover_all(&KeySourceConfig::default())
        .spawn()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = Arc::new(SecretsExchange {
        configuration,
        keys: keys.clone(),
        ledger,
        random: SystemRandom::new(),
        dashboard_url: url.clone(),
        log,
    });
    let sweeping = tokio::spawn(sweep(Arc::clone(&service)));

    // Nobody to read it ends nothing.
    let _ = writeln!(io::stdout(), "listening on {url}");
    let (ended, mut why) = oneshot::channel();
    let end = {
        let service = Arc::clone(&service);
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                // Whoever starts it again helps; it cannot help itself.
                () = service.ledger.writes_no_more() => {
                    let _ = ended.send("the thread that writes the database has ended");
                }
            }
        }
    };
    serving::serve(listener, router(service), Limits::default(), end).await;
    sweeping.abort();
    keys.shutdown().await;
    why.try_recv().map_or(Ok(()), |why| Err(why.into()))
}

/// Forgets grants that have ended, now and again. They give nothing since they ended.
async fn sweep(service: Arc<SecretsExchange>) {
    let mut ticks = interval(BETWEEN_SWEEPS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match service.ledger.sweep(service.keys.now()).await {
            Ok(0) => {}
            Ok(swept) => service
                .log
                .line(format_args!("{swept} tokens have expired")),
            Err(error) => service.log.line(error),
        }
    }
}

const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);
