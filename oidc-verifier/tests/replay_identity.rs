//! What a replay guard knows a token by, and for how long.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod replay_world;
mod support;

use std::time::Duration;

use oidc_core::{Algorithm, base64url};
use oidc_verifier::replay::{MemoryReplayGuard, Presented, ReplayGuard, TokenUse};

use self::replay_world::{EXP, admit, payload, policy, signed, token, verifier};
use self::support::{AUDIENCE, ISSUER, NOW, at, builder, foreign_key, jwk_set, key, parse_set};

/// What a guard knows a token by.
fn id(token: &str) -> [u8; 32] {
    let verifier = verifier();
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    *TokenUse::of(&verified).id()
}

/// RFC 7519 section 4.1.7: the `jti` names the token, whatever else it says.
#[test]
fn a_token_is_known_by_its_jti() {
    let one = id(&token(r#","jti":"1""#));
    assert_eq!(one, id(&token(r#","jti":"1","more":true"#)));
    assert_eq!(one, id(&token(r#","jti":"\u0031""#)));
    assert_eq!(
        one,
        id(&signed(Algorithm::Es256, &payload(r#","jti":"1""#)))
    );
    assert_ne!(one, id(&token(r#","jti":"2""#)));
    assert_ne!(one, id(&token("")));
}

#[test]
fn a_token_without_jti_is_known_by_its_claims() {
    let one = id(&token(""));
    assert_eq!(one, id(&token("")));
    assert_ne!(one, id(&token(r#","nbf":0"#)));
    // A `jti` of these very bytes is another name.
    let lookalike = payload("").replace('"', r#"\""#);
    assert_ne!(one, id(&token(&format!(r#","jti":"{lookalike}""#))));
}

/// Attack catalogue C3: of an ECDSA signature (r, s) anyone can make (r, n - s), which is as good.
#[test]
fn the_other_signature_of_an_ecdsa_token_is_no_other_token() {
    let policy = policy(Some("enforce"));
    let guard = MemoryReplayGuard::new();
    for members in ["", r#","jti":"1""#] {
        let token = signed(Algorithm::Es256, &payload(members));
        let twin = with_other_s(&token);
        assert_ne!(token, twin);
        assert_eq!(
            admit(&policy, &guard, &token, NOW),
            Ok(Some(Presented::First))
        );
        assert_eq!(admit(&policy, &guard, &twin, NOW), Err("replayed"));
        // Nor is the token when it is signed once more.
        let signed_again = signed(Algorithm::Es256, &payload(members));
        assert_ne!(token, signed_again);
        assert_eq!(admit(&policy, &guard, &signed_again, NOW), Err("replayed"));
    }
}

/// The order of P-256 (FIPS 186-4 section D.1.2.3).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn with_other_s(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = base64url::decode(signature).unwrap();
    let mut borrow = 0;
    for (byte, order) in signature[32..].iter_mut().zip(P256_ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference + 256 * borrow).unwrap();
    }
    format!("{input}.{}", base64url::encode(signature))
}

#[test]
fn the_same_jti_of_two_issuers_names_two_tokens() {
    const OTHER: &str = "https://other.example";
    let verifier = builder()
        .issuer(support::identifier(OTHER))
        .audience(AUDIENCE)
        .algorithms(support::algorithms())
        .keys(parse_set(&jwk_set(support::algorithms().map(key))))
        .build()
        .unwrap();
    let id = |iss: &str| {
        let payload = payload(r#","jti":"1""#).replace(ISSUER, iss);
        let token = signed(Algorithm::EdDsa, &payload);
        let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
        *TokenUse::of(&verified).id()
    };
    assert_eq!(id(ISSUER), id(ISSUER));
    assert_ne!(id(ISSUER), id(OTHER));
}

/// `exp`, the leeway of the issuer, five seconds.
#[test]
fn a_token_is_remembered_beyond_the_last_moment_that_verification_accepts_it() {
    for leeway in [0, 60, 300] {
        let verifier = builder()
            .leeway(Duration::from_secs(leeway))
            .build()
            .unwrap();
        let leeway = i64::try_from(leeway).unwrap();
        let token = token("");
        let last = at(EXP + leeway - 1);
        let verified = verifier.verify(token.as_bytes(), last).unwrap();
        assert_eq!(TokenUse::of(&verified).until(), at(EXP + leeway + 5));
        let guard = MemoryReplayGuard::new();
        let token = TokenUse::of(&verified);
        assert_eq!(guard.record(&token, at(NOW)).unwrap(), Presented::First);
        assert_eq!(guard.record(&token, last).unwrap(), Presented::Again);
    }
}

/// Attack catalogue K15: a stranger cannot use up the name of a token that is yet to come.
#[test]
fn a_forged_token_uses_up_no_jti() {
    let claims = payload(r#","jti":"1""#);
    let key = foreign_key(Algorithm::EdDsa);
    let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, key.kid());
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(&claims)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    let forged = format!("{input}.{}", base64url::encode(signature));
    let verifier = verifier();
    assert!(verifier.verify(forged.as_bytes(), at(NOW)).is_err());
    // There is no `Verified`, so there is no `TokenUse`: the honest token finds its name free.
    let guard = MemoryReplayGuard::new();
    let honest = signed(Algorithm::EdDsa, &claims);
    let policy = policy(Some("enforce"));
    assert_eq!(
        admit(&policy, &guard, &honest, NOW),
        Ok(Some(Presented::First))
    );
}
