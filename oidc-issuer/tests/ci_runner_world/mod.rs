//! A CI runner in process: its modules, a site that is looked at without sockets, and a clock of the
//! test's own.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of a test program"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use http::{Request as HttpRequest, Response};
use http_body_util::BodyExt as _;
use jsonwebtoken::jwk::JwkSet as ForeignSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oidc_core::{IssuerIdentifier, NumericDate};
use oidc_issuer::fs::Files;
use oidc_issuer::http::DocumentServer;
use oidc_issuer::profile::circleci::Job;
use oidc_issuer::store::StoreError;
use oidc_issuer::{Clocks, Documents, Publisher, Sighting};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::keys::{Keys, Passed};
use crate::request::Request;
use crate::state_folder::{Site, StateFolder};
use crate::tokens::Mint;

pub(crate) const ORG: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
pub(crate) const OTHER_ORG: &str = "0f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c12";
pub(crate) const PROJECT: &str = "2b9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a01";
pub(crate) const USER: &str = "77aa1c52-0a6a-4a59-b5a5-6b8f0c3d9e02";
pub(crate) const ROOT: &str = "http://127.0.0.1:4321";

/// The description of a job.
pub(crate) fn description() -> Value {
    json!({
        "organization": ORG,
        "project": PROJECT,
        "user": USER,
        "pipeline": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
        "pipeline_definition": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
        "workflow": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
        "job": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
        "vcs": {"origin": "github.com/acme/web", "ref": "refs/heads/main"}
    })
}

pub(crate) fn job(description: &Value) -> Job {
    Job::from_json(description.to_string().as_bytes()).unwrap()
}

/// The documents as they are served, and looked at.
#[derive(Default)]
pub(crate) struct Served(Arc<DocumentServer>);

impl Served {
    fn get(&self, url: &str) -> Option<Vec<u8>> {
        let path = url.strip_prefix(ROOT).unwrap();
        let request = HttpRequest::builder().uri(path).body(()).unwrap();
        let response: Response<Body> = self.0.respond(&request);
        let found = response.status().is_success();
        let body = block_on(response.into_body().collect()).unwrap();
        found.then(|| body.to_bytes().to_vec())
    }

    /// The JWK Set of an issuer, found as a relying party does.
    pub(crate) fn jwk_set(&self, issuer: &str) -> Value {
        let discovery = format!("{issuer}/.well-known/openid-configuration");
        let discovery: Value = serde_json::from_slice(&self.get(&discovery).unwrap()).unwrap();
        assert_eq!(discovery["issuer"], issuer);
        let jwk_set = self.get(discovery["jwks_uri"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&jwk_set).unwrap()
    }
}

impl Publisher for Served {
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let put = self.0.publish_documents(issuer, documents);
        put.map_err(StoreError::new)
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let jwks_uri = format!("{issuer}/.well-known/jwks-pub.json");
        match (self.get(&issuer.discovery_url()), self.get(&jwks_uri)) {
            (Some(discovery), Some(jwk_set)) => {
                Sighting::from_bytes(issuer, &discovery, &jwk_set).map_err(StoreError::new)
            }
            _ => Ok(Sighting::nothing()),
        }
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// A runner, and the time that it is.
pub(crate) struct World {
    pub(crate) folder: Folder,
    pub(crate) served: Served,
    pub(crate) keys: Keys,
    now: Arc<AtomicI64>,
}

impl World {
    /// After `serve --organization ORG` has come to its work.
    pub(crate) fn serving(name: &str) -> World {
        let folder = Folder::new(name);
        let now = Arc::new(AtomicI64::new(super::common::NOW));
        let site = begin(&folder, &[ORG]);
        let keys = Keys::open(&state(&folder), &site, clocks(&now)).unwrap();
        let mut world = World {
            folder,
            served: Served::default(),
            keys,
            now,
        };
        assert!(world.pass().complete);
        state(&world.folder).write(&site).unwrap();
        world
    }

    /// The same folder, served by a program that was started again.
    pub(crate) fn start_again(&mut self, organizations: &[&str]) {
        let site = begin(&self.folder, organizations);
        self.keys = Keys::open(&self.state(), &site, self.clocks()).unwrap();
        self.served = Served::default();
        assert!(self.pass().complete);
        self.state().write(&site).unwrap();
    }

    pub(crate) fn pass(&mut self) -> Passed {
        let now = Arc::clone(&self.now);
        self.keys.pass(&self.served, move || clocks(&now))
    }

    pub(crate) fn later(&self, time: Duration) {
        let seconds = i64::try_from(time.as_secs()).unwrap();
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn clocks(&self) -> Clocks {
        clocks(&self.now)
    }

    pub(crate) fn state(&self) -> StateFolder {
        state(&self.folder)
    }

    pub(crate) fn mint(&self, description: &Value) -> Mint {
        Mint::new(self.state(), job(description))
    }

    /// The claims of the tokens that a job begins with.
    pub(crate) fn claims(&self, description: &Value, request: &Request) -> [Value; 2] {
        let tokens = self.mint(description);
        let tokens = tokens.job_tokens(request, self.clocks()).unwrap();
        [tokens.v1, tokens.v2].map(|token| super::common::parts(&token).1)
    }
}

fn begin(folder: &Folder, organizations: &[&str]) -> Site {
    let organizations: Vec<String> = organizations.iter().map(|&id| id.to_owned()).collect();
    let state = state(folder);
    state
        .begin(state.read().unwrap(), ROOT, &organizations)
        .unwrap()
}

pub(crate) fn state(folder: &Folder) -> StateFolder {
    StateFolder::new(Files::new(), folder.path("state"))
}

fn clocks(now: &AtomicI64) -> Clocks {
    let now = now.load(Ordering::Relaxed);
    let running = u64::try_from(now - super::common::NOW).unwrap();
    Clocks::new(
        NumericDate::from_seconds(now).unwrap(),
        Duration::from_secs(running),
    )
}

/// A foreign library verifies the token by the published keys. The times are the test's to judge.
pub(crate) fn verify(token: &str, issuer: &str, audience: &str, jwk_set: &Value) -> Value {
    let set: ForeignSet = serde_json::from_value(jwk_set.clone()).unwrap();
    let header = decode_header(token).unwrap();
    let jwk = set.find(&header.kid.unwrap());
    let key = DecodingKey::from_jwk(jwk.expect("the key of the token is published")).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&[audience]);
    validation.set_issuer(&[issuer]);
    decode::<Value>(token, &key, &validation).unwrap().claims
}

pub(crate) fn kids(jwk_set: &Value) -> Vec<String> {
    let keys = jwk_set["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}
