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
//! takes no secrets. Members that are not named here are ignored, whatever they are. A line that
//! cannot be read gets `{"id":…,"error":…}`, and the next one is read.

use std::io::{self, BufRead, Write};

use oidc_core::{PublicKey, Thumbprint, ThumbprintHash};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The key stays the bytes that came: repeated members are for the library to refuse.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    jwk: &'a RawValue,
    #[serde(default)]
    hash: Value,
}

/// All that is read of a line that is no request.
#[derive(Deserialize)]
struct WithId<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
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
    match request.map(|request| thumbprint(&request)) {
        Ok(Ok(thumbprint)) => {
            let uri = thumbprint.uri();
            format!(r#"{{"id":{id},"ok":true,"thumbprint":"{thumbprint}","uri":"{uri}"}}"#)
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

fn thumbprint(request: &Request<'_>) -> Result<Thumbprint, &'static str> {
    // An optional member that is `null` is absent.
    let hash = match (&request.hash, request.hash.as_str()) {
        (Value::Null, _) | (_, Some("S256")) => ThumbprintHash::S256,
        (_, Some("S384")) => ThumbprintHash::S384,
        (_, Some("S512")) => ThumbprintHash::S512,
        (_, _) => return Err("unknown_hash"),
    };
    let key = PublicKey::from_jwk(request.jwk.get().as_bytes()).map_err(|error| error.code())?;
    Ok(key.thumbprint(hash))
}
