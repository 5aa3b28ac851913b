//! What the layer lets pass, and what it answers otherwise (RFC 6750, RFC 9110 section 11.6).
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod http_world;
mod support;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::{HeaderMap, Request, Response, StatusCode};
use http_world::{Answer, Documents, issuer as world_issuer, issuer_with, refresher};
use oidc_core::{Algorithm, NumericDate};
use oidc_verifier::policy::Policy;
use oidc_verifier::replay::{
    MemoryReplayGuard, Presented, ReplayGuard, ReplayUnavailable, StoreError, TokenUse,
};
use oidc_verifier::tower::{
    Authenticated, BearerLayer, InvalidRealm, Refusal, TokenVerifier, WithClock,
};
use oidc_verifier::{Verified, VerifyError};
use support::{AUDIENCE, ISSUER, NOW, Shape, at, mint, verifier};
use tower::{Layer, Service, ServiceExt as _, service_fn};

fn given_keys() -> WithClock {
    WithClock::new(Arc::new(verifier()), || at(NOW))
}

fn good_token() -> String {
    mint(Algorithm::EdDsa, Shape::Aws).token
}

fn request(authorization: &[&str]) -> Request<()> {
    let mut request = Request::builder().uri("/deploy");
    for value in authorization {
        request = request.header("Authorization", *value);
    }
    request.body(()).unwrap()
}

/// The subject that a service behind the layer saw, or the answer of the layer.
async fn answer<L>(layer: L, request: Request<()>) -> Result<String, (u16, String)>
where
    L: Layer<Inner>,
    L::Service: Service<Request<()>, Response = Response<String>, Error = Infallible>,
{
    let inner: Inner = service_fn(|request: Request<()>| {
        let token = request.extensions().get::<Authenticated>().unwrap();
        std::future::ready(Ok(Response::new(token.subject().into_owned())))
    });
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let status = response.status();
    let challenge = header(response.headers(), "www-authenticate");
    if status.is_success() {
        assert_eq!(challenge, "");
        Ok(response.into_body())
    } else {
        assert_eq!(response.body(), "");
        Err((status.as_u16(), challenge))
    }
}

type Inner = tower::util::ServiceFn<
    fn(Request<()>) -> std::future::Ready<Result<Response<String>, Infallible>>,
>;

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| value.to_str().unwrap());
    value.unwrap_or_default().to_owned()
}

fn refused(status: u16, challenge: &str) -> Result<String, (u16, String)> {
    Err((status, challenge.to_owned()))
}

const SUBJECT: &str = "org/canary/project/7/user/9";

#[tokio::test]
async fn a_verified_token_passes_and_is_there_inside() {
    let layer = BearerLayer::new(given_keys());
    let token = good_token();
    // RFC 9110 section 11.1: the scheme is case-insensitive; section 11.6.2: any number of spaces.
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR   "] {
        let request = request(&[&format!("{scheme}{token}")]);
        assert_eq!(answer(layer.clone(), request).await, Ok(SUBJECT.to_owned()));
    }
}

/// RFC 6750 section 3.1: a request without credentials is told no error, a malformed one 400.
#[tokio::test]
async fn what_is_no_bearer_token_is_refused_without_a_look_at_it() {
    let layer = BearerLayer::new(given_keys());
    let token = good_token();
    let bare = refused(401, "Bearer realm=\"workloads\"");
    let invalid = refused(400, "Bearer realm=\"workloads\", error=\"invalid_request\"");
    let bearer = format!("Bearer {token}");
    for (authorization, expected) in [
        (vec![], &bare),
        (vec![""], &bare),
        (vec!["Basic dXNlcjpwYXNz"], &bare),
        (vec![&*token], &bare),
        (vec!["BearerX"], &bare),
        (vec!["Bearer"], &invalid),
        (vec!["Bearer "], &invalid),
        (vec!["Bearer ="], &invalid),
        (vec!["Bearer a=b"], &invalid),
        (vec!["Bearer a b"], &invalid),
        (vec!["Bearer a,Basic b"], &invalid),
        (vec!["Bearer \"a\""], &invalid),
        (vec!["Bearer\ta"], &bare),
        (vec!["Bearer \u{e4}"], &invalid),
        (vec![&bearer, &bearer], &invalid),
        (vec![&bearer, "Basic dXNlcjpwYXNz"], &invalid),
        (vec!["Basic dXNlcjpwYXNz", &bearer], &invalid),
    ] {
        let got = answer(layer.clone(), request(&authorization)).await;
        assert_eq!(got, *expected, "{authorization:?}");
    }
    // RFC 6750 sections 2.2 and 2.3: a token elsewhere is none.
    let uri = format!("/deploy?access_token={token}");
    let elsewhere = Request::builder().uri(uri).body(()).unwrap();
    assert_eq!(answer(layer, elsewhere).await, bare);
}

/// Whatever is wrong with a token, the caller is told the same.
#[tokio::test]
async fn a_refused_token_is_invalid_and_no_more_is_said() {
    let layer = BearerLayer::new(given_keys());
    let honest = mint(Algorithm::EdDsa, Shape::Aws);
    let expired = (NOW - 10_000).to_string();
    for token in [
        "a".to_owned(),
        "a.b.c".to_owned(),
        "a.b.c==".to_owned(),
        honest.with_signature([7; 64]),
        honest.with_claim("exp", &expired),
        honest.with_claim("aud", "\"https://other.example\""),
        honest.with_claim("iss", "\"https://other.example\""),
        honest.with_header(r#"{"alg":"none"}"#),
        honest.with_header(r#"{"alg":"EdDSA","kid":"unknown"}"#),
    ] {
        let got = answer(layer.clone(), request(&[&format!("Bearer {token}")])).await;
        let expected = refused(401, "Bearer realm=\"workloads\", error=\"invalid_token\"");
        assert_eq!(got, expected, "{token}");
    }
}

fn policy(replay: &str) -> Arc<Policy> {
    let document = format!(
        r#"{{"rules": [{{
            "id": "deploy", "effect": "allow", "issuer": "{ISSUER}", "audiences": ["{AUDIENCE}"],
            "conditions": [{{"claim": "sub", "prefix": "org/canary/"}}], "replay": "{replay}"
        }}]}}"#
    );
    Arc::new(Policy::from_json(document.as_bytes()).unwrap())
}

#[tokio::test]
async fn a_policy_that_does_not_admit_is_403_and_explains_itself_inside_only() {
    let looked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&looked);
    let layer = BearerLayer::new(given_keys())
        .policy(policy("off"), Arc::new(MemoryReplayGuard::new()))
        .on_decision(move |decision| {
            let nearest = decision.for_operator().nearest;
            seen.lock()
                .unwrap()
                .push(nearest.map(|nearest| nearest.hint));
        })
        .realm("deploy.example")
        .unwrap();
    let honest = mint(Algorithm::EdDsa, Shape::Aws);
    let stranger = honest.with_claim("sub", "\"org/Canary/project/7/user/9\"");
    let good = request(&[&format!("Bearer {}", honest.token)]);
    assert_eq!(answer(layer.clone(), good).await, Ok(SUBJECT.to_owned()));
    let bad = request(&[&format!("Bearer {stranger}")]);
    let expected = "Bearer realm=\"deploy.example\", error=\"insufficient_scope\"";
    assert_eq!(answer(layer, bad).await, refused(403, expected));
    let looked = looked.lock().unwrap();
    assert_eq!(looked.len(), 2);
    assert_eq!(looked[0], None);
    assert!(looked[1].as_ref().unwrap().contains("/sub"), "{looked:?}");
}

#[tokio::test]
async fn a_token_that_is_admitted_once_is_invalid_the_second_time() {
    let guard = Arc::new(MemoryReplayGuard::new());
    let layer = BearerLayer::new(given_keys()).policy(policy("enforce"), guard);
    let bearer = format!("Bearer {}", good_token());
    assert!(answer(layer.clone(), request(&[&bearer])).await.is_ok());
    assert_eq!(
        answer(layer, request(&[&bearer])).await,
        refused(401, "Bearer realm=\"workloads\", error=\"invalid_token\"")
    );
}

/// A guard whose store is not there.
struct Down;

impl ReplayGuard for Down {
    fn record(&self, _: &TokenUse, _: NumericDate) -> Result<Presented, ReplayUnavailable> {
        Err(ReplayUnavailable::Store(StoreError::new(
            "connection refused",
        )))
    }
}

#[tokio::test]
async fn a_guard_that_cannot_say_lets_nothing_in_where_replay_is_enforced() {
    let bearer = format!("Bearer {}", good_token());
    for (replay, expected) in [
        ("enforce", refused(503, "")),
        ("observe", Ok(SUBJECT.to_owned())),
        ("off", Ok(SUBJECT.to_owned())),
    ] {
        let layer = BearerLayer::new(given_keys()).policy(policy(replay), Arc::new(Down));
        let got = answer(layer, request(&[&bearer])).await;
        assert_eq!(got, expected, "{replay}");
    }
}

#[tokio::test]
async fn the_rule_that_admits_is_known_inside() {
    let layer =
        BearerLayer::new(given_keys()).policy(policy("off"), Arc::new(MemoryReplayGuard::new()));
    let service = layer.layer(service_fn(|request: Request<()>| async move {
        let token = request.extensions().get::<Authenticated>().unwrap().clone();
        assert_eq!(token.rule_id(), Some("deploy"));
        assert_eq!(token.verified().subject(), SUBJECT);
        // What prints the headers from here on does not print the token.
        let headers = format!("{:?}", request.headers());
        assert_eq!(headers, r#"{"authorization": Sensitive}"#);
        Ok::<_, Infallible>(Response::new(()))
    }));
    let request = request(&[&format!("Bearer {}", good_token())]);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// Keys that are not there make no token bad.
#[tokio::test]
async fn what_cannot_be_judged_is_503_with_retry_after() {
    let without_keys = builder_without_keys();
    let layer = BearerLayer::new(WithClock::new(without_keys, || at(NOW)));
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) });
    let request = request(&[&format!("Bearer {}", good_token())]);
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(response.headers(), "retry-after"), "5");
    assert_eq!(header(response.headers(), "www-authenticate"), "");
    assert_eq!(Refusal::RETRY_AFTER, Duration::from_secs(5));
}

fn builder_without_keys() -> Arc<oidc_verifier::Verifier> {
    let builder = oidc_verifier::Verifier::builder()
        .issuer(support::identifier(ISSUER))
        .audience(AUDIENCE);
    Arc::new(builder.build().unwrap())
}

#[test]
fn a_realm_stands_in_a_header_as_it_is() {
    let layer = || BearerLayer::new(given_keys());
    assert!(layer().realm("").is_ok());
    assert!(layer().realm("all of it, ~!").is_ok());
    for realm in ["a\"b", "a\\b", "a\nb", "\u{7f}", "\u{e4}"] {
        let error: InvalidRealm = layer().realm(realm).unwrap_err();
        assert_eq!(
            error.to_string(),
            "realm is not plain printable ASCII",
            "{realm:?}"
        );
    }
}

/// The service that was polled to be ready is the one that is called.
#[tokio::test]
async fn readiness_is_the_inner_services() {
    #[derive(Default)]
    struct Counting {
        ready: bool,
        calls: Arc<AtomicUsize>,
    }
    impl Clone for Counting {
        fn clone(&self) -> Self {
            Counting {
                ready: false,
                calls: Arc::clone(&self.calls),
            }
        }
    }
    impl Service<Request<()>> for Counting {
        type Response = Response<()>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<()>, Infallible>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            self.ready = true;
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            assert!(self.ready, "called without being ready");
            self.calls.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Ok(Response::new(())))
        }
    }
    let counting = Counting::default();
    let calls = Arc::clone(&counting.calls);
    let mut service = BearerLayer::new(given_keys()).layer(counting);
    for _ in 0..3 {
        let request = request(&[&format!("Bearer {}", good_token())]);
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

/// A refresher behind the layer, and axum in front: the extractor, and what it says without a layer.
#[tokio::test(start_paused = true)]
async fn an_axum_handler_gets_the_token_as_an_argument() {
    async fn who(token: Authenticated) -> String {
        token.subject().into_owned()
    }
    async fn call(router: &Router, token: Option<&[u8]>) -> (StatusCode, String) {
        let mut request = Request::builder().uri("/who");
        if let Some(token) = token {
            let token = std::str::from_utf8(token).unwrap();
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
    let ci = issuer_with(&world_issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    let token = http_world::token(&ci, http_world::at(0));

    let open = Router::new().route("/who", get(who));
    let protected = open.clone().layer(BearerLayer::new(keys.clone()));
    // The first request waits for the first keys.
    let answered = call(&protected, Some(&token)).await;
    assert_eq!(answered, (StatusCode::OK, "job-42".to_owned()));
    assert_eq!(
        call(&protected, None).await,
        (StatusCode::UNAUTHORIZED, String::new())
    );
    let mistake = call(&open, Some(&token)).await;
    assert_eq!(mistake, (StatusCode::INTERNAL_SERVER_ERROR, String::new()));

    documents.set_answer(Answer::Silent);
    let stranger = http_world::token(&issuer_with(&world_issuer(), "b"), http_world::at(0));
    let unavailable = call(&protected, Some(&stranger)).await;
    assert_eq!(
        unavailable,
        (StatusCode::SERVICE_UNAVAILABLE, String::new())
    );
    keys.shutdown().await;
    let unavailable = call(&protected, Some(&token)).await;
    assert_eq!(
        unavailable,
        (StatusCode::SERVICE_UNAVAILABLE, String::new())
    );
}

/// The layer takes any verifier of tokens, such as one with a cache of its own.
#[tokio::test]
async fn another_verifier_may_stand_behind_the_layer() {
    #[derive(Clone)]
    struct Busy;
    impl TokenVerifier for Busy {
        async fn verify_owned(&self, _: &[u8]) -> Result<Verified<'static>, VerifyError> {
            Err(VerifyError::KeysUnavailable)
        }
        fn now(&self) -> oidc_core::NumericDate {
            at(NOW)
        }
    }
    let got = answer(BearerLayer::new(Busy), request(&["Bearer a"])).await;
    assert_eq!(got, refused(503, ""));
}
