//! P1 and P2: a whole verification.

use std::hint::black_box;

use oidc_core::Algorithm;
use oidc_verifier::Workspace;

use crate::documents::Shape;
use crate::jwt::Peer;
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::world::{ALGORITHMS, World, now};
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let world = World::generate()?;
    for shape in [Shape::Aws, Shape::Small, Shape::GitHub, Shape::Large] {
        for algorithm in ALGORITHMS {
            let scenario = world.scenario(algorithm, shape)?;
            let token = scenario.token.as_str();
            let verifier = scenario.verifier()?;
            let mut workspace = Workspace::new();
            let bare = scenario.bare_check()?;
            let peer = Peer::new(&scenario, shape)?;

            let mut whole = || {
                if let Ok(now) = now() {
                    let token = black_box(token.as_bytes());
                    let _ = black_box(verifier.verify_in(token, now, &mut workspace));
                }
            };
            let mut floor = || {
                black_box(black_box(&bare).holds());
            };
            let mut foreign = || {
                black_box(peer.verify(black_box(token)));
            };
            let race = Race::run(&mut [&mut whole, &mut floor, &mut foreign]);

            let what = format!("{algorithm}, {}", shape.name());
            report.row(
                &format!("P1 {what}"),
                over_bare(algorithm, shape),
                Figure::Ratio(race.ratio(0, 1)),
                &format!(
                    "{} over {}; jsonwebtoken {:.3}",
                    time(race.nanoseconds(0)),
                    time(race.nanoseconds(1)),
                    race.ratio(2, 1),
                ),
            );
            report.row(
                &format!("P2 {what}"),
                over_peer(algorithm, shape),
                Figure::Ratio(race.ratio(0, 2)),
                &format!("jsonwebtoken {}", time(race.nanoseconds(2))),
            );
        }
    }
    Ok(())
}

fn over_bare(algorithm: Algorithm, shape: Shape) -> Goal {
    match (shape, algorithm) {
        (Shape::Aws, Algorithm::Rs256 | Algorithm::Ps256) => Goal::AtMost(1.08),
        (Shape::Aws, Algorithm::Es256 | Algorithm::EdDsa) => Goal::AtMost(1.03),
        (Shape::Aws, Algorithm::Es384) => Goal::AtMost(1.02),
        (Shape::Large, Algorithm::Es256) => Goal::AtMost(1.30),
        _ => Goal::None,
    }
}

fn over_peer(algorithm: Algorithm, shape: Shape) -> Goal {
    match (shape, algorithm) {
        (Shape::Aws, Algorithm::Rs256) => Goal::AtMost(0.72),
        (Shape::Aws, Algorithm::Es256) => Goal::AtMost(0.93),
        (Shape::Aws, Algorithm::Es384) => Goal::AtMost(0.97),
        (Shape::Aws, Algorithm::EdDsa) => Goal::AtMost(0.90),
        _ => Goal::None,
    }
}
