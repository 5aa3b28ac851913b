//! P13: a JWK Set from its text to keys that verify.

use std::hint::black_box;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSet};
use oidc_verifier::{IssuerKeys, Verifier};

use crate::documents::{AUDIENCE, ISSUER};
use crate::jwt;
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::world::Key;
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let keys = (0..100).map(key).collect::<Result<Vec<Jwk>, _>>()?;
    for (count, goal) in [(100, Goal::AtMost(2.2)), (1, Goal::None)] {
        let text = JwkSet::from_keys(keys.iter().take(count).cloned())?.to_json();
        let issuer = IssuerIdentifier::parse(ISSUER)?;
        let verifier = Verifier::builder()
            .issuer(issuer.clone())
            .audience(AUDIENCE)
            .build()?;
        let learn = |text: &str| -> Result<usize, Failure> {
            let set = JwkSet::parse(text.as_bytes())?;
            Ok(verifier
                .install(&IssuerKeys::new(issuer.clone(), set))?
                .usable)
        };
        if learn(&text)? != count || jwt::keys(&text)?.len() != count {
            return Err("a key is missing".into());
        }
        let mut ours = || {
            black_box(learn(black_box(&text)).is_ok());
        };
        let mut theirs = || {
            black_box(jwt::keys(black_box(&text)).is_ok());
        };
        let race = Race::run(&mut [&mut ours, &mut theirs]);
        report.row(
            &format!("P13 {count} keys, checked and prepared, over jsonwebtoken's reading alone"),
            goal,
            Figure::Ratio(race.ratio(0, 1)),
            &format!(
                "{} over {}",
                time(race.nanoseconds(0)),
                time(race.nanoseconds(1))
            ),
        );
    }
    Ok(())
}

/// RSA of 2048 bits and P-256, in turns.
fn key(index: u32) -> Result<Jwk, Failure> {
    let algorithm = if index.is_multiple_of(2) {
        Algorithm::Rs256
    } else {
        Algorithm::Es256
    };
    Ok(Key::generate(algorithm)?.signing.public_jwk().clone())
}
