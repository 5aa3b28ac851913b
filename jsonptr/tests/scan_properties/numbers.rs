//! Numbers against arithmetic done digit by digit.

use std::cmp::Ordering;

use jsonptr::{Number, PointerSet};
use proptest::prelude::*;

use crate::reference::BEYOND_DOUBLES;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn numbers_are_ordered_by_their_values((a, b) in pair()) {
        let (own, other) = (number(&a), number(&b));
        let expected = Slow::new(&a).cmp(&Slow::new(&b));
        prop_assert_eq!(own.partial_cmp(&other), Some(expected), "{} and {}", a, b);
        prop_assert_eq!(other.partial_cmp(&own), Some(expected.reverse()));
        prop_assert_eq!(own == other, expected == Ordering::Equal);
    }

    #[test]
    fn another_spelling_is_the_same_number(
        text in decimal(),
        shift in 0..30_usize,
        zeros in 0..5_usize,
    ) {
        let respelt = respell(&text, shift, zeros);
        let (own, other) = (number(&text), number(&respelt));
        prop_assert_eq!(own.partial_cmp(&other), Some(Ordering::Equal), "{}", respelt);
        prop_assert_eq!(own.floor_i64(), other.floor_i64());
        prop_assert_eq!(own.ceil_i64(), other.ceil_i64());
    }

    #[test]
    fn integers_are_read_exactly(text in prop_oneof![decimal(), near_a_bound()]) {
        let slow = Slow::new(&text);
        let own = number(&text);
        prop_assert_eq!(own.floor_i64(), slow.floor().and_then(|value| value.try_into().ok()));
        prop_assert_eq!(own.ceil_i64(), slow.ceil().and_then(|value| value.try_into().ok()));
        let exact = if slow.floor() == slow.ceil() { slow.floor() } else { None };
        prop_assert_eq!(own.to_i64(), exact.and_then(|value| value.try_into().ok()));
        prop_assert_eq!(own.to_u64(), exact.and_then(|value| value.try_into().ok()));
        prop_assert_eq!(own.as_str(), text.as_str());
    }

    #[test]
    fn one_grammar_holds_for_numbers_alone_and_in_documents(
        text in prop_oneof![
            "[0-9+\\-.eE]{0,12}",
            "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
        ],
    ) {
        let alone = Number::parse(&text).is_some();
        let nothing = PointerSet::new([])?;
        prop_assert_eq!(nothing.scan(text.as_bytes()).is_ok(), alone, "{}", text);
        let within = format!("[{text}]");
        let within_an_array = nothing.scan(within.as_bytes()).is_ok();
        prop_assert_eq!(within_an_array, alone || text.is_empty());
        match serde_json::from_str::<f64>(&text) {
            Ok(_) => prop_assert!(alone),
            // Of what is out of its range it does not look at the rest.
            Err(error) if error.to_string().starts_with(BEYOND_DOUBLES) => {}
            Err(_) => prop_assert!(!alone),
        }
    }
}

fn number(text: &str) -> Number<'_> {
    Number::parse(text).expect(text)
}

fn decimal() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-5])?",
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-5]?[0-9])?",
        "-?(0|[1-9])\\.0{0,20}[0-9]([eE][+-]?[0-2]?[0-9])?",
    ]
}

/// Two numbers, often equal or nearly so.
fn pair() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        (decimal(), decimal()),
        (decimal(), 0..30_usize, 0..5_usize).prop_map(|(text, shift, zeros)| {
            let respelt = respell(&text, shift, zeros);
            (text, respelt)
        }),
        (decimal(), 0..30_usize, "[0-9]{1,3}").prop_map(|(text, shift, more)| {
            let respelt = respell(&text, shift, 0);
            let (mantissa, exponent) = respelt.split_once('e').expect("an exponent");
            let longer = format!("{mantissa}{more}e{exponent}");
            (text, longer)
        }),
        (decimal(), "[-]?").prop_map(|(text, sign)| {
            let other = format!("{sign}{}", text.trim_start_matches('-'));
            (text, other)
        }),
    ]
}

/// Whole numbers and others within two of the ends of 64-bit integers.
fn near_a_bound() -> impl Strategy<Value = String> {
    let bounds = [
        i128::from(i64::MIN),
        -1_i128 << 53,
        0,
        1_i128 << 53,
        i128::from(i64::MAX),
        i128::from(u64::MAX),
    ];
    let fraction = "(\\.[05])?(e0)?";
    (prop::sample::select(bounds.to_vec()), -2..=2_i128, fraction)
        .prop_map(|(bound, by, fraction)| format!("{}{fraction}", bound + by))
}

/// The same value as `0.000…` with an exponent.
fn respell(text: &str, shift: usize, zeros: usize) -> String {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().expect("a small exponent");
    let moved = i64::try_from(whole.len() + shift).expect("a short number");
    let before = "0".repeat(shift);
    let after = "0".repeat(zeros);
    format!(
        "{sign}0.{before}{whole}{fraction}{after}e{}",
        exponent + moved
    )
}

/// A number times 10^200, which is whole for all that are generated here.
#[derive(Debug, Eq, PartialEq)]
struct Slow {
    negative: bool,
    /// Decimal digits without leading zeros.
    digits: String,
}

const SCALE: usize = 200;

impl Slow {
    fn new(text: &str) -> Self {
        let unsigned = text.trim_start_matches('-');
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: isize = exponent.parse().expect("a small exponent");
        let zeros = SCALE
            .checked_add_signed(exponent)
            .and_then(|zeros| zeros.checked_sub(fraction.len()))
            .expect("a scale beyond all fractions");
        let digits = format!("{whole}{fraction}{}", "0".repeat(zeros));
        let digits = digits.trim_start_matches('0').to_owned();
        Self {
            negative: text.starts_with('-') && !digits.is_empty(),
            digits,
        }
    }

    /// The magnitude's whole part, if it has at most 30 digits, and whether there is a fraction.
    fn whole(&self) -> Option<(i128, bool)> {
        let digits = format!("{:0>1$}", self.digits, SCALE + 1);
        let (whole, fraction) = digits.split_at(digits.len() - SCALE);
        let whole = (whole.len() <= 30).then(|| whole.parse().expect("digits"))?;
        Some((whole, fraction.bytes().any(|digit| digit != b'0')))
    }

    fn floor(&self) -> Option<i128> {
        let (whole, fraction) = self.whole()?;
        Some(if self.negative {
            -whole - i128::from(fraction)
        } else {
            whole
        })
    }

    fn ceil(&self) -> Option<i128> {
        let (whole, fraction) = self.whole()?;
        Some(if self.negative {
            -whole
        } else {
            whole + i128::from(fraction)
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |a: &Self, b: &Self| {
            let by_length = a.digits.len().cmp(&b.digits.len());
            by_length.then_with(|| a.digits.cmp(&b.digits))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(self, other),
            (true, true) => magnitude(other, self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}
