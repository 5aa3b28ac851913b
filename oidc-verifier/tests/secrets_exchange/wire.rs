//! The wire: what is sent and answered, for good and for bad.

use axum::http::StatusCode;
use base64_simd::STANDARD;
use serde_json::json;

use crate::log::{Log, MAX_LINE_BYTES};
use crate::support::{Honest, NOW, foreign_key, sign};
use crate::world::{
    DASHBOARD, IDENTITY, Lines, OTHER, SECRETS, TTL, World, configuration, get, identity, post,
    workload,
};

#[tokio::test]
async fn an_exchange_is_answered_with_a_token_that_lives_as_long_as_the_identity_says() {
    let world = World::new().await;
    let answer = world.exchange(IDENTITY, &workload().token).await;
    assert_eq!(answer.status, 200);
    let token = answer.body["token"].as_str().unwrap();
    // 2026-09-21T14:13:20Z and 10 minutes. `doppler oidc login` reads the last three, and fails without
    // one of them.
    let expected = json!({
        "success": true, "token": token, "expires_at": "2026-09-21T14:23:20.000Z",
        "dashboard_url": DASHBOARD,
    });
    assert_eq!(answer.body, expected);
    let random = token.strip_prefix("dp.said.").unwrap();
    assert_eq!(random.len(), 43);
    assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(16));

    let line = world.line();
    assert!(
        line.contains("a token for \"org/canary/project/7/user/9\""),
        "{line}"
    );
    assert!(!line.contains("dp.said."), "{line}");

    world.set_clock(NOW + TTL - 1);
    assert_eq!(world.status_of(token).await, 200);
    world.set_clock(NOW + TTL);
    assert_eq!(world.status_of(token).await, 401);
}

/// A clock that is set back lets tokens live longer, and brings none back that was refused.
#[tokio::test]
async fn a_token_that_was_refused_as_expired_stays_refused() {
    let world = World::new().await;
    let (shown, kept) = (world.exchanged().await, world.exchanged().await);
    world.set_clock(NOW + TTL - 1);
    assert_eq!(world.status_of(&shown).await, 200);
    world.set_clock(NOW + TTL);
    assert_eq!(world.status_of(&shown).await, 401);
    world.set_clock(NOW + TTL - 1);
    assert_eq!(world.status_of(&shown).await, 401);
    assert_eq!(world.status_of(&kept).await, 200);
}

#[tokio::test]
async fn an_identity_is_named_in_either_case() {
    let world = World::new().await;
    let answer = world
        .exchange(&IDENTITY.to_uppercase(), &workload().token)
        .await;
    assert_eq!(answer.status, 200);
}

/// The members that other clients send beside those that are read.
#[tokio::test]
async fn unknown_members_of_a_request_are_left_alone() {
    let world = World::new().await;
    let body = json!({"identity": IDENTITY, "token": workload().token, "scope": "/"});
    let answer = world.ask(post("/v3/auth/oidc", body.to_string())).await;
    assert_eq!(answer.status, 200);
}

/// Tokens that are refused, each for another reason.
pub(crate) fn refused_tokens() -> Vec<String> {
    let workload: Honest = workload();
    let stranger = foreign_key(workload.algorithm);
    let header = |header: &str| workload.with_header(header);
    let [first, second, third] = workload.parts();
    vec![
        String::new(),
        "not a token".to_owned(),
        "dp.said.0000000000000000000000000000000000000000000".to_owned(),
        format!("{first}.{second}"),
        format!("{first}.{second}."),
        format!("{first}.{second}.{third}.{third}"),
        format!("{first}..{third}"),
        format!(".{second}.{third}"),
        format!("{first}.{second}.{third}="),
        format!(" {first}.{second}.{third}"),
        format!("{first}.{second}.{third}\n"),
        format!("{first}.{second}.{}", third.replace(|_| true, "A")),
        workload.with_signature([7; 96]),
        workload.with_signature([0; 96]),
        sign(
            stranger,
            workload.header.to_json(),
            workload.claims.to_json(),
        ),
        header(r#"{"alg":"none"}"#),
        header(r#"{"alg":"NONE","kid":"es384-canary"}"#),
        header(r#"{"alg":"HS256","kid":"es384-canary"}"#),
        header(r#"{"alg":"RS256","kid":"es384-canary"}"#),
        header(r#"{"alg":"ES512","kid":"es384-canary"}"#),
        header(r#"{"alg":"ES384","kid":"nobody-has-it"}"#),
        header(r#"{"alg":"ES384","kid":"es384-canary","crit":["exp"]}"#),
        header(r#"{"alg":"ES384","kid":"es384-canary","b64":false}"#),
        header(r#"{"alg":"ES384","kid":"es384-canary","zip":"DEF"}"#),
        header(r#"{"alg":"ES384","kid":"es384-canary","typ":"at+jwt"}"#),
        header(r#"{"alg":"ES384","alg":"ES384","kid":"es384-canary"}"#),
        header("[]"),
        header("{"),
        workload.with_claims("[]"),
        workload.with_claims("{"),
        workload.with_claims(r#"{"iss":1}"#),
        workload.with_claim("iss", r#""https://oidc.circleci.example/org/other""#),
        workload.without_claim("iss"),
        workload.with_claim("aud", r#""https://other.example""#),
        workload.with_claim("aud", "[]"),
        workload.with_claim("aud", "1"),
        workload.without_claim("aud"),
        workload.with_claim("sub", r#""org/canary/project/7/user/10""#),
        workload.with_claim("sub", "9"),
        workload.without_claim("sub"),
        workload.with_claim("exp", &(NOW - 61).to_string()),
        workload.with_claim("exp", r#""tomorrow""#),
        workload.without_claim("exp"),
        workload.with_claim("nbf", &(NOW + 61).to_string()),
        workload.with_claim("iat", &(NOW + 61).to_string()),
        workload.without_claim("iat"),
        "x".repeat(40_000),
    ]
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let world = World::new().await;
    let unknown = "00000000-0000-0000-0000-000000000000";
    let expected = world.exchange(unknown, &workload().token).await.seen();
    assert_eq!(expected.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        expected.2,
        json!({"success": false, "messages": ["Unauthorized"]})
    );
    assert!(world.line().contains("there is no such identity"));
    for token in refused_tokens() {
        for identity in [IDENTITY, OTHER, unknown] {
            let seen = world.exchange(identity, &token).await.seen();
            assert_eq!(seen, expected, "{identity} {token}");
        }
    }
    assert_eq!(
        world.exchange(OTHER, &workload().token).await.seen(),
        expected
    );
    assert_eq!(crate::world::grants(&world.database()), 0);
}

/// RFC 9110 section 10.2.3.
#[tokio::test]
async fn without_keys_the_caller_is_asked_to_try_again() {
    let world = World::without_keys();
    let answer = world.exchange(IDENTITY, &workload().token).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(
        answer.body,
        json!({"success": false, "messages": ["Try again later"]})
    );
    let line = world.line();
    assert!(
        line.ends_with(
            "keys_unavailable: keys of the issuer are not available \
             (discovery: no response: no connection)"
        ),
        "{line}"
    );
    // What no key could mend is refused at once.
    assert_eq!(world.exchange(IDENTITY, "not a token").await.status, 401);
}

#[tokio::test]
async fn a_token_is_revoked_at_once_and_as_often_as_somebody_asks() {
    let world = World::new().await;
    let (token, other) = (world.exchanged().await, world.exchanged().await);
    assert_ne!(token, other);
    for _ in 0..2 {
        let answer = world.revoke(&token).await;
        assert_eq!(
            (answer.status, answer.body),
            (StatusCode::OK, json!({"success": true}))
        );
        assert_eq!(world.status_of(&token).await, 401);
        assert_eq!(world.status_of(&other).await, 200);
    }
    let never = format!("dp.said.{}", "A".repeat(43));
    assert_eq!(world.revoke(&never).await.status, 200);
    // The workload's own token, sent by mistake, is none of these.
    let answer = world.revoke(&workload().token).await;
    assert_eq!(answer.status, 400);
    let messages = json!(["`token` is not of the form `dp.said.…`"]);
    assert_eq!(answer.body["messages"], messages);
}

/// Lines wait for whoever reads them, at most a second at the end.
#[test]
fn what_was_logged_is_written_when_the_log_has_ended() {
    let (lines, read) = std::sync::mpsc::channel();
    let (log, rest) = Log::to(Lines(lines));
    for number in 0..1_000 {
        log.line(number);
    }
    drop(log);
    rest.end(Ok::<(), &str>(()));
    let written: Vec<u8> = read.iter().flatten().collect();
    let expected: String = (0..1_000).fold(String::new(), |all, number| format!("{all}{number}\n"));
    assert_eq!(String::from_utf8(written).unwrap(), expected);
}

/// A log that is full takes no more lines, and still the one that says why the program ends.
#[test]
fn a_failure_is_the_last_line_of_a_log_that_is_full() {
    /// Takes nothing before it may.
    struct Held(Option<std::sync::mpsc::Receiver<()>>, Lines);
    impl std::io::Write for Held {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some(held) = self.0.take() {
                let _ = held.recv();
            }
            self.1.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (lines, read) = std::sync::mpsc::channel();
    let (release, held) = std::sync::mpsc::channel();
    let (log, rest) = Log::to(Held(Some(held), Lines(lines)));
    for number in 0..10_000 {
        log.line(number);
    }
    drop(log);
    release.send(()).unwrap();
    rest.end(Err("the end\n\u{1b}[2J"));
    let written: Vec<u8> = read.iter().flatten().collect();
    let written = String::from_utf8(written).unwrap();
    assert!(written.starts_with("0\n"), "{written}");
    assert!(written.contains(" lines were left out here: "), "{written}");
    assert!(written.ends_with("\nthe end  [2J\n"), "{written}");
}

/// A stranger's words have any length, and a token may be among them.
#[tokio::test]
async fn the_operator_reads_of_a_request_what_this_service_has_a_name_for() {
    let world = World::new().await;
    let token = world.exchanged().await;
    world.line();
    let asked = |line: String| line.split_once(' ').unwrap().1.to_owned();
    world
        .ask(post(&format!("/v3/auth/revoke/{token}"), "{}"))
        .await;
    assert_eq!(asked(world.line()), "POST (another path) 404: Not found");
    let method = "M".repeat(300_000);
    let request = axum::http::Request::builder().method(&*method);
    let request = request.uri("/v3/auth/oidc").body(axum::body::Body::empty());
    world.ask(request.unwrap()).await;
    assert_eq!(
        asked(world.line()),
        "MMMMMMMMMMMMMMMM /v3/auth/oidc 405: Method not allowed"
    );
    // A path that may be read is said, and a config that is asked for as far as a line goes.
    let config = format!("{SECRETS}&x=&format=json").replace("prd", &"é".repeat(5_000));
    let authorization = format!("Bearer {token}");
    let answer = world
        .ask(get(&config, &[("authorization", &authorization)]))
        .await;
    assert_eq!(answer.status, 403);
    let line = world.line();
    assert!(line.contains(" GET /v3/configs/config/secrets 403: identity "));
    assert!(line.ends_with("é (cut)"));
    assert!((MAX_LINE_BYTES - 1..=MAX_LINE_BYTES + 6).contains(&line.len()));
}

#[tokio::test]
async fn secrets_are_shown_for_a_token_as_bearer_or_as_a_user_name() {
    let world = World::new().await;
    let token = world.exchanged().await;
    let basic = |text: String| format!("Basic {}", STANDARD.encode_to_string(text));
    let none = r#"Bearer realm="secrets""#;
    let invalid = r#"Bearer realm="secrets", error="invalid_token""#;
    for (authorization, status, challenge) in [
        (format!("Bearer {token}"), 200, None),
        (format!("bearer  {token} "), 200, None),
        (basic(format!("{token}:")), 200, None),
        (basic(format!("{token}:password")), 400, None),
        (basic(token.clone()), 400, None),
        (format!("Basic {token}"), 400, None),
        (token.clone(), 400, None),
        (format!("Token {token}"), 401, Some(none)),
        (format!("Bearer {}", workload().token), 401, Some(invalid)),
        (
            format!("Bearer dp.said.{}", "A".repeat(43)),
            401,
            Some(invalid),
        ),
        ("Bearer dp.said.".to_owned(), 401, Some(invalid)),
        (format!("Bearer {token}A"), 401, Some(invalid)),
        (
            format!("Bearer {}", &token[..token.len() - 1]),
            401,
            Some(invalid),
        ),
    ] {
        let answer = world
            .ask(get(SECRETS, &[("authorization", &authorization)]))
            .await;
        assert_eq!(answer.status, status, "{authorization}");
        assert_eq!(
            answer.header("www-authenticate"),
            challenge,
            "{authorization}"
        );
        if status == 200 {
            let secrets = json!({
                "DATABASE_URL": {"raw": "postgres://db", "computed": "postgres://db"},
                "EMPTY": {"raw": "", "computed": ""},
            });
            assert_eq!(answer.body, json!({"success": true, "secrets": secrets}));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
    let answer = world.ask(get(SECRETS, &[])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("www-authenticate")),
        (401, Some(none))
    );
    let twice = format!("Bearer {token}");
    let answer = world.ask(get(
        SECRETS,
        &[("authorization", &twice), ("authorization", &twice)],
    ));
    assert_eq!(answer.await.status, 400);
}

/// `doppler run` and `doppler secrets download`.
#[tokio::test]
async fn secrets_are_downloaded_as_they_are_used() {
    let world = World::new().await;
    let authorization = format!("Bearer {}", world.exchanged().await);
    let ask = |query: &str| {
        let path = format!("/v3/configs/config/secrets/download?project=web&config=prd{query}");
        world.ask(get(&path, &[("authorization", &authorization)]))
    };
    let secrets = json!({"DATABASE_URL": "postgres://db", "EMPTY": ""});
    for query in ["", "&format=json&include_dynamic_secrets=true"] {
        let answer = ask(query).await;
        assert_eq!(
            (answer.status, answer.body),
            (StatusCode::OK, secrets.clone())
        );
    }
    for query in ["&format=env", "&format=json&format=yaml", "&format="] {
        assert_eq!(ask(query).await.status, 400, "{query}");
    }
    assert_eq!(ask("&config=dev").await.status, 400);
    let answer = world
        .ask(get("/v3/configs/config/secrets/download", &[]))
        .await;
    assert_eq!(answer.status, 401);
}

/// What there is besides is not for it to know: a config of others and none look the same.
#[tokio::test]
async fn a_token_is_good_for_what_its_identity_may_read() {
    let world = World::new().await;
    let authorization = format!("Bearer {}", world.exchanged().await);
    let ask = |query: &str| {
        let path = format!("/v3/configs/config/secrets?{query}");
        world.ask(get(&path, &[("authorization", &authorization)]))
    };
    assert_eq!(
        ask("project=w%65b&config=prd&include_dynamic_secrets=true")
            .await
            .status,
        200
    );
    let expected = ask("project=web&config=dev").await;
    assert_eq!(expected.status, 403);
    let challenge = r#"Bearer realm="secrets", error="insufficient_scope""#;
    assert_eq!(expected.header("www-authenticate"), Some(challenge));
    for query in [
        "project=web&config=PRD",
        "project=none&config=prd",
        "project=&config=",
    ] {
        assert_eq!(ask(query).await.seen(), expected.seen(), "{query}");
    }
}

#[tokio::test]
async fn a_token_of_an_identity_that_is_configured_no_longer_gives_nothing() {
    let world = World::new().await;
    let token = world.exchanged().await;
    let document = identity(crate::support::ISSUER, "exact", &json!({}));
    let mut without = configuration(&document);
    without["identities"].as_array_mut().unwrap().remove(0);
    let world = world.restarted(&without).await;
    assert_eq!(world.status_of(&token).await, 401);
    assert!(world.line().ends_with("is configured no longer"));
    let world = world.restarted(&configuration(&document)).await;
    assert_eq!(world.status_of(&token).await, 200);
}
