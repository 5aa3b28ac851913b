//! What a driver does next.

use std::sync::Arc;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier};

use crate::state::{RingName, RotationState};

/// The next step of a driver, and the method that takes its outcome.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Step {
    /// Read the state from the store: `handle_loaded`, `handle_load_failed`.
    Load,
    /// Compare and swap the state: `handle_committed`, `handle_conflict`, `handle_commit_failed`.
    Commit(Commit),
    /// Make a key and store its private half: `handle_generated`, `handle_generate_failed`. Store
    /// first, report after.
    #[non_exhaustive]
    Generate {
        /// For which ring.
        ring: RingName,
        /// For which algorithm.
        algorithm: Algorithm,
    },
    /// Publish the documents of this name: `handle_published`, `handle_publish_failed`.
    #[non_exhaustive]
    Publish {
        /// The name.
        issuer: IssuerIdentifier,
    },
    /// Fetch the documents of this name through its public address: `handle_sighting`,
    /// `handle_look_failed`.
    #[non_exhaustive]
    Look {
        /// The name.
        issuer: IssuerIdentifier,
    },
    /// Destroy a private half for good: `handle_destroyed`, `handle_destroy_failed`.
    Destroy(KeyRef),
    /// Nothing is due: poll again after this long at the latest.
    Wait(Duration),
}

impl Step {
    /// A stable code in `snake_case`, such as `publish`.
    pub const fn code(&self) -> &'static str {
        match self {
            Step::Load => "load",
            Step::Commit(_) => "commit",
            Step::Generate { .. } => "generate",
            Step::Publish { .. } => "publish",
            Step::Look { .. } => "look",
            Step::Destroy(_) => "destroy",
            Step::Wait(_) => "wait",
        }
    }

    /// The name of the issuer that the step is about, where it has several.
    pub(crate) fn issuer(&self) -> Option<&IssuerIdentifier> {
        match self {
            Step::Publish { issuer } | Step::Look { issuer } => Some(issuer),
            Step::Destroy(key) => Some(&key.issuer),
            Step::Load | Step::Commit(_) | Step::Generate { .. } | Step::Wait(_) => None,
        }
    }
}

/// A state to commit if the store still has the one that it was made from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Commit {
    /// The new state.
    pub state: Arc<RotationState>,
    /// The version that it replaces; `None` where the store must be empty.
    pub expected: Option<Version>,
}

/// What a store calls a version of the state: a number, an `ETag`. Only the store reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// A version by this name.
    pub fn new(name: impl Into<String>) -> Version {
        Version(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which private half: everything that an encrypted copy of it should be bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct KeyRef {
    /// The first name of the issuer.
    pub issuer: IssuerIdentifier,
    /// The ring.
    pub ring: RingName,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key id.
    pub kid: String,
}

impl KeyRef {
    /// The private half of this key.
    pub fn new(
        issuer: &IssuerIdentifier,
        ring: &RingName,
        algorithm: Algorithm,
        kid: &str,
    ) -> KeyRef {
        KeyRef {
            issuer: issuer.clone(),
            ring: ring.clone(),
            algorithm,
            kid: kid.to_owned(),
        }
    }
}
