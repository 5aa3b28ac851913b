//! From a document to rules: the native language.

use std::collections::HashMap;

use jsonptr::{Comparison, Decimal, Pattern, PointerBuf, Predicate, Scalar};
use oidc_core::provider::Provider;
use oidc_core::{ClaimsScanner, IssuerIdentifier};

use super::condition::{
    Budget, ClaimTest, Condition, Elements, Test, TextOption, compare, on_value,
};
use super::document::{Node, PolicyDocument};
use super::error::{PolicyError, PolicyFault};
use super::examples::{self, Example};
use super::fields::{self, Fields};
use super::path::Path;
use super::place::Place;
use super::replay_mode::ReplayMode;
use super::subject::PartOfSubject;
use super::{Effect, Origin, Policy, Rule, date};

const RULE_MEMBERS: &[&str] = &[
    "id",
    "effect",
    "issuer",
    "provider",
    "audiences",
    "conditions",
    "replay",
    "examples",
];

const CONDITION_MEMBERS: &[&str] = &[
    "claim",
    "subject",
    "elements",
    "as",
    "separator",
    "or_absent",
    "all",
    "any",
    "not",
    "equals",
    "one_of",
    "pattern",
    "prefix",
    "suffix",
    "less_than",
    "at_most",
    "at_least",
    "more_than",
    "before",
    "not_before",
    "equals_claim",
    "exists",
    "absent",
    "claim_prefix",
];

/// Each condition has one of these.
const OPERATORS: &[&str] = &[
    "all",
    "any",
    "not",
    "equals",
    "one_of",
    "pattern",
    "prefix",
    "suffix",
    "less_than",
    "at_most",
    "at_least",
    "more_than",
    "before",
    "not_before",
    "equals_claim",
    "exists",
    "absent",
    "claim_prefix",
];

pub(super) fn policy(document: &PolicyDocument) -> Result<Policy, PolicyError> {
    let root = Path::Root;
    let fields = Fields::read(&document.root, &root, &["rules"])?;
    let at = root.member("rules");
    let nodes = fields::list(fields.require("rules")?, &at, Policy::MAX_RULES)?;

    let mut rules = Vec::new();
    let mut found = Vec::new();
    let mut ids = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        let path = at.index(index);
        let id = id_of(node);
        let in_rule = |error: PolicyError| error.in_rule(index, id);
        let rule = rule(node, &path).map_err(in_rule)?;
        examples::collect(node, &path, index, &rule, &mut found).map_err(in_rule)?;
        if let Some(first) = ids.insert(rule.id.clone(), index) {
            let first = at.index(first).member("id").to_pointer();
            let fault = PolicyFault::Duplicate { first };
            return Err(in_rule(PolicyError::new(&path.member("id"), fault)));
        }
        rules.push(rule);
    }
    let policy = Policy::assemble(rules, &at)?;
    let mut budget = Budget::new(Policy::MAX_EXAMPLE_STEPS);
    found
        .iter()
        .try_for_each(|example: &Example| example.run(&policy, &mut budget))?;
    Ok(policy)
}

/// The id for error messages, before anything else is known of the rule.
fn id_of(node: &Node) -> Option<&str> {
    let Node::Map(members) = node else {
        return None;
    };
    let (_, id) = members.iter().find(|(name, _)| name == "id")?;
    let Node::Text(id) = id else { return None };
    (1..=Policy::MAX_ID_BYTES).contains(&id.len()).then_some(id)
}

fn rule(node: &Node, path: &Path<'_>) -> Result<Rule, PolicyError> {
    let fields = Fields::read(node, path, RULE_MEMBERS)?;
    let id_at = path.member("id");
    let id = fields::non_empty(fields.require("id")?, &id_at)?;
    if id.len() > Policy::MAX_ID_BYTES {
        let fault = PolicyFault::TooMany {
            max: Policy::MAX_ID_BYTES,
        };
        return Err(PolicyError::new(&id_at, fault));
    }
    let at = path.member("effect");
    let effect = match fields::text(fields.require("effect")?, &at)? {
        "allow" => Effect::Allow,
        "deny" => Effect::Deny,
        _ => return Err(fields::unknown_word(&at, "`allow`, `deny`")),
    };
    let issuer = issuer(fields.require("issuer")?, &path.member("issuer"))?;
    let provider = match fields.get("provider") {
        None => Provider::of_issuer(&issuer),
        Some(node) => Some(provider(node, &path.member("provider"), &issuer)?),
    };
    let audiences = audiences(fields.require("audiences")?, &path.member("audiences"))?;
    let mut conditions = Conditions {
        provider,
        left: Policy::MAX_CONDITIONS,
        negations: 0,
    };
    let list = fields.require("conditions")?;
    let conditions = conditions.list(list, &path.member("conditions"), 1)?;
    if audiences.is_empty() && !speak_of_audience(&conditions) {
        let fault = PolicyFault::NoAudience;
        return Err(PolicyError::new(&path.member("audiences"), fault));
    }
    Ok(Rule {
        id: id.into(),
        effect,
        issuer,
        provider,
        audiences,
        conditions,
        replay: replay(&fields, effect, path)?,
        origin: Origin::Native,
    })
}

/// The audiences; none where the conditions say them.
fn audiences(node: &Node, path: &Path<'_>) -> Result<Vec<Box<str>>, PolicyError> {
    if matches!(node, Node::Text(_)) {
        return match fields::text(node, path)? {
            "by_condition" => Ok(Vec::new()),
            _ => Err(fields::wrong_kind(node, path, "an array or `by_condition`")),
        };
    }
    let mut audiences = Vec::new();
    let names = fields::list(node, path, Policy::MAX_OPTIONS)?;
    for (index, name) in names.iter().enumerate() {
        audiences.push(fields::non_empty(name, &path.index(index))?.into());
    }
    Ok(audiences)
}

/// Whether a condition is about `aud`, or about `azp`, which some issuers put in its place.
fn speak_of_audience(conditions: &[Condition]) -> bool {
    let mut found = false;
    for condition in conditions {
        condition.for_each_pointer(&mut |pointer| {
            let first = pointer.tokens().next();
            found |= first.is_some_and(|name| matches!(&*name.decoded(), "aud" | "azp"));
        });
    }
    found
}

/// How often a rule admits one token; a rule that admits none has nothing to say about it.
fn replay(fields: &Fields<'_>, effect: Effect, path: &Path<'_>) -> Result<ReplayMode, PolicyError> {
    let Some(node) = fields.get("replay") else {
        return Ok(ReplayMode::Off);
    };
    let at = path.member("replay");
    if effect == Effect::Deny {
        let fault = PolicyFault::MisplacedMember { member: "replay" };
        return Err(PolicyError::new(&at, fault));
    }
    let word = fields::text(node, &at)?;
    ReplayMode::from_word(word).ok_or_else(|| fields::unknown_word(&at, ReplayMode::WORDS))
}

/// Whose tokens the issuer's are, where its text does not tell.
fn provider(
    node: &Node,
    path: &Path<'_>,
    issuer: &IssuerIdentifier,
) -> Result<Provider, PolicyError> {
    let named = Provider::from_name(fields::text(node, path)?)
        .map_err(|_| fields::unknown_word(path, PROVIDERS))?;
    match Provider::of_issuer(issuer) {
        Some(provider) if provider != named => {
            let fault = PolicyFault::OtherProvider { provider };
            Err(PolicyError::new(path, fault))
        }
        Some(_) | None => Ok(named),
    }
}

/// What `provider` may be.
const PROVIDERS: &str = "`aws`, `bitbucket`, `buildkite`, `circleci`, `entra`, `github`, `gitlab`, \
    `google`, `kubernetes`, `spiffe`, `terraform`";

/// An issuer on the internet, or for tests on this machine: a rule only compares.
pub(super) fn issuer(node: &Node, path: &Path<'_>) -> Result<IssuerIdentifier, PolicyError> {
    let text = fields::non_empty(node, path)?;
    IssuerIdentifier::parse(text)
        .or_else(|error| IssuerIdentifier::loopback(text).map_err(|_| error))
        .map_err(|error| PolicyError::new(path, PolicyFault::Issuer(error)))
}

/// A plain name is a top-level member; with a leading `/` it is a pointer.
pub(super) fn claim(name: &str, path: &Path<'_>) -> Result<PointerBuf, PolicyError> {
    if !name.starts_with('/') {
        return Ok(PointerBuf::from_tokens([name]));
    }
    let pointer = PointerBuf::parse(name)
        .map_err(|error| PolicyError::new(path, PolicyFault::Pointer(error)))?;
    // No token that is read is nested deeper: there it would find nothing, at a cost.
    let max = ClaimsScanner::MAX_DEPTH;
    if pointer.as_pointer().tokens().nth(max).is_some() {
        return Err(PolicyError::new(path, PolicyFault::TooDeep { max }));
    }
    Ok(pointer)
}

/// Reads the conditions of one rule.
struct Conditions {
    /// Whose subjects the rule is about.
    provider: Option<Provider>,
    /// How many more it may have.
    left: usize,
    /// How many `not` are around the condition.
    negations: usize,
}

impl Conditions {
    fn list(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<Box<[Condition]>, PolicyError> {
        let nodes = fields::list(node, path, Policy::MAX_CONDITIONS)?;
        let mut conditions = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            conditions.push(self.condition(node, &path.index(index), depth)?);
        }
        Ok(conditions.into())
    }

    fn condition(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<Condition, PolicyError> {
        if depth > Policy::MAX_NESTING {
            let max = Policy::MAX_NESTING;
            return Err(PolicyError::new(path, PolicyFault::TooDeep { max }));
        }
        let Some(left) = self.left.checked_sub(1) else {
            let max = Policy::MAX_CONDITIONS;
            return Err(PolicyError::new(path, PolicyFault::TooMany { max }));
        };
        self.left = left;
        let fields = Fields::read(node, path, CONDITION_MEMBERS)?;
        let operator = operator(&fields, path)?;
        let value = fields.require(operator)?;
        let at = path.member(operator);
        let below = depth.saturating_add(1);
        match operator {
            "all" => {
                fields.only(&["all"])?;
                Ok(Condition::All(self.list(value, &at, below)?))
            }
            "any" => {
                fields.only(&["any"])?;
                // It is false; below `not` it would be true of every token, and is refused.
                if self.negations == 0 && matches!(value, Node::List(list) if list.is_empty()) {
                    return Ok(Condition::Any(Box::default()));
                }
                Ok(Condition::Any(self.list(value, &at, below)?))
            }
            "not" => {
                fields.only(&["not", "or_absent"])?;
                let or_absent = match fields.get("or_absent") {
                    Some(node) => fields::flag(node, &path.member("or_absent"))?,
                    None => false,
                };
                self.negations = self.negations.saturating_add(1);
                let inner = Box::new(self.condition(value, &at, below)?);
                self.negations = self.negations.saturating_sub(1);
                Ok(Condition::Not { inner, or_absent })
            }
            "claim_prefix" => {
                fields.only(&["claim_prefix"])?;
                let prefix = fields::non_empty(value, &at)?;
                Ok(Condition::ClaimPrefix(prefix.into()))
            }
            _ => claim_test(&fields, operator, self.provider, path).map(Condition::Claim),
        }
    }
}

fn operator(fields: &Fields<'_>, path: &Path<'_>) -> Result<&'static str, PolicyError> {
    let mut found = OPERATORS
        .iter()
        .copied()
        .filter(|name| fields.get(name).is_some());
    let fault = match (found.next(), found.next()) {
        (Some(operator), None) => return Ok(operator),
        (None, _) => PolicyFault::NoOperator,
        (Some(first), Some(second)) => PolicyFault::SeveralOperators { first, second },
    };
    Err(PolicyError::new(path, fault))
}

fn claim_test(
    fields: &Fields<'_>,
    operator: &'static str,
    provider: Option<Provider>,
    path: &Path<'_>,
) -> Result<ClaimTest, PolicyError> {
    let part = match fields.get("subject") {
        None => None,
        Some(node) => {
            of_text(fields, operator, path)?;
            Some(part(node, provider, &path.member("subject"))?)
        }
    };
    let about = if part.is_some() { "subject" } else { "claim" };
    match (operator, part) {
        ("exists" | "absent", _) => fields.only(&[about, operator])?,
        ("pattern", None) => fields.only(&[about, operator, "elements", "as", "separator"])?,
        ("equals" | "one_of", None) => fields.only(&[about, operator, "elements", "as"])?,
        ("pattern", Some(_)) => fields.only(&[about, operator, "separator"])?,
        (_, None) => fields.only(&[about, operator, "elements"])?,
        (_, Some(_)) => fields.only(&[about, operator])?,
    }
    let pointer = if part.is_some() {
        PointerBuf::from_tokens(["sub"])
    } else {
        let at = path.member("claim");
        claim(fields::non_empty(fields.require("claim")?, &at)?, &at)?
    };
    let elements = match fields.get("elements") {
        None => None,
        Some(node) => {
            let at = path.member("elements");
            Some(match fields::text(node, &at)? {
                "any" => Elements::Any,
                "all" => Elements::All,
                "none" => Elements::None,
                _ => return Err(fields::unknown_word(&at, "`any`, `all`, `none`")),
            })
        }
    };
    let value = fields.require(operator)?;
    let (operator, test) = match fields.get("as") {
        None => (operator, test(fields, operator, path)?),
        Some(node) => as_text(fields, operator, node, path)?,
    };
    Ok(ClaimTest {
        place: Place::default(),
        pointer,
        part,
        elements,
        operator,
        expected: value.to_json().into(),
        cost: test.cost(),
        test,
    })
}

/// A test on the text of the claim: that of a string, or the JSON text of a number or boolean.
fn as_text(
    fields: &Fields<'_>,
    operator: &'static str,
    node: &Node,
    path: &Path<'_>,
) -> Result<(&'static str, Test), PolicyError> {
    let at = path.member("as");
    let word = fields::text(node, &at)?;
    let name = match (operator, word) {
        ("pattern", "text") => "pattern (as text)",
        ("one_of", "text") => "one_of (as text)",
        (_, "text") => "equals (as text)",
        ("one_of", "text_in_any_case") => "one_of (as text in any case)",
        ("equals", "text_in_any_case") => "equals (as text in any case)",
        ("pattern", _) => return Err(fields::unknown_word(&at, "`text`")),
        _ => return Err(fields::unknown_word(&at, "`text`, `text_in_any_case`")),
    };
    if operator == "pattern" {
        let pattern = Box::new([TextOption::Wildcard(pattern(fields, path)?)]);
        return Ok((name, Test::JsonText(pattern)));
    }
    let option = |text: &str| match word {
        "text" => TextOption::Exact(text.into()),
        _ => TextOption::AnyCase(text.into()),
    };
    let value = fields.require(operator)?;
    let at = path.member(operator);
    if operator == "equals" {
        let options = Box::new([option(fields::text(value, &at)?)]);
        return Ok((name, Test::JsonText(options)));
    }
    let mut options = Vec::new();
    for (index, node) in fields::list(value, &at, Policy::MAX_OPTIONS)?
        .iter()
        .enumerate()
    {
        options.push(option(fields::text(node, &at.index(index))?));
    }
    Ok((name, Test::JsonText(options.into())))
}

fn pattern(fields: &Fields<'_>, path: &Path<'_>) -> Result<Pattern, PolicyError> {
    let at = path.member("pattern");
    let text = fields::non_empty(fields.require("pattern")?, &at)?;
    let pattern = match fields.get("separator") {
        None => Pattern::parse(text),
        Some(node) => Pattern::parse_segmented(text, separator(node, &path.member("separator"))?),
    };
    pattern.map_err(|error| PolicyError::new(&at, PolicyFault::Pattern(error)))
}

/// A part of the subject, by its name.
fn part(
    node: &Node,
    provider: Option<Provider>,
    path: &Path<'_>,
) -> Result<PartOfSubject, PolicyError> {
    let name = fields::text(node, path)?;
    let Some(provider) = provider else {
        return Err(PolicyError::new(path, PolicyFault::NoProvider));
    };
    let profile = provider.profile();
    if let Some(part) = profile.subject_part(name) {
        let name = part.name;
        return Ok(PartOfSubject { provider, name });
    }
    let mut names = profile.subject_parts.iter().map(|part| part.name);
    let suggestion = names.find(|known| fields::alike(known, name));
    let fault = PolicyFault::UnknownPart {
        provider,
        suggestion,
    };
    Err(PolicyError::new(path, fault))
}

/// A part is a string: what compares it with another kind would never hold.
fn of_text(
    fields: &Fields<'_>,
    operator: &'static str,
    path: &Path<'_>,
) -> Result<(), PolicyError> {
    let at = path.member(operator);
    match (operator, fields.require(operator)?) {
        ("equals", value) => fields::text(value, &at).map(drop),
        ("one_of", Node::List(options)) => {
            for (index, option) in options.iter().enumerate() {
                fields::text(option, &at.index(index))?;
            }
            Ok(())
        }
        ("less_than" | "at_most" | "at_least" | "more_than" | "before" | "not_before", _) => {
            let fault = PolicyFault::MisplacedMember { member: operator };
            Err(PolicyError::new(&at, fault))
        }
        _ => Ok(()),
    }
}

fn test(fields: &Fields<'_>, operator: &'static str, path: &Path<'_>) -> Result<Test, PolicyError> {
    let value = fields.require(operator)?;
    let at = path.member(operator);
    let number = |comparison| Ok(compare(comparison, decimal(value, &at)?));
    let date = |comparison| {
        let seconds = date::seconds(fields::text(value, &at)?);
        let seconds = seconds.ok_or_else(|| PolicyError::new(&at, PolicyFault::Date))?;
        Ok(compare(comparison, seconds))
    };
    let only_true = |test, other| {
        if fields::flag(value, &at)? {
            Ok(test)
        } else {
            Err(PolicyError::new(&at, PolicyFault::MustBeTrue { other }))
        }
    };
    match operator {
        "equals" => Ok(on_value(Predicate::Equals(scalar(value, &at)?))),
        "one_of" => {
            let mut scalars = Vec::new();
            for (index, node) in fields::list(value, &at, Policy::MAX_OPTIONS)?
                .iter()
                .enumerate()
            {
                scalars.push(scalar(node, &at.index(index))?);
            }
            Ok(on_value(Predicate::OneOf(scalars)))
        }
        "pattern" => Ok(on_value(Predicate::Pattern(pattern(fields, path)?))),
        // An empty prefix or suffix would match every string: `exists` says so openly.
        "prefix" => Ok(on_value(Predicate::Prefix(
            fields::non_empty(value, &at)?.into(),
        ))),
        "suffix" => Ok(on_value(Predicate::Suffix(
            fields::non_empty(value, &at)?.into(),
        ))),
        "less_than" => number(Comparison::LessThan),
        "at_most" => number(Comparison::AtMost),
        "at_least" => number(Comparison::AtLeast),
        "more_than" => number(Comparison::GreaterThan),
        "before" => date(Comparison::LessThan),
        "not_before" => date(Comparison::AtLeast),
        "equals_claim" => Ok(Test::EqualsClaim(claim(
            fields::non_empty(value, &at)?,
            &at,
        )?)),
        "exists" => only_true(Test::Exists, "absent"),
        "absent" => only_true(Test::Absent, "exists"),
        _ => Err(PolicyError::new(path, PolicyFault::NoOperator)),
    }
}

fn separator(node: &Node, path: &Path<'_>) -> Result<char, PolicyError> {
    let mut chars = fields::text(node, path)?.chars();
    match (chars.next(), chars.next()) {
        (Some(separator), None) => Ok(separator),
        _ => Err(PolicyError::new(path, PolicyFault::Separator)),
    }
}

fn scalar(node: &Node, path: &Path<'_>) -> Result<Scalar, PolicyError> {
    match node {
        Node::Bool(value) => Ok(Scalar::Bool(*value)),
        Node::Text(text) => Ok(Scalar::Text(text.clone())),
        Node::Number(_) | Node::RoundedNumber => decimal(node, path).map(Scalar::Number),
        Node::Null | Node::List(_) | Node::Map(_) => Err(fields::wrong_kind(
            node,
            path,
            "a string, a number or a boolean",
        )),
    }
}

fn decimal(node: &Node, path: &Path<'_>) -> Result<Decimal, PolicyError> {
    let inexact = || PolicyError::new(path, PolicyFault::Number);
    match node {
        Node::Number(number) => {
            // An exponent beyond all bounds has no order: nothing would ever match.
            let own = number.as_number();
            own.partial_cmp(&own)
                .map(|_| number.clone())
                .ok_or_else(inexact)
        }
        Node::RoundedNumber => Err(inexact()),
        Node::Null | Node::Bool(_) | Node::Text(_) | Node::List(_) | Node::Map(_) => {
            Err(fields::wrong_kind(node, path, "a number"))
        }
    }
}
