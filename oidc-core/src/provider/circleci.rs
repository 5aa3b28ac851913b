//! CircleCI jobs.
//!
//! Every organization has an issuer of its own, `https://oidc.circleci.com/org/<uuid>`; a job may
//! also ask for a token of the one issuer that all share, `https://oidc.circleci.com`. The claims
//! stand at the top, under names with a slash: `oidc.circleci.com/project-id`.
//!
//! Source: CircleCI's documentation, "Using OpenID Connect tokens in jobs".

use super::Provider;
use super::known_claim::{ClaimKind, KnownClaim};
use super::profile::{
    AudienceRule, DAY, DiscoveryQuirks, JWT, ProviderProfile, RS256, SIG, SubjectPart,
};

pub(super) static PROFILE: ProviderProfile = ProviderProfile {
    provider: Provider::CircleCi,
    title: "CircleCI",
    algorithms: RS256,
    // An hour, unless the organization or project sets `ttl`.
    max_lifetime: DAY,
    requires_kid: true,
    requires_iss: true,
    types: JWT,
    audience: AudienceRule::Several,
    key_uses: SIG,
    discovery: DiscoveryQuirks::at("/.well-known/jwks-pub.json"),
    claims: CLAIMS,
    subject_parts: &[
        SubjectPart::new("organization_id").tenant(),
        SubjectPart::like("project_id", &PROJECT),
        SubjectPart::new("user_id"),
        SubjectPart::like("vcs_origin", &ORIGIN),
        SubjectPart::like("vcs_ref", &REF),
        SubjectPart::new("service"),
    ],
};

const PROJECT: KnownClaim = KnownClaim::string("/oidc.circleci.com~1project-id").tenant();

/// Of a build of a fork, the fork's: what tells it from the project's own.
const ORIGIN: KnownClaim = KnownClaim::string("/oidc.circleci.com~1vcs-origin")
    .chosen()
    .sometimes();

const REF: KnownClaim = KnownClaim::string("/oidc.circleci.com~1vcs-ref")
    .chosen()
    .sometimes();

/// Claims that came in late 2025, and those of builds that a repository triggered, are not in
/// every token; nor are the jobs' in one for an export of audit logs.
const CLAIMS: &[KnownClaim] = &[
    KnownClaim::string("/iss"),
    KnownClaim::string("/sub").tenant(),
    KnownClaim::new("/aud", &[ClaimKind::String, ClaimKind::Strings]).caller(),
    KnownClaim::number("/iat"),
    KnownClaim::number("/exp"),
    KnownClaim::string("/jti").sometimes(),
    PROJECT,
    KnownClaim::boolean("/oidc.circleci.com~1ssh-rerun"),
    KnownClaim::string("/oidc.circleci.com~1org-id")
        .tenant()
        .sometimes(),
    KnownClaim::strings("/oidc.circleci.com~1context-ids").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1pipeline-definition-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1pipeline-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1workflow-id").sometimes(),
    KnownClaim::string("/oidc.circleci.com~1job-id").sometimes(),
    ORIGIN,
    REF,
];
