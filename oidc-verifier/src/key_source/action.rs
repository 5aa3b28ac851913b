//! What a key source asks of its driver.

use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};

use crate::issuer_keys::IssuerKeys;

/// What to do next, from [`KeySource::poll`](super::KeySource::poll).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Action {
    /// GET this, and report to [`handle_response`](super::KeySource::handle_response) or
    /// [`handle_failure`](super::KeySource::handle_failure). There is never more than one fetch.
    Fetch(Fetch),
    /// Hand these keys to `Verifier::install`; if it refuses them, call
    /// [`handle_install_refused`](super::KeySource::handle_install_refused) before anything else.
    Install(IssuerKeys),
    /// Call `Verifier::withdraw`: no key of the issuer is trusted any longer. Its tokens cannot be
    /// judged until new keys come.
    Withdraw,
    /// Nothing is due before `until`, unless something else happens first.
    #[non_exhaustive]
    Idle {
        /// When to poll again.
        until: NumericDate,
    },
}

/// A fetch to make.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetch {
    /// Names this attempt in the report about it.
    pub id: FetchId,
    /// Whose document it is. Only an issuer of [`IssuerIdentifier::loopback`] leads to this machine.
    pub issuer: IssuerIdentifier,
    /// What is fetched.
    pub kind: FetchKind,
    /// Where from. No redirect is to be followed.
    pub url: String,
    /// How long it may take and how much it may bring.
    pub limits: FetchLimits,
    /// What to send so that the server can answer 304.
    pub validators: Validators,
}

/// One attempt to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchId(pub(crate) u64);

/// A document of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the two documents of OpenID Connect Discovery"
)]
pub enum FetchKind {
    /// The provider metadata.
    Discovery,
    /// The JWK Set.
    JwkSet,
}

impl FetchKind {
    /// A stable word: `discovery` or `jwk_set`.
    pub const fn code(self) -> &'static str {
        match self {
            FetchKind::Discovery => "discovery",
            FetchKind::JwkSet => "jwk_set",
        }
    }
}

/// The limits of a fetch, for the driver to keep while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchLimits {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long all of it may take.
    pub total_timeout: Duration,
    /// How many bytes the body may have, counted as they come and after decoding. A longer one is
    /// a failure, not a document to cut.
    pub max_body_bytes: usize,
}

/// What makes a request conditional (RFC 9110 section 13.1): the server may answer 304, that the
/// document is still the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
}

impl Validators {
    /// The value of `If-None-Match`.
    pub fn if_none_match(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The value of `If-Modified-Since`.
    pub fn if_modified_since(&self) -> Option<&str> {
        self.last_modified.as_deref()
    }

    /// Whether there is nothing to send, so that 304 would be no answer.
    pub const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
