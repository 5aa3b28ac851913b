//! What a verifier can be built of: each limit from both sides, and the text of each error.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod support;

use std::error::Error;
use std::time::Duration;

use oidc_core::{Algorithm, CompactJws, JoseHeader};
use oidc_verifier::{
    BuildError, ExtraAudiences, PointerBuf, Ready, Verifier, VerifierBuilder, VerifyError,
};
use support::{
    AUDIENCE, AWS_LC_RS, ISSUER, NOW, Shape, all_keys, at, builder, identifier, jwk_set, key, mint,
    parse_set,
};

fn bare() -> VerifierBuilder<Ready> {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
}

/// Why it is not built: code and text.
fn refusal(builder: VerifierBuilder<Ready>) -> (&'static str, String) {
    let error = builder.build().unwrap_err();
    (error.code(), error.to_string())
}

fn expected(code: &'static str, text: &str) -> (&'static str, String) {
    (code, text.to_owned())
}

#[test]
fn an_issuer_and_an_audience_are_all_it_needs() {
    let verifier = bare().build().unwrap();
    let honest = mint(Algorithm::Es256, Shape::CircleCi);
    let error = verifier
        .verify(honest.token.as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(error, VerifyError::KeysUnavailable);
    let text = format!("{verifier:?}");
    assert!(text.contains(ISSUER), "{text}");
}

#[test]
fn an_audience_is_not_empty() {
    let empty = expected("audience_empty", "audience is empty");
    let issuer = || Verifier::builder().issuer(identifier(ISSUER));
    assert_eq!(refusal(issuer().audience("")), empty);
    assert_eq!(refusal(bare().audience("")), empty);
    let only = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        bare().extra_audiences(ExtraAudiences::Only(names))
    };
    assert_eq!(refusal(only(&["a", ""])), empty);
    assert!(only(&["a"]).build().is_ok());
    assert!(only(&[]).build().is_ok());
    // For the second issuer too.
    let second = bare()
        .issuer(identifier("https://other.example"))
        .audience("");
    assert_eq!(refusal(second), empty);
}

/// An empty list allows nothing: it cannot be meant.
#[test]
fn some_algorithm_is_allowed() {
    assert_eq!(
        refusal(bare().algorithms([])),
        expected("no_algorithm", "no algorithm is allowed")
    );
    for algorithm in Algorithm::ALL.iter().copied() {
        let built = bare().algorithms([algorithm]).build();
        if AWS_LC_RS || algorithm != Algorithm::Es512 {
            assert!(built.is_ok(), "{algorithm}");
        } else {
            let error = built.unwrap_err();
            assert!(matches!(
                error,
                BuildError::UnsupportedAlgorithm {
                    algorithm: Algorithm::Es512,
                    ..
                }
            ));
            assert_eq!(error.code(), "alg_not_in_backend");
            assert_eq!(
                error.to_string(),
                "algorithm ES512 is not supported by this build's crypto backend"
            );
        }
    }
}

#[test]
fn the_leeway_is_at_most_five_minutes() {
    for (leeway, ok) in [(0, true), (300, true), (301, false)] {
        let built = bare().leeway(Duration::from_secs(leeway)).build();
        assert_eq!(built.is_ok(), ok, "{leeway}");
    }
    for leeway in [
        Verifier::MAX_LEEWAY + Duration::from_nanos(1),
        Duration::MAX,
    ] {
        assert_eq!(
            refusal(bare().leeway(leeway)),
            expected("leeway_too_long", "leeway is longer than 300 s")
        );
    }
}

#[test]
fn a_lifetime_or_an_age_of_zero_is_a_mistake() {
    let mistake = expected(
        "nothing_can_pass",
        "lifetime or age of zero lets no token pass",
    );
    assert_eq!(refusal(bare().max_lifetime(Duration::ZERO)), mistake);
    assert_eq!(refusal(bare().max_age(Duration::ZERO)), mistake);
    let second = Duration::from_secs(1);
    assert!(bare().max_lifetime(second).max_age(second).build().is_ok());
    assert!(
        bare()
            .max_lifetime(Duration::MAX)
            .max_age(Duration::MAX)
            .build()
            .is_ok()
    );
}

#[test]
fn an_issuer_is_named_once() {
    let twice = bare().issuer(identifier(ISSUER)).audience("another");
    assert_eq!(
        refusal(twice),
        expected(
            "issuer_duplicate",
            &format!("issuer `{ISSUER}` is configured twice")
        )
    );
    // Another spelling is another issuer.
    let slash = identifier(&format!("{ISSUER}/"));
    assert!(bare().issuer(slash).audience("another").build().is_ok());
}

#[test]
fn a_verifier_has_up_to_256_issuers() {
    let with = |count: usize| {
        (1..count).fold(bare(), |builder, index| {
            let issuer = identifier(&format!("https://issuer-{index}.example"));
            builder.issuer(issuer).audience("a")
        })
    };
    let full = with(Verifier::MAX_ISSUERS).build().unwrap();
    assert_eq!(full.issuers().len(), 256);
    assert_eq!(
        refusal(with(257)),
        expected("too_many_issuers", "more than 256 issuers")
    );
}

#[test]
fn settings_belong_to_the_issuer_that_was_named_last() {
    let other = "https://other.example";
    let keys = parse_set(&all_keys());
    let verifier = bare()
        .algorithms([Algorithm::EdDsa])
        .keys(keys.clone())
        .issuer(identifier(other))
        .audience("elsewhere")
        .algorithms([Algorithm::Es256])
        .keys(keys)
        .build()
        .unwrap();
    for (algorithm, issuer, audience, expected) in [
        (Algorithm::EdDsa, ISSUER, AUDIENCE, Ok(())),
        (Algorithm::Es256, other, "elsewhere", Ok(())),
        (Algorithm::EdDsa, ISSUER, "elsewhere", Err("aud_foreign")),
        (Algorithm::Es256, other, AUDIENCE, Err("aud_foreign")),
        (Algorithm::Es256, ISSUER, AUDIENCE, Err("alg_not_allowed")),
        (Algorithm::EdDsa, other, "elsewhere", Err("alg_not_allowed")),
    ] {
        let honest = mint(algorithm, Shape::CircleCi);
        let claims = honest.claims.with("iss", &format!("\"{issuer}\""));
        let claims = claims.with("aud", &format!("\"{audience}\""));
        let token = honest.with_claims(claims.to_json());
        let answer = verifier.verify(token.as_bytes(), at(NOW));
        assert_eq!(answer.map(drop).map_err(|error| error.code()), expected);
    }
}

#[test]
fn up_to_248_pointers_are_located() {
    let with = |count: usize| {
        (0..count).fold(builder(), |builder, index| {
            builder.locate(PointerBuf::from_tokens([format!("claim-{index}")]))
        })
    };
    let verifier = with(248).build().unwrap();
    let honest = mint(Algorithm::EdDsa, Shape::CircleCi);
    let token = honest.with_claim("claim-247", "7");
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let pointer = PointerBuf::parse("/claim-247").unwrap();
    let found = verified.get(pointer.as_pointer()).unwrap();
    assert_eq!(found.json(), "7");
    assert_eq!(
        refusal(with(249)),
        expected("too_many_pointers", "too many pointers to locate")
    );
}

#[test]
fn keys_of_which_none_can_be_used_are_an_error() {
    let unfit = bare()
        .algorithms([Algorithm::EdDsa])
        .keys(parse_set(&jwk_set([key(Algorithm::Es256)])));
    let error = unfit.build().unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("no_usable_key", "keys cannot be used")
    );
    let source = error.source().map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("no key can be used"));
}

/// The token's size is looked at before anything else.
#[test]
fn the_size_of_a_token_is_limited_by_default_by_choice_and_for_good() {
    let honest = mint(Algorithm::EdDsa, Shape::Aws);
    let length = honest.token.len();
    let judge = |max: usize, token: &str| {
        let verifier = builder().max_token_bytes(max).build().unwrap();
        let answer = verifier.verify(token.as_bytes(), at(NOW));
        answer.map(drop).map_err(|error| error.code())
    };
    assert_eq!(judge(length, &honest.token), Ok(()));
    assert_eq!(judge(length - 1, &honest.token), Err("token_too_long"));

    // A token of any length that is wanted, with claims that fill it.
    let filled = |length: usize| {
        let token = |in_header: usize, in_claims: usize| {
            let filler = |count: usize| format!("\"{}\"", "x".repeat(count));
            let header = honest.header.with("x", &filler(in_header)).to_json();
            honest.sign(
                header,
                honest.claims.with("x", &filler(in_claims)).to_json(),
            )
        };
        let least = (length - token(4, 0).len()) / 4 * 3;
        (0..4)
            .flat_map(|in_header| (0..8).map(move |more| (in_header, least + more)))
            .map(|(in_header, in_claims)| token(in_header, in_claims))
            .find(|token| token.len() == length)
            .unwrap()
    };
    let default = CompactJws::DEFAULT_MAX_BYTES;
    assert_eq!(default, 32 * 1024);
    let usual = builder().build().unwrap();
    assert!(usual.verify(filled(default).as_bytes(), at(NOW)).is_ok());
    let error = usual
        .verify(filled(default + 1).as_bytes(), at(NOW))
        .unwrap_err();
    assert_eq!(error.code(), "token_too_long");

    let most = CompactJws::MAX_BYTES;
    assert_eq!(judge(most, &filled(default + 1)), Ok(()));
    assert_eq!(
        refusal(builder().max_token_bytes(most + 1)),
        expected("token_limit_too_high", "token limit is above 1 MiB")
    );
}

#[test]
fn the_header_is_limited_before_and_after_it_is_decoded() {
    let honest = mint(Algorithm::EdDsa, Shape::CircleCi);
    let verifier = builder().build().unwrap();
    let header = |length: usize| {
        let filled = |filler: usize| {
            let filler = format!("\"{}\"", "x".repeat(filler));
            honest.header.with("x", &filler).to_json()
        };
        filled(length - filled(0).len())
    };
    for (length, expected) in [
        (JoseHeader::MAX_BYTES, Ok(())),
        (JoseHeader::MAX_BYTES + 1, Err("header_json")),
        (JoseHeader::MAX_BYTES + 2, Err("header_too_long")),
    ] {
        let token = honest.with_header(header(length));
        let answer = verifier.verify(token.as_bytes(), at(NOW));
        assert_eq!(
            answer.map(drop).map_err(|error| error.code()),
            expected,
            "{length}"
        );
    }
}

/// That of the largest RSA key, 1,024 bytes, is the longest that is decoded.
#[test]
fn the_signature_is_limited_before_it_is_decoded() {
    let honest = mint(Algorithm::EdDsa, Shape::CircleCi);
    let verifier = builder().build().unwrap();
    let [header, payload, _] = honest.parts();
    // Not base64url: whoever decodes it says so.
    for (length, expected) in [(1_368, "signature_base64url"), (1_369, "signature")] {
        let token = format!("{header}.{payload}.{}", "=".repeat(length));
        let error = verifier.verify(token.as_bytes(), at(NOW)).unwrap_err();
        assert_eq!(error.code(), expected, "{length}");
    }
}
