//! `NumericDate` of RFC 7519 section 2: seconds since 1970-01-01T00:00:00Z.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use jsonptr::Number;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use time::OffsetDateTime;

/// An instant in whole seconds, from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
///
/// No value lies outside these bounds and no operation overflows. Leap seconds do not count, as in
/// RFC 7519 section 2. Serialized as an integer.
///
/// ```
/// use std::time::Duration;
/// use oidc_core::NumericDate;
///
/// let issued = NumericDate::from_seconds(1_760_000_000)?;
/// let expires = issued.saturating_add(Duration::from_secs(300));
/// assert_eq!(expires.seconds_since(issued), 300);
/// # Ok::<(), oidc_core::NumericDateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: NumericDate = NumericDate(0);

    /// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
    pub const MAX: NumericDate = NumericDate(253_402_300_799);

    /// The instant of this many seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`NumericDateError`] when it lies before [`MIN`](Self::MIN) or after [`MAX`](Self::MAX).
    pub const fn from_seconds(seconds: i64) -> Result<NumericDate, NumericDateError> {
        if seconds < NumericDate::MIN.0 {
            Err(NumericDateError::BeforeMin)
        } else if seconds > NumericDate::MAX.0 {
            Err(NumericDateError::AfterMax)
        } else {
            Ok(NumericDate(seconds))
        }
    }

    /// The instant of a JSON number, rounded down: for `exp`, so that a fraction never lengthens
    /// the time that a token is good for.
    ///
    /// The number is read exactly, with its fraction and exponent: `1.76e9` is 1760000000, and
    /// `9007199254740993.5` is not rounded by way of floating point.
    ///
    /// # Errors
    ///
    /// [`NumericDateError`] when the rounded number is out of bounds.
    pub fn floor(number: Number<'_>) -> Result<NumericDate, NumericDateError> {
        NumericDate::from_rounded(number, number.floor_i64())
    }

    /// The instant of a JSON number, rounded up: for `nbf` and `iat`, as [`floor`](Self::floor) is
    /// for `exp`.
    ///
    /// # Errors
    ///
    /// [`NumericDateError`] when the rounded number is out of bounds.
    pub fn ceil(number: Number<'_>) -> Result<NumericDate, NumericDateError> {
        NumericDate::from_rounded(number, number.ceil_i64())
    }

    /// `None` is a number beyond 64 bits, or with an exponent that nobody reads.
    fn from_rounded(
        number: Number<'_>,
        rounded: Option<i64>,
    ) -> Result<NumericDate, NumericDateError> {
        match rounded {
            Some(seconds) => NumericDate::from_seconds(seconds),
            None if number.as_str().starts_with('-') => Err(NumericDateError::BeforeMin),
            None => Err(NumericDateError::AfterMax),
        }
    }

    /// Seconds since 1970.
    pub const fn as_seconds(self) -> i64 {
        self.0
    }

    /// This instant plus the whole seconds of `duration`, or `None` after [`MAX`](Self::MAX).
    /// A fraction of a second is dropped, here and in the three calls below.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<NumericDate> {
        let seconds = i64::try_from(duration.as_secs()).ok()?;
        NumericDate::from_seconds(self.0.checked_add(seconds)?).ok()
    }

    /// This instant less the whole seconds of `duration`, or `None` before [`MIN`](Self::MIN).
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<NumericDate> {
        let seconds = i64::try_from(duration.as_secs()).ok()?;
        NumericDate::from_seconds(self.0.checked_sub(seconds)?).ok()
    }

    /// Like [`checked_add`](Self::checked_add), stopping at [`MAX`](Self::MAX).
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> NumericDate {
        self.checked_add(duration).unwrap_or(NumericDate::MAX)
    }

    /// Like [`checked_sub`](Self::checked_sub), stopping at [`MIN`](Self::MIN).
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> NumericDate {
        self.checked_sub(duration).unwrap_or(NumericDate::MIN)
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is the later one.
    pub const fn seconds_since(self, earlier: NumericDate) -> i64 {
        // INVARIANT: both lie in `MIN..=MAX`, so the difference fits and nothing saturates.
        self.0.saturating_sub(earlier.0)
    }
}

/// The instant lies outside [`NumericDate::MIN`] and [`NumericDate::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NumericDateError {
    /// Before 1970-01-01T00:00:00Z.
    #[error("instant lies before 1970")]
    BeforeMin,
    /// After 9999-12-31T23:59:59Z.
    #[error("instant lies after the year 9999")]
    AfterMax,
}

impl NumericDateError {
    /// A stable code: `instant_before_1970` or `instant_after_9999`.
    pub const fn code(&self) -> &'static str {
        match self {
            NumericDateError::BeforeMin => "instant_before_1970",
            NumericDateError::AfterMax => "instant_after_9999",
        }
    }
}

impl fmt::Display for NumericDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Rounds down to the whole second.
impl TryFrom<OffsetDateTime> for NumericDate {
    type Error = NumericDateError;

    fn try_from(instant: OffsetDateTime) -> Result<NumericDate, NumericDateError> {
        NumericDate::from_seconds(instant.unix_timestamp())
    }
}

/// In UTC.
impl From<NumericDate> for OffsetDateTime {
    fn from(date: NumericDate) -> OffsetDateTime {
        // INVARIANT: `NumericDate::MAX` is the last second of `time`'s default range.
        OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::seconds(date.0))
    }
}

/// Rounds down to the whole second.
impl TryFrom<SystemTime> for NumericDate {
    type Error = NumericDateError;

    fn try_from(instant: SystemTime) -> Result<NumericDate, NumericDateError> {
        let since_epoch = instant
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| NumericDateError::BeforeMin)?;
        NumericDate::MIN
            .checked_add(since_epoch)
            .ok_or(NumericDateError::AfterMax)
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

/// From an integer: configuration has no fractions.
impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumericDate, D::Error> {
        deserializer.deserialize_i64(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whole seconds since 1970")
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<NumericDate, E> {
        NumericDate::from_seconds(seconds).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        NumericDate::from_seconds(seconds).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_are_the_last_seconds_that_fit() {
        assert_eq!(NumericDate::from_seconds(0), Ok(NumericDate::MIN));
        assert_eq!(
            NumericDate::from_seconds(-1),
            Err(NumericDateError::BeforeMin)
        );
        assert_eq!(
            NumericDate::from_seconds(i64::MIN),
            Err(NumericDateError::BeforeMin)
        );
        assert_eq!(
            NumericDate::from_seconds(253_402_300_799),
            Ok(NumericDate::MAX)
        );
        assert_eq!(
            NumericDate::from_seconds(253_402_300_800),
            Err(NumericDateError::AfterMax)
        );
        assert_eq!(
            NumericDate::from_seconds(i64::MAX),
            Err(NumericDateError::AfterMax)
        );
    }

    #[test]
    fn arithmetic_stops_at_the_bounds() {
        let second = Duration::from_secs(1);
        assert_eq!(NumericDate::MAX.checked_add(second), None);
        assert_eq!(NumericDate::MAX.saturating_add(second), NumericDate::MAX);
        assert_eq!(
            NumericDate::MAX.saturating_add(Duration::MAX),
            NumericDate::MAX
        );
        assert_eq!(NumericDate::MIN.checked_sub(second), None);
        assert_eq!(NumericDate::MIN.saturating_sub(second), NumericDate::MIN);
        assert_eq!(
            NumericDate::MAX.saturating_sub(Duration::MAX),
            NumericDate::MIN
        );
        assert_eq!(NumericDate::MIN.checked_add(second), Some(NumericDate(1)));
        assert_eq!(NumericDate(1).checked_sub(second), Some(NumericDate::MIN));
    }

    #[test]
    fn a_fraction_of_a_duration_is_dropped() {
        let duration = Duration::from_millis(1_999);
        assert_eq!(NumericDate(10).saturating_add(duration), NumericDate(11));
        assert_eq!(NumericDate(10).saturating_sub(duration), NumericDate(9));
    }

    #[test]
    fn a_difference_has_a_sign_and_never_overflows() {
        assert_eq!(NumericDate(10).seconds_since(NumericDate(4)), 6);
        assert_eq!(NumericDate(4).seconds_since(NumericDate(10)), -6);
        assert_eq!(
            NumericDate::MAX.seconds_since(NumericDate::MIN),
            253_402_300_799
        );
        assert_eq!(
            NumericDate::MIN.seconds_since(NumericDate::MAX),
            -253_402_300_799
        );
    }

    #[test]
    fn calendar_time_goes_both_ways_at_both_bounds() {
        for date in [
            NumericDate::MIN,
            NumericDate(1_760_000_000),
            NumericDate::MAX,
        ] {
            let calendar = OffsetDateTime::from(date);
            assert_eq!(calendar.unix_timestamp(), date.as_seconds());
            assert_eq!(NumericDate::try_from(calendar), Ok(date));
        }
        assert_eq!(OffsetDateTime::from(NumericDate::MAX).year(), 9999);
    }

    #[test]
    fn calendar_and_system_time_round_down() {
        let half = time::Duration::milliseconds(500);
        let before_1970 = OffsetDateTime::UNIX_EPOCH - half;
        assert_eq!(
            NumericDate::try_from(OffsetDateTime::UNIX_EPOCH + half),
            Ok(NumericDate(0))
        );
        assert_eq!(
            NumericDate::try_from(before_1970),
            Err(NumericDateError::BeforeMin)
        );

        let half = Duration::from_millis(500);
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(NumericDate::try_from(epoch + half), Ok(NumericDate(0)));
        assert_eq!(
            NumericDate::try_from(epoch - half),
            Err(NumericDateError::BeforeMin)
        );
        let year_10000 = epoch + Duration::from_secs(253_402_300_800);
        assert_eq!(
            NumericDate::try_from(year_10000),
            Err(NumericDateError::AfterMax)
        );
    }

    #[test]
    fn serde_takes_whole_seconds_only() {
        assert_eq!(serde_json::to_string(&NumericDate(17)).unwrap(), "17");
        assert_eq!(
            serde_json::from_str::<NumericDate>("17").unwrap(),
            NumericDate(17)
        );
        for json in [
            "-1",
            "253402300800",
            "18446744073709551615",
            "1.5",
            "1.0",
            "\"17\"",
            "null",
        ] {
            assert!(serde_json::from_str::<NumericDate>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn errors_say_which_bound() {
        assert_eq!(
            NumericDateError::BeforeMin.to_string(),
            "instant lies before 1970"
        );
        assert_eq!(
            NumericDateError::AfterMax.to_string(),
            "instant lies after the year 9999"
        );
        assert_eq!(NumericDateError::BeforeMin.code(), "instant_before_1970");
        assert_eq!(NumericDateError::AfterMax.code(), "instant_after_9999");
    }
}
