//! A token that new keys may help.

use std::time::Duration;

use oidc_core::{IssuerIdentifier, NumericDate};
use tokio::time::timeout;

use super::driven::Driven;
use crate::dangerous::unverified_kid;
use crate::error::VerifyError;
use crate::key_source::Refetch;
use crate::verifier::Verifier;

/// The key that a refused token names, of an issuer that is trusted.
pub(super) struct Wanted<'v> {
    pub(super) issuer: &'v IssuerIdentifier,
    kid: String,
    why: Why,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// There is no such key.
    Unknown,
    /// There are no keys at all.
    Unavailable,
    /// The signature does not hold under the key of this name.
    Signature,
}

/// What is wanted for a token that was refused; `None` when no key would help.
pub(super) fn of<'v>(
    token: &[u8],
    refused: &VerifyError,
    verifier: &'v Verifier,
) -> Option<Wanted<'v>> {
    let why = if *refused == VerifyError::UnknownKey {
        Why::Unknown
    } else if *refused == VerifyError::KeysUnavailable {
        Why::Unavailable
    } else if *refused == VerifyError::Signature {
        Why::Signature
    } else {
        return None;
    };
    let issuer = verifier.issuer_of_token(token)?;
    let kid = match unverified_kid(token, verifier.max_token_bytes()) {
        // The first keys may help a token that names none of them.
        None if why == Why::Unavailable => String::new(),
        kid => kid?,
    };
    Some(Wanted { issuer, kid, why })
}

impl Wanted<'_> {
    /// Asks the source, and waits for the fetch if there is to be one. `Ok` if it is worth to verify
    /// again, else what to answer.
    pub(super) async fn wait_for(
        self,
        driven: &Driven,
        longest: Duration,
        now: NumericDate,
        refused: VerifyError,
    ) -> Result<(), VerifyError> {
        let (generation, fetched) = {
            let mut state = driven.state();
            let source = &mut state.source;
            let generation = source.key_generation(&self.kid);
            let answer = match self.why {
                Why::Signature => source.handle_bad_signature(&self.kid, now),
                Why::Unknown | Why::Unavailable => source.handle_unknown_kid(&self.kid, now),
            };
            match answer {
                Refetch::Wait => {}
                Refetch::Known => return Ok(()),
                Refetch::Absent { .. } | Refetch::CoolingDown { .. } | Refetch::Distrusted => {
                    return Err(refused);
                }
            }
            (generation, driven.settles(&state))
        };
        driven.wake.notify_one();
        let in_time = match driven.places_to_wait.try_acquire() {
            Ok(_place) => timeout(longest, fetched).await.is_ok(),
            Err(_) => false,
        };
        let unchanged = || driven.state().source.key_generation(&self.kid) == generation;
        match self.why {
            // The key of this name is there: unless it has changed, the token is forged.
            Why::Signature if !in_time || unchanged() => Err(refused),
            _ if in_time => Ok(()),
            Why::Unknown | Why::Unavailable | Why::Signature => Err(VerifyError::KeysUnavailable),
        }
    }
}
