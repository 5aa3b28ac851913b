//! A JSON number, read and compared exactly.

use core::cmp::Ordering;

use crate::digits;

/// The text of a JSON number in a checked document.
///
/// No operation goes through a binary floating-point number: `9007199254740993` stays itself, and
/// `1e2`, `100` and `100.0` are equal.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    text: &'a str,
}

/// A number as `0.DIGITS × 10^point`, where the first and the last of the digits are not zero.
struct Decimal<'a> {
    negative: bool,
    /// The digits before and after the point.
    digits: (&'a str, &'a str),
    point: i64,
}

/// Exponents of more digits are beyond any comparison that could matter; such a number has no
/// integer value and no order.
const MAX_EXPONENT: i64 = 1_000_000_000_000_000_000;

impl<'a> Number<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Reads a number that stands alone, such as one in a policy.
    ///
    /// `None` if `text` is not a JSON number (RFC 8259 section 6).
    pub fn parse(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
        let well_formed = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent.is_none_or(digits);
        well_formed.then_some(Self { text })
    }

    /// The number as it is written.
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// The value, if it is a whole number that fits: `1.0` and `1e0` are 1.
    pub fn to_i64(self) -> Option<i64> {
        self.rounded(|floor, exact| exact.then_some(floor))
    }

    /// The value, if it is a whole number that fits.
    pub fn to_u64(self) -> Option<u64> {
        let decimal = self.decimal()?;
        let (magnitude, exact) = decimal.whole()?;
        let sign_fits = !decimal.negative || magnitude == 0;
        (exact && sign_fits).then(|| u64::try_from(magnitude).ok())?
    }

    /// The greatest integer that is not above the value, if it fits.
    pub fn floor_i64(self) -> Option<i64> {
        self.rounded(|floor, _| Some(floor))
    }

    /// The least integer that is not below the value, if it fits.
    pub fn ceil_i64(self) -> Option<i64> {
        self.rounded(|floor, exact| floor.checked_add(i128::from(!exact)))
    }

    /// The value if it is plain, else what `round` makes of its floor and of whether that is exact.
    fn rounded(self, round: impl FnOnce(i128, bool) -> Option<i128>) -> Option<i64> {
        if let Some(plain) = self.plain_integer() {
            return Some(plain);
        }
        let (floor, exact) = self.floor()?;
        i64::try_from(round(floor, exact)?).ok()
    }

    /// The floor, and whether it is the value itself.
    fn floor(self) -> Option<(i128, bool)> {
        let decimal = self.decimal()?;
        let (magnitude, exact) = decimal.whole()?;
        let magnitude = i128::try_from(magnitude).ok()?;
        let floor = match (decimal.negative, exact) {
            (false, _) => magnitude,
            (true, true) => magnitude.checked_neg()?,
            (true, false) => magnitude.checked_neg()?.checked_sub(1)?,
        };
        Some((floor, exact))
    }

    /// The form that nearly all numbers in tokens have: up to 18 digits and nothing else.
    fn plain_integer(self) -> Option<i64> {
        let digits = self.text.as_bytes();
        if digits.len() > 18 {
            return None;
        }
        // A point in time has ten digits: eight are read at once.
        let (start, rest) = match digits.split_first_chunk() {
            Some((word, rest)) => (i64::from(digits::value_of_eight(*word)?), rest),
            None => (0, digits),
        };
        rest.iter().try_fold(start, |value, &byte| {
            let digit = byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?;
            // INVARIANT: 18 digits fit, so nothing wraps.
            Some(value.wrapping_mul(10).wrapping_add(i64::from(digit)))
        })
    }

    /// `None` if the exponent is out of all bounds.
    fn decimal(self) -> Option<Decimal<'a>> {
        let (negative, unsigned) = match self.text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.text),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let (digits, point) = if whole.is_empty() {
            let significant = fraction.trim_start_matches('0');
            if significant.is_empty() {
                return Some(Decimal {
                    negative: false,
                    digits: ("", ""),
                    point: 0,
                });
            }
            let zeros = i64::try_from(fraction.len().checked_sub(significant.len())?).ok()?;
            (("", significant), zeros.checked_neg()?)
        } else if fraction.is_empty() {
            (
                (whole.trim_end_matches('0'), ""),
                i64::try_from(whole.len()).ok()?,
            )
        } else {
            ((whole, fraction), i64::try_from(whole.len()).ok()?)
        };
        Some(Decimal {
            negative,
            digits,
            point: point.checked_add(exponent_value(exponent)?)?,
        })
    }
}

fn exponent_value(text: &str) -> Option<i64> {
    text.parse::<i64>()
        .ok()
        .filter(|value| (-MAX_EXPONENT..=MAX_EXPONENT).contains(value))
}

impl Decimal<'_> {
    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.digits.0.bytes().chain(self.digits.1.bytes())
    }

    fn is_zero(&self) -> bool {
        self.digits.0.is_empty() && self.digits.1.is_empty()
    }

    /// The magnitude without its fraction, and whether there is no fraction. `None` if it is far
    /// beyond 64 bits.
    fn whole(&self) -> Option<(u128, bool)> {
        let Ok(places) = usize::try_from(self.point) else {
            return Some((0, self.is_zero()));
        };
        if places > 20 {
            return None;
        }
        let mut digits = self.digits();
        let mut magnitude = 0_u128;
        for _ in 0..places {
            let digit = digits.next().unwrap_or(b'0').wrapping_sub(b'0');
            magnitude = magnitude.checked_mul(10)?.checked_add(u128::from(digit))?;
        }
        Some((magnitude, digits.next().is_none()))
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let magnitude = || {
            self.point
                .cmp(&other.point)
                .then_with(|| self.digits().cmp(other.digits()))
        };
        match (sign(self), sign(other)) {
            (1, 1) => magnitude(),
            (-1, -1) => magnitude().reverse(),
            (own, others) => own.cmp(&others),
        }
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number<'_> {
    /// The exact order of the values. `None` only if an exponent is beyond ±10^18.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.decimal()?.cmp(&other.decimal()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number<'_> {
        Number::parse(text).unwrap_or_else(|| panic!("not a number: {text}"))
    }

    #[test]
    fn the_grammar_is_that_of_rfc_8259_section_6() {
        for good in [
            "0", "-0", "1", "10", "1.0", "-1.50", "1e5", "1E+05", "0.1e-7",
        ] {
            assert!(Number::parse(good).is_some(), "{good}");
        }
        for bad in [
            "", "-", "01", "+1", "1.", ".1", "1e", "1e+", "0x1", "1_0", "NaN", " 1", "1 ",
        ] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_whole_number_is_exact_however_it_is_written() {
        for (text, value) in [
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("1.0", Some(1)),
            ("1e3", Some(1_000)),
            ("15e-1", None),
            ("1500e-2", Some(15)),
            ("-0.0", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("-9223372036854775809", None),
            ("1e1000000000", None),
            ("1e99999999999999999999", None),
            ("0e99999999999", Some(0)),
            ("1e-1000000000", None),
        ] {
            assert_eq!(number(text).to_i64(), value, "{text}");
        }
        assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
        assert_eq!(number("18446744073709551616").to_u64(), None);
        assert_eq!(number("-1").to_u64(), None);
        assert_eq!(number("-0").to_u64(), Some(0));
    }

    #[test]
    fn floor_and_ceiling_enclose_the_value() {
        for (text, floor, ceil) in [
            ("1.5", 1, 2),
            ("-1.5", -2, -1),
            ("0.0000001", 0, 1),
            ("-1e-400", -1, 0),
            (
                "1790000000.999999999999999999999",
                1_790_000_000,
                1_790_000_001,
            ),
            ("17900000005e-1", 1_790_000_000, 1_790_000_001),
            ("7", 7, 7),
        ] {
            assert_eq!(number(text).floor_i64(), Some(floor), "{text}");
            assert_eq!(number(text).ceil_i64(), Some(ceil), "{text}");
        }
    }

    #[test]
    fn only_the_rounded_value_must_fit() {
        for (text, floor, ceil) in [
            ("9223372036854775807", Some(i64::MAX), Some(i64::MAX)),
            ("9223372036854775807.5", Some(i64::MAX), None),
            ("9223372036854775808", None, None),
            ("-9223372036854775808", Some(i64::MIN), Some(i64::MIN)),
            ("-9223372036854775808.5", None, Some(i64::MIN)),
            ("-9223372036854775809", None, None),
        ] {
            assert_eq!(number(text).floor_i64(), floor, "{text}");
            assert_eq!(number(text).ceil_i64(), ceil, "{text}");
        }
    }

    #[test]
    fn order_and_equality_are_exact() {
        for (a, b) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0.5", "5e-1"),
            ("-0", "0"),
            ("10.010", "1001e-2"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("0.1", "0.10000000000000000000001"),
            ("-2", "-1"),
            ("-1", "0"),
            ("9.99", "10"),
            ("1e999999", "1e1000000"),
            ("-1e1000000", "-1e999999"),
        ] {
            assert!(number(less) < number(more), "{less} {more}");
        }
        assert_eq!(
            number("1e9999999999999999999").partial_cmp(&number("1")),
            None
        );
    }
}
