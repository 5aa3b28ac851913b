//! A decision explained: each rule that was tried, each condition with both sides.

use std::fmt;

use jsonptr::Located;
use serde::Serialize;

use super::claims_view::ClaimsView;
use super::condition::{Budget, ClaimTest, Condition, Exhausted, Test, Verdict};
use super::decision::{Decision, Outcome};
use super::subject::Subject;
use super::{Effect, Origin, Policy, Rule, hint};

/// A decision as the operator of the service may see it. It quotes the policy and the token's
/// claims: keep it from the bearer.
///
/// Values of the token are escaped and cut at [`OperatorView::MAX_SHOWN_BYTES`], so that a line of
/// a log stays one line.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct OperatorView {
    /// Whether the token is admitted, as [`Decision::is_allowed`] says: not by a rule that admits it
    /// once, of which a replay guard has the last word.
    pub allowed: bool,
    /// How it came about, as a stable word ([`Outcome::code`]).
    pub code: &'static str,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// For a refusal, what came nearest to admit the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// Every rule that was tried, in that order.
    pub rules: Vec<RuleView>,
    /// Whether `rules` has them all: the explanation stops at [`Policy::MAX_STEPS`].
    pub complete: bool,
    #[serde(skip)]
    outcome: Outcome,
}

/// Which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleName {
    /// Its index in the policy, from 0.
    pub index: usize,
    /// Its id.
    pub id: String,
}

/// The rule that came nearest, and what stood in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Nearest {
    /// The allow rule with the fewest conditions that do not hold; none if no rule applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// What to look at.
    pub hint: String,
}

/// A rule that was tried.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RuleView {
    /// Which one.
    #[serde(flatten)]
    pub rule: RuleName,
    /// `allow` or `deny`.
    pub effect: &'static str,
    /// What came of all its conditions together.
    pub verdict: Verdict,
    /// Its conditions, all of which must hold.
    pub conditions: Vec<ConditionView>,
}

/// A condition that was judged.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ConditionView {
    /// The pointer to the claim; none for `all`, `any` and `not`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The part of the subject, where it is about one: `claim` is then that of `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'static str>,
    /// The quantifier, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<&'static str>,
    /// The operator, by its name in the document.
    pub operator: &'static str,
    /// What the policy wants, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What the token says, as JSON; none if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// What may be the matter, if it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The parts of `all`, `any` and `not`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionView>,
}

impl OperatorView {
    /// The bytes of a value that are shown; what is cut off is marked by `…`.
    pub const MAX_SHOWN_BYTES: usize = 256;

    pub(super) fn new(decision: &Decision<'_>) -> Self {
        let policy = decision.policy();
        let claims = decision.claims();
        let mut cost = Cost {
            judging: Budget::new(Policy::MAX_STEPS),
            hints: Budget::new(hint::MAX_COMPARISONS),
        };
        let mut rules = Vec::new();
        let mut complete = true;
        let applicable = policy.index().candidates(&claims);
        let order = applicable
            .get()
            .into_iter()
            .flat_map(|found| found.deny.iter().chain(&found.allow))
            .take(decision.rules_tried());
        for &index in order {
            let Some(rule) = policy.rule(index) else {
                continue;
            };
            let Ok(view) = explain(index, rule, claims, &mut cost) else {
                complete = false;
                break;
            };
            if !matches!(rule.origin, Origin::Implied) || view.verdict.holds() {
                rules.push(view);
            }
        }
        let nearest = match decision.outcome() {
            Outcome::Allowed { .. } | Outcome::AllowedOnce { .. } => None,
            Outcome::NoRuleApplies => Some(Nearest {
                rule: None,
                hint: hint::no_rule_applies(policy, claims, &mut cost.hints),
            }),
            Outcome::Denied { .. } | Outcome::NoRuleHolds | Outcome::TooManySteps => {
                nearest(&rules)
            }
        };
        Self {
            allowed: decision.is_allowed(),
            code: decision.outcome().code(),
            rule: decision
                .outcome()
                .rule()
                .and_then(|index| Some(RuleName::new(index, policy.rule_id(index)?))),
            nearest,
            rules,
            complete,
            outcome: decision.outcome(),
        }
    }
}

/// What one explanation may cost: the conditions again, and the search for hints.
struct Cost {
    judging: Budget,
    hints: Budget,
}

impl RuleName {
    pub(super) fn new(index: usize, id: &str) -> Self {
        Self {
            index,
            id: id.to_owned(),
        }
    }
}

fn explain(
    index: usize,
    rule: &Rule,
    claims: ClaimsView<'_>,
    cost: &mut Cost,
) -> Result<RuleView, Exhausted> {
    let mut conditions = Vec::new();
    for condition in &rule.conditions {
        conditions.push(condition_view(condition, claims, cost, true)?);
    }
    Ok(RuleView {
        rule: RuleName::new(index, &rule.id),
        effect: match rule.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        },
        verdict: verdict_of(&conditions, Verdict::Holds, Verdict::and),
        conditions,
    })
}

fn verdict_of(
    parts: &[ConditionView],
    start: Verdict,
    combine: fn(Verdict, Verdict) -> Verdict,
) -> Verdict {
    parts.iter().map(|part| part.verdict).fold(start, combine)
}

/// `wanted` says whether the condition helps when it holds: below `not` it does not.
fn condition_view(
    condition: &Condition,
    claims: ClaimsView<'_>,
    cost: &mut Cost,
    wanted: bool,
) -> Result<ConditionView, Exhausted> {
    let compound = |operator, verdict, conditions| ConditionView {
        claim: None,
        subject: None,
        elements: None,
        operator,
        expected: None,
        actual: None,
        verdict,
        hint: None,
        conditions,
    };
    Ok(match condition {
        Condition::Claim(test) => claim_view(test, claims, cost, wanted)?,
        Condition::ClaimPrefix(prefix) => ConditionView {
            expected: Some(shown(&format!("\"{prefix}\""))),
            ..compound(
                "claim_prefix",
                condition.judge(&claims, &mut cost.judging)?,
                Vec::new(),
            )
        },
        Condition::Aws(condition) => {
            let mut view = condition.view(claims, &mut cost.judging)?;
            view.hint = view.hint.filter(|_| wanted);
            view
        }
        Condition::All(parts) => {
            let parts = views(parts, claims, cost, wanted)?;
            let verdict = verdict_of(&parts, Verdict::Holds, Verdict::and);
            compound("all", verdict, parts)
        }
        Condition::Any(parts) => {
            let parts = views(parts, claims, cost, wanted)?;
            let verdict = verdict_of(&parts, Verdict::DoesNotHold, Verdict::or);
            compound("any", verdict, parts)
        }
        Condition::Not { inner, or_absent } => {
            cost.judging.spend(1)?;
            let inner = condition_view(inner, claims, cost, !wanted)?;
            let verdict = inner.verdict.negated(*or_absent);
            let operator = if *or_absent { "not (or absent)" } else { "not" };
            compound(operator, verdict, vec![inner])
        }
    })
}

fn views(
    parts: &[Condition],
    claims: ClaimsView<'_>,
    cost: &mut Cost,
    wanted: bool,
) -> Result<Vec<ConditionView>, Exhausted> {
    cost.judging.spend(1)?;
    parts
        .iter()
        .map(|part| condition_view(part, claims, cost, wanted))
        .collect()
}

fn claim_view(
    test: &ClaimTest,
    claims: ClaimsView<'_>,
    cost: &mut Cost,
    wanted: bool,
) -> Result<ConditionView, Exhausted> {
    let verdict = test.judge(&claims, &mut cost.judging)?;
    let mut expected = shown(&test.expected);
    if let Test::EqualsClaim(other) = &test.test {
        let other = claims.get(other.as_pointer());
        let other = other.map_or_else(|| "absent".to_owned(), |other| shown(other.json()));
        expected = format!("{expected}, which is {other}");
    }
    let claim = claims.get(test.pointer.as_pointer());
    let show = |value: Option<Located<'_>>| value.map(|value| shown(value.json()));
    let missed = wanted && !verdict.holds();
    let (actual, hint) = match (test.part, claim) {
        (Some(part), Some(sub)) => match part.of(sub) {
            // Whatever is asked of it, the subject is in the way.
            Subject::Unreadable => (show(claim), Some(part.unreadable())),
            Subject::WithoutPart => {
                let hint = format!("subject {} has no such part", shown(sub.json()));
                (None, missed.then_some(hint))
            }
            Subject::Part(own) => {
                let own = own.located();
                let hint = missed.then(|| hint::of(test, own, claims, &mut cost.hints));
                (show(own), hint.flatten())
            }
        },
        (_, value) => {
            let hint = missed.then(|| hint::of(test, value, claims, &mut cost.hints));
            (show(value), hint.flatten())
        }
    };
    Ok(ConditionView {
        claim: Some(shown(test.pointer.as_str())),
        subject: test.part.map(|part| part.name),
        elements: test.elements.map(super::condition::Elements::name),
        operator: test.operator,
        expected: Some(expected),
        actual,
        verdict,
        hint,
        conditions: Vec::new(),
    })
}

/// The allow rule with the fewest conditions in the way; a deny rule is what stands in the way.
fn nearest(rules: &[RuleView]) -> Option<Nearest> {
    let in_the_way = |rule: &RuleView| {
        let conditions = rule.conditions.iter();
        conditions.filter(|part| !part.verdict.holds()).count()
    };
    if let Some(denied) = rules
        .iter()
        .find(|rule| rule.effect == "deny" && rule.verdict.holds())
    {
        return Some(Nearest {
            rule: Some(denied.rule.clone()),
            hint: "this deny rule holds".to_owned(),
        });
    }
    let rule = rules
        .iter()
        .filter(|rule| rule.effect == "allow")
        .min_by_key(|rule| in_the_way(rule))?;
    let missed = rule.conditions.iter().find(|part| !part.verdict.holds())?;
    Some(Nearest {
        rule: Some(rule.rule.clone()),
        hint: missed.summary(),
    })
}

impl ConditionView {
    fn summary(&self) -> String {
        let view = self.first_hint().unwrap_or(self);
        let matter = match &view.hint {
            Some(hint) => hint.clone(),
            None => format!("`{}` {}", view.operator, view.verdict.phrase()),
        };
        match (&view.claim, view.subject) {
            (Some(claim), Some(part)) => format!("part `{part}` of `{claim}`: {matter}"),
            (Some(claim), None) => format!("`{claim}`: {matter}"),
            (None, _) => matter,
        }
    }

    fn first_hint(&self) -> Option<&Self> {
        if self.hint.is_some() {
            return Some(self);
        }
        self.conditions.iter().find_map(Self::first_hint)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        write!(f, "{:indent$}", "")?;
        if let Some(part) = self.subject {
            write!(f, "part `{part}` of ")?;
        }
        if let Some(claim) = &self.claim {
            write!(f, "`{claim}` ")?;
        }
        if let Some(elements) = self.elements {
            write!(f, "{elements} of the elements ")?;
        }
        f.write_str(self.operator)?;
        if let Some(expected) = &self.expected {
            write!(f, " {expected}")?;
        }
        write!(f, ": {}", self.verdict.phrase())?;
        if let Some(actual) = &self.actual {
            write!(f, "; it is {actual}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        writeln!(f)?;
        let inner = indent.saturating_add(2);
        self.conditions
            .iter()
            .try_for_each(|part| part.write(f, inner))
    }
}

impl fmt::Display for OperatorView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outcome.phrase())?;
        if let Some(rule) = &self.rule {
            write!(f, ", rule {} `{}`", rule.index, rule.id.escape_debug())?;
        }
        writeln!(f)?;
        if let Some(nearest) = &self.nearest {
            match &nearest.rule {
                Some(rule) => {
                    let id = rule.id.escape_debug();
                    writeln!(f, "nearest: rule {} `{id}`: {}", rule.index, nearest.hint)?;
                }
                None => writeln!(f, "{}", nearest.hint)?,
            }
        }
        for rule in &self.rules {
            let id = rule.rule.id.escape_debug();
            let (index, effect, verdict) = (rule.rule.index, rule.effect, rule.verdict.phrase());
            writeln!(f, "{effect} rule {index} `{id}`: {verdict}")?;
            rule.conditions
                .iter()
                .try_for_each(|part| part.write(f, 2))?;
        }
        if !self.complete {
            writeln!(f, "… and more rules")?;
        }
        Ok(())
    }
}

/// Text of a token or a policy on one line: what is not plainly printable is escaped as in JSON,
/// and the rest is cut off.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        let before = out.len();
        // `"` and `\` are JSON's own here.
        if matches!(char, '"' | '\\' | '\'') || char.escape_debug().eq([char]) {
            out.push(char);
        } else {
            let mut units = [0; 2];
            let units = char.encode_utf16(&mut units).iter();
            out.extend(units.map(|unit| format!("\\u{unit:04x}")));
        }
        if out.len() > OperatorView::MAX_SHOWN_BYTES {
            out.truncate(before);
            out.push('…');
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_of_bounded_length() {
        assert_eq!(shown(r#""a\"b é""#), r#""a\"b é""#);
        assert_eq!(shown("[1,\n2]\u{7f}"), r"[1,\u000a2]\u007f");
        assert_eq!(
            shown("\u{202e}\u{200b}\u{e0001}"),
            r"\u202e\u200b\udb40\udc01"
        );
        let max = OperatorView::MAX_SHOWN_BYTES;
        assert_eq!(shown(&"a".repeat(max)), "a".repeat(max));
        assert_eq!(shown(&"a".repeat(max + 1)), format!("{}…", "a".repeat(max)));
        assert_eq!(shown(&"é".repeat(max)), format!("{}…", "é".repeat(max / 2)));
    }
}
