//! Conditions, and the one way in which they are judged.

use jsonptr::{
    Decimal, Kind, Located, Matcher, Mismatch, Pattern, Pointer, PointerBuf, Predicate, Text,
};
use serde::{Serialize, Serializer};

use super::aws::AwsCondition;
use super::claims_view::ClaimsView;
use super::cost::{Cost, blocks};
use super::place::Place;
use super::subject::{PartOfSubject, Subject};

/// A condition, compiled.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most conditions are tests of claims, found without a step further"
)]
pub(super) enum Condition {
    Claim(ClaimTest),
    /// A condition of AWS's language, on a key.
    Aws(AwsCondition),
    /// Some top-level claim has a name that begins so.
    ClaimPrefix(Box<str>),
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not {
        inner: Box<Condition>,
        or_absent: bool,
    },
}

/// One operator on one claim.
#[derive(Clone, Debug)]
pub(super) struct ClaimTest {
    pub(super) pointer: PointerBuf,
    pub(super) place: Place,
    /// Of the subject, one part; the pointer is then that of `sub`.
    pub(super) part: Option<PartOfSubject>,
    pub(super) elements: Option<Elements>,
    /// The operator's name in the document.
    pub(super) operator: &'static str,
    /// What the document says after it, as JSON.
    pub(super) expected: Box<str>,
    /// Of the test.
    pub(super) cost: Cost,
    pub(super) test: Test,
}

/// Which elements of an array must pass. A scalar counts as an array of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    Any,
    All,
    None,
}

impl Elements {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Absent,
    Exists,
    /// One of `jsonptr`'s predicates; its pointer names the value itself.
    Predicate(Matcher),
    /// The value of another claim.
    EqualsClaim(PointerBuf),
    /// One of these, compared with a string's characters or a number's or boolean's text: `as` in the
    /// native language, and all of Doppler's.
    JsonText(Box<[TextOption]>),
}

#[derive(Clone, Debug)]
pub(super) enum TextOption {
    Exact(Box<str>),
    /// Equal but for the case of ASCII letters.
    AnyCase(Box<str>),
    Wildcard(Pattern),
}

/// What came of a condition.
///
/// They are ordered from good to bad: what `all` comes to is the worst of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the logic of the language has these values and no other"
)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The claim is there and its value is another.
    DoesNotHold,
    /// It cannot hold: there is no such claim, or an array without elements.
    Absent,
    /// It cannot hold: the claim is of a kind that the operator does not speak of. `null` is of no
    /// kind that any operator speaks of.
    WrongKind,
}

impl Verdict {
    /// Whether the condition holds.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Holds)
    }

    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does_not_hold",
            Self::Absent => "absent",
            Self::WrongKind => "wrong_kind",
        }
    }

    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Absent => "cannot hold, nothing is there",
            Self::WrongKind => "cannot hold, of another kind",
        }
    }

    /// Every part must hold.
    pub(super) const fn and(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    /// One part must hold; if none does, the worst counts.
    pub(super) const fn or(self, other: Self) -> Self {
        if self.holds() || other.holds() {
            Self::Holds
        } else {
            self.and(other)
        }
    }

    pub(super) const fn negated(self, or_absent: bool) -> Self {
        match self {
            Self::Holds => Self::DoesNotHold,
            Self::DoesNotHold => Self::Holds,
            Self::Absent if or_absent => Self::Holds,
            Self::Absent => Self::Absent,
            Self::WrongKind => Self::WrongKind,
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::DoesNotHold => 1,
            Self::Absent => 2,
            Self::WrongKind => 3,
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// What one token may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    left: usize,
}

/// The budget is spent: the token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    pub(super) const fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    pub(super) const fn left(self) -> usize {
        self.left
    }

    #[inline]
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }
}

impl Condition {
    /// Judges the condition, no further than the verdict needs.
    #[inline]
    pub(super) fn judge(
        &self,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        if let Self::Claim(test) = self {
            test.judge(claims, budget)
        } else {
            self.judge_compound(claims, budget)
        }
    }

    /// What is not simply a test of a claim, apart from it: that one is most of all conditions, and
    /// recursion would make it dearer.
    fn judge_compound(
        &self,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        match self {
            Self::Claim(test) => test.judge(claims, budget),
            Self::Aws(condition) => condition.judge(*claims, budget),
            Self::ClaimPrefix(prefix) => claim_prefix(prefix, *claims, budget),
            Self::All(parts) => {
                budget.spend(1)?;
                let mut verdict = Verdict::Holds;
                for part in parts {
                    verdict = verdict.and(part.judge(claims, budget)?);
                }
                Ok(verdict)
            }
            Self::Any(parts) => {
                budget.spend(1)?;
                let mut verdict = Verdict::DoesNotHold;
                for part in parts {
                    verdict = verdict.or(part.judge(claims, budget)?);
                    if verdict.holds() {
                        break;
                    }
                }
                Ok(verdict)
            }
            Self::Not { inner, or_absent } => {
                budget.spend(1)?;
                Ok(inner.judge(claims, budget)?.negated(*or_absent))
            }
        }
    }

    /// Calls `visit` with every pointer in the condition.
    pub(super) fn for_each_pointer<'c>(&'c self, visit: &mut impl FnMut(Pointer<'c>)) {
        match self {
            Self::Claim(test) => {
                visit(test.pointer.as_pointer());
                if let Test::EqualsClaim(other) = &test.test {
                    visit(other.as_pointer());
                }
            }
            Self::Aws(condition) => condition.for_each_pointer(visit),
            Self::ClaimPrefix(_) => visit(Pointer::ROOT),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.for_each_pointer(visit);
                }
            }
            Self::Not { inner, .. } => inner.for_each_pointer(visit),
        }
    }
}

fn claim_prefix(
    prefix: &str,
    claims: ClaimsView<'_>,
    budget: &mut Budget,
) -> Result<Verdict, Exhausted> {
    budget.spend(1)?;
    let root = claims.get(Pointer::ROOT);
    for (name, value) in root.and_then(|root| root.members()).into_iter().flatten() {
        budget.spend(blocks(value.json().len()))?;
        if name.starts_with(prefix) {
            return Ok(Verdict::Holds);
        }
    }
    Ok(Verdict::DoesNotHold)
}

impl ClaimTest {
    pub(super) fn judge(
        &self,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        match claims.index_at(self.pointer.as_pointer(), &self.place) {
            Some(index) => self.judge_found(claims.located(index), claims, budget),
            None => self.judge_unlocated(claims, budget),
        }
    }

    /// Judges a claim that was not located when the claims set was read.
    #[cold]
    fn judge_unlocated(
        &self,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        let value = claims.read(self.pointer.as_pointer(), budget)?;
        self.judge_found(value, claims, budget)
    }

    #[expect(
        clippy::inline_always,
        reason = "a condition costs less than these calls would"
    )]
    #[inline(always)]
    fn judge_found(
        &self,
        value: Option<Located<'_>>,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        match self.part {
            None => self.judge_value(value, claims, budget),
            Some(part) => self.judge_part(part, value, claims, budget),
        }
    }

    /// Judges one part of the subject, apart from whole claims, which are most.
    #[inline(never)]
    fn judge_part(
        &self,
        part: PartOfSubject,
        sub: Option<Located<'_>>,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        // `absent` is said of a part: of no subject at all it does not hold.
        let Some(sub) = sub else {
            budget.spend(1)?;
            return Ok(Verdict::Absent);
        };
        budget.spend(blocks(sub.json().len()))?;
        let found = part.of(sub);
        let value = match &found {
            Subject::Unreadable => return Ok(Verdict::WrongKind),
            Subject::WithoutPart => None,
            Subject::Part(part) => part.located(),
        };
        self.judge_value(value, claims, budget)
    }

    #[expect(
        clippy::inline_always,
        reason = "a condition costs less than these calls would"
    )]
    #[inline(always)]
    fn judge_value(
        &self,
        value: Option<Located<'_>>,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        let Some(value) = value else {
            budget.spend(1)?;
            return Ok(match self.test {
                Test::Absent => Verdict::Holds,
                Test::Exists | Test::Predicate(_) | Test::EqualsClaim(_) | Test::JsonText(_) => {
                    Verdict::Absent
                }
            });
        };
        let verdict = if let Test::EqualsClaim(other) = &self.test {
            self.judge_beside(value, other.as_pointer(), claims, budget)?
        } else if let (Some(elements), Kind::Array) = (self.elements, value.kind()) {
            self.judge_elements(value, elements, None, budget)?
        } else {
            budget.spend(self.cost.of(value))?;
            self.test.judge(value, None)
        };
        Ok(match self.elements {
            Some(Elements::None) => verdict.negated(false),
            Some(Elements::Any | Elements::All) | None => verdict,
        })
    }

    /// Judges a value by that of another claim, apart from the tests that need no other.
    #[inline(never)]
    fn judge_beside(
        &self,
        value: Located<'_>,
        other: Pointer<'_>,
        claims: &ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        let other = claims.read(other, budget)?;
        if let (Some(elements), Kind::Array) = (self.elements, value.kind()) {
            self.judge_elements(value, elements, other, budget)
        } else {
            budget.spend(self.cost_of(value, other))?;
            Ok(self.test.judge(value, other))
        }
    }

    #[inline(never)]
    fn judge_elements(
        &self,
        list: Located<'_>,
        elements: Elements,
        other: Option<Located<'_>>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        let mut verdict: Option<Verdict> = None;
        for element in list.elements().into_iter().flatten() {
            budget.spend(self.cost_of(element, other))?;
            let next = self.test.judge(element, other);
            verdict = Some(match (verdict, elements) {
                (None, _) => next,
                (Some(before), Elements::All) => before.and(next),
                (Some(before), Elements::Any | Elements::None) => before.or(next),
            });
        }
        // Of no element nothing can be said: neither that all match nor that none does.
        Ok(verdict.unwrap_or(Verdict::Absent))
    }

    /// The steps to judge a value, which may have to be held against that of another claim.
    #[inline]
    fn cost_of(&self, value: Located<'_>, other: Option<Located<'_>>) -> usize {
        let other = other.map_or(0, |other| blocks(other.json().len()));
        self.cost.of(value).saturating_add(other)
    }
}

impl Test {
    /// Judges a value that is there; `other` is that of the claim to compare with.
    #[expect(
        clippy::inline_always,
        reason = "a condition costs less than these calls would"
    )]
    #[inline(always)]
    fn judge(&self, value: Located<'_>, other: Option<Located<'_>>) -> Verdict {
        match self {
            Self::JsonText(options) => json_text(value, options),
            Self::Absent | Self::Exists if value.is_null() => Verdict::WrongKind,
            Self::Absent => Verdict::DoesNotHold,
            Self::Exists => Verdict::Holds,
            Self::Predicate(matcher) => predicate(value, matcher),
            Self::EqualsClaim(_) => other.map_or(Verdict::Absent, |other| same(value, other)),
        }
    }

    /// What it costs to judge a value.
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Absent | Self::Exists => Cost::steps(1),
            Self::EqualsClaim(_) => Cost::READING,
            Self::Predicate(matcher) => {
                if let Predicate::Pattern(own) = matcher.predicate() {
                    Cost::matching(own)
                } else if let Predicate::OneOf(options) = matcher.predicate() {
                    Cost::READING.and(Cost::steps(options.len()))
                } else {
                    Cost::READING
                }
            }
            Self::JsonText(options) => options
                .iter()
                .map(|option| match option {
                    TextOption::Exact(_) | TextOption::AnyCase(_) => Cost::steps(1),
                    TextOption::Wildcard(own) => Cost::matching(own),
                })
                .fold(Cost::READING, Cost::and),
        }
    }
}

#[inline(never)]
fn predicate(value: Located<'_>, matcher: &Matcher) -> Verdict {
    if !is_comparable(value) {
        return Verdict::WrongKind;
    }
    match matcher.check(Some(value)) {
        Ok(()) => Verdict::Holds,
        Err(Mismatch::Missing) => Verdict::Absent,
        Err(Mismatch::ValueDiffers) => Verdict::DoesNotHold,
        Err(_) => Verdict::WrongKind,
    }
}

/// A number with an exponent beyond all bounds has no order: neither it nor a negation decides.
fn is_comparable(value: Located<'_>) -> bool {
    value
        .number()
        .is_none_or(|number| number.partial_cmp(&number).is_some())
}

/// Two scalars of one kind, exactly.
#[inline(never)]
fn same(value: Located<'_>, other: Located<'_>) -> Verdict {
    let equal = if let (Some(own), Some(other)) = (value.text(), other.text()) {
        Some(own == other)
    } else if let (Some(own), Some(other)) = (value.number(), other.number()) {
        own.partial_cmp(&other).map(std::cmp::Ordering::is_eq)
    } else if let (Some(own), Some(other)) = (value.as_bool(), other.as_bool()) {
        Some(own == other)
    } else {
        None
    };
    match equal {
        Some(true) => Verdict::Holds,
        Some(false) => Verdict::DoesNotHold,
        None => Verdict::WrongKind,
    }
}

#[expect(
    clippy::inline_always,
    reason = "a condition costs less than these calls would"
)]
#[inline(always)]
fn json_text(value: Located<'_>, options: &[TextOption]) -> Verdict {
    match value.text().and_then(Text::as_plain) {
        Some(plain) => one_of(plain, options),
        None => unusual_json_text(value, options),
    }
}

/// A text with escapes, and what is no text.
#[inline(never)]
fn unusual_json_text(value: Located<'_>, options: &[TextOption]) -> Verdict {
    let text = match (value.text(), value.kind()) {
        (Some(text), _) => text.to_cow(),
        (None, Kind::Bool | Kind::Number) => value.json().into(),
        (None, Kind::Array | Kind::Null | Kind::Object | Kind::String) => {
            return Verdict::WrongKind;
        }
    };
    one_of(&text, options)
}

#[expect(
    clippy::inline_always,
    reason = "a condition costs less than these calls would"
)]
#[inline(always)]
fn one_of(text: &str, options: &[TextOption]) -> Verdict {
    for option in options {
        let holds = match option {
            TextOption::Exact(own) => **own == *text,
            TextOption::AnyCase(_) | TextOption::Wildcard(_) => option.resembles(text),
        };
        if holds {
            return Verdict::Holds;
        }
    }
    Verdict::DoesNotHold
}

impl TextOption {
    #[inline(never)]
    fn resembles(&self, text: &str) -> bool {
        match self {
            Self::Exact(own) => **own == *text,
            Self::AnyCase(own) => own.eq_ignore_ascii_case(text),
            Self::Wildcard(pattern) => pattern.matches(text),
        }
    }
}

/// A predicate on the value itself: the pointer that leads to it is the condition's.
pub(super) fn on_value(predicate: Predicate) -> Test {
    Test::Predicate(Matcher::new(Pointer::ROOT.to_owned(), predicate))
}

/// A number, or a date in seconds, on the right of a comparison.
pub(super) fn compare(comparison: jsonptr::Comparison, number: Decimal) -> Test {
    on_value(Predicate::Compare(comparison, number))
}
