//! What can be asked for, a line each:
//!
//! | `do` | beside it | answer |
//! |---|---|---|
//! | `token` | `algorithm`, `subject`, `audience` | `{"token":…}` |
//! | `rotate` | | `{"signing":{ALGORITHM: KID, …}}`, when every algorithm has another key |
//! | `revoke` | | the same, when every key that signed is out of trust |
//! | `export` | `algorithm` | `{"pem":…}`, the private half of the key that signs |
//!
//! A member `id` is given back. A line that is no order, and an order that cannot be followed, gets
//! `{"id":…,"error":…}`.

use std::error::Error;

use oidc_core::Algorithm;
use oidc_issuer::TokenSpec;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::rotating::Rotating;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Order {
    Token {
        algorithm: Algorithm,
        subject: String,
        audience: String,
    },
    Rotate {},
    Revoke {},
    Export {
        algorithm: Algorithm,
    },
}

/// All that is read of a line that is no order.
#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Value,
}

/// The answer to one line.
pub(crate) fn answer_line(line: &[u8], rotating: &mut Rotating) -> Value {
    let id = serde_json::from_slice(line).map_or(Value::Null, |WithId { id }| id);
    let order = serde_json::from_slice(line).map_err(Into::into);
    let mut answer = match order.and_then(|order| follow(order, rotating)) {
        Ok(answer) => answer,
        Err(error) => json!({"error": error.to_string()}),
    };
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("id".to_owned(), id);
    }
    answer
}

fn follow(order: Order, rotating: &mut Rotating) -> Result<Value, Box<dyn Error>> {
    match order {
        Order::Token {
            algorithm,
            subject,
            audience,
        } => {
            let spec = TokenSpec::new(&subject, &audience)?.with_algorithm(algorithm);
            Ok(json!({"token": rotating.token(spec)?.as_str()}))
        }
        Order::Rotate {} => {
            rotating.rotate()?;
            Ok(signing(rotating))
        }
        Order::Revoke {} => {
            rotating.revoke()?;
            Ok(signing(rotating))
        }
        Order::Export { algorithm } => Ok(json!({"pem": rotating.export(algorithm)?})),
    }
}

fn signing(rotating: &Rotating) -> Value {
    let keys = rotating.signing().into_iter();
    let keys: Map<String, Value> = keys
        .map(|(algorithm, kid)| (algorithm.name().to_owned(), Value::from(kid)))
        .collect();
    json!({"signing": keys})
}
