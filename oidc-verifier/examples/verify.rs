//! Verifies tokens that come as JSON objects, one a line, and answers one a line.
//!
//! Reads `id`, `token_b64`, `jwks` (the document as text), `issuer`, `audience` (list),
//! `allowed_algs` (list), `now` and `leeway` (seconds); answers
//! `{"id":…,"ok":true,"subject":…}` or `{"id":…,"ok":false,"why":…,"class":…}`. A line that is not
//! such an object gets `{"id":…,"error":…}`. Other members are ignored, whatever they are.

#[path = "lines/mod.rs"]
mod lines;

use std::io;
use std::time::Duration;

use oidc_verifier::{
    Algorithm, Class, IssuerIdentifier, IssuerKeys, JwkSet, NumericDate, Verifier,
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

/// A verifier that cannot be built, or a token that is not accepted.
struct Refusal {
    why: &'static str,
    class: Class,
}

fn main() -> io::Result<()> {
    lines::serve(answer_line)
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8]) -> String {
    lines::answer(line, answer)
}

fn answer(request: &Request) -> Value {
    let Ok(token) = base64_simd::STANDARD.decode_to_vec(&request.token_b64) else {
        return json!({"error": "`token_b64` is not base64"});
    };
    match verify(request, &token) {
        Ok(subject) => json!({"ok": true, "subject": subject}),
        Err(Refusal { why, class }) => {
            let class = match class {
                Class::Refused => "refused",
                Class::Unavailable => "unavailable",
            };
            json!({"ok": false, "why": why, "class": class})
        }
    }
}

fn verify(request: &Request, token: &[u8]) -> Result<String, Refusal> {
    // Without a verifier no token can be judged: such an answer says nothing about this one.
    let not_ready = |why| Refusal {
        why,
        class: Class::Unavailable,
    };
    let now = NumericDate::from_seconds(request.now).map_err(|error| not_ready(error.code()))?;
    let issuer =
        IssuerIdentifier::parse(&request.issuer).map_err(|error| not_ready(error.code()))?;
    // A name that this library has no algorithm for allows nothing.
    let algorithms = request
        .allowed_algs
        .iter()
        .filter_map(|name| name.parse::<Algorithm>().ok());

    let mut audiences = request.audience.iter();
    let mut builder = Verifier::builder()
        .issuer(issuer.clone())
        .audience(audiences.next().map_or("", String::as_str))
        .algorithms(algorithms)
        .leeway(Duration::from_secs(request.leeway));
    for audience in audiences {
        builder = builder.audience(audience);
    }
    let verifier = builder.build().map_err(|error| not_ready(error.code()))?;
    let installed = install(&verifier, issuer, &request.jwks);
    match verifier.verify(token, now) {
        Ok(token) => Ok(token.subject().into_owned()),
        Err(error) => Err(Refusal {
            // What no key could save is refused; for want of keys the others cannot be judged.
            why: match (error.class(), installed) {
                (Class::Unavailable, Err(why)) => why,
                (Class::Refused | Class::Unavailable, _) => error.code(),
            },
            class: error.class(),
        }),
    }
}

/// Gives the verifier its keys, or says by a code why it has none.
fn install(verifier: &Verifier, issuer: IssuerIdentifier, jwks: &str) -> Result<(), &'static str> {
    let set = JwkSet::parse(jwks.as_bytes()).map_err(|error| error.code())?;
    let keys = IssuerKeys::new(issuer, set);
    verifier.install(&keys).map_err(|error| error.code())?;
    Ok(())
}
