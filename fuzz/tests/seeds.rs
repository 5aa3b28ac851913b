//! The committed seeds, replayed on stable Rust: every law holds for each of its own.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "this test reads the seeds"
)]

use std::path::Path;

/// How many seeds a law accepts, and how many it refuses.
fn replay(name: &str, law: fn(&[u8]) -> bool) -> [usize; 2] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(name);
    let entries = std::fs::read_dir(&folder).expect("a folder of seeds");
    let answers: Vec<bool> = entries
        .map(|entry| law(&std::fs::read(entry.expect("a seed").path()).expect("a seed")))
        .collect();
    let accepted = answers.iter().filter(|accepted| **accepted).count();
    [accepted, answers.len().abs_diff(accepted)]
}

#[test]
fn pointers() {
    assert_eq!(replay("pointer", oidc_fuzz::pointer), [14, 7]);
}

#[test]
fn scanned_documents() {
    assert_eq!(replay("scan", oidc_fuzz::scan), [12, 20]);
}

#[test]
fn compact_serializations() {
    assert_eq!(replay("compact", oidc_fuzz::compact), [7, 15]);
}

#[test]
fn key_sets() {
    assert_eq!(replay("jwk_set", oidc_fuzz::jwk_set), [16, 16]);
}

#[test]
fn configurations_of_diridp() {
    assert_eq!(replay("diridp_config", oidc_fuzz::diridp_config), [6, 10]);
}

#[test]
fn discovery_documents() {
    assert_eq!(replay("discovery", oidc_fuzz::discovery), [13, 20]);
}

#[test]
fn rotation_policies() {
    assert_eq!(
        replay("rotation_policy", oidc_fuzz::rotation_policy),
        [2, 8]
    );
}

#[test]
fn state_documents() {
    assert_eq!(replay("state_document", oidc_fuzz::state_document), [3, 8]);
}

#[test]
fn subjects() {
    assert_eq!(replay("subject", oidc_fuzz::subject), [21, 10]);
}

#[test]
fn tokens() {
    assert_eq!(replay("verify", oidc_fuzz::verify), [27, 32]);
}
