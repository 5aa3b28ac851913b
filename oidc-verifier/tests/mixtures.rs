//! Random tokens, configurations and key sets, some good and some not: the verifier under test and
//! the slow reference give one answer, and on acceptance the same claims.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "these helpers run in tests only"
)]

mod reference;
mod support;

use std::cell::Cell;

use oidc_core::Algorithm;
use oidc_issuer::SigningKey;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use reference::{Reference, Trust, tested};
use support::{
    AUDIENCE, ISSUER, Members, NOW, Shape, algorithms, at, foreign_key, jwk_set, key, mint, sign,
};

/// Two issuers, which have keys of the same names, and tokens that come one after the other.
#[derive(Debug)]
struct Case {
    trusted: [Trust; 2],
    tokens: Vec<Vec<u8>>,
    now: i64,
}

impl Case {
    /// How many tokens both accept.
    fn judge(&self) -> Result<usize, TestCaseError> {
        let Some(verifier) = tested::verifier(&self.trusted) else {
            return Err(TestCaseError::reject(
                "a configuration that cannot be built",
            ));
        };
        let reference = Reference::new(self.trusted.clone());
        let mut accepted = 0;
        for token in &self.tokens {
            let fast = tested::verify(&verifier, token, at(self.now));
            let slow = reference.verify(token, self.now);
            let token = token.escape_ascii();
            match (&fast, &slow) {
                (Ok(fast), Ok(slow)) => prop_assert_eq!(fast, slow, "{}", token),
                (Err(_), Err(_)) => {}
                _ => prop_assert!(false, "{:?}, but {:?}: {}", fast, slow, token),
            }
            accepted += usize::from(fast.is_ok());
        }
        Ok(accepted)
    }
}

const OTHER: &str = "https://other.example";

/// Mostly `good`, sometimes one of `others`; `None` leaves the member out.
fn mostly(good: &str, others: &[&str]) -> impl Strategy<Value = Option<String>> + use<> {
    let others: Vec<String> = others.iter().map(|text| (*text).to_owned()).collect();
    prop_oneof![
        50 => Just(Some(good.to_owned())),
        3 => select(others).prop_map(Some),
        1 => Just(None),
    ]
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Mostly a good time; else one near the edges that matter, as any JSON number.
fn time(good: i64, around: [i64; 4]) -> impl Strategy<Value = Option<String>> {
    let near = (select(around.to_vec()), -1..=1_i64, 0..10_u8).prop_map(|(edge, off, form)| {
        let second = edge + off;
        match form {
            0 => format!("{second}.5"),
            1 => format!("{second}.0"),
            2 => format!("{second}e0"),
            3 => format!("{second}00E-2"),
            4 => format!("{}.{}e1", second / 10, second % 10),
            _ => second.to_string(),
        }
    });
    prop_oneof![
        60 => Just(Some(good.to_string())),
        15 => near.prop_map(Some),
        1 => "-?(0|[1-9][0-9]{0,11})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?".prop_map(Some),
        1 => select(vec!["null", "true", "\"1790000000\"", "[]"]).prop_map(|text| Some(text.into())),
        1 => Just(None),
    ]
}

/// JSON, nearly JSON, and names that stand elsewhere too.
fn custom() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        24 => Just(None),
        6 => select(vec!["1", "\"a\"", "[1,{\"a\":null}]", "{\"sub\":1}", "1e400", "\"\\ud83d\\ude00\""])
            .prop_map(|text| Some(text.to_owned())),
        1 => "[\\[\\]{}:,\"\\\\u0-9a-fE.+ntrsl\\- ]{0,12}".prop_map(Some),
        1 => select(vec!["\"\\ud800\"", "NaN", "01", "[1,]", "{\"a\":1,\"\\u0061\":2}", "\"\t\""])
            .prop_map(|text| Some(text.to_owned())),
    ]
}

fn object(members: Vec<(String, Option<String>)>) -> Members {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    members.fold(Members::read(b"{}"), |object, (name, value)| {
        object.plus(&name, &value)
    })
}

fn header(algorithm: Algorithm) -> impl Strategy<Value = String> {
    let kid = quoted(key(algorithm).kid());
    let alg = quoted(algorithm.name());
    (
        mostly(&alg, &["\"EdDSA\"", "\"Ed25519\"", "\"PS256\"", "\"none\"", "null"]),
        prop_oneof![
            3 => mostly(&kid, &["\"es256-canary\"", "\"absent\"", "\"\"", "null"]),
            1 => Just(None),
        ],
        prop_oneof![
            3 => mostly("\"JWT\"", &["\"at+jwt\"", "\"application/AT+JWT\"", "\"JWE\"", "1"]),
            1 => Just(None),
        ],
        custom(),
        prop_oneof![
            30 => Just(None),
            1 => select(vec!["crit", "b64", "zip", "cty", "jwk", "alg", "\\u0061lg"]).prop_map(Some),
        ],
    )
        .prop_map(|(alg, kid, typ, x, extra)| {
            let mut members = vec![
                ("\"alg\"".to_owned(), alg),
                ("\"k\\u0069d\"".to_owned(), kid),
                ("\"typ\"".to_owned(), typ),
                ("\"x\"".to_owned(), x),
            ];
            members.extend(extra.map(|name| (quoted(name), Some("\"JSON\"".to_owned()))));
            object(members).to_json()
        })
}

fn claims() -> impl Strategy<Value = String> {
    let array = format!("[\"b\",\"{AUDIENCE}\"]");
    let times = (
        time(NOW + 600, [NOW - 300, NOW - 60, NOW - 59, NOW + 590]),
        time(NOW - 10, [NOW - 600, NOW, NOW + 60, NOW + 300]),
        time(NOW - 10, [NOW - 86_400, NOW - 600, NOW, NOW + 60]),
    );
    let texts = (
        mostly(
            &quoted(ISSUER),
            &["\"https://evil.example\"", "[]", "\"\"", "null"],
        ),
        mostly(
            "\"job\\u002d42\"",
            &["\"\"", "1", "\"a\\u0000\"", "\"\u{e9}\u{1f600}\"", "null"],
        ),
        mostly(
            &quoted(AUDIENCE),
            &[
                &*array,
                &array.replace("\"b\"", "\"c\""),
                "\"b\"",
                "[]",
                "null",
                "[[\"b\"]]",
            ],
        ),
        prop_oneof![Just(None), mostly("\"id-1\"", &["\"\"", "1", "\"\\n\""])],
    );
    (texts, times, any::<bool>(), custom(), 0..40_u8).prop_map(
        |((iss, sub, aud, jti), (exp, nbf, iat), with_nbf, x, twist)| {
            let mut members: Vec<_> = [
                ("iss", iss),
                ("sub", sub),
                ("aud", aud),
                ("exp", exp),
                ("nbf", nbf.filter(|_| with_nbf)),
                ("iat", iat),
                ("jti", jti),
                ("x", x),
            ]
            .map(|(name, value)| (quoted(name), value))
            .into();
            let index = usize::from(twist) % members.len();
            match twist {
                0..2 => members.push((members[index].0.clone(), Some("1".into()))),
                2..4 => members[index].0 = members[index].0.to_uppercase(),
                4..8 => members[index].0 = members[index].0.replacen('s', "\\u0073", 1),
                8..12 => members.reverse(),
                _ => {}
            }
            let json = object(members).to_json();
            match twist {
                12 => json.replace(',', "\n,\t"),
                13 => format!(" {json} "),
                14 => format!("{json},"),
                15 => format!("[{json}]"),
                _ => json,
            }
        },
    )
}

/// The issuer of this name, with the keys that `own` makes, or with others.
fn trust(
    issuer: &'static str,
    algorithm: Algorithm,
    own: fn(Algorithm) -> &'static SigningKey,
    stranger: fn(Algorithm) -> &'static SigningKey,
) -> impl Strategy<Value = Trust> {
    let name = algorithm.name().to_owned();
    let names = move |narrow: bool| {
        if narrow {
            vec![name.clone()]
        } else {
            algorithms().map(|one| one.name().to_owned()).collect()
        }
    };
    let all = jwk_set(algorithms().map(own));
    let one = jwk_set([own(algorithm)]);
    let sets = vec![
        all.clone(),
        all.clone(),
        all.clone(),
        all,
        one.clone(),
        one.clone(),
        jwk_set([stranger(algorithm)]),
        one.replace("\"alg\"", "\"x\""),
        one.replace("\"kid\"", "\"x\""),
        one.replace("\"sig\"", "\"enc\""),
        "{\"keys\":[]}".to_owned(),
    ];
    (
        select(vec![vec![AUDIENCE], vec![AUDIENCE, "c"], vec!["c"]]),
        select(vec![
            None,
            None,
            Some(vec![]),
            Some(vec!["b"]),
            Some(vec!["d", "c"]),
        ]),
        any::<bool>().prop_map(names),
        select(vec![60, 0, 1, 300]),
        select(vec![86_400, 86_400, 86_400, 1_200, 610]),
        select(vec![None, None, None, Some(10), Some(600)]),
        select(vec![
            vec![],
            vec!["at+jwt"],
            vec!["Application/at+JWT", "x"],
        ]),
        select(sets),
    )
        .prop_map(
            |(audiences, extra, algorithms, leeway, lifetime, age, types, set)| Trust {
                issuer: issuer.to_owned(),
                audiences: audiences.into_iter().map(str::to_owned).collect(),
                extra_audiences: extra.map(|names| names.into_iter().map(str::to_owned).collect()),
                algorithms,
                leeway,
                max_lifetime: lifetime,
                max_age: age,
                types: types.into_iter().map(str::to_owned).collect(),
                jwk_set: set.into_bytes(),
            },
        )
}

/// The token, perhaps with one byte changed, put in or taken out after it was signed.
fn damaged(token: &[u8], damage: Option<(prop::sample::Index, u8, u8)>) -> Vec<u8> {
    let mut token = token.to_vec();
    if let Some((index, kind, byte)) = damage {
        let index = index.index(token.len());
        match kind {
            0 => token[index] = byte,
            1 => token.insert(index, byte),
            _ => drop(token.remove(index)),
        }
    }
    token
}

/// A token of one algorithm, signed by the honest key or by that of the other issuer.
fn token(algorithm: Algorithm) -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<prop::sample::Index>(), 0..3_u8, any::<u8>());
    (
        header(algorithm),
        claims(),
        prop::option::weighted(0.05, damage),
        0..40_u8,
    )
        .prop_map(move |(header, claims, damage, whose)| {
            let [own, other] = [key(algorithm), foreign_key(algorithm)];
            let theirs = claims.replace(ISSUER, OTHER);
            let token = match whose {
                0 => sign(other, header, claims),
                1 => sign(own, header, theirs),
                2..12 => sign(other, header, theirs),
                _ => sign(own, header, claims),
            };
            damaged(token.as_bytes(), damage)
        })
}

fn case() -> impl Strategy<Value = Case> {
    let algorithm = select(algorithms().collect::<Vec<_>>());
    algorithm.prop_flat_map(|algorithm| {
        (
            trust(ISSUER, algorithm, key, foreign_key),
            trust(OTHER, algorithm, foreign_key, key),
            prop::collection::vec(token(algorithm), 1..5),
            select(vec![NOW, NOW, NOW, NOW, NOW - 1, NOW + 1, NOW + 300]),
        )
            .prop_map(|(own, other, tokens, now)| Case {
                trusted: [own, other],
                tokens,
                now,
            })
    })
}

#[test]
fn two_verifiers_give_one_answer() {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases: 800,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&case(), |case| {
        let good = case.judge()?;
        accepted.set(accepted.get() + good);
        refused.set(refused.get() + case.tokens.len() - good);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    // Neither answer is rare.
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(accepted > 150 && refused > 150, "{accepted} {refused}");
}

/// Every bit of the text, spare bits and dots included.
#[test]
fn any_changed_bit_is_refused() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let verifier = support::verifier();
        let token = mint(algorithm, Shape::CircleCi).token.into_bytes();
        assert!(verifier.verify(&token, at(NOW)).is_ok());
        for place in 0..token.len() {
            for bit in 0..8 {
                let mut changed = token.clone();
                changed[place] ^= 1 << bit;
                let answer = verifier.verify(&changed, at(NOW));
                assert!(answer.is_err(), "bit {bit} of byte {place}: {algorithm}");
            }
        }
    }
}

/// Cut anywhere, or with any byte too many.
#[test]
fn any_other_length_is_refused() {
    let verifier = support::verifier();
    let token = mint(Algorithm::EdDsa, Shape::Aws).token.into_bytes();
    for place in 0..token.len() {
        assert!(
            verifier.verify(&token[..place], at(NOW)).is_err(),
            "{place}"
        );
        for byte in [b'A', b'.', b'=', b' ', 0, 0xff] {
            let longer = [&token[..place], &[byte], &token[place..]].concat();
            assert!(
                verifier.verify(&longer, at(NOW)).is_err(),
                "{byte} at {place}"
            );
        }
    }
}
