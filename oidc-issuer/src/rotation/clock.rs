//! Two clocks that watch each other.

use std::time::Duration;

use oidc_core::NumericDate;

/// What the clocks of the host say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clocks {
    /// The wall clock: what tokens are dated by.
    pub wall: NumericDate,
    /// A clock that only runs forward, from any beginning: `Instant`, or better one that also
    /// counts while the machine sleeps.
    pub monotonic: Duration,
}

impl Clocks {
    /// Both, read as close to each other as can be.
    pub const fn new(wall: NumericDate, monotonic: Duration) -> Clocks {
        Clocks { wall, monotonic }
    }

    /// How much time has passed since `earlier`, by the clock that says more: a monotonic one stops
    /// while some machines sleep, and a wall clock is set back.
    pub(super) fn since(self, earlier: Clocks) -> Duration {
        let wall = self.wall.seconds_since(earlier.wall);
        let wall = Duration::from_secs(u64::try_from(wall).unwrap_or(0));
        wall.max(self.monotonic.saturating_sub(earlier.monotonic))
    }
}

/// What the wall clock is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClockState {
    /// A second clock has agreed, and the two of the host have run alike since.
    Confirmed,
    /// Nothing has confirmed it since this process started. What cannot be undone waits.
    Unconfirmed,
    /// The clocks of the host ran apart, a second clock disagrees, or another replica is ahead.
    /// What cannot be undone waits until a second clock agrees.
    Held,
}

/// Holds back what cannot be undone while the clock may be wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockGuard {
    /// The moment at which a second clock agreed.
    anchor: Option<Clocks>,
    held: bool,
    /// What another replica's clock was seen at and found ahead.
    ahead: Option<NumericDate>,
}

impl ClockGuard {
    pub(super) fn state(&self) -> ClockState {
        match (self.held, self.anchor) {
            (true, _) => ClockState::Held,
            (false, Some(_)) => ClockState::Confirmed,
            (false, None) => ClockState::Unconfirmed,
        }
    }

    /// The time to decide by, where it can be trusted.
    pub(super) fn trusted(&self, clocks: Clocks) -> Option<NumericDate> {
        (self.state() == ClockState::Confirmed).then_some(clocks.wall)
    }

    /// Compares how far both clocks have come since they were confirmed. True when this begins a
    /// hold.
    pub(super) fn tick(&mut self, clocks: Clocks, tolerance: Duration) -> bool {
        let Some(anchor) = self.anchor else {
            return false;
        };
        let wall = i128::from(clocks.wall.seconds_since(anchor.wall));
        let monotonic = clocks.monotonic.as_secs();
        let monotonic = i128::from(monotonic).saturating_sub(anchor.monotonic.as_secs().into());
        let apart = wall.abs_diff(monotonic) > u128::from(tolerance.as_secs());
        self.hold(apart)
    }

    /// A second clock says `time`. True when this begins a hold.
    pub(super) fn confirm(
        &mut self,
        time: NumericDate,
        clocks: Clocks,
        tolerance: Duration,
    ) -> bool {
        let apart = clocks.wall.seconds_since(time).unsigned_abs();
        if apart > tolerance.as_secs() {
            return self.hold(true);
        }
        self.anchor = Some(clocks);
        self.held = false;
        false
    }

    /// The latest time at which a replica with a confirmed clock has committed. One that is ahead
    /// by more than two clocks may differ holds this one back, until a second clock agrees again.
    pub(super) fn compare(
        &mut self,
        other: NumericDate,
        clocks: Clocks,
        tolerance: Duration,
    ) -> bool {
        let ahead = other.seconds_since(clocks.wall);
        let most = i64::try_from(tolerance.as_secs().saturating_mul(4)).unwrap_or(i64::MAX);
        if ahead <= most || self.ahead == Some(other) {
            return false;
        }
        self.ahead = Some(other);
        self.hold(true)
    }

    fn hold(&mut self, apart: bool) -> bool {
        let begins = apart && !self.held && self.anchor.is_some();
        self.held |= apart;
        begins
    }
}
