//! Signatures from both sides, and those that AWS has published.

use http::Request;
use http::request::Parts;
use oidc_core::NumericDate;

use super::{AwsError, Scope, Secret, SignatureError, Signed, sign, verify};

/// The access key of AWS's examples.
const ID: &str = "AKIDEXAMPLE";
const SECRET: Secret<'_> = Secret {
    access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token: None,
};
const SESSION: Secret<'_> = Secret {
    session_token: Some("session-token"),
    ..SECRET
};

/// 2015-08-30T12:36:00Z, the time of the examples.
fn then() -> NumericDate {
    NumericDate::from_seconds(1_440_938_160).unwrap()
}

fn scope(service: &str) -> Scope {
    Scope {
        region: "us-east-1".to_owned(),
        service: service.to_owned(),
    }
}

/// What somebody on the way does.
type Change = Box<dyn Fn(&mut Parts)>;

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn check(request: &Parts, body: &[u8], secret: Secret<'_>) -> Result<Signed, SignatureError> {
    let known = |id: &str| (id == ID).then_some(secret);
    let allowed = |scope: &Scope| scope.region == "us-east-1";
    verify(request, body, allowed, known, then())
}

/// A request to STS as clients send it, signed.
fn signed(secret: Secret<'_>, body: &[u8]) -> Parts {
    let headers = [
        ("host", "127.0.0.1:8080"),
        (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
    ];
    let mut request = request("POST", "/", &headers);
    sign(&mut request, body, ID, secret, &scope("sts"), then());
    request
}

/// IAM User Guide, "Create a signed AWS API request": `ListUsers`; and the cases `get-vanilla`,
/// `get-vanilla-query-order-key-case`, `get-header-value-trim`, `post-vanilla` and
/// `post-x-www-form-urlencoded` of AWS's test suite for Signature Version 4.
#[test]
fn the_published_examples_verify() {
    let example = ("host", "example.amazonaws.com");
    let date = ("x-amz-date", "20150830T123600Z");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let utf8_form = (
        "content-type",
        "application/x-www-form-urlencoded; charset=utf-8",
    );
    for (service, method, uri, headers, body, names, signature) in [
        (
            "iam",
            "GET",
            "/?Action=ListUsers&Version=2010-05-08",
            vec![("host", "iam.amazonaws.com"), date, utf8_form],
            "",
            "content-type;host;x-amz-date",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
        (
            "service",
            "GET",
            "/",
            vec![example, date],
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "service",
            "GET",
            "/?Param2=value2&Param1=value1",
            vec![example, date],
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "service",
            "POST",
            "/",
            vec![example, date],
            "",
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "service",
            "POST",
            "/",
            vec![example, date, form],
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "service",
            "GET",
            "/",
            vec![
                example,
                date,
                ("my-header1", "  value1"),
                ("my-header2", " \"a   b   c\""),
            ],
            "",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
    ] {
        let mut request = request(method, uri, &headers);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={ID}/20150830/us-east-1/{service}/aws4_request, \
             SignedHeaders={names}, Signature={signature}"
        );
        request
            .headers
            .insert("authorization", value.parse().unwrap());
        let signed = check(&request, body.as_bytes(), SECRET);
        let signed = signed.unwrap_or_else(|error| panic!("{method} {uri} {names}: {error}"));
        assert_eq!(
            (signed.access_key_id(), signed.scope()),
            (ID, &scope(service))
        );
    }
}

#[test]
fn a_signature_is_for_one_request_and_one_secret() {
    let body = b"Action=GetWebIdentityToken&Version=2011-06-15";
    assert!(check(&signed(SECRET, body), body, SECRET).is_ok());
    let set = |name: &'static str, value: &'static str| {
        move |request: &mut Parts| {
            request.headers.insert(name, value.parse().unwrap());
        }
    };
    let changes: [Change; 6] = [
        Box::new(|request| request.method = http::Method::PUT),
        Box::new(|request| request.uri = "/a".parse().unwrap()),
        Box::new(|request| request.uri = "/?a=b".parse().unwrap()),
        Box::new(set("host", "127.0.0.1:8081")),
        Box::new(set("content-type", "text/plain")),
        Box::new(|request| {
            let second = "text/plain".parse().unwrap();
            request.headers.append("content-type", second);
        }),
    ];
    for (case, change) in changes.into_iter().enumerate() {
        let mut request = signed(SECRET, body);
        change(&mut request);
        let error = check(&request, body, SECRET).unwrap_err();
        assert_eq!(error, SignatureError::Mismatch, "{case}");
    }
    let mut other_body = body.to_vec();
    for index in 0..other_body.len() {
        other_body[index] ^= 1;
        let error = check(&signed(SECRET, body), &other_body, SECRET).unwrap_err();
        assert_eq!(error, SignatureError::Mismatch);
        other_body[index] ^= 1;
    }
    let other = Secret {
        access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ",
        ..SECRET
    };
    let error = check(&signed(SECRET, body), body, other).unwrap_err();
    assert_eq!(error, SignatureError::Mismatch);
}

/// The hash of the body is computed here, whatever a header says of it.
/// RFC 9112 section 3.2.2: a proxy on the way goes by the request line.
#[test]
fn a_host_in_the_request_line_is_the_signed_one() {
    let mut request = signed(SECRET, b"");
    request.uri = "http://127.0.0.1:8080/".parse().unwrap();
    assert!(check(&request, b"", SECRET).is_ok());
    for elsewhere in ["http://127.0.0.1/", "http://elsewhere.example:8080/"] {
        request.uri = elsewhere.parse().unwrap();
        let refused = check(&request, b"", SECRET).unwrap_err();
        assert_eq!(refused, SignatureError::Mismatch, "{elsewhere}");
    }
}

#[test]
fn no_header_takes_the_body_out_of_the_signature() {
    let mut request = request(
        "POST",
        "/",
        &[("host", "h"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
    );
    sign(&mut request, b"a", ID, SECRET, &scope("sts"), then());
    assert!(check(&request, b"a", SECRET).is_ok());
    let error = check(&request, b"b", SECRET).unwrap_err();
    assert_eq!(error, SignatureError::Mismatch);
}

#[test]
fn a_session_token_belongs_to_its_key_and_has_to_be_signed() {
    let no_token = Secret {
        session_token: Some(""),
        ..SECRET
    };
    for (sent, expected, result) in [
        (SESSION, SESSION, Ok(())),
        (SESSION, SECRET, Err(SignatureError::SessionToken)),
        (SECRET, SESSION, Err(SignatureError::SessionToken)),
        (no_token, SESSION, Err(SignatureError::SessionToken)),
        (
            Secret {
                session_token: Some("session-tokem"),
                ..SECRET
            },
            SESSION,
            Err(SignatureError::SessionToken),
        ),
    ] {
        let checked = check(&signed(sent, b""), b"", expected).map(drop);
        assert_eq!(checked, result);
    }
    // Added after the signature was made.
    let mut request = signed(SECRET, b"");
    request
        .headers
        .insert("x-amz-security-token", "session-token".parse().unwrap());
    let error = check(&request, b"", SESSION).unwrap_err();
    assert_eq!(error, SignatureError::SignedHeaders);
}

/// "Protect against reuse of the signed portions of the request": 15 minutes.
#[test]
fn a_request_is_good_for_fifteen_minutes_either_way() {
    let signed_at = then();
    let at = |seconds| NumericDate::from_seconds(signed_at.as_seconds() + seconds).unwrap();
    let ahead = SignatureError::NotYetCurrent {
        signed: signed_at,
        now: at(-901),
    };
    let late = SignatureError::Expired {
        signed: signed_at,
        now: at(901),
    };
    for (seconds, result) in [
        (-901, Err(ahead)),
        (-900, Ok(())),
        (0, Ok(())),
        (900, Ok(())),
        (901, Err(late)),
    ] {
        let now = at(seconds);
        let checked = verify(&signed(SECRET, b""), b"", |_| true, |_| Some(SECRET), now);
        assert_eq!(checked.map(drop), result, "{seconds}");
    }
    // Aws/aws-cli issue 6676, aws-amplify/aws-sdk-android issue 88.
    assert_eq!(
        late.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T125101Z - 15 min.)"
    );
    assert_eq!(
        ahead.to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
         (20150830T122059Z + 15 min.)"
    );
}

#[test]
fn a_scope_is_for_this_service_and_the_day_of_the_request() {
    let request = signed(SECRET, b"");
    let checked = verify(&request, b"", |_| false, |_| Some(SECRET), then());
    assert_eq!(checked.unwrap_err(), SignatureError::Scope);
    let mut seen = None;
    let look = |scope: &Scope| {
        seen = Some(scope.clone());
        true
    };
    assert!(verify(&request, b"", look, |_| Some(SECRET), then()).is_ok());
    assert_eq!(seen, Some(scope("sts")));

    let edit = |from: &str, to: &str| {
        let mut request = signed(SECRET, b"");
        let value = request.headers["authorization"].to_str().unwrap();
        assert!(value.contains(from), "{value}");
        let value = value.replacen(from, to, 1).parse().unwrap();
        request.headers.insert("authorization", value);
        check(&request, b"", SECRET).unwrap_err()
    };
    assert_eq!(edit("/20150830/", "/20150829/"), SignatureError::ScopeDate);
    assert_eq!(edit("/us-east-1/", "/us-west-1/"), SignatureError::Scope);
    assert_eq!(edit("/sts/", "/iam/"), SignatureError::Mismatch);
    assert_eq!(
        edit("AKIDEXAMPLE", "AKIDEXAMPLF"),
        SignatureError::UnknownKey
    );
    assert_eq!(
        edit("aws4_request", "aws5_request"),
        SignatureError::Credential
    );
    assert_eq!(
        edit("AKIDEXAMPLE/", "AKIDEXAMPLE/x/"),
        SignatureError::Credential
    );
    assert_eq!(
        edit("Credential=", "Credential:"),
        SignatureError::Authorization
    );
    assert_eq!(
        edit("Credential=", "credential="),
        SignatureError::Authorization
    );
    assert_eq!(
        edit("Credential=", "Signature=,Credential="),
        SignatureError::Authorization
    );
    assert_eq!(edit("SHA256 ", "SHA512 "), SignatureError::Authorization);
    assert_eq!(
        edit("AWS4-HMAC-SHA256 ", "Bearer "),
        SignatureError::Authorization
    );
    assert_eq!(edit("host;", ""), SignatureError::SignedHeaders);
    assert_eq!(edit(";x-amz-date", ""), SignatureError::SignedHeaders);
    assert_eq!(
        edit("content-type;host", "host;content-type"),
        SignatureError::SignedHeaders
    );
    assert_eq!(edit("host;", "host;host;"), SignatureError::SignedHeaders);
    assert_eq!(
        edit("content-type;", "Content-Type;"),
        SignatureError::SignedHeaders
    );
    assert_eq!(
        edit("host;", "host;missing;"),
        SignatureError::SignedHeaders
    );
    assert_eq!(edit("content-type;", ""), SignatureError::Mismatch);
}

#[test]
fn a_signature_is_sixty_four_digits_in_lower_case() {
    let request = signed(SECRET, b"");
    let value = request.headers["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    let (rest, signature) = value.split_once("Signature=").unwrap();
    for other in [
        String::new(),
        signature.chars().skip(1).collect(),
        format!("{signature}0"),
        signature
            .to_uppercase()
            .replace(|c: char| c.is_ascii_digit(), "A"),
        signature.replace(|_: char| true, "é"),
        signature.replace(|_: char| true, "+"),
    ] {
        let mut request = request.clone();
        let value = format!("{rest}Signature={other}");
        let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers.insert("authorization", value);
        let error = check(&request, b"", SECRET).unwrap_err();
        let unreadable = other.contains('é');
        let expected = if unreadable {
            SignatureError::Header
        } else {
            SignatureError::Authorization
        };
        assert_eq!(error, expected, "{other}");
    }
}

#[test]
fn a_time_is_of_the_basic_form() {
    for time in [
        "",
        "20150830",
        "20150830T123600",
        "20150830T123600z",
        "2015-08-30T12:36:00Z",
        "20150830T123660Z",
        "20150230T123600Z",
        "20150830T243600Z",
        "+0150830T123600Z",
        "-0150830T123600Z",
        "20150830T1236000Z",
        "Sun, 30 Aug 2015 12:36:00 GMT",
    ] {
        let mut request = signed(SECRET, b"");
        request.headers.insert("x-amz-date", time.parse().unwrap());
        let error = check(&request, b"", SECRET).unwrap_err();
        assert_eq!(error, SignatureError::Date, "{time}");
    }
    let mut request = signed(SECRET, b"");
    request.headers.remove("x-amz-date");
    assert_eq!(
        check(&request, b"", SECRET).unwrap_err(),
        SignatureError::Date
    );
}

#[test]
fn of_two_headers_none_is_chosen() {
    for (name, value) in [
        ("authorization", "AWS4-HMAC-SHA256 x"),
        ("x-amz-date", "20150830T123600Z"),
    ] {
        let mut request = signed(SECRET, b"");
        request.headers.append(name, value.parse().unwrap());
        let error = check(&request, b"", SECRET).unwrap_err();
        assert_eq!(error, SignatureError::Header, "{name}");
    }
    let mut request = signed(SECRET, b"");
    request.headers.remove("authorization");
    assert_eq!(
        check(&request, b"", SECRET).unwrap_err(),
        SignatureError::Missing
    );
}

/// IAM and STS API references, "Common Errors"; for another time, what STS answers.
#[test]
fn each_error_has_the_code_and_status_of_the_service() {
    let (signed, now) = (then(), then());
    let late = SignatureError::Expired { signed, now };
    let ahead = SignatureError::NotYetCurrent { signed, now };
    for (error, status, code) in [
        (SignatureError::Authorization, 400, "IncompleteSignature"),
        (SignatureError::Credential, 400, "IncompleteSignature"),
        (SignatureError::Date, 400, "IncompleteSignature"),
        (late, 403, "SignatureDoesNotMatch"),
        (SignatureError::Header, 400, "IncompleteSignature"),
        (SignatureError::Mismatch, 403, "SignatureDoesNotMatch"),
        (SignatureError::Missing, 403, "MissingAuthenticationToken"),
        (ahead, 403, "SignatureDoesNotMatch"),
        (SignatureError::Scope, 403, "SignatureDoesNotMatch"),
        (SignatureError::ScopeDate, 403, "SignatureDoesNotMatch"),
        (SignatureError::SessionToken, 403, "InvalidClientTokenId"),
        (SignatureError::SignedHeaders, 400, "IncompleteSignature"),
        (SignatureError::UnknownKey, 403, "InvalidClientTokenId"),
    ] {
        let AwsError {
            status: found_status,
            code: found_code,
            ..
        } = error.into();
        assert_eq!((found_status, found_code), (status, code), "{error:?}");
    }
}
