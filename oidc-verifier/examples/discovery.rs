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

#[path = "lines/mod.rs"]
mod lines;

use std::io;

use oidc_core::{DiscoveryResponse, IssuerIdentifier, ProviderMetadata};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    issuer: String,
    status: Option<u16>,
    content_type: Option<String>,
    url: Option<String>,
    body_b64: Option<String>,
}

fn main() -> io::Result<()> {
    lines::serve(answer_line)
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8]) -> String {
    lines::answer(line, |request: &Request| match request.run() {
        Ok(Ok(urls)) => urls,
        Ok(Err(why)) => json!({"ok": false, "why": why}),
        Err(error) => json!({"error": error}),
    })
}

/// What is answered with the URLs, or the code of what is wrong.
type Judgement = Result<Value, &'static str>;

impl Request {
    /// The answer; an error where the request itself cannot be read.
    fn run(&self) -> Result<Judgement, &'static str> {
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
            return Ok(json!({"ok": true, "url": url}));
        };
        let metadata =
            ProviderMetadata::from_response(&issuer, response).map_err(|error| error.code())?;
        let jwks_uri = metadata.jwks_uri().as_str();
        Ok(json!({"ok": true, "url": url, "jwks_uri": jwks_uri}))
    }
}
