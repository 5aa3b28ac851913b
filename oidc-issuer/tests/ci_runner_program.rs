//! The program `ci_runner` as it is run: environments, exit codes, signals, sockets, and kills at any
//! moment. Which tokens it makes is tested in `ci_runner`.

#![cfg(all(
    feature = "aws-lc-rs",
    feature = "fs",
    feature = "http",
    feature = "probe",
    target_os = "linux"
))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of a test program, which starts processes and looks at files"
)]

mod common;
mod example_program;
mod folder;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use common::from_base64url;
use example_program::{Dice, example, signal};
use folder::Folder;
use jsonwebtoken::jwk::JwkSet as ForeignSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

const ORG: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";

fn description() -> Value {
    json!({
        "organization": ORG,
        "project": "2b9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a01",
        "user": "77aa1c52-0a6a-4a59-b5a5-6b8f0c3d9e02",
        "pipeline": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
        "pipeline_definition": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
        "workflow": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
        "job": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
        "vcs": {"origin": "github.com/acme/web", "ref": "refs/heads/main"}
    })
}

/// A runner's folder, with the description of a job in it.
struct Runner {
    folder: Folder,
}

impl Runner {
    fn new(name: &str) -> Runner {
        let folder = Folder::new(name);
        std::fs::write(folder.path("job.json"), description().to_string()).unwrap();
        std::fs::create_dir(folder.path("tmp")).unwrap();
        Runner { folder }
    }

    fn program(&self) -> Command {
        let mut command = Command::new(example("ci_runner"));
        for name in [
            "CIRCLE_OIDC_TOKEN",
            "CIRCLE_OIDC_TOKEN_V2",
            "CIRCLE_OIDC_SOCKET",
        ] {
            command.env_remove(name);
        }
        command
            .env("TMPDIR", self.folder.path("tmp"))
            .arg("--state")
            .arg(self.folder.path("state"));
        command
    }

    /// `serve`, which has not said anything yet.
    fn start(&self, more: &[&str]) -> Serving {
        let mut child = self
            .program()
            .args(["serve", "--organization", ORG])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example ci_runner, which `cargo test` builds");
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Serving { child, lines }
    }

    fn run(&self, options: &[&str], command: &[&str]) -> Command {
        let mut run = self.program();
        run.arg("run")
            .arg("--job")
            .arg(self.folder.path("job.json"));
        run.args(options).arg("--").args(command);
        run
    }

    /// Runs a script as a job, and gives what the runner gave.
    fn job(&self, options: &[&str], script: &str) -> Output {
        let mut run = self.run(options, &["sh", "-c", script]);
        run.env("OUT", self.folder.path("out")).output().unwrap()
    }

    /// What a job has written to `$OUT`.
    fn out(&self) -> String {
        std::fs::read_to_string(self.folder.path("out")).unwrap()
    }
}

/// `serve` at work.
struct Serving {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Serving {
    /// Its URL, when it is ready in this time.
    fn ready_in(&self, time: Duration) -> Option<String> {
        let line = self.lines.recv_timeout(time).ok()?;
        Some(line.strip_prefix("listening on ").unwrap().to_owned())
    }

    fn ready(&self) -> String {
        let url = self.ready_in(Duration::from_secs(60));
        url.expect("the program is ready")
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of an answer.
fn get(url: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    exchange(authority, request.as_bytes())
}

fn exchange(authority: &str, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .map_or(0, |code| code.parse().unwrap());
    (status, body.to_owned())
}

/// The JWK Set of the organisation, found as a relying party does.
fn jwk_set(url: &str) -> Value {
    let issuer = format!("{url}/org/{ORG}");
    let (status, discovery) = get(&format!("{issuer}/.well-known/openid-configuration"));
    assert_eq!(status, 200);
    let discovery: Value = serde_json::from_str(&discovery).unwrap();
    assert_eq!(discovery["issuer"], issuer);
    let (status, jwk_set) = get(discovery["jwks_uri"].as_str().unwrap());
    assert_eq!(status, 200);
    serde_json::from_str(&jwk_set).unwrap()
}

/// A foreign library verifies the token, its times too.
fn verify(token: &str, url: &str, audience: &str, jwk_set: &Value) -> Value {
    let set: ForeignSet = serde_json::from_value(jwk_set.clone()).unwrap();
    let jwk = set.find(&decode_header(token).unwrap().kid.unwrap());
    let key = DecodingKey::from_jwk(jwk.expect("the key of the token is published")).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[format!("{url}/org/{ORG}")]);
    decode::<Value>(token, &key, &validation).unwrap().claims
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A token and nothing else: three parts of base64url.
fn is_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && from_base64url(parts[0]).starts_with(b"{\"alg\":")
}

/// What a job finds, and what comes back from it.
#[test]
fn a_job_has_its_tokens_in_its_environment_and_its_exit_code_comes_back() {
    let runner = Runner::new("cip-run");
    let serving = runner.start(&[]);
    let url = serving.ready();
    let output = runner.job(
        &["--ttl", "10m"],
        r#"printf '%s\n%s\n' "$CIRCLE_OIDC_TOKEN" "$CIRCLE_OIDC_TOKEN_V2" > "$OUT"
        echo to-stdout; echo to-stderr >&2; exit 7"#,
    );
    assert_eq!(
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr)
        ),
        (Some(7), "to-stdout\n".to_owned(), "to-stderr\n".to_owned())
    );
    let out = runner.out();
    let tokens: Vec<&str> = out.lines().collect();
    let keys = jwk_set(&url);
    let [v1, v2] = [tokens[0], tokens[1]].map(|token| verify(token, &url, ORG, &keys));
    assert_eq!(
        v1["exp"].as_i64().unwrap() - v1["iat"].as_i64().unwrap(),
        600
    );
    let sub = v1["sub"].as_str().unwrap();
    let more = "/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main";
    assert_eq!(v2["sub"], format!("{sub}{more}"));
    // Arguments, folder and standard input are the job's own.
    let mut cat = runner.run(&[], &["sh", "-c", "cat; pwd; echo \"$0 $1\"", "a b", "c"]);
    cat.current_dir(runner.folder.path("tmp"));
    cat.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut cat = cat.spawn().unwrap();
    cat.stdin.take().unwrap().write_all(b"in\n").unwrap();
    let output = cat.wait_with_output().unwrap();
    let folder = runner.folder.path("tmp").canonicalize().unwrap();
    assert_eq!(
        text(&output.stdout),
        format!("in\n{}\na b c\n", folder.display())
    );
    // Nothing is left of its socket.
    assert_eq!(
        std::fs::read_dir(runner.folder.path("tmp"))
            .unwrap()
            .count(),
        0
    );
}

/// 125, 126 and 127 as `env` and `timeout` have them, 128 and its number for a signal.
#[test]
fn an_exit_code_says_whose_fault_it_was() {
    let runner = Runner::new("cip-codes");
    let not_served = runner.job(&[], "touch \"$OUT\"");
    assert_eq!(not_served.status.code(), Some(125));
    let said = text(&not_served.stderr);
    assert!(
        said.starts_with("ci_runner: `serve` has never come to its work with the state in "),
        "{said}"
    );
    assert!(!runner.folder.path("out").exists());

    let serving = runner.start(&[]);
    serving.ready();
    for (command, code, said) in [
        (&["true"][..], 0, ""),
        (&["false"], 1, ""),
        (&["sh", "-c", "exit 255"], 255, ""),
        (&["sh", "-c", "kill -KILL $$"], 137, ""),
        (&["sh", "-c", "kill -TERM $$"], 143, ""),
        (
            &["/nowhere/to/be/found"],
            127,
            "ci_runner: /nowhere/to/be/found: No such file or directory (os error 2)\n",
        ),
        (
            &["/"],
            126,
            "ci_runner: /: Permission denied (os error 13)\n",
        ),
    ] {
        let output = runner.run(&[], command).output().unwrap();
        assert_eq!(
            (output.status.code(), &*text(&output.stderr)),
            (Some(code), said),
            "{command:?}"
        );
    }
    for (options, said) in [
        (
            &["--ttl", "6h"][..],
            "ci_runner: a lifetime of 21600s is longer than 18000s, which keys are kept for\n",
        ),
        (
            &["--ttl", "1d"],
            "ci_runner: `ttl` is no duration: `d` is no unit of a duration\n",
        ),
    ] {
        let output = runner.job(options, "touch \"$OUT\"");
        assert_eq!(
            (output.status.code(), &*text(&output.stderr)),
            (Some(125), said)
        );
    }
    let far = runner.folder.path(&"a".repeat(100));
    std::fs::create_dir(&far).unwrap();
    let mut run = runner.run(&[], &["true"]);
    let output = run.env("TMPDIR", &far).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(
        said.starts_with("ci_runner: the socket ") && said.contains("SUN_LEN"),
        "{said}"
    );
    let wrong = runner
        .program()
        .args(["run", "--claims", "{}"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).starts_with("ci_runner: "));
    assert!(!runner.folder.path("out").exists());
}

/// Whoever set one of these expects to find it there, another job's token above all.
#[test]
fn variables_that_are_set_are_not_written_over() {
    let runner = Runner::new("cip-set");
    let serving = runner.start(&[]);
    serving.ready();
    for name in [
        "CIRCLE_OIDC_TOKEN",
        "CIRCLE_OIDC_TOKEN_V2",
        "CIRCLE_OIDC_SOCKET",
    ] {
        let mut run = runner.run(&[], &["true"]);
        let output = run.env(name, "").output().unwrap();
        let said = format!("ci_runner: {name} is set already, and is not written over\n");
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(125), said)
        );
    }
    // A job within a job.
    let inner = runner.run(&[], &["true"]);
    let words = inner.get_args().map(|word| word.to_str().unwrap());
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    let output = runner.job(
        &[],
        &format!("{} {}", example("ci_runner").display(), words.join(" ")),
    );
    assert_eq!(output.status.code(), Some(125));
}

/// Tokens are in the environment of the job and nowhere else.
#[test]
fn the_runner_shows_no_token() {
    let runner = Runner::new("cip-secret");
    let serving = runner.start(&[]);
    serving.ready();
    let output = runner.job(
        &[],
        r#"{ tr '\0' '\n' < /proc/$PPID/cmdline; tr '\0' '\n' < /proc/$PPID/environ
        tr '\0' '\n' < /proc/$$/cmdline; } > "$OUT""#,
    );
    assert!(output.status.success());
    assert!(!runner.out().contains("eyJ"), "{}", runner.out());
    let shown = [text(&output.stdout), text(&output.stderr)].concat();
    assert_eq!(shown, "");
    for entry in std::fs::read_dir(runner.folder.path("state")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            std::fs::metadata(&path).unwrap().mode() & 0o077,
            0,
            "{}",
            path.display()
        );
    }
    assert_eq!(
        std::fs::metadata(runner.folder.path("state"))
            .unwrap()
            .mode()
            & 0o777,
        0o700
    );
}

/// The steps of CircleCI's page "OIDC tokens with custom claims" as they stand there.
#[test]
fn a_job_asks_for_more_tokens_under_the_name_of_circleci() {
    let runner = Runner::new("cip-get");
    let serving = runner.start(&[]);
    let url = serving.ready();
    std::fs::create_dir(runner.folder.path("bin")).unwrap();
    std::os::unix::fs::symlink(example("ci_runner"), runner.folder.path("bin/circleci")).unwrap();
    let path = runner.folder.path("bin").display().to_string();
    let output = runner.job(
        &[],
        &format!(
            r#"set -e; PATH={path}:$PATH
            OIDC_TOKEN=$(circleci run oidc get --claims '{{"aud": "xxxxxxxx"}}')
            echo $OIDC_TOKEN > "$OUT"
            echo "$(stat -c %a "$(dirname "$CIRCLE_OIDC_SOCKET")" "$CIRCLE_OIDC_SOCKET")"
            circleci run oidc get --ttl 6h"#
        ),
    );
    assert_eq!(text(&output.stdout), "700\n600\n");
    assert_eq!(
        (output.status.code(), &*text(&output.stderr)),
        (
            Some(1),
            "ci_runner: a lifetime of 21600s is longer than 18000s, which keys are kept for\n"
        )
    );
    verify(runner.out().trim(), &url, "xxxxxxxx", &jwk_set(&url));

    let outside = Command::new(example("ci_runner"))
        .arg("get")
        .env_remove("CIRCLE_OIDC_SOCKET")
        .output();
    assert_eq!(
        text(&outside.unwrap().stderr),
        "ci_runner: this is no job of `ci_runner run`: CIRCLE_OIDC_SOCKET is not set\n"
    );
    let gone = Command::new(example("ci_runner"))
        .arg("get")
        .env("CIRCLE_OIDC_SOCKET", "/nowhere")
        .output();
    assert_eq!(
        text(&gone.unwrap().stderr),
        "ci_runner: the runner of this job does not answer: No such file or directory (os error 2)\n"
    );
}

/// A signal to the runner is one to all of the job; what the job leaves behind ends with it.
#[test]
fn signals_reach_the_whole_job_and_nothing_of_it_stays() {
    let runner = Runner::new("cip-signal");
    let serving = runner.start(&[]);
    serving.ready();
    let said = runner.folder.write("said", "ready\n");
    for (name, code) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("USR1", 138)] {
        // `tail` is a child of the shell, which ends only when the signal has reached both. What it says
        // shows that it is there: a signal to a shell that is about to start it may not reach it.
        let mut run = runner.run(&[], &["sh", "-c", "tail -f \"$SAID\"; exit 1"]);
        run.env("SAID", &said);
        let mut run = run.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(run.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        signal(run.id(), name);
        assert_eq!(run.wait().unwrap().code(), Some(code), "{name}");
        // The end of the pipe: nobody has it any longer.
        output.read_to_string(&mut line).unwrap();
    }
    // A job that wants to end in its own way.
    let mut run = runner.run(
        &[],
        &[
            "sh",
            "-c",
            "trap 'exit 9' TERM; echo ready; sleep 1000 & wait",
        ],
    );
    let mut run = run.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(run.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    signal(run.id(), "TERM");
    assert_eq!(run.wait().unwrap().code(), Some(9));
    // A process in the background holds the pipe open until it ends.
    let output = runner.job(&[], "sleep 1000 & echo started");
    assert_eq!(
        (output.status.code(), &*text(&output.stdout)),
        (Some(0), "started\n")
    );
}

/// As another user a job has its tokens, and neither the keys nor the state.
#[test]
fn a_job_of_another_user_cannot_read_the_keys() {
    let runner = Runner::new("cip-user");
    let serving = runner.start(&[]);
    let url = serving.ready();
    let mut run = runner.run(
        &["--user", "65534:65533"],
        &[
            "sh",
            "-c",
            "id -u; id -g; id -G; cat \"$STATE\"/* 2>/dev/null; \"$PROGRAM\" get",
        ],
    );
    // Where the user may come to the program, and to the socket's folder.
    let copy = runner.folder.path("ci_runner");
    std::fs::copy(example("ci_runner"), &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    run.env("PROGRAM", &copy)
        .env("STATE", runner.folder.path("state"));
    let output = run.output().unwrap();
    let said = text(&output.stderr);
    let we_are_root = text(&Command::new("id").arg("-u").output().unwrap().stdout) == "0\n";
    if !we_are_root {
        assert_eq!(output.status.code(), Some(125), "{said}");
        assert!(said.contains("Operation not permitted"), "{said}");
        return;
    }
    let out = text(&output.stdout);
    let token = out.strip_prefix("65534\n65533\n65533\n");
    verify(token.expect(&out).trim(), &url, ORG, &jwk_set(&url));
    // Who could put another file in the place of the socket, in time, would be given that file.
    let script = "cd \"${CIRCLE_OIDC_SOCKET%/*}\"; stat -c '%u %g %a' . oidc.sock; rm -f oidc.sock; \
                  mv oidc.sock moved; ln -s /etc/passwd other; \"$PROGRAM\" get > /dev/null && echo asked";
    let mut run = runner.run(&["--user", "65534:65533"], &["sh", "-c", script]);
    let output = run.env("PROGRAM", &copy).output().unwrap();
    let kept = "0 65533 710\n65534 65533 600\nasked\n";
    assert_eq!(text(&output.stdout), kept, "{}", text(&output.stderr));
}

/// No job runs by a description that is not whole; what is wrong is said by its member.
#[test]
fn malformed_descriptions_of_jobs_are_refused() {
    let runner = Runner::new("cip-malformed");
    let serving = runner.start(&[]);
    serving.ready();
    let whole = description();
    let mut documents = vec![
        (String::new(), "not the description of a job: "),
        ("[]".to_owned(), "not the description of a job: "),
        ("null".to_owned(), "not the description of a job: "),
        (format!("{whole} {whole}"), "not the description of a job: "),
        (" ".repeat(65_537), ""),
        (
            whole.to_string().replacen("\"job\"", "\"user\"", 1),
            "not the description of a job: ",
        ),
    ];
    let text_of = whole.to_string();
    for end in (0..text_of.len()).step_by(97) {
        documents.push((text_of[..end].to_owned(), "not the description of a job: "));
    }
    let with = |pointer: &str, value: Value| {
        let mut document = whole.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        document.to_string()
    };
    documents.push((with("/user", json!("alice")), "`user` is no UUID"));
    documents.push((
        with("/project", json!(ORG.to_uppercase())),
        "`project` is no UUID",
    ));
    documents.push((with("/job", json!(7)), "not the description of a job: "));
    documents.push((
        with("/vcs/origin", json!("https://github.com/a/b")),
        "`vcs.origin` is no repository without a scheme",
    ));
    documents.push((
        with("/vcs/origin", json!("a/vcs-ref/refs/heads/main")),
        "`vcs.origin` is no repository without a scheme",
    ));
    documents.push((
        with("/vcs/ref", json!("main")),
        "`vcs.ref` is no full name of a ref",
    ));
    documents.push((
        with("/vcs", json!({"origin": "a/b"})),
        "not the description of a job: ",
    ));
    for (document, error) in documents {
        std::fs::write(runner.folder.path("job.json"), &document).unwrap();
        let output = runner.job(&[], "touch \"$OUT\"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(125), "{document}");
        assert!(
            said.contains("/job.json: ") && said.contains(error),
            "{document}: {said}"
        );
        assert!(!runner.folder.path("out").exists());
    }
}

/// The port stands in the issuer, so a start with any port takes the same again.
#[test]
fn serve_keeps_its_port_its_root_and_its_organisations() {
    let runner = Runner::new("cip-serve");
    let first = runner.start(&[]);
    let url = first.ready();
    let keys = jwk_set(&url);
    let taken = runner
        .program()
        .args(["serve", "--organization", ORG])
        .output()
        .unwrap();
    let address = url.strip_prefix("http://").unwrap();
    assert_eq!(
        (taken.status.code(), text(&taken.stderr)),
        (
            Some(1),
            format!(
                "ci_runner: cannot listen on {address}: Address already in use (os error 98)\n"
            )
        )
    );
    // It ends by SIGTERM and by ctrl-c, and says nothing but its one line.
    let mut first = first;
    signal(first.child.id(), "TERM");
    let status = first.child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
    assert!(first.lines.recv().is_err());
    let mut again = runner.start(&[]);
    assert_eq!(again.ready(), url);
    assert_eq!(jwk_set(&url), keys);
    signal(again.child.id(), "INT");
    assert_eq!(again.child.wait().unwrap().code(), Some(0));

    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let other = runner
        .program()
        .args(["serve", "--listen", &free.to_string()])
        .output()
        .unwrap();
    assert_eq!(
        (other.status.code(), text(&other.stderr)),
        (
            Some(1),
            format!(
                "ci_runner: the state is that of {url}, and http://{free} was asked for: tokens of one issuer have one name\n"
            )
        )
    );
    let wrong = runner
        .program()
        .args(["serve", "--organization", "acme"])
        .output()
        .unwrap();
    assert_eq!(
        text(&wrong.stderr),
        "ci_runner: an organisation: `organization` is no UUID\n"
    );
}

/// Requests that are none get a status of 400 to 499, and the program goes on.
#[test]
fn malformed_requests_for_documents_are_refused() {
    let runner = Runner::new("cip-requests");
    let serving = runner.start(&[]);
    let url = serving.ready();
    let address = url.strip_prefix("http://").unwrap();
    let path = format!("/org/{ORG}/.well-known/openid-configuration");
    let long = "a".repeat(70_000);
    let many = "x: 1\r\n".repeat(200);
    for (request, status) in [
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(),
            404,
        ),
        (
            format!("GET {path}/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
            404,
        ),
        (
            format!(
                "GET /org/{ORG}/../../.well-known/openid-configuration HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
            ),
            404,
        ),
        (
            format!(
                "GET {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
                path.to_uppercase()
            ),
            404,
        ),
        (
            format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
            ),
            405,
        ),
        (
            format!("DELETE {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
            405,
        ),
        ("GET".to_owned() + " /\r\n\r\n", 400),
        ("\0\0\0\0\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        (
            format!("GET {path} HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n"),
            400,
        ),
        (format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"), 414),
        (format!("GET {path} HTTP/1.1\r\nhost: a\r\n{many}\r\n"), 431),
    ] {
        let shown: String = request.chars().take(80).collect();
        assert_eq!(exchange(address, request.as_bytes()).0, status, "{shown:?}");
    }
    assert_eq!(get(&format!("{url}{path}")).0, 200);
}

/// `SIGKILL` at a moment that nobody chose, 50 times over five runners, beginning in their very first
/// start: no key that was published is gone afterwards, and every token that a job was given verifies.
#[test]
fn fifty_kills_lose_no_key_and_no_token() {
    let mut kills = 0;
    let mut dice = Dice::new();
    for number in 0..5 {
        let runner = Runner::new(&format!("cip-kill-{number}"));
        let mut seen = Seen::default();
        for round in 0..5 {
            // On its way to be ready, or just then.
            let most = if round < 3 { 60 } else { 300 };
            let serving = runner.start(&[]);
            let patience = Duration::from_millis(1 + dice.below(most));
            if let Some(url) = serving.ready_in(patience) {
                seen.look(&url);
            }
            serving.kill();
            // At work, while a job begins, or after it was given its tokens.
            let serving = runner.start(&[]);
            let url = serving.ready();
            seen.look(&url);
            let _ = std::fs::remove_file(runner.folder.path("out"));
            let script = "printf %s \"$CIRCLE_OIDC_TOKEN\" > \"$OUT\"";
            let mut job = runner.run(&[], &["sh", "-c", script]);
            let mut job = job.env("OUT", runner.folder.path("out")).spawn().unwrap();
            if dice.below(2) == 0 {
                assert!(job.wait().unwrap().success());
            }
            serving.kill();
            assert!(job.wait().unwrap().success());
            assert!(is_token(&runner.out()));
            seen.tokens.push(runner.out());
            kills += 2;
        }
        seen.look(&runner.start(&[]).ready());
        assert_eq!(seen.tokens.len(), 5);
    }
    assert_eq!(kills, 50);
}

/// What a relying party has seen of an issuer.
#[derive(Default)]
struct Seen {
    url: Option<String>,
    published: BTreeSet<String>,
    tokens: Vec<String>,
}

impl Seen {
    /// Nothing of it is gone.
    fn look(&mut self, url: &str) {
        assert_eq!(self.url.get_or_insert_with(|| url.to_owned()), url);
        let jwk_set = jwk_set(url);
        let keys = jwk_set["keys"].as_array().unwrap().iter();
        let kids = keys.map(|key| key["kid"].as_str().unwrap().to_owned());
        let kids: BTreeSet<String> = kids.collect();
        assert!(
            self.published.is_subset(&kids),
            "{:?} {kids:?}",
            self.published
        );
        self.published = kids;
        for token in &self.tokens {
            verify(token, url, ORG, &jwk_set);
        }
    }
}
