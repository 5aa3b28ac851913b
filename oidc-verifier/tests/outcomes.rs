//! What a caller gets when a token is refused: an error that says who must act, with a stable code
//! and a text that repeats nothing of the token.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use std::error::Error;
use std::time::Duration;

use oidc_core::Algorithm;
use oidc_verifier::{Class, ExtraAudiences, IssuerKeys, Verifier, VerifyError};
use support::{
    AUDIENCE, Honest, ISSUER, NOW, Shape, all_keys, at, builder, foreign_key, identifier, jwk_set,
    key, mint, parse_set, sign, verifier,
};

fn honest() -> Honest {
    mint(Algorithm::EdDsa, Shape::Aws)
}

/// The error and its sources, from the outside in.
fn texts(error: &VerifyError) -> String {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(error.to_string());
        source = error.source();
    }
    texts.join(": ")
}

/// Checks that each token is refused, before its signature is looked at or by it, with this code
/// and this text, sources included.
fn assert_refused(rows: &[(String, &str, &str)]) {
    let usual = Algorithm::DEFAULT_ALLOWED.iter().copied();
    let verifier = builder().algorithms(usual).build().unwrap();
    for (token, code, text) in rows {
        let error = verifier.verify(token.as_bytes(), at(NOW)).unwrap_err();
        assert_eq!((error.code(), texts(&error).as_str()), (*code, *text));
        assert_eq!(
            (error.class(), error.is_authenticated()),
            (Class::Refused, false),
            "{code}"
        );
        let is_json = ["header_json", "claims_json"].contains(code);
        assert_eq!(error.json_fault().is_some(), is_json, "{code}");
    }
}

/// One row for each way in which bytes are no token, or their header is refused.
#[test]
fn every_refusal_of_a_form_has_a_code_and_a_text() {
    let honest = honest();
    let [header, payload, signature] = honest.parts();
    let head =
        |name: &str, value: &str| honest.with_header(honest.header.with(name, value).to_json());
    assert_refused(&[
        (
            "x".repeat(32 * 1024 + 1),
            "token_too_long",
            "not a compact token: token is longer than 32768 bytes",
        ),
        (
            "a.b".into(),
            "not_three_parts",
            "not a compact token: token does not have exactly three parts",
        ),
        (
            format!("{header}..{signature}"),
            "empty_part",
            "not a compact token: payload of the token is empty",
        ),
        (
            format!("=.{payload}.{signature}"),
            "header_base64url",
            "header of the token is not base64url: base64url text is padded at byte 0",
        ),
        (
            format!("{header}.A.{signature}"),
            "payload_base64url",
            "payload of the token is not base64url: base64url text ends inside a byte, at byte 0",
        ),
        (
            format!("{header}.{payload}.A+"),
            "signature_base64url",
            "signature of the token is not base64url: byte 1 is not of the base64url alphabet",
        ),
        (
            format!("{}.{payload}.{signature}", "A".repeat(10_925)),
            "header_too_long",
            "header is longer than 8192 bytes",
        ),
        (
            honest.with_header("{"),
            "header_json",
            "header is refused: header is not strict JSON: unexpected end at byte 1",
        ),
        (
            honest.with_header("[]"),
            "header_not_object",
            "header is refused: header is not an object",
        ),
        (
            head("crit", "[\"x\"]"),
            "crit_unknown",
            "header is refused: `crit` names an unknown extension",
        ),
        (
            head("crit", "[]"),
            "crit_malformed",
            "header is refused: `crit` is malformed",
        ),
        (
            head("b64", "false"),
            "payload_unencoded",
            "header is refused: header asks for an unencoded payload",
        ),
        (
            head("zip", "\"DEF\""),
            "header_compressed",
            "header is refused: header asks for compression",
        ),
        (
            head("cty", "\"JWT\""),
            "token_nested",
            "header is refused: token is nested",
        ),
        (
            head("typ", "1"),
            "header_not_text",
            "header is refused: `typ` is not a string",
        ),
        (
            head("kid", &format!("\"{}\"", "k".repeat(257))),
            "kid_too_long",
            "header is refused: `kid` is longer than 256 bytes",
        ),
        (
            honest.with_header("{}"),
            "alg_missing",
            "header is refused: header has no `alg`",
        ),
        (
            head("alg", "\"none\""),
            "alg_unsupported",
            "header is refused: `alg` names no supported signature algorithm",
        ),
    ]);
}

/// One row for each way in which claims, key or signature are refused.
#[test]
fn every_refusal_of_an_unauthenticated_token_has_a_code_and_a_text() {
    let honest = honest();
    let head =
        |name: &str, value: &str| honest.with_header(honest.header.with(name, value).to_json());
    let claim = |name: &str, value: &str| honest.with_claim(name, value);
    assert_refused(&[
        (
            honest.with_claims("{\"iss\":1,\"iss\":1}"),
            "claims_json",
            "payload is not a claims set: claims set is not strict JSON: duplicate member name at byte 9",
        ),
        (
            honest.with_claims("[]"),
            "claims_not_object",
            "payload is not a claims set: claims set is not an object",
        ),
        (head("kid", "\"x\""), "key_unknown", "no key of this `kid`"),
        (
            claim("iss", "\"https://evil.example\""),
            "issuer_untrusted",
            "issuer is not trusted",
        ),
        (
            honest.without_claim("iss"),
            "iss_missing",
            "token has no `iss`, and was not authenticated",
        ),
        (
            claim("iss", "[]"),
            "iss_malformed",
            "token's `iss` is malformed, and was not authenticated",
        ),
        (
            head("typ", "\"at+jwt\""),
            "typ_not_allowed",
            "`typ` names another kind of token",
        ),
        (
            head("alg", "\"RS384\""),
            "alg_not_allowed",
            "algorithm RS384 is not allowed for the issuer",
        ),
        (
            head("alg", "\"ES256\""),
            "key_not_for_alg",
            "key does not serve the algorithm",
        ),
        (
            honest.with_header(honest.header.without("kid").to_json()),
            "kid_required",
            "token needs a `kid`",
        ),
        (
            claim("exp", "1789999000"),
            "expired",
            "token has expired, and was not authenticated",
        ),
        (
            claim("nbf", "1790000061"),
            "not_yet_valid",
            "token is not valid yet, and was not authenticated",
        ),
        (
            claim("aud", "\"other\""),
            "aud_foreign",
            "token is for another audience, and was not authenticated",
        ),
        (
            honest.with_signature([0; 64]),
            "signature",
            "signature does not verify",
        ),
    ]);
}

/// Behind a good signature the error says what the issuer said.
#[test]
fn every_refusal_of_an_authentic_token_says_both_sides() {
    let honest = honest();
    let claim = |name: &str, value: &str| honest.with_claim(name, value);
    let rows = [
        (
            honest.without_claim("sub"),
            "sub_missing",
            "`sub` is missing",
        ),
        (
            claim("sub", "7"),
            "sub_malformed",
            "`sub` is malformed: of kind number",
        ),
        (
            claim("sub", "\"\""),
            "sub_malformed",
            "`sub` is malformed: empty",
        ),
        (
            claim("sub", "\"\\n\""),
            "sub_malformed",
            "`sub` is malformed: control character",
        ),
        (
            claim("jti", &format!("\"{}\"", "j".repeat(256))),
            "jti_malformed",
            "`jti` is malformed: longer than 255 bytes",
        ),
        (
            claim("aud", &format!("[{}\"\"]", "\"a\",".repeat(16))),
            "aud_malformed",
            "`aud` is malformed: more than 16 entries",
        ),
        (
            claim("exp", "1e308"),
            "exp_malformed",
            "`exp` is malformed: date out of range",
        ),
        (
            claim("iat", "1790000061"),
            "iat_future",
            "`iat` 1790000061 is later than 1790000000",
        ),
        (
            claim("iat", "1789913600"),
            "lifetime_too_long",
            "lifetime of 86990s is longer than 86400s",
        ),
        (
            claim("aud", &format!("[\"{AUDIENCE}\",\"b\"]")),
            "aud_unexpected",
            "`aud` names another audience beside ours",
        ),
        (
            claim("exp", "1789999989"),
            "lifetime_negative",
            "`exp` 1789999989 is earlier than `iat` 1789999990",
        ),
        (
            claim("iat", "1789999800"),
            "too_old",
            "age of 200s is more than 100s",
        ),
    ];
    let verifier = builder()
        .extra_audiences(ExtraAudiences::Forbid)
        .max_age(Duration::from_secs(100))
        .build()
        .unwrap();
    for (token, code, text) in rows {
        let error = verifier.verify(token.as_bytes(), at(NOW)).unwrap_err();
        let expected = format!("claim check failed: {text}");
        assert_eq!((error.code(), texts(&error)), (code, expected));
        assert_eq!(
            (error.class(), error.is_authenticated()),
            (Class::Refused, true),
            "{code}"
        );
        assert_eq!(error.json_fault(), None);
    }
}

#[test]
fn a_second_audience_is_told_from_a_foreign_one() {
    let verifier = builder()
        .extra_audiences(ExtraAudiences::ForbidSecond)
        .build()
        .unwrap();
    let token = honest().with_claim("aud", &format!("[\"{AUDIENCE}\",\"{AUDIENCE}\"]"));
    let error = verifier.verify(token.as_bytes(), at(NOW)).unwrap_err();
    let expected = "claim check failed: `aud` names more than one audience";
    assert_eq!(
        (error.code(), texts(&error).as_str()),
        ("aud_several", expected)
    );
    assert_eq!(error.class(), Class::Refused);
}

#[test]
fn a_cut_off_is_told_with_both_dates() {
    let verifier = verifier();
    let keys = IssuerKeys::new(identifier(ISSUER), parse_set(&all_keys()));
    verifier
        .install(&keys.refuse_issued_before(at(NOW)))
        .unwrap();
    let error = verifier
        .verify(honest().token.as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(
        (error.code(), error.is_authenticated()),
        ("iat_before_cut_off", true)
    );
    let expected = "claim check failed: `iat` 1789999990 is earlier than the cut-off 1790000000";
    assert_eq!(texts(&error), expected);
}

#[test]
fn two_keys_of_one_name_are_the_issuers_fault_and_refused() {
    let set = |first: &str, second: &str| {
        let keys = [first, second].map(|set| {
            let keys = set
                .strip_prefix("{\"keys\":[")
                .and_then(|rest| rest.strip_suffix("]}"));
            keys.unwrap().to_owned()
        });
        format!("{{\"keys\":[{}]}}", keys.join(","))
    };
    let keys = [key(Algorithm::EdDsa), foreign_key(Algorithm::EdDsa)].map(|key| jwk_set([key]));
    let verifier = builder()
        .keys(parse_set(&set(&keys[0], &keys[1])))
        .build()
        .unwrap();
    let error = verifier
        .verify(honest().token.as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(error, VerifyError::AmbiguousKey);
    assert_eq!(
        (error.code(), texts(&error).as_str()),
        ("key_ambiguous", "several keys have this `kid`")
    );
    assert_eq!(
        (error.class(), error.is_authenticated()),
        (Class::Refused, false)
    );
}

/// The one outcome that is not about the token.
#[test]
fn without_keys_the_service_is_unavailable() {
    let verifier = Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .build()
        .unwrap();
    let error = verifier
        .verify(honest().token.as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(error, VerifyError::KeysUnavailable);
    assert_eq!(
        (error.class(), error.is_authenticated()),
        (Class::Unavailable, false)
    );
    let text = "keys of the issuer are not available";
    assert_eq!(
        (error.code(), texts(&error).as_str()),
        ("keys_unavailable", text)
    );
}

/// What no signature could mend is refused before it is looked at, and what only a trusted issuer
/// may be told, after.
#[test]
fn the_first_fault_on_the_way_is_the_one_that_is_told() {
    let verifier = verifier();
    let honest = honest();
    let forge = |claims: &support::Members| {
        sign(
            foreign_key(Algorithm::EdDsa),
            honest.header.to_json(),
            claims.to_json(),
        )
    };
    let expired = honest
        .claims
        .with("exp", "1789999000")
        .with("aud", "\"other\"");
    for (token, code) in [
        (forge(&expired), "expired"),
        (
            forge(&honest.claims.with("aud", "\"other\"")),
            "aud_foreign",
        ),
        (forge(&honest.claims.with("aud", "7")), "signature"),
        (forge(&honest.claims.without("sub")), "signature"),
        (forge(&honest.claims.with("iat", "1790000061")), "signature"),
        (
            forge(&honest.claims.with("iss", "\"x\"").with("exp", "0")),
            "issuer_untrusted",
        ),
        (
            honest.with_claims(honest.claims.with("aud", "7").with("sub", "7").to_json()),
            "sub_malformed",
        ),
    ] {
        let error = verifier.verify(token.as_bytes(), at(NOW)).unwrap_err();
        assert_eq!(error.code(), code);
    }
}
