//! The limits of the API, from both sides.

use std::fmt::Write as _;

use crate::world::*;

/// Is granted.
pub(crate) fn good() -> Call {
    assume(BATCH, &signed(&job()))
}

/// API of AWS STS, `AssumeRoleWithWebIdentity`.
#[tokio::test(start_paused = true)]
async fn each_parameter_is_within_its_limits_or_named() {
    let world = World::new();
    let policy = r#"{"Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}"#;
    let managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let role = |name: usize| format!("arn:aws:iam::111122223333:role/{}", "r".repeat(name));
    let value_at = |name: &str, constraint: &str| {
        format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must {constraint}"
        )
    };
    let (at_least, at_most) = (
        |n: usize| format!("have length greater than or equal to {n}"),
        |n: usize| format!("have length less than or equal to {n}"),
    );
    let pattern = "satisfy regular expression pattern: [\\w+=,.@-]*".to_owned();
    let arn = "Request ARN is invalid".to_owned();
    for (name, value, fault) in [
        ("RoleSessionName", "ab".to_owned(), None),
        ("RoleSessionName", "Az09_+=,.@-".to_owned(), None),
        ("RoleSessionName", "a".repeat(64), None),
        (
            "RoleSessionName",
            "a".to_owned(),
            Some(value_at("roleSessionName", &at_least(2))),
        ),
        (
            "RoleSessionName",
            "a".repeat(65),
            Some(value_at("roleSessionName", &at_most(64))),
        ),
        (
            "RoleSessionName",
            "a b".to_owned(),
            Some(value_at("roleSessionName", &pattern)),
        ),
        (
            "RoleSessionName",
            "a/b".to_owned(),
            Some(value_at("roleSessionName", &pattern)),
        ),
        (
            "RoleSessionName",
            "éé".to_owned(),
            Some(value_at("roleSessionName", &pattern)),
        ),
        ("DurationSeconds", "900".to_owned(), None),
        ("DurationSeconds", "43200".to_owned(), None),
        (
            "DurationSeconds",
            "899".to_owned(),
            Some(value_at(
                "durationSeconds",
                "have value greater than or equal to 900",
            )),
        ),
        (
            "DurationSeconds",
            "43201".to_owned(),
            Some(value_at(
                "durationSeconds",
                "have value less than or equal to 43200",
            )),
        ),
        (
            "DurationSeconds",
            "0".to_owned(),
            Some(value_at(
                "durationSeconds",
                "have value greater than or equal to 900",
            )),
        ),
        (
            "DurationSeconds",
            "1h".to_owned(),
            Some("`DurationSeconds` is not a whole number".to_owned()),
        ),
        (
            "DurationSeconds",
            "-900".to_owned(),
            Some("`DurationSeconds` is not a whole number".to_owned()),
        ),
        (
            "DurationSeconds",
            "99999999999999999999999".to_owned(),
            Some("`DurationSeconds` is not a whole number".to_owned()),
        ),
        ("Policy", policy.to_owned(), None),
        (
            "Policy",
            format!("{policy}{}", " ".repeat(2_048 - policy.len())),
            None,
        ),
        (
            "Policy",
            format!("{policy}{}", " ".repeat(2_049 - policy.len())),
            Some(value_at("policy", &at_most(2_048))),
        ),
        (
            "Policy",
            String::new(),
            Some(value_at("policy", &at_least(1))),
        ),
        // Characters are counted, and not their bytes.
        (
            "Policy",
            named_policy(&"\u{ff}".repeat(2_048 - NAMELESS)),
            None,
        ),
        (
            "Policy",
            named_policy(&"\u{ff}".repeat(2_049 - NAMELESS)),
            Some(value_at("policy", &at_most(2_048))),
        ),
        (
            "Policy",
            named_policy("\u{7f}\u{80}\u{ff}") + "\t\r\n",
            None,
        ),
        (
            "Policy",
            named_policy("\u{100}"),
            Some(value_at("policy", POLICY_CHARACTERS)),
        ),
        (
            "Policy",
            named_policy("") + "\u{1f}",
            Some(value_at("policy", POLICY_CHARACTERS)),
        ),
        ("PolicyArns.member.1.arn", managed.to_owned(), None),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::111122223333:policy/team/a".to_owned(),
            None,
        ),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::444455556666:policy/a".to_owned(),
            Some("Policy ARN is invalid".to_owned()),
        ),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:role/ReadOnlyAccess".to_owned(),
            Some("Policy ARN is invalid".to_owned()),
        ),
        (
            "PolicyArns.member.1.arn",
            "a".repeat(19),
            Some(value_at(
                "policyArns",
                "have members of 20 to 2048 characters",
            )),
        ),
        (
            "PolicyArns.member.1.arn",
            "a".repeat(2_049),
            Some(value_at(
                "policyArns",
                "have members of 20 to 2048 characters",
            )),
        ),
        (
            "RoleArn",
            "a".repeat(19),
            Some(value_at("roleArn", &at_least(20))),
        ),
        (
            "RoleArn",
            "a".repeat(2_049),
            Some(value_at("roleArn", &at_most(2_048))),
        ),
        ("RoleArn", "a".repeat(20), Some(arn.clone())),
        ("RoleArn", role(65), Some(arn.clone())),
        (
            "RoleArn",
            "arn:aws:iam::111122223333:role/*".to_owned(),
            Some(arn),
        ),
        (
            "WebIdentityToken",
            "abc".to_owned(),
            Some(value_at("webIdentityToken", &at_least(4))),
        ),
        (
            "WebIdentityToken",
            "a".repeat(20_001),
            Some(value_at("webIdentityToken", &at_most(20_000))),
        ),
        (
            "ProviderId",
            "abc".to_owned(),
            Some(value_at("providerId", &at_least(4))),
        ),
        (
            "ProviderId",
            "a".repeat(2_049),
            Some(value_at("providerId", &at_most(2_048))),
        ),
    ] {
        let answer = world.call(&with(&good(), name, &value)).await;
        let shown = value.chars().take(30).collect::<String>();
        match fault {
            None => assert_eq!(answer.status, 200, "{name} {shown} {}", world.take_log()),
            Some(fault) => {
                assert_eq!(
                    answer.refusal(),
                    (400, "ValidationError".to_owned()),
                    "{name} {shown}"
                );
                assert_eq!(answer.text("Message"), Some(fault), "{name} {shown}");
            }
        }
    }
    // As long as may be, and then it is a token to be judged.
    for length in [4, 20_000] {
        let answer = world
            .call(&with(&good(), "WebIdentityToken", &"a".repeat(length)))
            .await;
        assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
    }
    let padded = |bytes: usize| {
        let token = signed(&job().with("pad", "\"\""));
        let claims = job().with(
            "pad",
            &format!("\"{}\"", "a".repeat((bytes - token.len()) / 4 * 3)),
        );
        signed(&claims)
    };
    let token = padded(19_990);
    assert!((19_900..=20_000).contains(&token.len()), "{}", token.len());
    world.granted(&assume(BATCH, &token)).await;
}

#[tokio::test(start_paused = true)]
async fn all_that_is_missing_is_said_at_once() {
    let world = World::new();
    for name in ["RoleArn", "RoleSessionName", "WebIdentityToken"] {
        let answer = world.call(&without(&good(), name)).await;
        assert_eq!(
            answer.refusal(),
            (400, "ValidationError".to_owned()),
            "{name}"
        );
    }
    let answer = world
        .send(post("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"))
        .await;
    assert_eq!(
        answer.text("Message").as_deref(),
        Some(
            "3 validation errors detected: \
             Value at 'roleArn' failed to satisfy constraint: Member must not be null; \
             Value at 'roleSessionName' failed to satisfy constraint: Member must not be null; \
             Value at 'webIdentityToken' failed to satisfy constraint: Member must not be null"
        )
    );
}

const POLICY_CHARACTERS: &str =
    "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";

/// The characters of a policy beside its name.
const NAMELESS: usize = 68;

fn named_policy(name: &str) -> String {
    format!(r#"{{"Id":"{name}","Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}"#)
}

/// API reference of STS, `Policy`: "The plaintext that you use for both inline and managed session
/// policies can't exceed 2,048 characters."
#[tokio::test(start_paused = true)]
async fn policies_share_a_limit_whether_they_are_written_or_named() {
    let world = World::new();
    assert_eq!(named_policy("").len(), NAMELESS);
    let managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    for (chars, expected) in [(2_048, None), (2_049, Some("PackedPolicyTooLarge"))] {
        let inline = named_policy(&"n".repeat(chars - managed.len() - NAMELESS));
        let call = with(&good(), "Policy", &inline);
        let call = with(&call, "PolicyArns.member.1.arn", managed);
        let answer = world.call(&call).await;
        assert_eq!(answer.text("Code").as_deref(), expected, "{}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn ten_policy_arns_are_taken_and_not_eleven() {
    let world = World::new();
    for (count, status) in [(10, 200), (11, 400)] {
        let mut call = form(&good());
        for number in 1..=count {
            let arn = "arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess";
            let _ = write!(call, "&PolicyArns.member.{number}.arn={arn}");
        }
        let answer = world.send(post(&call)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

/// Recorded: what the service says to a JWT that comes with the name of a provider of opaque tokens.
#[tokio::test(start_paused = true)]
async fn the_name_of_another_provider_is_refused_as_aws_does() {
    let world = World::new();
    for (host, status, code) in [
        ("www.amazon.com", 400, "InvalidIdentityToken"),
        ("graph.facebook.com", 403, "IDPRejectedClaim"),
        ("ci.example", 403, "AccessDenied"),
    ] {
        let answer = world.call(&with(&good(), "ProviderId", host)).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{host}");
    }
}

/// Neither a token nor a secret is repeated to anyone.
#[tokio::test(start_paused = true)]
async fn no_token_is_in_an_answer_or_a_log() {
    let world = World::new();
    let token = signed(&job());
    let forged = format!("{token}A");
    let signature = token.rsplit('.').next().unwrap();
    let calls = [
        assume(BATCH, &token),
        assume(BATCH, &forged),
        assume("arn:aws:iam::111122223333:role/other", &token),
        with(&assume(BATCH, &token), "RoleSessionName", "a b"),
        with(&assume(BATCH, &token), "Surplus", &token),
    ];
    for call in calls {
        let answer = world.call(&call).await;
        let log = world.take_log();
        for text in [&answer.body, &log] {
            assert!(!text.contains(&signature[..20]), "{text}");
        }
        if answer.status == 200 {
            let credentials = answer.credentials();
            assert!(!log.contains(&credentials.secret_access_key));
            assert!(!log.contains(&credentials.session_token));
        }
    }
}
