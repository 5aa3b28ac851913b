//! Which keys of the provider's JWK Set are used.

use std::slice;

use oidc_core::{Algorithm, JwkSet, PublicKey, base64url};
use oidc_issuer::SigningKey;
use oidc_verifier::{InstallError, Installed, IssuerKeys, KeyUnusable, Verifier};

use crate::support::{ISSUER, Members, foreign_key, identifier, key, sign};
use crate::{claims, code, header, relying_party};

fn jwk(key: &SigningKey) -> Members {
    Members::read(&serde_json::to_vec(key.public_jwk()).unwrap())
}

fn set(keys: &[Members]) -> JwkSet {
    let keys: Vec<String> = keys.iter().map(Members::to_json).collect();
    JwkSet::parse(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes()).unwrap()
}

/// The profile's verifier with these keys, and what became of each.
fn installed(keys: &[Members]) -> Result<(Verifier, Installed), InstallError> {
    let verifier = relying_party().build().unwrap();
    let keys = IssuerKeys::new(identifier(ISSUER), set(keys));
    let installed = verifier.install(&keys)?;
    Ok((verifier, installed))
}

fn sts(keys: &[Members]) -> Verifier {
    installed(keys).unwrap().0
}

fn unusable(keys: &[Members]) -> Vec<(usize, KeyUnusable)> {
    match installed(keys) {
        Ok((_, installed)) => installed.unusable,
        Err(InstallError::NoUsableKey { unusable, .. }) => unusable,
        Err(other) => panic!("{other}"),
    }
}

fn strict(keys: &[Members]) -> Verifier {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience("client-a")
        .algorithms(crate::support::algorithms())
        .keys(set(keys))
        .build()
        .unwrap()
}

fn token(key: &SigningKey) -> String {
    sign(key, header(key), claims().to_json())
}

fn token_with(key: &SigningKey, header: &str) -> String {
    sign(key, header, claims().to_json())
}

const RSA: Algorithm = Algorithm::Rs256;
const EC: Algorithm = Algorithm::Es256;

#[test]
fn an_unknown_kid_is_no_key() {
    let unknown = r#"{"alg":"ES256","kid":"unknown"}"#;
    let verifier = sts(&[jwk(key(EC))]);
    assert_eq!(
        code(&verifier, &token_with(key(EC), unknown)),
        Err("key_unknown")
    );
}

#[test]
fn a_missing_or_empty_kid_needs_exactly_one_usable_key() {
    let headers = [r#"{"alg":"ES256"}"#, r#"{"alg":"ES256","kid":""}"#];
    let one = sts(&[jwk(key(EC))]);
    let beside_unusable = sts(&[
        jwk(foreign_key(EC)).without("kid"),
        jwk(key(EC)),
        jwk(key(RSA)).with("key_ops", "[\"verify\"]"),
    ]);
    let of_two_types = sts(&[jwk(key(EC)), jwk(key(RSA))]);
    let of_one_type = sts(&[jwk(key(EC)), jwk(foreign_key(EC)).with("kid", "\"b\"")]);
    for header in headers {
        let token = token_with(key(EC), header);
        // Twice: the header is known the second time.
        for _ in 0..2 {
            assert_eq!(code(&one, &token), Ok(()), "{header}");
            assert_eq!(code(&beside_unusable, &token), Ok(()), "{header}");
        }
        assert_eq!(code(&of_two_types, &token), Err("kid_required"), "{header}");
        assert_eq!(code(&of_one_type, &token), Err("kid_required"), "{header}");
    }
    // By the standards one that fits is enough, and an empty `kid` is a name like another.
    let strict = strict(&[jwk(key(EC)), jwk(key(RSA))]);
    assert_eq!(code(&strict, &token_with(key(EC), headers[0])), Ok(()));
    assert_eq!(
        code(&strict, &token_with(key(EC), headers[1])),
        Err("key_unknown")
    );
}

#[test]
fn an_empty_kid_stays_a_name_to_other_issuers_of_the_verifier() {
    const OTHER: &str = "https://other.example";
    let both = relying_party()
        .keys(set(&[jwk(key(EC))]))
        .issuer(identifier(OTHER))
        .audience("client-a")
        .keys(set(&[jwk(key(EC))]))
        .build()
        .unwrap();
    let empty = r#"{"alg":"ES256","kid":""}"#;
    assert_eq!(code(&both, &token_with(key(EC), empty)), Ok(()));
    let of_other = claims().with("iss", &format!("\"{OTHER}\""));
    let of_other = sign(key(EC), empty, of_other.to_json());
    assert_eq!(code(&both, &of_other), Err("key_unknown"));
}

#[test]
fn a_jwk_without_kid_is_never_used() {
    for nameless in [
        jwk(key(EC)).without("kid"),
        jwk(key(EC)).with("kid", "\"\""),
    ] {
        assert_eq!(
            unusable(slice::from_ref(&nameless)),
            [(0, KeyUnusable::KidMissing)]
        );
        let verifier = sts(&[nameless.clone(), jwk(key(RSA))]);
        for header in [r#"{"alg":"ES256"}"#, r#"{"alg":"ES256","kid":""}"#] {
            assert_eq!(
                code(&verifier, &token_with(key(EC), header)),
                Err("key_unknown")
            );
        }
    }
}

#[test]
fn of_keys_with_one_kid_the_last_usable_one_counts() {
    let (first, second) = (jwk(key(EC)), jwk(foreign_key(EC)));
    let (by_first, by_second) = (token(key(EC)), token(foreign_key(EC)));
    let verifier = sts(&[first.clone(), second.clone()]);
    assert_eq!(code(&verifier, &by_first), Err("signature"));
    assert_eq!(code(&verifier, &by_second), Ok(()));
    let verifier = sts(&[second.clone(), first.clone()]);
    assert_eq!(code(&verifier, &by_first), Ok(()));
    assert_eq!(code(&verifier, &by_second), Err("signature"));
    assert_eq!(
        unusable(&[second.clone(), first.clone()]),
        [(0, KeyUnusable::Replaced)]
    );
    // A key that is not used replaces none.
    let last_is_unusable = [first.clone(), second.with("key_ops", "[\"verify\"]")];
    assert_eq!(code(&sts(&last_is_unusable), &by_first), Ok(()));
    assert_eq!(
        unusable(&last_is_unusable),
        [(1, KeyUnusable::KeyOpsPresent)]
    );
    // By the standards the issuer must mend its set.
    assert_eq!(
        code(&strict(&[first, second]), &by_second),
        Err("key_ambiguous")
    );
}

#[test]
fn a_key_of_another_type_with_the_same_kid_replaces_as_well() {
    let rsa = jwk(key(RSA)).with("kid", &format!("\"{}\"", key(EC).kid()));
    let verifier = sts(&[rsa.clone(), jwk(key(EC))]);
    assert_eq!(code(&verifier, &token(key(EC))), Ok(()));
    let header = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, key(EC).kid());
    assert_eq!(
        code(&verifier, &token_with(key(RSA), &header)),
        Err("key_not_for_alg")
    );
}

#[test]
fn the_alg_of_the_header_decides_and_that_of_the_jwk_is_not_looked_at() {
    let marked = jwk(key(RSA)).with("alg", "\"RS512\"");
    assert_eq!(
        code(&sts(slice::from_ref(&marked)), &token(key(RSA))),
        Ok(())
    );
    // RFC 8725 section 3.1: one key, one algorithm.
    assert_eq!(
        code(&strict(&[marked]), &token(key(RSA))),
        Err("key_not_for_alg")
    );
}

#[test]
fn the_alg_of_the_header_fits_the_type_and_the_curve() {
    let kid = key(EC).kid();
    for (alg, by) in [("ES384", Algorithm::Es384), ("RS256", RSA)] {
        let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
        let token = token_with(key(by), &header);
        assert_eq!(
            code(&sts(&[jwk(key(EC))]), &token),
            Err("key_not_for_alg"),
            "{alg}"
        );
    }
}

#[test]
fn use_is_absent_or_sig() {
    for (key_use, expected) in [
        (None, Ok(())),
        (Some("\"sig\""), Ok(())),
        (Some("\"enc\""), Err("key_unknown")),
        (Some("\"jwt-svid\""), Err("key_unknown")),
    ] {
        let jwk = match key_use {
            Some(key_use) => jwk(key(EC)).with("use", key_use),
            None => jwk(key(EC)).without("use"),
        };
        let verifier = sts(&[jwk, self::jwk(key(RSA))]);
        assert_eq!(code(&verifier, &token(key(EC))), expected, "{key_use:?}");
    }
}

#[test]
fn a_key_with_key_ops_is_not_used_whatever_they_are() {
    for key_ops in ["[\"verify\"]", "[\"verify\",\"sign\"]"] {
        let keys = [jwk(key(EC)).with("key_ops", key_ops), jwk(key(RSA))];
        assert_eq!(
            code(&sts(&keys), &token(key(EC))),
            Err("key_unknown"),
            "{key_ops}"
        );
        assert_eq!(unusable(&keys), [(0, KeyUnusable::KeyOpsPresent)]);
        assert_eq!(code(&strict(&keys), &token(key(EC))), Ok(()), "{key_ops}");
    }
    let sign_only = [jwk(key(EC)).with("key_ops", "[\"sign\"]"), jwk(key(RSA))];
    assert_eq!(code(&sts(&sign_only), &token(key(EC))), Err("key_unknown"));
}

#[test]
fn x5c_holds_the_certificate_of_the_key() {
    for algorithm in [EC, RSA] {
        let with = |x5c: &str| {
            [
                jwk(key(algorithm)).with("x5c", x5c),
                jwk(key(Algorithm::Es384)),
            ]
        };
        let own = certificate(key(algorithm).public_jwk().key());
        let other = certificate(foreign_key(algorithm).public_jwk().key());
        let token = token(key(algorithm));
        for x5c in [format!("[\"{own}\"]"), format!("[\"{own}\",\"{other}\"]")] {
            assert_eq!(code(&sts(&with(&x5c)), &token), Ok(()), "{algorithm}");
        }
        for x5c in [
            format!("[\"{other}\"]"),
            format!("[\"{other}\",\"{own}\"]"),
            "[]".to_owned(),
            "[\"AAAA\"]".to_owned(),
            format!("\"{own}\""),
            "null".to_owned(),
        ] {
            let keys = with(&x5c);
            assert_eq!(code(&sts(&keys), &token), Err("key_unknown"), "{algorithm}");
            assert_eq!(unusable(&keys), [(0, KeyUnusable::CertificateDiffers)]);
            assert_eq!(code(&strict(&keys), &token), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn a_certificate_alone_is_no_key() {
    let own = certificate(key(RSA).public_jwk().key());
    let alone = jwk(key(RSA))
        .without("n")
        .without("e")
        .with("x5c", &format!("[\"{own}\"]"));
    let verifier = sts(&[alone, jwk(key(EC))]);
    assert_eq!(code(&verifier, &token(key(RSA))), Err("key_unknown"));
}

#[test]
fn a_set_has_at_most_100_keys_of_one_type() {
    let rsa = |count: usize| {
        let others = (1..count).map(|index| {
            let modulus = base64url::encode(modulus(index));
            let kid = format!("\"filler-{index}\"");
            jwk(key(RSA))
                .with("n", &format!("\"{modulus}\""))
                .with("kid", &kid)
        });
        others.chain([jwk(key(RSA))]).collect::<Vec<_>>()
    };
    let (by_rsa, by_ec) = (token(key(RSA)), token(key(EC)));

    // The key of another type comes first, or last, past the keys that are kept otherwise.
    let mut hundred = rsa(100);
    hundred.push(jwk(key(EC)));
    let (verifier, report) = installed(&hundred).unwrap();
    assert_eq!(code(&verifier, &by_rsa), Ok(()));
    assert_eq!(code(&verifier, &by_ec), Ok(()));
    assert_eq!((report.usable, report.unusable), (101, Vec::new()));

    for first in [true, false] {
        let mut more = rsa(101);
        more.insert(if first { 0 } else { 101 }, jwk(key(EC)));
        let (verifier, report) = installed(&more).unwrap();
        assert_eq!(code(&verifier, &by_rsa), Err("key_unknown"));
        assert_eq!(code(&verifier, &by_ec), Ok(()), "{first}");
        assert_eq!(report.usable, 1);
        assert_eq!(report.unusable.len(), 101);
        for (_, reason) in report.unusable {
            assert_eq!(
                reason.to_string(),
                "set has more than 100 keys of this `kty`"
            );
        }
    }
}

/// The modulus of the RSA key with another number in its middle.
fn modulus(index: usize) -> Vec<u8> {
    let PublicKey::Rsa(rsa) = key(RSA).public_jwk().key() else {
        panic!("an RSA key");
    };
    let mut n = rsa.n().to_vec();
    n[100..108].copy_from_slice(&u64::try_from(index).unwrap().to_be_bytes());
    n
}

/// A certificate of this key that nobody has signed, as base64 of its DER (RFC 5280 section 4.1).
fn certificate(key: &PublicKey) -> String {
    const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let integer = |bytes: &[u8]| der(0x02, &[&[0], bytes]);
    let (oid, key) = match key {
        PublicKey::Rsa(key) => (
            RSA_ENCRYPTION,
            der(0x30, &[&integer(key.n()), &integer(key.e())]),
        ),
        PublicKey::Ec(key) => (EC_PUBLIC_KEY, key.to_sec1_bytes()),
        PublicKey::Ed25519(_) | _ => panic!("no certificates of this kind"),
    };
    let empty = der(0x30, &[]);
    let algorithm = der(0x30, &[&der(0x06, &[oid])]);
    let info = der(0x30, &[&algorithm, &der(0x03, &[&[0], &key])]);
    let version = der(0xa0, &[&der(0x02, &[&[2]])]);
    let serial = der(0x02, &[&[1]]);
    let signed = der(
        0x30,
        &[&version, &serial, &empty, &empty, &empty, &empty, &info],
    );
    let signature = der(0x03, &[&[0]]);
    base64_simd::STANDARD.encode_to_string(der(0x30, &[&signed, &empty, &signature]))
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let len = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let mut bytes = match contents.len() {
        0..=0x7f => vec![tag, len[1]],
        0x80..=0xff => vec![tag, 0x81, len[1]],
        _ => vec![tag, 0x82, len[0], len[1]],
    };
    bytes.extend(contents);
    bytes
}
