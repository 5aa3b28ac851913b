//! What the transport bears with, against real servers on loopback: slow, broken, hostile, or of
//! another name.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "these helpers run in tests only"
)]

mod http_site;
mod http_world;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_site::{JWKS, Reply, Site, Step, config, hasty, json, response};
use http_world::{at, issuer_with, token, verifier_of};
use oidc_core::IssuerIdentifier;
use oidc_verifier::VerifyError;
use oidc_verifier::http::{
    AddressPolicy, HttpTransport, KeyRefresher, Resolver, Response, RootCertificates,
    TlsSetupError, Transport, WAIT_FOR_KEYS,
};
use oidc_verifier::key_source::{Action, Fetch, KeySource, TransportError};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use tokio::task::JoinSet;
use tokio::time::Instant;

fn transport() -> HttpTransport {
    HttpTransport::with_roots(&RootCertificates::Nobody).unwrap()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn source(url: &str) -> KeySource {
    let issuer = IssuerIdentifier::loopback(url).unwrap();
    KeySource::new(issuer, config())
}

/// What a source fetches next.
fn next(source: &mut KeySource) -> Fetch {
    let Action::Fetch(fetch) = source.poll(1, at(0)) else {
        panic!("a fetch is due");
    };
    fetch
}

/// The answer to a fetch of the provider metadata of an issuer of this URL.
async fn get(url: &str) -> Result<Response, TransportError> {
    transport().get(&next(&mut source(url))).await
}

/// What a source ends up with that this transport serves, in a stable word.
async fn outcome(site: &Site) -> &'static str {
    let mut source = source(&site.url());
    let transport = transport();
    while let Action::Fetch(fetch) = source.poll(1, at(0)) {
        let response = transport.get(&fetch).await.unwrap();
        let learned = source.handle_response(fetch.id, &(&response).into(), at(0));
        if let Err(error) = learned {
            return error.code();
        }
    }
    "installed"
}

/// A refresher of the site's issuer that has its keys, under a clock that stands.
async fn refresher(site: &Site) -> KeyRefresher {
    let keys = KeyRefresher::builder(verifier_of(&site.identifier()), transport())
        .source(source(&site.url()))
        .wait_for_keys(WAIT_FOR_KEYS.max())
        .clock(|| at(0))
        .spawn()
        .unwrap();
    keys.wait_until_ready(config().total_timeout())
        .await
        .unwrap();
    keys
}

#[tokio::test]
async fn a_request_says_no_more_than_it_must() {
    let site = Site::start(|_, _| json("{}")).await;
    let response = get(&site.url()).await.unwrap();
    assert_eq!((response.status(), response.body()), (200, &b"{}"[..]));
    let [request] = &site.requests()[..] else {
        panic!("one request");
    };
    let mut lines: Vec<_> = request.lines().collect();
    assert_eq!(
        lines.remove(0),
        "GET /.well-known/openid-configuration HTTP/1.1"
    );
    lines.retain(|line| !line.is_empty());
    lines.sort_unstable();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines,
        [
            "accept-encoding: identity",
            "accept: application/json, application/jwk-set+json",
            &format!("host: {}", site.authority()),
            &format!("user-agent: oidc-verifier/{version}"),
        ]
    );
}

/// The limit is counted while the body comes, whatever its length is said to be.
#[tokio::test]
async fn a_body_ends_at_the_limit_and_is_never_cut() {
    let max = config().max_metadata_bytes();
    for (bytes, chunked, expected) in [
        (max, false, Ok(max)),
        (max, true, Ok(max)),
        (max + 1, false, Err(TransportError::BodyTooLong)),
        (max + 1, true, Err(TransportError::BodyTooLong)),
        (100 * max, true, Err(TransportError::BodyTooLong)),
    ] {
        let body = vec![b' '; bytes];
        let site = Site::start(move |_, _| {
            if chunked {
                let mut steps = vec![Step::Send(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
                )];
                for chunk in body.chunks(1_000) {
                    steps.push(Step::Send(format!("{:x}\r\n", chunk.len()).into_bytes()));
                    steps.push(Step::Send(chunk.to_vec()));
                    steps.push(Step::Send(b"\r\n".to_vec()));
                }
                steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
                steps
            } else {
                response("200 OK", &[], &body)
            }
        })
        .await;
        let got = get(&site.url()).await.map(|response| response.body().len());
        assert_eq!(got, expected, "{bytes} {chunked}");
    }
}

/// One byte at a time, or none at all: the total timeout holds for all of it.
#[tokio::test]
async fn a_slow_answer_ends_with_the_total_timeout() {
    let trickle = |_: &str, _: usize| {
        let mut steps = vec![Step::Send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec(),
        )];
        for _ in 0..1_000 {
            steps.push(Step::Send(b" ".to_vec()));
            steps.push(Step::Pause(Duration::from_millis(20)));
        }
        steps
    };
    let slow_headers = |_: &str, _: usize| {
        let mut steps = vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec())];
        for _ in 0..1_000 {
            steps.push(Step::Send(b"X: y\r\n".to_vec()));
            steps.push(Step::Pause(Duration::from_millis(20)));
        }
        steps
    };
    let silent = |_: &str, _: usize| vec![Step::Hang];
    let slow_retry = |_: &str, request: usize| {
        if request == 0 {
            response("503 Service Unavailable", &[], b"")
        } else {
            vec![Step::Hang]
        }
    };
    for site in [
        Site::start(trickle).await,
        Site::start(slow_headers).await,
        Site::start(silent).await,
        Site::start(slow_retry).await,
    ] {
        let issuer = IssuerIdentifier::loopback(&site.url()).unwrap();
        let fetch = next(&mut KeySource::new(issuer, hasty()));
        let begun = Instant::now();
        assert_eq!(transport().get(&fetch).await, Err(TransportError::TimedOut));
        assert!(begun.elapsed() >= fetch.limits.total_timeout);
        assert!(begun.elapsed() < config().total_timeout());
    }
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let half: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"issuer\"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"iss",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{} {} ",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ];
    for bytes in half {
        let site = Site::start(move |_, _| vec![Step::Send(bytes.to_vec())]).await;
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(
            get(&site.url()).await,
            Err(TransportError::Incomplete),
            "{shown}"
        );
    }
}

/// Headers are bounded by the HTTP library, in number and in bytes.
#[tokio::test]
async fn endless_headers_are_an_error() {
    for (count, length) in [(101, 1), (1, 1 << 20)] {
        let site = Site::start(move |_, _| {
            let mut head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n".to_owned();
            for one in 0..count {
                head.extend([&format!("X-{one}: "), "a".repeat(length).as_str(), "\r\n"]);
            }
            vec![Step::Send(format!("{head}\r\n{{}}").into_bytes())]
        })
        .await;
        assert_eq!(
            get(&site.url()).await,
            Err(TransportError::Incomplete),
            "{count}"
        );
    }
}

/// Fulcio followed redirects to an address inside (CVE-2026-49478). Nothing is asked of the target.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Site::start(|_, _| json("{}")).await;
    for location in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("{}/elsewhere", target.url()),
        "/elsewhere".to_owned(),
    ] {
        for status in [
            "301 Moved",
            "302 Found",
            "307 Temporary Redirect",
            "308 Permanent",
        ] {
            let location = location.clone();
            let site =
                Site::start(move |_, _| response(status, &[("Location", &location)], b"")).await;
            assert_eq!(outcome(&site).await, "redirect");
            assert!(
                site.requests()
                    .iter()
                    .all(|head| !head.contains("elsewhere"))
            );
        }
    }
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn a_server_error_is_asked_once_more_and_nothing_else_is() {
    for (first, second, requests, status) in [
        ("503 Service Unavailable", "200 OK", 2, 200),
        ("500 Internal Server Error", "502 Bad Gateway", 2, 502),
        ("404 Not Found", "200 OK", 1, 404),
        ("429 Too Many Requests", "200 OK", 1, 429),
        ("304 Not Modified", "200 OK", 1, 304),
    ] {
        let site = Site::start(move |_, request| {
            response(if request == 0 { first } else { second }, &[], b"")
        })
        .await;
        assert_eq!(get(&site.url()).await.unwrap().status(), status, "{first}");
        assert_eq!(site.requests().len(), requests, "{first}");
    }
}

/// What the server has to say beside an error is not read, however long: the status counts.
#[tokio::test]
async fn the_page_of_an_error_is_not_read() {
    let page = vec![b' '; 10 * config().max_jwk_set_bytes()];
    let site = Site::start(move |_, _| response("404 Not Found", &[], &page)).await;
    let response = get(&site.url()).await.unwrap();
    assert_eq!((response.status(), response.body()), (404, &b""[..]));
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let url = {
        let site = Site::start(|_, _| json("{}")).await;
        site.url()
    };
    assert_eq!(get(&url).await, Err(TransportError::Connect));
}

/// 10 MiB of spaces in 10 KiB. It is not undone: what came is no JSON.
#[tokio::test]
async fn content_encoding_is_not_undone() {
    // The head of a gzip member (RFC 1952 section 2.3).
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 10_000]].concat();
    let sent = bomb.clone();
    let site = Site::start(move |_, _| {
        let headers = [
            ("Content-Type", "application/json"),
            ("Content-Encoding", "gzip"),
        ];
        response("200 OK", &headers, &sent)
    })
    .await;
    assert_eq!(get(&site.url()).await.unwrap().body(), bomb);
    assert_eq!(outcome(&site).await, "not_utf8");
}

/// What a good site says, and one thing that is wrong with it.
#[tokio::test]
async fn documents_that_are_none_bring_no_keys() {
    type Serve = fn(&Site) -> Reply;
    let replies: [(&str, Serve); 4] = [
        ("installed", |site| json(&site.jwk_set())),
        ("content_type", |site| {
            let headers = [("Content-Type", "text/html")];
            response("200 OK", &headers, site.jwk_set().as_bytes())
        }),
        ("not_modified_unasked", |_| {
            response("304 Not Modified", &[], b"")
        }),
        ("status", |_| response("204 No Content", &[], b"")),
    ];
    for (expected, reply) in replies {
        let site = Site::issuer().await;
        let serving = site.clone();
        site.serve(JWKS, move || reply(&serving));
        assert_eq!(outcome(&site).await, expected);
    }
}

/// RFC 9110 sections 13.1.2 and 13.1.3: what came is sent back, and 304 keeps the keys.
#[tokio::test]
async fn a_second_fetch_is_conditional() {
    let site = Site::issuer().await;
    let serving = site.clone();
    site.serve(JWKS, move || {
        let asked = serving.requests();
        let conditional = asked
            .last()
            .is_some_and(|head| head.contains("if-none-match"));
        let headers = [
            ("Content-Type", "application/json"),
            ("ETag", "\"7\""),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        if conditional {
            response("304 Not Modified", &headers, b"")
        } else {
            response("200 OK", &headers, serving.jwk_set().as_bytes())
        }
    });
    let issuer = site.identifier();
    let keys = refresher(&site).await;
    let stranger = issuer_with(&issuer, "unknown");
    let unknown = keys.verify(&token(&stranger, at(0))).await.unwrap_err();
    assert_eq!(unknown, VerifyError::UnknownKey);
    let requests = site.requests_of(JWKS);
    assert_eq!(requests.len(), 2);
    assert!(!requests[0].contains("if-"));
    assert!(requests[1].contains("if-none-match: \"7\"\r\n"));
    assert!(requests[1].contains("if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    let status = |status: &oidc_verifier::key_source::Status<'_>| (status.keys, status.generation);
    assert_eq!(keys.status(&issuer, status), Some((1, 1)));
}

/// The count that matters is the server's: 1,000 invented names at once, one request.
#[tokio::test]
async fn a_flood_of_invented_names_is_one_request_at_the_server() {
    let site = Site::issuer().await;
    let id = site.identifier();
    let keys = refresher(&site).await;
    let good = site.token();
    let stranger = token(&issuer_with(&id, "stranger"), at(0));
    let (head, rest) = std::str::from_utf8(&stranger)
        .unwrap()
        .split_once('.')
        .unwrap();
    let head = oidc_core::base64url::decode(head).unwrap();
    let head = String::from_utf8(head).unwrap();
    let mut flood = JoinSet::new();
    for one in 0..1_000 {
        let head = head.replace("stranger", &format!("invented-{one}"));
        let token = format!("{}.{rest}", oidc_core::base64url::encode(head));
        let keys = keys.clone();
        flood.spawn(async move { keys.verify(token.as_bytes()).await.unwrap_err() });
    }
    for _ in 0..100 {
        assert!(keys.verify(&good).await.is_ok());
        tokio::task::yield_now().await;
    }
    let answers = flood.join_all().await;
    assert_eq!(answers, vec![VerifyError::UnknownKey; 1_000]);
    assert_eq!(site.requests_of(JWKS).len(), 2);
    assert_eq!(
        site.requests_of("/.well-known/openid-configuration").len(),
        1
    );

    // A rotation in the midst of it is noticed by its first token: the reserved permit is for the
    // case that the set has just changed, so here it waits for the next window and is refused.
    site.rotate("rotated");
    assert_eq!(
        keys.verify(&site.token()).await.unwrap_err(),
        VerifyError::UnknownKey
    );
    assert_eq!(site.requests_of(JWKS).len(), 2);
}

#[tokio::test]
async fn a_rotation_is_noticed_by_its_first_token() {
    let site = Site::issuer().await;
    let keys = refresher(&site).await;
    let before = site.token();
    site.rotate("rotated");
    assert!(keys.verify(&site.token()).await.is_ok());
    assert_eq!(site.requests_of(JWKS).len(), 2);
    // The set has just changed, and its copies may differ: the second permit is for such a name.
    assert_eq!(
        keys.verify(&before).await.unwrap_err(),
        VerifyError::UnknownKey
    );
    assert_eq!(site.requests_of(JWKS).len(), 3);
    keys.shutdown().await;
    assert_eq!(
        keys.verify(&site.token()).await.unwrap_err(),
        VerifyError::KeysUnavailable
    );
}

/// A DNS zone in the hands of somebody else.
struct Zone(Vec<Vec<IpAddr>>, AtomicUsize);

impl Zone {
    fn of(answers: &[&[&str]]) -> Zone {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Zone(answers.iter().map(parse).collect(), AtomicUsize::new(0))
    }
}

impl Resolver for Zone {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.1.fetch_add(1, Ordering::Relaxed);
        let answer = self.0.get(asked).or(self.0.last());
        answer
            .cloned()
            .ok_or_else(|| io::Error::other("no such name"))
    }
}

async fn get_at(issuer: &str, policy: AddressPolicy, zone: Zone) -> TransportError {
    let issuer = IssuerIdentifier::parse(issuer).unwrap();
    let fetch = next(&mut KeySource::new(issuer, config()));
    let transport = transport().address_policy(policy).resolver(zone);
    transport.get(&fetch).await.unwrap_err()
}

/// A server listens on this machine; a name of the internet that leads there gets no connection.
#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let site = Site::start(|_, _| json("{}")).await;
    let issuer = format!("https://ci.example:{}", site.port());
    for addresses in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1", "127.0.0.1"],
        &["169.254.169.254"],
        &["0.0.0.0"],
        &["64:ff9b::7f00:1"],
    ] {
        let policies = [AddressPolicy::PublicOnly, AddressPolicy::PublicOrNat64];
        for policy in policies {
            let error = get_at(&issuer, policy, Zone::of(&[addresses])).await;
            assert_eq!(
                error,
                TransportError::AddressNotAllowed,
                "{addresses:?} {policy:?}"
            );
        }
    }
    // Loopback stays out, whatever else is let in.
    let policy = AddressPolicy::PublicOrPrivate;
    let error = get_at(&issuer, policy, Zone::of(&[&["127.0.0.1"]])).await;
    assert_eq!(error, TransportError::AddressNotAllowed);
    assert_eq!(site.connections(), 0);
    let error = get_at(&issuer, policy, Zone::of(&[])).await;
    assert_eq!(error, TransportError::Resolve);
    let error = get_at(&issuer, policy, Zone::of(&[&[]])).await;
    assert_eq!(error, TransportError::Resolve);
}

/// `localhost` is this machine, whoever answers for it.
#[tokio::test]
async fn localhost_leads_to_this_machine_only() {
    let site = Site::start(|_, _| json("{}")).await;
    let issuer = format!("http://localhost:{}", site.port());
    let fetch = next(&mut source(&issuer));
    let there = transport().resolver(Zone::of(&[&["10.0.0.1", "127.0.0.1"]]));
    assert_eq!(there.get(&fetch).await.unwrap().status(), 200);
    let elsewhere = transport()
        .address_policy(AddressPolicy::PublicOrPrivate)
        .resolver(Zone::of(&[&["10.0.0.1", "8.8.8.8"]]));
    assert_eq!(
        elsewhere.get(&fetch).await,
        Err(TransportError::AddressNotAllowed)
    );
}

/// Each fetch resolves anew, and each answer is judged: a name that is first good and then leads
/// inside (DNS rebinding) gets no further.
#[tokio::test]
async fn a_name_that_moves_inside_is_noticed_by_the_next_fetch() {
    let site = Site::start(|_, _| json("{}")).await;
    let issuer = format!("http://localhost:{}", site.port());
    let fetch = next(&mut source(&issuer));
    let transport = transport().resolver(Zone::of(&[&["127.0.0.1"], &["10.0.0.1"]]));
    assert_eq!(transport.get(&fetch).await.unwrap().status(), 200);
    assert_eq!(
        transport.get(&fetch).await,
        Err(TransportError::AddressNotAllowed)
    );
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn tls_is_checked_against_the_name_and_the_roots() {
    let ours = authority();
    let server = |names: &[&str], change: fn(&mut CertificateParams)| {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &ours).unwrap(), key)
    };
    let valid: fn(&mut CertificateParams) = |_| ();
    let expired: fn(&mut CertificateParams) = |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    };
    let roots = ours.pem().into_bytes();
    let known = [
        RootCertificates::Only(roots.clone()),
        RootCertificates::Only(authority().pem().into_bytes()),
        RootCertificates::PlatformAnd(roots.clone()),
    ];
    let tls = Err(TransportError::Tls);
    for (names, change, roots, expected) in [
        (&["localhost"][..], valid, &known[0], Ok(200)),
        (&["localhost"], valid, &known[2], Ok(200)),
        (&["localhost"], valid, &known[1], tls),
        (&["localhost"], valid, &RootCertificates::Nobody, tls),
        (&["other.example"], valid, &known[0], tls),
        (&["localhost"], expired, &known[0], tls),
    ] {
        let (certificate, key) = server(names, change);
        let site = Site::start_tls(&certificate, &key, |_, _| json("{}")).await;
        let fetch = next(&mut source(&format!("https://localhost:{}", site.port())));
        let transport = HttpTransport::with_roots(roots).unwrap();
        let transport = transport.resolver(Zone::of(&[&["127.0.0.1"]]));
        let got = transport
            .get(&fetch)
            .await
            .map(|response| response.status());
        assert_eq!(got, expected, "{names:?}");
    }
    for (pem, expected) in [
        (&b""[..], TlsSetupError::Pem),
        (
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            TlsSetupError::Pem,
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            TlsSetupError::Certificate,
        ),
    ] {
        for roots in [
            RootCertificates::Only(pem.to_vec()),
            RootCertificates::PlatformAnd(pem.to_vec()),
        ] {
            assert_eq!(HttpTransport::with_roots(&roots).unwrap_err(), expected);
        }
    }
}

/// A fetch that is dropped lets go of its connection.
#[tokio::test]
async fn a_dropped_fetch_closes_its_connection() {
    let site = Site::start(|_, _| vec![Step::Hang]).await;
    let fetch = next(&mut source(&site.url()));
    let transport = transport();
    let waiting = transport.get(&fetch);
    let hung_up = tokio::select! {
        _ = waiting => panic!("the site does not answer"),
        () = site.asked() => site.hung_up(),
    };
    tokio::time::timeout(config().total_timeout(), hung_up)
        .await
        .unwrap();
}

/// The public API keeps working from several tasks of a runtime of several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_on_all_threads_meet_one_refresh() {
    let site = Site::issuer().await;
    let keys = refresher(&site).await;
    site.rotate("rotated");
    let good = site.token();
    let mut readers = JoinSet::new();
    let failures = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..64 {
        let (keys, good, failures) = (keys.clone(), good.clone(), Arc::clone(&failures));
        readers.spawn(async move {
            if let Err(error) = keys.verify(&good).await {
                failures.lock().unwrap().push(error);
            }
        });
    }
    readers.join_all().await;
    assert_eq!(*failures.lock().unwrap(), []);
    assert_eq!(site.requests_of(JWKS).len(), 2);
}
