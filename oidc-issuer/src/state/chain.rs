//! The latest transitions, each bound to the one before by a hash.

use oidc_core::{NumericDate, base64url};
use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::ring_name::RingName;
use crate::backend;

/// The name of a state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StateName {
    /// Stored, not yet seen in public.
    Staged,
    /// Seen in public.
    Published,
    /// Signs.
    Active,
    /// Signs no more.
    Retiring,
    /// In no document any more.
    Withdrawn,
    /// Taken out of trust.
    Revoked,
}

impl StateName {
    /// Every state, in the order in which a key can come into them.
    pub const ALL: [StateName; 6] = [
        StateName::Staged,
        StateName::Published,
        StateName::Active,
        StateName::Retiring,
        StateName::Withdrawn,
        StateName::Revoked,
    ];

    /// The name, such as `staged`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StateName::Staged => "staged",
            StateName::Published => "published",
            StateName::Active => "active",
            StateName::Retiring => "retiring",
            StateName::Withdrawn => "withdrawn",
            StateName::Revoked => "revoked",
        }
    }
}

/// That a key came into a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Transition {
    /// The generation of the document that says so first.
    pub generation: u64,
    /// When.
    pub at: NumericDate,
    /// In which ring.
    pub ring: RingName,
    /// Which key.
    pub kid: String,
    /// Into which state.
    pub to: StateName,
    /// SHA-256 of the hash before and of these members, in base64url.
    hash: String,
}

/// The chain: the hash before the oldest transition that is kept, and those that are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// Empty where the first transition of all is kept.
    base: String,
    entries: Vec<Transition>,
}

impl Log {
    /// How many transitions are kept: more than ten rotations of a ring.
    const KEPT: usize = 64;

    pub(super) fn entries(&self) -> &[Transition] {
        &self.entries
    }

    pub(super) fn push(
        &mut self,
        generation: u64,
        at: NumericDate,
        ring: RingName,
        kid: &str,
        to: StateName,
    ) {
        let mut entry = Transition {
            generation,
            at,
            ring,
            kid: kid.to_owned(),
            to,
            hash: String::new(),
        };
        entry.hash = hash(self.head(), &entry);
        self.entries.push(entry);
        if self.entries.len() > Self::KEPT {
            self.base = self.entries.remove(0).hash;
        }
    }

    fn head(&self) -> &str {
        self.entries.last().map_or(&self.base, |entry| &entry.hash)
    }

    /// Whether the head of `earlier` is in this chain. One that was left behind by more
    /// transitions than are kept cannot be told from a stranger.
    pub(super) fn follows(&self, earlier: &Log) -> bool {
        let head = earlier.head();
        self.base == head || self.entries.iter().any(|entry| entry.hash == head)
    }

    pub(super) fn check(&self) -> Result<(), StateError> {
        let mut before = self.base.as_str();
        for entry in &self.entries {
            if hash(before, entry) != entry.hash {
                return Err(StateError::Chain {
                    generation: entry.generation,
                });
            }
            before = &entry.hash;
        }
        Ok(())
    }
}

/// The members are joined by a line feed, which none of them holds: a `kid` is printable.
fn hash(before: &str, entry: &Transition) -> String {
    let Transition {
        generation,
        at,
        ring,
        kid,
        to,
        hash: _,
    } = entry;
    let to = to.as_str();
    let text = format!("{before}\n{generation}\n{at}\n{ring}\n{kid}\n{to}");
    base64url::encode(backend::sha256(text.as_bytes()))
}
