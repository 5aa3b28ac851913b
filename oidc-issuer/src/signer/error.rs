//! Why a remote key makes no token.

use oidc_core::{Algorithm, IssuerIdentifier};

use super::RemoteFailure;
use crate::token::IssueError;

/// Why a [`RemoteKey`](super::RemoteKey) was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteKeyError {
    /// The issuer's name has no JSON form.
    #[error("the issuer has no JSON form")]
    Issuer,
    /// The JWK has no `alg`.
    #[error("the published key has no `alg`")]
    NoAlgorithm,
    /// The JWK has no `kid`.
    #[error("the published key has no `kid`")]
    NoKid,
    /// Signatures of this algorithm cannot be verified here, so none may be released.
    #[error("signatures of `{algorithm}` cannot be verified here")]
    #[non_exhaustive]
    Unsupported {
        /// The algorithm.
        algorithm: Algorithm,
    },
}

impl RemoteKeyError {
    /// A stable code in `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::NoAlgorithm => "no_alg",
            Self::NoKid => "no_kid",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

/// Why a remote key made no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteIssueError {
    /// As many signatures are being waited for as may be.
    #[error("too many signatures are waited for")]
    Busy,
    /// The signer did not answer in time.
    #[error("the signer did not answer in time")]
    Deadline,
    /// The answer is no signature of the algorithm.
    #[error("the signer's answer is no signature of the algorithm")]
    Malformed,
    /// The signer failed.
    #[error("the signer failed")]
    Signer(#[source] RemoteFailure),
    /// No key could sign this.
    #[error(transparent)]
    Spec(#[from] IssueError),
    /// The published key does not verify the signature: it is another key's, or of other bytes.
    #[error("the published key does not verify the signature")]
    WrongSignature,
}

impl RemoteIssueError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy => "signer_busy",
            Self::Deadline => "signer_deadline",
            Self::Malformed => "signer_malformed",
            Self::Signer(_) => "signer_failed",
            Self::Spec(error) => error.code(),
            Self::WrongSignature => "signer_wrong_signature",
        }
    }
}

/// Why neither the remote key nor the local one made a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FailoverError {
    /// No key could sign this; the local one was not asked.
    #[error(transparent)]
    Spec(IssueError),
    /// The local key is one of another issuer: its tokens would be that issuer's.
    #[error("the local key is of {local}, and the remote one of {remote}")]
    #[non_exhaustive]
    OtherIssuer {
        /// Whose the remote key is.
        remote: IssuerIdentifier,
        /// Whose the local one is.
        local: IssuerIdentifier,
    },
    /// Both have failed.
    #[error("the remote key failed ({remote}), and so did the local one")]
    #[non_exhaustive]
    Local {
        /// How the remote key failed.
        remote: RemoteIssueError,
        /// How the local one did.
        #[source]
        local: IssueError,
    },
}

impl FailoverError {
    /// A stable code in `snake_case`: that of the last failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherIssuer { .. } => "other_issuer",
            Self::Spec(error) | Self::Local { local: error, .. } => error.code(),
        }
    }
}
