//! Finding the end of a string, eight bytes a step.

use super::error::ScanErrorKind;

/// Whether `document` is ASCII from the space to the tilde, without backslashes. Most tokens are
/// so, and then the next quotation mark ends a string.
pub(super) fn is_printable(document: &[u8]) -> bool {
    let Some(last) = document.last_chunk::<64>() else {
        return all_printable(document);
    };
    let (blocks, _) = document.as_chunks::<64>();
    blocks.iter().all(|block| all_printable(block)) && all_printable(last)
}

/// Without an early exit the compiler looks at sixteen bytes at once.
#[inline]
fn all_printable(bytes: &[u8]) -> bool {
    // With one added, U+007F is negative as a signed number, as are the bytes beyond ASCII.
    let special = |&byte: &u8| byte.wrapping_add(1).cast_signed() <= 0x20 || byte == b'\\';
    !bytes
        .iter()
        .fold(false, |found, byte| found | special(byte))
}

/// How many bytes stand before the next quotation mark, in text that is ASCII.
#[inline]
pub(super) fn find_quote(ascii: &[u8]) -> Option<usize> {
    let (words, tail) = ascii.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let marks = zeros(u64::from_le_bytes(*word) ^ repeated(b'"'));
        if marks & HIGH_BITS != 0 {
            return Some(at.wrapping_add(index_of_lowest(marks & HIGH_BITS)));
        }
        at = at.wrapping_add(8);
    }
    let in_tail = tail.iter().position(|&byte| byte == b'"')?;
    Some(at.wrapping_add(in_tail))
}

/// How many bytes stand before the next quotation mark, backslash or control character.
#[inline]
pub(super) fn find_special(text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Exchanging bit 1 puts the quotation mark (0x22) behind the last control character (0x1f),
        // so that one subtraction finds both.
        let controls_and_quotes = (word ^ repeated(2)).wrapping_sub(repeated(0x21));
        let backslashes = zeros(word ^ repeated(b'\\'));
        let marks = (controls_and_quotes | backslashes) & !word & HIGH_BITS;
        if marks != 0 {
            return Some(at.wrapping_add(index_of_lowest(marks)));
        }
        at = at.wrapping_add(8);
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let in_tail = tail.iter().position(special)?;
    Some(at.wrapping_add(in_tail))
}

/// Sets the high bit of each byte that is zero. Bytes beyond ASCII keep theirs, and a zero byte may
/// lend its mark to the next: so the lowest mark counts, and only if its byte was ASCII.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(1))
}

#[inline]
fn index_of_lowest(marks: u64) -> usize {
    usize::try_from(marks.trailing_zeros() >> 3).unwrap_or_default()
}

const HIGH_BITS: u64 = repeated(0x80);

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// How many bytes of `text` stand before the quotation mark that ends its string. Escapes and
/// control characters are checked (RFC 8259 section 7); a fault comes with its place.
pub(super) fn find_end(text: &[u8]) -> Result<usize, (ScanErrorKind, usize)> {
    let mut at = 0_usize;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let ordinary = find_special(rest).ok_or((ScanErrorKind::UnexpectedEnd, text.len()))?;
        at = at.wrapping_add(ordinary);
        let rest = text.get(at..).unwrap_or_default();
        at = match rest {
            [b'"', ..] => return Ok(at),
            [b'\\', ..] => at.wrapping_add(escape_length(rest).map_err(|kind| (kind, at))?),
            _ => return Err((ScanErrorKind::ControlCharacter, at)),
        };
    }
}

/// How many bytes the escape has that `rest` begins with.
fn escape_length(rest: &[u8]) -> Result<usize, ScanErrorKind> {
    let (unit, after) = match rest {
        [
            _,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            ..,
        ] => return Ok(2),
        [_, b'u', a, b, c, d, after @ ..] => (hex4([*a, *b, *c, *d]), after),
        _ => return Err(ScanErrorKind::InvalidEscape),
    };
    match (unit.ok_or(ScanErrorKind::InvalidEscape)?, after) {
        (0xd800..=0xdbff, [b'\\', b'u', a, b, c, d, ..])
            if matches!(hex4([*a, *b, *c, *d]), Some(0xdc00..=0xdfff)) =>
        {
            Ok(12)
        }
        (0xd800..=0xdfff, _) => Err(ScanErrorKind::LoneSurrogate),
        _ => Ok(6),
    }
}

/// Four hexadecimal digits of either case.
pub(crate) fn hex4(digits: [u8; 4]) -> Option<u32> {
    digits.into_iter().try_fold(0_u32, |value, digit| {
        char::from(digit)
            .to_digit(16)
            .map(|digit| (value << 4) | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_quote_is_found_at_every_distance_and_behind_every_ascii_byte() {
        for before in 0..40 {
            for filler in (0..0x80_u8).filter(|&byte| byte != b'"') {
                let mut bytes = alloc::vec![filler; before];
                bytes.push(b'"');
                bytes.extend_from_slice(b"tail\"");
                assert_eq!(find_quote(&bytes), Some(before), "filler {filler}");
            }
        }
        assert_eq!(find_quote(b"no mark in here, none"), None);
        assert_eq!(find_quote(b""), None);
    }

    #[test]
    fn each_special_byte_is_found_behind_every_other_and_no_other_is() {
        let is_special = |byte| byte < 0x20 || byte == b'"' || byte == b'\\';
        for filler in (0..=255_u8).filter(|&byte| !is_special(byte)) {
            for byte in 0..=255_u8 {
                for before in [0, 3, 7, 8, 9] {
                    let mut bytes: Vec<u8> = alloc::vec![filler; before];
                    bytes.push(byte);
                    bytes.extend_from_slice(&[b'y'; 9]);
                    let expected = is_special(byte).then_some(before);
                    assert_eq!(find_special(&bytes), expected, "{byte} after {filler}");
                }
            }
        }
    }

    #[test]
    fn printable_is_from_the_space_to_the_tilde_without_backslashes() {
        for length in [1, 15, 63, 64, 65, 127, 128, 200] {
            for at in [0, length / 2, length - 1] {
                for byte in 0..=255_u8 {
                    let mut bytes = alloc::vec![b'x'; length];
                    bytes[at] = byte;
                    let expected = (0x20..0x7f).contains(&byte) && byte != b'\\';
                    assert_eq!(is_printable(&bytes), expected, "{byte} at {at} of {length}");
                }
            }
        }
        assert!(is_printable(b""));
    }

    #[test]
    fn surrogates_come_in_pairs_only() {
        let end = |text: &str| find_end(text.as_bytes());
        assert_eq!(end(r#"\ud83d\ude00""#), Ok(12));
        for lone in [
            r#"ab\ud800""#,
            r#"ab\udc00""#,
            r#"ab\ud800\u0041""#,
            r#"ab\ud800\ud800""#,
            r#"ab\ud800x""#,
            r#"ab\ud800\u12g4""#,
            r"ab\ud800\udc0",
        ] {
            assert_eq!(end(lone), Err((ScanErrorKind::LoneSurrogate, 2)), "{lone}");
        }
    }

    #[test]
    fn an_escape_is_one_of_section_7() {
        for bad in [
            r#"\u12""#,
            r#"\u12g4""#,
            r#"\x""#,
            r"\",
            r#"\u+123""#,
            r#"\U0041""#,
        ] {
            let found = find_end(bad.as_bytes());
            assert_eq!(found, Err((ScanErrorKind::InvalidEscape, 0)), "{bad}");
        }
        assert_eq!(find_end(br#"\"\\\/\b\f\n\r\t\u00Ff""#), Ok(22));
        let end = Err((ScanErrorKind::UnexpectedEnd, 5));
        assert_eq!(find_end(b"abc\\n"), end);
        let control = Err((ScanErrorKind::ControlCharacter, 3));
        assert_eq!(find_end(b"\\na\x1f\""), control);
    }
}
