//! One planned rotation: published before it signs, and until its last token has expired.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of a test program"
)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{NOW, at, issuer, key, parts};
use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSet, NumericDate};
use oidc_issuer::{
    Issuer, KeyState, MAX_KEYS_PER_RING, RotationError, RotationTiming, SigningKey, SystemRandom,
    TokenSpec,
};
use proptest::prelude::*;

const ED: Algorithm = Algorithm::EdDsa;
const DAY: i64 = 24 * 60 * 60;

fn new_key() -> SigningKey {
    SigningKey::generate(ED, &SystemRandom::new()).unwrap()
}

fn spec(lifetime: u64) -> TokenSpec {
    let spec = TokenSpec::new("job", "aud").unwrap();
    spec.with_lifetime(Duration::from_secs(lifetime)).unwrap()
}

/// An issuer whose first key was generated here, so that nothing is older than the issuer.
fn new_issuer(timing: RotationTiming) -> Issuer {
    let id = IssuerIdentifier::parse(common::ISSUER).unwrap();
    let builder = Issuer::builder(id).key(new_key()).rotation_timing(timing);
    builder.build().unwrap()
}

fn quick() -> RotationTiming {
    let min = RotationTiming::MIN_PUBLISH_BEFORE;
    RotationTiming::default().with_publish_before(min).unwrap()
}

/// The ids in the published document.
fn published(issuer: &Issuer) -> Vec<String> {
    let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    set.keys()
        .iter()
        .map(|key| key.kid().unwrap().to_owned())
        .collect()
}

/// The id in the header of a new token.
fn signing_kid(issuer: &Issuer, now: NumericDate) -> String {
    let (header, _) = parts(&issuer.issue(&spec(300), now).unwrap());
    header["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotation_publishes_switches_and_withdraws() {
    let mut issuer = new_issuer(RotationTiming::default());
    let old = issuer.rings()[0].active_kid().to_owned();
    assert_eq!(published(&issuer), [old.as_str()]);

    let next = new_key();
    let new = next.kid().to_owned();
    let only_old = issuer.jwk_set_document().clone();
    issuer.publish_next(next, at(NOW)).unwrap();
    let both = issuer.jwk_set_document().clone();
    assert_ne!(both.etag, only_old.etag);
    assert_eq!(published(&issuer), [old.as_str(), new.as_str()]);
    assert_eq!(signing_kid(&issuer, at(NOW)), old);

    // The last token of the old key, a second before the switch, valid for an hour.
    issuer.issue(&spec(3600), at(NOW + DAY - 1)).unwrap();
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    assert_eq!(signing_kid(&issuer, at(NOW + DAY)), new);
    // Nothing came or went, so no byte changed.
    assert_eq!(issuer.jwk_set_document(), &both);

    let expired_everywhere = NOW + DAY - 1 + 3600 + 300;
    assert!(
        issuer
            .withdraw_expired(at(expired_everywhere - 1))
            .unwrap()
            .is_empty()
    );
    assert_eq!(published(&issuer), [old.as_str(), new.as_str()]);
    assert_eq!(
        issuer.withdraw_expired(at(expired_everywhere)).unwrap(),
        [old]
    );
    assert_eq!(published(&issuer), [new.as_str()]);
    assert_ne!(issuer.jwk_set_document().etag, both.etag);
    assert!(
        issuer
            .withdraw_expired(at(expired_everywhere))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_key_signs_only_after_it_was_published_for_long_enough() {
    for (timing, wait) in [(RotationTiming::default(), DAY), (quick(), 660)] {
        let mut issuer = new_issuer(timing);
        let old = issuer.rings()[0].active_kid().to_owned();
        let next = new_key();
        let kid = next.kid().to_owned();
        issuer.publish_next(next, at(NOW)).unwrap();
        // A clock that was set back is no reason to hurry.
        for now in [NOW - DAY, NOW, NOW + wait - 1] {
            let error = issuer.switch(ED, at(now)).unwrap_err();
            let from = NOW + wait;
            let expected = format!("the next key `{kid}` may sign from {from}, now is {now}");
            assert_eq!(error.to_string(), expected);
            assert_eq!(signing_kid(&issuer, at(now)), old);
        }
        issuer.switch(ED, at(NOW + wait)).unwrap();
        assert_eq!(signing_kid(&issuer, at(NOW + wait)), kid);
    }
}

#[test]
fn the_states_say_what_comes_next() {
    let mut issuer = new_issuer(RotationTiming::default());
    let state = |issuer: &Issuer| issuer.keys().map(|key| key.state).collect::<Vec<_>>();
    assert!(matches!(*state(&issuer), [KeyState::Active]));
    assert_eq!(issuer.rings()[0].last_expiry(), None);

    issuer.publish_next(new_key(), at(NOW)).unwrap();
    let [
        KeyState::Active,
        KeyState::Published {
            since, signs_from, ..
        },
    ] = *state(&issuer)
    else {
        panic!("{issuer:?}");
    };
    assert_eq!((since, signs_from), (at(NOW), at(NOW + DAY)));

    issuer.issue(&spec(600), at(NOW)).unwrap();
    issuer.issue(&spec(300), at(NOW + 1)).unwrap();
    assert_eq!(issuer.rings()[0].last_expiry(), Some(at(NOW + 600)));
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    // The last token has long expired: the old key may go at once.
    let [KeyState::Retiring { until, .. }, KeyState::Active] = *state(&issuer) else {
        panic!("{issuer:?}");
    };
    assert_eq!(until, at(NOW + DAY));
    assert_eq!(
        issuer.rings()[0].active_kid(),
        signing_kid(&issuer, at(NOW + DAY))
    );
}

#[test]
fn a_key_that_has_signed_nothing_may_go_at_the_switch() {
    let mut issuer = new_issuer(RotationTiming::default());
    issuer.publish_next(new_key(), at(NOW)).unwrap();
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    assert_eq!(issuer.withdraw_expired(at(NOW + DAY)).unwrap().len(), 1);
}

/// A key from a file may have signed the longest of tokens a moment before the issuer was built.
#[test]
fn a_key_that_was_read_stays_for_the_longest_lifetime_after_the_switch() {
    let mut issuer = issuer([ED]);
    issuer.publish_next(new_key(), at(NOW)).unwrap();
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    let until = NOW + DAY + 86_400 + 300;
    assert!(issuer.withdraw_expired(at(until - 1)).unwrap().is_empty());
    assert_eq!(issuer.withdraw_expired(at(until)).unwrap(), [key(ED).kid()]);
}

/// What `keys` says is enough to go on after a restart, in the middle of a rotation.
#[test]
fn a_restart_forgets_no_key() {
    let mut issuer = new_issuer(quick());
    issuer.issue(&spec(3600), at(NOW)).unwrap();
    let (second, third) = (new_key(), new_key());
    let [second_pem, third_pem] = [&second, &third].map(SigningKey::to_pkcs8_pem);
    issuer.publish_next(second, at(NOW)).unwrap();
    issuer.switch(ED, at(NOW + 660)).unwrap();
    issuer.publish_next(third, at(NOW + 700)).unwrap();

    let mut builder = Issuer::builder(issuer.id().clone()).rotation_timing(quick());
    let mut next = None;
    for status in issuer.keys() {
        match status.state {
            KeyState::Active => {
                builder = builder.key(SigningKey::from_pem(ED, &second_pem).unwrap());
            }
            KeyState::Retiring { until, .. } => {
                builder = builder.retiring_key(status.jwk.clone(), until);
            }
            KeyState::Published { since, .. } => next = Some(since),
            other => panic!("{other:?}"),
        }
    }
    let mut again = builder.build().unwrap();
    again
        .publish_next(SigningKey::from_pem(ED, &third_pem).unwrap(), next.unwrap())
        .unwrap();
    assert_eq!(again.jwk_set_document(), issuer.jwk_set_document());
    assert!(again.keys().eq(issuer.keys()));

    assert!(again.switch(ED, at(NOW + 700 + 659)).is_err());
    assert!(
        again
            .withdraw_expired(at(NOW + 3600 + 299))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        again.withdraw_expired(at(NOW + 3600 + 300)).unwrap().len(),
        1
    );
    again.switch(ED, at(NOW + 700 + 660)).unwrap();
}

#[test]
fn a_retiring_key_belongs_to_a_ring_and_is_a_key_of_its_own() {
    let build = |jwk: &Jwk| {
        let id = IssuerIdentifier::parse(common::ISSUER).unwrap();
        let builder = Issuer::builder(id)
            .key(key(ED))
            .retiring_key(jwk.clone(), at(NOW));
        builder.build().map(|issuer| published(&issuer))
    };
    let old = new_key();
    assert_eq!(build(old.public_jwk()).unwrap(), [old.kid(), key(ED).kid()]);

    let kid = key(ED).kid().to_owned();
    let error = build(key(ED).public_jwk()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the key `{kid}` was added twice")
    );
    let namesake = old.public_jwk().clone().with_kid(kid.clone()).unwrap();
    let error = build(&namesake).unwrap_err();
    assert_eq!(error.to_string(), format!("two keys have the id `{kid}`"));
    let other = key(Algorithm::Es256);
    let error = build(other.public_jwk()).unwrap_err();
    let expected = format!(
        "no key signs the algorithm of the retiring key `{}`",
        other.kid()
    );
    assert_eq!(error.to_string(), expected);
    let nameless = Jwk::new(old.public_key().clone()).with_alg(ED).unwrap();
    assert!(build(&nameless).is_err());
}

#[test]
fn steps_out_of_order_are_refused() {
    let mut issuer = issuer([ED]);
    let none = "no next key is published for `EdDSA`";
    assert_eq!(issuer.switch(ED, at(NOW)).unwrap_err().to_string(), none);
    assert_eq!(issuer.withdraw_next(ED).unwrap_err().to_string(), none);
    let error = issuer.switch(Algorithm::Rs256, at(NOW)).unwrap_err();
    assert_eq!(error.to_string(), "no key signs `RS256`");

    let next = new_key();
    let kid = next.kid().to_owned();
    issuer.publish_next(next, at(NOW)).unwrap();
    let error = issuer.publish_next(new_key(), at(NOW)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the next key `{kid}` is published already")
    );

    // Taken back, it never signs, and another may be published.
    issuer.withdraw_next(ED).unwrap();
    assert_eq!(published(&issuer), [key(ED).kid()]);
    assert_eq!(
        issuer.switch(ED, at(NOW + DAY)).unwrap_err().to_string(),
        none
    );
    issuer.publish_next(new_key(), at(NOW)).unwrap();
}

#[test]
fn an_old_key_cannot_come_back_while_it_is_published() {
    let mut issuer = issuer([ED]);
    issuer.issue(&spec(3600), at(NOW + DAY)).unwrap();
    issuer.publish_next(new_key(), at(NOW)).unwrap();
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    let error = issuer.publish_next(key(ED), at(NOW + DAY)).unwrap_err();
    let kid = key(ED).kid().to_owned();
    assert_eq!(
        error.to_string(),
        format!("the key is `{kid}` under another id or algorithm")
    );
}

#[test]
fn a_ring_publishes_up_to_8_keys() {
    let mut issuer = new_issuer(quick());
    let mut now = NOW;
    for _ in 1..MAX_KEYS_PER_RING {
        // Each lives for a day, and the next comes after eleven minutes.
        issuer.issue(&spec(86_400), at(now)).unwrap();
        issuer.publish_next(new_key(), at(now)).unwrap();
        now += 660;
        issuer.switch(ED, at(now)).unwrap();
    }
    assert_eq!(published(&issuer).len(), 8);
    let error = issuer.publish_next(new_key(), at(now)).unwrap_err();
    assert_eq!(error.to_string(), "the ring publishes 8 keys already");
    assert_eq!(published(&issuer).len(), 8);
    assert_eq!(
        issuer
            .withdraw_expired(at(NOW + 86_400 + 300))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(issuer.publish_next(new_key(), at(now)), Ok(()));
}

#[test]
fn rings_rotate_each_on_its_own() {
    let mut issuer = issuer([ED, Algorithm::Es256]);
    issuer.publish_next(new_key(), at(NOW)).unwrap();
    let error = issuer.switch(Algorithm::Es256, at(NOW + DAY)).unwrap_err();
    assert!(matches!(
        error,
        RotationError::NoNext {
            algorithm: Algorithm::Es256,
            ..
        }
    ));
    issuer.switch(ED, at(NOW + DAY)).unwrap();
    assert_eq!(issuer.rings()[1].active_kid(), key(Algorithm::Es256).kid());
}

#[test]
fn threads_issue_at_once_and_the_last_expiry_is_that_of_them_all() {
    let issuer = issuer([ED]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let issuer = &issuer;
            scope.spawn(move || {
                for token in 0..50 {
                    issuer
                        .issue(&spec(1 + token * 4 + thread), at(NOW))
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(issuer.rings()[0].last_expiry(), Some(at(NOW + 200)));
}

/// What may happen to an issuer, in any order.
#[derive(Clone, Debug)]
enum Step {
    Issue { lifetime: u64 },
    Publish,
    Switch,
    TakeBack,
    Withdraw,
    Wait { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![1_u64..=600, 80_000_u64..=86_400]
            .prop_map(|lifetime| Step::Issue { lifetime }),
        2 => Just(Step::Publish),
        3 => Just(Step::Switch),
        1 => Just(Step::TakeBack),
        3 => Just(Step::Withdraw),
        4 => prop_oneof![0_i64..=2, 600_i64..=720, 3_000_i64..=100_000]
            .prop_map(|seconds| Step::Wait { seconds }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Attack I4. Two relying parties watch: one with the freshest JWK Set, which must hold the key
    /// of every token that has not expired, leeway included; and one that refreshes as late as
    /// `Cache-Control` and `publish_before` allow, which must know every key when it first signs.
    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_token_has_expired(
        restarted: bool,
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        const PUBLISH_BEFORE: i64 = 660;
        let mut issuer = new_issuer(quick());
        let mut tokens: Vec<(String, i64)> = Vec::new();
        if restarted {
            let id = IssuerIdentifier::parse(common::ISSUER).unwrap();
            let builder = Issuer::builder(id).key(key(ED)).rotation_timing(quick());
            issuer = builder.build().unwrap();
            // Of the run before, a moment ago.
            tokens.push((key(ED).kid().to_owned(), NOW + 86_400));
        }
        let mut now = NOW;
        // The first key was there before anybody looked.
        let first = issuer.rings()[0].active_kid().to_owned();
        let mut seen_since = BTreeMap::from([(first, NOW - PUBLISH_BEFORE)]);
        for step in steps {
            match step {
                Step::Issue { lifetime } => {
                    let token = issuer.issue(&spec(lifetime), at(now)).unwrap();
                    let kid = parts(&token).0["kid"].as_str().unwrap().to_owned();
                    let since = seen_since.get(&kid).copied();
                    prop_assert!(since.is_some_and(|since| since + PUBLISH_BEFORE <= now));
                    tokens.push((kid, token.expires_at().as_seconds()));
                }
                Step::Publish => drop(issuer.publish_next(new_key(), at(now))),
                Step::Switch => drop(issuer.switch(ED, at(now))),
                Step::TakeBack => drop(issuer.withdraw_next(ED)),
                Step::Withdraw => drop(issuer.withdraw_expired(at(now))),
                Step::Wait { seconds } => now += seconds,
            }
            let kids = published(&issuer);
            for (kid, exp) in &tokens {
                prop_assert!(*exp + 300 <= now || kids.contains(kid), "{kid} until {exp}");
            }
            seen_since.retain(|kid, _| kids.contains(kid));
            for kid in kids {
                seen_since.entry(kid).or_insert(now);
            }
        }
    }
}
