//! What is missing before every key is there.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use oidc_core::{IssuerIdentifier, NumericDate};

use super::driven::Driven;
use crate::key_source::LastError;

/// Some issuers have no keys yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReady {
    missing: Vec<(IssuerIdentifier, Option<LastError>)>,
}

impl NotReady {
    pub(super) fn of(all: &[Arc<Driven>], now: NumericDate) -> NotReady {
        let missing = all.iter().filter_map(|driven| {
            let state = driven.state();
            let last_error = state.source.status(now).last_error.cloned();
            (!state.installed).then(|| (driven.issuer.clone(), last_error))
        });
        NotReady {
            missing: missing.collect(),
        }
    }

    /// Which ones, and what went wrong last, if something did.
    pub fn issuers(
        &self,
    ) -> impl ExactSizeIterator<Item = (&IssuerIdentifier, Option<&LastError>)> {
        self.missing
            .iter()
            .map(|(issuer, last_error)| (issuer, last_error.as_ref()))
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no keys have come from")?;
        for (index, (issuer, last_error)) in self.missing.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} `{issuer}`")?;
            if let Some(LastError { kind, error, .. }) = last_error {
                write!(f, " ({}: {error}", kind.code())?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

impl Error for NotReady {}
