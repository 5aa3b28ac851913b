//! Verifies tokens that come as JSON objects, one a line, and answers one a line.
//!
//! Reads `id`, `token_b64`, `jwks` (the document as text), `issuer`, `audience` (list),
//! `allowed_algs` (list), `now` and `leeway` (seconds); answers
//! `{"id":…,"ok":true,"subject":…}` or `{"id":…,"ok":false,"why":…,"class":…}`. A line that is not
//! such an object gets `{"id":…,"error":…}`.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use oidc_verifier::{
    Algorithm, Class, IssuerIdentifier, JwkSet, NumericDate, Verifier, VerifyError,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    token_b64: String,
    jwks: String,
    issuer: String,
    audience: Vec<String>,
    allowed_algs: Vec<String>,
    now: i64,
    leeway: u64,
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line: Value = match serde_json::from_slice(&line?) {
            Ok(line) => line,
            Err(error) => {
                writeln!(out, "{}", json!({"id": null, "error": error.to_string()}))?;
                out.flush()?;
                continue;
            }
        };
        let id = line.get("id").cloned().unwrap_or_default();
        let mut answer = match Request::deserialize(line)
            .map_err(Into::into)
            .and_then(answer)
        {
            Ok(answer) => answer,
            Err(error) => json!({"error": error.to_string()}),
        };
        if let Some(members) = answer.as_object_mut() {
            members.insert("id".to_owned(), id);
        }
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(request: Request) -> Result<Value, Box<dyn Error>> {
    let token = base64_simd::STANDARD.decode_to_vec(request.token_b64)?;
    let now = NumericDate::from_seconds(request.now)?;
    let set = match JwkSet::parse(request.jwks.as_bytes()) {
        Ok(set) => set,
        // Without keys no token can be judged: this says nothing about the token.
        Err(error) => return Ok(refusal(error.code(), Class::Unavailable)),
    };
    // A name that this library has no algorithm for allows nothing.
    let algorithms = request
        .allowed_algs
        .iter()
        .filter_map(|name| name.parse::<Algorithm>().ok());
    let mut audiences = request.audience.into_iter();
    let mut builder = Verifier::builder()
        .issuer(IssuerIdentifier::parse(&request.issuer)?)
        .audience(audiences.next().unwrap_or_default())
        .algorithms(algorithms)
        .leeway(Duration::from_secs(request.leeway));
    for audience in audiences {
        builder = builder.audience(audience);
    }
    let verifier = builder.keys(set).build()?;
    Ok(match verifier.verify(&token, now) {
        Ok(token) => json!({"ok": true, "subject": token.subject()}),
        Err(error) => refusal_of(&error),
    })
}

fn refusal_of(error: &VerifyError) -> Value {
    refusal(error.code(), error.class())
}

fn refusal(why: &str, class: Class) -> Value {
    let class = match class {
        Class::Refused => "refused",
        Class::Unavailable => "unavailable",
    };
    json!({"ok": false, "why": why, "class": class})
}
