//! The names of condition operators: base, set operator, `IfExists`.

use jsonptr::Comparison;

use super::super::fields::alike;

/// A condition operator, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Operator {
    pub(super) set: Option<SetOperator>,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
    /// Its name without the set operator.
    pub(super) name: &'static str,
}

/// How an operator speaks of a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum SetOperator {
    ForAllValues,
    ForAnyValue,
}

impl SetOperator {
    /// What an explanation calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ForAllValues => "all",
            Self::ForAnyValue => "any",
        }
    }
}

/// What values are, and how they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Family {
    Text { ignore_case: bool },
    Like,
    Arn,
    Number(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Address,
    Null,
}

/// Name, name with `IfExists`, what it compares, whether it is a negation.
type Row = (&'static str, &'static str, Family, bool);

const EXACT: Family = Family::Text { ignore_case: false };
const ANY_CASE: Family = Family::Text { ignore_case: true };

#[rustfmt::skip]
const OPERATORS: &[Row] = &[
    ("StringEquals", "StringEqualsIfExists", EXACT, false),
    ("StringNotEquals", "StringNotEqualsIfExists", EXACT, true),
    ("StringEqualsIgnoreCase", "StringEqualsIgnoreCaseIfExists", ANY_CASE, false),
    ("StringNotEqualsIgnoreCase", "StringNotEqualsIgnoreCaseIfExists", ANY_CASE, true),
    ("StringLike", "StringLikeIfExists", Family::Like, false),
    ("StringNotLike", "StringNotLikeIfExists", Family::Like, true),
    ("ArnEquals", "ArnEqualsIfExists", Family::Arn, false),
    ("ArnNotEquals", "ArnNotEqualsIfExists", Family::Arn, true),
    ("ArnLike", "ArnLikeIfExists", Family::Arn, false),
    ("ArnNotLike", "ArnNotLikeIfExists", Family::Arn, true),
    ("NumericEquals", "NumericEqualsIfExists", Family::Number(Comparison::EqualTo), false),
    ("NumericNotEquals", "NumericNotEqualsIfExists", Family::Number(Comparison::EqualTo), true),
    ("NumericLessThan", "NumericLessThanIfExists", Family::Number(Comparison::LessThan), false),
    ("NumericLessThanEquals", "NumericLessThanEqualsIfExists", Family::Number(Comparison::AtMost), false),
    ("NumericGreaterThan", "NumericGreaterThanIfExists", Family::Number(Comparison::GreaterThan), false),
    ("NumericGreaterThanEquals", "NumericGreaterThanEqualsIfExists", Family::Number(Comparison::AtLeast), false),
    ("DateEquals", "DateEqualsIfExists", Family::Date(Comparison::EqualTo), false),
    ("DateNotEquals", "DateNotEqualsIfExists", Family::Date(Comparison::EqualTo), true),
    ("DateLessThan", "DateLessThanIfExists", Family::Date(Comparison::LessThan), false),
    ("DateLessThanEquals", "DateLessThanEqualsIfExists", Family::Date(Comparison::AtMost), false),
    ("DateGreaterThan", "DateGreaterThanIfExists", Family::Date(Comparison::GreaterThan), false),
    ("DateGreaterThanEquals", "DateGreaterThanEqualsIfExists", Family::Date(Comparison::AtLeast), false),
    ("Bool", "BoolIfExists", Family::Bool, false),
    ("BinaryEquals", "BinaryEqualsIfExists", Family::Binary, false),
    ("IpAddress", "IpAddressIfExists", Family::Address, false),
    ("NotIpAddress", "NotIpAddressIfExists", Family::Address, true),
];

impl Operator {
    /// Reads a name in AWS's own spelling.
    ///
    /// # Errors
    ///
    /// The operator that may have been meant.
    pub(super) fn parse(name: &str) -> Result<Self, Option<&'static str>> {
        let (set, base) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", base)) => (Some(SetOperator::ForAllValues), base),
            Some(("ForAnyValue", base)) => (Some(SetOperator::ForAnyValue), base),
            Some((_, base)) => return Err(suggestion(base)),
        };
        // Neither a set operator nor `IfExists` has a meaning on `Null`.
        if base == "Null" && set.is_none() {
            return Ok(Self {
                set: None,
                family: Family::Null,
                negated: false,
                if_exists: false,
                name: "Null",
            });
        }
        let found = OPERATORS.iter().find_map(|row| {
            let (plain, lenient, family, negated) = *row;
            let if_exists = base == lenient;
            (if_exists || base == plain).then_some(Self {
                set,
                family,
                negated,
                if_exists,
                name: if if_exists { lenient } else { plain },
            })
        });
        found.ok_or_else(|| suggestion(base))
    }
}

fn suggestion(base: &str) -> Option<&'static str> {
    let mut names = OPERATORS.iter().flat_map(|row| [row.0, row.1]);
    let exactly_but_for_case = names.clone().find(|name| name.eq_ignore_ascii_case(base));
    exactly_but_for_case.or_else(|| names.find(|name| alike(name, base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_with_each_set_operator() {
        for (plain, lenient, family, negated) in OPERATORS {
            assert_eq!(*lenient, format!("{plain}IfExists"));
            for (prefix, set) in [
                ("", None),
                ("ForAllValues:", Some(SetOperator::ForAllValues)),
                ("ForAnyValue:", Some(SetOperator::ForAnyValue)),
            ] {
                for (name, if_exists) in [(*plain, false), (*lenient, true)] {
                    let operator = Operator {
                        set,
                        family: *family,
                        negated: *negated,
                        if_exists,
                        name,
                    };
                    assert_eq!(Operator::parse(&format!("{prefix}{name}")), Ok(operator));
                }
            }
        }
    }

    #[test]
    fn another_spelling_is_no_operator() {
        for (name, meant) in [
            ("stringequals", Some("StringEquals")),
            ("StringEqual", Some("StringEquals")),
            ("forAnyValue:StringLike", Some("StringLike")),
            ("ForAnyValue:Stringlike", Some("StringLike")),
            ("NullIfExists", None),
            ("ForAllValues:Null", None),
            ("Equals", None),
            ("", None),
        ] {
            assert_eq!(Operator::parse(name), Err(meant), "{name}");
        }
    }
}
