//! Subjects that are made of parts.

use core::fmt;
use std::borrow::Cow;

use super::{
    Provider, aws, bitbucket, buildkite, circleci, entra, github, gitlab, google, kubernetes,
    spiffe, terraform,
};

/// The `sub` of a token, in the parts that its provider makes it of.
///
/// A text that is of no form the provider is known to use has no parts: nothing is guessed from a
/// prefix. Printed, a subject is the text that it was read from.
///
/// ```
/// use oidc_core::provider::{Provider, Subject};
///
/// let text = "repo:acme@4217/web@90001:ref:refs/heads/main";
/// let subject = Provider::GitHubActions.subject(text)?;
/// assert_eq!(subject.part("repository").as_deref(), Some("acme/web"));
/// assert_eq!(subject.part("repository_id").as_deref(), Some("90001"));
/// assert_eq!(subject.part("environment"), None);
/// assert_eq!(subject.to_string(), text);
///
/// assert!(Provider::GitHubActions.subject("repo:acme/web:ref:main").is_err());
/// # Ok::<(), oidc_core::provider::SubjectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// Of [`Provider::AwsOutbound`].
    AwsOutbound(aws::Subject<'a>),
    /// Of [`Provider::Bitbucket`].
    Bitbucket(bitbucket::Subject<'a>),
    /// Of [`Provider::Buildkite`].
    Buildkite(buildkite::Subject<'a>),
    /// Of [`Provider::CircleCi`].
    CircleCi(circleci::Subject<'a>),
    /// Of [`Provider::Entra`].
    Entra(entra::Subject<'a>),
    /// Of [`Provider::GitHubActions`].
    GitHubActions(github::Subject<'a>),
    /// Of [`Provider::GitLab`].
    GitLab(gitlab::Subject<'a>),
    /// Of [`Provider::Google`].
    Google(google::Subject<'a>),
    /// Of [`Provider::Kubernetes`].
    Kubernetes(kubernetes::Subject<'a>),
    /// Of [`Provider::SpiffeJwtSvid`].
    SpiffeJwtSvid(spiffe::Subject<'a>),
    /// Of [`Provider::Terraform`].
    Terraform(terraform::Subject<'a>),
}

impl Provider {
    /// Reads a subject of this provider's tokens, unescaped, as [`Subject::part`] gives its parts.
    ///
    /// # Errors
    ///
    /// It is of no form that this provider is known to use.
    pub fn subject(self, text: &str) -> Result<Subject<'_>, SubjectError> {
        match self {
            Self::AwsOutbound => aws::Subject::parse(text).map(Subject::AwsOutbound),
            Self::Bitbucket => bitbucket::Subject::parse(text).map(Subject::Bitbucket),
            Self::Buildkite => buildkite::Subject::parse(text).map(Subject::Buildkite),
            Self::CircleCi => circleci::Subject::parse(text).map(Subject::CircleCi),
            Self::Entra => entra::Subject::parse(text).map(Subject::Entra),
            Self::GitHubActions => github::Subject::parse(text).map(Subject::GitHubActions),
            Self::GitLab => gitlab::Subject::parse(text).map(Subject::GitLab),
            Self::Google => google::Subject::parse(text).map(Subject::Google),
            Self::Kubernetes => kubernetes::Subject::parse(text).map(Subject::Kubernetes),
            Self::SpiffeJwtSvid => spiffe::Subject::parse(text).map(Subject::SpiffeJwtSvid),
            Self::Terraform => terraform::Subject::parse(text).map(Subject::Terraform),
        }
    }
}

impl<'a> Subject<'a> {
    /// The part with this name ([`ProviderProfile::subject_parts`]), as it stands in the token:
    /// nothing is decoded. `None` if subjects of this form do not have it.
    ///
    /// [`ProviderProfile::subject_parts`]: super::ProviderProfile::subject_parts
    pub fn part(&self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Self::AwsOutbound(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Bitbucket(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Buildkite(subject) => subject.part(name).map(Cow::Borrowed),
            Self::CircleCi(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Entra(subject) => subject.part(name).map(Cow::Borrowed),
            Self::GitHubActions(subject) => subject.part(name),
            Self::GitLab(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Google(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Kubernetes(subject) => subject.part(name).map(Cow::Borrowed),
            Self::SpiffeJwtSvid(subject) => subject.part(name).map(Cow::Borrowed),
            Self::Terraform(subject) => subject.part(name).map(Cow::Borrowed),
        }
    }

    /// Whose subject it is.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::AwsOutbound(_) => Provider::AwsOutbound,
            Self::Bitbucket(_) => Provider::Bitbucket,
            Self::Buildkite(_) => Provider::Buildkite,
            Self::CircleCi(_) => Provider::CircleCi,
            Self::Entra(_) => Provider::Entra,
            Self::GitHubActions(_) => Provider::GitHubActions,
            Self::GitLab(_) => Provider::GitLab,
            Self::Google(_) => Provider::Google,
            Self::Kubernetes(_) => Provider::Kubernetes,
            Self::SpiffeJwtSvid(_) => Provider::SpiffeJwtSvid,
            Self::Terraform(_) => Provider::Terraform,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwsOutbound(subject) => subject.fmt(f),
            Self::Bitbucket(subject) => subject.fmt(f),
            Self::Buildkite(subject) => subject.fmt(f),
            Self::CircleCi(subject) => subject.fmt(f),
            Self::Entra(subject) => subject.fmt(f),
            Self::GitHubActions(subject) => subject.fmt(f),
            Self::GitLab(subject) => subject.fmt(f),
            Self::Google(subject) => subject.fmt(f),
            Self::Kubernetes(subject) => subject.fmt(f),
            Self::SpiffeJwtSvid(subject) => subject.fmt(f),
            Self::Terraform(subject) => subject.fmt(f),
        }
    }
}

/// A subject is of no form that its provider is known to use.
///
/// It says no more: the text is the token's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("subject is of no form that `{provider}` is known to use")]
#[non_exhaustive]
pub struct SubjectError {
    /// Whose forms were tried.
    pub provider: Provider,
}

impl Provider {
    pub(super) const fn unknown_form(self) -> SubjectError {
        SubjectError { provider: self }
    }
}
