//! A pointer and what its value must be.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::located::{Kind, Located};
use crate::number::Number;
use crate::pattern::Pattern;
use crate::text::Text;
use crate::{Pointer, PointerBuf};

/// A condition on one value of a document.
///
/// A missing value matches nothing but [`Predicate::Absent`]; a value of another kind than the
/// predicate speaks of never matches; nothing is converted: `1`, `"1"` and `true`, `"true"` differ.
///
/// ```
/// use jsonptr::{Matcher, Mismatch, Pattern, Pointer, PointerSet, Predicate};
///
/// let main_only = Matcher::new(
///     Pointer::parse("/sub")?.to_owned(),
///     Predicate::Pattern(Pattern::parse("repo:acme/*:ref:refs/heads/main")?),
/// );
/// let set = PointerSet::new([main_only.pointer()])?;
/// let fork = set.scan(br#"{"sub":"repo:evil/web:ref:refs/heads/main"}"#)?;
/// assert_eq!(main_only.check(fork.get(0)), Err(Mismatch::ValueDiffers));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher {
    pointer: PointerBuf,
    quantifier: Quantifier,
    predicate: Predicate,
}

/// How a predicate speaks of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quantifier {
    /// The value itself: an array matches no predicate on scalars.
    #[default]
    Itself,
    /// At least one element matches. A scalar counts as an array of one, since `aud` and its like
    /// are written both ways (RFC 7519 section 4.1.3).
    Any,
    /// Every element matches, and there is one. A scalar counts as an array of one.
    All,
    /// There is an array, or a scalar counting as one, and no element matches. An element that the
    /// predicate cannot judge (another kind, a number without order) is no proof of difference: it
    /// does not match `None`.
    None,
}

/// What a value must be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Predicate {
    /// Equal to a scalar: strings byte for byte, numbers by exact value.
    Equals(Scalar),
    /// Equal to one of these; an empty list matches nothing.
    OneOf(Vec<Scalar>),
    /// A string that the whole pattern matches.
    Pattern(Pattern),
    /// A string that begins so.
    Prefix(String),
    /// A string that ends so.
    Suffix(String),
    /// A number in this relation to another, compared exactly.
    Compare(Comparison, Decimal),
    /// Present and not `null`.
    Exists,
    /// Not present. `null` is present.
    Absent,
}

/// A scalar to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string.
    Text(String),
}

/// A number to compare with, of any size and precision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

/// A relation between numbers: the claim's value stands on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the order of numbers has these and no more"
)]
pub enum Comparison {
    /// `claim < number`
    LessThan,
    /// `claim <= number`
    AtMost,
    /// `claim == number`
    EqualTo,
    /// `claim >= number`
    AtLeast,
    /// `claim > number`
    GreaterThan,
}

/// Why a [`Matcher`] did not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The pointer names nothing in the document.
    #[error("no such value")]
    Missing,
    /// The value, or the number to compare with, has an exponent beyond all bounds: see
    /// [`Number`]'s order.
    #[error("number has no order")]
    NoOrder,
    /// The value is of a kind that the predicate does not speak of.
    #[error("value is of kind {actual}")]
    #[non_exhaustive]
    WrongKind {
        /// The kind it is of; for an array under a quantifier, that of an element.
        actual: Kind,
    },
    /// The value, or the elements that the quantifier asks for, are others.
    #[error("value differs")]
    ValueDiffers,
}

impl Matcher {
    /// `predicate` on the value that `pointer` names; an array matches only through
    /// [`quantified`](Self::quantified).
    pub const fn new(pointer: PointerBuf, predicate: Predicate) -> Self {
        Self {
            pointer,
            quantifier: Quantifier::Itself,
            predicate,
        }
    }

    /// The same predicate on the elements of an array.
    #[must_use]
    pub const fn quantified(mut self, quantifier: Quantifier) -> Self {
        self.quantifier = quantifier;
        self
    }

    /// Which value it is about.
    pub fn pointer(&self) -> Pointer<'_> {
        self.pointer.as_pointer()
    }

    /// How it speaks of arrays.
    pub const fn quantifier(&self) -> Quantifier {
        self.quantifier
    }

    /// What the value must be.
    pub const fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Judges what the pointer found.
    ///
    /// # Errors
    ///
    /// Why it does not match.
    pub fn check(&self, value: Option<Located<'_>>) -> Result<(), Mismatch> {
        match (&self.predicate, value) {
            (Predicate::Absent, None) => Ok(()),
            (Predicate::Absent, Some(_)) => Err(Mismatch::ValueDiffers),
            (_, None) => Err(Mismatch::Missing),
            (Predicate::Exists, Some(value)) if value.is_null() => {
                Err(Mismatch::WrongKind { actual: Kind::Null })
            }
            (Predicate::Exists, Some(_)) => Ok(()),
            (predicate, Some(value)) => match self.quantifier {
                Quantifier::Itself => predicate.check(value),
                Quantifier::Any => any(value, predicate),
                Quantifier::All => all(value, predicate),
                Quantifier::None => none(value, predicate),
            },
        }
    }
}

/// The elements of an array, or a scalar as the only one.
fn elements(value: Located<'_>) -> impl Iterator<Item = Located<'_>> {
    let elements = value.elements();
    let itself = elements.is_none().then_some(value);
    elements.into_iter().flatten().chain(itself)
}

fn any(value: Located<'_>, predicate: &Predicate) -> Result<(), Mismatch> {
    let mut nearest = None;
    for element in elements(value) {
        match predicate.check(element) {
            Ok(()) => return Ok(()),
            Err(Mismatch::ValueDiffers) => nearest = Some(Mismatch::ValueDiffers),
            Err(other) => nearest = nearest.or(Some(other)),
        }
    }
    Err(nearest.unwrap_or(Mismatch::ValueDiffers))
}

fn all(value: Located<'_>, predicate: &Predicate) -> Result<(), Mismatch> {
    let mut empty = true;
    for element in elements(value) {
        predicate.check(element)?;
        empty = false;
    }
    if empty {
        Err(Mismatch::ValueDiffers)
    } else {
        Ok(())
    }
}

fn none(value: Located<'_>, predicate: &Predicate) -> Result<(), Mismatch> {
    for element in elements(value) {
        match predicate.check(element) {
            Err(Mismatch::ValueDiffers) => {}
            Ok(()) => return Err(Mismatch::ValueDiffers),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

impl Predicate {
    /// Judges one value that is present.
    fn check(&self, value: Located<'_>) -> Result<(), Mismatch> {
        let wrong_kind = Mismatch::WrongKind {
            actual: value.kind(),
        };
        let text = |holds: &dyn Fn(Text<'_>) -> bool| value.text().map(holds).ok_or(wrong_kind);
        let holds = match self {
            Self::Equals(scalar) => scalar.equals(value)?,
            Self::OneOf(scalars) => {
                let (mut same_kind, mut no_order) = (false, false);
                for scalar in scalars {
                    match scalar.equals(value) {
                        Ok(true) => return Ok(()),
                        Ok(false) => same_kind = true,
                        Err(Mismatch::NoOrder) => no_order = true,
                        Err(_) => {}
                    }
                }
                if no_order {
                    return Err(Mismatch::NoOrder);
                }
                if !same_kind && !scalars.is_empty() {
                    return Err(wrong_kind);
                }
                false
            }
            Self::Pattern(pattern) => text(&|text| pattern.matches(&text.to_cow()))?,
            Self::Prefix(prefix) => text(&|text| text.starts_with(prefix))?,
            Self::Suffix(suffix) => text(&|text| text.ends_with(suffix))?,
            Self::Compare(comparison, number) => {
                let claim = value.number().ok_or(wrong_kind)?;
                comparison.holds(order(claim, number)?)
            }
            Self::Exists => !value.is_null(),
            Self::Absent => false,
        };
        if holds {
            Ok(())
        } else {
            Err(Mismatch::ValueDiffers)
        }
    }
}

/// How the numbers stand to each other, if that can be told: what cannot is neither equal nor
/// different.
fn order(value: Number<'_>, other: &Decimal) -> Result<Ordering, Mismatch> {
    let order = value.partial_cmp(&other.as_number());
    order.ok_or(Mismatch::NoOrder)
}

impl Comparison {
    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::LessThan => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::EqualTo => order.is_eq(),
            Self::AtLeast => order.is_ge(),
            Self::GreaterThan => order.is_gt(),
        }
    }
}

impl Scalar {
    fn equals(&self, value: Located<'_>) -> Result<bool, Mismatch> {
        let wrong_kind = Mismatch::WrongKind {
            actual: value.kind(),
        };
        match self {
            Self::Bool(own) => value.as_bool().map(|value| value == *own).ok_or(wrong_kind),
            Self::Number(own) => match value.number() {
                Some(value) => order(value, own).map(Ordering::is_eq),
                None => Err(wrong_kind),
            },
            Self::Text(own) => value.text().map(|value| value == **own).ok_or(wrong_kind),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Number(Decimal::from(value))
    }
}

impl Decimal {
    /// Reads a JSON number (RFC 8259 section 6).
    pub fn parse(text: &str) -> Option<Self> {
        Number::parse(text).map(|number| Self(number.as_str().to_owned()))
    }

    /// The number, to compare with.
    pub fn as_number(&self) -> Number<'_> {
        Number::new(&self.0)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(alloc::format!("{value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PointerSet;

    fn check(predicate: Predicate, quantifier: Quantifier, json: &str) -> Result<(), Mismatch> {
        let pointer = Pointer::parse("/c").unwrap().to_owned();
        let matcher = Matcher::new(pointer, predicate).quantified(quantifier);
        let set = PointerSet::new([matcher.pointer()]).unwrap();
        matcher.check(set.scan(json.as_bytes()).unwrap().get(0))
    }

    fn itself(predicate: Predicate, json: &str) -> Result<(), Mismatch> {
        check(predicate, Quantifier::Itself, json)
    }

    const fn wrong(actual: Kind) -> Result<(), Mismatch> {
        Err(Mismatch::WrongKind { actual })
    }

    #[test]
    fn nothing_is_converted() {
        assert_eq!(
            itself(Predicate::Equals("1".into()), r#"{"c":1}"#),
            wrong(Kind::Number)
        );
        assert_eq!(
            itself(Predicate::Equals(1.into()), r#"{"c":"1"}"#),
            wrong(Kind::String)
        );
        assert_eq!(
            itself(Predicate::Equals(true.into()), r#"{"c":"true"}"#),
            wrong(Kind::String)
        );
        assert_eq!(
            itself(Predicate::Equals(true.into()), r#"{"c":1}"#),
            wrong(Kind::Number)
        );
        assert_eq!(itself(Predicate::Equals(1.into()), r#"{"c":1.0}"#), Ok(()));
        assert_eq!(
            itself(Predicate::Equals("é".into()), r#"{"c":"\u00e9"}"#),
            Ok(())
        );
        assert_eq!(
            itself(Predicate::Equals("E".into()), r#"{"c":"e"}"#),
            Err(Mismatch::ValueDiffers)
        );
    }

    #[test]
    fn only_absent_matches_a_missing_value() {
        let pattern = || Predicate::Pattern(Pattern::parse("*").unwrap());
        for quantifier in [
            Quantifier::Itself,
            Quantifier::Any,
            Quantifier::All,
            Quantifier::None,
        ] {
            for predicate in [Predicate::Equals("".into()), pattern(), Predicate::Exists] {
                assert_eq!(check(predicate, quantifier, "{}"), Err(Mismatch::Missing));
            }
            assert_eq!(check(Predicate::Absent, quantifier, "{}"), Ok(()));
        }
        assert_eq!(
            itself(Predicate::Absent, r#"{"c":null}"#),
            Err(Mismatch::ValueDiffers)
        );
        assert_eq!(
            itself(Predicate::Exists, r#"{"c":null}"#),
            wrong(Kind::Null)
        );
        assert_eq!(itself(Predicate::Exists, r#"{"c":[]}"#), Ok(()));
    }

    #[test]
    fn an_array_matches_only_through_a_quantifier() {
        let a = || Predicate::Equals("a".into());
        assert_eq!(itself(a(), r#"{"c":["a"]}"#), wrong(Kind::Array));
        for (json, any, all, none) in [
            (r#"{"c":["a","b"]}"#, true, false, false),
            (r#"{"c":["a","a"]}"#, true, true, false),
            (r#"{"c":["b"]}"#, false, false, true),
            (r#"{"c":[]}"#, false, false, true),
            (r#"{"c":"a"}"#, true, true, false),
            (r#"{"c":[1,"a"]}"#, true, false, false),
            (r#"{"c":[1]}"#, false, false, false),
            (r#"{"c":[["a"]]}"#, false, false, false),
        ] {
            assert_eq!(check(a(), Quantifier::Any, json).is_ok(), any, "any {json}");
            assert_eq!(check(a(), Quantifier::All, json).is_ok(), all, "all {json}");
            assert_eq!(
                check(a(), Quantifier::None, json).is_ok(),
                none,
                "none {json}"
            );
        }
    }

    #[test]
    fn comparisons_are_exact_at_their_edges() {
        let decimal = |text| Decimal::parse(text).unwrap();
        for (comparison, below, equal, above) in [
            (Comparison::LessThan, true, false, false),
            (Comparison::AtMost, true, true, false),
            (Comparison::EqualTo, false, true, false),
            (Comparison::AtLeast, false, true, true),
            (Comparison::GreaterThan, false, false, true),
        ] {
            let holds = |json: &str| {
                itself(
                    Predicate::Compare(comparison, decimal("9007199254740993")),
                    json,
                )
                .is_ok()
            };
            assert_eq!(holds(r#"{"c":9007199254740992}"#), below);
            assert_eq!(holds(r#"{"c":9007199254740993.0}"#), equal);
            assert_eq!(holds(r#"{"c":9007199254740993.000000001}"#), above);
        }
    }

    /// Neither equal nor different, less nor more: so it is no proof that no element is.
    #[test]
    fn a_number_without_order_matches_nothing_and_differs_from_nothing() {
        let decimal = |text| Decimal::parse(text).unwrap();
        let number = |text| Scalar::Number(decimal(text));
        let (most, beyond) = ("1e1000000000000000000", "1e1000000000000000001");
        let predicates = |text: &'static str| {
            [
                Predicate::Equals(number(text)),
                Predicate::OneOf(alloc::vec!["a".into(), number(text)]),
                Predicate::Compare(Comparison::LessThan, decimal(text)),
                Predicate::Compare(Comparison::EqualTo, decimal(text)),
            ]
        };
        for (claim, other, order) in [
            (most, "1", true),
            (beyond, "1", false),
            ("1", beyond, false),
        ] {
            for predicate in predicates(other) {
                let json = alloc::format!(r#"{{"c":[{claim}]}}"#);
                let found = [Quantifier::Any, Quantifier::All, Quantifier::None]
                    .map(|quantifier| check(predicate.clone(), quantifier, &json));
                let expected = if order {
                    [
                        Err(Mismatch::ValueDiffers),
                        Err(Mismatch::ValueDiffers),
                        Ok(()),
                    ]
                } else {
                    [Err(Mismatch::NoOrder); 3]
                };
                assert_eq!(found, expected, "{claim} {predicate:?}");
            }
        }
    }

    #[test]
    fn an_option_without_order_hides_no_other() {
        let beyond = Decimal::parse("1e1000000000000000001").unwrap();
        let options = || Predicate::OneOf(alloc::vec![Scalar::Number(beyond.clone()), 5.into()]);
        assert_eq!(itself(options(), r#"{"c":5}"#), Ok(()));
        assert_eq!(itself(options(), r#"{"c":6}"#), Err(Mismatch::NoOrder));
        assert_eq!(itself(options(), r#"{"c":"5"}"#), wrong(Kind::String));
    }

    #[test]
    fn one_of_an_empty_list_matches_nothing() {
        assert_eq!(
            itself(Predicate::OneOf(Vec::new()), r#"{"c":"a"}"#),
            Err(Mismatch::ValueDiffers)
        );
        let some = Predicate::OneOf(alloc::vec!["a".into(), 2.into()]);
        assert_eq!(itself(some.clone(), r#"{"c":2}"#), Ok(()));
        assert_eq!(
            itself(some.clone(), r#"{"c":3}"#),
            Err(Mismatch::ValueDiffers)
        );
        assert_eq!(itself(some, r#"{"c":true}"#), wrong(Kind::Bool));
    }

    #[test]
    fn prefix_and_suffix_look_through_escapes() {
        assert_eq!(
            itself(Predicate::Prefix("a/b".into()), r#"{"c":"a\/bc"}"#),
            Ok(())
        );
        assert_eq!(
            itself(Predicate::Suffix("b\n".into()), r#"{"c":"ab\n"}"#),
            Ok(())
        );
        assert_eq!(
            itself(Predicate::Prefix("b".into()), r#"{"c":"ab"}"#),
            Err(Mismatch::ValueDiffers)
        );
    }
}
