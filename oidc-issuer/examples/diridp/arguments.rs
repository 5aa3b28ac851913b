//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: diridp CONFIG [--once] [--verbose] [--debug] [--syslog]
       diridp CONFIG --revoke KID [--force] [--dry-run]

  CONFIG      a YAML file
  --once      do what is due, then exit
  --verbose   say more
  --debug     say everything
  --syslog    begin each line with its priority, as journald and syslog take it
  --revoke    take a key out of trust now, and say when consumers follow
  --force     even if its successor is not known everywhere yet
  --dry-run   only say what it would do";

/// What is asked for.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the command line"
)]
pub(crate) struct Arguments {
    pub(crate) config: PathBuf,
    pub(crate) once: bool,
    pub(crate) level: Level,
    pub(crate) syslog: bool,
    pub(crate) revoke: Option<String>,
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Usual,
    Verbose,
    Debug,
}

impl Arguments {
    /// `None` if the usage should be shown.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Arguments> {
        let mut arguments = arguments.skip(1);
        let mut config = None;
        let mut parsed = Arguments {
            config: PathBuf::new(),
            once: false,
            level: Level::Usual,
            syslog: false,
            revoke: None,
            force: false,
            dry_run: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--once") => parsed.once = true,
                Some("--verbose") => parsed.level = parsed.level.max(Level::Verbose),
                Some("--debug") => parsed.level = Level::Debug,
                Some("--syslog") => parsed.syslog = true,
                Some("--revoke") => parsed.revoke = Some(arguments.next()?.into_string().ok()?),
                Some("--force") => parsed.force = true,
                Some("--dry-run") => parsed.dry_run = true,
                Some(option) if option.starts_with("--") => return None,
                _ if config.is_some() => return None,
                _ => config = Some(PathBuf::from(argument)),
            }
        }
        parsed.config = config?;
        let emergency = parsed.dry_run || parsed.force;
        Some(parsed).filter(|parsed| !emergency || parsed.revoke.is_some())
    }
}
