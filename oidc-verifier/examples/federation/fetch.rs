//! A relying party's fetcher: one GET, no redirects, a deadline and a cap.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it may connect"
)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// More than any key set that is accepted.
const MAX_RESPONSE_BYTES: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Fetches an `http` URL of the loopback host.
pub(crate) fn get(url: &str) -> Result<Response, Box<dyn Error>> {
    let rest = url
        .strip_prefix("http://")
        .ok_or("only http, only on loopback")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut connection = TcpStream::connect(authority)?;
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    connection
        .take(MAX_RESPONSE_BYTES)
        .read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or("no end of headers")?;
    let (head, body) = bytes.split_at(end);
    let head = std::str::from_utf8(head)?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    let content_type = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type")
            .then(|| value.trim().to_owned())
    });
    Ok(Response {
        status,
        content_type,
        body: body.iter().skip(4).copied().collect(),
    })
}
