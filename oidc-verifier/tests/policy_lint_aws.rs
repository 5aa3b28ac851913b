//! What the lint finds in AWS role trust policies.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "documents are built for one call, and one that does not load fails its test"
)]

use oidc_verifier::policy::aws::{Settings, TrustPolicy};
use oidc_verifier::policy::lint::Grade;
use serde_json::{Value, json};

const GITHUB: &str = "token.actions.githubusercontent.com";
const CIRCLECI: &str = "oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";

type Found = Vec<(&'static str, Grade, String)>;

fn lint(statements: Value) -> Found {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let trust = TrustPolicy::from_json_with(document.as_bytes(), Settings::new().raised_quota());
    let findings = trust.unwrap().policy().lint().into_iter();
    findings
        .map(|own| (own.code.as_str(), own.grade, own.at.into_string()))
        .collect()
}

fn statement(effect: &str, provider: &str, condition: Value) -> Value {
    json!({
        "Effect": effect,
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{provider}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

/// The findings on one statement that allows tokens of GitHub, without `GH:` written out.
fn github(condition: Value) -> Found {
    let condition = condition.to_string().replace("GH:", &format!("{GITHUB}:"));
    lint(statement(
        "Allow",
        GITHUB,
        serde_json::from_str(&condition).unwrap(),
    ))
}

fn codes(found: Found) -> Vec<&'static str> {
    found.into_iter().map(|(code, ..)| code).collect()
}

const MAIN: &str = "repo:acme@4217/web@90001:ref:refs/heads/main";

#[test]
fn a_trust_policy_that_says_who_is_safe() {
    let condition = json!({"StringEquals": {"GH:aud": "sts.amazonaws.com", "GH:sub": MAIN}});
    assert_eq!(github(condition), []);
    let condition = json!({
        "StringEquals": {"GH:aud": "sts.amazonaws.com", "GH:repository_id": "90001"},
        "StringLike": {"GH:sub": "repo:acme/web:environment:production"}
    });
    assert_eq!(github(condition), []);
}

/// Datadog Security Labs, July 2023: roles of GitHub that anyone could assume.
#[test]
fn the_audience_alone_admits_everyone() {
    let whole = |condition| {
        assert_eq!(
            github(condition),
            [("issuer_whole", Grade::Dangerous, "/Statement".to_owned())]
        );
    };
    whole(json!({"StringEquals": {"GH:aud": "sts.amazonaws.com"}}));
    whole(json!({"StringEquals": {"GH:aud": "sts.amazonaws.com"}, "StringLike": {"GH:sub": "*"}}));
    whole(json!({"StringEquals": {"GH:aud": "sts.amazonaws.com"},
                 "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}));
    // AWS checks the audiences that are registered with the provider: the rule itself does not.
    let found = github(json!({"StringEquals": {"GH:sub": MAIN}}));
    assert_eq!(
        found,
        [("audience_unpinned", Grade::Caution, "/Statement".to_owned())]
    );
    let found = lint(json!([{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{GITHUB}")}
    }]));
    assert_eq!(codes(found), ["audience_unpinned", "issuer_whole"]);
}

/// `StringLike` knows no delimiters (IAM User Guide, "IAM JSON policy elements: Condition operators").
#[test]
fn a_wildcard_before_the_end_of_the_tenants_name_is_dangerous() {
    for (operator, sub) in [
        ("StringLike", "repo:acme*"),
        ("StringLike", "repo:acme*/web:ref:refs/heads/main"),
        ("StringLike", "repo:*"),
        ("ForAnyValue:StringLike", "repo:a?me/*"),
    ] {
        let found = github(json!({operator: {"GH:sub": sub}, "StringEquals": {"GH:aud": "sts"}}));
        let at = format!("/Statement/Condition/{operator}/{GITHUB}:sub");
        assert_eq!(
            found,
            [("tenant_crossed", Grade::Dangerous, at)],
            "{operator} {sub}"
        );
    }
    let list = json!(["repo:acme@4217/web@90001:ref:refs/heads/main", "repo:evil*"]);
    let found = github(json!({"StringLike": {"GH:sub": list}, "StringEquals": {"GH:aud": "sts"}}));
    assert_eq!(codes(found), ["tenant_crossed"]);
    let found = github(json!({"StringEquals": {"GH:aud": "sts", "GH:ref": "refs/heads/main"}}));
    assert_eq!(codes(found), ["tenant_unpinned"]);
}

#[test]
fn whoever_else_of_the_house_gets_in_is_said() {
    for (sub, expected) in [
        (
            "repo:acme/*",
            vec![
                "whole_organisation",
                "any_ref",
                "pull_request_admitted",
                "name_without_id",
            ],
        ),
        (
            "repo:acme@4217/web@90001:*",
            vec!["any_ref", "pull_request_admitted"],
        ),
        (
            "repo:acme@4217/web@90001:pull_request",
            vec!["pull_request_admitted"],
        ),
        ("repo:acme/web:ref:refs/heads/main", vec!["name_without_id"]),
    ] {
        let found =
            github(json!({"StringLike": {"GH:sub": sub}, "StringEquals": {"GH:aud": "sts"}}));
        assert_eq!(codes(found), expected, "{sub}");
    }
    let sub = "org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/project/2b9e/user/*";
    let condition = json!({"StringLike": {format!("{CIRCLECI}:sub"): sub},
                           "StringEquals": {format!("{CIRCLECI}:aud"): "8f0c"}});
    assert_eq!(
        codes(lint(statement("Allow", CIRCLECI, condition))),
        ["any_ref", "fork_admitted", "debugged_admitted"]
    );
}

/// IAM User Guide, "Multivalued context keys": an absent key passes `ForAllValues` and `IfExists`,
/// and every negated operator.
#[test]
fn what_absence_passes_is_no_guard() {
    let aud = json!({"GH:aud": "sts.amazonaws.com"});
    for (operator, extra) in [
        ("ForAllValues:StringEquals", Some("holds_if_absent")),
        ("StringEqualsIfExists", Some("holds_if_absent")),
        ("StringLikeIfExists", Some("holds_if_absent")),
        ("ForAllValues:StringLike", Some("holds_if_absent")),
        ("StringNotEquals", None),
        ("StringNotLike", None),
        ("ForAllValues:StringNotLike", Some("holds_if_absent")),
    ] {
        let found = github(json!({"StringEquals": aud, operator: {"GH:sub": MAIN}}));
        let guard = ("guard_negative", Grade::Dangerous, "/Statement".to_owned());
        assert!(found.contains(&guard), "{operator}: {found:?}");
        let at = format!("/Statement/Condition/{operator}/{GITHUB}:sub");
        let more: Vec<_> = extra
            .into_iter()
            .map(|code| (code, Grade::Caution, at.clone()))
            .collect();
        let others: Vec<_> = found.into_iter().filter(|own| *own != guard).collect();
        assert_eq!(others, more, "{operator}");
    }
    // Beside a real guard it is only looked at.
    let found = github(json!({"StringEquals": {"GH:aud": "sts", "GH:sub": MAIN},
                              "StringEqualsIfExists": {"GH:environment": "production"}}));
    assert_eq!(codes(found), ["holds_if_absent"]);
    let denied = json!({"StringEqualsIfExists": {format!("{GITHUB}:environment"): "x"}});
    assert_eq!(lint(statement("Deny", GITHUB, denied)), []);
}

/// The guard that AWS names beside `ForAllValues` (IAM User Guide, "Multivalued context key examples"),
/// and that `holds_if_absent` asks for.
#[test]
fn null_with_false_beside_it_makes_it_a_guard() {
    let with = |operator: &str, sub: &str, presence: &Value| {
        github(json!({"StringEquals": {"GH:aud": "sts.amazonaws.com"},
                      operator: {"GH:sub": sub}, "Null": presence}))
    };
    for operator in [
        "ForAllValues:StringEquals",
        "ForAllValues:StringLike",
        "StringEqualsIfExists",
        "StringLikeIfExists",
    ] {
        for presence in [
            json!({"GH:sub": "false"}),
            json!({"GH:sub": false}),
            json!({"GH:SUB": ["false"]}),
        ] {
            assert_eq!(with(operator, MAIN, &presence), [], "{operator} {presence}");
        }
        for presence in [
            json!({"GH:sub": "true"}),
            json!({"GH:sub": ["true", "false"]}),
            json!({"GH:ref": "false"}),
        ] {
            let found = codes(with(operator, MAIN, &presence));
            assert!(found.contains(&"holds_if_absent"), "{operator} {presence}");
            assert!(found.contains(&"guard_negative"), "{operator} {presence}");
        }
    }
    // It says that there is a value, and not which.
    let presence = json!({"GH:sub": "false"});
    for (operator, expected) in [
        ("ForAllValues:StringLike", "tenant_crossed"),
        ("StringLikeIfExists", "tenant_crossed"),
        ("ForAllValues:StringNotLike", "guard_negative"),
        ("StringNotLike", "guard_negative"),
    ] {
        let found = with(operator, "repo:acme*", &presence);
        assert_eq!(codes(found), [expected], "{operator}");
    }
}

#[test]
fn a_wildcard_in_an_exact_operator_is_pointed_out() {
    let found = github(json!({"StringEquals": {"GH:aud": "sts", "GH:sub": "repo:acme/*"}}));
    assert!(codes(found).contains(&"wildcard_is_literal"));
    let found = github(json!({"StringLike": {"GH:aud": "sts", "GH:sub": MAIN}}));
    assert_eq!(found, []);
    // An asterisk that is meant is written `${*}`.
    let escaped = "repo:acme@4217/web@90001:ref:refs/heads/${*}";
    let found = github(json!({"StringEquals": {"GH:aud": "sts", "GH:sub": escaped}}));
    assert_eq!(found, []);
}

/// Only documented claims are condition keys: any other is an absent key.
#[test]
fn a_key_that_never_has_a_value_is_pointed_out() {
    let with = |operator: &str, key: &str| {
        github(json!({"StringEquals": {"GH:aud": "sts", "GH:sub": MAIN}, operator: {key: "x"}}))
    };
    for key in [
        "GH:event_name",
        "GH:custom",
        "gitlab.com:sub",
        "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11:sub",
        "aws:PrincipalArn",
    ] {
        let place = |operator: &str| {
            let key = key.replace("GH:", &format!("{GITHUB}:"));
            format!("/Statement/Condition/{operator}/{}", key.replace('/', "~1"))
        };
        let positive = ("key_not_exposed", Grade::Caution, place("StringLike"));
        assert!(with("StringLike", key).contains(&positive), "{key}");
        let negative = ("key_not_exposed", Grade::Dangerous, place("StringNotLike"));
        assert!(with("StringNotLike", key).contains(&negative), "{key}");
    }
    for key in [
        "GH:ref",
        "GH:environment",
        "GH:job_workflow_ref",
        "aws:SourceIp",
        "sts:RoleSessionName",
    ] {
        assert!(
            !codes(with("StringLike", key)).contains(&"key_not_exposed"),
            "{key}"
        );
    }
    // A deny statement about it keeps out nobody.
    let denied = json!({"StringEquals": {format!("{GITHUB}:event_name"): "pull_request"}});
    let found = lint(statement("Deny", GITHUB, denied));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].0, found[0].1),
        ("key_not_exposed", Grade::Dangerous)
    );
}

#[test]
fn a_statement_that_denies_counts() {
    let allowed = json!({"StringLike": {format!("{GITHUB}:sub"): "repo:acme@4217/web@90001:*"},
                         "StringEquals": {format!("{GITHUB}:aud"): "sts"}});
    let denied = json!({"StringLike": {format!("{GITHUB}:sub"): "*:pull_request"}});
    let found = lint(json!([
        statement("Allow", GITHUB, allowed.clone()),
        statement("Deny", GITHUB, denied)
    ]));
    assert_eq!(codes(found), ["any_ref"]);
    // What else it asks may leave out the very token.
    let narrow = json!({"StringLike": {format!("{GITHUB}:sub"): "*:pull_request"},
                        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let found = lint(json!([
        statement("Allow", GITHUB, allowed.clone()),
        statement("Deny", GITHUB, narrow)
    ]));
    assert_eq!(codes(found), ["any_ref", "pull_request_admitted"]);
}

#[test]
fn a_dangerous_trust_policy_is_kept_out() {
    let load = |sub: &str| {
        let condition =
            json!({"StringEquals": {format!("{GITHUB}:aud"): "sts", format!("{GITHUB}:sub"): sub}});
        let document = json!({"Statement": statement("Allow", GITHUB, condition)}).to_string();
        TrustPolicy::from_json(document.as_bytes())
            .unwrap()
            .refuse_dangerous()
    };
    assert!(load(MAIN).is_ok());
    let whole = json!({"Statement": statement("Allow", GITHUB, json!({}))}).to_string();
    let refused = TrustPolicy::from_json(whole.as_bytes())
        .unwrap()
        .refuse_dangerous();
    assert_eq!(
        refused.unwrap_err().findings()[0].code.as_str(),
        "issuer_whole"
    );
}

#[test]
fn what_the_language_implies_is_not_looked_at() {
    let condition =
        json!({"StringEquals": {format!("{GITHUB}:aud"): "sts", format!("{GITHUB}:sub"): MAIN}});
    let mut tagging = statement("Allow", GITHUB, condition);
    tagging["Action"] = json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]);
    assert_eq!(lint(json!([tagging])), []);
}
