//! A world for rotations: replicas that crash, clocks that jump, stores that lie, a public address
//! that is slow, and consumers of every habit. See [`World::run`] for what always holds.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod outside;
mod random;
mod replica;

use std::collections::{BTreeMap, BTreeSet};

use oidc_core::{Ed25519PublicKey, IssuerIdentifier, Jwk, NumericDate};
use oidc_issuer::{
    KeyRing, KeyState, RevocationReason, RevokeError, RingKey, RotationConfig, RotationPolicy,
    RotationState, Sighting, StateName, Step, Successor,
};

use self::outside::{Consumer, ED, Habit, Outcome, Site, Store, Vault};
use self::random::Random;
use self::replica::Replica;

/// Times short enough for several rotations in a history.
const POLICY: &str = r#"{
    "period": "2h", "token_lifetime": "15m", "consumer_cache_life": "1h", "jwks_max_age": "1m",
    "propagation": "1m", "verifier_leeway": "1m"
}"#;

const START: i64 = 1_790_000_000;

/// A token: which key, when it expires, and whether consumers may be expected to know the key.
#[derive(Clone, Debug)]
struct Token {
    kid: String,
    exp: i64,
}

#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    random: Random,
    now: i64,
    issuer: IssuerIdentifier,
    config: RotationConfig,
    policy: RotationPolicy,
    store: Store,
    vault: Vault,
    site: Site,
    replicas: Vec<Replica>,
    consumers: Vec<Consumer>,
    tokens: Vec<Token>,
    keys_made: u64,
    /// Whether answers of the public address tell the time.
    tells_time: bool,
    looks_fail_once_in: u64,
    slow: bool,
    calm: bool,
    /// When keys were found revoked by a load, in true time.
    revoked: BTreeMap<String, i64>,
    /// Keys whose revocation gave up on consumers with an older JWK Set.
    surprising: BTreeSet<String>,
    /// Until when consumers may not know a successor, by its id.
    unknown_until: BTreeMap<String, i64>,
    trace: Option<Vec<String>>,
    pub(crate) counts: Counts,
}

/// What happened, so that a test of nothing shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) histories: u64,
    pub(crate) tokens: u64,
    pub(crate) refused_stale: u64,
    pub(crate) verifications: u64,
    pub(crate) commits: u64,
    pub(crate) conflicts: u64,
    pub(crate) crashes: u64,
    pub(crate) jumps: u64,
    pub(crate) flaps: u64,
    pub(crate) promotions: u64,
    pub(crate) withdrawals: u64,
    pub(crate) revocations: u64,
    pub(crate) rollbacks: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Counts) {
        self.histories += other.histories;
        self.tokens += other.tokens;
        self.refused_stale += other.refused_stale;
        self.verifications += other.verifications;
        self.commits += other.commits;
        self.conflicts += other.conflicts;
        self.crashes += other.crashes;
        self.jumps += other.jumps;
        self.flaps += other.flaps;
        self.promotions += other.promotions;
        self.withdrawals += other.withdrawals;
        self.revocations += other.revocations;
        self.rollbacks += other.rollbacks;
    }
}

fn whole(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap()
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::new(seed);
        let policy: RotationPolicy = serde_json::from_str(POLICY).unwrap();
        let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
        let config = RotationConfig::new(issuer.clone())
            .ring(ED, policy)
            .unwrap();
        // Three in the middle.
        let count = random.between(1, 3) + random.between(0, 2);
        let replicas = (0..count)
            .map(|_| Replica::new(&config, START, random.between(-5, 5)))
            .collect();
        let (cached, own) = (
            whole(policy.jwks_cache_life()),
            whole(policy.consumer_cache_life()),
        );
        let consumers = [
            Habit::Honouring,
            Habit::Patient,
            Habit::HardCoded,
            Habit::Curious,
        ]
        .map(|habit| Consumer::new(habit, cached, own))
        .into();
        let mut store = Store::default();
        if random.once_in(2) {
            store.fails_once_in = 12;
        }
        if random.once_in(4) {
            store.lies_once_in = 15;
        }
        World {
            seed,
            now: START,
            issuer,
            config,
            policy,
            store,
            vault: Vault::default(),
            site: Site::default(),
            replicas,
            consumers,
            tokens: Vec::new(),
            keys_made: 0,
            tells_time: !random.once_in(3),
            looks_fail_once_in: if random.once_in(3) { 6 } else { 0 },
            slow: random.once_in(3),
            calm: false,
            revoked: BTreeMap::new(),
            surprising: BTreeSet::new(),
            unknown_until: BTreeMap::new(),
            trace: None,
            counts: Counts {
                histories: 1,
                ..Counts::default()
            },
            random,
        }
    }

    /// Keeps what happens, to print it.
    pub(crate) fn traced(mut self) -> World {
        self.trace = Some(Vec::new());
        self
    }

    /// One history. At every moment:
    ///
    /// - every token that is accepted anywhere is known to every consumer, whatever its habit;
    /// - no key signs that is not in the committed state's published set;
    /// - no private half is destroyed of a key that may sign;
    /// - after a revocation nobody signs with the key past R + D + E.
    ///
    /// And in the end, when everything works again, keys rotate.
    pub(crate) fn run(mut self) -> Counts {
        let ticks = self.random.between(30, 70);
        for _ in 0..ticks {
            self.tick();
        }
        if self.seed.is_multiple_of(20) {
            self.calm();
        }
        self.counts
    }

    fn tick(&mut self) {
        let step = match self.random.between(0, 19) {
            0..=6 => self.random.between(1, 15),
            7..=12 => self.random.between(15, 120),
            13..=18 => self.random.between(120, 1_200),
            _ => self.random.between(1_200, 6_000),
        };
        self.now += step;
        self.trouble();
        self.passes();
        self.operate();
        self.mint_and_verify();
    }

    /// Everything works, all clocks are right: keys rotate again, and nobody is in the way.
    fn calm(&mut self) {
        self.store.fails_once_in = 0;
        self.store.lies_once_in = 0;
        self.looks_fail_once_in = 0;
        self.slow = false;
        self.calm = true;
        if let Some(shown) = self.site.flap.take()
            && !self.shows_all_that_signs()
        {
            self.site.put(shown, self.now);
        }
        self.tells_time = true;
        for index in 0..self.replicas.len() {
            self.replicas[index].wall_error = 0;
            if self.replicas[index].rotation.is_none() {
                self.replicas[index].start(&self.config, self.now);
            }
        }
        let promotions = self.counts.promotions;
        for _ in 0..80 {
            self.now += 300;
            for index in 0..self.replicas.len() {
                self.pass(index);
            }
            self.operate();
            self.mint_and_verify();
        }
        let rotations = self.counts.promotions - promotions;
        let state = self.store.state.clone().expect("a state");
        let ring = &state.rings()[0];
        self.hold(ring.active().is_some(), || "no key signs".to_owned());
        self.hold(rotations >= 2, || {
            format!("{rotations} rotations in 6 h 40 min")
        });
        // A clock that was ahead has reserved that far; such a key stays for longer.
        let window = whole(self.policy.publish_after());
        let soon = |key: &&RingKey| {
            let KeyState::Retiring { since, until, .. } = key.state() else {
                return true;
            };
            until.seconds_since(*since) <= window
        };
        self.hold(ring.published().filter(soon).count() <= 4, || {
            format!("keys piled up: {:?}", ring.published().collect::<Vec<_>>())
        });
        for index in 0..self.replicas.len() {
            let can = self.replicas[index].signer.is_some();
            self.hold(can, || format!("replica {index} cannot sign"));
        }
    }

    /// What goes wrong at this moment.
    fn trouble(&mut self) {
        if self.store.lies_once_in > 0 && self.random.once_in(60) && self.store.lose_last() {
            self.counts.rollbacks += 1;
            self.say(|| "the store loses its last write".to_owned());
        }
        let count = self.replicas.len();
        let index = self.random.index(count);
        let replica = &mut self.replicas[index];
        if replica.rotation.is_none() {
            if self.random.once_in(3) {
                replica.start(&self.config, self.now);
            }
        } else if self.random.once_in(40) {
            replica.crash();
            self.counts.crashes += 1;
        }
        if self.random.once_in(60) {
            // All of them, for a while: a long downtime.
            for replica in &mut self.replicas {
                replica.crash();
            }
            self.now += self.random.between(600, 200_000);
            self.counts.crashes += 1;
        }
        let replica = &mut self.replicas[index];
        if self.random.once_in(30) {
            // A store that loses what it has shown, and a clock that is hours ahead of the truth: each
            // is survived, and both at once are too much.
            let most = if self.store.lies_once_in > 0 { 0 } else { 2 };
            let jump = match self.random.between(0, most) {
                0 => self.random.between(-20, 20),
                1 => self.random.between(-7_200, 7_200),
                _ => self.random.between(-300_000, 300_000),
            };
            replica.wall_error += jump;
            self.counts.jumps += 1;
            self.say(|| format!("clock of {index} jumps by {jump}"));
            // A driver that lives notices before the signers go on.
            self.pass(index);
        } else if replica.wall_error.abs() > 5 && self.random.once_in(8) {
            replica.wall_error = self.random.between(-5, 5);
            self.say(|| format!("clock of {index} is set right"));
            self.pass(index);
        } else if self.random.once_in(60) {
            let slept = self.random.between(60, 100_000);
            replica.slept += slept;
            self.now += slept;
            self.say(|| format!("{index} slept for {slept}"));
        }
        self.flap();
    }

    /// An address that shows an older page for a while. What is outside of the model: a page so old
    /// that it lacks a key with live tokens, which no order of steps survives, be it the older page or
    /// the one that it goes back to; and one that nobody
    /// of the issuer notices because it is gone before the next look.
    fn flap(&mut self) {
        if self.site.flap.is_some() {
            if self.random.once_in(6) {
                let shown = self.site.flap.take();
                if !self.shows_all_that_signs() {
                    self.site.flap = shown;
                }
            }
            return;
        }
        // Nor a page that goes back between the last look and the write that it allowed.
        let under_way = self
            .replicas
            .iter()
            .any(|replica| replica.stuck_at.is_some());
        if under_way || !self.random.once_in(25) {
            return;
        }
        let (Some(older), Some(_)) = (self.site.older_page(self.now), &self.store.state) else {
            return;
        };
        self.site.flap = Some(older);
        if !self.shows_all_that_signs() {
            self.site.flap = None;
            return;
        }
        self.counts.flaps += 1;
        self.say(|| "the address shows an older page".to_owned());
        let saved = (
            self.store.fails_once_in,
            self.store.lies_once_in,
            self.looks_fail_once_in,
        );
        (
            self.store.fails_once_in,
            self.store.lies_once_in,
            self.looks_fail_once_in,
        ) = (0, 0, 0);
        let mut noticed = false;
        for index in 0..self.replicas.len() {
            noticed |= self.replicas[index].rotation.is_some() && self.look_now(index);
        }
        if !noticed {
            self.site.flap = None;
        }
        (
            self.store.fails_once_in,
            self.store.lies_once_in,
            self.looks_fail_once_in,
        ) = saved;
    }

    /// Whether the page that is shown has every key that has live tokens, or may have.
    fn shows_all_that_signs(&mut self) -> bool {
        let page = self.site.page(self.now).cloned().unwrap_or_default();
        let keys = self.store.state.iter().flat_map(RotationState::rings);
        let mut signs = keys.flat_map(KeyRing::keys).filter(|key| {
            matches!(
                key.state(),
                KeyState::Active { .. } | KeyState::Retiring { .. }
            )
        });
        signs.all(|key| page.iter().any(|jwk| jwk.kid() == Some(key.kid())))
    }

    /// A look out of turn, and a pass that takes in what it saw. Whether the state says so.
    fn look_now(&mut self, index: usize) -> bool {
        let sighting = self.sighting();
        let clocks = self.replicas[index].clocks(self.now);
        let issuer = self.issuer.clone();
        if let Some(rotation) = &mut self.replicas[index].rotation {
            rotation.handle_sighting(&issuer, sighting, clocks);
        }
        self.pass(index);
        let (Some(flap), Some(state)) = (&self.site.flap, &self.store.state) else {
            return false;
        };
        state.rings()[0]
            .standbys()
            .all(|key| flap.contains(key.jwk()))
    }

    fn sighting(&mut self) -> Sighting {
        let sighting = match self.site.page(self.now) {
            Some(page) => Sighting::new(page.iter().cloned(), [ED]),
            None => Sighting::nothing(),
        };
        if self.tells_time {
            let error = self.random.between(-2, 2);
            sighting.with_time(NumericDate::from_seconds(self.now + error).unwrap())
        } else {
            sighting
        }
    }

    /// The passes of the drivers that are not stuck, their steps mixed; each may crash between any
    /// two of them.
    fn passes(&mut self) {
        let mut at_work: Vec<usize> = (0..self.replicas.len()).collect();
        at_work.retain(|_| !self.random.once_in(8));
        for _ in 0..150 {
            if at_work.is_empty() {
                break;
            }
            let chosen = self.random.index(at_work.len());
            let index = at_work[chosen];
            if self.random.once_in(80) {
                self.replicas[index].crash();
                self.counts.crashes += 1;
            }
            if !self.step(index) {
                at_work.swap_remove(chosen);
                self.refresh_signer(index);
            }
        }
    }

    /// A whole pass of one driver.
    fn pass(&mut self, index: usize) {
        for _ in 0..40 {
            if !self.step(index) {
                break;
            }
        }
        self.refresh_signer(index);
    }

    /// One step of a driver. False when nothing is due, or when it is down or stuck.
    fn step(&mut self, index: usize) -> bool {
        let now = self.now;
        let clocks = self.replicas[index].clocks(now);
        let replica = &mut self.replicas[index];
        let Some(rotation) = &mut replica.rotation else {
            return false;
        };
        let step = replica
            .stuck_at
            .take()
            .unwrap_or_else(|| rotation.poll(clocks));
        if matches!(step, Step::Wait(_)) {
            return false;
        }
        // The machine stops just before it writes, and goes on much later.
        if matches!(step, Step::Commit(_)) && !self.calm && self.random.once_in(40) {
            self.replicas[index].stuck_at = Some(step);
            return false;
        }
        self.say(|| format!("{index}: {}", name_of(&step)));
        self.take(index, step);
        true
    }

    fn refresh_signer(&mut self, index: usize) {
        let now = self.now;
        let vault = &self.vault;
        self.replicas[index].refresh_signer(|kid| vault.has(kid), now);
    }

    fn take(&mut self, index: usize, step: Step) {
        let now = self.now;
        let clocks = self.replicas[index].clocks(now);
        let issuer = self.issuer.clone();
        match step {
            Step::Load => {
                let loaded = self.store.load(&mut self.random);
                if let Ok(Some((state, _))) = &loaded {
                    self.note_revoked(state);
                }
                let rotation = self.replicas[index].rotation.as_mut().unwrap();
                match loaded {
                    Ok(loaded) => rotation.handle_loaded(loaded, clocks),
                    Err(()) => rotation.handle_load_failed(clocks),
                }
            }
            Step::Commit(commit) => {
                let before = self.store.state.clone();
                let outcome = self.store.commit(&commit, &mut self.random);
                if self.store.state != before {
                    self.note_commit(before.as_ref());
                }
                let rotation = self.replicas[index].rotation.as_mut().unwrap();
                match outcome {
                    Outcome::Acknowledged => rotation.handle_committed(clocks),
                    Outcome::Conflict => {
                        self.counts.conflicts += 1;
                        rotation.handle_conflict(clocks);
                    }
                    Outcome::Unknown => rotation.handle_commit_failed(clocks),
                }
            }
            Step::Generate { ring, .. } => {
                let jwk = self.new_key();
                self.vault.0.insert(jwk.kid().unwrap().to_owned(), true);
                let rotation = self.replicas[index].rotation.as_mut().unwrap();
                rotation.handle_generated(&ring, jwk, clocks);
            }
            Step::Publish { .. } => {
                let rotation = self.replicas[index].rotation.as_mut().unwrap();
                let page = rotation.state().unwrap().published().cloned().collect();
                rotation.handle_published(&issuer, clocks);
                let delay = if self.slow && self.random.once_in(3) {
                    self.random.between(60, 9_000)
                } else {
                    self.random.between(0, 60)
                };
                self.site.put(page, now + delay);
            }
            Step::Look { .. } => {
                let fails = self.looks_fail_once_in;
                if fails > 0 && self.random.once_in(fails) {
                    let rotation = self.replicas[index].rotation.as_mut().unwrap();
                    rotation.handle_look_failed(&issuer, clocks);
                } else {
                    let sighting = self.sighting();
                    let rotation = self.replicas[index].rotation.as_mut().unwrap();
                    rotation.handle_sighting(&issuer, sighting, clocks);
                }
            }
            Step::Destroy(key) => {
                let state = self.store.state.as_ref();
                let there = state.and_then(|state| state.key(&key.kid));
                let may = there.is_none_or(|(_, key)| {
                    matches!(
                        key.state(),
                        KeyState::Retiring { .. }
                            | KeyState::Revoked { .. }
                            | KeyState::Withdrawn { .. }
                    )
                });
                self.hold(may, || format!("destroys {} that may sign", key.kid));
                self.vault.0.insert(key.kid.clone(), false);
                let rotation = self.replicas[index].rotation.as_mut().unwrap();
                rotation.handle_destroyed(&key, clocks);
            }
            Step::Wait(_) => {}
            other => panic!("{other:?}"),
        }
    }

    fn new_key(&mut self) -> Jwk {
        self.keys_made += 1;
        let mut bytes = [0x55; 32];
        bytes[..8].copy_from_slice(&self.keys_made.to_le_bytes());
        let key = Ed25519PublicKey::new(bytes).unwrap();
        let jwk = Jwk::new(key).with_alg(ED).unwrap();
        jwk.with_kid(format!("k{}", self.keys_made)).unwrap()
    }

    /// A revocation counts from when it was read back: a store that lies has not made it.
    fn note_revoked(&mut self, state: &RotationState) {
        for key in state.rings().iter().flat_map(KeyRing::keys) {
            if key.state().name() == StateName::Revoked {
                self.revoked.entry(key.kid().to_owned()).or_insert(self.now);
            }
        }
    }

    /// What a commit changed, and whether it was allowed to.
    fn note_commit(&mut self, before: Option<&RotationState>) {
        self.counts.commits += 1;
        let state = self.store.state.clone().unwrap();
        let json = self.random.once_in(60).then(|| state.to_json());
        if let Some(json) = json {
            assert_eq!(RotationState::from_json(&json).as_ref(), Ok(&state));
        }
        let news = state
            .transitions()
            .iter()
            .filter(|step| step.generation == state.generation());
        let news: Vec<_> = news.map(|step| (step.kid.clone(), step.to)).collect();
        self.say(|| format!("generation {}: {news:?}", state.generation()));
        for (kid, to) in &news {
            match to {
                StateName::Active => {
                    self.counts.promotions += 1;
                    let surprise = news.iter().any(|(other, to)| {
                        *to == StateName::Revoked && self.surprising.contains(other)
                    });
                    if surprise {
                        let known = 3_600 + 60 + 120;
                        self.unknown_until.insert(kid.clone(), self.now + known);
                    }
                }
                StateName::Withdrawn => {
                    self.counts.withdrawals += 1;
                    // The published set covers every token that anyone may still accept.
                    let alive = |token: &&Token| token.kid == *kid && self.now <= token.exp + 60;
                    let alive = self.tokens.iter().find(alive).cloned();
                    self.hold(alive.is_none(), || format!("{kid} goes before {alive:?}"));
                }
                StateName::Revoked => self.counts.revocations += 1,
                StateName::Staged | StateName::Published | StateName::Retiring | _ => {}
            }
        }
        let _ = before;
    }

    /// What honest operators do: they set clocks right, judge what is odd, and revoke keys.
    fn operate(&mut self) {
        let index = self.random.index(self.replicas.len());
        let clocks = self.replicas[index].clocks(self.now);
        let right = self.replicas[index].wall_error.abs() <= 5;
        let confirm = !self.tells_time && right && self.random.once_in(3);
        let mut failed = None;
        let Some(rotation) = &mut self.replicas[index].rotation else {
            return;
        };
        if confirm {
            rotation.confirm_clock(clocks);
        }
        rotation.accept_rollback(clocks);
        for kid in rotation.unknown_published() {
            // A key that nobody ever signed with: the write that told of it was lost.
            let signed = self.tokens.iter().any(|token| token.kid == kid);
            if !signed && self.random.once_in(3) {
                rotation.disown(&kid);
            }
        }
        let lost = rotation.state().and_then(|state| {
            let active = state.rings().first()?.active()?.kid().to_owned();
            (!self.vault.has(&active)).then_some(active)
        });
        let chosen = rotation
            .state()
            .filter(|_| !self.calm && self.random.once_in(90))
            .and_then(|state| {
                let keys: Vec<_> = state.rings().first()?.published().collect();
                let key = keys.get(self.random.index(keys.len().max(1)))?;
                Some(key.kid().to_owned())
            });
        if let Some(kid) = lost.or(chosen) {
            let reason = RevocationReason::Compromised;
            let plan = rotation
                .clone()
                .revoke(&kid, reason, Successor::Aged, clocks);
            let successor = match plan {
                Ok(_) => Successor::Aged,
                Err(RevokeError::NoSuccessor { .. }) if self.random.once_in(2) => Successor::Seen,
                Err(_) => Successor::None,
            };
            failed = rotation.revoke(&kid, reason, successor, clocks).err();
            if failed.is_none() && successor != Successor::Aged {
                self.surprising.insert(kid.clone());
            }
            self.say(|| format!("{index}: revoke {kid}, {successor:?}: {failed:?}"));
        }
        let _ = failed;
    }

    fn mint_and_verify(&mut self) {
        let now = self.now;
        for consumer in &mut self.consumers {
            consumer.live(&mut self.site, now, &mut self.random);
        }
        let lifetime = whole(self.policy.token_lifetime());
        for index in 0..self.replicas.len() {
            let clocks = self.replicas[index].clocks(now);
            let Some(signer) = &self.replicas[index].signer else {
                continue;
            };
            if signer.lease.check(clocks.wall).is_err() {
                self.counts.refused_stale += 1;
                continue;
            }
            let wall = clocks.wall.as_seconds();
            let exp = (wall + lifetime).min(signer.latest_exp.as_seconds());
            if exp <= wall {
                continue;
            }
            let kid = signer.kid.clone();
            self.signed(index, &kid);
            self.tokens.push(Token { kid, exp });
            self.counts.tokens += 1;
        }
        self.verify();
    }

    /// A signature was made: by a key that is published, and not revoked for long.
    fn signed(&mut self, index: usize, kid: &str) {
        let state = self.store.state.as_ref();
        let key = state.and_then(|state| state.key(kid));
        // One that has just been revoked is no longer, and the bound below is for that.
        let published = key
            .is_some_and(|(_, key)| key.is_published() || key.state().name() == StateName::Revoked);
        let revoked = self.revoked.get(kid).copied();
        // R, D and E, and what a clock may be off.
        let bound = whole(self.policy.destroy_after()) + 15;
        let late = revoked.is_some_and(|at| self.now > at + bound);
        self.hold(!late, || {
            format!("{index} signs with {kid}, revoked at {revoked:?}")
        });
        self.hold(published || revoked.is_some(), || {
            format!("{index} signs with {kid}, which is not published: {key:?}")
        });
    }

    /// Every token that is accepted somewhere is known everywhere.
    fn verify(&mut self) {
        let now = self.now;
        let leeway = whole(self.policy.verifier_leeway());
        self.tokens.retain(|token| now <= token.exp + leeway);
        self.tokens
            .dedup_by(|later, earlier| later.kid == earlier.kid && later.exp <= earlier.exp);
        let mut kids: BTreeSet<String> =
            self.tokens.iter().map(|token| token.kid.clone()).collect();
        kids.retain(|kid| {
            let unknown = self
                .unknown_until
                .get(kid)
                .is_some_and(|until| now < *until);
            let gone = self.store.state.as_ref().is_some_and(|state| {
                let key = state.key(kid);
                key.is_some_and(|(_, key)| key.state().name() == StateName::Revoked)
            });
            !unknown && !gone && !self.revoked.contains_key(kid)
        });
        for kid in &kids {
            for number in 0..self.consumers.len() {
                self.counts.verifications += 1;
                let known = self.consumers[number].knows(kid, &mut self.site, now);
                let habit = self.consumers[number].habit;
                self.hold(known, || {
                    format!("a {habit:?} consumer does not know {kid}")
                });
            }
        }
    }

    fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>7} {}", self.now - START, what()));
        }
    }

    /// Something that always holds. If not, the seed is all that is needed to see it again.
    fn hold(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            if let Some(trace) = &self.trace {
                eprintln!("{}", trace.join("\n"));
                self.explain();
            }
            let after = self.now - START;
            panic!("seed {}, after {after} s: {}", self.seed, what());
        }
    }
}

impl World {
    /// What each replica says of each key.
    fn explain(&self) {
        for (index, replica) in self.replicas.iter().enumerate() {
            let Some(rotation) = &replica.rotation else {
                continue;
            };
            let clock = rotation.clock_state();
            eprintln!(
                "replica {index}, {clock:?}, wrong by {} s",
                replica.wall_error
            );
            let keys = rotation.state().map(|state| state.rings()[0].keys());
            for key in keys.unwrap_or_default() {
                if let Some(why) = rotation.explain(key.kid(), replica.clocks(self.now)) {
                    eprintln!("  {why}");
                }
            }
        }
    }
}

fn name_of(step: &Step) -> String {
    if let Step::Commit(commit) = step {
        return format!("commit {}", commit.state.generation());
    }
    format!("{step:?}").chars().take(60).collect()
}
