//! The policy that a caller may pass for its session: whether it is one.
//!
//! It could only take permissions from the session. `GetCallerIdentity` needs none, so nothing here
//! asks it; a service that does must keep it with the session.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

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
