//! A state made of the keys of another program.

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, NumericDate};

use super::RotationState;
use super::error::TransitionError;
use super::key::KeyState;
use super::ring_name::RingName;

/// A key that another program has published, to go on with under its id.
///
/// See [`RotationState::import`].
#[derive(Clone, Debug)]
pub struct ImportedKey {
    ring: RingName,
    jwk: Jwk,
    role: ImportedRole,
}

/// What a key did under the other program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportedRole {
    /// It signs.
    #[non_exhaustive]
    Signing {
        /// Since when: its period goes on from there.
        since: NumericDate,
        /// The latest `exp` of a token that it has signed.
        latest_exp: NumericDate,
    },
    /// It is published and will sign.
    #[non_exhaustive]
    Waiting {
        /// Since when it is published.
        since: NumericDate,
    },
    /// It signs no more, and tokens of it may still be valid. Its private half is not needed.
    #[non_exhaustive]
    Verifying {
        /// When the last of them has expired everywhere.
        until: NumericDate,
    },
}

impl ImportedRole {
    /// It has signed since then, and no token of it expires later than `latest_exp`.
    pub const fn signing(since: NumericDate, latest_exp: NumericDate) -> ImportedRole {
        ImportedRole::Signing { since, latest_exp }
    }

    /// It has been published since then.
    pub const fn waiting(since: NumericDate) -> ImportedRole {
        ImportedRole::Waiting { since }
    }

    /// It stays published until then.
    pub const fn verifying(until: NumericDate) -> ImportedRole {
        ImportedRole::Verifying { until }
    }
}

impl ImportedKey {
    /// This key, with its `kid` and `alg`, in this ring.
    pub fn new(ring: RingName, jwk: Jwk, role: ImportedRole) -> ImportedKey {
        ImportedKey { ring, jwk, role }
    }
}

impl RotationState {
    /// A first state that goes on where another program ended: the keys keep their ids, the active
    /// one goes on to sign, and none is unpublished.
    ///
    /// Store the private halves of the keys that sign and wait under their names
    /// ([`KeyRef`](crate::KeyRef)), then commit the document to an empty store, and only then start a
    /// [`Rotation`](crate::Rotation). The other program must have ended.
    ///
    /// ```
    /// use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
    /// use oidc_issuer::store::{MemoryKeys, MemoryStore, PrivateKeys, StateStore};
    /// use oidc_issuer::{ImportedKey, ImportedRole, KeyRef, RingName, RotationState, SigningKey};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let key = SigningKey::generate(Algorithm::EdDsa, &oidc_issuer::SystemRandom::new())?;
    /// # let pem = key.to_pkcs8_pem();
    /// let key = SigningKey::from_pkcs8_pem(Algorithm::EdDsa, &pem)?.with_kid("9f3c2a71d04be58")?;
    /// let issuer = IssuerIdentifier::parse("https://idp.example.com")?;
    /// let ring = RingName::from(Algorithm::EdDsa);
    ///
    /// let keys = MemoryKeys::new();
    /// let name = KeyRef::new(&issuer, &ring, Algorithm::EdDsa, key.kid());
    /// keys.put(&name, &key.to_pkcs8_pem())?;
    ///
    /// let (since, now) = (NumericDate::from_seconds(1_790_000_000)?, NumericDate::from_seconds(1_790_003_600)?);
    /// let role = ImportedRole::signing(since, NumericDate::from_seconds(1_790_007_200)?);
    /// let imported = ImportedKey::new(ring, key.public_jwk().clone(), role);
    /// let state = RotationState::import(issuer, [imported], now)?;
    ///
    /// let store = MemoryStore::new();
    /// store.commit(None, &state.to_json())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TransitionError`]: two keys of one id, a key without `kid` or `alg`, two that sign in one
    /// ring, more than a ring publishes.
    pub fn import(
        issuer: IssuerIdentifier,
        keys: impl IntoIterator<Item = ImportedKey>,
        now: NumericDate,
    ) -> Result<RotationState, TransitionError> {
        let mut state = RotationState::first(issuer, now).successor();
        for ImportedKey { ring, jwk, role } in keys {
            let Some(algorithm) = jwk.alg() else {
                return Err(TransitionError::NoRing { ring });
            };
            state.import_ring(&ring, algorithm, now);
            let kid = jwk.kid().unwrap_or_default().to_owned();
            match role {
                ImportedRole::Verifying { until } => state.adopt(&ring, jwk, now, until)?,
                ImportedRole::Waiting { since } => {
                    state.stage(&ring, jwk, since)?;
                    state.step(&kid, now, |_| Some(KeyState::Published { since }))?;
                }
                ImportedRole::Signing { since, latest_exp } => {
                    if let Some(signs) = state.ring(&ring).and_then(|ring| ring.active()) {
                        let kid = signs.kid().to_owned();
                        let state = signs.state().name();
                        return Err(TransitionError::WrongState { kid, state });
                    }
                    state.stage(&ring, jwk, since)?;
                    state.step(&kid, now, |_| Some(KeyState::Active { since }))?;
                    state.reserve(&kid, latest_exp)?;
                }
            }
        }
        Ok(state)
    }

    /// The ring, made if it is not there. Its algorithm has been announced by the other program.
    fn import_ring(&mut self, name: &RingName, algorithm: Algorithm, now: NumericDate) {
        if self.ring(name).is_none() {
            self.add_ring(name.clone(), algorithm, true);
            // The ring is there now.
            let _ = self.announced(name, Some(now));
        }
    }
}
