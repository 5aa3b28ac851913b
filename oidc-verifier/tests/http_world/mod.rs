//! An issuer whose documents come out of the test itself, under a clock that only tokio moves.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these helpers run in tests only"
)]

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use oidc_core::{IssuerIdentifier, JwkSet, NumericDate};
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::http::{KeyRefresher, KeyRefresherBuilder, Response, Transport};
use oidc_verifier::key_source::{Fetch, FetchKind, KeySource, KeySourceConfig, TransportError};
use oidc_verifier::{Algorithm, Clock, Verifier};
use tokio::time::Instant;

pub(crate) const ISSUER: &str = "https://ci.example";
pub(crate) const AUDIENCE: &str = "https://deploy.example";

/// 2026-09-21T14:13:20Z
pub(crate) const BEGIN: i64 = 1_790_000_000;

pub(crate) fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(BEGIN.checked_add(seconds).unwrap()).unwrap()
}

pub(crate) fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse(ISSUER).unwrap()
}

/// A clock that shows what tokio's does. To be made inside the runtime.
pub(crate) fn tokio_clock() -> impl Clock {
    let begun = Instant::now();
    move || at(0).saturating_add(begun.elapsed())
}

/// A key made once for each name, and always the same.
pub(crate) fn key(kid: &str) -> SigningKey {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    key.with_kid(kid).unwrap()
}

/// An issuer that signs with a key of this name.
pub(crate) fn issuer_with(id: &IssuerIdentifier, kid: &str) -> Issuer {
    Issuer::builder(id.clone()).key(key(kid)).build().unwrap()
}

/// A token that is valid for a day from the time given.
pub(crate) fn token(issuer: &Issuer, now: NumericDate) -> Vec<u8> {
    let spec = TokenSpec::new("job-42", AUDIENCE).unwrap();
    let spec = spec.with_lifetime(Duration::from_secs(86_400)).unwrap();
    issuer
        .issue(&spec, now)
        .unwrap()
        .as_str()
        .as_bytes()
        .to_vec()
}

/// What the server of the documents does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Good,
    Down,
    /// Never answers.
    Silent,
    Status(u16),
    Body(&'static str),
}

struct Server {
    answer: Answer,
    latency: Duration,
    metadata: Vec<u8>,
    jwk_set: Vec<u8>,
    log: Vec<FetchKind>,
    dropped: usize,
}

/// Serves the documents of one issuer.
#[derive(Clone)]
pub(crate) struct Documents(Arc<Mutex<Server>>);

impl Documents {
    pub(crate) fn of(issuer: &Issuer) -> Documents {
        let documents = Documents(Arc::new(Mutex::new(Server {
            answer: Answer::Good,
            latency: Duration::ZERO,
            metadata: Vec::new(),
            jwk_set: Vec::new(),
            log: Vec::new(),
            dropped: 0,
        })));
        documents.publish(issuer);
        documents
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap()
    }

    pub(crate) fn publish(&self, issuer: &Issuer) {
        let mut server = self.server();
        server
            .metadata
            .clone_from(&issuer.discovery_document().bytes);
        server.jwk_set.clone_from(&issuer.jwk_set_document().bytes);
    }

    /// Other keys under the same metadata.
    pub(crate) fn publish_key(&self, key: &SigningKey) {
        let set = JwkSet::from_keys([key.public_jwk().clone()]).unwrap();
        self.server().jwk_set = set.to_json().into_bytes();
    }

    pub(crate) fn set_answer(&self, answer: Answer) {
        self.server().answer = answer;
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.server().latency = latency;
    }

    /// What has been fetched since this was last asked.
    pub(crate) fn take_log(&self) -> Vec<FetchKind> {
        std::mem::take(&mut self.server().log)
    }

    /// How many fetches were dropped before they had an answer.
    pub(crate) fn dropped(&self) -> usize {
        self.server().dropped
    }
}

/// Counts itself when it is dropped and not forgotten.
struct Unanswered(Documents);

impl Drop for Unanswered {
    fn drop(&mut self) {
        let dropped = self.0.server().dropped.checked_add(1);
        self.0.server().dropped = dropped.expect("few fetches");
    }
}

impl Transport for Documents {
    async fn get(&self, fetch: &Fetch) -> Result<Response, TransportError> {
        let (answer, latency) = {
            let mut server = self.server();
            server.log.push(fetch.kind);
            (server.answer, server.latency)
        };
        let unanswered = Unanswered(self.clone());
        tokio::time::sleep(latency).await;
        if answer == Answer::Silent {
            std::future::pending::<()>().await;
        }
        std::mem::forget(unanswered);
        let server = self.server();
        let body = match fetch.kind {
            FetchKind::Discovery => &server.metadata,
            FetchKind::JwkSet => &server.jwk_set,
        };
        match answer {
            Answer::Good => Ok(Response::new(200, &fetch.url, body.clone())
                .with_header("Content-Type", "application/json")),
            Answer::Status(status) => Ok(Response::new(status, &fetch.url, body.clone())),
            Answer::Body(body) => Ok(Response::new(200, &fetch.url, body)),
            Answer::Down | Answer::Silent => Err(TransportError::Connect),
        }
    }
}

/// A verifier of one issuer, without keys.
pub(crate) fn verifier_of(issuer: &IssuerIdentifier) -> Arc<Verifier> {
    let builder = Verifier::builder()
        .issuer(issuer.clone())
        .audience(AUDIENCE);
    Arc::new(builder.build().unwrap())
}

pub(crate) fn refresher(documents: &Documents) -> KeyRefresherBuilder<Documents> {
    KeyRefresher::builder(verifier_of(&issuer()), documents.clone())
        .source(KeySource::new(issuer(), KeySourceConfig::default()))
        .clock(tokio_clock())
}
