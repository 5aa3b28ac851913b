//! The service over HTTP: `POST /` is the Query API of STS and IAM, and every issuer's documents are
//! under its own path.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::any;
use http::Response;
use http::request::Parts;
use oidc_core::NumericDate;
use oidc_issuer::http::DocumentServer;
use oidc_issuer::{JwtId, SystemRandom};

use crate::actions::{self, IAM, STS};
use crate::aws_wire::AwsError;
use crate::aws_wire::body;
use crate::aws_wire::query::Query;
use crate::aws_wire::sigv4::{self, Scope, Secret, Signed};
use crate::aws_wire::xml::{Answerer, Elements};
use crate::config::{AccessKey, Config, SecretText};
use crate::federation::Federation;
use crate::log::Log;

/// The longest body of a request: 10 audiences of 1,000 characters and 50 tags of 384, each of them
/// four bytes that are escaped as twelve, are 350 kB.
pub(crate) const MAX_BODY_BYTES: usize = 512 * 1024;

/// Says what time it is.
pub(crate) type Clock = Arc<dyn Fn() -> NumericDate + Send + Sync>;

/// What a request is answered from.
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) federations: BTreeMap<String, Arc<Federation>>,
    pub(crate) clock: Clock,
    /// How long a body may take to come.
    pub(crate) body_within: Duration,
    /// One line for each request; it holds nothing secret.
    pub(crate) log: Log,
}

/// The routes. The documents of issuers that come later are served too.
pub(crate) fn router(service: Arc<Service>, documents: Arc<DocumentServer>) -> Router {
    Router::new()
        .route("/", any(answer))
        .with_state(service)
        .merge(documents.router())
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response<String> {
    let id = JwtId::random(&SystemRandom::new());
    let request_id = id.as_ref().map_or("unknown", JwtId::as_str).to_owned();
    let (head, body) = request.into_parts();
    let outcome = match body::read(&head, body, MAX_BODY_BYTES, service.body_within).await {
        Ok(body) => {
            let service = Arc::clone(&service);
            let answering = move || service.answer(&head, &body);
            // Signing takes a millisecond or two, and the switch waits for the disk.
            let answered = tokio::task::spawn_blocking(answering).await;
            answered.unwrap_or_else(|_| Err(Refused::before(AwsError::internal())))
        }
        Err(error) => Err(Refused::before(error)),
    };
    match outcome {
        Ok(answered) => {
            let Answered {
                namespace,
                action,
                elements,
                who,
            } = answered;
            service
                .log
                .line(format_args!("{request_id} {who} {action}"));
            let request_id = &request_id;
            Answerer {
                namespace,
                request_id,
            }
            .result(action, &elements)
        }
        Err(Refused {
            namespace,
            error,
            who,
            why,
        }) => {
            service
                .log
                .line(format_args!("{request_id} {who} {error}{why}"));
            let request_id = &request_id;
            Answerer {
                namespace,
                request_id,
            }
            .error(&error)
        }
    }
}

/// What goes out with `200`.
pub(crate) struct Answered {
    namespace: &'static str,
    action: &'static str,
    elements: Elements,
    who: String,
}

/// What does not.
struct Refused {
    namespace: &'static str,
    error: AwsError,
    who: String,
    /// For the operator alone.
    why: String,
}

impl Refused {
    /// Before anybody knows who asks.
    fn before(error: AwsError) -> Refused {
        Refused {
            namespace: STS.namespace,
            error,
            who: "-".to_owned(),
            why: String::new(),
        }
    }
}

impl Service {
    fn answer(&self, head: &Parts, body: &[u8]) -> Result<Answered, Refused> {
        let now = (self.clock)();
        let signed = self.authenticate(head, body, now);
        let (signed, key) = signed.map_err(Refused::before)?;
        let api = if signed.scope().service == IAM.service {
            &IAM
        } else {
            &STS
        };
        let who = key.principal.arn().unwrap_or_default();
        let asked = self.act(api, &signed, key, body, now);
        match asked {
            Ok((action, elements)) => Ok(Answered {
                namespace: api.namespace,
                action,
                elements,
                who: who.to_owned(),
            }),
            Err(actions::Failure { error, why }) => Err(Refused {
                namespace: api.namespace,
                error,
                who: who.to_owned(),
                why,
            }),
        }
    }

    fn authenticate(
        &self,
        head: &Parts,
        body: &[u8],
        now: NumericDate,
    ) -> Result<(Signed, &AccessKey), AwsError> {
        let secret = |id: &str| {
            let key = self.config.access_key(id)?;
            Some(Secret {
                access_key: key.secret_access_key.expose(),
                session_token: key.session_token.as_ref().map(SecretText::expose),
            })
        };
        let signed = sigv4::verify(head, body, |scope| self.serves(scope), secret, now)?;
        let key = self.config.access_key(signed.access_key_id());
        let key = key.ok_or_else(AwsError::internal)?;
        if key.principal.has_expired(now) {
            let message = "The security token included in the request is expired";
            return Err(AwsError::new(403, "ExpiredToken", message));
        }
        Ok((signed, key))
    }

    /// STS is regional; IAM is one for the world, and clients sign for its home or for where they are.
    fn serves(&self, scope: &Scope) -> bool {
        let Scope { region, service } = scope;
        let here = self.config.regions.contains(region);
        service == STS.service && here || service == IAM.service && (here || region == IAM_HOME)
    }

    fn act(
        &self,
        api: &actions::Api,
        signed: &Signed,
        key: &AccessKey,
        body: &[u8],
        now: NumericDate,
    ) -> Result<(&'static str, Elements), actions::Failure> {
        let query = Query::parse(body)?;
        let action = api.action(&query)?;
        let caller = self.config.caller(key, &signed.scope().region);
        // The configuration was checked for this.
        let caller = caller.map_err(|error| actions::Failure::internal(&error))?;
        let federation = self.federations.get(caller.account());
        let federation = federation.ok_or_else(AwsError::internal)?;
        let asked = actions::Asked {
            key,
            caller,
            federation,
            now,
        };
        Ok((action.name, (action.run)(&asked, query)?))
    }
}

/// The region that IAM is signed for by clients that know no other.
const IAM_HOME: &str = "us-east-1";
