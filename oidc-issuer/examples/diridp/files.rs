//! Where a provider's keys and documents are.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use oidc_core::IssuerIdentifier;
use oidc_issuer::fs::{FileError, Files, KeyFolder, Webroot};
use oidc_issuer::profile::diridp::Provider;
use oidc_issuer::store::{PrivateKeys, PrivateKeysError, StoreError};
use oidc_issuer::{Documents, KeyRef, Publisher, RingName, Sighting};
use zeroize::Zeroizing;

/// The private keys of a provider: a folder for each chain.
#[derive(Debug)]
pub(crate) struct KeyFolders(BTreeMap<RingName, KeyFolder>);

impl KeyFolders {
    pub(crate) fn open(files: &Files, provider: &Provider) -> Result<KeyFolders, Box<dyn Error>> {
        let mut folders = BTreeMap::new();
        for key in provider.keys() {
            let folder = KeyFolder::open(files.clone(), key.dir())?;
            folders.insert(RingName::new(key.name())?, folder);
        }
        Ok(KeyFolders(folders))
    }

    fn of(&self, key: &KeyRef) -> Result<&KeyFolder, PrivateKeysError> {
        self.0.get(&key.ring).ok_or(PrivateKeysError::Missing)
    }
}

impl PrivateKeys for KeyFolders {
    fn put(&self, key: &KeyRef, pem: &Zeroizing<String>) -> Result<(), PrivateKeysError> {
        self.of(key)?.put(key, pem)
    }

    fn get(&self, key: &KeyRef) -> Result<Zeroizing<String>, PrivateKeysError> {
        self.of(key)?.get(key)
    }

    fn destroy(&self, key: &KeyRef) -> Result<(), PrivateKeysError> {
        // A chain that is not configured any more has left nothing that is looked for here.
        match self.of(key) {
            Ok(folder) => folder.destroy(key),
            Err(_) => Ok(()),
        }
    }

    fn list(&self) -> Result<Vec<KeyRef>, PrivateKeysError> {
        let mut keys = Vec::new();
        for folder in self.0.values() {
            keys.append(&mut folder.list()?);
        }
        Ok(keys)
    }
}

/// The webroot: documents are put there and looked at there. How a web server serves it is beyond
/// this program; the time that it may take is in the policy.
#[derive(Debug)]
pub(crate) struct Site {
    files: Files,
    webroot: Webroot,
}

impl Site {
    pub(crate) fn open(files: &Files, provider: &Provider) -> Result<Site, FileError> {
        let webroot = Webroot::open(files.clone(), provider.webroot(), provider.jwks_path())?;
        Ok(Site {
            files: files.clone(),
            webroot,
        })
    }
}

impl Publisher for Site {
    fn publish(&self, _: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        self.webroot
            .publish(&documents.jwk_set, &documents.discovery)
            .map(|_| ())
            .map_err(StoreError::new)
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let (discovery, jwk_set) = (self.webroot.discovery_path(), self.webroot.jwk_set_path());
        look_at(&self.files, issuer, discovery, jwk_set)
    }
}

/// What the webroot of a provider shows. No folder is made for that.
pub(crate) fn look(files: &Files, provider: &Provider) -> Result<Sighting, StoreError> {
    let discovery = provider.webroot().join(".well-known/openid-configuration");
    let jwk_set = provider.jwks_path().trim_start_matches('/');
    let jwk_set = provider.webroot().join(jwk_set);
    look_at(files, provider.issuer(), &discovery, &jwk_set)
}

fn look_at(
    files: &Files,
    issuer: &IssuerIdentifier,
    discovery: &Path,
    jwk_set: &Path,
) -> Result<Sighting, StoreError> {
    let (jwk_set, discovery) = (read(files, jwk_set)?, read(files, discovery)?);
    let (Some(jwk_set), Some(discovery)) = (jwk_set, discovery) else {
        return Ok(Sighting::nothing());
    };
    Sighting::from_bytes(issuer, &discovery, &jwk_set).map_err(StoreError::new)
}

fn read(files: &Files, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match files.read(path, Webroot::MAX_DOCUMENT_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(StoreError::new(error)),
    }
}
