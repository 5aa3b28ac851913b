//! The program as a process: how it starts, how it ends, and what a `kill -9` costs.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer as Authority, KeyPair};

use crate::example_program::Dice;
use crate::http_site::{Site, json, response};
use crate::live::*;
use crate::sessions::Credentials;
use crate::support;
use crate::world::{AUDIENCE, assume, key_of, signed, signed_with, with};

#[test]
fn it_says_how_it_is_used() {
    let help = Command::new(example("assume_role"))
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(help.status.code(), Some(0));
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .starts_with("usage: assume_role --config FILE")
    );
    let wrong = Command::new(example("assume_role"))
        .arg("--verbose")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        said.starts_with("assume_role: unknown argument `--verbose`\n"),
        "{said}"
    );
    assert!(wrong.stdout.is_empty());
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let folder = Folder::new("start");
    let good = configuration("http://127.0.0.1:1/ci").to_string();
    let run = |config: &str| {
        let config = folder.write("config.json", config);
        let output = Program::command(&config, &folder.path("state"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run("{");
    assert!(
        said.starts_with("assume_role: configuration: EOF while parsing"),
        "{said}"
    );
    let said = run(&good.replace("StringLike", "StringsLike"));
    assert!(said.contains("did you mean `StringLike`"), "{said}");
    let roots = format!("{{\"root_certificates\":\"/nowhere.pem\",{}", &good[1..]);
    let said = run(&roots);
    assert!(said.contains("/nowhere.pem"), "{said}");
    std::fs::write(folder.path("state/session.key"), "short").unwrap();
    assert!(run(&good).contains("session.key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_until_it_is_told_to_end() {
    let (folder, issuer) = (Folder::new("serve"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    for signal in ["TERM", "INT"] {
        let program = Program::start(&config, &folder.path("state"));
        let answer = program.call(&assume(ROLE, &issuer.token("job-42")));
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, program.log());
        assert_eq!(program.caller(&answer.credentials()).status, 200);
        let refused = program.call(&assume(ROLE, &issuer.token("jobs")));
        assert_eq!(refused.refusal(), (403, "AccessDenied".to_owned()));
        // The rotation is over before anybody has looked: the token waits for it.
        issuer.rotate();
        let answer = program.call(&assume(ROLE, &issuer.token("job-43")));
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, program.log());
        let (status, rest, log) = program.end(signal);
        assert!(status.success(), "{status}");
        assert_eq!(rest, "", "it says one line only");
        assert_eq!(log.matches(" granted ").count(), 2, "{log}");
    }
}

/// It waits five seconds for requests that are under way, and not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_does_not_keep_it_from_ending() {
    let (folder, issuer) = (Folder::new("half"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &folder.path("state"));
    let mut halves = Vec::new();
    for half in [
        "POST / HTT",
        "POST / HTTP/1.1\r\nContent-Le",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nActi",
    ] {
        let mut stream = TcpStream::connect(&program.address).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
        halves.push(stream);
    }
    // They are no more than half a request each: others are served meanwhile.
    let answer = program.call(&assume(ROLE, &issuer.token("job-42")));
    assert_eq!(answer.status, 200);
    let (status, _, _) = program.end("TERM");
    assert!(status.success(), "{status}");
}

/// A pipe takes 64 KiB: after some hundred lines whoever wrote to it would wait.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_read_the_log() {
    let (folder, issuer) = (Folder::new("unread"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &folder.path("state"));
    program.while_nobody_reads(|| {
        for _ in 0..1_500 {
            let answer = post(&program.address, &[], "Action=Foo&Version=2011-06-15").unwrap();
            assert_eq!(answer.refusal(), (400, "InvalidAction".to_owned()));
        }
    });
    let (status, _, log) = program.end("TERM");
    assert!(status.success());
    let refused = log.lines().filter(|line| line.contains("InvalidAction"));
    assert_eq!(refused.count(), 1_500, "the last of them before the end");
}

/// Bytes that are no HTTP, or too much of it: a 4xx and the end of the connection.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_answered_with_a_4xx_or_not_at_all() {
    let (folder, issuer) = (Folder::new("raw"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &folder.path("state"));
    let form = "Host: a\r\nContent-Type: application/x-www-form-urlencoded";
    let headers = "X: y\r\n".repeat(200);
    let long = "y".repeat(1 << 20);
    for (bytes, expected) in [
        ("hello\r\n\r\n".to_owned(), 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\nHost a\r\n\r\n".to_owned(), 400),
        (format!("POST / HTTP/1.1\r\n{headers}\r\n"), 431),
        (format!("POST / HTTP/1.1\r\nX: {long}\r\n\r\n"), 431),
        (format!("POST /{long} HTTP/1.1\r\n\r\n"), 431),
        (
            format!("POST /{} HTTP/1.1\r\n{form}\r\n\r\n", "y".repeat(65_533)),
            404,
        ),
        (
            format!("POST /{} HTTP/1.1\r\n{form}\r\n\r\n", "y".repeat(65_534)),
            414,
        ),
        (
            format!("POST / HTTP/1.1\r\n{form}\r\nContent-Length: -1\r\n\r\n"),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{form}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{form}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na\r\n"),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{form}\r\nTransfer-Encoding: gzip\r\n\r\na"),
            400,
        ),
        (
            format!(
                "POST / HTTP/1.1\r\n{form}\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"
            ),
            400,
        ),
        // It is not waited for.
        (
            format!("POST / HTTP/1.1\r\n{form}\r\nContent-Length: 999999999999\r\n\r\na"),
            413,
        ),
        (format!("POST / HTTP/1.1\r\n{form}\r\nHost: a\r\n\r\n"), 400),
        (format!("HEAD / HTTP/1.1\r\n{form}\r\n\r\n"), 405),
        (
            format!("POST http://other/ HTTP/1.1\r\n{form}\r\n\r\n"),
            400,
        ),
        (format!("OPTIONS * HTTP/1.1\r\n{form}\r\n\r\n"), 404),
    ] {
        let shown: String = bytes.chars().take(120).collect();
        let status = raw(&program.address, bytes.as_bytes(), false);
        // Of what is far too long it hears no end, and the answer may be lost with the connection.
        let unheard = status.is_none() && bytes.len() > 100_000;
        assert!(unheard || status == Some(expected), "{status:?}: {shown:?}");
    }
    // Whoever goes away in the middle may not hear the answer.
    for bytes in [
        String::new(),
        "\r\n\r\nPOST".to_owned(),
        format!("POST / HTTP/1.1\r\n{form}\r\n"),
        format!("POST / HTTP/1.1\r\n{form}\r\nContent-Length: 10\r\n\r\nAction"),
        format!("POST / HTTP/1.1\r\n{form}\r\nTransfer-Encoding: chunked\r\n\r\n9\r\na"),
    ] {
        let status = raw(&program.address, bytes.as_bytes(), true);
        assert!(matches!(status, None | Some(400)), "{status:?}: {bytes:?}");
    }
    let answer = program.call(&assume(ROLE, &issuer.token("job-42")));
    assert_eq!(answer.status, 200);
}

/// Nothing is kept of a session, of a refusal, or of a name that a token has invented.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn its_memory_does_not_grow_with_what_it_has_answered() {
    let (folder, issuer) = (Folder::new("memory"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &folder.path("state"));
    let good = assume(ROLE, &issuer.token("job-42"));
    let answer = |number: usize| {
        let refused = support::sign(
            key_of(oidc_core::Algorithm::Es256),
            format!(r#"{{"alg":"ES256","kid":"invented-{number}"}}"#),
            format!(r#"{{"iss":"{}","sub":"{number}"}}"#, issuer.url()),
        );
        let answers = [(&good, 200), (&assume(ROLE, &refused), 400)];
        for (call, status) in answers {
            assert_eq!(program.call(call).status, status);
        }
    };
    (0..400).for_each(answer);
    let before = program.resident_kib();
    (400..1_600).for_each(answer);
    let after = program.resident_kib();
    // The log is read by this test, so it is not the program's.
    assert!(
        after < before + 4_096,
        "{before} KiB before and {after} KiB after"
    );
}

/// Address and port of the caller are told to the policy.
#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_told_where_the_call_comes_from() {
    let (folder, issuer) = (Folder::new("source-ip"), LiveIssuer::start().await);
    for (network, granted) in [("127.0.0.1/32", true), ("10.0.0.0/8", false)] {
        let mut configuration = configuration(issuer.url());
        let statement = "/accounts/0/roles/0/trust_policy/Statement/0/Condition";
        let conditions = configuration.pointer_mut(statement).unwrap();
        conditions["IpAddress"] = serde_json::json!({"aws:SourceIp": network});
        conditions["Bool"] = serde_json::json!({"aws:SecureTransport": "false"});
        let config = folder.write("config.json", &configuration.to_string());
        let program = Program::start(&config, &folder.path("state"));
        let answer = program.call(&assume(ROLE, &issuer.token("job-42")));
        assert_eq!(answer.status == 200, granted, "{}", program.log());
    }
}

/// An issuer on `https` with a certificate of a private authority.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_behind_a_private_authority_is_reached_with_its_certificate() {
    let folder = Folder::new("tls");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    folder.write("roots.pem", &root.pem());
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let server = server
        .signed_by(&server_key, &Authority::new(params, key))
        .unwrap();
    let site = Site::start_tls(&server, &server_key, |head, _| {
        let host = head
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        let signing = key_of(oidc_core::Algorithm::Es256);
        match head.split(' ').nth(1) {
            Some("/.well-known/openid-configuration") => json(&format!(
                r#"{{"issuer":"https://{host}","jwks_uri":"https://{host}/jwks"}}"#
            )),
            Some("/jwks") => json(&support::jwk_set([signing])),
            _ => response("404 Not Found", &[], b""),
        }
    })
    .await;
    let url = format!("https://localhost:{}", site.port());
    let now = now().as_seconds();
    let claims = crate::world::claims(&url, "job-42", AUDIENCE)
        .with("iat", &now.to_string())
        .with("exp", &(now + 300).to_string());
    let token = signed_with(key_of(oidc_core::Algorithm::Es256), &claims);
    for (roots, expected) in [(Some("roots.pem"), 200), (None, 400)] {
        let mut configuration = configuration(&url);
        if let Some(roots) = roots {
            configuration["root_certificates"] = folder.path(roots).to_str().unwrap().into();
        }
        let config = folder.write("config.json", &configuration.to_string());
        let program = Program::start(&config, &folder.path("state"));
        let call = assume(ROLE, &token);
        let answer = if roots.is_some() {
            program.call(&call)
        } else {
            program.call_once(&call)
        };
        assert_eq!(
            answer.status,
            expected,
            "{}\n{}",
            answer.body,
            program.log()
        );
        if expected == 400 {
            assert_eq!(answer.refusal(), (400, "IDPCommunicationError".to_owned()));
            program.line(|line| {
                line.contains(" refused IDPCommunicationError: ") && line.contains("TLS")
            });
        }
    }
    // A token of the right issuer under a key that it does not have.
    assert_ne!(signed(&claims), token);
}

const ROUNDS: usize = 50;

/// Credentials that were acknowledged are good after a `kill -9` at any moment; the first start, which
/// makes the key, is among those that are killed.
#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_credentials_are_lost_by_a_kill() {
    let (folder, issuer) = (Folder::new("kill"), LiveIssuer::start().await);
    let config = folder.write("config.json", &configuration(issuer.url()).to_string());
    let call = assume(ROLE, &issuer.token("job-42"));
    let call = with(&call, "DurationSeconds", "900");
    let work = move || {
        let (mut acknowledged, mut all) = (Vec::new(), 0);
        let mut dice = Dice::new();
        for round in 0..ROUNDS {
            // Every tenth round is a first start.
            let state = folder.path(&format!("state-{}", round / 10));
            if round % 10 == 0 {
                acknowledged.clear();
                kill_while_starting(&config, &state, &mut dice);
            }
            let mut program = Program::start(&config, &state);
            for credentials in &acknowledged {
                let answer = program.caller(credentials);
                assert_eq!(answer.status, 200, "round {round}: {}", answer.body);
            }
            let new = granted_until_killed(&mut program, &call, &mut dice);
            all += new.len();
            // Those of the last rounds, so that the time does not grow.
            acknowledged.extend(new);
            let surplus = acknowledged.len().saturating_sub(12);
            acknowledged.drain(..surplus);
        }
        assert!(all > ROUNDS, "{all} credentials in all");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

/// Nobody was told anything yet; what is left on the disk must not keep it from starting again.
fn kill_while_starting(config: &std::path::Path, state: &std::path::Path, dice: &mut Dice) {
    for _ in 0..3 {
        let mut child = Program::command(config, state).spawn().unwrap();
        let (_keep, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_micros(dice.below(30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Asks from four sides at once, and kills it at a random moment.
fn granted_until_killed(
    program: &mut Program,
    call: &crate::world::Call,
    dice: &mut Dice,
) -> Vec<Credentials> {
    let (send, receive) = mpsc::channel();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (send, call) = (send.clone(), call.clone());
            let address = program.address.clone();
            thread::spawn(move || {
                while let Some(answer) = post(&address, &[], &crate::world::form(&call)) {
                    if answer.status == 200 {
                        send.send(answer.credentials()).unwrap();
                    } else {
                        // The keys are slow to come, on a busy machine.
                        assert_eq!(answer.refusal(), (400, "IDPCommunicationError".to_owned()));
                    }
                }
            })
        })
        .collect();
    drop(send);
    // From the first acknowledgement on, any moment is as good as another.
    let mut granted: Vec<Credentials> = receive.recv().into_iter().collect();
    for _ in 0..dice.below(8) {
        granted.extend(receive.recv_timeout(Duration::from_millis(dice.below(10))));
    }
    program.kill();
    for caller in callers {
        caller.join().unwrap();
    }
    granted.extend(receive.iter());
    granted
}
