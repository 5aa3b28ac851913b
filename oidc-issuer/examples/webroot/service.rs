//! Files of one folder, as the documents of an issuer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, Response, StatusCode, Uri};
use oidc_issuer::fs::{Files, Webroot};

/// Serves what is in the folder at the moment of the request.
pub(crate) fn router(folder: PathBuf) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(folder))
}

async fn answer(State(folder): State<Arc<PathBuf>>, method: Method, uri: Uri) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return empty(StatusCode::METHOD_NOT_ALLOWED, (ALLOW, ALLOWED));
    }
    let Some(path) = path_in(&folder, uri.path()) else {
        return empty(StatusCode::NOT_FOUND, (X_CONTENT_TYPE_OPTIONS, NO_SNIFF));
    };
    // They are small, and on a disk of this machine; still, no thread of the runtime waits for it.
    let read = move || Files::new().read(&path, Webroot::MAX_DOCUMENT_BYTES);
    let Ok(Ok(document)) = tokio::task::spawn_blocking(read).await else {
        return empty(StatusCode::NOT_FOUND, (X_CONTENT_TYPE_OPTIONS, NO_SNIFF));
    };
    let mut response = Response::new(Body::from(document));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT_FOR));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    response
}

/// What diridp's `publish_margin` reckons with: ten minutes.
const KEPT_FOR: &str = "public, max-age=600";

const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

fn empty(status: StatusCode, (name, value): (HeaderName, HeaderValue)) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(name, value);
    response
}

/// The file of a path, which is written with plain characters only and never leads upwards.
fn path_in(folder: &Path, path: &str) -> Option<PathBuf> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut file = folder.to_owned();
    for segment in path.strip_prefix('/')?.split('/') {
        if segment.is_empty() || matches!(segment, "." | "..") || !segment.bytes().all(is_plain) {
            return None;
        }
        file.push(segment);
    }
    Some(file)
}
