//! What is asked of a token, on the command line and through the socket of a job.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use oidc_core::Audience;
use oidc_issuer::profile::circleci::{JobError, SubjectFormat, TokenRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a token shall be like; every member may be left out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// From the root issuer, not from the organisation's.
    #[serde(default)]
    pub(crate) root_issuer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claims: Option<Claims>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

/// All that a job may set.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: Audience,
}

impl Request {
    pub(crate) fn new(root_issuer: bool, ttl: Option<String>) -> Request {
        Request {
            root_issuer,
            claims: None,
            ttl,
        }
    }

    /// The same with the custom claims of this JSON object.
    pub(crate) fn with_claims_json(mut self, json: &str) -> Result<Request, serde_json::Error> {
        self.claims = Some(serde_json::from_str(json)?);
        Ok(self)
    }

    /// The same in the terms of the profile.
    pub(crate) fn of_format(&self, format: SubjectFormat) -> Result<TokenRequest, JobError> {
        let mut request = TokenRequest::new(format);
        if let Some(Claims { aud }) = &self.claims {
            request = request.with_audience(aud.clone());
        }
        match &self.ttl {
            Some(ttl) => request.with_ttl(ttl),
            None => Ok(request),
        }
    }
}

/// Asks the socket of a job for a token.
///
/// The other end is our own `service`: one request, one answer, and then it closes.
pub(crate) fn send(socket: &Path, request: &Request) -> Result<String, Box<dyn Error>> {
    let body = serde_json::to_string(request)?;
    let failed = |error| format!("the runner of this job does not answer: {error}");
    let answer = exchange(socket, &body).map_err(failed)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer of HTTP")?;
    let answer: Value = serde_json::from_str(body)?;
    let member = |name: &str| answer.get(name).and_then(Value::as_str);
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(member("token")
            .ok_or("an answer without a token")?
            .to_owned());
    }
    let described = member("error_description").unwrap_or("no token, for no reason that was said");
    Err(described.into())
}

fn exchange(socket: &Path, body: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let length = body.len();
    write!(
        stream,
        "POST /token HTTP/1.1\r\nhost: runner\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

/// Longer than a busy machine takes to sign.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest token and the head of its answer.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
