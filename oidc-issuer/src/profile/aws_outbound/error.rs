//! The errors of the service, by their codes.

use crate::token::{IssueError, TokenSpecError};

/// Why no token is given.
///
/// [`aws_code`](Self::aws_code) and [`http_status`](Self::http_status) are what a client of the
/// service reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The account has its federation switched off.
    #[error("outbound web identity federation is disabled for this account")]
    Disabled,
    /// The federation was to be switched off, or read, and is off.
    #[error("outbound web identity federation is not enabled for this account")]
    FeatureDisabled,
    /// The federation was to be switched on and is on.
    #[error("outbound web identity federation is enabled for this account already")]
    FeatureEnabled,
    /// The token could not be made; this is the service's own failure.
    #[error("the token was not issued")]
    Issue(#[source] IssueError),
    /// The payload would be too large: ask for fewer or shorter tags.
    #[error("the payload of the token is too large")]
    JwtPayloadSizeExceeded,
    /// The caller is of another account than the one that is asked.
    #[error("the caller is not of this account")]
    OtherAccount,
    /// A parameter is outside its limits.
    #[error("{0}")]
    Request(RequestFault),
    /// The token would be valid for longer than the caller's own session.
    #[error("the token would outlive the session of its caller")]
    SessionDurationEscalation,
    /// The caller cannot be described by a token, or an audience has a control character.
    #[error("a claim of the caller or of the request cannot be in a token")]
    Spec(#[source] TokenSpecError),
}

/// Which parameter of a request is outside its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// `Audience` has no member or too many.
    #[error("`Audience` has 1 to {max} members")]
    #[non_exhaustive]
    AudienceCount {
        /// The most there may be.
        max: usize,
    },
    /// A member of `Audience` is empty or too long.
    #[error("`Audience` member {index} is not 1 to {max} characters")]
    #[non_exhaustive]
    AudienceLength {
        /// Its position, from zero.
        index: usize,
        /// The most characters.
        max: usize,
    },
    /// `DurationSeconds` is out of its range.
    #[error("`DurationSeconds` is {min} to {max}")]
    #[non_exhaustive]
    Duration {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A member of `Audience` is there already.
    #[error("`Audience` member {index} is there already")]
    #[non_exhaustive]
    DuplicateAudience {
        /// The position of the second, from zero.
        index: usize,
    },
    /// A key of `Tags` is there already, perhaps in another case.
    #[error("the key of `Tags` member {index} is there already; case does not tell keys apart")]
    #[non_exhaustive]
    DuplicateTagKey {
        /// The position of the second, from zero.
        index: usize,
    },
    /// `SigningAlgorithm` is neither `RS256` nor `ES384`.
    #[error("`SigningAlgorithm` is `RS256` or `ES384`")]
    SigningAlgorithm,
    /// A tag has a character that none may have.
    #[error(
        "`Tags` member {index} has a character that is no letter, digit, separator or one of `_.:/=+-@`"
    )]
    #[non_exhaustive]
    TagCharacter {
        /// Its position, from zero.
        index: usize,
    },
    /// There are too many tags.
    #[error("`Tags` has at most {max} members")]
    #[non_exhaustive]
    TagCount {
        /// The most there may be.
        max: usize,
    },
    /// A key of `Tags` is empty or too long.
    #[error("the key of `Tags` member {index} is not 1 to {max} characters")]
    #[non_exhaustive]
    TagKeyLength {
        /// Its position, from zero.
        index: usize,
        /// The most characters.
        max: usize,
    },
    /// A value of `Tags` is too long.
    #[error("the value of `Tags` member {index} has more than {max} characters")]
    #[non_exhaustive]
    TagValueLength {
        /// Its position, from zero.
        index: usize,
        /// The most characters.
        max: usize,
    },
}

impl OutboundError {
    /// The error code of the service.
    pub const fn aws_code(&self) -> &'static str {
        match self {
            Self::Disabled => "OutboundWebIdentityFederationDisabledException",
            Self::FeatureDisabled => "FeatureDisabled",
            Self::FeatureEnabled => "FeatureEnabled",
            Self::Issue(_) => "InternalFailure",
            Self::JwtPayloadSizeExceeded => "JWTPayloadSizeExceededException",
            Self::OtherAccount => "AccessDenied",
            Self::Request(_) | Self::Spec(_) => "ValidationError",
            Self::SessionDurationEscalation => "SessionDurationEscalationException",
        }
    }

    /// The status of the HTTP response that carries it.
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Disabled | Self::OtherAccount | Self::SessionDurationEscalation => 403,
            Self::FeatureDisabled => 404,
            Self::FeatureEnabled => 409,
            Self::Issue(_) => 500,
            Self::JwtPayloadSizeExceeded | Self::Request(_) | Self::Spec(_) => 400,
        }
    }
}

impl From<RequestFault> for OutboundError {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

impl From<TokenSpecError> for OutboundError {
    fn from(error: TokenSpecError) -> Self {
        if matches!(error, TokenSpecError::TooLong { .. }) {
            Self::JwtPayloadSizeExceeded
        } else {
            Self::Spec(error)
        }
    }
}

impl From<IssueError> for OutboundError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::PayloadTooLong { .. } | IssueError::TooLong { .. } => {
                Self::JwtPayloadSizeExceeded
            }
            other @ (IssueError::NoKey { .. }
            | IssueError::NoActiveKey { .. }
            | IssueError::Expiry { .. }
            | IssueError::Lifetime { .. }
            | IssueError::EndOfTrust { .. }
            | IssueError::Stale { .. }
            | IssueError::Signing(_)) => Self::Issue(other),
        }
    }
}
