//! The keys of one algorithm and purpose.

use oidc_core::{Algorithm, NumericDate};
use serde::{Deserialize, Serialize};

use super::key::{KeyState, RingKey};
use super::ring_name::RingName;

/// The most keys that a ring publishes. Relying parties search the set with every token, and AWS
/// refuses more than 100.
pub const MAX_KEYS_PER_RING: usize = 8;

/// The most rings that keys are made for: eight keys of each still make a JWK Set of at most 100.
pub(crate) const MAX_RINGS: usize = 12;

/// The keys of one issuer, one algorithm and one purpose, and how each of them stands.
///
/// A key is *staged*, *published*, *active*, *retiring*, *withdrawn*; from each of these it may be
/// *revoked*. At most one is active. These hold at all times:
///
/// - a key has been seen in public before it signs, for as long as anybody may hold an older set;
/// - it stays published until the last token that it signed has expired everywhere;
/// - the published keys are all that anyone may sign with and all that have live tokens.
///
/// The value is data; [`Rotation`](crate::Rotation) moves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRing {
    name: RingName,
    algorithm: Algorithm,
    /// Whether it began with the issuer, so that nobody can hold an older JWK Set.
    pub(super) first: bool,
    /// When its algorithm was seen in the discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) announced: Option<NumericDate>,
    /// Oldest first, tombstones included.
    pub(super) keys: Vec<RingKey>,
}

impl KeyRing {
    pub(super) fn new(name: RingName, algorithm: Algorithm, first: bool) -> KeyRing {
        KeyRing {
            name,
            algorithm,
            first,
            announced: None,
            keys: Vec::new(),
        }
    }

    /// Its name within the issuer.
    pub fn name(&self) -> &RingName {
        &self.name
    }

    /// The algorithm of every key in it.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// All keys, oldest first, tombstones included.
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The key of this id.
    pub fn key(&self, kid: &str) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// The keys to publish, oldest first.
    pub fn published(&self) -> impl Iterator<Item = &RingKey> {
        self.keys.iter().filter(|key| key.is_published())
    }

    /// The key that signs.
    pub fn active(&self) -> Option<&RingKey> {
        let is_active = |key: &&RingKey| matches!(key.state, KeyState::Active { .. });
        self.keys.iter().find(is_active)
    }

    /// The keys that wait for their turn and have been seen in public, the oldest first.
    pub fn standbys(&self) -> impl Iterator<Item = &RingKey> {
        let waits = |key: &&RingKey| matches!(key.state, KeyState::Published { .. });
        self.keys.iter().filter(waits)
    }

    /// How many keys will sign and do not yet.
    pub(crate) fn waiting(&self) -> usize {
        let waits = |key: &&RingKey| {
            matches!(
                key.state,
                KeyState::Published { .. } | KeyState::Staged { .. }
            )
        };
        self.keys.iter().filter(waits).count()
    }

    /// When its algorithm was seen in the discovery document.
    pub fn announced(&self) -> Option<NumericDate> {
        self.announced
    }

    /// Whether nobody can hold a JWK Set without this key: it is the first of a ring that began with
    /// the issuer and has not signed yet. Nothing is published before each such ring has its first
    /// key.
    pub(crate) fn is_in_every_set(&self, key: &RingKey) -> bool {
        self.first
            && self
                .keys
                .first()
                .is_some_and(|first| first.kid() == key.kid())
    }

    /// Whether it began with the issuer and has not signed yet.
    pub(crate) fn is_first(&self) -> bool {
        self.first
    }

    /// Whether it began with the issuer and has no key yet.
    pub(crate) fn awaits_first_key(&self) -> bool {
        self.first && self.keys.is_empty()
    }

    /// At most one key is active, all are of the algorithm, and every one that signs or signed has
    /// reserved how far its tokens reach.
    pub(super) fn is_sound(&self) -> bool {
        let signed = |key: &RingKey| match key.state {
            KeyState::Active { .. } => key.reserved_until.is_some(),
            KeyState::Retiring { until, .. } => key.reserved_until.is_none_or(|exp| exp <= until),
            KeyState::Staged { .. }
            | KeyState::Published { .. }
            | KeyState::Withdrawn { .. }
            | KeyState::Revoked { .. } => true,
        };
        let active = |key: &&RingKey| matches!(key.state, KeyState::Active { .. });
        self.keys.iter().filter(active).count() <= 1
            && self.published().count() <= MAX_KEYS_PER_RING
            && self.keys.iter().all(|key| {
                let fits = key.jwk().alg() == Some(self.algorithm);
                fits && signed(key)
            })
    }
}
