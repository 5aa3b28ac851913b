//! A host for issuers' documents: the least HTTP/1.1 server that a relying party can fetch from.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it may listen"
)]

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use oidc_issuer::Document;

/// Serves documents on a free loopback port until the process ends.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    documents: Arc<Mutex<HashMap<String, Document>>>,
}

impl Host {
    pub(crate) fn start() -> io::Result<Host> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let documents = Arc::new(Mutex::new(HashMap::new()));
        let shared = Arc::clone(&documents);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that goes away is its own affair.
                let _ = answer(&connection, &shared);
            }
        });
        Ok(Host { address, documents })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is served at this URL of the host.
    pub(crate) fn get(&self, url: &str) -> Option<Document> {
        let path = url.strip_prefix(&self.url()).unwrap_or(url);
        let documents = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        documents.get(path).cloned()
    }

    /// Serves `document` at this URL of the host, in place of what was there.
    pub(crate) fn put(&self, url: &str, document: &Document) {
        let path = url.strip_prefix(&self.url()).unwrap_or(url);
        let mut documents = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        documents.insert(path.to_owned(), document.clone());
    }
}

fn answer(
    mut connection: &TcpStream,
    documents: &Mutex<HashMap<String, Document>>,
) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines
        .next()
        .transpose()?
        .is_some_and(|header| !header.is_empty())
    {}
    let path = request
        .strip_prefix("GET ")
        .and_then(|rest| rest.split(' ').next());
    let documents = documents.lock().unwrap_or_else(PoisonError::into_inner);
    match path.and_then(|path| documents.get(path)) {
        None => connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        Some(document) => {
            write!(
                connection,
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nCache-Control: {}\r\nETag: {}\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                document.media_type,
                document.cache_control,
                document.etag,
                document.bytes.len()
            )?;
            connection.write_all(&document.bytes)
        }
    }
}
