//! Mint short-lived OpenID Connect tokens for workloads.

mod random;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod backend;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod issuer;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod jwt_id;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod key_ring;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod publication;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod rotation;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod signing_key;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod token;

pub use random::{RandomError, SecureRandom};

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use self::{
    issuer::{BuildError, Issuer, IssuerBuilder},
    jwt_id::{JwtId, JwtIdError},
    key_ring::{KeyRing, KeyState, KeyStatus, MAX_KEYS_PER_RING},
    publication::{DISCOVERY_MAX_AGE, Document, JWK_SET_MAX_AGE},
    random::SystemRandom,
    rotation::{RotationError, RotationTiming, RotationTimingError},
    signing_key::{
        KeyFormat, KeyKind, Limit, MAX_KEY_BYTES, MAX_KID_BYTES, Operation, SigningKey,
        SigningKeyError,
    },
    token::{IssueError, MAX_TOKEN_BYTES, Token, TokenSpec, TokenSpecError},
};
