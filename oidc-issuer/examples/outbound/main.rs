//! outbound: a token service with the interface of AWS IAM outbound federation.
//!
//! ```text
//! cargo run -p oidc-issuer --example outbound -- --config FILE --state FOLDER [--port PORT]
//! ```
//!
//! `aws sts get-web-identity-token --endpoint-url …` gets a token that says who signed the request;
//! `aws iam enable-outbound-web-identity-federation` and its like are the switch. Each account has an
//! issuer URL with discovery and JWK Set, and keys that rotate. The how-to is `docs/aws-outbound.md`.

mod actions;
mod arguments;
#[path = "../aws_wire/mod.rs"]
mod aws_wire;
#[path = "../diridp/clock.rs"]
mod clock;
mod config;
mod driver;
mod federation;
#[path = "../serving/log.rs"]
mod log;
#[path = "../serving/report.rs"]
mod report;
mod service;
#[path = "../serving/mod.rs"]
mod serving;
mod state;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use oidc_issuer::SystemRandom;
use oidc_issuer::fs::Files;
use oidc_issuer::http::DocumentServer;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::arguments::{Arguments, Command, USAGE};
use crate::clock::clocks;
use crate::config::Config;
use crate::driver::{Driver, Pass};
use crate::log::Log;
use crate::report::chain;
use crate::service::{Service, router};
use crate::serving::Limits;
use crate::state::State;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Command::Serve(arguments)) => arguments,
        Ok(Command::Help) => {
            let _ = writeln!(std::io::stdout().lock(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let hint = "--help says how it is used";
            let _ = writeln!(std::io::stderr().lock(), "{error}\n{hint}");
            return ExitCode::from(2);
        }
    };
    let (log, rest) = Log::to(std::io::stderr());
    let outcome = run(&arguments, &log);
    drop(log);
    rest.end(outcome.map_err(|error| chain(&*error)))
}

fn run(arguments: &Arguments, log: &Log) -> Result<(), Box<dyn Error>> {
    let path = &arguments.config;
    // There are secrets in it.
    let json = Zeroizing::new(Files::new().read_private(path, MAX_CONFIG_BYTES)?);
    let config = Config::parse(&json);
    let config = config.map_err(|error| format!("{}: {error}", path.display()))?;
    let state = State::open(&arguments.state)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    // Whatever still has the log ends with the runtime.
    runtime.block_on(serve(config, &state, arguments.port, log))
}

/// Far more than anybody configures by hand.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

async fn serve(config: Config, state: &State, port: u16, log: &Log) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let port = match port {
        0 => port_before(config.public_url.as_deref(), state)?,
        port => port,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("127.0.0.1:{port}: {error}"))?;
    let address = format!("http://{}", listener.local_addr()?);
    let base_url = config.public_url.clone().unwrap_or_else(|| address.clone());
    let documents = Arc::new(DocumentServer::new());
    state.keep_base_url(&base_url)?;
    let drivers = open(&config, &base_url, state, &documents, log)?;
    let federations: BTreeMap<_, _> = config
        .accounts
        .iter()
        .zip(&drivers)
        .map(|(account, driver)| (account.id.clone(), Arc::clone(driver.federation())))
        .collect();
    let service = Arc::new(Service {
        config,
        federations,
        clock: Arc::new(|| clocks().wall),
        body_within: BODY_WITHIN,
        log: log.clone(),
    });
    // The thread ends when the other end of the channel is dropped.
    let (running, stopped) = channel::<()>();
    let log = log.clone();
    let mut driving = tokio::task::spawn_blocking(move || rotate(drivers, &stopped, &log));
    writeln!(std::io::stdout().lock(), "listening on {address}")?;
    let mut driven = None;
    let end = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            // Without it the keys would wear out unseen.
            ended = &mut driving => driven = Some(ended),
        }
    };
    serving::serve(listener, router(service, documents), Limits::default(), end).await;
    drop(running);
    match driven {
        Some(ended) => ended?,
        None => driving.await?,
    }
    Ok(())
}

/// How long the body of a request may take to come; the longest takes a second over a slow line.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The port of the issuer URLs, or zero at the first start and behind a proxy.
fn port_before(public_url: Option<&str>, state: &State) -> Result<u16, Box<dyn Error>> {
    let before = match public_url {
        Some(_) => None,
        None => state.base_url()?,
    };
    let port = before.and_then(|base| base.rsplit_once(':')?.1.parse().ok());
    Ok(port.unwrap_or(0))
}

/// A driver for each account, after its first pass. What fails now would fail later too.
fn open(
    config: &Config,
    base_url: &str,
    state: &State,
    documents: &Arc<DocumentServer>,
    log: &Log,
) -> Result<Vec<Driver>, Box<dyn Error>> {
    let random = SystemRandom::new();
    let mut drivers = Vec::new();
    for account in &config.accounts {
        let policy = config.rotation;
        let now = clocks();
        let mut driver = Driver::open(account, policy, base_url, state, documents, &random, now)?;
        let pass = driver.pass(clocks);
        tell(&driver, &pass, log);
        if let Some(failure) = pass.failures.first() {
            return Err(format!("account {}: {failure}", account.id).into());
        }
        drivers.push(driver);
    }
    Ok(drivers)
}

/// Rotates until the program ends.
fn rotate(mut drivers: Vec<Driver>, stopped: &Receiver<()>, log: &Log) {
    let mut wait = SHORTEST_SLEEP;
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
        wait = LONGEST_SLEEP;
        for driver in &mut drivers {
            let pass = driver.pass(clocks);
            tell(driver, &pass, log);
            wait = wait.min(pass.wait);
        }
        wait = wait.max(SHORTEST_SLEEP);
    }
}

const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

fn tell(driver: &Driver, pass: &Pass, log: &Log) {
    for line in pass.news.iter().chain(&pass.failures) {
        log.line(format_args!("{}: {line}", driver.federation().issuer()));
    }
}
