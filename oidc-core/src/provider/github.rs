//! GitHub Actions.
//!
//! All of github.com shares the issuer `https://token.actions.githubusercontent.com`; an enterprise
//! can have one of its own below it, on `ghe.com`, or on its Enterprise Server. Ids and counters
//! are strings.
//!
//! Source: GitHub's documentation, "OpenID Connect reference".

mod subject;

use serde::Deserialize;

use super::known_claim::KnownClaim;
use super::profile::{
    AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::{Provider, forms};

pub use self::subject::{Repository, Subject, for_display};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::GitHubActions,
    title: "GitHub Actions",
    algorithms: RS256,
    max_lifetime: HOUR,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::ExactlyOne,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks"),
    claims: CLAIMS,
    subject_parts: PARTS,
};

const REPOSITORY: KnownClaim = KnownClaim::string("/repository")
    .tenant()
    .pinned_by("/repository_id");

const REPOSITORY_ID: KnownClaim = KnownClaim::string("/repository_id").tenant();

const OWNER: KnownClaim = KnownClaim::string("/repository_owner")
    .tenant()
    .pinned_by("/repository_owner_id");

const OWNER_ID: KnownClaim = KnownClaim::string("/repository_owner_id").tenant();

const REF: KnownClaim = KnownClaim::string("/ref").chosen();

const ENVIRONMENT: KnownClaim = KnownClaim::string("/environment").chosen().sometimes();

const ACTOR: KnownClaim = KnownClaim::string("/actor").pinned_by("/actor_id");

const ENTERPRISE: KnownClaim = KnownClaim::string("/enterprise")
    .tenant()
    .pinned_by("/enterprise_id")
    .sometimes();

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant().chosen(),
    KnownClaim::string("/aud").caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::number("/nbf"),
    KnownClaim::string("/jti"),
    REPOSITORY,
    REPOSITORY_ID,
    OWNER,
    OWNER_ID,
    KnownClaim::string("/repository_visibility"),
    REF,
    KnownClaim::string("/ref_type"),
    // Newer than what Enterprise Servers issue.
    KnownClaim::string("/ref_protected").sometimes(),
    KnownClaim::string("/sha").chosen(),
    KnownClaim::string("/base_ref").chosen(),
    KnownClaim::string("/head_ref").chosen(),
    ENVIRONMENT,
    KnownClaim::string("/environment_node_id").sometimes(),
    KnownClaim::string("/event_name"),
    KnownClaim::string("/workflow").chosen(),
    KnownClaim::string("/workflow_ref").chosen(),
    KnownClaim::string("/workflow_sha").chosen(),
    KnownClaim::string("/job_workflow_ref").chosen().sometimes(),
    KnownClaim::string("/job_workflow_sha").chosen().sometimes(),
    KnownClaim::string("/run_id"),
    KnownClaim::string("/run_number"),
    KnownClaim::string("/run_attempt"),
    KnownClaim::string("/check_run_id").sometimes(),
    KnownClaim::string("/runner_environment"),
    ACTOR,
    KnownClaim::string("/actor_id"),
    ENTERPRISE,
    KnownClaim::string("/enterprise_id").tenant().sometimes(),
    KnownClaim::string("/repo_property_")
        .prefix()
        .chosen()
        .sometimes(),
];

/// What GitHub says of a workflow run. Ids and counters are strings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// `OWNER/NAME`; another may have it later.
    pub repository: String,
    /// The id of the repository.
    pub repository_id: String,
    /// The organization or user; another may have the name later.
    pub repository_owner: String,
    /// Its id.
    pub repository_owner_id: String,
    /// `internal`, `private` or `public`.
    pub repository_visibility: Option<String>,
    /// The enterprise of the organization.
    pub enterprise: Option<String>,
    /// Its id.
    pub enterprise_id: Option<String>,
    /// The ref that started the run.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// Whether the ref is protected; a string on the wire.
    #[serde(default, deserialize_with = "forms::optional_flag")]
    pub ref_protected: Option<bool>,
    /// The commit.
    pub sha: Option<String>,
    /// The target of a pull request.
    pub base_ref: Option<String>,
    /// The source of a pull request.
    pub head_ref: Option<String>,
    /// The environment of the job.
    pub environment: Option<String>,
    /// What started the run: `push`, `pull_request` and so on.
    pub event_name: String,
    /// The name of the workflow.
    pub workflow: Option<String>,
    /// Where the workflow is defined.
    pub workflow_ref: Option<String>,
    /// Where the job is defined: of a reusable workflow, that one.
    pub job_workflow_ref: Option<String>,
    /// The id of the run.
    pub run_id: String,
    /// How many runs of the workflow there were.
    pub run_number: String,
    /// How often this one was started.
    pub run_attempt: String,
    /// `github-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// Who started the run.
    pub actor: Option<String>,
    /// Their id.
    pub actor_id: Option<String>,
}

/// Those of the default forms, then those of templates.
const PARTS: &[SubjectPart] = &[
    SubjectPart::like("owner", &OWNER),
    SubjectPart::like("owner_id", &OWNER_ID),
    SubjectPart::like("repository", &REPOSITORY),
    SubjectPart::like("repository_id", &REPOSITORY_ID),
    SubjectPart::like("ref", &REF),
    SubjectPart::like("environment", &ENVIRONMENT),
    SubjectPart::new("event"),
    SubjectPart::new("repository_visibility"),
    SubjectPart::like("actor", &ACTOR),
    SubjectPart::new("actor_id"),
    SubjectPart::new("base_ref").chosen(),
    SubjectPart::like("enterprise", &ENTERPRISE),
    SubjectPart::new("enterprise_id").tenant(),
    SubjectPart::new("event_name"),
    SubjectPart::new("head_ref").chosen(),
    SubjectPart::new("job_workflow_ref").chosen(),
    SubjectPart::new("job_workflow_sha").chosen(),
    SubjectPart::new("ref_type"),
    SubjectPart::new("run_attempt"),
    SubjectPart::new("run_id"),
    SubjectPart::new("run_number"),
    SubjectPart::new("runner_environment"),
    SubjectPart::new("sha").chosen(),
    SubjectPart::new("workflow").chosen(),
    SubjectPart::new("workflow_ref").chosen(),
    SubjectPart::new("workflow_sha").chosen(),
];
