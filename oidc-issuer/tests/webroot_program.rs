//! The program `webroot`: documents with what relying parties look at, and nothing else of the disk.

#![cfg(all(feature = "fs", unix))]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of a test program, which writes files"
)]

mod folder;

#[path = "../examples/webroot/service.rs"]
mod service;

use axum::body::Body;
use folder::Folder;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use oidc_issuer::fs::Webroot;
use tower::ServiceExt as _;

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn site(name: &str) -> Folder {
    let folder = Folder::new(name);
    std::fs::create_dir_all(folder.path("www/.well-known")).unwrap();
    std::fs::write(
        folder.path("www/.well-known/openid-configuration"),
        "{\"issuer\":1}",
    )
    .unwrap();
    std::fs::write(folder.path("secret"), "secret").unwrap();
    folder
}

fn ask(folder: &Folder, method: &str, path: &str) -> (Response<()>, Vec<u8>) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let router = service::router(folder.path("www"));
        let (head, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (Response::from_parts(head, ()), body)
    })
}

#[test]
fn documents_have_their_type_and_a_lifetime() {
    let folder = site("webroot-documents");
    let (response, body) = ask(&folder, "GET", DISCOVERY);
    assert_eq!(
        (response.status().as_u16(), &*body),
        (200, &b"{\"issuer\":1}"[..])
    );
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=600"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(response.headers().get(name).unwrap(), value);
    }
    // The file as it is now.
    std::fs::write(folder.path("www/.well-known/openid-configuration"), "{}").unwrap();
    assert_eq!(ask(&folder, "GET", DISCOVERY).1, b"{}");
}

#[test]
fn nothing_but_the_documents_is_served() {
    let folder = site("webroot-other");
    std::fs::create_dir(folder.path("www/folder")).unwrap();
    for path in [
        "/",
        "/folder",
        "/folder/",
        "/nothing",
        "/../secret",
        "/.well-known/../../secret",
        "//secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/.well-known//openid-configuration",
        "/.well-known/./openid-configuration",
        "/.well-known/openid-configuration/",
        "/.well-known/openid-configuration/x",
        "/a%00b",
        "/.",
    ] {
        let (response, body) = ask(&folder, "GET", path);
        assert_eq!((response.status().as_u16(), body.len()), (404, 0), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let (response, _) = ask(&folder, method, DISCOVERY);
        assert_eq!(response.status().as_u16(), 405, "{method}");
        assert_eq!(response.headers().get("allow").unwrap(), "GET, HEAD");
    }
}

#[test]
fn a_document_has_its_longest_length() {
    let folder = site("webroot-length");
    let longest = usize::try_from(Webroot::MAX_DOCUMENT_BYTES).unwrap();
    for (length, status) in [(longest, 200), (longest.checked_add(1).unwrap(), 404)] {
        std::fs::write(folder.path("www/jwks.json"), vec![b' '; length]).unwrap();
        assert_eq!(
            ask(&folder, "GET", "/jwks.json").0.status().as_u16(),
            status,
            "{length}"
        );
    }
}
