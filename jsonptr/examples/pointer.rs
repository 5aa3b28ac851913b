//! Reads pointers, and finds what they lead to: one JSON object a line in, one a line out.
//!
//! ```text
//! $ echo '{"id":1,"pointer":"/a~1b/0"}' | cargo run -q -p jsonptr --example pointer
//! {"id":1,"ok":true,"tokens":["a/b","0"]}
//! $ echo '{"id":2,"pointer":"#/sub","fragment":true,"doc_b64":"eyJzdWIiOiJqb2IifQ=="}' | …
//! {"id":2,"ok":true,"value":"job"}
//! $ echo '{"id":3,"pointer":"/~2"}' | …
//! {"id":3,"ok":false,"why":"invalid_pointer_escape"}
//! ```
//!
//! `doc_b64` is a JSON document in base64, read as strictly as `PointerSet` reads. With `fragment`
//! the pointer is in its URI fragment form. `why` is a stable code: that of the pointer's, the
//! fragment's or the document's error, or `not_found`. Members that are not named here are ignored,
//! whatever they are. A line that cannot be read gets `{"id":…,"error":…}`, and the next one is read.

use std::io::{self, BufRead, Write};

use jsonptr::{PointerBuf, PointerSet, Token};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Request {
    pointer: String,
    doc_b64: Option<String>,
    fragment: Option<bool>,
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
    let id = one_line(id);
    match request.and_then(|request: Request| request.run()) {
        Ok(Ok((member, value))) => format!(r#"{{"id":{id},"ok":true,"{member}":{value}}}"#),
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

/// The name of what is answered and its value, as JSON text; or the code of what is wrong.
type Answer = Result<(&'static str, String), &'static str>;

impl Request {
    /// The answer; an error where the request itself cannot be read.
    fn run(&self) -> Result<Answer, String> {
        let document = self.doc_b64.as_ref().map(|document| {
            base64_simd::STANDARD
                .decode_to_vec(document)
                .map_err(|_| "`doc_b64` is no base64")
        });
        let document = document.transpose()?;
        Ok(self.answer(document.as_deref()))
    }

    fn answer(&self, document: Option<&[u8]>) -> Answer {
        let pointer = if self.fragment == Some(true) {
            PointerBuf::from_fragment(&self.pointer).map_err(|error| error.code())?
        } else {
            PointerBuf::parse(self.pointer.as_str()).map_err(|error| error.code())?
        };
        let Some(document) = document else {
            let tokens: Value = pointer.tokens().map(Token::decoded).collect();
            return Ok(("tokens", tokens.to_string()));
        };
        let set = PointerSet::new([pointer.as_pointer()]).map_err(|_| "too_many_pointers")?;
        let found = set.scan(document).map_err(|error| error.code())?;
        let value = found.get(0).ok_or("not_found")?;
        Ok(("value", one_line(value.json())))
    }
}

/// The exact text of a value, on one line. A line break is white space there: inside a string it
/// would be escaped.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}
