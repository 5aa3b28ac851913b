//! The documents, byte for byte.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use common::{AWS_LC_RS, NOW, algorithms, at, issuer, key, vector, vector_json};
use oidc_core::{Algorithm, DiscoveryResponse, IssuerIdentifier, Jwk, JwkSet, ProviderMetadata};
use oidc_issuer::{BuildError, Issuer, SigningKey, TokenSpec};
use serde_json::Value;

fn builder(id: &str) -> oidc_issuer::IssuerBuilder {
    Issuer::builder(IssuerIdentifier::parse(id).unwrap())
}

fn json(document: &oidc_issuer::Document) -> Value {
    serde_json::from_slice(&document.bytes).unwrap()
}

#[test]
fn the_jwk_set_is_these_bytes() {
    let jwk = &vector_json("rfc/rfc8037.json")["cases"][0]["private_jwk"];
    let ed = SigningKey::from_jwk_json(Algorithm::EdDsa, jwk.to_string().as_bytes()).unwrap();
    let jwk = &vector_json("rfc/rfc7515.json")["cases"][2]["jwk"];
    let ec = SigningKey::from_jwk_json(Algorithm::Es256, jwk.to_string().as_bytes()).unwrap();
    let issuer = builder("https://ci.example")
        .key(ed)
        .key(ec.with_kid("EC_1").unwrap())
        .build()
        .unwrap();
    let document = issuer.jwk_set_document();
    assert_eq!(
        String::from_utf8(document.bytes.clone()).unwrap(),
        concat!(
            r#"{"keys":[{"kty":"OKP","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","#,
            r#""use":"sig","alg":"EdDSA","crv":"Ed25519","#,
            r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"#,
            r#"{"kty":"EC","kid":"EC_1","use":"sig","alg":"ES256","crv":"P-256","#,
            r#""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#,
            r#""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
        )
    );
    assert_eq!(document.media_type, "application/jwk-set+json");
    assert_eq!(document.cache_control, "public, max-age=600");
    // SHA-256 of these bytes, computed with OpenSSL.
    assert_eq!(
        document.etag,
        "\"tJRzuK6Sszs4gywUTxPH_42ZZI9q4WFbLGDBcGG6qjY\""
    );
}

#[test]
fn the_discovery_document_is_these_bytes() {
    let issuer = builder("https://ci.example/org/7")
        .key(key(Algorithm::Rs256))
        .key(key(Algorithm::Es384))
        .claim_supported("https://sts.amazonaws.com/")
        .claim_supported("sub")
        .build()
        .unwrap();
    let document = issuer.discovery_document();
    assert_eq!(
        String::from_utf8(document.bytes.clone()).unwrap(),
        concat!(
            r#"{"issuer":"https://ci.example/org/7","#,
            r#""jwks_uri":"https://ci.example/org/7/.well-known/jwks.json","#,
            r#""scopes_supported":["openid"],"response_types_supported":["id_token"],"#,
            r#""subject_types_supported":["public"],"#,
            r#""id_token_signing_alg_values_supported":["ES384","RS256"],"#,
            r#""claims_supported":["iss","sub","aud","exp","nbf","iat","jti","#,
            r#""https://sts.amazonaws.com/"]}"#
        )
    );
    assert_eq!(document.media_type, "application/json");
    assert_eq!(document.cache_control, "public, max-age=3600");
    assert_eq!(document.etag.len(), 45);
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let [first, second] = [0; 2].map(|_| issuer([Algorithm::Es256, Algorithm::Rs256]));
    assert_eq!(first.jwk_set_document(), second.jwk_set_document());
    assert_eq!(first.discovery_document(), second.discovery_document());
    // Issuing changes nothing.
    first
        .issue(&TokenSpec::new("a", "b").unwrap(), at(NOW))
        .unwrap();
    assert_eq!(first.jwk_set_document(), second.jwk_set_document());
    let third = issuer([Algorithm::Rs256, Algorithm::Es256]);
    assert_ne!(first.jwk_set_document().etag, third.jwk_set_document().etag);
}

#[test]
fn a_relying_party_accepts_both_documents() {
    let issuer = issuer(algorithms());
    let discovery = issuer.discovery_document();
    let url = issuer.id().discovery_url();
    let response = DiscoveryResponse::new(200, Some(discovery.media_type), &url, &discovery.bytes);
    let metadata = ProviderMetadata::from_response(issuer.id(), &response).unwrap();
    assert_eq!(metadata.jwks_uri().as_str(), issuer.jwks_uri());
    let listed = metadata.id_token_signing_alg_values_supported().unwrap();
    assert!(
        algorithms()
            .map(Algorithm::name)
            .eq(listed.iter().map(String::as_str))
    );

    let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    assert_eq!(set.skipped(), []);
    for (jwk, algorithm) in set.keys().iter().zip(algorithms()) {
        assert_eq!(jwk, key(algorithm).public_jwk());
        assert_eq!(jwk.alg(), Some(algorithm));
    }
    assert_eq!(set.keys().len(), if AWS_LC_RS { 11 } else { 10 });
}

/// Attack I1: every kind of key is published without its private half.
#[test]
fn no_document_holds_a_private_member() {
    let issuer = issuer(algorithms());
    let public = ["kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"];
    let keys = &json(issuer.jwk_set_document())["keys"];
    for jwk in keys.as_array().unwrap() {
        for member in jwk.as_object().unwrap().keys() {
            assert!(public.contains(&member.as_str()), "{member}");
        }
    }
    // Nor any part of one under another name.
    let private = vector_json("rfc/rfc7515.json")["cases"][1]["jwk"].clone();
    let rsa = SigningKey::from_jwk_json(Algorithm::Rs256, private.to_string().as_bytes()).unwrap();
    let issuer = builder("https://ci.example").key(rsa).build().unwrap();
    for document in [issuer.jwk_set_document(), issuer.discovery_document()] {
        let text = String::from_utf8(document.bytes.clone()).unwrap();
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            let secret = private[member].as_str().unwrap();
            assert!(
                !text.contains(secret) && !text.contains(secret.get(..16).unwrap()),
                "{member}"
            );
        }
    }
}

#[test]
fn jwks_uri_is_under_the_issuer_unless_it_is_given() {
    let uri = |id: &str| {
        let issuer = builder(id).key(key(Algorithm::EdDsa)).build().unwrap();
        issuer.jwks_uri().to_owned()
    };
    assert_eq!(
        uri("https://a.example"),
        "https://a.example/.well-known/jwks.json"
    );
    assert_eq!(
        uri("https://a.example/"),
        "https://a.example/.well-known/jwks.json"
    );
    assert_eq!(
        uri("https://a.example/x/"),
        "https://a.example/x/.well-known/jwks.json"
    );
    assert_eq!(
        uri("https://a.example/x//"),
        "https://a.example/x//.well-known/jwks.json"
    );

    let other = "https://keys.example/jwks-pub.json";
    let issuer = builder("https://a.example")
        .key(key(Algorithm::EdDsa))
        .jwks_uri(other);
    let issuer = issuer.build().unwrap();
    assert_eq!(issuer.jwks_uri(), other);
    assert_eq!(json(issuer.discovery_document())["jwks_uri"], other);
}

#[test]
fn a_jwks_uri_that_nobody_would_fetch_is_refused() {
    for uri in [
        "",
        "jwks.json",
        "http://keys.example/",
        "https://a@keys.example/",
    ] {
        let builder = builder("https://a.example")
            .key(key(Algorithm::EdDsa))
            .jwks_uri(uri);
        let error = builder.build().unwrap_err();
        assert!(
            matches!(error, BuildError::ProviderMetadata(_)),
            "{uri}: {error:?}"
        );
        assert_eq!(error.to_string(), "cannot publish the provider metadata");
    }
}

#[test]
fn an_issuer_on_loopback_publishes_http() {
    let id = IssuerIdentifier::loopback("http://127.0.0.1:8080/t").unwrap();
    let issuer = Issuer::builder(id)
        .key(key(Algorithm::EdDsa))
        .build()
        .unwrap();
    assert_eq!(
        issuer.jwks_uri(),
        "http://127.0.0.1:8080/t/.well-known/jwks.json"
    );
}

#[test]
fn an_issuer_needs_a_key() {
    let error = builder("https://a.example").build().unwrap_err();
    assert_eq!(error.to_string(), "an issuer needs a key");
}

/// Attack I8: one key for two algorithms, one id for two keys.
#[test]
fn keys_algorithms_and_ids_are_all_different() {
    let read = |algorithm, name: &str| {
        SigningKey::from_pem(algorithm, &vector(&format!("openssl/{name}.pkcs8.pem"))).unwrap()
    };
    let build = |first: SigningKey, second: SigningKey| {
        builder("https://a.example")
            .key(first)
            .key(second)
            .build()
            .unwrap_err()
            .to_string()
    };
    let rs256 = || read(Algorithm::Rs256, "rsa-2048");
    let kid = rs256().kid().to_owned();

    let error = build(rs256(), read(Algorithm::Ps256, "rsa-2048"));
    assert_eq!(error, format!("the key `{kid}` was added twice"));
    // Under another id it is still the same key.
    let renamed = read(Algorithm::Ps256, "rsa-2048")
        .with_kid("other")
        .unwrap();
    assert_eq!(
        build(rs256(), renamed),
        format!("the key `{kid}` was added twice")
    );
    let error = build(
        read(Algorithm::EdDsa, "ed25519"),
        read(Algorithm::Ed25519, "ed25519"),
    );
    assert!(error.ends_with("was added twice"), "{error}");

    let namesake = read(Algorithm::Es256, "P-256").with_kid(&kid).unwrap();
    assert_eq!(
        build(rs256(), namesake),
        format!("two keys have the id `{kid}`")
    );

    let error = build(rs256(), read(Algorithm::Rs256, "rsa-3072"));
    assert_eq!(error, "two keys sign `RS256`");
}

#[test]
fn another_published_key_stands_before_those_that_sign() {
    let other = key(Algorithm::Es256).public_jwk().clone();
    let build = |jwk: &Jwk| {
        let builder = builder("https://a.example").key(key(Algorithm::EdDsa));
        builder.published_key(jwk.clone()).build()
    };
    let issuer = build(&other).unwrap();
    let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    assert_eq!(set.keys(), issuer.published_keys());
    assert_eq!(set.keys()[0], other);
    assert_eq!(issuer.signing_kid(Algorithm::Es256), None);
    let error = build(key(Algorithm::EdDsa).public_jwk()).unwrap_err();
    assert!(matches!(error, BuildError::SameKey { .. }), "{error}");
    let namesake = other.with_kid(key(Algorithm::EdDsa).kid()).unwrap();
    let error = build(&namesake).unwrap_err();
    assert!(matches!(error, BuildError::DuplicateKid { .. }), "{error}");
}
