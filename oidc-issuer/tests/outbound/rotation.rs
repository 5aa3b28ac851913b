//! Keys rotate under a clock that runs for months, and everything outlives a restart.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{ADMIN, BASE_URL, DEPLOYER, Folder, World, config};
use crate::common::NOW;

fn kids(world: &World, account: usize) -> BTreeSet<String> {
    let url = format!("{}/.well-known/jwks.json", world.issuer(account));
    let set: Value = serde_json::from_str(&world.get(&url).text).unwrap();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(token: &str) -> String {
    let header = jsonwebtoken::decode_header(token).unwrap();
    header.kid.unwrap()
}

/// Ninety days in steps of half a day, with a token of each algorithm at each.
#[test]
fn keys_rotate_and_every_token_verifies_until_it_expires() {
    let folder = Folder::new("rotation");
    let mut config = config();
    config["rotation"] = json!({"period": "30d"});
    let mut world = World::with(&folder, &config, BASE_URL);
    assert_eq!(world.iam(ADMIN, "Enable").status, 200);
    let first = kids(&world, 0);
    let mut signed_by = [BTreeSet::new(), BTreeSet::new()];
    let mut alive: Vec<(i64, String)> = Vec::new();
    let (mut published, mut news) = (BTreeSet::new(), Vec::new());
    for step in 0..180 {
        let now = NOW + step * 12 * 3_600;
        world.set_time(now - if step == 0 { 0 } else { 1_800 });
        news.append(&mut world.pass());
        for (place, algorithm) in ["RS256", "ES384"].into_iter().enumerate() {
            let parameters = format!(
                "Audience.member.1=doppler&SigningAlgorithm={algorithm}&DurationSeconds=3600"
            );
            let token = world.token(DEPLOYER, &parameters).token();
            signed_by[place].insert(kid(&token));
            alive.push((world.now().as_seconds() + 3_600, token));
        }
        // Half an hour on: whatever the driver does, they are good.
        world.set_time(now);
        news.append(&mut world.pass());
        published.append(&mut kids(&world, 0));
        alive.retain(|(exp, _)| *exp > now);
        for (_, token) in &alive {
            assert!(world.accept(token, "doppler").is_some(), "{now}");
        }
    }
    for signers in &signed_by {
        assert!((3..=5).contains(&signers.len()), "{signed_by:?}");
        assert!(signers.is_subset(&published));
        for kid in signers.difference(&first) {
            let told = |line: &String| line.contains(kid) && line.ends_with("is active");
            assert!(news.iter().any(told), "{kid}: {news:?}");
        }
    }
    // Those whose tokens have all expired are gone.
    let now = kids(&world, 0);
    assert!(now.len() <= 6 && published.len() > now.len(), "{now:?}");
}

#[test]
fn a_restart_keeps_issuers_keys_and_switches() {
    let folder = Folder::new("restart");
    let remembered = |world: &World| {
        let issuers = [world.issuer(0), world.issuer(1)];
        (issuers, [kids(world, 0), kids(world, 1)])
    };
    let world = World::enabled(&folder);
    let parameters = "Audience.member.1=doppler&SigningAlgorithm=RS256";
    let token = world.token(DEPLOYER, parameters).token();
    let before = remembered(&world);
    assert_ne!(before.0[0], before.0[1]);
    drop(world);

    let world = World::open(&folder);
    assert_eq!(remembered(&world), before);
    assert_eq!(world.iam(ADMIN, "Get").status, 200);
    assert!(world.accept(&token, "doppler").is_some());
    assert_eq!(kid(&world.token(DEPLOYER, parameters).token()), kid(&token));
    assert_eq!(world.iam(ADMIN, "Disable").status, 200);
    drop(world);

    let world = World::open(&folder);
    assert_eq!(remembered(&world), before);
    assert_eq!(world.iam(ADMIN, "Get").status, 404);
    assert!(world.accept(&token, "doppler").is_some());
}
