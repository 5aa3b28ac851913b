//! diridp: an OpenID Connect provider that writes tokens as files.
//!
//! ```text
//! cargo run --release -p oidc-issuer --example diridp -- CONFIG [--once] [--verbose] [--debug] [--syslog]
//! cargo run --release -p oidc-issuer --example diridp -- CONFIG --revoke KID [--force] [--dry-run]
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
#[path = "../serving/report.rs"]
mod report;
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
use crate::clock::clocks;
use crate::log::Log;
use crate::report::chain;
use crate::service::Service;

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args_os()) else {
        let _ = writeln!(std::io::stderr().lock(), "{USAGE}");
        return ExitCode::from(2);
    };
    let (log, rest) = Log::to(std::io::stderr(), arguments.level, arguments.syslog);
    let outcome = run(&arguments, &log);
    drop(log);
    rest.end(outcome.map_err(|error| chain(&*error)))
}

fn run(arguments: &Arguments, log: &Log) -> Result<(), Box<dyn Error>> {
    let config = read_config(&arguments.config)?;
    let files = Files::new();
    if let Some(kid) = arguments.revoke.as_ref().filter(|_| arguments.dry_run) {
        say(&emergency::dry_run(&config, &files, kid, arguments.force)?);
        return Ok(());
    }
    let mut providers = Providers::open(config, &files, log);
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
    runtime.block_on(serve(&arguments.config, providers, log))
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

/// All providers. One that does not open does not keep the others from their work, and is tried again.
struct Providers {
    config: Config,
    services: Vec<Service>,
    /// The places in the configuration of those to try again.
    broken: Vec<usize>,
    /// When to do so, by the clock that only runs forward.
    retry_at: Duration,
    files: Files,
    log: Log,
}

impl Providers {
    fn open(config: Config, files: &Files, log: &Log) -> Providers {
        let mut providers = Providers {
            broken: (0..config.providers().len()).collect(),
            config,
            services: Vec::new(),
            retry_at: Duration::ZERO,
            files: files.clone(),
            log: log.clone(),
        };
        providers.open_broken();
        providers
    }

    /// Takes a new configuration. A provider that it does not open goes on by the old one until it does.
    fn reload(&mut self, config: Config) {
        self.broken = (0..config.providers().len()).collect();
        self.config = config;
        let configured = self.config.providers();
        self.services.retain(|service| {
            let name = service.provider().name();
            configured.iter().any(|provider| provider.name() == name)
        });
        self.services.iter_mut().for_each(Service::confirm_clock);
        self.open_broken();
    }

    fn open_broken(&mut self) {
        let Providers {
            config,
            services,
            broken,
            files,
            log,
            ..
        } = self;
        broken.retain(|place| {
            let Some(provider) = config.providers().get(*place) else {
                return false;
            };
            let name = provider.name();
            let old = services
                .iter_mut()
                .find(|service| service.provider().name() == name);
            match (Service::open(config, provider, files, log), old) {
                (Ok(service), Some(old)) => *old = service,
                (Ok(service), None) => services.push(service),
                (Err(error), old) => {
                    log.error(format_args!("{name}: {}", chain(&*error)));
                    if old.is_some() {
                        log.warning(format_args!("{name}: goes on by its configuration before"));
                    }
                    return true;
                }
            }
            false
        });
        self.retry_at = clocks().monotonic.saturating_add(LONGEST_SLEEP);
    }

    fn pass(&mut self) -> Duration {
        if !self.broken.is_empty() && clocks().monotonic >= self.retry_at {
            self.open_broken();
        }
        let passes = self.services.iter_mut().map(Service::pass);
        let wait = passes.min().unwrap_or(LONGEST_SLEEP);
        // Never a busy loop, and never asleep for so long that a failed watch goes unnoticed.
        wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    fn not_opened(&self) -> Vec<String> {
        let providers = self.broken.iter();
        let providers = providers.filter_map(|place| self.config.providers().get(*place));
        providers
            .map(|provider| provider.name().to_owned())
            .collect()
    }

    fn all_open(&self) -> Result<(), Box<dyn Error>> {
        if self.broken.is_empty() {
            return Ok(());
        }
        Err(format!("not opened: {}", self.not_opened().join(", ")).into())
    }

    /// Revokes a key of the provider whose state has it.
    fn revoke(&mut self, kid: &str, force: bool) -> Result<String, Box<dyn Error>> {
        let mut unread = self.not_opened();
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

async fn serve(path: &Path, mut providers: Providers, log: &Log) -> Result<(), Box<dyn Error>> {
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
        // Whoever owns a directory can change it all the time: a pass is made for it once in a while.
        let changed = async {
            tokio::time::sleep(SHORTEST_SLEEP).await;
            changes.recv().await
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            Some(()) = changed => log.debug("a folder has changed"),
            _ = reload.recv() => {
                systemd::notify("RELOADING=1");
                match read_config(path) {
                    Ok(config) => {
                        providers.reload(config);
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
