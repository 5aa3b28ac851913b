//! Temporary credentials without a memory: the session is in its token, sealed.
//!
//! Whoever holds the key of the service can open what it sealed, after any restart; nobody else can
//! read it or make one. Nothing is kept for a session, so there is nothing to lose and nothing to
//! grow.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use oidc_verifier::NumericDate;
use serde::{Deserialize, Serialize};

use crate::session_policy::SessionPolicies;

/// Seals sessions and opens them again.
pub(crate) struct SessionKey(RandomizedNonceKey);

/// Who the credentials speak for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: String,
    /// `arn:…:assumed-role/ROLE/SESSION`.
    pub(crate) arn: String,
    /// `ROLE-ID:SESSION`.
    pub(crate) user_id: String,
    pub(crate) expires_at: NumericDate,
    /// The ARN of the identity provider, and whom its token spoke of.
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: Vec<Tag>,
    /// What takes permissions from it.
    pub(crate) policies: SessionPolicies,
}

/// A tag of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) transitive: bool,
}

/// What a caller signs its requests with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
}

/// A session with the credentials that were made for it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session: Session,
}

impl SessionKey {
    pub(crate) const BYTES: usize = 32;

    /// The longest session token that is looked at. The longest that is made has some 15,100
    /// characters, with a subject of 1,024 bytes, a policy that is all line ends, and the tags that fit
    /// beside it.
    pub(crate) const MAX_TOKEN_CHARS: usize = 16 * 1024;

    /// Keeps the sealed sessions of this program apart from whatever else the key may have sealed.
    const PURPOSE: &[u8] = b"assume_role: session, form 2";

    pub(crate) fn new(bytes: &[u8; SessionKey::BYTES]) -> Result<SessionKey, SealError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes).map_err(|_| SealError)?;
        Ok(SessionKey(key))
    }

    /// New credentials for this session.
    pub(crate) fn issue(&self, session: Session) -> Result<Credentials, SealError> {
        let access_key_id = access_key_id(random()?);
        let secret_access_key = base64_simd::STANDARD.encode_to_string(random::<30>()?);
        let opened = Opened {
            access_key_id,
            secret_access_key,
            session,
        };
        let mut sealed = serde_json::to_vec(&opened).map_err(|_| SealError)?;
        let purpose = Aad::from(SessionKey::PURPOSE);
        let nonce = self
            .0
            .seal_in_place_append_tag(purpose, &mut sealed)
            .map_err(|_| SealError)?;
        let token = [nonce.as_ref().as_slice(), sealed.as_slice()].concat();
        Ok(Credentials {
            access_key_id: opened.access_key_id,
            secret_access_key: opened.secret_access_key,
            session_token: base64_simd::STANDARD.encode_to_string(token),
        })
    }

    /// What was sealed; `None` for what this key did not seal. Whether it has expired is not looked
    /// at.
    pub(crate) fn open(&self, session_token: &str) -> Option<Opened> {
        if session_token.len() > SessionKey::MAX_TOKEN_CHARS {
            return None;
        }
        let mut token = base64_simd::STANDARD.decode_to_vec(session_token).ok()?;
        let (nonce, sealed) = token.split_at_mut_checked(AES_256_GCM_SIV.nonce_len())?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let purpose = Aad::from(SessionKey::PURPOSE);
        let opened = self.0.open_in_place(nonce, purpose, sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

/// `ASIA` for temporary credentials, then 80 random bits in the alphabet of base32.
fn access_key_id(random: [u8; 16]) -> String {
    let letters = random.map(|byte| {
        let index = usize::from(byte & 31);
        BASE32.get(index).copied().map_or('A', char::from)
    });
    "ASIA".chars().chain(letters).collect()
}

fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| SealError)?;
    Ok(bytes)
}

/// RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The crypto library failed. Deliberately says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("session cannot be sealed")]
pub(crate) struct SealError;

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").finish_non_exhaustive()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
