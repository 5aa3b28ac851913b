//! What keeps strangers out of a rule: whom it leaves, and tests that keep out nobody.

use jsonptr::{Predicate, Scalar};

use crate::policy::condition::{ClaimTest, Condition, Elements, Test, TextOption};
use crate::policy::operator_view::shown;
use crate::policy::subject::PartOfSubject;
use crate::policy::{Effect, Rule};

use super::terms::{Negation, Term, narrows, place, rule_demands};
use super::{FindingCode, Grade, Report};

/// Claims that a rule speaks of anyway, or that every token has in time: they leave nobody out.
const NO_GUARD: [&str; 5] = ["/iss", "/aud", "/exp", "/iat", "/nbf"];

/// Finds exact operators with a wildcard in their operand.
pub(super) fn wildcards(rule: &Rule, index: usize, terms: &[Term<'_>], report: &mut Report<'_>) {
    for term in terms {
        if let Some(message) = literal_wildcard(term.test) {
            let grade = grade_if_it_never_holds(rule, term);
            let at = term.at.clone();
            report.add(FindingCode::WildcardIsLiteral, grade, index, at, message);
        }
    }
}

/// Looks whom an allow rule leaves out; says whether it leaves out anyone. `audience` is how bad it
/// is that it leaves the audience open.
pub(super) fn whom_it_leaves(
    rule: &Rule,
    index: usize,
    terms: &[Term<'_>],
    audience: Grade,
    report: &mut Report<'_>,
) -> bool {
    if rule.audiences.is_empty() {
        let narrowed = |test: &ClaimTest| is_about(test, "/aud") && narrows(test);
        let found = if !rule_demands(rule, &narrowed) {
            Some((audience, "tokens for any audience are admitted"))
        } else if !rule_demands(rule, &|test| narrowed(test) && !has_wildcard(test)) {
            let message = "tokens for every audience that is named alike are admitted";
            Some((Grade::Caution, message))
        } else {
            None
        };
        if let Some((grade, message)) = found {
            let at = at_claim(rule, index, terms, "/aud");
            report.add(FindingCode::AudienceUnpinned, grade, index, at, message);
        }
    }
    if !rule_demands(rule, &is_guard) {
        let negative = rule.conditions.iter().any(speaks_of_absence);
        let (code, message) = if negative {
            let message = "nothing but negation and absence guards this rule";
            (FindingCode::GuardNegative, message)
        } else {
            let message = "every token of the issuer for these audiences is admitted";
            (FindingCode::IssuerWhole, message)
        };
        report.add(code, Grade::Dangerous, index, place(rule, index), message);
        return false;
    }
    // What else of a token tells workloads apart is known of known issuers only.
    if rule.provider.is_none() && !rule_demands(rule, &|test| pins_subject(test) && narrows(test)) {
        let message = "no condition pins the subject";
        let at = at_claim(rule, index, terms, "/sub");
        let code = FindingCode::SubjectUnpinned;
        report.add(code, Grade::Caution, index, at, message);
    }
    true
}

/// Whether a test leaves out some of the tokens that the rule is about.
pub(super) fn is_guard(test: &ClaimTest) -> bool {
    !NO_GUARD.contains(&test.pointer.as_str()) && narrows(test)
}

/// Whether a test leaves open how a text begins, ends or goes on.
fn has_wildcard(test: &ClaimTest) -> bool {
    match &test.test {
        Test::JsonText(options) => options.iter().any(|option| match option {
            TextOption::Wildcard(pattern) => !pattern.is_literal(),
            TextOption::Exact(_) | TextOption::AnyCase(_) => false,
        }),
        Test::Predicate(matcher) => match matcher.predicate() {
            Predicate::Pattern(pattern) => !pattern.is_literal(),
            Predicate::Prefix(_) | Predicate::Suffix(_) => true,
            Predicate::Equals(_)
            | Predicate::OneOf(_)
            | Predicate::Compare(..)
            | Predicate::Exists
            | Predicate::Absent
            | _ => false,
        },
        Test::Absent | Test::Exists | Test::EqualsClaim(_) => false,
    }
}

/// Whether a condition says what must not be, or need not.
fn speaks_of_absence(condition: &Condition) -> bool {
    match condition {
        Condition::Not { .. } => true,
        Condition::Aws(_) | Condition::ClaimPrefix(_) => false,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(speaks_of_absence),
        Condition::Claim(test) => {
            matches!(test.test, Test::Absent) || test.elements == Some(Elements::None)
        }
    }
}

fn is_about(test: &ClaimTest, claim: &str) -> bool {
    test.pointer.as_str() == claim
}

/// Whether a test is about the subject, or about a part of it that is one tenant's.
fn pins_subject(test: &ClaimTest) -> bool {
    is_about(test, "/sub") && test.part.is_none_or(PartOfSubject::identifies_tenant)
}

/// The condition on a claim, or the rule if there is none.
pub(super) fn at_claim(
    rule: &Rule,
    index: usize,
    terms: &[Term<'_>],
    claim: &str,
) -> jsonptr::PointerBuf {
    let mut terms = terms.iter();
    let own = terms.find(|term| is_about(term.test, claim));
    own.map_or_else(|| place(rule, index), |term| term.at.clone())
}

/// A test that never holds keeps an allow rule shut. Below `not`, and in a deny rule, it leaves a
/// guard that guards nothing.
pub(super) fn grade_if_it_never_holds(rule: &Rule, term: &Term<'_>) -> Grade {
    let denied = term.negation != Negation::Plain || term.test.elements == Some(Elements::None);
    if denied == (rule.effect == Effect::Deny) {
        Grade::Caution
    } else {
        Grade::Dangerous
    }
}

/// An exact operator with a wildcard in its operand.
fn literal_wildcard(test: &ClaimTest) -> Option<String> {
    let operands: Vec<&str> = match &test.test {
        Test::JsonText(options) => options
            .iter()
            .filter_map(|option| match option {
                TextOption::Exact(text) | TextOption::AnyCase(text) => Some(&**text),
                TextOption::Wildcard(_) => None,
            })
            .collect(),
        Test::Predicate(matcher) => exact_operands(matcher.predicate()),
        Test::Absent | Test::Exists | Test::EqualsClaim(_) => Vec::new(),
    };
    // AWS escapes an asterisk that is meant.
    let escaped = test.expected.contains("${*}") || test.expected.contains("${?}");
    let operand = operands
        .into_iter()
        .find(|text| text.contains(['*', '?']) && !escaped)?;
    let operator = test.operator;
    Some(format!(
        "`{operator}` takes the wildcard in `{}` literally",
        shown(operand)
    ))
}

fn text(scalar: &Scalar) -> Option<&str> {
    if let Scalar::Text(text) = scalar {
        Some(text)
    } else {
        None
    }
}

fn exact_operands(predicate: &Predicate) -> Vec<&str> {
    match predicate {
        Predicate::Equals(scalar) => text(scalar).into_iter().collect(),
        Predicate::OneOf(scalars) => scalars.iter().filter_map(text).collect(),
        Predicate::Prefix(affix) | Predicate::Suffix(affix) => vec![affix],
        Predicate::Pattern(_)
        | Predicate::Compare(..)
        | Predicate::Exists
        | Predicate::Absent
        | _ => Vec::new(),
    }
}
