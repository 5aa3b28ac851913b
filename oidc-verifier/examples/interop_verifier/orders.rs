//! What can be asked for, a line each:
//!
//! | `do` | beside it | answer |
//! |---|---|---|
//! | `verify` | `issuer` (on loopback), `audience`, `token` | `{"ok":true,"subject":…}` or `{"ok":false,"why":…,"class":…}` |
//! | `later` | `seconds` | `{}`, when the clock has been moved forward |
//!
//! A member `id` is given back. A line that is no order, and an issuer whose keys cannot be had at
//! first, get `{"id":…,"error":…}`.

use std::error::Error;

use oidc_verifier::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::relying_party::RelyingParty;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Order {
    Verify {
        issuer: String,
        audience: String,
        token: String,
    },
    Later {
        seconds: u32,
    },
}

/// All that is read of a line that is no order.
#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Value,
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8], relying_party: &mut RelyingParty) -> Value {
    let id = serde_json::from_slice(line).map_or(Value::Null, |WithId { id }| id);
    let order = serde_json::from_slice(line).map_err(Into::into);
    let mut answer = match order.and_then(|order| follow(order, relying_party)) {
        Ok(answer) => answer,
        Err(error) => json!({"error": error.to_string()}),
    };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("id".to_owned(), id);
    }
    answer
}

fn follow(order: Order, relying_party: &mut RelyingParty) -> Result<Value, Box<dyn Error>> {
    match order {
        Order::Verify {
            issuer,
            audience,
            token,
        } => {
            let keys = relying_party.keys_of(&issuer, &audience)?;
            Ok(match keys.verify(token.as_bytes()) {
                Ok(verified) => json!({"ok": true, "subject": verified.subject()}),
                Err(error) => {
                    let class = match error.class() {
                        Class::Refused => "refused",
                        Class::Unavailable => "unavailable",
                    };
                    json!({"ok": false, "why": error.code(), "class": class})
                }
            })
        }
        Order::Later { seconds } => {
            relying_party.later(seconds);
            Ok(json!({}))
        }
    }
}
