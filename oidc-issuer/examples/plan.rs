//! Plans rotations that come as JSON objects, one a line, and answers one a line.
//!
//! Reads `id`, `rotation` (the document of `RotationSettings`, `{}` for the defaults) and `days`;
//! answers `{"id":…,"ok":true,"timeline":[{"at":…,"kid":…,"to":…}]}` with `at` in seconds from the
//! first start. A document that contradicts itself gets `{"id":…,"ok":false,"violated":"I3",
//! "fix":{"member":…,"at_least":…},"why":…}`, where the fix is a value to write into the document
//! or null, and one with a value out of its bounds the same with `"violated":null`. A document or a
//! line that cannot be read gets `{"id":…,"error":…}`. Other members of the line are ignored,
//! unknown ones of the document refused.

use std::io::{self, BufRead, Write};

use oidc_core::NumericDate;
use oidc_issuer::{
    Bound, Fix, MAX_PLAN_DAYS, RotationPolicy, RotationPolicyError, RotationSettings, Rule,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    rotation: RotationSettings,
    days: u16,
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
    let answer = request.map_or_else(|error| json!({"error": error}), |request| answer(&request));
    let answer = answer.to_string();
    format!(r#"{{"id":{id},{}"#, answer.trim_start_matches('{'))
}

/// Reads what is asked for of a line: the other members may be anything.
fn read<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    // A struct would be read from an array as well.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

fn answer(request: &Request) -> Value {
    if request.days > MAX_PLAN_DAYS {
        return json!({"error": format!("`days` is more than {MAX_PLAN_DAYS}")});
    }
    match RotationPolicy::solve(&request.rotation) {
        Ok(policy) => planned(&policy, request.days),
        Err(error) => refused(&error),
    }
}

fn planned(policy: &RotationPolicy, days: u16) -> Value {
    let steps = policy.plan(NumericDate::MIN, days);
    let timeline: Vec<_> = steps
        .iter()
        .map(|step| json!({"at": step.at, "kid": step.kid(), "to": step.to.name()}))
        .collect();
    json!({"ok": true, "timeline": timeline})
}

fn refused(error: &RotationPolicyError) -> Value {
    json!({
        "ok": false,
        "violated": error.rule().map(Rule::name),
        "fix": error.fix().as_ref().map(written),
        "why": error.to_string(),
    })
}

fn written(fix: &Fix) -> Value {
    let side = if fix.bound == Bound::AtMost {
        "at_most"
    } else {
        "at_least"
    };
    let value = match fix.text().parse::<u64>() {
        Ok(count) => json!(count),
        Err(_) => json!(fix.text()),
    };
    json!({"member": fix.member.name(), side: value})
}
