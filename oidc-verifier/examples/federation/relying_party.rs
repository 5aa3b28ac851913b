//! A relying party: which issuers it trusts, how it learns their keys, and whom it lets in.

use std::error::Error;

use oidc_core::DiscoveryResponse;
use oidc_verifier::policy::Policy;
use oidc_verifier::{
    Algorithm, IssuerIdentifier, IssuerKeys, JwkSet, NumericDate, ProviderMetadata, Verifier,
};
use serde_json::json;

use crate::fetch;
use crate::issuers::{INSTANCE, Issuers, ORGANIZATION, PROJECT, ROLE};

pub(crate) struct RelyingParty {
    pub(crate) verifier: Verifier,
    policy: Policy,
}

/// What was fetched from one issuer.
pub(crate) struct Learned {
    pub(crate) issuer: IssuerIdentifier,
    pub(crate) keys: usize,
}

impl RelyingParty {
    pub(crate) fn new(issuers: &Issuers) -> Result<RelyingParty, Box<dyn Error>> {
        let policy = Policy::from_json(policy_document(issuers).as_bytes())?;
        let mut builder = Verifier::builder()
            .issuer(issuers.aws.id().clone())
            .audience("doppler")
            .algorithms([Algorithm::Es384, Algorithm::Rs256])
            .issuer(issuers.circleci.id().clone())
            .audience(ORGANIZATION)
            .algorithms([Algorithm::Rs256])
            .issuer(issuers.diridp.id().clone())
            .audience("sts.amazonaws.com")
            .algorithms([Algorithm::EdDsa]);
        for pointer in policy.pointers() {
            builder = builder.locate(pointer.to_owned());
        }
        Ok(RelyingParty {
            verifier: builder.build()?,
            policy,
        })
    }

    /// Fetches discovery and JWK Set of every issuer, and installs the keys.
    pub(crate) fn learn_keys(&self) -> Result<Vec<Learned>, Box<dyn Error>> {
        self.verifier
            .issuers()
            .map(|issuer| self.learn_keys_of(issuer))
            .collect()
    }

    pub(crate) fn learn_keys_of(
        &self,
        issuer: &IssuerIdentifier,
    ) -> Result<Learned, Box<dyn Error>> {
        let url = issuer.discovery_url();
        let fetched = fetch::get(&url)?;
        let content_type = fetched.content_type.as_deref();
        let response = DiscoveryResponse::new(fetched.status, content_type, &url, &fetched.body);
        let metadata = ProviderMetadata::from_response(issuer, &response)?;
        let set = JwkSet::parse(&fetch::get(metadata.jwks_uri().as_str())?.body)?;
        let installed = self
            .verifier
            .install(&IssuerKeys::new(issuer.clone(), set))?;
        Ok(Learned {
            issuer: issuer.clone(),
            keys: installed.usable,
        })
    }

    /// Why a token is refused, in words.
    pub(crate) fn refusal(&self, token: &str, now: NumericDate) -> String {
        match self.verifier.verify(token.as_bytes(), now) {
            Ok(_) => "NOT refused".to_owned(),
            Err(error) => match error.source() {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            },
        }
    }

    /// Who is let in, or what was missing.
    pub(crate) fn decide(&self, token: &str, now: NumericDate) -> String {
        let verified = match self.verifier.verify(token.as_bytes(), now) {
            Ok(verified) => verified,
            Err(error) => return format!("refused: {}", error.code()),
        };
        let decision = self.policy.decide(&verified);
        match (decision.rule_id(), decision.for_operator().nearest) {
            (Some(rule), _) if decision.is_allowed() => format!("allowed by `{rule}`"),
            (_, Some(nearest)) => format!("denied: {}", nearest.hint),
            (_, None) => "denied: no rule for the issuer".to_owned(),
        }
    }

    /// The whole explanation of one decision, as an operator reads it.
    pub(crate) fn explain(&self, token: &str, now: NumericDate) -> Result<String, Box<dyn Error>> {
        let verified = self.verifier.verify(token.as_bytes(), now)?;
        Ok(self.policy.decide(&verified).for_operator().to_string())
    }
}

/// The trust policy, as it would stand in a file.
fn policy_document(issuers: &Issuers) -> String {
    json!({"rules": [
        // A Doppler service-account identity: audience, subject, and a nested claim.
        {
            "id": "ec2-doppler",
            "effect": "allow",
            "issuer": issuers.aws.id(),
            "audiences": ["doppler"],
            "conditions": [
                {"claim": "sub", "equals": ROLE},
                {
                    "claim": "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn",
                    "equals": INSTANCE
                },
            ],
        },
        // An AWS role trust policy: `StringLike` on the subject.
        {
            "id": "circleci-deploy",
            "effect": "allow",
            "issuer": issuers.circleci.id(),
            "audiences": [ORGANIZATION],
            "conditions": [
                {"claim": "sub", "pattern": format!("org/{ORGANIZATION}/project/{PROJECT}/user/*")},
            ],
        },
        {
            "id": "file-token",
            "effect": "allow",
            "issuer": issuers.diridp.id(),
            "audiences": ["sts.amazonaws.com"],
            "conditions": [{"claim": "sub", "equals": "my-application"}],
        },
    ]})
    .to_string()
}
