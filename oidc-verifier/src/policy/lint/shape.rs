//! What the tokens of a provider look like to a rule that was not meant for them.

use jsonptr::Pattern;

use super::world::{Parts, Said, World};

/// Tokens of one provider that a rule may not be meant for.
#[derive(Debug)]
pub(super) struct Shape {
    /// Of another tenant.
    pub(super) stranger: World,
    /// Of the same tenant, from another project: a repository, a workspace, a namespace.
    pub(super) colleague: World,
    /// Of any branch.
    pub(super) any_branch: Option<World>,
    /// Of any environment: whoever names one makes it.
    pub(super) any_environment: Option<World>,
    /// Of a pull request.
    pub(super) pull_request: Option<World>,
    /// Of a fork that builds in the name of the project.
    pub(super) fork: Option<World>,
    /// Of a job that someone watches and steers over SSH.
    pub(super) debugged: Option<World>,
    /// Of someone who took over a name that was given up.
    pub(super) successor: Option<World>,
}

/// A form of a text: `*` and `?` stop at the separator, `**` does not, and `\u{1}` is whatever
/// nobody wrote into a policy.
type Form = (&'static str, char);

/// Claims and the forms that their texts have.
type Table = &'static [(&'static str, &'static [Form])];

/// An id or a name that is another's.
const OTHER: &[Form] = &[("\u{1}", '/')];

/// A path whose first segment is another's.
const OTHER_FIRST: &[Form] = &[("*\u{1}*", '/'), ("*\u{1}*/**", '/')];

/// The tables of one shape.
struct Tables {
    stranger: Table,
    colleague: Table,
    any_branch: Table,
    any_environment: Table,
    pull_request: Table,
    fork: Table,
    successor: Table,
    /// A claim that is `true` in a job that is steered over SSH.
    debugged: Option<&'static str>,
    /// Claims that tokens of branches and pull requests do not have.
    without: &'static [&'static str],
    parts: Parts,
}

const NONE: Tables = Tables {
    stranger: &[],
    colleague: &[],
    any_branch: &[],
    any_environment: &[],
    pull_request: &[],
    fork: &[],
    successor: &[],
    debugged: None,
    without: &[],
    parts: &[],
};

const GITHUB: Tables = Tables {
    stranger: &[
        (
            "/sub",
            &[
                ("repo:*\u{1}*/**", '/'),
                ("repository:*\u{1}*/**", '/'),
                ("repository_owner:*\u{1}*", ':'),
                ("repository_owner:*\u{1}*:**", ':'),
            ],
        ),
        ("/repository", OTHER_FIRST),
        ("/repository_owner", OTHER),
        ("/repository_id", OTHER),
        ("/repository_owner_id", OTHER),
        ("/enterprise", OTHER),
        ("/enterprise_id", OTHER),
        // Whoever may call a public reusable workflow has the same `job_workflow_ref`.
        ("/workflow_ref", OTHER_FIRST),
    ],
    colleague: &[
        (
            "/sub",
            &[
                ("repo:*\u{1}*:**", ':'),
                ("repository_owner:**", ':'),
                ("repository_owner_id:**", ':'),
            ],
        ),
        ("/repository", &[("**\u{1}**", '/')]),
        ("/repository_id", OTHER),
        ("/workflow_ref", &[("**\u{1}**", '/')]),
        ("/job_workflow_ref", &[("**\u{1}**", '/')]),
    ],
    any_branch: &[
        (
            "/sub",
            &[
                ("repo:*:ref:refs/heads/\u{1}", ':'),
                ("repository_owner:*:ref:refs/heads/\u{1}", ':'),
            ],
        ),
        ("/ref", &[("refs/heads/\u{1}", '/')]),
        ("/ref_type", &[("branch", '/')]),
        ("/ref_protected", &[("false", '/')]),
        ("/workflow_ref", &[("**@refs/heads/\u{1}", '@')]),
        ("/sha", OTHER),
        ("/workflow_sha", OTHER),
    ],
    any_environment: &[
        ("/sub", &[("repo:*:environment:\u{1}", ':')]),
        ("/environment", OTHER),
        ("/ref", &[("refs/heads/\u{1}", '/')]),
        ("/ref_protected", &[("false", '/')]),
        ("/workflow_ref", &[("**@refs/heads/\u{1}", '@')]),
        ("/sha", OTHER),
        ("/workflow_sha", OTHER),
    ],
    pull_request: &[
        ("/sub", &[("repo:*:pull_request", ':')]),
        ("/ref", &[("refs/pull/\u{1}/merge", '/')]),
        ("/ref_protected", &[("false", '/')]),
        ("/event_name", &[("pull_request", '/')]),
        ("/workflow_ref", &[("**@refs/pull/\u{1}/merge", '@')]),
        ("/sha", OTHER),
        ("/workflow_sha", OTHER),
    ],
    // The same names, and other ids: in the subject too, where it has them.
    successor: &[
        (
            "/sub",
            &[
                ("repo:*", '@'),
                ("repo:*@\u{1}/*@\u{1}:**", '/'),
                ("repository_owner:*", '@'),
                ("repository:*", '@'),
            ],
        ),
        ("/repository_id", OTHER),
        ("/repository_owner_id", OTHER),
        ("/enterprise_id", OTHER),
    ],
    without: &["/environment"],
    parts: &[
        ("owner", "/repository_owner"),
        ("owner_id", "/repository_owner_id"),
        ("repository", "/repository"),
        ("repository_id", "/repository_id"),
        ("ref", "/ref"),
        ("environment", "/environment"),
        ("event", "/event_name"),
    ],
    ..NONE
};

const GITLAB: Tables = Tables {
    stranger: &[
        ("/sub", &[("project_path:*\u{1}*/**", '/')]),
        ("/project_path", OTHER_FIRST),
        ("/namespace_path", OTHER_FIRST),
        ("/project_id", OTHER),
        ("/namespace_id", OTHER),
    ],
    colleague: &[
        ("/sub", &[("project_path:*\u{1}*:**", ':')]),
        ("/project_path", &[("**\u{1}**", '/')]),
        ("/project_id", OTHER),
    ],
    any_branch: &[
        ("/sub", &[("project_path:*:ref_type:branch:ref:\u{1}", ':')]),
        ("/ref", OTHER),
        ("/ref_path", &[("refs/heads/\u{1}", '/')]),
        ("/ref_type", &[("branch", '/')]),
        ("/ref_protected", &[("false", '/')]),
    ],
    pull_request: &[
        ("/sub", &[("project_path:*:ref_type:branch:ref:\u{1}", ':')]),
        ("/ref", OTHER),
        ("/ref_path", &[("refs/merge-requests/\u{1}/head", '/')]),
        ("/ref_protected", &[("false", '/')]),
        ("/pipeline_source", &[("merge_request_event", '/')]),
    ],
    successor: &[("/project_id", OTHER), ("/namespace_id", OTHER)],
    without: &["/environment", "/environment_protected"],
    parts: &[
        ("project_path", "/project_path"),
        ("ref_type", "/ref_type"),
        ("ref", "/ref"),
    ],
    ..NONE
};

const CIRCLECI: Tables = Tables {
    stranger: &[
        ("/sub", &[("org/*\u{1}*/**", '/')]),
        ("/oidc.circleci.com~1org-id", OTHER),
        ("/oidc.circleci.com~1project-id", OTHER),
    ],
    colleague: &[
        ("/sub", &[("org/*/project/*\u{1}*/**", '/')]),
        ("/oidc.circleci.com~1project-id", OTHER),
        ("/oidc.circleci.com~1vcs-origin", &[("**\u{1}**", '/')]),
    ],
    // Nothing is escaped: a branch may be named `x/vcs-origin/github.com/acme/web/vcs-ref/main`.
    any_branch: &[
        (
            "/sub",
            &[
                ("org/*/project/*/user/*", '/'),
                (
                    "org/*/project/*/user/*/vcs-origin/*/*/*/vcs-ref/refs/heads/\u{1}",
                    '/',
                ),
                (
                    "org/*/project/*/user/*/vcs-origin/*/*/*/vcs-ref/refs/heads/\u{1}/**",
                    '/',
                ),
            ],
        ),
        (
            "/oidc.circleci.com~1vcs-ref",
            &[("refs/heads/\u{1}", '/'), ("refs/heads/\u{1}/**", '/')],
        ),
    ],
    // Of a fork the ref is the pull request's.
    fork: &[
        (
            "/sub",
            &[
                ("org/*/project/*/user/*", '/'),
                (
                    "org/*/project/*/user/*/vcs-origin/*/\u{1}/*/vcs-ref/refs/heads/pull/*",
                    '/',
                ),
            ],
        ),
        ("/oidc.circleci.com~1vcs-origin", &[("*/\u{1}/*", '/')]),
    ],
    debugged: Some("/oidc.circleci.com~1ssh-rerun"),
    parts: &[
        ("organization_id", "/oidc.circleci.com~1org-id"),
        ("project_id", "/oidc.circleci.com~1project-id"),
        ("vcs_origin", "/oidc.circleci.com~1vcs-origin"),
        ("vcs_ref", "/oidc.circleci.com~1vcs-ref"),
        ("user_id", "/sub/user_id"),
        ("service", "/sub/service"),
    ],
    ..NONE
};

const BUILDKITE: Tables = Tables {
    stranger: &[
        ("/sub", &[("organization:*\u{1}*:**", ':')]),
        ("/organization_slug", OTHER),
        ("/organization_id", OTHER),
        ("/pipeline_id", OTHER),
        ("/cluster_id", OTHER),
    ],
    colleague: &[
        ("/sub", &[("organization:*:pipeline:*\u{1}*:**", ':')]),
        ("/pipeline_slug", OTHER),
        ("/pipeline_id", OTHER),
    ],
    any_branch: &[
        (
            "/sub",
            &[("organization:*:pipeline:*:ref:refs/heads/\u{1}:**", ':')],
        ),
        (
            "/sub/ref",
            &[("refs/heads/\u{1}", '/'), ("refs/heads/\u{1}/**", '/')],
        ),
        ("/sub/ref", &[("refs/heads/\u{1}", '/')]),
        ("/build_branch", OTHER),
        ("/build_commit", OTHER),
    ],
    successor: &[("/organization_id", OTHER), ("/pipeline_id", OTHER)],
    parts: &[
        ("organization", "/organization_slug"),
        ("pipeline", "/pipeline_slug"),
        ("ref", "/sub/ref"),
        ("commit", "/build_commit"),
        ("step", "/step_key"),
        ("id", "/sub/id"),
    ],
    ..NONE
};

const TERRAFORM: Tables = Tables {
    stranger: &[
        ("/sub", &[("organization:*\u{1}*:**", ':')]),
        ("/terraform_organization_name", OTHER),
        ("/terraform_organization_id", OTHER),
        ("/terraform_project_id", OTHER),
        ("/terraform_workspace_id", OTHER),
        ("/terraform_stack_id", OTHER),
        (
            "/terraform_full_workspace",
            &[("organization:*\u{1}*:**", ':')],
        ),
    ],
    // The name of a workspace is given once in an organization.
    colleague: &[
        (
            "/sub",
            &[
                ("organization:*:project:*\u{1}*:workspace:*\u{1}*:**", ':'),
                ("organization:*:project:*\u{1}*:stack:**", ':'),
            ],
        ),
        ("/terraform_project_name", OTHER),
        ("/terraform_project_id", OTHER),
        ("/terraform_workspace_name", OTHER),
        ("/terraform_workspace_id", OTHER),
        ("/terraform_stack_id", OTHER),
        (
            "/terraform_full_workspace",
            &[("organization:*:project:*\u{1}*:workspace:*\u{1}*", ':')],
        ),
    ],
    successor: &[
        ("/terraform_organization_id", OTHER),
        ("/terraform_project_id", OTHER),
        ("/terraform_workspace_id", OTHER),
        ("/terraform_stack_id", OTHER),
    ],
    parts: &[
        ("organization", "/terraform_organization_name"),
        ("project", "/terraform_project_name"),
        ("workspace", "/terraform_workspace_name"),
        ("run_phase", "/terraform_run_phase"),
        ("stack", "/terraform_stack_name"),
        ("deployment", "/terraform_stack_deployment_name"),
        ("operation", "/terraform_operation"),
    ],
    ..NONE
};

const BITBUCKET: Tables = Tables {
    stranger: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/workspaceUuid", OTHER),
        ("/repositoryUuid", OTHER),
        ("/deploymentEnvironmentUuid", OTHER),
    ],
    colleague: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/repositoryUuid", OTHER),
        ("/deploymentEnvironmentUuid", OTHER),
    ],
    any_branch: &[("/sub", &[("{*}:{*}", ':')]), ("/branchName", OTHER)],
    // The issuer is named by the slug of the workspace, which can be given up.
    successor: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/workspaceUuid", OTHER),
        ("/repositoryUuid", OTHER),
        ("/deploymentEnvironmentUuid", OTHER),
    ],
    without: &["/deploymentEnvironmentUuid"],
    parts: &[
        ("repository_uuid", "/repositoryUuid"),
        ("deployment_environment_uuid", "/deploymentEnvironmentUuid"),
        ("step_uuid", "/stepUuid"),
    ],
    ..NONE
};

const KUBERNETES: Tables = Tables {
    colleague: &[
        ("/sub", &[("system:serviceaccount:*\u{1}*:*", ':')]),
        ("/kubernetes.io/namespace", OTHER),
        ("/kubernetes.io/serviceaccount/uid", OTHER),
    ],
    parts: &[
        ("namespace", "/kubernetes.io/namespace"),
        ("service_account", "/kubernetes.io/serviceaccount/name"),
    ],
    ..NONE
};

const AWS: Tables = Tables {
    stranger: &[
        ("/sub", &[("arn:*:*:*:*\u{1}*:**", ':')]),
        ("/https:~1~1sts.amazonaws.com~1/aws_account", OTHER),
        (
            "/https:~1~1sts.amazonaws.com~1/principal_id",
            &[("arn:*:*:*:*\u{1}*:**", ':')],
        ),
        ("/https:~1~1sts.amazonaws.com~1/org_id", OTHER),
    ],
    colleague: &[
        ("/sub/name", OTHER),
        ("/sub/path", &[("**\u{1}**", '/')]),
        ("/sub", &[("arn:*:*:*:*:*\u{1}*", ':')]),
        (
            "/https:~1~1sts.amazonaws.com~1/principal_id",
            &[("arn:*:*:*:*:*\u{1}*", ':')],
        ),
        (
            "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn",
            &[("**\u{1}**", ':')],
        ),
        (
            "/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn",
            &[("**\u{1}**", ':')],
        ),
    ],
    parts: &[
        ("account", "/https:~1~1sts.amazonaws.com~1/aws_account"),
        ("resource", "/sub/resource"),
        ("path", "/sub/path"),
        ("name", "/sub/name"),
        ("partition", "/sub/partition"),
    ],
    ..NONE
};

const GOOGLE: Tables = Tables {
    stranger: &[
        ("/sub", OTHER),
        ("/azp", OTHER),
        ("/hd", OTHER),
        ("/email", &[("*\u{1}*", '/')]),
        ("/google/compute_engine/project_id", OTHER),
        ("/google/compute_engine/project_number", OTHER),
    ],
    colleague: &[
        ("/sub", OTHER),
        ("/azp", OTHER),
        ("/email", &[("*\u{1}*@**", '@')]),
    ],
    parts: &[("id", "/sub")],
    ..NONE
};

const SPIFFE: Tables = Tables {
    stranger: &[
        ("/sub", &[("spiffe://*\u{1}*/**", '/')]),
        ("/sub/trust_domain", OTHER),
        ("/sub/trust_domain", OTHER),
    ],
    colleague: &[
        ("/sub", &[("spiffe://*/**\u{1}**", '/')]),
        ("/sub/path", &[("**\u{1}**", '/')]),
        ("/sub/path", &[("**\u{1}**", '/')]),
    ],
    parts: &[("trust_domain", "/sub/trust_domain"), ("path", "/sub/path")],
    ..NONE
};

const ENTRA: Tables = Tables {
    stranger: &[("/tid", OTHER), ("/sub", OTHER), ("/oid", OTHER)],
    colleague: &[
        ("/sub", OTHER),
        ("/oid", OTHER),
        ("/appid", OTHER),
        ("/azp", OTHER),
    ],
    parts: &[("object_id", "/oid"), ("pairwise", "/sub")],
    ..NONE
};

impl Shape {
    /// The shape that a subject has which a policy names, for an issuer that nobody knows: an
    /// installation on a host of its operator's choice.
    pub(super) fn of_subject(subject: &str) -> Option<&'static str> {
        let heads = [
            ("repo:", "github"),
            ("project_path:", "gitlab"),
            ("org/", "circleci"),
            ("system:serviceaccount:", "kubernetes"),
            ("arn:aws", "aws"),
            ("spiffe://", "spiffe"),
        ];
        if subject.starts_with("organization:") {
            let pipelines = subject.contains(":pipeline:");
            return Some(if pipelines { "buildkite" } else { "terraform" });
        }
        let mut heads = heads.into_iter();
        heads
            .find(|(head, _)| subject.starts_with(head))
            .map(|(_, name)| name)
    }

    /// The shape of the tokens of the provider with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let tables = match name {
            "aws" => &AWS,
            "bitbucket" => &BITBUCKET,
            "buildkite" => &BUILDKITE,
            "circleci" => &CIRCLECI,
            "entra" => &ENTRA,
            "github" => &GITHUB,
            "gitlab" => &GITLAB,
            "google" => &GOOGLE,
            "kubernetes" => &KUBERNETES,
            "spiffe" => &SPIFFE,
            "terraform" => &TERRAFORM,
            _ => return None,
        };
        Some(tables.read())
    }
}

impl Tables {
    fn read(&self) -> Shape {
        let world = |table, without| world(table, without, self.parts);
        let some = |table: Table, without| (!table.is_empty()).then(|| world(table, without));
        Shape {
            stranger: world(self.stranger, &[]),
            colleague: world(self.colleague, &[]),
            any_branch: some(self.any_branch, self.without),
            any_environment: some(self.any_environment, &[]),
            pull_request: some(self.pull_request, self.without),
            fork: some(self.fork, &[]),
            debugged: self
                .debugged
                .map(|claim| World::new(vec![(claim, Said::Bool(true))], self.parts)),
            successor: some(self.successor, &[]),
        }
    }
}

fn world(table: Table, without: &[&'static str], parts: Parts) -> World {
    let read = |&(form, separator): &Form| Pattern::parse_segmented(form, separator).ok();
    let said = table
        .iter()
        .map(|(claim, forms)| (*claim, Said::Text(forms.iter().filter_map(read).collect())));
    let nothing = without.iter().map(|claim| (*claim, Said::Nothing));
    World::new(said.chain(nothing).collect(), parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oidc_core::provider::Provider;

    const ALL: [(&str, &Tables); 11] = [
        ("aws", &AWS),
        ("bitbucket", &BITBUCKET),
        ("buildkite", &BUILDKITE),
        ("circleci", &CIRCLECI),
        ("entra", &ENTRA),
        ("github", &GITHUB),
        ("gitlab", &GITLAB),
        ("google", &GOOGLE),
        ("kubernetes", &KUBERNETES),
        ("spiffe", &SPIFFE),
        ("terraform", &TERRAFORM),
    ];

    #[test]
    fn every_provider_has_a_shape() {
        for &provider in Provider::ALL {
            assert!(Shape::named(provider.name()).is_some(), "{provider}");
        }
        assert_eq!(ALL.len(), Provider::ALL.len());
    }

    #[test]
    fn what_a_shape_speaks_of_is_in_the_profile_and_every_form_is_a_pattern() {
        for (name, tables) in ALL {
            let profile = Provider::from_name(name).unwrap().profile();
            let known = |claim: &str| {
                let pointer = jsonptr::Pointer::parse(claim).unwrap();
                claim.starts_with("/sub/") || profile.claim(pointer).is_some()
            };
            for table in [
                tables.stranger,
                tables.colleague,
                tables.any_branch,
                tables.any_environment,
                tables.pull_request,
                tables.fork,
                tables.successor,
            ] {
                for (claim, forms) in table {
                    assert!(known(claim), "{name} {claim}");
                    for (form, separator) in *forms {
                        let read = Pattern::parse_segmented(form, *separator);
                        assert!(read.is_ok(), "{claim} {form}");
                    }
                }
            }
            for claim in tables.without.iter().chain(&tables.debugged) {
                assert!(known(claim), "{name} {claim}");
            }
        }
    }

    #[test]
    fn every_part_of_a_subject_is_known_by_a_claim_or_a_name() {
        for (name, tables) in ALL {
            let profile = Provider::from_name(name).unwrap().profile();
            for part in profile.subject_parts {
                let mut parts = tables.parts.iter();
                let own = jsonptr::PointerBuf::from_tokens([part.name]);
                let known = parts.any(|(own, _)| *own == part.name)
                    || profile.claim(own.as_pointer()).is_some();
                assert!(known, "{name} {}", part.name);
            }
        }
    }
}
