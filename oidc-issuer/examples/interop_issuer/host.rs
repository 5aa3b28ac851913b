//! Where the documents are served, and looked at as relying parties do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use oidc_issuer::Publisher;
use oidc_issuer::http::{DocumentServer, Prober, Published, TlsSetupError};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Serves documents on a free loopback port until the process ends.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    server: Arc<DocumentServer>,
}

impl Host {
    pub(crate) fn start() -> io::Result<Host> {
        let server = Arc::new(DocumentServer::new());
        let router = Arc::clone(&server).router();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        thread::spawn(move || runtime.block_on(async { axum::serve(listener, router).await }));
        Ok(Host { address, server })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn publisher(&self) -> Result<impl Publisher + use<>, TlsSetupError> {
        let server = Arc::clone(&self.server);
        Ok(Published::new(
            move |issuer, documents| server.publish_documents(issuer, documents),
            Prober::for_loopback()?,
        ))
    }
}
