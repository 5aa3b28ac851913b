//! What a job asks for through its socket: one more token, as `circleci run oidc get` gives.
//!
//! `POST /token` with a JSON document of `claims`, `ttl` and `root_issuer`, each optional. The answer
//! is `{"token": …, "expires_at": …}`, or `{"error": …, "error_description": …}`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use oidc_issuer::Clocks;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::report::chain;
use crate::request::Request;
use crate::tokens::{Mint, MintError};

/// The time, from whoever has clocks.
pub(crate) type Clock = Arc<dyn Fn() -> Clocks + Send + Sync>;

/// Where the operator reads what a job is not told.
pub(crate) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// The longest request: an audience of the longest kind, escaped throughout, and the rest.
pub(crate) const MAX_REQUEST_BYTES: usize = 32 * 1024;

/// Tokens that are made at the same time: one job must not keep the runner's cores from the others.
const AT_ONCE: usize = 2;

struct Service {
    mint: Mint,
    clock: Clock,
    log: Log,
    permits: Semaphore,
}

pub(crate) fn router(mint: Mint, clock: Clock, log: Log) -> Router {
    let service = Service {
        mint,
        clock,
        log,
        permits: Semaphore::new(AT_ONCE),
    };
    Router::new()
        .route("/token", post(token))
        .method_not_allowed_fallback(|| async { Refusal::Method.answer() })
        .fallback(|| async { Refusal::Path.answer() })
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(service))
}

async fn token(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let answer = answer(service, &headers, body).await;
    answer.unwrap_or_else(Refusal::answer)
}

async fn answer(
    service: Arc<Service>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::MediaType);
    }
    let body = body.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refusal::TooLong
        } else {
            Refusal::Unreadable
        }
    })?;
    let request: Request =
        serde_json::from_slice(&body).map_err(|error| Refusal::Request(error.to_string()))?;
    // Never closed; if it were, nothing would be signed.
    let permit = service.permits.acquire().await;
    let permit = permit.map_err(|_| Refusal::Unavailable)?;
    let minting = Arc::clone(&service);
    let minted = tokio::task::spawn_blocking(move || {
        let now = (minting.clock)();
        minting.mint.token(&request, now)
    });
    let minted = minted.await.map_err(|_| Refusal::Unavailable)?;
    drop(permit);
    match minted {
        Ok(token) => {
            let expires_at = token.expires_at().as_seconds();
            let body = json!({"token": token.as_str(), "expires_at": expires_at});
            Ok(json_answer(StatusCode::OK, &body))
        }
        Err(error) => Err(Refusal::of(&error, &service.log)),
    }
}

/// `application/json`, with whatever parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    essence.is_some_and(|essence| {
        essence
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/json")
    })
}

/// Why a job gets no token, in its own terms.
enum Refusal {
    Path,
    Method,
    MediaType,
    TooLong,
    Unreadable,
    /// Not the JSON of a request.
    Request(String),
    /// A request that no token fulfils: its code and what is wrong.
    Refused(&'static str, String),
    Unavailable,
}

impl Refusal {
    fn of(error: &MintError, log: &Log) -> Refusal {
        if let Some(code) = error.code_of_request() {
            return Refusal::Refused(code, chain(error));
        }
        log(&format!("a job gets no token: {}", chain(error)));
        Refusal::Unavailable
    }

    fn answer(self) -> Response<Body> {
        let (status, code, description) = match self {
            Refusal::Path => (
                StatusCode::NOT_FOUND,
                "not_found",
                "there is only `/token`".to_owned(),
            ),
            Refusal::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "a token is asked for by POST".to_owned(),
            ),
            Refusal::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "a request is `application/json`".to_owned(),
            ),
            Refusal::TooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "request_too_long",
                format!("a request has at most {MAX_REQUEST_BYTES} bytes"),
            ),
            Refusal::Unreadable => (
                StatusCode::BAD_REQUEST,
                "request_unreadable",
                "the request ended early".to_owned(),
            ),
            Refusal::Request(error) => (StatusCode::BAD_REQUEST, "request_format", error),
            Refusal::Refused(code, description) => (StatusCode::BAD_REQUEST, code, description),
            Refusal::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "no token can be made now; the runner's log says why".to_owned(),
            ),
        };
        let body = json!({"error": code, "error_description": description});
        json_answer(status, &body)
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, NO_STORE);
    response
}

const JSON: axum::http::HeaderValue = axum::http::HeaderValue::from_static("application/json");
const NO_STORE: axum::http::HeaderValue = axum::http::HeaderValue::from_static("no-store");
