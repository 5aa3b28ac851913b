//! The name of a ring: also a part of file names.

use core::fmt;

use oidc_core::Algorithm;
use serde::{Deserialize, Serialize};

/// The name of a ring within an issuer, such as `ES256` or `partners-rs256`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RingName(String);

impl RingName {
    /// The longest name, in bytes: it becomes a part of file names.
    pub const MAX_BYTES: usize = 64;

    /// A name of 1 to [`MAX_BYTES`](Self::MAX_BYTES) ASCII letters, digits, `-` and `_`.
    ///
    /// # Errors
    ///
    /// [`RingNameError`] for any other text.
    pub fn new(name: &str) -> Result<RingName, RingNameError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > Self::MAX_BYTES || !name.bytes().all(fits) {
            return Err(RingNameError {
                max: Self::MAX_BYTES,
            });
        }
        Ok(RingName(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The algorithm's own name.
impl From<Algorithm> for RingName {
    fn from(algorithm: Algorithm) -> RingName {
        RingName(algorithm.name().to_owned())
    }
}

impl TryFrom<String> for RingName {
    type Error = RingNameError;

    fn try_from(name: String) -> Result<RingName, RingNameError> {
        RingName::new(&name)
    }
}

impl From<RingName> for String {
    fn from(name: RingName) -> String {
        name.0
    }
}

impl fmt::Display for RingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot name a ring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ring's name is 1 to {max} ASCII letters, digits, `-` and `_`")]
#[non_exhaustive]
pub struct RingNameError {
    /// [`RingName::MAX_BYTES`].
    pub max: usize,
}

impl RingNameError {
    /// The stable code, `ring_name`.
    pub const fn code(&self) -> &'static str {
        "ring_name"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_64_letters_digits_dashes_and_underscores() {
        for (name, ok) in [
            ("", false),
            ("a", true),
            (&*"a".repeat(64), true),
            (&*"a".repeat(65), false),
            ("ES256", true),
            ("a_b-9", true),
            ("a.b", false),
            ("a/b", false),
            ("ä", false),
            ("a b", false),
        ] {
            assert_eq!(RingName::new(name).is_ok(), ok, "{name}");
            let json = serde_json::to_string(name).unwrap();
            assert_eq!(serde_json::from_str::<RingName>(&json).is_ok(), ok);
        }
        for algorithm in Algorithm::ALL {
            let name = RingName::from(*algorithm);
            assert_eq!(RingName::new(name.as_str()), Ok(name));
        }
    }
}
