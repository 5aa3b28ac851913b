//! The documents over HTTP: RFC 9110 for methods and conditions, RFC 9111 for caching.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::sync::Arc;

use axum::body::Body;
use common::key;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use oidc_core::{Algorithm, IssuerIdentifier};
use oidc_issuer::Issuer;
use oidc_issuer::http::DocumentServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const DISCOVERY: &str = "/tenant/.well-known/openid-configuration";
const JWK_SET: &str = "/tenant/.well-known/jwks.json";

fn issuer(id: &str, algorithm: Algorithm) -> Issuer {
    let id = IssuerIdentifier::parse(id).unwrap();
    Issuer::builder(id).key(key(algorithm)).build().unwrap()
}

fn tenant() -> Issuer {
    issuer("https://ci.example/tenant", Algorithm::Es256)
}

fn ask(
    server: &DocumentServer,
    method: Method,
    path: &str,
    if_none_match: &[&str],
) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for tag in if_none_match {
        request = request.header("If-None-Match", *tag);
    }
    server.respond(&request.body(()).unwrap())
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response<Body>) -> Vec<u8> {
    response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec()
}

#[tokio::test]
async fn documents_come_with_their_type_tag_lifetime_and_for_all_origins() {
    let (server, issuer) = (DocumentServer::new(), tenant());
    server.publish(&issuer).unwrap();
    for (path, document, longest) in [
        (DISCOVERY, issuer.discovery_document(), 3_600),
        (JWK_SET, issuer.jwk_set_document(), 600),
    ] {
        let response = ask(&server, Method::GET, path, &[]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "Content-Type"), document.media_type);
        assert_eq!(header(&response, "ETag"), document.etag);
        assert_eq!(header(&response, "Access-Control-Allow-Origin"), "*");
        assert_eq!(
            header(&response, "Content-Length"),
            document.bytes.len().to_string()
        );
        let max_age = header(&response, "Cache-Control")
            .strip_prefix("public, max-age=")
            .unwrap();
        let max_age: u64 = max_age.parse().unwrap();
        assert!((longest * 4 / 5..=longest).contains(&max_age), "{max_age}");
        assert_eq!(body(response).await, document.bytes);

        let head = ask(&server, Method::HEAD, path, &[]);
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(
            header(&head, "Content-Length"),
            document.bytes.len().to_string()
        );
        assert_eq!(body(head).await, b"");
    }
}

/// RFC 9110 section 13.1.2: a list, weak tags, and `*`.
#[tokio::test]
async fn whoever_has_the_document_gets_304() {
    let (server, issuer) = (DocumentServer::new(), tenant());
    server.publish(&issuer).unwrap();
    let etag = issuer.jwk_set_document().etag.clone();
    for (tags, has_it) in [
        (vec![etag.clone()], true),
        (vec![format!("W/{etag}")], true),
        (vec![format!("\"other\", {etag}")], true),
        (vec!["\"other\"".to_owned(), etag.clone()], true),
        (vec!["*".to_owned()], true),
        (vec!["\"other\"".to_owned()], false),
        (vec![etag.trim_matches('"').to_owned()], false),
        (vec![String::new()], false),
    ] {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        for method in [Method::GET, Method::HEAD] {
            let response = ask(&server, method, JWK_SET, &tags);
            let expected = if has_it {
                StatusCode::NOT_MODIFIED
            } else {
                StatusCode::OK
            };
            assert_eq!(response.status(), expected, "{tags:?}");
            assert_eq!(header(&response, "ETag"), etag);
            assert!(header(&response, "Cache-Control").starts_with("public, max-age="));
            assert_eq!(header(&response, "Access-Control-Allow-Origin"), "*");
            if has_it {
                assert_eq!(body(response).await, b"");
            }
        }
    }
}

#[test]
fn other_methods_and_other_paths_are_refused() {
    let server = DocumentServer::new();
    server.publish(&tenant()).unwrap();
    let options = ask(&server, Method::OPTIONS, JWK_SET, &[]);
    assert_eq!(options.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        header(&options, "Access-Control-Allow-Methods"),
        "GET, HEAD, OPTIONS"
    );
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let response = ask(&server, method, JWK_SET, &[]);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, "Allow"), "GET, HEAD, OPTIONS");
    }
    for path in [
        "/",
        "/.well-known/jwks.json",
        "/tenant/.well-known/jwks.json/",
        "/tenant//.well-known/jwks.json",
        "/Tenant/.well-known/jwks.json",
        "/tenant/%2ewell-known/jwks.json",
        "/tenant/../tenant/.well-known/jwks.json",
    ] {
        let response = ask(&server, Method::GET, path, &[]);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        // A cache that keeps it would hide a document that comes later.
        assert_eq!(header(&response, "Cache-Control"), "no-store");
    }
}

#[tokio::test]
async fn issuers_stand_side_by_side_and_change_alone() {
    let server = DocumentServer::new();
    let (one, two) = (tenant(), issuer("https://ci.example/two", Algorithm::EdDsa));
    server.publish(&one).unwrap();
    server.publish(&two).unwrap();
    let jwk_set = |path: &str| {
        let response = ask(&server, Method::GET, path, &[]);
        async move { body(response).await }
    };
    assert_eq!(jwk_set(JWK_SET).await, one.jwk_set_document().bytes);
    assert_eq!(
        jwk_set("/two/.well-known/jwks.json").await,
        two.jwk_set_document().bytes
    );
    let rotated = issuer("https://ci.example/tenant", Algorithm::Es384);
    server.publish(&rotated).unwrap();
    assert_eq!(jwk_set(JWK_SET).await, rotated.jwk_set_document().bytes);
    assert_eq!(
        jwk_set("/two/.well-known/jwks.json").await,
        two.jwk_set_document().bytes
    );

    // Another issuer cannot slip its documents under this one's path.
    let thief = issuer("https://evil.example/tenant", Algorithm::Es256);
    let error = server.publish(&thief).unwrap_err();
    assert_eq!(error.code(), "path_taken");
    assert_eq!(jwk_set(JWK_SET).await, rotated.jwk_set_document().bytes);

    assert!(server.remove(rotated.id()));
    assert!(!server.remove(rotated.id()));
    assert_eq!(
        ask(&server, Method::GET, JWK_SET, &[]).status(),
        StatusCode::NOT_FOUND
    );
}

#[test]
fn a_jwk_set_at_another_host_is_not_served_here() {
    let id = IssuerIdentifier::parse("https://ci.example").unwrap();
    let elsewhere = Issuer::builder(id)
        .key(key(Algorithm::Es256))
        .jwks_uri("https://cdn.example/.well-known/jwks.json")
        .build()
        .unwrap();
    let server = DocumentServer::new();
    server.publish(&elsewhere).unwrap();
    let status = |path: &str| ask(&server, Method::GET, path, &[]).status();
    assert_eq!(status("/.well-known/openid-configuration"), StatusCode::OK);
    assert_eq!(status("/.well-known/jwks.json"), StatusCode::NOT_FOUND);
}

/// OpenID Connect Discovery 1.0 section 3 lets `jwks_uri` be any URL.
#[test]
fn a_jwk_set_is_served_where_its_url_leads() {
    for (jwks_uri, path) in [
        ("https://ci.example/keys", "/keys"),
        ("https://ci.example/keys?version=1", "/keys?version=1"),
        ("https://ci.example/keys?a=/b", "/keys?a=/b"),
        ("https://ci.example", "/"),
        ("https://ci.example?version=1", "/?version=1"),
    ] {
        let id = IssuerIdentifier::parse("https://ci.example").unwrap();
        let issuer = Issuer::builder(id).key(key(Algorithm::Es256));
        let issuer = issuer.jwks_uri(jwks_uri).build().unwrap();
        let server = DocumentServer::new();
        server.publish(&issuer).unwrap();
        let response = ask(&server, Method::GET, path, &[]);
        assert_eq!(response.status(), StatusCode::OK, "{jwks_uri}");
        assert_eq!(header(&response, "ETag"), issuer.jwk_set_document().etag);
    }
}

/// The router behind a real socket, beside a service's own paths.
#[tokio::test]
async fn the_router_serves_over_a_socket() {
    let (server, issuer) = (Arc::new(DocumentServer::new()), tenant());
    server.publish(&issuer).unwrap();
    let app = axum::Router::new()
        .route("/health", axum::routing::get(|| async { "fine" }))
        .merge(server.router());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let get = |path: &'static str| async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: anything\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = get(JWK_SET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let document = String::from_utf8(issuer.jwk_set_document().bytes.clone()).unwrap();
    assert!(answer.ends_with(&document), "{answer}");
    assert!(get("/health").await.ends_with("fine"));
    assert!(get("/other").await.starts_with("HTTP/1.1 404 "));
    serving.abort();
}

#[test]
fn the_lifetime_is_spread_and_never_longer_than_it_is() {
    let document = tenant().jwk_set_document().clone();
    let longest = 600;
    let seconds = |random: u64| -> u64 {
        let value = document.jittered_cache_control(random);
        value
            .strip_prefix("public, max-age=")
            .unwrap()
            .parse()
            .unwrap()
    };
    assert_eq!(seconds(0), longest);
    assert_eq!(seconds(120), 480);
    assert_eq!(seconds(121), longest);
    assert!(
        (0..1_000)
            .map(seconds)
            .all(|age| (480..=longest).contains(&age))
    );
    assert!((480..=longest).contains(&seconds(u64::MAX)));
}
