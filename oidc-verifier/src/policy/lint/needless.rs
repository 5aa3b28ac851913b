//! Rules that others make needless: only what is certain.

use std::collections::HashMap;

use jsonptr::{Predicate, Scalar};

use crate::policy::condition::{ClaimTest, Condition, Elements, Test};
use crate::policy::{Effect, Policy, Rule};

use super::values::{Effort, Values};
use super::{FindingCode, Grade, Report};

/// Finds the rules that others make needless: an allow rule that a deny rule always overrules, and
/// a rule that admits or refuses nothing which another of its effect does not.
pub(super) fn check(policy: &Policy, dead: &[bool], report: &mut Report<'_>, effort: &mut Effort) {
    let rules = policy.rules();
    let candidates = Candidates::new(rules);
    for (index, rule) in rules.iter().enumerate() {
        if dead.get(index).copied().unwrap_or_default() {
            continue;
        }
        let wider = candidates
            .wider_than(rule)
            .into_iter()
            .filter(|&other| other != index)
            .filter_map(|other| Some((other, rules.get(other)?)))
            .find(|(other, wider)| {
                effort.spend(1)
                    && overrides(wider, rule)
                    && is_narrower(rule, wider, effort)
                    // Of two that say the same, the first stays.
                    && (wider.effect != rule.effect
                        || *other < index
                        || !is_narrower(wider, rule, effort))
            });
        let Some((other, wider)) = wider else {
            continue;
        };
        let at = super::terms::place(rule, index);
        let id = wider.id.escape_debug();
        let (code, message) = if wider.effect == rule.effect {
            let message = format!("rule {other} `{id}` says all that this rule says");
            (FindingCode::Shadowed, message)
        } else {
            let message = format!("deny rule {other} `{id}` refuses all that this rule admits");
            (FindingCode::Overruled, message)
        };
        report.add(code, Grade::Caution, index, at, message);
    }
}

/// Whether a rule that holds on the same tokens leaves the other one without effect. Which of two
/// allow rules comes first decides on replays.
fn overrides(wider: &Rule, rule: &Rule) -> bool {
    wider.effect == Effect::Deny || (wider.effect, wider.replay) == (rule.effect, rule.replay)
}

/// Rules that may be wider than others, by what a narrower rule must share with them.
#[derive(Default)]
struct Candidates<'r> {
    of: HashMap<(&'r str, Option<&'r str>), OfAudience<'r>>,
}

#[derive(Default)]
struct OfAudience<'r> {
    /// Rules with a condition that one text must be equal to: a narrower rule names that text.
    by_text: HashMap<(&'r str, &'r str), Vec<usize>>,
    others: Vec<usize>,
}

impl<'r> Candidates<'r> {
    fn new(rules: &'r [Rule]) -> Self {
        let mut candidates = Self::default();
        for (index, rule) in rules.iter().enumerate() {
            let audiences = rule.audiences.iter().map(|audience| Some(&**audience));
            let none = rule.audiences.is_empty().then_some(None);
            for audience in audiences.chain(none) {
                let of = (rule.issuer.as_str(), audience);
                let of_audience = candidates.of.entry(of).or_default();
                let list = match rule.conditions.iter().find_map(one_text) {
                    Some(text) => of_audience.by_text.entry(text).or_default(),
                    None => &mut of_audience.others,
                };
                if list.last() != Some(&index) {
                    list.push(index);
                }
            }
        }
        candidates
    }

    /// The rules that may be wider, in the order of the document.
    fn wider_than(&self, rule: &'r Rule) -> Vec<usize> {
        let mut found = Vec::new();
        let named = rule.audiences.first().map(|audience| Some(&**audience));
        for audience in [Some(None), named].into_iter().flatten() {
            let Some(of_audience) = self.of.get(&(rule.issuer.as_str(), audience)) else {
                continue;
            };
            found.extend_from_slice(&of_audience.others);
            for condition in &rule.conditions {
                named_texts(condition, &mut |text| {
                    let rules = of_audience.by_text.get(&text);
                    found.extend(rules.into_iter().flatten());
                });
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The claim and the text, if a condition is that the one is equal to the other.
fn one_text(condition: &Condition) -> Option<(&str, &str)> {
    let Condition::Claim(test) = condition else {
        return None;
    };
    let Test::Predicate(matcher) = &test.test else {
        return None;
    };
    match (test.elements, matcher.predicate()) {
        (None, Predicate::Equals(Scalar::Text(text))) => Some((test.pointer.as_str(), text)),
        _ => None,
    }
}

/// Every text that a condition names whole, with its claim.
fn named_texts<'r>(condition: &'r Condition, visit: &mut impl FnMut((&'r str, &'r str))) {
    match condition {
        Condition::Claim(test) => {
            for text in Values::of(&test.test).literals() {
                visit((test.pointer.as_str(), text));
            }
        }
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                named_texts(part, visit);
            }
        }
        Condition::Aws(_) | Condition::ClaimPrefix(_) | Condition::Not { .. } => {}
    }
}

/// Whether certainly every token on which `rule` holds is one on which `wider` does.
fn is_narrower(rule: &Rule, wider: &Rule, effort: &mut Effort) -> bool {
    let audiences = wider.audiences.is_empty()
        || !rule.audiences.is_empty()
            && rule
                .audiences
                .iter()
                .all(|own| effort.spend(wider.audiences.len()) && wider.audiences.contains(own));
    audiences
        && wider.conditions.iter().all(|wanted| {
            let mut given = rule.conditions.iter();
            given.any(|given| implies(given, wanted, effort))
        })
}

/// Whether certainly every token that passes `given` passes `wanted`.
fn implies(given: &Condition, wanted: &Condition, effort: &mut Effort) -> bool {
    if !effort.spend(1) {
        return false;
    }
    match (given, wanted) {
        (Condition::Claim(given), Condition::Claim(wanted)) => test_implies(given, wanted, effort),
        (Condition::Any(parts), _) if !parts.is_empty() => {
            parts.iter().all(|part| implies(part, wanted, effort))
        }
        (_, Condition::All(wanted)) => wanted.iter().all(|part| implies(given, part, effort)),
        (Condition::All(parts), _) => parts.iter().any(|part| implies(part, wanted, effort)),
        (_, Condition::Any(wanted)) => wanted.iter().any(|part| implies(given, part, effort)),
        (
            Condition::Not { inner, or_absent },
            Condition::Not {
                inner: wanted,
                or_absent: wanted_absent,
            },
        ) => (*wanted_absent || !or_absent) && same(inner, wanted, effort),
        (
            Condition::Claim(_)
            | Condition::Aws(_)
            | Condition::ClaimPrefix(_)
            | Condition::Any(_)
            | Condition::Not { .. },
            _,
        ) => false,
    }
}

fn test_implies(given: &ClaimTest, wanted: &ClaimTest, effort: &mut Effort) -> bool {
    if (&given.pointer, given.part) != (&wanted.pointer, wanted.part) {
        return false;
    }
    if same_test(given, wanted) {
        return true;
    }
    let absent = |test: &ClaimTest| matches!(test.test, Test::Absent);
    if absent(given) || absent(wanted) {
        return false;
    }
    if matches!(wanted.test, Test::Exists) {
        return true;
    }
    // What is said of the one value is said of the array of one; not the other way round.
    let of_the_same = match (given.elements, wanted.elements) {
        (Some(Elements::None), _) | (_, Some(Elements::None)) => false,
        (given, wanted) if given == wanted => true,
        (None | Some(Elements::All), Some(Elements::Any)) | (None, Some(Elements::All)) => true,
        _ => false,
    };
    of_the_same && Values::of(&given.test).is_within(&Values::of(&wanted.test), effort)
}

/// Whether two conditions are written alike.
fn same(one: &Condition, other: &Condition, effort: &mut Effort) -> bool {
    let mut all_same = |own: &[Condition], other: &[Condition]| {
        let mut pairs = own.iter().zip(other);
        own.len() == other.len() && pairs.all(|(own, other)| same(own, other, effort))
    };
    match (one, other) {
        (Condition::Claim(one), Condition::Claim(other)) => {
            effort.spend(1) && same_test(one, other)
        }
        (Condition::All(one), Condition::All(other))
        | (Condition::Any(one), Condition::Any(other)) => all_same(one, other),
        (
            Condition::Not { inner, or_absent },
            Condition::Not {
                inner: other,
                or_absent: others,
            },
        ) => or_absent == others && same(inner, other, effort),
        (
            Condition::Claim(_)
            | Condition::Aws(_)
            | Condition::ClaimPrefix(_)
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::Not { .. },
            _,
        ) => false,
    }
}

fn same_test(one: &ClaimTest, other: &ClaimTest) -> bool {
    (&one.pointer, one.part) == (&other.pointer, other.part)
        && one.elements == other.elements
        && one.operator == other.operator
        && one.expected == other.expected
        && separator(one) == separator(other)
}

/// What `expected` does not say.
fn separator(test: &ClaimTest) -> Option<char> {
    let Test::Predicate(matcher) = &test.test else {
        return None;
    };
    let Predicate::Pattern(pattern) = matcher.predicate() else {
        return None;
    };
    pattern.separator()
}
