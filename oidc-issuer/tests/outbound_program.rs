//! The program outbound: its API with every documented error, tokens that a relying party accepts
//! with the published keys, rotation, what is on the disk, and the clients of AWS.

#![cfg(all(feature = "fs", feature = "http", target_os = "linux"))]
#![cfg_attr(
    feature = "aws-lc-rs",
    expect(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "helpers of a test program, which starts processes and looks at files"
    )
)]

#[cfg(feature = "aws-lc-rs")]
mod common;

#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/actions.rs"]
mod actions;
#[path = "../examples/outbound/arguments.rs"]
mod arguments;
#[path = "../examples/aws_wire/mod.rs"]
mod aws_wire;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/config.rs"]
mod config;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/driver.rs"]
mod driver;
mod example_program;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/federation.rs"]
mod federation;
mod folder;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/serving/log.rs"]
#[expect(dead_code, reason = "the tests wait for no log")]
mod log;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/serving/report.rs"]
mod report;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/service.rs"]
mod service;
#[path = "../examples/serving/mod.rs"]
mod serving;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/state.rs"]
mod state;

// Its RSA keys are generated, which ring cannot.
#[cfg(feature = "aws-lc-rs")]
mod outbound {
    mod api;
    mod crash;
    mod folder;
    mod foreign;
    mod limits;
    mod malformed;
    mod program;
    mod rotation;
    mod running;
    mod world;
}

/// Only `aws-lc-rs` generates RSA keys: the program ends with a clear error, and serves nothing.
#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn on_ring_it_says_what_it_lacks() {
    let folder = folder::Folder::new("outbound-ring");
    let text = r#"{"regions":["eu-north-1"],"accounts":[{"id":"111122223333"}],"access_keys":[]}"#;
    let config = folder.write("config.json", text);
    // Else it is refused before anything is read: it may have secrets in it.
    std::fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut program = std::process::Command::new(example_program::example("outbound"));
    program
        .arg("--config")
        .arg(&config)
        .arg("--state")
        .arg(folder.path("state"));
    let output = program.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let last = said.lines().last();
    let expected = "account 111122223333: `ring` cannot generate `RS256` keys of 2048 bits";
    assert_eq!((output.status.code(), last), (Some(1), Some(expected)));
    assert!(output.stdout.is_empty());
}
