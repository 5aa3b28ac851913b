//! One replica: a rotation, its driver, its signers, and two clocks that may lie.

use std::collections::BTreeSet;
use std::time::Duration;

use oidc_core::NumericDate;
use oidc_issuer::{Clocks, KeyRing, Lease, Rotation, RotationConfig, Step};

/// What the signers of a replica hold until they are given something newer.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) latest_exp: NumericDate,
    pub(crate) lease: Lease,
}

#[derive(Debug)]
pub(crate) struct Replica {
    /// `None` while it is down.
    pub(crate) rotation: Option<Rotation>,
    pub(crate) signer: Option<Signer>,
    /// Private halves in its memory.
    pub(crate) loaded: BTreeSet<String>,
    /// How far its wall clock is from the truth, in seconds.
    pub(crate) wall_error: i64,
    /// A step that it has begun and not ended.
    pub(crate) stuck_at: Option<Step>,
    /// What its monotonic clock has missed while the machine slept.
    pub(crate) slept: i64,
    began: i64,
}

impl Replica {
    pub(crate) fn new(config: &RotationConfig, now: i64, wall_error: i64) -> Replica {
        Replica {
            rotation: Some(Rotation::new(config.clone())),
            signer: None,
            loaded: BTreeSet::new(),
            wall_error,
            stuck_at: None,
            slept: 0,
            began: now,
        }
    }

    /// The process is gone, and with it all that was not written.
    pub(crate) fn crash(&mut self) {
        self.rotation = None;
        self.signer = None;
        self.stuck_at = None;
        self.loaded.clear();
    }

    pub(crate) fn start(&mut self, config: &RotationConfig, now: i64) {
        self.rotation = Some(Rotation::new(config.clone()));
        self.began = now;
        self.slept = 0;
    }

    pub(crate) fn clocks(&self, now: i64) -> Clocks {
        let wall = NumericDate::from_seconds(now + self.wall_error).unwrap();
        let monotonic = u64::try_from(now - self.began - self.slept).unwrap();
        Clocks::new(wall, Duration::from_secs(monotonic))
    }

    /// Gives the signers what the rotation knows now, as `Issuer::of_rotation` does.
    pub(crate) fn refresh_signer(&mut self, has: impl Fn(&str) -> bool, now: i64) {
        let clocks = self.clocks(now);
        let Some(rotation) = &mut self.rotation else {
            return;
        };
        let active = rotation.state().and_then(|state| {
            let active = state.rings().first().and_then(KeyRing::active)?;
            Some((active.kid().to_owned(), active.reserved_until()?))
        });
        self.signer = None;
        if let Some((kid, latest_exp)) = active {
            if !self.loaded.contains(&kid) && !has(&kid) {
                rotation.handle_unusable(&kid, clocks);
                return;
            }
            self.loaded.insert(kid.clone());
            let lease = rotation.lease(clocks);
            self.signer = Some(Signer {
                kid,
                latest_exp,
                lease,
            });
        }
    }
}
