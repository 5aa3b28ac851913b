//! The program `ci_runner` in process: which tokens a job gets, what it may ask for, and what it is
//! answered (`CircleCI`'s documentation of "OpenID Connect tokens" and "OIDC tokens with custom claims").
//! As a program it is tested in `ci_runner_program`.

#![cfg(all(feature = "fs", feature = "http", feature = "probe", unix))]
#![cfg_attr(
    not(feature = "aws-lc-rs"),
    allow(
        dead_code,
        unused_imports,
        clippy::allow_attributes,
        reason = "without keys of RSA there is little to test"
    )
)]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of a test program, which looks at files"
)]

mod ci_runner_world;
mod common;
mod folder;

#[path = "../examples/ci_runner/arguments.rs"]
#[expect(dead_code, reason = "its usage and paths are for the program")]
mod arguments;
#[path = "../examples/ci_runner/keys.rs"]
#[expect(dead_code, reason = "what it tells is for the program's log")]
mod keys;
#[path = "../examples/serving/report.rs"]
mod report;
#[path = "../examples/ci_runner/request.rs"]
#[expect(dead_code, reason = "nothing is sent in process")]
mod request;
#[path = "../examples/ci_runner/service.rs"]
mod service;
#[path = "../examples/ci_runner/state_folder.rs"]
mod state_folder;
#[path = "../examples/ci_runner/tokens.rs"]
mod tokens;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arguments::{Command, User};
use axum::Router;
use axum::body::Body;
use ci_runner_world::{ORG, OTHER_ORG, PROJECT, ROOT, USER, World, block_on, description, state};
use common::NOW;
use folder::Folder;
use http::{Request as HttpRequest, StatusCode};
use http_body_util::BodyExt as _;
use oidc_issuer::Clocks;
use report::chain;
use request::Request;
use serde_json::{Value, json};
use tokens::Mint;
use tower::ServiceExt as _;

fn request(claims: Option<&str>, ttl: Option<&str>, root_issuer: bool) -> Request {
    let request = Request::new(root_issuer, ttl.map(str::to_owned));
    match claims {
        Some(claims) => request.with_claims_json(claims).unwrap(),
        None => request,
    }
}

fn plain() -> Request {
    request(None, None, false)
}

#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn on_ring_a_start_says_that_keys_of_rsa_cannot_be_made() {
    let folder = Folder::new("ci-ring");
    let state = state(&folder);
    let site = state.begin(None, ROOT, &[ORG.to_owned()]).unwrap();
    let now = Clocks::new(common::at(NOW), Duration::ZERO);
    let mut keys = keys::Keys::open(&state, &site, now).unwrap();
    let pass = keys.pass(&ci_runner_world::Served::default(), || now);
    assert_eq!(
        pass.impossible.unwrap(),
        "`ring` cannot generate `RS256` keys of 2048 bits: build with the feature `aws-lc-rs`, which can"
    );
    assert!(!pass.complete);
}

#[cfg(feature = "aws-lc-rs")]
mod jobs {
    use super::*;

    /// The whole of both tokens: CircleCI's table of claims, `aud` the organisation, an hour.
    #[test]
    fn a_job_begins_with_both_forms_of_its_subject() {
        let world = World::serving("ci-both");
        let [v1, v2] = world.claims(&description(), &plain());
        let subject = format!("org/{ORG}/project/{PROJECT}/user/{USER}");
        let mut expected = json!({
            "iss": format!("{ROOT}/org/{ORG}"),
            "sub": subject,
            "aud": ORG,
            "iat": NOW,
            "exp": NOW + 3_600,
            "oidc.circleci.com/project-id": PROJECT,
            "oidc.circleci.com/org-id": ORG,
            "oidc.circleci.com/pipeline-id": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
            "oidc.circleci.com/workflow-id": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
            "oidc.circleci.com/job-id": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
            "oidc.circleci.com/pipeline-definition-id": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
            "oidc.circleci.com/ssh-rerun": false,
            "oidc.circleci.com/vcs-origin": "github.com/acme/web",
            "oidc.circleci.com/vcs-ref": "refs/heads/main"
        });
        assert_eq!(v1, expected);
        expected["sub"] =
            json!(subject + "/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main");
        assert_eq!(v2, expected);
    }

    /// "Only the `aud` claim is customizable"; the ttl is the organisation's setting.
    #[test]
    fn claims_ttl_and_root_issuer_are_of_both_tokens() {
        let world = World::serving("ci-custom");
        let wanted = request(Some(r#"{"aud":"sts.amazonaws.com"}"#), Some("1h30m"), true);
        for claims in world.claims(&description(), &wanted) {
            assert_eq!(claims["iss"], ROOT);
            assert_eq!(claims["aud"], "sts.amazonaws.com");
            assert_eq!(claims["exp"], NOW + 5_400);
        }
        let wanted = request(Some(r#"{"aud":["a","b"]}"#), None, false);
        let [claims, _] = world.claims(&description(), &wanted);
        assert_eq!(claims["aud"], json!(["a", "b"]));
    }

    /// What a consumer tells jobs apart by: a fork, a rerun with SSH, contexts, and a custom webhook.
    #[test]
    fn forks_reruns_contexts_and_webhooks_are_seen_in_the_token() {
        let world = World::serving("ci-kinds");
        let mut fork = description();
        fork["vcs"] = json!({"origin": "github.com/mallory/web", "ref": "refs/heads/pull/7"});
        fork["ssh_rerun"] = json!(true);
        let contexts = [
            "c1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b07",
            "d1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b08",
        ];
        fork["contexts"] = json!(contexts);
        let [_, claims] = world.claims(&fork, &plain());
        let sub = claims["sub"].as_str().unwrap();
        assert!(sub.ends_with("/vcs-origin/github.com/mallory/web/vcs-ref/refs/heads/pull/7"));
        assert_eq!(claims["oidc.circleci.com/ssh-rerun"], true);
        assert_eq!(claims["oidc.circleci.com/context-ids"], json!(contexts));

        let mut webhook = description();
        webhook.as_object_mut().unwrap().remove("vcs");
        let [v1, v2] = world.claims(&webhook, &plain());
        assert_eq!(v1, v2);
        assert_eq!(v1.get("oidc.circleci.com/vcs-origin"), None);
    }

    /// Twenty days of a job each hour: whoever fetches when a token is made, or at any time until it
    /// expires, can check it; and the keys change.
    #[test]
    fn tokens_verify_from_their_first_second_to_their_last_while_keys_rotate() {
        let mut world = World::serving("ci-days");
        let issuers = [format!("{ROOT}/org/{ORG}"), ROOT.to_owned()];
        let longest = request(None, Some("5h"), false);
        let mut signed_by = BTreeSet::new();
        let mut alive: Vec<(i64, String, String)> = Vec::new();
        for minutes in (0..20 * 24 * 60).step_by(10) {
            world.later(Duration::from_secs(600));
            world.pass();
            if minutes % 60 != 0 {
                continue;
            }
            let now = world.clocks().wall.as_seconds();
            let root = request(None, Some("5h"), true);
            for (request, issuer) in [(&longest, &issuers[0]), (&root, &issuers[1])] {
                let token = world.mint(&description()).token(request, world.clocks());
                let token = token.unwrap();
                assert_eq!(token.expires_at().as_seconds(), now + 5 * 3_600);
                let (header, _) = common::parts(&token);
                signed_by.insert(header["kid"].as_str().unwrap().to_owned());
                alive.push((now + 5 * 3_600, issuer.clone(), token.into_string()));
            }
            alive.retain(|(exp, ..)| *exp > now);
            let sets = issuers
                .each_ref()
                .map(|issuer| world.served.jwk_set(issuer));
            for (_, issuer, token) in &alive {
                let set = if *issuer == issuers[0] {
                    &sets[0]
                } else {
                    &sets[1]
                };
                ci_runner_world::verify(token, issuer, ORG, set);
            }
        }
        assert_eq!(signed_by.len(), 3);
    }

    /// When nobody keeps the keys up, tokens end before what was promised of them, and then there are
    /// none: a key that is out of sight does not go on signing.
    #[test]
    fn when_serve_stops_tokens_end_early_and_then_there_are_none() {
        let world = World::serving("ci-stopped");
        let mint = world.mint(&description());
        let longest = request(None, Some("5h"), false);
        assert!(!mint.job_tokens(&longest, world.clocks()).unwrap().end_early);
        world.later(Duration::from_secs(4 * 3_600));
        let tokens = mint.job_tokens(&longest, world.clocks()).unwrap();
        assert!(tokens.end_early);
        assert!(tokens.v1.expires_at().as_seconds() < NOW + 9 * 3_600);
        world.later(Duration::from_secs(4 * 3_600));
        let error = mint.job_tokens(&longest, world.clocks()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("tokens of the key may expire until")
        );
    }

    /// A second organisation is served by the same keys, and gets tokens when its documents are there.
    #[test]
    fn an_organisation_can_be_added_later() {
        let mut world = World::serving("ci-second");
        let mut other = description();
        other["organization"] = json!(OTHER_ORG);
        let error = world.mint(&other).token(&plain(), world.clocks());
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "nothing is served for the organisation {OTHER_ORG}: `serve --organization` adds it"
            )
        );
        let from_root = request(None, None, true);
        assert!(
            world
                .mint(&other)
                .token(&from_root, world.clocks())
                .is_err()
        );

        let keys = ci_runner_world::kids(&world.served.jwk_set(ROOT));
        world.start_again(&[OTHER_ORG]);
        for organization in [ORG, OTHER_ORG] {
            let mut job = description();
            job["organization"] = json!(organization);
            let token = world.mint(&job).token(&plain(), world.clocks()).unwrap();
            let issuer = format!("{ROOT}/org/{organization}");
            let jwk_set = world.served.jwk_set(&issuer);
            ci_runner_world::verify(token.as_str(), &issuer, organization, &jwk_set);
            assert_eq!(ci_runner_world::kids(&jwk_set), keys);
        }
    }

    /// What is missing or damaged is said by its name, and nothing is signed.
    #[test]
    fn a_runner_without_state_or_keys_says_what_is_missing() {
        let folder = Folder::new("ci-missing");
        let mint = Mint::new(state(&folder), ci_runner_world::job(&description()));
        let now = Clocks::new(common::at(NOW), Duration::ZERO);
        let never = format!(
            "`serve` has never come to its work with the state in {}: start it first",
            folder.path("state").display()
        );
        let error = mint.token(&plain(), now).unwrap_err();
        assert_eq!(error.to_string(), never);
        // Begun, and killed before there was a key.
        let site = state(&folder).begin(None, ROOT, &[ORG.to_owned()]).unwrap();
        assert!(mint.token(&plain(), now).is_err());
        state(&folder).write(&site).unwrap();
        assert_eq!(mint.token(&plain(), now).unwrap_err().to_string(), never);

        let world = World::serving("ci-damaged");
        let mint = world.mint(&description());
        let said = || chain(&mint.token(&plain(), world.clocks()).unwrap_err());
        let keys = world.folder.path("state/keys");
        for key in std::fs::read_dir(&keys).unwrap() {
            let key = key.unwrap().path();
            if key.extension().is_some_and(|ending| ending == "pem") {
                std::fs::rename(&key, key.with_extension("away")).unwrap();
            }
        }
        assert!(
            said().starts_with("the private half of the key "),
            "{}",
            said()
        );
        std::fs::write(world.folder.path("state/state.json"), "{}").unwrap();
        assert!(
            said().starts_with("the state: the store failed: "),
            "{}",
            said()
        );
        std::fs::write(world.folder.path("state/site.json"), "{}").unwrap();
        assert_eq!(
            said(),
            "what is served: what is published cannot be read: missing field `issuer` at line 1 column 2"
        );
    }

    /// A state is of one root issuer; under another name its tokens would not verify.
    #[test]
    fn a_state_keeps_its_root() {
        let world = World::serving("ci-root");
        let known = world.state().read().unwrap();
        let error = world
            .state()
            .begin(known.clone(), "http://127.0.0.1:4322", &[]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "the state is that of http://127.0.0.1:4321, and http://127.0.0.1:4322 was asked for: tokens of one issuer have one name"
        );
        let known = known.unwrap();
        for (asked, given) in [
            ("127.0.0.1:0", "127.0.0.1:4321"),
            ("127.0.0.1:4322", "127.0.0.1:4322"),
            ("127.0.0.2:0", "127.0.0.2:0"),
        ] {
            assert_eq!(known.address_for(asked.parse().unwrap()).to_string(), given);
        }
        for root in [
            "http://ci.example",
            "https://127.0.0.1",
            "ci.example",
            "https://ci.example/?x",
        ] {
            let folder = Folder::new("ci-no-root");
            assert!(state(&folder).begin(None, root, &[]).is_err(), "{root}");
        }
        let folder = Folder::new("ci-many");
        let many = |count: u32| -> Vec<String> {
            let ids = 0..count;
            ids.map(|id| format!("{id:08x}-4a5b-4c39-9d5e-0b5a3a6f0c11"))
                .collect()
        };
        let begun = state(&folder).begin(None, "https://ci.example", &many(100));
        state(&folder).write(&begun.unwrap()).unwrap();
        let known = state(&folder).read().unwrap();
        let error = state(&folder).begin(known, "https://ci.example", &many(101));
        assert_eq!(
            error.unwrap_err().to_string(),
            "more than 100 organisations"
        );
    }
}

/// The socket of a job, without the socket.
#[cfg(feature = "aws-lc-rs")]
struct Service {
    world: World,
    router: Router,
    logged: Arc<Mutex<Vec<String>>>,
}

#[cfg(feature = "aws-lc-rs")]
impl Service {
    fn new(name: &str) -> Service {
        let world = World::serving(name);
        let now = world.clocks();
        let logged = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&logged);
        let router = service::router(
            world.mint(&description()),
            Arc::new(move || now),
            Arc::new(move |line: &str| log.lock().unwrap().push(line.to_owned())),
        );
        Service {
            world,
            router,
            logged,
        }
    }

    fn ask(&self, request: HttpRequest<Body>) -> (StatusCode, Value) {
        block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers()["content-type"], "application/json");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&body).unwrap())
        })
    }

    fn post(&self, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = HttpRequest::post("/token").header("content-type", "application/json");
        self.ask(request.body(body.into()).unwrap())
    }
}

#[cfg(feature = "aws-lc-rs")]
mod requests {
    use super::*;

    /// `circleci run oidc get --claims '{"aud": "audience_name"}'`.
    #[test]
    fn a_job_may_ask_for_more_tokens() {
        let service = Service::new("ci-more");
        for (body, audience, lifetime, issuer) in [
            (json!({}), ORG, 3_600, format!("{ROOT}/org/{ORG}")),
            (
                json!({"claims": {"aud": "audience_name"}, "ttl": "10m"}),
                "audience_name",
                600,
                format!("{ROOT}/org/{ORG}"),
            ),
            (json!({"root_issuer": true}), ORG, 3_600, ROOT.to_owned()),
        ] {
            let (status, answer) = service.post(body.to_string());
            assert_eq!(status, StatusCode::OK, "{answer}");
            let jwk_set = service.world.served.jwk_set(&issuer);
            let token = answer["token"].as_str().unwrap();
            let claims = ci_runner_world::verify(token, &issuer, audience, &jwk_set);
            assert_eq!(answer["expires_at"], NOW + lifetime);
            assert_eq!(claims["exp"], answer["expires_at"]);
            let sub = claims["sub"].as_str().unwrap();
            assert!(sub.ends_with("/vcs-ref/refs/heads/main"));
        }
        assert_eq!(service.logged.lock().unwrap().len(), 0);
    }

    #[test]
    fn a_request_has_its_longest_length() {
        let service = Service::new("ci-long");
        let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
        let (status, _) = service.post(padded(service::MAX_REQUEST_BYTES));
        assert_eq!(status, StatusCode::OK);
        let (status, answer) = service.post(padded(service::MAX_REQUEST_BYTES + 1));
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            answer,
            json!({"error": "request_too_long", "error_description": "a request has at most 32768 bytes"})
        );
    }

    /// Each of them is refused by a documented code of 400 to 499, nothing is signed and nothing is
    /// told to the operator.
    #[test]
    fn two_hundred_malformed_requests_are_refused_by_their_codes() {
        let service = Service::new("ci-malformed");
        let mut asked = 0;
        let mut refused = |request: HttpRequest<Body>, status: u16, code: &str| {
            let what = format!(
                "{} {} {:?}",
                request.method(),
                request.uri(),
                request.headers()
            );
            let (answered, answer) = service.ask(request);
            assert_eq!(
                (answered.as_u16(), answer["error"].as_str()),
                (status, Some(code)),
                "{what}: {answer}"
            );
            assert_eq!(answer.get("token"), None);
            asked += 1;
        };
        let json_post = || HttpRequest::post("/token").header("content-type", "application/json");
        let whole = r#"{"claims":{"aud":["a","b"]},"root_issuer":false,"ttl":"10m"}"#;

        // Methods and paths.
        for method in [
            "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO",
        ] {
            if method != "HEAD" {
                let request = HttpRequest::builder().method(method).uri("/token");
                refused(
                    request.body(Body::empty()).unwrap(),
                    405,
                    "method_not_allowed",
                );
            }
        }
        for path in [
            "/",
            "/token/",
            "//token",
            "/Token",
            "/tokens",
            "/%74oken/",
            "/token/x",
            "/v1/token",
            "/token%00",
            "/..%2ftoken",
            "/.well-known/openid-configuration",
            "/%",
            "/%zz",
        ] {
            let request = HttpRequest::post(path).header("content-type", "application/json");
            refused(request.body(Body::from("{}")).unwrap(), 404, "not_found");
        }
        // Media types.
        for media_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "application/",
            "json",
            "application/json/x",
            "multipart/form-data",
            "application/jwt",
            "*/*",
            "text/json",
            "application/xml",
            "application json",
            "application/problem+json",
        ] {
            let request = HttpRequest::post("/token").header("content-type", media_type);
            refused(
                request.body(Body::from("{}")).unwrap(),
                415,
                "unsupported_media_type",
            );
        }
        let request = HttpRequest::post("/token").body(Body::from("{}")).unwrap();
        refused(request, 415, "unsupported_media_type");
        let twice = json_post().header("content-type", "application/json");
        refused(
            twice.body(Body::from("{}")).unwrap(),
            415,
            "unsupported_media_type",
        );

        // A whole request that ends early, at every byte, and one with a byte too many.
        for end in 0..whole.len() {
            let request = json_post()
                .body(Body::from(whole.as_bytes()[..end].to_vec()))
                .unwrap();
            refused(request, 400, "request_format");
        }
        // A byte that is not UTF-8 in place of each.
        for place in 0..whole.len() {
            let mut bytes = whole.as_bytes().to_vec();
            bytes[place] = 0xff;
            refused(
                json_post().body(Body::from(bytes)).unwrap(),
                400,
                "request_format",
            );
        }
        for body in [
            "null",
            "true",
            "1",
            "\"\"",
            "{} {}",
            "{}x",
            "[{}]",
            "[null]",
            "{\"a\":1}",
            "{\"CLAIMS\":{}}",
            "{\"claims\":{}}",
            "{\"claims\":[1]}",
            "{\"claims\":\"{\\\"aud\\\":\\\"a\\\"}\"}",
            "{\"claims\":{\"aud\":1}}",
            "{\"claims\":{\"aud\":null}}",
            "{\"claims\":{\"aud\":\"\"}}",
            "{\"claims\":{\"aud\":[]}}",
            "{\"claims\":{\"aud\":[\"\"]}}",
            "{\"claims\":{\"aud\":[[]]}}",
            "{\"claims\":{\"aud\":\"a\",\"aud\":\"b\"}}",
            "{\"claims\":{\"aud\":\"a\",\"\\u0061ud\":\"b\"}}",
            "{\"claims\":{\"aud\":\"a\",\"sub\":\"b\"}}",
            "{\"claims\":{\"sub\":\"b\"}}",
            "{\"claims\":{\"iss\":\"b\"}}",
            "{\"claims\":{\"aud\":\"a\",\"exp\":1}}",
            "{\"claims\":{\"aud\":\"\\ud800\"}}",
            "{\"claims\":{\"aud\":\"a\"},\"claims\":{\"aud\":\"b\"}}",
            "{\"ttl\":1}",
            "{\"ttl\":[]}",
            "{\"ttl\":\"1h\",\"ttl\":\"2h\"}",
            "{\"root_issuer\":\"true\"}",
            "{\"root_issuer\":1}",
            "{\"root_issuer\":null}",
            "{\"root_issuer\":true,\"root_issuer\":true}",
            "{\"job\":{}}",
            "{\"organization\":\"other\"}",
            "{\"claims\":{\"aud\":\"a\"},}",
            "{'claims':{}}",
            "\u{feff}{}",
        ] {
            refused(
                json_post().body(Body::from(body)).unwrap(),
                400,
                "request_format",
            );
        }
        let deep = "[".repeat(10_000);
        refused(
            json_post().body(Body::from(deep)).unwrap(),
            400,
            "request_format",
        );
        let twice = json!({"claims": {"aud": ["a", "a"]}}).to_string();
        let twice = json_post().body(Body::from(twice)).unwrap();
        refused(twice, 400, "duplicate_audience");
        // Times that are none, or that no token has.
        for (ttl, code) in [
            ("", "duration_empty"),
            ("1", "duration_no_unit"),
            ("1h30", "duration_no_unit"),
            ("1d", "duration_unit"),
            ("7d", "duration_unit"),
            ("1w", "duration_unit"),
            ("1 h", "duration_unit"),
            ("0x10s", "duration_unit"),
            ("1e3s", "duration_unit"),
            ("-1h", "duration_number"),
            ("h", "duration_number"),
            (".s", "duration_number"),
            ("99999999999999999999h", "duration_too_long"),
            ("0s", "lifetime"),
            ("0", "lifetime"),
            ("999ms", "lifetime"),
            ("24h1s", "lifetime"),
            ("5h1s", "lifetime_too_long"),
            ("24h", "lifetime_too_long"),
        ] {
            let body = json!({"ttl": ttl}).to_string();
            refused(json_post().body(Body::from(body)).unwrap(), 400, code);
        }
        assert_eq!(service.post(r#"{"ttl": "5h"}"#).0, StatusCode::OK);
        assert_eq!(service.post(r#"{"ttl": "1s"}"#).0, StatusCode::OK);
        // Audiences of the longest length, and one past it.
        let audience = |length: usize| json!({"claims": {"aud": "a".repeat(length)}}).to_string();
        assert_eq!(service.post(audience(4_000)).0, StatusCode::OK);
        let longer = json_post().body(Body::from(audience(4_001))).unwrap();
        refused(longer, 400, "audience");
        assert!(asked >= 200, "{asked}");
        assert_eq!(service.logged.lock().unwrap().len(), 0);
    }

    /// What is not the job's fault is 503, and only the operator learns what it is.
    #[test]
    fn a_job_is_not_told_why_the_runner_cannot() {
        let service = Service::new("ci-unavailable");
        std::fs::remove_file(service.world.folder.path("state/site.json")).unwrap();
        let (status, answer) = service.post("{}");
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            answer,
            json!({"error": "unavailable", "error_description": "no token can be made now; the runner's log says why"})
        );
        let logged = service.logged.lock().unwrap();
        assert!(logged[0].starts_with("a job gets no token: `serve` has never come"));
    }
}

fn parsed(line: &[&str]) -> Result<Command, String> {
    Command::parse(line.iter().map(OsString::from))
}

#[test]
fn the_command_line_says_all_of_a_command() {
    let run = parsed(&[
        "ci_runner",
        "--state",
        "s",
        "run",
        "--job",
        "j.json",
        "--ttl",
        "5m",
        "--claims",
        r#"{"aud":"a"}"#,
        "--user",
        "7:8",
        "--root-issuer",
        "--",
        "sh",
        "--state",
        "-c",
    ]);
    let Ok(Command::Run(run)) = run else {
        panic!("{run:?}");
    };
    assert_eq!(run.command, ["sh", "--state", "-c"]);
    assert_eq!(run.user, Some(User { uid: 7, gid: 8 }));
    assert_eq!(
        run.request,
        request(Some(r#"{"aud":"a"}"#), Some("5m"), true)
    );
    assert!(matches!(
        parsed(&["ci_runner", "get", "--ttl", "5m"]),
        Ok(Command::Get(wanted)) if wanted == request(None, Some("5m"), false)
    ));
    assert!(matches!(
        parsed(&["/opt/bin/circleci", "run", "oidc", "get", "--claims", r#"{"aud": "a"}"#]),
        Ok(Command::Get(wanted)) if wanted == request(Some(r#"{"aud":"a"}"#), None, false)
    ));
    for help in [
        &["x", "--help"][..],
        &["x", "-h"],
        &["x", "serve", "--help", "y"],
    ] {
        assert!(matches!(parsed(help), Ok(Command::Help)));
    }
}

/// For each wrong command line, what is wrong with it.
#[test]
fn the_command_line_is_taken_strictly() {
    for (line, error) in [
        (&["x"][..], "say `serve`, `run` or `get`"),
        (&["x", "serve"], "`serve` needs `--state DIR`"),
        (&["x", "--state", "s", "run"], "`run` needs `-- COMMAND`"),
        (
            &["x", "--state", "s", "run", "--"],
            "`run` needs `-- COMMAND`",
        ),
        (
            &["x", "--state", "s", "run", "--", "a"],
            "`run` needs `--job FILE`",
        ),
        (
            &["x", "run", "--job", "j", "--", "a"],
            "`run` needs `--state DIR`",
        ),
        (&["x", "--state"], "`--state` needs a value"),
        (
            &["x", "--state", "a", "--state", "b"],
            "`--state` stands twice",
        ),
        (&["x", "serve", "run"], "`run` is no argument"),
        (&["x", "serve", "--verbose"], "`--verbose` is no argument"),
        (&["x", "get", "--state", "s"], "`get` takes no `--state`"),
        (
            &["x", "--state", "s", "serve", "--job", "j"],
            "`serve` takes no `--job`",
        ),
        (
            &["x", "--state", "s", "serve", "--claims", r#"{"aud":"a"}"#],
            "`serve` takes no `--claims`",
        ),
        (
            &["x", "--state", "s", "run", "--listen", "127.0.0.1:0"],
            "`run` takes no `--listen`",
        ),
        (
            &["x", "--state", "s", "serve", "--listen", "here"],
            "`--listen`: invalid socket address syntax",
        ),
        (
            &["x", "run", "--user", "root"],
            "`--user` is two numbers, UID:GID",
        ),
        (
            &["x", "run", "--user", "0:-1"],
            "`--user` is two numbers, UID:GID",
        ),
        (
            &["x", "get", "--claims", "{}"],
            "`--claims`: missing field `aud` at line 1 column 2",
        ),
        (
            &["x", "get", "--claims", r#"{"sub":"a"}"#],
            "`--claims`: unknown field `sub`, expected `aud` at line 1 column 6",
        ),
        (
            &["circleci", "run", "oidc"],
            "of `circleci` there is only `circleci run oidc get`",
        ),
        (
            &["circleci", "config", "validate"],
            "of `circleci` there is only `circleci run oidc get`",
        ),
    ] {
        assert_eq!(parsed(line).unwrap_err(), error, "{line:?}");
    }
}
