//! Configuration and command line: what is refused, and with which words.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::arguments::{Arguments, Otherwise};
use crate::configuration::Configuration;
use crate::report::chain;
use crate::support::ISSUER;
use crate::world::{IDENTITY, OTHER, configuration, identity};

fn refused(json: &str) -> String {
    chain(&Configuration::from_json(json.as_bytes()).unwrap_err())
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_with_its_place() {
    let good = || configuration(&identity(ISSUER, "exact", &json!({})));
    let with = |pointer: &str, value: Value| {
        let mut document = good();
        *document.pointer_mut(pointer).unwrap() = value;
        refused(&document.to_string())
    };
    Configuration::from_json(good().to_string().as_bytes()).unwrap();
    for (pointer, value, expected) in [
        (
            "/identities/0/id",
            json!("ec2"),
            "at `/identities/0/id`: not a UUID",
        ),
        (
            "/identities/1/id",
            json!(IDENTITY),
            "at `/identities/1/id`: stands twice",
        ),
        ("/identities", json!([]), "at `/identities`: there is none"),
        (
            "/identities/0/may_read/0/config",
            json!("stg"),
            "at `/identities/0/may_read/0`: there is no such config among the projects",
        ),
        (
            "/identities/0/identity/config/claims/aud",
            json!([]),
            "at `/identities/0/identity`: empty, at `/config/claims/aud`",
        ),
        (
            "/identities/0/identity/ttl_seconds",
            json!(0),
            "at `/identities/0/identity`: not one of the whole numbers from 1, \
             at `/ttl_seconds`",
        ),
        (
            "/identities/0/identity/config/discovery_url",
            json!("http://ci.example"),
            "at `/identities/0/identity`: issuer is not usable, at `/config/discovery_url`: \
             URL does not begin with `https://`",
        ),
    ] {
        assert_eq!(
            with(pointer, value),
            format!("configuration {expected}"),
            "{pointer}"
        );
    }
    let mut wildcard = good();
    wildcard["identities"][0]["identity"] = identity(ISSUER, "wildcard", &json!({"aud": ["a*"]}));
    assert_eq!(
        refused(&wildcard.to_string()),
        "configuration at `/identities/0/identity/config/claims/aud`: an audience is a name, not a pattern"
    );
}

#[test]
fn the_configuration_of_the_how_to_is_one() {
    let page = include_str!("../../../docs/secrets-exchange.md");
    let (_, sample) = page.split_once("\n```json\n").unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    Configuration::from_json(sample.as_bytes()).unwrap();
}

#[test]
fn members_that_are_unknown_or_stand_twice_are_refused() {
    let good = configuration(&identity(ISSUER, "exact", &json!({}))).to_string();
    for (from, to, expected) in [
        (
            r#""projects":"#,
            r#""port":1,"projects":"#,
            "unknown field `port`",
        ),
        (
            r#""projects":"#,
            r#""projects":{},"projects":"#,
            "duplicate field `projects`",
        ),
        (r#""dev":{}"#, r#""dev":{},"dev":{}"#, "`dev` stands twice"),
        (
            r#""EMPTY":"""#,
            r#""EMPTY":"","EMPTY":"x""#,
            "`EMPTY` stands twice",
        ),
        (
            r#""may_read":[]"#,
            r#""may_read":[],"x":1"#,
            "unknown field `x`",
        ),
        (
            r#""sub":["#,
            r#""sub":["x"],"sub":["#,
            "member stands twice",
        ),
        (
            r#""project":"web"}"#,
            r#""project":"web","x":1}"#,
            "unknown field `x`",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let error = refused(&good.replacen(from, to, 1));
        assert!(error.contains(expected), "{error}");
    }
    assert!(refused("{}").contains("missing field `identities`"));
    assert!(refused("").contains("EOF while parsing"));
    let trailing = format!("{good}x");
    assert!(refused(&trailing).contains("trailing characters at line 1"));
}

/// In the order in which the program happens to have the members.
#[test]
fn no_list_of_values_is_an_object() {
    let good = configuration(&identity(ISSUER, "exact", &json!({})));
    let identity = &good["identities"][0];
    for (pointer, list) in [
        ("", json!([good["identities"], good["projects"]])),
        (
            "/identities/0",
            json!([identity["id"], identity["identity"], identity["may_read"]]),
        ),
        ("/identities/0/may_read/0", json!(["web", "prd"])),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = list;
        let error = refused(&changed.to_string());
        let expected = "configuration: invalid type: sequence, expected an object at line 1 ";
        assert!(error.starts_with(expected), "{pointer}: {error}");
    }
}

#[test]
fn no_secret_is_in_an_error_or_in_debug() {
    let good = configuration(&identity(ISSUER, "exact", &json!({})));
    let shown = Configuration::from_json(good.to_string().as_bytes()).unwrap();
    let shown = format!("{shown:?}");
    assert!(shown.contains(r#"projects: {"web"}"#), "{shown}");
    assert!(!shown.contains("postgres"));
    for (pointer, value) in [
        ("/projects/web/prd", json!("s3cret")),
        ("/projects/web", json!("s3cret")),
        ("/projects", json!("s3cret")),
        ("/projects", json!(13_579)),
        ("/projects/web", json!(-13_579)),
        ("/projects/web/prd", json!(13_579.5)),
        ("/projects/web/prd/EMPTY", json!(["s3cret"])),
        ("/projects/web/prd/EMPTY", json!({"s3cret": "s3cret"})),
        ("/projects/web/prd/EMPTY", json!(13_579)),
        ("/projects/web/prd/EMPTY", json!(true)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let error = refused(&bad.to_string());
        assert!(
            !error.contains("s3cret") && !error.contains("13579"),
            "{error}"
        );
        assert!(error.contains(" at line 1 column "), "{error}");
    }
}

#[test]
fn an_issuer_may_be_on_loopback() {
    for issuer in [
        "http://127.0.0.1:8080",
        "http://localhost:8080/org",
        "https://[::1]:8443",
    ] {
        let document = configuration(&identity(issuer, "exact", &json!({})));
        Configuration::from_json(document.to_string().as_bytes()).unwrap();
    }
}

fn parse(line: &str) -> Result<Arguments, Otherwise> {
    Arguments::parse(line.split_whitespace().map(OsString::from))
}

#[test]
fn the_command_line_is_read_strictly() {
    let refuse = |message: &str| Err(Otherwise::Refuse(message.to_owned()));
    for (line, expected) in [
        ("--help", Err(Otherwise::ShowUsage)),
        ("--config a --help", Err(Otherwise::ShowUsage)),
        ("", refuse("`--config` is missing")),
        ("--config a", refuse("`--database` is missing")),
        ("--config", refuse("`--config` lacks its value")),
        ("--config a --config b", refuse("`--config` is given twice")),
        (
            "--config a --database b --port 65536",
            refuse("`--port` is not a number from 0 to 65535"),
        ),
        (
            "--config a --database b --port x",
            refuse("`--port` is not a number from 0 to 65535"),
        ),
        ("--verbose", refuse("unknown argument `--verbose`")),
        ("serve", refuse("unknown argument `serve`")),
    ] {
        assert_eq!(parse(line), expected, "{line}");
    }
    assert_eq!(
        parse("--port 65535 --database b --root-certificates ca --config a"),
        Ok(Arguments {
            config: PathBuf::from("a"),
            database: PathBuf::from("b"),
            port: 65_535,
            root_certificates: Some(PathBuf::from("ca")),
        })
    );
    assert_eq!(parse("--config a --database b").unwrap().port, 0);
}

#[test]
fn ids_are_uuids() {
    use crate::identity_id::IdentityId;
    assert_eq!(
        IdentityId::parse(&IDENTITY.to_uppercase()),
        IdentityId::parse(IDENTITY)
    );
    assert_ne!(IdentityId::parse(OTHER), IdentityId::parse(IDENTITY));
    for bad in [
        "",
        "0b7f6a526b1e4a6b8a556a3f0a3f9d10",
        "{0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10}",
        "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d1",
        "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d100",
        "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d1g",
        "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10-",
        "0b7f6a5-26b1e-4a6b-8a55-6a3f0a3f9d10",
        "urn:uuid:0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10",
    ] {
        assert_eq!(IdentityId::parse(bad), None, "{bad}");
    }
}
