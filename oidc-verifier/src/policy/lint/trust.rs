//! Trust policies of AWS, in the words of the native language: what their conditions leave out.

use jsonptr::Pattern;

use crate::policy::aws::{AwsCondition, Check, Expectation, KeyTest, SetOperator, Source};
use crate::policy::condition::{ClaimTest, Condition, Elements, Test, TextOption};
use crate::policy::operator_view::shown;
use crate::policy::place::Place;
use crate::policy::{Effect, Rule};

use super::terms::condition_place;
use super::{FindingCode, Grade, Report};

/// The rule with conditions of the native language, each in the place of its own; `None` if it is a
/// rule of another dialect.
///
/// Of a rule that allows they leave out no more than its own do, of one that denies no less. What
/// the request says beside the token is not known here.
pub(super) fn in_native_words(rule: &Rule) -> Option<Rule> {
    let of_aws = |condition: &Condition| matches!(condition, Condition::Aws(_));
    if !rule.conditions.iter().any(of_aws) {
        return None;
    }
    let unknown = match rule.effect {
        Effect::Allow => everybody,
        Effect::Deny => nobody,
    };
    let conditions = rule.conditions.iter().map(|condition| match condition {
        Condition::Aws(AwsCondition::Key(test)) => native(test, is_there(rule, test), unknown),
        // The issuer of the rule is its provider's.
        Condition::Aws(AwsCondition::Provider(_)) => everybody(),
        Condition::ClaimPrefix(_)
        | Condition::Claim(_)
        | Condition::All(_)
        | Condition::Any(_)
        | Condition::Not { .. } => unknown(),
    });
    Some(Rule {
        conditions: conditions.collect(),
        ..rule.clone()
    })
}

/// A condition that leaves out nobody.
fn everybody() -> Condition {
    Condition::All(Box::default())
}

/// A condition that leaves out everybody.
fn nobody() -> Condition {
    Condition::Any(Box::default())
}

/// Whether the statement also asks that the key has a value: `Null` with `false`, the guard that AWS
/// names beside `ForAllValues`.
fn is_there(rule: &Rule, test: &KeyTest) -> bool {
    rule.conditions.iter().any(|condition| match condition {
        Condition::Aws(AwsCondition::Key(other)) => {
            let needs_value = matches!(
                other.check,
                Check::Null {
                    absent: false,
                    present: true
                }
            );
            needs_value && other.source == test.source
        }
        Condition::Aws(AwsCondition::Provider(_))
        | Condition::ClaimPrefix(_)
        | Condition::Claim(_)
        | Condition::All(_)
        | Condition::Any(_)
        | Condition::Not { .. } => false,
    })
}

/// `is_there`: another condition of the rule leaves out tokens without the key.
fn native(test: &KeyTest, is_there: bool, unknown: fn() -> Condition) -> Condition {
    let pointer = match &test.source {
        // What the token asks for with session tags is not who it is.
        Source::Claims { pointers, .. } => match pointers.last() {
            Some(pointer) if !pointer.as_str().starts_with(SESSION) => pointer,
            Some(_) | None => return unknown(),
        },
        Source::NoKey | Source::NeverThere => {
            return if test.holds_on_absence() {
                everybody()
            } else {
                nobody()
            };
        }
        Source::Fixed(_) | Source::Request(_) | Source::RoleAuthorized(_) | Source::TagKeys(_) => {
            return unknown();
        }
    };
    let claim = |elements, test_of: Test| {
        Condition::Claim(ClaimTest {
            place: Place::default(),
            pointer: pointer.clone(),
            part: None,
            elements,
            operator: test.operator,
            expected: test.expected.clone(),
            cost: test_of.cost(),
            test: test_of,
        })
    };
    match &test.check {
        Check::Null { absent, present } => match (absent, present) {
            (true, false) => claim(None, Test::Absent),
            (false, true) => claim(None, Test::Exists),
            (true, true) => everybody(),
            (false, false) => nobody(),
        },
        Check::Values {
            negated, wanted, ..
        } => {
            let Some(options) = wanted.iter().map(option).collect::<Option<Box<_>>>() else {
                return unknown();
            };
            let inner = claim(Some(Elements::Any), Test::JsonText(options));
            if *negated {
                Condition::Not {
                    inner: Box::new(inner),
                    or_absent: true,
                }
            } else if test.holds_on_absence() && !is_there {
                Condition::Any([inner, claim(None, Test::Absent)].into())
            } else if test.set == Some(SetOperator::ForAllValues) {
                // Of one empty value it holds, and so does `Null` with `false`.
                let empty = Test::JsonText([TextOption::Exact("".into())].into());
                Condition::Any([inner, claim(None, empty)].into())
            } else {
                inner
            }
        }
    }
}

/// Session tags and the source identity.
const SESSION: &str = "/https:~1~1aws.amazon.com~1";

/// The value as a text, if it is one.
fn option(wanted: &Expectation) -> Option<TextOption> {
    match wanted {
        Expectation::Text(text) => Some(TextOption::Exact(text.clone())),
        Expectation::AnyCase(text) => Some(TextOption::AnyCase(text.clone())),
        Expectation::Bool(value) => Some(TextOption::Exact(value.to_string().into())),
        Expectation::Like(pattern) => Some(TextOption::Wildcard(pattern.clone())),
        Expectation::Arn(parts) => {
            let parts: Vec<&str> = parts.iter().map(Pattern::as_str).collect();
            let whole = Pattern::parse(&parts.join(":")).ok()?;
            Some(TextOption::Wildcard(whole))
        }
        Expectation::Number(..)
        | Expectation::Date(..)
        | Expectation::Binary(_)
        | Expectation::Address(_)
        | Expectation::Variable(..) => None,
    }
}

/// Finds keys that AWS never gives a value, and conditions that absence passes.
pub(super) fn check(rule: &Rule, index: usize, report: &mut Report<'_>) {
    let deny = rule.effect == Effect::Deny;
    for (number, condition) in rule.conditions.iter().enumerate() {
        let Condition::Aws(AwsCondition::Key(test)) = condition else {
            continue;
        };
        let at = condition_place(rule, index, number);
        let vacuous = test.holds_on_absence();
        if let Some(message) = never_there(test) {
            // Of an allow statement it lets in nobody, or everybody; of a deny statement likewise.
            let grade = if vacuous == deny {
                Grade::Caution
            } else {
                Grade::Dangerous
            };
            report.add(FindingCode::KeyNotExposed, grade, index, at, message);
        } else if let Some(message) = passes_absence(test)
            && !deny
            && !is_there(rule, test)
        {
            report.add(
                FindingCode::HoldsIfAbsent,
                Grade::Caution,
                index,
                at,
                message,
            );
        }
    }
}

fn never_there(test: &KeyTest) -> Option<String> {
    let key = shown(&test.key);
    match &test.source {
        Source::NoKey => Some(format!("AWS makes no condition key of `{key}`")),
        Source::NeverThere => Some(format!("`{key}` is absent while a token is presented")),
        // AWS's own keys have these prefixes; another is that of an issuer.
        Source::Request(name) if !["aws:", "sts:"].iter().any(|own| name.starts_with(own)) => {
            Some(format!("`{key}` is no key of the provider in `Principal`"))
        }
        Source::Claims { .. }
        | Source::Fixed(_)
        | Source::Request(_)
        | Source::RoleAuthorized(_)
        | Source::TagKeys(_) => None,
    }
}

fn passes_absence(test: &KeyTest) -> Option<String> {
    let Check::Values { if_exists, .. } = &test.check else {
        return None;
    };
    let word = match test.set {
        Some(SetOperator::ForAllValues) => "`ForAllValues`",
        Some(SetOperator::ForAnyValue) | None if *if_exists => "`IfExists`",
        Some(SetOperator::ForAnyValue) | None => return None,
    };
    let key = shown(&test.key);
    Some(format!("{word} also holds where the token has no `{key}`"))
}
