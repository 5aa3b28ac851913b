//! The configuration: identities, what each may read, and the secrets.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use oidc_core::IssuerIdentifier;
use oidc_core::provider::Provider;
use oidc_verifier::policy::PolicyError;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::{BuildError, Ready, Verifier, VerifierBuilder};
use serde_json::value::RawValue;

use crate::identity_id::IdentityId;
use crate::named::Named;
use crate::secret::Secret;
use crate::unique::Unique;

/// What is configured, checked.
#[derive(Debug)]
pub(crate) struct Configuration {
    accounts: HashMap<IdentityId, ServiceAccount>,
    projects: Projects,
    verifier: Arc<Verifier>,
}

/// The secrets by name, of each config of each project.
type Projects = Unique<Unique<Secrets>>;

/// Secrets by name.
pub(crate) type Secrets = Unique<Secret>;

/// An identity of a service account, and what it may read.
#[derive(Debug)]
pub(crate) struct ServiceAccount {
    pub(crate) identity: Identity,
    may_read: Vec<Place>,
}

/// One config of a project.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    project: String,
    config: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    identities: Vec<Named<Entry>>,
    projects: Projects,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    /// The document as Doppler has it, which the dialect reads.
    identity: Box<RawValue>,
    may_read: Vec<Named<Place>>,
}

impl Configuration {
    /// Far more than anybody configures by hand.
    pub(crate) const MAX_BYTES: usize = 1 << 20;

    /// Reads the document, strictly.
    pub(crate) fn from_json(json: &[u8]) -> Result<Configuration, ConfigurationError> {
        if json.len() > Configuration::MAX_BYTES {
            return Err(fail(String::new(), Fault::TooLong));
        }
        let Named::<Document>(document) = serde_json::from_slice(json)
            .map_err(|error| fail(String::new(), Fault::Json(error)))?;
        let mut accounts = HashMap::new();
        for (index, Named(entry)) in document.identities.into_iter().enumerate() {
            let at = format!("/identities/{index}");
            let id = IdentityId::parse(&entry.id);
            let id = id.ok_or_else(|| fail(format!("{at}/id"), Fault::NotAUuid))?;
            let account = account(entry, &document.projects, &at)?;
            if accounts.insert(id, account).is_some() {
                return Err(fail(format!("{at}/id"), Fault::Twice));
            }
        }
        Ok(Configuration {
            verifier: Arc::new(verifier(accounts.values())?),
            accounts,
            projects: document.projects,
        })
    }

    /// The account with this identity.
    pub(crate) fn account(&self, id: &IdentityId) -> Option<&ServiceAccount> {
        self.accounts.get(id)
    }

    /// The secrets of a config, for an account that may read them. Whether there are others is not for
    /// it to know.
    pub(crate) fn secrets(
        &self,
        account: &ServiceAccount,
        project: &str,
        config: &str,
    ) -> Option<&Secrets> {
        let mut places = account.may_read.iter();
        let place = places.find(|place| place.project == project && place.config == config)?;
        secrets(&self.projects, place)
    }

    /// The verifier that the tokens of all identities come to. It has no keys yet.
    pub(crate) fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier)
    }
}

fn secrets<'p>(projects: &'p Projects, place: &Place) -> Option<&'p Secrets> {
    projects.get(&place.project)?.get(&place.config)
}

fn account(
    entry: Entry,
    projects: &Projects,
    at: &str,
) -> Result<ServiceAccount, ConfigurationError> {
    let document = entry.identity.get().as_bytes();
    let identity = Identity::from_json(document)
        .map_err(|error| fail(format!("{at}/identity"), Fault::Identity(Box::new(error))))?;
    if identity.audiences().is_none() {
        let at = format!("{at}/identity/config/claims/aud");
        return Err(fail(at, Fault::AudiencePattern));
    }
    let may_read: Vec<Place> = entry.may_read.into_iter().map(|Named(it)| it).collect();
    for (index, place) in may_read.iter().enumerate() {
        if secrets(projects, place).is_none() {
            let at = format!("{at}/may_read/{index}");
            return Err(fail(at, Fault::NoSuchConfig));
        }
    }
    Ok(ServiceAccount { identity, may_read })
}

/// Each issuer with the audiences that its identities name. Which of them a token must have is then for
/// the policy of its identity.
fn verifier<'a>(
    accounts: impl Iterator<Item = &'a ServiceAccount>,
) -> Result<Verifier, ConfigurationError> {
    let fail = |fault| fail("/identities".to_owned(), fault);
    let mut audiences = BTreeMap::<&IssuerIdentifier, Vec<&str>>::new();
    let mut pointers = Vec::new();
    for ServiceAccount { identity, .. } in accounts {
        let of_issuer = audiences.entry(identity.issuer()).or_default();
        of_issuer.extend(identity.audiences().into_iter().flatten());
        pointers.extend(identity.policy().pointers());
    }
    let mut builder = None;
    for (issuer, audiences) in audiences {
        let mut audiences = audiences.into_iter();
        let first = audiences.next().ok_or_else(|| fail(Fault::Empty))?;
        let wanting = match builder {
            None => Verifier::builder().issuer(issuer.clone()),
            Some(ready) => VerifierBuilder::<Ready>::issuer(ready, issuer.clone()),
        };
        let ready = wanting.audience(first);
        // What is known of the provider's tokens: algorithms, lifetimes, how many audiences.
        let ready = match Provider::of_issuer(issuer) {
            None => ready,
            Some(provider) => ready.provider(provider),
        };
        builder = Some(audiences.fold(ready, VerifierBuilder::<Ready>::audience));
    }
    let builder = builder.ok_or_else(|| fail(Fault::Empty))?;
    let verifier = builder.locate_all(pointers).build();
    verifier.map_err(|error| fail(Fault::Verifier(error)))
}

/// What is wrong with the configuration, and where.
#[derive(Debug)]
pub(crate) struct ConfigurationError {
    /// A JSON Pointer; empty for the whole.
    at: String,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    AudiencePattern,
    Empty,
    Identity(Box<PolicyError>),
    Json(serde_json::Error),
    NoSuchConfig,
    NotAUuid,
    TooLong,
    Twice,
    Verifier(BuildError),
}

fn fail(at: String, fault: Fault) -> ConfigurationError {
    ConfigurationError { at, fault }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration")?;
        if !self.at.is_empty() {
            write!(f, " at `{}`", self.at)?;
        }
        f.write_str(": ")?;
        match &self.fault {
            Fault::AudiencePattern => f.write_str("an audience is a name, not a pattern"),
            Fault::Empty => f.write_str("there is none"),
            Fault::Identity(error) => error.fmt(f),
            Fault::Json(error) => error.fmt(f),
            Fault::NoSuchConfig => f.write_str("there is no such config among the projects"),
            Fault::NotAUuid => f.write_str("not a UUID"),
            Fault::TooLong => write!(f, "longer than {} bytes", Configuration::MAX_BYTES),
            Fault::Twice => f.write_str("stands twice"),
            Fault::Verifier(error) => error.fmt(f),
        }
    }
}

impl Error for ConfigurationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Identity(error) => error.source(),
            Fault::Verifier(error) => error.source(),
            Fault::AudiencePattern
            | Fault::Empty
            | Fault::Json(_)
            | Fault::NoSuchConfig
            | Fault::NotAUuid
            | Fault::TooLong
            | Fault::Twice => None,
        }
    }
}
