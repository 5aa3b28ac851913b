//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: assume_role --config FILE --state DIR [--port PORT]

  --config FILE  accounts, identity providers and roles, in JSON
  --state DIR    where the key of the sessions is kept; made if it is not there
  --port PORT    the port on 127.0.0.1 to listen on; 0, the default, is any that is free
  --help         say this";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    Serve(Serve),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Serve {
    pub(crate) config: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) port: u16,
}

impl Arguments {
    /// Reads the arguments, without the name of the program.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = OsString>,
    ) -> Result<Arguments, String> {
        let (mut config, mut state, mut port) = (None, None, None);
        while let Some(argument) = arguments.next() {
            let place = match argument.to_str() {
                Some("--help") => return Ok(Arguments::Help),
                Some("--config") => &mut config,
                Some("--state") => &mut state,
                Some("--port") => &mut port,
                Some(_) | None => return Err(format!("unknown argument `{}`", argument.display())),
            };
            let value = arguments
                .next()
                .ok_or_else(|| format!("`{}` needs a value", argument.display()))?;
            if place.replace(value).is_some() {
                return Err(format!("`{}` stands there twice", argument.display()));
            }
        }
        let port = match port {
            None => 0,
            Some(port) => {
                let number = port.to_str().and_then(|port| port.parse().ok());
                number.ok_or_else(|| format!("`{}` is no port", port.display()))?
            }
        };
        Ok(Arguments::Serve(Serve {
            config: config.ok_or("--config is missing")?.into(),
            state: state.ok_or("--state is missing")?.into(),
            port,
        }))
    }
}
