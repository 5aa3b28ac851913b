//! The documents of an issuer as files that a web server serves.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::durable::Files;
use super::error::{FileError, FileFault};
use crate::publication::Document;

/// A folder that a web server serves as the root of an issuer: `/.well-known/openid-configuration`
/// and the JWK Set are files in it.
///
/// The files are readable by all (0644, folders 0755): they are public. Each is written whole, read
/// back, and left alone if it is there already.
///
/// The web server sends the headers: `Content-Type` and `Cache-Control` as
/// [`Document::media_type`] and [`Document::cache_control`] have them. Files without an extension
/// get no media type by themselves.
///
/// # Security
///
/// Whoever may write to the folder says which keys are the issuer's. Whose it is and who else may write
/// to it is not judged: it may well belong to the web server.
#[derive(Clone, Debug)]
pub struct Webroot {
    files: Files,
    discovery: PathBuf,
    jwk_set: PathBuf,
}

/// Which documents were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebrootChange {
    /// The discovery document had other bytes.
    pub discovery: bool,
    /// The JWK Set had other bytes.
    pub jwk_set: bool,
}

impl Webroot {
    /// The longest document that is read back. Ours are shorter by far.
    pub const MAX_DOCUMENT_BYTES: u64 = 1024 * 1024;

    /// A webroot in this folder, with the JWK Set at `jwks_path`: absolute as in its URL, such as
    /// `/jwks.json`, without `.` and `..`.
    ///
    /// # Errors
    ///
    /// [`FileFault::Outside`] for a path that leaves the folder, or that is in the way of the discovery
    /// document: its own, its folder's, or one below it; folders that cannot be made.
    pub fn open(files: Files, folder: &Path, jwks_path: &str) -> Result<Webroot, FileError> {
        let outside = || FileError::new(Path::new(jwks_path), FileFault::Outside);
        let relative = jwks_path.strip_prefix('/').ok_or_else(outside)?;
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        let clean = relative.split('/').all(plain) && !relative.chars().any(char::is_control);
        let (discovery, jwk_set) = (Path::new(DISCOVERY), Path::new(relative));
        if !clean || discovery.starts_with(jwk_set) || jwk_set.starts_with(discovery) {
            return Err(outside());
        }
        let webroot = Webroot {
            files,
            discovery: folder.join(DISCOVERY),
            jwk_set: folder.join(relative),
        };
        for path in [&webroot.discovery, &webroot.jwk_set] {
            if let Some(folder) = path.parent() {
                webroot.files.create_folder(folder, 0o755)?;
            }
        }
        Ok(webroot)
    }

    /// Writes the documents of an issuer.
    ///
    /// The JWK Set comes before a discovery document that announces more algorithms, and after one
    /// that announces fewer: whoever fetches both in between finds a key for every algorithm that is
    /// announced.
    ///
    /// # Errors
    ///
    /// [`FileError`]. What was written stays, and is safe to be served; publish again.
    pub fn publish(
        &self,
        jwk_set: &Document,
        discovery: &Document,
    ) -> Result<WebrootChange, FileError> {
        let mut change = WebrootChange {
            discovery: false,
            jwk_set: false,
        };
        if self.announces_fewer(discovery) {
            change.discovery = self.write(&self.discovery, &discovery.bytes)?;
            change.jwk_set = self.write(&self.jwk_set, &jwk_set.bytes)?;
        } else {
            change.jwk_set = self.write(&self.jwk_set, &jwk_set.bytes)?;
            change.discovery = self.write(&self.discovery, &discovery.bytes)?;
        }
        Ok(change)
    }

    /// Whether the document that is there announces an algorithm that this one does not, and this
    /// one none that is new.
    fn announces_fewer(&self, discovery: &Document) -> bool {
        let there = self.files.read(&self.discovery, Self::MAX_DOCUMENT_BYTES);
        let Ok(there) = there.map(|bytes| algorithms(&bytes)) else {
            return false;
        };
        let new = algorithms(&discovery.bytes);
        there.len() > new.len() && new.iter().all(|algorithm| there.contains(algorithm))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<bool, FileError> {
        let there = || self.files.read(path, Self::MAX_DOCUMENT_BYTES);
        if there().is_ok_and(|there| there == bytes) {
            return Ok(false);
        }
        self.files.replace(path, bytes, 0o644)?;
        if there()? != bytes {
            return Err(FileError::new(path, FileFault::ReadBack));
        }
        Ok(true)
    }

    /// Where the discovery document is.
    pub fn discovery_path(&self) -> &Path {
        &self.discovery
    }

    /// Where the JWK Set is.
    pub fn jwk_set_path(&self) -> &Path {
        &self.jwk_set
    }
}

/// OpenID Connect Discovery 1.0 section 4.
const DISCOVERY: &str = ".well-known/openid-configuration";

fn algorithms(discovery: &[u8]) -> Vec<String> {
    let document: Value = serde_json::from_slice(discovery).unwrap_or_default();
    let list = document.get("id_token_signing_alg_values_supported");
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
