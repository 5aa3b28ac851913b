//! Bitbucket Pipelines.
//!
//! Every workspace has an issuer of its own,
//! `https://api.bitbucket.org/2.0/workspaces/SLUG/pipelines-config/identity/oidc`. The slug can be
//! given up and taken by someone else: `workspaceUuid` and `repositoryUuid` stay. UUIDs stand in
//! braces, which are a part of the text.
//!
//! Source: Atlassian's documentation, "Integrate Pipelines with resource servers using OIDC", and
//! configurations published by others.

use core::fmt;

use serde::Deserialize;

use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{
    AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::uuid::is_uuid;
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Bitbucket,
    title: "Bitbucket Pipelines",
    algorithms: RS256,
    max_lifetime: HOUR,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/keys.json"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::like("repository_uuid", &REPOSITORY),
        SubjectPart::like("deployment_environment_uuid", &ENVIRONMENT),
        SubjectPart::like("step_uuid", &STEP),
    ],
};

const REPOSITORY: KnownClaim = KnownClaim::string("/repositoryUuid").tenant();

const ENVIRONMENT: KnownClaim = KnownClaim::string("/deploymentEnvironmentUuid").sometimes();

const STEP: KnownClaim = KnownClaim::string("/stepUuid");

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti").sometimes(),
    KnownClaim::string("/workspaceUuid").tenant(),
    REPOSITORY,
    KnownClaim::string("/pipelineUuid"),
    STEP,
    ENVIRONMENT,
    KnownClaim::string("/accountUuid").sometimes(),
    KnownClaim::string("/branchName").chosen().sometimes(),
];

/// What Bitbucket says of a step. UUIDs are in braces.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The workspace.
    pub workspace_uuid: String,
    /// The repository.
    pub repository_uuid: String,
    /// The pipeline.
    pub pipeline_uuid: String,
    /// The step.
    pub step_uuid: String,
    /// The environment that the step deploys to.
    pub deployment_environment_uuid: Option<String>,
    /// The account.
    pub account_uuid: Option<String>,
    /// The branch.
    pub branch_name: Option<String>,
}

/// Which step of which repository: `{REPOSITORY}:{STEP}`, or `{REPOSITORY}:{ENVIRONMENT}:{STEP}`
/// for a step that deploys. The braces are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    repository: &'a str,
    environment: Option<&'a str>,
    step: &'a str,
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::Bitbucket.unknown_form())
    }

    fn read(text: &'a str) -> Option<Self> {
        let (repository, rest) = text.split_once(':')?;
        let (environment, step) = match rest.split_once(':') {
            Some((environment, step)) => (Some(environment), step),
            None => (None, rest),
        };
        let environment_holds = environment.is_none_or(is_braced);
        let known = is_braced(repository) && environment_holds && is_braced(step);
        known.then_some(Self {
            repository,
            environment,
            step,
        })
    }

    /// The repository, in braces.
    pub const fn repository_uuid(&self) -> &'a str {
        self.repository
    }

    /// The environment that the step deploys to, in braces.
    pub const fn deployment_environment_uuid(&self) -> Option<&'a str> {
        self.environment
    }

    /// The step, in braces.
    pub const fn step_uuid(&self) -> &'a str {
        self.step
    }

    /// The part with this name: `repository_uuid`, `deployment_environment_uuid`, `step_uuid`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "repository_uuid" => Some(self.repository),
            "deployment_environment_uuid" => self.environment,
            "step_uuid" => Some(self.step),
            _ => None,
        }
    }
}

fn is_braced(text: &str) -> bool {
    let inside = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    inside.is_some_and(is_uuid)
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repository)?;
        if let Some(environment) = self.environment {
            write!(f, ":{environment}")?;
        }
        write!(f, ":{}", self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "{8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11}";
    const B: &str = "{2b9e6a53-7a32-4f3a-8a38-0c9b6f3c9d22}";
    const C: &str = "{77aa1f0e-4a5b-4c39-9d5e-0b5a3a6f0c33}";

    #[test]
    fn an_environment_stands_between_repository_and_step() {
        let text = format!("{A}:{C}");
        let subject = Subject::parse(&text).unwrap();
        assert_eq!((subject.repository_uuid(), subject.step_uuid()), (A, C));
        assert_eq!(subject.deployment_environment_uuid(), None);
        assert_eq!(subject.to_string(), text);
        let text = format!("{A}:{B}:{C}");
        let subject = Subject::parse(&text).unwrap();
        assert_eq!(subject.part("repository_uuid"), Some(A));
        assert_eq!(subject.part("deployment_environment_uuid"), Some(B));
        assert_eq!(subject.part("step_uuid"), Some(C));
        assert_eq!(subject.to_string(), text);
    }

    #[test]
    fn the_braces_are_a_part_of_the_text() {
        let bare = A.trim_matches(['{', '}']);
        for text in [
            String::new(),
            A.to_owned(),
            format!("{bare}:{C}"),
            format!("{A}:{bare}"),
            format!("{A}:{B}:{C}:{C}"),
            format!("{A}::{C}"),
            format!("{A}:{C}:"),
            format!("{A}{C}"),
            format!("{{{A}}}:{C}"),
            format!("{A}:{C}").to_uppercase(),
        ] {
            assert!(Subject::parse(&text).is_err(), "{text}");
        }
    }
}
