//! Key sets in which the honest key is not one that the honest token may be verified with
//! (RFC 7517 sections 4 and 5, RFC 7518 section 6, RFC 8037 section 2, RFC 8725 section 3.1).

use oidc_core::{Algorithm, PublicKey, base64url};

use crate::support::{Honest, Members, foreign_key, key, sign};

/// Sets and tokens, of which no token may be accepted.
pub(crate) fn key_sets(honest: &Honest) -> Vec<(String, String)> {
    let jwk = own_jwk(honest);
    let mut sets = not_sets(&jwk);
    let alone = |jwk: Members| format!("{{\"keys\":[{}]}}", jwk.to_json());
    sets.extend(unfit(&jwk).into_iter().map(alone));
    sets.extend(malformed(honest, &jwk).into_iter().map(alone));
    let token = &honest.token;
    let mut pairs: Vec<_> = sets.into_iter().map(|set| (set, token.clone())).collect();
    pairs.extend(ambiguous(honest, &jwk));
    pairs.push(symmetric(honest));
    pairs
}

pub(crate) fn own_jwk(honest: &Honest) -> Members {
    Members::read(&serde_json::to_vec(key(honest.algorithm).public_jwk()).unwrap())
}

fn not_sets(jwk: &Members) -> Vec<String> {
    let json = jwk.to_json();
    let nested = format!("{}{}", "[".repeat(64), "]".repeat(64));
    vec![
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        "{\"keys\":[]}".into(),
        "{\"keys\":null}".into(),
        "<html></html>".into(),
        json.clone(),
        format!("[{json}]"),
        format!("{{\"keys\":{json}}}"),
        format!("{{\"keys\":{{\"0\":{json}}}}}"),
        format!("{{\"KEYS\":[{json}]}}"),
        format!("{{\"keys\":[[{json}]]}}"),
        format!("[{{\"keys\":[{json}]}}]"),
        format!("{{\"keys\":[{json},]}}"),
        format!("{{\"keys\":[{json}]}}}}"),
        format!("{{\"keys\":[{json}]"),
        format!("\u{feff}{{\"keys\":[{json}]}}"),
        format!("{{\"keys\":[{json}],\"keys\":[{json}]}}"),
        format!("{{\"keys\":[],\"k\\u0065ys\":[{json}]}}"),
        format!("{{\"keys\":[{json}],\"x\":1,\"x\":2}}"),
        format!("{{\"keys\":[{json}],\"x\":{{\"a\":1,\"a\":1}}}}"),
        format!("{{\"keys\":[{json}],\"x\":{nested}}}"),
        format!("{{\"keys\":[{json}],\"x\":NaN}}"),
        format!("{{\"keys\":[{json}],\"x\":\"\\ud800\"}}"),
        format!("{{\"keys\":[{json}]}}{}", " ".repeat(512 * 1024)),
        // One member twice spoils the document: it could be read in two ways.
        format!(
            "{{\"keys\":[{}]}}",
            jwk.plus("\"kty\"", "\"RSA\"").to_json()
        ),
        format!(
            "{{\"keys\":[{}]}}",
            jwk.plus("\"k\\u0069d\"", "\"other\"").to_json()
        ),
        // Beyond the keys that are looked at.
        format!("{{\"keys\":[{}{json}]}}", "null,".repeat(256)),
    ]
}

/// A good key that is not for this.
fn unfit(jwk: &Members) -> Vec<Members> {
    let mut keys = Vec::new();
    for (name, values) in [
        (
            "use",
            &["\"enc\"", "\"\"", "\"SIG\"", "1", "null", "[\"sig\"]"][..],
        ),
        (
            "key_ops",
            &[
                "[]",
                "[\"sign\"]",
                "[\"encrypt\",\"wrapKey\"]",
                "\"verify\"",
                "null",
            ],
        ),
        (
            "key_ops",
            &[
                "[\"verify\",\"verify\"]",
                "[1,\"verify\"]",
                "[\"VERIFY\"]",
                "{}",
            ],
        ),
        (
            "alg",
            &[
                "\"none\"",
                "\"HS256\"",
                "\"RSA-OAEP\"",
                "\"ES521\"",
                "\"\"",
                "1",
                "null",
                "[]",
            ],
        ),
        ("kid", &["\"other\"", "\"\"", "1", "null", "[]"]),
        (
            "kty",
            &[
                "\"oct\"", "\"AKP\"", "\"rsa\"", "\"ec\"", "\"okp\"", "\"\"", "1", "null",
            ],
        ),
    ] {
        keys.extend(values.iter().map(|value| jwk.with(name, value)));
    }
    for algorithm in Algorithm::ALL {
        let alg = jwk
            .get("alg")
            .unwrap()
            .trim_matches('"')
            .parse::<Algorithm>();
        if !alg.unwrap().same_signature(*algorithm) {
            keys.push(jwk.with("alg", &format!("\"{algorithm}\"")));
        }
    }
    // Private: no secret any more, whatever the member holds.
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        keys.extend(["\"AQ\"", "null", "[]"].map(|value| jwk.with(name, value)));
    }
    // The token names a key, and this one has no name.
    keys.push(jwk.without("kid"));
    keys.push(jwk.without("kty"));
    keys.push(jwk.with("kid", &format!("\"{}\"", "k".repeat(257))));
    keys.push(jwk.with("x5c", &format!("\"{}\"", "x".repeat(16 * 1024))));
    keys
}

/// The numbers of the key in another form, or other numbers.
fn malformed(honest: &Honest, jwk: &Members) -> Vec<Members> {
    let mut keys = Vec::new();
    let quote = |bytes: &[u8]| format!("\"{}\"", base64url::encode(bytes));
    let (names, foreign): (&[&str], _) = match key(honest.algorithm).public_key() {
        PublicKey::Rsa(_) => (&["n", "e"], "\"AQ\""),
        PublicKey::Ec(_) => (&["crv", "x", "y"], "\"P-256K\""),
        PublicKey::Ed25519(_) => (&["crv", "x"], "\"Ed448\""),
        other => panic!("a new kind of key: {other:?}"),
    };
    for name in names {
        let own = jwk.get(name).unwrap().trim_matches('"').to_owned();
        keys.push(jwk.without(name));
        for value in ["null", "1", "\"\"", "[]", "{}", foreign] {
            keys.push(jwk.with(name, value));
        }
        for text in [
            format!("{own}="),
            format!("{own}=="),
            format!(" {own}"),
            format!("{own}\\n"),
            format!("{own}A"),
            format!("+{}", &own[1..]),
            own[..own.len() - 1].to_owned(),
        ] {
            keys.push(jwk.with(name, &format!("\"{text}\"")));
        }
    }
    match key(honest.algorithm).public_key() {
        PublicKey::Rsa(rsa) => {
            let mut even = rsa.n().to_vec();
            *even.last_mut().unwrap() &= 0xfe;
            let mut other = rsa.n().to_vec();
            other[100] ^= 1;
            let long = [rsa.n(), &vec![0x55; 1_024 - rsa.n().len()], &[1]].concat();
            for n in [
                &even,
                &other,
                &rsa.n()[..128],
                &rsa.n()[1..],
                &long,
                &[&[0], rsa.n()].concat(),
            ] {
                keys.push(jwk.with("n", &quote(n)));
            }
            for e in [
                &[0][..],
                &[1],
                &[2],
                &[3],
                &[1, 0, 0],
                &[0, 1, 0, 1],
                &[2, 0, 0, 0, 1],
                &[1, 0, 0, 0, 0, 1],
                rsa.n(),
            ] {
                keys.push(jwk.with("e", &quote(e)));
            }
        }
        PublicKey::Ec(ec) => {
            let mut off = ec.y().to_vec();
            off[20] ^= 1;
            let zeros = vec![0; ec.x().len()];
            for (x, y) in [
                (ec.x(), &*off),
                (ec.y(), ec.x()),
                (&zeros, &zeros),
                (&ec.x()[1..], ec.y()),
                (&[&[0], ec.x()].concat(), ec.y()),
                (&[ec.x(), &ec.y()[..1]].concat(), &ec.y()[1..]),
                (&ec.to_sec1_bytes(), &[]),
            ] {
                keys.push(jwk.with("x", &quote(x)).with("y", &quote(y)));
            }
            for crv in ["P-256", "P-384", "P-521", "secp256k1", "Ed25519", "p-256"] {
                if jwk.get("crv").unwrap().trim_matches('"') != crv {
                    keys.push(jwk.with("crv", &format!("\"{crv}\"")));
                }
            }
            keys.push(jwk.with("kty", "\"OKP\""));
        }
        PublicKey::Ed25519(ed25519) => {
            let own = ed25519.as_bytes();
            for x in [&own[1..], &own[..31], &[own, &[0][..]].concat(), &[9; 32]] {
                keys.push(jwk.with("x", &quote(x)));
            }
            for crv in ["X25519", "ed25519", "P-256"] {
                keys.push(jwk.with("crv", &format!("\"{crv}\"")));
            }
            keys.push(jwk.with("kty", "\"EC\"").with("y", jwk.get("x").unwrap()));
        }
        other => panic!("a new kind of key: {other:?}"),
    }
    keys
}

/// Two keys that a token could mean.
fn ambiguous(honest: &Honest, jwk: &Members) -> Vec<(String, String)> {
    let stranger = foreign_key(honest.algorithm).public_jwk();
    let stranger = Members::read(&serde_json::to_vec(stranger).unwrap());
    let set =
        |keys: [&Members; 2]| format!("{{\"keys\":[{},{}]}}", keys[0].to_json(), keys[1].to_json());
    let nameless = honest.with_header(honest.header.without("kid").to_json());
    let renamed = jwk.with("kid", "\"b\"");
    vec![
        (set([jwk, &stranger]), honest.token.clone()),
        (set([&stranger, jwk]), honest.token.clone()),
        // The same key, bound to its algorithm and not.
        (set([jwk, &jwk.without("alg")]), honest.token.clone()),
        (set([jwk, &stranger]), nameless.clone()),
        (set([jwk, &stranger.without("kid")]), nameless.clone()),
        (set([jwk, &renamed]), nameless),
    ]
}

/// A symmetric key in a published set signs for nobody.
fn symmetric(honest: &Honest) -> (String, String) {
    use aws_lc_rs::hmac;

    let secret = [7; 32];
    let header = honest
        .header
        .with("alg", "\"HS256\"")
        .with("kid", "\"h\"")
        .to_json();
    let unsigned = sign(key(honest.algorithm), header, honest.claims.to_json());
    let (input, _) = unsigned.rsplit_once('.').unwrap();
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &secret),
        input.as_bytes(),
    );
    let set = format!(
        r#"{{"keys":[{},{{"kty":"oct","kid":"h","alg":"HS256","k":"{}"}}]}}"#,
        own_jwk(honest).to_json(),
        base64url::encode(secret)
    );
    (set, format!("{input}.{}", base64url::encode(tag)))
}
