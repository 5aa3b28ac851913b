//! Every limit, at it and one past it.

use axum::body::Body;
use http::Request;

use super::world::{DEPLOYER, Folder, INSTANCE, REGION, World, sign_at};
use crate::common::NOW;
use crate::service::MAX_BODY_BYTES;

fn audiences(count: usize, length: usize) -> String {
    let parameter = |n: usize| {
        // They differ, and count characters, not bytes.
        let name = format!("{n:0>2}{}", "%C3%A9".repeat(length - 2));
        format!("Audience.member.{n}={name}&")
    };
    (1..=count).map(parameter).collect()
}

fn tags(count: usize, key: usize, value: usize) -> String {
    let parameter = |n: usize| {
        let key = format!("{n:0>2}{}", "k".repeat(key - 2));
        let value = "v".repeat(value);
        format!("&Tags.member.{n}.Key={key}&Tags.member.{n}.Value={value}")
    };
    (1..=count).map(parameter).collect()
}

/// What to ask for, and the message of the `ValidationError` for it.
type Case = (String, Result<(), &'static str>);

fn check(cases: &[Case]) {
    let folder = Folder::new(&format!("limits-{}", cases.len()));
    let world = World::enabled(&folder);
    for (parameters, expected) in cases {
        let answer = world.token(INSTANCE, parameters);
        match expected {
            Ok(()) => assert_eq!(answer.token().split('.').count(), 3),
            Err(message) => {
                assert_eq!(
                    answer.error(),
                    (400, "ValidationError".into()),
                    "{parameters}"
                );
                assert_eq!(
                    answer.element("Message").as_deref(),
                    Some(*message),
                    "{parameters}"
                );
            }
        }
    }
}

/// botocore, `sts/2011-06-15`.
#[test]
fn audiences_algorithm_and_duration_keep_the_limits_of_the_model() {
    let one = "Audience.member.1=doppler&";
    let es384 = "SigningAlgorithm=ES384";
    check(&[
        (es384.to_owned(), Err("`Audience` has 1 to 10 members")),
        (
            format!("Audience=&{es384}"),
            Err("`Audience` has 1 to 10 members"),
        ),
        (audiences(10, 2) + es384, Ok(())),
        (
            audiences(11, 2) + es384,
            Err("`Audience` has 1 to 10 members"),
        ),
        (
            format!("Audience.member.1=&{es384}"),
            Err("`Audience` member 0 is not 1 to 1000 characters"),
        ),
        (format!("Audience.member.1=a&{es384}"), Ok(())),
        (audiences(1, 1_000) + es384, Ok(())),
        (
            audiences(1, 1_001) + es384,
            Err("`Audience` member 0 is not 1 to 1000 characters"),
        ),
        // Of the model's characters these alone are in no token.
        (
            format!("Audience.member.1=a%0Ab&{es384}"),
            Err(
                "a claim of the caller or of the request cannot be in a token: `aud` name 0 is not 1 to \
                 4000 bytes without control characters",
            ),
        ),
        (
            format!("{one}Audience.member.2=doppler&{es384}"),
            Err("`Audience` member 1 is there already"),
        ),
        (
            one.trim_end_matches('&').to_owned(),
            Err("`SigningAlgorithm` is `RS256` or `ES384`"),
        ),
        (
            format!("{one}SigningAlgorithm="),
            Err("`SigningAlgorithm` is `RS256` or `ES384`"),
        ),
        (
            format!("{one}SigningAlgorithm=ES256"),
            Err("`SigningAlgorithm` is `RS256` or `ES384`"),
        ),
        (
            format!("{one}SigningAlgorithm=es384"),
            Err("`SigningAlgorithm` is `RS256` or `ES384`"),
        ),
        (
            format!("{one}SigningAlgorithm=none"),
            Err("`SigningAlgorithm` is `RS256` or `ES384`"),
        ),
        (
            format!("{one}{es384}&DurationSeconds=59"),
            Err("`DurationSeconds` is 60 to 3600"),
        ),
        (format!("{one}{es384}&DurationSeconds=60"), Ok(())),
        (format!("{one}{es384}&DurationSeconds=3600"), Ok(())),
        (
            format!("{one}{es384}&DurationSeconds=3601"),
            Err("`DurationSeconds` is 60 to 3600"),
        ),
        (
            format!("{one}{es384}&DurationSeconds=0"),
            Err("`DurationSeconds` is 60 to 3600"),
        ),
        (
            format!("{one}{es384}&DurationSeconds=1e3"),
            Err("`DurationSeconds` is not a whole number"),
        ),
    ]);
}

/// botocore, `sts/2011-06-15`; keys that differ in case alone are one, as of session tags.
#[test]
fn tags_keep_the_limits_of_the_model() {
    let request = "Audience.member.1=doppler&SigningAlgorithm=ES384";
    check(&[
        (format!("{request}{}", tags(50, 2, 0)), Ok(())),
        (
            format!("{request}{}", tags(51, 2, 0)),
            Err("`Tags` has at most 50 members"),
        ),
        (format!("{request}{}", tags(1, 128, 256)), Ok(())),
        (
            format!("{request}{}", tags(1, 129, 256)),
            Err("the key of `Tags` member 0 is not 1 to 128 characters"),
        ),
        (
            format!("{request}{}", tags(1, 128, 257)),
            Err("the value of `Tags` member 0 has more than 256 characters"),
        ),
        (
            format!("{request}&Tags.member.1.Key=&Tags.member.1.Value=v"),
            Err("the key of `Tags` member 0 is not 1 to 128 characters"),
        ),
        (
            format!("{request}&Tags.member.1.Key=k"),
            Err("a member of `Tags` has a `Key` and a `Value`"),
        ),
        (
            format!("{request}&Tags.member.1.Value=k"),
            Err("a member of `Tags` has a `Key` and a `Value`"),
        ),
        (
            format!("{request}&Tags.member.1.Key=k&Tags.member.1.Value=%3C"),
            Err(
                "`Tags` member 0 has a character that is no letter, digit, separator or one of \
                 `_.:/=+-@`",
            ),
        ),
        (
            format!(
                "{request}&Tags.member.1.Key=team&Tags.member.1.Value=a\
                 &Tags.member.2.Key=TEAM&Tags.member.2.Value=b"
            ),
            Err("the key of `Tags` member 1 is there already; case does not tell keys apart"),
        ),
        (
            format!("{request}&Tags.member.1.Key=%C3%A9+_.:/%3D%2B-@&Tags.member.1.Value=%D9%A5"),
            Ok(()),
        ),
    ]);
}

/// botocore: `JWTPayloadSizeExceededException`, 400. The limit is not published; ours is 8 KiB.
#[test]
fn a_payload_has_a_limit() {
    let folder = Folder::new("payload");
    let world = World::enabled(&folder);
    let ask = |tagged: &str| {
        let parameters = format!("Audience.member.1=doppler&SigningAlgorithm=ES384{tagged}");
        world.token(INSTANCE, &parameters)
    };
    let code = "JWTPayloadSizeExceededException".to_owned();
    assert_eq!(ask(&tags(50, 128, 256)).error(), (400, code.clone()));
    // The longest value of a tag that still fits, to the byte.
    let fits = |length: usize| ask(&(tags(21, 128, 210) + &last_tag(length))).status == 200;
    let longest = (0..256).rev().find(|length| fits(*length)).unwrap();
    assert!(longest < 255, "the edge is among the lengths");
    let token = ask(&(tags(21, 128, 210) + &last_tag(longest))).token();
    let payload = crate::common::from_base64url(token.split('.').nth(1).unwrap());
    assert_eq!(payload.len(), 8 * 1024);
    let refused = ask(&(tags(21, 128, 210) + &last_tag(longest + 1)));
    assert_eq!(refused.error(), (400, code));
}

fn last_tag(length: usize) -> String {
    let value = "v".repeat(length);
    format!("&Tags.member.22.Key=last&Tags.member.22.Value={value}")
}

#[test]
fn a_body_is_read_up_to_its_limit() {
    let folder = Folder::new("body");
    let world = World::enabled(&folder);
    let base = "Action=GetWebIdentityToken&Version=2011-06-15&SigningAlgorithm=ES384\
                &Audience.member.1=";
    for (length, status, code) in [
        (MAX_BODY_BYTES, 400, "ValidationError"),
        (MAX_BODY_BYTES + 1, 413, "RequestEntityTooLarge"),
        (4 * MAX_BODY_BYTES, 413, "RequestEntityTooLarge"),
    ] {
        let body = format!("{base}{}", "a".repeat(length - base.len()));
        let answer = world.call(DEPLOYER, "sts", &body);
        assert_eq!(answer.error(), (status, code.to_owned()), "{length}");
    }
}

#[test]
fn a_signature_is_good_for_fifteen_minutes() {
    let folder = Folder::new("skew");
    let world = World::enabled(&folder);
    let body = "Action=GetWebIdentityToken&Version=2011-06-15&SigningAlgorithm=ES384\
                &Audience.member.1=a";
    for (skew, status, code) in [
        (-901, 403, "SignatureDoesNotMatch"),
        (-900, 200, ""),
        (900, 200, ""),
        (901, 403, "SignatureDoesNotMatch"),
    ] {
        let (mut head, body) = world.signed(DEPLOYER, "sts", body.as_bytes());
        head.headers.remove("authorization");
        let then = crate::common::at(NOW + skew);
        sign_at(&mut head, &body, DEPLOYER, REGION, "sts", then);
        let answer = world.send(Request::from_parts(head, Body::from(body)));
        assert_eq!(answer.error(), (status, code.to_owned()), "{skew}");
    }
}
