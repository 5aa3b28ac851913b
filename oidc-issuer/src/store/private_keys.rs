//! Private halves, by name.

use zeroize::Zeroizing;

use super::StoreError;
use crate::rotation::KeyRef;

/// A place for private keys.
///
/// A key that is destroyed stays so: its name is remembered, and neither [`put`](Self::put) nor a
/// restored copy brings it back.
pub trait PrivateKeys {
    /// Stores a new key durably. `pem` is PKCS#8, as
    /// [`SigningKey::to_pkcs8_pem`](crate::SigningKey::to_pkcs8_pem) writes it.
    ///
    /// # Errors
    ///
    /// [`PrivateKeysError::Exists`] and [`PrivateKeysError::Destroyed`] for a name that is or was
    /// taken; [`PrivateKeysError::Unavailable`].
    fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError>;

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`PrivateKeysError`]. What cannot be decrypted is an error too, never a new key.
    fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError>;

    /// Destroys a key for good; one that is missing or destroyed already is no error.
    ///
    /// # Errors
    ///
    /// [`PrivateKeysError::Unavailable`].
    fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError>;

    /// The keys that are there, to find those that no state knows: see
    /// [`Rotation::is_orphan`](crate::Rotation::is_orphan).
    ///
    /// # Errors
    ///
    /// [`PrivateKeysError::Unavailable`].
    fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError>;
}

/// Why a private key was not stored, read or destroyed. No key bytes are in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeysError {
    /// There is none of this name.
    #[error("the private key is missing")]
    Missing,
    /// It was destroyed: whoever asks for it has an old state.
    #[error("the private key was destroyed")]
    Destroyed,
    /// There is one of this name already.
    #[error("a private key of this name exists")]
    Exists,
    /// It is there and cannot be used: it does not decrypt, or is no key for its algorithm.
    #[error("the private key cannot be used")]
    Unusable(#[source] StoreError),
    /// The place cannot be reached. Try again.
    #[error("the private keys cannot be reached")]
    Unavailable(#[source] StoreError),
}

impl PrivateKeysError {
    /// A stable code in `snake_case`, such as `private_key_missing`.
    pub const fn code(&self) -> &'static str {
        match self {
            PrivateKeysError::Missing => "private_key_missing",
            PrivateKeysError::Destroyed => "private_key_destroyed",
            PrivateKeysError::Exists => "private_key_exists",
            PrivateKeysError::Unusable(_) => "private_key_unusable",
            PrivateKeysError::Unavailable(_) => "private_keys_unavailable",
        }
    }

    /// Whether trying again may help.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, PrivateKeysError::Unavailable(_))
    }
}

/// A shared handle is a handle.
macro_rules! through_a_handle {
    ($handle:ty) => {
        impl<K: PrivateKeys + ?Sized> PrivateKeys for $handle {
            fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
                (**self).put(key, pem)
            }

            fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
                (**self).get(key)
            }

            fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
                (**self).destroy(key)
            }

            fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
                (**self).list()
            }
        }
    };
}

through_a_handle!(&K);
through_a_handle!(std::sync::Arc<K>);
