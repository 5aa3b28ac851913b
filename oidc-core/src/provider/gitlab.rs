//! GitLab CI, on gitlab.com or on an instance of one's own.
//!
//! The issuer is the URL of the instance. All of gitlab.com shares `https://gitlab.com`; an own
//! instance is named as `gitlab` in configuration, since its URL does not tell. Ids are strings, but
//! `runner_id` is a number; `ref_protected` and `environment_protected` are the strings `true` and
//! `false`.
//!
//! Source: GitLab's documentation, "OpenID Connect (OIDC) Authentication Using ID Tokens".

use core::fmt;

use serde::Deserialize;

use super::known_claim::{ClaimKind, KnownClaim};
use super::pairs::{is_name, values};
use super::profile::{
    AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::{Provider, SubjectError, forms};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::GitLab,
    title: "GitLab CI",
    algorithms: RS256,
    // The timeout of the job, or 5 minutes.
    max_lifetime: DAY,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/oauth/discovery/keys"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::like("project_path", &PROJECT_PATH),
        SubjectPart::like("ref_type", &REF_TYPE),
        SubjectPart::like("ref", &REF),
    ],
};

const PROJECT_PATH: KnownClaim = KnownClaim::string("/project_path")
    .tenant()
    .pinned_by("/project_id");

const REF: KnownClaim = KnownClaim::string("/ref").chosen();

const REF_TYPE: KnownClaim = KnownClaim::string("/ref_type");

/// Claims that came with GitLab 16 or later are not in every token.
const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant().chosen(),
    KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/nbf"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti"),
    KnownClaim::string("/namespace_id").tenant(),
    KnownClaim::string("/namespace_path")
        .tenant()
        .pinned_by("/namespace_id"),
    KnownClaim::string("/project_id").tenant(),
    PROJECT_PATH,
    KnownClaim::string("/project_visibility").sometimes(),
    KnownClaim::string("/user_id"),
    KnownClaim::string("/user_login").pinned_by("/user_id"),
    KnownClaim::string("/user_email").pinned_by("/user_id"),
    KnownClaim::string("/user_access_level").sometimes(),
    KnownClaim::new("/user_identities", &[ClaimKind::Objects])
        .chosen()
        .sometimes(),
    KnownClaim::strings("/groups_direct").chosen().sometimes(),
    KnownClaim::string("/pipeline_id"),
    KnownClaim::string("/pipeline_source"),
    KnownClaim::string("/job_id"),
    REF,
    REF_TYPE,
    KnownClaim::string("/ref_path").chosen().sometimes(),
    KnownClaim::string("/ref_protected"),
    KnownClaim::string("/environment").chosen().sometimes(),
    KnownClaim::string("/environment_protected").sometimes(),
    KnownClaim::string("/environment_action")
        .chosen()
        .sometimes(),
    KnownClaim::string("/deployment_tier").chosen().sometimes(),
    KnownClaim::number("/runner_id").sometimes(),
    KnownClaim::string("/runner_environment").sometimes(),
    KnownClaim::string("/sha").chosen().sometimes(),
    // Null unless the pipeline is defined in the project itself.
    KnownClaim::new("/ci_config_ref_uri", &[ClaimKind::String, ClaimKind::Null])
        .chosen()
        .sometimes(),
    KnownClaim::new("/ci_config_sha", &[ClaimKind::String, ClaimKind::Null])
        .chosen()
        .sometimes(),
];

/// What GitLab says of a job.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The id of the group or user that the project belongs to.
    pub namespace_id: String,
    /// Its path; another may have it later.
    pub namespace_path: String,
    /// The id of the project.
    pub project_id: String,
    /// Its path; another may have it later.
    pub project_path: String,
    /// `internal`, `private` or `public`.
    pub project_visibility: Option<String>,
    /// The id of the user who runs the job.
    pub user_id: String,
    /// Their name.
    pub user_login: String,
    /// Their address.
    pub user_email: String,
    /// Their access to the project: `developer`, `maintainer` and so on.
    pub user_access_level: Option<String>,
    /// Their accounts elsewhere, if they let them be shown.
    #[serde(default)]
    pub user_identities: Vec<UserIdentity>,
    /// The groups that they are in.
    #[serde(default)]
    pub groups_direct: Vec<String>,
    /// The id of the pipeline.
    pub pipeline_id: String,
    /// What started it: `push`, `merge_request_event` and so on.
    pub pipeline_source: String,
    /// The id of the job.
    pub job_id: String,
    /// The name of the branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// `branch` or `tag`.
    pub ref_type: String,
    /// The whole ref.
    pub ref_path: Option<String>,
    /// Whether the branch or tag is protected; a string on the wire.
    #[serde(deserialize_with = "forms::flag")]
    pub ref_protected: bool,
    /// The environment that the job deploys to.
    pub environment: Option<String>,
    /// Whether that is protected; a string on the wire.
    #[serde(default, deserialize_with = "forms::optional_flag")]
    pub environment_protected: Option<bool>,
    /// What the job does with it: `start`, `stop` and so on.
    pub environment_action: Option<String>,
    /// The tier of the environment.
    pub deployment_tier: Option<String>,
    /// The id of the runner; unlike the others a number.
    pub runner_id: Option<u64>,
    /// `gitlab-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// Where the pipeline is defined; null unless it is in the project itself.
    pub ci_config_ref_uri: Option<String>,
    /// The commit of that definition.
    pub ci_config_sha: Option<String>,
}

/// An account of a user at another provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UserIdentity {
    /// Which provider.
    pub provider: String,
    /// The user's id there.
    pub extern_uid: String,
}

/// Which project a job runs for, and on what.
///
/// `project_path:GROUP/PROJECT:ref_type:TYPE:ref:NAME`. A group may lie in others, and a ref is
/// the name of a branch or tag without `refs/`; both hold slashes. An administrator can shorten it
/// to `project_path:GROUP/PROJECT`, or leave out one of the other two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    project_path: &'a str,
    ref_type: Option<&'a str>,
    git_ref: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        let subject = values(text, ["project_path", "ref_type", "ref"])
            .map(|[path, ref_type, git_ref]| (path, Some(ref_type), Some(git_ref)))
            .or_else(|| {
                let [path, git_ref] = values(text, ["project_path", "ref"])?;
                Some((path, None, Some(git_ref)))
            })
            .or_else(|| {
                let [path, ref_type] = values(text, ["project_path", "ref_type"])?;
                Some((path, Some(ref_type), None))
            })
            .or_else(|| values(text, ["project_path"]).map(|[path]| (path, None, None)));
        subject
            .map(|(project_path, ref_type, git_ref)| Self {
                project_path,
                ref_type,
                git_ref,
            })
            .filter(Self::is_known)
            .ok_or(Provider::GitLab.unknown_form())
    }

    fn is_known(&self) -> bool {
        let path = self.project_path.contains('/') && self.project_path.split('/').all(is_name);
        let kind = self
            .ref_type
            .is_none_or(|kind| matches!(kind, "branch" | "tag"));
        // Git allows no colon in the name of a ref.
        let git_ref = self
            .git_ref
            .is_none_or(|name| !name.is_empty() && !name.contains(':'));
        path && kind && git_ref
    }

    /// The path of the project, with its groups.
    pub const fn project_path(&self) -> &'a str {
        self.project_path
    }

    /// `branch` or `tag`.
    pub const fn ref_type(&self) -> Option<&'a str> {
        self.ref_type
    }

    /// The name of the branch or tag.
    pub const fn git_ref(&self) -> Option<&'a str> {
        self.git_ref
    }

    /// The part with this name: `project_path`, `ref_type`, `ref`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "project_path" => Some(self.project_path),
            "ref_type" => self.ref_type,
            "ref" => self.git_ref,
            _ => None,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "project_path:{}", self.project_path)?;
        if let Some(ref_type) = self.ref_type {
            write!(f, ":ref_type:{ref_type}")?;
        }
        if let Some(git_ref) = self.git_ref {
            write!(f, ":ref:{git_ref}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_branches_hold_slashes() {
        let text = "project_path:acme/infra/web:ref_type:branch:ref:feature/a-1";
        let subject = Subject::parse(text).unwrap();
        assert_eq!(subject.project_path(), "acme/infra/web");
        assert_eq!(
            (subject.ref_type(), subject.git_ref()),
            (Some("branch"), Some("feature/a-1"))
        );
        assert_eq!(subject.to_string(), text);
        for text in [
            "project_path:acme/web",
            "project_path:acme/web:ref_type:tag",
            "project_path:acme/web:ref:v1.0",
        ] {
            assert_eq!(Subject::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_form() {
        for text in [
            "",
            "project_path:",
            "project_path:acme",
            "project_path:acme/",
            "project_path:/web",
            "project_path:acme//web",
            "project_path:acme/web:",
            "project_path:acme/web:ref_type:branch:ref:",
            "project_path:acme/web:ref_type:commit:ref:main",
            "project_path:acme/web:ref:main:ref_type:branch",
            "project_path:acme/web:ref_type:branch:ref:main:ref:main",
            "project_path:acme/web:ref_type:branch:ref:main:x",
            "project_path:acme/web:environment:prod",
            "project_path:acme/*:ref_type:branch:ref:main",
            "ref_type:branch:ref:main",
            " project_path:acme/web",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
