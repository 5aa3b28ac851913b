//! Which values a test holds on, as far as that can be said without a token.

use std::borrow::Cow;
use std::cmp::Ordering;

use jsonptr::{Comparison, Decimal, Pattern, Predicate, Scalar};

use crate::policy::condition::{Test, TextOption};

/// The values on which a test holds: these, or fewer.
#[derive(Debug, Default)]
pub(super) struct Values<'t> {
    /// Every string.
    all_texts: bool,
    literals: Vec<&'t str>,
    patterns: Vec<Cow<'t, Pattern>>,
    numbers: Vec<Range<'t>>,
    /// `false` and `true`.
    bools: [bool; 2],
    /// Objects and arrays.
    containers: bool,
    /// On which of them the test certainly holds.
    exact: Exact,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Exact {
    /// On all.
    All,
    /// On all the strings.
    Texts,
    /// On some, maybe.
    #[default]
    None,
}

/// A pattern of all texts that are equal but for case, and of some more.
fn in_any_case(text: &str) -> String {
    let letter = |char: char| {
        if char.is_ascii_alphabetic() {
            '?'
        } else {
            char
        }
    };
    escaped(text).chars().map(letter).collect()
}

/// Numbers between two bounds, each with whether it belongs to them.
#[derive(Debug, Default)]
struct Range<'t> {
    low: Option<(&'t Decimal, bool)>,
    high: Option<(&'t Decimal, bool)>,
}

/// Comparing values takes steps; there are only so many for one policy.
#[derive(Debug)]
pub(super) struct Effort {
    left: usize,
}

impl Effort {
    pub(super) const fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    /// Whether that many steps are left. Once they are not, none are.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.left = self.left.saturating_sub(steps);
        !self.is_spent()
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// Pairs of characters that count as one step.
const PAIRS_A_STEP: usize = 64;

impl<'t> Values<'t> {
    /// The values on which `test` holds. [`Test::Absent`] holds on none.
    pub(super) fn of(test: &'t Test) -> Self {
        match test {
            Test::Absent => Self {
                exact: Exact::All,
                ..Self::default()
            },
            Test::Exists => Self {
                containers: true,
                exact: Exact::All,
                ..Self::any_scalar()
            },
            Test::EqualsClaim(_) => Self::any_scalar(),
            Test::JsonText(options) => {
                let written = |text: &str| {
                    options.iter().any(|option| match option {
                        TextOption::Exact(own) => **own == *text,
                        TextOption::AnyCase(own) => own.eq_ignore_ascii_case(text),
                        TextOption::Wildcard(pattern) => pattern.matches(text),
                    })
                };
                let mut values = Self {
                    all_texts: false,
                    bools: [written("false"), written("true")],
                    exact: Exact::Texts,
                    ..Self::any_scalar()
                };
                for option in options {
                    match option {
                        TextOption::Exact(text) => values.literals.push(text),
                        TextOption::AnyCase(text) => values.add_written(&in_any_case(text)),
                        TextOption::Wildcard(pattern) => values.add_pattern(Cow::Borrowed(pattern)),
                    }
                }
                values
            }
            Test::Predicate(matcher) => Self::of_predicate(matcher.predicate()),
        }
    }

    /// One string, and nothing else.
    pub(super) fn text(text: &'t str) -> Self {
        Self {
            literals: vec![text],
            exact: Exact::All,
            ..Self::default()
        }
    }

    /// Strings that match one of these.
    pub(super) fn matching(patterns: &'t [Pattern]) -> Self {
        let mut values = Self::default();
        for pattern in patterns {
            values.add_pattern(Cow::Borrowed(pattern));
        }
        values
    }

    /// One boolean, and nothing else.
    pub(super) const fn bool(value: bool) -> Self {
        Self {
            all_texts: false,
            literals: Vec::new(),
            patterns: Vec::new(),
            numbers: Vec::new(),
            bools: [!value, value],
            containers: false,
            exact: Exact::All,
        }
    }

    fn of_predicate(predicate: &'t Predicate) -> Self {
        let mut values = Self {
            exact: Exact::All,
            ..Self::default()
        };
        match predicate {
            Predicate::Equals(scalar) => values.add_scalar(scalar),
            Predicate::OneOf(scalars) => scalars.iter().for_each(|own| values.add_scalar(own)),
            Predicate::Pattern(pattern) => values.add_pattern(Cow::Borrowed(pattern)),
            Predicate::Prefix(prefix) => values.add_written(&format!("{}*", escaped(prefix))),
            Predicate::Suffix(suffix) => values.add_written(&format!("*{}", escaped(suffix))),
            Predicate::Compare(comparison, number) => {
                values.numbers.push(Range::of(*comparison, number));
            }
            // The conditions of a policy have tests of their own for the two.
            Predicate::Exists | Predicate::Absent | _ => return Self::any_scalar(),
        }
        values
    }

    fn any_scalar() -> Self {
        Self {
            all_texts: true,
            numbers: vec![Range::default()],
            bools: [true; 2],
            ..Self::default()
        }
    }

    fn add_scalar(&mut self, scalar: &'t Scalar) {
        match scalar {
            Scalar::Bool(own) => {
                let [no, yes] = &mut self.bools;
                *(if *own { yes } else { no }) = true;
            }
            Scalar::Number(number) => self.numbers.push(Range::of(Comparison::EqualTo, number)),
            Scalar::Text(text) => self.literals.push(text),
            // INVARIANT: there are these three kinds of scalars.
            &_ => *self = Self::any_scalar(),
        }
    }

    fn add_pattern(&mut self, pattern: Cow<'t, Pattern>) {
        if pattern.matches_everything() {
            self.all_texts = true;
            return;
        }
        if let Cow::Borrowed(one) = pattern
            && one.is_literal()
        {
            self.literals.push(one.literal_prefix());
        } else {
            self.patterns.push(pattern);
        }
    }

    fn add_written(&mut self, pattern: &str) {
        if let Ok(pattern) = Pattern::parse(pattern) {
            self.add_pattern(Cow::Owned(pattern));
        } else {
            // Longer than a pattern may be: some strings.
            self.all_texts = true;
            self.exact = Exact::None;
        }
    }

    const fn has_texts(&self) -> bool {
        self.all_texts || !self.literals.is_empty() || !self.patterns.is_empty()
    }

    /// Whether they are some strings, or numbers between two bounds.
    pub(super) fn is_bounded(&self) -> bool {
        let mut numbers = self.numbers.iter();
        let has_bounds = |range: &Range<'_>| range.low.is_some() && range.high.is_some();
        !self.all_texts && (self.has_texts() || !self.numbers.is_empty() && numbers.all(has_bounds))
    }

    /// The strings that are named whole.
    pub(super) fn literals(&self) -> &[&'t str] {
        &self.literals
    }

    /// The patterns that strings may match.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().map(Cow::as_ref)
    }

    /// Whether strings, numbers, booleans are among them.
    pub(super) fn kinds(&self) -> (bool, bool, bool) {
        (
            self.has_texts(),
            !self.numbers.is_empty(),
            self.bools != [false; 2],
        )
    }

    /// Whether certainly no value is in both; `false` if the effort is spent.
    pub(super) fn is_disjoint(&self, other: &Self, effort: &mut Effort) -> bool {
        let both = |(own, other): (&bool, &bool)| *own && *other;
        !(self.bools.iter().zip(&other.bools).any(both)
            || self.containers && other.containers
            || self.all_texts && other.has_texts()
            || other.all_texts && self.has_texts())
            && self.literals_miss(other, effort)
            && other.literals_miss(self, effort)
            && all_pairs(
                &self.patterns,
                &other.patterns,
                effort,
                |own, other, effort| {
                    effort.spend(pattern_steps(own, other)) && !own.overlaps(other)
                },
            )
            && all_pairs(
                &self.numbers,
                &other.numbers,
                effort,
                |own, other, effort| effort.spend(1) && own.is_disjoint(other),
            )
    }

    /// No literal is a literal of `other` or matches one of its patterns.
    fn literals_miss(&self, other: &Self, effort: &mut Effort) -> bool {
        self.literals.iter().all(|text| {
            effort.spend(other.literals.len().saturating_add(1))
                && !other.literals.contains(text)
                && other
                    .patterns
                    .iter()
                    .all(|pattern| effort.spend(text_steps(text)) && !pattern.matches(text))
        })
    }

    /// Whether certainly each of these values is one on which the test of `other` holds; `false` if
    /// the effort is spent.
    pub(super) fn is_within(&self, other: &Self, effort: &mut Effort) -> bool {
        let texts_fit = |effort: &mut Effort| {
            other.all_texts
                || !self.all_texts
                    && self.literals.iter().all(|text| {
                        effort.spend(other.literals.len().saturating_add(1))
                            && (other.literals.contains(text)
                                || other.patterns.iter().any(|pattern| {
                                    effort.spend(text_steps(text)) && pattern.matches(text)
                                }))
                    })
                    && self.patterns.iter().all(|own| {
                        other.patterns.iter().any(|other| {
                            effort.spend(pattern_steps(own, other)) && other.covers(own)
                        })
                    })
        };
        let only_texts = self.numbers.is_empty() && self.bools == [false; 2] && !self.containers;
        let exact = match other.exact {
            Exact::All => true,
            Exact::Texts => only_texts,
            Exact::None => false,
        };
        exact
            && self
                .bools
                .iter()
                .zip(&other.bools)
                .all(|(own, other)| *other || !own)
            && (other.containers || !self.containers)
            && texts_fit(effort)
            && self.numbers.iter().all(|own| {
                let mut others = other.numbers.iter();
                others.any(|other| effort.spend(1) && own.is_within(other))
            })
    }
}

fn all_pairs<T>(
    own: &[T],
    other: &[T],
    effort: &mut Effort,
    mut holds: impl FnMut(&T, &T, &mut Effort) -> bool,
) -> bool {
    own.iter()
        .all(|own| other.iter().all(|other| holds(own, other, effort)))
}

fn text_steps(text: &str) -> usize {
    let steps = text.len().checked_div(PAIRS_A_STEP);
    steps.unwrap_or_default().saturating_add(1)
}

fn pattern_steps(own: &Pattern, other: &Pattern) -> usize {
    let pairs = own.as_str().len().saturating_mul(other.as_str().len());
    let steps = pairs.checked_div(PAIRS_A_STEP);
    steps.unwrap_or_default().saturating_add(1)
}

/// A pattern that matches this text alone.
pub(super) fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern
}

impl<'t> Range<'t> {
    fn of(comparison: Comparison, number: &'t Decimal) -> Self {
        let (low, high) = match comparison {
            Comparison::LessThan => (None, Some((number, false))),
            Comparison::AtMost => (None, Some((number, true))),
            Comparison::EqualTo => (Some((number, true)), Some((number, true))),
            Comparison::AtLeast => (Some((number, true)), None),
            Comparison::GreaterThan => (Some((number, false)), None),
        };
        Self { low, high }
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        ends_before(self, other) || ends_before(other, self)
    }

    fn is_within(&self, other: &Self) -> bool {
        let low = match (self.low, other.low) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) => fits(own, other, Ordering::Greater),
        };
        let high = match (self.high, other.high) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) => fits(own, other, Ordering::Less),
        };
        low && high
    }
}

/// Whether all of `first` is below all of `second`.
fn ends_before(first: &Range<'_>, second: &Range<'_>) -> bool {
    let (Some((high, with_high)), Some((low, with_low))) = (first.high, second.low) else {
        return false;
    };
    match compare(high, low) {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => !(with_high && with_low),
        Some(Ordering::Greater) | None => false,
    }
}

/// Whether the bound is the other one or lies on this side of it.
fn fits(own: (&Decimal, bool), other: (&Decimal, bool), side: Ordering) -> bool {
    match compare(own.0, other.0) {
        Some(Ordering::Equal) => other.1 || !own.1,
        order => order == Some(side),
    }
}

fn compare(own: &Decimal, other: &Decimal) -> Option<Ordering> {
    own.as_number().partial_cmp(&other.as_number())
}
