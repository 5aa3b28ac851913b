//! Microsoft Entra ID: access and ID tokens of applications and managed identities.
//!
//! Every tenant is an issuer, under one of two names: `https://login.microsoftonline.com/TENANT/v2.0`
//! in tokens of version 2, `https://sts.windows.net/TENANT/` in those of version 1, with the slash.
//! The discovery document for all tenants says `{tenantid}` where the tenant belongs: it names no
//! issuer and is refused, but for who asks for it by [`TenantTemplate`](crate::TenantTemplate).
//! Configure the issuer of each tenant that you trust.
//!
//! Source: Microsoft's documentation, "Access token claims reference".

use core::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::known_claim::KnownClaim;
use super::profile::{
    AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::uuid::is_uuid;
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Entra,
    title: "Microsoft Entra ID",
    algorithms: RS256,
    // An hour and more; a day for managed identities, from an `iat` that is set back 5 minutes.
    max_lifetime: DAY.saturating_add(Duration::from_secs(300)),
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::ExactlyOne,
    key_uses: SIG,
    discovery: DiscoveryQuirks {
        // Beside the issuer, not below it.
        jwks_path: None,
        trailing_slash: true,
        issuer_template: Some("{tenantid}"),
    },
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::new("object_id").tenant(),
        SubjectPart::new("pairwise").tenant(),
    ],
};

/// `azp` in version 2 is `appid` in version 1.
const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::string("/aud").caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/nbf"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/tid").tenant(),
    KnownClaim::string("/ver"),
    KnownClaim::string("/oid").tenant().sometimes(),
    KnownClaim::string("/azp").tenant().sometimes(),
    KnownClaim::string("/azpacr").sometimes(),
    KnownClaim::string("/appid").tenant().sometimes(),
    KnownClaim::string("/appidacr").sometimes(),
    KnownClaim::string("/app_displayname").chosen().sometimes(),
    KnownClaim::string("/idp").sometimes(),
    KnownClaim::string("/idtyp").sometimes(),
    KnownClaim::strings("/roles").sometimes(),
    KnownClaim::string("/scp").sometimes(),
    KnownClaim::strings("/groups").sometimes(),
    KnownClaim::strings("/wids").sometimes(),
    KnownClaim::string("/name").chosen().sometimes(),
    KnownClaim::string("/email").pinned_by("/oid").sometimes(),
    KnownClaim::string("/preferred_username")
        .pinned_by("/oid")
        .sometimes(),
    KnownClaim::string("/upn").pinned_by("/oid").sometimes(),
    KnownClaim::string("/unique_name")
        .pinned_by("/oid")
        .sometimes(),
    KnownClaim::string("/aio").sometimes(),
    KnownClaim::string("/rh").sometimes(),
    KnownClaim::string("/uti").sometimes(),
    KnownClaim::string("/xms_mirid").sometimes(),
    KnownClaim::string("/xms_").prefix().sometimes(),
];

/// What Entra says of an application, in tokens of version 1 or 2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The tenant.
    #[serde(rename = "tid")]
    pub tenant_id: String,
    /// The version of the token: `1.0` or `2.0`.
    #[serde(rename = "ver")]
    pub version: String,
    /// The object of the principal in the tenant.
    #[serde(rename = "oid")]
    pub object_id: Option<String>,
    /// The client application: `azp` in version 2, `appid` in version 1.
    #[serde(rename = "azp", alias = "appid")]
    pub application_id: Option<String>,
    /// The roles that the application was given.
    #[serde(default)]
    pub roles: Vec<String>,
    /// `app` in tokens that stand for no user.
    #[serde(rename = "idtyp")]
    pub token_kind: Option<String>,
}

/// Whom a token is about: the object id of an application's own token, or, for one application
/// only, a pairwise name of 43 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a>(Form<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form<'a> {
    ObjectId(&'a str),
    Pairwise(&'a str),
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        if is_uuid(text) {
            return Ok(Self(Form::ObjectId(text)));
        }
        // 32 bytes as base64url (RFC 4648 section 5).
        let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.len() == 43 && text.bytes().all(in_alphabet) {
            return Ok(Self(Form::Pairwise(text)));
        }
        Err(Provider::Entra.unknown_form())
    }

    /// The part with this name: `object_id`, `pairwise`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match (name, self.0) {
            ("object_id", Form::ObjectId(id)) => Some(id),
            ("pairwise", Form::Pairwise(name)) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::ObjectId(text) | Form::Pairwise(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_and_a_pairwise_name_are_told_apart() {
        let id = "7a3f2c10-9b1d-4f0e-8a55-6f1c2d3e4a5b";
        let subject = Subject::parse(id).unwrap();
        assert_eq!(
            (subject.part("object_id"), subject.part("pairwise")),
            (Some(id), None)
        );
        let name = "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbta-";
        let subject = Subject::parse(name).unwrap();
        assert_eq!(
            (subject.part("object_id"), subject.part("pairwise")),
            (None, Some(name))
        );
        assert_eq!(subject.to_string(), name);
        for text in [
            "",
            "acme",
            &name.repeat(2),
            &format!("{name}="),
            &name.replace('A', "+"),
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
