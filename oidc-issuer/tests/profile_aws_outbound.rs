//! AWS outbound federation: limits and shapes of `sts:GetWebIdentityToken` (botocore's model of
//! `sts/2011-06-15`, the IAM User Guide's "Understanding token claims", and real tokens that were
//! published).

#![expect(clippy::unwrap_used, reason = "helpers of a test program")]

mod common;

use common::{at, issuer, parts};
use oidc_core::Algorithm;
use oidc_issuer::JwtId;
use oidc_issuer::profile::aws_outbound::{Account, Caller, WebIdentityTokenRequest};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = common::NOW;
const ROLE: &str = "arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc";

fn account() -> Account {
    Account::new("111122223333").unwrap()
}

fn caller() -> Caller {
    Caller::role(ROLE, "eu-north-1").unwrap()
}

fn request() -> WebIdentityTokenRequest {
    WebIdentityTokenRequest::new(["doppler"], "ES384").unwrap()
}

fn jwt_id() -> JwtId {
    JwtId::new("6d0a1d5a-0f43-4c43-8c2f-6d3a64d4e0b1").unwrap()
}

/// The claims of the token, or the service's code and status.
fn mint(
    account: &Account,
    caller: &Caller,
    request: &WebIdentityTokenRequest,
) -> Result<(Value, Value), (&'static str, u16)> {
    let issuer = issuer([Algorithm::Es384, Algorithm::Rs256]);
    account
        .token_spec(caller, request, jwt_id(), at(NOW))
        .and_then(|spec| Ok(issuer.issue(&spec, at(NOW))?))
        .map(|token| parts(&token))
        .map_err(|error| (error.aws_code(), error.http_status()))
}

#[test]
fn the_token_of_an_ec2_role_is_shaped_as_real_ones() {
    let caller = caller()
        .with_session_expiry(at(NOW + 3_600))
        .with_organization("o-a1b2c3d4e5", ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"])
        .with_ec2_instance("arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890")
        .with_ec2_network("vpc-0a1b2c3d", "10.0.1.25".parse().unwrap())
        .with_principal_tag("team", "old")
        .with_principal_tag("team", "data");
    let request = request().with_tag("job-id", "42").unwrap();
    let (header, claims) = mint(&account(), &caller, &request).unwrap();
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("ES384"), &json!("JWT"))
    );
    assert_eq!(
        claims,
        json!({
            "iss": common::ISSUER,
            "aud": "doppler",
            "sub": ROLE,
            "iat": NOW,
            "exp": NOW + 300,
            "jti": "6d0a1d5a-0f43-4c43-8c2f-6d3a64d4e0b1",
            "https://sts.amazonaws.com/": {
                "aws_account": "111122223333",
                "source_region": "eu-north-1",
                "principal_id": ROLE,
                "original_session_exp": "2026-09-21T15:13:20Z",
                "org_id": "o-a1b2c3d4e5",
                "ou_path": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"],
                "ec2_source_instance_arn":
                    "arn:aws:ec2:eu-north-1:111122223333:instance/i-0abc1234def567890",
                "ec2_instance_source_vpc": "vpc-0a1b2c3d",
                "ec2_instance_source_private_ipv4": "10.0.1.25",
                "ec2_role_delivery": "2.0",
                "principal_tags": {"team": "data"},
                "request_tags": {"job-id": "42"}
            }
        })
    );
}

#[test]
fn every_other_source_of_credentials_has_its_member() {
    for (caller, expected) in [
        (
            caller().with_lambda_function("arn:aws:lambda:eu-north-1:111122223333:function:f"),
            json!({"lambda_source_function_arn": "arn:aws:lambda:eu-north-1:111122223333:function:f"}),
        ),
        (
            caller().with_glue_job(),
            json!({"glue_credential_issuing_service": "glue.amazonaws.com"}),
        ),
        (
            caller().with_federated_provider("arn:aws:iam::111122223333:oidc-provider/ci.example"),
            json!({"federated_provider": "arn:aws:iam::111122223333:oidc-provider/ci.example"}),
        ),
        (
            caller().with_identity_store_user(
                "arn:aws:identitystore::111122223333:identitystore/d-1",
                "u-1",
            ),
            json!({"identity_store_arn": "arn:aws:identitystore::111122223333:identitystore/d-1",
                   "identity_store_user_id": "u-1"}),
        ),
        (
            caller().with_source_identity("alice"),
            json!({"source_identity": "alice"}),
        ),
    ] {
        let (_, claims) = mint(&account(), &caller, &request()).unwrap();
        let namespace = claims.pointer("/https:~1~1sts.amazonaws.com~1").unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&namespace[name], value);
        }
        // What was not set is not there.
        assert_eq!(namespace.get("org_id"), None);
        assert_eq!(namespace.get("request_tags"), None);
    }
}

/// Row "audience count": 1 to 10, each of 1 to 1,000 characters.
#[test]
fn audiences_are_1_to_10_of_1_to_1000_characters() {
    let of = |count: usize, length: usize| {
        let names = (0..count).map(|index| format!("{}{index}", "é".repeat(length - 1)));
        WebIdentityTokenRequest::new(names, "RS256")
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(of(1, 1), Ok(()));
    assert_eq!(of(10, 1_000), Ok(()));
    let count = Err("`Audience` has 1 to 10 members".to_owned());
    assert_eq!(of(0, 1), count);
    assert_eq!(of(11, 1), count);
    let long = "`Audience` member 0 is not 1 to 1000 characters".to_owned();
    assert_eq!(of(1, 1_001), Err(long.clone()));
    let empty = WebIdentityTokenRequest::new([""], "RS256").unwrap_err();
    assert_eq!(empty.to_string(), long);
    // 1,000 characters of four bytes make a token too.
    let wide = "\u{1f511}".repeat(1_000);
    let request = WebIdentityTokenRequest::new([wide.as_str()], "RS256").unwrap();
    let (_, claims) = mint(&account(), &caller(), &request).unwrap();
    assert_eq!(claims["aud"], json!(wide));
}

/// Row "aud shape".
#[test]
fn one_audience_is_a_string_and_several_are_an_array() {
    for (names, expected) in [(vec!["a"], json!("a")), (vec!["b", "a"], json!(["b", "a"]))] {
        let request = WebIdentityTokenRequest::new(names, "RS256").unwrap();
        assert_eq!(
            mint(&account(), &caller(), &request).unwrap().1["aud"],
            expected
        );
    }
    let twice = WebIdentityTokenRequest::new(["a", "b", "a"], "RS256").unwrap_err();
    assert_eq!(
        (twice.aws_code(), twice.http_status(), &*twice.to_string()),
        (
            "ValidationError",
            400,
            "`Audience` member 2 is there already"
        )
    );
}

/// Row "duration".
#[test]
fn the_duration_is_60_to_3600_seconds_and_300_unless_asked() {
    for (seconds, ok) in [
        (59, false),
        (60, true),
        (3_600, true),
        (3_601, false),
        (0, false),
    ] {
        match request().with_duration_seconds(seconds) {
            Ok(request) => {
                assert!(ok, "{seconds}");
                let (_, claims) = mint(&account(), &caller(), &request).unwrap();
                assert_eq!(claims["exp"], json!(NOW + i64::try_from(seconds).unwrap()));
            }
            Err(error) => {
                assert!(!ok, "{seconds}");
                assert_eq!(error.to_string(), "`DurationSeconds` is 60 to 3600");
            }
        }
    }
    assert_eq!(request().duration().as_secs(), 300);
}

/// Row "alg".
#[test]
fn the_algorithm_is_rs256_or_es384() {
    for (name, ok) in [
        ("RS256", true),
        ("ES384", true),
        ("ES256", false),
        ("RS384", false),
        ("rs256", false),
        ("none", false),
        ("", false),
    ] {
        let made = WebIdentityTokenRequest::new(["a"], name);
        assert_eq!(made.is_ok(), ok, "{name}");
    }
    for name in ["RS256", "ES384"] {
        let request = WebIdentityTokenRequest::new(["a"], name).unwrap();
        assert_eq!(
            mint(&account(), &caller(), &request).unwrap().0["alg"],
            name
        );
    }
}

/// Row "session cap".
#[test]
fn no_token_outlives_the_session_of_its_caller() {
    let escalation = Err(("SessionDurationEscalationException", 403));
    for (left, asked, ok) in [
        (100, 300, false),
        (300, 300, true),
        (299, 300, false),
        (100, 60, true),
    ] {
        let caller = caller().with_session_expiry(at(NOW + left));
        let request = request().with_duration_seconds(asked).unwrap();
        let outcome = mint(&account(), &caller, &request);
        assert_eq!(outcome.is_ok(), ok, "{left} {asked}");
        if !ok {
            assert_eq!(outcome, escalation);
        }
    }
}

/// Row "disabled account", and the switch itself.
#[test]
fn a_disabled_account_hands_out_nothing_and_is_switched_once() {
    let mut account = account();
    assert!(account.is_enabled());
    let error = account.enable().unwrap_err();
    assert_eq!(
        (error.aws_code(), error.http_status()),
        ("FeatureEnabled", 409)
    );
    account.disable().unwrap();
    let error = account.disable().unwrap_err();
    assert_eq!(
        (error.aws_code(), error.http_status()),
        ("FeatureDisabled", 404)
    );
    assert_eq!(
        mint(&account, &caller(), &request()),
        Err(("OutboundWebIdentityFederationDisabledException", 403))
    );
    account.enable().unwrap();
    assert!(mint(&account, &caller(), &request()).is_ok());
}

#[test]
fn a_caller_of_another_account_is_refused() {
    let other = Account::new("444455556666").unwrap();
    assert_eq!(
        mint(&other, &caller(), &request()),
        Err(("AccessDenied", 403))
    );
}

/// Row "tags".
#[test]
fn tags_have_their_lengths_their_characters_and_keys_that_differ_in_more_than_case() {
    let tag = |key: &str, value: &str| {
        let made = request()
            .with_tag("first", "1")
            .unwrap()
            .with_tag(key, value);
        made.map_or_else(|error| error.to_string(), |_| String::new())
    };
    assert_eq!(tag("k", ""), "");
    assert_eq!(tag(&"k".repeat(128), &"v".repeat(256)), "");
    assert_eq!(tag("über key_.:/=+-@9", "\u{3000}ﬁ½"), "");
    let key_length = "the key of `Tags` member 1 is not 1 to 128 characters";
    assert_eq!(tag("", "v"), key_length);
    assert_eq!(tag(&"é".repeat(129), "v"), key_length);
    assert_eq!(
        tag("k", &"v".repeat(257)),
        "the value of `Tags` member 1 has more than 256 characters"
    );
    let character =
        "`Tags` member 1 has a character that is no letter, digit, separator or one of `_.:/=+-@`";
    for bad in [
        "a*b",
        "a\tb",
        "a\nb",
        "a\u{0}b",
        "a\"b",
        "a{b",
        "a\u{200b}b",
        "a,b",
        "\u{85}",
    ] {
        assert_eq!(tag(bad, "v"), character, "{bad:?}");
        assert_eq!(tag("k", bad), character, "{bad:?}");
    }
    let twice = "the key of `Tags` member 1 is there already; case does not tell keys apart";
    for same in ["first", "FIRST", "First"] {
        assert_eq!(tag(same, "2"), twice);
    }
    let many = (0..50).try_fold(request(), |request, index| {
        request.with_tag(&format!("k{index}"), "v")
    });
    let error = many.unwrap().with_tag("one more", "v").unwrap_err();
    assert_eq!(error.to_string(), "`Tags` has at most 50 members");
}

/// Row "payload cap": 50 tags of full size.
#[test]
fn a_payload_above_the_limit_has_its_own_error() {
    let full = |count: usize| {
        (0..count).fold(request(), |request, index| {
            let key = format!("{}{index:02}", "k".repeat(126));
            request.with_tag(&key, &"v".repeat(256)).unwrap()
        })
    };
    let too_large = Err(("JWTPayloadSizeExceededException", 400));
    assert_eq!(mint(&account(), &caller(), &full(50)), too_large);
    assert!(mint(&account(), &caller(), &full(10)).is_ok());
    // Exactly at the limit, and one below.
    let (_, claims) = mint(&account(), &caller(), &full(1)).unwrap();
    let issuer = issuer([Algorithm::Es384]);
    let spec = account()
        .token_spec(&caller(), &full(1), jwt_id(), at(NOW))
        .unwrap();
    let length = common::payload(&issuer.issue(&spec, at(NOW)).unwrap()).len();
    let with = |max| mint(&account().with_max_payload_bytes(max), &caller(), &full(1));
    assert_eq!(with(length).unwrap().1, claims);
    assert_eq!(with(length - 1), too_large);
}

/// Row "sub for roles".
#[test]
fn the_subject_is_the_role_with_its_path_and_never_the_session() {
    let session = "arn:aws:sts::111122223333:assumed-role/ec2-doppler-oidc/i-0abc";
    let error = Caller::role(session, "eu-north-1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ARN of a session lacks the role's path: give the role's ARN"
    );
    let subject = |path| {
        Caller::from_session(session, path, "eu-north-1").map(|caller| caller.subject().to_owned())
    };
    assert_eq!(subject("/ci/").unwrap(), ROLE);
    assert_eq!(
        subject("/").unwrap(),
        "arn:aws:iam::111122223333:role/ec2-doppler-oidc"
    );
    let sso = "/aws-reserved/sso.amazonaws.com/eu-north-1/";
    assert!(
        subject(sso)
            .unwrap()
            .contains("role/aws-reserved/sso.amazonaws.com/")
    );
    for path in ["", "ci/", "/ci"] {
        assert_eq!(subject(path).unwrap_err().code(), "path");
    }
    for wrong in [
        "",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/x/",
        "arn:aws:iam::111122223333:user/x",
        "arn:aws:iam:eu-north-1:111122223333:role/x",
        "arn:gcp:iam::111122223333:role/x",
        "arn:aws:iam::111122223333:role/a b",
    ] {
        assert_eq!(
            Caller::role(wrong, "eu-north-1").unwrap_err().code(),
            "arn",
            "{wrong}"
        );
    }
    let short = Caller::role("arn:aws:iam::11112222333:role/x", "eu-north-1").unwrap_err();
    assert_eq!(short.code(), "account");
    assert_eq!(Caller::role(ROLE, "EU").unwrap_err().code(), "region");
    let china = Caller::role("arn:aws-cn:iam::111122223333:role/x", "cn-north-1").unwrap();
    assert_eq!(china.account(), "111122223333");
    let user = Caller::user("arn:aws:iam::111122223333:user/ops/alice", "eu-north-1").unwrap();
    assert_eq!(user.subject(), "arn:aws:iam::111122223333:user/ops/alice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever tags a request takes, the token says just them, below the namespace.
    #[test]
    fn accepted_tags_come_out_as_they_went_in(
        tags in prop::collection::btree_map("[a-z0-9_.:/=+@ -]{1,12}", "\\PC{0,16}", 0..8)
    ) {
        let mut request = request();
        let mut taken = serde_json::Map::new();
        for (key, value) in &tags {
            if let Ok(next) = request.clone().with_tag(key, value) {
                request = next;
                taken.insert(key.clone(), json!(value));
            }
        }
        let (_, claims) = mint(&account(), &caller(), &request).unwrap();
        let found = claims.pointer("/https:~1~1sts.amazonaws.com~1/request_tags");
        prop_assert_eq!(found.cloned().unwrap_or(json!({})), Value::Object(taken));
    }
}
