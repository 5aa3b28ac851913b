//! What the lint finds in a policy, and what it leaves alone.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "documents are built for one call, and one that does not load fails its test"
)]

use oidc_verifier::policy::Policy;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::policy::lint::{Finding, FindingCode, Grade};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example";

fn rule(effect: &str, id: &str, conditions: &Value) -> Value {
    json!({"id": id, "effect": effect, "issuer": ISSUER, "audiences": ["deploy"],
           "conditions": conditions})
}

fn policy(rules: &Value) -> Policy {
    Policy::from_json(json!({ "rules": rules }).to_string().as_bytes()).unwrap()
}

fn lint(rules: &Value) -> Vec<Finding> {
    policy(rules).lint()
}

/// Code, grade and place of each finding.
fn found(rules: Value) -> Vec<(&'static str, Grade, String)> {
    let findings = lint(&rules).into_iter();
    findings
        .map(|own| (own.code.as_str(), own.grade, own.at.into_string()))
        .collect()
}

/// The findings on one allow rule.
fn allow(conditions: Value) -> Vec<(&'static str, Grade, String)> {
    found(json!([rule("allow", "a", &conditions)]))
}

/// The findings on one deny rule.
fn deny(conditions: Value) -> Vec<(&'static str, Grade, String)> {
    found(json!([rule("deny", "d", &conditions)]))
}

fn one(code: &'static str, grade: Grade, at: &str) -> Vec<(&'static str, Grade, String)> {
    vec![(code, grade, at.to_owned())]
}

/// A condition on the subject that nothing is to be said against.
fn pinned() -> Value {
    json!({"claim": "sub", "equals": "job-42"})
}

#[test]
fn a_rule_that_says_who_is_safe() {
    for conditions in [
        json!([pinned()]),
        json!([{"claim": "sub", "pattern": "job-*"}]),
        json!([{"claim": "sub", "one_of": ["job-41", "job-42"]}]),
        json!([{"any": [pinned(), {"claim": "sub", "prefix": "job-5"}]}]),
        json!([{"all": [pinned(), {"claim": "event", "exists": true}]}]),
        json!([{"not": {"not": pinned()}}]),
        json!([pinned(), {"not": {"claim": "event", "equals": "pull_request"}}]),
    ] {
        assert_eq!(allow(conditions.clone()), [], "{conditions}");
    }
    let policy = policy(&json!([rule("allow", "a", &json!([pinned()]))]));
    assert_eq!(policy.grade(), Grade::Safe);
    assert!(policy.refuse_dangerous().is_ok());
}

#[test]
fn a_rule_that_leaves_nobody_out_admits_the_whole_issuer() {
    for conditions in [
        json!([{"claim": "sub", "exists": true}]),
        json!([{"claim": "sub", "pattern": "*"}]),
        json!([{"claim": "sub", "pattern": "?*"}]),
        json!([{"claim": "sub", "pattern": "**", "separator": "/"}]),
        json!([{"claim": "aud", "equals": "deploy"}]),
        json!([{"claim": "iss", "equals": ISSUER}]),
        json!([{"claim": "exp", "at_least": 1}]),
        json!([{"claim": "attempt", "less_than": 3}]),
        json!([{"claim": "protected", "equals": true}]),
        json!([{"claim": "actor", "equals_claim": "owner"}]),
        json!([{"any": [pinned(), {"claim": "event", "exists": true}]}]),
    ] {
        let expected = one("issuer_whole", Grade::Dangerous, "/rules/0");
        assert_eq!(allow(conditions.clone()), expected, "{conditions}");
    }
    // A deny rule about everyone is a switch, and no danger.
    assert_eq!(deny(json!([{"claim": "sub", "exists": true}])), []);
}

/// Attack catalogue P9 and P10: what is not said must not admit, and neither does it guard.
#[test]
fn negation_and_absence_are_no_guard() {
    for conditions in [
        json!([{"not": {"claim": "event", "equals": "pull_request"}}]),
        json!([{"not": pinned(), "or_absent": true}]),
        json!([{"claim": "environment", "absent": true}]),
        json!([{"claim": "groups", "elements": "none", "equals": "guests"}]),
        json!([{"claim": "sub", "exists": true}, {"not": {"claim": "event", "equals": "push"}}]),
        json!([{"not": {"all": [pinned(), {"claim": "event", "equals": "push"}]}}]),
        json!([{"not": {"not": pinned()}, "or_absent": true}]),
        json!([{"any": [pinned(), {"not": {"claim": "event", "equals": "push"}}]}]),
    ] {
        let expected = one("guard_negative", Grade::Dangerous, "/rules/0");
        assert_eq!(allow(conditions.clone()), expected, "{conditions}");
    }
}

#[test]
fn a_rule_about_other_claims_than_the_subject_is_looked_at() {
    assert_eq!(
        allow(json!([{"claim": "/repo/owner_id", "equals": 4217}])),
        one("subject_unpinned", Grade::Caution, "/rules/0")
    );
    assert_eq!(
        allow(json!([{"claim": "team", "equals": "x"}, {"claim": "sub", "pattern": "*"}])),
        one("subject_unpinned", Grade::Caution, "/rules/0/conditions/1")
    );
    assert_eq!(
        allow(json!([{"any": [pinned(), {"claim": "team", "equals": "x"}]}])),
        one(
            "subject_unpinned",
            Grade::Caution,
            "/rules/0/conditions/0/any/0"
        )
    );
}

/// Attack catalogue P7, the other way round: the pattern that was meant is no pattern.
#[test]
fn a_wildcard_in_an_exact_operator_is_pointed_out() {
    let at = "/rules/0/conditions/0";
    for condition in [
        json!({"claim": "sub", "equals": "job/*"}),
        json!({"claim": "sub", "one_of": ["job-41", "job-?"]}),
        json!({"claim": "sub", "prefix": "job/*"}),
        json!({"claim": "sub", "suffix": "*:main"}),
    ] {
        let conditions = json!([condition]);
        let expected = one("wildcard_is_literal", Grade::Caution, at);
        assert_eq!(allow(conditions.clone()), expected, "{conditions}");
        // Whom it was to keep out gets in.
        let expected = one("wildcard_is_literal", Grade::Dangerous, at);
        assert_eq!(deny(conditions.clone()), expected, "{conditions}");
        let negated = json!([pinned(), {"not": condition}]);
        let expected = one(
            "wildcard_is_literal",
            Grade::Dangerous,
            "/rules/0/conditions/1/not",
        );
        assert_eq!(allow(negated.clone()), expected, "{negated}");
    }
}

/// RFC 7519 section 4.1: `sub` and its like are strings, `exp` and its like numbers.
#[test]
fn an_operand_of_another_kind_than_a_registered_claim_is_pointed_out() {
    for (condition, grade) in [
        (json!({"claim": "sub", "equals": 42}), Grade::Caution),
        (
            json!({"claim": "sub", "before": "2027-01-31T23:59:59Z"}),
            Grade::Caution,
        ),
        (
            json!({"claim": "exp", "equals": "1790000000"}),
            Grade::Caution,
        ),
        (json!({"claim": "iat", "pattern": "1*"}), Grade::Caution),
        (
            json!({"not": {"claim": "jti", "equals": true}}),
            Grade::Dangerous,
        ),
    ] {
        let conditions = json!([{"claim": "sub", "equals": "x"}, condition]);
        let findings = lint(&json!([rule("allow", "a", &conditions)]));
        let own: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code == FindingCode::KindMismatch)
            .map(|finding| finding.grade)
            .collect();
        assert_eq!(own, [grade], "{conditions}");
    }
    let fine =
        json!([pinned(), {"claim": "sub", "one_of": ["a", 1]}, {"claim": "nbf", "absent": true}]);
    let findings = lint(&json!([rule("allow", "a", &fine)]));
    assert!(
        findings
            .iter()
            .all(|own| own.code != FindingCode::KindMismatch),
        "{findings:?}"
    );
}

#[test]
fn conditions_that_contradict_each_other_never_match() {
    let text = |operator: &str, operand: &str| json!({"claim": "sub", operator: operand});
    let not = |condition: Value| json!({"not": condition});
    for [one, other] in [
        [text("equals", "a"), text("equals", "b")],
        [text("equals", "a"), text("pattern", "b*")],
        [text("pattern", "a*"), text("prefix", "b")],
        [text("prefix", "a"), text("prefix", "ba")],
        [text("suffix", "a"), text("pattern", "*b")],
        [
            text("equals", "a"),
            json!({"claim": "sub", "one_of": ["b", 1]}),
        ],
        [text("equals", "1"), json!({"claim": "sub", "equals": 1})],
        [text("equals", "a"), json!({"claim": "sub", "absent": true})],
        [text("equals", "a"), not(text("equals", "a"))],
        [
            text("equals", "a"),
            json!({"not": text("pattern", "a*"), "or_absent": true}),
        ],
        [text("pattern", "ab*"), not(text("prefix", "a"))],
        [
            json!({"claim": "sub", "exists": true}),
            json!({"claim": "sub", "absent": true}),
        ],
        [
            json!({"claim": "/r/id", "equals": 1}),
            json!({"claim": "r", "absent": true}),
        ],
        [
            json!({"claim": "n", "less_than": 3}),
            json!({"claim": "n", "at_least": 3}),
        ],
        [
            json!({"claim": "n", "equals": 1}),
            json!({"claim": "n", "more_than": 1}),
        ],
        [
            json!({"claim": "n", "before": "2027-01-01T00:00:00Z"}),
            json!({"claim": "n", "not_before": "2027-01-01T00:00:00Z"}),
        ],
        [
            json!({"claim": "n", "equals": 1.5}),
            not(json!({"claim": "n", "at_least": 1})),
        ],
        [
            json!({"claim": "g", "elements": "all", "equals": "a"}),
            json!({"claim": "g", "elements": "any", "equals": "b"}),
        ],
        [
            json!({"claim": "g", "elements": "all", "equals": "a"}),
            json!({"claim": "g", "elements": "all", "equals": "b"}),
        ],
        [
            json!({"claim": "g", "equals": "a"}),
            json!({"claim": "g", "elements": "any", "equals": "b"}),
        ],
        [
            json!({"claim": "g", "elements": "any", "equals": "a"}),
            json!({"claim": "g", "elements": "none", "prefix": "a"}),
        ],
        [
            json!({"claim": "g", "elements": "all", "equals": "a"}),
            not(json!({"claim": "g", "elements": "any", "equals": "a"})),
        ],
    ] {
        for conditions in [json!([one, other]), json!([other, one])] {
            let codes: Vec<_> = lint(&json!([rule("deny", "d", &conditions)]))
                .into_iter()
                .filter(|own| own.code == FindingCode::NeverMatches)
                .map(|own| (own.grade, own.at.into_string()))
                .collect();
            let [(Grade::Dangerous, at)] = &*codes else {
                panic!("{conditions}: {codes:?}")
            };
            assert!(
                at.starts_with("/rules/0/conditions/1"),
                "{conditions}: {at}"
            );
        }
    }
    // In an allow rule it is a mistake that lets in nobody.
    let conditions = json!([text("equals", "a"), text("equals", "b")]);
    assert_eq!(
        allow(conditions),
        one("never_matches", Grade::Caution, "/rules/0/conditions/1")
    );
}

#[test]
fn one_condition_can_be_impossible_alone() {
    for (condition, at) in [
        (json!({"any": []}), "/rules/0/conditions/0"),
        (
            json!({"not": {"claim": "x", "exists": true}}),
            "/rules/0/conditions/0/not",
        ),
        (
            json!({"claim": "iss", "equals": "https://other.example"}),
            "/rules/0/conditions/0",
        ),
        (
            json!({"all": [{"claim": "x", "equals": 1}, {"claim": "x", "equals": 2}]}),
            "/rules/0/conditions/0/all/1",
        ),
        (
            json!({"any": [{"all": [{"claim": "x", "equals": 1}, {"claim": "x", "absent": true}]}]}),
            "/rules/0/conditions/0/any/0/all/1",
        ),
    ] {
        let expected = one("never_matches", Grade::Dangerous, at);
        assert_eq!(deny(json!([condition])), expected, "{condition}");
    }
}

#[test]
fn an_any_without_a_part_that_can_hold_never_matches() {
    let a = json!({"claim": "x", "equals": "a"});
    let choice = json!({"any": [
        {"claim": "x", "equals": "b"},
        {"all": [{"claim": "y", "equals": 1}, {"not": a}]},
    ]});
    assert_eq!(
        deny(json!([a, choice])),
        one("never_matches", Grade::Dangerous, "/rules/0/conditions/1")
    );
    let one_is_left = json!({"any": [{"claim": "x", "equals": "b"}, {"claim": "y", "equals": 1}]});
    assert_eq!(deny(json!([a, one_is_left])), []);
}

#[test]
fn what_one_token_can_pass_is_not_called_impossible() {
    for conditions in [
        json!([{"claim": "g", "elements": "any", "equals": "a"},
               {"claim": "g", "elements": "any", "equals": "b"}]),
        json!([{"claim": "g", "elements": "any", "equals": "a"},
               {"not": {"claim": "g", "elements": "all", "equals": "a"}}]),
        json!([{"claim": "x", "pattern": "a*"}, {"claim": "x", "pattern": "*b"}]),
        json!([{"claim": "x", "at_most": 3}, {"claim": "x", "at_least": 3}]),
        json!([{"claim": "x", "equals": 1}, {"claim": "x", "equals": 1.0}]),
        json!([{"claim": "x", "exists": true}, {"claim": "x", "elements": "any", "equals": 1}]),
        json!([{"claim": "x", "equals": "a"}, {"not": {"claim": "x", "equals": "b"}}]),
        json!([{"claim": "x", "absent": true},
               {"not": {"claim": "x", "equals": "b"}, "or_absent": true}]),
        json!([{"claim": "x", "equals": "a"}, {"claim": "x", "equals_claim": "y"}]),
        json!([{"claim": "x", "one_of": ["a", 1]}, {"not": {"claim": "x", "equals": "a"}}]),
        json!([{"not": {"claim": "x", "exists": true}, "or_absent": true}]),
        json!([{"not": {"claim": "x", "absent": true}}, {"claim": "x", "equals": 1}]),
        json!([{"not": {"any": [{"claim": "x", "exists": true},
                                {"claim": "x", "elements": "none", "equals": "a"}]},
                "or_absent": true}]),
    ] {
        assert_eq!(deny(conditions.clone()), [], "{conditions}");
    }
}

#[test]
fn a_rule_that_says_what_another_says_is_needless() {
    let wide = json!([{"claim": "sub", "pattern": "job-*"}]);
    let narrow =
        json!([{"claim": "sub", "equals": "job-42"}, {"claim": "event", "equals": "push"}]);
    let rules =
        |one: &Value, other: &Value| json!([rule("allow", "a", one), rule("allow", "b", other)]);
    assert_eq!(
        found(rules(&wide, &narrow)),
        one("shadowed", Grade::Caution, "/rules/1")
    );
    assert_eq!(
        found(rules(&narrow, &wide)),
        one("shadowed", Grade::Caution, "/rules/0")
    );
    // Of two that say the same, the first stays.
    assert_eq!(
        found(rules(&wide, &wide)),
        one("shadowed", Grade::Caution, "/rules/1")
    );
    let message = &lint(&rules(&wide, &narrow))[0].message;
    assert_eq!(message, "rule 0 `a` says all that this rule says");

    let other_audience = |audiences: &[&str]| {
        let mut rules = rules(&wide, &narrow);
        rules[1]["audiences"] = json!(audiences);
        found(rules)
    };
    assert_eq!(other_audience(&["other"]), []);
    assert_eq!(other_audience(&["deploy", "other"]), []);
    // The rule that holds first says whether a token may come twice.
    let mut once = rules(&narrow, &wide);
    once[0]["replay"] = json!("enforce");
    assert_eq!(found(once), []);
    let mut other_issuer = rules(&wide, &narrow);
    other_issuer[1]["issuer"] = json!("https://ci.example/");
    assert_eq!(found(other_issuer), []);
}

#[test]
fn an_allow_rule_that_a_deny_rule_covers_is_overruled() {
    let narrow = json!([{"claim": "sub", "equals": "job-42"}]);
    let wide = json!([{"claim": "sub", "pattern": "job-*"}]);
    let both = |denied: &Value, allowed: &Value| {
        found(json!([
            rule("allow", "a", allowed),
            rule("deny", "d", denied)
        ]))
    };
    assert_eq!(
        both(&wide, &narrow),
        one("overruled", Grade::Caution, "/rules/0")
    );
    assert_eq!(both(&narrow, &wide), []);
    // A deny rule is not made needless by an allow rule.
    assert_eq!(
        found(json!([
            rule("deny", "d", &narrow),
            rule("allow", "a", &wide)
        ])),
        []
    );
}

/// Whether a deny rule with `given` is needless beside one with `wanted`.
fn implied(given: &Value, wanted: &Value) -> bool {
    let rules = json!([
        rule("deny", "wide", &json!([wanted])),
        rule("deny", "narrow", &json!([pinned(), given])),
    ]);
    let found = lint(&rules);
    found.iter().any(|own| own.code == FindingCode::Shadowed)
}

#[test]
fn a_test_implies_another_only_for_certain() {
    for (given, wanted, expected) in [
        (
            json!({"claim": "x", "equals": 2}),
            json!({"claim": "x", "at_most": 2}),
            true,
        ),
        (
            json!({"claim": "x", "equals": 2}),
            json!({"claim": "x", "less_than": 2}),
            false,
        ),
        (
            json!({"claim": "x", "less_than": 2}),
            json!({"claim": "x", "at_most": 2}),
            true,
        ),
        (
            json!({"claim": "x", "at_most": 2}),
            json!({"claim": "x", "less_than": 2}),
            false,
        ),
        (
            json!({"claim": "x", "one_of": ["a", "b"]}),
            json!({"claim": "x", "one_of": ["b", "a", "c"]}),
            true,
        ),
        (
            json!({"claim": "x", "one_of": ["a", "b"]}),
            json!({"claim": "x", "equals": "a"}),
            false,
        ),
        (
            json!({"claim": "x", "equals": "a"}),
            json!({"claim": "x", "exists": true}),
            true,
        ),
        (
            json!({"claim": "x", "exists": true}),
            json!({"claim": "x", "equals": "a"}),
            false,
        ),
        (
            json!({"claim": "x", "equals": "a"}),
            json!({"claim": "y", "equals": "a"}),
            false,
        ),
        (
            json!({"claim": "x", "equals": "a"}),
            json!({"claim": "x", "elements": "any", "equals": "a"}),
            true,
        ),
        (
            json!({"claim": "x", "elements": "any", "equals": "a"}),
            json!({"claim": "x", "equals": "a"}),
            false,
        ),
        (
            json!({"claim": "x", "elements": "all", "equals": "a"}),
            json!({"claim": "x", "elements": "any", "prefix": "a"}),
            true,
        ),
        (
            json!({"claim": "x", "elements": "any", "equals": "a"}),
            json!({"claim": "x", "elements": "all", "equals": "a"}),
            false,
        ),
    ] {
        assert_eq!(implied(&given, &wanted), expected, "{given} {wanted}");
    }
}

#[test]
fn a_combination_implies_another_only_for_certain() {
    for (given, wanted, expected) in [
        (
            json!({"not": {"claim": "x", "equals": "a"}}),
            json!({"not": {"claim": "x", "equals": "a"}, "or_absent": true}),
            true,
        ),
        (
            json!({"not": {"claim": "x", "equals": "a"}, "or_absent": true}),
            json!({"not": {"claim": "x", "equals": "a"}}),
            false,
        ),
        // A value of another kind passes neither: one negation does not imply the other.
        (
            json!({"not": {"claim": "x", "one_of": ["a", 1]}}),
            json!({"not": {"claim": "x", "equals": "a"}}),
            false,
        ),
        (
            json!({"any": [{"claim": "x", "equals": "a"}, {"claim": "x", "equals": "ab"}]}),
            json!({"claim": "x", "prefix": "a"}),
            true,
        ),
        (
            json!({"any": [{"claim": "x", "equals": "a"}, {"claim": "y", "equals": "ab"}]}),
            json!({"claim": "x", "prefix": "a"}),
            false,
        ),
        (
            json!({"claim": "x", "equals": "a"}),
            json!({"any": [{"claim": "x", "equals": "b"}, {"claim": "x", "equals": "a"}]}),
            true,
        ),
        (
            json!({"all": [{"claim": "x", "equals": "a"}, {"claim": "y", "equals": "a"}]}),
            json!({"claim": "y", "equals": "a"}),
            true,
        ),
        (
            json!({"claim": "x", "pattern": "a/*", "separator": "/"}),
            json!({"claim": "x", "pattern": "a/*"}),
            true,
        ),
        (
            json!({"claim": "x", "pattern": "a/*"}),
            json!({"claim": "x", "pattern": "a/*", "separator": "/"}),
            false,
        ),
        (
            json!({"claim": "x", "absent": true}),
            json!({"claim": "x", "absent": true}),
            true,
        ),
        (
            json!({"claim": "x", "equals_claim": "y"}),
            json!({"claim": "x", "equals_claim": "y"}),
            true,
        ),
        (
            json!({"claim": "x", "equals_claim": "y"}),
            json!({"claim": "x", "equals_claim": "z"}),
            false,
        ),
    ] {
        assert_eq!(implied(&given, &wanted), expected, "{given} {wanted}");
    }
}

/// Attack catalogue K7: whoever runs a service may give it a name like this one's, and use the tokens
/// that it is shown here.
#[test]
fn an_audience_is_a_whole_name() {
    let asked = |audience: Value| {
        let mut own = rule("allow", "a", &json!([audience, pinned()]));
        own["audiences"] = json!("by_condition");
        found(json!([own]))
    };
    for audience in [
        json!({"claim": "aud", "equals": "deploy"}),
        json!({"claim": "aud", "elements": "any", "one_of": ["deploy", "release"]}),
        json!({"claim": "aud", "pattern": "deploy"}),
        json!({"all": [{"claim": "aud", "equals": "deploy"}, {"claim": "aud", "prefix": "de"}]}),
    ] {
        assert_eq!(asked(audience.clone()), [], "{audience}");
    }
    let first = "/rules/0/conditions/0";
    for audience in [
        json!({"claim": "aud", "pattern": "deploy*"}),
        json!({"claim": "aud", "prefix": "deploy"}),
        json!({"claim": "aud", "elements": "any", "suffix": ".deploy.example"}),
    ] {
        assert_eq!(
            asked(audience.clone()),
            one("audience_unpinned", Grade::Caution, first),
            "{audience}"
        );
    }
    assert_eq!(
        asked(json!({"claim": "aud", "pattern": "*"})),
        one("audience_unpinned", Grade::Dangerous, first)
    );
}

fn identity(claims_type: &str, claims: Value) -> Identity {
    let document = json!({"name": "ec2", "ttl_seconds": 600, "method": "oidc",
        "config": {"discovery_url": ISSUER, "claims_type": claims_type, "claims": claims}});
    Identity::from_json(document.to_string().as_bytes()).unwrap()
}

/// The dialect says the audience in a condition: there it can be left open.
#[test]
fn an_identity_of_doppler_is_looked_at_in_its_own_places() {
    let found = |claims_type: &str, claims: Value| -> Vec<_> {
        let findings = identity(claims_type, claims).policy().lint().into_iter();
        findings
            .map(|own| (own.code.as_str(), own.grade, own.at.into_string()))
            .collect()
    };
    let fine = json!({"aud": ["deploy"], "sub": ["job-*"]});
    assert_eq!(found("wildcard", fine.clone()), []);
    assert_eq!(
        found("exact", fine),
        one("wildcard_is_literal", Grade::Caution, "/config/claims/sub")
    );
    let open = json!({"aud": ["*"], "sub": ["job-42"]});
    assert_eq!(
        found("wildcard", open),
        one("audience_unpinned", Grade::Dangerous, "/config/claims/aud")
    );
    let alike = json!({"aud": ["secrets", "deploy*"], "sub": ["job-42"]});
    assert_eq!(
        found("wildcard", alike),
        one("audience_unpinned", Grade::Caution, "/config/claims/aud")
    );
    let everyone = json!({"aud": ["deploy"], "sub": ["*"]});
    assert_eq!(
        found("wildcard", everyone),
        one("issuer_whole", Grade::Dangerous, "/config/claims")
    );
    let fine = identity("wildcard", json!({"aud": ["deploy"], "sub": ["job-*"]}));
    assert_eq!(fine.refuse_dangerous().unwrap().name(), "ec2");
    let everyone = identity("wildcard", json!({"aud": ["deploy"], "sub": ["*"]}));
    assert_eq!(everyone.refuse_dangerous().unwrap_err().findings().len(), 1);
}

#[test]
fn findings_print_and_serialize() {
    let rules = json!([rule(
        "allow",
        "a\nb",
        &json!([{"claim": "sub", "exists": true}])
    )]);
    let policy = policy(&rules);
    let [finding] = &*policy.lint() else {
        panic!("one finding")
    };
    assert_eq!(
        finding.to_string(),
        "dangerous: rule 0 `a\\nb`: every token of the issuer for these audiences is admitted, \
         at `/rules/0` (issuer_whole)"
    );
    assert_eq!(
        serde_json::to_value(finding).unwrap(),
        json!({"code": "issuer_whole", "grade": "dangerous", "rule": {"index": 0, "id": "a\nb"},
               "at": "/rules/0",
               "message": "every token of the issuer for these audiences is admitted"})
    );
    assert_eq!(policy.grade(), Grade::Dangerous);
    let refused = policy.refuse_dangerous().unwrap_err();
    assert_eq!(
        (refused.code(), refused.findings().len()),
        ("policy_dangerous", 1)
    );
    assert_eq!(
        refused.to_string(),
        format!("policy is not safe to use: {finding}")
    );
}

#[test]
fn what_asks_for_caution_is_not_refused() {
    let rules = json!([rule(
        "allow",
        "a",
        &json!([{"claim": "team", "equals": "x"}])
    )]);
    let policy = policy(&rules);
    assert_eq!(policy.grade(), Grade::Caution);
    assert_eq!(policy.refuse_dangerous().unwrap().len(), 1);
}

/// Rules are compared within bounds, whatever the policy: and what was not looked for is said.
#[test]
fn the_largest_policies_are_looked_at_in_bounded_time() {
    let distinct: Vec<Value> = (0..Policy::MAX_RULES)
        .map(|index| {
            rule(
                "allow",
                &index.to_string(),
                &json!([{"claim": "sub", "equals": format!("job-{index}")}]),
            )
        })
        .collect();
    assert_eq!(found(json!(distinct)), []);

    let pattern = format!("*{}", "a*".repeat(400));
    let heavy: Vec<Value> = (0..Policy::MAX_RULES)
        .map(|index| {
            let pattern = format!("{index}{pattern}");
            rule(
                "allow",
                &index.to_string(),
                &json!([{"claim": "sub", "pattern": pattern}]),
            )
        })
        .collect();
    let last = Policy::MAX_RULES - 1;
    assert_eq!(
        found(json!(heavy)),
        one("incomplete", Grade::Caution, &format!("/rules/{last}"))
    );
}
