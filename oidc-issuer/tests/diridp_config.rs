//! diridp's configuration: options, defaults and refusals (its source at commit daac83f, read option by
//! option).

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "helpers of a test program, and a table"
)]

use std::path::Path;

use oidc_core::{Algorithm, NumericDate};
use oidc_issuer::PlannedState;
use oidc_issuer::profile::diridp::Config;
use serde_json::{Value, json};

fn load(document: &Value) -> Result<Config, (String, String)> {
    let config = Config::from_json(document.to_string().as_bytes());
    config.map_err(|error| (error.code().to_owned(), error.at.as_str().to_owned()))
}

fn minimal() -> Value {
    json!({"providers": {"main": {
        "issuer": "https://example.com",
        "keys": [{"alg": "EdDSA", "crv": "Ed25519"}],
        "tokens": [{
            "path": "/run/diridp/my-application/token",
            "claims": {"sub": "my-application", "aud": "some-cloud-service.example.com"}
        }]
    }}})
}

/// The document with another value at the pointer; its last part may be new.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = minimal();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    document
}

/// Row "defaults": every default of the configuration.
#[test]
fn every_option_has_its_default() {
    let config = load(&minimal()).unwrap();
    assert_eq!(config.state_dir(), Path::new("/var/lib/diridp"));
    let provider = &config.providers()[0];
    assert_eq!(provider.name(), "main");
    assert_eq!(provider.issuer().as_str(), "https://example.com");
    assert_eq!(
        provider.webroot(),
        Path::new("/var/lib/diridp/main/webroot")
    );
    assert_eq!(provider.jwks_path(), "/jwks.json");
    assert_eq!(provider.jwks_uri(), "https://example.com/jwks.json");
    let key = &provider.keys()[0];
    assert_eq!(
        (key.name(), key.algorithm(), key.bits()),
        ("EdDSA", Algorithm::EdDsa, 2048)
    );
    assert_eq!(key.dir(), Path::new("/var/lib/diridp/main/keys/EdDSA"));
    assert_eq!(key.lifespan().as_secs(), 86_400);
    assert_eq!(key.publish_margin().as_secs(), 21_600);
    let token = &provider.tokens()[0];
    assert_eq!(token.lifespan().as_secs(), 3_600);
    assert_eq!(token.refresh().as_secs(), 2_700);
    let spec = token.token_spec(None).unwrap();
    assert_eq!(spec.subject(), "my-application");
    assert_eq!(spec.lifetime().as_secs(), 3_600);
    assert_eq!(spec.not_before_backdate().unwrap().as_secs(), 5);
    assert_eq!(provider.key_of(token).unwrap().name(), "EdDSA");
    assert_eq!(provider.longest_token(key).as_secs(), 3_600);
}

#[test]
fn every_option_can_be_set() {
    let config = load(&json!({
        "state_dir": "/srv/state",
        "providers": [{
            "issuer": "https://example.com:8080",
            "webroot": "/srv/www",
            "jwks_path": "/keys/all.json",
            "jwks_uri": "https://cdn.example.com/all.json",
            "claims": {"aud": "everyone", "team": "web", "n": 1},
            "keys": {
                "rsa": {"alg": "PS256", "key_size": 3072, "dir": "/srv/rsa", "lifespan": 7200, "publish_margin": 7199},
                "ec": {"alg": "ES384"}
            },
            "tokens": [
                {"path": "/run/:sub/token", "key_name": "ec", "lifespan": 600, "refresh": 60, "nbf_margin": 0,
                 "claims": {"aud": ["a", "b"], "team": "data"}},
                {"path": "/run/one", "key_name": "rsa", "lifespan": 7200, "claims": {"sub": "one"}}
            ]
        }]
    }))
    .unwrap();
    let provider = &config.providers()[0];
    assert_eq!(provider.name(), "example.com_8080");
    assert_eq!(provider.webroot(), Path::new("/srv/www"));
    assert_eq!(provider.jwks_uri(), "https://cdn.example.com/all.json");
    let (ec, rsa) = (&provider.keys()[0], &provider.keys()[1]);
    assert_eq!((rsa.algorithm(), rsa.bits()), (Algorithm::Ps256, 3072));
    assert_eq!(rsa.dir(), Path::new("/srv/rsa"));
    assert_eq!(ec.dir(), Path::new("/srv/state/example.com_8080/keys/ec"));
    assert_eq!(rsa.publish_margin().as_secs(), 7_199);
    assert_eq!(provider.longest_token(rsa).as_secs(), 7_200);
    assert_eq!(provider.longest_token(ec).as_secs(), 600);
    let token = &provider.tokens()[0];
    assert_eq!(provider.key_of(token).unwrap().name(), "ec");
    assert_eq!(token.refresh().as_secs(), 60);
    let spec = token.token_spec(Some("app")).unwrap();
    assert_eq!(spec.subject(), "app");
    assert_eq!(spec.audience().iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(spec.claim_names().collect::<Vec<_>>(), ["n", "team"]);
    assert!(token.token_spec(Some("../x")).is_err());
}

/// Row "map or list config": both, derived names, duplicates refused.
#[test]
fn providers_and_keys_are_a_map_or_a_list_of_different_names() {
    let of = |providers: Value| load(&json!({"providers": providers}));
    let provider = json!({"issuer": "https://example.com"});
    assert_eq!(
        of(json!({"a": provider, "b": provider}))
            .unwrap()
            .providers()
            .len(),
        2
    );
    assert_eq!(
        of(json!([provider])).unwrap().providers()[0].name(),
        "example.com"
    );
    let twice = of(json!([provider, provider])).unwrap_err();
    assert_eq!(twice, ("duplicate_name".into(), "/providers/1".into()));
    let keys = json!([{"alg": "ES256"}, {"alg": "ES256"}]);
    let twice = load(&with("/providers/main/keys", keys)).unwrap_err();
    assert_eq!(
        twice,
        ("duplicate_name".into(), "/providers/main/keys/1".into())
    );
    let text = r#"{"providers": {"a": {"issuer": "https://x.example"}, "a": {"issuer": "https://y.example"}}}"#;
    let error = Config::from_json(text.as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.at.as_str()),
        ("duplicate_member", "/providers/a")
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let main = "/providers/main";
    for (pointer, value, code) in [
        ("/state_dir", json!("relative"), "token_path"),
        ("/state_dir", json!("/a/../b"), "token_path"),
        ("/providers/main/issuer", json!("example.com"), "issuer"),
        (
            "/providers/main/issuer",
            json!("http://example.com"),
            "issuer",
        ),
        (
            "/providers/main/jwks_path",
            json!("jwks.json"),
            "token_path",
        ),
        (
            "/providers/main/jwks_path",
            json!("/../jwks.json"),
            "token_path",
        ),
        (
            "/providers/main/claims",
            json!({"iss": "https://evil.example"}),
            "reserved_claim",
        ),
        ("/providers/main/claims", json!([]), "claims_not_an_object"),
        ("/providers/main/keys/0/alg", json!("ES256K"), "algorithm"),
        ("/providers/main/keys/0/alg", json!("none"), "algorithm"),
        ("/providers/main/keys/0/crv", json!("Ed448"), "curve"),
        (
            "/providers/main/keys/0/key_size",
            json!(2048),
            "unknown_member",
        ),
        ("/providers/main/keys/0/lifespan", json!(0), "seconds"),
        ("/providers/main/keys/0/lifespan", json!("1d"), "wrong_kind"),
        (
            "/providers/main/keys/0/publish_margin",
            json!(86_400),
            "seconds",
        ),
        (
            "/providers/main/tokens/0/path",
            json!("/:x"),
            "path_parameter",
        ),
        (
            "/providers/main/tokens/0/key_name",
            json!("other"),
            "key_name",
        ),
        (
            "/providers/main/tokens/0/lifespan",
            json!(86_401),
            "seconds",
        ),
        ("/providers/main/tokens/0/refresh", json!(3_601), "seconds"),
        ("/providers/main/tokens/0/nbf_margin", json!(301), "seconds"),
        (
            "/providers/main/tokens/0/nbf_margin",
            json!(-1),
            "wrong_kind",
        ),
        (
            "/providers/main/tokens/0/claims",
            json!({"exp": 1}),
            "reserved_claim",
        ),
        ("/providers/main/unknown", json!(1), "unknown_member"),
    ] {
        assert_eq!(
            load(&with(pointer, value)).unwrap_err(),
            (code.into(), pointer.into()),
            "{pointer}"
        );
    }
    for (pointer, value, code, at) in [
        ("/providers/main/keys", json!([]), "no_key", "/tokens/0"),
        (
            "/providers/main/keys",
            json!([{"alg": "EdDSA"}]),
            "curve",
            "/keys/0/crv",
        ),
        (
            "/providers/main/keys",
            json!([{"alg": "ES256", "crv": "P-256"}]),
            "unknown_member",
            "/keys/0/crv",
        ),
        (
            "/providers/main/keys",
            json!([{"alg": "RS256", "key_size": 1024}]),
            "key_size",
            "/keys/0/key_size",
        ),
        (
            "/providers/main/keys",
            json!([{"alg": "ES256"}, {"alg": "ES384"}]),
            "key_name_missing",
            "/tokens/0/key_name",
        ),
        (
            "/providers/main/tokens/0/claims",
            json!({"sub": "x"}),
            "claim_missing",
            "/tokens/0",
        ),
        (
            "/providers/main/tokens/0/claims",
            json!({"aud": "x"}),
            "claim_missing",
            "/tokens/0",
        ),
        (
            "/providers/main/tokens/0/claims",
            json!({"sub": 1, "aud": "x"}),
            "claim_kind",
            "/tokens/0",
        ),
    ] {
        let expected = (code.into(), format!("{main}{at}"));
        assert_eq!(
            load(&with(pointer, value)).unwrap_err(),
            expected,
            "{pointer}"
        );
    }
    assert_eq!(
        load(&json!({})).unwrap_err(),
        ("missing_member".into(), String::new())
    );
    let error = Config::from_json(b"{").unwrap_err();
    assert_eq!(error.code(), "format");
}

/// Each would write over the other, for ever: programs would find now one and now the other.
#[test]
fn two_tokens_never_go_to_one_file() {
    let token = |path: &str| json!({"path": path, "claims": {"sub": "s", "aud": "a"}});
    let provider = |issuer: &str, paths: &[&str]| {
        let tokens: Vec<Value> = paths.iter().map(|path| token(path)).collect();
        json!({"issuer": issuer, "keys": [{"alg": "ES256"}], "tokens": tokens})
    };
    let of = |one: &[&str], two: &[&str]| {
        let (one, two) = (
            provider("https://a.example", one),
            provider("https://b.example", two),
        );
        load(&json!({"providers": {"one": one, "two": two}}))
    };
    of(&["/run/a/token", "/run/b/token"], &["/run/c/:sub/token"]).unwrap();
    let taken = |at: &str| Err(("path_taken".to_owned(), at.to_owned()));
    let found = of(&["/run/a/token", "/run/b/token", "/run/a/token"], &[]);
    assert_eq!(found.map(|_| ()), taken("/providers/one/tokens/2/path"));
    let found = of(&["/run/:sub/token"], &["/run/x/y/token", "/run/x/token"]);
    assert_eq!(found.map(|_| ()), taken("/providers/two/tokens/1/path"));
}

/// Weakness W10: a lifespan of 0 made a busy loop, and the JWK Set could replace the discovery
/// document.
#[test]
fn w10_no_option_makes_a_busy_loop_or_hides_the_discovery_document() {
    for member in ["lifespan", "refresh"] {
        let error = load(&with(
            &format!("/providers/main/tokens/0/{member}"),
            json!(0),
        ))
        .unwrap_err();
        assert_eq!(error.0, "seconds");
    }
    let second = load(&with("/providers/main/tokens/0/lifespan", json!(1))).unwrap();
    assert_eq!(second.providers()[0].tokens()[0].refresh().as_secs(), 1);
    let path = json!("/.well-known/openid-configuration");
    let error = load(&with("/providers/main/jwks_path", path)).unwrap_err();
    assert_eq!(
        error,
        ("discovery_path".into(), "/providers/main/jwks_path".into())
    );
}

#[test]
fn a_configuration_in_yaml_reads_the_same() {
    let yaml = "
providers:
  main:
    issuer: \"https://example.com\"
    keys:
      - alg: EdDSA
        crv: Ed25519
    tokens:
      - path: \"/run/diridp/containers/:sub/aws_token\"
        claims:
          aud: sts.amazonaws.com
          nested: {list: [1, two, true, null]}
";
    let config: Config = serde_saphyr::from_str(yaml).unwrap();
    let spec = config.providers()[0].tokens()[0]
        .token_spec(Some("my_app"))
        .unwrap();
    assert_eq!(spec.subject(), "my_app");
    let twice = yaml.replace(
        "        crv: Ed25519",
        "        crv: Ed25519\n        alg: ES256",
    );
    assert!(serde_saphyr::from_str::<Config>(&twice).is_err());
}

/// The page shows a configuration that loads, and names every option that there is.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads a page")]
fn the_how_to_shows_a_configuration_that_loads() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/replace-diridp.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("/diridp.yaml\" <<END\n").unwrap();
    let (yaml, _) = rest.split_once("\nEND\n").unwrap();
    let yaml = yaml.replace("$WORK", "/work");
    let config: Config = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(config.providers()[0].tokens().len(), 2);
    for option in [
        "state_dir",
        "issuer",
        "webroot",
        "jwks_path",
        "jwks_uri",
        "claims",
        "keys",
        "tokens",
        "alg",
        "crv",
        "key_size",
        "dir",
        "lifespan",
        "publish_margin",
        "path",
        "key_name",
        "refresh",
        "nbf_margin",
    ] {
        assert!(page.contains(&format!("`{option}`")), "{option}");
    }
}

/// Row "rotation timeline": published at least M before it signs, signs for L, and stays for M after.
#[test]
fn the_timeline_is_that_of_the_original_with_a_longer_announcement() {
    const LIFESPAN: i64 = 86_400;
    const MARGIN: i64 = 21_600;
    let config = load(&minimal()).unwrap();
    let provider = &config.providers()[0];
    let policy = provider.rotation_policy(&provider.keys()[0]).unwrap();
    let start = NumericDate::from_seconds(1_790_000_000).unwrap();
    let plan = policy.plan(start, 10);
    let when = |key, to| {
        let mut steps = plan.iter();
        let step = steps.find(|step| step.key == key && step.to == to);
        step.map(|step| step.at.seconds_since(start)).unwrap()
    };
    for key in 2..8 {
        let (published, active) = (
            when(key, PlannedState::Published),
            when(key, PlannedState::Active),
        );
        assert!(active - published >= MARGIN, "{key}");
        assert_eq!(
            when(key, PlannedState::Retiring) - active,
            LIFESPAN,
            "{key}"
        );
        assert_eq!(
            when(key, PlannedState::Withdrawn) - when(key, PlannedState::Retiring),
            MARGIN,
            "{key}"
        );
        assert_eq!(
            when(key + 1, PlannedState::Active),
            when(key, PlannedState::Retiring)
        );
    }
}

/// Row "margin invariant" (W1): a key outlives its tokens whatever the margin, and a margin that no cache
/// can keep is refused by name.
#[test]
fn w1_a_margin_shorter_than_tokens_live_does_not_end_a_key_before_them() {
    let policy = |lifespan: u64, margin: u64, token: u64| {
        let mut document = with("/providers/main/keys/0/lifespan", json!(lifespan));
        document["providers"]["main"]["keys"][0]["publish_margin"] = json!(margin);
        document["providers"]["main"]["tokens"][0]["lifespan"] = json!(token);
        let config = load(&document).unwrap();
        let provider = &config.providers()[0];
        provider.rotation_policy(&provider.keys()[0])
    };
    let long = policy(86_400, 3_600, 86_400).unwrap();
    assert!(long.publish_after().as_secs() >= 86_400 + 300);
    assert_eq!(long.publish_before().as_secs(), 3_600);
    let error = policy(86_400, 120, 600).unwrap_err();
    assert!(error.rule().is_some(), "{error}");
    assert!(policy(86_400, 300, 600).is_ok());
}
