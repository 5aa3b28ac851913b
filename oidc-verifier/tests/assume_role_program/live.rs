//! The program itself, as a process, and issuers on sockets of this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use http::Response;
use http::request::Parts;
use oidc_core::{Algorithm, IssuerIdentifier};
use oidc_issuer::http::DocumentServer;
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{Clock as _, NumericDate, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::aws_wire::sigv4::{Secret, sign};
pub(crate) use crate::example_program::example;
use crate::example_program::{listening_on, signal};
pub(crate) use crate::folder::Folder;
use crate::sessions::Credentials;
use crate::world::{ACCOUNT, Answer, Call, REGION, form, identity_request, scope};

pub(crate) fn now() -> NumericDate {
    SystemClock.now()
}

/// The role that every live configuration has.
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/example_role";

/// One role, for tokens of this issuer whose subject begins with `job-`.
pub(crate) fn configuration(url: &str) -> Value {
    let (_, name) = url.split_once("://").unwrap();
    json!({
        "region": REGION,
        "accounts": [{
            "account": ACCOUNT,
            "identity_providers": [{"loopback_url": url, "client_ids": ["sts.amazonaws.com"]}],
            "roles": [{
                "arn": ROLE, "role_id": "AROAEXAMPLEROLE00001",
                "trust_policy": {"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"Federated":
                        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{name}")},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {format!("{name}:aud"): "sts.amazonaws.com"},
                        "StringLike": {format!("{name}:sub"): "job-*"},
                    },
                }]},
            }],
        }],
    })
}

/// The program at work.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: String,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    /// What else it says on standard output.
    rest: Option<JoinHandle<String>>,
}

impl Program {
    pub(crate) fn command(config: &Path, state: &Path) -> Command {
        let mut command = Command::new(example("assume_role"));
        command.arg("--config").arg(config);
        command.arg("--state").arg(state);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Started, and listening.
    pub(crate) fn start(config: &Path, state: &Path) -> Program {
        let mut child = Program::command(config, state)
            .spawn()
            .expect("the example assume_role, which `cargo test` builds");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = listening_on(&mut output).unwrap_or_else(|line| {
            let mut errors = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut errors);
            panic!("it does not listen: {line:?} {errors}")
        });
        let address = address.to_string();
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (errors, lines) = (child.stderr.take().unwrap(), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                lines.0.lock().unwrap().push(line);
                lines.1.notify_all();
            }
        });
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = output.read_to_string(&mut rest);
            rest
        });
        Program {
            child,
            address,
            log,
            reader: Some(reader),
            rest: Some(rest),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its operator has read so far.
    pub(crate) fn log(&self) -> String {
        self.log.0.lock().unwrap().join("\n")
    }

    /// The first line of its log like this, which may be on its way still.
    pub(crate) fn line(&self, wanted: impl Fn(&str) -> bool) -> String {
        let (lines, more) = &*self.log;
        let mut lines = lines.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            let (next, wait) = more.wait_timeout(lines, Duration::from_secs(20)).unwrap();
            lines = next;
            assert!(!wait.timed_out(), "no such line: {lines:?}");
        }
    }

    /// The memory that it holds.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident_kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number.unwrap().parse().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Does this while its standard error is full.
    pub(crate) fn while_nobody_reads(&self, act: impl FnOnce()) {
        let _held = self.log.0.lock().unwrap();
        act();
    }

    /// Ends it with this signal, and returns all that it has said.
    pub(crate) fn end(mut self, name: &str) -> (ExitStatus, String, String) {
        signal(self.child.id(), name);
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let rest = self.rest.take().unwrap().join().unwrap();
        (status, rest, self.log())
    }

    /// The answer to a call, after the keys have come: a machine that is busy may need longer for
    /// them than a call waits.
    pub(crate) fn call(&self, call: &Call) -> Answer {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let answer = self.call_once(call);
            if answer.text("Code").as_deref() != Some("IDPCommunicationError") {
                return answer;
            }
        }
        panic!("no keys have come: {}", self.log())
    }

    pub(crate) fn call_once(&self, call: &Call) -> Answer {
        post(&self.address, &[], &form(call)).unwrap()
    }

    pub(crate) fn caller(&self, credentials: &Credentials) -> Answer {
        caller(&self.address, credentials).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `GetCallerIdentity`, signed with these credentials.
pub(crate) fn caller(address: &str, credentials: &Credentials) -> Option<Answer> {
    let (mut parts, body): (Parts, String) = identity_request();
    let host = http::HeaderValue::from_str(address).unwrap();
    parts.headers.insert("host", host);
    let secret = Secret {
        access_key: &credentials.secret_access_key,
        session_token: Some(&credentials.session_token),
    };
    let key = &credentials.access_key_id;
    sign(&mut parts, body.as_bytes(), key, secret, &scope(), now());
    let signed: Vec<(&str, &str)> = ["authorization", "x-amz-date", "x-amz-security-token"]
        .iter()
        .map(|name| (*name, parts.headers[*name].to_str().unwrap()))
        .collect();
    post(address, &signed, &body)
}

/// A whole answer to a POST, or `None` if the program went away meanwhile.
pub(crate) fn post(address: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    let longest = Duration::from_secs(60);
    stream.set_read_timeout(Some(longest)).ok()?;
    let mut head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    (length?.parse() == Ok(body.len())).then(|| Answer {
        status,
        body: body.to_owned(),
    })
}

/// The status of what comes back to these bytes; `None` if the connection just ends. If they are `cut`,
/// the other side hears that nothing more comes.
pub(crate) fn raw(address: &str, bytes: &[u8], cut: bool) -> Option<u16> {
    let mut stream = TcpStream::connect(address).unwrap();
    // It may have heard enough before the end.
    let _ = stream.write_all(bytes);
    if cut {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut line = Vec::new();
    let _ = BufReader::new(stream).read_until(b'\n', &mut line);
    let line = String::from_utf8_lossy(&line);
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// An issuer on a socket, with keys that can be replaced.
pub(crate) struct LiveIssuer {
    url: String,
    documents: Arc<DocumentServer>,
    issuer: Mutex<Issuer>,
}

impl LiveIssuer {
    pub(crate) async fn start() -> LiveIssuer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/ci", listener.local_addr().unwrap());
        let documents = Arc::new(DocumentServer::new());
        let issuer = issuer(&url, &[Algorithm::Es256]);
        documents.publish(&issuer).unwrap();
        let app = Arc::clone(&documents).router();
        tokio::spawn(async move { axum::serve(listener, app).await });
        LiveIssuer {
            url,
            documents,
            issuer: Mutex::new(issuer),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on it signs with a new key, and publishes no other.
    pub(crate) fn rotate(&self) {
        let new = issuer(&self.url, &[Algorithm::Es384]);
        self.documents.publish(&new).unwrap();
        *self.issuer.lock().unwrap() = new;
    }

    pub(crate) fn token(&self, sub: &str) -> String {
        let issuer = self.issuer.lock().unwrap();
        let spec = TokenSpec::new(sub, "sts.amazonaws.com").unwrap();
        let spec = spec.with_lifetime(Duration::from_secs(3_600)).unwrap();
        issuer.issue(&spec, now()).unwrap().into_string()
    }
}

fn issuer(url: &str, algorithms: &[Algorithm]) -> Issuer {
    let mut builder = Issuer::builder(IssuerIdentifier::loopback(url).unwrap());
    for algorithm in algorithms {
        builder = builder.key(SigningKey::generate(*algorithm, &SystemRandom::new()).unwrap());
    }
    builder.build().unwrap()
}

/// Serves a folder as a web server would that is told the media type, below the path `/main`.
pub(crate) async fn serve_folder(folder: PathBuf) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/main", listener.local_addr().unwrap());
    let app = Router::new().fallback(file).with_state(Arc::new(folder));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn file(State(folder): State<Arc<PathBuf>>, request: Request) -> Response<Body> {
    let path = request
        .uri()
        .path()
        .strip_prefix("/main/")
        .unwrap_or_default();
    match std::fs::read(folder.join(path)) {
        Ok(bytes) => Response::builder()
            .header("content-type", "application/json")
            .body(Body::from(bytes)),
        Err(_) => Response::builder().status(404).body(Body::empty()),
    }
    .unwrap()
}
