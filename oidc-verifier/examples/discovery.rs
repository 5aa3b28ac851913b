//! Judges issuers and their discovery documents: one JSON object a line in, one a line out.
//!
//! ```text
//! $ echo '{"id":1,"issuer":"https://ci.example/"}' | cargo run -q -p oidc-verifier --example discovery
//! {"id":1,"ok":true,"url":"https://ci.example/.well-known/openid-configuration"}
//! $ echo '{"id":2,"issuer":"http://ci.example"}' | …
//! {"id":2,"ok":false,"why":"not_https"}
//! ```
//!
//! With `issuer` alone, the answer is whether such an issuer may be configured, and its discovery
//! URL. With `status`, `content_type`, `body_b64` (the fetched bytes in base64) and `url` (where
//! they came from, after redirects) the document is judged too, and its `jwks_uri` is part of the
//! answer; `content_type` may be left out, as a server may. `why` is the code of an
//! `IssuerIdentifierError` or a `ProviderMetadataError`. Members that are not named here are
//! ignored, whatever they are. A line that cannot be read gets `{"id":…,"error":…}`, and the next one
//! is read.

use std::io::{self, BufRead, Write};

use oidc_core::{DiscoveryResponse, IssuerIdentifier, ProviderMetadata};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Request {
    issuer: String,
    status: Option<u16>,
    content_type: Option<String>,
    url: Option<String>,
    body_b64: Option<String>,
}

/// All that is read of a line that is no request.
#[derive(Deserialize)]
struct WithId<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

struct Answer {
    url: String,
    jwks_uri: Option<String>,
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        writeln!(out, "{}", answer_line(&line?))?;
        out.flush()?;
    }
    Ok(())
}

/// The answer to one line. Its `id` comes back as it was written.
pub(crate) fn answer_line(line: &[u8]) -> String {
    let (id, request) = match read(line) {
        Ok(WithId { id }) => (id.map_or("null", RawValue::get), read(line)),
        Err(error) => ("null", Err(error)),
    };
    // A line break can only be white space here.
    let id = id.replace('\r', " ");
    match request.and_then(|request: Request| request.run()) {
        Ok(Ok(answer)) => {
            let url = Value::from(answer.url);
            match answer.jwks_uri.map(Value::from) {
                Some(jwks_uri) => {
                    format!(r#"{{"id":{id},"ok":true,"url":{url},"jwks_uri":{jwks_uri}}}"#)
                }
                None => format!(r#"{{"id":{id},"ok":true,"url":{url}}}"#),
            }
        }
        Ok(Err(why)) => format!(r#"{{"id":{id},"ok":false,"why":"{why}"}}"#),
        Err(error) => format!(r#"{{"id":{id},"error":{}}}"#, Value::from(error)),
    }
}

/// Reads what is asked for of a line: the other members may be anything.
fn read<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    // A struct would be read from an array as well.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

/// The URLs, or the code of what is wrong.
type Judgement = Result<Answer, &'static str>;

impl Request {
    /// The answer; an error where the request itself cannot be read.
    fn run(&self) -> Result<Judgement, String> {
        if self.status.is_none()
            && self.content_type.is_none()
            && self.url.is_none()
            && self.body_b64.is_none()
        {
            return Ok(self.judge(None));
        }
        let status = self.status.ok_or("`status` is missing")?;
        let url = self.url.as_ref().ok_or("`url` is missing")?;
        let body = self.body_b64.as_ref().ok_or("`body_b64` is missing")?;
        let body = base64_simd::STANDARD
            .decode_to_vec(body)
            .map_err(|_| "`body_b64` is no base64")?;
        let content_type = self.content_type.as_deref();
        let response = DiscoveryResponse::new(status, content_type, url, &body);
        Ok(self.judge(Some(&response)))
    }

    fn judge(&self, response: Option<&DiscoveryResponse<'_>>) -> Judgement {
        let issuer = IssuerIdentifier::parse(&self.issuer).map_err(|error| error.code())?;
        let url = issuer.discovery_url();
        let Some(response) = response else {
            let jwks_uri = None;
            return Ok(Answer { url, jwks_uri });
        };
        let metadata =
            ProviderMetadata::from_response(&issuer, response).map_err(|error| error.code())?;
        let jwks_uri = Some(metadata.jwks_uri().to_string());
        Ok(Answer { url, jwks_uri })
    }
}
