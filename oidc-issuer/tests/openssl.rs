//! OpenSSL reads the keys that we write, and we read those that it writes.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of a test program"
)]

mod common;

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use common::{AWS_LC_RS, BACKEND, algorithms, der, key, vector, vector_bytes};
use oidc_core::{Algorithm, PublicKey};
use oidc_issuer::{KeyKind, Limit, Operation, SigningKey, SigningKeyError, SystemRandom};

/// What `openssl` with these arguments answers to `input`, or `None` where it is not installed.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: no `openssl` here");
            return None;
        }
        child => child.unwrap(),
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {message}");
    Some(output.stdout)
}

/// The end of a `SubjectPublicKeyInfo`: what differs from key to key.
fn public_bytes(key: &SigningKey) -> Vec<u8> {
    match key.public_key() {
        PublicKey::Ec(key) => key.to_sec1_bytes(),
        PublicKey::Ed25519(key) => key.as_bytes().to_vec(),
        PublicKey::Rsa(key) => key.n().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn openssl_accepts(key: &SigningKey) {
    let text = key.to_pkcs8_pem();
    let Some(report) = openssl(&["pkey", "-check", "-noout", "-text"], text.as_bytes()) else {
        return;
    };
    let report = String::from_utf8(report).unwrap();
    assert!(report.contains("Key is valid"), "{report}");

    let public = openssl(&["pkey", "-pubout", "-outform", "DER"], text.as_bytes()).unwrap();
    let ours = public_bytes(key);
    assert!(
        public.windows(ours.len()).any(|window| window == ours),
        "{key:?}"
    );
}

#[test]
fn openssl_reads_and_checks_every_key_that_we_generate() {
    let random = SystemRandom::new();
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Ps256,
        Algorithm::Rs256,
    ] {
        match SigningKey::generate(algorithm, &random) {
            Ok(key) => openssl_accepts(&key),
            Err(SigningKeyError::Unsupported {
                algorithm: asked,
                backend: "ring",
                operation: Operation::Generate,
                ..
            }) => {
                assert_eq!(BACKEND, "ring");
                assert_eq!(asked, algorithm);
                assert!(algorithm.is_rsa() || algorithm == Algorithm::Es512);
            }
            Err(error) => panic!("{algorithm}: {error}"),
        }
    }
}

#[test]
fn openssl_reads_and_checks_every_key_that_it_wrote_itself() {
    for algorithm in algorithms() {
        openssl_accepts(&key(algorithm));
    }
}

/// PKCS#8 v1, and the EC point inside: nothing is lost or added.
#[test]
fn a_key_of_openssl_is_written_back_byte_for_byte() {
    let keys = [
        (Algorithm::Rs256, "rsa-2048"),
        (Algorithm::Ps384, "rsa-3072"),
        (Algorithm::Rs512, "rsa-4096"),
        (Algorithm::Es256, "P-256"),
        (Algorithm::Es384, "P-384"),
        (Algorithm::EdDsa, "ed25519"),
    ];
    let p521 = AWS_LC_RS.then_some((Algorithm::Es512, "P-521"));
    for (algorithm, name) in keys.into_iter().chain(p521) {
        let text = vector(&format!("openssl/{name}.pkcs8.pem"));
        let key = SigningKey::from_pkcs8_pem(algorithm, &text).unwrap();
        assert_eq!(*key.to_pkcs8_pem(), text, "{name}");
    }
}

#[test]
fn a_key_is_the_same_in_every_format() {
    let kid = |key: Result<SigningKey, SigningKeyError>| key.unwrap().kid().to_owned();

    let rsa = Algorithm::Rs256;
    let first = kid(SigningKey::from_pem(
        rsa,
        &vector("openssl/rsa-2048.pkcs8.pem"),
    ));
    let pkcs1 = vector("openssl/rsa-2048.pkcs1.pem");
    for other in [
        SigningKey::from_pem(rsa, &pkcs1),
        SigningKey::from_pkcs1_pem(rsa, &pkcs1),
        SigningKey::from_pkcs1_der(rsa, &vector_bytes("openssl/rsa-2048.pkcs1.der")),
        SigningKey::from_pkcs8_der(rsa, &vector_bytes("openssl/rsa-2048.pkcs8.der")),
    ] {
        assert_eq!(kid(other), first);
    }

    let ec = Algorithm::Es256;
    let first = kid(SigningKey::from_pem(ec, &vector("openssl/P-256.pkcs8.pem")));
    let sec1 = vector("openssl/P-256.sec1.pem");
    for other in [
        SigningKey::from_pem(ec, &sec1),
        SigningKey::from_sec1_pem(ec, &sec1),
        SigningKey::from_sec1_der(ec, &vector_bytes("openssl/P-256.sec1.der")),
        SigningKey::from_pkcs8_der(ec, &vector_bytes("openssl/P-256.pkcs8.der")),
    ] {
        assert_eq!(kid(other), first);
    }

    let ed = Algorithm::EdDsa;
    let first = kid(SigningKey::from_pem(
        ed,
        &vector("openssl/ed25519.pkcs8.pem"),
    ));
    let der = vector_bytes("openssl/ed25519.pkcs8.der");
    assert_eq!(kid(SigningKey::from_pkcs8_der(ed, &der)), first);
}

#[test]
fn every_size_and_curve_is_read_from_pkcs1_and_sec1_too() {
    for (algorithm, name, format) in [
        (Algorithm::Rs256, "rsa-3072", "pkcs1"),
        (Algorithm::Ps512, "rsa-4096", "pkcs1"),
        (Algorithm::Es384, "P-384", "sec1"),
        (Algorithm::Es512, "P-521", "sec1"),
    ] {
        let text = vector(&format!("openssl/{name}.{format}.pem"));
        let key = SigningKey::from_pem(algorithm, &text);
        if algorithm == Algorithm::Es512 && !AWS_LC_RS {
            assert_eq!(
                key.unwrap_err().to_string(),
                "`ring` cannot sign with `ES512` keys"
            );
        } else {
            let pkcs8 = vector(&format!("openssl/{name}.pkcs8.pem"));
            assert_eq!(*key.unwrap().to_pkcs8_pem(), pkcs8, "{name}");
        }
    }
}

#[test]
fn curve_parameters_before_the_key_are_passed_over() {
    let text = vector("openssl/P-256-with-parameters.sec1.pem");
    assert!(text.starts_with("-----BEGIN EC PARAMETERS-----"));
    assert!(SigningKey::from_pem(Algorithm::Es256, &text).is_ok());
}

/// RFC 5915 section 3 makes the public half optional. `ring` cannot compute it.
#[test]
fn a_missing_or_compressed_public_half_is_computed_where_the_backend_can() {
    for (algorithm, curve) in [
        (Algorithm::Es256, "P-256"),
        (Algorithm::Es384, "P-384"),
        (Algorithm::Es512, "P-521"),
    ] {
        for variation in ["no-public", "compressed"] {
            let text = vector(&format!("openssl/{curve}-{variation}.sec1.pem"));
            let key = SigningKey::from_pem(algorithm, &text);
            if AWS_LC_RS {
                let whole = vector(&format!("openssl/{curve}.pkcs8.pem"));
                assert_eq!(*key.unwrap().to_pkcs8_pem(), whole, "{curve} {variation}");
            } else {
                let expected =
                    format!("`ring` cannot compute the public half of `{algorithm}` keys");
                assert_eq!(key.unwrap_err().to_string(), expected);
            }
        }
    }
}

#[test]
fn an_rsa_modulus_has_2048_bits_or_more_and_as_many_as_the_backend_takes() {
    let rsa = Algorithm::Rs256;
    let small = SigningKey::from_pem(rsa, &vector("openssl/rsa-1024.pkcs8.pem")).unwrap_err();
    assert_eq!(small.to_string(), "unusable public key");
    let SigningKeyError::PublicKey(source) = small else {
        panic!("{small:?}");
    };
    assert_eq!(
        source.to_string(),
        "RSA modulus has 1024 bits, not 2048 to 8192"
    );

    let large = SigningKey::from_pem(rsa, &vector("openssl/rsa-8192.pkcs8.pem"));
    if AWS_LC_RS {
        openssl_accepts(&large.unwrap());
    } else {
        let error = large.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ring` cannot sign with `RS256` keys of 8192 bits"
        );
        assert!(matches!(
            error,
            SigningKeyError::Unsupported {
                limit: Some(Limit::ModulusBits(8192)),
                ..
            }
        ));
    }
}

#[test]
fn an_rsa_exponent_of_3_is_taken_where_the_backend_does() {
    let key = SigningKey::from_pem(Algorithm::Rs256, &vector("openssl/rsa-2048-e3.pkcs8.pem"));
    if AWS_LC_RS {
        openssl_accepts(&key.unwrap());
    } else {
        let error = key.unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ring` cannot sign with `RS256` keys of this exponent"
        );
    }
}

#[test]
fn what_is_no_key_for_us_is_named() {
    let read = |algorithm, name: &str| {
        SigningKey::from_pem(algorithm, &vector(&format!("openssl/{name}.pem"))).unwrap_err()
    };
    for (algorithm, name, expected) in [
        (
            Algorithm::Rs256,
            "rsa-2048-3-primes.pkcs8",
            SigningKeyError::MultiPrime,
        ),
        // Its parameters may forbid what we would do with it.
        (
            Algorithm::Ps256,
            "rsa-pss-2048.pkcs8",
            SigningKeyError::KeyType,
        ),
        (Algorithm::EdDsa, "ed448.pkcs8", SigningKeyError::KeyType),
        (Algorithm::EdDsa, "x25519.pkcs8", SigningKeyError::KeyType),
        (Algorithm::Es256, "secp256k1.pkcs8", SigningKeyError::Curve),
        (
            Algorithm::Es256,
            "P-256.encrypted-pkcs8",
            SigningKeyError::Encrypted,
        ),
        (
            Algorithm::Es256,
            "P-256.encrypted-sec1",
            SigningKeyError::Encrypted,
        ),
    ] {
        assert_eq!(read(algorithm, name), expected, "{name}");
    }
    // RFC 5480 section 2.1.1: explicit parameters MUST NOT be used.
    let explicit = read(Algorithm::Es256, "P-256-explicit.sec1");
    assert_eq!(explicit.to_string(), "malformed SEC1");
}

#[test]
fn a_key_is_for_the_algorithms_of_its_kind_only() {
    for (algorithm, name, message) in [
        (
            Algorithm::Es256,
            "rsa-2048",
            "an RSA key cannot sign `ES256`",
        ),
        (
            Algorithm::EdDsa,
            "rsa-2048",
            "an RSA key cannot sign `EdDSA`",
        ),
        (
            Algorithm::Rs256,
            "P-256",
            "a key on P-256 cannot sign `RS256`",
        ),
        (
            Algorithm::Es384,
            "P-256",
            "a key on P-256 cannot sign `ES384`",
        ),
        (
            Algorithm::Es256,
            "P-384",
            "a key on P-384 cannot sign `ES256`",
        ),
        (
            Algorithm::Es256,
            "ed25519",
            "an Ed25519 key cannot sign `ES256`",
        ),
        (
            Algorithm::Ps256,
            "ed25519",
            "an Ed25519 key cannot sign `PS256`",
        ),
    ] {
        let text = vector(&format!("openssl/{name}.pkcs8.pem"));
        let error = SigningKey::from_pem(algorithm, &text).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let error = SigningKey::generate_rsa(Algorithm::Es256, 2048, &SystemRandom::new()).unwrap_err();
    assert!(matches!(
        error,
        SigningKeyError::AlgorithmMismatch {
            algorithm: Algorithm::Es256,
            kind: KeyKind::Rsa,
            ..
        }
    ));
}

#[test]
fn a_format_is_read_under_its_own_label_only() {
    let pkcs8 = vector("openssl/P-256.pkcs8.pem");
    let sec1 = vector("openssl/P-256.sec1.pem");
    let pkcs1 = vector("openssl/rsa-2048.pkcs1.pem");
    let (es256, rs256) = (Algorithm::Es256, Algorithm::Rs256);
    for error in [
        SigningKey::from_sec1_pem(es256, &pkcs8),
        SigningKey::from_pkcs1_pem(rs256, &pkcs8),
        SigningKey::from_pkcs8_pem(es256, &sec1),
        SigningKey::from_pkcs8_pem(rs256, &pkcs1),
    ] {
        assert_eq!(error.unwrap_err(), SigningKeyError::Label);
    }
}

#[test]
fn rsa_keys_are_generated_in_three_sizes_or_not_at_all() {
    let random = SystemRandom::new();
    for (bits, possible) in [
        (1024, false),
        (2048, true),
        (2049, false),
        (3072, true),
        (8192, false),
    ] {
        let key = SigningKey::generate_rsa(Algorithm::Ps256, bits, &random);
        if possible && AWS_LC_RS {
            let key = key.unwrap();
            let PublicKey::Rsa(public) = key.public_key() else {
                panic!("{key:?}");
            };
            assert_eq!((public.bits(), public.e()), (bits, &[1, 0, 1][..]));
            openssl_accepts(&key);
        } else {
            let expected = format!("`{BACKEND}` cannot generate `PS256` keys of {bits} bits");
            assert_eq!(key.unwrap_err().to_string(), expected);
        }
    }
}

#[test]
fn der_is_read_to_its_end_and_no_further() {
    let whole = der(&vector("openssl/P-256.pkcs8.pem"));
    for bytes in [&[&*whole, &[0]].concat(), &whole[..whole.len() - 1], &[]] {
        let error = SigningKey::from_pkcs8_der(Algorithm::Es256, bytes).unwrap_err();
        assert!(error.to_string().starts_with("malformed PKCS#8"), "{error}");
    }
}
