//! What a replica rotates: names, rings, and the times that each of them keeps.

use std::collections::BTreeSet;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk};

use crate::publication;
use crate::rotation_policy::RotationPolicy;
use crate::state::{MAX_KEYS_PER_RING, MAX_RINGS, RingName, RotationState};

/// What to rotate. All replicas of an issuer are given the same; while they are not, during an
/// update, times that are committed hold.
///
/// ```
/// use oidc_core::{Algorithm, IssuerIdentifier};
/// use oidc_issuer::{RotationConfig, RotationPolicy};
///
/// let policy = RotationPolicy::default();
/// let config = RotationConfig::new(IssuerIdentifier::parse("https://ci.example")?)
///     .ring(Algorithm::Es256, policy)?
///     .ring(Algorithm::Rs256, policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RotationConfig {
    issuer: IssuerIdentifier,
    sites: Vec<(IssuerIdentifier, String)>,
    rings: Vec<RingConfig>,
    audiences: Vec<(String, RingName)>,
    claims_supported: Vec<String>,
}

#[derive(Clone, Debug)]
struct RingConfig {
    name: RingName,
    algorithm: Algorithm,
    policy: RotationPolicy,
}

impl RotationConfig {
    /// An issuer of this name. Its JWK Set is at `/.well-known/jwks.json` under it.
    pub fn new(issuer: IssuerIdentifier) -> RotationConfig {
        let jwks_uri = publication::default_jwks_uri(&issuer);
        RotationConfig {
            sites: vec![(issuer.clone(), jwks_uri)],
            issuer,
            rings: Vec::new(),
            audiences: Vec::new(),
            claims_supported: Vec::new(),
        }
    }

    /// The same with another name for the same keys: an old address, or a tenant's. Each name has
    /// documents of its own, and a key counts as seen when it was seen under all of them.
    ///
    /// # Errors
    ///
    /// [`RotationConfigError::DuplicateIssuer`].
    pub fn also_known_as(self, issuer: IssuerIdentifier) -> Result<Self, RotationConfigError> {
        let jwks_uri = publication::default_jwks_uri(&issuer);
        self.also_known_at(issuer, &jwks_uri)
    }

    /// As [`also_known_as`](Self::also_known_as), with the JWK Set at this address.
    ///
    /// # Errors
    ///
    /// [`RotationConfigError::DuplicateIssuer`].
    pub fn also_known_at(
        mut self,
        issuer: IssuerIdentifier,
        jwks_uri: &str,
    ) -> Result<Self, RotationConfigError> {
        if self.sites.iter().any(|(other, _)| *other == issuer) {
            return Err(RotationConfigError::DuplicateIssuer { issuer });
        }
        self.sites.push((issuer, jwks_uri.to_owned()));
        Ok(self)
    }

    /// The same with the JWK Set of the issuer's first name at this address.
    pub fn jwks_uri(mut self, jwks_uri: &str) -> RotationConfig {
        if let Some((_, uri)) = self.sites.first_mut() {
            jwks_uri.clone_into(uri);
        }
        self
    }

    /// The same with a ring for this algorithm, under the algorithm's name.
    ///
    /// # Errors
    ///
    /// As [`named_ring`](Self::named_ring).
    pub fn ring(
        self,
        algorithm: Algorithm,
        policy: RotationPolicy,
    ) -> Result<Self, RotationConfigError> {
        self.named_ring(algorithm.into(), algorithm, policy)
    }

    /// The same with a ring of this name, so that one algorithm may have rings for several
    /// purposes.
    ///
    /// # Errors
    ///
    /// [`RotationConfigError::DuplicateRing`] and [`RotationConfigError::TooManyRings`].
    pub fn named_ring(
        mut self,
        name: RingName,
        algorithm: Algorithm,
        policy: RotationPolicy,
    ) -> Result<Self, RotationConfigError> {
        if self.rings.iter().any(|ring| ring.name == name) {
            return Err(RotationConfigError::DuplicateRing { ring: name });
        }
        if self.rings.len() >= Self::MAX_RINGS {
            return Err(RotationConfigError::TooManyRings {
                max: Self::MAX_RINGS,
            });
        }
        self.rings.push(RingConfig {
            name,
            algorithm,
            policy,
        });
        Ok(self)
    }

    /// The same, signing tokens for this audience with that ring unless an algorithm is asked for.
    ///
    /// # Errors
    ///
    /// [`RotationConfigError::NoRing`] and [`RotationConfigError::DuplicateAudience`].
    pub fn audience(mut self, audience: &str, ring: RingName) -> Result<Self, RotationConfigError> {
        if self.policy(&ring).is_none() {
            return Err(RotationConfigError::NoRing { ring });
        }
        if self.audiences.iter().any(|(other, _)| other == audience) {
            let audience = audience.to_owned();
            return Err(RotationConfigError::DuplicateAudience { audience });
        }
        self.audiences.push((audience.to_owned(), ring));
        Ok(self)
    }

    /// The same, listing a custom claim in `claims_supported` of the discovery document.
    pub fn claim_supported(mut self, name: &str) -> RotationConfig {
        self.claims_supported.push(name.to_owned());
        self
    }

    pub(crate) fn audiences(&self) -> &[(String, RingName)] {
        &self.audiences
    }

    pub(crate) fn claims_supported(&self) -> &[String] {
        &self.claims_supported
    }

    /// The most rings: eight keys of each still make a JWK Set of at most 100.
    pub const MAX_RINGS: usize = MAX_RINGS;

    /// The first name of the issuer.
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// All names of the issuer.
    pub fn issuers(&self) -> impl Iterator<Item = &IssuerIdentifier> {
        self.sites.iter().map(|(id, _)| id)
    }

    /// Where the JWK Set of this name is.
    pub fn jwks_uri_of(&self, issuer: &IssuerIdentifier) -> Option<&str> {
        self.sites
            .iter()
            .find_map(|(id, uri)| (id == issuer).then_some(uri.as_str()))
    }

    /// The rule of a ring.
    pub fn policy(&self, name: &RingName) -> Option<&RotationPolicy> {
        self.rings
            .iter()
            .find_map(|ring| (ring.name == *name).then_some(&ring.policy))
    }

    /// The rings, in their order.
    pub(crate) fn rings(&self) -> impl Iterator<Item = (&RingName, Algorithm, &RotationPolicy)> {
        self.rings
            .iter()
            .map(|ring| (&ring.name, ring.algorithm, &ring.policy))
    }

    pub(super) fn longest(&self, of: impl Fn(&RotationPolicy) -> Duration) -> Duration {
        self.rings
            .iter()
            .map(|ring| of(&ring.policy))
            .max()
            .unwrap_or_default()
    }

    fn shortest(&self, of: impl Fn(&RotationPolicy) -> Duration) -> Option<Duration> {
        self.rings.iter().map(|ring| of(&ring.policy)).min()
    }

    pub(super) fn poll_interval(&self) -> Duration {
        self.shortest(RotationPolicy::poll_interval)
            .unwrap_or(Duration::from_secs(10))
    }

    pub(super) fn staleness(&self) -> Duration {
        self.shortest(RotationPolicy::staleness).unwrap_or_default()
    }

    /// How long the JWK Set may be kept: the shortest that a ring asks for.
    pub(crate) fn jwks_max_age(&self) -> Duration {
        self.shortest(RotationPolicy::jwks_max_age)
            .unwrap_or(publication::JWK_SET_MAX_AGE)
    }

    /// How long the discovery document may be kept.
    pub(crate) fn discovery_max_age(&self) -> Duration {
        self.shortest(RotationPolicy::discovery_max_age)
            .unwrap_or(publication::DISCOVERY_MAX_AGE)
    }

    pub(super) fn propagation(&self) -> Duration {
        self.longest(RotationPolicy::propagation)
    }

    /// How far a clock may be from another. A quarter of E each for the moment of confirmation and
    /// for the time since: then two signers differ by no more than E.
    pub(crate) fn tolerance(&self) -> Duration {
        let error = self
            .shortest(RotationPolicy::clock_error)
            .unwrap_or_default();
        Duration::from_secs(error.as_secs() / 4)
    }

    /// The rule that keeps a retiring key the longest.
    pub(super) fn longest_policy(&self) -> RotationPolicy {
        let policies = self.rings.iter().map(|ring| ring.policy);
        policies
            .max_by_key(RotationPolicy::publish_after)
            .unwrap_or_default()
    }

    /// Whether the ring has too few keys that wait for their turn, with those that were made for
    /// it and without those that cannot be used.
    pub(super) fn lacks(
        &self,
        state: &RotationState,
        name: &RingName,
        generated: &[(RingName, Jwk)],
        unusable: &BTreeSet<String>,
    ) -> bool {
        let Some(policy) = self.policy(name) else {
            return false;
        };
        let made = generated.iter().filter(|(ring, _)| ring == name).count();
        let Some(ring) = state.ring(name) else {
            return made <= usize::from(policy.standbys());
        };
        let useless = ring.keys().iter().filter(|key| {
            let waits = key.has_private_half() && key.reserved_until().is_none();
            waits && unusable.contains(key.kid())
        });
        let wanted = usize::from(policy.standbys())
            .saturating_add(usize::from(ring.active().is_none()))
            .saturating_add(useless.count());
        let there = ring.waiting().saturating_add(made);
        there < wanted && ring.published().count().saturating_add(made) < MAX_KEYS_PER_RING
    }

    /// The first ring that has too few keys that wait for their turn.
    pub(super) fn ring_that_wants_key(
        &self,
        state: &RotationState,
        generated: &[(RingName, Jwk)],
        unusable: &BTreeSet<String>,
    ) -> Option<(&RingName, Algorithm)> {
        self.rings
            .iter()
            .find(|ring| self.lacks(state, &ring.name, generated, unusable))
            .map(|ring| (&ring.name, ring.algorithm))
    }
}

/// Why a ring or a name was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationConfigError {
    /// Two rings have this name.
    #[error("two rings have the name `{ring}`")]
    #[non_exhaustive]
    DuplicateRing {
        /// The name.
        ring: RingName,
    },
    /// No ring has this name.
    #[error("no ring has the name `{ring}`")]
    #[non_exhaustive]
    NoRing {
        /// The name.
        ring: RingName,
    },
    /// The audience has a ring already.
    #[error("the audience `{}` has two rings", audience.escape_debug())]
    #[non_exhaustive]
    DuplicateAudience {
        /// The audience.
        audience: String,
    },
    /// The issuer has this name already.
    #[error("the issuer has the name `{issuer}` twice")]
    #[non_exhaustive]
    DuplicateIssuer {
        /// The name.
        issuer: IssuerIdentifier,
    },
    /// There are too many rings for one JWK Set.
    #[error("more than {max} rings")]
    #[non_exhaustive]
    TooManyRings {
        /// [`RotationConfig::MAX_RINGS`].
        max: usize,
    },
}

impl RotationConfigError {
    /// A stable code in `snake_case`, such as `duplicate_ring`.
    pub const fn code(&self) -> &'static str {
        match self {
            RotationConfigError::DuplicateRing { .. } => "duplicate_ring",
            RotationConfigError::NoRing { .. } => "no_ring",
            RotationConfigError::DuplicateAudience { .. } => "duplicate_audience",
            RotationConfigError::DuplicateIssuer { .. } => "duplicate_issuer",
            RotationConfigError::TooManyRings { .. } => "too_many_rings",
        }
    }
}
