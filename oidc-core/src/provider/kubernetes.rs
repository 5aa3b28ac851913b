//! Service accounts of Kubernetes clusters.
//!
//! Every cluster is an issuer. The names of those of EKS, AKS and GKE tell; another cluster is
//! named as `kubernetes` in configuration. Some AKS issuers end in a slash, which is a part of the
//! name. `aud` is always an array, and the facts are nested below `kubernetes.io`, a name with a dot.
//!
//! Sources: the Kubernetes documentation, "Managing Service Accounts", and the clouds' issuers as
//! others have configured them.

use core::fmt;

use serde::Deserialize;

use super::known_claim::KnownClaim;
use super::profile::{AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, SIG, SubjectPart};
use super::{Provider, SubjectError};
use crate::algorithm::Algorithm;

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::Kubernetes,
    title: "Kubernetes",
    algorithms: &[
        Algorithm::Rs256,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
    ],
    // The pod asks for it, 10 minutes at least.
    max_lifetime: DAY,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks {
        // `/openid/v1/jwks`, on EKS `/keys`.
        jwks_path: None,
        trailing_slash: true,
        issuer_template: None,
    },
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::like("namespace", &NAMESPACE),
        SubjectPart::like("service_account", &SERVICE_ACCOUNT),
    ],
};

const NAMESPACE: KnownClaim = KnownClaim::string("/kubernetes.io/namespace")
    .tenant()
    .chosen();

const SERVICE_ACCOUNT: KnownClaim = KnownClaim::string("/kubernetes.io/serviceaccount/name")
    .tenant()
    .pinned_by("/kubernetes.io/serviceaccount/uid");

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant().chosen(),
    KnownClaim::strings("/aud").caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/nbf"),
    KnownClaim::number("/exp"),
    // Since Kubernetes 1.29.
    KnownClaim::string("/jti").sometimes(),
    KnownClaim::object("/kubernetes.io"),
    NAMESPACE,
    KnownClaim::object("/kubernetes.io/serviceaccount"),
    SERVICE_ACCOUNT,
    KnownClaim::string("/kubernetes.io/serviceaccount/uid").tenant(),
    KnownClaim::object("/kubernetes.io/pod").sometimes(),
    KnownClaim::string("/kubernetes.io/pod/name").pinned_by("/kubernetes.io/pod/uid"),
    KnownClaim::string("/kubernetes.io/pod/uid"),
    KnownClaim::object("/kubernetes.io/node").sometimes(),
    KnownClaim::string("/kubernetes.io/node/name").pinned_by("/kubernetes.io/node/uid"),
    KnownClaim::string("/kubernetes.io/node/uid"),
    KnownClaim::object("/kubernetes.io/secret").sometimes(),
    KnownClaim::string("/kubernetes.io/secret/name").pinned_by("/kubernetes.io/secret/uid"),
    KnownClaim::string("/kubernetes.io/secret/uid"),
    KnownClaim::number("/kubernetes.io/warnafter").sometimes(),
];

/// What a cluster says of a service account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The members of `kubernetes.io`.
    #[serde(rename = "kubernetes.io")]
    pub kubernetes: Details,
}

/// The members of `kubernetes.io`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Details {
    /// The namespace.
    pub namespace: String,
    /// The service account.
    #[serde(rename = "serviceaccount")]
    pub service_account: Object,
    /// The pod that the token is bound to.
    pub pod: Option<Object>,
    /// The node of that pod.
    pub node: Option<Object>,
    /// The secret that the token is bound to.
    pub secret: Option<Object>,
    /// From when on the token should have been replaced, in seconds since 1970.
    #[serde(rename = "warnafter")]
    pub warn_after: Option<i64>,
}

/// An object of the cluster: another may have its name later, its uid stays.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// A service account: `system:serviceaccount:NAMESPACE:NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    namespace: &'a str,
    service_account: &'a str,
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        text.strip_prefix("system:serviceaccount:")
            .and_then(|rest| rest.split_once(':'))
            .filter(|(namespace, name)| is_label(namespace) && name.split('.').all(is_label))
            .map(|(namespace, service_account)| Self {
                namespace,
                service_account,
            })
            .ok_or(Provider::Kubernetes.unknown_form())
    }

    /// The namespace.
    pub const fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The name of the service account in its namespace.
    pub const fn service_account(&self) -> &'a str {
        self.service_account
    }

    /// The part with this name: `namespace`, `service_account`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "namespace" => Some(self.namespace),
            "service_account" => Some(self.service_account),
            _ => None,
        }
    }
}

/// What Kubernetes allows in names (RFC 1123 labels in lower case).
fn is_label(text: &str) -> bool {
    let in_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(in_label) && !text.starts_with('-') && !text.ends_with('-')
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "system:serviceaccount:{}:{}",
            self.namespace, self.service_account
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_account_is_read_and_nothing_else() {
        let text = "system:serviceaccount:prod-1:web.v2";
        let subject = Subject::parse(text).unwrap();
        assert_eq!(
            (subject.namespace(), subject.service_account()),
            ("prod-1", "web.v2")
        );
        assert_eq!(subject.to_string(), text);
        for text in [
            "",
            "system:serviceaccount:prod",
            "system:serviceaccount:prod:",
            "system:serviceaccount::web",
            "system:serviceaccount:prod:web:x",
            "system:serviceaccount:prod:*",
            "system:serviceaccount:Prod:web",
            "system:serviceaccount:prod:web..v2",
            "system:serviceaccount:prod.eu:web",
            "system:serviceaccount:-prod:web",
            "system:node:prod:web",
            "System:serviceaccount:prod:web",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
