//! Which key verifies a token: found by issuer, `kid` and algorithm, or not at all.

use std::fmt;
use std::sync::Arc;

use oidc_core::{Algorithm, Jwk, JwkSet};

use crate::error::VerifyError;
use crate::signature::VerifyingKey;

/// The keys of all issuers at one moment. Readers hold one; an update makes another.
#[derive(Clone, Debug)]
pub(crate) struct KeySnapshot {
    /// For each configured issuer its keys, once they were installed.
    issuers: Vec<Option<Arc<IssuerKeyTable>>>,
    /// Every `kid` of any issuer, sorted; `None` while an issuer's keys are missing.
    all_kids: Option<Vec<Arc<str>>>,
}

impl KeySnapshot {
    pub(crate) fn new(issuers: Vec<Option<Arc<IssuerKeyTable>>>) -> KeySnapshot {
        let mut all_kids = Vec::new();
        let mut complete = true;
        for table in &issuers {
            match table {
                Some(table) => all_kids.extend(table.keys.iter().filter_map(|key| key.kid.clone())),
                None => complete = false,
            }
        }
        all_kids.sort_unstable();
        all_kids.dedup();
        KeySnapshot {
            issuers,
            all_kids: complete.then_some(all_kids),
        }
    }

    /// The same with other keys for one issuer.
    pub(crate) fn with(&self, issuer: usize, table: Arc<IssuerKeyTable>) -> KeySnapshot {
        let mut issuers = self.issuers.clone();
        if let Some(held) = issuers.get_mut(issuer) {
            *held = Some(table);
        }
        KeySnapshot::new(issuers)
    }

    /// Whether surely no issuer has a key of this name: a reason to refuse before the payload is
    /// read.
    pub(crate) fn is_unknown(&self, kid: &str) -> bool {
        self.all_kids
            .as_ref()
            .is_some_and(|kids| kids.binary_search_by(|held| (**held).cmp(kid)).is_err())
    }

    /// The keys of one issuer, if they were ever installed.
    pub(crate) fn of(&self, issuer: usize) -> Option<&IssuerKeyTable> {
        self.issuers.get(issuer)?.as_deref()
    }
}

/// The usable keys of one issuer, each prepared for the algorithms that it may verify there.
pub(crate) struct IssuerKeyTable {
    /// Sorted by `kid`; those without one come first.
    keys: Vec<PreparedKey>,
}

struct PreparedKey {
    kid: Option<Arc<str>>,
    algorithms: Vec<(Algorithm, VerifyingKey)>,
}

/// Why a key of a well-formed set cannot be used for one issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUnusable {
    /// It fits no algorithm that is allowed for this issuer.
    #[error("fits no allowed algorithm")]
    NoAllowedAlgorithm,
    /// The crypto backend does not accept it: a point that is not on its curve, or an algorithm
    /// that it does not have.
    #[error("not accepted by the crypto backend")]
    RefusedByBackend,
}

impl IssuerKeyTable {
    /// Prepares every key of `set` for the algorithms of `allowed` that it fits; reports those
    /// that cannot be used, by their place in [`JwkSet::keys`].
    pub(crate) fn prepare(
        set: &JwkSet,
        allowed: &[Algorithm],
    ) -> (IssuerKeyTable, Vec<(usize, KeyUnusable)>) {
        let mut keys = Vec::new();
        let mut unusable = Vec::new();
        for (index, jwk) in set.keys().iter().enumerate() {
            match PreparedKey::prepare(jwk, allowed) {
                Ok(key) => keys.push(key),
                Err(reason) => unusable.push((index, reason)),
            }
        }
        keys.sort_by(|a, b| a.kid.cmp(&b.kid));
        (IssuerKeyTable { keys }, unusable)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key for a token with this header.
    ///
    /// A `kid` must name a key. Without one, exactly one key of the issuer may fit the algorithm:
    /// nothing is ever tried in turn.
    pub(crate) fn select(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<&VerifyingKey, VerifyError> {
        let named = match kid {
            None => &self.keys[..],
            Some(kid) => self.named(kid),
        };
        let mut fitting = named.iter().filter_map(|key| key.for_algorithm(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) if kid.is_none() => Err(VerifyError::KidRequired),
            (Some(_), Some(_)) => Err(VerifyError::AmbiguousKey),
            (None, _) if kid.is_some() && !named.is_empty() => Err(VerifyError::KeyNotForAlgorithm),
            (None, _) => Err(VerifyError::UnknownKey),
        }
    }

    fn named(&self, kid: &str) -> &[PreparedKey] {
        let start = self
            .keys
            .partition_point(|key| key.kid.as_deref() < Some(kid));
        let rest = self.keys.get(start..).unwrap_or_default();
        let count = rest
            .iter()
            .take_while(|key| key.kid.as_deref() == Some(kid))
            .count();
        rest.get(..count).unwrap_or_default()
    }
}

impl fmt::Debug for IssuerKeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.kid))
            .finish()
    }
}

impl PreparedKey {
    fn prepare(jwk: &Jwk, allowed: &[Algorithm]) -> Result<PreparedKey, KeyUnusable> {
        let fitting: Vec<_> = allowed
            .iter()
            .copied()
            .filter(|one| jwk.fits(*one))
            .collect();
        if fitting.is_empty() {
            return Err(KeyUnusable::NoAllowedAlgorithm);
        }
        let algorithms: Vec<_> = fitting
            .into_iter()
            .filter_map(|one| Some((one, VerifyingKey::prepare(jwk.key(), one)?)))
            .collect();
        if algorithms.is_empty() {
            return Err(KeyUnusable::RefusedByBackend);
        }
        Ok(PreparedKey {
            kid: jwk.kid().map(Arc::from),
            algorithms,
        })
    }

    fn for_algorithm(&self, algorithm: Algorithm) -> Option<&VerifyingKey> {
        self.algorithms
            .iter()
            .find(|(own, _)| *own == algorithm)
            .map(|(_, key)| key)
    }
}
