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
//! ignored. A line that cannot be read gets `{"id":…,"error":…}`, and the next one is read.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, BufRead, Write};

use jsonptr::{Kind, Located, Pointer, PointerSet, ScanBuffer, ScanLimits};
use oidc_core::{DiscoveryResponse, IssuerIdentifier, ProviderMetadata};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut reader = RequestReader::new()?;
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? != 0 {
        writeln!(output, "{}", reader.answer(&line))?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

/// Reads lines strictly, so an `id` comes back exactly as it was written.
pub(crate) struct RequestReader {
    members: PointerSet,
    limits: ScanLimits,
    buffer: ScanBuffer,
}

impl RequestReader {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let pointers = [
            "",
            "/id",
            "/issuer",
            "/status",
            "/content_type",
            "/url",
            "/body_b64",
        ];
        let pointers = pointers.into_iter().map(Pointer::parse);
        Ok(Self {
            members: PointerSet::new(pointers.collect::<Result<Vec<_>, _>>()?)?,
            // The document has its own limit; the line that carries it may be of any length.
            limits: ScanLimits::new().max_bytes(usize::MAX),
            buffer: ScanBuffer::new(),
        })
    }

    pub(crate) fn answer(&mut self, line: &[u8]) -> String {
        let document = match self.members.scan_into(line, &self.limits, &mut self.buffer) {
            Ok(document) => document,
            Err(error) => {
                let error = Value::from(format!("not JSON: {error}"));
                return format!(r#"{{"id":null,"error":{error}}}"#);
            }
        };
        // An optional member that is `null` is absent.
        let member = |index| {
            let located = self.buffer.get(document, index);
            located.filter(|located: &Located<'_>| !located.is_null())
        };
        let [request, id, issuer, status, content_type, url, body] =
            [0, 1, 2, 3, 4, 5, 6].map(member);
        let id = id.map_or(String::from("null"), one_line);
        let request = match request.map(|request| request.kind()) {
            Some(Kind::Object) => Request::read(issuer, status, content_type, url, body),
            _ => Err("not an object"),
        };
        match request.map(|request| request.run()) {
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
            Err(error) => format!(r#"{{"id":{id},"error":"{error}"}}"#),
        }
    }
}

struct Request<'a> {
    issuer: Cow<'a, str>,
    response: Option<Response<'a>>,
}

struct Response<'a> {
    status: u16,
    content_type: Option<Cow<'a, str>>,
    url: Cow<'a, str>,
    body: Vec<u8>,
}

struct Answer {
    url: String,
    jwks_uri: Option<String>,
}

impl<'a> Request<'a> {
    fn read(
        issuer: Option<Located<'a>>,
        status: Option<Located<'a>>,
        content_type: Option<Located<'a>>,
        url: Option<Located<'a>>,
        body: Option<Located<'a>>,
    ) -> Result<Self, &'static str> {
        let issuer = text(issuer).ok_or("`issuer` is no string")?;
        if [status, content_type, url, body]
            .iter()
            .all(Option::is_none)
        {
            return Ok(Self {
                issuer,
                response: None,
            });
        }
        let status = status.and_then(|status| status.number()?.to_u64()?.try_into().ok());
        let body = text(body).ok_or("`body_b64` is no string")?;
        let response = Response {
            status: status.ok_or("`status` is no HTTP status")?,
            content_type: match content_type {
                None => None,
                Some(_) => Some(text(content_type).ok_or("`content_type` is no string")?),
            },
            url: text(url).ok_or("`url` is no string")?,
            body: base64_simd::STANDARD
                .decode_to_vec(body.as_bytes())
                .map_err(|_| "`body_b64` is no base64")?,
        };
        Ok(Self {
            issuer,
            response: Some(response),
        })
    }

    /// The URLs, or the code of what is wrong.
    fn run(&self) -> Result<Answer, &'static str> {
        let issuer = IssuerIdentifier::parse(&self.issuer).map_err(|error| error.code())?;
        let url = issuer.discovery_url();
        let Some(response) = &self.response else {
            return Ok(Answer {
                url,
                jwks_uri: None,
            });
        };
        let content_type = response.content_type.as_deref();
        let response =
            DiscoveryResponse::new(response.status, content_type, &response.url, &response.body);
        let metadata =
            ProviderMetadata::from_response(&issuer, &response).map_err(|error| error.code())?;
        Ok(Answer {
            url,
            jwks_uri: Some(metadata.jwks_uri().to_string()),
        })
    }
}

fn text(member: Option<Located<'_>>) -> Option<Cow<'_, str>> {
    Some(member?.text()?.to_cow())
}

/// The exact text of a value, on one line. A line break is white space there: inside a string it
/// would be escaped.
fn one_line(value: Located<'_>) -> String {
    value.json().replace(['\n', '\r'], " ")
}
