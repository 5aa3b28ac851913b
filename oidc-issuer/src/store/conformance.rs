//! What every [`StateStore`] must do, as a suite to run over yours.
//!
//! ```
//! use std::sync::Arc;
//! use oidc_issuer::store::{MemoryStore, conformance};
//!
//! let store = Arc::new(MemoryStore::new());
//! // Each call opens another handle on one and the same empty store.
//! conformance::check(|| Arc::clone(&store))?;
//! # Ok::<(), conformance::Nonconformance>(())
//! ```

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use oidc_core::{Algorithm, Ed25519PublicKey, IssuerIdentifier, Jwk, NumericDate};

use super::{CommitError, StateStore, StoreError, Stored};
use crate::rotation::{Clocks, Event, Rotation, RotationConfig, Sighting, Step, Version};
use crate::rotation_policy::RotationPolicy;
use crate::state::RotationState;

/// What a store did that it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
#[non_exhaustive]
pub struct Nonconformance {
    /// The rule that was broken, or the call that failed.
    pub rule: &'static str,
}

/// A shared handle is a handle.
impl<S: StateStore + ?Sized> StateStore for Arc<S> {
    fn load(&self) -> Result<Option<Stored>, StoreError> {
        (**self).load()
    }

    fn commit(&self, expected: Option<&Version>, state: &[u8]) -> Result<(), CommitError> {
        (**self).commit(expected, state)
    }
}

/// Runs every check. `open` opens another handle on one and the same store, which is empty before
/// the first call; the checks leave it with a document.
///
/// # Errors
///
/// [`Nonconformance`] names the first rule that the store breaks.
pub fn check<S: StateStore + Send>(open: impl Fn() -> S) -> Result<(), Nonconformance> {
    begins_empty(&open)?;
    conditions_count(&open)?;
    versions_never_return(&open)?;
    no_update_is_lost(&open)?;
    no_document_is_torn(&open)?;
    a_restored_backup_is_noticed(&open)
}

/// Where a document is expected and none is there, or another, nothing is written.
fn begins_empty<S: StateStore>(open: &impl Fn() -> S) -> Result<(), Nonconformance> {
    let store = open();
    rule(load(&store)?.is_none(), "an empty store has no document")?;
    let nobody = Version::new("nobody's");
    let refused = store.commit(Some(&nobody), b"{}");
    rule(is_conflict(&refused), "an empty store has no version")?;
    rule(load(&store)?.is_none(), "a refused commit writes nothing")?;
    commit(&store, None, b"first")?;
    let refused = open().commit(None, b"second");
    rule(
        is_conflict(&refused),
        "only one commit finds the store empty",
    )?;
    let stored = there(&open())?;
    rule(
        stored.state == b"first",
        "another handle reads what was committed",
    )
}

/// A store that accepts a condition and ignores it has two owners.
fn conditions_count<S: StateStore>(open: &impl Fn() -> S) -> Result<(), Nonconformance> {
    let (one, other) = (open(), open());
    let before = there(&one)?;
    rule(there(&other)? == before, "two handles read one version")?;
    commit(&one, Some(&before.version), b"by one")?;
    let refused = other.commit(Some(&before.version), b"by the other");
    rule(is_conflict(&refused), "a version is replaced once")?;
    rule(
        there(&other)?.state == b"by one",
        "a refused commit changes nothing",
    )
}

/// The same bytes again are another version, or a writer that slept would not notice.
fn versions_never_return<S: StateStore>(open: &impl Fn() -> S) -> Result<(), Nonconformance> {
    let store = open();
    let first = there(&store)?;
    commit(&store, Some(&first.version), b"between")?;
    let between = there(&store)?;
    commit(&store, Some(&between.version), &first.state)?;
    let again = there(&store)?;
    rule(again.state == first.state, "a document is kept as it is")?;
    rule(
        again.version != first.version,
        "a version does not come back",
    )?;
    let refused = store.commit(Some(&first.version), b"late");
    rule(is_conflict(&refused), "an old version does not come back")
}

/// Four writers, each adding its name 25 times to what it has read.
fn no_update_is_lost<S: StateStore + Send>(open: &impl Fn() -> S) -> Result<(), Nonconformance> {
    const ROUNDS: usize = 25;
    let store = open();
    let before = there(&store)?;
    commit(&store, Some(&before.version), b"")?;
    let write = |name: u8, store: S| {
        for _ in 0..ROUNDS {
            loop {
                let stored = there(&store)?;
                let mut state = stored.state;
                state.push(name);
                match store.commit(Some(&stored.version), &state) {
                    Ok(()) => break,
                    Err(CommitError::Conflict) => {}
                    Err(CommitError::Unknown(_)) => return Err(FAILED),
                }
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (b'a'..=b'd')
            .map(|name| {
                let store = open();
                scope.spawn(move || write(name, store))
            })
            .collect();
        for writer in writers {
            writer.join().map_err(|_| FAILED)??;
        }
        Ok(())
    })?;
    let state = there(&store)?.state;
    for name in b'a'..=b'd' {
        let of_name = state.iter().filter(|byte| **byte == name);
        rule(
            of_name.map(|_| 1).sum::<usize>() == ROUNDS,
            "no acknowledged commit is lost",
        )?;
    }
    Ok(())
}

/// A reader sees all of one document or all of another, of whatever length.
fn no_document_is_torn<S: StateStore + Send>(open: &impl Fn() -> S) -> Result<(), Nonconformance> {
    const LENGTH: usize = 300_000;
    let write = |store: S| {
        for round in 0..20_u8 {
            let version = there(&store)?.version;
            let length = if round % 2 == 0 { LENGTH } else { 1 };
            commit(
                &store,
                Some(&version),
                &vec![b'A'.saturating_add(round); length],
            )?;
        }
        Ok(())
    };
    let read = |store: S| {
        for _ in 0..60 {
            let state = there(&store)?.state;
            let first = state.first().copied().unwrap_or_default();
            let whole = state.iter().all(|byte| *byte == first);
            let alone = !first.is_ascii_uppercase() || matches!(state.len(), 1 | LENGTH);
            rule(
                !first.is_ascii_uppercase() || whole && alone,
                "no reader sees a torn document",
            )?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let writer = {
            let store = open();
            scope.spawn(move || write(store))
        };
        let reader = {
            let store = open();
            scope.spawn(move || read(store))
        };
        writer.join().map_err(|_| FAILED)??;
        reader.join().map_err(|_| FAILED)?
    })?;
    let long = vec![b'A'; LENGTH];
    commit(&open(), Some(&there(&open())?.version), &long)?;
    for _ in 0..4 {
        rule(
            there(&open())?.state == long,
            "no reader sees a torn document",
        )?;
    }
    Ok(())
}

/// Somebody puts an older document back: a replica that has read the newer one signs no more.
fn a_restored_backup_is_noticed<S: StateStore>(
    open: &impl Fn() -> S,
) -> Result<(), Nonconformance> {
    let store = open();
    let clocks = Clocks::new(NumericDate::MIN.saturating_add(DAY), Duration::ZERO);
    let issuer = IssuerIdentifier::parse("https://conformance.example").map_err(|_| FAILED)?;
    let config = RotationConfig::new(issuer.clone())
        .ring(Algorithm::EdDsa, RotationPolicy::default())
        .map_err(|_| FAILED)?;
    let mut rotation = Rotation::new(config);
    let mut backup = None;
    rotation.handle_loaded(None, clocks);
    rotation.handle_sighting(&issuer, Sighting::nothing(), clocks);
    for number in 0..16_u8 {
        match rotation.poll(clocks) {
            Step::Commit(step) => {
                let version = there(&store)?.version;
                commit(&store, Some(&version), &step.state.to_json())?;
                rotation.handle_committed(clocks);
            }
            Step::Load => {
                let stored = there(&store)?;
                let state = RotationState::from_json(&stored.state);
                rule(state.is_ok(), "a state document is kept as it is")?;
                backup.get_or_insert_with(|| stored.state.clone());
                let loaded = state.ok().map(|state| (state, stored.version));
                rotation.handle_loaded(loaded, clocks);
            }
            Step::Generate { ring, .. } => {
                rotation.handle_generated(&ring, stand_in(number)?, clocks);
            }
            Step::Publish { .. } | Step::Look { .. } | Step::Destroy(_) | Step::Wait(_) => break,
        }
    }
    let backup = backup.ok_or(FAILED)?;
    let version = there(&store)?.version;
    commit(&store, Some(&version), &backup)?;
    let stored = there(&store)?;
    let state = RotationState::from_json(&stored.state).map_err(|_| FAILED)?;
    rotation.take_events();
    rotation.handle_loaded(Some((state, stored.version)), clocks);
    let noticed = |event: &Event| matches!(event, Event::RolledBack { .. });
    let noticed = rotation.take_events().iter().any(noticed);
    let silent = rotation.signs_until(clocks).is_none();
    rule(
        noticed && silent,
        "a restored backup is noticed, and not signed by",
    )
}

/// The public half of no private key: nobody signs in here.
fn stand_in(number: u8) -> Result<Jwk, Nonconformance> {
    // Any 32 bytes will do that are no point of small order.
    let key = Ed25519PublicKey::new([number.saturating_add(2); 32]).map_err(|_| FAILED)?;
    let jwk = Jwk::new(key)
        .with_alg(Algorithm::EdDsa)
        .map_err(|_| FAILED)?;
    jwk.with_kid(format!("stand-in-{number}"))
        .map_err(|_| FAILED)
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const FAILED: Nonconformance = Nonconformance {
    rule: "a call failed, or a document was lost",
};

fn rule(holds: bool, rule: &'static str) -> Result<(), Nonconformance> {
    if holds {
        Ok(())
    } else {
        Err(Nonconformance { rule })
    }
}

fn load(store: &impl StateStore) -> Result<Option<Stored>, Nonconformance> {
    store.load().map_err(|_| FAILED)
}

fn there(store: &impl StateStore) -> Result<Stored, Nonconformance> {
    load(store)?.ok_or(FAILED)
}

fn commit(
    store: &impl StateStore,
    expected: Option<&Version>,
    state: &[u8],
) -> Result<(), Nonconformance> {
    store.commit(expected, state).map_err(|_| FAILED)
}

fn is_conflict(outcome: &Result<(), CommitError>) -> bool {
    matches!(outcome, Err(CommitError::Conflict))
}
