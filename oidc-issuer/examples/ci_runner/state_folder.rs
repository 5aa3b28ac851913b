//! The folder that `serve` and `run` share: the state, the private keys, and what is published.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, IssuerIdentifierError};
use oidc_issuer::fs::{FileError, Files, KeyFolder, StateFile};
use oidc_issuer::profile::circleci::{self, JobError};
use oidc_issuer::{
    RotationConfig, RotationConfigError, RotationPolicy, RotationPolicyError, RotationSettings,
};
use serde::{Deserialize, Serialize};

/// Mode 0700, as everything in it is for its owner alone.
#[derive(Clone, Debug)]
pub(crate) struct StateFolder {
    files: Files,
    path: PathBuf,
}

impl StateFolder {
    pub(crate) fn new(files: Files, path: PathBuf) -> StateFolder {
        StateFolder { files, path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn state_file(&self) -> Result<StateFile, FileError> {
        StateFile::open(self.files.clone(), self.path.join("state.json"))
    }

    pub(crate) fn private_keys(&self) -> Result<KeyFolder, FileError> {
        KeyFolder::open(self.files.clone(), self.path.join("keys"))
    }

    /// What is published, or `None` when `serve` has never run.
    pub(crate) fn read(&self) -> Result<Option<Site>, SiteError> {
        match self.files.read(&self.site_path(), MAX_SITE_BYTES) {
            Ok(json) => Site::from_json(&json).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn write(&self, site: &Site) -> Result<(), SiteError> {
        let json = site.to_json()?;
        Ok(self.files.replace(&self.site_path(), &json, 0o600)?)
    }

    /// What shall be published now: the same as before, and these organisations too. A new folder is
    /// this root's from here on, before there is a key in it.
    pub(crate) fn begin(
        &self,
        known: Option<Site>,
        root: &str,
        organizations: &[String],
    ) -> Result<Site, SiteError> {
        let mut site = match known {
            Some(site) if site.root.as_str() == root => site,
            Some(site) => {
                return Err(SiteError::OtherRoot {
                    known: site.root,
                    asked: root.to_owned(),
                });
            }
            None => {
                self.files.create_folder(&self.path, 0o700)?;
                let site = Site::new(root)?;
                self.write(&site)?;
                site
            }
        };
        for organization in organizations {
            site.add(organization)?;
        }
        Ok(site)
    }

    fn site_path(&self) -> PathBuf {
        self.path.join("site.json")
    }
}

const MAX_SITE_BYTES: u64 = 64 * 1024;

/// The issuers: the root, and one for each organisation below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    root: IssuerIdentifier,
    organizations: BTreeMap<String, IssuerIdentifier>,
}

/// As it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    issuer: String,
    organizations: Vec<String>,
}

impl Site {
    /// Each of them has documents that are looked at all the time.
    pub(crate) const MAX_ORGANIZATIONS: usize = 100;

    fn new(root: &str) -> Result<Site, SiteError> {
        // `http` is for this machine only, and `https` for all others.
        let parsed = if root.starts_with("http:") {
            IssuerIdentifier::loopback(root)
        } else {
            IssuerIdentifier::parse(root)
        };
        Ok(Site {
            root: parsed.map_err(SiteError::Root)?,
            organizations: BTreeMap::new(),
        })
    }

    fn from_json(json: &[u8]) -> Result<Site, SiteError> {
        let document: Document = serde_json::from_slice(json)?;
        let mut site = Site::new(&document.issuer)?;
        for organization in &document.organizations {
            site.add(organization)?;
        }
        Ok(site)
    }

    fn to_json(&self) -> Result<Vec<u8>, SiteError> {
        Ok(serde_json::to_vec(&Document {
            issuer: self.root.to_string(),
            organizations: self.organizations.keys().cloned().collect(),
        })?)
    }

    fn add(&mut self, organization: &str) -> Result<(), SiteError> {
        let issuer = circleci::organization_issuer_below(&self.root, organization)?;
        self.organizations.insert(organization.to_owned(), issuer);
        if self.organizations.len() > Self::MAX_ORGANIZATIONS {
            return Err(SiteError::TooManyOrganizations);
        }
        Ok(())
    }

    pub(crate) fn root(&self) -> &IssuerIdentifier {
        &self.root
    }

    /// The issuer of an organisation, if there is one.
    pub(crate) fn organization(&self, organization: &str) -> Option<&IssuerIdentifier> {
        self.organizations.get(organization)
    }

    /// Where to listen: for any port the one of last time, because it stands in the issuer.
    pub(crate) fn address_for(&self, asked: SocketAddr) -> SocketAddr {
        let authority = self.root.as_str().strip_prefix("http://");
        let last = authority.and_then(|authority| authority.parse::<SocketAddr>().ok());
        match last {
            Some(last) if asked.port() == 0 && last.ip() == asked.ip() => last,
            Some(_) | None => asked,
        }
    }

    /// One ring of RS256 for all of them, as `CircleCI` has; each has documents of its own.
    pub(crate) fn rotation(&self) -> Result<RotationConfig, SiteError> {
        let settings = RotationSettings::new()
            .token_lifetime(MAX_TTL)
            // A job is given its tokens, or asks: no file is refreshed.
            .token_refresh(Duration::ZERO);
        let policy = RotationPolicy::solve(&settings)?;
        let mut config = RotationConfig::new(self.root.clone())
            .jwks_uri(&circleci::jwks_uri(&self.root))
            .ring(Algorithm::Rs256, policy)?;
        for issuer in self.organizations.values() {
            config = config.also_known_at(issuer.clone(), &circleci::jwks_uri(issuer))?;
        }
        Ok(config)
    }
}

/// The longest ttl, that of a CircleCI server unless its administrator sets another.
pub(crate) const MAX_TTL: Duration = Duration::from_secs(5 * 60 * 60);

/// Why there is nothing to publish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SiteError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("what is published cannot be read")]
    Json(#[from] serde_json::Error),
    #[error("the root issuer")]
    Root(#[source] IssuerIdentifierError),
    #[error("an organisation")]
    Organization(#[from] JobError),
    #[error("more than {max} organisations", max = Site::MAX_ORGANIZATIONS)]
    TooManyOrganizations,
    #[error(
        "the state is that of {known}, and {asked} was asked for: tokens of one issuer have one name"
    )]
    OtherRoot {
        known: IssuerIdentifier,
        asked: String,
    },
    #[error("the times of the rotation")]
    Policy(#[from] RotationPolicyError),
    #[error("the rotation")]
    Config(#[from] RotationConfigError),
}
