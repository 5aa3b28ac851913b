//! The values of a condition in the native language: equality, patterns and comparisons of one claim.

use jsonptr::{Comparison, Decimal, Pattern, PointerBuf};
use oidc_core::base64url;

use super::super::document::Node;
use super::super::translation::{Formula, Leaf, boolean, text};
use super::expectation::Expectation;
use super::translate::Said;

/// The values of a condition as native tests, one of which holds on a value that is as wanted.
pub(super) struct Tests {
    any_of: Vec<Test>,
    /// They do not judge all values that IAM judges; of the others they say nothing.
    pub(super) fewer: Option<&'static str>,
    /// There is no native form at all.
    unknown: bool,
}

#[derive(Clone, Debug)]
enum Test {
    /// Texts, and as which.
    Texts(Vec<String>, &'static str),
    /// A pattern, and its separator.
    Pattern(String, Option<&'static str>),
    Number(&'static str, Decimal),
    Numbers(Vec<Decimal>),
}

impl Test {
    fn on(&self, leaf: &Leaf<'_>) -> Formula {
        match self {
            Self::Texts(texts, reading) => match texts.as_slice() {
                [only] => leaf.with([("equals", text(only)), ("as", text(reading))]),
                several => {
                    let list = several.iter().map(|own| text(own)).collect();
                    leaf.with([("one_of", Node::List(list)), ("as", text(reading))])
                }
            },
            Self::Pattern(pattern, None) => {
                leaf.with([("pattern", text(pattern)), ("as", text("text"))])
            }
            Self::Pattern(pattern, Some(separator)) => leaf.with([
                ("pattern", text(pattern)),
                ("separator", text(separator)),
                ("as", text("text")),
            ]),
            Self::Number(operator, number) => leaf.test(operator, Node::Number(number.clone())),
            Self::Numbers(numbers) => match numbers.as_slice() {
                [only] => leaf.test("equals", Node::Number(only.clone())),
                several => {
                    let list = several.iter().cloned().map(Node::Number).collect();
                    leaf.test("one_of", Node::List(list))
                }
            },
        }
    }

    /// The same on values that are not empty; `None` if it holds on no such value.
    fn without_empty(&self) -> Option<Self> {
        match self {
            Self::Texts(texts, reading) => {
                let texts: Vec<String> = texts
                    .iter()
                    .filter(|own| !own.is_empty())
                    .cloned()
                    .collect();
                (!texts.is_empty()).then_some(Self::Texts(texts, reading))
            }
            Self::Pattern(pattern, separator) => {
                let matches_empty = pattern.chars().all(|char| char == '*');
                let pattern = if matches_empty { "?*" } else { pattern };
                Some(Self::Pattern(pattern.to_owned(), *separator))
            }
            Self::Number(..) | Self::Numbers(_) => Some(self.clone()),
        }
    }
}

impl Tests {
    pub(super) fn of(wanted: &[Expectation]) -> Self {
        let mut found = Self {
            any_of: Vec::new(),
            fewer: None,
            unknown: false,
        };
        for expectation in wanted {
            found.add(expectation);
        }
        found
    }

    fn add(&mut self, expectation: &Expectation) {
        match expectation {
            Expectation::Text(own) => self.add_text(own, "text"),
            Expectation::AnyCase(own) => self.add_text(own, "text_in_any_case"),
            Expectation::Bool(own) => self.add_text(&own.to_string(), "text_in_any_case"),
            Expectation::Binary(bytes) => self.add_text(&base64(bytes), "text"),
            Expectation::Like(pattern) if pattern.is_literal() => {
                self.add_text(pattern.literal_prefix(), "text");
            }
            Expectation::Like(pattern) => {
                let pattern = pattern.as_str().to_owned();
                self.any_of.push(Test::Pattern(pattern, None));
            }
            Expectation::Arn(parts) => match segmented(parts) {
                Some(pattern) => self.any_of.push(Test::Pattern(pattern, Some(":"))),
                None => self.has_no_form("a pattern of an ARN that no native pattern says"),
            },
            Expectation::Number(comparison, number) => {
                self.fewer = Some("a number that is written as a string is not read");
                self.add_number(*comparison, number);
            }
            Expectation::Date(comparison, seconds) => {
                self.fewer = Some("a date is read only as a number of seconds");
                self.add_number(*comparison, seconds);
            }
            Expectation::Address(_) => self.has_no_form("the native language knows no addresses"),
            Expectation::Variable(..) => self.has_no_form("the native language knows no variables"),
        }
    }

    fn add_text(&mut self, own: &str, reading: &'static str) {
        for test in &mut self.any_of {
            if let Test::Texts(texts, others) = test
                && *others == reading
            {
                texts.push(own.to_owned());
                return;
            }
        }
        self.any_of.push(Test::Texts(vec![own.to_owned()], reading));
    }

    fn add_number(&mut self, comparison: Comparison, number: &Decimal) {
        let operator = match comparison {
            Comparison::LessThan => "less_than",
            Comparison::AtMost => "at_most",
            Comparison::AtLeast => "at_least",
            Comparison::GreaterThan => "more_than",
            Comparison::EqualTo => {
                for test in &mut self.any_of {
                    if let Test::Numbers(numbers) = test {
                        numbers.push(number.clone());
                        return;
                    }
                }
                self.any_of.push(Test::Numbers(vec![number.clone()]));
                return;
            }
        };
        self.any_of.push(Test::Number(operator, number.clone()));
    }

    fn has_no_form(&mut self, why: &'static str) {
        self.fewer = Some(why);
        self.unknown = true;
    }

    fn each<'s>(&'s self, leaf: &'s Leaf<'_>) -> impl Iterator<Item = Formula> {
        self.any_of.iter().map(|test| test.on(leaf))
    }

    pub(super) fn one_value(&self, leaf: &Leaf<'_>, negated: bool) -> Formula {
        if !negated {
            return Formula::any(self.each(leaf));
        }
        if self.unknown {
            return Formula::False;
        }
        if self.any_of.is_empty() {
            let absent = leaf.test("absent", boolean(true));
            return Formula::any([absent, every_text(leaf)]);
        }
        Formula::all(self.each(leaf).map(|test| test.negated(true)))
    }

    pub(super) fn for_all(&self, pointer: &PointerBuf, negated: bool) -> Said {
        let empty = nothing_but_empty(pointer);
        let quantified = |name| Leaf::of(pointer).elements(name);
        if negated {
            let differ = if self.unknown {
                Formula::False
            } else if self.any_of.is_empty() {
                or_nothing(every_text(&quantified("all")))
            } else {
                let any = quantified("any");
                Formula::all(self.each(&any).map(|test| test.negated(true)))
            };
            return Said::exact(Formula::any([differ, empty]));
        }
        let all = quantified("all");
        let ways: Vec<Formula> = self.each(&all).map(or_nothing).collect();
        let several = ways.len() > 1;
        let ways = Formula::any(ways);
        Said {
            formula: if ways.is_false() {
                or_nothing(empty)
            } else {
                Formula::any([ways, empty])
            },
            fewer: several.then_some("all values have to match the same one of the list"),
        }
    }

    pub(super) fn for_any(&self, pointer: &PointerBuf, negated: bool) -> Said {
        let any = Leaf::of(pointer).elements("any");
        let all = Leaf::of(pointer).elements("all");
        if !negated {
            let tests = self.any_of.iter().filter_map(Test::without_empty);
            return Said::exact(Formula::any(tests.map(|test| test.on(&any))));
        }
        if self.unknown {
            return Said::exact(Formula::False);
        }
        match self.any_of.as_slice() {
            [] => {
                let judged = every_text(&all);
                let some = any.with([("pattern", text("?*")), ("as", text("text"))]);
                Said::exact(Formula::all([judged, some]))
            }
            [Test::Texts(texts, reading)] => {
                let mut texts = texts.clone();
                texts.push(String::new());
                Said::exact(Test::Texts(texts, reading).on(&all).negated(false))
            }
            _ => {
                let differ = self.each(&any).map(|test| test.negated(false));
                let not_empty = nothing_but_empty(pointer).negated(false);
                Said {
                    formula: Formula::all(differ.chain([not_empty])),
                    fewer: Some("all values have to differ, and not only one"),
                }
            }
        }
    }
}

/// The canonical base64 text of bytes (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    let mut text = base64url::encode(bytes).replace('-', "+").replace('_', "/");
    while text.len().checked_rem(4) != Some(0) {
        text.push('=');
    }
    text
}

/// The patterns of the parts of an ARN as one whose `*` stops at a colon, except in the last part.
fn segmented(parts: &[Pattern]) -> Option<String> {
    let (last, first) = parts.split_last()?;
    let mut source = String::new();
    for part in first {
        runs(part.as_str(), "*", &mut source);
        source.push(':');
    }
    // `?` would stop at a colon as well.
    if last.as_str().replace(r"\?", "").contains('?') {
        return None;
    }
    runs(last.as_str(), "**", &mut source);
    Pattern::parse_segmented(&source, ':').ok()?;
    Some(source)
}

/// Appends a pattern, with `run` for each run of asterisks.
fn runs(pattern: &str, run: &str, out: &mut String) {
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '*' => {
                while chars.next_if_eq(&'*').is_some() {}
                out.push_str(run);
            }
            '\\' => {
                out.push(char);
                out.extend(chars.next());
            }
            other => out.push(other),
        }
    }
}

pub(super) fn every_text(leaf: &Leaf<'_>) -> Formula {
    leaf.with([("pattern", text("*")), ("as", text("text"))])
}

fn nothing_but_empty(pointer: &PointerBuf) -> Formula {
    let all = Leaf::of(pointer).elements("all");
    all.with([("equals", text("")), ("as", text("text"))])
}

/// Holds on an absent key and on an empty list, and else as the formula does.
fn or_nothing(formula: Formula) -> Formula {
    formula.negated(false).negated(true)
}
