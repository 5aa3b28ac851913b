//! A token and all that is needed to verify it, in a form that can be handed to another process.

use jsonptr::PointerBuf;
use oidc_core::{Algorithm, IssuerIdentifier, JwkSet, NumericDate};
use oidc_verifier::policy::Policy;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::{Verifier, Workspace};
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::bare::BareCheck;
use crate::documents::{AUDIENCE, ISSUER};

/// A token, the JWK Set of its issuer, and what is asked of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Scenario {
    /// A JWS in compact serialization.
    pub token: String,
    /// The name of the algorithm that it is signed with.
    pub algorithm: String,
    /// What to locate in its claims set.
    pub pointers: Vec<String>,
    /// The issuer's keys.
    pub jwk_set: String,
    /// The time at which it is verified.
    pub now: NumericDate,
    /// What decides on it, if anything does.
    pub rules: Option<Rules>,
}

/// A policy document.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub enum Rules {
    /// An identity of Doppler's.
    Doppler(String),
    /// In the native language.
    Native(String),
}

impl Scenario {
    /// Lets these rules decide, and locates what they ask for and nothing else.
    ///
    /// # Errors
    ///
    /// None for the scenarios of this crate.
    pub fn use_rules(&mut self, rules: Rules) -> Result<(), Failure> {
        self.rules = Some(rules);
        let policy = self.policy()?;
        let pointers = policy.pointers();
        self.pointers = pointers.map(|one| one.as_str().to_owned()).collect();
        Ok(())
    }

    /// The rules, compiled.
    ///
    /// # Errors
    ///
    /// There are none, or they do not load.
    pub fn policy(&self) -> Result<Policy, Failure> {
        Ok(match self.rules.as_ref().ok_or("no rules")? {
            Rules::Doppler(json) => Identity::from_json(json.as_bytes())?.policy().clone(),
            Rules::Native(json) => Policy::from_json(json.as_bytes())?,
        })
    }

    /// A verifier of this project that trusts the issuer and holds all of its keys.
    ///
    /// # Errors
    ///
    /// None for the scenarios of this crate.
    pub fn verifier(&self) -> Result<Verifier, Failure> {
        let mut builder = Verifier::builder()
            .issuer(IssuerIdentifier::parse(ISSUER)?)
            .audience(AUDIENCE)
            .keys(JwkSet::parse(self.jwk_set.as_bytes())?);
        for pointer in &self.pointers {
            builder = builder.locate(PointerBuf::parse(pointer.as_str())?);
        }
        let verifier = builder.build()?;
        verifier.verify_in(self.token.as_bytes(), self.now, &mut Workspace::new())?;
        Ok(verifier)
    }

    /// The check of the token's signature and nothing else, with the key prepared.
    ///
    /// # Errors
    ///
    /// None for the scenarios of this crate.
    pub fn bare_check(&self) -> Result<BareCheck, Failure> {
        let set = JwkSet::parse(self.jwk_set.as_bytes())?;
        let algorithm: Algorithm = self.algorithm.parse()?;
        let mut keys = set.keys().iter();
        let jwk = keys
            .find(|jwk| jwk.alg() == Some(algorithm))
            .ok_or("no such key")?;
        BareCheck::new(self.token.as_bytes(), jwk.key(), algorithm)
    }
}
