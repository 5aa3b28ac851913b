//! For how long a session lasts.

use std::time::Duration;

use oidc_core::NumericDate;

/// The duration of a session, which does not depend on the token that opened it: a token that is
/// good for another minute opens a session of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionDuration(Duration);

impl SessionDuration {
    /// The shortest session: 900 s.
    pub const MIN: Duration = Duration::from_secs(900);

    /// The longest: 43,200 s, where the role allows as much.
    pub const MAX: Duration = Duration::from_secs(43_200);

    /// What a call gets that asks for nothing else: 3,600 s.
    pub const DEFAULT: Duration = Duration::from_secs(3_600);

    /// The duration that was `requested`, of a role whose sessions last no longer than `role_max`.
    ///
    /// # Errors
    ///
    /// It is out of bounds, or longer than the role allows.
    pub fn new(
        requested: Option<Duration>,
        role_max: Duration,
    ) -> Result<SessionDuration, SessionDurationError> {
        let duration = requested.unwrap_or(SessionDuration::DEFAULT);
        if !(SessionDuration::MIN..=SessionDuration::MAX).contains(&duration) {
            return Err(SessionDurationError::OutOfBounds);
        }
        if duration > role_max {
            return Err(SessionDurationError::LongerThanRole);
        }
        Ok(SessionDuration(duration))
    }

    /// How long it lasts.
    pub const fn get(self) -> Duration {
        self.0
    }

    /// When a session ends that is opened now.
    pub fn expires_at(self, now: NumericDate) -> NumericDate {
        now.saturating_add(self.0)
    }
}

/// Why a session cannot last as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionDurationError {
    /// Longer than the sessions of the role.
    #[error("session is longer than the role allows")]
    LongerThanRole,
    /// Shorter than 900 s or longer than 43,200 s.
    #[error("session has not 900 to 43200 seconds")]
    OutOfBounds,
}
