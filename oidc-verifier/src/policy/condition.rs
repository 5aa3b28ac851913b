//! Conditions, and the one way in which they are judged.

use jsonptr::{Decimal, Located, Matcher, Mismatch, Pattern, Pointer, PointerBuf, Predicate};
use serde::{Serialize, Serializer};

use super::aws::AwsCondition;
use super::claims_view::ClaimsView;
use super::place::Place;
use super::subject::{PartOfSubject, Subject};

/// A condition, compiled.
#[derive(Clone, Debug)]
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

/// Bytes that one step reads.
pub(super) const STEP_BYTES: usize = 64;

impl Budget {
    pub(super) const fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    pub(super) const fn left(self) -> usize {
        self.left
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }
}

impl Condition {
    /// Judges the condition, no further than the verdict needs.
    pub(super) fn judge(
        &self,
        claims: ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        match self {
            Self::Claim(test) => test.judge(claims, budget),
            Self::Aws(condition) => condition.judge(claims, budget),
            Self::ClaimPrefix(prefix) => claim_prefix(prefix, claims, budget),
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
        claims: ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        let other = match &self.test {
            Test::EqualsClaim(pointer) => claims.get(pointer.as_pointer()),
            Test::Absent | Test::Exists | Test::Predicate(_) | Test::JsonText(_) => None,
        };
        let value = claims.get_at(self.pointer.as_pointer(), &self.place);
        let found;
        let value = match (&self.part, value) {
            (None, value) => value,
            // `absent` is said of a part: of no subject at all it does not hold.
            (Some(_), None) => {
                budget.spend(1)?;
                return Ok(Verdict::Absent);
            }
            (Some(part), Some(sub)) => {
                budget.spend(blocks(sub.json().len()))?;
                found = part.of(sub);
                match &found {
                    Subject::Unreadable => return Ok(Verdict::WrongKind),
                    Subject::WithoutPart => None,
                    Subject::Part(part) => part.located(),
                }
            }
        };
        let Some(value) = value else {
            budget.spend(1)?;
            return Ok(match self.test {
                Test::Absent => Verdict::Holds,
                Test::Exists | Test::Predicate(_) | Test::EqualsClaim(_) | Test::JsonText(_) => {
                    Verdict::Absent
                }
            });
        };
        let (Some(elements), Some(list)) = (self.elements, value.elements()) else {
            let verdict = self.test.judge(value, other, budget)?;
            return Ok(match self.elements {
                Some(Elements::None) => verdict.negated(false),
                Some(Elements::Any | Elements::All) | None => verdict,
            });
        };
        // Of no element nothing can be said: neither that all match nor that none does.
        let mut verdict: Option<Verdict> = None;
        for element in list {
            let next = self.test.judge(element, other, budget)?;
            verdict = Some(match (verdict, elements) {
                (None, _) => next,
                (Some(before), Elements::All) => before.and(next),
                (Some(before), Elements::Any | Elements::None) => before.or(next),
            });
        }
        let verdict = verdict.unwrap_or(Verdict::Absent);
        Ok(match elements {
            Elements::None => verdict.negated(false),
            Elements::Any | Elements::All => verdict,
        })
    }
}

impl Test {
    /// Judges a value that is there; `other` is that of the claim to compare with.
    fn judge(
        &self,
        value: Located<'_>,
        other: Option<Located<'_>>,
        budget: &mut Budget,
    ) -> Result<Verdict, Exhausted> {
        budget.spend(self.cost(value))?;
        Ok(match self {
            Self::Absent | Self::Exists if value.is_null() => Verdict::WrongKind,
            Self::Absent => Verdict::DoesNotHold,
            Self::Exists => Verdict::Holds,
            Self::Predicate(_) if !is_comparable(value) => Verdict::WrongKind,
            Self::Predicate(matcher) => match matcher.check(Some(value)) {
                Ok(()) => Verdict::Holds,
                Err(Mismatch::Missing) => Verdict::Absent,
                Err(Mismatch::ValueDiffers) => Verdict::DoesNotHold,
                Err(_) => Verdict::WrongKind,
            },
            Self::EqualsClaim(_) => other.map_or(Verdict::Absent, |other| same(value, other)),
            Self::JsonText(options) => json_text(value, options),
        })
    }

    /// One step for each comparison, and one for each 64 bytes that it reads.
    fn cost(&self, value: Located<'_>) -> usize {
        let one = blocks(value.json().len());
        let pattern = |pattern: &Pattern| one.saturating_mul(blocks(pattern.as_str().len()));
        match self {
            Self::Absent | Self::Exists => 1,
            Self::EqualsClaim(_) => one,
            Self::Predicate(matcher) => {
                if let Predicate::Pattern(own) = matcher.predicate() {
                    pattern(own)
                } else if let Predicate::OneOf(options) = matcher.predicate() {
                    one.saturating_add(options.len())
                } else {
                    one
                }
            }
            Self::JsonText(options) => options
                .iter()
                .map(|option| match option {
                    TextOption::Exact(_) | TextOption::AnyCase(_) => 1,
                    TextOption::Wildcard(own) => pattern(own),
                })
                .fold(one, usize::saturating_add),
        }
    }
}

/// Steps to read so many bytes.
fn blocks(bytes: usize) -> usize {
    bytes.checked_div(STEP_BYTES).unwrap_or(0).saturating_add(1)
}

/// A number with an exponent beyond all bounds has no order: neither it nor a negation decides.
fn is_comparable(value: Located<'_>) -> bool {
    value
        .number()
        .is_none_or(|number| number.partial_cmp(&number).is_some())
}

/// Two scalars of one kind, exactly.
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

fn json_text(value: Located<'_>, options: &[TextOption]) -> Verdict {
    let text = match value.text() {
        Some(text) => text.to_cow(),
        None if value.number().is_some() || value.as_bool().is_some() => value.json().into(),
        None => return Verdict::WrongKind,
    };
    let holds = options.iter().any(|option| match option {
        TextOption::Exact(own) => **own == *text,
        TextOption::AnyCase(own) => own.eq_ignore_ascii_case(&text),
        TextOption::Wildcard(pattern) => pattern.matches(&text),
    });
    if holds {
        Verdict::Holds
    } else {
        Verdict::DoesNotHold
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
