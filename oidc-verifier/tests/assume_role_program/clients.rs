//! Clients that we did not write: the AWS CLI and boto3. A test of one that is not installed says so.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::live::*;
use crate::world::REGION;

/// A command that knows no configuration of this machine.
fn clean(program: &str, home: &Folder) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", home.path("no-config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.path("no-credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_DEFAULT_REGION", REGION);
    command
}

/// Said past the harness, which keeps what a test prints to itself.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Whether it is there.
fn installed(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        let arguments = arguments.join(" ");
        skipped(&format!("`{program} {arguments}` does not run here"));
    }
    there
}

fn aws_cli() -> bool {
    installed("aws", &["--version"])
}

fn boto3() -> bool {
    installed("python3", &["-c", "import boto3"])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assume_role(program: &Program, home: &Folder, token: &str, more: &[&str]) -> Output {
    clean("aws", home)
        .args(["sts", "assume-role-with-web-identity", "--output", "json"])
        .args(["--endpoint-url", &program.url(), "--role-arn", ROLE])
        .args([
            "--role-session-name",
            "run-42",
            "--web-identity-token",
            token,
        ])
        .args(more)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_assumes_a_role_and_uses_its_credentials() {
    if !aws_cli() {
        return;
    }
    let (home, issuer) = (Folder::new("cli"), LiveIssuer::start().await);
    let config = home.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &home.path("state"));
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let more = [
        "--duration-seconds",
        "900",
        "--policy",
        policy,
        "--policy-arns",
        "arn=arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn=arn:aws:iam::111122223333:policy/team/own",
    ];
    let answer = json_of(&assume_role(
        &program,
        &home,
        &issuer.token("job-42"),
        &more,
    ));
    let (_, name) = issuer.url().split_once("://").unwrap();
    let arn = "arn:aws:sts::111122223333:assumed-role/example_role/run-42";
    let credentials = &answer["Credentials"];
    assert_eq!(
        answer,
        json!({
            "Credentials": credentials,
            "SubjectFromWebIdentityToken": "job-42",
            "AssumedRoleUser": {"AssumedRoleId": "AROAEXAMPLEROLE00001:run-42", "Arn": arn},
            "PackedPolicySize": 5,
            "Provider": format!("arn:aws:iam::111122223333:oidc-provider/{name}"),
            "Audience": "sts.amazonaws.com",
        })
    );
    let identity = |session_token: &str| {
        clean("aws", &home)
            .args(["sts", "get-caller-identity", "--output", "json"])
            .args(["--endpoint-url", &program.url()])
            .env(
                "AWS_ACCESS_KEY_ID",
                credentials["AccessKeyId"].as_str().unwrap(),
            )
            .env(
                "AWS_SECRET_ACCESS_KEY",
                credentials["SecretAccessKey"].as_str().unwrap(),
            )
            .env("AWS_SESSION_TOKEN", session_token)
            .output()
            .unwrap()
    };
    let session_token = credentials["SessionToken"].as_str().unwrap();
    assert_eq!(
        json_of(&identity(session_token)),
        json!({"UserId": "AROAEXAMPLEROLE00001:run-42", "Account": "111122223333", "Arn": arn})
    );
    let refused = identity("AAAA");
    let said = text(&refused.stderr);
    assert!(!refused.status.success());
    assert!(
        said.contains("An error occurred (InvalidClientTokenId)"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_reads_each_refusal() {
    if !aws_cli() {
        return;
    }
    let (home, issuer) = (Folder::new("cli-refused"), LiveIssuer::start().await);
    let config = home.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &home.path("state"));
    let token = issuer.token("job-42");
    for (token, more, code, message) in [
        (
            &*issuer.token("jobs"),
            &[][..],
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ),
        (
            "opaque",
            &[],
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT",
        ),
        (
            &token,
            &["--duration-seconds", "43200"],
            "ValidationError",
            "exceeds the MaxSessionDuration set for this role",
        ),
        (
            &token,
            &["--policy", "{}"],
            "MalformedPolicyDocument",
            "not in the valid JSON format",
        ),
        (
            &token,
            &["--provider-id", "graph.facebook.com"],
            "IDPRejectedClaim",
            "rejected",
        ),
    ] {
        let output = assume_role(&program, &home, token, more);
        let said = text(&output.stderr);
        assert!(!output.status.success());
        assert!(
            said.contains(&format!("An error occurred ({code})")),
            "{said}"
        );
        assert!(said.contains(message), "{said}");
    }
}

/// `refreshing.py` at work.
struct Boto {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Boto {
    fn start(program: &Program, home: &Folder, token_file: &Path, how: &str) -> Boto {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/assume_role_program/refreshing.py"
        );
        let mut child = clean("python3", home)
            .args([script, how])
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", token_file)
            .env("AWS_ROLE_ARN", ROLE)
            .env("AWS_ENDPOINT_URL_STS", program.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Boto {
            child,
            input,
            output,
        }
    }

    /// The access key that it has used, after asking with it who it is.
    fn key(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let arn = said["arn"].as_str().unwrap();
        assert!(
            arn.starts_with("arn:aws:sts::111122223333:assumed-role/example_role/"),
            "{arn}"
        );
        said["key"].as_str().unwrap().to_owned()
    }

    fn go_on(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }

    fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

/// Whom the log says that this key was granted to.
fn subject_of(program: &Program, key: &str) -> String {
    let end = format!(", key {key}");
    let line = program.line(|line| line.contains(" granted ") && line.ends_with(&end));
    let (_, subject) = line.split_once(" to \"").unwrap();
    subject.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_refreshes_from_a_token_file_that_was_written_anew() {
    if !boto3() {
        return;
    }
    let (home, issuer) = (Folder::new("boto3"), LiveIssuer::start().await);
    let config = home.write("config.json", &configuration(issuer.url()).to_string());
    let program = Program::start(&config, &home.path("state"));

    let token_file = home.write("short", &issuer.token("job-a"));
    let mut boto = Boto::start(&program, &home, &token_file, "short");
    let first = boto.key();
    issuer.rotate();
    home.write("short", &issuer.token("job-b"));
    boto.go_on();
    let second = boto.key();
    boto.end();
    assert_ne!(first, second);
    assert_eq!(subject_of(&program, &first), "job-a");
    assert_eq!(subject_of(&program, &second), "job-b");

    let token_file = home.write("env", &issuer.token("job-c"));
    let mut boto = Boto::start(&program, &home, &token_file, "env");
    let first = boto.key();
    home.write("env", &issuer.token("job-d"));
    boto.go_on();
    assert_eq!(boto.key(), first, "there is time yet");
    let second = boto.key();
    boto.end();
    assert_ne!(first, second);
    assert_eq!(subject_of(&program, &first), "job-c");
    assert_eq!(subject_of(&program, &second), "job-d");
}

/// The example `diridp` at work, until it is dropped.
struct Diridp {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Diridp {
    /// `None` if it is not built.
    fn start(config: &Path) -> Option<Diridp> {
        let program = example("diridp");
        if !program.exists() {
            skipped("the example diridp is not built, `cargo test` of the workspace does it");
            return None;
        }
        let mut child = Command::new(program)
            .arg(config)
            .arg("--verbose")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Some(Diridp { child, log })
    }

    /// Waits until it says that it has written a token.
    fn has_written(&mut self) {
        let mut said = String::new();
        while !said.ends_with("token: written\n") {
            let read = self.log.read_line(&mut said).unwrap();
            assert!(read > 0, "{said}");
        }
    }

    fn reload(&self) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", "HUP", &pid]).status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Diridp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// diridp writes the token file and publishes its keys; while the session of boto3 goes on, it is told to
/// say something else of the workload, and to sign with another key.
#[tokio::test(flavor = "multi_thread")]
async fn boto3_goes_on_when_diridp_has_written_the_token_anew() {
    if !boto3() {
        return;
    }
    let home = Folder::new("diridp");
    let url = serve_folder(home.path("webroot")).await;
    let token_file = home.path("token");
    let configure = |key_name: &str, sub: &str| {
        let claims = json!({"sub": sub, "aud": "sts.amazonaws.com"});
        let config = json!({"state_dir": home.path("diridp"), "providers": {"main": {
            "issuer": url, "webroot": home.path("webroot"),
            "keys": [{"alg": "ES256"}, {"alg": "ES384"}],
            "tokens": [{"path": token_file, "key_name": key_name, "claims": claims}],
        }}});
        // JSON is YAML too.
        home.write("diridp.yaml", &config.to_string())
    };
    let Some(mut diridp) = Diridp::start(&configure("ES256", "job-a")) else {
        return;
    };
    diridp.has_written();
    let before = std::fs::read_to_string(&token_file).unwrap();
    let config = home.write("config.json", &configuration(&url).to_string());
    let program = Program::start(&config, &home.path("state"));
    let mut boto = Boto::start(&program, &home, &token_file, "short");
    let first = boto.key();

    configure("ES384", "job-b");
    diridp.reload();
    diridp.has_written();
    let after = std::fs::read_to_string(&token_file).unwrap();
    assert_ne!(kid_of(&before), kid_of(&after));
    boto.go_on();
    let second = boto.key();
    boto.end();
    assert_eq!(subject_of(&program, &first), "job-a");
    assert_eq!(subject_of(&program, &second), "job-b");
}

fn kid_of(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = oidc_core::base64url::decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
