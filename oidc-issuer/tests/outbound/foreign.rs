//! The clients of AWS, where they are installed: botocore signs what we verify, and the AWS CLI and
//! boto3 use the program as they use AWS.

use std::process::{Command, Stdio};

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::running::{Running, configure, now};
use super::world::{ADMIN, DEPLOYER, Folder, INSTANCE, Key, REGION, config};
use crate::aws_wire::sigv4::{Scope, Secret, SignatureError, verify};

/// Standard output of a Python program, or `None` without its modules.
fn python(modules: &str, program: &str, arguments: &[&str]) -> Option<String> {
    let there = Command::new("python3")
        .args(["-c", &format!("import {modules}")])
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        println!("skipped: there is no Python with {modules}");
        return None;
    }
    let mut python = Command::new("python3");
    python.args(["-c", program]).args(arguments);
    let output = python.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// 300 requests of all kinds, one a line.
const SIGNED: &str = r"
import json, random
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

random.seed(1)
def word(alphabet, low, high):
    return ''.join(random.choice(alphabet) for _ in range(random.randint(low, high)))
plain = 'abcXYZ019-._~'
for number in range(300):
    secret = word(plain + '/+=', 1, 60)
    token = word(plain + '/+=', 1, 400) if number % 3 == 0 else None
    region, service = word('abc-1', 3, 12), random.choice(['sts', 'iam', 'execute-api'])
    parts = [word('abcXYZ019-_~,:@', 1, 8) for _ in range(random.randint(0, 3))]
    path = '/' + '/'.join(parts + ['%20%C3%A9%2F'] * (number % 5 == 0))
    names = [word(plain, 1, 3) for _ in range(random.randint(0, 5))]
    query = '&'.join(f'{name}={word(plain, 0, 4)}%26' for name in names)
    body = word(plain + '&=% é\n', 0, 200).encode()
    headers = {'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8'}
    for _ in range(random.randint(0, 3)):
        headers['X-Amz-' + word('abc', 2, 5)] = word(plain + '  ,;', 1, 30).strip() or 'x'
    url = f'http://127.0.0.1:8080{path}' + (f'?{query}' if query else '')
    request = AWSRequest(method=random.choice(['GET', 'POST']), url=url, headers=headers, data=body)
    SigV4Auth(Credentials('AKID', secret, token), service, region).add_auth(request)
    headers = [[name, str(value)] for name, value in request.headers.items()]
    print(json.dumps({'method': request.method, 'uri': url.split('8080', 1)[1], 'headers': headers,
        'body': body.decode(), 'secret': secret, 'token': token, 'region': region, 'service': service}))
";

#[test]
fn what_botocore_signs_is_verified() {
    let Some(lines) = python("botocore", SIGNED, &[]) else {
        return;
    };
    let mut verified = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| case[name].as_str();
        let mut request = Request::builder()
            .method(text("method").unwrap())
            .uri(text("uri").unwrap())
            .header("Host", "127.0.0.1:8080");
        for header in case["headers"].as_array().unwrap() {
            request = request.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
        }
        let head = request.body(Body::empty()).unwrap().into_parts().0;
        let secret = Secret {
            access_key: text("secret").unwrap(),
            session_token: text("token"),
        };
        let check = |body: &[u8], secret: Secret<'_>| {
            let known = |id: &str| (id == "AKID").then_some(secret);
            verify(&head, body, |_| true, known, now())
        };
        let body = text("body").unwrap().as_bytes();
        let signed = check(body, secret).unwrap_or_else(|error| panic!("{error}: {line}"));
        let scope = Scope {
            region: text("region").unwrap().to_owned(),
            service: text("service").unwrap().to_owned(),
        };
        assert_eq!((signed.access_key_id(), signed.scope()), ("AKID", &scope));
        let other_body = [body, b"x"].concat();
        let access_key = &format!("{}x", secret.access_key);
        let other_key = Secret {
            access_key,
            ..secret
        };
        for error in [check(&other_body, secret), check(body, other_key)] {
            assert_eq!(error.unwrap_err(), SignatureError::Mismatch);
        }
        verified += 1;
    }
    assert_eq!(verified, 300);
}

/// `aws`, or the same as a module of Python.
fn aws(running: &Running, key: Key, arguments: &[&str]) -> Option<(bool, String, String)> {
    let ways = [&["aws"][..], &["python3", "-m", "awscli"]];
    let works = |way: &&&[&str]| {
        let mut version = Command::new(way[0]);
        version.args(&way[1..]).arg("--version");
        version.output().is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        println!("skipped: there is no AWS CLI");
        return None;
    };
    let mut aws = Command::new(way[0]);
    aws.args(&way[1..])
        .args(arguments)
        .args(["--endpoint-url", &running.url()]);
    aws.envs(environment(key));
    let output = aws.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some((
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    ))
}

/// The credentials, and nothing of whoever runs the test.
fn environment(key: Key) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("AWS_ACCESS_KEY_ID", key.id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", key.secret.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ("AWS_PAGER", String::new()),
    ];
    environment.push((
        "AWS_SESSION_TOKEN",
        key.token.unwrap_or_default().to_owned(),
    ));
    environment
}

/// The test's configuration with a session that has not ended.
fn start(folder: &Folder) -> Running {
    let mut config = config();
    config["access_keys"][1]["principal"]["expires"] = json!("2100-01-01T00:00:00Z");
    configure(folder, &config);
    Running::start(folder)
}

const TOKEN: [&str; 12] = [
    "sts",
    "get-web-identity-token",
    "--audience",
    "doppler",
    "--signing-algorithm",
    "ES384",
    "--duration-seconds",
    "300",
    "--tags",
    "Key=job-id,Value=42 = a/b",
    "--output",
    "json",
];

#[test]
fn the_aws_cli_takes_it_for_aws() {
    let folder = Folder::new("cli");
    let running = start(&folder);
    let enable = ["iam", "enable-outbound-web-identity-federation"];
    let info = ["iam", "get-outbound-web-identity-federation-info"];
    let fails = |key, arguments: &[&str], expected: &str| {
        let Some((succeeded, out, err)) = aws(&running, key, arguments) else {
            return false;
        };
        assert!(!succeeded, "{out}");
        assert!(err.contains(expected), "{err}");
        true
    };
    let disabled = "(OutboundWebIdentityFederationDisabledException) when calling the \
                    GetWebIdentityToken operation";
    if !fails(INSTANCE, &TOKEN, disabled) {
        return;
    }
    let (succeeded, out, err) = aws(&running, ADMIN, &enable).unwrap();
    assert!(succeeded, "{err}");
    let enabled: Value = serde_json::from_str(&out).unwrap();
    let issuer = enabled["IssuerIdentifier"].as_str().unwrap();
    assert!(issuer.starts_with(&running.url()), "{issuer}");
    let (_, out, _) = aws(&running, ADMIN, &info).unwrap();
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        told,
        json!({"IssuerIdentifier": issuer, "JwtVendingEnabled": true})
    );

    let before = now();
    let (succeeded, out, err) = aws(&running, INSTANCE, &TOKEN).unwrap();
    assert!(succeeded, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    let token = answer["WebIdentityToken"].as_str().unwrap();
    let claims = crate::common::from_base64url(token.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], issuer);
    assert_eq!(
        claims["sub"],
        "arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc"
    );
    let tags = &claims["https://sts.amazonaws.com/"]["request_tags"];
    assert_eq!(tags, &json!({"job-id": "42 = a/b"}));
    let exp = claims["exp"].as_i64().unwrap();
    assert!((before.as_seconds() + 300..=now().as_seconds() + 300).contains(&exp));
    let expiration = answer["Expiration"].as_str().unwrap();
    let exp = crate::aws_wire::xml::timestamp(crate::common::at(exp));
    assert_eq!(expiration.replace("+00:00", "Z"), exp);

    let wrong = Key {
        secret: "wrong",
        ..INSTANCE
    };
    fails(wrong, &TOKEN, "(SignatureDoesNotMatch) when calling");
    let untagged = [
        "sts",
        "get-web-identity-token",
        "--audience",
        "a",
        "--signing-algorithm",
        "RS256",
    ];
    fails(DEPLOYER, &TOKEN, "(AccessDenied) when calling");
    let unsigned = [&untagged[..], &["--no-sign-request"]].concat();
    fails(
        INSTANCE,
        &unsigned,
        "(MissingAuthenticationToken) when calling",
    );
    let disable = ["iam", "disable-outbound-web-identity-federation"];
    assert!(aws(&running, ADMIN, &disable).unwrap().0);
    fails(INSTANCE, &TOKEN, disabled);
}

/// botocore reads errors into classes by their codes, and answers by its models.
const BOTO3: &str = r"
import sys, datetime, boto3
url = sys.argv[1]
def client(service, key):
    id, secret, token = key.split(' ')
    return boto3.client(service, endpoint_url=url, region_name='eu-north-1',
        aws_access_key_id=id, aws_secret_access_key=secret, aws_session_token=token or None)
admin, sts = client('iam', sys.argv[2]), client('sts', sys.argv[3])
def refused(error, call, **arguments):
    try:
        call(**arguments)
    except error as found:
        return found.response
    raise SystemExit(f'{call} succeeded')
token = dict(Audience=['a', 'b & c é'], SigningAlgorithm='RS256', DurationSeconds=900,
    Tags=[{'Key': f'key-{n}', 'Value': 'é + %'.replace('%', '=')} for n in range(20)])
answer = refused(sts.exceptions.OutboundWebIdentityFederationDisabledException,
    sts.get_web_identity_token, **token)
assert answer['ResponseMetadata']['HTTPStatusCode'] == 403, answer
refused(admin.exceptions.FeatureDisabledException, admin.get_outbound_web_identity_federation_info)
issuer = admin.enable_outbound_web_identity_federation()['IssuerIdentifier']
answer = refused(admin.exceptions.FeatureEnabledException, admin.enable_outbound_web_identity_federation)
assert answer['ResponseMetadata']['HTTPStatusCode'] == 409, answer
info = admin.get_outbound_web_identity_federation_info()
assert (info['IssuerIdentifier'], info['JwtVendingEnabled']) == (issuer, True), info
answer = sts.get_web_identity_token(**token)
assert len(answer['ResponseMetadata']['RequestId']) == 36, answer
left = answer['Expiration'] - datetime.datetime.now(datetime.timezone.utc)
assert 880 < left.total_seconds() <= 900, left
big = dict(token, Tags=[{'Key': f'{n:0>128}', 'Value': 'v' * 256} for n in range(50)])
answer = refused(sts.exceptions.JWTPayloadSizeExceededException, sts.get_web_identity_token, **big)
assert answer['ResponseMetadata']['HTTPStatusCode'] == 400, answer
answer = refused(sts.exceptions.ClientError, sts.get_web_identity_token, **dict(token, DurationSeconds=3601))
assert answer['Error']['Code'] == 'ValidationError', answer
refused(sts.exceptions.ClientError, client('sts', sys.argv[2]).get_web_identity_token, **token)
other = refused(sts.exceptions.ClientError, sts.get_caller_identity)
assert other['Error']['Code'] == 'InvalidAction', other
other = refused(sts.exceptions.ClientError, client('sts', 'AKIAUNKNOWN a ').get_web_identity_token, **token)
assert other['Error']['Code'] == 'InvalidClientTokenId', other
admin.disable_outbound_web_identity_federation()
refused(admin.exceptions.FeatureDisabledException, admin.disable_outbound_web_identity_federation)
print(answer['Error']['Message'])
";

#[test]
fn boto3_takes_it_for_aws() {
    let folder = Folder::new("boto3");
    let running = start(&folder);
    let key = |key: Key| {
        format!(
            "{} {} {}",
            key.id,
            key.secret,
            key.token.unwrap_or_default()
        )
    };
    let arguments = [&running.url(), &*key(ADMIN), &key(INSTANCE)];
    if let Some(said) = python("boto3", BOTO3, &arguments) {
        assert_eq!(said, "`DurationSeconds` is 60 to 3600\n");
    }
}
