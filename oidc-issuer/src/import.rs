//! Private keys from the files of other programs, under their ids.

use jsonptr::{Kind, ScanLimits};
use oidc_core::Algorithm;

use crate::signing_key::{SigningKey, SigningKeyError};

/// Reads a private JWK Set (RFC 7517 section 5): every key that signs with an algorithm of ours,
/// under its own `kid`.
///
/// Each key has an `alg` that says what it is for. Keys without one are passed over, and so are
/// those of other algorithms, of encryption, and shared secrets: they come second in the answer, by
/// their place in the set.
///
/// ```
/// use oidc_core::Algorithm;
/// use oidc_issuer::import;
///
/// let set = br#"{"keys": [
///     {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "2026-11",
///      "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
///      "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}
/// ]}"#;
/// let imported = import::private_jwk_set(set)?;
/// assert_eq!(imported.keys[0].kid(), "2026-11");
/// assert_eq!(imported.passed_over, [1]);
/// # Ok::<(), import::ImportError>(())
/// ```
///
/// # Errors
///
/// [`ImportError`]: it is no JWK Set, or a key that is for us cannot be read.
pub fn private_jwk_set(json: &[u8]) -> Result<ImportedSet, ImportError> {
    let mut imported = ImportedSet {
        keys: Vec::new(),
        passed_over: Vec::new(),
    };
    let pointer = jsonptr::PointerBuf::from_tokens(["keys"]);
    let set = jsonptr::PointerSet::new([pointer.as_pointer()]).map_err(|_| ImportError::NoSet)?;
    let limits = ScanLimits::new().max_bytes(MAX_SET_BYTES);
    let mut buffer = jsonptr::ScanBuffer::new();
    let document = set.scan_into(json, &limits, &mut buffer)?;
    let keys = buffer.get(document, 0).and_then(|keys| keys.elements());
    for (index, key) in keys.ok_or(ImportError::NoSet)?.enumerate() {
        let alg = key.members().into_iter().flatten();
        let alg = alg
            .filter(|(name, value)| *name == *"alg" && value.kind() == Kind::String)
            .find_map(|(_, value)| value.text());
        let algorithm: Option<Algorithm> = alg.and_then(|alg| alg.to_cow().parse().ok());
        match algorithm {
            None => imported.passed_over.push(index),
            Some(algorithm) => {
                let key = SigningKey::from_jwk_json(algorithm, key.json().as_bytes())
                    .map_err(|source| ImportError::Key { index, source })?;
                imported.keys.push(key);
            }
        }
    }
    Ok(imported)
}

/// A hundred RSA keys of 8,192 bits take less.
const MAX_SET_BYTES: usize = 1024 * 1024;

/// The keys of a private JWK Set.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportedSet {
    /// Those that sign, in their order.
    pub keys: Vec<SigningKey>,
    /// The places, from zero, of those that are not for us.
    pub passed_over: Vec<usize>,
}

/// Why keys were not read. No key bytes are in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes are no strict JSON.
    #[error("not strict JSON")]
    Json(#[from] jsonptr::ScanError),
    /// There is no list `keys`.
    #[error("not a JWK Set: there is no list `keys`")]
    NoSet,
    /// A key cannot be read.
    #[error("key {index} cannot be read")]
    #[non_exhaustive]
    Key {
        /// Its place, from zero.
        index: usize,
        /// Why.
        source: SigningKeyError,
    },
}

impl ImportError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::NoSet => "no_jwk_set",
            Self::Key { source, .. } => source.code(),
        }
    }
}
