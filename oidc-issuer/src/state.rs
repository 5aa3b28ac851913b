//! The state document: every key of an issuer with its state, to store and to share.

mod chain;
mod error;
mod import;
mod key;
mod ring;
mod ring_name;
mod transitions;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, NumericDate};
use serde::{Deserialize, Deserializer, Serialize, de};

use self::chain::Log;
pub use self::chain::{StateName, Transition};
pub use self::error::{StateError, TransitionError};
pub use self::import::{ImportedKey, ImportedRole};
pub use self::key::{KeyState, RevocationReason, RingKey};
pub(crate) use self::ring::MAX_RINGS;
pub use self::ring::{KeyRing, MAX_KEYS_PER_RING};
pub use self::ring_name::{RingName, RingNameError};
pub(crate) use self::transitions::{Age, When, reservation, signs_from};

/// The state of all rings of an issuer: a versioned document.
///
/// It holds public halves and times, and no private key: those are in a
/// [`PrivateKeys`](crate::store::PrivateKeys) of their own. What is published is a pure function of it, so
/// publishing again is always safe.
///
/// A value has been checked, and so has one that was read by [`from_json`](Self::from_json): ids
/// and keys are all different, each ring has at most one active key, and the transitions follow
/// each other in an unbroken chain of hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationState {
    format: u32,
    #[serde(deserialize_with = "read_issuer")]
    issuer: IssuerIdentifier,
    generation: u64,
    /// The latest time that a signer with a good clock has committed.
    clock: NumericDate,
    rings: Vec<KeyRing>,
    log: Log,
}

impl RotationState {
    /// The format of the document that this version reads and writes.
    pub const FORMAT: u32 = 1;

    /// The longest document, in bytes. Twelve rings of RSA keys of 4,096 bits take less, with all their
    /// tombstones.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// The state before there is any.
    pub(crate) fn first(issuer: IssuerIdentifier, now: NumericDate) -> RotationState {
        RotationState {
            format: Self::FORMAT,
            issuer,
            generation: 0,
            clock: now,
            rings: Vec::new(),
            log: Log::default(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// [`StateError`]: it is too long, is none, has been written by another version, or contradicts
    /// itself.
    pub fn from_json(json: &[u8]) -> Result<RotationState, StateError> {
        if json.len() > Self::MAX_BYTES {
            return Err(StateError::TooLong {
                max: Self::MAX_BYTES,
            });
        }
        let state: RotationState =
            serde_json::from_slice(json).map_err(|error| StateError::Json {
                line: error.line(),
                column: error.column(),
            })?;
        state.check()?;
        Ok(state)
    }

    /// Writes the document; the same state is always the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        // INVARIANT: structs, strings and numbers only, which `serde_json` writes without fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whose state it is: of an issuer with several names, the first.
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// How many times it has been committed.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The latest time that a signer with a good clock has committed.
    pub fn clock(&self) -> NumericDate {
        self.clock
    }

    /// The rings, in the order in which they were made.
    pub fn rings(&self) -> &[KeyRing] {
        &self.rings
    }

    /// The ring of this name.
    pub fn ring(&self, name: &RingName) -> Option<&KeyRing> {
        self.rings.iter().find(|ring| ring.name() == name)
    }

    /// The latest transitions, oldest first.
    pub fn transitions(&self) -> &[Transition] {
        self.log.entries()
    }

    /// The key of this id, and its ring; tombstones too.
    pub fn key(&self, kid: &str) -> Option<(&KeyRing, &RingKey)> {
        self.rings
            .iter()
            .find_map(|ring| Some((ring, ring.key(kid)?)))
    }

    /// The keys to publish, in the order of the JWK Set: by ring, then oldest first. It changes
    /// when a key comes or goes, and not otherwise.
    pub fn published(&self) -> impl Iterator<Item = &Jwk> {
        self.rings
            .iter()
            .flat_map(KeyRing::published)
            .map(RingKey::jwk)
    }

    /// The algorithms that the discovery document lists: of every ring with a published key.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let mut algorithms: Vec<Algorithm> = self
            .rings
            .iter()
            .filter(|ring| ring.published().next().is_some())
            .map(KeyRing::algorithm)
            .collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        algorithms.into_iter()
    }

    /// Whether this is what came of `earlier`: the same, or more transitions after its last.
    pub(crate) fn follows(&self, earlier: &RotationState) -> bool {
        if self.generation == earlier.generation {
            return self == earlier;
        }
        self.generation > earlier.generation && self.log.follows(&earlier.log)
    }

    /// Everything that every state is.
    fn check(&self) -> Result<(), StateError> {
        if self.format != Self::FORMAT {
            return Err(StateError::Format {
                format: self.format,
            });
        }
        self.log.check()?;
        let keys = || self.rings.iter().flat_map(KeyRing::keys);
        for (index, key) in keys().enumerate() {
            let clashes =
                |other: &RingKey| other.kid() == key.kid() || other.jwk().key() == key.jwk().key();
            if key.kid().is_empty() || keys().take(index).any(clashes) {
                return Err(StateError::Keys {
                    kid: key.kid().to_owned(),
                });
            }
        }
        for (index, ring) in self.rings.iter().enumerate() {
            let same_name = |other: &KeyRing| other.name() == ring.name();
            if self.rings.iter().take(index).any(same_name) || !ring.is_sound() {
                return Err(StateError::Ring {
                    ring: ring.name().clone(),
                });
            }
        }
        Ok(())
    }
}

/// An issuer on loopback has a state like any other.
fn read_issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IssuerIdentifier, D::Error> {
    let text = String::deserialize(deserializer)?;
    IssuerIdentifier::parse(&text)
        .or_else(|error| IssuerIdentifier::loopback(&text).map_err(|_| error))
        .map_err(de::Error::custom)
}
