//! Requests that are none: always a documented 4xx, never a 5xx, never an end of the program.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::{Method, Request};
use http_body::Frame;
use oidc_core::Algorithm;
use tokio::time::Instant;

use crate::limits::good;
use crate::service::{BODY_WITHIN, MAX_BODY_BYTES};
use crate::support;
use crate::world::*;

/// A request that is none, and the code that it has to have.
struct Malformed {
    request: Request<Body>,
    status: u16,
    code: &'static str,
}

const INVALID: &str = "InvalidIdentityToken";
const DENIED: &str = "AccessDenied";
const MALFORMED_QUERY: &str = "MalformedQueryString";
const INVALID_PARAMETER: &str = "InvalidQueryParameter";
const VALIDATION: &str = "ValidationError";
const UNKNOWN: &str = "UnknownOperationException";

/// What is no request, or not one of this service.
fn requests() -> Vec<Malformed> {
    let mut corpus = Vec::new();
    let mut add = |request: Request<Body>, status: u16, code: &'static str| {
        corpus.push(Malformed {
            request,
            status,
            code,
        });
    };
    let body = form(&good());

    // Methods and paths.
    for method in [
        "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post",
    ] {
        let mut request = post(&body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        add(request, 405, "MethodNotAllowed");
    }
    for path in [
        "/x",
        "//",
        "/.",
        "/..",
        "/%2e",
        "/index.html",
        "/sts",
        "/%00",
        "/?",
    ] {
        let mut request = post(&body);
        *request.uri_mut() = path.parse().unwrap();
        let (status, code) = if path == "/?" {
            (400, INVALID_PARAMETER)
        } else {
            (404, UNKNOWN)
        };
        add(request, status, code);
    }
    let mut in_query = post("");
    *in_query.uri_mut() = format!("/?{body}").parse().unwrap();
    add(in_query, 400, INVALID_PARAMETER);

    // Media types.
    for media_type in [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=a",
        "application/xml",
        "application/x-www-form-urlencode",
        "application/x-www-form-urlencodedx",
        "x-www-form-urlencoded",
        "application/x-amz-json-1.1",
        ";",
        "application /x-www-form-urlencoded",
    ] {
        let mut request = post(&body);
        request
            .headers_mut()
            .insert("content-type", media_type.parse().unwrap());
        add(request, 415, "UnsupportedMediaType");
    }
    let mut untyped = post(&body);
    untyped.headers_mut().remove("content-type");
    add(untyped, 415, "UnsupportedMediaType");
    let mut twice = post(&body);
    twice
        .headers_mut()
        .append("content-type", "text/plain".parse().unwrap());
    add(twice, 415, "UnsupportedMediaType");

    let mut packed = post(&body);
    packed
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    add(packed, 415, "UnsupportedMediaType");

    // Bodies.
    for (bytes, status, code) in [
        (MAX_BODY_BYTES, 404, MALFORMED_QUERY),
        (MAX_BODY_BYTES + 1, 413, "RequestEntityTooLarge"),
        (MAX_BODY_BYTES * 8, 413, "RequestEntityTooLarge"),
    ] {
        add(post(&"a".repeat(bytes)), status, code);
    }
    for bytes in [
        &b"Action=\xff"[..],
        b"\xff\xfe",
        b"Action=AssumeRoleWithWebIdentity&\0=1",
        b"{}",
        b"<a/>",
        b"a\r\nb=c",
    ] {
        let mut request = post("");
        *request.body_mut() = Body::from(Bytes::from_static(bytes));
        add(request, 404, MALFORMED_QUERY);
    }
    for tail in [
        "&",
        "&&",
        "&a",
        "&%",
        "&a=%",
        "&a=%2",
        "&a=%zz",
        "&a=%FF",
        "&a=%C3%28",
        "&a=%ED%A0%80",
        "&Action=GetCallerIdentity",
        "&Version=2011-06-15",
        "&RoleArn=x",
        "&%52oleArn=x",
        "&a=b c",
    ] {
        add(post(&format!("{body}{tail}")), 404, MALFORMED_QUERY);
    }
    // A form cut anywhere is still no good one.
    let names = [
        "Action",
        "Version",
        "RoleArn",
        "RoleSessionName",
        "WebIdentityToken",
    ];
    for name in names {
        let at = body.find(&format!("{name}=")).unwrap();
        if at > 0 {
            add(post(&body[..at]), 404, MALFORMED_QUERY);
        }
        let cut = &body[..at + name.len()];
        add(post(cut), 404, MALFORMED_QUERY);
    }
    for tail in [
        "&x=",
        "&roleArn=a",
        "&Policyarns.member.1.arn=a",
        "&Tags.member.1.Key=a",
        "&PolicyArns=a",
        "&PolicyArns.member.0.arn=a",
        "&PolicyArns.member.2.arn=a",
        "&PolicyArns.member.01.arn=a",
        "&PolicyArns.member.1=a",
        "&PolicyArns.member.1.Arn=a",
        "&PolicyArns.member.1.arn.x=a",
        "&PolicyArns.member.-1.arn=a",
        "&PolicyArns.member.99999999999999999999.arn=a",
        "&PolicyArns.1.arn=a",
        "&ExternalId=a",
        "&SerialNumber=a",
        "&SourceIdentity=alice",
        "&=",
        "&=a",
    ] {
        add(post(&format!("{body}{tail}")), 400, INVALID_PARAMETER);
    }
    let many: Vec<String> = (0..300).map(|number| format!("&p{number}=")).collect();
    add(
        post(&format!("{body}{}", many.concat())),
        404,
        MALFORMED_QUERY,
    );

    // Actions and versions.
    for (action, version, status, code) in [
        ("", "2011-06-15", 400, "InvalidAction"),
        (
            "assumerolewithwebidentity",
            "2011-06-15",
            400,
            "InvalidAction",
        ),
        ("AssumeRole", "2011-06-15", 400, "InvalidAction"),
        ("AssumeRoleWithSAML", "2011-06-15", 400, "InvalidAction"),
        ("GetWebIdentityToken", "2011-06-15", 400, "InvalidAction"),
        ("<script>", "2011-06-15", 400, "InvalidAction"),
        ("AssumeRoleWithWebIdentity", "", 400, "InvalidAction"),
        (
            "AssumeRoleWithWebIdentity",
            "2011-06-16",
            400,
            "InvalidAction",
        ),
        (
            "AssumeRoleWithWebIdentity",
            "2012-10-17",
            400,
            "InvalidAction",
        ),
        ("GetCallerIdentity", "2011-06-15", 400, INVALID_PARAMETER),
    ] {
        let call = with(&with(&good(), "Action", action), "Version", version);
        add(post(&form(&call)), status, code);
    }
    add(
        post(&form(&without(&good(), "Action"))),
        400,
        "MissingAction",
    );
    add(
        post(&form(&without(&good(), "Version"))),
        400,
        "InvalidAction",
    );
    add(post(""), 400, "MissingAction");
    add(
        post("Action=GetCallerIdentity&Version=2011-06-15"),
        403,
        "MissingAuthenticationToken",
    );

    corpus
}

/// What is a request, with parameters that it may not have.
fn parameters() -> Vec<Malformed> {
    let mut corpus = Vec::new();
    let mut add = |call: &Call, code: &'static str| {
        corpus.push(Malformed {
            request: post(&form(call)),
            status: 400,
            code,
        });
    };
    for (name, values) in [
        (
            "RoleArn",
            &[
                "",
                "role/batch",
                "*",
                "arn:aws:iam::111122223333:role/",
                "arn:aws:iam::111122223333:user/batch",
                "arn:aws:iam::11112222333:role/batch",
                "arn:aws:iam::111122223333:role/ci/../batch*",
                "arn:aws:sts::111122223333:role/batch",
            ][..],
        ),
        (
            "RoleSessionName",
            &[
                "",
                "a",
                "a b",
                "a/b",
                "a:b",
                "\u{e9}\u{e9}",
                "a\nb",
                "<a>",
                "a%00",
                "${a}",
            ],
        ),
        ("WebIdentityToken", &["", "a", "abc"]),
        (
            "DurationSeconds",
            &[
                "",
                "0",
                "899",
                "43201",
                "-1",
                "+900",
                "9e2",
                "900.0",
                "0x384",
                " 900",
                "900 ",
                "\u{664}\u{665}",
            ],
        ),
        ("ProviderId", &["", "a"]),
        // The second has a character that no policy has: botocore, `sessionPolicyDocumentType`.
        ("Policy", &["", "\u{feff}{}"]),
        (
            "PolicyArns.member.1.arn",
            &[
                "",
                "a",
                "arn:aws:iam::aws:policy/",
                "arn:aws:iam::aws:policy/a b",
                "arn:aws:iam::999999999999:policy/a",
            ],
        ),
    ] {
        for value in values {
            add(&with(&good(), name, value), VALIDATION);
        }
    }
    for policy in [
        "{",
        "[]",
        "null",
        "\"a\"",
        "{}",
        r#"{"Statement":[]}"#,
        r#"["2012-10-17",null,{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
        r#"{"Statement":[null,"Allow","*",null,"*",null,null]}"#,
        r#"{"Statement":[[null,"Allow","*",null,"*",null,null]]}"#,
        r#"{"Statement":{}}"#,
        r#"{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","effect":"Deny"}}"#,
        r#"{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":1,"Resource":"*"}}"#,
        "a",
    ] {
        add(&with(&good(), "Policy", policy), "MalformedPolicyDocument");
    }

    corpus
}

/// What is a call, with a token that is not good.
fn tokens() -> Vec<Malformed> {
    let token = signed(&job());
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = [parts[0], parts[1], parts[2]];
    let mut tokens: Vec<(String, u16, &'static str)> = Vec::new();
    for text in [
        "....".to_owned(),
        "a.b.c".to_owned(),
        "aa.b".to_owned(),
        "{}{}".to_owned(),
        "\0\0\0\0".to_owned(),
        "AAAAAAAAAAAAAAAAAAAA".to_owned(),
        "a".repeat(20_000),
        ".".repeat(20_000),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{token}.{signature}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token} \n"),
        format!("\n{token}"),
        format!("Bearer {token}"),
        format!("{token}A"),
        format!("{header}.{claims}A.{signature}"),
        format!("{header}A.{claims}.{signature}"),
        format!("{header}.{header}.{signature}"),
        format!("{claims}.{claims}.{signature}"),
        format!("{header}.{claims}.{claims}"),
        token.replace('.', ".."),
        token[1..].to_owned(),
        token.to_uppercase(),
        format!("{header}.{claims}.{}", "A".repeat(signature.len())),
    ] {
        tokens.push((text, 400, INVALID));
    }
    let headers = [
        "{}",
        "[]",
        "null",
        "{",
        r#"{"alg":null}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"NONE"}"#,
        r#"{"alg":"HS256","kid":"rs256-canary"}"#,
        r#"{"alg":"RS256","kid":""}"#,
        r#"{"alg":"RS256","kid":1}"#,
        r#"{"alg":"ES256","kid":"rs256-canary"}"#,
        r#"{"alg":"RS256","kid":"rs256-canary","crit":["exp"],"exp":1}"#,
        r#"{"alg":"RS256","kid":"rs256-canary","crit":[]}"#,
        r#"{"alg":"RS256","kid":"rs256-canary","b64":false}"#,
        r#"{"alg":"RS256","kid":"rs256-canary","zip":"DEF"}"#,
        r#"{"alg":"RS256","alg":"none","kid":"rs256-canary"}"#,
        r#"{"alg":"RS256","kid":"rs256-canary","typ":"at+jwt"}"#,
        r#"{"alg":"PS256","kid":"rs256-canary"}"#,
        r#"{"alg":"RS384","kid":"nobody"}"#,
        r#"{"alg":"EdDSA","kid":"rs256-canary"}"#,
        r#"{"alg":"RS256","jku":"https://evil.example","kid":"evil"}"#,
        r#"{"alg":"RS256","jwk":{"kty":"RSA"},"kid":"evil"}"#,
    ];
    for header in headers {
        let key = key_of(Algorithm::Rs256);
        tokens.push((support::sign(key, header, job().to_json()), 400, INVALID));
    }
    for claims in [
        "{}",
        "[]",
        "null",
        "{",
        "\"a\"",
        "{\"iss\":1}",
        "{\"iss\":null}",
        "\u{feff}{}",
        "{\"a\":01}",
        "{\"a\":\"\\ud800\"}",
    ] {
        let header = format!(
            r#"{{"alg":"RS256","kid":"{}"}}"#,
            key_of(Algorithm::Rs256).kid()
        );
        tokens.push((
            support::sign(key_of(Algorithm::Rs256), header, claims),
            400,
            INVALID,
        ));
    }
    for (name, values) in [
        (
            "iss",
            &[
                "null",
                "1",
                "\"\"",
                "\"http://127.0.0.1:8080/CI\"",
                "[\"http://127.0.0.1:8080/ci\"]",
            ][..],
        ),
        (
            "sub",
            &[
                "null",
                "true",
                "1.5",
                "[]",
                "{}",
                "[\"job-42\"]",
                "-0",
                "\"job-\\u0000\"",
            ],
        ),
        (
            "aud",
            &[
                "null",
                "1",
                "[]",
                "{}",
                "\"\"",
                "[\"sts.amazonaws.com\",1]",
                "\"STS.amazonaws.com\"",
                "\"sts.amazonaws.com \"",
            ],
        ),
        ("azp", &["null", "1", "\"\"", "\"other\"", "[]"]),
        (
            "exp",
            &[
                "null",
                "\"\"",
                "1790000300.5",
                "1e9",
                "-1",
                "\"1790000300.0\"",
                "true",
                "99999999999999999999",
            ],
        ),
        (
            "iat",
            &["null", "\"soon\"", "1790000301", "1790000000.0", "[]"],
        ),
        ("nbf", &["null", "1790000301", "\"x\"", "1790000000.5"]),
        ("jti", &["1", "null", "[]"]),
        (
            "https://aws.amazon.com/tags",
            &[
                "1",
                "[]",
                "\"a\"",
                "{\"principal_tags\":[]}",
                "{\"principal_tags\":{\"a\":\"b\"}}",
                "{\"principal_tags\":{\"a\":[]}}",
                "{\"principal_tags\":{\"a\":[\"b\",\"c\"]}}",
                "{\"principal_tags\":{\"\":[\"b\"]}}",
                "{\"principal_tags\":{\"a\":[\"b\"],\"A\":[\"c\"]}}",
                "{\"principal_tags\":{\"a\":[\"b\"]},\"transitive_tag_keys\":[\"c\"]}",
            ],
        ),
        (
            "https://aws.amazon.com/tags/principal_tags/a",
            &["1", "[\"b\"]", "null"],
        ),
        (
            "https://aws.amazon.com/source_identity",
            &["1", "\"a\"", "\"a b\"", "null", "[]"],
        ),
        (
            "https://aws.amazon.com/roles",
            &[
                "1",
                "{}",
                "true",
                "\"\"",
                "[]",
                "[1]",
                "\"arn:aws:iam::111122223333:role/other\"",
            ],
        ),
    ] {
        for value in values {
            // Nothing but what AWS takes for a date is one; `exp` of long ago is expired.
            tokens.push((signed(&job().with(name, value)), 400, INVALID));
        }
    }
    for exp in ["0", "\"0\"", "1789999700"] {
        tokens.push((
            signed(&job().with("exp", exp)),
            400,
            "ExpiredTokenException",
        ));
    }
    for sub in [
        "\"\"",
        "\"job\"",
        "\"JOB-42\"",
        "42",
        "-42",
        "\"job-bad\"",
        "\" job-42\"",
    ] {
        tokens.push((signed(&job().with("sub", sub)), 403, DENIED));
    }
    for (name, value) in [
        ("iss", "\"http://127.0.0.1:8080/ci\""),
        ("sub", "\"job-42\""),
        ("aud", "\"sts.amazonaws.com\""),
    ] {
        let twice = job().plus(&format!("\"{name}\""), value);
        tokens.push((signed(&twice), 400, INVALID));
    }
    let call = |(token, status, code): (String, u16, &'static str)| Malformed {
        request: post(&form(&with(&good(), "WebIdentityToken", &token))),
        status,
        code,
    };
    tokens.into_iter().map(call).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_no_request_has_its_documented_answer() {
    let world = World::new();
    let corpus: Vec<Malformed> = [requests(), parameters(), tokens()]
        .into_iter()
        .flatten()
        .collect();
    assert!(corpus.len() >= 300, "{} requests", corpus.len());
    let mut wrong = Vec::new();
    for (number, case) in corpus.into_iter().enumerate() {
        let (parts, body) = case.request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let what = format!(
            "{number}: {} {} {}",
            parts.method,
            parts.uri,
            String::from_utf8_lossy(&body[..body.len().min(400)])
        );
        let answer = world
            .send(Request::from_parts(parts, Body::from(body)))
            .await;
        let refusal = (answer.status, answer.text("Code").unwrap_or_default());
        if refusal != (case.status, case.code.to_owned()) {
            wrong.push(format!(
                "{refusal:?} and not {} {}: {what}",
                case.status, case.code
            ));
        }
        let log = world.take_log();
        assert!(log.contains(" refused "), "{what}: {log}");
        assert!(!log.contains('\0'), "{log}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // It is none the worse for it.
    world.granted(&good()).await;
}

/// Each byte of a good request changed in several ways: it is granted or refused, and never the service's
/// own failure. What is granted has the token as it was.
#[tokio::test(start_paused = true)]
async fn no_changed_byte_of_a_request_is_the_services_own_failure() {
    let world = World::new();
    let body = form(&good());
    let token = signed(&job());
    let (mut granted, mut refused) = (0, 0);
    for at in 0..body.len() {
        for byte in [b'&', b'=', b'%', b'+', b'.', b'/', b'A', b'_', 0, 0xff] {
            let mut changed = body.clone().into_bytes();
            if std::mem::replace(&mut changed[at], byte) == byte {
                continue;
            }
            let mut request = post("");
            *request.body_mut() = Body::from(changed.clone());
            let answer = world.send(request).await;
            if answer.status == 200 {
                assert!(String::from_utf8(changed).unwrap().contains(&token));
                granted += 1;
            } else {
                let (status, code) = answer.refusal();
                assert!((400..500).contains(&status), "{status} {code} at {at}");
                refused += 1;
            }
        }
    }
    // Most of the names that a session may have instead.
    assert!(granted > 5 && refused > 4_000, "{granted} {refused}");
}

/// A body that stops coming.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_waited_for_no_longer_than_ten_seconds() {
    let world = World::new();
    let begun = Instant::now();
    let mut request = post("");
    *request.body_mut() = Body::new(Endless);
    let answer = world.send(request).await;
    assert_eq!(answer.refusal(), (408, "RequestTimeout".to_owned()));
    assert_eq!(begun.elapsed(), BODY_WITHIN);
}
