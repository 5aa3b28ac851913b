//! The contract of `examples/plan.rs`: what it answers, line by line.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/plan.rs"]
mod program;

use serde_json::{Value, json};

fn answer(request: &Value) -> Value {
    answer_line(&request.to_string())
}

fn answer_line(line: &str) -> Value {
    let answer = program::answer_line(line.as_bytes());
    serde_json::from_str(&answer).unwrap_or_default()
}

#[test]
fn a_rotation_that_fits_is_answered_with_its_timeline() {
    let request = json!({"id": "a", "rotation": {}, "days": 7, "unknown member": true});
    assert_eq!(
        answer(&request),
        json!({"id": "a", "ok": true, "timeline": [
            {"at": 0, "kid": "k1", "to": "staged"},
            {"at": 0, "kid": "k2", "to": "staged"},
            {"at": 60, "kid": "k1", "to": "published"},
            {"at": 60, "kid": "k2", "to": "published"},
            {"at": 60, "kid": "k1", "to": "active"},
        ]})
    );
    let none = answer(&json!({"id": 1, "rotation": {}, "days": 0}));
    assert_eq!(none, json!({"id": 1, "ok": true, "timeline": []}));
}

#[test]
fn a_contradiction_is_answered_with_the_rule_and_a_fix_to_write_down() {
    let mut request =
        json!({"id": 7, "days": 1, "rotation": {"token_lifetime": "24h", "publish_after": "6h"}});
    let refused = answer(&request);
    assert_eq!(
        refused,
        json!({
            "id": 7,
            "ok": false,
            "violated": "I3",
            "fix": {"member": "publish_after", "at_least": "1d8m5s"},
            "why": "rule I3 does not hold: `publish_after` of 6h is less than 1d8m5s, and a key \
                would go while a token of it is valid; raise `publish_after` to 1d8m5s",
        })
    );
    request["rotation"]["publish_after"] = refused["fix"]["at_least"].clone();
    assert_eq!(answer(&request)["ok"], true);

    let request = json!({"id": 8, "days": 1, "rotation": {"rings": 30, "standbys": 2}});
    let refused = answer(&request);
    assert_eq!(refused["violated"], "I9");
    // Not even one standby is few enough for 30 rings: what can be said is how many fit.
    assert_eq!(refused["fix"], json!({"member": "rings", "at_most": 6}));
}

#[test]
fn a_value_out_of_its_bounds_violates_no_rule() {
    let request = json!({"id": null, "days": 1, "rotation": {"jwks_max_age": "2h"}});
    assert_eq!(
        answer(&request),
        json!({
            "id": null,
            "ok": false,
            "violated": null,
            "fix": {"member": "jwks_max_age", "at_most": "1h"},
            "why": "`jwks_max_age` of 2h is outside 1m to 1h",
        })
    );
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_next_line_is_answered() {
    for (line, id, error) in [
        (
            r#"{"id": 1, "days": 1}"#,
            json!(1),
            "missing field `rotation`",
        ),
        (
            r#"{"id": 2, "rotation": {"perod": "7d"}, "days": 1}"#,
            json!(2),
            "unknown member `perod` of the rotation document",
        ),
        (
            r#"{"id": 3, "rotation": {"period": "7d", "period": "8d"}, "days": 1}"#,
            json!(3),
            "duplicate field `period`",
        ),
        (
            r#"{"id": 4, "rotation": {"period": 1.5}, "days": 1}"#,
            json!(4),
            "invalid type: floating point `1.5`, expected whole seconds or text such as \"24h\" for `period`",
        ),
        (
            r#"{"id": 5, "rotation": {"standbys": "1"}, "days": 1}"#,
            json!(5),
            "invalid value: string \"1\", expected a whole number for `standbys`",
        ),
        (
            r#"{"id": 6, "rotation": {}, "days": 3651}"#,
            json!(6),
            "`days` is more than 3650",
        ),
        (
            r#"{"id": 7, "rotation": {}, "days": -1}"#,
            json!(7),
            "invalid value: integer `-1`",
        ),
        ("[{}, 1]", Value::Null, "not a JSON object"),
        ("", Value::Null, "not a JSON object"),
        ("{", Value::Null, "EOF while parsing"),
    ] {
        let answer = answer_line(line);
        assert_eq!(answer["id"], id, "{line}");
        let text = answer["error"].as_str().unwrap_or_default();
        assert!(text.starts_with(error), "{line}: {text}");
        assert_eq!(
            answer.as_object().map(serde_json::Map::len),
            Some(2),
            "{line}"
        );
    }
}

/// The default numbers of a year: 52 rotations, never more than three keys in public.
#[test]
fn a_year_of_the_default_rotation_publishes_three_keys_at_most() {
    let answer = answer(&json!({"id": 1, "rotation": {}, "days": 365}));
    let timeline = answer["timeline"].as_array().map_or(&[][..], Vec::as_slice);
    let (mut public, mut most, mut rotations) = (0_i32, 0, 0);
    for step in timeline {
        match step["to"].as_str() {
            Some("staged") => public += 1,
            Some("withdrawn") => public -= 1,
            Some("active") => rotations += 1,
            _ => {}
        }
        most = most.max(public);
    }
    assert_eq!((rotations, most), (53, 3));
}

/// What `docs/rotate-keys.md` shows is what the program answers.
#[test]
fn the_how_to_shows_what_is_answered() {
    let page = include_str!("../../docs/rotate-keys.md");
    let request = page
        .lines()
        .find_map(|line| line.strip_prefix("echo '")?.strip_suffix("' |"))
        .unwrap_or_default();
    let answer = answer_line(request);
    assert_eq!(answer["violated"], "I3");
    assert!(page.contains(&format!("`\"fix\":{}`", answer["fix"])));
    let document = page.split("```json").nth(1).unwrap_or_default();
    let document = document.split("```").next().unwrap_or_default();
    let settings: oidc_issuer::RotationSettings =
        serde_json::from_str(document).unwrap_or_default();
    assert_ne!(settings, oidc_issuer::RotationSettings::new());
    assert!(oidc_issuer::RotationPolicy::solve(&settings).is_ok());
}
