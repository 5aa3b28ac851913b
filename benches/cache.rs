//! P14: a token that the cache knows, over a hash of its bytes.

use std::hint::black_box;

use aws_lc_rs::digest::{SHA256, digest};
use oidc_core::Algorithm;
use oidc_verifier::TokenCache;

use crate::documents::Shape;
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::world::World;
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let world = World::generate()?;
    for (algorithm, shape, goal) in [
        (Algorithm::Es256, Shape::Aws, Goal::AtMost(1.3)),
        (Algorithm::Rs256, Shape::Aws, Goal::AtMost(1.3)),
        (Algorithm::Es256, Shape::GitHub, Goal::AtMost(1.3)),
        (Algorithm::Es256, Shape::Small, Goal::None),
    ] {
        let scenario = world.scenario(algorithm, shape)?;
        let (token, now) = (scenario.token.as_bytes(), scenario.now);
        let verifier = scenario.verifier()?;
        let cache = TokenCache::new([7; 32]);
        let first = cache.verify(&verifier, token, now)?;
        let again = cache.verify(&verifier, token, now)?;
        if !std::ptr::eq(first.claims_json(), again.claims_json()) {
            return Err("the cache does not know the token".into());
        }

        let mut hit = || {
            let _ = black_box(cache.verify(&verifier, black_box(token), now));
        };
        let mut hash = || {
            black_box(digest(&SHA256, black_box(token)));
        };
        let race = Race::run(&mut [&mut hit, &mut hash]);
        report.row(
            &format!("P14 {algorithm}, {}, a hit over SHA-256", shape.name()),
            goal,
            Figure::Ratio(race.ratio(0, 1)),
            &format!(
                "{} over {} for {} bytes",
                time(race.nanoseconds(0)),
                time(race.nanoseconds(1)),
                token.len(),
            ),
        );
    }
    Ok(())
}
