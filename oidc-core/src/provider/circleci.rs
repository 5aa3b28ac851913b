//! CircleCI jobs.
//!
//! Every organization has an issuer of its own, `https://oidc.circleci.com/org/<uuid>`; a job may
//! also ask for a token of the one issuer that all share, `https://oidc.circleci.com`. The claims
//! stand at the top, under names with a slash: `oidc.circleci.com/project-id`.
//!
//! Source: CircleCI's documentation, "Using OpenID Connect tokens in jobs".

use core::fmt;

use serde::Deserialize;

use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{
    AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::uuid::is_uuid;
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::CircleCi,
    title: "CircleCI",
    algorithms: RS256,
    // An hour, unless the organization or project sets `ttl`.
    max_lifetime: DAY,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks-pub.json"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::new("organization_id").tenant(),
        SubjectPart::like("project_id", &PROJECT),
        SubjectPart::new("user_id"),
        SubjectPart::like("vcs_origin", &ORIGIN),
        SubjectPart::like("vcs_ref", &REF),
        SubjectPart::new("service"),
    ],
};

const PROJECT: KnownClaim = KnownClaim::string("/oidc.circleci.com~1project-id").tenant();

/// Of a build of a fork, the fork's: what tells it from the project's own.
const ORIGIN: KnownClaim = KnownClaim::string("/oidc.circleci.com~1vcs-origin")
    .chosen()
    .sometimes();

const REF: KnownClaim = KnownClaim::string("/oidc.circleci.com~1vcs-ref")
    .chosen()
    .sometimes();

/// Claims that came in late 2025, and those of builds that a repository triggered, are not in
/// every token; nor are the jobs' in one for an export of audit logs.
const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti").sometimes(),
    PROJECT,
    KnownClaim::boolean("/oidc.circleci.com~1ssh-rerun"),
    KnownClaim::string("/oidc.circleci.com~1org-id")
        .tenant()
        .sometimes(),
    KnownClaim::strings("/oidc.circleci.com~1context-ids").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1pipeline-definition-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1pipeline-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1workflow-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1job-id").sometimes(),
    ORIGIN,
    REF,
];

/// What CircleCI says of a job.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The project; of a fork's build, the one that it was forked from.
    #[serde(rename = "oidc.circleci.com/project-id")]
    pub project_id: Option<String>,
    /// The organization of the project; in tokens since late 2025.
    #[serde(rename = "oidc.circleci.com/org-id")]
    pub org_id: Option<String>,
    /// The contexts that the job uses.
    #[serde(default, rename = "oidc.circleci.com/context-ids")]
    pub context_ids: Vec<String>,
    /// Whether someone can log into the job: refuse `true`. It is there in every token of a job, and
    /// absent is not `false`.
    #[serde(rename = "oidc.circleci.com/ssh-rerun")]
    pub ssh_rerun: Option<bool>,
    /// The repository, without a scheme; of a fork's build, the fork. Not for custom webhooks.
    #[serde(rename = "oidc.circleci.com/vcs-origin")]
    pub vcs_origin: Option<String>,
    /// The ref that is built. Not for custom webhooks.
    #[serde(rename = "oidc.circleci.com/vcs-ref")]
    pub vcs_ref: Option<String>,
    /// The definition of the pipeline.
    #[serde(rename = "oidc.circleci.com/pipeline-definition-id")]
    pub pipeline_definition_id: Option<String>,
    /// The pipeline.
    #[serde(rename = "oidc.circleci.com/pipeline-id")]
    pub pipeline_id: Option<String>,
    /// The workflow in it.
    #[serde(rename = "oidc.circleci.com/workflow-id")]
    pub workflow_id: Option<String>,
    /// The job in that.
    #[serde(rename = "oidc.circleci.com/job-id")]
    pub job_id: Option<String>,
}

/// Who a job is, or which of CircleCI's own services.
///
/// `org/ORG/project/PROJECT/user/USER` (version 1), the same with
/// `/vcs-origin/ORIGIN/vcs-ref/REF` (version 2), or `org/ORG/SERVICE`. Origin and ref hold slashes
/// that are not escaped; a text in which they cannot be told apart is of no form.
///
/// ```
/// use oidc_core::provider::circleci::Subject;
///
/// let org = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
/// let text = format!("org/{org}/project/{org}/user/{org}/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/a/b");
/// let subject = Subject::parse(&text)?;
/// assert_eq!(subject.vcs(), Some(("github.com/acme/web", "refs/heads/a/b")));
/// assert_eq!(Subject::job(org, org, org)?.with_vcs("github.com/acme/web", "refs/heads/a/b")?, subject);
/// # Ok::<(), oidc_core::provider::SubjectError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    organization_id: &'a str,
    who: Who<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who<'a> {
    Job {
        project_id: &'a str,
        user_id: &'a str,
        vcs: Option<(&'a str, &'a str)>,
    },
    Service(&'a str),
}

const VCS_ORIGIN: &str = "/vcs-origin/";
const VCS_REF: &str = "/vcs-ref/";

/// The export of audit logs: what is not a job.
const SERVICES: &[&str] = &["file-streaming/audit-logs"];

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::CircleCi.unknown_form())
    }

    /// The subject of a job, in version 1: three UUIDs.
    ///
    /// # Errors
    ///
    /// One of them is no UUID in lower case.
    pub fn job(
        organization_id: &'a str,
        project_id: &'a str,
        user_id: &'a str,
    ) -> Result<Self, SubjectError> {
        let ids = [organization_id, project_id, user_id];
        if !ids.into_iter().all(is_uuid) {
            return Err(Provider::CircleCi.unknown_form());
        }
        Ok(Self {
            organization_id,
            who: Who::Job {
                project_id,
                user_id,
                vcs: None,
            },
        })
    }

    /// The same in version 2: with the repository, without a scheme, and the ref that was built.
    ///
    /// # Errors
    ///
    /// One of them is empty, the ref does not begin with `refs/`, or the two could not be told
    /// apart again.
    pub fn with_vcs(mut self, origin: &'a str, git_ref: &'a str) -> Result<Self, SubjectError> {
        let Who::Job { vcs, .. } = &mut self.who else {
            return Err(Provider::CircleCi.unknown_form());
        };
        // A ref would be found behind the last marker, an origin before the first: there is one.
        let marked = |text: &str| format!("/{text}/").contains(VCS_REF);
        if origin.is_empty() || marked(origin) || marked(git_ref) || !is_ref(git_ref) {
            return Err(Provider::CircleCi.unknown_form());
        }
        *vcs = Some((origin, git_ref));
        Ok(self)
    }

    fn read(text: &'a str) -> Option<Self> {
        let (organization_id, rest) = text.strip_prefix("org/")?.split_once('/')?;
        if !is_uuid(organization_id) {
            return None;
        }
        if SERVICES.contains(&rest) {
            return Some(Self {
                organization_id,
                who: Who::Service(rest),
            });
        }
        let (project_id, rest) = rest.strip_prefix("project/")?.split_once('/')?;
        let rest = rest.strip_prefix("user/")?;
        let Some((user_id, vcs)) = rest.split_once(VCS_ORIGIN) else {
            return Self::job(organization_id, project_id, rest).ok();
        };
        let (origin, git_ref) = vcs.split_once(VCS_REF)?;
        Self::job(organization_id, project_id, user_id)
            .and_then(|job| job.with_vcs(origin, git_ref))
            .ok()
    }

    /// The UUID of the organization.
    pub const fn organization_id(&self) -> &'a str {
        self.organization_id
    }

    /// The UUID of a job's project.
    pub const fn project_id(&self) -> Option<&'a str> {
        match self.who {
            Who::Job { project_id, .. } => Some(project_id),
            Who::Service(_) => None,
        }
    }

    /// The UUID of the user who started a job.
    pub const fn user_id(&self) -> Option<&'a str> {
        match self.who {
            Who::Job { user_id, .. } => Some(user_id),
            Who::Service(_) => None,
        }
    }

    /// The repository and the ref that a job builds: in version 2, and not for custom webhooks. In
    /// a build of a fork, the repository is the fork.
    pub const fn vcs(&self) -> Option<(&'a str, &'a str)> {
        match self.who {
            Who::Job { vcs, .. } => vcs,
            Who::Service(_) => None,
        }
    }

    /// The part with this name: `organization_id`, `project_id`, `user_id`, `vcs_origin`,
    /// `vcs_ref`, `service`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match (name, self.who) {
            ("organization_id", _) => Some(self.organization_id),
            ("project_id", _) => self.project_id(),
            ("user_id", _) => self.user_id(),
            ("vcs_origin", _) => self.vcs().map(|(origin, _)| origin),
            ("vcs_ref", _) => self.vcs().map(|(_, git_ref)| git_ref),
            ("service", Who::Service(service)) => Some(service),
            _ => None,
        }
    }
}

fn is_ref(text: &str) -> bool {
    text.strip_prefix("refs/")
        .is_some_and(|rest| !rest.is_empty())
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "org/{}/", self.organization_id)?;
        match self.who {
            Who::Service(service) => f.write_str(service),
            Who::Job {
                project_id,
                user_id,
                vcs,
            } => {
                write!(f, "project/{project_id}/user/{user_id}")?;
                match vcs {
                    Some((origin, git_ref)) => {
                        write!(f, "{VCS_ORIGIN}{origin}{VCS_REF}{git_ref}")
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
    const B: &str = "2b9e6a53-7a32-4f3a-8a38-0c9b6f3c9d22";
    const C: &str = "77aa1f0e-4a5b-4c39-9d5e-0b5a3a6f0c33";

    fn text(form: &str) -> String {
        form.replace('A', A).replace('B', B).replace('C', C)
    }

    #[test]
    fn both_versions_and_the_export_of_logs_are_read() {
        let v1 = text("org/A/project/B/user/C");
        let subject = Subject::parse(&v1).unwrap();
        assert_eq!(subject.organization_id(), A);
        assert_eq!(
            (subject.project_id(), subject.user_id()),
            (Some(B), Some(C))
        );
        assert_eq!((subject.vcs(), subject.part("vcs_ref")), (None, None));
        assert_eq!(subject.to_string(), v1);

        let v2 = format!("{v1}/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/feature/a");
        let subject = Subject::parse(&v2).unwrap();
        assert_eq!(
            subject.vcs(),
            Some(("github.com/acme/web", "refs/heads/feature/a"))
        );
        assert_eq!(subject.to_string(), v2);

        let logs = text("org/A/file-streaming/audit-logs");
        let subject = Subject::parse(&logs).unwrap();
        assert_eq!(subject.part("service"), Some("file-streaming/audit-logs"));
        assert_eq!((subject.project_id(), subject.user_id()), (None, None));
        assert_eq!(subject.to_string(), logs);
    }

    /// A branch may be named so, and then either split could be meant.
    #[test]
    fn a_second_marker_makes_it_no_form() {
        let branch = "org/A/project/B/user/C/vcs-origin/github.com/evil/x/vcs-ref/refs/heads/y";
        assert!(Subject::parse(&text(branch)).is_ok());
        assert!(Subject::parse(&text(&format!("{branch}/vcs-ref/refs/heads/main"))).is_err());
        assert!(Subject::parse(&text(&format!("{branch}/vcs-ref"))).is_err());
        let job = Subject::job(A, B, C).unwrap();
        assert!(job.with_vcs("github.com/vcs-ref", "refs/heads/a").is_err());
    }

    #[test]
    fn a_part_that_is_missing_or_out_of_place_makes_it_no_form() {
        for form in [
            "",
            "org/A",
            "org/A/",
            "org/A/project/B",
            "org/A/project/B/user/",
            "org/A/project/B/user/C/",
            "org/A/project/B/user/C/vcs-origin/github.com/acme/web",
            "org/A/project/B/user/C/vcs-origin/github.com/acme/web/vcs-ref/",
            "org/A/project/B/user/C/vcs-origin/github.com/acme/web/vcs-ref/main",
            "org/A/project/B/user/C/vcs-origin/github.com/acme/web/vcs-ref/refs/",
            "org/A/project/B/user/C/vcs-origin//vcs-ref/refs/heads/main",
            "org/A/project/B/user/C/vcs-ref/refs/heads/main",
            "org/A/user/C/project/B",
            "org/A/file-streaming",
            "org/A/file-streaming/audit-logs/x",
            "/org/A/project/B/user/C",
            "org/x/project/B/user/C",
            "org/A/project/B/user/c",
        ] {
            assert!(Subject::parse(&text(form)).is_err(), "{form}");
        }
        assert!(Subject::parse(&text("org/A/project/B/user/C").to_uppercase()).is_err());
    }
}
