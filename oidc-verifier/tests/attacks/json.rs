//! JSON that two readers could understand differently (RFC 7159, RFC 8259, RFC 7515 section 4,
//! RFC 7519 section 4).

use super::{Row, texts};
use crate::support::{Honest, Members};

pub(super) const ATTACKS: &[Row] = &[
    ("a claim twice", duplicate_claim),
    ("a claim twice, once escaped", duplicate_by_escape),
    ("a nested member twice", duplicate_nested),
    ("a header parameter twice", duplicate_parameter),
    ("a claim in another case", other_case),
    ("a name that only looks like a claim's", look_alike),
    ("no JSON", not_json),
    ("another encoding", other_encoding),
    ("a byte order mark", byte_order_mark),
    ("half of a surrogate pair", lone_surrogate),
    ("deep nesting", deep_nesting),
    ("more members or elements than the limit", too_many),
    ("another kind than an object", other_kind),
];

const REQUIRED: [&str; 5] = ["iss", "sub", "aud", "exp", "iat"];

fn escaped(name: &str) -> String {
    let units: Vec<String> = name
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    format!("\"{}\"", units.concat())
}

/// First the right value and last another, first another and last the right one, twice the same.
fn duplicate_claim(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in honest.claims.names() {
        let own = honest.claims.get(&name).unwrap().to_owned();
        let quoted = format!("\"{name}\"");
        for value in [own.as_str(), "\"evil\"", "null"] {
            tokens.push(honest.with_claims(honest.claims.plus(&quoted, value).to_json()));
            tokens.push(honest.with_claims(honest.claims.preceded_by(&quoted, value).to_json()));
        }
    }
    texts(tokens)
}

fn duplicate_by_escape(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in honest.claims.names() {
        let (first, rest) = name.split_at(1);
        let all = escaped(&name);
        let one = format!("\"{}{rest}\"", escaped(first).trim_matches('"'));
        let upper = all.to_uppercase().replace("\\U", "\\u");
        for spelling in [all, one, upper] {
            tokens.push(honest.with_claims(honest.claims.plus(&spelling, "\"evil\"").to_json()));
            tokens.push(honest.with_claims(honest.claims.preceded_by(&spelling, "1").to_json()));
        }
    }
    let slash = honest.claims.plus("\"a/b\"", "1").plus("\"a\\/b\"", "1");
    tokens.push(honest.with_claims(slash.to_json()));
    let pair = honest
        .claims
        .plus("\"\u{1f600}\"", "1")
        .plus("\"\\ud83d\\ude00\"", "1");
    tokens.push(honest.with_claims(pair.to_json()));
    texts(tokens)
}

fn duplicate_nested(honest: &Honest) -> Vec<Vec<u8>> {
    texts(
        [
            r#"{"namespace":"a","namespace":"b"}"#,
            r#"{"namespace":"a","namespace":"a"}"#,
            r#"{"namespace":"a","name\u0073pace":"b"}"#,
            r#"{"a":{"b":[{"c":1},{"c":1,"d":2,"c":3}]}}"#,
            r#"[[[{"":0,"":0}]]]"#,
        ]
        .map(|value| honest.with_claim("kubernetes.io", value)),
    )
}

fn duplicate_parameter(honest: &Honest) -> Vec<Vec<u8>> {
    let mut headers = Vec::new();
    for name in honest.header.names() {
        let own = honest.header.get(&name).unwrap().to_owned();
        for value in [own.as_str(), "\"none\""] {
            headers.push(honest.header.plus(&format!("\"{name}\""), value));
            headers.push(honest.header.preceded_by(&format!("\"{name}\""), value));
            headers.push(honest.header.plus(&escaped(&name), value));
        }
    }
    let unknown = honest.header.plus("\"x\"", "1");
    headers.push(unknown.plus("\"x\"", "1"));
    headers.push(unknown.plus("\"\\u0078\"", "2"));
    headers.push(honest.header.plus("\"jwk\"", r#"{"kty":"EC","kty":"RSA"}"#));
    texts(
        headers
            .iter()
            .map(|header| honest.with_header(header.to_json())),
    )
}

/// The variant alone: the claim is missing.
fn other_case(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in REQUIRED {
        let (first, rest) = name.split_at(1);
        for variant in [name.to_uppercase(), first.to_uppercase() + rest] {
            let claims = honest.claims.renamed(name, &format!("\"{variant}\""));
            tokens.push(honest.with_claims(claims.to_json()));
        }
    }
    let header = honest.header.renamed("alg", "\"Alg\"");
    tokens.push(honest.with_header(header.to_json()));
    texts(tokens)
}

fn look_alike(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for name in REQUIRED {
        for variant in [
            format!("\"{name}\\u0000\""),
            format!("\"{name} \""),
            format!("\" {name}\""),
            format!("\"{name}\\u200b\""),
            format!("\"/{name}\""),
            format!("\"\\ufeff{name}\""),
            // A long s and a Cyrillic a: the same name to a reader who folds or looks.
            format!(
                "\"{}\"",
                name.replace('s', "\u{17f}").replace('a', "\u{430}")
            ),
            format!(
                "\"{}\"",
                name.replace('s', "\\u017f").replace('a', "\\u0430")
            ),
        ] {
            if variant == format!("\"{name}\"") {
                continue;
            }
            let claims = honest.claims.renamed(name, &variant);
            tokens.push(honest.with_claims(claims.to_json()));
        }
        let value = honest.claims.get(name).unwrap();
        let nested = Members::read(b"{}")
            .plus(&format!("\"{name}\""), value)
            .to_json();
        let claims = honest.claims.without(name).plus("\"claims\"", &nested);
        tokens.push(honest.with_claims(claims.to_json()));
    }
    texts(tokens)
}

/// Values and frames that RFC 8259 does not have, in claims and in the header.
fn not_json(honest: &Honest) -> Vec<Vec<u8>> {
    let values = [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "undefined",
        "True",
        "'a'",
        "a",
        "01",
        "-01",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "1_000",
        "--1",
        "-",
        "\"a",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u{41}\"",
        "\"\\\"",
        "\"a\u{1}b\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "[1}",
        "{\"a\":1]",
        "[",
        "{",
        "]",
        "}",
        ",",
        ":",
        "1 /* */",
        "1 // x\n",
        "# x\n1",
        "\u{c}1",
        "\u{a0}1",
        "1\0",
        "",
    ];
    let mut tokens = Vec::new();
    for value in values {
        tokens.push(honest.with_claim("x", value));
        tokens.push(honest.with_header(honest.header.with("x", value).to_json()));
    }
    for part in [honest.claims.to_json(), honest.header.to_json()] {
        let inside = part
            .trim_start_matches('{')
            .trim_end_matches('}')
            .to_owned();
        for frame in [
            format!("{part}{part}"),
            format!("{part}\0"),
            format!("{part},"),
            format!("{part}}}"),
            format!("{{{inside},}}"),
            format!("{{,{inside}}}"),
            format!("{{{inside}"),
            format!("{inside}}}"),
            format!("({part})"),
            format!("/**/{part}"),
            format!("{part}//"),
            format!("while(1);{part}"),
            part.replace('"', "'"),
            part.replace(':', "="),
            inside,
            String::from(" "),
        ] {
            if part.contains("\"alg\"") {
                tokens.push(honest.with_header(frame));
            } else {
                tokens.push(honest.with_claims(frame));
            }
        }
    }
    texts(tokens)
}

fn other_encoding(honest: &Honest) -> Vec<Vec<u8>> {
    let json = honest.claims.to_json();
    let utf16 =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { json.encode_utf16().flat_map(order).collect() };
    let utf32 = |order: fn(u32) -> [u8; 4]| -> Vec<u8> {
        json.chars().map(u32::from).flat_map(order).collect()
    };
    let mut payloads = vec![
        utf16(u16::to_be_bytes),
        utf16(u16::to_le_bytes),
        [vec![0xff, 0xfe], utf16(u16::to_le_bytes)].concat(),
        [vec![0xfe, 0xff], utf16(u16::to_be_bytes)].concat(),
        utf32(u32::to_be_bytes),
        utf32(u32::to_le_bytes),
    ];
    // A lone surrogate, an overlong slash, Latin-1, beyond U+10FFFF, a cut sequence.
    for bytes in [
        &b"\xed\xa0\x80"[..],
        b"\xc0\xaf",
        b"\xe9",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
    ] {
        let (open, close) = (&b"{\"x\":\""[..], &json.as_bytes()[1..]);
        payloads.push([open, bytes, b"\",", close].concat());
        payloads.push([b"{\"", bytes, b"\":1,", close].concat());
    }
    texts(payloads.iter().map(|payload| honest.with_claims(payload)))
}

fn byte_order_mark(honest: &Honest) -> Vec<Vec<u8>> {
    let mark = '\u{feff}';
    texts([
        honest.with_claims(format!("{mark}{}", honest.claims.to_json())),
        honest.with_claims(format!("{}{mark}", honest.claims.to_json())),
        honest.with_header(format!("{mark}{}", honest.header.to_json())),
    ])
}

fn lone_surrogate(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for text in [
        r#""\ud800""#,
        r#""\udfff""#,
        r#""\udc00\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u0041""#,
    ] {
        tokens.push(honest.with_claim("sub", text));
        tokens.push(honest.with_claim("x", text));
        tokens.push(honest.with_claim("x", &format!("[[{{\"a\":{text}}}]]")));
        tokens.push(honest.with_claims(honest.claims.plus(text, "1").to_json()));
        tokens.push(honest.with_header(honest.header.with("x", text).to_json()));
    }
    texts(tokens)
}

fn deep_nesting(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    for depth in [32, 33, 100, 128, 129, 5_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            tokens.push(honest.with_claim("x", &value));
            tokens.push(honest.with_claim("x", &open.repeat(depth)));
            tokens.push(honest.with_header(honest.header.with("x", &value).to_json()));
        }
        tokens.push(honest.with_claims("[".repeat(depth)));
        tokens.push(honest.with_header("[".repeat(depth)));
    }
    let header = honest
        .header
        .with("x", &format!("{}{}", "[".repeat(16), "]".repeat(16)));
    tokens.push(honest.with_header(header.to_json()));
    texts(tokens)
}

fn too_many(honest: &Honest) -> Vec<Vec<u8>> {
    let members: Vec<String> = (0..1_025).map(|index| format!("\"{index}\":0")).collect();
    let elements = vec!["0"; 4_097].join(",");
    texts([
        honest.with_claim("x", &format!("{{{}}}", members.join(","))),
        honest.with_claim("x", &format!("[{elements}]")),
    ])
}

fn other_kind(honest: &Honest) -> Vec<Vec<u8>> {
    let mut tokens = Vec::new();
    let (header, claims) = (honest.header.to_json(), honest.claims.to_json());
    for kind in ["null", "true", "1", "\"a\"", "[]", "{}", "[{}]"] {
        tokens.push(honest.with_claims(kind));
        tokens.push(honest.with_header(kind));
    }
    tokens.push(honest.with_claims(format!("[{claims}]")));
    tokens.push(honest.with_header(format!("[{header}]")));
    tokens.push(honest.with_claims(serde_json::to_string(&claims).unwrap()));
    tokens.push(honest.with_header(serde_json::to_string(&header).unwrap()));
    texts(tokens)
}
