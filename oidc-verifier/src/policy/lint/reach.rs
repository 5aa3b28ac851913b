//! Rules that never match: only what is certain.

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
