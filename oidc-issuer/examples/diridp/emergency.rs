//! Taking a key out of trust: which provider has it, what that would do, and what it did.

use std::error::Error;

use oidc_issuer::fs::{Files, StateFile};
use oidc_issuer::profile::diridp::{Config, Provider};
use oidc_issuer::store::StateStore as _;
use oidc_issuer::{Revocation, RevocationReason, RevokeError, Rotation, RotationState, Successor};

use crate::clock::clocks;
use crate::files::look;
use crate::report::chain;
use crate::service::rotation_config;

/// Says what a revocation would do. No file is made, changed or removed for that.
pub(crate) fn dry_run(
    config: &Config,
    files: &Files,
    kid: &str,
    force: bool,
) -> Result<String, Box<dyn Error>> {
    let mut unread = Vec::new();
    for provider in config.providers() {
        let name = provider.name();
        match load(config, provider, files) {
            Ok(mut rotation)
                if rotation
                    .state()
                    .is_some_and(|state| state.key(kid).is_some()) =>
            {
                let answer = describe(kid, &revoke(&mut rotation, kid, force)?);
                return Ok(format!("{name}: {answer}\nnothing was done"));
            }
            Ok(_) => {}
            Err(error) => unread.push(format!("{name}: {}", chain(&*error))),
        }
    }
    Err(nobody_has(kid, &unread))
}

/// A rotation as it is on the disk, with what the webroot shows.
fn load(config: &Config, provider: &Provider, files: &Files) -> Result<Rotation, Box<dyn Error>> {
    let path = config.state_dir().join(provider.name()).join("state.json");
    let lock = path.with_file_name("state.json.lock");
    // To open a store makes its lock.
    if !lock.try_exists()? {
        if path.try_exists()? {
            let lock = lock.display();
            return Err(format!("{lock} is not there, and a dry run does not make it").into());
        }
        return Err(no_state(provider));
    }
    let stored = StateFile::open(files.clone(), &path)?.load()?;
    let stored = stored.ok_or_else(|| no_state(provider))?;
    let state = RotationState::from_json(&stored.state)
        .map_err(|error| format!("{}: {}", path.display(), chain(&error)))?;
    let mut rotation = Rotation::new(rotation_config(provider)?);
    rotation.confirm_clock(clocks());
    rotation.handle_loaded(Some((state, stored.version)), clocks());
    if rotation.state().is_none() {
        return Err(format!("{}: the state is another issuer's", path.display()).into());
    }
    match look(files, provider) {
        Ok(sighting) => rotation.handle_sighting(provider.issuer(), sighting, clocks()),
        Err(_) => rotation.handle_look_failed(provider.issuer(), clocks()),
    }
    Ok(rotation)
}

fn no_state(provider: &Provider) -> Box<dyn Error> {
    let name = provider.name();
    format!("there is no state of `{name}` to revoke from").into()
}

/// What is said when the key is in no state; some may not have been read.
pub(crate) fn nobody_has(kid: &str, unread: &[String]) -> Box<dyn Error> {
    if unread.is_empty() {
        return format!("no provider has a key `{kid}`").into();
    }
    let unread = unread.join("; ");
    format!("no provider whose state was read has a key `{kid}`; not read: {unread}").into()
}

pub(crate) fn revoke(
    rotation: &mut Rotation,
    kid: &str,
    force: bool,
) -> Result<Revocation, Box<dyn Error>> {
    let successor = if force {
        Successor::Seen
    } else {
        Successor::Aged
    };
    match rotation.revoke(kid, RevocationReason::Compromised, successor, clocks()) {
        Err(error @ RevokeError::NoSuccessor { .. }) if !force => {
            Err(format!("{error}; with --force it is revoked all the same").into())
        }
        other => Ok(other?),
    }
}

/// For a person.
pub(crate) fn describe(kid: &str, revocation: &Revocation) -> String {
    let mut lines = vec![match &revocation.successor {
        Some(next) => format!("{kid} is revoked, {next} signs"),
        None => format!("{kid} is revoked"),
    }];
    if let Some(until) = revocation.unseen_until {
        lines.push(format!(
            "  some consumers may not know the new key until {until}"
        ));
    }
    for distrust in &revocation.distrust {
        lines.push(match distrust.at {
            Some(at) => format!("  {:?}: at {at} at the latest", distrust.class),
            None => format!(
                "  {:?}: when somebody gives them the new keys",
                distrust.class
            ),
        });
    }
    lines.join("\n")
}
