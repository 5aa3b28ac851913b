//! What can be registered with IAM. API: `CreateOpenIDConnectProvider`.

use oidc_core::Algorithm;
use oidc_verifier::aws::{IdentityProvider, IdentityProviderError};

use crate::support::{AUDIENCE, ISSUER, all_keys, key, parse_set, sign};
use crate::{claims, code, header, token};

const ACCOUNT: &str = "111122223333";

fn url(url: &str) -> Result<IdentityProvider, &'static str> {
    IdentityProvider::new(ACCOUNT, url, ["a"]).map_err(|error| error.code())
}

fn client_ids(ids: Vec<String>) -> Result<usize, IdentityProviderError> {
    IdentityProvider::new(ACCOUNT, ISSUER, ids).map(|provider| provider.client_ids().len())
}

#[test]
fn the_condition_key_is_the_issuer_without_its_scheme() {
    for (issuer, arn, sub) in [
        (
            "https://ci.example",
            "arn:aws:iam::111122223333:oidc-provider/ci.example",
            "ci.example:sub",
        ),
        (
            "https://oidc.circleci.com/org/0c7b",
            "arn:aws:iam::111122223333:oidc-provider/oidc.circleci.com/org/0c7b",
            "oidc.circleci.com/org/0c7b:sub",
        ),
        (
            "https://t.example/",
            "arn:aws:iam::111122223333:oidc-provider/t.example/",
            "t.example/:sub",
        ),
    ] {
        let provider = url(issuer).unwrap();
        assert_eq!(provider.arn(), arn);
        assert_eq!(provider.condition_key("sub"), sub);
        assert_eq!(provider.issuer().as_str(), issuer);
        assert_eq!(provider.account(), ACCOUNT);
    }
    let china = url("https://ci.example")
        .unwrap()
        .with_partition("aws-cn")
        .unwrap();
    assert_eq!(
        china.arn(),
        "arn:aws-cn:iam::111122223333:oidc-provider/ci.example"
    );
}

#[test]
fn a_url_is_https_without_query_and_port_of_255_characters_at_most() {
    assert!(url("https://ci.example/a/b").is_ok());
    assert_eq!(url("http://ci.example"), Err("not_https"));
    assert_eq!(url("https://ci.example?a=b"), Err("query"));
    for port in ["https://ci.example:443", "https://ci.example:8443/a"] {
        assert_eq!(url(port), Err("url_port"), "{port}");
    }
    // A colon in the path is no port.
    assert!(url("https://ci.example/a:1").is_ok());
    assert!(url("").is_err());
    let long = |length: usize| format!("https://ci.example/{}", "a".repeat(length - 19));
    assert!(url(&long(255)).is_ok());
    assert_eq!(url(&long(256)), Err("url_too_long"));
}

/// For demonstrations: IAM has no such provider.
#[test]
fn a_provider_on_loopback_has_its_own_constructor_and_its_port_in_its_name() {
    let loopback = |url: &str| {
        let provider = IdentityProvider::loopback(ACCOUNT, url, ["a"]);
        provider.map_err(|error| error.code())
    };
    for (issuer, name) in [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080/ci", "127.0.0.1:8080/ci"),
        ("https://localhost:8443/ci/", "localhost:8443/ci/"),
        ("http://[::1]:9", "[::1]:9"),
        ("https://127.0.0.1", "127.0.0.1"),
    ] {
        let provider = loopback(issuer).unwrap();
        let arn = format!("arn:aws:iam::111122223333:oidc-provider/{name}");
        assert_eq!(provider.arn(), arn);
        assert_eq!(provider.condition_key("sub"), format!("{name}:sub"));
        assert_eq!(provider.issuer().as_str(), issuer);
        assert!(provider.issuer().is_loopback());
        assert!(url(issuer).is_err(), "{issuer}");
    }
    for other in [
        "https://ci.example",
        "http://ci.example:8080",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://localhost.example:8080",
    ] {
        assert_eq!(loopback(other), Err("not_loopback"), "{other}");
    }
    assert_eq!(loopback("http://127.0.0.1:8080?a=b"), Err("query"));
    // The other limits are those of every provider.
    let long = |length: usize| format!("http://127.0.0.1/{}", "a".repeat(length - 17));
    assert!(loopback(&long(255)).is_ok());
    assert_eq!(loopback(&long(256)), Err("url_too_long"));
    let none = IdentityProvider::loopback(ACCOUNT, "http://[::1]", [""; 0]);
    assert_eq!(none, Err(IdentityProviderError::NoClientId));
    let account = IdentityProvider::loopback("1", "http://[::1]", ["a"]);
    assert_eq!(account, Err(IdentityProviderError::Account));
}

#[test]
fn several_providers_join_in_one_relying_party_each_with_its_own_audiences() {
    let own = IdentityProvider::new(ACCOUNT, ISSUER, [AUDIENCE]).unwrap();
    let other = IdentityProvider::new(ACCOUNT, "https://t.example/", ["client-a"]).unwrap();
    let verifier = other.join(own.relying_party().keys(parse_set(&all_keys())));
    let verifier = verifier.keys(parse_set(&all_keys())).build().unwrap();
    for (iss, aud, expected) in [
        (ISSUER, AUDIENCE, Ok(())),
        ("https://t.example/", "client-a", Ok(())),
        (ISSUER, "client-a", Err("aud_foreign")),
        ("https://t.example/", AUDIENCE, Err("aud_foreign")),
        ("https://t.example", "client-a", Err("issuer_untrusted")),
    ] {
        let claims = claims()
            .with("iss", &format!("\"{iss}\""))
            .with("aud", &format!("\"{aud}\""));
        assert_eq!(code(&verifier, &token(&claims)), expected, "{iss} {aud}");
    }
}

#[test]
fn a_provider_has_1_to_100_client_ids_of_1_to_255_characters() {
    let ids = |count: usize| {
        (0..count)
            .map(|index| index.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(client_ids(ids(0)), Err(IdentityProviderError::NoClientId));
    assert_eq!(client_ids(ids(1)), Ok(1));
    assert_eq!(client_ids(ids(100)), Ok(100));
    assert_eq!(
        client_ids(ids(101)),
        Err(IdentityProviderError::TooManyClientIds)
    );
    for (length, fits) in [(0, false), (1, true), (255, true), (256, false)] {
        let result = client_ids(vec!["a".to_owned(), "\u{e9}".repeat(length)]);
        match result {
            Ok(_) => assert!(fits, "{length}"),
            Err(error) => {
                assert!(!fits, "{length}");
                assert_eq!(error.to_string(), "client ID 1 has not 1 to 255 characters");
            }
        }
    }
}

#[test]
fn a_provider_has_up_to_5_thumbprints_of_40_hexadecimal_digits() {
    let with = |prints: Vec<String>| {
        let provider = url(ISSUER).unwrap().with_thumbprints(prints);
        provider
            .map(|provider| provider.thumbprints().len())
            .map_err(|error| error.code())
    };
    let print = "990f4193972f2becf12ddeda5237f9c952f20d9e";
    let prints = |count: usize| vec![print.to_owned(); count];
    assert_eq!(with(prints(0)), Ok(0));
    assert_eq!(with(prints(5)), Ok(5));
    assert_eq!(with(prints(6)), Err("too_many_thumbprints"));
    assert_eq!(with(vec![print.to_uppercase()]), Ok(1));
    for wrong in [
        print.trim_start_matches('9'),
        &format!("{print}0"),
        &print.replace('9', "g"),
    ] {
        assert_eq!(with(vec![wrong.to_owned()]), Err("thumbprint"), "{wrong}");
    }
}

#[test]
fn an_account_is_12_digits_and_a_partition_one_of_aws() {
    for account in ["", "11112222333", "1111222233334", "11112222333x"] {
        let error = IdentityProvider::new(account, ISSUER, ["a"]).unwrap_err();
        assert_eq!(error, IdentityProviderError::Account, "{account}");
    }
    for (partition, fits) in [
        ("aws", true),
        ("aws-us-gov", true),
        ("aws-", false),
        ("AWS", false),
        ("awsx", false),
        ("", false),
        ("aws-cn:x", false),
    ] {
        let provider = url(ISSUER).unwrap().with_partition(partition);
        assert_eq!(provider.is_ok(), fits, "{partition}");
    }
}

#[test]
fn a_relying_party_has_the_client_ids_as_its_audiences() {
    let provider = IdentityProvider::new(ACCOUNT, ISSUER, [AUDIENCE, "client-a"]).unwrap();
    let verifier = provider
        .relying_party()
        .keys(parse_set(&all_keys()))
        .build()
        .unwrap();
    let key = key(Algorithm::Es256);
    for (aud, expected) in [
        (AUDIENCE, Ok(())),
        ("client-a", Ok(())),
        ("client-b", Err("aud_foreign")),
    ] {
        let claims = claims()
            .with("aud", &format!("\"{aud}\""))
            .with("sub", "123");
        let token = sign(key, header(key), claims.to_json());
        assert_eq!(code(&verifier, &token), expected, "{aud}");
    }
}
