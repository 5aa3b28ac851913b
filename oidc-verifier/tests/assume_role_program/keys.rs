//! Keys of the issuers, while they rotate and while nobody can fetch them.

use std::time::Duration;

use oidc_core::Algorithm;

use crate::support::{self, NOW};
use crate::world::*;

/// A token of an issuer that is there for a day.
fn long_lived(issuer: &str) -> support::Members {
    claims(issuer, "job-42", AUDIENCE).with("exp", &(NOW + 86_400).to_string())
}

#[tokio::test(start_paused = true)]
async fn a_token_of_an_unknown_key_waits_for_the_new_keys() {
    let world = World::new();
    world.granted(&assume(BATCH, &signed(&job()))).await;
    assert_eq!(world.sites.fetches(CI), 2, "one for each account");
    // The rotation: a new key beside the old one, then alone.
    let (old, new) = (key_of(Algorithm::Rs256), key_of(Algorithm::Es384));
    world.sites.publish(CI, [old, new]);
    let token = signed_with(new, &job());
    world.granted(&assume(BATCH, &token)).await;
    assert_eq!(world.sites.fetches(CI), 3);
    world.granted(&assume(BATCH, &signed(&job()))).await;
    // A name that nobody has costs one more fetch, and then none for a while.
    world.sites.publish(CI, [new]);
    for _ in 0..20 {
        let stranger = signed_with(key_of(Algorithm::Es512), &job());
        let answer = world.call(&assume(BATCH, &stranger)).await;
        assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
    }
    assert!(world.sites.fetches(CI) <= 4, "{}", world.sites.fetches(CI));
}

/// `KeySourceConfig`: 600 s, and 3,600 s more while no fetch succeeds.
#[tokio::test(start_paused = true)]
async fn known_keys_go_on_while_their_issuer_is_down_and_not_for_ever() {
    let world = World::new();
    let call = assume(BATCH, &signed(&long_lived(CI)));
    world.granted(&call).await;
    world.sites.take_down(CI);
    for _ in 0..41 {
        pass(Duration::from_secs(100)).await;
        world.granted(&call).await;
    }
    // A key that nobody knows cannot be asked for: the token may be good.
    let unknown = signed_with(key_of(Algorithm::Es384), &long_lived(CI));
    let answer = world.call(&assume(BATCH, &unknown)).await;
    assert!(matches!(
        (answer.status, answer.text("Code").as_deref()),
        (400, Some("IDPCommunicationError" | "InvalidIdentityToken"))
    ));
    pass(Duration::from_secs(120)).await;
    world.take_log();
    let answer = world.call(&call).await;
    assert_eq!(answer.refusal(), (400, "IDPCommunicationError".to_owned()));
    let log = world.take_log();
    assert!(
        log.contains("of http://127.0.0.1:8080/ci: no response: no connection"),
        "{log}"
    );
    // It comes back with another key, and by itself.
    let new = key_of(Algorithm::Es384);
    world.sites.publish(CI, [new]);
    pass(Duration::from_secs(121)).await;
    world.granted(&assume(BATCH, &unknown)).await;
    let answer = world.call(&call).await;
    assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_was_never_reached_is_a_communication_error() {
    let world = World::new();
    let token = signed(&claims(DOWN, "job-42", AUDIENCE));
    let answer = world.call(&assume(UNREACHED, &token)).await;
    assert_eq!(answer.refusal(), (400, "IDPCommunicationError".to_owned()));
    let log = world.take_log();
    assert!(
        log.contains("discovery of https://down.example: no response: no connection"),
        "{log}"
    );
    // The other issuers of the account do not mind.
    world.granted(&assume(BATCH, &signed(&job()))).await;
    world.sites.publish(DOWN, [key_of(Algorithm::Rs256)]);
    pass(Duration::from_secs(61)).await;
    world.granted(&assume(UNREACHED, &token)).await;
}

/// A flood of names that nobody has, beside good callers and a rotation: no more fetches than the permits,
/// and the good token is granted all the same. `KeySourceConfig`: 2 in 30 s, one of them for such names.
#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_keys_costs_no_more_than_the_permits() {
    let world = World::new();
    world.granted(&assume(BATCH, &signed(&job()))).await;
    let before = world.sites.fetches(CI);
    let flood = |number: usize| {
        let header = format!(r#"{{"alg":"RS256","kid":"invented-{number}"}}"#);
        support::sign(key_of(Algorithm::Rs256), header, job().to_json())
    };
    for second in 0..30 {
        for number in 0..20 {
            let answer = world
                .call(&assume(BATCH, &flood(second * 20 + number)))
                .await;
            assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
        }
        world.granted(&assume(BATCH, &signed(&job()))).await;
        pass(Duration::from_secs(1)).await;
    }
    let fetched = world.sites.fetches(CI) - before;
    assert!((1..=2).contains(&fetched), "{fetched} fetches");
}
