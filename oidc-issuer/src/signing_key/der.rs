//! Private keys in DER, taken apart: PKCS#8 v1 and v2, SEC1, PKCS#1.
//!
//! The crypto library does not read these forms itself: `ring` refuses the PKCS#8 v1 that OpenSSL
//! writes for Ed25519 and `aws-lc-rs` trusts some public halves, so both get the bare parts.

use pkcs1::RsaPrivateKeyRef;
use pkcs8::der::{self, Decode as _};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::{EcParameters, EcPrivateKey};

use oidc_core::{Algorithm, Curve};

use super::error::{KeyFormat, SigningKeyError};
use super::parts::Parts;

pub(super) const EC_PUBLIC_KEY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Reads `PrivateKeyInfo` (RFC 5208 section 5) or `OneAsymmetricKey` (RFC 5958 section 2).
pub(super) fn pkcs8(der: &[u8]) -> Result<Parts<'_>, SigningKeyError> {
    if let Some(parts) = ring_0_16_ed25519(der) {
        return Ok(parts);
    }
    let info = PrivateKeyInfoRef::from_der(der).map_err(malformed(KeyFormat::Pkcs8))?;
    let private = info.private_key.as_bytes();
    let outer = match info.public_key {
        Some(bits) => Some(bits.as_bytes().ok_or(NO_OFFSET)?),
        None => None,
    };
    match info.algorithm.oid {
        pkcs1::ALGORITHM_OID => match outer {
            // RFC 5958 allows it, nobody writes it, and nothing would compare it.
            Some(_) => Err(NO_OFFSET),
            None => pkcs1(private),
        },
        EC_PUBLIC_KEY => {
            // RFC 5480 section 2.1.1: a named curve and nothing else.
            let curve = info
                .algorithm
                .parameters
                .and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok())
                .and_then(curve)
                .ok_or(SigningKeyError::Curve)?;
            ec(private, Some(curve), None, outer)
        }
        ED25519 => {
            // RFC 8410 section 3: the parameters MUST be absent.
            if info.algorithm.parameters.is_some() {
                return Err(NO_OFFSET);
            }
            let seed = <&der::asn1::OctetStringRef>::from_der(private)
                .map_err(malformed(KeyFormat::Pkcs8))?;
            Ok(Parts::Ed25519 {
                seed: seed.as_bytes(),
                public: outer,
            })
        }
        _ => Err(SigningKeyError::KeyType),
    }
}

/// Reads `ECPrivateKey` (RFC 5915 section 3). Without parameters inside, the curve is that of the
/// algorithm.
pub(super) fn sec1(der: &[u8], algorithm: Algorithm) -> Result<Parts<'_>, SigningKeyError> {
    ec(der, None, Some(algorithm), None)
}

/// Reads `RSAPrivateKey` (RFC 8017 appendix A.1.2).
pub(super) fn pkcs1(der: &[u8]) -> Result<Parts<'_>, SigningKeyError> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(malformed(KeyFormat::Pkcs1))?;
    Ok(Parts::Rsa(Box::new(key)))
}

/// The object identifier of a curve (RFC 5480 section 2.1.1.1).
pub(super) fn curve_oid(curve: Curve) -> Option<ObjectIdentifier> {
    match curve {
        Curve::P256 => Some(P256),
        Curve::P384 => Some(P384),
        Curve::P521 => Some(P521),
        _ => None,
    }
}

fn curve(oid: ObjectIdentifier) -> Option<Curve> {
    match oid {
        P256 => Some(Curve::P256),
        P384 => Some(Curve::P384),
        P521 => Some(Curve::P521),
        _ => None,
    }
}

fn ec<'a>(
    der: &'a [u8],
    outer_curve: Option<Curve>,
    algorithm: Option<Algorithm>,
    outer_point: Option<&'a [u8]>,
) -> Result<Parts<'a>, SigningKeyError> {
    let key = EcPrivateKey::from_der(der).map_err(malformed(KeyFormat::Sec1))?;
    let inner_curve = match key.parameters {
        Some(EcParameters::NamedCurve(oid)) => Some(curve(oid).ok_or(SigningKeyError::Curve)?),
        None => None,
    };
    if let (Some(outer), Some(inner)) = (outer_curve, inner_curve)
        && outer != inner
    {
        return Err(SigningKeyError::Inconsistent);
    }
    let curve = outer_curve
        .or(inner_curve)
        .or_else(|| algorithm.and_then(Algorithm::ecdsa_curve))
        .ok_or(SigningKeyError::Curve)?;
    Ok(Parts::Ec {
        curve,
        scalar: key.private_key,
        points: [key.public_key, outer_point],
    })
}

/// `ring` up to 0.16 wrote the public half of an Ed25519 key under a wrong tag: a BIT STRING
/// inside `[1]` where RFC 5958 has it in place of `[1]`. Such files are still about.
fn ring_0_16_ed25519(der: &[u8]) -> Option<Parts<'_>> {
    const HEAD: &[u8] = b"\x30\x53\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    const MIDDLE: &[u8] = b"\xa1\x23\x03\x21\x00";

    let (seed, rest) = der.strip_prefix(HEAD)?.split_at_checked(32)?;
    let public = rest.strip_prefix(MIDDLE)?;
    (public.len() == 32).then_some(Parts::Ed25519 {
        seed,
        public: Some(public),
    })
}

const NO_OFFSET: SigningKeyError = SigningKeyError::Malformed {
    format: KeyFormat::Pkcs8,
    offset: None,
};

fn malformed(format: KeyFormat) -> impl Fn(der::Error) -> SigningKeyError {
    move |error| {
        let offset = error
            .position()
            .and_then(|position| usize::try_from(position).ok());
        SigningKeyError::Malformed { format, offset }
    }
}
