//! Buildkite jobs.
//!
//! All organizations share the issuer `https://agent.buildkite.com`. Ids stand beside the slugs only
//! if the job asks for them (`--claim organization_id,pipeline_id`).
//!
//! Source: Buildkite's documentation, "buildkite-agent oidc".

use core::fmt;

use serde::Deserialize;

use super::known_claim::{ClaimKind, KnownClaim};
use super::pairs::{is_name, values};
use super::profile::{
    AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::uuid::is_uuid;
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Buildkite,
    title: "Buildkite",
    algorithms: RS256,
    // 5 minutes, unless the job asks for longer.
    max_lifetime: HOUR,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::ExactlyOne,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::like("organization", &ORGANIZATION),
        SubjectPart::like("pipeline", &PIPELINE),
        SubjectPart::new("ref").chosen(),
        SubjectPart::new("commit").chosen(),
        SubjectPart::like("step", &STEP),
        SubjectPart::new("id").tenant(),
    ],
};

const ORGANIZATION: KnownClaim = KnownClaim::string("/organization_slug")
    .tenant()
    .pinned_by("/organization_id");

const PIPELINE: KnownClaim = KnownClaim::string("/pipeline_slug").pinned_by("/pipeline_id");

const STEP: KnownClaim =
    KnownClaim::new("/step_key", &[ClaimKind::String, ClaimKind::Null]).chosen();

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant().chosen(),
    KnownClaim::string("/aud").caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/nbf"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti").sometimes(),
    ORGANIZATION,
    KnownClaim::string("/organization_id").tenant().sometimes(),
    PIPELINE,
    KnownClaim::string("/pipeline_id").tenant().sometimes(),
    KnownClaim::number("/build_number"),
    KnownClaim::string("/build_id").sometimes(),
    KnownClaim::string("/build_branch").chosen(),
    KnownClaim::string("/build_tag").chosen().sometimes(),
    KnownClaim::string("/build_commit").chosen(),
    KnownClaim::string("/build_source").sometimes(),
    STEP,
    KnownClaim::string("/job_id"),
    KnownClaim::string("/agent_id"),
    KnownClaim::string("/runner_environment").sometimes(),
    KnownClaim::string("/cluster_id").tenant().sometimes(),
    KnownClaim::string("/cluster_name")
        .pinned_by("/cluster_id")
        .sometimes(),
    KnownClaim::string("/queue_id").tenant().sometimes(),
    KnownClaim::string("/queue_key")
        .pinned_by("/queue_id")
        .sometimes(),
    KnownClaim::string("/agent_tag:")
        .prefix()
        .chosen()
        .sometimes(),
    // The session tags of AWS, of claims that also stand at the top.
    KnownClaim::object("/https:~1~1aws.amazon.com~1tags")
        .members()
        .chosen()
        .sometimes(),
];

/// What Buildkite says of a job.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The organization; another may have its slug later.
    pub organization_slug: String,
    /// Its id, if the job asked for the claim.
    pub organization_id: Option<String>,
    /// The pipeline.
    pub pipeline_slug: String,
    /// Its id, if the job asked for the claim.
    pub pipeline_id: Option<String>,
    /// The number of the build in its pipeline.
    pub build_number: u64,
    /// The id of the build, if the job asked for the claim.
    pub build_id: Option<String>,
    /// The branch.
    pub build_branch: String,
    /// The tag, if there is one.
    pub build_tag: Option<String>,
    /// The commit.
    pub build_commit: String,
    /// What started the build: `ui`, `api`, `webhook`, `trigger_job`, `schedule`.
    pub build_source: Option<String>,
    /// The key of the step; null if it has none.
    pub step_key: Option<String>,
    /// The id of the job.
    pub job_id: String,
    /// The id of the agent.
    pub agent_id: String,
    /// `buildkite-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// The cluster, if the job asked for the claim.
    pub cluster_id: Option<String>,
    /// The queue in it, if the job asked for the claim.
    pub queue_id: Option<String>,
}

/// Which job of which pipeline.
///
/// `organization:SLUG:pipeline:SLUG:ref:REF:commit:COMMIT:step:KEY`, where a step without a key
/// leaves a colon at the end; or, if the job asked for it (`--subject-claim`), one UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a>(Form<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form<'a> {
    Job {
        organization: &'a str,
        pipeline: &'a str,
        git_ref: &'a str,
        commit: &'a str,
        step: &'a str,
    },
    Id(&'a str),
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::Buildkite.unknown_form())
    }

    fn read(text: &'a str) -> Option<Self> {
        if is_uuid(text) {
            return Some(Self(Form::Id(text)));
        }
        let names = ["organization", "pipeline", "ref", "commit", "step"];
        let [organization, pipeline, git_ref, commit, step] = values(text, names)?;
        let is_ref = git_ref
            .strip_prefix("refs/")
            .is_some_and(|rest| !rest.is_empty());
        // The key of a step may hold colons, and so may the branch that someone starts a build on:
        // `main:commit:HEAD:step:x` would pass for `main`, but for a second `:step:` behind it.
        let ambiguous = format!(":{step}:").contains(":step:");
        let known = is_name(organization) && is_name(pipeline) && is_name(commit);
        (known && is_ref && !ambiguous).then_some(Self(Form::Job {
            organization,
            pipeline,
            git_ref,
            commit,
            step,
        }))
    }

    /// The part with this name: `organization`, `pipeline`, `ref`, `commit`, `step` if the step has
    /// a key; or `id`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match (name, self.0) {
            ("organization", Form::Job { organization, .. }) => Some(organization),
            ("pipeline", Form::Job { pipeline, .. }) => Some(pipeline),
            ("ref", Form::Job { git_ref, .. }) => Some(git_ref),
            ("commit", Form::Job { commit, .. }) => Some(commit),
            ("step", Form::Job { step, .. }) => Some(step).filter(|step| !step.is_empty()),
            ("id", Form::Id(id)) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Id(id) => f.write_str(id),
            Form::Job {
                organization,
                pipeline,
                git_ref,
                commit,
                step,
            } => write!(
                f,
                "organization:{organization}:pipeline:{pipeline}:ref:{git_ref}:commit:{commit}:step:{step}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "9f3182061f1e2cca4702c368cbc039b7dc9d4485";

    fn text(git_ref: &str, step: &str) -> String {
        format!("organization:acme-inc:pipeline:app:ref:{git_ref}:commit:{COMMIT}:step:{step}")
    }

    #[test]
    fn a_step_may_have_no_key_and_a_colon_in_it() {
        for (step, part) in [("build", Some("build")), ("", None), ("a:b", Some("a:b"))] {
            let text = text("refs/heads/feature/a", step);
            let subject = Subject::parse(&text).unwrap();
            assert_eq!(subject.part("step"), part);
            assert_eq!(subject.part("ref"), Some("refs/heads/feature/a"));
            assert_eq!(subject.part("commit"), Some(COMMIT));
            assert_eq!(subject.part("id"), None);
            assert_eq!(subject.to_string(), text);
        }
    }

    #[test]
    fn one_uuid_is_a_subject_without_other_parts() {
        let id = "0191f956-042f-7ec4-aa62-8e5eeae396d0";
        let subject = Subject::parse(id).unwrap();
        assert_eq!(
            (subject.part("id"), subject.part("organization")),
            (Some(id), None)
        );
        assert_eq!(subject.to_string(), id);
    }

    #[test]
    fn a_branch_that_goes_on_like_a_subject_makes_it_no_form() {
        for branch in [
            "main:commit:HEAD:step:x",
            "main:commit:HEAD:step:",
            "main:commit:HEAD:step",
        ] {
            let forged = text(&format!("refs/heads/{branch}"), "build");
            assert!(Subject::parse(&forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn anything_else_is_no_form() {
        for text in [
            String::new(),
            text("main", "build"),
            text("refs/", "build"),
            text("refs/heads/main", "build").replace("acme-inc", ""),
            text("refs/heads/main", "build").replace("acme-inc", "*"),
            text("refs/heads/main", "build").replace(":pipeline:app", ""),
            text("refs/heads/main", "").trim_end_matches(':').to_owned(),
            "{0191f956-042f-7ec4-aa62-8e5eeae396d0}".to_owned(),
        ] {
            assert!(Subject::parse(&text).is_err(), "{text}");
        }
    }
}
