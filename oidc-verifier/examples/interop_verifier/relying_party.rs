//! A verifier and its keys for each issuer and audience that it was asked about, under one clock.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oidc_verifier::http::{HttpTransport, KeyRefresher, blocking};
use oidc_verifier::key_source::KeySourceConfig;
use oidc_verifier::{Algorithm, Clock as _, IssuerIdentifier, SystemClock, Verifier};

/// The clock of the machine, and by how many seconds it was moved.
type Moved = Arc<AtomicU64>;

pub(crate) struct RelyingParty {
    transport: HttpTransport,
    moved: Moved,
    /// By issuer and audience, kept current for as long as this lives.
    trusted: BTreeMap<(String, String), blocking::KeyRefresher>,
}

impl RelyingParty {
    pub(crate) fn new(transport: HttpTransport) -> RelyingParty {
        RelyingParty {
            transport,
            moved: Moved::default(),
            trusted: BTreeMap::new(),
        }
    }

    /// Lets time pass.
    pub(crate) fn later(&self, seconds: u32) {
        self.moved.fetch_add(seconds.into(), Ordering::Relaxed);
    }

    /// What verifies the tokens of this issuer for this audience. Its keys are fetched when it is
    /// asked for the first time.
    pub(crate) fn keys_of(
        &mut self,
        issuer: &str,
        audience: &str,
    ) -> Result<&blocking::KeyRefresher, Box<dyn Error>> {
        let name = (issuer.to_owned(), audience.to_owned());
        if !self.trusted.contains_key(&name) {
            let keys = self.trust(issuer, audience)?;
            keys.wait_until_ready(FIRST_KEYS_WITHIN)?;
            self.trusted.insert(name.clone(), keys);
        }
        Ok(self.trusted.get(&name).ok_or("the issuer is not trusted")?)
    }

    fn trust(
        &self,
        issuer: &str,
        audience: &str,
    ) -> Result<blocking::KeyRefresher, Box<dyn Error>> {
        let verifier = Verifier::builder()
            .issuer(IssuerIdentifier::loopback(issuer)?)
            .audience(audience)
            .algorithms(algorithms())
            // The access tokens of RFC 9068, which some issuers make, beside those without a type.
            .accept_typ("at+jwt")
            .build()?;
        let moved = Arc::clone(&self.moved);
        let clock = move || {
            let by = Duration::from_secs(moved.load(Ordering::Relaxed));
            SystemClock.now().saturating_add(by)
        };
        let keys = KeyRefresher::builder(Arc::new(verifier), self.transport.clone())
            .discover_all(&KeySourceConfig::default())
            .clock(clock)
            .spawn_thread()?;
        Ok(keys)
    }
}

/// All that the crypto backend can do: ring has no P-521.
fn algorithms() -> impl Iterator<Item = Algorithm> {
    let all = Algorithm::ALL.iter().copied();
    all.filter(|algorithm| cfg!(feature = "aws-lc-rs") || *algorithm != Algorithm::Es512)
}

/// A fetch of two documents, and an issuer that has just started.
const FIRST_KEYS_WITHIN: Duration = Duration::from_secs(10);
