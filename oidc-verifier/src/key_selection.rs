//! Which key verifies a token: found by issuer, `kid` and algorithm, or not at all.

use std::fmt;
use std::sync::Arc;

use oidc_core::{Algorithm, Jwk, JwkSet, NumericDate, PublicKey};

use crate::aws;
use crate::digest;
use crate::error::VerifyError;
use crate::known_headers::KnownHeaders;
use crate::signature::VerifyingKey;
use crate::trusted_issuer::{TokenRules, TrustedIssuer, WithoutKid};

/// The keys of all issuers at one moment. Readers hold one; an update makes another.
#[derive(Debug)]
pub(crate) struct KeySnapshot {
    /// For each configured issuer its keys, once they were installed.
    issuers: Vec<Option<Arc<IssuerKeyTable>>>,
    /// Whether no issuer's keys are missing.
    complete: bool,
    /// Whether an empty `kid` is as good as none to one of the issuers.
    empty_is_none: bool,
    /// Every key that has a `kid`, sorted by it.
    names: Vec<Name>,
    /// Headers of tokens that these keys have verified.
    pub(crate) known_headers: KnownHeaders,
    /// Of the verifier's settings.
    configuration: [u8; 32],
    /// Of the verifier's settings and of all keys and cut-offs together: where two are equal, the
    /// same tokens verify.
    pub(crate) fingerprint: [u8; 32],
}

/// Where the key of this name is.
#[derive(Clone, Debug)]
struct Name {
    kid: Arc<str>,
    issuer: usize,
    place: usize,
}

/// The keys of one `kid`, whosever they are: where they stand among the names of one snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    start: usize,
    end: usize,
    /// Whether the name is the empty string.
    empty: bool,
}

impl KeySnapshot {
    pub(crate) fn new(
        configuration: [u8; 32],
        issuers: Vec<Option<Arc<IssuerKeyTable>>>,
    ) -> KeySnapshot {
        let mut names = Vec::new();
        for (issuer, table) in issuers.iter().enumerate() {
            let keys = table.iter().flat_map(|table| &table.keys).enumerate();
            names.extend(keys.filter_map(|(place, key)| {
                let kid = Arc::clone(key.kid.as_ref()?);
                Some(Name { kid, issuer, place })
            }));
        }
        names.sort_by(|a, b| a.kid.cmp(&b.kid));
        let mut tables = issuers.iter().flatten();
        let fingerprint = fingerprint(&configuration, &issuers);
        KeySnapshot {
            complete: issuers.iter().all(Option::is_some),
            empty_is_none: tables.any(|table| table.without_kid == WithoutKid::OnlyKey),
            issuers,
            names,
            known_headers: KnownHeaders::default(),
            configuration,
            fingerprint,
        }
    }

    /// The same with other keys for one issuer, or none.
    pub(crate) fn with(&self, issuer: usize, table: Option<Arc<IssuerKeyTable>>) -> KeySnapshot {
        let mut issuers = self.issuers.clone();
        if let Some(held) = issuers.get_mut(issuer) {
            *held = table;
        }
        KeySnapshot::new(self.configuration, issuers)
    }

    /// Before when no token of the issuer may have been issued.
    pub(crate) fn issued_before(&self, issuer: usize) -> Option<NumericDate> {
        self.issuers.get(issuer)?.as_ref()?.issued_before
    }

    /// The keys of this name, or [`VerifyError::UnknownKey`] if surely no issuer has one: a reason
    /// to refuse before the payload is read.
    pub(crate) fn named(&self, kid: &str) -> Result<Named, VerifyError> {
        let start = self.names.partition_point(|name| *name.kid < *kid);
        let rest = self.names.iter().skip(start);
        let count = rest.take_while(|name| *name.kid == *kid).count();
        let empty = kid.is_empty();
        if count == 0 && self.complete && !(empty && self.empty_is_none) {
            return Err(VerifyError::UnknownKey);
        }
        let end = start.saturating_add(count);
        Ok(Named { start, end, empty })
    }

    /// The key of one issuer for a token with this header; `named` holds the keys of its `kid`, if
    /// it has one.
    ///
    /// A `kid` must name a key. Without one, exactly one key of the issuer may fit the algorithm:
    /// nothing is ever tried in turn.
    pub(crate) fn select(
        &self,
        issuer: usize,
        algorithm: Algorithm,
        named: Option<Named>,
    ) -> Result<&VerifyingKey, VerifyError> {
        let table = self.issuers.get(issuer).and_then(Option::as_deref);
        let table = table.ok_or(VerifyError::KeysUnavailable)?;
        let Some(Named { start, end, empty }) = named else {
            return table.without_kid(algorithm);
        };
        let keys = &table.keys;
        let same = self.names.get(start..end).unwrap_or_default();
        let mut own = same
            .iter()
            .filter(|name| name.issuer == issuer)
            .filter_map(|name| keys.get(name.place))
            .peekable();
        if own.peek().is_none() {
            if empty && table.without_kid == WithoutKid::OnlyKey {
                return table.without_kid(algorithm);
            }
            return Err(VerifyError::UnknownKey);
        }
        one_of(own, algorithm).map_err(|fault| match fault {
            NotOne::None => VerifyError::KeyNotForAlgorithm,
            NotOne::Several => VerifyError::AmbiguousKey,
        })
    }
}

fn fingerprint(configuration: &[u8; 32], issuers: &[Option<Arc<IssuerKeyTable>>]) -> [u8; 32] {
    let mut parts = digest::Parts::new();
    parts.add(configuration);
    for table in issuers {
        let table = table.as_deref();
        parts.add_optional(table.map(|table| table.fingerprint.as_slice()));
        let cut_off = table.and_then(|table| table.issued_before);
        let cut_off = cut_off.map(|date| date.as_seconds().to_be_bytes());
        parts.add_optional(cut_off.as_ref().map(<[u8; 8]>::as_slice));
    }
    parts.hash()
}

enum NotOne {
    None,
    Several,
}

/// The only one of `keys` that serves `algorithm`.
fn one_of<'k>(
    keys: impl IntoIterator<Item = &'k PreparedKey>,
    algorithm: Algorithm,
) -> Result<&'k VerifyingKey, NotOne> {
    let mut fitting = keys
        .into_iter()
        .filter_map(|key| key.for_algorithm(algorithm));
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(NotOne::Several),
        (None, _) => Err(NotOne::None),
    }
}

/// The usable keys of one issuer, each prepared for the algorithms that it may verify there.
pub(crate) struct IssuerKeyTable {
    keys: Vec<PreparedKey>,
    without_kid: WithoutKid,
    /// As [`IssuerKeys::refuse_issued_before`](crate::IssuerKeys::refuse_issued_before).
    pub(crate) issued_before: Option<NumericDate>,
    /// Of every key that can verify, in their order.
    fingerprint: [u8; 32],
}

struct PreparedKey {
    kid: Option<Arc<str>>,
    algorithms: Vec<(Algorithm, VerifyingKey)>,
    /// Of its name, its algorithms and itself.
    fingerprint: [u8; 32],
}

/// Why a key of a well-formed set cannot be used for one issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUnusable {
    /// Its `x5c` holds the certificate of another key, or cannot be read, and the issuer's rules
    /// look at it.
    #[error("`x5c` does not hold the certificate of the key")]
    CertificateDiffers,
    /// It has `key_ops`, and the issuer's rules take no such key.
    #[error("`key_ops` is present")]
    KeyOpsPresent,
    /// It has no `kid`, or an empty one, and the issuer's rules take no such key.
    #[error("has no `kid`")]
    KidMissing,
    /// It fits no algorithm that is allowed for this issuer.
    #[error("fits no allowed algorithm")]
    NoAllowedAlgorithm,
    /// The crypto backend does not accept it: a point that is not on its curve, or an algorithm
    /// that it does not have.
    #[error("not accepted by the crypto backend")]
    RefusedByBackend,
    /// A later key of the set has the same `kid`, and by the issuer's rules takes its place.
    #[error("a later key has the same `kid`")]
    Replaced,
    /// The set has more keys of its `kty` than the issuer's rules allow; none of them is used.
    #[error("set has more than {max} keys of this `kty`")]
    #[non_exhaustive]
    TooManyOfType {
        /// The most that are allowed.
        max: usize,
    },
}

impl IssuerKeyTable {
    /// Prepares every key of `set` for the algorithms of `issuer` that it fits; reports those
    /// that cannot be used, by their place in [`JwkSet::keys`].
    pub(crate) fn prepare(
        set: &JwkSet,
        issuer: &TrustedIssuer,
    ) -> (IssuerKeyTable, Vec<(usize, KeyUnusable)>) {
        let allowed = &*issuer.algorithms;
        match issuer.rules {
            TokenRules::Standard | TokenRules::JwtSvid { .. } => {
                let keys = set.keys().iter();
                let keys = keys.map(|jwk| PreparedKey::prepare(jwk, allowed, Jwk::fits));
                IssuerKeyTable::collect(keys, issuer.without_kid)
            }
            TokenRules::AwsSts { .. } => {
                let fits = |jwk: &Jwk, algorithm| jwk.key().fits(algorithm);
                let keys = aws::signing_keys(set).into_iter();
                let keys = keys.map(|jwk| PreparedKey::prepare(jwk?, allowed, fits));
                IssuerKeyTable::collect(keys, issuer.without_kid)
            }
        }
    }

    fn collect(
        prepared: impl Iterator<Item = Result<PreparedKey, KeyUnusable>>,
        without_kid: WithoutKid,
    ) -> (IssuerKeyTable, Vec<(usize, KeyUnusable)>) {
        let mut keys = Vec::new();
        let mut unusable = Vec::new();
        for (index, key) in prepared.enumerate() {
            match key {
                Ok(key) => keys.push(key),
                Err(reason) => unusable.push((index, reason)),
            }
        }
        let mut parts = digest::Parts::new();
        for key in &keys {
            parts.add(&key.fingerprint);
        }
        let table = IssuerKeyTable {
            fingerprint: parts.hash(),
            keys,
            without_kid,
            issued_before: None,
        };
        (table, unusable)
    }

    /// The key that a token without `kid` means.
    #[cold]
    fn without_kid(&self, algorithm: Algorithm) -> Result<&VerifyingKey, VerifyError> {
        match self.without_kid {
            WithoutKid::NoKey => return Err(VerifyError::KidRequired),
            WithoutKid::OnlyKey if self.keys.len() > 1 => return Err(VerifyError::KidRequired),
            WithoutKid::OneThatFits | WithoutKid::OnlyKey => {}
        }
        one_of(&self.keys, algorithm).map_err(|fault| match fault {
            NotOne::None => VerifyError::UnknownKey,
            NotOne::Several => VerifyError::KidRequired,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
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
    /// `fits` says for which algorithms a key may be used.
    fn prepare(
        jwk: &Jwk,
        allowed: &[Algorithm],
        fits: fn(&Jwk, Algorithm) -> bool,
    ) -> Result<PreparedKey, KeyUnusable> {
        let fitting: Vec<_> = allowed
            .iter()
            .copied()
            .filter(|one| fits(jwk, *one))
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
            fingerprint: PreparedKey::fingerprint(jwk, &algorithms),
            algorithms,
        })
    }

    fn fingerprint(jwk: &Jwk, algorithms: &[(Algorithm, VerifyingKey)]) -> [u8; 32] {
        let mut parts = digest::Parts::new();
        parts.add_optional(jwk.kid().map(str::as_bytes));
        let names: Vec<&str> = algorithms.iter().map(|(own, _)| own.name()).collect();
        parts.add_list(&names);
        match jwk.key() {
            PublicKey::Rsa(key) => parts.add_list(&[key.n(), key.e()]),
            PublicKey::Ec(key) => parts.add(&key.to_sec1_bytes()),
            PublicKey::Ed25519(key) => parts.add(key.as_bytes()),
            // INVARIANT: no key of another kind is prepared.
            _ => {}
        }
        parts.hash()
    }

    fn for_algorithm(&self, algorithm: Algorithm) -> Option<&VerifyingKey> {
        self.algorithms
            .iter()
            .find(|(own, _)| *own == algorithm)
            .map(|(_, key)| key)
    }
}
