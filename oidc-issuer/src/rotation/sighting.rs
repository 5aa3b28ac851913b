//! What the world sees.

use oidc_core::{
    Algorithm, IssuerIdentifier, Jwk, JwkSet, JwkSetError, NumericDate, ProviderMetadata,
    ProviderMetadataError,
};

/// What was fetched through the public address of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Sighting {
    /// One for each place that it was looked at from.
    views: Vec<View>,
    answered_at: Option<NumericDate>,
}

/// What shows from one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    /// `None` where nothing is published.
    keys: Option<Vec<Jwk>>,
    algorithms: Vec<Algorithm>,
}

impl Sighting {
    /// There is nothing at the address: it answered, and what it answered was 404 or 410.
    pub fn nothing() -> Sighting {
        Sighting::of(None, Vec::new())
    }

    /// These keys, and these algorithms in the discovery document.
    pub fn new(
        keys: impl IntoIterator<Item = Jwk>,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Sighting {
        Sighting::of(
            Some(keys.into_iter().collect()),
            algorithms.into_iter().collect(),
        )
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

    /// What both documents of `issuer` say, as they were fetched.
    ///
    /// ```
    /// use oidc_core::{Algorithm, IssuerIdentifier};
    /// use oidc_issuer::{Issuer, Sighting, SigningKey, SystemRandom};
    ///
    /// let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?;
    /// let jwk = key.public_jwk().clone();
    /// let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example")?)
    ///     .key(key)
    ///     .build()?;
    /// let [discovery, jwk_set] = [issuer.discovery_document(), issuer.jwk_set_document()];
    /// let sighting = Sighting::from_bytes(issuer.id(), &discovery.bytes, &jwk_set.bytes)?;
    /// assert_eq!(sighting, Sighting::new([jwk], [Algorithm::Es256]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SightingError`]: what is there is no document of this issuer that a relying party would
    /// read, so nothing was seen.
    pub fn from_bytes(
        issuer: &IssuerIdentifier,
        discovery: &[u8],
        jwk_set: &[u8],
    ) -> Result<Sighting, SightingError> {
        let metadata = ProviderMetadata::parse(issuer, discovery)?;
        Sighting::from_metadata(&metadata, jwk_set)
    }

    /// The same, with the discovery document read already.
    pub(crate) fn from_metadata(
        metadata: &ProviderMetadata,
        jwk_set: &[u8],
    ) -> Result<Sighting, SightingError> {
        let keys = JwkSet::parse(jwk_set)?;
        let algorithms = metadata.id_token_signing_alg_values_supported();
        let algorithms = algorithms.unwrap_or_default().iter().map(String::as_str);
        Ok(Sighting::of_documents(&keys, algorithms))
    }

    fn of(keys: Option<Vec<Jwk>>, algorithms: Vec<Algorithm>) -> Sighting {
        Sighting {
            views: vec![View { keys, algorithms }],
            answered_at: None,
        }
    }

    /// The same, and what was seen from another place at the same time: a key or an algorithm is
    /// there when it shows from every place.
    pub fn and(mut self, other: Sighting) -> Sighting {
        self.views.extend(other.views);
        self.answered_at = self.answered_at.or(other.answered_at);
        self
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

    /// Every key that shows from anywhere.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Jwk> {
        self.views.iter().flat_map(View::keys)
    }

    /// Whether this key is there, the same material under the same id.
    pub(super) fn shows(&self, jwk: &Jwk) -> bool {
        let same = |seen: &Jwk| seen.kid() == jwk.kid() && seen.key() == jwk.key();
        self.views.iter().all(|view| view.keys().iter().any(same))
    }

    /// The keys as they show from each place.
    pub(super) fn views(&self) -> impl Iterator<Item = &[Jwk]> {
        self.views.iter().map(View::keys)
    }

    pub(super) fn announces(&self, algorithm: Algorithm) -> bool {
        self.views
            .iter()
            .all(|view| view.algorithms.contains(&algorithm))
    }
}

impl View {
    fn keys(&self) -> &[Jwk] {
        self.keys.as_deref().unwrap_or_default()
    }
}

/// Why what was fetched is no sighting: nobody would learn the issuer's keys from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SightingError {
    /// The discovery document is none of this issuer.
    #[error("the discovery document is none of this issuer")]
    Discovery(#[from] ProviderMetadataError),
    /// The JWK Set cannot be read.
    #[error("the JWK Set cannot be read")]
    JwkSet(#[from] JwkSetError),
}

impl SightingError {
    /// A stable code in `snake_case`: that of the document's own error.
    pub const fn code(&self) -> &'static str {
        match self {
            SightingError::Discovery(error) => error.code(),
            SightingError::JwkSet(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, SystemRandom};

    fn jwk(kid: &str) -> Jwk {
        let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
        key.with_kid(kid).unwrap().public_jwk().clone()
    }

    /// A cache in one region holds the old document.
    #[test]
    fn a_key_is_there_when_it_shows_from_every_place() {
        let [old, new, strange] = ["old", "new", "strange"].map(jwk);
        let (es256, rs256) = (Algorithm::Es256, Algorithm::Rs256);
        let near = Sighting::new([old.clone(), new.clone()], [es256, rs256]);
        let far = Sighting::new([old.clone(), strange.clone()], [es256]);
        for both in [near.clone().and(far.clone()), far.and(near.clone())] {
            assert!(both.shows(&old) && !both.shows(&new) && !both.shows(&strange));
            assert!(both.announces(es256) && !both.announces(rs256));
            // What must not be there is looked for from anywhere.
            assert!(both.keys().any(|jwk| *jwk == strange));
        }
        let nothing = near.and(Sighting::nothing());
        assert!(!nothing.shows(&old) && !nothing.announces(es256));
        assert_eq!(
            nothing.views().map(<[Jwk]>::len).collect::<Vec<_>>(),
            [2, 0]
        );
    }

    #[test]
    fn the_first_place_that_says_the_time_is_asked_for_it() {
        let at = |seconds| NumericDate::from_seconds(seconds).unwrap();
        let told = |seconds| Sighting::nothing().with_time(at(seconds));
        assert_eq!(told(1).and(told(2)).answered_at(), Some(at(1)));
        let late = Sighting::nothing().and(told(2));
        assert_eq!(late.answered_at(), Some(at(2)));
    }

    /// The same id with other material is another key.
    #[test]
    fn a_key_of_the_same_name_is_not_the_same() {
        let [one, other] = [jwk("k"), jwk("k")];
        let sighting = Sighting::new([one.clone()], []);
        assert!(sighting.shows(&one) && !sighting.shows(&other));
    }
}
