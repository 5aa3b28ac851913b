//! From a verified token to a session, or to the refusal that AWS would give.

use std::net::IpAddr;

use oidc_verifier::aws::{IdentityProvider, SessionDuration, StsError, WebIdentity};
use oidc_verifier::policy::aws::Request;
use oidc_verifier::{NumericDate, Verified, VerifyError};

use crate::aws_wire::AwsError;
use crate::configuration::{Account, Role};
use crate::request::AssumeRole;
use crate::sessions::{Session, Tag};

/// A refusal: what the caller is told, and what the operator is.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) answer: AwsError,
    pub(crate) why: String,
}

/// What was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) session: Session,
    pub(crate) audience: String,
    /// In percent; there if policies or tags were passed.
    pub(crate) packed_policy_size: Option<usize>,
}

/// What the call says beside the token.
pub(crate) struct Circumstances<'a> {
    pub(crate) now: NumericDate,
    pub(crate) region: &'a str,
    pub(crate) source_ip: Option<IpAddr>,
}

/// How much session policies and tags may take, in bytes. AWS packs them, and does not say how; a
/// session token stays below
/// [`SessionKey::MAX_TOKEN_CHARS`](crate::sessions::SessionKey::MAX_TOKEN_CHARS) with this.
pub(crate) const MAX_PACKED_BYTES: usize = 4_096;

/// Decides on a token of the account to which the role belongs, as AWS STS does: what the token asks
/// for, the roles that its issuer lets it assume, the role's trust policy, and last what only
/// somebody who may assume the role should learn.
pub(crate) fn decide(
    account: &Account,
    call: &AssumeRole,
    token: &Verified<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<Granted, Refusal> {
    let identity = WebIdentity::read(token)?;
    let mut providers = account.providers.iter();
    // INVARIANT: the verifier of the account trusts its providers and nobody else.
    let provider = providers
        .find(|provider| provider.issuer() == token.issuer())
        .ok_or_else(|| StsError::of(&VerifyError::UntrustedIssuer, circumstances.now))?;
    // Before it is looked for: which roles there are is not for a token that may not have them.
    identity.roles().authorize(call.role_arn.as_str())?;
    let role = account.roles.get(call.role_arn.as_str()).ok_or_else(|| {
        let who = format!("{:?} of {}", identity.subject(), provider.arn());
        Refusal::denied(format!("no role `{}`, asked for by {who}", call.role_arn))
    })?;
    admit(role, provider, call, token, circumstances)?;

    let duration =
        SessionDuration::new(call.duration, role.max_session_duration).map_err(|_| {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            AwsError::new(400, "ValidationError", message)
        })?;
    let packed_policy_size = packed_size(call, &identity)?;
    let tags = identity.tags().iter().map(|tag| Tag {
        key: tag.key.clone(),
        value: tag.value.clone(),
        transitive: tag.transitive,
    });
    Ok(Granted {
        session: Session {
            account: account.number.clone(),
            arn: role.arn.session(&call.session_name),
            user_id: format!("{}:{}", role.id, call.session_name),
            expires_at: duration.expires_at(circumstances.now),
            provider: provider.arn(),
            subject: identity.subject().to_owned(),
            source_identity: identity.source_identity().map(str::to_owned),
            tags: tags.collect(),
            policies: call.policies.clone(),
        },
        audience: identity.audience().to_owned(),
        packed_policy_size,
    })
}

/// Asks the trust policy.
fn admit(
    role: &Role,
    provider: &IdentityProvider,
    call: &AssumeRole,
    token: &Verified<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<(), Refusal> {
    let mut request = Request::new()
        .at(circumstances.now)
        .with_provider(provider.arn())
        .with_role(role.arn.as_str())
        .with_session_name(&call.session_name)
        .with_value("aws:RequestedRegion", circumstances.region)
        // It listens on loopback alone, without TLS.
        .with_value("aws:SecureTransport", "false");
    if let Some(address) = circumstances.source_ip {
        request = request.with_source_ip(address);
    }
    let decision = role.trust.decide(token, &request);
    if decision.is_allowed() {
        return Ok(());
    }
    let explained = decision.for_operator();
    Err(Refusal::denied(format!("role `{}`\n{explained}", role.arn)))
}

fn packed_size(call: &AssumeRole, identity: &WebIdentity) -> Result<Option<usize>, AwsError> {
    if call.policies.is_empty() && identity.tags().is_empty() {
        return Ok(None);
    }
    let chars: usize = call
        .policies
        .texts()
        .map(|policy| policy.chars().count())
        .sum();
    let policies = call.policies.texts().map(str::len);
    let tags = identity.tags().iter();
    let tags = tags.map(|tag| tag.key.len().saturating_add(tag.value.len()));
    let packed = policies.chain(tags).fold(0, usize::saturating_add);
    let percent = packed.saturating_mul(100).div_ceil(MAX_PACKED_BYTES);
    if packed > MAX_PACKED_BYTES || chars > AssumeRole::MAX_POLICIES_CHARS {
        let message = format!(
            "Packed size of session policies and tags consumes {percent}% of allotted space."
        );
        return Err(AwsError::new(400, "PackedPolicyTooLarge", message));
    }
    Ok(Some(percent))
}

impl Refusal {
    /// The caller learns nothing else.
    fn denied(why: String) -> Refusal {
        Refusal {
            answer: answer(&StsError::access_denied()),
            why,
        }
    }

    /// To the caller, an account without identity providers: why it refuses the token.
    pub(crate) fn no_account(account: &str, error: &VerifyError, now: NumericDate) -> Refusal {
        Refusal {
            answer: answer(&StsError::of(error, now)),
            why: format!("no account {account}"),
        }
    }

    /// `ProviderId` is for opaque tokens of providers that AWS knows by their hosts. What it answers to
    /// another token that comes with one was recorded on the real service.
    pub(crate) fn of_another_provider(host: &str) -> Refusal {
        let refusal = |status, code, message| AwsError::new(status, code, message).into();
        match host {
            "www.amazon.com" => refusal(
                400,
                "InvalidIdentityToken",
                "The web identity token provided is no access token of this provider",
            ),
            "graph.facebook.com" => refusal(
                403,
                "IDPRejectedClaim",
                "The identity provider has rejected the token",
            ),
            _ => Refusal::denied("`ProviderId` is there, and no provider of AWS's own".to_owned()),
        }
    }

    /// A token that was not verified; `keys` is how the keys of its issuer stand, if that is why.
    pub(crate) fn unverified(error: &VerifyError, keys: &str, now: NumericDate) -> Refusal {
        Refusal {
            answer: answer(&StsError::of(error, now)),
            why: format!("{}{keys}", crate::report::chain(error)),
        }
    }
}

fn answer(error: &StsError) -> AwsError {
    let code = error.code();
    AwsError::new(code.http_status(), code.as_str(), error.message())
}

impl From<StsError> for Refusal {
    fn from(error: StsError) -> Refusal {
        Refusal {
            answer: answer(&error),
            why: error.message().to_owned(),
        }
    }
}

impl From<AwsError> for Refusal {
    fn from(answer: AwsError) -> Refusal {
        let why = answer.message.clone();
        Refusal { answer, why }
    }
}
