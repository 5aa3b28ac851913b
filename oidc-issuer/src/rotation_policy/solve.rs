//! The rules I1 to I12: what follows from what is given, what contradicts it, and what mends it.

use super::error::{Bound, Fix, RotationPolicyError, Rule};
use super::member::{Member, Values};
use super::settings::RotationSettings;
use crate::state::MAX_KEYS_PER_RING;

/// Every value, or why there are none.
pub(super) fn solve(settings: &RotationSettings) -> Result<Values<u64>, RotationPolicyError> {
    for (member, given) in settings.given() {
        let (min, max) = member.bounds();
        if !(min..=max).contains(&given) {
            return Err(RotationPolicyError::OutOfRange {
                member,
                given,
                min,
                max,
            });
        }
    }
    let values = derived(settings);
    match violations(&values).next() {
        None => Ok(values),
        Some(violation) => Err(RotationPolicyError::Violated {
            rule: violation.rule,
            member: violation.member,
            value: values.get(violation.member),
            bound: violation.bound,
            limit: violation.limit,
            fixes: fixes(settings, &values, &violation),
        }),
    }
}

/// What is given, and for the rest what follows from it or else the default.
pub(super) fn derived(settings: &RotationSettings) -> Values<u64> {
    let given = settings.values();
    let mut v = Values {
        token_lifetime: given.token_lifetime.unwrap_or(3_600),
        jwks_max_age: given.jwks_max_age.unwrap_or(600),
        shared_caches: given.shared_caches.unwrap_or(1),
        consumer_cache_life: given.consumer_cache_life.unwrap_or(86_400),
        discovery_max_age: given.discovery_max_age.unwrap_or(3_600),
        propagation: given.propagation.unwrap_or(60),
        clock_error: given.clock_error.unwrap_or(60),
        verifier_leeway: given.verifier_leeway.unwrap_or(300),
        signing_delay: given.signing_delay.unwrap_or(5),
        standbys: given.standbys.unwrap_or(1),
        rings: given.rings.unwrap_or(1),
        max_keys: given.max_keys.unwrap_or(32),
        ..Values::default()
    };
    let copies = v.shared_caches.saturating_add(1);
    if given.jwks_max_age.is_none() {
        // I7 and I11, solved for `max-age`.
        let in_cache_life = given.jwks_cache_life.map(|life| share(life, copies));
        let in_objective = given.distrust_within.map(|within| {
            let left = within.saturating_sub(v.propagation);
            share(left, copies)
        });
        for most in [in_cache_life, in_objective].into_iter().flatten() {
            v.jwks_max_age = v.jwks_max_age.min(most);
        }
        v.jwks_max_age = within(Member::JwksMaxAge, v.jwks_max_age);
    }
    let honoured = v.jwks_max_age.saturating_mul(copies);
    v.jwks_cache_life = given.jwks_cache_life.unwrap_or(honoured);
    v.distrust_within = given
        .distrust_within
        .unwrap_or(sum([v.propagation, v.jwks_cache_life]));

    let seen = sum([longest_cache(&v), v.clock_error]);
    v.publish_before = given.publish_before.unwrap_or(seen);
    v.discovery_before = given.discovery_before.unwrap_or(discovery_life(&v));

    // I5, solved for whichever of the two is not given.
    v.staleness = match (given.staleness, given.poll_interval) {
        (Some(staleness), _) => staleness,
        (None, Some(poll)) => poll.saturating_mul(2).max(60),
        (None, None) => 60,
    };
    v.poll_interval = given.poll_interval.unwrap_or((v.staleness / 2).min(10));

    if let (None, Some(after)) = (given.token_lifetime, given.publish_after) {
        // I3, solved for the lifetime.
        let without = sum([v.staleness, v.signing_delay, leeway_and_clocks(&v)]);
        let most = after.saturating_sub(without).min(v.token_lifetime);
        v.token_lifetime = within(Member::TokenLifetime, most);
    }
    let margin = leeway_and_clocks(&v).max(15 * 60);
    let after = sum([v.staleness, v.signing_delay, v.token_lifetime, margin]);
    v.publish_after = given.publish_after.unwrap_or(after);
    v.destroy_after = given.destroy_after.unwrap_or(drained(&v));
    let aged = sum([seen_after(&v), v.publish_before]);
    v.period = given.period.unwrap_or(
        aged.max(v.publish_after.div_ceil(room_for_retiring(&v)))
            .max(7 * 86_400),
    );

    // I12, solved for whichever of the two is not given.
    let room = v.token_lifetime.saturating_sub(v.verifier_leeway);
    let room = room.saturating_sub(1);
    v.token_refresh = match (given.token_refresh, given.outage_budget) {
        (Some(refresh), _) => refresh,
        (None, Some(outage)) => four_fifths(v.token_lifetime).min(room.saturating_sub(outage)),
        (None, None) if four_fifths(v.token_lifetime) <= room => four_fifths(v.token_lifetime),
        (None, None) => four_fifths(room),
    };
    v.outage_budget = match given.outage_budget {
        Some(outage) => outage,
        None if v.token_refresh == 0 => 0,
        None => room.saturating_sub(v.token_refresh),
    };
    v
}

/// A rule that does not hold, told of one member: it must be at least, or at most, the limit.
struct Violation {
    rule: Rule,
    member: Member,
    bound: Bound,
    limit: u64,
}

impl Violation {
    /// Whether both are the same inequality; I6 has one on either side.
    fn is_same_rule(&self, other: &Violation) -> bool {
        (self.rule, self.member, self.bound) == (other.rule, other.member, other.bound)
    }
}

/// The rules that do not hold, the one to mend first first: what caches do, then what keys do, then
/// what is built on both.
fn violations(v: &Values<u64>) -> impl Iterator<Item = Violation> {
    let copies = v.shared_caches.saturating_add(1);
    let per_ring = sum([2, v.standbys, v.publish_after.div_ceil(v.period.max(1))]);
    let refresh_and = sum([v.token_refresh, v.outage_budget, v.verifier_leeway]);
    let kept = v.token_refresh > 0 || v.outage_budget > 0;
    let (least, most) = (Bound::AtLeast, Bound::AtMost);
    [
        (
            Rule::I7,
            Member::JwksCacheLife,
            least,
            v.jwks_max_age.saturating_mul(copies),
        ),
        (
            Rule::I11,
            Member::DistrustWithin,
            least,
            sum([v.propagation, v.jwks_cache_life]),
        ),
        (Rule::I1, Member::PublishBefore, least, longest_cache(v)),
        (
            Rule::I2,
            Member::PublishBefore,
            least,
            sum([longest_cache(v), v.clock_error]),
        ),
        (Rule::I10, Member::DiscoveryBefore, least, discovery_life(v)),
        (
            Rule::I5,
            Member::PollInterval,
            most,
            v.staleness.saturating_sub(1),
        ),
        (
            Rule::I3,
            Member::PublishAfter,
            least,
            sum([
                v.staleness,
                v.signing_delay,
                v.token_lifetime,
                leeway_and_clocks(v),
            ]),
        ),
        (Rule::I6, Member::DestroyAfter, least, drained(v)),
        (Rule::I6, Member::DestroyAfter, most, v.publish_after),
        (
            Rule::I8,
            Member::Period,
            least,
            sum([seen_after(v), v.publish_before]),
        ),
        (
            Rule::I8,
            Member::Period,
            least,
            v.publish_after.div_ceil(room_for_retiring(v)),
        ),
        (Rule::I9, Member::Rings, most, share(v.max_keys, per_ring)),
        (
            Rule::I12,
            Member::TokenLifetime,
            least,
            if kept {
                refresh_and.saturating_add(1)
            } else {
                0
            },
        ),
    ]
    .into_iter()
    .map(|(rule, member, bound, limit)| Violation {
        rule,
        member,
        bound,
        limit,
    })
    .filter(|violation| {
        let value = v.get(violation.member);
        match violation.bound {
            Bound::AtLeast => value < violation.limit,
            Bound::AtMost => value > violation.limit,
        }
    })
}

/// The edits of one member that make the rule hold, in this order: those of a choice after which
/// everything holds, then other edits of a choice, then edits of what is said about the world. In
/// each of these the smallest change first, and of two the one of the member that the rule is told of.
fn fixes(settings: &RotationSettings, values: &Values<u64>, violation: &Violation) -> Vec<Fix> {
    let mut found: Vec<(u8, u64, Fix)> = Vec::new();
    for (member, given) in settings.given() {
        let (min, max) = member.bounds();
        for (bound, far) in [(Bound::AtLeast, max), (Bound::AtMost, min)] {
            let holds = |value| holds_with(settings, member, value, violation);
            let Some(value) = nearest(given, far, holds) else {
                continue;
            };
            let edited = derived(&settings.with(member, value));
            let rank = match (member.is_fact(), violations(&edited).next().is_none()) {
                (false, true) => 0,
                (false, false) => 1,
                (true, _) => 2,
            };
            found.push((
                rank,
                value.abs_diff(given),
                Fix {
                    member,
                    value,
                    bound,
                },
            ));
        }
    }
    if found.is_empty() {
        found.extend(from_default(settings, values, violation));
    }
    found.sort_by_key(|(rank, change, fix)| (*rank, *change, fix.member != violation.member));
    found.into_iter().map(|(_, _, fix)| fix).collect()
}

/// The same for a member that was not given: only where no edit of a given one helps.
fn from_default(
    settings: &RotationSettings,
    values: &Values<u64>,
    violation: &Violation,
) -> Option<(u8, u64, Fix)> {
    let Violation {
        member,
        bound,
        limit: value,
        ..
    } = *violation;
    let (min, max) = member.bounds();
    let mends = (min..=max).contains(&value) && holds_with(settings, member, value, violation);
    let change = value.abs_diff(values.get(member));
    mends.then_some((
        0,
        change,
        Fix {
            member,
            value,
            bound,
        },
    ))
}

fn holds_with(
    settings: &RotationSettings,
    member: Member,
    value: u64,
    violation: &Violation,
) -> bool {
    let edited = derived(&settings.with(member, value));
    !violations(&edited).any(|other| other.is_same_rule(violation))
}

/// The value nearest to `from`, on the way to `far`, for which `holds`; every rule is monotone in
/// every member.
fn nearest(from: u64, far: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(far) {
        return None;
    }
    // INVARIANT: `good` holds; `bad` does not, or is `from`.
    let (mut bad, mut good) = (from, far);
    while bad.abs_diff(good) > 1 {
        let middle = bad.midpoint(good);
        if holds(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(good)
}

/// J*: the longest that anybody holds a JWK Set.
fn longest_cache(v: &Values<u64>) -> u64 {
    v.jwks_cache_life.max(v.consumer_cache_life)
}

/// S + 2E.
fn leeway_and_clocks(v: &Values<u64>) -> u64 {
    sum([v.verifier_leeway, v.clock_error, v.clock_error])
}

/// R + D + E: no signer holds a key any more this long after it was demoted.
fn drained(v: &Values<u64>) -> u64 {
    sum([v.staleness, v.signing_delay, v.clock_error])
}

/// The life of the discovery document in caches, P and E.
fn discovery_life(v: &Values<u64>) -> u64 {
    let copies = v.shared_caches.saturating_add(1);
    sum([
        v.discovery_max_age.saturating_mul(copies),
        v.propagation,
        v.clock_error,
    ])
}

/// How long after it was made a key is seen in public, when nothing goes wrong: as soon as the world
/// sees it, and every replica has read of it.
fn seen_after(v: &Values<u64>) -> u64 {
    let settled = sum([v.poll_interval, v.signing_delay, v.clock_error]);
    v.propagation.max(settled)
}

/// How many retiring keys fit into a ring beside the active key, the standbys, and one in the making.
fn room_for_retiring(v: &Values<u64>) -> u64 {
    let most = u64::try_from(MAX_KEYS_PER_RING).unwrap_or(u64::MAX);
    most.saturating_sub(sum([2, v.standbys])).max(1)
}

fn within(member: Member, value: u64) -> u64 {
    let (min, max) = member.bounds();
    value.clamp(min, max)
}

/// The whole part of one share; there is always one to share with.
fn share(amount: u64, between: u64) -> u64 {
    amount.checked_div(between).unwrap_or(amount)
}

fn four_fifths(seconds: u64) -> u64 {
    seconds.saturating_mul(4) / 5
}

fn sum<const N: usize>(terms: [u64; N]) -> u64 {
    terms.into_iter().fold(0, u64::saturating_add)
}
