//! The tokens of a provider: which are due, and why.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use oidc_core::{NumericDate, base64url};
use oidc_issuer::fs::{Files, TokenFile};
use oidc_issuer::profile::diridp::{Provider, TokenConfig};
use oidc_issuer::{Issuer, RingName, Token};
use serde_json::Value;

use crate::log::Log;
use crate::report::chain;

/// Directories whose names have been complained of.
pub(crate) type Complaints = BTreeSet<std::ffi::OsString>;

/// Writes every token that is due, and says when to come back.
pub(crate) fn write_due(
    provider: &Provider,
    issuer: &Issuer,
    files: &Files,
    now: NumericDate,
    complaints: &mut Complaints,
    log: &Log,
) -> Duration {
    let mut wait = Duration::MAX;
    for token in provider.tokens() {
        for directory in directories(token, complaints, log) {
            let directory = directory.as_deref();
            let path = token.path().file(directory);
            let next = write_one(provider, token, directory, &path, issuer, files, now, log);
            wait = wait.min(next.unwrap_or_else(|message| {
                log.error(format_args!("{}: {message}", path.display()));
                RETRY
            }));
        }
    }
    wait
}

/// After a token that was not written.
const RETRY: Duration = Duration::from_secs(10);

/// The directories that become claims; one `None` for a path without a parameter.
fn directories(token: &TokenConfig, complaints: &mut Complaints, log: &Log) -> Vec<Option<String>> {
    if token.path().parameter().is_none() {
        return vec![None];
    }
    let parent = token.path().parent();
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) => {
            if complaints.insert(parent.into()) {
                log.warning(format_args!("{}: {error}", parent.display()));
            }
            return Vec::new();
        }
    };
    complaints.remove(parent.as_os_str());
    let mut directories = Vec::new();
    for entry in entries.flatten() {
        // A symbolic link is none of the directories that somebody made here.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = entry.file_name();
        match name
            .to_str()
            .filter(|name| token.token_spec(Some(name)).is_ok())
        {
            Some(name) => directories.push(Some(name.to_owned())),
            None if complaints.insert(entry.path().into_os_string()) => log.warning(format_args!(
                "{}: the name is no subject; see the allowed characters",
                entry.path().display()
            )),
            None => {}
        }
    }
    directories.sort();
    directories
}

#[expect(
    clippy::too_many_arguments,
    reason = "one token, and where it comes from"
)]
fn write_one(
    provider: &Provider,
    config: &TokenConfig,
    directory: Option<&str>,
    path: &Path,
    issuer: &Issuer,
    files: &Files,
    now: NumericDate,
    log: &Log,
) -> Result<Duration, String> {
    let told = |error: &(dyn std::error::Error + 'static)| chain(error);
    let spec = config.token_spec(directory).map_err(|error| told(&error))?;
    let key = provider.key_of(config).ok_or("there is no key")?;
    let ring = RingName::new(key.name()).map_err(|error| told(&error))?;
    let fresh = issuer
        .issue_in_ring(&ring, &spec, now)
        .map_err(|error| told(&error))?;
    let file = TokenFile::new(files.clone(), path);
    let there = file.read().unwrap_or_default();
    if let Some(age) = there
        .as_deref()
        .and_then(|there| good_age(there, &fresh, issuer, now))
        && let Some(left) = config.refresh().checked_sub(age)
        && !left.is_zero()
    {
        log.debug(format_args!(
            "{}: fresh for {} s",
            path.display(),
            left.as_secs()
        ));
        return Ok(left);
    }
    file.write(&fresh).map_err(|error| told(&error))?;
    log.info(format_args!("{}: written", path.display()));
    Ok(config.refresh())
}

/// The age of the token that is there, if it says what a new one says and its key is published.
///
/// Its own words are read, not the age of the file: a token is made anew when its claims, its
/// lifetime, its issuer or its key have changed.
fn good_age(there: &str, fresh: &Token, issuer: &Issuer, now: NumericDate) -> Option<Duration> {
    let (there_header, mut there_claims) = parts(there)?;
    let (_, mut fresh_claims) = parts(fresh.as_str())?;
    let kid = there_header.get("kid")?.as_str()?;
    if !issuer
        .published_keys()
        .iter()
        .any(|jwk| jwk.kid() == Some(kid))
    {
        return None;
    }
    let issued = there_claims.get("iat")?.as_i64()?;
    for claims in [&mut there_claims, &mut fresh_claims] {
        relative(claims)?;
    }
    if there_claims != fresh_claims {
        return None;
    }
    // A token from the future is none: the clock was wrong when it was made.
    let age = now.as_seconds().checked_sub(issued)?;
    Some(Duration::from_secs(u64::try_from(age).ok()?))
}

/// Replaces the times by what they are beside `iat`.
fn relative(claims: &mut Value) -> Option<()> {
    let claims = claims.as_object_mut()?;
    let issued = claims.remove("iat")?.as_i64()?;
    for name in ["exp", "nbf"] {
        if let Some(time) = claims.get_mut(name) {
            *time = Value::from(time.as_i64()?.checked_sub(issued)?);
        }
    }
    Some(())
}

fn parts(token: &str) -> Option<(Value, Value)> {
    let mut segments = token.split('.');
    let mut next = || {
        let bytes = base64url::decode(segments.next()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    Some((next()?, next()?))
}
