//! What a token shall say, and the token.

mod error;
mod reserved;
mod spec;
mod unsigned;

use core::fmt;

use oidc_core::NumericDate;

pub use self::error::{IssueError, TokenSpecError};
pub use self::spec::TokenSpec;
pub(crate) use self::spec::check_claim_name;
pub(crate) use self::unsigned::{UnsignedToken, header_of};

/// A signed token: a JWS in compact serialization (RFC 7515 section 7.1).
///
/// Whoever holds the text can use it until it expires, so `Debug` does not show it and there is no
/// `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    expires_at: NumericDate,
}

impl Token {
    pub(crate) fn new(text: String, expires_at: NumericDate) -> Token {
        Token { text, expires_at }
    }

    /// The text to hand to the workload.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text to hand to the workload, without a copy.
    pub fn into_string(self) -> String {
        self.text
    }

    /// The `exp` claim.
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }
}

/// Redacted: the time of expiry.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The longest token, in bytes: AWS takes 20,000 characters, many proxies less.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;
