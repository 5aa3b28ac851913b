//! What the layer verifies with.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use oidc_core::NumericDate;

use crate::clock::Clock;
use crate::error::VerifyError;
use crate::verified::Verified;
use crate::verifier::Verifier;

/// Verifies the tokens of requests: a [`KeyRefresher`](crate::http::KeyRefresher), or a [`Verifier`]
/// [with a clock](WithClock).
pub trait TokenVerifier: Clone + Send + Sync + 'static {
    /// Verifies a token now.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`].
    fn verify_owned(
        &self,
        token: &[u8],
    ) -> impl Future<Output = Result<Verified<'static>, VerifyError>> + Send;

    /// The time by which it verifies.
    fn now(&self) -> NumericDate;
}

/// A verifier that is told what time it is by a clock. Its keys are those it was given.
#[derive(Clone)]
pub struct WithClock {
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
}

impl WithClock {
    /// Verifies by this clock: usually [`SystemClock`](crate::SystemClock).
    pub fn new(verifier: Arc<Verifier>, clock: impl Clock) -> WithClock {
        WithClock {
            verifier,
            clock: Arc::new(clock),
        }
    }
}

impl TokenVerifier for WithClock {
    fn verify_owned(
        &self,
        token: &[u8],
    ) -> impl Future<Output = Result<Verified<'static>, VerifyError>> + Send {
        let verified = self.verifier.verify(token, self.clock.now());
        ready(verified.map(Verified::into_owned))
    }

    fn now(&self) -> NumericDate {
        self.clock.now()
    }
}

#[cfg(feature = "http")]
impl TokenVerifier for crate::http::KeyRefresher {
    async fn verify_owned(&self, token: &[u8]) -> Result<Verified<'static>, VerifyError> {
        self.verify(token).await.map(Verified::into_owned)
    }

    fn now(&self) -> NumericDate {
        self.now()
    }
}

impl fmt::Debug for WithClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verifier.fmt(f)
    }
}
