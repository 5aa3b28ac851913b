//! Dates as policies write them (RFC 3339 section 5.6), to the second.

use jsonptr::Decimal;

/// The seconds since 1970 of `2027-01-31T23:59:59Z` or `2027-02-01T00:59:59+01:00`. Leap seconds
/// and fractions of a second are not dates here, as they are no `NumericDate`s.
pub(super) fn seconds(text: &str) -> Option<Decimal> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (time, offset) = if let Some(time) = time.strip_suffix('Z') {
        (time, 0)
    } else {
        let (time, offset) = time.split_at_checked(time.rfind(['+', '-'])?)?;
        (time, offset_seconds(offset)?)
    };
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(of_day(hour, minute, second)?)?
        .checked_sub(offset)?;
    Some(Decimal::from(seconds))
}

/// The date of this many seconds since 1970, from then until the end of the year 9999.
pub(super) fn rfc3339(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    // From an estimate that is too early by a day at most, forward.
    let mut year = 1970_i64.saturating_add(days.div_euclid(366));
    while days_since_1970(year.saturating_add(1), 1, 1).is_some_and(|first| first <= days) {
        year = year.saturating_add(1);
    }
    let first_of = |month: i64| days_since_1970(year, month, 1).filter(|first| *first <= days);
    let month = (1..=12).rev().find(|month| first_of(*month).is_some());
    let month = month.unwrap_or(1);
    let day = days
        .saturating_sub(first_of(month).unwrap_or(days))
        .saturating_add(1);
    let (hour, rest) = (of_day.div_euclid(3_600), of_day.rem_euclid(3_600));
    let (minute, second) = (rest.div_euclid(60), rest.rem_euclid(60));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `N` numbers of these many digits, with `separator` between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn offset_seconds(offset: &str) -> Option<i64> {
    let (sign, offset) = match offset.strip_prefix('-') {
        Some(offset) => (-1_i64, offset),
        None => (1, offset.strip_prefix('+')?),
    };
    let [hour, minute] = numbers(offset, ':', [2, 2])?;
    if hour > 23 || minute > 59 {
        return None;
    }
    sign.checked_mul(of_day(hour, minute, 0)?)
}

fn of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    minutes.checked_mul(60)?.checked_add(second)
}

/// Days in the Gregorian calendar, carried back before its time; `None` if there is no such day.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap =
        year.checked_rem(4)? == 0 && (year.checked_rem(100)? != 0 || year.checked_rem(400)? == 0);
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let index = usize::try_from(month.checked_sub(1)?).ok()?;
    if !(1..=*lengths.get(index)?).contains(&day) {
        return None;
    }
    let before_this_month: i64 = lengths.iter().take(index).sum();
    // The leap days of all years before this one.
    let last = year.checked_sub(1)?;
    let leap_days = last
        .div_euclid(4)
        .checked_sub(last.div_euclid(100))?
        .checked_add(last.div_euclid(400))?;
    year.checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(before_this_month)?
        .checked_add(day)?
        .checked_sub(DAYS_BEFORE_1970)
}

/// The same sum for the day before 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_528;

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<i64> {
        seconds(text)?.as_number().to_i64()
    }

    #[test]
    fn a_date_is_seconds_since_1970() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("1969-12-31T23:59:59Z", -1),
            ("1985-04-12T23:20:50Z", 482_196_050),
            ("1996-12-19T16:39:57-08:00", 851_042_397),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-09-21T12:26:40Z", 1_789_993_600),
            ("2027-01-01T00:00:00Z", 1_798_761_600),
            ("2027-01-01T01:00:00+01:00", 1_798_761_600),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(whole(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn seconds_are_written_as_the_date_that_they_are_read_from() {
        for seconds in [
            0,
            1,
            86_399,
            86_400,
            951_782_399,
            951_782_400,
            951_825_600,
            1_789_993_600,
            1_798_761_599,
            1_798_761_600,
            4_107_542_400,
            253_402_300_799,
        ] {
            let text = rfc3339(seconds);
            assert_eq!(whole(&text), Some(seconds), "{text}");
        }
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(253_402_300_799), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_no_date_is_refused_rfc_3339_section_5_7() {
        for text in [
            "",
            "2027-01-01",
            "2027-01-01T00:00:00",
            "2027-01-01 00:00:00Z",
            "2027-01-01t00:00:00z",
            "2027-13-01T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2027-04-31T00:00:00Z",
            "2027-01-00T00:00:00Z",
            "2027-01-01T24:00:00Z",
            "2027-01-01T00:60:00Z",
            "2027-01-01T00:00:60Z",
            "2027-01-01T00:00:00.5Z",
            "2027-01-01T00:00:00+24:00",
            "2027-01-01T00:00:00+0100",
            "2027-1-01T00:00:00Z",
            "+027-01-01T00:00:00Z",
            "2027-01-01T00:00:00ZZ",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
