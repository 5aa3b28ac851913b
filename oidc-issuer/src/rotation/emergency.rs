//! Taking a key out of trust, now.

use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};

use super::Rotation;
use super::clock::Clocks;
use super::due::Draft;
use crate::publication::Document;
use crate::rotation_policy::RotationPolicy;
use crate::state::{
    Age, KeyState, RevocationReason, RotationState, StateName, TransitionError, signs_from,
};

/// Which key takes the place of a revoked one that was active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Successor {
    /// A standby that is old enough: no consumer is surprised.
    Aged,
    /// A standby that was seen in public, however young: consumers with an older JWK Set refuse its
    /// tokens until they fetch a new one.
    Seen,
    /// None: nothing is signed until a new key is old enough. When no standby can be used.
    None,
}

/// What a revocation does, and when it is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Revocation {
    /// The key that signs instead; `None` where the revoked key was not active, or nothing signs.
    pub successor: Option<String>,
    /// When consumers that do not know the successor yet will: `None` where all do.
    pub unseen_until: Option<NumericDate>,
    /// The JWK Set to publish at once, one for each name of the issuer. Purge shared caches of it.
    pub documents: Vec<(IssuerIdentifier, Document)>,
    /// When each class of consumer distrusts the key.
    pub distrust: Vec<Distrust>,
}

/// When a class of consumers distrusts a revoked key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Distrust {
    /// Whom.
    pub class: ConsumerClass,
    /// When at the latest; `None` where it takes a person.
    pub at: Option<NumericDate>,
}

/// How a consumer learns that a key is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsumerClass {
    /// The signers of the issuer itself, by the staleness bound.
    Signers,
    /// It honours `Cache-Control`.
    Honouring,
    /// It keeps a JWK Set for a time of its own.
    HardCoded,
    /// It holds a copy that a person has uploaded.
    Snapshot,
}

/// Why a key was not revoked. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The state has not been read, or is too old or in doubt.
    #[error("the state is not known")]
    NoState,
    /// There is no such key, or it is gone already.
    #[error("the key cannot be revoked")]
    Key(#[source] TransitionError),
    /// The key signs, and no standby is old enough to take over.
    #[error("no standby may take over from `{kid}` before {}", ready.map_or("it is seen".to_owned(), |at| at.to_string()))]
    #[non_exhaustive]
    NoSuccessor {
        /// The key to revoke.
        kid: String,
        /// When the oldest standby may sign, if there is one.
        ready: Option<NumericDate>,
    },
}

impl RevokeError {
    /// A stable code in `snake_case`, such as `no_successor`.
    pub const fn code(&self) -> &'static str {
        match self {
            RevokeError::NoState => "no_state",
            RevokeError::Key(error) => error.code(),
            RevokeError::NoSuccessor { .. } => "no_successor",
        }
    }
}

/// A revocation that is asked for, until the state says so.
#[derive(Clone, Debug)]
pub(super) struct Intent {
    kid: String,
    reason: RevocationReason,
    successor: Successor,
}

impl Intent {
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }
}

impl Rotation {
    /// Revokes a key: one that signs is replaced in the same write. The next poll commits it.
    ///
    /// For a dry run, call it on a clone: `rotation.clone().revoke(…)`.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]. With [`RevokeError::NoSuccessor`] choose between a successor that some
    /// consumers do not know yet and none at all: [`Successor::Seen`], [`Successor::None`].
    pub fn revoke(
        &mut self,
        kid: &str,
        reason: RevocationReason,
        successor: Successor,
        clocks: Clocks,
    ) -> Result<Revocation, RevokeError> {
        self.tick(clocks);
        if self.signs_until(clocks).is_none() {
            return Err(RevokeError::NoState);
        }
        let state = match &self.view {
            Some(view) => std::sync::Arc::clone(&view.state),
            None => return Err(RevokeError::NoState),
        };
        let (ring, key) = state.key(kid).ok_or_else(|| {
            RevokeError::Key(TransitionError::NoKey {
                kid: kid.to_owned(),
            })
        })?;
        if key.state().name().is_gone() {
            return Err(RevokeError::Key(TransitionError::WrongState {
                kid: kid.to_owned(),
                state: key.state().name(),
            }));
        }
        let intent = Intent {
            kid: kid.to_owned(),
            reason,
            successor,
        };
        let mut draft = Draft(std::borrow::Cow::Borrowed(&*state));
        if !self.apply(&intent, &mut draft, clocks) {
            let policy = self.policy_or_longest(ring.name());
            let standby = ring.standbys().filter(|standby| standby.kid() != kid);
            return Err(RevokeError::NoSuccessor {
                kid: kid.to_owned(),
                ready: standby.map(|key| signs_from(ring, key, &policy)).min(),
            });
        }
        let revocation = self.preview(kid, &state, &draft.0, clocks);
        self.pending = None;
        self.facts.intents.retain(|other| other.kid != intent.kid);
        self.facts.intents.push(intent);
        Ok(revocation)
    }

    /// Applies a revocation to the draft. Whether it could.
    pub(super) fn apply(&self, intent: &Intent, draft: &mut Draft<'_>, clocks: Clocks) -> bool {
        // By a clock that may be ahead, the successor's own turn would come late.
        let unconfirmed = || clocks.wall.min(draft.0.clock());
        let now = self.guard.trusted(clocks).unwrap_or_else(unconfirmed);
        let Some((ring, key)) = draft.0.key(&intent.kid) else {
            return false;
        };
        let active = matches!(key.state(), KeyState::Active { .. });
        let policy = self.policy_or_longest(ring.name());
        let (age, wanted) = match intent.successor {
            Successor::Aged => (Age::Required, active),
            Successor::Seen => (Age::Waived, active),
            Successor::None => (Age::Waived, false),
        };
        let successor = self.successor(ring, clocks);
        // An age is worth nothing by a clock that may be wrong, or after a look that missed the key.
        let unsure = age == Age::Required
            && (self.guard.trusted(clocks).is_none()
                || successor.is_some_and(|key| self.was_missed(key, clocks)));
        let successor = successor.map(|key| key.kid().to_owned());
        draft.edit(|next| {
            if wanted {
                let successor = successor.filter(|_| !unsure);
                let successor = successor.ok_or(TransitionError::NoKey { kid: String::new() })?;
                next.promote(&successor, now, &policy, age)?;
            }
            next.revoke(&intent.kid, intent.reason, now)
        })
    }

    fn preview(
        &self,
        kid: &str,
        before: &RotationState,
        after: &RotationState,
        clocks: Clocks,
    ) -> Revocation {
        let now = clocks.wall;
        let ring = before.key(kid).map(|(ring, _)| ring);
        let policy = ring
            .map(|ring| self.policy_or_longest(ring.name()))
            .unwrap_or_default();
        let was_active = |name: StateName| name == StateName::Active;
        let replaced = before
            .key(kid)
            .is_some_and(|(_, key)| was_active(key.state().name()));
        let successor = ring
            .and_then(|ring| after.ring(ring.name()))
            .and_then(|ring| ring.active())
            .filter(|_| replaced)
            .map(|key| key.kid().to_owned());
        let unseen_until = successor
            .as_deref()
            .and_then(|kid| before.key(kid))
            .map(|(ring, key)| signs_from(ring, key, &policy))
            .filter(|from| *from > now);
        let public = self.config.longest(RotationPolicy::propagation);
        let in_caches = self.config.longest(RotationPolicy::jwks_cache_life);
        let hard_coded = self
            .config
            .longest(RotationPolicy::consumer_cache_life)
            .max(in_caches);
        let after_now = |wait: Duration| Some(now.saturating_add(wait));
        let signers = self.config.longest(RotationPolicy::destroy_after);
        let distrust = [
            (ConsumerClass::Signers, after_now(signers)),
            (
                ConsumerClass::Honouring,
                after_now(public.saturating_add(in_caches)),
            ),
            (
                ConsumerClass::HardCoded,
                after_now(public.saturating_add(hard_coded)),
            ),
            (ConsumerClass::Snapshot, None),
        ];
        Revocation {
            successor,
            unseen_until,
            documents: self
                .config
                .issuers()
                .filter_map(|id| {
                    let document = self.jwk_set_of(after).ok()?;
                    Some((id.clone(), document))
                })
                .collect(),
            distrust: distrust
                .into_iter()
                .map(|(class, at)| Distrust { class, at })
                .collect(),
        }
    }
}
