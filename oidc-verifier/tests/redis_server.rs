//! `RedisReplayGuard` against a Redis server that each test starts, on a socket of its own.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod redis_process;
mod replay_world;
mod support;

use std::sync::Arc;
use std::time::Duration;

use oidc_verifier::Class;
use oidc_verifier::policy::NotAdmitted;
use oidc_verifier::replay::{AsyncReplayGuard, Presented, RedisReplayGuard, TokenUse};
use redis::aio::ConnectionManager;

use self::redis_process::RedisServer;
use self::replay_world::{EXP, policy, token, verifier};
use self::support::{ISSUER, NOW, at};

type Guard = RedisReplayGuard<ConnectionManager>;

async fn guard(server: &RedisServer) -> Guard {
    RedisReplayGuard::new(server.connect().await)
}

/// The use of a token with this `jti`.
fn token_use(jti: &str) -> TokenUse {
    let verifier = verifier();
    let token = token(&format!(r#","jti":"{jti}""#));
    TokenUse::of(&verifier.verify(token.as_bytes(), at(NOW)).unwrap())
}

async fn record(guard: &Guard, token: &TokenUse) -> Result<Presented, &'static str> {
    let answer = guard.record_async(token, at(NOW)).await;
    answer.map_err(|unavailable| unavailable.code())
}

#[tokio::test]
async fn processes_that_share_a_server_admit_a_token_once() {
    let server = RedisServer::start();
    let (one, other) = (guard(&server).await, guard(&server).await);
    let (first, second) = (token_use("1"), token_use("2"));
    assert_eq!(record(&one, &first).await, Ok(Presented::First));
    assert_eq!(record(&other, &first).await, Ok(Presented::Again));
    assert_eq!(record(&one, &first).await, Ok(Presented::Again));
    assert_eq!(record(&other, &second).await, Ok(Presented::First));
}

#[tokio::test]
async fn a_policy_is_enforced_through_it() {
    let server = RedisServer::start();
    let guard = guard(&server).await;
    let (policy, verifier) = (policy(Some("enforce")), verifier());
    let token = token(r#","jti":"1""#);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    let admitted = decision.admit_async(&guard, at(NOW)).await.unwrap();
    assert_eq!(admitted.rule_id(), "once");
    let refusal = decision.admit_async(&guard, at(NOW)).await.unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.class()),
        ("replayed", Class::Refused)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_with_one_token_exactly_one_is_first() {
    let server = RedisServer::start();
    let guards = Arc::new([guard(&server).await, guard(&server).await]);
    for round in 0..20 {
        let token = token_use(&round.to_string());
        let tasks: Vec<_> = (0..16)
            .map(|task| {
                let guards = Arc::clone(&guards);
                tokio::spawn(async move {
                    let [one, other] = &*guards;
                    record(if task % 2 == 0 { one } else { other }, &token).await
                })
            })
            .collect();
        let mut firsts = 0;
        for task in tasks {
            match task.await.unwrap().unwrap() {
                Presented::First => firsts += 1,
                Presented::Again => {}
            }
        }
        assert_eq!(firsts, 1, "round {round}");
    }
}

/// `exp`, leeway and margin, from now on, and a minute for clocks that differ.
#[tokio::test]
async fn the_server_forgets_a_token_when_all_clocks_refuse_it() {
    let server = RedisServer::start();
    let guard = guard(&server).await;
    let token = token_use("1");
    for (now, left) in [(NOW, 300 + 65), (EXP + 59, 6)] {
        server.query::<()>(&["FLUSHALL"]).await.unwrap();
        let said = guard.record_async(&token, at(now)).await.unwrap();
        assert_eq!(said, Presented::First);
        let keys: Vec<String> = server.query(&["KEYS", "*"]).await.unwrap();
        let [key] = keys.as_slice() else {
            panic!("one token, {} keys", keys.len());
        };
        let ttl: i64 = server.query(&["TTL", key]).await.unwrap();
        // The server counts while this test runs.
        assert!((left + 55..=left + 60).contains(&ttl), "{ttl} for {left}");
    }
}

#[tokio::test]
async fn the_server_learns_neither_claims_nor_issuer() {
    let server = RedisServer::start();
    let guard = guard(&server).await.with_prefix("registry:");
    assert_eq!(
        record(&guard, &token_use("canary")).await,
        Ok(Presented::First)
    );
    let keys: Vec<String> = server.query(&["KEYS", "*"]).await.unwrap();
    let [key] = keys.as_slice() else {
        panic!("one token, {} keys", keys.len());
    };
    let name = key.strip_prefix("registry:").unwrap();
    assert_eq!(name.len(), 43);
    assert!(!key.contains("canary") && !key.contains(ISSUER));
    let value: String = server.query(&["GET", key]).await.unwrap();
    assert_eq!(value, "");
}

#[tokio::test]
async fn services_of_different_prefixes_admit_a_token_once_each() {
    let server = RedisServer::start();
    let (one, other) = (guard(&server).await, guard(&server).await.with_prefix("b:"));
    let token = token_use("1");
    assert_eq!(record(&one, &token).await, Ok(Presented::First));
    assert_eq!(record(&other, &token).await, Ok(Presented::First));
    assert_eq!(record(&other, &token).await, Ok(Presented::Again));
}

#[tokio::test]
async fn a_server_that_is_gone_admits_nothing() {
    let mut server = RedisServer::start();
    let guard = guard(&server).await;
    let (policy, verifier) = (policy(Some("enforce")), verifier());
    let token = token(r#","jti":"1""#);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    server.stop();
    let refusal = decision.admit_async(&guard, at(NOW)).await.unwrap_err();
    assert!(
        matches!(refusal, NotAdmitted::Unavailable(_)),
        "{refusal:?}"
    );
    assert_eq!(
        (refusal.code(), refusal.class()),
        ("replay_store", Class::Unavailable)
    );
    // It comes back, and so does the connection.
    server.start_again();
    let mut answer = record(&guard, &token_use("2")).await;
    for _ in 0..50 {
        if answer.is_ok() {
            break;
        }
        answer = record(&guard, &token_use("2")).await;
    }
    assert_eq!(answer, Ok(Presented::First));
}

#[tokio::test]
async fn a_server_that_hangs_admits_nothing() {
    let server = RedisServer::start();
    let guard = guard(&server).await;
    assert_eq!(record(&guard, &token_use("1")).await, Ok(Presented::First));
    server.signal("STOP");
    let token = token_use("2");
    let answer = tokio::time::timeout(Duration::from_secs(10), record(&guard, &token));
    assert_eq!(answer.await.unwrap(), Err("replay_store"));
    server.signal("CONT");
}

#[tokio::test]
async fn a_server_that_is_full_admits_nothing() {
    let server = RedisServer::start();
    let guard = guard(&server).await;
    let set = ["CONFIG", "SET", "maxmemory", "1"];
    server.query::<()>(&set).await.unwrap();
    let full = guard.record_async(&token_use("1"), at(NOW)).await;
    let full = std::error::Error::source(&full.unwrap_err())
        .unwrap()
        .to_string();
    assert!(full.contains("OOM"), "{full}");
    let set = ["CONFIG", "SET", "maxmemory", "0"];
    server.query::<()>(&set).await.unwrap();
    assert_eq!(record(&guard, &token_use("1")).await, Ok(Presented::First));
}
