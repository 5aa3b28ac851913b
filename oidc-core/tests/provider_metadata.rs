//! OpenID Connect Discovery 1.0 sections 3 and 4: which document and which response are believed.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "an issuer of a test that is none fails it"
)]

use oidc_core::{
    Algorithm, DiscoveryResponse, IssuerIdentifier, ProviderMetadata, ProviderMetadataError,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://ci.example/org/42";

fn issuer(text: &str) -> IssuerIdentifier {
    IssuerIdentifier::parse(text).expect("an issuer")
}

fn document() -> Value {
    json!({"issuer": ISSUER, "jwks_uri": "https://ci.example/org/42/jwks"})
}

fn with(member: &str, value: impl Into<Value>) -> Value {
    let mut document = document();
    document[member] = value.into();
    document
}

fn parse(document: &Value) -> Result<ProviderMetadata, ProviderMetadataError> {
    ProviderMetadata::parse(&issuer(ISSUER), document.to_string().as_bytes())
}

/// The URL as it will be fetched, or the code, with that of the URL's own fault.
fn jwks_uri(issuer: &IssuerIdentifier, jwks_uri: &str) -> Result<String, &'static str> {
    let document = json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string();
    match ProviderMetadata::parse(issuer, document.as_bytes()) {
        Ok(metadata) => Ok(metadata.jwks_uri().to_string()),
        Err(ProviderMetadataError::JwksUri(error)) => Err(error.code()),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn a_document_of_the_issuer_is_read() {
    let metadata = parse(&document()).unwrap();
    assert_eq!(metadata.issuer().as_str(), ISSUER);
    assert_eq!(
        metadata.jwks_uri().as_str(),
        "https://ci.example/org/42/jwks"
    );
    assert_eq!(metadata.id_token_signing_alg_values_supported(), None);

    let algorithms = json!(["RS256", "HS256", "future"]);
    let metadata = parse(&with("id_token_signing_alg_values_supported", algorithms)).unwrap();
    let names = ["RS256", "HS256", "future"].map(str::to_owned);
    assert_eq!(
        metadata.id_token_signing_alg_values_supported(),
        Some(&names[..])
    );

    let metadata = parse(&with("token_endpoint", json!({"a": [null]}))).unwrap();
    assert_eq!(metadata, parse(&document()).unwrap());
}

/// Section 4.3: the issuer must be identical to the one that was asked for.
#[test]
fn the_issuer_is_the_configured_one_byte_for_byte() {
    for other in [
        "https://ci.example/org/42/",
        "https://ci.example/org/4",
        "https://ci.example/org/421",
        "https://ci.example/org/{id}",
        "https://CI.example/org/42",
        "https://ci.example:443/org/42",
        "http://ci.example/org/42",
        " https://ci.example/org/42",
        "",
    ] {
        assert_eq!(
            parse(&with("issuer", other)),
            Err(ProviderMetadataError::IssuerMismatch)
        );
    }
    let escaped = document()
        .to_string()
        .replace("https://ci", "https:\\/\\/c\\u0069");
    assert!(ProviderMetadata::parse(&issuer(ISSUER), escaped.as_bytes()).is_ok());

    let slash = json!({"issuer": "https://a.example/", "jwks_uri": "https://a.example/k"});
    let parse = |issuer_text| {
        ProviderMetadata::parse(&issuer(issuer_text), slash.to_string().as_bytes()).map(|_| ())
    };
    assert_eq!(parse("https://a.example/"), Ok(()));
    assert_eq!(
        parse("https://a.example"),
        Err(ProviderMetadataError::IssuerMismatch)
    );
}

#[test]
fn a_member_that_is_needed_is_there_and_has_its_kind() {
    for member in ["issuer", "jwks_uri"] {
        let mut missing = document();
        missing.as_object_mut().unwrap().remove(member);
        let error = parse(&missing).unwrap_err();
        assert_eq!(error.to_string(), format!("member `{member}` is missing"));
        assert_eq!(error.code(), "missing_member");
        for value in [json!(null), json!(1), json!([ISSUER]), json!({})] {
            let error = parse(&with(member, value)).unwrap_err();
            assert_eq!(error.to_string(), format!("member `{member}` is malformed"));
            assert_eq!(error.code(), "malformed_member");
        }
    }
    for value in [
        json!("RS256"),
        json!(null),
        json!([1]),
        json!(["RS256", null]),
        json!({}),
    ] {
        let error = parse(&with("id_token_signing_alg_values_supported", value)).unwrap_err();
        assert_eq!(error.code(), "malformed_member");
    }
    assert!(parse(&with("id_token_signing_alg_values_supported", json!([]))).is_ok());
}

#[test]
fn the_document_is_strict_json() {
    let text = document().to_string();
    for (document, code) in [
        (
            text.replace("{\"", "{\"jwks_uri\":\"https://evil.example\",\""),
            "duplicate_member",
        ),
        (
            text.replace("{\"", "{\"iss\\u0075er\":\"a\",\""),
            "duplicate_member",
        ),
        (
            text.replace("{\"", "{\"a\":{\"b\":1,\"b\":2},\""),
            "duplicate_member",
        ),
        (format!("\u{feff}{text}"), "byte_order_mark"),
        (format!("{text}x"), "trailing_bytes"),
        ("<html>".to_owned(), "unexpected_byte"),
        (String::new(), "unexpected_end"),
        ("[".repeat(60_000), "too_deep"),
        ("[]".to_owned(), "not_an_object"),
        ("null".to_owned(), "not_an_object"),
    ] {
        let error = ProviderMetadata::parse(&issuer(ISSUER), document.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{document:.200}");
    }
}

#[test]
fn the_document_has_at_most_64_kib() {
    let mut body = document().to_string().into_bytes();
    body.resize(65_536, b' ');
    assert!(ProviderMetadata::parse(&issuer(ISSUER), &body).is_ok());
    body.push(b' ');
    let error = ProviderMetadata::parse(&issuer(ISSUER), &body).unwrap_err();
    assert_eq!(
        error.to_string(),
        "provider metadata is longer than 65536 bytes"
    );
    assert_eq!(error.code(), "metadata_too_long");
}

#[test]
fn jwks_uri_is_https_on_the_public_internet() {
    let issuer = issuer(ISSUER);
    for good in [
        "https://ci.example/org/42/jwks",
        "https://keys.example:8443/a/b?c=d&e=%20",
        "https://203.0.113.9/jwks",
        "https://[2606:4700::1111]/jwks",
        "https://www.googleapis.com/oauth2/v3/certs",
        "https://xn--bcher-kva.example/jwks",
    ] {
        assert_eq!(jwks_uri(&issuer, good), Ok(good.to_owned()));
    }
    for (bad, code) in [
        ("", "not_https"),
        ("/jwks", "not_https"),
        ("jwks.json", "not_https"),
        ("//ci.example/jwks", "not_https"),
        ("http://ci.example/jwks", "not_https"),
        ("HTTPS://ci.example/jwks", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("data:application/json,{}", "not_https"),
        ("gopher://ci.example", "not_https"),
        ("https://u:p@ci.example/jwks", "userinfo"),
        ("https://ci.example@evil.example/jwks", "userinfo"),
        ("https://ci.example/jwks#f", "fragment"),
        ("https://ci.example:0/jwks", "invalid_port"),
        ("https://ci.example:65536/jwks", "invalid_port"),
        ("https://ci.example:/jwks", "invalid_port"),
        ("https://ci.example/../jwks", "dot_segment"),
        ("https://ci.example/%2e%2E/jwks", "dot_segment"),
        ("https://ci.example/j wks", "forbidden_byte"),
        ("https://ci.example\\@evil.example", "forbidden_byte"),
        ("https://ci.example/\n", "forbidden_byte"),
        ("https://bücher.example/jwks", "forbidden_byte"),
        ("https:///jwks", "empty_host"),
        ("https://127.0.0.1/jwks", "internal_host"),
        ("https://10.0.0.1/jwks", "internal_host"),
        ("https://169.254.169.254/latest/meta-data", "internal_host"),
        ("https://0.0.0.0/", "internal_host"),
        ("https://[::1]/", "internal_host"),
        ("https://[::ffff:10.0.0.1]/", "internal_host"),
        ("https://[fd00::1]/", "internal_host"),
        ("https://localhost/jwks", "internal_host"),
        ("https://a.localhost/jwks", "internal_host"),
        ("https://2130706433/", "invalid_address"),
        ("https://0177.0.0.1/", "invalid_address"),
        ("https://0x7f000001/", "invalid_address"),
        ("https://127.1/", "invalid_address"),
    ] {
        assert_eq!(jwks_uri(&issuer, bad), Err(code), "{bad}");
    }
}

/// What is fetched is what was checked: what `url` rewrites is refused, but for the case of the
/// host, the usual port and an address in another of its IPv6 forms.
#[test]
fn jwks_uri_means_the_same_to_a_url_library() {
    let issuer = issuer(ISSUER);
    for (text, fetched) in [
        ("https://CI.Example/Jwks", "https://ci.example/Jwks"),
        ("https://ci.example", "https://ci.example/"),
        ("https://ci.example?a", "https://ci.example/?a"),
        ("https://ci.example:443/jwks", "https://ci.example/jwks"),
        (
            "https://[2606:4700:0:0::1111]/",
            "https://[2606:4700::1111]/",
        ),
    ] {
        assert_eq!(jwks_uri(&issuer, text), Ok(fetched.to_owned()));
    }
    for text in ["https://ci.example/jwks?a'b", "https://xn--a.example/"] {
        assert_eq!(jwks_uri(&issuer, text), Err("ambiguous_jwks_uri"), "{text}");
    }
}

#[test]
fn jwks_uri_has_at_most_2048_bytes() {
    let issuer = issuer(ISSUER);
    let longest = format!("https://ci.example/{}", "a".repeat(2048 - 19));
    assert_eq!(jwks_uri(&issuer, &longest), Ok(longest.clone()));
    assert_eq!(
        jwks_uri(&issuer, &format!("{longest}a")),
        Err("jwks_uri_too_long")
    );
}

#[test]
fn only_a_loopback_issuer_may_have_its_keys_on_this_machine() {
    let loopback = IssuerIdentifier::loopback("http://127.0.0.1:8080/a").unwrap();
    for (text, expected) in [
        ("http://127.0.0.1:8080/a/jwks", Ok(())),
        ("https://localhost/jwks", Ok(())),
        ("http://[::1]:9/jwks", Ok(())),
        ("https://keys.example/jwks", Ok(())),
        ("http://keys.example/jwks", Err("not_https")),
        ("http://10.0.0.1/jwks", Err("not_https")),
        ("https://10.0.0.1/jwks", Err("internal_host")),
        ("https://a.localhost/jwks", Err("internal_host")),
        ("http://u@127.0.0.1/", Err("userinfo")),
    ] {
        assert_eq!(jwks_uri(&loopback, text).map(|_| ()), expected, "{text}");
    }
    let public = issuer("https://ci.example");
    assert_eq!(jwks_uri(&public, "http://127.0.0.1/jwks"), Err("not_https"));
}

fn judge(status: u16, content_type: Option<&str>, url: &str) -> Result<(), ProviderMetadataError> {
    let body = document().to_string();
    let response = DiscoveryResponse::new(status, content_type, url, body.as_bytes());
    ProviderMetadata::from_response(&issuer(ISSUER), &response).map(|_| ())
}

const URL: &str = "https://ci.example/org/42/.well-known/openid-configuration";
const JSON: Option<&str> = Some("application/json");

/// Section 4.2.
#[test]
fn a_response_has_status_200() {
    assert_eq!(judge(200, JSON, URL), Ok(()));
    for status in [0, 100, 199, 201, 204, 206, 299, 400, 404, 500, 503, 999] {
        let error = judge(status, JSON, URL).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("response has status {status}, not 200")
        );
        assert_eq!(error.code(), "status");
    }
    for status in [300, 301, 302, 304, 307, 308, 399] {
        let error = judge(status, JSON, URL).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("response is a redirect, status {status}")
        );
        assert_eq!(error.code(), "redirect");
    }
}

#[test]
fn a_response_comes_from_the_discovery_url_and_no_other() {
    for url in [
        "",
        "https://ci.example/org/42",
        "https://ci.example/org/42/.well-known/openid-configuration/",
        "https://ci.example/org/42/.well-known/openid-configuration?",
        "https://CI.example/org/42/.well-known/openid-configuration",
        "https://ci.example:443/org/42/.well-known/openid-configuration",
        "http://ci.example/org/42/.well-known/openid-configuration",
        "https://evil.example/org/42/.well-known/openid-configuration",
    ] {
        assert_eq!(
            judge(200, JSON, url),
            Err(ProviderMetadataError::ResponseUrl),
            "{url}"
        );
    }
}

#[test]
fn a_response_is_json_when_it_says_what_it_is() {
    for content_type in [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=\"utf-8\"; a=b",
        " application/json",
        "application/jwk-set+json",
        "application/entity-statement+JSON",
        "text/x+json",
    ] {
        assert_eq!(
            judge(200, Some(content_type), URL),
            Ok(()),
            "{content_type}"
        );
    }
    assert_eq!(judge(200, None, URL), Ok(()));
    for content_type in [
        "",
        "text/html",
        "text/plain",
        "text/json",
        "text/html; application/json",
        "application/jsonp",
        "application/json+xml",
        "application",
        "json",
        "/json",
        "application/",
        "/a+json",
        "a b/c+json",
        "application/json, text/html",
        "application/xml",
        "application/octet-stream",
    ] {
        let error = judge(200, Some(content_type), URL).unwrap_err();
        assert_eq!(error, ProviderMetadataError::ContentType, "{content_type}");
    }
}

#[test]
fn metadata_to_publish_is_read_back_by_a_relying_party() {
    let issuer = issuer("https://ci.example/");
    let algorithms = [Algorithm::Rs256, Algorithm::Es384, Algorithm::Rs256];
    let metadata =
        ProviderMetadata::for_issuer(&issuer, "https://ci.example/jwks", algorithms).unwrap();
    let json = serde_json::to_string(&metadata).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"issuer":"https://ci.example/","jwks_uri":"https://ci.example/jwks","#,
            r#""scopes_supported":["openid"],"response_types_supported":["id_token"],"#,
            r#""subject_types_supported":["public"],"#,
            r#""id_token_signing_alg_values_supported":["ES384","RS256"]}"#
        )
    );
    assert_eq!(
        ProviderMetadata::parse(&issuer, json.as_bytes()),
        Ok(metadata)
    );

    let error = ProviderMetadata::for_issuer(&issuer, "http://ci.example/jwks", []).unwrap_err();
    assert_eq!(error.to_string(), "`jwks_uri` is not acceptable");
    assert_eq!(error.code(), "jwks_uri");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn errors_are_one_phrase_each() {
    for (error, text) in [
        (
            ProviderMetadataError::ResponseUrl,
            "response does not come from the discovery URL of the issuer",
        ),
        (
            ProviderMetadataError::ContentType,
            "content type of the response is not JSON",
        ),
        (
            ProviderMetadataError::NotAnObject,
            "provider metadata is not an object",
        ),
        (
            ProviderMetadataError::IssuerMismatch,
            "`issuer` is not the configured issuer",
        ),
        (
            ProviderMetadataError::AmbiguousJwksUri,
            "`jwks_uri` is ambiguous",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
