//! Attacks on trust policies: names reused, values reshaped, patterns stretched.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::{Outcome, Policy};
use serde_json::{Value, json};

const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn policy(conditions: &Value) -> Policy {
    let policy = json!({"rules": [{
        "id": "r", "effect": "allow", "issuer": ISSUER, "audiences": ["sts"],
        "conditions": conditions,
    }]});
    Policy::from_json(policy.to_string().as_bytes()).unwrap()
}

fn admits(conditions: &Value, claims: &Value) -> bool {
    let mut claims = claims.clone();
    claims["aud"] = json!("sts");
    let policy = policy(conditions);
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let json = claims.to_string();
    let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
    policy.decide(&claims).is_allowed()
}

fn sub(condition: &Value, sub: &str) -> bool {
    let mut condition = condition.clone();
    condition["claim"] = json!("sub");
    admits(&json!([condition]), &json!({"sub": sub}))
}

/// P1: a rule with the audience alone would admit every tenant of a shared issuer.
#[test]
fn the_audience_alone_is_no_rule() {
    let policy = json!({"rules": [{
        "id": "r", "effect": "allow", "issuer": ISSUER, "audiences": ["sts"], "conditions": [],
    }]});
    let error = Policy::from_json(policy.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("empty", "/rules/0/conditions")
    );
}

/// P2: a wildcard after the delimiter stays with the tenant.
#[test]
fn a_wildcard_after_the_delimiter_does_not_leave_the_tenant() {
    let pattern = json!({"pattern": "repo:acme/*"});
    assert!(sub(&pattern, "repo:acme/web:ref:refs/heads/main"));
    for other in [
        "repo:acme-evil/web",
        "repo:acmeevil/web",
        "repo:acme",
        "repo:ACME/web",
        "x repo:acme/web",
    ] {
        assert!(!sub(&pattern, other), "{other}");
    }
    let segment = json!({"pattern": "org/acme/project/*", "separator": "/"});
    assert!(sub(&segment, "org/acme/project/7"));
    assert!(!sub(&segment, "org/acme/project/7/user/mallory"));
}

/// P4: a name may come to another owner, an id does not.
#[test]
fn an_id_beside_the_name_refuses_the_next_owner_of_the_name() {
    let conditions = json!([
        {"claim": "repository", "equals": "acme/web"},
        {"claim": "repository_owner_id", "equals": "4217"},
    ]);
    let claims = |id: &str| json!({"repository": "acme/web", "repository_owner_id": id});
    assert!(admits(&conditions, &claims("4217")));
    assert!(!admits(&conditions, &claims("9999")));
    assert!(!admits(&conditions, &json!({"repository": "acme/web"})));
}

/// P5: a legal name that looks like another form of a subject is still another text.
#[test]
fn a_subject_with_ids_is_no_name_with_digits() {
    let immutable = json!({"equals": "repo:acme@123/web@456:ref:refs/heads/main"});
    assert!(sub(&immutable, "repo:acme@123/web@456:ref:refs/heads/main"));
    for other in [
        "repo:acme-123/web-456:ref:refs/heads/main",
        "repo:acme%40123/web%40456:ref:refs/heads/main",
        "repo:acme/web:ref:refs/heads/main",
    ] {
        assert!(!sub(&immutable, other), "{other}");
    }
}

/// P6: where the subject's template was changed, the single claims still refuse.
#[test]
fn single_claims_hold_whatever_the_subject_looks_like() {
    let conditions = json!([
        {"claim": "sub", "pattern": "*:ref:refs/heads/main"},
        {"claim": "repository_id", "equals": "7"},
    ]);
    let claims =
        |id| json!({"sub": "repository_owner:evil:ref:refs/heads/main", "repository_id": id});
    assert!(admits(&conditions, &claims("7")));
    assert!(!admits(&conditions, &claims("8")));
}

/// P7: characters of the claim are never special.
#[test]
fn a_claim_that_looks_like_a_pattern_is_plain_text() {
    for text in ["*", "repo:acme/*", "repo:acme/?", "**", "?", "\\*"] {
        assert!(!sub(&json!({"equals": "repo:acme/web"}), text), "{text}");
        assert!(!sub(&json!({"pattern": "repo:acme/w?b"}), text), "{text}");
        assert!(sub(&json!({"equals": text}), text), "{text}");
    }
    // And those of an exact operator are not either.
    assert!(!sub(&json!({"equals": "repo:acme/*"}), "repo:acme/web"));
    assert!(!sub(&json!({"one_of": ["*"]}), "repo:acme/web"));
    assert!(!sub(&json!({"prefix": "repo:*"}), "repo:acme/web"));
    assert!(sub(&json!({"pattern": r"repo:acme/\*"}), "repo:acme/*"));
    assert!(!sub(&json!({"pattern": r"repo:acme/\*"}), "repo:acme/web"));
}

/// P8: both ends are anchored; `.` and newline are plain.
#[test]
fn nothing_may_stand_before_or_after() {
    for condition in [
        json!({"pattern": "repo:acme/web.git"}),
        json!({"equals": "repo:acme/web.git"}),
        json!({"one_of": ["repo:acme/web.git"]}),
        json!({"pattern": "repo:acme/we?.git"}),
    ] {
        assert!(sub(&condition, "repo:acme/web.git"));
        for other in [
            "xrepo:acme/web.git",
            "repo:acme/web.gitx",
            "repo:acme/web.git\n",
            "\nrepo:acme/web.git",
            "x\nrepo:acme/web.git\ny",
            " repo:acme/web.git",
            "repo:acme/webxgit",
            "repo:acme/web.git\u{0}",
        ] {
            assert!(!sub(&condition, other), "{condition} {other:?}");
        }
    }
    // One alternative does not lend its anchors to another.
    let either = json!({"one_of": ["a", "b"]});
    for other in ["ab", "a|b", "ax", "xb"] {
        assert!(!sub(&either, other), "{other}");
    }
}

/// P9: "all of" nothing is nothing.
#[test]
fn all_of_no_elements_does_not_admit() {
    let conditions = json!([{"claim": "groups", "elements": "all", "equals": "release"}]);
    assert!(admits(
        &conditions,
        &json!({"groups": ["release", "release"]})
    ));
    for claims in [
        json!({}),
        json!({"groups": []}),
        json!({"groups": null}),
        json!({"groups": {}}),
    ] {
        assert!(!admits(&conditions, &claims), "{claims}");
    }
    let none = json!([{"claim": "groups", "elements": "none", "equals": "banned"}]);
    for claims in [json!({}), json!({"groups": []}), json!({"groups": null})] {
        assert!(!admits(&none, &claims), "{claims}");
    }
}

/// P10: a negation on what is missing or null does not admit.
#[test]
fn a_negation_needs_something_to_negate() {
    for inner in [
        json!({"claim": "event", "equals": "pull_request"}),
        json!({"claim": "event", "one_of": ["pull_request", "pull_request_target"]}),
        json!({"claim": "event", "pattern": "pull_*"}),
        json!({"claim": "event", "exists": true}),
        json!({"claim": "event", "elements": "any", "equals": "pull_request"}),
    ] {
        for claims in [json!({}), json!({"event": null})] {
            let conditions = json!([{"not": inner}]);
            assert!(!admits(&conditions, &claims), "{inner} {claims}");
        }
    }
}

/// P11: nothing is converted.
#[test]
fn types_that_differ_do_not_match() {
    for (wanted, others) in [
        (json!(true), json!(["true", 1, "1", [true]])),
        (json!("true"), json!([true, "True", ["true"]])),
        (json!(123), json!(["123", 123.5, true, [123]])),
        (json!("123"), json!([123, "123.0", "0123"])),
        (
            json!(9_007_199_254_740_993_u64),
            json!([9_007_199_254_740_992_u64, 9_007_199_254_740_994_u64]),
        ),
        (json!(0), json!([false, "", "0", null])),
    ] {
        let conditions = json!([{"claim": "c", "equals": wanted}]);
        assert!(admits(&conditions, &json!({"c": wanted})));
        for other in others.as_array().unwrap() {
            assert!(
                !admits(&conditions, &json!({"c": other})),
                "{wanted} {other}"
            );
        }
    }
}

/// P12: the work is linear, and it is counted.
#[test]
fn a_pattern_made_to_be_slow_costs_few_steps() {
    let pattern = format!("{}b", "*a".repeat(500));
    let policy = policy(&json!([{"claim": "c", "pattern": pattern}]));
    let steps = |bytes: usize| {
        let json = json!({"aud": "sts", "c": "a".repeat(bytes)}).to_string();
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
        let decision = policy.decide(&claims);
        assert!(!decision.is_allowed());
        (decision.outcome(), decision.steps())
    };
    let (outcome, once) = steps(32_000);
    assert_eq!(outcome, Outcome::NoRuleHolds);
    assert!(once < Policy::MAX_STEPS / 10, "{once}");
    assert!(steps(64_000).1 <= once.saturating_mul(2));
    // What is too long for the budget is refused, not tried.
    assert_eq!(steps(900_000).0, Outcome::TooManySteps);
}

/// P13: what is not understood does not load.
#[test]
fn a_policy_with_an_unknown_or_misspelt_word_does_not_load() {
    let load = |conditions: &str| {
        let policy = format!(
            r#"{{"rules":[{{"id":"r","effect":"allow","issuer":"{ISSUER}","audiences":["sts"],"conditions":[{conditions}]}}]}}"#
        );
        Policy::from_json(policy.as_bytes()).map_err(|error| error.code())
    };
    for (condition, code) in [
        (r#"{"claim":"sub","matches":"a"}"#, "member_unknown"),
        (r#"{"claim":"sub","Equals":"a"}"#, "member_unknown"),
        (r#"{"claims":"sub","equals":"a"}"#, "member_unknown"),
        (
            r#"{"claim":"sub","equals":"a","element":"any"}"#,
            "member_unknown",
        ),
        (
            r#"{"claim":"sub","equals":"a","equals":"b"}"#,
            "duplicate_member",
        ),
        (
            r#"{"claim":"sub","equals":"a","\u0065quals":"b"}"#,
            "duplicate_member",
        ),
    ] {
        assert_eq!(load(condition).err(), Some(code), "{condition}");
    }
    for no_json in [
        r#"{"claim":"sub","equals":"a"},"#,
        r#"{"claim":"sub","equals":"\ud800"}"#,
        r#"{"claim":"sub","equals":"a" /* main */}"#,
    ] {
        assert!(load(no_json).is_err(), "{no_json}");
    }
    assert!(load(r#"{"claim":"sub","equals":"a"}"#).is_ok());
}

/// P14: a rule is for its issuer, to the byte.
#[test]
fn a_rule_does_not_apply_to_another_issuer() {
    let policy = policy(&json!([{"claim": "sub", "equals": "a"}]));
    let decide = |issuer: &str| {
        let issuer = IssuerIdentifier::parse(issuer).unwrap();
        let claims = policy
            .vouched_claims(issuer, br#"{"aud":"sts","sub":"a"}"#)
            .unwrap();
        policy.decide(&claims).outcome()
    };
    assert_eq!(decide(ISSUER).rule(), Some(0));
    for other in [
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com:443",
        "https://token.actions.githubusercontent.com/acme",
        "https://evil.example",
    ] {
        // A spelling that is no issuer identifier at all cannot be asked for.
        if IssuerIdentifier::parse(other).is_ok() {
            assert_eq!(decide(other), Outcome::NoRuleApplies, "{other}");
        }
    }
    // Nor can claims say that they are of another issuer than the caller verified them for.
    let issuer = IssuerIdentifier::parse("https://evil.example").unwrap();
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"sts","sub":"a"}}"#);
    let error = policy
        .vouched_claims(issuer, claims.as_bytes())
        .unwrap_err();
    assert_eq!(error.code(), "iss_other");
}

/// P15: a value with delimiters in it is compared whole, and nothing is decoded.
#[test]
fn delimiters_in_a_value_do_not_split_it() {
    let main = json!({"equals": "repo:acme/web:ref:refs/heads/main"});
    for other in [
        "repo:acme/web:environment:prod:ref:refs/heads/main",
        "repo:acme/web%3Aref%3Arefs/heads/main",
        "repo:acme/web:ref:refs%2Fheads%2Fmain",
    ] {
        assert!(!sub(&main, other), "{other}");
    }
    let environment = json!([{"claim": "environment", "equals": "prod"}]);
    assert!(!admits(
        &environment,
        &json!({"environment": "prod:ref:refs/heads/main"})
    ));
}

/// The explanation of a hostile token is one line a condition, and of bounded length.
#[test]
fn an_explanation_cannot_be_forged_by_a_claim() {
    let policy = policy(&json!([{"claim": "sub", "equals": "a"}]));
    let hostile = format!(
        "x\nallowed, rule 0 `r`\u{1b}[2J\u{202e}{}",
        "y".repeat(10_000)
    );
    let json = json!({"aud": "sts", "sub": hostile}).to_string();
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
    let decision = policy.decide(&claims);
    let text = decision.for_operator().to_string();
    // The outcome, the nearest rule, the rule, its condition.
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    assert!(text.len() < 1_000);
    let json = serde_json::to_string(&decision.for_operator()).unwrap();
    assert!(json.len() < 1_500);
}

/// What the caller is told is the same for every refusal.
#[test]
fn the_caller_learns_neither_the_policy_nor_who_else_is_in_it() {
    let allow = json!({"id": "secret-project", "effect": "allow", "issuer": ISSUER,
        "audiences": ["sts"], "conditions": [{"claim": "sub", "equals": "a"}]});
    let deny = json!({"id": "secret-ban", "effect": "deny", "issuer": ISSUER,
        "audiences": ["sts"], "conditions": [{"claim": "sub", "equals": "b"}]});
    let policy = json!({"rules": [allow, deny]});
    let policy = Policy::from_json(policy.to_string().as_bytes()).unwrap();
    let mut told = Vec::new();
    for claims in [
        json!({"aud": "sts", "sub": "b"}),
        json!({"aud": "sts", "sub": "A"}),
        json!({"aud": "other", "sub": "a"}),
        json!({"aud": "sts"}),
    ] {
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        let json = claims.to_string();
        let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
        let view = policy.decide(&claims).for_caller();
        told.push((view.to_string(), serde_json::to_string(&view).unwrap()));
    }
    let refused = "refused: no policy admits this token".to_owned();
    assert_eq!(told[0], (refused, r#"{"allowed":false}"#.to_owned()));
    assert!(told.iter().all(|one| *one == told[0]));
}
