//! The token of a request as an argument of an axum handler.

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use super::authenticated::Authenticated;

/// The token that the [`BearerLayer`](super::BearerLayer) in front has verified.
impl<S: Send + Sync> FromRequestParts<S> for Authenticated {
    type Rejection = NotAuthenticated;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotAuthenticated> {
        let found = parts.extensions.get::<Authenticated>();
        found.cloned().ok_or(NotAuthenticated)
    }
}

/// A handler asks for a token and there is no [`BearerLayer`](super::BearerLayer) in front of it: a
/// mistake of the service. Answered with 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no bearer layer in front of this handler")]
#[non_exhaustive]
pub struct NotAuthenticated;

impl IntoResponse for NotAuthenticated {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
