//! Trust policies in the native language.
//!
//! A condition has an exact form, or one of two that err to one side: for a statement that allows,
//! one that holds on fewer tokens; for a statement that denies, on more.

use jsonptr::PointerBuf;

use super::super::condition::{Budget, Condition};
use super::super::translation::{
    Fidelity, Formula, Leaf, NativeRule, Translation, Translator, boolean, text,
};
use super::super::{Effect, Origin, Policy, Rule};
use super::TrustPolicy;
use super::keys::Source;
use super::native_form::{Tests, every_text};
use super::operator::SetOperator;
use super::test::{AwsCondition, Check, KeyTest};

/// What a condition becomes.
pub(super) struct Said {
    pub(super) formula: Formula,
    /// Where the formula is not exact: it holds on fewer tokens. Why.
    pub(super) fewer: Option<&'static str>,
}

impl Said {
    pub(super) const fn exact(formula: Formula) -> Self {
        Self {
            formula,
            fewer: None,
        }
    }

    /// It holds on no token.
    const fn never(why: &'static str) -> Self {
        Self {
            formula: Formula::False,
            fewer: Some(why),
        }
    }

    /// In a statement that denies, what is not exact holds always.
    fn for_effect(self, effect: Effect) -> Formula {
        match (effect, self.fewer) {
            (Effect::Deny, Some(_)) => Formula::True,
            (Effect::Allow | Effect::Deny, _) => self.formula,
        }
    }
}

pub(super) fn translate(trust: &TrustPolicy) -> Translation {
    let mut translator = Translator::default();
    let rules = trust.policy.rules();
    for rule in rules {
        match &rule.origin {
            Origin::Dialect {
                rule: at,
                conditions,
            } => {
                let mut formulas = extras_of(rule, rules, &mut translator);
                for (condition, at) in rule.conditions.iter().zip(conditions) {
                    formulas.push(of_condition(condition, rule.effect, at, &mut translator));
                }
                translator.add(native(rule, at, formulas));
            }
            Origin::Implied => {
                let (asked, allowed) = implied(rule);
                // If a statement allows it under conditions, the rules that admit say so.
                if allowed.is_empty() {
                    let at = PointerBuf::from_tokens(["Statement"]);
                    translator.add(native(rule, &at, vec![asked_for(asked)]));
                }
            }
            Origin::Native => {}
        }
    }
    translator.finish("https://nobody.invalid")
}

fn native<'r>(rule: &'r Rule, at: &'r PointerBuf, conditions: Vec<Formula>) -> NativeRule<'r> {
    NativeRule {
        id: &rule.id,
        effect: rule.effect,
        issuer: rule.issuer.as_str(),
        at,
        conditions,
    }
}

/// What an implied rule asks for, and under which conditions statements allow it.
fn implied(rule: &Rule) -> (Option<&Condition>, &[Condition]) {
    let mut allowed: &[Condition] = &[];
    for condition in &rule.conditions {
        if let Condition::Not { inner, .. } = condition
            && let Condition::Any(parts) = &**inner
        {
            allowed = parts;
        }
    }
    (rule.conditions.get(1), allowed)
}

/// The token asks for session tags, or for a source identity.
fn asked_for(condition: Option<&Condition>) -> Formula {
    match condition {
        Some(Condition::Any(parts)) => Formula::any(parts.iter().map(|part| asked_for(Some(part)))),
        Some(Condition::Claim(test)) => Leaf::of(&test.pointer).test("exists", boolean(true)),
        Some(Condition::ClaimPrefix(prefix)) => Formula::claim_prefix(prefix),
        Some(Condition::Aws(_) | Condition::All(_) | Condition::Not { .. }) | None => Formula::True,
    }
}

/// The token asks for none of it. Of a claim that is `null` this does not hold.
fn not_asked_for(condition: Option<&Condition>) -> Formula {
    match condition {
        Some(Condition::Any(parts)) => {
            Formula::all(parts.iter().map(|part| not_asked_for(Some(part))))
        }
        Some(Condition::Claim(test)) => Leaf::of(&test.pointer).test("absent", boolean(true)),
        Some(Condition::ClaimPrefix(prefix)) => Formula::claim_prefix(prefix).negated(false),
        Some(Condition::Aws(_) | Condition::All(_) | Condition::Not { .. }) | None => Formula::True,
    }
}

/// What an allow rule demands of session tags and source identity, where statements allow them under
/// conditions.
fn extras_of(rule: &Rule, rules: &[Rule], translator: &mut Translator) -> Vec<Formula> {
    let is_of = |other: &&Rule| {
        matches!(other.origin, Origin::Implied) && provider_of(other) == provider_of(rule)
    };
    let mut formulas = Vec::new();
    if rule.effect == Effect::Deny {
        return formulas;
    }
    for implied_rule in rules.iter().filter(is_of) {
        let (asked, allowed) = implied(implied_rule);
        if allowed.is_empty() {
            continue;
        }
        let mut ways = Vec::new();
        for way in allowed {
            let Condition::All(conditions) = way else {
                continue;
            };
            let parts = conditions.iter().map(|condition| match condition {
                Condition::Aws(AwsCondition::Key(test)) => of_key(test).for_effect(Effect::Allow),
                Condition::Aws(AwsCondition::Provider(_))
                | Condition::Claim(_)
                | Condition::ClaimPrefix(_)
                | Condition::All(_)
                | Condition::Any(_)
                | Condition::Not { .. } => Formula::True,
            });
            ways.push(Formula::all(parts));
        }
        let ways = Formula::any(ways);
        if !ways.is_true() {
            let at = PointerBuf::from_tokens(["Statement"]);
            let note = "what is asked beside the role is looked at by the rules that admit";
            translator.report(&at, Fidelity::Narrowed, note);
            formulas.push(Formula::any([not_asked_for(asked), ways]));
        }
    }
    formulas
}

fn provider_of(rule: &Rule) -> Option<&str> {
    rule.conditions
        .iter()
        .find_map(|condition| match condition {
            Condition::Aws(AwsCondition::Provider(name)) => Some(&**name),
            Condition::Aws(AwsCondition::Key(_))
            | Condition::Claim(_)
            | Condition::ClaimPrefix(_)
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::Not { .. } => None,
        })
}

fn of_condition(
    condition: &Condition,
    effect: Effect,
    at: &PointerBuf,
    translator: &mut Translator,
) -> Formula {
    match condition {
        Condition::Aws(AwsCondition::Key(test)) => {
            let said = of_key(test);
            let (verdict, note) = match said.fewer {
                None => (Fidelity::Exact, ""),
                Some(why) => (Fidelity::Narrowed, why),
            };
            translator.report(at, verdict, note);
            said.for_effect(effect)
        }
        // The issuer says it, where the request does not say more.
        Condition::Aws(AwsCondition::Provider(_)) => Formula::True,
        Condition::Claim(_)
        | Condition::ClaimPrefix(_)
        | Condition::All(_)
        | Condition::Any(_)
        | Condition::Not { .. } => asked_for(Some(condition)),
    }
}

const OF_THE_REQUEST: &str = "the native language asks nothing of the request";

fn of_key(test: &KeyTest) -> Said {
    match &test.source {
        Source::Fixed(value) => fixed(test, value),
        Source::NoKey | Source::NeverThere => Said::exact(constant(test.holds_on_absence())),
        Source::Request(_) | Source::RoleAuthorized(_) => Said::never(OF_THE_REQUEST),
        Source::TagKeys(_) => Said::never("the native language asks no names of members"),
        Source::Claims {
            pointers,
            unwrapped,
        } => of_claims(test, pointers, *unwrapped),
    }
}

const fn constant(holds: bool) -> Formula {
    if holds { Formula::True } else { Formula::False }
}

/// A key whose value the provider's ARN says.
fn fixed(test: &KeyTest, value: &str) -> Said {
    let Check::Values { wanted, .. } = &test.check else {
        let Check::Null { present, .. } = &test.check else {
            return Said::never(OF_THE_REQUEST);
        };
        return Said::exact(constant(*present));
    };
    let mut budget = Budget::new(Policy::MAX_STEPS);
    match test.holds_on(value, wanted, &mut budget) {
        Some(holds) => Said::exact(constant(holds)),
        None => Said::never("a variable on a key that is known"),
    }
}

/// The first of several claims that is there.
fn of_claims(test: &KeyTest, pointers: &[PointerBuf], unwrapped: bool) -> Said {
    let mut formulas = Vec::new();
    let mut fewer = None;
    let last = pointers.len().saturating_sub(1);
    // A formula that holds only on a claim that is there need not say so.
    let may_hold_on_absence = match &test.check {
        Check::Null { absent, .. } => *absent,
        Check::Values {
            negated, if_exists, ..
        } => *negated || *if_exists || test.set == Some(SetOperator::ForAllValues),
    };
    for (index, pointer) in pointers.iter().enumerate() {
        let said = of_pointer(test, pointer, unwrapped && index == last);
        fewer = fewer.or(said.fewer);
        let earlier = pointers.iter().take(index);
        let mut parts: Vec<Formula> = earlier
            .map(|other| Leaf::of(other).test("absent", boolean(true)))
            .collect();
        if index != last && may_hold_on_absence {
            parts.push(Leaf::of(pointer).test("exists", boolean(true)));
        }
        parts.push(said.formula);
        formulas.push(Formula::all(parts));
    }
    Said {
        formula: Formula::any(formulas),
        fewer,
    }
}

fn of_pointer(test: &KeyTest, pointer: &PointerBuf, unwrapped: bool) -> Said {
    let (negated, if_exists, wanted) = match &test.check {
        Check::Null { absent, present } => {
            let absent = absent.then(|| Leaf::of(pointer).test("absent", boolean(true)));
            let present = present.then(|| something(pointer, unwrapped));
            return Said::exact(Formula::any(absent.into_iter().chain(present)));
        }
        Check::Values {
            negated,
            if_exists,
            wanted,
        } => (*negated, *if_exists, wanted),
    };
    let tests = Tests::of(wanted);
    let own = match test.set {
        None => {
            let plain = tests.one_value(&Leaf::of(pointer), negated);
            let mut first = pointer.clone();
            first.push_token("0");
            let mut second = pointer.clone();
            second.push_token("1");
            if unwrapped && !negated {
                // Of a scalar, and of a list of one.
                let any = tests.one_value(&Leaf::of(pointer).elements("any"), negated);
                let second = Leaf::of(&second).test("absent", boolean(true));
                Said::exact(Formula::all([any, second]))
            } else if unwrapped {
                let only = [
                    some_value(pointer),
                    Leaf::of(&first).test("exists", boolean(true)),
                    Leaf::of(&second).test("absent", boolean(true)),
                    tests.one_value(&Leaf::of(&first), negated),
                ];
                Said::exact(Formula::any([plain, Formula::all(only)]))
            } else {
                Said::exact(plain)
            }
        }
        Some(SetOperator::ForAllValues) => tests.for_all(pointer, negated),
        Some(SetOperator::ForAnyValue) => tests.for_any(pointer, negated),
    };
    let absent = if_exists.then(|| Leaf::of(pointer).test("absent", boolean(true)));
    Said {
        formula: Formula::any(absent.into_iter().chain([own.formula])),
        fewer: tests.fewer.or(own.fewer),
    }
}

/// The key has a value of which operators can speak.
fn some_value(pointer: &PointerBuf) -> Formula {
    every_text(&Leaf::of(pointer).elements("any"))
}

/// The key has a value, and not several that are all empty.
fn something(pointer: &PointerBuf, unwrapped: bool) -> Formula {
    let empty = |leaf: &Leaf<'_>| leaf.with([("equals", text("")), ("as", text("text"))]);
    let elements = Leaf::of(pointer).elements("any");
    let not_empty = elements.with([("pattern", text("?*")), ("as", text("text"))]);
    let mut ways = vec![not_empty, empty(&Leaf::of(pointer))];
    if unwrapped {
        let mut first = pointer.clone();
        first.push_token("0");
        let mut second = pointer.clone();
        second.push_token("1");
        ways.push(Formula::all([
            some_value(pointer),
            empty(&Leaf::of(&first)),
            Leaf::of(&second).test("absent", boolean(true)),
        ]));
    }
    Formula::any(ways)
}
