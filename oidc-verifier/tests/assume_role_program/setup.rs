//! The command line and the configuration: what is wrong with it is said with its place.

use std::ffi::OsString;
use std::time::Duration;

use oidc_verifier::http::AddressPolicy;
use serde_json::{Value, json};

use crate::arguments::{Arguments, Serve, USAGE};
use crate::configuration::Configuration;
use crate::role_arn::RoleArn;
use crate::world::{self, ACCOUNT, BATCH, CI, DEPLOY};

fn arguments(words: &str) -> Result<Arguments, String> {
    Arguments::parse(words.split_whitespace().map(OsString::from))
}

#[test]
fn the_command_line_is_read_strictly() {
    let serve = |port| {
        Ok(Arguments::Serve(Serve {
            config: "a.json".into(),
            state: "b".into(),
            port,
        }))
    };
    assert_eq!(arguments("--config a.json --state b"), serve(0));
    assert_eq!(
        arguments("--port 8080 --state b --config a.json"),
        serve(8080)
    );
    assert!(
        ["--config", "--state", "--port", "--help"]
            .iter()
            .all(|own| USAGE.contains(own))
    );
    assert_eq!(arguments("--config a.json --help"), Ok(Arguments::Help));
    for (words, error) in [
        ("", "--config is missing"),
        ("--config a.json", "--state is missing"),
        ("--config", "`--config` needs a value"),
        ("--config a --config b", "`--config` stands there twice"),
        (
            "--config a --state b --verbose",
            "unknown argument `--verbose`",
        ),
        ("a.json", "unknown argument `a.json`"),
        ("--config a --state b --port 65536", "`65536` is no port"),
        ("--config a --state b --port http", "`http` is no port"),
    ] {
        assert_eq!(arguments(words), Err(error.to_owned()), "{words}");
    }
}

/// What the how-to shows is what the program takes.
#[test]
fn the_sample_of_the_how_to_is_a_configuration() {
    let page = include_str!("../../../docs/assume-role.md");
    let (_, sample) = page.split_once("assume-role.json\" <<'JSON'\n").unwrap();
    let (sample, _) = sample.split_once("\nJSON\n").unwrap();
    let configuration = Configuration::from_json(sample.as_bytes()).unwrap();
    assert_eq!(configuration.accounts[0].roles.len(), 1);
}

fn read(document: &Value) -> Result<Configuration, String> {
    Configuration::from_json(document.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_configuration_is_read_with_its_defaults() {
    let configuration = read(&world::configuration()).unwrap();
    assert_eq!(configuration.addresses, AddressPolicy::PublicOnly);
    assert_eq!(configuration.root_certificates, None);
    let account = &configuration.accounts[0];
    assert_eq!(account.providers.len(), 3);
    assert_eq!(account.providers[1].issuer().as_str(), CI);
    let role = &account.roles[BATCH];
    assert_eq!(role.max_session_duration, Duration::from_secs(43_200));
    let role = &account.roles[DEPLOY];
    assert_eq!(role.max_session_duration, Duration::from_secs(3_600));
    let mut document = world::configuration();
    document["addresses"] = json!("public_or_private");
    document["root_certificates"] = json!("roots.pem");
    let configuration = read(&document).unwrap();
    assert_eq!(configuration.addresses, AddressPolicy::PublicOrPrivate);
    assert_eq!(configuration.root_certificates, Some("roots.pem".into()));
}

#[test]
fn what_is_wrong_in_a_configuration_is_said_with_its_place() {
    let account = "/accounts/0";
    let provider = "/accounts/0/identity_providers/1";
    let role = "/accounts/0/roles/0";
    for (pointer, value, at, what) in [
        ("/region", json!("EU"), "/region", "it is no region"),
        (
            "/accounts",
            json!([]),
            "/accounts",
            "there are not 1 to 100 accounts",
        ),
        (
            "/accounts/0/account",
            json!("1"),
            "/accounts/0/identity_providers/0",
            "account is not 12 digits",
        ),
        (
            "/accounts/1/account",
            json!(ACCOUNT),
            "/accounts/1/roles/0/arn",
            "it is no ARN of a role of this account",
        ),
        (
            "/accounts/0/partition",
            json!("azure"),
            "/accounts/0/identity_providers/0",
            "partition is none of AWS",
        ),
        (
            "/accounts/0/identity_providers",
            json!([]),
            "/accounts/0/identity_providers",
            "there are not 1 to 100 identity providers",
        ),
        (
            &format!("{provider}/url"),
            json!("https://ci.example"),
            provider,
            "it has neither or both of `url` and `loopback_url`",
        ),
        (
            &format!("{provider}/client_ids"),
            json!([]),
            provider,
            "no client ID",
        ),
        (
            &format!("{provider}/loopback_url"),
            json!("http://ci.example"),
            provider,
            "host of the issuer identifier is not loopback, at byte 7",
        ),
        (
            "/accounts/0/identity_providers/0/url",
            json!("http://127.0.0.1:8080"),
            "/accounts/0/identity_providers/0",
            "URL does not begin with `https://`",
        ),
        (
            "/accounts/0/identity_providers/2/thumbprints/0",
            json!("99"),
            "/accounts/0/identity_providers/2",
            "thumbprint 0 is not 40 hexadecimal digits",
        ),
        (
            &format!("{role}/arn"),
            json!("arn:aws:iam::999999999999:role/a"),
            &*format!("{role}/arn"),
            "it is no ARN of a role of this account",
        ),
        (
            &format!("{role}/arn"),
            json!("arn:aws:iam::111122223333:user/a"),
            &*format!("{role}/arn"),
            "it is no ARN of a role of this account",
        ),
        (
            &format!("{role}/arn"),
            json!(DEPLOY),
            "/accounts/0/roles/1/arn",
            "`arn:aws:iam::111122223333:role/deploy` stands there twice",
        ),
        (
            &format!("{role}/role_id"),
            json!("AROAEXAMPLEDEPLOY001"),
            account,
            "two roles have the id `AROAEXAMPLEDEPLOY001`",
        ),
        (
            &format!("{role}/role_id"),
            json!("AROA-EXAMPLE-BATCH"),
            &*format!("{role}/role_id"),
            "it has not 16 to 128 letters and digits, such as `AROAEXAMPLEEXAMPLE`",
        ),
        (
            &format!("{role}/max_session_duration"),
            json!(3_599),
            &*format!("{role}/max_session_duration"),
            "it is not 3600 to 43200",
        ),
        (
            &format!("{role}/max_session_duration"),
            json!(43_201),
            &*format!("{role}/max_session_duration"),
            "it is not 3600 to 43200",
        ),
        (
            &format!("{role}/trust_policy"),
            json!({"Version": "2012-10-17"}),
            &*format!("{role}/trust_policy"),
            "member `Statement` is missing",
        ),
    ] {
        let mut document = world::configuration();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match parent.as_array_mut() {
            Some(list) => list[name.parse::<usize>().unwrap()] = value,
            None => parent[name] = value,
        }
        let error = read(&document).unwrap_err();
        assert_eq!(
            error,
            format!("configuration, at `{at}`: {what}"),
            "{pointer}"
        );
    }
}

/// In the order in which the program happens to have the members.
#[test]
fn no_list_of_values_is_an_object() {
    let good = world::configuration();
    let account = &good["accounts"][0];
    let (provider, role) = (&account["identity_providers"][0], &account["roles"][0]);
    for (pointer, list) in [
        (
            "",
            json!([good["region"], good["accounts"], null, "public"]),
        ),
        (
            "/accounts/0",
            json!([
                account["account"],
                "aws",
                account["identity_providers"],
                account["roles"]
            ]),
        ),
        (
            "/accounts/0/identity_providers/0",
            json!([provider["url"], null, provider["client_ids"], []]),
        ),
        (
            "/accounts/0/roles/0",
            json!([role["arn"], role["role_id"], null, role["trust_policy"]]),
        ),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = list;
        let error = Configuration::from_json(changed.to_string().as_bytes());
        let error = error.unwrap_err().to_string();
        let expected = "configuration: invalid type: sequence, expected an object at line 1 ";
        assert!(error.starts_with(expected), "{pointer}: {error}");
    }
}

#[test]
fn a_configuration_has_no_unknown_and_no_repeated_members() {
    let json = world::configuration().to_string();
    for (from, to, what) in [
        ("\"region\":", "\"regoin\":", "unknown field `regoin`"),
        (
            "\"role_id\":",
            "\"id\":\"\",\"role_id\":",
            "unknown field `id`",
        ),
        (
            "\"region\":",
            "\"region\":\"a\",\"region\":",
            "duplicate field `region`",
        ),
        (
            "\"client_ids\":",
            "\"client_ids\":[],\"client_ids\":",
            "duplicate field `client_ids`",
        ),
        // Below here its own reader is as strict.
        ("\"Sid\":", "\"Sid\":\"a\",\"Sid\":", "/Statement/0/Sid"),
        (
            "\"StringLike\":",
            "\"StringsLike\":",
            "did you mean `StringLike`",
        ),
        (
            "127.0.0.1:8080/ci\"}",
            "127.0.0.1:8081/ci\"}",
            "/Statement/0/Principal/Federated",
        ),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json);
        let error = Configuration::from_json(changed.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.contains(what), "{error}");
    }
    for not_json in [&b""[..], b"{", b"[]", b"null", &[0xff; 9]] {
        assert!(Configuration::from_json(not_json).is_err());
    }
}

#[test]
fn the_arn_of_a_role_has_a_path_and_its_sessions_have_none() {
    let arn = RoleArn::parse(BATCH).unwrap();
    assert_eq!((arn.account(), arn.partition()), (ACCOUNT, "aws"));
    assert_eq!(
        arn.session("s"),
        "arn:aws:sts::111122223333:assumed-role/batch/s"
    );
    let longest = format!("arn:aws-us-gov:iam::111122223333:role/{}", "n".repeat(64));
    assert!(RoleArn::parse(&longest).is_some());
    for text in [
        "",
        &format!("{longest}n"),
        "arn:aws:iam::111122223333:role",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/ci/",
        "arn:aws:iam::111122223333:roles/ci",
        "arn:aws:iam:eu-north-1:111122223333:role/ci",
        "arn:aws:iam::11112222333:role/cicici",
        "arn:aws:iam::11112222333x:role/ci",
        "arn:aws:iam::*:role/cicicicici",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::111122223333:role/a b",
        "arn:aws:iam::111122223333:role/a:b",
        "arn:aws:iam::111122223333:role/é",
        "arn:gcp:iam::111122223333:role/ci",
        "arn:aws:sts::111122223333:assumed-role/ci/s",
        "urn:aws:iam::111122223333:role/ci",
    ] {
        assert_eq!(RoleArn::parse(text), None, "{text}");
    }
}
