//! The contract of `examples/decide.rs`: what it answers, line by line.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/decide.rs"]
mod program;

use serde_json::{Value, json};

/// A request in the native language that is answered with yes.
fn native() -> Value {
    json!({
        "id": "a",
        "dialect": "native",
        "policy": {"rules": [{
            "id": "ci", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
            "conditions": [{"claim": "sub", "equals": "job-42"}],
        }]},
        "claims": {"iss": "https://ci.example", "aud": "deploy", "sub": "job-42"},
        "issuer": "https://ci.example",
        "unknown member": true,
    })
}

fn doppler() -> Value {
    json!({
        "id": 7,
        "dialect": "doppler",
        "policy": {
            "name": "ec2-prod", "ttl_seconds": 600, "method": "oidc",
            "config": {
                "discovery_url": "https://ci.example",
                "claims": {"aud": ["deploy"], "sub": ["job-41", "job-42"]},
            },
        },
        "claims": {"aud": ["other", "deploy"], "sub": "job-42"},
        "issuer": "https://ci.example",
    })
}

fn aws() -> Value {
    json!({
        "id": "r",
        "dialect": "aws",
        "policy": {
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Deploy",
                "Effect": "Allow",
                "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"ci.example:aud": "sts.amazonaws.com"},
                    "StringLike": {"ci.example:sub": "job-*"},
                },
            }],
        },
        "claims": {"aud": "sts.amazonaws.com", "sub": "job-42"},
        "issuer": "https://ci.example",
    })
}

fn answer(request: &Value) -> Value {
    answer_line(&request.to_string())
}

fn answer_line(line: &str) -> Value {
    serde_json::from_str(&program::answer_line(line.as_bytes())).unwrap()
}

#[test]
fn an_admitted_token_is_answered_with_its_rule() {
    assert_eq!(
        answer(&native()),
        json!({
            "id": "a",
            "allow": true,
            "rule": "ci",
            "why": [
                "allowed, rule 0 `ci`",
                "allow rule 0 `ci`: holds",
                "  `/sub` equals \"job-42\": holds; it is \"job-42\"",
            ],
            "lint": [],
        })
    );
    let answer = answer(&doppler());
    assert_eq!((&answer["id"], &answer["allow"]), (&json!(7), &json!(true)));
    assert_eq!(answer["rule"], "ec2-prod");
}

#[test]
fn a_refusal_says_why() {
    let mut request = native();
    request["claims"]["sub"] = json!("Job-42");
    let refused = answer(&request);
    assert_eq!(
        (&refused["allow"], &refused["rule"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(
        refused["why"],
        json!([
            "refused: no rule holds",
            "nearest: rule 0 `ci`: `/sub`: differs only in case",
            "allow rule 0 `ci`: does not hold",
            "  `/sub` equals \"job-42\": does not hold; it is \"Job-42\" (differs only in case)",
        ])
    );
}

#[test]
fn claims_of_another_issuer_are_refused() {
    for mut request in [native(), doppler(), aws()] {
        request["issuer"] = json!("https://ci.example/");
        assert_eq!(answer(&request)["allow"], false);
        request["claims"]["iss"] = json!("https://other.example");
        assert_eq!(answer(&request)["allow"], false);
    }
}

#[test]
fn a_policy_that_does_not_load_is_answered_with_code_and_place() {
    let mut request = native();
    request["policy"]["rules"][0]["conditions"] = json!([]);
    let refused = answer(&request);
    assert_eq!(refused["error"], "empty");
    assert_eq!(refused["at"], "/rules/0/conditions");
    assert_eq!(refused.get("allow"), None);

    let mut request = doppler();
    request["policy"]["config"]["claims"] = json!({"sub": ["job"]});
    let refused = answer(&request);
    assert_eq!(
        (&refused["id"], &refused["error"]),
        (&json!(7), &json!("member_missing"))
    );
    assert_eq!(refused["at"], "/config/claims");
}

/// Code, grade and place: whether the claims pass or not.
#[test]
fn each_dialect_answers_with_its_lint() {
    let lint = |request: &Value| -> Vec<Value> {
        let answer = answer(request);
        let findings = answer["lint"].as_array().unwrap().iter();
        findings
            .map(|own| json!([own["code"], own["grade"], own["at"]]))
            .collect()
    };
    let github = "https://token.actions.githubusercontent.com";
    let mut request = native();
    request["issuer"] = json!(github);
    request["claims"]["iss"] = json!(github);
    request["policy"]["rules"][0]["issuer"] = json!(github);
    request["policy"]["rules"][0]["conditions"] =
        json!([{"claim": "sub", "pattern": "repo:acme*"}]);
    let crossed = json!(["tenant_crossed", "dangerous", "/rules/0/conditions/0"]);
    assert_eq!(lint(&request), std::slice::from_ref(&crossed));
    // Of claims that no verified token has, the lint is given all the same.
    request["issuer"] = json!("https://other.example");
    assert_eq!(lint(&request), [crossed]);

    let mut request = doppler();
    assert_eq!(lint(&request), [json!(null); 0]);
    request["policy"]["config"]["claims_type"] = json!("wildcard");
    request["policy"]["config"]["claims"] = json!({"aud": ["*"], "sub": ["job-*"]});
    assert_eq!(
        lint(&request),
        [json!([
            "audience_unpinned",
            "dangerous",
            "/config/claims/aud"
        ])]
    );

    let mut request = aws();
    assert_eq!(lint(&request), [json!(null); 0]);
    request["policy"]["Statement"][0]["Condition"] = json!({
        "StringEquals": {"ci.example:aud": "deploy"},
        "StringEqualsIfExists": {"ci.example:sub": "job-42"}
    });
    assert_eq!(
        lint(&request),
        [
            json!([
                "holds_if_absent",
                "caution",
                "/Statement/0/Condition/StringEqualsIfExists/ci.example:sub"
            ]),
            json!(["guard_negative", "dangerous", "/Statement/0"]),
        ]
    );
}

#[test]
fn a_trust_policy_answers_with_sid_or_index() {
    let allowed = answer(&aws());
    assert_eq!(
        (&allowed["id"], &allowed["allow"], &allowed["rule"]),
        (&json!("r"), &json!(true), &json!("Deploy"))
    );
    let mut unnamed = aws();
    let statement = unnamed["policy"]["Statement"][0].as_object_mut();
    statement.unwrap().remove("Sid");
    assert_eq!(answer(&unnamed)["rule"], 0);
    let mut refused = aws();
    refused["claims"]["sub"] = json!("Job-42");
    let refused = answer(&refused);
    assert_eq!(
        (&refused["allow"], &refused["rule"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(
        refused["why"][1],
        "nearest: rule 0 `Deploy`: `ci.example:sub`: differs only in case"
    );
    let mut broken = aws();
    broken["policy"]["Statement"][0]["Condition"] = json!({"StringEqual": {"ci.example:sub": "x"}});
    let broken = answer(&broken);
    assert_eq!(
        (&broken["error"], &broken["at"]),
        (
            &json!("operator_unknown"),
            &json!("/Statement/0/Condition/StringEqual")
        )
    );
}

/// The answer for a trust policy with one condition, and more members of the request.
fn on_condition(condition: Value, more: &Value) -> Value {
    let mut request = aws();
    request["policy"]["Statement"][0]["Condition"] = condition;
    let members = request.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    answer(&request)
}

#[test]
fn a_trust_policy_asks_the_time() {
    let condition = json!({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}});
    for (more, expected) in [
        (json!({"now": 1_798_761_599}), true),
        (json!({"now": 1_798_761_600}), false),
        (json!({}), false),
    ] {
        let answer = on_condition(condition.clone(), &more);
        assert_eq!(answer["allow"], expected, "{answer}");
    }
}

#[test]
fn a_trust_policy_asks_the_context() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/ci.example";
    let role = "arn:aws:iam::111122223333:role/r";
    let session = json!({"StringLike": {"sts:RoleSessionName": "a*"}});
    let address = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let listed = json!({"Bool": {"sts:RoleAuthorizedByIdp": false}});
    let nothing = json!({"Null": {"x:y": true}});
    let other = json!({"StringEquals": {"x:y": "z"}});
    let several = json!({"ForAnyValue:StringEquals": {"x:y": "z"}});
    for (condition, context, expected) in [
        (&session, json!({"session_name": "ab"}), true),
        (&session, json!({"session_name": "b"}), false),
        (&address, json!({"source_ip": "10.1.2.3"}), true),
        (&address, json!({"source_ip": "11.1.2.3"}), false),
        (&listed, json!({"role_arn": role}), true),
        (&listed, json!({"role": role}), true),
        (&listed, json!({}), false),
        (&nothing, json!({"provider_arn": provider}), true),
        (&nothing, json!({"provider_arn": role}), false),
        (&nothing, json!({"provider": provider}), true),
        (&nothing, json!({"provider": role}), false),
        (&other, json!({"keys": {"X:Y": "z"}}), true),
        (&other, json!({"keys": {"x:y": ["z"]}}), false),
        (&several, json!({"keys": {"x:y": ["a", "z"]}}), true),
    ] {
        let answer = on_condition(condition.clone(), &json!({"context": context}));
        assert_eq!(answer["allow"], expected, "{answer}");
    }
}

#[test]
fn other_claims_are_keys_in_open_mode_only() {
    let condition = json!({"StringEquals": {"ci.example:team": "web"}});
    let claims = json!({"aud": "a", "sub": "s", "team": "web"});
    for (context, expected) in [
        (json!({"mode": "open"}), true),
        (json!({"mode": "documented"}), false),
        (json!({}), false),
    ] {
        let more = json!({"claims": claims, "context": context});
        assert_eq!(on_condition(condition.clone(), &more)["allow"], expected);
    }
}

#[test]
fn a_context_that_cannot_be_read_is_an_error() {
    let long = "x".repeat(1_000);
    let condition = json!({"StringEquals": {"ci.example:sub": [long, long, "job-42"]}});
    let with = |context: Value| on_condition(condition.clone(), &json!({"context": context}));
    assert_eq!(with(json!({}))["error"], "too_long");
    assert_eq!(with(json!(null))["error"], "too_long");
    assert_eq!(with(json!({"account": "unread"}))["error"], "too_long");
    assert_eq!(with(json!({"quota": "default"}))["error"], "too_long");
    assert_eq!(with(json!({"quota": "raised"}))["allow"], true);
    for context in [
        json!({"mode": "Open"}),
        json!({"source_ip": "here"}),
        json!("open"),
    ] {
        let answer = with(context);
        assert!(
            answer["error"].is_string() && answer.get("allow").is_none(),
            "{answer}"
        );
    }
}

#[test]
fn duplicate_names_in_policy_or_claims_are_refused() {
    let line = native().to_string();
    let twice = line.replace(r#""effect":"allow""#, r#""effect":"deny","effect":"allow""#);
    let refused = answer_line(&twice);
    assert_eq!(refused["id"], "a");
    assert_eq!(
        (&refused["error"], &refused["at"]),
        (&json!("duplicate_member"), &json!("/rules/0/effect"))
    );
    let twice = line.replace(r#""sub":"job-42""#, r#""sub":"x","sub":"job-42""#);
    let refused = answer_line(&twice);
    assert_eq!(refused, json!({"id": "a", "error": "claims_json"}));
}

#[test]
fn a_dialect_that_is_not_known_is_said_so() {
    for dialect in ["AWS", "Native", ""] {
        let mut request = native();
        request["dialect"] = json!(dialect);
        let expected = json!({"id": "a", "error": "dialect_unsupported"});
        assert_eq!(answer(&request), expected, "{dialect}");
    }
}

#[test]
fn a_bad_line_is_answered_with_an_error() {
    for (line, id) in [
        ("", json!(null)),
        ("not json", json!(null)),
        ("[]", json!(null)),
        (r#"["a"]"#, json!(null)),
        (r#"{"id":7}"#, json!(7)),
    ] {
        let answer = answer_line(line);
        assert_eq!(answer["id"], id, "{line}");
        assert!(answer["error"].is_string(), "{line}");
    }
}
