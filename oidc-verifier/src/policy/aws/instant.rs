//! Instants in condition values and keys: W3C dates (a profile of ISO 8601) and seconds since 1970.

use jsonptr::Decimal;

use super::super::date;

/// The seconds since 1970 of a date of the W3C profile (`2027`, `2027-01`, `2027-01-31`,
/// `2027-01-31T23:59Z`, `2027-01-31T23:59:59.5+01:00`), or of a number.
pub(super) fn seconds(text: &str) -> Option<Decimal> {
    // A year is a date of four digits: no one means the year 1970 by seconds.
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_year && let Some(number) = Decimal::parse(text) {
        let own = number.as_number();
        return own.partial_cmp(&own).map(|_| number);
    }
    let Some((day, time)) = text.split_once('T') else {
        let missing = match text.len() {
            4 => "-01-01",
            7 => "-01",
            _ => "",
        };
        return date::seconds(&format!("{text}{missing}T00:00:00Z"));
    };
    let zone = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    match clock.split_once('.') {
        Some((whole, fraction)) => {
            let whole = date::seconds(&format!("{day}T{whole}{zone}"))?;
            // Before 1970 the fraction would count the other way.
            whole.as_number().to_u64()?;
            let text = format!("{}.{fraction}", whole.as_number().as_str());
            let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| Decimal::parse(&text))?
        }
        None if clock.len() == 5 => date::seconds(&format!("{day}T{clock}:00{zone}")),
        None => date::seconds(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        Some(seconds(text)?.as_number().as_str().to_owned())
    }

    #[test]
    fn every_form_of_the_w3c_profile_is_read() {
        for (text, expected) in [
            ("2027", "1798761600"),
            ("2027-01", "1798761600"),
            ("2027-01-01", "1798761600"),
            ("2027-01-01T00:00Z", "1798761600"),
            ("2027-01-01T01:00+01:00", "1798761600"),
            ("2027-01-01T00:00:00Z", "1798761600"),
            ("2027-01-01T00:00:00.25Z", "1798761600.25"),
            ("2026-12-31T23:00:00-01:00", "1798761600"),
            ("1798761600", "1798761600"),
            ("1798761600.5", "1798761600.5"),
            ("0", "0"),
            ("-1", "-1"),
        ] {
            assert_eq!(of(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "27",
            "20270101",
            "2027-1",
            "2027-13",
            "2027-01-01T",
            "2027-01-01T00:00",
            "2027-01-01T00:00:00",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00.5.5Z",
            "1969-12-31T23:59:59.5Z",
            "2027-01-01 00:00:00Z",
            "tomorrow",
            "1e9999999999999999999",
        ] {
            // Eight digits are seconds.
            let expected = (text == "27" || text == "20270101").then_some(text);
            assert_eq!(of(text).as_deref(), expected, "{text}");
        }
    }
}
