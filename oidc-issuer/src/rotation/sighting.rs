//! What the world sees.

use oidc_core::{Algorithm, Jwk, JwkSet, NumericDate};

/// What was fetched through the public address of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Sighting {
    /// `None` where nothing is published.
    keys: Option<Vec<Jwk>>,
    algorithms: Vec<Algorithm>,
    answered_at: Option<NumericDate>,
}

impl Sighting {
    /// There is nothing at the address: it answered, and what it answered was 404 or 410.
    pub fn nothing() -> Sighting {
        Sighting {
            keys: None,
            algorithms: Vec::new(),
            answered_at: None,
        }
    }

    /// These keys, and these algorithms in the discovery document.
    pub fn new(
        keys: impl IntoIterator<Item = Jwk>,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Sighting {
        Sighting {
            keys: Some(keys.into_iter().collect()),
            algorithms: algorithms.into_iter().collect(),
            answered_at: None,
        }
    }

    /// The keys of this set, and these names of algorithms in the discovery document; names that
    /// are not known are passed over.
    pub fn of_documents<'a>(
        jwk_set: &JwkSet,
        algorithms: impl IntoIterator<Item = &'a str>,
    ) -> Sighting {
        let algorithms = algorithms.into_iter().filter_map(|name| name.parse().ok());
        Sighting::new(jwk_set.keys().iter().cloned(), algorithms)
    }

    /// The same, answered at this time by the clock of whoever answered: `Date` of the response,
    /// plus its `Age` (RFC 9110 section 6.6.1, RFC 9111 section 5.1).
    pub fn with_time(mut self, answered_at: NumericDate) -> Sighting {
        self.answered_at = Some(answered_at);
        self
    }

    pub(super) fn answered_at(&self) -> Option<NumericDate> {
        self.answered_at
    }

    pub(super) fn keys(&self) -> &[Jwk] {
        self.keys.as_deref().unwrap_or_default()
    }

    /// Whether this key is there, the same material under the same id.
    pub(super) fn shows(&self, jwk: &Jwk) -> bool {
        let same = |seen: &Jwk| seen.kid() == jwk.kid() && seen.key() == jwk.key();
        self.keys().iter().any(same)
    }

    pub(super) fn announces(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}
