//! The process is killed at every write, and at any moment: no key is lost, no file is torn, and every
//! token that is not yet expired verifies with what is published.

#![cfg(all(feature = "fs", target_os = "linux"))]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "helpers of a test program, which starts and kills processes"
)]

mod folder;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use folder::Folder;
use jsonwebtoken::jwk::JwkSet as ForeignSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oidc_core::{Algorithm, IssuerIdentifier, JwkSet, NumericDate};
use oidc_issuer::fs::{Files, KeyFolder, StateFile, TokenFile, Webroot};
use oidc_issuer::store::{PrivateKeys as _, StateStore as _, StoreError};
use oidc_issuer::{
    Clocks, Documents, Issuer, KeyRing, Publisher, RingKey, RingName, Rotation, RotationConfig,
    RotationPolicy, RotationSettings, RotationState, Sighting, SigningKey, SystemRandom, TokenSpec,
    drive,
};

const ISSUER: &str = "https://crash.example";
/// What the child is told, by its environment.
const FOLDER: &str = "OIDC_ISSUER_CRASH_FOLDER";
const FIRST_PASS: &str = "OIDC_ISSUER_CRASH_FIRST_PASS";
const PASSES: &str = "OIDC_ISSUER_CRASH_PASSES";
const ABORT_AT: &str = "OIDC_ISSUER_CRASH_ABORT_AT";

/// Each pass is so much later than the one before: a key lives for two hours.
const PASS: Duration = Duration::from_secs(1_800);

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

fn time_of(pass: u32) -> Clocks {
    let elapsed = PASS * pass;
    let start = NumericDate::from_seconds(1_790_000_000).unwrap();
    Clocks::new(start.saturating_add(elapsed), elapsed)
}

fn policy() -> RotationPolicy {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let settings = RotationSettings::new()
        .period(minutes(120))
        .token_lifetime(minutes(30))
        .jwks_max_age(minutes(1))
        .consumer_cache_life(minutes(10))
        .token_refresh(Duration::ZERO);
    RotationPolicy::solve(&settings).unwrap()
}

/// The webroot, looked at as files.
struct Site {
    files: Files,
    webroot: Webroot,
}

impl Publisher for Site {
    fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let published = self
            .webroot
            .publish(&documents.jwk_set, &documents.discovery);
        published.map(|_| ()).map_err(StoreError::new)
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let read = |path: &Path| self.files.read(path, Webroot::MAX_DOCUMENT_BYTES);
        let (jwk_set, discovery) = match (
            read(self.webroot.jwk_set_path()),
            read(self.webroot.discovery_path()),
        ) {
            (Ok(jwk_set), Ok(discovery)) => (jwk_set, discovery),
            (Err(error), _) | (_, Err(error)) if error.is_not_found() => {
                return Ok(Sighting::nothing());
            }
            (Err(error), _) | (_, Err(error)) => return Err(StoreError::new(error)),
        };
        Sighting::from_bytes(issuer, &discovery, &jwk_set).map_err(StoreError::new)
    }
}

/// Runs in a process of its own: passes of the driver, and a token after each.
///
/// It does nothing unless it is told to by its environment.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let (first, passes) = (number(FIRST_PASS).unwrap(), number(PASSES).unwrap());
    let left = AtomicU32::new(number(ABORT_AT).unwrap_or(u32::MAX));
    // Exactly at this step, as a power failure would: nothing of it or after it is done.
    let files = Files::observed(move |_step| {
        if left.fetch_sub(1, Ordering::Relaxed) == 0 {
            std::process::abort();
        }
    });
    let store = StateFile::open(files.clone(), folder.join("state.json")).unwrap();
    let keys = KeyFolder::open(files.clone(), folder.join("keys")).unwrap();
    let site = Site {
        webroot: Webroot::open(files.clone(), &folder.join("www"), "/jwks.json").unwrap(),
        files: files.clone(),
    };
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let config = RotationConfig::new(issuer).jwks_uri("https://crash.example/jwks.json");
    let mut rotation = Rotation::new(config.ring(Algorithm::EdDsa, policy()).unwrap());
    rotation.confirm_clock(time_of(first));
    let random = SystemRandom::new();
    let make = |_: &RingName, algorithm| SigningKey::generate(algorithm, &random);
    let token = TokenFile::new(files, folder.join("token"));
    for pass in first..first.saturating_add(passes) {
        let clocks = time_of(pass);
        let outcome = drive(&mut rotation, &store, &keys, &site, make, || clocks);
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        let issuer = Issuer::of_rotation(&rotation, &keys, clocks, None).unwrap();
        let spec = TokenSpec::new("job", "aud").unwrap();
        token
            .write(&issuer.issue(&spec, clocks.wall).unwrap())
            .unwrap();
        // The parent learns how far we are, and may kill us at any moment.
        println!("pass {pass}");
        std::io::stdout().flush().unwrap();
    }
}

fn start(folder: &Path, first: u32, passes: u32, abort_at: Option<u32>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST_PASS, first.to_string())
        .env(PASSES, passes.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(step) = abort_at {
        command.env(ABORT_AT, step.to_string());
    }
    command.spawn().unwrap()
}

/// The number of a line `pass N`.
fn pass_of(line: &str) -> Option<u32> {
    line.rsplit_once("pass ")?.1.trim().parse().ok()
}

/// What must hold whenever the process may have died. `None` before there is a state.
fn holds(folder: &Path) -> Option<RotationState> {
    let store = StateFile::open(Files::new(), folder.join("state.json")).unwrap();
    let keys = KeyFolder::open(Files::new(), folder.join("keys")).unwrap();
    let stored = store.load().unwrap()?;
    let state = RotationState::from_json(&stored.state).unwrap();
    // No key is lost: whatever may still sign has its private half.
    let there = keys.list().unwrap();
    for key in state.rings().iter().flat_map(KeyRing::keys) {
        let needed = key.has_private_half() && !may_be_destroyed(key);
        assert!(
            !needed || there.iter().any(|name| name.kid == key.kid()),
            "the private half of {} is lost",
            key.kid()
        );
    }
    let jwk_set = folder.join("www/jwks.json");
    if let Ok(json) = std::fs::read(&jwk_set) {
        // No file is torn, and the published set has every key that may sign or has signed.
        let set = JwkSet::parse(&json).unwrap();
        let published = |kid: &str| set.keys().iter().any(|jwk| jwk.kid() == Some(kid));
        for key in state.rings().iter().flat_map(KeyRing::keys) {
            if key.reserved_until().is_some() && key.is_published() {
                assert!(published(key.kid()), "{} is not published", key.kid());
            }
        }
        if let Ok(token) = std::fs::read_to_string(folder.join("token")) {
            verify(&token, &json);
        }
    } else {
        assert!(!folder.join("token").exists(), "a token before its key");
    }
    Some(state)
}

/// Between the removal of the file and the note of it in the state.
fn may_be_destroyed(key: &RingKey) -> bool {
    use oidc_issuer::StateName;
    matches!(key.state().name(), StateName::Retiring | StateName::Revoked)
}

/// A foreign library verifies the signature with the published key.
fn verify(token: &str, jwk_set: &[u8]) {
    let set: ForeignSet = serde_json::from_slice(jwk_set).unwrap();
    let header = decode_header(token).unwrap();
    let jwk = set
        .find(&header.kid.unwrap())
        .expect("the key of the token is published");
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_audience(&["aud"]);
    validation.set_issuer(&[ISSUER]);
    let key = DecodingKey::from_jwk(jwk).unwrap();
    assert!(decode::<serde_json::Value>(token, &key, &validation).is_ok());
}

/// A failpoint at the n-th write of a run through two rotations, for each n; then the next run goes on
/// from what is there. Weakness W5 of diridp: its index was written before the JWK Set, and the two could
/// disagree after a crash.
#[test]
fn w5_a_crash_at_any_write_loses_nothing() {
    let passes = 11;
    let mut report = String::new();
    let mut crashes = 0_u32;
    for step in 0.. {
        let folder = Folder::new("crash-point");
        let aborted = start(&folder.0, 0, passes, Some(step))
            .wait_with_output()
            .unwrap();
        let reached = String::from_utf8(aborted.stdout).unwrap();
        let reached = reached.lines().rev().find_map(pass_of).unwrap_or(0);
        holds(&folder.0);
        if aborted.status.success() {
            break;
        }
        crashes += 1;
        let resumed = start(&folder.0, reached, 3, None).wait().unwrap();
        let _ = writeln!(report, "step {step}, pass {reached}");
        assert!(resumed.success(), "after a crash at {report}");
        let state = holds(&folder.0).expect("a state after a whole pass");
        assert!(state.rings().iter().all(|ring| ring.active().is_some()));
    }
    // Two rotations and more: keys made, published, promoted, destroyed and withdrawn.
    assert!(crashes > 60, "{crashes}");
}

/// `SIGKILL` at a moment that nobody chose, 200 times in the life of one folder.
#[test]
fn two_hundred_kills_lose_nothing() {
    let folder = Folder::new("kill");
    let mut next = 0;
    let mut rotations = 0;
    let mut signing: Option<String> = None;
    for round in 0..200_u32 {
        let mut child = start(&folder.0, next, 1_000, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // After a few passes, somewhere in the next: how far it has come differs by the machine.
        for _ in 0..=(round % 3) {
            match lines
                .by_ref()
                .map(Result::unwrap)
                .find_map(|line| pass_of(&line))
            {
                Some(pass) => next = pass + 1,
                None => panic!("the child ended by itself in round {round}"),
            }
        }
        for _ in 0..(round.wrapping_mul(7_919) % 50_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it did between its last line and its end.
        if let Some(pass) = lines
            .map_while(Result::ok)
            .filter_map(|line| pass_of(&line))
            .last()
        {
            next = pass + 1;
        }
        let state = holds(&folder.0).expect("a state");
        let active = state
            .rings()
            .iter()
            .find_map(KeyRing::active)
            .unwrap()
            .kid()
            .to_owned();
        if signing.as_ref().is_some_and(|before| *before != active) {
            rotations += 1;
        }
        signing = Some(active);
    }
    assert!(rotations >= 10, "{rotations}");
}
