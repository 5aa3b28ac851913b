//! A relying party: which issuers it trusts, how it learns their keys, and whom it lets in.
//!
//! A service leaves its key sources to a `KeyRefresher`. Here they are driven by hand, under the
//! clock of the demonstration.

use std::error::Error;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use oidc_verifier::http::{HttpTransport, RootCertificates, Transport as _};
use oidc_verifier::key_source::{Action, KeySource, KeySourceConfig};
use oidc_verifier::policy::Policy;
use oidc_verifier::{Algorithm, IssuerIdentifier, NumericDate, Verifier};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::issuers::{INSTANCE, Issuers, ORGANIZATION, PROJECT, ROLE};

pub(crate) struct RelyingParty {
    pub(crate) verifier: Verifier,
    policy: Policy,
    sources: Vec<KeySource>,
    transport: HttpTransport,
    runtime: Runtime,
}

impl RelyingParty {
    pub(crate) fn new(issuers: &Issuers) -> Result<RelyingParty, Box<dyn Error>> {
        let policy = Policy::from_json(policy_document(issuers).as_bytes())?;
        let verifier = Verifier::builder()
            .issuer(issuers.aws.id().clone())
            .audience("doppler")
            .algorithms([Algorithm::Es384, Algorithm::Rs256])
            .issuer(issuers.circleci.id().clone())
            .audience(ORGANIZATION)
            .algorithms([Algorithm::Rs256])
            .issuer(issuers.diridp.issuer.id().clone())
            .audience("sts.amazonaws.com")
            .algorithms([Algorithm::EdDsa])
            .locate_all(policy.pointers())
            .build()?;
        let config = KeySourceConfig::default();
        let sources = verifier.issuers().cloned();
        let sources = sources.map(|issuer| KeySource::new(issuer, config.clone()));
        Ok(RelyingParty {
            sources: sources.collect(),
            verifier,
            policy,
            // Its issuers are on loopback, without TLS.
            transport: HttpTransport::with_roots(&RootCertificates::Nobody)?,
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// Does what the key sources say is due: fetches, and hands the keys over.
    pub(crate) fn keep_keys_current(&mut self, now: NumericDate) -> Result<(), Box<dyn Error>> {
        for source in &mut self.sources {
            loop {
                match source.poll(random_bits(), now) {
                    Action::Fetch(fetch) => {
                        let response = self.runtime.block_on(self.transport.get(&fetch))?;
                        source.handle_response(fetch.id, &(&response).into(), now)?;
                    }
                    Action::Install(keys) => {
                        self.verifier.install(&keys)?;
                    }
                    Action::Withdraw => {
                        self.verifier.withdraw(source.issuer());
                    }
                    // Asked again when the clock of the demonstration has moved.
                    Action::Idle { .. } => break,
                    other => return Err(format!("an action of a later version: {other:?}").into()),
                }
            }
        }
        Ok(())
    }

    /// The issuers whose keys are known, and how many each has.
    pub(crate) fn known_keys(
        &self,
        now: NumericDate,
    ) -> impl Iterator<Item = (&IssuerIdentifier, usize)> {
        self.sources
            .iter()
            .map(move |source| (source.issuer(), source.status(now).keys))
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

/// They spread the times of fetches and guard no secret.
fn random_bits() -> u64 {
    RandomState::new().build_hasher().finish()
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
            "issuer": issuers.diridp.issuer.id(),
            "audiences": ["sts.amazonaws.com"],
            "conditions": [{"claim": "sub", "equals": "my-application"}],
        },
    ]})
    .to_string()
}
