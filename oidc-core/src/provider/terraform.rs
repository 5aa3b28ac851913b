//! HCP Terraform and Terraform Enterprise runs.
//!
//! All organizations of HCP Terraform share the issuer `https://app.terraform.io`; Terraform
//! Enterprise is the host of its installation, named as `terraform` in configuration. Each plan and
//! each apply has a token of its own.
//!
//! Source: HashiCorp's documentation, "Workload identity", and configurations published by others.

use core::fmt;

use serde::Deserialize;

use super::known_claim::KnownClaim;
use super::pairs::values;
use super::profile::{
    AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Terraform,
    title: "HCP Terraform",
    algorithms: RS256,
    // Until the timeout of the plan or apply.
    max_lifetime: DAY,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::ExactlyOne,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::like("organization", &ORGANIZATION),
        SubjectPart::like("project", &PROJECT),
        SubjectPart::like("workspace", &WORKSPACE),
        SubjectPart::like("run_phase", &PHASE),
        SubjectPart::like("stack", &STACK),
        SubjectPart::new("deployment").chosen(),
        SubjectPart::new("operation"),
    ],
};

const ORGANIZATION: KnownClaim = KnownClaim::string("/terraform_organization_name")
    .tenant()
    .pinned_by("/terraform_organization_id");

const PROJECT: KnownClaim = KnownClaim::string("/terraform_project_name")
    .pinned_by("/terraform_project_id")
    .sometimes();

const WORKSPACE: KnownClaim = KnownClaim::string("/terraform_workspace_name")
    .pinned_by("/terraform_workspace_id")
    .sometimes();

const PHASE: KnownClaim = KnownClaim::string("/terraform_run_phase").sometimes();

const STACK: KnownClaim = KnownClaim::string("/terraform_stack_name")
    .pinned_by("/terraform_stack_id")
    .sometimes();

/// Runs of a workspace have its claims, operations of a stack have those of a stack.
const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant().chosen(),
    KnownClaim::string("/aud").caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/nbf"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti"),
    ORGANIZATION,
    KnownClaim::string("/terraform_organization_id").tenant(),
    PROJECT,
    KnownClaim::string("/terraform_project_id")
        .tenant()
        .sometimes(),
    WORKSPACE,
    KnownClaim::string("/terraform_workspace_id")
        .tenant()
        .sometimes(),
    KnownClaim::string("/terraform_full_workspace")
        .tenant()
        .chosen()
        .sometimes(),
    KnownClaim::string("/terraform_run_id").sometimes(),
    PHASE,
    STACK,
    KnownClaim::string("/terraform_stack_id")
        .tenant()
        .sometimes(),
    KnownClaim::string("/terraform_stack_deployment_name")
        .chosen()
        .sometimes(),
    KnownClaim::string("/terraform_operation").sometimes(),
];

/// What Terraform says of a run, or of an operation on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The id of the organization.
    #[serde(rename = "terraform_organization_id")]
    pub organization_id: String,
    /// Its name; another may have it later.
    #[serde(rename = "terraform_organization_name")]
    pub organization_name: String,
    /// The id of the project.
    #[serde(rename = "terraform_project_id")]
    pub project_id: Option<String>,
    /// Its name.
    #[serde(rename = "terraform_project_name")]
    pub project_name: Option<String>,
    /// The id of the workspace of a run.
    #[serde(rename = "terraform_workspace_id")]
    pub workspace_id: Option<String>,
    /// Its name.
    #[serde(rename = "terraform_workspace_name")]
    pub workspace_name: Option<String>,
    /// The subject without the phase.
    #[serde(rename = "terraform_full_workspace")]
    pub full_workspace: Option<String>,
    /// The id of the run.
    #[serde(rename = "terraform_run_id")]
    pub run_id: Option<String>,
    /// `plan` or `apply`.
    #[serde(rename = "terraform_run_phase")]
    pub run_phase: Option<String>,
    /// The id of a stack.
    #[serde(rename = "terraform_stack_id")]
    pub stack_id: Option<String>,
    /// Its name.
    #[serde(rename = "terraform_stack_name")]
    pub stack_name: Option<String>,
}

/// Which phase of a run of which workspace, or which operation on which stack.
///
/// `organization:NAME:project:NAME:workspace:NAME:run_phase:PHASE`, in older installations without
/// the project; `organization:NAME:project:NAME:stack:NAME:deployment:NAME:operation:OPERATION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    organization: &'a str,
    project: Option<&'a str>,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What<'a> {
    Run {
        workspace: &'a str,
        phase: &'a str,
    },
    Stack {
        stack: &'a str,
        deployment: &'a str,
        operation: &'a str,
    },
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::run(text)
            .or_else(|| Self::run_without_project(text))
            .or_else(|| Self::stack(text))
            .ok_or(Provider::Terraform.unknown_form())
    }

    fn run(text: &'a str) -> Option<Self> {
        let [organization, project, workspace, phase] =
            values(text, ["organization", "project", "workspace", "run_phase"])?;
        is_word(phase).then_some(Self {
            organization,
            project: Some(project),
            what: What::Run { workspace, phase },
        })
    }

    fn run_without_project(text: &'a str) -> Option<Self> {
        let [organization, workspace, phase] =
            values(text, ["organization", "workspace", "run_phase"])?;
        is_word(phase).then_some(Self {
            organization,
            project: None,
            what: What::Run { workspace, phase },
        })
    }

    fn stack(text: &'a str) -> Option<Self> {
        let names = [
            "organization",
            "project",
            "stack",
            "deployment",
            "operation",
        ];
        let [organization, project, stack, deployment, operation] = values(text, names)?;
        is_word(operation).then_some(Self {
            organization,
            project: Some(project),
            what: What::Stack {
                stack,
                deployment,
                operation,
            },
        })
    }

    /// The name of the organization.
    pub const fn organization(&self) -> &'a str {
        self.organization
    }

    /// The name of the project.
    pub const fn project(&self) -> Option<&'a str> {
        self.project
    }

    /// The name of the workspace of a run.
    pub const fn workspace(&self) -> Option<&'a str> {
        match self.what {
            What::Run { workspace, .. } => Some(workspace),
            What::Stack { .. } => None,
        }
    }

    /// `plan` or `apply` of a run.
    pub const fn run_phase(&self) -> Option<&'a str> {
        match self.what {
            What::Run { phase, .. } => Some(phase),
            What::Stack { .. } => None,
        }
    }

    /// The part with this name: `organization`, `project`, `workspace`, `run_phase`, `stack`,
    /// `deployment`, `operation`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match (name, self.what) {
            ("organization", _) => Some(self.organization),
            ("project", _) => self.project,
            ("workspace", _) => self.workspace(),
            ("run_phase", _) => self.run_phase(),
            ("stack", What::Stack { stack, .. }) => Some(stack),
            ("deployment", What::Stack { deployment, .. }) => Some(deployment),
            ("operation", What::Stack { operation, .. }) => Some(operation),
            _ => None,
        }
    }
}

/// A phase or an operation. What stands before it has no colon: Terraform allows none in names.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "organization:{}", self.organization)?;
        if let Some(project) = self.project {
            write!(f, ":project:{project}")?;
        }
        match self.what {
            What::Run { workspace, phase } => {
                write!(f, ":workspace:{workspace}:run_phase:{phase}")
            }
            What::Stack {
                stack,
                deployment,
                operation,
            } => write!(
                f,
                ":stack:{stack}:deployment:{deployment}:operation:{operation}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_stacks_are_told_apart_by_their_parts() {
        let run = "organization:acme:project:Default Project:workspace:web:run_phase:apply";
        let subject = Subject::parse(run).unwrap();
        assert_eq!(subject.organization(), "acme");
        assert_eq!(subject.project(), Some("Default Project"));
        assert_eq!(
            (subject.workspace(), subject.run_phase()),
            (Some("web"), Some("apply"))
        );
        assert_eq!(
            (subject.part("stack"), subject.to_string().as_str()),
            (None, run)
        );

        let old = "organization:acme:workspace:web:run_phase:plan";
        let subject = Subject::parse(old).unwrap();
        assert_eq!(
            (subject.project(), subject.to_string().as_str()),
            (None, old)
        );

        let stack = "organization:acme:project:p:stack:s:deployment:eu:operation:plan";
        let subject = Subject::parse(stack).unwrap();
        assert_eq!(
            (subject.part("stack"), subject.part("deployment")),
            (Some("s"), Some("eu"))
        );
        assert_eq!(
            (subject.part("operation"), subject.workspace()),
            (Some("plan"), None)
        );
        assert_eq!(subject.to_string(), stack);
    }

    #[test]
    fn anything_else_is_no_form() {
        for text in [
            "",
            "organization:acme",
            "organization:acme:project:p:workspace:w",
            "organization:acme:project:p:workspace:w:run_phase:",
            "organization:acme:project:p:workspace:w:run_phase:plan:x",
            "organization:acme:project:p:workspace:w:run_phase:*",
            "organization::project:p:workspace:w:run_phase:plan",
            "organization:acme:project:p:workspace::run_phase:plan",
            "organization:acme:workspace:w:project:p:run_phase:plan",
            "organization:acme:project:p:workspace:w:workspace:w:run_phase:plan",
            "organization:acme:project:p:stack:s:operation:plan",
            "project:p:workspace:w:run_phase:plan",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
