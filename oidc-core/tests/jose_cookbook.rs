//! The keys of RFC 7520 section 3, from the JOSE cookbook.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use oidc_core::{Algorithm, Curve, Jwk, JwkError, PublicKey};
use serde_json::Value;

#[test]
fn section_3_1_is_an_ec_public_key() {
    let json = include_bytes!("vectors/jose-cookbook/jwk/3_1.ec_public_key.json");
    let jwk = Jwk::parse(json).unwrap();
    let PublicKey::Ec(key) = jwk.key() else {
        panic!("an EC key")
    };
    assert_eq!(key.curve(), Curve::P521);
    assert_eq!(
        (key.x().len(), key.y().len(), key.to_sec1_bytes().len()),
        (66, 66, 133)
    );
    assert!(jwk.fits(Algorithm::Es512) && !jwk.fits(Algorithm::Es256));
    assert_eq!(jwk.kid(), Some("bilbo.baggins@hobbiton.example"));
    reads_back(&jwk, json);
}

#[test]
fn section_3_3_is_an_rsa_public_key() {
    let json = include_bytes!("vectors/jose-cookbook/jwk/3_3.rsa_public_key.json");
    let jwk = Jwk::parse(json).unwrap();
    let PublicKey::Rsa(key) = jwk.key() else {
        panic!("an RSA key")
    };
    assert_eq!(
        (key.bits(), key.n().len(), key.e()),
        (2048, 256, &[1, 0, 1][..])
    );
    assert!(jwk.fits(Algorithm::Ps512) && jwk.fits(Algorithm::Rs256));
    reads_back(&jwk, json);
}

#[test]
fn sections_3_2_and_3_4_are_private_and_3_5_and_3_6_symmetric() {
    for private in [
        &include_bytes!("vectors/jose-cookbook/jwk/3_2.ec_private_key.json")[..],
        include_bytes!("vectors/jose-cookbook/jwk/3_4.rsa_private_key.json"),
    ] {
        let error = Jwk::parse(private).unwrap_err();
        assert!(matches!(error, JwkError::PrivateMember { member: "d", .. }));
    }
    for symmetric in [
        &include_bytes!("vectors/jose-cookbook/jwk/3_5.symmetric_key_mac_computation.json")[..],
        include_bytes!("vectors/jose-cookbook/jwk/3_6.symmetric_key_encryption.json"),
    ] {
        assert_eq!(Jwk::parse(symmetric), Err(JwkError::SymmetricKey));
    }
}

/// What is written has the members of the file, and is read as the same key.
fn reads_back(jwk: &Jwk, json: &[u8]) {
    let written = serde_json::to_vec(jwk).expect("a JWK is written");
    assert_eq!(Jwk::parse(&written), Ok(jwk.clone()));
    let value = |json: &[u8]| serde_json::from_slice::<Value>(json).expect("JSON");
    assert_eq!(value(&written), value(json));
}
