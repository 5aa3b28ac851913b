//! CircleCI: the tokens of a job, per organisation or from the root issuer.
//!
//! ```
//! use std::time::Duration;
//! use oidc_core::{Algorithm, NumericDate};
//! use oidc_issuer::profile::circleci::{self, Job, SubjectFormat, TokenRequest};
//! use oidc_issuer::{Issuer, SigningKey, SystemRandom};
//!
//! let job = Job::from_json(br#"{
//!     "organization": "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11",
//!     "project": "2b9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a01",
//!     "user": "77aa1c52-0a6a-4a59-b5a5-6b8f0c3d9e02",
//!     "pipeline": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
//!     "pipeline_definition": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
//!     "workflow": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
//!     "job": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
//!     "contexts": ["c1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b07"],
//!     "vcs": {"origin": "github.com/acme/web", "ref": "refs/heads/main"}
//! }"#)?;
//!
//! let issuer = Issuer::builder(circleci::organization_issuer(job.organization())?)
//!     .key(SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new())?)
//!     .build()?;
//! assert_eq!(issuer.id().as_str(), "https://oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11");
//!
//! // `circleci run oidc get --claims '{"aud":"sts.amazonaws.com"}'`, with the organisation's ttl.
//! let request = TokenRequest::new(SubjectFormat::V2)
//!     .with_claims_json(br#"{"aud": "sts.amazonaws.com"}"#)?
//!     .with_ttl("1h30m")?;
//! let spec = job.token_spec(&request)?;
//! assert!(spec.subject().ends_with("/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main"));
//! let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
//! # assert_eq!(token.expires_at().as_seconds(), 1_790_005_400);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `CircleCI` itself signs with RS256 and one key of 2,048 bits; its JWK Set is at
//! [`JWKS_PATH`] below the issuer.

use std::time::Duration;

use oidc_core::{Audience, IssuerIdentifier, IssuerIdentifierError};
use serde::Deserialize;
use serde_json::json;

use super::go_duration::{GoDurationError, parse_go_duration};
use crate::token::{TokenSpec, TokenSpecError};

/// The issuer of tokens that are asked for with `--root-issuer`, and the stem of the others.
pub const ROOT_ISSUER: &str = "https://oidc.circleci.com";

/// Where the JWK Set is, below the issuer.
pub const JWKS_PATH: &str = "/.well-known/jwks-pub.json";

/// How long a token lives unless the organisation or the project has set another ttl.
pub const DEFAULT_TTL: Duration = Duration::from_secs(3_600);

/// The issuer of an organisation's tokens.
///
/// # Errors
///
/// [`IssuerIdentifierError`], which no organisation of a [`Job`] brings about.
pub fn organization_issuer(organization: &str) -> Result<IssuerIdentifier, IssuerIdentifierError> {
    IssuerIdentifier::parse(&format!("{ROOT_ISSUER}/org/{organization}"))
}

/// The issuer of an organisation's tokens below a root of your own, as a CircleCI server has one.
///
/// ```
/// use oidc_core::IssuerIdentifier;
/// use oidc_issuer::profile::circleci;
///
/// let root = IssuerIdentifier::parse("https://ci.example")?;
/// let organization = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
/// let issuer = circleci::organization_issuer_below(&root, organization)?;
/// assert_eq!(issuer.as_str(), format!("https://ci.example/org/{organization}"));
/// assert_eq!(circleci::jwks_uri(&issuer), format!("{issuer}/.well-known/jwks-pub.json"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`JobError::Uuid`] unless `organization` is a UUID in lower case, and [`JobError::Issuer`] when
/// the root leaves no room for it.
pub fn organization_issuer_below(
    root: &IssuerIdentifier,
    organization: &str,
) -> Result<IssuerIdentifier, JobError> {
    uuid("organization", organization)?;
    let id = format!("{}/org/{organization}", without_slash(root));
    let below = if root.is_loopback() {
        IssuerIdentifier::loopback(&id)
    } else {
        IssuerIdentifier::parse(&id)
    };
    below.map_err(JobError::Issuer)
}

/// Where the JWK Set of such an issuer is: at [`JWKS_PATH`] below it.
pub fn jwks_uri(issuer: &IssuerIdentifier) -> String {
    [without_slash(issuer), JWKS_PATH].concat()
}

fn without_slash(issuer: &IssuerIdentifier) -> &str {
    issuer.as_str().strip_suffix('/').unwrap_or(issuer.as_str())
}

/// The token for the export of an organisation's audit logs, which is about no job.
///
/// # Errors
///
/// [`JobError::Uuid`] unless `organization` is a UUID in lower case.
pub fn audit_log_token_spec(organization: &str) -> Result<TokenSpec, JobError> {
    uuid("organization", organization)?;
    let subject = format!("org/{organization}/file-streaming/audit-logs");
    Ok(TokenSpec::new(&subject, organization)?.with_lifetime(DEFAULT_TTL)?)
}

/// A job, as the CI system knows it.
#[derive(Clone, Debug)]
pub struct Job(Description);

/// A job as it is written; a [`Job`] once it has been checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    organization: String,
    project: String,
    user: String,
    pipeline: String,
    pipeline_definition: String,
    workflow: String,
    #[serde(rename = "job")]
    id: String,
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    ssh_rerun: bool,
    /// Absent for a custom webhook.
    vcs: Option<Vcs>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vcs {
    origin: String,
    r#ref: String,
}

/// What a token says after the user in its `sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectFormat {
    /// `org/…/project/…/user/…`, `CIRCLE_OIDC_TOKEN`.
    V1,
    /// That, and where the code comes from: `…/vcs-origin/…/vcs-ref/…`, `CIRCLE_OIDC_TOKEN_V2`. The
    /// same as version 1 for a job of a custom webhook, which comes from nowhere.
    V2,
}

/// What may be asked of a job's token.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    format: SubjectFormat,
    audience: Option<Audience>,
    ttl: Duration,
}

/// All that `--claims` may set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomClaims {
    aud: Audience,
}

impl TokenRequest {
    /// A token for the organisation itself as audience, with the default ttl.
    pub const fn new(format: SubjectFormat) -> TokenRequest {
        TokenRequest {
            format,
            audience: None,
            ttl: DEFAULT_TTL,
        }
    }

    /// The same for another audience; settings of an organisation or a project may list several.
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> TokenRequest {
        self.audience = Some(audience);
        self
    }

    /// The same with the claims of `--claims`, a JSON object in which only `aud` can be set.
    ///
    /// # Errors
    ///
    /// [`JobError::Claims`].
    pub fn with_claims_json(self, json: &[u8]) -> Result<TokenRequest, JobError> {
        let CustomClaims { aud } =
            serde_json::from_slice(json).map_err(|error| JobError::Claims(error.to_string()))?;
        Ok(self.with_audience(aud))
    }

    /// The same with this ttl, as Go writes a duration: `1h30m`. Days and weeks, which are in the
    /// published pattern of the setting, are refused as by the service.
    ///
    /// # Errors
    ///
    /// [`JobError::Ttl`], and [`JobError::Spec`] for one that no token has.
    pub fn with_ttl(mut self, ttl: &str) -> Result<TokenRequest, JobError> {
        let given = parse_go_duration(ttl)?;
        let (min, max) = (TokenSpec::MIN_LIFETIME, TokenSpec::MAX_LIFETIME);
        if !(min..=max).contains(&given) {
            return Err(TokenSpecError::Lifetime { given, min, max }.into());
        }
        self.ttl = given;
        Ok(self)
    }
}

impl Job {
    /// The most contexts of one job.
    pub const MAX_CONTEXTS: usize = 100;

    /// Reads a job as JSON, strictly.
    ///
    /// # Errors
    ///
    /// [`JobError`] names the member.
    pub fn from_json(json: &[u8]) -> Result<Job, JobError> {
        let job: Description =
            serde_json::from_slice(json).map_err(|error| JobError::Format(error.to_string()))?;
        for (member, text) in [
            ("organization", &job.organization),
            ("project", &job.project),
            ("user", &job.user),
            ("pipeline", &job.pipeline),
            ("pipeline_definition", &job.pipeline_definition),
            ("workflow", &job.workflow),
            ("job", &job.id),
        ] {
            uuid(member, text)?;
        }
        if job.contexts.len() > Self::MAX_CONTEXTS {
            return Err(JobError::TooManyContexts {
                max: Self::MAX_CONTEXTS,
            });
        }
        for context in &job.contexts {
            uuid("contexts", context)?;
        }
        if let Some(Vcs { origin, r#ref }) = &job.vcs {
            // A subject is read from its markers: none may stand inside a part.
            let plain = |text: &str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_graphic())
                    && !text.contains("/vcs-ref/")
                    && !text.contains("/vcs-origin/")
            };
            if !plain(origin) || origin.contains("://") {
                return Err(JobError::VcsOrigin);
            }
            if !plain(r#ref) || !r#ref.starts_with("refs/") {
                return Err(JobError::VcsRef);
            }
        }
        Ok(Job(job))
    }

    /// The organisation's UUID.
    pub fn organization(&self) -> &str {
        &self.0.organization
    }

    /// The `sub` of its tokens. Origin and ref stand in it as they are, slashes and all.
    pub fn subject(&self, format: SubjectFormat) -> String {
        let Description {
            organization,
            project,
            user,
            vcs,
            ..
        } = &self.0;
        let v1 = format!("org/{organization}/project/{project}/user/{user}");
        match (format, vcs) {
            (SubjectFormat::V2, Some(Vcs { origin, r#ref })) => {
                format!("{v1}/vcs-origin/{origin}/vcs-ref/{ref}")
            }
            (SubjectFormat::V1, _) | (SubjectFormat::V2, None) => v1,
        }
    }

    /// The token that this job gets for this request.
    ///
    /// # Errors
    ///
    /// [`JobError::Spec`] for what a token cannot say, such as a subject that is too long.
    pub fn token_spec(&self, request: &TokenRequest) -> Result<TokenSpec, JobError> {
        let job = &self.0;
        let subject = self.subject(request.format);
        let spec = match &request.audience {
            Some(audience) => TokenSpec::for_audience(&subject, audience.clone())?,
            None => TokenSpec::new(&subject, &job.organization)?,
        };
        let mut spec = spec.with_lifetime(request.ttl)?;
        for (name, value) in [
            ("project-id", &job.project),
            ("org-id", &job.organization),
            ("pipeline-id", &job.pipeline),
            ("workflow-id", &job.workflow),
            ("job-id", &job.id),
            ("pipeline-definition-id", &job.pipeline_definition),
        ] {
            spec = spec.with_claim(&claim(name), value)?;
        }
        if !job.contexts.is_empty() {
            spec = spec.with_claim(&claim("context-ids"), &job.contexts)?;
        }
        spec = spec.with_claim(&claim("ssh-rerun"), &json!(job.ssh_rerun))?;
        if let Some(Vcs { origin, r#ref }) = &job.vcs {
            spec = spec
                .with_claim(&claim("vcs-origin"), origin)?
                .with_claim(&claim("vcs-ref"), r#ref)?;
        }
        Ok(spec)
    }
}

/// A claim of its own: the slash and the dots belong to the name.
fn claim(name: &str) -> String {
    format!("oidc.circleci.com/{name}")
}

/// A UUID as CircleCI writes it: 8-4-4-4-12 hexadecimal digits in lower case.
fn uuid(member: &'static str, text: &str) -> Result<(), JobError> {
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let well_formed = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => digits(byte),
        });
    if well_formed {
        Ok(())
    } else {
        Err(JobError::Uuid { member })
    }
}

/// Why a job has no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The custom claims are no JSON object of `aud` alone.
    #[error("custom claims are an object with `aud` and nothing else: {0}")]
    Claims(String),
    /// The description of the job is not JSON of the right members.
    #[error("not the description of a job: {0}")]
    Format(String),
    /// The organisation has no issuer below this root.
    #[error("the organisation has no issuer below this root")]
    Issuer(#[source] IssuerIdentifierError),
    /// The token cannot say this.
    #[error(transparent)]
    Spec(#[from] TokenSpecError),
    /// More contexts than a job has.
    #[error("more than {max} contexts")]
    #[non_exhaustive]
    TooManyContexts {
        /// [`Job::MAX_CONTEXTS`].
        max: usize,
    },
    /// The ttl is no duration.
    #[error("`ttl` is no duration")]
    Ttl(#[from] GoDurationError),
    /// A member is not a UUID in lower case.
    #[error("`{member}` is no UUID")]
    #[non_exhaustive]
    Uuid {
        /// The member.
        member: &'static str,
    },
    /// The origin is no `host/owner/name` without a scheme.
    #[error("`vcs.origin` is no repository without a scheme")]
    VcsOrigin,
    /// The ref does not begin with `refs/`, or has what no ref has.
    #[error("`vcs.ref` is no full name of a ref")]
    VcsRef,
}

impl JobError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Claims(_) => "custom_claims",
            Self::Format(_) => "job_format",
            Self::Issuer(_) => "organization_issuer",
            Self::Spec(error) => error.code(),
            Self::TooManyContexts { .. } => "too_many_contexts",
            Self::Ttl(error) => error.code(),
            Self::Uuid { .. } => "uuid",
            Self::VcsOrigin => "vcs_origin",
            Self::VcsRef => "vcs_ref",
        }
    }
}
