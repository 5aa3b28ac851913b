//! The claims of a token, by where they come from.

use std::time::Duration;

use oidc_core::Audience;
use serde_json::{Map, Value};

use crate::token::{TokenSpec, TokenSpecError};

/// The claims of a token, by where they come from.
///
/// Later ones win: those of the provider, those of the token, and the name of a directory, if the
/// token's path has a parameter. The times are always the issuer's.
///
/// ```
/// use oidc_issuer::profile::diridp::TokenClaims;
/// use serde_json::json;
///
/// let claims = TokenClaims::new()
///     .with_provider_claims(json!({"aud": "sts.amazonaws.com", "team": "web"}))?
///     .with_token_claims(json!({"team": "data"}))?
///     .with_path_parameter("sub", "my-application")?;
/// let spec = claims.token_spec()?;
/// assert_eq!(spec.subject(), "my-application");
/// assert_eq!(spec.audience().iter().collect::<Vec<_>>(), ["sts.amazonaws.com"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TokenClaims {
    claims: Map<String, Value>,
}

impl TokenClaims {
    /// The lifetime of a token unless it is configured.
    pub const DEFAULT_LIFESPAN: Duration = Duration::from_secs(3_600);

    /// How long `nbf` lies before `iat` unless it is configured.
    pub const DEFAULT_NBF_MARGIN: Duration = Duration::from_secs(5);

    /// The longest name of a directory that becomes a claim, in bytes.
    pub const MAX_PARAMETER_BYTES: usize = 255;

    /// No claims yet.
    pub fn new() -> TokenClaims {
        TokenClaims::default()
    }

    /// The same with the claims of the provider: an object.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::NotAnObject`], [`ClaimsError::Reserved`].
    pub fn with_provider_claims(self, claims: Value) -> Result<TokenClaims, ClaimsError> {
        self.over(claims)
    }

    /// The same with the claims of the token, which win over those of the provider.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::NotAnObject`], [`ClaimsError::Reserved`].
    pub fn with_token_claims(self, claims: Value) -> Result<TokenClaims, ClaimsError> {
        self.over(claims)
    }

    /// The same with the name of a directory as the claim `name`, which wins over all others.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::Parameter`] for a name of a directory that is no subject, and
    /// [`ClaimsError::Reserved`].
    ///
    /// # Security
    ///
    /// Whoever may make a directory there chooses the claim's value, within these characters.
    pub fn with_path_parameter(
        mut self,
        name: &str,
        directory: &str,
    ) -> Result<TokenClaims, ClaimsError> {
        reserved(name)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        let length = (1..=Self::MAX_PARAMETER_BYTES).contains(&directory.len());
        if !length || directory.starts_with('.') || !directory.bytes().all(plain) {
            return Err(ClaimsError::Parameter);
        }
        let value = Value::String(directory.to_owned());
        self.claims.insert(name.to_owned(), value);
        Ok(self)
    }

    fn over(mut self, claims: Value) -> Result<TokenClaims, ClaimsError> {
        let Value::Object(claims) = claims else {
            return Err(ClaimsError::NotAnObject);
        };
        for (name, value) in claims {
            reserved(&name)?;
            self.claims.insert(name, value);
        }
        Ok(self)
    }

    /// The token with these claims, of the default lifespan and `nbf` margin.
    ///
    /// # Errors
    ///
    /// [`ClaimsError::Missing`] without `sub` or `aud`, [`ClaimsError::Kind`] if they are no
    /// strings (`aud` may be a list of them), [`ClaimsError::Spec`].
    pub fn token_spec(&self) -> Result<TokenSpec, ClaimsError> {
        let get = |claim: &'static str| {
            let value = self.claims.get(claim);
            value.ok_or(ClaimsError::Missing { claim })
        };
        let subject = get("sub")?
            .as_str()
            .ok_or(ClaimsError::Kind { claim: "sub" })?;
        let audience: Audience = serde_json::from_value(get("aud")?.clone())
            .map_err(|_| ClaimsError::Kind { claim: "aud" })?;
        let mut spec = TokenSpec::for_audience(subject, audience)?
            .with_lifetime(Self::DEFAULT_LIFESPAN)?
            .with_not_before_backdate(Self::DEFAULT_NBF_MARGIN)?;
        for (name, value) in &self.claims {
            if name != "sub" && name != "aud" {
                spec = spec.with_claim(name, value)?;
            }
        }
        Ok(spec)
    }
}

/// The issuer's own claims. Other reserved names are refused when the token is described.
fn reserved(name: &str) -> Result<(), ClaimsError> {
    match ["exp", "iat", "iss", "jti", "nbf"]
        .into_iter()
        .find(|claim| *claim == name)
    {
        Some(claim) => Err(ClaimsError::Reserved { claim }),
        None => Ok(()),
    }
}

/// Why claims make no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The claim is not of its kind.
    #[error("claim `{claim}` is not of its kind")]
    #[non_exhaustive]
    Kind {
        /// `sub` or `aud`.
        claim: &'static str,
    },
    /// The claim is not there.
    #[error("claim `{claim}` is missing")]
    #[non_exhaustive]
    Missing {
        /// `sub` or `aud`.
        claim: &'static str,
    },
    /// Claims are an object.
    #[error("claims are not an object")]
    NotAnObject,
    /// The name of the directory cannot be a claim.
    #[error(
        "name of a directory is not 1 to 255 letters, digits and `._@+-`, or begins with a dot"
    )]
    Parameter,
    /// Only the issuer sets this claim.
    #[error("claim `{claim}` is set by the issuer")]
    #[non_exhaustive]
    Reserved {
        /// The claim.
        claim: &'static str,
    },
    /// The token cannot say this.
    #[error(transparent)]
    Spec(#[from] TokenSpecError),
}

impl ClaimsError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "claim_kind",
            Self::Missing { .. } => "claim_missing",
            Self::NotAnObject => "claims_not_an_object",
            Self::Parameter => "path_parameter",
            Self::Reserved { .. } => "reserved_claim",
            Self::Spec(error) => error.code(),
        }
    }
}
