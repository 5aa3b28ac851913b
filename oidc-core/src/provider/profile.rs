//! What a relying party may expect of the tokens of a provider.

use std::time::Duration;

use jsonptr::Pointer;

use super::Provider;
use super::known_claim::{ChosenBy, KnownClaim};
use crate::algorithm::Algorithm;

/// What a provider's tokens are like: sane settings for a verifier, and what is known of each claim.
///
/// It is data, with the vendor's documentation and recorded tokens as its source. A provider that
/// changes its tokens shows in [`drift`](Self::drift).
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderProfile {
    /// Whose profile it is.
    pub provider: Provider,
    /// The provider's name as it writes itself.
    pub title: &'static str,
    /// The algorithms that its tokens are signed with.
    pub algorithms: &'static [Algorithm],
    /// The longest time from `iat` to `exp` that a token needs. Where the tenant sets the lifetime,
    /// it is a day.
    pub max_lifetime: Duration,
    /// Whether every header names its key.
    pub requires_kid: bool,
    /// Whether every token has `iss`.
    pub requires_iss: bool,
    /// The values of `typ` that headers have. Where there are several, it may also be absent.
    pub types: &'static [&'static str],
    /// How many audiences a token has.
    pub audience: AudienceRule,
    /// The values of `use` that its published keys have; a key without `use` passes too.
    pub key_uses: &'static [&'static str],
    /// What is odd about its documents.
    pub discovery: DiscoveryQuirks,
    /// Every claim that is known.
    pub claims: &'static [KnownClaim],
    /// The parts that its structured subjects have, in any of their forms.
    pub subject_parts: &'static [SubjectPart],
}

/// How many audiences a token has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AudienceRule {
    /// Exactly one.
    ExactlyOne,
    /// One or several: whoever asks for the token, or its tenant, may name more.
    Several,
}

/// How a provider publishes its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DiscoveryQuirks {
    /// Where the JWK Set is today, below the issuer without its trailing slash. It helps to read a
    /// network log; the address comes from the discovery document.
    pub jwks_path: Option<&'static str>,
    /// Whether issuers of this provider may end in a slash, which is a part of their name.
    pub trailing_slash: bool,
    /// The placeholder that the `issuer` of a document for all tenants has in place of the tenant.
    /// Such a document names no issuer: see [`TenantTemplate`](crate::TenantTemplate).
    pub issuer_template: Option<&'static str>,
}

/// A part of a structured subject, by the name under which policies address it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubjectPart {
    /// Its name.
    pub name: &'static str,
    /// Who decides on its value.
    pub chosen_by: ChosenBy,
    /// Whether it tells the provider's customers apart.
    pub identifies_tenant: bool,
    /// For a name that can be given up and taken by someone else: the claim that stays with its
    /// owner.
    pub pinned_by: Option<Pointer<'static>>,
}

impl ProviderProfile {
    /// What is known of the claim at `pointer`: its own entry, or that of the open-ended one that
    /// it belongs to.
    pub fn claim(&self, pointer: Pointer<'_>) -> Option<&'static KnownClaim> {
        let claims = self.claims.iter();
        claims
            .filter(|claim| claim.speaks_of(pointer))
            .max_by_key(|claim| claim.pointer == pointer)
    }

    /// The part of a subject with this name.
    pub fn subject_part(&self, name: &str) -> Option<&'static SubjectPart> {
        self.subject_parts.iter().find(|part| part.name == name)
    }
}

impl DiscoveryQuirks {
    pub(super) const fn at(jwks_path: &'static str) -> Self {
        Self {
            jwks_path: Some(jwks_path),
            ..Self::NONE
        }
    }

    pub(super) const NONE: Self = Self {
        jwks_path: None,
        trailing_slash: false,
        issuer_template: None,
    };
}

/// How the tables of the providers are written.
impl SubjectPart {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name,
            chosen_by: ChosenBy::Provider,
            identifies_tenant: false,
            pinned_by: None,
        }
    }

    /// As [`KnownClaim`] says of the same thing.
    pub(super) const fn like(name: &'static str, claim: &KnownClaim) -> Self {
        Self {
            name,
            chosen_by: claim.chosen_by,
            identifies_tenant: claim.identifies_tenant,
            pinned_by: claim.pinned_by,
        }
    }

    pub(super) const fn chosen(mut self) -> Self {
        self.chosen_by = ChosenBy::Tenant;
        self
    }

    pub(super) const fn tenant(mut self) -> Self {
        self.identifies_tenant = true;
        self
    }
}

/// The longest lifetime of tokens that live as long as a CI job needs to hand them over.
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// Where the tenant, or the length of a job, sets the lifetime.
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// What nearly all sign with.
pub(super) const RS256: &[Algorithm] = &[Algorithm::Rs256];

/// What nearly all write into `typ`.
pub(super) const JWT: &[&str] = &["JWT"];

/// What nearly all write into the `use` of a key.
pub(super) const SIG: &[&str] = &["sig"];
