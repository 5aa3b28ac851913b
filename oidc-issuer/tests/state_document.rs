//! The state document and where it is kept: what is read, what is refused, and what a store must do.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of a test program"
)]

mod common;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use common::{NOW, at, key};
use oidc_core::{Algorithm, IssuerIdentifier};
use oidc_issuer::store::{
    CommitError, MemoryKeys, MemoryStore, StateStore, StoreError, Stored, conformance,
};
use oidc_issuer::{
    Clocks, Documents, Event, Publisher, RingName, Rotation, RotationConfig, RotationPolicy,
    RotationState, Sighting, SigningKey, SystemRandom, Version, drive,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

struct Nowhere;

impl Publisher for Nowhere {
    fn publish(&self, _: &IssuerIdentifier, _: &Documents) -> Result<(), StoreError> {
        Ok(())
    }

    fn look(&self, _: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        Ok(Sighting::nothing())
    }
}

/// A document with two staged keys, always the same.
fn document() -> Vec<u8> {
    static DOCUMENT: LazyLock<Vec<u8>> = LazyLock::new(new_document);
    DOCUMENT.clone()
}

fn new_document() -> Vec<u8> {
    let store = MemoryStore::new();
    let issuer = IssuerIdentifier::parse(common::ISSUER).unwrap();
    let policy = RotationPolicy::default();
    let config = RotationConfig::new(issuer)
        .ring(Algorithm::EdDsa, policy)
        .unwrap();
    let mut rotation = Rotation::new(config);
    let clocks = Clocks::new(at(NOW), Duration::ZERO);
    let (keys, random) = (MemoryKeys::new(), SystemRandom::new());
    let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &random);
    let pass = drive(&mut rotation, &store, &keys, &Nowhere, make, || clocks);
    assert!(pass.failures.is_empty());
    store.load().unwrap().unwrap().state
}

fn edited(edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&document()).unwrap();
    edit(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn a_document_reads_as_the_state_that_wrote_it() {
    let json = document();
    let state = RotationState::from_json(&json).unwrap();
    assert_eq!(state.to_json(), json);
    assert_eq!((state.generation(), state.rings().len()), (3, 1));
    assert_eq!(state.issuer().as_str(), common::ISSUER);
    assert_eq!(state.published().count(), 2);
    assert_eq!(state.transitions().len(), 2);
    // Times and public halves, and nothing private.
    assert!(!String::from_utf8(json).unwrap().contains("\"d\""));
}

#[test]
fn what_is_no_state_is_refused_with_its_reason() {
    let error = |json: &[u8]| {
        let error = RotationState::from_json(json).unwrap_err();
        (error.to_string(), error.code())
    };
    let state = RotationState::from_json(&document()).unwrap();
    let kid = state.rings()[0].keys()[0].kid().to_owned();
    for (json, text, code) in [
        (
            vec![b' '; RotationState::MAX_BYTES + 1],
            "state document is longer than 4194304 bytes".to_owned(),
            "state_too_long",
        ),
        (
            b"{".to_vec(),
            "state document cannot be read at line 1, column 1".to_owned(),
            "state_json",
        ),
        (
            edited(|state| state["format"] = json!(2)),
            "state document has format 2".to_owned(),
            "state_format",
        ),
        (
            edited(|state| state["log"]["entries"][1]["at"] = json!(NOW + 1)),
            "transitions are torn at generation 3".to_owned(),
            "state_chain",
        ),
        (
            edited(|state| {
                let keys = &mut state["rings"][0]["keys"];
                keys[1] = keys[0].clone();
            }),
            format!("state document has the key `{kid}` twice or without an id"),
            "state_keys",
        ),
        (
            // Nothing is reserved for a key that signs.
            edited(|state| {
                state["rings"][0]["keys"][0]["state"] = json!({"name": "active", "since": NOW});
            }),
            "ring `EdDSA` of the state document contradicts itself".to_owned(),
            "state_ring",
        ),
    ] {
        assert_eq!(error(&json), (text, code));
    }
    let spaces = vec![b' '; RotationState::MAX_BYTES];
    assert_eq!(error(&spaces).1, "state_json");
    // Unknown members, private halves, and keys without an id or of another algorithm.
    for json in [
        edited(|state| state["new"] = json!(1)),
        edited(|state| state["rings"][0]["keys"][0]["jwk"]["d"] = json!("AAAA")),
        edited(|state| {
            let jwk = state["rings"][0]["keys"][0]["jwk"].as_object_mut().unwrap();
            jwk.remove("kid");
        }),
        edited(|state| state["rings"][0]["name"] = json!("../x")),
    ] {
        assert_eq!(error(&json).1, "state_json");
    }
    let other = serde_json::to_value(key(Algorithm::Es256).public_jwk()).unwrap();
    let json = edited(|state| state["rings"][0]["keys"][0]["jwk"] = other);
    assert_eq!(error(&json).1, "state_ring");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A torn or spoilt document is refused, or reads as a state that is whole.
    #[test]
    fn a_spoilt_document_is_refused_or_whole(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        cut in proptest::option::of(any::<Index>()),
    ) {
        let mut json = document();
        for (index, value) in changes {
            let index = index.index(json.len());
            json[index] = value;
        }
        if let Some(cut) = cut {
            json.truncate(cut.index(json.len()));
        }
        if let Ok(state) = RotationState::from_json(&json) {
            prop_assert_eq!(RotationState::from_json(&state.to_json()), Ok(state));
        }
    }
}

#[test]
fn a_cut_document_is_always_refused() {
    let json = document();
    for length in 0..json.len() {
        assert!(
            RotationState::from_json(&json[..length]).is_err(),
            "{length}"
        );
    }
}

#[test]
fn the_store_in_memory_conforms() {
    let store = Arc::new(MemoryStore::new());
    assert_eq!(conformance::check(|| Arc::clone(&store)), Ok(()));
}

/// A store in memory that does one thing wrong.
struct Wrong {
    store: MemoryStore,
    fault: Fault,
    loads: Mutex<u32>,
    commits: Mutex<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    IgnoresConditions,
    ReusesVersions,
    LosesWrites,
    TearsDocuments,
    BeginsAnewWhenItFails,
}

impl StateStore for Wrong {
    fn load(&self) -> Result<Option<Stored>, StoreError> {
        let mut loaded = self.store.load()?;
        let mut calls = self.loads.lock().unwrap();
        *calls += 1;
        if let Some(stored) = &mut loaded {
            match self.fault {
                Fault::ReusesVersions => {
                    let name: String = stored
                        .state
                        .iter()
                        .take(9)
                        .map(|byte| char::from(*byte))
                        .collect();
                    stored.version = Version::new(name);
                }
                Fault::TearsDocuments if stored.state.len() > 1_000 && calls.is_multiple_of(2) => {
                    let half = stored.state.len() / 2;
                    stored.state[half..].fill(b'z');
                }
                Fault::BeginsAnewWhenItFails if calls.is_multiple_of(7) => return Ok(None),
                Fault::IgnoresConditions
                | Fault::LosesWrites
                | Fault::TearsDocuments
                | Fault::BeginsAnewWhenItFails => {}
            }
        }
        Ok(loaded)
    }

    fn commit(&self, expected: Option<&Version>, state: &[u8]) -> Result<(), CommitError> {
        let there = self.store.load().map_err(CommitError::Unknown)?;
        let there = there.map(|stored| stored.version);
        let mut calls = self.commits.lock().unwrap();
        *calls += 1;
        match self.fault {
            Fault::IgnoresConditions if expected.is_some() => {
                self.store.commit(there.as_ref(), state)
            }
            Fault::LosesWrites if calls.is_multiple_of(11) => Ok(()),
            Fault::ReusesVersions if expected.is_some() => {
                drop(calls);
                let shown = self.load().map_err(CommitError::Unknown)?;
                if shown.map(|stored| stored.version).as_ref() == expected {
                    self.store.commit(there.as_ref(), state)
                } else {
                    Err(CommitError::Conflict)
                }
            }
            Fault::IgnoresConditions
            | Fault::LosesWrites
            | Fault::ReusesVersions
            | Fault::TearsDocuments
            | Fault::BeginsAnewWhenItFails => self.store.commit(expected, state),
        }
    }
}

#[test]
fn the_suite_finds_what_a_store_does_wrong() {
    for (fault, rule) in [
        (Fault::IgnoresConditions, "an empty store has no version"),
        (Fault::ReusesVersions, "a version does not come back"),
        (Fault::LosesWrites, ""),
        (Fault::TearsDocuments, "no reader sees a torn document"),
        (Fault::BeginsAnewWhenItFails, ""),
    ] {
        let store = Arc::new(Wrong {
            store: MemoryStore::new(),
            fault,
            loads: Mutex::new(0),
            commits: Mutex::new(0),
        });
        let error = conformance::check(|| Arc::clone(&store)).unwrap_err();
        // Where a fault shows first is for some a matter of timing.
        assert!(error.rule == rule || rule.is_empty(), "{error}");
    }
}

#[test]
fn a_document_that_cannot_be_read_stops_the_replica() {
    let store = MemoryStore::new();
    store.commit(None, b"{}").unwrap();
    let issuer = IssuerIdentifier::parse(common::ISSUER).unwrap();
    let policy = RotationPolicy::default();
    let config = RotationConfig::new(issuer)
        .ring(Algorithm::EdDsa, policy)
        .unwrap();
    let mut rotation = Rotation::new(config);
    let clocks = Clocks::new(at(NOW), Duration::ZERO);
    let (keys, random) = (MemoryKeys::new(), SystemRandom::new());
    let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &random);
    let pass = drive(&mut rotation, &store, &keys, &Nowhere, make, || clocks);
    let failures: Vec<_> = pass.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        failures,
        ["state document cannot be read at line 1, column 2"]
    );
    assert!(rotation.state().is_none() && rotation.signs_until(clocks).is_none());
    assert_eq!(rotation.take_events(), Vec::<Event>::new());
    assert_eq!(
        store.load().unwrap().unwrap().state,
        b"{}",
        "nothing begins anew over it"
    );
}
