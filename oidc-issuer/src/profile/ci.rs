//! A CI system of your own, described as data.
//!
//! ```
//! use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
//! use oidc_issuer::profile::ci::{Profile, TokenRequest};
//! use oidc_issuer::{Issuer, SigningKey, SystemRandom};
//!
//! let random = SystemRandom::new();
//! let profile = Profile::from_json(br#"{
//!     "audience": {"default": "https://ci.example", "max": 2},
//!     "lifetime_seconds": {"default": 300, "max": 3600},
//!     "algorithms": [{"audience": "sts.amazonaws.com", "algorithm": "ES384"}],
//!     "template": {
//!         "sub": {"text": ["repo:", {"from": "/repository"}, ":ref:", {"from": "/ref"}]},
//!         "claims": {"repository_id": {"from": "/repository_id", "type": "string"}}
//!     }
//! }"#)?;
//!
//! let context = br#"{"repository": "acme/web", "repository_id": "4217", "ref": "refs/heads/main"}"#;
//! let request = TokenRequest::new().with_audience("sts.amazonaws.com").with_lifetime_seconds(900);
//! let spec = profile.token_spec(context, &request, &random)?;
//! assert_eq!(spec.algorithm(), Some(Algorithm::Es384));
//!
//! let error = profile.token_spec(context, &request.with_lifetime_seconds(3_601), &random);
//! assert_eq!(error.unwrap_err().to_string(), "a lifetime of 3601 s is more than 3600 s");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The document
//!
//! | member | what it says | unless it is there |
//! |---|---|---|
//! | `template` | what the tokens say: a [`ClaimTemplate`] | an error |
//! | `audience.default` | the audience of a token that asks for none | a token must ask |
//! | `audience.allowed` | the audiences that may be asked for | any |
//! | `audience.max` | how many audiences a token may have, up to 10 | 1 |
//! | `lifetime_seconds.default` | the lifetime of a token that asks for none | 300 |
//! | `lifetime_seconds.max` | the longest lifetime that may be asked for | 3,600 |
//! | `algorithms` | for which audience which algorithm | the issuer's first |
//! | `not_before_backdate_seconds` | how long `nbf` lies before `iat` | no `nbf` |
//! | `max_payload_bytes` | the longest claims set | that of a token |
//!
//! Every token has a random `jti`.

use std::time::Duration;

use oidc_core::{Algorithm, Audience};
use serde::Deserialize;

use crate::jwt_id::JwtId;
use crate::random::{RandomError, SecureRandom};
use crate::template::{ClaimTemplate, ContextError};
use crate::token::{MAX_TOKEN_BYTES, TokenSpec, TokenSpecError};

/// What a CI system accepts and emits: see the [module](self).
#[derive(Clone, Debug)]
pub struct Profile {
    template: ClaimTemplate,
    default_audience: Option<String>,
    allowed_audiences: Option<Vec<String>>,
    max_audiences: usize,
    default_lifetime: Duration,
    max_lifetime: Duration,
    algorithms: Vec<(String, Algorithm)>,
    not_before_backdate: Option<Duration>,
    max_payload_bytes: usize,
}

/// What a job asks of its token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRequest {
    audiences: Vec<String>,
    lifetime_seconds: Option<u64>,
}

impl TokenRequest {
    /// Whatever the profile gives.
    pub fn new() -> TokenRequest {
        TokenRequest::default()
    }

    /// The same for this audience, beside those asked for already.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> TokenRequest {
        self.audiences.push(audience.into());
        self
    }

    /// The same with this lifetime.
    #[must_use]
    pub fn with_lifetime_seconds(mut self, seconds: u64) -> TokenRequest {
        self.lifetime_seconds = Some(seconds);
        self
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    template: ClaimTemplate,
    #[serde(default)]
    audience: AudienceDocument,
    #[serde(default)]
    lifetime_seconds: LifetimeDocument,
    #[serde(default)]
    algorithms: Vec<AlgorithmDocument>,
    not_before_backdate_seconds: Option<u64>,
    max_payload_bytes: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceDocument {
    default: Option<String>,
    allowed: Option<Vec<String>>,
    max: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LifetimeDocument {
    default: Option<u64>,
    max: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlgorithmDocument {
    audience: String,
    algorithm: String,
}

impl Profile {
    /// The longest lifetime that a job may ask for, unless the profile says otherwise.
    pub const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(3_600);

    /// Reads a profile as JSON, strictly.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] names the member.
    pub fn from_json(json: &[u8]) -> Result<Profile, ProfileError> {
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| ProfileError::Format(error.to_string()))?;
        Profile::checked(document)
    }

    fn checked(document: Document) -> Result<Profile, ProfileError> {
        let member = |member| ProfileError::Member { member };
        let AudienceDocument {
            default,
            allowed,
            max,
        } = document.audience;
        let max_audiences = max.unwrap_or(1);
        if !(1..=TokenSpec::MAX_AUDIENCES).contains(&max_audiences) {
            return Err(member("audience.max"));
        }
        let usable = |name: &String| TokenSpec::new("sub", name).is_ok();
        if default.as_ref().is_some_and(|name| !usable(name)) {
            return Err(member("audience.default"));
        }
        if let Some(allowed) = &allowed
            && (allowed.is_empty()
                || !allowed.iter().all(usable)
                || default.as_ref().is_some_and(|name| !allowed.contains(name)))
        {
            return Err(member("audience.allowed"));
        }
        let seconds = |given: Option<u64>, otherwise| given.map_or(otherwise, Duration::from_secs);
        let lifetime = document.lifetime_seconds;
        let default_lifetime = seconds(lifetime.default, TokenSpec::DEFAULT_LIFETIME);
        let max_lifetime = seconds(lifetime.max, Self::DEFAULT_MAX_LIFETIME);
        if max_lifetime > TokenSpec::MAX_LIFETIME {
            return Err(member("lifetime_seconds.max"));
        }
        if !(TokenSpec::MIN_LIFETIME..=max_lifetime).contains(&default_lifetime) {
            return Err(member("lifetime_seconds.default"));
        }
        let mut algorithms: Vec<(String, Algorithm)> = Vec::new();
        for AlgorithmDocument {
            audience,
            algorithm,
        } in document.algorithms
        {
            let known = algorithm.parse().map_err(|_| member("algorithms"))?;
            if algorithms.iter().any(|(other, _)| *other == audience) {
                return Err(member("algorithms"));
            }
            algorithms.push((audience, known));
        }
        let backdate = document
            .not_before_backdate_seconds
            .map(Duration::from_secs);
        if backdate.is_some_and(|backdate| backdate > TokenSpec::MAX_NOT_BEFORE_BACKDATE) {
            return Err(member("not_before_backdate_seconds"));
        }
        Ok(Profile {
            template: document.template,
            default_audience: default,
            allowed_audiences: allowed,
            max_audiences,
            default_lifetime,
            max_lifetime,
            algorithms,
            not_before_backdate: backdate,
            max_payload_bytes: document.max_payload_bytes.unwrap_or(MAX_TOKEN_BYTES),
        })
    }

    /// What its tokens say.
    pub const fn template(&self) -> &ClaimTemplate {
        &self.template
    }

    /// The token for a job of this context that asks for this.
    ///
    /// # Errors
    ///
    /// [`RequestError`] says what the job may not ask for, or what the context lacks.
    pub fn token_spec(
        &self,
        context: &[u8],
        request: &TokenRequest,
        random: &dyn SecureRandom,
    ) -> Result<TokenSpec, RequestError> {
        let audience = self.audience(request)?;
        let algorithm = self.algorithm(&audience)?;
        let asked = request.lifetime_seconds.map(Duration::from_secs);
        let lifetime = asked.unwrap_or(self.default_lifetime);
        if lifetime > self.max_lifetime {
            return Err(RequestError::Lifetime {
                given: lifetime,
                max: self.max_lifetime,
            });
        }
        let mut spec = self
            .template
            .token_spec(context, audience)?
            .with_lifetime(lifetime)?
            .with_jwt_id(JwtId::random(random)?)
            .with_max_payload_bytes(self.max_payload_bytes);
        if let Some(backdate) = self.not_before_backdate {
            spec = spec.with_not_before_backdate(backdate)?;
        }
        Ok(match algorithm {
            Some(algorithm) => spec.with_algorithm(algorithm),
            None => spec,
        })
    }

    fn audience(&self, request: &TokenRequest) -> Result<Audience, RequestError> {
        let asked = request.audiences.iter().map(String::as_str);
        let default = self.default_audience.as_deref();
        let default = default.filter(|_| request.audiences.is_empty());
        let names: Vec<&str> = asked.chain(default).collect();
        if names.len() > self.max_audiences {
            return Err(RequestError::TooManyAudiences {
                max: self.max_audiences,
            });
        }
        if let Some(allowed) = &self.allowed_audiences {
            let foreign = |name: &&str| !allowed.iter().any(|own| own == name);
            if let Some(index) = names.iter().position(foreign) {
                return Err(RequestError::AudienceNotAllowed { index });
            }
        }
        Audience::many(names).map_err(|_| RequestError::NoAudience)
    }

    /// The algorithm that every audience can take.
    fn algorithm(&self, audience: &Audience) -> Result<Option<Algorithm>, RequestError> {
        let of = |name: &str| {
            let mut rules = self.algorithms.iter();
            rules
                .find(|(own, _)| own == name)
                .map(|(_, algorithm)| *algorithm)
        };
        let mut wanted = audience.iter().map(of);
        let first = wanted.next().flatten();
        if wanted.all(|other| other == first) {
            Ok(first)
        } else {
            Err(RequestError::AlgorithmsDiffer)
        }
    }
}

/// Why a profile does not load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The document is not JSON of the right members.
    #[error("not a profile: {0}")]
    Format(String),
    /// A member is outside what it can be.
    #[error("`{member}` is outside what it can be")]
    #[non_exhaustive]
    Member {
        /// Which one.
        member: &'static str,
    },
}

impl ProfileError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "profile_format",
            Self::Member { .. } => "profile_member",
        }
    }
}

/// Why a job gets no token.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The audiences take different algorithms: ask for a token for each.
    #[error("the audiences take different algorithms")]
    AlgorithmsDiffer,
    /// An audience is not one that may be asked for.
    #[error("audience {index} may not be asked for")]
    #[non_exhaustive]
    AudienceNotAllowed {
        /// Its position, from zero.
        index: usize,
    },
    /// The context gives no token.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The lifetime is longer than may be asked for.
    #[error("a lifetime of {} s is more than {} s", given.as_secs(), max.as_secs())]
    #[non_exhaustive]
    Lifetime {
        /// What was asked for.
        given: Duration,
        /// The most.
        max: Duration,
    },
    /// There is no audience, or an empty one.
    #[error("no audience was asked for")]
    NoAudience,
    /// The random generator failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The token cannot say this.
    #[error(transparent)]
    Spec(#[from] TokenSpecError),
    /// More audiences than a token may have.
    #[error("more than {max} audiences")]
    #[non_exhaustive]
    TooManyAudiences {
        /// The most.
        max: usize,
    },
}

impl RequestError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmsDiffer => "algorithms_differ",
            Self::AudienceNotAllowed { .. } => "audience_not_allowed",
            Self::Context(error) => error.code(),
            Self::Lifetime { .. } => "lifetime",
            Self::NoAudience => "no_audience",
            Self::Random(error) => error.code(),
            Self::Spec(error) => error.code(),
            Self::TooManyAudiences { .. } => "too_many_audiences",
        }
    }
}
