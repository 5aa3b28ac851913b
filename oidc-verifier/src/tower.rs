//! A layer for HTTP services: requests pass with a verified token and with no other.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use http::{Request, Response, StatusCode};
//! use oidc_verifier::tower::{Authenticated, BearerLayer, WithClock};
//! use oidc_verifier::{IssuerIdentifier, SystemClock, Verifier};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! let verifier = Verifier::builder()
//!     .issuer(IssuerIdentifier::parse("https://ci.example")?)
//!     .audience("https://deploy.example")
//!     .build()?;
//!
//! // With the feature `http`, a `KeyRefresher` stands here and keeps the keys current.
//! let service = ServiceBuilder::new()
//!     .layer(BearerLayer::new(WithClock::new(Arc::new(verifier), SystemClock)))
//!     .service(service_fn(|request: Request<()>| async move {
//!         let token = request.extensions().get::<Authenticated>().expect("the layer put it there");
//!         Ok::<_, std::convert::Infallible>(Response::new(token.subject().into_owned()))
//!     }));
//!
//! let refused = service.oneshot(Request::new(())).await?;
//! assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(refused.headers()["www-authenticate"], "Bearer realm=\"workloads\"");
//! # Ok(())
//! # }
//! ```
//!
//! # What is answered
//!
//! | request | status | challenge (RFC 6750 section 3) |
//! |---|---|---|
//! | no `Authorization`, or another scheme | 401 | `Bearer realm` |
//! | malformed, or more than one | 400 | `error="invalid_request"` |
//! | token refused, or used before | 401 | `error="invalid_token"` |
//! | no policy admits the token | 403 | `error="insufficient_scope"` |
//! | token cannot be judged now | 503 | none, but `Retry-After` |
//!
//! Bodies are empty, and nothing is said about the reason: it goes to `tracing` and `metrics`, where
//! those features are on, and to [`BearerLayer::on_decision`]. A token is taken from the header alone,
//! never from the query or a form.

mod authenticated;
#[cfg(feature = "axum")]
mod axum;
mod credentials;
mod layer;
mod refusal;
mod token_verifier;

pub use self::authenticated::Authenticated;
#[cfg(feature = "axum")]
pub use self::axum::NotAuthenticated;
pub use self::layer::{Admit, AnyVerified, BearerLayer, BearerService, ByPolicy, InvalidRealm};
pub use self::refusal::Refusal;
pub use self::token_verifier::{TokenVerifier, WithClock};
