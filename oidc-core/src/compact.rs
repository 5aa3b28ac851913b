//! The compact serialization of a JWS (RFC 7515 section 7.1), split and not yet decoded.

use core::fmt;

use memchr::memchr;

/// The three parts of a JWS in compact serialization, borrowed and still encoded.
///
/// There are exactly three, and none is empty: a detached payload (`H..S`), a missing signature
/// (`H.P.`) and the five parts of a JWE are refused before anything is decoded. White space, a byte
/// order mark or `Bearer ` around the token become part of a segment, whose decoding then fails.
///
/// ```
/// use oidc_core::CompactJws;
///
/// let jws = CompactJws::parse(b"aGVhZGVy.cGF5bG9hZA.c2ln")?;
/// assert_eq!(jws.signing_input(), b"aGVhZGVy.cGF5bG9hZA");
/// assert!(CompactJws::parse(b"aGVhZGVy.cGF5bG9hZA.").is_err());
/// # Ok::<(), oidc_core::CompactError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CompactJws<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    signing_input: &'a [u8],
}

impl<'a> CompactJws<'a> {
    /// The size in bytes that [`parse`](Self::parse) allows: several times a large token of today.
    pub const DEFAULT_MAX_BYTES: usize = 32 * 1024;

    /// The size in bytes that no caller can raise.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// Splits a token of at most [`DEFAULT_MAX_BYTES`](Self::DEFAULT_MAX_BYTES).
    ///
    /// # Errors
    ///
    /// [`CompactError`]. The size is looked at first, so a token over it costs the same whatever
    /// its size.
    pub fn parse(token: &'a [u8]) -> Result<CompactJws<'a>, CompactError> {
        CompactJws::parse_within(token, CompactJws::DEFAULT_MAX_BYTES)
    }

    /// Splits a token of at most `max_bytes`, or [`MAX_BYTES`](Self::MAX_BYTES) where that is less.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_within(token: &'a [u8], max_bytes: usize) -> Result<CompactJws<'a>, CompactError> {
        let max = max_bytes.min(CompactJws::MAX_BYTES);
        if token.len() > max {
            return Err(CompactError::TooLong { max });
        }
        let (header, rest) = split_at_dot(token).ok_or(CompactError::NotThreeParts)?;
        let (payload, signature) = split_at_dot(rest).ok_or(CompactError::NotThreeParts)?;
        if memchr(b'.', signature).is_some() {
            return Err(CompactError::NotThreeParts);
        }
        for (part, bytes) in [
            (JwsPart::Header, header),
            (JwsPart::Payload, payload),
            (JwsPart::Signature, signature),
        ] {
            if bytes.is_empty() {
                return Err(CompactError::EmptyPart { part });
            }
        }
        let signing_input_len = header.len().saturating_add(1).saturating_add(payload.len());
        let signing_input = token.get(..signing_input_len).unwrap_or_default();
        Ok(CompactJws {
            header,
            payload,
            signature,
            signing_input,
        })
    }

    /// The encoded JOSE header.
    pub const fn header(&self) -> &'a [u8] {
        self.header
    }

    /// The encoded payload.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The encoded signature.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// The bytes that the signature covers: header, dot, payload (RFC 7515 section 5.2, step 8).
    pub const fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }
}

/// The bytes before and after the first dot.
fn split_at_dot(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at_checked(memchr(b'.', bytes)?)?;
    Some((before, rest.get(1..)?))
}

/// Shows lengths only: a token is a secret.
impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJws")
            .field("header_len", &self.header.len())
            .field("payload_len", &self.payload.len())
            .field("signature_len", &self.signature.len())
            .finish_non_exhaustive()
    }
}

/// A part of a JWS in compact serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 7515 section 7.1 names these three"
)]
pub enum JwsPart {
    /// The first part.
    Header,
    /// The second part.
    Payload,
    /// The third part.
    Signature,
}

impl fmt::Display for JwsPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            JwsPart::Header => "header",
            JwsPart::Payload => "payload",
            JwsPart::Signature => "signature",
        })
    }
}

/// Why bytes are no JWS in compact serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// It is longer than the caller allows.
    #[error("token is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// It does not have exactly two dots.
    #[error("token does not have exactly three parts")]
    NotThreeParts,
    /// A part is empty.
    #[error("{part} of the token is empty")]
    #[non_exhaustive]
    EmptyPart {
        /// Which part; the first, when several are empty.
        part: JwsPart,
    },
}

impl CompactError {
    /// A stable code: `token_too_long`, `not_three_parts` or `empty_part`.
    pub const fn code(&self) -> &'static str {
        match self {
            CompactError::TooLong { .. } => "token_too_long",
            CompactError::NotThreeParts => "not_three_parts",
            CompactError::EmptyPart { .. } => "empty_part",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(token: &[u8]) -> Result<[&[u8]; 4], CompactError> {
        let jws = CompactJws::parse(token)?;
        Ok([
            jws.header(),
            jws.payload(),
            jws.signature(),
            jws.signing_input(),
        ])
    }

    #[test]
    fn three_parts_are_split_as_they_stand() {
        let expected: [&[u8]; 4] = [b"H", b"P", b"S", b"H.P"];
        assert_eq!(parts(b"H.P.S"), Ok(expected));
        let not_text: &[u8] = b"\xff .P\0.S\n";
        assert_eq!(parts(not_text).unwrap()[3], b"\xff .P\0");
    }

    #[test]
    fn exactly_two_dots_are_needed() {
        for token in [
            "",
            "H",
            "H.P",
            "H.P.S.",
            "H.P.S.X",
            "H.K.I.C.T",
            "....",
            "{\"payload\":1}",
        ] {
            assert_eq!(
                parts(token.as_bytes()),
                Err(CompactError::NotThreeParts),
                "{token}"
            );
        }
    }

    #[test]
    fn no_part_is_empty() {
        for (token, part) in [
            (".P.S", JwsPart::Header),
            ("H..S", JwsPart::Payload),
            ("H.P.", JwsPart::Signature),
            ("..", JwsPart::Header),
            ("H..", JwsPart::Payload),
        ] {
            assert_eq!(
                parts(token.as_bytes()),
                Err(CompactError::EmptyPart { part }),
                "{token}"
            );
        }
    }

    #[test]
    fn the_size_is_capped_by_default_by_choice_and_for_good() {
        let token = |len: usize| [&b"H.P."[..], &vec![b'S'; len - 4]].concat();
        let default = CompactJws::DEFAULT_MAX_BYTES;
        assert!(CompactJws::parse(&token(default)).is_ok());
        let too_long = |max| Some(CompactError::TooLong { max });
        assert_eq!(
            CompactJws::parse(&token(default + 1)).err(),
            too_long(default)
        );
        assert!(CompactJws::parse_within(&token(10), 10).is_ok());
        assert_eq!(CompactJws::parse_within(&token(11), 10).err(), too_long(10));
        let most = CompactJws::MAX_BYTES;
        assert!(CompactJws::parse_within(&token(most), usize::MAX).is_ok());
        assert_eq!(
            CompactJws::parse_within(&token(most + 1), usize::MAX).err(),
            too_long(most)
        );
    }

    #[test]
    fn the_debug_form_shows_no_byte_of_the_token() {
        let text = format!(
            "{:?}",
            CompactJws::parse(b"SECRETH.SECRETP.SECRETS").unwrap()
        );
        assert!(!text.contains("SECRET"), "{text}");
        assert!(text.contains("payload_len: 7"), "{text}");
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = CompactError::EmptyPart {
            part: JwsPart::Payload,
        };
        assert_eq!(error.to_string(), "payload of the token is empty");
        assert_eq!(error.code(), "empty_part");
        assert_eq!(
            CompactError::TooLong { max: 9 }.to_string(),
            "token is longer than 9 bytes"
        );
        let error = CompactError::NotThreeParts;
        assert_eq!(error.to_string(), "token does not have exactly three parts");
    }
}
