//! Taking the values of a template from a context.

use std::borrow::Cow;

use jsonptr::{Kind, Located, Pointer, PointerSet, ScanBuffer};

use crate::document::push_json_string;

use super::{Claim, ContextError, Part, Subject, Text, Value, ValueType};

/// A context that has been scanned for the pointers of a template.
pub(super) struct Context<'a> {
    document: &'a str,
    buffer: &'a ScanBuffer,
    pointers: &'a PointerSet,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        document: &'a str,
        buffer: &'a ScanBuffer,
        pointers: &'a PointerSet,
    ) -> Context<'a> {
        Context {
            document,
            buffer,
            pointers,
        }
    }

    pub(super) fn subject(&self, subject: &Subject) -> Result<String, ContextError> {
        match subject {
            Subject::Constant(text) => Ok(text.to_string()),
            Subject::Value(index) => {
                let value = self.value(*index, ValueType::String)?;
                let text = value.text().map(jsonptr::Text::to_cow);
                Ok(text.unwrap_or_default().into_owned())
            }
            Subject::Text(text) => {
                let mut out = String::with_capacity(self.room_for_text(text));
                self.join(text, &mut out)?;
                Ok(out)
            }
        }
    }

    /// About how long the claims will be: as long as what they are made of, if nothing has to be
    /// escaped.
    pub(super) fn room_for(&self, claims: &[Claim]) -> usize {
        sum(claims.iter().map(|claim| {
            let value = self.room_for_value(&claim.value);
            claim.start.len().saturating_add(value)
        }))
    }

    fn room_for_value(&self, value: &Value) -> usize {
        match value {
            Value::Constant(json) => json.len(),
            Value::From(index, _) => self.length(*index),
            Value::Text(text) => self.room_for_text(text).saturating_add(2),
            // Each with a colon and a comma, and the braces.
            Value::Object(members) => sum(members.iter().map(|(name, value)| {
                let value = self.room_for_value(value);
                name.len().saturating_add(value).saturating_add(2)
            }))
            .saturating_add(2),
            Value::List(values) => sum(values.iter().map(|value| {
                let value = self.room_for_value(value);
                value.saturating_add(1)
            }))
            .saturating_add(2),
        }
    }

    fn room_for_text(&self, text: &Text) -> usize {
        sum(text.parts.iter().map(|part| match part {
            Part::Literal(literal) => literal.len(),
            Part::Value { pointer, .. } => self.length(*pointer),
        }))
    }

    /// The length of the value as JSON, or nothing where there is none.
    fn length(&self, index: usize) -> usize {
        let value = self.buffer.get(self.document, index);
        value.map_or(0, |value| value.json().len())
    }

    /// Appends the value as JSON.
    pub(super) fn write(&self, value: &Value, out: &mut String) -> Result<(), ContextError> {
        match value {
            Value::Constant(json) => out.push_str(json),
            Value::From(index, expected) => out.push_str(self.value(*index, *expected)?.json()),
            Value::Text(text) => {
                let mut joined = String::with_capacity(self.room_for_text(text));
                self.join(text, &mut joined)?;
                push_json_string(&joined, out);
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(name);
                    out.push(':');
                    self.write(value, out)?;
                }
                out.push('}');
            }
            Value::List(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.write(value, out)?;
                }
                out.push(']');
            }
        }
        Ok(())
    }

    fn join(&self, text: &Text, out: &mut String) -> Result<(), ContextError> {
        for part in &text.parts {
            match part {
                Part::Literal(literal) => out.push_str(literal),
                Part::Value {
                    pointer,
                    delimiters,
                } => self.push_part(*pointer, delimiters, out)?,
            }
        }
        Ok(())
    }

    fn push_part(
        &self,
        index: usize,
        delimiters: &str,
        out: &mut String,
    ) -> Result<(), ContextError> {
        let value = self.at(index)?;
        let pointer = || self.pointer(index).to_owned();
        let number = value.number().map(jsonptr::Number::as_str);
        let text = match (number.filter(|number| is_integer(number)), value.text()) {
            (Some(number), _) => Cow::Borrowed(number),
            (None, Some(text)) => text.to_cow(),
            (None, None) => {
                return Err(ContextError::Type {
                    pointer: pointer(),
                    expected: ValueType::String,
                });
            }
        };
        if text.is_empty() {
            return Err(ContextError::Empty { pointer: pointer() });
        }
        // There are one or two delimiters, and a search for one is fast.
        let places = delimiters
            .chars()
            .filter_map(|one| Some((text.find(one)?, one)));
        if let Some((_, character)) = places.min() {
            return Err(ContextError::Delimiter {
                pointer: pointer(),
                character,
            });
        }
        out.push_str(&text);
        Ok(())
    }

    fn value(&self, index: usize, expected: ValueType) -> Result<Located<'a>, ContextError> {
        let value = self.at(index)?;
        let fits = match expected {
            ValueType::Boolean => value.kind() == Kind::Bool,
            ValueType::Integer => value
                .number()
                .is_some_and(|number| is_integer(number.as_str())),
            ValueType::Object => value.kind() == Kind::Object,
            ValueType::String => value.kind() == Kind::String,
            ValueType::Strings => value
                .elements()
                .is_some_and(|mut elements| elements.all(|element| element.kind() == Kind::String)),
        };
        if fits {
            return Ok(value);
        }
        Err(ContextError::Type {
            pointer: self.pointer(index).to_owned(),
            expected,
        })
    }

    fn at(&self, index: usize) -> Result<Located<'a>, ContextError> {
        self.buffer
            .get(self.document, index)
            .filter(|value| !value.is_null())
            .ok_or_else(|| ContextError::Missing {
                pointer: self.pointer(index).to_owned(),
            })
    }

    fn pointer(&self, index: usize) -> Pointer<'_> {
        self.pointers.pointers().nth(index).unwrap_or(Pointer::ROOT)
    }
}

fn sum(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.fold(0, usize::saturating_add)
}

/// Whether a JSON number is written without fraction and exponent.
fn is_integer(number: &str) -> bool {
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
}
