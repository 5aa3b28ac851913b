//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: secrets_exchange --config FILE --database FILE [--port PORT] [--root-certificates FILE]

  --config FILE             identities and secrets, a JSON document
  --database FILE           where issued tokens are remembered; made if it is not there
  --port PORT               where to listen on 127.0.0.1; any free port unless this is said
  --root-certificates FILE  who else may vouch for the servers of issuers, in PEM: for issuers in a
                            network of one's own
  --help                    this text";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) config: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) port: u16,
    pub(crate) root_certificates: Option<PathBuf>,
}

/// What to do instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    ShowUsage,
    Refuse(String),
}

impl Arguments {
    /// Reads what follows the name of the program.
    pub(crate) fn parse(given: impl Iterator<Item = OsString>) -> Result<Arguments, Otherwise> {
        let (mut config, mut database, mut port, mut roots) = (None, None, None, None);
        let mut given = given;
        while let Some(option) = given.next() {
            let shown = option.to_string_lossy().into_owned();
            let slot = match &*shown {
                "--help" => return Err(Otherwise::ShowUsage),
                "--config" => &mut config,
                "--database" => &mut database,
                "--port" => &mut port,
                "--root-certificates" => &mut roots,
                _ => return Err(refuse(format!("unknown argument `{shown}`"))),
            };
            let value = given.next();
            let value = value.ok_or_else(|| refuse(format!("`{shown}` lacks its value")))?;
            if slot.replace(value).is_some() {
                return Err(refuse(format!("`{shown}` is given twice")));
            }
        }
        Ok(Arguments {
            config: required(config, "--config")?,
            database: required(database, "--database")?,
            port: port.map_or(Ok(0), |port| parse_port(&port))?,
            root_certificates: roots.map(PathBuf::from),
        })
    }
}

fn refuse(message: String) -> Otherwise {
    Otherwise::Refuse(message)
}

fn required(value: Option<OsString>, option: &str) -> Result<PathBuf, Otherwise> {
    let value = value.ok_or_else(|| refuse(format!("`{option}` is missing")))?;
    Ok(PathBuf::from(value))
}

fn parse_port(text: &OsString) -> Result<u16, Otherwise> {
    let port = text.to_str().and_then(|text| text.parse().ok());
    port.ok_or_else(|| refuse("`--port` is not a number from 0 to 65535".to_owned()))
}
