//! What a rule says about tokens that are used again.

use serde::{Serialize, Serializer};

/// Whether one token may pass a rule several times: the member `replay` of an allow rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayMode {
    /// As often as it comes, until it expires. The default: most clients use a token again.
    #[default]
    Off,
    /// As often as it comes; the replay guard is asked, and what it says reported. For the time
    /// before [`Enforce`](Self::Enforce).
    Observe,
    /// Once. Without a replay guard, or while it cannot answer, not at all.
    Enforce,
}

impl ReplayMode {
    /// The words of a policy document.
    pub(super) const WORDS: &'static str = "`off`, `observe`, `enforce`";

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Off, Self::Observe, Self::Enforce]
            .into_iter()
            .find(|mode| mode.name() == word)
    }

    /// The word for it in a policy document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }
}

impl Serialize for ReplayMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
