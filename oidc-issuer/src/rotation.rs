//! The machine that rotates keys: it says what is due, and is told what happened.

mod clock;
mod config;
mod documents;
mod due;
mod emergency;
mod event;
mod explain;
mod lease;
mod sighting;
mod site;
mod step;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use oidc_core::{IssuerIdentifier, Jwk, NumericDate};

use crate::rotation_policy::RotationPolicy;
use crate::state::{KeyRing, KeyState, RingKey, RingName, RotationState, StateName};
use crate::telemetry;

use self::clock::ClockGuard;
pub use self::clock::{ClockState, Clocks};
pub use self::config::{RotationConfig, RotationConfigError};
pub use self::documents::{Documents, DocumentsError};
use self::emergency::Intent;
pub use self::emergency::{ConsumerClass, Distrust, Revocation, RevokeError, Successor};
pub use self::event::Event;
pub use self::explain::{CalendarEntry, Explanation, Waiting};
pub use self::lease::Lease;
pub use self::sighting::{Sighting, SightingError};
use self::site::Site;
pub use self::step::{Commit, KeyRef, Step, Version};
pub use self::witness::Witness;

/// One replica's part in rotating the keys of an issuer.
///
/// It is a value and does nothing itself. [`poll`](Self::poll) says the next step: read the state,
/// commit a new one, make a key, publish, look at what the world sees, destroy a private half, or
/// wait. The driver takes the step and reports with the `handle_…` method that the step names; any
/// step may fail or be cut off by a crash, at any point, and the next poll goes on from what is
/// committed. Any number of replicas may do this at once: compare-and-swap decides, and whoever
/// loses reads the state anew.
///
/// The order of steps is that of a crash-safe rotation. A key is stored, committed, published, and
/// seen through the public address, before its age counts; it signs when it is old enough and the
/// last look still saw it. It steps back in the same write that promotes its successor. Its private
/// half is destroyed when no signer can hold it any more, and it leaves the documents when its last
/// token has expired everywhere.
///
/// # Examples
///
/// A whole driver, but for its clock and its loop, is in the documentation of [`drive`](crate::drive).
#[derive(Clone, Debug)]
pub struct Rotation {
    config: RotationConfig,
    guard: ClockGuard,
    view: Option<View>,
    /// What is proposed and not yet known to be committed.
    pending: Option<Arc<RotationState>>,
    reload: bool,
    sites: BTreeMap<IssuerIdentifier, Site>,
    facts: Facts,
    retries: Retries,
    /// A loaded state that does not follow from the view.
    rolled_back: Option<(Arc<RotationState>, Version)>,
    witness: Option<Witness>,
    events: Vec<Event>,
}

/// The committed state, as this replica last read it.
#[derive(Clone, Debug)]
struct View {
    state: Arc<RotationState>,
    version: Option<Version>,
    read_at: Clocks,
}

/// What happened here and is not in the state yet.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// Keys whose private half is stored, by ring.
    generated: Vec<(RingName, Jwk)>,
    /// When this replica first read that a key is staged or retiring, on its monotonic clock. What
    /// other replicas may still do is counted from here: the time in the state is that of a wall
    /// clock, perhaps a wrong one, and of a commit that may have come late.
    read_of: BTreeMap<(String, StateName), Duration>,
    /// Standbys that a look has missed, and when, on its monotonic clock. The next look may see them
    /// again, before the state says so, and their age begins anew all the same.
    missed: BTreeMap<String, Duration>,
    /// Private halves that are destroyed.
    destroyed: BTreeSet<String>,
    /// Private halves that nobody needs: of keys that came too late.
    orphans: Vec<KeyRef>,
    /// Keys whose private half cannot be read.
    unusable: BTreeSet<String>,
    /// Keys to revoke.
    intents: Vec<Intent>,
    /// Published keys that no state knows and that an operator has judged.
    disowned: BTreeSet<String>,
    /// Keys that a witness remembers as gone.
    gone: BTreeSet<String>,
    /// Public keys to keep published although nobody here signs with them.
    adopted: Vec<(RingName, Jwk)>,
}

/// When a step that failed may be tried again, on the monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
struct Retries {
    load: Duration,
    commit: Duration,
    generate: Duration,
    destroy: Duration,
    promote: Duration,
}

impl Rotation {
    /// The machine of a replica that has just started and knows nothing.
    ///
    /// It takes no step that cannot be undone before [`confirm_clock`](Self::confirm_clock).
    pub fn new(config: RotationConfig) -> Rotation {
        let sites = config
            .issuers()
            .map(|id| (id.clone(), Site::default()))
            .collect();
        Rotation {
            guard: ClockGuard::default(),
            view: None,
            pending: None,
            reload: true,
            sites,
            facts: Facts::default(),
            retries: Retries::default(),
            rolled_back: None,
            witness: None,
            events: Vec::new(),
            config,
        }
    }

    /// The committed state, as it was last read.
    pub fn state(&self) -> Option<&RotationState> {
        self.view.as_ref().map(|view| &*view.state)
    }

    /// What this replica rotates.
    pub fn config(&self) -> &RotationConfig {
        &self.config
    }

    /// What the clocks are worth.
    pub fn clock_state(&self) -> ClockState {
        self.guard.state()
    }

    /// What has happened since the last call, for logs and counters.
    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    /// The next step. Take it, report it, and poll again; [`Step::Wait`] says how long to sleep.
    pub fn poll(&mut self, clocks: Clocks) -> Step {
        self.tick(clocks);
        if self.must_load(clocks) {
            return self.after(self.retries.load, clocks, Step::Load);
        }
        let Some(view) = self.view.clone() else {
            return self.wait();
        };
        if self.rolled_back.is_some() {
            return self.wait();
        }
        if self.pending.is_none() {
            self.pending = self.proposal(&view.state, clocks).map(Arc::new);
        }
        if let Some(state) = self.pending.clone() {
            let commit = Commit {
                state,
                expected: view.version,
            };
            return self.after(self.retries.commit, clocks, Step::Commit(commit));
        }
        self.outside_step(&view.state, clocks)
            .unwrap_or_else(|| self.wait())
    }

    /// What [`Step::Load`] found: the state and its version, or nothing yet.
    pub fn handle_loaded(&mut self, loaded: Option<(RotationState, Version)>, clocks: Clocks) {
        self.tick(clocks);
        self.reload = false;
        let (state, version) = if let Some((state, version)) = loaded {
            (state, Some(version))
        } else {
            let issuer = self.config.issuer().clone();
            (RotationState::first(issuer, clocks.wall), None)
        };
        if state.issuer() != self.config.issuer() {
            // Somebody else's state: nothing here may be decided by it.
            self.reload = true;
            self.retries.load = self.later(clocks);
            self.notice(Event::ForeignState {
                issuer: state.issuer().clone(),
            });
            return;
        }
        let before = self.view.as_ref().map(|view| Arc::clone(&view.state));
        let follows = match (&before, &self.witness) {
            (Some(before), _) => state.follows(before) || before.generation() == 0,
            (None, Some(witness)) => witness.is_followed_by(&state),
            (None, None) => true,
        };
        if !follows {
            self.notice(Event::RolledBack {
                known: before.map_or(0, |before| before.generation()),
                loaded: state.generation(),
            });
            if let Some(version) = version {
                self.rolled_back = Some((Arc::new(state), version));
            }
            // Look again: the store may come to its senses.
            self.retries.load = self.later(clocks);
            return;
        }
        self.rolled_back = None;
        let other = state.clock();
        if self.guard.compare(other, clocks, self.config.tolerance()) {
            self.notice(Event::ClockHeld);
        }
        self.install(Arc::new(state), version, clocks);
    }

    /// [`Step::Load`] failed. The old view stays, until it is too old to sign by.
    pub fn handle_load_failed(&mut self, clocks: Clocks) {
        self.tick(clocks);
        self.retries.load = self.later(clocks);
    }

    /// [`Step::Commit`] was acknowledged. It counts when it has been read back.
    pub fn handle_committed(&mut self, clocks: Clocks) {
        self.tick(clocks);
        self.pending = None;
        self.reload = true;
        self.retries.load = clocks.monotonic;
    }

    /// [`Step::Commit`] lost against another replica.
    pub fn handle_conflict(&mut self, clocks: Clocks) {
        self.handle_committed(clocks);
    }

    /// [`Step::Commit`] failed, or nobody knows whether it did.
    pub fn handle_commit_failed(&mut self, clocks: Clocks) {
        self.handle_committed(clocks);
        self.retries.commit = self.later(clocks);
    }

    /// [`Step::Generate`] has made a key, and its private half is stored. The public half carries
    /// `kid` and `alg`, as [`SigningKey::public_jwk`](crate::SigningKey::public_jwk) does.
    pub fn handle_generated(&mut self, ring: &RingName, jwk: Jwk, clocks: Clocks) {
        self.tick(clocks);
        self.pending = None;
        self.facts.generated.push((ring.clone(), jwk));
    }

    /// [`Step::Generate`] failed.
    pub fn handle_generate_failed(&mut self, clocks: Clocks) {
        self.tick(clocks);
        self.retries.generate = self.later(clocks);
    }

    /// [`Step::Publish`] has put the documents of the issuer where the world looks.
    pub fn handle_published(&mut self, issuer: &IssuerIdentifier, clocks: Clocks) {
        self.tick(clocks);
        let generation = self.state().map_or(0, RotationState::generation);
        if let Some(site) = self.sites.get_mut(issuer) {
            site.published(generation, clocks);
        }
    }

    /// [`Step::Publish`] failed.
    pub fn handle_publish_failed(&mut self, issuer: &IssuerIdentifier, clocks: Clocks) {
        self.tick(clocks);
        let later = self.later(clocks);
        if let Some(site) = self.sites.get_mut(issuer) {
            site.retry_publish(later);
        }
    }

    /// [`Step::Look`] has fetched the documents through the public address. Its time of answer, if
    /// it has one, is a second clock.
    ///
    /// A driver with several vantage points joins what they see with [`Sighting::and`].
    pub fn handle_sighting(
        &mut self,
        issuer: &IssuerIdentifier,
        sighting: Sighting,
        clocks: Clocks,
    ) {
        self.tick(clocks);
        self.pending = None;
        if let Some(time) = sighting.answered_at() {
            self.compare_clock(time, clocks);
        }
        let rings = self.view.as_ref().map(|view| view.state.rings());
        for standby in rings.into_iter().flatten().flat_map(KeyRing::standbys) {
            if !sighting.shows(standby.jwk()) {
                let kid = standby.kid().to_owned();
                self.facts.missed.insert(kid, clocks.monotonic);
            }
        }
        if let Some(site) = self.sites.get_mut(issuer) {
            site.seen(sighting, clocks);
        }
    }

    /// [`Step::Look`] failed: nothing is known of what the world sees.
    pub fn handle_look_failed(&mut self, issuer: &IssuerIdentifier, clocks: Clocks) {
        self.tick(clocks);
        let later = self.later(clocks);
        if let Some(site) = self.sites.get_mut(issuer) {
            site.retry_look(later);
        }
    }

    /// [`Step::Destroy`] has destroyed a private half for good.
    pub fn handle_destroyed(&mut self, key: &KeyRef, clocks: Clocks) {
        self.tick(clocks);
        self.pending = None;
        self.facts.orphans.retain(|orphan| orphan != key);
        self.facts.destroyed.insert(key.kid.clone());
    }

    /// [`Step::Destroy`] failed.
    pub fn handle_destroy_failed(&mut self, clocks: Clocks) {
        self.tick(clocks);
        self.retries.destroy = self.later(clocks);
    }

    /// The private half of a key is missing or cannot be read. The key is not promoted, and one
    /// that is active is for an operator to [`revoke`](Self::revoke): no other key takes its place
    /// in silence.
    pub fn handle_unusable(&mut self, kid: &str, clocks: Clocks) {
        self.tick(clocks);
        self.pending = None;
        if self.facts.unusable.insert(kid.to_owned()) {
            self.notice(Event::Unusable {
                kid: kid.to_owned(),
            });
        }
    }

    /// The private half of a key that is to sign cannot be reached, for now: nothing is promoted in its
    /// turn before some time has passed, and the key that signs goes on. All else goes on too.
    pub fn handle_unreachable(&mut self, clocks: Clocks) {
        self.tick(clocks);
        self.pending = None;
        self.retries.promote = self.later(clocks);
    }

    /// The wall clock is right, by the word of an operator or of a time service. Until the first
    /// such word, or a [`Sighting`] with a time, nothing is done that cannot be undone.
    pub fn confirm_clock(&mut self, clocks: Clocks) {
        self.compare_clock(clocks.wall, clocks);
    }

    /// A second clock says `time` at this moment: that of the store, for instance.
    pub fn compare_clock(&mut self, time: NumericDate, clocks: Clocks) {
        self.tick(clocks);
        let held = self.guard.confirm(time, clocks, self.config.tolerance());
        if held {
            self.notice(Event::ClockHeld);
        }
    }

    /// Takes a state that does not follow from the last one for the right one: the answer to
    /// [`Event::RolledBack`] when a backup was restored on purpose.
    ///
    /// False, and nothing changed, while some replica may still sign by the state that was lost:
    /// try again after R + D + E.
    ///
    /// # Security
    ///
    /// Keys that the lost state had revoked come back unless a [`Witness`] remembers them.
    pub fn accept_rollback(&mut self, clocks: Clocks) -> bool {
        self.tick(clocks);
        let wait = self.config.longest(RotationPolicy::destroy_after);
        let recent = self
            .view
            .as_ref()
            .is_some_and(|view| clocks.since(view.read_at) <= wait);
        if recent || self.rolled_back.is_none() {
            return false;
        }
        if let Some((state, version)) = self.rolled_back.take() {
            self.witness = None;
            self.install(state, Some(version), clocks);
            self.reload = true;
            self.retries.load = clocks.monotonic;
        }
        true
    }

    /// Whether a signer may sign now, and until when on the wall clock: rule I5.
    pub fn signs_until(&self, clocks: Clocks) -> Option<NumericDate> {
        let view = self.view.as_ref()?;
        let left = self
            .config
            .staleness()
            .checked_sub(clocks.since(view.read_at))?;
        if self.rolled_back.is_some() {
            return None;
        }
        Some(clocks.wall.saturating_add(left))
    }

    /// Leave to sign by the state that was last read, until that is too old. Nothing may be signed
    /// by it while the state is unknown or in doubt.
    pub fn lease(&self, clocks: Clocks) -> Lease {
        let from = clocks.wall;
        // One that has ended before it began.
        let over = from.saturating_sub(Duration::from_secs(1));
        let until = self.signs_until(clocks).unwrap_or(over);
        Lease::new(from, until, self.config.tolerance())
    }

    /// The rule of a ring, and for one that is in the state and not in the configuration any more
    /// the one that keeps keys the longest.
    fn policy_or_longest(&self, ring: &RingName) -> RotationPolicy {
        let longest = || self.config.longest_policy();
        self.config.policy(ring).copied().unwrap_or_else(longest)
    }

    /// Whether a stored private half belongs to no key, here or in the state: one that was left
    /// behind by a crash. Destroy it when it is older than any commit that may still be under way,
    /// an hour say.
    pub fn is_orphan(&self, key: &KeyRef) -> bool {
        let Some(state) = self.state() else {
            return false;
        };
        let waits = |(_, jwk): &(RingName, Jwk)| jwk.kid() == Some(&*key.kid);
        state.key(&key.kid).is_none() && !self.facts.generated.iter().any(waits)
    }

    fn tick(&mut self, clocks: Clocks) {
        if self.guard.tick(clocks, self.config.tolerance()) {
            self.notice(Event::ClockHeld);
        }
    }

    fn notice(&mut self, event: Event) {
        telemetry::noticed(self.config.issuer(), &event);
        self.events.push(event);
    }

    fn must_load(&self, clocks: Clocks) -> bool {
        self.reload
            || self.rolled_back.is_some() && clocks.monotonic >= self.retries.load
            || self
                .view
                .as_ref()
                .is_none_or(|view| clocks.since(view.read_at) >= self.config.poll_interval())
    }

    fn install(&mut self, state: Arc<RotationState>, version: Option<Version>, clocks: Clocks) {
        let before = self.view.as_ref().map_or(0, |view| view.state.generation());
        if state.generation() != before {
            self.pending = None;
        }
        for transition in state.transitions() {
            if transition.generation > before {
                let event = Event::Transition(transition.clone());
                // What a start reads has been told, by whoever did it.
                if self.view.is_some() {
                    telemetry::noticed(self.config.issuer(), &event);
                }
                self.events.push(event);
            }
        }
        let read_of = &mut self.facts.read_of;
        read_of.retain(|(kid, name), _| {
            state
                .key(kid)
                .is_some_and(|(_, key)| key.state().name() == *name)
        });
        self.facts.missed.retain(|kid, _| {
            let key = state.key(kid);
            key.is_some_and(|(_, key)| key.state().name() == StateName::Published)
        });
        for key in state.rings().iter().flat_map(KeyRing::published) {
            let name = key.state().name();
            if matches!(name, StateName::Staged | StateName::Retiring) {
                let key = (key.kid().to_owned(), name);
                read_of.entry(key).or_insert(clocks.monotonic);
            }
        }
        self.facts.intents.retain(|intent| {
            state
                .key(intent.kid())
                .is_some_and(|(_, key)| key.is_published())
        });
        self.facts.destroyed.retain(|kid| {
            state
                .key(kid)
                .is_some_and(|(_, key)| key.has_private_half())
        });
        self.facts
            .adopted
            .retain(|(_, jwk)| jwk.kid().is_some_and(|kid| state.key(kid).is_none()));
        self.facts
            .generated
            .retain(|(_, jwk)| jwk.kid().is_some_and(|kid| state.key(kid).is_none()));
        self.view = Some(View {
            state,
            version,
            read_at: clocks,
        });
    }

    fn later(&self, clocks: Clocks) -> Duration {
        clocks.monotonic.saturating_add(self.config.poll_interval())
    }

    fn after(&self, ready: Duration, clocks: Clocks, step: Step) -> Step {
        if clocks.monotonic < ready {
            self.wait()
        } else {
            step
        }
    }

    fn wait(&self) -> Step {
        Step::Wait(self.config.poll_interval())
    }

    /// The next step that does not change the state.
    fn outside_step(&mut self, state: &RotationState, clocks: Clocks) -> Option<Step> {
        if clocks.monotonic >= self.retries.destroy
            && let Some(key) = self.to_destroy(state, clocks)
        {
            return Some(Step::Destroy(key));
        }
        if let Some(step) = self.site_step(state, clocks) {
            return Some(step);
        }
        if clocks.monotonic >= self.retries.generate
            && let Some((name, algorithm)) =
                self.config
                    .ring_that_wants_key(state, &self.facts.generated, &self.facts.unusable)
        {
            // A public place that nobody has looked at may hold keys that the state has lost.
            let looked = self.sites.values().all(Site::was_seen);
            return looked.then(|| Step::Generate {
                ring: name.clone(),
                algorithm,
            });
        }
        None
    }

    /// How long this replica has known that a key is staged or retiring.
    fn known_for(&self, key: &RingKey, clocks: Clocks) -> Duration {
        let name = (key.kid().to_owned(), key.state().name());
        let since = self.facts.read_of.get(&name).copied();
        clocks
            .monotonic
            .saturating_sub(since.unwrap_or(clocks.monotonic))
    }

    fn to_destroy(&self, state: &RotationState, clocks: Clocks) -> Option<KeyRef> {
        if let Some(orphan) = self.facts.orphans.first() {
            return Some(orphan.clone());
        }
        let now = self.guard.trusted(clocks);
        for ring in state.rings() {
            for key in ring.keys() {
                let due = match key.state() {
                    // A revoked key is worth nothing to anybody here.
                    KeyState::Revoked { .. } => true,
                    KeyState::Retiring { since, .. } => {
                        let after = self.policy_or_longest(ring.name()).destroy_after();
                        let late = self.known_for(key, clocks) >= after;
                        late && now.is_some_and(|now| now >= since.saturating_add(after))
                    }
                    KeyState::Staged { .. }
                    | KeyState::Published { .. }
                    | KeyState::Active { .. }
                    | KeyState::Withdrawn { .. } => false,
                };
                let here = self.facts.destroyed.contains(key.kid());
                if due && key.has_private_half() && !here {
                    return Some(KeyRef::new(
                        state.issuer(),
                        ring.name(),
                        ring.algorithm(),
                        key.kid(),
                    ));
                }
            }
        }
        None
    }
}
