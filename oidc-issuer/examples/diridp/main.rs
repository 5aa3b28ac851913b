//! diridp: an OpenID Connect provider that writes tokens as files.
//!
//! ```text
//! cargo run --release -p oidc-issuer --example diridp -- CONFIG [--once] [--verbose] [--debug] [--syslog]
//! ```
//!
//! It reads diridp's configuration unchanged, takes over its state folder with every key, writes the
//! webroot and the tokens, follows the directories that become subjects, and rotates its keys. SIGHUP
//! reads the configuration again, SIGTERM and SIGINT end it. The how-to is `docs/replace-diridp.md`.

mod arguments;
mod clock;
mod emergency;
mod files;
mod log;
mod service;
mod systemd;
mod takeover;
mod tokens;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use oidc_issuer::fs::Files;
use oidc_issuer::profile::diridp::Config;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::arguments::{Arguments, USAGE};
use crate::log::{Log, chain};
use crate::service::Service;

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args_os()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let log = Log::new(arguments.level, arguments.syslog);
    match run(&arguments, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.error(chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, log: Log) -> Result<(), Box<dyn Error>> {
    let config = read_config(&arguments.config)?;
    let files = Files::new();
    if let Some(kid) = arguments.revoke.as_ref().filter(|_| arguments.dry_run) {
        say(&emergency::dry_run(&config, &files, kid, arguments.force)?);
        return Ok(());
    }
    let mut providers = Providers::open(&config, &files, log);
    if let Some(kid) = &arguments.revoke {
        say(&providers.revoke(kid, arguments.force)?);
        return Ok(());
    }
    if arguments.once {
        providers.pass();
        return providers.all_open();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(&arguments.config, providers, &files, log))
}

/// The answer, on standard output. Nobody to read it is no failure of ours.
fn say(answer: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{answer}");
}

fn read_config(path: &Path) -> Result<Config, Box<dyn Error>> {
    let yaml = Files::new().read(path, MAX_CONFIG_BYTES)?;
    let yaml = std::str::from_utf8(&yaml).map_err(|_| format!("{}: not UTF-8", path.display()))?;
    serde_saphyr::from_str(yaml).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Far more than anybody configures by hand.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// All providers. One that does not open does not keep the others from their work.
struct Providers {
    services: Vec<Service>,
    broken: Vec<String>,
    log: Log,
}

impl Providers {
    fn open(config: &Config, files: &Files, log: Log) -> Providers {
        let mut providers = Providers {
            services: Vec::new(),
            broken: Vec::new(),
            log,
        };
        for provider in config.providers() {
            match Service::open(config, provider, files, log) {
                Ok(service) => providers.services.push(service),
                Err(error) => {
                    log.error(format_args!("{}: {}", provider.name(), chain(&*error)));
                    providers.broken.push(provider.name().to_owned());
                }
            }
        }
        providers
    }

    fn pass(&mut self) -> Duration {
        let passes = self.services.iter_mut().map(Service::pass);
        let wait = passes.min().unwrap_or(LONGEST_SLEEP);
        // Never a busy loop, and never asleep for so long that a failed watch goes unnoticed.
        wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    fn all_open(&self) -> Result<(), Box<dyn Error>> {
        if self.broken.is_empty() {
            return Ok(());
        }
        Err(format!("not opened: {}", self.broken.join(", ")).into())
    }

    /// Revokes a key of the provider whose state has it.
    fn revoke(&mut self, kid: &str, force: bool) -> Result<String, Box<dyn Error>> {
        let mut unread = self.broken.clone();
        for service in &mut self.services {
            let name = service.provider().name().to_owned();
            match service.has_key(kid) {
                Ok(true) => return Ok(format!("{name}: {}", service.revoke(kid, force)?)),
                Ok(false) => {}
                Err(error) => unread.push(format!("{name}: {}", chain(&*error))),
            }
        }
        Err(emergency::nobody_has(kid, &unread))
    }

    /// Watches the folders whose directories become subjects.
    fn watch(&self, watcher: &mut RecommendedWatcher) {
        for service in &self.services {
            for token in service.provider().tokens() {
                let parent = token.path().parent();
                if token.path().parameter().is_some()
                    && let Err(error) = watcher.watch(parent, RecursiveMode::NonRecursive)
                {
                    self.log
                        .debug(format_args!("{}: not watched: {error}", parent.display()));
                }
            }
        }
    }
}

const SHORTEST_SLEEP: Duration = Duration::from_secs(1);
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

async fn serve(
    path: &Path,
    mut providers: Providers,
    files: &Files,
    log: Log,
) -> Result<(), Box<dyn Error>> {
    let mut reload = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // One event is as good as many: what is there is looked at anew.
    let (changed, mut changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_create() || event.kind.is_modify()) {
            let _ = changed.try_send(());
        }
    })?;
    let mut wait = providers.pass();
    providers.watch(&mut watcher);
    systemd::notify("READY=1");
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            Some(()) = changes.recv() => log.debug("a folder has changed"),
            _ = reload.recv() => {
                systemd::notify("RELOADING=1");
                match read_config(path) {
                    Ok(config) => {
                        providers = Providers::open(&config, files, log);
                        log.notice("the configuration was read again");
                    }
                    Err(error) => {
                        log.error(format_args!("the configuration stays as it was: {}", chain(&*error)));
                        providers.services.iter_mut().for_each(Service::confirm_clock);
                    }
                }
                systemd::notify("READY=1");
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
        wait = providers.pass();
        providers.watch(&mut watcher);
    }
    systemd::notify("STOPPING=1");
    log.info("stopped");
    Ok(())
}
