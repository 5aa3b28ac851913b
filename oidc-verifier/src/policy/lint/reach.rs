//! Rules that never match, and rules that others make needless: only what is certain.

use std::collections::HashMap;

use jsonptr::{Predicate, Scalar};

use crate::policy::condition::{ClaimTest, Condition, Elements, Test};
use crate::policy::operator_view::shown;
use crate::policy::{Effect, Policy, Rule};

use super::terms::{Negation, Term, condition_place, terms, terms_of};
use super::values::{Effort, Values};
use super::{FindingCode, Grade, Report};

/// Finds the rules of a policy that never match; says of each rule whether it is one.
pub(super) fn never_match(
    policy: &Policy,
    report: &mut Report<'_>,
    effort: &mut Effort,
) -> Vec<bool> {
    let mut dead = Vec::new();
    for (index, rule) in policy.rules().iter().enumerate() {
        let reason = impossible(rule, index, effort);
        dead.push(reason.is_some());
        if let Some((at, message)) = reason {
            // A guard that was meant to keep someone out keeps out nobody.
            let grade = match rule.effect {
                Effect::Allow => Grade::Caution,
                Effect::Deny => Grade::Dangerous,
            };
            report.add(FindingCode::NeverMatches, grade, index, at, message);
        }
    }
    dead
}

type Reason = (jsonptr::PointerBuf, String);

/// Why no token passes all conditions, if none does.
fn impossible(rule: &Rule, index: usize, effort: &mut Effort) -> Option<Reason> {
    let all = terms(rule, index);
    let required: Vec<&Term<'_>> = all.iter().filter(|term| term.required).collect();
    if let Some(reason) = contradiction(&required, rule, effort) {
        return Some(reason);
    }
    // An `any` whose every branch contradicts what is required elsewhere.
    let mut choices = Vec::new();
    for (number, condition) in rule.conditions.iter().enumerate() {
        find_choices(condition, &mut choices, number);
    }
    for (number, branches) in choices {
        let at = condition_place(rule, index, number);
        let dead = branches.iter().all(|branch| {
            let own = terms_of(branch, &at, rule);
            let mut together = required.clone();
            together.extend(own.iter().filter(|term| term.required));
            contradiction(&together, rule, effort).is_some()
        });
        if dead {
            let message = match branches.len() {
                0 => "no token passes an `any` without parts".to_owned(),
                _ => "no part of `any` can hold beside the other conditions".to_owned(),
            };
            return Some((at, message));
        }
    }
    None
}

/// Every `any` of several parts that must hold, with the number of its condition.
fn find_choices<'r>(
    condition: &'r Condition,
    choices: &mut Vec<(usize, &'r [Condition])>,
    number: usize,
) {
    match condition {
        Condition::All(parts) => {
            for part in parts {
                find_choices(part, choices, number);
            }
        }
        Condition::Any(parts) => match &**parts {
            [only] => find_choices(only, choices, number),
            _ => choices.push((number, parts)),
        },
        Condition::Claim(_)
        | Condition::Aws(_)
        | Condition::ClaimPrefix(_)
        | Condition::Not { .. } => {}
    }
}

fn contradiction(required: &[&Term<'_>], rule: &Rule, effort: &mut Effort) -> Option<Reason> {
    for (number, term) in required.iter().enumerate() {
        let name = &term.test.pointer;
        if term.negation == Negation::Negated && matches!(term.test.test, Test::Exists) {
            let name = shown(name.as_str());
            let message = format!("`not` with `exists` never holds: say that `{name}` is absent");
            return Some((term.at.clone(), message));
        }
        if name.as_str() == "/iss" && term.is_plain() {
            let issuer = Values::text(rule.issuer.as_str());
            if Values::of(&term.test.test).is_disjoint(&issuer, effort) {
                let message = "`iss` is always the issuer of the rule".to_owned();
                return Some((term.at.clone(), message));
            }
        }
        let earlier = required.iter().take(number);
        for other in earlier {
            if !effort.spend(1) {
                return None;
            }
            if contradict(term, other, effort) {
                let (name, first) = (shown(name.as_str()), shown(other.at.as_str()));
                let message =
                    format!("no `{name}` passes this and also the condition at `{first}`");
                return Some((term.at.clone(), message));
            }
        }
    }
    None
}

/// Whether certainly no token passes both.
fn contradict(one: &Term<'_>, other: &Term<'_>, effort: &mut Effort) -> bool {
    let is_absent = |term: &Term<'_>| {
        term.negation == Negation::Plain && matches!(term.test.test, Test::Absent)
    };
    if one.test.part != other.test.part {
        return false;
    }
    let (own, others) = (
        one.test.pointer.as_pointer(),
        other.test.pointer.as_pointer(),
    );
    if is_absent(one) && others.starts_with(own) {
        return other.needs_claim();
    }
    if is_absent(other) && own.starts_with(others) {
        return one.needs_claim();
    }
    if own != others || is_absent(one) || is_absent(other) {
        return false;
    }
    // A token without the claim passes both.
    if !one.needs_claim() && !other.needs_claim() {
        return false;
    }
    match (denies(one), denies(other)) {
        (None, None) => {
            // Different elements may be the ones. `not none` speaks of one element, as `any` does.
            let of_one = |term: &Term<'_>| {
                matches!(term.test.elements, Some(Elements::Any | Elements::None))
            };
            let both_any = of_one(one) && of_one(other);
            let values = Values::of(&one.test.test);
            !both_any && values.is_disjoint(&Values::of(&other.test.test), effort)
        }
        (Some(denied), None) => denied_by(denied, other.test, effort),
        (None, Some(denied)) => denied_by(denied, one.test, effort),
        (Some(_), Some(_)) => false,
    }
}

/// A test that must not hold, or of which no element may.
#[derive(Clone, Copy)]
struct Denied<'r> {
    test: &'r ClaimTest,
    /// One element that is otherwise is enough.
    needs_one: bool,
}

/// What a term says against the values of its test; `None` if it speaks for them.
fn denies<'r>(term: &Term<'r>) -> Option<Denied<'r>> {
    let plain = term.negation == Negation::Plain;
    let test = term.test;
    match test.elements {
        Some(Elements::None) => plain.then_some(Denied {
            test,
            needs_one: false,
        }),
        Some(Elements::All) => (!plain).then_some(Denied {
            test,
            needs_one: true,
        }),
        Some(Elements::Any) | None => (!plain).then_some(Denied {
            test,
            needs_one: false,
        }),
    }
}

/// Whether whatever passes `test` is what `denied` speaks against.
fn denied_by(denied: Denied<'_>, test: &ClaimTest, effort: &mut Effort) -> bool {
    // Another element may be the one that is otherwise.
    let may_differ =
        denied.needs_one && matches!(test.elements, Some(Elements::Any | Elements::None));
    !may_differ
        && !matches!(denied.test.test, Test::Absent)
        && Values::of(&test.test).is_within(&Values::of(&denied.test.test), effort)
}

/// Finds the rules that others make needless: an allow rule that a deny rule always overrules, and
/// a rule that admits or refuses nothing which another of its effect does not.
pub(super) fn needless(
    policy: &Policy,
    dead: &[bool],
    report: &mut Report<'_>,
    effort: &mut Effort,
) {
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
