//! The keys at work: one pass of the driver after another.

use std::error::Error;
use std::time::Duration;

use oidc_core::Algorithm;
use oidc_issuer::fs::{KeyFolder, StateFile};
use oidc_issuer::{
    Clocks, Event, Publisher, RingName, Rotation, SigningKey, SigningKeyError, SystemRandom, drive,
};

use crate::report::chain;
use crate::state_folder::{Site, StateFolder};

pub(crate) struct Keys {
    rotation: Rotation,
    store: StateFile,
    private: KeyFolder,
    random: SystemRandom,
}

/// What a pass came to.
pub(crate) struct Passed {
    /// When to make the next.
    pub(crate) wait: Duration,
    /// What happened, a line each.
    pub(crate) told: Vec<String>,
    /// Everything is published, and a key signs.
    pub(crate) complete: bool,
    /// What no later pass can do either.
    pub(crate) impossible: Option<String>,
}

impl Keys {
    /// Whoever starts the program stands for the clock.
    pub(crate) fn open(
        folder: &StateFolder,
        site: &Site,
        now: Clocks,
    ) -> Result<Keys, Box<dyn Error>> {
        let mut rotation = Rotation::new(site.rotation()?);
        rotation.confirm_clock(now);
        Ok(Keys {
            rotation,
            store: folder.state_file()?,
            private: folder.private_keys()?,
            random: SystemRandom::new(),
        })
    }

    /// Does what is due. Whatever fails is tried again.
    pub(crate) fn pass(
        &mut self,
        publisher: &impl Publisher,
        clocks: impl FnMut() -> Clocks,
    ) -> Passed {
        let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &self.random);
        let (rotation, store, keys) = (&mut self.rotation, &self.store, &self.private);
        let pass = drive(rotation, store, keys, publisher, make, clocks);
        let mut told: Vec<String> = self.rotation.take_events().iter().map(describe).collect();
        told.extend(pass.failures.iter().map(|failure| chain(failure.as_ref())));
        let impossible = pass.failures.iter().find_map(|failure| {
            let error = failure.downcast_ref::<SigningKeyError>()?;
            matches!(error, SigningKeyError::Unsupported { .. })
                .then(|| format!("{error}: build with the feature `aws-lc-rs`, which can"))
        });
        let ring = RingName::from(Algorithm::Rs256);
        let state = self.rotation.state();
        let signs = state
            .and_then(|state| state.ring(&ring)?.active())
            .is_some();
        Passed {
            wait: pass.wait,
            complete: signs && pass.failures.is_empty(),
            told,
            impossible,
        }
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Transition(transition) => {
            let (kid, to) = (&transition.kid, transition.to.as_str());
            format!("key {kid} is {to}")
        }
        Event::ClockHeld
        | Event::RolledBack { .. }
        | Event::ForeignState { .. }
        | Event::Unusable { .. }
        | _ => format!("{event:?}"),
    }
}
