//! What a caller gets when a token is verified: a proof that says what the issuer said, in memory
//! that may be used again, from a verifier that any number of threads share.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use oidc_core::{Algorithm, base64url};
use oidc_verifier::{
    BuildError, ClaimError, InstallError, Installed, IssuerKeys, KeyUnusable, Kind, Pointer,
    Verified, Verifier, VerifyError, Workspace,
};
use support::{
    AUDIENCE, CANARY, Honest, ISSUER, NOW, Shape, at, builder, foreign_key, identifier, jwk_set,
    key, mint, parse_set, sign, verifier,
};

fn honest() -> Honest {
    mint(Algorithm::EdDsa, Shape::Aws)
}

#[test]
fn a_proof_says_what_the_issuer_said() {
    let arn = Pointer::parse("/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn").unwrap();
    let verifier = builder().locate(arn).build().unwrap();
    let honest = honest();
    let token = honest.with_claim("aud", &format!("[\"b\",\"{AUDIENCE}\"]"));
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();

    assert_eq!(verified.issuer(), &identifier(ISSUER));
    assert_eq!(verified.subject(), "org/canary/project/7/user/9");
    assert!(verified.is_for(AUDIENCE) && verified.is_for("b") && !verified.is_for("c"));
    let audience = verified.audience().unwrap();
    assert_eq!(audience.iter().collect::<Vec<_>>(), ["b", AUDIENCE]);
    assert_eq!(verified.expires_at(), at(NOW - 10 + 600));
    assert_eq!(verified.issued_at(), at(NOW - 10));
    assert_eq!(verified.not_before(), Some(at(NOW - 15)));
    assert_eq!(verified.jwt_id().map(|jti| jti.len()), Some(36));
    assert_eq!(verified.algorithm(), Algorithm::EdDsa);
    assert_eq!(verified.key_id(), Some("eddsa-canary"));

    // Located on the way, and found now.
    let instance = "arn:aws:ec2:us-east-1:111122223333:instance/i-1";
    assert!(verified.get(arn).unwrap().text().unwrap() == *instance);
    for (pointer, json) in [
        (
            "/https:~1~1sts.amazonaws.com~1/ou_path/0",
            Some("\"o-abc1234567/r-ab12/ou-ab12-11111111/\""),
        ),
        ("/aud/0", Some("\"b\"")),
        ("/exp", Some("1790000590")),
        ("/absent", None),
        ("/aud/2", None),
        ("/sub/0", None),
    ] {
        let found = verified.get(Pointer::parse(pointer).unwrap());
        assert_eq!(found.map(|found| found.json()), json, "{pointer}");
    }
    let root = verified.get(Pointer::ROOT).unwrap();
    assert_eq!(
        (root.kind(), root.json()),
        (Kind::Object, verified.claims_json())
    );
    let payload = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(verified.claims_json().as_bytes(), payload);

    let debug = format!("{verified:?}");
    assert!(
        debug.contains("org/canary") && !debug.contains("o-abc1234567"),
        "{debug}"
    );
}

/// A proof of one's own says the same as the borrowed one, when the verifier and the memory are gone.
#[test]
fn a_proof_can_be_kept_longer_than_its_verifier() {
    fn is_owned<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let arn = Pointer::parse("/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn").unwrap();
    let token = honest().token;
    let (from_own, from_lent) = {
        let verifier = builder().locate(arn).build().unwrap();
        let mut workspace = Workspace::new();
        let lent = verifier.verify_in(token.as_bytes(), at(NOW), &mut workspace);
        let lent = lent.unwrap().into_owned();
        // The lent memory serves the next token.
        let other = honest().with_claim("sub", "\"another\"");
        let other = verifier.verify_in(other.as_bytes(), at(NOW), &mut workspace);
        assert_eq!(other.unwrap().subject(), "another");
        let own = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
        (own.into_owned(), lent)
    };
    for kept in [is_owned(from_own), is_owned(from_lent)] {
        assert_eq!(kept.issuer(), &identifier(ISSUER));
        assert_eq!(kept.subject(), "org/canary/project/7/user/9");
        assert_eq!(kept.key_id(), Some("eddsa-canary"));
        assert_eq!(kept.expires_at(), at(NOW - 10 + 600));
        let instance = "arn:aws:ec2:us-east-1:111122223333:instance/i-1";
        assert!(kept.get(arn).unwrap().text().unwrap() == *instance);
        assert!(kept.is_for(AUDIENCE));
    }
}

#[test]
fn optional_claims_are_absent_from_the_proof_when_the_token_lacks_them() {
    let verifier = verifier();
    let honest = honest();
    let claims = honest.claims.without("nbf").without("jti");
    let token = honest.with_claims(claims.to_json());
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert_eq!((verified.not_before(), verified.jwt_id()), (None, None));
    let set = parse_set(&jwk_set([key(Algorithm::EdDsa)]));
    let verifier = builder().keys(set).build().unwrap();
    let token = honest.with_header(honest.header.without("kid").to_json());
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert_eq!(verified.key_id(), None);
}

#[test]
fn claims_are_read_into_a_type_or_the_place_is_told() {
    #[derive(Debug, serde::Deserialize)]
    struct Aws {
        account: String,
    }
    let verifier = verifier();
    let honest = honest();
    let read = |account: &str| {
        let token = honest.with_claims(honest.claims.plus("\"account\"", account).to_json());
        let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
        verified.claims::<Aws>()
    };
    assert_eq!(read("\"111122223333\"").unwrap().account, "111122223333");
    let error = read("[\"canary\"]").unwrap_err();
    let text = error.to_string();
    let expected = format!(
        "claims set is not of the wanted type, at line 1 column {}",
        error.column
    );
    assert_eq!((error.line, text), (1, expected));
    assert!(error.column > 0 && !format!("{error:?}").contains(CANARY));
}

/// A used workspace answers as a fresh one, whatever was in it.
#[test]
fn a_lent_workspace_carries_nothing_from_token_to_token() {
    let verifier = builder()
        .locate(Pointer::parse("/x").unwrap())
        .build()
        .unwrap();
    let x = Pointer::parse("/x").unwrap();
    let honest = honest();
    let plain = honest.token.clone();
    let rich = honest.with_claim("x", "\"first\"");
    let nameless = mint(Algorithm::Es256, Shape::GitHub);
    let nameless = nameless.with_header(nameless.header.without("kid").to_json());
    let tokens = [
        (rich.clone(), Some("\"first\"")),
        (plain.clone(), None),
        (nameless, None),
        (
            honest.with_claim("x", "[1,{\"x\":2}]"),
            Some("[1,{\"x\":2}]"),
        ),
    ];
    let refused = [
        String::new(),
        "a.b.c".into(),
        honest.with_claim("x", "{\"a\":1,\"a\":2}"),
        honest.with_claims("{\"sub\":\"evil\",\"x\":\"evil\"}"),
        honest.with_claims(b"{\"x\":\"\xff\"}"),
        honest.with_claim("sub", "\"\""),
        honest.with_signature([7; 64]),
        honest.with_header(honest.header.with("kid", "\"evil\"").to_json()),
        honest.with_header("{\"alg\":\"EdDSA\",\"kid\":"),
        format!("{}=", honest.token),
    ];
    let mut workspace = Workspace::new();
    for bad in &refused {
        for (token, expected) in &tokens {
            let bad = bad.as_bytes();
            assert!(verifier.verify_in(bad, at(NOW), &mut workspace).is_err());
            let fresh = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
            let used = verifier
                .verify_in(token.as_bytes(), at(NOW), &mut workspace)
                .unwrap();
            let facts = |verified: &Verified<'_>| {
                let found = verified.get(x).map(|found| found.json().to_owned());
                let kid = verified.key_id().map(str::to_owned);
                (
                    found,
                    kid,
                    verified.subject().into_owned(),
                    verified.claims_json().to_owned(),
                )
            };
            assert_eq!(facts(&used), facts(&fresh));
            assert_eq!(used.get(x).map(|found| found.json()), *expected);
        }
    }
    assert!(!format!("{workspace:?}").contains(CANARY));
}

#[test]
fn what_is_shared_between_threads_may_be() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Verifier>();
    shared::<Workspace>();
    shared::<Verified<'static>>();
    shared::<IssuerKeys>();
    shared::<Installed>();
    shared::<VerifyError>();
    shared::<ClaimError>();
    shared::<BuildError>();
    shared::<InstallError>();
    shared::<KeyUnusable>();
    shared::<oidc_verifier::ClaimsTypeError>();
}

/// While keys are swapped, a token verifies under the old ones or the new ones, and is never
/// judged by a mixture: one of two keys is always there, both under one name.
#[test]
fn verification_goes_on_while_keys_are_installed() {
    let verifier = verifier();
    let issuer = identifier(ISSUER);
    let sets = [key(Algorithm::EdDsa), foreign_key(Algorithm::EdDsa)]
        .map(|key| IssuerKeys::new(issuer.clone(), parse_set(&jwk_set([key]))));
    let honest = honest();
    let header = honest.header.to_json();
    let own = honest.token.clone();
    let theirs = sign(
        foreign_key(Algorithm::EdDsa),
        header,
        honest.claims.to_json(),
    );
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..400 {
                verifier.install(&sets[round % 2]).expect("usable keys");
            }
            done.store(true, Ordering::Release);
        });
        for token in [&own, &theirs] {
            let (verifier, done) = (&verifier, &done);
            scope.spawn(move || {
                let mut workspace = Workspace::new();
                while !done.load(Ordering::Acquire) {
                    match verifier.verify_in(token.as_bytes(), at(NOW), &mut workspace) {
                        Ok(verified) => assert_eq!(verified.key_id(), Some("eddsa-canary")),
                        Err(error) => assert_eq!(error, VerifyError::Signature),
                    }
                }
            });
        }
    });
    // The last set is the foreign one.
    assert!(verifier.verify(theirs.as_bytes(), at(NOW)).is_ok());
    assert!(verifier.verify(own.as_bytes(), at(NOW)).is_err());
}
