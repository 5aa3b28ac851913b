//! Private keys, encrypted before they are stored.

use core::fmt;
use std::error::Error;

use oidc_core::base64url;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::StoreError;
use super::private_keys::{PrivateKeys, PrivateKeysError};
use crate::backend;
use crate::random::{SecureRandom, SystemRandom};
use crate::rotation::KeyRef;

/// [`PrivateKeys`] that encrypt each key and leave the rest to others.
///
/// A key is encrypted with AES-256-GCM under a data key of its own, which a [`KeyEncryption`] wraps.
/// It is bound to its issuer, ring, algorithm and id: an envelope in another's place does not open.
///
/// What does not open is [`PrivateKeysError::Unusable`], and stays there: it is never taken for a
/// missing key, in whose place a new one would be made. A KMS that does not answer is
/// [`PrivateKeysError::Unavailable`], and is asked again.
///
/// ```
/// use oidc_core::{Algorithm, IssuerIdentifier};
/// use oidc_issuer::store::{LocalKeyEncryption, MemoryKeys, PrivateKeys, SealedKeys};
/// use oidc_issuer::{KeyRef, SigningKey, SystemRandom};
///
/// // 32 random bytes that are kept elsewhere than the keys.
/// let master = LocalKeyEncryption::new("2026-11", [7; 32]);
/// let keys = SealedKeys::new(MemoryKeys::new(), master);
///
/// let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?;
/// let issuer = IssuerIdentifier::parse("https://ci.example")?;
/// let name = KeyRef::new(&issuer, &Algorithm::Es256.into(), Algorithm::Es256, key.kid());
/// keys.put(&name, &key.to_pkcs8_pem())?;
/// assert_eq!(*keys.get(&name)?, *key.to_pkcs8_pem());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SealedKeys<K, E> {
    inner: K,
    encryption: E,
}

/// Wraps data keys: a KMS, an HSM, or [`LocalKeyEncryption`].
pub trait KeyEncryption {
    /// The name of the key-encryption key that wraps now. It is kept with what it wrapped.
    fn id(&self) -> &str;

    /// Wraps a data key.
    ///
    /// # Errors
    ///
    /// Any.
    fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, StoreError>;

    /// Unwraps a data key that the key-encryption key of this name has wrapped.
    ///
    /// # Errors
    ///
    /// [`PrivateKeysError::Unavailable`] when the key-encryption key cannot be reached: it is tried
    /// again. [`PrivateKeysError::Unusable`] for a name that is not known, and for what was not
    /// wrapped by it: the key is lost.
    fn unwrap(&self, id: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PrivateKeysError>;
}

impl<K, E> SealedKeys<K, E> {
    /// Keys in `inner`, encrypted.
    pub const fn new(inner: K, encryption: E) -> SealedKeys<K, E> {
        SealedKeys { inner, encryption }
    }
}

impl<K: PrivateKeys, E: KeyEncryption> PrivateKeys for SealedKeys<K, E> {
    fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
        let envelope = self.seal(key, pem).map_err(PrivateKeysError::Unavailable)?;
        self.inner.put(key, &Zeroizing::new(envelope))
    }

    fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
        let envelope = self.inner.get(key)?;
        self.open(key, &envelope)
    }

    fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
        self.inner.destroy(key)
    }

    fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
        self.inner.list()
    }
}

/// What is stored in the place of the PEM text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    format: u32,
    /// The name of the key-encryption key.
    key_encryption_key: String,
    wrapped_data_key: String,
    /// Nonce, ciphertext and tag.
    sealed: String,
}

const FORMAT: u32 = 1;

impl<K, E: KeyEncryption> SealedKeys<K, E> {
    fn seal(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<String, StoreError> {
        let mut data_key = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(data_key.as_mut_slice())
            .map_err(StoreError::new)?;
        let sealed = backend::seal(&data_key, &bound_to(key), pem.as_bytes())
            .map_err(|backend::Failed| StoreError::new("the key could not be encrypted"))?;
        let envelope = Envelope {
            format: FORMAT,
            key_encryption_key: self.encryption.id().to_owned(),
            wrapped_data_key: base64url::encode(self.encryption.wrap(&data_key)?),
            sealed: base64url::encode(sealed),
        };
        serde_json::to_string(&envelope).map_err(StoreError::new)
    }

    fn open(&self, key: &KeyRef, envelope: &str) -> Result<Zeroizing<String>, PrivateKeysError> {
        let envelope: Envelope = serde_json::from_str(envelope)
            .map_err(|error| unusable(format!("not an encrypted key: {error}")))?;
        if envelope.format != FORMAT {
            let format = envelope.format;
            return Err(unusable(format!("encrypted in format {format}")));
        }
        let wrapped = base64url::decode(&envelope.wrapped_data_key).map_err(unusable)?;
        let data_key = self
            .encryption
            .unwrap(&envelope.key_encryption_key, &wrapped)?;
        let sealed = base64url::decode(&envelope.sealed).map_err(unusable)?;
        let pem = backend::open(&data_key, &bound_to(key), &sealed)
            .map_err(|backend::Failed| unusable("the key does not decrypt"))?;
        match std::str::from_utf8(&pem) {
            Ok(pem) => Ok(Zeroizing::new(pem.to_owned())),
            Err(_) => Err(unusable("the key does not decrypt")),
        }
    }
}

fn unusable(reason: impl Into<Box<dyn Error + Send + Sync>>) -> PrivateKeysError {
    PrivateKeysError::Unusable(StoreError::new(reason))
}

/// Everything that says which key it is, each with its length before it.
fn bound_to(key: &KeyRef) -> Vec<u8> {
    let parts = [
        "oidc-issuer private key",
        key.issuer.as_str(),
        key.ring.as_str(),
        key.algorithm.name(),
        &key.kid,
    ];
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// The inner place and the name of the key-encryption key.
impl<K: fmt::Debug, E: KeyEncryption> fmt::Debug for SealedKeys<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKeys")
            .field("inner", &self.inner)
            .field("key_encryption_key", &self.encryption.id())
            .finish()
    }
}

/// A [`KeyEncryption`] with keys of 32 bytes that this process holds.
///
/// Several at a time, by name: the first wraps, all unwrap. So a new one is put before the old one,
/// and the old one goes when no key of its time is left.
pub struct LocalKeyEncryption {
    keys: Vec<(Box<str>, Zeroizing<[u8; 32]>)>,
    id: Box<str>,
}

impl LocalKeyEncryption {
    /// With this key, by this name.
    pub fn new(id: &str, key: [u8; 32]) -> LocalKeyEncryption {
        LocalKeyEncryption {
            keys: vec![(id.into(), Zeroizing::new(key))],
            id: id.into(),
        }
    }

    /// The same with one more key that unwraps what it has wrapped.
    #[must_use]
    pub fn with_older(mut self, id: &str, key: [u8; 32]) -> LocalKeyEncryption {
        self.keys.push((id.into(), Zeroizing::new(key)));
        self
    }

    fn key(&self, id: &str) -> Result<&[u8; 32], StoreError> {
        let mut keys = self.keys.iter();
        match keys.find(|(own, _)| **own == *id) {
            Some((_, key)) => Ok(key),
            None => Err(StoreError::new(format!(
                "no key-encryption key `{}`",
                id.escape_debug()
            ))),
        }
    }
}

impl KeyEncryption for LocalKeyEncryption {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap(&self, data_key: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
        backend::seal(self.key(&self.id)?, self.id.as_bytes(), data_key)
            .map_err(|backend::Failed| StoreError::new("the data key could not be wrapped"))
    }

    fn unwrap(&self, id: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PrivateKeysError> {
        let wrong = || unusable("the data key does not unwrap");
        let key = self.key(id).map_err(PrivateKeysError::Unusable)?;
        let bytes =
            backend::open(key, id.as_bytes(), wrapped).map_err(|backend::Failed| wrong())?;
        let data_key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?;
        Ok(Zeroizing::new(data_key))
    }
}

/// The names of the keys.
impl fmt::Debug for LocalKeyEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.keys.iter().map(|(id, _)| id);
        f.debug_list().entries(names).finish()
    }
}
