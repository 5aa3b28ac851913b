//! What to remember beside the state, where a backup of the state is not.

use serde::{Deserialize, Serialize};

use super::Rotation;
use crate::state::{KeyRing, RingKey, RotationState, StateName};

/// The least that tells a restored backup from the state that was lost: how far it had come, and
/// which keys were gone.
///
/// Take one after each commit with [`Rotation::witness`] and keep it where a backup of the state
/// does not reach; give it to a new replica with [`Rotation::remember`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    generation: u64,
    gone: Vec<String>,
}

impl Witness {
    /// How far the state had come.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The ids of the keys that were withdrawn or revoked.
    pub fn gone(&self) -> &[String] {
        &self.gone
    }

    /// Whether the state has come as far, and none of the keys that were gone is back.
    pub(super) fn is_followed_by(&self, state: &RotationState) -> bool {
        state.generation() >= self.generation && self.back(state).next().is_none()
    }

    /// The keys of the state that were gone.
    fn back<'a>(&'a self, state: &'a RotationState) -> impl Iterator<Item = &'a str> {
        let keys = state.rings().iter().flat_map(KeyRing::published);
        keys.map(RingKey::kid)
            .filter(|kid| self.gone.iter().any(|gone| gone == kid))
    }
}

impl Rotation {
    /// What to remember of the state beside it.
    pub fn witness(&self) -> Option<Witness> {
        let state = self.state()?;
        let mut gone: Vec<String> = state
            .rings()
            .iter()
            .flat_map(KeyRing::keys)
            .filter(|key| !key.is_published())
            .map(|key| key.kid().to_owned())
            .collect();
        gone.sort_unstable();
        Some(Witness {
            generation: state.generation(),
            gone,
        })
    }

    /// Before the first step: a state that has not come as far is a restored backup, and is not
    /// signed by. Where an operator accepts it, the keys that were gone stay gone.
    pub fn remember(&mut self, witness: Witness) {
        self.facts.gone.extend(witness.gone.iter().cloned());
        self.witness = Some(witness);
    }
}

impl StateName {
    /// Whether a key in this state is in no document.
    pub const fn is_gone(self) -> bool {
        matches!(self, StateName::Withdrawn | StateName::Revoked)
    }
}
