//! Laws of verification, each judged twice: by the verifier under test and by the slow reference.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod attacks;
mod reference;
mod support;

use std::error::Error;

use oidc_core::Algorithm;
use oidc_verifier::{Verifier, VerifyError};
use reference::{Accepted, Reference, Trust, tested};
use support::{AUDIENCE, CANARY, Honest, ISSUER, NOW, Shape, algorithms, all_keys, at, mint};

/// Both verifiers, configured alike.
struct Judges {
    reference: Reference,
    verifier: Verifier,
}

impl Judges {
    fn new(trust: Trust) -> Judges {
        let verifier = tested::verifier(std::slice::from_ref(&trust)).unwrap();
        let reference = Reference::new([trust]);
        Judges {
            reference,
            verifier,
        }
    }

    /// What both say, which must be the same.
    fn judge(&self, token: &[u8], now: i64, what: &str) -> Result<Accepted, VerifyError> {
        let fast = tested::verify(&self.verifier, token, at(now));
        let slow = self.reference.verify(token, now);
        match (&fast, &slow) {
            (Ok(fast), Ok(slow)) if fast == slow => {}
            (Err(_), Err(_)) => {}
            _ => panic!("{what}: {fast:?}, but {slow:?}: {}", token.escape_ascii()),
        }
        fast
    }
}

fn trust() -> Trust {
    Trust {
        issuer: ISSUER.to_owned(),
        audiences: vec![AUDIENCE.to_owned()],
        extra_audiences: None,
        algorithms: algorithms().map(|one| one.name().to_owned()).collect(),
        leeway: 60,
        max_lifetime: 24 * 60 * 60,
        max_age: None,
        types: Vec::new(),
        jwk_set: all_keys().into_bytes(),
    }
}

/// Every shape under one algorithm, and one shape under every algorithm.
fn honest_tokens() -> [Vec<Honest>; 2] {
    let shapes = Shape::ALL.map(|shape| mint(Algorithm::EdDsa, shape));
    let others = algorithms().map(|algorithm| mint(algorithm, Shape::Aws));
    [shapes.into(), others.collect()]
}

/// An error repeats nothing that a stranger wrote, wherever it is formatted.
fn assert_no_canary(error: &VerifyError) {
    let mut texts = vec![format!("{error:?} {error}")];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(format!("{error:?} {error}"));
        source = error.source();
    }
    let text = texts.concat();
    assert!(!text.contains(CANARY) && !text.contains("evil"), "{text}");
}

#[test]
fn every_attack_is_refused_by_both() {
    let judges = Judges::new(trust());
    let [shapes, others] = honest_tokens();
    let mut count = 0;
    for (tokens, attacks) in [
        (shapes, attacks::catalogue()),
        (others, attacks::on_the_signature()),
    ] {
        for (honest, attack) in tokens
            .iter()
            .flat_map(|one| attacks.iter().map(move |a| (one, a)))
        {
            for token in (attack.tokens)(honest) {
                let what = format!("{} against {}", attack.name, honest.algorithm);
                match judges.judge(&token, NOW, &what) {
                    Ok(_) => panic!("{what}: {}", token.escape_ascii()),
                    Err(error) => assert_no_canary(&error),
                }
                count += 1;
            }
        }
    }
    assert!(count > 10_000, "{count}");
}

#[test]
fn every_harmless_change_is_accepted_by_both() {
    let judges = Judges::new(trust());
    for honest in honest_tokens().iter().flatten() {
        for (what, token) in attacks::harmless(honest) {
            let accepted = judges.judge(&token, NOW, &what);
            assert!(
                accepted.is_ok(),
                "{what} of {}: {accepted:?}",
                honest.algorithm
            );
        }
    }
}

#[test]
fn every_unfit_key_set_is_refused_by_both() {
    let mut count = 0;
    for algorithm in algorithms() {
        let honest = mint(algorithm, Shape::CircleCi);
        for (set, token) in attacks::key_sets(&honest) {
            let judges = Judges::new(Trust {
                jwk_set: set.clone().into_bytes(),
                ..trust()
            });
            let answer = judges.judge(token.as_bytes(), NOW, &set);
            assert!(answer.is_err(), "{set}");
            count += 1;
        }
    }
    assert!(count > 1_000, "{count}");
}
