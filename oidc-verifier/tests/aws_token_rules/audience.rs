//! `aud` and `azp`.

use std::borrow::Cow;

use oidc_verifier::ExtraAudiences;

use crate::support::{all_keys, parse_set};
use crate::{claims, code, error, relying_party, strict, sts, token, verdict};

fn judged(aud: &str, azp: Option<&str>) -> Result<(), &'static str> {
    let claims = claims().with("aud", aud);
    let claims = match azp {
        Some(azp) => claims.with("azp", azp),
        None => claims,
    };
    code(&sts(), &token(&claims))
}

#[test]
fn one_audience_is_accepted_as_a_string_or_alone_in_a_list() {
    for aud in [
        "\"client-a\"",
        "\"client-b\"",
        "[\"client-a\"]",
        "[\"client-b\"]",
    ] {
        assert_eq!(judged(aud, None), Ok(()), "{aud}");
    }
}

#[test]
fn several_audiences_need_azp_even_if_all_are_registered() {
    for aud in [
        r#"["client-a","other"]"#,
        r#"["other","client-a"]"#,
        r#"["client-b","client-a"]"#,
        r#"["other","another"]"#,
    ] {
        assert_eq!(judged(aud, None), Err("azp_missing"), "{aud}");
    }
    // The standards leave it to the relying party (OpenID Connect Core section 3.1.3.7 item 4).
    let several = token(&claims().with("aud", r#"["other","client-a"]"#));
    assert_eq!(code(&strict(), &several), Ok(()));
    assert_eq!(error(&sts(), &several).to_string(), "claim check failed");
}

#[test]
fn azp_decides_alone() {
    for aud in [
        "\"other\"",
        r#"["other","client-a"]"#,
        r#"["other"]"#,
        "\"\"",
        r#"[""]"#,
    ] {
        assert_eq!(judged(aud, Some("\"client-b\"")), Ok(()), "{aud}");
    }
    for aud in [
        "\"client-a\"",
        r#"["client-a"]"#,
        r#"["client-a","client-b"]"#,
    ] {
        for azp in ["\"other\"", "\"\"", "\"client-a \"", "\"CLIENT-A\""] {
            assert_eq!(judged(aud, Some(azp)), Err("aud_foreign"), "{aud} {azp}");
        }
    }
}

#[test]
fn an_unregistered_or_empty_audience_is_refused() {
    for aud in [
        "\"other\"",
        "[\"other\"]",
        "\"\"",
        "[\"\"]",
        "\"client-a \"",
    ] {
        assert_eq!(judged(aud, None), Err("aud_foreign"), "{aud}");
    }
}

#[test]
fn an_empty_list_has_its_own_reason_with_and_without_azp() {
    assert_eq!(judged("[]", None), Err("aud_malformed"));
    assert_eq!(judged("[]", Some("\"client-a\"")), Err("aud_malformed"));
}

#[test]
fn azp_does_not_stand_in_for_a_missing_or_malformed_aud() {
    let without = claims().without("aud").with("azp", "\"client-a\"");
    assert_eq!(code(&sts(), &token(&without)), Err("aud_missing"));
    for aud in ["null", "1", "{}", r#"["client-a",1]"#, r#"[["client-a"]]"#] {
        assert_eq!(judged(aud, None), Err("aud_malformed"), "{aud}");
        assert_eq!(
            judged(aud, Some("\"client-a\"")),
            Err("aud_malformed"),
            "{aud}"
        );
    }
}

#[test]
fn an_azp_that_is_no_string_is_refused_whatever_aud_says() {
    for azp in ["null", "1", "true", "[]", r#"["client-a"]"#, "{}"] {
        assert_eq!(
            judged("\"client-a\"", Some(azp)),
            Err("azp_malformed"),
            "{azp}"
        );
    }
}

#[test]
fn the_verified_token_gives_both() {
    let claims = claims()
        .with("aud", r#"["other","client-a"]"#)
        .with("azp", "\"client-b\"");
    let parties = verdict(&sts(), &token(&claims), |token| {
        let aud = token
            .audience()
            .map(|aud| aud.iter().map(str::to_owned).collect::<Vec<_>>());
        (aud, token.authorized_party().map(Cow::into_owned))
    });
    let aud = vec!["other".to_owned(), "client-a".to_owned()];
    assert_eq!(parties, Ok((Some(aud), Some("client-b".to_owned()))));
}

#[test]
fn what_is_said_after_the_profile_still_holds() {
    let forbid = relying_party()
        .extra_audiences(ExtraAudiences::Forbid)
        .keys(parse_set(&all_keys()))
        .build()
        .unwrap();
    let claims = claims().with("azp", "\"client-a\"");
    assert_eq!(code(&forbid, &token(&claims)), Ok(()));
    let other = token(&claims.with("aud", "\"other\""));
    assert_eq!(code(&forbid, &other), Err("aud_unexpected"));
    // A name that is empty hides no other.
    let hidden = token(&claims.with("aud", r#"["","other"]"#));
    assert_eq!(code(&forbid, &hidden), Err("aud_malformed"));
}

/// An issuer by the standards' rules, in the same verifier, is judged as ever.
#[test]
fn azp_means_nothing_to_an_issuer_without_the_profile() {
    for azp in ["\"other\"", "1", "null"] {
        let token = token(&claims().with("azp", azp));
        assert_eq!(code(&strict(), &token), Ok(()), "{azp}");
    }
    let foreign = claims()
        .with("aud", "\"other\"")
        .with("azp", "\"client-a\"");
    assert_eq!(code(&strict(), &token(&foreign)), Err("aud_foreign"));
}
