//! Public keys as plain, checked values: RSA, ECDSA and Ed25519.

use core::fmt;

use crate::algorithm::Algorithm;
use crate::curve::Curve;
use crate::roca;

/// A public key that a signature can be checked with.
///
/// There is no private and no symmetric variant: what this crate reads and publishes cannot hold a
/// secret. Every value has passed the checks of its constructor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicKey {
    /// `"kty": "RSA"` (RFC 7518 section 6.3).
    Rsa(RsaPublicKey),
    /// `"kty": "EC"` (RFC 7518 section 6.2).
    Ec(EcPublicKey),
    /// `"kty": "OKP"` with `"crv": "Ed25519"` (RFC 8037 section 2).
    Ed25519(Ed25519PublicKey),
}

impl PublicKey {
    /// The `kty` of its JWK.
    pub const fn kty(&self) -> &'static str {
        match self {
            PublicKey::Rsa(_) => "RSA",
            PublicKey::Ec(_) => "EC",
            PublicKey::Ed25519(_) => "OKP",
        }
    }

    /// Whether the key can check a signature of this algorithm: RSA keys every RSA algorithm, a
    /// curve's keys the one of that curve, Ed25519 keys `EdDSA` and `Ed25519`.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            PublicKey::Rsa(_) => algorithm.is_rsa(),
            PublicKey::Ec(key) => algorithm.ecdsa_curve() == Some(key.curve()),
            PublicKey::Ed25519(_) => algorithm.is_ed25519(),
        }
    }

    /// The length in bytes of every signature under this key, in the form of RFC 7518 section 3
    /// and RFC 8037 section 3.1.
    pub fn signature_len(&self) -> usize {
        match self {
            PublicKey::Rsa(key) => key.n().len(),
            PublicKey::Ec(key) => key.curve().coordinate_len().saturating_mul(2),
            PublicKey::Ed25519(_) => 64,
        }
    }
}

impl From<RsaPublicKey> for PublicKey {
    fn from(key: RsaPublicKey) -> PublicKey {
        PublicKey::Rsa(key)
    }
}

impl From<EcPublicKey> for PublicKey {
    fn from(key: EcPublicKey) -> PublicKey {
        PublicKey::Ec(key)
    }
}

impl From<Ed25519PublicKey> for PublicKey {
    fn from(key: Ed25519PublicKey) -> PublicKey {
        PublicKey::Ed25519(key)
    }
}

/// An RSA modulus of 2048 to 8192 bits and its exponent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RsaPublicKey {
    n: Box<[u8]>,
    /// Big-endian, with leading zeros.
    e: [u8; MAX_EXPONENT_BYTES],
}

impl RsaPublicKey {
    /// The smallest modulus in bits (RFC 7518 section 3.3).
    pub const MIN_BITS: usize = 2048;

    /// The largest modulus in bits: what one signature check may cost is bounded here.
    pub const MAX_BITS: usize = 8192;

    /// The key of this modulus and exponent, both big-endian and without a leading zero byte, so
    /// that one key has one form (RFC 7518 section 2, `Base64urlUInt`).
    ///
    /// The modulus is odd, of [`MIN_BITS`](Self::MIN_BITS) to [`MAX_BITS`](Self::MAX_BITS), and
    /// does not bear the fingerprint of CVE-2017-15361; the exponent is odd and 3 ≤ e < 2³³.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] names the rule that does not hold.
    pub fn new(n: impl Into<Box<[u8]>>, e: &[u8]) -> Result<RsaPublicKey, PublicKeyError> {
        let n = n.into();
        // The size comes first: nothing is computed on a modulus without a bound.
        let bits = bit_len(&n);
        if !(RsaPublicKey::MIN_BITS..=RsaPublicKey::MAX_BITS).contains(&bits) {
            return Err(PublicKeyError::ModulusSize { bits });
        }
        if n.first() == Some(&0) || e.first() == Some(&0) {
            return Err(PublicKeyError::LeadingZero);
        }
        if n.last().is_none_or(|byte| byte & 1 == 0) {
            return Err(PublicKeyError::EvenModulus);
        }
        let e = exponent(e).ok_or(PublicKeyError::Exponent)?;
        if roca::is_fingerprinted(&n) {
            return Err(PublicKeyError::RocaModulus);
        }
        Ok(RsaPublicKey { n, e })
    }

    /// The modulus, big-endian, without leading zeros.
    pub fn n(&self) -> &[u8] {
        &self.n
    }

    /// The exponent, big-endian, without leading zeros.
    pub fn e(&self) -> &[u8] {
        let zeros = self.e.iter().take_while(|byte| **byte == 0).count();
        self.e.get(zeros..).unwrap_or_default()
    }

    /// The length of the modulus in bits.
    pub fn bits(&self) -> usize {
        bit_len(&self.n)
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey")
            .field("bits", &self.bits())
            .finish_non_exhaustive()
    }
}

/// The bits of a big-endian number, leading zeros not counted.
fn bit_len(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some(first) = number.get(zeros) else {
        return 0;
    };
    let bytes = number.len().saturating_sub(zeros);
    let unused = usize::try_from(first.leading_zeros()).unwrap_or_default();
    bytes.saturating_mul(8).saturating_sub(unused)
}

/// The exponent when it is odd and 3 ≤ e < 2³³.
fn exponent(e: &[u8]) -> Option<[u8; MAX_EXPONENT_BYTES]> {
    let mut padded = [0; MAX_EXPONENT_BYTES];
    let start = MAX_EXPONENT_BYTES.checked_sub(e.len())?;
    padded.get_mut(start..)?.copy_from_slice(e);
    let value = padded
        .iter()
        .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    (value & 1 == 1 && (3..1 << 33).contains(&value)).then_some(padded)
}

/// A point of P-256, P-384 or P-521.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EcPublicKey {
    curve: Curve,
    /// `x`, then `y`, each of the curve's length.
    coordinates: Box<[u8]>,
}

impl EcPublicKey {
    /// The key at this point; both coordinates are big-endian and of exactly the curve's length
    /// (RFC 7518 section 6.2.1.2).
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::CoordinateLength`], or [`PublicKeyError::NotOnCurve`] when the
    /// coordinates solve no equation of that curve.
    pub fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<EcPublicKey, PublicKeyError> {
        let expected = curve.coordinate_len();
        for coordinate in [x, y] {
            if coordinate.len() != expected {
                let len = coordinate.len();
                return Err(PublicKeyError::CoordinateLength { len, expected });
            }
        }
        if !curve.has_point(x, y) {
            return Err(PublicKeyError::NotOnCurve);
        }
        Ok(EcPublicKey {
            curve,
            coordinates: [x, y].concat().into_boxed_slice(),
        })
    }

    /// The curve, the `crv` of the JWK.
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// The x coordinate, big-endian, of the curve's length.
    pub fn x(&self) -> &[u8] {
        self.coordinates
            .get(..self.curve.coordinate_len())
            .unwrap_or_default()
    }

    /// The y coordinate, big-endian, of the curve's length.
    pub fn y(&self) -> &[u8] {
        self.coordinates
            .get(self.curve.coordinate_len()..)
            .unwrap_or_default()
    }

    /// The uncompressed point of SEC 1 section 2.3.3: `04`, x, y.
    pub fn to_sec1_bytes(&self) -> Vec<u8> {
        [&[4], &*self.coordinates].concat()
    }
}

impl fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcPublicKey")
            .field("curve", &self.curve)
            .finish_non_exhaustive()
    }
}

/// An encoded Ed25519 point (RFC 8032 section 5.1.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ed25519PublicKey([u8; 32]);

impl Ed25519PublicKey {
    /// The key of these 32 bytes.
    ///
    /// Points of small order, under which a signature of anything can be made, and encodings that
    /// are not canonical, which backends read differently, are refused (RFC 8032 section 5.1.3,
    /// step 1). Whether the bytes are a point at all shows when a backend loads them.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::SmallOrder`] or [`PublicKeyError::NotCanonical`].
    pub fn new(bytes: [u8; 32]) -> Result<Ed25519PublicKey, PublicKeyError> {
        let y = ed25519_y(&bytes);
        if y.iter().rev().ge(ED25519_P.iter().rev()) {
            return Err(PublicKeyError::NotCanonical);
        }
        if SMALL_ORDER_Y.contains(&y) {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Ed25519PublicKey(bytes))
    }

    /// The encoded point.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519PublicKey").finish_non_exhaustive()
    }
}

/// The y coordinate of an encoded point, without the sign of x.
fn ed25519_y(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk
            .iter()
            .rev()
            .fold(0, |limb, byte| (limb << 8) | u64::from(*byte));
    }
    if let Some(highest) = limbs.last_mut() {
        *highest &= u64::MAX >> 1;
    }
    limbs
}

/// Why numbers or bytes are no acceptable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The RSA modulus has fewer than [`RsaPublicKey::MIN_BITS`] or more than
    /// [`RsaPublicKey::MAX_BITS`].
    #[error("RSA modulus has {bits} bits, not 2048 to 8192")]
    #[non_exhaustive]
    ModulusSize {
        /// Its length in bits.
        bits: usize,
    },
    /// The RSA modulus is even.
    #[error("RSA modulus is even")]
    EvenModulus,
    /// The RSA modulus or exponent begins with a zero byte.
    #[error("RSA modulus or exponent has a leading zero byte")]
    LeadingZero,
    /// The RSA exponent is even, below 3, or 2³³ or more.
    #[error("RSA exponent is not odd or not from 3 to 2^33 - 1")]
    Exponent,
    /// The RSA modulus comes from the generator of CVE-2017-15361 (ROCA), whose keys can be
    /// factored. One honest modulus in more than 10⁸ would be taken for one.
    #[error("RSA modulus has the fingerprint of CVE-2017-15361")]
    RocaModulus,
    /// A coordinate, or the Ed25519 point, has another length than its curve's.
    #[error("coordinate has {len} bytes, not {expected}")]
    #[non_exhaustive]
    CoordinateLength {
        /// Its length in bytes.
        len: usize,
        /// The curve's length in bytes.
        expected: usize,
    },
    /// The point is not on the curve, or a coordinate is not below its prime.
    #[error("point is not on the curve")]
    NotOnCurve,
    /// The Ed25519 point has order 1, 2, 4 or 8.
    #[error("point has a small order")]
    SmallOrder,
    /// The Ed25519 coordinate is not below 2²⁵⁵ − 19.
    #[error("point is not in canonical form")]
    NotCanonical,
}

impl PublicKeyError {
    /// A stable code in `snake_case`, such as `modulus_size`.
    pub const fn code(&self) -> &'static str {
        match self {
            PublicKeyError::ModulusSize { .. } => "modulus_size",
            PublicKeyError::EvenModulus => "even_modulus",
            PublicKeyError::LeadingZero => "leading_zero",
            PublicKeyError::Exponent => "exponent",
            PublicKeyError::RocaModulus => "roca_modulus",
            PublicKeyError::CoordinateLength { .. } => "coordinate_length",
            PublicKeyError::NotOnCurve => "not_on_curve",
            PublicKeyError::SmallOrder => "small_order",
            PublicKeyError::NotCanonical => "not_canonical",
        }
    }
}

/// e < 2³³ takes 33 bits.
const MAX_EXPONENT_BYTES: usize = 5;

/// 2²⁵⁵ − 19. Limbs are little-endian, here and below.
const ED25519_P: [u64; 4] = [
    0xffff_ffff_ffff_ffed,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
];

/// The y coordinates of the eight points of small order: 0 (order 4), 1 (order 1), −1 (order 2),
/// and the two of order 8.
const SMALL_ORDER_Y: [[u64; 4]; 5] = [
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [
        0xffff_ffff_ffff_ffec,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0x7fff_ffff_ffff_ffff,
    ],
    [
        0xb027_b2c2_8f95_e826,
        0xf098_eff2_89f4_c345,
        0x3933_c6d3_05ac_dfd5,
        0x05fc_536d_8802_38b1,
    ],
    [
        0x4fd8_4d3d_706a_17c7,
        0x0f67_100d_760b_3cba,
        0xc6cc_392c_fa53_202a,
        0x7a03_ac92_77fd_c74e,
    ],
];
