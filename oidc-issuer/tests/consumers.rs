//! What relying parties take: the limits that AWS, Google, Microsoft, Vault and Kubernetes document.

#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use std::time::Duration;

use common::{at, issuer, key};
use oidc_core::{Algorithm, Audience, IssuerIdentifier};
use oidc_issuer::{Consumer, ConsumerFinding, ConsumerGrade, Issuer, TokenSpec};

const NONE: [&str; 0] = [];

fn issuer_of(id: &str, algorithms: &[Algorithm]) -> Issuer {
    let id = IssuerIdentifier::parse(id).unwrap();
    let builder = algorithms
        .iter()
        .fold(Issuer::builder(id), |builder, algorithm| {
            builder.key(key(*algorithm))
        });
    builder.build().unwrap()
}

fn codes(findings: &[ConsumerFinding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn an_issuer_with_rs256_and_es256_suits_everyone_who_fetches() {
    let rs256 = issuer([Algorithm::Rs256]);
    for consumer in Consumer::ALL {
        let findings = consumer.check(&rs256);
        let snapshot = matches!(consumer, Consumer::Snapshot | Consumer::GcpUpload);
        let expected: &[&str] = if snapshot { &["snapshot"] } else { &[] };
        assert_eq!(codes(&findings), expected, "{consumer:?}");
        assert_eq!(Consumer::from_name(consumer.name()), Some(*consumer));
    }
    let both = issuer([Algorithm::Rs256, Algorithm::Es256]);
    assert_eq!(codes(&Consumer::AwsSts.check(&both)), NONE);
    assert_eq!(codes(&Consumer::Entra.check(&both)), ["other_algorithms"]);
    assert_eq!(Consumer::from_name("aws"), None);
}

#[test]
fn algorithms_that_a_consumer_does_not_take_are_found() {
    let eddsa = issuer([Algorithm::EdDsa]);
    for (consumer, refused) in [
        (Consumer::AwsSts, true),
        (Consumer::AwsIdentityCenter, true),
        (Consumer::Gcp, true),
        (Consumer::Entra, true),
        (Consumer::Kubernetes, true),
        (Consumer::Vault, false),
        (Consumer::Snapshot, false),
    ] {
        let findings = consumer.check(&eddsa);
        let found = codes(&findings).contains(&"no_common_algorithm");
        assert_eq!(found, refused, "{consumer:?}");
    }
    let findings = Consumer::Entra.check(&eddsa);
    assert_eq!(
        findings[0].to_string(),
        "no_common_algorithm: no key is for one of RS256"
    );
    assert_eq!(findings[0].grade, ConsumerGrade::Refused);
    let es384 = issuer([Algorithm::Es384]);
    assert!(codes(&Consumer::AwsSts.check(&es384)).is_empty());
    assert_eq!(
        codes(&Consumer::AwsIdentityCenter.check(&es384)),
        ["no_common_algorithm"]
    );
}

/// AWS: no port, 255 characters, case-sensitive. Everyone: a slash at the end is easily lost.
#[test]
fn the_name_of_the_issuer_is_held_to_the_consumers_rules() {
    let check = |id: &str| codes(&Consumer::AwsSts.check(&issuer_of(id, &[Algorithm::Rs256])));
    assert_eq!(check("https://ci.example/tenant"), NONE);
    assert_eq!(check("https://ci.example:8443"), ["issuer_port"]);
    assert_eq!(check("https://[2001:db8::1]"), NONE);
    assert_eq!(check("https://[2001:db8::1]:8443"), ["issuer_port"]);
    assert_eq!(check("https://ci.example/"), ["issuer_slash"]);
    assert_eq!(check("https://CI.example/Tenant"), ["issuer_case"]);
    let long = |length: usize| format!("https://ci.example/{}", "a".repeat(length - 19));
    assert_eq!(check(&long(255)), NONE);
    assert_eq!(check(&long(256)), ["issuer_length"]);
    let center = Consumer::AwsIdentityCenter;
    let check = |id: &str| codes(&center.check(&issuer_of(id, &[Algorithm::Rs256])));
    assert_eq!(check(&long(256)), NONE);
}

#[test]
fn documents_that_do_not_belong_together_are_found() {
    let (one, other) = (
        issuer_of("https://a.example", &[Algorithm::Rs256]),
        issuer_of("https://b.example", &[Algorithm::Rs256]),
    );
    let findings = Consumer::Vault.check_documents(
        one.id(),
        one.jwk_set_document(),
        other.discovery_document(),
    );
    assert_eq!(codes(&findings), ["discovery_issuer"]);
    let findings = Consumer::AwsSts.check_documents(
        one.id(),
        one.discovery_document(), // in the place of the JWK Set
        one.jwk_set_document(),
    );
    assert!(codes(&findings).contains(&"jwk_set"));
    assert!(codes(&findings).contains(&"discovery_member"));
}

/// AWS: with 101 keys of one type, every token of that type is refused.
#[test]
fn keys_are_counted_by_type() {
    let one = issuer([Algorithm::Rs256]);
    let mut document = one.jwk_set_document().clone();
    let text = String::from_utf8(document.bytes.clone()).unwrap();
    let key = text
        .strip_prefix("{\"keys\":[")
        .unwrap()
        .strip_suffix("]}")
        .unwrap()
        .to_owned();
    for (count, found) in [(100, false), (101, true)] {
        let keys: Vec<String> = (0..count)
            .map(|index| key.replacen("\"kid\":\"", &format!("\"kid\":\"{index}-"), 1))
            .collect();
        document.bytes = format!("{{\"keys\":[{}]}}", keys.join(",")).into_bytes();
        let check = |consumer: Consumer| {
            consumer.check_documents(one.id(), &document, one.discovery_document())
        };
        let findings = check(Consumer::AwsSts);
        assert_eq!(
            codes(&findings).contains(&"too_many_keys"),
            found,
            "{count}"
        );
        assert!(codes(&findings).contains(&"jwk_set_size"));
        assert!(!codes(&check(Consumer::Gcp)).contains(&"too_many_keys"));
    }
}

#[test]
fn tokens_are_held_to_the_consumers_limits() {
    let issuer = issuer([Algorithm::Rs256, Algorithm::EdDsa]);
    let check = |consumer: Consumer, spec: &TokenSpec| {
        codes(&consumer.check_token(issuer.issue(spec, at(common::NOW)).unwrap().as_str()))
    };
    let spec = TokenSpec::new("job", "aud").unwrap();
    for consumer in Consumer::ALL {
        assert_eq!(check(*consumer, &spec), NONE, "{consumer:?}");
    }
    let eddsa = spec.clone().with_algorithm(Algorithm::EdDsa);
    assert_eq!(check(Consumer::AwsSts, &eddsa), ["token_algorithm"]);
    assert_eq!(check(Consumer::Vault, &eddsa), NONE);

    let two = TokenSpec::for_audience("job", Audience::many(["a", "b"]).unwrap()).unwrap();
    assert_eq!(check(Consumer::AwsSts, &two), ["token_audiences"]);
    assert_eq!(check(Consumer::Entra, &two), ["token_audiences"]);
    assert_eq!(check(Consumer::Gcp, &two), NONE);

    for (length, found) in [(256, false), (257, true)] {
        let spec = TokenSpec::new("job", &"a".repeat(length)).unwrap();
        let codes = check(Consumer::Gcp, &spec);
        assert_eq!(codes.contains(&"token_audience_length"), found);
    }
    for (length, found) in [(600, false), (601, true)] {
        let spec = TokenSpec::new(&"s".repeat(length), "aud").unwrap();
        let codes = check(Consumer::Entra, &spec);
        assert_eq!(codes.contains(&"token_subject_length"), found);
    }
    let large = spec.clone().with_claim("pad", &"x".repeat(4_000)).unwrap();
    assert_eq!(check(Consumer::Snapshot, &large), ["token_size"]);
    let day = spec
        .with_lifetime(Duration::from_secs(24 * 60 * 60))
        .unwrap();
    assert_eq!(check(Consumer::Gcp, &day), NONE);
}
