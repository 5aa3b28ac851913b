//! Which issuer is whose, by its text.

use super::uuid::is_uuid;
use super::{IssuerScope, Provider};

/// The provider of an issuer, and who shares it. The text is an issuer identifier: an `https` URL
/// without query and fragment.
pub(super) fn recognise(issuer: &str) -> Option<(Provider, IssuerScope)> {
    let rest = issuer.strip_prefix("https://")?;
    let (host, path) = match rest.find('/') {
        Some(slash) => rest.split_at_checked(slash)?,
        None => (rest, ""),
    };
    one_host(host, path)
        .or_else(|| aws(host, path))
        .or_else(|| bitbucket(host, path))
        .or_else(|| circleci(host, path))
        .or_else(|| entra(host, path))
        .or_else(|| kubernetes(host, path))
        .or_else(|| github(host, path))
}

const fn tenant(provider: Provider, holds: bool) -> Option<(Provider, IssuerScope)> {
    if holds {
        Some((provider, IssuerScope::Tenant))
    } else {
        None
    }
}

const fn shared(provider: Provider, holds: bool) -> Option<(Provider, IssuerScope)> {
    if holds {
        Some((provider, IssuerScope::Shared))
    } else {
        None
    }
}

/// Those that all customers share, on a host without a path.
fn one_host(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let provider = match host {
        "accounts.google.com" => Provider::Google,
        "agent.buildkite.com" => Provider::Buildkite,
        "app.terraform.io" => Provider::Terraform,
        "gitlab.com" => Provider::GitLab,
        _ => return None,
    };
    shared(provider, path.is_empty())
}

/// One for each account. Other partitions have other hosts, which AWS does not document.
fn aws(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let account = host.strip_suffix(".tokens.sts.global.api.aws")?;
    tenant(Provider::AwsOutbound, is_uuid(account) && path.is_empty())
}

/// One for each organization, and one for all (`--root-issuer`).
fn circleci(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    if host != "oidc.circleci.com" {
        return None;
    }
    match path.strip_prefix("/org/") {
        Some(organization) => tenant(Provider::CircleCi, is_uuid(organization)),
        None => shared(Provider::CircleCi, path.is_empty()),
    }
}

/// One for each workspace, by its slug.
fn bitbucket(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let slug = path
        .strip_prefix("/2.0/workspaces/")?
        .strip_suffix("/pipelines-config/identity/oidc")?;
    tenant(
        Provider::Bitbucket,
        host == "api.bitbucket.org" && is_slug(slug),
    )
}

/// Two for each tenant: versions 2 and 1 of its tokens.
fn entra(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let rest = path.strip_prefix('/')?;
    let id = match host {
        "login.microsoftonline.com" => rest.strip_suffix("/v2.0")?,
        "sts.windows.net" => rest.strip_suffix('/')?,
        _ => return None,
    };
    tenant(Provider::Entra, is_uuid(id))
}

/// One for each cluster of EKS, AKS and GKE.
fn kubernetes(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let eks = |region: &str, id: &str| {
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        is_slug(region) && id.len() == 32 && id.bytes().all(digits)
    };
    let region = host.strip_prefix("oidc.eks.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    if let (Some(region), Some(id)) = (region, path.strip_prefix("/id/")) {
        return tenant(Provider::Kubernetes, eks(region, id));
    }
    if let Some(region) = host.strip_suffix(".oic.prod-aks.azure.com") {
        // With a slash at the end or without, by the age of the cluster.
        let ids = path.strip_prefix('/')?;
        let (tenant_id, cluster_id) = ids.strip_suffix('/').unwrap_or(ids).split_once('/')?;
        let known = is_slug(region) && is_uuid(tenant_id) && is_uuid(cluster_id);
        return tenant(Provider::Kubernetes, known);
    }
    if host == "container.googleapis.com" {
        let mut segments = path.strip_prefix("/v1/projects/")?.split('/');
        let project = segments.next().is_some_and(is_slug);
        let place = matches!(segments.next(), Some("locations" | "zones"));
        let place = place && segments.next().is_some_and(is_slug);
        let cluster = segments.next() == Some("clusters") && segments.next().is_some_and(is_slug);
        let known = project && place && cluster && segments.next().is_none();
        return tenant(Provider::Kubernetes, known);
    }
    None
}

/// github.com, with the slug of an enterprise that asked for an issuer of its own; the subdomain of
/// an enterprise with data residency, with its slug or without; Enterprise Server on any host.
fn github(host: &str, path: &str) -> Option<(Provider, IssuerScope)> {
    let own = path.strip_prefix('/').is_some_and(is_slug);
    if host == "token.actions.githubusercontent.com" {
        let all = shared(Provider::GitHubActions, path.is_empty());
        return all.or_else(|| tenant(Provider::GitHubActions, own));
    }
    let resident = host
        .strip_prefix("token.actions.")
        .and_then(|rest| rest.strip_suffix(".ghe.com"));
    match resident {
        Some(name) => tenant(
            Provider::GitHubActions,
            is_slug(name) && (path.is_empty() || own),
        ),
        None => tenant(Provider::GitHubActions, path == "/_services/token"),
    }
}

/// Letters, digits, `-` and `_`: one label of a host, or one segment of a path.
fn is_slug(text: &str) -> bool {
    let in_slug = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(in_slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IssuerIdentifier;

    const UUID: &str = "5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa";

    fn is(provider: Provider, scope: IssuerScope, issuers: &[&str]) {
        for text in issuers {
            let issuer = IssuerIdentifier::parse(&text.replace("UUID", UUID)).unwrap();
            assert_eq!(Provider::of_issuer(&issuer), Some(provider), "{text}");
            assert_eq!(Provider::issuer_scope(&issuer), scope, "{text}");
        }
    }

    fn is_nobodys(issuers: &[&str]) {
        for text in issuers {
            let issuer = IssuerIdentifier::parse(&text.replace("UUID", UUID)).unwrap();
            assert_eq!(Provider::of_issuer(&issuer), None, "{text}");
            assert_eq!(
                Provider::issuer_scope(&issuer),
                IssuerScope::Tenant,
                "{text}"
            );
        }
    }

    #[test]
    fn an_issuer_of_aws_is_the_host_of_one_account() {
        is(
            Provider::AwsOutbound,
            IssuerScope::Tenant,
            &["https://UUID.tokens.sts.global.api.aws"],
        );
        is_nobodys(&[
            "https://UUID.tokens.sts.global.api.aws/",
            "https://UUID.tokens.sts.global.api.aws/a",
            "https://UUID.tokens.sts.global.api.aws:443",
            "https://UUID.tokens.sts.global.api.aws.evil.example",
            "https://evil.UUID.tokens.sts.global.api.aws",
            "https://tokens.sts.global.api.aws",
            "https://5D1C0B7E-6A0E-4D58-9C5F-2F5B7A10C9AA.tokens.sts.global.api.aws",
            "https://5d1c0b7e6a0e4d589c5f2f5b7a10c9aa.tokens.sts.global.api.aws",
            "https://UUID-0.tokens.sts.global.api.aws",
        ]);
    }

    #[test]
    fn circleci_has_an_issuer_for_each_organization_and_one_for_all() {
        is(
            Provider::CircleCi,
            IssuerScope::Tenant,
            &["https://oidc.circleci.com/org/UUID"],
        );
        is(
            Provider::CircleCi,
            IssuerScope::Shared,
            &["https://oidc.circleci.com"],
        );
        is_nobodys(&[
            "https://oidc.circleci.com/",
            "https://oidc.circleci.com/org/",
            "https://oidc.circleci.com/org/UUID/",
            "https://oidc.circleci.com/org/UUID/a",
            "https://oidc.circleci.com/org/acme",
            "https://oidc.circleci.com/UUID",
            "https://oidc.circleci.com.evil.example/org/UUID",
            "https://evil.example/oidc.circleci.com/org/UUID",
        ]);
    }

    #[test]
    fn github_is_known_on_its_hosts_and_by_the_path_of_enterprise_server() {
        is(
            Provider::GitHubActions,
            IssuerScope::Shared,
            &["https://token.actions.githubusercontent.com"],
        );
        is(
            Provider::GitHubActions,
            IssuerScope::Tenant,
            &[
                "https://token.actions.githubusercontent.com/octo-enterprise",
                "https://token.actions.octocorp.ghe.com",
                "https://token.actions.octocorp.ghe.com/octocorp",
                "https://github.acme.example/_services/token",
            ],
        );
        is_nobodys(&[
            "https://token.actions.githubusercontent.com.evil.example",
            "https://token.actions.githubusercontent.com/",
            "https://token.actions.githubusercontent.com/a/b",
            "https://token.actions.githubusercontent.com/octo/",
            "https://evil.token.actions.githubusercontent.com",
            "https://eviltoken.actions.githubusercontent.com",
            "https://evil.example/token.actions.githubusercontent.com",
            "https://token.actions.githubusercontent.com:443",
            "https://token.actions.ghe.com",
            "https://token.actions.a.b.ghe.com",
            "https://token.actions.octocorp.ghe.com.evil.example",
            "https://token.actions.octocorp.ghe.com/a/b",
            "https://github.acme.example/_services/token/",
            "https://github.acme.example/_services/tokens",
            "https://github.acme.example/a/_services/token",
        ]);
    }

    #[test]
    fn what_all_customers_share_is_one_host_without_a_path() {
        for (provider, issuer) in [
            (Provider::Google, "https://accounts.google.com"),
            (Provider::Buildkite, "https://agent.buildkite.com"),
            (Provider::Terraform, "https://app.terraform.io"),
            (Provider::GitLab, "https://gitlab.com"),
        ] {
            is(provider, IssuerScope::Shared, &[issuer]);
            is_nobodys(&[
                &format!("{issuer}/"),
                &format!("{issuer}/a"),
                &format!("{issuer}:443"),
                &format!("{issuer}.evil.example"),
                &issuer.replace("https://", "https://evil."),
                &issuer.replace("https://", "https://evil"),
                &issuer.replace("https://", "https://evil.example/"),
            ]);
        }
        is_nobodys(&["https://gitlab.example.com"]);
    }

    #[test]
    fn bitbucket_has_an_issuer_for_each_workspace() {
        is(
            Provider::Bitbucket,
            IssuerScope::Tenant,
            &["https://api.bitbucket.org/2.0/workspaces/acme-1/pipelines-config/identity/oidc"],
        );
        is_nobodys(&[
            "https://api.bitbucket.org/2.0/workspaces//pipelines-config/identity/oidc",
            "https://api.bitbucket.org/2.0/workspaces/a/b/pipelines-config/identity/oidc",
            "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc/",
            "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity",
            "https://bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
            "https://api.bitbucket.org.evil.example/2.0/workspaces/acme/pipelines-config/identity/oidc",
        ]);
    }

    #[test]
    fn entra_has_two_issuers_for_each_tenant_and_the_slash_counts() {
        is(
            Provider::Entra,
            IssuerScope::Tenant,
            &[
                "https://login.microsoftonline.com/UUID/v2.0",
                "https://sts.windows.net/UUID/",
            ],
        );
        is_nobodys(&[
            "https://sts.windows.net/UUID",
            "https://sts.windows.net/UUID//",
            "https://sts.windows.net/UUID/a/",
            "https://login.microsoftonline.com/UUID/v2.0/",
            "https://login.microsoftonline.com/UUID",
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/UUID/UUID/v2.0",
            "https://sts.windows.net.evil.example/UUID/",
        ]);
    }

    #[test]
    fn clusters_of_three_clouds_are_known_by_their_issuers() {
        is(
            Provider::Kubernetes,
            IssuerScope::Tenant,
            &[
                "https://oidc.eks.eu-north-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
                "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0123456789ABCDEF0123456789ABCDEF",
                "https://westeurope.oic.prod-aks.azure.com/UUID/UUID/",
                "https://westeurope.oic.prod-aks.azure.com/UUID/UUID",
                "https://container.googleapis.com/v1/projects/p-1/locations/europe-west1/clusters/c",
                "https://container.googleapis.com/v1/projects/p-1/zones/europe-west1-b/clusters/c",
            ],
        );
        is_nobodys(&[
            "https://oidc.eks.eu-north-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDE",
            "https://oidc.eks.eu-north-1.amazonaws.com/id/0123456789abcdef0123456789abcdef",
            "https://oidc.eks.eu-north-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF/",
            "https://oidc.eks.eu-north-1.amazonaws.com",
            "https://oidc.eks.a.b.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
            "https://oidc.eks.eu-north-1.amazonaws.com.evil.example/id/0123456789ABCDEF0123456789ABCDEF",
            "https://oic.prod-aks.azure.com/UUID/UUID/",
            "https://a.b.oic.prod-aks.azure.com/UUID/UUID/",
            "https://westeurope.oic.prod-aks.azure.com/UUID/",
            "https://westeurope.oic.prod-aks.azure.com/UUID/UUID//",
            "https://westeurope.oic.prod-aks.azure.com/UUID/UUID/a",
            "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c/",
            "https://container.googleapis.com/v1/projects/p/locations/l/clusters",
            "https://container.googleapis.com/v1/projects/p/locations/l/nodes/c",
            "https://container.googleapis.com/v1/projects//locations/l/clusters/c",
            "https://container.googleapis.com.evil.example/v1/projects/p/locations/l/clusters/c",
            "https://kubernetes.default.svc",
        ]);
    }

    #[test]
    fn hosts_and_ids_are_lower_case_as_they_are_issued() {
        is_nobodys(&[
            "https://TOKEN.actions.githubusercontent.com",
            "https://oidc.CircleCI.com/org/UUID",
        ]);
    }

    #[test]
    fn only_https_is_recognised() {
        let loopback = IssuerIdentifier::loopback("http://localhost/_services/token").unwrap();
        assert_eq!(Provider::of_issuer(&loopback), None);
    }
}
