//! Writing PKCS#8 v1 (RFC 5208 section 5) in PEM (RFC 7468 section 10).
//!
//! Always the first version: OpenSSL 3.0 refuses the second, which both backends write for
//! Ed25519 when they are asked.

use oidc_core::Curve;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Encode, SecretDocument};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{LineEnding, ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::der as names;
use super::error::SigningKeyError;

/// The key of this PKCS#1 document (RFC 8017 appendix A.1.2); the parameters are NULL.
pub(super) fn rsa(pkcs1: &[u8]) -> Result<Zeroizing<String>, SigningKeyError> {
    wrap(pkcs1::ALGORITHM_OID, Some(AnyRef::NULL), pkcs1)
}

/// The key of this scalar, with its point inside as RFC 5915 section 3 recommends and every
/// reader can use; the curve stands outside only, as RFC 5915 section 4 has it.
pub(super) fn ec(
    curve: Curve,
    scalar: &[u8],
    point: &[u8],
) -> Result<Zeroizing<String>, SigningKeyError> {
    let oid = names::curve_oid(curve).ok_or(SigningKeyError::Curve)?;
    let key = EcPrivateKey {
        private_key: scalar,
        parameters: None,
        public_key: Some(point),
    };
    let inner = secret(&key)?;
    wrap(names::EC_PUBLIC_KEY, Some((&oid).into()), &inner)
}

/// The key of this seed: an OCTET STRING in the OCTET STRING (RFC 8410 section 7), no parameters.
pub(super) fn ed25519(seed: &[u8; 32]) -> Result<Zeroizing<String>, SigningKeyError> {
    let inner = secret(&OctetStringRef::new(seed).map_err(unwritable)?)?;
    wrap(names::ED25519, None, &inner)
}

fn wrap(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    private_key: &[u8],
) -> Result<Zeroizing<String>, SigningKeyError> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let private_key = OctetStringRef::new(private_key).map_err(unwritable)?;
    SecretDocument::encode_msg(&PrivateKeyInfoRef::new(algorithm, private_key))
        .and_then(|document| document.to_pem("PRIVATE KEY", LineEnding::LF))
        .map_err(unwritable)
}

fn secret(message: &impl Encode) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
    message.to_der().map(Zeroizing::new).map_err(unwritable)
}

/// DER lengths end at 256 MiB, and no key here comes near.
fn unwritable(_: der::Error) -> SigningKeyError {
    SigningKeyError::Generation
}
