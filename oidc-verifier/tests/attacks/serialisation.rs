//! The compact serialization and its base64url (RFC 7515 sections 2, 5.2 and 7.1).

use oidc_core::base64url;
use serde_json::json;

use super::{Row, texts};
use crate::support::{Honest, key, sign};

pub(super) const ATTACKS: &[Row] = &[
    ("another number of parts", parts),
    ("an empty part", empty_part),
    ("a JSON serialization", json_serialization),
    ("a polyglot of both serializations", polyglot),
    ("a detached or unencoded payload", unencoded_payload),
    ("padding", padding),
    ("white space inside", white_space),
    ("the standard alphabet", standard_alphabet),
    ("spare bits that are not zero", spare_bits),
    ("characters around the token", surroundings),
    ("bytes that are not text", not_text),
    ("a nested token", nested),
    ("a JWE", jwe),
    ("a token over the limit", too_long),
];

fn parts(honest: &Honest) -> Vec<Vec<u8>> {
    let token = &honest.token;
    let [header, payload, signature] = honest.parts();
    texts([
        String::new(),
        ".".into(),
        "..".into(),
        ".".repeat(10_000),
        header.into(),
        format!("{header}.{payload}"),
        format!("{header}.{signature}"),
        format!("{payload}.{signature}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{token}.e30.e30"),
        format!(".{token}"),
        format!("{header}.{token}"),
        token.replace('.', ""),
        token.replacen('.', "", 1),
        token.replace('.', ".."),
        token.replace('.', ":"),
    ])
}

fn empty_part(honest: &Honest) -> Vec<Vec<u8>> {
    let [header, payload, signature] = honest.parts();
    let over_nothing = key(honest.algorithm)
        .sign(format!("{header}.").as_bytes())
        .unwrap();
    texts([
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("..{signature}"),
        format!("{header}..{}", base64url::encode(over_nothing)),
    ])
}

fn json_serialization(honest: &Honest) -> Vec<Vec<u8>> {
    let [protected, payload, signature] = honest.parts();
    let unsecured = base64url::encode(r#"{"alg":"none"}"#);
    let good = json!({"protected": protected, "signature": signature});
    texts(
        [
            json!({"protected": protected, "payload": payload, "signature": signature}),
            json!({"payload": payload, "signatures": [good]}),
            json!({"payload": payload, "signatures": [good, {"protected": unsecured, "signature": ""}]}),
            json!({"header": {"alg": "HS256"}, "payload": payload, "signature": signature}),
            json!(honest.token),
        ]
        .map(|json| json.to_string()),
    )
}

fn polyglot(honest: &Honest) -> Vec<Vec<u8>> {
    let [protected, payload, signature] = honest.parts();
    let forged = base64url::encode(honest.claims.with("sub", "\"root\"").to_json());
    texts([
        format!(
            r#"{{"  {protected}.{forged}.":"","protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#
        ),
        format!("{protected}.{forged}.{signature}"),
        format!("{protected}.{payload}.{signature},{protected}.{forged}.{signature}"),
    ])
}

fn unencoded_payload(honest: &Honest) -> Vec<Vec<u8>> {
    let key = key(honest.algorithm);
    let payload = honest.claims.to_json();
    let mut tokens = Vec::new();
    for header in [
        honest
            .header
            .with("b64", "false")
            .with("crit", r#"["b64"]"#),
        honest.header.with("b64", "false"),
        honest.header.with("b64", "true"),
        honest.header.with("b64", "true").with("crit", r#"["b64"]"#),
    ] {
        let header = base64url::encode(header.to_json());
        let encoded = format!("{header}.{}", base64url::encode(&payload));
        let raw = format!("{header}.{payload}");
        for input in [encoded, raw] {
            let signature = base64url::encode(key.sign(input.as_bytes()).unwrap());
            tokens.push(format!("{input}.{signature}"));
            tokens.push(format!("{header}..{signature}"));
        }
    }
    texts(tokens)
}

/// The token with each part in turn changed by `change`.
fn each_part(honest: &Honest, change: impl Fn(&str) -> String) -> Vec<String> {
    let parts = honest.parts();
    (0..parts.len())
        .map(|index| {
            let mut changed = parts.map(str::to_owned);
            changed[index] = change(parts[index]);
            changed.join(".")
        })
        .filter(|token| *token != honest.token)
        .collect()
}

fn padding(honest: &Honest) -> Vec<Vec<u8>> {
    let right = |part: &str| part.to_owned() + ["", "", "==", "="][part.len() % 4];
    let mut tokens = each_part(honest, right);
    tokens.extend(each_part(honest, |part| format!("{part}=")));
    tokens.extend(each_part(honest, |part| format!("={part}")));
    tokens.extend(each_part(honest, |part| format!("{part}====")));
    texts(tokens)
}

fn white_space(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for space in [" ", "\n", "\r\n", "\t", "\u{b}", "\0", "\u{a0}", "%20"] {
        tokens.extend(each_part(honest, |part| format!("{space}{part}")));
        tokens.extend(each_part(honest, |part| format!("{part}{space}")));
        tokens.extend(each_part(honest, |part| {
            format!("{}{space}{}", &part[..4], &part[4..])
        }));
    }
    texts(tokens)
}

fn standard_alphabet(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = each_part(honest, |part| part.replace('-', "+").replace('_', "/"));
    tokens.extend(each_part(honest, |part| part.replace('-', "+")));
    tokens.extend(each_part(honest, |part| part.replace('_', "/")));
    for letter in ["+", "/", "~", ",", "é"] {
        tokens.extend(each_part(honest, |part| format!("{letter}{}", &part[1..])));
    }
    texts(tokens)
}

/// Another text for the same bytes: refused, so that a token has one text (RFC 4648 section 3.5).
fn spare_bits(honest: &Honest) -> Vec<Vec<u8>> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut tokens = Vec::new();
    for bits in 1..16_usize {
        tokens.extend(each_part(honest, |part| {
            let spare = [0, 0, 16, 4][part.len() % 4];
            let (rest, last) = part.split_at(part.len() - 1);
            let value = alphabet.iter().position(|byte| last.as_bytes() == [*byte]);
            let changed = value.unwrap() | if bits < spare { bits } else { 0 };
            format!("{rest}{}", char::from(alphabet[changed]))
        }));
        // One character alone is no byte.
        tokens.extend(each_part(honest, |part| {
            let letter = char::from(alphabet[bits]);
            part.to_owned() + &letter.to_string().repeat((5 - part.len() % 4) % 4)
        }));
    }
    texts(tokens)
}

fn surroundings(honest: &Honest) -> Vec<Vec<u8>> {
    let token = &honest.token;
    let mut tokens = Vec::new();
    for around in [
        " ", "\n", "\t", "\0", "\u{feff}", "\"", "'", "Bearer ", "bearer:", "<", "#",
    ] {
        tokens.push(format!("{around}{token}"));
        tokens.push(format!("{token}{around}"));
        tokens.push(format!("{around}{token}{around}"));
    }
    texts(tokens)
}

fn not_text(honest: &Honest) -> Vec<Vec<u8>> {
    let token = honest.token.as_bytes();
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        honest.token.encode_utf16().flat_map(order).collect()
    };
    let mut tokens = vec![
        utf16(u16::to_be_bytes),
        utf16(u16::to_le_bytes),
        honest.token.replace('.', "\u{ff0e}").into_bytes(),
        honest.token.replace('.', "\u{2e}\u{301}").into_bytes(),
        vec![0xff; 64],
    ];
    for byte in [0x80, 0xc0, 0xed, 0xff] {
        tokens.push([&[byte], token].concat());
        tokens.push([token, &[byte]].concat());
    }
    tokens
}

fn nested(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = vec![
        honest.with_claims(&honest.token),
        honest.with_claims(format!("\"{}\"", honest.token)),
    ];
    for cty in ["JWT", "jwt", "application/jwt", "APPLICATION/JWT"] {
        let header = honest.header.with("cty", &format!("\"{cty}\"")).to_json();
        tokens.push(honest.sign(&header, &honest.token));
        tokens.push(honest.with_header(&header));
    }
    texts(tokens)
}

fn jwe(honest: &Honest) -> Vec<Vec<u8>> {
    let [_, payload, signature] = honest.parts();
    let mut tokens = Vec::new();
    for header in [
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"dir","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","p2c":2147483647,"p2s":"AA","enc":"A128GCM"}"#,
    ] {
        let encoded = base64url::encode(header);
        tokens.push(format!("{encoded}.{payload}.AAAA.{payload}.{signature}"));
        tokens.push(format!("{encoded}..AAAA.{payload}.{signature}"));
        tokens.push(honest.with_header(header));
    }
    texts(tokens)
}

fn too_long(honest: &Honest) -> Vec<Vec<u8>> {
    let filler = format!("\"{}\"", "x".repeat(32 * 1024));
    let header = honest.header.with("x", &filler).to_json();
    let key = key(honest.algorithm);
    texts([
        honest.with_claim("x", &filler),
        sign(key, header, honest.claims.to_json()),
        format!("{}{}", honest.token, "A".repeat(32 * 1024)),
        "A".repeat(1024 * 1024 + 1),
    ])
}
