//! The private keys and signatures of the standards and of the JOSE cookbook (RFC 7520).

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use common::{AWS_LC_RS, BACKEND, base64url, from_base64url, vector_json};
use jsonwebtoken::{Algorithm as Foreign, DecodingKey, crypto};
use oidc_core::Algorithm;
use oidc_issuer::{SigningKey, SigningKeyError};
use serde_json::Value;

fn import(algorithm: Algorithm, jwk: &Value) -> Result<SigningKey, SigningKeyError> {
    SigningKey::from_jwk_json(algorithm, jwk.to_string().as_bytes())
}

/// The signing input and the signature of a compact serialization.
fn split(compact: &str) -> (&str, &str) {
    compact.rsplit_once('.').unwrap()
}

/// Whether another library takes our signature for one of `key`.
fn foreign_verifies(algorithm: Foreign, key: &SigningKey, input: &str, signature: &str) -> bool {
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    let key = DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
    crypto::verify(signature, input.as_bytes(), &key, algorithm).unwrap()
}

#[test]
fn rfc_7515_appendix_a_2_rs256_gives_the_same_signature() {
    let case = &vector_json("rfc/rfc7515.json")["cases"][1];
    assert_eq!(case["section"], "A.2");
    let key = import(Algorithm::Rs256, &case["jwk"]).unwrap();
    let (input, signature) = split(case["compact"].as_str().unwrap());
    assert_eq!(base64url(key.sign(input.as_bytes()).unwrap()), signature);
}

#[test]
fn rfc_7515_appendix_a_3_es256_verifies() {
    let case = &vector_json("rfc/rfc7515.json")["cases"][2];
    assert_eq!(case["section"], "A.3");
    let key = import(Algorithm::Es256, &case["jwk"]).unwrap();
    let (input, _) = split(case["compact"].as_str().unwrap());
    let signature = base64url(key.sign(input.as_bytes()).unwrap());
    assert!(foreign_verifies(Foreign::ES256, &key, input, &signature));
    assert!(!foreign_verifies(
        Foreign::ES256,
        &key,
        "another input",
        &signature
    ));
}

/// `jsonwebtoken` has no ES512, so this one only shows that the key is read and signs; the import
/// itself verifies a signature under the public half.
#[test]
fn rfc_7515_appendix_a_4_es512_is_read_or_refused_by_name() {
    let case = &vector_json("rfc/rfc7515.json")["cases"][3];
    assert_eq!(case["section"], "A.4");
    let key = import(Algorithm::Es512, &case["jwk"]);
    if AWS_LC_RS {
        assert_eq!(key.unwrap().sign(b"Payload").unwrap().len(), 132);
    } else {
        assert_eq!(
            key.unwrap_err().to_string(),
            "`ring` cannot sign with `ES512` keys"
        );
    }
}

#[test]
fn rfc_7517_appendix_a_2_private_keys_keep_their_ids_and_purposes() {
    let keys = &vector_json("rfc/rfc7517.json")["cases"][1]["jwks"]["keys"];
    // The EC key is for encryption.
    let error = import(Algorithm::Es256, &keys[0]).unwrap_err();
    assert_eq!(error.to_string(), "JWK member `use` does not allow signing");
    let rsa = import(Algorithm::Rs256, &keys[1]).unwrap();
    assert_eq!(rsa.kid(), "2011-04-29");
    // Its `alg` binds it.
    let error = import(Algorithm::Ps256, &keys[1]).unwrap_err();
    assert_eq!(error.to_string(), "JWK member `alg` does not say `PS256`");
}

/// The key of RFC 7517 appendix A.2 without its `kid` is the one of RFC 7638 section 3.1.
#[test]
fn rfc_7638_section_3_1_is_the_key_id_unless_there_is_another() {
    let mut jwk = vector_json("rfc/rfc7517.json")["cases"][1]["jwks"]["keys"][1].clone();
    jwk.as_object_mut().unwrap().remove("kid");
    let key = import(Algorithm::Rs256, &jwk).unwrap();
    let case = &vector_json("rfc/rfc7638.json")["cases"][0];
    assert_eq!(key.kid(), case["thumbprint"].as_str().unwrap());
    assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn rfc_8037_appendix_a_gives_the_same_thumbprint_and_signature() {
    let cases = &vector_json("rfc/rfc8037.json")["cases"];
    for algorithm in [Algorithm::EdDsa, Algorithm::Ed25519] {
        let key = import(algorithm, &cases[0]["private_jwk"]).unwrap();
        assert_eq!(key.kid(), cases[2]["thumbprint_sha256"].as_str().unwrap());

        let jwk = serde_json::to_value(key.public_jwk()).unwrap();
        assert_eq!(jwk["x"], cases[1]["public_jwk"]["x"]);
        assert_eq!(jwk["alg"], algorithm.name());

        // Ed25519 signatures are deterministic (RFC 8032).
        let (input, signature) = split(cases[3]["compact"].as_str().unwrap());
        assert_eq!(base64url(key.sign(input.as_bytes()).unwrap()), signature);
    }
}

/// RFC 8410 section 10.3: the same key as PKCS#8 v1, and as v2 with attributes and public half.
#[test]
fn rfc_8410_section_10_3_is_one_key_in_both_versions() {
    const V1: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
    const V2: &str = "-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
";
    for text in [V1, V2] {
        let key = SigningKey::from_pem(Algorithm::EdDsa, text).unwrap();
        // Version 1 goes out, whatever came in.
        assert_eq!(*key.to_pkcs8_pem(), V1);
    }
}

#[test]
fn the_cookbook_keys_sign_as_the_cookbook_says() {
    // RFC 7520 section 4.1: RSASSA-PKCS1-v1_5 is deterministic.
    let case = vector_json("jose-cookbook/4_1.rsa_v15_signature.json");
    let private = vector_json("jose-cookbook/3_4.rsa_private_key.json");
    let key = import(Algorithm::Rs256, &private).unwrap();
    assert_eq!(key.kid(), "bilbo.baggins@hobbiton.example");
    let (input, signature) = split(case["output"]["compact"].as_str().unwrap());
    assert_eq!(base64url(key.sign(input.as_bytes()).unwrap()), signature);

    // Section 4.2: RSASSA-PSS is not.
    let case = vector_json("jose-cookbook/4_2.rsa-pss_signature.json");
    let key = import(Algorithm::Ps384, &case["input"]["key"]).unwrap();
    let (input, _) = split(case["output"]["compact"].as_str().unwrap());
    let signature = base64url(key.sign(input.as_bytes()).unwrap());
    assert!(foreign_verifies(Foreign::PS384, &key, input, &signature));

    // Section 4.3: P-521, whose private half is that of section 3.2.
    let case = vector_json("jose-cookbook/4_3.ecdsa_signature.json");
    let private = vector_json("jose-cookbook/3_2.ec_private_key.json");
    assert_eq!(case["input"]["key"]["d"], private["d"]);
    match import(Algorithm::Es512, &private) {
        Ok(key) => assert_eq!(key.sign(b"").unwrap().len(), 132),
        Err(error) => {
            assert_eq!(BACKEND, "ring");
            assert_eq!(error.to_string(), "`ring` cannot sign with `ES512` keys");
        }
    }

    // The Ed25519 example, which is RFC 8037 appendix A.4.
    let case = vector_json("jose-cookbook/curve25519.json");
    let key = import(Algorithm::EdDsa, &case["input"]["key"]).unwrap();
    let input = case["signing"]["sig-input"].as_str().unwrap();
    let signature = from_base64url(case["signing"]["sig"].as_str().unwrap());
    assert_eq!(key.sign(input.as_bytes()).unwrap(), signature);
}
