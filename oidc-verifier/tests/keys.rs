//! Which key verifies a token, and which never does (RFC 7515 section 4.1.4, RFC 8725 sections 3.1
//! and 3.8).

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use oidc_core::provider::Provider;
use oidc_core::{Algorithm, IssuerIdentifier, base64url};
use oidc_issuer::SigningKey;
use oidc_verifier::{InstallError, IssuerKeys, KeyUnusable, Verifier};
use support::{
    AUDIENCE, Honest, ISSUER, Members, NOW, Shape, algorithms, at, foreign_key, identifier,
    jwk_set, key, mint, parse_set, sign,
};

const OTHER: &str = "https://other.example";

fn unarmed() -> Verifier {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms(algorithms())
        .issuer(identifier(OTHER))
        .audience(AUDIENCE)
        .algorithms(algorithms())
        .build()
        .unwrap()
}

fn keys(issuer: &str, set: &str) -> IssuerKeys {
    IssuerKeys::new(identifier(issuer), parse_set(set))
}

/// A verifier in which the honest issuer has this set, and the other one a key of its own.
fn armed(set: &str) -> Verifier {
    let verifier = unarmed();
    verifier.install(&keys(ISSUER, set)).unwrap();
    let other = jwk_set([foreign_key(Algorithm::Es384)]);
    verifier.install(&keys(OTHER, &other)).unwrap();
    verifier
}

/// `ok`, or the code of the error; the same however often it is asked.
fn outcome(verifier: &Verifier, token: &str) -> &'static str {
    let answer = || match verifier.verify(token.as_bytes(), at(NOW)) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    };
    let first = answer();
    assert_eq!(answer(), first);
    first
}

fn jwk(key: &SigningKey) -> Members {
    Members::read(&serde_json::to_vec(key.public_jwk()).unwrap())
}

fn set<'a>(jwks: impl IntoIterator<Item = &'a Members>) -> String {
    let jwks: Vec<String> = jwks.into_iter().map(Members::to_json).collect();
    format!("{{\"keys\":[{}]}}", jwks.join(","))
}

fn honest(algorithm: Algorithm) -> Honest {
    mint(algorithm, Shape::CircleCi)
}

fn nameless(honest: &Honest) -> String {
    honest.with_header(honest.header.without("kid").to_json())
}

#[test]
fn a_kid_must_name_a_key() {
    let honest = honest(Algorithm::Es256);
    let own = jwk(key(Algorithm::Es256));
    assert_eq!(outcome(&armed(&set([&own])), &honest.token), "ok");
    let renamed = own.with("kid", "\"another\"");
    assert_eq!(
        outcome(&armed(&set([&renamed])), &honest.token),
        "key_unknown"
    );
    // The same key without a name is not meant by it.
    let unnamed = own.without("kid");
    assert_eq!(
        outcome(&armed(&set([&unnamed])), &honest.token),
        "key_unknown"
    );
    // An empty name is a name.
    let empty = own.with("kid", "\"\"");
    let token = honest.with_header(honest.header.with("kid", "\"\"").to_json());
    assert_eq!(outcome(&armed(&set([&empty])), &token), "ok");
    assert_eq!(outcome(&armed(&set([&unnamed])), &token), "key_unknown");
}

#[test]
fn without_kid_exactly_one_key_may_fit() {
    let honest = honest(Algorithm::Es256);
    let own = jwk(key(Algorithm::Es256));
    let other_kind = jwk(key(Algorithm::EdDsa));
    let stranger = jwk(foreign_key(Algorithm::Es256)).with("kid", "\"b\"");
    let token = nameless(&honest);
    assert_eq!(outcome(&armed(&set([&own])), &token), "ok");
    assert_eq!(outcome(&armed(&set([&own.without("kid")])), &token), "ok");
    assert_eq!(outcome(&armed(&set([&other_kind, &own])), &token), "ok");
    assert_eq!(
        outcome(&armed(&set([&own, &stranger])), &token),
        "kid_required"
    );
    assert_eq!(outcome(&armed(&set([&other_kind])), &token), "key_unknown");
    // The one that fits is the wrong one: none is tried in turn.
    assert_eq!(outcome(&armed(&set([&stranger])), &token), "signature");
    // Of an unbound RSA key there is one for six algorithms.
    let rsa = self::honest(Algorithm::Ps384);
    let unbound = jwk(key(Algorithm::Ps384)).without("alg");
    assert_eq!(
        outcome(&armed(&set([&unbound, &own])), &nameless(&rsa)),
        "ok"
    );
}

#[test]
fn two_keys_of_one_kid_are_told_apart_by_algorithm_or_not_at_all() {
    let honest = honest(Algorithm::Es256);
    let own = jwk(key(Algorithm::Es256)).with("kid", "\"same\"");
    let token = honest.with_header(honest.header.with("kid", "\"same\"").to_json());
    let other_kind = jwk(key(Algorithm::EdDsa)).with("kid", "\"same\"");
    let stranger = jwk(foreign_key(Algorithm::Es256)).with("kid", "\"same\"");
    assert_eq!(outcome(&armed(&set([&own, &other_kind])), &token), "ok");
    assert_eq!(
        outcome(&armed(&set([&other_kind])), &token),
        "key_not_for_alg"
    );
    for both in [[&own, &stranger], [&stranger, &own]] {
        assert_eq!(outcome(&armed(&set(both)), &token), "key_ambiguous");
    }
    // Published twice, it is one key.
    assert_eq!(outcome(&armed(&set([&own, &own])), &token), "ok");
}

/// The names of keys are those of their issuer: AWS and others all publish one called `RSA_1`.
#[test]
fn the_key_of_one_issuer_never_verifies_the_token_of_another() {
    let honest = honest(Algorithm::Es256);
    let own = jwk(key(Algorithm::Es256)).with("kid", "\"RSA_1\"");
    let theirs = jwk(foreign_key(Algorithm::Es256)).with("kid", "\"RSA_1\"");
    let verifier = unarmed();
    verifier.install(&keys(ISSUER, &set([&own]))).unwrap();
    verifier.install(&keys(OTHER, &set([&theirs]))).unwrap();

    let header = honest.header.with("kid", "\"RSA_1\"").to_json();
    let own_claims = honest.claims.to_json();
    let their_claims = honest.claims.with("iss", &format!("\"{OTHER}\"")).to_json();
    let (own, theirs) = (key(Algorithm::Es256), foreign_key(Algorithm::Es256));
    for (signer, claims, expected) in [
        (own, &own_claims, "ok"),
        (theirs, &their_claims, "ok"),
        (own, &their_claims, "signature"),
        (theirs, &own_claims, "signature"),
    ] {
        assert_eq!(outcome(&verifier, &sign(signer, &header, claims)), expected);
        // And where nothing is known of the header yet.
        let fresh = unarmed();
        for (issuer, key) in [(ISSUER, own), (OTHER, theirs)] {
            let key = jwk(key).with("kid", "\"RSA_1\"");
            fresh.install(&keys(issuer, &set([&key]))).unwrap();
        }
        assert_eq!(outcome(&fresh, &sign(signer, &header, claims)), expected);
    }
}

#[test]
fn a_kid_of_another_issuer_is_unknown() {
    let verifier = armed(&jwk_set([key(Algorithm::Es256)]));
    let honest = honest(Algorithm::Es384);
    let header = honest.header.to_json();
    let token = sign(
        foreign_key(Algorithm::Es384),
        header,
        honest.claims.to_json(),
    );
    assert_eq!(outcome(&verifier, &token), "key_unknown");
}

/// One key, one algorithm (RFC 8725 section 3.1): every pair of RSA algorithms, with a signature
/// that is good for the header's.
#[test]
fn the_alg_of_a_jwk_binds_the_key() {
    let rsa: Vec<_> = algorithms().filter(|one| one.is_rsa()).collect();
    let mut refused = 0;
    for bound in &rsa {
        for used in &rsa {
            let honest = honest(*used);
            let own = jwk(key(*used)).with("alg", &format!("\"{bound}\""));
            let expected = if bound == used {
                "ok"
            } else {
                "key_not_for_alg"
            };
            let answer = outcome(&armed(&set([&own])), &honest.token);
            assert_eq!(answer, expected, "{bound} {used}");
            refused += usize::from(bound != used);
        }
    }
    assert_eq!((rsa.len(), refused), (6, 30));
}

/// Without `alg` the allowed list decides, within what the key can serve.
#[test]
fn an_unbound_key_serves_what_is_allowed_and_it_can() {
    for algorithm in algorithms() {
        let honest = honest(algorithm);
        let unbound = jwk(key(algorithm)).without("alg");
        assert_eq!(outcome(&armed(&set([&unbound])), &honest.token), "ok");
        for other in algorithms().filter(|other| !other.same_signature(algorithm)) {
            let header = honest.header.with("alg", &format!("\"{other}\""));
            let token = honest.with_header(header.to_json());
            let both_rsa = other.is_rsa() && algorithm.is_rsa();
            let expected = if both_rsa {
                "signature"
            } else {
                "key_not_for_alg"
            };
            let answer = outcome(&armed(&set([&unbound])), &token);
            assert_eq!(answer, expected, "{algorithm} {other}");
        }
    }
}

/// RFC 9864 section 2.2: one key serves both names; the allowed list knows two.
#[test]
fn eddsa_and_ed25519_are_one_key_and_two_allowed_names() {
    let honest = honest(Algorithm::EdDsa);
    let token = |alg: &str| {
        let header = honest.header.with("alg", &format!("\"{alg}\""));
        honest.with_header(header.to_json())
    };
    let own = jwk(key(Algorithm::EdDsa));
    for bound in ["EdDSA", "Ed25519"] {
        let set = set([&own.with("alg", &format!("\"{bound}\""))]);
        for used in ["EdDSA", "Ed25519"] {
            assert_eq!(outcome(&armed(&set), &token(used)), "ok", "{bound} {used}");
        }
    }
    let only = |algorithm| {
        Verifier::builder()
            .issuer(identifier(ISSUER))
            .audience(AUDIENCE)
            .algorithms([algorithm])
            .keys(parse_set(&set([&own])))
            .build()
            .unwrap()
    };
    let eddsa = only(Algorithm::EdDsa);
    assert_eq!(outcome(&eddsa, &token("EdDSA")), "ok");
    assert_eq!(outcome(&eddsa, &token("Ed25519")), "alg_not_allowed");
    let ed25519 = only(Algorithm::Ed25519);
    assert_eq!(outcome(&ed25519, &token("Ed25519")), "ok");
    assert_eq!(outcome(&ed25519, &token("EdDSA")), "alg_not_allowed");
}

/// What AWS publishes for its outbound tokens: an RSA key without `alg` beside a P-384 key with it,
/// under short names.
#[test]
fn the_key_set_of_aws_serves_both_of_its_algorithms() {
    let rsa = jwk(key(Algorithm::Rs256))
        .with("kid", "\"RSA_1\"")
        .without("alg");
    let ec = jwk(key(Algorithm::Es384)).with("kid", "\"EC384_1\"");
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms(Provider::AwsOutbound.profile().algorithms.iter().copied())
        .keys(parse_set(&set([&rsa, &ec])))
        .build()
        .unwrap();
    for (algorithm, kid, expected) in [
        (Algorithm::Rs256, "RSA_1", "ok"),
        (Algorithm::Es384, "EC384_1", "ok"),
        (Algorithm::Rs256, "EC384_1", "key_not_for_alg"),
        (Algorithm::Es384, "RSA_1", "key_not_for_alg"),
        (Algorithm::Rs384, "RSA_1", "alg_not_allowed"),
    ] {
        let honest = honest(algorithm);
        let header = honest.header.with("kid", &format!("\"{kid}\"")).to_json();
        let token = honest.with_header(header);
        assert_eq!(outcome(&verifier, &token), expected, "{algorithm} {kid}");
    }
}

/// A good signature does not help an algorithm that is not on the issuer's list.
#[test]
fn an_algorithm_is_allowed_for_an_issuer_or_not() {
    for algorithm in algorithms() {
        for allowed in algorithms() {
            let keys = [allowed, algorithm].map(|one| jwk(key(one)).without("alg"));
            let verifier = Verifier::builder()
                .issuer(identifier(ISSUER))
                .audience(AUDIENCE)
                .algorithms([allowed])
                .keys(parse_set(&set(&keys)))
                .build()
                .unwrap();
            let expected = if allowed == algorithm {
                "ok"
            } else {
                "alg_not_allowed"
            };
            // Where no key of that name is loaded, that is said first.
            let answer = outcome(&verifier, &honest(algorithm).token);
            assert!(
                answer == expected || (expected != "ok" && answer == "key_unknown"),
                "{algorithm} {allowed} {answer}"
            );
        }
    }
    let usual: Vec<_> = Algorithm::DEFAULT_ALLOWED
        .iter()
        .map(|one| one.name())
        .collect();
    assert_eq!(
        usual,
        ["RS256", "ES256", "PS256", "ES384", "EdDSA", "Ed25519"]
    );
}

/// `crv`, `alg` and the coordinates agree, or there is no key.
#[test]
fn a_curve_that_does_not_fit_is_no_key() {
    for (algorithm, curves) in [
        (Algorithm::Es256, ["P-384", "P-521", "secp256k1"]),
        (Algorithm::Es384, ["P-256", "P-521", "Ed25519"]),
    ] {
        for crv in curves {
            let wrong = jwk(key(algorithm)).with("crv", &format!("\"{crv}\""));
            assert!(
                oidc_core::JwkSet::parse(set([&wrong]).as_bytes()).is_err(),
                "{crv}"
            );
            // Beside a good key it is left out, and the token that names it finds nothing.
            let good = jwk(key(Algorithm::EdDsa));
            let answer = outcome(&armed(&set([&wrong, &good])), &honest(algorithm).token);
            assert_eq!(answer, "key_unknown", "{crv}");
        }
    }
}

/// Every size up to the limit, whose signature is as long as any that is decoded, and the smallest
/// exponent.
#[test]
fn rsa_keys_of_2048_to_8192_bits_verify() {
    for (bits, pem) in [
        (2048, include_str!("vectors/keys/rsa-2048-e3.pkcs8.pem")),
        (3072, include_str!("vectors/keys/rsa-3072.pkcs8.pem")),
        (4096, include_str!("vectors/keys/rsa-4096.pkcs8.pem")),
        (8192, include_str!("vectors/keys/rsa-8192.pkcs8.pem")),
    ] {
        for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
            let own = SigningKey::from_pkcs8_pem(algorithm, pem).unwrap();
            let honest = honest(algorithm);
            let header = honest.header.with("kid", &format!("\"{}\"", own.kid()));
            let token = sign(&own, header.to_json(), honest.claims.to_json());
            let verifier = armed(&jwk_set([&own]));
            assert_eq!(outcome(&verifier, &token), "ok", "{bits} {algorithm}");
            let (input, signature) = token.rsplit_once('.').unwrap();
            let mut signature = base64url::decode(signature).unwrap();
            signature[50] ^= 1;
            let other = format!("{input}.{}", base64url::encode(signature));
            assert_eq!(
                outcome(&verifier, &other),
                "signature",
                "{bits} {algorithm}"
            );
        }
    }
}

#[test]
fn keys_are_unavailable_only_for_a_configured_issuer_without_any() {
    let verifier = unarmed();
    let honest = honest(Algorithm::Es256);
    assert_eq!(outcome(&verifier, &honest.token), "keys_unavailable");
    let foreign = honest.with_claim("iss", "\"https://evil.example\"");
    assert_eq!(outcome(&verifier, &foreign), "issuer_untrusted");
    // One issuer has keys, the other none: its tokens wait.
    verifier
        .install(&keys(OTHER, &jwk_set([key(Algorithm::Es256)])))
        .unwrap();
    assert_eq!(outcome(&verifier, &honest.token), "keys_unavailable");
    verifier
        .install(&keys(ISSUER, &jwk_set([key(Algorithm::EdDsa)])))
        .unwrap();
    assert_eq!(outcome(&verifier, &foreign), "issuer_untrusted");
    let unknown = honest.with_header(honest.header.with("kid", "\"x\"").to_json());
    assert_eq!(outcome(&verifier, &unknown), "key_unknown");
}

#[test]
fn installed_keys_replace_those_before_as_a_whole() {
    let verifier = armed(&jwk_set([key(Algorithm::Es256), key(Algorithm::EdDsa)]));
    let (es256, eddsa) = (honest(Algorithm::Es256), honest(Algorithm::EdDsa));
    assert_eq!(
        [
            outcome(&verifier, &es256.token),
            outcome(&verifier, &eddsa.token)
        ],
        ["ok", "ok"]
    );
    // The header of the withdrawn key is known from before, and no help.
    verifier
        .install(&keys(ISSUER, &jwk_set([key(Algorithm::EdDsa)])))
        .unwrap();
    assert_eq!(outcome(&verifier, &es256.token), "key_unknown");
    assert_eq!(outcome(&verifier, &eddsa.token), "ok");
    // The name stays, the key is another one.
    verifier
        .install(&keys(ISSUER, &jwk_set([foreign_key(Algorithm::EdDsa)])))
        .unwrap();
    assert_eq!(outcome(&verifier, &eddsa.token), "signature");
    assert!(verifier.withdraw(&identifier(ISSUER)));
    assert_eq!(outcome(&verifier, &eddsa.token), "keys_unavailable");
    assert!(!verifier.withdraw(&identifier("https://evil.example")));
}

#[test]
fn a_refused_install_changes_nothing() {
    let verifier = armed(&jwk_set([key(Algorithm::Es256)]));
    let token = honest(Algorithm::Es256).token;
    let stranger = keys(
        "https://evil.example",
        &jwk_set([foreign_key(Algorithm::Es256)]),
    );
    let error = verifier.install(&stranger).unwrap_err();
    assert_eq!(
        (&error, error.code()),
        (&InstallError::UnknownIssuer, "issuer_unknown")
    );
    assert_eq!(error.to_string(), "issuer is not one of the verifier's");

    let narrow = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms([Algorithm::Es256])
        .keys(parse_set(&jwk_set([key(Algorithm::Es256)])))
        .build()
        .unwrap();
    let unfit = [key(Algorithm::EdDsa), key(Algorithm::Rs256)];
    let error = narrow.install(&keys(ISSUER, &jwk_set(unfit))).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("no_usable_key", "no key can be used")
    );
    let InstallError::NoUsableKey { unusable, .. } = error else {
        panic!("no usable key")
    };
    let reason = KeyUnusable::NoAllowedAlgorithm;
    assert_eq!(unusable, [(0, reason), (1, reason)]);
    assert_eq!(reason.to_string(), "fits no allowed algorithm");
    for verifier in [&verifier, &narrow] {
        assert_eq!(outcome(verifier, &token), "ok");
    }
}

#[test]
fn an_install_says_which_keys_it_left_out() {
    let verifier = unarmed();
    let own = key(Algorithm::Es256);
    let fit = verifier.install(&keys(ISSUER, &jwk_set([own]))).unwrap();
    assert_eq!((fit.usable, fit.unusable.len()), (1, 0));
    let narrow = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms([Algorithm::Es256])
        .build()
        .unwrap();
    let mixed = jwk_set([key(Algorithm::Es384), own, key(Algorithm::EdDsa)]);
    let installed = narrow.install(&keys(ISSUER, &mixed)).unwrap();
    let reason = KeyUnusable::NoAllowedAlgorithm;
    assert_eq!(installed.usable, 1);
    assert_eq!(installed.unusable, [(0, reason), (2, reason)]);
}

#[test]
fn a_verifier_names_its_issuers_in_order() {
    let verifier = unarmed();
    let named: Vec<_> = verifier.issuers().map(IssuerIdentifier::as_str).collect();
    assert_eq!(named, [ISSUER, OTHER]);
}
