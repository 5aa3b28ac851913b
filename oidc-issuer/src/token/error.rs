//! Why a token was not described, and why it was not issued.

use std::time::Duration;

use oidc_core::{Algorithm, NumericDate};

use super::TokenSpec;
use crate::signing_key::SigningKeyError;
use crate::state::RingName;

/// Why a [`TokenSpec`] does not take a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenSpecError {
    /// The subject is empty, too long, or has a control character.
    #[error("`sub` is not 1 to {max} bytes without control characters")]
    #[non_exhaustive]
    Subject {
        /// [`TokenSpec::MAX_SUBJECT_BYTES`].
        max: usize,
    },
    /// An audience is empty, too long, or has a control character.
    #[error("`aud` name {index} is not 1 to {max} bytes without control characters")]
    #[non_exhaustive]
    Audience {
        /// Its position, from zero.
        index: usize,
        /// [`TokenSpec::MAX_AUDIENCE_BYTES`].
        max: usize,
    },
    /// An audience stands twice.
    #[error("`aud` name {index} stands there already")]
    #[non_exhaustive]
    DuplicateAudience {
        /// The position of the second, from zero.
        index: usize,
    },
    /// There are too many audiences.
    #[error("`aud` has more than {max} names")]
    #[non_exhaustive]
    TooManyAudiences {
        /// [`TokenSpec::MAX_AUDIENCES`].
        max: usize,
    },
    /// The lifetime is out of range.
    #[error("a lifetime of {given:?} is outside {min:?} to {max:?}")]
    #[non_exhaustive]
    Lifetime {
        /// What was given.
        given: Duration,
        /// [`TokenSpec::MIN_LIFETIME`].
        min: Duration,
        /// [`TokenSpec::MAX_LIFETIME`].
        max: Duration,
    },
    /// `nbf` would lie too far before `iat`.
    #[error("`nbf` {given:?} before `iat` is more than {max:?}")]
    #[non_exhaustive]
    NotBefore {
        /// What was given.
        given: Duration,
        /// [`TokenSpec::MAX_NOT_BEFORE_BACKDATE`].
        max: Duration,
    },
    /// Only the issuer sets this claim.
    #[error("claim `{name}` is set by the issuer")]
    #[non_exhaustive]
    ReservedClaim {
        /// The name that was given.
        name: String,
    },
    /// The claim has been set already.
    #[error("claim `{name}` is set twice")]
    #[non_exhaustive]
    DuplicateClaim {
        /// The name.
        name: String,
    },
    /// The name is empty, too long, or has a control character.
    #[error("a claim name is 1 to {max} bytes without control characters")]
    #[non_exhaustive]
    ClaimName {
        /// [`TokenSpec::MAX_CLAIM_NAME_BYTES`].
        max: usize,
    },
    /// There are too many custom claims.
    #[error("more than {max} custom claims")]
    #[non_exhaustive]
    TooManyClaims {
        /// [`TokenSpec::MAX_CLAIMS`].
        max: usize,
    },
    /// The value does not serialize as JSON, for instance a map whose keys are no strings.
    #[error("the value of claim `{name}` has no JSON form")]
    #[non_exhaustive]
    ClaimValue {
        /// The name of the claim.
        name: String,
    },
    /// The value serializes to JSON that a strict reader refuses.
    #[error("the value of claim `{name}` is not strict JSON")]
    #[non_exhaustive]
    ClaimJson {
        /// The name of the claim.
        name: String,
        /// What the reader says; its offset is into `{"name":value}`.
        source: jsonptr::ScanError,
    },
    /// The claims alone are longer than a token may be.
    #[error("the claims are longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
        max: usize,
    },
}

impl TokenSpecError {
    /// A stable code in `snake_case`, such as `reserved_claim`.
    pub const fn code(&self) -> &'static str {
        match self {
            TokenSpecError::Subject { .. } => "subject",
            TokenSpecError::Audience { .. } => "audience",
            TokenSpecError::DuplicateAudience { .. } => "duplicate_audience",
            TokenSpecError::TooManyAudiences { .. } => "too_many_audiences",
            TokenSpecError::Lifetime { .. } => "lifetime",
            TokenSpecError::NotBefore { .. } => "not_before",
            TokenSpecError::ReservedClaim { .. } => "reserved_claim",
            TokenSpecError::DuplicateClaim { .. } => "duplicate_claim",
            TokenSpecError::ClaimName { .. } => "claim_name",
            TokenSpecError::TooManyClaims { .. } => "too_many_claims",
            TokenSpecError::ClaimValue { .. } => "claim_value",
            TokenSpecError::ClaimJson { source, .. } => source.code(),
            TokenSpecError::TooLong { .. } => "claims_too_long",
        }
    }
}

impl TokenSpecError {
    pub(super) fn audience(index: usize) -> TokenSpecError {
        TokenSpecError::Audience {
            index,
            max: TokenSpec::MAX_AUDIENCE_BYTES,
        }
    }
}

/// Why a token was not issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The issuer has no key for the algorithm that the [`TokenSpec`] asks for.
    #[error("the issuer has no key for `{algorithm}`")]
    #[non_exhaustive]
    NoKey {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// `exp` would lie after the year 9999.
    #[error("{lifetime:?} after {now} is no time")]
    #[non_exhaustive]
    Expiry {
        /// The time that was given.
        now: NumericDate,
        /// The lifetime of the token.
        lifetime: Duration,
    },
    /// The lifetime is longer than the policy of the key's ring has reckoned with.
    #[error("a lifetime of {given:?} is longer than {max:?}, which keys are kept for")]
    #[non_exhaustive]
    Lifetime {
        /// The lifetime of the token.
        given: Duration,
        /// [`RotationPolicy::token_lifetime`](crate::RotationPolicy::token_lifetime).
        max: Duration,
    },
    /// No key of the ring may sign: none is old enough yet, or its private half cannot be read.
    #[error("no key of the ring `{ring}` may sign")]
    #[non_exhaustive]
    NoActiveKey {
        /// The ring.
        ring: RingName,
    },
    /// The token would be expired when it is made: the key is trusted no longer than this.
    #[error("tokens of the key may expire until {until}, now is {now}")]
    #[non_exhaustive]
    EndOfTrust {
        /// The latest `exp` that has been reserved.
        until: NumericDate,
        /// The time that was given.
        now: NumericDate,
    },
    /// What is known of the keys is too old, or the clock went back: another signer may have
    /// revoked this key. Make a new [`Issuer`](crate::Issuer) from the rotation.
    #[error("the keys are known from {from} to {until}, now is {now}")]
    #[non_exhaustive]
    Stale {
        /// Since when.
        from: NumericDate,
        /// Until when.
        until: NumericDate,
        /// The time that was given.
        now: NumericDate,
    },
    /// The claims set is longer than the [`TokenSpec`] allows.
    #[error("a claims set of {length} bytes is longer than {max}")]
    #[non_exhaustive]
    PayloadTooLong {
        /// The bytes of JSON that it has.
        length: usize,
        /// What was allowed by [`TokenSpec::with_max_payload_bytes`].
        max: usize,
    },
    /// The token would be too long for those who shall read it.
    #[error("a token of {length} bytes is longer than {max}")]
    #[non_exhaustive]
    TooLong {
        /// The bytes that it would have.
        length: usize,
        /// [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
        max: usize,
    },
    /// The key could not sign.
    #[error("the token was not signed")]
    Signing(#[source] SigningKeyError),
}

impl IssueError {
    /// A stable code in `snake_case`, such as `no_key`.
    pub const fn code(&self) -> &'static str {
        match self {
            IssueError::NoKey { .. } => "no_key",
            IssueError::Expiry { .. } => "expiry",
            IssueError::Lifetime { .. } => "lifetime_too_long",
            IssueError::NoActiveKey { .. } => "no_active_key",
            IssueError::EndOfTrust { .. } => "end_of_trust",
            IssueError::Stale { .. } => "stale_keys",
            IssueError::PayloadTooLong { .. } => "payload_too_long",
            IssueError::TooLong { .. } => "token_too_long",
            IssueError::Signing(error) => error.code(),
        }
    }
}
