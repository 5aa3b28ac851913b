//! A service that takes the tokens of jobs of GitHub: keys kept current, a policy, answers by RFC 6750.
//!
//! `cargo run --example axum_service` listens on `127.0.0.1:8080` until it is interrupted. The how-to
//! is docs/verify-in-a-service.md.

use std::error::Error;
use std::sync::Arc;

use axum::{Router, routing::post};
use oidc_verifier::http::{HttpTransport, KeyRefresher};
use oidc_verifier::key_source::KeySourceConfig;
use oidc_verifier::policy::Policy;
use oidc_verifier::replay::MemoryReplayGuard;
use oidc_verifier::tower::{Authenticated, BearerLayer};
use oidc_verifier::{IssuerIdentifier, Provider, Verifier};

const POLICY: &str = r#"{"rules": [{
    "id": "deploy-main", "effect": "allow",
    "issuer": "https://token.actions.githubusercontent.com",
    "audiences": ["https://deploy.example"],
    "conditions": [
        {"claim": "repository_owner_id", "equals": "4217"},
        {"claim": "repository_id", "equals": "90001"},
        {"subject": "ref", "equals": "refs/heads/main"}
    ]
}]}"#;

async fn deploy(token: Authenticated) -> String {
    format!("deploying for {}\n", token.subject())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let policy = Arc::new(Policy::from_json(POLICY.as_bytes())?.refuse_dangerous()?);
    let issuer = IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?;
    let verifier = Verifier::builder()
        .issuer(issuer)
        .audience("https://deploy.example")
        .provider(Provider::GitHubActions)
        .locate_all(policy.pointers())
        .build()?;

    let keys = KeyRefresher::builder(Arc::new(verifier), HttpTransport::new()?)
        .discover_all(&KeySourceConfig::default())
        .spawn()?;
    let bearer = BearerLayer::new(keys.clone())
        .policy(policy, Arc::new(MemoryReplayGuard::new()))
        .on_decision(|decision| eprintln!("{}", decision.for_operator()));
    let service = Router::new().route("/deploy", post(deploy)).layer(bearer);

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8080)).await?;
    axum::serve(listener, service)
        .with_graceful_shutdown(async {
            // An error is a platform without signals: then it ends with its process.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    keys.shutdown().await;
    Ok(())
}
