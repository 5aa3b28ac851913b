//! What a token asks for: tags, a source identity, a role, a session.

use std::time::Duration;

use oidc_verifier::aws::{SessionDuration, SessionDurationError, StsError, WebIdentity};

use crate::support::{Members, NOW, at};
use crate::{claims, sts, token};

fn identity(claims: &Members) -> Result<WebIdentity, StsError> {
    let verifier = sts();
    let token = token(claims);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    WebIdentity::read(&verified)
}

fn refusal(claims: &Members) -> String {
    let error = identity(claims).unwrap_err();
    assert_eq!(error.code().as_str(), "InvalidIdentityToken");
    error.message().to_owned()
}

#[test]
fn the_condition_keys_are_read_from_the_claims() {
    let claims = claims()
        .with("sub", "123")
        .with("aud", r#"["other","client-a"]"#)
        .with("azp", "\"client-b\"")
        .with("amr", r#"["authenticated","graph"]"#)
        .with("email", "\"a@b.example\"");
    let identity = identity(&claims).unwrap();
    assert_eq!(identity.subject(), "123");
    assert_eq!(identity.audience(), "client-b");
    assert_eq!(identity.original_audience(), ["other", "client-a"]);
    assert_eq!(identity.amr(), ["authenticated", "graph"]);
    assert_eq!(identity.email(), Some("a@b.example"));
    assert_eq!(identity.source_identity(), None);
    assert!(identity.tags().is_empty());
    assert_eq!(identity.roles().arns(), None);
}

#[test]
fn without_azp_the_audience_is_aud() {
    let identity = identity(&claims().with("aud", r#"["client-a"]"#)).unwrap();
    assert_eq!(identity.audience(), "client-a");
    assert_eq!(identity.original_audience(), ["client-a"]);
}

const NESTED: &str =
    r#"{"principal_tags":{"Team":["engineering"],"Site":[""]},"transitive_tag_keys":["Team"]}"#;

fn tags(claims: &Members) -> Vec<(String, String, bool)> {
    let identity = identity(claims).unwrap();
    let tags = identity.tags().iter();
    tags.map(|tag| (tag.key.clone(), tag.value.clone(), tag.transitive))
        .collect()
}

fn tag(key: &str, value: &str, transitive: bool) -> (String, String, bool) {
    (key.to_owned(), value.to_owned(), transitive)
}

#[test]
fn nested_tags_are_lists_of_exactly_one_string() {
    let nested = |json: &str| claims().with("https://aws.amazon.com/tags", json);
    assert_eq!(
        tags(&nested(NESTED)),
        [tag("Team", "engineering", true), tag("Site", "", false)]
    );
    let identity = identity(&nested(NESTED)).unwrap();
    assert_eq!(identity.tags().get("team"), Some("engineering"));
    assert_eq!(identity.tags().get("other"), None);
    for value in ["\"engineering\"", "[]", r#"["a","b"]"#, "[1]", "null", "{}"] {
        let json = format!(r#"{{"principal_tags":{{"Team":{value}}}}}"#);
        assert_eq!(
            refusal(&nested(&json)),
            "principal_tags passed in claim is not in correct format.",
            "{value}"
        );
    }
    for json in [
        "null",
        "[]",
        "\"a\"",
        r#"{"principal_tags":[]}"#,
        r#"{"transitive_tag_keys":"Team"}"#,
    ] {
        refusal(&nested(json));
    }
}

#[test]
fn flat_tags_are_strings() {
    let flat = |value: &str| {
        claims()
            .with("https://aws.amazon.com/tags/principal_tags/Team", value)
            .with(
                "https://aws.amazon.com/tags/transitive_tag_keys",
                r#"["Team"]"#,
            )
    };
    assert_eq!(
        tags(&flat("\"engineering\"")),
        [tag("Team", "engineering", true)]
    );
    for value in [r#"["engineering"]"#, "1", "null"] {
        refusal(&flat(value));
    }
}

#[test]
fn transitive_keys_are_among_the_tags() {
    let json = r#"{"principal_tags":{"Team":["a"]},"transitive_tag_keys":["TEAM"]}"#;
    assert_eq!(
        tags(&claims().with("https://aws.amazon.com/tags", json)),
        [tag("Team", "a", true)]
    );
    for transitive in [r#"["Other"]"#, r#"["Team","Other"]"#] {
        let json =
            format!(r#"{{"principal_tags":{{"Team":["a"]}},"transitive_tag_keys":{transitive}}}"#);
        assert_eq!(
            refusal(&claims().with("https://aws.amazon.com/tags", &json)),
            "transitive_tag_keys passed in claim names a key that is not in principal_tags."
        );
    }
}

#[test]
fn tags_keep_the_limits_of_sessions() {
    let many = |count: usize| {
        let tags: Vec<String> = (0..count)
            .map(|index| format!("\"k{index}\":[\"v\"]"))
            .collect();
        claims().with(
            "https://aws.amazon.com/tags",
            &format!(r#"{{"principal_tags":{{{}}}}}"#, tags.join(",")),
        )
    };
    assert_eq!(tags(&many(50)).len(), 50);
    refusal(&many(51));
    let one = |key: &str, value: &str| {
        let json = serde_json::json!({"principal_tags": {key: [value]}}).to_string();
        identity(&claims().with("https://aws.amazon.com/tags", &json)).is_ok()
    };
    let letters = |count: usize| "\u{e9}".repeat(count);
    for (key, value, fits) in [
        (letters(128), letters(256), true),
        (letters(129), letters(256), false),
        (letters(128), letters(257), false),
        (String::new(), "v".to_owned(), false),
        ("a b:c/d=e+f-g@h_i.j".to_owned(), String::new(), true),
        ("a*".to_owned(), String::new(), false),
        ("a".to_owned(), "a\n".to_owned(), false),
    ] {
        assert_eq!(one(&key, &value), fits, "{key} {value}");
    }
    let twice = r#"{"principal_tags":{"Team":["a"],"team":["b"]}}"#;
    refusal(&claims().with("https://aws.amazon.com/tags", twice));
}

#[test]
fn a_source_identity_has_2_to_64_characters() {
    let with = |value: &str| claims().with("https://aws.amazon.com/source_identity", value);
    for (text, fits) in [
        ("source-probe".to_owned(), true),
        ("a".to_owned(), false),
        ("ab".to_owned(), true),
        ("a".repeat(64), true),
        ("a".repeat(65), false),
        ("a b".to_owned(), false),
        (String::new(), false),
    ] {
        let identity = identity(&with(&format!("\"{text}\"")));
        let expected = fits.then_some(text);
        assert_eq!(
            identity
                .ok()
                .and_then(|one| one.source_identity().map(str::to_owned)),
            expected
        );
    }
    for value in ["null", "1", r#"["ab"]"#] {
        refusal(&with(value));
    }
}

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";
const OTHER: &str = "arn:aws:iam::111122223333:role/other";

/// Whether the issuer names the role, or why the claim is refused.
fn by_idp(value: &str) -> Result<bool, String> {
    let claims = claims().with("https://aws.amazon.com/roles", value);
    let identity = identity(&claims).map_err(|error| error.message().to_owned())?;
    identity.roles().authorize(ROLE).map_err(|error| {
        assert_eq!(error.code().as_str(), "InvalidIdentityToken");
        error.message().to_owned()
    })
}

#[test]
fn the_roles_claim_names_the_role_exactly() {
    for value in [
        format!("[\"{ROLE}\"]"),
        format!("[\"{OTHER}\",\"{ROLE}\"]"),
        format!("[\" {ROLE}\\t\"]"),
        format!("[1,null,{{}},[\"{OTHER}\"],true,\"{ROLE}\"]"),
        format!("[\"junk\",\"{ROLE}\"]"),
        format!("\"{ROLE}\""),
        format!("\"{OTHER};{ROLE}\""),
        format!("\" {OTHER} ; {ROLE} ;\""),
        format!("\"junk;{ROLE}\""),
    ] {
        assert_eq!(by_idp(&value), Ok(true), "{value}");
    }
    let absent = "The target role ARN is not present in the roles claim of the identity token";
    for value in [
        format!("[\"{OTHER}\"]"),
        format!("\"{OTHER}\""),
        format!("[\"{}\"]", ROLE.replace("deploy", "Deploy")),
        format!("[\"{ROLE}2\"]"),
    ] {
        assert_eq!(by_idp(&value), Err(absent.to_owned()), "{value}");
    }
}

#[test]
fn a_roles_claim_without_a_role_is_refused() {
    let none = "The roles claim contains no valid role ARNs";
    for value in [
        "[]",
        "\"\"",
        "\" ; \"",
        "[1,null]",
        "[\"*\"]",
        "[\"arn:aws:iam::111122223333:role/*\"]",
        "[\"arn:aws:iam::111122223333:role/ci/deplo?\"]",
        "[\"arn:aws:iam::111122223333:user/deploy\"]",
        "[\"arn:aws:iam::11112222333:role/deploy\"]",
        "[\"arn:aws:sts::111122223333:role/deploy\"]",
        "[\"arn:aws:iam:eu-north-1:111122223333:role/deploy\"]",
        "[\"arn:other:iam::111122223333:role/deploy\"]",
        "[\"arn:aws:iam::111122223333:role/\"]",
        "[\"arn:aws:iam::111122223333:role/a:b\"]",
        // In a list a semicolon separates nothing.
        "[\"arn:aws:iam::111122223333:role/ci/deploy;arn:aws:iam::111122223333:role/other\"]",
    ] {
        assert_eq!(by_idp(value), Err(none.to_owned()), "{value}");
    }
    for value in ["1", "true", "{}"] {
        let error = by_idp(value).unwrap_err();
        assert_eq!(
            error, "The roles claim is not in a supported format",
            "{value}"
        );
    }
}

#[test]
fn a_roles_claim_of_null_is_no_claim() {
    assert_eq!(by_idp("null"), Ok(false));
    let without = identity(&claims()).unwrap();
    assert_eq!(without.roles().authorize(ROLE), Ok(false));
    // Only the claim itself is looked at.
    let spoofed = identity(&claims().with("sts:RoleAuthorizedByIdp", "true")).unwrap();
    assert_eq!(spoofed.roles().authorize(ROLE), Ok(false));
}

/// API: `DurationSeconds` of 900 to 43,200, 3,600 by default; recorded: a token with 60 s left
/// opens a session of two hours.
#[test]
fn a_session_does_not_end_with_its_token() {
    let claims = claims().with("exp", &(NOW + 60).to_string());
    let verifier = sts();
    let token = token(&claims);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    let two_hours = Some(Duration::from_secs(7_200));
    let session = SessionDuration::new(two_hours, SessionDuration::MAX).unwrap();
    assert_eq!(session.expires_at(at(NOW)), at(NOW + 7_200));
    assert_eq!(verified.expires_at(), at(NOW + 60));
}

#[test]
fn a_session_has_its_bounds_and_those_of_the_role() {
    let session = |requested: Option<u64>, role_max: u64| {
        let role_max = Duration::from_secs(role_max);
        SessionDuration::new(requested.map(Duration::from_secs), role_max)
            .map(|session| session.get().as_secs())
    };
    assert_eq!(session(None, 3_600), Ok(3_600));
    assert_eq!(
        session(None, 3_599),
        Err(SessionDurationError::LongerThanRole)
    );
    for (requested, expected) in [
        (899, Err(SessionDurationError::OutOfBounds)),
        (900, Ok(900)),
        (43_200, Ok(43_200)),
        (43_201, Err(SessionDurationError::OutOfBounds)),
    ] {
        assert_eq!(session(Some(requested), 86_400), expected);
    }
    assert_eq!(
        session(Some(7_201), 7_200),
        Err(SessionDurationError::LongerThanRole)
    );
}
