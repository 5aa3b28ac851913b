//! Taking over the state folder of the original diridp.

use std::error::Error;
use std::path::Path;

use oidc_core::{IssuerIdentifier, Jwk, NumericDate};
use oidc_issuer::fs::Files;
use oidc_issuer::profile::diridp::{IndexedKey, KeyConfig, KeyIndex, Provider};
use oidc_issuer::store::{PrivateKeys, PrivateKeysError, StateStore};
use oidc_issuer::{ImportedKey, ImportedRole, KeyRef, RingName, RotationState, SigningKey};

use crate::log::Log;

/// If there is no state yet and the folder is the original's: its keys, under their ids, become
/// the first state.
///
/// The private halves are stored anew and the state is committed before anything of the original
/// is touched; a crash in between begins again. Afterwards the original's private keys are removed:
/// what is not known to anyone is destroyed by no one.
pub(crate) fn take_over(
    provider: &Provider,
    files: &Files,
    store: &impl StateStore,
    keys: &impl PrivateKeys,
    now: NumericDate,
    log: &Log,
) -> Result<(), Box<dyn Error>> {
    let state = if let Some(stored) = store.load()? {
        RotationState::from_json(&stored.state)?
    } else {
        let mut imported = Vec::new();
        for chain in provider.keys() {
            let index = chain.dir().join(KeyIndex::FILE_NAME);
            match files.read(&index, MAX_INDEX_BYTES) {
                Ok(json) => {
                    let index = KeyIndex::from_json(&json)
                        .map_err(|error| format!("{}: {error}", index.display()))?;
                    let longest = provider.longest_token(chain);
                    let found = index.keys(chain.lifespan(), chain.publish_margin(), longest);
                    imported.extend(import_chain(provider, chain, found, files, keys)?);
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        if imported.is_empty() {
            return Ok(());
        }
        let count = imported.len();
        let state = RotationState::import(provider.issuer().clone(), imported, now)?;
        store.commit(None, &state.to_json())?;
        log.notice(format_args!(
            "{}: took over {count} keys of an earlier diridp",
            provider.name()
        ));
        state
    };
    for chain in provider.keys() {
        clean_up(chain, &state, files)?;
    }
    Ok(())
}

/// An index of a few keys.
const MAX_INDEX_BYTES: u64 = 64 * 1024;

/// The longest key file, of RSA with 8,192 bits.
const MAX_KEY_BYTES: u64 = 16 * 1024;

fn import_chain(
    provider: &Provider,
    chain: &KeyConfig,
    found: Vec<IndexedKey>,
    files: &Files,
    keys: &impl PrivateKeys,
) -> Result<Vec<ImportedKey>, Box<dyn Error>> {
    let ring = RingName::new(chain.name())?;
    let mut imported = Vec::new();
    for key in found {
        let path = chain.dir().join(key.file_name());
        let signing_key = read_key(chain, &key, files, &path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if key.signs() {
            store_key(provider.issuer(), &ring, chain, &signing_key, keys)?;
        }
        imported.push(imported_key(&ring, signing_key.public_jwk(), key.role));
    }
    Ok(imported)
}

fn read_key(
    chain: &KeyConfig,
    key: &IndexedKey,
    files: &Files,
    path: &Path,
) -> Result<SigningKey, Box<dyn Error>> {
    let pem = zeroize::Zeroizing::new(files.read(path, MAX_KEY_BYTES)?);
    let pem = std::str::from_utf8(&pem)?;
    // The original does not store the algorithm with the key: one that does not fit is told here
    // (W11).
    Ok(SigningKey::from_pem(chain.algorithm(), pem)?.with_kid(&key.kid)?)
}

fn store_key(
    issuer: &IssuerIdentifier,
    ring: &RingName,
    chain: &KeyConfig,
    key: &SigningKey,
    keys: &impl PrivateKeys,
) -> Result<(), PrivateKeysError> {
    let name = KeyRef::new(issuer, ring, chain.algorithm(), key.kid());
    match keys.put(&name, &key.to_pkcs8_pem()) {
        // From a take-over that was cut off.
        Err(PrivateKeysError::Exists) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

fn imported_key(ring: &RingName, jwk: &Jwk, role: ImportedRole) -> ImportedKey {
    ImportedKey::new(ring.clone(), jwk.clone(), role)
}

/// Removes the original's private keys and then puts its index out of the way.
///
/// Only what the state knows is removed. Where it does not know one key, nothing of the folder is: the
/// original has been at work again, or the chain was added later, and nobody else has that key.
fn clean_up(chain: &KeyConfig, state: &RotationState, files: &Files) -> Result<(), Box<dyn Error>> {
    let path = chain.dir().join(KeyIndex::FILE_NAME);
    let json = match files.read(&path, MAX_INDEX_BYTES) {
        Ok(json) => json,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let index =
        KeyIndex::from_json(&json).map_err(|error| format!("{}: {error}", path.display()))?;
    let any = std::time::Duration::ZERO;
    let found = index.keys(any, any, any);
    let ring = state.ring(&RingName::new(chain.name())?);
    let unknown: Vec<&str> = found
        .iter()
        .map(|key| key.kid.as_str())
        .filter(|kid| ring.is_none_or(|ring| ring.key(kid).is_none()))
        .collect();
    if !unknown.is_empty() {
        let (path, unknown) = (path.display(), unknown.join(", "));
        return Err(format!(
            "key `{}`: `{path}` has keys that the state does not know: {unknown}; nothing was removed, \
             move `index.json` and the files of these keys elsewhere",
            chain.name()
        )
        .into());
    }
    for key in found {
        files.remove(&chain.dir().join(key.file_name()))?;
    }
    files.replace(&chain.dir().join("index.json.taken-over"), &json, 0o600)?;
    files.remove(&path)?;
    Ok(())
}
