//! The body of a request: JSON, within its bounds.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::answers::Refusal;
use crate::named::Named;

/// A token is at most half as long, and nothing else in a body needs more than a line.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// A body comes at once, or its sender holds a connection for nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Reads the body as JSON. A member that nobody asked for is left alone, one that stands twice is
/// refused.
pub(crate) async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    if !is_plain_json(request.headers()) {
        return Err(Refusal::not_json());
    }
    let bytes = timeout(LONGEST_WAIT, bounded(request.into_body()))
        .await
        .map_err(|_| Refusal::too_slow())??;
    let read = serde_json::from_slice(&bytes).map(|Named(body)| body);
    read.map_err(|_| Refusal::malformed("The body is not as documented"))
}

async fn bounded(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let announced = usize::try_from(body.size_hint().lower());
    if announced.map_or(true, |announced| announced > MAX_BODY_BYTES) {
        return Err(Refusal::too_long());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Refusal::malformed("The body is cut off"))?;
        // Trailers say nothing that matters here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > MAX_BODY_BYTES.saturating_sub(bytes.len()) {
            return Err(Refusal::too_long());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// `application/json`, in UTF-8 as JSON always is (RFC 8259 section 8.1), and not compressed.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(text) = only.to_str() else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| parameter.to_ascii_lowercase().replace('"', "") == "charset=utf-8")
        && !headers.contains_key(CONTENT_ENCODING)
}
