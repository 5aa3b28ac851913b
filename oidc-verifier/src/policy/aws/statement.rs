//! A trust policy document, read and not yet compiled for an issuer.

use jsonptr::{Comparison, Decimal, PointerBuf};

use super::super::document::Node;
use super::super::error::{PolicyError, PolicyFault};
use super::super::fields::{self, Fields};
use super::super::path::Path;
use super::super::{Effect, Policy};
use super::action::Actions;
use super::expectation::{self, Expectation};
use super::instant;
use super::network::Network;
use super::operator::{Family, Operator};
use super::provider::{Federated, Provider};
use super::template::{self, Syntax, Template};
use crate::aws::IdentityProvider;

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) index: usize,
    pub(super) sid: Option<Box<str>>,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    pub(super) actions: Actions,
    pub(super) clauses: Vec<Clause>,
    pub(super) at: PointerBuf,
}

/// Whom a statement is about, as far as they bring tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Principals {
    pub(super) providers: Vec<Provider>,
    /// `*`: in a statement that denies, this is everybody.
    pub(super) everyone: bool,
}

/// An operator with one key.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    pub(super) operator: Operator,
    pub(super) key: Box<str>,
    pub(super) values: Values,
    /// As JSON, as they are written.
    pub(super) expected: Box<str>,
    pub(super) at: PointerBuf,
}

#[derive(Clone, Debug)]
pub(super) enum Values {
    /// Texts that may have wildcards and variables.
    Templates(Vec<Template>),
    Ready(Vec<Expectation>),
    Null {
        absent: bool,
        present: bool,
    },
}

/// `registered` are the identity providers whose issuers are known already.
pub(super) fn document(
    root: &Node,
    registered: &[IdentityProvider],
) -> Result<Vec<Statement>, PolicyError> {
    let path = Path::Root;
    let fields = Fields::read(root, &path, &["Version", "Id", "Statement"])?;
    let variables = version(&fields, &path)?;
    if let Some(id) = fields.get("Id") {
        fields::text(id, &path.member("Id"))?;
    }
    let at = path.member("Statement");
    let node = fields.require("Statement")?;
    let mut statements: Vec<Statement> = Vec::new();
    if matches!(node, Node::Map(_)) {
        statements.push(read(node, &at, 0, variables, registered)?);
        return Ok(statements);
    }
    for (index, node) in fields::list(node, &at, Policy::MAX_RULES)?
        .iter()
        .enumerate()
    {
        let path = at.index(index);
        let statement = read(node, &path, index, variables, registered)?;
        let same = |other: &&Statement| other.sid.is_some() && other.sid == statement.sid;
        if let Some(first) = statements.iter().find(same) {
            let first = at.index(first.index).member("Sid").to_pointer();
            let error = PolicyError::new(&path.member("Sid"), PolicyFault::Duplicate { first });
            return Err(error.in_statement(index, statement.sid.as_deref()));
        }
        statements.push(statement);
    }
    Ok(statements)
}

/// Whether the version knows variables.
fn version(fields: &Fields<'_>, path: &Path<'_>) -> Result<bool, PolicyError> {
    let Some(node) = fields.get("Version") else {
        return Ok(false);
    };
    let at = path.member("Version");
    match fields::text(node, &at)? {
        "2012-10-17" => Ok(true),
        "2008-10-17" => Ok(false),
        _ => Err(fields::unknown_word(&at, "`2012-10-17`, `2008-10-17`")),
    }
}

const MEMBERS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Condition",
    // Known, and refused: what a trust policy says is about its own role, and about whom it names.
    "NotPrincipal",
    "Resource",
    "NotResource",
];

const USED_MEMBERS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Condition",
];

fn read(
    node: &Node,
    path: &Path<'_>,
    index: usize,
    variables: bool,
    registered: &[IdentityProvider],
) -> Result<Statement, PolicyError> {
    let sid = sid_of(node);
    let statement = || {
        let fields = Fields::read(node, path, MEMBERS)?;
        fields.only(USED_MEMBERS)?;
        if let Some(sid) = fields.get("Sid") {
            fields::text(sid, &path.member("Sid"))?;
        }
        let at = path.member("Effect");
        let effect = match fields::text(fields.require("Effect")?, &at)? {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return Err(fields::unknown_word(&at, "`Allow`, `Deny`")),
        };
        let clauses = match fields.get("Condition") {
            None => Vec::new(),
            Some(node) => clauses(node, &path.member("Condition"), variables)?,
        };
        Ok(Statement {
            index,
            sid: sid.map(Box::from),
            effect,
            principals: principals(
                fields.require("Principal")?,
                &path.member("Principal"),
                registered,
            )?,
            actions: Actions::read(&fields, path)?,
            clauses,
            at: path.to_pointer(),
        })
    };
    statement().map_err(|error: PolicyError| error.in_statement(index, sid))
}

/// The `Sid` for error messages, before anything else is known of the statement. Generators write
/// an empty one, which is none.
fn sid_of(node: &Node) -> Option<&str> {
    let Node::Map(members) = node else {
        return None;
    };
    let (_, sid) = members.iter().find(|(name, _)| name == "Sid")?;
    match sid {
        Node::Text(sid) if !sid.is_empty() => Some(sid),
        Node::Null
        | Node::Bool(_)
        | Node::Number(_)
        | Node::RoundedNumber
        | Node::Text(_)
        | Node::List(_)
        | Node::Map(_) => None,
    }
}

fn principals(
    node: &Node,
    path: &Path<'_>,
    registered: &[IdentityProvider],
) -> Result<Principals, PolicyError> {
    let mut found = Principals::default();
    if let Node::Text(text) = node {
        if text != "*" {
            return Err(fields::unknown_word(path, "`*`, or an object"));
        }
        found.everyone = true;
        return Ok(found);
    }
    let known = &["AWS", "CanonicalUser", "Federated", "Service"];
    let fields = Fields::read(node, path, known)?;
    let mut named = false;
    for kind in known {
        let Some(node) = fields.get(kind) else {
            continue;
        };
        named = true;
        let path = path.member(kind);
        each(node, &path, |text, path| {
            if *kind == "Federated" && text != "*" {
                match Federated::parse(text, registered) {
                    Some(Federated::Provider(provider)) => found.providers.push(provider),
                    Some(Federated::Other) => {}
                    None => return Err(PolicyError::new(path, PolicyFault::Principal)),
                }
            } else if text == "*" && matches!(*kind, "AWS" | "Federated") {
                found.everyone = true;
            }
            Ok(())
        })?;
    }
    if named {
        Ok(found)
    } else {
        Err(PolicyError::new(path, PolicyFault::Empty))
    }
}

/// Calls `take` with each of one or several strings.
pub(super) fn each(
    node: &Node,
    path: &Path<'_>,
    mut take: impl FnMut(&str, &Path<'_>) -> Result<(), PolicyError>,
) -> Result<(), PolicyError> {
    if !matches!(node, Node::List(_)) {
        return take(fields::non_empty(node, path)?, path);
    }
    for (index, node) in fields::list(node, path, Policy::MAX_OPTIONS)?
        .iter()
        .enumerate()
    {
        let path = path.index(index);
        take(fields::non_empty(node, &path)?, &path)?;
    }
    Ok(())
}

fn clauses(node: &Node, path: &Path<'_>, variables: bool) -> Result<Vec<Clause>, PolicyError> {
    let mut clauses = Vec::new();
    for (name, node) in fields::map(node, path)? {
        let at = path.member(name);
        let operator = Operator::parse(name).map_err(|suggestion| {
            PolicyError::new(&at, PolicyFault::UnknownOperator { suggestion })
        })?;
        let keys = fields::map(node, &at)?;
        if keys.is_empty() {
            return Err(PolicyError::new(&at, PolicyFault::Empty));
        }
        for (index, (key, node)) in keys.iter().enumerate() {
            let at = at.member(key);
            if key.is_empty() {
                return Err(PolicyError::new(&at, PolicyFault::Empty));
            }
            let mut earlier = keys.iter().take(index);
            if earlier.any(|(other, _)| other.eq_ignore_ascii_case(key)) {
                return Err(PolicyError::new(&at, PolicyFault::DuplicateMember));
            }
            if clauses.len() >= Policy::MAX_CONDITIONS {
                let max = Policy::MAX_CONDITIONS;
                return Err(PolicyError::new(&at, PolicyFault::TooMany { max }));
            }
            clauses.push(Clause {
                operator,
                key: key.as_str().into(),
                values: values(node, &at, operator, variables)?,
                expected: node.to_json().into(),
                at: at.to_pointer(),
            });
        }
    }
    Ok(clauses)
}

fn values(
    node: &Node,
    path: &Path<'_>,
    operator: Operator,
    variables: bool,
) -> Result<Values, PolicyError> {
    let mut texts = Vec::new();
    if matches!(node, Node::List(_)) {
        let list = fields::list(node, path, Policy::MAX_OPTIONS)?;
        for (index, node) in list.iter().enumerate() {
            texts.push((
                text(node, &path.index(index))?,
                path.index(index).to_pointer(),
            ));
        }
    } else {
        texts.push((text(node, path)?, path.to_pointer()));
    }
    let fault = |at, fault| PolicyError::at_pointer(at, fault);
    let read = |text: &str, wildcards| {
        let syntax = Syntax {
            wildcards,
            variables,
        };
        template::read(text, syntax).ok_or(PolicyFault::Variable)
    };
    let mut templates = Vec::new();
    let mut ready = Vec::new();
    let (mut absent, mut present) = (false, false);
    for (text, at) in texts {
        match operator.family {
            Family::Text { .. } => {
                templates.push(read(&text, false).map_err(|wrong| fault(at, wrong))?);
            }
            Family::Like => templates.push(read(&text, true).map_err(|wrong| fault(at, wrong))?),
            Family::Arn => {
                let template = read(&text, true);
                let template =
                    template.and_then(|template| match template::arn_parts(template.clone()) {
                        Some(_) => Ok(template),
                        None => Err(PolicyFault::Arn),
                    });
                templates.push(template.map_err(|wrong| fault(at, wrong))?);
            }
            Family::Null => match expectation::boolean(&text) {
                Some(true) => absent = true,
                Some(false) => present = true,
                None => return Err(fault(at, TRUE_OR_FALSE)),
            },
            Family::Number(comparison) => ready
                .push(number(&text, comparison).ok_or_else(|| fault(at, PolicyFault::NotANumber))?),
            Family::Date(comparison) => ready.push(
                instant::seconds(&text)
                    .map(|seconds| Expectation::Date(comparison, seconds))
                    .ok_or_else(|| fault(at, PolicyFault::Instant))?,
            ),
            Family::Bool => ready.push(
                expectation::boolean(&text)
                    .map(Expectation::Bool)
                    .ok_or_else(|| fault(at, TRUE_OR_FALSE))?,
            ),
            Family::Binary => ready.push(
                expectation::binary(&text)
                    .map(|bytes| Expectation::Binary(bytes.into()))
                    .ok_or_else(|| fault(at, PolicyFault::Base64))?,
            ),
            Family::Address => ready.push(
                Network::parse(&text)
                    .map(Expectation::Address)
                    .ok_or_else(|| fault(at, PolicyFault::Address))?,
            ),
        }
    }
    Ok(if operator.family == Family::Null {
        Values::Null { absent, present }
    } else if templates.is_empty() {
        Values::Ready(ready)
    } else {
        Values::Templates(templates)
    })
}

const TRUE_OR_FALSE: PolicyFault = PolicyFault::UnknownWord {
    known: "`true`, `false`",
};

fn number(text: &str, comparison: Comparison) -> Option<Expectation> {
    let number = Decimal::parse(text)?;
    let own = number.as_number();
    own.partial_cmp(&own)?;
    Some(Expectation::Number(comparison, number))
}

/// A value is a string, or a number or boolean in its JSON spelling.
fn text(node: &Node, path: &Path<'_>) -> Result<String, PolicyError> {
    match node {
        Node::Text(text) => Ok(text.clone()),
        Node::Number(number) => Ok(number.as_number().as_str().to_owned()),
        Node::Bool(value) => Ok(value.to_string()),
        Node::RoundedNumber => Err(PolicyError::new(path, PolicyFault::Number)),
        Node::Null | Node::List(_) | Node::Map(_) => Err(fields::wrong_kind(
            node,
            path,
            "a string, a number or a boolean",
        )),
    }
}
