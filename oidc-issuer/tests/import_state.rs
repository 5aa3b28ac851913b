//! Keys of other programs, taken over under their ids.

#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::time::Duration;

use common::{ISSUER, at, key};
use oidc_core::{Algorithm, IssuerIdentifier};
use oidc_issuer::profile::diridp::KeyIndex;
use oidc_issuer::{
    ImportedKey, ImportedRole, MAX_KEYS_PER_RING, RingName, RotationState, SigningKey, StateName,
    SystemRandom, import,
};

const NOW: i64 = common::NOW;
const HOUR: i64 = 3_600;

fn ring() -> RingName {
    RingName::new("main").unwrap()
}

fn imported(algorithm: Algorithm, kid: &str, role: ImportedRole) -> ImportedKey {
    let key = key(algorithm).with_kid(kid).unwrap();
    let ring = if algorithm == Algorithm::EdDsa {
        ring()
    } else {
        RingName::from(algorithm)
    };
    ImportedKey::new(ring, key.public_jwk().clone(), role)
}

fn state(keys: Vec<ImportedKey>) -> Result<RotationState, String> {
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    RotationState::import(issuer, keys, at(NOW)).map_err(|error| error.code().to_owned())
}

#[test]
fn keys_keep_their_ids_their_places_and_their_times() {
    let state = state(vec![
        imported(
            Algorithm::EdDsa,
            "signs",
            ImportedRole::signing(at(NOW - HOUR), at(NOW + HOUR)),
        ),
        imported(
            Algorithm::Es256,
            "waits",
            ImportedRole::waiting(at(NOW - 2 * HOUR)),
        ),
        imported(
            Algorithm::Rs256,
            "old",
            ImportedRole::verifying(at(NOW + 5)),
        ),
    ])
    .unwrap();
    // It reads as a state document: the chain holds, the rings are sound.
    assert_eq!(RotationState::from_json(&state.to_json()).unwrap(), state);
    let find = |kid| state.key(kid).unwrap().1;
    assert_eq!(find("signs").state().name(), StateName::Active);
    assert_eq!(find("signs").state().since(), at(NOW - HOUR));
    assert_eq!(find("signs").reserved_until(), Some(at(NOW + HOUR)));
    assert_eq!(find("waits").state().name(), StateName::Published);
    assert_eq!(find("waits").state().since(), at(NOW - 2 * HOUR));
    assert_eq!(find("old").state().name(), StateName::Retiring);
    assert!(!find("old").has_private_half());
    assert_eq!(state.published().count(), 3);
    assert_eq!(state.generation(), 1);
}

#[test]
fn a_ring_publishes_up_to_8_keys() {
    let keys = |count: usize| {
        let keys = (0..count).map(|number| {
            let key = SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap();
            let key = key.with_kid(&format!("k{number}")).unwrap();
            let role = ImportedRole::waiting(at(NOW));
            ImportedKey::new(ring(), key.public_jwk().clone(), role)
        });
        state(keys.collect())
    };
    let full = keys(MAX_KEYS_PER_RING).unwrap();
    assert_eq!(full.published().count(), 8);
    assert_eq!(keys(MAX_KEYS_PER_RING + 1), Err("too_many_keys".to_owned()));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let signing = ImportedRole::signing(at(NOW - HOUR), at(NOW + HOUR));
    let two = vec![
        imported(Algorithm::EdDsa, "a", signing),
        ImportedKey::new(
            ring(),
            SigningKey::from_pem(
                Algorithm::EdDsa,
                &common::vector("openssl/ed25519-b.pkcs8.pem"),
            )
            .unwrap()
            .public_jwk()
            .clone(),
            signing,
        ),
    ];
    assert_eq!(state(two).unwrap_err(), "wrong_state");
    let same = vec![
        imported(Algorithm::EdDsa, "a", signing),
        imported(Algorithm::EdDsa, "b", ImportedRole::waiting(at(NOW))),
    ];
    assert_eq!(state(same).unwrap_err(), "same_key");
    let one_id = vec![
        imported(Algorithm::EdDsa, "a", signing),
        imported(Algorithm::Es256, "a", signing),
    ];
    assert_eq!(state(one_id).unwrap_err(), "duplicate_kid");
}

/// diridp's `index.json`, with the times that it keeps: L = 1 h, M = 15 min.
#[test]
fn the_index_of_diridp_says_which_key_does_what() {
    let json = format!(
        r#"{{"current":{{"id":"9f3c2a71d04be58","expires":{}}},
            "next":{{"id":"1","expires":{}}},"old":[{{"id":"ab","expires":{}}}]}}"#,
        NOW + HOUR,
        NOW + 2 * HOUR,
        NOW - 60
    );
    let index = KeyIndex::from_json(json.as_bytes()).unwrap();
    let seconds = Duration::from_secs;
    let keys = index.keys(seconds(3_600), seconds(900), seconds(600));
    let roles: Vec<_> = keys
        .iter()
        .map(|key| (key.kid.as_str(), key.role))
        .collect();
    assert_eq!(
        roles,
        [
            (
                "9f3c2a71d04be58",
                ImportedRole::signing(at(NOW), at(NOW + HOUR + 600))
            ),
            ("1", ImportedRole::waiting(at(NOW + HOUR - 900))),
            ("ab", ImportedRole::verifying(at(NOW - 60 + 900))),
        ]
    );
    assert_eq!(keys.first().unwrap().file_name(), "key-9f3c2a71d04be58.pem");
    assert_eq!(
        keys.iter()
            .map(oidc_issuer::profile::diridp::IndexedKey::signs)
            .collect::<Vec<_>>(),
        [true, true, false]
    );
}

/// Weakness W1: the original forgets an old key after the margin, its tokens alive or not.
#[test]
fn w1_an_old_key_stays_until_its_last_token_has_expired() {
    let json = format!(
        r#"{{"current":{{"id":"1","expires":{NOW}}},"next":null,"old":[{{"id":"2","expires":{NOW}}}]}}"#
    );
    let index = KeyIndex::from_json(json.as_bytes()).unwrap();
    let seconds = Duration::from_secs;
    let keys = index.keys(seconds(86_400), seconds(900), seconds(7_200));
    assert_eq!(
        keys.last().unwrap().role,
        ImportedRole::verifying(at(NOW + 7_200))
    );
}

#[test]
fn an_index_that_is_none_is_refused() {
    for json in [
        "",
        "{}",
        r#"{"current":null}"#,
        r#"{"current":{"id":"../../etc/passwd","expires":1}}"#,
        r#"{"current":{"id":"","expires":1}}"#,
        r#"{"current":{"id":"0123456789abcdef0","expires":1}}"#,
        r#"{"current":{"id":"ABC","expires":1}}"#,
        r#"{"current":{"id":"ab","expires":"soon"}}"#,
    ] {
        assert!(KeyIndex::from_json(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn a_private_jwk_set_gives_the_keys_that_sign_under_their_ids() {
    let okp = |kid: &str, alg: &str| {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","alg":"{alg}","kid":"{kid}",
                "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        )
    };
    let no_alg = okp("c", "EdDSA").replace(r#""alg":"EdDSA","#, "");
    let set = |keys: &[String]| format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    let read = |keys: &[String]| import::private_jwk_set(set(keys).as_bytes());
    let symmetric =
        r#"{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#.to_owned();
    let read_three = read(&[okp("a", "EdDSA"), symmetric, no_alg, okp("b", "Ed25519")]).unwrap();
    let kids: Vec<_> = read_three.keys.iter().map(SigningKey::kid).collect();
    assert_eq!(kids, ["a", "b"]);
    assert_eq!(read_three.passed_over, [1, 2]);

    let wrong = okp("a", "EdDSA").replace("11qYAYK", "11qYAYX");
    let error = read(&[okp("b", "EdDSA"), wrong]).unwrap_err();
    assert_eq!(error.to_string(), "key 1 cannot be read");
    assert_eq!(error.code(), "inconsistent_key");
    let public =
        okp("a", "EdDSA").replace(r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","#, "");
    assert!(read(&[public]).is_err());
    assert_eq!(
        import::private_jwk_set(b"{}").unwrap_err().code(),
        "no_jwk_set"
    );
    assert_eq!(
        import::private_jwk_set(br#"{"keys":1}"#)
            .unwrap_err()
            .code(),
        "no_jwk_set"
    );
    assert_eq!(
        import::private_jwk_set(br#"{"keys":[],"keys":[]}"#)
            .unwrap_err()
            .code(),
        "duplicate_member"
    );
}
