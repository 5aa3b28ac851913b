//! Whatever happens to keys and clock, a cache answers what its verifier would.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod support;
mod token_cache_world;

use std::time::Duration;

use oidc_core::{Algorithm, NumericDate};
use oidc_verifier::{IssuerKeys, TokenCache, Verified};
use proptest::prelude::*;

use self::support::{ISSUER, NOW, at, builder, foreign_key, identifier, jwk_set, key, parse_set};
use self::token_cache_world::{EXP, LEEWAY, install, payload, signed, token};

/// What happens between two calls.
#[derive(Clone, Debug)]
enum Step {
    Install(usize),
    CutOff(i64),
    Withdraw,
    Verify {
        verifier: usize,
        token: usize,
        now: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let now = prop_oneof![
        3 => NOW..NOW + 40,
        1 => NOW - 100..EXP + 100,
        1 => EXP + LEEWAY - 3..EXP + LEEWAY + 3,
    ];
    let verify = (0..2_usize, 0..4_usize, now).prop_map(|(verifier, token, now)| Step::Verify {
        verifier,
        token,
        now,
    });
    prop_oneof![
        12 => verify,
        1 => (0..2_usize).prop_map(Step::Install),
        1 => (NOW - 2..NOW + 2).prop_map(Step::CutOff),
        1 => Just(Step::Withdraw),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_cache_never_answers_otherwise_than_its_verifier(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let cache = TokenCache::with_limits([7; 32], 4, Duration::from_secs(30)).unwrap();
        let sets = [Algorithm::EdDsa, Algorithm::Es256]
            .map(|algorithm| parse_set(&jwk_set([key(algorithm)])));
        let verifiers = [
            builder().build().unwrap(),
            builder().max_age(Duration::from_secs(20)).leeway(Duration::ZERO).build().unwrap(),
        ];
        let nbf = format!(r#","nbf":{}"#, NOW + 20);
        let tokens = [
            token(""),
            token(&nbf),
            signed(key(Algorithm::Es256), "", &payload("")),
            signed(foreign_key(Algorithm::EdDsa), "", &payload("")),
        ];
        let mut set = &sets[0];
        for step in steps {
            match step {
                Step::Install(which) => {
                    set = &sets[which];
                    for verifier in &verifiers {
                        install(verifier, set.clone());
                    }
                }
                Step::CutOff(time) => {
                    let keys = IssuerKeys::new(identifier(ISSUER), set.clone());
                    let keys = keys.refuse_issued_before(at(time));
                    for verifier in &verifiers {
                        verifier.install(&keys).unwrap();
                    }
                }
                Step::Withdraw => {
                    for verifier in &verifiers {
                        verifier.withdraw(&identifier(ISSUER));
                    }
                }
                Step::Verify { verifier, token, now } => {
                    let (verifier, token) = (&verifiers[verifier], &tokens[token]);
                    let now: NumericDate = at(now);
                    let cached = cache.verify(verifier, token.as_bytes(), now);
                    let honest = verifier.verify(token.as_bytes(), now);
                    let shown = |answer: Result<Verified<'_>, _>| {
                        answer.map(|verified| verified.claims_json().to_owned())
                    };
                    prop_assert_eq!(shown(cached), shown(honest));
                }
            }
        }
    }
}
