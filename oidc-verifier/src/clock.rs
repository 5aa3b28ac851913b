//! What time it is, for the modules at the edge. Everything else of this crate is told.

use std::time::SystemTime;

use oidc_core::NumericDate;

/// Says what time it is.
///
/// A closure is one, which is how tests bring their own:
///
/// ```
/// use oidc_verifier::{Clock, NumericDate};
///
/// let stopped = NumericDate::from_seconds(1_790_000_000)?;
/// let clock = move || stopped;
/// assert_eq!(Clock::now(&clock), stopped);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> NumericDate;
}

impl<F: Fn() -> NumericDate + Send + Sync + 'static> Clock for F {
    fn now(&self) -> NumericDate {
        self()
    }
}

/// The clock of the machine.
///
/// One that stands before 1970 or after 9999 shows the nearer of the two ends: no token is valid
/// then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to configure")]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this crate reads a clock"
    )]
    fn now(&self) -> NumericDate {
        let now = SystemTime::now();
        NumericDate::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            NumericDate::MIN
        } else {
            NumericDate::MAX
        })
    }
}
