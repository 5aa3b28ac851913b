//! The keys of an account's issuer, rotated in the background.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use oidc_issuer::fs::{KeyFolder, StateFile};
use oidc_issuer::http::DocumentServer;
use oidc_issuer::profile::aws_outbound::NAMESPACE;
use oidc_issuer::store::StoreError;
use oidc_issuer::{
    Clocks, Documents, Event, Issuer, Publisher, RingName, Rotation, RotationConfig,
    RotationPolicy, SecureRandom, Sighting, SigningKey, SystemRandom, drive,
};

use crate::config::AccountConfig;
use crate::federation::Federation;
use crate::report::chain;
use crate::state::{Record, State, issuer_under};

/// Rotates the keys of one account.
#[derive(Debug)]
pub(crate) struct Driver {
    federation: Arc<Federation>,
    rotation: Rotation,
    store: StateFile,
    keys: KeyFolder,
    site: Site,
    began: NumericDate,
}

/// What a pass came to.
#[derive(Debug)]
pub(crate) struct Pass {
    /// When to make the next one.
    pub(crate) wait: Duration,
    /// What the operator wants to know.
    pub(crate) news: Vec<String>,
    /// What failed, to be tried again.
    pub(crate) failures: Vec<String>,
}

impl Driver {
    pub(crate) fn open(
        account: &AccountConfig,
        policy: RotationPolicy,
        base_url: &str,
        state: &State,
        server: &Arc<DocumentServer>,
        random: &dyn SecureRandom,
        clocks: Clocks,
    ) -> Result<Driver, Box<dyn Error>> {
        let (folder, files) = (state.folder_of(&account.id)?, state.files());
        let path = folder.join("account");
        let record = Record::open(files, &path, random)?;
        let issuer = issuer_under(base_url, &record.issuer)?;
        let rotation = RotationConfig::new(issuer.clone())
            .ring(Algorithm::Rs256, policy)?
            .ring(Algorithm::Es384, policy)?
            .claim_supported(NAMESPACE);
        let federation = Federation::new(issuer, account, record, path, files.clone())?;
        let mut rotation = Rotation::new(rotation);
        // The operator stands for the clock, by starting the program.
        rotation.confirm_clock(clocks);
        Ok(Driver {
            federation: Arc::new(federation),
            rotation,
            store: StateFile::open(files.clone(), folder.join("state"))?,
            keys: KeyFolder::open(files.clone(), folder.join("keys"))?,
            site: Site {
                server: Arc::clone(server),
                shown: Mutex::new(None),
            },
            began: clocks.wall,
        })
    }

    pub(crate) fn federation(&self) -> &Arc<Federation> {
        &self.federation
    }

    /// Does what is due.
    pub(crate) fn pass(&mut self, clocks: impl Fn() -> Clocks) -> Pass {
        let random = SystemRandom::new();
        let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &random);
        let (rotation, keys) = (&mut self.rotation, &self.keys);
        let done = drive(rotation, &self.store, keys, &self.site, make, &clocks);
        let failures = done.failures.iter();
        let mut failures: Vec<String> = failures.map(|error| chain(&**error)).collect();
        let before = self.federation.signer();
        match Issuer::of_rotation(rotation, keys, clocks(), before.as_deref()) {
            Ok(issuer) => {
                for (kid, error) in issuer.unusable() {
                    failures.push(format!("key {kid}: {}", chain(error)));
                    if !error.is_temporary() {
                        rotation.handle_unusable(kid, clocks());
                    }
                }
                self.federation.install(issuer);
            }
            Err(error) => failures.push(chain(&error)),
        }
        let began = self.began;
        let events = rotation.take_events().into_iter();
        // What happened before this program began was told then.
        let news =
            events.filter(|event| !matches!(event, Event::Transition(past) if past.at < began));
        Pass {
            wait: done.wait,
            news: news.map(|event| tell(&event)).collect(),
            failures,
        }
    }
}

fn tell(event: &Event) -> String {
    match event {
        Event::Transition(transition) => {
            let (kid, to) = (&transition.kid, transition.to.as_str());
            format!("key {kid} of {} is {to}", transition.ring)
        }
        Event::ClockHeld
        | Event::RolledBack { .. }
        | Event::ForeignState { .. }
        | Event::Unusable { .. }
        | _ => format!("{event:?}"),
    }
}

/// Documents are put into the router of this process, and that is where the world sees them. A
/// proxy before it must not keep them for longer than they say.
#[derive(Debug)]
struct Site {
    server: Arc<DocumentServer>,
    shown: Mutex<Option<Documents>>,
}

impl Publisher for Site {
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let published = self.server.publish_documents(issuer, documents);
        published.map_err(StoreError::new)?;
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(documents.clone());
        Ok(())
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Documents {
            discovery, jwk_set, ..
        }) = &*shown
        else {
            return Ok(Sighting::nothing());
        };
        Sighting::from_bytes(issuer, &discovery.bytes, &jwk_set.bytes).map_err(StoreError::new)
    }
}
