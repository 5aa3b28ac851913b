//! The rules of a key source, each from both sides.
#![cfg(feature = "discovery")]
mod key_source_world;

use std::time::Duration;

use key_source_world::{Answer, ISSUER, JWKS_URI, World, at, config, kid, set};
use oidc_core::{IssuerIdentifier, ThumbprintHash};
use oidc_verifier::key_source::{
    Action, DistrustedKey, FetchError, FetchKind, FetchResponse, KeyFreshness, KeySource,
    KeySourceConfig, KeySourceConfigError, Learned, Refetch, TransportError,
};

/// A world whose source holds keys 1 and 2, fetched at the time 0.
fn warm() -> World {
    let mut world = World::new(config());
    world.server.keys = set(&[1, 2]);
    world.run();
    assert_eq!(world.fetched(), [FetchKind::Discovery, FetchKind::JwkSet]);
    world.log.clear();
    world
}

#[test]
fn discovery_comes_first_and_the_keys_from_where_it_says() {
    let mut world = World::new(config());
    world.server.keys = set(&[1]);
    world.latency = 1;
    world.run();
    let status = world.status();
    assert_eq!(status.fetching, Some(FetchKind::Discovery));
    assert_eq!(status.freshness, KeyFreshness::Unavailable);
    world.pass(2);
    assert_eq!(world.fetched(), [FetchKind::Discovery, FetchKind::JwkSet]);
    assert_eq!(world.installed_kids(), [kid(1)]);
    let status = world.status();
    assert_eq!(status.freshness, KeyFreshness::Fresh);
    assert_eq!(status.jwks_uri, Some(JWKS_URI));
    assert_eq!(
        (status.keys, status.generation, status.last_error),
        (1, 1, None)
    );
}

#[test]
fn a_configured_jwks_uri_is_fetched_without_discovery() {
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let source = KeySource::with_jwks_uri(issuer.clone(), JWKS_URI, config()).unwrap();
    let mut world = World::of(source);
    world.server.keys = set(&[1]);
    world.pass(86_400);
    assert!(
        world
            .fetched()
            .iter()
            .all(|kind| *kind == FetchKind::JwkSet)
    );
    assert_eq!(world.installed_kids(), [kid(1)]);
    let error = KeySource::with_jwks_uri(issuer, "http://ci.example/jwks", config());
    assert!(error.is_err());
}

#[test]
fn both_documents_are_refreshed_before_they_are_stale() {
    let mut world = warm();
    world.pass(431);
    assert_eq!(world.fetched(), []);
    world.pass(528 - 431);
    assert_eq!(world.fetched(), [FetchKind::Discovery, FetchKind::JwkSet]);
    assert_eq!(world.status().generation, 1);
}

#[test]
fn max_age_of_the_issuer_counts_within_bounds() {
    for (cache_control, stale_at) in [
        ("max-age=1", 60),
        ("max-age=300", 300),
        ("max-age=999999999", 3_600),
    ] {
        let mut world = World::new(config());
        world.server.keys = set(&[1]);
        world.server.cache_control = Some(cache_control);
        world.run();
        world.server.answer = Answer::Down;
        world.pass(stale_at - 1);
        assert_eq!(
            world.status().freshness,
            KeyFreshness::Fresh,
            "{cache_control}"
        );
        world.pass(1);
        assert_eq!(
            world.status().freshness,
            KeyFreshness::Stale,
            "{cache_control}"
        );
        world.pass(3_599);
        assert_eq!(world.installed_kids(), [kid(1)], "{cache_control}");
        world.pass(1);
        assert_eq!(world.status().freshness, KeyFreshness::Unavailable);
        assert!(world.installed.is_none(), "{cache_control}");
    }
}

#[test]
fn keys_withdrawn_for_their_age_come_back_with_the_first_good_answer() {
    let mut world = warm();
    world.server.answer = Answer::Down;
    world.pass(5_000);
    assert!(world.installed.is_none());
    world.server.answer = Answer::Good;
    world.pass(121);
    assert_eq!(world.installed_kids(), [kid(1), kid(2)]);
    assert_eq!(world.status().generation, 1);
}

#[test]
fn a_304_confirms_the_keys_and_their_lifetime() {
    let mut world = World::new(config());
    world.server.keys = set(&[1]);
    world.server.etag = true;
    world.server.cache_control = Some("max-age=300");
    world.run();
    world.server.cache_control = None;
    world.log.clear();
    world.pass(3 * 264);
    assert!(world.server.not_modified >= 4);
    assert_eq!(world.status().freshness, KeyFreshness::Fresh);
    assert_eq!((world.installs, world.status().generation), (1, 1));
    assert!(world.fetched().len() >= 6, "the 300 seconds hold on");

    world.server.keys = set(&[2]);
    world.pass(264);
    assert_eq!(world.installed_kids(), [kid(2)]);
}

#[test]
fn a_304_that_was_not_asked_for_is_a_failure() {
    let mut world = warm();
    world.server.answer = Answer::Status(304);
    world.pass(600);
    let error = &world.status().last_error.unwrap().error;
    assert_eq!(error, &FetchError::NotModifiedUnasked);
    assert_eq!(world.status().freshness, KeyFreshness::Stale);
    assert_eq!(world.installed_kids(), [kid(1), kid(2)]);
}

#[test]
fn what_is_no_key_set_counts_as_failure_and_keeps_the_old_keys() {
    for (answer, code) in [
        (Answer::Body("{\"keys\": []}"), "no_usable_key"),
        (
            Answer::Body("{\"keys\": [{\"kty\": \"oct\", \"k\": \"AA\"}]}"),
            "no_usable_key",
        ),
        (Answer::Body("{\"keys\": 7}"), "keys_not_an_array"),
        (Answer::Body("{\"keys\": ["), "unexpected_end"),
        (Answer::Body("[]"), "not_an_object"),
        (Answer::Page, "content_type"),
        (Answer::Elsewhere, "response_url"),
        (Answer::Status(500), "status"),
        (Answer::Status(302), "status"),
        (Answer::Status(204), "status"),
        (Answer::Down, "connect"),
        (Answer::Silent, "abandoned"),
    ] {
        let mut world = warm();
        world.server.jwk_set_only = Some(answer);
        world.pass(4_199);
        assert_eq!(world.installed_kids(), [kid(1), kid(2)], "{code}");
        let error = world.status().last_error.unwrap();
        assert_eq!((error.kind, error.error.code()), (FetchKind::JwkSet, code));
        assert_eq!(world.status().freshness, KeyFreshness::Stale);
        world.pass(1);
        assert!(world.installed.is_none(), "{code}");
    }
}

#[test]
fn metadata_that_cannot_be_had_does_not_keep_the_keys_from_being_fetched() {
    let mut world = warm();
    world.server.discovery_only = Some(Answer::Status(500));
    world.pass(528);
    world.server.keys = set(&[3]);
    world.pass(528);
    assert_eq!(world.installed_kids(), [kid(3)]);
    // Past its own bound the old place of the keys is not trusted either.
    world.pass(4_200);
    let before = world.fetched_of(FetchKind::JwkSet);
    world.pass(4_200);
    assert_eq!(world.fetched_of(FetchKind::JwkSet), before);
    assert!(world.installed.is_none());
}

#[test]
fn keys_that_moved_are_fetched_at_once_from_the_new_place() {
    let mut world = warm();
    world.server.etag = true;
    world.pass(100);
    // Now the keys are younger than the metadata, and not due with them.
    assert_eq!(world.ask("new"), Refetch::Wait);
    world.run();
    world.server.jwks_uri = "https://new.example/jwks";
    world.log.clear();
    world.pass(428);
    assert_eq!(world.status().jwks_uri, Some("https://new.example/jwks"));
    assert_eq!(world.fetched(), [FetchKind::Discovery, FetchKind::JwkSet]);
    // A validator of the old place is not sent to the new one.
    assert_eq!(world.server.not_modified, 0);
}

#[test]
fn metadata_that_name_another_place_each_time_cause_no_storm() {
    let mut world = warm();
    world.server.jwk_set_only = Some(Answer::Status(404));
    world.pass(100);
    assert_eq!(world.ask("new"), Refetch::Wait);
    world.server.jwks_uri = "https://new.example/jwks";
    world.run();
    // The first 404 asks where the keys are; the second one waits for its back-off.
    assert_eq!(world.fetched(), [FetchKind::JwkSet, FetchKind::Discovery]);
    for uri in ["https://a.example/jwks", "https://b.example/jwks"]
        .iter()
        .cycle()
        .take(30)
    {
        world.server.jwks_uri = uri;
        world.pass(60);
    }
    let (metadata, sets) = (FetchKind::Discovery, FetchKind::JwkSet);
    assert!(
        world.fetched_of(metadata) <= 6,
        "{}",
        world.fetched_of(metadata)
    );
    assert!(world.fetched_of(sets) <= 120, "{}", world.fetched_of(sets));
    assert_eq!(world.installed_kids(), [kid(1), kid(2)]);
}

#[test]
fn a_304_from_elsewhere_confirms_nothing() {
    for (url, ok) in [(JWKS_URI, true), ("https://elsewhere.example", false)] {
        let mut world = warm();
        world.server.etag = true;
        world.pass(528);
        assert_eq!(world.ask("new"), Refetch::Wait);
        let Action::Fetch(fetch) = world.source.poll(0, world.now()) else {
            panic!("nothing to fetch")
        };
        assert!(fetch.validators.if_none_match().is_some());
        let response = FetchResponse::new(304, url, b"");
        let learned = world
            .source
            .handle_response(fetch.id, &response, world.now());
        let expected = if ok {
            Ok(Learned::SameKeys)
        } else {
            Err(FetchError::ResponseUrl)
        };
        assert_eq!(learned, expected, "{url}");
    }
}

#[test]
fn a_fetch_that_is_due_anyway_takes_no_permit() {
    for (due, code) in [(false, "cooling_down"), (true, "wait")] {
        let mut world = warm();
        world.passed = 100;
        assert_eq!(world.ask("a"), Refetch::Wait);
        if due {
            world.passed = 600;
        }
        world.run();
        assert_eq!(world.ask("b").code(), code);
    }
}

#[test]
fn a_clock_that_went_back_makes_a_refresh_due_at_once() {
    for (back, refreshed) in [(5, false), (6, true), (3_600, true)] {
        let mut world = warm();
        world.pass(100);
        world.clock_error -= back;
        world.run();
        let both = [FetchKind::Discovery, FetchKind::JwkSet];
        let expected: &[FetchKind] = if refreshed { &both } else { &[] };
        assert_eq!(world.fetched(), expected, "{back}");
    }
}

#[test]
fn a_404_for_the_keys_asks_once_where_they_are() {
    let mut world = warm();
    // Metadata of an hour, keys of a minute.
    world.server.cache_control = Some("max-age=3600");
    world.pass(528);
    world.server.jwk_set_only = Some(Answer::Status(404));
    world.log.clear();
    world.pass(3_600);
    let discoveries = world.fetched_of(FetchKind::Discovery);
    assert!((1..=2).contains(&discoveries), "{discoveries}");
    assert!(world.fetched_of(FetchKind::JwkSet) > 10);
}

#[test]
fn withdrawn_keys_go_with_the_next_refresh() {
    let mut world = warm();
    world.server.keys = set(&[2]);
    world.pass(528);
    assert_eq!(world.installed_kids(), [kid(2)]);
    assert_eq!(world.status().generation, 2);
}

#[test]
fn an_unknown_kid_is_fetched_for_once_and_then_remembered() {
    let mut world = warm();
    world.pass(100);
    assert_eq!(world.ask("new"), Refetch::Wait);
    world.run();
    assert_eq!(world.fetched(), [FetchKind::JwkSet]);
    for (passed, absent) in [(0, true), (299, true), (1, false)] {
        world.pass(passed);
        assert_eq!(matches!(world.ask("new"), Refetch::Absent { .. }), absent);
    }
    assert_eq!(world.status().absent_kids, 0);
}

#[test]
fn an_unknown_kid_that_is_there_after_the_fetch_is_known() {
    let mut world = warm();
    world.server.keys = set(&[1, 2, 3]);
    assert_eq!(world.ask(&kid(3)), Refetch::Wait);
    world.run();
    assert_eq!(world.ask(&kid(3)), Refetch::Known);
    assert_eq!(world.installed_kids(), [kid(1), kid(2), kid(3)]);
}

#[test]
fn the_cooldown_begins_with_the_attempt_and_ends_after_30_seconds() {
    let mut world = warm();
    world.latency = 4;
    world.pass(100);
    assert_eq!(world.ask("a"), Refetch::Wait);
    world.run();
    world.pass(4);
    let Refetch::CoolingDown { until, .. } = world.ask("b") else {
        panic!("no cooldown")
    };
    assert_eq!(until, at(130));
    assert_eq!(world.status().cooling_down_until, Some(at(130)));
    world.pass(25);
    assert_eq!(world.ask("b").code(), "cooling_down");
    world.pass(1);
    assert_eq!(world.status().cooling_down_until, None);
    assert_eq!(world.ask("b"), Refetch::Wait);
}

#[test]
fn names_that_were_absent_are_asked_for_again_once_the_keys_change() {
    let mut world = warm();
    world.pass(100);
    assert_eq!(world.ask(&kid(3)), Refetch::Wait);
    world.run();
    assert_eq!(world.ask(&kid(3)).code(), "absent");
    world.pass(30);
    world.server.keys = set(&[1, 2, 4]);
    assert_eq!(world.ask(&kid(4)), Refetch::Wait);
    world.run();
    // The set has just changed: other copies of it may have more.
    world.server.keys = set(&[1, 2, 3, 4]);
    assert_eq!(world.ask(&kid(3)), Refetch::Wait);
    world.run();
    assert_eq!(world.ask(&kid(3)), Refetch::Known);
}

#[test]
fn a_kid_longer_than_any_header_allows_is_never_fetched_for() {
    let mut world = warm();
    assert_eq!(world.ask(&"k".repeat(257)).code(), "absent");
    assert_eq!(world.ask(&"k".repeat(256)).code(), "wait");
}

#[test]
fn a_bad_signature_is_fetched_for_once_a_cooldown() {
    let mut world = warm();
    world.pass(100);
    let generation = world.source.key_generation(&kid(1));
    assert_eq!(
        world.source.handle_bad_signature(&kid(1), world.now()),
        Refetch::Wait
    );
    world.run();
    assert_eq!(world.fetched(), [FetchKind::JwkSet]);
    assert_eq!(world.source.key_generation(&kid(1)), generation);
    for (passed, code) in [(29, "cooling_down"), (1, "wait")] {
        world.pass(passed);
        let answer = world.source.handle_bad_signature(&kid(2), world.now());
        assert_eq!(answer.code(), code);
    }
    world.run();
    assert_eq!(world.fetched().len(), 2);
}

#[test]
fn a_key_replaced_under_its_name_has_a_new_generation_and_others_do_not() {
    let mut world = warm();
    let of = |world: &World, key| world.source.key_generation(&kid(key));
    assert_eq!(
        (of(&world, 1), of(&world, 2), of(&world, 3)),
        (Some(1), Some(1), None)
    );
    world.server.keys = set(&[2]);
    let replaced = set(&[9]).remove(0).with_kid(kid(1)).unwrap();
    world.server.keys.push(replaced);
    assert_eq!(
        world.source.handle_bad_signature(&kid(1), world.now()),
        Refetch::Wait
    );
    world.run();
    assert_eq!((of(&world, 1), of(&world, 2)), (Some(2), Some(1)));
    assert_eq!(world.source.generation(), 2);
}

#[test]
fn while_fetches_fail_no_token_causes_another() {
    let mut world = warm();
    world.server.answer = Answer::Down;
    world.pass(600);
    let Action::Idle { until, .. } = world.source.poll(0, world.now()) else {
        panic!("a fetch is due")
    };
    assert!(until > world.now());
    assert_eq!(world.ask("new").code(), "cooling_down");
    let answer = world.source.handle_bad_signature(&kid(1), world.now());
    assert_eq!(answer.code(), "cooling_down");
}

#[test]
fn a_failed_fetch_for_a_token_is_not_repeated_before_the_refresh_is_due() {
    let mut world = warm();
    world.pass(100);
    world.server.answer = Answer::Down;
    assert_eq!(world.ask("new"), Refetch::Wait);
    world.run();
    world.pass(300);
    assert_eq!(world.fetched(), [FetchKind::JwkSet]);
    assert_eq!(world.ask("new"), Refetch::Wait);
}

#[test]
fn an_answer_after_the_fetch_was_given_up_is_not_taken() {
    for (passed, taken) in [(9, true), (10, false)] {
        let mut world = World::new(config());
        let Action::Fetch(fetch) = world.source.poll(0, at(0)) else {
            panic!("nothing to fetch")
        };
        let body = world.server.metadata();
        let response = FetchResponse::new(200, &fetch.url, body.as_bytes());
        let learned = world
            .source
            .handle_response(fetch.id, &response, at(passed));
        let expected = if taken {
            Learned::Metadata
        } else {
            Learned::TooLate
        };
        assert_eq!(learned, Ok(expected), "{passed}");
        // Nor twice, nor as a failure.
        let learned = world
            .source
            .handle_response(fetch.id, &response, at(passed));
        assert_eq!(learned, Ok(Learned::TooLate));
        let before = world.source.status(at(passed)).last_error.cloned();
        world
            .source
            .handle_failure(fetch.id, TransportError::Tls, at(passed));
        assert_eq!(world.source.status(at(passed)).last_error, before.as_ref());
    }
}

#[test]
fn keys_that_the_verifier_refuses_count_as_failure_and_the_old_ones_stay() {
    let mut world = warm();
    world.refuse_installs = true;
    world.server.keys = set(&[3]);
    world.pass(4_199);
    assert_eq!(world.installed_kids(), [kid(1), kid(2)]);
    assert_eq!(
        world.status().last_error.unwrap().error.code(),
        "not_installed"
    );
    assert_eq!(world.status().generation, 1);
    assert_eq!(world.ask(&kid(1)), Refetch::Known);
    world.pass(1);
    assert!(world.installed.is_none(), "they age nevertheless");
}

#[test]
fn a_refused_set_after_distrust_leaves_no_key() {
    let mut world = warm();
    world.refuse_installs = true;
    world.source.distrust(DistrustedKey::Kid(kid(1)));
    world.run();
    assert!(
        world.installed.is_none(),
        "the verifier still held the distrusted key"
    );
    assert_eq!(world.status().freshness, KeyFreshness::Unavailable);
}

#[test]
fn a_distrusted_kid_goes_at_once_and_does_not_come_back() {
    let mut world = warm();
    assert_eq!(world.source.distrust(DistrustedKey::Kid(kid(1))), 1);
    world.run();
    assert_eq!(world.installed_kids(), [kid(2)]);
    assert_eq!(world.fetched(), [], "it takes no fetch");
    world.server.keys = set(&[1, 2, 3]);
    world.pass(528);
    assert_eq!(world.installed_kids(), [kid(2), kid(3)]);
    assert_eq!(world.ask(&kid(1)), Refetch::Distrusted);

    assert!(world.source.end_distrust(&DistrustedKey::Kid(kid(1))));
    assert!(!world.source.end_distrust(&DistrustedKey::Kid(kid(1))));
    world.run();
    assert_eq!(world.installed_kids(), [kid(1), kid(2), kid(3)]);
}

#[test]
fn a_distrusted_thumbprint_goes_under_every_name() {
    let mut world = warm();
    let stolen = set(&[1]).remove(0);
    let thumbprint = stolen.thumbprint(ThumbprintHash::S256).as_str().to_owned();
    let distrusted = DistrustedKey::Thumbprint(thumbprint);
    assert_eq!(world.source.distrust(distrusted), 1);
    world.server.keys = vec![stolen.with_kid("renamed").unwrap(), set(&[2]).remove(0)];
    world.pass(528);
    assert_eq!(world.installed_kids(), [kid(2)]);
    assert_eq!(world.ask("renamed"), Refetch::Distrusted);
    let unknown = DistrustedKey::Thumbprint("no such key".to_owned());
    assert_eq!(world.source.distrust(unknown), 0);
}

#[test]
fn when_all_keys_are_distrusted_there_are_none() {
    let mut world = warm();
    world.source.distrust(DistrustedKey::Kid(kid(1)));
    world.source.distrust(DistrustedKey::Kid(kid(2)));
    world.run();
    assert!(world.installed.is_none());
    assert_eq!(world.status().keys, 0);
    assert_eq!(world.status().distrusted.len(), 2);
}

#[test]
fn the_cut_off_is_handed_over_with_the_keys() {
    let mut world = warm();
    world.source.refuse_issued_before(Some(at(50)));
    world.run();
    assert_eq!(world.status().issued_before, Some(at(50)));
    let bare = oidc_verifier::IssuerKeys::new(
        world.source.issuer().clone(),
        world.installed.as_ref().unwrap().jwk_set().clone(),
    );
    assert_eq!(
        world.installed,
        Some(bare.clone().refuse_issued_before(at(50)))
    );
    world.server.keys = set(&[3]);
    world.pass(528);
    assert_ne!(world.installed, None);
    world.source.refuse_issued_before(None);
    world.run();
    assert_eq!(world.installed_kids(), [kid(3)]);
}

#[test]
fn skipped_keys_are_shown_with_their_reasons() {
    let mut world = warm();
    let key = serde_json::to_string(&set(&[1]).remove(0)).unwrap();
    let body = format!("{{\"keys\": [{key}, {{\"kty\": \"AKP\", \"kid\": \"pq\"}}]}}");
    world.server.jwk_set_only = Some(Answer::Body(Box::leak(body.into_boxed_str())));
    world.pass(528);
    let status = world.status();
    assert_eq!(status.skipped.len(), 1);
    assert_eq!(status.skipped[0].kid(), Some("pq"));
    assert_eq!(status.keys, 1);
}

#[test]
fn the_fetch_says_its_limits_and_validators() {
    let mut source = KeySource::new(IssuerIdentifier::parse(ISSUER).unwrap(), config());
    let Action::Fetch(fetch) = source.poll(0, at(0)) else {
        panic!("nothing to fetch")
    };
    assert_eq!(
        fetch.url,
        "https://ci.example/.well-known/openid-configuration"
    );
    assert_eq!(fetch.limits.connect_timeout, Duration::from_secs(2));
    assert_eq!(fetch.limits.total_timeout, Duration::from_secs(5));
    assert_eq!(fetch.limits.max_body_bytes, 65_536);
    assert!(fetch.validators.is_empty());
    assert_eq!(
        source.poll(0, at(0)),
        source.poll(0, at(0)),
        "one fetch at a time"
    );
}

#[test]
fn each_number_is_bounded_on_both_sides() {
    macro_rules! both_sides {
        ($($name:ident, $setting:ident, $step:expr;)*) => {$(
            let setting = KeySourceConfig::$setting;
            let build = |value| base(stringify!($name)).$name(value).build();
            for (value, ok) in [
                (setting.min(), true),
                (setting.max(), true),
                (setting.default(), true),
                (setting.max() + $step, false),
            ] {
                assert_eq!(build(value).is_ok(), ok, "{} {value:?}", stringify!($name));
            }
            if let Some(value) = setting.min().checked_sub($step) {
                let error = build(value).unwrap_err();
                assert_eq!(error.code(), "out_of_bounds");
                assert!(error.to_string().starts_with(concat!("`", stringify!($name), "` is not")));
            }
            assert_eq!(KeySourceConfig::default().$name(), setting.default());
        )*};
    }
    /// Where two numbers must not contradict each other, the other is out of the way.
    fn base(name: &str) -> oidc_verifier::key_source::KeySourceConfigBuilder {
        let base = KeySourceConfig::builder();
        let long = Duration::from_secs;
        match name {
            "max_age_floor" => base.max_age_ceiling(long(86_400)),
            "max_age_ceiling" => base.max_age_floor(long(30)),
            "first_backoff" => base.max_backoff(long(600)),
            "connect_timeout" => base.total_timeout(long(30)),
            "total_timeout" => base.connect_timeout(Duration::from_millis(200)),
            _ => base,
        }
    }
    let millisecond = Duration::from_millis(1);
    both_sides! {
        soft_age, SOFT_AGE, millisecond;
        max_age_floor, MAX_AGE_FLOOR, millisecond;
        max_age_ceiling, MAX_AGE_CEILING, millisecond;
        refresh_ahead_percent, REFRESH_AHEAD_PERCENT, 1;
        jitter_percent, JITTER_PERCENT, 1;
        trust_after_soft_age, TRUST_AFTER_SOFT_AGE, millisecond;
        cooldown, COOLDOWN, millisecond;
        permits, PERMITS, 1;
        absent_kids, ABSENT_KIDS, 1;
        absent_kid_age, ABSENT_KID_AGE, millisecond;
        first_backoff, FIRST_BACKOFF, millisecond;
        max_backoff, MAX_BACKOFF, millisecond;
        connect_timeout, CONNECT_TIMEOUT, millisecond;
        total_timeout, TOTAL_TIMEOUT, millisecond;
        max_metadata_bytes, MAX_METADATA_BYTES, 1;
        max_jwk_set_bytes, MAX_JWK_SET_BYTES, 1;
    }
    let contradiction = KeySourceConfig::builder()
        .first_backoff(Duration::from_secs(10))
        .max_backoff(Duration::from_secs(9))
        .build();
    let error: KeySourceConfigError = contradiction.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`first_backoff` is more than `max_backoff`"
    );
}
