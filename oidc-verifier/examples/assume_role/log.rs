//! What the operator reads: whole explanations, which no caller sees.

use std::error::Error;
use std::fmt::Display;
use std::io::Write as _;
use std::sync::Arc;

/// Takes one line after the other.
#[derive(Clone)]
pub(crate) struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    pub(crate) fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Log {
        Log(Arc::new(take))
    }

    /// Lines on standard error. Nobody to read them ends nothing.
    pub(crate) fn stderr() -> Log {
        Log::new(|line| {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        })
    }

    /// Says something about `whom`, the id of a request or a part of the configuration. Each line of
    /// an explanation begins with it, and nothing that a stranger has sent makes another line.
    pub(crate) fn say(&self, whom: &str, message: impl Display) {
        for line in message.to_string().lines() {
            let line = line.replace(char::is_control, " ");
            (self.0)(&format!("{whom} {line}"));
        }
    }
}

/// An error with all of its sources.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
