//! The members of an object in a document, checked as they are taken.

use super::document::Node;
use super::error::{PolicyError, PolicyFault};
use super::path::Path;

/// An object whose names are all known and stand once.
pub(super) struct Fields<'d> {
    path: &'d Path<'d>,
    known: &'static [&'static str],
    members: &'d [(String, Node)],
}

impl<'d> Fields<'d> {
    pub(super) fn read(
        node: &'d Node,
        path: &'d Path<'d>,
        known: &'static [&'static str],
    ) -> Result<Self, PolicyError> {
        let members = map(node, path)?;
        for (name, _) in members {
            if !known.contains(&name.as_str()) {
                let suggestion = known.iter().copied().find(|known| alike(known, name));
                let fault = PolicyFault::UnknownMember { suggestion };
                return Err(PolicyError::new(&path.member(name), fault));
            }
        }
        Ok(Self {
            path,
            known,
            members,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&'d Node> {
        let mut members = self.members.iter();
        members.find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(super) fn require(&self, member: &'static str) -> Result<&'d Node, PolicyError> {
        let missing = || PolicyError::new(self.path, PolicyFault::MissingMember { member });
        self.get(member).ok_or_else(missing)
    }

    /// No other members than these.
    pub(super) fn only(&self, allowed: &[&str]) -> Result<(), PolicyError> {
        let misplaced = |name: &&&'static str| !allowed.contains(*name) && self.get(name).is_some();
        match self.known.iter().find(misplaced) {
            None => Ok(()),
            Some(member) => {
                let fault = PolicyFault::MisplacedMember { member };
                Err(PolicyError::new(&self.path.member(member), fault))
            }
        }
    }
}

/// The members of an object, each name once.
pub(super) fn map<'d>(
    node: &'d Node,
    path: &Path<'_>,
) -> Result<&'d [(String, Node)], PolicyError> {
    let Node::Map(members) = node else {
        return Err(wrong_kind(node, path, "an object"));
    };
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b);
    match twice {
        Some((name, _)) => {
            let fault = PolicyFault::DuplicateMember;
            Err(PolicyError::new(&path.member(name), fault))
        }
        None => Ok(members),
    }
}

pub(super) fn text<'d>(node: &'d Node, path: &Path<'_>) -> Result<&'d str, PolicyError> {
    if let Node::Text(text) = node {
        Ok(text)
    } else {
        Err(wrong_kind(node, path, "a string"))
    }
}

pub(super) fn non_empty<'d>(node: &'d Node, path: &Path<'_>) -> Result<&'d str, PolicyError> {
    match text(node, path)? {
        "" => Err(PolicyError::new(path, PolicyFault::Empty)),
        text => Ok(text),
    }
}

/// A list with an entry, and with at most `max`.
pub(super) fn list<'d>(
    node: &'d Node,
    path: &Path<'_>,
    max: usize,
) -> Result<&'d [Node], PolicyError> {
    let Node::List(list) = node else {
        return Err(wrong_kind(node, path, "an array"));
    };
    if list.is_empty() {
        return Err(PolicyError::new(path, PolicyFault::Empty));
    }
    if list.len() > max {
        return Err(PolicyError::new(path, PolicyFault::TooMany { max }));
    }
    Ok(list)
}

pub(super) fn flag(node: &Node, path: &Path<'_>) -> Result<bool, PolicyError> {
    if let Node::Bool(flag) = node {
        Ok(*flag)
    } else {
        Err(wrong_kind(node, path, "a boolean"))
    }
}

pub(super) fn wrong_kind(node: &Node, path: &Path<'_>, expected: &'static str) -> PolicyError {
    let fault = PolicyFault::WrongKind {
        expected,
        actual: node.kind(),
    };
    PolicyError::new(path, fault)
}

pub(super) fn unknown_word(path: &Path<'_>, known: &'static str) -> PolicyError {
    PolicyError::new(path, PolicyFault::UnknownWord { known })
}

/// Whether two names differ by case, a hyphen or a few letters.
pub(super) fn alike(known: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let (known, name) = (plain(known), plain(name));
    let shorter = known.chars().count().min(name.chars().count());
    let allowed = shorter.checked_div(3).unwrap_or(0).min(2);
    known == name || distance(&known, &name, allowed) <= allowed
}

/// Letters to insert, remove or replace; more than `most` is not told apart.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || a.len() > MAX_COMPARED || b.len() > MAX_COMPARED {
        return most.saturating_add(1);
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, left) in a.iter().enumerate() {
        let mut diagonal = index;
        let mut before = index.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal.saturating_add(usize::from(left != right));
            diagonal = *cell;
            *cell = replaced
                .min(diagonal.saturating_add(1))
                .min(before.saturating_add(1));
            before = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Longer names are not compared letter by letter: a token could make that costly.
const MAX_COMPARED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_a_slip_are_alike() {
        for (known, name) in [
            ("equals", "equal"),
            ("one_of", "oneOf"),
            ("project-id", "project_id"),
            ("environment", "enviroment"),
            ("repository", "repositroy"),
        ] {
            assert!(alike(known, name), "{known} {name}");
        }
        for (known, name) in [("equals", "prefix"), ("sub", "aud"), ("ref", "sub")] {
            assert!(!alike(known, name), "{known} {name}");
        }
        let long = "n".repeat(MAX_COMPARED);
        assert!(alike(&long, &format!("{}m", long.split_at(1).1)));
        assert!(!alike(&format!("{long}n"), &format!("{long}m")));
    }
}
