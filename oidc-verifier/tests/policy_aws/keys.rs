//! Condition keys: which claim, or which part of the request, a name stands for.

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::aws::IdentityProvider;
use oidc_verifier::policy::aws::{Request, Settings, TrustPolicy};
use serde_json::{Value, json};

use crate::{ISSUER, admits, admits_from, document, load, open, statement};

/// A policy about one key of the provider of `issuer`, with documented keys.
fn about(issuer: &str, operator: &str, key: &str, value: &Value) -> TrustPolicy {
    let path = issuer.strip_prefix("https://").unwrap();
    let mut statement = statement(&json!({operator: {key: value}}));
    statement["Principal"]["Federated"] = if path == "accounts.google.com" {
        json!(path)
    } else {
        json!(format!("arn:aws:iam::111122223333:oidc-provider/{path}"))
    };
    load(&document(&statement)).unwrap()
}

fn says(issuer: &str, key: &str, value: &str, claims: &Value) -> bool {
    let trust = about(issuer, "StringEquals", key, &json!(value));
    admits_from(&trust, issuer, &claims.to_string(), &Request::new())
}

#[test]
fn keys_begin_with_the_issuer_without_its_scheme() {
    for (issuer, key) in [
        ("https://t.example", "t.example:sub"),
        ("https://t.example/", "t.example/:sub"),
        ("https://t.example/a/b", "t.example/a/b:sub"),
        ("https://t.example:8443", "t.example:8443:sub"),
    ] {
        assert!(
            says(issuer, key, "x", &json!({"aud": "a", "sub": "x"})),
            "{key}"
        );
    }
    for key in [
        "t.example:sub",
        "t.example/a/:sub",
        "https://t.example/a:sub",
        "sub",
        "t.example/a:sub ",
    ] {
        assert!(
            !says(
                "https://t.example/a",
                key,
                "x",
                &json!({"aud": "a", "sub": "x"})
            ),
            "{key}"
        );
    }
}

/// A loopback issuer has a port in its keys: they are divided at the colon after the known issuer, not
/// at the first one.
#[test]
fn keys_of_a_loopback_issuer_begin_with_its_port_and_path() {
    let url = "http://127.0.0.1:8080/ci";
    let providers = [IdentityProvider::loopback("111122223333", url, ["a"]).unwrap()];
    let about = |key: &str| {
        let mut statement = statement(&json!({"StringEquals": {key: "x"}}));
        statement["Principal"]["Federated"] = json!(providers[0].arn());
        document(&statement)
    };
    let says = |key: &str, settings: Settings<'_>, issuer: &str| {
        let trust = about(key).to_string();
        let trust = TrustPolicy::from_json_with(trust.as_bytes(), settings).unwrap();
        let issuer = IssuerIdentifier::loopback(issuer).unwrap();
        let claims = br#"{"aud": "a", "sub": "x", "8080/ci:sub": "x"}"#;
        let claims = trust.policy().vouched_claims(issuer, claims).unwrap();
        trust.decide(&claims, &Request::new()).is_allowed()
    };
    let settings = Settings::new().identity_providers(&providers);
    for key in ["127.0.0.1:8080/ci:sub", "127.0.0.1:8080/CI:SUB"] {
        assert!(says(key, settings, url), "{key}");
        // Of this issuer alone.
        for other in [
            "https://127.0.0.1:8080/ci",
            "http://127.0.0.1:8081/ci",
            "http://127.0.0.1:8080/ci/",
            "http://localhost:8080/ci",
        ] {
            assert!(!says(key, settings, other), "{other}");
        }
    }
    for key in [
        "127.0.0.1:sub",
        "127.0.0.1:8080:sub",
        "127.0.0.1:8080/ci/:sub",
        "127.0.0.1/ci:sub",
        "http://127.0.0.1:8080/ci:sub",
        "8080/ci:sub",
    ] {
        for settings in [settings, settings.open_keys()] {
            assert!(!says(key, settings, url), "{key}");
        }
    }
    // Unless it is registered, such an ARN is none.
    let error = load(&about("127.0.0.1:8080/ci:sub")).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("principal_invalid", "/Statement/Principal/Federated")
    );
}

/// A provider without a port beside one with: the longer name is not a key of the shorter one.
#[test]
fn a_key_is_of_the_issuer_of_its_own_statement() {
    let of = |url| IdentityProvider::loopback("111122223333", url, ["a"]).unwrap();
    let providers = [of("http://127.0.0.1"), of("http://127.0.0.1:8080")];
    let settings = Settings::new().identity_providers(&providers);
    for (provider, key, expected) in [
        (0, "127.0.0.1:sub", true),
        (0, "127.0.0.1:8080:sub", false),
        (1, "127.0.0.1:8080:sub", true),
        (1, "127.0.0.1:sub", false),
    ] {
        let provider: &IdentityProvider = &providers[provider];
        let mut statement = statement(&json!({"StringEquals": {key: "x"}}));
        statement["Principal"]["Federated"] = json!(provider.arn());
        let trust = document(&statement).to_string();
        let trust = TrustPolicy::from_json_with(trust.as_bytes(), settings).unwrap();
        let claims = br#"{"aud": "a", "sub": "x"}"#;
        let issuer = provider.issuer().clone();
        let claims = trust.policy().vouched_claims(issuer, claims).unwrap();
        let request = Request::new();
        let allowed = trust.decide(&claims, &request).is_allowed();
        assert_eq!(allowed, expected, "{key}");
    }
}

#[test]
fn names_of_keys_ignore_ascii_case_and_values_do_not() {
    let claims = json!({"aud": "a", "sub": "x"});
    for key in ["t.example:SUB", "T.EXAMPLE:Sub", "t.Example:sub"] {
        assert!(says(ISSUER, key, "x", &claims), "{key}");
        assert!(!says(ISSUER, key, "X", &claims), "{key}");
    }
}

/// AWS-OIDC; recorded answers of the service for `azp`.
#[test]
fn aud_is_azp_where_there_is_one() {
    for (claims, aud, oaud) in [
        (json!({"aud": "a"}), Some("a"), Some("a")),
        (json!({"aud": ["a"]}), Some("a"), Some("a")),
        (json!({"aud": "a", "azp": "z"}), Some("z"), Some("a")),
        (json!({"aud": ["a", "b"], "azp": "z"}), Some("z"), None),
        (json!({"aud": ["a", "b"]}), None, None),
        (json!({"aud": "a", "azp": ""}), Some(""), Some("a")),
        (json!({"aud": "a", "azp": null}), None, Some("a")),
        (json!({"azp": "z"}), Some("z"), None),
    ] {
        for value in ["a", "b", "z", ""] {
            let is = |key| says(ISSUER, key, value, &claims);
            assert_eq!(is("t.example:aud"), aud == Some(value), "{value} {claims}");
            assert_eq!(
                is("t.example:oaud"),
                oaud == Some(value),
                "{value} {claims}"
            );
        }
    }
    let trust = about(
        ISSUER,
        "ForAnyValue:StringEquals",
        "t.example:aud",
        &json!("b"),
    );
    assert!(admits(&trust, &json!({"aud": ["a", "b"]})));
    assert!(!admits(&trust, &json!({"aud": ["a", "b"], "azp": "a"})));
}

#[test]
fn every_issuer_has_sub_aud_oaud_amr_and_email() {
    let claims = json!({"aud": "v", "sub": "v", "email": "v", "amr": "v", "other": "v"});
    for suffix in ["sub", "aud", "oaud", "email", "amr"] {
        assert!(
            says(ISSUER, &format!("t.example:{suffix}"), "v", &claims),
            "{suffix}"
        );
    }
    let trust = about(
        ISSUER,
        "ForAnyValue:StringEquals",
        "t.example:amr",
        &json!("mfa"),
    );
    assert!(admits(&trust, &json!({"amr": ["pwd", "mfa"]})));
}

#[test]
fn another_claim_is_absent_unless_keys_are_open() {
    let condition = |operator: &str| json!({operator: {"t.example:custom": "v"}});
    let claims = json!({"custom": "v"});
    for (operator, documented, open_keys) in [
        ("StringEquals", false, true),
        ("StringEqualsIfExists", true, true),
        ("StringNotEquals", true, false),
    ] {
        let document = document(&statement(&condition(operator)));
        assert_eq!(
            admits(&load(&document).unwrap(), &claims),
            documented,
            "{operator}"
        );
        assert_eq!(admits(&open(&document), &claims), open_keys, "{operator}");
    }
}

#[test]
fn claims_of_known_providers_are_keys_of_theirs() {
    const GITHUB: &[&str] = &[
        "actor",
        "actor_id",
        "job_workflow_ref",
        "repository",
        "repository_id",
        "repository_owner_id",
        "workflow",
        "ref",
        "environment",
        "enterprise_id",
    ];
    const GITLAB: &[&str] = &[
        "namespace_id",
        "project_id",
        "user_id",
        "user_login",
        "user_email",
        "user_access_level",
        "ref_protected",
        "pipeline_source",
        "runner_environment",
    ];
    const BUILDKITE: &[&str] = &[
        "organization_slug",
        "organization_id",
        "pipeline_slug",
        "pipeline_id",
        "cluster_name",
        "cluster_id",
        "build_branch",
    ];
    for (prefixes, names) in [
        (
            &[
                "token.actions.githubusercontent.com",
                "token.actions.githubusercontent.com/acme",
                "token.actions.acme.ghe.com",
                "github.com/enterprises/acme",
            ][..],
            GITHUB,
        ),
        (&["gitlab.com"][..], GITLAB),
        (&["agent.buildkite.com"][..], BUILDKITE),
        (
            &["oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11"][..],
            &["oidc.circleci.com/project-id"][..],
        ),
        (
            &["idcs-0a1b.identity.oraclecloud.com"][..],
            &["rpst_id"][..],
        ),
    ] {
        for prefix in prefixes {
            let issuer = format!("https://{prefix}");
            for name in names {
                let key = format!("{prefix}:{name}");
                let claims = json!({"aud": "a", "sub": "s", *name: "v"});
                assert!(says(&issuer, &key, "v", &claims), "{key}");
                assert!(says(&issuer, &key.to_uppercase(), "v", &claims), "{key}");
                // The same claim of another issuer is no key.
                let own = format!("t.example:{name}");
                assert!(!says(ISSUER, &own, "v", &claims), "{own}");
            }
            let key = format!("{prefix}:run_attempt");
            assert!(
                !says(&issuer, &key, "v", &json!({"aud": "a", "run_attempt": "v"})),
                "{key}"
            );
        }
    }
    for prefix in [
        "gitlab.example",
        "gitlab.com/x",
        "evil.example/token.actions.x.ghe.com",
    ] {
        let key = format!("{prefix}:project_id");
        let claims = json!({"aud": "a", "project_id": "v", "actor": "v"});
        assert!(
            !says(&format!("https://{prefix}"), &key, "v", &claims),
            "{key}"
        );
    }
}

/// The suffix itself has dots and slashes: a key is split behind the issuer, nowhere else.
#[test]
fn the_project_of_circleci_is_a_key_with_slashes() {
    let org = "oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
    let issuer = format!("https://{org}");
    let claims = json!({"aud": "a", "sub": "s", "oidc.circleci.com/project-id": "p"});
    let key = format!("{org}:oidc.circleci.com/project-id");
    assert!(says(&issuer, &key, "p", &claims));
    assert!(!says(&issuer, &key, "q", &claims));
    assert!(!says(&issuer, &format!("{org}:project-id"), "p", &claims));
    // The key as a published article prints it, without the host, is none.
    assert!(!says(
        &issuer,
        "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11:sub",
        "s",
        &claims
    ));
}

#[test]
fn google_has_an_organization_number_in_both_spellings() {
    let issuer = "https://accounts.google.com";
    let claims = json!({"aud": "a", "sub": "1", "google": {"organization_number": 7}}).to_string();
    for key in [
        "accounts.google.com:google/organization_number",
        "accounts.google.com:google:organization_number",
    ] {
        for (number, expected) in [("7", true), ("8", false)] {
            let trust = about(issuer, "NumericEquals", key, &json!(number));
            assert_eq!(
                admits_from(&trust, issuer, &claims, &Request::new()),
                expected,
                "{key}"
            );
        }
    }
}

/// Recorded answers of the service about the keys of a custom provider.
#[test]
fn the_provider_is_the_principal() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/t.example";
    for (key, value) in [
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "User"),
        ("aws:userid", provider),
        ("AWS:UserId", provider),
        ("aws:FederatedProvider", provider),
    ] {
        let claims = json!({"aud": "a", "sub": "s"});
        assert!(says(ISSUER, key, value, &claims), "{key}");
        assert!(!says(ISSUER, key, "other", &claims), "{key}");
    }
    let absent = about(ISSUER, "Null", "aws:PrincipalArn", &json!("true"));
    assert!(admits(&absent, &json!({})));
    let built_in = about(
        "https://accounts.google.com",
        "Null",
        "aws:PrincipalAccount",
        &json!(true),
    );
    let issuer = "https://accounts.google.com";
    assert!(admits_from(
        &built_in,
        issuer,
        r#"{"aud":"a"}"#,
        &Request::new()
    ));
}

#[test]
fn other_keys_are_what_the_request_says() {
    let trust = about(
        ISSUER,
        "StringLike",
        "sts:RoleSessionName",
        &json!("deploy-*"),
    );
    let claims = r#"{"aud":"a","sub":"s"}"#;
    for (request, expected) in [
        (Request::new().with_session_name("deploy-7"), true),
        (Request::new().with_session_name("test-7"), false),
        (
            Request::new().with_value("STS:RoleSessionName", "deploy-7"),
            true,
        ),
        (
            Request::new().with_values("sts:RoleSessionName", ["deploy-7"]),
            false,
        ),
        (Request::new(), false),
    ] {
        assert_eq!(
            admits_from(&trust, ISSUER, claims, &request),
            expected,
            "{request:?}"
        );
    }
    let trust = about(
        ISSUER,
        "ForAllValues:StringEquals",
        "x:List",
        &json!(["a", "b"]),
    );
    for (values, expected) in [
        (vec!["a", "b"], true),
        (vec!["a", "c"], false),
        (vec![], true),
    ] {
        let request = Request::new().with_values("x:list", values);
        assert_eq!(
            admits_from(&trust, ISSUER, claims, &request),
            expected,
            "{request:?}"
        );
    }
}

/// A request cannot speak for the token.
#[test]
fn keys_of_the_issuer_are_never_the_requests() {
    let request = Request::new()
        .with_value("t.example:sub", "admin")
        .with_value("t.example:custom", "v")
        .with_value("aws:PrincipalAccount", "999999999999");
    for (key, value) in [
        ("t.example:sub", "admin"),
        ("t.example:custom", "v"),
        ("aws:PrincipalAccount", "999999999999"),
    ] {
        let trust = about(ISSUER, "StringEquals", key, &json!(value));
        assert!(
            !admits_from(&trust, ISSUER, r#"{"aud":"a","sub":"s"}"#, &request),
            "{key}"
        );
    }
}

/// Recorded answers of the service to the claim of allowed roles.
#[test]
fn a_role_is_authorized_by_the_token_that_lists_it() {
    let role = "arn:aws:iam::111122223333:role/deploy";
    let trust = about(ISSUER, "Bool", "sts:RoleAuthorizedByIdp", &json!("true"));
    for (roles, expected) in [
        (json!([role]), true),
        (json!(["x", 7, format!(" {role} ")]), true),
        (json!(role), true),
        (json!(format!("x; {role} ;y")), true),
        (json!(format!("{role}x")), false),
        (json!([format!("x;{role}")]), false),
        (json!([]), false),
        (json!(""), false),
        (json!(null), false),
        (json!({"a": role}), false),
    ] {
        let claims =
            json!({"aud": "a", "sub": "s", "https://aws.amazon.com/roles": roles}).to_string();
        let request = Request::new().with_role(role);
        assert_eq!(
            admits_from(&trust, ISSUER, &claims, &request),
            expected,
            "{claims}"
        );
        assert!(
            !admits_from(&trust, ISSUER, &claims, &Request::new()),
            "{claims}"
        );
    }
}
