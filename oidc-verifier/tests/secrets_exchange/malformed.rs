//! Bad requests: each with the answer that is documented for it in docs/secrets-exchange.md, and none
//! with a 5xx.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::request_body::MAX_BODY_BYTES;
use crate::wire::refused_tokens;
use crate::world::{IDENTITY, SECRETS, World, get, post, workload};

const EXCHANGE: &str = "/v3/auth/oidc";
const REVOKE: &str = "/v3/auth/revoke";

struct Corpus(Vec<(u16, Request<Body>)>);

impl Corpus {
    fn add(&mut self, status: u16, request: Request<Body>) {
        self.0.push((status, request));
    }

    fn request(&mut self, status: u16, method: &str, path: &str, headers: &[(&str, &[u8])]) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.add(status, request.body(Body::empty()).unwrap());
    }

    fn methods_and_paths(&mut self) {
        for method in [
            "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "X",
        ] {
            self.request(405, method, EXCHANGE, &[]);
            self.request(405, method, REVOKE, &[]);
        }
        for method in [
            "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X",
        ] {
            self.request(405, method, SECRETS, &[]);
        }
        for path in [
            "/",
            "/v3",
            "/v3/auth",
            "/v3/auth/",
            "/v3/auth/oidc/",
            "/v3/auth/oidc/x",
            "//v3/auth/oidc",
            "/V3/auth/oidc",
            "/v3/auth/%6fidc",
            "/v3/auth/./oidc",
            "/v3/auth/x/../oidc",
            "/v3/auth/oidc%00",
            "/v3/auth/oidc;x=y",
            "/v2/auth/oidc",
            "/v3/auth/revoke/",
            "/v3/configs/config",
            "/v3/configs/config/secrets/",
            "/v3/configs/config/secrets/watch",
            "/etc/passwd",
            "/..%2f..%2fetc%2fpasswd",
            "/.well-known/openid-configuration",
            "*",
        ] {
            self.add(404, post(path, "{}"));
            self.add(404, get(path, &[]));
        }
    }

    fn media_types(&mut self) {
        let types: [&[u8]; 16] = [
            b"",
            b"json",
            b"text/plain",
            b"text/json",
            b"application/jwt",
            b"application/jsonp",
            b"application/x-www-form-urlencoded",
            b"multipart/form-data; boundary=x",
            b"application/json; charset=utf-16",
            b"application/json; charset=latin1",
            b"application/json; x=y",
            b"application/json;",
            b"application/json, application/json",
            b"application /json",
            b"*/*",
            b"application/json\xff",
        ];
        for path in [EXCHANGE, REVOKE] {
            for media_type in types {
                self.request(415, "POST", path, &[("content-type", media_type)]);
            }
            self.request(415, "POST", path, &[]);
            let json: (&str, &[u8]) = ("content-type", b"application/json");
            self.request(415, "POST", path, &[json, json]);
            self.request(415, "POST", path, &[json, ("content-encoding", b"gzip")]);
            self.request(
                415,
                "POST",
                path,
                &[json, ("content-encoding", b"identity")],
            );
        }
    }

    fn bodies(&mut self) {
        let token = format!("dp.said.{}", "A".repeat(43));
        let revoke = json!({"token": token}).to_string();
        for end in 0..revoke.len() {
            self.add(400, post(REVOKE, revoke[..end].to_owned()));
        }
        let exchange = json!({"identity": IDENTITY, "token": "x"}).to_string();
        for end in 0..exchange.len() {
            self.add(400, post(EXCHANGE, exchange[..end].to_owned()));
        }
        // The values without their names, in the order in which the program happens to have them.
        self.add(400, post(REVOKE, json!([token]).to_string()));
        self.add(400, post(EXCHANGE, json!([IDENTITY, "x"]).to_string()));
        for (path, good) in [(REVOKE, &revoke), (EXCHANGE, &exchange)] {
            for bad in [
                format!("{good}x"),
                format!("{good}{good}"),
                format!("{good}\0"),
                format!("\u{feff}{good}"),
                format!("[{good}]"),
                format!("//\n{good}"),
                good.replace('"', "'"),
                good.replace('}', ",}"),
                good.replace(r#""token""#, r#""tokens""#),
                good.replace(r#""token""#, r#""Token""#),
                good.replace(r#""token":"#, r#""token":"x","token":"#),
                good.replace(r#""token":"#, r#""t\u006fken":"x","token":"#),
                good.replace(r#""token":"#, r#""other":[,"token":"#),
                good.replace(r#""token":"#, r#""token":\u0022"#),
                "[".repeat(10_000),
                r#"{"token":"#.repeat(2_000),
                "null".to_owned(),
                "\"\"".to_owned(),
                "1e999999".to_owned(),
                "token=x&identity=y".to_owned(),
            ] {
                self.add(400, post(path, bad));
            }
            for value in [
                "null",
                "1",
                "true",
                "[]",
                "{}",
                r#"["x"]"#,
                r#""\ud800""#,
                "\"\n\"",
                "\"\\x\"",
                "NaN",
            ] {
                let (before, after) = good.split_once(r#""token":"#).unwrap();
                let after = after
                    .split_once('"')
                    .and_then(|(_, rest)| rest.split_once('"'));
                let bad = format!(r#"{before}"token":{value}{}"#, after.unwrap().1);
                self.add(400, post(path, bad));
            }
            for bytes in [
                &b"\xff"[..],
                b"\xc3\x28",
                b"\xed\xa0\x80",
                b"\xf5\x80\x80\x80",
                b"\xc0\xaf",
            ] {
                let mut bad = good.clone().into_bytes();
                let place = bad.len() - 3;
                bad.splice(place..place, bytes.iter().copied());
                self.add(400, post(path, bad));
            }
            self.add(413, post(path, " ".repeat(MAX_BODY_BYTES + 1)));
            self.add(413, post(path, "x".repeat(4 * MAX_BODY_BYTES)));
        }
    }

    fn values(&mut self) {
        for identity in [
            "",
            "x",
            "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d1",
            "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10 ",
            "0b7f6a526b1e4a6b8a556a3f0a3f9d10",
            "../identities",
            "' OR 1=1 --",
            "\u{0}",
            "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d1\u{0661}",
        ] {
            let body = json!({"identity": identity, "token": workload().token});
            self.add(400, post(EXCHANGE, body.to_string()));
        }
        for token in refused_tokens() {
            let body = json!({"identity": IDENTITY, "token": token});
            self.add(401, post(EXCHANGE, body.to_string()));
        }
        for token in [
            "",
            "dp.said.",
            "dp.st.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "dp.said.' OR 1=1 --",
            "dp.said.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\u{e9}",
            "DP.SAID.AAAAAAAAAAAAAAAAAAAAA",
        ] {
            self.add(400, post(REVOKE, json!({"token": token}).to_string()));
        }
    }

    fn credentials(&mut self, token: &str) {
        let good = format!("Bearer {token}");
        for query in [
            "",
            "?",
            "?project=web",
            "?config=prd",
            "?project=web&config=prd&config=prd",
            "?project=web&project=web&config=prd",
            "?project=web&config=%",
            "?project=web&config=%2",
            "?project=web&config=%zz",
            "?project=%ff&config=prd",
            "?project=%c3%28&config=prd",
            "?project=web&config=prd&x=%",
            "?Project=web&config=prd",
            "?project=web;config=prd",
            "?project[]=web&config=prd",
            "?%70roject=web&project=web&config=prd",
        ] {
            let path = format!("/v3/configs/config/secrets{query}");
            self.add(400, get(&path, &[("authorization", &good)]));
            // Whoever does not show a token learns nothing of its request.
            self.add(401, get(&path, &[]));
        }
        for (status, value) in [
            (400, &b""[..]),
            (400, b"Bearer"),
            (400, b"Basic"),
            (401, b"Bearer "),
            (400, b"Basic !"),
            (400, b"Basic ZHA="),
            (400, b"Basic ZHA"),
            (401, b"Basic Og=="),
            (400, b"Basic /zo="),
            (401, b"Digest username=x"),
            (401, b"Negotiate x"),
            (401, b"Bearer x y"),
            (401, b"Bearer dp.said.x"),
            (401, b"Bearer \"x\""),
            (400, b"Bearer \xff"),
            (400, b"\xff x"),
            (401, b"Bearer,x x"),
        ] {
            self.request(status, "GET", SECRETS, &[("authorization", value)]);
        }
    }
}

#[tokio::test]
async fn bad_requests_are_answered_as_documented() {
    let world = World::new().await;
    let token = world.exchanged().await;
    let mut corpus = Corpus(Vec::new());
    corpus.methods_and_paths();
    corpus.media_types();
    corpus.bodies();
    corpus.values();
    corpus.credentials(&token);
    assert!(corpus.0.len() >= 200, "{}", corpus.0.len());
    for (status, request) in corpus.0 {
        let asked = format!("{request:?}");
        let is_head = request.method() == "HEAD";
        let answer = world.ask(request).await;
        assert_eq!(answer.status, status, "{asked}: {answer:?}");
        assert!(answer.header("x-request-id").is_some(), "{asked}");
        assert_eq!(answer.header("allow").is_some(), status == 405, "{asked}");
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            status == 401,
            "{asked}"
        );
        if !is_head {
            let messages = answer.body["messages"].as_array();
            assert_eq!(messages.map(Vec::len), Some(1), "{asked}: {answer:?}");
            assert_eq!(answer.body["success"], Value::Bool(false), "{asked}");
        }
    }
    // It is as well as before.
    assert_eq!(world.status_of(&token).await, 200);
    assert_eq!(crate::world::grants(&world.database()), 1);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let world = World::new().await;
    let token = workload().token;
    let mut body = json!({"identity": IDENTITY, "token": token}).to_string();
    body.extend(std::iter::repeat_n(' ', MAX_BODY_BYTES - body.len()));
    assert_eq!(world.ask(post(EXCHANGE, body.clone())).await.status, 200);
    body.push(' ');
    assert_eq!(world.ask(post(EXCHANGE, body)).await.status, 413);
}

/// A body that begins, and then fails or is silent.
struct Unfinished {
    begun: Option<Bytes>,
    fails: bool,
}

impl HttpBody for Unfinished {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.begun.take() {
            Some(begun) => Poll::Ready(Some(Ok(Frame::data(begun)))),
            None if self.fails => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            None => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_to_its_end_is_not_waited_for() {
    let world = World::new().await;
    for (fails, status, message) in [
        (true, 400, "The body is cut off"),
        (false, 408, "The body did not come"),
    ] {
        let begun = Some(Bytes::from_static(b"{"));
        let body = Body::new(Unfinished { begun, fails });
        let waited = Instant::now();
        let answer = world.ask(post(EXCHANGE, body)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body["messages"], json!([message]));
        assert_eq!(waited.elapsed().as_secs(), if fails { 0 } else { 10 });
    }
}
