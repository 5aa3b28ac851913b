//! Laws of the policy language, over policies and claims of every shape.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::lint::FindingCode;
use oidc_verifier::policy::{OperatorView, Policy};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://ci.example";

/// Few names and values, so that conditions and claims meet.
fn claims() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(json!("a")),
        Just(json!("A")),
        Just(json!("ab")),
        Just(json!("*")),
        Just(json!("1")),
        Just(json!("true")),
        Just(json!(1)),
        Just(json!(2.5)),
        Just(json!(true)),
        Just(json!(null)),
    ];
    let value = prop_oneof![
        4 => scalar.clone(),
        2 => prop::collection::vec(scalar.clone(), 0..3).prop_map(Value::from),
        1 => scalar.prop_map(|inner| json!({"x": inner})),
    ];
    prop::collection::btree_map("[x-z]", value, 0..3)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

fn condition() -> impl Strategy<Value = Value> {
    let name = prop_oneof![Just("x"), Just("y"), Just("/z"), Just("/x/x"), Just("/y/0")];
    let operator = prop_oneof![
        Just(json!({"equals": "a"})),
        Just(json!({"equals": 1})),
        Just(json!({"equals": true})),
        Just(json!({"one_of": ["ab", 2.5, true]})),
        Just(json!({"pattern": "a*"})),
        Just(json!({"pattern": "?"})),
        Just(json!({"prefix": "A"})),
        Just(json!({"suffix": "b"})),
        Just(json!({"at_least": 2})),
        Just(json!({"less_than": 2})),
        Just(json!({"equals_claim": "y"})),
    ];
    let elements = prop_oneof![
        Just(None),
        Just(Some("any")),
        Just(Some("all")),
        Just(Some("none"))
    ];
    let leaf = (name.clone(), operator, elements).prop_map(|(name, operator, elements)| {
        let mut leaf = operator;
        leaf["claim"] = json!(name);
        if let Some(elements) = elements {
            leaf["elements"] = json!(elements);
        }
        leaf
    });
    let presence = (name, prop_oneof![Just("exists"), Just("absent")])
        .prop_map(|(name, operator)| json!({"claim": name, operator: true}));
    prop_oneof![6 => leaf, 1 => presence].prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({"all": all})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|any| json!({"any": any})),
            (inner, prop::bool::weighted(0.2))
                .prop_map(|(not, or_absent)| json!({"not": not, "or_absent": or_absent})),
        ]
    })
}

fn rule(effect: &str, id: &str, conditions: &Value) -> Value {
    json!({"id": id, "effect": effect, "issuer": ISSUER, "audiences": ["deploy"],
        "conditions": conditions})
}

fn view(rules: &Value, claims: &Value) -> OperatorView {
    let policy = json!({"rules": rules}).to_string();
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    let mut claims = claims.clone();
    claims["aud"] = json!("deploy");
    let claims = claims.to_string();
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = policy.vouched_claims(issuer, claims.as_bytes()).unwrap();
    let decision = policy.decide(&claims);
    let view = decision.for_operator();
    assert_eq!(decision.is_allowed(), view.allowed);
    assert_eq!(decision.for_caller().allowed, view.allowed);
    view
}

fn admits(condition: &Value, claims: &Value) -> bool {
    view(&json!([rule("allow", "r", &json!([condition]))]), claims).allowed
}

/// Every claim under another name, with characters that pointers escape.
fn renamed(value: &Value) -> Value {
    let text = value.to_string();
    let mut text = text;
    for name in ["x", "y", "z"] {
        let long = format!("{name}~/:");
        text = text
            .replace(&format!("\"{name}\":"), &format!("\"{long}\":"))
            .replace(
                &format!("\"claim\":\"{name}\""),
                &format!("\"claim\":\"{long}\""),
            )
            .replace(
                &format!("\"equals_claim\":\"{name}\""),
                &format!("\"equals_claim\":\"{long}\""),
            )
            .replace(&format!("/{name}"), &format!("/{name}~0~1:"));
    }
    serde_json::from_str(&text).unwrap()
}

/// The codes of the findings on a rule.
fn found(rules: &Value, rule: usize) -> Vec<FindingCode> {
    let policy = json!({"rules": rules}).to_string();
    let findings = Policy::from_json(policy.as_bytes()).unwrap().lint();
    let of_rule = findings.iter().filter(|own| own.rule.index == rule);
    of_rule.map(|own| own.code).collect()
}

/// What the lint says to be certain is so. Conditions are taken in common, so that it says something.
fn what_is_said_of_two_rules_is_so(parts: &[Value], claims: &Value) -> Result<(), TestCaseError> {
    let wide = json!([parts[0]]);
    let narrow = json!([parts[0], parts[1]]);
    let other = json!([parts[1], parts[2]]);
    let holds = |conditions: &Value| view(&json!([rule("allow", "r", conditions)]), claims).allowed;
    for (one, two) in [(&wide, &narrow), (&narrow, &other), (&other, &wide)] {
        let rules = json!([rule("allow", "a", one), rule("allow", "b", two)]);
        for (index, own, others) in [(0, one, two), (1, two, one)] {
            let codes = found(&rules, index);
            if codes.contains(&FindingCode::NeverMatches) {
                prop_assert!(!holds(own), "never matches: {own} {claims}");
            }
            if codes.contains(&FindingCode::Shadowed) {
                prop_assert!(
                    !holds(own) || holds(others),
                    "shadowed: {own} by {others} {claims}"
                );
            }
        }
        let rules = json!([rule("allow", "a", one), rule("deny", "d", two)]);
        if found(&rules, 0).contains(&FindingCode::Overruled) {
            prop_assert!(
                !view(&rules, claims).allowed,
                "overruled: {one} by {two} {claims}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The lint may miss what is so; it says nothing that is not.
    #[test]
    fn what_the_lint_is_certain_of_is_so(
        parts in prop::collection::vec(condition(), 3),
        claims in prop::collection::vec(claims(), 6),
    ) {
        for claims in &claims {
            what_is_said_of_two_rules_is_so(&parts, claims)?;
        }
    }

    /// A condition and its negation never both admit.
    #[test]
    fn a_condition_and_its_negation_exclude_each_other(condition in condition(), claims in claims()) {
        let negated = json!({"not": condition});
        prop_assert!(!(admits(&condition, &claims) && admits(&negated, &claims)));
    }

    #[test]
    fn a_double_negation_admits_what_the_condition_admits(condition in condition(), claims in claims()) {
        let twice = json!({"not": {"not": condition}});
        prop_assert_eq!(admits(&twice, &claims), admits(&condition, &claims));
    }

    #[test]
    fn one_more_deny_rule_never_admits(
        allow in condition(), deny in condition(), claims in claims(), first in any::<bool>(),
    ) {
        let allow = rule("allow", "allow", &json!([allow]));
        let deny = rule("deny", "deny", &json!([deny]));
        let without = view(&json!([allow]), &claims).allowed;
        let rules = if first { json!([deny, allow]) } else { json!([allow, deny]) };
        prop_assert!(without || !view(&rules, &claims).allowed);
        prop_assert!(!view(&json!([deny]), &claims).allowed);
    }

    #[test]
    fn one_more_condition_never_admits(
        one in condition(), more in condition(), claims in claims(),
    ) {
        let both = view(&json!([rule("allow", "r", &json!([one, more]))]), &claims).allowed;
        prop_assert_eq!(both, admits(&one, &claims) && admits(&more, &claims));
        prop_assert_eq!(both, admits(&json!({"all": [one, more]}), &claims));
        let either = admits(&json!({"any": [one, more]}), &claims);
        prop_assert_eq!(either, admits(&one, &claims) || admits(&more, &claims));
    }

    #[test]
    fn the_order_of_parts_does_not_matter(
        one in condition(), more in condition(), claims in claims(),
    ) {
        for operator in ["all", "any"] {
            for negated in [false, true] {
                let listed = |parts: Value| {
                    let whole = json!({operator: parts});
                    admits(&if negated { json!({"not": whole}) } else { whole }, &claims)
                };
                prop_assert_eq!(listed(json!([one, more])), listed(json!([more, one])));
            }
        }
    }

    /// Names carry no meaning, whatever characters they are of.
    #[test]
    fn renaming_members_has_no_effect(condition in condition(), claims in claims()) {
        let other = admits(&renamed(&condition), &renamed(&claims));
        prop_assert_eq!(admits(&condition, &claims), other, "{}", renamed(&condition));
    }

    /// White space, escapes and the order of members are not part of a claims set.
    #[test]
    fn how_claims_are_written_has_no_effect(condition in condition(), claims in claims()) {
        let policy = json!({"rules": [rule("allow", "r", &json!([condition]))]}).to_string();
        let policy = Policy::from_json(policy.as_bytes()).unwrap();
        let mut claims = claims;
        claims["aud"] = json!("deploy");
        let decide = |json: &str| {
            let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
            let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
            policy.decide(&claims).outcome()
        };
        let pretty = serde_json::to_string_pretty(&claims).unwrap();
        let escaped = claims.to_string().replace('a', r"\u0061").replace(r"f\u0061lse", "false");
        prop_assert_eq!(decide(&claims.to_string()), decide(&pretty));
        prop_assert_eq!(decide(&claims.to_string()), decide(&escaped));
    }

    /// Without `or_absent` and `absent`, a token that says nothing is admitted by nothing.
    #[test]
    fn an_empty_claims_set_is_admitted_only_by_what_speaks_of_absence(condition in condition()) {
        let text = condition.to_string();
        let speaks = text.contains("\"absent\"") || text.contains("\"or_absent\":true");
        let admitted = admits(&condition, &json!({}));
        prop_assert!(speaks || !admitted);
    }

    /// An explanation is one line a condition.
    #[test]
    fn every_explanation_prints_and_serializes(condition in condition(), claims in claims()) {
        let view = view(&json!([rule("allow", "r", &json!([condition]))]), &claims);
        prop_assert!(view.complete);
        prop_assert!(!view.to_string().contains('\r'));
        let json = serde_json::to_value(&view).unwrap();
        prop_assert_eq!(&json["rules"][0]["id"], "r");
        prop_assert_eq!(view.allowed, json["rules"][0]["verdict"] == "holds");
    }
}
