//! Keys that live elsewhere: in a KMS, an HSM, or another process.
//!
//! A [`RemoteKey`] makes tokens with a key whose private half it never sees. It asks a
//! [`RemoteSigner`], waits no longer than it is told, and releases no signature that the *published*
//! key does not verify: a signer that answers with another key's signature, or with the wrong version
//! of the right one, makes no token.
//!
//! ```
//! use std::future;
//! use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
//! use oidc_issuer::signer::{RemoteFailure, RemoteKey, RemoteSignature, RemoteSigner, SignRequest};
//! use oidc_issuer::{SigningKey, SystemRandom, TokenSpec};
//!
//! /// In a service this is a call of the KMS's client.
//! struct Kms(SigningKey);
//!
//! impl RemoteSigner for Kms {
//!     async fn sign(&self, request: SignRequest<'_>) -> Result<RemoteSignature, RemoteFailure> {
//!         Ok(RemoteSignature::Jws(self.0.sign(request.signing_input)?))
//!     }
//! }
//!
//! # fn block_on<F: Future>(future: F) -> F::Output {
//! #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//! #     let mut future = std::pin::pin!(future);
//! #     loop {
//! #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
//! #             return output;
//! #         }
//! #     }
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kms = Kms(SigningKey::generate(Algorithm::Es256, &SystemRandom::new())?);
//! // The public half, with `kid` and `alg`, as it stands in the published JWK Set.
//! let published = kms.0.public_jwk().clone();
//! let issuer = IssuerIdentifier::parse("https://ci.example")?;
//! let key = RemoteKey::new(&issuer, published, kms)?;
//!
//! let spec = TokenSpec::new("job-42", "https://deploy.example")?;
//! let now = NumericDate::from_seconds(1_790_000_000)?;
//! // The deadline is any future: `tokio::time::sleep(Duration::from_secs(5))`.
//! let deadline = future::pending();
//! let token = block_on(key.issue(&spec, now, deadline))?;
//! # assert_eq!(token.as_str().split('.').count(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! With [`RemoteKey::issue_or`] an [`Issuer`] with a local key of the same issuer, already published,
//! stands in while the remote one fails.

mod ecdsa_der;
mod error;
mod in_flight;
mod within;

use core::fmt;
use std::error::Error;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, NumericDate};

use self::in_flight::InFlight;
use crate::backend;
use crate::issuer::Issuer;
use crate::signing_key::SigningKey;
use crate::token::{IssueError, Token, TokenSpec, UnsignedToken, header_of};

pub use self::error::{FailoverError, RemoteIssueError, RemoteKeyError};

/// Something that signs with keys which this process does not hold.
///
/// Implemented for [`SigningKey`] too, which signs at once.
pub trait RemoteSigner: Send + Sync {
    /// Signs `request.signing_input` with the key `request.kid`.
    ///
    /// The future may be dropped at any time: then the answer came too late. Name the version of the
    /// key that `kid` stands for; "the newest" is another key after the service has rotated it.
    ///
    /// # Errors
    ///
    /// Whatever the signer says.
    fn sign(
        &self,
        request: SignRequest<'_>,
    ) -> impl Future<Output = Result<RemoteSignature, RemoteFailure>> + Send;
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SignRequest<'a> {
    /// Which key, by its id in the JWK Set.
    pub kid: &'a str,
    /// Which algorithm. A service that takes a digest takes the hash of this one.
    pub algorithm: Algorithm,
    /// The bytes (RFC 7515 section 5.1): header and claims of the token.
    pub signing_input: &'a [u8],
}

/// A signature in the form in which the signer gives it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoteSignature {
    /// DER, a sequence of `r` and `s`, as AWS KMS and Google Cloud KMS answer for ECDSA (RFC 3279
    /// section 2.2.3).
    EcdsaDer(Vec<u8>),
    /// As a token has it (RFC 7518 section 3, RFC 8037 section 3.1): Azure Key Vault, and all
    /// signers for RSA and Ed25519.
    Jws(Vec<u8>),
}

/// The form and the length.
impl fmt::Debug for RemoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (form, bytes) = match self {
            Self::EcdsaDer(bytes) => ("EcdsaDer", bytes),
            Self::Jws(bytes) => ("Jws", bytes),
        };
        write!(f, "{form}({} bytes)", bytes.len())
    }
}

/// Why a signer did not sign, in its own words.
pub type RemoteFailure = Box<dyn Error + Send + Sync>;

impl RemoteSigner for SigningKey {
    async fn sign(&self, request: SignRequest<'_>) -> Result<RemoteSignature, RemoteFailure> {
        if request.kid != self.kid() || request.algorithm != self.algorithm() {
            return Err("another key was asked for".into());
        }
        let signature = SigningKey::sign(self, request.signing_input)?;
        Ok(RemoteSignature::Jws(signature))
    }
}

/// A published key whose private half a [`RemoteSigner`] has.
///
/// It is the issuer's business that the key is published before this signs with it, and stays so:
/// give its JWK to the issuer's JWK Set like any other.
pub struct RemoteKey<S> {
    signer: S,
    jwk: Jwk,
    kid: Box<str>,
    algorithm: Algorithm,
    issuer: IssuerIdentifier,
    /// The `iss` claim as JSON.
    issuer_json: String,
    header: String,
    in_flight: InFlight,
}

/// Which key signed a token.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignedBy {
    /// The remote key.
    Remote,
    /// The local key that stands in, because the remote one failed.
    Local {
        /// How it failed.
        because: RemoteIssueError,
    },
}

impl<S: RemoteSigner> RemoteKey<S> {
    /// Signatures waited for at one time, unless another limit is set: more than a second's worth
    /// of a signer that takes 50 ms, and few enough that a slow one does not fill the memory.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 32;

    /// The key of this public half at this signer. The JWK is the one that is published, with `kid`
    /// and `alg`.
    ///
    /// # Errors
    ///
    /// [`RemoteKeyError`] without `kid` or `alg`, or for an algorithm whose signatures this build
    /// cannot verify.
    pub fn new(issuer: &IssuerIdentifier, jwk: Jwk, signer: S) -> Result<Self, RemoteKeyError> {
        let kid: Box<str> = jwk.kid().ok_or(RemoteKeyError::NoKid)?.into();
        let algorithm = jwk.alg().ok_or(RemoteKeyError::NoAlgorithm)?;
        if !jwk.fits(algorithm) || !backend::has_verification(algorithm) {
            return Err(RemoteKeyError::Unsupported { algorithm });
        }
        let issuer_json = serde_json::to_string(issuer.as_str());
        Ok(Self {
            header: header_of(algorithm, &kid),
            issuer_json: issuer_json.map_err(|_| RemoteKeyError::Issuer)?,
            issuer: issuer.clone(),
            signer,
            jwk,
            kid,
            algorithm,
            in_flight: InFlight::new(Self::DEFAULT_MAX_IN_FLIGHT),
        })
    }

    /// The same, waiting for at most so many signatures at one time. One more is refused at once
    /// ([`RemoteIssueError::Busy`]): a queue would only hide that the signer is too slow.
    #[must_use]
    pub fn with_max_in_flight(mut self, max: usize) -> Self {
        self.in_flight = InFlight::new(max);
        self
    }

    /// The public half.
    pub const fn public_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Makes a token, valid from `now` for the lifetime in `spec`, unless `deadline` comes first.
    ///
    /// # Errors
    ///
    /// [`RemoteIssueError`]. No token leaves this call that the published key does not verify.
    pub async fn issue<D>(
        &self,
        spec: &TokenSpec,
        now: NumericDate,
        deadline: D,
    ) -> Result<Token, RemoteIssueError>
    where
        D: Future<Output = ()>,
    {
        let algorithm = spec.algorithm().unwrap_or(self.algorithm);
        if algorithm != self.algorithm {
            return Err(IssueError::NoKey { algorithm }.into());
        }
        let length = self.jwk.key().signature_len();
        let latest = NumericDate::MAX;
        let (header, issuer) = (&self.header, &self.issuer_json);
        let unsigned = UnsignedToken::new(header, issuer, spec, now, latest, length)?;
        let _place = self.in_flight.enter().ok_or(RemoteIssueError::Busy)?;
        let request = SignRequest {
            kid: &self.kid,
            algorithm,
            signing_input: unsigned.signing_input(),
        };
        let answer = within::within(self.signer.sign(request), deadline).await;
        let signature = match answer.ok_or(RemoteIssueError::Deadline)? {
            Ok(RemoteSignature::Jws(bytes)) => bytes,
            Ok(RemoteSignature::EcdsaDer(der)) => {
                ecdsa_der::to_fixed(algorithm, &der).ok_or(RemoteIssueError::Malformed)?
            }
            Err(failure) => return Err(RemoteIssueError::Signer(failure)),
        };
        let input = unsigned.signing_input();
        if !backend::verifies(self.jwk.key(), algorithm, input, &signature) {
            return Err(RemoteIssueError::WrongSignature);
        }
        Ok(unsigned.signed(&signature))
    }

    /// Like [`issue`](Self::issue), and with `local` if the remote signer fails: another key of the
    /// same issuer, published as long as this one, that signs here. A token that asks for an algorithm
    /// gets it from either key or not at all.
    ///
    /// # Errors
    ///
    /// [`FailoverError::OtherIssuer`] for a key of another issuer, asked or not;
    /// [`FailoverError::Spec`] for what no key could sign, and [`FailoverError::Local`] when both have
    /// failed.
    pub async fn issue_or<D>(
        &self,
        local: &Issuer,
        spec: &TokenSpec,
        now: NumericDate,
        deadline: D,
    ) -> Result<(Token, SignedBy), FailoverError>
    where
        D: Future<Output = ()>,
    {
        if *local.id() != self.issuer {
            return Err(FailoverError::OtherIssuer {
                remote: self.issuer.clone(),
                local: local.id().clone(),
            });
        }
        let because = match self.issue(spec, now, deadline).await {
            Ok(token) => return Ok((token, SignedBy::Remote)),
            Err(RemoteIssueError::Spec(error)) => return Err(FailoverError::Spec(error)),
            Err(failure) => failure,
        };
        match local.issue(spec, now) {
            Ok(token) => Ok((token, SignedBy::Local { because })),
            Err(local) => Err(FailoverError::Local {
                remote: because,
                local,
            }),
        }
    }
}

impl<S> fmt::Debug for RemoteKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}
