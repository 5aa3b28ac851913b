//! The transport of this crate: reqwest, with everything turned off that could surprise.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::{Client, RequestBuilder, Url, redirect};
use rustls::ClientConfig;

use super::address::AddressPolicy;
use super::resolver::{DynResolver, Guarded, Reach, ResolveError, Resolver, SystemResolver};
use super::tls::{self, RootCertificates, TlsSetupError};
use super::transport::{Response, Transport};
use crate::key_source::{Fetch, TransportError};

/// Fetches over HTTPS, from the internet and from nowhere else unless it is told so.
///
/// - `https` only; `http` for the loopback issuers of tests.
/// - Every address is judged by the [`AddressPolicy`] after it was resolved, and one that stands in
///   the URL itself as well.
/// - No redirect is followed, no proxy is used, whatever the environment says; no cookie and no
///   `Referer` is sent, no content encoding asked for or undone.
/// - Each fetch makes its own connection, so that a name that has moved is noticed. TLS sessions are
///   resumed.
/// - The body is counted while it comes; a length that is announced beyond the limit ends it before
///   it begins. Headers are kept to some 400 KiB and 100 fields by the HTTP library.
/// - Where no connection was made, or the answer was 5xx, it tries once more, within the same total
///   timeout: one fetch is at most [`ATTEMPTS`](Self::ATTEMPTS) requests.
///
/// ```
/// use oidc_verifier::http::{AddressPolicy, HttpTransport, RootCertificates};
///
/// # fn example(authority: Vec<u8>) -> Result<(), oidc_verifier::http::TlsSetupError> {
/// let public = HttpTransport::new()?;
///
/// // For an issuer in one's own network, with a certificate of one's own authority.
/// let inside = HttpTransport::with_roots(&RootCertificates::Only(authority))?
///     .address_policy(AddressPolicy::PublicOrPrivate);
/// # let _ = (public, inside);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpTransport {
    tls: ClientConfig,
    policy: AddressPolicy,
    resolver: Arc<dyn DynResolver>,
}

impl HttpTransport {
    /// How many requests one fetch makes at most.
    pub const ATTEMPTS: usize = 2;

    /// The usual one: the public internet, and the certificates that the platform trusts.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when the platform has no root certificates.
    pub fn new() -> Result<HttpTransport, TlsSetupError> {
        HttpTransport::with_roots(&RootCertificates::Platform)
    }

    /// One that lets others vouch for the servers.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] says what is wrong with the certificates.
    pub fn with_roots(roots: &RootCertificates) -> Result<HttpTransport, TlsSetupError> {
        Ok(HttpTransport {
            tls: tls::client_config(roots)?,
            policy: AddressPolicy::default(),
            resolver: Arc::new(SystemResolver),
        })
    }

    /// Which addresses it may connect to.
    #[must_use]
    pub fn address_policy(mut self, policy: AddressPolicy) -> HttpTransport {
        self.policy = policy;
        self
    }

    /// What finds the addresses of host names.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> HttpTransport {
        self.resolver = Arc::new(resolver);
        self
    }

    async fn attempt(&self, fetch: &Fetch) -> Result<Response, TransportError> {
        let url = Url::parse(&fetch.url).map_err(|_| TransportError::AddressNotAllowed)?;
        let reach = reach(&url, fetch.issuer.is_loopback(), self.policy)?;
        let request = self.client(fetch, reach)?.get(url);
        let mut response = conditional(request, fetch)
            .send()
            .await
            .map_err(|error| cause(&error))?;

        let max = fetch.limits.max_body_bytes;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        // Nothing is read of what would not be looked at.
        if status == 200 {
            let announced = response.content_length().unwrap_or(0);
            if usize::try_from(announced).map_or(true, |announced| announced > max) {
                return Err(TransportError::BodyTooLong);
            }
            while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
                if chunk.len() > max.saturating_sub(body.len()) {
                    return Err(TransportError::BodyTooLong);
                }
                body.extend_from_slice(&chunk);
            }
        }
        // No redirect was followed: the text is the one that was asked for, byte for byte.
        Ok(with_headers(
            Response::new(status, &fetch.url, body),
            response.headers(),
        ))
    }

    fn client(&self, fetch: &Fetch, reach: Reach) -> Result<Client, TransportError> {
        let resolver = Arc::clone(&self.resolver);
        Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Guarded { resolver, reach })
            .https_only(reach != Reach::Loopback)
            .connect_timeout(fetch.limits.connect_timeout)
            .timeout(fetch.limits.total_timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_only()
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_| TransportError::Tls)
    }
}

impl Transport for HttpTransport {
    async fn get(&self, fetch: &Fetch) -> Result<Response, TransportError> {
        let attempts = async {
            match self.attempt(fetch).await {
                Err(TransportError::Connect) => self.attempt(fetch).await,
                Ok(response) if response.status() >= 500 => self.attempt(fetch).await,
                outcome => outcome,
            }
        };
        let total = fetch.limits.total_timeout;
        let ended = tokio::time::timeout(total, attempts).await;
        ended.unwrap_or(Err(TransportError::TimedOut))
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Where a fetch of this URL may connect to. The HTTP client resolves no address that stands in the
/// URL, so it is judged here. `of_loopback` is whether the issuer is one of this machine.
fn reach(url: &Url, of_loopback: bool, policy: AddressPolicy) -> Result<Reach, TransportError> {
    let host = url.host_str().ok_or(TransportError::AddressNotAllowed)?;
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let is_loopback = match address {
        Some(address) => address.is_loopback(),
        None => host.eq_ignore_ascii_case("localhost"),
    };
    let reach = if is_loopback && of_loopback {
        Reach::Loopback
    } else {
        Reach::Network(policy)
    };
    let allowed_scheme = match url.scheme() {
        "https" => true,
        "http" => reach == Reach::Loopback,
        _ => false,
    };
    if !allowed_scheme || address.is_some_and(|address| !reach.allows(address)) {
        return Err(TransportError::AddressNotAllowed);
    }
    Ok(reach)
}

fn conditional(mut request: RequestBuilder, fetch: &Fetch) -> RequestBuilder {
    request = request
        .header(ACCEPT, "application/json, application/jwk-set+json")
        .header(ACCEPT_ENCODING, "identity");
    if let Some(etag) = fetch.validators.if_none_match() {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(date) = fetch.validators.if_modified_since() {
        request = request.header(IF_MODIFIED_SINCE, date);
    }
    request
}

/// Headers that are no text are none that matter.
fn with_headers(response: Response, headers: &HeaderMap) -> Response {
    let texts = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    texts.fold(response, |response, (name, value)| {
        response.with_header(name, value)
    })
}

/// What an error of the HTTP library comes from. Its own words are dropped: they may quote what the
/// server sent.
fn cause(error: &reqwest::Error) -> TransportError {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = next {
        if let Some(known) = known(one) {
            return known;
        }
        // An `io::Error` does not count what it wraps among its sources.
        next = match one.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => one.source(),
        };
    }
    if error.is_timeout() {
        TransportError::TimedOut
    } else if error.is_connect() {
        TransportError::Connect
    } else {
        TransportError::Incomplete
    }
}

fn known(error: &(dyn Error + 'static)) -> Option<TransportError> {
    if error.is::<rustls::Error>() {
        return Some(TransportError::Tls);
    }
    Some(match error.downcast_ref::<ResolveError>()? {
        ResolveError::NotAllowed => TransportError::AddressNotAllowed,
        ResolveError::NotResolved => TransportError::Resolve,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in a URL itself never comes to the resolver, and is judged all the same.
    #[test]
    fn an_address_in_the_url_is_judged_like_one_that_was_resolved() {
        let network = Reach::Network(AddressPolicy::PublicOnly);
        for (url, expected) in [
            ("https://ci.example/", Some(network)),
            ("https://8.8.8.8/", Some(network)),
            ("https://[2606:4700::1111]/", Some(network)),
            ("https://localhost.example/", Some(network)),
            ("https://10.0.0.1/", None),
            ("https://169.254.169.254/latest", None),
            ("https://[fe80::1]/", None),
            ("https://[::ffff:127.0.0.1]/", None),
            ("https://[::ffff:8.8.8.8]/", None),
            ("https://0.0.0.0/", None),
            ("https://2130706433/", Some(Reach::Loopback)),
            ("http://ci.example/", None),
            ("http://8.8.8.8/", None),
            ("http://localhost:1/", Some(Reach::Loopback)),
            ("http://127.255.0.1/", Some(Reach::Loopback)),
            ("http://[::1]:1/", Some(Reach::Loopback)),
            ("ftp://127.0.0.1/", None),
            ("file:///etc/passwd", None),
            ("data:,", None),
        ] {
            let parsed = Url::parse(url).unwrap();
            let got = reach(&parsed, true, AddressPolicy::PublicOnly).ok();
            assert_eq!(got, expected, "{url}");
            // An issuer of the internet leads to this machine under no name: `localhost` is then a
            // name like others, whose addresses are refused.
            let got = reach(&parsed, false, AddressPolicy::PublicOrPrivate).ok();
            assert_ne!(got, Some(Reach::Loopback), "{url}");
            assert!(got.is_none() || url.starts_with("https://"), "{url}");
        }
    }
}
