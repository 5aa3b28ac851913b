//! Requests signed with AWS Signature Version 4, in the `Authorization` header: who signed, and
//! proof of it.
//!
//! Source: AWS Signature Version 4 for API requests, IAM User Guide. The path and the query are
//! signed as they were sent; nothing is normalised on the way.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use oidc_core::NumericDate;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::PrimitiveDateTime;
use time::format_description::parse_borrowed;

use super::AwsError;
use super::xml::timestamp;

/// The secret half of an access key.
#[derive(Clone, Copy)]
pub(crate) struct Secret<'a> {
    pub(crate) access_key: &'a str,
    /// Comes with the keys of a session, and with no others.
    pub(crate) session_token: Option<&'a str>,
}

/// Where a signature is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) service: String,
}

/// A request whose signature was checked here; only [`verify`] makes one.
#[derive(Debug)]
pub(crate) struct Signed {
    access_key_id: String,
    scope: Scope,
}

impl Signed {
    /// Whose key it was.
    pub(crate) fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// What it was signed for: one of those that were allowed.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// How far the clocks of client and service may be apart: the 15 minutes of AWS.
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// Verifies the signature of a request with this body at the time `now`.
///
/// `secret` knows the secret of an access key id; `allowed` says whether a scope is of this service.
/// The host and every `x-amz-…` header have to be signed, the body always is.
pub(crate) fn verify<'k>(
    request: &Parts,
    body: &[u8],
    allowed: impl FnOnce(&Scope) -> bool,
    secret: impl FnOnce(&str) -> Option<Secret<'k>>,
    now: NumericDate,
) -> Result<Signed, SignatureError> {
    let headers = &request.headers;
    let value = one(headers, AUTHORIZATION.as_str())?.ok_or(SignatureError::Missing)?;
    let authorization = Authorization::parse(value)?;
    let time = one(headers, "x-amz-date")?.ok_or(SignatureError::Date)?;
    let signed = parse_time(time)?;
    if signed < now.saturating_sub(MAX_SKEW) {
        return Err(SignatureError::Expired { signed, now });
    }
    if signed > now.saturating_add(MAX_SKEW) {
        return Err(SignatureError::NotYetCurrent { signed, now });
    }
    let (date, _) = time.split_once('T').ok_or(SignatureError::Date)?;
    if authorization.date != date {
        return Err(SignatureError::ScopeDate);
    }
    if !allowed(&authorization.scope) {
        return Err(SignatureError::Scope);
    }
    authorization.covers(headers)?;
    // In a request line with a host it is that host that is asked, RFC 9112 section 3.2.2; the one
    // that is signed is in the header.
    if let Some(asked) = request.uri.authority()
        && one(headers, HOST.as_str())? != Some(asked.as_str())
    {
        return Err(SignatureError::Mismatch);
    }
    let secret = secret(authorization.access_key_id).ok_or(SignatureError::UnknownKey)?;
    let canonical = canonical_request(request, &authorization.signed_headers, body);
    let key = signing_key(secret.access_key, date, &authorization.scope);
    mac(
        &key,
        &string_to_sign(time, &authorization.scope, &canonical),
    )
    .verify_slice(&authorization.signature)
    .map_err(|_| SignatureError::Mismatch)?;
    // Only whoever has the secret learns whether the token is right.
    let token = one(headers, "x-amz-security-token")?.unwrap_or_default();
    let expected = secret.session_token.unwrap_or_default();
    if !bool::from(token.as_bytes().ct_eq(expected.as_bytes())) {
        return Err(SignatureError::SessionToken);
    }
    Ok(Signed {
        access_key_id: authorization.access_key_id.to_owned(),
        scope: authorization.scope,
    })
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What the header says, not yet believed.
struct Authorization<'a> {
    access_key_id: &'a str,
    date: &'a str,
    scope: Scope,
    signed_headers: Vec<&'a str>,
    signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    /// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
    fn parse(value: &'a str) -> Result<Authorization<'a>, SignatureError> {
        let (algorithm, rest) = value.split_once(' ').ok_or(SignatureError::Authorization)?;
        if algorithm != ALGORITHM {
            return Err(SignatureError::Authorization);
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for pair in rest.split(',') {
            let (name, value) = pair
                .trim_matches(' ')
                .split_once('=')
                .ok_or(SignatureError::Authorization)?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(SignatureError::Authorization),
            };
            if place.replace(value).is_some() {
                return Err(SignatureError::Authorization);
            }
        }
        let credential = credential.ok_or(SignatureError::Credential)?;
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = *parts else {
            return Err(SignatureError::Credential);
        };
        let signed_headers = signed_headers.ok_or(SignatureError::SignedHeaders)?;
        let signed_headers: Vec<&str> = signed_headers.split(';').collect();
        if !signed_headers.is_sorted_by(|one, next| one < next) {
            return Err(SignatureError::SignedHeaders);
        }
        Ok(Authorization {
            access_key_id,
            date,
            scope: Scope {
                region: region.to_owned(),
                service: service.to_owned(),
            },
            signed_headers,
            signature: signature
                .and_then(from_hex)
                .ok_or(SignatureError::Authorization)?,
        })
    }

    /// Every header that has to be signed is, and every signed one is there.
    fn covers(&self, headers: &HeaderMap) -> Result<(), SignatureError> {
        let signed = |name: &str| self.signed_headers.contains(&name);
        let mut present = headers.keys().map(http::HeaderName::as_str);
        let must = |name: &str| name == HOST.as_str() || name.starts_with("x-amz-");
        let all_signed = present.all(|name| signed(name) || !must(name));
        // Byte for byte: a name in capitals is none that a header map has.
        let all_there = |name: &&str| headers.keys().any(|there| there.as_str() == *name);
        if all_signed && signed(HOST.as_str()) && self.signed_headers.iter().all(all_there) {
            Ok(())
        } else {
            Err(SignatureError::SignedHeaders)
        }
    }
}

/// The one header of this name; a second is not chosen among.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, SignatureError> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| SignatureError::Header),
        (Some(_), Some(_)) => Err(SignatureError::Header),
    }
}

/// `20150830T123600Z`
fn parse_time(text: &str) -> Result<NumericDate, SignatureError> {
    let digits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z');
    let plain = text.len() == 16 && text.bytes().all(digits);
    let form = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z");
    let form = form.map_err(|_| SignatureError::Date)?;
    let time = PrimitiveDateTime::parse(text, &form);
    let time = time.ok().filter(|_| plain).ok_or(SignatureError::Date)?;
    let seconds = time.assume_utc().unix_timestamp();
    NumericDate::from_seconds(seconds).map_err(|_| SignatureError::Date)
}

/// As [`parse_time`] reads it.
fn stamp(time: NumericDate) -> String {
    timestamp(time).replace(['-', ':'], "")
}

/// Task 1 of the description: the request as both sides write it.
fn canonical_request(request: &Parts, signed_headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::new();
    let mut line = |parts: &[&[u8]]| {
        for part in parts {
            canonical.extend_from_slice(part);
        }
        canonical.push(b'\n');
    };
    line(&[request.method.as_str().as_bytes()]);
    line(&[escape_path(request.uri.path()).as_bytes()]);
    line(&[sorted(request.uri.query().unwrap_or_default()).as_bytes()]);
    for name in signed_headers {
        let values: Vec<Vec<u8>> = request
            .headers
            .get_all(*name)
            .iter()
            .map(one_spaced)
            .collect();
        line(&[name.as_bytes(), b":", &values.join(&b','), b""]);
    }
    line(&[]);
    line(&[signed_headers.join(";").as_bytes()]);
    canonical.extend_from_slice(hex(&Sha256::digest(body)).as_bytes());
    canonical
}

/// A query by its names, and by the values of one name.
fn sorted(query: &str) -> String {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let mut pairs: Vec<(&str, &str)> = parameters
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// A path is escaped a second time for every service but S3.
fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    escaped
}

/// Without space at its ends, and with one wherever there were several.
fn one_spaced(value: &http::HeaderValue) -> Vec<u8> {
    let words = value.as_bytes().split(|byte| matches!(byte, b' ' | b'\t'));
    let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// Task 2.
fn string_to_sign(time: &str, scope: &Scope, canonical: &[u8]) -> String {
    let date = time.get(..8).unwrap_or_default();
    let Scope { region, service } = scope;
    let hash = hex(&Sha256::digest(canonical));
    format!("{ALGORITHM}\n{time}\n{date}/{region}/{service}/aws4_request\n{hash}")
}

/// Task 3, the derived key.
fn signing_key(secret: &str, date: &str, scope: &Scope) -> [u8; 32] {
    let mut key = mac_of(format!("AWS4{secret}").as_bytes(), date);
    for part in [&*scope.region, &*scope.service, "aws4_request"] {
        key = mac_of(&key, part);
    }
    key
}

fn mac_of(key: &[u8], text: &str) -> [u8; 32] {
    mac(key, text).finalize().into_bytes().into()
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes keys of every length, RFC 2104 section 2"
)]
fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mac = Hmac::new_from_slice(key).expect("a key of any length");
    mac.chain_update(text)
}

fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    let digits = halves.filter_map(|half| char::from_digit(half.into(), 16));
    digits.collect()
}

/// 32 bytes in lower case.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 64 || !text.bytes().all(digits) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..)?.get(..2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Why a signature is not accepted. Nothing of the request is quoted but its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error(
        "the Authorization header is not `{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…`"
    )]
    Authorization,
    #[error("the credential is not `KEY/DATE/REGION/SERVICE/aws4_request`")]
    Credential,
    #[error("the request needs one `X-Amz-Date` header of the form 20150830T123600Z")]
    Date,
    /// In the words of AWS, by which people find out that a clock is wrong.
    #[error(
        "Signature expired: {} is now earlier than {} ({} - 15 min.)",
        stamp(*signed), stamp(now.saturating_sub(MAX_SKEW)), stamp(*now)
    )]
    Expired {
        signed: NumericDate,
        now: NumericDate,
    },
    #[error("a header that the signature needs stands there twice, or is not text")]
    Header,
    #[error(
        "the request signature we calculated does not match the signature you provided; \
         check your AWS Secret Access Key and signing method"
    )]
    Mismatch,
    #[error("the request is missing an authentication token")]
    Missing,
    #[error(
        "Signature not yet current: {} is still later than {} ({} + 15 min.)",
        stamp(*signed), stamp(now.saturating_add(MAX_SKEW)), stamp(*now)
    )]
    NotYetCurrent {
        signed: NumericDate,
        now: NumericDate,
    },
    #[error("the credential is scoped to another service or region")]
    Scope,
    #[error("the date of the credential's scope is not that of the request")]
    ScopeDate,
    #[error("the security token included in the request is invalid")]
    SessionToken,
    #[error(
        "the signed headers have to be in order, there, and all of `host` and `x-amz-…` among them"
    )]
    SignedHeaders,
    #[error("the security token included in the request is invalid")]
    UnknownKey,
}

impl From<SignatureError> for AwsError {
    /// By the common errors of the IAM and STS API references; those have `RequestExpired` for a request
    /// of another time, for which STS answers `SignatureDoesNotMatch` (aws/aws-cli issue 6676).
    fn from(error: SignatureError) -> AwsError {
        let (status, code) = match error {
            SignatureError::Missing => (403, "MissingAuthenticationToken"),
            SignatureError::Authorization
            | SignatureError::Credential
            | SignatureError::Date
            | SignatureError::Header
            | SignatureError::SignedHeaders => (400, "IncompleteSignature"),
            SignatureError::SessionToken | SignatureError::UnknownKey => {
                (403, "InvalidClientTokenId")
            }
            SignatureError::Expired { .. }
            | SignatureError::Mismatch
            | SignatureError::NotYetCurrent { .. }
            | SignatureError::Scope
            | SignatureError::ScopeDate => (403, "SignatureDoesNotMatch"),
        };
        AwsError::new(status, code, error.to_string())
    }
}

/// The client's half, for tests: signs all headers of the request and those that it adds. Whether
/// both halves are right is for others to say: the published examples and botocore.
#[cfg(test)]
pub(crate) fn sign(
    request: &mut Parts,
    body: &[u8],
    access_key_id: &str,
    secret: Secret<'_>,
    scope: &Scope,
    now: NumericDate,
) {
    let text = |text: &str| http::HeaderValue::from_str(text).unwrap();
    let time = stamp(now);
    request.headers.insert("x-amz-date", text(&time));
    if let Some(token) = secret.session_token {
        request.headers.insert("x-amz-security-token", text(token));
    }
    let mut names: Vec<String> = request.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let canonical = canonical_request(request, &names, body);
    let (date, _) = time.split_once('T').unwrap();
    let key = signing_key(secret.access_key, date, scope);
    let signature = hex(&mac_of(&key, &string_to_sign(&time, scope, &canonical)));
    let Scope { region, service } = scope;
    let signed = names.join(";");
    let value = format!(
        "{ALGORITHM} Credential={access_key_id}/{date}/{region}/{service}/aws4_request, \
         SignedHeaders={signed}, Signature={signature}"
    );
    request.headers.insert(AUTHORIZATION, text(&value));
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
