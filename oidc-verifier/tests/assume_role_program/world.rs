//! The service in process: its issuers answer out of the test, and its clock is tokio's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::request::Parts;
use http::{Method, Request};
use oidc_core::Algorithm;
use oidc_issuer::SigningKey;
use oidc_verifier::NumericDate;
use oidc_verifier::http::{Response, Transport};
use oidc_verifier::key_source::{Fetch, FetchKind, KeySourceConfig, TransportError};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::aws_wire::sigv4::{Scope, Secret, sign};
use crate::configuration::Configuration;
use crate::log::Log;
use crate::service::{Clock, Service, router};
use crate::sessions::{Credentials, SessionKey};
use crate::support::{self, Members, NOW, at, jwk_set};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const REGION: &str = "eu-north-1";
pub(crate) const ORGANISATION: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
pub(crate) const PROJECT: &str = "6a1c9c6e-3b1f-4d65-8f0e-2f8f0b9a7d11";
pub(crate) const CIRCLECI: &str =
    "https://oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
pub(crate) const CI: &str = "http://127.0.0.1:8080/ci";
pub(crate) const DOWN: &str = "https://down.example";
pub(crate) const AUDIENCE: &str = "sts.amazonaws.com";

/// Admits tokens of `CI`, with tags and a source identity, but for those whose name is bad.
pub(crate) const BATCH: &str = "arn:aws:iam::111122223333:role/ci/batch";
/// Admits one project of CircleCI.
pub(crate) const DEPLOY: &str = "arn:aws:iam::111122223333:role/deploy";
/// Admits tokens of `CI` without tags, whose issuer has named the role, for an hour.
pub(crate) const NAMED: &str = "arn:aws:iam::111122223333:role/named";
/// Admits tokens of an issuer that was never reached.
pub(crate) const UNREACHED: &str = "arn:aws:iam::111122223333:role/unreached";
/// Of another account, which trusts `CI` for another audience.
pub(crate) const ELSEWHERE: &str = "arn:aws:iam::444455556666:role/elsewhere";

pub(crate) fn configuration() -> Value {
    let provider = |account: &str, name: &str| json!({"Federated": format!("arn:aws:iam::{account}:oidc-provider/{name}")});
    let ci = "127.0.0.1:8080/ci";
    let circleci = CIRCLECI.strip_prefix("https://").unwrap();
    let assume = "sts:AssumeRoleWithWebIdentity";
    json!({
        "region": REGION,
        "accounts": [{
            "account": ACCOUNT,
            "identity_providers": [
                {"url": CIRCLECI, "client_ids": [ORGANISATION]},
                {"loopback_url": CI, "client_ids": [AUDIENCE, "client-b"]},
                {"url": DOWN, "client_ids": [AUDIENCE],
                 "thumbprints": ["990f4193972f2becf12ddeda5237f9c952f20d9e"]},
            ],
            "roles": [
                {"arn": BATCH, "role_id": "AROAEXAMPLEBATCH0001", "max_session_duration": 43_200,
                 "trust_policy": {"Version": "2012-10-17", "Statement": [
                    {"Sid": "Jobs", "Effect": "Allow", "Principal": provider(ACCOUNT, ci),
                     "Action": [assume, "sts:TagSession", "sts:SetSourceIdentity"],
                     "Condition": {"StringLike": {format!("{ci}:sub"): "job-*"}}},
                    {"Sid": "NotTheBadOne", "Effect": "Deny", "Principal": provider(ACCOUNT, ci),
                     "Action": assume,
                     "Condition": {"StringEquals": {format!("{ci}:sub"): "job-bad"}}},
                 ]}},
                {"arn": DEPLOY, "role_id": "AROAEXAMPLEDEPLOY001",
                 "trust_policy": {"Version": "2012-10-17", "Statement": {
                    "Effect": "Allow", "Principal": provider(ACCOUNT, circleci), "Action": assume,
                    "Condition": {
                        "StringEquals": {
                            format!("{circleci}:aud"): ORGANISATION,
                            format!("{circleci}:oidc.circleci.com/project-id"): PROJECT,
                        },
                        "StringLike": {format!("{circleci}:sub"):
                            format!("org/{ORGANISATION}/project/{PROJECT}/user/*")},
                    }}}},
                {"arn": NAMED, "role_id": "AROAEXAMPLENAMED0001",
                 "trust_policy": {"Version": "2012-10-17", "Statement": {
                    "Effect": "Allow", "Principal": provider(ACCOUNT, ci), "Action": assume,
                    "Condition": {
                        "Bool": {"sts:RoleAuthorizedByIdp": "true"},
                        "StringLike": {format!("{ci}:sub"): "job-*"},
                        "StringNotEquals": {"sts:RoleSessionName": "root"},
                    }}}},
                {"arn": UNREACHED, "role_id": "AROAEXAMPLEUNREACHED",
                 "trust_policy": {"Statement": {
                    "Effect": "Allow", "Principal": provider(ACCOUNT, "down.example"),
                    "Action": assume,
                    "Condition": {"StringEquals": {"down.example:sub": "job-42"}}}}},
            ],
        }, {
            "account": OTHER_ACCOUNT,
            "identity_providers": [{"loopback_url": CI, "client_ids": ["elsewhere"]}],
            "roles": [
                {"arn": ELSEWHERE, "role_id": "AROAEXAMPLEELSEWHERE",
                 "trust_policy": {"Version": "2012-10-17", "Statement": {
                    "Effect": "Allow", "Principal": provider(OTHER_ACCOUNT, ci), "Action": assume,
                    "Condition": {"StringEquals": {format!("{ci}:sub"): "job-42"}}}}},
            ],
        }],
    })
}

/// The documents of all issuers; one that has none cannot be reached.
#[derive(Clone, Default)]
pub(crate) struct Sites(Arc<Mutex<Served>>);

#[derive(Default)]
struct Served {
    jwk_sets: HashMap<String, String>,
    fetches: Vec<(String, FetchKind)>,
}

impl Sites {
    /// The issuer has these keys from now on.
    pub(crate) fn publish<'k>(&self, issuer: &str, keys: impl IntoIterator<Item = &'k SigningKey>) {
        let mut served = self.0.lock().unwrap();
        served.jwk_sets.insert(issuer.to_owned(), jwk_set(keys));
    }

    /// Nobody reaches the issuer from now on.
    pub(crate) fn take_down(&self, issuer: &str) {
        self.0.lock().unwrap().jwk_sets.remove(issuer);
    }

    /// How often its JWK Set was asked for.
    pub(crate) fn fetches(&self, issuer: &str) -> usize {
        let served = self.0.lock().unwrap();
        let of_keys =
            |(own, kind): &&(String, FetchKind)| own == issuer && *kind == FetchKind::JwkSet;
        served.fetches.iter().filter(of_keys).count()
    }
}

impl Transport for Sites {
    async fn get(&self, fetch: &Fetch) -> Result<Response, TransportError> {
        let mut served = self.0.lock().unwrap();
        let issuer = fetch.issuer.as_str();
        served.fetches.push((issuer.to_owned(), fetch.kind));
        let keys = served.jwk_sets.get(issuer).ok_or(TransportError::Connect)?;
        let body = match fetch.kind {
            FetchKind::Discovery => {
                json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks")}).to_string()
            }
            FetchKind::JwkSet => keys.clone(),
        };
        Ok(Response::new(200, &fetch.url, body).with_header("Content-Type", "application/json"))
    }
}

/// The service, what it said to its operator, and its issuers.
pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) sites: Sites,
    pub(crate) clock: Clock,
    log: Arc<Mutex<Vec<String>>>,
}

/// The parameters of a call.
pub(crate) type Call = Vec<(&'static str, String)>;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl World {
    /// To be made inside of a tokio runtime whose time stands still.
    pub(crate) fn new() -> World {
        World::with_key(&[7; SessionKey::BYTES])
    }

    pub(crate) fn with_key(key: &[u8; SessionKey::BYTES]) -> World {
        World::configured(&configuration(), key)
    }

    pub(crate) fn configured(configuration: &Value, key: &[u8; SessionKey::BYTES]) -> World {
        let sites = Sites::default();
        for issuer in [CIRCLECI, CI] {
            sites.publish(issuer, [key_of(Algorithm::Rs256), key_of(Algorithm::Es256)]);
        }
        let begun = Instant::now();
        let clock: Clock = Arc::new(move || at(NOW).saturating_add(begun.elapsed()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let service = Service::start(
            Configuration::from_json(configuration.to_string().as_bytes()).unwrap(),
            &sites,
            &KeySourceConfig::default(),
            SessionKey::new(key).unwrap(),
            Arc::clone(&clock),
            Log::new(move |line| lines.lock().unwrap().push(line.to_owned())),
        );
        World {
            app: router(Arc::new(service.unwrap())),
            sites,
            clock,
            log,
        }
        .started()
    }

    /// What the lint says at the start is about the policies, and the same for every test.
    fn started(self) -> World {
        let log = self.take_log();
        let named = |line: &str| line.starts_with("arn:aws:iam::") && line.contains(": rule 0 `");
        assert!(!log.is_empty() && log.lines().all(named), "{log}");
        self
    }

    pub(crate) fn now(&self) -> NumericDate {
        (self.clock)()
    }

    /// What the operator has read since this was last asked.
    pub(crate) fn take_log(&self) -> String {
        std::mem::take(&mut *self.log.lock().unwrap()).join("\n")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let media_type = response.headers().get("content-type").unwrap();
        assert_eq!(media_type, "text/xml");
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        Answer {
            status,
            body: String::from_utf8(body.unwrap().to_vec()).unwrap(),
        }
    }

    pub(crate) async fn call(&self, call: &Call) -> Answer {
        self.send(post(&form(call))).await
    }

    /// The credentials for this call, which has to be granted.
    pub(crate) async fn granted(&self, call: &Call) -> Credentials {
        let answer = self.call(call).await;
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, self.take_log());
        answer.credentials()
    }

    /// Who the service says that these credentials are of.
    pub(crate) async fn caller(&self, credentials: &Credentials) -> Answer {
        let (mut parts, body) = identity_request();
        let secret = Secret {
            access_key: &credentials.secret_access_key,
            session_token: Some(&credentials.session_token),
        };
        let (key, now) = (&credentials.access_key_id, self.now());
        sign(&mut parts, body.as_bytes(), key, secret, &scope(), now);
        self.send(Request::from_parts(parts, Body::from(body)))
            .await
    }
}

pub(crate) fn scope() -> Scope {
    Scope {
        region: REGION.to_owned(),
        service: "sts".to_owned(),
    }
}

/// `GetCallerIdentity`, to be signed.
pub(crate) fn identity_request() -> (Parts, String) {
    let body = "Action=GetCallerIdentity&Version=2011-06-15".to_owned();
    let (mut parts, ()) = post("").map(|_| ()).into_parts();
    parts.headers.insert("host", "127.0.0.1".parse().unwrap());
    (parts, body)
}

pub(crate) fn post(body: &str) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri("/")
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) fn form(call: &Call) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(call).finish()
}

/// A call that is granted if the token is good for the role.
pub(crate) fn assume(role: &str, token: &str) -> Call {
    vec![
        ("Action", "AssumeRoleWithWebIdentity".to_owned()),
        ("Version", "2011-06-15".to_owned()),
        ("RoleArn", role.to_owned()),
        ("RoleSessionName", "run-42".to_owned()),
        ("WebIdentityToken", token.to_owned()),
    ]
}

/// The call with this parameter, in the place of the one of this name.
pub(crate) fn with(call: &Call, name: &'static str, value: &str) -> Call {
    let mut call = without(call, name);
    call.push((name, value.to_owned()));
    call
}

pub(crate) fn without(call: &Call, name: &str) -> Call {
    call.iter()
        .filter(|(own, _)| *own != name)
        .cloned()
        .collect()
}

impl Answer {
    /// The text of the first element of this name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let (_, rest) = self.body.split_once(&open)?;
        let (text, _) = rest.split_once(&close)?;
        Some(quick_xml::escape::unescape(text).unwrap().into_owned())
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = self.text("Code");
        (self.status, code.unwrap_or_else(|| panic!("{}", self.body)))
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let text = |name: &str| self.text(name).unwrap();
        Credentials {
            access_key_id: text("AccessKeyId"),
            secret_access_key: text("SecretAccessKey"),
            session_token: text("SessionToken"),
        }
    }
}

pub(crate) fn key_of(algorithm: Algorithm) -> &'static SigningKey {
    support::key(algorithm)
}

/// The claims of a token of this issuer that is good for five minutes.
pub(crate) fn claims(issuer: &str, sub: &str, aud: &str) -> Members {
    let claims = json!({
        "iss": issuer, "sub": sub, "aud": aud, "iat": NOW, "exp": NOW + 300,
    });
    Members::read(claims.to_string().as_bytes())
}

/// The token of a job at `CI`.
pub(crate) fn job() -> Members {
    claims(CI, "job-42", AUDIENCE)
}

/// What CircleCI says of a project.
pub(crate) fn circleci_job(project: &str) -> Members {
    let sub = format!("org/{ORGANISATION}/project/{project}/user/9a1b");
    claims(CIRCLECI, &sub, ORGANISATION)
        .with("oidc.circleci.com/project-id", &format!("\"{project}\""))
}

/// Signed with the key of this algorithm.
pub(crate) fn signed_with(key: &SigningKey, claims: &Members) -> String {
    let header = json!({"alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT"});
    support::sign(key, header.to_string(), claims.to_json())
}

pub(crate) fn signed(claims: &Members) -> String {
    signed_with(key_of(Algorithm::Rs256), claims)
}

/// The time passes.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
