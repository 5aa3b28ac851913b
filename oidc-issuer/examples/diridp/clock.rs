//! The clocks of this machine: the only place that reads them.

use std::time::Duration;

use oidc_core::NumericDate;
use oidc_issuer::Clocks;

/// The wall clock, and one that only runs forward and counts while the machine sleeps.
pub(crate) fn clocks() -> Clocks {
    let since_1970 = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default();
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    let wall = NumericDate::from_seconds(seconds).unwrap_or(NumericDate::MAX);
    let running = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(running.tv_sec).unwrap_or_default();
    Clocks::new(wall, Duration::from_secs(seconds))
}
