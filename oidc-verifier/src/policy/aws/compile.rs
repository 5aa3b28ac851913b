//! From statements to rules: one rule for each provider that a statement names.

use jsonptr::{Pattern, PointerBuf};

use super::super::condition::{ClaimTest, Condition, Test};
use super::super::error::{PolicyError, PolicyFault};
use super::super::place::Place;
use super::super::{Effect, Origin, Policy, ReplayMode, Rule};
use super::expectation::{Expectation, Filled, Form, escape};
use super::keys::{Mode, SOURCE_IDENTITY, Source, TAGS};
use super::operator::Family;
use super::provider::Provider;
use super::statement::{Clause, Statement, Values};
use super::template::{self, Piece, Template};
use super::test::{AwsCondition, Check, KeyTest};

/// The rules, and for each the statement that it is of; none for those that the language implies.
pub(super) struct Compiled {
    pub(super) rules: Vec<Rule>,
    pub(super) statements: Vec<Option<usize>>,
}

/// What a token may ask for beside the role, and the action that allows it.
#[derive(Clone, Copy)]
enum Extra {
    Tags,
    SourceIdentity,
}

const EXTRAS: [Extra; 2] = [Extra::Tags, Extra::SourceIdentity];

pub(super) fn rules(statements: &[Statement], mode: Mode) -> Result<Compiled, PolicyError> {
    let mut compiled = Compiled {
        rules: Vec::new(),
        statements: Vec::new(),
    };
    let admitted = admitted_providers(statements);
    for statement in statements {
        let id = match &statement.sid {
            Some(sid) => sid.to_string(),
            None => format!("statement {}", statement.index),
        };
        let place = Some(statement.index);
        for provider in targets(statement, &admitted) {
            let conditions = conditions(statement, provider, mode)?;
            if statement.actions.assume_role {
                let origin = origin(statement, None);
                let effect = statement.effect;
                compiled.push(&id, effect, provider, conditions, place, origin)?;
                continue;
            }
            // What is not allowed is refused below; what is denied, here.
            for extra in EXTRAS {
                if statement.effect == Effect::Deny && extra.is_in(statement) {
                    let mut conditions = conditions.clone();
                    conditions.push(extra.is_asked_for());
                    let origin = origin(statement, Some("Action"));
                    compiled.push(&id, Effect::Deny, provider, conditions, place, origin)?;
                }
            }
        }
    }
    // A token that brings session tags, or a source identity, needs that action allowed as well.
    for provider in &admitted {
        for extra in EXTRAS {
            let mut allowed = Vec::new();
            for statement in statements {
                let is_about = statement.principals.providers.contains(provider);
                if statement.effect == Effect::Allow && is_about && extra.is_in(statement) {
                    allowed.push(Condition::All(
                        conditions(statement, provider, mode)?.into(),
                    ));
                }
            }
            let nobody_allows = Condition::Not {
                inner: Box::new(Condition::Any(allowed.into())),
                or_absent: true,
            };
            let from = Condition::Aws(AwsCondition::Provider(provider.name.clone()));
            let conditions = vec![from, extra.is_asked_for(), nobody_allows];
            let (id, implied) = (extra.action(), Origin::Implied);
            compiled.push(id, Effect::Deny, provider, conditions, None, implied)?;
        }
    }
    Ok(compiled)
}

impl Compiled {
    fn push(
        &mut self,
        id: &str,
        effect: Effect,
        provider: &Provider,
        conditions: Vec<Condition>,
        statement: Option<usize>,
        origin: Origin,
    ) -> Result<(), PolicyError> {
        if self.rules.len() >= Policy::MAX_RULES {
            let max = Policy::MAX_RULES;
            let at = PointerBuf::from_tokens(["Statement"]);
            return Err(PolicyError::at_pointer(at, PolicyFault::TooMany { max }));
        }
        self.rules.push(Rule {
            id: id.into(),
            effect,
            issuer: provider.issuer.clone(),
            provider: oidc_core::provider::Provider::of_issuer(&provider.issuer),
            audiences: Vec::new(),
            conditions: conditions.into(),
            replay: ReplayMode::Off,
            origin,
        });
        self.statements.push(statement);
        Ok(())
    }
}

/// Every provider from which a token can get the role, each once.
fn admitted_providers(statements: &[Statement]) -> Vec<Provider> {
    let mut providers: Vec<Provider> = Vec::new();
    let allowing = statements
        .iter()
        .filter(|statement| statement.effect == Effect::Allow && statement.actions.assume_role);
    for provider in allowing.flat_map(|statement| &statement.principals.providers) {
        if !providers.contains(provider) {
            providers.push(provider.clone());
        }
    }
    providers
}

/// The providers that a statement is about. `*` never admits a web identity, and denies them all:
/// that is, all that another statement admits.
fn targets<'s>(statement: &'s Statement, admitted: &'s [Provider]) -> Vec<&'s Provider> {
    let own = &statement.principals.providers;
    let mut targets: Vec<&Provider> = Vec::new();
    let more: &[Provider] = if statement.principals.everyone && statement.effect == Effect::Deny {
        admitted
    } else {
        &[]
    };
    for provider in own.iter().chain(more) {
        if !targets.contains(&provider) {
            targets.push(provider);
        }
    }
    targets
}

impl Extra {
    const fn action(self) -> &'static str {
        match self {
            Self::Tags => "sts:TagSession",
            Self::SourceIdentity => "sts:SetSourceIdentity",
        }
    }

    const fn is_in(self, statement: &Statement) -> bool {
        match self {
            Self::Tags => statement.actions.tag_session,
            Self::SourceIdentity => statement.actions.set_source_identity,
        }
    }

    /// Holds when the token asks for it, in any of its forms.
    fn is_asked_for(self) -> Condition {
        let exists = |name| {
            Condition::Claim(ClaimTest {
                place: Place::default(),
                pointer: PointerBuf::from_tokens([name]),
                elements: None,
                part: None,
                operator: "exists",
                expected: "true".into(),
                cost: Test::Exists.cost(),
                test: Test::Exists,
            })
        };
        match self {
            Self::Tags => {
                let flat = Condition::ClaimPrefix(FLAT_TAGS.into());
                Condition::Any([exists(TAGS), flat].into())
            }
            Self::SourceIdentity => exists(SOURCE_IDENTITY),
        }
    }
}

/// Session tags that are claims of their own begin so.
const FLAT_TAGS: &str = "https://aws.amazon.com/tags/";

/// Where the conditions of a rule stand: the principal, each key, and what else is asked.
fn origin(statement: &Statement, more: Option<&str>) -> Origin {
    let member = |name| {
        let mut at = statement.at.clone();
        at.push_token(name);
        at
    };
    let keys = statement.clauses.iter().map(|clause| clause.at.clone());
    let places = std::iter::once(member("Principal")).chain(keys);
    Origin::Dialect {
        rule: statement.at.clone(),
        conditions: places.chain(more.map(member)).collect(),
    }
}

fn conditions(
    statement: &Statement,
    provider: &Provider,
    mode: Mode,
) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = vec![Condition::Aws(AwsCondition::Provider(
        provider.name.clone(),
    ))];
    for clause in &statement.clauses {
        let test = key_test(clause, provider, mode)
            .map_err(|error| error.in_statement(statement.index, statement.sid.as_deref()))?;
        conditions.push(Condition::Aws(AwsCondition::Key(Box::new(test))));
    }
    Ok(conditions)
}

fn key_test(clause: &Clause, provider: &Provider, mode: Mode) -> Result<KeyTest, PolicyError> {
    let operator = clause.operator;
    let values = |wanted: Vec<Expectation>| Check::Values {
        negated: operator.negated,
        if_exists: operator.if_exists,
        wanted: wanted.into(),
    };
    let check = match &clause.values {
        Values::Null { absent, present } => Check::Null {
            absent: *absent,
            present: *present,
        },
        Values::Ready(wanted) => values(wanted.clone()),
        Values::Templates(templates) => {
            let form = match operator.family {
                Family::Text { ignore_case: true } => Form::AnyCase,
                Family::Like => Form::Like,
                Family::Arn => Form::Arn,
                Family::Text { ignore_case: false }
                | Family::Number(_)
                | Family::Date(_)
                | Family::Bool
                | Family::Binary
                | Family::Address
                | Family::Null => Form::Text,
            };
            let mut wanted = Vec::new();
            for template in templates {
                let expectation = expectation(form, template, provider, mode)
                    .map_err(|fault| PolicyError::at_pointer(clause.at.clone(), fault))?;
                wanted.extend(expectation);
            }
            values(wanted)
        }
    };
    Ok(KeyTest {
        key: clause.key.clone(),
        source: Source::of(&clause.key, provider, mode),
        operator: operator.name,
        set: operator.set,
        expected: clause.expected.clone(),
        check,
    })
}

/// `None` if a variable of the value never has one: nothing is equal to it.
fn expectation(
    form: Form,
    template: &Template,
    provider: &Provider,
    mode: Mode,
) -> Result<Option<Expectation>, PolicyFault> {
    let Some(pieces) = fill(template, provider, mode) else {
        return Ok(None);
    };
    if pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Variable(_)))
    {
        return Ok(Some(Expectation::Variable(form, pieces.into())));
    }
    Ok(Some(match form {
        Form::Text => Expectation::Text(plain(&pieces).into()),
        Form::AnyCase => Expectation::AnyCase(plain(&pieces).into()),
        Form::Like => Expectation::Like(pattern(&pieces)?),
        Form::Arn => {
            let parts = template::arn_parts(template.clone()).ok_or(PolicyFault::Arn)?;
            let mut patterns = Vec::new();
            for part in &parts {
                match fill(part, provider, mode) {
                    Some(pieces) => patterns.push(pattern(&pieces)?),
                    None => return Ok(None),
                }
            }
            Expectation::Arn(patterns.into())
        }
    }))
}

/// The variables with their sources; what is known already is text.
fn fill(template: &Template, provider: &Provider, mode: Mode) -> Option<Vec<Filled>> {
    let filled = template.iter().map(|piece| {
        Some(match piece {
            Piece::Text(text) => Piece::Text(text.clone()),
            Piece::Any => Piece::Any,
            Piece::One => Piece::One,
            Piece::Variable(variable) => match Source::of(&variable.key, provider, mode) {
                Source::Fixed(text) => Piece::Text(text.into()),
                Source::NoKey | Source::NeverThere => {
                    Piece::Text(variable.default.as_ref()?.to_string())
                }
                source @ (Source::Claims { .. }
                | Source::TagKeys(_)
                | Source::RoleAuthorized(_)
                | Source::Request(_)) => Piece::Variable((source, variable.default.clone())),
            },
        })
    });
    filled.collect()
}

fn plain(pieces: &[Filled]) -> String {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Any | Piece::One | Piece::Variable(_) => None,
    });
    texts.collect()
}

fn pattern(pieces: &[Filled]) -> Result<Pattern, PolicyFault> {
    let mut source = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => escape(text, &mut source),
            Piece::Any => source.push('*'),
            Piece::One => source.push('?'),
            Piece::Variable(_) => {}
        }
    }
    Pattern::parse(&source).map_err(PolicyFault::Pattern)
}
