//! Registered claims (RFC 7519 section 4.1, OpenID Connect Core sections 2 and 3.1.3.7). All tokens
//! here are signed with the honest key.

use super::{Row, texts};
use crate::support::{AUDIENCE, Honest, ISSUER, NOW};

pub(super) const ATTACKS: &[Row] = &[
    ("a required claim missing", missing),
    ("another spelling of the issuer", issuer_spelling),
    ("an issuer that is no string", issuer_kind),
    ("an audience in another shape", audience_shape),
    ("another audience", other_audience),
    ("a time that is no number", time_kind),
    ("a time beyond all bounds", time_bounds),
    ("a time past its edge", time_edges),
    ("a subject that is none", subject),
    ("a token ID that is none", token_id),
];

/// The leeway of the verifier that judges.
const LEEWAY: i64 = 60;
/// The longest lifetime that it allows.
const LIFETIME: i64 = 24 * 60 * 60;

fn missing(honest: &Honest) -> Vec<Vec<u8>> {
    texts(["iss", "sub", "aud", "exp", "iat"].map(|name| honest.without_claim(name)))
}

fn issuer_spelling(honest: &Honest) -> Vec<Vec<u8>> {
    let host = "oidc.circleci.example";
    let mut spellings: Vec<String> = [
        "",
        " ",
        "/",
        "https://",
        "https:",
        "*",
        "null",
        "https://oidc",
        "circleci.example",
        "https://xn--oidc-.circleci.example",
    ]
    .map(str::to_owned)
    .into();
    spellings.extend([
        format!("{ISSUER}/"),
        format!("{ISSUER}@evil.example"),
        format!("{ISSUER}.evil.example"),
        format!("{ISSUER}?a=1"),
        format!("{ISSUER}#a"),
        format!("{ISSUER} "),
        format!(" {ISSUER}"),
        format!("{ISSUER}\\u0000"),
        format!("{ISSUER}\\n"),
        format!("{ISSUER}\\u200b"),
        format!("{ISSUER}/."),
        format!("{ISSUER}/../0c7b"),
        format!("{ISSUER},{ISSUER}"),
        ISSUER.to_uppercase(),
        ISSUER.replacen("https", "HTTPS", 1),
        ISSUER.replacen("https", "http", 1),
        ISSUER.replace(host, &host.to_uppercase()),
        ISSUER.replace(host, &format!("{host}:443")),
        ISSUER.replace(host, &format!("{host}.")),
        ISSUER.replace(host, &format!("user@{host}")),
        ISSUER.replace(host, &format!("{host}/")),
        ISSUER.replacen('o', "%6F", 1),
        ISSUER.replacen('o', "\\u043e", 1),
        ISSUER.replacen('/', "\\\\", 1),
        ISSUER.replace("0c7b", "0C7B"),
        ISSUER.replace("/0c7b", ""),
        ISSUER.replace("0c7b", "*"),
        ISSUER[1..].to_owned(),
        ISSUER[..ISSUER.len() - 1].to_owned(),
        format!("https://evil.example/{ISSUER}"),
    ]);
    texts(
        spellings
            .iter()
            .map(|text| honest.with_claim("iss", &format!("\"{text}\""))),
    )
}

fn issuer_kind(honest: &Honest) -> Vec<Vec<u8>> {
    let own = format!("\"{ISSUER}\"");
    let list = format!("[{own}]");
    let either = format!("[\"https://evil.example\",{own}]");
    let object = format!("{{{own}:{own}}}");
    let values = ["null", "1", "true", "[]", "{}", &list, &either, &object];
    let mut tokens: Vec<String> = values.map(|value| honest.with_claim("iss", value)).into();
    // Only in the header, where some token kinds repeat it.
    let header = honest.header.with("iss", &own).to_json();
    tokens.push(honest.sign(header, honest.claims.without("iss").to_json()));
    texts(tokens)
}

fn audience_shape(honest: &Honest) -> Vec<Vec<u8>> {
    let own = format!("\"{AUDIENCE}\"");
    let mut values: Vec<String> = ["null", "\"\"", "[]", "{}", "1", "true", "[null]", "[\"\"]"]
        .map(str::to_owned)
        .into();
    values.extend([
        format!("[[{own}]]"),
        format!("{{{own}:1}}"),
        format!("{{\"0\":{own}}}"),
        format!("[{own},1]"),
        format!("[{own},null]"),
        format!("[{own},\"\"]"),
        format!("[{own},[{own}]]"),
        format!("[{own},{{}}]"),
        format!("[{own},\"a\\u0000\"]"),
        format!("[{own},\"{}\"]", "a".repeat(4_001)),
        format!("[{own}{}]", format!(",{own}").repeat(16)),
    ]);
    texts(values.iter().map(|value| honest.with_claim("aud", value)))
}

fn other_audience(honest: &Honest) -> Vec<Vec<u8>> {
    let other = "https://other.example";
    texts(
        [
            format!("\"{other}\""),
            format!("[\"{other}\"]"),
            format!("\"{AUDIENCE},{other}\""),
            format!("\"{AUDIENCE} {other}\""),
            format!("\"{AUDIENCE}/\""),
            format!("\"{AUDIENCE} \""),
            format!("\"{}\"", AUDIENCE.to_uppercase()),
            format!("\"{}\"", &AUDIENCE[1..]),
            format!("\"{}\"", &AUDIENCE[..AUDIENCE.len() - 1]),
            format!("\"{}\"", AUDIENCE.replace("https://", "")),
            format!("\"{}\"", AUDIENCE.replace("https", "http")),
            "\"*\"".into(),
            "\"https://*\"".into(),
        ]
        .iter()
        .map(|value| honest.with_claim("aud", value)),
    )
}

/// `nbf` is optional; malformed it is refused all the same.
fn time_kind(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in ["exp", "iat", "nbf"] {
        let right = honest.claims.get(name).unwrap().to_owned();
        for value in [
            "\"never\"",
            "\"\"",
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "\"2099-01-01T00:00:00Z\"",
            &format!("\"{right}\""),
            &format!("[{right}]"),
            &format!("{{\"value\":{right}}}"),
        ] {
            tokens.push(honest.with_claim(name, value));
        }
    }
    texts(tokens)
}

fn time_bounds(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in ["exp", "iat", "nbf"] {
        for value in [
            &"9".repeat(400),
            &format!("{}e-390", "9".repeat(400)),
            "253402300800",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1e308",
            "1e309",
            "1E1000000000",
            "1e99999999999999999999999",
            "-1",
            "-9223372036854775808",
            "-1e308",
            "-1790000000",
            "-1e-99999999999999999999",
            "-0.9999999999999999999999e11",
        ] {
            tokens.push(honest.with_claim(name, value));
        }
    }
    texts(tokens)
}

/// A token is valid while `nbf - leeway <= now < exp + leeway` and `iat <= now + leeway`.
fn time_edges(honest: &Honest) -> Vec<Vec<u8>> {
    let token = |iat: String, exp: String, nbf: String| {
        let claims = honest
            .claims
            .with("iat", &iat)
            .with("exp", &exp)
            .with("nbf", &nbf);
        honest.with_claims(claims.to_json())
    };
    let second = |seconds: i64| seconds.to_string();
    let (iat, exp, nbf) = (NOW - 10, NOW + 600, NOW - 10);
    let past = NOW - 600;
    let mut tokens = Vec::new();
    for last in [NOW - LEEWAY, NOW - LEEWAY - 1, 0] {
        tokens.push(token(second(past), second(last), second(past)));
    }
    // A fraction is rounded down: it never lengthens validity.
    for fraction in ["0", "6", "999999999999999999999"] {
        let last = format!("{}.{fraction}", NOW - LEEWAY);
        tokens.push(token(second(past), last, second(past)));
    }
    for first in [NOW + LEEWAY + 1, NOW + 86_400] {
        tokens.push(token(second(iat), second(exp), second(first)));
        tokens.push(token(second(first), second(first + 60), second(nbf)));
    }
    // And rounded up.
    let early = format!("{}.000000000000000000001", NOW + LEEWAY);
    tokens.push(token(second(iat), second(exp), early.clone()));
    tokens.push(token(early, second(exp), second(nbf)));
    tokens.push(token(second(iat), second(iat + LIFETIME + 1), second(nbf)));
    tokens.push(token(second(0), second(exp), second(nbf)));
    // It expires before it is issued.
    tokens.push(token(second(NOW), second(NOW - 1), second(nbf)));
    tokens.push(token(second(NOW + 30), second(NOW - 30), second(nbf)));
    texts(tokens)
}

fn subject(honest: &Honest) -> Vec<Vec<u8>> {
    let long = format!("\"{}\"", "s".repeat(1_025));
    let escaped = format!("\"{}\"", "\\u0073".repeat(1_025));
    let wide = format!("\"{}\"", "\u{e9}".repeat(513));
    let values = [
        "null",
        "\"\"",
        "1",
        "true",
        "[]",
        "{}",
        "[\"a\"]",
        "\"a\\u0000b\"",
        "\"\\n\"",
        "\"a\\tb\"",
        "\"a\\u007f\"",
        "\"a\u{7f}\"",
        "\"a\u{85}\"",
        "\"a\\u009f\"",
        &long,
        &escaped,
        &wide,
    ];
    texts(values.map(|value| honest.with_claim("sub", value)))
}

fn token_id(honest: &Honest) -> Vec<Vec<u8>> {
    let long = format!("\"{}\"", "j".repeat(256));
    let values = ["null", "\"\"", "1", "[\"a\"]", "{}", "\"\\u0000\"", &long];
    texts(values.map(|value| honest.with_claim("jti", value)))
}
