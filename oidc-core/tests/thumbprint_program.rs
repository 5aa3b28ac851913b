//! The contract of `examples/thumbprint.rs`: what it answers, line by line.

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/thumbprint.rs"]
mod program;

use oidc_core::{Jwk, ThumbprintHash};

fn answer(line: &str) -> String {
    program::answer_line(line.as_bytes())
}

const KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 8037 appendix A.3.
#[test]
fn a_public_key_is_answered_with_its_thumbprint_and_uri() {
    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    let expected = format!(
        r#"{{"id":1,"ok":true,"thumbprint":"{thumbprint}","uri":"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{thumbprint}"}}"#
    );
    for line in [
        format!(r#"{{"id":1,"jwk":{KEY}}}"#),
        format!(r#"{{"id":1,"jwk":{KEY},"hash":"S256"}}"#),
        format!(r#"{{"id":1,"jwk":{KEY},"hash":null,"else":[1]}}"#),
        format!("{{ \"jwk\" : {KEY},\r\n\"id\" :\t1 }}\r\n"),
        // Members that are not asked for are not read, whatever they are.
        format!(r#"{{"x":"\ud800","x":[[[]]],"id":1,"jwk":{KEY}}}"#),
        format!(r#"{{"x":"{}","id":1,"jwk":{KEY}}}"#, "x".repeat(2_000_000)),
    ] {
        assert_eq!(answer(&line), expected, "{line}");
    }
}

#[test]
fn the_hash_is_chosen_by_name() {
    let jwk = Jwk::parse(KEY.as_bytes()).unwrap();
    for (name, hash) in [
        ("S384", ThumbprintHash::S384),
        ("S512", ThumbprintHash::S512),
    ] {
        let thumbprint = jwk.thumbprint(hash);
        let uri = thumbprint.uri();
        assert_eq!(
            answer(&format!(r#"{{"id":"a","jwk":{KEY},"hash":"{name}"}}"#)),
            format!(r#"{{"id":"a","ok":true,"thumbprint":"{thumbprint}","uri":"{uri}"}}"#)
        );
    }
    for hash in ["\"S224\"", "\"s256\"", "\"SHA-256\"", "256", "[]"] {
        assert_eq!(
            answer(&format!(r#"{{"id":1,"jwk":{KEY},"hash":{hash}}}"#)),
            r#"{"id":1,"ok":false,"why":"unknown_hash"}"#
        );
    }
}

#[test]
fn a_key_that_is_refused_is_answered_with_a_stable_code() {
    for (jwk, why) in [
        (r#"{"kty":"oct","k":"AAAA"}"#, "symmetric_key"),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#,
            "private_member",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
            "coordinate_length",
        ),
        (r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "unknown_crv"),
        (
            r#"{"kty":"EC","crv":"P-256","x":"AA=","y":"AA"}"#,
            "coordinate_length",
        ),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "modulus_size"),
        (
            r#"{"kty":"RSA","n":"AQ==","e":"AQAB"}"#,
            "base64url_padding",
        ),
        (r#"{"kty":"RSA","n":"A/AB","e":"AQAB"}"#, "base64url_byte"),
        (r#"{"kty":"RSA","e":"AQAB"}"#, "missing_member"),
        (r#"{"kty":"RSA","n":1,"e":"AQAB"}"#, "malformed_member"),
        (r#"{"kty":"RSA","kty":"RSA"}"#, "duplicate_member"),
        (r#"{"kty":"RSA","\u006bty":"RSA"}"#, "duplicate_member"),
        ("{}", "missing_member"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("\"RSA\"", "not_an_object"),
    ] {
        assert_eq!(
            answer(&format!(r#"{{"id":[1,"a"],"jwk":{jwk}}}"#)).replace(' ', ""),
            format!(r#"{{"id":[1,"a"],"ok":false,"why":"{why}"}}"#),
            "{jwk}"
        );
    }
}

#[test]
fn a_line_that_is_no_request_is_answered_with_an_error() {
    for (line, expected) in [
        ("", r#"{"id":null,"error":"not a JSON object"}"#),
        (
            "{\"id\":1",
            r#"{"id":null,"error":"EOF while parsing an object at line 1 column 7"}"#,
        ),
        ("[{},1]", r#"{"id":null,"error":"not a JSON object"}"#),
        ("7", r#"{"id":null,"error":"not a JSON object"}"#),
        (
            r#"{"id":1}"#,
            r#"{"id":1,"error":"missing field `jwk` at line 1 column 8"}"#,
        ),
        (
            "{}",
            r#"{"id":null,"error":"missing field `jwk` at line 1 column 2"}"#,
        ),
        (
            r#"{"id":1,"jwk":{},"jwk":{}}"#,
            r#"{"id":1,"error":"duplicate field `jwk` at line 1 column 22"}"#,
        ),
    ] {
        assert_eq!(answer(line), expected, "{line}");
    }
}
