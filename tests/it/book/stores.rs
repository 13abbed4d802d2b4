//! The places a book can be kept at, as the tests see them.

use std::path::PathBuf;
#[cfg(feature = "sqlite")]
use std::time::Duration;

use fenshui::book::{Segment, Store, StoreError};
#[cfg(feature = "sqlite")]
use fenshui::book::{SqliteOptions, SqliteStore};

/// A place for one book.
pub trait Place: Send + Sync {
    fn create(&self) -> Result<Box<dyn Store>, StoreError>;
    fn open(&self) -> Result<Box<dyn Store>, StoreError>;
    /// Changes what is kept, past the book and its guards, by statements of SQL. `@` stands before
    /// the names of tables.
    fn tamper(&self, statements: &str);
    /// Tries to, without taking the guards away.
    fn try_to(&self, statement: &str) -> Result<(), String>;
    /// The statement that changes a byte of a column in one row.
    fn set_byte(&self, table: &str, column: &str, row: &str, offset: usize, to: u8) -> String;
    /// Bytes as a value in a statement.
    fn bytes(&self, bytes: &[u8]) -> String;
    /// The statement that makes the book one that is laid out otherwise.
    fn laid_out(&self, version: u32) -> String;
    /// Tells another process where the book is.
    fn address(&self) -> String;
}

/// A file in a folder of its own.
#[cfg(feature = "sqlite")]
pub struct File {
    folder: tempfile::TempDir,
}

#[cfg(feature = "sqlite")]
pub const OPTIONS: SqliteOptions = SqliteOptions { wait: Duration::from_secs(30), pages_max: None };

#[cfg(feature = "sqlite")]
impl File {
    pub fn new() -> File {
        File { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("book")
    }
}

#[cfg(feature = "sqlite")]
impl Place for File {
    fn create(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(SqliteStore::create(&self.path(), OPTIONS)?))
    }

    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(SqliteStore::open(&self.path(), OPTIONS)?))
    }

    fn tamper(&self, statements: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
        let triggers: Vec<(String, String)> = connection
            .prepare(triggers)
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (name, _) in &triggers {
            connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        connection.execute_batch(&statements.replace('@', "")).unwrap();
        // Whoever is skilled puts them back.
        for (_, statement) in triggers {
            connection.execute_batch(&statement).unwrap();
        }
    }

    fn try_to(&self, statement: &str) -> Result<(), String> {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        let statement = statement.replace('@', "");
        connection.execute_batch(&statement).map_err(|error| error.to_string())
    }

    fn set_byte(&self, table: &str, column: &str, row: &str, offset: usize, to: u8) -> String {
        let (before, after) = (offset, offset + 2);
        format!(
            "UPDATE {table} SET {column} = CAST(substr({column}, 1, {before}) || x'{to:02x}' || \
             substr({column}, {after}) AS BLOB) WHERE {row}"
        )
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        format!("x'{}'", hex(bytes))
    }

    fn laid_out(&self, version: u32) -> String {
        format!("PRAGMA user_version = {version}")
    }

    fn address(&self) -> String {
        self.path().display().to_string()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where an entry of a book stands in it: the condition that finds its row, the place in the row, and
/// the first byte of its body there.
pub fn place_of(place: &dyn Place, number: u64) -> (String, usize, usize) {
    let segments = place.open().unwrap().segments(number, 1).unwrap();
    let before = segments[0].rows().take_while(|row| row.number < number);
    let (at, start) = before.fold((0, 0), |(at, start), row| (at + 1, start + row.body.len()));
    (format!("first = {}", segments[0].first), at, start)
}

/// The statement that makes the book one without an entry, and all else as it was.
pub fn without(place: &dyn Place, number: u64) -> String {
    let segments = place.open().unwrap().segments(number, 1).unwrap();
    let mut parts = [Segment::new(segments[0].first), Segment::new(number + 1)];
    for row in segments[0].rows().filter(|row| row.number != number) {
        parts[usize::from(row.number > number)].push(row.kind, &row.leaf, row.body);
    }
    let delete = format!("DELETE FROM @entry WHERE first = {}", segments[0].first);
    let insert = parts.iter().filter(|part| !part.is_empty()).map(|part| {
        let columns = [&part.kinds, &part.ends, &part.leaves, &part.bodies];
        let columns = columns.map(|bytes| place.bytes(bytes)).join(", ");
        format!("INSERT INTO @entry VALUES ({}, {columns})", part.first)
    });
    std::iter::once(delete).chain(insert).collect::<Vec<_>>().join("; ")
}

/// Opens a place by its address, as another process would.
pub fn open_address(address: &str) -> Box<dyn Store> {
    #[cfg(feature = "postgres")]
    if address.contains("dbname=") {
        return Box::new(super::postgres::open(address).unwrap());
    }
    #[cfg(feature = "sqlite")]
    return Box::new(SqliteStore::open(&PathBuf::from(address), OPTIONS).unwrap());
    #[cfg(not(feature = "sqlite"))]
    panic!("no store for {}", PathBuf::from(address).display());
}

/// Whoever tries to change or remove anything is refused.
pub fn guarded(place: &dyn Place) {
    let tables = [("entry", "first"), ("run", "since"), ("run_page", "number")];
    for (table, column) in tables {
        for statement in [
            format!("UPDATE @{table} SET {column} = {column} + 1"),
            format!("DELETE FROM @{table}"),
        ] {
            let refused = place.try_to(&statement).unwrap_err();
            assert!(refused.contains("a book is only added to"), "{statement}: {refused}");
        }
    }
}

/// A test of every case for each store.
macro_rules! on_every_store {
    ($($case:ident)*) => {
        #[cfg(feature = "sqlite")]
        mod sqlite { $(
            #[test]
            fn $case() {
                super::$case(&crate::book::stores::File::new());
            }
        )* }

        #[cfg(feature = "postgres")]
        mod postgres { $(
            #[test]
            fn $case() {
                super::$case(&crate::book::postgres::Database::new());
            }
        )* }
    };
}

pub(crate) use on_every_store;
