//! What the API does, by the models of botocore (`sts/2011-06-15` and `iam/2010-05-08`), the IAM User
//! Guide, "Understanding token claims", and published tokens.

use axum::body::Body;
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::world::{
    ADMIN, BASE_URL, DEPLOYER, FORM, Folder, INSTANCE, Key, NEIGHBOUR, NOBODY, REGION, World,
    config, sign_at,
};
use crate::common::{NOW, from_base64url};
use crate::service::MAX_BODY_BYTES;

const DOPPLER: &str = "Audience.member.1=doppler&SigningAlgorithm=ES384";

#[test]
fn a_token_says_who_has_signed_the_request() {
    let folder = Folder::new("token");
    let world = World::enabled(&folder);
    for algorithm in ["ES384", "RS256"] {
        let answer = world.token(
            INSTANCE,
            &format!(
                "Audience.member.1=doppler&SigningAlgorithm={algorithm}&DurationSeconds=600\
                 &Tags.member.1.Key=job-id&Tags.member.1.Value=42"
            ),
        );
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "text/xml");
        let request_id = answer.element("RequestId").unwrap();
        assert_eq!(answer.headers["x-amzn-requestid"], *request_id);
        assert_eq!(
            answer.element("Expiration").unwrap(),
            "2026-09-21T14:23:20Z"
        );
        let token = answer.token();
        assert_eq!(
            answer.text,
            format!(
                "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken>\
                 <Expiration>2026-09-21T14:23:20Z</Expiration></GetWebIdentityTokenResult>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
                 </GetWebIdentityTokenResponse>\n"
            )
        );
        let header = from_base64url(token.split('.').next().unwrap());
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(
            (&header["alg"], &header["typ"]),
            (&json!(algorithm), &json!("JWT"))
        );
        let claims = world.accept(&token, "doppler").unwrap();
        let role = "arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc";
        assert_eq!(
            claims,
            json!({
                "iss": world.issuer(0),
                "sub": role,
                "aud": "doppler",
                "iat": NOW,
                "exp": NOW + 600,
                "jti": claims["jti"],
                "https://sts.amazonaws.com/": {
                    "aws_account": "111122223333",
                    "source_region": "eu-north-1",
                    "principal_id": role,
                    "org_id": "o-a1b2c3d4e5",
                    "ou_path": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"],
                    "principal_tags": {"team": "data"},
                    "request_tags": {"job-id": "42"},
                    "original_session_exp": "2026-09-21T16:13:20Z",
                    "ec2_source_instance_arn":
                        "arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890",
                    "ec2_instance_source_vpc": "vpc-0a1b2c3d",
                    "ec2_instance_source_private_ipv4": "10.0.1.25",
                    "ec2_role_delivery": "2.0"
                }
            })
        );
        assert!(world.accept(&token, "other").is_none());
    }
}

#[test]
fn each_key_speaks_for_its_own_principal_account_and_region() {
    let folder = Folder::new("principals");
    let world = World::enabled(&folder);
    let mut seen = Vec::new();
    for (key, region, account) in [
        (DEPLOYER, REGION, 0),
        (DEPLOYER, "eu-west-1", 0),
        (NEIGHBOUR, REGION, 1),
    ] {
        let body = format!("Action=GetWebIdentityToken&Version=2011-06-15&{DOPPLER}");
        let (mut head, body) = world.signed(key, "sts", body.as_bytes());
        head.headers.remove("authorization");
        sign_at(&mut head, &body, key, region, "sts", world.now());
        let answer = world.send(Request::from_parts(head, Body::from(body)));
        let claims = world.accept(&answer.token(), "doppler").unwrap();
        assert_eq!(claims["iss"], world.issuer(account));
        // 300 seconds unless another duration is asked for.
        assert_eq!(claims["exp"], NOW + 300);
        let aws = &claims["https://sts.amazonaws.com/"];
        seen.push((claims["sub"].clone(), aws.clone()));
    }
    let deployer = "arn:aws:iam::111122223333:role/deployer";
    let neighbour = "arn:aws:iam::444455556666:role/a/b/neighbour";
    let organization = |region| {
        json!({
            "aws_account": "111122223333",
            "source_region": region,
            "principal_id": deployer,
            "org_id": "o-a1b2c3d4e5",
            "ou_path": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"]
        })
    };
    let alone = json!({
        "aws_account": "444455556666",
        "source_region": REGION,
        "principal_id": neighbour
    });
    assert_eq!(
        seen,
        [
            (json!(deployer), organization(REGION)),
            (json!(deployer), organization("eu-west-1")),
            (json!(neighbour), alone),
        ]
    );
}

/// IAM User Guide, "Understanding token claims": what the service knows of a session.
#[test]
fn what_the_configuration_says_of_a_session_is_in_its_tokens() {
    let folder = Folder::new("facts");
    let mut config = config();
    let token = Some("neighbour-token");
    let session = Key { token, ..NEIGHBOUR };
    config["access_keys"][4]["session_token"] = json!(token);
    config["access_keys"][4]["principal"] = json!({
        "session": "arn:aws:sts::444455556666:assumed-role/neighbour/session",
        "expires": "2026-09-21T16:13:20Z",
        "lambda_function": "arn:aws:lambda:eu-north-1:444455556666:function:f",
        "federated_provider": "arn:aws:iam::444455556666:oidc-provider/ci.example",
        "identity_store_user": {"store": "arn:aws:identitystore::444455556666:identitystore/d-1", "id": "u"},
        "source_identity": "alice",
        "tags": {"a": "1", "b": ""}
    });
    let world = World::with(&folder, &config, BASE_URL);
    let token = world.token(session, DOPPLER).token();
    let claims = world.accept(&token, "doppler").unwrap();
    assert_eq!(
        claims["https://sts.amazonaws.com/"],
        json!({
            "aws_account": "444455556666",
            "source_region": REGION,
            "principal_id": "arn:aws:iam::444455556666:role/neighbour",
            "original_session_exp": "2026-09-21T16:13:20Z",
            "lambda_source_function_arn": "arn:aws:lambda:eu-north-1:444455556666:function:f",
            "federated_provider": "arn:aws:iam::444455556666:oidc-provider/ci.example",
            "identity_store_arn": "arn:aws:identitystore::444455556666:identitystore/d-1",
            "identity_store_user_id": "u",
            "source_identity": "alice",
            "principal_tags": {"a": "1", "b": ""}
        })
    );
}

#[test]
fn several_audiences_are_an_array_and_one_is_a_string() {
    let folder = Folder::new("audiences");
    let world = World::enabled(&folder);
    let answer = world.token(
        DEPLOYER,
        "Audience.member.1=a&Audience.member.2=b%20%26%20c&SigningAlgorithm=ES384",
    );
    let claims = world.accept(&answer.token(), "a").unwrap();
    assert_eq!(claims["aud"], json!(["a", "b & c"]));
}

/// botocore `iam/2010-05-08`: `FeatureEnabled` is 409, `FeatureDisabled` 404; and of disabling:
/// "does not affect tokens that were issued before".
#[test]
fn the_switch_is_the_accounts_own_and_changes_no_token_and_no_document() {
    let folder = Folder::new("switch");
    let world = World::open(&folder);
    let not_enabled = |world: &World| {
        assert_eq!(
            world.iam(ADMIN, "Get").error(),
            (404, "FeatureDisabled".into())
        );
        assert_eq!(
            world.iam(ADMIN, "Disable").error(),
            (404, "FeatureDisabled".into())
        );
        let code = "OutboundWebIdentityFederationDisabledException".to_owned();
        assert_eq!(world.token(DEPLOYER, DOPPLER).error(), (403, code));
        assert_eq!(world.token(NEIGHBOUR, DOPPLER).status, 200);
    };
    let documents = |world: &World| {
        let issuer = world.issuer(0);
        ["openid-configuration", "jwks.json"]
            .map(|name| world.get(&format!("{issuer}/.well-known/{name}")).text)
    };
    not_enabled(&world);
    let published = documents(&world);

    let issuer = world.issuer(0);
    assert!(issuer.starts_with(&format!("{BASE_URL}/")), "{issuer}");
    let answer = world.iam(ADMIN, "Enable");
    let request_id = answer.element("RequestId").unwrap();
    assert_eq!(
        answer.text,
        format!(
            "<EnableOutboundWebIdentityFederationResponse \
             xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <EnableOutboundWebIdentityFederationResult>\
             <IssuerIdentifier>{issuer}</IssuerIdentifier>\
             </EnableOutboundWebIdentityFederationResult>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
             </EnableOutboundWebIdentityFederationResponse>\n"
        )
    );
    let answer = world.iam(ADMIN, "Enable");
    assert_eq!(answer.error(), (409, "FeatureEnabled".into()));
    assert!(
        answer.text.contains("<Type>Sender</Type>"),
        "{}",
        answer.text
    );
    let info = world.iam(ADMIN, "Get");
    assert_eq!(info.element("IssuerIdentifier").as_ref(), Some(&issuer));
    assert_eq!(info.element("JwtVendingEnabled").as_deref(), Some("true"));
    let token = world.token(DEPLOYER, DOPPLER).token();

    let answer = world.iam(ADMIN, "Disable");
    let request_id = answer.element("RequestId").unwrap();
    assert_eq!(
        answer.text,
        format!(
            "<DisableOutboundWebIdentityFederationResponse \
             xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
             </DisableOutboundWebIdentityFederationResponse>\n"
        )
    );
    not_enabled(&world);
    assert_eq!(documents(&world), published);
    assert!(world.accept(&token, "doppler").is_some());
    assert_eq!(
        world.iam(ADMIN, "Enable").element("IssuerIdentifier"),
        Some(issuer)
    );
}

#[test]
fn of_many_that_switch_at_once_one_does() {
    let folder = Folder::new("race");
    let world = World::open(&folder);
    let federation = world.drivers[0].federation();
    for to in [
        crate::config::Switch::Enabled,
        crate::config::Switch::Disabled,
    ] {
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| usize::from(federation.switch(to).is_ok())))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(done, 1);
    }
}

#[test]
fn what_a_principal_may_not_do_is_denied() {
    let folder = Folder::new("denied");
    let world = World::enabled(&folder);
    let tagged = format!("{DOPPLER}&Tags.member.1.Key=a&Tags.member.1.Value=b");
    for (answer, who, action) in [
        (
            world.token(NOBODY, DOPPLER),
            "user/nobody",
            "sts:GetWebIdentityToken",
        ),
        (
            world.token(ADMIN, DOPPLER),
            "user/admin",
            "sts:GetWebIdentityToken",
        ),
        (
            world.token(DEPLOYER, &tagged),
            "role/deployer",
            "sts:TagGetWebIdentityToken",
        ),
        (
            world.iam(DEPLOYER, "Enable"),
            "role/deployer",
            "iam:EnableOutboundWebIdentityFederation",
        ),
        (
            world.iam(NOBODY, "Disable"),
            "user/nobody",
            "iam:DisableOutboundWebIdentityFederation",
        ),
        (
            world.iam(NOBODY, "Get"),
            "user/nobody",
            "iam:GetOutboundWebIdentityFederationInfo",
        ),
    ] {
        assert_eq!(answer.error(), (403, "AccessDenied".into()));
        assert_eq!(
            answer.element("Message").unwrap(),
            format!("User: arn:aws:iam::111122223333:{who} is not authorized to perform: {action}")
        );
    }
    // Nobody switched anything.
    assert_eq!(world.token(DEPLOYER, DOPPLER).status, 200);
}

#[test]
fn no_token_outlives_the_session_and_a_session_that_has_ended_asks_for_nothing() {
    let folder = Folder::new("session");
    let mut world = World::enabled(&folder);
    let end = NOW + 7_200;
    for (now, duration, expected) in [
        (end - 3_600, 3_600, (200, "")),
        (
            end - 3_599,
            3_600,
            (403, "SessionDurationEscalationException"),
        ),
        (end - 60, 60, (200, "")),
        (end - 59, 60, (403, "SessionDurationEscalationException")),
        (end - 1, 60, (403, "SessionDurationEscalationException")),
        (end, 60, (403, "ExpiredToken")),
    ] {
        world.set_time(now);
        world.pass();
        let answer = world.token(INSTANCE, &format!("{DOPPLER}&DurationSeconds={duration}"));
        let (status, code) = expected;
        assert_eq!(
            answer.error(),
            (status, code.to_owned()),
            "{now} {}",
            answer.text
        );
    }
}

#[test]
fn a_request_is_for_one_service_one_region_and_one_version() {
    let folder = Folder::new("scope");
    let world = World::enabled(&folder);
    let form = format!("Action=GetWebIdentityToken&Version=2011-06-15&{DOPPLER}");
    let info = "Action=GetOutboundWebIdentityFederationInfo&Version=2010-05-08";
    let ask = |key: Key, region: &str, service: &str, body: &str| {
        let request = Request::post("/")
            .header("content-type", FORM)
            .header("host", "h");
        let mut head = request.body(()).unwrap().into_parts().0;
        sign_at(
            &mut head,
            body.as_bytes(),
            key,
            region,
            service,
            world.now(),
        );
        let answer = world.send(Request::from_parts(head, Body::from(body.to_owned())));
        answer.error()
    };
    for (region, service, body, expected) in [
        (REGION, "sts", &*form, (200, "")),
        ("eu-west-1", "sts", &form, (200, "")),
        ("us-east-1", "sts", &form, (403, "SignatureDoesNotMatch")),
        (REGION, "s3", &form, (403, "SignatureDoesNotMatch")),
        (REGION, "iam", &form, (400, "InvalidAction")),
        (REGION, "sts", info, (400, "InvalidAction")),
    ] {
        let (status, code) = expected;
        let found = ask(DEPLOYER, region, service, body);
        assert_eq!(
            found,
            (status, code.to_owned()),
            "{region} {service} {body}"
        );
    }
    // IAM is one for the world.
    for region in [REGION, "us-east-1"] {
        assert_eq!(ask(ADMIN, region, "iam", info).0, 200);
    }
    let far = ask(ADMIN, "ap-south-1", "iam", info);
    assert_eq!(far, (403, "SignatureDoesNotMatch".to_owned()));
}

/// Before the first pass of the driver, and when it has not passed for too long.
#[test]
fn without_fresh_keys_the_service_is_unavailable() {
    let folder = Folder::new("stale");
    let mut world = World::enabled(&folder);
    world.set_time(NOW + 86_400);
    let answer = world.token(DEPLOYER, DOPPLER);
    assert_eq!(answer.error(), (503, "ServiceUnavailable".into()));
    assert!(
        answer.text.contains("<Type>Receiver</Type>"),
        "{}",
        answer.text
    );
    world.pass();
    assert_eq!(world.token(DEPLOYER, DOPPLER).status, 200);
}

#[test]
fn behind_a_proxy_the_issuers_have_its_name() {
    let folder = Folder::new("public");
    let base = "https://tokens.example/aws";
    let mut config = config();
    config["public_url"] = json!(base);
    let world = World::with(&folder, &config, base);
    assert_eq!(world.iam(ADMIN, "Enable").status, 200);
    let token = world.token(DEPLOYER, DOPPLER).token();
    assert_eq!(
        world.accept(&token, "doppler").unwrap()["iss"],
        world.issuer(0)
    );
    assert!(world.issuer(0).starts_with("https://tokens.example/aws/"));
}

/// A client that says how long its body is, and does not send it.
#[test]
fn a_body_comes_in_time_or_not_at_all() {
    let folder = Folder::new("slow");
    let world = World::open(&folder);
    let longest = format!("content-length: {MAX_BODY_BYTES}\r\n\r\nAction=");
    let too_long = format!("content-length: {}\r\n\r\nAction=", MAX_BODY_BYTES + 1);
    for (sent, expected) in [
        (
            "content-length: 10\r\n\r\nAction=",
            "HTTP/1.1 408 Request Timeout",
        ),
        (&longest, "HTTP/1.1 408 Request Timeout"),
        // It is not waited for, nor asked for: RFC 9110 section 10.1.1.
        (&too_long, "HTTP/1.1 413 Payload Too Large"),
        (
            &format!("expect: 100-continue\r\n{too_long}"),
            "HTTP/1.1 413 Payload Too Large",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\nAc\r\n",
            "HTTP/1.1 408 Request Timeout",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n2\r\nAc\r\nZ",
            "HTTP/1.1 400 Bad Request",
        ),
    ] {
        let answer = world.runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let serving = axum::serve(listener, world.router.clone());
            let serving = tokio::spawn(async move { serving.await });
            let mut client = TcpStream::connect(address).await.unwrap();
            let head = format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-type: {FORM}\r\n{sent}");
            client.write_all(head.as_bytes()).await.unwrap();
            let mut answer = vec![0; 4096];
            let read = client.read(&mut answer).await.unwrap();
            serving.abort();
            String::from_utf8_lossy(&answer[..read]).into_owned()
        });
        assert!(answer.starts_with(expected), "{answer}");
    }
}

/// AWS's documentation of tokens: each has a `jti` of its own.
#[test]
fn requests_at_once_get_tokens_of_their_own() {
    let folder = Folder::new("parallel");
    let world = World::enabled(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let body = format!("Action=GetWebIdentityToken&Version=2011-06-15&{DOPPLER}");
    let (head, body) = world.signed(DEPLOYER, "sts", body.as_bytes());
    let asked: Vec<_> = (0..32)
        .map(|_| {
            let request = Request::from_parts(head.clone(), Body::from(body.clone()));
            runtime.spawn(world.router.clone().oneshot(request))
        })
        .collect();
    let mut tokens = std::collections::BTreeSet::new();
    for answer in asked {
        let response = runtime.block_on(answer).unwrap().unwrap();
        assert_eq!(response.status(), 200);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX);
        tokens.insert(runtime.block_on(body).unwrap());
    }
    assert_eq!(tokens.len(), 32);
}
