//! The keys of one algorithm, and the order in which they come and go.

use core::fmt;
use core::sync::atomic::{AtomicI64, Ordering};

use oidc_core::{Algorithm, Jwk, NumericDate};

use crate::rotation::{RotationError, RotationTiming};
use crate::signing_key::SigningKey;
use crate::token::{TokenSpec, header_of};

/// The keys of one issuer and one algorithm: the one that signs, the one that will, and those that
/// did.
///
/// A key goes one way: *published*, *active*, *retiring*, gone. Exactly one is active. Two rules
/// hold at all times:
///
/// - a key is published before it signs;
/// - it stays published until the last token that it signed has expired.
///
/// The keys that an issuer starts with are active at once: nobody has seen an older JWK Set of it.
///
/// The ring of an [`Issuer`](crate::Issuer) changes through the issuer's methods; this type shows
/// its state.
pub struct KeyRing {
    algorithm: Algorithm,
    timing: RotationTiming,
    /// Oldest first.
    retiring: Vec<RetiringKey>,
    active: ActiveKey,
    next: Option<NextKey>,
}

/// The most keys that a ring publishes: one active, one next, and six whose tokens have not all
/// expired. Relying parties search the set with every token, and AWS refuses more than 100.
pub const MAX_KEYS_PER_RING: usize = 8;

/// A key of a ring, and what may happen with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyStatus<'a> {
    /// The key id.
    pub kid: &'a str,
    /// The public half.
    pub jwk: &'a Jwk,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub state: KeyState,
}

/// The state of a key. In each of these it is in the JWK Set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// In the JWK Set, so that relying parties learn it. Does not sign yet.
    #[non_exhaustive]
    Published {
        /// Since when.
        since: NumericDate,
        /// When it may become active.
        signs_from: NumericDate,
    },
    /// Signs.
    Active,
    /// Signs no more: its private half is gone. Tokens that it signed are still valid.
    #[non_exhaustive]
    Retiring {
        /// When the last of them has expired everywhere, and the key may go.
        until: NumericDate,
    },
}

impl KeyRing {
    pub(crate) fn new(key: SigningKey, timing: RotationTiming) -> KeyRing {
        let algorithm = key.algorithm();
        let active = ActiveKey::new(key);
        KeyRing {
            algorithm,
            timing,
            retiring: Vec::new(),
            active,
            next: None,
        }
    }

    /// The algorithm of every key in it.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The id of the key that signs.
    pub fn active_kid(&self) -> &str {
        self.active.key.kid()
    }

    /// The last `exp` of a token that the active key has signed here, if it has signed any.
    pub fn last_expiry(&self) -> Option<NumericDate> {
        self.active.last_expiry()
    }

    /// The published keys, oldest first. No change of state alone alters their order, so the bytes
    /// of the JWK Set change when a key comes or goes, and not otherwise.
    pub fn keys(&self) -> impl Iterator<Item = KeyStatus<'_>> {
        let retiring = self
            .retiring
            .iter()
            .map(|key| (&key.jwk, KeyState::Retiring { until: key.until }));
        let active = (self.active.key.public_jwk(), KeyState::Active);
        let next = self.next.iter().map(|next| {
            let (since, signs_from) = (next.since, self.signs_from(next));
            (
                next.key.key.public_jwk(),
                KeyState::Published { since, signs_from },
            )
        });
        retiring
            .chain([active])
            .chain(next)
            .map(|(jwk, state)| KeyStatus {
                kid: jwk.kid().unwrap_or_default(),
                jwk,
                algorithm: self.algorithm,
                state,
            })
    }

    pub(crate) fn active(&self) -> &ActiveKey {
        &self.active
    }

    /// Publishes the key that will sign next.
    pub(crate) fn publish_next(
        &mut self,
        key: SigningKey,
        now: NumericDate,
    ) -> Result<(), RotationError> {
        if let Some(next) = &self.next {
            return Err(RotationError::NextPublished {
                kid: next.key.key.kid().to_owned(),
            });
        }
        if self.keys().count() >= MAX_KEYS_PER_RING {
            return Err(RotationError::TooManyKeys {
                max: MAX_KEYS_PER_RING,
            });
        }
        self.next = Some(NextKey {
            key: ActiveKey::new(key),
            since: now,
        });
        Ok(())
    }

    /// Takes the next key back before it has signed.
    pub(crate) fn withdraw_next(&mut self) -> Result<SigningKey, RotationError> {
        match self.next.take() {
            Some(next) => Ok(next.key.key),
            None => Err(RotationError::NoNext {
                algorithm: self.algorithm,
            }),
        }
    }

    /// Makes the next key the active one, if it has been published for long enough. The private
    /// half of its predecessor is dropped.
    ///
    /// `&mut self` is what makes `until` exact: nobody is issuing meanwhile, and nobody can with
    /// the old key from here on.
    pub(crate) fn switch(&mut self, now: NumericDate) -> Result<(), RotationError> {
        let Some(next) = self.next.take() else {
            return Err(RotationError::NoNext {
                algorithm: self.algorithm,
            });
        };
        let signs_from = self.signs_from(&next);
        if now < signs_from {
            let kid = next.key.key.kid().to_owned();
            self.next = Some(next);
            return Err(RotationError::TooYoung {
                kid,
                signs_from,
                now,
            });
        }
        let old = core::mem::replace(&mut self.active, next.key);
        let until = match old.last_expiry_anywhere(now) {
            Some(expiry) => expiry
                .saturating_add(self.timing.verification_leeway())
                .max(now),
            None => now,
        };
        let jwk = old.key.public_jwk().clone();
        self.retiring.push(RetiringKey { jwk, until });
        Ok(())
    }

    /// Publishes the public half of a key that signed before this ring was made.
    pub(crate) fn retire(&mut self, jwk: Jwk, until: NumericDate) -> Result<(), RotationError> {
        if self.keys().count() >= MAX_KEYS_PER_RING {
            return Err(RotationError::TooManyKeys {
                max: MAX_KEYS_PER_RING,
            });
        }
        self.retiring.push(RetiringKey { jwk, until });
        Ok(())
    }

    /// Drops the retiring keys whose last token has expired, and gives their ids.
    pub(crate) fn withdraw_expired(&mut self, now: NumericDate) -> Vec<String> {
        self.retiring
            .extract_if(.., |key| key.until <= now)
            .filter_map(|key| key.jwk.kid().map(str::to_owned))
            .collect()
    }

    fn signs_from(&self, next: &NextKey) -> NumericDate {
        next.since.saturating_add(self.timing.publish_before())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("algorithm", &self.algorithm)
            .field("timing", &self.timing)
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A private key, and what every token under it has in common.
pub(crate) struct ActiveKey {
    key: SigningKey,
    /// The JOSE header in base64url and the dot after it.
    header: String,
    /// The largest `exp` of all tokens, or [`NEVER`].
    last_expiry: AtomicI64,
}

impl ActiveKey {
    fn new(key: SigningKey) -> ActiveKey {
        let header = header_of(key.algorithm(), key.kid());
        ActiveKey {
            key,
            header,
            last_expiry: AtomicI64::new(NEVER),
        }
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// The JOSE header in base64url and the dot after it.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// Notes the `exp` of a token before it is signed.
    ///
    /// No other memory hangs on the value, so `Relaxed` is enough: a rotation has `&mut`, and
    /// whatever handed that over has ordered the two.
    pub(crate) fn note_expiry(&self, exp: NumericDate) {
        self.last_expiry
            .fetch_max(exp.as_seconds(), Ordering::Relaxed);
    }

    /// The last `exp` of a token of this key, here or in an earlier run of the issuer. `now` is a
    /// time after the earlier run. What it signed, if anything, is not known here, but no token
    /// lives longer than [`TokenSpec::MAX_LIFETIME`].
    fn last_expiry_anywhere(&self, now: NumericDate) -> Option<NumericDate> {
        let here = self.last_expiry();
        if self.key.is_generated_here() {
            here
        } else {
            here.max(Some(now.saturating_add(TokenSpec::MAX_LIFETIME)))
        }
    }

    fn last_expiry(&self) -> Option<NumericDate> {
        NumericDate::from_seconds(self.last_expiry.load(Ordering::Relaxed)).ok()
    }
}

struct NextKey {
    key: ActiveKey,
    since: NumericDate,
}

struct RetiringKey {
    jwk: Jwk,
    until: NumericDate,
}

/// Before every [`NumericDate`].
const NEVER: i64 = -1;
