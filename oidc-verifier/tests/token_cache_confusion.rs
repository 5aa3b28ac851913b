//! The ways in which caches of verified tokens are known to have lied.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod support;
mod token_cache_world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use oidc_core::Algorithm;
use oidc_issuer::{SigningKey, SystemRandom};
use oidc_verifier::{
    ExtraAudiences, IssuerKeys, Pointer, Profile, Ready, Verifier, VerifierBuilder,
};

use self::support::{AUDIENCE, ISSUER, NOW, at, foreign_key, identifier, jwk_set, key, parse_set};
use self::token_cache_world::{
    EXP, LEEWAY, cache, install, is_one, payload, signed, token, verify,
};

const OTHER: &str = "https://other.example";
/// fast-jwt, CVE-2026-35039 (GHSA-rp9m-7r4c-75qg): tokens that shared a key of the cache got each
/// other's claims. Here every byte of the token is in the key.
#[test]
fn no_other_token_is_answered_from_the_entry_of_one() {
    let (cache, verifier) = (cache(), support::verifier());
    let token = token("");
    let first = verify(&cache, &verifier, &token, NOW).unwrap();
    for index in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[index] ^= 1;
        let refusal = cache.verify(&verifier, &bytes, at(NOW)).unwrap_err();
        let honest = verifier.verify(&bytes, at(NOW)).unwrap_err();
        assert_eq!(refusal, honest, "{index}");
    }
    for other in [
        format!("{token}A"),
        format!("{token} "),
        token.get(..token.len() - 1).unwrap().to_owned(),
        String::new(),
    ] {
        assert!(verify(&cache, &verifier, &other, NOW).is_err(), "{other}");
    }
    // The same claims under another key's good signature are another token, verified anew.
    let twin = signed(key(Algorithm::Es256), "", &payload(""));
    let twin = verify(&cache, &verifier, &twin, NOW).unwrap();
    assert!(!is_one(&first, &twin));
    assert_eq!(twin.algorithm(), Algorithm::Es256);
    let again = verify(&cache, &verifier, &token, NOW).unwrap();
    assert!(is_one(&first, &again));
}

/// lua-resty-openidc#399 and #569: a token that one route had verified was let in by another with
/// other validators.
#[test]
fn what_one_configuration_verified_is_no_answer_for_another() {
    type Change = fn(VerifierBuilder<Ready>) -> VerifierBuilder<Ready>;
    let base = |change: Change| {
        let builder = Verifier::builder()
            .issuer(identifier(ISSUER))
            .audience(AUDIENCE)
            .keys(parse_set(&support::all_keys()));
        change(builder).build().unwrap()
    };
    let unchanged: Change = |builder| builder;
    let foreign_audience = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience("https://elsewhere.example")
        .keys(parse_set(&support::all_keys()))
        .build()
        .unwrap();
    let foreign_issuer = Verifier::builder()
        .issuer(identifier(OTHER))
        .audience(AUDIENCE)
        .keys(parse_set(&support::all_keys()))
        .build()
        .unwrap();
    let changes: [Change; 13] = [
        |builder| builder.audience("https://second.example"),
        |builder| builder.extra_audiences(ExtraAudiences::Forbid),
        |builder| builder.extra_audiences(ExtraAudiences::ForbidSecond),
        |builder| builder.extra_audiences(ExtraAudiences::Only(Vec::new())),
        |builder| builder.extra_audiences(ExtraAudiences::Only(vec!["other".to_owned()])),
        |builder| builder.algorithms([Algorithm::EdDsa]),
        |builder| builder.leeway(Duration::from_secs(59)),
        |builder| builder.max_lifetime(Duration::from_secs(3_600)),
        |builder| builder.max_age(Duration::from_secs(3_600)),
        |builder| builder.accept_typ("at+jwt"),
        |builder| builder.locate(Pointer::parse("/sub").unwrap()),
        |builder| builder.max_token_bytes(4_096),
        |builder| {
            let builder = builder.issuer(identifier(OTHER)).audience(AUDIENCE);
            builder.keys(parse_set(&support::all_keys()))
        },
    ];
    let (cache, verifier, twin) = (cache(), base(unchanged), base(unchanged));
    let token = token("");
    let mut found = vec![verify(&cache, &verifier, &token, NOW).unwrap()];
    // Built and keyed alike, they answer alike.
    assert!(is_one(
        &found[0],
        &verify(&cache, &twin, &token, NOW).unwrap()
    ));
    let others: Vec<Verifier> = changes.into_iter().map(base).collect();
    for (index, other) in others.iter().enumerate() {
        let verified = verify(&cache, other, &token, NOW).unwrap();
        assert!(
            found.iter().all(|found| !is_one(found, &verified)),
            "{index}"
        );
        found.push(verified);
    }
    for (other, refusal) in [
        (&foreign_audience, "aud_foreign"),
        (&foreign_issuer, "issuer_untrusted"),
    ] {
        assert_eq!(verify(&cache, other, &token, NOW).map(drop), Err(refusal));
    }
}

/// The same, where only the rules are others: AWS reads a date in quotation marks.
#[test]
fn what_one_profile_verified_is_no_answer_for_the_standards() {
    let of = |profile: Option<Profile>| {
        let builder = Verifier::builder()
            .issuer(identifier(ISSUER))
            .audience(AUDIENCE);
        let builder = match profile {
            Some(profile) => builder.profile(profile),
            None => builder,
        };
        builder
            .keys(parse_set(&jwk_set([key(Algorithm::Es256)])))
            .build()
            .unwrap()
    };
    let (cache, aws, standard) = (cache(), of(Some(Profile::aws_sts())), of(None));
    let quoted = payload("").replace(&format!(r#""iat":{NOW}"#), &format!(r#""iat":"{NOW}""#));
    let token = signed(key(Algorithm::Es256), "", &quoted);
    let first = verify(&cache, &aws, &token, NOW).unwrap();
    let again = verify(&cache, &aws, &token, NOW).unwrap();
    assert!(is_one(&first, &again));
    assert_eq!(
        verify(&cache, &standard, &token, NOW).map(drop),
        Err("iat_malformed")
    );
}

/// The same, where only the names are divided otherwise.
#[test]
fn settings_that_read_the_same_in_a_row_are_not_the_same() {
    let of_audiences = |audiences: &[&str]| {
        let mut builder = Verifier::builder()
            .issuer(identifier(ISSUER))
            .audience(audiences[0])
            .keys(parse_set(&support::all_keys()));
        for audience in &audiences[1..] {
            builder = builder.audience(*audience);
        }
        builder.build().unwrap()
    };
    let cache = cache();
    let token = signed(
        key(Algorithm::EdDsa),
        "",
        &payload("").replace(AUDIENCE, "ab"),
    );
    let (one, other) = (of_audiences(&["ab", "c"]), of_audiences(&["a", "bc"]));
    assert!(verify(&cache, &one, &token, NOW).is_ok());
    assert_eq!(
        verify(&cache, &other, &token, NOW).map(drop),
        Err("aud_foreign")
    );
}

/// `OpenIDC/mod_oauth2#14`: a token was accepted for minutes after it had expired.
#[test]
fn an_entry_ends_with_its_token() {
    let (cache, verifier) = (cache(), support::verifier());
    let token = token("");
    let last = EXP + LEEWAY - 1;
    let first = verify(&cache, &verifier, &token, last - 10).unwrap();
    let again = verify(&cache, &verifier, &token, last).unwrap();
    assert!(is_one(&first, &again));
    for late in [last + 1, last + 2, last + 200] {
        assert_eq!(
            verify(&cache, &verifier, &token, late).map(drop),
            Err("expired"),
            "{late}"
        );
    }
}

/// nearform/fast-jwt#5: a key that was taken out of the set went on verifying from the cache.
#[test]
fn an_entry_ends_with_its_key() {
    type Change = fn(&Verifier);
    let honest = key(Algorithm::EdDsa);
    let token = token("");
    let changes: [(Change, &str); 4] = [
        // It leaves the set.
        (
            |verifier| install(verifier, parse_set(&jwk_set([key(Algorithm::Es256)]))),
            "key_unknown",
        ),
        // Its name is given to another.
        (
            |verifier| {
                install(
                    verifier,
                    parse_set(&jwk_set([foreign_key(Algorithm::EdDsa)])),
                );
            },
            "signature",
        ),
        // All keys of the issuer are withdrawn.
        (
            |verifier| assert!(verifier.withdraw(&identifier(ISSUER))),
            "keys_unavailable",
        ),
        // The key was stolen: what was issued before is refused.
        (
            |verifier| {
                let set = parse_set(&jwk_set([key(Algorithm::EdDsa)]));
                let keys = IssuerKeys::new(identifier(ISSUER), set);
                let keys = keys.refuse_issued_before(at(NOW + 1));
                verifier.install(&keys).unwrap();
            },
            "iat_before_cut_off",
        ),
    ];
    for (change, refusal) in changes {
        let cache = cache();
        let verifier = support::verifier();
        install(&verifier, parse_set(&jwk_set([honest])));
        let first = verify(&cache, &verifier, &token, NOW).unwrap();
        let again = verify(&cache, &verifier, &token, NOW).unwrap();
        assert!(is_one(&first, &again));
        change(&verifier);
        assert_eq!(
            verify(&cache, &verifier, &token, NOW).map(drop),
            Err(refusal)
        );
        // The keys come back as they were, and so does what they verified.
        install(&verifier, parse_set(&jwk_set([honest])));
        let back = verify(&cache, &verifier, &token, NOW).unwrap();
        assert!(is_one(&first, &back));
    }
}

#[test]
fn a_cut_off_before_the_token_makes_another_entry() {
    let (cache, verifier) = (cache(), support::verifier());
    let token = token("");
    let first = verify(&cache, &verifier, &token, NOW).unwrap();
    let keys = IssuerKeys::new(identifier(ISSUER), parse_set(&support::all_keys()));
    verifier
        .install(&keys.refuse_issued_before(at(NOW)))
        .unwrap();
    let again = verify(&cache, &verifier, &token, NOW).unwrap();
    assert!(!is_one(&first, &again));
}

#[test]
fn the_keys_of_one_verifier_are_not_those_of_another() {
    let cache = cache();
    let of = |key: &SigningKey| {
        Verifier::builder()
            .issuer(identifier(ISSUER))
            .audience(AUDIENCE)
            .keys(parse_set(&jwk_set([key])))
            .build()
            .unwrap()
    };
    let (own, other) = (of(key(Algorithm::EdDsa)), of(foreign_key(Algorithm::EdDsa)));
    let token = token("");
    assert!(verify(&cache, &own, &token, NOW).is_ok());
    assert_eq!(
        verify(&cache, &other, &token, NOW).map(drop),
        Err("signature")
    );
}

/// A cache of refusals is a way to fill memory, and outlives their reason.
#[test]
fn a_refusal_is_not_remembered() {
    let (cache, verifier) = (cache(), support::verifier());
    install(&verifier, parse_set(&jwk_set([key(Algorithm::Es256)])));
    let token = token("");
    assert_eq!(
        verify(&cache, &verifier, &token, NOW).map(drop),
        Err("key_unknown")
    );
    install(&verifier, parse_set(&support::all_keys()));
    assert_eq!(
        verify(&cache, &verifier, &token, NOW - 120).map(drop),
        Err("iat_future")
    );
    assert!(verify(&cache, &verifier, &token, NOW).is_ok());
}

/// A key that goes while others verify is gone for all who ask afterwards.
#[test]
fn no_thread_finds_what_a_withdrawn_key_verified() {
    let fresh = || {
        let key = SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap();
        key.with_kid("k").unwrap()
    };
    let (old, new) = (fresh(), fresh());
    let (old_set, new_set) = (parse_set(&jwk_set([&old])), parse_set(&jwk_set([&new])));
    let (old_token, new_token) = (
        signed(&old, "", &payload("")),
        signed(&new, "", &payload("")),
    );
    let cache = cache();
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .keys(old_set.clone())
        .build()
        .unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for token in [&old_token, &new_token] {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    if let Err(code) = verify(&cache, &verifier, token, NOW) {
                        assert_eq!(code, "signature");
                    }
                }
            });
        }
        for _ in 0..300 {
            install(&verifier, new_set.clone());
            for _ in 0..3 {
                assert!(verify(&cache, &verifier, &old_token, NOW).is_err());
                assert!(verify(&cache, &verifier, &new_token, NOW).is_ok());
            }
            install(&verifier, old_set.clone());
            for _ in 0..3 {
                assert!(verify(&cache, &verifier, &old_token, NOW).is_ok());
                assert!(verify(&cache, &verifier, &new_token, NOW).is_err());
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}
