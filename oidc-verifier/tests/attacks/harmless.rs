//! Changes that a verifier must bear: what the standards allow, up to the edge of each limit.

use oidc_core::{Algorithm, PublicKey, base64url};

use super::signature::negated_s;
use crate::support::{AUDIENCE, Honest, ISSUER, NOW, foreign_key, key};

const LEEWAY: i64 = 60;
const LIFETIME: i64 = 24 * 60 * 60;

/// Tokens that are as good as the honest one, each with what is unusual about it.
pub(crate) fn harmless(honest: &Honest) -> Vec<(String, Vec<u8>)> {
    let mut tokens = vec![("nothing".to_owned(), honest.token.clone())];
    headers(honest, &mut tokens);
    claims(honest, &mut tokens);
    times(honest, &mut tokens);
    limits(honest, &mut tokens);
    signatures(honest, &mut tokens);
    let tokens = tokens.into_iter();
    tokens
        .map(|(what, token)| (what, token.into_bytes()))
        .collect()
}

type Tokens = Vec<(String, String)>;

fn headers(honest: &Honest, tokens: &mut Tokens) {
    let jwk = serde_json::to_string(foreign_key(honest.algorithm).public_jwk()).unwrap();
    let header = &honest.header;
    let kid = header.get("kid").unwrap();
    for (name, value) in [
        ("typ", "\"jwt\""),
        ("typ", "\"application/jwt\""),
        ("typ", "\"Application/JWT\""),
        ("typ", "\"\\u004aWT\""),
        ("cty", "\"json\""),
        // Never read, so whatever they are (RFC 8725 section 3.10).
        ("jwk", &*jwk),
        ("jwk", "7"),
        ("jku", "\"https://evil.example/jwks\""),
        ("x5u", "[]"),
        ("x5c", "[\"MII\"]"),
        ("x5t", "null"),
        ("x", "{\"a\":[1,2,{\"b\":null}]}"),
        ("ALG", "\"none\""),
        ("Crit", "[\"x\"]"),
        ("alg\\u0000", "\"none\""),
        ("kid", &kid.replacen('-', "\\u002d", 1)),
        (
            "alg",
            &header.get("alg").unwrap().replacen('S', "\\u0053", 1),
        ),
    ] {
        let changed = if header.get(name).is_some() {
            header.with(name, value)
        } else {
            header.plus(&format!("\"{name}\""), value)
        };
        tokens.push((
            format!("{name} {value}"),
            honest.with_header(changed.to_json()),
        ));
    }
    let without = header.without("typ").to_json();
    tokens.push(("no typ".into(), honest.with_header(without)));
    let spaced = header
        .to_json()
        .replace(':', " :\r\n\t ")
        .replace(',', " , ");
    tokens.push((
        "white space in the header".into(),
        honest.with_header(spaced),
    ));
    let escaped = header
        .renamed("alg", "\"\\u0061lg\"")
        .renamed("kid", "\"\\u006B\\u0069d\"");
    tokens.push((
        "escaped names".into(),
        honest.with_header(escaped.to_json()),
    ));
}

fn claims(honest: &Honest, tokens: &mut Tokens) {
    let own = honest.claims.clone();
    for name in ["nbf", "jti"] {
        tokens.push((format!("no {name}"), honest.without_claim(name)));
    }
    let escaped_issuer = format!("\"{}\"", ISSUER.replace('/', "\\/").replace('c', "\\u0063"));
    let many = format!("[\"{AUDIENCE}\"{}]", ",\"b\"".repeat(15));
    let long = format!("[\"{AUDIENCE}\",\"{}\"]", "a".repeat(4_000));
    for (name, value) in [
        ("iss", &*escaped_issuer),
        ("aud", &format!("[\"{AUDIENCE}\"]")),
        ("aud", &format!("[\"other\",\"{AUDIENCE}\"]")),
        ("aud", &format!("[\"{AUDIENCE}\",\"{AUDIENCE}\"]")),
        ("aud", &format!("\"{}\"", AUDIENCE.replace('.', "\\u002e"))),
        ("aud", &many),
        ("aud", &long),
        ("sub", "\"*\""),
        ("sub", "\" \""),
        (
            "sub",
            "\"d\u{e9}j\u{e0} \\\"vu\\\" \\ud83d\\ude00 \u{1f600}\u{202e}\"",
        ),
        ("sub", &format!("\"{}\"", "s".repeat(1_024))),
        ("sub", &format!("\"{}\"", "\\u0073".repeat(1_024))),
        ("jti", &format!("\"{}\"", "j".repeat(255))),
    ] {
        tokens.push((format!("{name} {value}"), honest.with_claim(name, value)));
    }
    for (name, value) in [
        ("ISS", "\"https://evil.example\""),
        ("Exp", "0"),
        ("iss\\u0000", "\"https://evil.example\""),
        ("iss ", "1"),
        ("", "\"\""),
        ("/iss", "null"),
        ("n", "1e400"),
        ("n", "-0.0e-0"),
        (
            "text",
            "\"\u{feff}\u{2028}\\ud834\\udd1e\\/\\b\\f\\n\\r\\t\"",
        ),
        (
            "nested",
            "{\"iss\":\"a\",\"in\":{\"iss\":\"b\",\"exp\":null}}",
        ),
        ("list", "[{\"a\":1},{\"a\":1},[],{},\"\",null,true]"),
        ("email_verified", "\"true\""),
        ("azp", "7"),
        ("nonce", "null"),
    ] {
        let claims = own.plus(&format!("\"{name}\""), value).to_json();
        tokens.push((
            format!("a claim {name} {value}"),
            honest.with_claims(claims),
        ));
    }
    let digits = own.plus("\"n\"", &"9".repeat(5_000)).to_json();
    tokens.push(("a long number".into(), honest.with_claims(digits)));
    let spaced = format!(" \n{}\t\r\n", own.to_json().replacen(':', " : ", 1));
    tokens.push((
        "white space in the claims".into(),
        honest.with_claims(spaced),
    ));
    let escaped = own
        .renamed("sub", "\"s\\u0075b\"")
        .renamed("iss", "\"\\u0069\\u0073\\u0073\"");
    tokens.push((
        "escaped names".into(),
        honest.with_claims(escaped.to_json()),
    ));
}

fn times(honest: &Honest, tokens: &mut Tokens) {
    let mut push = |iat: String, exp: String, nbf: String| {
        let claims = honest
            .claims
            .with("iat", &iat)
            .with("exp", &exp)
            .with("nbf", &nbf);
        let what = format!("iat {iat} exp {exp} nbf {nbf}");
        tokens.push((what, honest.with_claims(claims.to_json())));
    };
    let second = |seconds: i64| seconds.to_string();
    let (iat, exp, nbf) = (NOW - 600, NOW + 600, NOW - 600);
    let last = NOW - LEEWAY + 1;
    let first = NOW + LEEWAY;
    push(second(iat), second(last), second(nbf));
    push(second(iat), format!("{last}.999"), second(nbf));
    push(second(iat), second(exp), second(first));
    push(second(iat), second(exp), format!("{}.5", first - 1));
    push(second(first), second(exp), second(nbf));
    push(format!("{}.000001", first - 1), second(exp), second(nbf));
    push(second(iat), second(iat + LIFETIME), second(nbf));
    push(second(iat), format!("{}.9", iat + LIFETIME), second(nbf));
    push(second(NOW), second(NOW), second(NOW));
    push(second(iat), second(exp), "0".into());
    push(second(iat), second(exp), "-0".into());
    push(second(iat), second(exp), "-0.9".into());
    push(second(iat), second(exp), "0e99999999999999999999".into());
    push(format!("{iat}.0"), format!("{exp}.000"), format!("{nbf}e0"));
    push(
        format!("{iat}0E-1"),
        format!("{exp}000e-0003"),
        "1.7E+9".into(),
    );
    push(
        "1.789999999e9".into(),
        "17900000.00e+2".into(),
        "17e8".into(),
    );
}

/// Each limit, reached.
fn limits(honest: &Honest, tokens: &mut Tokens) {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let members: Vec<String> = (0..1_024).map(|index| format!("\"{index}\":0")).collect();
    for (what, value) in [
        ("32 levels", nested(31)),
        (
            "4,096 elements",
            format!("[{}]", vec!["0"; 4_096].join(",")),
        ),
        ("1,024 members", format!("{{{}}}", members.join(","))),
    ] {
        tokens.push((what.into(), honest.with_claim("x", &value)));
    }
    let header = honest.header.with("x", &nested(15)).to_json();
    tokens.push(("16 levels in the header".into(), honest.with_header(header)));
    let filled = |filler: usize| {
        let filler = format!("\"{}\"", "x".repeat(filler));
        honest.header.with("x", &filler).to_json()
    };
    let header = filled(8_192 - filled(0).len());
    tokens.push(("8,192 bytes of header".into(), honest.with_header(header)));
}

fn signatures(honest: &Honest, tokens: &mut Tokens) {
    for (own, other) in [("\"EdDSA\"", "\"Ed25519\""), ("\"Ed25519\"", "\"EdDSA\"")] {
        if honest.header.get("alg") == Some(own) {
            // Two names of one algorithm (RFC 9864 section 2.2).
            let header = honest.header.with("alg", other).to_json();
            tokens.push((format!("{own} as {other}"), honest.with_header(header)));
        }
    }
    if let PublicKey::Ec(_) = key(honest.algorithm).public_key() {
        // JOSE does not ask for the lower one of s and n - s.
        let signature = negated_s(honest);
        let [header, payload, _] = honest.parts();
        let token = format!("{header}.{payload}.{}", base64url::encode(signature));
        tokens.push(("the other s".into(), token));
    }
    if honest.algorithm == Algorithm::Es256 {
        // Signed anew, with another nonce.
        tokens.push((
            "another r".into(),
            honest.with_claims(honest.claims.to_json()),
        ));
    }
}
