//! `NumericDate` from JSON numbers: exact, and rounded so that a token never lives longer.

#![expect(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a number of a test that is none fails it"
)]

use jsonptr::Number;
use oidc_core::{NumericDate, NumericDateError};
use proptest::prelude::*;

fn number(text: &str) -> Number<'_> {
    Number::parse(text).expect(text)
}

/// Down and up.
fn rounded(text: &str) -> [Result<i64, NumericDateError>; 2] {
    let number = number(text);
    [NumericDate::floor(number), NumericDate::ceil(number)]
        .map(|date| date.map(NumericDate::as_seconds))
}

/// RFC 7519 section 2: integers and others, as any JSON number is written.
#[test]
fn a_whole_number_is_itself_however_it_is_written() {
    for text in [
        "1760000000",
        "1760000000.0",
        "1760000000.000",
        "1.76e9",
        "1.76E+9",
        "17600000000e-1",
        "0.00176e12",
        "1760000000000000000000000000000e-21",
    ] {
        assert_eq!(rounded(text), [Ok(1_760_000_000); 2], "{text}");
    }
    for text in [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e5",
        "0e-5",
        "0E999999999999999999999",
    ] {
        assert_eq!(rounded(text), [Ok(0); 2], "{text}");
    }
}

#[test]
fn a_fraction_is_rounded_down_or_up_and_never_to_the_nearest() {
    for text in [
        "1760000000.1",
        "1760000000.5",
        "1760000000.9",
        "1760000000.999999999999999999999999",
        "1760000000.000000000000000000001",
        "17600000005e-1",
        "1.7600000009e9",
    ] {
        assert_eq!(
            rounded(text),
            [Ok(1_760_000_000), Ok(1_760_000_001)],
            "{text}"
        );
    }
    assert_eq!(rounded("1e-30"), [Ok(0), Ok(1)]);
}

#[test]
fn the_bounds_hold_after_rounding() {
    use NumericDateError::{AfterMax, BeforeMin};
    for (text, floor, ceil) in [
        ("253402300799", Ok(253_402_300_799), Ok(253_402_300_799)),
        ("253402300799.5", Ok(253_402_300_799), Err(AfterMax)),
        ("253402300800", Err(AfterMax), Err(AfterMax)),
        ("9007199254740993", Err(AfterMax), Err(AfterMax)),
        ("9223372036854775807", Err(AfterMax), Err(AfterMax)),
        ("9223372036854775808", Err(AfterMax), Err(AfterMax)),
        ("18446744073709551616", Err(AfterMax), Err(AfterMax)),
        ("1e308", Err(AfterMax), Err(AfterMax)),
        ("1e1000000000", Err(AfterMax), Err(AfterMax)),
        ("1e99999999999999999999999", Err(AfterMax), Err(AfterMax)),
        ("-0.5", Err(BeforeMin), Ok(0)),
        ("-1", Err(BeforeMin), Err(BeforeMin)),
        ("-1.5", Err(BeforeMin), Err(BeforeMin)),
        ("-9223372036854775809", Err(BeforeMin), Err(BeforeMin)),
        ("-1e308", Err(BeforeMin), Err(BeforeMin)),
    ] {
        assert_eq!(rounded(text), [floor, ceil], "{text}");
    }
    let digits = "9".repeat(100_000);
    assert_eq!(rounded(&digits), [Err(AfterMax), Err(AfterMax)]);
}

proptest! {
    /// Against integer arithmetic on numerator and denominator.
    #[test]
    fn rounding_is_that_of_the_exact_fraction(
        numerator in -400_000_000_000_000_000_i128..400_000_000_000_000_000,
        places in 0_u32..12,
        exponent in -3_i32..4,
    ) {
        // numerator / 10^places, as a decimal with an exponent that is taken back.
        let scale = 10_i128.pow(places);
        let (whole, fraction) = (numerator.abs() / scale, numerator.abs() % scale);
        let sign = if numerator < 0 { "-" } else { "" };
        let width = usize::try_from(places).unwrap();
        let decimal = if places == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction:0width$}")
        };
        let text = if exponent == 0 { decimal } else { format!("{decimal}e{exponent}") };
        let shift = 10_i128.pow(exponent.unsigned_abs());
        let (numerator, denominator) = if exponent < 0 {
            (numerator, scale * shift)
        } else {
            (numerator * shift, scale)
        };
        let floor = numerator.div_euclid(denominator);
        let ceil = -((-numerator).div_euclid(denominator));
        let expected = [floor, ceil].map(|seconds| match seconds {
            ..0 => Err(NumericDateError::BeforeMin),
            0..=253_402_300_799 => Ok(i64::try_from(seconds).unwrap()),
            _ => Err(NumericDateError::AfterMax),
        });
        prop_assert_eq!(rounded(&text), expected, "{}", text);
    }

    #[test]
    fn arithmetic_is_exact_or_stops_at_a_bound(
        start in 0..=253_402_300_799_i64,
        seconds in prop_oneof![0..400_000_000_000_u64, any::<u64>()],
        nanos in 0..1_000_000_000_u32,
    ) {
        let date = NumericDate::from_seconds(start).unwrap();
        let duration = std::time::Duration::new(seconds, nanos);
        let later = i128::from(start) + i128::from(seconds);
        let earlier = i128::from(start) - i128::from(seconds);
        let exact = |date: Option<NumericDate>| date.map(|date| i128::from(date.as_seconds()));
        prop_assert_eq!(
            exact(date.checked_add(duration)),
            (later <= 253_402_300_799).then_some(later)
        );
        prop_assert_eq!(exact(date.checked_sub(duration)), (earlier >= 0).then_some(earlier));
        prop_assert_eq!(
            i128::from(date.saturating_add(duration).as_seconds()),
            later.min(253_402_300_799)
        );
        prop_assert_eq!(i128::from(date.saturating_sub(duration).as_seconds()), earlier.max(0));
    }
}
