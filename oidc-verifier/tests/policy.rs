//! The native policy language: what holds, what loads, and the limits from both sides.
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use oidc_core::ClaimsScanner;
use oidc_verifier::IssuerIdentifier;
use oidc_verifier::policy::{
    ExampleFault, Outcome, Policy, PolicyDocument, PolicyError, PolicyFault,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example";

fn rule(effect: &str, id: &str, conditions: &Value) -> Value {
    json!({
        "id": id, "effect": effect, "issuer": ISSUER, "audiences": ["deploy"],
        "conditions": conditions,
    })
}

fn load(policy: &Value) -> Result<Policy, PolicyError> {
    Policy::from_json(policy.to_string().as_bytes())
}

/// A policy of one allow rule.
fn allowing(conditions: &Value) -> Result<Policy, PolicyError> {
    load(&json!({"rules": [rule("allow", "r", conditions)]}))
}

fn error(conditions: &Value) -> (String, String) {
    let error = allowing(conditions).unwrap_err();
    assert_eq!((error.rule(), error.rule_id()), (Some(0), Some("r")));
    (error.code().to_owned(), error.at().as_str().to_owned())
}

/// What the policy says of `claims`, which are `aud` and the members of a JSON text.
fn outcome(policy: &Policy, members: &str) -> Outcome {
    let separator = if members.is_empty() { "" } else { "," };
    let json = format!(r#"{{"aud":"deploy"{separator}{members}}}"#);
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
    let decision = policy.decide(&claims);
    // INVARIANT: the explanation is of the decision.
    let view = decision.for_operator();
    assert_eq!(view.allowed, decision.is_allowed());
    if decision.outcome().rule().is_some() {
        assert!(view.rules.last().unwrap().verdict.holds());
    } else {
        assert!(view.rules.iter().all(|rule| !rule.verdict.holds()));
    }
    decision.outcome()
}

fn admits(conditions: &Value, members: &str) -> bool {
    let policy = allowing(conditions).unwrap();
    matches!(outcome(&policy, members), Outcome::Allowed { .. })
}

/// Whether one condition holds, and whether its negation does.
fn both(condition: &Value, members: &str) -> (bool, bool) {
    let negated = json!([{"not": condition}]);
    (
        admits(&json!([condition]), members),
        admits(&negated, members),
    )
}

const HOLDS: (bool, bool) = (true, false);
const FAILS: (bool, bool) = (false, true);
const CANNOT: (bool, bool) = (false, false);

#[test]
fn each_operator_holds_fails_or_cannot_hold() {
    for (condition, claims, expected) in [
        (json!({"equals": "a"}), r#""c":"a""#, HOLDS),
        (json!({"equals": "a"}), r#""c":"\u0061""#, HOLDS),
        (json!({"equals": "a"}), r#""c":"A""#, FAILS),
        (json!({"equals": "a"}), r#""c":"a\n""#, FAILS),
        (json!({"equals": ""}), r#""c":"""#, HOLDS),
        (json!({"equals": "\u{e9}"}), r#""c":"e\u0301""#, FAILS),
        (json!({"equals": 1}), r#""c":1.0"#, HOLDS),
        (json!({"equals": 1}), r#""c":1e0"#, HOLDS),
        (json!({"equals": 1}), r#""c":2"#, FAILS),
        (json!({"equals": true}), r#""c":true"#, HOLDS),
        (json!({"equals": true}), r#""c":false"#, FAILS),
        (json!({"one_of": ["a", 1]}), r#""c":1"#, HOLDS),
        (json!({"one_of": ["a", 1]}), r#""c":"b""#, FAILS),
        (json!({"one_of": ["a", 1]}), r#""c":true"#, CANNOT),
        (json!({"pattern": "a*z"}), r#""c":"abcz""#, HOLDS),
        (json!({"pattern": "a*z"}), r#""c":"abcz ""#, FAILS),
        (
            json!({"pattern": "r/*", "separator": "/"}),
            r#""c":"r/a""#,
            HOLDS,
        ),
        (
            json!({"pattern": "r/*", "separator": "/"}),
            r#""c":"r/a/b""#,
            FAILS,
        ),
        (
            json!({"pattern": "r/**", "separator": "/"}),
            r#""c":"r/a/b""#,
            HOLDS,
        ),
        (json!({"prefix": "ab"}), r#""c":"abc""#, HOLDS),
        (json!({"prefix": "ab"}), r#""c":"a""#, FAILS),
        (json!({"suffix": "bc"}), r#""c":"abc""#, HOLDS),
        (json!({"suffix": "bc"}), r#""c":"bcd""#, FAILS),
        (json!({"less_than": 3}), r#""c":2.999"#, HOLDS),
        (json!({"less_than": 3}), r#""c":3"#, FAILS),
        (json!({"at_most": 3}), r#""c":3"#, HOLDS),
        (json!({"at_most": 3}), r#""c":3.001"#, FAILS),
        (json!({"at_least": 3}), r#""c":3"#, HOLDS),
        (json!({"at_least": 3}), r#""c":2.999"#, FAILS),
        (json!({"more_than": 3}), r#""c":3.001"#, HOLDS),
        (json!({"more_than": 3}), r#""c":3"#, FAILS),
        (
            json!({"before": "2027-01-01T00:00:00Z"}),
            r#""c":1798761599.9"#,
            HOLDS,
        ),
        (
            json!({"before": "2027-01-01T00:00:00Z"}),
            r#""c":1798761600"#,
            FAILS,
        ),
        (
            json!({"not_before": "2027-01-01T00:00:00Z"}),
            r#""c":1798761600"#,
            HOLDS,
        ),
        (
            json!({"not_before": "2027-01-01T00:00:00Z"}),
            r#""c":1798761599"#,
            FAILS,
        ),
        (
            json!({"before": "2027-01-01T00:00:00Z"}),
            r#""c":"2026-01-01T00:00:00Z""#,
            CANNOT,
        ),
        (json!({"equals_claim": "d"}), r#""c":"a","d":"a""#, HOLDS),
        (json!({"equals_claim": "/d"}), r#""c":1,"d":1.0"#, HOLDS),
        (json!({"equals_claim": "/d"}), r#""c":true,"d":true"#, HOLDS),
        (json!({"equals_claim": "d"}), r#""c":"a","d":"b""#, FAILS),
        (json!({"equals_claim": "d"}), r#""c":"1","d":1"#, CANNOT),
        (json!({"equals_claim": "d"}), r#""c":"a""#, CANNOT),
        (json!({"equals_claim": "d"}), r#""d":"a""#, CANNOT),
        (json!({"equals_claim": "d"}), "", CANNOT),
        (json!({"equals_claim": "d"}), r#""c":null,"d":null"#, CANNOT),
        (json!({"equals_claim": "d"}), r#""c":[1],"d":[1]"#, CANNOT),
        (json!({"exists": true}), r#""c":"a""#, HOLDS),
        (json!({"exists": true}), r#""c":{}"#, HOLDS),
        (json!({"exists": true}), r#""c":[]"#, HOLDS),
        (json!({"exists": true}), r#""c":null"#, CANNOT),
        (json!({"exists": true}), "", CANNOT),
        (json!({"absent": true}), "", HOLDS),
        (json!({"absent": true}), r#""c":"a""#, FAILS),
        (json!({"absent": true}), r#""c":null"#, CANNOT),
    ] {
        let mut condition = condition;
        condition["claim"] = json!("c");
        assert_eq!(both(&condition, claims), expected, "{condition} {claims}");
    }
}

#[test]
fn no_operator_but_absent_holds_on_what_is_not_there_or_of_another_kind() {
    let operators = [
        (json!({"equals": "1"}), "string"),
        (json!({"one_of": ["1", "true"]}), "string"),
        (json!({"pattern": "*"}), "string"),
        (json!({"prefix": "1"}), "string"),
        (json!({"suffix": "1"}), "string"),
        (json!({"equals": 1}), "number"),
        (json!({"at_least": -1}), "number"),
        (json!({"less_than": 9}), "number"),
        (json!({"before": "2027-01-01T00:00:00Z"}), "number"),
        (json!({"equals": true}), "boolean"),
    ];
    let values = [
        ("", "missing"),
        (r#""c":null"#, "null"),
        (r#""c":"1""#, "string"),
        (r#""c":1"#, "number"),
        (r#""c":true"#, "boolean"),
        (r#""c":["1",1,true]"#, "array"),
        (r#""c":{"1":"1"}"#, "object"),
    ];
    for (operator, kind) in operators {
        for (value, of_kind) in values {
            let mut condition = operator.clone();
            condition["claim"] = json!("c");
            let expected = if kind == of_kind { HOLDS } else { CANNOT };
            assert_eq!(both(&condition, value), expected, "{condition} {value}");
        }
    }
}

#[test]
fn an_array_matches_only_through_elements() {
    let with = |elements: &str| json!({"claim": "c", "elements": elements, "equals": "a"});
    for (value, any, all, none) in [
        (r#"["a"]"#, HOLDS, HOLDS, FAILS),
        (r#"["a","b"]"#, HOLDS, FAILS, FAILS),
        (r#"["b","c"]"#, FAILS, FAILS, HOLDS),
        (r#""a""#, HOLDS, HOLDS, FAILS),
        (r#""b""#, FAILS, FAILS, HOLDS),
        // Of no element nothing can be said.
        ("[]", CANNOT, CANNOT, CANNOT),
        // What cannot be judged is no proof of difference.
        (r#"["b",1]"#, CANNOT, CANNOT, CANNOT),
        (r#"["a",1]"#, HOLDS, CANNOT, FAILS),
        (r#"["a",null]"#, HOLDS, CANNOT, FAILS),
        (r#"[["a"]]"#, CANNOT, CANNOT, CANNOT),
        ("null", CANNOT, CANNOT, CANNOT),
        ("{}", CANNOT, CANNOT, CANNOT),
    ] {
        let claims = format!(r#""c":{value}"#);
        let found = ["any", "all", "none"].map(|elements| both(&with(elements), &claims));
        assert_eq!(found, [any, all, none], "{value}");
        if value.starts_with('[') {
            assert_eq!(both(&json!({"claim": "c", "equals": "a"}), &claims), CANNOT);
        }
    }
    for elements in ["any", "all", "none"] {
        assert_eq!(both(&with(elements), ""), CANNOT);
    }
    let with_other = json!({"claim": "c", "elements": "any", "equals_claim": "d"});
    assert_eq!(both(&with_other, r#""c":["a","b"],"d":"b""#), HOLDS);
    assert_eq!(both(&with_other, r#""c":["a","b"]"#), CANNOT);
}

#[test]
fn combinators_have_three_values() {
    // `h` holds, `f` does not, `a` is absent, `w` is of another kind.
    let part = |name: char| json!({"claim": name.to_string(), "equals": "yes"});
    let claims = r#""h":"yes","f":"no","w":1"#;
    for (parts, all, any) in [
        ("h", HOLDS, HOLDS),
        ("f", FAILS, FAILS),
        ("a", CANNOT, CANNOT),
        ("w", CANNOT, CANNOT),
        ("hh", HOLDS, HOLDS),
        ("hf", FAILS, HOLDS),
        ("fh", FAILS, HOLDS),
        ("ff", FAILS, FAILS),
        ("ha", CANNOT, HOLDS),
        ("ah", CANNOT, HOLDS),
        ("fa", CANNOT, CANNOT),
        ("af", CANNOT, CANNOT),
        ("fw", CANNOT, CANNOT),
        ("wh", CANNOT, HOLDS),
        ("faw", CANNOT, CANNOT),
    ] {
        let list: Vec<Value> = parts.chars().map(part).collect();
        assert_eq!(both(&json!({"all": list}), claims), all, "all {parts}");
        assert_eq!(both(&json!({"any": list}), claims), any, "any {parts}");
    }
}

#[test]
fn an_empty_any_is_false() {
    let aud = json!({"claim": "aud", "equals": "deploy"});
    let any = json!({"any": []});
    for (conditions, admitted) in [
        (json!([any]), false),
        (json!([aud, any]), false),
        (json!([{"any": [any, aud]}]), true),
        (
            json!([{"not": {"claim": "aud", "equals": "x"}}, {"any": [any]}]),
            false,
        ),
    ] {
        assert_eq!(admits(&conditions, ""), admitted, "{conditions}");
    }
}

#[test]
fn not_admits_what_is_absent_only_if_it_says_so() {
    let not = |inner: &Value, or_absent: bool| json!([{"not": inner, "or_absent": or_absent}]);
    let equals = json!({"claim": "c", "equals": "a"});
    let any = json!({"any": [equals, {"claim": "d", "equals": "a"}]});
    let all = json!({"all": [equals, {"claim": "d", "equals": "a"}]});
    let elements = json!({"claim": "c", "elements": "any", "equals": "a"});
    for (inner, claims, plain, or_absent) in [
        (&equals, "", false, true),
        (&equals, r#""c":"b""#, true, true),
        (&equals, r#""c":"a""#, false, false),
        // Absence is not the reason.
        (&equals, r#""c":1"#, false, false),
        (&equals, r#""c":null"#, false, false),
        (&any, r#""c":"b""#, false, true),
        (&any, r#""c":1"#, false, false),
        (&any, r#""d":"a""#, false, false),
        (&all, r#""c":"b""#, false, true),
        (&all, r#""c":"a""#, false, true),
        (&all, r#""c":"a","d":"b""#, true, true),
        (&elements, r#""c":[]"#, false, true),
        (&elements, r#""c":["b",1]"#, false, false),
    ] {
        assert_eq!(
            admits(&not(inner, false), claims),
            plain,
            "{inner} {claims}"
        );
        assert_eq!(
            admits(&not(inner, true), claims),
            or_absent,
            "{inner} {claims}"
        );
    }
}

#[test]
fn numbers_are_exact_in_policy_and_claims() {
    let large = |value: &str| {
        let json = rule("allow", "r", &json!([{"claim": "c", "equals": "N"}])).to_string();
        let json = json.replace("\"N\"", value);
        Policy::from_json(format!(r#"{{"rules":[{json}]}}"#).as_bytes()).unwrap()
    };
    let odd = large("9007199254740993");
    let is = |claims: &str| matches!(outcome(&odd, claims), Outcome::Allowed { .. });
    assert!(is(r#""c":9007199254740993"#));
    assert!(is(r#""c":9007199254740993.0"#));
    assert!(!is(r#""c":9007199254740992"#));
    assert!(!is(r#""c":"9007199254740993""#));
    // Beyond all exponents there is no order, and a negation must not make one.
    let beyond = allowing(&json!([{"claim": "c", "at_least": 3}])).unwrap();
    assert_eq!(outcome(&beyond, r#""c":1e999999"#).rule(), Some(0));
    for operator in ["less_than", "at_least", "equals"] {
        let condition = json!({"claim": "c", operator: 3});
        assert_eq!(both(&condition, r#""c":1e9999999999999999999"#), CANNOT);
    }
}

#[test]
fn a_plain_name_is_a_top_level_member_and_a_slash_makes_a_pointer() {
    for (claim, claims) in [
        (
            "oidc.circleci.com/project-id",
            r#""oidc.circleci.com/project-id":"x""#,
        ),
        ("a~b.c:d", r#""a~b.c:d":"x""#),
        ("/a/b", r#""a":{"b":"x"}"#),
        ("/a/1", r#""a":["y","x"]"#),
        (
            "/https:~1~1sts.amazonaws.com~1/source_region",
            r#""https://sts.amazonaws.com/":{"source_region":"x"}"#,
        ),
        ("/", r#""":"x""#),
        ("/m~0n", r#""m~n":"x""#),
    ] {
        let conditions = json!([{"claim": claim, "equals": "x"}]);
        assert!(admits(&conditions, claims), "{claim}");
    }
    for (claim, claims) in [
        ("a/b", r#""a":{"b":"x"}"#),
        ("a.b", r#""a":{"b":"x"}"#),
        ("/a/-", r#""a":["x"]"#),
        ("/a/01", r#""a":["y","x"]"#),
        ("c", r#""d":{"c":"x"}"#),
    ] {
        let conditions = json!([{"claim": claim, "equals": "x"}]);
        assert!(!admits(&conditions, claims), "{claim}");
    }
}

#[test]
fn deny_wins_wherever_it_stands_and_no_rule_is_no_access() {
    let allow = rule("allow", "allow", &json!([{"claim": "c", "equals": "a"}]));
    let deny = rule("deny", "deny", &json!([{"claim": "d", "equals": "a"}]));
    for rules in [json!([allow, deny]), json!([deny, allow])] {
        let policy = load(&json!({"rules": rules})).unwrap();
        let at = |id| {
            let index = (0..policy.len()).find(|index| policy.rule_id(*index) == Some(id));
            index.unwrap()
        };
        let rule = |claims| outcome(&policy, claims).rule();
        assert_eq!(rule(r#""c":"a""#), Some(at("allow")));
        assert_eq!(rule(r#""c":"a","d":"a""#), Some(at("deny")));
        assert_eq!(rule(r#""d":"a""#), Some(at("deny")));
        assert_eq!(outcome(&policy, ""), Outcome::NoRuleHolds);
    }
    let policy = load(&json!({"rules": [deny]})).unwrap();
    assert_eq!(outcome(&policy, r#""d":"b""#), Outcome::NoRuleHolds);
}

/// Conditions that do not load: the code, the place below the condition, the condition.
fn refused(conditions: &[(&str, &str, &str)]) {
    for (code, member, condition) in conditions {
        let condition: Value = serde_json::from_str(condition).unwrap();
        let at = format!("/rules/0/conditions/0{member}");
        let found = error(&json!([condition]));
        assert_eq!(found, ((*code).to_owned(), at), "{condition}");
    }
}

#[test]
fn what_would_match_everything_or_nothing_does_not_load() {
    for conditions in [
        json!([]),
        json!({}),
        json!("sub"),
        json!({"claim": "c", "equals": "a"}),
    ] {
        let (code, at) = error(&conditions);
        let expected = if conditions.is_array() {
            "empty"
        } else {
            "wrong_kind"
        };
        assert_eq!((&*code, &*at), (expected, "/rules/0/conditions"));
    }
    refused(&[
        ("empty", "/all", r#"{"all":[]}"#),
        ("empty", "/not/any", r#"{"not":{"any":[]}}"#),
        ("empty", "/not/not/any", r#"{"not":{"not":{"any":[]}}}"#),
        ("empty", "/one_of", r#"{"claim":"c","one_of":[]}"#),
        ("empty", "/prefix", r#"{"claim":"c","prefix":""}"#),
        ("empty", "/suffix", r#"{"claim":"c","suffix":""}"#),
        ("empty", "/pattern", r#"{"claim":"c","pattern":""}"#),
        ("empty", "/claim", r#"{"claim":"","equals":"a"}"#),
        ("must_be_true", "/exists", r#"{"claim":"c","exists":false}"#),
        ("must_be_true", "/absent", r#"{"claim":"c","absent":false}"#),
    ]);
}

#[test]
fn a_condition_has_one_operator_and_what_belongs_to_it() {
    refused(&[
        ("wrong_kind", "", r#""sub""#),
        ("operator_missing", "", "{}"),
        ("operator_missing", "", r#"{"claim":"c"}"#),
        ("member_missing", "", r#"{"equals":"a"}"#),
        (
            "operator_several",
            "",
            r#"{"claim":"c","equals":1,"prefix":"a"}"#,
        ),
        (
            "operator_several",
            "",
            r#"{"claim":"c","equals":1,"all":[]}"#,
        ),
        (
            "member_misplaced",
            "/separator",
            r#"{"claim":"c","equals":"a","separator":"/"}"#,
        ),
        (
            "member_misplaced",
            "/or_absent",
            r#"{"claim":"c","equals":"a","or_absent":true}"#,
        ),
        (
            "member_misplaced",
            "/elements",
            r#"{"claim":"c","exists":true,"elements":"any"}"#,
        ),
        ("member_misplaced", "/claim", r#"{"any":[],"claim":"c"}"#),
        ("member_misplaced", "/claim", r#"{"all":[],"claim":"c"}"#),
        (
            "member_misplaced",
            "/elements",
            r#"{"not":{},"elements":"any"}"#,
        ),
        (
            "wrong_kind",
            "/or_absent",
            r#"{"not":{},"or_absent":"yes"}"#,
        ),
        (
            "wrong_kind",
            "/not",
            r#"{"not":[{"claim":"c","exists":true}]}"#,
        ),
        (
            "word_unknown",
            "/elements",
            r#"{"claim":"c","equals":"a","elements":"some"}"#,
        ),
    ]);
}

#[test]
fn an_operator_takes_the_kind_of_value_that_it_speaks_of() {
    refused(&[
        ("wrong_kind", "/equals", r#"{"claim":"c","equals":null}"#),
        ("wrong_kind", "/equals", r#"{"claim":"c","equals":["a"]}"#),
        ("wrong_kind", "/one_of", r#"{"claim":"c","one_of":"a"}"#),
        (
            "wrong_kind",
            "/one_of/1",
            r#"{"claim":"c","one_of":["a",{}]}"#,
        ),
        ("wrong_kind", "/at_least", r#"{"claim":"c","at_least":"3"}"#),
        ("wrong_kind", "/before", r#"{"claim":"c","before":3}"#),
        (
            "date_invalid",
            "/before",
            r#"{"claim":"c","before":"soon"}"#,
        ),
        (
            "pointer_invalid",
            "/claim",
            r#"{"claim":"/a~2","exists":true}"#,
        ),
        (
            "pointer_invalid",
            "/equals_claim",
            r#"{"claim":"c","equals_claim":"/a~"}"#,
        ),
        (
            "pattern_invalid",
            "/pattern",
            r#"{"claim":"c","pattern":"a\\b"}"#,
        ),
        (
            "pattern_invalid",
            "/pattern",
            r#"{"claim":"c","pattern":"a","separator":"*"}"#,
        ),
        (
            "separator_invalid",
            "/separator",
            r#"{"claim":"c","pattern":"a","separator":"//"}"#,
        ),
        (
            "separator_invalid",
            "/separator",
            r#"{"claim":"c","pattern":"a","separator":""}"#,
        ),
    ]);
}

#[test]
fn the_members_of_a_rule_are_all_needed_and_no_others_known() {
    let good = rule("allow", "r", &json!([{"claim": "c", "equals": "a"}]));
    for (member, value, code, at) in [
        ("id", json!(""), "empty", "/rules/0/id"),
        ("id", json!(7), "wrong_kind", "/rules/0/id"),
        ("effect", json!("Allow"), "word_unknown", "/rules/0/effect"),
        ("effect", json!(true), "wrong_kind", "/rules/0/effect"),
        ("issuer", json!(""), "empty", "/rules/0/issuer"),
        (
            "issuer",
            json!("http://ci.example"),
            "issuer_invalid",
            "/rules/0/issuer",
        ),
        ("issuer", json!("*"), "issuer_invalid", "/rules/0/issuer"),
        ("audiences", json!([]), "empty", "/rules/0/audiences"),
        ("audiences", json!([""]), "empty", "/rules/0/audiences/0"),
        (
            "audiences",
            json!("deploy"),
            "wrong_kind",
            "/rules/0/audiences",
        ),
        (
            "audience",
            json!(["deploy"]),
            "member_unknown",
            "/rules/0/audience",
        ),
        (
            "condition",
            json!([]),
            "member_unknown",
            "/rules/0/condition",
        ),
    ] {
        let mut rule = good.clone();
        rule[member] = value;
        let error = load(&json!({"rules": [rule]})).unwrap_err();
        assert_eq!((error.code(), error.at().as_str()), (code, at), "{member}");
        assert_eq!(error.rule(), Some(0));
    }
    for member in ["id", "effect", "issuer", "audiences", "conditions"] {
        let mut rule = good.clone();
        rule.as_object_mut().unwrap().remove(member);
        let error = load(&json!({"rules": [rule]})).unwrap_err();
        assert_eq!(
            (error.code(), error.at().as_str()),
            ("member_missing", "/rules/0")
        );
    }
    for (document, code, at) in [
        (json!({}), "member_missing", ""),
        (json!([]), "wrong_kind", ""),
        (json!({"rules": {}}), "wrong_kind", "/rules"),
        (json!({"rules": []}), "empty", "/rules"),
        (
            json!({"rules": [good], "version": 1}),
            "member_unknown",
            "/version",
        ),
        (json!({"rules": [good, 1]}), "wrong_kind", "/rules/1"),
        (json!({"rules": [good, good]}), "duplicate", "/rules/1/id"),
    ] {
        let error = load(&document).unwrap_err();
        assert_eq!(
            (error.code(), error.at().as_str()),
            (code, at),
            "{document}"
        );
    }
    // An issuer on this machine is for tests; a rule only compares.
    let mut local = good;
    local["issuer"] = json!("http://localhost:8080");
    assert!(load(&json!({"rules": [local]})).is_ok());
}

#[test]
fn a_duplicate_name_is_an_error_in_every_format() {
    let json = r#"{"rules":[{"id":"r","effect":"deny","effect":"allow"}]}"#;
    let at = "/rules/0/effect";
    let strict = Policy::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(
        (strict.code(), strict.at().as_str()),
        ("duplicate_member", at)
    );
    let document: PolicyDocument = serde_json::from_str(json).unwrap();
    let error = Policy::compile(&document).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("duplicate_member", at)
    );
    assert!(serde_json::from_str::<Policy>(json).is_err());
}

#[test]
fn a_policy_is_part_of_any_document_that_serde_reads() {
    #[derive(serde::Deserialize)]
    struct Configuration {
        trust: Policy,
    }
    let good = rule("allow", "r", &json!([{"claim": "c", "at_least": 1.5}]));
    let configuration = json!({"trust": {"rules": [good]}});
    let read: Configuration = serde_json::from_value(configuration).unwrap();
    assert_eq!(outcome(&read.trust, r#""c":1.5"#).rule(), Some(0));
    // A float that may have been rounded is refused; strict JSON is read exactly.
    let json = r#"[{"claim":"c","equals":1e30}]"#;
    let whole = format!(
        r#"{{"rules":[{{"id":"r","effect":"allow","issuer":"{ISSUER}","audiences":["deploy"],"conditions":{json}}}]}}"#
    );
    assert!(Policy::from_json(whole.as_bytes()).is_ok());
    let document: PolicyDocument = serde_json::from_str(&whole).unwrap();
    assert_eq!(
        Policy::compile(&document).unwrap_err().code(),
        "number_inexact"
    );
}

#[test]
fn each_limit_holds_from_both_sides() {
    let condition = json!({"claim": "c", "exists": true});
    let rules = |count: usize| {
        let one = |index: usize| rule("allow", &index.to_string(), &json!([condition]));
        json!({"rules": (0..count).map(one).collect::<Vec<_>>()})
    };
    assert!(load(&rules(Policy::MAX_RULES)).is_ok());
    let error = load(&rules(Policy::MAX_RULES + 1)).unwrap_err();
    assert_eq!((error.code(), error.at().as_str()), ("too_many", "/rules"));

    let conditions = |count: usize| allowing(&json!(vec![condition.clone(); count]));
    assert!(conditions(Policy::MAX_CONDITIONS).is_ok());
    assert_eq!(
        conditions(Policy::MAX_CONDITIONS + 1).unwrap_err().code(),
        "too_many"
    );
    // Those inside count too.
    let inside = |count: usize| {
        let part = json!({"any": vec![condition.clone(); count]});
        allowing(&json!([part, condition]))
    };
    assert!(inside(Policy::MAX_CONDITIONS - 2).is_ok());
    assert_eq!(
        inside(Policy::MAX_CONDITIONS - 1).unwrap_err().code(),
        "too_many"
    );

    let nested = |depth: usize| {
        let wrap = |inner: Value, _: usize| json!({"not": inner});
        allowing(&json!([(1..depth).fold(condition.clone(), wrap)]))
    };
    assert!(nested(Policy::MAX_NESTING).is_ok());
    assert_eq!(
        nested(Policy::MAX_NESTING + 1).unwrap_err().code(),
        "too_deep"
    );

    let pattern = |bytes: usize| allowing(&json!([{"claim": "c", "pattern": "a".repeat(bytes)}]));
    assert!(pattern(Policy::MAX_PATTERN_BYTES).is_ok());
    assert_eq!(
        pattern(Policy::MAX_PATTERN_BYTES + 1).unwrap_err().code(),
        "pattern_invalid"
    );

    let options = |count: usize| allowing(&json!([{"claim": "c", "one_of": vec!["a"; count]}]));
    assert!(options(Policy::MAX_OPTIONS).is_ok());
    assert_eq!(
        options(Policy::MAX_OPTIONS + 1).unwrap_err().code(),
        "too_many"
    );

    let id = |bytes: usize| {
        load(&json!({"rules": [rule("allow", &"i".repeat(bytes), &json!([condition]))]}))
    };
    assert!(id(Policy::MAX_ID_BYTES).is_ok());
    let error = id(Policy::MAX_ID_BYTES + 1).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("too_many", "/rules/0/id")
    );

    // `aud` is one of them.
    let claims = |count: usize| {
        let one = |index: usize| {
            let claims = (0..32)
                .map(|part| index * 32 + part)
                .filter(|claim| *claim < count);
            let conditions =
                claims.map(|claim| json!({"claim": claim.to_string(), "exists": true}));
            rule("allow", &index.to_string(), &conditions.collect())
        };
        load(&json!({"rules": (0..count.div_ceil(32)).map(one).collect::<Vec<_>>()}))
    };
    assert!(claims(Policy::MAX_CLAIMS - 1).is_ok());
    let error = claims(Policy::MAX_CLAIMS).unwrap_err();
    assert_eq!((error.code(), error.rule()), ("too_many_claims", Some(7)));
}

#[test]
fn a_document_has_at_most_a_mebibyte() {
    let good = rules_of_one().to_string();
    let padded = |bytes: usize| format!("{good}{}", " ".repeat(bytes - good.len()));
    let read = |bytes: usize| Policy::from_json(padded(bytes).as_bytes());
    assert!(read(PolicyDocument::MAX_BYTES).is_ok());
    let error = read(PolicyDocument::MAX_BYTES + 1).unwrap_err();
    assert_eq!((error.code(), error.at().as_str()), ("too_long", ""));

    // What is too long is not read in search of another fault either.
    let twice = |bytes: usize| {
        let names = r#"{"a":1,"a":2}"#;
        Policy::from_json(format!("{names}{}", " ".repeat(bytes - names.len())).as_bytes())
    };
    let error = twice(PolicyDocument::MAX_BYTES).unwrap_err();
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("duplicate_member", "/a")
    );
    let error = twice(PolicyDocument::MAX_BYTES + 1).unwrap_err();
    assert_eq!((error.code(), error.at().as_str()), ("too_long", ""));
}

#[test]
fn a_claim_is_named_no_deeper_than_tokens_are_read() {
    let deepest = ClaimsScanner::MAX_DEPTH;
    let condition = |levels: usize| json!([{"claim": "/a".repeat(levels), "equals": 1}]);
    let nested = |levels: usize| {
        let (open, close) = (r#""a":{"#.repeat(levels - 1), "}".repeat(levels - 1));
        format!(r#"{open}"a":1{close}"#)
    };
    assert!(admits(&condition(deepest), &nested(deepest)));
    let at = (
        "too_deep".to_owned(),
        "/rules/0/conditions/0/claim".to_owned(),
    );
    assert_eq!(error(&condition(deepest + 1)), at);
    let other = json!([{"claim": "a", "equals_claim": "/a".repeat(deepest + 1)}]);
    let at = (
        "too_deep".to_owned(),
        "/rules/0/conditions/0/equals_claim".to_owned(),
    );
    assert_eq!(error(&other), at);
}

fn rules_of_one() -> Value {
    json!({"rules": [rule("allow", "r", &json!([{"claim": "c", "exists": true}]))]})
}

#[test]
fn a_token_that_costs_too_many_steps_is_refused() {
    // One step for the rule; for each element one for the comparison and 64 for the options.
    let options: Vec<String> = (0..64).map(|index| index.to_string()).collect();
    let condition = json!({"claim": "c", "elements": "any", "one_of": options});
    let policy = allowing(&json!([condition])).unwrap();
    let list = |count: usize| {
        let mut elements = vec!["\"x\""; count - 1];
        elements.push("\"63\"");
        format!("\"c\":[{}]", elements.join(","))
    };
    let fits = (Policy::MAX_STEPS - 1) / 65;
    assert_eq!(outcome(&policy, &list(fits)).rule(), Some(0));
    assert_eq!(outcome(&policy, &list(fits + 1)), Outcome::TooManySteps);

    // A deny rule that was not finished does not let an allow rule decide.
    let allow = rule(
        "allow",
        "allow",
        &json!([{"claim": "aud", "equals": "deploy"}]),
    );
    let deny = rule("deny", "deny", &json!([condition]));
    let policy = load(&json!({"rules": [allow, deny]})).unwrap();
    assert_eq!(outcome(&policy, &list(fits + 1)), Outcome::TooManySteps);
}

/// Every example tries every rule, so that their cost grows with the square of a document.
#[test]
fn the_examples_of_a_policy_have_a_bound_together() {
    let options: Vec<String> = (0..Policy::MAX_OPTIONS)
        .map(|index| index.to_string())
        .collect();
    let tests = vec![json!({"claim": "c", "one_of": options}); Policy::MAX_CONDITIONS - 2];
    let costly = rule("deny", "costly", &json!([{"any": tests}]));
    let with_examples = |count: usize| {
        let never = json!([{"claim": "sub", "equals": "never"}]);
        let mut rules = vec![costly.clone()];
        for index in 0..count.div_ceil(Policy::MAX_EXAMPLES) {
            let left = count - index * Policy::MAX_EXAMPLES;
            let examples = vec![json!({"sub": "x", "c": "HUGE"}); left.min(Policy::MAX_EXAMPLES)];
            let mut rule = rule("allow", &index.to_string(), &never);
            rule["examples"] = json!({ "deny": examples });
            rules.push(rule);
        }
        // A number that is compared with nothing costs its steps and no time.
        let json = json!({ "rules": rules }).to_string();
        let json = json.replace("\"HUGE\"", "1e9999999999999999999");
        Policy::from_json(json.as_bytes())
    };
    // One step for the rule and one for `any`, and with each test one and one for each option; then
    // two for each of the other rules.
    let of_deny = 2 + tests.len() * (Policy::MAX_OPTIONS + 1);
    let of_allow = |count: usize| 2 * count.div_ceil(Policy::MAX_EXAMPLES);
    let cost = |count: usize| count * (of_deny + of_allow(count));
    let fits = (1..1_000).take_while(|count| cost(*count) <= Policy::MAX_EXAMPLE_STEPS);
    let fits = fits.last().unwrap();
    assert!(with_examples(fits).is_ok());
    let error = with_examples(fits + 1).unwrap_err();
    let rule = fits / Policy::MAX_EXAMPLES + 1;
    let at = format!(
        "/rules/{rule}/examples/deny/{}",
        fits % Policy::MAX_EXAMPLES
    );
    assert_eq!(
        (error.code(), error.at().as_str()),
        ("example_too_many_steps", &*at)
    );
    assert_eq!(
        error.to_string(),
        format!(
            "rule {rule} `{}`: examples cost more than 50000000 steps together, at `{at}`",
            rule - 1
        )
    );
}

/// The other claim is read with each comparison, however short the one is.
#[test]
fn a_long_claim_to_compare_with_costs_its_steps_each_time() {
    let condition = json!([{"claim": "c", "elements": "any", "equals_claim": "other"}]);
    let policy = allowing(&condition).unwrap();
    // One step for the rule; for each element one, and one for each 64 bytes of the other claim.
    let claims = |count: usize| {
        let elements = vec!["1"; count].join(",");
        format!(r#""c":[{elements}],"other":{}"#, "9".repeat(6_399))
    };
    let fits = (Policy::MAX_STEPS - 1) / 101;
    assert_eq!(outcome(&policy, &claims(fits)), Outcome::NoRuleHolds);
    assert_eq!(outcome(&policy, &claims(fits + 1)), Outcome::TooManySteps);
}

#[test]
fn only_rules_of_the_tokens_issuer_and_audience_are_tried() {
    let mut rules = Vec::new();
    for index in 0..Policy::MAX_RULES {
        let conditions = json!([{"claim": "sub", "equals": index.to_string()}]);
        let mut rule = rule("allow", &index.to_string(), &conditions);
        rule["issuer"] = json!(format!("https://ci-{}.example", index % 10));
        rule["audiences"] = json!([format!("aud-{}", index % 200)]);
        rules.push(rule);
    }
    // One more that is tried for two audiences, once.
    rules[5]["audiences"] = json!(["aud-5", "aud-15", "aud-15"]);
    let policy = load(&json!({"rules": rules})).unwrap();
    let tried = |issuer: &str, claims: Value| {
        let issuer = IssuerIdentifier::parse(issuer).unwrap();
        let json = claims.to_string();
        let claims = policy.vouched_claims(issuer, json.as_bytes()).unwrap();
        let decision = policy.decide(&claims);
        (decision.rules_tried(), decision.outcome())
    };
    let none = "nobody";
    for (issuer, aud, expected) in [
        (
            "https://ci-7.example",
            json!("aud-7"),
            (5, Outcome::NoRuleHolds),
        ),
        (
            "https://ci-5.example",
            json!("aud-15"),
            (6, Outcome::NoRuleHolds),
        ),
        (
            "https://ci-5.example",
            json!(["aud-15", "aud-5"]),
            (10, Outcome::NoRuleHolds),
        ),
        (
            "https://ci-7.example",
            json!("aud-8"),
            (0, Outcome::NoRuleApplies),
        ),
        (
            "https://ci-7.example/",
            json!("aud-7"),
            (0, Outcome::NoRuleApplies),
        ),
        (
            "https://other.example",
            json!("aud-7"),
            (0, Outcome::NoRuleApplies),
        ),
        (
            "https://ci-7.example",
            json!(["a", "b"]),
            (0, Outcome::NoRuleApplies),
        ),
    ] {
        assert_eq!(
            tried(issuer, json!({"aud": aud, "sub": none})),
            expected,
            "{issuer} {aud}"
        );
    }
    assert_eq!(tried("https://ci-7.example", json!({"sub": none})).0, 0);
}

#[test]
fn examples_are_run_when_the_policy_loads() {
    let with = |examples: Value, effect: &str| {
        let mut rule = rule(effect, "r", &json!([{"claim": "sub", "pattern": "job-*"}]));
        rule["examples"] = examples;
        let all = json!([{"claim": "sub", "one_of": ["admin", "job-1"]}]);
        load(&json!({"rules": [rule, self::rule("allow", "other", &all)]}))
    };
    for (examples, effect) in [
        (
            json!({"allow": [{"sub": "job-1"}], "deny": [{"sub": "x"}, {}]}),
            "allow",
        ),
        // Another issuer or audience is another tenant.
        (
            json!({"deny": [{"sub": "job-1", "iss": "https://evil.example"},
                         {"sub": "job-1", "aud": ["elsewhere"]}]}),
            "allow",
        ),
        (
            json!({"deny": [{"sub": "job-1"}], "allow": [{"sub": "admin"}]}),
            "deny",
        ),
    ] {
        assert!(with(examples.clone(), effect).is_ok(), "{examples}");
    }
    for (examples, effect, fault, at) in [
        (
            json!({"allow": [{"sub": "job-1"}, {"sub": "x"}]}),
            "allow",
            ExampleFault::Refused,
            "allow/1",
        ),
        (
            json!({"deny": [{"sub": "job-1"}]}),
            "allow",
            ExampleFault::Admitted,
            "deny/0",
        ),
        (
            json!({"allow": [{"sub": "admin"}]}),
            "allow",
            ExampleFault::OtherRule,
            "allow/0",
        ),
        (
            json!({"deny": [{"sub": "x"}]}),
            "deny",
            ExampleFault::OtherRule,
            "deny/0",
        ),
        (
            json!({"allow": [{"sub": "job-1", "aud": 7}]}),
            "allow",
            ExampleFault::Invalid,
            "allow/0",
        ),
    ] {
        let error = with(examples.clone(), effect).unwrap_err();
        assert_eq!(error.fault(), &PolicyFault::Example(fault), "{examples}");
        assert_eq!(error.at().as_str(), format!("/rules/0/examples/{at}"));
        assert_eq!((error.rule(), error.rule_id()), (Some(0), Some("r")));
    }
    for (examples, code) in [
        (json!({"allow": []}), "empty"),
        (json!({"allow": ["job-1"]}), "wrong_kind"),
        (json!({"alow": [{}]}), "member_unknown"),
        (
            json!({"deny": vec![json!({}); Policy::MAX_EXAMPLES + 1]}),
            "too_many",
        ),
    ] {
        assert_eq!(with(examples, "allow").unwrap_err().code(), code);
    }
    assert!(
        with(
            json!({"deny": vec![json!({}); Policy::MAX_EXAMPLES]}),
            "allow"
        )
        .is_ok()
    );
}

#[test]
fn a_load_error_reads_as_one_phrase_and_is_send_and_sync() {
    fn assert_traits<T: std::error::Error + Send + Sync + Clone + PartialEq + 'static>(_: &T) {}
    let error = allowing(&json!([{"claim": "c", "pattern": "\\"}])).unwrap_err();
    assert_traits(&error);
    assert_eq!(
        error.to_string(),
        "rule 0 `r`: pattern is not usable, at `/rules/0/conditions/0/pattern`"
    );
    assert!(std::error::Error::source(&error).is_some());
    // A hostile id does not break the line.
    let error = load(&json!({"rules": [rule("allow", "a\n\u{1b}", &json!([]))]})).unwrap_err();
    assert!(!error.to_string().contains(['\n', '\u{1b}']));
}
