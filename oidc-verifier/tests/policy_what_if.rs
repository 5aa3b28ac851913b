//! Two policies over recorded claims: who is let in that was not, and the other way round.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the program reads its policies from files, and one that does not load fails its test"
)]

use oidc_verifier::policy::Policy;
use oidc_verifier::policy::what_if::{MAX_LISTED, Recorded, WhatIf, what_if};
use serde_json::{Value, json};

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/what_if.rs"]
mod program;

const ISSUER: &str = "https://ci.example";

fn document(rules: &Value) -> String {
    json!({ "rules": rules }).to_string()
}

fn rule(effect: &str, id: &str, condition: &Value) -> Value {
    json!({"id": id, "effect": effect, "issuer": ISSUER, "audiences": ["deploy"],
           "conditions": [condition]})
}

fn jobs(pattern: &str) -> Value {
    rule(
        "allow",
        "jobs",
        &json!({"claim": "sub", "pattern": pattern}),
    )
}

fn report(current: &Value, candidate: &Value, recorded: &[(&str, &str)]) -> WhatIf {
    let load = |rules| Policy::from_json(document(rules).as_bytes()).unwrap();
    let (current, candidate) = (load(current), load(candidate));
    let records = recorded
        .iter()
        .map(|(issuer, claims)| Recorded::new(issuer, claims));
    what_if(&current, &candidate, records)
}

#[test]
fn each_record_is_counted_once_by_what_both_policies_say() {
    let found = report(
        &json!([jobs("job-4*")]),
        &json!([
            jobs("job-?2"),
            rule(
                "deny",
                "no 92",
                &json!({"claim": "sub", "equals": "job-92"})
            )
        ]),
        &[
            (ISSUER, r#"{"aud":"deploy","sub":"job-42"}"#),
            (ISSUER, r#"{"aud":"deploy","sub":"job-43"}"#),
            (ISSUER, r#"{"aud":"deploy","sub":"job-52"}"#),
            (ISSUER, r#"{"aud":"deploy","sub":"job-92"}"#),
            (ISSUER, r#"{"aud":"other","sub":"job-42"}"#),
            (
                "https://other.example",
                r#"{"aud":"deploy","sub":"job-42"}"#,
            ),
        ],
    );
    assert_eq!(
        (
            found.newly_admitted,
            found.newly_refused,
            found.still_admitted,
            found.still_refused,
            found.malformed
        ),
        (1, 1, 1, 3, 0)
    );
    assert!(found.admits_more());
    assert_eq!(
        found.to_string(),
        "1 newly admitted, 1 newly refused, 1 still admitted, 3 still refused, 0 not decided\n\
         newly refused: record 1, `job-43` of `https://ci.example`: before allowed by rule 0 `jobs`, \
         after no_rule_holds (`/sub`: `pattern` does not hold)\n\
         newly admitted: record 2, `job-52` of `https://ci.example`: before no_rule_holds, \
         after allowed by rule 0 `jobs`\n"
    );
}

#[test]
fn a_deny_rule_that_decides_is_named() {
    let denied = rule(
        "deny",
        "no\n42",
        &json!({"claim": "sub", "equals": "job-42"}),
    );
    let found = report(
        &json!([jobs("job-*")]),
        &json!([denied, jobs("job-*")]),
        &[(ISSUER, r#"{"aud":"deploy","sub":"job-42"}"#)],
    );
    assert!(!found.admits_more());
    assert_eq!(
        serde_json::to_value(&found).ok(),
        Some(json!({
            "newly_admitted": 0, "newly_refused": 1, "still_admitted": 0, "still_refused": 0,
            "malformed": 0,
            "changes": [{
                "record": 0, "issuer": ISSUER, "subject": "job-42",
                "before": {"allowed": true, "code": "allowed", "rule": {"index": 0, "id": "jobs"}},
                "after": {"allowed": false, "code": "denied_by_rule",
                          "rule": {"index": 0, "id": "no\n42"}, "hint": "this deny rule holds"},
            }],
            "not_decided": [],
        }))
    );
}

#[test]
fn a_malformed_record_is_reported_and_the_next_one_judged() {
    let found = report(
        &json!([jobs("job-4*")]),
        &json!([jobs("job-*")]),
        &[
            ("http://ci.example", r#"{"aud":"deploy","sub":"job-50"}"#),
            (ISSUER, "[]"),
            (ISSUER, r#"{"aud":"deploy","sub":"job-50","sub":"job-51"}"#),
            (ISSUER, r#"{"aud":7,"sub":"job-50"}"#),
            (
                ISSUER,
                r#"{"iss":"https://other.example","aud":"deploy","sub":"job-50"}"#,
            ),
            (ISSUER, r#"{"aud":"deploy","sub":"job-50"}"#),
            (ISSUER, r#"{"aud":"deploy"}"#),
        ],
    );
    let faults: Vec<_> = found
        .not_decided
        .iter()
        .map(|own| (own.record, own.fault.code()))
        .collect();
    assert_eq!(
        faults,
        [
            (0, "not_https"),
            (1, "claims_not_object"),
            (2, "claims_json"),
            (3, "aud_malformed"),
            (4, "iss_other"),
        ]
    );
    assert_eq!(
        (found.malformed, found.newly_admitted, found.still_refused),
        (5, 1, 1)
    );
    let lines = found.to_string();
    assert!(
        lines.contains("not decided: record 3: `aud` is malformed (aud_malformed)\n"),
        "{lines}"
    );
}

#[test]
fn what_is_listed_is_bounded_and_all_is_counted() {
    let records = |count: usize| vec![(ISSUER, r#"{"aud":"deploy","sub":"job-50"}"#); count];
    let (current, candidate) = (json!([jobs("job-4*")]), json!([jobs("job-*")]));
    let full = report(&current, &candidate, &records(MAX_LISTED));
    assert_eq!(
        (full.changes.len(), full.newly_admitted),
        (MAX_LISTED, MAX_LISTED)
    );
    assert!(!full.to_string().contains('…'));
    let over = report(&current, &candidate, &records(MAX_LISTED + 1));
    assert_eq!(
        (over.changes.len(), over.newly_admitted),
        (MAX_LISTED, MAX_LISTED + 1)
    );
    assert!(
        over.to_string()
            .ends_with("… and more, which are counted above\n")
    );
}

/// A record can come from a token that was hostile: what is shown of it is one line.
#[test]
fn what_is_shown_of_a_record_is_escaped_and_cut() {
    let claims = format!(r#"{{"aud":"deploy","sub":"job-\n{}"}}"#, "x".repeat(1_000));
    let found = report(
        &json!([jobs("a")]),
        &json!([jobs("job-*")]),
        &[(ISSUER, &claims)],
    );
    let line = found.changes[0].to_string();
    assert!(
        line.contains(r"job-\u000axxx") && line.contains('…'),
        "{line}"
    );
    assert!(line.lines().count() == 1 && line.len() < 600, "{line}");
}

mod example {
    use super::*;

    fn files(name: &str) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let written = std::fs::create_dir_all(&folder).and_then(|()| {
            let wide = document(&json!([jobs("job-*")]));
            std::fs::write(folder.join("current"), document(&json!([jobs("job-4*")])))?;
            std::fs::write(folder.join("candidate"), wide)
        });
        assert!(written.is_ok(), "{written:?}");
        ["current", "candidate"]
            .map(|file| folder.join(file).display().to_string())
            .to_vec()
    }

    const RECORDED: &str = concat!(
        r#"{"issuer":"https://ci.example","claims":{"aud":"deploy","sub":"job-42"}}"#,
        "\n\nnot json\n",
        r#"{"issuer":"https://ci.example","claims":{"aud":"deploy","sub":"job-50"},"at":1}"#,
        "\n"
    );

    #[test]
    fn the_program_prints_the_report_and_says_whether_anyone_is_newly_admitted() {
        let mut arguments = files("prints");
        let mut out = Vec::new();
        let report = program::run(&arguments, RECORDED.as_bytes(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), report.to_string());
        assert_eq!(
            (
                report.newly_admitted,
                report.still_admitted,
                report.malformed
            ),
            (1, 1, 1)
        );
        assert!(report.admits_more());

        arguments.reverse();
        arguments.push("--json".to_owned());
        let mut out = Vec::new();
        let report = program::run(&arguments, RECORDED.as_bytes(), &mut out).unwrap();
        assert!(!report.admits_more());
        let printed: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(printed["newly_refused"], 1);
    }

    #[test]
    fn without_two_policies_there_is_no_answer() {
        let arguments = files("refuses");
        let run = |arguments: &[String]| {
            let error = program::run(arguments, &b""[..], &mut Vec::new()).unwrap_err();
            error.to_string()
        };
        assert!(run(&arguments[..1]).starts_with("usage: "));
        assert!(
            run(&[arguments[0].clone(), "/no/such/file".to_owned()]).starts_with("/no/such/file: ")
        );
    }
}

/// A rule that admits each token once admits the record: no guard has seen it.
#[test]
fn a_rule_that_admits_once_admits() {
    let once = |pattern: &str| {
        let mut rule = jobs(pattern);
        rule["replay"] = json!("enforce");
        rule
    };
    let records = [
        (ISSUER, r#"{"aud":"deploy","sub":"job-42"}"#),
        (ISSUER, r#"{"aud":"deploy","sub":"job-50"}"#),
        (ISSUER, r#"{"aud":"deploy","sub":"other"}"#),
    ];
    let found = report(&json!([jobs("job-4*")]), &json!([once("job-*")]), &records);
    assert_eq!(
        found.to_string(),
        "1 newly admitted, 0 newly refused, 1 still admitted, 1 still refused, 0 not decided\n\
         newly admitted: record 1, `job-50` of `https://ci.example`: before no_rule_holds, \
         after allowed_once by rule 0 `jobs`\n"
    );
    let change = found.changes.first().unwrap();
    assert!(!change.before.allowed && change.after.allowed && change.after.hint.is_none());
    let back = report(&json!([once("job-*")]), &json!([jobs("job-4*")]), &records);
    assert_eq!((back.newly_refused, back.still_admitted), (1, 1));
    assert!(!back.admits_more());
}
