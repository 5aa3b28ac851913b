//! The policies that a caller may pass for its session, which then has no permission that they do not
//! give.
//!
//! `GetCallerIdentity` needs none, even where a policy denies it (API reference of AWS STS), so nothing
//! here asks them. They are sealed into the session all the same: an action that needs a permission has
//! to ask them beside the policies of the role.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was passed for one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionPolicies {
    /// A document, as it was written.
    pub(crate) inline: Option<String>,
    /// The ARNs of managed policies.
    pub(crate) managed: Vec<String>,
}

impl SessionPolicies {
    pub(crate) fn is_empty(&self) -> bool {
        self.inline.is_none() && self.managed.is_empty()
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let all = self.inline.iter().chain(&self.managed);
        all.map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[expect(dead_code, reason = "what a document must have, to be one")]
struct Document {
    version: Option<Version>,
    id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Current,
    #[serde(rename = "2008-10-17")]
    Old,
}

/// Without principals: the session is the only one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[expect(dead_code, reason = "as above")]
struct Statement {
    sid: Option<String>,
    effect: Effect,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    condition: Option<IgnoredAny>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// Whether it has the characters of a policy (API of AWS STS): those of Latin-1 that can be seen, and
/// white space.
pub(crate) fn has_its_characters(text: &str) -> bool {
    let is_one = |char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    text.chars().all(is_one)
}

/// Whether AWS would take this text for a policy (grammar of the IAM JSON policy language).
pub(crate) fn is_policy(text: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Document>(text) else {
        return false;
    };
    // A derived reader would take values in a list as well, without their names.
    let Ok(Value::Object(members)) = serde_json::from_str(text) else {
        return false;
    };
    let named = match members.get("Statement") {
        Some(Value::Array(all)) => all.iter().all(Value::is_object),
        one => one.is_some_and(Value::is_object),
    };
    let statements = document.statement.as_slice();
    let is_one_of = |a: &Option<OneOrMany<String>>, b: &Option<OneOrMany<String>>| {
        let said = a.iter().chain(b);
        a.is_some() != b.is_some() && said.into_iter().all(|said| !said.as_slice().is_empty())
    };
    named
        && !statements.is_empty()
        && statements.iter().all(|statement| {
            is_one_of(&statement.action, &statement.not_action)
                && is_one_of(&statement.resource, &statement.not_resource)
        })
}
