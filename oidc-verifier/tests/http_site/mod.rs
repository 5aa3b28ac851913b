//! A server on loopback that answers byte for byte what a test says, and keeps what it was asked.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use oidc_core::IssuerIdentifier;
use oidc_issuer::Issuer;
use oidc_verifier::key_source::KeySourceConfig;
use rcgen::{Certificate, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::http_world::{at, issuer_with, token};

/// Where the issuer of a site has its JWK Set.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";

/// Timeouts that no machine is too busy to keep.
pub(crate) fn config() -> KeySourceConfig {
    let longest = KeySourceConfig::TOTAL_TIMEOUT.max();
    let config = KeySourceConfig::builder().connect_timeout(longest);
    config.total_timeout(longest).build().unwrap()
}

/// A short timeout, so that a test of a silent server is short.
pub(crate) fn hasty() -> KeySourceConfig {
    let shortest = KeySourceConfig::TOTAL_TIMEOUT.min();
    let config = KeySourceConfig::builder().connect_timeout(shortest);
    config.total_timeout(shortest).build().unwrap()
}

/// What a server does with one request. At the end it closes.
pub(crate) type Reply = Vec<Step>;

pub(crate) enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    Hang,
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let bodiless = status.starts_with("304") || status.starts_with("204");
    if !bodiless {
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    let mut bytes = format!("{head}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Send(bytes)]
}

pub(crate) fn json(body: &str) -> Reply {
    response(
        "200 OK",
        &[("Content-Type", "application/json")],
        body.as_bytes(),
    )
}

type Handler = dyn Fn(&str, usize) -> Reply + Send + Sync;

/// The server. It goes with the last handle; what was accepted before is answered to the end.
#[derive(Clone)]
pub(crate) struct Site(Arc<Listening>);

struct Listening {
    port: u16,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<String>>,
    issuer: Mutex<Option<Issuer>>,
    served: Mutex<HashMap<String, Arc<dyn Fn() -> Reply + Send + Sync>>>,
    connections: watch::Sender<Connections>,
}

#[derive(Clone, Copy, Default)]
struct Connections {
    accepted: usize,
    asked: usize,
    hung_up: usize,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Site {
    /// Answers each request with what `handler` makes of its head and its number.
    pub(crate) async fn start(
        handler: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Site {
        Site::listen(None, Arc::default(), Arc::new(handler)).await
    }

    pub(crate) async fn start_tls(
        certificate: &Certificate,
        key: &KeyPair,
        handler: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Site {
        #[cfg(feature = "aws-lc-rs")]
        use tokio_rustls::rustls::crypto::aws_lc_rs as backend;
        #[cfg(not(feature = "aws-lc-rs"))]
        use tokio_rustls::rustls::crypto::ring as backend;
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(backend::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Site::listen(Some(tls), Arc::default(), Arc::new(handler)).await
    }

    /// An issuer with one key, whose documents are good until [`serve`](Self::serve) says otherwise.
    pub(crate) async fn issuer() -> Site {
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        let handler = move |head: &str, _: usize| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let served = held(&serving.served).get(path).cloned();
            if let Some(reply) = served {
                return reply();
            }
            let issuer = held(&serving.issuer);
            let issuer = issuer.as_ref().unwrap();
            let document = match path {
                "/.well-known/openid-configuration" => issuer.discovery_document(),
                JWKS => issuer.jwk_set_document(),
                _ => return response("404 Not Found", &[], b""),
            };
            json(std::str::from_utf8(&document.bytes).unwrap())
        };
        let site = Site::listen(None, shared, Arc::new(handler)).await;
        site.rotate("first");
        site
    }

    async fn listen(tls: Option<TlsAcceptor>, shared: Arc<Shared>, handler: Arc<Handler>) -> Site {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    shared.count(|connections| &mut connections.accepted);
                    let (shared, handler) = (Arc::clone(&shared), Arc::clone(&handler));
                    let tls = tls.clone();
                    tokio::spawn(async move {
                        match tls {
                            None => shared.answer(stream, &*handler).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    shared.answer(stream, &*handler).await;
                                }
                            }
                        }
                        shared.count(|connections| &mut connections.hung_up);
                    });
                }
            })
        };
        Site(Arc::new(Listening {
            port,
            shared,
            accepting,
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority())
    }

    pub(crate) fn identifier(&self) -> IssuerIdentifier {
        IssuerIdentifier::loopback(&self.url()).unwrap()
    }

    /// Answers requests for this path so from now on.
    pub(crate) fn serve(&self, path: &str, reply: impl Fn() -> Reply + Send + Sync + 'static) {
        held(&self.0.shared.served).insert(path.to_owned(), Arc::new(reply));
    }

    /// Has the issuer sign with a new key of this name, and no other.
    pub(crate) fn rotate(&self, kid: &str) {
        let id = self.identifier();
        *held(&self.0.shared.issuer) = Some(issuer_with(&id, kid));
    }

    pub(crate) fn token(&self) -> Vec<u8> {
        token(held(&self.0.shared.issuer).as_ref().unwrap(), at(0))
    }

    pub(crate) fn jwk_set(&self) -> String {
        let issuer = held(&self.0.shared.issuer);
        let document = issuer.as_ref().unwrap().jwk_set_document();
        String::from_utf8(document.bytes.clone()).unwrap()
    }

    /// The heads of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        held(&self.0.shared.requests).clone()
    }

    pub(crate) fn requests_of(&self, path: &str) -> Vec<String> {
        let mut requests = self.requests();
        let line = format!("GET {path} ");
        requests.retain(|head| head.starts_with(&line));
        requests
    }

    pub(crate) fn connections(&self) -> usize {
        self.0.shared.connections.borrow().accepted
    }

    /// Completes when a request has come.
    pub(crate) async fn asked(&self) {
        let mut connections = self.0.shared.connections.subscribe();
        connections.wait_for(|count| count.asked > 0).await.unwrap();
    }

    /// Completes when a client has gone.
    pub(crate) fn hung_up(&self) -> impl Future<Output = ()> + use<> {
        let mut connections = self.0.shared.connections.subscribe();
        let site = self.clone();
        async move {
            connections
                .wait_for(|count| count.hung_up > 0)
                .await
                .unwrap();
            drop(site);
        }
    }
}

impl Shared {
    fn count(&self, which: fn(&mut Connections) -> &mut usize) {
        self.connections.send_modify(|connections| {
            let count = which(connections);
            *count = count.checked_add(1).unwrap();
        });
    }

    /// Answers one request and closes.
    async fn answer(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, handler: &Handler) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let number = {
            let mut requests = held(&self.requests);
            requests.push(head.clone());
            requests.len().checked_sub(1).unwrap()
        };
        self.count(|connections| &mut connections.asked);
        for step in handler(&head, number) {
            match step {
                Step::Send(bytes) => {
                    // The client may have heard enough.
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Step::Pause(pause) => tokio::time::sleep(pause).await,
                Step::Hang => {
                    while stream.read_u8().await.is_ok() {}
                    return;
                }
            }
        }
        let _ = stream.shutdown().await;
    }
}
