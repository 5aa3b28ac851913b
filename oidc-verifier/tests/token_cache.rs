//! `TokenCache`: what it remembers, for how long, and how much of it.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod support;
mod token_cache_world;

use std::time::Duration;

use oidc_core::Algorithm;
use oidc_verifier::policy::Policy;
use oidc_verifier::{Pointer, TokenCache, TokenCacheError, Verified};
use serde_json::{Value, json};

use self::support::{AUDIENCE, ISSUER, NOW, at, builder, key};
use self::token_cache_world::{EXP, LEEWAY, cache, is_one, payload, signed, token, verify};

#[test]
fn what_comes_from_memory_says_what_was_verified() {
    let cache = cache();
    let located = Pointer::parse("/deep/er").unwrap();
    let verifier = builder().locate(located).build().unwrap();
    let token = token(r#","jti":"1","nbf":1790000000,"deep":{"er":[1,2]},"last":true"#);
    let honest = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let first = verify(&cache, &verifier, &token, NOW).unwrap();
    let again = verify(&cache, &verifier, &token, NOW).unwrap();
    assert!(is_one(&first, &again) && !is_one(&first, &honest));
    for verified in [&first, &again] {
        assert_eq!(verified.issuer(), honest.issuer());
        assert_eq!(verified.subject(), "job");
        assert_eq!(verified.audience(), honest.audience());
        assert!(verified.is_for(AUDIENCE) && !verified.is_for("other"));
        assert_eq!(verified.expires_at(), at(EXP));
        assert_eq!(verified.issued_at(), at(NOW));
        assert_eq!(verified.not_before(), Some(at(NOW)));
        assert_eq!(verified.jwt_id().as_deref(), Some("1"));
        assert_eq!(verified.algorithm(), Algorithm::EdDsa);
        assert_eq!(verified.key_id(), Some("eddsa-canary"));
        assert_eq!(verified.claims_json(), honest.claims_json());
        assert_eq!(verified.get(located).unwrap().json(), "[1,2]");
        let last = Pointer::parse("/last").unwrap();
        assert_eq!(verified.get(last).unwrap().json(), "true");
        let claims: Value = verified.claims().unwrap();
        assert_eq!(claims["deep"], json!({"er": [1, 2]}));
    }
    // It outlives the cache, and if it must the verifier.
    drop(cache);
    assert_eq!(again.subject(), "job");
    let kept: Verified<'static> = {
        let verifier = builder().locate(located).build().unwrap();
        let cache = TokenCache::new([7; 32]);
        let first = verify(&cache, &verifier, &token, NOW).unwrap();
        let again = verify(&cache, &verifier, &token, NOW).unwrap();
        assert!(is_one(&first, &again));
        again.into_owned()
    };
    assert_eq!(kept.get(located).unwrap().json(), "[1,2]");
    assert_eq!(kept.issuer(), honest.issuer());
}

#[test]
fn an_entry_ends_with_the_greatest_age() {
    let cache = cache();
    let verifier = builder().max_age(Duration::from_secs(100)).build().unwrap();
    let token = token("");
    let last = NOW + 100 + LEEWAY;
    let first = verify(&cache, &verifier, &token, NOW).unwrap();
    let again = verify(&cache, &verifier, &token, last).unwrap();
    assert!(is_one(&first, &again));
    assert_eq!(
        verify(&cache, &verifier, &token, last + 1).map(drop),
        Err("too_old")
    );
}

#[test]
fn an_entry_ends_after_its_time_to_live() {
    let verifier = support::verifier();
    let token = token("");
    for seconds in [1_i64, 60, 300] {
        let time_to_live = Duration::from_secs(seconds.unsigned_abs());
        let cache = TokenCache::with_limits([7; 32], 10, time_to_live).unwrap();
        let first = verify(&cache, &verifier, &token, NOW).unwrap();
        for (now, same) in [(NOW + seconds - 1, true), (NOW + seconds, false)] {
            let again = verify(&cache, &verifier, &token, now).unwrap();
            assert_eq!(is_one(&first, &again), same, "{now}");
        }
    }
}

#[test]
fn a_clock_that_goes_back_finds_nothing() {
    let (cache, verifier) = (cache(), support::verifier());
    let nbf = NOW + 100;
    let token = token(&format!(r#","nbf":{nbf}"#));
    let first = verify(&cache, &verifier, &token, NOW + 200).unwrap();
    // Still valid, but not found.
    let before = verify(&cache, &verifier, &token, NOW + 199).unwrap();
    assert!(!is_one(&first, &before));
    assert_eq!(
        verify(&cache, &verifier, &token, nbf - LEEWAY - 1).map(drop),
        Err("not_yet_valid")
    );
    assert_eq!(
        verify(&cache, &verifier, &token, NOW - LEEWAY - 1).map(drop),
        Err("not_yet_valid")
    );
}

/// The policy is no part of the entry: it judges what comes from memory as anything else.
#[test]
fn a_policy_that_changes_holds_from_the_next_call_on() {
    let policy = |subject: &str| {
        let policy = json!({"rules": [{
            "id": "r", "effect": "allow", "issuer": ISSUER, "audiences": [AUDIENCE],
            "conditions": [{"claim": "sub", "equals": subject}],
        }]});
        Policy::from_json(policy.to_string().as_bytes()).unwrap()
    };
    let (cache, verifier) = (cache(), support::verifier());
    let token = token("");
    let first = verify(&cache, &verifier, &token, NOW).unwrap();
    assert!(policy("job").decide(&first).is_allowed());
    let again = verify(&cache, &verifier, &token, NOW).unwrap();
    assert!(is_one(&first, &again));
    assert!(!policy("another").decide(&again).is_allowed());
}

#[test]
fn a_cache_holds_no_more_than_its_entries() {
    let verifier = support::verifier();
    for (entries, rounded) in [(1, 4), (4, 4), (5, 8), (8, 8)] {
        let ttl = TokenCache::MAX_TIME_TO_LIVE;
        let cache = TokenCache::with_limits([7; 32], entries, ttl).unwrap();
        assert_eq!(cache.entries(), rounded);
        let tokens: Vec<String> = (0..40)
            .map(|number| token(&format!(r#","jti":"{number}""#)))
            .collect();
        let verified: Vec<Verified<'_>> = tokens
            .iter()
            .map(|token| verify(&cache, &verifier, token, NOW).unwrap())
            .collect();
        // What is not found is not put in the place of another: at this time all have gone.
        let found = tokens
            .iter()
            .zip(&verified)
            .filter(|(token, first)| {
                let again = verify(&cache, &verifier, token, NOW).unwrap();
                is_one(first, &again)
            })
            .count();
        assert!((1..=rounded).contains(&found), "{found} of {rounded}");
        // The last one is always there.
        let last = verify(&cache, &verifier, &tokens[39], NOW).unwrap();
        let again = verify(&cache, &verifier, &tokens[39], NOW).unwrap();
        assert!(is_one(&last, &again));
    }
}

#[test]
fn an_expired_entry_makes_room_before_one_that_is_not() {
    let verifier = support::verifier();
    let ttl = Duration::from_secs(100);
    let cache = TokenCache::with_limits([7; 32], 4, ttl).unwrap();
    let of = |number: i64| token(&format!(r#","jti":"{number}""#));
    let verified: Vec<Verified<'_>> = (0..4)
        .map(|number| verify(&cache, &verifier, &of(number), NOW + number).unwrap())
        .collect();
    // The first has the least time left, and goes; the others stay.
    verify(&cache, &verifier, &of(9), NOW + 10).unwrap();
    for (number, first) in (1..4).zip(&verified[1..]) {
        let again = verify(&cache, &verifier, &of(number), NOW + 10).unwrap();
        assert!(is_one(first, &again), "{number}");
    }
    let gone = verify(&cache, &verifier, &of(0), NOW + 10).unwrap();
    assert!(!is_one(&verified[0], &gone));
}

#[test]
fn a_token_that_is_too_long_is_verified_each_time() {
    let (cache, verifier) = (cache(), support::verifier());
    // Spaces in the header and characters in a claim make any length.
    let of_length = |length: usize| {
        let mut found = None;
        for spaces in 0..4 {
            for filling in 5_500..6_000 {
                let filling = "x".repeat(filling);
                let token = signed(
                    key(Algorithm::EdDsa),
                    &" ".repeat(spaces),
                    &payload(&format!(r#","filling":"{filling}""#)),
                );
                if token.len() == length {
                    found = Some(token);
                }
            }
        }
        found.unwrap()
    };
    for (length, same) in [
        (TokenCache::MAX_TOKEN_BYTES, true),
        (TokenCache::MAX_TOKEN_BYTES + 1, false),
    ] {
        let token = of_length(length);
        let first = verify(&cache, &verifier, &token, NOW).unwrap();
        let again = verify(&cache, &verifier, &token, NOW).unwrap();
        assert_eq!(is_one(&first, &again), same, "{length}");
    }
}

#[test]
fn the_limits_of_a_cache_are_kept_from_both_sides() {
    let ttl = TokenCache::MAX_TIME_TO_LIVE;
    let second = Duration::from_secs(1);
    let with = |entries, ttl| TokenCache::with_limits([7; 32], entries, ttl);
    let max = TokenCache::MAX_ENTRIES;
    assert_eq!(cache().entries(), TokenCache::DEFAULT_ENTRIES);
    assert_eq!(cache().time_to_live(), ttl);
    for (entries, ok) in [(0, false), (1, true), (max, true), (max + 1, false)] {
        assert_eq!(with(entries, ttl).is_ok(), ok, "{entries}");
    }
    for (ttl, ok) in [
        (Duration::from_nanos(999_999_999), false),
        (second, true),
        (ttl, true),
        (Duration::from_nanos(300_000_000_001), false),
    ] {
        assert_eq!(with(1, ttl).is_ok(), ok, "{ttl:?}");
    }
    let errors: [TokenCacheError; 2] = [with(0, ttl).unwrap_err(), with(1, 2 * ttl).unwrap_err()];
    assert_eq!(
        errors.map(|error| error.to_string()),
        [
            "0 entries are not within 1 and 100000",
            "time to live of 600s is not within 1s and 300s"
        ]
    );
}

#[test]
fn nothing_secret_is_shown() {
    let cache = TokenCache::new([0xab; 32]);
    let shown = format!("{cache:?}");
    assert_eq!(
        shown,
        "TokenCache { entries: 1000, time_to_live: 300s, .. }"
    );
}
