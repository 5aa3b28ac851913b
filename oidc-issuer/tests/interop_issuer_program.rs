//! The orders of `examples/interop_issuer/`, and what they do to the published keys. That others
//! verify its tokens is for `.ci/interop/run`.

// ring generates no RSA keys.
#![cfg(all(feature = "aws-lc-rs", feature = "http", feature = "probe"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

#[path = "../examples/interop_issuer/host.rs"]
mod host;
#[path = "../examples/interop_issuer/orders.rs"]
mod orders;
#[path = "../examples/interop_issuer/rotating.rs"]
mod rotating;

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard};

use host::Host;
use oidc_core::{Algorithm, Jwk, NumericDate};
use oidc_issuer::SigningKey;
use rotating::{ALGORITHMS, Rotating};
use serde_json::{Value, json};

fn start() -> Rotating {
    let now = NumericDate::from_seconds(1_790_000_000).unwrap();
    Rotating::start(Host::start().unwrap(), now).unwrap()
}

/// One whose keys no test changes: to make a dozen RSA keys takes a second.
fn started() -> MutexGuard<'static, Rotating> {
    static STARTED: LazyLock<Mutex<Rotating>> = LazyLock::new(|| Mutex::new(start()));
    STARTED.lock().unwrap()
}

fn ask(rotating: &mut Rotating, order: &Value) -> Value {
    orders::answer_line(order.to_string().as_bytes(), rotating)
}

/// The key that signs, by the name of its algorithm.
fn signing(rotating: &Rotating) -> BTreeMap<String, String> {
    let keys = rotating.signing().into_iter();
    keys.map(|(algorithm, kid)| (algorithm.name().to_owned(), kid.unwrap()))
        .collect()
}

fn publishes(rotating: &Rotating, kid: &str) -> bool {
    let keys = rotating.issuer().published_keys();
    keys.iter().any(|jwk| jwk.kid() == Some(kid))
}

#[test]
fn every_algorithm_has_a_ring_and_each_order_is_answered_with_its_id() {
    let mut rotating = started();
    for algorithm in ALGORITHMS {
        let order = json!({"id": 7, "do": "token", "algorithm": algorithm, "subject": "s", "audience": "a"});
        let answer = ask(&mut rotating, &order);
        let token = answer["token"].as_str().unwrap();
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(answer, json!({"id": 7, "token": token}));
    }
    let kids = signing(&rotating);
    let names: Vec<&str> = kids.keys().map(String::as_str).collect();
    let mut all: Vec<&str> = Algorithm::ALL.iter().map(|each| each.name()).collect();
    all.sort_unstable();
    assert_eq!(names, all);
}

#[test]
fn after_a_rotation_both_keys_are_published_and_after_a_revocation_the_revoked_is_not() {
    let mut rotating = start();
    let first = signing(&rotating);
    let answer = ask(&mut rotating, &json!({"do": "rotate"}));
    let second = signing(&rotating);
    assert_eq!(answer, json!({"id": null, "signing": second}));
    for (name, kid) in &first {
        assert_ne!(second.get(name), Some(kid), "{name}");
        assert!(publishes(&rotating, kid), "{name}");
    }

    let answer = ask(&mut rotating, &json!({"do": "revoke"}));
    let third = signing(&rotating);
    assert_eq!(answer, json!({"id": null, "signing": third}));
    for (name, kid) in &second {
        assert_ne!(third.get(name), Some(kid), "{name}");
        assert!(!publishes(&rotating, kid), "{name}");
        assert!(publishes(&rotating, first.get(name).unwrap()), "{name}");
        assert!(publishes(&rotating, third.get(name).unwrap()), "{name}");
    }
}

#[test]
fn an_exported_key_is_the_private_half_of_the_published_one() {
    let mut rotating = started();
    for algorithm in ALGORITHMS {
        let order = json!({"do": "export", "algorithm": algorithm});
        let answer = ask(&mut rotating, &order);
        let pem = answer["pem"].as_str().unwrap();
        let key = SigningKey::from_pkcs8_pem(*algorithm, pem).unwrap();
        let published = rotating.issuer().published_keys();
        let found: Option<&Jwk> = published.iter().find(|jwk| jwk.kid() == Some(key.kid()));
        assert_eq!(found, Some(key.public_jwk()), "{algorithm}");
    }
}

#[test]
fn a_line_that_is_no_order_gets_an_error_and_the_next_one_is_followed() {
    let mut rotating = started();
    for (line, id, error) in [
        ("", json!(null), "EOF while parsing a value"),
        ("[]", json!(null), "missing field `do`"),
        (r#"{"id":"x"}"#, json!("x"), "missing field `do`"),
        (
            r#"{"id":1,"do":"sign"}"#,
            json!(1),
            "unknown variant `sign`",
        ),
        (
            r#"{"do":"token","algorithm":"none"}"#,
            json!(null),
            "unknown",
        ),
        (
            r#"{"do":"token","algorithm":"ES256"}"#,
            json!(null),
            "missing field `subject`",
        ),
        (
            r#"{"do":"token","algorithm":"ES256","subject":"","audience":"a"}"#,
            json!(null),
            "`sub`",
        ),
    ] {
        let answer = orders::answer_line(line.as_bytes(), &mut rotating);
        let said = answer["error"].as_str().unwrap();
        assert!(said.contains(error), "{line}: {said}");
        assert_eq!(answer, json!({"id": id, "error": said}), "{line}");
    }
    let answer = ask(
        &mut rotating,
        &json!({"do": "export", "algorithm": "EdDSA"}),
    );
    assert!(
        answer["pem"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PRIVATE KEY-----\n")
    );
}
