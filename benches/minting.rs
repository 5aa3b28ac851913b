//! P17: a token of a service: its profile, its template, its ring of keys; and its documents.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::Duration;

use http::Request;
use oidc_core::{Algorithm, CompactJws, IssuerIdentifier, NumericDate};
use oidc_issuer::http::DocumentServer;
use oidc_issuer::profile::ci::{Profile, TokenRequest};
use oidc_issuer::store::{MemoryKeys, MemoryStore, StoreError};
use oidc_issuer::{
    Clocks, Documents, Issuer, Publisher, Rotation, RotationConfig, RotationPolicy,
    RotationSettings, Sighting, SigningKey, SystemRandom, TokenSpec, drive,
};

use crate::bare::BareSigner;
use crate::documents::{AUDIENCE, ISSUER};
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::world::Key;
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    for (algorithm, goal) in [
        (Algorithm::Rs256, 1.03),
        (Algorithm::Es256, 1.12),
        (Algorithm::Es384, 1.03),
        (Algorithm::EdDsa, 1.20),
    ] {
        let service = Service::start(algorithm)?;
        service.whole_token(report, goal)?;
        service.ring(report)?;
    }
    documents(report)
}

/// An issuer whose ring has three keys: one retiring, one that signs, and the next.
struct Service {
    algorithm: Algorithm,
    issuer: Issuer,
    /// The PKCS#8 of the key that signs.
    pkcs8: Vec<u8>,
    now: NumericDate,
}

/// What is published, seen at once.
#[derive(Default)]
struct Site(Mutex<Option<Documents>>);

impl Publisher for Site {
    fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        let mut site = self.0.lock().map_err(|_| StoreError::new("poisoned"))?;
        *site = Some(documents.clone());
        Ok(())
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let site = self.0.lock().map_err(|_| StoreError::new("poisoned"))?;
        let Some(documents) = &*site else {
            return Ok(Sighting::nothing());
        };
        let (discovery, jwk_set) = (&documents.discovery.bytes, &documents.jwk_set.bytes);
        Sighting::from_bytes(issuer, discovery, jwk_set).map_err(StoreError::new)
    }
}

impl Service {
    fn start(algorithm: Algorithm) -> Result<Service, Failure> {
        let mut made = Vec::new();
        for _ in 0..3 {
            made.push(Key::generate(algorithm)?);
        }
        let mut next = made.iter();
        let mut make = |_: &_, algorithm| match next.next() {
            Some(key) => SigningKey::from_pkcs8_der(algorithm, &key.pkcs8),
            None => SigningKey::generate(algorithm, &SystemRandom::new()),
        };
        // A day between two rotations.
        let settings = RotationSettings::new().period(Duration::from_secs(25 * 3_600));
        let policy = RotationPolicy::solve(&settings)?;
        let config =
            RotationConfig::new(IssuerIdentifier::parse(ISSUER)?).ring(algorithm, policy)?;
        let mut rotation = Rotation::new(config);
        let (store, keys, site) = (MemoryStore::new(), MemoryKeys::new(), Site::default());
        let start = crate::world::now()?;
        for minute in 0..30 * 60_u32 {
            let passed = Duration::from_secs(60).saturating_mul(minute);
            let clocks = Clocks::new(start.saturating_add(passed), passed);
            rotation.confirm_clock(clocks);
            let pass = drive(&mut rotation, &store, &keys, &site, &mut make, || clocks);
            if let Some(failure) = pass.failures.into_iter().next() {
                return Err(failure);
            }
            let issuer = Issuer::of_rotation(&rotation, &keys, clocks, None)?;
            let signs = |key: &&Key| Some(key.signing.kid()) == issuer.signing_kid(algorithm);
            if issuer.published_keys().len() == 3
                && let Some(key) = made.iter().find(signs)
            {
                return Ok(Service {
                    algorithm,
                    pkcs8: key.pkcs8.clone(),
                    issuer,
                    now: clocks.wall,
                });
            }
        }
        Err("no ring of three keys within 30 hours".into())
    }

    fn whole_token(&self, report: &mut Report, goal: f64) -> Result<(), Failure> {
        let (issuer, now) = (&self.issuer, self.now);
        let (profile, random) = (Profile::from_json(PROFILE)?, SystemRandom::new());
        let request = TokenRequest::new().with_audience(AUDIENCE);
        let token = issuer.issue(&profile.token_spec(CONTEXT, &request, &random)?, now)?;
        let message = CompactJws::parse(token.as_str().as_bytes())?.signing_input();
        let mut bare = BareSigner::new(self.algorithm, &self.pkcs8)?;

        let mut whole = || {
            let spec = profile.token_spec(black_box(CONTEXT), black_box(&request), &random);
            black_box(spec.is_ok_and(|spec| issuer.issue(&spec, now).is_ok()));
        };
        let mut floor = || {
            black_box(bare.sign(black_box(message)));
        };
        let race = Race::run(&mut [&mut whole, &mut floor]);
        report.row(
            &format!(
                "P17 {}, 10 claims by profile, template and ring, over the signature",
                self.algorithm
            ),
            Goal::AtMost(goal),
            Figure::Ratio(race.ratio(0, 1)),
            &over(&race),
        );
        Ok(())
    }

    /// The same key, alone in an issuer that never rotates.
    fn ring(&self, report: &mut Report) -> Result<(), Failure> {
        let alone = Issuer::builder(self.issuer.id().clone())
            .key(SigningKey::from_pkcs8_der(self.algorithm, &self.pkcs8)?)
            .build()?;
        let (ring, now) = (&self.issuer, self.now);
        let spec = TokenSpec::new("repo:acme/web:ref:refs/heads/main", AUDIENCE)?;
        let mut three = || {
            black_box(ring.issue(black_box(&spec), now).is_ok());
        };
        let mut one = || {
            black_box(alone.issue(black_box(&spec), now).is_ok());
        };
        let race = Race::run(&mut [&mut three, &mut one]);
        report.row(
            &format!("P17 {}, a ring of 3 keys over one key", self.algorithm),
            Goal::AtMost(1.02),
            Figure::Ratio(race.ratio(0, 1)),
            &over(&race),
        );
        Ok(())
    }
}

/// A request for the JWK Set of one of 100 tenants, and of the only one.
fn documents(report: &mut Report) -> Result<(), Failure> {
    let key = Key::generate(Algorithm::Es256)?;
    let tenants = |count: usize| -> Result<DocumentServer, Failure> {
        let server = DocumentServer::new();
        for tenant in 0..count {
            let id = IssuerIdentifier::parse(&format!("{ISSUER}/tenant-{tenant:02}"))?;
            let key = SigningKey::from_pkcs8_der(Algorithm::Es256, &key.pkcs8)?;
            server.publish(&Issuer::builder(id).key(key).build()?)?;
        }
        Ok(server)
    };
    let (hundred, one) = (tenants(100)?, tenants(1)?);
    let ask = |tenant: &str| -> Result<Request<()>, Failure> {
        Ok(Request::get(format!("/{tenant}/.well-known/jwks.json")).body(())?)
    };
    let (of_hundred, of_one) = (ask("tenant-57")?, ask("tenant-00")?);
    if !(hundred.respond(&of_hundred).status().is_success()
        && one.respond(&of_one).status().is_success())
    {
        return Err("a tenant's document is not served".into());
    }
    let mut many = || {
        black_box(hundred.respond(black_box(&of_hundred)));
    };
    let mut single = || {
        black_box(one.respond(black_box(&of_one)));
    };
    let race = Race::run(&mut [&mut many, &mut single]);
    report.row(
        "P17 a document of one of 100 tenants, over that of the only one",
        Goal::AtMost(1.2),
        Figure::Ratio(race.ratio(0, 1)),
        &over(&race),
    );
    Ok(())
}

fn over(race: &Race) -> String {
    let (this, that) = (race.nanoseconds(0), race.nanoseconds(1));
    format!("{} over {}", time(this), time(that))
}

/// `iss`, `sub`, `aud`, `exp`, `iat` and `jti` come with every token; here are four more.
const PROFILE: &[u8] = br#"{
    "template": {
        "sub": {"text": [
            "repo:", {"from": "/repository"}, ":ref:", {"from": "/ref"}
        ]},
        "claims": {
            "repository_id": {"from": "/ids/repository", "type": "string"},
            "actor": {"from": "/actor", "type": "string"},
            "run_attempt": {"from": "/attempt", "type": "integer"},
            "environment": {"constant": "production"}
        }
    }
}"#;

const CONTEXT: &[u8] = br#"{"repository": "acme/web", "ref": "refs/heads/main", "actor": "octocat",
    "attempt": 1, "ids": {"repository": "4217"}}"#;
