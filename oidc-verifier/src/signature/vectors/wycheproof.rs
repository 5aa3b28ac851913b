//! Wycheproof: every case is run, none is skipped. Where the answer differs from the file's, the
//! case stands in a list with its reason.

use oidc_core::{Algorithm, base64url};
use serde_json::{Value, json};

use super::{Step, VerifyingKey, prepare, text, vector, verify, verify_with_set};

/// Each test of each group, with the group.
fn cases(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = file["testGroups"].as_array().unwrap().iter();
    groups.flat_map(|group| {
        let tests = group["tests"].as_array().unwrap().iter();
        tests.map(move |test| (group, test))
    })
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from((pair[0] << 4) | pair[1]).unwrap())
        .collect()
}

/// Runs a file of raw signatures and returns how many were `[accepted, refused]`.
fn run(file: &Value, key: impl Fn(&Value) -> VerifyingKey) -> [usize; 2] {
    let mut counts = [0_usize; 2];
    for (group, test) in cases(file) {
        let message = hex(text(&test["msg"]));
        let signature = hex(text(&test["sig"]));
        let accepted = key(group).verifies(&message, &signature);
        // `acceptable` is a signature of an older, laxer rule: refused.
        assert_eq!(accepted, test["result"] == "valid", "{}", test["tcId"]);
        let count = &mut counts[usize::from(!accepted)];
        *count = count.saturating_add(1);
    }
    counts
}

#[test]
fn ed25519_signatures() {
    let file = vector!("wycheproof/ed25519_test.json");
    let key = |group: &Value| prepare(&group["publicKeyJwk"], Algorithm::EdDsa);
    assert_eq!(run(&file, key), [88, 63]);
}

#[test]
fn ecdsa_p256_signatures() {
    let file = vector!("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
    // Nine groups have no JWK, so all keys are made of their points.
    let key = |group: &Value| {
        let point = hex(text(&group["publicKey"]["uncompressed"]));
        let (x, y) = point[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256",
            "x": base64url::encode(x), "y": base64url::encode(y)});
        prepare(&jwk, Algorithm::Es256)
    };
    assert_eq!(run(&file, key), [173, 89]);
}

#[test]
fn rsa_pkcs1_signatures() {
    let file = vector!("wycheproof/rsa_signature_2048_sha256_test.json");
    let key = |group: &Value| prepare(&group["keyJwk"], Algorithm::Rs256);
    assert_eq!(run(&file, key), [9, 250]);
    let acceptable = cases(&file).filter(|(_, test)| test["result"] == "acceptable");
    assert_eq!(acceptable.count(), 1);
}

#[test]
fn rsa_pss_signatures() {
    let file = vector!("wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json");
    let key = |group: &Value| prepare(&group["publicKeyJwk"], Algorithm::Ps256);
    assert_eq!(run(&file, key), [63, 45]);
}

/// Cases that the file calls valid and that are refused here: step and reason.
const STRICTER: [(u64, Step, &str); 15] = [
    (1, Step::Header, "HMAC is no algorithm of a published key"),
    (259, Step::Compact, "an empty payload is no claims set"),
    (264, Step::Compact, "an empty payload is no claims set"),
    (268, Step::Compact, "an empty payload is no claims set"),
    (272, Step::Compact, "an empty payload is no claims set"),
    (
        346,
        Step::Algorithm,
        "the JWK is for PS256, the token says PS384",
    ),
    (347, Step::Jwk, "the JWK's `alg` is ES521, which is no name"),
    (348, Step::Header, "HMAC"),
    (357, Step::Header, "HMAC"),
    (358, Step::Header, "HMAC"),
    (359, Step::Header, "HMAC"),
    (372, Step::Base64Url, "a question mark in the header"),
    (373, Step::Base64Url, "a question mark in the payload"),
    (376, Step::Header, "HMAC"),
    (377, Step::Header, "HMAC"),
];

#[test]
fn json_web_signatures() {
    let file = vector!("wycheproof/json_web_signature_test.part.json");
    let (mut accepted, mut refused, mut stricter) = (0, 0, Vec::new());
    for (group, test) in cases(&file) {
        let id = test["tcId"].as_u64().unwrap();
        // The file gives a symmetric key as `private`.
        let jwk = group.get("public").unwrap_or(&group["private"]);
        // In the JSON serialization, the file has an object or its text.
        let jws = test["jws"]
            .as_str()
            .map_or_else(|| test["jws"].to_string(), str::to_owned);
        match (verify(&jws, jwk), text(&test["result"])) {
            (Ok(()), "valid") => accepted += 1,
            (Err(_), "invalid") => refused += 1,
            (Err(step), "valid") => stricter.push((id, step)),
            (outcome, result) => panic!("{id}: {outcome:?}, the file says {result}"),
        }
    }
    let expected = STRICTER.map(|(id, step, _)| (id, step));
    assert_eq!(stricter, expected);
    assert_eq!((accepted, refused), (19, 190));
}

/// What `overrides.json` says about the file is what is done here.
#[test]
fn overrides_of_json_web_signatures() {
    let overrides = vector!("wycheproof/overrides.json");
    let list = overrides["json_web_signature_test.part.json"]
        .as_array()
        .unwrap();
    let stricter = |id: u64| STRICTER.iter().any(|(own, _, _)| *own == id);
    for case in list {
        let id = case["tcId"].as_u64().unwrap();
        match (text(&case["file_says"]), text(&case["expect"])) {
            ("valid", expect) => {
                assert!(expect.starts_with("invalid") || expect.starts_with("valid only if"));
                assert!(stricter(id), "{id}");
            }
            // Good tokens with a HMAC: refused like all of that kind.
            ("invalid", "valid") => assert!([367, 370].contains(&id), "{id}"),
            other => panic!("{id}: {other:?}"),
        }
    }
    assert_eq!(list.len(), 6);
}

#[test]
fn json_web_key_sets() {
    let file = vector!("wycheproof/json_web_key_test.part.json");
    let mut accepted = Vec::new();
    let mut cases_run = 0;
    for (group, test) in cases(&file) {
        let set = group.get("public").unwrap_or(&group["private"]);
        let id = test["tcId"].as_u64().unwrap();
        cases_run += 1;
        if verify_with_set(text(&test["jws"]), set).is_ok() {
            assert_eq!(test["result"], "valid", "{id}");
            accepted.push(id);
        }
    }
    // The other two that the file calls valid, 2 and 13, are HMACs.
    assert_eq!((accepted, cases_run), (vec![5], 13));
}
