//! What a condition wants of one value of its key.

use std::net::IpAddr;

use jsonptr::{Comparison, Decimal, MAX_PATTERN_BYTES, Number, Pattern};
use oidc_core::base64url;

use super::super::claims_view::ClaimsView;
use super::super::condition::{Budget, Exhausted};
use super::super::cost::blocks;
use super::instant;
use super::keys::{Source, Value};
use super::network::Network;
use super::template::{ARN_PARTS, Piece};

/// One value of a condition, in one of its forms.
#[derive(Clone, Debug)]
pub(in crate::policy) enum Expectation {
    Text(Box<str>),
    /// Equal but for the case of ASCII letters.
    AnyCase(Box<str>),
    Like(Pattern),
    /// One pattern for each of the six parts.
    Arn(Box<[Pattern]>),
    Number(Comparison, Decimal),
    Date(Comparison, Decimal),
    Bool(bool),
    Binary(Box<[u8]>),
    Address(Network),
    /// A value with variables that only a request fills in.
    Variable(Form, Box<[Filled]>),
}

/// What a value with variables is, once they are filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Form {
    Text,
    AnyCase,
    Like,
    Arn,
}

/// A piece whose variables know their source, with what stands in where it is absent.
pub(in crate::policy) type Filled = Piece<(Source, Option<Box<str>>)>;

/// What came of one value: whether it is as wanted, or `None` if the operator does not speak of it.
pub(super) type Answer = Option<bool>;

impl Expectation {
    pub(super) fn check(
        &self,
        text: &str,
        claims: ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<Answer, Exhausted> {
        match (self.check_alone(text, budget)?, self) {
            (Some(answer), _) => Ok(answer),
            (None, Self::Variable(form, pieces)) => filled(*form, pieces, text, claims, budget),
            (None, _) => Ok(None),
        }
    }

    /// The same without a request: `None` for a value with variables.
    pub(super) fn check_alone(
        &self,
        text: &str,
        budget: &mut Budget,
    ) -> Result<Option<Answer>, Exhausted> {
        budget.spend(blocks(text.len()))?;
        Ok(Some(match self {
            Self::Text(own) => Some(**own == *text),
            Self::AnyCase(own) => Some(own.eq_ignore_ascii_case(text)),
            Self::Like(pattern) => Some(like(pattern, text, budget)?),
            Self::Arn(patterns) => Some(arn(patterns, text, budget)?),
            Self::Number(comparison, wanted) => Number::parse(text)
                .and_then(|number| number.partial_cmp(&wanted.as_number()))
                .map(|order| stands(*comparison, order)),
            Self::Date(comparison, wanted) => instant::seconds(text)
                .and_then(|own| own.as_number().partial_cmp(&wanted.as_number()))
                .map(|order| stands(*comparison, order)),
            Self::Bool(wanted) => boolean(text).map(|own| own == *wanted),
            Self::Binary(wanted) => binary(text).map(|own| *own == **wanted),
            Self::Address(network) => text
                .parse::<IpAddr>()
                .ok()
                .map(|address| network.contains(address)),
            Self::Variable(..) => return Ok(None),
        }))
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        let pieces: &[Filled] = match self {
            Self::Variable(_, pieces) => pieces,
            Self::Text(_)
            | Self::AnyCase(_)
            | Self::Like(_)
            | Self::Arn(_)
            | Self::Number(..)
            | Self::Date(..)
            | Self::Bool(_)
            | Self::Binary(_)
            | Self::Address(_) => &[],
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable((source, _)) => Some(source),
            Piece::Text(_) | Piece::Any | Piece::One => None,
        })
    }
}

fn like(pattern: &Pattern, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
    budget.spend(blocks(text.len()).saturating_mul(blocks(pattern.as_str().len())))?;
    Ok(pattern.matches(text))
}

fn arn(patterns: &[Pattern], text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
    let mut parts = text.splitn(ARN_PARTS, ':');
    for pattern in patterns {
        let Some(part) = parts.next() else {
            return Ok(false);
        };
        if !like(pattern, part, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

const fn stands(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::LessThan => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::EqualTo => order.is_eq(),
        Comparison::AtLeast => order.is_ge(),
        Comparison::GreaterThan => order.is_gt(),
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// The bytes of a base64 text (RFC 4648 section 4), with its padding and no stray bits.
pub(super) fn binary(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len().checked_sub(unpadded.len())?;
    let whole = text.len().checked_rem(4)? == 0;
    if !whole || padding > 2 || unpadded.contains(['-', '_']) {
        return None;
    }
    base64url::decode(unpadded.replace('+', "-").replace('/', "_")).ok()
}

/// Compares with a value whose variables the request fills in. What a variable stands for is text:
/// no character of it is a wildcard.
fn filled(
    form: Form,
    pieces: &[Filled],
    text: &str,
    claims: ClaimsView<'_>,
    budget: &mut Budget,
) -> Result<Answer, Exhausted> {
    let mut own = String::new();
    // The parts of an ARN are those that the policy divides.
    let mut colons = 0_usize;
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                colons = colons.saturating_add(text.matches(':').count());
                literal(form, text, &mut own);
            }
            Piece::Any => own.push('*'),
            Piece::One => own.push('?'),
            Piece::Variable((source, default)) => {
                budget.spend(source.reading(claims))?;
                let value = match (source.value(claims), default) {
                    (Value::One(value), _) => value,
                    (Value::Absent, Some(default)) => (&**default).into(),
                    // Nothing equals a variable that has no value, or several.
                    (Value::Absent | Value::Elements(_) | Value::Texts(_) | Value::Unusable, _) => {
                        return Ok(Some(false));
                    }
                };
                budget.spend(blocks(value.len()))?;
                let in_last_part = colons.saturating_add(1) >= ARN_PARTS;
                if form == Form::Arn && !in_last_part && value.contains(':') {
                    return Ok(Some(false));
                }
                literal(form, &value, &mut own);
            }
        }
    }
    match form {
        Form::Text => Ok(Some(own == text)),
        Form::AnyCase => Ok(Some(own.eq_ignore_ascii_case(text))),
        Form::Like | Form::Arn => {
            // Compiling a pattern costs more than reading it.
            budget.spend(own.len().min(MAX_PATTERN_BYTES))?;
            let parts: Vec<&str> = match form {
                Form::Arn => own.splitn(ARN_PARTS, ':').collect(),
                Form::Like | Form::Text | Form::AnyCase => vec![&own],
            };
            let patterns: Result<Vec<Pattern>, _> = parts.into_iter().map(Pattern::parse).collect();
            // A value that has grown beyond all patterns decides nothing, not even that it differs.
            let Ok(patterns) = patterns else {
                return Ok(None);
            };
            match (form, patterns.as_slice()) {
                (Form::Arn, patterns) => arn(patterns, text, budget).map(Some),
                (Form::Like | Form::Text | Form::AnyCase, [pattern]) => {
                    like(pattern, text, budget).map(Some)
                }
                (Form::Like | Form::Text | Form::AnyCase, _) => Ok(None),
            }
        }
    }
}

/// Appends characters that stand for themselves.
fn literal(form: Form, text: &str, out: &mut String) {
    match form {
        Form::Text | Form::AnyCase => out.push_str(text),
        Form::Like | Form::Arn => escape(text, out),
    }
}

/// Appends text to a pattern.
pub(super) fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        if matches!(char, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
}
