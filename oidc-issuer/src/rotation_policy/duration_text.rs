//! Durations as operators write them: `7d`, `24h`, `1h30m`, `90s`.

use core::fmt::Write as _;

/// Days, hours, minutes and seconds, in this order, each at most once and none empty.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The seconds of `text`, or `None` when it is not in this form. There is no bare number, no
/// fraction, no sign and no space: each of them has been read in two ways by somebody.
pub(super) fn parse(text: &str) -> Option<u64> {
    let mut total: Option<u64> = None;
    let mut units = UNITS.iter();
    let mut digits: Option<u64> = None;
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            let so_far = digits.unwrap_or(0).checked_mul(10)?;
            digits = Some(so_far.checked_add(u64::from(digit))?);
        } else {
            let (_, seconds) = units.find(|(unit, _)| *unit == character)?;
            let part = digits.take()?.checked_mul(*seconds)?;
            total = Some(total.unwrap_or(0).checked_add(part)?);
        }
    }
    if digits.is_some() {
        return None;
    }
    total
}

/// The shortest text of so many seconds.
pub(super) fn format(seconds: u64) -> String {
    let mut text = String::new();
    let mut rest = seconds;
    for (unit, size) in UNITS {
        let count = rest.checked_div(size).unwrap_or(0);
        rest = rest.checked_rem(size).unwrap_or(0);
        if count > 0 {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{count}{unit}");
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_days_hours_minutes_and_seconds_in_this_order() {
        for (text, seconds) in [
            ("7d", 604_800),
            ("24h", 86_400),
            ("1h30m", 5_400),
            ("90s", 90),
            ("0s", 0),
            ("1d1h1m1s", 90_061),
            ("007m", 420),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        for text in [
            "",
            "1",
            "h",
            "1h30",
            "30m1h",
            "1h1h",
            "1.5h",
            "-1h",
            "+1h",
            "1 h",
            " 1h",
            "1H",
            "1w",
            "1ms",
            "h1",
            "1hh",
            "٣h",
            "18446744073709551616s",
            "18446744073709551615d",
            "18446744073709551615s1s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [0, 1, 59, 60, 61, 3_600, 86_399, 86_400, 90_061, u64::MAX] {
            assert_eq!(parse(&format(seconds)), Some(seconds));
        }
        assert_eq!(format(86_460), "1d1m");
    }
}
