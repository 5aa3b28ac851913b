//! White space, numbers and literal names: each function takes the rest of a document and answers
//! what is behind the token that begins it.

use crate::digits::are_digits;
use crate::located::Kind;

/// What begins at the next byte that is not white space (RFC 8259 section 2).
#[inline]
pub(super) fn skip_white_space(rest: &[u8]) -> &[u8] {
    match rest {
        [byte, ..] if *byte > b' ' => rest,
        _ => skip_some_white_space(rest),
    }
}

#[inline(never)]
fn skip_some_white_space(mut rest: &[u8]) -> &[u8] {
    while let [b' ' | b'\n' | b'\r' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

/// What is behind the number that the bytes begin with (RFC 8259 section 6).
#[inline]
pub(super) fn number(rest: &[u8]) -> Option<&[u8]> {
    let unsigned = match rest {
        [b'-', unsigned @ ..] => unsigned,
        _ => rest,
    };
    let mut rest = match unsigned {
        [b'0', behind @ ..] => behind,
        _ => digits(unsigned)?,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let unsigned = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-"));
        rest = digits(unsigned.unwrap_or(exponent))?;
    }
    Some(rest)
}

/// What is behind one or more digits.
#[inline]
fn digits(rest: &[u8]) -> Option<&[u8]> {
    let [b'0'..=b'9', behind @ ..] = rest else {
        return None;
    };
    let mut rest = behind;
    // A point in time has ten digits.
    if let Some((word, behind)) = rest.split_first_chunk::<8>()
        && are_digits(*word)
    {
        rest = behind;
    }
    while let [b'0'..=b'9', behind @ ..] = rest {
        rest = behind;
    }
    Some(rest)
}

/// The kind of the literal name that the bytes begin with, and what is behind it (RFC 8259
/// section 3).
pub(super) fn literal(rest: &[u8]) -> Option<(Kind, &[u8])> {
    if let Some(behind) = rest.strip_prefix(b"true").or(rest.strip_prefix(b"false")) {
        Some((Kind::Bool, behind))
    } else {
        Some((Kind::Null, rest.strip_prefix(b"null")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_its_grammar_ends() {
        for (text, behind) in [
            ("0", Some("")),
            ("-0,", Some(",")),
            ("01", Some("1")),
            ("1790000300}", Some("}")),
            ("12345678", Some("")),
            ("123456789012345678.5e-10 ", Some(" ")),
            ("1.5", Some("")),
            ("1E+2x", Some("x")),
            ("-", None),
            ("-a", None),
            ("1.", None),
            ("1.e2", None),
            ("1e", None),
            ("1e+", None),
            ("+1", None),
            (".5", None),
            ("", None),
        ] {
            assert_eq!(number(text.as_bytes()), behind.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn white_space_is_the_four_characters_of_the_standard() {
        for byte in 0..=255_u8 {
            let bytes = [byte, b'x'];
            let white = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            assert_eq!(skip_white_space(&bytes).len(), if white { 1 } else { 2 });
        }
        assert!(skip_white_space(b" \t\r\n").is_empty());
    }

    #[test]
    fn a_literal_name_is_written_one_way() {
        assert_eq!(literal(b"true]"), Some((Kind::Bool, &b"]"[..])));
        assert_eq!(literal(b"false"), Some((Kind::Bool, &b""[..])));
        assert_eq!(literal(b"nulll"), Some((Kind::Null, &b"l"[..])));
        for other in ["tru", "True", "fals", "nul", "NULL", "nan", ""] {
            assert_eq!(literal(other.as_bytes()), None, "{other}");
        }
    }
}
