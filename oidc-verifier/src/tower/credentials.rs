//! The `Authorization` header (RFC 9110 section 11.6.2, RFC 6750 section 2.1).

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::refusal::Refusal;

/// The bearer token of a request, in the header value that it came in.
pub(super) struct BearerToken {
    value: HeaderValue,
    start: usize,
}

impl BearerToken {
    pub(super) fn of(headers: &HeaderMap) -> Result<BearerToken, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Err(Refusal::MissingCredentials),
            // Which one would count, another reader may see otherwise.
            (Some(_), Some(_)) => return Err(Refusal::InvalidRequest),
            (Some(value), None) => value,
        };
        let text = value.as_bytes();
        let scheme_len = text.iter().take_while(|byte| **byte != b' ').count();
        let (scheme, rest) = text.split_at_checked(scheme_len).unwrap_or((text, &[]));
        if !scheme.eq_ignore_ascii_case(b"Bearer") {
            return Err(Refusal::MissingCredentials);
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let token = rest.get(spaces..).unwrap_or_default();
        if !is_b64token(token) {
            return Err(Refusal::InvalidRequest);
        }
        Ok(BearerToken {
            value: value.clone(),
            start: scheme_len.saturating_add(spaces),
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.value.as_bytes().get(self.start..).unwrap_or_default()
    }
}

/// `b64token` of RFC 6750 section 2.1.
fn is_b64token(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=');
    let Some(before_padding) = end.and_then(|last| text.get(..=last)) else {
        return false;
    };
    before_padding
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}
