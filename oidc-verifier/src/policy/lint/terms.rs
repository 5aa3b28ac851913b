//! The tests of a rule, with what the rule makes of each.

use jsonptr::PointerBuf;

use crate::policy::condition::{ClaimTest, Condition, Elements, Test, TextOption};
use crate::policy::{Origin, Rule};

use super::values::Values;

/// One test of a rule.
#[derive(Debug)]
pub(super) struct Term<'r> {
    pub(super) test: &'r ClaimTest,
    /// Where it stands in the document.
    pub(super) at: PointerBuf,
    /// The rule holds only if this holds too: there is nothing but `all` around it.
    pub(super) required: bool,
    pub(super) negation: Negation,
}

/// Whether `not` is around a test, an odd number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negation {
    /// It is not.
    Plain,
    /// `not`: the claim must be there.
    Negated,
    /// `not` with `or_absent`.
    NegatedOrAbsent,
}

impl Negation {
    fn inside(self, or_absent: bool) -> Self {
        match (self, or_absent) {
            (Self::Plain, false) => Self::Negated,
            (Self::Plain, true) => Self::NegatedOrAbsent,
            (Self::Negated | Self::NegatedOrAbsent, _) => Self::Plain,
        }
    }
}

impl Term<'_> {
    /// Whether the test may only be passed by a claim that is there, with one of its values.
    pub(super) fn is_plain(&self) -> bool {
        self.negation == Negation::Plain && self.test.elements != Some(Elements::None)
    }

    /// Whether a token without the claim never passes it.
    pub(super) fn needs_claim(&self) -> bool {
        match self.negation {
            Negation::Plain => !matches!(self.test.test, Test::Absent),
            Negation::Negated => true,
            Negation::NegatedOrAbsent => false,
        }
    }
}

/// Where a rule stands.
pub(super) fn place(rule: &Rule, index: usize) -> PointerBuf {
    match &rule.origin {
        Origin::Native => PointerBuf::from_tokens(["rules", &index.to_string()]),
        Origin::Implied => PointerBuf::root(),
        Origin::Dialect { rule, .. } => rule.clone(),
    }
}

/// Where a condition of a rule stands.
pub(super) fn condition_place(rule: &Rule, index: usize, condition: usize) -> PointerBuf {
    match &rule.origin {
        Origin::Native => PointerBuf::from_tokens([
            "rules",
            &index.to_string(),
            "conditions",
            &condition.to_string(),
        ]),
        Origin::Implied => PointerBuf::root(),
        Origin::Dialect { rule, conditions } => conditions.get(condition).unwrap_or(rule).clone(),
    }
}

/// Every test of a rule, in the order of the document.
pub(super) fn terms(rule: &Rule, index: usize) -> Vec<Term<'_>> {
    let mut terms = Vec::new();
    for (number, condition) in rule.conditions.iter().enumerate() {
        let mut at = condition_place(rule, index, number);
        collect(
            condition,
            &mut at,
            rule,
            (true, Negation::Plain),
            &mut terms,
        );
    }
    terms
}

/// The tests of one condition at `at`.
pub(super) fn terms_of<'r>(
    condition: &'r Condition,
    at: &PointerBuf,
    rule: &Rule,
) -> Vec<Term<'r>> {
    let mut terms = Vec::new();
    let stance = (true, Negation::Plain);
    collect(condition, &mut at.clone(), rule, stance, &mut terms);
    terms
}

fn collect<'r>(
    condition: &'r Condition,
    at: &mut PointerBuf,
    rule: &Rule,
    (required, negation): (bool, Negation),
    terms: &mut Vec<Term<'r>>,
) {
    // The conditions of a dialect have one place, whatever they became.
    let nested = matches!(rule.origin, Origin::Native);
    let plain = negation == Negation::Plain;
    match condition {
        Condition::Claim(test) => terms.push(Term {
            test,
            at: at.clone(),
            required,
            negation,
        }),
        Condition::Aws(_) | Condition::ClaimPrefix(_) => {}
        Condition::All(parts) | Condition::Any(parts) => {
            let all = matches!(condition, Condition::All(_));
            // `not any` says of each part that it does not hold.
            let required = required && (all == plain || parts.len() == 1);
            if nested {
                at.push_token(if all { "all" } else { "any" });
            }
            for (index, part) in parts.iter().enumerate() {
                if nested {
                    at.push_token(&index.to_string());
                }
                collect(part, at, rule, (required, negation), terms);
                if nested {
                    at.pop_token();
                }
            }
            if nested {
                at.pop_token();
            }
        }
        Condition::Not { inner, or_absent } => {
            if nested {
                at.push_token("not");
            }
            // What absence lets through is not required, but for the test itself.
            let certain = plain || negation == Negation::Negated && !or_absent;
            let inside = negation.inside(*or_absent);
            collect(inner, at, rule, (required && certain, inside), terms);
            if nested {
                at.pop_token();
            }
        }
    }
}

/// Whether a token that passes `condition` certainly passes a plain test that `fact` accepts.
pub(super) fn demands(condition: &Condition, fact: &impl Fn(&ClaimTest) -> bool) -> bool {
    demands_or_its_negation(condition, true, fact)
}

fn demands_or_its_negation(
    condition: &Condition,
    plain: bool,
    fact: &impl Fn(&ClaimTest) -> bool,
) -> bool {
    let mut parts = match condition {
        Condition::Claim(test) => {
            let none = test.elements == Some(Elements::None);
            return plain != none && fact(test);
        }
        Condition::Aws(_) | Condition::ClaimPrefix(_) => return false,
        Condition::Not { inner, or_absent } => {
            return !or_absent && demands_or_its_negation(inner, !plain, fact);
        }
        Condition::All(parts) | Condition::Any(parts) => parts.iter(),
    };
    if matches!(condition, Condition::All(_)) == plain {
        parts.any(|part| demands_or_its_negation(part, plain, fact))
    } else {
        // Of no part nothing is demanded, and nobody passes.
        parts.all(|part| demands_or_its_negation(part, plain, fact))
    }
}

/// Whether a rule demands a test that `fact` accepts.
pub(super) fn rule_demands(rule: &Rule, fact: &impl Fn(&ClaimTest) -> bool) -> bool {
    rule.conditions
        .iter()
        .any(|condition| demands(condition, fact))
}

/// Whether a test leaves only some of the tokens that an issuer gives out: names or numbers, not
/// only that something is there, in an order, true or false.
pub(super) fn narrows(test: &ClaimTest) -> bool {
    match &test.test {
        Test::Absent | Test::Exists | Test::EqualsClaim(_) => false,
        Test::JsonText(options)
            if options
                .iter()
                .all(|own| matches!(own, TextOption::AnyCase(_))) =>
        {
            true
        }
        Test::JsonText(_) | Test::Predicate(_) => {
            let values = Values::of(&test.test);
            values.is_bounded() && !values.patterns().any(says_nothing)
        }
    }
}

/// A pattern of wildcards only.
fn says_nothing(pattern: &jsonptr::Pattern) -> bool {
    pattern
        .as_str()
        .chars()
        .all(|char| matches!(char, '*' | '?'))
}
