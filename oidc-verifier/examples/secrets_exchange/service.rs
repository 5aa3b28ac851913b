//! The service: tokens of workloads are exchanged for its own, and those for secrets.

use std::fmt::Display;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use oidc_core::NumericDate;
use oidc_issuer::{SecureRandom as _, SystemRandom};
use oidc_verifier::http::KeyRefresher;
use oidc_verifier::policy::doppler::Identity;
use oidc_verifier::{Class, Verified, VerifyError};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::access_token::AccessToken;
use crate::answers::{ForOperator, Refusal, good};
use crate::configuration::{Configuration, Secrets, ServiceAccount};
use crate::database::Grant;
use crate::identity_id::IdentityId;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::report::chain;
use crate::{credentials, query, request_body};

/// A secret manager.
#[derive(Debug)]
pub(crate) struct SecretsExchange {
    pub(crate) configuration: Configuration,
    /// Verifies the tokens of workloads. Its clock is the clock of the service.
    pub(crate) keys: KeyRefresher,
    /// Remembers the tokens of the service.
    pub(crate) ledger: Ledger,
    pub(crate) random: SystemRandom,
    /// Where people would look at it. Doppler's command line does not do without.
    pub(crate) dashboard_url: String,
    pub(crate) log: Log,
}

/// The answer to every request. Bodies, headers and lines are bounded here and by the HTTP library.
pub(crate) fn router(service: Arc<SecretsExchange>) -> Router {
    Router::new()
        .route(EXCHANGE, post(exchange))
        .route(REVOKE, post(revoke))
        .route(SECRETS, get(secrets))
        .route(DOWNLOAD, get(download))
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(middleware::from_fn_with_state(Arc::clone(&service), tell))
        .with_state(service)
}

const EXCHANGE: &str = "/v3/auth/oidc";
const REVOKE: &str = "/v3/auth/revoke";
const SECRETS: &str = "/v3/configs/config/secrets";
const DOWNLOAD: &str = "/v3/configs/config/secrets/download";

/// Gives each request an id, by which its caller and the operator can talk about it.
async fn tell(
    State(service): State<Arc<SecretsExchange>>,
    request: Request,
    next: Next,
) -> Response {
    let mut id = [0; 8];
    if service.random.fill(&mut id).is_err() {
        return Refusal::unavailable("no random bytes").into_response();
    }
    let id = format!("{:016x}", u64::from_be_bytes(id));
    let asked = asked(&request);
    let mut response = next.run(request).await;
    if let Some(ForOperator(message)) = response.extensions_mut().remove() {
        let status = response.status().as_u16();
        let log = &service.log;
        log.line(format_args!("{id} {asked} {status}: {message}"));
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Method and path, as far as they are those of this service: in another path somebody may have put a
/// token, and a method has any length.
fn asked(request: &Request) -> String {
    let paths = [EXCHANGE, REVOKE, SECRETS, DOWNLOAD];
    let path = paths.into_iter().find(|path| *path == request.uri().path());
    let method = request.method().as_str().get(..MAX_SHOWN_METHOD);
    let method = method.unwrap_or(request.method().as_str());
    format!("{method} {}", path.unwrap_or("(another path)"))
}

/// `OPTIONS` and `CONNECT` have seven letters.
const MAX_SHOWN_METHOD: usize = 16;

#[derive(serde::Deserialize)]
struct ExchangeRequest {
    identity: String,
    token: String,
}

async fn exchange(
    State(service): State<Arc<SecretsExchange>>,
    request: Request,
) -> Result<Response, Refusal> {
    let request: ExchangeRequest = request_body::read(request).await?;
    let id = IdentityId::parse(&request.identity)
        .ok_or_else(|| Refusal::malformed("`identity` is not a UUID"))?;
    let (ttl, story) = {
        // The token comes first: of a stranger nobody learns, be it by the time it takes, which
        // identities there are.
        let verified = service.keys.verify(request.token.as_bytes()).await;
        let verified = verified.map_err(|error| service.not_verified(&id, &error))?;
        let account = service.configuration.account(&id);
        let account = account.ok_or_else(|| refused(&id, "there is no such identity"))?;
        let identity = &account.identity;
        admit(identity, &verified).map_err(|why| refused(&id, why))?;
        let (name, subject) = (identity.name(), verified.subject());
        let story = format!("identity {id} `{name}`: a token for {subject:?}");
        (identity.ttl(), story)
    };
    let token = AccessToken::generate(&service.random).map_err(Refusal::unavailable)?;
    let expires_at = service.keys.now().saturating_add(ttl);
    let grant = Grant {
        identity: id.to_string(),
        expires_at,
    };
    let issued = service.ledger.issue(token.hash(), grant).await;
    issued.map_err(Refusal::unavailable)?;
    let expires_at = in_words(expires_at);
    let body = json!({
        "success": true, "token": token.as_str(), "expires_at": expires_at,
        "dashboard_url": service.dashboard_url,
    });
    Ok(good(&body, format_args!("{story}, until {expires_at}")))
}

fn admit(identity: &Identity, verified: &Verified<'_>) -> Result<(), String> {
    let decision = identity.policy().decide(verified);
    if decision.is_allowed() {
        return Ok(());
    }
    let story = decision.for_operator().to_string();
    let lines: Vec<&str> = story.lines().map(str::trim).collect();
    Err(lines.join("; "))
}

fn refused(id: &IdentityId, why: impl Display) -> Refusal {
    Refusal::not_admitted(format_args!("identity {id}: {why}"))
}

/// RFC 3339, with the milliseconds that Doppler writes.
fn in_words(date: NumericDate) -> String {
    let text = OffsetDateTime::from(date).format(&Rfc3339);
    // INVARIANT: a `NumericDate` lies in the years that RFC 3339 has.
    text.unwrap_or_default().replace('Z', ".000Z")
}

#[derive(serde::Deserialize)]
struct RevokeRequest {
    token: String,
}

/// Whether the token was there or not: the answer tells nobody which tokens exist.
async fn revoke(
    State(service): State<Arc<SecretsExchange>>,
    request: Request,
) -> Result<Response, Refusal> {
    let request: RevokeRequest = request_body::read(request).await?;
    let token = AccessToken::parse(&request.token)
        .ok_or_else(|| Refusal::malformed("`token` is not of the form `dp.said.…`"))?;
    let revoked = service.ledger.revoke(token.hash()).await;
    revoked.map_err(Refusal::unavailable)?;
    Ok(good(&json!({"success": true}), "a token is revoked"))
}

/// The secrets of one config, as they are listed.
async fn secrets(
    State(service): State<Arc<SecretsExchange>>,
    request: Request,
) -> Result<Response, Refusal> {
    let parts = request.into_parts().0;
    let (secrets, story) = service.secrets(&parts).await?;
    let secrets = secrets.iter().map(|(name, value)| {
        let value = json!({"raw": value, "computed": value});
        (name.to_owned(), value)
    });
    let secrets: Map<String, Value> = secrets.collect();
    Ok(good(&json!({"success": true, "secrets": secrets}), story))
}

/// The same as they are used, by `doppler run` for one: JSON, which is also the default of `format`.
async fn download(
    State(service): State<Arc<SecretsExchange>>,
    request: Request,
) -> Result<Response, Refusal> {
    let parts = request.into_parts().0;
    let (secrets, story) = service.secrets(&parts).await?;
    let secrets = secrets
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)));
    Ok(good(&Value::Object(secrets.collect()), story))
}

impl SecretsExchange {
    fn not_verified(&self, id: &IdentityId, error: &VerifyError) -> Refusal {
        let why = format!("{}: {}", error.code(), chain(error));
        match error.class() {
            Class::Refused => refused(id, why),
            Class::Unavailable => {
                // Nothing is known of the token, so this is about the issuer that it should be of.
                let issuer = self
                    .configuration
                    .account(id)
                    .map(|own| own.identity.issuer());
                let last = issuer.and_then(|issuer| {
                    let status = self.keys.status(issuer, |status| {
                        let last = status.last_error?;
                        Some(format!(" ({}: {})", last.kind.code(), chain(&last.error)))
                    });
                    status.flatten()
                });
                let last = last.unwrap_or_default();
                Refusal::unavailable(format_args!("identity {id}: {why}{last}"))
            }
        }
    }

    /// The secrets that are asked for, if the token that comes with the request is good for them, and
    /// the story of it. Parameters that other services have are left alone.
    async fn secrets(&self, request: &Parts) -> Result<(&Secrets, String), Refusal> {
        let (id, account) = self.authenticate(&request.headers).await?;
        let parameters = query::parameters(request.uri.query().unwrap_or_default());
        let parameters = parameters.map_err(Refusal::malformed)?;
        let only = |name| query::only(&parameters, name).map_err(Refusal::malformed);
        // What is asked for in another format is not answered in this one.
        if parameters
            .iter()
            .any(|(name, value)| name == "format" && value != "json")
        {
            return Err(Refusal::malformed("There is no `format` but `json`"));
        }
        let (project, config) = (only("project")?, only("config")?);
        let story = format!("identity {id}: {config:?} of {project:?}");
        match self.configuration.secrets(account, project, config) {
            Some(secrets) => Ok((secrets, story)),
            None => Err(Refusal::no_access(story)),
        }
    }

    /// Whose token it is. One of an identity that is configured no longer gives nothing.
    async fn authenticate(
        &self,
        headers: &HeaderMap,
    ) -> Result<(IdentityId, &ServiceAccount), Refusal> {
        let token = credentials::of(headers.get_all(AUTHORIZATION))?;
        let grant = self.ledger.find(token.hash()).await;
        let grant = grant.map_err(Refusal::unavailable)?;
        let grant = grant.ok_or_else(|| Refusal::bad_token("the token is not known"))?;
        let Grant {
            identity,
            expires_at,
        } = grant;
        if self.keys.now() >= expires_at {
            // It stays refused, also when the clock is set back. If that fails, it is for the sweep.
            let _ = self.ledger.revoke(token.hash()).await;
            let why = format!("identity {identity}: the token has expired");
            return Err(Refusal::bad_token(why));
        }
        let found = IdentityId::parse(&identity).and_then(|id| {
            let account = self.configuration.account(&id)?;
            Some((id, account))
        });
        let gone =
            || Refusal::bad_token(format_args!("identity {identity} is configured no longer"));
        found.ok_or_else(gone)
    }
}
