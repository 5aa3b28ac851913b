//! Looking at documents through their public URL, against real servers on loopback.

#![cfg(all(
    feature = "probe",
    feature = "http",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;
mod probe_site;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{at, key};
use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSet, NumericDate, ProviderMetadata};
use oidc_issuer::http::{DocumentServer, ProbeFault, Prober, Published, TlsSetupError};
use oidc_issuer::store::{MemoryKeys, MemoryStore, StoreError};
use oidc_issuer::{
    ClockState, Clocks, Documents, Issuer, Publisher, Rotation, RotationConfig, RotationPolicy,
    Sighting, SigningKey, SystemRandom, TokenSpec, drive,
};
use probe_site::{Authority, Reply, Site, json, response};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";

fn prober() -> Prober {
    Prober::for_loopback().unwrap()
}

fn jwk() -> Jwk {
    key(Algorithm::Es256).public_jwk().clone()
}

/// The discovery document of the issuer at this authority, and a JWK Set.
fn documents(issuer: &IssuerIdentifier) -> [Vec<u8>; 2] {
    documents_with(issuer, Algorithm::Es256)
}

fn documents_with(issuer: &IssuerIdentifier, algorithm: Algorithm) -> [Vec<u8>; 2] {
    let issuer = Issuer::builder(issuer.clone()).key(key(algorithm));
    let issuer = issuer.build().unwrap();
    [issuer.discovery_document(), issuer.jwk_set_document()].map(|document| document.bytes.clone())
}

/// A site whose documents are good but for what `odd` answers instead.
async fn site_with(odd: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Site {
    let served: Arc<Mutex<[Vec<u8>; 2]>> = Arc::default();
    let good = Arc::clone(&served);
    let site = Site::start(move |path| {
        odd(path).unwrap_or_else(|| {
            let [discovery, jwk_set] = &*good.lock().unwrap();
            match path {
                DISCOVERY => json(discovery),
                JWKS => json(jwk_set),
                _ => response("404 Not Found", &[], b""),
            }
        })
    })
    .await;
    *served.lock().unwrap() = documents(&site.issuer());
    site
}

fn seen() -> Sighting {
    Sighting::new([jwk()], [Algorithm::Es256])
}

#[tokio::test]
async fn both_documents_are_seen_and_caches_are_passed() {
    let site = site_with(|_| None).await;
    assert_eq!(prober().look(&site.issuer()).await, Ok(seen()));
    let version = env!("CARGO_PKG_VERSION");
    let requests = site.requests();
    for (head, path) in requests.iter().zip([DISCOVERY, JWKS]) {
        let mut lines: Vec<_> = head.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.remove(0), format!("GET {path} HTTP/1.1"));
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "accept-encoding: identity",
                "accept: application/json, application/jwk-set+json",
                "cache-control: no-cache",
                &format!("host: {}", site.address),
                &format!("user-agent: oidc-issuer/{version}"),
            ]
        );
    }
    assert_eq!(requests.len(), 2);
}

/// One place of the two is enough: a relying party that finds either missing has no keys.
#[tokio::test]
async fn what_is_not_there_is_nothing_and_no_error() {
    for missing in [DISCOVERY, JWKS] {
        for status in ["404 Not Found", "410 Gone"] {
            let answer = move |path: &str| {
                (path == missing).then(|| response(status, &[], b"<html>not here</html>"))
            };
            let site = site_with(answer).await;
            let looked = prober().look(&site.issuer()).await;
            assert_eq!(looked, Ok(Sighting::nothing()), "{missing} {status}");
        }
    }
}

#[tokio::test]
async fn whatever_else_is_answered_is_no_sighting() {
    let is_json = "Content-Type: application/json";
    let elsewhere = "Location: http://127.0.0.1:1/";
    for (status, header, body, text, code) in [
        (
            "301 Moved",
            elsewhere,
            "",
            "redirected with status 301",
            "redirect",
        ),
        (
            "307 Moved",
            elsewhere,
            "",
            "redirected with status 307",
            "redirect",
        ),
        (
            "304 Not Modified",
            is_json,
            "",
            "redirected with status 304",
            "redirect",
        ),
        (
            "500 Oops",
            is_json,
            "{}",
            "answered with status 500",
            "status",
        ),
        (
            "403 No",
            is_json,
            "{}",
            "answered with status 403",
            "status",
        ),
        (
            "206 Part",
            is_json,
            "{}",
            "answered with status 206",
            "status",
        ),
        (
            "200 OK",
            "Content-Type: text/html",
            "{}",
            "the media type is not that of the document",
            "content_type",
        ),
        (
            "200 OK",
            "Content-Type: application/json\r\nContent-Type: text/html",
            "{}",
            "the media type is not that of the document",
            "content_type",
        ),
        (
            "200 OK",
            "Content-Type: application/json;\u{e9}",
            "{}",
            "the media type is not that of the document",
            "content_type",
        ),
    ] {
        for odd in [DISCOVERY, JWKS] {
            let answer = move |path: &str| {
                (path == odd).then(|| response(status, &[header], body.as_bytes()))
            };
            let site = site_with(answer).await;
            let error = prober().look(&site.issuer()).await.unwrap_err();
            assert_eq!(
                (error.fault.to_string().as_str(), error.code()),
                (text, code)
            );
            let url = format!("http://{}{odd}", site.address);
            assert_eq!(error.to_string(), format!("cannot see what is at {url}"));
            // Nothing followed.
            assert!(site.requests().last().unwrap().contains(odd));
        }
    }
}

#[tokio::test]
async fn a_document_of_the_right_media_type_is_seen_however_often_it_is_said() {
    for headers in [
        &[][..],
        &["Content-Type: application/json"; 2],
        &[
            "Content-Type: application/json; charset=utf-8",
            "Content-Type: application/a+json",
        ],
    ] {
        // The same for every issuer of this key.
        let anybody = IssuerIdentifier::loopback("http://127.0.0.1:1").unwrap();
        let [_, jwk_set] = documents(&anybody);
        let answer =
            move |path: &str| (path == JWKS).then(|| response("200 OK", headers, &jwk_set));
        let site = site_with(answer).await;
        assert_eq!(prober().look(&site.issuer()).await, Ok(seen()));
    }
}

/// A document of another issuer, or of none, is not taken for an empty place.
#[tokio::test]
async fn what_no_relying_party_would_read_is_no_sighting() {
    for (odd, body, code) in [
        (DISCOVERY, "{}", "missing_member"),
        (
            DISCOVERY,
            r#"{"issuer": "https://other.example"}"#,
            "issuer_mismatch",
        ),
        (JWKS, "[]", "not_an_object"),
        (JWKS, "<html>", "unexpected_byte"),
    ] {
        let site = site_with(move |path| (path == odd).then(|| json(body.as_bytes()))).await;
        let error = prober().look(&site.issuer()).await.unwrap_err();
        let ProbeFault::Document(document) = &error.fault else {
            panic!("{error:?}");
        };
        assert_eq!((document.code(), error.code()), (code, code), "{body}");
    }
}

#[tokio::test]
async fn a_body_ends_at_the_limit_of_relying_parties() {
    let padded = |document: &[u8], bytes: usize| {
        let mut body = document.to_vec();
        body.resize(bytes, b' ');
        body
    };
    for (odd, max) in [
        (DISCOVERY, ProviderMetadata::MAX_BYTES),
        (JWKS, JwkSet::DEFAULT_MAX_BYTES),
    ] {
        for (bytes, announced, ok) in [
            (max, true, true),
            (max, false, true),
            (max + 1, true, false),
            (max + 1, false, false),
        ] {
            let document: Arc<Mutex<Vec<u8>>> = Arc::default();
            let body = Arc::clone(&document);
            let site = site_with(move |path| {
                let body = body.lock().unwrap();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
                // Without a length, the end of the connection ends the body.
                let open = || Some([head.as_bytes(), &body].concat());
                (path == odd).then(|| if announced { json(&body) } else { open() })
            })
            .await;
            let [discovery, jwk_set] = documents(&site.issuer());
            let good = if odd == DISCOVERY { discovery } else { jwk_set };
            *document.lock().unwrap() = padded(&good, bytes);
            let looked = prober().look(&site.issuer()).await;
            match looked {
                Ok(sighting) => assert!(ok && sighting == seen(), "{odd} {bytes}"),
                Err(error) => {
                    assert!(!ok, "{odd} {bytes} {announced}");
                    let text = format!("the body is longer than {max} bytes");
                    assert_eq!(
                        (error.fault.to_string(), error.code()),
                        (text, "body_too_long")
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_is_silent_or_gone_is_not_waited_for() {
    let hasty = || prober().timeout(Duration::from_millis(200));
    for silent in [DISCOVERY, JWKS] {
        let site = site_with(move |path| (path == silent).then_some(None)).await;
        let error = hasty().look(&site.issuer()).await.unwrap_err();
        assert_eq!(error.fault, ProbeFault::TimedOut);
        assert_eq!(
            (error.fault.to_string().as_str(), error.code()),
            ("timed out", "timed_out")
        );
    }
    // It begins to answer, and stops in the middle.
    let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
    let site = site_with(move |_| Some(Some(begun.to_vec()))).await;
    let error = hasty().look(&site.issuer()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.fault),
        ("incomplete", ProbeFault::Incomplete)
    );

    let gone = site.issuer();
    drop(site);
    let error = prober().look(&gone).await.unwrap_err();
    assert_eq!(
        (error.code(), error.fault),
        ("connect", ProbeFault::Connect)
    );
}

#[test]
fn no_prober_waits_longer_than_the_limit() {
    let longest = format!("{:?}", prober());
    assert!(longest.contains("timeout: 10s"), "{longest}");
    let longer = prober().timeout(Prober::TIMEOUT + Duration::from_secs(1));
    assert_eq!(format!("{longer:?}"), longest);
}

/// A loopback issuer's name leads to this machine or nowhere: `http` is for nothing else.
#[tokio::test]
async fn a_loopback_issuer_is_reached_at_this_machine_only() {
    let issuer = IssuerIdentifier::loopback("http://localhost:1").unwrap();
    let elsewhere = prober().host_at("localhost", IpAddr::from([192, 0, 2, 1]));
    let error = elsewhere.look(&issuer).await.unwrap_err();
    assert_eq!(error.fault, ProbeFault::Connect);
}

/// A public issuer, served by this machine under its own name and certificate.
struct Public {
    site: Site,
    authority: Authority,
    issuer: IssuerIdentifier,
}

impl Public {
    async fn start(headers: &'static [&'static str]) -> Public {
        let authority = Authority::of("ci.example");
        let served: Arc<Mutex<[Vec<u8>; 2]>> = Arc::default();
        let documents_of = Arc::clone(&served);
        let site = Site::start_tls(&authority, move |path| {
            let [discovery, jwk_set] = &*documents_of.lock().unwrap();
            let body = if path == DISCOVERY {
                discovery
            } else {
                jwk_set
            };
            response("200 OK", headers, body)
        })
        .await;
        let issuer = format!("https://ci.example:{}", site.port());
        let issuer = IssuerIdentifier::parse(&issuer).unwrap();
        *served.lock().unwrap() = documents(&issuer);
        Public {
            site,
            authority,
            issuer,
        }
    }

    fn prober(&self) -> Prober {
        let prober = Prober::with_roots(&self.authority.pem).unwrap();
        prober.host_at("CI.example", self.site.ip())
    }
}

/// RFC 9110 section 6.6.1 and RFC 9111 section 5.1.
#[tokio::test]
async fn date_and_age_are_the_time_of_the_answer() {
    let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
    for (headers, time) in [
        (
            &["Date: Sun, 06 Nov 1994 08:49:37 GMT"][..],
            Some(784_111_777),
        ),
        (
            &["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Age: 90"],
            Some(784_111_867),
        ),
        (&["Age: 90"], None),
        (&[], None),
    ] {
        let public = Public::start(headers).await;
        let looked = public.prober().look(&public.issuer).await.unwrap();
        let expected = match time {
            Some(time) => seen().with_time(NumericDate::from_seconds(time).unwrap()),
            None => seen(),
        };
        assert_eq!(looked, expected, "{headers:?}");
    }
    // The clock of this machine is no second one.
    let own =
        site_with(move |path| (path == JWKS).then(|| response("404 Not Found", &[date], b"")));
    assert_eq!(
        prober().look(&own.await.issuer()).await,
        Ok(Sighting::nothing())
    );
    let own: Arc<Mutex<[Vec<u8>; 2]>> = Arc::default();
    let served = Arc::clone(&own);
    let site = Site::start(move |path| {
        let [discovery, jwk_set] = &*served.lock().unwrap();
        let body = if path == DISCOVERY {
            discovery
        } else {
            jwk_set
        };
        response("200 OK", &[date], body)
    })
    .await;
    *own.lock().unwrap() = documents(&site.issuer());
    assert_eq!(prober().look(&site.issuer()).await, Ok(seen()));
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_looked_at() {
    let public = Public::start(&[]).await;
    let strangers = Authority::of("ci.example").pem;
    for prober in [prober(), Prober::with_roots(&strangers).unwrap()] {
        let prober = prober.host_at("ci.example", public.site.ip());
        let error = prober.look(&public.issuer).await.unwrap_err();
        assert_eq!((error.code(), error.fault), ("tls", ProbeFault::Tls));
    }
    // The right authority, for another name.
    let other = format!("https://other.example:{}", public.site.port());
    let other = IssuerIdentifier::parse(&other).unwrap();
    let prober = public.prober().host_at("other.example", public.site.ip());
    assert_eq!(
        prober.look(&other).await.unwrap_err().fault,
        ProbeFault::Tls
    );

    for (pem, error, text, code) in [
        (
            "",
            TlsSetupError::Pem,
            "root certificates are not PEM",
            "roots_pem",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            TlsSetupError::Certificate,
            "root certificate cannot be used",
            "roots_certificate",
        ),
    ] {
        let refused = Prober::with_roots(pem.as_bytes()).unwrap_err();
        assert_eq!(refused, error);
        assert_eq!((refused.to_string().as_str(), refused.code()), (text, code));
    }
}

/// Two edges of one host; the second has the copy of before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_edge_keeps_a_key_from_being_seen() {
    let fresh: Arc<Mutex<[Vec<u8>; 2]>> = Arc::default();
    let served = Arc::clone(&fresh);
    let serve = move |path: &str| {
        let [discovery, jwk_set] = &*served.lock().unwrap();
        json(if path == DISCOVERY {
            discovery
        } else {
            jwk_set
        })
    };
    let near = Site::start(serve).await;
    let stale: Arc<Mutex<[Vec<u8>; 2]>> = Arc::default();
    let served = Arc::clone(&stale);
    let address = SocketAddr::from(([127, 0, 0, 2], near.port()));
    let far = Site::listen(address, None, move |path| {
        let [discovery, jwk_set] = &*served.lock().unwrap();
        json(if path == DISCOVERY {
            discovery
        } else {
            jwk_set
        })
    })
    .await;
    let issuer = format!("http://localhost:{}", near.port());
    let issuer = IssuerIdentifier::loopback(&issuer).unwrap();
    *fresh.lock().unwrap() = documents(&issuer);
    *stale.lock().unwrap() = documents_with(&issuer, Algorithm::EdDsa);

    let at = |address: Ipv4Addr| prober().host_at("localhost", address.into());
    let publisher = Published::new(|_, _| Ok::<(), String>(()), at(Ipv4Addr::LOCALHOST))
        .also_from(at([127, 0, 0, 2].into()));
    let old = key(Algorithm::EdDsa).public_jwk().clone();
    let expected = seen().and(Sighting::new([old], [Algorithm::EdDsa]));
    assert_eq!(publisher.look(&issuer).unwrap(), expected);

    // An edge that does not answer leaves nothing seen.
    drop(far);
    assert!(publisher.look(&issuer).is_err());
}

/// Publishes, and cannot be looked at.
struct Blind<'a>(&'a DocumentServer);

impl Publisher for Blind<'_> {
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let published = self.0.publish_documents(issuer, documents);
        published.map_err(StoreError::new)
    }

    fn look(&self, _: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        Err(StoreError::new("nobody looks"))
    }
}

/// A whole rotation through the real router and back: the first key signs as soon as it was seen,
/// and not before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_publishes_through_the_router_and_sees_it_through_the_url() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let url = format!("http://{}/tenant", listener.local_addr().unwrap());
    let issuer = IssuerIdentifier::loopback(&url).unwrap();
    let server = Arc::new(DocumentServer::new());
    let router = Arc::clone(&server).router();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let config = RotationConfig::new(issuer.clone())
        .ring(Algorithm::Es256, RotationPolicy::default())
        .unwrap();
    let mut rotation = Rotation::new(config);
    let (store, keys, random) = (MemoryStore::new(), MemoryKeys::new(), SystemRandom::new());
    let clocks = Clocks::new(at(common::NOW), Duration::ZERO);
    rotation.confirm_clock(clocks);
    let make = |_: &_, algorithm| SigningKey::generate(algorithm, &random);

    // It is published and nobody can see it: no token.
    let publish = |issuer: &_, documents: &_| server.publish_documents(issuer, documents);
    let blind = Blind(&server);
    let pass = drive(&mut rotation, &store, &keys, &blind, make, || clocks);
    let failures: Vec<_> = pass.failures.iter().map(ToString::to_string).collect();
    assert_eq!(failures, ["the store failed"]);
    assert!(Issuer::of_rotation(&rotation, &keys, clocks, None).is_err());

    let clocks = Clocks::new(at(common::NOW + 60), Duration::from_secs(60));
    let publisher = Published::new(publish, prober());
    let pass = drive(&mut rotation, &store, &keys, &publisher, make, || clocks);
    assert!(pass.failures.is_empty(), "{:?}", pass.failures);
    // Its `Date` is that of this machine, which says nothing about the clock of this test.
    assert_eq!(rotation.clock_state(), ClockState::Confirmed);
    let minting = Issuer::of_rotation(&rotation, &keys, clocks, None).unwrap();
    let spec = TokenSpec::new("job", "https://deploy.example").unwrap();
    assert!(minting.issue(&spec, clocks.wall).is_ok());
    let documents = rotation.documents(&issuer).unwrap();
    assert_eq!(documents.jwks_uri, format!("{url}{JWKS}"));
    let (discovery, jwk_set) = (&documents.discovery.bytes, &documents.jwk_set.bytes);
    let state = Sighting::from_bytes(&issuer, discovery, jwk_set).unwrap();
    assert_eq!(publisher.look(&issuer).unwrap(), state);
    serving.abort();
}
