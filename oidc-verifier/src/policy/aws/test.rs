//! One condition of a trust policy, and how it is judged: a key, an operator, values.
//!
//! IAM's logic has two values: a condition that does not hold is negated by another operator, never
//! by the engine. So the verdict is `Holds`, or one of the two that say why not.

use jsonptr::{Pointer, PointerBuf};

use super::super::claims_view::ClaimsView;
use super::super::condition::{Budget, Exhausted, Verdict};
use super::super::cost::blocks;
use super::expectation::{Answer, Expectation};
use super::keys::{Source, Value, scalar_text};
use super::operator::SetOperator;

/// A condition that only this dialect has.
#[derive(Clone, Debug)]
pub(in crate::policy) enum AwsCondition {
    Key(Box<KeyTest>),
    /// The token is from this provider of `Principal`, if the request says from which.
    Provider(Box<str>),
}

/// An operator with the values of one key.
#[derive(Clone, Debug)]
pub(in crate::policy) struct KeyTest {
    /// As it is written.
    pub(in crate::policy) key: Box<str>,
    pub(in crate::policy) source: Source,
    /// The operator's name without the set operator.
    pub(in crate::policy) operator: &'static str,
    pub(in crate::policy) set: Option<SetOperator>,
    /// The values as JSON, as they are written.
    pub(in crate::policy) expected: Box<str>,
    pub(in crate::policy) check: Check,
}

#[derive(Clone, Debug)]
pub(in crate::policy) enum Check {
    /// `Null`: whether it holds when the key is absent, and when it has a value.
    Null { absent: bool, present: bool },
    Values {
        negated: bool,
        if_exists: bool,
        wanted: Box<[Expectation]>,
    },
}

impl AwsCondition {
    pub(in crate::policy) fn judge(
        &self,
        claims: ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        budget.spend(1)?;
        match self {
            Self::Key(test) => test.judge(claims, budget),
            Self::Provider(name) => {
                let asked = claims.request().and_then(super::Request::provider);
                Ok(verdict(asked.is_none_or(|asked| asked == &**name), false))
            }
        }
    }

    pub(in crate::policy) fn for_each_pointer<'c>(&'c self, visit: &mut impl FnMut(Pointer<'c>)) {
        match self {
            Self::Key(test) => {
                for source in test.sources() {
                    for pointer in source.pointers() {
                        visit(pointer.as_pointer());
                    }
                }
            }
            Self::Provider(_) => {}
        }
    }
}

const fn verdict(holds: bool, absent: bool) -> Verdict {
    match (holds, absent) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Absent,
        (false, false) => Verdict::DoesNotHold,
    }
}

impl KeyTest {
    /// The key's own source, and those of its variables.
    fn sources(&self) -> impl Iterator<Item = &Source> {
        let wanted: &[Expectation] = match &self.check {
            Check::Null { .. } => &[],
            Check::Values { wanted, .. } => wanted,
        };
        std::iter::once(&self.source).chain(wanted.iter().flat_map(Expectation::sources))
    }

    /// Whether it holds of a request that does not have the key.
    pub(in crate::policy) fn holds_on_absence(&self) -> bool {
        match self.check {
            Check::Null { absent, .. } => absent,
            Check::Values {
                negated, if_exists, ..
            } => {
                if_exists
                    || match self.set {
                        None => negated,
                        Some(SetOperator::ForAllValues) => true,
                        Some(SetOperator::ForAnyValue) => false,
                    }
            }
        }
    }

    /// Whether it holds on a key with this one value; `None` if that is for a request to say.
    pub(super) fn holds_on(
        &self,
        text: &str,
        wanted: &[Expectation],
        budget: &mut Budget,
    ) -> Option<bool> {
        let Check::Values { negated, .. } = self.check else {
            return None;
        };
        let mut answer = Some(false);
        for one in wanted {
            match one.check_alone(text, budget).ok()?? {
                Some(true) => answer = Some(true),
                None if answer == Some(false) => answer = None,
                Some(false) | None => {}
            }
        }
        let Some(set) = self.set else {
            return Some(answer.is_some_and(|matches| matches != negated));
        };
        let mut found = Found::default();
        found.add(text, answer);
        Some(found.holds(set, negated))
    }

    fn judge(&self, claims: ClaimsView<'_>, budget: &mut Budget) -> Result<Verdict, Exhausted> {
        budget.spend(self.source.reading(claims))?;
        // Reading the names of all claims costs as much as there are.
        let read: &[PointerBuf] = match &self.source {
            Source::TagKeys(pointers) => pointers,
            Source::Claims { .. }
            | Source::Fixed(_)
            | Source::Request(_)
            | Source::RoleAuthorized(_)
            | Source::NoKey
            | Source::NeverThere => &[],
        };
        let one = self.source.located(claims).filter(|_| read.is_empty());
        let read = read
            .iter()
            .filter_map(|pointer| claims.get(pointer.as_pointer()));
        for value in read.chain(one.map(|(_, value)| value)) {
            budget.spend(blocks(value.json().len()))?;
        }
        let value = self.source.value(claims);
        if matches!(value, Value::Absent) {
            return Ok(verdict(self.holds_on_absence(), true));
        }
        let (negated, wanted) = match &self.check {
            Check::Null { present, .. } => {
                return Ok(verdict(*present && value.is_something(), false));
            }
            Check::Values {
                negated, wanted, ..
            } => (*negated, wanted),
        };
        let mut check = |text: &str| any(wanted, text, claims, budget);
        let holds = match (self.set, value) {
            (None, Value::One(text)) => check(&text)?.is_some_and(|matches| matches != negated),
            // A key with several values is asked with a set operator, or not at all.
            (None, _) | (_, Value::Absent | Value::Unusable) => false,
            (Some(set), Value::One(text)) => {
                let mut found = Found::default();
                found.add(&text, check(&text)?);
                found.holds(set, negated)
            }
            (Some(set), Value::Texts(texts)) => {
                let mut found = Found::default();
                for text in texts.iter() {
                    found.add(text, check(text)?);
                }
                found.holds(set, negated)
            }
            (Some(set), Value::Elements(list)) => {
                let mut found = Found::default();
                for element in list.elements().into_iter().flatten() {
                    match scalar_text(element) {
                        Some(text) => found.add(&text, check(&text)?),
                        None => found.add("?", None),
                    }
                }
                found.holds(set, negated)
            }
        };
        Ok(verdict(holds, false))
    }
}

/// Whether one of the values is as wanted. What no operator speaks of differs from nothing.
fn any(
    wanted: &[Expectation],
    text: &str,
    claims: ClaimsView<'_>,
    budget: &mut Budget,
) -> Result<Answer, Exhausted> {
    let mut answer = Some(false);
    for one in wanted {
        match one.check(text, claims, budget)? {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

/// What came of the values of a key under a set operator.
#[derive(Default)]
struct Found {
    every: Count,
    /// Without empty strings, which AWS calls a null set when there is nothing else.
    with_text: Count,
}

#[derive(Default)]
struct Count {
    values: usize,
    matching: usize,
    differing: usize,
}

impl Found {
    fn add(&mut self, text: &str, answer: Answer) {
        self.every.add(answer);
        if !text.is_empty() {
            self.with_text.add(answer);
        }
    }

    const fn holds(&self, set: SetOperator, negated: bool) -> bool {
        let (every, some) = (&self.every, &self.with_text);
        match (set, negated) {
            (SetOperator::ForAllValues, _) if some.values == 0 => true,
            (SetOperator::ForAllValues, false) => every.matching == every.values,
            (SetOperator::ForAllValues, true) => every.differing == every.values,
            (SetOperator::ForAnyValue, false) => some.matching > 0,
            // What the operator does not speak of is no proof of difference.
            (SetOperator::ForAnyValue, true) => {
                some.differing > 0 && every.matching.saturating_add(every.differing) == every.values
            }
        }
    }
}

impl Count {
    fn add(&mut self, answer: Answer) {
        self.values = self.values.saturating_add(1);
        self.matching = self
            .matching
            .saturating_add(usize::from(answer == Some(true)));
        self.differing = self
            .differing
            .saturating_add(usize::from(answer == Some(false)));
    }
}
