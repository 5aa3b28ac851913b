//! The `jti` claim, RFC 7519 section 4.1.7.

use core::fmt;

use crate::random::{RandomError, SecureRandom};

/// A unique identifier for one token.
///
/// A relying party that wants each token used once remembers these. One value is for one token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JwtId {
    text: Box<str>,
    /// The text as a JSON string, which is what every token needs.
    json: Box<str>,
}

impl JwtId {
    /// The longest identifier, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// 122 random bits in the form of a UUID version 4 (RFC 9562 section 5.4).
    ///
    /// ```
    /// use oidc_issuer::{JwtId, RandomError, SecureRandom};
    ///
    /// // For a test; `SystemRandom` is the real one.
    /// struct Fixed;
    /// impl SecureRandom for Fixed {
    ///     fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError> {
    ///         dest.fill(0xff);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// assert_eq!(JwtId::random(&Fixed)?.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    /// # Ok::<(), RandomError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the source has failed.
    pub fn random(random: &dyn SecureRandom) -> Result<JwtId, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        let mut json = String::with_capacity(38);
        json.push('"');
        for (index, byte) in bytes.into_iter().enumerate() {
            let byte = match index {
                6 => (byte & 0x0f) | 0x40,
                8 => (byte & 0x3f) | 0x80,
                _ => byte,
            };
            if matches!(index, 4 | 6 | 8 | 10) {
                json.push('-');
            }
            for half in [byte >> 4, byte & 0x0f] {
                json.extend(char::from_digit(half.into(), 16));
            }
        }
        json.push('"');
        Ok(JwtId {
            text: json.trim_matches('"').into(),
            json: json.into(),
        })
    }

    /// An identifier of your own, such as the id of the job.
    ///
    /// # Errors
    ///
    /// [`JwtIdError`] unless it is 1 to [`MAX_BYTES`](Self::MAX_BYTES) bytes without control
    /// characters.
    pub fn new(text: &str) -> Result<JwtId, JwtIdError> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(JwtIdError {
                max: Self::MAX_BYTES,
            });
        }
        match serde_json::to_string(text) {
            Ok(json) => Ok(JwtId {
                text: text.into(),
                json: json.into(),
            }),
            Err(_) => Err(JwtIdError {
                max: Self::MAX_BYTES,
            }),
        }
    }

    /// The text of the claim.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as a JSON string.
    pub(crate) fn as_json(&self) -> &str {
        &self.json
    }
}

impl fmt::Display for JwtId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text cannot be a `jti`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a `jti` is 1 to {max} bytes without control characters")]
#[non_exhaustive]
pub struct JwtIdError {
    /// [`JwtId::MAX_BYTES`].
    pub max: usize,
}

impl JwtIdError {
    /// The stable code, `jwt_id`.
    pub const fn code(&self) -> &'static str {
        "jwt_id"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl SecureRandom for Counting {
        fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError> {
            for (byte, value) in dest.iter_mut().zip(0..) {
                *byte = value;
            }
            Ok(())
        }
    }

    struct Failing;

    impl SecureRandom for Failing {
        fn fill(&self, _dest: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError::new())
        }
    }

    #[test]
    fn version_and_variant_of_rfc_9562_are_set_and_the_rest_is_random() {
        let id = JwtId::random(&Counting).unwrap();
        assert_eq!(id.to_string(), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }

    #[test]
    fn a_source_that_fails_makes_no_identifier() {
        assert_eq!(JwtId::random(&Failing), Err(RandomError::new()));
    }

    #[test]
    fn an_own_identifier_is_1_to_255_bytes_without_control_characters() {
        for (text, ok) in [
            ("", false),
            ("a", true),
            (&*"a".repeat(255), true),
            (&*"a".repeat(256), false),
            ("job 42/ä", true),
            ("a\nb", false),
            ("a\u{7f}", false),
            ("a\u{85}", false),
        ] {
            assert_eq!(JwtId::new(text).is_ok(), ok, "{text:?}");
        }
        let error = JwtId::new("").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a `jti` is 1 to 255 bytes without control characters"
        );
    }
}
