//! The program itself, and a client that knows nothing but HTTP/1.1.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use http::Request;
use http::request::Parts;
use oidc_core::NumericDate;
use serde_json::Value;

use super::world::{Answer, FORM, Folder, Key, REGION, sign_at};
use crate::example_program::{example, listening_on, signal};

/// The program with the configuration and the state of a folder.
pub(crate) fn command(folder: &Folder) -> Command {
    let mut command = Command::new(example("outbound"));
    command.arg("--config").arg(folder.path("config.json"));
    command.arg("--state").arg(folder.path("state"));
    command
}

pub(crate) fn configure(folder: &Folder, config: &Value) {
    configure_for(folder, config, 0o600);
}

/// The same in a file of this mode.
pub(crate) fn configure_for(folder: &Folder, config: &Value, mode: u32) {
    let path = folder.path("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The program at work.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts it, again if somebody's connection has its port for a moment.
    pub(crate) fn start(folder: &Folder) -> Running {
        for _ in 0..100 {
            let log = std::fs::File::create(folder.path("log")).unwrap();
            let mut command = command(folder);
            let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
            let said = listening_on(&mut BufReader::new(child.stdout.take().unwrap()));
            let line = match said {
                Ok(address) => return Running { child, address },
                Err(line) => line,
            };
            child.wait().unwrap();
            let log = std::fs::read_to_string(folder.path("log")).unwrap();
            assert!(log.contains("Address already in use"), "{line:?}: {log}");
        }
        panic!("the port is taken");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// What it ends with.
    pub(crate) fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn now() -> NumericDate {
    let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    NumericDate::from_seconds(seconds.try_into().unwrap()).unwrap()
}

/// A signed request, to be sent by [`ask`].
pub(crate) fn signed(key: Key, service: &str, body: &str) -> (Parts, String) {
    let request = Request::post("/").header("host", "127.0.0.1");
    let request = request.header("content-type", FORM).body(Body::empty());
    let mut head = request.unwrap().into_parts().0;
    sign_at(&mut head, body.as_bytes(), key, REGION, service, now());
    (head, body.to_owned())
}

/// The bytes of a request on a connection of its own.
pub(crate) fn on_the_wire((head, body): &(Parts, String)) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", head.method, head.uri);
    for (name, value) in &head.headers {
        let value = value.to_str().unwrap();
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let length = body.len();
    let _ = write!(
        text,
        "content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    text.into_bytes()
}

/// Sends bytes; the connection for the answer.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> std::io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_secs(30)))?;
    connection.write_all(bytes)?;
    Ok(connection)
}

/// What comes back until the end; nothing if that is no whole answer.
pub(crate) fn receive(mut connection: TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    connection.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = http::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, value.parse().ok()?);
    }
    if let Some(length) = headers.get("content-length") {
        let length: usize = length.to_str().ok()?.parse().ok()?;
        if length != body.len() {
            return None;
        }
    }
    Some(Answer {
        status,
        headers,
        text: body.to_owned(),
    })
}

pub(crate) fn ask(address: SocketAddr, key: Key, service: &str, body: &str) -> Option<Answer> {
    let bytes = on_the_wire(&signed(key, service, body));
    receive(send(address, &bytes).ok()?)
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    receive(send(address, request.as_bytes()).ok()?)
}
