//! Whom a statement is about, and what it lets them do: the recorded answers of the service to
//! trust policies.

use oidc_verifier::policy::aws::{Request, TrustPolicy};
use serde_json::{Value, json};

use crate::{ISSUER, PROVIDER, admits, admits_from, document, load, statement};

fn with_principal(effect: &str, principal: &Value) -> Value {
    let mut statement = statement(&json!({}));
    statement["Effect"] = json!(effect);
    statement["Principal"] = principal.clone();
    statement
}

fn trust(statements: &Value) -> TrustPolicy {
    load(&document(statements)).unwrap()
}

#[test]
fn a_token_is_admitted_by_its_own_provider() {
    let other = "arn:aws:iam::111122223333:oidc-provider/other.example";
    for (principal, expected) in [
        (json!({"Federated": PROVIDER}), true),
        (json!({"Federated": [PROVIDER]}), true),
        (json!({"Federated": [other, PROVIDER]}), true),
        (json!({"AWS": "111122223333", "Federated": PROVIDER}), true),
        (json!({"Federated": other}), false),
        (json!({"Federated": format!("{PROVIDER}/")}), false),
        (json!({"Federated": "accounts.google.com"}), false),
        (
            json!({"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}),
            false,
        ),
    ] {
        let trust = trust(&with_principal("Allow", &principal));
        assert_eq!(admits(&trust, &json!({})), expected, "{principal}");
    }
}

#[test]
fn other_principals_load_and_admit_no_token() {
    for principal in [
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": ["*"]}),
        json!({"AWS": "arn:aws:iam::111122223333:root"}),
        json!({"AWS": PROVIDER}),
        json!({"Service": "ec2.amazonaws.com"}),
        json!({"CanonicalUser": "79a5"}),
        json!({"Federated": "*"}),
        json!({"Federated": "www.amazon.com"}),
    ] {
        let trust = trust(&with_principal("Allow", &principal));
        assert!(!admits(&trust, &json!({})), "{principal}");
        assert!(trust.policy().is_empty(), "{principal}");
    }
}

#[test]
fn everybody_can_be_denied() {
    let allow = statement(&json!({}));
    for (principal, denied) in [
        (json!("*"), true),
        (json!({"AWS": "*"}), true),
        (json!({"Federated": "*"}), true),
        (json!({"Federated": PROVIDER}), true),
        (json!({"AWS": "111122223333"}), false),
        (json!({"Service": "ec2.amazonaws.com"}), false),
    ] {
        let trust = trust(&json!([allow, with_principal("Deny", &principal)]));
        assert_eq!(admits(&trust, &json!({})), !denied, "{principal}");
    }
}

/// With the provider's ARN in the request, the account counts as well.
#[test]
fn a_provider_of_another_account_is_another_provider() {
    let trust = trust(&statement(
        &json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}),
    ));
    let foreign = "arn:aws:iam::999999999999:oidc-provider/t.example";
    for (request, expected) in [
        (Request::new(), true),
        (Request::new().with_provider(PROVIDER), true),
        (Request::new().with_provider(foreign), false),
        (Request::new().with_provider("t.example"), false),
    ] {
        let claims = r#"{"aud":"a","sub":"s"}"#;
        assert_eq!(
            admits_from(&trust, ISSUER, claims, &request),
            expected,
            "{request:?}"
        );
    }
}

#[test]
fn actions_are_names_or_patterns_in_any_case() {
    for (action, expected) in [
        (json!("sts:AssumeRoleWithWebIdentity"), true),
        (json!("STS:assumerolewithwebidentity"), true),
        (
            json!(["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]),
            true,
        ),
        (json!("sts:*"), true),
        (json!("*"), true),
        (json!("sts:AssumeRole*"), true),
        (json!("sts:AssumeRoleWith???Identity"), true),
        (json!("sts:AssumeRole"), false),
        (json!("sts:AssumeRoleWithSAML"), false),
        (json!("sts:TagSession"), false),
    ] {
        let mut statement = statement(&json!({}));
        statement["Action"] = action.clone();
        assert_eq!(admits(&trust(&statement), &json!({})), expected, "{action}");
    }
    for (not_action, expected) in [
        ("sts:AssumeRole", true),
        ("sts:AssumeRoleWithWeb*", false),
        ("*", false),
    ] {
        let mut statement = statement(&json!({}));
        let members = statement.as_object_mut().unwrap();
        members.remove("Action");
        members.insert("NotAction".to_owned(), json!(not_action));
        assert_eq!(
            admits(&trust(&statement), &json!({})),
            expected,
            "{not_action}"
        );
    }
}

/// A token with session tags needs `sts:TagSession`, one with a source identity
/// `sts:SetSourceIdentity`, in the nested and the flattened form.
#[test]
fn what_a_token_asks_for_beside_the_role_is_allowed_by_name() {
    let nested = json!({"https://aws.amazon.com/tags": {"principal_tags": {"team": ["data"]}}});
    let flat = json!({"https://aws.amazon.com/tags/principal_tags/team": "data"});
    let identity = json!({"https://aws.amazon.com/source_identity": "alice"});
    for (action, tags, source_identity) in [
        (json!("sts:AssumeRoleWithWebIdentity"), false, false),
        (
            json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
            true,
            false,
        ),
        (
            json!(["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"]),
            false,
            true,
        ),
        (json!("sts:*"), true, true),
    ] {
        let mut statement = statement(&json!({}));
        statement["Action"] = action.clone();
        let trust = trust(&statement);
        for (claims, expected) in [
            (&json!({}), true),
            (&nested, tags),
            (&flat, tags),
            (&identity, source_identity),
            (&json!({"https://aws.amazon.com/tags": null}), true),
        ] {
            assert_eq!(admits(&trust, claims), expected, "{action} {claims}");
        }
    }
}

#[test]
fn session_tags_can_be_allowed_and_denied_by_a_statement_of_their_own() {
    let assume = statement(&json!({}));
    let mut tag = statement(&json!({"StringEquals": {"aws:RequestTag/team": ["data", "web"]}}));
    tag["Action"] = json!("sts:TagSession");
    let mut deny = statement(&json!({"StringEquals": {"aws:RequestTag/team": "web"}}));
    deny["Action"] = json!("sts:TagSession");
    deny["Effect"] = json!("Deny");
    let trust = trust(&json!([assume, tag, deny]));
    for (team, expected) in [("data", true), ("web", false), ("other", false)] {
        for claims in [
            json!({"https://aws.amazon.com/tags": {"principal_tags": {"team": [team]}}}),
            json!({"https://aws.amazon.com/tags/principal_tags/team": team}),
        ] {
            assert_eq!(admits(&trust, &claims), expected, "{claims}");
        }
    }
    assert!(admits(&trust, &json!({})));
}

/// Both forms count, and a token that asks for one tag too many gets none.
#[test]
fn the_names_of_session_tags_are_a_key_with_several_values() {
    let assume = statement(&json!({}));
    let mut tag =
        statement(&json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "job"]}}));
    tag["Action"] = json!("sts:TagSession");
    let trust = trust(&json!([assume, tag]));
    let nested = |names: &[&str]| {
        let tags: serde_json::Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(["x"])))
            .collect();
        json!({"https://aws.amazon.com/tags": {"principal_tags": tags}})
    };
    let flat =
        |name: &str| json!({format!("https://aws.amazon.com/tags/principal_tags/{name}"): "x"});
    let mut both = nested(&["team"]);
    both["https://aws.amazon.com/tags/principal_tags/admin"] = json!("x");
    for (claims, expected) in [
        (nested(&["team"]), true),
        (nested(&["team", "job"]), true),
        (nested(&["team", "admin"]), false),
        (nested(&["Team"]), false),
        (flat("job"), true),
        (flat("admin"), false),
        (both, false),
        (json!({}), true),
    ] {
        assert_eq!(admits(&trust, &claims), expected, "{claims}");
    }
}

#[test]
fn a_rule_knows_its_statement() {
    let mut named = statement(&json!({"StringEquals": {"t.example:sub": "a"}}));
    named["Sid"] = json!("Named");
    let mut unnamed = statement(&json!({"StringEquals": {"t.example:sub": "b"}}));
    unnamed["Sid"] = json!("");
    let trust = trust(&json!([unnamed, named]));
    let decided = |claims: &str| {
        let issuer = oidc_verifier::IssuerIdentifier::parse(ISSUER).unwrap();
        let claims = trust
            .policy()
            .vouched_claims(issuer, claims.as_bytes())
            .unwrap();
        let request = Request::new();
        let decision = trust.decide(&claims, &request);
        let statement = decision
            .outcome()
            .rule()
            .and_then(|rule| trust.statement_of_rule(rule));
        (decision.rule_id().map(str::to_owned), statement)
    };
    assert_eq!(
        decided(r#"{"sub":"a"}"#),
        (Some("Named".to_owned()), Some(1))
    );
    assert_eq!(
        decided(r#"{"sub":"b"}"#),
        (Some("statement 0".to_owned()), Some(0))
    );
    assert_eq!(decided(r#"{"sub":"c"}"#), (None, None));
    assert_eq!(
        (trust.sid(0), trust.sid(1), trust.sid(2)),
        (None, Some("Named"), None)
    );
    let tagged = r#"{"sub":"a","https://aws.amazon.com/source_identity":"x"}"#;
    assert_eq!(
        decided(tagged),
        (Some("sts:SetSourceIdentity".to_owned()), None)
    );
}
