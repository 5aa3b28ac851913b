//! Trust policies over tokens that this library verified.

use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::policy::aws::Request;
use oidc_verifier::{Algorithm, IssuerIdentifier, JwkSet, NumericDate, Verifier};
use serde_json::json;

use crate::{ISSUER, document, load, statement};

#[test]
fn a_verified_token_is_judged_by_its_signed_claims_whether_they_were_located_or_not() {
    let trust = load(&document(&statement(&json!({
        "StringEquals": {"t.example:aud": "client"},
        "StringLike": {"t.example:sub": "job-*"},
        "ForAnyValue:StringEquals": {"t.example:amr": "mfa"},
        "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
    }))))
    .unwrap();
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let issuer_id = IssuerIdentifier::parse(ISSUER).unwrap();
    let issuer = Issuer::builder(issuer_id.clone()).key(key).build().unwrap();
    let now = NumericDate::from_seconds(1_790_000_000).unwrap();
    let late = NumericDate::from_seconds(1_798_761_600).unwrap();
    let token = |azp: &str, extra: Option<(&str, serde_json::Value)>| {
        let mut spec = TokenSpec::new("job-42", "sts.amazonaws.com").unwrap();
        spec = spec.with_claim("azp", &azp).unwrap();
        spec = spec.with_claim("amr", &["pwd", "mfa"]).unwrap();
        if let Some((name, value)) = extra {
            spec = spec.with_claim(name, &value).unwrap();
        }
        issuer.issue(&spec, now).unwrap().as_str().to_owned()
    };
    let tags = "https://aws.amazon.com/tags";
    let flat = "https://aws.amazon.com/tags/principal_tags/team";
    for locates in [true, false] {
        let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
        let mut builder = Verifier::builder()
            .issuer(issuer_id.clone())
            .audience("sts.amazonaws.com")
            .keys(set);
        if locates {
            for pointer in trust.policy().pointers() {
                builder = builder.locate(pointer.to_owned());
            }
        }
        let verifier = builder.build().unwrap();
        let nested = json!({"principal_tags": {"team": ["data"]}});
        for (token, at, expected) in [
            (token("client", None), now, true),
            (token("other", None), now, false),
            (token("client", None), late, false),
            (token("client", Some((tags, nested))), now, false),
            (token("client", Some((flat, json!("data")))), now, false),
        ] {
            let verified = verifier.verify(token.as_bytes(), now).unwrap();
            let request = Request::new().at(at);
            assert_eq!(trust.decide(&verified, &request).is_allowed(), expected);
        }
    }
}
