//! What the tokens of known issuers look like: clouds, CI systems, clusters.
//!
//! A [`Provider`] is a vendor, or a standard such as SPIFFE, whose tokens all have one shape. It is
//! recognised by the issuer ([`Provider::of_issuer`]) or named in configuration; its
//! [`ProviderProfile`] is what a relying party may expect, claim by claim.
//!
//! ```
//! use jsonptr::Pointer;
//! use oidc_core::IssuerIdentifier;
//! use oidc_core::provider::Provider;
//!
//! let issuer = IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?;
//! let provider = Provider::of_issuer(&issuer).unwrap();
//! assert_eq!(provider.name(), "github");
//!
//! let profile = provider.profile();
//! let repository = profile.claim(Pointer::parse("/repository")?).unwrap();
//! // A name that someone else may have tomorrow, and the claim that stays with its owner:
//! assert_eq!(repository.pinned_by.unwrap().as_str(), "/repository_id");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here is enforced: a profile does not loosen or tighten any check by being there.

mod drift;
mod forms;
mod issuers;
mod known_claim;
mod pairs;
mod profile;
mod subject;
mod uuid;

pub mod aws;
pub mod bitbucket;
pub mod buildkite;
pub mod circleci;
pub mod entra;
pub mod github;
pub mod gitlab;
pub mod google;
pub mod kubernetes;
pub mod spiffe;
pub mod terraform;

use core::fmt;
use core::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::issuer_identifier::IssuerIdentifier;

pub use self::{
    drift::ClaimDrift,
    known_claim::{ChosenBy, ClaimKind, Extent, KnownClaim, Presence},
    profile::{AudienceRule, DiscoveryQuirks, ProviderProfile, SubjectPart},
    subject::{Subject, SubjectError},
};

/// A kind of issuer whose tokens are known.
///
/// Serialized as its [`name`](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// AWS IAM outbound identity federation (`sts:GetWebIdentityToken`).
    AwsOutbound,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Buildkite jobs.
    Buildkite,
    /// CircleCI jobs.
    CircleCi,
    /// Microsoft Entra ID.
    Entra,
    /// GitHub Actions, on github.com, `ghe.com` and GitHub Enterprise Server.
    GitHubActions,
    /// GitLab CI.
    GitLab,
    /// Google service accounts and virtual machines.
    Google,
    /// Service accounts of a Kubernetes cluster, wherever it runs.
    Kubernetes,
    /// SPIFFE JWT-SVIDs.
    SpiffeJwtSvid,
    /// HCP Terraform and Terraform Enterprise runs.
    Terraform,
}

/// Who shares an issuer with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssuerScope {
    /// One tenant's own: an account, an organization, a cluster, an installation.
    Tenant,
    /// All customers of the provider get their tokens from this one issuer, strangers too: a rule
    /// that names no tenant lets every one of them in.
    Shared,
}

impl Provider {
    /// Every provider of this version, by name.
    pub const ALL: &'static [Provider] = &[
        Self::AwsOutbound,
        Self::Bitbucket,
        Self::Buildkite,
        Self::CircleCi,
        Self::Entra,
        Self::GitHubActions,
        Self::GitLab,
        Self::Google,
        Self::Kubernetes,
        Self::SpiffeJwtSvid,
        Self::Terraform,
    ];

    /// The provider's name in documents, a stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsOutbound => "aws",
            Self::Bitbucket => "bitbucket",
            Self::Buildkite => "buildkite",
            Self::CircleCi => "circleci",
            Self::Entra => "entra",
            Self::GitHubActions => "github",
            Self::GitLab => "gitlab",
            Self::Google => "google",
            Self::Kubernetes => "kubernetes",
            Self::SpiffeJwtSvid => "spiffe",
            Self::Terraform => "terraform",
        }
    }

    /// The provider of exactly this name.
    ///
    /// # Errors
    ///
    /// [`UnknownProvider`] for every other text.
    pub fn from_name(name: &str) -> Result<Provider, UnknownProvider> {
        let mut all = Self::ALL.iter().copied();
        all.find(|provider| provider.name() == name)
            .ok_or(UnknownProvider)
    }

    /// The provider whose issuers have this form; host and path are compared as a whole.
    ///
    /// An installation on a host of the operator's choice (GitLab, CircleCI server, Kubernetes,
    /// SPIFFE) cannot be told by its name: whoever configures it says what it is.
    pub fn of_issuer(issuer: &IssuerIdentifier) -> Option<Provider> {
        issuers::recognise(issuer.as_str()).map(|(provider, _)| provider)
    }

    /// Whether all customers of the provider share this issuer.
    ///
    /// One that [`of_issuer`](Self::of_issuer) does not recognise is its operator's own.
    pub fn issuer_scope(issuer: &IssuerIdentifier) -> IssuerScope {
        issuers::recognise(issuer.as_str()).map_or(IssuerScope::Tenant, |(_, scope)| scope)
    }

    /// What its tokens are like.
    pub const fn profile(self) -> &'static ProviderProfile {
        match self {
            Self::AwsOutbound => &aws::PROFILE,
            Self::Bitbucket => &bitbucket::PROFILE,
            Self::Buildkite => &buildkite::PROFILE,
            Self::CircleCi => &circleci::PROFILE,
            Self::Entra => &entra::PROFILE,
            Self::GitHubActions => &github::PROFILE,
            Self::GitLab => &gitlab::PROFILE,
            Self::Google => &google::PROFILE,
            Self::Kubernetes => &kubernetes::PROFILE,
            Self::SpiffeJwtSvid => &spiffe::PROFILE,
            Self::Terraform => &terraform::PROFILE,
        }
    }
}

/// No provider has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider")]
#[non_exhaustive]
pub struct UnknownProvider;

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// As [`Provider::from_name`].
impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Provider, UnknownProvider> {
        Provider::from_name(name)
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// As [`Provider::from_name`].
impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Provider, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Provider;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a provider")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Provider, E> {
        Provider::from_name(name).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonptr::Pointer;

    #[test]
    fn a_name_is_read_as_it_is_written_and_no_other_is() {
        for &provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.name()), Ok(provider));
            assert_eq!(provider.to_string(), provider.name());
            let json = serde_json::to_string(&provider).unwrap();
            assert_eq!(json, format!("\"{}\"", provider.name()));
            assert_eq!(serde_json::from_str::<Provider>(&json).unwrap(), provider);
        }
        for name in ["", "GitHub", "github ", "GITHUB", "githu"] {
            assert_eq!(name.parse::<Provider>(), Err(UnknownProvider), "{name:?}");
        }
        assert_eq!(UnknownProvider.to_string(), "unknown provider");
    }

    #[test]
    fn all_are_listed_once_and_by_name() {
        let names: Vec<_> = Provider::ALL.iter().map(|own| own.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for &provider in Provider::ALL {
            assert_eq!(provider.profile().provider, provider);
        }
    }

    #[test]
    fn what_pins_a_name_is_a_claim_of_the_same_provider_that_nobody_chooses() {
        for &provider in Provider::ALL {
            let profile = provider.profile();
            let names = profile
                .claims
                .iter()
                .map(|claim| (claim.pointer.as_str(), claim.pinned_by));
            let parts = profile
                .subject_parts
                .iter()
                .map(|part| (part.name, part.pinned_by));
            for (name, pin) in names.chain(parts) {
                let Some(pin) = pin else { continue };
                let pin = profile
                    .claim(pin)
                    .unwrap_or_else(|| panic!("{provider} {name}"));
                assert_eq!(pin.chosen_by, ChosenBy::Provider, "{provider} {name}");
                assert_eq!(pin.pinned_by, None, "{provider} {name}");
            }
        }
    }

    #[test]
    fn each_claim_stands_in_its_profile_once_and_below_a_known_object() {
        for &provider in Provider::ALL {
            let profile = provider.profile();
            for claim in profile.claims {
                let same = |other: &&KnownClaim| other.pointer == claim.pointer;
                let count = profile.claims.iter().filter(same).count();
                assert_eq!(count, 1, "{provider} {}", claim.pointer);
                let parent = claim.pointer.parent().unwrap();
                if parent != Pointer::ROOT {
                    let parent = profile.claim(parent).unwrap();
                    assert!(
                        parent.may_be(jsonptr::Kind::Object),
                        "{provider} {}",
                        claim.pointer
                    );
                }
                assert!(!claim.kinds.is_empty(), "{provider} {}", claim.pointer);
            }
            assert!(
                !profile.algorithms.is_empty() && !profile.types.is_empty(),
                "{provider}"
            );
        }
    }
}
