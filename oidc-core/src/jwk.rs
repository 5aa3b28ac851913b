//! A JSON Web Key (RFC 7517) that holds a public signature key.

use std::sync::{Arc, LazyLock};

use jsonptr::{PointerSet, ScanError};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::algorithm::Algorithm;
use crate::base64url::{self, Base64UrlError};
use crate::document;
use crate::jwk_members::JwkMembers;
use crate::public_key::{PublicKey, PublicKeyError};
use crate::walk::Walk;

/// A public key for signatures, with the name and the algorithm that its issuer gave it.
///
/// There is no private and no symmetric form, so none can be published by mistake. Serialized with
/// `kty`, `kid`, `use`, `alg` and the key's own members, in this order.
///
/// ```
/// use oidc_core::{Algorithm, Jwk};
///
/// let jwk = Jwk::parse(br#"{
///     "kty": "OKP", "crv": "Ed25519", "kid": "2025-10",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }"#)?;
/// assert_eq!(jwk.kid(), Some("2025-10"));
/// assert!(jwk.fits(Algorithm::EdDsa) && !jwk.fits(Algorithm::Es256));
/// # Ok::<(), oidc_core::JwkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<Arc<str>>,
    alg: Option<Algorithm>,
}

impl Jwk {
    /// The longest JWK in bytes, certificates included.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The longest `kid` in bytes: a name is a hash, a date or a path.
    pub const MAX_KID_BYTES: usize = 256;

    /// This key without a name, for every algorithm that it can serve.
    pub fn new(key: impl Into<PublicKey>) -> Jwk {
        Jwk {
            key: key.into(),
            kid: None,
            alg: None,
        }
    }

    /// Reads one JWK, a JSON object of at most [`MAX_BYTES`](Self::MAX_BYTES).
    ///
    /// It must be a public key that may check signatures: `use` is absent or `sig`, `key_ops`
    /// absent or with `verify`, `alg` absent or one that the key can serve. `x5c`, `x5t`, `x5u` and
    /// unknown members are ignored (RFC 7517 section 4).
    ///
    /// # Errors
    ///
    /// [`JwkError`] names the member or the rule.
    pub fn parse(json: &[u8]) -> Result<Jwk, JwkError> {
        Jwk::from_members(&read(json)?, JwkUse::Sig)
    }

    /// The key of these members, which have been checked to be strict JSON.
    pub(crate) fn from_members(members: &JwkMembers<'_>, key_use: JwkUse) -> Result<Jwk, JwkError> {
        members.check_len()?;
        members.check_public()?;
        let kid = members.kid()?;
        members.check_use(key_use)?;
        let alg = members.alg()?;
        let jwk = Jwk::new(members.public_key()?);
        let jwk = match kid {
            Some(kid) => jwk.with_kid(&*kid)?,
            None => jwk,
        };
        match alg {
            Some(alg) => jwk.with_alg(alg),
            None => Ok(jwk),
        }
    }

    /// The same key under this name.
    ///
    /// # Errors
    ///
    /// [`JwkError::KidTooLong`] past [`MAX_KID_BYTES`](Self::MAX_KID_BYTES).
    pub fn with_kid(mut self, kid: impl Into<Arc<str>>) -> Result<Jwk, JwkError> {
        let kid = kid.into();
        if kid.len() > Jwk::MAX_KID_BYTES {
            return Err(JwkError::KidTooLong {
                max: Jwk::MAX_KID_BYTES,
            });
        }
        self.kid = Some(kid);
        Ok(self)
    }

    /// The same key for this algorithm only.
    ///
    /// # Errors
    ///
    /// [`JwkError::AlgDoesNotFit`] when the key cannot serve it.
    pub fn with_alg(mut self, alg: Algorithm) -> Result<Jwk, JwkError> {
        if !self.key.fits(alg) {
            return Err(JwkError::AlgDoesNotFit { alg });
        }
        self.alg = Some(alg);
        Ok(self)
    }

    /// The key itself.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its name among the issuer's keys: text to compare byte for byte, perhaps a stranger's.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that it is for, if the issuer says.
    pub const fn alg(&self) -> Option<Algorithm> {
        self.alg
    }

    /// Whether a signature of this algorithm may be checked with the key: the algorithm is the
    /// key's `alg`, or one that it can serve when it has none. `EdDSA` and `Ed25519` are the same
    /// (RFC 8725 section 3.1, RFC 9864 section 2.2).
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        match self.alg {
            Some(own) => own.same_signature(algorithm),
            None => self.key.fits(algorithm),
        }
    }
}

/// What the keys of a set are for: their `use`, which may also be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JwkUse {
    /// `jwt-svid`: for the JWT-SVIDs of a SPIFFE trust domain and nothing else (SPIFFE Trust
    /// Domain and Bundle section 4.2).
    JwtSvid,
    /// `sig`: for signatures (RFC 7517 section 4.2).
    #[default]
    Sig,
}

impl PublicKey {
    /// Reads the key of a JWK whatever it is for: `use`, `key_ops`, `alg` and `kid` are not looked
    /// at. For a key that checks signatures, use [`Jwk::parse`].
    ///
    /// # Errors
    ///
    /// [`JwkError`] names the member or the rule. A private or symmetric key is refused.
    pub fn from_jwk(json: &[u8]) -> Result<PublicKey, JwkError> {
        let members = read(json)?;
        members.check_public()?;
        members.public_key()
    }
}

/// The members of a document, when it is strict JSON and an object.
fn read(json: &[u8]) -> Result<JwkMembers<'_>, JwkError> {
    static ROOT: LazyLock<PointerSet> = LazyLock::new(|| document::pointer_set(&[""]));
    if json.len() > Jwk::MAX_BYTES {
        return Err(JwkError::TooLong {
            max: Jwk::MAX_BYTES,
        });
    }
    let [root] = document::scan(&ROOT, json, Jwk::MAX_BYTES).map_err(JwkError::Json)?;
    let mut walk = Walk::new(root.ok_or(JwkError::NotAnObject)?.json());
    JwkMembers::read(&mut walk).ok_or(JwkError::NotAnObject)
}

/// Why a JWK is no key that signatures can be checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// It is not strict JSON. Member names must be unique, among others.
    #[error("JWK is not well-formed JSON")]
    Json(#[source] ScanError),
    /// It is longer than [`Jwk::MAX_BYTES`].
    #[error("JWK is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// It is not a JSON object.
    #[error("JWK is not an object")]
    NotAnObject,
    /// A member that this kind of key needs is missing.
    #[error("member `{member}` is missing")]
    #[non_exhaustive]
    MissingMember {
        /// Its name.
        member: &'static str,
    },
    /// A member is of the wrong kind: no string, or for `key_ops` no array of different strings.
    #[error("member `{member}` is malformed")]
    #[non_exhaustive]
    MalformedMember {
        /// Its name.
        member: &'static str,
    },
    /// A member of the key is not base64url.
    #[error("member `{member}` is not base64url")]
    #[non_exhaustive]
    NotBase64Url {
        /// Its name.
        member: &'static str,
        /// What is wrong with its text.
        source: Base64UrlError,
    },
    /// The `kty` is none of `RSA`, `EC` and `OKP`.
    #[error("`kty` is not supported")]
    UnknownKty,
    /// The `crv` is none that this `kty` has here.
    #[error("`crv` is not supported")]
    UnknownCrv,
    /// It is a symmetric key: whoever can check signatures with it can make them.
    #[error("key is symmetric")]
    SymmetricKey,
    /// It has a private member. The key is no secret any more.
    #[error("private member `{member}` is present")]
    #[non_exhaustive]
    PrivateMember {
        /// Its name.
        member: &'static str,
    },
    /// The key's numbers break a rule.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// `use` is not `sig`.
    #[error("`use` is not `sig`")]
    UseNotSig,
    /// `key_ops` does not hold `verify`.
    #[error("`key_ops` does not hold `verify`")]
    KeyOpsWithoutVerify,
    /// `alg` is no algorithm of [`Algorithm`]; `none` and HMAC are none.
    #[error("`alg` is not supported")]
    UnknownAlg,
    /// The key cannot serve its `alg`.
    #[error("key does not fit its `alg`, {alg}")]
    #[non_exhaustive]
    AlgDoesNotFit {
        /// The algorithm.
        alg: Algorithm,
    },
    /// `kid` is longer than [`Jwk::MAX_KID_BYTES`].
    #[error("`kid` is longer than {max} bytes")]
    #[non_exhaustive]
    KidTooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// The same key with the same `kid` and `alg` stands earlier in the set.
    #[error("key stands in the set already")]
    Duplicate,
    /// Its `issuer` is neither the issuer that the set is read for nor the template of its tenants.
    #[error("key is for another issuer")]
    OtherIssuer,
    /// `use` is not `jwt-svid`, in the set of a SPIFFE trust domain.
    #[error("`use` is not `jwt-svid`")]
    UseNotJwtSvid,
    /// The set has more keys than are read, or more usable ones than are kept.
    #[error("set has more than {max} keys")]
    #[non_exhaustive]
    TooManyKeys {
        /// The limit.
        max: usize,
    },
}

impl JwkError {
    /// A stable code in `snake_case`, such as `private_member`.
    pub const fn code(&self) -> &'static str {
        match self {
            JwkError::Json(error) => error.code(),
            JwkError::TooLong { .. } => "jwk_too_long",
            JwkError::NotAnObject => "not_an_object",
            JwkError::MissingMember { .. } => "missing_member",
            JwkError::MalformedMember { .. } => "malformed_member",
            JwkError::NotBase64Url { source, .. } => source.code(),
            JwkError::UnknownKty => "unknown_kty",
            JwkError::UnknownCrv => "unknown_crv",
            JwkError::SymmetricKey => "symmetric_key",
            JwkError::PrivateMember { .. } => "private_member",
            JwkError::Key(error) => error.code(),
            JwkError::UseNotSig => "use_not_sig",
            JwkError::KeyOpsWithoutVerify => "key_ops_without_verify",
            JwkError::UnknownAlg => "unknown_alg",
            JwkError::AlgDoesNotFit { .. } => "alg_does_not_fit",
            JwkError::KidTooLong { .. } => "kid_too_long",
            JwkError::Duplicate => "duplicate_key",
            JwkError::OtherIssuer => "other_issuer",
            JwkError::UseNotJwtSvid => "use_not_jwt_svid",
            JwkError::TooManyKeys { .. } => "too_many_keys",
        }
    }
}

/// As a public JWK with `use` `sig`.
impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own: usize = match self.key {
            PublicKey::Rsa(_) | PublicKey::Ed25519(_) => 2,
            PublicKey::Ec(_) => 3,
        };
        let optional =
            usize::from(self.kid.is_some()).saturating_add(usize::from(self.alg.is_some()));
        let len = own.saturating_add(2).saturating_add(optional);
        let mut jwk = serializer.serialize_struct("Jwk", len)?;
        jwk.serialize_field("kty", self.key.kty())?;
        if let Some(kid) = self.kid() {
            jwk.serialize_field("kid", kid)?;
        }
        jwk.serialize_field("use", "sig")?;
        if let Some(alg) = self.alg {
            jwk.serialize_field("alg", &alg)?;
        }
        match &self.key {
            PublicKey::Rsa(key) => {
                jwk.serialize_field("n", &base64url::encode(key.n()))?;
                jwk.serialize_field("e", &base64url::encode(key.e()))?;
            }
            PublicKey::Ec(key) => {
                jwk.serialize_field("crv", key.curve().name())?;
                jwk.serialize_field("x", &base64url::encode(key.x()))?;
                jwk.serialize_field("y", &base64url::encode(key.y()))?;
            }
            PublicKey::Ed25519(key) => {
                jwk.serialize_field("crv", "Ed25519")?;
                jwk.serialize_field("x", &base64url::encode(key.as_bytes()))?;
            }
        }
        jwk.end()
    }
}
