//! Tokens that may be used once: who has been here before, and who says so.
//!
//! A bearer token serves whoever holds it, as often as they like, until it expires. A
//! [`ReplayGuard`] remembers the tokens that were used, for as long as verification would accept
//! them. Rules of a policy ask it by `"replay": "enforce"`; their decision is none before
//! [`Decision::admit`](crate::policy::Decision::admit) has asked the guard:
//!
//! ```
//! use oidc_verifier::policy::{NotAdmitted, Policy};
//! use oidc_verifier::replay::MemoryReplayGuard;
//! use oidc_verifier::{IssuerIdentifier, JwkSet, NumericDate, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (jwks, token) = mint()?;
//! let policy = Policy::from_json(br#"{"rules": [{
//!     "id": "publish", "effect": "allow", "issuer": "https://ci.example", "audiences": ["registry"],
//!     "conditions": [{"claim": "sub", "pattern": "job-*"}],
//!     "replay": "enforce"
//! }]}"#)?;
//! let verifier = Verifier::builder()
//!     .issuer(IssuerIdentifier::parse("https://ci.example")?)
//!     .audience("registry")
//!     .keys(JwkSet::parse(&jwks)?)
//!     .build()?;
//! let guard = MemoryReplayGuard::new(); // one for the whole service
//!
//! let now = NumericDate::from_seconds(1_790_000_060)?;
//! let verified = verifier.verify(&token, now)?;
//! let decision = policy.decide(&verified);
//! assert!(!decision.is_allowed()); // not by the policy alone
//!
//! let admitted = decision.admit(&guard, now)?;
//! assert_eq!(admitted.rule_id(), "publish");
//!
//! let again = decision.admit(&guard, now).unwrap_err();
//! assert_eq!(again.code(), "replayed");
//! # Ok(())
//! # }
//! # fn mint() -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
//! #     use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
//! #     let key = SigningKey::generate(oidc_verifier::Algorithm::Es256, &SystemRandom::new())?;
//! #     let id = IssuerIdentifier::parse("https://ci.example")?;
//! #     let issuer = Issuer::builder(id).key(key).build()?;
//! #     let spec = TokenSpec::new("job-42", "registry")?;
//! #     let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
//! #     Ok((issuer.jwk_set_document().bytes.clone(), token.as_str().as_bytes().to_vec()))
//! # }
//! ```
//!
//! # What a token is known by
//!
//! By its issuer and its `jti` (RFC 7519 section 4.1.7); where it has none, by its issuer and its
//! decoded claims set. Never by its signature: of an ECDSA signature anyone can make a second one
//! that is as good.
//!
//! # What a guard relies on
//!
//! - The verifiers that share it have one leeway for an issuer: a token is remembered for as long as
//!   the verifier that it came from would accept it.
//! - Every issuer that its rules admit signs in measure: a token is remembered until it expires,
//!   whoever signed it. Where issuers do not trust each other, each gets a guard of its own, so that
//!   one that fills its guard fills no other.
//!
//! # Guards that answer at once, and guards that wait
//!
//! | guard | trait | for |
//! |---|---|---|
//! | [`MemoryReplayGuard`] | [`ReplayGuard`] | one process |
//! | `RedisReplayGuard` (feature `redis`) | [`AsyncReplayGuard`] | several processes that share a Redis |
//! | your own over a network | [`AsyncReplayGuard`] | several processes that share another store |
//!
//! A [`ReplayGuard`] answers from memory and never blocks a thread of an async runtime, so each one
//! is an [`AsyncReplayGuard`] too. One that waits for a store implements the latter alone: there is no
//! way to call it that would block by surprise.

mod guard;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod token_use;

#[cfg(feature = "redis")]
pub use self::redis::RedisReplayGuard;
pub use self::{
    guard::{AsyncReplayGuard, Presented, ReplayGuard, ReplayUnavailable, StoreError},
    memory::{CapacityOutOfBounds, MemoryReplayGuard},
    token_use::TokenUse,
};
