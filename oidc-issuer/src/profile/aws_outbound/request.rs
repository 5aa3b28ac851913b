//! The parameters of `GetWebIdentityToken`.

use std::time::Duration;

use oidc_core::Algorithm;

use super::error::{OutboundError, RequestFault};

/// What a workload asks for: the parameters of the call, within its limits (the service model of
/// botocore, `sts/2011-06-15`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentityTokenRequest {
    audiences: Vec<String>,
    algorithm: Algorithm,
    duration: Duration,
    tags: Vec<(String, String)>,
}

impl WebIdentityTokenRequest {
    /// The most audiences of one token.
    pub const MAX_AUDIENCES: usize = 10;

    /// The longest audience, in characters.
    pub const MAX_AUDIENCE_CHARS: usize = 1_000;

    /// The shortest duration, in seconds.
    pub const MIN_DURATION_SECONDS: u64 = 60;

    /// The longest duration, in seconds.
    pub const MAX_DURATION_SECONDS: u64 = 3_600;

    /// The duration unless another is asked for, in seconds.
    pub const DEFAULT_DURATION_SECONDS: u64 = 300;

    /// The most tags.
    pub const MAX_TAGS: usize = 50;

    /// The longest key of a tag, in characters.
    pub const MAX_TAG_KEY_CHARS: usize = 128;

    /// The longest value of a tag, in characters; it may be empty.
    pub const MAX_TAG_VALUE_CHARS: usize = 256;

    /// Asks for a token for these audiences, `Audience.member.N`, signed with this
    /// `SigningAlgorithm`: `RS256` or `ES384`.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Request`].
    pub fn new<I>(audiences: I, signing_algorithm: &str) -> Result<Self, OutboundError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let max = Self::MAX_AUDIENCES;
        let mut all: Vec<String> = Vec::new();
        for audience in audiences {
            let audience = audience.into();
            if all.len() == max {
                return Err(RequestFault::AudienceCount { max }.into());
            }
            let length = audience.chars().count();
            if !(1..=Self::MAX_AUDIENCE_CHARS).contains(&length) {
                return Err(RequestFault::AudienceLength {
                    index: all.len(),
                    max: Self::MAX_AUDIENCE_CHARS,
                }
                .into());
            }
            if all.contains(&audience) {
                return Err(RequestFault::DuplicateAudience { index: all.len() }.into());
            }
            all.push(audience);
        }
        if all.is_empty() {
            return Err(RequestFault::AudienceCount { max }.into());
        }
        let algorithm = match signing_algorithm {
            "RS256" => Algorithm::Rs256,
            "ES384" => Algorithm::Es384,
            _ => return Err(RequestFault::SigningAlgorithm.into()),
        };
        Ok(Self {
            audiences: all,
            algorithm,
            duration: Duration::from_secs(Self::DEFAULT_DURATION_SECONDS),
            tags: Vec::new(),
        })
    }

    /// The same with this `DurationSeconds`.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Request`] outside 60 to 3,600.
    pub fn with_duration_seconds(mut self, seconds: u64) -> Result<Self, OutboundError> {
        let (min, max) = (Self::MIN_DURATION_SECONDS, Self::MAX_DURATION_SECONDS);
        if !(min..=max).contains(&seconds) {
            return Err(RequestFault::Duration { min, max }.into());
        }
        self.duration = Duration::from_secs(seconds);
        Ok(self)
    }

    /// The same with one more of `Tags.member.N`: the caller's own words, under `request_tags`.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Request`] for lengths, characters, a key that is there already but for its
    /// case, and the 51st.
    pub fn with_tag(mut self, key: &str, value: &str) -> Result<Self, OutboundError> {
        let index = self.tags.len();
        if index == Self::MAX_TAGS {
            return Err(RequestFault::TagCount {
                max: Self::MAX_TAGS,
            }
            .into());
        }
        let max = Self::MAX_TAG_KEY_CHARS;
        if !(1..=max).contains(&key.chars().count()) {
            return Err(RequestFault::TagKeyLength { index, max }.into());
        }
        let max = Self::MAX_TAG_VALUE_CHARS;
        if value.chars().count() > max {
            return Err(RequestFault::TagValueLength { index, max }.into());
        }
        if !key.chars().chain(value.chars()).all(is_tag_character) {
            return Err(RequestFault::TagCharacter { index }.into());
        }
        let folded = key.to_lowercase();
        if self
            .tags
            .iter()
            .any(|(other, _)| other.to_lowercase() == folded)
        {
            return Err(RequestFault::DuplicateTagKey { index }.into());
        }
        self.tags.push((key.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// The audiences, in their order.
    pub fn audiences(&self) -> impl ExactSizeIterator<Item = &str> {
        self.audiences.iter().map(String::as_str)
    }

    /// The algorithm, RS256 or ES384.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// From the token's `iat` to its `exp`.
    pub const fn duration(&self) -> Duration {
        self.duration
    }

    /// The tags, in their order.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.tags
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// The model's pattern: letters, separators, numbers, and `_ . : / = + - @`.
fn is_tag_character(char: char) -> bool {
    let separator = char.is_whitespace() && !char.is_control();
    char.is_alphanumeric() || separator || "_.:/=+-@".contains(char)
}
