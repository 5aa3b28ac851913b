//! Decimal digits, eight at a time.

/// Whether all eight bytes are digits: their high half is 3, and stays so with 6 added.
#[inline]
pub(crate) const fn are_digits(bytes: [u8; 8]) -> bool {
    const HIGH: u64 = u64::from_le_bytes([0xf0; 8]);
    const THREES: u64 = u64::from_le_bytes([b'0'; 8]);
    const SIXES: u64 = u64::from_le_bytes([6; 8]);
    let word = u64::from_le_bytes(bytes);
    word & HIGH == THREES && word.wrapping_add(SIXES) & HIGH == THREES
}

/// The number that eight digits write, or `None` if one is no digit.
#[inline]
pub(crate) fn value_of_eight(digits: [u8; 8]) -> Option<u32> {
    const DIGITS: u64 = u64::from_le_bytes([0x0f; 8]);
    const PAIRS: u64 = 0x00ff_00ff_00ff_00ff;
    const FOURS: u64 = 0x0000_ffff_0000_ffff;
    if !are_digits(digits) {
        return None;
    }
    // Neighbours are joined, three times: the left one counts 10, 100, then 10,000 times as much.
    // It stands in the lower half of the two, and the sum of both in the upper half of the product.
    let digits = u64::from_le_bytes(digits) & DIGITS;
    let pairs = (digits.wrapping_mul((10 << 8) + 1) >> 8) & PAIRS;
    let fours = (pairs.wrapping_mul((100 << 16) + 1) >> 16) & FOURS;
    u32::try_from(fours.wrapping_mul((10_000 << 32) + 1) >> 32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_digits_only_if_each_is() {
        for at in 0..8 {
            for byte in 0..=255_u8 {
                let mut bytes = *b"90817263";
                bytes[at] = byte;
                let expected = bytes.iter().all(u8::is_ascii_digit);
                assert_eq!(are_digits(bytes), expected, "{bytes:?}");
                assert_eq!(value_of_eight(bytes).is_some(), expected, "{bytes:?}");
            }
        }
    }

    #[test]
    fn eight_digits_are_read_as_the_number_that_they_write() {
        for value in [0, 1, 9, 10, 12_345_678, 90_817_263, 99_999_999] {
            let digits = alloc::format!("{value:08}");
            let bytes = digits.as_bytes().try_into().unwrap();
            assert_eq!(value_of_eight(bytes), Some(value), "{digits}");
        }
        for place in 0..8 {
            for digit in 0..10 {
                let value = digit * 10_u32.pow(place);
                let bytes = alloc::format!("{value:08}").as_bytes().try_into().unwrap();
                assert_eq!(value_of_eight(bytes), Some(value));
            }
        }
    }
}
