//! Conditions on the parts of a structured subject.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_core::provider::Provider;
use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::{OperatorView, Policy, PolicyError, PolicyFault, Verdict};
use serde_json::{Value, json};

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn load(issuer: &str, provider: Option<&str>, condition: &Value) -> Result<Policy, PolicyError> {
    let mut rule = json!({"id": "r", "effect": "allow", "issuer": issuer, "audiences": ["deploy"],
        "conditions": [condition]});
    if let Some(provider) = provider {
        rule["provider"] = json!(provider);
    }
    Policy::from_json(json!({"rules": [rule]}).to_string().as_bytes())
}

fn explain(condition: &Value, sub: &Value) -> OperatorView {
    let policy = load(GITHUB, None, condition).unwrap();
    let claims = json!({"aud": "deploy", "sub": sub, "repository": "acme/web", "run_id": 7});
    let claims = claims.to_string();
    let issuer = IssuerIdentifier::parse(GITHUB).unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    policy.decide(&claims).for_operator()
}

fn verdict(condition: &Value, sub: &str) -> Verdict {
    explain(condition, &json!(sub)).rules[0].verdict
}

const MAIN: &str = "repo:acme/web:ref:refs/heads/main";
const PULL: &str = "repo:acme/web:pull_request";
/// An environment of this name, on a server that escapes no colons.
const FORGED: &str = "repo:acme/web:environment:prod:ref:refs/heads/main";

#[test]
fn each_operator_on_text_judges_a_part() {
    for (condition, verdict_on_main) in [
        (
            json!({"subject": "repository", "equals": "acme/web"}),
            Verdict::Holds,
        ),
        (
            json!({"subject": "repository", "equals": "acme/We"}),
            Verdict::DoesNotHold,
        ),
        (
            json!({"subject": "owner", "one_of": ["a", "acme"]}),
            Verdict::Holds,
        ),
        (
            json!({"subject": "owner", "one_of": ["a", "b"]}),
            Verdict::DoesNotHold,
        ),
        (
            json!({"subject": "ref", "pattern": "refs/*/main", "separator": "/"}),
            Verdict::Holds,
        ),
        (
            json!({"subject": "ref", "pattern": "refs/*", "separator": "/"}),
            Verdict::DoesNotHold,
        ),
        (
            json!({"subject": "ref", "prefix": "refs/heads/"}),
            Verdict::Holds,
        ),
        (
            json!({"subject": "ref", "suffix": "/dev"}),
            Verdict::DoesNotHold,
        ),
        (json!({"subject": "ref", "exists": true}), Verdict::Holds),
        (
            json!({"subject": "ref", "absent": true}),
            Verdict::DoesNotHold,
        ),
        (
            json!({"subject": "repository", "equals_claim": "repository"}),
            Verdict::Holds,
        ),
        (
            json!({"subject": "owner", "equals_claim": "repository"}),
            Verdict::DoesNotHold,
        ),
        (
            json!({"subject": "owner", "equals_claim": "run_id"}),
            Verdict::WrongKind,
        ),
        (
            json!({"subject": "owner", "equals_claim": "nothing"}),
            Verdict::Absent,
        ),
    ] {
        assert_eq!(verdict(&condition, MAIN), verdict_on_main, "{condition}");
    }
}

#[test]
fn a_part_that_is_not_there_cannot_hold_and_neither_can_its_negation() {
    let environment = json!({"subject": "environment", "equals": "prod"});
    assert_eq!(verdict(&environment, MAIN), Verdict::Absent);
    assert_eq!(verdict(&json!({"not": environment}), MAIN), Verdict::Absent);
    let exists = json!({"subject": "environment", "exists": true});
    assert_eq!(verdict(&exists, MAIN), Verdict::Absent);
    // What says so openly may hold.
    let absent = json!({"subject": "environment", "absent": true});
    assert_eq!(verdict(&absent, MAIN), Verdict::Holds);
    let or_absent = json!({"not": environment, "or_absent": true});
    assert_eq!(verdict(&or_absent, MAIN), Verdict::Holds);
}

#[test]
fn of_a_subject_of_unknown_form_nothing_holds() {
    for condition in [
        json!({"subject": "environment", "equals": "prod"}),
        json!({"subject": "repository", "equals": "acme/web"}),
        json!({"subject": "repository", "pattern": "*"}),
        json!({"subject": "repository", "exists": true}),
        json!({"subject": "repository", "absent": true}),
        json!({"subject": "owner_id", "absent": true}),
    ] {
        for sub in [FORGED, "repo:acme", "acme", "*", &format!(" {MAIN}")] {
            let or_absent = json!({"not": condition, "or_absent": true});
            for condition in [&condition, &json!({"not": condition}), &or_absent] {
                assert_eq!(
                    verdict(condition, sub),
                    Verdict::WrongKind,
                    "{condition} {sub}"
                );
            }
        }
    }
}

#[test]
fn a_part_is_compared_as_it_stands_and_not_decoded() {
    let sub = "repo:acme/web:environment:prod%3Aeu";
    let equals = |text: &str| json!({"subject": "environment", "equals": text});
    assert_eq!(verdict(&equals("prod%3Aeu"), sub), Verdict::Holds);
    assert_eq!(verdict(&equals("prod:eu"), sub), Verdict::DoesNotHold);
    // JSON's own escapes are no part of the text.
    let claims = br#"{"aud": "deploy", "sub": "repo:acme\/web:environment:\u00e9\""}"#;
    let policy = load(GITHUB, None, &equals("\u{e9}\"")).unwrap();
    let issuer = IssuerIdentifier::parse(GITHUB).unwrap();
    let claims = policy.vouched_claims(issuer, claims).unwrap();
    assert!(policy.decide(&claims).is_allowed());
}

#[test]
fn a_subject_that_is_missing_or_no_text_cannot_hold() {
    let condition = json!({"subject": "owner", "absent": true});
    let policy = load(GITHUB, None, &condition).unwrap();
    for (claims, expected) in [
        (r#"{"aud": "deploy"}"#, Verdict::Absent),
        (r#"{"aud": "deploy", "sub": 7}"#, Verdict::WrongKind),
        (r#"{"aud": "deploy", "sub": null}"#, Verdict::WrongKind),
    ] {
        let issuer = IssuerIdentifier::parse(GITHUB).unwrap();
        let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
        let view = policy.decide(&claims).for_operator();
        assert_eq!(view.rules[0].verdict, expected);
    }
}

#[test]
fn an_explanation_shows_the_part_and_why_it_cannot_hold() {
    let condition = json!({"subject": "repository", "equals": "acme/Web"});
    let view = explain(&condition, &json!(MAIN));
    let shown = &view.rules[0].conditions[0];
    assert_eq!(
        (shown.claim.as_deref(), shown.subject),
        (Some("/sub"), Some("repository"))
    );
    assert_eq!(shown.actual.as_deref(), Some(r#""acme/web""#));
    assert_eq!(
        view.to_string(),
        "refused: no rule holds\n\
         nearest: rule 0 `r`: part `repository` of `/sub`: differs only in case\n\
         allow rule 0 `r`: does not hold\n  \
           part `repository` of `/sub` equals \"acme/Web\": does not hold; it is \"acme/web\" \
           (differs only in case)\n"
    );

    let ref_of_pull = explain(&json!({"subject": "ref", "exists": true}), &json!(PULL));
    let shown = &ref_of_pull.rules[0].conditions[0];
    assert_eq!(shown.actual, None);
    let hint = format!("subject \"{PULL}\" has no such part");
    assert_eq!(shown.hint.as_deref(), Some(&*hint));

    // Also below `not`, where no other hint would help.
    let condition = json!({"not": {"subject": "environment", "equals": "dev"}});
    let view = explain(&condition, &json!(FORGED));
    let shown = &view.rules[0].conditions[0].conditions[0];
    assert_eq!(shown.actual.as_deref(), Some(&*format!("\"{FORGED}\"")));
    assert_eq!(
        view.nearest.unwrap().hint,
        "part `environment` of `/sub`: subject is of no form that `github` is known to use"
    );
}

#[test]
fn the_provider_is_the_issuers_or_the_one_that_the_rule_names() {
    let condition = json!({"subject": "owner", "equals": "acme"});
    for (issuer, provider) in [
        (GITHUB, None),
        (GITHUB, Some("github")),
        ("https://ci.example", Some("github")),
        ("http://localhost:8080", Some("github")),
    ] {
        let policy = load(issuer, provider, &condition).unwrap();
        assert_eq!(
            policy.rule_provider(0),
            Some(Provider::GitHubActions),
            "{issuer}"
        );
        assert_eq!(policy.rule_provider(1), None);
    }
    let plain = json!({"claim": "sub", "equals": "a"});
    let policy = load("https://ci.example", None, &plain).unwrap();
    assert_eq!(policy.rule_provider(0), None);
}

fn fault(issuer: &str, provider: Option<&str>, condition: &Value) -> (String, String, String) {
    let error = load(issuer, provider, condition).unwrap_err();
    let at = error.at().as_str().to_owned();
    (error.code().to_owned(), at, error.to_string())
}

#[test]
fn what_no_token_could_answer_does_not_load() {
    let owner = json!({"subject": "owner", "equals": "acme"});
    let condition = "/rules/0/conditions/0";
    for (issuer, provider, condition, code, at, text) in [
        (
            "https://ci.example",
            None,
            &owner,
            "provider_missing",
            &*format!("{condition}/subject"),
            "issuer is of no known provider: say whose tokens they are with `provider`",
        ),
        (
            GITHUB,
            Some("circleci"),
            &owner,
            "provider_other",
            "/rules/0/provider",
            "issuer is known to be one of `github`",
        ),
        (
            GITHUB,
            None,
            &json!({"subject": "enviroment", "equals": "prod"}),
            "part_unknown",
            &format!("{condition}/subject"),
            "subjects of `github` have no such part, did you mean `environment`",
        ),
        (
            GITHUB,
            None,
            &json!({"subject": "", "equals": "prod"}),
            "part_unknown",
            &format!("{condition}/subject"),
            "subjects of `github` have no such part",
        ),
    ] {
        let found = fault(issuer, provider, condition);
        let text = format!("rule 0 `r`: {text}, at `{at}`");
        assert_eq!(found, (code.to_owned(), at.to_owned(), text));
    }
}

#[test]
fn a_part_is_a_string_and_one_thing() {
    for (condition, code, member) in [
        (
            json!({"subject": "owner", "equals": 7}),
            "wrong_kind",
            "equals",
        ),
        (
            json!({"subject": "owner", "equals": true}),
            "wrong_kind",
            "equals",
        ),
        (
            json!({"subject": "owner", "one_of": ["a", 7]}),
            "wrong_kind",
            "one_of/1",
        ),
        (
            json!({"subject": "owner", "one_of": "a"}),
            "wrong_kind",
            "one_of",
        ),
        (
            json!({"subject": "owner", "at_least": 7}),
            "member_misplaced",
            "at_least",
        ),
        (
            json!({"subject": "owner", "before": "2027-01-31T23:59:59Z"}),
            "member_misplaced",
            "before",
        ),
        (
            json!({"subject": "owner", "elements": "any", "equals": "a"}),
            "member_misplaced",
            "elements",
        ),
        (
            json!({"subject": "owner", "claim": "sub", "equals": "a"}),
            "member_misplaced",
            "claim",
        ),
        (
            json!({"subject": 7, "equals": "a"}),
            "wrong_kind",
            "subject",
        ),
        (
            json!({"subject": "owner", "all": [{"claim": "a", "exists": true}]}),
            "member_misplaced",
            "subject",
        ),
    ] {
        let (found, at, _) = fault(GITHUB, None, &condition);
        let expected = format!("/rules/0/conditions/0/{member}");
        assert_eq!((&*found, at), (code, expected), "{condition}");
    }
}

#[test]
fn every_provider_can_be_named_and_the_error_lists_them() {
    let condition = json!({"claim": "sub", "equals": "a"});
    for provider in Provider::ALL {
        let policy = load("https://ci.example", Some(provider.name()), &condition).unwrap();
        assert_eq!(policy.rule_provider(0), Some(*provider));
    }
    let names: Vec<_> = Provider::ALL
        .iter()
        .map(|provider| format!("`{provider}`"))
        .collect();
    let error = load("https://ci.example", Some("GitHub"), &condition).unwrap_err();
    assert_eq!(error.at().as_str(), "/rules/0/provider");
    let PolicyFault::UnknownWord { known, .. } = error.fault() else {
        panic!("{error}");
    };
    assert_eq!(*known, names.join(", "));
}

fn codes(conditions: &[&Value]) -> Vec<&'static str> {
    let rule = json!({"id": "r", "effect": "allow", "issuer": GITHUB, "audiences": ["deploy"],
        "conditions": conditions});
    let policy = Policy::from_json(json!({"rules": [rule]}).to_string().as_bytes()).unwrap();
    policy
        .lint()
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[test]
fn the_lint_tells_the_parts_of_a_subject_apart() {
    let repository = json!({"subject": "repository_id", "equals": "90001"});
    let main = json!({"subject": "ref", "equals": "refs/heads/main"});
    let dev = json!({"subject": "ref", "equals": "refs/heads/dev"});
    let whole = json!({"claim": "sub", "equals": MAIN});
    assert!(!codes(&[&repository, &main]).contains(&"never_matches"));
    assert!(!codes(&[&whole, &main]).contains(&"never_matches"));
    assert!(codes(&[&main, &dev]).contains(&"never_matches"));
    // A branch of every repository in the world.
    assert!(codes(&[&main]).contains(&"tenant_unpinned"));
    assert!(!codes(&[&repository]).contains(&"tenant_unpinned"));
}

/// An installation under a name of its own is judged as what the rule says it is.
#[test]
fn the_lint_believes_the_provider_that_a_rule_names() {
    let codes = |provider: Option<&str>, condition: &Value| -> Vec<&'static str> {
        let policy = load("https://git.acme.example", provider, condition).unwrap();
        policy.lint().iter().map(|one| one.code.as_str()).collect()
    };
    let misspelt = json!({"claim": "projectid", "equals": "20"});
    assert!(!codes(None, &misspelt).contains(&"claim_never_emitted"));
    assert!(codes(Some("gitlab"), &misspelt).contains(&"claim_never_emitted"));
    let number = json!({"claim": "project_id", "equals": 20});
    assert!(codes(Some("gitlab"), &number).contains(&"kind_mismatch"));
}
