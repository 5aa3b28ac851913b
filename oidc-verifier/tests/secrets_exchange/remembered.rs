//! What is remembered of tokens, and in which file.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use oidc_issuer::{RandomError, SecureRandom, SystemRandom};
use rusqlite::Connection;

use crate::access_token::AccessToken;
use crate::configuration::Configuration;
use crate::database::{Change, Database, Grant, SWEPT_AT_ONCE};
use crate::ledger::Ledger;
use crate::support::{ISSUER, NOW, at};
use crate::world::{Folder, World, configuration, grants, identity};

fn grant(expires_at: i64) -> Grant {
    Grant {
        identity: "ci".to_owned(),
        expires_at: at(expires_at),
    }
}

fn token() -> AccessToken {
    AccessToken::generate(&SystemRandom::new()).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn a_restart_loses_neither_a_token_nor_a_revocation() {
    let world = World::new().await;
    let (kept, revoked) = (world.exchanged().await, world.exchanged().await);
    assert_eq!(world.revoke(&revoked).await.status, 200);
    let document = configuration(&identity(ISSUER, "exact", &serde_json::json!({})));
    let world = world.restarted(&document).await;
    assert_eq!(world.status_of(&kept).await, 200);
    assert_eq!(world.status_of(&revoked).await, 401);
}

#[tokio::test]
async fn files_are_the_owners_alone_and_hold_no_token() {
    let world = World::new().await;
    let token = world.exchanged().await;
    let folder = world.folder.path("state");
    assert_eq!(mode(&folder), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        let secret = token.strip_prefix("dp.said.").unwrap().as_bytes();
        assert!(bytes.windows(secret.len()).all(|window| window != secret));
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log, and their index");
}

#[test]
fn a_grant_is_found_until_it_is_revoked() {
    let folder = Folder::new("secrets-exchange");
    let mut database = Database::open(&folder.path("tokens")).unwrap();
    let (one, two) = (token(), token());
    let issue = |token: &AccessToken| Change::Issue(token.hash(), grant(NOW));
    assert_eq!(
        database.commit(&[issue(&one), issue(&two)]).unwrap(),
        [1, 1]
    );
    assert_eq!(database.find(&one.hash()).unwrap(), Some(grant(NOW)));
    let revoke = [Change::Revoke(one.hash()), Change::Revoke(one.hash())];
    assert_eq!(database.commit(&revoke).unwrap(), [1, 0]);
    assert_eq!(database.find(&one.hash()).unwrap(), None);
    assert_eq!(database.find(&two.hash()).unwrap(), Some(grant(NOW)));
}

/// The row is found by half of the hash; the other half counts as well.
#[test]
fn the_whole_hash_is_compared() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    let mut database = Database::open(&path).unwrap();
    let token = token();
    database
        .commit(&[Change::Issue(token.hash(), grant(NOW))])
        .unwrap();
    for (byte, found) in [(31, false), (16, false), (15, false)] {
        let mut hash = *token.hash().as_bytes();
        hash[byte] ^= 1;
        let connection = Connection::open(&path).unwrap();
        connection
            .execute("UPDATE grants SET hash = ?1", [hash])
            .unwrap();
        assert_eq!(
            database.find(&token.hash()).unwrap().is_some(),
            found,
            "{byte}"
        );
    }
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE grants SET hash = ?1", [token.hash().as_bytes()])
        .unwrap();
    assert_eq!(database.find(&token.hash()).unwrap(), Some(grant(NOW)));
}

/// One change that cannot be made leaves none of its group behind.
#[test]
fn a_group_is_committed_whole_or_not_at_all() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    let mut database = Database::open(&path).unwrap();
    let (one, two) = (token(), token());
    let issue = |token: &AccessToken| Change::Issue(token.hash(), grant(NOW));
    database.commit(&[issue(&one)]).unwrap();
    database.commit(&[issue(&two), issue(&one)]).unwrap_err();
    assert_eq!(database.find(&two.hash()).unwrap(), None);
    assert_eq!(grants(&path), 1);
}

#[tokio::test]
async fn what_has_ended_is_swept_and_nothing_else() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    let many = usize::from(SWEPT_AT_ONCE) * 2 + 1;
    {
        let mut database = Database::open(&path).unwrap();
        let ended = (0..many).map(|_| Change::Issue(token().hash(), grant(NOW)));
        database.commit(&ended.collect::<Vec<_>>()).unwrap();
    }
    let ledger = Ledger::open(&path).unwrap();
    let lives = token();
    ledger.issue(lives.hash(), grant(NOW + 1)).await.unwrap();
    assert_eq!(ledger.sweep(at(NOW - 1)).await.unwrap(), 0);
    assert_eq!(ledger.sweep(at(NOW)).await.unwrap(), many);
    assert_eq!(
        ledger.find(lives.hash()).await.unwrap(),
        Some(grant(NOW + 1))
    );
    assert_eq!(grants(&path), 1);
    assert_eq!(ledger.sweep(at(NOW + 1)).await.unwrap(), 1);
}

/// More than one transaction takes, all at once.
#[tokio::test]
async fn changes_that_come_together_are_all_made() {
    let folder = Folder::new("secrets-exchange");
    let ledger = std::sync::Arc::new(Ledger::open(&folder.path("tokens")).unwrap());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..Ledger::MAX_WAITING {
        let ledger = std::sync::Arc::clone(&ledger);
        all.spawn(async move { ledger.issue(token().hash(), grant(NOW)).await.is_ok() });
    }
    assert!(all.join_all().await.into_iter().all(|issued| issued));
    drop(ledger);
    let expected = i64::try_from(Ledger::MAX_WAITING).unwrap();
    assert_eq!(grants(&folder.path("tokens")), expected);
}

/// The disk does not follow: who comes then is told so, and does not wait.
#[tokio::test]
async fn no_more_changes_wait_than_may() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    let ledger = Ledger::open(&path).unwrap();
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let hash = token().hash();
    // The first group is with the thread, which waits for the blocker.
    let mut waiting = Vec::new();
    let failed = loop {
        let mut change = Box::pin(ledger.revoke(hash));
        match std::future::poll_fn(|context| std::task::Poll::Ready(change.as_mut().poll(context)))
            .await
        {
            std::task::Poll::Pending => waiting.push(change),
            std::task::Poll::Ready(outcome) => break outcome.unwrap_err(),
        }
        assert!(waiting.len() <= 2 * Ledger::MAX_WAITING);
    };
    assert_eq!(failed.to_string(), "database: too many changes wait");
    assert!(waiting.len() >= Ledger::MAX_WAITING);
    blocker.execute_batch("ROLLBACK").unwrap();
    for change in waiting {
        change.await.unwrap();
    }
}

fn error(path: &Path) -> String {
    let error = Database::open(path).unwrap_err().to_string();
    let prefix = format!("database {}: ", path.display());
    error.strip_prefix(&prefix).unwrap().to_owned()
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_as_it_was() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    let refused = |make: &dyn Fn(&Path), expected: &str| {
        let _ = std::fs::remove_file(&path);
        make(&path);
        set_mode(&path, 0o600);
        let before = std::fs::read(&path).unwrap();
        assert_eq!(error(&path), expected);
        assert_eq!(std::fs::read(&path).unwrap(), before, "{expected}");
    };
    let sql = |text: &'static str| {
        move |path: &Path| Connection::open(path).unwrap().execute_batch(text).unwrap()
    };
    refused(
        &|path| std::fs::write(path, "some notes of mine, which are no database").unwrap(),
        "is not an SQLite file",
    );
    refused(
        &sql("CREATE TABLE notes (text TEXT)"),
        "is the database of another program",
    );
    refused(
        &sql("PRAGMA application_id = 7"),
        "is the database of another program",
    );
    refused(
        &sql("PRAGMA user_version = 1"),
        "is the database of another program",
    );
    refused(
        &|path| {
            drop(Database::open(path).unwrap());
            sql("PRAGMA user_version = 2")(path);
        },
        "has schema version 2, and this program knows 1",
    );
}

#[test]
fn a_damaged_file_is_refused() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    {
        let mut database = Database::open(&path).unwrap();
        let issue = (0..500).map(|_| Change::Issue(token().hash(), grant(NOW)));
        database.commit(&issue.collect::<Vec<_>>()).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 5 * 4096);
    let mut damaged = bytes.clone();
    damaged[4096 * 3..4096 * 4].fill(0xa5);
    std::fs::write(&path, damaged).unwrap();
    assert!(error(&path).starts_with("is damaged: "), "{}", error(&path));
    std::fs::write(&path, &bytes[..4096 * 2]).unwrap();
    assert!(error(&path).starts_with("is damaged: "), "{}", error(&path));
    std::fs::write(&path, bytes).unwrap();
    Database::open(&path).unwrap();
}

/// Whoever may write the file gives out grants, and whoever may write its folder puts another file there.
/// Nobody's permissions are changed: the path may be a mistake, and the file somebody else's.
#[test]
fn what_others_may_write_or_read_is_refused_and_left_as_it_was() {
    let folder = Folder::new("secrets-exchange");
    let path = folder.path("tokens");
    drop(Database::open(&path).unwrap());
    for open in [0o644, 0o606, 0o610, 0o620, 0o666] {
        set_mode(&path, open);
        assert_eq!(error(&path), format!("is open to others (mode {open:o})"));
        assert_eq!(mode(&path), open);
    }
    set_mode(&path, 0o600);
    for (open, refused) in [(0o755, false), (0o775, true), (0o757, true)] {
        set_mode(&folder.path(""), open);
        assert_eq!(Database::open(&path).is_err(), refused, "{open:o}");
    }
    let expected = format!(
        "{}: others may write it (mode 757)",
        folder.path("tokens").parent().unwrap().display()
    );
    assert_eq!(error(&path), expected);
    let other = folder.path("other");
    Database::open(&other).unwrap_err();
    assert!(!other.exists());
}

/// Every moment at which making it may have been interrupted.
#[test]
fn a_file_that_was_only_begun_is_finished() {
    let folder = Folder::new("secrets-exchange");
    for begun in [
        "",
        "PRAGMA journal_mode = WAL",
        "BEGIN; CREATE TABLE x (y); ROLLBACK",
    ] {
        let path = folder.path("begun");
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, "").unwrap();
        set_mode(&path, 0o600);
        Connection::open(&path)
            .unwrap()
            .execute_batch(begun)
            .unwrap_or(());
        Database::open(&path).unwrap();
        assert_eq!(grants(&path), 0);
    }
}

/// Names that `SQLite` has a meaning of its own for are names of files here.
#[test]
fn no_name_is_special() {
    let folder = Folder::new("secrets-exchange");
    for name in [":memory:", "file:x?mode=memory", "a b'%20"] {
        let path = folder.path(name);
        let mut database = Database::open(&path).unwrap();
        database
            .commit(&[Change::Issue(token().hash(), grant(NOW))])
            .unwrap();
        drop(database);
        assert!(std::fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
    let missing = folder.path("file/tokens");
    std::fs::write(folder.path("file"), "").unwrap();
    let expected = format!("{}: cannot make the folder", folder.path("file").display());
    assert_eq!(error(&missing), expected);
}

/// A source of bytes that comes to an end.
struct Bytes(std::sync::Mutex<Vec<u8>>);

impl SecureRandom for Bytes {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError> {
        let mut left = self.0.lock().unwrap();
        if left.len() < dest.len() {
            return Err(RandomError::new());
        }
        dest.copy_from_slice(&left[..dest.len()]);
        left.drain(..dest.len());
        Ok(())
    }
}

/// Bytes that stand for no letter are passed over, and no letter stands for more bytes than another.
#[test]
fn each_letter_of_a_token_is_as_likely_as_any_other() {
    let mut count = std::collections::BTreeMap::<char, usize>::new();
    for byte in 0..=255 {
        let mut bytes = vec![62; 43];
        bytes[0] = byte;
        bytes.extend([0; 43]);
        let token = AccessToken::generate(&Bytes(bytes.into())).unwrap();
        let first = token.as_str().chars().nth(8).unwrap();
        *count.entry(first).or_default() += 1;
        assert!(AccessToken::parse(token.as_str()).is_some());
    }
    // Eight values pass over to the second draw, which begins with an `A`.
    assert_eq!(count.remove(&'A'), Some(4 + 8));
    assert_eq!(count.len(), 61);
    assert!(count.values().all(|count| *count == 4));
    let none = Bytes(vec![0; 42].into());
    assert_eq!(
        AccessToken::generate(&none).unwrap_err(),
        RandomError::new()
    );
}

#[test]
fn a_token_is_recognised_by_its_form() {
    let good = format!("dp.said.{}", "aZ9".repeat(14) + "x");
    assert_eq!(AccessToken::parse(&good).unwrap().as_str(), good);
    let without_last = &good[..good.len() - 1];
    for bad in [
        without_last.to_owned(),
        format!("{good}x"),
        format!("{without_last}-"),
        format!("{without_last}é"),
        format!(" {without_last}"),
        good.replace("said", "st"),
        good.replace("dp", "DP"),
        String::new(),
    ] {
        assert!(AccessToken::parse(&bad).is_none(), "{bad}");
    }
    let token = AccessToken::parse(&good).unwrap();
    assert_eq!(
        format!("{token:?} {:?}", token.hash()),
        "AccessToken { .. } TokenHash { .. }"
    );
}

#[test]
fn the_file_is_bounded_and_the_document_strict() {
    let mut json = configuration(&identity(ISSUER, "exact", &serde_json::json!({}))).to_string();
    json.extend(std::iter::repeat_n(
        ' ',
        Configuration::MAX_BYTES - json.len(),
    ));
    Configuration::from_json(json.as_bytes()).unwrap();
    json.push(' ');
    let error = Configuration::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "configuration: longer than 1048576 bytes"
    );
}
