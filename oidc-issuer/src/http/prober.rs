//! Looking at the documents of an issuer as a relying party does.

use std::fmt;
use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use oidc_core::{IssuerIdentifier, JwkSet, ProviderMetadata};
use rustls::ClientConfig;

use super::addresses::Addresses;
use super::fetch::{self, Found, MediaType, Wanted};
use super::probe_error::{ProbeError, ProbeFault};
use super::tls::{self, TlsSetupError};
use crate::rotation::{Sighting, SightingError};

/// Fetches the discovery document and the JWK Set of an issuer through its public URL, and says what
/// shows there.
///
/// - `https` only; `http` for issuers of [`IssuerIdentifier::loopback`], which are reached at no
///   other address than this machine's.
/// - Past caches: each request says `Cache-Control: no-cache` and makes its own connection.
/// - Bounded: [`TIMEOUT`](Self::TIMEOUT) for each document, and as many bytes as a relying party
///   reads. No redirect is followed, no proxy used, whatever the environment says; no cookie is sent
///   and no content encoding asked for.
/// - 404 and 410 are [`Sighting::nothing`]. Whatever else is no document of the issuer is an error:
///   nothing was seen, and the rotation waits.
/// - `Date` and `Age` of the answer are the time by a second clock ([`Sighting::with_time`]), except
///   for loopback issuers: the clock of this machine is no second one.
///
/// One prober looks from one place. [`host_at`](Self::host_at) makes it ask one edge of several;
/// join what several see with [`Published::also_from`](super::Published::also_from) or
/// [`Sighting::and`].
///
/// ```no_run
/// use oidc_core::IssuerIdentifier;
/// use oidc_issuer::http::Prober;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = IssuerIdentifier::parse("https://ci.example")?;
/// let sighting = Prober::new()?.look_blocking(&issuer)?;
/// # let _ = sighting;
/// # Ok(())
/// # }
/// ```
///
/// # Security
///
/// It connects to where the issuer's own URL and its own discovery document lead, private networks
/// included. It sends nothing secret, and what it receives goes nowhere but into the [`Sighting`].
#[derive(Clone)]
pub struct Prober {
    tls: ClientConfig,
    addresses: Addresses,
    timeout: Duration,
}

impl Prober {
    /// For how long one document is waited for, unless less is asked for. Longer than a slow edge
    /// takes, and shorter than the time between two looks.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// One that believes the certificates that the platform believes.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when the platform has no root certificates.
    pub fn new() -> Result<Prober, TlsSetupError> {
        Ok(Prober::with_tls(tls::by_platform()?))
    }

    /// One that believes these certificates and no others: PEM, one after the other.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] says what is wrong with the certificates.
    pub fn with_roots(pem: &[u8]) -> Result<Prober, TlsSetupError> {
        Ok(Prober::with_tls(tls::by_roots(pem)?))
    }

    /// One that believes no certificate: for issuers on loopback without TLS.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError::Backend`].
    pub fn for_loopback() -> Result<Prober, TlsSetupError> {
        Ok(Prober::with_tls(tls::by_nobody()?))
    }

    fn with_tls(tls: ClientConfig) -> Prober {
        Prober {
            tls,
            addresses: Addresses::default(),
            timeout: Prober::TIMEOUT,
        }
    }

    /// The same, which takes this host to be at this address and asks no DNS for it: one edge of a
    /// content delivery network, one of several web servers. The certificate is still that of the
    /// host.
    #[must_use]
    pub fn host_at(mut self, host: &str, address: IpAddr) -> Prober {
        self.addresses.set(host, address);
        self
    }

    /// The same, which waits for each document for as long as this, and for no longer than
    /// [`TIMEOUT`](Self::TIMEOUT).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Prober {
        self.timeout = timeout.min(Prober::TIMEOUT);
        self
    }

    /// Looks, on a runtime of tokio.
    ///
    /// # Errors
    ///
    /// [`ProbeError`]: nothing is known of what the world sees; look again later.
    pub async fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, ProbeError> {
        let discovery_url = issuer.discovery_url();
        let at = |url: &str, fault| ProbeError::new(url, fault);
        let client = fetch::client(&self.tls, &self.addresses, issuer, self.timeout)
            .map_err(|fault| at(&discovery_url, fault))?;
        let wanted = Wanted {
            media_type: MediaType::Discovery,
            max_bytes: ProviderMetadata::MAX_BYTES,
            timeout: self.timeout,
        };
        let found = fetch::get(&client, &discovery_url, wanted).await;
        let Some(discovery) = found.map_err(|fault| at(&discovery_url, fault))? else {
            return Ok(Sighting::nothing());
        };
        let metadata = ProviderMetadata::parse(issuer, &discovery.body)
            .map_err(|error| at(&discovery_url, SightingError::from(error).into()))?;

        let jwks_uri = metadata.jwks_uri().as_str();
        let wanted = Wanted {
            media_type: MediaType::JwkSet,
            max_bytes: JwkSet::DEFAULT_MAX_BYTES,
            timeout: self.timeout,
        };
        let found = fetch::get(&client, jwks_uri, wanted).await;
        let Some(Found { body, answered_at }) = found.map_err(|fault| at(jwks_uri, fault))? else {
            return Ok(Sighting::nothing());
        };
        let sighting = Sighting::from_metadata(&metadata, &body)
            .map_err(|error| at(jwks_uri, error.into()))?;
        Ok(match answered_at {
            Some(time) if !issuer.is_loopback() => sighting.with_time(time),
            Some(_) | None => sighting,
        })
    }

    /// Looks, without a runtime: it waits in a thread of its own.
    ///
    /// # Errors
    ///
    /// As [`look`](Self::look).
    pub fn look_blocking(&self, issuer: &IssuerIdentifier) -> Result<Sighting, ProbeError> {
        thread::scope(|scope| {
            let no_runtime = || ProbeError::new(&issuer.discovery_url(), ProbeFault::Runtime);
            // Not on the caller's thread: it may be one of a runtime that must not block.
            let look = move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|_| no_runtime())?;
                let looked = runtime.block_on(self.look(issuer));
                // A resolver that hangs is not waited for.
                runtime.shutdown_background();
                looked
            };
            let looking = thread::Builder::new()
                .name("oidc-prober".to_owned())
                .spawn_scoped(scope, look);
            let looked = looking.map_err(|_| no_runtime())?.join();
            looked.unwrap_or_else(|_| Err(no_runtime()))
        })
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober")
            .field("addresses", &self.addresses)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
