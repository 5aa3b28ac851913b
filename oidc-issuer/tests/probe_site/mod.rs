//! A server on loopback that answers byte for byte what a test says, and keeps what it was asked.
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use oidc_core::IssuerIdentifier;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What is answered to a request; nothing is an answer that never comes.
pub(crate) type Reply = Option<Vec<u8>>;

/// A whole response of these headers.
#[expect(clippy::unnecessary_wraps, reason = "one of two kinds of reply")]
pub(crate) fn response(status: &str, headers: &[&str], body: &[u8]) -> Reply {
    let mut reply = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        reply.push_str(header);
        reply.push_str("\r\n");
    }
    Some([reply.as_bytes(), b"\r\n", body].concat())
}

pub(crate) fn json(body: &[u8]) -> Reply {
    response("200 OK", &["Content-Type: application/json"], body)
}

/// The server. It goes with this handle.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A certificate authority of a test, and the server that it vouches for.
pub(crate) struct Authority {
    pub(crate) pem: Vec<u8>,
    server: TlsAcceptor,
}

impl Authority {
    pub(crate) fn of(host: &str) -> Authority {
        #[cfg(feature = "aws-lc-rs")]
        use tokio_rustls::rustls::crypto::aws_lc_rs as backend;
        #[cfg(not(feature = "aws-lc-rs"))]
        use tokio_rustls::rustls::crypto::ring as backend;
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(backend::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Authority {
            pem: authority.pem().into_bytes(),
            server: TlsAcceptor::from(Arc::new(config)),
        }
    }
}

impl Site {
    /// Answers each request with what `handler` makes of its path.
    pub(crate) async fn start(handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Site {
        Site::listen((Ipv4Addr::LOCALHOST, 0).into(), None, handler).await
    }

    pub(crate) async fn start_tls(
        authority: &Authority,
        handler: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Site {
        let tls = Some(authority.server.clone());
        Site::listen((Ipv4Addr::LOCALHOST, 0).into(), tls, handler).await
    }

    pub(crate) async fn listen(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        handler: impl Fn(&str) -> Reply + Send + Sync + 'static,
    ) -> Site {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (asked, handler) = (Arc::clone(&requests), Arc::new(handler));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, handler) = (Arc::clone(&asked), Arc::clone(&handler));
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &asked, &*handler).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &asked, &*handler).await;
                            }
                        }
                    }
                });
            }
        });
        Site {
            address,
            requests,
            accepting,
        }
    }

    /// The issuer whose documents are here.
    pub(crate) fn issuer(&self) -> IssuerIdentifier {
        IssuerIdentifier::loopback(&format!("http://{}", self.address)).unwrap()
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The heads of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers one request and closes.
async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: &Mutex<Vec<String>>,
    handler: &(dyn Fn(&str) -> Reply + Send + Sync),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let reply = handler(head.split(' ').nth(1).unwrap_or_default());
    asked.lock().unwrap().push(head);
    match reply {
        // The client may have heard enough.
        Some(reply) => drop(stream.write_all(&reply).await),
        None => while stream.read_u8().await.is_ok() {},
    }
    let _ = stream.shutdown().await;
}
