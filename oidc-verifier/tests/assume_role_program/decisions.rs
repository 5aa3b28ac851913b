//! Who gets a role, and what everybody else is told. Codes and messages: the API of AWS STS, and what
//! was recorded on the real service.

use std::time::Duration;

use oidc_core::Algorithm;
use serde_json::json;

use crate::session_policy::SessionPolicies;
use crate::sessions::SessionKey;
use crate::support;
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn a_token_becomes_a_session_of_the_role() {
    let world = World::new();
    let answer = world.call(&assume(BATCH, &signed(&job()))).await;
    let Answer { status, body } = &answer;
    assert_eq!(*status, 200, "{body}");
    let credentials = answer.credentials();
    let request_id = answer.text("RequestId").unwrap();
    let expected = format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult>\
         <Audience>sts.amazonaws.com</Audience>\
         <AssumedRoleUser>\
         <AssumedRoleId>AROAEXAMPLEBATCH0001:run-42</AssumedRoleId>\
         <Arn>arn:aws:sts::111122223333:assumed-role/batch/run-42</Arn>\
         </AssumedRoleUser>\
         <Provider>arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8080/ci</Provider>\
         <Credentials>\
         <AccessKeyId>{}</AccessKeyId>\
         <SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken>\
         <Expiration>2026-09-21T15:13:20Z</Expiration>\
         </Credentials>\
         <SubjectFromWebIdentityToken>job-42</SubjectFromWebIdentityToken>\
         </AssumeRoleWithWebIdentityResult>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </AssumeRoleWithWebIdentityResponse>\n",
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token,
    );
    assert_eq!(*body, expected);
    assert_eq!(
        world.take_log(),
        format!(
            "{request_id} granted arn:aws:sts::111122223333:assumed-role/batch/run-42 to \"job-42\" of \
             arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8080/ci until 2026-09-21T15:13:20Z, key {}",
            credentials.access_key_id
        )
    );
}

/// Seed, "OIDC tokens with custom claims": `echo $OIDC_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"`, which the
/// AWS CLI and boto3 send as it is.
#[tokio::test(start_paused = true)]
async fn a_token_may_end_as_a_file_does() {
    let world = World::new();
    for end in ["\n", "\r\n"] {
        let token = signed(&job()) + end;
        let answer = world.call(&assume(BATCH, &token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    for token in ["\n\n\n\n".to_owned(), signed(&job()) + "\n "] {
        let answer = world.call(&assume(BATCH, &token)).await;
        let invalid = "InvalidIdentityToken".to_owned();
        assert_eq!(answer.refusal(), (400, invalid));
    }
}

/// The table of what a token can be, and the documented answer for each.
#[tokio::test(start_paused = true)]
async fn each_token_that_is_refused_has_its_code() {
    let world = World::new();
    let invalid =
        |token: String, message: &'static str| (token, 400, "InvalidIdentityToken", message);
    let (not_validated, no_key) = (
        "The web identity token provided could not be validated. See the \
         AssumeRoleWithWebIdentity documentation for requirements.",
        "Couldn't retrieve verification key from your identity provider,  please reference \
         AssumeRoleWithWebIdentity documentation for requirements",
    );
    let not_a_jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an \
                     Access Token)";
    let no_provider = "No OpenIDConnect provider found in your account for the issuer of the token";
    let signed_as = |header: serde_json::Value| {
        support::sign(
            key_of(Algorithm::Rs256),
            header.to_string(),
            job().to_json(),
        )
    };
    let date =
        |name: &str, seconds: i64| signed(&job().with(name, &(support::NOW + seconds).to_string()));
    for (token, status, code, message) in [
        invalid("a.b.c".to_owned(), not_a_jwt),
        invalid("opaque".to_owned(), not_a_jwt),
        invalid(
            signed(&job().with("iss", "\"https://other.example\"")),
            no_provider,
        ),
        invalid(
            signed(&job().with("iss", "\"http://127.0.0.1:8080/ci/\"")),
            no_provider,
        ),
        invalid(
            signed(&job().with("iss", "\"http://127.0.0.1:8081/ci\"")),
            no_provider,
        ),
        invalid(
            support::sign(
                support::foreign_key(Algorithm::Rs256),
                json!({"alg": "RS256", "kid": "rs256-canary"}).to_string(),
                job().to_json(),
            ),
            not_validated,
        ),
        invalid(signed_as(json!({"alg": "RS256", "kid": "nobody"})), no_key),
        invalid(signed_as(json!({"alg": "RS256"})), no_key),
        invalid(signed_as(json!({"alg": "none"})), not_a_jwt),
        invalid(
            signed_as(json!({"alg": "HS256", "kid": "rs256-canary"})),
            not_a_jwt,
        ),
        invalid(signed_with(key_of(Algorithm::Ps256), &job()), not_validated),
        invalid(signed(&job().with("aud", "\"other\"")), not_validated),
        invalid(
            signed(&job().with("aud", r#"["client-b","sts.amazonaws.com"]"#)),
            "Token audience contains more than one audience while authorized party is not present",
        ),
        invalid(
            signed(&job().without("sub")),
            "Missing a required claim: sub",
        ),
        invalid(
            signed(&job().without("aud")),
            "Missing a required claim: aud",
        ),
        invalid(
            signed(&job().without("exp")),
            "Missing a required claim: exp",
        ),
        invalid(
            signed(&job().without("iat")),
            "Missing a required claim: iat",
        ),
        invalid(
            signed(&job().without("iss")),
            "Missing a required claim: iss",
        ),
        invalid(
            signed(&job().with("exp", "1790000300.5")),
            "Invalid timestamp in token claims.",
        ),
        invalid(date("iat", 301), "Token issued in the future: 1790000301"),
        invalid(
            date("nbf", 301),
            "Token not yet valid: current date/time 1790000300 must be after or equal to the \
             not-before date/time",
        ),
        (
            date("exp", -300),
            400,
            "ExpiredTokenException",
            "Token expired: current date/time 1789999700 must be before the expiration date/time",
        ),
        (
            signed(&job().with("sub", "\"Job-42\"")),
            403,
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ),
    ] {
        let answer = world.call(&assume(BATCH, &token)).await;
        let log = world.take_log();
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{message}\n{log}"
        );
        assert_eq!(answer.text("Message").as_deref(), Some(message));
        let request_id = answer.text("RequestId").unwrap();
        let begin = format!("{request_id} refused {code}: ");
        assert!(log.starts_with(&begin), "{log}");
    }
    // One second on the good side of each edge.
    for token in [date("iat", 300), date("nbf", 300), date("exp", -299)] {
        world.granted(&assume(BATCH, &token)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_learns_nothing_of_the_policy_and_the_operator_all_of_it() {
    let world = World::new();
    let other = "0b1d6f63-0000-4d65-8f0e-2f8f0b9a7d11";
    let answer = world
        .call(&assume(DEPLOY, &signed(&circleci_job(other))))
        .await;
    let request_id = answer.text("RequestId").unwrap();
    assert_eq!(
        answer,
        Answer {
            status: 403,
            body: format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                 <Type>Sender</Type><Code>AccessDenied</Code>\
                 <Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>\n"
            ),
        }
    );
    let log = world.take_log();
    let first = format!("{request_id} refused AccessDenied: role `{DEPLOY}`\n");
    assert!(log.starts_with(&first), "{log}");
    for part in [
        "allow rule 0 `statement 0`: does not hold",
        "oidc.circleci.com/project-id` StringEquals",
        &format!("\"{PROJECT}\": does not hold; it is \"{other}\""),
    ] {
        assert!(log.contains(part), "{part}\n{log}");
    }
    let same_id = |line: &str| line.starts_with(&request_id);
    assert!(log.lines().all(same_id), "{log}");
}

/// Seed: a role for one project of an organisation, whose id is in the path of the issuer.
#[tokio::test(start_paused = true)]
async fn one_project_of_circleci_assumes_its_role_and_no_other_does() {
    let world = World::new();
    let answer = world
        .call(&assume(DEPLOY, &signed(&circleci_job(PROJECT))))
        .await;
    assert_eq!(answer.status, 200, "{}", world.take_log());
    assert_eq!(answer.text("Audience").as_deref(), Some(ORGANISATION));
    let provider =
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.circleci.com/org/{ORGANISATION}");
    assert_eq!(answer.text("Provider"), Some(provider));

    let good = circleci_job(PROJECT);
    let sub = |sub: String| good.with("sub", &format!("\"{sub}\""));
    for claims in [
        sub(format!("org/{ORGANISATION}/project/{PROJECT}x/user/9a1b")),
        sub(format!("org/{ORGANISATION}/project/{PROJECT}/users/9a1b")),
        sub(format!("xorg/{ORGANISATION}/project/{PROJECT}/user/9a1b")),
        sub(format!("ORG/{ORGANISATION}/project/{PROJECT}/user/9a1b")),
        sub(format!("org/{ORGANISATION}/project/*/user/9a1b")),
        good.without("oidc.circleci.com/project-id"),
        good.with("oidc.circleci.com/project-id", "null"),
        good.with("oidc.circleci.com/project-id", &format!("[\"{PROJECT}\"]")),
        good.with(
            "oidc.circleci.com/project-id",
            &format!("{{\"id\":\"{PROJECT}\"}}"),
        ),
    ] {
        let answer = world.call(&assume(DEPLOY, &signed(&claims))).await;
        assert_eq!(
            answer.refusal(),
            (403, "AccessDenied".to_owned()),
            "{claims:?}"
        );
    }
    // A token of another provider of the account, whatever it says of itself.
    let forged = circleci_job(PROJECT)
        .with("iss", &format!("\"{CI}\""))
        .with("aud", "\"client-b\"");
    let answer = world.call(&assume(DEPLOY, &signed(&forged))).await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_statement_that_denies_wins_over_one_that_allows() {
    let world = World::new();
    for (sub, granted) in [
        ("job-bad", false),
        ("job-bad2", true),
        ("job-", true),
        ("jobs", false),
    ] {
        let token = signed(&job().with("sub", &format!("\"{sub}\"")));
        let answer = world.call(&assume(BATCH, &token)).await;
        assert_eq!(answer.status == 200, granted, "{sub}");
        let log = world.take_log();
        if sub == "job-bad" {
            assert!(log.contains("`NotTheBadOne`"), "{log}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_or_an_account_that_is_not_there_says_no_more_than_aws() {
    let world = World::new();
    let token = signed(&job());
    let unknown = "arn:aws:iam::111122223333:role/unknown";
    let answer = world.call(&assume(unknown, &token)).await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
    let log = world.take_log();
    assert!(
        log.contains("no role `arn:aws:iam::111122223333:role/unknown`, asked for by \"job-42\"")
    );
    // Paths are part of the name, and names have a case.
    for other in [
        "arn:aws:iam::111122223333:role/batch",
        "arn:aws:iam::111122223333:role/ci/Batch",
    ] {
        let answer = world.call(&assume(other, &token)).await;
        assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
    }
    // Who cannot show a good token does not learn which roles there are.
    for role in [unknown, BATCH] {
        let forged = signed(&job().with("aud", "\"other\""));
        let answer = world.call(&assume(role, &forged)).await;
        assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
    }
    world.take_log();
    let nobody = "arn:aws:iam::999999999999:role/batch";
    let answer = world.call(&assume(nobody, &token)).await;
    assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
    assert_eq!(
        answer.text("Message").as_deref(),
        Some("No OpenIDConnect provider found in your account for the issuer of the token")
    );
    assert!(
        world
            .take_log()
            .ends_with("refused InvalidIdentityToken: no account 999999999999")
    );
}

/// Nor does who has no token of an issuer that is trusted learn which accounts there are.
#[tokio::test(start_paused = true)]
async fn what_is_no_token_of_a_trusted_issuer_is_refused_alike_in_every_account() {
    let world = World::new();
    let stranger = claims("https://stranger.example", "job-42", AUDIENCE);
    let good = signed(&stranger);
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let key = key_of(Algorithm::Rs256);
    let headed = |header: &str| support::sign(key, header, stranger.to_json());
    for token in [
        "none of them".to_owned(),
        "a.b.c".to_owned(),
        format!("{head}.{body}"),
        format!("{head}.{body}.{signature}.{signature}"),
        format!("{head}.{head}x.{signature}"),
        format!("{head}..{signature}"),
        signed(&stranger.with("iss", "1")),
        signed(&stranger.with("iss", "\"\"")),
        signed(&stranger.without("iss")),
        signed(&stranger.with("exp", "1")),
        signed(&stranger.with("aud", "[]")),
        headed(r#"{"alg":"none"}"#),
        headed(r#"{"alg":"RS256","crit":["x"]}"#),
        headed(r#"{"alg":"HS256","typ":"at+jwt"}"#),
        good.clone(),
    ] {
        let mut told = Vec::new();
        for account in [ACCOUNT, "999999999999"] {
            let role = format!("arn:aws:iam::{account}:role/ci/batch");
            let answer = world.call(&assume(&role, &token)).await;
            told.push((answer.refusal(), answer.text("Message")));
        }
        assert_eq!(told[0], told[1], "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_accounts_trust_one_issuer_for_different_audiences() {
    let world = World::new();
    for (role, aud, granted) in [
        (BATCH, AUDIENCE, true),
        (BATCH, "client-b", true),
        (BATCH, "elsewhere", false),
        (ELSEWHERE, "elsewhere", true),
        (ELSEWHERE, AUDIENCE, false),
    ] {
        let token = signed(&job().with("aud", &format!("\"{aud}\"")));
        let answer = world.call(&assume(role, &token)).await;
        assert_eq!(answer.status == 200, granted, "{role} {aud}");
        if !granted {
            assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
        }
    }
}

/// A trust policy speaks of the provider of one account, by its ARN, and not of an issuer.
#[tokio::test(start_paused = true)]
async fn the_provider_of_another_account_admits_nobody() {
    let arn = |account| {
        format!("arn:aws:iam::{account}:oidc-provider/oidc.circleci.com/org/{ORGANISATION}")
    };
    for (account, granted) in [(ACCOUNT, true), (OTHER_ACCOUNT, false)] {
        let mut configuration = configuration();
        let principal = "/accounts/0/roles/1/trust_policy/Statement/Principal/Federated";
        *configuration.pointer_mut(principal).unwrap() = json!(arn(account));
        let world = World::configured(&configuration, &[7; SessionKey::BYTES]);
        let answer = world
            .call(&assume(DEPLOY, &signed(&circleci_job(PROJECT))))
            .await;
        assert_eq!(answer.status == 200, granted, "{account}");
        if !granted {
            assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
            let log = world.take_log();
            let expected = format!(
                "`Principal` Federated \"{}\": does not hold",
                arn(OTHER_ACCOUNT)
            );
            assert!(log.contains(&expected), "{log}");
        }
    }
}

/// Recorded: a token with a minute left opens a session of hours.
#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_was_asked_for_and_the_role_allows() {
    let world = World::new();
    let batch = assume(BATCH, &signed(&job()));
    let named = job().with("https://aws.amazon.com/roles", &format!("\"{NAMED}\""));
    let named = assume(NAMED, &signed(&named));
    for (call, seconds, expiration) in [
        (&batch, "900", "2026-09-21T14:28:20Z"),
        (&batch, "43200", "2026-09-22T02:13:20Z"),
        (&named, "3600", "2026-09-21T15:13:20Z"),
    ] {
        let answer = world.call(&with(call, "DurationSeconds", seconds)).await;
        assert_eq!(answer.text("Expiration").as_deref(), Some(expiration));
    }
    let answer = world.call(&with(&named, "DurationSeconds", "3601")).await;
    assert_eq!(answer.refusal(), (400, "ValidationError".to_owned()));
    assert_eq!(
        answer.text("Message").as_deref(),
        Some("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    );
    // That is for those to know who may assume it.
    let stranger = assume(NAMED, &signed(&job()));
    let answer = world
        .call(&with(&stranger, "DurationSeconds", "3601"))
        .await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
}

/// IAM User Guide, passing session tags: the trust policy has to allow `sts:TagSession`.
#[tokio::test(start_paused = true)]
async fn session_tags_need_a_role_that_takes_them() {
    let world = World::new();
    let tags = r#"{"principal_tags":{"team":["data"],"Cost Center":["7"]},"transitive_tag_keys":["team"]}"#;
    let tagged = job().with("https://aws.amazon.com/tags", tags).with(
        "https://aws.amazon.com/roles",
        &format!("[\"{BATCH}\",\"{NAMED}\"]"),
    );
    let answer = world.call(&assume(BATCH, &signed(&tagged))).await;
    assert_eq!(answer.status, 200, "{}", world.take_log());
    // "team", "data", "Cost Center" and "7": 20 of 4,096 bytes, rounded up.
    assert_eq!(answer.text("PackedPolicySize").as_deref(), Some("1"));

    let untagged = tagged.without("https://aws.amazon.com/tags");
    world.granted(&assume(NAMED, &signed(&untagged))).await;
    world.take_log();
    let answer = world.call(&assume(NAMED, &signed(&tagged))).await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
    assert!(world.take_log().contains("sts:TagSession"));

    let plain = job().with(
        "https://aws.amazon.com/tags",
        r#"{"principal_tags":{"team":"data"}}"#,
    );
    let answer = world.call(&assume(BATCH, &signed(&plain))).await;
    assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn policies_and_tags_share_a_limit() {
    let world = World::new();
    let policy = |bytes: usize| {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        format!("{policy}{}", " ".repeat(bytes - policy.len()))
    };
    let tagged = |bytes: usize| {
        // Tags of 8 bytes of key and up to 256 of value.
        let mut tags = serde_json::Map::new();
        let mut left = bytes;
        while left > 0 {
            let value = left.min(264) - 8;
            tags.insert(format!("key{:05}", tags.len()), json!(["v".repeat(value)]));
            left -= value + 8;
        }
        let tags = json!({"principal_tags": tags}).to_string();
        signed(&job().with("https://aws.amazon.com/tags", &tags))
    };
    for (policy_bytes, tag_bytes, expected) in [
        (2_048, 0, Ok("50")),
        (60, 0, Ok("2")),
        (2_048, 2_048, Ok("100")),
        (2_048, 2_049, Err("101")),
        (0, 4_096, Ok("100")),
        (0, 4_097, Err("101")),
    ] {
        let token = if tag_bytes == 0 {
            signed(&job())
        } else {
            tagged(tag_bytes)
        };
        let mut call = assume(BATCH, &token);
        if policy_bytes > 0 {
            call = with(&call, "Policy", &policy(policy_bytes));
        }
        let answer = world.call(&call).await;
        match expected {
            Ok(percent) => {
                let packed = answer.text("PackedPolicySize");
                assert_eq!(
                    packed.as_deref(),
                    Some(percent),
                    "{policy_bytes} {tag_bytes}"
                );
                world.granted(&call).await;
            }
            Err(percent) => {
                assert_eq!(answer.refusal(), (400, "PackedPolicyTooLarge".to_owned()));
                let message = format!(
                    "Packed size of session policies and tags consumes {percent}% of allotted space."
                );
                assert_eq!(answer.text("Message"), Some(message));
            }
        }
    }
}

/// Whoever asks for less must not be taken for one who did not. `GetCallerIdentity` answers it all the
/// same: "No permissions are required", API reference of STS.
#[tokio::test(start_paused = true)]
async fn session_policies_stay_with_the_session() {
    let world = World::new();
    let deny = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let plain = assume(BATCH, &signed(&job()));
    let inline = with(&plain, "Policy", deny);
    let both = with(&inline, "PolicyArns.member.1.arn", managed);
    let policies = |inline: Option<&str>, managed: &[&str]| SessionPolicies {
        inline: inline.map(str::to_owned),
        managed: managed.iter().map(ToString::to_string).collect(),
    };
    for (call, expected) in [
        (plain, policies(None, &[])),
        (inline, policies(Some(deny), &[])),
        (both, policies(Some(deny), &[managed])),
    ] {
        let credentials = world.granted(&call).await;
        let key = SessionKey::new(&[7; SessionKey::BYTES]).unwrap();
        let opened = key.open(&credentials.session_token).unwrap();
        assert_eq!(opened.session.policies, expected);
        assert_eq!(world.caller(&credentials).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_identity_needs_a_role_that_takes_it() {
    let world = World::new();
    let claim = "https://aws.amazon.com/source_identity";
    let named = job().with(claim, "\"alice\"");
    let answer = world.call(&assume(BATCH, &signed(&named))).await;
    assert_eq!(answer.text("SourceIdentity").as_deref(), Some("alice"));
    let roles = named.with("https://aws.amazon.com/roles", &format!("\"{NAMED}\""));
    let answer = world.call(&assume(NAMED, &signed(&roles))).await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
    let wrong = job().with(claim, "\"a b\"");
    let answer = world.call(&assume(BATCH, &signed(&wrong))).await;
    assert_eq!(answer.refusal(), (400, "InvalidIdentityToken".to_owned()));
}

/// The claim of roles narrows what a token is good for; `sts:RoleAuthorizedByIdp` is how a trust policy
/// asks for it.
#[tokio::test(start_paused = true)]
async fn an_issuer_may_say_which_roles_a_token_is_for() {
    let world = World::new();
    let denied = (403, "AccessDenied");
    let invalid = (400, "InvalidIdentityToken");
    for (roles, role, expected) in [
        (None, BATCH, None),
        (None, NAMED, Some(denied)),
        (Some(json!(NAMED)), NAMED, None),
        (Some(json!([NAMED, BATCH])), NAMED, None),
        (Some(json!(format!(" {NAMED} ;{BATCH}"))), NAMED, None),
        (Some(json!(NAMED)), BATCH, Some(invalid)),
        (Some(json!([])), BATCH, Some(invalid)),
        (Some(json!(null)), BATCH, None),
        (Some(json!(null)), NAMED, Some(denied)),
        (
            Some(json!("arn:aws:iam::111122223333:role/*")),
            NAMED,
            Some(invalid),
        ),
    ] {
        let claims = match &roles {
            None => job(),
            Some(roles) => job().with("https://aws.amazon.com/roles", &roles.to_string()),
        };
        let answer = world.call(&assume(role, &signed(&claims))).await;
        let refusal = (answer.status != 200).then(|| answer.refusal());
        let expected = expected.map(|(status, code)| (status, code.to_owned()));
        assert_eq!(refusal, expected, "{roles:?} {role}");
    }
    let claims = job().with("https://aws.amazon.com/roles", &json!(NAMED).to_string());
    // Which other roles there are such a token does not learn.
    let nothing = "arn:aws:iam::111122223333:role/nothing";
    let [real, unreal] = [BATCH, nothing].map(|role| assume(role, &signed(&claims)));
    let (real, unreal) = (world.call(&real).await, world.call(&unreal).await);
    let told = |answer: &Answer| (answer.refusal(), answer.text("Message"));
    assert_eq!(told(&real), told(&unreal));
    // What the request says is asked too.
    let call = with(&assume(NAMED, &signed(&claims)), "RoleSessionName", "root");
    assert_eq!(
        world.call(&call).await.refusal(),
        (403, "AccessDenied".to_owned())
    );
}

/// An integer is a subject, and becomes its digits.
#[tokio::test(start_paused = true)]
async fn the_answer_says_the_subject_as_aws_reads_it() {
    let world = World::new();
    let jobs = |sub: &str| signed(&job().with("sub", sub));
    let answer = world
        .call(&assume(BATCH, &jobs(r#""job-<&\u0001>""#)))
        .await;
    assert_eq!(answer.status, 400, "a control character");
    let answer = world.call(&assume(BATCH, &jobs(r#""job-<&>""#))).await;
    assert_eq!(
        answer.text("SubjectFromWebIdentityToken").as_deref(),
        Some("job-<&>")
    );
    assert!(
        answer
            .body
            .contains("<SubjectFromWebIdentityToken>job-&lt;&amp;&gt;<")
    );
    let answer = world.call(&assume(BATCH, &jobs("123"))).await;
    assert_eq!(answer.refusal(), (403, "AccessDenied".to_owned()));
    assert!(world.take_log().contains("it is 123"));
    pass(Duration::ZERO).await;
}
