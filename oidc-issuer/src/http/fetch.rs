//! One bounded GET.

use std::error::Error;
use std::io;
use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderName,
    HeaderValue,
};
use reqwest::{Client, redirect};
use rustls::ClientConfig;

use super::addresses::{Addresses, Lookup};
use super::probe_error::ProbeFault;

/// What is asked for, and what is borne with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) media_type: MediaType,
    pub(super) max_bytes: usize,
    pub(super) timeout: Duration,
}

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    Discovery,
    JwkSet,
}

/// A document that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) body: Vec<u8>,
    pub(super) answered_at: Option<NumericDate>,
}

pub(super) fn client(
    tls: &ClientConfig,
    addresses: &Addresses,
    issuer: &IssuerIdentifier,
    timeout: Duration,
) -> Result<Client, ProbeFault> {
    let lookup = Lookup {
        addresses: addresses.clone(),
        only_loopback: issuer.is_loopback(),
    };
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(lookup)
        .https_only(!issuer.is_loopback())
        .connect_timeout(timeout)
        .timeout(timeout)
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
        .map_err(|_| ProbeFault::Tls)
}

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The document at this URL; `None` if there is none.
pub(super) async fn get(
    client: &Client,
    url: &str,
    wanted: Wanted,
) -> Result<Option<Found>, ProbeFault> {
    // The client's own limit does not count the time that a busy resolver takes.
    let ended = tokio::time::timeout(wanted.timeout, attempt(client, url, wanted)).await;
    ended.unwrap_or(Err(ProbeFault::TimedOut))
}

async fn attempt(client: &Client, url: &str, wanted: Wanted) -> Result<Option<Found>, ProbeFault> {
    let max = wanted.max_bytes;
    let request = client
        .get(url)
        .header(ACCEPT, "application/json, application/jwk-set+json")
        .header(ACCEPT_ENCODING, "identity")
        .header(CACHE_CONTROL, "no-cache");
    let mut response = request.send().await.map_err(|error| cause(&error))?;
    match response.status().as_u16() {
        200 => {}
        404 | 410 => return Ok(None),
        status @ 300..400 => return Err(ProbeFault::Redirect { status }),
        status => return Err(ProbeFault::Status { status }),
    }
    // Where there are several, relying parties differ in which of them they go by.
    let mut content_types = response.headers().get_all(CONTENT_TYPE).iter();
    let allows = |value: &HeaderValue| {
        let text = value.to_str();
        text.is_ok_and(|text| wanted.media_type.allows(text))
    };
    if !content_types.all(allows) {
        return Err(ProbeFault::ContentType);
    }
    let answered_at = answered_at(response.headers());
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > max) {
        return Err(ProbeFault::BodyTooLong { max });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
        if chunk.len() > max.saturating_sub(body.len()) {
            return Err(ProbeFault::BodyTooLong { max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(Found { body, answered_at }))
}

impl MediaType {
    /// Whether relying parties take it for the document: JSON, and for a JWK Set also the types
    /// that a server gives a file that it knows nothing of.
    fn allows(self, content_type: &str) -> bool {
        let end = content_type.find(';').unwrap_or(content_type.len());
        let media_type = content_type.get(..end).unwrap_or_default();
        let media_type = media_type.trim_matches([' ', '\t']).to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || media_type.starts_with("application/") && media_type.ends_with("+json");
        let unspecific = [
            "application/octet-stream",
            "binary/octet-stream",
            "text/plain",
        ];
        is_json || self == MediaType::JwkSet && unspecific.contains(&media_type.as_str())
    }
}

/// By the clock of whoever made the answer: `Date` (RFC 9110 section 6.6.1), and how long a cache
/// has kept it since: `Age` (RFC 9111 section 5.1). Nothing where one of them cannot be read.
fn answered_at(headers: &HeaderMap) -> Option<NumericDate> {
    let date = httpdate::parse_http_date(one(headers, &DATE)?).ok()?;
    let date = NumericDate::try_from(date).ok()?;
    if !headers.contains_key(AGE) {
        return Some(date);
    }
    let age = one(headers, &AGE)?;
    let digits = !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    let age = digits.then(|| age.parse().ok()).flatten()?;
    Some(date.saturating_add(Duration::from_secs(age)))
}

/// The value of a header that is there once and is text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}

/// What an error of the HTTP library comes from. Its own words are dropped: they may quote what the
/// server sent.
fn cause(error: &reqwest::Error) -> ProbeFault {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(one) = next {
        if one.is::<rustls::Error>() {
            return ProbeFault::Tls;
        }
        // An `io::Error` does not count what it wraps among its sources.
        next = match one.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => one.source(),
        };
    }
    if error.is_timeout() {
        ProbeFault::TimedOut
    } else if error.is_connect() {
        ProbeFault::Connect
    } else {
        ProbeFault::Incomplete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&HeaderName, &str)]) -> HeaderMap {
        let pairs = all.iter().map(|(name, value)| {
            let value = value.parse().unwrap();
            ((*name).clone(), value)
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    /// RFC 9110 section 5.6.7 has the three forms of the same second.
    #[test]
    fn the_time_of_an_answer_is_its_date_and_its_age() {
        const IMF: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const SECONDS: i64 = 784_111_777;
        for (all, expected) in [
            (&[(&DATE, IMF)][..], Some(SECONDS)),
            (&[(&DATE, "Sunday, 06-Nov-94 08:49:37 GMT")], Some(SECONDS)),
            (&[(&DATE, "Sun Nov  6 08:49:37 1994")], Some(SECONDS)),
            (&[(&DATE, IMF), (&AGE, "0")], Some(SECONDS)),
            (&[(&DATE, IMF), (&AGE, "600")], Some(SECONDS + 600)),
            (&[(&AGE, "600")], None),
            (&[], None),
            (&[(&DATE, IMF), (&DATE, IMF)], None),
            (&[(&DATE, "1994-11-06T08:49:37Z")], None),
            (&[(&DATE, IMF), (&AGE, "-1")], None),
            (&[(&DATE, IMF), (&AGE, "1.5")], None),
            (&[(&DATE, IMF), (&AGE, "")], None),
            (&[(&DATE, IMF), (&AGE, "1"), (&AGE, "2")], None),
            (&[(&DATE, IMF), (&AGE, "18446744073709551616")], None),
        ] {
            let time = answered_at(&headers(all)).map(NumericDate::as_seconds);
            assert_eq!(time, expected, "{all:?}");
        }
    }

    #[test]
    fn a_page_for_people_is_no_document() {
        for (content_type, expected) in [
            ("application/json", [true, true]),
            ("Application/JSON; charset=utf-8", [true, true]),
            ("application/jwk-set+json", [true, true]),
            ("text/plain", [false, true]),
            ("binary/octet-stream", [false, true]),
            ("text/html", [false, false]),
            ("text/json", [false, false]),
            ("", [false, false]),
        ] {
            let allowed = [MediaType::Discovery, MediaType::JwkSet];
            let allowed = allowed.map(|document| document.allows(content_type));
            assert_eq!(allowed, expected, "{content_type}");
        }
    }
}
