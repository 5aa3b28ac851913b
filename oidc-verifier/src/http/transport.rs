//! What makes the GET requests.

use std::fmt;
use std::future::Future;

use crate::key_source::{Fetch, FetchResponse, TransportError};

/// Makes the GET requests that a key source asks for. [`HttpTransport`](super::HttpTransport) is
/// one; bring your own for another HTTP library, a proxy, or a test.
///
/// It keeps what [`Fetch`] asks of it: `If-None-Match` and `If-Modified-Since` are sent,
/// no redirect is followed, the body is counted while it comes and never cut. Whatever it does, the
/// refresher gives up after the total timeout; what has no answer then is dropped.
///
/// ```
/// use oidc_verifier::http::{Response, Transport};
/// use oidc_verifier::key_source::{Fetch, TransportError};
///
/// /// Serves documents out of the program itself.
/// struct Built(&'static [(&'static str, &'static str)]);
///
/// impl Transport for Built {
///     async fn get(&self, fetch: &Fetch) -> Result<Response, TransportError> {
///         let found = self.0.iter().find(|(url, _)| *url == fetch.url);
///         let (_, document) = found.ok_or(TransportError::Connect)?;
///         Ok(Response::new(200, &fetch.url, *document)
///             .with_header("content-type", "application/json"))
///     }
/// }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Makes one fetch. It must be possible to drop the future at any time. A panic ends the
    /// refreshing of that issuer's keys, and takes them away.
    fn get(&self, fetch: &Fetch) -> impl Future<Output = Result<Response, TransportError>> + Send;
}

/// What a [`Transport`] brought.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Response {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// A response without headers. `url` is the [`url`](Fetch::url) that was asked for, or where a
    /// redirect led, and then it is refused; `body` is without content encoding.
    pub fn new(status: u16, url: impl Into<String>, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            url: url.into(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same with one more header. All can be given; those that do not matter are left out.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// For a source that is driven by hand.
impl<'a> From<&'a Response> for FetchResponse<'a> {
    fn from(response: &'a Response) -> FetchResponse<'a> {
        let bare = FetchResponse::new(response.status, &response.url, &response.body);
        response
            .headers
            .iter()
            .fold(bare, |bare, (name, value)| bare.with_header(name, value))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
