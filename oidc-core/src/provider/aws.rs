//! AWS IAM outbound identity federation: what `sts:GetWebIdentityToken` returns.
//!
//! Every account has an issuer of its own, `https://<uuid>.tokens.sts.global.api.aws`. The facts
//! about the caller are inside one object whose name is a URL with a trailing slash,
//! `https://sts.amazonaws.com/`; a pointer into it begins `/https:~1~1sts.amazonaws.com~1/`.
//!
//! Sources: the AWS IAM User Guide, "Understanding token claims", and tokens published by others.
//! Where the two differ the profile admits both.

use core::fmt;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, SIG, SubjectPart};
use super::{Provider, SubjectError, forms};
use crate::algorithm::Algorithm;

/// The claim that holds what AWS says of the caller.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/";

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::AwsOutbound,
    title: "AWS",
    algorithms: &[Algorithm::Rs256, Algorithm::Es384],
    max_lifetime: HOUR,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks.json"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::new("partition"),
        SubjectPart::like("account", &ACCOUNT),
        SubjectPart::new("resource").chosen(),
        SubjectPart::new("path").chosen(),
        SubjectPart::new("name").chosen(),
    ],
};

const ACCOUNT: KnownClaim =
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/aws_account").tenant();

const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti"),
    KnownClaim::object("/https:~1~1sts.amazonaws.com~1"),
    ACCOUNT,
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/source_region"),
    // Not documented, and in every token that was seen.
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/principal_id").tenant(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/org_id")
        .tenant()
        .sometimes(),
    // Documented as one string; an array in every token that was seen.
    KnownClaim::new(
        "/https:~1~1sts.amazonaws.com~1/ou_path",
        &[ClaimKind::String, ClaimKind::Strings],
    )
    .tenant()
    .sometimes(),
    KnownClaim::object("/https:~1~1sts.amazonaws.com~1/principal_tags")
        .members()
        .chosen()
        .sometimes(),
    KnownClaim::object("/https:~1~1sts.amazonaws.com~1/request_tags")
        .members()
        .caller()
        .sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/original_session_exp").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/federated_provider").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/identity_store_user_id").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/identity_store_arn").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/ec2_instance_source_vpc").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/ec2_instance_source_private_ipv4")
        .sometimes(),
    // `2` in the documentation, `2.0` in tokens: a string in both.
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/ec2_role_delivery").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/source_identity")
        .chosen()
        .sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn").sometimes(),
    KnownClaim::string("/https:~1~1sts.amazonaws.com~1/glue_credential_issuing_service")
        .sometimes(),
];

/// What AWS says of the caller: a type to read a claims set into.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The members of [`NAMESPACE`].
    #[serde(rename = "https://sts.amazonaws.com/")]
    pub sts: Sts,
}

/// The members of [`NAMESPACE`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Sts {
    /// The 12 digits of the account.
    pub aws_account: String,
    /// The region that the token was asked for in.
    pub source_region: String,
    /// The ARN of the principal; not documented, and in every token that was seen.
    pub principal_id: Option<String>,
    /// The organization of the account.
    pub org_id: Option<String>,
    /// Where the account stands in its organization: documented as one path, an array in tokens. Empty
    /// outside of an organization.
    #[serde(default, deserialize_with = "forms::strings")]
    pub ou_path: Vec<String>,
    /// The tags of the principal and its session.
    #[serde(default)]
    pub principal_tags: BTreeMap<String, String>,
    /// The tags of the request: whoever asked for the token has chosen them.
    #[serde(default)]
    pub request_tags: BTreeMap<String, String>,
    /// When the session of a role ends, as RFC 3339 writes it.
    pub original_session_exp: Option<String>,
    /// The ARN of the identity provider of a federated session.
    pub federated_provider: Option<String>,
    /// The user of IAM Identity Center.
    pub identity_store_user_id: Option<String>,
    /// The store of that user.
    pub identity_store_arn: Option<String>,
    /// The EC2 instance.
    pub ec2_source_instance_arn: Option<String>,
    /// Its VPC.
    pub ec2_instance_source_vpc: Option<String>,
    /// Its address in there.
    pub ec2_instance_source_private_ipv4: Option<String>,
    /// The version of the instance metadata service: `2` in the documentation, `2.0` in tokens.
    pub ec2_role_delivery: Option<String>,
    /// What the session says of its source.
    pub source_identity: Option<String>,
    /// The Lambda function.
    pub lambda_source_function_arn: Option<String>,
    /// What issued the credentials of a Glue job.
    pub glue_credential_issuing_service: Option<String>,
}

/// The ARN of the principal that asked for the token. For a role it is the role's own, with its
/// path, and not that of the session.
///
/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`, the same with `user`, or `…:root`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    partition: &'a str,
    account: &'a str,
    resource: &'a str,
    /// With its first and last slash, and the name; none for the root.
    path_and_name: Option<(&'a str, &'a str)>,
}

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::AwsOutbound.unknown_form())
    }

    fn read(text: &'a str) -> Option<Self> {
        let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
        let (account, resource) = rest.strip_prefix("iam::")?.split_once(':')?;
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let in_partition = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        if !digits || partition.is_empty() || !partition.bytes().all(in_partition) {
            return None;
        }
        let subject = |resource, path_and_name| Self {
            partition,
            account,
            resource,
            path_and_name,
        };
        if resource == "root" {
            return Some(subject("root", None));
        }
        let kind = ["role", "user"]
            .into_iter()
            .find(|kind| resource.split('/').next() == Some(kind))?;
        // The path begins with the slash after the kind and ends with the one before the name.
        let path_and_name = resource.strip_prefix(kind)?;
        let (path, name) =
            path_and_name.split_at_checked(path_and_name.rfind('/')?.checked_add(1)?)?;
        let is_name = !name.is_empty() && name.bytes().all(is_in_name);
        let is_path =
            path == "/" || path.len() > 2 && path.bytes().all(|byte| byte.is_ascii_graphic());
        (is_name && is_path).then_some(subject(kind, Some((path, name))))
    }

    /// `aws`, or that of another partition.
    pub const fn partition(&self) -> &'a str {
        self.partition
    }

    /// The 12 digits of the account.
    pub const fn account(&self) -> &'a str {
        self.account
    }

    /// `role`, `user` or `root`.
    pub const fn resource(&self) -> &'a str {
        self.resource
    }

    /// The path of a role or user: `/`, or one with a slash at both ends.
    pub fn path(&self) -> Option<&'a str> {
        self.path_and_name.map(|(path, _)| path)
    }

    /// The name of a role or user, without its path.
    pub fn name(&self) -> Option<&'a str> {
        self.path_and_name.map(|(_, name)| name)
    }

    /// The part with this name: `partition`, `account`, `resource`, `path`, `name`.
    pub fn part(&self, name: &str) -> Option<&'a str> {
        match name {
            "partition" => Some(self.partition),
            "account" => Some(self.account),
            "resource" => Some(self.resource),
            "path" => self.path(),
            "name" => self.name(),
            _ => None,
        }
    }
}

/// What IAM allows in the names of users and roles (`[\w+=,.@-]`).
const fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-')
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            account,
            resource,
            ..
        } = self;
        let (path, name) = self.path_and_name.unwrap_or_default();
        write!(f, "arn:{partition}:iam::{account}:{resource}{path}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_role_is_kept_apart_from_its_name() {
        let text = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admin_1a";
        let subject = Subject::parse(text).unwrap();
        assert_eq!(subject.account(), "111122223333");
        assert_eq!(subject.path(), Some("/aws-reserved/sso.amazonaws.com/"));
        assert_eq!(subject.name(), Some("Admin_1a"));
        assert_eq!(subject.to_string(), text);
        let plain = Subject::parse("arn:aws-cn:iam::111122223333:user/ada").unwrap();
        assert_eq!((plain.path(), plain.name()), (Some("/"), Some("ada")));
        assert_eq!((plain.partition(), plain.resource()), ("aws-cn", "user"));
        let root = Subject::parse("arn:aws:iam::111122223333:root").unwrap();
        assert_eq!((root.path(), root.part("resource")), (None, Some("root")));
    }

    #[test]
    fn a_session_is_no_subject_and_neither_is_a_part_of_one() {
        for text in [
            "",
            "arn:aws:sts::111122223333:assumed-role/ci/session",
            "arn:aws:iam::111122223333:role",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/ci/",
            "arn:aws:iam::111122223333:role//ci",
            "arn:aws:iam::111122223333:roles/ci",
            "arn:aws:iam::111122223333:group/ci",
            "arn:aws:iam::111122223333:root/ci",
            "arn:aws:iam::11112222333:role/ci",
            "arn:aws:iam::1111222233334:role/ci",
            "arn:aws:iam::11112222333a:role/ci",
            "arn:aws:iam:eu-north-1:111122223333:role/ci",
            "arn::iam::111122223333:role/ci",
            "ARN:aws:iam::111122223333:role/ci",
            " arn:aws:iam::111122223333:role/ci",
            "arn:aws:iam::111122223333:role/ci\n",
            "arn:aws:iam::111122223333:role/c i",
            "arn:aws:iam::111122223333:role/c i/n",
            "arn:aws:iam::111122223333:role/\u{e9}/n",
        ] {
            assert!(Subject::parse(text).is_err(), "{text:?}");
        }
    }
}
