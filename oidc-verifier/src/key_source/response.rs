//! What a fetch brought, as far as it matters.

use std::time::Duration;

use super::action::Validators;
use super::config::KeySourceConfig;

/// An HTTP response to a [`Fetch`](super::Fetch).
///
/// ```
/// use oidc_verifier::key_source::FetchResponse;
///
/// let response = FetchResponse::new(200, "https://ci.example/jwks", b"{}")
///     .with_header("Content-Type", "application/json")
///     .with_header("Cache-Control", "public, max-age=900")
///     .with_header("ETag", "\"7\"");
/// # let _ = response;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct FetchResponse<'a> {
    pub(crate) status: u16,
    pub(crate) url: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) content_type: Option<&'a str>,
    /// The least of all `max-age`, or 0 where the response is not to be stored.
    max_age: Option<u64>,
    age: u64,
    etag: Option<&'a str>,
    last_modified: Option<&'a str>,
}

impl<'a> FetchResponse<'a> {
    /// A response with no headers yet. `url` is the [`url`](super::Fetch::url) that was asked for,
    /// or another where a redirect led; `body` is without content encoding.
    pub const fn new(status: u16, url: &'a str, body: &'a [u8]) -> FetchResponse<'a> {
        FetchResponse {
            status,
            url,
            body,
            content_type: None,
            max_age: None,
            age: 0,
            etag: None,
            last_modified: None,
        }
    }

    /// The same with one more header. Its name may be written in any case. All headers can be
    /// given; those that do not matter here are left out.
    pub fn with_header(mut self, name: &str, value: &'a str) -> FetchResponse<'a> {
        let value = value.trim_matches([' ', '\t']);
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("content-type") {
            self.content_type = Some(value);
        } else if is("cache-control") {
            let lifetimes = value.split(',').filter_map(lifetime);
            self.max_age = self.max_age.into_iter().chain(lifetimes).min();
        } else if is("age") {
            self.age = delta_seconds(value).unwrap_or(0).max(self.age);
        } else if is("etag") {
            self.etag = Some(value).filter(|value| is_entity_tag(value));
        } else if is("last-modified") {
            self.last_modified = Some(value).filter(|value| is_http_date(value));
        }
        self
    }

    /// What makes the next request conditional.
    pub(crate) fn validators(&self) -> Validators {
        Validators {
            etag: self.etag.map(str::to_owned),
            last_modified: self.last_modified.map(str::to_owned),
        }
    }

    /// For how long the document counts as fresh: `max-age` less `Age` (RFC 9111 sections 4.2.1
    /// and 4.2.3), held within the bounds; without `max-age` the `usual` time.
    pub(crate) fn soft_age(&self, usual: Duration, config: &KeySourceConfig) -> Duration {
        let Some(max_age) = self.max_age else {
            return usual;
        };
        Duration::from_secs(max_age.saturating_sub(self.age))
            .clamp(config.max_age_floor(), config.max_age_ceiling())
    }

    /// Whether the body may be a JWK Set. Its type is JSON, or one of those that a server gives a
    /// file that it knows nothing of; a page for people is none.
    pub(crate) fn may_be_jwk_set(&self) -> bool {
        let Some(content_type) = self.content_type else {
            return true;
        };
        let end = content_type.find(';').unwrap_or(content_type.len());
        let media_type = content_type.get(..end).unwrap_or_default();
        let media_type = media_type
            .trim_end_matches([' ', '\t'])
            .to_ascii_lowercase();
        let unspecific = [
            "application/octet-stream",
            "binary/octet-stream",
            "text/plain",
        ];
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
            || unspecific.contains(&media_type.as_str())
    }
}

/// The seconds that one directive of `Cache-Control` allows. A `max-age` that cannot be read
/// allows none (RFC 9111 section 4.2.1).
fn lifetime(directive: &str) -> Option<u64> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    let name = name.trim_matches([' ', '\t']);
    if name.eq_ignore_ascii_case("max-age") {
        let value = value.trim_matches([' ', '\t']);
        let unquoted = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Some(delta_seconds(unquoted.unwrap_or(value)).unwrap_or(0))
    } else {
        let never = ["no-cache", "no-store"];
        let never = never.iter().any(|never| name.eq_ignore_ascii_case(never));
        never.then_some(0)
    }
}

/// RFC 9111 section 1.2.2: digits, and what overflows is very long.
fn delta_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// An `entity-tag` of RFC 9110 section 8.8.3 in ASCII that is short enough to be kept.
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    let inner = opaque
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    text.len() <= MAX_ETAG_BYTES
        && inner.is_some_and(|inner| {
            inner
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"')
        })
}

/// Hashes of today take 64 characters.
const MAX_ETAG_BYTES: usize = 256;

/// Something like `Sun, 06 Nov 1994 08:49:37 GMT`; it is sent back and not read.
fn is_http_date(text: &str) -> bool {
    let of_date = |byte: u8| byte.is_ascii_alphanumeric() || b" ,:-+".contains(&byte);
    !text.is_empty() && text.len() <= MAX_DATE_BYTES && text.bytes().all(of_date)
}

/// The forms of RFC 9110 section 5.6.7 have up to 33.
const MAX_DATE_BYTES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> FetchResponse<'static> {
        FetchResponse::new(200, "", b"")
    }

    fn soft_age(headers: &[(&str, &'static str)]) -> u64 {
        let add = |response: FetchResponse<'static>, (name, value): &(&str, &'static str)| {
            response.with_header(name, value)
        };
        let response = headers.iter().fold(response(), add);
        let usual = Duration::from_secs(600);
        response
            .soft_age(usual, &KeySourceConfig::default())
            .as_secs()
    }

    /// RFC 9111 sections 1.2.2, 4.2.1, 5.2.2.
    #[test]
    fn max_age_counts_within_one_minute_and_one_hour() {
        for (cache_control, expected) in [
            ("max-age=60", 60),
            ("max-age=59", 60),
            ("max-age=0", 60),
            ("max-age=61", 61),
            ("max-age=3600", 3_600),
            ("max-age=3601", 3_600),
            ("max-age=99999999999999999999999999", 3_600),
            ("public, MAX-AGE=900 , must-revalidate", 900),
            ("max-age=\"900\"", 900),
            ("max-age=900, max-age=300", 300),
            ("max-age=900, no-store", 60),
            ("no-cache", 60),
            ("max-age=-1", 60),
            ("max-age=9e2", 60),
            ("max-age", 60),
            ("s-maxage=900", 600),
            ("public", 600),
            ("x-max-age=900", 600),
            ("", 600),
        ] {
            let given = soft_age(&[("Cache-Control", cache_control)]);
            assert_eq!(given, expected, "{cache_control}");
        }
        assert_eq!(soft_age(&[]), 600);
    }

    /// RFC 9111 section 4.2.3: what a shared cache has used up is gone.
    #[test]
    fn the_age_in_a_shared_cache_is_taken_off() {
        for (age, expected) in [
            ("100", 800),
            ("900", 60),
            ("99999999999999999999", 60),
            ("x", 900),
        ] {
            let headers = [("cache-control", "max-age=900"), ("AGE", age)];
            assert_eq!(soft_age(&headers), expected, "{age}");
        }
        assert_eq!(soft_age(&[("Age", "500")]), 600);
    }

    #[test]
    fn two_headers_of_one_name_count_like_one() {
        let headers = [
            ("Cache-Control", "max-age=300"),
            ("cache-control", "max-age=900"),
        ];
        assert_eq!(soft_age(&headers), 300);
    }

    /// RFC 9110 sections 8.8.2, 8.8.3.
    #[test]
    fn a_validator_that_could_not_be_sent_back_is_dropped() {
        let long = format!("\"{}\"", "a".repeat(255));
        for (etag, kept) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"\"", true),
            (long.get(1..).unwrap(), false),
            (&long, false),
            (&long.replacen('a', "", 1), true),
            ("a", false),
            ("\"", false),
            ("\"a\r\nX: y\"", false),
            ("\"a\"b\"", false),
            ("\"\u{e9}\"", false),
        ] {
            let response = response().with_header("ETag", etag);
            assert_eq!(
                response.validators().if_none_match(),
                kept.then_some(etag),
                "{etag}"
            );
        }
        for (date, kept) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("", false),
            ("now\u{0}", false),
            ("Sun, 06 Nov 1994 08:49:37 GMT and much more", false),
        ] {
            let response = response().with_header("Last-Modified", date);
            assert_eq!(
                response.validators().if_modified_since(),
                kept.then_some(date)
            );
        }
    }

    #[test]
    fn a_page_for_people_is_no_jwk_set() {
        for (content_type, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON ;x=y", true),
            ("application/jwk-set+json", true),
            ("application/octet-stream", true),
            ("binary/octet-stream", true),
            ("text/plain; charset=utf-8", true),
            ("text/html", false),
            ("text/html; a=application/json", false),
            ("image/svg+xml", false),
            ("", false),
        ] {
            let response = response().with_header("Content-Type", content_type);
            assert_eq!(response.may_be_jwk_set(), expected, "{content_type}");
        }
        assert!(response().may_be_jwk_set());
    }
}
