//! Mint short-lived OpenID Connect tokens for workloads, and publish the keys to check them with.
// Without a backend the crate is empty, and the line above is all that is left of it.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![cfg_attr(
    docsrs,
    feature(doc_cfg),
    doc(auto_cfg(hide(feature = "aws-lc-rs", feature = "ring")))
)]
//!
//! A program proves who it is with a token that somebody it can reach has signed for it, instead of
//! a stored secret. This crate is that somebody: [`Issuer`] signs tokens ([`TokenSpec`], [`Token`])
//! with private keys ([`SigningKey`]), says which keys it signs with ([`Document`]), and replaces
//! them without a token going astray ([`Rotation`], [`RotationPolicy`]).
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
//! use oidc_issuer::{Issuer, JwtId, SigningKey, SystemRandom, TokenSpec};
//! use serde_json::json;
//!
//! let random = SystemRandom::new();
//! let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example")?)
//!     .key(SigningKey::generate(Algorithm::Es256, &random)?)
//!     .key(SigningKey::generate(Algorithm::EdDsa, &random)?)
//!     .build()?;
//!
//! // Served at https://ci.example/.well-known/jwks.json and …/openid-configuration.
//! let keys = issuer.jwk_set_document();
//! assert_eq!(keys.media_type, "application/jwk-set+json");
//! assert_eq!(issuer.discovery_document().media_type, "application/json");
//!
//! let spec = TokenSpec::new("repo:acme/web", "https://deploy.example")?
//!     .with_lifetime(Duration::from_secs(600))?
//!     .with_jwt_id(JwtId::random(&random)?)
//!     .with_claim("https://ci.example/", &json!({ "ref": "refs/heads/main" }))?;
//! let now = NumericDate::from_seconds(1_790_000_000)?; // the caller has the clock
//! let token = issuer.issue(&spec, now)?;
//! assert_eq!(token.as_str().split('.').count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How-tos: [run your own issuer], [rotate the keys], also [in an emergency], [run CI jobs with tokens],
//! [hand out tokens as AWS does], and [replace diridp].
//!
//! [run your own issuer]: https://github.com/workload-identity/workload-identity/blob/main/docs/run-your-own-issuer.md
//! [rotate the keys]: https://github.com/workload-identity/workload-identity/blob/main/docs/rotate-keys.md
//! [in an emergency]: https://github.com/workload-identity/workload-identity/blob/main/docs/rotate-in-an-emergency.md
//! [run CI jobs with tokens]: https://github.com/workload-identity/workload-identity/blob/main/docs/run-ci-jobs.md
//! [hand out tokens as AWS does]: https://github.com/workload-identity/workload-identity/blob/main/docs/aws-outbound.md
//! [replace diridp]: https://github.com/workload-identity/workload-identity/blob/main/docs/replace-diridp.md
//!
//! # What it refuses to do
//!
//! - **Read a clock, a file, the environment or the network.** `now` is an argument, keys and
//!   documents are bytes. Only the random numbers of [`SystemRandom`] come from outside.
//! - **Sign with `none` or with a shared secret.** Neither is an [`Algorithm`](oidc_core::Algorithm).
//! - **Let a caller say who the issuer is.** The claims that the issuer answers for are set by it
//!   alone; a claim cannot be written twice, at any level.
//! - **Use one key for two algorithms**, or publish two keys under one id.
//! - **Sign with one half of a key and publish another.** The public half is computed from the
//!   private one, and a file in which the two differ is refused.
//! - **Sign with a key that nobody has seen**, or withdraw one while a token of it is valid.
//! - **Show a private key or a token** in `Debug` or in an error.
//!
//! # Features
//!
//! | feature | default | what it adds | what it costs |
//! |---|---|---|---|
//! | `aws-lc-rs` | yes | every algorithm; RSA keys can be generated; fast | builds C and assembly: a C compiler, half a minute of CPU |
//! | `fs` | no | [`fs`]: state, private keys, webroot and token files that survive a crash, on Unix | `rustix` |
//! | `http` | no | [`http`]: a router that serves the documents | `axum` |
//! | `probe` | no | [`http`]: a prober that looks at the documents through their public URL | `reqwest`, with TLS by the crypto backend |
//! | `metrics` | no | counters and gauges, see below | `metrics` |
//! | `ring` | no | a small backend for many targets; no P-521, no RSA generation, RSA to 4096 bits | builds less C |
//! | `tracing` | no | events: tokens, steps, keys that move, and what a replica notices | `tracing` |
//!
//! With both, `aws-lc-rs` is used. With neither the crate compiles and is empty.
//! [`SigningKey`] lists what each backend can do; what it cannot is an error when it is asked for.
//!
//! What `metrics` counts, with labels from the configuration and of a closed set of codes only:
//!
//! | series | labels | what it says |
//! |---|---|---|
//! | `oidc_tokens_issued_total` | `issuer`, `code` | tokens asked for: `issued`, or the code of the error |
//! | `oidc_rotation_steps_total` | `issuer`, `step`, `code` | steps that [`drive`] took: `done` or `failed` |
//! | `oidc_rotation_events_total` | `issuer`, `code` | what [`Rotation`] noticed: [`Event::code`] |
//! | `oidc_signing_keys` | `issuer`, `ring`, `state` | keys in each state, after each pass |
//! | `oidc_signing_seconds_left` | `issuer` | how long the state that was read may be signed by; at zero nothing is signed |
//!
//! Alarm on `oidc_signing_seconds_left` near zero, on a ring without a `published` key, and on any
//! event but `transition`. Neither feature says a word of a token.
//!
//! # Standards
//!
//! | standard | sections | where |
//! |---|---|---|
//! | RFC 7515, JWS | 3.1, 4.1, 5.1, 7.1 | [`Issuer::issue`] |
//! | RFC 7517, JWK | 4, 5, 8.5.2 | [`Issuer::jwk_set_document`], [`SigningKey::from_jwk_json`] |
//! | RFC 7518, algorithms | 3.3 to 3.5, 6.2, 6.3 | [`SigningKey`] |
//! | RFC 7519, JWT | 4.1, 7.1 | [`TokenSpec`] |
//! | RFC 7638, thumbprint | 3 | [`SigningKey::kid`] |
//! | RFC 8037 and 9864, Ed25519 | 2, 3.1 and 2.2 | [`SigningKey`] |
//! | RFC 8725, best practices | 3.1, 3.2, 3.9 | [`SigningKey`], [`IssuerBuilder::build`] |
//! | RFC 5208, 5915, 5958, 7468, 8017, 8410: key files | 5; 3; 2; 2, 10, 11; A.1.2; 3, 7 | [`SigningKey::from_pem`] |
//! | OpenID Connect Core 1.0 | 2 | [`TokenSpec`] |
//! | OpenID Connect Discovery 1.0 | 3, 4 | [`Issuer::discovery_document`] |
//!
//! OpenID Connect Discovery also asks for an authorization endpoint; an issuer for workloads has
//! none, and like all of its kind it lists none.

#[cfg(doctest)]
mod how_tos {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/rotate-keys.md")]
    struct RotateKeys;

    #[doc = include_str!("../../docs/rotate-in-an-emergency.md")]
    struct RotateInAnEmergency;

    #[cfg(all(feature = "fs", feature = "http", feature = "probe", unix))]
    #[doc = include_str!("../../docs/run-your-own-issuer.md")]
    struct RunYourOwnIssuer;
}

mod backend;
mod document;
mod drive;
#[cfg(all(feature = "fs", unix))]
pub mod fs;
#[cfg(any(feature = "http", feature = "probe"))]
pub mod http;
pub mod import;
mod issuer;
mod jwt_id;
pub mod profile;
mod publication;
mod random;
mod rotation;
mod rotation_policy;
pub mod signer;
mod signing_key;
mod state;
pub mod store;
mod telemetry;
pub mod template;
mod token;

pub use document::DocumentFault;
pub use drive::{Pass, Publisher, drive};
pub use issuer::{BuildError, Issuer, IssuerBuilder};
pub use jwt_id::{JwtId, JwtIdError};
pub use publication::{
    Consumer, ConsumerFinding, ConsumerGrade, DISCOVERY_MAX_AGE, Document, JWK_SET_MAX_AGE,
};
pub use random::{RandomError, SecureRandom, SystemRandom};
pub use rotation::{
    CalendarEntry, ClockState, Clocks, Commit, ConsumerClass, Distrust, Documents, DocumentsError,
    Event, Explanation, KeyRef, Lease, Revocation, RevokeError, Rotation, RotationConfig,
    RotationConfigError, Sighting, SightingError, Step, Successor, Version, Waiting, Witness,
};
pub use rotation_policy::{
    Bound, Fix, MAX_PLAN_DAYS, Member, PlannedState, PlannedTransition, RotationPolicy,
    RotationPolicyError, RotationSettings, Rule,
};
pub use signing_key::{
    KeyFormat, KeyKind, Limit, MAX_KEY_BYTES, MAX_KID_BYTES, Operation, SigningKey, SigningKeyError,
};
pub use state::{
    ImportedKey, ImportedRole, KeyRing, KeyState, MAX_KEYS_PER_RING, RevocationReason, RingKey,
    RingName, RingNameError, RotationState, StateError, StateName, Transition, TransitionError,
};
pub use template::ClaimTemplate;
pub use token::{IssueError, MAX_TOKEN_BYTES, Token, TokenSpec, TokenSpecError};
