//! The thumbprint (RFC 7638) and its URI (RFC 9278) of public keys: one JSON object a line in, one
//! a line out.
//!
//! ```text
//! $ echo '{"id":1,"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}' \
//!     | cargo run -q -p oidc-core --example thumbprint
//! {"id":1,"ok":true,"thumbprint":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","uri":"urn:ietf:…"}
//! $ echo '{"id":2,"jwk":{"kty":"oct","k":"AAAA"}}' | …
//! {"id":2,"ok":false,"why":"symmetric_key"}
//! ```
//!
//! `jwk` is an RSA, EC or Ed25519 public key for any use; `hash` is `S256`, which it is when left
//! out, `S384` or `S512`. `why` is the code of a `JwkError`, or `unknown_hash`. A private or
//! symmetric key is refused, although RFC 7638 section 3.2.1 gives it a thumbprint: this crate
//! takes no secrets. Members that are not named here are ignored. A line that cannot be read gets
//! `{"id":…,"error":…}`, and the next one is read.

use std::error::Error;
use std::io::{self, BufRead, Write};

use jsonptr::{Kind, Located, Pointer, PointerSet, ScanBuffer, ScanLimits};
use oidc_core::{PublicKey, Thumbprint, ThumbprintHash};
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

/// Reads lines strictly, so a key with a repeated member is refused and an `id` comes back exactly
/// as it was written.
pub(crate) struct RequestReader {
    members: PointerSet,
    limits: ScanLimits,
    buffer: ScanBuffer,
}

impl RequestReader {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let pointers = ["", "/id", "/jwk", "/hash"].into_iter().map(Pointer::parse);
        Ok(Self {
            members: PointerSet::new(pointers.collect::<Result<Vec<_>, _>>()?)?,
            limits: ScanLimits::new(),
            buffer: ScanBuffer::new(),
        })
    }

    pub(crate) fn answer(&mut self, line: &[u8]) -> String {
        let document = match self.members.scan_into(line, &self.limits, &mut self.buffer) {
            Ok(document) => document,
            // What a lenient reader takes is a request, about a key that breaks a rule.
            Err(error) => match serde_json::from_slice::<Value>(line) {
                Ok(request) if request.is_object() => {
                    let id = request.get("id").unwrap_or(&Value::Null);
                    return format!(r#"{{"id":{id},"ok":false,"why":"{}"}}"#, error.code());
                }
                Ok(_) | Err(_) => {
                    let error = Value::from(format!("not JSON: {error}"));
                    return format!(r#"{{"id":null,"error":{error}}}"#);
                }
            },
        };
        let member = |index| self.buffer.get(document, index);
        let [request, id, jwk, hash] = [0, 1, 2, 3].map(member);
        let id = id.map_or(String::from("null"), one_line);
        let jwk = match (request.map(|request| request.kind()), jwk) {
            (Some(Kind::Object), Some(jwk)) => jwk,
            (Some(Kind::Object), None) => {
                return format!(r#"{{"id":{id},"error":"`jwk` is missing"}}"#);
            }
            (_, _) => return format!(r#"{{"id":{id},"error":"not an object"}}"#),
        };
        // An optional member that is `null` is absent.
        let hash = hash.filter(|hash| !hash.is_null());
        match thumbprint(jwk, hash) {
            Ok(thumbprint) => {
                let uri = thumbprint.uri();
                format!(r#"{{"id":{id},"ok":true,"thumbprint":"{thumbprint}","uri":"{uri}"}}"#)
            }
            Err(why) => format!(r#"{{"id":{id},"ok":false,"why":"{why}"}}"#),
        }
    }
}

fn thumbprint(jwk: Located<'_>, hash: Option<Located<'_>>) -> Result<Thumbprint, &'static str> {
    let hash = match hash.map(|hash| hash.text()) {
        None => ThumbprintHash::S256,
        Some(Some(name)) if name == "S256" => ThumbprintHash::S256,
        Some(Some(name)) if name == "S384" => ThumbprintHash::S384,
        Some(Some(name)) if name == "S512" => ThumbprintHash::S512,
        Some(_) => return Err("unknown_hash"),
    };
    let key = PublicKey::from_jwk(jwk.json().as_bytes()).map_err(|error| error.code())?;
    Ok(key.thumbprint(hash))
}

/// The exact text of a value, on one line. A line break is white space there: inside a string it
/// would be escaped.
fn one_line(value: Located<'_>) -> String {
    value.json().replace(['\n', '\r'], " ")
}
