//! `ci_runner`: the OpenID Connect issuer of a CI system, and the jobs that get its tokens.
//!
//! ```text
//! cargo run -p oidc-issuer --example ci_runner -- --help
//! ```
//!
//! `serve` publishes the documents and keeps the keys rotating. `run` starts a job with its tokens in
//! the environment, as `CircleCI` does; `get` asks for another one inside of it. The how-to is
//! `docs/run-ci-jobs.md`.

mod arguments;
#[path = "../diridp/clock.rs"]
mod clock;
mod job;
mod keys;
#[path = "../serving/log.rs"]
mod log;
#[path = "../serving/report.rs"]
mod report;
mod request;
mod service;
#[path = "../serving/mod.rs"]
mod serving;
mod state_folder;
mod tokens;

use std::error::Error;
use std::ffi::OsString;
use std::fmt::Display;
use std::future::pending;
use std::io::Write as _;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use oidc_issuer::fs::Files;
use oidc_issuer::http::{DocumentServer, Prober, Published};
use oidc_issuer::profile::circleci::Job;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Command, Run, Serve, USAGE};
use crate::clock::clocks;
use crate::keys::Keys;
use crate::log::Log;
use crate::report::chain;
use crate::request::Request;
use crate::serving::Limits;
use crate::state_folder::StateFolder;
use crate::tokens::Mint;

fn main() -> ExitCode {
    let command = match Command::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(error) => {
            log(format_args!("{error}\n\n{USAGE}"));
            return ExitCode::from(WRONG_USE);
        }
    };
    let (outcome, failure) = match command {
        Command::Help => (print(USAGE), ExitCode::FAILURE),
        Command::Serve(arguments) => (in_runtime(serve(arguments)), ExitCode::FAILURE),
        Command::Run(arguments) => (in_runtime(run(arguments)), ExitCode::from(NOT_RUN)),
        Command::Get(request) => (get(&request), ExitCode::FAILURE),
    };
    outcome.unwrap_or_else(|error| {
        log(chain(&*error));
        let not_started = error.downcast_ref::<job::NotStarted>();
        not_started.map_or(failure, |error| ExitCode::from(error.exit_code()))
    })
}

/// The command line is not one of ours.
const WRONG_USE: u8 = 2;

/// No job was started: what `env` and `timeout` say too when the fault is theirs.
const NOT_RUN: u8 = 125;

type Outcome = Result<ExitCode, Box<dyn Error>>;

fn in_runtime(work: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(work);
    // A pass of the driver that waits for the network is not waited for: wherever it ends, nothing is
    // lost.
    runtime.shutdown_background();
    outcome
}

/// Publishes the documents, and drives the rotation until it is told to stop.
async fn serve(arguments: Serve) -> Outcome {
    let (log, rest) = Log::to(std::io::stderr());
    let outcome = drive(arguments, &log).await;
    drop(log);
    Ok(rest.end(outcome.map_err(|error| format!("ci_runner: {}", chain(&*error)))))
}

/// Keys rotate whether anybody reads the log or not.
async fn drive(arguments: Serve, log: &Log) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut told_to_stop = pin!(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    let folder = StateFolder::new(Files::new(), arguments.state);
    let known = folder.read()?;
    let address = known
        .as_ref()
        .map_or(arguments.listen, |site| site.address_for(arguments.listen));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let root = arguments
        .issuer
        .unwrap_or_else(|| format!("http://{address}"));
    let site = folder.begin(known, &root, &arguments.organizations)?;

    let documents = Arc::new(DocumentServer::new());
    let app = Arc::clone(&documents).router();
    tokio::spawn(serving::serve(listener, app, Limits::default(), pending()));

    let prober = if site.root().is_loopback() {
        Prober::for_loopback()?
    } else {
        Prober::new()?
    };
    let put = move |issuer: &_, published: &_| documents.publish_documents(issuer, published);
    let publisher = Arc::new(Published::new(put, prober));
    let mut keys = Keys::open(&folder, &site, clocks())?;
    let mut ready = false;
    loop {
        let publisher = Arc::clone(&publisher);
        let driving = tokio::task::spawn_blocking(move || {
            let pass = keys.pass(&*publisher, clocks);
            (keys, pass)
        });
        let (driven, pass) = tokio::select! {
            driven = driving => driven?,
            () = &mut told_to_stop => break,
        };
        keys = driven;
        for line in &pass.told {
            log.line(format_args!("ci_runner: {line}"));
        }
        if let Some(impossible) = pass.impossible {
            return Err(impossible.into());
        }
        if !ready && pass.complete {
            // An organisation's jobs get tokens when the documents to check them with are there.
            folder.write(&site)?;
            // Nobody to read it ends nothing.
            let _ = print(&format!("listening on http://{address}"));
            ready = true;
        }
        tokio::select! {
            () = tokio::time::sleep(pass.wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)) => {}
            () = &mut told_to_stop => break,
        }
    }
    Ok(())
}

const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// Runs a job with its tokens in the environment.
async fn run(arguments: Run) -> Outcome {
    let description = read(&arguments.job, MAX_JOB_BYTES)?;
    let description = Job::from_json(&description)
        .map_err(|error| format!("{}: {error}", arguments.job.display()))?;
    let mint = Mint::new(StateFolder::new(Files::new(), arguments.state), description);
    let tokens = mint.job_tokens(&arguments.request, clocks())?;
    if tokens.end_early {
        log("the tokens end earlier than was asked for: has `serve` stopped?");
    }
    let environment = job::Environment::of(tokens, |name| variable(name).is_some())?;
    let service = service::router(mint, Arc::new(clocks), Arc::new(|line| log(line)));
    let status = job::run(&arguments.command, environment, arguments.user, service).await?;
    Ok(ExitCode::from(status))
}

/// Far more than a job with all its contexts.
const MAX_JOB_BYTES: u64 = 64 * 1024;

fn read(path: &Path, max: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(Files::new().read(path, max)?)
}

/// Asks for a token inside of a job.
fn get(request: &Request) -> Outcome {
    let socket = variable(job::SOCKET)
        .ok_or("this is no job of `ci_runner run`: CIRCLE_OIDC_SOCKET is not set")?;
    print(&request::send(socket.as_ref(), request)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment is where a job is told of its socket"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// On standard output, for whoever reads it.
fn print(text: &str) -> Outcome {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

/// On standard error, for the operator. Nobody to read it is no failure of ours.
fn log(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "ci_runner: {line}");
}
