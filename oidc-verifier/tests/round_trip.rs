//! From the issuer to the verifier: whatever `oidc-issuer` mints, a verifier that trusts it
//! accepts, and reads as it was meant.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod support;

use std::sync::LazyLock;
use std::time::Duration;

use oidc_core::{Algorithm, Audience};
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{ExtraAudiences, PointerBuf, Verifier};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{NOW, at, identifier};

/// An issuer whose name has a path, and a relying party that trusts it.
static PAIR: LazyLock<(Issuer, oidc_core::JwkSet)> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new()).unwrap();
    let issuer = Issuer::builder(identifier(support::ISSUER))
        .key(key)
        .build()
        .unwrap();
    let set = oidc_core::JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    (issuer, set)
});

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("https://sts.amazonaws.com/".to_owned()),
        Just("oidc.circleci.com/project-id".to_owned()),
        Just("a~b/c".to_owned()),
        any::<String>(),
        "\\PC{1,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_minted_is_verified_as_it_was_meant(
        subject in prop_oneof!["\\PC{1,60}", any::<String>()],
        audience in prop::collection::btree_set("\\PC{1,30}", 1..10),
        lifetime in 1..=86_400_u64,
        backdate in prop::option::of(0..=300_u64),
        claims in prop::collection::btree_map(name(), value(), 0..6),
    ) {
        let audience = Audience::many(audience).unwrap();
        let Ok(spec) = TokenSpec::for_audience(&subject, audience.clone()) else {
            return Err(TestCaseError::reject("a subject or audience that is refused"));
        };
        let mut spec = spec.with_lifetime(Duration::from_secs(lifetime)).unwrap();
        if let Some(backdate) = backdate {
            spec = spec.with_not_before_backdate(Duration::from_secs(backdate)).unwrap();
        }
        let mut expected = Vec::new();
        for (name, value) in claims {
            if let Ok(richer) = spec.clone().with_claim(&name, &value) {
                spec = richer;
                expected.push((PointerBuf::from_tokens([name]), value));
            }
        }
        let (issuer, set) = &*PAIR;
        let Ok(token) = issuer.issue(&spec, at(NOW)) else {
            return Err(TestCaseError::reject("a token that is too long"));
        };

        let own = audience.iter().next().unwrap();
        let others = audience.iter().map(str::to_owned).collect();
        let verifier = Verifier::builder()
            .issuer(identifier(support::ISSUER))
            .audience(own)
            .extra_audiences(ExtraAudiences::Only(others))
            .leeway(Duration::ZERO)
            .keys(set.clone())
            .build()
            .unwrap();
        for now in [0, i64::try_from(lifetime).unwrap() - 1] {
            let verified = verifier.verify(token.as_str().as_bytes(), at(NOW + now)).unwrap();
            prop_assert_eq!(&*verified.subject(), &subject);
            prop_assert_eq!(verified.audience(), Some(audience.clone()));
            prop_assert_eq!(verified.expires_at(), token.expires_at());
            let not_before = backdate.map(|backdate| at(NOW - i64::try_from(backdate).unwrap()));
            prop_assert_eq!(verified.not_before(), not_before);
            for (pointer, value) in &expected {
                let found = verified.get(pointer.as_pointer()).unwrap();
                let written = serde_json::to_string(value).unwrap();
                prop_assert_eq!(found.json(), written);
            }
        }
        let late = at(NOW + i64::try_from(lifetime).unwrap());
        prop_assert!(verifier.verify(token.as_str().as_bytes(), late).is_err());
    }
}

/// As deep as a verifier reads, and one level deeper is not minted.
#[test]
fn the_issuer_nests_claims_no_deeper_than_a_verifier_reads() {
    let (issuer, set) = &*PAIR;
    let verifier = Verifier::builder()
        .issuer(identifier(support::ISSUER))
        .audience("a")
        .keys(set.clone())
        .build()
        .unwrap();
    for (levels, minted) in [(31, true), (32, false)] {
        let value = (0..levels).fold(json!(1), |value, _| json!([value]));
        let spec = TokenSpec::new("s", "a").unwrap().with_claim("deep", &value);
        assert_eq!(spec.is_ok(), minted, "{levels}");
        if let Ok(spec) = spec {
            let token = issuer.issue(&spec, at(NOW)).unwrap();
            assert!(verifier.verify(token.as_str().as_bytes(), at(NOW)).is_ok());
        }
    }
}
