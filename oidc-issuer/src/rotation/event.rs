//! What a replica has noticed.

use oidc_core::IssuerIdentifier;

use crate::state::Transition;

/// Something to log or to count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A key came into a state, here or on another replica.
    Transition(Transition),
    /// The clocks ran apart: what cannot be undone waits.
    ClockHeld,
    /// The store has a state that does not follow from the last one: a restored backup, or a store
    /// that lost a write. Nothing is signed by it until
    /// [`accept_rollback`](super::Rotation::accept_rollback).
    #[non_exhaustive]
    RolledBack {
        /// The generation that was known, zero where only a witness knew.
        known: u64,
        /// The generation that was read.
        loaded: u64,
    },
    /// The store has the state of another issuer.
    #[non_exhaustive]
    ForeignState {
        /// Whose.
        issuer: IssuerIdentifier,
    },
    /// The private half of a key is missing or cannot be read.
    #[non_exhaustive]
    Unusable {
        /// Its id.
        kid: String,
    },
}

impl Event {
    /// A stable code in `snake_case`, such as `clock_held`.
    pub const fn code(&self) -> &'static str {
        match self {
            Event::Transition(_) => "transition",
            Event::ClockHeld => "clock_held",
            Event::RolledBack { .. } => "rolled_back",
            Event::ForeignState { .. } => "foreign_state",
            Event::Unusable { .. } => "unusable",
        }
    }
}
