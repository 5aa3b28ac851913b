//! What the test programs share.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these helpers run in tests only"
)]

use std::path::Path;

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
use oidc_issuer::{Issuer, SigningKey, Token};
use serde_json::Value;

/// Whether this run tests `aws-lc-rs`. With both features on, it is used.
pub(crate) const AWS_LC_RS: bool = cfg!(feature = "aws-lc-rs");

/// The backend as errors name it.
pub(crate) const BACKEND: &str = if AWS_LC_RS { "aws-lc-rs" } else { "ring" };

pub(crate) const ISSUER: &str = "https://ci.example";

/// 2026-09-21T14:13:20Z
pub(crate) const NOW: i64 = 1_790_000_000;

pub(crate) fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(seconds).expect("a time before the year 10000")
}

/// The text of a file under `tests/vectors`.
pub(crate) fn vector(name: &str) -> String {
    String::from_utf8(vector_bytes(name)).expect("a text file")
}

#[expect(clippy::disallowed_methods, reason = "tests read their vectors")]
pub(crate) fn vector_bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn vector_json(name: &str) -> Value {
    serde_json::from_str(&vector(name)).expect("a JSON file")
}

/// The bytes of the last PEM block, read without the code under test.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    let block = pem
        .trim_end()
        .rsplit("-----BEGIN ")
        .next()
        .expect("a block");
    let body: String = block
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    STANDARD.decode_to_vec(body).expect("base64")
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode_to_string(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url")
}

/// A key for this algorithm. RSA keys are those of OpenSSL, one for each algorithm; the rest are
/// fixed too, so that a failure can be repeated.
pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    let name = match algorithm {
        Algorithm::Rs256 => "rsa-2048",
        Algorithm::Rs384 => "rsa-3072",
        Algorithm::Rs512 => "rsa-4096",
        Algorithm::Ps256 => "rsa-2048-b",
        Algorithm::Ps384 => "rsa-2048-c",
        Algorithm::Ps512 => "rsa-2048-d",
        Algorithm::Es256 => "P-256",
        Algorithm::Es384 => "P-384",
        Algorithm::Es512 => "P-521",
        Algorithm::EdDsa => "ed25519",
        Algorithm::Ed25519 => "ed25519-b",
        other => panic!("no key for {other}"),
    };
    SigningKey::from_pem(algorithm, &vector(&format!("openssl/{name}.pkcs8.pem")))
        .expect("a key of OpenSSL")
}

/// The algorithms that this backend signs with.
pub(crate) fn algorithms() -> impl Iterator<Item = Algorithm> {
    let all = Algorithm::ALL.iter().copied();
    all.filter(|algorithm| AWS_LC_RS || *algorithm != Algorithm::Es512)
}

/// An issuer with these keys.
pub(crate) fn issuer(algorithms: impl IntoIterator<Item = Algorithm>) -> Issuer {
    let id = IssuerIdentifier::parse(ISSUER).expect("an issuer");
    algorithms
        .into_iter()
        .fold(Issuer::builder(id), |builder, algorithm| {
            builder.key(key(algorithm))
        })
        .build()
        .expect("an issuer of different keys")
}

/// The header and the claims of a token, read without the code under test.
pub(crate) fn parts(token: &Token) -> (Value, Value) {
    let segments: Vec<&str> = token.as_str().split('.').collect();
    let [header, claims] = [segments[0], segments[1]]
        .map(|segment| serde_json::from_slice(&from_base64url(segment)).expect("JSON"));
    (header, claims)
}

/// The text of the claims.
pub(crate) fn payload(token: &Token) -> String {
    let segment = token.as_str().split('.').nth(1).expect("three segments");
    String::from_utf8(from_base64url(segment)).expect("UTF-8")
}
