//! AWS IAM outbound identity federation: what `sts:GetWebIdentityToken` returns.
//!
//! Every account has an issuer of its own, `https://<uuid>.tokens.sts.global.api.aws`. The facts
//! about the caller are inside one object whose name is a URL with a trailing slash,
//! `https://sts.amazonaws.com/`; a pointer into it begins `/https:~1~1sts.amazonaws.com~1/`.
//!
//! Sources: the AWS IAM User Guide, "Understanding token claims", and tokens published by others.
//! Where the two differ the profile admits both.

use super::Provider;
use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{AudienceRule, DiscoveryQuirks, HOUR, JWT, ProviderProfile, SIG, SubjectPart};
use crate::algorithm::Algorithm;

/// The claim that holds what AWS says of the caller.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/";

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::AwsOutbound,
    title: "AWS outbound identity federation",
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
