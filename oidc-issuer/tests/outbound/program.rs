//! The program from outside: its arguments, its signals, its port, and HTTP that is none.

use std::io::BufReader;
use std::process::{Command, Stdio};

use serde_json::json;

use super::running::{Running, ask, command, configure, configure_for, get, receive, send};
use super::world::{ADMIN, DEPLOYER, Folder, config};
use crate::example_program::{example, listening_on};

const INFO: &str = "Action=GetOutboundWebIdentityFederationInfo&Version=2010-05-08";
const ENABLE: &str = "Action=EnableOutboundWebIdentityFederation&Version=2010-05-08";
const TOKEN: &str = "Action=GetWebIdentityToken&Version=2011-06-15&Audience.member.1=doppler\
                     &SigningAlgorithm=ES384";

/// Code, standard output and standard error.
fn run(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_wrong_call_is_told_and_ends_with_2() {
    let call = |arguments: &[&str]| {
        let mut command = Command::new(example("outbound"));
        command.args(arguments);
        run(command)
    };
    let (code, out, err) = call(&["--help"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("usage: outbound --config FILE --state FOLDER"),
        "{out}"
    );
    for (arguments, error) in [
        (&[][..], "--config is missing\n--help says how it is used\n"),
        (
            &["--confg", "a"],
            "unknown argument --confg\n--help says how it is used\n",
        ),
        (
            &["--config"],
            "--config needs a value\n--help says how it is used\n",
        ),
    ] {
        assert_eq!(call(arguments), (Some(2), String::new(), error.to_owned()));
    }
    let (code, out, err) = call(&["--config", "/nonexistent", "--state", "/nonexistent"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("/nonexistent"), "{err}");
}

/// It has secrets in it.
#[test]
fn a_configuration_that_others_may_read_is_refused() {
    let folder = Folder::new("open");
    for mode in [0o640, 0o604, 0o620] {
        configure_for(&folder, &config(), mode);
        let (code, out, err) = run(command(&folder));
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains("config.json: "), "{err}");
    }
    configure_for(&folder, &config(), 0o400);
    drop(Running::start(&folder));
}

#[test]
fn it_keeps_its_port_and_its_word_until_it_is_ended() {
    let folder = Folder::new("program");
    configure(&folder, &config());
    let first = Running::start(&folder);
    let address = first.address;
    let issuer = ask(address, ADMIN, "iam", ENABLE)
        .unwrap()
        .element("IssuerIdentifier")
        .unwrap();
    assert!(
        issuer.starts_with(&format!("http://{address}/")),
        "{issuer}"
    );
    let path = issuer.strip_prefix(&first.url()).unwrap().to_owned();
    let documents = |path: &str| {
        let document = |name| get(address, &format!("{path}/.well-known/{name}")).unwrap();
        ["openid-configuration", "jwks.json"].map(|name| document(name).text)
    };
    let published = documents(&path);
    assert_eq!(ask(address, DEPLOYER, "sts", TOKEN).unwrap().status, 200);

    // A second one does not get the folder, and another address not the issuers.
    let (code, out, err) = run(command(&folder));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("another program has it"), "{err}");
    first.signal("TERM");
    assert_eq!(first.code(), Some(0));
    let mut elsewhere = command(&folder);
    elsewhere.args(["--port", "1"]);
    let (code, _, err) = run(elsewhere);
    assert_eq!(code, Some(1));
    assert!(err.contains("127.0.0.1:1"), "{err}");

    let second = Running::start(&folder);
    assert_eq!(second.address, address);
    let info = ask(address, ADMIN, "iam", INFO).unwrap();
    assert_eq!(info.element("IssuerIdentifier"), Some(issuer));
    assert_eq!(documents(&path), published);
    // A connection that does nothing does not keep it.
    let idle = send(address, b"POST / HTTP/1.1\r\n").unwrap();
    second.signal("INT");
    assert_eq!(second.code(), Some(0));
    drop(idle);
}

#[test]
fn behind_a_proxy_the_port_may_change_and_the_issuers_may_not() {
    let folder = Folder::new("proxy");
    let mut behind = config();
    behind["public_url"] = json!("https://tokens.example");
    configure(&folder, &behind);
    let first = Running::start(&folder);
    let issuer = ask(first.address, ADMIN, "iam", ENABLE)
        .unwrap()
        .element("IssuerIdentifier");
    let path = issuer
        .as_deref()
        .and_then(|url| url.strip_prefix("https://tokens.example"));
    let document = format!("{}/.well-known/jwks.json", path.unwrap());
    let published = get(first.address, &document).unwrap();
    assert_eq!(published.status, 200);
    // The port stays taken, so that the next one is another.
    let address = first.address;
    drop(first);
    let taken = std::net::TcpListener::bind(address).unwrap();
    let second = Running::start(&folder);
    assert_ne!(second.address, address);
    drop(taken);
    let info = ask(second.address, ADMIN, "iam", INFO).unwrap();
    assert_eq!(info.element("IssuerIdentifier"), issuer);
    assert_eq!(get(second.address, &document).unwrap().text, published.text);
    drop(second);

    configure(&folder, &config());
    let (code, out, err) = run(command(&folder));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains("are under https://tokens.example and cannot move to"),
        "{err}"
    );
}

/// RFC 9112 and the limits of the server beneath.
#[test]
fn what_is_no_http_gets_an_error_of_the_client() {
    let folder = Folder::new("raw");
    configure(&folder, &config());
    let running = Running::start(&folder);
    let long = "a".repeat(70_000);
    let huge = format!("a: {}\r\n", "a".repeat(600_000));
    let headers = |count: usize| "a: b\r\n".repeat(count);
    let post =
        |more: &str| format!("POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{more}\r\n");
    for (bytes, expected) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("POST\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\nhost h\n\n".to_owned(), 400),
        (
            "\u{16}\u{3}\u{1}\u{2}".to_owned() + &"\u{1}".repeat(512),
            400,
        ),
        (post("a b: c\r\n"), 400),
        (post("a: \u{0}\r\n"), 400),
        (post("content-length: x\r\n"), 400),
        (post("content-length: -1\r\n"), 400),
        (post("content-length: 1\r\ncontent-length: 2\r\n"), 400),
        (post("transfer-encoding: gzip\r\n"), 400),
        (post(&headers(98)), 415),
        (post(&headers(99)), 431),
        (post(&huge), 431),
        (format!("GET /{long} HTTP/1.1\r\nhost: h\r\n\r\n"), 414),
        (
            post("content-type: application/x-www-form-urlencoded\r\n"),
            403,
        ),
        (
            post("content-type: application/x-www-form-urlencoded\r\nexpect: 100-continue\r\n"),
            403,
        ),
        (
            "GET /.. HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_owned(),
            404,
        ),
        (
            "GET http://elsewhere/ HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_owned(),
            405,
        ),
        (
            "OPTIONS * HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_owned(),
            404,
        ),
        (
            "CONNECT h:1 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".to_owned(),
            404,
        ),
    ] {
        let answer = receive(send(running.address, bytes.as_bytes()).unwrap());
        let start: String = bytes.chars().take(120).collect();
        let found = answer.map(|answer| answer.status);
        assert_eq!(found, Some(expected), "{start:?}");
    }
    assert_eq!(
        ask(running.address, ADMIN, "iam", ENABLE).unwrap().status,
        200
    );
}

/// Nothing of a request but its action, its principal and its error gets into the log.
#[test]
fn the_log_has_a_line_for_each_request_and_no_secret() {
    let folder = Folder::new("log");
    configure(&folder, &config());
    let running = Running::start(&folder);
    let enabled = ask(running.address, ADMIN, "iam", ENABLE).unwrap();
    let token = ask(running.address, DEPLOYER, "sts", TOKEN).unwrap();
    let refused = ask(running.address, DEPLOYER, "sts", "Action=%0Aroot&Version=1").unwrap();
    running.signal("TERM");
    assert_eq!(running.code(), Some(0));
    let log = std::fs::read_to_string(folder.path("log")).unwrap();
    for (answer, line) in [
        (
            &enabled,
            "arn:aws:iam::111122223333:user/admin EnableOutboundWebIdentityFederation",
        ),
        (
            &token,
            "arn:aws:iam::111122223333:role/deployer GetWebIdentityToken",
        ),
        (
            &refused,
            "arn:aws:iam::111122223333:role/deployer InvalidAction: Could not find operation \
             (unreadable) for version 1",
        ),
    ] {
        let line = format!("{} {line}", answer.element("RequestId").unwrap());
        assert!(log.lines().any(|logged| logged == line), "{line}: {log}");
    }
    for secret in [DEPLOYER.secret, ADMIN.secret, &token.token(), "Signature="] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// A pipe takes 64 KiB, some six hundred lines, and then whoever writes to it waits.
#[test]
fn nobody_waits_for_who_does_not_read_the_log() {
    let folder = Folder::new("log");
    configure(&folder, &config());
    let mut child = command(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let address = listening_on(&mut BufReader::new(child.stdout.take().unwrap())).unwrap();
    let running = Running { child, address };
    for _ in 0..1_500 {
        assert_eq!(get(address, "/").unwrap().status, 405);
    }
    running.signal("TERM");
    assert_eq!(running.code(), Some(0));
}
