//! A relying party: which issuers it trusts, how it learns their keys, and whom it lets in.

use std::error::Error;

use jsonptr::{Matcher, Pattern, Pointer, Predicate, Quantifier};
use oidc_core::DiscoveryResponse;
use oidc_verifier::{
    Algorithm, IssuerIdentifier, IssuerKeys, JwkSet, NumericDate, ProviderMetadata, Verified,
    Verifier,
};

use crate::fetch;
use crate::issuers::{INSTANCE, ISSUER_COUNT, Issuers, ORGANIZATION, PROJECT, ROLE};

pub(crate) struct RelyingParty {
    pub(crate) verifier: Verifier,
    rules: [Rule; ISSUER_COUNT],
}

/// Lets in the tokens of one issuer on which every condition holds.
struct Rule {
    name: &'static str,
    issuer: IssuerIdentifier,
    conditions: Vec<Matcher>,
}

/// What was fetched from one issuer.
pub(crate) struct Learned {
    pub(crate) issuer: IssuerIdentifier,
    pub(crate) keys: usize,
}

impl RelyingParty {
    pub(crate) fn new(issuers: &Issuers) -> Result<RelyingParty, Box<dyn Error>> {
        let rules = [
            // A Doppler service-account identity: audience, subject, and a nested claim.
            Rule {
                name: "ec2-doppler",
                issuer: issuers.aws.id().clone(),
                conditions: vec![
                    equals("/aud", "doppler")?.quantified(Quantifier::Any),
                    equals("/sub", ROLE)?,
                    equals(
                        "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn",
                        INSTANCE,
                    )?,
                ],
            },
            // An AWS role trust policy: `StringLike` on the subject.
            Rule {
                name: "circleci-deploy",
                issuer: issuers.circleci.id().clone(),
                conditions: vec![like(
                    "/sub",
                    &format!("org/{ORGANIZATION}/project/{PROJECT}/user/*"),
                )?],
            },
            Rule {
                name: "file-token",
                issuer: issuers.diridp.id().clone(),
                conditions: vec![equals("/sub", "my-application")?],
            },
        ];
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
        for condition in rules.iter().flat_map(|rule| &rule.conditions) {
            builder = builder.locate(condition.pointer().to_owned());
        }
        Ok(RelyingParty {
            verifier: builder.build()?,
            rules,
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

    /// Who is let in, or why not.
    pub(crate) fn decide(&self, token: &str, now: NumericDate) -> String {
        match self.verifier.verify(token.as_bytes(), now) {
            Err(error) => format!("refused: {}", error.code()),
            Ok(verified) => match self
                .rules
                .iter()
                .find(|rule| rule.issuer == *verified.issuer())
            {
                None => "denied: no rule for the issuer".to_owned(),
                Some(rule) => rule.judge(&verified),
            },
        }
    }
}

impl Rule {
    fn judge(&self, verified: &Verified<'_>) -> String {
        for condition in &self.conditions {
            if let Err(why) = condition.check(verified.get(condition.pointer())) {
                return format!("denied: {}: {why}", condition.pointer());
            }
        }
        format!("allowed by `{}`", self.name)
    }
}

fn equals(pointer: &str, value: &str) -> Result<Matcher, Box<dyn Error>> {
    Ok(Matcher::new(
        Pointer::parse(pointer)?.to_owned(),
        Predicate::Equals(value.into()),
    ))
}

fn like(pointer: &str, pattern: &str) -> Result<Matcher, Box<dyn Error>> {
    let predicate = Predicate::Pattern(Pattern::parse(pattern)?);
    Ok(Matcher::new(Pointer::parse(pointer)?.to_owned(), predicate))
}
