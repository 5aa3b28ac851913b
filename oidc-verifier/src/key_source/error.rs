//! Why a fetch brought nothing.

use oidc_core::{JwkSetError, ProviderMetadataError};

/// Why a fetch did not succeed. What was known before stays, and is trusted until its bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The driver did not report in twice the total timeout. The answer is not taken any more.
    #[error("fetch was given up without an answer")]
    Abandoned,
    /// The content type of the JWK Set is that of something else, such as a page for people.
    #[error("content type of the response is not JSON")]
    ContentType,
    /// The JWK Set is not one, or has no usable key.
    #[error("JWK Set cannot be used")]
    JwkSet(#[source] JwkSetError),
    /// The provider metadata cannot be used.
    #[error("provider metadata cannot be used")]
    Metadata(#[source] ProviderMetadataError),
    /// The verifier refused the keys: none of them serves an algorithm that it allows.
    #[error("verifier refused the keys")]
    NotInstalled,
    /// The server answers that nothing has changed, and was not asked.
    #[error("response has status 304 to a request without validators")]
    NotModifiedUnasked,
    /// The response does not come from the URL that was asked for.
    #[error("response comes from another URL")]
    ResponseUrl,
    /// The response has another status than 200.
    #[error("response has status {status}, not 200")]
    #[non_exhaustive]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// There was no response.
    #[error("no response")]
    Transport(#[source] TransportError),
}

impl FetchError {
    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::ContentType => "content_type",
            Self::JwkSet(error) => error.code(),
            Self::Metadata(error) => error.code(),
            Self::NotInstalled => "not_installed",
            Self::NotModifiedUnasked => "not_modified_unasked",
            Self::ResponseUrl => "response_url",
            Self::Status { .. } => "status",
            Self::Transport(error) => error.code(),
        }
    }
}

/// What went wrong before there was a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The host's addresses are not ones to connect to: private, link-local, loopback.
    #[error("address is not allowed")]
    AddressNotAllowed,
    /// The body is longer than [`FetchLimits::max_body_bytes`](super::FetchLimits).
    #[error("body is too long")]
    BodyTooLong,
    /// No connection.
    #[error("no connection")]
    Connect,
    /// The connection ended before the response did, or it was no HTTP.
    #[error("response is incomplete")]
    Incomplete,
    /// The name of the host was not resolved.
    #[error("host name is not resolved")]
    Resolve,
    /// A timeout passed.
    #[error("timed out")]
    TimedOut,
    /// TLS failed, such as over the server's certificate.
    #[error("TLS failed")]
    Tls,
}

impl TransportError {
    /// A stable word for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AddressNotAllowed => "address_not_allowed",
            Self::BodyTooLong => "body_too_long",
            Self::Connect => "connect",
            Self::Incomplete => "incomplete",
            Self::Resolve => "resolve",
            Self::TimedOut => "timed_out",
            Self::Tls => "tls",
        }
    }
}
