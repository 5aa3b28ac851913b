//! Laws that hold for every input.

#![expect(
    clippy::expect_used,
    reason = "a value of a test that does not have its form fails it"
)]

use oidc_core::{
    Algorithm, Audience, CompactJws, Curve, EcPublicKey, Ed25519PublicKey, IssuerIdentifier, Jwk,
    JwkSet, PublicKey, RsaPublicKey, ThumbprintHash, base64url,
};
use proptest::prelude::*;

/// What a published key looks like, under any name and any algorithm that fits.
fn jwk() -> impl Strategy<Value = Jwk> {
    let rsa = (256_usize..=1024)
        .prop_flat_map(|len| prop::collection::vec(any::<u8>(), len))
        .prop_filter_map("the ROCA fingerprint", |mut n| {
            *n.first_mut()? |= 0x80;
            *n.last_mut()? |= 1;
            Some(PublicKey::from(RsaPublicKey::new(n, &[1, 0, 1]).ok()?))
        });
    let ec = (prop::sample::select(&POINTS[..]), any::<bool>()).prop_map(|((curve, x, y), _)| {
        let decode = |text: &str| base64url::decode(text).expect("base64url");
        EcPublicKey::new(curve, &decode(x), &decode(y))
            .expect("a point")
            .into()
    });
    let ed25519 = any::<[u8; 32]>().prop_filter_map("a point of small order", |bytes| {
        Some(PublicKey::from(Ed25519PublicKey::new(bytes).ok()?))
    });
    let kid = prop::option::of("\\PC{0,40}|[\\x00-\\x7f]{0,20}");
    let alg = prop::sample::select(Algorithm::ALL);
    (prop_oneof![rsa, ec, ed25519], kid, alg).prop_map(|(key, kid, alg)| {
        let mut jwk = Jwk::new(key);
        if let Some(kid) = kid {
            jwk = jwk.with_kid(kid).expect("a short kid");
        }
        jwk.clone().with_alg(alg).unwrap_or(jwk)
    })
}

/// RFC 7515 appendix A.3, NIST SP 800-186 section 3.2.1.4 (base point), RFC 7520 section 3.1.
const POINTS: [(Curve, &str, &str); 3] = [
    (
        Curve::P256,
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    ),
    (
        Curve::P384,
        "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
    ),
    (
        Curve::P521,
        "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
        "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1",
    ),
];

proptest! {
    #[test]
    fn base64url_reads_what_it_writes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = base64url::encode(&bytes);
        prop_assert_eq!(base64url::decode(&text), Ok(bytes.clone()));
        let mut appended = String::from("a.");
        base64url::encode_into(&bytes, &mut appended);
        prop_assert_eq!(appended, format!("a.{text}"));
    }

    /// One byte string, one text: so a text with one byte changed is refused or stands for other
    /// bytes.
    #[test]
    fn base64url_writes_what_it_reads(
        bytes in prop::collection::vec(any::<u8>(), 1..100),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut text = base64url::encode(&bytes).into_bytes();
        let at = at.index(text.len());
        let changed = std::mem::replace(&mut text[at], byte) != byte;
        match base64url::decode(&text) {
            Ok(decoded) => {
                prop_assert_eq!(base64url::encode(&decoded).into_bytes(), text);
                prop_assert_eq!(decoded != bytes, changed);
            }
            Err(error) => prop_assert_eq!(error.offset(), at),
        }
    }

    #[test]
    fn any_bytes_are_base64url_or_name_the_first_fault(
        text in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        match base64url::decode(&text) {
            Ok(bytes) => prop_assert_eq!(base64url::encode(bytes).into_bytes(), text),
            Err(error) => {
                prop_assert!(error.offset() < text.len());
                let good = &text[..error.offset()];
                prop_assert!(good.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)));
            }
        }
    }

    #[test]
    fn a_compact_jws_joins_to_its_token(token in "[A-Za-z0-9_.=\\-]{0,40}") {
        let parts: Vec<&str> = token.split('.').collect();
        let well_formed = parts.len() == 3 && parts.iter().all(|part| !part.is_empty());
        match CompactJws::parse(token.as_bytes()) {
            Ok(jws) => {
                prop_assert!(well_formed);
                prop_assert_eq!([jws.header(), jws.payload(), jws.signature()].join(&b'.'), token.as_bytes());
                let (input, _) = token.rsplit_once('.').unwrap();
                prop_assert_eq!(jws.signing_input(), input.as_bytes());
            }
            Err(_) => prop_assert!(!well_formed),
        }
    }

    #[test]
    fn a_jwk_is_read_as_it_was_written(jwk in jwk()) {
        let json = serde_json::to_vec(&jwk).unwrap();
        prop_assert_eq!(Jwk::parse(&json), Ok(jwk.clone()));
        let key = PublicKey::from_jwk(&json).unwrap();
        prop_assert_eq!(&key, jwk.key());
        let set = JwkSet::from_keys([jwk]).unwrap();
        prop_assert_eq!(JwkSet::parse(set.to_json().as_bytes()), Ok(set));
    }

    #[test]
    fn a_jwk_fits_its_alg_only_or_what_its_key_can_serve(jwk in jwk()) {
        let fitting = Algorithm::ALL.iter().filter(|alg| jwk.fits(**alg)).count();
        let expected = match (jwk.key(), jwk.alg()) {
            (PublicKey::Rsa(_), None) => 6,
            (PublicKey::Ed25519(_), _) => 2,
            (_, _) => 1,
        };
        prop_assert_eq!(fitting, expected);
    }

    /// RFC 7638: the input is the JWK without optional members and white space.
    #[test]
    fn a_thumbprint_depends_on_the_key_alone(jwk in jwk(), kid in "[a-z]{1,8}") {
        let input = jwk.thumbprint_input();
        prop_assert_eq!(&PublicKey::from_jwk(input.as_bytes()).unwrap(), jwk.key());
        let sorted: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&input).unwrap();
        prop_assert_eq!(serde_json::to_string(&sorted).unwrap(), input);
        let renamed = jwk.clone().with_kid(kid).unwrap();
        for hash in [ThumbprintHash::S256, ThumbprintHash::S384, ThumbprintHash::S512] {
            prop_assert_eq!(renamed.thumbprint(hash), jwk.thumbprint(hash));
        }
    }

    #[test]
    fn any_changed_byte_of_a_set_is_refused_or_read(
        jwk in jwk(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut json = JwkSet::from_keys([jwk]).unwrap().to_json().into_bytes();
        let at = at.index(json.len());
        json[at] = byte;
        if let Ok(set) = JwkSet::parse(&json) {
            // What is read can be published and read again.
            let again = JwkSet::parse(set.to_json().as_bytes()).unwrap();
            prop_assert_eq!(again.keys(), set.keys());
        }
    }

    #[test]
    fn an_audience_is_read_as_it_was_written(names in prop::collection::vec("\\PC{1,10}", 1..5)) {
        let audience = Audience::many(names.clone()).unwrap();
        let json = serde_json::to_string(&audience).unwrap();
        prop_assert_eq!(json.starts_with('['), names.len() > 1);
        prop_assert_eq!(serde_json::from_str::<Audience>(&json).unwrap(), audience);
    }

    /// Whatever is accepted is what a URL library fetches, less the case of the host and a `:443`.
    #[test]
    fn an_issuer_is_read_alike_by_a_url_library(
        text in "https://[a-zA-Z0-9.:@%\\-]{1,20}(/[a-z0-9.%2eE~@:;=+\\-]{0,6}){0,4}",
    ) {
        if let Ok(issuer) = IssuerIdentifier::parse(&text) {
            prop_assert_eq!(issuer.as_str(), &text);
            let url = url::Url::parse(&text).unwrap();
            let plain = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
            let rest = text.strip_prefix("https://").unwrap();
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.to_ascii_lowercase();
            let host = host.strip_suffix(":443").unwrap_or(&host);
            prop_assert_eq!(plain(url.as_str()), plain(&format!("https://{host}/{path}")));
            prop_assert!(issuer.discovery_url().starts_with(&plain(&text)));
        }
    }
}
