//! What a statement lets a token do.

use jsonptr::Pattern;

use super::super::error::{PolicyError, PolicyFault};
use super::super::fields::Fields;
use super::super::path::Path;
use super::statement;

/// Which of the three actions that concern a token a statement is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Actions {
    pub(super) assume_role: bool,
    pub(super) tag_session: bool,
    pub(super) set_source_identity: bool,
}

const ASSUME_ROLE: &str = "sts:assumerolewithwebidentity";
const TAG_SESSION: &str = "sts:tagsession";
const SET_SOURCE_IDENTITY: &str = "sts:setsourceidentity";

/// Actions that a trust policy may name, in lower case.
const KNOWN: &[&str] = &[
    ASSUME_ROLE,
    TAG_SESSION,
    SET_SOURCE_IDENTITY,
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:setcontext",
];

impl Actions {
    pub(super) fn read(fields: &Fields<'_>, path: &Path<'_>) -> Result<Self, PolicyError> {
        let (member, node) = match (fields.get("Action"), fields.get("NotAction")) {
            (Some(node), None) => ("Action", node),
            (None, Some(node)) => ("NotAction", node),
            (None, None) => ("Action", fields.require("Action")?),
            (Some(_), Some(_)) => {
                let (first, second) = ("Action", "NotAction");
                let fault = PolicyFault::SeveralOperators { first, second };
                return Err(PolicyError::new(path, fault));
            }
        };
        let mut named = Self::default();
        statement::each(node, &path.member(member), |text, path| {
            named.add(text, path)
        })?;
        Ok(if member == "Action" {
            named
        } else {
            Self {
                assume_role: !named.assume_role,
                tag_session: !named.tag_session,
                set_source_identity: !named.set_source_identity,
            }
        })
    }

    /// Names of actions are compared without regard to case, and may have wildcards.
    fn add(&mut self, text: &str, path: &Path<'_>) -> Result<(), PolicyError> {
        let unknown = || PolicyError::new(path, PolicyFault::Action);
        // `\` is no escape here: it is in no name.
        let pattern = text.to_ascii_lowercase().replace('\\', r"\\");
        let pattern = Pattern::parse(&pattern).map_err(|_| unknown())?;
        let names_the_service = pattern.as_str() == "*" || pattern.as_str().starts_with("sts:");
        let is_known = KNOWN.iter().any(|known| pattern.matches(known));
        if !names_the_service || !is_known {
            return Err(unknown());
        }
        self.assume_role |= pattern.matches(ASSUME_ROLE);
        self.tag_session |= pattern.matches(TAG_SESSION);
        self.set_source_identity |= pattern.matches(SET_SOURCE_IDENTITY);
        Ok(())
    }
}
