//! `exp`, `nbf` and `iat`: how they are written, and how far clocks may differ.

use std::fmt::Display;
use std::time::Duration;

use oidc_core::Algorithm;

use crate::support::{NOW, all_keys, key, parse_set, sign};
use crate::{claims, code, error, header, relying_party, strict, sts, token};

const DATES: [(&str, i64); 3] = [("exp", 600), ("nbf", -10), ("iat", -10)];

fn with(claim: &str, value: impl Display) -> String {
    token(&claims().with(claim, &format!("{value}")))
}

#[test]
fn an_integer_may_stand_in_quotation_marks() {
    for (claim, offset) in DATES {
        let date = NOW + offset;
        for value in [
            date.to_string(),
            format!("\"{date}\""),
            format!("\"{date}\"").replacen('1', "\\u0031", 1),
        ] {
            assert_eq!(
                code(&sts(), &with(claim, &value)),
                Ok(()),
                "{claim} {value}"
            );
        }
        let quoted = with(claim, format!("\"{date}\""));
        assert_eq!(
            code(&strict(), &quoted).map_err(|code| code.ends_with("_malformed")),
            Err(true)
        );
    }
}

#[test]
fn fractions_null_and_words_are_refused_with_their_own_reason() {
    for (claim, offset) in DATES {
        let date = NOW + offset;
        let expected = match claim {
            "exp" => "exp_malformed",
            "nbf" => "nbf_malformed",
            _ => "iat_malformed",
        };
        for value in [
            format!("{date}.5"),
            format!("{date}.0"),
            "1.79e9".to_owned(),
            format!("{date}e0"),
            "null".to_owned(),
            "true".to_owned(),
            "{}".to_owned(),
            format!("[{date}]"),
            "\"invalid\"".to_owned(),
            "\"\"".to_owned(),
            format!("\"{date}.5\""),
            format!("\" {date}\""),
            format!("\"+{date}\""),
            format!("\"0{date}\""),
            "-1".to_owned(),
            "\"-1\"".to_owned(),
        ] {
            let token = with(claim, &value);
            assert_eq!(code(&sts(), &token), Err(expected), "{claim} {value}");
            let text = std::error::Error::source(&error(&sts(), &token))
                .unwrap()
                .to_string();
            assert_eq!(text, format!("`{claim}` is malformed"));
        }
    }
    let far = with("exp", "253402300800");
    assert_eq!(code(&sts(), &far), Err("exp_malformed"));
}

#[test]
fn each_date_has_300_seconds_of_tolerance_and_not_one_more() {
    // now - 300 < exp; nbf <= now + 300; iat <= now + 300.
    for (claim, offset, expected) in [
        ("exp", -298, Ok(())),
        ("exp", -299, Ok(())),
        ("exp", -300, Err("expired")),
        ("exp", -301, Err("expired")),
        ("nbf", 299, Ok(())),
        ("nbf", 300, Ok(())),
        ("nbf", 301, Err("not_yet_valid")),
        ("iat", 299, Ok(())),
        ("iat", 300, Ok(())),
        ("iat", 301, Err("iat_future")),
    ] {
        let token = with(claim, NOW + offset);
        assert_eq!(code(&sts(), &token), expected, "{claim} {offset}");
        let quoted = with(claim, format!("\"{}\"", NOW + offset));
        assert_eq!(code(&sts(), &quoted), expected, "{claim} {offset} quoted");
    }
}

#[test]
fn exp_and_iat_are_not_compared_with_each_other() {
    // In the record: "iat-future-301" lies after `now`, and no lifetime is too long.
    let backwards = claims()
        .with("iat", &(NOW + 100).to_string())
        .with("exp", &(NOW - 100).to_string());
    assert_eq!(code(&sts(), &token(&backwards)), Ok(()));
    assert_eq!(code(&strict(), &token(&backwards)), Err("expired"));
    let ten_years = with("exp", NOW + 10 * 365 * 86_400);
    assert_eq!(code(&sts(), &ten_years), Ok(()));
    assert_eq!(code(&strict(), &ten_years), Err("lifetime_too_long"));
}

#[test]
fn a_limit_that_is_said_after_the_profile_holds() {
    let keys = || parse_set(&all_keys());
    let short = relying_party()
        .max_lifetime(Duration::from_secs(909))
        .keys(keys())
        .build()
        .unwrap();
    assert_eq!(code(&short, &token(&claims())), Err("lifetime_too_long"));
    let fits = relying_party()
        .max_lifetime(Duration::from_secs(910))
        .keys(keys())
        .build()
        .unwrap();
    assert_eq!(code(&fits, &token(&claims())), Ok(()));
    let young = relying_party()
        .max_age(Duration::from_secs(60))
        .leeway(Duration::from_secs(0))
        .keys(keys())
        .build()
        .unwrap();
    assert_eq!(code(&young, &with("iat", NOW - 60)), Ok(()));
    assert_eq!(code(&young, &with("iat", NOW - 61)), Err("too_old"));
    assert_eq!(code(&young, &with("exp", NOW)), Err("expired"));
}

#[test]
fn what_no_signature_could_mend_is_said_before_the_signature() {
    let honest = key(Algorithm::Es256);
    let forge = |claims: String| {
        let stranger = crate::support::foreign_key(Algorithm::Es256);
        sign(stranger, header(honest), claims)
    };
    let expired = forge(
        claims()
            .with("exp", &format!("\"{}\"", NOW - 300))
            .to_json(),
    );
    assert_eq!(code(&sts(), &expired), Err("expired"));
    assert!(!error(&sts(), &expired).is_authenticated());
    let fraction = forge(claims().with("exp", "1.5").to_json());
    assert_eq!(code(&sts(), &fraction), Err("signature"));
}
