//! Finding the end of a string, sixteen bytes a step.

use super::error::{ScanError, ScanErrorKind};

/// Whether no byte of `document` is a backslash or a control character. Most tokens are so, and
/// then the next quotation mark ends a string, and no white space needs a look.
#[inline]
pub(super) fn is_plain(document: &[u8]) -> bool {
    let special = |&byte: &u8| u8::from(byte == b'\\') | u8::from(byte < 0x20);
    document.iter().fold(0, |found, byte| found | special(byte)) == 0
}

/// The next quotation mark at or after `at`.
#[inline]
pub(super) fn find_quote(document: &[u8], at: usize) -> Option<usize> {
    let (blocks, rest) = document.get(at..)?.as_chunks::<16>();
    let mut at = at;
    for block in blocks {
        // Without an early exit the compiler compares all sixteen at once.
        if block
            .iter()
            .fold(0, |found, &byte| found | u8::from(byte == b'"'))
            != 0
        {
            return Some(
                at.wrapping_add(first_of(block, |word| zero_bytes(word ^ repeated(b'"')))),
            );
        }
        at = at.wrapping_add(16);
    }
    Some(at.wrapping_add(rest.iter().position(|&byte| byte == b'"')?))
}

/// The end of a string whose first character is at `start` (that of its closing quotation mark),
/// and whether it holds escapes. Escapes and control characters are checked (RFC 8259 section 7).
pub(super) fn end_of_string(document: &[u8], start: usize) -> Result<(usize, bool), ScanError> {
    let mut at = start;
    let mut escaped = false;
    loop {
        at = find_special(document, at)
            .ok_or(ScanError::new(ScanErrorKind::UnexpectedEnd, document.len()))?;
        match document.get(at) {
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = end_of_escape(document, at)?;
            }
            _ => return Err(ScanError::new(ScanErrorKind::ControlCharacter, at)),
        }
    }
}

/// The next quotation mark, backslash or control character.
#[inline]
fn find_special(document: &[u8], at: usize) -> Option<usize> {
    let (blocks, rest) = document.get(at..)?.as_chunks::<16>();
    let mut at = at;
    for block in blocks {
        let special =
            |&byte: &u8| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20);
        if block.iter().fold(0, |found, byte| found | special(byte)) != 0 {
            let marks = |word: u64| {
                zero_bytes(word ^ repeated(b'"'))
                    | zero_bytes(word ^ repeated(b'\\'))
                    | (word.wrapping_sub(repeated(0x20)) & !word & HIGH_BITS)
            };
            return Some(at.wrapping_add(first_of(block, marks)));
        }
        at = at.wrapping_add(16);
    }
    let special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    Some(at.wrapping_add(rest.iter().position(special)?))
}

/// The byte after the escape whose backslash is at `backslash`.
fn end_of_escape(document: &[u8], backslash: usize) -> Result<usize, ScanError> {
    let invalid = ScanError::new(ScanErrorKind::InvalidEscape, backslash);
    let rest = document.get(backslash..).unwrap_or_default();
    let length = match rest {
        [
            _,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            ..,
        ] => 2,
        [_, b'u', a, b, c, d, after @ ..] => match hex4([*a, *b, *c, *d]).ok_or(invalid)? {
            0xd800..=0xdbff => {
                let [b'\\', b'u', a, b, c, d, ..] = after else {
                    return Err(ScanError::new(ScanErrorKind::LoneSurrogate, backslash));
                };
                match hex4([*a, *b, *c, *d]).ok_or(invalid)? {
                    0xdc00..=0xdfff => 12,
                    _ => return Err(ScanError::new(ScanErrorKind::LoneSurrogate, backslash)),
                }
            }
            0xdc00..=0xdfff => {
                return Err(ScanError::new(ScanErrorKind::LoneSurrogate, backslash));
            }
            _ => 6,
        },
        _ => return Err(invalid),
    };
    backslash.checked_add(length).ok_or(invalid)
}

/// Four hexadecimal digits of either case.
pub(crate) fn hex4(digits: [u8; 4]) -> Option<u32> {
    digits.into_iter().try_fold(0_u32, |value, digit| {
        char::from(digit)
            .to_digit(16)
            .map(|digit| (value << 4) | digit)
    })
}

const HIGH_BITS: u64 = repeated(0x80);

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte that is zero. A byte above a zero byte may be marked too: only the
/// lowest mark counts.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word & HIGH_BITS
}

/// The index of the first byte of a block that `marks` marks; 16 if it marks none.
#[inline]
fn first_of(block: &[u8; 16], marks: impl Fn(u64) -> u64) -> usize {
    let both = u128::from_le_bytes(*block);
    let low = marks(u64::try_from(both & u128::from(u64::MAX)).unwrap_or_default());
    let bits = if low != 0 {
        low.trailing_zeros()
    } else {
        let high = marks(u64::try_from(both >> 64).unwrap_or_default());
        high.trailing_zeros() | 64
    };
    usize::try_from(bits >> 3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_quote_is_found_at_every_distance_and_behind_every_byte() {
        for before in 0..40 {
            for filler in 0..=255_u8 {
                let mut bytes = alloc::vec![if filler == b'"' { b'x' } else { filler }; before];
                bytes.push(b'"');
                bytes.extend_from_slice(b"tail\"");
                assert_eq!(find_quote(&bytes, 0), Some(before), "filler {filler}");
            }
        }
        assert_eq!(find_quote(b"no mark in here, none", 0), None);
        assert_eq!(find_quote(b"\"", 1), None);
        assert_eq!(find_quote(b"\"", 2), None);
    }

    #[test]
    fn each_special_byte_is_found_and_no_other() {
        for byte in 0..=255_u8 {
            for before in [0, 3, 7, 8, 9, 15] {
                let mut bytes: Vec<u8> = alloc::vec![b'x'; before];
                bytes.push(byte);
                bytes.extend_from_slice(&[b'y'; 9]);
                let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(
                    find_special(&bytes, 0),
                    special.then_some(before),
                    "byte {byte}"
                );
                assert_eq!(is_plain(&bytes), byte >= 0x20 && byte != b'\\');
            }
        }
    }

    #[test]
    fn surrogates_come_in_pairs_only() {
        let end = |text: &str| end_of_string(text.as_bytes(), 0).map_err(|e| e.kind());
        assert_eq!(end(r#"\ud83d\ude00""#), Ok((12, true)));
        for lone in [
            r#"\ud800""#,
            r#"\udc00""#,
            r#"\ud800\u0041""#,
            r#"\ud800\ud800""#,
            r#"\ud800x""#,
        ] {
            assert_eq!(end(lone), Err(ScanErrorKind::LoneSurrogate), "{lone}");
        }
        for bad in [r#"\u12""#, r#"\u12g4""#, r#"\x""#, r"\", r#"\u+123""#] {
            assert_eq!(end(bad), Err(ScanErrorKind::InvalidEscape), "{bad}");
        }
    }
}
