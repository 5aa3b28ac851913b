//! What is told to tracing and metrics in a hostile hour: enough to alarm on, and not a word that a
//! token says.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

#[path = "../../oidc-issuer/tests/counted/mod.rs"]
mod counted;
mod http_site;
mod http_world;

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use counted::Counted;
use http::{Request, Response};
use http_site::{JWKS, Site, config, response};
use http_world::{at, issuer_with, token, verifier_of};
use oidc_core::{IssuerIdentifier, base64url};
use oidc_verifier::http::{HttpTransport, KeyRefresher, RootCertificates, WAIT_FOR_KEYS};
use oidc_verifier::key_source::KeySource;
use oidc_verifier::policy::Policy;
use oidc_verifier::replay::MemoryReplayGuard;
use oidc_verifier::tower::BearerLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, span};

/// Everything that anybody is told through tracing, as text.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<String>>);

impl Visit for &Heard {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = self.0.lock().unwrap();
        write!(text, " {}={value:?}", field.name()).unwrap();
    }
}

impl Heard {
    fn line(&self, name: &str, target: &str, record: impl FnOnce(&mut dyn Visit)) {
        write!(self.0.lock().unwrap(), "\n{target} {name}").unwrap();
        record(&mut &*self);
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let metadata = span.metadata();
        self.line(metadata.name(), metadata.target(), |visit| {
            span.record(visit);
        });
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.line("record", "", |visit| values.record(visit));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.line("event", metadata.target(), |visit| event.record(visit));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Stands in everything that a stranger can write.
const CANARY: &str = "canary";

/// A token of this header and these claims that nobody signed.
fn forged(header: &str, claims: &str) -> String {
    let signature = base64url::encode([7; 64]);
    format!(
        "{}.{}.{signature}",
        base64url::encode(header),
        base64url::encode(claims)
    )
}

fn policy_of(iss: &str) -> Arc<Policy> {
    let policy = format!(
        r#"{{"rules": [{{"id": "a", "effect": "allow", "issuer": "{iss}",
            "audiences": ["https://deploy.example"],
            "conditions": [{{"claim": "sub", "equals": "job-42"}}], "replay": "enforce"}}]}}"#
    );
    Arc::new(Policy::from_json(policy.as_bytes()).unwrap())
}

/// A good token twice, and all manner of bad ones.
fn tokens(good: &str, iss: &str) -> Vec<String> {
    let (input, _) = good.rsplit_once('.').unwrap();
    let mut hostile = vec![
        good.to_owned(),
        good.to_owned(),
        format!("{input}.{}", base64url::encode([7; 64])),
        CANARY.to_owned(),
        forged("{\"alg\":\"canary\"}", "{}"),
        forged(
            "{\"alg\":\"ES256\",\"kid\":\"canary\\n\"}",
            &format!("{{\"iss\":\"{iss}\"}}"),
        ),
        forged(
            "{\"alg\":\"ES256\"}",
            "{\"iss\":\"https://canary.example\"}",
        ),
        forged(
            "{\"alg\":\"ES256\"}",
            &format!("{{\"iss\":\"{iss}\",\"sub\":\"canary\",\"canary\":1}}"),
        ),
    ];
    for one in 0..200 {
        let header = format!("{{\"alg\":\"ES256\",\"kid\":\"canary-{one}\"}}");
        hostile.push(forged(
            &header,
            &format!("{{\"iss\":\"{iss}\",\"sub\":\"canary\"}}"),
        ));
    }
    hostile
}

#[tokio::test]
async fn nothing_that_a_token_says_is_told_and_no_label_is_a_strangers() {
    let (heard, counted) = (Heard::default(), Counted::default());
    let _tracing = tracing::subscriber::set_default(heard.clone());
    metrics::set_global_recorder(counted.clone()).unwrap();

    let site = Site::issuer().await;
    let iss = site.url();
    let id = IssuerIdentifier::loopback(&iss).unwrap();
    let transport = HttpTransport::with_roots(&RootCertificates::Nobody).unwrap();
    let seconds = Arc::new(AtomicI64::new(0));
    let time = Arc::clone(&seconds);
    let keys = KeyRefresher::builder(verifier_of(&id), transport)
        .source(KeySource::new(id.clone(), config()))
        .wait_for_keys(WAIT_FOR_KEYS.max())
        .clock(move || at(time.load(Ordering::Relaxed)))
        .spawn()
        .unwrap();
    keys.wait_until_ready(config().total_timeout())
        .await
        .unwrap();
    let service = BearerLayer::new(keys.clone())
        .policy(policy_of(&iss), Arc::new(MemoryReplayGuard::new()))
        .layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(()))
        }));

    let good = String::from_utf8(site.token()).unwrap();
    let hostile = tokens(&good, &iss);
    for token in &hostile {
        let request = Request::builder()
            .uri("/canary")
            .header("Authorization", format!("Bearer {token}"))
            .header("X-Canary", CANARY);
        let request = request.body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
        let _ = keys.verifier().verify(token.as_bytes(), at(0));
        // The driver polls.
        tokio::task::yield_now().await;
    }
    // A server that says hostile things, too.
    site.serve(JWKS, || {
        let headers = [("Content-Type", "application/json"), ("X-Canary", CANARY)];
        response("200 OK", &headers, b"{\"keys\": [\"canary\"]}")
    });
    seconds.store(31, Ordering::Relaxed);
    let replaced = String::from_utf8(token(&issuer_with(&id, "first"), at(0))).unwrap();
    assert!(keys.verify(replaced.as_bytes()).await.is_err());
    keys.shutdown().await;

    let text = heard.0.lock().unwrap().clone();
    let signature = good.rsplit('.').next().unwrap();
    let payload = good.split('.').nth(1).unwrap();
    for secret in [
        CANARY,
        "job-42",
        "\"first\"",
        signature,
        payload,
        &base64url::encode("canary"),
    ] {
        assert!(
            !text.to_lowercase().contains(&secret.to_lowercase()),
            "{secret}: {text}"
        );
    }
    for told in [
        "oidc_verifier::telemetry event message=token verified",
        "code=\"signature\"",
        "code=\"key_unknown\"",
        "message=document fetched",
        "message=document not fetched",
        "oidc_verifier::telemetry fetch issuer=",
        "message=policy decided code=\"replayed\"",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }

    let names = counted.names();
    for name in &names {
        assert!(!name.contains(CANARY) && !name.contains("job-42"), "{name}");
    }
    // However many tokens came: one series for each code that occurred.
    assert!(names.len() <= 20, "{names:#?}");
    let of = |series: &str| counted.count(series);
    assert_eq!(
        of(&format!("oidc_tokens_total issuer={iss} code=verified")),
        4
    );
    assert_eq!(of("oidc_tokens_total issuer= code=key_unknown"), 402);
    assert_eq!(of("oidc_decisions_total code=admitted"), 1);
    assert_eq!(of("oidc_decisions_total code=replayed"), 1);
    let fetches = |document: &str, code: &str| {
        of(&format!(
            "oidc_fetches_total issuer={iss} document={document} code={code}"
        ))
    };
    assert_eq!(fetches("discovery", "metadata"), 1);
    assert_eq!(fetches("jwk_set", "new_keys"), 1);
    assert_eq!(fetches("jwk_set", "same_keys"), 2);
    assert_eq!(fetches("jwk_set", "no_usable_key"), 1);
    let keys = of(&format!("oidc_keys issuer={iss}"));
    assert!((f64::from_bits(keys) - 1.0).abs() < f64::EPSILON);
}
