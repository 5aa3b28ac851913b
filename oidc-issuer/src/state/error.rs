//! Why a document is no state, and why a step is not taken.

use oidc_core::{Algorithm, NumericDate};

use super::chain::StateName;
use super::ring_name::RingName;

/// Why bytes are no [`RotationState`](super::RotationState).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The document is longer than one can be.
    #[error("state document is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// [`RotationState::MAX_BYTES`](super::RotationState::MAX_BYTES).
        max: usize,
    },
    /// It is not a state document: not JSON, cut off, or with members of another kind.
    #[error("state document cannot be read at line {line}, column {column}")]
    #[non_exhaustive]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Another version has written it.
    #[error("state document has format {format}")]
    #[non_exhaustive]
    Format {
        /// Its format.
        format: u32,
    },
    /// A transition does not follow from the one before it.
    #[error("transitions are torn at generation {generation}")]
    #[non_exhaustive]
    Chain {
        /// The generation of the first that does not.
        generation: u64,
    },
    /// Two keys have one id or are one key, or a key has no id.
    #[error("state document has the key `{kid}` twice or without an id")]
    #[non_exhaustive]
    Keys {
        /// The id.
        kid: String,
    },
    /// Two rings have this name, or its keys contradict each other.
    #[error("ring `{ring}` of the state document contradicts itself")]
    #[non_exhaustive]
    Ring {
        /// The name.
        ring: RingName,
    },
}

impl StateError {
    /// A stable code in `snake_case`, such as `state_chain`.
    pub const fn code(&self) -> &'static str {
        match self {
            StateError::TooLong { .. } => "state_too_long",
            StateError::Json { .. } => "state_json",
            StateError::Format { .. } => "state_format",
            StateError::Chain { .. } => "state_chain",
            StateError::Keys { .. } => "state_keys",
            StateError::Ring { .. } => "state_ring",
        }
    }
}

/// Why a step of a key was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransitionError {
    /// There is no ring of this name.
    #[error("no ring has the name `{ring}`")]
    #[non_exhaustive]
    NoRing {
        /// The name.
        ring: RingName,
    },
    /// There is no key of this id.
    #[error("no key has the id `{kid}`")]
    #[non_exhaustive]
    NoKey {
        /// The id.
        kid: String,
    },
    /// Another key has this id, or had it.
    #[error("another key has or had the id `{kid}`")]
    #[non_exhaustive]
    DuplicateKid {
        /// The id.
        kid: String,
    },
    /// This is a key that the issuer has or had already.
    #[error("the key is `{kid}` under another id or algorithm")]
    #[non_exhaustive]
    SameKey {
        /// The id that it has.
        kid: String,
    },
    /// The key is not for the ring's algorithm, or its JWK does not say so.
    #[error("the key is not for `{algorithm}`")]
    #[non_exhaustive]
    Algorithm {
        /// The algorithm of the ring.
        algorithm: Algorithm,
    },
    /// The ring publishes as many keys as it may.
    #[error("the ring publishes {max} keys already")]
    #[non_exhaustive]
    TooManyKeys {
        /// [`MAX_KEYS_PER_RING`](super::MAX_KEYS_PER_RING).
        max: usize,
    },
    /// The key is not in a state from which this step leads.
    #[error("the key `{kid}` is {}", state.as_str())]
    #[non_exhaustive]
    WrongState {
        /// The id.
        kid: String,
        /// The state.
        state: StateName,
    },
    /// The key has not been seen in public for long enough.
    #[error("the key `{kid}` may sign from {signs_from}, now is {now}")]
    #[non_exhaustive]
    TooYoung {
        /// The id.
        kid: String,
        /// When it may sign.
        signs_from: NumericDate,
        /// The time that was given.
        now: NumericDate,
    },
    /// A token of the key may still be valid.
    #[error("tokens of the key `{kid}` are accepted until {until}, now is {now}")]
    #[non_exhaustive]
    TokensAlive {
        /// The id.
        kid: String,
        /// When the last of them has expired everywhere.
        until: NumericDate,
        /// The time that was given.
        now: NumericDate,
    },
    /// The private half has to be destroyed first.
    #[error("the private half of `{kid}` is not destroyed")]
    #[non_exhaustive]
    PrivateHalf {
        /// The id.
        kid: String,
    },
}

impl TransitionError {
    /// A stable code in `snake_case`, such as `too_young`.
    pub const fn code(&self) -> &'static str {
        match self {
            TransitionError::NoRing { .. } => "no_ring",
            TransitionError::NoKey { .. } => "no_key",
            TransitionError::DuplicateKid { .. } => "duplicate_kid",
            TransitionError::SameKey { .. } => "same_key",
            TransitionError::Algorithm { .. } => "algorithm_mismatch",
            TransitionError::TooManyKeys { .. } => "too_many_keys",
            TransitionError::WrongState { .. } => "wrong_state",
            TransitionError::TooYoung { .. } => "too_young",
            TransitionError::TokensAlive { .. } => "tokens_alive",
            TransitionError::PrivateHalf { .. } => "private_half",
        }
    }
}
