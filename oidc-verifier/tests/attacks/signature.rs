//! Signatures that are not the key's (RFC 7518 section 3, RFC 8037 section 3.1).

use oidc_core::{PublicKey, base64url};

use super::{Row, texts};
use crate::support::{Honest, foreign_key, key, sign};

pub(super) const ATTACKS: &[Row] = &[
    ("a bit of the signature flipped", flipped_signature),
    ("a bit of the signing input flipped", flipped_input),
    ("a signature of another length", other_length),
    ("parts of two tokens", swapped),
    ("a stranger's signature", foreign),
    ("a signature that is a constant", constant),
    ("another encoding of the signature", other_encoding),
];

/// One bit of every byte.
fn flipped_signature(honest: &Honest) -> Vec<Vec<u8>> {
    let signature = honest.signature();
    let flipped = (0..signature.len()).map(|index| {
        let mut changed = signature.clone();
        changed[index] ^= 1 << (index % 8);
        honest.with_signature(changed)
    });
    texts(flipped)
}

/// One bit of every fifth byte of header and claims, encoded anew.
fn flipped_input(honest: &Honest) -> Vec<Vec<u8>> {
    let [header, payload, signature] = honest.parts();
    let mut tokens = Vec::new();
    for (index, part) in [header, payload].into_iter().enumerate() {
        let bytes = base64url::decode(part).unwrap();
        for place in (0..bytes.len()).step_by(5) {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            let changed = base64url::encode(changed);
            tokens.push(match index {
                0 => format!("{changed}.{payload}.{signature}"),
                _ => format!("{header}.{changed}.{signature}"),
            });
        }
    }
    texts(tokens)
}

fn other_length(honest: &Honest) -> Vec<Vec<u8>> {
    let signature = honest.signature();
    let mut signatures = vec![
        vec![0],
        signature[..1].to_vec(),
        signature[..signature.len() / 2].to_vec(),
        signature[..signature.len() - 1].to_vec(),
        signature[1..].to_vec(),
        [&[0], &*signature].concat(),
        [&*signature, &[0]].concat(),
        [&*signature, &signature].concat(),
        vec![0; 1_025],
        vec![0x55; 16 * 1024],
    ];
    signatures.extend(
        [16, 32, 48, 63, 64, 65, 66, 96, 131, 132, 255, 256, 1_024].map(|length| {
            let cycle = signature.iter().cycle().copied();
            if length == signature.len() {
                cycle.skip(1).take(length).collect()
            } else {
                cycle.take(length).collect()
            }
        }),
    );
    texts(
        signatures
            .iter()
            .map(|signature| honest.with_signature(signature)),
    )
}

fn swapped(honest: &Honest) -> Vec<Vec<u8>> {
    let [header, payload, signature] = honest.parts();
    let other = honest.with_claim("sub", "\"root\"");
    let other: Vec<&str> = other.split('.').collect();
    let mut tokens = vec![
        format!("{header}.{payload}.{}", other[2]),
        format!("{header}.{}.{signature}", other[1]),
        format!("{payload}.{header}.{signature}"),
        format!("{header}.{header}.{signature}"),
        format!("{header}.{payload}.{payload}"),
    ];
    let renamed = honest.header.without("typ").to_json();
    tokens.push(format!(
        "{}.{payload}.{signature}",
        base64url::encode(renamed)
    ));
    texts(tokens)
}

/// By a key of the same kind, whatever name it gives itself.
fn foreign(honest: &Honest) -> Vec<Vec<u8>> {
    let stranger = foreign_key(honest.algorithm);
    let claims = honest.claims.to_json();
    texts(
        [
            honest.header.clone(),
            honest.header.without("kid"),
            honest.header.with("kid", "\"mine\""),
        ]
        .map(|header| sign(stranger, header.to_json(), &claims)),
    )
}

/// The order of the base point of each curve: SEC 2 sections 2.4.2, 2.5.1 and 2.6.1, and of
/// Ed25519 (RFC 8032 section 5.1), all big-endian.
const ORDERS: [(usize, &str); 4] = [
    (
        64,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    (
        96,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        132,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
    (
        0,
        "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
    ),
];

fn order(index: usize) -> Vec<u8> {
    let digits: Vec<u8> = ORDERS[index]
        .1
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] * 16 + pair[1])
        .collect()
}

/// r and s of 0, 1, n and so on; RSA values of 0, 1, n − 1, n.
fn constant(honest: &Honest) -> Vec<Vec<u8>> {
    let length = honest.signature().len();
    let mut signatures: Vec<Vec<u8>> = [0, 1, 0x7f, 0x80, 0xff]
        .map(|byte| vec![byte; length])
        .into();
    match key(honest.algorithm).public_key() {
        PublicKey::Rsa(rsa) => {
            let n = rsa.n().to_vec();
            let mut below = n.clone();
            // INVARIANT: n is odd.
            *below.last_mut().unwrap() -= 1;
            let mut one = vec![0; length];
            *one.last_mut().unwrap() = 1;
            signatures.extend([n, below, one]);
        }
        PublicKey::Ec(_) => {
            let index = ORDERS.iter().position(|(len, _)| *len == length).unwrap();
            let n = order(index);
            let zero = vec![0; n.len()];
            let mut one = zero.clone();
            *one.last_mut().unwrap() = 1;
            let own = honest.signature();
            let (r, s) = own.split_at(length / 2);
            for (first, second) in [
                (&*zero, &*n),
                (&*n, &*zero),
                (&*n, &*n),
                (&*one, &*zero),
                (&*zero, &*one),
                (&*one, &*one),
                (&*n, &*one),
                (r, &*zero),
                (&*zero, s),
                (r, &*n),
                (r, r),
                (s, s),
            ] {
                signatures.push([first, second].concat());
            }
        }
        PublicKey::Ed25519(_) => {
            // R and S: the point of order 1 and zero, and what is near.
            let mut neutral = vec![0; 64];
            neutral[0] = 1;
            let own = honest.signature();
            signatures.push(neutral);
            signatures.push([&own[..32], &[0; 32]].concat());
            signatures.push([&[0; 32], &own[32..]].concat());
        }
        other => panic!("a new kind of key: {other:?}"),
    }
    texts(
        signatures
            .iter()
            .map(|signature| honest.with_signature(signature)),
    )
}

/// ECDSA as DER and with r and s exchanged; Ed25519 with S + L; RSA as another number of bytes.
fn other_encoding(honest: &Honest) -> Vec<Vec<u8>> {
    let signature = honest.signature();
    let (front, back) = signature.split_at(signature.len() / 2);
    let mut signatures = vec![
        [back, front].concat(),
        signature.iter().rev().copied().collect(),
        [&[0], front, &[0], back].concat(),
        base64url::encode(&signature).into_bytes(),
    ];
    if honest.algorithm.ecdsa_curve().is_some() {
        let integer = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            let sign: &[u8] = if number[zeros] < 0x80 { &[] } else { &[0] };
            let content = [sign, &number[zeros..]].concat();
            [&[2, u8::try_from(content.len()).unwrap()], &*content].concat()
        };
        let content = [integer(front), integer(back)].concat();
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 {
            vec![0x30, length]
        } else {
            vec![0x30, 0x81, length]
        };
        signatures.push([head, content].concat());
    }
    if honest.algorithm.is_ed25519() {
        let order: Vec<u8> = order(3).into_iter().rev().collect();
        let mut carry = 0_u16;
        let sum: Vec<u8> = back
            .iter()
            .zip(&order)
            .map(|(a, b)| {
                let sum = u16::from(*a) + u16::from(*b) + carry;
                carry = sum >> 8;
                u8::try_from(sum & 0xff).unwrap()
            })
            .collect();
        signatures.push([front, &sum].concat());
    }
    texts(
        signatures
            .iter()
            .map(|signature| honest.with_signature(signature)),
    )
}

/// The same r with n - s: as good a signature.
pub(super) fn negated_s(honest: &Honest) -> Vec<u8> {
    let signature = honest.signature();
    let (r, s) = signature.split_at(signature.len() / 2);
    let index = ORDERS
        .iter()
        .position(|(length, _)| *length == signature.len());
    let mut borrow = 0_i16;
    let mut difference: Vec<u8> = order(index.unwrap())
        .iter()
        .zip(s)
        .rev()
        .map(|(n, s)| {
            let digit = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(digit < 0);
            u8::try_from(digit & 0xff).unwrap()
        })
        .collect();
    difference.reverse();
    [r, &difference].concat()
}
