//! The temporary credentials: what they are good for, for how long, and what is not one of them.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use oidc_issuer::fs::Files;

use crate::aws_wire::sigv4::{Scope, Secret, sign};
use crate::decision::MAX_PACKED_BYTES;
use crate::live::Folder;
use crate::request::AssumeRole;
use crate::session_policy::SessionPolicies;
use crate::sessions::{Credentials, Session, SessionKey, Tag};
use crate::state::session_key;
use crate::support::{NOW, at};
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn they_say_who_calls() {
    let world = World::new();
    let credentials = world.granted(&assume(BATCH, &signed(&job()))).await;
    world.take_log();
    let answer = world.caller(&credentials).await;
    let request_id = answer.text("RequestId").unwrap();
    assert_eq!(
        answer.body,
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult>\
             <Arn>arn:aws:sts::111122223333:assumed-role/batch/run-42</Arn>\
             <UserId>AROAEXAMPLEBATCH0001:run-42</UserId>\
             <Account>111122223333</Account>\
             </GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>\n"
        )
    );
    let (arn, key) = (
        "arn:aws:sts::111122223333:assumed-role/batch/run-42",
        &credentials.access_key_id,
    );
    assert_eq!(
        world.take_log(),
        format!("{request_id} called by {arn}, key {key}")
    );
}

#[tokio::test(start_paused = true)]
async fn no_two_are_alike() {
    let world = World::new();
    let call = assume(BATCH, &signed(&job()));
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let one = world.granted(&call).await;
        let key = one.access_key_id.strip_prefix("ASIA").unwrap();
        assert_eq!(key.len(), 16);
        assert!(
            key.bytes()
                .all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&byte))
        );
        assert_eq!(one.secret_access_key.len(), 40);
        assert!(seen.insert(one.access_key_id));
        assert!(seen.insert(one.secret_access_key));
        assert!(seen.insert(one.session_token));
    }
}

#[tokio::test(start_paused = true)]
async fn they_end_with_their_session_to_the_second() {
    let world = World::new();
    let call = with(&assume(BATCH, &signed(&job())), "DurationSeconds", "900");
    let credentials = world.granted(&call).await;
    pass(Duration::from_secs(899)).await;
    assert_eq!(world.caller(&credentials).await.status, 200);
    pass(Duration::from_secs(1)).await;
    let answer = world.caller(&credentials).await;
    assert_eq!(answer.refusal(), (403, "ExpiredToken".to_owned()));
    assert_eq!(
        answer.text("Message").as_deref(),
        Some("The security token included in the request is expired")
    );
}

#[tokio::test(start_paused = true)]
async fn what_this_service_did_not_make_is_refused_with_the_code_of_aws() {
    let world = World::new();
    let call = assume(BATCH, &signed(&job()));
    let (own, other) = (world.granted(&call).await, world.granted(&call).await);
    let stranger = World::with_key(&[8; SessionKey::BYTES])
        .granted(&call)
        .await;
    let with = |change: &dyn Fn(&mut Credentials)| {
        let mut changed = own.clone();
        change(&mut changed);
        changed
    };
    let unknown = (403, "InvalidClientTokenId");
    let mismatch = (403, "SignatureDoesNotMatch");
    for (credentials, (status, code)) in [
        (stranger.clone(), unknown),
        (
            with(&|own| own.access_key_id = "ASIAEXAMPLEEXAMPLE77".to_owned()),
            unknown,
        ),
        (
            with(&|own| own.access_key_id.clone_from(&other.access_key_id)),
            unknown,
        ),
        (
            with(&|own| own.session_token.clone_from(&other.session_token)),
            unknown,
        ),
        (
            with(&|own| own.session_token.clone_from(&stranger.session_token)),
            unknown,
        ),
        (with(&|own| own.session_token = "AAAA".to_owned()), unknown),
        (
            with(&|own| own.session_token = "not base64!".to_owned()),
            unknown,
        ),
        (with(&|own| own.session_token.push_str("AAAA")), unknown),
        (
            with(&|own| own.session_token = "A".repeat(SessionKey::MAX_TOKEN_CHARS + 4)),
            unknown,
        ),
        (
            with(&|own| own.secret_access_key.clone_from(&other.secret_access_key)),
            mismatch,
        ),
        (with(&|own| own.secret_access_key.clear()), mismatch),
    ] {
        let answer = world.caller(&credentials).await;
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{credentials:?}"
        );
    }
    assert_eq!(world.caller(&own).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn any_changed_bit_of_a_session_token_is_refused() {
    let world = World::new();
    let own = world.granted(&assume(BATCH, &signed(&job()))).await;
    let key = SessionKey::new(&[7; SessionKey::BYTES]).unwrap();
    let token = base64_simd::STANDARD
        .decode_to_vec(&own.session_token)
        .unwrap();
    assert!(key.open(&own.session_token).is_some());
    for index in 0..token.len() * 8 {
        let mut changed = token.clone();
        changed[index / 8] ^= 1 << (index % 8);
        let changed = base64_simd::STANDARD.encode_to_string(changed);
        assert!(key.open(&changed).is_none(), "bit {index}");
    }
    for length in 0..token.len() {
        let cut = base64_simd::STANDARD.encode_to_string(&token[..length]);
        assert!(key.open(&cut).is_none(), "{length} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn they_need_their_token_their_region_and_their_service() {
    let world = World::new();
    let own = world.granted(&assume(BATCH, &signed(&job()))).await;
    let ask = async |token: Option<&str>, scope: &Scope, now| {
        let (mut parts, body) = identity_request();
        let secret = Secret {
            access_key: &own.secret_access_key,
            session_token: token,
        };
        sign(
            &mut parts,
            body.as_bytes(),
            &own.access_key_id,
            secret,
            scope,
            now,
        );
        world
            .send(Request::from_parts(parts, Body::from(body)))
            .await
    };
    let token = Some(own.session_token.as_str());
    let scoped = |region: &str, service: &str| Scope {
        region: region.to_owned(),
        service: service.to_owned(),
    };
    assert_eq!(ask(token, &scope(), at(NOW + 900)).await.status, 200);
    for (answer, status, code) in [
        (
            ask(None, &scope(), at(NOW)).await,
            403,
            "InvalidClientTokenId",
        ),
        (
            ask(token, &scoped("us-east-1", "sts"), at(NOW)).await,
            403,
            "SignatureDoesNotMatch",
        ),
        (
            ask(token, &scoped(REGION, "s3"), at(NOW)).await,
            403,
            "SignatureDoesNotMatch",
        ),
        (
            ask(token, &scope(), at(NOW + 901)).await,
            403,
            "SignatureDoesNotMatch",
        ),
        (
            ask(token, &scope(), at(NOW - 901)).await,
            403,
            "SignatureDoesNotMatch",
        ),
    ] {
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{}",
            world.take_log()
        );
    }
    let (parts, body) = identity_request();
    let answer = world
        .send(Request::from_parts(parts, Body::from(body)))
        .await;
    assert_eq!(
        answer.refusal(),
        (403, "MissingAuthenticationToken".to_owned())
    );
}

/// A request that was signed for another body or path is not this one.
#[tokio::test(start_paused = true)]
async fn a_signature_is_of_one_request() {
    let world = World::new();
    let own = world.granted(&assume(BATCH, &signed(&job()))).await;
    let (mut parts, body) = identity_request();
    let secret = Secret {
        access_key: &own.secret_access_key,
        session_token: Some(&own.session_token),
    };
    sign(
        &mut parts,
        body.as_bytes(),
        &own.access_key_id,
        secret,
        &scope(),
        at(NOW),
    );
    let send = |change: &dyn Fn(&mut Request<Body>)| {
        let mut request = Request::from_parts(parts.clone(), Body::from(body.clone()));
        change(&mut request);
        world.send(request)
    };
    assert_eq!(send(&|_| ()).await.status, 200);
    let mismatch = (403, "SignatureDoesNotMatch".to_owned());
    let other = "Version=2011-06-15&Action=GetCallerIdentity";
    assert_eq!(
        send(&|request| *request.body_mut() = Body::from(other))
            .await
            .refusal(),
        mismatch
    );
    let host = |request: &mut Request<Body>| {
        request
            .headers_mut()
            .insert("host", "other".parse().unwrap());
    };
    assert_eq!(send(&host).await.refusal(), mismatch);
}

/// Nothing is remembered, so nothing is forgotten: another process with the same key.
#[tokio::test(start_paused = true)]
async fn another_process_with_the_same_key_knows_them() {
    let before = World::new();
    let credentials = before.granted(&assume(BATCH, &signed(&job()))).await;
    drop(before);
    let after = World::new();
    assert_eq!(after.caller(&credentials).await.status, 200);
}

/// Fifty tags of so many bytes.
fn fifty_tags(bytes: usize) -> Vec<Tag> {
    let tags = (0..50).map(|number| Tag {
        key: format!("key{number:02}"),
        value: "v".repeat(bytes / 50 - 5 + usize::from(number < bytes % 50)),
        transitive: false,
    });
    let tags: Vec<Tag> = tags.collect();
    let made: usize = tags.iter().map(|tag| tag.key.len() + tag.value.len()).sum();
    assert_eq!(made, bytes);
    tags
}

#[test]
fn the_longest_session_token_is_read() {
    let policies = SessionPolicies {
        // Of the characters of a policy, one of those that JSON writes longest.
        inline: Some("\n".repeat(AssumeRole::MAX_POLICIES_CHARS)),
        managed: Vec::new(),
    };
    let left = MAX_PACKED_BYTES - AssumeRole::MAX_POLICIES_CHARS;
    for (tags, policies) in [
        (MAX_PACKED_BYTES, SessionPolicies::default()),
        (left, policies),
    ] {
        read_with(fifty_tags(tags), policies);
    }
}

fn read_with(tags: Vec<Tag>, policies: SessionPolicies) {
    let key = SessionKey::new(&[7; SessionKey::BYTES]).unwrap();
    let session = Session {
        account: ACCOUNT.to_owned(),
        arn: format!(
            "arn:aws-us-gov:sts::{ACCOUNT}:assumed-role/{}/{}",
            "r".repeat(64),
            "s".repeat(64)
        ),
        user_id: format!("{}:{}", "A".repeat(128), "s".repeat(64)),
        expires_at: at(NOW),
        provider: format!(
            "arn:aws-us-gov:iam::{ACCOUNT}:oidc-provider/{}",
            "p".repeat(255)
        ),
        // The character that JSON writes longest, of those that a subject may have.
        subject: "\"".repeat(1_024),
        source_identity: Some("i".repeat(64)),
        tags,
        policies,
    };
    let credentials = key.issue(session.clone()).unwrap();
    assert!(credentials.session_token.len() <= SessionKey::MAX_TOKEN_CHARS);
    let opened = key.open(&credentials.session_token).unwrap();
    assert_eq!(opened.session, session);
    assert_eq!(opened.secret_access_key, credentials.secret_access_key);
}

#[test]
fn no_secret_is_printed() {
    let key = SessionKey::new(&[7; SessionKey::BYTES]).unwrap();
    let credentials = Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: "token".to_owned(),
    };
    assert_eq!(
        format!("{key:?} {credentials:?}"),
        "SessionKey { .. } Credentials { access_key_id: \"ASIAEXAMPLE\", .. }"
    );
}

#[test]
fn the_key_of_the_sessions_is_made_once_and_is_its_owners_alone() {
    let folder = Folder::new("key");
    let (state, files) = (folder.path("state"), Files::new());
    let session = || Session {
        account: ACCOUNT.to_owned(),
        arn: String::new(),
        user_id: String::new(),
        expires_at: at(NOW),
        provider: String::new(),
        subject: String::new(),
        source_identity: None,
        tags: Vec::new(),
        policies: SessionPolicies::default(),
    };
    let first = session_key(&files, &state).unwrap();
    let token = first.issue(session()).unwrap().session_token;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    let path = state.join("session.key");
    assert_eq!((mode(&state), mode(&path)), (0o700, 0o600));
    assert_eq!(
        std::fs::read_dir(&state).unwrap().count(),
        1,
        "nothing else is left"
    );
    assert!(session_key(&files, &state).unwrap().open(&token).is_some());

    let set_mode = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0o640);
    let error = session_key(&files, &state).unwrap_err().to_string();
    assert!(error.contains("session.key"), "{error}");
    set_mode(0o600);
    for wrong in [&[7_u8; 31][..], &[7; 33], b""] {
        std::fs::write(&path, wrong).unwrap();
        assert!(
            session_key(&files, &state).is_err(),
            "{} bytes",
            wrong.len()
        );
        // It was not replaced: what it sealed may be in use.
        assert_eq!(std::fs::read(&path).unwrap(), wrong);
    }
}

/// Whoever removes `session.key` has removed the key. What others have put there is theirs.
#[test]
fn a_start_that_was_killed_leaves_no_other_name_of_the_key() {
    let folder = Folder::new("left");
    let (state, files) = (folder.path("state"), Files::new());
    session_key(&files, &state).unwrap();
    let path = state.join("session.key");
    let key = std::fs::read(&path).unwrap();
    std::fs::hard_link(&path, state.join("session.key.0123456789abcdef")).unwrap();
    let unfinished = ".session.key.0123456789abcdef.fedcba9876543210.tmp";
    let kept = [
        "notes",
        "session.key",
        "session.key.0123456789abcde",
        "session.key.backup-of-mondays",
    ];
    for name in kept.iter().skip(2).chain(["notes", unfinished].iter()) {
        std::fs::write(state.join(name), "").unwrap();
    }
    session_key(&files, &state).unwrap();
    let names = std::fs::read_dir(&state).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, kept);
    assert_eq!(std::fs::read(&path).unwrap(), key);
}

/// As with AWS, where a role that was made anew under the name of another has another id.
#[tokio::test(start_paused = true)]
async fn they_end_with_their_role() {
    let credentials = World::new().granted(&assume(BATCH, &signed(&job()))).await;
    let without = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = configuration();
        change(&mut changed);
        World::configured(&changed, &[7; SessionKey::BYTES])
    };
    let same = without(&|_| ());
    assert_eq!(same.caller(&credentials).await.status, 200);
    let remove = |list: &mut serde_json::Value| {
        list.as_array_mut().unwrap().remove(0);
    };
    for world in [
        without(&|json| json["accounts"][0]["roles"][0]["role_id"] = "AROAEXAMPLEBATCH0002".into()),
        without(&|json| {
            let arn = "arn:aws:iam::111122223333:role/ci/batch-2";
            json["accounts"][0]["roles"][0]["arn"] = arn.into();
        }),
        without(&|json| remove(&mut json["accounts"][0]["roles"])),
        without(&|json| remove(&mut json["accounts"])),
    ] {
        let answer = world.caller(&credentials).await;
        assert_eq!(answer.refusal(), (403, "InvalidClientTokenId".to_owned()));
        let arn = "arn:aws:sts::111122223333:assumed-role/batch/run-42";
        let why = format!("the role of {arn} is configured no longer");
        assert!(world.take_log().ends_with(&why));
    }
}

#[test]
fn programs_that_start_at_once_agree_on_one_key() {
    let folder = Folder::new("race");
    for round in 0..20 {
        let state = folder.path(&round.to_string());
        std::thread::scope(|scope| {
            let start = || {
                scope
                    .spawn(|| session_key(&Files::new(), &state).map_err(|error| error.to_string()))
            };
            let keys: Vec<_> = [start(), start(), start()].into_iter().collect();
            for key in keys {
                key.join().unwrap().unwrap();
            }
        });
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 1);
    }
}
