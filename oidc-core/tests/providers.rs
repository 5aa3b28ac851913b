//! Tokens of every known provider, real in shape and invented in content: profiles, subjects and
//! typed views read them.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use jsonptr::{Pointer, PointerSet, ScanBuffer};
use oidc_core::provider::{
    AudienceRule, ChosenBy, ClaimDrift, IssuerScope, Presence, Provider, aws, bitbucket, buildkite,
    circleci, entra, github, gitlab, google, kubernetes, terraform,
};
use oidc_core::{Claim, ClaimsScanner, IssuerIdentifier};
use serde_json::{Value, json};

/// The payloads, with the issuer's provider if its text tells.
const FIXTURES: &[(&str, Provider, &str)] = &[
    (
        "aws_ec2",
        Provider::AwsOutbound,
        include_str!("providers/aws_ec2.json"),
    ),
    (
        "aws_documented",
        Provider::AwsOutbound,
        include_str!("providers/aws_documented.json"),
    ),
    (
        "bitbucket",
        Provider::Bitbucket,
        include_str!("providers/bitbucket.json"),
    ),
    (
        "buildkite",
        Provider::Buildkite,
        include_str!("providers/buildkite.json"),
    ),
    (
        "circleci_v1",
        Provider::CircleCi,
        include_str!("providers/circleci_v1.json"),
    ),
    (
        "circleci_v2",
        Provider::CircleCi,
        include_str!("providers/circleci_v2.json"),
    ),
    (
        "entra_v1",
        Provider::Entra,
        include_str!("providers/entra_v1.json"),
    ),
    (
        "entra_v2",
        Provider::Entra,
        include_str!("providers/entra_v2.json"),
    ),
    (
        "github",
        Provider::GitHubActions,
        include_str!("providers/github.json"),
    ),
    (
        "gitlab",
        Provider::GitLab,
        include_str!("providers/gitlab.json"),
    ),
    (
        "google",
        Provider::Google,
        include_str!("providers/google.json"),
    ),
    (
        "kubernetes",
        Provider::Kubernetes,
        include_str!("providers/kubernetes.json"),
    ),
    (
        "spiffe",
        Provider::SpiffeJwtSvid,
        include_str!("providers/spiffe.json"),
    ),
    (
        "terraform",
        Provider::Terraform,
        include_str!("providers/terraform.json"),
    ),
];

fn fixture(name: &str) -> &'static str {
    let found = FIXTURES.iter().find(|(own, ..)| *own == name);
    found.map(|(.., json)| json).unwrap()
}

fn value(name: &str) -> Value {
    serde_json::from_str(fixture(name)).unwrap()
}

fn view<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn drift(provider: Provider, json: &str) -> ClaimDrift {
    let mut buffer = ScanBuffer::new();
    let scanner = ClaimsScanner::registered();
    let claims = scanner.scan(json.as_bytes(), &mut buffer).unwrap();
    provider.profile().drift(claims.root().unwrap())
}

#[test]
fn every_provider_has_a_token_here() {
    for &provider in Provider::ALL {
        assert!(
            FIXTURES.iter().any(|(_, own, _)| *own == provider),
            "{provider}"
        );
    }
}

#[test]
fn a_token_of_a_provider_is_as_its_profile_says() {
    for (name, provider, json) in FIXTURES {
        assert_eq!(drift(*provider, json), ClaimDrift::default(), "{name}");
        let claims = value(name);
        let profile = provider.profile();
        let several = claims["aud"].as_array().is_some_and(|aud| aud.len() > 1);
        assert!(
            !several || profile.audience == AudienceRule::Several,
            "{name}"
        );
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert!(lifetime <= profile.max_lifetime.as_secs(), "{name}");
    }
}

#[test]
fn an_issuer_tells_its_provider_but_for_one_that_stands_anywhere() {
    for (name, provider, _) in FIXTURES {
        let Some(iss) = value(name)["iss"].as_str().map(str::to_owned) else {
            assert!(!provider.profile().requires_iss, "{name}");
            continue;
        };
        let issuer = IssuerIdentifier::parse(&iss).unwrap();
        assert_eq!(Provider::of_issuer(&issuer), Some(*provider), "{name}");
    }
}

#[test]
fn a_subject_has_parts_that_its_profile_lists_and_prints_as_it_was() {
    for (name, provider, _) in FIXTURES {
        let claims = value(name);
        let sub = claims["sub"].as_str().unwrap();
        let subject = provider.subject(sub).unwrap();
        assert_eq!(subject.to_string(), sub, "{name}");
        assert_eq!(subject.provider(), *provider);
        let parts = provider.profile().subject_parts;
        assert!(
            parts.iter().any(|part| subject.part(part.name).is_some()),
            "{name}"
        );
        for part in parts {
            let own = subject.part(part.name).unwrap_or_default();
            // GitHub's repository is written with ids in between.
            let words = own.split('/').all(|word| sub.contains(word));
            assert!(words, "{name} {}", part.name);
        }
        assert_eq!(subject.part("nothing"), None, "{name}");
        let foreign = Provider::ALL.iter().filter(|other| *other != provider);
        for other in foreign {
            assert!(
                other.subject(sub).is_err() || ambiguous(*provider, *other),
                "{name} {other}"
            );
        }
    }
}

/// One UUID is a subject of two providers.
fn ambiguous(one: Provider, other: Provider) -> bool {
    one == Provider::Entra && other == Provider::Buildkite
}

#[test]
fn every_part_of_a_profile_is_a_part_of_some_subject() {
    let id = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
    let circleci = format!("org/{id}/file-streaming/audit-logs");
    let subjects = [
        (Provider::Buildkite, id),
        (
            Provider::Buildkite,
            "organization:o:pipeline:p:ref:refs/heads/m:commit:c:step:s",
        ),
        (Provider::CircleCi, &*circleci),
        (Provider::GitHubActions, "repo:o@1/r@2:ref:refs/heads/main"),
        (Provider::GitHubActions, "repo:o/r:pull_request"),
        (
            Provider::Terraform,
            "organization:o:project:p:stack:s:deployment:d:operation:plan",
        ),
    ];
    let fixtures: Vec<_> = FIXTURES
        .iter()
        .map(|(name, provider, _)| (*provider, value(name)["sub"].as_str().unwrap().to_owned()))
        .chain(subjects.map(|(provider, text)| (provider, text.to_owned())))
        .collect();
    for &provider in Provider::ALL {
        for part in provider.profile().subject_parts {
            // Templates of GitHub have a part for each claim.
            let template = format!("{}:x", part.name);
            let found = fixtures
                .iter()
                .filter(|(own, _)| *own == provider)
                .map(|(_, text)| text)
                .chain([&template])
                .filter_map(|text| provider.subject(text).ok()?.part(part.name).map(|_| ()));
            assert!(found.count() > 0, "{provider} {}", part.name);
        }
    }
}

// The rows of the field's table, one by one.

/// AWS, "Understanding token claims": the key has a slash at its end.
#[test]
fn the_namespace_of_aws_is_reached_by_its_escaped_name() {
    let account = Pointer::parse("/https:~1~1sts.amazonaws.com~1/aws_account").unwrap();
    let set = PointerSet::new([account]).unwrap();
    let found = set.scan(fixture("aws_ec2").as_bytes()).unwrap();
    assert_eq!(found.get(0).unwrap().text().unwrap(), *"111122223333");
    assert_eq!(account.tokens().next().unwrap().decoded(), aws::NAMESPACE);
    let known = Provider::AwsOutbound.profile().claim(account).unwrap();
    assert!(known.identifies_tenant && known.presence == Presence::Always);
}

/// Documented as one string; an array in every token that was seen.
#[test]
fn the_ou_path_of_aws_is_read_in_both_forms() {
    let path = vec!["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/".to_owned()];
    assert_eq!(view::<aws::Claims>("aws_ec2").sts.ou_path, path);
    assert_eq!(view::<aws::Claims>("aws_documented").sts.ou_path, path);
}

/// `2` in the documentation, `2.0` in tokens.
#[test]
fn the_role_delivery_of_aws_is_a_string_in_both_forms() {
    let delivery = |name| view::<aws::Claims>(name).sts.ec2_role_delivery;
    assert_eq!(delivery("aws_ec2").as_deref(), Some("2.0"));
    assert_eq!(delivery("aws_documented").as_deref(), Some("2"));
}

#[test]
fn request_tags_of_aws_are_known_to_be_the_callers_and_principal_tags_are_not() {
    let profile = Provider::AwsOutbound.profile();
    let chosen = |text: &str| {
        let pointer = Pointer::parse(text).unwrap();
        profile.claim(pointer).unwrap().chosen_by
    };
    let tag = |tags: &str| format!("/https:~1~1sts.amazonaws.com~1/{tags}/job-id");
    assert_eq!(chosen(&tag("request_tags")), ChosenBy::Caller);
    assert_eq!(chosen(&tag("principal_tags")), ChosenBy::Tenant);
    assert_eq!(chosen("/aud"), ChosenBy::Caller);
    let view = view::<aws::Claims>("aws_ec2");
    assert_eq!(view.sts.request_tags["job-id"], "42");
    assert_eq!(view.sts.principal_tags["team"], "data");
}

/// AWS signs with a role's own ARN, path and all.
#[test]
fn the_subject_of_an_aws_role_is_its_arn_with_the_path() {
    let claims = value("aws_documented");
    let subject = aws::Subject::parse(claims["sub"].as_str().unwrap()).unwrap();
    assert_eq!(
        subject.path(),
        Some("/aws-reserved/sso.amazonaws.com/eu-north-1/")
    );
    assert_eq!(
        subject.name(),
        Some("AWSReservedSSO_Deploy_0a1b2c3d4e5f6071")
    );
    let session = "arn:aws:sts::111122223333:assumed-role/ec2-doppler-oidc/i-0abc1234def567890";
    assert!(aws::Subject::parse(session).is_err());
}

#[test]
fn both_versions_of_a_circleci_subject_round_trip() {
    let v1 = value("circleci_v1")["sub"].as_str().unwrap().to_owned();
    let v2 = value("circleci_v2")["sub"].as_str().unwrap().to_owned();
    let first = circleci::Subject::parse(&v1).unwrap();
    let second = circleci::Subject::parse(&v2).unwrap();
    assert_eq!(first.vcs(), None);
    assert_eq!(
        second.vcs(),
        Some(("github.com/acme/web", "refs/heads/feature/a"))
    );
    let built = circleci::Subject::job(
        first.organization_id(),
        first.project_id().unwrap(),
        first.user_id().unwrap(),
    );
    assert_eq!(built, Ok(first));
    let built = first.with_vcs("github.com/acme/web", "refs/heads/feature/a");
    assert_eq!(built.unwrap().to_string(), v2);
}

#[test]
fn circleci_tokens_come_from_a_path_or_from_the_root() {
    for (name, scope, url) in [
        (
            "circleci_v1",
            IssuerScope::Tenant,
            "https://oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/.well-known/openid-configuration",
        ),
        (
            "circleci_v2",
            IssuerScope::Shared,
            "https://oidc.circleci.com/.well-known/openid-configuration",
        ),
    ] {
        let claims = value(name);
        let issuer = IssuerIdentifier::parse(claims["iss"].as_str().unwrap()).unwrap();
        assert_eq!(Provider::issuer_scope(&issuer), scope);
        assert_eq!(issuer.discovery_url(), url);
    }
    let quirks = Provider::CircleCi.profile().discovery;
    assert_eq!(quirks.jwks_path, Some("/.well-known/jwks-pub.json"));
}

/// Custom webhooks have no repository; an absent `ssh-rerun` is not `false`.
#[test]
fn the_claims_of_circleci_have_their_names_and_kinds() {
    let v2 = view::<circleci::Claims>("circleci_v2");
    assert_eq!(v2.context_ids.len(), 2);
    assert_eq!(
        (v2.ssh_rerun, v2.vcs_ref.as_deref()),
        (Some(false), Some("refs/heads/feature/a"))
    );
    let v1 = view::<circleci::Claims>("circleci_v1");
    assert_eq!(
        (v1.vcs_origin, v1.vcs_ref, v1.context_ids),
        (None, None, Vec::new())
    );
    assert_eq!(
        serde_json::from_str::<circleci::Claims>("{}")
            .unwrap()
            .ssh_rerun,
        None
    );
    let text = json!({"oidc.circleci.com/ssh-rerun": "false"});
    assert!(serde_json::from_value::<circleci::Claims>(text).is_err());
}

/// The default is the organization's id; a custom one is a string, or a list from settings.
#[test]
fn an_audience_of_circleci_is_a_string_or_a_list() {
    for (name, count) in [("circleci_v1", 1), ("circleci_v2", 2)] {
        let mut buffer = ScanBuffer::new();
        let scanner = ClaimsScanner::registered();
        let claims = scanner.scan(fixture(name).as_bytes(), &mut buffer).unwrap();
        let Claim::WellFormed(aud) = claims.aud() else {
            panic!("{name}")
        };
        assert_eq!(aud.iter().count(), count);
    }
}

/// GitHub, "Immutable subject claims": both forms are read, and `%3A` only for the eye.
#[test]
fn a_github_subject_keeps_its_escape_where_the_claim_has_none() {
    let claims = value("github");
    let subject = github::Subject::parse(claims["sub"].as_str().unwrap()).unwrap();
    let environment = subject.part("environment").unwrap();
    assert_eq!(environment, "prod%3Aeu");
    assert_eq!(
        github::for_display(&environment),
        claims["environment"].as_str().unwrap()
    );
    assert_eq!(
        subject.part("repository").as_deref(),
        claims["repository"].as_str()
    );
    assert_eq!(
        subject.part("repository_id").as_deref(),
        claims["repository_id"].as_str()
    );
    assert_eq!(
        subject.part("owner_id").as_deref(),
        claims["repository_owner_id"].as_str()
    );
}

#[test]
fn the_braces_of_bitbucket_are_a_part_of_every_uuid() {
    let claims = view::<bitbucket::Claims>("bitbucket");
    let sub = value("bitbucket")["sub"].as_str().unwrap().to_owned();
    let subject = bitbucket::Subject::parse(&sub).unwrap();
    assert_eq!(subject.repository_uuid(), claims.repository_uuid);
    assert_eq!(subject.step_uuid(), claims.step_uuid);
    assert_eq!(
        subject.deployment_environment_uuid(),
        claims.deployment_environment_uuid.as_deref()
    );
    let pattern = jsonptr::Pattern::parse(&format!("{}:*", claims.repository_uuid)).unwrap();
    assert!(pattern.matches(&sub));
    assert!(!pattern.matches(&sub.replace(['{', '}'], "")));
}

/// GitLab: `"true"` is a string, ids are strings, the runner's is a number.
#[test]
fn the_odd_kinds_of_gitlab_are_read_as_they_are_meant() {
    let claims = view::<gitlab::Claims>("gitlab");
    assert!(!claims.ref_protected);
    assert_eq!(claims.environment_protected, Some(true));
    assert_eq!((claims.runner_id, &*claims.project_id), (Some(1), "20"));
    assert_eq!(
        (claims.ci_config_ref_uri, claims.ci_config_sha),
        (None, None)
    );
    assert_eq!(claims.user_identities[0].provider, "github");
    for (member, wrong) in [
        ("ref_protected", json!("yes")),
        ("ref_protected", json!(1)),
        ("project_id", json!(20)),
        ("runner_id", json!("1")),
    ] {
        let mut claims = value("gitlab");
        claims[member] = wrong;
        assert!(
            serde_json::from_value::<gitlab::Claims>(claims).is_err(),
            "{member}"
        );
    }
}

/// Buildkite: a step without a key is `null` in its claim and nothing in the subject.
#[test]
fn a_step_of_buildkite_without_a_key_is_null_and_a_colon_at_the_end() {
    let claims = view::<buildkite::Claims>("buildkite");
    assert_eq!((claims.step_key, claims.build_number), (None, 1));
    let sub = value("buildkite")["sub"].as_str().unwrap().to_owned();
    let subject = buildkite::Subject::parse(&sub).unwrap();
    assert!(sub.ends_with(':'));
    assert_eq!(subject.part("step"), None);
}

#[test]
fn an_audience_of_kubernetes_is_an_array_and_its_facts_are_nested() {
    let claims = view::<kubernetes::Claims>("kubernetes").kubernetes;
    assert_eq!(claims.namespace, "prod");
    assert_eq!(
        claims.service_account.uid,
        "a087d5a0-e1dd-43ec-93ac-f13d89cd13af"
    );
    assert_eq!(claims.warn_after, Some(1_790_003_600));
    let mut other = value("kubernetes");
    other["aud"] = json!("https://deploy.example");
    other["kubernetes.io"]["gpu"] = json!("a100");
    let found = drift(Provider::Kubernetes, &other.to_string());
    assert_eq!(found.other_kind[0].0.as_str(), "/aud");
    assert_eq!(found.unknown[0].as_str(), "/kubernetes.io/gpu");
}

#[test]
fn ids_of_google_are_strings_and_numbers() {
    let claims = view::<google::Claims>("google");
    let engine = claims.google.unwrap().compute_engine.unwrap();
    assert_eq!(
        (engine.project_number, &*engine.instance_id),
        (739_419_398_126, "8087716956832600000")
    );
    assert_eq!(claims.email_verified, Some(true));
    let mut other = value("google");
    other["email_verified"] = json!("true");
    assert!(serde_json::from_value::<google::Claims>(other).is_err());
}

#[test]
fn both_versions_of_entra_name_the_application() {
    for (name, version) in [("entra_v1", "1.0"), ("entra_v2", "2.0")] {
        let claims = view::<entra::Claims>(name);
        assert_eq!(claims.version, version);
        let application = "3c1d2e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f";
        assert_eq!(claims.application_id.as_deref(), Some(application));
    }
}

#[test]
fn a_run_of_terraform_has_ids_beside_its_names() {
    let claims = view::<terraform::Claims>("terraform");
    assert_eq!(claims.workspace_id.as_deref(), Some("ws-mbsd5E3Ktt5Rg2Xm"));
    assert_eq!(claims.run_phase.as_deref(), Some("apply"));
    let profile = Provider::Terraform.profile();
    for (name, id) in [
        ("/terraform_organization_name", "/terraform_organization_id"),
        ("/terraform_project_name", "/terraform_project_id"),
        ("/terraform_workspace_name", "/terraform_workspace_id"),
    ] {
        let known = profile.claim(Pointer::parse(name).unwrap()).unwrap();
        assert_eq!(known.pinned_by.unwrap().as_str(), id);
    }
}

/// OpenID Connect Discovery section 4 takes one slash off for the URL, and none off the name.
#[test]
fn a_slash_at_the_end_of_an_issuer_counts_everywhere_but_in_the_url() {
    for name in ["entra_v1", "kubernetes"] {
        let claims = value(name);
        let iss = claims["iss"].as_str().unwrap();
        let issuer = IssuerIdentifier::parse(iss).unwrap();
        assert!(
            iss.ends_with('/') && !issuer.discovery_url().contains("//."),
            "{name}"
        );
        let without = IssuerIdentifier::parse(iss.trim_end_matches('/')).unwrap();
        assert_ne!(issuer, without, "{name}");
        assert_eq!(issuer.discovery_url(), without.discovery_url());
        let provider = Provider::of_issuer(&issuer).unwrap();
        assert!(provider.profile().discovery.trailing_slash, "{name}");
    }
}

#[test]
fn what_not_every_issuer_writes_is_not_required_of_it() {
    let presence = |provider: Provider, claim: &str| {
        let claim = provider.profile().claim(Pointer::parse(claim).unwrap());
        claim.map(|claim| claim.presence)
    };
    assert_eq!(presence(Provider::AwsOutbound, "/nbf"), None);
    assert_eq!(presence(Provider::CircleCi, "/nbf"), None);
    assert_eq!(
        presence(Provider::CircleCi, "/jti"),
        Some(Presence::Sometimes)
    );
    assert_eq!(
        presence(Provider::SpiffeJwtSvid, "/iss"),
        Some(Presence::Sometimes)
    );
    assert_eq!(
        presence(Provider::GitHubActions, "/nbf"),
        Some(Presence::Always)
    );
    let without_kid = Provider::ALL
        .iter()
        .filter(|own| !own.profile().requires_kid);
    assert_eq!(
        without_kid.copied().collect::<Vec<_>>(),
        [Provider::SpiffeJwtSvid]
    );
}

/// SPIFFE JWT-SVID section 2 and 4.
#[test]
fn only_spiffe_has_keys_for_jwt_svids_and_the_type_jose() {
    for &provider in Provider::ALL {
        let profile = provider.profile();
        let spiffe = provider == Provider::SpiffeJwtSvid;
        assert_eq!(profile.key_uses == ["jwt-svid"], spiffe, "{provider}");
        assert_eq!(profile.types.contains(&"JOSE"), spiffe, "{provider}");
        assert_eq!(profile.requires_iss, !spiffe, "{provider}");
    }
}

#[test]
fn exotic_names_are_reached_by_pointer() {
    let json = include_str!("providers/exotic.json");
    let pointers = [
        ("/oidc.circleci.com~1project-id", "slashes and dots"),
        (
            "/https:~1~1sts.amazonaws.com~1/aws_account",
            "a URL with a slash at its end",
        ),
        ("/kubernetes.io/namespace", "a dot"),
        ("/agent_tag:queue", "a colon"),
        ("/a~0b", "a tilde"),
        ("/", "no name at all"),
        ("/~01", "what looks escaped"),
    ];
    let set = PointerSet::new(pointers.map(|(text, _)| Pointer::parse(text).unwrap())).unwrap();
    let found = set.scan(json.as_bytes()).unwrap();
    for (index, (text, expected)) in pointers.into_iter().enumerate() {
        let value = found.get(index).and_then(|value| value.text());
        assert_eq!(value.unwrap(), *expected, "{text}");
    }
}

/// The document of all tenants names no issuer; `TenantTemplate` is how one asks for it.
#[test]
fn the_issuer_template_of_entra_is_refused() {
    let profile = Provider::Entra.profile();
    let template = profile.discovery.issuer_template.unwrap();
    let templated = format!("https://login.microsoftonline.com/{template}/v2.0");
    assert!(IssuerIdentifier::parse(&templated).is_err());
    let tenant = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";
    let issuer = IssuerIdentifier::parse(tenant).unwrap();
    let jwks = "https://login.microsoftonline.com/common/discovery/v2.0/keys";
    let document = json!({"issuer": templated, "jwks_uri": jwks}).to_string();
    assert!(oidc_core::ProviderMetadata::parse(&issuer, document.as_bytes()).is_err());
    let document = json!({"issuer": tenant, "jwks_uri": jwks}).to_string();
    assert!(oidc_core::ProviderMetadata::parse(&issuer, document.as_bytes()).is_ok());
}

#[test]
fn an_unknown_claim_of_any_provider_is_reported() {
    for (name, provider, _) in FIXTURES {
        let mut claims = value(name);
        claims["moon_phase"] = json!("full");
        let found = drift(*provider, &claims.to_string());
        assert_eq!(found.unknown[0].as_str(), "/moon_phase", "{name}");
        assert!(
            found.absent.is_empty() && found.other_kind.is_empty(),
            "{name}"
        );
    }
}
