//! The rules I1 to I12: what is derived, what is refused, and what mends it.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers of a test program"
)]

use std::time::Duration;

use oidc_core::NumericDate;
use oidc_issuer::{
    Bound, MAX_KEYS_PER_RING, Member, PlannedState, RotationPolicy, RotationPolicyError,
    RotationSettings, Rule,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn solve(document: &Value) -> Result<RotationPolicy, RotationPolicyError> {
    let settings = serde_json::from_value(document.clone()).unwrap();
    RotationPolicy::solve(&settings)
}

/// The rule that a document violates, and the edit that mends it.
fn refused(document: &Value) -> (Option<Rule>, String) {
    let error = solve(document).unwrap_err();
    (error.rule(), error.fix().unwrap().to_string())
}

#[test]
fn nothing_said_gives_the_documented_defaults() {
    let policy = RotationPolicy::default();
    assert_eq!(solve(&json!({})), Ok(policy));
    assert_eq!(
        serde_json::to_value(policy).unwrap(),
        json!({
            "period": "7d",
            "token_lifetime": "1h",
            "jwks_max_age": "10m",
            "shared_caches": 1,
            "jwks_cache_life": "20m",
            "consumer_cache_life": "1d",
            "discovery_max_age": "1h",
            "discovery_before": "2h2m",
            "publish_before": "1d1m",
            "propagation": "1m",
            "clock_error": "1m",
            "verifier_leeway": "5m",
            "staleness": "1m",
            "poll_interval": "10s",
            "signing_delay": "5s",
            "publish_after": "1h16m5s",
            "destroy_after": "2m5s",
            "standbys": 1,
            "rings": 1,
            "max_keys": 32,
            "distrust_within": "21m",
            "token_refresh": "48m",
            "outage_budget": "6m59s",
        })
    );
}

#[test]
fn what_is_missing_follows_from_what_is_given() {
    for (given, derived) in [
        // I1 and I2: a day of hard-coded cache, or two.
        (
            json!({"consumer_cache_life": "48h"}),
            json!({"publish_before": "2d1m"}),
        ),
        (
            json!({"consumer_cache_life": 0}),
            json!({"publish_before": "21m"}),
        ),
        // I8: a period is long enough for its successor to age.
        (
            json!({"consumer_cache_life": "30d"}),
            json!({"period": "30d2m15s"}),
        ),
        // I3, solved for either side.
        (
            json!({"token_lifetime": "24h"}),
            json!({"publish_after": "1d16m5s"}),
        ),
        (
            json!({"publish_after": "30m"}),
            json!({"token_lifetime": "21m55s"}),
        ),
        // I5, solved for either side.
        (
            json!({"staleness": "5m"}),
            json!({"poll_interval": "10s", "destroy_after": "6m5s"}),
        ),
        (json!({"staleness": 6}), json!({"poll_interval": "3s"})),
        (json!({"poll_interval": "2m"}), json!({"staleness": "4m"})),
        // I7 and I11: choose J from the revocation objective first.
        (
            json!({"distrust_within": "5m"}),
            json!({"jwks_max_age": "2m", "jwks_cache_life": "4m"}),
        ),
        (
            json!({"jwks_cache_life": "10m"}),
            json!({"jwks_max_age": "5m", "distrust_within": "11m"}),
        ),
        (
            json!({"shared_caches": 0}),
            json!({"jwks_cache_life": "10m", "distrust_within": "11m"}),
        ),
        // I10.
        (
            json!({"discovery_max_age": "10m"}),
            json!({"discovery_before": "22m"}),
        ),
        // I12: 80 % of the lifetime, less where the leeway leaves less; no file where it leaves none.
        (
            json!({"token_lifetime": "10m"}),
            json!({"token_refresh": "3m59s", "outage_budget": "1m"}),
        ),
        (
            json!({"token_lifetime": "5m"}),
            json!({"token_refresh": "0s", "outage_budget": "0s"}),
        ),
        (
            json!({"outage_budget": "30m"}),
            json!({"token_refresh": "24m59s"}),
        ),
    ] {
        let policy = serde_json::to_value(solve(&given).unwrap()).unwrap();
        for (name, value) in derived.as_object().unwrap() {
            assert_eq!(&policy[name], value, "{given}: {name}");
        }
    }
}

/// Each rule that two given values can break, at its edge and one second past it.
#[test]
fn each_rule_holds_at_its_edge_and_not_one_past_it() {
    for (rule, mut document, member, edge, past) in [
        (
            Rule::I1,
            json!({"clock_error": 1}),
            "publish_before",
            86_401,
            86_399,
        ),
        (Rule::I2, json!({}), "publish_before", 86_460, 86_459),
        (
            Rule::I3,
            json!({"token_lifetime": "6h"}),
            "publish_after",
            22_085,
            22_084,
        ),
        (
            Rule::I5,
            json!({"staleness": "1m"}),
            "poll_interval",
            59,
            60,
        ),
        (Rule::I6, json!({}), "destroy_after", 125, 124),
        (Rule::I6, json!({}), "destroy_after", 4_565, 4_566),
        (
            Rule::I7,
            json!({"jwks_max_age": "10m"}),
            "jwks_cache_life",
            1_200,
            1_199,
        ),
        (Rule::I8, json!({}), "period", 86_535, 86_534),
        (
            Rule::I8,
            json!({"token_lifetime": "24h", "consumer_cache_life": 0}),
            "period",
            17_473,
            17_472,
        ),
        (Rule::I9, json!({"standbys": 2}), "rings", 6, 7),
        (Rule::I10, json!({}), "discovery_before", 7_320, 7_319),
        (
            Rule::I11,
            json!({"jwks_max_age": "10m"}),
            "distrust_within",
            1_260,
            1_259,
        ),
        (
            Rule::I12,
            json!({"token_lifetime": "1h"}),
            "token_refresh",
            3_299,
            3_300,
        ),
    ] {
        document[member] = json!(edge);
        assert!(solve(&document).is_ok(), "{rule}: {:?}", solve(&document));
        document[member] = json!(past);
        let error = solve(&document).unwrap_err();
        assert_eq!(error.rule(), Some(rule), "{error}");
    }
}

/// W1 of diridp: it compares the token's life with the key's, and withdraws the key too early.
#[test]
fn a_token_that_outlives_its_published_key_is_refused() {
    let document = json!({"period": "25h", "publish_after": "6h", "token_lifetime": "24h"});
    let error = solve(&document).unwrap_err();
    assert_eq!(error.rule(), Some(Rule::I3));
    assert_eq!(
        error.to_string(),
        "rule I3 does not hold: `publish_after` of 6h is less than 1d8m5s, and a key would go \
            while a token of it is valid; raise `publish_after` to 1d8m5s"
    );
    let RotationPolicyError::Violated { fixes, .. } = error else {
        panic!("{error:?}");
    };
    let fixes: Vec<String> = fixes.iter().map(ToString::to_string).collect();
    assert_eq!(
        fixes,
        [
            "raise `publish_after` to 1d8m5s",
            "lower `token_lifetime` to 5h51m55s"
        ]
    );
}

#[test]
fn the_fix_is_the_smallest_edit_of_what_was_chosen() {
    for (document, rule, fix) in [
        (
            json!({"period": "1h"}),
            Rule::I8,
            "raise `period` to 1d2m15s",
        ),
        (
            json!({"jwks_max_age": "1h", "distrust_within": "1h"}),
            Rule::I11,
            "lower `jwks_max_age` to 29m30s",
        ),
        (
            json!({"poll_interval": "10m", "staleness": "1m"}),
            Rule::I5,
            "lower `poll_interval` to 59s",
        ),
        // The world is not edited where a choice mends it, even by more.
        (
            json!({"consumer_cache_life": "25h", "publish_before": "25h"}),
            Rule::I2,
            "raise `publish_before` to 1d1h1m",
        ),
        // Where no choice mends everything, one that mends the rule comes first.
        (
            json!({"consumer_cache_life": "30d", "publish_before": "1d", "period": "7d"}),
            Rule::I1,
            "raise `publish_before` to 30d",
        ),
    ] {
        assert_eq!(
            refused(&document),
            (Some(rule), fix.to_owned()),
            "{document}"
        );
    }
}

#[test]
fn every_member_is_bounded_on_both_sides() {
    for member in Member::ALL {
        let (min, max) = member.bounds();
        assert!(min < max, "{}", member.name());
        let out = [min.checked_sub(1), Some(max + 1), Some(u64::MAX)];
        for given in out.into_iter().flatten() {
            let error = solve(&json!({member.name(): given})).unwrap_err();
            assert_eq!(
                (error.rule(), error.code()),
                (None, "rotation_out_of_range")
            );
            let fix = error.fix().unwrap();
            assert_eq!(fix.value, if given < min { min } else { max });
            assert_eq!(fix.bound == Bound::AtLeast, given < min);
        }
        for given in [min, max] {
            if let Err(error) = solve(&json!({member.name(): given})) {
                assert_eq!(error.code(), "rotation_rule_violated", "{error}");
            }
        }
    }
}

#[test]
fn a_setter_cuts_off_fractions_and_means_the_member_of_its_name() {
    let settings = RotationSettings::new()
        .period(Duration::from_millis(172_800_999))
        .standbys(2);
    assert_eq!(
        serde_json::to_value(settings).unwrap(),
        json!({"period": "2d", "standbys": 2})
    );
    let policy = RotationPolicy::solve(&settings).unwrap();
    assert_eq!((policy.period().as_secs(), policy.standbys()), (172_800, 2));
}

/// A document: some members with values around the bounds and the defaults.
fn documents() -> impl Strategy<Value = Value> {
    let member = proptest::sample::select(Member::ALL);
    let entry = (member, any::<u64>(), 0_u8..4);
    proptest::collection::vec(entry, 0..8).prop_map(|entries| {
        let mut document = Map::new();
        for (member, number, kind) in entries {
            let (min, max) = member.bounds();
            let value = match kind {
                0 => min + number % (max - min + 1),
                1 => min + number % (max - min + 1).min(5_000),
                2 => min + number % (max - min + 1).min(200_000),
                _ => {
                    if number % 2 == 0 {
                        min
                    } else {
                        max
                    }
                }
            };
            document.insert(member.name().to_owned(), value.into());
        }
        document.into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_given_is_kept_and_what_is_solved_reads_as_itself(document in documents()) {
        if let Ok(policy) = solve(&document) {
            let whole = serde_json::to_value(policy).unwrap();
            prop_assert_eq!(solve(&whole), Ok(policy));
            let settings: RotationSettings = serde_json::from_value(document).unwrap();
            let given = serde_json::to_value(settings).unwrap();
            for (name, value) in given.as_object().unwrap() {
                prop_assert_eq!(&whole[name], value);
            }
        }
    }

    /// Following the first fix ends in a rotation that fits, and no smaller edit would have done.
    #[test]
    fn fixes_lead_to_a_policy(mut document in documents()) {
        for _ in 0..12 {
            let Err(error) = solve(&document) else {
                return Ok(());
            };
            let Some(fix) = error.fix() else {
                // Refresh and outage budget each longer than any token lives: one edit is too few.
                prop_assert_eq!(error.rule(), Some(Rule::I12), "{} in {}", error, document);
                return Ok(());
            };
            let name = fix.member.name();
            if document.get(name).is_some() {
                let smaller = if fix.bound == Bound::AtLeast {
                    fix.value - 1
                } else {
                    fix.value + 1
                };
                document[name] = json!(smaller);
                prop_assert!(solve(&document).is_err(), "{} is not the edge in {}", fix, document);
            }
            document[name] = json!(fix.value);
        }
        prop_assert!(solve(&document).is_ok(), "{}", document);
    }

    /// The timeline keeps I1, I3 and I8, whatever the policy.
    #[test]
    fn a_plan_keeps_the_rules(document in documents(), days in 0_u16..90) {
        let Ok(policy) = solve(&document) else {
            return Ok(());
        };
        let start = NumericDate::from_seconds(1_790_000_000).unwrap();
        let plan = policy.plan(start, days);
        let at = |key, to| plan.iter().find(|step| step.key == key && step.to == to).map(|step| step.at);
        let whole = |duration: Duration| i64::try_from(duration.as_secs()).unwrap();
        prop_assert!(plan.is_sorted_by_key(|step| step.at));
        let mut public = 0_usize;
        for step in &plan {
            match step.to {
                PlannedState::Staged => public += 1,
                PlannedState::Active if step.key > 1 => {
                    let seen = at(step.key, PlannedState::Published).unwrap();
                    prop_assert!(step.at.seconds_since(seen) >= whole(policy.publish_before()));
                    prop_assert_eq!(at(step.key - 1, PlannedState::Retiring), Some(step.at));
                }
                PlannedState::Withdrawn => {
                    public -= 1;
                    let retired = at(step.key, PlannedState::Retiring).unwrap();
                    prop_assert_eq!(step.at.seconds_since(retired), whole(policy.publish_after()));
                }
                PlannedState::Published | PlannedState::Active | PlannedState::Retiring | _ => {}
            }
            prop_assert!(public <= MAX_KEYS_PER_RING, "{} keys", public);
        }
    }
}

/// The row of a table that begins with this cell.
fn row<'a>(page: &'a str, first: &str) -> &'a str {
    let begins = format!("| {first}");
    page.lines()
        .find(|line| line.starts_with(&begins))
        .unwrap_or_default()
}

#[test]
fn the_how_tos_name_the_defaults() {
    let policy = RotationPolicy::default();
    let document = serde_json::to_value(policy).unwrap();
    let page = include_str!("../../docs/rotate-keys.md");
    for (member, value, text) in [
        ("period", "7d", "7 days"),
        ("token_lifetime", "1h", "an hour"),
        ("consumer_cache_life", "1d", "24 hours"),
        ("staleness", "1m", "a minute"),
        ("publish_before", "1d1m", "a day and a minute"),
        ("publish_after", "1h16m5s", "an hour and 16 minutes"),
    ] {
        assert_eq!(document[member], value, "{member}");
        assert!(row(page, &format!("`{member}`")).contains(text), "{member}");
    }

    let page = include_str!("../../docs/rotate-in-an-emergency.md");
    let signers = policy.staleness() + policy.signing_delay() + policy.clock_error();
    let honouring = policy.propagation() + policy.jwks_cache_life();
    let others = policy.propagation() + policy.consumer_cache_life();
    for (who, after, seconds, text) in [
        ("your own signers", signers, 125, "two minutes"),
        ("consumers that honour", honouring, 21 * 60, "21 minutes"),
        ("consumers with a cache", others, 86_460, "a day"),
    ] {
        assert_eq!(after.as_secs(), seconds, "{who}");
        assert!(row(page, who).contains(text), "{who}");
    }
}
