//! What the lint knows of the tokens of GitHub, CircleCI, AWS and their like.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "documents are built for one call, and one that does not load fails its test"
)]

use oidc_verifier::policy::Policy;
use oidc_verifier::policy::lint::{FindingCode, Grade};
use serde_json::{Value, json};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const ENTERPRISE: &str = "https://github.acme.example/_services/token";
const CIRCLECI: &str = "https://oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
const CIRCLECI_ROOT: &str = "https://oidc.circleci.com";
const AWS: &str = "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws";
const OWN: &str = "https://ci.example";

fn lint(issuer: &str, rules: &[(&str, Value)]) -> Vec<(&'static str, Grade, String)> {
    let rules: Vec<Value> = rules
        .iter()
        .enumerate()
        .map(|(index, (effect, conditions))| {
            json!({"id": index.to_string(), "effect": effect, "issuer": issuer,
                   "audiences": ["deploy"], "conditions": conditions})
        })
        .collect();
    let document = json!({ "rules": rules }).to_string();
    let findings = Policy::from_json(document.as_bytes()).unwrap().lint();
    findings
        .into_iter()
        .map(|own| (own.code.as_str(), own.grade, own.at.into_string()))
        .collect()
}

/// The codes of all findings on one allow rule.
fn codes(issuer: &str, conditions: Value) -> Vec<&'static str> {
    let findings = lint(issuer, &[("allow", conditions)]);
    findings.into_iter().map(|(code, ..)| code).collect()
}

fn sub(pattern: &str) -> Value {
    json!({"claim": "sub", "pattern": pattern})
}

/// The subject pinned as well as a name allows, and the ids that stay.
fn github(more: Value) -> Value {
    json!([
        {"claim": "sub", "equals": "repo:acme/web:ref:refs/heads/main"},
        {"claim": "repository_id", "equals": "90001"},
        {"claim": "repository_owner_id", "equals": "4217"},
        more,
    ])
}

#[test]
fn a_rule_that_names_its_repository_its_branch_and_the_ids_is_safe() {
    for conditions in [
        github(json!({"claim": "event_name", "equals": "push"})),
        json!([{"claim": "sub", "equals": "repo:acme@4217/web@90001:ref:refs/heads/main"}]),
        json!([{"claim": "sub", "equals": "repo:acme@4217/web@90001:environment:production"}]),
        json!([sub("repo:acme@4217/web@90001:ref:refs/tags/v*")]),
        json!([{"claim": "repository_id", "equals": "90001"},
               {"claim": "environment", "equals": "production"}]),
        json!([{"claim": "repository", "equals": "acme/web"},
               {"claim": "repository_owner_id", "equals": "4217"},
               {"claim": "ref", "one_of": ["refs/heads/main", "refs/heads/stable"]}]),
    ] {
        assert_eq!(codes(GITHUB, conditions.clone()), [""; 0], "{conditions}");
    }
}

/// Attack catalogue P2 (Unit 42, "OH-MY-DC"): a wildcard before the tenant's name has ended.
#[test]
fn a_wildcard_before_the_end_of_the_tenants_name_is_dangerous() {
    for pattern in [
        "repo:acme*",
        "repo:acme*/web:ref:refs/heads/main",
        "repo:*",
        "repo:a?me/web:*",
        "repo*",
        "*:ref:refs/heads/main",
        "*acme*",
        "repo:*/web:ref:refs/heads/main",
        "repository_owner:acme*",
    ] {
        let expected = vec![(
            "tenant_crossed",
            Grade::Dangerous,
            "/rules/0/conditions/0".to_owned(),
        )];
        let found = lint(GITHUB, &[("allow", json!([sub(pattern)]))]);
        assert_eq!(found, expected, "{pattern}");
        // What is not known of an issuer is no reason to trust it.
        if pattern.starts_with("repo:") {
            let found = lint(OWN, &[("allow", json!([sub(pattern)]))]);
            assert_eq!(found, expected, "{pattern}");
        }
    }
    let segmented = json!([{"claim": "sub", "pattern": "repo:acme*/web:ref:refs/heads/main",
                            "separator": "/"}]);
    assert_eq!(codes(GITHUB, segmented), ["tenant_crossed"]);
    let prefix = json!([{"claim": "sub", "prefix": "repo:acme"}]);
    assert_eq!(codes(GITHUB, prefix), ["tenant_crossed"]);
    let repository = json!([{"claim": "repository", "pattern": "acme*"}]);
    assert_eq!(codes(GITHUB, repository), ["tenant_crossed"]);
    // A condition beside it that names the tenant mends it.
    let mended = json!([sub("repo:acme*"), {"claim": "repository_owner_id", "equals": "4217"}]);
    assert!(!codes(GITHUB, mended).contains(&"tenant_crossed"));
    // In an enterprise all are of one house.
    let found = lint(ENTERPRISE, &[("allow", json!([sub("repo:acme*")]))]);
    assert_eq!((found[0].0, found[0].1), ("tenant_crossed", Grade::Caution));
}

/// The same in the claims that say one part of the subject: a name that begins so may be anyone's, and
/// an id that begins so is someone's.
#[test]
fn a_wildcard_in_the_name_or_id_of_a_tenant_is_dangerous() {
    let gitlab = "https://gitlab.com";
    let buildkite = "https://agent.buildkite.com";
    let terraform = "https://app.terraform.io";
    let google = "https://accounts.google.com";
    let owner = "repository_owner";
    for (issuer, narrow, condition) in [
        (GITHUB, owner, json!({"claim": owner, "pattern": "acme*"})),
        (GITHUB, owner, json!({"claim": owner, "pattern": "ac?e"})),
        (GITHUB, owner, json!({"claim": owner, "prefix": "acme"})),
        (GITHUB, owner, json!({"claim": owner, "suffix": "-labs"})),
        (
            GITHUB,
            owner,
            json!({"subject": "owner", "pattern": "acme*"}),
        ),
        (
            GITHUB,
            "enterprise",
            json!({"claim": "enterprise", "pattern": "acme*"}),
        ),
        (
            GITHUB,
            "repository_owner_id",
            json!({"claim": "repository_owner_id", "pattern": "42*"}),
        ),
        (
            GITHUB,
            "repository_id",
            json!({"claim": "repository_id", "prefix": "9000"}),
        ),
        (
            gitlab,
            "namespace_id",
            json!({"claim": "namespace_id", "pattern": "7*"}),
        ),
        (
            CIRCLECI_ROOT,
            "oidc.circleci.com/org-id",
            json!({"claim": "oidc.circleci.com/org-id", "prefix": "8f0c"}),
        ),
        (
            buildkite,
            "organization_slug",
            json!({"claim": "organization_slug", "pattern": "acme*"}),
        ),
        (
            terraform,
            "terraform_organization_name",
            json!({"claim": "terraform_organization_name", "pattern": "acme*"}),
        ),
        (google, "sub", json!({"claim": "sub", "pattern": "1*"})),
        (
            google,
            "hd",
            json!({"claim": "hd", "suffix": "acme.example"}),
        ),
    ] {
        let place = "/rules/0/conditions/0".to_owned();
        let expected = [("tenant_crossed", Grade::Dangerous, place)];
        let found = lint(issuer, &[("allow", json!([condition]))]);
        assert_eq!(found, expected, "{issuer} {condition}");
        // The whole name or id is one tenant's.
        let whole = json!([{"claim": narrow, "equals": "42"}]);
        assert!(
            !codes(issuer, whole.clone()).contains(&"tenant_crossed"),
            "{issuer} {whole}"
        );
    }
    // What names the tenant by its beginning does not mend another such condition.
    let both = json!([sub("repo:acme*"), {"claim": "repository_owner_id", "pattern": "4*"}]);
    assert_eq!(codes(GITHUB, both), ["tenant_crossed"]);
}

/// Attack catalogue P1 and P3: of a shared issuer, anyone has such a token.
#[test]
fn claims_that_every_tenant_can_have_pin_no_tenant() {
    for conditions in [
        json!([{"claim": "ref", "equals": "refs/heads/main"}]),
        json!([{"claim": "environment", "equals": "production"}]),
        json!([{"claim": "sub", "exists": true}, {"claim": "event_name", "equals": "push"}]),
        // A public reusable workflow is called from anywhere.
        json!([{"claim": "job_workflow_ref", "pattern": "acme/deploy/*"}]),
    ] {
        let expected = [("tenant_unpinned", Grade::Dangerous, "/rules/0".to_owned())];
        assert_eq!(
            lint(GITHUB, &[("allow", conditions.clone())]),
            expected,
            "{conditions}"
        );
    }
    let everyone = lint(
        GITHUB,
        &[("allow", json!([{"claim": "sub", "pattern": "*"}]))],
    );
    assert_eq!(
        everyone,
        [("issuer_whole", Grade::Dangerous, "/rules/0".to_owned())]
    );
}

#[test]
fn a_rule_for_an_organisation_a_branch_or_a_pull_request_says_so() {
    for (pattern, expected) in [
        (
            "repo:acme@4217/*",
            vec!["whole_organisation", "any_ref", "pull_request_admitted"],
        ),
        (
            "repo:acme@4217/*:ref:refs/heads/main",
            vec!["whole_organisation"],
        ),
        (
            "repo:acme@4217/web*:ref:refs/heads/main",
            vec!["whole_organisation"],
        ),
        (
            "repo:acme@4217/web@90001:*",
            vec!["any_ref", "pull_request_admitted"],
        ),
        ("repo:acme@4217/web@90001:ref:*", vec!["any_ref"]),
        ("repo:acme@4217/web@90001:ref:refs/heads/*", vec!["any_ref"]),
        ("repo:acme@4217/web@90001:environment:*", vec!["any_ref"]),
        (
            "repo:acme@4217/web@90001:environment:prod*",
            vec!["any_ref"],
        ),
        ("repo:acme@4217/web@90001:ref:refs/heads/release/*", vec![]),
        (
            "repo:acme@4217/web@90001:pull_request",
            vec!["pull_request_admitted"],
        ),
        (
            "repo:acme@4217/*:pull_request",
            vec!["whole_organisation", "pull_request_admitted"],
        ),
    ] {
        assert_eq!(codes(GITHUB, json!([sub(pattern)])), expected, "{pattern}");
    }
    let by_id = json!([{"claim": "repository_owner_id", "equals": "4217"}]);
    assert_eq!(
        codes(GITHUB, by_id),
        ["whole_organisation", "any_ref", "pull_request_admitted"]
    );
    // GitHub, "Managing environments for deployment": a job that names an environment which does not
    // exist creates it. A branch of that name may be protected by a pattern, so `release/*` is not told.
    let by_environment = |more: Value| {
        codes(
            GITHUB,
            json!([{"claim": "repository_id", "equals": "90001"},
                   {"claim": "environment", "prefix": "prod"}, more]),
        )
    };
    let any_event = json!({"claim": "event_name", "equals": "push"});
    assert_eq!(by_environment(any_event), ["any_ref"]);
    let main = json!({"claim": "ref", "equals": "refs/heads/main"});
    assert_eq!(by_environment(main), [""; 0]);
    let by_ref = json!([{"claim": "repository_id", "equals": "90001"},
                        {"claim": "ref", "pattern": "refs/pull/*"}]);
    assert_eq!(codes(GITHUB, by_ref), ["pull_request_admitted"]);
}

#[test]
fn a_context_that_is_refused_elsewhere_is_not_admitted() {
    let branch = json!([sub("repo:acme@4217/web@90001:*")]);
    let no_requests = |condition: Value| {
        let found = lint(
            GITHUB,
            &[("allow", branch.clone()), ("deny", json!([condition]))],
        );
        found.into_iter().map(|(code, ..)| code).collect::<Vec<_>>()
    };
    assert_eq!(
        no_requests(json!({"claim": "event_name", "equals": "pull_request"})),
        ["any_ref"]
    );
    assert_eq!(
        no_requests(json!({"claim": "ref", "prefix": "refs/pull/"})),
        ["any_ref"]
    );
    assert_eq!(
        no_requests(
            json!({"any": [{"claim": "event_name", "equals": "schedule"},
                                   {"claim": "sub", "suffix": ":pull_request"}]})
        ),
        ["any_ref"]
    );
    let other = json!({"claim": "event_name", "equals": "schedule"});
    assert_eq!(no_requests(other), ["any_ref", "pull_request_admitted"]);

    let not = |condition: Value| codes(GITHUB, json!([branch[0], {"not": condition}]));
    let no_request =
        json!({"claim": "event_name", "one_of": ["pull_request", "pull_request_target"]});
    assert_eq!(not(no_request), ["any_ref"]);
    let protected = json!([branch[0], {"claim": "ref_protected", "equals": "true"}]);
    assert_eq!(codes(GITHUB, protected), [""; 0]);
}

#[test]
fn parts_of_the_subject_count_as_the_claims_that_say_the_same() {
    let part = |name: &str, value: &str| json!({"subject": name, "equals": value});
    let repository = [
        part("repository", "acme/web"),
        part("repository_id", "90001"),
    ];
    let [name, id] = &repository;
    for (conditions, expected) in [
        (json!([name, id, part("ref", "refs/heads/main")]), vec![]),
        (
            json!([name, part("ref", "refs/heads/main")]),
            vec!["name_without_id"],
        ),
        (json!([name, id]), vec!["any_ref", "pull_request_admitted"]),
        (
            json!([part("owner_id", "4217"), part("environment", "production")]),
            vec!["whole_organisation"],
        ),
        (
            json!([part("ref", "refs/heads/main")]),
            vec!["tenant_unpinned"],
        ),
        (
            json!([{"subject": "repository", "pattern": "acme*"}]),
            vec!["tenant_crossed"],
        ),
    ] {
        assert_eq!(codes(GITHUB, conditions.clone()), expected, "{conditions}");
    }
    assert_eq!(
        codes(
            AWS,
            json!([part("account", "111122223333"), part("name", "ci")])
        ),
        [""; 0]
    );
    assert_eq!(
        codes(AWS, json!([part("account", "111122223333")])),
        ["whole_organisation"]
    );
}

/// The workflow of the base runs with the input of a stranger: pypi/warehouse refuses it too.
#[test]
fn pull_request_target_by_name_is_dangerous() {
    let conditions =
        github(json!({"claim": "event_name", "one_of": ["push", "pull_request_target"]}));
    assert_eq!(
        lint(GITHUB, &[("allow", conditions)]),
        [(
            "pull_request_admitted",
            Grade::Dangerous,
            "/rules/0/conditions/3".to_owned()
        )]
    );
    let denied = json!([{"claim": "event_name", "equals": "pull_request_target"}]);
    assert_eq!(lint(GITHUB, &[("deny", denied)]), []);
}

/// Attack catalogue P4: names are given up and taken; P5: the subject with ids is another text.
#[test]
fn a_name_without_its_id_is_pointed_out() {
    for (conditions, at) in [
        (
            json!([{"claim": "sub", "equals": "repo:acme/web:ref:refs/heads/main"}]),
            0,
        ),
        (json!([sub("repo:acme/web:environment:prod")]), 0),
        (
            json!([{"claim": "ref", "equals": "refs/heads/main"},
                {"claim": "repository", "equals": "acme/web"}]),
            0,
        ),
        (
            json!([{"claim": "sub", "equals": "repo:acme/web:ref:refs/heads/main"},
                {"any": [{"claim": "repository_id", "equals": "1"},
                         {"claim": "ref", "equals": "refs/heads/main"}]}]),
            0,
        ),
    ] {
        let found = lint(GITHUB, &[("allow", conditions.clone())]);
        let [(code, grade, place)] = &*found else {
            panic!("{conditions}: {found:?}")
        };
        assert_eq!(
            (*code, *grade),
            ("name_without_id", Grade::Caution),
            "{conditions}"
        );
        assert!(place.starts_with(&format!("/rules/{at}")), "{place}");
    }
    // An issuer of one's own gives names to nobody else.
    let conditions = json!([{"claim": "sub", "equals": "repo:acme/web:ref:refs/heads/main"}]);
    assert_eq!(codes(OWN, conditions), [""; 0]);
}

#[test]
fn a_claim_that_the_issuer_never_emits_is_pointed_out_with_its_neighbour() {
    for (more, at, grade) in [
        (
            json!({"claim": "repositroy", "equals": "acme/web"}),
            "/rules/0/conditions/3",
            Grade::Caution,
        ),
        (
            json!({"not": {"claim": "event", "equals": "push"}}),
            "/rules/0/conditions/3/not",
            Grade::Dangerous,
        ),
        (
            json!({"claim": "actor", "equals_claim": "owner"}),
            "/rules/0/conditions/3",
            Grade::Caution,
        ),
    ] {
        let found = lint(GITHUB, &[("allow", github(more.clone()))]);
        assert_eq!(
            found,
            [("claim_never_emitted", grade, at.to_owned())],
            "{more}"
        );
    }
    let deny = lint(
        GITHUB,
        &[("deny", json!([{"claim": "ssh_rerun", "equals": true}]))],
    );
    assert_eq!(
        deny,
        [(
            "claim_never_emitted",
            Grade::Dangerous,
            "/rules/0/conditions/0".to_owned()
        )]
    );

    let document = json!({"rules": [{"id": "a", "effect": "allow", "issuer": GITHUB,
        "audiences": ["deploy"],
        "conditions": github(json!({"claim": "repositroy", "equals": "acme/web"}))}]});
    let policy = Policy::from_json(document.to_string().as_bytes()).unwrap();
    assert_eq!(
        policy.lint()[0].message,
        "no token of GitHub Actions has `/repositroy`; did you mean `/repository`"
    );
    // Nothing is known of other issuers, nor of names that are open-ended.
    assert_eq!(
        codes(
            OWN,
            json!([{"claim": "sub", "equals": "x"}, {"claim": "y", "equals": 1}])
        ),
        [""; 0]
    );
    assert_eq!(
        codes(
            GITHUB,
            github(json!({"claim": "repo_property_team", "equals": "x"}))
        ),
        [""; 0]
    );
}

/// Ids of GitHub are strings; AWS says `ou_path` in an array; CircleCI's boolean is none elsewhere.
#[test]
fn an_operand_of_another_kind_than_the_claim_is_pointed_out() {
    for (issuer, condition) in [
        (GITHUB, json!({"claim": "repository_id", "equals": 90001})),
        (GITHUB, json!({"claim": "ref_protected", "equals": true})),
        (GITHUB, json!({"claim": "run_number", "at_least": 1})),
        (
            CIRCLECI,
            json!({"claim": "oidc.circleci.com/ssh-rerun", "equals": "false"}),
        ),
        (
            CIRCLECI,
            json!({"claim": "oidc.circleci.com/context-ids", "equals": "c1"}),
        ),
        (
            AWS,
            json!({"claim": "/https:~1~1sts.amazonaws.com~1/aws_account", "equals": 111_122_223_333_u64}),
        ),
        (
            AWS,
            json!({"claim": "https://sts.amazonaws.com/", "equals": "x"}),
        ),
    ] {
        let found = codes(issuer, json!([condition]));
        assert!(found.contains(&"kind_mismatch"), "{condition}: {found:?}");
    }
    for (issuer, condition) in [
        (
            GITHUB,
            json!({"claim": "repository_id", "one_of": [90001, "90001"]}),
        ),
        (
            CIRCLECI,
            json!({"claim": "oidc.circleci.com/ssh-rerun", "equals": false}),
        ),
        (
            CIRCLECI,
            json!({"claim": "oidc.circleci.com/context-ids", "elements": "any", "equals": "c1"}),
        ),
        (
            AWS,
            json!({"claim": "/https:~1~1sts.amazonaws.com~1/ou_path", "elements": "any", "prefix": "o-a/"}),
        ),
        (
            AWS,
            json!({"claim": "/https:~1~1sts.amazonaws.com~1/principal_tags/team", "equals": "data"}),
        ),
    ] {
        let found = codes(issuer, json!([condition]));
        assert!(!found.contains(&"kind_mismatch"), "{condition}: {found:?}");
    }
}

#[test]
fn circleci_without_origin_and_ssh_rerun_admits_forks_and_whoever_steers_a_job() {
    let project = "org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/project/2b9e";
    let main = format!("{project}/user/*/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main");
    let segmented = json!({"claim": "sub", "pattern": main, "separator": "/"});
    let no_ssh = json!({"claim": "oidc.circleci.com/ssh-rerun", "equals": false});
    let origin = json!({"claim": "oidc.circleci.com/vcs-origin", "equals": "github.com/acme/web"});
    for (conditions, expected) in [
        (json!([segmented, no_ssh]), vec![]),
        // A branch named `x/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main` matches.
        (json!([sub(&main), no_ssh]), vec!["any_ref"]),
        (json!([segmented]), vec!["debugged_admitted"]),
        (
            json!([sub(&format!("{project}/user/*")), no_ssh]),
            vec!["any_ref", "fork_admitted"],
        ),
        (
            json!([sub(&format!("{project}/user/*")), no_ssh, origin]),
            vec!["any_ref"],
        ),
        (
            json!([sub(&format!("{project}/user/*")), no_ssh, origin,
                {"claim": "oidc.circleci.com/vcs-ref", "equals": "refs/heads/main"}]),
            vec![],
        ),
        (
            json!([sub("org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/*"), no_ssh]),
            vec!["whole_organisation", "any_ref", "fork_admitted"],
        ),
        (
            json!([{"claim": "oidc.circleci.com/project-id", "equals": "2b9e"}, no_ssh, origin]),
            vec!["any_ref"],
        ),
    ] {
        assert_eq!(
            codes(CIRCLECI, conditions.clone()),
            expected,
            "{conditions}"
        );
    }
    let refused = lint(
        CIRCLECI,
        &[
            ("allow", json!([segmented])),
            (
                "deny",
                json!([{"claim": "oidc.circleci.com/ssh-rerun", "equals": true}]),
            ),
        ],
    );
    assert_eq!(refused, []);
}

/// `org/*` names everyone where all organisations share the issuer, and nobody else where not.
#[test]
fn the_root_issuer_of_circleci_needs_the_organisation() {
    let no_ssh = json!({"claim": "oidc.circleci.com/ssh-rerun", "equals": false});
    let any = json!([sub("org/*"), no_ssh]);
    assert_eq!(codes(CIRCLECI_ROOT, any.clone()), ["tenant_crossed"]);
    assert!(!codes(CIRCLECI, any).contains(&"tenant_crossed"));
    let origin =
        json!([{"claim": "oidc.circleci.com/vcs-ref", "equals": "refs/heads/main"}, no_ssh]);
    assert_eq!(codes(CIRCLECI_ROOT, origin), ["tenant_unpinned"]);
}

/// AWS: `request_tags` are what the caller of `sts:GetWebIdentityToken` says.
#[test]
fn what_the_caller_chooses_is_no_guard() {
    let tag =
        json!({"claim": "/https:~1~1sts.amazonaws.com~1/request_tags/job", "equals": "deploy"});
    assert_eq!(
        lint(AWS, &[("allow", json!([tag]))]),
        [("caller_controlled", Grade::Dangerous, "/rules/0".to_owned())]
    );
    let role = json!({"claim": "sub", "equals": "arn:aws:iam::111122223333:role/ci"});
    assert_eq!(codes(AWS, json!([tag, role])), [""; 0]);
    let region =
        json!({"claim": "/https:~1~1sts.amazonaws.com~1/source_region", "equals": "eu-north-1"});
    assert_eq!(codes(AWS, json!([region])), ["whole_organisation"]);
    assert_eq!(
        codes(AWS, json!([sub("arn:aws:iam::111122223333:role/*")])),
        ["whole_organisation"]
    );
    // An identity of Doppler, or a policy for an account whose issuer is not known.
    assert_eq!(
        codes(OWN, json!([sub("arn:aws:iam::*:role/ci")])),
        ["tenant_crossed"]
    );
}

/// Of an installation whose rules say what it is, the groups are of one house.
#[test]
fn an_installation_is_judged_by_the_provider_that_a_rule_names() {
    let found = |pattern: &str| {
        let document = json!({"rules": [{"id": "a", "effect": "allow", "issuer": OWN,
            "audiences": ["deploy"], "provider": "gitlab", "conditions": [sub(pattern)]}]});
        let policy = Policy::from_json(document.to_string().as_bytes()).unwrap();
        let findings = policy.lint().into_iter();
        findings
            .map(|own| (own.code.as_str(), own.grade))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("project_path:acme*"),
        [("tenant_crossed", Grade::Caution)]
    );
    assert_eq!(
        found("project_path:acme/web:ref_type:branch:ref:main"),
        [("name_without_id", Grade::Caution)]
    );
}

#[test]
fn subjects_of_installations_are_known_by_their_form() {
    for (pattern, expected) in [
        ("project_path:acme*", vec!["tenant_crossed"]),
        (
            "project_path:acme/web:ref_type:branch:ref:*",
            vec!["any_ref", "pull_request_admitted"],
        ),
        ("project_path:acme/web:ref_type:branch:ref:main", vec![]),
        ("organization:acme*", vec!["tenant_crossed"]),
        ("organization:acme:project:*", vec!["whole_organisation"]),
        (
            "organization:acme:project:p:workspace:w:run_phase:*",
            vec![],
        ),
        (
            "organization:acme:pipeline:*",
            vec!["whole_organisation", "any_ref"],
        ),
        (
            "system:serviceaccount:*:deployer",
            vec!["whole_organisation"],
        ),
        ("system:serviceaccount:prod:*", vec![]),
        ("spiffe://acme*", vec!["tenant_crossed"]),
        (
            "spiffe://acme.example/ns/prod/*",
            vec!["whole_organisation"],
        ),
        ("job-*", vec![]),
    ] {
        assert_eq!(codes(OWN, json!([sub(pattern)])), expected, "{pattern}");
    }
}

/// Every code is found by a test of the lint, and explained in the how-to.
#[test]
fn every_code_has_its_words() {
    const TESTS: [&str; 3] = [
        include_str!("policy_lint.rs"),
        include_str!("policy_lint_providers.rs"),
        include_str!("policy_lint_aws.rs"),
    ];
    const HOW_TO: &str = include_str!("../../docs/write-a-policy.md");
    let mut seen = std::collections::BTreeSet::new();
    for &code in FindingCode::ALL {
        assert!(seen.insert(code.as_str()), "{code}");
        let quoted = format!("\"{code}\"");
        assert!(TESTS.iter().any(|tests| tests.contains(&quoted)), "{code}");
        let row = format!("| `{code}` | {} | {} |", code.why(), code.fix());
        assert!(HOW_TO.contains(&row), "{row}");
    }
    assert!(FindingCode::ALL.is_sorted());
}
