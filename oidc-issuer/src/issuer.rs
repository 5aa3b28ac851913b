//! The issuer: it makes tokens, and says which keys it signs with.

mod builder;
mod rotated;

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, NumericDate};

use crate::publication::Document;
use crate::rotation::Lease;
use crate::signing_key::SigningKey;
use crate::state::RingName;
use crate::store::PrivateKeysError;
use crate::telemetry;
use crate::token::{IssueError, Token, TokenSpec, UnsignedToken, header_of};

pub use self::builder::{BuildError, IssuerBuilder};
pub(crate) use self::rotated::can_sign;

/// An OpenID Connect issuer for workloads: it signs tokens and says which keys it signs with.
///
/// It is a value that does not change. [`issue`](Self::issue) takes `&self`, so any number of
/// threads issue at once.
///
/// - With keys of its own, from [`builder`](Self::builder), it signs with them for as long as it
///   lives. That is for tests, and for issuers whose keys somebody else rotates.
/// - Of a [`Rotation`](crate::Rotation), from [`of_rotation`](Self::of_rotation), it signs with the
///   keys that are active, for as long as the state that says so is fresh. Make another after every
///   pass of the driver, and swap it in.
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
/// With keys that rotate, see [`drive`](crate::drive).
pub struct Issuer {
    id: IssuerIdentifier,
    /// The `iss` claim as JSON.
    id_json: String,
    jwks_uri: String,
    /// In the order given; never empty. The first is for tokens that ask for nothing.
    rings: Vec<ActiveRing>,
    /// Which ring signs for which audience.
    audiences: Vec<(String, RingName)>,
    /// Until when the keys are known, where they rotate.
    lease: Option<Lease>,
    published: Vec<Jwk>,
    unusable: Vec<(String, PrivateKeysError)>,
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
    /// It is signed with the key of the algorithm that `spec` asks for; else of the ring that the
    /// first of its audiences which has one is given to; else of the first ring. The claims are `iss`, `sub`,
    /// `aud`, `exp`, `nbf` if asked for, `iat`, `jti` if asked for, then the custom ones; the header
    /// is `alg`, `kid` and `typ` `JWT`.
    ///
    /// Keys that rotate end earlier than a token may ask for: then `exp` is the end of the key's
    /// trust, see [`Token::expires_at`].
    ///
    /// # Errors
    ///
    /// [`IssueError::NoKey`]; [`IssueError::TooLong`] above
    /// [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES). With keys that rotate:
    /// [`IssueError::Stale`] when this value is too old, [`IssueError::Lifetime`],
    /// [`IssueError::NoActiveKey`] and [`IssueError::EndOfTrust`].
    pub fn issue(&self, spec: &TokenSpec, now: NumericDate) -> Result<Token, IssueError> {
        let found = self.ring(spec);
        self.issue_with(found, spec, now)
    }

    /// Like [`issue`](Self::issue), with the key of the ring of this name, for an issuer with several
    /// rings of one algorithm. What the token asks for must be the ring's.
    ///
    /// # Errors
    ///
    /// The same; [`IssueError::NoActiveKey`] for a ring that there is not, too.
    pub fn issue_in_ring(
        &self,
        ring: &RingName,
        spec: &TokenSpec,
        now: NumericDate,
    ) -> Result<Token, IssueError> {
        let found = self.rings.iter().find(|own| own.name == *ring);
        let found = found.ok_or_else(|| IssueError::NoActiveKey { ring: ring.clone() });
        let found = found.and_then(|found| match spec.algorithm() {
            Some(algorithm) if algorithm != found.algorithm => Err(IssueError::NoKey { algorithm }),
            Some(_) | None => Ok(found),
        });
        self.issue_with(found, spec, now)
    }

    fn issue_with(
        &self,
        ring: Result<&ActiveRing, IssueError>,
        spec: &TokenSpec,
        now: NumericDate,
    ) -> Result<Token, IssueError> {
        let outcome = ring.and_then(|ring| self.sign(ring, spec, now));
        telemetry::issued(&self.id, outcome.as_ref());
        outcome
    }

    fn sign(
        &self,
        ring: &ActiveRing,
        spec: &TokenSpec,
        now: NumericDate,
    ) -> Result<Token, IssueError> {
        if let Some(lease) = &self.lease {
            lease.check(now)?;
        }
        let (given, max) = (spec.lifetime(), ring.max_lifetime);
        if given > max {
            return Err(IssueError::Lifetime { given, max });
        }
        let key = ring.key.as_ref().ok_or_else(|| IssueError::NoActiveKey {
            ring: ring.name.clone(),
        })?;
        let unsigned = UnsignedToken::new(
            &key.header,
            &self.id_json,
            spec,
            now,
            ring.latest_exp,
            key.signing_key.public_key().signature_len(),
        )?;
        let signature = key
            .signing_key
            .sign_then(unsigned.signing_input(), <[u8]>::to_vec)
            .map_err(IssueError::Signing)?;
        Ok(unsigned.signed(&signature))
    }

    fn ring(&self, spec: &TokenSpec) -> Result<&ActiveRing, IssueError> {
        if let Some(algorithm) = spec.algorithm() {
            let ring = self.rings.iter().find(|ring| ring.algorithm == algorithm);
            return ring.ok_or(IssueError::NoKey { algorithm });
        }
        // In the order of the token, which says itself who comes first.
        let given = |wanted: &str| {
            let mut audiences = self.audiences.iter();
            let (_, name) = audiences.find(|(audience, _)| audience == wanted)?;
            self.rings.iter().find(|ring| ring.name == *name)
        };
        let named = spec.audience().iter().find_map(given);
        let ring = named.or_else(|| self.rings.first());
        // INVARIANT: an issuer has a ring.
        ring.ok_or(IssueError::NoKey {
            algorithm: Algorithm::Rs256,
        })
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
    /// that may still be valid.
    pub fn jwk_set_document(&self) -> &Document {
        &self.jwk_set
    }

    /// The provider metadata (OpenID Connect Discovery 1.0 section 3).
    pub fn discovery_document(&self) -> &Document {
        &self.discovery
    }

    /// The keys of the JWK Set, in its order.
    pub fn published_keys(&self) -> &[Jwk] {
        &self.published
    }

    /// The id of the key that signs with this algorithm.
    pub fn signing_kid(&self, algorithm: Algorithm) -> Option<&str> {
        let ring = self.rings.iter().find(|ring| ring.algorithm == algorithm)?;
        Some(ring.key.as_ref()?.signing_key.kid())
    }

    /// The active keys whose private halves could not be read, with the reason. Tell
    /// [`Rotation::handle_unusable`](crate::Rotation::handle_unusable) of each that is not
    /// [temporary](PrivateKeysError::is_temporary).
    pub fn unusable(&self) -> &[(String, PrivateKeysError)] {
        &self.unusable
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

/// A ring as a signer sees it.
struct ActiveRing {
    name: RingName,
    algorithm: Algorithm,
    /// `None` while none may sign.
    key: Option<Arc<ActiveKey>>,
    latest_exp: NumericDate,
    max_lifetime: Duration,
}

impl ActiveRing {
    /// A ring of one key that nobody rotates.
    fn fixed(key: SigningKey) -> ActiveRing {
        ActiveRing {
            name: key.algorithm().into(),
            algorithm: key.algorithm(),
            key: Some(Arc::new(ActiveKey::new(key))),
            latest_exp: NumericDate::MAX,
            max_lifetime: Duration::MAX,
        }
    }
}

impl fmt::Debug for ActiveRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kid = self.key.as_ref().map(|key| key.signing_key.kid());
        f.debug_struct("Ring")
            .field("name", &self.name.as_str())
            .field("kid", &kid)
            .field("latest_exp", &self.latest_exp)
            .finish_non_exhaustive()
    }
}

/// A private key, and what every token under it has in common.
struct ActiveKey {
    signing_key: SigningKey,
    /// The JOSE header in base64url and the dot after it.
    header: String,
}

impl ActiveKey {
    fn new(signing_key: SigningKey) -> ActiveKey {
        let header = header_of(signing_key.algorithm(), signing_key.kid());
        ActiveKey {
            signing_key,
            header,
        }
    }
}
