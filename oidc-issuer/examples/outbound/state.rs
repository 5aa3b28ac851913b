//! The folder that outlives the program: issuer URLs, switches, and who has it open.
//!
//! ```text
//! FOLDER/lock              held while a program runs
//! FOLDER/base_url          the base of all issuer URLs
//! FOLDER/ACCOUNT/account   the issuer's UUID, and the switch
//! FOLDER/ACCOUNT/state     the rotation's state
//! FOLDER/ACCOUNT/keys/     private keys
//! ```

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use oidc_core::IssuerIdentifier;
use oidc_issuer::fs::Files;
use oidc_issuer::{JwtId, SecureRandom};
use rustix::fs::{FlockOperation, flock};

use crate::config::Switch;

/// The folder, which is this program's alone until it ends.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    files: Files,
    _lock: File,
}

impl State {
    pub(crate) fn open(folder: &Path) -> Result<State, Box<dyn Error>> {
        let files = Files::new();
        files.create_folder(folder, 0o700)?;
        files.refuse_writable_by_others(folder)?;
        let path = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| format!("{}: another program has it: {error}", path.display()))?;
        Ok(State {
            folder: folder.to_owned(),
            files,
            _lock: lock,
        })
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// Where an account's files are.
    pub(crate) fn folder_of(&self, account: &str) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.folder.join(account);
        self.files.create_folder(&folder, 0o700)?;
        Ok(folder)
    }

    /// The base of the issuer URLs, if this is not the first start.
    pub(crate) fn base_url(&self) -> Result<Option<String>, Box<dyn Error>> {
        let Some(text) = read(&self.files, &self.folder.join("base_url"))? else {
            return Ok(None);
        };
        Ok(Some(text.trim_end().to_owned()))
    }

    /// The same base as ever. An issuer URL is configured at relying parties: it never changes.
    pub(crate) fn keep_base_url(&self, base: &str) -> Result<(), Box<dyn Error>> {
        match self.base_url()? {
            Some(before) if before == base => Ok(()),
            Some(before) => Err(format!(
                "the issuers of {} are under {before} and cannot move to {base}: \
                 go back, or begin with another folder",
                self.folder.display()
            )
            .into()),
            None => {
                let path = self.folder.join("base_url");
                Ok(self
                    .files
                    .replace(&path, format!("{base}\n").as_bytes(), 0o600)?)
            }
        }
    }
}

/// What is remembered of an account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The last part of the issuer URL.
    pub(crate) issuer: String,
    /// Until somebody has used the switch it is where the configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outbound_federation: Option<Switch>,
}

impl Record {
    /// The record of an account, written now if there is none.
    pub(crate) fn open(
        files: &Files,
        path: &Path,
        random: &dyn SecureRandom,
    ) -> Result<Record, Box<dyn Error>> {
        if let Some(text) = read(files, path)? {
            let record = serde_json::from_str(&text);
            return record.map_err(|error| format!("{}: {error}", path.display()).into());
        }
        let record = Record {
            issuer: JwtId::random(random)?.as_str().to_owned(),
            outbound_federation: None,
        };
        record.write(files, path)?;
        Ok(record)
    }

    /// On the disk when it returns.
    pub(crate) fn write(&self, files: &Files, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut json = serde_json::to_vec(self)?;
        json.push(b'\n');
        Ok(files.replace(path, &json, 0o600)?)
    }
}

/// An issuer identifier of the world, or of this machine.
pub(crate) fn issuer_under(base: &str, name: &str) -> Result<IssuerIdentifier, Box<dyn Error>> {
    let url = format!("{base}/{name}");
    let public = IssuerIdentifier::parse(&url);
    let issuer = public.or_else(|error| IssuerIdentifier::loopback(&url).map_err(|_| error));
    issuer.map_err(|error| format!("{base}: {error}").into())
}

fn read(files: &Files, path: &Path) -> Result<Option<String>, Box<dyn Error>> {
    match files.read(path, MAX_BYTES) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(format!("{}: not UTF-8", path.display()).into()),
        },
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A record has about 100 bytes, a URL at most 512.
const MAX_BYTES: u64 = 4096;
