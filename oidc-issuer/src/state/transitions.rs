//! The steps of a key, each with what must hold before it.
//!
//! A step changes a copy of the committed state; nothing of it counts until that copy has been
//! committed and read back.

use oidc_core::{Algorithm, Jwk, NumericDate};

use super::RotationState;
use super::chain::StateName;
use super::error::TransitionError;
use super::key::{KeyState, RevocationReason, RingKey};
use super::ring::{KeyRing, MAX_KEYS_PER_RING, MAX_RINGS};
use super::ring_name::RingName;
use crate::rotation_policy::RotationPolicy;

impl RotationState {
    /// The most tombstones of a ring; the oldest withdrawn ones are dropped. Rule I8 makes 256
    /// periods longer than any cache and any token.
    pub const MAX_TOMBSTONES: usize = 256;

    /// The most tombstones of all rings, as many as the most rings have: rings that are gone leave
    /// theirs. With them a state is shorter than [`MAX_BYTES`](Self::MAX_BYTES); one that is longer
    /// would not be read again.
    pub const MAX_TOMBSTONES_IN_ALL: usize = MAX_RINGS * Self::MAX_TOMBSTONES;

    /// A copy to change and commit as the next generation.
    pub(crate) fn successor(&self) -> RotationState {
        RotationState {
            generation: self.generation.saturating_add(1),
            ..self.clone()
        }
    }

    /// Notes that a signer with a good clock commits at `now`.
    pub(crate) fn note_clock(&mut self, now: NumericDate) {
        self.clock = self.clock.max(now);
    }

    /// Adds an empty ring. In a state that has no transition yet nobody can hold an older JWK Set,
    /// so its first key need not wait; `heard_of` says that somebody may all the same.
    pub(crate) fn add_ring(&mut self, name: RingName, algorithm: Algorithm, heard_of: bool) {
        let first = self.log.entries().is_empty() && !heard_of;
        self.rings.push(KeyRing::new(name, algorithm, first));
    }

    /// Somebody may hold an older JWK Set after all.
    pub(crate) fn forget_first(&mut self) {
        for ring in &mut self.rings {
            ring.first = false;
        }
    }

    /// Adds a key whose private half is stored.
    pub(crate) fn stage(
        &mut self,
        ring: &RingName,
        jwk: Jwk,
        now: NumericDate,
    ) -> Result<(), TransitionError> {
        for other in self.rings.iter().flat_map(|ring| &ring.keys) {
            let kid = other.kid().to_owned();
            if other.jwk().key() == jwk.key() {
                return Err(TransitionError::SameKey { kid });
            }
            if Some(other.kid()) == jwk.kid() {
                return Err(TransitionError::DuplicateKid { kid });
            }
        }
        let kid = jwk.kid().unwrap_or_default().to_owned();
        let target = self.ring_mut(ring)?;
        let algorithm = target.algorithm();
        if jwk.alg() != Some(algorithm) || kid.is_empty() {
            return Err(TransitionError::Algorithm { algorithm });
        }
        if target.published().count() >= MAX_KEYS_PER_RING {
            return Err(TransitionError::TooManyKeys {
                max: MAX_KEYS_PER_RING,
            });
        }
        target.keys.push(RingKey::staged(jwk, now));
        self.note(ring.clone(), &kid, StateName::Staged, now);
        Ok(())
    }

    /// A staged key has been seen in public.
    pub(crate) fn sighted(&mut self, kid: &str, now: NumericDate) -> Result<(), TransitionError> {
        self.step(kid, now, |key| {
            let staged = matches!(key.state, KeyState::Staged { .. });
            staged.then_some(KeyState::Published { since: now })
        })
    }

    /// A standby has been looked for in public and was not there: its age begins anew.
    pub(crate) fn unsighted(&mut self, kid: &str, now: NumericDate) -> Result<(), TransitionError> {
        self.step(kid, now, |key| {
            let published = matches!(key.state, KeyState::Published { .. });
            published.then_some(KeyState::Staged { since: now })
        })
    }

    /// The algorithm of a ring has been seen in the discovery document, or was missed there.
    pub(crate) fn announced(
        &mut self,
        ring: &RingName,
        seen: Option<NumericDate>,
    ) -> Result<(), TransitionError> {
        self.ring_mut(ring)?.announced = seen;
        Ok(())
    }

    /// Lets tokens of the active key expire as late as this.
    pub(crate) fn reserve(&mut self, kid: &str, until: NumericDate) -> Result<(), TransitionError> {
        let (_, key) = self.key_mut(kid)?;
        if !matches!(key.state, KeyState::Active { .. }) {
            return Err(wrong_state(key));
        }
        key.reserved_until = key.reserved_until.max(Some(until));
        Ok(())
    }

    /// Makes a standby the active key; its predecessor retires in the same write.
    pub(crate) fn promote(
        &mut self,
        kid: &str,
        now: NumericDate,
        policy: &RotationPolicy,
        age: Age,
    ) -> Result<(), TransitionError> {
        let (ring, key) = self.key(kid).ok_or_else(|| no_key(kid))?;
        if !matches!(key.state, KeyState::Published { .. }) {
            return Err(wrong_state(key));
        }
        let signs_from = signs_from(ring, key, policy);
        if now < signs_from && age == Age::Required {
            return Err(TransitionError::TooYoung {
                kid: kid.to_owned(),
                signs_from,
                now,
            });
        }
        let ring = ring.name().clone();
        let before = self.ring_mut(&ring)?;
        before.first = false;
        let active = before.active().map(|key| key.kid().to_owned());
        if let Some(active) = active {
            self.retire(&active, now, policy)?;
        }
        self.step(kid, now, |_| Some(KeyState::Active { since: now }))?;
        self.reserve(kid, reservation(now, policy))
    }

    /// The active key signs no more. It goes when no signer can still hold it and the last token
    /// that anyone may have made has expired everywhere: rules I3 and I3′.
    fn retire(
        &mut self,
        kid: &str,
        now: NumericDate,
        policy: &RotationPolicy,
    ) -> Result<(), TransitionError> {
        self.step(kid, now, |key| {
            let active = matches!(key.state, KeyState::Active { .. });
            let window = now.saturating_add(policy.publish_after());
            let reserved = key.reserved_until.unwrap_or(now);
            let expired = reserved.saturating_add(policy.leeway_and_error());
            active.then_some(KeyState::Retiring {
                since: now,
                until: window.max(expired),
                destroyed: false,
            })
        })
    }

    /// The private half of a key that signs no more has been destroyed.
    pub(crate) fn private_half_destroyed(&mut self, kid: &str) -> Result<(), TransitionError> {
        let (_, key) = self.key_mut(kid)?;
        match &mut key.state {
            KeyState::Retiring { destroyed, .. } | KeyState::Revoked { destroyed, .. } => {
                *destroyed = true;
                Ok(())
            }
            KeyState::Staged { .. }
            | KeyState::Published { .. }
            | KeyState::Active { .. }
            | KeyState::Withdrawn { .. } => Err(wrong_state(key)),
        }
    }

    /// Takes a retiring key out of the documents. Before its time only where that is provably safe.
    pub(crate) fn withdraw(
        &mut self,
        kid: &str,
        now: NumericDate,
        policy: &RotationPolicy,
        when: When,
    ) -> Result<(), TransitionError> {
        let (_, key) = self.key(kid).ok_or_else(|| no_key(kid))?;
        let KeyState::Retiring {
            since,
            until,
            destroyed,
        } = key.state
        else {
            return Err(wrong_state(key));
        };
        if !destroyed {
            return Err(TransitionError::PrivateHalf {
                kid: kid.to_owned(),
            });
        }
        let until = match (when, key.reserved_until) {
            (When::ProvablySafe, Some(reserved)) => {
                let drained = since.saturating_add(policy.destroy_after());
                drained.max(reserved.saturating_add(policy.leeway_and_error()))
            }
            (When::Scheduled, _) | (When::ProvablySafe, None) => until,
        };
        if now < until {
            return Err(TransitionError::TokensAlive {
                kid: kid.to_owned(),
                until,
                now,
            });
        }
        self.step(kid, now, |_| Some(KeyState::Withdrawn { since: now }))
    }

    /// Takes a key out of trust, whatever it does.
    pub(crate) fn revoke(
        &mut self,
        kid: &str,
        reason: RevocationReason,
        now: NumericDate,
    ) -> Result<(), TransitionError> {
        self.step(kid, now, |key| match key.state {
            KeyState::Revoked { .. } | KeyState::Withdrawn { .. } => None,
            KeyState::Retiring { destroyed, .. } => Some(KeyState::Revoked {
                since: now,
                reason,
                destroyed,
            }),
            KeyState::Staged { .. } | KeyState::Published { .. } | KeyState::Active { .. } => {
                Some(KeyState::Revoked {
                    since: now,
                    reason,
                    destroyed: false,
                })
            }
        })
    }

    /// Ends the service of a key for good: what signs retires, what never signed goes at once.
    pub(crate) fn dismiss(
        &mut self,
        kid: &str,
        now: NumericDate,
        policy: &RotationPolicy,
    ) -> Result<(), TransitionError> {
        let (_, key) = self.key(kid).ok_or_else(|| no_key(kid))?;
        match key.state {
            KeyState::Staged { .. } | KeyState::Published { .. } => {
                self.revoke(kid, RevocationReason::Superseded, now)
            }
            KeyState::Active { .. } => self.retire(kid, now, policy),
            KeyState::Retiring { .. } | KeyState::Withdrawn { .. } | KeyState::Revoked { .. } => {
                Ok(())
            }
        }
    }

    /// Publishes the public half of a key that nobody here has the private half of, until `until`:
    /// one that signed before this state began.
    pub(crate) fn adopt(
        &mut self,
        ring: &RingName,
        jwk: Jwk,
        now: NumericDate,
        until: NumericDate,
    ) -> Result<(), TransitionError> {
        let kid = jwk.kid().unwrap_or_default().to_owned();
        self.stage(ring, jwk, now)?;
        self.step(&kid, now, |_| {
            Some(KeyState::Retiring {
                since: now,
                until,
                destroyed: true,
            })
        })
    }

    /// Drops tombstones past [`MAX_TOMBSTONES`](Self::MAX_TOMBSTONES) in a ring and past
    /// [`MAX_TOMBSTONES_IN_ALL`](Self::MAX_TOMBSTONES_IN_ALL), oldest first.
    pub(crate) fn drop_old_tombstones(&mut self) {
        let tombstones =
            |ring: &KeyRing| ring.keys.iter().filter(|key| !key.is_published()).count();
        let withdrawn = |key: &RingKey| matches!(key.state, KeyState::Withdrawn { .. });
        for ring in &mut self.rings {
            let mut surplus = tombstones(ring).saturating_sub(Self::MAX_TOMBSTONES);
            ring.keys.retain(|key| {
                let drop = surplus > 0 && withdrawn(key);
                surplus = surplus.saturating_sub(usize::from(drop));
                !drop
            });
        }
        let all: usize = self.rings.iter().map(tombstones).sum();
        let surplus = all.saturating_sub(Self::MAX_TOMBSTONES_IN_ALL);
        if surplus == 0 {
            return;
        }
        let keys = self.rings.iter().flat_map(|ring| &ring.keys);
        let mut since: Vec<NumericDate> = keys
            .filter(|key| withdrawn(key))
            .map(|key| key.state.since())
            .collect();
        since.sort_unstable();
        since.truncate(surplus);
        let Some(last) = since.last().copied() else {
            return;
        };
        let mut of_last = since.iter().filter(|since| **since == last).count();
        for ring in &mut self.rings {
            ring.keys.retain(|key| {
                let since = key.state.since();
                if !withdrawn(key) || since > last || (since == last && of_last == 0) {
                    return true;
                }
                of_last = of_last.saturating_sub(usize::from(since == last));
                false
            });
        }
    }

    pub(super) fn step(
        &mut self,
        kid: &str,
        now: NumericDate,
        to: impl FnOnce(&RingKey) -> Option<KeyState>,
    ) -> Result<(), TransitionError> {
        let (ring, key) = self.key_mut(kid)?;
        let Some(state) = to(key) else {
            return Err(wrong_state(key));
        };
        let name = state.name();
        key.state = state;
        self.note(ring, kid, name, now);
        Ok(())
    }

    fn note(&mut self, ring: RingName, kid: &str, to: StateName, now: NumericDate) {
        self.log.push(self.generation, now, ring, kid, to);
    }

    fn ring_mut(&mut self, name: &RingName) -> Result<&mut KeyRing, TransitionError> {
        self.rings
            .iter_mut()
            .find(|ring| ring.name() == name)
            .ok_or_else(|| TransitionError::NoRing { ring: name.clone() })
    }

    fn key_mut(&mut self, kid: &str) -> Result<(RingName, &mut RingKey), TransitionError> {
        self.rings
            .iter_mut()
            .find_map(|ring| {
                let name = ring.name().clone();
                let key = ring.keys.iter_mut().find(|key| key.kid() == kid)?;
                Some((name, key))
            })
            .ok_or_else(|| no_key(kid))
    }
}

/// Whether a key must have been seen for long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Required,
    /// In an emergency, consumers with an older JWK Set are given up.
    Waived,
}

/// When a key may be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Scheduled,
    ProvablySafe,
}

/// When a published key may sign: rules I1 and I10.
pub(crate) fn signs_from(ring: &KeyRing, key: &RingKey, policy: &RotationPolicy) -> NumericDate {
    let seen = key.state.since();
    if ring.is_in_every_set(key) {
        // Nor can anybody hold an older discovery document.
        return ring
            .announced
            .map_or(NumericDate::MAX, |announced| announced.max(seen));
    }
    let known = seen.saturating_add(policy.publish_before());
    if ring.keys.iter().any(|key| key.reserved_until.is_some()) {
        return known;
    }
    match ring.announced {
        Some(announced) => known.max(announced.saturating_add(policy.discovery_before())),
        None => NumericDate::MAX,
    }
}

/// How far ahead tokens of the active key may reach from now on.
pub(crate) fn reservation(now: NumericDate, policy: &RotationPolicy) -> NumericDate {
    let lifetime = policy.token_lifetime();
    now.saturating_add(lifetime)
        .saturating_add(policy.reserved_ahead())
}

fn no_key(kid: &str) -> TransitionError {
    TransitionError::NoKey {
        kid: kid.to_owned(),
    }
}

fn wrong_state(key: &RingKey) -> TransitionError {
    TransitionError::WrongState {
        kid: key.kid().to_owned(),
        state: key.state.name(),
    }
}

#[cfg(test)]
mod tests {
    use oidc_core::IssuerIdentifier;

    use super::*;
    use crate::random::SystemRandom;
    use crate::signing_key::SigningKey;

    fn now() -> NumericDate {
        NumericDate::from_seconds(1_790_000_000).unwrap()
    }

    /// A ring with this many keys that were withdrawn, and one that was revoked before them all.
    fn with_tombstones(withdrawn: usize) -> RotationState {
        let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
        let ring = RingName::from(Algorithm::EdDsa);
        let mut state = RotationState::first(issuer, now()).successor();
        state.add_ring(ring.clone(), Algorithm::EdDsa, false);
        for number in 0..=withdrawn {
            let key = SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap();
            let key = key.with_kid(&format!("k{number}")).unwrap();
            state
                .adopt(&ring, key.public_jwk().clone(), now(), now())
                .unwrap();
            let end = if number == 0 {
                KeyState::Revoked {
                    since: now(),
                    reason: RevocationReason::Compromised,
                    destroyed: true,
                }
            } else {
                KeyState::Withdrawn { since: now() }
            };
            state.step(key.kid(), now(), |_| Some(end)).unwrap();
        }
        state
    }

    /// A withdrawn key that is forgotten long after is harmless; a stolen one is remembered for good.
    #[test]
    fn of_more_than_256_tombstones_the_oldest_withdrawn_ones_go() {
        let max = RotationState::MAX_TOMBSTONES;
        let kids = |state: &RotationState| -> Vec<String> {
            let keys = state.rings.iter().flat_map(|ring| &ring.keys);
            keys.map(|key| key.kid().to_owned()).collect()
        };
        let mut full = with_tombstones(max - 1);
        let before = kids(&full);
        full.drop_old_tombstones();
        assert_eq!(kids(&full), before);

        let mut over = with_tombstones(max + 1);
        over.drop_old_tombstones();
        let left = kids(&over);
        assert_eq!(left.len(), max);
        assert_eq!(left[..2], ["k0", "k3"]);
    }

    /// A key of a size that is generated, under the longest id.
    fn large(ring: usize, number: usize, state: KeyState) -> RingKey {
        let mut modulus = [0xff; 512];
        modulus[100..108].copy_from_slice(&u64::try_from(ring).unwrap().to_be_bytes());
        modulus[108..116].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        let key = oidc_core::RsaPublicKey::new(modulus, &[1, 0, 1]).unwrap();
        let jwk = Jwk::new(key).with_alg(Algorithm::Rs256).unwrap();
        let kid = format!("{ring:0>5}-{number:0>249}");
        let mut key = RingKey::staged(jwk.with_kid(kid).unwrap(), now());
        key.state = state;
        key.reserved_until = Some(now());
        key
    }

    /// So many rings, each with as many tombstones, and the last of them as many keys as they publish.
    fn largest(rings: usize, tombstones: usize) -> RotationState {
        let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
        let mut state = RotationState::first(issuer, now()).successor();
        for ring in 0..rings {
            let name = RingName::new(&format!("{ring:0>64}")).unwrap();
            state.add_ring(name, Algorithm::Rs256, false);
            let since =
                now().saturating_add(std::time::Duration::from_secs(ring.try_into().unwrap()));
            let keys = &mut state.rings[ring].keys;
            keys.extend((0..tombstones).map(|number| {
                let withdrawn = KeyState::Withdrawn { since };
                large(ring, number, withdrawn)
            }));
            if rings.saturating_sub(ring) <= MAX_RINGS {
                keys.extend((tombstones..).take(MAX_KEYS_PER_RING).map(|number| {
                    let published = KeyState::Published { since };
                    large(ring, number, published)
                }));
            }
        }
        state
    }

    /// Rings come and go for years; what is longer than is read would be the end of the issuer.
    #[test]
    fn a_state_with_all_its_tombstones_is_no_longer_than_is_read() {
        let each = RotationState::MAX_TOMBSTONES;
        let mut state = largest(13, each);
        for _ in 0..64 {
            let ring = state.rings[12].name().clone();
            state.note(ring, &"k".repeat(255), StateName::Published, now());
        }
        state.drop_old_tombstones();
        let left: Vec<usize> = state.rings.iter().map(|ring| ring.keys.len()).collect();
        let mut expected = vec![each + MAX_KEYS_PER_RING; 13];
        expected[0] = 0;
        assert_eq!(left, expected);
        let json = state.to_json();
        assert!(json.len() <= RotationState::MAX_BYTES, "{}", json.len());
        assert_eq!(RotationState::from_json(&json), Ok(state.clone()));
        state.drop_old_tombstones();
        assert_eq!(state.to_json(), json);

        // Of those that went in one second, no more than have to.
        let since = state.rings[1].keys[0].state.since();
        state.rings[0]
            .keys
            .push(large(0, 0, KeyState::Withdrawn { since }));
        state.drop_old_tombstones();
        let all = state.rings.iter().flat_map(|ring| &ring.keys);
        let tombstones = all.filter(|key| !key.is_published()).count();
        assert_eq!(tombstones, RotationState::MAX_TOMBSTONES_IN_ALL);
    }
}
