//! The claim `https://aws.amazon.com/tags`: tags for the session that a token opens.

use std::collections::HashSet;

use jsonptr::{Located, Text};

use super::sts_error::StsError;

/// A tag of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionTag {
    /// Its key, as it is written; two keys that differ in case only are the same.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Whether it stays with sessions that are opened from this one.
    pub transitive: bool,
}

/// The tags that a token asks for. A trust policy must allow `sts:TagSession` for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTags(Vec<SessionTag>);

/// The parts of the claim, of both its forms, as they stand in a token.
#[derive(Default)]
pub(super) struct RawTags<'c> {
    /// `https://aws.amazon.com/tags`
    pub(super) nested: Option<Located<'c>>,
    /// `https://aws.amazon.com/tags/principal_tags/KEY`
    pub(super) flat: Vec<(String, Located<'c>)>,
    /// `https://aws.amazon.com/tags/transitive_tag_keys`
    pub(super) flat_transitive: Option<Located<'c>>,
}

impl SessionTags {
    /// The most tags of a session.
    pub const MAX_TAGS: usize = 50;

    /// The longest key, in characters; the shortest has one.
    pub const MAX_KEY_CHARS: usize = 128;

    /// The longest value, in characters.
    pub const MAX_VALUE_CHARS: usize = 256;

    /// Reads both forms: in the nested one each value is a list of exactly one string, in the flat
    /// one a string.
    pub(super) fn read(raw: RawTags<'_>) -> Result<SessionTags, StsError> {
        let mut tags = Vec::new();
        let mut transitive = Vec::new();
        if let Some(nested) = raw.nested {
            for (name, value) in nested.members().ok_or_else(malformed)? {
                match &*name.to_cow() {
                    "principal_tags" => {
                        for (key, value) in value.members().ok_or_else(malformed)? {
                            tags.push((key.to_cow().into_owned(), only_text(value)?));
                        }
                    }
                    "transitive_tag_keys" => transitive.extend(texts(value)?),
                    _ => {}
                }
            }
        }
        for (key, value) in raw.flat {
            tags.push((key, text(value)?));
        }
        if let Some(keys) = raw.flat_transitive {
            transitive.extend(texts(keys)?);
        }
        SessionTags::check(tags, &transitive)
    }

    fn check(tags: Vec<(String, String)>, transitive: &[String]) -> Result<SessionTags, StsError> {
        let folded = |key: &str| key.to_lowercase();
        let transitive: HashSet<String> = transitive.iter().map(|key| folded(key)).collect();
        let mut seen = HashSet::new();
        let well_formed = tags.iter().all(|(key, value)| {
            is_tag_text(key, 1..=SessionTags::MAX_KEY_CHARS)
                && is_tag_text(value, 0..=SessionTags::MAX_VALUE_CHARS)
                && seen.insert(folded(key))
        });
        if !well_formed || tags.len() > SessionTags::MAX_TAGS {
            return Err(malformed());
        }
        if !transitive.is_subset(&seen) {
            return Err(StsError::invalid(
                "transitive_tag_keys passed in claim names a key that is not in principal_tags.",
            ));
        }
        let tags = tags.into_iter().map(|(key, value)| SessionTag {
            transitive: transitive.contains(&folded(&key)),
            key,
            value,
        });
        Ok(SessionTags(tags.collect()))
    }

    /// The tags, in the order of the token.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SessionTag> {
        self.0.iter()
    }

    /// The value of the tag of this key, in any case.
    pub fn get(&self, key: &str) -> Option<&str> {
        let folded = key.to_lowercase();
        let mut tags = self.0.iter();
        let tag = tags.find(|tag| tag.key.to_lowercase() == folded)?;
        Some(&tag.value)
    }

    /// Whether the token asks for none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Letters, digits, separators and a few signs, of a length in characters.
fn is_tag_text(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.chars().count())
        && text.chars().all(|one| {
            one.is_alphanumeric() || one == ' ' || "_.:/=+-@".contains(one) || is_separator(one)
        })
}

/// White space that is no control character.
fn is_separator(one: char) -> bool {
    one.is_whitespace() && !one.is_control()
}

fn text(value: Located<'_>) -> Result<String, StsError> {
    let text = value.text().map(Text::to_cow).ok_or_else(malformed)?;
    Ok(text.into_owned())
}

fn texts(list: Located<'_>) -> Result<Vec<String>, StsError> {
    list.elements().ok_or_else(malformed)?.map(text).collect()
}

fn only_text(list: Located<'_>) -> Result<String, StsError> {
    let mut values = list.elements().ok_or_else(malformed)?;
    match (values.next(), values.next()) {
        (Some(value), None) => text(value),
        (None | Some(_), _) => Err(malformed()),
    }
}

fn malformed() -> StsError {
    StsError::invalid("principal_tags passed in claim is not in correct format.")
}
