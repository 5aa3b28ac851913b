//! One pass of a driver: everything that is due, done and reported.

use std::error::Error;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier};

use crate::issuer::can_sign;
use crate::rotation::{Clocks, Commit, Documents, KeyRef, Rotation, Sighting, Step};
use crate::signing_key::{SigningKey, SigningKeyError};
use crate::state::{KeyRing, RingKey, RingName, RotationState};
use crate::store::{CommitError, PrivateKeys, PrivateKeysError, StateStore, StoreError};
use crate::telemetry;

/// Where the documents are put, and where the world sees them.
pub trait Publisher {
    /// Puts the documents where the world looks. They replace what is there; see [`Documents`] for
    /// the order.
    ///
    /// # Errors
    ///
    /// Any: it is tried again.
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError>;

    /// Fetches both documents through the public address, past caches of one's own.
    ///
    /// # Errors
    ///
    /// Any: it is tried again. Where nothing is published the answer is [`Sighting::nothing`], not
    /// an error.
    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError>;
}

/// What a pass came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pass {
    /// When to make the next pass, at the latest.
    pub wait: Duration,
    /// What failed on the way; each of it is tried again.
    pub failures: Vec<Box<dyn Error + Send + Sync>>,
}

/// Takes every step that is due, and says how long to sleep.
///
/// `make` makes a key for a ring, usually with [`SigningKey::generate`].
///
/// Before a key begins to sign in its turn, its private half is read. One that is lost is told to
/// [`Rotation::handle_unusable`] and not promoted, and another is made; while the keys cannot be reached
/// ([`Rotation::handle_unreachable`]) its predecessor goes on. A revocation waits for neither.
///
/// This is the whole of a driver but for its clock and its loop: a thread of its own, or a blocking
/// task. Drivers of asynchronous stores take the steps of [`Rotation::poll`] themselves.
///
/// ```
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
/// use oidc_issuer::store::{MemoryKeys, MemoryStore, StoreError};
/// use oidc_issuer::{
///     Clocks, Documents, Issuer, Publisher, Rotation, RotationConfig, RotationPolicy, Sighting,
///     RingName, SigningKey, SystemRandom, TokenSpec, drive,
/// };
///
/// /// In a service: a folder of a web server, a bucket, or the documents of an HTTP handler.
/// #[derive(Default)]
/// struct Site(Mutex<Option<Documents>>);
///
/// impl Publisher for Site {
///     fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
///         *self.0.lock().unwrap() = Some(documents.clone());
///         Ok(())
///     }
///
///     fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
///         let Some(documents) = &*self.0.lock().unwrap() else {
///             return Ok(Sighting::nothing());
///         };
///         let (discovery, jwk_set) = (&documents.discovery.bytes, &documents.jwk_set.bytes);
///         Sighting::from_bytes(issuer, discovery, jwk_set).map_err(StoreError::new)
///     }
/// }
///
/// let config = RotationConfig::new(IssuerIdentifier::parse("https://ci.example")?)
///     .ring(Algorithm::Es256, RotationPolicy::default())?;
/// let mut rotation = Rotation::new(config);
/// let (store, keys, site) = (MemoryStore::new(), MemoryKeys::new(), Site::default());
/// let random = SystemRandom::new();
/// let make = |_ring: &RingName, algorithm| SigningKey::generate(algorithm, &random);
///
/// // In a service: the wall clock, and `Instant`s counted from the first.
/// let now = NumericDate::from_seconds(1_790_000_000)?;
/// let clocks = Clocks::new(now, Duration::ZERO);
/// rotation.confirm_clock(clocks);
///
/// let pass = drive(&mut rotation, &store, &keys, &site, make, || clocks);
/// assert!(pass.failures.is_empty());
///
/// // After each pass: an issuer for the threads that make tokens.
/// let issuer = Issuer::of_rotation(&rotation, &keys, clocks, None)?;
/// let token = issuer.issue(&TokenSpec::new("job-42", "https://deploy.example")?, now)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn drive(
    rotation: &mut Rotation,
    store: &impl StateStore,
    keys: &impl PrivateKeys,
    publisher: &impl Publisher,
    mut make: impl FnMut(&RingName, Algorithm) -> Result<SigningKey, SigningKeyError>,
    mut clocks: impl FnMut() -> Clocks,
) -> Pass {
    let mut failures: Vec<Box<dyn Error + Send + Sync>> = Vec::new();
    for _ in 0..MAX_STEPS {
        let step = rotation.poll(clocks());
        let (name, about) = (step.code(), step.issuer().cloned());
        let outcome = match step {
            Step::Load => load(rotation, store, &mut clocks),
            Step::Commit(step) => match begins_to_sign(rotation, keys, &step) {
                Ok(()) => commit(rotation, store, &step, &mut clocks),
                Err((_, error)) if error.is_temporary() => {
                    rotation.handle_unreachable(clocks());
                    Err(error.into())
                }
                Err((kid, error)) => {
                    rotation.handle_unusable(&kid, clocks());
                    Err(error.into())
                }
            },
            Step::Generate { ring, algorithm } => {
                let made = make(&ring, algorithm).map_err(Into::into);
                let stored = made.and_then(|key| {
                    let name = KeyRef::new(rotation.config().issuer(), &ring, algorithm, key.kid());
                    keys.put(&name, &key.to_pkcs8_pem())?;
                    Ok(key)
                });
                match stored {
                    Ok(key) => {
                        rotation.handle_generated(&ring, key.public_jwk().clone(), clocks());
                        Ok(())
                    }
                    Err(error) => {
                        rotation.handle_generate_failed(clocks());
                        Err(error)
                    }
                }
            }
            Step::Publish { issuer } => {
                let documents = rotation.documents(&issuer).map_err(Into::into);
                let published =
                    documents.and_then(|documents| Ok(publisher.publish(&issuer, &documents)?));
                match published {
                    Ok(()) => rotation.handle_published(&issuer, clocks()),
                    Err(_) => rotation.handle_publish_failed(&issuer, clocks()),
                }
                published
            }
            Step::Look { issuer } => match publisher.look(&issuer) {
                Ok(sighting) => {
                    rotation.handle_sighting(&issuer, sighting, clocks());
                    Ok(())
                }
                Err(error) => {
                    rotation.handle_look_failed(&issuer, clocks());
                    Err(error.into())
                }
            },
            Step::Destroy(key) => match keys.destroy(&key) {
                Ok(()) => {
                    rotation.handle_destroyed(&key, clocks());
                    Ok(())
                }
                Err(error) => {
                    rotation.handle_destroy_failed(clocks());
                    Err(error.into())
                }
            },
            Step::Wait(wait) => {
                telemetry::standing(rotation, clocks());
                return Pass { wait, failures };
            }
        };
        let issuer = about.as_ref().unwrap_or(rotation.config().issuer());
        telemetry::stepped(issuer, name, outcome.is_ok());
        failures.extend(outcome.err());
    }
    Pass {
        wait: Duration::ZERO,
        failures,
    }
}

/// The most steps of one pass: a start with twelve rings takes about as many.
const MAX_STEPS: usize = 128;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn load(
    rotation: &mut Rotation,
    store: &impl StateStore,
    clocks: &mut impl FnMut() -> Clocks,
) -> Outcome {
    // What is read is at least as new as the moment before.
    let begun = clocks();
    let read = || {
        let Some(stored) = store.load()? else {
            return Ok(None);
        };
        let state = RotationState::from_json(&stored.state)?;
        Ok(Some((state, stored.version)))
    };
    match read() {
        Ok(loaded) => {
            rotation.handle_loaded(loaded, begun);
            Ok(())
        }
        Err(error) => {
            rotation.handle_load_failed(clocks());
            Err(error)
        }
    }
}

/// Whether every key that begins to sign can be read: with one that is lost its ring would be out of
/// service. A key whose predecessor is taken out of trust is not looked at: that waits for nothing.
fn begins_to_sign(
    rotation: &Rotation,
    keys: &impl PrivateKeys,
    step: &Commit,
) -> Result<(), (String, PrivateKeysError)> {
    for ring in step.state.rings() {
        let before = rotation.state().and_then(|state| state.ring(ring.name()));
        let before = before.and_then(KeyRing::active);
        let trusted = before.is_none_or(|before| {
            let after = ring.key(before.kid());
            after.is_some_and(RingKey::is_published)
        });
        let Some(key) = ring.active().filter(|_| trusted) else {
            continue;
        };
        if before.is_none_or(|before| before.kid() != key.kid()) {
            let issuer = rotation.config().issuer();
            let reference = KeyRef::new(issuer, ring.name(), ring.algorithm(), key.kid());
            can_sign(keys, &reference, key).map_err(|error| (key.kid().to_owned(), error))?;
        }
    }
    Ok(())
}

fn commit(
    rotation: &mut Rotation,
    store: &impl StateStore,
    step: &Commit,
    clocks: &mut impl FnMut() -> Clocks,
) -> Outcome {
    match store.commit(step.expected.as_ref(), &step.state.to_json()) {
        Ok(()) => rotation.handle_committed(clocks()),
        Err(CommitError::Conflict) => rotation.handle_conflict(clocks()),
        Err(error @ CommitError::Unknown(_)) => {
            rotation.handle_commit_failed(clocks());
            return Err(error.into());
        }
    }
    Ok(())
}
