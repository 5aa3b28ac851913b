//! What a condition is about, and what it compares: to the byte.

#![expect(
    clippy::unwrap_used,
    reason = "a policy that does not load fails its test"
)]

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::Policy;
use oidc_verifier::policy::aws::{Request, TrustPolicy};
use oidc_verifier::policy::doppler::Identity;
use serde_json::{Value, json};

fn admits(condition: &Value, claims: &str) -> bool {
    let rules = json!({"rules": [{"id": "r", "effect": "allow", "issuer": "https://ci.example",
        "audiences": ["deploy"], "conditions": [condition]}]});
    let policy = Policy::from_json(rules.to_string().as_bytes()).unwrap();
    let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    let decision = policy.decide(&claims);
    decision.is_allowed()
}

#[test]
fn a_condition_finds_what_its_pointer_names_and_nothing_else() {
    let claims = r#"{"aud": "deploy", "null": null, "list": ["x", {"in": "x"}], "": "x",
        "/": "x", "a/b": "x", "a~b": "x", "a~1b": "x", "a.b": "x", "a:b": "x", "-": {"0": "x"},
        "a": {"b": "other"}, "kubernetes.io": {"namespace": "x"},
        "https://sts.amazonaws.com/": {"aws_account": "x"}}"#;
    for (name, found) in [
        ("/list/0", true),
        ("/list/1/in", true),
        ("/list/00", false),
        ("/list/-", false),
        ("/list/2", false),
        ("/list/1", false),
        ("/null", false),
        ("/null/x", false),
        ("/missing", false),
        ("/", true),
        ("/~1", true),
        ("/a~1b", true),
        ("/a~0b", true),
        ("/a~01b", true),
        ("/a/b", false),
        ("a/b", true),
        ("a~b", true),
        ("a~1b", true),
        ("a.b", true),
        ("a:b", true),
        ("/-/0", true),
        ("/kubernetes.io/namespace", true),
        ("kubernetes.io/namespace", false),
        ("/https:~1~1sts.amazonaws.com~1/aws_account", true),
        ("https://sts.amazonaws.com/aws_account", false),
    ] {
        let equals = json!({"claim": name, "equals": "x"});
        assert_eq!(admits(&equals, claims), found, "{name}");
        // What is not found admits no negation either, but for another value.
        if !found && name != "/a/b" {
            let negated = json!({"not": equals});
            assert!(!admits(&negated, claims), "{name}");
        }
    }
}

/// Attack catalogue P8 and P15: bytes are compared, and nothing is made alike before.
#[test]
fn a_text_in_another_case_or_form_is_another_text() {
    let policies = [
        json!({"claim": "sub", "equals": "repo:acmé/web:ref:main"}),
        json!({"claim": "sub", "pattern": "repo:acmé/*:ref:main"}),
        json!({"claim": "sub", "prefix": "repo:acmé/web:ref:main"}),
        json!({"claim": "sub", "one_of": ["repo:acmé/web:ref:main"]}),
    ];
    for (sub, same) in [
        ("repo:acmé/web:ref:main", true),
        (r"repo:acm\u00e9/web:ref:main", true),
        (r"repo:acme\u0301/web:ref:main", false),
        ("repo:ACMÉ/web:ref:main", false),
        ("repo:Acmé/web:ref:main", false),
        (r"repo:\u0430cmé/web:ref:main", false),
        (r"repo:acm\u00e9\u200b/web:ref:main", false),
        ("repo%3Aacmé/web:ref:main", false),
        ("repo:acm%C3%A9/web:ref:main", false),
        (r"\nrepo:acmé/web:ref:main", false),
        (" repo:acmé/web:ref:main", false),
        (r"repo:acmé\u2215web:ref:main", false),
    ] {
        for policy in &policies {
            let claims = format!(r#"{{"aud":"deploy","sub":"{sub}"}}"#);
            assert_eq!(admits(policy, &claims), same, "{policy} {sub}");
        }
    }
    // A newline at the end is a character like another: only `prefix` lets anything follow.
    let claims = r#"{"aud":"deploy","sub":"repo:acmé/web:ref:main\n"}"#;
    let admitted: Vec<bool> = policies.iter().map(|own| admits(own, claims)).collect();
    assert_eq!(admitted, [false, false, true, false]);
}

/// The subjects of Bitbucket have braces, which no language of patterns here takes for its own.
#[test]
fn braces_are_characters_like_any_others() {
    const SUBJECT: &str = "{1d2e-aa}:{4f9e-11}:{a2b3-99}";
    const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/ci.example";
    for (pattern, expected) in [
        ("{1d2e-aa}:{4f9e-11}:*", true),
        ("{1d2e-aa}:*", true),
        ("{1d2e-aa}:{4f9e-11}:{a2b3-99}", true),
        ("{4f9e-11}:*", false),
        ("1d2e-aa:*", false),
        ("{1d2e-aa,other}:*", false),
        ("{*}:{4f9e-12}:*", false),
    ] {
        let claims = format!(r#"{{"aud":"deploy","sub":"{SUBJECT}"}}"#);
        let native = json!({"claim": "sub", "pattern": pattern});
        assert_eq!(admits(&native, &claims), expected, "{pattern}");

        let identity = json!({
            "name": "step", "ttl_seconds": 600, "method": "oidc",
            "config": {"discovery_url": "https://ci.example", "claims_type": "wildcard",
                "claims": {"aud": ["deploy"], "sub": [pattern]}},
        });
        let identity = Identity::from_json(identity.to_string().as_bytes()).unwrap();
        let issuer = || IssuerIdentifier::parse("https://ci.example").unwrap();
        let policy = identity.policy();
        let vouched = policy.vouched_claims(issuer(), claims.as_bytes()).unwrap();
        assert_eq!(policy.decide(&vouched).is_allowed(), expected, "{pattern}");

        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringLike": {"ci.example:sub": pattern}},
        }]});
        let trust = TrustPolicy::from_json(trust.to_string().as_bytes()).unwrap();
        let claims = trust
            .policy()
            .vouched_claims(issuer(), claims.as_bytes())
            .unwrap();
        let request = Request::new().with_provider(PROVIDER);
        assert_eq!(
            trust.decide(&claims, &request).is_allowed(),
            expected,
            "{pattern}"
        );
    }
}
