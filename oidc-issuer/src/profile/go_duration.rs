//! Durations as the Go language writes them.

use std::time::Duration;

/// Reads a duration as Go's `time.ParseDuration` does: `300ms`, `1.5h`, `1h30m`.
///
/// The units are `ns`, `us` (`µs`), `ms`, `s`, `m` and `h`. There are no days and weeks: `CircleCI`
/// publishes a pattern that has them, and its service refuses them. A negative duration, which Go
/// reads, is none that a token can have.
///
/// ```
/// use std::time::Duration;
/// use oidc_issuer::profile::parse_go_duration;
///
/// assert_eq!(parse_go_duration("1h30m"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(parse_go_duration("1d").unwrap_err().to_string(), "`d` is no unit of a duration");
/// ```
///
/// # Errors
///
/// [`GoDurationError`].
pub fn parse_go_duration(text: &str) -> Result<Duration, GoDurationError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(GoDurationError::Empty);
    }
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let (term, after) = term(rest)?;
        nanoseconds = nanoseconds
            .checked_add(term)
            .ok_or(GoDurationError::TooLong)?;
        rest = after;
    }
    // Go counts in 63 bits.
    if nanoseconds > i64::MAX.unsigned_abs().into() {
        return Err(GoDurationError::TooLong);
    }
    let nanoseconds = u64::try_from(nanoseconds).map_err(|_| GoDurationError::TooLong)?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// One number with its unit in nanoseconds, and what follows.
fn term(text: &str) -> Result<(u128, &str), GoDurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(GoDurationError::Number);
    }
    let end = rest
        .find(|char: char| char == '.' || char.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let scale: u128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "" => return Err(GoDurationError::NoUnit),
        other => {
            return Err(GoDurationError::Unit {
                unit: other.chars().take(MAX_SHOWN_UNIT).collect(),
            });
        }
    };
    let whole = number(whole)?
        .checked_mul(scale)
        .ok_or(GoDurationError::TooLong)?;
    // Beyond 18 places there is nothing of a nanosecond left, even of an hour.
    let fraction = fraction.get(..fraction.len().min(18)).unwrap_or_default();
    let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let below = number(fraction)?
        .checked_mul(scale)
        .zip(10_u128.checked_pow(places))
        .and_then(|(product, power)| product.checked_div(power))
        .ok_or(GoDurationError::TooLong)?;
    let nanoseconds = whole.checked_add(below).ok_or(GoDurationError::TooLong)?;
    Ok((nanoseconds, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn number(digits: &str) -> Result<u128, GoDurationError> {
    if digits.is_empty() {
        return Ok(0);
    }
    let value: u64 = digits.parse().map_err(|_| GoDurationError::TooLong)?;
    Ok(value.into())
}

/// A unit is short; what a stranger writes in its place need not be.
const MAX_SHOWN_UNIT: usize = 8;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoDurationError {
    /// There is nothing.
    #[error("duration is empty")]
    Empty,
    /// A number has no unit after it.
    #[error("a number of a duration has no unit")]
    NoUnit,
    /// A number is missing.
    #[error("a duration is numbers with units, such as `1h30m`")]
    Number,
    /// It is longer than Go counts, 292 years.
    #[error("duration is longer than Go counts")]
    TooLong,
    /// The unit is none.
    #[error("`{}` is no unit of a duration", unit.escape_debug())]
    #[non_exhaustive]
    Unit {
        /// What stands there, cut off after eight characters.
        unit: String,
    },
}

impl GoDurationError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "duration_empty",
            Self::NoUnit => "duration_no_unit",
            Self::Number => "duration_number",
            Self::TooLong => "duration_too_long",
            Self::Unit { .. } => "duration_unit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Go's own documentation of `time.ParseDuration`, and what CircleCI's service was seen to
    /// take and to refuse.
    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, seconds, nanoseconds) in [
            ("0", 0, 0),
            ("300ms", 0, 300_000_000),
            ("1h30m", 5_400, 0),
            ("1.5h", 5_400, 0),
            ("2h45m", 9_900, 0),
            (".5s", 0, 500_000_000),
            ("1.s", 1, 0),
            ("+5s", 5, 0),
            ("1h1h", 7_200, 0),
            ("1us", 0, 1_000),
            ("1µs", 0, 1_000),
            ("1μs", 0, 1_000),
            ("9223372036854775807ns", 9_223_372_036, 854_775_807),
            ("0.333333333333333333333h", 1_199, 999_999_999),
        ] {
            let expected = Duration::new(seconds, nanoseconds);
            assert_eq!(parse_go_duration(text), Ok(expected), "{text}");
        }
        let unit = |unit: &str| GoDurationError::Unit { unit: unit.into() };
        for (text, error) in [
            ("", GoDurationError::Empty),
            ("+", GoDurationError::Empty),
            ("1d", unit("d")),
            ("7d", unit("d")),
            ("1w", unit("w")),
            ("1H", unit("H")),
            ("1 h", unit(" h")),
            ("1h ", unit("h ")),
            ("3600", GoDurationError::NoUnit),
            ("-1h", GoDurationError::Number),
            ("h", GoDurationError::Number),
            (".s", GoDurationError::Number),
            ("1h.m", GoDurationError::Number),
            ("9223372036854775808ns", GoDurationError::TooLong),
            ("99999999999999999999h", GoDurationError::TooLong),
            ("2562048h", GoDurationError::TooLong),
        ] {
            assert_eq!(parse_go_duration(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_unit_in_an_error_is_short_and_on_one_line() {
        let error = parse_go_duration("1\nxxxxxxxxxxxxxxxxxxxxxxxx").unwrap_err();
        assert_eq!(error.to_string(), r"`\nxxxxxxx` is no unit of a duration");
        assert_eq!(error.code(), "duration_unit");
    }
}
