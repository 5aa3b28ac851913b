//! Explanations: what an operator reads when a token was refused.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::{OperatorView, Policy, Verdict};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example";

fn explain(rules: &Value, issuer: &str, claims: &str) -> OperatorView {
    let policy = json!({"rules": rules}).to_string();
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    let issuer = IssuerIdentifier::parse(issuer).unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    policy.decide(&claims).for_operator()
}

fn rule(effect: &str, id: &str, conditions: &Value) -> Value {
    json!({"id": id, "effect": effect, "issuer": ISSUER, "audiences": ["deploy"],
        "conditions": conditions})
}

/// The hint on one condition, over a token with these members.
fn hint(condition: &str, members: &str) -> Option<String> {
    let mut condition: Value = serde_json::from_str(condition).unwrap();
    if condition.get("claim").is_none() {
        condition["claim"] = json!("c");
    }
    let rules = json!([rule("allow", "r", &json!([condition]))]);
    let claims = format!(r#"{{"aud":"deploy",{members}}}"#);
    let view = explain(&rules, ISSUER, &claims);
    assert!(!view.allowed, "{condition} {members}");
    view.rules[0].conditions[0].hint.clone()
}

#[test]
fn a_hint_says_what_may_be_the_matter() {
    let pattern = r#"{"pattern":"Refs/*","separator":"/"}"#;
    let crosses = "`*` stops at `/`: say `**` to go across";
    let literal = "`*` and `?` are plain characters here: say `pattern`";
    let unquoted = "claim is a number: write it without quotation marks";
    let quoted = "claim is a string: write it in quotation marks";
    let mean = |name: &str| format!("no such claim; did you mean `{name}`");
    for (condition, members, expected) in [
        (
            r#"{"equals":"Main"}"#,
            r#""c":"main""#,
            "differs only in case",
        ),
        (
            r#"{"one_of":["x","É"]}"#,
            r#""c":"é""#,
            "differs only in case",
        ),
        (
            r#"{"equals":"https://a/"}"#,
            r#""c":"https://a""#,
            "differs only by a trailing slash",
        ),
        (
            r#"{"equals":"a"}"#,
            r#""c":"a\n""#,
            "differs only by white space at an end",
        ),
        (r#"{"equals":"a*"}"#, r#""c":"abc""#, literal),
        (pattern, r#""c":"refs/heads""#, "differs only in case"),
        (pattern, r#""c":"Refs/heads/main""#, crosses),
        (r#"{"equals":"1"}"#, r#""c":1"#, unquoted),
        (r#"{"equals":1}"#, r#""c":"1""#, quoted),
        (r#"{"equals":true}"#, r#""c":"true""#, quoted),
        (r#"{"at_least":1}"#, r#""c":"1""#, "claim is of kind string"),
        (r#"{"prefix":"a"}"#, r#""c":7"#, "claim is of kind number"),
        (
            r#"{"equals":"a"}"#,
            r#""c":["a"]"#,
            "claim is an array: say `elements`",
        ),
        (
            r#"{"equals":"a","elements":"any"}"#,
            r#""c":[]"#,
            "array has no element",
        ),
        (
            r#"{"equals":"a","elements":"any"}"#,
            r#""c":["b","A"]"#,
            "differs only in case",
        ),
        (r#"{"equals":"a"}"#, r#""c":null"#, "claim is null"),
        (r#"{"exists":true}"#, r#""c":null"#, "claim is null"),
        (
            r#"{"equals":"a"}"#,
            r#""c":{"a":1}"#,
            "claim is an object: name one of its members",
        ),
        (r#"{"equals":"a"}"#, r#""d":"a""#, "no such claim"),
        (
            r#"{"claim":"project_id","equals":"a"}"#,
            r#""project-id":"a""#,
            &mean("project-id"),
        ),
        (
            r#"{"claim":"/a/enviroment","equals":"a"}"#,
            r#""a":{"environment":"a"}"#,
            &mean("environment"),
        ),
        (
            r#"{"claim":"repositori","equals":"a"}"#,
            r#""repository\n":"a""#,
            &mean(r"repository\u000a"),
        ),
    ] {
        assert_eq!(
            hint(condition, members).as_deref(),
            Some(expected),
            "{condition} {members}"
        );
    }
    for (condition, members) in [
        (r#"{"equals":"a"}"#, r#""c":"b""#),
        (r#"{"absent":true}"#, r#""c":"b""#),
        (r#"{"at_least":1}"#, r#""c":0"#),
    ] {
        assert_eq!(hint(condition, members), None, "{condition}");
    }
}

#[test]
fn an_explanation_shows_every_rule_that_was_tried() {
    let rules = json!([
        rule(
            "allow",
            "far",
            &json!([
                {"claim": "sub", "equals": "x"},
                {"claim": "ref", "equals": "x"},
            ])
        ),
        rule(
            "allow",
            "near",
            &json!([
                {"claim": "sub", "pattern": "job-*"},
                {"any": [
                    {"claim": "ref", "equals": "refs/heads/Main"},
                    {"claim": "groups", "elements": "any", "one_of": ["ops", "dev"]},
                ]},
                {"not": {"claim": "fork", "equals": true}, "or_absent": true},
                {"claim": "sub", "equals_claim": "sub"},
            ])
        ),
        rule("deny", "ban", &json!([{"claim": "sub", "equals": "job-0"}])),
        json!({"id": "elsewhere", "effect": "allow", "issuer": ISSUER, "audiences": ["other"],
            "conditions": [{"claim": "sub", "exists": true}]}),
    ]);
    let claims = r#"{"aud":"deploy","sub":"job-42","ref":"refs/heads/main"}"#;
    let view = explain(&rules, ISSUER, claims);
    assert_eq!(
        view.to_string(),
        "\
refused: no rule holds
nearest: rule 1 `near`: `/ref`: differs only in case
deny rule 2 `ban`: does not hold
  `/sub` equals \"job-0\": does not hold; it is \"job-42\"
allow rule 0 `far`: does not hold
  `/sub` equals \"x\": does not hold; it is \"job-42\"
  `/ref` equals \"x\": does not hold; it is \"refs/heads/main\"
allow rule 1 `near`: cannot hold, nothing is there
  `/sub` pattern \"job-*\": holds; it is \"job-42\"
  any: cannot hold, nothing is there
    `/ref` equals \"refs/heads/Main\": does not hold; it is \"refs/heads/main\" (differs only in case)
    `/groups` any of the elements one_of [\"ops\",\"dev\"]: cannot hold, nothing is there (no such claim)
  not (or absent): holds
    `/fork` equals true: cannot hold, nothing is there
  `/sub` equals_claim \"sub\", which is \"job-42\": holds; it is \"job-42\"
"
    );
    assert_eq!(view.rules.len(), 3);
    assert_eq!(view.rules[2].conditions[1].verdict, Verdict::Absent);

    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["code"], "no_rule_holds");
    assert_eq!(json["nearest"]["rule"], json!({"index": 1, "id": "near"}));
    assert_eq!(
        json["rules"][0],
        json!({
            "index": 2, "id": "ban", "effect": "deny", "verdict": "does_not_hold",
            "conditions": [{
                "claim": "/sub", "operator": "equals", "expected": "\"job-0\"",
                "actual": "\"job-42\"", "verdict": "does_not_hold",
            }],
        })
    );
}

#[test]
fn a_deny_rule_that_holds_is_what_stands_in_the_way() {
    let rules = json!([
        rule("allow", "all", &json!([{"claim": "sub", "exists": true}])),
        rule("deny", "ban", &json!([{"claim": "sub", "prefix": "job-"}])),
    ]);
    let view = explain(&rules, ISSUER, r#"{"aud":"deploy","sub":"job-0"}"#);
    assert_eq!(
        view.to_string(),
        "\
refused: a deny rule holds, rule 1 `ban`
nearest: rule 1 `ban`: this deny rule holds
deny rule 1 `ban`: holds
  `/sub` prefix \"job-\": holds; it is \"job-0\"
"
    );
    let view = explain(&rules, ISSUER, r#"{"aud":"deploy","sub":"x"}"#);
    assert_eq!(
        (view.code, view.rule.unwrap().id.as_str()),
        ("allowed", "all")
    );
    assert_eq!(view.nearest, None);
}

#[test]
fn without_a_rule_the_nearest_issuer_or_audience_is_named() {
    let rules = json!([rule(
        "allow",
        "r",
        &json!([{"claim": "sub", "exists": true}])
    )]);
    for (issuer, aud, expected) in [
        (
            "https://ci.example/",
            "deploy",
            "no rule names the issuer `https://ci.example/`; that of rule `r` differs only by a trailing slash",
        ),
        (
            "https://other.example",
            "deploy",
            "no rule names the issuer `https://other.example`",
        ),
        (
            ISSUER,
            "Deploy",
            "no rule of this issuer is for an audience of the token; `deploy` differs only in case",
        ),
        (
            ISSUER,
            "x",
            "no rule of this issuer is for an audience of the token",
        ),
    ] {
        let claims = json!({"aud": aud, "sub": "a"}).to_string();
        let view = explain(&rules, issuer, &claims);
        assert_eq!(view.code, "no_rule_applies");
        assert_eq!(view.nearest.unwrap().hint, expected);
        assert!(view.rules.is_empty());
    }
}

/// A thousand names for each of many conditions are not all compared.
#[test]
fn the_search_for_hints_is_bounded() {
    let names: Vec<String> = (0..990)
        .map(|index| format!("\"name-{index:04}\":1"))
        .collect();
    let claims = format!(r#"{{"aud":"deploy",{},"zone-id":1}}"#, names.join(","));
    let conditions: Vec<Value> = (0..60)
        .map(|_| json!({"claim": "name-wxyz", "equals": "a"}))
        .collect();
    let near = json!([{"claim": "zone_id", "equals": 1}]);
    let rules = json!([
        rule("allow", "r", &json!(conditions)),
        rule("allow", "near", &near)
    ]);
    let view = explain(&rules, ISSUER, &claims);
    assert!(view.complete);
    let hints = view.rules.iter().flat_map(|rule| &rule.conditions);
    assert!(
        hints
            .into_iter()
            .all(|part| part.hint.as_deref() == Some("no such claim"))
    );
    // With room for it, the last name is found.
    let view = explain(&json!([rule("allow", "near", &near)]), ISSUER, &claims);
    assert_eq!(
        view.rules[0].conditions[0].hint.as_deref(),
        Some("no such claim; did you mean `zone-id`")
    );
}

/// Each option of a list is a comparison too, and so is each audience of the rules.
#[test]
fn a_long_list_takes_its_part_of_the_search_for_hints() {
    let near = |count: usize| {
        let mut options: Vec<String> = (1..count).map(|index| index.to_string()).collect();
        options.push("Main".to_owned());
        json!({"claim": "ref", "one_of": options})
    };
    let hints = |first: usize, second: usize| {
        let rules = json!([rule("allow", "r", &json!([near(first), near(second)]))]);
        let view = explain(&rules, ISSUER, r#"{"aud":"deploy","ref":"main"}"#);
        let conditions = view.rules[0].conditions.iter();
        conditions.map(|one| one.hint.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(hints(1_000, 1), [true, false]);
    assert_eq!(hints(500, 500), [true, true]);
    assert_eq!(hints(500, 501), [true, false]);

    let audiences = |aud: &Value| {
        let mut names: Vec<String> = (1..600).map(|index| index.to_string()).collect();
        names.push("deploy".to_owned());
        let mut rule = rule("allow", "r", &json!([{"claim": "sub", "exists": true}]));
        rule["audiences"] = json!(names);
        let claims = json!({"aud": aud}).to_string();
        explain(&json!([rule]), ISSUER, &claims)
            .nearest
            .unwrap()
            .hint
    };
    let none = "no rule of this issuer is for an audience of the token";
    let found = format!("{none}; `deploy` differs only in case");
    assert_eq!(audiences(&json!("Deploy")), found);
    assert_eq!(audiences(&json!(["other", "Deploy"])), none);
}
