//! A token but for its signature.

use oidc_core::{Algorithm, NumericDate, base64url};
use serde_json::json;

use super::error::IssueError;
use super::spec::TokenSpec;
use super::{MAX_TOKEN_BYTES, Token};

/// The JOSE header of a key's tokens in base64url, and the dot after it (RFC 7515 section 4.1).
pub(crate) fn header_of(algorithm: Algorithm, kid: &str) -> String {
    // The names stand in the order of the alphabet, which is the one that `serde_json` writes,
    // whatever features somebody has turned on.
    let json = json!({ "alg": algorithm.name(), "kid": kid, "typ": "JWT" });
    let mut header = base64url::encode(json.to_string());
    header.push('.');
    header
}

/// Header and claims of a token, waiting for their signature.
pub(crate) struct UnsignedToken {
    text: String,
    expires_at: NumericDate,
}

impl UnsignedToken {
    /// `header` is that of [`header_of`], `issuer` the `iss` claim as a JSON string, and
    /// `signature_len` how many bytes the signature will have. No token expires after `latest`.
    pub(crate) fn new(
        header: &str,
        issuer: &str,
        spec: &TokenSpec,
        now: NumericDate,
        latest: NumericDate,
        signature_len: usize,
    ) -> Result<UnsignedToken, IssueError> {
        let lifetime = spec.lifetime();
        let exp = now
            .checked_add(lifetime)
            .ok_or(IssueError::Expiry { now, lifetime })?
            .min(latest);
        if exp <= now {
            return Err(IssueError::EndOfTrust { until: latest, now });
        }
        let payload = spec.payload(issuer, now, exp);
        let (length, max) = (payload.len(), spec.max_payload_bytes());
        if length > max {
            return Err(IssueError::PayloadTooLong { length, max });
        }
        let length = [
            header.len(),
            encoded(payload.len()),
            1,
            encoded(signature_len),
        ]
        .into_iter()
        .fold(0, usize::saturating_add);
        if length > MAX_TOKEN_BYTES {
            let max = MAX_TOKEN_BYTES;
            return Err(IssueError::TooLong { length, max });
        }
        let mut text = String::with_capacity(length);
        text.push_str(header);
        base64url::encode_into(payload, &mut text);
        Ok(UnsignedToken {
            text,
            expires_at: exp,
        })
    }

    /// The bytes to sign (RFC 7515 section 5.1).
    pub(crate) fn signing_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The token, with this signature.
    pub(crate) fn signed(mut self, signature: &[u8]) -> Token {
        self.text.push('.');
        base64url::encode_into(signature, &mut self.text);
        Token::new(self.text, self.expires_at)
    }
}

/// The length of so many bytes in base64url without padding.
fn encoded(length: usize) -> usize {
    length.saturating_mul(4).div_ceil(3)
}
