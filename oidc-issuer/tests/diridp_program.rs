//! The program diridp: taking over an original's state, writing tokens, following directories, and what
//! it does when something fails. Weaknesses W1 to W12 of the original, each with the test that names it
//! here or where the code is: W1 in `import_state`, W5 in `fs_crash`, W7 in `rotation`, W9 and W10 in
//! `profile_ci` and `diridp_config`.

#![cfg(all(feature = "fs", target_os = "linux"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "helpers of a test program, which starts processes and looks at files"
)]

mod common;
mod example_program;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use common::{from_base64url, key};
use example_program::{Dice, example, signal};
use oidc_core::Algorithm;
use serde_json::{Value, json};

/// A folder of this test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("diridp-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("run/app")).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Writes the configuration: one provider with these keys and tokens.
    fn configure(&self, keys: &Value, tokens: &Value) {
        let config = json!({
            "state_dir": self.path("state"),
            "providers": {"main": {"issuer": "https://example.com", "keys": keys, "tokens": tokens}}
        });
        // JSON is YAML too.
        std::fs::write(self.path("config.yaml"), config.to_string()).unwrap();
    }

    fn app_token(&self) -> Value {
        json!({"path": self.path("run/app/token"), "claims": {"sub": "app", "aud": "cloud"}})
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn once(folder: &Folder, more: &[&str]) -> (bool, String, String) {
    let output = Command::new(example("diridp"))
        .arg(folder.path("config.yaml"))
        .args(more)
        .output()
        .expect("the example diridp, which `cargo test` builds");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn eddsa() -> Value {
    json!([{"alg": "EdDSA", "crv": "Ed25519"}])
}

/// Header and claims.
fn parts(token: &str) -> (Value, Value) {
    let part = |index| {
        let text = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&from_base64url(text)).unwrap()
    };
    (part(0), part(1))
}

fn kids(jwk_set: &Value) -> Vec<String> {
    let keys = jwk_set["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// Every file below a folder, with what is in it, and every folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut contents(&path));
            found.insert(path, None);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, Some(bytes));
        }
    }
    found
}

/// The program at work, with its log.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    said: String,
}

impl Running {
    fn start(folder: &Folder) -> Running {
        let mut command = Command::new(example("diridp"));
        command.arg(folder.path("config.yaml")).arg("--debug");
        Running::of(&mut command)
    }

    fn of(command: &mut Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Running {
            child,
            log,
            said: String::new(),
        }
    }

    /// Waits until it says this; it is the program's own word that something has happened.
    fn until(&mut self, wanted: &str) {
        let mut line = String::new();
        while self.log.read_line(&mut line).unwrap() > 0 {
            self.said.push_str(&line);
            if line.contains(wanted) {
                return;
            }
            line.clear();
        }
        panic!("it ended without saying `{wanted}`:\n{}", self.said);
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn stop(mut self) -> (bool, String) {
        self.signal("TERM");
        self.until("stopped");
        (
            self.child.wait().unwrap().success(),
            core::mem::take(&mut self.said),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A first start: one pass, and everything is there.
#[test]
fn a_first_start_publishes_signs_and_writes() {
    let folder = Folder::new("first");
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok, "{said}");
    let (header, claims) = parts(&folder.read("run/app/token"));
    let jwk_set = folder.json("state/main/webroot/jwks.json");
    assert!(kids(&jwk_set).contains(&header["kid"].as_str().unwrap().to_owned()));
    assert_eq!(claims["iss"], "https://example.com");
    assert_eq!(
        (&claims["sub"], &claims["aud"]),
        (&json!("app"), &json!("cloud"))
    );
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(
        (time("exp") - time("iat"), time("iat") - time("nbf")),
        (3_600, 5)
    );
    let discovery = folder.json("state/main/webroot/.well-known/openid-configuration");
    assert_eq!(discovery["issuer"], "https://example.com");
    assert_eq!(discovery["jwks_uri"], "https://example.com/jwks.json");
    assert_eq!(
        discovery["id_token_signing_alg_values_supported"],
        json!(["EdDSA"])
    );
    for member in [
        "response_types_supported",
        "subject_types_supported",
        "scopes_supported",
    ] {
        assert!(discovery[member].is_array(), "{member}");
    }
}

/// W6: the original signed with a key that nobody had seen.
#[test]
fn w6_a_key_is_published_before_it_signs() {
    let folder = Folder::new("w6");
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let (_, _, said) = once(&folder, &["--once", "--verbose"]);
    let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what}: {said}"));
    assert!(at("is published") < at("is active"));
    assert!(at("is active") < at("token: written"));
}

/// W8: keys and tokens were written with whatever the umask left.
#[test]
fn w8_keys_and_tokens_are_the_owners_alone_and_documents_are_for_all() {
    let folder = Folder::new("w8");
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    once(&folder, &["--once"]);
    assert_eq!(mode(&folder.path("run/app/token")), 0o600);
    assert_eq!(mode(&folder.path("state/main/keys/EdDSA")), 0o700);
    assert_eq!(mode(&folder.path("state/main/state.json")), 0o600);
    for key in std::fs::read_dir(folder.path("state/main/keys/EdDSA")).unwrap() {
        assert_eq!(mode(&key.unwrap().path()), 0o600);
    }
    assert_eq!(mode(&folder.path("state/main/webroot/jwks.json")), 0o644);
    assert_eq!(
        mode(&folder.path("state/main/webroot/.well-known/openid-configuration")),
        0o644
    );

    // An operator's mode stays.
    let token = folder.path("run/app/token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o640)).unwrap();
    let changed = json!({"path": token, "claims": {"sub": "app", "aud": "other"}});
    folder.configure(&eddsa(), &json!([changed]));
    once(&folder, &["--once"]);
    assert_eq!(parts(&folder.read("run/app/token")).1["aud"], "other");
    assert_eq!(mode(&token), 0o640);
}

/// Row "refresh rule": by what the token says, not by the age of its file.
#[test]
fn a_token_is_kept_while_it_is_fresh_and_made_anew_when_what_it_says_has_changed() {
    let folder = Folder::new("refresh");
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    once(&folder, &["--once"]);
    let first = folder.read("run/app/token");
    let (_, _, said) = once(&folder, &["--once", "--debug"]);
    assert_eq!(folder.read("run/app/token"), first);
    assert!(said.contains("token: fresh for "), "{said}");
    for (member, value) in [
        ("lifespan", json!(600)),
        ("nbf_margin", json!(7)),
        ("claims", json!({"sub": "b", "aud": "cloud"})),
    ] {
        let before = folder.read("run/app/token");
        let mut token = folder.app_token();
        token[member] = value;
        folder.configure(&eddsa(), &json!([token]));
        once(&folder, &["--once"]);
        assert_ne!(folder.read("run/app/token"), before, "{member}");
    }
    // Cut off, or somebody else's: it is put right.
    for wrong in ["", "x", first.split_at(first.len() / 2).0] {
        std::fs::write(folder.path("run/app/token"), wrong).unwrap();
        once(&folder, &["--once"]);
        assert_eq!(parts(&folder.read("run/app/token")).1["sub"], "b");
    }
}

/// W12: the order of keys and algorithms changed from run to run, and the discovery document stayed as
/// it was when keys changed.
#[test]
fn w12_documents_are_the_same_bytes_each_time_and_follow_the_keys() {
    let folder = Folder::new("w12");
    let keys = json!([{"alg": "ES256"}, {"alg": "EdDSA", "crv": "Ed25519"}]);
    let mut token = folder.app_token();
    token["key_name"] = json!("ES256");
    folder.configure(&keys, &json!([token]));
    once(&folder, &["--once"]);
    let read = || {
        (
            folder.read("state/main/webroot/jwks.json"),
            folder.read("state/main/webroot/.well-known/openid-configuration"),
        )
    };
    let before = read();
    once(&folder, &["--once"]);
    assert_eq!(read(), before);
    let all = kids(&serde_json::from_str(&before.0).unwrap());
    let mut different = all.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), all.len());
    let (header, _) = parts(&folder.read("run/app/token"));
    assert_eq!(header["alg"], "ES256");
    let algorithms = |text: &str| {
        let document: Value = serde_json::from_str(text).unwrap();
        let mut names = document["id_token_signing_alg_values_supported"]
            .as_array()
            .unwrap()
            .clone();
        names.sort_by_key(Value::to_string);
        Value::from(names)
    };
    assert_eq!(algorithms(&before.1), json!(["ES256", "EdDSA"]));

    // A chain more: it is announced.
    let keys = json!([{"alg": "ES256"}, {"alg": "EdDSA", "crv": "Ed25519"}, {"alg": "ES384"}]);
    folder.configure(&keys, &json!([token]));
    once(&folder, &["--once"]);
    assert_eq!(algorithms(&read().1), json!(["ES256", "ES384", "EdDSA"]));
}

/// The state folder as the original leaves it: an index, and a PEM file for each key.
fn original(folder: &Folder, chain: &str, algorithm: Algorithm, ids: [&str; 3]) {
    let dir = folder.path(&format!("state/main/keys/{chain}"));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    let keys = if algorithm == Algorithm::EdDsa {
        ["ed25519", "ed25519-b", "ed25519-c"]
    } else {
        ["P-256", "P-256-b", "P-256-c"]
    };
    let made: Vec<String> = keys
        .iter()
        .map(|name| {
            let path = format!("openssl/{name}.pkcs8.pem");
            let there = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/vectors")
                .join(&path);
            if there.exists() {
                return common::vector(&path);
            }
            let random = oidc_issuer::SystemRandom::new();
            let key = oidc_issuer::SigningKey::generate(algorithm, &random).unwrap();
            key.to_pkcs8_pem().to_string()
        })
        .collect();
    for (id, pem) in ids.iter().zip(&made) {
        std::fs::write(dir.join(format!("key-{id}.pem")), pem).unwrap();
    }
    let index = json!({
        "current": {"id": ids[0], "expires": now + 10_000},
        "next": {"id": ids[1], "expires": now + 96_400},
        "old": [{"id": ids[2], "expires": now - 1_000}]
    });
    std::fs::write(dir.join("index.json"), index.to_string()).unwrap();
    // What it has published.
    let jwk_set: Vec<Value> = ids
        .iter()
        .zip(&made)
        .map(|(id, pem)| {
            let key = oidc_issuer::SigningKey::from_pem(algorithm, pem)
                .unwrap()
                .with_kid(id);
            serde_json::to_value(key.unwrap().public_jwk()).unwrap()
        })
        .collect();
    let webroot = folder.path("state/main/webroot");
    std::fs::create_dir_all(webroot.join(".well-known")).unwrap();
    std::fs::write(
        webroot.join("jwks.json"),
        json!({"keys": jwk_set}).to_string(),
    )
    .unwrap();
    let discovery = json!({
        "issuer": "https://example.com", "jwks_uri": "https://example.com/jwks.json",
        "scopes_supported": ["openid"], "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.name()]
    });
    let path = webroot.join(".well-known/openid-configuration");
    std::fs::write(path, discovery.to_string()).unwrap();
}

/// "Takes over an existing diridp state folder without losing a key".
#[test]
fn the_state_of_an_original_is_taken_over_with_every_key_under_its_id() {
    let folder = Folder::new("takeover");
    original(
        &folder,
        "EdDSA",
        Algorithm::EdDsa,
        ["9f3c2a71d04be58", "1", "abc"],
    );
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok, "{said}");
    assert!(said.contains("took over 3 keys"), "{said}");
    let published = kids(&folder.json("state/main/webroot/jwks.json"));
    for id in ["9f3c2a71d04be58", "1", "abc"] {
        assert!(published.iter().any(|kid| kid == id), "{id}: {published:?}");
    }
    let (header, _) = parts(&folder.read("run/app/token"));
    assert_eq!(header["kid"], "9f3c2a71d04be58");
    // The same key, not another under its id.
    let jwk_set = folder.json("state/main/webroot/jwks.json");
    let keys = jwk_set["keys"].as_array().unwrap();
    let current = keys
        .iter()
        .find(|jwk| jwk["kid"] == "9f3c2a71d04be58")
        .unwrap();
    let expected: Value = serde_json::to_value(key(Algorithm::EdDsa).public_jwk()).unwrap();
    assert_eq!(current["x"], expected["x"]);
    // Nobody is left to destroy the old files, so they are gone; a second start changes nothing.
    let old = folder.path("state/main/keys/EdDSA/key-9f3c2a71d04be58.pem");
    assert!(!old.exists());
    assert!(
        folder
            .path("state/main/keys/EdDSA/index.json.taken-over")
            .exists()
    );
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok && !said.contains("took over"), "{said}");
    assert_eq!(
        kids(&folder.json("state/main/webroot/jwks.json")),
        published
    );
}

/// The original was at work again after the take-over: its new keys are in nobody else's hands.
#[test]
fn keys_of_an_original_that_the_state_does_not_know_are_kept_and_told() {
    let folder = Folder::new("again");
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "b", "c"]);
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok, "{said}");
    let taken_over = folder.read("state/main/keys/EdDSA/index.json.taken-over");
    // One that the state knows, and two that it does not.
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "d", "e"]);
    let there = contents(&folder.path("state/main/keys"));
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(!ok);
    assert!(
        said.contains("index.json` has keys that the state does not know: d, e;"),
        "{said}"
    );
    assert!(said.contains("error: main: key `EdDSA`: "), "{said}");
    assert_eq!(contents(&folder.path("state/main/keys")), there);
    assert!(folder.path("state/main/keys/EdDSA/key-d.pem").exists());
    assert_eq!(
        folder.read("state/main/keys/EdDSA/index.json.taken-over"),
        taken_over
    );
    // With the unknown keys out of the way it goes on.
    for id in ["a", "d", "e"] {
        std::fs::remove_file(folder.path(&format!("state/main/keys/EdDSA/key-{id}.pem"))).unwrap();
    }
    std::fs::remove_file(folder.path("state/main/keys/EdDSA/index.json")).unwrap();
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok, "{said}");
}

/// W11: the original did not store the algorithm with a key, and failed without a word about it. Here the
/// provider says so, and the others go on; nothing of its folder is touched.
#[test]
fn w11_keys_of_another_algorithm_are_told_and_stop_no_other_provider() {
    let folder = Folder::new("w11");
    original(&folder, "main", Algorithm::Es256, ["a", "b", "c"]);
    let config = json!({
        "state_dir": folder.path("state"),
        "providers": {
            "main": {"issuer": "https://example.com", "keys": {"main": {"alg": "EdDSA", "crv": "Ed25519"}}, "tokens": []},
            "other": {"issuer": "https://other.example.com", "keys": eddsa(), "tokens": [folder.app_token()]}
        }
    });
    std::fs::write(folder.path("config.yaml"), config.to_string()).unwrap();
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(!ok);
    assert!(
        said.contains("error: main: ") && said.contains("key-a.pem: "),
        "{said}"
    );
    assert!(said.contains("not opened: main"), "{said}");
    assert_eq!(
        parts(&folder.read("run/app/token")).1["iss"],
        "https://other.example.com"
    );
    assert!(folder.path("state/main/keys/main/key-a.pem").exists());
    assert!(folder.path("state/main/keys/main/index.json").exists());
}

/// Directories that come while it runs, names that are no subject, and links.
#[test]
fn directories_become_subjects_while_it_runs() {
    let folder = Folder::new("watch");
    let containers = folder.path("run/c");
    std::fs::create_dir_all(containers.join("one")).unwrap();
    std::fs::create_dir_all(containers.join("bad name")).unwrap();
    std::os::unix::fs::symlink(containers.join("one"), containers.join("linked")).unwrap();
    let token = json!({"path": containers.join(":sub/token"), "claims": {"aud": "cloud"}});
    folder.configure(&eddsa(), &json!([token]));
    let mut running = Running::start(&folder);
    running.until("one/token: written");
    assert!(
        running.said.contains("bad name: the name is no subject"),
        "{}",
        running.said
    );
    assert!(!containers.join("bad name/token").exists());
    std::fs::create_dir(containers.join("two")).unwrap();
    running.until("two/token: written");
    assert_eq!(parts(&folder.read("run/c/two/token")).1["sub"], "two");
    // The link's target has its own token, and no second one under the link's name.
    assert_eq!(parts(&folder.read("run/c/linked/token")).1["sub"], "one");
    let (ok, said) = running.stop();
    assert!(ok, "{said}");
}

/// Whoever has a directory can change its mode as often as they like, and each pass makes every token.
#[test]
fn a_directory_that_changes_all_the_time_makes_no_busy_loop() {
    let folder = Folder::new("busy");
    let directory = folder.path("run/c/one");
    std::fs::create_dir_all(&directory).unwrap();
    let token = json!({"path": folder.path("run/c/:sub/token"), "claims": {"aud": "cloud"}});
    folder.configure(&eddsa(), &json!([token]));
    let mut running = Running::start(&folder);
    running.until("one/token: written");
    let begun = Instant::now();
    for mode in [0o750, 0o700].into_iter().cycle() {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&directory, permissions).unwrap();
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    std::fs::create_dir(folder.path("run/c/two")).unwrap();
    running.until("two/token: written");
    let passes = running.said.matches("a folder has changed").count();
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(passes <= seconds + 2, "{passes} in {seconds} s");
    let (ok, said) = running.stop();
    assert!(ok, "{said}");
}

/// W2, W3, W4: a failure of the original ended a chain's rotation, left a document unwritten, or let a
/// token go. Here each is told and tried again.
#[test]
fn w2_w3_w4_what_fails_is_tried_again_until_it_succeeds() {
    let folder = Folder::new("retry");
    // A folder in the place of the JWK Set (W3), none where the token goes (W4).
    std::fs::create_dir_all(folder.path("state/main/webroot/jwks.json")).unwrap();
    std::fs::remove_dir(folder.path("run/app")).unwrap();
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let mut running = Running::start(&folder);
    running.until("jwks.json: ");
    assert!(!folder.path("run/app").exists());
    std::fs::remove_dir(folder.path("state/main/webroot/jwks.json")).unwrap();
    running.until("run/app/token: ");
    std::fs::create_dir(folder.path("run/app")).unwrap();
    running.until("run/app/token: written");
    let (header, _) = parts(&folder.read("run/app/token"));
    let published = kids(&folder.json("state/main/webroot/jwks.json"));
    assert!(published.contains(&header["kid"].as_str().unwrap().to_owned()));
    let (ok, said) = running.stop();
    assert!(ok, "{said}");
}

/// SIGHUP reads the configuration again; a broken one leaves the old at work.
#[test]
fn a_reload_takes_a_good_configuration_and_refuses_a_broken_one() {
    let folder = Folder::new("reload");
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let mut running = Running::start(&folder);
    running.until("token: written");
    std::fs::write(folder.path("config.yaml"), "providers: [").unwrap();
    running.signal("HUP");
    running.until("the configuration stays as it was");
    let mut token = folder.app_token();
    token["claims"]["aud"] = json!("reloaded");
    folder.configure(&eddsa(), &json!([token]));
    running.signal("HUP");
    running.until("the configuration was read again");
    running.until("token: written");
    assert_eq!(parts(&folder.read("run/app/token")).1["aud"], "reloaded");
    let (ok, said) = running.stop();
    assert!(ok, "{said}");
}

/// A provider that does not open is tried again, at the start and after a reload; the old one goes on.
#[test]
fn a_provider_that_does_not_open_is_tried_again_and_the_old_one_goes_on() {
    let folder = Folder::new("reopen");
    let keys = folder.path("state/main/keys/EdDSA");
    let set_mode = |mode: u32| {
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::create_dir_all(&keys).unwrap();
    set_mode(0o755);
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let mut running = Running::start(&folder);
    running.until("error: main: ");
    assert!(!folder.path("run/app/token").exists());
    set_mode(0o700);
    running.until("token: written");

    set_mode(0o755);
    let mut token = folder.app_token();
    token["claims"]["aud"] = json!("reloaded");
    folder.configure(&eddsa(), &json!([token]));
    running.signal("HUP");
    running.until("main: goes on by its configuration before");
    running.until("token: fresh for ");
    assert_eq!(parts(&folder.read("run/app/token")).1["aud"], "cloud");
    // A token that is lost comes back.
    std::fs::remove_file(folder.path("run/app/token")).unwrap();
    running.until("token: written");
    set_mode(0o700);
    running.until("token: written");
    assert_eq!(parts(&folder.read("run/app/token")).1["aud"], "reloaded");
    let (ok, said) = running.stop();
    assert!(ok, "{said}");
}

/// A log that nobody reads ends nothing, and a name in it can neither begin a line nor steer a terminal.
#[test]
fn a_closed_log_ends_nothing_and_its_lines_have_no_control_characters() {
    let folder = Folder::new("log");
    let containers = folder.path("run/c");
    std::fs::create_dir_all(containers.join("bad\u{1b}[2J\nname")).unwrap();
    let token = json!({"path": containers.join(":sub/token"), "claims": {"aud": "cloud"}});
    folder.configure(&eddsa(), &json!([token, folder.app_token()]));
    let mut child = Command::new(example("diridp"))
        .arg(folder.path("config.yaml"))
        .args(["--once", "--debug"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    assert!(folder.path("run/app/token").exists());
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(
        ok && said.contains("bad [2J name: the name is no subject"),
        "{said}"
    );
}

/// Directories whose names are complained of, more than a pipe takes: 64 KiB. Whoever wrote the
/// complaints to it would wait for a reader before the first token is made.
fn complaints(folder: &Folder) -> (Value, usize) {
    let containers = folder.path("run/c");
    let count = 1_000;
    for number in 0..count {
        std::fs::create_dir_all(containers.join(format!("bad name {number:0>100}"))).unwrap();
    }
    let token = json!({"path": containers.join(":sub/token"), "claims": {"aud": "cloud"}});
    (token, count)
}

const COMPLAINT: &str = ": the name is no subject";

/// What the program tells systemd.
struct Notified(UnixDatagram);

impl Notified {
    fn until(&self, wanted: &str) {
        let mut said = [0; 100];
        loop {
            let length = self.0.recv(&mut said).unwrap();
            if said.get(..length) == Some(wanted.as_bytes()) {
                return;
            }
        }
    }
}

/// Whoever reads the log can stop reading it, and nothing else.
#[test]
fn tokens_are_refreshed_while_nobody_reads_the_log() {
    let folder = Folder::new("unread");
    let (by_name, count) = complaints(&folder);
    folder.configure(&eddsa(), &json!([by_name, folder.app_token()]));
    let socket = folder.path("notify");
    let notified = Notified(UnixDatagram::bind(&socket).unwrap());
    let mut command = Command::new(example("diridp"));
    command
        .arg(folder.path("config.yaml"))
        .env("NOTIFY_SOCKET", &socket);
    let mut running = Running::of(&mut command);
    notified.until("READY=1");
    let token = folder.path("run/app/token");
    std::fs::remove_file(&token).unwrap();
    std::fs::create_dir(folder.path("run/c/two")).unwrap();
    running.signal("HUP");
    notified.until("READY=1");
    // A pass comes before the next signal is taken.
    running.signal("HUP");
    notified.until("RELOADING=1");
    assert_eq!(parts(&folder.read("run/app/token")).1["sub"], "app");
    assert_eq!(parts(&folder.read("run/c/two/token")).1["sub"], "two");
    running.signal("TERM");
    notified.until("STOPPING=1");
    assert!(running.child.wait().unwrap().success());
    // It was really full.
    let mut said = String::new();
    running.log.read_to_string(&mut said).unwrap();
    assert!(said.matches(COMPLAINT).count() < count, "{}", said.len());
}

/// Why it ends is said last, whether there is much to say before that or nobody reads.
#[test]
fn a_failure_is_said_last_and_waits_for_nobody() {
    let folder = Folder::new("last");
    let (by_name, count) = complaints(&folder);
    let config = json!({
        "state_dir": folder.path("state"),
        "providers": {
            "main": {"issuer": "https://example.com", "keys": eddsa(), "tokens": [by_name]},
            "open": {"issuer": "https://open.example.com", "keys": eddsa(), "tokens": []}
        }
    });
    std::fs::write(folder.path("config.yaml"), config.to_string()).unwrap();
    let keys = folder.path("state/open/keys/EdDSA");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(!ok);
    assert_eq!(said.matches(COMPLAINT).count(), count);
    assert_eq!(said.lines().last(), Some("error: not opened: open"));

    let mut command = Command::new(example("diridp"));
    command.arg(folder.path("config.yaml")).arg("--once");
    let mut unread = Running::of(&mut command);
    assert_eq!(unread.child.wait().unwrap().code(), Some(1));
}

/// The emergency: what it would do, and what it does.
#[test]
fn a_key_is_revoked_or_it_is_said_what_that_would_do() {
    let folder = Folder::new("revoke");
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "b", "c"]);
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    once(&folder, &["--once"]);
    let published =
        |kid: &str| kids(&folder.json("state/main/webroot/jwks.json")).contains(&kid.to_owned());
    // The original publishes the next key only a margin before it signs: it is young still.
    let (ok, _, error) = once(&folder, &["--revoke", "a"]);
    assert!(
        !ok && error.contains("no standby may take over from `a` before "),
        "{error}"
    );
    assert!(
        error.contains("with --force it is revoked all the same"),
        "{error}"
    );
    let (ok, said, error) = once(&folder, &["--revoke", "a", "--force", "--dry-run"]);
    assert!(ok, "{error}");
    assert!(
        said.contains("a is revoked, b signs") && said.contains("nothing was done"),
        "{said}"
    );
    assert!(
        said.contains("some consumers may not know the new key until "),
        "{said}"
    );
    assert!(published("a"));
    let (ok, said, error) = once(&folder, &["--revoke", "a", "--force"]);
    assert!(ok, "{error}");
    assert!(
        said.contains("Honouring: at ") && !said.contains("nothing was done"),
        "{said}"
    );
    once(&folder, &["--once"]);
    assert!(!published("a") && published("b"));
    assert_eq!(parts(&folder.read("run/app/token")).0["kid"], "b");
    let (ok, _, error) = once(&folder, &["--revoke", "nobody"]);
    assert!(!ok && error.contains("nobody"), "{error}");
}

/// A dry run is dry: over a folder at work, over an original's, and over none.
#[test]
fn a_dry_run_of_a_revocation_leaves_every_file_as_it_is() {
    let folder = Folder::new("dry");
    let dry = |kid: &str| {
        let before = contents(&folder.0);
        let answer = once(&folder, &["--revoke", kid, "--force", "--dry-run"]);
        assert_eq!(contents(&folder.0), before, "{answer:?}");
        answer
    };
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    let nothing = |(ok, said, error): (bool, String, String)| {
        assert!(!ok && said.is_empty(), "{said}");
        let expected = "main: there is no state of `main` to revoke from";
        assert!(error.contains(expected), "{error}");
    };
    nothing(dry("a"));
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "b", "c"]);
    nothing(dry("a"));
    let (ok, _, said) = once(&folder, &["--once"]);
    assert!(ok, "{said}");
    let (ok, said, error) = dry("a");
    assert!(ok, "{error}");
    assert!(said.contains("main: a is revoked, b signs"), "{said}");
    // What is missing is not put right either.
    std::fs::remove_dir_all(folder.path("state/main/webroot")).unwrap();
    let (ok, said, error) = dry("b");
    assert!(ok && said.contains("nothing was done"), "{error}");
    let (ok, _, error) = dry("nobody");
    assert!(
        !ok && error.contains("no provider has a key `nobody`"),
        "{error}"
    );
}

/// The answer of a revocation is what was done, and no more.
#[test]
fn a_revocation_that_is_not_published_is_no_success() {
    let folder = Folder::new("half");
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "b", "c"]);
    folder.configure(&eddsa(), &json!([folder.app_token()]));
    once(&folder, &["--once"]);
    // A folder in the place of the JWK Set.
    let jwk_set = folder.path("state/main/webroot/jwks.json");
    std::fs::remove_file(&jwk_set).unwrap();
    std::fs::create_dir(&jwk_set).unwrap();
    let (ok, said, error) = once(&folder, &["--revoke", "c"]);
    assert!(!ok && said.is_empty(), "{said}");
    assert!(
        error.contains("c is revoked in the state, and the documents may not be published"),
        "{error}"
    );
    assert!(error.contains("jwks.json: "), "{error}");
    std::fs::remove_dir(&jwk_set).unwrap();
    once(&folder, &["--once"]);
    let published = kids(&folder.json("state/main/webroot/jwks.json"));
    assert!(!published.contains(&"c".to_owned()), "{published:?}");
    assert!(published.contains(&"a".to_owned()), "{published:?}");
}

/// The provider that has the key answers, not the last one that was asked.
#[test]
fn the_provider_that_has_the_key_says_why_it_is_not_revoked() {
    let folder = Folder::new("whose");
    original(&folder, "EdDSA", Algorithm::EdDsa, ["a", "b", "c"]);
    let config = json!({
        "state_dir": folder.path("state"),
        "providers": {
            "main": {"issuer": "https://example.com", "keys": eddsa(), "tokens": []},
            "other": {"issuer": "https://other.example.com", "keys": eddsa(), "tokens": []}
        }
    });
    std::fs::write(folder.path("config.yaml"), config.to_string()).unwrap();
    once(&folder, &["--once"]);
    let (ok, _, error) = once(&folder, &["--revoke", "a"]);
    assert!(
        !ok && error.contains("a is not revoked: no standby may take over from `a` before "),
        "{error}"
    );
    let (ok, _, error) = once(&folder, &["--revoke", "nobody"]);
    assert!(
        !ok && error.contains("no provider has a key `nobody`"),
        "{error}"
    );
}

#[test]
fn a_wrong_call_shows_the_usage() {
    let usage = |arguments: &[&str]| {
        let output = Command::new(example("diridp"))
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for arguments in [
        &[][..],
        &["a", "b"],
        &["a", "--unknown"],
        &["a", "--revoke"],
        &["a", "--dry-run"],
    ] {
        let (code, said) = usage(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(said.starts_with("usage: diridp CONFIG"), "{said}");
    }
    let (code, said) = usage(&["/nowhere/config.yaml", "--syslog"]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("<3>/nowhere/config.yaml: cannot open"),
        "{said}"
    );
}

/// `SIGKILL` at a moment that nobody chose, 50 times over five folders, beginning in their very first
/// start, while directories come: what a token says is whole, its key is published, a key that was
/// published is not gone, and in the end every directory has its token.
#[test]
fn fifty_kills_lose_no_key_and_tear_no_token() {
    let mut dice = Dice::new();
    for number in 0..5 {
        let folder = Folder::new(&format!("kills-{number}"));
        let containers = folder.path("run/c");
        std::fs::create_dir(&containers).unwrap();
        let by_name = json!({"path": containers.join(":sub/token"), "claims": {"aud": "cloud"}});
        folder.configure(&eddsa(), &json!([folder.app_token(), by_name]));
        let mut published: Vec<String> = Vec::new();
        let mut look = || {
            let kids = match std::fs::read(folder.path("state/main/webroot/jwks.json")) {
                Ok(jwk_set) => kids(&serde_json::from_slice(&jwk_set).unwrap()),
                Err(_) => Vec::new(),
            };
            assert!(published.iter().all(|kid| kids.contains(kid)), "{kids:?}");
            let mut tokens = 0;
            let written = contents(&folder.path("run"));
            for (path, token) in written.iter().filter(|(path, _)| path.ends_with("token")) {
                let token = String::from_utf8(token.clone().unwrap()).unwrap();
                let (header, claims) = parts(&token);
                let kid = header["kid"].as_str().unwrap().to_owned();
                assert!(kids.contains(&kid), "{}: {kid}", path.display());
                assert_eq!(claims["aud"], "cloud");
                assert_eq!(from_base64url(token.rsplit('.').next().unwrap()).len(), 64);
                tokens += 1;
            }
            published = kids;
            tokens
        };
        for round in 0..10 {
            let mut child = Command::new(example("diridp"))
                .arg(folder.path("config.yaml"))
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::fs::create_dir(containers.join(format!("c{round}"))).unwrap();
            let moment = Duration::from_micros(500 + dice.below(40_000));
            // Nobody answers: it waits, and no longer than this.
            let (_open, nothing) = std::sync::mpsc::channel::<()>();
            let _ = nothing.recv_timeout(moment);
            child.kill().unwrap();
            child.wait().unwrap();
            look();
        }
        let (ok, _, said) = once(&folder, &["--once"]);
        assert!(ok, "{said}");
        assert_eq!(look(), 11);
    }
}
