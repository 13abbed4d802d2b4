//! A book on a team's server, by PostgreSQL.
//!
//! The book is a schema of its own, `fenshui_book`, one to a database. Posters take turns by a lock
//! that the end of the transaction gives back. Triggers refuse to change or remove what is there,
//! whoever asks, and the roles `fenshui_poster` and `fenshui_auditor` may not even try.

mod catalog;
mod door;
mod refusal;

use std::iter;
use std::time::Duration;

use postgres::Client;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::error::SqlState;
use postgres::types::{FromSql, ToSql, Type};

use super::segment::leaves_of;
use super::{Chunk, Flaw, Kept, LAYOUT, Node, Page, Run, Segment, Store, StoreError, laid_out};
use crate::base::Digest;

use refusal::told;

/// The lock that posters take turns by, in PostgreSQL's space of such numbers.
const POSTING: i64 = 0x4645_4e42;

/// Tables, guards and rights. Plain SQL without extensions, so that servers which speak PostgreSQL's
/// language have a chance.
const FOUND: &str = include_str!("book.sql");

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
    /// Something is being added.
    posting: bool,
    /// There is no schema yet: it is made with what is added first, and is there when that is kept.
    unfounded: bool,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("place", &self.place).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Makes a new book. Its schema, and the roles of its poster and its auditor where the server does not
    /// have them, are made together with what is first posted. The user becomes its owner.
    ///
    /// # Errors
    /// There is a book already; the server fails. Whoever posts first is told if the user may not make
    /// schemas or roles.
    pub fn create(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut store = PostgresStore::connect(address, options)?;
        if store.has_schema()? {
            return Err(StoreError::Exists { place: store.place.clone() });
        }
        store.durable()?;
        store.unfounded = true;
        Ok(store)
    }

    /// Opens the book of a database.
    ///
    /// # Errors
    /// There is none, or one of another version; the server cannot be reached.
    pub fn open(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut store = PostgresStore::connect(address, options)?;
        if !store.has_schema()? {
            return Err(StoreError::NotFound { place: store.place.clone() });
        }
        let layouts = store.read("SELECT format FROM fenshui_book.book", &[])?;
        let layout = layouts.first().map(|row| cell::<i32>(row, 0)).transpose()?;
        match layout.and_then(|found| u32::try_from(found).ok()).filter(|found| *found > 0) {
            Some(found) => laid_out(Some(found), &store.place)?,
            // A schema of this name is a book's.
            None => {
                let what = "`fenshui_book.book` does not tell its layout".to_owned();
                return Err(StoreError::DamagedSchema { what });
            }
        }
        Ok(store)
    }

    fn connect(address: &str, options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let (mut client, database) = door::connect(address)?;
        // The address may hold a password, so it is not the place that messages tell.
        let place = format!("PostgreSQL, database {database}");
        let wait = options.wait.as_millis();
        // No function of somebody else's stands before the server's own.
        client
            .batch_execute(&format!(
                "SET lock_timeout = '{wait}ms'; SET client_encoding = 'UTF8'; \
                 SET search_path = pg_catalog"
            ))
            .map_err(|error| told(&error))?;
        Ok(PostgresStore { client, place, posting: false, unfounded: false })
    }

    /// What the server says: whoever only reads and is refused may not read.
    fn refused(&self, error: &postgres::Error) -> StoreError {
        match told(error) {
            StoreError::ReadOnly { what } if !self.posting => StoreError::NotAllowed { what },
            other => other,
        }
    }

    /// Somebody else posts: who, as the server knows him.
    fn locked(&mut self) -> StoreError {
        let ask = format!(
            "SELECT a.usename::text, l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
             WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = {POSTING} \
             AND a.datname = current_database()"
        );
        let found = self.client.query(&ask, &[]).unwrap_or_default();
        let other = |row: &postgres::Row| -> Result<StoreError, StoreError> {
            Ok(StoreError::LockedBy { login: cell(row, 0)?, process: cell(row, 1)? })
        };
        // Who has gone meanwhile is nobody's any more.
        found.first().and_then(|row| other(row).ok()).unwrap_or(StoreError::Locked)
    }

    fn has_schema(&mut self) -> Result<bool, StoreError> {
        let ask = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'fenshui_book'";
        Ok(!self.client.query(ask, &[]).map_err(|error| told(&error))?.is_empty())
    }

    /// Holds that the server writes to disk before it acknowledges, and that it takes what is written: a
    /// server that follows another does not, nor one whose keeper says so.
    fn durable(&mut self) -> Result<(), StoreError> {
        for setting in ["fsync", "full_page_writes"] {
            let value = self.setting(setting)?;
            if value != "on" {
                return Err(StoreError::NotDurable { setting: format!("{setting} = {value}") });
            }
        }
        let read_only = "transaction_read_only";
        match self.setting(read_only)?.as_str() {
            "off" => Ok(()),
            value => Err(StoreError::ReadOnly { what: format!("{read_only} = {value}") }),
        }
    }

    fn setting(&mut self, name: &str) -> Result<String, StoreError> {
        let value = self.client.query_one(&format!("SHOW {name}"), &[]);
        cell(&value.map_err(|error| told(&error))?, 0)
    }

    fn number(&mut self, ask: &str) -> Result<u64, StoreError> {
        let number = self.client.query_one(ask, &[]).map_err(|error| self.refused(&error))?;
        Ok(u64::try_from(cell::<i64>(&number, 0)?).unwrap_or(0))
    }

    fn read(
        &mut self,
        ask: &str,
        with: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        self.client.query(ask, with).map_err(|error| self.refused(&error))
    }

    /// Streams rows into a table.
    fn copy<'c>(
        &mut self,
        into: &str,
        types: &[Type],
        rows: impl ExactSizeIterator<Item = Cells<'c>>,
    ) -> Result<(), StoreError> {
        if rows.len() == 0 {
            return Ok(());
        }
        let copy = format!("COPY fenshui_book.{into} FROM STDIN BINARY");
        let writer = self.client.copy_in(&copy).map_err(|error| told(&error))?;
        let mut writer = BinaryCopyInWriter::new(writer, types);
        for row in rows {
            let row: Vec<&(dyn ToSql + Sync)> =
                row.iter().map(|cell| -> &(dyn ToSql + Sync) { cell.as_ref() }).collect();
            writer.write(&row).map_err(|error| told(&error))?;
        }
        writer.finish().map_err(|error| told(&error))?;
        Ok(())
    }
}

impl Store for PostgresStore {
    fn size(&mut self) -> Result<u64, StoreError> {
        let last =
            "SELECT first + length(kinds) FROM fenshui_book.entry ORDER BY first DESC LIMIT 1";
        self.number(&format!("SELECT coalesce(({last}), 0)"))
    }

    fn segments(&mut self, holding: u64, count: usize) -> Result<Vec<Segment>, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let ask = "SELECT first, kinds, ends, leaves, bodies FROM fenshui_book.entry \
                   WHERE first >= coalesce((SELECT max(first) FROM fenshui_book.entry \
                   WHERE first <= $1), 0) ORDER BY first LIMIT $2";
        let segment = |row: &postgres::Row| -> Result<Segment, StoreError> {
            Ok(Segment {
                first: unsigned(cell(row, 0)?),
                kinds: cell(row, 1)?,
                ends: cell(row, 2)?,
                leaves: cell(row, 3)?,
                bodies: cell(row, 4)?,
            })
        };
        self.read(ask, &[&signed(holding), &count])?.iter().map(segment).collect()
    }

    fn leaves(&mut self, from: u64, count: u64) -> Result<Vec<(u64, Digest)>, StoreError> {
        let ask = "SELECT first, leaves FROM fenshui_book.entry \
                   WHERE first >= coalesce((SELECT max(first) FROM fenshui_book.entry \
                   WHERE first <= $1), 0) AND first < $2 ORDER BY first";
        let to = from.saturating_add(count);
        let mut found = Vec::new();
        for row in self.read(ask, &[&signed(from), &signed(to)])? {
            let (first, leaves) = (unsigned(cell(&row, 0)?), cell::<&[u8]>(&row, 1)?);
            found.extend(leaves_of(first, leaves, from..to));
        }
        Ok(found)
    }

    fn runs(&mut self, after: (u64, u8), count: usize) -> Result<Vec<Run>, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let ask = "SELECT upto, level, since, page, firsts FROM fenshui_book.run \
                   WHERE (upto, level) > ($1, $2) ORDER BY upto, level LIMIT $3";
        // A level past all that there are was damaged; behind it comes another end.
        let level = if after.1 == u8::MAX { i16::MAX } else { i16::from(after.1) };
        self.read(ask, &[&signed(after.0), &level, &count])?.iter().map(run).collect()
    }

    fn pages(&mut self, from: u64, count: u64) -> Result<Vec<Page>, StoreError> {
        let ask = "SELECT number, keys FROM fenshui_book.run_page \
                   WHERE number >= $1 AND number < $2 ORDER BY number";
        let to = signed(from.saturating_add(count));
        let page = |row: &postgres::Row| -> Result<Page, StoreError> {
            Ok(Page { number: unsigned(cell(row, 0)?), keys: cell(row, 1)? })
        };
        self.read(ask, &[&signed(from), &to])?.iter().map(page).collect()
    }

    fn kept(&mut self) -> Result<Kept, StoreError> {
        let mut count =
            |table: &str| self.number(&format!("SELECT count(*) FROM fenshui_book.{table}"));
        let (segments, runs) = (count("entry")?, count("run")?);
        Ok(Kept { segments, runs, pages: count("run_page")?, nodes: count("node")? })
    }

    fn hold_still(&mut self) -> Result<(), StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.client.batch_execute(begin).map_err(|error| told(&error))
    }

    fn let_go(&mut self) {
        // Nothing was written: a failure leaves the book as it was.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        let (to, of) = (signed(from.saturating_add(count)), i16::from(level));
        let ask = "SELECT number, digest FROM fenshui_book.node \
                   WHERE level = $1 AND number >= $2 AND number < $3 ORDER BY number";
        let nodes = self.read(ask, &[&of, &signed(from), &to])?;
        let node = |row: &postgres::Row| -> Result<Node, StoreError> {
            let (index, digest) = (unsigned(cell(row, 0)?), digest(cell(row, 1)?));
            Ok(Node { level, index, digest })
        };
        nodes.iter().map(node).collect()
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.durable()?;
        // Whatever the server's habit, this transaction is on disk before it is acknowledged.
        let mut begun = self.client.batch_execute(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; \
             SELECT pg_advisory_xact_lock({POSTING})"
        ));
        if begun.is_ok() && self.unfounded {
            begun = self.client.batch_execute(&FOUND.replace("{layout}", &LAYOUT.to_string()));
        }
        self.posting = true;
        begun.map_err(|error| {
            self.rollback();
            if error.code() == Some(&SqlState::DUPLICATE_SCHEMA) {
                // Somebody else was faster.
                return StoreError::Exists { place: self.place.clone() };
            }
            match told(&error) {
                StoreError::Locked => self.locked(),
                StoreError::ReadOnly { what } if self.unfounded => StoreError::NoFounder { what },
                other => other,
            }
        })
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        let segments = chunk.segments.iter().map(|it| -> Cells<'_> {
            let parts = [&it.kinds, &it.ends, &it.leaves, &it.bodies];
            let parts = parts.map(|part| -> Box<dyn ToSql + Sync> { Box::new(part.as_slice()) });
            iter::once(number(it.first)).chain(parts).collect()
        });
        let types = [Type::INT8, Type::BYTEA, Type::BYTEA, Type::BYTEA, Type::BYTEA];
        self.copy("entry (first, kinds, ends, leaves, bodies)", &types, segments)?;
        let pages = chunk
            .pages
            .iter()
            .map(|it| -> Cells<'_> { vec![number(it.number), Box::new(it.keys.as_slice())] });
        let types = [Type::INT8, Type::BYTEA];
        self.copy("run_page (number, keys)", &types, pages)?;
        let runs = chunk.runs.iter().map(|it| -> Cells<'_> {
            let (level, firsts) = (i16::from(it.level), it.firsts.as_slice());
            let (since, page) = (number(it.since), number(it.page));
            vec![number(it.upto), Box::new(level), since, page, Box::new(firsts)]
        });
        let types = [Type::INT8, Type::INT2, Type::INT8, Type::INT8, Type::BYTEA];
        self.copy("run (upto, level, since, page, firsts)", &types, runs)?;
        let nodes = chunk.nodes.iter().map(|node| -> Cells<'_> {
            let digest = node.digest.as_bytes().as_slice();
            vec![Box::new(i16::from(node.level)), number(node.index), Box::new(digest)]
        });
        let types = [Type::INT2, Type::INT8, Type::BYTEA];
        self.copy("node (level, number, digest)", &types, nodes)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.client.batch_execute("COMMIT").map_err(|error| match told(&error) {
            // The word may have reached the server and its answer not us.
            StoreError::Lost => StoreError::Unknown,
            other => other,
        })?;
        (self.posting, self.unfounded) = (false, false);
        Ok(())
    }

    fn rollback(&mut self) {
        // A connection that is gone has rolled back.
        let _ = self.client.batch_execute("ROLLBACK");
        self.posting = false;
    }

    fn check(&mut self) -> Result<Vec<Flaw>, StoreError> {
        catalog::flaws(&mut self.client).map_err(|error| told(&error))
    }
}

type Cells<'c> = Vec<Box<dyn ToSql + Sync + 'c>>;

fn number<'c>(number: u64) -> Box<dyn ToSql + Sync + 'c> {
    Box::new(signed(number))
}

fn run(row: &postgres::Row) -> Result<Run, StoreError> {
    Ok(Run {
        upto: unsigned(cell(row, 0)?),
        level: cell::<i16>(row, 1)?.try_into().unwrap_or(u8::MAX),
        since: unsigned(cell(row, 2)?),
        page: unsigned(cell(row, 3)?),
        firsts: cell(row, 4)?,
    })
}

/// A cell of a row that was asked for, as a book declares it.
fn cell<'r, T: FromSql<'r>>(row: &'r postgres::Row, at: usize) -> Result<T, StoreError> {
    row.try_get(at).map_err(|error| told(&error))
}

/// A digest of another length has been damaged, and will not fit.
fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(<[u8; 32]>::try_from(bytes).unwrap_or([0; 32]))
}

/// Numbers of entries and nodes stay far below where 63 bits end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as it was written; one that was damaged is past all others.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
