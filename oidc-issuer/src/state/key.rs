//! One key in the state document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oidc_core::{Jwk, NumericDate};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::chain::StateName;

/// A key of a ring: its public half, where it stands, and how far ahead its tokens reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingKey {
    #[serde(deserialize_with = "read_jwk")]
    jwk: Jwk,
    pub(super) state: KeyState,
    /// No token of this key expires later. Absent until the key signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reserved_until: Option<NumericDate>,
}

impl RingKey {
    pub(super) fn staged(jwk: Jwk, now: NumericDate) -> RingKey {
        RingKey {
            jwk,
            state: KeyState::Staged { since: now },
            reserved_until: None,
        }
    }

    /// The key id.
    pub fn kid(&self) -> &str {
        self.jwk.kid().unwrap_or_default()
    }

    /// The public half.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Where it stands.
    pub fn state(&self) -> &KeyState {
        &self.state
    }

    /// The latest `exp` that a token of this key may have: what has been committed, so that no
    /// signer needs to write for each token. `None` for a key that never signed.
    pub fn reserved_until(&self) -> Option<NumericDate> {
        self.reserved_until
    }

    /// Whether it belongs in the JWK Set.
    pub fn is_published(&self) -> bool {
        match self.state {
            KeyState::Staged { .. }
            | KeyState::Published { .. }
            | KeyState::Active { .. }
            | KeyState::Retiring { .. } => true,
            KeyState::Withdrawn { .. } | KeyState::Revoked { .. } => false,
        }
    }

    /// Whether its private half may still exist.
    pub fn has_private_half(&self) -> bool {
        match self.state {
            KeyState::Staged { .. } | KeyState::Published { .. } | KeyState::Active { .. } => true,
            KeyState::Retiring { destroyed, .. } | KeyState::Revoked { destroyed, .. } => {
                !destroyed
            }
            KeyState::Withdrawn { .. } => false,
        }
    }
}

/// The state of a key. It goes one way, except that a standby which is not seen in public any more
/// is staged again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum KeyState {
    /// Stored and to be published; not yet seen in public.
    #[non_exhaustive]
    Staged {
        /// Since when.
        since: NumericDate,
    },
    /// Seen in public; waits until everybody has learned it.
    #[non_exhaustive]
    Published {
        /// When it was first seen, without a look that missed it since.
        since: NumericDate,
    },
    /// Signs.
    #[non_exhaustive]
    Active {
        /// Since when.
        since: NumericDate,
    },
    /// Signs no more; its tokens may still be valid.
    #[non_exhaustive]
    Retiring {
        /// Since when.
        since: NumericDate,
        /// When the last of them has expired everywhere.
        until: NumericDate,
        /// Whether its private half is destroyed.
        destroyed: bool,
    },
    /// In no document any more: a tombstone.
    #[non_exhaustive]
    Withdrawn {
        /// Since when.
        since: NumericDate,
    },
    /// Taken out of trust: a tombstone for good.
    #[non_exhaustive]
    Revoked {
        /// Since when.
        since: NumericDate,
        /// Why.
        reason: RevocationReason,
        /// Whether its private half is destroyed.
        destroyed: bool,
    },
}

impl KeyState {
    /// The name of the state.
    pub const fn name(&self) -> StateName {
        match self {
            KeyState::Staged { .. } => StateName::Staged,
            KeyState::Published { .. } => StateName::Published,
            KeyState::Active { .. } => StateName::Active,
            KeyState::Retiring { .. } => StateName::Retiring,
            KeyState::Withdrawn { .. } => StateName::Withdrawn,
            KeyState::Revoked { .. } => StateName::Revoked,
        }
    }

    /// Since when.
    pub const fn since(&self) -> NumericDate {
        match self {
            KeyState::Staged { since }
            | KeyState::Published { since }
            | KeyState::Active { since }
            | KeyState::Retiring { since, .. }
            | KeyState::Withdrawn { since }
            | KeyState::Revoked { since, .. } => *since,
        }
    }
}

/// Why a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevocationReason {
    /// Somebody else has the private half, or may have it.
    Compromised,
    /// The private half is gone.
    Lost,
    /// It is not to be used any more, without a suspicion.
    Superseded,
}

/// A public JWK with an id and an algorithm. Its members are text, all of them.
fn read_jwk<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Jwk, D::Error> {
    let members = BTreeMap::<Cow<'de, str>, Cow<'de, str>>::deserialize(deserializer)?;
    let json = serde_json::to_vec(&members).map_err(de::Error::custom)?;
    let jwk = Jwk::parse(&json).map_err(de::Error::custom)?;
    if jwk.kid().is_none() || jwk.alg().is_none() {
        return Err(de::Error::custom("a key of a ring has `kid` and `alg`"));
    }
    Ok(jwk)
}
