//! Three issuers of the shapes that workloads meet, and the tokens that they mint.

use std::error::Error;
use std::time::Duration;

use oidc_issuer::{Issuer, JwtId, SigningKey, SystemRandom, Token, TokenSpec};
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate};
use serde_json::json;

use crate::host::Host;
use crate::rotating::Rotating;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/ec2-doppler-oidc";
pub(crate) const INSTANCE: &str = "arn:aws:ec2:us-east-1:123456789012:instance/i-0abc123def456789";
pub(crate) const ORGANIZATION: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
pub(crate) const PROJECT: &str = "2b9e6a52-6b1e-4a6b-8a55-6a3f0a3f9d10";
const USER: &str = "77aa6a52-6b1e-4a6b-8a55-6a3f0a3f9d10";

/// The issuers. In the world each has a host of its own under `https`; here they share one on
/// loopback, told apart by path.
#[derive(Debug)]
pub(crate) struct Issuers {
    /// AWS IAM outbound federation: RS256 and ES384 keys with short names.
    pub(crate) aws: Issuer,
    /// CircleCI: an issuer with a path for each organization, RS256.
    pub(crate) circleci: Issuer,
    /// diridp: tokens as files, EdDSA, with keys that rotate.
    pub(crate) diridp: Rotating,
    random: SystemRandom,
}

/// A workload that asks for a token, and what the relying party is to say.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) issuer: Shape,
    pub(crate) spec: TokenSpec,
    pub(crate) expected: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Aws,
    CircleCi,
    Diridp,
}

impl Issuers {
    pub(crate) fn new(host: &Host, now: NumericDate) -> Result<Issuers, Box<dyn Error>> {
        let random = SystemRandom::new();
        let key = |algorithm| SigningKey::generate(algorithm, &random);
        let url = host.url();
        let aws = Issuer::builder(IssuerIdentifier::loopback(&url)?)
            .key(key(Algorithm::Es384)?.with_kid("EC384_1")?)
            .key(key(Algorithm::Rs256)?.with_kid("RSA_1")?)
            .build()?;
        let organization = format!("{url}/org/{ORGANIZATION}");
        let circleci = Issuer::builder(IssuerIdentifier::loopback(&organization)?)
            .key(key(Algorithm::Rs256)?)
            .jwks_uri(&format!("{organization}/.well-known/jwks-pub.json"))
            .build()?;
        let webroot = format!("{url}/idp");
        let id = IssuerIdentifier::loopback(&webroot)?;
        let diridp = Rotating::start(host, id, &format!("{webroot}/jwks.json"), now)?;
        Ok(Issuers {
            aws,
            circleci,
            diridp,
            random,
        })
    }

    pub(crate) fn all(&self) -> [&Issuer; 3] {
        [&self.aws, &self.circleci, &self.diridp.issuer]
    }

    /// Puts the documents of the issuers whose keys do not rotate where their relying parties look;
    /// a rotation publishes its own.
    pub(crate) fn publish(&self, host: &Host) -> Result<(), Box<dyn Error>> {
        host.serve(&self.aws)?;
        host.serve(&self.circleci)
    }

    pub(crate) fn mint(
        &self,
        workload: &Workload,
        now: NumericDate,
    ) -> Result<Token, Box<dyn Error>> {
        let issuer = match workload.issuer {
            Shape::Aws => &self.aws,
            Shape::CircleCi => &self.circleci,
            Shape::Diridp => &self.diridp.issuer,
        };
        Ok(issuer.issue(&workload.spec, now)?)
    }

    /// What an EC2 instance gets from `sts:GetWebIdentityToken`.
    pub(crate) fn ec2_token(
        &self,
        algorithm: Algorithm,
        instance: &str,
    ) -> Result<TokenSpec, Box<dyn Error>> {
        Ok(TokenSpec::new(ROLE, "doppler")?
            .with_algorithm(algorithm)
            .with_jwt_id(JwtId::random(&self.random)?)
            .with_claim(
                "https://sts.amazonaws.com/",
                &json!({
                    "aws_account": "123456789012",
                    "ec2_source_instance_arn": instance,
                    "source_region": "us-east-1",
                    "ec2_instance_source_vpc": "vpc-012d5d9206d99ef27",
                    "ec2_instance_source_private_ipv4": "172.31.69.150",
                    "org_id": "o-abc123def4",
                }),
            )?)
    }

    /// What a CircleCI job finds in `CIRCLE_OIDC_TOKEN`.
    fn job_token(project: &str) -> Result<TokenSpec, Box<dyn Error>> {
        let subject = format!("org/{ORGANIZATION}/project/{project}/user/{USER}");
        Ok(TokenSpec::new(&subject, ORGANIZATION)?
            .with_lifetime(Duration::from_secs(3_600))?
            .with_claim("oidc.circleci.com/project-id", &project)?
            .with_claim(
                "oidc.circleci.com/context-ids",
                &["c1d5e0a2-7f64-4a0e-9a53-6d7d0f7a2b10"],
            )?
            .with_claim("oidc.circleci.com/ssh-rerun", &false)?)
    }

    /// What diridp writes into `/run/diridp/my-application/token`.
    pub(crate) fn file_token() -> Result<TokenSpec, Box<dyn Error>> {
        Ok(TokenSpec::new("my-application", "sts.amazonaws.com")?
            .with_lifetime(Duration::from_secs(3_600))?
            .with_not_before_backdate(Duration::from_secs(5))?)
    }

    /// What another instance with the same role gets.
    pub(crate) fn stranger(&self) -> Result<TokenSpec, Box<dyn Error>> {
        let instance = "arn:aws:ec2:us-east-1:123456789012:instance/i-0fff999fff999fff9";
        self.ec2_token(Algorithm::Es384, instance)
    }

    pub(crate) fn workloads(&self) -> Result<Vec<Workload>, Box<dyn Error>> {
        Ok(vec![
            Workload {
                name: "EC2 instance, ES384, claims nested under a URL-named key",
                issuer: Shape::Aws,
                spec: self.ec2_token(Algorithm::Es384, INSTANCE)?,
                expected: "allowed by `ec2-doppler`",
            },
            Workload {
                name: "the same instance, RS256",
                issuer: Shape::Aws,
                spec: self.ec2_token(Algorithm::Rs256, INSTANCE)?,
                expected: "allowed by `ec2-doppler`",
            },
            Workload {
                name: "another instance with the same role",
                issuer: Shape::Aws,
                spec: self.stranger()?,
                expected: "denied: `/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn`: `equals` does not hold",
            },
            Workload {
                name: "CircleCI job of the trusted project",
                issuer: Shape::CircleCi,
                spec: Self::job_token(PROJECT)?,
                expected: "allowed by `circleci-deploy`",
            },
            Workload {
                name: "CircleCI job of another project of the organization",
                issuer: Shape::CircleCi,
                spec: Self::job_token("99999999-6b1e-4a6b-8a55-6a3f0a3f9d10")?,
                expected: "denied: `/sub`: `pattern` does not hold",
            },
            Workload {
                name: "service that reads its token from a file",
                issuer: Shape::Diridp,
                spec: Self::file_token()?,
                expected: "allowed by `file-token`",
            },
        ])
    }
}
