//! Why a key stands where it does, and what comes next.

use core::fmt;

use oidc_core::NumericDate;

use super::Rotation;
use super::clock::{ClockState, Clocks};
use crate::state::{KeyRing, KeyState, RingKey, RingName, RotationState, StateName, signs_from};

/// What is known of one key at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The key id.
    pub kid: String,
    /// Its ring.
    pub ring: RingName,
    /// Where it stands.
    pub state: StateName,
    /// Since when.
    pub since: NumericDate,
    /// What it becomes next, when nothing goes wrong.
    pub next: Option<StateName>,
    /// What that waits for. Empty: it is due, and the next poll does it.
    pub waits: Vec<Waiting>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// The key has not been seen through the public address, or not by the last look.
    Sighting,
    /// Every replica must have read of the key first.
    #[non_exhaustive]
    Settling {
        /// Until when.
        until: NumericDate,
    },
    /// Consumers may hold a JWK Set without the key: rule I1.
    #[non_exhaustive]
    Age {
        /// Until when.
        until: NumericDate,
    },
    /// The algorithm has not been seen in the discovery document: rule I10.
    Announcement,
    /// The key that signs has not signed for a whole period.
    #[non_exhaustive]
    Turn {
        /// Until when.
        until: NumericDate,
    },
    /// Another standby is older, and next.
    Elder,
    /// No standby can take over.
    Successor,
    /// A signer may still hold the private half.
    #[non_exhaustive]
    Drain {
        /// Until when.
        until: NumericDate,
    },
    /// The private half is to be destroyed first.
    Destruction,
    /// Tokens of the key may be valid: rule I3.
    #[non_exhaustive]
    Tokens {
        /// Until when.
        until: NumericDate,
    },
    /// The private half is missing or cannot be read.
    Unusable,
    /// The clock is not confirmed, or held.
    Clock(ClockState),
    /// The state cannot be read, is too old, or was rolled back.
    State,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Waiting::Sighting => f.write_str("it is not seen through the public address"),
            Waiting::Settling { until } => {
                write!(f, "until {until}, a replica may not have read of it")
            }
            Waiting::Age { until } => {
                write!(f, "until {until}, a consumer may hold a JWK Set without it")
            }
            Waiting::Announcement => f.write_str("its algorithm is not seen in discovery"),
            Waiting::Turn { until } => write!(f, "the period of the active key ends at {until}"),
            Waiting::Elder => f.write_str("another standby is next"),
            Waiting::Successor => f.write_str("no standby can take over"),
            Waiting::Drain { until } => write!(f, "until {until}, a signer may hold it"),
            Waiting::Destruction => f.write_str("its private half is not destroyed"),
            Waiting::Tokens { until } => write!(f, "until {until}, a token of it may be valid"),
            Waiting::Unusable => f.write_str("its private half cannot be read"),
            Waiting::Clock(ClockState::Held) => f.write_str("the clocks ran apart"),
            Waiting::Clock(_) => f.write_str("no second clock has confirmed the time"),
            Waiting::State => f.write_str("the state is not known"),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation {
            kid,
            ring,
            state,
            since,
            next,
            waits,
        } = self;
        write!(f, "`{kid}` of `{ring}` is {} since {since}", state.as_str())?;
        if let Some(next) = next {
            write!(f, "; {} next", next.as_str())?;
        }
        for (index, wait) in waits.iter().enumerate() {
            f.write_str(if index == 0 { ", but " } else { ", and " })?;
            write!(f, "{wait}")?;
        }
        Ok(())
    }
}

/// A transition to come, when nothing goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CalendarEntry {
    /// When, at the earliest.
    pub at: NumericDate,
    /// In which ring.
    pub ring: RingName,
    /// Which key.
    pub kid: String,
    /// Into which state.
    pub to: StateName,
}

impl Rotation {
    /// Why a key stands where it does, what comes next, and what that waits for.
    pub fn explain(&self, kid: &str, clocks: Clocks) -> Option<Explanation> {
        let (ring, key) = self.state()?.key(kid)?;
        let (next, mut waits) = match self.next(ring, key, clocks) {
            Some((next, waits)) => (Some(next), waits),
            None => (None, Vec::new()),
        };
        if next.is_some() {
            let clock = self.clock_state();
            if clock != ClockState::Confirmed {
                waits.push(Waiting::Clock(clock));
            }
            if self.signs_until(clocks).is_none() {
                waits.push(Waiting::State);
            }
        }
        Some(Explanation {
            kid: kid.to_owned(),
            ring: ring.name().clone(),
            state: key.state().name(),
            since: key.state().since(),
            next,
            waits,
        })
    }

    /// The next transition of every key that has one, the soonest first; what has no time yet, a
    /// sighting, is left out. For the further future see
    /// [`RotationPolicy::plan`](crate::RotationPolicy::plan).
    pub fn calendar(&self, clocks: Clocks) -> Vec<CalendarEntry> {
        let mut entries = Vec::new();
        for ring in self.state().map(RotationState::rings).unwrap_or_default() {
            for key in ring.keys() {
                let Some((to, waits)) = self.next(ring, key, clocks) else {
                    continue;
                };
                let timeless = waits.iter().any(|wait| until(wait).is_none());
                let at = waits.iter().filter_map(until).max().unwrap_or(clocks.wall);
                if !timeless {
                    entries.push(CalendarEntry {
                        at: at.max(clocks.wall),
                        ring: ring.name().clone(),
                        kid: key.kid().to_owned(),
                        to,
                    });
                }
            }
        }
        entries.sort_unstable();
        entries
    }

    fn next(
        &self,
        ring: &KeyRing,
        key: &RingKey,
        clocks: Clocks,
    ) -> Option<(StateName, Vec<Waiting>)> {
        let now = clocks.wall;
        let policy = self.policy_or_longest(ring.name());
        let mut waits = Vec::new();
        let mut add = |holds: bool, wait: Waiting| {
            if holds {
                waits.push(wait);
            }
        };
        let turn = |active: &RingKey| active.state().since().saturating_add(policy.period());
        let visible = self
            .sightings(clocks)
            .is_some_and(|sightings| sightings.iter().all(|(seen, _)| seen.shows(key.jwk())));
        let unusable = self.is_unusable(key.kid());
        let to = match key.state() {
            KeyState::Staged { .. } => {
                let settling = self.settles_in(key, &policy, clocks);
                let until = now.saturating_add(settling);
                add(!visible, Waiting::Sighting);
                add(
                    visible && !ring.is_in_every_set(key) && until > now,
                    Waiting::Settling { until },
                );
                StateName::Published
            }
            KeyState::Published { since } => {
                add(unusable, Waiting::Unusable);
                let missed = !visible || self.was_missed(key, clocks);
                add(missed, Waiting::Sighting);
                let from = signs_from(ring, key, &policy);
                add(from == NumericDate::MAX, Waiting::Announcement);
                add(
                    from > now && from < NumericDate::MAX,
                    Waiting::Age { until: from },
                );
                let until = ring.active().map_or(NumericDate::MIN, turn);
                add(until > now, Waiting::Turn { until });
                let elder = ring.standbys().any(|other| other.state().since() < *since);
                add(elder, Waiting::Elder);
                StateName::Active
            }
            KeyState::Active { .. } => {
                let until = turn(key);
                add(until > now, Waiting::Turn { until });
                add(self.successor(ring, clocks).is_none(), Waiting::Successor);
                add(unusable, Waiting::Unusable);
                StateName::Retiring
            }
            KeyState::Retiring {
                since,
                until,
                destroyed,
            } => {
                let after = policy.destroy_after();
                let known = after.saturating_sub(self.known_for(key, clocks));
                let drain = since.saturating_add(after).max(now.saturating_add(known));
                add(!destroyed && drain > now, Waiting::Drain { until: drain });
                add(!destroyed && drain <= now, Waiting::Destruction);
                add(*until > now, Waiting::Tokens { until: *until });
                StateName::Withdrawn
            }
            KeyState::Withdrawn { .. } | KeyState::Revoked { .. } => return None,
        };
        Some((to, waits))
    }

    fn is_unusable(&self, kid: &str) -> bool {
        self.facts.unusable.contains(kid)
    }
}

/// Until when a wait lasts, where that is known.
fn until(wait: &Waiting) -> Option<NumericDate> {
    match wait {
        Waiting::Settling { until }
        | Waiting::Age { until }
        | Waiting::Turn { until }
        | Waiting::Drain { until }
        | Waiting::Tokens { until } => Some(*until),
        Waiting::Sighting
        | Waiting::Announcement
        | Waiting::Elder
        | Waiting::Successor
        | Waiting::Destruction
        | Waiting::Unusable
        | Waiting::Clock(_)
        | Waiting::State => None,
    }
}
