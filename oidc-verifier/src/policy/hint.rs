//! What may be the matter with a condition that does not hold.

use std::fmt::Write;

use jsonptr::{Kind, Located, Pattern, Pointer, Predicate, Scalar, Text};

use super::Policy;
use super::claims_view::ClaimsView;
use super::condition::{Budget, ClaimTest, Test, TextOption};
use super::fields::alike;
use super::operator_view::shown;

/// Values, names and options that the hints of one explanation look at: each is cheap, and a token
/// may bring thousands for each of thousands of conditions.
pub(super) const MAX_COMPARISONS: usize = 1_000;

/// A hint on a condition that does not hold on `value`.
pub(super) fn of(
    test: &ClaimTest,
    value: Option<Located<'_>>,
    claims: ClaimsView<'_>,
    budget: &mut Budget,
) -> Option<String> {
    let Some(value) = value else {
        return Some(no_such_claim(test.pointer.as_pointer(), claims, budget));
    };
    match value.kind() {
        Kind::Null => Some("claim is null".to_owned()),
        Kind::Array if test.elements.is_none() && !matches!(test.test, Test::Absent) => {
            Some("claim is an array: say `elements`".to_owned())
        }
        Kind::Array
            if value
                .elements()
                .is_some_and(|mut list| list.next().is_none()) =>
        {
            Some("array has no element".to_owned())
        }
        Kind::Array => {
            let mut elements = value.elements().into_iter().flatten();
            elements.find_map(|element| {
                budget.spend(1).ok()?;
                on_scalar(&test.test, element, budget)
            })
        }
        Kind::Object => Some("claim is an object: name one of its members".to_owned()),
        Kind::Bool | Kind::Number | Kind::String => on_scalar(&test.test, value, budget),
    }
}

fn no_such_claim(pointer: Pointer<'_>, claims: ClaimsView<'_>, budget: &mut Budget) -> String {
    let mut hint = String::from("no such claim");
    let (Some(parent), Some(last)) = (pointer.parent(), pointer.last()) else {
        return hint;
    };
    // The parent is seldom among the claims that were located: to find it is another reading.
    if budget.spend(1).is_err() {
        return hint;
    }
    let name = last.decoded();
    let members = claims.get(parent).and_then(|parent| parent.members());
    let mut names = members
        .into_iter()
        .flatten()
        .map_while(|member| budget.spend(1).is_ok().then_some(member))
        .map(|(name, _)| name.to_cow());
    if let Some(near) = names.find(|near| alike(near, &name)) {
        let _ = write!(hint, "; did you mean `{}`", shown(&near));
    }
    hint
}

fn on_scalar(test: &Test, value: Located<'_>, budget: &mut Budget) -> Option<String> {
    match test {
        Test::Predicate(matcher) => on_predicate(matcher.predicate(), value, budget),
        Test::JsonText(options) => {
            let own = value.text()?.to_cow();
            affordable(options, budget).find_map(|option| match option {
                TextOption::Exact(exact) | TextOption::AnyCase(exact) => differs_only(exact, &own),
                TextOption::Wildcard(pattern) => on_pattern(pattern, &own),
            })
        }
        Test::Absent | Test::Exists | Test::EqualsClaim(_) => None,
    }
}

/// The options, as far as they may be looked at.
fn affordable<'o, T>(options: &'o [T], budget: &mut Budget) -> impl Iterator<Item = &'o T> {
    let options = options.iter();
    options.map_while(|option| budget.spend(1).is_ok().then_some(option))
}

fn on_predicate(predicate: &Predicate, value: Located<'_>, budget: &mut Budget) -> Option<String> {
    if let Predicate::Equals(scalar) = predicate {
        return on_options(std::slice::from_ref(scalar), value, budget);
    }
    if let Predicate::OneOf(scalars) = predicate {
        return on_options(scalars, value, budget);
    }
    budget.spend(1).ok()?;
    let speaks_of = if matches!(predicate, Predicate::Compare(..)) {
        Kind::Number
    } else {
        Kind::String
    };
    if value.kind() != speaks_of {
        return Some(format!("claim is of kind {}", value.kind()));
    }
    match (predicate, value.text()) {
        (Predicate::Pattern(pattern), Some(text)) => on_pattern(pattern, &text.to_cow()),
        _ => None,
    }
}

fn on_options(options: &[Scalar], value: Located<'_>, budget: &mut Budget) -> Option<String> {
    let text = value.text().map(Text::to_cow);
    affordable(options, budget).find_map(|option| match (option, &text) {
        (Scalar::Text(own), Some(text)) => differs_only(own, text).or_else(|| literal(own, text)),
        (Scalar::Text(own), None) if own == value.json() => Some(format!(
            "claim is a {}: write it without quotation marks",
            value.kind()
        )),
        (Scalar::Number(own), Some(text)) if own.as_number().as_str() == text => {
            Some("claim is a string: write it in quotation marks".to_owned())
        }
        (Scalar::Bool(own), Some(text)) if own.to_string() == **text => {
            Some("claim is a string: write it in quotation marks".to_owned())
        }
        _ => None,
    })
}

/// An exact operator with wildcards in it.
fn literal(own: &str, text: &str) -> Option<String> {
    let matches =
        own.contains(['*', '?']) && Pattern::parse(own).is_ok_and(|own| own.matches(text));
    matches.then(|| "`*` and `?` are plain characters here: say `pattern`".to_owned())
}

fn on_pattern(pattern: &Pattern, text: &str) -> Option<String> {
    let again = |source: &str| match pattern.separator() {
        Some(separator) => Pattern::parse_segmented(source, separator),
        None => Pattern::parse(source),
    };
    let case = again(&pattern.as_str().to_lowercase())
        .is_ok_and(|lower| lower.matches(&text.to_lowercase()));
    if case {
        return Some("differs only in case".to_owned());
    }
    let separator = pattern.separator()?;
    let crosses = Pattern::parse(pattern.as_str()).is_ok_and(|plain| plain.matches(text));
    crosses.then(|| format!("`*` stops at `{separator}`: say `**` to go across"))
}

/// The characters in lower case, no further than they are compared.
fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

pub(super) fn differs_only(own: &str, text: &str) -> Option<String> {
    let by = if lower(own).eq(lower(text)) {
        "in case"
    } else if own.trim_end_matches('/') == text.trim_end_matches('/') {
        "by a trailing slash"
    } else if own.trim() == text.trim() {
        "by white space at an end"
    } else {
        return None;
    };
    Some(format!("differs only {by}"))
}

/// Why no rule is about a token.
pub(super) fn no_rule_applies(
    policy: &Policy,
    claims: ClaimsView<'_>,
    budget: &mut Budget,
) -> String {
    let issuer = claims.issuer();
    if !policy.index().knows_issuer(issuer) {
        let mut rules = policy.rules().iter();
        return match rules
            .find_map(|rule| Some((rule, differs_only(rule.issuer.as_str(), issuer)?)))
        {
            Some((rule, difference)) => format!(
                "no rule names the issuer `{}`; that of rule `{}` {difference}",
                shown(issuer),
                shown(&rule.id),
            ),
            None => format!("no rule names the issuer `{}`", shown(issuer)),
        };
    }
    let near = claims.audiences().find_map(|audience| {
        let audience = audience.to_cow();
        let names = policy
            .rules()
            .iter()
            .filter(|rule| rule.issuer.as_str() == issuer)
            .flat_map(|rule| &rule.audiences);
        names
            .map_while(|own| budget.spend(1).is_ok().then_some(own))
            .find_map(|own| Some((own, differs_only(own, &audience)?)))
    });
    match near {
        Some((name, difference)) => format!(
            "no rule of this issuer is for an audience of the token; `{}` {difference}",
            shown(name)
        ),
        None => "no rule of this issuer is for an audience of the token".to_owned(),
    }
}
