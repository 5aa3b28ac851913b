//! Which tokens an identity admits: Doppler's rules ("Service Account Identities", and its Terraform
//! resource `doppler_service_account_identity`), each through the exchange.

use serde_json::{Value, json};

use crate::support::{AUDIENCE, ISSUER};
use crate::world::{
    IDENTITY, OTHER, OTHER_ISSUER, SUBJECT, World, configuration, identity, workload,
};

const ACCOUNT: &str = "/https:~1~1sts.amazonaws.com~1/aws_account";
const REGION: &str = "/https:~1~1sts.amazonaws.com~1/source_region";

async fn world(claims_type: &str, claims: &Value) -> World {
    World::with(&configuration(&identity(ISSUER, claims_type, claims))).await
}

#[tokio::test]
async fn every_claim_must_match() {
    for (account, region, admitted) in [
        ("111122223333", "us-east-1", true),
        ("444455556666", "us-east-1", false),
        ("111122223333", "eu-north-1", false),
    ] {
        let world = world("exact", &json!({ACCOUNT: [account], REGION: [region]})).await;
        assert_eq!(
            world.admits(&workload().token).await,
            admitted,
            "{account} {region}"
        );
    }
}

#[tokio::test]
async fn one_option_of_a_claim_is_enough() {
    let subjects = json!({"sub": ["somebody", SUBJECT, "else"]});
    assert!(
        world("exact", &subjects)
            .await
            .admits(&workload().token)
            .await
    );
    let subjects = json!({"sub": ["somebody", "else"]});
    assert!(
        !world("exact", &subjects)
            .await
            .admits(&workload().token)
            .await
    );
}

#[tokio::test]
async fn a_star_is_a_wildcard_where_the_identity_says_so_and_a_star_elsewhere() {
    let branch = json!({"ref": ["refs/heads/feature*"]});
    let token = |name: &str| workload().with_claim("ref", &json!(name).to_string());
    for (claims_type, name, admitted) in [
        ("wildcard", "refs/heads/feature", true),
        ("wildcard", "refs/heads/feature/a/b", true),
        ("wildcard", "refs/heads/main", false),
        ("exact", "refs/heads/feature/a/b", false),
        ("exact", "refs/heads/feature*", true),
    ] {
        let world = world(claims_type, &branch).await;
        assert_eq!(
            world.admits(&token(name)).await,
            admitted,
            "{claims_type} {name}"
        );
    }
    // Only the star: what other pattern languages have is compared as it stands.
    let world = world("wildcard", &json!({"ref": ["v?.[0-9]"]})).await;
    assert!(world.admits(&token("v?.[0-9]")).await);
    assert!(!world.admits(&token("v1.5")).await);
}

/// "AWS EC2 OIDC Authentication", "Optionally scope to a specific EC2 instance".
#[tokio::test]
async fn a_name_with_a_leading_slash_is_a_pointer_into_nested_claims() {
    const INSTANCE: &str = "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn";
    let arn = "arn:aws:ec2:us-east-1:111122223333:instance/i-1";
    assert!(
        world("exact", &json!({INSTANCE: [arn]}))
            .await
            .admits(&workload().token)
            .await
    );
    let other = format!("{arn}2");
    assert!(
        !world("exact", &json!({INSTANCE: [other]}))
            .await
            .admits(&workload().token)
            .await
    );

    // Without the slash it is the name of a top-level claim, slashes and all.
    let project = json!({"oidc.circleci.com/project-id": ["7"]});
    let world = world("exact", &project).await;
    assert!(
        world
            .admits(&workload().with_claim("oidc.circleci.com/project-id", r#""7""#))
            .await
    );
    assert!(
        !world
            .admits(&workload().with_claim("oidc.circleci.com", r#"{"project-id":"7"}"#))
            .await
    );
}

#[tokio::test]
async fn of_an_array_any_element_will_do() {
    let world = world("exact", &json!({"contexts": ["deploy"]})).await;
    for (contexts, admitted) in [
        (r#"["build","deploy"]"#, true),
        (r#"["deploy"]"#, true),
        (r#""deploy""#, true),
        (r#"["build"]"#, false),
        ("[]", false),
        (r#"[["deploy"]]"#, false),
        (r#"{"0":"deploy"}"#, false),
        ("null", false),
    ] {
        let token = workload().with_claim("contexts", contexts);
        assert_eq!(world.admits(&token).await, admitted, "{contexts}");
    }
    assert!(!world.admits(&workload().token).await, "an absent claim");
    // Doppler's own operator asks for three audiences, and its users configure one.
    let audiences = json!(["https://api.doppler.com", AUDIENCE, IDENTITY]).to_string();
    let token = workload().with_claim("contexts", r#""deploy""#);
    assert!(world.admits(&token).await);
    let world = World::new().await;
    assert!(
        world
            .admits(&workload().with_claim("aud", &audiences))
            .await
    );
}

#[tokio::test]
async fn the_discovery_url_is_the_issuer_byte_for_byte() {
    let world = World::new().await;
    // Both issuers are trusted, have the same keys here, and expect the same audience and subject.
    let of_other = workload().with_claim("iss", &json!(OTHER_ISSUER).to_string());
    assert_eq!(world.exchange(OTHER, &of_other).await.status, 200);
    assert!(!world.admits(&of_other).await);
    assert!(world.admits(&workload().token).await);
    assert_eq!(world.exchange(OTHER, &workload().token).await.status, 401);
    for iss in [
        format!("{ISSUER}/"),
        ISSUER.to_uppercase(),
        "https://evil.example".to_owned(),
    ] {
        let token = workload().with_claim("iss", &json!(iss).to_string());
        assert!(!world.admits(&token).await, "{iss}");
    }
}

/// The audience of one identity opens no other, though one verifier stands before both.
#[tokio::test]
async fn each_identity_has_audiences_of_its_own() {
    let mut configuration = configuration(&identity(ISSUER, "exact", &json!({"aud": [IDENTITY]})));
    configuration["identities"][1]["identity"] =
        identity(ISSUER, "exact", &json!({"aud": [OTHER]}));
    let world = World::with(&configuration).await;
    for (aud, identity, expected) in [
        (IDENTITY, IDENTITY, 200),
        (OTHER, OTHER, 200),
        (IDENTITY, OTHER, 401),
        (OTHER, IDENTITY, 401),
    ] {
        let token = workload().with_claim("aud", &json!(aud).to_string());
        assert_eq!(world.exchange(identity, &token).await.status, expected);
    }
}

/// The operator reads which claim it was; the answer is the same as ever.
#[tokio::test]
async fn the_operator_reads_why_and_the_caller_does_not() {
    let world = world("exact", &json!({ACCOUNT: ["111122223334"]})).await;
    let refused = world.exchange(IDENTITY, &workload().token).await;
    assert_eq!(refused.status, 401);
    let id = refused.header("x-request-id").unwrap();
    let line = world.line();
    assert!(
        line.starts_with(&format!(
            "{id} POST /v3/auth/oidc 401: identity {IDENTITY}: "
        )),
        "{line}"
    );
    assert!(
        line.contains(ACCOUNT) && line.contains("111122223334"),
        "{line}"
    );
    assert!(!refused.body.to_string().contains("aws_account"));
}
