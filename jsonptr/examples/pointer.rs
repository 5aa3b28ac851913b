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
//! fragment's or the document's error, or `not_found`. Members that are not named here are ignored.
//! A line that cannot be read gets `{"id":…,"error":…}`, and the next one is read.

use std::error::Error;
use std::io::{self, BufRead, Write};

use jsonptr::{Kind, Located, Pointer, PointerBuf, PointerSet, ScanBuffer, ScanLimits, Token};
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

/// Lines are read with the crate itself, so an `id` comes back exactly as it was written.
pub(crate) struct RequestReader {
    members: PointerSet,
    limits: ScanLimits,
    buffer: ScanBuffer,
}

impl RequestReader {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let texts = ["", "/id", "/pointer", "/doc_b64", "/fragment"];
        let pointers = texts
            .into_iter()
            .map(Pointer::parse)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            members: PointerSet::new(pointers)?,
            // The document has the usual limits; the line that carries it may be of any length.
            limits: ScanLimits::new().max_bytes(usize::MAX),
            buffer: ScanBuffer::new(),
        })
    }

    pub(crate) fn answer(&mut self, line: &[u8]) -> String {
        let line = match self.members.scan_into(line, &self.limits, &mut self.buffer) {
            Ok(line) => line,
            Err(error) => {
                let error = Value::from(format!("not JSON: {error}"));
                return format!(r#"{{"id":null,"error":{error}}}"#);
            }
        };
        // An optional member that is `null` is absent.
        let member = |index| {
            self.buffer
                .get(line, index)
                .filter(|located: &Located<'_>| !located.is_null())
        };
        let [request, id, pointer, document, fragment] = [0, 1, 2, 3, 4].map(member);
        let id = id.map_or(String::from("null"), one_line);
        let request = match request.map(|request| request.kind()) {
            Some(Kind::Object) => Request::read(pointer, document, fragment),
            _ => Err("not an object"),
        };
        match request.map(|request| request.run()) {
            Ok(Ok((member, value))) => format!(r#"{{"id":{id},"ok":true,"{member}":{value}}}"#),
            Ok(Err(why)) => format!(r#"{{"id":{id},"ok":false,"why":"{why}"}}"#),
            Err(error) => format!(r#"{{"id":{id},"error":"{error}"}}"#),
        }
    }
}

struct Request {
    pointer: String,
    is_fragment: bool,
    document: Option<Vec<u8>>,
}

impl Request {
    fn read(
        pointer: Option<Located<'_>>,
        document: Option<Located<'_>>,
        fragment: Option<Located<'_>>,
    ) -> Result<Self, &'static str> {
        let pointer = pointer
            .and_then(|pointer| pointer.text())
            .ok_or("`pointer` is no string")?;
        let document = document.map(|document| {
            let base64 = document.text().ok_or("`doc_b64` is no string")?.to_cow();
            base64_simd::STANDARD
                .decode_to_vec(base64.as_bytes())
                .map_err(|_| "`doc_b64` is no base64")
        });
        let is_fragment =
            fragment.map(|fragment| fragment.as_bool().ok_or("`fragment` is no boolean"));
        Ok(Self {
            pointer: pointer.to_cow().into_owned(),
            is_fragment: is_fragment.transpose()?.unwrap_or(false),
            document: document.transpose()?,
        })
    }

    /// The member of the answer and its value, as JSON text; or the code of what is wrong.
    fn run(&self) -> Result<(&'static str, String), &'static str> {
        let pointer = if self.is_fragment {
            PointerBuf::from_fragment(&self.pointer).map_err(|error| error.code())?
        } else {
            PointerBuf::parse(self.pointer.as_str()).map_err(|error| error.code())?
        };
        let Some(document) = &self.document else {
            let tokens: Value = pointer.tokens().map(Token::decoded).collect();
            return Ok(("tokens", tokens.to_string()));
        };
        let set = PointerSet::new([pointer.as_pointer()]).map_err(|_| "too_many_pointers")?;
        let found = set.scan(document).map_err(|error| error.code())?;
        let value = found.get(0).ok_or("not_found")?;
        Ok(("value", one_line(value)))
    }
}

/// The exact text of a value, on one line. A line break is white space there: inside a string it
/// would be escaped.
fn one_line(value: Located<'_>) -> String {
    value.json().replace(['\n', '\r'], " ")
}
