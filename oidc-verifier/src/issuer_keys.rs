//! Keys bound to the issuer that published them, and what installing them did.

use oidc_core::{IssuerIdentifier, JwkSet, NumericDate};

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use crate::key_selection::KeyUnusable;

/// A JWK Set together with the issuer that published it: keys never stand alone, so that one
/// issuer's keys cannot be taken for another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKeys {
    pub(crate) issuer: IssuerIdentifier,
    pub(crate) set: JwkSet,
    pub(crate) issued_before: Option<NumericDate>,
}

impl IssuerKeys {
    /// The keys that were fetched from `issuer`'s `jwks_uri`.
    pub const fn new(issuer: IssuerIdentifier, set: JwkSet) -> IssuerKeys {
        IssuerKeys {
            issuer,
            set,
            issued_before: None,
        }
    }

    /// The same keys, with which no token verifies that was issued before `cut_off`.
    ///
    /// For an issuer whose key was stolen: what the thief signed and dated back is refused with
    /// what was honestly signed then.
    #[must_use]
    pub const fn refuse_issued_before(mut self, cut_off: NumericDate) -> IssuerKeys {
        self.issued_before = Some(cut_off);
        self
    }

    /// Whose keys they are.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The keys.
    pub const fn jwk_set(&self) -> &JwkSet {
        &self.set
    }
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// What [`Verifier::install`](crate::Verifier::install) did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Installed {
    /// How many keys can verify tokens now.
    pub usable: usize,
    /// The keys of the set that cannot, by their place in [`JwkSet::keys`], and why.
    pub unusable: Vec<(usize, KeyUnusable)>,
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// Why [`Verifier::install`](crate::Verifier::install) changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// No key of the set can verify anything for this issuer.
    #[error("no key can be used")]
    #[non_exhaustive]
    NoUsableKey {
        /// Each key's place in [`JwkSet::keys`], and why it cannot be used.
        unusable: Vec<(usize, KeyUnusable)>,
    },
    /// The keys are for the JWT-SVIDs of a SPIFFE trust domain, and the issuer's tokens are none.
    #[error("keys are for JWT-SVIDs only")]
    ForJwtSvids,
    /// The keys are those of an issuer that this verifier does not trust.
    #[error("issuer is not one of the verifier's")]
    UnknownIssuer,
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
impl InstallError {
    /// A stable word for logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoUsableKey { .. } => "no_usable_key",
            Self::ForJwtSvids => "keys_for_jwt_svids",
            Self::UnknownIssuer => "issuer_unknown",
        }
    }
}
