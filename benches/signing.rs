//! P8: issuing a token.

use std::hint::black_box;

use oidc_core::{CompactJws, IssuerIdentifier};
use oidc_issuer::{Issuer, JwtId, SigningKey, TokenSpec};
use serde_json::Value;

use crate::bare::BareSigner;
use crate::documents::{AUDIENCE, AWS_CLAIM, ISSUER, aws_claim};
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::world::{ALGORITHMS, World};
use crate::{Failure, Report};

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let world = World::generate()?;
    let aws: Value = serde_json::from_str(aws_claim())?;
    let spec = TokenSpec::new("arn:aws:iam::111122223333:role/ci/deploy", AUDIENCE)?
        .with_jwt_id(JwtId::new("6d0a1d5a-0f43-4c43-8c2f-6d3a64d4e0b1")?)
        .with_claim(AWS_CLAIM, &aws)?;
    for (algorithm, goal) in ALGORITHMS.into_iter().zip([1.03, 1.03, 1.08, 1.03, 1.12]) {
        let key = world.key(algorithm)?;
        let issuer = Issuer::builder(IssuerIdentifier::parse(ISSUER)?)
            .key(SigningKey::from_pkcs8_der(algorithm, &key.pkcs8)?)
            .build()?;
        let now = world.now();
        let token = issuer.issue(&spec, now)?;
        let message = CompactJws::parse(token.as_str().as_bytes())?.signing_input();
        let mut bare = BareSigner::new(algorithm, &key.pkcs8)?;

        let mut whole = || {
            black_box(issuer.issue(black_box(&spec), now).is_ok());
        };
        let mut floor = || {
            black_box(bare.sign(black_box(message)));
        };
        let race = Race::run(&mut [&mut whole, &mut floor]);
        report.row(
            &format!("P8 {algorithm}, AWS-shaped"),
            Goal::AtMost(goal),
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
