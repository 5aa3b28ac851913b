//! The tokens' payloads: as real issuers write them, with names of nobody.

/// A kind of token: what its claims set looks like, and what a verifier looks for in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A bare identity: some 300 bytes as an ES256 token.
    Small,
    /// AWS IAM outbound federation: a nested object under a name that is a URL.
    Aws,
    /// GitHub Actions: 39 flat claims.
    GitHub,
    /// The same with the groups of a large directory, as names and with roles: 16 kB.
    Large,
}

pub(crate) const ISSUER: &str =
    "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws";
pub(crate) const AUDIENCE: &str = "https://deploy.example";
pub(crate) const AWS_CLAIM: &str = "https://sts.amazonaws.com/";

impl Shape {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Shape::Small => "small",
            Shape::Aws => "AWS-shaped",
            Shape::GitHub => "GitHub-shaped",
            Shape::Large => "16 kB",
        }
    }

    /// Five values that a policy looks at. The last one stands at the end of the document.
    pub(crate) const fn pointers(self) -> [&'static str; 5] {
        match self {
            Shape::Small => ["/sub", "/aud", "/jti", "/exp", "/iat"],
            Shape::Aws => [
                "/https:~1~1sts.amazonaws.com~1/aws_account",
                "/https:~1~1sts.amazonaws.com~1/source_region",
                "/https:~1~1sts.amazonaws.com~1/org_id",
                "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn",
                "/https:~1~1sts.amazonaws.com~1/ec2_instance_source_vpc",
            ],
            Shape::GitHub => [
                "/repository",
                "/repository_owner_id",
                "/job_workflow_ref",
                "/environment",
                "/repository_custom_property_team",
            ],
            Shape::Large => [
                "/repository",
                "/repository_owner_id",
                "/job_workflow_ref",
                "/memberships/40/name",
                "/last",
            ],
        }
    }

    /// The claims set of a token that is valid from `iat` to `exp`.
    pub(crate) fn payload(self, iat: i64, exp: i64) -> String {
        match self {
            Shape::Small => small(iat, exp),
            Shape::Aws => aws(iat, exp),
            Shape::GitHub => github(iat, exp),
            Shape::Large => large(iat, exp),
        }
    }
}

fn small(iat: i64, exp: i64) -> String {
    format!(r#"{{"iss":"{ISSUER}","sub":"job-42","aud":"{AUDIENCE}","exp":{exp},"iat":{iat}}}"#)
}

fn aws(iat: i64, exp: i64) -> String {
    let aws = aws_claim();
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"arn:aws:iam::111122223333:role/ci/deploy","iat":{iat},"exp":{exp},"jti":"6d0a1d5a-0f43-4c43-8c2f-6d3a64d4e0b1","{AWS_CLAIM}":{aws}}}"#
    )
}

/// The nested object of an AWS-shaped token.
pub(crate) const fn aws_claim() -> &'static str {
    r#"{"aws_account":"111122223333","source_region":"eu-north-1","org_id":"o-a1b2c3d4e5","ec2_source_instance_arn":"arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890","ec2_instance_source_vpc":"vpc-0a1b2c3d"}"#
}

fn github(iat: i64, exp: i64) -> String {
    let nbf = iat.saturating_sub(600);
    format!(
        r#"{{"jti":"6d0a1d5a-0f43-4c43-8c2f-6d3a64d4e0b1","sub":"repo:octo-org/octo-repo:ref:refs/heads/main","aud":"{AUDIENCE}","ref":"refs/heads/main","sha":"6a2b8fbc3d1e4f5a6b7c8d9e0f1a2b3c4d5e6f70","repository":"octo-org/octo-repo","repository_owner":"octo-org","repository_owner_id":"65123456","run_id":"10234567890","run_number":"421","run_attempt":"1","repository_visibility":"private","repository_id":"712345678","actor_id":"12345678","actor":"octocat","workflow":"release","head_ref":"","base_ref":"","event_name":"push","ref_protected":"true","ref_type":"branch","workflow_ref":"octo-org/octo-repo/.github/workflows/release-candidate.yml@refs/heads/main","workflow_sha":"6a2b8fbc3d1e4f5a6b7c8d9e0f1a2b3c4d5e6f70","job_workflow_ref":"octo-org/octo-automation/.github/workflows/deploy-with-oidc.yml@refs/tags/v2026.10.1","job_workflow_sha":"0f1a2b3c4d5e6f708192a3b4c5d6e7f801234567","runner_environment":"github-hosted","check_run_id":"31415926535","enterprise_id":"1234","enterprise":"octo-enterprise","environment":"production","environment_node_id":"EN_kwDOEc8T1c8AAAABJ7Q9eg","iss":"{ISSUER}","nbf":{nbf},"exp":{exp},"iat":{iat},"repository_custom_property_cost_center":"4711-emea","repository_custom_property_data_class":"internal","repository_custom_property_service_tier":"one","repository_custom_property_team":"platform-engineering"}}"#
    )
}

/// Group names and memberships in equal parts.
fn large(iat: i64, exp: i64) -> String {
    let mut text = github(iat, exp);
    text.pop();
    text.push_str(r#","groups":["#);
    fill(&mut text, 8_800, |id| {
        format!(r#""/organisation/department-{id}/group-{id}""#)
    });
    text.push_str(r#"],"memberships":["#);
    fill(&mut text, 16_000, membership);
    text.push_str(r#"],"last":1}"#);
    text
}

/// A GitHub-shaped claims set with memberships, of about so many bytes: as dense as JSON with
/// objects in arrays commonly is.
pub(crate) fn with_memberships(iat: i64, exp: i64, bytes: usize) -> String {
    let mut text = github(iat, exp);
    text.pop();
    text.push_str(r#","memberships":["#);
    fill(&mut text, bytes, membership);
    text.push_str(r#"],"last":1}"#);
    text
}

fn membership(id: u32) -> String {
    format!(
        r#"{{"id":{id},"name":"group-{id}-of-the-organisation","roles":["reader","writer"],"active":true}}"#
    )
}

/// Appends elements of an array until `text` has so many bytes.
fn fill(text: &mut String, bytes: usize, element: impl Fn(u32) -> String) {
    for id in 0.. {
        text.push_str(&element(id));
        if text.len() >= bytes {
            break;
        }
        text.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payloads_have_the_sizes_that_they_stand_for() {
        for (shape, from, to) in [
            (Shape::Small, 100, 200),
            (Shape::Aws, 470, 510),
            (Shape::GitHub, 1_400, 1_500),
            (Shape::Large, 16_000, 16_100),
        ] {
            let payload = shape.payload(1_790_000_000, 1_790_000_300);
            assert!(
                (from..to).contains(&payload.len()),
                "{shape:?} {}",
                payload.len()
            );
            serde_json::from_str::<serde_json::Value>(&payload).unwrap();
        }
    }
}
