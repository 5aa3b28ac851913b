//! Serving the documents of issuers over HTTP. Feature `http`.
//!
//! ```
//! use std::sync::Arc;
//! use oidc_core::{Algorithm, IssuerIdentifier};
//! use oidc_issuer::http::DocumentServer;
//! use oidc_issuer::{Issuer, SigningKey, SystemRandom};
//!
//! let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example/tenant-1")?)
//!     .key(SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?)
//!     .build()?;
//!
//! let server = Arc::new(DocumentServer::new());
//! server.publish(&issuer)?; // and again after each step of a rotation
//! let app: axum::Router = axum::Router::new().merge(server.router());
//! # drop(app);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod document_server;
mod response;

pub use self::document_server::{DocumentServer, PublishError};
