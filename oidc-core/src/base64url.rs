//! Base64url as RFC 7515 section 2 defines it: the URL-safe alphabet, no padding, no white space,
//! and no stray bits, so that every byte string has exactly one text.

use base64_simd::{AsOut, URL_SAFE_NO_PAD};

/// The text of `bytes`.
///
/// ```
/// use oidc_core::base64url;
///
/// // RFC 7515 appendix C
/// assert_eq!(base64url::encode([3, 236, 255, 224, 193]), "A-z_4ME");
/// ```
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Appends the text of `bytes` to `text`.
pub fn encode_into(bytes: impl AsRef<[u8]>, text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// The bytes that `text` stands for.
///
/// # Errors
///
/// [`Base64UrlError`] says which byte of the text is wrong.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64UrlError> {
    let mut bytes = Vec::new();
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// Appends the bytes that `text` stands for to `bytes`, which stays as it was on an error.
///
/// # Errors
///
/// [`Base64UrlError`] says which byte of the text is wrong.
pub fn decode_into(text: impl AsRef<[u8]>, bytes: &mut Vec<u8>) -> Result<(), Base64UrlError> {
    let text = text.as_ref();
    URL_SAFE_NO_PAD
        .decode_append(text, bytes)
        .map_err(|_| explain(text))
}

/// How many bytes a valid text of `text_len` bytes stands for.
pub(crate) const fn decoded_len(text_len: usize) -> usize {
    // Each byte of text carries six bits; what is left below eight is no byte.
    (text_len / 4)
        .saturating_mul(3)
        .saturating_add((text_len % 4).saturating_mul(3) / 4)
}

/// Decodes into the front of `buffer` and returns that part.
///
/// INVARIANT: the buffer holds at least [`decoded_len`] bytes.
pub(crate) fn decode_to<'b>(
    text: &[u8],
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], Base64UrlError> {
    URL_SAFE_NO_PAD
        .decode(text, buffer.as_out())
        .map_err(|_| explain(text))
}

/// Why a text is not base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Base64UrlError {
    /// The byte is not of the URL-safe alphabet. `+`, `/` and white space end here.
    #[error("byte {offset} is not of the base64url alphabet")]
    #[non_exhaustive]
    InvalidByte {
        /// Position of the byte.
        offset: usize,
    },
    /// There is a padding character, which RFC 7515 section 2 leaves out.
    #[error("base64url text is padded at byte {offset}")]
    #[non_exhaustive]
    Padding {
        /// Position of the first `=`.
        offset: usize,
    },
    /// The text ends after one character of a group: six bits are no byte.
    #[error("base64url text ends inside a byte, at byte {offset}")]
    #[non_exhaustive]
    Incomplete {
        /// Position of the last byte.
        offset: usize,
    },
    /// The last character has bits that belong to no byte and are not zero (RFC 4648 section 3.5).
    #[error("base64url text has stray bits in byte {offset}")]
    #[non_exhaustive]
    StrayBits {
        /// Position of the last byte.
        offset: usize,
    },
}

impl Base64UrlError {
    /// A stable code in `snake_case`, such as `base64url_padding`.
    pub const fn code(&self) -> &'static str {
        match self {
            Base64UrlError::InvalidByte { .. } => "base64url_byte",
            Base64UrlError::Padding { .. } => "base64url_padding",
            Base64UrlError::Incomplete { .. } => "base64url_incomplete",
            Base64UrlError::StrayBits { .. } => "base64url_stray_bits",
        }
    }

    /// Position of the offending byte in the text.
    pub const fn offset(&self) -> usize {
        match self {
            Base64UrlError::InvalidByte { offset }
            | Base64UrlError::Padding { offset }
            | Base64UrlError::Incomplete { offset }
            | Base64UrlError::StrayBits { offset } => *offset,
        }
    }
}

/// Finds what is wrong with a text that the decoder refused, from left to right.
#[cold]
fn explain(text: &[u8]) -> Base64UrlError {
    if let Some(offset) = first_outside(text) {
        return match text.get(offset) {
            Some(b'=') => Base64UrlError::Padding { offset },
            Some(_) | None => Base64UrlError::InvalidByte { offset },
        };
    }
    let offset = text.len().saturating_sub(1);
    if text.len() % 4 == 1 {
        Base64UrlError::Incomplete { offset }
    } else {
        Base64UrlError::StrayBits { offset }
    }
}

/// The first byte that is not of the alphabet. Nobody should make us spend long on a text that is
/// refused, so sixteen bytes are looked at together.
fn first_outside(text: &[u8]) -> Option<usize> {
    let (blocks, _) = text.as_chunks::<16>();
    // Neither branches nor an early exit, so that the compiler compares all sixteen at once.
    let is_clean =
        |block: &&[u8; 16]| block.iter().fold(0, |found, byte| found | outside(*byte)) == 0;
    let start = blocks
        .iter()
        .take_while(is_clean)
        .count()
        .saturating_mul(16);
    let offset = text
        .get(start..)?
        .iter()
        .position(|byte| outside(*byte) != 0)?;
    start.checked_add(offset)
}

/// 1 for a byte that is not of the URL-safe alphabet (RFC 4648 section 5), else 0.
#[inline]
fn outside(byte: u8) -> u8 {
    let no_letter = u8::from((byte | 0x20).wrapping_sub(b'a') >= 26);
    let no_digit = u8::from(byte.wrapping_sub(b'0') >= 10);
    no_letter & no_digit & u8::from(byte != b'-') & u8::from(byte != b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_names_the_byte() {
        for (text, error, message) in [
            (
                "QQ=",
                Base64UrlError::Padding { offset: 2 },
                "base64url text is padded at byte 2",
            ),
            (
                "Q+==",
                Base64UrlError::InvalidByte { offset: 1 },
                "byte 1 is not of the base64url alphabet",
            ),
            (
                "QUJDR",
                Base64UrlError::Incomplete { offset: 4 },
                "base64url text ends inside a byte, at byte 4",
            ),
            (
                "QR",
                Base64UrlError::StrayBits { offset: 1 },
                "base64url text has stray bits in byte 1",
            ),
        ] {
            assert_eq!(decode(text), Err(error), "{text}");
            assert_eq!(error.to_string(), message);
            assert!(text.len() > error.offset());
        }
    }

    #[test]
    fn a_byte_outside_the_alphabet_is_found_wherever_it_stands() {
        for len in 0..70 {
            let clean = vec![b'Q'; len];
            assert_eq!(first_outside(&clean), None);
            for offset in 0..len {
                let mut text = clean.clone();
                text[offset] = b'+';
                text[len - 1] = b' ';
                assert_eq!(first_outside(&text), Some(offset), "{offset} of {len}");
            }
        }
        let inside = |byte: &u8| first_outside(&[*byte]).is_none();
        let alphabet: Vec<u8> = (0..=255).filter(inside).collect();
        assert_eq!(
            alphabet,
            b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
        );
    }

    #[test]
    fn an_error_leaves_the_buffer_as_it_was() {
        for text in [
            "QQ==",
            "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD Q",
            "A",
        ] {
            let mut bytes = vec![7, 8];
            assert!(decode_into(text, &mut bytes).is_err());
            assert_eq!(bytes, [7, 8]);
        }
        let mut bytes = vec![7];
        decode_into("QUI", &mut bytes).unwrap();
        assert_eq!(bytes, [7, 65, 66]);
    }

    #[test]
    fn the_decoded_length_is_known_before_decoding() {
        for len in 0..200 {
            let text = encode(vec![0xa5; len]);
            assert_eq!(decoded_len(text.len()), len);
            let mut buffer = vec![0; len];
            assert_eq!(
                decode_to(text.as_bytes(), &mut buffer).unwrap(),
                vec![0xa5; len]
            );
        }
    }
}
