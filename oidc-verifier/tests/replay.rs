//! Rules that admit a token once: what a decision says, what a guard says, and what comes of both.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod replay_world;
mod support;

use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use oidc_core::{Algorithm, NumericDate};
use oidc_verifier::Class;
use oidc_verifier::policy::{NotAdmitted, Outcome, Policy, ReplayMode};
use oidc_verifier::replay::{
    AsyncReplayGuard, MemoryReplayGuard, Presented, ReplayGuard, ReplayUnavailable, StoreError,
    TokenUse,
};
use serde_json::{Value, json};

use self::replay_world::{EXP, admit, payload, policy, signed, token, verifier};
use self::support::{AUDIENCE, ISSUER, NOW, at};

/// A guard that remembers nothing and says this.
struct Says(Result<Presented, ReplayUnavailable>);

impl ReplayGuard for Says {
    fn record(&self, _: &TokenUse, _: NumericDate) -> Result<Presented, ReplayUnavailable> {
        self.0.clone()
    }
}

fn down() -> Says {
    let error = StoreError::new("connection refused");
    Says(Err(ReplayUnavailable::Store(error)))
}

/// A guard that fails the test if it is asked.
struct NotAsked;

impl ReplayGuard for NotAsked {
    fn record(&self, _: &TokenUse, _: NumericDate) -> Result<Presented, ReplayUnavailable> {
        panic!("the guard is asked");
    }
}

#[test]
fn a_rule_that_enforces_admits_a_token_once() {
    let policy = policy(Some("enforce"));
    let guard = MemoryReplayGuard::new();
    let (one, other) = (token(r#","jti":"1""#), token(r#","jti":"2""#));
    assert_eq!(
        admit(&policy, &guard, &one, NOW),
        Ok(Some(Presented::First))
    );
    assert_eq!(admit(&policy, &guard, &one, NOW), Err("replayed"));
    assert_eq!(
        admit(&policy, &guard, &other, NOW),
        Ok(Some(Presented::First))
    );
    // As long as verification accepts it: the leeway is 60 s.
    assert_eq!(admit(&policy, &guard, &one, EXP + 59), Err("replayed"));
}

#[test]
fn a_rule_that_observes_admits_and_reports() {
    let policy = policy(Some("observe"));
    let guard = MemoryReplayGuard::new();
    let token = token(r#","jti":"1""#);
    assert_eq!(
        admit(&policy, &guard, &token, NOW),
        Ok(Some(Presented::First))
    );
    assert_eq!(
        admit(&policy, &guard, &token, NOW),
        Ok(Some(Presented::Again))
    );
    let verifier = verifier();
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    assert!(decision.is_allowed());
    // The guard's failure is reported and changes nothing.
    let admitted = decision.admit(&down(), at(NOW)).unwrap();
    let code = admitted.replay().unwrap().map_err(ReplayUnavailable::code);
    assert_eq!(code, Err("replay_store"));
}

#[test]
fn a_rule_that_says_nothing_asks_no_guard() {
    for replay in [None, Some("off")] {
        let policy = policy(replay);
        let token = token("");
        for _ in 0..2 {
            assert_eq!(admit(&policy, &NotAsked, &token, NOW), Ok(None));
        }
    }
}

#[test]
fn a_token_that_the_policy_refuses_is_not_used_up() {
    let policy = policy(Some("enforce"));
    let refused = signed(
        Algorithm::EdDsa,
        &payload(r#","jti":"1""#).replace(r#""job""#, r#""other""#),
    );
    assert_eq!(
        admit(&policy, &NotAsked, &refused, NOW),
        Err("no_rule_holds")
    );
}

#[test]
fn the_allow_of_a_rule_that_enforces_is_none_without_a_guard() {
    let policy = policy(Some("enforce"));
    let verifier = verifier();
    let token = token("");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    assert!(!decision.is_allowed());
    assert!(!decision.for_caller().allowed);
    assert_eq!(decision.outcome().code(), "allowed_once");
    assert!(matches!(
        decision.outcome(),
        Outcome::AllowedOnce { rule: 0, .. }
    ));
    assert_eq!(
        (decision.rule_id(), decision.replay()),
        (Some("once"), ReplayMode::Enforce)
    );
    let view = decision.for_operator();
    assert!(!view.allowed && view.nearest.is_none());
    let first_line = view.to_string().lines().next().unwrap().to_owned();
    assert!(
        first_line.contains("allowed once: a replay guard must say that it is the first time"),
        "{first_line}"
    );
}

/// `replayed` is no mismatch, and a guard that fails neither refuses nor admits.
#[test]
fn a_replay_and_a_guard_that_cannot_say_are_told_apart() {
    let policy = policy(Some("enforce"));
    let verifier = verifier();
    let token = token("");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    let refusal = |guard: &Says| decision.admit(guard, at(NOW)).unwrap_err();

    let replayed = refusal(&Says(Ok(Presented::Again)));
    assert_eq!(
        (replayed.code(), replayed.class()),
        ("replayed", Class::Refused)
    );
    assert_eq!(
        replayed.to_string(),
        "token was used before, and rule `once` admits it once"
    );
    let down = refusal(&down());
    assert_eq!(
        (down.code(), down.class()),
        ("replay_store", Class::Unavailable)
    );
    assert_eq!(
        chain(&down),
        "replay guard cannot say whether the token was used before: \
         store of the replay guard is not usable: connection refused"
    );
    let forgotten = refusal(&Says(Err(ReplayUnavailable::Forgotten)));
    assert_eq!(
        (forgotten.code(), forgotten.class()),
        ("replay_forgotten", Class::Unavailable)
    );
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[test]
fn a_full_guard_makes_the_service_unavailable() {
    let policy = policy(Some("enforce"));
    let guard = MemoryReplayGuard::with_capacity(1).unwrap();
    let one = token(r#","jti":"1""#);
    assert_eq!(
        admit(&policy, &guard, &one, NOW),
        Ok(Some(Presented::First))
    );
    let other = token(r#","jti":"2""#);
    assert_eq!(admit(&policy, &guard, &other, NOW), Err("replay_full"));
    assert_eq!(admit(&policy, &guard, &one, NOW), Err("replayed"));
}

#[test]
fn claims_that_were_vouched_for_are_never_admitted_once() {
    let policy = policy(Some("enforce"));
    let claims = payload(r#","jti":"1""#);
    let claims = policy
        .vouched_claims(support::identifier(ISSUER), claims.as_bytes())
        .unwrap();
    let decision = policy.decide(&claims);
    let refusal = decision.admit(&NotAsked, at(NOW)).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.class()),
        ("replay_unverified", Class::Unavailable)
    );
    let observing = self::policy(Some("observe"));
    let admitted = observing.decide(&claims).admit(&NotAsked, at(NOW)).unwrap();
    let said = admitted.replay().unwrap().map_err(ReplayUnavailable::code);
    assert_eq!(said, Err("replay_unverified"));
}

#[test]
fn the_first_allow_rule_that_holds_says_how_often() {
    let rule = |id: &str, replay: &str| {
        json!({
            "id": id, "effect": "allow", "issuer": ISSUER, "audiences": [AUDIENCE],
            "conditions": [{"claim": "sub", "equals": "job"}], "replay": replay,
        })
    };
    let verifier = verifier();
    let token = token("");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    for (first, second, allowed) in [("enforce", "off", false), ("off", "enforce", true)] {
        let policy = json!({"rules": [rule("first", first), rule("second", second)]});
        let policy = Policy::from_json(policy.to_string().as_bytes()).unwrap();
        let decision = policy.decide(&verified);
        assert_eq!(decision.is_allowed(), allowed);
        assert_eq!(decision.replay().name(), first);
    }
}

#[test]
fn the_member_replay_is_one_of_three_words_of_an_allow_rule() {
    let load = |effect: &str, replay: &Value| {
        let policy = json!({"rules": [{
            "id": "r", "effect": effect, "issuer": ISSUER, "audiences": [AUDIENCE],
            "conditions": [{"claim": "sub", "equals": "job"}], "replay": replay,
        }]});
        match Policy::from_json(policy.to_string().as_bytes()) {
            Ok(_) => "loads".to_owned(),
            Err(error) => format!("{} {}", error.code(), error.at().as_str()),
        }
    };
    for word in ["off", "observe", "enforce"] {
        assert_eq!(load("allow", &json!(word)), "loads");
        assert_eq!(
            load("deny", &json!(word)),
            "member_misplaced /rules/0/replay"
        );
    }
    for word in ["", "Enforce", "enforced", "on"] {
        assert_eq!(load("allow", &json!(word)), "word_unknown /rules/0/replay");
    }
    for value in [json!(null), json!(true), json!(["enforce"])] {
        assert_eq!(load("allow", &value), "wrong_kind /rules/0/replay");
    }
}

/// An example says whom the policy is for; the guard is not part of the policy.
#[test]
fn an_example_is_admitted_by_a_rule_that_enforces() {
    let policy = |list: &str| {
        let policy = json!({"rules": [{
            "id": "r", "effect": "allow", "issuer": ISSUER, "audiences": [AUDIENCE],
            "conditions": [{"claim": "sub", "equals": "job"}], "replay": "enforce",
            "examples": {list: [{"sub": "job"}]},
        }]});
        Policy::from_json(policy.to_string().as_bytes()).map(drop)
    };
    assert!(policy("allow").is_ok());
    assert_eq!(policy("deny").unwrap_err().code(), "example_failed");
}

/// A guard over a store that several processes share, as a caller may write one.
#[derive(Default)]
struct Shared(Mutex<HashSet<[u8; 32]>>);

impl AsyncReplayGuard for Shared {
    async fn record_async(
        &self,
        token: &TokenUse,
        _: NumericDate,
    ) -> Result<Presented, ReplayUnavailable> {
        let id = *token.id();
        std::future::ready(()).await;
        let is_new = self.0.lock().unwrap().insert(id);
        Ok(if is_new {
            Presented::First
        } else {
            Presented::Again
        })
    }
}

/// These futures wait for nothing.
fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("waits"),
    }
}

#[test]
fn a_guard_that_waits_and_one_that_does_not_say_the_same() {
    let policy = policy(Some("enforce"));
    let verifier = verifier();
    let token = token("");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let decision = policy.decide(&verified);
    let (shared, memory) = (Shared::default(), MemoryReplayGuard::new());
    let code = |refusal: NotAdmitted| refusal.code();
    for expected in [Ok("once"), Err("replayed")] {
        let by_shared = now_or_never(decision.admit_async(&shared, at(NOW)));
        let by_memory = now_or_never(decision.admit_async(&memory, at(NOW)));
        for admitted in [by_shared, by_memory] {
            let rule = admitted.map(|admitted| admitted.rule_id()).map_err(code);
            assert_eq!(rule, expected);
        }
    }
    let by_down = now_or_never(decision.admit_async(&down(), at(NOW)));
    assert_eq!(by_down.map(drop).map_err(code), Err("replay_store"));
}

#[test]
fn a_guard_can_be_chosen_at_run_time() {
    let guard: Box<dyn ReplayGuard> = Box::new(MemoryReplayGuard::new());
    let verifier = verifier();
    let token = token("");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let policy = policy(Some("enforce"));
    let decision = policy.decide(&verified);
    assert!(decision.admit(&*guard, at(NOW)).is_ok());
    assert!(decision.admit(&*guard, at(NOW)).is_err());
}
