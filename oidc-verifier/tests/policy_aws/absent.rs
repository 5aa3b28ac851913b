//! What each operator says of a key that is absent, and of one that says nothing usable: generated
//! for every family, negation, `IfExists` and set operator.

use serde_json::{Value, json};

use crate::holds;

/// A positive operator with its negation, if it has one; a value; a claim that matches it, and one
/// that does not.
struct Family {
    positive: &'static str,
    negative: Option<&'static str>,
    value: Value,
    matching: Value,
    other: Value,
}

fn families() -> Vec<Family> {
    let family = |positive, negative, value, matching, other| Family {
        positive,
        negative,
        value,
        matching,
        other,
    };
    let (one, two) = (json!("1"), json!("2"));
    let text = |positive, negative| {
        family(
            positive,
            Some(negative),
            one.clone(),
            one.clone(),
            two.clone(),
        )
    };
    let compared = |positive, matching: u8, other: u8| {
        family(positive, None, one.clone(), json!(matching), json!(other))
    };
    let arn = |positive, negative| {
        let role = json!("arn:aws:iam::1:role/a");
        let value = json!("arn:aws:iam::1:role/*");
        family(
            positive,
            Some(negative),
            value,
            role,
            json!("arn:aws:iam::2:role/a"),
        )
    };
    vec![
        text("StringEquals", "StringNotEquals"),
        text("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        text("StringLike", "StringNotLike"),
        arn("ArnEquals", "ArnNotEquals"),
        arn("ArnLike", "ArnNotLike"),
        text("NumericEquals", "NumericNotEquals"),
        compared("NumericLessThan", 0, 1),
        compared("NumericLessThanEquals", 1, 2),
        compared("NumericGreaterThan", 2, 1),
        compared("NumericGreaterThanEquals", 1, 0),
        text("DateEquals", "DateNotEquals"),
        compared("DateLessThan", 0, 1),
        compared("DateLessThanEquals", 1, 2),
        compared("DateGreaterThan", 2, 1),
        compared("DateGreaterThanEquals", 1, 0),
        family("Bool", None, json!("true"), json!(true), json!(false)),
        family(
            "BinaryEquals",
            None,
            json!("AQ=="),
            json!("AQ=="),
            json!("Ag=="),
        ),
        family(
            "IpAddress",
            Some("NotIpAddress"),
            json!("10.0.0.0/8"),
            json!("10.1.2.3"),
            json!("11.1.2.3"),
        ),
    ]
}

/// Name, value, whether it is a negation, and the two claims, for every operator.
fn operators() -> impl Iterator<Item = (&'static str, bool, Family)> {
    families().into_iter().flat_map(|family| {
        let negative = family.negative.map(|negative| {
            let family = Family {
                value: family.value.clone(),
                matching: family.other.clone(),
                other: family.matching.clone(),
                ..family
            };
            (negative, true, family)
        });
        std::iter::once((family.positive, false, family)).chain(negative)
    })
}

#[test]
fn there_are_26_operators_beside_null() {
    assert_eq!(operators().count(), 26);
}

#[test]
fn a_key_with_one_value_is_compared() {
    for (operator, _, family) in operators() {
        for name in [operator.to_owned(), format!("{operator}IfExists")] {
            assert!(
                holds(&name, &family.value, &json!({"k": family.matching})),
                "{name}"
            );
            assert!(
                !holds(&name, &family.value, &json!({"k": family.other})),
                "{name}"
            );
        }
    }
}

#[test]
fn an_absent_key_satisfies_negations_and_if_exists_and_nothing_else() {
    for (operator, negated, family) in operators() {
        assert_eq!(
            holds(operator, &family.value, &json!({})),
            negated,
            "{operator}"
        );
        let lenient = format!("{operator}IfExists");
        assert!(holds(&lenient, &family.value, &json!({})), "{lenient}");
    }
}

#[test]
fn for_all_values_of_an_absent_key_holds_and_for_any_value_does_not() {
    for (operator, _, family) in operators() {
        for suffix in ["", "IfExists"] {
            let all = format!("ForAllValues:{operator}{suffix}");
            assert!(holds(&all, &family.value, &json!({})), "{all}");
            let any = format!("ForAnyValue:{operator}{suffix}");
            assert_eq!(
                holds(&any, &family.value, &json!({})),
                suffix == "IfExists",
                "{any}"
            );
        }
    }
}

#[test]
fn a_set_operator_takes_a_single_value_as_a_set_of_one() {
    for (operator, _, family) in operators() {
        for set in ["ForAllValues", "ForAnyValue"] {
            let name = format!("{set}:{operator}");
            assert!(
                holds(&name, &family.value, &json!({"k": family.matching})),
                "{name}"
            );
            assert!(
                !holds(&name, &family.value, &json!({"k": family.other})),
                "{name}"
            );
            assert!(
                holds(&name, &family.value, &json!({"k": [family.matching]})),
                "{name}"
            );
            assert!(
                !holds(&name, &family.value, &json!({"k": [family.other]})),
                "{name}"
            );
        }
    }
}

#[test]
fn a_key_with_several_values_needs_a_set_operator() {
    for (operator, _, family) in operators() {
        for suffix in ["", "IfExists"] {
            let name = format!("{operator}{suffix}");
            for claim in [
                json!([]),
                json!([family.matching]),
                json!([family.matching, family.matching]),
                json!([family.other]),
            ] {
                let claims = json!({"k": claim});
                assert!(!holds(&name, &family.value, &claims), "{name} {claims}");
            }
        }
    }
}

#[test]
fn a_key_without_a_usable_value_satisfies_nothing() {
    for (operator, _, family) in operators() {
        for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
            for suffix in ["", "IfExists"] {
                let name = format!("{prefix}{operator}{suffix}");
                for claim in [json!(null), json!({}), json!({"k": family.matching})] {
                    let claims = json!({"k": claim});
                    assert!(!holds(&name, &family.value, &claims), "{name} {claims}");
                }
            }
        }
    }
}

#[test]
fn null_has_both_polarities_as_boolean_or_text() {
    let absent = json!({});
    for present in [json!("x"), json!(""), json!(0), json!(false), json!(["x"])] {
        let present = json!({"k": present});
        for yes in [json!(true), json!("true"), json!("True"), json!(["true"])] {
            assert!(holds("Null", &yes, &absent), "{yes}");
            assert!(!holds("Null", &yes, &present), "{yes} {present}");
        }
        for no in [json!(false), json!("false"), json!([false])] {
            assert!(!holds("Null", &no, &absent), "{no}");
            assert!(holds("Null", &no, &present), "{no} {present}");
        }
        for both in [json!(["true", "false"]), json!([false, true])] {
            assert!(holds("Null", &both, &absent) && holds("Null", &both, &present));
        }
    }
}

/// AWS says that `"false"` is for keys that are there and not null, and does not record more.
#[test]
fn what_is_there_without_a_value_is_neither_null_nor_not() {
    for claim in [
        json!(null),
        json!({}),
        json!([]),
        json!([""]),
        json!([null]),
        json!([{}]),
    ] {
        let claims = json!({"k": claim});
        for value in ["true", "false"] {
            assert!(!holds("Null", &json!(value), &claims), "{value} {claims}");
        }
    }
}
