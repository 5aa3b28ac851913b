//! What the operator reads, on standard error.

use std::fmt::Display;
use std::io::Write as _;

use crate::arguments::Level;

/// Writes lines, with a priority in front if a logger reads them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    level: Level,
    syslog: bool,
}

impl Log {
    pub(crate) const fn new(level: Level, syslog: bool) -> Log {
        Log { level, syslog }
    }

    /// Something failed; it is tried again.
    pub(crate) fn error(self, message: impl Display) {
        self.line(3, "error", &message);
    }

    /// Something is not as it should be.
    pub(crate) fn warning(self, message: impl Display) {
        self.line(4, "warning", &message);
    }

    /// Something that an operator wants to know: a key changed its state.
    pub(crate) fn notice(self, message: impl Display) {
        self.line(5, "notice", &message);
    }

    /// Something usual.
    pub(crate) fn info(self, message: impl Display) {
        if self.level >= Level::Verbose {
            self.line(6, "info", &message);
        }
    }

    /// Everything.
    pub(crate) fn debug(self, message: impl Display) {
        if self.level >= Level::Debug {
            self.line(7, "debug", &message);
        }
    }

    fn line(self, priority: u8, word: &str, message: &dyn Display) {
        // One line is one message, whatever is in it.
        let message = message.to_string().replace(char::is_control, " ");
        let mut to = std::io::stderr().lock();
        // Nobody to read it ends nothing.
        let _ = if self.syslog {
            writeln!(to, "<{priority}>{message}")
        } else {
            writeln!(to, "{word}: {message}")
        };
    }
}
