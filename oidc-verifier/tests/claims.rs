//! The registered claims of an authentic token, each limit from both sides (RFC 7519 section 4.1,
//! OpenID Connect Core section 3.1.3.7).

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use std::time::Duration;

use oidc_core::Algorithm;
use oidc_verifier::{ExtraAudiences, IssuerKeys, Ready, Verifier, VerifierBuilder};
use support::{
    AUDIENCE, Honest, ISSUER, NOW, Shape, all_keys, at, builder, identifier, mint, parse_set,
};

/// A token with these times.
fn dated(iat: i64, exp: i64, nbf: i64) -> String {
    let claims = honest().claims;
    let claims = claims.with("iat", &iat.to_string());
    let claims = claims.with("exp", &exp.to_string());
    let claims = claims.with("nbf", &nbf.to_string());
    honest().with_claims(claims.to_json())
}

fn honest() -> Honest {
    mint(Algorithm::EdDsa, Shape::CircleCi)
}

fn build(settings: impl FnOnce(VerifierBuilder<Ready>) -> VerifierBuilder<Ready>) -> Verifier {
    settings(builder()).build().unwrap()
}

/// `ok`, or the code of the error.
fn outcome(verifier: &Verifier, token: &str, now: i64) -> &'static str {
    match verifier.verify(token.as_bytes(), at(now)) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Valid while `nbf - leeway <= now < exp + leeway`.
#[test]
fn a_token_is_valid_from_nbf_less_leeway_until_exp_plus_leeway() {
    for leeway in [0, 1, 60, 300] {
        let verifier = build(|builder| builder.leeway(seconds(leeway)));
        let leeway = i64::try_from(leeway).unwrap();
        let token = dated(NOW - 1_000, NOW + 1_000, NOW);
        for (now, expected) in [
            (NOW - leeway - 1, "not_yet_valid"),
            (NOW - leeway, "ok"),
            (NOW + 1_000 + leeway - 1, "ok"),
            (NOW + 1_000 + leeway, "expired"),
        ] {
            assert_eq!(outcome(&verifier, &token, now), expected, "{leeway} {now}");
        }
    }
}

#[test]
fn iat_lies_in_the_future_by_no_more_than_the_leeway() {
    for leeway in [0, 60] {
        let verifier = build(|builder| builder.leeway(seconds(leeway)));
        let leeway = i64::try_from(leeway).unwrap();
        let token = dated(NOW, NOW + 1_000, NOW - 1_000);
        for (now, expected) in [(NOW - leeway - 1, "iat_future"), (NOW - leeway, "ok")] {
            assert_eq!(outcome(&verifier, &token, now), expected, "{leeway} {now}");
        }
    }
}

#[test]
fn the_leeway_is_a_minute_unless_it_is_said() {
    let verifier = build(|builder| builder);
    assert_eq!(Verifier::DEFAULT_LEEWAY, seconds(60));
    let token = dated(NOW - 10, NOW, NOW - 10);
    assert_eq!(outcome(&verifier, &token, NOW + 59), "ok");
    assert_eq!(outcome(&verifier, &token, NOW + 60), "expired");
}

/// Both ends of time: nothing overflows, and the end of the year 9999 is the end.
#[test]
fn times_at_the_ends_of_the_calendar_do_not_overflow() {
    let verifier = build(|builder| builder.max_lifetime(Duration::MAX).leeway(seconds(300)));
    let max = 253_402_300_799;
    for (token, now, expected) in [
        (dated(0, 1, 0), 0, "ok"),
        (dated(0, 0, 0), 0, "ok"),
        (dated(0, 0, 0), 299, "ok"),
        (dated(0, 0, 0), 300, "expired"),
        (dated(0, max, 0), 0, "ok"),
        (dated(0, max, 0), max - 1, "ok"),
        (dated(max, max, max), max - 300, "ok"),
        (dated(max, max, max), max - 301, "not_yet_valid"),
        (dated(0, max, 0), max, "expired"),
    ] {
        assert_eq!(outcome(&verifier, &token, now), expected, "{now}");
    }
}

#[test]
fn the_lifetime_from_iat_to_exp_is_capped() {
    let day = 24 * 60 * 60;
    let usual = build(|builder| builder);
    let short = build(|builder| builder.max_lifetime(seconds(600)));
    for (verifier, longest) in [(&usual, day), (&short, 600)] {
        let token = |lifetime| dated(NOW - 5, NOW - 5 + lifetime, NOW - 5);
        assert_eq!(outcome(verifier, &token(longest), NOW), "ok");
        assert_eq!(
            outcome(verifier, &token(longest + 1), NOW),
            "lifetime_too_long"
        );
    }
    let token = dated(NOW, NOW - 1, NOW - 5);
    assert_eq!(outcome(&usual, &token, NOW), "lifetime_negative");
    assert_eq!(outcome(&usual, &dated(NOW, NOW, NOW), NOW), "ok");
}

#[test]
fn the_age_since_iat_is_capped_if_asked_for() {
    let usual = build(|builder| builder);
    let young = build(|builder| builder.max_age(seconds(100)).leeway(seconds(10)));
    let token = dated(NOW, NOW + 5_000, NOW);
    for (now, expected) in [(NOW, "ok"), (NOW + 110, "ok"), (NOW + 111, "too_old")] {
        assert_eq!(outcome(&young, &token, now), expected, "{now}");
        assert_eq!(outcome(&usual, &token, now), "ok");
    }
    // Issued in the future, within the leeway: no age at all.
    assert_eq!(outcome(&young, &token, NOW - 10), "ok");
}

#[test]
fn tokens_from_before_a_cut_off_are_refused() {
    let verifier = build(|builder| builder);
    let keys = IssuerKeys::new(identifier(ISSUER), parse_set(&all_keys()));
    let keys = keys.refuse_issued_before(at(NOW));
    verifier.install(&keys).unwrap();
    let token = |iat| dated(iat, NOW + 600, NOW);
    assert_eq!(outcome(&verifier, &token(NOW), NOW), "ok");
    assert_eq!(
        outcome(&verifier, &token(NOW - 1), NOW),
        "iat_before_cut_off"
    );
}

#[test]
fn one_audience_of_the_relying_party_is_enough() {
    let verifier = build(|builder| builder.audience("second").audience("third"));
    for (aud, expected) in [
        (format!("\"{AUDIENCE}\""), "ok"),
        ("\"second\"".into(), "ok"),
        ("[\"x\",\"third\"]".into(), "ok"),
        ("[\"x\",\"Third\"]".into(), "aud_foreign"),
        ("\"x\"".into(), "aud_foreign"),
    ] {
        let token = honest().with_claim("aud", &aud);
        assert_eq!(outcome(&verifier, &token, NOW), expected, "{aud}");
    }
}

#[test]
fn other_audiences_beside_ours_are_allowed_forbidden_or_listed() {
    let own = format!("\"{AUDIENCE}\"");
    let cases = [
        (own.clone(), ["ok", "ok", "ok", "ok"]),
        (format!("[{own}]"), ["ok", "ok", "ok", "ok"]),
        (
            format!("[{own},\"second\"]"),
            ["ok", "ok", "aud_several", "ok"],
        ),
        (format!("[{own},{own}]"), ["ok", "ok", "aud_several", "ok"]),
        (
            format!("[\"partner\",{own}]"),
            ["ok", "aud_unexpected", "aud_several", "ok"],
        ),
        (
            format!("[{own},\"partner\",\"x\"]"),
            ["ok", "aud_unexpected", "aud_several", "aud_unexpected"],
        ),
        ("[\"partner\"]".into(), ["aud_foreign"; 4]),
    ];
    let rules = [
        ExtraAudiences::Allow,
        ExtraAudiences::Forbid,
        ExtraAudiences::ForbidSecond,
        ExtraAudiences::Only(vec!["partner".into()]),
    ];
    for (index, rule) in rules.into_iter().enumerate() {
        let verifier = build(|builder| builder.audience("second").extra_audiences(rule.clone()));
        for (aud, expected) in &cases {
            let token = honest().with_claim("aud", aud);
            let answer = outcome(&verifier, &token, NOW);
            assert_eq!(answer, expected[index], "{rule:?} {aud}");
        }
    }
    assert_eq!(ExtraAudiences::default(), ExtraAudiences::Allow);
}

/// RFC 8725 section 3.11: absent and `JWT` pass, and what was asked for.
#[test]
fn another_typ_passes_only_if_it_was_asked_for() {
    let usual = build(|builder| builder);
    let access = build(|builder| {
        builder
            .accept_typ("at+jwt")
            .accept_typ("application/vc+jwt")
    });
    for (typ, expected) in [
        (None, ["ok", "ok"]),
        (Some("JWT"), ["ok", "ok"]),
        (Some("application/jwt"), ["ok", "ok"]),
        (Some("at+jwt"), ["typ_not_allowed", "ok"]),
        (Some("application/AT+JWT"), ["typ_not_allowed", "ok"]),
        (Some("vc+jwt"), ["typ_not_allowed", "ok"]),
        (Some("at+jwt "), ["typ_not_allowed"; 2]),
        (Some("logout+jwt"), ["typ_not_allowed"; 2]),
        (Some(""), ["typ_not_allowed"; 2]),
    ] {
        let honest = honest();
        let header = match typ {
            None => honest.header.without("typ"),
            Some(typ) => honest.header.with("typ", &format!("\"{typ}\"")),
        };
        let token = honest.with_header(header.to_json());
        // Twice: a header that is known by now is judged as before.
        for _ in 0..2 {
            let answers = [&usual, &access].map(|verifier| outcome(verifier, &token, NOW));
            assert_eq!(answers, expected, "{typ:?}");
        }
    }
}

#[test]
fn a_required_claim_that_is_missing_is_named() {
    let verifier = build(|builder| builder);
    for (name, code) in [
        ("iss", "iss_missing"),
        ("sub", "sub_missing"),
        ("aud", "aud_missing"),
        ("exp", "exp_missing"),
        ("iat", "iat_missing"),
        ("nbf", "ok"),
        ("jti", "ok"),
    ] {
        let token = honest().without_claim(name);
        assert_eq!(outcome(&verifier, &token, NOW), code, "{name}");
    }
}

/// Malformed is an error whether the claim is needed or not.
#[test]
fn a_registered_claim_that_is_malformed_is_named() {
    let verifier = build(|builder| builder);
    for (name, code) in [
        ("iss", "iss_malformed"),
        ("sub", "sub_malformed"),
        ("aud", "aud_malformed"),
        ("exp", "exp_malformed"),
        ("iat", "iat_malformed"),
        ("nbf", "nbf_malformed"),
        ("jti", "jti_malformed"),
    ] {
        for value in ["null", "{}", "true", "[[\"a\"]]"] {
            let token = honest().with_claim(name, value);
            assert_eq!(outcome(&verifier, &token, NOW), code, "{name} {value}");
        }
    }
}

/// Each text claim at its limit and one byte past it.
#[test]
fn text_claims_have_a_length() {
    let verifier = build(|builder| builder);
    for (name, longest, code) in [
        ("sub", 1_024, "sub_malformed"),
        ("jti", 255, "jti_malformed"),
    ] {
        let token =
            |length: usize| honest().with_claim(name, &format!("\"{}\"", "é".repeat(length)));
        assert_eq!(outcome(&verifier, &token(longest / 2), NOW), "ok");
        assert_eq!(outcome(&verifier, &token(longest / 2 + 1), NOW), code);
    }
    let aud = |names: usize, length: usize| {
        let others = format!(",\"{}\"", "a".repeat(length)).repeat(names - 1);
        honest().with_claim("aud", &format!("[\"{AUDIENCE}\"{others}]"))
    };
    for (names, length, expected) in [
        (16, 1_024, "ok"),
        (17, 1, "aud_malformed"),
        (2, 4_000, "ok"),
        (2, 4_001, "aud_malformed"),
    ] {
        let answer = outcome(&verifier, &aud(names, length), NOW);
        assert_eq!(answer, expected, "{names} {length}");
    }
}
