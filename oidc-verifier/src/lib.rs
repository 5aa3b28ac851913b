//! Verify the OpenID Connect tokens of workloads: strictly, fast, and with reasons.
//!
//! A relying party names the issuers it trusts and the audience that it is, and gets a
//! [`Verifier`]. From a token's bytes and the time it makes a [`Verified`], which is the proof that
//! an issuer said these things, or a [`VerifyError`] that says what was wrong and who must act.
//!
//! ```
//! use oidc_verifier::{IssuerIdentifier, JwkSet, NumericDate, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (jwks, token) = mint()?;
//! let verifier = Verifier::builder()
//!     .issuer(IssuerIdentifier::parse("https://ci.example")?)
//!     .audience("https://deploy.example")
//!     .keys(JwkSet::parse(&jwks)?)
//!     .build()?;
//!
//! let now = NumericDate::from_seconds(1_790_000_060)?;
//! match verifier.verify(&token, now) {
//!     Ok(verified) => assert_eq!(verified.subject(), "job-42"),
//!     Err(error) => println!("{}: {error}", error.code()),
//! }
//!
//! let too_late = NumericDate::from_seconds(1_790_000_360)?;
//! assert_eq!(verifier.verify(&token, too_late).unwrap_err().code(), "expired");
//! # Ok(())
//! # }
//! # fn mint() -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
//! #     use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
//! #     let key = SigningKey::generate(oidc_verifier::Algorithm::Es256, &SystemRandom::new())?;
//! #     let id = IssuerIdentifier::parse("https://ci.example")?;
//! #     let issuer = Issuer::builder(id).key(key).build()?;
//! #     let spec = TokenSpec::new("job-42", "https://deploy.example")?;
//! #     let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
//! #     Ok((issuer.jwk_set_document().bytes.clone(), token.as_str().as_bytes().to_vec()))
//! # }
//! ```
//!
//! Issuers whose tokens are known are said by [`provider`](VerifierBuilder::provider); rules that
//! differ from those below have a name, in [`Profile`]; [`aws`] answers as AWS STS does.
//!
//! Which verified tokens are let in is said by a [`policy`]: rules as data, decisions that explain
//! themselves. Tokens that may be used once are remembered by a guard of [`replay`].
//!
//! How-tos: [verify tokens in a service], [write a policy], [why a token is refused], and [what the
//! tokens of each provider say].
//!
//! [verify tokens in a service]: https://github.com/workload-identity/workload-identity/blob/main/docs/verify-in-a-service.md
//! [write a policy]: https://github.com/workload-identity/workload-identity/blob/main/docs/write-a-policy.md
//! [why a token is refused]: https://github.com/workload-identity/workload-identity/blob/main/docs/refusals.md
//! [what the tokens of each provider say]: https://github.com/workload-identity/workload-identity/blob/main/docs/README.md
//!
//! # What it refuses to do
//!
//! - Fetch anything, read a clock, or keep a secret: bytes and `now` are arguments. Only the feature
//!   `http` does the first two, where it is called.
//! - Verify without an issuer or without an audience: the [builder](Verifier::builder) has no such
//!   way.
//! - Take a key from anywhere but the set installed for the token's issuer: `jwk`, `jku`, `x5u` and
//!   `x5c` in a header are never read.
//! - Try keys in turn: a `kid` names the key, or exactly one key fits.
//! - Show anything of a token before its signature held.
//! - Accept `none` or HMAC: they are not values of [`Algorithm`].
//!
//! # Decisions that the standards leave open
//!
//! | question | answer |
//! |---|---|
//! | no `kid` in the token | accepted if exactly one key of the issuer fits the algorithm |
//! | several keys of one `kid` that fit | refused (`key_ambiguous`); equal copies count as one |
//! | no `alg` in the JWK | the key serves every allowed algorithm of its kind |
//! | several audiences | one of ours is enough; [`ExtraAudiences`] can forbid others, or any second one |
//! | `typ` | absent or `JWT`; others by [`accept_typ`](VerifierBuilder::accept_typ) |
//! | `EdDSA` and `Ed25519` | one signature under two names; each is allowed by its own name |
//! | duplicate members, a byte order mark, lone surrogates | refused, in header and claims |
//! | `crit`, `b64`, `zip`, `cty: JWT` | refused |
//! | a claim that is `null` or of another type | malformed: refused even if it is not needed |
//! | fractions in dates | read exactly; rounded so that they never lengthen validity |
//! | ECDSA signatures with a high `s` | accepted, as RFC 7518 does: a signature is no unique name |
//!
//! # Features
//!
//! | feature | what it adds | what it costs |
//! |---|---|---|
//! | `aws-lc-rs` (default) | the faster backend, and ES512 | compiles C: a C compiler, half a minute of CPU |
//! | `ring` | the light backend, used where `aws-lc-rs` is off; no ES512 | some seconds of CPU; ES384 takes 3.8 times as long |
//! | `discovery` | `ProviderMetadata`, `KeySource`: when to fetch keys | the crates `url` and `sha2` with what they need |
//! | `redis` | `RedisReplayGuard`, for services of several processes | the crate `redis` with tokio: 51 crates |
//! | `http` | [`http`]: keys fetched and kept current, on tokio | `discovery`, `reqwest`, `rustls`: 110 crates in all |
//! | `tower` | [`tower`]: a layer for `Authorization: Bearer` | 4 crates |
//! | `axum` | [`tower::Authenticated`] as an argument of a handler | 11 crates |
//! | `tracing`, `metrics` | what happens, without a word of a token | 4 and 2 crates |
//!
//! With neither backend there is no [`Verifier`]: code that needs one does not compile.
//!
//! # Standards
//!
//! | section | where |
//! |---|---|
//! | RFC 7515 sections 2, 4, 5.2, 7.1 | compact serialization, header, base64url |
//! | RFC 7517 sections 4, 5 | [`JwkSet`] |
//! | RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1, RFC 9864 | [`Algorithm`] |
//! | RFC 7519 sections 2, 4.1, 7.2 | claims, dates, the order of checks |
//! | RFC 8725 section 3 | what is refused, and why |
//! | OpenID Connect Core 1.0 section 3.1.3.7 | `iss`, `aud`, `exp`, `iat` |
#![cfg_attr(
    docsrs,
    feature(doc_cfg),
    doc(auto_cfg(hide(feature = "aws-lc-rs", feature = "ring")))
)]

pub mod aws;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod builder;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod checks;
#[cfg(all(
    any(feature = "http", feature = "tower"),
    any(feature = "aws-lc-rs", feature = "ring")
))]
mod clock;
pub mod dangerous;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod digest;
mod error;
#[cfg(all(feature = "http", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod http;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "discovery"))]
mod issuer_keys;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod key_selection;
#[cfg(feature = "discovery")]
pub mod key_source;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod known_headers;
pub mod policy;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod profile;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub mod replay;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod signature;
mod telemetry;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod token_cache;
#[cfg(all(feature = "tower", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod tower;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod trusted_issuer;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod verified;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod verifier;

#[cfg(all(
    any(feature = "http", feature = "tower"),
    any(feature = "aws-lc-rs", feature = "ring")
))]
pub use self::clock::{Clock, SystemClock};
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "discovery"))]
pub use self::issuer_keys::IssuerKeys;
#[cfg(feature = "discovery")]
pub use self::key_source::KeySource;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use self::{
    builder::{BuildError, Ready, VerifierBuilder, WantsAudience, WantsIssuer},
    issuer_keys::{InstallError, Installed},
    key_selection::KeyUnusable,
    profile::{Profile, TrustDomainError},
    token_cache::{TokenCache, TokenCacheError},
    trusted_issuer::ExtraAudiences,
    verified::{ClaimsTypeError, Verified, Workspace},
    verifier::Verifier,
};
pub use error::{ClaimError, Class, Hopeless, VerifyError};
pub use jsonptr::{Kind, Located, Pointer, PointerBuf};
#[cfg(feature = "discovery")]
pub use oidc_core::ProviderMetadata;
pub use oidc_core::provider::{ClaimDrift, Provider};
pub use oidc_core::{Algorithm, Audience, IssuerIdentifier, JwkSet, NumericDate};

/// The front page is tested as it stands.
#[cfg(all(doctest, any(feature = "aws-lc-rs", feature = "ring")))]
#[doc = include_str!("../../README.md")]
struct FrontPage;

/// So is the page of the crate.
#[cfg(all(doctest, any(feature = "aws-lc-rs", feature = "ring")))]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are the how-tos.
#[cfg(all(doctest, any(feature = "aws-lc-rs", feature = "ring")))]
#[doc = include_str!("../../docs/README.md")]
struct HowTos;

/// And the one on policies.
#[cfg(all(doctest, any(feature = "aws-lc-rs", feature = "ring")))]
#[doc = include_str!("../../docs/write-a-policy.md")]
struct WriteAPolicy;

/// And the one on trust policies of AWS.
#[cfg(all(doctest, any(feature = "aws-lc-rs", feature = "ring")))]
#[doc = include_str!("../../docs/aws-trust-policies.md")]
struct AwsTrustPolicies;

/// And the one that needs a feature.
#[cfg(all(
    doctest,
    feature = "redis",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#[doc = include_str!("../../docs/stop-replay.md")]
struct StopReplay;

/// The how-to is compiled as it stands.
#[cfg(all(
    doctest,
    feature = "http",
    feature = "axum",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#[doc = include_str!("../../docs/verify-in-a-service.md")]
struct VerifyInAService;
