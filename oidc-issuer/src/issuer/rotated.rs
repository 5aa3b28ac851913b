//! The issuer of a rotation: what may be signed with now.

use std::sync::Arc;

use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use serde_json::Value;

use super::{ActiveKey, ActiveRing, Issuer};
use crate::rotation::{Clocks, DocumentsError, KeyRef, Rotation};
use crate::signing_key::SigningKey;
use crate::state::{KeyRing, RingKey};
use crate::store::{PrivateKeys, PrivateKeysError, StoreError};

impl Issuer {
    /// The issuer under its first name, with the keys that are active now.
    ///
    /// Private keys that `before` has already are not read again. A key that cannot be read takes
    /// its ring out of service and no other: see [`unusable`](Self::unusable).
    ///
    /// It signs for as long as the state that the rotation has read is fresh; without one it is
    /// made all the same, to serve documents, and every token is [`Stale`](crate::IssueError::Stale).
    ///
    /// # Errors
    ///
    /// [`DocumentsError`]: before the first state has been read, or the first key made.
    pub fn of_rotation(
        rotation: &Rotation,
        keys: &impl PrivateKeys,
        clocks: Clocks,
        before: Option<&Issuer>,
    ) -> Result<Issuer, DocumentsError> {
        let id = rotation.config().issuer();
        Issuer::of_rotation_as(id, rotation, keys, clocks, before)
    }

    /// The same under another name of the issuer.
    ///
    /// # Errors
    ///
    /// As [`of_rotation`](Self::of_rotation); [`DocumentsError::UnknownIssuer`] for a name that it
    /// does not have.
    pub fn of_rotation_as(
        id: &IssuerIdentifier,
        rotation: &Rotation,
        keys: &impl PrivateKeys,
        clocks: Clocks,
        before: Option<&Issuer>,
    ) -> Result<Issuer, DocumentsError> {
        let documents = rotation.documents(id)?;
        let state = rotation.state().ok_or(DocumentsError::UnknownIssuer)?;
        let config = rotation.config();
        let mut unusable = Vec::new();
        let rings = config
            .rings()
            .map(|(name, algorithm, policy)| {
                let active = state.ring(name).and_then(KeyRing::active);
                let key = active.and_then(|active| {
                    let reference = KeyRef::new(config.issuer(), name, algorithm, active.kid());
                    match known(before, active).map_or_else(|| read(keys, &reference, active), Ok) {
                        Ok(key) => Some(key),
                        Err(error) => {
                            unusable.push((active.kid().to_owned(), error));
                            None
                        }
                    }
                });
                ActiveRing {
                    name: name.clone(),
                    algorithm,
                    key,
                    latest_exp: active
                        .and_then(RingKey::reserved_until)
                        .unwrap_or(NumericDate::MIN),
                    max_lifetime: policy.token_lifetime(),
                }
            })
            .collect();
        Ok(Issuer {
            id: id.clone(),
            id_json: Value::from(id.as_str()).to_string(),
            jwks_uri: config.jwks_uri_of(id).unwrap_or_default().to_owned(),
            rings,
            audiences: config.audiences().to_vec(),
            lease: Some(rotation.lease(clocks)),
            published: state.published().cloned().collect(),
            unusable,
            jwk_set: documents.jwk_set,
            discovery: documents.discovery,
        })
    }
}

fn known(before: Option<&Issuer>, active: &RingKey) -> Option<Arc<ActiveKey>> {
    let keys = before?.rings.iter().filter_map(|ring| ring.key.as_ref());
    let mut same = keys.filter(|key| key.signing_key.public_jwk() == active.jwk());
    same.next().cloned()
}

/// Whether tokens can be signed with this key: its private half is there, and is that of this key.
pub(crate) fn can_sign(
    keys: &impl PrivateKeys,
    reference: &KeyRef,
    key: &RingKey,
) -> Result<(), PrivateKeysError> {
    read(keys, reference, key).map(|_| ())
}

fn read(
    keys: &impl PrivateKeys,
    reference: &KeyRef,
    active: &RingKey,
) -> Result<Arc<ActiveKey>, PrivateKeysError> {
    let pem = keys.get(reference)?;
    let key =
        import(reference.algorithm, &pem, active.kid()).map_err(PrivateKeysError::Unusable)?;
    if key.public_jwk() == active.jwk() {
        Ok(Arc::new(ActiveKey::new(key)))
    } else {
        let other = StoreError::new("it is the private half of another key");
        Err(PrivateKeysError::Unusable(other))
    }
}

fn import(algorithm: Algorithm, pem: &str, kid: &str) -> Result<SigningKey, StoreError> {
    SigningKey::from_pkcs8_pem(algorithm, pem)
        .and_then(|key| key.with_kid(kid))
        .map_err(StoreError::new)
}
