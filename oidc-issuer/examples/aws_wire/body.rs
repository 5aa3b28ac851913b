//! The body of a request of the Query protocol: a form, sent by POST, whole and in time.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::LengthLimitError;

use super::AwsError;
use super::query::MEDIA_TYPE;

/// Reads a body of at most `max_bytes` that has come `within` this time.
pub(crate) async fn read(
    head: &Parts,
    body: Body,
    max_bytes: usize,
    within: Duration,
) -> Result<Bytes, AwsError> {
    if head.method != Method::POST {
        let message = "requests of the Query API are POST requests";
        return Err(AwsError::new(405, "MethodNotAllowed", message));
    }
    if head.uri.query().is_some() {
        let message = "the parameters belong into the body";
        return Err(AwsError::new(400, "InvalidQueryParameter", message));
    }
    if !is_form(head) {
        let message = format!("the body has to be {MEDIA_TYPE}");
        return Err(AwsError::new(415, "UnsupportedMediaType", message));
    }
    let too_long = || {
        let message = format!("the body is longer than {max_bytes} bytes");
        AwsError::new(413, "RequestEntityTooLarge", message)
    };
    // One that says so itself is not waited for.
    let announced = usize::try_from(body.size_hint().lower());
    if announced.map_or(true, |announced| announced > max_bytes) {
        return Err(too_long());
    }
    let read = tokio::time::timeout(within, to_bytes(body, max_bytes)).await;
    let read =
        read.map_err(|_| AwsError::new(408, "RequestTimeout", "the body did not come in time"))?;
    read.map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() {
            too_long()
        } else {
            AwsError::new(400, "IncompleteBody", "the body did not come whole")
        }
    })
}

/// One media type, with or without the `; charset=utf-8` of botocore, and nothing compressed.
fn is_form(head: &Parts) -> bool {
    let mut types = head.headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let encoded = head.headers.contains_key(CONTENT_ENCODING);
    let media_type = value.to_str().unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case(MEDIA_TYPE) && !encoded
}
