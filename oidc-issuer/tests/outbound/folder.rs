//! The configuration, and what is on the disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oidc_core::Algorithm;
use oidc_issuer::http::DocumentServer;
use oidc_issuer::{Clocks, RotationPolicy, SystemRandom};
use serde_json::{Value, json};

use super::world::{ADMIN, BASE_URL, Folder, World, config, contents, open_state};
use crate::common::{NOW, at};
use crate::config::Config;
use crate::driver::{Driver, Pass};
use crate::state::{State, issuer_under};

fn refusal(config: &str) -> String {
    Config::parse(config.as_bytes()).unwrap_err().to_string()
}

/// The place of `from` in a good document, with `to` there instead.
fn refused(from: &str, to: &str) -> String {
    let text = config().to_string();
    assert!(text.contains(from), "{from}: {text}");
    let error = refusal(&text.replacen(from, to, 1));
    // Line and column are serde's.
    let end = error.rfind(" at line 1 column ").unwrap_or(error.len());
    error.get(..end).unwrap().to_owned()
}

#[test]
fn a_configuration_is_refused_with_what_is_wrong_and_where() {
    assert!(Config::parse(config().to_string().as_bytes()).is_ok());
    assert_eq!(refusal(""), "EOF while parsing a value at line 1 column 0");
    assert_eq!(refusal("{}"), "missing field `regions` at line 1 column 2");
    assert_eq!(
        refusal("{\n  \"regions\": [],\n  \"region\": []\n}"),
        "unknown field `region`, expected one of `public_url`, `regions`, `accounts`, `access_keys`, \
         `rotation` at line 3 column 10"
    );
    for (from, to, error) in [
        (
            r#""regions":"#,
            r#""regions":[],"regions":"#,
            "duplicate field `regions`",
        ),
        (r#"["eu-north-1","eu-west-1"]"#, "[]", "`regions` is empty"),
        (
            r#""eu-west-1""#,
            r#""EU""#,
            "access key `AKIAADMIN`: `EU`: not the name of a region",
        ),
        (
            r#""id":"111122223333""#,
            r#""id":"1""#,
            "account `1`: an account id has 12 digits",
        ),
        (
            r#""id":"444455556666""#,
            r#""id":"111122223333""#,
            "account `111122223333` stands there twice",
        ),
        (
            r#""id":"444455556666""#,
            r#""id":"444455556667""#,
            "access key `AKIANEIGHBOUR`: account `444455556666` is not configured",
        ),
        (
            r#""enabled""#,
            r#""on""#,
            "unknown variant `on`, expected `disabled` or `enabled`",
        ),
        (r#""enabled""#, "true", "expected value"),
        (
            r#""AKIAADMIN""#,
            r#""AKIADEPLOYER""#,
            "access key `AKIADEPLOYER` stands there twice",
        ),
        (r#""AKIAADMIN""#, r#""""#, "`` is no access key id"),
        (
            r#""AKIAADMIN""#,
            r#""AKIA/ADMIN\n""#,
            "`AKIA/ADMIN\\n` is no access key id",
        ),
        (
            r#""admin-secret""#,
            r#""""#,
            "access key `AKIAADMIN`: `secret_access_key` is empty",
        ),
        (r#""admin-secret""#, "1234567890", "a secret is a string"),
        (
            r#""instance-token+/=""#,
            r#""""#,
            "access key `ASIAINSTANCE`: `session_token` is empty; leave it out",
        ),
        (
            r#""iam:EnableOutboundWebIdentityFederation""#,
            r#""iam:*""#,
            "unknown variant `iam:*`, expected one of `sts:GetWebIdentityToken`, \
             `sts:TagGetWebIdentityToken`, `iam:EnableOutboundWebIdentityFederation`, \
             `iam:DisableOutboundWebIdentityFederation`, `iam:GetOutboundWebIdentityFederationInfo`",
        ),
    ] {
        assert_eq!(refused(from, to), error);
    }
}

#[test]
fn a_principal_is_one_and_says_what_it_is() {
    for (from, to, error) in [
        (
            r#"{"user":"arn:aws:iam::111122223333:user/admin"}"#,
            "{}",
            "access key `AKIAADMIN`: `principal` needs one of `role`, `user` and `session`",
        ),
        (
            r#"{"user":"arn:aws:iam::111122223333:user/admin"}"#,
            r#"{"user":"arn:aws:iam::111122223333:user/admin","role":"arn:aws:iam::111122223333:role/a"}"#,
            "access key `AKIAADMIN`: `principal` needs one of `role`, `user` and `session`",
        ),
        (
            r#""role":"arn:aws:iam::111122223333:role/deployer""#,
            r#""role":"arn:aws:sts::111122223333:assumed-role/deployer/s""#,
            "access key `AKIADEPLOYER`: `eu-north-1`: the ARN of a session lacks the role's path: give \
             the role's ARN",
        ),
        (
            r#""role":"arn:aws:iam::111122223333:role/deployer""#,
            r#""role":"arn:aws:iam::111122223333:role/deployer","role_path":"/""#,
            "access key `AKIADEPLOYER`: `role_path` is for a `session`; the ARN of a role has its path",
        ),
        (
            r#""role_path":"/ci/""#,
            r#""role_path":"ci""#,
            "access key `ASIAINSTANCE`: `eu-north-1`: a role's path begins and ends with a slash",
        ),
        (
            r#""session_token":"instance-token+/=""#,
            r#""session_token":null"#,
            "access key `ASIAINSTANCE`: a `session` has a `session_token` and `expires`; without an \
             end it is a `role`",
        ),
        (
            r#""expires":"2026-09-21T16:13:20Z","#,
            "",
            "access key `ASIAINSTANCE`: a `session` has a `session_token` and `expires`; without an \
             end it is a `role`",
        ),
        (
            r#""2026-09-21T16:13:20Z""#,
            r#""tomorrow""#,
            "a time such as 2030-01-01T00:00:00Z",
        ),
        (
            r#""2026-09-21T16:13:20Z""#,
            r#""2026-09-21T16:13:20.5Z""#,
            "a time such as 2030-01-01T00:00:00Z",
        ),
        (
            r#"{"team":"data"}"#,
            r#"{"team":"data","team":"web"}"#,
            "a tag stands there twice",
        ),
        (
            r#""10.0.1.25""#,
            r#""10.0.1""#,
            "invalid IPv4 address syntax",
        ),
    ] {
        assert_eq!(refused(from, to), error);
    }
}

#[test]
fn times_and_names_fit_what_the_service_does() {
    let with = |name: &str, value: Value| {
        let mut config = config();
        config[name] = value;
        refusal(&config.to_string())
    };
    assert_eq!(
        with("rotation", json!({"token_lifetime": "30m"})),
        "`rotation`: `token_lifetime` is 1800 s, and a request may ask for 3600"
    );
    assert!(with("rotation", json!({"perod": "30d"})).starts_with("unknown member `perod`"));
    assert_eq!(
        with("public_url", json!("https://tokens.example/")),
        "`public_url` ends with a slash; leave it out"
    );
    // It would be remembered, and no other be taken after it.
    assert_eq!(
        with("public_url", json!("https://tokens example")),
        "`public_url`: https://tokens example: byte 14 of the URL is not allowed"
    );
    assert!(with("public_url", json!("http://tokens.example")).starts_with("`public_url`: "));
}

#[test]
fn a_configuration_shows_no_secret() {
    let config = Config::parse(config().to_string().as_bytes()).unwrap();
    let text = format!("{config:?}");
    assert!(text.contains("ASIAINSTANCE"), "{text}");
    for secret in ["-secret", "instance-token"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn an_issuer_is_public_or_on_this_machine() {
    for base in [
        "https://tokens.example",
        "https://tokens.example/aws",
        "http://127.0.0.1:1",
    ] {
        let issuer = issuer_under(base, "name").unwrap();
        assert_eq!(issuer.as_str(), format!("{base}/name"));
    }
    for base in [
        "http://tokens.example",
        "tokens.example",
        "https://user@tokens.example",
        "",
    ] {
        assert!(issuer_under(base, "name").is_err(), "{base}");
    }
}

#[test]
fn what_is_on_the_disk_is_the_owners_alone() {
    let folder = Folder::new("modes");
    let world = World::with(&folder, &config(), BASE_URL);
    assert_eq!(world.iam(ADMIN, "Enable").status, 200);
    drop(world);
    let state = folder.path("state");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = contents(&state);
    for path in files.keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
        assert_eq!(mode(path.parent().unwrap()), 0o700, "{}", path.display());
    }
    for name in [
        "lock",
        "base_url",
        "111122223333/account",
        "444455556666/state",
    ] {
        assert!(files.contains_key(&state.join(name)), "{name}");
    }
    assert_eq!(mode(&state), 0o700);
    // Neither a secret of the configuration nor a token is kept.
    for (path, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        // How a token may begin, in so many letters that no key has them by chance.
        let tokens = ["eyJhbGciOi", "eyJraWQiOi", "eyJ0eXAiOi"];
        let secrets = ["admin-secret", "instance-secret", "instance-token"];
        for secret in tokens.into_iter().chain(secrets) {
            assert!(!text.contains(secret), "{}", path.display());
        }
    }
}

#[test]
fn a_folder_is_for_one_program_and_not_open_to_others() {
    let folder = Folder::new("lock");
    let path = folder.path("state");
    let state = State::open(&path).unwrap();
    let error = State::open(&path).unwrap_err().to_string();
    assert!(error.contains("lock: another program has it"), "{error}");
    drop(state);
    drop(open_state(&path));
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(&path, open).unwrap();
    assert!(State::open(&path).is_err());
}

#[test]
fn issuers_do_not_move() {
    let folder = Folder::new("move");
    let state = State::open(&folder.path("state")).unwrap();
    assert_eq!(state.base_url().unwrap(), None);
    state.keep_base_url(BASE_URL).unwrap();
    state.keep_base_url(BASE_URL).unwrap();
    let error = state.keep_base_url("http://127.0.0.1:8081").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the issuers of {} are under http://127.0.0.1:8080 and cannot move to \
             http://127.0.0.1:8081: go back, or begin with another folder",
            folder.path("state").display()
        )
    );
    assert_eq!(state.base_url().unwrap().as_deref(), Some(BASE_URL));
}

/// The first pass of the first account over what is in the folder.
fn start(folder: &Folder) -> Result<(Driver, Pass), String> {
    let config = Config::parse(config().to_string().as_bytes()).unwrap();
    let state = open_state(&folder.path("state"));
    let now = Clocks::new(at(NOW + 60), Duration::from_secs(60));
    let (policy, random) = (RotationPolicy::default(), SystemRandom::new());
    let (account, server) = (&config.accounts[0], Arc::new(DocumentServer::new()));
    let driver = Driver::open(account, policy, BASE_URL, &state, &server, &random, now);
    let mut driver = driver.map_err(|error| error.to_string())?;
    let pass = driver.pass(|| now);
    Ok((driver, pass))
}

#[test]
fn a_damaged_record_or_a_lost_one_begins_no_second_identity() {
    let folder = Folder::new("damage");
    let world = World::enabled(&folder);
    let issuer = world.issuer(0);
    assert_eq!(world.iam(ADMIN, "Get").status, 200);
    drop(world);
    let path = folder.path("state/111122223333/account");
    let good = std::fs::read(&path).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    // Cut off anywhere, and with something else in it.
    let cut = (0..good.len() - 1).map(|end| good[..end].to_vec());
    let edits = [
        ("enabled", "maybe"),
        ("enabled\"", "enabled\",\"more\":1"),
        ("\"issuer\"", "\"issuer\":\"a\",\"issuer\""),
        ("issuer", "\u{fffd}"),
    ];
    let edited = edits
        .iter()
        .map(|(from, to)| text.replacen(from, to, 1).into_bytes());
    let others = [vec![0xff; 10], vec![b' '; 5_000]];
    for bytes in cut.chain(edited).chain(others) {
        std::fs::write(&path, &bytes).unwrap();
        let error = start(&folder).unwrap_err();
        assert!(error.contains("account"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    // A new name for keys that have one is none.
    std::fs::remove_file(&path).unwrap();
    let (_, pass) = start(&folder).unwrap();
    assert!(!pass.failures.is_empty());
    std::fs::write(&path, &good).unwrap();
    let (driver, pass) = start(&folder).unwrap();
    assert!(pass.failures.is_empty(), "{:?}", pass.failures);
    assert_eq!(driver.federation().info().unwrap().as_str(), issuer);
    // What was told before is not told again.
    assert!(pass.news.is_empty(), "{:?}", pass.news);
}

#[test]
fn until_the_switch_is_used_it_is_where_the_configuration_says() {
    let folder = Folder::new("switch");
    let restart = |says: &str| {
        let mut config = config();
        config["accounts"][0]["outbound_federation"] = json!(says);
        World::with(&folder, &config, BASE_URL)
    };
    drop(World::open(&folder));
    assert_eq!(restart("enabled").iam(ADMIN, "Get").status, 200);
    let world = restart("disabled");
    assert_eq!(world.iam(ADMIN, "Get").status, 404);
    assert_eq!(world.iam(ADMIN, "Enable").status, 200);
    drop(world);
    let world = restart("disabled");
    assert_eq!(world.iam(ADMIN, "Disable").status, 200);
    drop(world);
    assert_eq!(restart("enabled").iam(ADMIN, "Get").status, 404);
}

#[test]
fn a_lost_private_key_is_told_and_no_other_takes_its_place() {
    let folder = Folder::new("lost-key");
    let world = World::enabled(&folder);
    let kid = world.drivers[0].federation().signer().unwrap();
    let kid = kid.signing_kid(Algorithm::Es384).unwrap().to_owned();
    drop(world);
    let keys = folder.path("state/111122223333/keys");
    for (path, pem) in contents(&keys) {
        if String::from_utf8(pem).unwrap().contains(&kid) {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (driver, pass) = start(&folder).unwrap();
    let told = |line: &String| line.starts_with(&format!("key {kid}: "));
    assert!(pass.failures.iter().any(told), "{:?}", pass.failures);
    let signer = driver.federation().signer().unwrap();
    assert_eq!(signer.signing_kid(Algorithm::Es384), None);
    assert!(signer.signing_kid(Algorithm::Rs256).is_some());
}

#[test]
fn a_switch_that_cannot_be_written_is_not_used() {
    let folder = Folder::new("unwritten");
    let world = World::enabled(&folder);
    // Nobody writes a file in the place of a folder, root neither.
    let path = folder.path("state/111122223333/account");
    let good = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(
        world.iam(ADMIN, "Disable").error(),
        (500, "InternalFailure".into())
    );
    assert_eq!(world.iam(ADMIN, "Get").status, 200);
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, good).unwrap();
    assert_eq!(world.iam(ADMIN, "Disable").status, 200);
}
