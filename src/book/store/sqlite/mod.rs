//! A book in one file, by SQLite.
//!
//! Written ahead to a log beside the file and synced before a batch is acknowledged; the log is
//! folded in and gone when the book is closed. A large batch goes into the file itself, if nobody else has
//! it open: a log would be written, read and written again; what little it changes of the file as it was is
//! kept beside it until the batch is whole. Triggers refuse to change or remove what is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::segment::leaves_of;
use super::{Chunk, Flaw, Kept, LAYOUT, Node, Page, Run, Segment, Store, StoreError, laid_out};
use crate::base::{Digest, Forcing};
use door::{Beside, Which, beside, connect, in_file, is_under_way, look};
use tables::{lay_out, lossy, schema_flaws};

mod door;
mod tables;

/// `FENB`, in the place of SQLite's head where a file says whose it is.
const APPLICATION_ID: i64 = 0x4645_4e42;

/// Bytes of a page of the file.
const PAGE_BYTES: u32 = 16_384;

/// How SQLite calls it that what is appended is written to a log first, and that it goes into the file; the
/// second is as durable as the first, since what is kept beside the file is cut to nothing, and synced,
/// before a batch is acknowledged.
const AHEAD: &str = "WAL";
const INTO_THE_FILE: &str = "TRUNCATE";

/// Pages of the file that are held: few of a large batch, which is written once and not read again, so
/// that little is left to be written at its end.
const CACHE: &str = "PRAGMA cache_size = -16384";
const LITTLE_CACHE: &str = "PRAGMA cache_size = -2048";

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long to wait for somebody else who writes.
    pub wait: Duration,
    /// The most pages (of 16,384 bytes) that the file may have, if it is bounded.
    pub pages_max: Option<u32>,
}

/// Keeps a book in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    place: String,
    wait: Duration,
    path: PathBuf,
    /// What forces a large batch to the disk while it is written.
    forcing: Option<Forcing>,
    /// The file as it is forced, closed after the connection alone: whoever closes a file gives up the locks
    /// that his process holds on it.
    forced: Option<Arc<fs::File>>,
    /// Whether the file was made and has nothing in it yet: if nothing comes, it goes away again.
    made: bool,
    /// Which file was opened.
    which: Option<Which>,
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if !self.made {
            return;
        }
        self.rollback();
        // What cannot be taken away stays, and whoever makes a book there is told.
        let _ = fs::remove_file(&self.path);
        for it in Beside::ALL {
            let _ = fs::remove_file(beside(&self.path, it));
        }
    }
}

impl SqliteStore {
    /// Makes a new file.
    ///
    /// # Errors
    /// There is such a file, or it cannot be made.
    pub fn create(path: &Path, options: SqliteOptions) -> Result<SqliteStore, StoreError> {
        SqliteStore::create_as(path, path, options)
    }

    /// The same of a file that is to be moved to another place when it is whole, which messages tell.
    ///
    /// # Errors
    /// As [`create`](SqliteStore::create).
    pub fn create_as(
        path: &Path,
        called: &Path,
        options: SqliteOptions,
    ) -> Result<SqliteStore, StoreError> {
        let place = called.display().to_string();
        if let Some(left) = Beside::ALL.map(|it| beside(called, it)).iter().find(|it| it.exists()) {
            let beside = left.display().to_string();
            return Err(StoreError::LeftOver { place, beside });
        }
        match fs::OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NoFolder { place });
            }
            Err(error) => return Err(StoreError::of_file(error, &place)),
        }
        let connection = connect(path, &place, options.wait)?;
        let mut store = SqliteStore::of(connection, path, options);
        (store.place, store.made) = (place, true);
        store.set(options)?;
        store.found().map_err(|error| store.told(error))?;
        Ok(store)
    }

    /// Opens a file to read and to write.
    ///
    /// # Errors
    /// There is none, or it is no book, of another version, cut short or damaged in its head.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<SqliteStore, StoreError> {
        let place = path.display().to_string();
        look(path, &place)?;
        let connection = connect(path, &place, options.wait)?;
        let store = SqliteStore::of(connection, path, options);
        store.recognise()?;
        store.set(options)?;
        Ok(store)
    }

    /// Opens a file to read alone: it may be on a medium that cannot be written to. Where it is not, the
    /// files that SQLite keeps beside it are gone again when nobody has the book open any more.
    ///
    /// # Errors
    /// As [`open`](SqliteStore::open).
    pub fn open_to_read(path: &Path, options: SqliteOptions) -> Result<SqliteStore, StoreError> {
        let place = path.display().to_string();
        look(path, &place)?;
        let opened = |address: &Path, flags| -> Result<SqliteStore, StoreError> {
            let connection = Connection::open_with_flags(address, flags | NO_MUTEX);
            let connection = connection.map_err(|error| told(error, path, &place))?;
            let store = SqliteStore::of(connection, path, options);
            let set = store.connection.busy_timeout(options.wait);
            set.and_then(|()| store.connection.pragma_update(None, "query_only", true))
                .map_err(|error| store.told(error))?;
            store.recognise()?;
            Ok(store)
        };
        let to_read = OpenFlags::SQLITE_OPEN_READ_ONLY;
        match opened(&in_file(path), OpenFlags::SQLITE_OPEN_READ_WRITE) {
            // The log beside the file cannot be made: if there is none, nobody is writing either.
            Err(StoreError::NoRight { .. } | StoreError::BesideNotOurs { .. })
                if !is_under_way(path) =>
            {
                let address = format!("file:{}?immutable=1", escaped(&in_file(path)));
                opened(Path::new(&address), to_read | OpenFlags::SQLITE_OPEN_URI)
            }
            Err(StoreError::NoRight { .. } | StoreError::BesideNotOurs { .. }) => {
                opened(&in_file(path), to_read)
            }
            other => other,
        }
    }

    fn of(connection: Connection, path: &Path, options: SqliteOptions) -> SqliteStore {
        let (place, path) = (path.display().to_string(), path.to_owned());
        // A statement is planned once, and not anew for whatever it is asked with; else it takes longer.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
        SqliteStore {
            which: Which::is_at(&path),
            connection,
            place,
            wait: options.wait,
            path,
            forcing: None,
            forced: None,
            made: false,
        }
    }

    /// Writes head and tables into an empty file.
    fn found(&mut self) -> Result<(), rusqlite::Error> {
        self.connection.execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        ))?;
        let transaction = self.connection.transaction()?;
        lay_out(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()
    }

    /// Holds that the file is a book, laid out as we do.
    fn recognise(&self) -> Result<(), StoreError> {
        let pragma = |name: &str| {
            let value = self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            value.map_err(|error| self.told(error))
        };
        if pragma("application_id")? != APPLICATION_ID {
            return Err(StoreError::Foreign { place: self.place.clone() });
        }
        laid_out(u32::try_from(pragma("user_version")?).ok(), &self.place)
    }

    fn set(&self, options: SqliteOptions) -> Result<(), StoreError> {
        let set = || -> Result<(), rusqlite::Error> {
            self.connection.execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; \
                 PRAGMA trusted_schema = OFF;",
            )?;
            self.connection.execute_batch(CACHE)?;
            if let Some(pages) = options.pages_max {
                let bound = format!("PRAGMA max_page_count = {pages}");
                self.connection.query_row(&bound, [], |_| Ok(()))?;
            }
            Ok(())
        };
        set().map_err(|error| self.told(error))
    }

    /// Has what is appended written ahead to a log, or into the file. Where others have it open it stays
    /// as it is: both keep what they promise. Tells whether it is so now.
    fn journal(&self, mode: &str) -> bool {
        let ask = format!("PRAGMA journal_mode = {mode}");
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let now = self.connection.query_row(&ask, [], |row| row.get::<_, String>(0));
        let _ = self.connection.busy_timeout(self.wait);
        now.is_ok_and(|now| now.eq_ignore_ascii_case(mode))
    }

    /// Has what is written to the file forced to its disk beside, so that little is left to wait for. That it
    /// is there SQLite says: who cannot help, and what the disk said to him, is of no account.
    fn force_beside(&mut self) {
        let _ = self.connection.execute_batch(LITTLE_CACHE);
        if self.forced.is_none() {
            let file = fs::OpenOptions::new().read(true).write(true).open(&self.path);
            self.forced = file.ok().map(Arc::new);
        }
        self.forcing = self.forced.clone().and_then(|file| Forcing::new(file).ok());
    }

    fn force_no_more(&mut self) {
        if let Some(forcing) = self.forcing.take() {
            let _ = forcing.finish();
            let _ = self.connection.execute_batch(CACHE);
        }
    }

    fn told(&self, error: rusqlite::Error) -> StoreError {
        match told(error, &self.path, &self.place) {
            // What SQLite makes of a file that is gone.
            StoreError::Device { .. } | StoreError::NoRight { .. } if self.stays().is_err() => {
                StoreError::Moved { place: self.place.clone() }
            }
            other => other,
        }
    }

    /// Holds that the file that is open is the one at its place: what was written to another, nobody finds.
    fn stays(&self) -> Result<(), StoreError> {
        match Which::is_at(&self.path) == self.which {
            true => Ok(()),
            false => Err(StoreError::Moved { place: self.place.clone() }),
        }
    }

    fn number(&self, statement: &str) -> Result<u64, StoreError> {
        let number = self.connection.query_row(statement, [], |row| row.get::<_, i64>(0));
        Ok(number.map_err(|error| self.told(error))?.try_into().unwrap_or(0))
    }
}

const NO_MUTEX: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

impl Store for SqliteStore {
    fn size(&mut self) -> Result<u64, StoreError> {
        let last = "SELECT first + length(kinds) FROM entry ORDER BY first DESC LIMIT 1";
        self.number(&format!("SELECT coalesce(({last}), 0)"))
    }

    fn segments(&mut self, holding: u64, count: usize) -> Result<Vec<Segment>, StoreError> {
        let read = || -> Result<Vec<Segment>, rusqlite::Error> {
            let mut statement = self.connection.prepare_cached(
                "SELECT first, kinds, ends, leaves, bodies FROM entry WHERE first >= \
                 coalesce((SELECT max(first) FROM entry WHERE first <= ?), 0) \
                 ORDER BY first LIMIT ?",
            )?;
            let segments = statement.query_map(params![signed(holding), length(count)], |row| {
                Ok(Segment {
                    first: unsigned(row.get_ref(0)?),
                    kinds: bytes(row.get_ref(1)?),
                    ends: bytes(row.get_ref(2)?),
                    leaves: bytes(row.get_ref(3)?),
                    bodies: bytes(row.get_ref(4)?),
                })
            })?;
            segments.collect()
        };
        read().map_err(|error| self.told(error))
    }

    fn leaves(&mut self, from: u64, count: u64) -> Result<Vec<(u64, Digest)>, StoreError> {
        let to = from.saturating_add(count);
        let read = || -> Result<Vec<(u64, Digest)>, rusqlite::Error> {
            let mut statement = self.connection.prepare_cached(
                "SELECT first, leaves FROM entry WHERE first >= \
                 coalesce((SELECT max(first) FROM entry WHERE first <= ?), 0) AND first < ? \
                 ORDER BY first",
            )?;
            let mut found = Vec::new();
            let mut rows = statement.query([signed(from), signed(to)])?;
            while let Some(row) = rows.next()? {
                let (first, leaves) = (unsigned(row.get_ref(0)?), bytes(row.get_ref(1)?));
                found.extend(leaves_of(first, &leaves, from..to));
            }
            Ok(found)
        };
        read().map_err(|error| self.told(error))
    }

    fn runs(&mut self, after: (u64, u8), count: usize) -> Result<Vec<Run>, StoreError> {
        let read = || -> Result<Vec<Run>, rusqlite::Error> {
            let mut statement = self.connection.prepare_cached(
                "SELECT upto, level, since, page, firsts FROM run WHERE (upto, level) > (?, ?) \
                 ORDER BY upto, level LIMIT ?",
            )?;
            let (upto, level) = (signed(after.0), level_after(after.1));
            statement.query_map(params![upto, level, length(count)], run)?.collect()
        };
        read().map_err(|error| self.told(error))
    }

    fn pages(&mut self, from: u64, count: u64) -> Result<Vec<Page>, StoreError> {
        let read = || -> Result<Vec<Page>, rusqlite::Error> {
            let mut statement = self.connection.prepare_cached(
                "SELECT number, keys FROM run_page WHERE number >= ? AND number < ? \
                 ORDER BY number",
            )?;
            let to = from.saturating_add(count);
            let pages = statement.query_map([signed(from), signed(to)], |row| {
                Ok(Page { number: unsigned(row.get_ref(0)?), keys: bytes(row.get_ref(1)?) })
            })?;
            pages.collect()
        };
        read().map_err(|error| self.told(error))
    }

    fn kept(&mut self) -> Result<Kept, StoreError> {
        let count = |table: &str| self.number(&format!("SELECT count(*) FROM {table}"));
        let (segments, runs) = (count("entry")?, count("run")?);
        Ok(Kept { segments, runs, pages: count("run_page")?, nodes: count("node")? })
    }

    fn hold_still(&mut self) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN").map_err(|error| self.told(error))
    }

    fn let_go(&mut self) {
        // Nothing was written: a failure leaves the file as it was.
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        let read = || -> Result<Vec<Node>, rusqlite::Error> {
            let mut statement = self.connection.prepare_cached(
                "SELECT number, digest FROM node WHERE level = ? AND number >= ? AND number < ? \
                 ORDER BY number",
            )?;
            let to = from.saturating_add(count);
            let nodes = statement.query_map(params![level, signed(from), signed(to)], |row| {
                let index = row.get::<_, i64>(0)?.try_into().unwrap_or(u64::MAX);
                Ok(Node { level, index, digest: digest(row.get_ref(1)?) })
            })?;
            nodes.collect()
        };
        read().map_err(|error| self.told(error))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let _ = self.journal(AHEAD);
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| self.told(error))?;
        self.stays()
    }

    fn begin_large(&mut self) -> Result<(), StoreError> {
        let into_the_file = self.journal(INTO_THE_FILE);
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| self.told(error))?;
        self.stays()?;
        if into_the_file {
            self.force_beside();
        }
        Ok(())
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        let append = || -> Result<(), rusqlite::Error> {
            let mut entry = self.connection.prepare_cached(
                "INSERT INTO entry (first, kinds, ends, leaves, bodies) VALUES (?, ?, ?, ?, ?)",
            )?;
            for it in &chunk.segments {
                let parts = params![signed(it.first), it.kinds, it.ends, it.leaves, it.bodies];
                entry.execute(parts)?;
            }
            let mut page = self
                .connection
                .prepare_cached("INSERT INTO run_page (number, keys) VALUES (?, ?)")?;
            for it in &chunk.pages {
                page.execute(params![signed(it.number), it.keys])?;
            }
            let mut run = self.connection.prepare_cached(
                "INSERT INTO run (upto, level, since, page, firsts) VALUES (?, ?, ?, ?, ?)",
            )?;
            for it in &chunk.runs {
                let (upto, since, page) = (signed(it.upto), signed(it.since), signed(it.page));
                run.execute(params![upto, it.level, since, page, it.firsts])?;
            }
            let mut node = self
                .connection
                .prepare_cached("INSERT INTO node (level, number, digest) VALUES (?, ?, ?)")?;
            for kept in &chunk.nodes {
                node.execute(params![kept.level, signed(kept.index), kept.digest.as_bytes()])?;
            }
            Ok(())
        };
        append().map_err(|error| self.told(error))?;
        if let Some(forcing) = &mut self.forcing {
            forcing.written(chunk.bytes());
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.force_no_more();
        self.stays()?;
        self.connection.execute_batch("COMMIT").map_err(|error| self.told(error))?;
        self.made = false;
        let _ = self.journal(AHEAD);
        self.stays()
    }

    fn rollback(&mut self) {
        self.force_no_more();
        if !self.connection.is_autocommit() {
            // A failure here leaves the transaction open, and the file as it was.
            let _ = self.connection.execute_batch("ROLLBACK");
            let _ = self.journal(AHEAD);
        }
    }

    fn check(&mut self) -> Result<Vec<Flaw>, StoreError> {
        let check = || -> Result<Vec<Flaw>, rusqlite::Error> {
            let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
            let found = statement.query_map([], |row| Ok(lossy(&bytes(row.get_ref(0)?))))?;
            let found = found.filter(|line| !matches!(line, Ok(line) if line == "ok"));
            let found = found.map(|line| Ok(Flaw::Structure { what: line? }));
            let mut flaws = found.collect::<Result<Vec<Flaw>, rusqlite::Error>>()?;
            flaws.extend(schema_flaws(&self.connection)?);
            Ok(flaws)
        };
        check().map_err(|error| self.told(error))
    }
}

/// A path as an address has it.
fn escaped(path: &Path) -> String {
    let text = path.display().to_string();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn told(error: rusqlite::Error, path: &Path, place: &str) -> StoreError {
    if let rusqlite::Error::SqlInputError { msg, .. } = &error {
        // All statements are ours, so it is the tables that are others.
        return StoreError::Damaged { what: msg.clone() };
    }
    let what = error.to_string();
    match error.sqlite_error_code() {
        // A cell that holds something else than was ever written there.
        None if is_of_a_cell(&error) => StoreError::Damaged { what },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::SystemIoFailure) => StoreError::Device { place: place.to_owned() },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            match Beside::ALL.map(|it| beside(path, it)).into_iter().find(|it| door::is_closed(it))
            {
                Some(other) => StoreError::BesideNotOurs { beside: other.display().to_string() },
                None => StoreError::NoRight { what: format!("{place}: {what}") },
            }
        }
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { what },
        // A byte of the head that tells the format; this program makes no other.
        Some(ErrorCode::Unknown) if what.contains("unsupported file format") => {
            StoreError::Damaged { what }
        }
        Some(ErrorCode::ConstraintViolation) if what.starts_with(UNIQUE) => {
            let column = what.strip_prefix(UNIQUE).unwrap_or_default();
            let table = column.split('.').next().unwrap_or_default();
            StoreError::Occupied { table: table.to_owned() }
        }
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { place: place.to_owned() },
        _ => StoreError::Other { what },
    }
}

/// Whether an error is that a cell is of another type than its column's, or no text.
fn is_of_a_cell(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    )
}

/// How SQLite begins to say that a row is there already.
const UNIQUE: &str = "UNIQUE constraint failed: ";

/// Numbers of entries and nodes stay far below where 63 bits end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A cell as bytes. One that holds something else has been damaged, and will not fit its digest.
fn bytes(cell: ValueRef<'_>) -> Vec<u8> {
    match cell {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Vec::new(),
    }
}

fn digest(cell: ValueRef<'_>) -> Digest {
    let bytes = <[u8; 32]>::try_from(bytes(cell));
    Digest::from_bytes(bytes.unwrap_or([0; 32]))
}

/// A number as it was written; one that was damaged is past all others.
fn unsigned(cell: ValueRef<'_>) -> u64 {
    match cell {
        ValueRef::Integer(number) => u64::try_from(number).unwrap_or(u64::MAX),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => u64::MAX,
    }
}

/// The level that was read last; one past all that there are was damaged, and behind it comes another end.
fn level_after(level: u8) -> i64 {
    if level == u8::MAX { i64::MAX } else { i64::from(level) }
}

fn run(row: &rusqlite::Row<'_>) -> Result<Run, rusqlite::Error> {
    Ok(Run {
        upto: unsigned(row.get_ref(0)?),
        level: u8::try_from(unsigned(row.get_ref(1)?)).unwrap_or(u8::MAX),
        since: unsigned(row.get_ref(2)?),
        page: unsigned(row.get_ref(3)?),
        firsts: bytes(row.get_ref(4)?),
    })
}
