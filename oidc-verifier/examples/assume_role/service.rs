//! The service: one endpoint, two actions.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::request::Parts;
use oidc_verifier::aws::IdentityProvider;
use oidc_verifier::http::{KeyRefresher, Transport};
use oidc_verifier::key_source::KeySourceConfig;
use oidc_verifier::{NumericDate, Verifier, VerifyError};

use crate::aws_wire::AwsError;
use crate::aws_wire::body;
use crate::aws_wire::query::Query;
use crate::aws_wire::sigv4::{self, Secret, SignatureError};
use crate::aws_wire::xml::{Answerer, Elements, timestamp};
use crate::configuration::{Account, Configuration};
use crate::decision::{Circumstances, Granted, Refusal, decide};
use crate::log::Log;
use crate::report::chain;
use crate::request::AssumeRole;
use crate::sessions::{Credentials, Session, SessionKey};

/// What time it is.
pub(crate) type Clock = Arc<dyn Fn() -> NumericDate + Send + Sync>;

/// The service with everything that it knows.
pub(crate) struct Service {
    region: String,
    accounts: HashMap<String, RelyingParty>,
    /// Trusts nobody, as an account that is not there.
    nobody: Verifier,
    sessions: SessionKey,
    clock: Clock,
    log: Log,
}

/// An account that trusts the tokens of its identity providers, whose keys are kept current.
struct RelyingParty {
    account: Account,
    keys: KeyRefresher,
}

impl Service {
    /// Starts to fetch keys, on the tokio runtime that this is called in. It serves at once: tokens
    /// wait for the first keys.
    pub(crate) fn start<T: Transport + Clone>(
        configuration: Configuration,
        transport: &T,
        config: &KeySourceConfig,
        sessions: SessionKey,
        clock: Clock,
        log: Log,
    ) -> Result<Service, Box<dyn Error>> {
        let mut accounts = HashMap::new();
        for account in configuration.accounts {
            for role in account.roles.values() {
                for finding in role.trust.policy().lint() {
                    log.say(role.arn.as_str(), finding);
                }
            }
            let mut providers = account.providers.iter();
            let first = providers.next().ok_or("an account without providers")?;
            let verifier = providers
                .fold(first.relying_party(), |party, other| other.join(party))
                .build()?;
            let clock = Arc::clone(&clock);
            let keys = KeyRefresher::builder(Arc::new(verifier), transport.clone())
                .discover_all(config)
                .clock(move || clock())
                .spawn()?;
            accounts.insert(account.number.clone(), RelyingParty { account, keys });
        }
        // An issuer that no token names.
        let unknown = format!("https://{}.invalid", request_id());
        let nobody = IdentityProvider::new("000000000000", &unknown, ["nobody"])?;
        Ok(Service {
            region: configuration.region,
            accounts,
            nobody: nobody.relying_party().build()?,
            sessions,
            clock,
            log,
        })
    }

    /// Stops to fetch keys; then no token is verified any more.
    pub(crate) async fn shutdown(&self) {
        for party in self.accounts.values() {
            party.keys.shutdown().await;
        }
    }

    async fn answer(
        &self,
        parts: &Parts,
        body: Body,
        request_id: &str,
    ) -> Result<(&'static str, Elements), Refusal> {
        if parts.uri.path() != "/" {
            let message = "there is one endpoint, at `/`";
            return Err(AwsError::new(404, "UnknownOperationException", message).into());
        }
        let body = body::read(parts, body, MAX_BODY_BYTES, BODY_WITHIN).await?;
        let query = Query::parse(&body).map_err(AwsError::from)?;
        match (query.action(), query.version()) {
            ("AssumeRoleWithWebIdentity", Some(VERSION)) => {
                let call = AssumeRole::read(query)?;
                let granted = self.assume_role(&call, parts).await?;
                let elements = self.grant(granted, request_id)?;
                Ok(("AssumeRoleWithWebIdentity", elements))
            }
            ("GetCallerIdentity", Some(VERSION)) => {
                query.finish().map_err(AwsError::from)?;
                let elements = self.caller(parts, &body, request_id)?;
                Ok(("GetCallerIdentity", elements))
            }
            (action, version) => Err(AwsError::unknown_action(action, version).into()),
        }
    }

    /// Verifies the token of a call, and decides on it.
    async fn assume_role(&self, call: &AssumeRole, parts: &Parts) -> Result<Granted, Refusal> {
        if let Some(host) = &call.provider_id {
            return Err(Refusal::of_another_provider(host));
        }
        let account = call.role_arn.account();
        let party = self.accounts.get(account);
        let Some(party) = party else {
            let now = (self.clock)();
            let verified = self.nobody.verify(call.token.as_bytes(), now);
            let error = verified.err().unwrap_or(VerifyError::UntrustedIssuer);
            return Err(Refusal::no_account(account, &error, now));
        };
        let verified = party.keys.verify(call.token.as_bytes()).await;
        let now = (self.clock)();
        let token = verified.map_err(|error| {
            let keys = if error == VerifyError::KeysUnavailable {
                party.state_of_keys()
            } else {
                String::new()
            };
            Refusal::unverified(&error, &keys, now)
        })?;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let circumstances = Circumstances {
            now,
            region: &self.region,
            source_ip: peer.map(|peer| peer.0.ip()),
        };
        decide(&party.account, call, &token, &circumstances)
    }

    fn grant(&self, granted: Granted, request_id: &str) -> Result<Elements, Refusal> {
        let Granted {
            session,
            audience,
            packed_policy_size,
        } = granted;
        let credentials = self
            .sessions
            .issue(session.clone())
            .map_err(|error| Refusal {
                answer: AwsError::internal(),
                why: error.to_string(),
            })?;
        self.log.say(
            request_id,
            format_args!(
                "granted {} to {:?} of {} until {}, key {}",
                session.arn,
                session.subject,
                session.provider,
                timestamp(session.expires_at),
                credentials.access_key_id
            ),
        );
        Ok(assumed(
            &session,
            &audience,
            packed_policy_size,
            &credentials,
        ))
    }

    /// Who signed the request.
    fn caller(&self, parts: &Parts, body: &[u8], request_id: &str) -> Result<Elements, Refusal> {
        let token = parts.headers.get("x-amz-security-token");
        let token = token.and_then(|token| token.to_str().ok());
        // What is sealed in the token says which key it came with, and that key's secret.
        let opened = token.and_then(|token| self.sessions.open(token));
        let now = (self.clock)();
        sigv4::verify(
            parts,
            body,
            |scope| scope.service == "sts" && scope.region == self.region,
            |access_key_id| {
                let own = opened.as_ref()?;
                (own.access_key_id == access_key_id).then_some(Secret {
                    access_key: &own.secret_access_key,
                    session_token: token,
                })
            },
            now,
        )
        .map_err(AwsError::from)?;
        let opened = opened.ok_or_else(AwsError::internal)?;
        let session = opened.session;
        if now >= session.expires_at {
            let message = "The security token included in the request is expired";
            return Err(AwsError::new(403, "ExpiredToken", message).into());
        }
        // No permission is needed to ask who one is, so `session.policies` are not asked.
        let party = self.accounts.get(&session.account);
        if !party.is_some_and(|party| party.account.knows(&session)) {
            return Err(Refusal {
                answer: SignatureError::UnknownKey.into(),
                why: format!("the role of {} is configured no longer", session.arn),
            });
        }
        self.log.say(
            request_id,
            format_args!("called by {}, key {}", session.arn, opened.access_key_id),
        );
        let mut elements = Elements::new();
        elements.text("Arn", &session.arn);
        elements.text("UserId", &session.user_id);
        elements.text("Account", &session.account);
        Ok(elements)
    }
}

impl RelyingParty {
    /// Which issuers have no keys, and what went wrong last.
    fn state_of_keys(&self) -> String {
        let mut text = String::new();
        for provider in &self.account.providers {
            let issuer = provider.issuer();
            let last = self.keys.status(issuer, |status| {
                let last = status.last_error.filter(|_| status.keys == 0)?;
                let error = chain(&last.error);
                Some(format!("{} of {issuer}: {error}", last.kind.code()))
            });
            if let Some(last) = last.flatten() {
                let _ = write!(text, "; {last}");
            }
        }
        text
    }
}

/// The routes: all is one endpoint, as with the service itself.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(handle).with_state(service)
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response {
    let request_id = request_id();
    let answerer = Answerer {
        namespace: NAMESPACE,
        request_id: &request_id,
    };
    let (parts, body) = request.into_parts();
    let response = match service.answer(&parts, body, &request_id).await {
        Ok((action, elements)) => answerer.result(action, &elements),
        Err(Refusal { answer, why }) => {
            let code = answer.code;
            service
                .log
                .say(&request_id, format_args!("refused {code}: {why}"));
            answerer.error(&answer)
        }
    };
    response.map(Body::from)
}

fn assumed(
    session: &Session,
    audience: &str,
    packed_policy_size: Option<usize>,
    credentials: &Credentials,
) -> Elements {
    let mut elements = Elements::new();
    elements.text("Audience", audience);
    elements.group("AssumedRoleUser", |user| {
        user.text("AssumedRoleId", &session.user_id);
        user.text("Arn", &session.arn);
    });
    elements.text("Provider", &session.provider);
    elements.group("Credentials", |group| {
        group.text("AccessKeyId", &credentials.access_key_id);
        group.text("SecretAccessKey", &credentials.secret_access_key);
        group.text("SessionToken", &credentials.session_token);
        group.text("Expiration", &timestamp(session.expires_at));
    });
    elements.text("SubjectFromWebIdentityToken", &session.subject);
    if let Some(percent) = packed_policy_size {
        elements.text("PackedPolicySize", &percent.to_string());
    }
    if let Some(source_identity) = &session.source_identity {
        elements.text("SourceIdentity", source_identity);
    }
    elements
}

/// A UUID of version 4 (RFC 9562 section 5.4). Should there be no randomness, all requests have one
/// name, and no credentials can be made anyway.
fn request_id() -> String {
    let mut bytes = [0; 16];
    let _ = rand::fill(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let number = (number & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let mut text = format!("{number:032x}");
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Room for a token of 20,000 characters and policies of 2,048 with every character escaped.
pub(crate) const MAX_BODY_BYTES: usize = 128 * 1024;

/// How long a body may take to come.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(10);
