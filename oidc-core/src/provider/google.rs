//! Google: ID tokens of service accounts, and of the metadata server.
//!
//! All of Google Cloud shares the issuer `https://accounts.google.com`, and people who log in do
//! too: a policy names the service account. `sub` is its unique id; its `email` can be given to a
//! new account. The metadata server adds what it knows of the instance below `google`, if asked for
//! the full format.
//!
//! Source: Google Cloud's documentation, "Verify VM identity".

use core::fmt;

use serde::Deserialize;

use super::known_claim::KnownClaim;
use super::profile::{
    AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};
use super::{Provider, SubjectError};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Google,
    title: "Google",
    algorithms: RS256,
    max_lifetime: HOUR,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::ExactlyOne,
    key_uses: SIG,
    // On another host.
    discovery: DiscoveryQuirks::NONE,
    claims: CLAIMS,
    subject_parts: &[SubjectPart::new("id").tenant()],
};

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::string("/aud").caller(),
    KnownClaim::string("/azp"),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/email")
        .tenant()
        .pinned_by("/sub")
        .sometimes(),
    KnownClaim::boolean("/email_verified").sometimes(),
    KnownClaim::string("/hd").tenant().sometimes(),
    KnownClaim::object("/google").sometimes(),
    KnownClaim::number("/google/organization_number")
        .tenant()
        .sometimes(),
    KnownClaim::object("/google/compute_engine").sometimes(),
    KnownClaim::number("/google/compute_engine/instance_confidentiality").sometimes(),
    KnownClaim::number("/google/compute_engine/instance_creation_timestamp"),
    KnownClaim::string("/google/compute_engine/instance_id"),
    KnownClaim::string("/google/compute_engine/instance_name")
        .pinned_by("/google/compute_engine/instance_id"),
    KnownClaim::strings("/google/compute_engine/license_id").sometimes(),
    KnownClaim::string("/google/compute_engine/project_id")
        .tenant()
        .pinned_by("/google/compute_engine/project_number"),
    KnownClaim::number("/google/compute_engine/project_number").tenant(),
    KnownClaim::string("/google/compute_engine/zone"),
];

/// What Google says of a service account, or of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The address of the service account; a new account can get it.
    pub email: Option<String>,
    /// Whether Google vouches for the address.
    pub email_verified: Option<bool>,
    /// The authorized party.
    pub azp: Option<String>,
    /// What the metadata server adds in the full format.
    pub google: Option<Details>,
}

/// The members of `google`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Details {
    /// The instance that asked for the token.
    pub compute_engine: Option<ComputeEngine>,
}

/// An instance of Compute Engine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ComputeEngine {
    /// The id of the project; its number stays.
    pub project_id: String,
    /// The number of the project: a number on the wire.
    pub project_number: u64,
    /// The zone.
    pub zone: String,
    /// The id of the instance: a string on the wire.
    pub instance_id: String,
    /// Its name; another may have it later.
    pub instance_name: String,
    /// When it was made, in seconds since 1970.
    pub instance_creation_timestamp: i64,
}

/// The unique id of an account: decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    id: &'a str,
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits {
            Ok(Self { id: text })
        } else {
            Err(Provider::Google.unknown_form())
        }
    }

    /// The digits.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// The part with this name: `id`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        (name == "id").then_some(self.id)
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_keeps_them_all() {
        let subject = Subject::parse("012345678901234567890").unwrap();
        assert_eq!(subject.part("id"), Some("012345678901234567890"));
        assert_eq!(subject.to_string(), "012345678901234567890");
        for text in [
            "",
            "12a",
            "-1",
            "1.0",
            " 1",
            "web@acme.iam.gserviceaccount.com",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
