//! What callers are answered. They may be strangers: the reason goes to the operator, and they get an
//! answer that is the same for every reason.

use std::fmt::Display;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The whole story, on its way to the log with the id of the request.
#[derive(Clone, Debug)]
pub(crate) struct ForOperator(pub(crate) String);

/// What was asked for.
pub(crate) fn good(body: &Value, for_operator: impl Display) -> Response {
    answer(StatusCode::OK, body, &[], for_operator.to_string())
}

/// Why it is not.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: Kind,
    for_operator: String,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// What is wrong with the request itself, which its caller may know.
    Malformed(&'static str),
    NotAdmitted,
    BadToken,
    NoAccess,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    TooLong,
    NotJson,
    Unavailable,
}

/// After how many seconds it is worth to try again: keys are fetched again about then.
const TRY_AGAIN_AFTER: HeaderValue = HeaderValue::from_static("5");

impl Refusal {
    /// 400: the request is not what it must be.
    pub(crate) fn malformed(what: &'static str) -> Refusal {
        Refusal::new(Kind::Malformed(what), "")
    }

    /// 401: whoever asks has not shown who it is.
    pub(crate) fn not_admitted(why: impl Display) -> Refusal {
        Refusal::new(Kind::NotAdmitted, why)
    }

    /// 401: the token gives nothing, or nothing any more.
    pub(crate) fn bad_token(why: impl Display) -> Refusal {
        Refusal::new(Kind::BadToken, why)
    }

    /// 403: the token is good, and not for this.
    pub(crate) fn no_access(why: impl Display) -> Refusal {
        Refusal::new(Kind::NoAccess, why)
    }

    /// 404: there is no such path.
    pub(crate) fn not_found() -> Refusal {
        Refusal::new(Kind::NotFound, "")
    }

    /// 405: not with this method.
    pub(crate) fn method_not_allowed() -> Refusal {
        Refusal::new(Kind::MethodNotAllowed, "")
    }

    /// 408: the body did not come.
    pub(crate) fn too_slow() -> Refusal {
        Refusal::new(Kind::TooSlow, "")
    }

    /// 413: the body is too long.
    pub(crate) fn too_long() -> Refusal {
        Refusal::new(Kind::TooLong, "")
    }

    /// 415: the body is not said to be plain JSON.
    pub(crate) fn not_json() -> Refusal {
        Refusal::new(Kind::NotJson, "")
    }

    /// 503: it may go well later.
    pub(crate) fn unavailable(why: impl Display) -> Refusal {
        Refusal::new(Kind::Unavailable, why)
    }

    fn new(kind: Kind, why: impl Display) -> Refusal {
        let for_operator = why.to_string();
        Refusal { kind, for_operator }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        use StatusCode as Status;
        let challenge = |text| (WWW_AUTHENTICATE, HeaderValue::from_static(text));
        let (status, message, header) = match self.kind {
            Kind::Malformed(what) => (Status::BAD_REQUEST, what, None),
            Kind::NotAdmitted => (Status::UNAUTHORIZED, "Unauthorized", Some(challenge(PLAIN))),
            Kind::BadToken => (
                Status::UNAUTHORIZED,
                "Unauthorized",
                Some(challenge(INVALID)),
            ),
            Kind::NoAccess => (Status::FORBIDDEN, "Forbidden", Some(challenge(SCOPE))),
            Kind::NotFound => (Status::NOT_FOUND, "Not found", None),
            Kind::MethodNotAllowed => (Status::METHOD_NOT_ALLOWED, "Method not allowed", None),
            Kind::TooSlow => (Status::REQUEST_TIMEOUT, "The body did not come", None),
            Kind::TooLong => (Status::PAYLOAD_TOO_LARGE, "The body is too long", None),
            Kind::NotJson => (
                Status::UNSUPPORTED_MEDIA_TYPE,
                "The body must be application/json",
                None,
            ),
            Kind::Unavailable => (
                Status::SERVICE_UNAVAILABLE,
                "Try again later",
                Some((RETRY_AFTER, TRY_AGAIN_AFTER)),
            ),
        };
        let body = json!({"success": false, "messages": [message]});
        let for_operator = if self.for_operator.is_empty() {
            message.to_owned()
        } else {
            self.for_operator
        };
        answer(status, &body, header.as_slice(), for_operator)
    }
}

/// RFC 9110 section 11.6.1: no 401 without a challenge. The words are RFC 6750's, section 3.1.
const PLAIN: &str = r#"Bearer realm="secrets""#;
const INVALID: &str = r#"Bearer realm="secrets", error="invalid_token""#;
const SCOPE: &str = r#"Bearer realm="secrets", error="insufficient_scope""#;

fn answer(
    status: StatusCode,
    body: &Value,
    headers: &[(HeaderName, HeaderValue)],
    for_operator: String,
) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let fixed = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // Tokens and secrets are in nobody's cache, and neither is a refusal that may end.
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    response
        .headers_mut()
        .extend(fixed.into_iter().chain(headers.iter().cloned()));
    response.extensions_mut().insert(ForOperator(for_operator));
    response
}
