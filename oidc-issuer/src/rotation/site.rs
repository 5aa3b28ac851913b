//! One public address: what was put there, and what was seen there.

use std::time::Duration;

use oidc_core::Jwk;

use super::Rotation;
use super::clock::Clocks;
use super::sighting::Sighting;
use super::step::Step;
use crate::state::{KeyRing, RotationState};

/// What this replica knows of one address.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    seen: Option<(Sighting, Clocks)>,
    published: Option<Clocks>,
    /// The generation of the state that was published.
    generation: u64,
    /// Whether it was looked at since.
    looked: bool,
    publish_retry: Duration,
    look_retry: Duration,
}

impl Site {
    pub(super) fn published(&mut self, generation: u64, clocks: Clocks) {
        self.published = Some(clocks);
        self.generation = generation;
        self.looked = false;
        self.look_retry = clocks.monotonic;
    }

    pub(super) fn retry_publish(&mut self, at: Duration) {
        self.publish_retry = at;
    }

    pub(super) fn seen(&mut self, sighting: Sighting, clocks: Clocks) {
        self.seen = Some((sighting, clocks));
        self.looked = true;
    }

    pub(super) fn retry_look(&mut self, at: Duration) {
        self.look_retry = at;
    }

    pub(super) fn was_seen(&self) -> bool {
        self.seen.is_some()
    }

    /// The key of this id, as it was seen.
    pub(super) fn key(&self, kid: &str) -> Option<&Jwk> {
        let (sighting, _) = self.seen.as_ref()?;
        sighting.keys().find(|jwk| jwk.kid() == Some(kid))
    }

    /// The last sighting, if it is not older than `most`.
    pub(super) fn sighting(&self, clocks: Clocks, most: Duration) -> Option<(&Sighting, Clocks)> {
        let (sighting, at) = self.seen.as_ref()?;
        (clocks.since(*at) <= most).then_some((sighting, *at))
    }
}

impl Rotation {
    /// The ids that are published somewhere and that the state does not know: of another issuer in
    /// the same place, or of a state that was lost. Nothing is published over them.
    pub fn unknown_published(&self) -> Vec<String> {
        let Some(state) = self.state() else {
            return Vec::new();
        };
        let mut unknown: Vec<String> = self
            .sites
            .values()
            .filter_map(|site| site.seen.as_ref())
            .flat_map(|(sighting, _)| self.unknown(state, sighting))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    fn unknown<'a>(
        &'a self,
        state: &'a RotationState,
        sighting: &'a Sighting,
    ) -> impl Iterator<Item = String> + 'a {
        sighting
            .keys()
            .map(|jwk| jwk.kid().unwrap_or_default())
            .filter(|kid| state.key(kid).is_none() && !self.facts.disowned.contains(*kid))
            .map(str::to_owned)
    }

    /// What is due at the addresses: to look, or to publish.
    pub(super) fn site_step(&self, state: &RotationState, clocks: Clocks) -> Option<Step> {
        let again = self.config.poll_interval();
        for (issuer, site) in &self.sites {
            let issuer = issuer.clone();
            let Some((sighting, at)) = &site.seen else {
                // Before anything is published: what is there already?
                if clocks.monotonic >= site.look_retry {
                    return Some(Step::Look { issuer });
                }
                continue;
            };
            let age = clocks.since(*at);
            let current = Self::is_current(state, sighting);
            let unknown = self.unknown(state, sighting).next().is_some();
            // The first page of all has the first key of every ring.
            let nothing_to_say = state.published().next().is_none()
                || state.rings().iter().any(KeyRing::awaits_first_key);
            let publish = !current
                && !unknown
                && !nothing_to_say
                && clocks.monotonic >= site.publish_retry
                && match site.published {
                    None => true,
                    // The state has changed since, or the world has had time enough to see it.
                    Some(published) => {
                        let patience = self.config.propagation();
                        let waited = clocks.since(published) >= patience;
                        let changed = site.generation != state.generation();
                        changed || waited && site.looked
                    }
                };
            if publish {
                return Some(Step::Publish { issuer });
            }
            let unseen = site.published.is_some() && !site.looked;
            let due = if current {
                age >= self.config.jwks_max_age()
            } else {
                unseen || age >= again
            };
            if due && clocks.monotonic >= site.look_retry {
                return Some(Step::Look { issuer });
            }
        }
        None
    }

    /// Whether the world sees what the state says.
    fn is_current(state: &RotationState, sighting: &Sighting) -> bool {
        let mut algorithms = state.algorithms();
        let mut views = sighting.views();
        views.all(|keys| state.published().eq(keys))
            && algorithms.all(|algorithm| sighting.announces(algorithm))
    }
}
