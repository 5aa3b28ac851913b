//! From a document to a template, with the place of each fault.

use std::sync::Arc;

use jsonptr::{MAX_POINTERS, Pointer, PointerBuf, PointerSet};

use super::document::Tree;
use super::error::{TemplateError, TemplateFault};
use super::fill::push_json_string;
use super::{Claim, ClaimTemplate, Part, Subject, Text, Value, ValueType};
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
    let [sub, claims] = members(document, &root, ["sub", "claims"])?;
    let sub = sub.ok_or_else(|| root.error(TemplateFault::MissingMember { member: "sub" }))?;
    let subject = loader.subject(sub, &root.member("sub"))?;
    let at = root.member("claims");
    let mut names = Vec::new();
    let mut compiled = Vec::new();
    for (name, tree) in claims.map_or(Ok(&[][..]), |claims| object(claims, &at))? {
        let at = at.member(name);
        check_claim_name(name, &names).map_err(|error| at.error(TemplateFault::Claim(error)))?;
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
        .map_err(|_| root.error(TemplateFault::TooManyPointers { max: MAX_POINTERS }))?;
    Ok(ClaimTemplate {
        subject,
        claims: compiled,
        names: Arc::new(names),
        pointers,
    })
}

/// Where in the document the loader is.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    const fn member(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    const fn index(&'a self, index: usize) -> Place<'a> {
        Place::Index(self, index)
    }

    fn to_pointer(self) -> PointerBuf {
        match self {
            Place::Root => PointerBuf::root(),
            Place::Member(parent, name) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(name);
                pointer
            }
            Place::Index(parent, index) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(&index.to_string());
                pointer
            }
        }
    }

    fn error(self, fault: TemplateFault) -> TemplateError {
        TemplateError {
            at: self.to_pointer(),
            fault,
        }
    }

    fn kind(self, expected: &'static str, found: &Tree) -> TemplateError {
        self.error(TemplateFault::Kind {
            expected,
            found: found.kind(),
        })
    }
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
                Err(at.error(TemplateFault::SubjectKind))
            }
        }
    }

    fn value(&mut self, tree: &Tree, at: &Place<'_>) -> Result<Value, TemplateError> {
        Ok(match self.form(tree, at)? {
            Form::Constant(constant) => {
                let mut json = String::new();
                write_constant(constant, &at.member("constant"), &mut json)?;
                Value::Constant(json.into())
            }
            Form::From(index, expected) => Value::From(index, expected),
            Form::Text(text) => Value::Text(text),
            Form::Object(tree) => {
                let at = at.member("object");
                let mut members = Vec::new();
                for (name, tree) in object(tree, &at)? {
                    let mut json = String::new();
                    push_json_string(name, &mut json);
                    members.push((json.into(), self.value(tree, &at.member(name))?));
                }
                Value::Object(members)
            }
            Form::List(tree) => {
                let at = at.member("list");
                let list = list(tree, &at)?.iter().enumerate();
                let values = list.map(|(index, tree)| self.value(tree, &at.index(index)));
                Value::List(values.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The one form in which a value is described.
    fn form<'t>(&mut self, tree: &'t Tree, at: &Place<'_>) -> Result<Form<'t>, TemplateError> {
        let names = ["constant", "from", "type", "text", "object", "list"];
        match members(tree, at, names)? {
            [Some(constant), None, None, None, None, None] => Ok(Form::Constant(constant)),
            [None, Some(from), Some(kind), None, None, None] => {
                let index = self.pointer(from, &at.member("from"))?;
                Ok(Form::From(index, value_type(kind, &at.member("type"))?))
            }
            [None, Some(_), None, None, None, None] => {
                Err(at.error(TemplateFault::MissingMember { member: "type" }))
            }
            [None, None, None, Some(text), None, None] => {
                Ok(Form::Text(self.text(text, &at.member("text"))?))
            }
            [None, None, None, None, Some(members), None] => Ok(Form::Object(members)),
            [None, None, None, None, None, Some(values)] => Ok(Form::List(values)),
            _ => Err(at.error(TemplateFault::NotOneForm)),
        }
    }

    fn text(&mut self, tree: &Tree, at: &Place<'_>) -> Result<Text, TemplateError> {
        let trees = list(tree, at)?;
        if trees.is_empty() {
            return Err(at.error(TemplateFault::Empty));
        }
        let mut delimiters = String::new();
        for tree in trees {
            if let Tree::Text(literal) = tree {
                delimiters.extend(literal.chars().filter(|char| !char.is_alphanumeric()));
            }
        }
        let mut parts = Vec::new();
        for (index, tree) in trees.iter().enumerate() {
            let at = at.index(index);
            parts.push(match tree {
                Tree::Text(literal) if literal.is_empty() => {
                    return Err(at.error(TemplateFault::Empty));
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
        let [from, may_contain] = members(tree, at, ["from", "may_contain"])?;
        let from = from.ok_or_else(|| at.error(TemplateFault::MissingMember { member: "from" }))?;
        let pointer = self.pointer(from, &at.member("from"))?;
        let at = at.member("may_contain");
        let allowed = may_contain.map_or(Ok(""), |tree| text(tree, &at))?;
        if let Some(character) = allowed.chars().find(|char| !delimiters.contains(*char)) {
            return Err(at.error(TemplateFault::NoDelimiter { character }));
        }
        let refused = delimiters.chars().filter(|char| !allowed.contains(*char));
        Ok(Part::Value {
            pointer,
            delimiters: refused.collect::<String>().into(),
        })
    }

    fn pointer(&mut self, tree: &Tree, at: &Place<'_>) -> Result<usize, TemplateError> {
        let pointer = Pointer::parse(text(tree, at)?)
            .map_err(|error| at.error(TemplateFault::Pointer(error)))?;
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
    let word = text(tree, at)?;
    let found = all.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| at.error(TemplateFault::Word { expected: TYPES }))
}

/// The members of these names; there are no others.
fn members<'t, const N: usize>(
    tree: &'t Tree,
    at: &Place<'_>,
    names: [&str; N],
) -> Result<[Option<&'t Tree>; N], TemplateError> {
    let all = object(tree, at)?;
    if let Some((name, _)) = all.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        return Err(at.member(name).error(TemplateFault::UnknownMember));
    }
    Ok(names.map(|wanted| {
        let mut found = all.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, tree)| tree)
    }))
}

/// The members, each name once.
fn object<'t>(tree: &'t Tree, at: &Place<'_>) -> Result<&'t [(String, Tree)], TemplateError> {
    let Tree::Map(members) = tree else {
        return Err(at.kind("an object", tree));
    };
    let mut seen = std::collections::HashSet::new();
    match members.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(at.member(name).error(TemplateFault::DuplicateName)),
        None => Ok(members),
    }
}

fn list<'t>(tree: &'t Tree, at: &Place<'_>) -> Result<&'t [Tree], TemplateError> {
    let Tree::List(list) = tree else {
        return Err(at.kind("a list", tree));
    };
    Ok(list)
}

fn text<'t>(tree: &'t Tree, at: &Place<'_>) -> Result<&'t str, TemplateError> {
    let Tree::Text(text) = tree else {
        return Err(at.kind("a string", tree));
    };
    Ok(text)
}

fn write_constant(tree: &Tree, at: &Place<'_>, out: &mut String) -> Result<(), TemplateError> {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Integer(value) => out.push_str(&value.to_string()),
        Tree::Text(text) => push_json_string(text, out),
        Tree::List(trees) => {
            out.push('[');
            for (index, tree) in trees.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_constant(tree, &at.index(index), out)?;
            }
            out.push(']');
        }
        Tree::Map(_) => {
            out.push('{');
            for (index, (name, tree)) in object(tree, at)?.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_json_string(name, out);
                out.push(':');
                write_constant(tree, &at.member(name), out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}
