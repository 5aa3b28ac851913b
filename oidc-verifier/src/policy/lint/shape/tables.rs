//! What is known of each provider's tokens, as forms of their texts.

use crate::policy::lint::world::Parts;

/// A form of a text: `*` and `?` stop at the separator, `**` does not, and `\u{1}` is whatever
/// nobody wrote into a policy.
pub(super) type Form = (&'static str, char);

/// Claims and the forms that their texts have.
pub(super) type Table = &'static [(&'static str, &'static [Form])];

/// A text that no policy names.
const OTHER: &[Form] = &[("\u{1}", '/')];

/// An id or a name that is another's. It may begin or end as one's own does: whoever comes later may
/// choose it so, and ids are long enough for it.
const ANOTHERS: &[Form] = &[("*\u{1}*", '/')];

/// A path whose first segment is another's.
const OTHER_FIRST: &[Form] = &[("*\u{1}*", '/'), ("*\u{1}*/**", '/')];

/// The tables of one shape.
pub(super) struct Tables {
    pub(super) stranger: Table,
    pub(super) colleague: Table,
    pub(super) any_branch: Table,
    pub(super) any_environment: Table,
    pub(super) pull_request: Table,
    pub(super) fork: Table,
    pub(super) successor: Table,
    /// A claim that is `true` in a job that is steered over SSH.
    pub(super) debugged: Option<&'static str>,
    /// Claims that tokens of branches and pull requests do not have.
    pub(super) without: &'static [&'static str],
    pub(super) parts: Parts,
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

pub(super) const GITHUB: Tables = Tables {
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
        ("/repository_owner", ANOTHERS),
        ("/repository_id", ANOTHERS),
        ("/repository_owner_id", ANOTHERS),
        ("/enterprise", ANOTHERS),
        ("/enterprise_id", ANOTHERS),
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
        ("/repository_id", ANOTHERS),
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
    // A job that names an environment makes it, without protection; no name is kept for anyone.
    any_environment: &[
        ("/sub", &[("repo:*:environment:*\u{1}*", ':')]),
        ("/environment", ANOTHERS),
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
        ("/repository_id", ANOTHERS),
        ("/repository_owner_id", ANOTHERS),
        ("/enterprise_id", ANOTHERS),
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

pub(super) const GITLAB: Tables = Tables {
    stranger: &[
        ("/sub", &[("project_path:*\u{1}*/**", '/')]),
        ("/project_path", OTHER_FIRST),
        ("/namespace_path", OTHER_FIRST),
        ("/project_id", ANOTHERS),
        ("/namespace_id", ANOTHERS),
    ],
    colleague: &[
        ("/sub", &[("project_path:*\u{1}*:**", ':')]),
        ("/project_path", &[("**\u{1}**", '/')]),
        ("/project_id", ANOTHERS),
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
    successor: &[("/project_id", ANOTHERS), ("/namespace_id", ANOTHERS)],
    without: &["/environment", "/environment_protected"],
    parts: &[
        ("project_path", "/project_path"),
        ("ref_type", "/ref_type"),
        ("ref", "/ref"),
    ],
    ..NONE
};

pub(super) const CIRCLECI: Tables = Tables {
    stranger: &[
        ("/sub", &[("org/*\u{1}*/**", '/')]),
        ("/oidc.circleci.com~1org-id", ANOTHERS),
        ("/oidc.circleci.com~1project-id", ANOTHERS),
    ],
    colleague: &[
        ("/sub", &[("org/*/project/*\u{1}*/**", '/')]),
        ("/oidc.circleci.com~1project-id", ANOTHERS),
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

pub(super) const BUILDKITE: Tables = Tables {
    stranger: &[
        ("/sub", &[("organization:*\u{1}*:**", ':')]),
        ("/organization_slug", ANOTHERS),
        ("/organization_id", ANOTHERS),
        ("/pipeline_id", ANOTHERS),
        ("/cluster_id", ANOTHERS),
    ],
    colleague: &[
        ("/sub", &[("organization:*:pipeline:*\u{1}*:**", ':')]),
        ("/pipeline_slug", ANOTHERS),
        ("/pipeline_id", ANOTHERS),
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
        ("/build_branch", OTHER),
        ("/build_commit", OTHER),
    ],
    successor: &[("/organization_id", ANOTHERS), ("/pipeline_id", ANOTHERS)],
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

pub(super) const TERRAFORM: Tables = Tables {
    stranger: &[
        ("/sub", &[("organization:*\u{1}*:**", ':')]),
        ("/terraform_organization_name", ANOTHERS),
        ("/terraform_organization_id", ANOTHERS),
        ("/terraform_project_id", ANOTHERS),
        ("/terraform_workspace_id", ANOTHERS),
        ("/terraform_stack_id", ANOTHERS),
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
        ("/terraform_project_name", ANOTHERS),
        ("/terraform_project_id", ANOTHERS),
        ("/terraform_workspace_name", ANOTHERS),
        ("/terraform_workspace_id", ANOTHERS),
        ("/terraform_stack_id", ANOTHERS),
        (
            "/terraform_full_workspace",
            &[("organization:*:project:*\u{1}*:workspace:*\u{1}*", ':')],
        ),
    ],
    successor: &[
        ("/terraform_organization_id", ANOTHERS),
        ("/terraform_project_id", ANOTHERS),
        ("/terraform_workspace_id", ANOTHERS),
        ("/terraform_stack_id", ANOTHERS),
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

pub(super) const BITBUCKET: Tables = Tables {
    stranger: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/workspaceUuid", ANOTHERS),
        ("/repositoryUuid", ANOTHERS),
        ("/deploymentEnvironmentUuid", ANOTHERS),
    ],
    colleague: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/repositoryUuid", ANOTHERS),
        ("/deploymentEnvironmentUuid", ANOTHERS),
    ],
    any_branch: &[("/sub", &[("{*}:{*}", ':')]), ("/branchName", OTHER)],
    // The issuer is named by the slug of the workspace, which can be given up.
    successor: &[
        ("/sub", &[("{*\u{1}*}:**", ':')]),
        ("/workspaceUuid", ANOTHERS),
        ("/repositoryUuid", ANOTHERS),
        ("/deploymentEnvironmentUuid", ANOTHERS),
    ],
    without: &["/deploymentEnvironmentUuid"],
    parts: &[
        ("repository_uuid", "/repositoryUuid"),
        ("deployment_environment_uuid", "/deploymentEnvironmentUuid"),
        ("step_uuid", "/stepUuid"),
    ],
    ..NONE
};

pub(super) const KUBERNETES: Tables = Tables {
    colleague: &[
        ("/sub", &[("system:serviceaccount:*\u{1}*:*", ':')]),
        ("/kubernetes.io/namespace", ANOTHERS),
        ("/kubernetes.io/serviceaccount/uid", ANOTHERS),
    ],
    parts: &[
        ("namespace", "/kubernetes.io/namespace"),
        ("service_account", "/kubernetes.io/serviceaccount/name"),
    ],
    ..NONE
};

pub(super) const AWS: Tables = Tables {
    stranger: &[
        ("/sub", &[("arn:*:*:*:*\u{1}*:**", ':')]),
        ("/https:~1~1sts.amazonaws.com~1/aws_account", ANOTHERS),
        (
            "/https:~1~1sts.amazonaws.com~1/principal_id",
            &[("arn:*:*:*:*\u{1}*:**", ':')],
        ),
        ("/https:~1~1sts.amazonaws.com~1/org_id", ANOTHERS),
    ],
    colleague: &[
        ("/sub/name", ANOTHERS),
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

pub(super) const GOOGLE: Tables = Tables {
    stranger: &[
        ("/sub", ANOTHERS),
        ("/azp", ANOTHERS),
        ("/hd", ANOTHERS),
        ("/email", &[("*\u{1}*", '/')]),
        ("/google/compute_engine/project_id", ANOTHERS),
        ("/google/compute_engine/project_number", ANOTHERS),
    ],
    colleague: &[
        ("/sub", ANOTHERS),
        ("/azp", ANOTHERS),
        ("/email", &[("*\u{1}*@**", '@')]),
    ],
    parts: &[("id", "/sub")],
    ..NONE
};

pub(super) const SPIFFE: Tables = Tables {
    stranger: &[
        ("/sub", &[("spiffe://*\u{1}*/**", '/')]),
        ("/sub/trust_domain", ANOTHERS),
    ],
    colleague: &[
        ("/sub", &[("spiffe://*/**\u{1}**", '/')]),
        ("/sub/path", &[("**\u{1}**", '/')]),
    ],
    parts: &[("trust_domain", "/sub/trust_domain"), ("path", "/sub/path")],
    ..NONE
};

pub(super) const ENTRA: Tables = Tables {
    stranger: &[("/tid", ANOTHERS), ("/sub", ANOTHERS), ("/oid", ANOTHERS)],
    colleague: &[
        ("/sub", ANOTHERS),
        ("/oid", ANOTHERS),
        ("/appid", ANOTHERS),
        ("/azp", ANOTHERS),
    ],
    parts: &[("object_id", "/oid"), ("pairwise", "/sub")],
    ..NONE
};
