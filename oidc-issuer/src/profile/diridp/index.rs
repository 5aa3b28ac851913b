//! The state of the original diridp: the file `index.json` of a chain of keys.

use std::time::Duration;

use oidc_core::NumericDate;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::state::ImportedRole;

/// What the original says of a chain of keys, for taking it over.
///
/// ```
/// use std::time::Duration;
/// use oidc_issuer::profile::diridp::KeyIndex;
///
/// let index = KeyIndex::from_json(br#"{
///     "current": {"id": "9f3c2a71d04be58", "expires": 1790003600},
///     "next": {"id": "1", "expires": 1790007200},
///     "old": []
/// }"#)?;
/// let keys = index.keys(Duration::from_secs(3_600), Duration::from_secs(900), Duration::from_secs(600));
/// assert_eq!(keys[0].file_name(), "key-9f3c2a71d04be58.pem");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
pub struct KeyIndex {
    current: Entry,
    #[serde(default)]
    next: Option<Entry>,
    #[serde(default)]
    old: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
struct Entry {
    #[serde(deserialize_with = "id")]
    id: String,
    expires: NumericDate,
}

/// 64 bits in lower-case hexadecimal, not padded: also a part of a file's name.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if (1..=16).contains(&id.len()) && id.bytes().all(digit) {
        Ok(id)
    } else {
        Err(D::Error::custom(
            "the id of a key is 1 to 16 hexadecimal digits",
        ))
    }
}

/// A key of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexedKey {
    /// Its id, which is its `kid`.
    pub kid: String,
    /// What it did.
    pub role: ImportedRole,
}

impl IndexedKey {
    /// The file of its private half, beside the index.
    pub fn file_name(&self) -> String {
        format!("key-{}.pem", self.kid)
    }

    /// Whether its private half is needed.
    pub fn signs(&self) -> bool {
        !matches!(self.role, ImportedRole::Verifying { .. })
    }
}

impl KeyIndex {
    /// The name of the file.
    pub const FILE_NAME: &'static str = "index.json";

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// What `serde_json` says of a file that is none: after a power failure the original leaves it
    /// empty.
    pub fn from_json(json: &[u8]) -> Result<KeyIndex, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The keys with what they did, by the times that the original keeps: a key signs for
    /// `lifespan` until it expires, and is published `publish_margin` before that. Its tokens live
    /// for `longest_token` at most.
    pub fn keys(
        &self,
        lifespan: Duration,
        publish_margin: Duration,
        longest_token: Duration,
    ) -> Vec<IndexedKey> {
        let key = |entry: &Entry, role| IndexedKey {
            kid: entry.id.clone(),
            role,
        };
        let began = |entry: &Entry| entry.expires.saturating_sub(lifespan);
        let last_token = |entry: &Entry| entry.expires.saturating_add(longest_token);
        let current = &self.current;
        let mut keys = vec![key(
            current,
            ImportedRole::signing(began(current), last_token(current)),
        )];
        if let Some(next) = &self.next {
            let published = began(next).saturating_sub(publish_margin);
            keys.push(key(next, ImportedRole::waiting(published)));
        }
        for old in &self.old {
            // Never shorter than its last token lives: weakness W1 of the original.
            let until = last_token(old).max(old.expires.saturating_add(publish_margin));
            keys.push(key(old, ImportedRole::verifying(until)));
        }
        keys
    }
}
