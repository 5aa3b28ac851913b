//! What is told to tracing and metrics while keys rotate: enough to alarm on, and not a word of a
//! token.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod counted;

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use counted::Counted;
use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use oidc_issuer::store::{MemoryKeys, MemoryStore, StoreError};
use oidc_issuer::{
    Clocks, Documents, Issuer, Publisher, RingName, Rotation, RotationConfig, RotationPolicy,
    Sighting, SigningKey, SystemRandom, TokenSpec, drive,
};
use serde_json::json;
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

impl Subscriber for Heard {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("oidc_issuer")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        writeln!(self.0.lock().unwrap()).unwrap();
        write!(self.0.lock().unwrap(), "{}", event.metadata().level()).unwrap();
        event.record(&mut &*self);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A place for documents that can be out of order.
#[derive(Default)]
struct Site {
    documents: Mutex<Option<Documents>>,
    broken: bool,
}

/// Stands in everything that is not to be told: a failure's text, a subject, a claim.
const SECRET: &str = "not-to-be-told";

impl Publisher for Site {
    fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::new(std::io::Error::other(SECRET)));
        }
        *self.documents.lock().unwrap() = Some(documents.clone());
        Ok(())
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let Some(documents) = &*self.documents.lock().unwrap() else {
            return Ok(Sighting::nothing());
        };
        let (discovery, jwk_set) = (&documents.discovery.bytes, &documents.jwk_set.bytes);
        Sighting::from_bytes(issuer, discovery, jwk_set).map_err(StoreError::new)
    }
}

fn told(run: impl FnOnce()) -> (Counted, String) {
    let (heard, counted) = (Heard::default(), Counted::default());
    tracing::subscriber::with_default(heard.clone(), || {
        metrics::with_local_recorder(&counted, run);
    });
    let text = heard.0.lock().unwrap().clone();
    (counted, text)
}

fn rotation() -> Rotation {
    let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
    let config = RotationConfig::new(issuer).ring(Algorithm::Es256, RotationPolicy::default());
    Rotation::new(config.unwrap())
}

fn clocks() -> Clocks {
    let now = NumericDate::from_seconds(1_790_000_000).unwrap();
    Clocks::new(now, Duration::ZERO)
}

fn make(_: &RingName, algorithm: Algorithm) -> Result<SigningKey, oidc_issuer::SigningKeyError> {
    SigningKey::generate(algorithm, &SystemRandom::new())
}

#[test]
fn a_first_start_says_each_step_each_key_and_how_long_it_may_sign() {
    let (counted, heard) = told(|| {
        let (mut rotation, store, keys) = (rotation(), MemoryStore::new(), MemoryKeys::new());
        rotation.confirm_clock(clocks());
        let pass = drive(&mut rotation, &store, &keys, &Site::default(), make, clocks);
        assert!(pass.failures.is_empty(), "{:?}", pass.failures);

        let issuer = Issuer::of_rotation(&rotation, &keys, clocks(), None).unwrap();
        let spec = TokenSpec::new(SECRET, "https://deploy.example").unwrap();
        let spec = spec.with_claim("claim", &json!(SECRET)).unwrap();
        issuer.issue(&spec, clocks().wall).unwrap();
        // A day later the state that was read is too old.
        let late = clocks().wall.saturating_add(Duration::from_secs(86_400));
        issuer.issue(&spec, late).unwrap_err();

        // A second replica on the same store tells nothing again that was told before.
        let mut other = Rotation::new(rotation.config().clone());
        let _ = drive(&mut other, &store, &keys, &Site::default(), make, clocks);
    });

    let issuer = "issuer=https://ci.example";
    for step in ["load", "commit", "generate", "publish", "look"] {
        let series = format!("oidc_rotation_steps_total {issuer} step={step} code=done");
        assert!(counted.count(&series) > 0, "{series}");
    }
    let tokens = format!("oidc_tokens_issued_total {issuer}");
    assert_eq!(counted.count(&format!("{tokens} code=issued")), 1);
    assert_eq!(counted.count(&format!("{tokens} code=stale_keys")), 1);

    let keys = format!("oidc_signing_keys {issuer} ring=ES256");
    assert_eq!(counted.gauge(&format!("{keys} state=active")), Some(1.0));
    assert_eq!(counted.gauge(&format!("{keys} state=revoked")), Some(0.0));
    let left = counted.gauge(&format!("oidc_signing_seconds_left {issuer}"));
    assert!(left.unwrap() > 0.0, "{left:?}");

    let active = heard.matches("state=\"active\"").count();
    assert_eq!(active, 1, "{heard}");
    assert!(heard.contains("token issued"), "{heard}");
    assert!(!heard.contains(SECRET), "{heard}");
    assert!(!heard.contains("deploy.example"), "{heard}");
}

#[test]
fn a_site_that_fails_is_told_and_its_words_are_not() {
    let (counted, heard) = told(|| {
        let mut rotation = rotation();
        rotation.confirm_clock(clocks());
        let site = Site {
            broken: true,
            ..Site::default()
        };
        let (store, keys) = (MemoryStore::new(), MemoryKeys::new());
        let pass = drive(&mut rotation, &store, &keys, &site, make, clocks);
        assert!(format!("{:?}", pass.failures).contains(SECRET));
    });
    let failed = "oidc_rotation_steps_total issuer=https://ci.example step=publish code=failed";
    assert!(counted.count(failed) > 0);
    assert!(
        heard.contains("WARN message=rotation step failed"),
        "{heard}"
    );
    assert!(!heard.contains(SECRET), "{heard}");
}

#[test]
fn a_clock_that_jumps_is_told_once() {
    let (counted, heard) = told(|| {
        let mut rotation = rotation();
        rotation.confirm_clock(clocks());
        let day = Duration::from_secs(86_400);
        let _ = rotation.poll(Clocks::new(
            clocks().wall.saturating_add(day),
            Duration::ZERO,
        ));
        let _ = rotation.poll(Clocks::new(
            clocks().wall.saturating_add(day),
            Duration::ZERO,
        ));
    });
    let held = "oidc_rotation_events_total issuer=https://ci.example code=clock_held";
    assert_eq!(counted.count(held), 1);
    assert!(heard.contains("code=\"clock_held\""), "{heard}");
}
