//! How long a signer may go by what it knows.

use core::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use oidc_core::NumericDate;

use crate::token::IssueError;

/// Leave to sign by a state that was read, for as long as that is fresh: rule I5.
///
/// [`Issuer`](crate::Issuer) has one of its own. A signer outside of it, such as a
/// [`RemoteKey`](crate::signer::RemoteKey), is held back by asking [`check`](Self::check) before each
/// token.
///
/// The bound is counted on the wall clock, which may be set back and would then stretch it. So the
/// latest time that was seen is kept, and a clock that falls behind it by more than clocks may
/// differ ends the lease.
#[derive(Debug)]
pub struct Lease {
    from: NumericDate,
    until: NumericDate,
    tolerance: Duration,
    latest: AtomicI64,
}

impl Lease {
    pub(crate) fn new(from: NumericDate, until: NumericDate, tolerance: Duration) -> Lease {
        Lease {
            from,
            until,
            tolerance,
            latest: AtomicI64::new(from.as_seconds()),
        }
    }

    /// Whether a token may be signed now.
    ///
    /// # Errors
    ///
    /// [`IssueError::Stale`].
    pub fn check(&self, now: NumericDate) -> Result<(), IssueError> {
        // No other memory hangs on the value, so `Relaxed` is enough.
        let latest = self.latest.load(Ordering::Relaxed);
        if latest < now.as_seconds() {
            self.latest.fetch_max(now.as_seconds(), Ordering::Relaxed);
        }
        let back = now.saturating_add(self.tolerance).as_seconds() < latest;
        if back || now > self.until {
            return Err(IssueError::Stale {
                from: self.from,
                until: self.until,
                now,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> NumericDate {
        NumericDate::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_lease_holds_to_its_last_second() {
        let lease = Lease::new(at(1_000), at(1_060), Duration::from_secs(15));
        for (now, ok) in [
            (1_000, true),
            (985, true),
            (984, false),
            (1_060, true),
            (1_061, false),
        ] {
            let fresh = Lease::new(at(1_000), at(1_060), Duration::from_secs(15));
            assert_eq!(fresh.check(at(now)).is_ok(), ok, "{now}");
        }
        // A clock that was set back does not stretch it.
        lease.check(at(1_050)).unwrap();
        lease.check(at(1_035)).unwrap();
        let error = lease.check(at(1_034)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the keys are known from 1000 to 1060, now is 1034"
        );
        lease.check(at(1_051)).unwrap();
    }
}
