//! The answer to a request for a document (RFC 9110, RFC 9111).

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL,
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::document_server::Served;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// `random` spreads the lifetime in `Cache-Control`.
pub(super) fn to<B>(request: &Request<B>, served: Option<&Served>, random: u64) -> Response<Body> {
    let Some(served) = served else {
        // RFC 9110 section 15.5.5: caches may keep it by their own rules, past the moment at which there
        // is a document: after a start, or for a new issuer.
        let no_store = HeaderValue::from_static("no-store");
        let headers = [(CACHE_CONTROL, Some(no_store))];
        return answer(StatusCode::NOT_FOUND, headers, Body::empty());
    };
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => {
            let headers = [
                (ALLOW, Some(METHODS)),
                (ACCESS_CONTROL_ALLOW_METHODS, Some(METHODS)),
            ];
            return answer(StatusCode::NO_CONTENT, headers, Body::empty());
        }
        _ => {
            let headers = [(ALLOW, Some(METHODS))];
            return answer(StatusCode::METHOD_NOT_ALLOWED, headers, Body::empty());
        }
    }
    let document = &served.document;
    let cache_control = text(&document.jittered_cache_control(random));
    let etag = text(&document.etag);
    if has_it(request.headers(), &document.etag) {
        // RFC 9110 section 15.4.5: what a 200 would have said about caching.
        let headers = [(ETAG, etag), (CACHE_CONTROL, cache_control)];
        return answer(StatusCode::NOT_MODIFIED, headers, Body::empty());
    }
    let headers = [
        (CONTENT_TYPE, text(document.media_type)),
        (CONTENT_LENGTH, Some(served.body.len().into())),
        (ETAG, etag),
        (CACHE_CONTROL, cache_control),
        (
            X_CONTENT_TYPE_OPTIONS,
            Some(HeaderValue::from_static("nosniff")),
        ),
    ];
    let body = if *request.method() == Method::HEAD {
        Body::empty()
    } else {
        Body::from(served.body.clone())
    };
    answer(StatusCode::OK, headers, body)
}

/// Whether the client has these bytes already: `If-None-Match` names the tag, weakly compared (RFC
/// 9110 section 13.1.2), or `*`.
fn has_it(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn answer<const N: usize>(
    status: StatusCode,
    headers: [(HeaderName, Option<HeaderValue>); N],
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let own = response.headers_mut();
    own.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    for (name, value) in headers {
        if let Some(value) = value {
            own.insert(name, value);
        }
    }
    response
}

fn text(value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(value).ok()
}
