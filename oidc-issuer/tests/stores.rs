//! State and private keys in files, and keys that are encrypted before they are stored.

#![cfg(all(feature = "fs", unix))]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of a test program, which looks at files"
)]

mod common;
mod folder;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use common::{ISSUER, key};
use folder::{Folder, STRANGER, give};
use oidc_core::{Algorithm, IssuerIdentifier};
use oidc_issuer::fs::{Files, KeyFolder, StateFile, key_encryption_key};
use oidc_issuer::store::{
    KeyEncryption, LocalKeyEncryption, MemoryKeys, PrivateKeys, PrivateKeysError, SealedKeys,
    StateStore, StoreError, conformance,
};
use oidc_issuer::{KeyRef, RingName};

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn name_of(kid: &str) -> KeyRef {
    let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
    KeyRef::new(
        &issuer,
        &RingName::new("main").unwrap(),
        Algorithm::EdDsa,
        kid,
    )
}

#[test]
fn a_state_file_conforms() {
    let folder = Folder::new("state");
    let path = folder.0.join("state.json");
    let open = || StateFile::open(Files::new(), &path).unwrap();
    assert_eq!(conformance::check(open), Ok(()));
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_state_that_is_gone_is_no_new_beginning() {
    let folder = Folder::new("state-gone");
    let path = folder.0.join("state.json");
    let store = StateFile::open(Files::new(), &path).unwrap();
    assert!(store.load().unwrap().is_none());
    store.commit(None, b"one").unwrap();
    std::fs::remove_file(&path).unwrap();
    let again = StateFile::open(Files::new(), &path).unwrap();
    let error = again.load().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        source.ends_with("state.json: is gone, and there was one"),
        "{source}"
    );
    assert_eq!(
        again.commit(None, b"two").unwrap_err().code(),
        "commit_unknown"
    );
}

#[test]
fn a_state_that_was_cut_off_or_changed_is_damaged() {
    let folder = Folder::new("state-damaged");
    let path = folder.0.join("state.json");
    let store = StateFile::open(Files::new(), &path).unwrap();
    store.commit(None, b"the state").unwrap();
    let whole = std::fs::read(&path).unwrap();
    for damage in [
        whole[..whole.len() - 1].to_vec(),
        [&whole, &b"x"[..]].concat(),
        [&b"2"[..], &whole[1..]].concat(),
        whole.to_ascii_uppercase(),
        b"the state".to_vec(),
        vec![],
    ] {
        std::fs::write(&path, &damage).unwrap();
        let error = store.load().unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.ends_with("is damaged"), "{source}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(store.load().unwrap().unwrap().state, b"the state");
}

/// A replica that has not read since would write over what came of the backup.
#[test]
fn a_version_from_before_a_backup_was_put_back_is_none_after_it() {
    let folder = Folder::new("state-backup");
    let path = folder.0.join("state.json");
    let store = StateFile::open(Files::new(), &path).unwrap();
    let version = || store.load().unwrap().unwrap().version;
    store.commit(None, b"one").unwrap();
    let (backup, first) = (std::fs::read(&path).unwrap(), version());
    store.commit(Some(&first), b"lost").unwrap();
    let lost = version();
    std::fs::write(&path, backup).unwrap();
    // The same bytes are the same version.
    assert_eq!(version(), first);
    store.commit(Some(&first), b"two").unwrap();
    let error = store.commit(Some(&lost), b"over it").unwrap_err();
    assert_eq!(error.code(), "commit_conflict");
    store.commit(Some(&version()), b"three").unwrap();
    assert_eq!(store.load().unwrap().unwrap().state, b"three");
}

#[test]
fn a_state_that_others_may_write_is_refused() {
    let folder = Folder::new("state-mode");
    let path = folder.0.join("state.json");
    StateFile::open(Files::new(), &path)
        .unwrap()
        .commit(None, b"x")
        .unwrap();
    for (what, good, bad) in [
        (folder.0.clone(), 0o755, 0o775),
        (path.clone(), 0o600, 0o602),
        (folder.0.join("state.json.lock"), 0o600, 0o620),
    ] {
        set_mode(&what, bad);
        let error = StateFile::open(Files::new(), &path).unwrap_err();
        assert_eq!((error.code(), &error.path), ("file_writable", &what));
        set_mode(&what, good);
        assert!(StateFile::open(Files::new(), &path).is_ok());
    }
}

#[test]
fn a_state_of_another_user_is_refused() {
    let folder = Folder::new("state-owner");
    let path = folder.0.join("state.json");
    let open = || StateFile::open(Files::new(), &path);
    open().unwrap().commit(None, b"x").unwrap();
    let user = std::fs::metadata(&path).unwrap().uid();
    for what in [&folder.0, &path, &folder.0.join("state.json.lock")] {
        if !give(what, STRANGER) {
            return;
        }
        let error = open().unwrap_err();
        assert_eq!((error.code(), &error.path), ("file_owner", what));
        assert!(give(what, user));
        open().unwrap();
    }
}

/// What every place of private keys does.
fn keeps_keys(keys: &impl PrivateKeys) {
    let (one, two) = (name_of("one"), name_of("a/kid with: anything\\../"));
    let pem = key(Algorithm::EdDsa).to_pkcs8_pem();
    assert_eq!(keys.get(&one).unwrap_err().code(), "private_key_missing");
    keys.put(&one, &pem).unwrap();
    keys.put(&two, &pem).unwrap();
    assert_eq!(*keys.get(&one).unwrap(), *pem);
    assert_eq!(*keys.get(&two).unwrap(), *pem);
    assert_eq!(
        keys.put(&one, &pem).unwrap_err().code(),
        "private_key_exists"
    );
    assert_eq!(keys.list().unwrap(), [two.clone(), one.clone()]);
    keys.destroy(&one).unwrap();
    keys.destroy(&one).unwrap();
    assert_eq!(keys.get(&one).unwrap_err().code(), "private_key_destroyed");
    assert_eq!(
        keys.put(&one, &pem).unwrap_err().code(),
        "private_key_destroyed"
    );
    assert_eq!(keys.list().unwrap(), [two]);
    // One that never was: its name is taken all the same.
    keys.destroy(&name_of("never")).unwrap();
    assert_eq!(
        keys.put(&name_of("never"), &pem).unwrap_err().code(),
        "private_key_destroyed"
    );
}

#[test]
fn every_place_keeps_keys_until_they_are_destroyed_for_good() {
    let folder = Folder::new("keys");
    keeps_keys(&MemoryKeys::new());
    keeps_keys(&KeyFolder::open(Files::new(), folder.0.join("clear")).unwrap());
    let sealed = KeyFolder::open(Files::new(), folder.0.join("sealed")).unwrap();
    keeps_keys(&SealedKeys::new(
        sealed,
        LocalKeyEncryption::new("k", [1; 32]),
    ));
}

#[test]
fn key_files_are_the_owners_alone_and_openssl_reads_them() {
    let folder = Folder::new("keys-mode");
    let path = folder.0.join("keys");
    let keys = KeyFolder::open(Files::new(), &path).unwrap();
    keys.put(&name_of("one"), &key(Algorithm::EdDsa).to_pkcs8_pem())
        .unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    let file = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "pem"))
        .unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let read = std::process::Command::new("openssl")
        .args(["pkey", "-noout", "-in"])
        .arg(&file)
        .status();
    assert!(read.unwrap().success());
    for mode in [0o750, 0o705, 0o701, 0o710] {
        set_mode(&path, mode);
        let error = KeyFolder::open(Files::new(), &path).unwrap_err();
        assert_eq!(error.code(), "file_open", "{mode:o}");
    }
}

#[test]
fn keys_in_a_folder_of_another_user_are_refused() {
    let folder = Folder::new("keys-owner");
    let path = folder.0.join("keys");
    KeyFolder::open(Files::new(), &path).unwrap();
    let user = std::fs::metadata(&path).unwrap().uid();
    if !give(&path, STRANGER) {
        return;
    }
    let error = KeyFolder::open(Files::new(), &path).unwrap_err();
    assert_eq!((error.code(), &error.path), ("file_owner", &path));
    assert!(give(&path, user));
    KeyFolder::open(Files::new(), &path).unwrap();
}

/// Of a key that was never used: nobody else would destroy it.
#[test]
fn what_a_crash_has_left_of_a_key_goes_with_the_next_one() {
    let folder = Folder::new("keys-crash");
    let path = folder.0.join("keys");
    let keys = KeyFolder::open(Files::new(), &path).unwrap();
    let pem = key(Algorithm::EdDsa).to_pkcs8_pem();
    let left = path.join(".main-x.pem.0123456789abcdef.tmp");
    let others = [
        ".main-x.pem.tmp",
        ".main-x.pem.0123456789abcdeg.tmp",
        ".main-x.pem.0123456789abcde.tmp",
        "main-x.pem.0123456789abcdef.tmp",
        ".main-x.txt.0123456789abcdef.tmp",
        ".notes",
    ];
    for name in others {
        std::fs::write(path.join(name), "kept").unwrap();
    }
    for step in 0..2 {
        std::fs::write(&left, "a private key").unwrap();
        if step == 0 {
            keys.put(&name_of("one"), &pem).unwrap();
        } else {
            keys.destroy(&name_of("one")).unwrap();
        }
        assert!(!left.exists(), "{step}");
    }
    for name in others {
        assert!(path.join(name).exists(), "{name}");
    }
}

#[test]
fn what_a_crash_has_left_of_a_state_goes_with_the_next_one() {
    let folder = Folder::new("state-crash");
    let path = folder.0.join("state.json");
    let left = folder.write(".state.json.0123456789abcdef.tmp", "half");
    let other = folder.write(".other.json.0123456789abcdef.tmp", "somebody else's");
    let store = StateFile::open(Files::new(), &path).unwrap();
    // To look changes nothing.
    assert!(store.load().unwrap().is_none() && left.exists());
    store.commit(None, b"whole").unwrap();
    assert!(!left.exists() && other.exists());
}

#[test]
fn a_file_from_a_backup_does_not_bring_a_destroyed_key_back() {
    let folder = Folder::new("keys-backup");
    let path = folder.0.join("keys");
    let keys = KeyFolder::open(Files::new(), &path).unwrap();
    keys.put(&name_of("one"), &key(Algorithm::EdDsa).to_pkcs8_pem())
        .unwrap();
    let file = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "pem"))
        .unwrap();
    let backup = std::fs::read(&file).unwrap();
    keys.destroy(&name_of("one")).unwrap();
    assert!(!file.exists());
    std::fs::write(&file, backup).unwrap();
    assert_eq!(
        keys.get(&name_of("one")).unwrap_err().code(),
        "private_key_destroyed"
    );
    assert!(keys.list().unwrap().is_empty());
}

#[test]
fn a_key_file_in_the_place_of_another_is_refused_and_foreign_files_are_left_alone() {
    let folder = Folder::new("keys-swap");
    let path = folder.0.join("keys");
    let keys = KeyFolder::open(Files::new(), &path).unwrap();
    keys.put(&name_of("one"), &key(Algorithm::EdDsa).to_pkcs8_pem())
        .unwrap();
    keys.put(&name_of("two"), &key(Algorithm::Ed25519).to_pkcs8_pem())
        .unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pem"))
        .collect();
    files.sort();
    std::fs::copy(&files[0], &files[1]).unwrap();
    let outcomes = [keys.get(&name_of("one")), keys.get(&name_of("two"))];
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert_eq!(
        refused
            .map(oidc_issuer::store::PrivateKeysError::code)
            .collect::<Vec<_>>(),
        ["private_key_unusable"]
    );
    for foreign in [&b"not ours"[..], b"\xff", &vec![b'x'; 100_000]] {
        std::fs::write(path.join("foreign.pem"), foreign).unwrap();
        assert_eq!(keys.list().unwrap().len(), 1);
        assert!(path.join("foreign.pem").exists());
    }
}

/// What is kept instead of the key.
struct Envelopes<'k>(&'k MemoryKeys);

impl Envelopes<'_> {
    fn of(&self, name: &KeyRef) -> String {
        self.0.get(name).unwrap().to_string()
    }
}

#[test]
fn an_envelope_shows_nothing_of_the_key_and_opens_only_in_its_own_place() {
    let inner = MemoryKeys::new();
    let pem = key(Algorithm::EdDsa).to_pkcs8_pem();
    {
        let keys = SealedKeys::new(&inner, LocalKeyEncryption::new("k1", [1; 32]));
        keys.put(&name_of("one"), &pem).unwrap();
        keys.put(&name_of("two"), &pem).unwrap();
        let debug = format!("{keys:?}");
        assert!(debug.contains("k1") && !debug.contains("[1, 1"), "{debug}");
    }
    let envelope = Envelopes(&inner).of(&name_of("one"));
    assert!(!envelope.contains("PRIVATE KEY"));
    assert!(
        envelope.starts_with(r#"{"format":1,"key_encryption_key":"k1","#),
        "{envelope}"
    );
    // The same key twice is two different envelopes.
    assert_ne!(envelope, Envelopes(&inner).of(&name_of("two")));

    // Moved to another name, ring, algorithm or issuer, it does not open.
    let issuer = IssuerIdentifier::parse("https://other.example").unwrap();
    let ring = RingName::new("main").unwrap();
    for moved in [
        name_of("three"),
        KeyRef::new(&issuer, &ring, Algorithm::EdDsa, "one"),
        KeyRef::new(
            &name_of("one").issuer,
            &RingName::new("mai").unwrap(),
            Algorithm::EdDsa,
            "none",
        ),
        KeyRef::new(&name_of("one").issuer, &ring, Algorithm::Ed25519, "one"),
    ] {
        let elsewhere = MemoryKeys::new();
        elsewhere.put(&moved, &envelope.clone().into()).unwrap();
        let keys = SealedKeys::new(elsewhere, LocalKeyEncryption::new("k1", [1; 32]));
        assert_eq!(keys.get(&moved).unwrap_err().code(), "private_key_unusable");
    }
}

/// Never "make a new key": what does not open is an error of its own, and stays where it is.
#[test]
fn what_does_not_open_is_unusable_and_not_missing() {
    let pem = key(Algorithm::EdDsa).to_pkcs8_pem();
    let inner = MemoryKeys::new();
    let name = name_of("one");
    let sealed = SealedKeys::new(&inner, LocalKeyEncryption::new("k1", [1; 32]));
    sealed.put(&name, &pem).unwrap();
    let reason = |encryption: LocalKeyEncryption| {
        let error = SealedKeys::new(&inner, encryption).get(&name).unwrap_err();
        assert_eq!(error.code(), "private_key_unusable");
        let source = std::error::Error::source(&error).unwrap();
        std::error::Error::source(source).unwrap().to_string()
    };
    assert_eq!(
        reason(LocalKeyEncryption::new("k2", [1; 32])),
        "no key-encryption key `k1`"
    );
    assert_eq!(
        reason(LocalKeyEncryption::new("k1", [2; 32])),
        "the data key does not unwrap"
    );
    // A new key that wraps, and the old one that still unwraps.
    let rotated = LocalKeyEncryption::new("k2", [2; 32]).with_older("k1", [1; 32]);
    assert_eq!(*SealedKeys::new(&inner, rotated).get(&name).unwrap(), *pem);
    // Each byte of the envelope counts.
    let envelope = Envelopes(&inner).of(&name);
    for index in (0..envelope.len()).step_by(7) {
        let mut changed = envelope.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let Ok(changed) = String::from_utf8(changed) else {
            continue;
        };
        let elsewhere = MemoryKeys::new();
        elsewhere.put(&name, &changed.into()).unwrap();
        let keys = SealedKeys::new(elsewhere, LocalKeyEncryption::new("k1", [1; 32]));
        assert_eq!(
            keys.get(&name).unwrap_err().code(),
            "private_key_unusable",
            "{index}"
        );
    }
}

/// A KMS in an outage: what it keeps is neither lost nor to be revoked.
#[test]
fn a_key_encryption_that_does_not_answer_is_asked_again() {
    struct Outage;

    impl KeyEncryption for Outage {
        fn id(&self) -> &'static str {
            "k1"
        }

        fn wrap(&self, _: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
            Err(StoreError::new("timed out"))
        }

        fn unwrap(
            &self,
            _: &str,
            _: &[u8],
        ) -> Result<zeroize::Zeroizing<[u8; 32]>, PrivateKeysError> {
            Err(PrivateKeysError::Unavailable(StoreError::new("timed out")))
        }
    }

    let inner = MemoryKeys::new();
    let name = name_of("one");
    let pem = key(Algorithm::EdDsa).to_pkcs8_pem();
    let working = SealedKeys::new(&inner, LocalKeyEncryption::new("k1", [1; 32]));
    working.put(&name, &pem).unwrap();
    let outage = SealedKeys::new(&inner, Outage);
    assert!(outage.get(&name).unwrap_err().is_temporary());
    assert!(
        outage
            .put(&name_of("two"), &pem)
            .unwrap_err()
            .is_temporary()
    );
    assert_eq!(*working.get(&name).unwrap(), *pem);
}

#[test]
fn a_data_key_is_wrapped_under_the_name_of_its_key_encryption_key() {
    let one = LocalKeyEncryption::new("k1", [1; 32]);
    let wrapped = one.wrap(&[9; 32]).unwrap();
    assert_eq!(*one.unwrap("k1", &wrapped).unwrap(), [9; 32]);
    // The same bytes under another name are another key's.
    let renamed = LocalKeyEncryption::new("k2", [1; 32]);
    assert!(renamed.unwrap("k2", &wrapped).is_err());
    assert!(one.unwrap("k1", &wrapped[1..]).is_err());
    assert!(one.unwrap("k1", b"short").is_err());
    assert_eq!(format!("{one:?}"), r#"["k1"]"#);
}

#[test]
fn a_key_encryption_key_is_32_bytes_of_its_owners_alone() {
    let folder = Folder::new("kek");
    let path = folder.0.join("kek");
    let read = || key_encryption_key(&Files::new(), &path).map(|key| *key);
    for (bytes, code) in [
        (vec![5; 31], "file_key_length"),
        (vec![5; 33], "file_key_length"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        set_mode(&path, 0o600);
        assert_eq!(read().unwrap_err().code(), code);
    }
    std::fs::write(&path, [5; 32]).unwrap();
    for (mode, ok) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        set_mode(&path, mode);
        assert_eq!(read().is_ok(), ok, "{mode:o}");
    }
    set_mode(&path, 0o600);
    assert_eq!(read().unwrap(), [5; 32]);
    if give(&path, STRANGER) {
        assert_eq!(read().unwrap_err().code(), "file_owner");
    }
}
