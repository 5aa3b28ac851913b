//! An issuer whose keys rotate: the driver, with a store and private keys in memory.

use std::error::Error;
use std::time::Duration;

use oidc_core::DiscoveryResponse;
use oidc_issuer::store::{MemoryKeys, MemoryStore, StoreError};
use oidc_issuer::{
    Clocks, Documents, Event, Issuer, Publisher, RingName, Rotation, RotationConfig,
    RotationPolicy, RotationSettings, Sighting, SigningKey, SigningKeyError, SystemRandom, drive,
};
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate, ProviderMetadata};

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
            &Site(host),
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
            &Site(host),
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

/// The public address. Here it is in the same process, so a look asks the host what it serves; a
/// service fetches it from outside.
struct Site<'a>(&'a Host);

impl Publisher for Site<'_> {
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let metadata = metadata(issuer, &documents.discovery.bytes)?;
        self.0.put(metadata.jwks_uri().as_str(), &documents.jwk_set);
        self.0.put(&issuer.discovery_url(), &documents.discovery);
        Ok(())
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let Some(discovery) = self.0.get(&issuer.discovery_url()) else {
            return Ok(Sighting::nothing());
        };
        let metadata = metadata(issuer, &discovery.bytes)?;
        let Some(jwks) = self.0.get(metadata.jwks_uri().as_str()) else {
            return Ok(Sighting::nothing());
        };
        Sighting::from_bytes(issuer, &discovery.bytes, &jwks.bytes).map_err(StoreError::new)
    }
}

fn metadata(issuer: &IssuerIdentifier, json: &[u8]) -> Result<ProviderMetadata, StoreError> {
    let url = issuer.discovery_url();
    let response = DiscoveryResponse::new(200, Some("application/json"), &url, json);
    ProviderMetadata::from_response(issuer, &response).map_err(StoreError::new)
}
