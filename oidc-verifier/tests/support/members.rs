//! The members of a JSON object as text, so that any text can be made of them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Names and values, both as JSON text, in order.
#[derive(Clone, Debug)]
pub(crate) struct Members(Vec<(String, String)>);

impl Members {
    pub(crate) fn read(json: &[u8]) -> Members {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(json).unwrap();
        let members = members.into_iter();
        Members(
            members
                .map(|(name, value)| (quoted(&name), value.get().to_owned()))
                .collect(),
        )
    }

    /// The same with one more member at the end; the name is as given, quotes included.
    pub(crate) fn plus(&self, name_json: &str, value: &str) -> Members {
        let more = (name_json.to_owned(), value.to_owned());
        Members(self.0.iter().cloned().chain([more]).collect())
    }

    /// The same with one more member at the front.
    pub(crate) fn preceded_by(&self, name_json: &str, value: &str) -> Members {
        let more = (name_json.to_owned(), value.to_owned());
        Members([more].into_iter().chain(self.0.iter().cloned()).collect())
    }

    /// The same with this value for the member of this name, which is added if there is none.
    pub(crate) fn with(&self, name: &str, value: &str) -> Members {
        self.without(name).plus(&quoted(name), value)
    }

    pub(crate) fn without(&self, name: &str) -> Members {
        let quoted = quoted(name);
        Members(
            self.0
                .iter()
                .filter(|(own, _)| *own != quoted)
                .cloned()
                .collect(),
        )
    }

    /// The same with another name, as given, for one member.
    pub(crate) fn renamed(&self, name: &str, name_json: &str) -> Members {
        let value = self.get(name).unwrap().to_owned();
        self.without(name).plus(name_json, &value)
    }

    /// The JSON text of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let quoted = quoted(name);
        let mut named = self.0.iter().filter(|(own, _)| *own == quoted);
        named.next().map(|(_, value)| value.as_str())
    }

    /// The names, unescaped.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(|(name, _)| serde_json::from_str(name).unwrap())
    }

    pub(crate) fn to_json(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

fn quoted(name: &str) -> String {
    serde_json::to_string(name).unwrap()
}
