//! What a token says to AWS: whose it is, and what it asks for.

use jsonptr::{Located, Pointer, Text};
use oidc_core::ClaimsScanner;

use super::authorized_roles::AuthorizedRoles;
use super::session_tags::{RawTags, SessionTags};
use super::sts_error::StsError;
use crate::policy::ClaimsView;

/// What a verified token says to AWS: the values of its condition keys, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    subject: String,
    audience: String,
    original_audience: Vec<String>,
    amr: Vec<String>,
    email: Option<String>,
    tags: SessionTags,
    source_identity: Option<String>,
    roles: AuthorizedRoles,
}

impl WebIdentity {
    /// The claim with the session's tags.
    pub const TAGS: &str = "https://aws.amazon.com/tags";

    /// The claim with the session's source identity.
    pub const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

    /// The claim with the roles that the issuer lets the token assume.
    pub const ROLES: &str = "https://aws.amazon.com/roles";

    /// The longest source identity, in characters; the shortest has two.
    pub const MAX_SOURCE_IDENTITY_CHARS: usize = 64;

    /// Reads the claims of a [`Verified`](crate::Verified) token, or others that somebody answers
    /// for.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentityToken`](super::StsErrorCode::InvalidIdentityToken) where a claim that AWS
    /// looks at is not in its form.
    pub fn read<'c>(claims: impl Into<ClaimsView<'c>>) -> Result<WebIdentity, StsError> {
        let claims = claims.into();
        let root = claims.get(Pointer::ROOT);
        let members = root.and_then(|root| root.members());
        let [
            mut sub,
            mut aud,
            mut azp,
            mut amr,
            mut email,
            mut source_identity,
            mut roles,
        ] = [None; 7];
        let mut tags = RawTags::default();
        for (name, value) in members.ok_or_else(StsError::not_validated)? {
            match &*name.to_cow() {
                "sub" => sub = Some(value),
                "aud" => aud = Some(value),
                "azp" => azp = Some(value),
                "amr" => amr = Some(value),
                "email" => email = Some(value),
                WebIdentity::SOURCE_IDENTITY => source_identity = Some(value),
                WebIdentity::ROLES => roles = Some(value),
                WebIdentity::TAGS => tags.nested = Some(value),
                "https://aws.amazon.com/tags/transitive_tag_keys" => {
                    tags.flat_transitive = Some(value);
                }
                other => {
                    if let Some(key) = other.strip_prefix(PRINCIPAL_TAG) {
                        tags.flat.push((key.to_owned(), value));
                    }
                }
            }
        }
        let original_audience = texts(aud);
        let audience = match azp {
            Some(azp) => text(azp),
            None => original_audience.first().cloned(),
        };
        Ok(WebIdentity {
            subject: subject(sub).ok_or_else(StsError::not_validated)?,
            audience: audience.ok_or_else(StsError::not_validated)?,
            original_audience,
            amr: texts(amr),
            email: email.and_then(text),
            tags: SessionTags::read(tags)?,
            source_identity: source_identity.map(read_source_identity).transpose()?,
            roles: AuthorizedRoles::read(roles)?,
        })
    }

    /// `…:sub`: the subject; an integer as its digits.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `…:aud`: what `azp` says, or `aud` where there is none.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// `…:oaud`: what `aud` says.
    pub fn original_audience(&self) -> &[String] {
        &self.original_audience
    }

    /// `…:amr`: how the subject was authenticated.
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// `…:email`.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The tags of the session.
    pub const fn tags(&self) -> &SessionTags {
        &self.tags
    }

    /// The source identity of the session, for which a trust policy must allow
    /// `sts:SetSourceIdentity`.
    pub fn source_identity(&self) -> Option<&str> {
        self.source_identity.as_deref()
    }

    /// The roles that the token may assume by the word of its issuer.
    pub const fn roles(&self) -> &AuthorizedRoles {
        &self.roles
    }
}

fn subject(sub: Option<Located<'_>>) -> Option<String> {
    let sub = sub?;
    text(sub).or_else(|| integer_subject(sub).map(str::to_owned))
}

/// The digits of a `sub` that is an integer.
pub(crate) fn integer_subject(sub: Located<'_>) -> Option<&str> {
    let number = sub.number()?.as_str();
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_integer = number != "-0" && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_integer && number.len() <= ClaimsScanner::MAX_SUB_BYTES).then_some(number)
}

fn text(value: Located<'_>) -> Option<String> {
    Some(value.text()?.to_cow().into_owned())
}

/// A string, or the strings of a list.
fn texts(value: Option<Located<'_>>) -> Vec<String> {
    let list = value.and_then(|value| value.elements());
    let one = value.filter(|_| list.is_none());
    let values = list.into_iter().flatten().chain(one);
    values.filter_map(text).collect()
}

fn read_source_identity(value: Located<'_>) -> Result<String, StsError> {
    let text = value.text().map(Text::to_cow).unwrap_or_default();
    let is_name = |one: char| one.is_ascii_alphanumeric() || "_+=,.@-".contains(one);
    let length = 2..=WebIdentity::MAX_SOURCE_IDENTITY_CHARS;
    if length.contains(&text.len()) && text.chars().all(is_name) {
        Ok(text.into_owned())
    } else {
        Err(StsError::invalid(
            "source_identity passed in claim is not in correct format.",
        ))
    }
}

/// In front of the key of a tag, in the flat form.
const PRINCIPAL_TAG: &str = "https://aws.amazon.com/tags/principal_tags/";
