//! AWS IAM outbound federation: what `sts:GetWebIdentityToken` accepts, and what its tokens say.
//!
//! ```
//! use std::time::Duration;
//! use oidc_core::{Algorithm, IssuerIdentifier, NumericDate};
//! use oidc_issuer::profile::aws_outbound::{Account, Caller, WebIdentityTokenRequest};
//! use oidc_issuer::{Issuer, JwtId, SigningKey, SystemRandom};
//!
//! let account = Account::new("111122223333")?;
//! let issuer = Issuer::builder(IssuerIdentifier::parse(
//!     "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws",
//! )?)
//! .key(SigningKey::generate(Algorithm::Es384, &SystemRandom::new())?.with_kid("EC384_1")?)
//! .build()?;
//! let now = NumericDate::from_seconds(1_790_000_000)?;
//!
//! let caller = Caller::role("arn:aws:iam::111122223333:role/ci/deployer", "eu-north-1")?
//!     .with_session_expiry(now.saturating_add(Duration::from_secs(3_600)))
//!     .with_ec2_instance("arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890");
//! let request = WebIdentityTokenRequest::new(["doppler"], "ES384")?
//!     .with_duration_seconds(600)?
//!     .with_tag("job-id", "42")?;
//!
//! let spec = account.token_spec(&caller, &request, JwtId::random(&SystemRandom::new())?, now)?;
//! let token = issuer.issue(&spec, now)?;
//! # assert_eq!(token.expires_at().as_seconds(), 1_790_000_600);
//!
//! let error = WebIdentityTokenRequest::new(["doppler"], "ES256").unwrap_err();
//! assert_eq!((error.aws_code(), error.http_status()), ("ValidationError", 400));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where it follows the service, and where it must choose
//!
//! | question | answer |
//! |---|---|
//! | audiences | 1 to 10 of 1 to 1,000 characters; one is a string in the token, several an array |
//! | algorithm | `RS256` or `ES384` |
//! | duration | 60 to 3,600 s, 300 unless asked |
//! | tags | 50 at most; keys of 1 to 128, values of 0 to 256 characters: letters, separators, digits and `_.:/=+-@`; keys differ in more than case |
//! | `sub` | the ARN of the role with its path, never that of the session |
//! | `jti` | always; there is no `nbf` |
//! | `ou_path` | an array, as real tokens have it; the documentation shows a string |
//! | a letter of a tag | what Unicode calls alphabetic, which includes a few marks that AWS refuses |
//! | the payload's limit | not published: 8 KiB unless it is set |

mod caller;
mod error;
mod request;

use oidc_core::{Audience, NumericDate};

use crate::jwt_id::JwtId;
use crate::token::TokenSpec;

pub use self::caller::{Caller, CallerError};
pub use self::error::{OutboundError, RequestFault};
pub use self::request::WebIdentityTokenRequest;

/// The claim that holds what AWS says beyond the registered claims. The slash at its end belongs
/// to it.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/";

/// An account that hands tokens to its workloads.
#[derive(Clone, Debug)]
pub struct Account {
    id: Box<str>,
    federation: Federation,
    max_payload_bytes: usize,
}

/// Whether an account hands out tokens. Those already issued stay valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Federation {
    Enabled,
    Disabled,
}

impl Account {
    /// The longest payload unless another limit is set. AWS publishes no number; this leaves room
    /// for the other claims beside some 4 kB of tags, and a token within the 8 kB that proxies
    /// allow a header is unlikely to need more.
    pub const DEFAULT_MAX_PAYLOAD_BYTES: usize = 8 * 1024;

    /// An account whose federation is enabled.
    ///
    /// # Errors
    ///
    /// [`CallerError::Account`] unless the id has 12 digits.
    pub fn new(id: &str) -> Result<Account, CallerError> {
        if !caller::is_account(id) {
            return Err(CallerError::Account);
        }
        Ok(Account {
            id: id.into(),
            federation: Federation::Enabled,
            max_payload_bytes: Self::DEFAULT_MAX_PAYLOAD_BYTES,
        })
    }

    /// The same with another limit of a token's payload, in bytes of JSON.
    #[must_use]
    pub fn with_max_payload_bytes(mut self, max: usize) -> Account {
        self.max_payload_bytes = max;
        self
    }

    /// Its 12 digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it hands out tokens, `JwtVendingEnabled`.
    pub fn is_enabled(&self) -> bool {
        self.federation == Federation::Enabled
    }

    /// From now on it hands out tokens.
    ///
    /// # Errors
    ///
    /// [`OutboundError::FeatureEnabled`] if it does already.
    pub fn enable(&mut self) -> Result<(), OutboundError> {
        match self.federation {
            Federation::Enabled => Err(OutboundError::FeatureEnabled),
            Federation::Disabled => {
                self.federation = Federation::Enabled;
                Ok(())
            }
        }
    }

    /// From now on it hands out none. Tokens already issued stay valid, and its keys published.
    ///
    /// # Errors
    ///
    /// [`OutboundError::FeatureDisabled`] if it does not already.
    pub fn disable(&mut self) -> Result<(), OutboundError> {
        match self.federation {
            Federation::Disabled => Err(OutboundError::FeatureDisabled),
            Federation::Enabled => {
                self.federation = Federation::Disabled;
                Ok(())
            }
        }
    }

    /// The token that this caller gets for this request at the time `now`.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Disabled`], [`OutboundError::SessionDurationEscalation`] when the token
    /// would outlive the caller's session, [`OutboundError::OtherAccount`] for a caller of another
    /// account. A payload above the limit is found when it is written: pass what
    /// [`Issuer::issue`](crate::Issuer::issue) answers through `OutboundError::from`.
    pub fn token_spec(
        &self,
        caller: &Caller,
        request: &WebIdentityTokenRequest,
        jwt_id: JwtId,
        now: NumericDate,
    ) -> Result<TokenSpec, OutboundError> {
        if self.federation == Federation::Disabled {
            return Err(OutboundError::Disabled);
        }
        if caller.account() != self.id() {
            return Err(OutboundError::OtherAccount);
        }
        let lifetime = request.duration();
        if let Some(expiry) = caller.session_expiry()
            && now.saturating_add(lifetime) > expiry
        {
            return Err(OutboundError::SessionDurationEscalation);
        }
        let audience = Audience::many(request.audiences()).map_err(|_| {
            OutboundError::Request(RequestFault::AudienceCount {
                max: WebIdentityTokenRequest::MAX_AUDIENCES,
            })
        })?;
        let spec = TokenSpec::for_audience(caller.subject(), audience)?
            .with_algorithm(request.algorithm())
            .with_lifetime(lifetime)?
            .with_jwt_id(jwt_id)
            .with_max_payload_bytes(self.max_payload_bytes)
            .with_claim(NAMESPACE, &caller.claims(request.tags()))?;
        Ok(spec)
    }
}
