//! A book on a team's server, by PostgreSQL.
//!
//! The book is a schema of its own, `fenshui_book`, one to a database. Posters take turns by a lock
//! that the end of the transaction gives back. Triggers refuse to change or remove what is there,
//! whoever asks, and the roles `fenshui_poster` and `fenshui_auditor` may not even try.

use std::collections::BTreeMap;
use std::time::Duration;

use postgres::binary_copy::BinaryCopyInWriter;
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls};

use crate::base::Digest;
use crate::book::FORMAT;

use super::{Chunk, Flaw, Index, Mark, Node, Row, Store, StoreError};

/// The lock that posters take turns by, in PostgreSQL's space of such numbers.
const POSTING: i64 = 0x4645_4e42;

/// Tables, guards and rights. Plain SQL without extensions, so that servers which speak PostgreSQL's
/// language have a chance.
const FOUND: &str = include_str!("postgres.sql");

/// The tables that a guard keeps from being changed.
const GUARDED: [&str; 7] =
    ["book", "entry", "event_key", "content_key", "settled_key", "lane_key", "node"];

/// For each table whether its guard is whole: on, before each statement that changes, removes or
/// empties, and refusing.
const GUARDS: &str = "
    SELECT c.relname::text,
      CASE WHEN t.tgenabled IN ('O', 'A') AND t.tgtype = 58 AND t.tgqual IS NULL
        AND p.prosrc LIKE '%RAISE EXCEPTION ''a book is only added to''%'
        AND p.pronamespace = c.relnamespace AND p.proname = 'refuse'
      THEN 'whole' ELSE 'changed' END
    FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    WHERE n.nspname = 'fenshui_book' AND t.tgname = 'guard'";

/// Rights on the tables that anybody but their owner has and the book did not give.
const RIGHTS: &str = "
    SELECT format('%s on %s of %s', a.privilege_type, c.relname,
      CASE WHEN a.grantee = 0 THEN 'everybody' ELSE a.grantee::regrole::text END), ''
    FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL aclexplode(c.relacl) a
    WHERE n.nspname = 'fenshui_book' AND c.relkind = 'r' AND a.grantee <> c.relowner
      AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')";

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresOptions {
    /// How long to wait for somebody else who posts.
    pub wait: Duration,
}

/// Keeps a book in a schema of a PostgreSQL database.
pub struct PostgresStore {
    client: Client,
    place: String,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("place", &self.place).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Makes the schema of a new book, and the roles of its poster and its auditor where the server
    /// does not have them. The user becomes its owner.
    ///
    /// # Errors
    /// There is a book already; the user may not make schemas or roles; the server fails.
    pub fn create(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut store = PostgresStore::connect(address, options)?;
        if store.has_schema()? {
            return Err(StoreError::Exists { place: store.place });
        }
        store.durable()?;
        let found = FOUND.replace("{format}", &FORMAT.to_string());
        store.client.batch_execute(&found).map_err(|error| told(&error))?;
        Ok(store)
    }

    /// Opens the book of a database.
    ///
    /// # Errors
    /// There is none, or one of a newer format; the server cannot be reached.
    pub fn open(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut store = PostgresStore::connect(address, options)?;
        if !store.has_schema()? {
            return Err(StoreError::NotFound { place: store.place });
        }
        let format = store.client.query("SELECT format FROM fenshui_book.book", &[]);
        let format = match format {
            Ok(rows) => rows.first().map(|row| row.get::<_, i32>(0)),
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => None,
            Err(error) => return Err(told(&error)),
        };
        match format.map(u32::try_from) {
            Some(Ok(found)) if found > FORMAT => Err(StoreError::Newer { found, known: FORMAT }),
            Some(Ok(1..)) => Ok(store),
            _ => Err(StoreError::Foreign { place: store.place }),
        }
    }

    fn connect(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut config: Config = address.parse().map_err(|error: postgres::Error| {
            StoreError::Other { what: format!("the address of the server: {}", words(&error)) }
        })?;
        let database = config.get_dbname().unwrap_or_default();
        // The address may hold a password, so it is not the place that messages tell.
        let place = format!("PostgreSQL, database {database}");
        let wait = options.wait.as_millis();
        config.application_name("fenshui");
        let mut client = config.connect(NoTls).map_err(|error| told(&error))?;
        client
            .batch_execute(&format!("SET lock_timeout = '{wait}ms'; SET client_encoding = 'UTF8'"))
            .map_err(|error| told(&error))?;
        Ok(PostgresStore { client, place })
    }

    fn has_schema(&mut self) -> Result<bool, StoreError> {
        let ask = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'fenshui_book'";
        Ok(!self.client.query(ask, &[]).map_err(|error| told(&error))?.is_empty())
    }

    /// Holds that the server writes to disk before it acknowledges.
    fn durable(&mut self) -> Result<(), StoreError> {
        for setting in ["fsync", "full_page_writes"] {
            let value = self.client.query_one(&format!("SHOW {setting}"), &[]);
            let value: String = value.map_err(|error| told(&error))?.get(0);
            if value != "on" {
                return Err(StoreError::NotDurable { setting: format!("{setting} = {value}") });
            }
        }
        Ok(())
    }

    fn number(&mut self, ask: &str) -> Result<u64, StoreError> {
        let number: i64 = self.client.query_one(ask, &[]).map_err(|error| told(&error))?.get(0);
        Ok(u64::try_from(number).unwrap_or(0))
    }

    fn read(
        &mut self,
        ask: &str,
        with: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        self.client.query(ask, with).map_err(|error| told(&error))
    }

    /// Streams rows into a table.
    fn copy(
        &mut self,
        into: &str,
        types: &[Type],
        rows: impl Iterator<Item = Result<Vec<Box<dyn ToSql + Sync>>, StoreError>>,
    ) -> Result<(), StoreError> {
        let copy = format!("COPY fenshui_book.{into} FROM STDIN BINARY");
        let writer = self.client.copy_in(&copy).map_err(|error| told(&error))?;
        let mut writer = BinaryCopyInWriter::new(writer, types);
        for row in rows {
            let row = row?;
            let row: Vec<&(dyn ToSql + Sync)> = row.iter().map(AsRef::as_ref).collect();
            writer.write(&row).map_err(|error| told(&error))?;
        }
        writer.finish().map_err(|error| told(&error))?;
        Ok(())
    }
}

fn table(index: Index) -> &'static str {
    match index {
        Index::Event => "event_key",
        Index::Content => "content_key",
        Index::Settled => "settled_key",
        Index::Lane => "lane_key",
    }
}

impl Store for PostgresStore {
    fn size(&mut self) -> Result<u64, StoreError> {
        self.number("SELECT coalesce(max(number) + 1, 0) FROM fenshui_book.entry")
    }

    fn rows(&mut self, from: u64, count: usize) -> Result<Vec<Row>, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let ask = "SELECT number, kind, leaf, body FROM fenshui_book.entry \
                   WHERE number >= $1 ORDER BY number LIMIT $2";
        Ok(self.read(ask, &[&signed(from), &count])?.iter().map(row).collect())
    }

    fn rows_at(&mut self, numbers: &[u64]) -> Result<Vec<Row>, StoreError> {
        let numbers: Vec<i64> = numbers.iter().map(|number| signed(*number)).collect();
        let ask = "SELECT number, kind, leaf, body FROM fenshui_book.entry \
                   WHERE number = ANY ($1) ORDER BY number";
        Ok(self.read(ask, &[&numbers])?.iter().map(row).collect())
    }

    fn find(&mut self, index: Index, keys: &[Vec<u8>]) -> Result<Vec<Option<u64>>, StoreError> {
        let ask = format!(
            "SELECT (SELECT max(entry) FROM fenshui_book.{} AS kept WHERE kept.key = asked.key) \
             FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (key, place) ORDER BY place",
            table(index)
        );
        let found = self.read(&ask, &[&keys])?;
        let entry = |row: &postgres::Row| row.get::<_, Option<i64>>(0)?.try_into().ok();
        Ok(found.iter().map(entry).collect())
    }

    fn missing(&mut self, index: Index, marks: &[Mark]) -> Result<Vec<Mark>, StoreError> {
        let marks: Vec<&Mark> = marks.iter().filter(|mark| mark.index == index).collect();
        let keys: Vec<&[u8]> = marks.iter().map(|mark| mark.key.as_slice()).collect();
        let entries: Vec<i64> = marks.iter().map(|mark| signed(mark.entry)).collect();
        let ask = format!(
            "SELECT place FROM unnest($1::bytea[], $2::bigint[]) \
             WITH ORDINALITY AS asked (key, entry, place) WHERE NOT EXISTS (SELECT 1 \
             FROM fenshui_book.{} AS kept WHERE kept.key = asked.key AND kept.entry = asked.entry)",
            table(index)
        );
        let places = self.read(&ask, &[&keys, &entries])?;
        let at = |row: &postgres::Row| usize::try_from(row.get::<_, i64>(0)).ok()?.checked_sub(1);
        let missing = places.iter().filter_map(at).filter_map(|at| marks.get(at));
        Ok(missing.map(|mark| (*mark).clone()).collect())
    }

    fn marks(&mut self, index: Index) -> Result<u64, StoreError> {
        self.number(&format!("SELECT count(*) FROM fenshui_book.{}", table(index)))
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        let (to, of) = (signed(from.saturating_add(count)), i16::from(level));
        let ask = "SELECT number, digest FROM fenshui_book.node \
                   WHERE level = $1 AND number >= $2 AND number < $3 ORDER BY number";
        let nodes = self.read(ask, &[&of, &signed(from), &to])?;
        let node = |row: &postgres::Row| Node {
            level,
            index: row.get::<_, i64>(0).try_into().unwrap_or(u64::MAX),
            digest: digest(row.get(1)),
        };
        Ok(nodes.iter().map(node).collect())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.durable()?;
        // Whatever the server's habit, this transaction is on disk before it is acknowledged.
        let begun = self.client.batch_execute(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = on; \
             SELECT pg_advisory_xact_lock({POSTING})"
        ));
        begun.map_err(|error| {
            self.rollback();
            told(&error)
        })
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        let rows = chunk.rows.iter().map(|row| {
            let (number, kind) = (signed(row.number), i16::from(row.kind));
            let leaf = row.leaf.as_bytes().to_vec();
            Ok(cells([
                Box::new(number),
                Box::new(kind),
                Box::new(leaf),
                Box::new(row.body.clone()),
            ]))
        });
        let types = [Type::INT8, Type::INT2, Type::BYTEA, Type::BYTEA];
        self.copy("entry (number, kind, leaf, body)", &types, rows)?;
        for index in Index::ALL {
            let mut marks: Vec<&Mark> =
                chunk.marks.iter().filter(|mark| mark.index == index).collect();
            if marks.is_empty() {
                continue;
            }
            marks.sort();
            let rows = marks
                .iter()
                .map(|mark| Ok(cells([Box::new(mark.key.clone()), Box::new(signed(mark.entry))])));
            let into = format!("{} (key, entry)", table(index));
            self.copy(&into, &[Type::BYTEA, Type::INT8], rows)?;
        }
        if chunk.nodes.is_empty() {
            return Ok(());
        }
        let rows = chunk.nodes.iter().map(|node| {
            let (level, number) = (i16::from(node.level), signed(node.index));
            let digest = node.digest.as_bytes().to_vec();
            Ok(cells([Box::new(level), Box::new(number), Box::new(digest)]))
        });
        let types = [Type::INT2, Type::INT8, Type::BYTEA];
        self.copy("node (level, number, digest)", &types, rows)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.client.batch_execute("COMMIT").map_err(|error| match told(&error) {
            // The word may have reached the server and its answer not us.
            StoreError::Lost => StoreError::Unknown,
            other => other,
        })
    }

    fn rollback(&mut self) {
        // A connection that is gone has rolled back.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn check(&mut self) -> Result<Vec<Flaw>, StoreError> {
        let mut flaws = Vec::new();
        let state =
            |client: &mut Client, ask: &str| -> Result<BTreeMap<String, String>, StoreError> {
                let rows = client.query(ask, &[]).map_err(|error| told(&error))?;
                Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
            };
        let guards = state(&mut self.client, GUARDS)?;
        for table in GUARDED {
            let (kind, name) = ("trigger".to_owned(), format!("guard of {table}"));
            match guards.get(table).map(String::as_str) {
                None => flaws.push(Flaw::Missing { kind, name }),
                Some("whole") => {}
                Some(_) => flaws.push(Flaw::Changed { kind, name }),
            }
        }
        // Rights beyond those that the book gave to its roles.
        for (name, _) in state(&mut self.client, RIGHTS)? {
            flaws.push(Flaw::Foreign { kind: "right".to_owned(), name });
        }
        Ok(flaws)
    }
}

type Cells = Vec<Box<dyn ToSql + Sync>>;

fn cells<const N: usize>(cells: [Box<dyn ToSql + Sync>; N]) -> Cells {
    cells.into()
}

fn row(row: &postgres::Row) -> Row {
    Row {
        number: row.get::<_, i64>(0).try_into().unwrap_or(u64::MAX),
        kind: row.get::<_, i16>(1).try_into().unwrap_or(u8::MAX),
        leaf: digest(row.get(2)),
        body: row.get(3),
    }
}

/// A digest of another length has been damaged, and will not fit.
fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32]))
}

/// Numbers of entries and nodes stay far below where 63 bits end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn told(error: &postgres::Error) -> StoreError {
    let what = words(error);
    let Some(code) = error.code() else {
        return if error.is_closed() || is_of_the_wire(error) {
            StoreError::Lost
        } else {
            StoreError::Other { what }
        };
    };
    match code {
        code if *code == SqlState::LOCK_NOT_AVAILABLE => StoreError::Locked,
        code if *code == SqlState::DISK_FULL => StoreError::Full,
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION =>
        {
            StoreError::ReadOnly { what }
        }
        code if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            StoreError::Damaged { what }
        }
        code if *code == SqlState::ADMIN_SHUTDOWN
            || *code == SqlState::CRASH_SHUTDOWN
            || *code == SqlState::CANNOT_CONNECT_NOW =>
        {
            StoreError::Lost
        }
        _ => StoreError::Other { what },
    }
}

fn is_of_the_wire(error: &postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// What the server says, in its words alone: its own chain of errors says the same twice.
fn words(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
