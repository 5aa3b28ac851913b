//! A JWK Set (RFC 7517 section 5): the keys that an issuer publishes.

use std::sync::LazyLock;

use jsonptr::{PointerSet, ScanError};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::certificate::JwkCertificate;
use crate::document;
use crate::jwk::{Jwk, JwkError, JwkUse};
use crate::jwk_members::JwkMembers;
use crate::public_key::PublicKey;
use crate::tenant_template::TenantIssuer;
use crate::walk::Walk;

/// The usable keys of an issuer, in the order in which they were published.
///
/// Each key of a document is read on its own: one that this crate does not know, or that is unfit
/// for checking signatures, is skipped with its reason and spoils nothing (RFC 7517 section 5).
///
/// Two keys may bear one `kid`; the document is not refused for it. Which of them a token means is
/// for the verifier to say.
///
/// ```
/// use oidc_core::JwkSet;
///
/// let set = JwkSet::parse(br#"{"keys": [
///     {"kty": "OKP", "crv": "Ed25519", "kid": "new", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty": "oct", "kid": "old", "k": "AAAA"}
/// ]}"#)?;
/// assert_eq!(set.keys().len(), 1);
/// assert_eq!(set.skipped()[0].reason().to_string(), "key is symmetric");
/// # Ok::<(), oidc_core::JwkSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    /// One for each of `keys`, then one for each of `surplus`.
    remarks: Vec<JwkRemarks>,
    /// Usable keys past [`MAX_KEYS`](JwkSet::MAX_KEYS); listed in `skipped` too.
    surplus: Vec<Jwk>,
    skipped: Vec<SkippedJwk>,
    key_use: JwkUse,
}

/// What a document says about a key beside the key itself. It changes nothing about the key: a
/// relying party with rules of its own looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JwkRemarks {
    key_ops: bool,
    certificate: JwkCertificate,
}

impl JwkRemarks {
    pub(crate) const fn new(key_ops: bool, certificate: JwkCertificate) -> JwkRemarks {
        JwkRemarks {
            key_ops,
            certificate,
        }
    }

    /// Whether `key_ops` is there; with `verify` among its values, or the key would be unusable.
    pub const fn has_key_ops(self) -> bool {
        self.key_ops
    }

    /// What the first certificate of `x5c` has to do with the key.
    pub const fn certificate(self) -> JwkCertificate {
        self.certificate
    }
}

impl JwkSet {
    /// The size in bytes of a document that [`parse`](Self::parse) allows. Sets of today have up
    /// to 15 kB.
    pub const DEFAULT_MAX_BYTES: usize = 512 * 1024;

    /// The size in bytes that no caller can raise.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;

    /// How many keys of a document are looked at.
    pub const MAX_KEYS_READ: usize = 256;

    /// How many usable keys are kept. The largest issuers publish about a dozen.
    pub const MAX_KEYS: usize = 100;

    /// Reads a document of at most [`DEFAULT_MAX_BYTES`](Self::DEFAULT_MAX_BYTES).
    ///
    /// # Errors
    ///
    /// [`JwkSetError`]. A set without a usable key is an error that carries what was skipped.
    pub fn parse(json: &[u8]) -> Result<JwkSet, JwkSetError> {
        JwkSet::parse_within(json, JwkSet::DEFAULT_MAX_BYTES)
    }

    /// Reads a document of at most `max_bytes`, or [`MAX_BYTES`](Self::MAX_BYTES) where that is
    /// less.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_within(json: &[u8], max_bytes: usize) -> Result<JwkSet, JwkSetError> {
        JwkSet::read(json, max_bytes, Purpose::Signatures)
    }

    /// Reads the bundle of a SPIFFE trust domain: the keys for JWT-SVIDs, whose `use` is `jwt-svid`
    /// or absent, and which have a `kid`; those for X.509 are skipped (SPIFFE Trust Domain and
    /// Bundle section 4.2).
    ///
    /// A verifier takes them for an issuer of JWT-SVIDs and for no other.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_jwt_svid(json: &[u8]) -> Result<JwkSet, JwkSetError> {
        JwkSet::read(json, JwkSet::DEFAULT_MAX_BYTES, Purpose::JwtSvids)
    }

    /// Reads the set that the tenants of one provider share, for one of them: a key whose `issuer`
    /// is neither this issuer nor the template is skipped.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_for_tenant(tenant: &TenantIssuer, json: &[u8]) -> Result<JwkSet, JwkSetError> {
        JwkSet::read(json, JwkSet::DEFAULT_MAX_BYTES, Purpose::Tenant(tenant))
    }

    fn read(json: &[u8], max_bytes: usize, purpose: Purpose<'_>) -> Result<JwkSet, JwkSetError> {
        static POINTERS: LazyLock<PointerSet> =
            LazyLock::new(|| document::pointer_set(&["", "/keys"]));
        let max = max_bytes.min(JwkSet::MAX_BYTES);
        if json.len() > max {
            return Err(JwkSetError::TooLong { max });
        }
        let [root, keys] = document::scan(&POINTERS, json, max).map_err(JwkSetError::Json)?;
        let Some(keys) = keys else {
            // Only an object has members; `/keys` in an array is nothing either.
            return Err(match root.and_then(|root| root.members()) {
                Some(_) => JwkSetError::MissingKeys,
                None => JwkSetError::NotAnObject,
            });
        };
        let mut walk = Walk::new(keys.json());
        if !walk.step_over(b'[') {
            return Err(JwkSetError::KeysNotAnArray);
        }
        let mut reading = Reading::default();
        while reading.read(&mut walk, purpose) {}
        let Reading {
            keys,
            mut remarks,
            surplus,
            skipped,
            ..
        } = reading;
        if keys.is_empty() {
            return Err(JwkSetError::NoUsableKey { skipped });
        }
        let (surplus, of_surplus): (Vec<_>, Vec<_>) = surplus.into_iter().unzip();
        remarks.extend(of_surplus);
        Ok(JwkSet {
            keys,
            remarks,
            surplus,
            skipped,
            key_use: purpose.key_use(),
        })
    }

    /// The set of these keys, to publish in this order.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] when there is no key, when there are more than
    /// [`MAX_KEYS`](Self::MAX_KEYS), or when two have the same `kid`.
    pub fn from_keys(keys: impl IntoIterator<Item = Jwk>) -> Result<JwkSet, JwkSetError> {
        let mut set = JwkSet {
            keys: Vec::new(),
            remarks: Vec::new(),
            surplus: Vec::new(),
            skipped: Vec::new(),
            key_use: JwkUse::Sig,
        };
        for (index, jwk) in keys.into_iter().enumerate() {
            if set.keys.len() == JwkSet::MAX_KEYS {
                return Err(JwkSetError::TooManyKeys {
                    max: JwkSet::MAX_KEYS,
                });
            }
            if jwk.kid().is_some() && set.keys.iter().any(|other| other.kid() == jwk.kid()) {
                return Err(JwkSetError::DuplicateKid { index });
            }
            set.keys.push(jwk);
            set.remarks.push(JwkRemarks::default());
        }
        if set.keys.is_empty() {
            return Err(JwkSetError::NoUsableKey {
                skipped: Vec::new(),
            });
        }
        Ok(set)
    }

    /// The same set without the keys that `keep` turns down. What was skipped stays listed.
    ///
    /// # Errors
    ///
    /// [`JwkSetError::NoUsableKey`] when no key is left.
    pub fn filtered(&self, mut keep: impl FnMut(&Jwk) -> bool) -> Result<JwkSet, JwkSetError> {
        let mut kept = JwkSet {
            keys: Vec::new(),
            remarks: Vec::new(),
            surplus: Vec::new(),
            skipped: self.skipped.clone(),
            key_use: self.key_use,
        };
        for (index, (jwk, remarks)) in self.published().enumerate() {
            if keep(jwk) {
                let keys = if index < self.keys.len() {
                    &mut kept.keys
                } else {
                    &mut kept.surplus
                };
                keys.push(jwk.clone());
                kept.remarks.push(remarks);
            }
        }
        if kept.keys.is_empty() {
            let skipped = kept.skipped;
            return Err(JwkSetError::NoUsableKey { skipped });
        }
        Ok(kept)
    }

    /// The usable keys, at least one and at most [`MAX_KEYS`](Self::MAX_KEYS).
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// [`keys`](Self::keys), then the usable keys past [`MAX_KEYS`](Self::MAX_KEYS), with what the
    /// document says beside each: for a relying party that counts or judges keys by rules of its
    /// own.
    pub fn published(&self) -> impl Iterator<Item = (&Jwk, JwkRemarks)> {
        let keys = self.keys.iter().chain(&self.surplus);
        keys.zip(self.remarks.iter().copied())
    }

    /// What the keys are for.
    pub const fn key_use(&self) -> JwkUse {
        self.key_use
    }

    /// The keys of the document that were left out, in its order.
    pub fn skipped(&self) -> &[SkippedJwk] {
        &self.skipped
    }

    /// The document to publish: the usable keys in their order, always the same bytes for the same
    /// keys.
    pub fn to_json(&self) -> String {
        // INVARIANT: strings and structs only, which `serde_json` writes without fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a document is read for.
#[derive(Clone, Copy)]
enum Purpose<'p> {
    Signatures,
    JwtSvids,
    Tenant(&'p TenantIssuer),
}

impl Purpose<'_> {
    const fn key_use(self) -> JwkUse {
        match self {
            Self::JwtSvids => JwkUse::JwtSvid,
            Self::Signatures | Self::Tenant(_) => JwkUse::Sig,
        }
    }

    fn check(self, members: &JwkMembers<'_>) -> Result<(), JwkError> {
        match self {
            Self::Signatures => Ok(()),
            Self::JwtSvids => members.require_kid(),
            Self::Tenant(tenant) => members.check_issuer(tenant),
        }
    }
}

/// The keys of a document so far.
#[derive(Default)]
struct Reading {
    keys: Vec<Jwk>,
    remarks: Vec<JwkRemarks>,
    surplus: Vec<(Jwk, JwkRemarks)>,
    /// A few bytes of each key, so that a duplicate is found without comparing every pair.
    samples: Vec<u64>,
    skipped: Vec<SkippedJwk>,
}

impl Reading {
    /// Keeps or skips the key that comes next; false at the end of the array.
    fn read(&mut self, walk: &mut Walk<'_>, purpose: Purpose<'_>) -> bool {
        let index = self.keys.len().saturating_add(self.skipped.len());
        if let Some(members) = JwkMembers::read(walk) {
            if let Err(reason) = self.keep(index, &members, purpose) {
                let kid = members.kid().ok().flatten();
                let kid = kid.map(|kid| kid_to_show(&kid));
                self.skipped.push(SkippedJwk { index, kid, reason });
            }
        } else if walk.value().is_some() {
            let reason = JwkError::NotAnObject;
            self.skipped.push(SkippedJwk {
                index,
                kid: None,
                reason,
            });
        } else {
            return false;
        }
        true
    }

    fn keep(
        &mut self,
        index: usize,
        members: &JwkMembers<'_>,
        purpose: Purpose<'_>,
    ) -> Result<(), JwkError> {
        if index >= JwkSet::MAX_KEYS_READ {
            return Err(JwkError::TooManyKeys {
                max: JwkSet::MAX_KEYS_READ,
            });
        }
        let jwk = Jwk::from_members(members, purpose.key_use())?;
        purpose.check(members)?;
        let sample = sample(jwk.key());
        let same = |(other, key): (&u64, &Jwk)| *other == sample && *key == jwk;
        if self.samples.iter().zip(&self.keys).any(same) {
            return Err(JwkError::Duplicate);
        }
        let remarks = members.remarks(jwk.key());
        if self.keys.len() == JwkSet::MAX_KEYS {
            self.surplus.push((jwk, remarks));
            return Err(JwkError::TooManyKeys {
                max: JwkSet::MAX_KEYS,
            });
        }
        self.samples.push(sample);
        self.keys.push(jwk);
        self.remarks.push(remarks);
        Ok(())
    }
}

fn sample(key: &PublicKey) -> u64 {
    let bytes = match key {
        PublicKey::Rsa(key) => key.n(),
        PublicKey::Ec(key) => key.x(),
        PublicKey::Ed25519(key) => key.as_bytes(),
    };
    bytes
        .last_chunk()
        .map_or(0, |last| u64::from_be_bytes(*last))
}

/// A key of a document that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedJwk {
    index: usize,
    kid: Option<String>,
    reason: JwkError,
}

impl SkippedJwk {
    /// Its position in `keys`, from zero.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The beginning of its `kid`, escaped for a log, when that is a string.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Why it was left out.
    pub const fn reason(&self) -> JwkError {
        self.reason
    }
}

fn kid_to_show(kid: &str) -> String {
    kid.chars()
        .take(MAX_KID_CHARS_SHOWN)
        .flat_map(char::escape_default)
        .collect()
}

/// Enough to tell keys apart: a SHA-256 thumbprint has 43 characters.
const MAX_KID_CHARS_SHOWN: usize = 64;

/// Why there is no [`JwkSet`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// It is longer than the caller allows.
    #[error("JWK Set is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// It is not strict JSON. Member names must be unique, among others.
    #[error("JWK Set is not well-formed JSON")]
    Json(#[source] ScanError),
    /// It is not a JSON object.
    #[error("JWK Set is not an object")]
    NotAnObject,
    /// It has no `keys`.
    #[error("JWK Set has no `keys`")]
    MissingKeys,
    /// Its `keys` is not an array.
    #[error("`keys` is not an array")]
    KeysNotAnArray,
    /// None of its keys can check a signature.
    #[error("JWK Set has no usable key, {} skipped", skipped.len())]
    #[non_exhaustive]
    NoUsableKey {
        /// Each key, with its reason.
        skipped: Vec<SkippedJwk>,
    },
    /// A set to publish has more than [`JwkSet::MAX_KEYS`] keys.
    #[error("JWK Set has more than {max} keys")]
    #[non_exhaustive]
    TooManyKeys {
        /// The limit.
        max: usize,
    },
    /// Two keys of a set to publish have the same `kid`.
    #[error("`kid` of key {index} names an earlier key")]
    #[non_exhaustive]
    DuplicateKid {
        /// Position of the second one, from zero.
        index: usize,
    },
}

impl JwkSetError {
    /// A stable code in `snake_case`, such as `no_usable_key`.
    pub const fn code(&self) -> &'static str {
        match self {
            JwkSetError::TooLong { .. } => "jwk_set_too_long",
            JwkSetError::Json(error) => error.code(),
            JwkSetError::NotAnObject => "not_an_object",
            JwkSetError::MissingKeys => "missing_keys",
            JwkSetError::KeysNotAnArray => "keys_not_an_array",
            JwkSetError::NoUsableKey { .. } => "no_usable_key",
            JwkSetError::TooManyKeys { .. } => "too_many_keys",
            JwkSetError::DuplicateKid { .. } => "duplicate_kid",
        }
    }
}

/// As the document to publish, see [`JwkSet::to_json`].
impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut set = serializer.serialize_struct("JwkSet", 1)?;
        set.serialize_field("keys", &self.keys)?;
        set.end()
    }
}
