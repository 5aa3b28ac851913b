//! The text and the code of every error, once.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::time::Duration;

use common::{AWS_LC_RS, BACKEND, NOW, at, issuer, key, vector};
use oidc_core::{Algorithm, Audience, IssuerIdentifier, NumericDate};
use oidc_issuer::{
    Issuer, IssuerBuilder, JwtId, RandomError, Sighting, SigningKey, SystemRandom, TokenSpec,
};

fn builder() -> IssuerBuilder {
    Issuer::builder(IssuerIdentifier::parse(common::ISSUER).unwrap())
}

fn spec() -> TokenSpec {
    TokenSpec::new("job", "aud").unwrap()
}

#[test]
fn of_a_signing_key() {
    let es256 = Algorithm::Es256;
    let pem = |algorithm, name: &str| {
        SigningKey::from_pem(algorithm, &vector(&format!("openssl/{name}.pem"))).unwrap_err()
    };
    let jwk = |json: &str| SigningKey::from_jwk_json(es256, json.as_bytes()).unwrap_err();
    let random = SystemRandom::new();
    for (error, text, code) in [
        (
            SigningKey::from_pem(es256, &" ".repeat(16_385)).unwrap_err(),
            "16385 bytes are too long for a private key, the limit is 16384",
            "key_too_long",
        ),
        (jwk("{"), "malformed JWK at byte 0", "malformed_key"),
        (
            SigningKey::from_pem(es256, "").unwrap_err(),
            "expected one private key in the PEM text, found 0",
            "not_one_key",
        ),
        (
            SigningKey::from_pkcs1_pem(es256, &vector("openssl/P-256.pkcs8.pem")).unwrap_err(),
            "unexpected PEM label",
            "unexpected_label",
        ),
        (
            pem(es256, "P-256.encrypted-pkcs8"),
            "the private key is encrypted",
            "encrypted_key",
        ),
        (
            pem(es256, "x25519.pkcs8"),
            "unsupported key type",
            "unsupported_key_type",
        ),
        (
            pem(es256, "secp256k1.pkcs8"),
            "unsupported curve",
            "unsupported_curve",
        ),
        (
            pem(es256, "P-384.pkcs8"),
            "a key on P-384 cannot sign `ES256`",
            "algorithm_mismatch",
        ),
        (
            jwk(r#"{"kty":"EC","alg":"ES384"}"#),
            "JWK member `alg` does not say `ES256`",
            "jwk_algorithm",
        ),
        (
            jwk(r#"{"kty":"EC"}"#),
            "JWK member `crv` is missing",
            "missing_member",
        ),
        (
            jwk(r#"{"kty":"EC","crv":"P-256","x":"="}"#),
            "JWK member `x` is malformed",
            "malformed_member",
        ),
        (
            jwk(r#"{"kty":"EC","use":"enc"}"#),
            "JWK member `use` does not allow signing",
            "not_for_signing",
        ),
        (
            pem(Algorithm::Rs256, "rsa-2048-3-primes.pkcs8"),
            "multi-prime RSA keys are not supported",
            "multi_prime",
        ),
        (
            pem(Algorithm::Rs256, "rsa-1024.pkcs8"),
            "unusable public key",
            "modulus_size",
        ),
        (
            SigningKey::generate_rsa(Algorithm::Rs256, 1024, &random).unwrap_err(),
            &format!("`{BACKEND}` cannot generate `RS256` keys of 1024 bits"),
            "unsupported",
        ),
        (
            key(es256).with_kid("").unwrap_err(),
            "a key id is 1 to 255 printable ASCII characters",
            "kid",
        ),
    ] {
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }
    if !AWS_LC_RS {
        let error = SigningKey::generate(Algorithm::Es512, &random).unwrap_err();
        assert_eq!(error.to_string(), "`ring` cannot generate `ES512` keys");
    }
}

#[test]
fn of_a_private_half() {
    // P-256 from RFC 7515 appendix A.3, with the private half given.
    let read = |d: &[u8]| {
        let mut jwk = common::vector_json("rfc/rfc7515.json")["cases"][2]["jwk"].clone();
        jwk["d"] = common::base64url(d).into();
        SigningKey::from_jwk_json(Algorithm::Es256, jwk.to_string().as_bytes()).unwrap_err()
    };
    for (error, text, code) in [
        (
            read(&[1; 31]),
            "private key of 31 bytes, expected 32",
            "private_length",
        ),
        (
            read(&[0; 32]),
            "the private key is out of range",
            "private_out_of_range",
        ),
        (
            read(&[1; 32]),
            "the parts of the key do not belong together",
            "inconsistent_key",
        ),
    ] {
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }
}

#[test]
fn of_a_token_spec() {
    let many: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let full = (0..64).fold(spec(), |spec, n| {
        spec.with_claim(&format!("c{n}"), &n).unwrap()
    });
    let deep = (0..70).fold(serde_json::json!(1), |inner, _| serde_json::json!([inner]));
    for (error, text, code) in [
        (
            TokenSpec::new("", "aud"),
            "`sub` is not 1 to 1024 bytes without control characters",
            "subject",
        ),
        (
            TokenSpec::new("job", ""),
            "`aud` name 0 is not 1 to 4000 bytes without control characters",
            "audience",
        ),
        (
            TokenSpec::for_audience("job", Audience::many(["a", "a"]).unwrap()),
            "`aud` name 1 stands there already",
            "duplicate_audience",
        ),
        (
            TokenSpec::for_audience("job", Audience::many(many).unwrap()),
            "`aud` has more than 10 names",
            "too_many_audiences",
        ),
        (
            spec().with_lifetime(Duration::ZERO),
            "a lifetime of 0ns is outside 1s to 86400s",
            "lifetime",
        ),
        (
            spec().with_not_before_backdate(Duration::from_secs(301)),
            "`nbf` 301s before `iat` is more than 300s",
            "not_before",
        ),
        (
            spec().with_claim("exp", &1),
            "claim `exp` is set by the issuer",
            "reserved_claim",
        ),
        (
            spec().with_claim("a", &1).unwrap().with_claim("a", &1),
            "claim `a` is set twice",
            "duplicate_claim",
        ),
        (
            spec().with_claim("", &1),
            "a claim name is 1 to 256 bytes without control characters",
            "claim_name",
        ),
        (
            full.with_claim("c64", &1),
            "more than 64 custom claims",
            "too_many_claims",
        ),
        (
            spec().with_claim("a", &std::collections::BTreeMap::from([((1, 2), 3)])),
            "the value of claim `a` has no JSON form",
            "claim_value",
        ),
        (
            spec().with_claim("a", &deep),
            "the value of claim `a` is not strict JSON",
            "too_deep",
        ),
        (
            spec().with_claim("a", &"x".repeat(16_384)),
            "the claims are longer than 16384 bytes",
            "claims_too_long",
        ),
    ] {
        let error = error.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }
    let error = JwtId::new("").unwrap_err();
    assert_eq!(error.code(), "jwt_id");
    let error = RandomError::new();
    assert_eq!(
        (error.to_string().as_str(), error.code()),
        ("no random bytes", "no_random_bytes")
    );
}

#[test]
fn of_a_sighting() {
    let issuer = issuer([Algorithm::EdDsa]);
    let (id, discovery) = (issuer.id(), &issuer.discovery_document().bytes);
    let other = IssuerIdentifier::parse("https://other.example").unwrap();
    for (error, text, source, code) in [
        (
            Sighting::from_bytes(&other, discovery, b"{}"),
            "the discovery document is none of this issuer",
            "`issuer` is not the configured issuer",
            "issuer_mismatch",
        ),
        (
            Sighting::from_bytes(id, discovery, b"[]"),
            "the JWK Set cannot be read",
            "JWK Set is not an object",
            "not_an_object",
        ),
    ] {
        let error = error.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), source);
    }
}

#[test]
fn of_issuing() {
    let issuer = issuer([Algorithm::EdDsa]);
    let long = spec().with_claim("a", &"x".repeat(16_000)).unwrap();
    for (error, text, code) in [
        (
            issuer.issue(&spec().with_algorithm(Algorithm::Rs256), at(NOW)),
            "the issuer has no key for `RS256`",
            "no_key",
        ),
        (
            issuer.issue(&spec(), NumericDate::MAX),
            "300s after 253402300799 is no time",
            "expiry",
        ),
        (
            issuer.issue(&long, at(NOW)),
            "a token of 21652 bytes is longer than 16384",
            "token_too_long",
        ),
    ] {
        let error = error.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }
}

#[test]
fn of_building_an_issuer() {
    let kid = key(Algorithm::EdDsa).kid().to_owned();
    let ed = || key(Algorithm::EdDsa);
    let second = || key(Algorithm::Ed25519);
    for (error, text, code) in [
        (builder(), "an issuer needs a key".to_owned(), "no_key"),
        (
            builder()
                .key(ed())
                .key(SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap()),
            "two keys sign `EdDSA`".to_owned(),
            "duplicate_algorithm",
        ),
        (
            builder().key(ed()).key(second().with_kid(&kid).unwrap()),
            format!("two keys have the id `{kid}`"),
            "duplicate_kid",
        ),
        (
            builder().key(ed()).key(ed()),
            format!("the key `{kid}` was added twice"),
            "same_key",
        ),
        (
            builder().key(ed()).jwks_uri("ftp://ci.example/"),
            "cannot publish the provider metadata".to_owned(),
            "jwks_uri",
        ),
    ] {
        let error = error.build().unwrap_err();
        assert_eq!((error.to_string(), error.code()), (text, code));
    }
}
