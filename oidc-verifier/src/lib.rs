//! Verify the OpenID Connect tokens of workloads.

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod builder;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod checks;
pub mod dangerous;
mod error;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod issuer_keys;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod key_selection;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod signature;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod trusted_issuer;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod verified;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod verifier;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use builder::{BuildError, Ready, VerifierBuilder, WantsAudience, WantsIssuer};
pub use error::{ClaimError, Class, Hopeless, VerifyError};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use issuer_keys::{InstallError, Installed, IssuerKeys};
pub use jsonptr::{Kind, Located, Pointer, PointerBuf};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use key_selection::KeyUnusable;
#[cfg(feature = "discovery")]
pub use oidc_core::ProviderMetadata;
pub use oidc_core::{Algorithm, Audience, IssuerIdentifier, JwkSet, NumericDate};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use trusted_issuer::ExtraAudiences;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use verified::{ClaimsTypeError, Verified, Workspace};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use verifier::Verifier;
