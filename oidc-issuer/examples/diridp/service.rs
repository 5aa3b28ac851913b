//! One provider at work: its keys, its documents, its tokens.

use std::error::Error;
use std::time::Duration;

use oidc_core::NumericDate;
use oidc_issuer::fs::{Files, StateFile};
use oidc_issuer::profile::diridp::{Config, KeyConfig, Provider};
use oidc_issuer::store::StateStore as _;
use oidc_issuer::{
    Event, Issuer, Pass, RingName, Rotation, RotationConfig, RotationState, SigningKey, StateName,
    SystemRandom, drive,
};

use crate::clock::clocks;
use crate::emergency;
use crate::files::{KeyFolders, Site};
use crate::log::Log;
use crate::report::chain;
use crate::takeover;
use crate::tokens::{self, Complaints};

/// A provider that runs. It is made anew when the configuration is, and goes on from its files.
pub(crate) struct Service {
    provider: Provider,
    files: Files,
    store: StateFile,
    keys: KeyFolders,
    site: Site,
    rotation: Rotation,
    random: SystemRandom,
    issuer: Option<Issuer>,
    began: NumericDate,
    complaints: Complaints,
    log: Log,
}

impl Service {
    /// Opens the files of a provider, and takes over those of the original.
    pub(crate) fn open(
        config: &Config,
        provider: &Provider,
        files: &Files,
        log: &Log,
    ) -> Result<Service, Box<dyn Error>> {
        let rotation = Rotation::new(rotation_config(provider)?);
        let folder = config.state_dir().join(provider.name());
        files.create_folder(&folder, 0o755)?;
        let store = StateFile::open(files.clone(), folder.join("state.json"))?;
        let keys = KeyFolders::open(files, provider)?;
        let now = clocks().wall;
        takeover::take_over(provider, files, &store, &keys, now, log)?;
        let mut service = Service {
            provider: provider.clone(),
            files: files.clone(),
            site: Site::open(files, provider)?,
            store,
            keys,
            rotation,
            random: SystemRandom::new(),
            issuer: None,
            began: now,
            complaints: Complaints::new(),
            log: log.clone(),
        };
        service.confirm_clock();
        Ok(service)
    }

    /// The operator stands for the clock: by starting the program, and by reloading it.
    pub(crate) fn confirm_clock(&mut self) {
        self.rotation.confirm_clock(clocks());
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Does what is due, and says when to come back. Whatever fails is told and tried again.
    pub(crate) fn pass(&mut self) -> Duration {
        let Pass { wait, failures, .. } = self.drive();
        let name = self.provider.name();
        for failure in failures {
            self.log
                .error(format_args!("{name}: {}", chain(failure.as_ref())));
        }
        for event in self.rotation.take_events() {
            // What happened before this program began was told then.
            if !matches!(&event, Event::Transition(past) if past.at < self.began) {
                tell(name, &event, &self.log);
            }
        }
        let before = self.issuer.take();
        match Issuer::of_rotation(&self.rotation, &self.keys, clocks(), before.as_ref()) {
            Ok(issuer) => {
                for (kid, error) in issuer.unusable() {
                    self.log
                        .error(format_args!("{name}: key {kid}: {}", chain(error)));
                }
                let (files, now) = (&self.files, clocks().wall);
                let (complaints, log) = (&mut self.complaints, &self.log);
                let due = tokens::write_due(&self.provider, &issuer, files, now, complaints, log);
                self.issuer = Some(issuer);
                wait.min(due)
            }
            Err(error) => {
                self.issuer = before;
                self.log.error(format_args!("{name}: {}", chain(&error)));
                wait.min(RETRY)
            }
        }
    }

    fn drive(&mut self) -> Pass {
        let Service {
            provider,
            rotation,
            store,
            keys,
            site,
            random,
            ..
        } = self;
        let bits = |ring: &RingName| {
            let chain = provider
                .keys()
                .iter()
                .find(|key| key.name() == ring.as_str());
            chain.map_or(2048, KeyConfig::bits)
        };
        let make = |ring: &RingName, algorithm: oidc_core::Algorithm| {
            if algorithm.is_rsa() {
                SigningKey::generate_rsa(algorithm, bits(ring), random)
            } else {
                SigningKey::generate(algorithm, random)
            }
        };
        drive(rotation, store, keys, site, make, clocks)
    }

    /// Whether this provider's state has such a key.
    pub(crate) fn has_key(&self, kid: &str) -> Result<bool, Box<dyn Error>> {
        let Some(stored) = self.store.load()? else {
            return Ok(false);
        };
        Ok(RotationState::from_json(&stored.state)?.key(kid).is_some())
    }

    /// Takes a key out of trust. The answer is for a person: it claims nothing that is not done.
    pub(crate) fn revoke(&mut self, kid: &str, force: bool) -> Result<String, Box<dyn Error>> {
        let mut failures = self.drive().failures;
        let revocation = emergency::revoke(&mut self.rotation, kid, force).map_err(|error| {
            let error = format!("{kid} is not revoked: {}", chain(&*error));
            format!("{error}{}", told(&failures))
        })?;
        failures.append(&mut self.drive().failures);
        let state = self.rotation.state().and_then(|state| state.key(kid));
        if state.is_none_or(|(_, key)| key.state().name() != StateName::Revoked) {
            let told = told(&failures);
            return Err(format!("{kid} is not revoked, the state was not written{told}").into());
        }
        if !failures.is_empty() {
            let told = told(&failures);
            return Err(format!(
                "{kid} is revoked in the state, and the documents may not be published; \
                 the running program or --once tries again{told}"
            )
            .into());
        }
        Ok(emergency::describe(kid, &revocation))
    }
}

/// What failed, to be put behind a sentence.
fn told(failures: &[Box<dyn Error + Send + Sync>]) -> String {
    let mut text = String::new();
    for failure in failures {
        text.push_str("; ");
        text.push_str(&chain(failure.as_ref()));
    }
    text
}

/// After a failure that says no time of its own.
const RETRY: Duration = Duration::from_secs(10);

/// The times of the configuration as a policy for each chain.
pub(crate) fn rotation_config(provider: &Provider) -> Result<RotationConfig, Box<dyn Error>> {
    let mut config = RotationConfig::new(provider.issuer().clone()).jwks_uri(provider.jwks_uri());
    for key in provider.keys() {
        let policy = provider
            .rotation_policy(key)
            .map_err(|error| format!("key `{}`: {}", key.name(), chain(&error)))?;
        config = config.named_ring(RingName::new(key.name())?, key.algorithm(), policy)?;
    }
    Ok(config)
}

fn tell(name: &str, event: &Event, log: &Log) {
    match event {
        Event::Transition(transition) => log.notice(format_args!(
            "{name}: key {} of {} is {}",
            transition.kid,
            transition.ring,
            transition.to.as_str()
        )),
        Event::ClockHeld
        | Event::RolledBack { .. }
        | Event::ForeignState { .. }
        | Event::Unusable { .. }
        | _ => log.warning(format_args!("{name}: {event:?}")),
    }
}
