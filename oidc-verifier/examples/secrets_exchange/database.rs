//! The grants, in an `SQLite` file: who may do what until when, under the hash of a token.

use std::error::Error;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use oidc_core::NumericDate;
use oidc_issuer::fs::{FileError, Files};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params,
};

use crate::access_token::TokenHash;

/// What a token gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The id of the identity.
    pub(crate) identity: String,
    /// The first second at which it gives nothing any more.
    pub(crate) expires_at: NumericDate,
}

/// A change of what is remembered.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Issue(TokenHash, Grant),
    Revoke(TokenHash),
    /// Forgets grants that have ended, at most [`SWEPT_AT_ONCE`].
    Sweep(NumericDate),
}

/// How many grants one sweep forgets: others wait for it no longer than for a batch of their own.
pub(crate) const SWEPT_AT_ONCE: u16 = 1_000;

/// One connection to the file.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
}

impl Database {
    /// Opens the file, or makes it with the folder that it lies in.
    pub(crate) fn open(path: &Path) -> Result<Database, OpenError> {
        let fail = |fault: Fault| OpenError {
            path: path.to_owned(),
            fault,
        };
        // An absolute path is never one of the names that SQLite has a meaning of its own for.
        let absolute = std::path::absolute(path).map_err(|error| fail(Fault::Io(error)))?;
        make_private(&absolute).map_err(fail)?;
        Database::connect(&absolute).map_err(fail)
    }

    fn connect(path: &Path) -> Result<Database, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(LONGEST_WAIT)?;
        recognise(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit is on the disk when it returns: what was answered outlives a power cut.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", PAGES_OF_LOG)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if recognise(&transaction)? == Contents::Nothing {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        }
        transaction.commit()?;
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            return Err(Fault::Damaged(check));
        }
        Ok(Database { connection })
    }

    /// Makes all these changes or none. They are durable when this returns. For each, how many grants
    /// it touched.
    pub(crate) fn commit<'c>(
        &mut self,
        changes: impl IntoIterator<Item = &'c Change>,
    ) -> rusqlite::Result<Vec<usize>> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut issue = transaction.prepare(ISSUE)?;
        let mut revoke = transaction.prepare(REVOKE)?;
        let mut sweep = transaction.prepare(SWEEP)?;
        let touched = changes.into_iter().map(|change| match change {
            Change::Issue(hash, grant) => issue.execute(params![
                hash.place(),
                hash.as_bytes(),
                grant.identity,
                grant.expires_at.as_seconds()
            ]),
            Change::Revoke(hash) => revoke.execute(params![hash.place()]),
            Change::Sweep(now) => sweep.execute(params![now.as_seconds(), SWEPT_AT_ONCE]),
        });
        let touched = touched.collect::<rusqlite::Result<_>>()?;
        drop((issue, revoke, sweep));
        transaction.commit()?;
        Ok(touched)
    }

    /// What the token with this hash gives, if it was issued and neither revoked nor swept since.
    pub(crate) fn find(&self, hash: &TokenHash) -> rusqlite::Result<Option<Grant>> {
        let mut statement = self.connection.prepare(FIND)?;
        let found = statement.query_row(params![hash.place()], |row| {
            let stored: [u8; 32] = row.get(0)?;
            let grant = Grant {
                identity: row.get(1)?,
                // A time that no grant was given has ended long ago.
                expires_at: NumericDate::from_seconds(row.get(2)?).unwrap_or(NumericDate::MIN),
            };
            Ok(hash.is(&stored).then_some(grant))
        });
        found.optional().map(Option::flatten)
    }
}

/// How long a connection waits for another one, which is never more than a commit.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long the log grows (32 MiB) before its pages go to where they belong, while commits wait. Hashes
/// come in no order, so each changes another page: at `SQLite`'s own 1,000 pages a busy service would do
/// so several times a second.
const PAGES_OF_LOG: i32 = 8_192;

/// Marks the file as ours: the letters `dpsx`.
const APPLICATION_ID: i32 = 0x6470_7378;

const SCHEMA_VERSION: i32 = 1;

/// `place` is the first half of `hash`, which finds the row; the whole is compared outside of SQL.
const SCHEMA: &str = "
    CREATE TABLE grants (
        place BLOB PRIMARY KEY CHECK (length(place) = 16),
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        identity TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX grants_by_end ON grants (expires_at);
";

const ISSUE: &str =
    "INSERT INTO grants (place, hash, identity, expires_at) VALUES (?1, ?2, ?3, ?4)";
const REVOKE: &str = "DELETE FROM grants WHERE place = ?1";
const SWEEP: &str = "DELETE FROM grants WHERE place IN
    (SELECT place FROM grants WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
const FIND: &str = "SELECT hash, identity, expires_at FROM grants WHERE place = ?1";

/// Makes the file, if it is not there. Whoever could write it, or put another in its place, could give
/// out grants; `SQLite` gives its other files the permissions of this one.
fn make_private(path: &Path) -> Result<(), Fault> {
    let files = Files::new();
    let folder = path.parent().ok_or(io::ErrorKind::InvalidFilename);
    let folder = folder.map_err(|kind| Fault::Io(kind.into()))?;
    files.create_folder(folder, 0o700)?;
    files.refuse_writable_by_others(folder)?;
    let mut options = OpenOptions::new();
    let made = options.read(true).append(true).create(true).mode(0o600);
    let mode = made.open(path)?.metadata()?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Fault::Open(mode));
    }
    // The name of a new file is on the disk before anything is said of it.
    Ok(OpenOptions::new().read(true).open(folder)?.sync_all()?)
}

#[derive(PartialEq, Eq)]
enum Contents {
    Grants,
    /// A new file, or one whose making was interrupted.
    Nothing,
}

fn recognise(connection: &Connection) -> Result<Contents, Fault> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let tables = "SELECT count(*) FROM sqlite_schema";
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(Contents::Grants),
        (APPLICATION_ID, found) => Err(Fault::Schema(found)),
        (0, 0) if connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 => {
            Ok(Contents::Nothing)
        }
        _ => Err(Fault::Foreign),
    }
}

/// Why the file was not opened.
#[derive(Debug)]
pub(crate) struct OpenError {
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Io(io::Error),
    File(FileError),
    Open(u32),
    NotADatabase,
    Foreign,
    Schema(i32),
    Damaged(String),
    Sqlite(rusqlite::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Io(error)
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Fault {
        Fault::File(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Fault::NotADatabase,
            Some(ErrorCode::DatabaseCorrupt) => Fault::Damaged(error.to_string()),
            _ => Fault::Sqlite(error),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {}: ", self.path.display())?;
        match &self.fault {
            Fault::Io(error) => error.fmt(f),
            Fault::File(error) => error.fmt(f),
            Fault::Open(mode) => write!(f, "is open to others (mode {mode:o})"),
            Fault::NotADatabase => f.write_str("is not an SQLite file"),
            Fault::Foreign => f.write_str("is the database of another program"),
            Fault::Schema(found) => write!(
                f,
                "has schema version {found}, and this program knows {SCHEMA_VERSION}"
            ),
            Fault::Damaged(how) => write!(f, "is damaged: {how}"),
            Fault::Sqlite(error) => error.fmt(f),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::File(error) => error.source(),
            Fault::Io(_)
            | Fault::Open(_)
            | Fault::NotADatabase
            | Fault::Foreign
            | Fault::Schema(_)
            | Fault::Damaged(_)
            | Fault::Sqlite(_) => None,
        }
    }
}
