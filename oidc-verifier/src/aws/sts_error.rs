//! The errors of `AssumeRoleWithWebIdentity`.

use std::borrow::Cow;
use std::time::Duration;

use oidc_core::{ClaimFault, NumericDate, RegisteredClaim};

use crate::error::{ClaimError, Hopeless, VerifyError};

/// What AWS STS answers to a call that it refuses: a code and a message.
///
/// The messages are those of the service where they are known, so that what reads them at a client
/// keeps working. They say no more about a token than the error that they come from: where the
/// service repeats what a token says before it has been authenticated, this does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct StsError {
    code: StsErrorCode,
    message: Cow<'static, str>,
}

/// Which kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StsErrorCode {
    /// No trust policy admits the caller, who learns nothing else.
    AccessDenied,
    /// The token has expired.
    ExpiredToken,
    /// The provider's documents could not be fetched: the caller may try again.
    IdpCommunicationError,
    /// The provider has rejected the token, or revoked it.
    IdpRejectedClaim,
    /// The token is refused.
    InvalidIdentityToken,
}

impl StsErrorCode {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDenied",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::IdpCommunicationError => "IDPCommunicationError",
            Self::IdpRejectedClaim => "IDPRejectedClaim",
            Self::InvalidIdentityToken => "InvalidIdentityToken",
        }
    }

    /// The HTTP status of the answer.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::AccessDenied | Self::IdpRejectedClaim => 403,
            Self::ExpiredToken | Self::IdpCommunicationError | Self::InvalidIdentityToken => 400,
        }
    }

    /// Whether the same call may succeed later.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::IdpCommunicationError)
    }
}

impl std::fmt::Display for StsErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl StsError {
    /// No trust policy admits the caller.
    pub const fn access_denied() -> StsError {
        StsError {
            code: StsErrorCode::AccessDenied,
            message: Cow::Borrowed("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        }
    }

    /// What the service answers to a token that was not verified at the time `now`.
    pub fn of(error: &VerifyError, now: NumericDate) -> StsError {
        match error {
            VerifyError::KeysUnavailable => StsError {
                code: StsErrorCode::IdpCommunicationError,
                message: Cow::Borrowed("The keys of the identity provider are not available"),
            },
            VerifyError::Base64Url { .. }
            | VerifyError::ClaimsSet(_)
            | VerifyError::Compact(_)
            | VerifyError::Header(_)
            | VerifyError::HeaderTooLong { .. }
            | VerifyError::TypNotAllowed => StsError::invalid(NOT_A_JWT),
            VerifyError::AmbiguousKey
            | VerifyError::KeyNotForAlgorithm
            | VerifyError::KidRequired
            | VerifyError::UnknownKey => StsError::invalid(NO_KEY),
            VerifyError::UntrustedIssuer => StsError::invalid(NO_PROVIDER),
            VerifyError::AlgorithmNotAllowed { .. } | VerifyError::Signature => {
                StsError::not_validated()
            }
            VerifyError::Hopeless(reason) => StsError::of_hopeless(*reason, now),
            VerifyError::Claim(error) => StsError::of_claim(error),
        }
    }

    fn of_hopeless(reason: Hopeless, now: NumericDate) -> StsError {
        match reason {
            Hopeless::Expired => StsError {
                code: StsErrorCode::ExpiredToken,
                message: Cow::Owned(format!(
                    "Token expired: current date/time {} must be before the expiration date/time",
                    now.saturating_sub(TOLERANCE)
                )),
            },
            Hopeless::NotYetValid => StsError::invalid(format!(
                "Token not yet valid: current date/time {} must be after or equal to the not-before date/time",
                now.saturating_add(TOLERANCE)
            )),
            Hopeless::NoIssuer => StsError::missing(RegisteredClaim::Iss),
            Hopeless::ForeignAudience | Hopeless::MalformedIssuer => StsError::not_validated(),
        }
    }

    fn of_claim(error: &ClaimError) -> StsError {
        match *error {
            ClaimError::AuthorizedPartyMissing => StsError::invalid(SEVERAL_AUDIENCES),
            ClaimError::IssuedBeforeCutOff { .. } => StsError {
                code: StsErrorCode::IdpRejectedClaim,
                message: Cow::Borrowed("The identity token has been revoked"),
            },
            ClaimError::IssuedInFuture { iat, .. } => {
                StsError::invalid(format!("Token issued in the future: {iat}"))
            }
            ClaimError::Malformed {
                claim: RegisteredClaim::Exp | RegisteredClaim::Iat | RegisteredClaim::Nbf,
                ..
            } => StsError::invalid("Invalid timestamp in token claims."),
            ClaimError::Malformed {
                claim: claim @ RegisteredClaim::Aud,
                source: ClaimFault::Empty,
            } => StsError::invalid(format!("Claim is not allowed to be empty: {claim}")),
            ClaimError::Missing { claim } => StsError::missing(claim),
            ClaimError::AuthorizedPartyMalformed
            | ClaimError::ForeignTrustDomain
            | ClaimError::LifetimeNegative { .. }
            | ClaimError::LifetimeTooLong { .. }
            | ClaimError::Malformed { .. }
            | ClaimError::TooOld { .. }
            | ClaimError::SeveralAudiences
            | ClaimError::UnexpectedAudience => StsError::not_validated(),
        }
    }

    pub(super) fn not_validated() -> StsError {
        StsError::invalid(NOT_VALIDATED)
    }

    fn missing(claim: RegisteredClaim) -> StsError {
        StsError::invalid(format!("Missing a required claim: {claim}"))
    }

    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> StsError {
        StsError {
            code: StsErrorCode::InvalidIdentityToken,
            message: message.into(),
        }
    }

    /// Which kind of error it is.
    pub const fn code(&self) -> StsErrorCode {
        self.code
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// By how much the service shifts its clock in its messages.
const TOLERANCE: Duration = Duration::from_secs(300);

const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
const NO_PROVIDER: &str =
    "No OpenIDConnect provider found in your account for the issuer of the token";
const NOT_VALIDATED: &str = "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
const SEVERAL_AUDIENCES: &str =
    "Token audience contains more than one audience while authorized party is not present";
