//! Why a look saw nothing.

use crate::rotation::SightingError;

/// Why nothing is known of what the world sees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot see what is at {url}")]
#[non_exhaustive]
pub struct ProbeError {
    /// What was fetched.
    pub url: String,
    /// What came of it.
    #[source]
    pub fault: ProbeFault,
}

impl ProbeError {
    pub(super) fn new(url: &str, fault: ProbeFault) -> ProbeError {
        ProbeError {
            url: url.to_owned(),
            fault,
        }
    }

    /// The stable code of the fault.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}

/// What came of a fetch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeFault {
    /// The body is longer than relying parties read.
    #[error("the body is longer than {max} bytes")]
    #[non_exhaustive]
    BodyTooLong {
        /// The most.
        max: usize,
    },
    /// No connection was made: no address of the host, or nobody there.
    #[error("no connection")]
    Connect,
    /// The media type is not that of the document.
    #[error("the media type is not that of the document")]
    ContentType,
    /// What is there is no document of the issuer.
    #[error("what is there is no document of the issuer")]
    Document(#[from] SightingError),
    /// The answer ended early, or is no HTTP.
    #[error("the answer is not complete")]
    Incomplete,
    /// It leads elsewhere; relying parties need not follow.
    #[error("redirected with status {status}")]
    #[non_exhaustive]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// There is no thread or no runtime to look with.
    #[error("no thread to look with")]
    Runtime,
    /// Neither a document nor none.
    #[error("answered with status {status}")]
    #[non_exhaustive]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The server is not who it should be, or does not speak TLS.
    #[error("no TLS connection to the host was made")]
    Tls,
}

impl ProbeFault {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLong { .. } => "body_too_long",
            Self::Connect => "connect",
            Self::ContentType => "content_type",
            Self::Document(error) => error.code(),
            Self::Incomplete => "incomplete",
            Self::Redirect { .. } => "redirect",
            Self::Runtime => "runtime",
            Self::Status { .. } => "status",
            Self::TimedOut => "timed_out",
            Self::Tls => "tls",
        }
    }
}
