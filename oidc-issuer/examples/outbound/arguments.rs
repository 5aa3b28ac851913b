//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: outbound --config FILE --state FOLDER [--port PORT]

  --config FILE    accounts, access keys and who may do what, as JSON
  --state FOLDER   keys, issuer URLs and switches; made if it is not there
  --port PORT      on 127.0.0.1; 0, the default, is a free one at the first start, and the same
                   one ever after (without `public_url`)
  --help           this text

It prints `listening on http://127.0.0.1:PORT` when it is ready. The how-to is docs/aws-outbound.md.";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Serve(Arguments),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) config: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) port: u16,
}

/// Reads the arguments behind the program's name; the error is for whoever typed them.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let (mut config, mut state, mut port) = (None, None, None);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let place = match argument.to_str() {
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--config") => &mut config,
            Some("--state") => &mut state,
            Some("--port") => &mut port,
            Some(_) | None => return Err(format!("unknown argument {}", argument.display())),
        };
        let value = arguments.next().filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| format!("{} needs a value", argument.display()))?;
        if place.replace(value).is_some() {
            return Err(format!("{} stands there twice", argument.display()));
        }
    }
    let needed = |value: Option<OsString>, name| value.ok_or_else(|| format!("{name} is missing"));
    Ok(Command::Serve(Arguments {
        config: needed(config, "--config")?.into(),
        state: needed(state, "--state")?.into(),
        port: port.map_or(Ok(0), |port| {
            let number = port.to_str().and_then(|port| port.parse().ok());
            number.ok_or_else(|| format!("--port {} is no port", port.display()))
        })?,
    }))
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Command, USAGE, parse};

    fn parsed(line: &str) -> Result<Command, String> {
        parse(
            line.split(' ')
                .filter(|word| !word.is_empty())
                .map(Into::into),
        )
    }

    #[test]
    fn arguments_may_stand_in_any_order() {
        let expected = |port| {
            Ok(Command::Serve(Arguments {
                config: "c.json".into(),
                state: "state".into(),
                port,
            }))
        };
        assert_eq!(parsed("--config c.json --state state"), expected(0));
        assert_eq!(
            parsed("--port 65535 --state state --config c.json"),
            expected(65535)
        );
        assert_eq!(parsed("--config c.json --help"), Ok(Command::Help));
        assert_eq!(parsed("-h"), Ok(Command::Help));
    }

    #[test]
    fn the_usage_names_every_argument() {
        for argument in ["--config FILE", "--state FOLDER", "--port PORT", "--help"] {
            assert!(USAGE.contains(argument), "{argument}");
        }
    }

    #[test]
    fn a_wrong_argument_is_named() {
        for (line, error) in [
            ("", "--config is missing"),
            ("--config c.json", "--state is missing"),
            ("--config", "--config needs a value"),
            ("--config a --config b", "--config stands there twice"),
            ("--verbose", "unknown argument --verbose"),
            ("c.json", "unknown argument c.json"),
            (
                "--config a --state b --port 65536",
                "--port 65536 is no port",
            ),
            ("--config a --state b --port -1", "--port -1 is no port"),
        ] {
            assert_eq!(parsed(line), Err(error.to_owned()), "{line}");
        }
    }
}
