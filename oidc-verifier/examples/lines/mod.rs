//! JSON objects, one a line in and one a line out, for the programs that test suites drive.

use std::io::{self, BufRead, Write};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Answers every line of standard input, in order, and each before the next is read.
pub(crate) fn serve(answer_line: fn(&[u8]) -> String) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        writeln!(out, "{}", answer_line(&line?))?;
        out.flush()?;
    }
    Ok(())
}

/// The answer to the request of a line, an object, behind the `id` of the line as it was written.
pub(crate) fn answer<'l, R: Deserialize<'l>>(
    line: &'l [u8],
    answer: impl FnOnce(&R) -> Value,
) -> String {
    let (id, request) = match read(line) {
        Ok(WithId { id }) => (id.map_or("null", RawValue::get), read(line)),
        Err(error) => ("null", Err(error)),
    };
    // A line break can only be white space here.
    let id = id.replace('\r', " ");
    let answer = request.map_or_else(|error| json!({"error": error}), |request| answer(&request));
    let answer = answer.to_string();
    format!(r#"{{"id":{id},{}"#, answer.trim_start_matches('{'))
}

/// All that is read of a line that is no request.
#[derive(Deserialize)]
struct WithId<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// Reads what is asked for of a line: the other members may be anything.
fn read<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, String> {
    // A struct would be read from an array as well.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| error.to_string())
}
