//! An issuer whose keys rotate: the driver, with a store and private keys in memory.

use std::error::Error;
use std::time::Duration;

use oidc_issuer::store::{MemoryKeys, MemoryStore};
use oidc_issuer::{
    Clocks, Event, Issuer, RingName, Rotation, RotationConfig, RotationPolicy, RotationSettings,
    SigningKey, SigningKeyError, SystemRandom, drive,
};
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate};

use crate::host::Host;

/// The algorithm of its one ring.
pub(crate) const ALGORITHM: Algorithm = Algorithm::EdDsa;

#[derive(Debug)]
pub(crate) struct Rotating {
    pub(crate) rotation: Rotation,
    /// What makes the tokens. Replaced after every pass of the driver.
    pub(crate) issuer: Issuer,
    store: MemoryStore,
    keys: MemoryKeys,
    random: SystemRandom,
    started: NumericDate,
}

impl Rotating {
    /// The first start: nothing is published, so the first key signs as soon as it is seen.
    pub(crate) fn start(
        host: &Host,
        id: IssuerIdentifier,
        jwks_uri: &str,
        now: NumericDate,
    ) -> Result<Rotating, Box<dyn Error>> {
        // A day between two rotations, so that the demonstration shows one.
        let settings = RotationSettings::new().period(Duration::from_secs(25 * 60 * 60));
        let policy = RotationPolicy::solve(&settings)?;
        let config = RotationConfig::new(id)
            .jwks_uri(jwks_uri)
            .ring(ALGORITHM, policy)?;
        let mut rotation = Rotation::new(config);
        let (store, keys) = (MemoryStore::new(), MemoryKeys::new());
        let random = SystemRandom::new();
        let clocks = Clocks::new(now, Duration::ZERO);
        // This clock is moved by hand and always right; a service asks a second one.
        rotation.confirm_clock(clocks);
        let pass = drive(
            &mut rotation,
            &store,
            &keys,
            &host.publisher(),
            make(&random),
            || clocks,
        );
        if let Some(failure) = pass.failures.into_iter().next() {
            return Err(failure);
        }
        rotation.take_events();
        let issuer = Issuer::of_rotation(&rotation, &keys, clocks, None)?;
        Ok(Rotating {
            rotation,
            issuer,
            store,
            keys,
            random,
            started: now,
        })
    }

    /// A pass of the driver: everything that is due. What happened is told.
    pub(crate) fn pass(
        &mut self,
        host: &Host,
        now: NumericDate,
    ) -> Result<Vec<Event>, Box<dyn Error>> {
        let clocks = self.clocks(now);
        let pass = drive(
            &mut self.rotation,
            &self.store,
            &self.keys,
            &host.publisher(),
            make(&self.random),
            || clocks,
        );
        if let Some(failure) = pass.failures.into_iter().next() {
            return Err(failure);
        }
        self.issuer = Issuer::of_rotation(&self.rotation, &self.keys, clocks, Some(&self.issuer))?;
        Ok(self.rotation.take_events())
    }

    pub(crate) fn clocks(&self, now: NumericDate) -> Clocks {
        let passed = u64::try_from(now.seconds_since(self.started)).unwrap_or(0);
        Clocks::new(now, Duration::from_secs(passed))
    }
}

/// Makes the keys of a ring.
fn make(
    random: &SystemRandom,
) -> impl FnMut(&RingName, Algorithm) -> Result<SigningKey, SigningKeyError> {
    |_ring, algorithm| SigningKey::generate(algorithm, random)
}
