//! What the operator reads: whole explanations, which no caller sees.

#[path = "../../../oidc-issuer/examples/serving/log.rs"]
pub(crate) mod lines;

use std::fmt::Display;
use std::sync::Arc;

/// Takes one line after the other.
#[derive(Clone)]
pub(crate) struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    pub(crate) fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Log {
        Log(Arc::new(take))
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
