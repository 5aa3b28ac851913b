//! One issuer with a ring for every algorithm, under a clock that is moved by hand.

use std::error::Error;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use oidc_issuer::store::{MemoryKeys, MemoryStore, PrivateKeys as _};
use oidc_issuer::{
    Clocks, Issuer, KeyRef, RevocationReason, RevokeError, RingName, Rotation, RotationConfig,
    RotationPolicy, RotationSettings, SigningKey, Successor, SystemRandom, Token, TokenSpec, drive,
};

use crate::host::Host;

/// What it signs with, a ring each.
pub(crate) const ALGORITHMS: &[Algorithm] = Algorithm::ALL;

/// Far longer than a run takes: tokens from before two rotations are still valid after them.
const TOKEN_LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);

/// How far the clock is moved at once.
const STRIDE: Duration = Duration::from_secs(5 * 60);

/// More strides than a rotation takes: the period is an hour.
const MOST_STRIDES: u32 = 24;

/// An issuer, and everything that rotates its keys.
pub(crate) struct Rotating {
    host: Host,
    rotation: Rotation,
    /// What makes the tokens. Replaced after every pass of the driver.
    issuer: Issuer,
    store: MemoryStore,
    keys: MemoryKeys,
    clocks: Clocks,
}

impl Rotating {
    /// The first start: nothing is published, so the first keys sign as soon as they are seen.
    pub(crate) fn start(host: Host, now: NumericDate) -> Result<Rotating, Box<dyn Error>> {
        let clocks = Clocks::new(now, Duration::ZERO);
        let mut rotation = Rotation::new(config(&host.url())?);
        // This clock is moved by hand and always right; a service asks a second one.
        rotation.confirm_clock(clocks);
        let (store, keys) = (MemoryStore::new(), MemoryKeys::new());
        pass(&mut rotation, &store, &keys, &host, clocks)?;
        let issuer = Issuer::of_rotation(&rotation, &keys, clocks, None)?;
        Ok(Rotating {
            host,
            rotation,
            issuer,
            store,
            keys,
            clocks,
        })
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// A token as long-lived as any.
    pub(crate) fn token(&self, spec: TokenSpec) -> Result<Token, Box<dyn Error>> {
        let spec = spec.with_lifetime(TOKEN_LIFETIME)?;
        Ok(self.issuer.issue(&spec, self.clocks.wall)?)
    }

    /// Lets time pass until every ring signs with another key than now.
    pub(crate) fn rotate(&mut self) -> Result<(), Box<dyn Error>> {
        let before = self.signing();
        for _ in 0..MOST_STRIDES {
            self.stride()?;
            let now = self.signing();
            if before.iter().zip(&now).all(|(before, now)| before != now) {
                return Ok(());
            }
        }
        Err("not every ring has rotated".into())
    }

    /// Revokes the key of every ring that signs, in favour of a standby that everybody knows: time
    /// passes until there is one.
    pub(crate) fn revoke(&mut self) -> Result<(), Box<dyn Error>> {
        for (_, kid) in self.signing() {
            let kid = kid.ok_or("a ring has no key that signs")?;
            let mut strides = 0..MOST_STRIDES;
            while let Err(error) = self.revoke_now(&kid) {
                if strides.next().is_none() {
                    return Err(error.into());
                }
                self.stride()?;
            }
            self.pass()?;
        }
        Ok(())
    }

    fn revoke_now(&mut self, kid: &str) -> Result<(), RevokeError> {
        let reason = RevocationReason::Compromised;
        self.rotation
            .revoke(kid, reason, Successor::Aged, self.clocks)
            .map(drop)
    }

    /// The private half of the key that signs `algorithm`, as PKCS#8 in PEM.
    pub(crate) fn export(&self, algorithm: Algorithm) -> Result<String, Box<dyn Error>> {
        let kid = self.issuer.signing_kid(algorithm).ok_or("no key signs")?;
        let ring = RingName::from(algorithm);
        let key = KeyRef::new(self.issuer.id(), &ring, algorithm, kid);
        Ok(self.keys.get(&key)?.to_string())
    }

    /// The key of each algorithm that signs.
    pub(crate) fn signing(&self) -> Vec<(Algorithm, Option<String>)> {
        ALGORITHMS
            .iter()
            .map(|algorithm| {
                let kid = self.issuer.signing_kid(*algorithm);
                (*algorithm, kid.map(str::to_owned))
            })
            .collect()
    }

    fn stride(&mut self) -> Result<(), Box<dyn Error>> {
        let Clocks {
            wall, monotonic, ..
        } = self.clocks;
        self.clocks = Clocks::new(
            wall.saturating_add(STRIDE),
            monotonic.saturating_add(STRIDE),
        );
        self.pass()
    }

    fn pass(&mut self) -> Result<(), Box<dyn Error>> {
        let (rotation, clocks) = (&mut self.rotation, self.clocks);
        pass(rotation, &self.store, &self.keys, &self.host, clocks)?;
        let before = Some(&self.issuer);
        self.issuer = Issuer::of_rotation(rotation, &self.keys, clocks, before)?;
        Ok(())
    }
}

/// Rotates every hour, for relying parties that fetch the keys after a minute.
fn config(url: &str) -> Result<RotationConfig, Box<dyn Error>> {
    let settings = RotationSettings::new()
        .period(Duration::from_secs(60 * 60))
        .token_lifetime(TOKEN_LIFETIME)
        .jwks_max_age(Duration::from_secs(60))
        .consumer_cache_life(Duration::from_secs(10 * 60))
        // Six rings hold RSA keys.
        .rings(6)
        .max_keys(100);
    let policy = RotationPolicy::solve(&settings)?;
    let mut config = RotationConfig::new(IssuerIdentifier::loopback(url)?);
    for algorithm in ALGORITHMS {
        config = config.ring(*algorithm, policy)?;
    }
    Ok(config)
}

/// Does everything that is due.
fn pass(
    rotation: &mut Rotation,
    store: &MemoryStore,
    keys: &MemoryKeys,
    host: &Host,
    clocks: Clocks,
) -> Result<(), Box<dyn Error>> {
    let random = SystemRandom::new();
    let make = |_ring: &RingName, algorithm| SigningKey::generate(algorithm, &random);
    let publisher = host.publisher()?;
    let pass = drive(rotation, store, keys, &publisher, make, || clocks);
    match pass.failures.into_iter().next() {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}
