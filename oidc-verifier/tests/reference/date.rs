//! NumericDate (RFC 7519 section 2) read digit by digit.

/// 9999-12-31T23:59:59Z
pub(crate) const MAX: i128 = 253_402_300_799;

pub(crate) enum Round {
    Down,
    Up,
}

/// The second that a JSON number stands for, from 1970 to 9999.
pub(crate) fn second(number: &str, round: &Round) -> Option<i128> {
    let (negative, unsigned) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // An exponent of more than 18 digits is not read.
    let exponent: i128 = exponent.parse().ok()?;
    if exponent.abs() > 1_000_000_000_000_000_000 {
        return None;
    }
    let leading_zeros = all.len().checked_sub(digits.len())?;
    let point = i128::try_from(whole.len())
        .ok()?
        .checked_add(exponent)?
        .checked_sub(i128::try_from(leading_zeros).ok()?)?;
    let (magnitude, exact) = if point <= 0 {
        (0, false)
    } else if point > 20 {
        return None;
    } else {
        let point = usize::try_from(point).ok()?;
        let before: String = digits
            .chars()
            .chain("0".repeat(20).chars())
            .take(point)
            .collect();
        let rest = digits.chars().skip(point);
        (
            before.parse::<i128>().ok()?,
            rest.into_iter().all(|digit| digit == '0'),
        )
    };
    let signed = if negative {
        magnitude.checked_neg()?
    } else {
        magnitude
    };
    let away = match (round, negative, exact) {
        (_, _, true) | (Round::Down, false, false) | (Round::Up, true, false) => 0,
        (Round::Down, true, false) => -1,
        (Round::Up, false, false) => 1,
    };
    let second = signed.checked_add(away)?;
    (0..=MAX).contains(&second).then_some(second)
}
