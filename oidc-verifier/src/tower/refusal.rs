//! The answers to requests that do not pass.

use std::time::Duration;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use crate::error::{Class, VerifyError};
use crate::policy::NotAdmitted;

/// Why a request did not pass.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no `Authorization`, or it is of another scheme than `Bearer`.
    #[error("request has no bearer token")]
    MissingCredentials,
    /// There is more than one `Authorization`, or what follows `Bearer` is no token.
    #[error("`Authorization` is malformed")]
    InvalidRequest,
    /// The token was not verified.
    #[error("token was not verified")]
    Token(#[from] VerifyError),
    /// The policy, or its replay guard, did not let the token in.
    #[error("token was not admitted")]
    NotAdmitted(#[from] NotAdmitted),
}

impl Refusal {
    /// After how long it is worth to ask again when a token cannot be judged: keys are fetched anew
    /// within seconds at first.
    pub const RETRY_AFTER: Duration = Duration::from_secs(5);

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MissingCredentials | Self::NotAdmitted(NotAdmitted::Replayed { .. }) => {
                StatusCode::UNAUTHORIZED
            }
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Token(error) => match error.class() {
                Class::Refused => StatusCode::UNAUTHORIZED,
                Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NotAdmitted(NotAdmitted::Policy(_)) => StatusCode::FORBIDDEN,
            Self::NotAdmitted(NotAdmitted::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A stable word for logs: that of the reason within, or `no_credentials` or `invalid_request`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingCredentials => "no_credentials",
            Self::InvalidRequest => "invalid_request",
            Self::Token(error) => error.code(),
            Self::NotAdmitted(error) => error.code(),
        }
    }

    /// What RFC 6750 section 3.1 calls it. A request without credentials made no error.
    const fn error(&self) -> Option<&'static str> {
        match self.status() {
            StatusCode::BAD_REQUEST => Some("invalid_request"),
            StatusCode::FORBIDDEN => Some("insufficient_scope"),
            _ => match self {
                Self::MissingCredentials => None,
                Self::InvalidRequest | Self::Token(_) | Self::NotAdmitted(_) => {
                    Some("invalid_token")
                }
            },
        }
    }

    /// The answer, with an empty body. `realm` is a quoted string, quotes included.
    pub(super) fn response<B: Default>(&self, realm: &str) -> Response<B> {
        let mut response = Response::new(B::default());
        let status = self.status();
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, Self::RETRY_AFTER.as_secs().into());
            return response;
        }
        let challenge = match self.error() {
            None => format!("Bearer realm={realm}"),
            Some(error) => format!("Bearer realm={realm}, error=\"{error}\""),
        };
        // INVARIANT: a realm is checked when it is given.
        let challenge = HeaderValue::try_from(challenge);
        let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer realm=\"\""));
        headers.insert(WWW_AUTHENTICATE, challenge);
        response
    }
}
