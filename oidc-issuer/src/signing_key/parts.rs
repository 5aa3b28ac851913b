//! From the parts of a private key, whatever they were written in, to a key that signs.

use oidc_core::{Algorithm, Curve, EcPublicKey, Ed25519PublicKey, PublicKey, RsaPublicKey};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::der::{Decode as _, Encode as _};
use zeroize::Zeroizing;

use super::error::{KeyFormat, KeyKind, Limit, Operation, SigningKeyError};
use super::export;
use crate::backend::{self, KeyPair, PairError};

/// The parts of a private key, and each public half that came with it.
pub(super) enum Parts<'a> {
    Ec {
        curve: Curve,
        scalar: &'a [u8],
        points: [Option<&'a [u8]>; 2],
    },
    Ed25519 {
        seed: &'a [u8],
        public: Option<&'a [u8]>,
    },
    Rsa(Box<RsaPrivateKeyRef<'a>>),
}

/// A key that signs, what to publish of it, and what to keep of it.
pub(super) struct Assembled {
    pub(super) pair: KeyPair,
    pub(super) public: PublicKey,
    pub(super) pkcs8_pem: Zeroizing<String>,
}

impl Parts<'_> {
    /// The pair, whose public half the backend has computed from the private one. A public half
    /// that came with the key is compared with it and never used for anything else: signing with
    /// one half and publishing another is how RUSTSEC-2022-0093 gave Ed25519 keys away.
    pub(super) fn assemble(&self, algorithm: Algorithm) -> Result<Assembled, SigningKeyError> {
        let kind = match self {
            Parts::Ec { curve, .. } if algorithm.ecdsa_curve() != Some(*curve) => {
                KeyKind::Ec(*curve)
            }
            Parts::Ed25519 { .. } if !algorithm.is_ed25519() => KeyKind::Ed25519,
            Parts::Rsa(_) if !algorithm.is_rsa() => KeyKind::Rsa,
            Parts::Ec {
                curve,
                scalar,
                points,
            } => return ec(algorithm, *curve, scalar, *points),
            Parts::Ed25519 { seed, public } => return ed25519(algorithm, seed, *public),
            Parts::Rsa(key) => return rsa(algorithm, key),
        };
        Err(SigningKeyError::AlgorithmMismatch { algorithm, kind })
    }
}

fn ec(
    algorithm: Algorithm,
    curve: Curve,
    scalar: &[u8],
    points: [Option<&[u8]>; 2],
) -> Result<Assembled, SigningKeyError> {
    length(scalar, curve.coordinate_len())?;
    let given = || points.into_iter().flatten();
    let computed;
    let point = if let Some(point) = given().find(|point| point.first() == Some(&UNCOMPRESSED)) {
        point
    } else {
        computed = backend::ec_point(curve, scalar)
            .map_err(refused(algorithm, Operation::DerivePublicKey))?;
        &computed
    };
    let pair = KeyPair::ecdsa(curve, scalar, point).map_err(refused(algorithm, Operation::Sign))?;
    let (x, y) = coordinates(pair.public_key(), curve).ok_or(SigningKeyError::Inconsistent)?;
    for point in given() {
        if !is_point(point, x, y)? {
            return Err(SigningKeyError::Inconsistent);
        }
    }
    let public = EcPublicKey::new(curve, x, y).map_err(SigningKeyError::PublicKey)?;
    let pkcs8_pem = export::ec(curve, scalar, pair.public_key())?;
    checked(algorithm, pair, PublicKey::Ec(public), pkcs8_pem)
}

fn ed25519(
    algorithm: Algorithm,
    seed: &[u8],
    given: Option<&[u8]>,
) -> Result<Assembled, SigningKeyError> {
    length(seed, 32)?;
    let seed: &[u8; 32] = seed.try_into().map_err(|_| SigningKeyError::OutOfRange)?;
    // What a generator leaves that has failed silently.
    if *seed == [0; 32] {
        return Err(SigningKeyError::OutOfRange);
    }
    let pair = KeyPair::ed25519(seed).map_err(refused(algorithm, Operation::Sign))?;
    if given.is_some_and(|given| given != pair.public_key()) {
        return Err(SigningKeyError::Inconsistent);
    }
    let point = pair
        .public_key()
        .try_into()
        .map_err(|_| SigningKeyError::Inconsistent)?;
    let public = Ed25519PublicKey::new(point).map_err(SigningKeyError::PublicKey)?;
    let pkcs8_pem = export::ed25519(seed)?;
    checked(algorithm, pair, PublicKey::Ed25519(public), pkcs8_pem)
}

fn rsa(algorithm: Algorithm, key: &RsaPrivateKeyRef<'_>) -> Result<Assembled, SigningKeyError> {
    if key.other_prime_infos.is_some() {
        return Err(SigningKeyError::MultiPrime);
    }
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    let public = RsaPublicKey::new(n, e).map_err(SigningKeyError::PublicKey)?;
    let limit = if public.bits() > backend::MAX_RSA_BITS {
        Some(Limit::ModulusBits(public.bits()))
    } else if backend::takes_rsa_exponent(e) {
        None
    } else {
        Some(Limit::Exponent)
    };
    if limit.is_some() {
        let (backend, operation) = (backend::NAME, Operation::Sign);
        return Err(SigningKeyError::Unsupported {
            algorithm,
            backend,
            operation,
            limit,
        });
    }
    let pkcs1 = Zeroizing::new(key.to_der().map_err(|_| SigningKeyError::Inconsistent)?);
    let pair = KeyPair::rsa(algorithm, &pkcs1).map_err(refused(algorithm, Operation::Sign))?;
    let computed =
        RsaPublicKeyRef::from_der(pair.public_key()).map_err(|_| SigningKeyError::Inconsistent)?;
    if (
        computed.modulus.as_bytes(),
        computed.public_exponent.as_bytes(),
    ) != (n, e)
    {
        return Err(SigningKeyError::Inconsistent);
    }
    let pkcs8_pem = export::rsa(&pkcs1)?;
    checked(algorithm, pair, PublicKey::Rsa(public), pkcs8_pem)
}

/// The last check of every key: that what it signs verifies under what will be published.
fn checked(
    algorithm: Algorithm,
    pair: KeyPair,
    public: PublicKey,
    pkcs8_pem: Zeroizing<String>,
) -> Result<Assembled, SigningKeyError> {
    if pair.signs_and_verifies(algorithm) {
        Ok(Assembled {
            pair,
            public,
            pkcs8_pem,
        })
    } else {
        Err(SigningKeyError::Inconsistent)
    }
}

fn length(private: &[u8], expected: usize) -> Result<(), SigningKeyError> {
    if private.len() == expected {
        Ok(())
    } else {
        Err(SigningKeyError::PrivateLength {
            length: private.len(),
            expected,
        })
    }
}

fn refused(algorithm: Algorithm, operation: Operation) -> impl Fn(PairError) -> SigningKeyError {
    move |error| match error {
        PairError::Inconsistent => SigningKeyError::Inconsistent,
        PairError::Rejected => SigningKeyError::OutOfRange,
        PairError::Unsupported => {
            let backend = backend::NAME;
            SigningKeyError::Unsupported {
                algorithm,
                backend,
                operation,
                limit: None,
            }
        }
    }
}

/// The two halves of an uncompressed point (SEC 1 section 2.3.3).
fn coordinates(point: &[u8], curve: Curve) -> Option<(&[u8], &[u8])> {
    let (first, rest) = point.split_first()?;
    let length = curve.coordinate_len();
    (*first == UNCOMPRESSED && rest.len() == length.checked_mul(2)?)
        .then(|| rest.split_at_checked(length))?
}

/// Whether `point`, compressed or not, is the one at `x` and `y`.
fn is_point(point: &[u8], x: &[u8], y: &[u8]) -> Result<bool, SigningKeyError> {
    let odd = y.last().is_some_and(|byte| byte & 1 == 1);
    match point.split_first() {
        Some((&UNCOMPRESSED, rest)) => Ok(rest.strip_prefix(x) == Some(y)),
        Some((&COMPRESSED_EVEN, rest)) => Ok(!odd && rest == x),
        Some((&COMPRESSED_ODD, rest)) => Ok(odd && rest == x),
        _ => Err(SigningKeyError::Malformed {
            format: KeyFormat::Sec1,
            offset: None,
        }),
    }
}

/// The first byte of a point, SEC 1 section 2.3.3.
const UNCOMPRESSED: u8 = 4;
const COMPRESSED_EVEN: u8 = 2;
const COMPRESSED_ODD: u8 = 3;
