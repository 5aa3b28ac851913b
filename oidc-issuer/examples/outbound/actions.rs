//! What can be asked for: the actions of STS and IAM that outbound federation has.

use std::error::Error;

use oidc_core::NumericDate;
use oidc_issuer::profile::aws_outbound::{Caller, OutboundError, WebIdentityTokenRequest};
use oidc_issuer::{IssueError, JwtId, SystemRandom};

use crate::aws_wire::AwsError;
use crate::aws_wire::query::{Query, QueryError};
use crate::aws_wire::xml::{Elements, timestamp};
use crate::config::{AccessKey, Action, Switch};
use crate::federation::{Federation, SwitchError};
use crate::report::chain;

/// A service of the Query protocol.
pub(crate) struct Api {
    /// As it is called in the scope of a signature.
    pub(crate) service: &'static str,
    pub(crate) namespace: &'static str,
    version: &'static str,
    actions: &'static [ApiAction],
}

pub(crate) struct ApiAction {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Asked<'_>, Query) -> Result<Elements, Failure>,
}

pub(crate) const STS: Api = Api {
    service: "sts",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    version: "2011-06-15",
    actions: &[ApiAction {
        name: "GetWebIdentityToken",
        run: get_web_identity_token,
    }],
};

pub(crate) const IAM: Api = Api {
    service: "iam",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    version: "2010-05-08",
    actions: &[
        ApiAction {
            name: "EnableOutboundWebIdentityFederation",
            run: enable,
        },
        ApiAction {
            name: "DisableOutboundWebIdentityFederation",
            run: disable,
        },
        ApiAction {
            name: "GetOutboundWebIdentityFederationInfo",
            run: get_info,
        },
    ],
};

impl Api {
    pub(crate) fn action(&self, query: &Query) -> Result<&'static ApiAction, AwsError> {
        let named = |action: &&ApiAction| action.name == query.action();
        let action = self.actions.iter().find(named);
        let action = action.filter(|_| query.version() == Some(self.version));
        action.ok_or_else(|| AwsError::unknown_action(query.action(), query.version()))
    }
}

/// Who asks, where and when.
pub(crate) struct Asked<'a> {
    pub(crate) key: &'a AccessKey,
    pub(crate) caller: Caller,
    pub(crate) federation: &'a Federation,
    pub(crate) now: NumericDate,
}

impl Asked<'_> {
    fn allowed(&self, action: Action) -> Result<(), AwsError> {
        if self.key.may(action) {
            return Ok(());
        }
        let who = self.key.principal.arn().unwrap_or_default();
        let message = format!(
            "User: {who} is not authorized to perform: {}",
            action.name()
        );
        Err(AwsError::new(403, "AccessDenied", message))
    }
}

/// What the client reads, and what the operator reads behind it.
pub(crate) struct Failure {
    pub(crate) error: AwsError,
    pub(crate) why: String,
}

impl Failure {
    pub(crate) fn internal(why: &(dyn Error + 'static)) -> Failure {
        Failure {
            error: AwsError::internal(),
            why: format!(": {}", chain(why)),
        }
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Failure {
        let why = String::new();
        Failure { error, why }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Failure {
        AwsError::from(error).into()
    }
}

impl From<OutboundError> for Failure {
    fn from(error: OutboundError) -> Failure {
        match &error {
            OutboundError::Issue(
                IssueError::NoActiveKey { .. }
                | IssueError::EndOfTrust { .. }
                | IssueError::Stale { .. },
            ) => Failure {
                error: unavailable(),
                why: format!(": {}", chain(&error)),
            },
            OutboundError::Issue(_) => Failure::internal(&error),
            // The client's own doing, and said to it in full.
            OutboundError::Disabled
            | OutboundError::FeatureDisabled
            | OutboundError::FeatureEnabled
            | OutboundError::JwtPayloadSizeExceeded
            | OutboundError::OtherAccount
            | OutboundError::Request(_)
            | OutboundError::SessionDurationEscalation
            | OutboundError::Spec(_)
            | _ => AwsError::new(error.http_status(), error.aws_code(), chain(&error)).into(),
        }
    }
}

fn unavailable() -> AwsError {
    let message = "The request has failed due to a temporary failure of the server.";
    AwsError::new(503, "ServiceUnavailable", message)
}

fn get_web_identity_token(asked: &Asked<'_>, mut query: Query) -> Result<Elements, Failure> {
    asked.allowed(Action::GetWebIdentityToken)?;
    let audiences = query.take_list("Audience")?;
    let algorithm = query.take_text("SigningAlgorithm").unwrap_or_default();
    let duration = query.take_number("DurationSeconds")?;
    let tags = query.take_structures("Tags", ["Key", "Value"])?;
    query.finish()?;
    if !tags.is_empty() {
        asked.allowed(Action::TagGetWebIdentityToken)?;
    }
    let mut request = WebIdentityTokenRequest::new(audiences, &algorithm)?;
    if let Some(seconds) = duration {
        request = request.with_duration_seconds(seconds)?;
    }
    for tag in tags {
        let [Some(key), Some(value)] = tag else {
            let message = "a member of `Tags` has a `Key` and a `Value`";
            return Err(AwsError::new(400, "ValidationError", message).into());
        };
        request = request.with_tag(&key, &value)?;
    }
    let jwt_id = JwtId::random(&SystemRandom::new());
    let jwt_id = jwt_id.map_err(|error| Failure::internal(&error))?;
    let token = asked
        .federation
        .token(&asked.caller, &request, jwt_id, asked.now)?;
    let token = token.ok_or_else(unavailable)?;
    let mut elements = Elements::new();
    elements.text("WebIdentityToken", token.as_str());
    elements.text("Expiration", &timestamp(token.expires_at()));
    Ok(elements)
}

fn enable(asked: &Asked<'_>, query: Query) -> Result<Elements, Failure> {
    asked.allowed(Action::EnableFederation)?;
    query.finish()?;
    switch(asked, Switch::Enabled)?;
    let mut elements = Elements::new();
    elements.text("IssuerIdentifier", asked.federation.issuer().as_str());
    Ok(elements)
}

fn disable(asked: &Asked<'_>, query: Query) -> Result<Elements, Failure> {
    asked.allowed(Action::DisableFederation)?;
    query.finish()?;
    switch(asked, Switch::Disabled)?;
    Ok(Elements::new())
}

fn get_info(asked: &Asked<'_>, query: Query) -> Result<Elements, Failure> {
    asked.allowed(Action::GetFederationInfo)?;
    query.finish()?;
    let issuer = asked.federation.info()?;
    let mut elements = Elements::new();
    elements.text("IssuerIdentifier", issuer.as_str());
    elements.text("JwtVendingEnabled", "true");
    Ok(elements)
}

fn switch(asked: &Asked<'_>, to: Switch) -> Result<(), Failure> {
    asked.federation.switch(to).map_err(|error| match error {
        SwitchError::Refused(error) => error.into(),
        SwitchError::Write(_) => Failure::internal(&error),
    })
}
