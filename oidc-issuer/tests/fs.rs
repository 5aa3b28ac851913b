//! Files: durable, private, and with the owner and the mode that they had.

#![cfg(all(feature = "fs", unix))]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of a test program, which looks at files"
)]

mod common;
mod folder;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};

use common::{at, issuer};
use folder::{Folder, STRANGER, give};
use oidc_core::Algorithm;
use oidc_issuer::TokenSpec;
use oidc_issuer::fs::{Files, Step, TokenFile, Webroot};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o7777
}

fn seen_in(seen: &Mutex<Vec<bool>>) -> Vec<bool> {
    seen.lock().unwrap().clone()
}

/// Files, and the steps that they take.
fn observed() -> (Files, Arc<Mutex<Vec<Step>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let files = Files::observed(move |step| seen.lock().unwrap().push(step));
    (files, steps)
}

#[test]
fn a_file_is_replaced_in_the_order_that_survives_a_crash() {
    let folder = Folder::new("order");
    let (files, steps) = observed();
    files.replace(&folder.path("a"), b"1", 0o600).unwrap();
    let order = [
        Step::Create,
        Step::Write,
        Step::Flush,
        Step::Rename,
        Step::FlushFolder,
    ];
    assert_eq!(*steps.lock().unwrap(), order);
    steps.lock().unwrap().clear();
    files.remove(&folder.path("a")).unwrap();
    assert_eq!(*steps.lock().unwrap(), [Step::Remove, Step::FlushFolder]);
    files.remove(&folder.path("a")).unwrap();
}

#[test]
fn a_file_is_whole_has_its_mode_and_leaves_nothing_beside_it() {
    let folder = Folder::new("mode");
    let files = Files::new();
    for (bytes, bits) in [(&b"one"[..], 0o600), (b"two and more", 0o644), (b"", 0o640)] {
        files.replace(&folder.path("a"), bytes, bits).unwrap();
        assert_eq!(files.read(&folder.path("a"), 100).unwrap(), bytes);
        assert_eq!(mode(&folder.path("a")), bits);
    }
    assert_eq!(folder.names(), ["a"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_nothing_beside_it() {
    let folder = Folder::new("fails");
    let files = Files::new();
    // A folder cannot be replaced by a file.
    std::fs::create_dir(folder.path("a")).unwrap();
    let error = files.replace(&folder.path("a"), b"x", 0o600).unwrap_err();
    assert_eq!(error.code(), "file_io");
    assert!(error.to_string().ends_with("a: cannot replace"), "{error}");
    assert_eq!(folder.names(), ["a"]);
    let missing = files
        .replace(&folder.path("no/b"), b"x", 0o600)
        .unwrap_err();
    assert!(missing.is_not_found());
    for path in ["/", "..", "a/.."] {
        let error = files.replace(Path::new(path), b"x", 0o600).unwrap_err();
        assert_eq!(error.code(), "file_name", "{path}");
    }
}

#[test]
fn a_file_is_read_up_to_its_limit_and_only_if_it_is_one() {
    let folder = Folder::new("read");
    let files = Files::new();
    std::fs::write(folder.path("a"), [7; 10]).unwrap();
    assert_eq!(files.read(&folder.path("a"), 10).unwrap(), [7; 10]);
    let error = files.read(&folder.path("a"), 9).unwrap_err();
    assert!(
        error.to_string().ends_with("a: is longer than 9 bytes"),
        "{error}"
    );
    assert_eq!(files.read(&folder.0, 9).unwrap_err().code(), "file_kind");
    assert!(files.read(&folder.path("b"), 9).unwrap_err().is_not_found());
}

/// The chain of sources says the file, then what the system said, and nothing twice.
#[test]
fn an_error_names_its_fault_once() {
    let folder = Folder::new("chain");
    let path = folder.path("file");
    let missing = Files::new().read(&path, 10).unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!("{}: cannot open", path.display())
    );
    let source = std::error::Error::source(&missing).unwrap();
    assert!(source.to_string().contains("os error 2"), "{source}");
    assert!(source.source().is_none());
    std::fs::write(&path, "01234567890").unwrap();
    let long = Files::new().read(&path, 10).unwrap_err();
    assert_eq!(
        long.to_string(),
        format!("{}: is longer than 10 bytes", path.display())
    );
    assert!(std::error::Error::source(&long).is_none());
}

#[test]
fn what_others_may_write_is_refused() {
    let folder = Folder::new("others");
    let files = Files::new();
    std::fs::write(folder.path("a"), "x").unwrap();
    for (bits, ok) in [
        (0o600, true),
        (0o644, true),
        (0o660, false),
        (0o602, false),
        (0o666, false),
    ] {
        std::fs::set_permissions(folder.path("a"), std::fs::Permissions::from_mode(bits)).unwrap();
        let looked_at = files.refuse_writable_by_others(&folder.path("a"));
        assert_eq!(looked_at.is_ok(), ok, "{bits:o}");
        if let Err(error) = looked_at {
            let text = error.to_string();
            assert!(
                text.ends_with(&format!("others may write it (mode {bits:o})")),
                "{text}"
            );
        }
    }
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(
        files
            .refuse_writable_by_others(&folder.0)
            .unwrap_err()
            .code(),
        "file_writable"
    );
}

/// The rule of ssh's `StrictModes`: whoever owns it can change its mode at any time.
#[test]
fn what_belongs_to_another_user_is_refused() {
    let folder = Folder::new("owner");
    let files = Files::new();
    let file = folder.write("a", "x");
    let user = std::fs::metadata(&file).unwrap().uid();
    for path in [&file, &folder.0] {
        files.refuse_writable_by_others(path).unwrap();
        if !give(path, STRANGER) {
            return;
        }
        let error = files.refuse_writable_by_others(path).unwrap_err();
        assert_eq!((error.code(), &error.path), ("file_owner", path));
        let fault = format!("belongs to user {STRANGER}, not to user {user} or root");
        assert_eq!(error.fault.to_string(), fault);
        assert!(give(path, user));
        files.refuse_writable_by_others(path).unwrap();
    }
}

/// Whoever owns the folder above could put one of their own in its place.
#[test]
fn a_folder_of_its_owner_alone_is_not_made_in_another_users() {
    let folder = Folder::new("make");
    let files = Files::new();
    files.create_folder(&folder.path("a/b"), 0o700).unwrap();
    assert_eq!(mode(&folder.path("a")), 0o700);
    assert_eq!(mode(&folder.path("a/b")), 0o700);
    if !give(&folder.path("a"), STRANGER) {
        return;
    }
    let error = files.create_folder(&folder.path("a/c/d"), 0o700);
    let error = error.unwrap_err();
    assert_eq!((error.code(), error.path), ("file_owner", folder.path("a")));
    assert!(!folder.path("a/c").exists());
    // What all may read is no secret.
    files.create_folder(&folder.path("a/c/d"), 0o755).unwrap();
    assert_eq!(mode(&folder.path("a/c/d")), 0o755);
}

/// A buffer that grows leaves a copy of what it held, of a private key too, wherever it was.
#[test]
fn a_file_is_read_into_one_place_in_memory() {
    let folder = Folder::new("in-place");
    for length in [0, 1, 31, 32, 33, 1_000, 10_000, 100_000] {
        std::fs::write(folder.path("a"), vec![7; length]).unwrap();
        for max in [length, 1_000_000] {
            let max = u64::try_from(max).unwrap();
            let bytes = Files::new().read(&folder.path("a"), max).unwrap();
            assert_eq!(bytes, vec![7; length]);
            // One that has grown has doubled.
            assert!(bytes.capacity() <= length + 64, "{length}");
        }
    }
}

#[test]
fn a_webroot_is_readable_by_all_and_written_only_where_it_differs() {
    let folder = Folder::new("webroot");
    let webroot = Webroot::open(Files::new(), &folder.path("www"), "/keys/jwks.json").unwrap();
    let one = issuer([Algorithm::Es256]);
    let publish = |issuer: &oidc_issuer::Issuer| {
        webroot
            .publish(issuer.jwk_set_document(), issuer.discovery_document())
            .unwrap()
    };
    let change = publish(&one);
    assert!(change.discovery && change.jwk_set);
    let change = publish(&one);
    assert!(!change.discovery && !change.jwk_set);
    for (path, document) in [
        (webroot.jwk_set_path(), one.jwk_set_document()),
        (webroot.discovery_path(), one.discovery_document()),
    ] {
        assert_eq!(std::fs::read(path).unwrap(), document.bytes);
        assert_eq!(mode(path), 0o644);
        assert_eq!(mode(path.parent().unwrap()), 0o755);
    }
    // Somebody has changed it: it is put right.
    std::fs::write(webroot.jwk_set_path(), "{}").unwrap();
    let change = publish(&one);
    assert!(!change.discovery && change.jwk_set);
}

/// Whoever fetches both documents while they change finds a key for every algorithm announced.
#[test]
fn the_jwk_set_comes_first_when_an_algorithm_is_added_and_last_when_one_goes() {
    let folder = Folder::new("webroot-order");
    let (one, two) = (
        issuer([Algorithm::Es256]),
        issuer([Algorithm::Es256, Algorithm::EdDsa]),
    );
    let order = |issuer: &oidc_issuer::Issuer| {
        let jwk_set = folder.path("jwks.json");
        let (before, saw) = (
            issuer.jwk_set_document().bytes.clone(),
            Arc::new(Mutex::new(Vec::new())),
        );
        let seen = Arc::clone(&saw);
        // At each rename of a file: is the new JWK Set there already?
        let files = Files::observed(move |step| {
            if step == Step::Rename {
                seen.lock()
                    .unwrap()
                    .push(std::fs::read(&jwk_set).is_ok_and(|there| there == before));
            }
        });
        let webroot = Webroot::open(files, &folder.0, "/jwks.json").unwrap();
        webroot
            .publish(issuer.jwk_set_document(), issuer.discovery_document())
            .unwrap();
        seen_in(&saw)
    };
    assert_eq!(order(&one), [false, true]); // JWK Set, then discovery
    assert_eq!(order(&two), [false, true]);
    assert_eq!(order(&one), [false, false]); // discovery, then JWK Set
}

#[test]
fn the_path_of_the_jwk_set_stays_below_the_webroot() {
    let folder = Folder::new("webroot-path");
    for (path, ok) in [
        ("/jwks.json", true),
        ("/a/b/keys", true),
        ("/.well-known/jwks.json", true),
        ("jwks.json", false),
        ("/", false),
        ("", false),
        ("//a", false),
        ("/../a", false),
        ("/a/../b", false),
        ("/a/./b", false),
        ("/a\nb", false),
        ("/.well-known/openid-configuration", false),
        ("/.well-known/openid-configuration/jwks", false),
        ("/.well-known/openid-configuration.jwks", true),
        ("/.well-known", false),
        ("/.well-known2", true),
    ] {
        let webroot = Webroot::open(Files::new(), &folder.0, path);
        assert_eq!(webroot.is_ok(), ok, "{path:?}");
    }
}

#[test]
fn a_token_file_holds_the_token_and_nothing_else_for_its_owner_alone() {
    let folder = Folder::new("token");
    let token = issuer([Algorithm::EdDsa])
        .issue(&TokenSpec::new("job", "aud").unwrap(), at(common::NOW))
        .unwrap();
    let file = TokenFile::new(Files::new(), folder.path("token"));
    file.write(&token).unwrap();
    assert_eq!(
        std::fs::read_to_string(file.path()).unwrap(),
        token.as_str()
    );
    assert_eq!(file.read().unwrap().unwrap(), token.as_str());
    assert_eq!(mode(file.path()), 0o600);
}

/// What diridp's documentation says is lost at each rotation.
#[test]
fn a_token_file_keeps_the_owner_the_group_and_the_mode_that_an_operator_gave_it() {
    let folder = Folder::new("token-owner");
    let token = issuer([Algorithm::EdDsa])
        .issue(&TokenSpec::new("job", "aud").unwrap(), at(common::NOW))
        .unwrap();
    let file = TokenFile::new(Files::new(), folder.path("token"));
    file.write(&token).unwrap();
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    // Only root gives a file away.
    let given = std::os::unix::fs::chown(file.path(), Some(12_345), Some(54_321)).is_ok();
    file.write(&token).unwrap();
    assert_eq!(mode(file.path()), 0o640);
    if given {
        let metadata = std::fs::metadata(file.path()).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (12_345, 54_321));
    }
    assert_eq!(folder.names(), ["token"]);
}

/// A program that owns the folder of its token could stop all others: opening a pipe waits for a writer.
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once_and_replaced() {
    let folder = Folder::new("token-pipe");
    let path = folder.path("token");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let file = TokenFile::new(Files::new(), &path);
    let error = file.read().unwrap_err();
    assert_eq!(error.code(), "file_kind", "{error}");
    let token = issuer([Algorithm::EdDsa])
        .issue(&TokenSpec::new("job", "aud").unwrap(), at(common::NOW))
        .unwrap();
    file.write(&token).unwrap();
    assert_eq!(file.read().unwrap().unwrap(), token.as_str());
    assert_eq!(mode(file.path()), 0o600);
}

#[test]
fn a_symbolic_link_is_replaced_and_not_followed() {
    let folder = Folder::new("token-link");
    let token = issuer([Algorithm::EdDsa])
        .issue(&TokenSpec::new("job", "aud").unwrap(), at(common::NOW))
        .unwrap();
    std::fs::write(folder.path("target"), "kept").unwrap();
    symlink(folder.path("target"), folder.path("token")).unwrap();
    let file = TokenFile::new(Files::new(), folder.path("token"));
    // Whoever puts a link there chooses what is opened: `/dev/watchdog` reboots a machine.
    assert_eq!(file.read().unwrap_err().code(), "file_io");
    file.write(&token).unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.path("target")).unwrap(),
        "kept"
    );
    assert_eq!(mode(file.path()), 0o600);
    assert_eq!(file.read().unwrap().unwrap(), token.as_str());
}
