//! What a token shall say.

use core::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use jsonptr::ScanBuffer;
use oidc_core::{Algorithm, Audience, ClaimsError, ClaimsScanner, NumericDate};
use serde::Serialize;

use super::error::TokenSpecError;
use super::{MAX_TOKEN_BYTES, reserved};
use crate::document::push_json_string;
use crate::jwt_id::JwtId;

/// What a token shall say: who it is about, who it is for, for how long, and what else.
///
/// The issuer adds `iss`, `iat` and `exp`, and signs; see [`Issuer::issue`](crate::Issuer::issue).
/// One value serves any number of tokens.
///
/// Every value is checked and written as JSON when it is set, once. So an error is found before
/// the first token, and issuing copies bytes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use oidc_issuer::TokenSpec;
/// use serde_json::json;
///
/// let spec = TokenSpec::new("job-42", "https://deploy.example")?
///     .with_lifetime(Duration::from_secs(600))?
///     .with_claim("https://ci.example/", &json!({ "ref": "refs/heads/main", "attempt": 1 }))?;
///
/// // The issuer alone says who it is.
/// assert!(spec.clone().with_claim("iss", "https://evil.example").is_err());
/// # Ok::<(), oidc_issuer::TokenSpecError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TokenSpec {
    algorithm: Option<Algorithm>,
    subject: String,
    audience: Audience,
    lifetime: Duration,
    not_before_backdate: Option<Duration>,
    jwt_id: Option<JwtId>,
    /// `"sub":…,"aud":…`
    who: String,
    /// `,"name":value` for each custom claim.
    claims: String,
    /// Shared by all tokens of one template.
    claim_names: Arc<Vec<String>>,
    max_payload_bytes: usize,
}

impl TokenSpec {
    /// The lifetime unless another is asked for, and that of AWS, GitHub and SPIRE tokens.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

    /// The shortest lifetime.
    pub const MIN_LIFETIME: Duration = Duration::from_secs(1);

    /// The longest lifetime: a day. What lives longer is a stored secret.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// The most that `nbf` lies before `iat`: what relying parties commonly allow for clocks.
    pub const MAX_NOT_BEFORE_BACKDATE: Duration = Duration::from_secs(300);

    /// The longest `sub`, in bytes.
    pub const MAX_SUBJECT_BYTES: usize = 1024;

    /// The most audiences of one token, as AWS has it.
    pub const MAX_AUDIENCES: usize = 10;

    /// The longest audience, in bytes: the 1,000 characters that AWS takes, of up to four bytes.
    pub const MAX_AUDIENCE_BYTES: usize = ClaimsScanner::MAX_AUD_BYTES;

    /// The most custom claims.
    pub const MAX_CLAIMS: usize = 64;

    /// The longest name of a custom claim, in bytes.
    pub const MAX_CLAIM_NAME_BYTES: usize = 256;

    /// A token about `subject` for one audience, which is a string in the token.
    ///
    /// # Errors
    ///
    /// [`TokenSpecError::Subject`] unless it is 1 to
    /// [`MAX_SUBJECT_BYTES`](Self::MAX_SUBJECT_BYTES) bytes without control characters;
    /// [`TokenSpecError::Audience`] for an empty or too long audience.
    pub fn new(subject: &str, audience: &str) -> Result<TokenSpec, TokenSpecError> {
        let audience = Audience::one(audience).map_err(|_| TokenSpecError::audience(0))?;
        TokenSpec::for_audience(subject, audience)
    }

    /// A token about `subject` for one audience or several; several are an array in the token
    /// (RFC 7519 section 4.1.3), in their order.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`TokenSpecError::TooManyAudiences`] and
    /// [`TokenSpecError::DuplicateAudience`].
    pub fn for_audience(subject: &str, audience: Audience) -> Result<TokenSpec, TokenSpecError> {
        TokenSpec::about(subject.to_owned(), audience)
    }

    pub(crate) fn about(subject: String, audience: Audience) -> Result<TokenSpec, TokenSpecError> {
        let length = subject.len();
        let control = subject.chars().any(char::is_control);
        if length == 0 || length > Self::MAX_SUBJECT_BYTES || control {
            return Err(TokenSpecError::Subject {
                max: Self::MAX_SUBJECT_BYTES,
            });
        }
        check_audience(&audience)?;
        let audience_json = to_json("aud", &audience)?;
        let names = "\"sub\":\"\",\"aud\":".len();
        let room = [names, length, audience_json.len()];
        let mut who = String::with_capacity(room.into_iter().fold(0, usize::saturating_add));
        who.push_str("\"sub\":");
        push_json_string(&subject, &mut who);
        who.push_str(",\"aud\":");
        who.push_str(&audience_json);
        Ok(TokenSpec {
            algorithm: None,
            subject,
            audience,
            lifetime: Self::DEFAULT_LIFETIME,
            not_before_backdate: None,
            jwt_id: None,
            who,
            claims: String::new(),
            claim_names: Arc::default(),
            max_payload_bytes: MAX_TOKEN_BYTES,
        })
    }

    /// The same, signed with this algorithm instead of the issuer's first.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> TokenSpec {
        self.algorithm = Some(algorithm);
        self
    }

    /// The same, expiring this long after it is issued. A fraction of a second is cut off.
    ///
    /// # Errors
    ///
    /// [`TokenSpecError::Lifetime`] outside [`MIN_LIFETIME`](Self::MIN_LIFETIME) to
    /// [`MAX_LIFETIME`](Self::MAX_LIFETIME).
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<TokenSpec, TokenSpecError> {
        let (min, max) = (Self::MIN_LIFETIME, Self::MAX_LIFETIME);
        if !(min..=max).contains(&lifetime) {
            return Err(TokenSpecError::Lifetime {
                given: lifetime,
                min,
                max,
            });
        }
        self.lifetime = Duration::from_secs(lifetime.as_secs());
        Ok(self)
    }

    /// The same with an `nbf` claim, this long before `iat`. A fraction of a second is cut off.
    ///
    /// Without this call there is no `nbf`: the token is valid from its issue, and a relying party
    /// whose clock is behind allows for that by its leeway.
    ///
    /// # Errors
    ///
    /// [`TokenSpecError::NotBefore`] above
    /// [`MAX_NOT_BEFORE_BACKDATE`](Self::MAX_NOT_BEFORE_BACKDATE).
    pub fn with_not_before_backdate(
        mut self,
        backdate: Duration,
    ) -> Result<TokenSpec, TokenSpecError> {
        let max = Self::MAX_NOT_BEFORE_BACKDATE;
        if backdate > max {
            return Err(TokenSpecError::NotBefore {
                given: backdate,
                max,
            });
        }
        self.not_before_backdate = Some(Duration::from_secs(backdate.as_secs()));
        Ok(self)
    }

    /// The same with this `jti`. It is for one token: set another before the next.
    pub fn with_jwt_id(mut self, jwt_id: JwtId) -> TokenSpec {
        self.jwt_id = Some(jwt_id);
        self
    }

    /// Sets the `jti` of the next token.
    pub fn set_jwt_id(&mut self, jwt_id: JwtId) {
        self.jwt_id = Some(jwt_id);
    }

    /// The same with one more claim, after those there are. The value is anything that `serde` can
    /// write as JSON.
    ///
    /// The registered claims that the issuer answers for cannot be set: `iss`, `sub`, `aud`,
    /// `exp`, `nbf`, `iat`, `jti` (RFC 7519 section 4.1) and `cnf` (RFC 7800), which would bind
    /// the token to a key that nobody has checked. Nor can a name that differs from one of them
    /// only in case, because some JSON readers take it for the same.
    ///
    /// # Errors
    ///
    /// [`TokenSpecError::ReservedClaim`], [`TokenSpecError::DuplicateClaim`],
    /// [`TokenSpecError::ClaimName`], [`TokenSpecError::TooManyClaims`]; and for a value that
    /// does not serialize, or that a strict reader would refuse, such as a map that writes one
    /// name twice, [`TokenSpecError::ClaimValue`] and [`TokenSpecError::ClaimJson`].
    pub fn with_claim<V>(mut self, name: &str, value: &V) -> Result<TokenSpec, TokenSpecError>
    where
        V: Serialize + ?Sized,
    {
        check_claim_name(name, &self.claim_names)?;
        let member = format!("{}:{}", to_json(name, name)?, to_json(name, value)?);
        if self.claims.len().saturating_add(member.len()) > MAX_TOKEN_BYTES {
            return Err(TokenSpecError::TooLong {
                max: MAX_TOKEN_BYTES,
            });
        }
        check_strict(name, &member)?;
        self.claims.push(',');
        self.claims.push_str(&member);
        Arc::make_mut(&mut self.claim_names).push(name.to_owned());
        Ok(self)
    }

    /// The same, for a token whose claims set has at most so many bytes of JSON: there is no
    /// [`IssueError::PayloadTooLong`](crate::IssueError::PayloadTooLong) otherwise, only the limit
    /// of the whole token, [`MAX_TOKEN_BYTES`].
    pub fn with_max_payload_bytes(mut self, max: usize) -> TokenSpec {
        self.max_payload_bytes = max;
        self
    }

    /// The same with claims that a template has checked and written: `,"name":value` for each of
    /// these names.
    pub(crate) fn with_written_claims(
        mut self,
        claims: String,
        names: &Arc<Vec<String>>,
    ) -> Result<TokenSpec, TokenSpecError> {
        if claims.len() > MAX_TOKEN_BYTES {
            return Err(TokenSpecError::TooLong {
                max: MAX_TOKEN_BYTES,
            });
        }
        self.claims = claims;
        self.claim_names = Arc::clone(names);
        Ok(self)
    }

    /// The algorithm asked for, if any.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The `sub` claim.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The `aud` claim.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// From `iat` to `exp`, in whole seconds.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// From `nbf` to `iat`, in whole seconds; without it there is no `nbf`.
    pub fn not_before_backdate(&self) -> Option<Duration> {
        self.not_before_backdate
    }

    /// The `jti` claim, if any.
    pub fn jwt_id(&self) -> Option<&JwtId> {
        self.jwt_id.as_ref()
    }

    /// The most bytes of its claims set.
    pub(crate) fn max_payload_bytes(&self) -> usize {
        self.max_payload_bytes
    }

    /// The names of the custom claims, in their order.
    pub fn claim_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.claim_names.iter().map(String::as_str)
    }

    /// The claims set as JSON. `issuer` is the `iss` claim as a JSON string.
    pub(crate) fn payload(&self, issuer: &str, iat: NumericDate, exp: NumericDate) -> String {
        // Names, punctuation, three times of up to 12 digits, a `jti` of 36 characters.
        let fixed = 160_usize;
        let length = [issuer.len(), self.who.len(), self.claims.len()]
            .into_iter()
            .fold(fixed, usize::saturating_add);
        let mut json = String::with_capacity(length);
        json.push_str("{\"iss\":");
        json.push_str(issuer);
        json.push(',');
        json.push_str(&self.who);
        push_time(&mut json, ",\"exp\":", exp);
        if let Some(backdate) = self.not_before_backdate {
            push_time(&mut json, ",\"nbf\":", iat.saturating_sub(backdate));
        }
        push_time(&mut json, ",\"iat\":", iat);
        if let Some(jwt_id) = &self.jwt_id {
            json.push_str(",\"jti\":");
            json.push_str(jwt_id.as_json());
        }
        json.push_str(&self.claims);
        json.push('}');
        json
    }
}

/// The claims' names, but not their values, which may be personal.
impl fmt::Debug for TokenSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSpec")
            .field("algorithm", &self.algorithm)
            .field("subject", &self.subject)
            .field("audience", &self.audience)
            .field("lifetime", &self.lifetime)
            .field("not_before_backdate", &self.not_before_backdate)
            .field("jwt_id", &self.jwt_id)
            .field("claim_names", &self.claim_names)
            .finish_non_exhaustive()
    }
}

/// Whether a custom claim may have this name, beside those that there are.
pub(crate) fn check_claim_name(name: &str, others: &[String]) -> Result<(), TokenSpecError> {
    let control = name.chars().any(char::is_control);
    if name.is_empty() || name.len() > TokenSpec::MAX_CLAIM_NAME_BYTES || control {
        return Err(TokenSpecError::ClaimName {
            max: TokenSpec::MAX_CLAIM_NAME_BYTES,
        });
    }
    let owned = || name.to_owned();
    if reserved::is_reserved(name) {
        return Err(TokenSpecError::ReservedClaim { name: owned() });
    }
    if others.iter().any(|other| other == name) {
        return Err(TokenSpecError::DuplicateClaim { name: owned() });
    }
    if others.len() >= TokenSpec::MAX_CLAIMS {
        return Err(TokenSpecError::TooManyClaims {
            max: TokenSpec::MAX_CLAIMS,
        });
    }
    Ok(())
}

fn check_audience(audience: &Audience) -> Result<(), TokenSpecError> {
    if audience.iter().len() > TokenSpec::MAX_AUDIENCES {
        return Err(TokenSpecError::TooManyAudiences {
            max: TokenSpec::MAX_AUDIENCES,
        });
    }
    for (index, name) in audience.iter().enumerate() {
        if name.len() > TokenSpec::MAX_AUDIENCE_BYTES || name.chars().any(char::is_control) {
            return Err(TokenSpecError::audience(index));
        }
        if audience.iter().take(index).any(|other| other == name) {
            return Err(TokenSpecError::DuplicateAudience { index });
        }
    }
    Ok(())
}

fn to_json<V: Serialize + ?Sized>(name: &str, value: &V) -> Result<String, TokenSpecError> {
    serde_json::to_string(value).map_err(|_| TokenSpecError::ClaimValue {
        name: name.to_owned(),
    })
}

/// Reads the member as a verifier will: no name twice at any level, and nested no deeper than
/// [`ClaimsScanner::MAX_DEPTH`].
fn check_strict(name: &str, member: &str) -> Result<(), TokenSpecError> {
    let object = format!("{{{member}}}");
    let mut buffer = ScanBuffer::new();
    match ClaimsScanner::registered().scan(object.as_bytes(), &mut buffer) {
        Ok(_) => Ok(()),
        Err(ClaimsError::Json(source)) => Err(TokenSpecError::ClaimJson {
            name: name.to_owned(),
            source,
        }),
        Err(_) => Err(TokenSpecError::ClaimValue {
            name: name.to_owned(),
        }),
    }
}

fn push_time(json: &mut String, name: &str, time: NumericDate) {
    json.push_str(name);
    // Writing to a `String` cannot fail.
    let _ = write!(json, "{}", time.as_seconds());
}
