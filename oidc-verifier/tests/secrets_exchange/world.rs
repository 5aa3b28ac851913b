//! The service in process: two issuers whose documents come out of the test, a clock that stands.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use oidc_core::Algorithm;
use oidc_issuer::SystemRandom;
use oidc_verifier::http::{KeyRefresher, Response, Transport};
use oidc_verifier::key_source::{Fetch, FetchKind, KeySourceConfig, TransportError};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::configuration::Configuration;
pub(crate) use crate::folder::Folder;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::service::{SecretsExchange, router};
use crate::support::{AUDIENCE, Honest, ISSUER, NOW, Shape, all_keys, at, mint};

pub(crate) const IDENTITY: &str = "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10";
/// Another identity, of another issuer, which may read nothing.
pub(crate) const OTHER: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
pub(crate) const OTHER_ISSUER: &str = "https://ci.example/org/42";
pub(crate) const SUBJECT: &str = "org/canary/project/7/user/9";
pub(crate) const DASHBOARD: &str = "http://127.0.0.1:8200";
pub(crate) const TTL: i64 = 600;
pub(crate) const SECRETS: &str = "/v3/configs/config/secrets?project=web&config=prd";

/// An identity document with these claims beside `aud` and `sub`.
pub(crate) fn identity(issuer: &str, claims_type: &str, claims: &Value) -> Value {
    let mut all = json!({"aud": [AUDIENCE], "sub": [SUBJECT]});
    let members = all.as_object_mut().unwrap();
    members.extend(claims.as_object().unwrap().clone());
    json!({
        "name": "ec2-prod", "ttl_seconds": TTL, "method": "oidc",
        "config": {"discovery_url": issuer, "claims_type": claims_type, "claims": all},
    })
}

/// The configuration with this document for [`IDENTITY`].
pub(crate) fn configuration(identity_document: &Value) -> Value {
    json!({
        "identities": [
            {"id": IDENTITY, "identity": identity_document,
             "may_read": [{"project": "web", "config": "prd"}]},
            {"id": OTHER, "identity": identity(OTHER_ISSUER, "exact", &json!({})), "may_read": []},
        ],
        "projects": {
            "web": {"prd": {"DATABASE_URL": "postgres://db", "EMPTY": ""}, "dev": {}},
        },
    })
}

/// Serves the documents of every issuer, all with the same keys.
#[derive(Clone, Default)]
struct Documents {
    down: Arc<AtomicBool>,
}

impl Transport for Documents {
    async fn get(&self, fetch: &Fetch) -> Result<Response, TransportError> {
        if self.down.load(Ordering::Relaxed) {
            return Err(TransportError::Connect);
        }
        let issuer = fetch.issuer.as_str();
        let body = match fetch.kind {
            FetchKind::Discovery => json!({
                "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            })
            .to_string(),
            FetchKind::JwkSet => all_keys(),
        };
        let response = Response::new(200, &fetch.url, body);
        Ok(response.with_header("Content-Type", "application/json"))
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) folder: Folder,
    keys: KeyRefresher,
    clock: Arc<AtomicI64>,
    lines: Receiver<Vec<u8>>,
}

/// What the service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// All that a stranger can tell two answers apart by.
    pub(crate) fn seen(&self) -> (StatusCode, HeaderMap, Value) {
        let mut headers = self.headers.clone();
        assert!(headers.remove("x-request-id").is_some());
        (self.status, headers, self.body.clone())
    }
}

impl World {
    pub(crate) async fn new() -> World {
        World::with(&configuration(&identity(ISSUER, "exact", &json!({})))).await
    }

    pub(crate) async fn with(configuration: &Value) -> World {
        let world = World::starting(
            configuration,
            Folder::new("secrets-exchange"),
            Documents::default(),
        );
        let keys = world
            .keys
            .wait_until_ready(std::time::Duration::from_secs(60));
        keys.await.unwrap();
        world
    }

    /// No issuer's documents can be had.
    pub(crate) fn without_keys() -> World {
        let down = Arc::new(AtomicBool::new(true));
        let configuration = configuration(&identity(ISSUER, "exact", &json!({})));
        World::starting(
            &configuration,
            Folder::new("secrets-exchange"),
            Documents { down },
        )
    }

    /// The same after the service has ended and begun again, with this configuration.
    pub(crate) async fn restarted(self, configuration: &Value) -> World {
        let World {
            router,
            folder,
            keys,
            clock,
            ..
        } = self;
        keys.shutdown().await;
        drop(router);
        let world = World::starting(configuration, folder, Documents::default());
        world
            .clock
            .store(clock.load(Ordering::Relaxed), Ordering::Relaxed);
        world
    }

    fn starting(configuration: &Value, folder: Folder, documents: Documents) -> World {
        let json = configuration.to_string();
        let configuration = Configuration::from_json(json.as_bytes()).unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let reading = Arc::clone(&clock);
        let keys = KeyRefresher::builder(configuration.verifier(), documents)
            .discover_all(&KeySourceConfig::default())
            .clock(move || at(reading.load(Ordering::Relaxed)))
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let service = SecretsExchange {
            configuration,
            keys: keys.clone(),
            ledger: Ledger::open(&folder.path("state/tokens.sqlite")).unwrap(),
            random: SystemRandom::new(),
            dashboard_url: DASHBOARD.to_owned(),
            log: Log::to(Lines(sender)).0,
        };
        World {
            router: router(Arc::new(service)),
            folder,
            keys,
            clock,
            lines,
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path("state/tokens.sqlite")
    }

    pub(crate) fn set_clock(&self, now: i64) {
        self.clock.store(now, Ordering::Relaxed);
    }

    /// The next line that the operator reads.
    pub(crate) fn line(&self) -> String {
        let mut parts = self
            .lines
            .iter()
            .map(|part| String::from_utf8(part).unwrap());
        // The line end may come for itself.
        let line = parts.find(|part| part != "\n").unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    pub(crate) async fn exchange(&self, identity: &str, token: &str) -> Answer {
        let body = json!({"identity": identity, "token": token});
        self.ask(post("/v3/auth/oidc", body.to_string())).await
    }

    pub(crate) async fn admits(&self, token: &str) -> bool {
        match self.exchange(IDENTITY, token).await.status {
            StatusCode::OK => true,
            status => {
                assert_eq!(status, StatusCode::UNAUTHORIZED);
                false
            }
        }
    }

    /// A token of the service.
    pub(crate) async fn exchanged(&self) -> String {
        let answer = self.exchange(IDENTITY, &workload().token).await;
        answer.body["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn revoke(&self, token: &str) -> Answer {
        let body = json!({"token": token}).to_string();
        self.ask(post("/v3/auth/revoke", body)).await
    }

    /// The status that the secrets come with, for a token as Bearer.
    pub(crate) async fn status_of(&self, token: &str) -> StatusCode {
        let authorization = format!("Bearer {token}");
        self.ask(get(SECRETS, &[("authorization", &authorization)]))
            .await
            .status
    }
}

/// A token as AWS would write it, with its claims nested.
pub(crate) fn workload() -> Honest {
    mint(Algorithm::Es384, Shape::Aws)
}

pub(crate) fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::get(path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(Body::empty()).unwrap()
}

/// How many grants the file holds, as another program sees it.
pub(crate) fn grants(database: &Path) -> i64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    let count = "SELECT count(*) FROM grants";
    connection.query_row(count, [], |row| row.get(0)).unwrap()
}

/// Hands on what is written.
pub(crate) struct Lines(pub(crate) Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
