//! One policy in three formats: read by whatever crate the caller has, it decides the same.

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::{Policy, PolicyDocument};

const JSON: &str = r#"{"rules": [{
    "id": "deploy", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
    "conditions": [
        {"claim": "sub", "pattern": "job-*"},
        {"claim": "/repo/owner_id", "equals": 9007199254740993},
        {"claim": "share", "at_most": 0.5},
        {"any": [{"claim": "groups", "elements": "any", "one_of": ["release", "operations"]},
                 {"not": {"claim": "event", "equals": "pull_request"}}]}
    ],
    "examples": {"deny": [{"sub": "x"}]}
}]}"#;

const YAML: &str = r#"
rules:
  - id: deploy
    effect: allow
    issuer: https://ci.example
    audiences: [deploy]
    conditions:
      - {claim: sub, pattern: "job-*"}
      - claim: /repo/owner_id
        equals: 9007199254740993
      - {claim: share, at_most: 0.5}
      - any:
          - {claim: groups, elements: any, one_of: [release, operations]}
          - not: {claim: event, equals: pull_request}
    examples:
      deny:
        - {sub: x}
"#;

const TOML: &str = r#"
[[rules]]
id = "deploy"
effect = "allow"
issuer = "https://ci.example"
audiences = ["deploy"]

[[rules.conditions]]
claim = "sub"
pattern = "job-*"

[[rules.conditions]]
claim = "/repo/owner_id"
equals = 9007199254740993

[[rules.conditions]]
claim = "share"
at_most = 0.5

[[rules.conditions]]
any = [
    { claim = "groups", elements = "any", one_of = ["release", "operations"] },
    { not = { claim = "event", equals = "pull_request" } },
]

[rules.examples]
deny = [{ sub = "x" }]
"#;

#[test]
fn a_policy_decides_the_same_whatever_format_it_came_in() {
    let policies = [
        Policy::from_json(JSON.as_bytes()).unwrap(),
        serde_saphyr::from_str::<Policy>(YAML).unwrap(),
        toml::from_str::<Policy>(TOML).unwrap(),
    ];
    for (claims, admitted) in [
        (
            r#""sub":"job-42","repo":{"owner_id":9007199254740993},"share":0.5,"event":"push""#,
            true,
        ),
        (
            r#""sub":"job-42","repo":{"owner_id":9007199254740993},"share":5e-1,"groups":"release""#,
            true,
        ),
        (
            r#""sub":"job-42","repo":{"owner_id":9007199254740992},"share":0.5,"event":"push""#,
            false,
        ),
        (
            r#""sub":"job-42","repo":{"owner_id":9007199254740993},"share":0.50001,"event":"push""#,
            false,
        ),
        (
            r#""sub":"job-42","repo":{"owner_id":9007199254740993},"share":0.5"#,
            false,
        ),
    ] {
        for policy in &policies {
            let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
            let claims = format!(r#"{{"aud":"deploy",{claims}}}"#);
            let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
            assert_eq!(policy.decide(&claims).is_allowed(), admitted, "{claims:?}");
        }
    }
}

/// The place is that of the member, in any format; no format may say a member twice.
#[test]
fn what_is_wrong_is_found_in_every_format() {
    let yaml = YAML.replace("elements: any, one_of", "elements: any, one-of");
    let document: PolicyDocument = serde_saphyr::from_str(&yaml).unwrap();
    let error = Policy::compile(&document).unwrap_err();
    let at = "/rules/0/conditions/3/any/0/one-of";
    assert_eq!((error.code(), error.at().as_str()), ("member_unknown", at));

    let toml = TOML.replace("effect = \"allow\"", "effect = \"Allow\"");
    let document: PolicyDocument = toml::from_str(&toml).unwrap();
    let error = Policy::compile(&document).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("word_unknown", "/rules/0/effect")
    );

    let yaml = YAML.replace("effect: allow", "effect: deny\n    effect: allow");
    assert!(serde_saphyr::from_str::<Policy>(&yaml).is_err());
    let toml = TOML.replace(
        "effect = \"allow\"",
        "effect = \"deny\"\neffect = \"allow\"",
    );
    assert!(toml::from_str::<Policy>(&toml).is_err());
}

/// An example is judged as it was written, or not at all.
#[test]
fn a_rounded_number_in_an_example_does_not_load() {
    let load = |run: &str| {
        let yaml = format!("{YAML}        - {{sub: x, runs: [{{id: {run}}}]}}\n");
        let document: PolicyDocument = serde_saphyr::from_str(&yaml).unwrap();
        Policy::compile(&document)
    };
    assert!(load("9007199254740991.0").is_ok());
    assert!(load("9007199254740993").is_ok());
    let error = load("9007199254740993.0").unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str(), error.rule()),
        (
            "number_inexact",
            "/rules/0/examples/deny/1/runs/0/id",
            Some(0)
        )
    );
}
