//! The token that comes with a request.

use axum::http::HeaderValue;

use crate::access_token::AccessToken;
use crate::answers::Refusal;

/// The token of the one `Authorization` header: as `Bearer` (RFC 6750 section 2.1), or as the user name
/// of `Basic` with an empty password (RFC 7617), as `curl --user TOKEN:` sends it.
pub(crate) fn of<'h>(
    headers: impl IntoIterator<Item = &'h HeaderValue>,
) -> Result<AccessToken, Refusal> {
    let mut headers = headers.into_iter();
    let header = match (headers.next(), headers.next()) {
        (None, _) => return Err(Refusal::not_admitted("there is no token")),
        (Some(only), None) => only,
        (Some(_), Some(_)) => return Err(Refusal::malformed("`Authorization` is given twice")),
    };
    let malformed = || Refusal::malformed("`Authorization` is malformed");
    let (scheme, rest) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(malformed)?;
    let rest = rest.trim_matches(' ');
    let text = if scheme.eq_ignore_ascii_case("bearer") {
        rest.to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        user_name(rest).ok_or_else(malformed)?
    } else {
        return Err(Refusal::not_admitted("another scheme than `Bearer`"));
    };
    AccessToken::parse(&text).ok_or_else(|| Refusal::bad_token("not a token of this service"))
}

fn user_name(encoded: &str) -> Option<String> {
    let bytes = base64_simd::STANDARD.decode_to_vec(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_suffix(':').map(str::to_owned)
}
