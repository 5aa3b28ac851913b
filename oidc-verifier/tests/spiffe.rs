//! SPIFFE JWT-SVIDs: "JWT-SVID" sections 2 to 4, "SPIFFE Trust Domain and Bundle" section 4.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use oidc_core::provider::Provider;
use oidc_core::{Algorithm, JwkSet};
use oidc_verifier::{
    BuildError, InstallError, IssuerKeys, Profile, Ready, Verifier, VerifierBuilder,
};
use support::{Members, NOW, at, foreign_key, identifier, key, parse_set, sign};

const SPIRE: &str = "https://spire.prod.example";
const OTHER: &str = "https://ci.example";
const TRUST_DOMAIN: &str = "prod.example";

fn jwk(algorithm: Algorithm) -> Members {
    Members::read(&serde_json::to_vec(key(algorithm).public_jwk()).unwrap())
}

/// The bundle of the trust domain, as its keys' `use` says.
fn bundle() -> JwkSet {
    let svid = jwk(Algorithm::Es256).with("use", "\"jwt-svid\"").to_json();
    let x509 = jwk(Algorithm::Es384).with("use", "\"x509-svid\"").to_json();
    let json = format!(r#"{{"spiffe_sequence":1,"keys":[{x509},{svid}]}}"#);
    JwkSet::parse_jwt_svid(json.as_bytes()).unwrap()
}

fn spire() -> VerifierBuilder<Ready> {
    Verifier::builder()
        .issuer(identifier(SPIRE))
        .audience("here")
        .profile(Profile::jwt_svid(TRUST_DOMAIN).unwrap())
        .keys(bundle())
}

/// Two issuers: the trust domain, and one by the rules of the standards with another key.
fn verifier() -> Verifier {
    let other = format!(
        r#"{{"keys":[{}]}}"#,
        serde_json::to_string(foreign_key(Algorithm::Es384).public_jwk()).unwrap()
    );
    spire()
        .issuer(identifier(OTHER))
        .audience("here")
        .keys(parse_set(&other))
        .build()
        .unwrap()
}

/// A JWT-SVID without `iss`.
fn claims(sub: &str) -> Members {
    let exp = NOW + 300;
    Members::read(format!(r#"{{"sub":"{sub}","aud":["here"],"iat":{NOW},"exp":{exp}}}"#).as_bytes())
}

fn header() -> String {
    let kid = key(Algorithm::Es256).kid();
    format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT"}}"#)
}

fn svid(claims: &Members) -> String {
    sign(key(Algorithm::Es256), header(), claims.to_json())
}

fn code(token: &str) -> Result<String, &'static str> {
    let verifier = verifier();
    match verifier.verify(token.as_bytes(), at(NOW)) {
        Ok(verified) => {
            assert_eq!(verified.issuer().as_str(), SPIRE);
            Ok(verified.subject().into_owned())
        }
        Err(error) => Err(error.code()),
    }
}

const WEB: &str = "spiffe://prod.example/ns/prod/sa/web";

#[test]
fn a_token_without_iss_is_of_the_issuer_of_its_trust_domain() {
    assert_eq!(code(&svid(&claims(WEB))).as_deref(), Ok(WEB));
    let domain = "spiffe://prod.example";
    assert_eq!(code(&svid(&claims(domain))).as_deref(), Ok(domain));
}

#[test]
fn a_token_with_iss_names_the_configured_issuer() {
    let with = |iss: &str| svid(&claims(WEB).with("iss", iss));
    assert_eq!(code(&with(&format!("\"{SPIRE}\""))).as_deref(), Ok(WEB));
    assert_eq!(
        code(&with("\"https://other.example\"")),
        Err("issuer_untrusted")
    );
    assert_eq!(code(&with("null")), Err("iss_malformed"));
    assert_eq!(code(&with("\"\"")), Err("iss_malformed"));
    // The other issuer has no such key.
    assert_eq!(code(&with(&format!("\"{OTHER}\""))), Err("key_unknown"));
}

#[test]
fn a_subject_of_another_trust_domain_is_refused_with_and_without_iss() {
    for sub in [
        "spiffe://other.example/web",
        "spiffe://prod.example.evil/web",
        "spiffe://evil.prod.example/web",
        "spiffe://PROD.example/web",
        "spiffe://prod.example:443/web",
        "spiffe://user@prod.example/web",
        "spiffe://prod.example/",
        "spiffe://prod.example/a/../b",
        "spiffe:/prod.example/web",
        "https://prod.example/web",
        "prod.example/web",
    ] {
        assert_eq!(code(&svid(&claims(sub))), Err("iss_missing"), "{sub}");
        let named = claims(sub).with("iss", &format!("\"{SPIRE}\""));
        assert_eq!(code(&svid(&named)), Err("trust_domain_foreign"), "{sub}");
    }
    for sub in ["null", "1", "\"\""] {
        let named = claims(WEB).with("sub", sub);
        assert_eq!(code(&svid(&named)), Err("iss_missing"), "{sub}");
        let named = named.with("iss", &format!("\"{SPIRE}\""));
        assert_eq!(code(&svid(&named)), Err("sub_malformed"), "{sub}");
    }
}

#[test]
fn a_token_without_iss_that_another_issuer_signed_is_not_taken() {
    let other = foreign_key(Algorithm::Es384);
    for header in [
        format!(r#"{{"alg":"ES384","kid":"{}"}}"#, other.kid()),
        format!(
            r#"{{"alg":"ES384","kid":"{}"}}"#,
            key(Algorithm::Es256).kid()
        ),
        r#"{"alg":"ES384"}"#.to_owned(),
    ] {
        let forged = sign(other, header, claims(WEB).to_json());
        assert!(code(&forged).is_err());
    }
    let forged = sign(
        foreign_key(Algorithm::Es256),
        header(),
        claims(WEB).to_json(),
    );
    assert_eq!(code(&forged), Err("signature"));
    // What the other issuer signs, and names itself, has no trust domain to keep to.
    let own = claims("spiffe://prod.example/web").with("iss", &format!("\"{OTHER}\""));
    let header = format!(r#"{{"alg":"ES384","kid":"{}"}}"#, other.kid());
    let token = sign(other, header, own.to_json());
    let verifier = verifier();
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert_eq!(verified.issuer().as_str(), OTHER);
}

#[test]
fn without_the_profile_a_token_without_iss_is_refused() {
    let plain = Verifier::builder()
        .issuer(identifier(SPIRE))
        .audience("here")
        .keys(parse_set(&support::all_keys()))
        .build()
        .unwrap();
    let error = plain
        .verify(svid(&claims(WEB)).as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(error.code(), "iss_missing");
}

#[test]
fn audience_and_expiry_are_needed_and_typ_may_be_jose() {
    for (claim, expected) in [
        ("aud", "aud_missing"),
        ("exp", "exp_missing"),
        ("iat", "iat_missing"),
    ] {
        assert_eq!(code(&svid(&claims(WEB).without(claim))), Err(expected));
    }
    for (typ, expected) in [("JOSE", true), ("JWT", true), ("at+jwt", false)] {
        let header = header().replace("JWT", typ);
        let token = sign(key(Algorithm::Es256), header, claims(WEB).to_json());
        assert_eq!(code(&token).is_ok(), expected, "{typ}");
    }
    // JWT-SVID section 2.2: `kid` is optional in a header.
    let token = sign(
        key(Algorithm::Es256),
        r#"{"alg":"ES256"}"#,
        claims(WEB).to_json(),
    );
    assert_eq!(code(&token).as_deref(), Ok(WEB));
}

#[test]
fn ed25519_is_none_of_the_algorithms() {
    let set = jwk(Algorithm::EdDsa).with("use", "\"jwt-svid\"").to_json();
    let set = JwkSet::parse_jwt_svid(format!(r#"{{"keys":[{set}]}}"#).as_bytes()).unwrap();
    let builder = Verifier::builder()
        .issuer(identifier(SPIRE))
        .audience("here");
    let svids = builder.profile(Profile::jwt_svid(TRUST_DOMAIN).unwrap());
    let error = svids.keys(set).build().unwrap_err();
    assert!(matches!(
        error,
        BuildError::Keys(InstallError::NoUsableKey { .. })
    ));
}

#[test]
fn keys_for_jwt_svids_are_installed_for_no_other_issuer() {
    let verifier = verifier();
    let other = IssuerKeys::new(identifier(OTHER), bundle());
    let error = verifier.install(&other).unwrap_err();
    assert_eq!(error, InstallError::ForJwtSvids);
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("keys_for_jwt_svids", "keys are for JWT-SVIDs only")
    );
    let own = IssuerKeys::new(identifier(SPIRE), bundle());
    assert_eq!(verifier.install(&own).unwrap().usable, 1);
    // SPIRE's discovery provider can write `sig`, and writes no `use` unless told.
    let sig = format!(r#"{{"keys":[{}]}}"#, jwk(Algorithm::Es256).to_json());
    let own = IssuerKeys::new(identifier(SPIRE), parse_set(&sig));
    assert_eq!(verifier.install(&own).unwrap().usable, 1);
}

#[test]
fn a_trust_domain_is_said_once_and_well_formed() {
    let spiffe = Verifier::builder()
        .issuer(identifier(SPIRE))
        .audience("here");
    let error = spiffe
        .provider(Provider::SpiffeJwtSvid)
        .build()
        .unwrap_err();
    assert_eq!(error, BuildError::NoTrustDomain);
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("no_trust_domain", "no trust domain for JWT-SVIDs")
    );
    let twice = spire()
        .issuer(identifier(OTHER))
        .audience("here")
        .profile(Profile::jwt_svid(TRUST_DOMAIN).unwrap());
    let error = twice.build().unwrap_err();
    assert_eq!(error, BuildError::DuplicateTrustDomain);
    assert_eq!(error.code(), "trust_domain_duplicate");
    for text in [
        "",
        "PROD.example",
        "spiffe://prod.example",
        "prod.example/web",
        "prod.example:1",
        "a b",
    ] {
        let error = Profile::jwt_svid(text).unwrap_err();
        assert_eq!(error.to_string(), "not a SPIFFE trust domain", "{text}");
    }
}
