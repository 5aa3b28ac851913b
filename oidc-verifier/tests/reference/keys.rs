//! The keys of a JWK Set that may check signatures (RFC 7517, RFC 7518 section 6, RFC 8037), and
//! the check itself by a direct call of aws-lc-rs.

use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::base64url;
use super::json::{self, Json, Kind};

/// A key that is fit for signatures.
#[derive(Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) kid: Option<String>,
    alg: Option<String>,
    material: Material,
}

#[derive(Clone, PartialEq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { crv: String, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const MAX_DOCUMENT: usize = 512 * 1024;
const MAX_JWK: usize = 16 * 1024;
const MAX_KID: usize = 256;
const MAX_READ: usize = 256;
const MAX_KEPT: usize = 100;

/// The usable keys of a document; none if it is not a JWK Set.
pub(crate) fn read(document: &[u8]) -> Vec<Key> {
    let mut kept: Vec<Key> = Vec::new();
    if document.len() > MAX_DOCUMENT {
        return kept;
    }
    let set = json::read(document, 64);
    let keys = set.as_ref().and_then(|set| set.member("keys"));
    if let Some(Kind::Array(keys)) = keys.map(|keys| &keys.kind) {
        for key in keys.iter().take(MAX_READ).filter_map(read_one) {
            if kept.len() < MAX_KEPT && !kept.contains(&key) {
                kept.push(key);
            }
        }
    }
    kept
}

fn read_one(jwk: &Json) -> Option<Key> {
    let text = |name| jwk.member(name).map(Json::text);
    // `None` is absent, `Some(None)` no string.
    let optional = |name| match text(name) {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    };
    let required = |name| text(name).flatten();
    if jwk.bytes > MAX_JWK || PRIVATE.iter().any(|name| jwk.member(name).is_some()) {
        return None;
    }
    let kid = optional("kid")?;
    if kid.is_some_and(|kid| kid.len() > MAX_KID)
        || optional("use")?.is_some_and(|one| one != "sig")
    {
        return None;
    }
    if let Some(operations) = jwk.member("key_ops") {
        check_operations(operations)?;
    }
    let bytes = |name| base64url::decode(required(name)?.as_bytes());
    let material = match (required("kty")?, optional("crv")) {
        ("RSA", _) => rsa(bytes("n")?, bytes("e")?)?,
        ("EC", Some(Some(crv))) => ec(crv, &bytes("x")?, &bytes("y")?)?,
        ("OKP", Some(Some("Ed25519"))) => ed25519(bytes("x")?)?,
        _ => return None,
    };
    let alg = optional("alg")?;
    if alg.is_some_and(|alg| !material.serves(alg)) {
        return None;
    }
    Some(Key {
        kid: kid.map(str::to_owned),
        alg: alg.map(str::to_owned),
        material,
    })
}

/// A list of at most 16 different strings, `verify` among them.
fn check_operations(operations: &Json) -> Option<()> {
    let Kind::Array(operations) = &operations.kind else {
        return None;
    };
    let mut seen: Vec<&str> = Vec::new();
    for operation in operations {
        let operation = operation.text()?;
        if seen.contains(&operation) {
            return None;
        }
        seen.push(operation);
    }
    (seen.len() <= 16 && seen.contains(&"verify")).then_some(())
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Material> {
    let bits = n.len().checked_mul(8)?;
    let unused = usize::try_from(n.first()?.leading_zeros()).ok()?;
    let bits = bits.checked_sub(unused)?;
    let minimal = n.first() != Some(&0) && e.first() != Some(&0);
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let exponent_fits = match e.as_slice() {
        [one] => *one >= 3,
        [high, _, _, _, _] => *high == 1,
        _ => matches!(e.len(), 2..=4),
    };
    let sound = minimal && odd(&n) && odd(&e) && exponent_fits && !is_roca(&n);
    ((2048..=8192).contains(&bits) && sound).then_some(Material::Rsa { n, e })
}

/// CVE-2017-15361: the modulus is a power of 65537 modulo every prime up to 701.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the numbers are below 2^20, and no divisor is zero"
)]
fn is_roca(n: &[u8]) -> bool {
    let is_prime = |number: &u32| (2..*number).all(|divisor| !number.is_multiple_of(divisor));
    (3..=701).filter(is_prime).all(|prime| {
        let rest = n
            .iter()
            .fold(0, |rest, byte| ((rest << 8) + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65_537 % prime) % prime;
            power == rest
        })
    })
}

fn ec(crv: &str, x: &[u8], y: &[u8]) -> Option<Material> {
    let length = match crv {
        "P-256" => 32,
        "P-384" => 48,
        "P-521" => 66,
        _ => return None,
    };
    if x.len() != length || y.len() != length {
        return None;
    }
    let point = [&[4], x, y].concat();
    // The backend knows whether it is on the curve.
    ParsedPublicKey::new(ecdsa(crv)?, &point).ok()?;
    Some(Material::Ec {
        crv: crv.to_owned(),
        point,
    })
}

fn ecdsa(crv: &str) -> Option<&'static dyn VerificationAlgorithm> {
    match crv {
        "P-256" => Some(&signature::ECDSA_P256_SHA256_FIXED),
        "P-384" => Some(&signature::ECDSA_P384_SHA384_FIXED),
        "P-521" => Some(&signature::ECDSA_P521_SHA512_FIXED),
        _ => None,
    }
}

/// Neither of small order nor in another form than the canonical one.
fn ed25519(x: Vec<u8>) -> Option<Material> {
    /// y of the points of order 8, little-endian.
    const ORDER_8: [&[u8]; 2] = [
        b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
          \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
        b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
          \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    ];
    let (last, rest) = x.split_last()?;
    let y: Vec<u8> = rest.iter().copied().chain([last & 0x7f]).collect();
    if y.len() != 32 {
        return None;
    }
    let (first, above) = y.split_first()?;
    let (top, middle) = above.split_last()?;
    let all = |byte: u8| middle.iter().all(|one| *one == byte);
    // p is 2^255 - 19, so that p - 1 is `ec ff … ff 7f`.
    let minus_one_or_not_canonical = *first >= 0xec && all(0xff) && *top == 0x7f;
    let zero_or_one = *first <= 1 && all(0) && *top == 0;
    let order_8 = ORDER_8.contains(&y.as_slice());
    let weak = minus_one_or_not_canonical || zero_or_one || order_8;
    (!weak).then_some(Material::Ed25519(x))
}

impl Material {
    fn serves(&self, alg: &str) -> bool {
        match self {
            Material::Rsa { .. } => {
                ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].contains(&alg)
            }
            Material::Ec { crv, .. } => {
                [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")].contains(&(crv, alg))
            }
            Material::Ed25519(_) => is_ed25519(alg),
        }
    }
}

/// Two names of one algorithm (RFC 9864 section 2.2).
fn is_ed25519(alg: &str) -> bool {
    alg == "EdDSA" || alg == "Ed25519"
}

impl Key {
    /// Whether the key is for signatures of this algorithm (RFC 8725 section 3.1).
    pub(crate) fn serves(&self, alg: &str) -> bool {
        match &self.alg {
            None => self.material.serves(alg),
            Some(own) => own == alg || (is_ed25519(own) && is_ed25519(alg)),
        }
    }

    /// Whether the signature is this key's, of exactly the length that it must have.
    pub(crate) fn verifies(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n, e };
                let parameters = match alg {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                    "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                    "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                signature.len() == n.len() && key.verify(parameters, message, signature).is_ok()
            }
            Material::Ec { crv, point } => ecdsa(crv).is_some_and(|algorithm| {
                let coordinates = point.len().saturating_sub(1);
                signature.len() == coordinates
                    && UnparsedPublicKey::new(algorithm, point)
                        .verify(message, signature)
                        .is_ok()
            }),
            Material::Ed25519(x) => {
                signature.len() == 64
                    && UnparsedPublicKey::new(&signature::ED25519, x)
                        .verify(message, signature)
                        .is_ok()
            }
        }
    }
}
