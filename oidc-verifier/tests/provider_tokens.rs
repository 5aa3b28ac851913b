//! A token of each provider, signed: verified with the settings of its profile, read as its type,
//! decided by the parts of its subject.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(clippy::panic, reason = "these helpers run in tests only")]

mod support;

use oidc_core::Algorithm;
use oidc_core::provider::{
    ClaimDrift, Provider, aws, bitbucket, buildkite, circleci, entra, github, gitlab, google,
    kubernetes, terraform,
};
use oidc_verifier::policy::{Policy, Verdict};
use oidc_verifier::{Verified, Verifier};
use serde_json::{Value, json};
use support::{at, identifier, jwk_set, key, parse_set, sign};

/// Payloads real in shape, of every provider whose tokens have `iss`.
const PAYLOADS: &[(Provider, &str)] = &[
    (
        Provider::AwsOutbound,
        include_str!("../../oidc-core/tests/providers/aws_ec2.json"),
    ),
    (
        Provider::AwsOutbound,
        include_str!("../../oidc-core/tests/providers/aws_documented.json"),
    ),
    (
        Provider::Bitbucket,
        include_str!("../../oidc-core/tests/providers/bitbucket.json"),
    ),
    (
        Provider::Buildkite,
        include_str!("../../oidc-core/tests/providers/buildkite.json"),
    ),
    (
        Provider::CircleCi,
        include_str!("../../oidc-core/tests/providers/circleci_v1.json"),
    ),
    (
        Provider::CircleCi,
        include_str!("../../oidc-core/tests/providers/circleci_v2.json"),
    ),
    (
        Provider::Entra,
        include_str!("../../oidc-core/tests/providers/entra_v1.json"),
    ),
    (
        Provider::Entra,
        include_str!("../../oidc-core/tests/providers/entra_v2.json"),
    ),
    (
        Provider::GitHubActions,
        include_str!("../../oidc-core/tests/providers/github.json"),
    ),
    (
        Provider::GitLab,
        include_str!("../../oidc-core/tests/providers/gitlab.json"),
    ),
    (
        Provider::Google,
        include_str!("../../oidc-core/tests/providers/google.json"),
    ),
    (
        Provider::Kubernetes,
        include_str!("../../oidc-core/tests/providers/kubernetes.json"),
    ),
    (
        Provider::Terraform,
        include_str!("../../oidc-core/tests/providers/terraform.json"),
    ),
];

/// The payload, and what a relying party must know of it beforehand.
struct Case {
    provider: Provider,
    claims: Value,
    json: &'static str,
}

impl Case {
    fn new(provider: Provider, json: &'static str) -> Self {
        let claims = serde_json::from_str(json).unwrap_or_default();
        Self {
            provider,
            claims,
            json,
        }
    }

    fn text(&self, claim: &str) -> &str {
        let claim = self.claims.get(claim);
        claim.and_then(Value::as_str).unwrap_or_default()
    }

    fn audience(&self) -> &str {
        let first = self.claims.pointer("/aud/0").and_then(Value::as_str);
        first.unwrap_or_else(|| self.text("aud"))
    }

    /// What the profile says, and nothing looser.
    fn verifier(&self) -> Verifier {
        Verifier::builder()
            .issuer(identifier(self.text("iss")))
            .audience(self.audience())
            .provider(self.provider)
            .keys(parse_set(&jwk_set([key(Algorithm::Rs256)])))
            .build()
            .unwrap_or_else(|error| panic!("{}: {error}", self.provider))
    }

    fn verify<R>(&self, read: impl FnOnce(&Verified<'_>) -> R) -> R {
        let key = key(Algorithm::Rs256);
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.public_jwk().kid()});
        let token = sign(key, header.to_string(), self.json);
        let iat = self
            .claims
            .get("iat")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let verifier = self.verifier();
        match verifier.verify(token.as_bytes(), at(iat.saturating_add(60))) {
            Ok(verified) => read(&verified),
            Err(error) => panic!("{}: {error}", self.provider),
        }
    }
}

fn cases() -> impl Iterator<Item = Case> {
    PAYLOADS
        .iter()
        .map(|(provider, json)| Case::new(*provider, json))
}

#[test]
fn a_token_of_each_provider_passes_with_what_its_profile_says() {
    for case in cases() {
        let drift = case.verify(|verified| {
            assert_eq!(verified.subject(), case.text("sub"));
            verified.claim_drift()
        });
        assert_eq!(drift, Some(ClaimDrift::default()), "{}", case.provider);
    }
}

#[test]
fn every_part_of_a_verified_subject_can_be_asked_for_in_a_policy() {
    for case in cases() {
        let subject = case.provider.subject(case.text("sub"));
        let parts = case.provider.profile().subject_parts.iter();
        for part in parts {
            let own = subject
                .as_ref()
                .ok()
                .and_then(|subject| subject.part(part.name));
            let condition = match &own {
                Some(value) => json!({"subject": part.name, "equals": value}),
                None => json!({"subject": part.name, "exists": true}),
            };
            let policy = json!({"rules": [{
                "id": "part", "effect": "allow", "issuer": case.text("iss"),
                "audiences": [case.audience()], "conditions": [condition],
            }]});
            let policy = Policy::from_json(policy.to_string().as_bytes())
                .unwrap_or_else(|error| panic!("{error}"));
            let verdict = case.verify(|verified| {
                let view = policy.decide(verified).for_operator();
                view.rules.first().map(|rule| rule.verdict)
            });
            let expected = if own.is_some() {
                Verdict::Holds
            } else {
                Verdict::Absent
            };
            assert_eq!(verdict, Some(expected), "{} {}", case.provider, part.name);
        }
    }
}

#[test]
fn a_verified_token_is_read_as_its_providers_type() {
    for case in cases() {
        let read = |ok: bool| assert!(ok, "{}", case.provider);
        case.verify(|verified| match case.provider {
            Provider::AwsOutbound => {
                let claims = verified.claims::<aws::Claims>();
                read(claims.is_ok_and(|claims| claims.sts.aws_account == "111122223333"));
            }
            Provider::CircleCi => {
                let claims = verified.claims::<circleci::Claims>();
                read(claims.is_ok_and(|claims| claims.ssh_rerun == Some(false)));
            }
            Provider::GitHubActions => {
                let claims = verified.claims::<github::Claims>();
                read(claims.is_ok_and(|claims| claims.repository_id == "90001"));
            }
            Provider::GitLab => {
                let claims = verified.claims::<gitlab::Claims>();
                read(claims.is_ok_and(|claims| !claims.ref_protected));
                // What is read as one provider's is not another's.
                read(verified.claims::<github::Claims>().is_err());
            }
            Provider::Bitbucket => {
                let claims = verified.claims::<bitbucket::Claims>();
                read(claims.is_ok_and(|claims| claims.workspace_uuid.starts_with('{')));
            }
            Provider::Buildkite => {
                let claims = verified.claims::<buildkite::Claims>();
                read(claims.is_ok_and(|claims| claims.step_key.is_none()));
            }
            Provider::Entra => {
                let claims = verified.claims::<entra::Claims>();
                read(claims.is_ok_and(|claims| claims.application_id.is_some()));
            }
            Provider::Google => {
                let claims = verified.claims::<google::Claims>();
                read(claims.is_ok_and(|claims| claims.email_verified == Some(true)));
            }
            Provider::Kubernetes => {
                let claims = verified.claims::<kubernetes::Claims>();
                read(claims.is_ok_and(|claims| claims.kubernetes.namespace == "prod"));
            }
            Provider::Terraform => {
                let claims = verified.claims::<terraform::Claims>();
                read(claims.is_ok_and(|claims| claims.organization_name == "acme"));
            }
            // It has no claims of its own.
            Provider::SpiffeJwtSvid | _ => {}
        });
    }
}

/// A JWT-SVID may do without `iss`; which issuer's key would it be?
#[test]
fn a_token_that_names_no_issuer_is_refused() {
    let payload = include_str!("../../oidc-core/tests/providers/spiffe.json");
    let key = key(Algorithm::Rs256);
    let header = json!({"alg": "RS256", "kid": key.public_jwk().kid()});
    let token = sign(key, header.to_string(), payload);
    let verifier = support::verifier();
    let answer = verifier.verify(token.as_bytes(), at(1_790_000_060));
    assert_eq!(answer.err().map(|error| error.code()), Some("iss_missing"));
}
