//! Which document is at which path.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use http::Response;
use oidc_core::IssuerIdentifier;

use super::response;
use crate::issuer::Issuer;
use crate::publication::Document;
use crate::random::{SecureRandom, SystemRandom};
use crate::rotation::Documents;

/// Serves the discovery document and the JWK Set of any number of issuers of one host, each at the
/// path that its URL has.
///
/// The documents are held as bytes: a request costs a look-up and no rendering. They are swapped as
/// a whole, and no request waits.
///
/// It answers `GET`, `HEAD` and `OPTIONS`, with the documents' media type, a strong `ETag` (and `304`
/// to whoever has it already), `Cache-Control`, and `Access-Control-Allow-Origin: *`, because they are
/// public. It does not look at `Host`: what an issuer is called is not for a request to say.
///
/// ```
/// use std::sync::Arc;
/// use oidc_core::{Algorithm, IssuerIdentifier};
/// use oidc_issuer::http::DocumentServer;
/// use oidc_issuer::{Issuer, SigningKey, SystemRandom};
///
/// let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example/tenant-1")?)
///     .key(SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?)
///     .build()?;
///
/// let server = Arc::new(DocumentServer::new());
/// server.publish(&issuer)?; // and again when its keys have changed
/// let app: axum::Router = axum::Router::new().merge(server.router());
/// # drop(app);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct DocumentServer {
    paths: ArcSwap<HashMap<String, Served>>,
    /// Held while the paths are changed.
    changing: Mutex<()>,
}

/// A document as it goes out.
#[derive(Clone, Debug)]
pub(super) struct Served {
    issuer: IssuerIdentifier,
    pub(super) body: Bytes,
    pub(super) document: Arc<Document>,
}

impl DocumentServer {
    /// A server without documents.
    pub fn new() -> DocumentServer {
        DocumentServer::default()
    }

    /// Serves the documents of this issuer from now on, as they are now.
    ///
    /// The JWK Set is served if its URL is at the same host as the issuer; else it is somebody
    /// else's to serve.
    ///
    /// # Errors
    ///
    /// [`PublishError::PathTaken`] when another issuer's document is at one of the paths.
    pub fn publish(&self, issuer: &Issuer) -> Result<(), PublishError> {
        self.put(
            issuer.id(),
            issuer.discovery_document(),
            issuer.jwks_uri(),
            issuer.jwk_set_document(),
        )
    }

    /// Serves the documents of this step of a rotation, in place of those before: the half of a
    /// [`Publisher`](crate::Publisher) that publishes. Both change at once.
    ///
    /// # Errors
    ///
    /// As [`publish`](Self::publish).
    pub fn publish_documents(
        &self,
        issuer: &IssuerIdentifier,
        documents: &Documents,
    ) -> Result<(), PublishError> {
        let Documents {
            jwks_uri,
            jwk_set,
            discovery,
        } = documents;
        self.put(issuer, discovery, jwks_uri, jwk_set)
    }

    fn put(
        &self,
        issuer: &IssuerIdentifier,
        discovery: &Document,
        jwks_uri: &str,
        jwk_set: &Document,
    ) -> Result<(), PublishError> {
        let discovery_url = issuer.discovery_url();
        let (origin, path) = split_url(&discovery_url).ok_or(PublishError::NoPath)?;
        let mut documents = vec![(path, discovery)];
        match split_url(jwks_uri) {
            Some((other, path)) if other == origin => documents.push((path, jwk_set)),
            Some(_) | None => {}
        }
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut paths = HashMap::clone(&self.paths.load());
        paths.retain(|_, served| served.issuer != *issuer);
        for (path, document) in documents {
            if paths.contains_key(path) {
                let path = path.to_owned();
                return Err(PublishError::PathTaken { path });
            }
            let served = Served {
                issuer: issuer.clone(),
                body: Bytes::copy_from_slice(&document.bytes),
                document: Arc::new(document.clone()),
            };
            paths.insert(path.to_owned(), served);
        }
        self.paths.store(Arc::new(paths));
        Ok(())
    }

    /// Serves nothing of this issuer any longer. False if it did not.
    pub fn remove(&self, issuer: &IssuerIdentifier) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut paths = HashMap::clone(&self.paths.load());
        let before = paths.len();
        paths.retain(|_, served| served.issuer != *issuer);
        let removed = paths.len() < before;
        self.paths.store(Arc::new(paths));
        removed
    }

    /// The answer to one request; its body is not read.
    pub fn respond<B>(&self, request: &http::Request<B>) -> Response<Body> {
        let paths = self.paths.load();
        let served = paths.get(request.uri().path());
        let mut random = [0; 8];
        // Without randomness the lifetime is not spread, and still true.
        let drawn = SystemRandom::new().fill(&mut random);
        let random = drawn.map_or(0, |()| u64::from_le_bytes(random));
        response::to(request, served, random)
    }

    /// A router that answers for the paths of the issuers, those added later too, and with 404 for
    /// all others: merge it into a service's own, which has its paths first.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(self)
    }
}

async fn answer(State(server): State<Arc<DocumentServer>>, request: Request) -> Response<Body> {
    server.respond(&request)
}

/// `https://host:port` and the path after it. What a query says is not for a document to look at.
fn split_url(url: &str) -> Option<(&str, &str)> {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    let authority = url.find("://")?.checked_add(3)?;
    match url.get(authority..)?.find('/') {
        Some(path) => url.split_at_checked(path.checked_add(authority)?),
        // RFC 9110 section 4.2.3: no path is the same as `/`.
        None => Some((url, "/")),
    }
}

/// Why the documents of an issuer are not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The issuer's URL has no path for a document.
    #[error("the issuer has no path for a document")]
    NoPath,
    /// Another issuer has a document at this path.
    #[error("another issuer has a document at `{path}`")]
    #[non_exhaustive]
    PathTaken {
        /// The path.
        path: String,
    },
}

impl PublishError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPath => "no_path",
            Self::PathTaken { .. } => "path_taken",
        }
    }
}
