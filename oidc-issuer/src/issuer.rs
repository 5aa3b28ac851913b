//! The issuer: its keys, its documents, its tokens.

mod builder;

use core::fmt;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSetError, NumericDate};

use crate::key_ring::{KeyRing, KeyStatus};
use crate::publication::{self, Document};
use crate::rotation::RotationError;
use crate::signing_key::SigningKey;
use crate::token::{IssueError, Token, TokenSpec, UnsignedToken};

pub use self::builder::{BuildError, IssuerBuilder};

/// An OpenID Connect issuer for workloads: it signs tokens and says which keys it signs with.
///
/// It holds one ring of keys for each algorithm. [`issue`](Self::issue) takes `&self`, so any
/// number of threads issue at once; a step of a rotation takes `&mut self`. A service keeps it in
/// an `RwLock`, or swaps it.
///
/// Nothing here reads a clock, a file or the network: `now` is an argument, and the documents are
/// bytes to serve. Serve [`jwk_set_document`](Self::jwk_set_document) at
/// [`jwks_uri`](Self::jwks_uri) and [`discovery_document`](Self::discovery_document) at
/// [`IssuerIdentifier::discovery_url`].
///
/// # Examples
///
/// ```
/// use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
/// use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
///
/// let key = SigningKey::generate(Algorithm::Es384, &SystemRandom::new())?;
/// let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example")?).key(key).build()?;
///
/// let now = NumericDate::from_seconds(1_790_000_000)?;
/// let token = issuer.issue(&TokenSpec::new("job-42", "https://deploy.example")?, now)?;
/// assert_eq!(token.expires_at().as_seconds(), 1_790_000_300);
/// assert_eq!(issuer.jwks_uri(), "https://ci.example/.well-known/jwks.json");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A rotation, with hours between the steps:
///
/// ```
/// # use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
/// # use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
/// # let random = SystemRandom::new();
/// # let key = SigningKey::generate(Algorithm::EdDsa, &random)?;
/// # let mut issuer =
/// #     Issuer::builder(IssuerIdentifier::parse("https://ci.example")?).key(key).build()?;
/// # let at = |hour: i64| NumericDate::from_seconds(1_790_000_000 + 3600 * hour);
/// let next = SigningKey::generate(Algorithm::EdDsa, &random)?;
/// issuer.publish_next(next, at(0)?)?;
/// assert!(issuer.switch(Algorithm::EdDsa, at(23)?).is_err()); // too early
/// issuer.switch(Algorithm::EdDsa, at(24)?)?;
/// assert_eq!(issuer.withdraw_expired(at(48)?)?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Issuer {
    id: IssuerIdentifier,
    /// The `iss` claim as JSON.
    id_json: String,
    jwks_uri: String,
    /// In the order given; never empty.
    rings: Vec<KeyRing>,
    /// For tokens that ask for no algorithm.
    default_algorithm: Algorithm,
    jwk_set: Document,
    discovery: Document,
}

impl Issuer {
    /// Begins an issuer of this name. Add at least one key.
    pub fn builder(id: IssuerIdentifier) -> IssuerBuilder {
        IssuerBuilder::new(id)
    }

    /// Makes a token, valid from `now` for the lifetime in `spec`.
    ///
    /// It is signed with the active key of the algorithm that `spec` asks for, or else of the
    /// first key that the issuer was built with. The claims are `iss`, `sub`, `aud`, `exp`, `nbf`
    /// if asked for, `iat`, `jti` if asked for, then the custom ones; the header is `alg`, `kid`
    /// and `typ` `JWT`.
    ///
    /// # Errors
    ///
    /// [`IssueError::NoKey`], [`IssueError::TooLong`] above
    /// [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES), and what no
    /// sane clock or machine brings about.
    pub fn issue(&self, spec: &TokenSpec, now: NumericDate) -> Result<Token, IssueError> {
        let algorithm = spec.algorithm().unwrap_or(self.default_algorithm);
        let ring = self.rings.iter().find(|ring| ring.algorithm() == algorithm);
        let key = ring.ok_or(IssueError::NoKey { algorithm })?.active();
        let signing_key = key.signing_key();
        let signature_len = signing_key.public_key().signature_len();
        let unsigned = UnsignedToken::new(key.header(), &self.id_json, spec, now, signature_len)?;
        // Before the signature exists: a key must not go while a token of it may be valid.
        key.note_expiry(unsigned.expires_at());
        let signature = signing_key
            .sign_then(unsigned.signing_input(), <[u8]>::to_vec)
            .map_err(IssueError::Signing)?;
        Ok(unsigned.signed(&signature))
    }

    /// The issuer identifier, the `iss` of every token.
    pub fn id(&self) -> &IssuerIdentifier {
        &self.id
    }

    /// Where the JWK Set is published.
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// The JWK Set (RFC 7517 section 5): every key that signs, will sign, or has signed a token
    /// that is still valid.
    pub fn jwk_set_document(&self) -> &Document {
        &self.jwk_set
    }

    /// The provider metadata (OpenID Connect Discovery 1.0 section 3).
    pub fn discovery_document(&self) -> &Document {
        &self.discovery
    }

    /// The rings, one for each algorithm, in the order of the keys that the issuer was built with.
    pub fn rings(&self) -> &[KeyRing] {
        &self.rings
    }

    /// All published keys with their states, in the order of the JWK Set.
    pub fn keys(&self) -> impl Iterator<Item = KeyStatus<'_>> {
        self.rings.iter().flat_map(KeyRing::keys)
    }

    /// Publishes the key that will sign next with its algorithm. Serve the new
    /// [`jwk_set_document`](Self::jwk_set_document) at once: the time counts from `now`.
    ///
    /// # Errors
    ///
    /// [`RotationError`] says which rule forbids it; then nothing has changed, and the key is
    /// gone.
    pub fn publish_next(&mut self, key: SigningKey, now: NumericDate) -> Result<(), RotationError> {
        match clash(&self.rings, key.public_jwk()) {
            Some(Clash::Kid(kid)) => return Err(RotationError::DuplicateKid { kid }),
            Some(Clash::Key(kid)) => return Err(RotationError::SameKey { kid }),
            None => {}
        }
        let algorithm = key.algorithm();
        self.ring(algorithm)?.publish_next(key, now)?;
        let published = self.publish();
        if published.is_err() {
            self.ring(algorithm)?.withdraw_next()?;
        }
        published
    }

    /// Takes the next key of this algorithm back before it has signed.
    ///
    /// # Errors
    ///
    /// [`RotationError::NoNext`], [`RotationError::NoRing`].
    pub fn withdraw_next(&mut self, algorithm: Algorithm) -> Result<(), RotationError> {
        self.ring(algorithm)?.withdraw_next()?;
        self.publish()
    }

    /// Makes the next key of this algorithm the one that signs.
    ///
    /// Its predecessor signs no more, and its private half is dropped; its public half stays in the
    /// JWK Set until [`withdraw_expired`](Self::withdraw_expired) finds that all of its tokens have
    /// expired. The documents do not change.
    ///
    /// # Errors
    ///
    /// [`RotationError::TooYoung`] until the key has been published for
    /// [`RotationTiming::publish_before`](crate::RotationTiming::publish_before);
    /// [`RotationError::NoNext`], [`RotationError::NoRing`].
    pub fn switch(&mut self, algorithm: Algorithm, now: NumericDate) -> Result<(), RotationError> {
        self.ring(algorithm)?.switch(now)
    }

    /// Takes the old keys out of the JWK Set whose last token has expired everywhere, and gives
    /// their ids. Call it now and then.
    ///
    /// # Errors
    ///
    /// [`RotationError::JwkSet`], which no set of keys that has been published before brings
    /// about.
    pub fn withdraw_expired(&mut self, now: NumericDate) -> Result<Vec<String>, RotationError> {
        let mut withdrawn = Vec::new();
        for ring in &mut self.rings {
            withdrawn.append(&mut ring.withdraw_expired(now));
        }
        if !withdrawn.is_empty() {
            self.publish()?;
        }
        Ok(withdrawn)
    }

    fn ring(&mut self, algorithm: Algorithm) -> Result<&mut KeyRing, RotationError> {
        self.rings
            .iter_mut()
            .find(|ring| ring.algorithm() == algorithm)
            .ok_or(RotationError::NoRing { algorithm })
    }

    /// Writes the JWK Set anew. Discovery depends on the algorithms alone, which stay.
    fn publish(&mut self) -> Result<(), RotationError> {
        self.jwk_set = jwk_set(&self.rings).map_err(RotationError::JwkSet)?;
        Ok(())
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("id", &self.id)
            .field("jwks_uri", &self.jwks_uri)
            .field("rings", &self.rings)
            .finish_non_exhaustive()
    }
}

enum Clash {
    Key(String),
    Kid(String),
}

/// The key that has the same material or the same id. All rings of an issuer publish into one set,
/// where a relying party finds a key by its id.
fn clash(rings: &[KeyRing], new: &Jwk) -> Option<Clash> {
    rings.iter().flat_map(KeyRing::keys).find_map(|other| {
        let kid = other.kid.to_owned();
        if other.jwk.key() == new.key() {
            Some(Clash::Key(kid))
        } else {
            (Some(other.kid) == new.kid()).then_some(Clash::Kid(kid))
        }
    })
}

fn jwk_set(rings: &[KeyRing]) -> Result<Document, JwkSetError> {
    publication::jwk_set(rings.iter().flat_map(KeyRing::keys).map(|key| key.jwk))
}
