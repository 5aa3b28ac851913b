//! CircleCI's tokens: issuers, subjects, claims, audiences and ttls (CircleCI's documentation of
//! "OpenID Connect tokens", its API of `oidc-custom-claims`, and what its service was seen to do).

#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use common::{at, key, parts};
use oidc_core::{Algorithm, Audience};
use oidc_issuer::Issuer;
use oidc_issuer::profile::circleci::{self, Job, SubjectFormat, TokenRequest};
use serde_json::{Value, json};

const ORG: &str = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
const PROJECT: &str = "2b9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a01";
const USER: &str = "77aa1c52-0a6a-4a59-b5a5-6b8f0c3d9e02";
const NOW: i64 = common::NOW;

fn description() -> Value {
    json!({
        "organization": ORG,
        "project": PROJECT,
        "user": USER,
        "pipeline": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
        "pipeline_definition": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
        "workflow": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
        "job": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
        "contexts": ["c1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b07", "d1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b08"],
        "vcs": {"origin": "github.com/acme/web", "ref": "refs/heads/a/b"}
    })
}

fn job_of(description: &Value) -> Result<Job, String> {
    let job = Job::from_json(description.to_string().as_bytes());
    job.map_err(|error| error.code().to_owned())
}

fn job() -> Job {
    job_of(&description()).unwrap()
}

fn webhook_job() -> Job {
    let mut description = description();
    description.as_object_mut().unwrap().remove("vcs");
    description.as_object_mut().unwrap().remove("contexts");
    job_of(&description).unwrap()
}

fn claims(job: &Job, request: &TokenRequest) -> Value {
    let issuer = Issuer::builder(circleci::organization_issuer(ORG).unwrap())
        .key(key(Algorithm::Rs256))
        .jwks_uri(&format!(
            "{}/org/{ORG}{}",
            circleci::ROOT_ISSUER,
            circleci::JWKS_PATH
        ))
        .build()
        .unwrap();
    let token = issuer
        .issue(&job.token_spec(request).unwrap(), at(NOW))
        .unwrap();
    parts(&token).1
}

/// Row "v1/v2 sub": built with the slashes of origin and ref as they are, and without them for a
/// custom webhook.
#[test]
fn subjects_are_built_in_both_versions() {
    let v1 = format!("org/{ORG}/project/{PROJECT}/user/{USER}");
    assert_eq!(job().subject(SubjectFormat::V1), v1);
    assert_eq!(
        job().subject(SubjectFormat::V2),
        format!("{v1}/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/a/b")
    );
    assert_eq!(webhook_job().subject(SubjectFormat::V2), v1);
}

/// Row "claim set": exact names and types; those of the version control are absent for a webhook.
#[test]
fn the_claims_have_their_exact_names_and_types() {
    let request = TokenRequest::new(SubjectFormat::V2);
    let all = claims(&job(), &request);
    assert_eq!(
        all,
        json!({
            "iss": format!("https://oidc.circleci.com/org/{ORG}"),
            "sub": job().subject(SubjectFormat::V2),
            "aud": ORG,
            "iat": NOW,
            "exp": NOW + 3_600,
            "oidc.circleci.com/project-id": PROJECT,
            "oidc.circleci.com/org-id": ORG,
            "oidc.circleci.com/pipeline-id": "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
            "oidc.circleci.com/workflow-id": "9e8d7c6b-5a49-4838-a726-15f4e3d2c105",
            "oidc.circleci.com/job-id": "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
            "oidc.circleci.com/pipeline-definition-id": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
            "oidc.circleci.com/context-ids": ["c1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b07", "d1a2b3c4-d5e6-4f7a-8b9c-0d1e2f3a4b08"],
            "oidc.circleci.com/ssh-rerun": false,
            "oidc.circleci.com/vcs-origin": "github.com/acme/web",
            "oidc.circleci.com/vcs-ref": "refs/heads/a/b"
        })
    );
    let webhook = claims(&webhook_job(), &request);
    for absent in ["context-ids", "vcs-origin", "vcs-ref"] {
        assert_eq!(webhook.get(format!("oidc.circleci.com/{absent}")), None);
    }
    let mut rerun = description();
    rerun["ssh_rerun"] = json!(true);
    let rerun = claims(&job_of(&rerun).unwrap(), &request);
    assert_eq!(rerun["oidc.circleci.com/ssh-rerun"], json!(true));
}

/// Row "per-org and root issuer": discovery stands under the path.
#[test]
fn an_organisation_has_an_issuer_of_its_own_below_the_root() {
    let organization = circleci::organization_issuer(ORG).unwrap();
    assert_eq!(
        organization.discovery_url(),
        format!("https://oidc.circleci.com/org/{ORG}/.well-known/openid-configuration")
    );
    assert_eq!(circleci::ROOT_ISSUER, "https://oidc.circleci.com");
    assert_eq!(circleci::JWKS_PATH, "/.well-known/jwks-pub.json");
}

/// A CircleCI server has an issuer of its own (its documentation, "OpenID Connect tokens").
#[test]
fn an_organisation_has_an_issuer_below_any_root() {
    use oidc_core::IssuerIdentifier;
    let below = |root: &IssuerIdentifier| {
        let issuer = circleci::organization_issuer_below(root, ORG).unwrap();
        (issuer.to_string(), circleci::jwks_uri(&issuer))
    };
    for (root, stem) in [
        ("https://ci.example", "https://ci.example"),
        ("https://ci.example/", "https://ci.example"),
        ("https://ci.example/oidc", "https://ci.example/oidc"),
    ] {
        let root = IssuerIdentifier::parse(root).unwrap();
        let issuer = format!("{stem}/org/{ORG}");
        let jwks_uri = format!("{issuer}/.well-known/jwks-pub.json");
        assert_eq!(below(&root), (issuer, jwks_uri));
    }
    let root = IssuerIdentifier::loopback("http://127.0.0.1:4321").unwrap();
    assert_eq!(below(&root).0, format!("http://127.0.0.1:4321/org/{ORG}"));
    assert_eq!(
        circleci::organization_issuer_below(&root, &ORG.to_uppercase())
            .unwrap_err()
            .to_string(),
        "`organization` is no UUID"
    );
    // 512 bytes are an issuer; the organisation takes 41 of them.
    let root = |length: usize| {
        let path = "a".repeat(length.checked_sub("https://ci.example/".len()).unwrap());
        IssuerIdentifier::parse(&format!("https://ci.example/{path}")).unwrap()
    };
    assert!(circleci::organization_issuer_below(&root(471), ORG).is_ok());
    let error = circleci::organization_issuer_below(&root(472), ORG).unwrap_err();
    assert_eq!(error.code(), "organization_issuer");
}

/// Row "aud default/custom".
#[test]
fn the_audience_is_the_organisation_one_or_a_list() {
    let request = TokenRequest::new(SubjectFormat::V1);
    let aud = |request: &TokenRequest| claims(&job(), request)["aud"].clone();
    assert_eq!(aud(&request), json!(ORG));
    let custom = request
        .clone()
        .with_claims_json(br#"{"aud":"sts.amazonaws.com"}"#)
        .unwrap();
    assert_eq!(aud(&custom), json!("sts.amazonaws.com"));
    let list = request
        .clone()
        .with_audience(Audience::many(["a", "b"]).unwrap());
    assert_eq!(aud(&list), json!(["a", "b"]));
    for refused in [
        "{}",
        "[]",
        r#"{"aud":1}"#,
        r#"{"aud":""}"#,
        r#"{"aud":"a","sub":"b"}"#,
        r#"{"aud":"a","aud":"b"}"#,
        r#"{"aud":"a"} x"#,
    ] {
        let error = request
            .clone()
            .with_claims_json(refused.as_bytes())
            .unwrap_err();
        assert_eq!(error.code(), "custom_claims", "{refused}");
    }
}

/// Row "ttl parsing": the published pattern has `d` and `w`, the service answers 400 to them.
#[test]
fn a_ttl_is_a_go_duration() {
    let request = TokenRequest::new(SubjectFormat::V1);
    for (ttl, seconds) in [
        ("1h30m", 5_400),
        ("1.5h", 5_400),
        ("10m", 600),
        ("90s", 90),
        ("1500ms", 1),
    ] {
        let claims = claims(&job(), &request.clone().with_ttl(ttl).unwrap());
        assert_eq!(claims["exp"], json!(NOW + seconds), "{ttl}");
    }
    for (ttl, code) in [
        ("1d", "duration_unit"),
        ("7d", "duration_unit"),
        ("1w", "duration_unit"),
        ("", "duration_empty"),
        ("3600", "duration_no_unit"),
        ("-1h", "duration_number"),
        ("0", "lifetime"),
        ("999ms", "lifetime"),
        ("24h1s", "lifetime"),
    ] {
        assert_eq!(
            request.clone().with_ttl(ttl).unwrap_err().code(),
            code,
            "{ttl}"
        );
    }
    assert!(request.with_ttl("24h").is_ok());
}

#[test]
fn the_export_of_audit_logs_has_a_subject_of_its_own() {
    let spec = circleci::audit_log_token_spec(ORG).unwrap();
    assert_eq!(
        spec.subject(),
        format!("org/{ORG}/file-streaming/audit-logs")
    );
    assert!(spec.audience().contains(ORG));
    assert_eq!(
        circleci::audit_log_token_spec("acme").unwrap_err().code(),
        "uuid"
    );
}

#[test]
fn a_description_that_could_make_another_subject_is_refused() {
    let with = |pointer: &str, value: Value| {
        let mut description = description();
        *description.pointer_mut(pointer).unwrap() = value;
        job_of(&description).map(|_| ()).unwrap_err()
    };
    for member in [
        "/organization",
        "/project",
        "/user",
        "/pipeline",
        "/workflow",
        "/job",
        "/contexts/0",
    ] {
        for wrong in [
            "",
            "x",
            "8F0C1F0E-4a5b-4c39-9d5e-0b5a3a6f0c11",
            "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/user/x",
        ] {
            assert_eq!(with(member, json!(wrong)), "uuid", "{member} {wrong}");
        }
    }
    for origin in [
        "",
        "https://github.com/acme/web",
        "github.com/a/vcs-ref/refs/heads/main",
        "a b",
    ] {
        assert_eq!(with("/vcs/origin", json!(origin)), "vcs_origin", "{origin}");
    }
    for git_ref in ["", "main", "refs/heads/a/vcs-ref/b", "refs/heads/a\nb"] {
        assert_eq!(with("/vcs/ref", json!(git_ref)), "vcs_ref", "{git_ref}");
    }
    let mut unknown = description();
    unknown["branch"] = json!("x");
    assert_eq!(job_of(&unknown).unwrap_err(), "job_format");
    let contexts = |count: usize| {
        let mut description = description();
        description["contexts"] = json!(vec![ORG; count]);
        job_of(&description).map(|_| ())
    };
    assert_eq!(contexts(Job::MAX_CONTEXTS), Ok(()));
    assert_eq!(
        contexts(Job::MAX_CONTEXTS + 1),
        Err("too_many_contexts".to_owned())
    );
}
