//! The program's parts under a clock of the test's own, without sockets.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::request::Parts;
use http::{HeaderMap, Request};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use oidc_core::NumericDate;
use oidc_issuer::http::DocumentServer;
use oidc_issuer::{Clocks, SystemRandom};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::aws_wire::sigv4::{Scope, Secret, sign};
use crate::common::{NOW, at, from_base64url};
use crate::config::Config;
use crate::driver::Driver;
use crate::federation::Federation;
pub(crate) use crate::folder::Folder;
use crate::log::Log;
use crate::service::{Service, router};
use crate::state::State;

/// An access key as a client has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) token: Option<&'static str>,
}

impl Key {
    const fn new(id: &'static str, secret: &'static str) -> Key {
        let token = None;
        Key { id, secret, token }
    }
}

/// Uses the switch.
pub(crate) const ADMIN: Key = Key::new("AKIAADMIN", "admin-secret");
/// A session of a role with a path, on an EC2 instance; ends two hours after `NOW`.
pub(crate) const INSTANCE: Key = Key {
    token: Some("instance-token+/="),
    ..Key::new("ASIAINSTANCE", "instance-secret")
};
/// A role that may not pass tags.
pub(crate) const DEPLOYER: Key = Key::new("AKIADEPLOYER", "deployer-secret");
/// A user that may do nothing.
pub(crate) const NOBODY: Key = Key::new("AKIANOBODY", "nobody-secret");
/// A role of another account, which is switched on from the beginning.
pub(crate) const NEIGHBOUR: Key = Key::new("AKIANEIGHBOUR", "neighbour-secret");

pub(crate) const REGION: &str = "eu-north-1";

pub(crate) fn config() -> Value {
    json!({
        "regions": [REGION, "eu-west-1"],
        "accounts": [
            {
                "id": "111122223333",
                "organization": {
                    "id": "o-a1b2c3d4e5",
                    "paths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"]
                }
            },
            {"id": "444455556666", "outbound_federation": "enabled"}
        ],
        "access_keys": [
            {
                "access_key_id": ADMIN.id,
                "secret_access_key": ADMIN.secret,
                "principal": {"user": "arn:aws:iam::111122223333:user/admin"},
                "may": [
                    "iam:EnableOutboundWebIdentityFederation",
                    "iam:DisableOutboundWebIdentityFederation",
                    "iam:GetOutboundWebIdentityFederationInfo"
                ]
            },
            {
                "access_key_id": INSTANCE.id,
                "secret_access_key": INSTANCE.secret,
                "session_token": INSTANCE.token,
                "principal": {
                    "session": "arn:aws:sts::111122223333:assumed-role/ec2-doppler-oidc/i-0abc1234def567890",
                    "role_path": "/ci/",
                    "expires": "2026-09-21T16:13:20Z",
                    "tags": {"team": "data"},
                    "ec2_instance": {
                        "arn": "arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890",
                        "vpc": "vpc-0a1b2c3d",
                        "private_ipv4": "10.0.1.25"
                    }
                },
                "may": ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]
            },
            {
                "access_key_id": DEPLOYER.id,
                "secret_access_key": DEPLOYER.secret,
                "principal": {"role": "arn:aws:iam::111122223333:role/deployer"},
                "may": ["sts:GetWebIdentityToken"]
            },
            {
                "access_key_id": NOBODY.id,
                "secret_access_key": NOBODY.secret,
                "principal": {"user": "arn:aws:iam::111122223333:user/nobody"},
                "may": []
            },
            {
                "access_key_id": NEIGHBOUR.id,
                "secret_access_key": NEIGHBOUR.secret,
                "principal": {"role": "arn:aws:iam::444455556666:role/a/b/neighbour"},
                "may": ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]
            }
        ]
    })
}

pub(crate) const BASE_URL: &str = "http://127.0.0.1:8080";

/// The program from its configuration to its routes.
pub(crate) struct World {
    pub(crate) drivers: Vec<Driver>,
    pub(crate) router: Router,
    seconds: Arc<AtomicI64>,
    pub(crate) runtime: tokio::runtime::Runtime,
    _state: State,
}

/// The folder when its last user is gone. A process that another test starts at that moment has its lock
/// until it has become its program.
pub(crate) fn open_state(path: &Path) -> State {
    let begun = Instant::now();
    loop {
        match State::open(path) {
            Ok(state) => return state,
            Err(error) => {
                let locked = error.to_string().contains("another program has it");
                assert!(
                    locked && begun.elapsed() < Duration::from_secs(60),
                    "{error}"
                );
                std::thread::yield_now();
            }
        }
    }
}

impl World {
    pub(crate) fn open(folder: &Folder) -> World {
        first_start(&folder.path("state"));
        World::with(folder, &config(), BASE_URL)
    }

    /// One in which the account is switched on.
    pub(crate) fn enabled(folder: &Folder) -> World {
        let world = World::open(folder);
        assert_eq!(world.iam(ADMIN, "Enable").status, 200);
        world
    }

    pub(crate) fn with(folder: &Folder, config: &Value, base_url: &str) -> World {
        let config = Config::parse(config.to_string().as_bytes()).unwrap();
        let state = open_state(&folder.path("state"));
        state.keep_base_url(base_url).unwrap();
        let documents = Arc::new(DocumentServer::new());
        let seconds = Arc::new(AtomicI64::new(NOW));
        let mut drivers = Vec::new();
        for account in &config.accounts {
            let (policy, random) = (config.rotation, SystemRandom::new());
            let now = Clocks::new(at(NOW), Duration::ZERO);
            let driver = Driver::open(account, policy, base_url, &state, &documents, &random, now);
            drivers.push(driver.unwrap());
        }
        let ids = config.accounts.iter().map(|account| account.id.clone());
        let federations: BTreeMap<String, Arc<Federation>> = ids
            .zip(drivers.iter().map(|driver| Arc::clone(driver.federation())))
            .collect();
        let time = Arc::clone(&seconds);
        let service = Service {
            config,
            federations,
            clock: Arc::new(move || at(time.load(Ordering::SeqCst))),
            body_within: Duration::from_millis(50),
            log: Log::to(std::io::sink()).0,
        };
        let mut world = World {
            drivers,
            router: router(Arc::new(service), documents),
            seconds,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            _state: state,
        };
        world.pass();
        world
    }

    pub(crate) fn now(&self) -> NumericDate {
        at(self.seconds.load(Ordering::SeqCst))
    }

    pub(crate) fn set_time(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    fn clocks(&self) -> Clocks {
        let since = u64::try_from(self.now().as_seconds() - NOW).unwrap();
        Clocks::new(self.now(), Duration::from_secs(since))
    }

    /// A pass of each driver, without a failure; what it says to the operator.
    pub(crate) fn pass(&mut self) -> Vec<String> {
        let clocks = self.clocks();
        let mut news = Vec::new();
        for driver in &mut self.drivers {
            let mut pass = driver.pass(|| clocks);
            assert!(pass.failures.is_empty(), "{:?}", pass.failures);
            assert!(pass.wait > Duration::ZERO);
            news.append(&mut pass.news);
        }
        news
    }

    pub(crate) fn send(&self, request: Request<Body>) -> Answer {
        let router = self.router.clone();
        self.runtime.block_on(async move {
            let response = router.oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                text: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    }

    /// A signed request to `sts` or `iam`.
    pub(crate) fn signed(&self, key: Key, service: &str, body: &[u8]) -> (Parts, Vec<u8>) {
        let mut head = Request::post("/")
            .header("host", "127.0.0.1:8080")
            .header("content-type", FORM)
            .body(())
            .unwrap()
            .into_parts()
            .0;
        sign_at(&mut head, body, key, REGION, service, self.now());
        (head, body.to_vec())
    }

    pub(crate) fn call(&self, key: Key, service: &str, body: &str) -> Answer {
        let (head, body) = self.signed(key, service, body.as_bytes());
        self.send(Request::from_parts(head, Body::from(body)))
    }

    /// `GetWebIdentityToken` with these parameters.
    pub(crate) fn token(&self, key: Key, parameters: &str) -> Answer {
        let body = format!("Action=GetWebIdentityToken&Version=2011-06-15&{parameters}");
        self.call(key, "sts", &body)
    }

    /// `Enable`, `Disable` or `Get`.
    pub(crate) fn iam(&self, key: Key, what: &str) -> Answer {
        let end = if what == "Get" { "Info" } else { "" };
        let action = format!("{what}OutboundWebIdentityFederation{end}");
        self.call(key, "iam", &format!("Action={action}&Version=2010-05-08"))
    }

    pub(crate) fn get(&self, url: &str) -> Answer {
        self.send(Request::get(url).body(Body::empty()).unwrap())
    }

    pub(crate) fn issuer(&self, account: usize) -> String {
        let issuer = self.drivers[account].federation().issuer();
        issuer.as_str().to_owned()
    }

    /// Discovers the issuer of a token, fetches its keys, and verifies it as a relying party does.
    /// `jsonwebtoken` has a clock of its own, so the times are compared here.
    pub(crate) fn accept(&self, token: &str, audience: &str) -> Option<Value> {
        let claims: Value =
            serde_json::from_slice(&from_base64url(token.split('.').nth(1)?)).unwrap();
        let issuer = claims["iss"].as_str()?;
        let discovery = self.get(&format!("{issuer}/.well-known/openid-configuration"));
        let discovery: Value = serde_json::from_str(&discovery.text).unwrap();
        assert_eq!(discovery["issuer"], issuer);
        let jwk_set = self.get(discovery["jwks_uri"].as_str()?);
        let jwk_set: JwkSet = serde_json::from_str(&jwk_set.text).unwrap();
        let header = decode_header(token).ok()?;
        let jwk = jwk_set.find(&header.kid?)?;
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        let data = decode::<Value>(token, &DecodingKey::from_jwk(jwk).ok()?, &validation).ok()?;
        let now = self.now().as_seconds();
        let valid = data.claims["exp"].as_i64()? > now && data.claims["iat"].as_i64()? <= now;
        valid.then_some(data.claims)
    }
}

/// The files after a first start: keys take a while to make, and are made once.
static AFTER_FIRST_START: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let folder = Folder::new("first");
    drop(World::with(&folder, &config(), BASE_URL));
    contents(&folder.path("state"))
        .into_iter()
        .map(|(path, bytes)| (path.strip_prefix(&folder.0).unwrap().to_owned(), bytes))
        .collect()
});

/// Puts them into a folder that is not there yet.
fn first_start(state: &Path) {
    if state.exists() {
        return;
    }
    for (path, bytes) in AFTER_FIRST_START.iter() {
        let path = state.parent().unwrap().join(path);
        let mut folder = std::fs::DirBuilder::new();
        let made = folder
            .recursive(true)
            .mode(0o700)
            .create(path.parent().unwrap());
        made.unwrap();
        let mut file = std::fs::OpenOptions::new();
        let mut file = file
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .unwrap();
        file.write_all(bytes).unwrap();
    }
}

/// The files below a folder with what is in them.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut contents(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

pub(crate) fn sign_at(
    head: &mut Parts,
    body: &[u8],
    key: Key,
    region: &str,
    service: &str,
    now: NumericDate,
) {
    let scope = Scope {
        region: region.to_owned(),
        service: service.to_owned(),
    };
    let secret = Secret {
        access_key: key.secret,
        session_token: key.token,
    };
    sign(head, body, key.id, secret, &scope, now);
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The text of an element, as a client reads it.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(quick_xml::escape::unescape(text).unwrap().into_owned())
    }

    /// Status and code of an error.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.element("Code").unwrap_or_default())
    }

    pub(crate) fn token(&self) -> String {
        let token = self.element("WebIdentityToken");
        token.unwrap_or_else(|| panic!("no token: {}", self.text))
    }
}
