//! From a document to a template, with the place of each fault.

use std::sync::Arc;

use jsonptr::{MAX_POINTERS, Pointer, PointerBuf, PointerSet};

use super::error::{TemplateError, TemplateFault};
use super::{Claim, ClaimTemplate, Part, Subject, Text, Value, ValueType};
use crate::document::{DocumentFault, Place, Tree, push_json_string};
use crate::token::check_claim_name;

const TYPES: &str = "`string`, `integer`, `boolean`, `strings`, `object`";

/// Reads JSON; a name that stands twice is still there.
pub(super) fn json(json: &[u8]) -> Result<Tree, TemplateError> {
    serde_json::from_slice(json).map_err(|error| TemplateError {
        at: PointerBuf::root(),
        fault: TemplateFault::Format(error.to_string()),
    })
}

pub(super) fn template(document: &Tree) -> Result<ClaimTemplate, TemplateError> {
    let root = Place::Root;
    let mut loader = Loader::default();
    let [sub, claims] = document.members(&root, ["sub", "claims"])?;
    let sub = sub.ok_or_else(|| root.error(DocumentFault::MissingMember { member: "sub" }))?;
    let subject = loader.subject(sub, &root.member("sub"))?;
    let at = root.member("claims");
    let mut names = Vec::new();
    let mut compiled = Vec::new();
    for (name, tree) in claims.map_or(Ok(&[][..]), |claims| claims.object(&at))? {
        let at = at.member(name);
        check_claim_name(name, &names).map_err(|error| fault(&at, TemplateFault::Claim(error)))?;
        let mut start = String::from(",");
        push_json_string(name, &mut start);
        start.push(':');
        compiled.push(Claim {
            start: start.into(),
            value: loader.value(tree, &at)?,
        });
        names.push(name.clone());
    }
    let pointers = loader.pointers.iter().map(PointerBuf::as_pointer);
    let pointers = PointerSet::new(pointers)
        .map_err(|_| fault(&root, TemplateFault::TooManyPointers { max: MAX_POINTERS }))?;
    Ok(ClaimTemplate {
        subject,
        claims: compiled,
        names: Arc::new(names),
        pointers,
    })
}

/// An error of the language at this place.
fn fault(at: &Place<'_>, fault: TemplateFault) -> TemplateError {
    let at = at.to_pointer();
    TemplateError { at, fault }
}

/// Collects the pointers, each once.
#[derive(Default)]
struct Loader {
    pointers: Vec<PointerBuf>,
}

impl Loader {
    fn subject(&mut self, tree: &Tree, at: &Place<'_>) -> Result<Subject, TemplateError> {
        match self.form(tree, at)? {
            Form::Constant(Tree::Text(text)) => Ok(Subject::Constant(text.as_str().into())),
            Form::From(index, ValueType::String) => Ok(Subject::Value(index)),
            Form::Text(text) => Ok(Subject::Text(text)),
            Form::Constant(_) | Form::From(..) | Form::Object(_) | Form::List(_) => {
                Err(fault(at, TemplateFault::SubjectKind))
            }
        }
    }

    fn value(&mut self, tree: &Tree, at: &Place<'_>) -> Result<Value, TemplateError> {
        Ok(match self.form(tree, at)? {
            Form::Constant(constant) => {
                let mut json = String::new();
                constant.write_json(&at.member("constant"), &mut json)?;
                Value::Constant(json.into())
            }
            Form::From(index, expected) => Value::From(index, expected),
            Form::Text(text) => Value::Text(text),
            Form::Object(tree) => {
                let at = at.member("object");
                let mut members = Vec::new();
                for (name, tree) in tree.object(&at)? {
                    let mut json = String::new();
                    push_json_string(name, &mut json);
                    members.push((json.into(), self.value(tree, &at.member(name))?));
                }
                Value::Object(members)
            }
            Form::List(tree) => {
                let at = at.member("list");
                let list = tree.list(&at)?.iter().enumerate();
                let values = list.map(|(index, tree)| self.value(tree, &at.index(index)));
                Value::List(values.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The one form in which a value is described.
    fn form<'t>(&mut self, tree: &'t Tree, at: &Place<'_>) -> Result<Form<'t>, TemplateError> {
        let names = ["constant", "from", "type", "text", "object", "list"];
        match tree.members(at, names)? {
            [Some(constant), None, None, None, None, None] => Ok(Form::Constant(constant)),
            [None, Some(from), Some(kind), None, None, None] => {
                let index = self.pointer(from, &at.member("from"))?;
                Ok(Form::From(index, value_type(kind, &at.member("type"))?))
            }
            [None, Some(_), None, None, None, None] => Err(at
                .error(DocumentFault::MissingMember { member: "type" })
                .into()),
            [None, None, None, Some(text), None, None] => {
                Ok(Form::Text(self.text(text, &at.member("text"))?))
            }
            [None, None, None, None, Some(members), None] => Ok(Form::Object(members)),
            [None, None, None, None, None, Some(values)] => Ok(Form::List(values)),
            _ => Err(fault(at, TemplateFault::NotOneForm)),
        }
    }

    fn text(&mut self, tree: &Tree, at: &Place<'_>) -> Result<Text, TemplateError> {
        let trees = tree.list(at)?;
        if trees.is_empty() {
            return Err(fault(at, TemplateFault::Empty));
        }
        let mut delimiters = String::new();
        for tree in trees {
            if let Tree::Text(literal) = tree {
                delimiters.extend(literal.chars().filter(|char| !char.is_alphanumeric()));
            }
        }
        let mut parts = Vec::new();
        // Whether a value could run on into what comes next.
        let mut runs_on = false;
        for (index, tree) in trees.iter().enumerate() {
            let at = at.index(index);
            if let Tree::Text(literal) = tree {
                runs_on &= literal.chars().all(char::is_alphanumeric);
            } else if runs_on {
                return Err(fault(&at, TemplateFault::NotSeparated));
            } else {
                runs_on = true;
            }
            parts.push(match tree {
                Tree::Text(literal) if literal.is_empty() => {
                    return Err(fault(&at, TemplateFault::Empty));
                }
                Tree::Text(literal) => Part::Literal(literal.as_str().into()),
                Tree::Null | Tree::Bool(_) | Tree::Integer(_) | Tree::List(_) | Tree::Map(_) => {
                    self.part(tree, &delimiters, &at)?
                }
            });
        }
        Ok(Text { parts })
    }

    fn part(
        &mut self,
        tree: &Tree,
        delimiters: &str,
        at: &Place<'_>,
    ) -> Result<Part, TemplateError> {
        let [from, may_contain] = tree.members(at, ["from", "may_contain"])?;
        let from = from.ok_or_else(|| at.error(DocumentFault::MissingMember { member: "from" }))?;
        let pointer = self.pointer(from, &at.member("from"))?;
        let at = at.member("may_contain");
        let allowed = may_contain.map_or(Ok(""), |tree| tree.text(&at))?;
        if let Some(character) = allowed.chars().find(|char| !delimiters.contains(*char)) {
            return Err(fault(&at, TemplateFault::NoDelimiter { character }));
        }
        let refused = delimiters.chars().filter(|char| !allowed.contains(*char));
        Ok(Part::Value {
            pointer,
            delimiters: refused.collect::<String>().into(),
        })
    }

    fn pointer(&mut self, tree: &Tree, at: &Place<'_>) -> Result<usize, TemplateError> {
        let pointer = Pointer::parse(tree.text(at)?)
            .map_err(|error| fault(at, TemplateFault::Pointer(error)))?;
        let known = self.pointers.iter();
        let known = known
            .map(PointerBuf::as_pointer)
            .position(|held| held == pointer);
        Ok(known.unwrap_or_else(|| {
            self.pointers.push(pointer.to_owned());
            self.pointers.len().saturating_sub(1)
        }))
    }
}

enum Form<'t> {
    Constant(&'t Tree),
    From(usize, ValueType),
    Text(Text),
    Object(&'t Tree),
    List(&'t Tree),
}

fn value_type(tree: &Tree, at: &Place<'_>) -> Result<ValueType, TemplateError> {
    let all = [
        ValueType::Boolean,
        ValueType::Integer,
        ValueType::Object,
        ValueType::String,
        ValueType::Strings,
    ];
    let word = tree.text(at)?;
    let found = all.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| fault(at, TemplateFault::Word { expected: TYPES }))
}
