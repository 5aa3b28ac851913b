//! Serves the webroot of an issuer on loopback: the documents that diridp writes, for a machine without
//! a web server.
//!
//! ```text
//! cargo run -p oidc-issuer --example webroot -- FOLDER [--port PORT]
//! ```
//!
//! It says `listening on http://127.0.0.1:PORT` when it is ready. SIGTERM and ctrl-c end it. In public a
//! web server takes its place: `docs/replace-diridp.md` has the configuration of nginx.

mod service;
#[path = "../serving/mod.rs"]
mod serving;

use std::error::Error;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::serving::Limits;

const USAGE: &str = "\
usage: webroot FOLDER [--port PORT]

  FOLDER       what is served; it need not be there yet
  --port PORT  on 127.0.0.1; any free port unless this is said";

fn main() -> ExitCode {
    let (folder, port) = match arguments(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            let _ = writeln!(std::io::stdout(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "webroot: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(folder, port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "webroot: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder and the port; `None` if the usage was asked for.
fn arguments(mut given: impl Iterator<Item = OsString>) -> Result<Option<(PathBuf, u16)>, String> {
    let (mut folder, mut port) = (None, None);
    while let Some(argument) = given.next() {
        let twice = match argument.to_str() {
            Some("--help") => return Ok(None),
            Some("--port") => {
                let value = given.next().and_then(|value| value.to_str()?.parse().ok());
                port.replace(value.ok_or("`--port` is not a number from 0 to 65535")?)
                    .is_some()
            }
            Some(option) if option.starts_with('-') => {
                return Err(format!("`{option}` is no argument"));
            }
            Some(_) | None => folder.replace(PathBuf::from(&argument)).is_some(),
        };
        if twice {
            return Err(format!("`{}` is one too many", argument.display()));
        }
    }
    let folder = folder.ok_or("no folder is named")?;
    Ok(Some((folder, port.unwrap_or(0))))
}

fn serve(folder: PathBuf, port: u16) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        writeln!(std::io::stdout(), "listening on http://{address}")?;
        let end = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        serving::serve(listener, service::router(folder), Limits::default(), end).await;
        Ok(())
    })
}
