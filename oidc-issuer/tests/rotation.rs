//! A rotation, scene by scene, with real keys, a store in memory and a public address that a test
//! holds in its hands.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of a test program"
)]

mod common;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use common::{NOW, at, parts};
use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSet};
use oidc_issuer::store::{
    MemoryKeys, MemoryStore, PrivateKeys, PrivateKeysError, StateStore, StoreError,
};
use oidc_issuer::{
    ClockState, Clocks, ConsumerClass, Documents, Event, IssueError, Issuer, KeyRef, KeyRing,
    PlannedState, Publisher, RevocationReason, RevokeError, RingKey, RingName, Rotation,
    RotationConfig, RotationPolicy, RotationState, Sighting, SigningKey, StateName, Step,
    Successor, SystemRandom, TokenSpec, TransitionError, Waiting, drive,
};
use zeroize::Zeroizing;

const ED: Algorithm = Algorithm::EdDsa;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn issuer_id() -> IssuerIdentifier {
    IssuerIdentifier::parse(common::ISSUER).unwrap()
}

fn config() -> RotationConfig {
    RotationConfig::new(issuer_id())
        .ring(ED, RotationPolicy::default())
        .unwrap()
}

/// A replica's surroundings.
struct Scene {
    store: MemoryStore,
    keys: MemoryKeys,
    site: Site,
    random: SystemRandom,
    now: Cell<i64>,
}

/// The public address.
#[derive(Default)]
struct Site {
    documents: RefCell<Option<Documents>>,
    /// While set, it shows these keys whatever is published.
    shows: RefCell<Option<Vec<Jwk>>>,
    down: Cell<bool>,
    publications: Cell<u32>,
}

impl Publisher for Site {
    fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        if self.down.get() {
            return Err(StoreError::new("down"));
        }
        self.publications.set(self.publications.get() + 1);
        *self.documents.borrow_mut() = Some(documents.clone());
        Ok(())
    }

    fn look(&self, _: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        if self.down.get() {
            return Err(StoreError::new("down"));
        }
        if let Some(keys) = &*self.shows.borrow() {
            return Ok(Sighting::new(keys.iter().cloned(), [ED]));
        }
        let Some(documents) = &*self.documents.borrow() else {
            return Ok(Sighting::nothing());
        };
        let keys = JwkSet::parse(&documents.jwk_set.bytes).unwrap();
        let discovery: serde_json::Value =
            serde_json::from_slice(&documents.discovery.bytes).unwrap();
        let algorithms = discovery["id_token_signing_alg_values_supported"]
            .as_array()
            .unwrap();
        let names = algorithms.iter().filter_map(|name| name.as_str());
        Ok(Sighting::of_documents(&keys, names))
    }
}

impl Scene {
    fn new() -> Scene {
        Scene {
            store: MemoryStore::new(),
            keys: MemoryKeys::new(),
            site: Site::default(),
            random: SystemRandom::new(),
            now: Cell::new(NOW),
        }
    }

    fn clocks(&self) -> Clocks {
        let now = self.now.get();
        let monotonic = u64::try_from(now - NOW).unwrap();
        Clocks::new(at(now), Duration::from_secs(monotonic))
    }

    /// A replica with a confirmed clock that has made its first pass.
    fn start(&self, config: RotationConfig) -> Rotation {
        let mut rotation = Rotation::new(config);
        rotation.confirm_clock(self.clocks());
        assert_eq!(self.pass(&mut rotation), Vec::<String>::new());
        rotation
    }

    /// What failed.
    fn pass(&self, rotation: &mut Rotation) -> Vec<String> {
        let pass = drive(
            rotation,
            &self.store,
            &self.keys,
            &self.site,
            |_, algorithm| SigningKey::generate(algorithm, &self.random),
            || self.clocks(),
        );
        pass.failures.iter().map(ToString::to_string).collect()
    }

    /// Passes every ten minutes until then, and every minute towards the end.
    fn run_to(&self, rotation: &mut Rotation, time: i64) {
        while self.now.get() < time {
            let left = time - self.now.get();
            let step = if left > 1_200 { 600 } else { 60.min(left) };
            self.now.set(self.now.get() + step);
            self.pass(rotation);
        }
    }

    fn issuer(&self, rotation: &Rotation) -> Issuer {
        Issuer::of_rotation(rotation, &self.keys, self.clocks(), None).unwrap()
    }
}

fn ring(rotation: &Rotation) -> &KeyRing {
    &rotation.state().unwrap().rings()[0]
}

fn kids(rotation: &Rotation, state: StateName) -> Vec<String> {
    let keys = ring(rotation).keys().iter();
    let keys = keys.filter(|key| key.state().name() == state);
    keys.map(|key| key.kid().to_owned()).collect()
}

fn active(rotation: &Rotation) -> String {
    ring(rotation)
        .active()
        .map(RingKey::kid)
        .unwrap()
        .to_owned()
}

fn spec(lifetime: u64) -> TokenSpec {
    let spec = TokenSpec::new("job", "aud").unwrap();
    spec.with_lifetime(Duration::from_secs(lifetime)).unwrap()
}

/// A load, a commit or a look that succeeds; no other is due.
fn take(scene: &Scene, rotation: &mut Rotation, step: Step) {
    let code = step.code();
    if let Step::Load = step {
        let stored = scene.store.load().unwrap().unwrap();
        let state = RotationState::from_json(&stored.state).unwrap();
        rotation.handle_loaded(Some((state, stored.version)), scene.clocks());
    } else if let Step::Commit(step) = step {
        let state = step.state.to_json();
        scene.store.commit(step.expected.as_ref(), &state).unwrap();
        rotation.handle_committed(scene.clocks());
    } else {
        assert_eq!(code, "look");
        let sighting = scene.site.look(&issuer_id()).unwrap();
        rotation.handle_sighting(&issuer_id(), sighting, scene.clocks());
    }
}

fn revoke(
    scene: &Scene,
    rotation: &mut Rotation,
    successor: Successor,
) -> Result<oidc_issuer::Revocation, RevokeError> {
    let kid = active(rotation);
    rotation.revoke(
        &kid,
        RevocationReason::Compromised,
        successor,
        scene.clocks(),
    )
}

#[test]
fn at_the_first_start_a_key_signs_as_soon_as_it_is_seen_and_a_standby_is_published() {
    let scene = Scene::new();
    let rotation = scene.start(config());
    assert_eq!(ring(&rotation).published().count(), 2);
    assert_eq!(kids(&rotation, StateName::Active).len(), 1);
    let issuer = scene.issuer(&rotation);
    let token = issuer.issue(&spec(300), at(NOW)).unwrap();
    assert_eq!(parts(&token).0["kid"], active(&rotation));
    assert_eq!(issuer.signing_kid(ED), Some(&*active(&rotation)));
    // What is served is what the state says.
    let served = scene.site.documents.borrow().clone().unwrap();
    assert_eq!(&served.jwk_set, issuer.jwk_set_document());
    assert_eq!(&served.discovery, issuer.discovery_document());
    assert_eq!(served.jwk_set.cache_control, "public, max-age=600");
}

/// The plan and the machine are two programs; they agree to the pass, which is made every ten minutes.
#[test]
fn a_rotation_does_what_its_plan_says() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 22 * DAY);
    let plan = RotationPolicy::default().plan(at(NOW), 22);
    let planned: Vec<_> = plan
        .iter()
        .filter(|step| step.to != PlannedState::Staged && step.to != PlannedState::Published)
        .map(|step| (step.at.as_seconds(), step.to.name().to_owned()))
        .collect();
    let done: Vec<_> = rotation
        .state()
        .unwrap()
        .transitions()
        .iter()
        .filter(|step| !matches!(step.to, StateName::Staged | StateName::Published))
        .map(|step| (step.at.as_seconds(), step.to.as_str().to_owned()))
        .collect();
    assert_eq!(done.len(), planned.len());
    for ((done_at, done), (planned_at, planned)) in done.iter().zip(&planned) {
        assert_eq!(done, planned);
        // The plan reckons with a minute of propagation at the first start.
        assert!(
            (planned_at - 60..=planned_at + 660).contains(done_at),
            "{done} {done_at} {planned_at}"
        );
    }
}

#[test]
fn a_key_counts_as_seen_only_through_the_public_address() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 10 * 60);
    let standby = kids(&rotation, StateName::Published).remove(0);
    // The address shows an old page, for days.
    let only_active = ring(&rotation).active().unwrap().jwk().clone();
    *scene.site.shows.borrow_mut() = Some(vec![only_active]);
    scene.run_to(&mut rotation, NOW + 8 * DAY);
    assert_eq!(kids(&rotation, StateName::Staged), [&*standby]);
    assert_eq!(kids(&rotation, StateName::Active).len(), 1);
    assert!(
        scene.site.publications.get() > 100,
        "publishing again is the repair"
    );
    let why = rotation.explain(&standby, scene.clocks()).unwrap();
    assert_eq!(
        (why.next, why.waits),
        (Some(StateName::Published), vec![Waiting::Sighting])
    );

    // It comes back: the age begins anew, whatever the key is named.
    *scene.site.shows.borrow_mut() = None;
    let back = NOW + 8 * DAY;
    scene.run_to(&mut rotation, back + DAY);
    assert_eq!(kids(&rotation, StateName::Published), [&*standby]);
    let why = rotation.explain(&standby, scene.clocks()).unwrap();
    assert!(matches!(why.waits[..], [Waiting::Age { .. }]), "{why}");
    scene.run_to(&mut rotation, back + DAY + 15 * 60);
    assert_eq!(active(&rotation), standby);
}

#[test]
fn a_token_ends_with_the_trust_in_its_key() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    let reserved = ring(&rotation).active().unwrap().reserved_until().unwrap();
    // L is an hour; longer tokens are not made shorter in silence.
    let issuer = scene.issuer(&rotation);
    assert_eq!(
        issuer.issue(&spec(3_600), at(NOW)).unwrap().expires_at(),
        at(NOW + 3_600)
    );
    let error = issuer.issue(&spec(3_601), at(NOW)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a lifetime of 3601s is longer than 3600s, which keys are kept for"
    );
    assert_eq!(reserved, at(NOW + 3_600 + 605));
    // Half of the reserve is left: it is renewed before any token is cut short.
    scene.run_to(&mut rotation, NOW + 5 * 60);
    assert_eq!(
        ring(&rotation).active().unwrap().reserved_until(),
        Some(reserved)
    );
    scene.run_to(&mut rotation, NOW + 6 * 60);
    let renewed = ring(&rotation).active().unwrap().reserved_until().unwrap();
    assert_eq!(renewed, at(NOW + 6 * 60 + 3_600 + 605));
}

#[test]
fn exp_is_capped_where_the_reserve_could_not_be_renewed() {
    let scene = Scene::new();
    let rotation = scene.start(config());
    let reserved = ring(&rotation).active().unwrap().reserved_until().unwrap();
    // A signer that goes by a fresh lease but an old reserve, as a clock ahead would make it.
    let late = Clocks::new(at(reserved.as_seconds() - 100), Duration::ZERO);
    let mut copy = Rotation::new(config());
    copy.confirm_clock(late);
    let stored = scene.store.load().unwrap().unwrap();
    let state = RotationState::from_json(&stored.state).unwrap();
    copy.handle_loaded(Some((state, stored.version)), late);
    let issuer = Issuer::of_rotation(&copy, &scene.keys, late, None).unwrap();
    let token = issuer.issue(&spec(3_600), late.wall).unwrap();
    assert_eq!(token.expires_at(), reserved);
    let error = issuer
        .issue(&spec(3_600), at(reserved.as_seconds() - 40))
        .map(|token| token.expires_at());
    assert_eq!(error, Ok(reserved));
    let late = Clocks::new(reserved, Duration::ZERO);
    let stored = scene.store.load().unwrap().unwrap();
    let state = RotationState::from_json(&stored.state).unwrap();
    copy.handle_loaded(Some((state, stored.version)), late);
    let issuer = Issuer::of_rotation(&copy, &scene.keys, late, None).unwrap();
    let error = issuer.issue(&spec(3_600), reserved).unwrap_err();
    assert_eq!(error.code(), "end_of_trust");
}

/// I5: a view as old as R still signs, one second more does not.
#[test]
fn a_signer_whose_view_is_too_old_refuses_to_sign() {
    let scene = Scene::new();
    let rotation = scene.start(config());
    let issuer = scene.issuer(&rotation);
    assert!(issuer.issue(&spec(60), at(NOW + 60)).is_ok());
    let error = issuer.issue(&spec(60), at(NOW + 61)).unwrap_err();
    assert!(matches!(error, IssueError::Stale { .. }), "{error}");
    let old = Clocks::new(at(NOW + 61), Duration::from_secs(61));
    assert_eq!(rotation.signs_until(old), None);
    // A wall clock that was set back does not make it younger: the other clock has gone on.
    let back = Clocks::new(at(NOW - HOUR), Duration::from_secs(61));
    assert_eq!(rotation.signs_until(back), None);
    // Nor does a monotonic clock that slept.
    let slept = Clocks::new(at(NOW + 61), Duration::ZERO);
    assert_eq!(rotation.signs_until(slept), None);
}

#[test]
fn while_the_clock_is_not_confirmed_nothing_is_done_that_cannot_be_undone() {
    let scene = Scene::new();
    let mut rotation = Rotation::new(config());
    scene.pass(&mut rotation);
    assert_eq!(rotation.clock_state(), ClockState::Unconfirmed);
    // Keys are made and published, and their age does not count.
    assert_eq!(kids(&rotation, StateName::Staged).len(), 2);
    assert!(scene.site.documents.borrow().is_some());
    let kid = kids(&rotation, StateName::Staged).remove(0);
    let why = rotation.explain(&kid, scene.clocks()).unwrap();
    assert_eq!(why.waits, [Waiting::Clock(ClockState::Unconfirmed)]);
    rotation.confirm_clock(scene.clocks());
    scene.pass(&mut rotation);
    assert_eq!(kids(&rotation, StateName::Active).len(), 1);
}

/// 2.6: E is a minute, and each clock has a quarter of it. Weakness W7 of diridp: clock steps and
/// suspend went unnoticed.
#[test]
fn w7_clocks_that_run_apart_freeze_what_cannot_be_undone_and_minting_goes_on() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 7 * DAY - 60);
    rotation.take_events();
    let before = active(&rotation);
    let jumped = |by: i64| {
        let clocks = scene.clocks();
        Clocks::new(at(scene.now.get() + by), clocks.monotonic)
    };
    let pass = |rotation: &mut Rotation, by| {
        drive(
            rotation,
            &scene.store,
            &scene.keys,
            &scene.site,
            |_, algorithm| SigningKey::generate(algorithm, &scene.random),
            || jumped(by),
        );
    };
    pass(&mut rotation.clone(), 15);
    let mut steady = rotation.clone();
    pass(&mut steady, 15);
    assert_eq!(steady.clock_state(), ClockState::Confirmed);
    pass(&mut rotation, 16);
    assert_eq!(rotation.clock_state(), ClockState::Held);
    assert!(rotation.take_events().contains(&Event::ClockHeld));
    // A day ahead, the rotation is overdue by that clock; nothing moves.
    pass(&mut rotation, DAY);
    assert_eq!(active(&rotation), before);
    let issuer = Issuer::of_rotation(&rotation, &scene.keys, jumped(DAY), None).unwrap();
    let token = issuer.issue(&spec(300), jumped(DAY).wall).unwrap();
    assert_eq!(parts(&token).0["kid"], before);
    let why = rotation.explain(&before, jumped(DAY)).unwrap();
    assert!(
        why.waits.contains(&Waiting::Clock(ClockState::Held)),
        "{why}"
    );
    // A second clock agrees again with the right one.
    rotation.compare_clock(scene.clocks().wall, scene.clocks());
    assert_eq!(rotation.clock_state(), ClockState::Confirmed);
    scene.run_to(&mut rotation, NOW + 7 * DAY + 60);
    assert_ne!(active(&rotation), before);
}

#[test]
fn a_second_clock_that_disagrees_holds() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    for (time, state) in [
        (NOW + 15, ClockState::Confirmed),
        (NOW - 15, ClockState::Confirmed),
        (NOW + 16, ClockState::Held),
        (NOW, ClockState::Confirmed),
        (NOW - 16, ClockState::Held),
    ] {
        rotation.compare_clock(at(time), scene.clocks());
        assert_eq!(rotation.clock_state(), state, "{}", time - NOW);
    }
}

#[test]
fn the_private_half_goes_when_drained_and_the_public_one_when_the_last_token_has_expired() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    let old = active(&rotation);
    let reference = KeyRef::new(&issuer_id(), &RingName::from(ED), ED, &old);
    scene.run_to(&mut rotation, NOW + 7 * DAY);
    assert_ne!(active(&rotation), old);
    // R, D and E: 125 seconds.
    scene.run_to(&mut rotation, NOW + 7 * DAY + 120);
    assert!(scene.keys.get(&reference).is_ok());
    scene.run_to(&mut rotation, NOW + 7 * DAY + 180);
    assert!(matches!(
        scene.keys.get(&reference),
        Err(PrivateKeysError::Destroyed)
    ));
    assert!(matches!(
        scene.keys.put(&reference, &String::new().into()),
        Err(PrivateKeysError::Destroyed)
    ));
    scene.run_to(&mut rotation, NOW + 7 * DAY + 4_560);
    assert_eq!(kids(&rotation, StateName::Retiring), [&*old]);
    scene.run_to(&mut rotation, NOW + 7 * DAY + 4_620);
    assert_eq!(kids(&rotation, StateName::Withdrawn), [old]);
    assert_eq!(
        JwkSet::parse(&scene.site.documents.borrow().clone().unwrap().jwk_set.bytes)
            .unwrap()
            .keys()
            .len(),
        2
    );
}

/// I3′: what was reserved says when a key may go, whatever is asked for.
#[test]
fn an_early_withdrawal_is_refused_until_it_is_provably_safe() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    let old = active(&rotation);
    scene.run_to(&mut rotation, NOW + 7 * DAY);
    let error = rotation.withdraw_early(&old, scene.clocks()).unwrap_err();
    assert!(
        matches!(error, TransitionError::PrivateHalf { .. }),
        "{error}"
    );
    scene.run_to(&mut rotation, NOW + 7 * DAY + 180);
    let reserved = ring(&rotation).key(&old).unwrap().reserved_until().unwrap();
    let safe = reserved.as_seconds() + 300 + 60;
    let error = rotation.withdraw_early(&old, scene.clocks()).unwrap_err();
    let now = scene.now.get();
    assert_eq!(
        error.to_string(),
        format!("tokens of the key `{old}` are accepted until {safe}, now is {now}")
    );
    assert!(
        safe < NOW + 7 * DAY + 4_565,
        "the window is longer than the last reserve"
    );
    scene.run_to(&mut rotation, safe - 1);
    assert!(rotation.withdraw_early(&old, scene.clocks()).is_err());
    scene.now.set(safe);
    rotation.withdraw_early(&old, scene.clocks()).unwrap();
    scene.pass(&mut rotation);
    assert_eq!(kids(&rotation, StateName::Withdrawn), [old]);
}

/// 2.8: promote an aged standby, revoke, publish without it, and say when it is over.
#[test]
fn a_revocation_promotes_an_aged_standby_in_the_same_write() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 2 * DAY);
    let (stolen, standby) = (
        active(&rotation),
        kids(&rotation, StateName::Published).remove(0),
    );
    let now = scene.now.get();
    // A dry run changes nothing.
    let plan = revoke(&scene, &mut rotation.clone(), Successor::Aged).unwrap();
    scene.pass(&mut rotation);
    assert_eq!(active(&rotation), stolen);

    let done = revoke(&scene, &mut rotation, Successor::Aged).unwrap();
    assert_eq!(
        format!("{:?}", done.distrust),
        format!("{:?}", plan.distrust)
    );
    assert_eq!(
        (done.successor.as_deref(), done.unseen_until),
        (Some(&*standby), None)
    );
    let when: Vec<_> = done
        .distrust
        .iter()
        .map(|one| (one.class, one.at))
        .collect();
    assert_eq!(
        when,
        [
            (ConsumerClass::Signers, Some(at(now + 125))),
            (ConsumerClass::Honouring, Some(at(now + 60 + 1_200))),
            (ConsumerClass::HardCoded, Some(at(now + 60 + DAY))),
            (ConsumerClass::Snapshot, None),
        ]
    );
    let [(id, document)] = &done.documents[..] else {
        panic!("{done:?}");
    };
    assert_eq!(*id, issuer_id());
    scene.pass(&mut rotation);
    assert_eq!(active(&rotation), standby);
    assert_eq!(kids(&rotation, StateName::Revoked), [&*stolen]);
    // Its private half is gone at once, and the documents before the next standby were those.
    let reference = KeyRef::new(&issuer_id(), &RingName::from(ED), ED, &stolen);
    assert!(matches!(
        scene.keys.get(&reference),
        Err(PrivateKeysError::Destroyed)
    ));
    let text = String::from_utf8(document.bytes.clone()).unwrap();
    assert!(text.contains(&standby) && !text.contains(&stolen));
    // Twice is once.
    let error = rotation
        .revoke(
            &stolen,
            RevocationReason::Compromised,
            Successor::Aged,
            scene.clocks(),
        )
        .unwrap_err();
    assert_eq!(error.code(), "wrong_state");
}

#[test]
fn without_an_aged_standby_the_choice_is_the_operators() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    // The standby is staged at first, and young for a day.
    scene.run_to(&mut rotation, NOW + HOUR);
    let stolen = active(&rotation);
    let standby = &ring(&rotation).standbys().next().unwrap().clone();
    let from = standby.state().since().as_seconds() + DAY + 60;
    let error = revoke(&scene, &mut rotation, Successor::Aged).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no standby may take over from `{stolen}` before {from}")
    );
    scene.pass(&mut rotation);
    assert_eq!(active(&rotation), stolen, "nothing has changed");

    let mut other = rotation.clone();
    let plan = revoke(&scene, &mut other, Successor::None).unwrap();
    assert_eq!((plan.successor, plan.unseen_until), (None, None));

    let done = revoke(&scene, &mut rotation, Successor::Seen).unwrap();
    assert_eq!(done.unseen_until, Some(at(from)));
    scene.pass(&mut rotation);
    assert_eq!(active(&rotation), standby.kid());
}

#[test]
fn a_revocation_survives_a_lost_commit() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 2 * DAY);
    let stolen = active(&rotation);
    revoke(&scene, &mut rotation, Successor::Aged).unwrap();
    let Step::Commit(_) = rotation.poll(scene.clocks()) else {
        panic!("a commit is due");
    };
    rotation.handle_conflict(scene.clocks());
    scene.pass(&mut rotation);
    assert_eq!(kids(&rotation, StateName::Revoked), [stolen]);
}

#[test]
fn lost_private_keys_are_said_and_no_key_takes_their_place_in_silence() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 2 * DAY);
    let lost = active(&rotation);
    let reference = KeyRef::new(&issuer_id(), &RingName::from(ED), ED, &lost);
    scene.keys.destroy(&reference).unwrap();
    let issuer = scene.issuer(&rotation);
    let [(kid, error)] = issuer.unusable() else {
        panic!("{issuer:?}");
    };
    assert_eq!((kid, error.code()), (&lost, "private_key_destroyed"));
    rotation.handle_unusable(kid, scene.clocks());
    let unusable = |event: &Event| matches!(event, Event::Unusable { kid, .. } if *kid == lost);
    assert!(rotation.take_events().iter().any(unusable));
    let error = issuer.issue(&spec(60), at(scene.now.get())).unwrap_err();
    assert_eq!(error.to_string(), "no key of the ring `EdDSA` may sign");
    scene.run_to(&mut rotation, scene.now.get() + HOUR);
    assert_eq!(active(&rotation), lost);
    // Documents are served all the same, and a person decides.
    assert_eq!(issuer.published_keys().len(), 2);
    rotation
        .revoke(
            &lost,
            RevocationReason::Lost,
            Successor::Aged,
            scene.clocks(),
        )
        .unwrap();
    scene.pass(&mut rotation);
    assert!(
        scene
            .issuer(&rotation)
            .issue(&spec(60), at(scene.now.get()))
            .is_ok()
    );
}

/// A look misses a standby, the write that says so is lost, and the next look sees it again: whoever has
/// fetched in between does not know it, for as long as they hold what they have.
#[test]
fn a_miss_is_remembered_until_the_state_says_so() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 7 * DAY - 60);
    let signs = active(&rotation);
    let [standby] = &kids(&rotation, StateName::Published)[..] else {
        panic!("one standby");
    };
    let of = |state: &RotationState| state.key(standby).unwrap().1.state().clone();
    let known = of(rotation.state().unwrap());
    let without = rotation
        .state()
        .unwrap()
        .key(&signs)
        .unwrap()
        .1
        .jwk()
        .clone();
    *scene.site.shows.borrow_mut() = Some(vec![without]);
    scene.now.set(NOW + 7 * DAY + 600);
    loop {
        let step = rotation.poll(scene.clocks());
        let lost =
            matches!(&step, Step::Commit(step) if of(&step.state).name() == StateName::Staged);
        if lost {
            rotation.handle_commit_failed(scene.clocks());
            break;
        }
        take(&scene, &mut rotation, step);
    }
    // The address is as it was before.
    *scene.site.shows.borrow_mut() = None;
    let sighting = scene.site.look(&issuer_id()).unwrap();
    rotation.handle_sighting(&issuer_id(), sighting, scene.clocks());
    let mut emergency = rotation.clone();
    let error = revoke(&scene, &mut emergency, Successor::Aged).unwrap_err();
    assert_eq!(error.code(), "no_successor");
    revoke(&scene, &mut emergency, Successor::Seen).unwrap();

    scene.run_to(&mut rotation, scene.now.get() + 600);
    assert_eq!(active(&rotation), signs);
    let again = of(rotation.state().unwrap());
    assert_eq!(again.name(), StateName::Published);
    assert!(again.since() > known.since(), "{again:?}");
    let aged = again.since().as_seconds() + DAY + 60;
    scene.run_to(&mut rotation, aged - 1);
    assert_eq!(active(&rotation), signs);
    scene.run_to(&mut rotation, aged + 60);
    assert_eq!(active(&rotation), *standby);
}

/// The private half of a standby is gone: promoted, it would take its ring out of service.
#[test]
fn a_standby_that_is_lost_is_not_promoted_and_another_is_made() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 2 * DAY);
    let signs = active(&rotation);
    let [lost] = &kids(&rotation, StateName::Published)[..] else {
        panic!("one standby");
    };
    let reference = KeyRef::new(&issuer_id(), &RingName::from(ED), ED, lost);
    scene.keys.destroy(&reference).unwrap();
    let can_sign = |rotation: &Rotation| {
        let issuer = scene.issuer(rotation);
        issuer.issue(&spec(60), at(scene.now.get())).unwrap();
    };
    scene.run_to(&mut rotation, NOW + 7 * DAY + HOUR);
    assert_eq!(active(&rotation), signs);
    can_sign(&rotation);
    let unusable = |event: &Event| matches!(event, Event::Unusable { kid, .. } if kid == lost);
    assert!(rotation.take_events().iter().any(unusable));
    scene.run_to(&mut rotation, NOW + 8 * DAY + 2 * HOUR);
    assert!(![&signs, lost].contains(&&active(&rotation)));
    can_sign(&rotation);
}

/// A KMS in an outage: the key that signs goes on, and its successor loses nothing.
#[test]
fn a_promotion_waits_for_private_keys_that_cannot_be_reached_and_a_revocation_does_not() {
    /// Gives no private half.
    struct Outage<'k>(&'k MemoryKeys);
    impl PrivateKeys for Outage<'_> {
        fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
            self.0.put(key, pem)
        }
        fn get(&self, _: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
            Err(PrivateKeysError::Unavailable(StoreError::new("timed out")))
        }
        fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
            self.0.destroy(key)
        }
        fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
            self.0.list()
        }
    }
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 7 * DAY - HOUR);
    let (signs, [standby]) = (
        active(&rotation),
        &kids(&rotation, StateName::Published)[..],
    ) else {
        panic!("one standby");
    };
    let in_outage = |rotation: &mut Rotation| {
        let (store, keys, site) = (&scene.store, &Outage(&scene.keys), &scene.site);
        let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &scene.random);
        drive(rotation, store, keys, site, make, || scene.clocks())
            .failures
            .len()
    };
    scene.now.set(NOW + 7 * DAY + HOUR);
    assert_eq!(in_outage(&mut rotation), 1);
    assert_eq!(active(&rotation), signs);
    // However long it is: how far its tokens may reach is committed all the time.
    for _ in 0..12 {
        scene.now.set(scene.now.get() + 600);
        assert_eq!(in_outage(&mut rotation), 1);
        assert_eq!(active(&rotation), signs);
        let exp = scene
            .issuer(&rotation)
            .issue(&spec(60), at(scene.now.get()));
        assert_eq!(exp.unwrap().expires_at(), at(scene.now.get() + 60));
    }
    let mut other = rotation.clone();
    scene.now.set(scene.now.get() + 60);
    assert_eq!(scene.pass(&mut rotation), Vec::<String>::new());
    assert_eq!(active(&rotation), *standby);

    // The other replica has read nothing since.
    other.handle_conflict(scene.clocks());
    in_outage(&mut other);
    scene.run_to(&mut other, scene.now.get() + 2 * DAY);
    let stolen = active(&other);
    revoke(&scene, &mut other, Successor::Aged).unwrap();
    assert_eq!(in_outage(&mut other), 0);
    assert_eq!(kids(&other, StateName::Revoked), [stolen]);
}

/// Both slots of diridp are expired then, and a fresh key signs at once (W6). Here the standby has
/// been seen for long, and is looked for before it signs.
#[test]
fn after_a_long_downtime_the_standby_that_was_seen_takes_over() {
    let scene = Scene::new();
    let rotation = scene.start(config());
    let (old, standby) = (
        active(&rotation),
        kids(&rotation, StateName::Staged).remove(0),
    );
    let mut rotation = rotation;
    scene.run_to(&mut rotation, NOW + HOUR);
    drop(rotation);
    scene.now.set(NOW + 60 * DAY);
    let mut rotation = Rotation::new(config());
    scene.pass(&mut rotation);
    // Nothing confirms the clock yet: the old key signs on.
    assert_eq!(active(&rotation), old);
    rotation.confirm_clock(scene.clocks());
    scene.pass(&mut rotation);
    assert_eq!(active(&rotation), standby);
    assert!(
        scene
            .issuer(&rotation)
            .issue(&spec(3_600), at(scene.now.get()))
            .is_ok()
    );
}

#[test]
fn a_restored_backup_revives_nothing() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 2 * DAY);
    let backup = scene.store.load().unwrap().unwrap();
    let stolen = active(&rotation);
    revoke(&scene, &mut rotation, Successor::Aged).unwrap();
    scene.pass(&mut rotation);
    let witness = rotation.witness().unwrap();
    assert_eq!(witness.gone(), [&*stolen]);
    let newest = scene.store.load().unwrap().unwrap();
    scene
        .store
        .commit(Some(&newest.version), &backup.state)
        .unwrap();

    // A replica that knew better stops; a new one is told by the witness.
    scene.now.set(scene.now.get() + 20);
    scene.pass(&mut rotation);
    assert!(
        rotation
            .take_events()
            .iter()
            .any(|event| matches!(event, Event::RolledBack { .. }))
    );
    assert_eq!(rotation.signs_until(scene.clocks()), None);
    let mut fresh = Rotation::new(config());
    fresh.remember(witness);
    fresh.confirm_clock(scene.clocks());
    scene.pass(&mut fresh);
    assert!(fresh.state().is_none() && fresh.signs_until(scene.clocks()).is_none());
    // Accepted, the key that was gone is revoked again before anything is signed with it.
    assert!(fresh.accept_rollback(scene.clocks()));
    assert!(
        !rotation.accept_rollback(scene.clocks()),
        "somebody may still sign by the lost state"
    );
    scene.pass(&mut fresh);
    assert_eq!(kids(&fresh, StateName::Revoked), [stolen]);
    assert_eq!(kids(&fresh, StateName::Active).len(), 1);
}

#[test]
fn a_key_that_the_state_does_not_know_is_not_published_over() {
    let scene = Scene::new();
    let stranger = common::key(ED).public_jwk().clone();
    *scene.site.shows.borrow_mut() = Some(vec![stranger.clone()]);
    let mut rotation = Rotation::new(config());
    rotation.confirm_clock(scene.clocks());
    scene.pass(&mut rotation);
    scene.run_to(&mut rotation, NOW + HOUR);
    assert_eq!(
        rotation.unknown_published(),
        [stranger.kid().unwrap().to_owned()]
    );
    assert!(scene.site.documents.borrow().is_none());

    // Tokens of it may be alive: it stays, as a retiring key.
    let mut keeps = rotation.clone();
    keeps.adopt(&RingName::from(ED), stranger.kid().unwrap());
    *scene.site.shows.borrow_mut() = None;
    *scene.site.documents.borrow_mut() = None;
    scene.pass(&mut keeps);
    assert_eq!(kids(&keeps, StateName::Retiring), [stranger.kid().unwrap()]);
    assert!(keeps.unknown_published().is_empty());
    // Somebody may hold the older JWK Set, so no key signs before its time.
    scene.run_to(&mut keeps, NOW + 20 * HOUR);
    assert_eq!(kids(&keeps, StateName::Active), Vec::<String>::new());
    scene.run_to(&mut keeps, NOW + 26 * HOUR);
    assert_eq!(kids(&keeps, StateName::Active).len(), 1);
}

#[test]
fn a_key_that_was_judged_a_strangers_is_published_over() {
    let scene = Scene::new();
    let stranger = common::key(ED).public_jwk().clone();
    *scene.site.shows.borrow_mut() = Some(vec![stranger.clone()]);
    let mut rotation = Rotation::new(config());
    rotation.confirm_clock(scene.clocks());
    scene.pass(&mut rotation);
    rotation.disown(stranger.kid().unwrap());
    scene.pass(&mut rotation);
    assert!(scene.site.documents.borrow().is_some());
}

/// I10: discovery lists the algorithm before its first token, and its key waits like any other.
#[test]
fn a_new_algorithm_is_announced_before_its_first_token() {
    let scene = Scene::new();
    let rotation = scene.start(config());
    drop(rotation);
    let policy = RotationPolicy::default();
    let both = config().ring(Algorithm::Es256, policy).unwrap();
    let both = both
        .audience("aws", RingName::from(Algorithm::Es256))
        .unwrap();
    scene.now.set(NOW + HOUR);
    let mut rotation = scene.start(both);
    let es256 = spec(60).with_algorithm(Algorithm::Es256);
    let for_aws = TokenSpec::new("job", "aws").unwrap();
    let try_it = |rotation: &Rotation, spec: &TokenSpec| {
        scene
            .issuer(rotation)
            .issue(spec, at(scene.now.get()))
            .map(|token| parts(&token).0["alg"].clone())
    };
    assert_eq!(
        try_it(&rotation, &es256).unwrap_err().code(),
        "no_active_key"
    );
    assert_eq!(
        try_it(&rotation, &for_aws).unwrap_err().code(),
        "no_active_key"
    );
    let discovery = scene
        .site
        .documents
        .borrow()
        .clone()
        .unwrap()
        .discovery
        .bytes;
    assert!(
        String::from_utf8(discovery)
            .unwrap()
            .contains(r#"["ES256","EdDSA"]"#)
    );
    scene.run_to(&mut rotation, NOW + 25 * HOUR);
    assert_eq!(
        try_it(&rotation, &es256).unwrap_err().code(),
        "no_active_key"
    );
    scene.run_to(&mut rotation, NOW + 25 * HOUR + 240);
    assert_eq!(try_it(&rotation, &es256).unwrap(), "ES256");
    // Chosen by audience.
    assert_eq!(try_it(&rotation, &for_aws).unwrap(), "ES256");
    assert_eq!(try_it(&rotation, &spec(60)).unwrap(), "EdDSA");
}

/// Of the token, not of the configuration: the token says who comes first.
#[test]
fn the_first_audience_that_has_a_ring_chooses_it() {
    let scene = Scene::new();
    let es256 = RingName::from(Algorithm::Es256);
    let both = config().ring(Algorithm::Es256, RotationPolicy::default());
    let both = both.unwrap().audience("one", ED.into()).unwrap();
    let rotation = scene.start(both.audience("two", es256).unwrap());
    let issuer = scene.issuer(&rotation);
    for (audiences, alg) in [
        (&["one", "two"][..], "EdDSA"),
        (&["two", "one"], "ES256"),
        (&["none", "two", "one"], "ES256"),
        (&["none"], "EdDSA"),
    ] {
        let audience = oidc_core::Audience::many(audiences.iter().copied()).unwrap();
        let spec = TokenSpec::for_audience("job", audience).unwrap();
        let token = issuer.issue(&spec, at(scene.now.get())).unwrap();
        assert_eq!(parts(&token).0["alg"], alg, "{audiences:?}");
    }
}

#[test]
fn a_ring_that_is_retired_leaves_like_any_key() {
    let scene = Scene::new();
    let policy = RotationPolicy::default();
    let mut rotation = scene.start(config().ring(Algorithm::Es256, policy).unwrap());
    let gone = RingName::from(Algorithm::Es256);
    assert_eq!(
        rotation
            .retire_ring(&RingName::new("none").unwrap(), scene.clocks())
            .unwrap_err()
            .to_string(),
        "no ring has the name `none`"
    );
    drop(rotation);
    let mut rotation = scene.start(config());
    rotation.retire_ring(&gone, scene.clocks()).unwrap();
    scene.pass(&mut rotation);
    let states = |rotation: &Rotation| -> Vec<_> {
        let ring = rotation.state().unwrap().ring(&gone).unwrap().clone();
        ring.keys().iter().map(|key| key.state().name()).collect()
    };
    assert_eq!(states(&rotation), [StateName::Retiring, StateName::Revoked]);
    let listed = |scene: &Scene| {
        let documents = scene.site.documents.borrow().clone().unwrap();
        String::from_utf8(documents.discovery.bytes)
            .unwrap()
            .contains("ES256")
    };
    assert!(listed(&scene), "tokens of it are still valid");
    scene.run_to(&mut rotation, NOW + 2 * HOUR);
    assert_eq!(
        states(&rotation),
        [StateName::Withdrawn, StateName::Revoked]
    );
    assert!(!listed(&scene));
}

#[test]
fn one_ring_serves_several_names_and_a_key_is_seen_under_all_of_them() {
    let scene = Scene::new();
    let old = IssuerIdentifier::parse("https://old.example/ci").unwrap();
    let config = config().also_known_as(old.clone()).unwrap();
    let mut rotation = Rotation::new(config.clone());
    rotation.confirm_clock(scene.clocks());
    // The old address cannot be looked at.
    for _ in 0..40 {
        let step = rotation.poll(scene.clocks());
        if let Step::Load = step {
            rotation.handle_loaded(None, scene.clocks());
        } else if let Step::Look { issuer, .. } = step {
            if issuer == old {
                rotation.handle_look_failed(&issuer, scene.clocks());
            } else {
                rotation.handle_sighting(&issuer, Sighting::nothing(), scene.clocks());
            }
        } else {
            // Nothing is decided before all addresses were seen.
            assert!(matches!(step, Step::Wait(_)), "{step:?}");
            break;
        }
    }
    let rotation = scene.start(config);
    let under = |id: &IssuerIdentifier| {
        Issuer::of_rotation_as(id, &rotation, &scene.keys, scene.clocks(), None)
    };
    for id in [issuer_id(), old] {
        let issuer = under(&id).unwrap();
        let (header, claims) = parts(&issuer.issue(&spec(60), at(NOW)).unwrap());
        assert_eq!(
            (&header["kid"], &claims["iss"]),
            (&active(&rotation).into(), &id.as_str().into())
        );
        assert_eq!(issuer.jwks_uri(), format!("{id}/.well-known/jwks.json"));
    }
    assert_eq!(
        under(&IssuerIdentifier::parse("https://other.example").unwrap())
            .unwrap_err()
            .code(),
        "unknown_issuer"
    );
}

#[test]
fn the_state_of_another_issuer_is_not_gone_by() {
    let scene = Scene::new();
    scene.start(config());
    let other = IssuerIdentifier::parse("https://other.example").unwrap();
    let mut rotation = Rotation::new(
        RotationConfig::new(other)
            .ring(ED, RotationPolicy::default())
            .unwrap(),
    );
    scene.pass(&mut rotation);
    let foreign = rotation.take_events();
    let [Event::ForeignState { issuer, .. }] = &foreign[..] else {
        panic!("{foreign:?}");
    };
    assert_eq!(*issuer, issuer_id());
    assert!(rotation.state().is_none());
}

/// W2, W3: whatever fails is tried again, for as long as it takes.
#[test]
fn a_step_that_fails_is_tried_again() {
    let scene = Scene::new();
    let mut rotation = Rotation::new(config());
    rotation.confirm_clock(scene.clocks());
    scene.site.down.set(true);
    assert_eq!(scene.pass(&mut rotation), ["the store failed"]);
    scene.run_to(&mut rotation, NOW + HOUR);
    assert!(
        rotation.state().unwrap().rings().is_empty(),
        "nothing is made before the first look"
    );
    scene.site.down.set(false);
    scene.run_to(&mut rotation, NOW + HOUR + 60);
    assert_eq!(kids(&rotation, StateName::Active).len(), 1);
}

#[test]
fn the_calendar_lists_what_comes_next() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    scene.run_to(&mut rotation, NOW + 7 * DAY + 300);
    let now = scene.now.get();
    let calendar = rotation.calendar(scene.clocks());
    let entry = |entry: &oidc_issuer::CalendarEntry| (entry.at.as_seconds() - now, entry.to);
    let mut entries: Vec<_> = calendar.iter().map(entry).collect();
    entries.sort_unstable();
    let turn = 7 * DAY - 300;
    assert_eq!(
        entries,
        [
            (4_565 - 300, StateName::Withdrawn),
            (turn, StateName::Active),
            (turn, StateName::Retiring),
        ]
    );
    let why = rotation
        .explain(&active(&rotation), scene.clocks())
        .unwrap();
    assert_eq!(why.next, Some(StateName::Retiring));
    let until = NOW + 14 * DAY;
    assert_eq!(
        why.to_string(),
        format!(
            "`{}` of `EdDSA` is active since {}; retiring next, but the period of the active key ends at {until}",
            active(&rotation),
            NOW + 7 * DAY
        )
    );
    assert_eq!(rotation.explain("nobody", scene.clocks()), None);
}

/// Private halves that a crash left behind, before their key was committed.
#[test]
fn a_private_half_that_no_state_knows_is_an_orphan() {
    let scene = Scene::new();
    let mut rotation = scene.start(config());
    let orphan = KeyRef::new(&issuer_id(), &RingName::from(ED), ED, "left behind");
    scene.keys.put(&orphan, &String::from("x").into()).unwrap();
    scene.pass(&mut rotation);
    let orphans: Vec<_> = scene
        .keys
        .list()
        .unwrap()
        .into_iter()
        .filter(|key| rotation.is_orphan(key))
        .collect();
    assert_eq!(orphans, [orphan]);
}

#[test]
fn names_rings_and_audiences_are_all_different() {
    let policy = RotationPolicy::default();
    for (error, text, code) in [
        (
            config().ring(ED, policy).unwrap_err(),
            "two rings have the name `EdDSA`",
            "duplicate_ring",
        ),
        (
            config().also_known_as(issuer_id()).unwrap_err(),
            "the issuer has the name `https://ci.example` twice",
            "duplicate_issuer",
        ),
        (
            config()
                .audience("a", RingName::new("b").unwrap())
                .unwrap_err(),
            "no ring has the name `b`",
            "no_ring",
        ),
        (
            config()
                .audience("a", ED.into())
                .and_then(|config| config.audience("a", ED.into()))
                .unwrap_err(),
            "the audience `a` has two rings",
            "duplicate_audience",
        ),
    ] {
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }
    let named = |config: RotationConfig, number: usize| {
        config.named_ring(RingName::new(&format!("r{number}")).unwrap(), ED, policy)
    };
    let full = (1..RotationConfig::MAX_RINGS)
        .fold(config(), |config, number| named(config, number).unwrap());
    assert_eq!(
        named(full, 12).unwrap_err().to_string(),
        "more than 12 rings"
    );
}
