//! What the header says about the algorithm (RFC 7515 section 4.1.1, RFC 8725 section 3.1).

use aws_lc_rs::hmac;
use base64_simd::STANDARD;
use oidc_core::{Algorithm, PublicKey, base64url};

use super::{Row, texts};
use crate::support::{Honest, foreign_key, key, sign};

pub(super) const ATTACKS: &[Row] = &[
    ("no algorithm", none),
    ("a public key as HMAC secret", confusion),
    ("an algorithm in another shape", shapes),
    ("another algorithm over the same signature", relabelled),
    ("a signature of another algorithm", other_algorithm),
];

fn none(honest: &Honest) -> Vec<Vec<u8>> {
    let signature = honest.parts()[2];
    let payload = base64url::encode(honest.claims.to_json());
    let mut tokens = Vec::new();
    for value in [
        "\"none\"",
        "\"None\"",
        "\"NONE\"",
        "\"nOnE\"",
        "\"none \"",
        "\"\"",
        "null",
        "\"\\u0000\"",
        "\"n\\u006fne\"",
        "[\"none\"]",
    ] {
        for header in [
            format!("{{\"alg\":{value}}}"),
            honest.header.with("alg", value).to_json(),
        ] {
            let input = format!("{}.{payload}", base64url::encode(&header));
            tokens.push(format!("{input}."));
            tokens.push(format!("{input}.AA"));
            tokens.push(format!("{input}.{signature}"));
            tokens.push(honest.with_header(header));
        }
    }
    tokens.push(honest.with_header(honest.header.without("alg").to_json()));
    tokens.push(honest.with_header("{}"));
    texts(tokens)
}

/// Every form in which a public key is published, and no key at all.
fn confusion(honest: &Honest) -> Vec<Vec<u8>> {
    let jwk = key(honest.algorithm).public_jwk();
    let mut secrets: Vec<Vec<u8>> = vec![Vec::new(), vec![0], serde_json::to_vec(jwk).unwrap()];
    match jwk.key() {
        PublicKey::Rsa(rsa) => {
            let pkcs1 = der(
                0x30,
                &[der(2, &[&[0], rsa.n()].concat()), der(2, rsa.e())].concat(),
            );
            let spki = der(0x30, &[RSA_IDENTIFIER, &bit_string(&pkcs1)].concat());
            secrets.extend(pem("RSA PUBLIC KEY", &pkcs1));
            secrets.extend(pem("PUBLIC KEY", &spki));
            secrets.extend([
                rsa.n().to_vec(),
                base64url::encode(rsa.n()).into_bytes(),
                pkcs1,
                spki,
            ]);
        }
        PublicKey::Ec(ec) => {
            secrets.push([ec.x(), ec.y()].concat());
            secrets.push(ec.to_sec1_bytes());
        }
        PublicKey::Ed25519(ed25519) => {
            let spki = der(
                0x30,
                &[ED25519_IDENTIFIER, &bit_string(ed25519.as_bytes())].concat(),
            );
            secrets.extend(pem("PUBLIC KEY", &spki));
            secrets.extend([ed25519.as_bytes().to_vec(), spki]);
        }
        other => panic!("a new kind of key: {other:?}"),
    }
    let mut tokens = Vec::new();
    for (name, hash) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
        (honest.algorithm.name(), hmac::HMAC_SHA256),
    ] {
        let header = honest.header.with("alg", &format!("\"{name}\"")).to_json();
        let payload = base64url::encode(honest.claims.to_json());
        let input = format!("{}.{payload}", base64url::encode(header));
        for secret in &secrets {
            let tag = hmac::sign(&hmac::Key::new(hash, secret), input.as_bytes());
            tokens.push(format!("{input}.{}", base64url::encode(tag)));
        }
    }
    texts(tokens)
}

/// `rsaEncryption` with its NULL (RFC 3279 section 2.3.1), and `id-Ed25519` (RFC 8410 section 3).
const RSA_IDENTIFIER: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const ED25519_IDENTIFIER: &[u8] = b"\x30\x05\x06\x03\x2b\x65\x70";

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => {
            let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
            vec![0x82, high, low]
        }
    };
    [&[tag], &*length, content].concat()
}

fn bit_string(content: &[u8]) -> Vec<u8> {
    der(3, &[&[0], content].concat())
}

/// With and without the last line break, with other line breaks, with one before.
fn pem(label: &str, der: &[u8]) -> Vec<Vec<u8>> {
    let body = STANDARD.encode_to_string(der);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|start| &body[start..body.len().min(start + 64)])
        .collect();
    let text = format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        lines.join("\n")
    );
    texts([
        text.clone(),
        format!("{text}\n"),
        format!("\n{text}\n"),
        format!("{text}\n").replace('\n', "\r\n"),
    ])
}

fn shapes(honest: &Honest) -> Vec<Vec<u8>> {
    let name = honest.algorithm.name();
    let mut tokens = Vec::new();
    for value in [
        format!("\"{name} \""),
        format!("\" {name}\""),
        format!("\"{name}\\u0000\""),
        format!("\"{name}\\n\""),
        format!("\"{name},{name}\""),
        format!("[\"{name}\"]"),
        format!("{{\"{name}\":1}}"),
        format!("\"{}\"", name.to_ascii_lowercase() + "x"),
        format!("\"{}\"", swapped_case(name)),
        "256".into(),
        "true".into(),
        "null".into(),
        "\"RS1\"".into(),
        "\"ES256K\"".into(),
        "\"Ed448\"".into(),
        "\"1.2.840.113549.1.1.11\"".into(),
        "\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"".into(),
        "\"RSA-OAEP\"".into(),
    ] {
        tokens.push(honest.with_header(honest.header.with("alg", &value).to_json()));
    }
    texts(tokens)
}

fn swapped_case(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a'..='z' => letter.to_ascii_uppercase(),
            _ => letter.to_ascii_lowercase(),
        })
        .collect()
}

/// The header names another algorithm; header and claims are signed as before.
fn relabelled(honest: &Honest) -> Vec<Vec<u8>> {
    let [_, _, signature] = honest.parts();
    let mut tokens = Vec::new();
    for other in Algorithm::ALL {
        if other.same_signature(honest.algorithm) {
            continue;
        }
        let header = honest.header.with("alg", &format!("\"{other}\"")).to_json();
        // With the new header signed, and with the old signature.
        tokens.push(honest.with_header(&header));
        let payload = base64url::encode(honest.claims.to_json());
        tokens.push(format!(
            "{}.{payload}.{signature}",
            base64url::encode(header)
        ));
    }
    texts(tokens)
}

/// A good signature of another algorithm, under the `kid` of the honest key: the JWK's `alg` binds
/// the key, of RSA too, where one key could serve six algorithms.
fn other_algorithm(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for other in Algorithm::ALL {
        if other.same_signature(honest.algorithm) {
            continue;
        }
        let header = honest.header.with("alg", &format!("\"{other}\"")).to_json();
        for signer in [key(*other), foreign_key(*other)] {
            tokens.push(sign(signer, &header, honest.claims.to_json()));
            // The header keeps the honest name.
            tokens.push(sign(
                signer,
                honest.header.to_json(),
                honest.claims.to_json(),
            ));
        }
    }
    texts(tokens)
}
