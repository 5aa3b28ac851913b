//! The program as a process: how it begins and ends, what it says, what it does with bytes that are no
//! HTTP, and what is left of it when it is killed.

use std::fs::Permissions;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use oidc_issuer::http::DocumentServer;
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{Clock as _, SystemClock};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::arguments::USAGE;
use crate::example_program::{Dice, example, listening_on, signal};
use crate::http_site::{Site, json as json_reply};
use crate::support::AUDIENCE;
use crate::world::{Folder, IDENTITY, SECRETS, SUBJECT, configuration, grants, identity};

/// An issuer on loopback, for as long as the test runs.
struct Provider {
    issuer: Issuer,
}

impl Provider {
    /// One with a new key, whose documents somebody else serves.
    fn of(id: IssuerIdentifier) -> Provider {
        let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
        let issuer = Issuer::builder(id).key(key).build().unwrap();
        Provider { issuer }
    }

    fn start() -> Provider {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Provider::of(IssuerIdentifier::loopback(&url).unwrap());
        let server = Arc::new(DocumentServer::new());
        server.publish(&provider.issuer).unwrap();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, server.router()).await
            })
        });
        provider
    }

    /// A token that is good for an hour.
    fn token(&self) -> String {
        let spec = TokenSpec::new(SUBJECT, AUDIENCE).unwrap();
        let spec = spec.with_lifetime(Duration::from_secs(3_600)).unwrap();
        self.issuer
            .issue(&spec, SystemClock.now())
            .unwrap()
            .into_string()
    }

    /// The configuration that trusts it, in a file.
    fn configure(&self, folder: &Folder) {
        let mut document = identity(self.issuer.id().as_str(), "exact", &json!({}));
        document["ttl_seconds"] = json!(3_600);
        let text = configuration(&document);
        let mut text = text;
        text["identities"].as_array_mut().unwrap().truncate(1);
        let path = folder.write("config.json", &text.to_string());
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(example("secrets_exchange"));
    command.arg("--config").arg(folder.path("config.json"));
    command.arg("--database").arg(database(folder));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn database(folder: &Folder) -> PathBuf {
    folder.path("state/tokens.sqlite")
}

/// The program at work. It is killed if a test ends before it does.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(folder: &Folder) -> Running {
        Running::of(command(folder))
    }

    fn of(mut command: Command) -> Running {
        let mut child = command
            .spawn()
            .expect("the example, which `cargo test` builds");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let address = listening_on(&mut stdout).expect("one line");
        Running { child, address }
    }

    /// Asks it to end.
    fn end(mut self, name: &str) -> ExitStatus {
        signal(self.child.id(), name);
        self.child.wait().unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bytes and reads what comes until the end: the status and the body. `None` if there is no whole
/// answer.
fn send(address: SocketAddr, bytes: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    // It may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut length = None;
    for line in head.lines() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    (length? == body.len()).then(|| (status, body.to_owned()))
}

fn post(address: SocketAddr, path: &str, body: &Value) -> Option<(u16, String)> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    send(address, (head + &body).as_bytes())
}

/// A token of the service; `None` if it was not acknowledged.
fn exchange(address: SocketAddr, token: &str) -> Option<String> {
    let body = json!({"identity": IDENTITY, "token": token});
    let (status, body) = post(address, "/v3/auth/oidc", &body)?;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["dashboard_url"], format!("http://{address}"));
    Some(body["token"].as_str().unwrap().to_owned())
}

fn revoke(address: SocketAddr, token: &str) -> Option<()> {
    let (status, body) = post(address, "/v3/auth/revoke", &json!({"token": token}))?;
    assert_eq!(status, 200, "{body}");
    Some(())
}

fn status_of(address: SocketAddr, token: &str) -> u16 {
    let request = format!(
        "GET {SECRETS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    send(address, request.as_bytes()).expect("an answer").0
}

fn run(arguments: &[&str]) -> Output {
    Command::new(example("secrets_exchange"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_program_says_what_it_takes() {
    let help = run(&["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    assert_eq!(
        String::from_utf8(help.stdout).unwrap(),
        format!("{USAGE}\n")
    );
    let wrong = run(&["--confg", "x"]);
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0));
    assert!(
        wrong
            .stderr
            .starts_with(b"error: unknown argument `--confg`\nusage: ")
    );
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let folder = Folder::new("secrets-exchange");
    Provider::start().configure(&folder);
    let config = folder.path("config.json");
    let config = config.to_str().unwrap();
    let foreign = folder.path("notes");
    std::fs::write(&foreign, "some notes of mine, which are no database").unwrap();
    std::fs::set_permissions(&foreign, Permissions::from_mode(0o600)).unwrap();
    let foreign = foreign.to_str().unwrap();
    for (arguments, expected) in [
        (
            vec!["--config", "/nowhere", "--database", "x"],
            "/nowhere: cannot open: No such file".to_owned(),
        ),
        (
            vec!["--config", foreign, "--database", "x"],
            "configuration: expected value".to_owned(),
        ),
        (
            vec!["--config", config, "--database", foreign],
            format!("database {foreign}: is not an SQLite file"),
        ),
        (
            vec![
                "--config",
                config,
                "--database",
                "x",
                "--root-certificates",
                config,
            ],
            "root certificates are not PEM".to_owned(),
        ),
    ] {
        let output = run(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("error: {expected}")), "{said}");
    }
}

/// It has the secrets in it.
#[test]
fn a_configuration_that_others_may_read_is_refused() {
    let folder = Folder::new("secrets-exchange");
    Provider::start().configure(&folder);
    let config = folder.path("config.json");
    let path = config.to_str().unwrap();
    for mode in [0o640, 0o604, 0o620] {
        std::fs::set_permissions(&config, Permissions::from_mode(mode)).unwrap();
        let output = run(&["--config", path, "--database", "x"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("error: {path}: ")), "{said}");
    }
    std::fs::set_permissions(&config, Permissions::from_mode(0o400)).unwrap();
    assert!(Running::start(&folder).end("TERM").success());
}

#[test]
fn it_ends_cleanly_and_goes_on_where_it_was() {
    let folder = Folder::new("secrets-exchange");
    let provider = Provider::start();
    provider.configure(&folder);
    let mut tokens = Vec::<String>::new();
    for signal in ["TERM", "INT"] {
        let running = Running::start(&folder);
        for token in &tokens {
            assert_eq!(status_of(running.address, token), 200);
        }
        let revoked = exchange(running.address, &provider.token()).unwrap();
        revoke(running.address, &revoked).unwrap();
        assert_eq!(status_of(running.address, &revoked), 401);
        tokens.push(exchange(running.address, &provider.token()).unwrap());
        // A connection on which nobody asks anything holds nothing up.
        let _idle = TcpStream::connect(running.address).unwrap();
        assert!(running.end(signal).success());
    }
    let state = std::fs::read_dir(folder.path("state")).unwrap();
    assert_eq!(state.count(), 1, "the log is folded into the database");
    assert_eq!(grants(&database(&folder)), 2);
}

/// The lines are written by a thread of their own, which is waited for.
#[test]
fn what_it_has_answered_is_in_its_log_when_it_has_ended() {
    let folder = Folder::new("secrets-exchange");
    let provider = Provider::start();
    provider.configure(&folder);
    let log = folder.path("log");
    let mut command = command(&folder);
    command.stderr(std::fs::File::create(&log).unwrap());
    let running = Running::of(command);
    let body = json!({"token": format!("dp.said.{}", "A".repeat(43))});
    for _ in 0..200 {
        post(running.address, "/v3/auth/revoke", &body).unwrap();
    }
    assert!(running.end("TERM").success());
    let log = std::fs::read_to_string(&log).unwrap();
    let said = |line: &&str| line.ends_with(" POST /v3/auth/revoke 200: a token is revoked");
    assert_eq!(log.lines().filter(said).count(), 200, "{log}");
}

/// `https://localhost`, with a certificate that the platform does not know.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_may_be_vouched_for_by_an_authority_of_ones_own() {
    let tls_key = rcgen::KeyPair::generate().unwrap();
    let names = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = names.self_signed(&tls_key).unwrap();
    let issuer = Arc::new(OnceLock::<Issuer>::new());
    let serving = Arc::clone(&issuer);
    let site = Site::start_tls(&certificate, &tls_key, move |head, _| {
        let issuer = serving.get().unwrap();
        let document = if head.starts_with("GET /.well-known/openid-configuration ") {
            issuer.discovery_document()
        } else {
            issuer.jwk_set_document()
        };
        json_reply(std::str::from_utf8(&document.bytes).unwrap())
    })
    .await;
    let id = IssuerIdentifier::loopback(&format!("https://localhost:{}", site.port())).unwrap();
    let provider = Provider::of(id);
    let token = provider.token();
    let folder = Folder::new("secrets-exchange");
    provider.configure(&folder);
    assert!(issuer.set(provider.issuer).is_ok());
    for (authority, status) in [(certificate.pem(), 200), (other_authority(), 503)] {
        let roots = folder.path("roots.pem");
        std::fs::write(&roots, authority).unwrap();
        let mut command = command(&folder);
        command.arg("--root-certificates").arg(roots);
        let running = Running::of(command);
        let body = json!({"identity": IDENTITY, "token": token});
        let answer = post(running.address, "/v3/auth/oidc", &body).unwrap();
        assert_eq!(answer.0, status, "{}", answer.1);
    }
}

fn other_authority() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    names.self_signed(&key).unwrap().pem()
}

/// What the HTTP library answers before a request comes to the service.
#[test]
fn bytes_that_are_no_http_are_answered_with_400s() {
    let folder = Folder::new("secrets-exchange");
    Provider::start().configure(&folder);
    let running = Running::start(&folder);
    let long = "x".repeat(100_000);
    let many = "x: y\r\n".repeat(200);
    let of_hosts =
        |hosts: &str| format!("GET {SECRETS} HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n");
    for (request, statuses) in [
        ("\r\n\r\n\r\n\r\nGET\r\n\r\n".to_owned(), &[400][..]),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), &[400]),
        ("GET /\r\n\r\n".to_owned(), &[400]),
        ("G\u{e9}T / HTTP/1.1\r\n\r\n".to_owned(), &[400]),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), &[400]),
        ("GET / HTTP/1.1\r\nx : y\r\n\r\n".to_owned(), &[400]),
        (of_hosts(""), &[400]),
        (of_hosts("Host: a\r\n"), &[401]),
        (of_hosts("Host: a\r\nHost: a\r\n"), &[400]),
        ("GET / HTTP/1.1\r\nx: \0\r\n\r\n".to_owned(), &[400]),
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), &[414]),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", long.repeat(6)), &[431]),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), &[431]),
        (
            "POST /v3/auth/oidc HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
            &[400],
        ),
        (
            "POST /v3/auth/oidc HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(),
            &[400],
        ),
        (
            "POST /v3/auth/oidc HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
            &[400],
        ),
        (
            "POST /v3/auth/oidc HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\nzz\r\n"
                .to_owned(),
            &[400],
        ),
        (
            "POST /v3/auth/oidc HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: 99999999999\r\n\r\n"
                .to_owned(),
            &[413],
        ),
    ] {
        let shown: String = request.chars().take(80).collect();
        let (status, _) = send(running.address, request.as_bytes()).expect(&shown);
        assert!(statuses.contains(&status), "{shown:?}: {status}");
    }
    // A body that is chunked is counted while it comes.
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let request = format!(
        "POST /v3/auth/oidc HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(3)
    );
    assert_eq!(send(running.address, request.as_bytes()).unwrap().0, 413);
    assert_eq!(status_of(running.address, "x"), 401);
}

/// What one caller was told before the program was killed.
#[derive(Clone, Copy)]
enum Acknowledged {
    Issued,
    Revoked,
}

/// Exchanges and revokes until nobody answers any more. What it is told it passes on at once; of a
/// change that was asked for and not answered nothing is known.
fn use_it(address: SocketAddr, token: &str, told: &Sender<(Acknowledged, String)>) {
    let mut revoking = false;
    while let Some(issued) = exchange(address, token) {
        if !revoking {
            revoking = true;
            if told.send((Acknowledged::Issued, issued)).is_err() {
                return;
            }
            continue;
        }
        revoking = false;
        if revoke(address, &issued).is_none() || told.send((Acknowledged::Revoked, issued)).is_err()
        {
            return;
        }
    }
}

const ROUNDS: usize = 50;
const CALLERS: usize = 4;

/// It is killed at 50 moments: before it listens, and after any number of answers, in the middle of
/// others. No answer was a lie.
#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    let folder = Folder::new("secrets-exchange");
    let provider = Provider::start();
    provider.configure(&folder);
    let token = provider.token();
    let (mut issued, mut revoked) = (Vec::<String>::new(), Vec::<String>::new());
    let mut dice = Dice::new();
    for round in 0..ROUNDS {
        if round % 5 == 0 {
            // While it starts: for the first time even before there is a database.
            let mut child = command(&folder).spawn().unwrap();
            for _ in 0..dice.below(500) {
                thread::yield_now();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        let running = Running::start(&folder);
        let address = running.address;
        let (told, tells) = channel();
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (token, told) = (token.clone(), told.clone());
                thread::spawn(move || use_it(address, &token, &told))
            })
            .collect();
        drop(told);
        let enough = usize::try_from(dice.below(16)).unwrap();
        let mut heard: Vec<_> = tells.iter().take(enough).collect();
        assert_eq!(heard.len(), enough, "it went on until it was killed");
        running.kill();
        heard.extend(tells);
        for caller in callers {
            caller.join().unwrap();
        }
        // What has just been acknowledged, and something from before.
        let (before_issued, before_revoked) = (issued.last().cloned(), revoked.last().cloned());
        let running = Running::start(&folder);
        for (what, token) in heard {
            match what {
                Acknowledged::Issued => {
                    assert_eq!(status_of(running.address, &token), 200, "round {round}");
                    issued.push(token);
                }
                Acknowledged::Revoked => {
                    assert_eq!(status_of(running.address, &token), 401, "round {round}");
                    revoked.push(token);
                }
            }
        }
        if let Some(token) = before_issued {
            assert_eq!(status_of(running.address, &token), 200, "round {round}");
        }
        if let Some(token) = before_revoked {
            assert_eq!(status_of(running.address, &token), 401, "round {round}");
        }
        running.kill();
    }
    let running = Running::start(&folder);
    for token in &issued {
        assert_eq!(status_of(running.address, token), 200);
    }
    for token in &revoked {
        assert_eq!(status_of(running.address, token), 401);
    }
    assert!(running.end("TERM").success());
    assert!(
        issued.len() > ROUNDS && revoked.len() > ROUNDS,
        "{} {}",
        issued.len(),
        revoked.len()
    );
    // Whole, and beside the acknowledged ones at most what was under way at a kill.
    let connection = Connection::open(database(&folder)).unwrap();
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let grants = usize::try_from(grants(&database(&folder))).unwrap();
    assert!(
        (issued.len()..=issued.len() + ROUNDS * CALLERS).contains(&grants),
        "{grants}"
    );
    let now: NumericDate = SystemClock.now();
    let all_live = "SELECT count(*) FROM grants WHERE expires_at > ?1";
    let live: usize = connection
        .query_row(all_live, [now.as_seconds()], |row| row.get::<_, i64>(0))
        .map(|count| usize::try_from(count).unwrap())
        .unwrap();
    assert_eq!(live, grants);
}
