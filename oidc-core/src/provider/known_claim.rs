//! What is known of one claim of a provider.

use std::borrow::Cow;

use jsonptr::{Kind, Pointer, Token};

/// A claim that a provider's tokens carry, and what a policy may build on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownClaim {
    /// Where it stands in the claims set. With [`Extent::Prefix`] the last token is how the names
    /// begin.
    pub pointer: Pointer<'static>,
    /// Whether `pointer` names one claim or many.
    pub extent: Extent,
    /// The kinds of value that are seen there; more than one where documentation and tokens differ.
    pub kinds: &'static [ClaimKind],
    /// Whether every token has it.
    pub presence: Presence,
    /// Who decides on its value.
    pub chosen_by: ChosenBy,
    /// Whether it tells the provider's customers apart: with one of these a policy names its own.
    pub identifies_tenant: bool,
    /// For a name that can be given up and taken by someone else: the claim beside it that stays
    /// with its owner.
    pub pinned_by: Option<Pointer<'static>>,
}

/// How many claims one [`KnownClaim`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Extent {
    /// The one at its pointer.
    One,
    /// An object whose members may have any name: the claim and everything below it.
    Members,
    /// Every member beside it whose name begins so (`repo_property_`), and everything below them.
    Prefix,
}

/// The kind of a claim's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimKind {
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
    /// A number.
    Number,
    /// An object.
    Object,
    /// An array of objects.
    Objects,
    /// A string.
    String,
    /// An array of strings.
    Strings,
}

/// Whether every token has a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// Every token has it; for a nested claim, wherever its parent is.
    Always,
    /// Some tokens have it.
    Sometimes,
}

/// Who decides on the value of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChosenBy {
    /// The provider: an id that it gave, a fact that it observed.
    Provider,
    /// Someone inside the tenant: names, branches, environments. Who exactly may is the tenant's
    /// matter; for a branch it is whoever can push.
    Tenant,
    /// Whoever asks for the token (an audience, a request tag): it proves nothing about the caller.
    Caller,
}

impl KnownClaim {
    /// The name on the wire: the last token, decoded.
    pub fn name(&self) -> Cow<'static, str> {
        self.pointer
            .last()
            .map_or(Cow::Borrowed(""), Token::decoded)
    }

    /// Whether this is what is known of the claim at `pointer`.
    pub fn speaks_of(&self, pointer: Pointer<'_>) -> bool {
        match self.extent {
            Extent::One => self.pointer == pointer,
            Extent::Members => pointer.starts_with(self.pointer),
            Extent::Prefix => self.begins(pointer),
        }
    }

    /// Whether whoever asks for the token chooses the value.
    pub fn is_caller_controlled(&self) -> bool {
        self.chosen_by == ChosenBy::Caller
    }

    /// Whether a value of this kind is among those that are seen.
    pub fn may_be(&self, kind: Kind) -> bool {
        self.kinds.iter().any(|own| own.kind() == kind)
    }

    fn begins(&self, pointer: Pointer<'_>) -> bool {
        let rest = pointer.as_str().strip_prefix(self.pointer.as_str());
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    }
}

impl ClaimKind {
    /// The JSON kind of the value itself.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::Null => Kind::Null,
            Self::Number => Kind::Number,
            Self::Object => Kind::Object,
            Self::Objects | Self::Strings => Kind::Array,
            Self::String => Kind::String,
        }
    }
}

/// How the tables of the providers are written.
impl KnownClaim {
    pub(super) const fn new(pointer: &'static str, kinds: &'static [ClaimKind]) -> Self {
        Self {
            pointer: literal(pointer),
            extent: Extent::One,
            kinds,
            presence: Presence::Always,
            chosen_by: ChosenBy::Provider,
            identifies_tenant: false,
            pinned_by: None,
        }
    }

    pub(super) const fn string(pointer: &'static str) -> Self {
        Self::new(pointer, &[ClaimKind::String])
    }

    pub(super) const fn number(pointer: &'static str) -> Self {
        Self::new(pointer, &[ClaimKind::Number])
    }

    pub(super) const fn boolean(pointer: &'static str) -> Self {
        Self::new(pointer, &[ClaimKind::Bool])
    }

    pub(super) const fn object(pointer: &'static str) -> Self {
        Self::new(pointer, &[ClaimKind::Object])
    }

    pub(super) const fn strings(pointer: &'static str) -> Self {
        Self::new(pointer, &[ClaimKind::Strings])
    }

    /// Some tokens do not have it.
    pub(super) const fn sometimes(mut self) -> Self {
        self.presence = Presence::Sometimes;
        self
    }

    /// It tells tenants apart.
    pub(super) const fn tenant(mut self) -> Self {
        self.identifies_tenant = true;
        self
    }

    /// Someone inside the tenant chooses it.
    pub(super) const fn chosen(mut self) -> Self {
        self.chosen_by = ChosenBy::Tenant;
        self
    }

    /// A name that someone else may have tomorrow; the id at `pointer` stays.
    pub(super) const fn pinned_by(mut self, pointer: &'static str) -> Self {
        self.pinned_by = Some(literal(pointer));
        self.chosen()
    }

    /// Whoever asks for the token chooses it.
    pub(super) const fn caller(mut self) -> Self {
        self.chosen_by = ChosenBy::Caller;
        self
    }

    pub(super) const fn members(mut self) -> Self {
        self.extent = Extent::Members;
        self
    }

    pub(super) const fn prefix(mut self) -> Self {
        self.extent = Extent::Prefix;
        self
    }
}

#[expect(
    clippy::panic,
    reason = "runs when the tables are compiled, and never later"
)]
const fn literal(pointer: &'static str) -> Pointer<'static> {
    match Pointer::parse(pointer) {
        Ok(pointer) => pointer,
        Err(_) => panic!("not a JSON Pointer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Pointer<'_> {
        Pointer::parse(text).unwrap()
    }

    #[test]
    fn one_claim_is_not_what_stands_below_or_beside_it() {
        let claim = KnownClaim::string("/repository");
        assert!(claim.speaks_of(at("/repository")));
        assert!(!claim.speaks_of(at("/repository_id")));
        assert!(!claim.speaks_of(at("/repository/0")));
        assert_eq!(claim.name(), "repository");
    }

    #[test]
    fn members_of_any_name_belong_to_their_object() {
        let claim = KnownClaim::object("/https:~1~1sts.amazonaws.com~1/request_tags").members();
        assert_eq!(claim.name(), "request_tags");
        assert!(claim.speaks_of(at("/https:~1~1sts.amazonaws.com~1/request_tags")));
        assert!(claim.speaks_of(at("/https:~1~1sts.amazonaws.com~1/request_tags/a~1b")));
        assert!(!claim.speaks_of(at("/https:~1~1sts.amazonaws.com~1/request_tagsx")));
    }

    #[test]
    fn a_prefix_is_of_names_and_needs_more_than_itself() {
        let claim = KnownClaim::string("/repo_property_").prefix();
        assert!(claim.speaks_of(at("/repo_property_team")));
        assert!(!claim.speaks_of(at("/repo_property_")));
        assert!(!claim.speaks_of(at("/repo_property_/x")));
        assert!(!claim.speaks_of(at("/my_repo_property_team")));
    }

    #[test]
    fn a_string_claim_is_no_number() {
        let claim = KnownClaim::new("/ou_path", &[ClaimKind::String, ClaimKind::Strings]);
        assert!(claim.may_be(Kind::String) && claim.may_be(Kind::Array));
        assert!(!claim.may_be(Kind::Number) && !claim.may_be(Kind::Null));
    }
}
