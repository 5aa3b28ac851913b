//! The orders of `examples/interop_verifier/`. That it takes the tokens of others is for
//! `.ci/interop/run`.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

#[path = "../examples/interop_verifier/orders.rs"]
mod orders;
#[path = "../examples/interop_verifier/relying_party.rs"]
mod relying_party;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use oidc_issuer::http::DocumentServer;
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::http::{HttpTransport, RootCertificates};
use oidc_verifier::{Algorithm, Clock as _, IssuerIdentifier, SystemClock};
use relying_party::RelyingParty;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const LIFETIME_SECONDS: u64 = 600;

/// An issuer whose documents are served for as long as the test program runs.
struct Served {
    issuer: Issuer,
    server: Arc<DocumentServer>,
}

fn serve() -> Served {
    let server = Arc::new(DocumentServer::new());
    let router = Arc::clone(&server).router();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime
        .block_on(TcpListener::bind(("127.0.0.1", 0)))
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || runtime.block_on(async { axum::serve(listener, router).await }));
    let issuer = issuer(&url);
    server.publish(&issuer).unwrap();
    Served { issuer, server }
}

fn issuer(url: &str) -> Issuer {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let name = IssuerIdentifier::loopback(url).unwrap();
    Issuer::builder(name).key(key).build().unwrap()
}

fn token(issuer: &Issuer, subject: &str) -> String {
    let lifetime = Duration::from_secs(LIFETIME_SECONDS);
    let spec = TokenSpec::new(subject, "deploy").unwrap();
    let spec = spec.with_lifetime(lifetime).unwrap();
    let token = issuer.issue(&spec, SystemClock.now()).unwrap();
    token.as_str().to_owned()
}

fn relying_party() -> RelyingParty {
    RelyingParty::new(HttpTransport::with_roots(&RootCertificates::Nobody).unwrap())
}

fn verify(relying_party: &mut RelyingParty, issuer: &Issuer, token: &str) -> Value {
    let order = json!({
        "id": 1, "do": "verify", "issuer": issuer.id(), "audience": "deploy", "token": token,
    });
    orders::answer_line(order.to_string().as_bytes(), relying_party)
}

#[test]
fn a_token_is_answered_with_its_subject_or_why_it_is_refused() {
    let (Served { issuer, .. }, mut relying_party) = (serve(), relying_party());
    let good = token(&issuer, "job-42");
    let answer = verify(&mut relying_party, &issuer, &good);
    assert_eq!(answer, json!({"id": 1, "ok": true, "subject": "job-42"}));

    // The signature of another token of the same key.
    let other = token(&issuer, "job-43");
    let (signed, _) = good.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{signature}");
    let answer = verify(&mut relying_party, &issuer, &forged);
    let refused = json!({"id": 1, "ok": false, "why": "signature", "class": "refused"});
    assert_eq!(answer, refused);
}

#[test]
fn new_keys_are_fetched_for_the_first_token_of_one() {
    let (Served { issuer, server }, mut relying_party) = (serve(), relying_party());
    let before = token(&issuer, "job-42");
    assert_eq!(verify(&mut relying_party, &issuer, &before)["ok"], true);
    let other = self::issuer(issuer.id().as_str());
    server.publish(&other).unwrap();
    assert_eq!(
        verify(&mut relying_party, &other, &token(&other, "job-42"))["ok"],
        true
    );
    // The keys from before went with the fetch.
    assert_eq!(
        verify(&mut relying_party, &issuer, &before)["why"],
        "key_unknown"
    );
}

#[test]
fn time_that_passes_makes_a_token_expire() {
    let (Served { issuer, .. }, mut relying_party) = (serve(), relying_party());
    let token = token(&issuer, "job-42");
    assert_eq!(verify(&mut relying_party, &issuer, &token)["ok"], true);
    // Longer than it lives, and than the leeway that is allowed.
    let order = json!({"do": "later", "seconds": LIFETIME_SECONDS * 2});
    let answer = orders::answer_line(order.to_string().as_bytes(), &mut relying_party);
    assert_eq!(answer, json!({"id": null}));
    assert_eq!(
        verify(&mut relying_party, &issuer, &token)["why"],
        "expired"
    );
}

#[test]
fn a_line_that_is_no_order_and_an_issuer_that_is_none_get_an_error() {
    let mut relying_party = relying_party();
    for (line, error) in [
        ("{", "EOF while parsing"),
        (r#"{"do":"trust"}"#, "unknown variant `trust`"),
        (
            r#"{"do":"later","seconds":-1}"#,
            "invalid value: integer `-1`",
        ),
        (
            r#"{"do":"verify","issuer":"https://ci.example","audience":"a","token":"t"}"#,
            "host of the issuer identifier is not loopback",
        ),
    ] {
        let answer = orders::answer_line(line.as_bytes(), &mut relying_party);
        let said = answer["error"].as_str().unwrap();
        assert!(said.contains(error), "{line}: {said}");
        assert_eq!(answer, json!({"id": null, "error": said}), "{line}");
    }
}
