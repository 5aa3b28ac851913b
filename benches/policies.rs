//! P6: what a trust policy adds to a verification, counted and not timed.

use oidc_core::Algorithm;
use serde_json::{Value, json};

use crate::documents::{AUDIENCE, ISSUER, Shape};
use crate::instructions::{instructions, is_installed};
use crate::report::{Figure, Goal};
use crate::scenario::Rules;
use crate::world::World;
use crate::{Failure, Report};

/// The rules that are about the token, with and without others around them.
const APPLICABLE: usize = 5;
const MANY: usize = 1_000;

pub(crate) fn run(report: &mut Report, count: &str) -> Result<(), Failure> {
    if !is_installed("valgrind") {
        Report::skipped("valgrind not installed");
        return Ok(());
    }
    let world = World::generate()?;
    let mut scenario = world.scenario(Algorithm::Es256, Shape::Aws)?;

    scenario.use_rules(Rules::Doppler(identity().to_string()))?;
    let whole = instructions(count, "verify", &scenario)?;
    let bare = instructions(count, "bare", &scenario)?;
    let decide = instructions(count, "decide", &scenario)?;
    report.row(
        "P6 Doppler identity of 4 conditions, of the rest of a verification",
        Goal::AtMost(0.15),
        Figure::Percent(decide / (whole - bare)),
        &format!("{decide:.0} instructions of {:.0}", whole - bare),
    );

    let mut costs = Vec::new();
    for rules in [APPLICABLE, MANY] {
        scenario.use_rules(Rules::Native(policy(rules).to_string()))?;
        costs.push(instructions(count, "decide", &scenario)?);
    }
    if let [few, many] = costs[..] {
        report.row(
            "P6 5 rules that apply among 1,000, over those 5 alone",
            Goal::AtMost(1.5),
            Figure::Ratio(many / few),
            &format!("{many:.0} over {few:.0} instructions"),
        );
    }
    Ok(())
}

/// The identity of Doppler's documentation: audience, role, and two claims of the instance.
fn identity() -> Value {
    json!({
        "name": "ec2-prod", "ttl_seconds": 600, "method": "oidc",
        "config": {
            "discovery_url": ISSUER,
            "claims_type": "exact",
            "claims": {
                "aud": [AUDIENCE],
                "sub": ["arn:aws:iam::111122223333:role/ci/deploy"],
                "/https:~1~1sts.amazonaws.com~1/aws_account": ["111122223333"],
                "/https:~1~1sts.amazonaws.com~1/source_region": ["eu-north-1", "eu-west-1"],
            },
        },
    })
}

/// So many rules of four conditions, of which the last five are about the token and one admits it.
/// The others are about other audiences, and each names a claim of its own, as far as one policy
/// names different ones.
fn policy(rules: usize) -> Value {
    let rules: Vec<Value> = (0..rules)
        .map(|index| {
            let applies = index.saturating_add(APPLICABLE) >= rules;
            let last = index.saturating_add(1) == rules;
            let audience = if applies {
                AUDIENCE.to_owned()
            } else {
                format!("https://service-{index}.example")
            };
            let claim = if applies {
                "aws_account".to_owned()
            } else {
                format!("tag-{}", index % 200)
            };
            json!({
                "id": format!("rule-{index}"), "effect": "allow", "issuer": ISSUER,
                "audiences": [audience],
                "conditions": [
                    {"claim": "sub", "pattern": "arn:aws:iam::*:role/ci/*"},
                    {"claim": format!("/https:~1~1sts.amazonaws.com~1/{claim}"), "exists": true},
                    {"claim": "/https:~1~1sts.amazonaws.com~1/org_id", "exists": true},
                    {
                        "claim": "/https:~1~1sts.amazonaws.com~1/source_region",
                        "one_of": if last { ["eu-north-1", "eu-west-1"] } else { ["x", "y"] },
                    },
                ],
            })
        })
        .collect();
    json!({"rules": rules})
}
