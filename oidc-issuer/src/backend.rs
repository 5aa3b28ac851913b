//! The only file that names the crypto library.
//!
//! `aws-lc-rs` has the API of `ring`, so this is written once; a `cfg` stands only where the two
//! really differ. With both features on, `aws-lc-rs` is used.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as library;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as library;

use library::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use library::rand::SecureRandom as _;
use library::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
    RsaKeyPair, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use oidc_core::{Algorithm, Curve, PublicKey};
use zeroize::Zeroizing;

pub(crate) use library::rand::SystemRandom as Random;

/// The name of the backend in errors.
#[cfg(feature = "aws-lc-rs")]
pub(crate) const NAME: &str = "aws-lc-rs";
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) const NAME: &str = "ring";

/// The largest RSA modulus that the backend signs with, in bits.
#[cfg(feature = "aws-lc-rs")]
pub(crate) const MAX_RSA_BITS: usize = 8192;
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) const MAX_RSA_BITS: usize = 4096;

/// Whether the backend signs with an RSA key of this exponent, big-endian without leading zeros.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn takes_rsa_exponent(_exponent: &[u8]) -> bool {
    true
}

/// `ring` takes 65537 and above.
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) fn takes_rsa_exponent(exponent: &[u8]) -> bool {
    exponent.len() > 2
}

/// The backend said no, and it says no more than that.
#[derive(Debug)]
pub(crate) struct Failed;

/// Why no key pair came out.
#[derive(Debug)]
pub(crate) enum PairError {
    /// The backend has no such algorithm or size.
    Unsupported,
    /// The public half is not that of the private half.
    Inconsistent,
    /// A part is out of its range.
    Rejected,
}

/// A private key, parsed once and ready to sign.
///
/// `aws-lc-rs` wipes its copy when it is dropped; `ring` does not promise to.
pub(crate) enum KeyPair {
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    Rsa {
        pair: Box<RsaKeyPair>,
        padding: &'static dyn RsaEncoding,
    },
}

impl KeyPair {
    /// From a big-endian scalar of the curve's length and an uncompressed point (SEC 1 section
    /// 2.3.3). The backend computes the point anew and compares.
    pub(crate) fn ecdsa(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Self, PairError> {
        let algorithm = ecdsa_signing(curve).ok_or(PairError::Unsupported)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            algorithm,
            scalar,
            point,
            #[cfg(not(feature = "aws-lc-rs"))]
            &Random::new(),
        )
        .map_err(|rejected| match rejected.to_string().as_str() {
            "InconsistentComponents" => PairError::Inconsistent,
            _ => PairError::Rejected,
        })?;
        Ok(Self::Ecdsa(Box::new(pair)))
    }

    /// From the seed alone: RFC 8032 section 5.1.5 makes the public half out of it.
    pub(crate) fn ed25519(seed: &[u8; 32]) -> Result<Self, PairError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| PairError::Rejected)?;
        Ok(Self::Ed25519(Box::new(pair)))
    }

    /// From the DER of an `RSAPrivateKey` (RFC 8017 appendix A.1.2) of checked size.
    pub(crate) fn rsa(algorithm: Algorithm, pkcs1: &[u8]) -> Result<Self, PairError> {
        let padding = rsa_padding(algorithm).ok_or(PairError::Unsupported)?;
        let pair = RsaKeyPair::from_der(pkcs1).map_err(|_| PairError::Inconsistent)?;
        Ok(Self::Rsa {
            pair: Box::new(pair),
            padding,
        })
    }

    /// The public half as the backend writes it: an uncompressed point, the 32 bytes of Ed25519,
    /// or the DER of an `RSAPublicKey`.
    pub(crate) fn public_key(&self) -> &[u8] {
        match self {
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
            Self::Rsa { pair, .. } => pair.public_key().as_ref(),
        }
    }

    /// Signs `message` and hands the signature to `then`, in the form of RFC 7518 section 3: an
    /// RSA signature as long as the modulus, `r` and `s` side by side, or the 64 bytes of Ed25519.
    ///
    /// The signature is lent because the backends keep it in a large array that is dear to move.
    pub(crate) fn sign<T>(
        &self,
        message: &[u8],
        then: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Failed> {
        match self {
            Self::Ecdsa(pair) => {
                let signature = pair.sign(&Random::new(), message).map_err(|_| Failed)?;
                Ok(then(signature.as_ref()))
            }
            Self::Ed25519(pair) => {
                #[cfg(feature = "aws-lc-rs")]
                let signature = pair.try_sign(message).map_err(|_| Failed)?;
                #[cfg(not(feature = "aws-lc-rs"))]
                let signature = pair.sign(message);
                Ok(then(signature.as_ref()))
            }
            Self::Rsa { pair, padding } => {
                let mut buffer = [0; MAX_RSA_BITS / 8];
                #[cfg(feature = "aws-lc-rs")]
                let length = pair.public_modulus_len();
                #[cfg(not(feature = "aws-lc-rs"))]
                let length = pair.public().modulus_len();
                let signature = buffer.get_mut(..length).ok_or(Failed)?;
                pair.sign(*padding, &Random::new(), message, signature)
                    .map_err(|_| Failed)?;
                Ok(then(signature))
            }
        }
    }

    /// Signs once and verifies the result with the public half that will be published.
    ///
    /// `ring` checks the CRT members of an RSA key only when it signs, so a key that cannot sign
    /// is found here and not with the first token.
    pub(crate) fn signs_and_verifies(&self, algorithm: Algorithm) -> bool {
        const MESSAGE: &[u8] = b"pairwise consistency test";
        let Some(verification) = verification(algorithm) else {
            return false;
        };
        self.sign(MESSAGE, |signature| {
            UnparsedPublicKey::new(verification, self.public_key())
                .verify(MESSAGE, signature)
                .is_ok()
        })
        .unwrap_or(false)
    }
}

/// Whether `signature` is this key's over `message`, in the form of RFC 7518 section 3.
pub(crate) fn verifies(
    key: &PublicKey,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    if !key.fits(algorithm) || signature.len() != key.signature_len() {
        return false;
    }
    let verified = match key {
        PublicKey::Rsa(key) => rsa_verification(algorithm).map(|parameters| {
            let (n, e) = (key.n(), key.e());
            RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
        }),
        PublicKey::Ec(key) => verification(algorithm).map(|algorithm| {
            UnparsedPublicKey::new(algorithm, key.to_sec1_bytes()).verify(message, signature)
        }),
        PublicKey::Ed25519(key) => verification(algorithm).map(|algorithm| {
            UnparsedPublicKey::new(algorithm, key.as_bytes()).verify(message, signature)
        }),
        _ => None,
    };
    verified.is_some_and(|verified| verified.is_ok())
}

/// Whether the backend verifies signatures of this algorithm.
pub(crate) fn has_verification(algorithm: Algorithm) -> bool {
    verification(algorithm).is_some()
}

/// Encrypts with AES-256-GCM under a random nonce, which comes first in the result; `bound_to` must
/// be the same when it is opened.
pub(crate) fn seal(key: &[u8; 32], bound_to: &[u8], plain: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut nonce = [0; NONCE_LEN];
    fill(&Random::new(), &mut nonce)?;
    let mut sealed = with_room_for_tag(plain);
    let sealing = aead_key(key)?;
    sealing
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound_to),
            &mut sealed,
        )
        .map_err(|_| Failed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// A copy to encrypt in place: `aws-lc-rs` makes room for the tag before it encrypts, and a buffer that
/// has to move for that leaves the plain text behind.
fn with_room_for_tag(plain: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(plain.len().saturating_add(AES_256_GCM.tag_len()));
    copy.extend_from_slice(plain);
    copy
}

/// Decrypts what [`seal`] has made with the same key, bound to the same.
pub(crate) fn open(
    key: &[u8; 32],
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Failed)?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = aead_key(key)?
        .open_in_place(nonce, Aad::from(bound_to), &mut plain)
        .map_err(|_| Failed)?;
    let length = opened.len();
    plain.truncate(length);
    Ok(plain)
}

fn aead_key(key: &[u8; 32]) -> Result<LessSafeKey, Failed> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Failed)?;
    Ok(LessSafeKey::new(key))
}

/// Fills `dest` from the backend's generator.
pub(crate) fn fill(random: &Random, dest: &mut [u8]) -> Result<(), Failed> {
    random.fill(dest).map_err(|_| Failed)
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> impl AsRef<[u8]> + use<> {
    library::digest::digest(&library::digest::SHA256, bytes)
}

/// The uncompressed point of a scalar of the curve's length, if the backend can compute it.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn ec_point(curve: Curve, scalar: &[u8]) -> Result<Vec<u8>, PairError> {
    use library::agreement::{ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey};

    let algorithm = match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
        _ => return Err(PairError::Unsupported),
    };
    let key = PrivateKey::from_private_key(algorithm, scalar).map_err(|_| PairError::Rejected)?;
    let point = key.compute_public_key().map_err(|_| PairError::Rejected)?;
    Ok(point.as_ref().to_vec())
}

/// `ring` has no call for it: its private scalars only come with their point.
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) fn ec_point(_curve: Curve, _scalar: &[u8]) -> Result<Vec<u8>, PairError> {
    Err(PairError::Unsupported)
}

/// A new EC key as PKCS#8 v1 with its public half.
///
/// `ring` does not wipe the document that it returns; our copy is wiped.
pub(crate) fn generate_ecdsa(
    curve: Curve,
    random: &Random,
) -> Result<Zeroizing<Vec<u8>>, PairError> {
    let algorithm = ecdsa_signing(curve).ok_or(PairError::Unsupported)?;
    let document =
        EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(|_| PairError::Rejected)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// A new RSA key of 2048, 3072 or 4096 bits with exponent 65537, as PKCS#8 v1.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn generate_rsa(bits: usize) -> Result<Zeroizing<Vec<u8>>, PairError> {
    use library::encoding::{AsDer, Pkcs8V1Der};
    use library::rsa::KeySize;

    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(PairError::Unsupported),
    };
    let pair = RsaKeyPair::generate(size).map_err(|_| PairError::Rejected)?;
    let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| PairError::Rejected)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// `ring` reads RSA keys but makes none.
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) fn generate_rsa(_bits: usize) -> Result<Zeroizing<Vec<u8>>, PairError> {
    Err(PairError::Unsupported)
}

fn ecdsa_signing(curve: Curve) -> Option<&'static EcdsaSigningAlgorithm> {
    match curve {
        Curve::P256 => Some(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        Curve::P384 => Some(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        #[cfg(feature = "aws-lc-rs")]
        Curve::P521 => Some(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        #[cfg(not(feature = "aws-lc-rs"))]
        Curve::P521 => None,
        _ => None,
    }
}

fn rsa_padding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_SHA512),
        Algorithm::Ed25519
        | Algorithm::EdDsa
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | _ => None,
    }
}

fn verification(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::EdDsa | Algorithm::Ed25519 => Some(&signature::ED25519),
        Algorithm::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
        #[cfg(feature = "aws-lc-rs")]
        Algorithm::Es512 => Some(&signature::ECDSA_P521_SHA512_FIXED),
        #[cfg(not(feature = "aws-lc-rs"))]
        Algorithm::Es512 => None,
        _ => Some(rsa_verification(algorithm)?),
    }
}

fn rsa_verification(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ed25519
        | Algorithm::EdDsa
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::Es512
        | _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_encrypted_where_it_is() {
        let mut buffer = with_room_for_tag(&[7; 1_000]);
        let place = buffer.as_ptr();
        let sealed = aead_key(&[1; 32]).unwrap().seal_in_place_append_tag(
            Nonce::assume_unique_for_key([0; NONCE_LEN]),
            Aad::empty(),
            &mut buffer,
        );
        assert!(sealed.is_ok());
        assert_eq!((buffer.as_ptr(), buffer.len()), (place, 1_016));
    }
}
