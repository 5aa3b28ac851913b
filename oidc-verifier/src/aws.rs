//! A relying party that is to its callers what AWS is to the workloads of an IAM OIDC provider:
//! the registration of the provider, what its tokens ask for, and the errors of
//! `AssumeRoleWithWebIdentity`.
//!
//! The tokens are judged by [`Profile::aws_sts`](crate::Profile::aws_sts), the trust policies of
//! roles by [`policy::aws`](crate::policy::aws). Nothing here calls AWS: it is for services that must answer as AWS does, and for
//! tests of what AWS would answer. The example `assume_role` is such a service, which the AWS CLI and
//! SDKs take for AWS STS: [Let tokens assume roles].
//!
//! [Let tokens assume roles]: https://github.com/workload-identity/workload-identity/blob/main/docs/assume-role.md
//!
#![cfg_attr(
    any(feature = "aws-lc-rs", feature = "ring"),
    doc = r#"
```
use oidc_verifier::aws::{IdentityProvider, SessionDuration, StsError, WebIdentity};
use oidc_verifier::{JwkSet, NumericDate, Verifier};

# fn main() -> Result<(), Box<dyn std::error::Error>> {
# let (jwks, token) = mint()?;
// As it is registered with IAM.
let provider = IdentityProvider::new("111122223333", "https://ci.example/org/42", ["sts.amazonaws.com"])?;
assert_eq!(provider.arn(), "arn:aws:iam::111122223333:oidc-provider/ci.example/org/42");
assert_eq!(provider.condition_key("sub"), "ci.example/org/42:sub");

let verifier: Verifier = provider.relying_party().keys(JwkSet::parse(&jwks)?).build()?;

// For each call: what AWS would say of the token, and what the token asks for.
let answer = |token: &[u8], now| -> Result<String, StsError> {
    let verified = verifier.verify(token, now).map_err(|error| StsError::of(&error, now))?;
    let identity = WebIdentity::read(&verified)?;
    // `sts:RoleAuthorizedByIdp`, for the role's trust policy.
    let by_idp = identity.roles().authorize("arn:aws:iam::111122223333:role/deploy")?;
    assert!(!by_idp, "the token does not speak about roles");
    Ok(format!("{} for {}", identity.subject(), identity.audience()))
};

let now = NumericDate::from_seconds(1_790_000_500)?;
assert_eq!(answer(&token, now)?, "job-42 for sts.amazonaws.com");
// The session outlives the token.
let session = SessionDuration::new(None, SessionDuration::MAX)?;
assert_eq!(session.expires_at(now).as_seconds(), 1_790_004_100);

let too_late = NumericDate::from_seconds(1_790_000_600)?;
let refusal = answer(&token, too_late).unwrap_err();
assert_eq!((refusal.code().as_str(), refusal.code().http_status()), ("ExpiredTokenException", 400));
# Ok(())
# }
# fn mint() -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
#     use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
#     let key = SigningKey::generate(oidc_verifier::Algorithm::Es256, &SystemRandom::new())?;
#     let id = oidc_verifier::IssuerIdentifier::parse("https://ci.example/org/42")?;
#     let issuer = Issuer::builder(id).key(key).build()?;
#     let spec = TokenSpec::new("job-42", "sts.amazonaws.com")?;
#     let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
#     Ok((issuer.jwk_set_document().bytes.clone(), token.as_str().as_bytes().to_vec()))
# }
```
"#
)]

mod authorized_roles;
mod identity_provider;
mod session_duration;
mod session_tags;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod signing_keys;
mod sts_error;
mod web_identity;

pub use authorized_roles::AuthorizedRoles;
pub use identity_provider::{IdentityProvider, IdentityProviderError};
pub use session_duration::{SessionDuration, SessionDurationError};
pub use session_tags::{SessionTag, SessionTags};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(crate) use signing_keys::signing_keys;
pub use sts_error::{StsError, StsErrorCode};
pub use web_identity::WebIdentity;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(crate) use web_identity::integer_subject;
