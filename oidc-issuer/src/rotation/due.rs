//! What is due in the state: the transitions of the next commit.

use std::borrow::Cow;
use std::time::Duration;

use oidc_core::{Jwk, NumericDate};

use super::Rotation;
use super::clock::Clocks;
use super::sighting::Sighting;
use super::step::KeyRef;
use crate::rotation_policy::RotationPolicy;
use crate::state::{Age, KeyRing, KeyState, RevocationReason, RingKey, RingName, RotationState};
use crate::state::{TransitionError, When, reservation, signs_from};

/// How far past the last confirmed commit an unconfirmed clock may reserve: a machine that was
/// asleep over a long week-end goes on at once, and a clock of another century moves nothing.
const MAX_UNCONFIRMED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Rotation {
    /// The next state, if anything is due.
    pub(super) fn proposal(
        &mut self,
        state: &RotationState,
        clocks: Clocks,
    ) -> Option<RotationState> {
        let mut draft = Draft(Cow::Borrowed(state));
        self.add_rings(&mut draft, clocks);
        self.take_in_generated(&mut draft, clocks);
        self.take_in_facts(&mut draft, clocks);
        if let Some(now) = self.guard.trusted(clocks) {
            self.take_in_sightings(&mut draft, clocks);
            self.withdraw(&mut draft, now);
            self.promote(&mut draft, clocks, now);
        }
        // After the promotion: a key that steps back reaches no further.
        self.reserve(&mut draft, clocks);
        let now = self.guard.trusted(clocks);
        match draft.0 {
            Cow::Borrowed(_) => None,
            Cow::Owned(mut next) => {
                if let Some(now) = now {
                    next.note_clock(now);
                }
                next.drop_old_tombstones();
                Some(next)
            }
        }
    }

    /// Rings that are configured and not there yet. Whether anybody can hold an older JWK Set shows
    /// at the public addresses, so those are looked at first.
    fn add_rings(&self, draft: &mut Draft<'_>, clocks: Clocks) {
        let Some(sightings) = self.sightings(clocks) else {
            return;
        };
        let heard_of = sightings
            .iter()
            .any(|(sighting, _)| sighting.keys().next().is_some());
        for (name, algorithm, _) in self.config.rings() {
            if draft.0.ring(name).is_none() {
                draft.edit(|next| {
                    next.add_ring(name.clone(), algorithm, heard_of);
                    Ok(())
                });
            }
        }
    }

    fn take_in_generated(&mut self, draft: &mut Draft<'_>, clocks: Clocks) {
        for (ring, jwk) in core::mem::take(&mut self.facts.generated) {
            let wanted = self
                .config
                .lacks(&draft.0, &ring, &[], &self.facts.unusable);
            let staged = wanted && draft.edit(|next| next.stage(&ring, jwk.clone(), clocks.wall));
            if staged {
                // Kept until the state has it: the commit may be lost.
                self.facts.generated.push((ring, jwk));
            } else {
                let kid = jwk.kid().unwrap_or_default();
                let issuer = self.config.issuer();
                let orphan = jwk.alg().map(|alg| KeyRef::new(issuer, &ring, alg, kid));
                self.facts.orphans.extend(orphan);
            }
        }
    }

    fn take_in_facts(&self, draft: &mut Draft<'_>, clocks: Clocks) {
        let now = clocks.wall;
        for kid in &self.facts.gone {
            if draft.0.key(kid).is_some_and(|(_, key)| key.is_published()) {
                let reason = RevocationReason::Superseded;
                draft.edit(|next| next.revoke(kid, reason, now));
            }
        }
        for intent in &self.facts.intents {
            self.apply(intent, draft, clocks);
        }
        for (ring, jwk) in &self.facts.adopted {
            // By a clock that may be behind, it would go early.
            let until = now.max(draft.0.clock());
            let until = until.saturating_add(self.policy_or_longest(ring).publish_after());
            draft.edit(|next| next.adopt(ring, jwk.clone(), now, until));
        }
        for kid in &self.facts.destroyed {
            let not_noted = draft.0.key(kid).is_some_and(|(_, key)| {
                let over = matches!(
                    key.state(),
                    KeyState::Retiring { .. } | KeyState::Revoked { .. }
                );
                over && key.has_private_half()
            });
            if not_noted {
                draft.edit(|next| next.private_half_destroyed(kid));
            }
        }
    }

    /// Lets tokens of the active keys reach further ahead, in time before they would be cut short.
    /// This is never held back by a clock: it keeps a key for longer, and minting goes on.
    fn reserve(&self, draft: &mut Draft<'_>, clocks: Clocks) {
        let now = match self.guard.trusted(clocks) {
            Some(now) => now,
            None => clocks
                .wall
                .min(draft.0.clock().saturating_add(MAX_UNCONFIRMED)),
        };
        for (name, _, policy) in self.config.rings() {
            let Some(active) = draft.0.ring(name).and_then(KeyRing::active) else {
                continue;
            };
            let wanted = reservation(now, policy);
            let spare = Duration::from_secs(policy.reserved_ahead().as_secs() / 2);
            if active.reserved_until() < Some(wanted.saturating_sub(spare)) {
                let kid = active.kid().to_owned();
                draft.edit(|next| next.reserve(&kid, wanted));
            }
        }
    }

    /// Standbys that were seen, or were looked for and not seen; algorithms alike.
    fn take_in_sightings(&self, draft: &mut Draft<'_>, clocks: Clocks) {
        let Some(sightings) = self.sightings(clocks) else {
            return;
        };
        // By the clock of now, which is confirmed, and the seconds that have passed since.
        let seen_at = |at: Clocks| {
            clocks
                .wall
                .saturating_sub(clocks.monotonic.saturating_sub(at.monotonic))
        };
        let Some(now) = sightings.iter().map(|(_, at)| seen_at(*at)).max() else {
            return;
        };
        let known = |jwk: &Jwk| draft.0.key(jwk.kid().unwrap_or_default()).is_some();
        if !sightings.iter().all(|(seen, _)| seen.keys().all(known)) {
            // Somebody holds a JWK Set from before the state began.
            if draft.0.rings().iter().any(KeyRing::is_first) {
                draft.edit(|next| {
                    next.forget_first();
                    Ok(())
                });
            }
        }
        for (name, algorithm, policy) in self.config.rings() {
            let Some(ring) = draft.0.ring(name) else {
                continue;
            };
            let announced = sightings.iter().all(|(seen, _)| seen.announces(algorithm));
            let signed = ring.keys().iter().any(|key| key.reserved_until().is_some());
            let news = match ring.announced() {
                None if announced => Some(Some(now)),
                Some(_) if !announced && !signed => Some(None),
                None | Some(_) => None,
            };
            let shown = |key: &RingKey| sightings.iter().all(|(seen, _)| seen.shows(key.jwk()));
            let mut seen = Vec::new();
            let mut missed = Vec::new();
            for key in ring.published() {
                match key.state() {
                    KeyState::Staged { .. } if shown(key) => {
                        let settled = self.settles_in(key, policy, clocks).is_zero();
                        if ring.is_in_every_set(key) || settled {
                            seen.push(key.kid().to_owned());
                        }
                    }
                    KeyState::Published { since } if !shown(key) && now > *since => {
                        missed.push(key.kid().to_owned());
                    }
                    KeyState::Published { .. } if self.was_missed(key, clocks) => {
                        missed.push(key.kid().to_owned());
                    }
                    KeyState::Staged { .. }
                    | KeyState::Published { .. }
                    | KeyState::Active { .. }
                    | KeyState::Retiring { .. }
                    | KeyState::Withdrawn { .. }
                    | KeyState::Revoked { .. } => {}
                }
            }
            if let Some(news) = news {
                draft.edit(|next| next.announced(name, news));
            }
            for kid in seen {
                draft.edit(|next| next.sighted(&kid, now));
            }
            for kid in missed {
                draft.edit(|next| next.unsighted(&kid, now));
            }
        }
    }

    /// Whether a look has missed this standby since it was seen, whatever later looks see.
    pub(super) fn was_missed(&self, key: &RingKey, clocks: Clocks) -> bool {
        self.facts.missed.get(key.kid()).is_some_and(|at| {
            let ago = clocks.monotonic.saturating_sub(*at);
            clocks.wall.saturating_sub(ago) > key.state().since()
        })
    }

    /// How long a replica that has not read of the key may still publish without it: until all have
    /// read the state again, since this one has.
    pub(super) fn settles_in(
        &self,
        key: &RingKey,
        policy: &RotationPolicy,
        clocks: Clocks,
    ) -> Duration {
        policy
            .settling()
            .saturating_sub(self.known_for(key, clocks))
    }

    fn withdraw(&self, draft: &mut Draft<'_>, now: NumericDate) {
        let due: Vec<(String, RotationPolicy)> = draft
            .0
            .rings()
            .iter()
            .flat_map(|ring| ring.keys().iter().map(move |key| (ring, key)))
            .filter(|(_, key)| {
                matches!(
                    key.state(),
                    KeyState::Retiring { until, destroyed: true, .. } if *until <= now
                )
            })
            .map(|(ring, key)| (key.kid().to_owned(), self.policy_or_longest(ring.name())))
            .collect();
        for (kid, policy) in due {
            draft.edit(|next| next.withdraw(&kid, now, &policy, When::Scheduled));
        }
    }

    fn promote(&self, draft: &mut Draft<'_>, clocks: Clocks, now: NumericDate) {
        if clocks.monotonic < self.retries.promote {
            return;
        }
        for (name, _, policy) in self.config.rings() {
            let Some(ring) = draft.0.ring(name) else {
                continue;
            };
            let due = ring
                .active()
                .is_none_or(|active| active.state().since().saturating_add(policy.period()) <= now);
            if !due {
                continue;
            }
            let ready = self
                .successor(ring, clocks)
                .filter(|key| signs_from(ring, key, policy) <= now);
            if let Some(kid) = ready.map(|key| key.kid().to_owned()) {
                draft.edit(|next| next.promote(&kid, now, policy, Age::Required));
            }
        }
    }

    /// The standby that is next: the oldest that can be used and that the last look still saw.
    pub(super) fn successor<'a>(&self, ring: &'a KeyRing, clocks: Clocks) -> Option<&'a RingKey> {
        let sightings = self.sightings(clocks)?;
        let visible = |jwk: &Jwk| sightings.iter().all(|(seen, _)| seen.shows(jwk));
        ring.standbys()
            .filter(|key| !self.facts.unusable.contains(key.kid()) && visible(key.jwk()))
            .min_by_key(|key| key.state().since())
    }

    /// The last sighting at every address, if none of them is too old to go by.
    pub(super) fn sightings(&self, clocks: Clocks) -> Option<Vec<(&Sighting, Clocks)>> {
        let most = self.config.jwks_max_age();
        let most = most.saturating_add(self.config.poll_interval().saturating_mul(2));
        self.sites
            .values()
            .map(|site| site.sighting(clocks, most))
            .collect()
    }

    /// Takes a retiring key out of the documents before its time: as soon as it is provably safe
    /// by what was reserved, and not before.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] says what is in the way.
    pub fn withdraw_early(&mut self, kid: &str, clocks: Clocks) -> Result<(), TransitionError> {
        self.tick(clocks);
        let no_key = || TransitionError::NoKey {
            kid: kid.to_owned(),
        };
        let view = self.view.as_ref().ok_or_else(no_key)?;
        let (ring, _) = view.state.key(kid).ok_or_else(no_key)?;
        let policy = self.policy_or_longest(ring.name());
        let now = self.guard.trusted(clocks).unwrap_or(NumericDate::MIN);
        let mut next = view.state.successor();
        next.withdraw(kid, now, &policy, When::ProvablySafe)?;
        next.note_clock(now);
        self.pending = Some(next.into());
        Ok(())
    }

    /// Takes a ring out of service that is not configured any more: its active key retires like
    /// after a rotation, and what never signed is withdrawn at once.
    ///
    /// # Errors
    ///
    /// [`TransitionError::NoRing`].
    pub fn retire_ring(&mut self, name: &RingName, clocks: Clocks) -> Result<(), TransitionError> {
        self.tick(clocks);
        let no_ring = || TransitionError::NoRing { ring: name.clone() };
        let view = self.view.as_ref().ok_or_else(no_ring)?;
        let ring = view.state.ring(name).ok_or_else(no_ring)?;
        let policy = self.policy_or_longest(name);
        let mut next = view.state.successor();
        for key in ring.keys() {
            next.dismiss(key.kid(), clocks.wall, &policy)?;
        }
        self.pending = Some(next.into());
        Ok(())
    }

    /// An operator has judged a key that is published and that no state knows: it is a stranger's,
    /// or all of its tokens have expired, and publishing may go over it.
    pub fn disown(&mut self, kid: &str) {
        self.facts.disowned.insert(kid.to_owned());
    }

    /// An operator has judged a key that is published and that no state knows: tokens of it may be
    /// alive, so it stays published as a retiring key of this ring.
    ///
    /// # Security
    ///
    /// Relying parties go on trusting whoever has its private half.
    pub fn adopt(&mut self, ring: &RingName, kid: &str) {
        let seen = self.sites.values().find_map(|site| site.key(kid).cloned());
        if let Some(jwk) = seen {
            self.pending = None;
            self.facts.adopted.push((ring.clone(), jwk));
        }
    }
}

/// A state that is copied when something is due.
pub(super) struct Draft<'a>(pub(super) Cow<'a, RotationState>);

impl Draft<'_> {
    /// Takes a step, all of it or nothing. Whether it was taken.
    pub(super) fn edit(
        &mut self,
        step: impl FnOnce(&mut RotationState) -> Result<(), TransitionError>,
    ) -> bool {
        let mut next = match &self.0 {
            Cow::Borrowed(state) => state.successor(),
            Cow::Owned(state) => state.clone(),
        };
        let taken = step(&mut next).is_ok();
        if taken {
            self.0 = Cow::Owned(next);
        }
        taken
    }
}
