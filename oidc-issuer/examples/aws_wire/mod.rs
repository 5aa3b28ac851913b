//! What services with AWS's Query protocol have in common on the wire: form bodies in, XML out, and
//! requests signed with Signature Version 4.
//!
//! No example of its own: `outbound` includes it, and so does `assume_role` of `oidc-verifier`.

#![allow(dead_code, reason = "each program uses what its service needs")]

pub(crate) mod body;
pub(crate) mod query;
pub(crate) mod sigv4;
pub(crate) mod xml;

use std::fmt;

/// A refusal with AWS's code for it: what the client reads, and nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl AwsError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> AwsError {
        AwsError {
            status,
            code,
            message: message.into(),
        }
    }

    /// No such action in this version of the service, in AWS's words.
    pub(crate) fn unknown_action(action: &str, version: Option<&str>) -> AwsError {
        let action = quotable(action);
        let version = version.map_or("NO_VERSION_SPECIFIED", quotable);
        let message = format!("Could not find operation {action} for version {version}");
        AwsError::new(400, "InvalidAction", message)
    }

    /// The service's own failure. What it was is for the operator's log.
    pub(crate) fn internal() -> AwsError {
        let message = "The request processing has failed because of an unknown error.";
        AwsError::new(500, "InternalFailure", message)
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}

/// A stranger's word, if it is of the kind that names have.
fn quotable(word: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=64).contains(&word.len()) && word.bytes().all(plain) {
        word
    } else {
        "(unreadable)"
    }
}

#[cfg(test)]
mod tests {
    use super::AwsError;

    #[test]
    fn an_unknown_action_is_named_only_if_it_could_be_one() {
        let long = "a".repeat(65);
        for (action, version, message) in [
            (
                "GetFoo",
                Some("2011-06-15"),
                "Could not find operation GetFoo for version 2011-06-15",
            ),
            (
                "<b>",
                None,
                "Could not find operation (unreadable) for version NO_VERSION_SPECIFIED",
            ),
            (
                "",
                Some(&*long),
                "Could not find operation (unreadable) for version (unreadable)",
            ),
        ] {
            let error = AwsError::unknown_action(action, version);
            assert_eq!(error, AwsError::new(400, "InvalidAction", message));
        }
    }
}
