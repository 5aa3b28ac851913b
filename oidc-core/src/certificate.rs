//! The public key inside an X.509 certificate (RFC 5280 section 4.1), to compare with the JWK that
//! carries it. Nothing else of the certificate is read, and nothing is trusted for it.

use base64_simd::STANDARD;

use crate::public_key::PublicKey;

/// What the first certificate of a JWK's `x5c` has to do with the key (RFC 7517 section 4.7: it
/// must hold the same key).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a certificate is there or not, read or not, and holds the key or not"
)]
pub enum JwkCertificate {
    /// There is no `x5c`.
    #[default]
    Absent,
    /// The certificate holds another key.
    OtherKey,
    /// It holds the same key.
    SameKey,
    /// `x5c` is not a list of certificates, or its first one cannot be read.
    Unreadable,
}

impl JwkCertificate {
    /// Judges `text`, the base64 of a certificate in DER.
    pub(crate) fn judge(text: &str, key: &PublicKey) -> JwkCertificate {
        let held = STANDARD.decode_to_vec(text);
        let same = held
            .ok()
            .and_then(|der| Some(subject_public_key(&der)?.holds(key)));
        match same {
            Some(true) => JwkCertificate::SameKey,
            Some(false) => JwkCertificate::OtherKey,
            None => JwkCertificate::Unreadable,
        }
    }
}

/// The `SubjectPublicKeyInfo` of a certificate.
struct SubjectPublicKey<'d> {
    /// The OID of the algorithm.
    algorithm: &'d [u8],
    /// The bits of the key.
    key: &'d [u8],
}

fn subject_public_key(certificate: &[u8]) -> Option<SubjectPublicKey<'_>> {
    let mut certificate = Der(certificate).enter(SEQUENCE)?;
    let mut signed = certificate.enter(SEQUENCE)?;
    if signed.0.first() == Some(&VERSION) {
        signed.enter(VERSION)?;
    }
    signed.enter(INTEGER)?;
    // The signature algorithm, the issuer, the validity, the subject.
    for _ in 0..4 {
        signed.enter(SEQUENCE)?;
    }
    let mut info = signed.enter(SEQUENCE)?;
    let algorithm = info.enter(SEQUENCE)?.enter(OBJECT_IDENTIFIER)?.0;
    // A key is whole bytes: no bit of the last one is unused.
    let key = info.enter(BIT_STRING)?.0.strip_prefix(&[0])?;
    Some(SubjectPublicKey { algorithm, key })
}

impl SubjectPublicKey<'_> {
    fn holds(&self, key: &PublicKey) -> bool {
        match key {
            PublicKey::Rsa(key) => {
                self.algorithm == RSA_ENCRYPTION
                    && rsa_numbers(self.key) == Some((key.n(), key.e()))
            }
            PublicKey::Ec(key) => {
                self.algorithm == EC_PUBLIC_KEY && self.key == key.to_sec1_bytes()
            }
            PublicKey::Ed25519(key) => self.algorithm == ED25519 && self.key == key.as_bytes(),
        }
    }
}

/// The modulus and the exponent of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = Der(key).enter(SEQUENCE)?;
    Some((numbers.positive()?, numbers.positive()?))
}

/// What is left to read of a value in DER.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// The contents of the next value, which has this tag, and steps behind it.
    fn enter(&mut self, tag: u8) -> Option<Der<'d>> {
        let (&[own, first], rest) = self.0.split_first_chunk()?;
        if own != tag {
            return None;
        }
        // A certificate has less than 64 KiB: its lengths take two bytes at most.
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&[len], rest) = rest.split_first_chunk()?;
                (usize::from(len), rest)
            }
            0x82 => {
                let (len, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*len)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(Der(contents))
    }

    /// The bytes of the next value, a positive integer, without leading zeros.
    fn positive(&mut self) -> Option<&'d [u8]> {
        let bytes = self.enter(INTEGER)?.0;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.get(zeros..)
    }
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
