//! A host for issuers' documents: the router that a service merges into its own.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it may listen"
)]

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use oidc_issuer::http::{DocumentServer, Prober, Published};
use oidc_issuer::{Issuer, Publisher};
use tokio::runtime::Builder;

/// Serves documents on a free loopback port until the process ends.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    server: Arc<DocumentServer>,
    prober: Prober,
}

impl Host {
    pub(crate) fn start() -> Result<Host, Box<dyn Error>> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let server = Arc::new(DocumentServer::new());
        let router = Arc::clone(&server).router();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        // Its issuers are on loopback, without TLS.
        let prober = Prober::for_loopback()?;
        Ok(Host {
            address,
            server,
            prober,
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves the documents of an issuer whose keys stay as they are.
    pub(crate) fn serve(&self, issuer: &Issuer) -> Result<(), Box<dyn Error>> {
        Ok(self.server.publish(issuer)?)
    }

    /// Where a rotation publishes: it puts documents here, and looks at them through their URL.
    pub(crate) fn publisher(&self) -> impl Publisher {
        let server = &self.server;
        Published::new(
            |issuer, documents| server.publish_documents(issuer, documents),
            self.prober.clone(),
        )
    }
}
