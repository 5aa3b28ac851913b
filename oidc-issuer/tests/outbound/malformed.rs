//! Bad input, and the documented answer to each of it: never a 5xx.

use std::collections::BTreeMap;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderValue, Method, Request};

use super::world::{ADMIN, DEPLOYER, FORM, Folder, INSTANCE, Key, NOBODY, REGION, World, sign_at};

const TOKEN: &str = "Action=GetWebIdentityToken&Version=2011-06-15&Audience.member.1=doppler\
                     &SigningAlgorithm=ES384&DurationSeconds=300&Tags.member.1.Key=a\
                     &Tags.member.1.Value=b";

type Expected = (u16, &'static str);

const ACTION: Expected = (400, "InvalidAction");
const INCOMPLETE: Expected = (400, "IncompleteSignature");
const INVALID: Expected = (400, "ValidationError");
const KEY: Expected = (403, "InvalidClientTokenId");
const MALFORMED: Expected = (404, "MalformedQueryString");
const MEDIA_TYPE: Expected = (415, "UnsupportedMediaType");
const MISMATCH: Expected = (403, "SignatureDoesNotMatch");
const MISSING: Expected = (400, "MissingAction");
const QUERY: Expected = (400, "InvalidQueryParameter");

/// A request and what it is answered with.
struct Case {
    name: String,
    head: Parts,
    body: Vec<u8>,
    expected: Expected,
}

struct Corpus<'w> {
    world: &'w World,
    cases: Vec<Case>,
}

impl Corpus<'_> {
    /// A body, signed as it is.
    fn body(&mut self, body: impl AsRef<[u8]>, expected: Expected) {
        let body = body.as_ref();
        let (head, body) = self.world.signed(INSTANCE, "sts", body);
        self.push(
            String::from_utf8_lossy(&body).into_owned(),
            head,
            body,
            expected,
        );
    }

    /// A good request with something else about its head, made before or after it was signed.
    fn head(
        &mut self,
        name: &str,
        expected: Expected,
        before: impl FnOnce(&mut Parts),
        after: impl FnOnce(&mut Parts),
    ) {
        let request = Request::post("/")
            .header("host", "h")
            .header("content-type", FORM);
        let mut head = request.body(()).unwrap().into_parts().0;
        before(&mut head);
        sign_at(
            &mut head,
            TOKEN.as_bytes(),
            INSTANCE,
            REGION,
            "sts",
            self.world.now(),
        );
        after(&mut head);
        self.push(name.to_owned(), head, TOKEN.into(), expected);
    }

    /// A good request whose `Authorization` is another.
    fn authorization(&mut self, edit: impl Fn(&str) -> String, expected: Expected) {
        let (mut head, body) = self.world.signed(INSTANCE, "sts", TOKEN.as_bytes());
        let value = edit(head.headers["authorization"].to_str().unwrap());
        let bytes = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        head.headers.insert("authorization", bytes);
        self.push(format!("Authorization: {value}"), head, body, expected);
    }

    fn push(&mut self, name: String, head: Parts, body: Vec<u8>, expected: Expected) {
        self.cases.push(Case {
            name,
            head,
            body,
            expected,
        });
    }

    /// Cut off at every place where that makes a bad request, and not another good one.
    fn cut_off(&mut self) {
        for end in 0..TOKEN.len() {
            let (cut, _) = TOKEN.split_at(end);
            let last = cut.rsplit('&').next().unwrap();
            let expected = match end {
                0 => MISSING,
                _ if !last.contains('=') => MALFORMED,
                _ if !cut.contains("&Version=2011-06-15") => ACTION,
                _ if !cut.contains("SigningAlgorithm=ES384") => INVALID,
                _ if cut.ends_with("DurationSeconds=") || cut.ends_with("Seconds=3") => INVALID,
                _ if cut.ends_with("Seconds=30") || cut.ends_with("Key=") => INVALID,
                _ if cut.contains("Key") && !cut.contains("Value=") => INVALID,
                _ => continue,
            };
            self.body(cut, expected);
        }
    }

    /// Something put in that no reader may repair.
    fn put_in(&mut self) {
        for at in (0..TOKEN.len()).step_by(10) {
            let (before, after) = TOKEN.split_at(at);
            for bad in ["%", "%g0", "%0", "&&", " ", "\u{0}", "\r\n", "é"] {
                // With the digits that follow it would be an escape.
                let digit = |c: char| c.is_ascii_hexdigit();
                if !bad.starts_with('%') || !after.starts_with(digit) {
                    self.body(format!("{before}{bad}{after}"), MALFORMED);
                }
            }
        }
        for (bytes, escaped, expected) in [
            (&b"\xff"[..], "%FF", MALFORMED),
            (b"\xc3", "%C3", MALFORMED),
            (b"\xed\xa0\x80", "%ED%A0%80", MALFORMED),
            (b"\xf4\x90\x80\x80", "%F4%90%80%80", MALFORMED),
            (b"\x00", "%00", INVALID),
            (b"\x1f", "%1F", INVALID),
        ] {
            let tag = format!("&Tags.member.2.Key=k&Tags.member.2.Value={escaped}");
            self.body(format!("{TOKEN}{tag}"), expected);
            self.body([TOKEN.as_bytes(), b"&A=", bytes].concat(), MALFORMED);
        }
        for other in ["{\"Action\":\"GetWebIdentityToken\"}", "<Action/>", "null"] {
            self.body(other, MALFORMED);
        }
    }

    fn parameters(&mut self) {
        for (parameters, expected) in [
            ("&Action=GetWebIdentityToken", MALFORMED),
            ("&SigningAlgorithm=RS256", MALFORMED),
            ("&Audience.member.1=other", MALFORMED),
            ("&DurationSeconds=300", MALFORMED),
            ("&%44urationSeconds=300", MALFORMED),
            ("&Audience.member.3=c", QUERY),
            ("&Audience.member.0=z", QUERY),
            ("&Audience.member.01=z", QUERY),
            ("&Audience.member.-1=z", QUERY),
            ("&Audience.member.2.Key=z", QUERY),
            ("&Audience.member.18446744073709551616=z", QUERY),
            ("&Audience.member=z", QUERY),
            ("&Audience.1=z", QUERY),
            ("&Audience=z", QUERY),
            ("&audience.member.2=z", QUERY),
            ("&Tags.member.2.key=z", QUERY),
            ("&Tags.member.2.Key=z", INVALID),
            ("&Tags.member.2.Value=z", INVALID),
            ("&Tags.member.2=z", QUERY),
            ("&Tags.member.3.Key=z&Tags.member.3.Value=z", QUERY),
            ("&Tags.member.2.Key=A&Tags.member.2.Value=z", INVALID),
            ("&Tags=z", QUERY),
            ("&Subject=arn:aws:iam::111122223333:role/other", QUERY),
            ("&Issuer=https://other.example", QUERY),
            ("&__proto__=z", QUERY),
            ("&=z", QUERY),
            ("&Policy=z", QUERY),
            ("&AWSAccessKeyId=z", QUERY),
            ("&X-Amz-Signature=z", QUERY),
        ] {
            self.body(format!("{TOKEN}{parameters}"), expected);
        }
        let many: Vec<String> = (0..256).map(|n| format!("P{n}=")).collect();
        self.body(format!("{TOKEN}&{}", many.join("&")), MALFORMED);
    }

    fn replaced(&mut self) {
        for (from, to, expected) in [
            ("SigningAlgorithm=ES384", "SigningAlgorithm=HS256", INVALID),
            (
                "SigningAlgorithm=ES384",
                "SigningAlgorithm=ES384%00",
                INVALID,
            ),
            ("SigningAlgorithm=ES384", "SigningAlgorithm=ES384+", INVALID),
            ("=doppler", "=dop%0Apler", INVALID),
            ("=doppler", "=%00", INVALID),
            ("Seconds=300", "Seconds=", INVALID),
            ("Seconds=300", "Seconds=-300", INVALID),
            ("Seconds=300", "Seconds=%2B300", INVALID),
            ("Seconds=300", "Seconds=300.0", INVALID),
            ("Seconds=300", "Seconds=0x12c", INVALID),
            ("Seconds=300", "Seconds=+300", INVALID),
            ("Seconds=300", "Seconds=99999999999999999999", INVALID),
            (
                "Seconds=300",
                "Seconds=%EF%BC%93%EF%BC%90%EF%BC%90",
                INVALID,
            ),
            ("2011-06-15", "2010-05-08", ACTION),
            ("2011-06-15", "", ACTION),
            ("GetWebIdentityToken", "GetCallerIdentity", ACTION),
            ("GetWebIdentityToken", "getwebidentitytoken", ACTION),
            ("GetWebIdentityToken", "GetWebIdentityToken%00", ACTION),
            ("GetWebIdentityToken", "..%2F..%2Fetc", ACTION),
            ("GetWebIdentityToken", "%3Cscript%3E", ACTION),
            ("Action=GetWebIdentityToken&", "", MISSING),
            ("Action=", "action=", MISSING),
        ] {
            assert!(TOKEN.contains(from), "{from}");
            self.body(TOKEN.replace(from, to), expected);
        }
    }

    fn heads(&mut self) {
        for method in [
            "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "FOO",
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let expected = if method == Method::HEAD {
                ""
            } else {
                "MethodNotAllowed"
            };
            let set = |head: &mut Parts| head.method = method.clone();
            self.head(method.as_str(), (405, expected), set, |_| {});
        }
        for uri in ["/?", "/?Action=GetWebIdentityToken", "/?a", "/?%"] {
            let set = |head: &mut Parts| head.uri = uri.parse().unwrap();
            self.head(uri, QUERY, set, |_| {});
        }
        for uri in [
            "/a",
            "//",
            "/.",
            "/index.html",
            "/%2F",
            "/.well-known/jwks.json",
            "/sts",
        ] {
            let set = |head: &mut Parts| head.uri = uri.parse().unwrap();
            self.head(uri, (404, ""), set, |_| {});
        }
        for media_type in [
            "",
            "text/plain",
            "application/json",
            "application/x-amz-json-1.1",
            "multipart/form-data; boundary=a",
            "application/x-www-form-urlencoded2",
            "application/x-www-form-urlencoded, text/plain",
        ] {
            let value = HeaderValue::from_static(media_type);
            let set = |head: &mut Parts| drop(head.headers.insert("content-type", value.clone()));
            self.head(media_type, MEDIA_TYPE, set, |_| {});
        }
        self.head(
            "no media type",
            MEDIA_TYPE,
            |head| drop(head.headers.remove("content-type")),
            |_| {},
        );
        for (name, value) in [("content-type", FORM), ("content-encoding", "gzip")] {
            let append = |head: &mut Parts| {
                head.headers.append(name, HeaderValue::from_static(value));
            };
            self.head(name, MEDIA_TYPE, append, |_| {});
        }
        for (name, value, expected) in [
            ("x-amz-date", "20260921T141320Z", INCOMPLETE),
            ("authorization", "AWS4-HMAC-SHA256 a", INCOMPLETE),
            ("x-amz-security-token", "instance-token+/=", MISMATCH),
            ("host", "other", MISMATCH),
            ("x-amz-target", "STS.GetWebIdentityToken", INCOMPLETE),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD", INCOMPLETE),
        ] {
            let append = |head: &mut Parts| {
                head.headers.append(name, HeaderValue::from_static(value));
            };
            self.head(&format!("+ {name}"), expected, |_| {}, append);
        }
        for (name, value, expected) in [
            ("x-amz-date", "", INCOMPLETE),
            ("x-amz-date", "20260921", INCOMPLETE),
            ("x-amz-date", "Mon, 21 Sep 2026 14:13:20 GMT", INCOMPLETE),
            ("x-amz-date", "20260931T141320Z", INCOMPLETE),
            ("x-amz-date", "20260921T141321Z", MISMATCH),
            ("x-amz-date", "20260920T141320Z", MISMATCH),
            ("x-amz-date", "99991231T235959Z", MISMATCH),
            ("x-amz-date", "00000101T000000Z", INCOMPLETE),
            ("host", "elsewhere", MISMATCH),
            ("x-amz-security-token", "", MISMATCH),
            ("x-amz-security-token", "instance-token", MISMATCH),
        ] {
            let set = |head: &mut Parts| {
                head.headers.insert(name, HeaderValue::from_static(value));
            };
            self.head(&format!("{name}: {value}"), expected, |_| {}, set);
        }
        for (name, expected) in [
            ("authorization", (403, "MissingAuthenticationToken")),
            ("x-amz-date", INCOMPLETE),
            ("host", INCOMPLETE),
            ("x-amz-security-token", INCOMPLETE),
        ] {
            let remove = |head: &mut Parts| drop(head.headers.remove(name));
            self.head(&format!("- {name}"), expected, |_| {}, remove);
        }
    }

    fn authorizations(&mut self) {
        for value in [
            "",
            " ",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 ",
            "Bearer eyJhbGciOiJub25lIn0.e30.",
            "Basic dXNlcjpwYXNz",
            "AWS AKIA:c2ln",
            "AWS4-HMAC-SHA256 Credential",
            "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
            "AWS4-HMAC-SHA256 ,,,,,,,,,,,,,,,,,,",
            "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=a, Signature=b",
            "\u{e9}",
        ] {
            self.authorization(|_| value.to_owned(), INCOMPLETE);
        }
        for (from, to, expected) in [
            ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256", INCOMPLETE),
            ("AWS4-HMAC-SHA256", "aws4-hmac-sha256", INCOMPLETE),
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512", INCOMPLETE),
            ("ASIAINSTANCE", "ASIAINSTANCF", KEY),
            ("ASIAINSTANCE", "", KEY),
            ("ASIAINSTANCE", "%41SIAINSTANCE", KEY),
            ("ASIAINSTANCE", "AKIADEPLOYER", MISMATCH),
            ("ASIAINSTANCE", "ASIA/INSTANCE", INCOMPLETE),
            ("/20260921/", "/20260920/", MISMATCH),
            ("/20260921/", "//", MISMATCH),
            ("/eu-north-1/", "/eu-west-1/", MISMATCH),
            ("/eu-north-1/", "/mars/", MISMATCH),
            ("/eu-north-1/", "//", MISMATCH),
            ("/sts/", "/iam/", MISMATCH),
            ("/sts/", "/sts4/", MISMATCH),
            ("/sts/", "//", MISMATCH),
            ("/aws4_request", "", INCOMPLETE),
            ("/aws4_request", "/aws4_request/", INCOMPLETE),
            ("/aws4_request", "/AWS4_REQUEST", INCOMPLETE),
            ("SignedHeaders=", "Signedheaders=", INCOMPLETE),
            ("SignedHeaders=", "SignedHeaders=a;", INCOMPLETE),
            ("SignedHeaders=", "SignedHeaders=;", INCOMPLETE),
            (
                "SignedHeaders=content-type",
                "SignedHeaders=Content-Type",
                INCOMPLETE,
            ),
            (";host", "", INCOMPLETE),
            (";x-amz-security-token", "", INCOMPLETE),
            (";x-amz-date", "", INCOMPLETE),
            ("content-type;", "", MISMATCH),
            ("content-type;host", "host;content-type", INCOMPLETE),
            ("Signature=", "Signature=0", INCOMPLETE),
            ("Signature=", "Signature=00,Signature=", INCOMPLETE),
            ("Signature=", "Sig=", INCOMPLETE),
            (", Signature=", ", Extra=1, Signature=", INCOMPLETE),
            (", ", "; ", INCOMPLETE),
        ] {
            self.authorization(|value| value.replace(from, to), expected);
        }
        // Every digit of the signature counts.
        for at in 0..64 {
            let edit = |value: &str| {
                let at = value.len() - 64 + at;
                let other = if value.as_bytes()[at] == b'0' {
                    "1"
                } else {
                    "0"
                };
                let mut value = value.to_owned();
                value.replace_range(at..=at, other);
                value
            };
            self.authorization(edit, MISMATCH);
        }
    }

    /// Good requests of keys that are not what they seem.
    fn keys(&mut self) {
        let other = |key: Key, secret, token| Key {
            secret,
            token,
            ..key
        };
        for (name, key, expected) in [
            (
                "another's secret",
                other(INSTANCE, DEPLOYER.secret, INSTANCE.token),
                MISMATCH,
            ),
            ("no secret", other(DEPLOYER, "", None), MISMATCH),
            ("no token", other(INSTANCE, INSTANCE.secret, None), KEY),
            (
                "another token",
                other(INSTANCE, INSTANCE.secret, Some("instance-token+/+")),
                KEY,
            ),
            (
                "a longer token",
                other(INSTANCE, INSTANCE.secret, Some("instance-token+/==")),
                KEY,
            ),
            (
                "a token too many",
                other(DEPLOYER, DEPLOYER.secret, Some("token")),
                KEY,
            ),
            (
                "an unknown key",
                Key {
                    id: "AKIAUNKNOWN",
                    ..DEPLOYER
                },
                KEY,
            ),
            ("not allowed", NOBODY, (403, "AccessDenied")),
            ("for something else", ADMIN, (403, "AccessDenied")),
            ("tags", DEPLOYER, (403, "AccessDenied")),
        ] {
            let (head, body) = self.world.signed(key, "sts", TOKEN.as_bytes());
            self.push(name.to_owned(), head, body, expected);
        }
        for (body, expected) in [
            ("Version=2010-05-08", MISSING),
            ("Action=EnableOutboundWebIdentityFederation", ACTION),
            (
                "Action=EnableOutboundWebIdentityFederation&Version=2011-06-15",
                ACTION,
            ),
            (
                "Action=EnableOutboundWebIdentityFederation&Version=2010-05-08&Account=444455556666",
                QUERY,
            ),
            (
                "Action=DeleteUser&Version=2010-05-08&UserName=admin",
                ACTION,
            ),
            ("Action=GetWebIdentityToken&Version=2010-05-08", ACTION),
        ] {
            let (head, body) = self.world.signed(ADMIN, "iam", body.as_bytes());
            self.push(
                format!("iam {}", String::from_utf8_lossy(&body)),
                head,
                body,
                expected,
            );
        }
    }
}

#[test]
fn malformed_requests_get_the_documented_error_and_never_a_5xx() {
    let folder = Folder::new("malformed");
    let world = World::enabled(&folder);
    let mut corpus = Corpus {
        world: &world,
        cases: Vec::new(),
    };
    corpus.cut_off();
    corpus.put_in();
    corpus.parameters();
    corpus.replaced();
    corpus.heads();
    corpus.authorizations();
    corpus.keys();
    let (mut wrong, mut codes) = (Vec::new(), BTreeMap::<_, usize>::new());
    let count = corpus.cases.len();
    for Case {
        name,
        head,
        body,
        expected,
    } in corpus.cases
    {
        let answer = world.send(Request::from_parts(head, Body::from(body)));
        let (status, code) = expected;
        let found = answer.error();
        *codes.entry(found.clone()).or_default() += 1;
        if found != (status, code.to_owned()) {
            wrong.push(format!("{name:?}: {found:?} and not {expected:?}"));
        }
        for secret in [INSTANCE.secret, INSTANCE.token.unwrap()] {
            assert!(!answer.text.contains(secret), "{}", answer.text);
        }
    }
    println!("{count} requests: {codes:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 400, "{count}");
    // And the service works as before.
    assert_eq!(world.call(INSTANCE, "sts", TOKEN).status, 200);
}
