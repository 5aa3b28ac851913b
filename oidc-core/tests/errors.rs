//! What every error of the crate has in common.

use std::error::Error;
use std::fmt::Debug;

use oidc_core::{
    AudienceError, Base64UrlError, CompactError, DigestLengthError, IssuerIdentifierError,
    JwkError, JwkSetError, NumericDateError, ProviderMetadataError, PublicKeyError,
    UnknownAlgorithm, UrlError,
};

fn is_plain_data<E: Error + Clone + PartialEq + Debug + Send + Sync + 'static>() {}

/// A caller can keep an error, compare it and hand it to another thread.
#[test]
fn every_error_is_plain_data() {
    is_plain_data::<AudienceError>();
    is_plain_data::<Base64UrlError>();
    is_plain_data::<CompactError>();
    is_plain_data::<DigestLengthError>();
    is_plain_data::<IssuerIdentifierError>();
    is_plain_data::<JwkError>();
    is_plain_data::<JwkSetError>();
    is_plain_data::<NumericDateError>();
    is_plain_data::<ProviderMetadataError>();
    is_plain_data::<PublicKeyError>();
    is_plain_data::<UnknownAlgorithm>();
    is_plain_data::<UrlError>();
}

/// Codes are words for logs and metrics: `snake_case`, and no text of a stranger.
#[test]
fn codes_are_snake_case() {
    let parse = |text: &str| oidc_core::IssuerIdentifier::parse(text).unwrap_err().code();
    for code in [
        AudienceError::NoName.code(),
        JwkError::UnknownKty.code(),
        NumericDateError::AfterMax.code(),
        ProviderMetadataError::IssuerMismatch.code(),
        PublicKeyError::RocaModulus.code(),
        parse("EVIL"),
        parse("https://EVIL EVIL"),
        oidc_core::base64url::decode("EVIL=").unwrap_err().code(),
        oidc_core::CompactJws::parse(b"EVIL").unwrap_err().code(),
        oidc_core::Jwk::parse(br#"{"kty":"EVIL"}"#)
            .unwrap_err()
            .code(),
        oidc_core::JwkSet::parse(br#"{"keys":"EVIL"}"#)
            .unwrap_err()
            .code(),
    ] {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(code.bytes().all(plain), "{code}");
    }
}

/// What a stranger wrote does not come back in a message.
#[test]
fn messages_do_not_repeat_what_was_read() {
    for error in [
        format!(
            "{:?}",
            oidc_core::Jwk::parse(br#"{"kty":"EVIL"}"#).unwrap_err()
        ),
        oidc_core::Jwk::parse(br#"{"kty":"OKP","crv":"EVIL"}"#)
            .unwrap_err()
            .to_string(),
        oidc_core::Jwk::parse(br#"{"EVIL":1,"EVIL":2}"#)
            .unwrap_err()
            .to_string(),
        oidc_core::IssuerIdentifier::parse("https://EVIL EVIL")
            .unwrap_err()
            .to_string(),
        oidc_core::base64url::decode("EVIL=")
            .unwrap_err()
            .to_string(),
        "EVIL"
            .parse::<oidc_core::Algorithm>()
            .unwrap_err()
            .to_string(),
    ] {
        assert!(!error.contains("EVIL"), "{error}");
    }
}
