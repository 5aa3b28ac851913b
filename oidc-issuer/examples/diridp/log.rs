//! What the operator reads, on standard error. Keys and tokens wait for nobody who reads it.

#[path = "../serving/log.rs"]
mod lines;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use self::lines::{Log as Lines, Rest as RestOfLines};
use crate::arguments::Level;

/// Hands on lines, with a priority in front if a logger reads them.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lines: Lines,
    level: Level,
    syslog: bool,
}

/// What is not written yet.
#[derive(Debug)]
pub(crate) struct Rest {
    lines: RestOfLines,
    syslog: bool,
}

impl Log {
    pub(crate) fn to(
        writer: impl Write + Send + 'static,
        level: Level,
        syslog: bool,
    ) -> (Log, Rest) {
        let (lines, rest) = Lines::to(writer);
        let log = Log {
            lines,
            level,
            syslog,
        };
        let rest = Rest {
            lines: rest,
            syslog,
        };
        (log, rest)
    }

    /// Something failed; it is tried again.
    pub(crate) fn error(&self, message: impl Display) {
        self.line(ERROR, message);
    }

    /// Something is not as it should be.
    pub(crate) fn warning(&self, message: impl Display) {
        self.line((4, "warning"), message);
    }

    /// Something that an operator wants to know: a key changed its state.
    pub(crate) fn notice(&self, message: impl Display) {
        self.line((5, "notice"), message);
    }

    /// Something usual.
    pub(crate) fn info(&self, message: impl Display) {
        if self.level >= Level::Verbose {
            self.line((6, "info"), message);
        }
    }

    /// Everything.
    pub(crate) fn debug(&self, message: impl Display) {
        if self.level >= Level::Debug {
            self.line((7, "debug"), message);
        }
    }

    fn line(&self, kind: Kind, message: impl Display) {
        self.lines.line(shaped(kind, self.syslog, message));
    }
}

impl Rest {
    /// Waits until it is, once nobody has the log any more, and says last why the program ends.
    pub(crate) fn end(self, outcome: Result<(), impl Display>) -> ExitCode {
        let Rest { lines, syslog } = self;
        lines.end(outcome.map_err(|failure| shaped(ERROR, syslog, failure)))
    }
}

/// The priority of syslog, and the word for it.
type Kind = (u8, &'static str);

const ERROR: Kind = (3, "error");

fn shaped((priority, word): Kind, syslog: bool, message: impl Display) -> String {
    if syslog {
        format!("<{priority}>{message}")
    } else {
        format!("{word}: {message}")
    }
}
