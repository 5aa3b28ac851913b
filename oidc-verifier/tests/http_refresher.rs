//! The refresher through rotations, floods, outages and its own end, with hard counts of what it
//! fetches, under a clock that passes only when nothing is left to do.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these helpers run in tests only"
)]

mod http_world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_world::{
    AUDIENCE, Answer, BEGIN, Documents, ISSUER, at, issuer, issuer_with, key, refresher, token,
    tokio_clock, verifier_of,
};
use oidc_core::{IssuerIdentifier, base64url};
use oidc_issuer::SigningKey;
use oidc_verifier::http::{KeyRefresher, MAX_WAITING, StartError, WAIT_FOR_KEYS};
use oidc_verifier::key_source::{
    DistrustedKey, FetchKind, KeyFreshness, KeySource, KeySourceConfig,
};
use oidc_verifier::{Profile, Verifier, VerifyError};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const DISCOVERY_AND_KEYS: [FetchKind; 2] = [FetchKind::Discovery, FetchKind::JwkSet];

/// A token that names a key which nobody has.
fn invented(kid: &str) -> Vec<u8> {
    let encode = |json: String| base64url::encode(json);
    let header = encode(format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#));
    let claims = encode(format!(r#"{{"iss":"{ISSUER}","sub":"mallory"}}"#));
    format!("{header}.{claims}.{}", base64url::encode([7; 64])).into_bytes()
}

/// The same with the name of a good key.
fn forged(token: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(token).unwrap();
    let (input, _) = text.rsplit_once('.').unwrap();
    format!("{input}.{}", base64url::encode([7; 64])).into_bytes()
}

async fn ready(keys: &KeyRefresher) {
    keys.wait_until_ready(Duration::from_secs(60))
        .await
        .unwrap();
}

fn refused(outcome: Result<oidc_verifier::Verified<'_>, VerifyError>) -> VerifyError {
    outcome.expect_err("it should be refused")
}

#[tokio::test(start_paused = true)]
async fn keys_come_by_themselves_and_tokens_verify() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    let token = token(&ci, at(0));
    ready(&keys).await;
    assert_eq!(documents.take_log(), DISCOVERY_AND_KEYS);
    assert_eq!(keys.verify(&token).await.unwrap().subject(), "job-42");
    // Readers may as well use the verifier itself.
    assert!(keys.verifier().verify(&token, keys.now()).is_ok());
    assert_eq!(
        keys.status(&issuer(), |status| (status.keys, status.freshness)),
        Some((1, KeyFreshness::Fresh))
    );
    let other = IssuerIdentifier::parse("https://other.example").unwrap();
    assert!(keys.status(&other, |_| ()).is_none());
}

/// The first token comes before the first keys: it waits for both documents.
#[tokio::test(start_paused = true)]
async fn the_first_token_waits_for_the_first_keys() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    documents.set_latency(Duration::from_millis(900));
    let keys = refresher(&documents).spawn().unwrap();
    let begun = Instant::now();
    assert!(keys.verify(&token(&ci, at(0))).await.is_ok());
    assert_eq!(begun.elapsed(), Duration::from_millis(1_800));
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_at_the_start_is_said() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    documents.set_answer(Answer::Down);
    let keys = refresher(&documents).spawn().unwrap();
    let missing = keys
        .wait_until_ready(Duration::from_secs(3))
        .await
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "no keys have come from `https://ci.example` (discovery: no response: no connection)"
    );
    assert_eq!(missing.issuers().count(), 1);
    let token = token(&issuer_with(&issuer(), "a"), at(0));
    assert_eq!(
        refused(keys.verify(&token).await),
        VerifyError::KeysUnavailable
    );
    documents.set_answer(Answer::Good);
    ready(&keys).await;
}

/// Soft age 600 s: the refresh comes at 80 hundredths and a tenth either way, for both documents.
#[tokio::test(start_paused = true)]
async fn both_documents_are_refreshed_in_the_background() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    documents.take_log();
    sleep(Duration::from_secs(431)).await;
    assert_eq!(documents.take_log(), []);
    sleep(Duration::from_secs(100)).await;
    let mut log = documents.take_log();
    log.sort_by_key(|kind| kind.code());
    assert_eq!(log, DISCOVERY_AND_KEYS);
}

/// A hard cut: the old key is gone and the new one signs at once. The first token brings it.
#[tokio::test(start_paused = true)]
async fn a_token_of_a_new_key_waits_for_one_fetch() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    sleep(Duration::from_secs(60)).await;
    documents.take_log();
    documents.set_latency(Duration::from_millis(700));
    let rotated = issuer_with(&issuer(), "b");
    documents.publish(&rotated);
    let token = token(&rotated, at(0));
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..100 {
        let (keys, token) = (keys.clone(), token.clone());
        all.spawn(async move { keys.verify(&token).await.is_ok() });
    }
    assert_eq!(all.join_all().await, [true; 100]);
    assert_eq!(begun.elapsed(), Duration::from_millis(700));
    assert_eq!(documents.take_log(), [FetchKind::JwkSet]);
}

/// Another key under the same name: the first signature that fails has the keys fetched.
#[tokio::test(start_paused = true)]
async fn a_key_replaced_under_its_name_is_noticed() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    sleep(Duration::from_secs(60)).await;
    documents.take_log();
    let replaced = issuer_with(&issuer(), "a");
    documents.publish(&replaced);
    assert!(keys.verify(&token(&replaced, at(0))).await.is_ok());
    assert_eq!(documents.take_log(), [FetchKind::JwkSet]);
}

/// A JWT-SVID need not name its issuer ("JWT-SVID" section 3): its trust domain does, and so it
/// brings new keys as other tokens do.
#[tokio::test(start_paused = true)]
async fn a_jwt_svid_without_issuer_brings_its_keys() {
    let svid = |key: &SigningKey, trust_domain: &str| {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, key.kid());
        let claims = format!(
            r#"{{"sub":"spiffe://{trust_domain}/web","aud":["{AUDIENCE}"],"iat":{BEGIN},"exp":{}}}"#,
            BEGIN + 3_600
        );
        let input = format!(
            "{}.{}",
            base64url::encode(header),
            base64url::encode(claims)
        );
        let signature = base64url::encode(key.sign(input.as_bytes()).unwrap());
        format!("{input}.{signature}").into_bytes()
    };
    let (first, second) = (key("a"), key("b"));
    let documents = Documents::of(&issuer_with(&issuer(), "unused"));
    documents.publish_key(&first);
    documents.set_latency(Duration::from_millis(100));
    let verifier = Verifier::builder()
        .issuer(issuer())
        .audience(AUDIENCE)
        .profile(Profile::jwt_svid("prod.example").unwrap());
    let keys = KeyRefresher::builder(Arc::new(verifier.build().unwrap()), documents.clone())
        .discover_all(&KeySourceConfig::default())
        .clock(tokio_clock())
        .spawn()
        .unwrap();
    // The first token waits for the first keys.
    let token = svid(&first, "prod.example");
    assert_eq!(keys.verify(&token).await.unwrap().issuer(), &issuer());
    assert_eq!(documents.take_log(), DISCOVERY_AND_KEYS);
    // One of another trust domain has no issuer here, and asks for nothing.
    sleep(Duration::from_secs(60)).await;
    documents.take_log();
    documents.publish_key(&second);
    let foreign = svid(&second, "other.example");
    assert_eq!(refused(keys.verify(&foreign).await).code(), "key_unknown");
    assert_eq!(documents.take_log(), []);
    let rotated = svid(&second, "prod.example");
    assert!(keys.verify(&rotated).await.is_ok());
    assert_eq!(documents.take_log(), [FetchKind::JwkSet]);
}

/// The name is there and its key the same: the signature is wrong, whatever a fetch does.
#[tokio::test(start_paused = true)]
async fn a_forged_signature_is_refused_and_never_unavailable() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    sleep(Duration::from_secs(60)).await;
    documents.take_log();
    let forged = forged(&token(&ci, at(0)));
    assert_eq!(refused(keys.verify(&forged).await), VerifyError::Signature);
    assert_eq!(documents.take_log(), [FetchKind::JwkSet]);
    assert_eq!(refused(keys.verify(&forged).await), VerifyError::Signature);
    assert_eq!(documents.take_log(), []);

    sleep(Duration::from_secs(30)).await;
    documents.set_answer(Answer::Silent);
    let begun = Instant::now();
    assert_eq!(refused(keys.verify(&forged).await), VerifyError::Signature);
    assert_eq!(begun.elapsed(), WAIT_FOR_KEYS.default());
}

/// 1,000 names that nobody has, all at once, again and again: one fetch each 30 seconds, and a good
/// token is verified in no time at all, even while that fetch hangs.
#[tokio::test(start_paused = true)]
async fn hostile_names_cost_one_fetch_a_cooldown_and_delay_nobody() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let good = token(&ci, at(0));
    for round in 0..10 {
        documents.take_log();
        documents.set_answer(if round % 2 == 0 {
            Answer::Silent
        } else {
            Answer::Good
        });
        let mut flood = JoinSet::new();
        for one in 0..1_000 {
            let keys = keys.clone();
            let token = invented(&format!("invented-{round}-{one}"));
            flood.spawn(async move { keys.verify(&token).await.unwrap_err().code() });
        }
        tokio::task::yield_now().await;
        let begun = Instant::now();
        for _ in 0..10 {
            assert!(keys.verify(&good).await.is_ok());
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        let answers = flood.join_all().await;
        let expected = if round % 2 == 0 {
            "keys_unavailable"
        } else {
            "key_unknown"
        };
        assert!(answers.iter().all(|code| *code == expected), "{round}");
        assert!(begun.elapsed() <= WAIT_FOR_KEYS.default());
        assert_eq!(documents.take_log(), [FetchKind::JwkSet], "{round}");
        // The silent fetch ends, and the cooldown passes.
        sleep(Duration::from_secs(40)).await;
        assert_eq!(documents.take_log(), []);
    }
}

/// As many tokens as are allowed wait; one more is told at once that it cannot be judged.
#[tokio::test(start_paused = true)]
async fn the_number_of_tokens_that_wait_is_bounded() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    documents.set_answer(Answer::Silent);
    let mut flood = JoinSet::new();
    for one in 0..=MAX_WAITING {
        let keys = keys.clone();
        flood.spawn(async move {
            let begun = Instant::now();
            let error = keys
                .verify(&invented(&format!("invented-{one}")))
                .await
                .unwrap_err();
            assert_eq!(error, VerifyError::KeysUnavailable);
            begun.elapsed()
        });
    }
    let waits = flood.join_all().await;
    let at_once = waits.iter().filter(|wait| wait.is_zero()).count();
    let to_the_end = waits
        .iter()
        .filter(|wait| **wait == WAIT_FOR_KEYS.default())
        .count();
    assert_eq!((at_once, to_the_end), (1, MAX_WAITING));
}

/// An outage within the bound refuses nobody, one beyond it makes unavailable, and the first good
/// answer ends that.
#[tokio::test(start_paused = true)]
async fn an_outage_is_borne_up_to_the_bound_and_survived() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let good = token(&ci, at(0));
    documents.set_answer(Answer::Status(503));
    for _ in 0..4_199 {
        assert!(keys.verify(&good).await.is_ok());
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        refused(keys.verify(&good).await),
        VerifyError::KeysUnavailable
    );
    documents.set_answer(Answer::Good);
    sleep(Duration::from_secs(60)).await;
    assert!(keys.verify(&good).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flapping_endpoint_takes_no_keys_away() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let good = token(&ci, at(0));
    let answers = [
        Answer::Down,
        Answer::Status(304),
        Answer::Status(200),
        Answer::Body(r#"{"keys": []}"#),
        Answer::Silent,
        Answer::Body("<html>"),
        Answer::Good,
    ];
    for answer in answers.iter().cycle().take(70) {
        documents.set_answer(*answer);
        sleep(Duration::from_secs(97)).await;
        assert!(keys.verify(&good).await.is_ok(), "{answer:?}");
    }
}

/// The transport does not keep the time: the refresher does, and the fetch is dropped.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_is_dropped_after_its_total_timeout() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    documents.set_answer(Answer::Silent);
    let keys = refresher(&documents).spawn().unwrap();
    sleep(Duration::from_millis(4_999)).await;
    assert_eq!(documents.dropped(), 0);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(documents.dropped(), 1);
    let code = keys.status(&issuer(), |status| {
        status.last_error.map(|last| last.error.code())
    });
    assert_eq!(code, Some(Some("timed_out")));
}

/// A clock that was set while nothing was due: the refresher looks at it once a minute.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_is_noticed_within_a_minute() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let jump = Arc::new(AtomicU64::new(0));
    let (clock, jumped) = (tokio_clock(), Arc::clone(&jump));
    let clock = move || {
        let jump = Duration::from_secs(jumped.load(Ordering::Relaxed));
        oidc_verifier::Clock::now(&clock).saturating_add(jump)
    };
    let keys = refresher(&documents).clock(clock).spawn().unwrap();
    ready(&keys).await;
    documents.take_log();
    jump.store(3_600, Ordering::Relaxed);
    sleep(Duration::from_secs(61)).await;
    let mut log = documents.take_log();
    log.sort_by_key(|kind| kind.code());
    assert_eq!(log, DISCOVERY_AND_KEYS);
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_everything_and_leaves_no_key_behind() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let good = token(&ci, at(0));
    documents.set_answer(Answer::Silent);
    sleep(Duration::from_secs(530)).await;
    assert!(keys.verify(&good).await.is_ok());
    let dropped = documents.dropped();
    documents.take_log();

    let begun = Instant::now();
    keys.shutdown().await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(documents.dropped() >= dropped);
    assert_eq!(
        refused(keys.verify(&good).await),
        VerifyError::KeysUnavailable
    );
    sleep(Duration::from_secs(10_000)).await;
    assert_eq!(documents.take_log(), []);
    // Twice is no harm, and nothing waits for what will not come.
    keys.shutdown().await;
    assert!(keys.wait_until_ready(Duration::from_secs(1)).await.is_err());
    keys.distrust(&issuer(), DistrustedKey::Kid("a".to_owned()))
        .await;
    let elapsed = begun.elapsed();
    assert_eq!(elapsed, Duration::from_secs(10_000));
}

/// In whatever second it is called, also in one in which a fetch is due.
#[tokio::test(start_paused = true)]
async fn no_fetch_begins_once_shutdown_is_called() {
    let ci = issuer_with(&issuer(), "a");
    for second in 425..=560 {
        let documents = Documents::of(&ci);
        let keys = refresher(&documents).spawn().unwrap();
        ready(&keys).await;
        documents.set_answer(Answer::Silent);
        sleep(Duration::from_secs(second)).await;
        documents.take_log();
        keys.shutdown().await;
        assert_eq!(documents.take_log(), [], "second {second}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_that_is_dropped_ends_it() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let verifier = Arc::clone(keys.verifier());
    let good = token(&ci, at(0));
    let other = keys.clone();
    drop(keys);
    sleep(Duration::from_secs(1)).await;
    assert!(other.verify(&good).await.is_ok());
    drop(other);
    sleep(Duration::from_secs(1)).await;
    documents.take_log();
    let error = refused(verifier.verify(&good, at(1)));
    assert_eq!(error, VerifyError::KeysUnavailable);
    sleep(Duration::from_secs(10_000)).await;
    assert_eq!(documents.take_log(), []);
}

/// A runtime that is gone keeps no keys current: they are gone with it.
#[test]
fn a_runtime_that_ends_leaves_no_key_behind() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let keys = runtime.block_on(async {
        let keys = refresher(&documents).clock(|| at(0)).spawn().unwrap();
        ready(&keys).await;
        keys
    });
    let good = token(&ci, at(0));
    assert!(keys.verifier().verify(&good, at(0)).is_ok());
    drop(runtime);
    let error = refused(keys.verifier().verify(&good, at(0)));
    assert_eq!(error, VerifyError::KeysUnavailable);
}

#[tokio::test(start_paused = true)]
async fn an_operators_ruling_holds_when_the_call_returns() {
    let ci = issuer_with(&issuer(), "a");
    let documents = Documents::of(&ci);
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    let good = token(&ci, at(0));
    let key = DistrustedKey::Kid("a".to_owned());
    assert_eq!(keys.distrust(&issuer(), key.clone()).await, Some(1));
    assert!(keys.verifier().verify(&good, at(0)).is_err());
    assert_eq!(keys.end_distrust(&issuer(), &key).await, Some(true));
    assert!(keys.verifier().verify(&good, at(0)).is_ok());
    assert_eq!(
        keys.refuse_issued_before(&issuer(), Some(at(1))).await,
        Some(())
    );
    let error = refused(keys.verifier().verify(&good, at(2)));
    assert_eq!(error.code(), "iat_before_cut_off");

    // While a fetch hangs, too.
    keys.refuse_issued_before(&issuer(), None).await;
    documents.set_answer(Answer::Silent);
    let waiting = keys.clone();
    tokio::spawn(async move { waiting.verify(&invented("x")).await.is_ok() });
    tokio::task::yield_now().await;
    let begun = Instant::now();
    assert_eq!(keys.distrust(&issuer(), key).await, Some(1));
    assert!(keys.verifier().verify(&good, at(0)).is_err());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

/// One issuer that does not answer is no affair of the other's.
#[tokio::test(start_paused = true)]
async fn issuers_do_not_wait_for_each_other() {
    let [a, b] = ["https://a.example", "https://b.example"]
        .map(|text| IssuerIdentifier::parse(text).unwrap());
    let good = issuer_with(&a, "a");
    let verifier = Verifier::builder()
        .issuer(a.clone())
        .audience(http_world::AUDIENCE)
        .issuer(b.clone())
        .audience(http_world::AUDIENCE)
        .build()
        .unwrap();
    let documents = Documents::of(&good);
    let keys = KeyRefresher::builder(Arc::new(verifier), documents.clone())
        .discover_all(&KeySourceConfig::default())
        .clock(tokio_clock())
        .spawn()
        .unwrap();
    // The documents name issuer `a`: those of `b` are refused.
    let missing = keys
        .wait_until_ready(Duration::from_secs(1))
        .await
        .unwrap_err();
    let missing: Vec<_> = missing
        .issuers()
        .map(|(issuer, _)| issuer.clone())
        .collect();
    assert_eq!(missing, [b]);
    assert!(keys.verify(&token(&good, at(0))).await.is_ok());
}

#[tokio::test]
async fn what_does_not_fit_does_not_start() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let source = || KeySource::new(issuer(), KeySourceConfig::default());
    let builder = || KeyRefresher::builder(verifier_of(&issuer()), documents.clone());
    assert_eq!(builder().spawn().unwrap_err(), StartError::NoSource);
    assert_eq!(builder().spawn_thread().unwrap_err(), StartError::NoSource);
    let twice = builder()
        .source(source())
        .source(source())
        .spawn()
        .unwrap_err();
    assert_eq!(
        twice.to_string(),
        "issuer `https://ci.example` has two key sources"
    );
    // `discover_all` adds none to an issuer that has one.
    let all = builder()
        .source(source())
        .discover_all(&KeySourceConfig::default());
    assert!(all.spawn().is_ok());
    let elsewhere = IssuerIdentifier::parse("https://other.example").unwrap();
    let other = KeySource::new(elsewhere, KeySourceConfig::default());
    let unknown = builder().source(other).spawn().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "issuer `https://other.example` is not one of the verifier's"
    );
    assert_eq!(unknown.code(), "issuer_unknown");
    // 5 s is the longest wait.
    let waiting = |wait| builder().source(source()).wait_for_keys(wait).spawn();
    assert!(waiting(Duration::from_secs(5)).is_ok());
    let too_long = waiting(Duration::from_millis(5_001)).unwrap_err();
    assert_eq!(too_long.to_string(), "wait for keys is longer than 5s");
    assert_eq!(documents.take_log(), []);
}

/// Whoever does not want to wait is answered at once; the fetch goes on.
#[tokio::test(start_paused = true)]
async fn a_wait_of_zero_is_none() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents)
        .wait_for_keys(Duration::ZERO)
        .spawn()
        .unwrap();
    ready(&keys).await;
    documents.set_latency(Duration::from_millis(700));
    let rotated = issuer_with(&issuer(), "b");
    documents.publish(&rotated);
    let token = token(&rotated, at(0));
    let begun = Instant::now();
    assert_eq!(
        refused(keys.verify(&token).await),
        VerifyError::KeysUnavailable
    );
    assert!(begun.elapsed() < Duration::from_millis(5));
    sleep(Duration::from_secs(1)).await;
    assert!(keys.verify(&token).await.is_ok());
}

#[test]
fn without_a_runtime_it_does_not_start() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let builder = KeyRefresher::builder(verifier_of(&issuer()), documents)
        .discover_all(&KeySourceConfig::default());
    assert_eq!(builder.spawn().unwrap_err(), StartError::NoRuntime);
}

/// A program without a runtime, and a thread of somebody else's runtime: both may block.
#[test]
fn a_blocking_caller_is_served_on_any_thread() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = KeyRefresher::builder(verifier_of(&issuer()), documents.clone())
        .discover_all(&KeySourceConfig::default())
        .clock(|| at(0))
        .spawn_thread()
        .unwrap();
    keys.wait_until_ready(Duration::from_secs(60)).unwrap();
    assert_eq!(documents.take_log(), DISCOVERY_AND_KEYS);

    let rotated = issuer_with(&issuer(), "b");
    documents.publish(&rotated);
    let good = token(&rotated, at(0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // `block_on` inside of `block_on` would panic.
    runtime.block_on(async {
        assert_eq!(keys.verify(&good).unwrap().subject(), "job-42");
    });
    assert_eq!(documents.take_log(), [FetchKind::JwkSet]);
    assert_eq!(keys.status(&issuer(), |status| status.generation), Some(2));
    assert_eq!(
        keys.verify(&invented("x")).unwrap_err(),
        VerifyError::UnknownKey
    );
    let key = DistrustedKey::Kid("b".to_owned());
    assert_eq!(keys.distrust(&issuer(), key.clone()), Some(1));
    assert!(keys.verify(&good).is_err());
    assert_eq!(keys.end_distrust(&issuer(), key), Some(true));
    assert!(keys.verify(&good).is_ok());

    keys.shutdown();
    assert_eq!(
        keys.verify(&good).unwrap_err(),
        VerifyError::KeysUnavailable
    );
    assert!(keys.wait_until_ready(Duration::from_secs(1)).is_err());
    assert_eq!(
        keys.distrust(&issuer(), DistrustedKey::Kid("b".to_owned())),
        None
    );
    keys.shutdown();
    // Started and dropped where blocking is not allowed.
    runtime.block_on(async {
        let keys = KeyRefresher::builder(verifier_of(&issuer()), documents)
            .discover_all(&KeySourceConfig::default())
            .spawn_thread()
            .unwrap();
        drop(keys);
    });
}

/// A future that is dropped while it waits leaves its place to others.
#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_nothing_behind() {
    let documents = Documents::of(&issuer_with(&issuer(), "a"));
    let keys = refresher(&documents).spawn().unwrap();
    ready(&keys).await;
    documents.set_answer(Answer::Silent);
    for one in 0..2 * MAX_WAITING {
        let token = invented(&format!("invented-{one}"));
        let given_up = timeout(Duration::ZERO, keys.verify(&token)).await;
        assert!(given_up.is_err(), "{one}");
    }
}
